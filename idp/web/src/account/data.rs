//! « Mes données »: what is known here of a person, as one document that they take away: not all of it yet, and the page says what is missing. No secret is in it, and nothing of anybody else but
//! what their own record says.

use super::proved;
use crate::inspections::Line;
use crate::lately::Lately;
use crate::{Fault, FaultKind, Hub, Live, Visitor};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use preau_domain::{AuditEvent, Factor, FederatedLink, Inspection, Seconds, Session};
use preau_store::InspectionsOf;
use serde_json::{Value, json};
use std::sync::Arc;

/// Where the document is.
const WHERE: &str = "/account/data";
/// How far back the journal is told, and how much of it.
const SINCE: Seconds = Seconds(366 * 86_400);
const MOST_EVENTS: u32 = 10_000;
/// Inspections of each side.
const MOST_INSPECTIONS: u32 = 1_000;

/// Gives the document, after a recent proof: whoever finds an open session takes nobody's life away with them.
pub(super) async fn give(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    let live = match proved(&hub, &visitor, WHERE).await? {
        Lately::Proved(live) => live,
        Lately::Onward(response) => return Ok(response),
    };
    super::tell(&hub, &visitor, &live, "data-taken-away".into());
    let document = document(&hub, &live).await?;
    let text = serde_json::to_string_pretty(&document).map_err(|e| Fault::new(FaultKind::Internal, e.to_string()))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"mes-donnees.json\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

async fn document(hub: &Hub, live: &Live) -> Result<Value, Fault> {
    let (id, now) = (&live.session.person, hub.now());
    let person = hub.store.person(id).await?;
    let records = hub.store.records_of(id).await?;
    let factors = hub.store.factors_of(id).await?;
    let sessions = hub.store.sessions_of(id, now).await?;
    let links = hub.store.links_of_person(id).await?;
    let language = hub.store.language_of(id).await?;
    let births = hub.store.births_of(id).await?;
    let birth =
        (!births.is_empty()).then_some("not kept: a code of it, by which it is checked with an activation code");
    let events = hub.store.audit_about(id, now - SINCE, MOST_EVENTS).await?;
    let mut inspections = Vec::new();
    for of in [InspectionsOf::Teacher(id), InspectionsOf::Inspector(id)] {
        inspections.extend(hub.store.inspections(of, now - Inspection::KEPT, MOST_INSPECTIONS).await?);
    }
    let inspections = hub.inspection_lines(inspections).await?;
    let mut marks = Vec::new();
    for protocol in hub.protocols() {
        marks.extend(protocol.told_of(hub, live).await?);
    }
    Ok(json!({
        "at": now.rfc3339(),
        "account": person,
        "records": records,
        "establishments": live.establishments.iter().map(|one| json!({ "uai": one.uai, "name": one.name })).collect::<Vec<_>>(),
        "factors": factors.iter().map(factor).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(session).collect::<Vec<_>>(),
        "providers": links.iter().map(link).collect::<Vec<_>>(),
        "language": language,
        "birth_date": birth,
        "marks": marks,
        "inspections": inspections.iter().map(inspection).collect::<Vec<_>>(),
        "journal": events.iter().map(event).collect::<Vec<_>>(),
    }))
}

fn factor(factor: &Factor) -> Value {
    let used = factor.used.map(|at| at.rfc3339());
    json!({ "kind": factor.kind, "name": factor.name, "added": factor.added.rfc3339(), "used": used })
}

fn session(session: &Session) -> Value {
    json!({
        "began": session.created.rfc3339(),
        "seen": session.last_seen.rfc3339(),
        "ends": session.expires.rfc3339(),
        "method": session.authentication.method,
        "second": session.authentication.second,
        "establishment": session.establishment,
    })
}

fn link(link: &FederatedLink) -> Value {
    json!({ "provider": link.identity.provider, "since": link.at.rfc3339() })
}

/// Who looks, or looked, at whose space: the teacher and the inspector each read the same.
fn inspection(line: &Line) -> Value {
    let one = &line.inspection;
    json!({
        "inspector": line.inspector,
        "teacher": line.teacher,
        "service": one.service,
        "establishment": one.establishment,
        "from": one.from.rfc3339(),
        "until": one.until.rfc3339(),
        "reason": one.reason,
        "granted_by": line.by.name(),
    })
}

fn event(event: &AuditEvent) -> Value {
    json!({
        "at": event.at.rfc3339(),
        "what": event.kind.as_str(),
        "service": event.service,
        "establishment": event.establishment,
        "detail": event.detail,
    })
}
