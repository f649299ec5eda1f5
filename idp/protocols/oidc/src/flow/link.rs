//! A link that carries a signed context: an application that speaks no protocol is told who comes, by one signature to check against our
//! published keys.
//!
//! It is an answer that nobody asked for, so nothing of a request stands in it: no `nonce`, no `state`. In their place it lives for a
//! minute, has a `jti` by which an application takes each once, and a type of its own (RFC 8725, 3.11), so that it is no ID token to
//! whoever asked for one. It travels in a form and not in the address: addresses are logged, kept and handed on
//! (`docs/adr/0051-a-link-says-who-comes.md`).

use super::{hand_over, sid, sign};
use crate::config::CONTEXT;
use crate::grants::{self, Notice};
use crate::wire::{ClaimsRequest, Wanted, claims, left, tells_visitor};
use axum::response::Response;
use preau_connector_api::SignedLink;
use preau_domain::{AuditEvent, AuditKind};
use preau_keys::jose::Alg;
use preau_policy::{Refusal, Released};
use preau_store::StoreError;
use preau_web::{Door, Fault, FaultKind, Hub, Live, Visitor};
use serde_json::{Map, Value, json};

/// What kind of token a context is.
const TYP: &str = "link-context+jwt";
/// The field that holds it.
const FIELD: &str = "context";

/// Opens a link from its tile: decides again, and posts the context to the address of the tile.
pub async fn open(
    hub: &Hub,
    visitor: &Visitor,
    door: &Door,
    link: &SignedLink,
    live: &Live,
) -> Result<Response, Fault> {
    let decision = hub.decide(live, door);
    let rule = hub.opens(visitor, live, door, &decision)?;
    let released = hub.release(live, door)?;
    let named = ClaimsRequest { id_token: link.attributes.clone(), ..ClaimsRequest::default() };
    if !tells_visitor(&released, &[], &named, true) {
        return Err(hub.refused(visitor, live, door, &Refusal::visitor()));
    }
    let to = door.service.trust(door.service.home.as_str());
    let to = to.ok_or_else(|| Fault::new(FaultKind::Internal, "the home of a service is not one of its addresses"))?;
    let told = claims(&released, &Wanted { scopes: &[], names: &link.attributes });
    let detail = left(told.keys().map(String::as_str));
    let told = said(hub, door, &released, told, &grants::generate(&*hub.ids));
    let unsigned = |_| Fault {
        service: Some((door.title.fr.clone(), door.title.en.clone())),
        ..Fault::new(FaultKind::ServiceDown, format!("service {}: its context is not signed", door.service.id))
    };
    let context = sign(hub, Alg::RS256, TYP, &told).map_err(unsigned)?;
    note(hub, door, live, &released).await?;
    let opened = hub.opened(visitor, live, door, &decision, rule);
    let leaves = AuditEvent { kind: AuditKind::AttributesReleased, detail, ..opened.clone() };
    // Before the answer, so that no context leaves without them.
    hub.audit(opened);
    hub.audit(leaves);
    Ok(hub.posting(visitor, &to, &[(FIELD, context)]))
}

/// What is told of a person, with what every context says: from whom, of whom, for whom and until when.
pub fn said(
    hub: &Hub,
    door: &Door,
    released: &Released,
    mut told: Map<String, Value>,
    jti: &str,
) -> Map<String, Value> {
    let now = hub.now();
    for (name, value) in [
        ("iss", json!(hub.base())),
        ("sub", json!(released.user())),
        ("aud", json!(door.service.id.as_str())),
        ("iat", json!(now.seconds())),
        ("exp", json!((now + CONTEXT).seconds())),
        ("jti", json!(jti)),
    ] {
        told.insert(name.to_owned(), value);
    }
    told
}

/// Notes the visit: an application that is never told of the end of the session is named at it, and of a session that ended nothing leaves.
async fn note(hub: &Hub, door: &Door, live: &Live, released: &Released) -> Result<(), Fault> {
    let notice = Notice { sid: sid(hub, &live.session.id, door), sub: released.user().to_owned() };
    let Some(visit) = hand_over::visit(live, door, &notice, hub.now()) else { return Ok(()) };
    match hub.store.add_visit(&visit).await {
        Err(StoreError::Conflict) => {
            hub.forget_live(&live.session.id);
            Err(Fault::new(FaultKind::SignInExpired, "the session ended elsewhere"))
        }
        other => Ok(other?),
    }
}
