//! The OpenID provider: authorization, tokens, userinfo, introspection, revocation, discovery, logout.
//!
//! Five parts. [`wire`] reads parameters and writes claims and metadata; it is pure. `grants` makes codes and tokens and says
//! what the store keeps beside them. `flow` decides: the door, one redemption, what is told, the end of a session. `routes`
//! puts addresses in front of them. What can go wrong is one enum, [`OidcError`], mapped in one table to the codes of the
//! standards.
//!
//! Passwords, the session and the pages people read are in `preau-web`; who may open what and what is released is
//! `preau-policy`'s; signatures and their keys are `preau-keys`'. How a service is described is in `connectors/api`.
//! Sections without a name are those of *OpenID Connect Core 1.0*.

pub mod config;
mod error;
mod flow;
mod foreign;
mod grants;
mod routes;
mod sandbox;
pub mod wire;

pub use error::OidcError;

use async_trait::async_trait;
use axum::Router;
use axum::response::Response;
use preau_domain::Visit;
use preau_web::bench::{Preview, Rehearsal, Sample};
use preau_web::{
    CompletedSignIn, Door, Fault, FaultKind, Fields, Hub, Live, LogoutFrame, LogoutNotice, Protocol, Visitor,
};
use std::sync::Arc;

/// The name of the protocol in the store, in logs and in addresses.
pub const NAME: &str = "oidc";

/// The OpenID Connect protocol.
#[derive(Clone, Debug, Default)]
pub struct Oidc {
    /// Keys that services publish.
    keys: Arc<foreign::ForeignKeys>,
}

#[async_trait]
impl Protocol for Oidc {
    fn name(&self) -> &'static str {
        NAME
    }

    fn routes(&self) -> Router<Arc<Hub>> {
        routes::routes(self.keys.clone()).merge(sandbox::routes())
    }

    fn service_paths(&self) -> &'static [&'static str] {
        routes::OF_SERVICES
    }

    async fn complete(&self, hub: &Hub, visitor: &Visitor, done: CompletedSignIn) -> Result<Response, Fault> {
        if let Ok(towards) = serde_json::from_str(&done.pending.request) {
            return flow::device::confirm(hub, visitor, &done.live, towards).await;
        }
        let answer = flow::hand_over::complete(hub, &self.keys, visitor, &done).await?;
        Ok(routes::answered(hub, visitor, answer))
    }

    /// The marks that tools of LTI gave them.
    async fn told_of(&self, hub: &Hub, live: &Live) -> Result<Vec<serde_json::Value>, Fault> {
        flow::lti::own(hub, live).await
    }

    /// Sends the browser to where the service begins its sign-on (section 4), or to its home: only the service knows the
    /// state it wants back. A link that carries a context is not asked for one.
    async fn launch(&self, hub: &Hub, visitor: &Visitor, door: &Door, live: &Live) -> Option<Result<Response, Fault>> {
        if let Some(link) = &door.link {
            return Some(flow::link::open(hub, visitor, door, link, live).await);
        }
        let oidc = door.oidc.as_ref()?;
        if let Some(lti) = &oidc.lti {
            return Some(flow::lti::from_tile(hub, door, lti, live));
        }
        let to = match &oidc.initiate_login_uri {
            Some(uri) => door.service.trust_exactly(uri, [uri]).map(|to| to.with_query("iss", hub.base())),
            None => door.service.trust(door.service.home.as_str()).map(|to| to.as_str().to_owned()),
        };
        let to = to.ok_or_else(|| Fault::new(FaultKind::Internal, "the home of a service is not one of its addresses"));
        Some(to.map(|to| hub.see_other(&to)))
    }

    fn speaks(&self, door: &Door) -> bool {
        door.oidc.is_some()
    }

    fn preview(&self, hub: &Hub, door: &Door, sample: &Sample) -> Vec<Preview> {
        flow::preview::preview(hub, door, sample)
    }

    fn rehearse(&self, _: &Hub, door: &Door, fields: &Fields) -> Option<Rehearsal> {
        flow::rehearsal::rehearse(door, fields)
    }

    fn logout_notice(&self, hub: &Hub, visit: &Visit) -> Option<LogoutNotice> {
        flow::logout::notice(hub, visit)
    }

    fn logout_frame(&self, hub: &Hub, visit: &Visit, _mark: Option<&str>) -> Option<LogoutFrame> {
        flow::logout::frame(hub, visit)
    }
}
