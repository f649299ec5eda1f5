//! Invented people, schools and services to draw pages from.

use super::super::bench::Bench;
use super::super::board::Board;
use super::super::elsewhere::{ChooseAccount, Elsewhere, Way};
use super::super::home::{Home, Owner};
use super::super::inspections::Inspections;
use super::super::lti::{Choice as LtiChoice, Lti, Marks as LtiMarksPage};
use super::super::offers::{Offer, Offers};
use super::super::runs::{OneRun, Runs, Sources};
use super::super::*;
use super::runs::held_run;
use crate::bench::sandbox::{Sandbox, Spoken, Told};
use crate::bench::{Asked, CAST, Judged, Outcome, Preview, Refused, Wrong};
use crate::offers::Choice;
use crate::passkey::Question;
use crate::{Fields, Live, ServiceTable};
use preau_connector_api::{Category, Legal, MountedService, Names, Network};
use preau_domain::{
    AccountState, Affiliation, AtHand, Audience, Authentication, AuthnMethod, CorrelationId, Credentials,
    Establishment, EstablishmentKind, Factor, FactorId, FactorKind, Identifier, Instant, JoinKey, Opening, Person,
    PersonId, Population, Profile, Service, ServiceId, Session, SessionId, SourceId, Uai, UrlRule,
};
use preau_policy::{Reason, Standing};
use std::sync::Arc;

/// A page drawn: the name of its file and its text.
pub struct Drawn {
    pub name: String,
    pub locale: Locale,
    pub html: String,
}

fn names(fr: &str, en: &str) -> Names {
    Names { fr: fr.into(), en: en.into() }
}

fn icon(colour: &str, shape: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"6 6 36 36\"><path d=\"{shape}\" fill=\"none\" \
         stroke=\"{colour}\" stroke-width=\"3\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>"
    )
}

fn service(id: &str, title: [&str; 2], summary: [&str; 2], category: Category, icon: String) -> MountedService {
    let home = format!("https://{id}.example/");
    let everyone = Population { profiles: vec![Profile::Teacher], ..Population::default() };
    let said = || names("–", "–");
    MountedService {
        service: Service {
            id: ServiceId::new(id),
            home: home.parse().unwrap(),
            urls: vec![UrlRule::below(&home).unwrap()],
        },
        connector: id.into(),
        title: names(title[0], title[1]),
        summary: names(summary[0], summary[1]),
        category,
        icon,
        cas: None,
        oidc: None,
        saml: None,
        link: None,
        identifier: Identifier::default(),
        release: Vec::new(),
        audience: Audience { allow: vec![everyone], ..Audience::default() },
        two_keys: false,
        network: Network::Public,
        legal: Legal { purpose: said(), controller: said(), hosting: said(), retention: said() },
        other_side: String::new(),
    }
}

/// Ten services as a school could have them.
pub fn services() -> ServiceTable {
    use Category::{Communication, Information, Production, SchoolLife, Utilities};
    let list = vec![
        service(
            "courrier",
            ["Messagerie", "Mail"],
            ["Écrire à un collègue, à une classe ou à une famille.", "Write to a colleague, a class or a family."],
            Communication,
            icon("currentColor", "M10 15h28v19H10zM10 16l14 11 14-11"),
        ),
        service(
            "visio",
            ["Classe à distance", "Remote class"],
            ["Ouvrir une salle pour un cours ou une réunion.", "Open a room for a lesson or a meeting."],
            Communication,
            icon("#7a3f9d", "M9 16h20v16H9zM29 22l10-5v14l-10-5"),
        ),
        service(
            "moodle",
            ["Moodle", "Moodle"],
            ["Cours en ligne, devoirs et évaluations.", "Online courses, homework and tests."],
            Production,
            icon("currentColor", "M8 19l16-7 16 7-16 7zM15 23v8c4 4 14 4 18 0v-8"),
        ),
        service(
            "cahier",
            ["Cahier de textes", "Homework diary"],
            ["Le travail à faire, par classe et par matière.", "Homework by class and by subject."],
            Production,
            icon("currentColor", "M14 9h20v30H14zM19 17h10M19 24h10M19 31h6"),
        ),
        service(
            "capytale",
            ["Carnets de code", "Code notebooks"],
            ["Programmer en Python avec ses élèves.", "Write Python with your pupils."],
            Production,
            icon("currentColor", "M18 16l-8 8 8 8M30 16l8 8-8 8"),
        ),
        service(
            "notes",
            ["Notes et absences", "Marks and absences"],
            ["Faire l’appel, noter, suivre la vie de la classe.", "Call the roll, mark, follow the class."],
            SchoolLife,
            icon("currentColor", "M11 24l8 8 18-18"),
        ),
        service(
            "agenda",
            ["Emploi du temps", "Timetable"],
            ["Votre semaine, vos salles, vos remplacements.", "Your week, your rooms, your replacements."],
            SchoolLife,
            icon("currentColor", "M10 13h28v26H10zM10 21h28M18 9v7M30 9v7"),
        ),
        service(
            "cdi",
            ["Catalogue du CDI", "Library catalogue"],
            ["Chercher et réserver un livre, une revue, un dossier.", "Find and book a book, a review, a file."],
            Information,
            icon("currentColor", "M24 14c-4-3-9-3-14-2v24c5-1 10-1 14 2 4-3 9-3 14-2V12c-5-1-10-1-14 2zM24 14v24"),
        ),
        service(
            "presse",
            ["Kiosque des élèves", "Press for pupils"],
            ["Les journaux du jour, lisibles en classe.", "Today’s papers, readable in class."],
            Information,
            icon("currentColor", "M10 12h24v26H13a3 3 0 0 1-3-3zM34 20h4v15a3 3 0 0 1-6 0M16 19h12M16 26h12M16 32h8"),
        ),
        service(
            "salles",
            ["Réservation de salles", "Room booking"],
            ["Réserver une salle, un chariot, un projecteur.", "Book a room, a trolley, a projector."],
            Utilities,
            icon("currentColor", "M14 40V10h20v30M10 40h28M28 25v2"),
        ),
    ];
    ServiceTable::new(list).unwrap()
}

fn establishment(uai: &str, kind: EstablishmentKind, name: &str, city: &str) -> Establishment {
    Establishment {
        uai: uai.parse().unwrap(),
        join: JoinKey { source: SourceId::new("annuaire"), key: uai.into() },
        kind,
        name: name.into(),
        city: Some(city.into()),
        sector: None,
        groups: Vec::new(),
    }
}

/// Somebody with these affiliations, working in the first of them.
pub fn somebody(given_name: &str, family_name: &str, title: &str, what: &[(u32, Profile)]) -> Live {
    let uai = |number: u32| -> Uai { format!("{number:07}{}", Uai::key_letter(number)).parse().unwrap() };
    let known = [
        (990_001, EstablishmentKind::College, "Collège des Trois-Tilleuls", "Valfleury"),
        (990_002, EstablishmentKind::Ecole, "École élémentaire du Lavoir", "Valfleury"),
        (990_003, EstablishmentKind::Lycee, "Lycée Hortense-Vasseur", "Montclar-sur-Orbe"),
        (990_004, EstablishmentKind::Ecole, "École élémentaire du Lavoir", "Saint-Brice-le-Haut"),
    ];
    let establishments: Vec<Establishment> = known
        .into_iter()
        .filter(|(number, ..)| what.iter().any(|(n, _)| n == number))
        .map(|(number, kind, name, city)| establishment(uai(number).as_str(), kind, name, city))
        .collect();
    let person = Person {
        id: PersonId::new("p000000000000001"),
        join: None,
        state: AccountState::Active,
        given_name: given_name.into(),
        family_name: family_name.into(),
        title: Some(title.into()),
        login: Some("login".into()),
        mail: None,
        credentials: Credentials::Local,
        affiliations: what.iter().map(|(number, profile)| Affiliation::new(uai(*number), *profile)).collect(),
        children: Vec::new(),
    };
    let current = what.first().map(|(number, _)| uai(*number));
    let authentication = Authentication {
        method: AuthnMethod::LocalPassword,
        at: Instant(0),
        unsaid: false,
        password: None,
        by: None,
        acr: None,
        turn: None,
        delegations: Vec::new(),
        second: None,
    };
    let session = Session {
        id: SessionId::new("s"),
        person: person.id.clone(),
        authentication,
        establishment: current.clone(),
        created: Instant(0),
        expires: Instant(1),
        last_seen: Instant(0),
        child: None,
    };
    Live::new(session, &person, None, establishments.into_iter().map(Arc::new).collect(), Instant(0)).unwrap()
}

/// The home page of somebody, over the tiles the rules open.
pub(in crate::pages) fn home<'a>(page: Page<'a>, table: &ServiceTable, live: &Live, search: &str) -> Home<'a> {
    home_with(page, table, live, search, &AtHand::default(), &[])
}

/// The same of somebody who keeps services at hand, or has children.
fn home_with<'a>(
    page: Page<'a>,
    table: &ServiceTable,
    live: &Live,
    search: &str,
    at_hand: &AtHand,
    children: &[Person],
) -> Home<'a> {
    let known = live.known().unwrap();
    let board = Board::of(table, live, &known, at_hand, search, page.locale);
    let owner = Owner { person: &known.person, child: None, children, at_hand, notices: Vec::new() };
    Home::new(page, live, owner, search.to_owned(), &board, |form| format!("token-{form}"))
}

/// What may come of a synthetic person at a door.
fn bench_outcomes() -> [(&'static str, Outcome); 3] {
    let text = "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\"><cas:authenticationSuccess>".into();
    [
        ("bench-opens", Outcome::Opens(vec![Preview { title: "CAS 3", text }])),
        ("bench-shut", Outcome::Shut(Reason::ALL[0])),
        ("bench-unsound", Outcome::Unsound("the person has no mail address".into())),
    ]
}

fn wrong() -> Wrong {
    let (received, expected) =
        ("https://atelier.example/callback".into(), "https://atelier.example/auth/callback".into());
    Wrong { parameter: "redirect_uri", received, expected }
}

/// A request that was refused, of a service or, where it can be replayed, with what was asked.
fn refused(replayable: bool) -> Refused {
    let fields =
        [("client_id", "atelier"), ("redirect_uri", "https://atelier.example/callback"), ("state", "xxxxxxxx")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Refused {
        at: Instant(1_789_369_200_000),
        word: "cas-ticket-unknown".into(),
        why: "the ticket is not known",
        incident: CorrelationId::new("7k2m9xq4hd3w"),
        asked: replayable.then(|| Asked { protocol: "oidc", fields, wrong: Some(wrong()) }),
    }
}

/// The account page, and the pages that ask for a passkey. What hides until a script runs is shown.
fn passkey_pages<'a>(page: &impl Fn() -> Page<'a>, add: &mut impl FnMut(&str, askama::Result<String>)) {
    let question = || Question { options: "{\"challenge\":\"\"}".into(), challenge: "sealed".into() };
    let form = |public| {
        let (pending_id, token, carried) = ("abc".to_owned(), "token".to_owned(), Some("sealed".to_owned()));
        Some(account::PasskeyForm {
            pending_id,
            token,
            public,
            carried,
            question: question(),
            remember: Some("Pendant 30 jours".into()),
        })
    };
    let shown = |page: askama::Result<String>| page.map(|html| html.replace(" hidden>", ">"));
    let choose = ChoosePublic::new(page(), "abc", Some("Moodle"), |_| None);
    add("choose-passkey", shown(ChoosePublic { passkey: form(None), ..choose }.render()));
    let choose = ChoosePublic::new(page(), "abc", None, |_| None);
    let problem = Some(page().t("problem-passkey"));
    add("choose-passkey-refused", shown(ChoosePublic { passkey: form(None), problem, ..choose }.render()));
    let password = PasswordPage {
        pending_id: "abc",
        form_token: "token",
        carried: None,
        public: Public::Staff,
        login: "",
        problem: None,
        wait_seconds: None,
        service_title: None,
        passkey: form(Some("staff")),
    };
    for (name, first, seconds) in [("line-first", 1, 3), ("line-far", 1_234, 600)] {
        add(name, Line::new(page(), "abc", "/sign-in/abc/line?public=pupil", first, seconds).render());
    }
    add("password-passkey", shown(Password::new(page(), password, Vec::new()).render()));
    for (name, service, problem) in [
        ("second", None, None),
        ("second-service", Some("Moodle"), None),
        ("second-wrong", None, Some("problem-passkey")),
    ] {
        add(name, shown(account::Second::new(page(), "abc", service, (form(None), None), problem).render()));
    }
    let address = || Some("s…@ac-notos.example".to_owned());
    for (name, passkey, problem, (mailed, sent)) in [
        ("second-code", None, None, (None, None)),
        ("second-both", form(None), None, (None, None)),
        ("second-code-wrong", None, Some("problem-code"), (None, None)),
        ("second-mail", None, None, (address(), None)),
        ("second-mail-sent", None, None, (address(), address())),
        ("second-mail-many", None, Some("mailed-problem-many"), (address(), None)),
    ] {
        let code = Some(account::CodeForm {
            token: "token".into(),
            carried: Some("sealed".into()),
            remember: mailed.is_none().then(|| "Pendant 30 jours".into()),
            mailed,
            sent,
        });
        add(name, shown(account::Second::new(page(), "abc", None, (passkey, code), problem).render()));
    }
    for (name, problem) in [("new-codes", None), ("new-codes-wrong", Some("account-problem-code"))] {
        let (secret, sealed) = ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned().into(), "sealed".into());
        let login = "solene.marechal-dubreuil";
        let shown = account::CodesPage { login, secret, sealed, token: "token".into(), problem };
        add(name, account::NewCodes::new(page(), shown).unwrap().render());
    }
    let codes: Vec<String> = (0..10).map(|n| format!("k3m9p2xq7td{n}")).collect();
    add("factor-wanted", account::FactorWanted { page: page(), passkeys: true }.render());
    add("paper", account::Paper { page: page(), codes: account::grouped(&codes) }.render());
    let new = |problem| account::NewPasskey::new(page(), question(), "token", problem);
    add("new-passkey", shown(new(None).render()));
    add("new-passkey-refused", shown(new(Some("account-problem-passkey")).render()));
    let factor = |id: &str, name: &str, used: Option<i64>| Factor {
        id: FactorId::new(id),
        person: PersonId::new("p"),
        kind: FactorKind::Passkey,
        name: name.into(),
        doc: String::new(),
        counter: 0,
        added: Instant(1_790_000_000_000),
        used: used.map(Instant),
    };
    let two = [
        factor("a", "Téléphone de Solène", Some(1_790_500_000_000)),
        factor("b", "Ordinateur-de-la-salle-des-professeurs-avec-un-nom-très-long", None),
    ];
    let mut session = somebody("Solène", "Maréchal-Dubreuil", "Mme", &[]).session.clone();
    let here = session.clone();
    session.authentication.second = Some(FactorKind::OneTimeCode);
    let left = account::Received {
        service: "Messagerie".into(),
        latest: Instant(1_790_600_000_000),
        times: 12,
        what: vec!["nom et prénom".into(), "adresse de messagerie".into()],
    };
    let refused = ["second-factor-wanted", "wrong-birth-date"].map(|how| (Instant(1_790_600_000_000), how)).to_vec();
    for (name, factors, problem) in [
        ("account-new", &two[..0], None),
        ("account-two", &two[..], None),
        ("account-last", &two[..1], Some("account-problem-last")),
    ] {
        let shown = account::AccountPage {
            name: "Solène Maréchal-Dubreuil".into(),
            sessions: match factors.is_empty() {
                true => vec![(None, here.clone())],
                false => vec![(None, here.clone()), (Some("word".into()), session.clone())],
            },
            language: (!factors.is_empty()).then_some(Locale::En),
            received: if factors.is_empty() { Vec::new() } else { vec![left.clone(), left.clone()] },
            refused: if factors.is_empty() { Vec::new() } else { refused.clone() },
            factors,
            password: true,
            passkeys: true,
            mailed: true,
            birth: factors.is_empty(),
            token: "token".into(),
            sign_out_token: "token".into(),
            problem,
        };
        add(name, account::Account::new(page(), shown).render());
    }
}

/// The pages of sandboxes, of both protocols.
fn sandbox_pages<'a>(page: &impl Fn() -> Page<'a>, add: &mut impl FnMut(&str, askama::Result<String>)) {
    let asked: Fields = [("state".to_owned(), "s".to_owned())].into_iter().collect();
    for spoken in [Spoken::Oidc, Spoken::Cas] {
        let sandbox = Sandbox::sample(spoken);
        let name = |what: &str| format!("sandbox-{what}-{}", spoken.as_str());
        for (what, secret, refused, now) in [
            ("new", Some("s3cr3t0s3cr3t0s3cr3t0s3cr3t0s3cr3t0s3cr3t0a"), None, None),
            ("quiet", None, None, None),
            ("refused", None, Some(refused(true)), Some(Err(wrong()))),
            ("mended", None, Some(refused(true)), Some(Ok(Judged::Whole))),
            ("partly", None, Some(refused(true)), Some(Ok(Judged::AllButSecrets))),
        ] {
            let stacks = vec![("PHP (phpCAS)", "<?php phpCAS::forceAuthentication();".to_owned())];
            let shown = SandboxPage { sandbox: &sandbox, secret, refused, now, stacks };
            add(&name(what), sandbox::Show::new("https://ent.example", page(), shown).render());
        }
        add(&name("who"), sandbox::WhoComes::new(page(), &sandbox, "/oidc/sandbox/x/person", &asked).render());
        for (what, answer) in
            [("told", Some("http://localhost:3000/callback?error=login_required".to_owned())), ("lost", None)]
        {
            let told = Told {
                protocol: "oidc",
                word: "invalid_request",
                why: "redirect_uri is not registered",
                wrong: Some(wrong()),
                asked: &asked,
                answer,
            };
            add(&name(what), sandbox::WouldBeTold::new(page(), &sandbox, told).render());
        }
    }
}

/// Two ways to sign in elsewhere.
fn ways(page: &Page<'_>) -> Vec<Way> {
    let way = |(source, name): (&str, &str)| Way {
        href: format!("/sign-in/abc/elsewhere/{source}?public=staff"),
        label: page.with("elsewhere-go", "provider", name),
    };
    [("guichet", "Guichet de l’académie"), ("proconnect", "ProConnect")].into_iter().map(way).collect()
}

/// What stands on the page of a head who grants inspections.
fn inspected(door: &Door, problem: Option<crate::inspections::Problem>, none: bool) -> crate::inspections::Sheet {
    use crate::inspections::{By, Line, Sheet};
    let one = |from: i64| preau_domain::Inspection {
        id: format!("i{from}"),
        inspector: PersonId::new("p1"),
        teacher: PersonId::new("p2"),
        establishment: "0990001N".parse().unwrap(),
        service: door.service.id.clone(),
        space: "ondine.clairval".into(),
        reason: "Rendez-vous de carrière <du> 18 septembre".into(),
        by: (from < 0).then(|| PersonId::new("p3")),
        from: Instant(1_789_369_200_000 + from),
        until: Instant(1_789_369_200_000 + from + 1_000),
    };
    let line = |from| Line {
        inspection: one(from),
        inspector: "Véra Duval".into(),
        teacher: "Ondine Clairval".into(),
        by: if from < 0 { By::Head("Hugo Lambert".to_owned()) } else { By::Operator },
    };
    Sheet {
        lines: if none { Vec::new() } else { vec![line(0), line(-5_000)] },
        reader: PersonId::new("p3"),
        teachers: if none { Vec::new() } else { vec![(PersonId::new("p2"), "Ondine Clairval".into())] },
        more: problem.is_some(),
        doors: vec![door.clone()],
        typed: crate::inspections::Typed { search: "<clairval>".into(), ..Default::default() },
        problem,
        token: "token".into(),
    }
}

/// A service the academy offers, and what a head said of it.
fn offered_service() -> Door {
    let mut service = MountedService::clone(&services().all()[0]);
    service.two_keys = true;
    service.audience.allow = vec![Population::default()];
    service.cas = Some(Default::default());
    service.identifier = Identifier::Pairwise;
    service.legal.purpose = names("Lire les manuels de la classe", "Read the textbooks of the class");
    service.release = vec![preau_domain::ReleaseRule {
        name: "nom".into(),
        when: None,
        copy: Some(preau_domain::Fact::FamilyName),
        add: Vec::new(),
        map: Default::default(),
        limit: Vec::new(),
        scope: None,
        first: false,
        join: None,
    }];
    Arc::new(service)
}

fn opening_of(door: &Door) -> Opening {
    let of = |profile| Population { profiles: vec![profile], ..Population::default() };
    Opening {
        service: door.service.id.clone(),
        establishment: "0990001N".parse().unwrap(),
        allow: vec![Population { levels: vec!["6EME".into()], ..of(Profile::Pupil) }, of(Profile::Teacher)],
        until: "2027-07-05".parse().unwrap(),
        sheet: "sheet".into(),
        by: PersonId::new("phugo"),
        at: Instant(0),
    }
}

/// Every page in one language, in every state that looks different.
pub fn draw_all(locale: Locale) -> Vec<Drawn> {
    let texts = Texts::load();
    let config = WebConfig {
        name: "ENT des Vallées".into(),
        help_url: Some("https://aide.example/".into()),
        ..WebConfig::default()
    };
    let plain = WebConfig { name: "Préau".into(), ..WebConfig::default() };
    let page = || Page::of(&texts, &config, locale);
    let bare = || Page::of(&texts, &plain, locale);
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, html: Result<String, askama::Error>| all.push((name.to_owned(), html.unwrap()));

    let held = held_run();
    let report = crate::runs::Report::of(&held);
    let (annuaire, ecoles) = (SourceId::new("annuaire"), SourceId::new("ecoles"));
    add("sources", Sources::new(page(), &[(annuaire.clone(), Some(held.clone())), (ecoles, None)]).render());
    add("source", Runs::new(page(), &annuaire, std::slice::from_ref(&held)).render());
    let shown = |token: Option<String>| ShownRun { run: &held, report: &report, token };
    add("run", OneRun::new(page(), shown(None)).render());
    add("run-held", OneRun::new(page(), shown(Some("token".into()))).render());
    let kiosque = offered_service();
    let opening = opening_of(&kiosque);
    let place = || "Collège Jean-Monnet".to_owned();
    let at: preau_domain::Uai = "0990001N".parse().unwrap();
    let standings = [
        (&kiosque, Standing::SheetChanged(&opening)),
        (&kiosque, Standing::Open(&opening)),
        (&kiosque, Standing::Shut),
    ];
    add("offers", Offers::new(page(), place(), &standings).render());
    let place_of = |name: &str, more: bool| crate::LtiPlace {
        name: name.to_owned(),
        open: format!("/oidc/lti/kiosque?for={}", &name[..1]),
        links: match more {
            true => vec![crate::LtiLink {
                id: "l1".into(),
                title: "Leçon 1, les <fractions>".into(),
                href: "/oidc/lti/kiosque/link/l1?for=6A".into(),
            }],
            false => Vec::new(),
        },
        choose: more.then(|| "/oidc/lti/kiosque/choose?for=6A".to_owned()),
        marks: more.then(|| "/oidc/lti/kiosque/marks?for=6A".to_owned()),
    };
    let secret = || "token".to_owned();
    let plain = vec![place_of("6A", false), place_of("5 LATIN & grec", false)];
    add("lti", Lti::new(page(), &kiosque, plain, secret()).render());
    let more = vec![place_of("6A", true), place_of("5B", false)];
    add("lti-more", Lti::new(page(), &kiosque, more, secret()).render());
    add("lti-choice", LtiChoice::new(page(), &kiosque, "6A", &["Leçon 1", "Leçon 2"], "abc", secret()).render());
    let marks = |columns: &[&str]| crate::LtiMarks {
        place: "6A".into(),
        columns: columns.iter().map(|&label| (label.to_owned(), "20".to_owned())).collect(),
        rows: vec![("Petit Noé".into(), vec!["12,5".into()]), ("Petit Tom".into(), vec![String::new()])],
    };
    add("lti-marks", LtiMarksPage::new(page(), &kiosque, marks(&["Fractions"])).render());
    add("lti-marks-none", LtiMarksPage::new(page(), &kiosque, marks(&[])).render());
    let titles = [(kiosque.service.id.clone(), "Le kiosque".to_owned())];
    for (name, problem) in [
        ("inspections", None),
        ("inspections-wrong", Some(crate::inspections::Problem::Already)),
        ("inspections-none", None),
    ] {
        let sheet = inspected(&kiosque, problem, name == "inspections-none");
        add(name, Inspections::new(page(), place(), Instant(1_789_369_200_000), sheet, &titles).render());
    }
    add("offers-none", Offers::new(page(), place(), &[]).render());
    let counted = || {
        let moved = [(Profile::Pupil, 312, 0), (Profile::Teacher, 0, 3)];
        let moved = moved.map(|(profile, gain, lose)| (profile, preau_policy::Moved { gain, lose }));
        crate::offers::Counted { moved: moved.into(), cut: false }
    };
    let offer = |chosen: Option<Choice>, problem, preview: bool| {
        let (standing, closing) = match preview {
            true => (Standing::Open(&opening), Some(counted())),
            false => (Standing::Shut, None),
        };
        let preview = preview.then(counted);
        let (sheet, token) = ("sheet".to_owned(), "token".to_owned());
        ShownOffer { door: &kiosque, at: &at, standing, chosen, problem, preview, closing, sheet, token }
    };
    let chosen = || Choice::of(&opening, &[Profile::Pupil, Profile::Teacher]);
    add("offer", Offer::new(page(), place(), offer(None, None, false)).render());
    add("offer-preview", Offer::new(page(), place(), offer(chosen(), None, true)).render());
    add("offer-wrong", Offer::new(page(), place(), offer(chosen(), Some("offer-problem-over"), false)).render());
    add("choose", ChoosePublic::new(bare(), "abc", None, |_| None).render());
    add("choose-service", ChoosePublic::new(page(), "abc", Some("Moodle"), |_| None).render());
    let straight = |public| (public == Public::Staff).then(|| "/sign-in/abc/elsewhere/guichet?public=staff".to_owned());
    add("choose-elsewhere", ChoosePublic::new(page(), "abc", None, straight).render());
    for public in Public::ALL {
        let form = PasswordPage {
            pending_id: "abc",
            form_token: "token",
            carried: Some("1abc".into()),
            public,
            login: "",
            problem: None,
            wait_seconds: None,
            service_title: (public == Public::Staff).then_some("Moodle"),
            passkey: None,
        };
        let ways = if public == Public::Guardian { ways(&page()) } else { Vec::new() };
        add(&format!("password-{}", public.as_str()), Password::new(page(), form, ways).render());
    }
    let problems = [
        ("problem-credentials", None),
        ("problem-empty", None),
        ("problem-directory", None),
        ("problem-wait", Some(1)),
        ("problem-wait", Some(25)),
        ("problem-wait", Some(600)),
    ];
    for (problem, wait_seconds) in problems {
        let form = PasswordPage {
            pending_id: "abc",
            form_token: "token",
            carried: Some("1abc".into()),
            public: Public::Pupil,
            login: "zelie.barbotin",
            problem: Some(problem),
            wait_seconds,
            service_title: None,
            passkey: None,
        };
        let name = format!("{problem}-{}", wait_seconds.unwrap_or_default());
        add(&name, Password::new(bare(), form, Vec::new()).render());
    }
    for kind in FaultKind::ALL {
        let fault = Fault::new(kind, "detail for the log");
        add(&format!("fault-{}", kind.as_str()), FaultPage::new(page(), &fault, "7k2m9xq4hd3w").render());
    }
    for reason in Reason::ALL {
        let fault = Fault {
            reason: Some(reason),
            service: Some(("Cahier de textes".into(), "Homework diary".into())),
            ..Fault::new(FaultKind::Refused, "")
        };
        add(&format!("refusal-{}", reason.key()), FaultPage::new(page(), &fault, "7k2m9xq4hd3w").render());
    }
    for told in [0, 1, 3] {
        add(&format!("signed-out-{told}"), SignedOut::new(page(), End { told, ..End::default() }, &[], &[]).render());
    }
    let ids = || vec![ServiceId::new("a")];
    for (kind, open) in [
        ("silent", StillOpen { silent: ids(), ..StillOpen::default() }),
        ("refused", StillOpen { refused: ids(), ..StillOpen::default() }),
        ("deaf", StillOpen { deaf: ids(), ..StillOpen::default() }),
        ("unsure", StillOpen { unsure: ids(), ..StillOpen::default() }),
        ("open", StillOpen { silent: ids(), refused: ids(), deaf: ids(), unsure: ids() }),
    ] {
        for count in if kind == "open" { [2, 3, 4] } else { [1, 2, 4] } {
            let titles = vec!["Cahier de textes".to_owned(); count];
            let end = End { open: open.clone(), ..End::default() };
            add(&format!("signed-out-{kind}-{count}"), SignedOut::new(page(), end, &titles, &[]).render());
        }
    }
    let frames = ["https://notes.example/front".to_owned()];
    add("signed-out-frames", SignedOut::new(page(), End::default(), &[], &frames).render());
    let provider = ("Guichet de l’académie".to_owned(), "https://guichet.example/end".to_owned());
    let end =
        End { told: 1, elsewhere: Some(provider), round: Some("/saml/slo/round?at=a".to_owned()), ..End::default() };
    add("signed-out-elsewhere", SignedOut::new(page(), end, &[], &[]).render());
    add("unconfirmed", farewell::Unconfirmed { page: page(), to: "https://notes.example/" }.render());
    for (name, service) in [("elsewhere", None), ("elsewhere-service", Some("Moodle"))] {
        add(name, Elsewhere::new(page(), "abc", Public::Staff, service, ways(&page())).render());
    }
    passkey_pages(&page, &mut add);
    super::activated::class_pages(&page, &mut add);
    super::cards::pages(&page, &mut add);
    super::activated::lost_pages(&page, &mut add);
    super::sharing::pages(&page, &mut add);
    let accounts: Vec<(usize, Person, Vec<Establishment>)> = [
        somebody("Ugo", "Pellissard", "M.", &[(990_002, Profile::Guardian)]),
        somebody("Ugo", "Pellissard", "M.", &[(990_003, Profile::Guardian), (990_001, Profile::Teacher)]),
        somebody("Ugo", "Pellissard", "M.", &[]),
    ]
    .into_iter()
    .enumerate()
    .map(|(index, live)| {
        (
            index,
            Person::clone(&live.known().unwrap().person),
            live.establishments.iter().map(|e| (**e).clone()).collect(),
        )
    })
    .collect();
    add("choose-account", ChooseAccount::new(page(), "abc", "token", Some("sealed".into()), &accounts).render());
    let fields = [("code", "c0de".to_owned()), ("state", "a\"b".to_owned())];
    let (posting, leaving) = ("https://app.example/cb", "https://app.example/bye");
    for way in ["posting", "posting-elsewhere", "posting-back"] {
        add(way, farewell::Posting::new(page(), posting, &fields, way).render());
    }
    add("ask-sign-out", farewell::AskSignOut { page: page(), name: "Noé Petit".into(), form_token: "token" }.render());
    let (service, code) = ("Tableau interactif".to_owned(), Some(page().t("device-unknown")));
    add("device-code", device::Code { page: page().at("/oidc/device"), form_token: "token", problem: None }.render());
    add("device-wrong", device::Code { page: page().at("/oidc/device"), form_token: "token", problem: code }.render());
    let place = Some("198.51.100.7");
    let question = device::Question {
        page: page(),
        form_token: "token",
        device: "key",
        service: service.clone(),
        place,
        nearby: false,
        since: page().count("device-question-since", 3),
    };
    add("device-question", question.render());
    add("device-done", device::Done { page: page(), service, yes: true }.render());
    let frames = ["https://app.example/out?iss=x&sid=y".to_owned()];
    add("leaving", farewell::Leaving { page: page(), frames: &frames, to: leaving }.render());
    let (title, text) = (names("Charte d’usage", "Charter of use"), names("## Un\n\nDeux <b>.", "## One\n\nTwo <b>."));
    let charte = crate::Charte { version: "2026-09".into(), title, text, asked: true };
    add("charte", help::Charte::new(Page { charte: true, ..page() }, &charte).render());
    super::activated::activation_pages(&page, &mut add, &charte);
    add("help", help::Help::new(page()).render());
    add("accessibility", Accessibility { page: page().at("/accessibility") }.render());

    let table = services();
    add("bench", Bench::new(page(), BenchPage { services: table.all(), shown: None, problem: None }).render());
    for (name, outcome) in bench_outcomes() {
        let refused = refused(name == "bench-unsound");
        let shown = Shown {
            door: &table.all()[0],
            person: &CAST[0],
            outcome,
            now: (name == "bench-unsound").then(|| Err(wrong())),
            refused: (name != "bench-shut").then_some(refused),
            stacks: vec![("PHP (phpCAS)", "<?php phpCAS::forceAuthentication();".into())],
        };
        add(name, Bench::new(page(), BenchPage { services: table.all(), shown: Some(shown), problem: None }).render());
    }
    sandbox_pages(&page, &mut add);
    let teacher =
        somebody("Solène", "Maréchal-Dubreuil", "Mme", &[(990_001, Profile::Teacher), (990_003, Profile::Teacher)]);
    add("home-teacher", home(page(), &table, &teacher, "").render());
    add("home-search", home(page(), &table, &teacher, "eleve").render());
    add("home-search-one", home(page(), &table, &teacher, "Réservation salle").render());
    add("home-search-none", home(page(), &table, &teacher, "trottinette").render());
    let ids = |ids: &[&str]| ids.iter().map(ServiceId::new).collect();
    let at_hand = AtHand { favourites: ids(&["moodle", "agenda"]), recent: ids(&["cdi", "moodle", "notes"]) };
    let said: crate::Notice = crate::Notice {
        title: names("Réunion de rentrée", "Meeting of September"),
        text: names("Jeudi à 18 h.\n\nSalle <polyvalente>.", "Thursday at 6.\n\nRoom <1>."),
        establishments: Vec::new(),
        profiles: Vec::new(),
        from: None,
        until: "2026-12-01".to_owned().try_into().unwrap(),
    };
    let (known, none) = (teacher.known().unwrap(), AtHand::default());
    let board = Board::of(&table, &teacher, &known, &none, "", locale);
    let owner = Owner { person: &known.person, child: None, children: &[], at_hand: &none, notices: vec![&said] };
    add("home-notice", Home::new(page(), &teacher, owner, String::new(), &board, |form| form.to_owned()).render());
    add("home-at-hand", home_with(page(), &table, &teacher, "", &at_hand, &[]).render());
    let pupil = somebody("Lou", "Vanneau", "", &[(990_001, Profile::Pupil)]);
    add("home-search-missing", home(page(), &table, &pupil, "moodle").render());
    let namesakes = [(990_002, Profile::Guardian), (990_004, Profile::Guardian), (990_001, Profile::Teacher)];
    add("home-namesakes", home(page(), &table, &somebody("Ugo", "Pellissard", "M.", &namesakes), "").render());
    for profile in Profile::ALL {
        let live = somebody("Noé", "Tavernier", "M.", &[(990_001, profile)]);
        let name = super::super::home::profile_key(profile);
        add(&format!("home-{name}"), home(bare(), &table, &live, "").render());
    }
    let parent = somebody("Ugo", "Pellissard", "M.", &namesakes);
    let pupil = |name: &str| {
        let mut one = (*parent.known().unwrap().person).clone();
        one.id = PersonId::new(format!("p-{name}"));
        one.given_name = name.to_owned();
        one.affiliations.truncate(1);
        one.affiliations[0].classes = vec!["CM2 B".to_owned()];
        one
    };
    let children = [pupil("Lison"), pupil("Marius")];
    add("home-children", home_with(page(), &table, &parent, "", &AtHand::default(), &children).render());
    add("home-nowhere", home(page(), &table, &somebody("Maud", "Colinet", "Mme", &[]), "").render());
    all.into_iter().map(|(name, html)| Drawn { name, locale, html }).collect()
}
