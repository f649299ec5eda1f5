//! Invented things to store, and small ways to look at answers.

use futures::future::join_all;
use preau_domain::{
    AccountState, Affiliation, AuditEvent, AuditKind, Authentication, AuthnMethod, CorrelationId, Credentials,
    Establishment, EstablishmentKind, FederatedIdentity, Grant, GrantKind, Group, GroupKind, Instant, JoinKey,
    KeptKind, KeptThing, OneTimeKey, PendingId, PendingSignIn, Person, PersonId, Profile, Registration,
    RegistrationKind, Seconds, ServiceId, Session, SessionId, SourceId, Ticket, TicketKind, Uai, Visit,
};
use preau_store::{Ending, NewSession, PersonChange, Result, Store, StoreError, Told};
use std::future::Future;

/// The instant every case plays at.
pub const NOW: Instant = Instant(1_790_000_000_000);
/// A little later.
pub const LATER: Instant = Instant(NOW.0 + 60_000);

/// The source most cases speak of.
pub fn source() -> SourceId {
    SourceId::new("academie")
}

/// A school: its number follows from `number`.
pub fn uai(number: u32) -> Uai {
    let number = 990_000 + number;
    format!("{number:07}{}", Uai::key_letter(number)).parse().expect("a made number is a good one")
}

/// A school with one class.
pub fn school(number: u32) -> Establishment {
    let class = Group { code: "6A".into(), label: "Sixième A".into(), kind: GroupKind::Class, mefs: vec![] };
    Establishment {
        uai: uai(number),
        join: JoinKey { source: source(), key: format!("etab-{number}") },
        kind: EstablishmentKind::College,
        name: format!("Collège des Essais {number}"),
        city: Some("Villefictive".into()),
        sector: None,
        groups: vec![class],
    }
}

/// A person with a local password.
pub fn local(name: &str) -> Person {
    Person {
        id: PersonId::new(format!("p-{name}")),
        join: None,
        state: AccountState::Active,
        given_name: "Zoé".into(),
        family_name: name.into(),
        title: None,
        login: Some(name.into()),
        mail: None,
        credentials: Credentials::Local,
        affiliations: vec![Affiliation::new(uai(1), Profile::Teacher)],
        children: vec![],
    }
}

/// A person who comes from the record `key` of the source.
pub fn sourced(key: &str) -> Person {
    let join = Some(JoinKey { source: source(), key: key.into() });
    Person { join, login: Some(format!("l-{key}")), credentials: Credentials::Directory, ..local(key) }
}

/// A record as a synchronisation writes it.
pub fn change(person: Person) -> PersonChange {
    PersonChange { person, digest: "0123456789abcdef0123456789abcdef".into(), told: Told::default() }
}

/// A session of `person` that lasts eight hours from [`NOW`].
pub fn session(id: &str, person: &str) -> Session {
    Session {
        id: SessionId::new(id),
        person: PersonId::new(person),
        authentication: Authentication {
            method: AuthnMethod::DirectoryPassword,
            at: NOW,
            unsaid: false,
            password: None,
            by: Some(source()),
            acr: None,
            turn: None,
            delegations: Vec::new(),
            second: None,
        },
        establishment: Some(uai(1)),
        created: NOW,
        expires: NOW + Seconds(8 * 3600),
        last_seen: NOW,
        child: None,
    }
}

/// The end of the sign-in of that name.
pub fn ending(sign_in: &str) -> Ending {
    Ending { id: PendingId::new(sign_in), until: LATER }
}

/// A beginning without a sign-in behind it and nothing before it.
pub fn beginning(session: Session) -> NewSession {
    NewSession { session, pending: None, replaces: None, proved: None, upstream: None, way: None }
}

/// Begins a session of `person` and gives its name back.
pub async fn live(store: &dyn Store, id: &str, person: &str) -> SessionId {
    store.begin_session(&beginning(session(id, person))).await.expect("a session begins");
    SessionId::new(id)
}

/// A sign-in that waits ten minutes from [`NOW`].
pub fn pending(id: &str) -> PendingSignIn {
    PendingSignIn {
        id: PendingId::new(id),
        browser: OneTimeKey::new("digest-of-a-cookie"),
        protocol: "cas".into(),
        service: Some(ServiceId::new("moodle")),
        request: r#"{"service":"https://moodle.example/é"}"#.into(),
        fresh_after: None,
        wants: None,
        public: None,
        login_hint: None,
        person: None,
        authentication: None,
        vouched: None,
        correlation: CorrelationId::new("c1"),
        created: NOW,
        expires: NOW + Seconds(600),
    }
}

/// A service ticket of a session, good for 30 seconds from [`NOW`].
pub fn ticket(key: &str, session: &SessionId) -> Ticket {
    Ticket {
        key: OneTimeKey::new(key),
        kind: TicketKind::CasService,
        session: session.clone(),
        person: PersonId::new("p-zoe"),
        service: ServiceId::new("moodle"),
        payload: r#"{"renew":false,"service":"https://moodle.example/é"}"#.into(),
        issued: NOW,
        expires: NOW + Seconds(30),
    }
}

/// A visit of a session to a service.
pub fn visit(session: &SessionId, service: &str, at: Instant) -> Visit {
    Visit {
        session: session.clone(),
        protocol: "cas".into(),
        service: ServiceId::new(service),
        notice: format!("ST-1 https://{service}.example/"),
        at,
    }
}

/// A token of the family `family`, in a session or in none, good for ten minutes from [`NOW`].
pub fn grant(key: &str, kind: GrantKind, family: &str, session: Option<&SessionId>) -> Grant {
    Grant {
        key: OneTimeKey::new(key),
        kind,
        family: OneTimeKey::new(family),
        session: session.cloned(),
        person: Some(PersonId::new("p-zoe")),
        service: ServiceId::new("moodle"),
        doc: r#"{"scope":["openid","é"]}"#.into(),
        issued: NOW,
        expires: NOW + Seconds(600),
    }
}

/// A document that is kept for ten minutes from [`NOW`].
pub fn kept(key: &str, doc: &str) -> KeptThing {
    let kind = KeptKind::PushedRequest;
    KeptThing { key: OneTimeKey::new(key), kind, doc: doc.into(), expires: NOW + Seconds(600) }
}

/// A person as the provider `academie` names them.
pub fn elsewhere(subject: &str) -> FederatedIdentity {
    FederatedIdentity { provider: source(), issuer: "https://guichet.example/é".into(), subject: subject.into() }
}

/// A registration of an editor's bench, for ten minutes from [`NOW`].
pub fn registration(id: &str) -> Registration {
    Registration {
        id: ServiceId::new(id),
        kind: RegistrationKind::Sandbox,
        owner: Some(PersonId::new("p-zoe")),
        doc: r#"{"redirect_uris":["https://essai.example/é"]}"#.into(),
        created: NOW,
        expires: Some(NOW + Seconds(600)),
    }
}

/// An event of the request `correlation`.
pub fn event(correlation: &str, detail: &str) -> AuditEvent {
    AuditEvent::new(NOW, AuditKind::ServiceOpened, CorrelationId::new(correlation), detail)
}

/// Whether an operation was refused because something is taken or gone.
pub fn conflicts<T>(result: &Result<T>) -> bool {
    matches!(result, Err(StoreError::Conflict))
}

/// A hundred calls at once; how many of the answers `won`.
pub async fn winners<T, F: Future<Output = Result<T>>>(
    call: impl Fn(usize) -> F,
    won: impl Fn(&Result<T>) -> bool,
) -> usize {
    join_all((0..100).map(call)).await.iter().filter(|answer| won(answer)).count()
}
