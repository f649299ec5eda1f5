//! The pages of sources: what each synchronisation did, why one is held, and the word that lets it go.
//!
//! They are there for the administrators whom the configuration names, none by default; whose password is checked here, and who
//! proved who they are within a quarter of an hour, by two factors: whoever has no second one makes it first. To everybody else the pages do not exist. Whom a report names is
//! shown to them and to nobody else. Synchronising is not done here: [`Synchronisations`] takes the word.

mod csv;
pub(crate) mod reasons;
mod told;

pub use csv::{rejected, row, table, word};
pub use told::{Entry, Gain, Loss, ProfileLoss, Reason, Refused, Rejected, Report, Shared, Waits};

use crate::lately::{Lately, RECENT};
use crate::pages::{self, ShownRun};
use crate::{Fault, FaultKind, Fields, Hub, Live, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header;
use preau_domain::{AuditKind, Credentials, RunId, SourceId};
use preau_store::{RunOutcome, RunRecord};
use std::sync::Arc;

/// Runs of a source on its page.
const LISTED: u32 = 50;
/// Runs in a table to take away.
const TABLED: u32 = 1_000;
/// The form on which a held run is let go or refused.
const FORM: &str = "held-run";

/// What the house synchronises with.
pub trait Synchronisations: Send + Sync {
    /// The sources that hand over people, in the order of their names.
    fn sources(&self) -> Vec<SourceId>;

    /// Begins a run of a source in the background that may take from people what this held run would have; says whether it
    /// was taken on.
    fn release(&self, source: &SourceId, run: &RunId) -> bool;
}

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/sources", get(list))
        .route("/sources/{source}", get(show))
        .route("/sources/{source}/runs.csv", get(runs_csv))
        .route("/sources/{source}/runs/{run}", get(show_run))
        .route("/sources/{source}/runs/{run}/rejected.csv", get(rejected_csv))
        .route("/sources/{source}/release", post(release))
        .route("/sources/{source}/refuse", post(refuse))
}

/// Figures on people, in the order in which they are told.
pub(crate) const FIGURES: [&str; 13] = [
    "read",
    "created",
    "updated",
    "reactivated",
    "unchanged",
    "kept",
    "suspended",
    "waiting",
    "narrowed",
    "stripped",
    "ceased",
    "moved",
    "spared",
];

fn nothing() -> Fault {
    Fault::new(FaultKind::NotFound, "a page of sources, for whom there is none")
}

/// Who asks, when it is an administrator who proved it lately.
async fn door(hub: &Hub, visitor: &Visitor, here: String) -> Result<Lately<Arc<Live>>, Fault> {
    if hub.config.administrators.is_empty() {
        return Err(nothing());
    }
    let mut since = hub.now() - RECENT;
    if let Some(live) = visitor.live(hub).await? {
        let listed = hub.config.administrators.iter().any(|one| *one == *live.session.person.as_str());
        if !listed || live.known()?.person.credentials != Credentials::Local {
            return Err(nothing());
        }
        let proof = &live.session.authentication;
        if proof.since(since) && proof.is_strong() {
            return Ok(Lately::Proved(live));
        }
        // Administration always asks for a second factor: whoever has none makes one first.
        if !hub.has_second_factor(&live.session.person).await? {
            return Ok(Lately::Onward(pages::factor_wanted(hub, visitor)));
        }
        // Another provider's word and a code are not two factors: they sign in anew, by a password or a passkey.
        if !proof.is_strong() && !hub.lacks_a_factor(&live.session.person, proof).await? {
            since = hub.now();
        }
    }
    hub.prove_again(visitor, here, since).await
}

fn sources(hub: &Hub) -> Vec<SourceId> {
    hub.synchronisations().map(|all| all.sources()).unwrap_or_default()
}

fn known(hub: &Hub, source: &str) -> Result<SourceId, Fault> {
    sources(hub).into_iter().find(|known| known.as_str() == source).ok_or_else(nothing)
}

async fn run_of(hub: &Hub, source: &SourceId, run: &str) -> Result<RunRecord, Fault> {
    let found = hub.store.run(&RunId::new(run)).await?;
    found.filter(|run| run.source == *source).ok_or_else(nothing)
}

async fn list(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    if let Lately::Onward(response) = door(&hub, &visitor, "/sources".into()).await? {
        return Ok(response);
    }
    let mut latest = Vec::new();
    for source in sources(&hub) {
        let run = hub.store.runs(&source, 1).await?.pop();
        latest.push((source, run));
    }
    Ok(pages::sources(&hub, &visitor, &latest))
}

async fn show(State(hub): State<Arc<Hub>>, visitor: Visitor, Path(source): Path<String>) -> Result<Response, Fault> {
    if let Lately::Onward(response) = door(&hub, &visitor, format!("/sources/{source}")).await? {
        return Ok(response);
    }
    let source = known(&hub, &source)?;
    let runs = hub.store.runs(&source, LISTED).await?;
    Ok(pages::source(&hub, &visitor, &source, &runs))
}

async fn show_run(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path((source, run)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let live = match door(&hub, &visitor, format!("/sources/{source}/runs/{run}")).await? {
        Lately::Proved(live) => live,
        Lately::Onward(response) => return Ok(response),
    };
    let source = known(&hub, &source)?;
    let run = run_of(&hub, &source, &run).await?;
    let report = Report::of(&run);
    let waits = waits(&hub, &run, &report).await?;
    let token = waits.then(|| hub.form_token(&live.session.id, FORM));
    Ok(pages::run(&hub, &visitor, ShownRun { run: &run, report: &report, token }))
}

/// Whether a run waits for somebody: the latest of its source, held, and not refused.
async fn waits(hub: &Hub, run: &RunRecord, report: &Report) -> Result<bool, Fault> {
    if run.outcome != RunOutcome::Held || report.refused.is_some() {
        return Ok(false);
    }
    Ok(hub.store.runs(&run.source, 1).await?.first().is_some_and(|latest| latest.id == run.id))
}

async fn runs_csv(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(source): Path<String>,
) -> Result<Response, Fault> {
    if let Lately::Onward(response) = door(&hub, &visitor, format!("/sources/{source}")).await? {
        return Ok(response);
    }
    let source = known(&hub, &source)?;
    let runs = hub.store.runs(&source, TABLED).await?;
    Ok(taken_away(&format!("{source}-runs.csv"), table(&runs)))
}

async fn rejected_csv(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path((source, run)): Path<(String, String)>,
) -> Result<Response, Fault> {
    if let Lately::Onward(response) = door(&hub, &visitor, format!("/sources/{source}/runs/{run}")).await? {
        return Ok(response);
    }
    let source = known(&hub, &source)?;
    let run = run_of(&hub, &source, &run).await?;
    Ok(taken_away(&format!("{source}-rejected.csv"), rejected(&Report::of(&run))))
}

/// A file that a browser keeps: the name of a source is of letters, digits and hyphens.
fn taken_away(name: &str, text: String) -> Response {
    let kept = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, kept),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, text).into_response()
}

/// The held run that a form is about, and who sent it.
async fn meant(hub: &Hub, live: &Live, source: &SourceId, body: &Bytes) -> Result<RunRecord, Fault> {
    let fields = Fields::of_body(body)?;
    hub.check_form(&live.session.id, FORM, fields.required("token")?)?;
    let run = run_of(hub, source, fields.required("run")?).await?;
    if waits(hub, &run, &Report::of(&run)).await? {
        Ok(run)
    } else {
        Err(Fault::new(FaultKind::StaleForm, "the run does not wait any more"))
    }
}

/// Notes durably what an administrator is about to do.
async fn journal(hub: &Hub, visitor: &Visitor, live: &Live, what: String) -> Result<(), Fault> {
    hub.audit_before(hub.event_of(visitor, live, AuditKind::Administered, what)).await
}

/// What an administrator says of a held run.
#[derive(Clone, Copy)]
enum Said {
    LetGo,
    Refused,
}

async fn release(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(source): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    say(&hub, &visitor, &source, &body, Said::LetGo).await
}

async fn refuse(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(source): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    say(&hub, &visitor, &source, &body, Said::Refused).await
}

async fn say(hub: &Hub, visitor: &Visitor, source: &str, body: &Bytes, said: Said) -> Result<Response, Fault> {
    let here = format!("/sources/{source}");
    let live = match door(hub, visitor, here.clone()).await? {
        Lately::Proved(live) => live,
        Lately::Onward(response) => return Ok(response),
    };
    let source = known(hub, source)?;
    let run = meant(hub, &live, &source, body).await?;
    match said {
        Said::LetGo => {
            journal(hub, visitor, &live, format!("run-released {}", run.id)).await?;
            if !hub.synchronisations().is_some_and(|all| all.release(&source, &run.id)) {
                return Err(Fault::new(FaultKind::Busy, "another held run is being let go"));
            }
        }
        Said::Refused => {
            journal(hub, visitor, &live, format!("run-refused {}", run.id)).await?;
            let report = told::refused(&run.report, &live.session.person, hub.now());
            hub.store.put_run(&RunRecord { report, ..run }).await?;
        }
    }
    Ok(hub.see_other(&here))
}
