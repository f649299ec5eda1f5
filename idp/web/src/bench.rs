//! The editor's bench: for people who connect an application, what it would receive of a synthetic person, why its latest
//! request was refused, and a configuration to copy.
//!
//! It opens nothing real: no session, no account; the codes, tokens and tickets of a [`sandbox`] are good for that sandbox alone.
//! What it shows comes out of the real rules, the real
//! release and the real writers of each protocol, over a cast that exists nowhere else; a real person cannot be named
//! here. It is off unless the configuration says otherwise, and then anybody may look: a hub of integration is the place.

mod cast;
mod replay;
pub mod sandbox;
mod stacks;

pub use cast::{CAST, Synthetic};
pub(crate) use replay::Latest;
pub use replay::{Asked, Judged, Refused, Rehearsal, Wrong, address};
pub use stacks::{STACKS, Stack};

use crate::pages::{self, BenchPage, Shown};
use crate::{Door, Fault, FaultKind, Fields, Hub, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderMap;
use preau_domain::{Authentication, AuthnMethod, ServiceId, SourceId};
use preau_policy::{AccessRules, Decision, Facts, Reason, Released};
use sandbox::{NotMade, Spoken, Wish};
use std::sync::Arc;

/// A synthetic person whose door opened, for [`crate::Protocol::preview`].
pub struct Sample {
    /// What is known of them.
    pub facts: Facts,
    /// What the service receives.
    pub released: Released,
    /// A proof as a directory would give it, made now.
    pub authentication: Authentication,
}

/// Something a protocol would write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What it is, in the words of the standard, such as `ID token`.
    pub title: &'static str,
    /// Word for word.
    pub text: String,
}

/// What comes of a synthetic person at a door.
pub enum Outcome {
    /// The door opens, and this is written.
    Opens(Vec<Preview>),
    /// It stays shut.
    Shut(Reason),
    /// It opens, and nothing can be released: the operator must mend the service.
    Unsound(String),
}

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/bench", get(list))
        .route("/bench/register", post(register))
        .route("/bench/sandbox/{id}", get(show_sandbox))
        .route("/bench/{service}", get(show))
}

fn open(hub: &Hub) -> Result<(), Fault> {
    if hub.config.bench { Ok(()) } else { Err(Fault::new(FaultKind::NotFound, "the bench is off")) }
}

async fn list(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    open(&hub)?;
    Ok(pages::bench(&hub, &visitor, BenchPage { services: hub.services().all(), shown: None, problem: None }))
}

async fn show(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(service): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    open(&hub)?;
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let services = hub.services();
    let unknown = |what: &str| Fault::new(FaultKind::NotFound, what.to_owned());
    let door = services.get(&ServiceId::new(service)).ok_or_else(|| unknown("no such service on the bench"))?;
    let word = fields.one("person")?.unwrap_or(CAST[0].word);
    let person = Synthetic::of(word).ok_or_else(|| unknown("nobody of the cast"))?;
    let outcome = try_door(&hub, door, person);
    let refused = hub.bench.of(&door.service.id);
    let replay = fields.one("replay")?.is_some();
    let now = refused.as_ref().filter(|_| replay).and_then(|refused| refused.again(&hub, door));
    let stacks = stacks::filled(&hub, door);
    let shown = Shown { door, person, outcome, refused, now, stacks };
    Ok(pages::bench(&hub, &visitor, BenchPage { services: services.all(), shown: Some(shown), problem: None }))
}

/// Registers a sandbox, and shows its secret once. A page of another site registers nothing.
async fn register(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    open(&hub)?;
    sandbox::sent_from_here(&hub, &headers)?;
    let fields = Fields::of_body(&body)?;
    let addresses = fields.required("addresses")?.lines().map(str::trim).filter(|line| !line.is_empty());
    let spoken = Spoken::read(fields.required("protocol")?);
    let wish = Wish {
        name: fields.required("name")?.to_owned(),
        speaks: spoken.ok_or_else(|| Fault::new(FaultKind::BadRequest, "no such protocol"))?,
        addresses: addresses.map(str::to_owned).collect(),
        public: fields.one("public")?.is_some(),
        rsa: fields.one("rsa")?.is_some(),
    };
    let made = sandbox::register(&*hub.store, &*hub.ids, &*hub.mounting, hub.now(), wish).await;
    let problem = match made {
        Ok((made, secret)) => return Ok(sandbox::show(&hub, &visitor, &made, secret.as_deref(), None, None)),
        Err(NotMade::Store(error)) => return Err(error.into()),
        Err(problem) => problem,
    };
    let services = hub.services();
    let mut page =
        pages::bench(&hub, &visitor, BenchPage { services: services.all(), shown: None, problem: Some(problem) });
    *page.status_mut() = http::StatusCode::BAD_REQUEST;
    Ok(page)
}

async fn show_sandbox(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    sandbox::page(&hub, &visitor, &id, fields.one("replay")?.is_some()).await
}

/// A configuration to copy: what it is for, and the text.
pub type Copied = (&'static str, String);

/// A mounted service, or a sandbox where the bench is open, and the configurations to copy for it; absent when there is none of
/// that name.
pub async fn find(hub: &Hub, id: &str) -> Result<Option<(Door, Vec<Copied>)>, Fault> {
    if let Some(door) = hub.services().get(&ServiceId::new(id)) {
        return Ok(Some((door.clone(), stacks::filled(hub, door))));
    }
    match sandbox::Sandbox::find(hub, id, None).await {
        Ok(found) => Ok(Some((found.door().clone(), found.stacks(hub)))),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Sends a synthetic person to a door, in a school the service is for when it is for some schools only.
pub fn try_door(hub: &Hub, door: &Door, person: &Synthetic) -> Outcome {
    match meet(hub, &hub.services().rules, door, person) {
        Met::In(sample) => {
            Outcome::Opens(hub.protocols().iter().flat_map(|protocol| protocol.preview(hub, door, &sample)).collect())
        }
        Met::Shut(reason) => Outcome::Shut(reason),
        Met::Unsound(what) => Outcome::Unsound(what),
    }
}

/// What comes of a synthetic person at a door, before any protocol.
pub enum Met {
    /// It opens.
    In(Box<Sample>),
    /// It stays shut.
    Shut(Reason),
    /// It opens, and nothing can be released.
    Unsound(String),
}

fn meet(hub: &Hub, rules: &AccessRules, door: &Door, person: &Synthetic) -> Met {
    let (somebody, facts) = person.before(door);
    let facts = facts.at(hub.now());
    if let Decision::Deny(refusal) = preau_policy::access(&facts, rules, &door.service.id) {
        return Met::Shut(refusal.reason);
    }
    let pairwise = || hub.keyring.pairwise(door.sector(), &somebody.id);
    let released = match preau_policy::release(&facts, door.identifier, &door.release, &door.audience.roles, pairwise) {
        Ok(released) => released,
        Err(why) => return Met::Unsound(why.to_string()),
    };
    let authentication = Authentication {
        method: AuthnMethod::DirectoryPassword,
        at: hub.now(),
        unsaid: false,
        password: None,
        by: Some(SourceId::new("annuaire")),
        acr: None,
        turn: None,
        delegations: Vec::new(),
        second: None,
    };
    Met::In(Box::new(Sample { facts, released, authentication }))
}
