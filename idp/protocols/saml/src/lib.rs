//! The SAML 2.0 identity provider: metadata, sign-on, single logout.
//!
//! `partner` is a service as its metadata in force describe it. `flow` decides: the door, the assertion, the end of a
//! session. `routes` puts addresses in front of them. What can go wrong is one enum, `SamlError`, mapped in one table to
//! the status codes of the standard.
//!
//! What messages and metadata are, and how they travel, is `preau-saml`'s; signatures and their keys are `preau-keys`'.
//! Passwords, the session and the pages people read are in `preau-web`; who may open what and what is released is
//! `preau-policy`'s. Which metadata are in force is the server's matter: this crate only looks.

mod config;
mod error;
mod flow;
mod partner;
mod routes;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::response::Response;
use preau_domain::Visit;
use preau_saml::metadata::Peers;
use preau_web::bench::{Preview, Sample};
use preau_web::{CompletedSignIn, Door, Fault, Hub, Live, LogoutFrame, LogoutNotice, Protocol, Visitor};
use std::sync::Arc;

/// The name of the protocol in the store, in logs and in addresses.
pub const NAME: &str = "saml";

/// The SAML protocol, over the entities in force.
#[derive(Debug)]
pub struct Saml {
    peers: Arc<Peers>,
}

impl Saml {
    /// Speaks with these.
    pub fn new(peers: Arc<Peers>) -> Saml {
        Saml { peers }
    }
}

#[async_trait]
impl Protocol for Saml {
    fn name(&self) -> &'static str {
        NAME
    }

    fn routes(&self) -> Router<Arc<Hub>> {
        routes::routes(Arc::clone(&self.peers))
    }

    async fn complete(&self, hub: &Hub, visitor: &Visitor, done: CompletedSignIn) -> Result<Response, Fault> {
        let answer = flow::hand_over::complete(hub, &self.peers, visitor, &done).await?;
        Ok(routes::answered(hub, visitor, answer))
    }

    /// Hands over without being asked (saml-profiles-2.0, 4.1.5).
    async fn launch(&self, hub: &Hub, visitor: &Visitor, door: &Door, _: &Live) -> Option<Result<Response, Fault>> {
        door.saml.as_ref()?;
        Some(routes::launched(hub, &self.peers, visitor, &door.service.id).await)
    }

    fn speaks(&self, door: &Door) -> bool {
        door.saml.is_some()
    }

    fn preview(&self, hub: &Hub, door: &Door, sample: &Sample) -> Vec<Preview> {
        flow::preview::preview(hub, &self.peers, door, sample)
    }

    fn logout_notice(&self, hub: &Hub, visit: &Visit) -> Option<LogoutNotice> {
        flow::leaving::notice(hub, &self.peers, visit)
    }

    fn logout_frame(&self, hub: &Hub, visit: &Visit, mark: Option<&str>) -> Option<LogoutFrame> {
        flow::leaving::frame(hub, &self.peers, visit, mark)
    }

    fn logout_confirmed(&self, hub: &Hub, visit: &Visit, answer: &http::Response<Bytes>) -> bool {
        answer.status().is_success() && flow::leaving::confirmed(hub, &self.peers, visit, answer.body())
    }

    fn hears(&self, hub: &Hub, visit: &Visit) -> bool {
        flow::leaving::hears(hub, &self.peers, visit)
    }

    fn hears_on_a_round(&self, hub: &Hub, visit: &Visit) -> bool {
        flow::leaving::hears_on_a_round(hub, &self.peers, visit)
    }

    async fn logout_round(&self, hub: &Hub, visits: &[Visit], onward: &str) -> Result<Option<String>, Fault> {
        flow::leaving::begin(hub, &self.peers, visits, onward).await
    }
}
