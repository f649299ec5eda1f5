//! The people, places and services every story knows. All invented.

use preau_connector_api::{CasSettings, Category, Legal, MountedService, Names, Network};
use preau_domain::{
    AccountState, Affiliation, Audience, Child, Credentials, Establishment, EstablishmentKind, Fact, Group, GroupKind,
    Identifier, JoinKey, Person, PersonId, Population, Profile, Public, ReleaseRule, Service, ServiceId, SourceId, Uai,
    UrlRule,
};

use preau_domain::Legal as Weight;
use preau_web::{Charte, Words};
use url::Url;

/// The source people of the directory come from.
pub const ANNUAIRE: &str = "annuaire";
/// Number of the collège, without its key.
pub const COLLEGE: u32 = 990_001;
/// Number of the lycée, without its key.
pub const LYCEE: u32 = 990_002;

/// A person of the stories, and what they type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Name of the account.
    pub id: &'static str,
    /// What the person types first.
    pub login: &'static str,
    /// And then.
    pub password: &'static str,
    /// What the person clicks before that.
    pub public: Public,
    /// Profile and establishment of each affiliation, the first is where a session begins.
    pub affiliations: &'static [(Profile, u32)],
    /// Given name and family name.
    pub name: (&'static str, &'static str),
}

/// Teaches in the collège and in the lycée.
pub const ALICE: Role = Role {
    id: "palice0000000000",
    login: "alice.martin",
    password: "craie-Blanche-41",
    public: Public::Staff,
    affiliations: &[(Profile::Teacher, COLLEGE), (Profile::Teacher, LYCEE)],
    name: ("Alice", "Martin"),
};

/// Pupil of 6B in the collège.
pub const NOE: Role = Role {
    id: "pnoe000000000000",
    login: "noe.petit",
    password: "cartable-Rouge-6",
    public: Public::Pupil,
    affiliations: &[(Profile::Pupil, COLLEGE)],
    name: ("Noé", "Petit"),
};

/// Answers for a pupil of the collège.
pub const INES: Role = Role {
    id: "pines00000000000",
    login: "ines.petit",
    password: "parapluie-Vert-9",
    public: Public::Guardian,
    affiliations: &[(Profile::Guardian, COLLEGE)],
    name: ("Inès", "Petit"),
};

/// Head of the lycée.
pub const HUGO: Role = Role {
    id: "phugo00000000000",
    login: "hugo.lambert",
    password: "horloge-Ronde-77",
    public: Public::Staff,
    affiliations: &[(Profile::Head, LYCEE)],
    name: ("Hugo", "Lambert"),
};

/// A guest of the collège: the only one whose password is checked here.
pub const GAELLE: Role = Role {
    id: "pgaelle000000000",
    login: "gaelle.riou",
    password: "goéland-Gris-530",
    public: Public::Guest,
    affiliations: &[(Profile::Guest, COLLEGE)],
    name: ("Gaëlle", "Riou"),
};

/// The national number that begins with these digits.
pub fn uai(number: u32) -> Uai {
    format!("{number:07}{}", Uai::key_letter(number)).parse().expect("the key belongs to the number")
}

impl Role {
    /// The account.
    pub fn person(&self) -> Person {
        let local = self.public == Public::Guest;
        Person {
            id: PersonId::new(self.id),
            join: (!local).then(|| JoinKey { source: SourceId::new(ANNUAIRE), key: self.key() }),
            state: AccountState::Active,
            given_name: self.name.0.to_owned(),
            family_name: self.name.1.to_owned(),
            title: None,
            login: Some(self.login.to_owned()),
            mail: Some(format!("{}@college.example", self.login)),
            credentials: if local { Credentials::Local } else { Credentials::Directory },
            affiliations: self.affiliations.iter().map(|(profile, place)| affiliation(*profile, *place)).collect(),
            children: if self.public == Public::Guardian { vec![child()] } else { Vec::new() },
        }
    }

    /// The account's name.
    pub fn person_id(&self) -> PersonId {
        PersonId::new(self.id)
    }

    /// The join key in the directory.
    pub fn key(&self) -> String {
        format!("key-{}", self.login)
    }
}

/// The pupil a guardian answers for.
fn child() -> Child {
    let pupil = JoinKey { source: SourceId::new(ANNUAIRE), key: NOE.key() };
    Child { pupil, link: "10".to_owned(), legal: Weight::Representative, enrolment: None }
}

fn affiliation(profile: Profile, place: u32) -> Affiliation {
    let mut one = Affiliation::new(uai(place), profile);
    match profile {
        Profile::Pupil => one.classes = vec!["6B".to_owned()],
        Profile::Teacher => one.classes = vec!["6A".to_owned(), "6B".to_owned()],
        _ => {}
    }
    one
}

/// Pupils `eleve0`, `eleve1`, …: person, login and password.
pub fn crowd(count: usize) -> Vec<(Person, String, String)> {
    let pupil = |n: usize| {
        let login = format!("eleve{n}");
        let person = Person {
            id: PersonId::new(format!("pcrowd{n:010}")),
            join: Some(JoinKey { source: SourceId::new(ANNUAIRE), key: format!("key-{login}") }),
            login: Some(login.clone()),
            mail: None,
            ..NOE.person()
        };
        (person, login, format!("mot-de-passe-{n}"))
    };
    (0..count).map(pupil).collect()
}

/// The collège and the lycée.
pub(crate) fn establishments() -> Vec<Establishment> {
    let one = |number, kind, name: &str, groups| Establishment {
        uai: uai(number),
        join: JoinKey { source: SourceId::new(ANNUAIRE), key: format!("school-{number}") },
        kind,
        name: name.to_owned(),
        city: Some("Belleville-les-Prés".to_owned()),
        sector: None,
        groups,
    };
    let class = |code: &str| Group { code: code.into(), label: code.into(), kind: GroupKind::Class, mefs: Vec::new() };
    vec![
        one(COLLEGE, EstablishmentKind::College, "Collège des Tilleuls", vec![class("6A"), class("6B")]),
        one(LYCEE, EstablishmentKind::Lycee, "Lycée du Grand Pré", Vec::new()),
    ]
}

/// What is said on the portal of every story: a charte.
pub(crate) fn words() -> Words {
    let names = |fr: &str, en: &str| Names { fr: fr.to_owned(), en: en.to_owned() };
    let (title, text) =
        (names("Charte du récit", "Charter of the story"), names("Soyons courtois.", "Let us be kind."));
    Words { charte: Some(Charte { version: "2026-09".to_owned(), title, text, asked: false }), notices: Vec::new() }
}

/// A service below an address: it speaks CAS, knows people by their login, hears of logouts, and opens for these
/// profiles.
pub fn app_service(id: &str, title: &str, url: &str, profiles: &[Profile]) -> MountedService {
    let names = |text: &str| Names { fr: text.to_owned(), en: format!("{text} (en)") };
    let rule = |name: &str, copy| ReleaseRule {
        name: name.to_owned(),
        when: None,
        copy: Some(copy),
        add: Vec::new(),
        map: Default::default(),
        limit: Vec::new(),
        scope: None,
        first: false,
        join: None,
    };
    MountedService {
        service: Service {
            id: ServiceId::new(id),
            home: Url::parse(url).expect("the address of a service"),
            urls: vec![UrlRule::below(url).expect("the address of a service")],
        },
        connector: "test".to_owned(),
        title: names(title),
        summary: names("Un service des récits"),
        category: Category::Production,
        icon: "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"/>".to_owned(),
        cas: Some(CasSettings { proxy: false, proxy_callbacks: Vec::new(), single_logout: true, logout_url: None }),
        oidc: None,
        saml: None,
        link: None,
        identifier: Identifier::Login,
        release: vec![rule("displayName", Fact::DisplayName), rule("ENTPersonStructRattach", Fact::Uai)],
        audience: Audience {
            allow: vec![Population { profiles: profiles.to_vec(), ..Population::default() }],
            ..Audience::default()
        },
        two_keys: false,
        network: Network::Public,
        legal: Legal {
            purpose: names("Raconter"),
            controller: names("Les récits"),
            hosting: names("Nulle part"),
            retention: names("Le temps d'un récit"),
        },
        other_side: String::new(),
    }
}

/// The three services of every story: one for everybody, one for teachers, one that is still on plain http.
pub(crate) fn services() -> Vec<MountedService> {
    vec![
        app_service("app", "Cahier de textes", "https://app.example/cas/", &Profile::ALL),
        app_service("other", "Notes", "https://other.example/", &[Profile::Teacher]),
        app_service("legacy", "Bibliothèque", "http://legacy.example/", &Profile::ALL),
    ]
}
