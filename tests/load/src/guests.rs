//! Guests of other ENTs: ten thousand taken in at once, and what the sign-on of one costs, beside that of somebody of the house, and among
//! many conventions and spaces. Each sign-on is the first of its session, so that no memory answers for the store.

use crate::client::Client;
use crate::measure::{PAIRS, cost, median, ticket, validate};
use crate::report::Report;
use crate::world::{Server, Size, World, uai};
use anyhow::{Context, Result};
use preau_domain::{
    AccountState, Authentication, AuthnMethod, Convention, ConventionState, Credentials, FederatedIdentity, Guest,
    Instant, Peer, Person, PersonId, Public, Role, ServiceId, Session, SourceId, Space, SpaceGroup, guest_key,
};
use preau_store::{Admission, Admitted, NewGuest, NewSession, Store};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant as Moment;

/// Guests of one batch, and how many seconds it may take.
const GUESTS: usize = 10_000;
const MOST_SECONDS: f64 = 5.0;
/// Conventions and spaces of the small house, and of the large one.
const FEW: (usize, usize) = (1, 1);
const MANY: (usize, usize) = (5_000, 100_000);
/// Sign-ons in one figure.
const SIGN_ONS: usize = 60;
/// A guest in the sign-ons of somebody of the house, and the large house in those of the small one.
const MOST_OF_LOCAL: f64 = 1.3;
const MOST_GROWTH: f64 = 1.1;

const SIZE: Size = Size { establishments: 10, people: 1_000, services: 10 };

fn convention(n: usize, now: Instant) -> Result<Convention> {
    Ok(Convention {
        id: format!("convention-{n}"),
        peer: Peer {
            url: format!("https://ent{n}.example"),
            name: format!("ENT {n}"),
            provider: Some(SourceId::new("ailleurs")),
            cards: false,
            typed: false,
            issuer: format!("https://ent{n}.example"),
            service: None,
            keys: String::new(),
        },
        purposes: vec!["cycle 3".into()],
        data: vec!["prénom".into()],
        establishments: vec![uai(9)?],
        ours: vec![],
        from: Instant(now.0 - 1_000),
        until: Instant(now.0 + 86_400_000),
        quota: u32::try_from(GUESTS)?,
        signatories: vec![],
        state: ConventionState::SignedByBoth,
    })
}

fn space(n: usize, of: usize, now: Instant) -> Result<Space> {
    let group = |establishment, code: String, role| SpaceGroup { establishment, code, public: Public::Pupil, role };
    Ok(Space {
        id: format!("espace-{n}"),
        title: format!("Espace {n}"),
        host: uai(0)?,
        convention: Some(format!("convention-{of}")),
        groups: vec![
            group(uai(u32::try_from(n % 9)?)?, format!("classe-{n}"), Role::Redacteur),
            group(uai(9)?, format!("CM2-{n}"), Role::Redacteur),
        ],
        services: vec![ServiceId::new("banc-0")],
        from: Instant(now.0 - 1_000),
        until: Instant(now.0 + 86_400_000),
        closed: false,
    })
}

fn name(n: usize) -> PersonId {
    PersonId::new(format!("ginvite{n:09}"))
}

fn newcomer(n: usize, now: Instant) -> Result<NewGuest> {
    let person = Person {
        id: name(n),
        join: Some(guest_key(format!("invite-{n}"))),
        state: AccountState::Active,
        given_name: "Ysaline".into(),
        family_name: "B.".into(),
        title: None,
        login: None,
        mail: None,
        credentials: Credentials::Directory,
        affiliations: Vec::new(),
        children: Vec::new(),
    };
    let guest = Guest {
        person: person.id.clone(),
        convention: "convention-0".into(),
        home: uai(9)?,
        class: "CM2-0".into(),
        level: "CM2".into(),
        public: Public::Pupil,
        until: Instant(now.0 + 86_400_000),
        batch: String::new(),
        ended: None,
    };
    let (provider, issuer) = (SourceId::new("ailleurs"), "https://ent0.example".to_owned());
    let identity = FederatedIdentity { provider, issuer, subject: format!("sujet-{n}") };
    Ok(NewGuest { person, identity, guest, role: Role::Redacteur })
}

/// A house with so many conventions and spaces, and the guests of one of them; with how many seconds taking them in took.
async fn house(folder: &Path, port: u16, (conventions, spaces): (usize, usize), now: Instant) -> Result<(World, f64)> {
    let world = World::create(folder, port, SIZE).await?;
    let store = world.store().await?;
    for n in 0..conventions {
        store.put_convention(&convention(n, now)?, None).await?;
    }
    let mut writes = tokio::task::JoinSet::new();
    for n in 0..spaces {
        let (store, space) = (Arc::clone(&store), space(n, n % conventions, now)?);
        writes.spawn(async move { store.put_space(&space, None, now).await });
        if writes.len() >= 200 {
            writes.join_next().await.context("a write")???;
        }
    }
    while let Some(written) = writes.join_next().await {
        written??;
    }
    let guests = (0..GUESTS).map(|n| newcomer(n, now)).collect::<Result<Vec<_>>>()?;
    let admission = Admission {
        convention: "convention-0".into(),
        space: "espace-0".into(),
        batch: "liste".into(),
        typed: false,
        guests,
    };
    let began = Moment::now();
    let admitted = store.admit(&admission, now).await?;
    let took = began.elapsed().as_secs_f64();
    anyhow::ensure!(matches!(&admitted, Admitted::All { added, .. } if *added == GUESTS as u64), "{admitted:?}");
    Ok((world, took))
}

/// So many sessions of these people; the secrets of their cookies.
async fn sessions(
    store: &dyn Store,
    who: &str,
    people: &[PersonId],
    count: usize,
    now: Instant,
) -> Result<Vec<String>> {
    let mut secrets = Vec::with_capacity(count);
    for n in 0..count {
        let secret = format!("banc{who}{}{n:09}", std::process::id());
        let session = Session {
            id: preau_keys::session_id(&secret),
            person: people[n % people.len()].clone(),
            authentication: Authentication {
                method: AuthnMethod::Federated,
                at: now,
                unsaid: false,
                password: None,
                by: Some(SourceId::new("ailleurs")),
                acr: None,
                turn: None,
                delegations: Vec::new(),
                second: None,
            },
            establishment: None,
            created: now,
            expires: Instant(now.0 + 3_600_000),
            last_seen: now,
            child: None,
        };
        store
            .begin_session(&NewSession {
                session,
                pending: None,
                replaces: None,
                proved: None,
                upstream: None,
                way: None,
            })
            .await?;
        secrets.push(secret);
    }
    Ok(secrets)
}

/// Sign-ons, each in a session that nobody used before.
struct Crowd {
    pid: u32,
    browser: Client,
    service: Client,
    secrets: Vec<String>,
}

impl Crowd {
    async fn of(server: &Server, secrets: Vec<String>) -> Result<Crowd> {
        let (browser, service) = (Client::connect(server.port()).await?, Client::connect(server.port()).await?);
        Ok(Crowd { pid: server.pid(), browser, service, secrets })
    }

    async fn sign_on(&mut self) -> Result<f64> {
        cost(self.pid, u32::try_from(SIGN_ONS)?, async || {
            self.browser.enter(&self.secrets.pop().context("a session for each sign-on")?);
            let ticket = ticket(&mut self.browser).await?;
            validate(&mut self.service, &ticket).await
        })
        .await
    }
}

/// Measures it, and tells it.
pub async fn measure(preau: &Path, folder: &Path, port: u16, report: &mut Report) -> Result<()> {
    let now = Instant(i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?);
    let guests: Vec<PersonId> = (0..GUESTS).map(name).collect();
    let (count, local) = (SIGN_ONS * (PAIRS + 1), [PersonId::new("pbancessai000000")]);
    let (few, took) = house(&folder.join("guests-few"), port, FEW, now).await?;
    let (many, _) = house(&folder.join("guests-many"), port + 1, MANY, now).await?;
    let of_few = sessions(&*few.store().await?, "invite", &guests, count, now).await?;
    let of_local = sessions(&*few.store().await?, "local", &local, count, now).await?;
    let of_many = sessions(&*many.store().await?, "invite", &guests, count, now).await?;
    let ((small, _), (large, _)) = (few.start(preau)?, many.start(preau)?);
    let mut hosted = Crowd::of(&small, of_few).await?;
    let mut own = Crowd::of(&small, of_local).await?;
    let mut among_many = Crowd::of(&large, of_many).await?;
    let (mut of_own, mut growth) = (Vec::new(), Vec::new());
    for round in 0..=PAIRS {
        let (guest, local, larger) = (hosted.sign_on().await?, own.sign_on().await?, among_many.sign_on().await?);
        // The first round warms caches and connections.
        if round > 0 {
            of_own.push(guest / local);
            growth.push(larger / guest);
        }
    }
    let (of_own, growth) = (median(of_own), median(growth));
    let told = format!("{GUESTS} guests of one list, written");
    report.row(&told, format!("{took:.2} s"), "≤ 5 s", took <= MOST_SECONDS);
    let told = "first sign-on of a guest’s session, in those of somebody of the house who came by a provider";
    report.row(told, format!("{of_own:.2}"), "≤ 1.3", of_own <= MOST_OF_LOCAL);
    let told = format!("the same among {} conventions and {} spaces, in those among one", MANY.0, MANY.1);
    report.row(&told, format!("{growth:.2}"), "≤ 1.1", growth <= MOST_GROWTH);
    Ok(())
}
