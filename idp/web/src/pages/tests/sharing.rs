//! The pages of shared spaces, over invented schools.

use super::super::arrivals::Arrivals;
use super::super::join::Join;
use super::super::outgoing::Outgoing;
use super::super::sharing::{Guests, NewSpace, OneSpace, Spaces};
use super::super::*;
use super::samples::services;
use crate::arrivals::Proposals;
use crate::sharing::{
    Answered, Change, Draft, Estimate, Framed, Invitation, Offered, Partner, Preview, Refusal, ShownGuest, ShownLift,
    ShownStop, Standing as Stands, Stops, Turn, Typing, Whom,
};
use preau_domain::{
    AccountState, Affiliation, Convention, ConventionState, Guest, GuestList, Instant, Lifter, Peer, Person, PersonId,
    Profile, Public, Role, ServiceId, SourceId, Space, SpaceGroup, Uai, guest_key,
};

use preau_hosting::{Arrival, Problem, Sign, Why};

/// A guest who may be one pupil, whose account was never used, or another; a second guest who may be the first pupil, and one whose pupil is another guest
/// already.
fn arrived(home: &Uai, at: &Uai, ended: Instant) -> Proposals {
    let mut place = Affiliation::new(at.clone(), Profile::Pupil);
    place.classes = vec!["6B".into()];
    let guest = |id: &str| Guest {
        person: PersonId::new(id),
        convention: "cycle3".into(),
        home: home.clone(),
        class: "CM2A".into(),
        level: "CM2".into(),
        public: Public::Pupil,
        until: ended,
        batch: "liste-1".into(),
        ended: Some(ended),
    };
    let person = |id: &str, state, family_name: &str| Person {
        join: Some(guest_key("k".into())),
        given_name: "Lou".into(),
        family_name: family_name.into(),
        ..Person::unknown(PersonId::new(id), state)
    };
    let one = |was: &str, (id, state, family_name): (&str, AccountState, &str), signs| Arrival {
        guest: guest(was),
        was: person(was, AccountState::Suspended, "V."),
        pupil: Person { join: None, affiliations: vec![place.clone()], ..person(id, state, family_name) },
        place: place.clone(),
        space: "Fables <du> cycle 3".into(),
        since: Instant(1_790_000_000_000),
        signs,
    };
    let next = Sign::NextLevel { left: "CM2".into(), now: "6EME".into() };
    let first = ("p1", AccountState::PreCreated, "Valombreuse-Delacroix");
    let open = vec![
        one("g1", first, vec![next.clone(), Sign::Paired]),
        one("g2", first, vec![next.clone()]),
        one("g1", ("p2", AccountState::Active, "Vernier"), vec![next.clone(), Sign::Sector]),
    ];
    Proposals { open, taken: vec![one("g3", ("p3", AccountState::Active, "Vasseur"), vec![next])] }
}

/// The pages of shared spaces, from the first one of a teacher to the head's.
pub fn pages<'a>(page: &impl Fn() -> Page<'a>, add: &mut impl FnMut(&str, askama::Result<String>)) {
    let place = || "Collège des Trois-Tilleuls".to_owned();
    let (college, ecole): (Uai, Uai) = ("0990001N".parse().unwrap(), "0990101X".parse().unwrap());
    let (now, until) = (Instant(1_790_000_000_000), Instant(1_813_000_000_000));
    let convention = || Convention {
        id: "cycle3".into(),
        peer: Peer {
            url: "https://ecoles.example".into(),
            name: "ENT des écoles de la vallée".into(),
            provider: Some(SourceId::new("ecoles")),
            cards: false,
            typed: false,
            issuer: "https://ecoles.example".into(),
            service: None,
            keys: String::new(),
        },
        purposes: vec!["cycle 3".into()],
        data: vec!["prénom".into()],
        establishments: vec![ecole.clone()],
        ours: vec![],
        from: now,
        until,
        quota: 120,
        signatories: vec![],
        state: ConventionState::SignedByBoth,
    };
    let written =
        || Convention { peer: Peer { provider: None, cards: true, typed: true, ..convention().peer }, ..convention() };
    let group = |establishment: &Uai, code: &str, public, role| SpaceGroup {
        establishment: establishment.clone(),
        code: code.into(),
        public,
        role,
    };
    let space = || Space {
        id: "fables-du-cycle-3-k3f9ab".into(),
        title: "Fables du cycle 3".into(),
        host: college.clone(),
        convention: Some("cycle3".into()),
        groups: vec![
            group(&college, "6B", Public::Pupil, Role::Redacteur),
            group(&college, "6B", Public::Staff, Role::Gestionnaire),
            group(&ecole, "CM2A", Public::Pupil, Role::RedacteurPublication),
        ],
        services: vec![ServiceId::new("moodle")],
        from: now,
        until,
        closed: false,
    };
    let list = |withdrawn| GuestList {
        convention: "cycle3".into(),
        id: "liste-1".into(),
        sent: true,
        space: space().id,
        title: "Fables du cycle 3".into(),
        home: ecole.clone(),
        class: "CM2A".into(),
        one_class: true,
        guests: 27,
        by: None,
        at: now,
        way: None,
        withdrawn,
    };
    let lists = || vec![list(None), list(Some(until))];
    let (token, head) = (|| "token".to_owned(), true);
    let turn = |page| Turn { field: "page", page, more: page < 3 };
    let stop = |space: Option<&str>, by_head, name: Option<&str>, convention| ShownStop {
        whom: "guest/k".into(),
        space: space.map(str::to_owned),
        name: name.map(str::to_owned),
        by_head,
        convention,
        at: now,
        may_lift: !by_head || space.is_none(),
    };
    let stops = || {
        let school = stop(None, true, Some("ENT des écoles de la vallée"), true);
        let everywhere = stop(None, true, Some("Max T."), false);
        let of_space = stop(Some("fables"), false, Some("Ada L."), false);
        let shown = vec![school, everywhere, of_space, stop(Some("fables"), true, None, false)];
        let lift = |name: Option<&str>, by, why: Option<&str>| ShownLift {
            name: name.map(str::to_owned),
            convention: name.is_some_and(|name| name.starts_with("ENT")),
            by,
            why: why.map(str::to_owned),
            at: now,
        };
        let lifts = vec![
            lift(Some("ENT des écoles de la vallée"), Lifter::Head, None),
            lift(Some("Ada L."), Lifter::Operator, Some("Départ de la <principale>")),
            lift(None, Lifter::Manager, None),
        ];
        Stops { shown, lifts, turn: Turn { field: "stops", page: 1, more: true } }
    };
    for (name, all, now) in [
        (
            "spaces",
            vec![(Stands::Open, true, space()), (Stands::Over, false, space())],
            until - preau_domain::Seconds(86_400),
        ),
        ("spaces-none", vec![], now),
    ] {
        let sent = if all.is_empty() { vec![] } else { lists() };
        let peers = [("cycle3".to_owned(), "ENT du collège".to_owned())].into();
        let shown = SpacesPage { spaces: all, sent, peers, turns: [turn(1), turn(2)], head, token: token(), now };
        add(name, Spaces::new(page(), place(), shown).render());
    }
    let names = ["Noé <Petit>", "Zoé Vasseur-Delacroix"].map(str::to_owned).to_vec();
    for (name, names, withdrawn, cut) in [
        ("outgoing", names.clone(), None, false),
        ("outgoing-long", names, None, true),
        ("outgoing-withdrawn", vec![], Some(until), false),
    ] {
        let by = (!names.is_empty()).then(|| "Alice Martin".to_owned());
        let shown = OutgoingPage {
            list: GuestList { sent: true, ..list(withdrawn) },
            peer: by.as_ref().map(|_| "ENT du collège".to_owned()),
            by,
            names,
            cut,
            token: token(),
        };
        add(name, Outgoing::new(page(), shown).render());
    }
    let offered = || Offered {
        partners: vec![Partner {
            value: format!("cycle3 {ecole}"),
            convention: std::sync::Arc::new(convention()),
            establishment: ecole.clone(),
            label: format!("{ecole} (ENT des écoles de la vallée)"),
        }],
        services: services().all()[..3].to_vec(),
        classes: vec![("6B".into(), "Sixième B".into()), ("6LATIN".into(), "Latin en sixième".into())],
    };
    let none = || Offered { partners: vec![], services: vec![], classes: vec![] };
    let draft = || Draft {
        title: "Fables du cycle 3".into(),
        with: format!("cycle3 {ecole}"),
        until: Some("2027-06-30".parse().unwrap()),
        services: vec!["moodle".into()],
        classes: vec!["6B".into()],
        their_classes: vec!["CM2A".into(), "CM1B".into()],
        ..Draft::default()
    };
    let form = |draft, offered, problem| SpaceForm {
        draft,
        offered,
        space: None,
        estimate: None,
        problem,
        change: None,
        token: token(),
    };
    add("new-space", NewSpace::new(page(), place(), form(Draft::default(), offered(), None)).render());
    add("new-space-bare", NewSpace::new(page(), place(), form(Draft::default(), none(), None)).render());
    let wrong = form(draft(), offered(), Some("space-problem-far"));
    add("new-space-wrong", NewSpace::new(page(), place(), wrong).render());
    for (name, about) in [("new-space-preview", 60), ("new-space-over", 200)] {
        let estimate = Some(Estimate { about, there: 12, quota: 120 });
        let shown = SpaceForm { space: Some(space()), estimate, ..form(draft(), offered(), None) };
        add(name, NewSpace::new(page(), place(), shown).render());
    }
    let partner = |value: &str| Partner {
        value: value.into(),
        convention: std::sync::Arc::new(written()),
        ..offered().partners.remove(0)
    };
    let only = Offered { partners: vec![partner(&draft().with)], ..offered() };
    let shown = SpaceForm { space: Some(space()), ..form(draft(), only, None) };
    add("new-space-written", NewSpace::new(page(), place(), shown).render());
    let mut some = offered();
    some.partners.push(partner("lilas 0990002P"));
    add("new-space-some-written", NewSpace::new(page(), place(), form(draft(), some, None)).render());
    let change = Some(Change { id: space().id, title: space().title });
    let shown = SpaceForm { space: Some(space()), change, ..form(draft(), offered(), None) };
    add("change-space", NewSpace::new(page(), place(), shown).render());
    let guest = |id: &str, name: &str, class: &str| ShownGuest {
        person: PersonId::new(id),
        name: name.into(),
        home: ecole.clone(),
        class: class.into(),
        until,
    };
    let guests =
        || vec![guest("g1", "Lou V.", "CM1B"), guest("g2", "Apolline-Marie D.", "CM2A"), guest("g3", "Zoé B.", "CM2A")];
    let invitation = || Invitation {
        iss: "https://ent.example".into(),
        aud: "https://ecoles.example".into(),
        iat: 0,
        exp: 1,
        convention: "cycle3".into(),
        terms: String::new(),
        space: space().id,
        title: "Fables du cycle 3".into(),
        host: college.clone(),
        establishment: ecole.clone(),
        class: "CM2A".into(),
        role: Some(Role::Redacteur),
        staff: Some(Role::Moderateur),
        until: until.seconds(),
    };
    let whole = |guests: Vec<ShownGuest>, preview| SpacePage {
        space: space(),
        state: Stands::Open,
        convention: Some(convention()),
        quota: Some((guests.len() as u64, 120)),
        guests,
        after: Some(PersonId::new("g3")),
        stops: stops(),
        lists: lists(),
        turn: turn(2),
        invitations: vec![(invitation(), format!("https://ecoles.example/spaces/join?i={}", "e30".repeat(200)))],
        can_change: true,
        longest: Some(until),
        typed: None,
        preview,
        token: token(),
    };
    let title = |id: &ServiceId| id.to_string();
    add("space", OneSpace::new(page(), whole(guests(), None), title).render());
    let problems = || {
        let terms = |theirs: &str| Why::OtherTerms { theirs: theirs.into(), ours: "7f3a-19c2-88d0-1b2c-4e5f".into() };
        let all = [
            Problem::whole(terms("1b2c-4e5f-7f3a-19c2-88d0")),
            Problem::on(1, Why::NotSigned { how: "the signature is wrong".into() }),
            Problem::on(3, Why::Plain("line-class")),
        ];
        all.iter().map(Problem::reason).collect::<Vec<_>>()
    };
    let refused = Preview { text: "e30".into(), typed: None, taken: None, problems: problems() };
    add("space-list-refused", OneSpace::new(page(), whole(vec![], Some(refused)), title).render());
    let listed = |name: &str| preau_hosting::Listed {
        given_name: name.into(),
        initial: "V.".into(),
        home: ecole.clone(),
        class: "CM2A".into(),
        level: "CM2".into(),
        public: Public::Pupil,
        subject: name.into(),
    };
    let taken = crate::spaces::Taken {
        head: preau_hosting::Head {
            iss: String::new(),
            aud: String::new(),
            jti: "l".into(),
            iat: 0,
            exp: 0,
            convention: "cycle3".into(),
            terms: String::new(),
            space: space().id,
            guests: 2,
            digest: String::new(),
        },
        guests: vec![listed("Lou"), listed("Zoé")],
        convention: convention(),
        space: space(),
        there: 3,
        added: 1,
        known: 1,
        new: vec![true, false],
        stopped: vec![1],
    };
    let preview =
        |typed, taken| Preview { text: "Lou <V>.\nZoé K.".into(), typed, taken: Some(taken), problems: vec![] };
    let signed = preview(None, taken.clone());
    add("space-list-preview", OneSpace::new(page(), whole(guests(), Some(signed)), title).render());
    let by_hand = |typed, preview| SpacePage {
        convention: Some(written()),
        invitations: vec![],
        typed: Some(typed),
        ..whole(vec![], preview)
    };
    let again = || Some((format!("{ecole} CM2A"), "l".to_owned()));
    for (name, typed, preview) in [
        ("space-written-closed", Typing::NotAllowed, None),
        ("space-written-first", Typing::ProveFirst, None),
        ("space-written", Typing::Here, None),
        ("space-written-preview", Typing::Here, Some(preview(again(), taken))),
        (
            "space-written-refused",
            Typing::Here,
            Some(Preview {
                text: "Lou <Valombreuse>".into(),
                typed: again(),
                taken: None,
                problems: vec![Problem::on(1, Why::Plain("typed-line")).reason()],
            }),
        ),
    ] {
        add(name, OneSpace::new(page(), by_hand(typed, preview), title).render());
    }
    let shut = SpacePage {
        state: Stands::Closed,
        invitations: vec![],
        lists: vec![],
        longest: None,
        after: None,
        stops: Stops::none(),
        ..whole(vec![], None)
    };
    add("space-closed", OneSpace::new(page(), shut, title).render());
    let whom = || Whom {
        class: "CM2 A".into(),
        pupils: vec![listed("Lou"), listed("Zoé")],
        teacher: Some(listed("Rose")),
        accounts: std::collections::HashMap::new(),
    };
    let ask = |whom: Option<Whom>| Sending::Ask {
        invitation: Box::new(invitation()),
        peer: "ENT du collège".into(),
        classes: vec!["CM1 B".into(), "CM2 A".into()],
        whom: whom.map(Box::new),
        without: vec![],
    };
    for (name, sending) in [
        ("join", ask(Some(whom()))),
        ("join-which", ask(None)),
        (
            "join-done",
            Sending::Done {
                title: "Fables".into(),
                peer: "ENT du collège".into(),
                answered: Answered { added: 26, known: 1, stopped: 2 },
            },
        ),
        (
            "join-refused",
            Sending::Refused {
                peer: "ENT du collège".into(),
                problems: problems()
                    .into_iter()
                    .map(Refusal::Known)
                    .chain([Refusal::Told("it expired".into())])
                    .collect(),
            },
        ),
        ("join-broken", Sending::Not("join-problem-broken")),
        ("join-expired", Sending::Not("join-problem-expired")),
        ("join-unreached", Sending::Not("join-problem-unreached")),
    ] {
        add(name, Join::new(page(), JoinPage { sending, invitation: "e30".into(), token: token() }).render());
    }
    for (name, many, gone) in
        [("arrivals", true, false), ("arrivals-none", false, false), ("arrivals-gone", true, true)]
    {
        let proposals = if many { arrived(&ecole, &college, until) } else { Proposals::default() };
        let peers = [(convention().id, convention().peer.name)].into();
        let shown = ArrivalsPage { proposals, peers, gone, token: token() };
        add(name, Arrivals::new(page(), place(), &shown).render());
    }
    let framed = vec![Framed {
        convention: convention(),
        terms: "7f3a-19c2-88d0-1b2c-4e5f".into(),
        spaces: vec![(space(), Stands::Open, guests()), (space(), Stands::Stopped, vec![])],
    }];
    for (name, framed, stops) in [("guests", framed, stops()), ("guests-none", vec![], Stops::none())] {
        let written = if framed.is_empty() { vec![] } else { vec![(convention(), true), (convention(), false)] };
        let shown = GuestsPage { cut: !framed.is_empty(), framed, written, stops, turn: turn(1), token: token() };
        add(name, Guests::new(page(), place(), &shown, title).render());
    }
}

/// A reason that another ENT names by its key is said in the reader's words.
#[test]
fn every_reason_for_refusing_a_list_has_its_words() {
    let texts = Texts::load();
    for locale in Locale::ALL {
        for key in Why::keys() {
            let key = format!("list-no-{key}");
            assert_ne!(texts.with(locale, &key, &[]), key);
        }
    }
}
