//! The end of a session, as the person asks for it.
//!
//! The session, its tickets and its visits are gone in one stroke before anything is told, so a service that hangs or
//! lies cannot keep it alive; that stroke leaves notices in the outbox of the store, which no end of a process loses.
//! `telling` tells the services in the background. The browser is led to a page that can be asked for again (`goodbye`), whose
//! sentence says what came of it.

use crate::goodbye::{GOODBYE, UNSURE, listed};
use crate::pages;
use crate::protocol::LogoutFrame;
use crate::visitor::Cookie;
use crate::{Fault, FaultKind, Fields, Hub, Live, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, header};
use preau_domain::{ServiceId, SessionId, TrustedUrl, Visit};
use std::sync::Arc;

/// The form by which somebody signs out.
pub(crate) const SIGN_OUT_FORM: &str = "sign-out";
/// Frames on the page of one sign-out, at most.
const FRAMES: usize = 20;

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/sign-out", get(home).post(sign_out))
}

/// Somebody asks for the address of a form, as a telephone does that opens its tabs again.
pub(crate) async fn home(State(hub): State<Arc<Hub>>) -> Response {
    hub.see_other("/")
}

async fn sign_out(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    if let Some(session) = &visitor.session {
        hub.check_form(session, SIGN_OUT_FORM, fields.required("token")?)?;
    }
    hub.sign_out(&visitor).await
}

impl Hub {
    /// Ends the session of this browser and leads it to the page that says so.
    pub async fn sign_out(&self, visitor: &Visitor) -> Result<Response, Fault> {
        let own = match &visitor.session {
            Some(id) => self.live(id).await?.map(|_| id),
            None => None,
        };
        let to = match own {
            // First, so that whoever reads that something went wrong is still signed in, and can try again.
            Some(id) => {
                let visits = self.store.visits(id).await?;
                let elsewhere = self.way_out_elsewhere(visitor).await?;
                self.keep_over(visitor, visits, elsewhere).await?
            }
            None => GOODBYE.to_owned(),
        };
        self.end_visitor_session(visitor).await?;
        Ok(self.parted(visitor, self.see_other(&to)))
    }

    /// Ends the session of this browser and leads it to an address that is already trusted, by way of the services that hear of the end
    /// from it alone, where there are some; or to the page that says so.
    pub async fn sign_out_to(self: &Arc<Self>, visitor: &Visitor, to: Option<String>) -> Result<Response, Fault> {
        let Some(to) = to else { return self.sign_out(visitor).await };
        let visits = self.visits_of(visitor).await?;
        let frames: Vec<String> = self.frames(&visits, None).into_iter().map(|frame| frame.load.address).collect();
        let round = self.round(&visits, &to).await?;
        self.end_visitor_session(visitor).await?;
        let to = round.unwrap_or(to);
        let onward = if frames.is_empty() { self.see_other(&to) } else { pages::leaving(self, visitor, &frames, &to) };
        Ok(self.parted(visitor, onward))
    }

    /// Takes the cookies of the session that was ended. A request that showed none takes none: a browser leaves them out of
    /// a form that another site posts, and that site must not sign anybody out.
    fn parted(&self, visitor: &Visitor, response: Response) -> Response {
        if visitor.session.is_some() { self.without_session(response) } else { response }
    }

    /// Asks the person of a session whether they want to sign out.
    pub fn ask_sign_out(&self, visitor: &Visitor, live: &Live) -> Response {
        let token = self.form_token(&live.session.id, SIGN_OUT_FORM);
        match live.known() {
            Ok(known) => pages::ask_sign_out(self, visitor, known.person.display_name(), &token),
            Err(fault) => fault.into_response(),
        }
    }

    /// The page that posts fields to a service, at an address of its own.
    pub fn posting(&self, visitor: &Visitor, to: &TrustedUrl, fields: &[(&'static str, String)]) -> Response {
        pages::posting(self, visitor, to, fields)
    }

    /// Leads a browser on at the end of its round; where services did not confirm the end, the person reads so, here or at the page
    /// that says goodbye.
    pub fn round_over(&self, visitor: &Visitor, onward: &str, unconfirmed: &[ServiceId]) -> Response {
        if unconfirmed.is_empty() {
            return self.see_other(onward);
        }
        match onward.strip_prefix(GOODBYE) {
            Some(_) => self.see_other(&format!("{onward}&{UNSURE}={}", listed(unconfirmed))),
            None => pages::unconfirmed(self, visitor, onward),
        }
    }

    /// The visits of the session of this browser.
    async fn visits_of(&self, visitor: &Visitor) -> Result<Vec<Visit>, Fault> {
        let Some(id) = &visitor.session else { return Ok(Vec::new()) };
        if self.live(id).await?.is_none() {
            return Ok(Vec::new());
        }
        Ok(self.store.visits(id).await?)
    }

    /// The frames by which a browser tells services that these visits are over, each once, at most 20. An answer to one bears its
    /// own mark, made of this one.
    pub(crate) fn frames(&self, visits: &[Visit], mark: Option<&str>) -> Vec<Frame> {
        let mut frames: Vec<Frame> = Vec::new();
        let (mut seen, mut addresses) = (Vec::new(), Vec::new());
        for (at, visit) in visits.iter().enumerate() {
            let mark = mark.map(|mark| format!("{mark}{at:03}"));
            let one = (&visit.protocol, &visit.service, &visit.notice);
            let protocol = self.protocol(&visit.protocol).filter(|_| !seen.contains(&one) && frames.len() < FRAMES);
            let load = protocol.and_then(|protocol| protocol.logout_frame(self, visit, mark.as_deref()));
            if let Some(load) = load.filter(|load| !addresses.contains(&load.address)) {
                seen.push(one);
                addresses.push(load.address.clone());
                frames.push(Frame { service: visit.service.clone(), mark, load });
            }
        }
        frames
    }

    /// Where the browser begins its round of the services that hear one after the other, if there are some.
    pub(crate) async fn round(&self, visits: &[Visit], onward: &str) -> Result<Option<String>, Fault> {
        let mut begin: Option<String> = None;
        for protocol in self.protocols() {
            let own: Vec<Visit> = visits.iter().filter(|one| one.protocol == protocol.name()).cloned().collect();
            if !own.is_empty() {
                let next = begin.as_deref().unwrap_or(onward);
                begin = protocol.logout_round(self, &own, next).await?.or(begin);
            }
        }
        Ok(begin)
    }

    /// Ends the session of this browser, if it has one. Those who hear by the browser alone are led to by whoever asks for this.
    async fn end_visitor_session(&self, visitor: &Visitor) -> Result<(), Fault> {
        if let Some(id) = &visitor.session {
            self.end_session(id, "person", visitor.correlation()).await?;
        }
        Ok(())
    }

    /// Takes the session's cookie away and tells the browser to forget the pages it keeps, as a shared machine needs.
    fn without_session(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.append(header::SET_COOKIE, Cookie::Session.clear(self.secure()));
        headers.append(header::SET_COOKIE, Cookie::Browser.clear(self.secure()));
        headers.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
        response
    }

    /// The token of a form shown within a session.
    pub fn form_token(&self, session: &SessionId, form: &str) -> String {
        self.keyring.mac("session-form", &[session.as_str(), form])
    }

    /// Takes a form of this very session: neither a page of another site nor somebody else, nor the same person after they signed in
    /// anew, has its token.
    pub fn check_form(&self, session: &SessionId, form: &str, token: &str) -> Result<(), Fault> {
        let ours = self.form_token_ok(session, form, token);
        if ours { Ok(()) } else { Err(Fault::new(FaultKind::StaleForm, "form of another session")) }
    }

    /// Whether a token is the one of that form in that session.
    pub(crate) fn form_token_ok(&self, session: &SessionId, form: &str, token: &str) -> bool {
        self.keyring.mac_ok("session-form", &[session.as_str(), form], token)
    }
}

/// A frame by which a browser tells a service.
pub(crate) struct Frame {
    pub service: ServiceId,
    /// What its answer is known by, if somebody waits for one.
    pub mark: Option<String>,
    pub load: LogoutFrame,
}

/// The services of some visits, each once.
pub(crate) fn services(visits: &[Visit]) -> Vec<ServiceId> {
    let mut services: Vec<ServiceId> = visits.iter().map(|visit| visit.service.clone()).collect();
    services.sort_unstable();
    services.dedup();
    services
}
