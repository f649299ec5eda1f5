//! The editor's bench: for people who connect an application, what it would receive of a synthetic person, why its latest
//! request was refused, and a configuration to copy.
//!
//! It opens nothing: no session, no account, no ticket, no token. What it shows comes out of the real rules, the real
//! release and the real writers of each protocol, over a cast that exists nowhere else; a real person cannot be named
//! here. It is off unless the configuration says otherwise, and then anybody may look: a hub of integration is the place.

mod cast;
mod stacks;

pub use cast::{CAST, Synthetic};
pub use stacks::{STACKS, Stack};

use crate::pages::{self, BenchPage, Shown};
use crate::{Door, Fault, FaultKind, Fields, Hub, Visitor};
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use preau_domain::{AuditEvent, Authentication, AuthnMethod, CorrelationId, Instant, ServiceId, SourceId};
use preau_policy::{Decision, Facts, Reason, Released};
use std::sync::Arc;
use std::time::Duration;

/// Services whose latest refused request is remembered, and for how long.
const REMEMBERED: u64 = 500;
const REMEMBERED_FOR: Duration = Duration::from_secs(3600);

/// A synthetic person whose door opened, for [`crate::Protocol::preview`].
pub struct Sample {
    /// What is known of them.
    pub facts: Facts,
    /// What the service receives.
    pub released: Arc<Released>,
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

/// The latest request of a service that was refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// When.
    pub at: Instant,
    /// Why, as the journal calls it.
    pub word: String,
    /// And in a sentence, as the protocol says it to the service.
    pub why: &'static str,
    /// Its incident number.
    pub incident: CorrelationId,
}

/// The latest refused request of each service, forgotten after an hour.
pub(crate) struct Latest(moka::sync::Cache<ServiceId, Refused>);

impl Default for Latest {
    fn default() -> Self {
        Latest(moka::sync::Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build())
    }
}

impl Latest {
    /// Remembers an event that refuses a service something.
    pub(crate) fn see(&self, event: &AuditEvent, why: &'static str) {
        if let Some(service) = &event.service {
            let (word, incident) = (event.detail.clone(), event.correlation.clone());
            self.0.insert(service.clone(), Refused { at: event.at, word, why, incident });
        }
    }

    fn of(&self, service: &ServiceId) -> Option<Refused> {
        self.0.get(service)
    }
}

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/bench", get(list)).route("/bench/{service}", get(show))
}

fn open(hub: &Hub) -> Result<(), Fault> {
    if hub.config.bench { Ok(()) } else { Err(Fault::new(FaultKind::NotFound, "the bench is off")) }
}

async fn list(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    open(&hub)?;
    Ok(pages::bench(&hub, &visitor, BenchPage { services: hub.services().all(), shown: None }))
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
    let person = CAST.iter().find(|person| person.word == word).ok_or_else(|| unknown("nobody of the cast"))?;
    let outcome = try_door(&hub, door, person);
    let refused = hub.bench.of(&door.service.id);
    let stacks = stacks::filled(&hub, door);
    let shown = Shown { door, person, outcome, refused, stacks };
    Ok(pages::bench(&hub, &visitor, BenchPage { services: services.all(), shown: Some(shown) }))
}

/// Sends a synthetic person to a door, in a school the service is for when it is for some schools only.
pub fn try_door(hub: &Hub, door: &Door, person: &Synthetic) -> Outcome {
    let services = hub.services();
    let (somebody, facts) = person.before(door);
    if let Decision::Deny(refusal) = preau_policy::access(&facts, &services.rules, &door.service.id) {
        return Outcome::Shut(refusal.reason);
    }
    let pairwise = || hub.keyring.pairwise(door.sector(), &somebody.id);
    let released = match preau_policy::release(&facts, door.identifier, &door.release, pairwise) {
        Ok(released) => Arc::new(released),
        Err(why) => return Outcome::Unsound(why.to_string()),
    };
    let authentication = Authentication {
        method: AuthnMethod::DirectoryPassword,
        at: hub.now(),
        unsaid: false,
        by: Some(SourceId::new("annuaire")),
        acr: None,
    };
    let sample = Sample { facts, released, authentication };
    Outcome::Opens(hub.protocols().iter().flat_map(|protocol| protocol.preview(hub, door, &sample)).collect())
}
