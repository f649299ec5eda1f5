//! What another ENT hands to this one: the signed list of a class, and the word that takes one back. No person and no secret: the signature of the
//! other party of the convention is what is believed, as of a list that is brought by hand.

use super::{every_guest, journal_of, told};
use crate::spaces::{Checked, NotTaken, Taken, check_list};
use crate::{Fault, Hub, Visitor};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use preau_domain::{AuditEvent, AuditKind, PersonId};
use preau_hosting::{Problem, RECALL_TYP, Reason, Recall, Why, names_a_list};
use preau_keys::jose::{self, Alg, Expect, Jwks, Typ};
use preau_store::GuestsOf;
use serde_json::json;
use std::sync::Arc;

/// Problems told to whoever handed it in.
pub(super) const MOST_PROBLEMS: usize = 20;

/// In words for whoever reads a log, and by keys for a page of the other ENT.
fn refused(problems: &[Problem]) -> Response {
    let shown = &problems[..problems.len().min(MOST_PROBLEMS)];
    let words: Vec<String> = shown.iter().map(ToString::to_string).collect();
    let reasons: Vec<Reason> = shown.iter().map(Problem::reason).collect();
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "problems": words, "reasons": reasons }))).into_response()
}

fn no_list() -> Vec<Problem> {
    vec![Problem::whole(Why::Plain("no-list"))]
}

/// Whom a list holds in the spaces of its convention.
pub(super) async fn held_by(hub: &Hub, convention: &str, list: &str) -> Result<Vec<PersonId>, Fault> {
    let all = every_guest(hub, GuestsOf::Batch(list)).await?;
    Ok(all.into_iter().filter(|one| one.convention == convention).map(|one| one.person).collect())
}

/// A list, read and believed; or what refuses it.
pub(super) async fn checked(hub: &Hub, text: &str) -> Result<Result<Checked, Vec<Problem>>, Fault> {
    or_problems(check_list(&*hub.store, (&hub.keyring, &*hub.ids), hub.base(), text, hub.now()).await)
}

/// What a list would do.
pub(super) async fn would(hub: &Hub, list: &Checked) -> Result<Result<Taken, Vec<Problem>>, Fault> {
    or_problems(list.settle(&*hub.store, hub.now(), false).await)
}

fn or_problems<T>(done: Result<T, NotTaken>) -> Result<Result<T, Vec<Problem>>, Fault> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(NotTaken::Refused(problems)) => Ok(Err(problems)),
        Err(NotTaken::Store(error)) => Err(error.into()),
    }
}

/// Takes in a list, with a line in the journal for each guest; or what refuses it.
pub(super) async fn take(hub: &Hub, visitor: &Visitor, list: &Checked) -> Result<Result<Taken, Vec<Problem>>, Fault> {
    match or_problems(list.settle(&*hub.store, hub.now(), true).await)? {
        Ok(taken) => {
            let (list, convention) = (&taken.head.jti, &taken.convention.id);
            let people = held_by(hub, convention, list).await?;
            let what = format!("guest-admitted {list} of {convention}");
            journal_of(hub, visitor, Some(&taken.space.host), &people, AuditKind::Administered, &what);
            Ok(Ok(taken))
        }
        Err(problems) => Ok(Err(problems)),
    }
}

async fn note(hub: &Hub, visitor: &Visitor, what: String) -> Result<(), Fault> {
    hub.audit(AuditEvent::new(hub.now(), AuditKind::Administered, visitor.correlation().clone(), what));
    Ok(hub.store.flush_audit().await?)
}

pub(super) async fn list(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let Ok(text) = std::str::from_utf8(&body) else { return Ok(refused(&no_list())) };
    let checked = match checked(&hub, text).await? {
        Ok(checked) => checked,
        Err(problems) => return Ok(refused(&problems)),
    };
    // Looked at first: only what would be taken in stands in the journal, and it stands there before it is.
    if let Err(problems) = would(&hub, &checked).await? {
        return Ok(refused(&problems));
    }
    note(&hub, &visitor, format!("guests-received {} of {}", checked.head.jti, checked.convention.id)).await?;
    match take(&hub, &visitor, &checked).await? {
        Ok(taken) => {
            let stopped = taken.stopped.len();
            Ok(Json(json!({ "added": taken.added, "known": taken.known, "stopped": stopped })).into_response())
        }
        Err(problems) => Ok(refused(&problems)),
    }
}

pub(super) async fn recall(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let how = || "this takes no list back that a convention of ours knows".to_owned();
    let no = || Ok(refused(&[Problem::whole(Why::NotSigned { how: how() })]));
    let Ok(token) = std::str::from_utf8(&body).map(str::trim_end) else { return no() };
    let Ok(claimed) = jose::claimed(token, "convention") else { return no() };
    let Some(convention) = hub.store.convention(&claimed).await? else { return no() };
    let Ok(keys) = Jwks::parse(convention.peer.keys.as_bytes()) else { return no() };
    let expect = Expect { algs: &[Alg::ES256, Alg::PS256, Alg::RS256, Alg::EdDSA], typ: Typ::Is(&[RECALL_TYP]) };
    let Ok(verified) = jose::verify(token, &keys, expect) else { return no() };
    let Ok(recall) = serde_json::from_value::<Recall>(verified.into_claims().into()) else { return no() };
    if recall.iss != convention.peer.url || recall.aud != hub.base() || recall.convention != convention.id {
        return no();
    }
    // It is kept, and stands in the journal.
    if !names_a_list(&recall.list) {
        return Ok(refused(&[Problem::whole(Why::Plain("name"))]));
    }
    // A word that comes late, or twice, takes nothing back that was not to be.
    note(&hub, &visitor, format!("guests-recalled {} of {}", recall.list, convention.id)).await?;
    let held = held_by(&hub, &convention.id, &recall.list).await?;
    let why = format!("list {} of {} taken back", recall.list, convention.id);
    journal_of(&hub, &visitor, None, &held, AuditKind::GuestEnded, &why);
    let out = hub.store.withdraw(&convention.id, &recall.list, hub.now()).await?;
    told(&hub).await;
    Ok(Json(json!({ "added": 0, "known": out })).into_response())
}
