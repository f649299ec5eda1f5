//! What a protocol is to the rest of the house: two ends on one corridor.

use crate::bench::{Preview, Rehearsal, Sample};
use crate::sign_in::PORTAL;
use crate::{Door, Fault, Fields, Hub, Live, Locale, Visitor};
use async_trait::async_trait;
use axum::Router;
use axum::response::Response;
use bytes::Bytes;
use preau_domain::{Instant, PendingSignIn, Public, ServiceId, SourceId, Strength, TrustedUrl, Visit};
use std::sync::Arc;

/// One protocol. The visible list is `idp/protocols/registry`.
#[async_trait]
pub trait Protocol: Send + Sync {
    /// Its name in the store, in logs and in metrics, such as `cas`.
    fn name(&self) -> &'static str;

    /// Its routes, mounted at the root: each begins with `/<name>/`, or with `/.well-known/` where its standard says so.
    fn routes(&self) -> Router<Arc<Hub>>;

    /// Those of them that services call by themselves, which are answered where services show a certificate too.
    fn service_paths(&self) -> &'static [&'static str] {
        &[]
    }

    /// Hands the proven person over to the service the sign-in was begun for. Decides access again; whoever is refused reads why on a page
    /// of ours, where there is somebody to turn to. A service that must not show one (`gateway`, `prompt=none`, `IsPassive`) hears at the
    /// door.
    async fn complete(&self, hub: &Hub, visitor: &Visitor, done: CompletedSignIn) -> Result<Response, Fault>;

    /// Opens a service from its tile, in a live session; `None` if the service does not speak this protocol.
    async fn launch(&self, hub: &Hub, visitor: &Visitor, door: &Door, live: &Live) -> Option<Result<Response, Fault>>;

    /// What services told here of the person of a live session and is kept, for « Mes données ».
    async fn told_of(&self, _: &Hub, _: &Live) -> Result<Vec<serde_json::Value>, Fault> {
        Ok(Vec::new())
    }

    /// Whether a service speaks this protocol.
    fn speaks(&self, _door: &Door) -> bool {
        false
    }

    /// What it would write to a service about a synthetic person, for the bench.
    fn preview(&self, _hub: &Hub, _door: &Door, _sample: &Sample) -> Vec<Preview> {
        Vec::new()
    }

    /// A sign-on request of a service asked again for the bench, without effect: nothing wrong with it now, or which parameter
    /// is; `None` if the service does not speak this protocol.
    fn rehearse(&self, _hub: &Hub, _door: &Door, _fields: &Fields) -> Option<Rehearsal> {
        None
    }

    /// The call that tells a service its visit is over; `None` when the service does not listen.
    fn logout_notice(&self, hub: &Hub, visit: &Visit) -> Option<LogoutNotice>;

    /// Whether a service that was called says that it is over there too; of an answer to a form there is no body.
    fn logout_confirmed(&self, _: &Hub, _: &Visit, answer: &http::Response<Bytes>) -> bool {
        answer.status().is_success()
    }

    /// What a browser loads in a frame to tell a service that its visit is over; `None` when the service does not
    /// listen in this way. Who waits for an answer gives a mark, which the answer leads to: [`Hub::heard_in_frame`].
    fn logout_frame(&self, _: &Hub, _: &Visit, _mark: Option<&str>) -> Option<LogoutFrame> {
        None
    }

    /// Whether a service hears of the end of a visit, in whichever way.
    fn hears(&self, hub: &Hub, visit: &Visit) -> bool {
        self.logout_notice(hub, visit).is_some() || self.logout_frame(hub, visit, None).is_some()
    }

    /// Whether a service hears of the end of a visit on a round of the browser: see [`Protocol::logout_round`].
    fn hears_on_a_round(&self, _: &Hub, _: &Visit) -> bool {
        false
    }

    /// Where the browser begins a round of the services that hear of the end from it one after the other, and goes `onward` from
    /// the last of them; `None` when none of these visits is told in this way.
    async fn logout_round(&self, _: &Hub, _: &[Visit], _onward: &str) -> Result<Option<String>, Fault> {
        Ok(None)
    }
}

/// What a protocol asks for when it begins a sign-in.
#[derive(Clone, Debug)]
pub struct Begin {
    /// Its own name.
    pub protocol: &'static str,
    /// For which service; `None` for the portal.
    pub service: Option<ServiceId>,
    /// What it must find again in [`Protocol::complete`]: at most 8 KiB.
    pub request: String,
    /// A proof made before this instant does not count.
    pub fresh_after: Option<Instant>,
    /// What the proof must be.
    pub wants: Option<Strength>,
}

impl Begin {
    /// A sign-in that leads back to a page of ours.
    pub fn for_page(address: impl Into<String>) -> Begin {
        Begin { protocol: PORTAL, service: None, request: address.into(), fresh_after: None, wants: None }
    }
}

/// What a service believes of a person who is about to sign in: suggestions, never facts.
#[derive(Clone, Debug, Default)]
pub struct SignInHints {
    /// What they are about to type.
    pub login: Option<String>,
    /// The language they read.
    pub locale: Option<Locale>,
    /// Who they are, and the provider they come from without having asked here first: they go back there at once.
    pub towards: Option<(Public, SourceId)>,
    /// The page of the sign-in they want first, by the end of its address.
    pub page: Option<&'static str>,
}

/// The end of a sign-in.
pub struct CompletedSignIn {
    /// The new session.
    pub live: Arc<Live>,
    /// What was asked.
    pub pending: PendingSignIn,
}

/// A message to post to a service, telling it that a visit is over.
#[derive(Clone, Debug)]
pub struct LogoutNotice {
    /// Which service.
    pub door: Door,
    /// Where: an address of the service.
    pub to: TrustedUrl,
    /// What.
    pub body: NoticeBody,
}

/// What a browser loads in a frame to tell a service that its visit is over.
#[derive(Clone, Debug)]
pub struct LogoutFrame {
    /// An address of the service.
    pub address: String,
    /// Whether the service sends an answer back.
    pub answers: bool,
}

/// What is posted to a service.
#[derive(Clone, Debug)]
pub enum NoticeBody {
    /// Fields of a form.
    Form(Vec<(&'static str, String)>),
    /// An envelope of SOAP 1.1.
    Soap(String),
}
