//! Guests of another ENT: they sign in at home, open what a space of theirs mounts for as long as it lasts, and nothing else (ADM-10).

use crate::upstream::{come_back, without};
use preau_authenticator::Said;
use preau_domain::{
    Affiliation, Audience, Convention, ConventionState, Factor, Instant, Peer, Person, PersonId, Population, Profile,
    Public, Role, Seconds, ServiceId, SourceId, Space, SpaceGroup,
};
use preau_flows::{
    Answer, BASE, Browser, COLLEGE, NOE, OidcRp, Provider, TestHub, Trip, authenticator, oidc_service, stories, uai,
};
use preau_hosting::{Head, Listed, Problem, TYP, write_body};
use preau_store::{GuestsOf, ListsOf, SaidBy};
use preau_web::spaces::{NotTaken, Taken, fingerprint, guest_of, take_in};
use serde_json::{Value, json};
use std::sync::Mutex;

stories!(
    a_guest_opens_what_a_space_mounts_and_what_leaves_is_little,
    a_guest_never_opens_another_service,
    a_guest_gets_no_assertion_of_another_service,
    a_guest_is_in_no_directory_of_the_house,
    a_guest_never_outlives_the_convention,
    a_guest_who_is_ended_has_no_session_and_no_token,
    a_guest_has_nothing_here_to_sign_in_with,
    a_guest_comes_in_by_no_passkey,
    nobody_comes_in_without_being_invited,
    a_guest_is_nobody_s_colleague_by_mail_or_name,
    a_guest_is_nobody_the_rules_of_the_provider_name,
    a_list_that_is_wrong_is_refused_whole,
    a_list_takes_back_nobody_who_became_a_pupil,
    a_space_shows_in_the_groups_of_its_own_people,
);

pub(crate) const HOME: &str = "https://ecoles.example";
pub(crate) const ECOLE: u32 = 990_101;
const DAY: i64 = 86_400;
/// Everything, and as long as may be.
const SCOPE: &str = "openid profile email ent offline_access";

/// The home of the guests, the house that hosts them, and a service of theirs.
pub(crate) struct House {
    pub home: Provider,
    pub hub: TestHub,
    pub pad: OidcRp,
    /// The fingerprint of the convention as it stands.
    terms: Mutex<String>,
}

/// A service that takes guests.
pub(crate) fn service(id: &str) -> preau_connector_api::MountedService {
    let mut one = oidc_service(id);
    let groups = preau_domain::ReleaseRule {
        name: "groups".to_owned(),
        copy: Some(preau_domain::Fact::Groups),
        ..one.release[0].clone()
    };
    one.release.push(groups);
    one.audience = Audience {
        allow: vec![Population { profiles: Profile::ALL.to_vec(), ..Population::default() }],
        ..Audience::default()
    };
    one
}

impl House {
    /// A house that has signed a convention with the ENT of an école, with a space that mounts `pad`.
    pub(crate) async fn new(hub: &TestHub) -> House {
        let home = Provider::start().await;
        let source = home.source("");
        let hub = hub
            .again_with(|setup| {
                setup.config.sign_in.publics.insert("guest".to_owned(), preau_flows::GUICHET.to_owned());
                setup.sources.push((SourceId::new(preau_flows::GUICHET), source));
            })
            .await;
        hub.secrets.saw("access token", "acces-libre");
        let pad = hub.rp_of(service("pad"), |_| {});
        let now = hub.hub.now();
        let convention = Convention {
            id: "cycle3".into(),
            peer: Peer {
                url: HOME.into(),
                name: "ENT des écoles".into(),
                provider: Some(SourceId::new(preau_flows::GUICHET)),
                cards: false,
                typed: false,
                issuer: home.issuer(),
                service: None,
                keys: json!({ "keys": [home.jwk("k1")] }).to_string(),
            },
            purposes: vec!["cycle 3".into()],
            data: vec!["prénom, initiale, classe".into()],
            establishments: vec![uai(ECOLE)],
            ours: vec![],
            from: now,
            until: now + Seconds(3_600),
            quota: 3,
            signatories: vec![],
            state: ConventionState::SignedByBoth,
        };
        hub.hub.store.put_convention(&convention, None).await.expect("a convention");
        let group = |number, code: &str, public, role| SpaceGroup {
            establishment: uai(number),
            code: code.into(),
            public,
            role,
        };
        let space = Space {
            id: "fables".into(),
            title: "Fables".into(),
            host: uai(COLLEGE),
            convention: Some("cycle3".into()),
            groups: vec![
                group(ECOLE, "CM2A", Public::Pupil, Role::Redacteur),
                group(COLLEGE, "6B", Public::Pupil, Role::Visiteur),
            ],
            services: vec![ServiceId::new("pad")],
            from: now,
            until: now + Seconds(3_600),
            closed: false,
        };
        hub.hub.store.put_space(&space, None, now).await.expect("a space");
        let terms = Mutex::new(fingerprint(&convention, BASE));
        House { home, hub, pad, terms }
    }

    /// The fingerprint that both parties read.
    pub(crate) fn terms(&self) -> String {
        self.terms.lock().expect("the terms").clone()
    }

    fn head(&self, body: &str, guests: usize) -> Value {
        let now = self.hub.hub.now().seconds();
        let head = Head {
            iss: HOME.into(),
            aud: BASE.into(),
            jti: format!("liste-{}", self.hub.hub.ids.text(8)),
            iat: now,
            exp: now + DAY,
            convention: "cycle3".into(),
            terms: self.terms(),
            space: "fables".into(),
            guests,
            digest: preau_keys::fingerprint(body.as_bytes()),
        };
        serde_json::to_value(head).expect("a head")
    }

    /// A list, signed by the key of that name, with its head changed.
    pub(crate) fn list(&self, guests: &[Listed], kid: &str, change: impl FnOnce(&mut Value)) -> String {
        let body = write_body(guests).expect("lines");
        let mut head = self.head(&body, guests.len());
        change(&mut head);
        format!("{}\n{body}", self.home.sign(kid, TYP, &head))
    }

    pub(crate) async fn take(&self, text: &str) -> Result<Taken, NotTaken> {
        let hub = &self.hub.hub;
        take_in(&*hub.store, (&hub.keyring, &*hub.ids), BASE, text, hub.now(), true).await
    }

    /// Takes these guests in.
    pub(crate) async fn invites(&self, guests: &[Listed]) {
        let taken = self.take(&self.list(guests, "k1", |_| {})).await;
        assert!(taken.is_ok(), "{taken:?}");
    }

    /// Somebody of the other ENT comes to the door of a service, or home.
    pub(crate) async fn comes(
        &self,
        browser: &mut Browser,
        door: &str,
        subject: &str,
        change: impl FnOnce(&mut Value),
    ) -> Answer {
        let begun = browser.get(door).await;
        let page = begun.location().unwrap_or_else(|| panic!("{} {}", begun.status, begun.words())).to_owned();
        let joint = if page.contains('?') { '&' } else { '?' };
        let gone = browser.get(&format!("{page}/elsewhere/{}{joint}public=guest", preau_flows::GUICHET)).await;
        let to = gone.location().unwrap_or_else(|| panic!("{} {}", gone.status, gone.words()));
        let trip = Trip::read(&self.hub, to);
        let mut claims = self.home.claims(&self.hub, &trip);
        without(&mut claims, "record");
        claims["sub"] = json!(subject);
        self.home.json("/userinfo", &json!({ "sub": subject }));
        change(&mut claims);
        let token = self.home.sign("k1", "JWT", &claims);
        self.hub.secrets.saw("id token", &token);
        come_back(&self.home, browser, &trip, &token).await
    }

    /// A guest who is in.
    pub(crate) async fn guest(&self) -> Browser {
        self.invites(&[listed("sujet-1", "Lou")]).await;
        let mut browser = self.hub.browser();
        let answer = self.comes(&mut browser, "/", "sujet-1", |_| {}).await;
        assert_eq!(answer.location(), Some("/"), "{} {}", answer.status, answer.words());
        browser
    }

    /// Somebody of the host changes the space.
    pub(crate) async fn space_is(&self, change: impl FnOnce(&mut Space)) {
        let before = self.hub.hub.store.space("fables").await.expect("read").expect("a space");
        let mut after = before.clone();
        change(&mut after);
        self.hub.hub.store.put_space(&after, Some(&before), self.hub.hub.now()).await.expect("replaced");
    }

    pub(crate) async fn convention_is(&self, change: impl FnOnce(&mut Convention)) {
        let before = self.hub.hub.store.convention("cycle3").await.expect("read").expect("a convention");
        let mut after = before.clone();
        change(&mut after);
        self.hub.hub.store.put_convention(&after, Some(&before)).await.expect("replaced");
        *self.terms.lock().expect("the terms") = fingerprint(&after, BASE);
    }
}

pub(crate) fn listed(subject: &str, given_name: &str) -> Listed {
    Listed {
        given_name: given_name.into(),
        initial: "V.".into(),
        home: uai(ECOLE),
        class: "CM2A".into(),
        level: "CM2".into(),
        public: Public::Pupil,
        subject: subject.into(),
    }
}

/// Opens a service in a live session; the code, if it was opened.
pub(crate) async fn opened(browser: &mut Browser, rp: &OidcRp) -> Option<String> {
    let to = browser.get(&rp.url_with(&[("scope", SCOPE)])).await.location().map(str::to_owned)?;
    let to = url::Url::parse(&to).ok()?;
    to.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned())
}

async fn a_guest_opens_what_a_space_mounts_and_what_leaves_is_little(hub: TestHub) {
    let house = House::new(&hub).await;
    let mut browser = house.guest().await;
    let words = browser.visit("/").await.words();
    assert!(words.contains("Lou V.") && words.contains("pad"), "{words}");
    let code = opened(&mut browser, &house.pad).await.expect("the service is mounted");
    let tokens = house.pad.redeem(&code).await;
    let claims = house.pad.userinfo(tokens.access()).await.json;
    let told = serde_json::to_string(&claims).expect("claims");
    assert_eq!(claims["groups"], json!(["espace:fables", "espace:fables:redacteur"]), "{told}");
    assert_eq!((&claims["given_name"], &claims["family_name"]), (&json!("Lou"), &json!("V.")));
    assert_eq!(claims["ent_profiles"], json!([{ "establishment": uai(COLLEGE).to_string(), "profile": "Invite" }]));
    for nothing in ["National_", "sujet-1", "CM2", "email", &uai(ECOLE).to_string()] {
        assert!(!told.contains(nothing), "{nothing} in {told}");
    }
}

async fn a_guest_never_opens_another_service(hub: TestHub) {
    let house = House::new(&hub).await;
    let gar = house.hub.rp_of(service("gar"), |_| {});
    let mut browser = house.guest().await;
    assert!(opened(&mut browser, &house.pad).await.is_some(), "control");
    assert!(!browser.visit("/").await.words().contains("gar"), "no tile");
    let refused = browser.get(&gar.url()).await;
    assert!(!refused.location().unwrap_or_default().contains("code="), "{:?}", refused.location());
    assert!(opened(&mut browser, &gar).await.is_none(), "no code");
    let app = house.hub.app("app");
    let answer = browser.get(&app.login_url()).await;
    assert!(!answer.location().unwrap_or_default().contains("ticket="), "no ticket");
    assert!(answer.words().contains("Aucun des espaces qui vous sont ouverts"), "{}", answer.words());
    assert_eq!(browser.get("/open/gar").await.status, 403, "no way by the tile");
    let code = house.hub.browser().sign_in(&NOE).through(&gar.url()).await.answer.code();
    assert!(!code.is_empty(), "control");
}

async fn a_guest_gets_no_assertion_of_another_service(hub: TestHub) {
    let house = House::new(&hub).await;
    let sp = house.hub.sp("sp");
    let mut browser = house.guest().await;
    let refused = browser.get(&sp.url()).await;
    assert!(refused.forms().iter().all(|form| form.value("SAMLResponse").is_none()), "{}", refused.words());
    assert!(refused.words().contains("Aucun des espaces qui vous sont ouverts"), "{}", refused.words());
    house.space_is(|one| one.services.push(ServiceId::new("sp"))).await;
    house.hub.clock.advance(3);
    let told = sp.told(&browser.get(&sp.url()).await).await;
    assert_eq!(told.status(), "Success", "control: a space of theirs mounts it");
    let profiles = told.values("ENTPersonProfils");
    assert!(profiles.len() == 1 && profiles[0].contains("Invite"), "no profile of a directory: {profiles:?}");
}

/// Every page that lists people of the house, every record of it, and every roster of a tool reads these.
async fn a_guest_is_in_no_directory_of_the_house(hub: TestHub) {
    let house = House::new(&hub).await;
    house.space_is(|one| one.groups.push(SpaceGroup { public: Public::Staff, ..one.groups[0].clone() })).await;
    house.invites(&[listed("sujet-1", "Lou"), Listed { public: Public::Staff, ..listed("sujet-2", "Rose") }]).await;
    let (store, here) = (&house.hub.hub.store, uai(COLLEGE));
    assert_eq!(store.guests(GuestsOf::Space("fables"), &PersonId::new(""), 9).await.expect("guests").len(), 2);
    for people in [store.people_at(&here, 99).await, store.people_as(&here, &Profile::ALL, 99).await] {
        let people = people.expect("people");
        assert!(people.iter().all(|one| !one.is_hosted()), "{people:?}");
        assert!(people.iter().any(|one| one.id == NOE.person_id()), "control");
    }
    for (class, count) in [("CM2A", 0), ("6B", 1)] {
        assert_eq!(store.pupils_of_class(&here, class, 99).await.expect("pupils").len(), count, "{class}");
    }
}

async fn a_guest_never_outlives_the_convention(hub: TestHub) {
    let house = House::new(&hub).await;
    let mut browser = house.guest().await;
    let store = &house.hub.hub.store;
    let ends = store.convention("cycle3").await.expect("read").expect("a convention").until;
    let guest = store.guests(GuestsOf::Space("fables"), &PersonId::new(""), 1).await.expect("guests").remove(0);
    let session = store.sessions_of(&guest.person, house.hub.hub.now()).await.expect("sessions").remove(0);
    assert_eq!(session.expires, ends, "what services are told of its end");
    let code = opened(&mut browser, &house.pad).await.expect("open");
    let tokens = house.pad.redeem(&code).await;
    house.hub.clock.advance(3_599);
    let again = house.pad.refresh(tokens.text("refresh_token")).await;
    assert!(!again.access().is_empty(), "control: a second before");
    assert!(opened(&mut browser, &house.pad).await.is_some(), "control: a second before");
    let code = opened(&mut browser, &house.pad).await.expect("open");
    house.hub.clock.advance(1);
    assert_eq!(house.pad.redeem(&code).await.error().0, 400, "a code of a second ago");
    assert_eq!(house.pad.refresh(again.text("refresh_token")).await.error(), (400, "invalid_grant"));
    assert_eq!(house.pad.userinfo(again.access()).await.answer.status, 401);
    assert!(opened(&mut browser, &house.pad).await.is_none(), "no code");
    assert!(browser.get("/").await.location().is_some_and(|to| to.starts_with("/sign-in/")), "no session");
    let answer = house.comes(&mut house.hub.browser(), "/", "sujet-1", |_| {}).await;
    assert_eq!(answer.status, 403, "and nobody comes in again");
}

async fn a_guest_who_is_ended_has_no_session_and_no_token(hub: TestHub) {
    let house = House::new(&hub).await;
    let mut browser = house.guest().await;
    let code = opened(&mut browser, &house.pad).await.expect("open");
    let tokens = house.pad.redeem(&code).await;
    // Stopped for a while: within the three seconds that a session is believed, and back again.
    house.convention_is(|one| one.state = ConventionState::Suspended).await;
    house.hub.clock.advance(3);
    assert!(opened(&mut browser, &house.pad).await.is_none(), "stopped");
    assert_eq!(house.pad.userinfo(tokens.access()).await.answer.status, 401, "stopped");
    house.convention_is(|one| one.state = ConventionState::SignedByBoth).await;
    let mut browser = house.hub.browser();
    assert_eq!(house.comes(&mut browser, "/", "sujet-1", |_| {}).await.location(), Some("/"), "control");
    let code = opened(&mut browser, &house.pad).await.expect("open");
    let tokens = house.pad.redeem(&code).await;
    let (store, now) = (&house.hub.hub.store, house.hub.hub.now());
    let list = store.lists(ListsOf::Space("fables"), 0, 10).await.expect("lists").remove(0);
    assert_eq!(store.withdraw("cycle3", &list.id, now).await.expect("withdrawn"), 1);
    assert_eq!(house.pad.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
    house.hub.clock.advance(3);
    assert!(browser.get("/").await.location().is_some_and(|to| to.starts_with("/sign-in/")), "no session");
    assert_eq!(house.comes(&mut browser, "/", "sujet-1", |_| {}).await.status, 403);
}

/// Their own ENT vouches for them each time: a passkey made here would go on without it.
async fn a_guest_has_nothing_here_to_sign_in_with(hub: TestHub) {
    let house = House::new(&hub).await;
    let mut browser = house.guest().await;
    assert_eq!(browser.get("/account/passkeys/new").await.status, 404);
    assert_eq!(browser.get("/account/codes/new").await.status, 404);
    let mut pupil = house.hub.browser();
    pupil.sign_in(&NOE).at_home().await;
    assert_eq!(pupil.get("/account/passkeys/new").await.status, 200, "control");
}

/// Even one that was made before they were a guest.
async fn a_guest_comes_in_by_no_passkey(hub: TestHub) {
    let house = House::new(&hub).await;
    house.guest().await;
    let (mut noe, mut device, store) = (house.hub.browser(), authenticator(), &house.hub.hub.store);
    noe.sign_in(&NOE).at_home().await;
    noe.add_passkey(&mut device, &Said::default()).await;
    let mut control = house.hub.browser();
    let page = control.visit("/").await;
    assert_eq!(control.prove_passkey(&page, &mut device, &Said::default()).await.location(), Some("/"), "control");
    let convention = store.convention("cycle3").await.expect("read").expect("a convention");
    let (_, join) = guest_of(&house.hub.hub.keyring, &convention, &SourceId::new(preau_flows::GUICHET), "sujet-1");
    let guest = store.person_by_join(&join).await.expect("read").expect("a guest");
    let passkey = store.factors_of(&NOE.person_id()).await.expect("read").remove(0);
    store.remove_factor(&NOE.person_id(), &passkey.id, false).await.expect("removed");
    store.add_factor(&Factor { person: guest.id.clone(), ..passkey }).await.expect("added");
    let mut browser = house.hub.browser();
    let page = browser.visit("/").await;
    let said = Said { handle: Some(house.hub.hub.keyring.handle(&guest.id).to_vec()), ..Said::default() };
    let refused = browser.prove_passkey(&page, &mut device, &said).await;
    assert_eq!((refused.status.as_u16(), browser.signed_in()), (422, false));
}

async fn nobody_comes_in_without_being_invited(hub: TestHub) {
    let house = House::new(&hub).await;
    let stranger = house.comes(&mut house.hub.browser(), "/", "sujet-2", |_| {}).await;
    assert_eq!(stranger.status, 403);
    house.invites(&[listed("sujet-1", "Lou")]).await;
    let stranger = house.comes(&mut house.hub.browser(), "/", "sujet-2", |_| {}).await;
    assert_eq!(stranger.status, 403, "the invitation is another's");
    let guest = house.comes(&mut house.hub.browser(), "/", "sujet-1", |_| {}).await;
    assert_eq!(guest.location(), Some("/"), "control");
}

/// A guest whose home says the mail address and the names of a teacher of the house is a guest.
async fn a_guest_is_nobody_s_colleague_by_mail_or_name(hub: TestHub) {
    let house = House::new(&hub).await;
    house.invites(&[Listed { given_name: "Alice".into(), initial: "M.".into(), ..listed("sujet-1", "") }]).await;
    let mut browser = house.hub.browser();
    let alice = preau_flows::ALICE.person();
    let answer = house
        .comes(&mut browser, "/", "sujet-1", |claims| {
            claims["email"] = json!(alice.mail);
            claims["email_verified"] = json!(true);
            claims["preferred_username"] = json!(alice.login);
            claims["name"] = json!(alice.display_name());
        })
        .await;
    assert_eq!(answer.location(), Some("/"), "{}", answer.words());
    let words = browser.visit("/").await.words();
    assert!(words.contains("Alice M.") && !words.contains("Alice Martin"), "{words}");
    let store = &house.hub.hub.store;
    assert!(store.links_of_person(&alice.id).await.expect("links").is_empty());
    let twin = Person { id: PersonId::new("palicem000000000"), ..alice };
    let own = Affiliation::new(uai(COLLEGE), Profile::Pupil);
    house
        .hub
        .put(Person { given_name: "Alice".into(), family_name: "M.".into(), affiliations: vec![own], ..twin })
        .await;
    house.hub.clock.advance(3);
    assert!(opened(&mut browser, &house.pad).await.is_some());
    assert!(browser.visit("/").await.words().contains("Alice M."));
}

/// The rules of the provider name a pupil of the house: not for whom a list named, neither beside the guest nor in their place.
async fn a_guest_is_nobody_the_rules_of_the_provider_name(hub: TestHub) {
    let house = House::new(&hub).await;
    house.invites(&[listed("sujet-1", "Lou")]).await;
    let noe = |claims: &mut Value| claims["record"] = json!(NOE.key());
    let mut browser = house.hub.browser();
    let answer = house.comes(&mut browser, "/", "sujet-1", noe).await;
    assert_eq!(answer.location(), Some("/"), "no choice: {}", answer.words());
    assert!(browser.visit("/").await.words().contains("Lou V."));
    house.convention_is(|one| one.state = ConventionState::Suspended).await;
    let answer = house.comes(&mut house.hub.browser(), "/", "sujet-1", noe).await;
    assert_eq!(answer.status, 403, "stopped, and nobody else");
    assert!(answer.words().contains("Votre invitation n’est pas ouverte"), "{}", answer.words());
    let store = &house.hub.hub.store;
    assert!(store.links_of_person(&NOE.person().id).await.expect("links").is_empty());
    let answer = house.comes(&mut house.hub.browser(), "/", "sujet-2", noe).await;
    assert_eq!(answer.location(), Some("/"), "control: no guest");
    assert_eq!(store.links_of_person(&NOE.person().id).await.expect("links").len(), 1, "control");
}

/// Lists that are wrong, and why.
fn wrong_lists(house: &House, two: &[Listed; 2]) -> Vec<(&'static str, String, &'static str)> {
    let now = house.hub.hub.now().seconds();
    let unknown = Listed { home: uai(990_102), ..listed("sujet-3", "Zoé") };
    let other_class = Listed { class: "CM1B".into(), ..listed("sujet-3", "Zoé") };
    let signed = house.list(two, "k1", |_| {});
    let mut more = signed.clone();
    more.push_str(&write_body(&[listed("sujet-3", "Zoé")]).expect("a line"));
    let ine = signed.replace("\"initial\"", "\"ine\":\"1\",\"initial\"");
    let body = "{\"given_name\":\"Lou\",\"birth\":\"2015\"}\n";
    let says_more = format!("{}\n{body}", house.home.sign("k1", TYP, &house.head(body, 1)));
    let quota: Vec<Listed> = (0..4).map(|n| listed(&format!("sujet-{n}"), "Lou")).collect();
    vec![
        ("unsigned", write_body(two).expect("lines"), "no list of guests"),
        ("another's key", house.list(two, "k2", |_| {}), "not signed by the other party"),
        ("another type", format!("{}\n", house.home.sign("k1", "JWT", &house.head("", 0))), "not signed"),
        ("another's name", house.list(two, "k1", |head| head["iss"] = json!("https://autre.example")), "somebody else"),
        ("for another", house.list(two, "k1", |head| head["aud"] = json!("https://autre.example")), "somebody else"),
        ("expired", house.list(two, "k1", |head| head["exp"] = json!(now)), "expired"),
        ("another space", house.list(two, "k1", |head| head["space"] = json!("potager")), "no space"),
        ("another convention", house.list(two, "k1", |head| head["convention"] = json!("x")), "under no convention"),
        (
            "another text",
            house.list(two, "k1", |head| head["terms"] = json!("7f3a-19c2")),
            "another text of the convention",
        ),
        ("no text", house.list(two, "k1", |head| without(head, "terms")), "an older version"),
        ("a line more", more, "not those that were signed"),
        ("a field more", ine, "not those that were signed"),
        ("more than is known", says_more, "line 2"),
        ("unknown establishment", house.list(&[two[0].clone(), unknown], "k1", |_| {}), "line 3"),
        ("another class", house.list(&[two[0].clone(), other_class], "k1", |_| {}), "line 3"),
        ("twice", house.list(&[two[0].clone(), two[0].clone()], "k1", |_| {}), "line 3"),
        ("over quota", house.list(&quota, "k1", |_| {}), "exceed"),
    ]
}

async fn a_list_that_is_wrong_is_refused_whole(hub: TestHub) {
    let house = House::new(&hub).await;
    let two = [listed("sujet-1", "Lou"), listed("sujet-2", "Max")];
    let signed = house.list(&two, "k1", |_| {});
    let people = house.hub.hub.store.people_count().await.expect("a number");
    for (name, text, why) in wrong_lists(&house, &two) {
        let Err(NotTaken::Refused(problems)) = house.take(&text).await else { panic!("{name}") };
        let said = problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ");
        assert!(said.contains(why), "{name}: {said}");
        assert_eq!(house.hub.hub.store.guest_count("cycle3").await.expect("a number"), 0, "{name}");
        assert_eq!(house.hub.hub.store.people_count().await.expect("a number"), people, "{name}: no account");
    }
    house.invites(&two).await;
    house.convention_is(|one| one.until = Instant(one.until.0 - 3_600_000)).await;
    assert!(matches!(house.take(&signed).await, Err(NotTaken::Refused(_))), "the convention is over");
}

/// The écoles still name the child in June: that does not make their ENT a way into the account of our pupil.
async fn a_list_takes_back_nobody_who_became_a_pupil(hub: TestHub) {
    let house = House::new(&hub).await;
    let two = [listed("sujet-1", "Lou"), listed("sujet-2", "Max")];
    house.invites(&two).await;
    let (store, now) = (&house.hub.hub.store, house.hub.hub.now());
    let guests = store.guests(GuestsOf::Convention("cycle3"), &PersonId::new(""), 10).await.expect("guests");
    for one in &guests {
        let name = store.person(&one.person).await.expect("read").expect("a guest").given_name;
        if name == "Max" {
            store.end_guests(std::slice::from_ref(&one.person), now).await.expect("ended");
            for link in store.links_of_person(&one.person).await.expect("links") {
                store.remove_link(&link.identity, &one.person).await.expect("removed");
            }
            let pair = (NOE.person().id, one.person.clone());
            assert_eq!(store.pair(&[pair], SaidBy::Hand, now).await.expect("paired"), [true]);
        }
    }
    let Err(NotTaken::Refused(problems)) = house.take(&house.list(&two, "k1", |_| {})).await else { panic!("taken") };
    assert!(problems.len() == 1 && problems[0].line == Some(3), "{problems:?}");
    assert_eq!(house.comes(&mut house.hub.browser(), "/", "sujet-2", |_| {}).await.status, 403);
    house.invites(&two[..1]).await;
    let guest = house.comes(&mut house.hub.browser(), "/", "sujet-1", |_| {}).await;
    assert_eq!(guest.location(), Some("/"), "control");
}

async fn a_space_shows_in_the_groups_of_its_own_people(hub: TestHub) {
    let house = House::new(&hub).await;
    let code = house.hub.browser().sign_in(&NOE).through(&house.pad.url_with(&[("scope", SCOPE)])).await.answer.code();
    let claims = house.pad.userinfo(house.pad.redeem(&code).await.access()).await.json;
    assert_eq!(claims["groups"], json!(["espace:fables", "espace:fables:visiteur"]), "{claims:?}");
    let code = house
        .hub
        .browser()
        .sign_in(&preau_flows::HUGO)
        .through(&house.pad.url_with(&[("scope", SCOPE)]))
        .await
        .answer
        .code();
    let claims = house.pad.userinfo(house.pad.redeem(&code).await.access()).await.json;
    assert!(claims.get("groups").is_none(), "{claims:?}");
}
