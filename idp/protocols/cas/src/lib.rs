//! The CAS server: protocol 1, 2 and 3, proxy tickets, SAML 1.1 validation, single logout.
//!
//! Four parts. [`wire`] reads parameters and writes messages; it is pure. `ticket` makes and reads the secrets and what
//! the store keeps beside them. `flow` decides: the door of `/login`, one validation, one proxy ticket, the end of a
//! session. `routes` puts addresses in front of them. What can go wrong is one enum, [`CasError`], mapped in one table
//! to the codes of the standard.
//!
//! Passwords, the session and the pages people read are in `preau-web`; who may open what and what is released is
//! `preau-policy`'s. The standard is the *CAS Protocol 3.0 Specification*; sections are named where a rule comes from it.
//!
//! Attributes are answered on `/p3/serviceValidate`, `/p3/proxyValidate` and `/samlValidate` only (sections 2.8, 2.9,
//! 4.2): the 2.0 addresses answer the user, the proxies and the proxy-granting ticket. A client that speaks 2.0 and
//! wants attributes is given the `/p3/` address: phpCAS does so when it is told `CAS_VERSION_3_0`, `mod_auth_cas` by
//! `CASVersion 2` with `CASValidateURL …/cas/p3/serviceValidate`.

mod error;
mod flow;
mod page;
mod routes;
mod sandbox;
mod ticket;
pub mod wire;

pub use error::{CasError, TicketFault};
pub use ticket::TICKET_SECONDS;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::response::Response;
use preau_domain::Visit;
use preau_web::bench::{Preview, Rehearsal, Sample};
use preau_web::{CompletedSignIn, Door, Fault, Fields, Hub, Live, LogoutNotice, Protocol, Visitor};
use std::sync::Arc;

/// The name of the protocol in the store, in logs and in addresses.
pub const NAME: &str = "cas";

/// The CAS protocol.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cas;

#[async_trait]
impl Protocol for Cas {
    fn name(&self) -> &'static str {
        NAME
    }

    fn routes(&self) -> Router<Arc<Hub>> {
        routes::routes().merge(sandbox::routes())
    }

    async fn complete(&self, hub: &Hub, visitor: &Visitor, done: CompletedSignIn) -> Result<Response, Fault> {
        flow::login::complete(hub, visitor, &done).await
    }

    /// Sends the browser to the service, which comes back to `/cas/login` for its ticket: only the service knows the
    /// address it wants the ticket at, and access is decided there.
    async fn launch(&self, hub: &Hub, _: &Visitor, door: &Door, _: &Live) -> Option<Result<Response, Fault>> {
        door.cas.as_ref()?;
        Some(flow::login::launch(hub, door))
    }

    fn speaks(&self, door: &Door) -> bool {
        door.cas.is_some()
    }

    fn preview(&self, _: &Hub, door: &Door, sample: &Sample) -> Vec<Preview> {
        if door.cas.is_none() {
            return Vec::new();
        }
        let success = wire::Success {
            released: sample.released.clone(),
            authenticated: sample.authentication.at,
            method: sample.authentication.method,
            fresh: true,
            address: door.service.home.to_string(),
            pgt_iou: None,
            proxies: Vec::new(),
            context: None,
        };
        vec![
            Preview { title: "CAS 3, /cas/p3/serviceValidate", text: success.write(wire::Format::Xml, true) },
            Preview { title: "CAS 3, format=JSON", text: success.write(wire::Format::Json, true) },
            Preview { title: "CAS 2, /cas/serviceValidate", text: success.write(wire::Format::Xml, false) },
        ]
    }

    fn rehearse(&self, _: &Hub, door: &Door, fields: &Fields) -> Option<Rehearsal> {
        flow::rehearsal::rehearse(door, fields)
    }

    fn logout_notice(&self, hub: &Hub, visit: &Visit) -> Option<LogoutNotice> {
        flow::logout::notice(hub, visit)
    }

    fn logout_confirmed(&self, hub: &Hub, _: &Visit, answer: &http::Response<Bytes>) -> bool {
        flow::logout::confirmed(hub, answer)
    }
}
