//! The end of a session, told to every service it reached.
//!
//! The session, its tickets and its visits are gone in one stroke before anything is told, so a service that hangs or
//! lies cannot keep it alive; that stroke leaves notices in the outbox of the store, which no end of a process loses.
//! Services are told in the background, each at its own pace and with a bound on how many calls run at once. The person waits a
//! second and a half at most, so that the sentence they read is true: it says that everything is closed, or who has not answered.

use crate::pages;
use crate::visitor::Cookie;
use crate::{Fault, FaultKind, Fields, Hub, Live, NoticeBody, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::stream::{self, FuturesUnordered};
use futures::{StreamExt, future};
use http::{HeaderValue, header};
use preau_domain::{AuditEvent, AuditKind, CorrelationId, Instant, Seconds, ServiceId, SessionId, TrustedUrl, Visit};
use preau_store::Notice;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Notices of one service taken at once. A service that hangs waits for itself and for nobody else.
const TAKEN_OF_ONE: u32 = 48;
/// Calls under way at once to one service.
const CALLS_TO_ONE: usize = 16;
/// Notices taken at once.
const TAKEN: u32 = 256;
/// How long whoever takes notices has to tell them: more than three calls of four seconds one after the other, the most
/// that those of one service take. One whose process was killed is told again after that.
const LEASE: Seconds = Seconds(15);
/// Waits after a try that failed; when there is none left, the notice is given up.
const WAITS: [Seconds; 5] = [Seconds(2), Seconds(15), Seconds(60), Seconds(5 * 60), Seconds(20 * 60)];
/// How long after a session ended it is asked who has heard: once more until all have, or there is none left. A second and a half in all.
const LISTEN: [Duration; 6] = [
    Duration::from_millis(40),
    Duration::from_millis(80),
    Duration::from_millis(180),
    Duration::from_millis(300),
    Duration::from_millis(400),
    Duration::from_millis(500),
];
/// Services that are still open, in the address of the page that says so; that many at most.
const SILENT: &str = "silent";
const DEAF: &str = "deaf";
const MOST_NAMED: usize = 50;
/// Frames on the page of one sign-out, at most.
const FRAMES: usize = 20;
/// Longest answer of a service to an envelope.
const MAX_ANSWER: usize = 64 * 1024;
/// How often somebody looks for notices whose time has come, when no session ends here meanwhile.
const LOOK: Duration = Duration::from_secs(2);

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/sign-out", get(goodbye).post(sign_out))
}

/// Somebody asks for the address of a form, as a telephone does that opens its tabs again.
pub(crate) async fn home(State(hub): State<Arc<Hub>>) -> Response {
    hub.see_other("/")
}

/// The same for the form that signs out, and the end of a round: which services are still open, if some are.
async fn goodbye(State(hub): State<Arc<Hub>>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let (fields, services) = (Fields::parse(query.as_deref().unwrap_or_default())?, hub.services());
    let open = |word| {
        let ids = fields.one(word)?.unwrap_or_default().split(',').take(MOST_NAMED).map(ServiceId::new);
        Ok::<Vec<ServiceId>, Fault>(ids.filter(|id| services.get(id).is_some()).collect())
    };
    let (silent, deaf) = (open(SILENT)?, open(DEAF)?);
    // Anybody may make this address: whoever is still signed in is not told that it is over.
    if (silent.is_empty() && deaf.is_empty()) || visitor.live(&hub).await?.is_some() {
        return Ok(hub.see_other("/"));
    }
    let end = pages::End { silent: &silent, deaf: &deaf, ..pages::End::default() };
    Ok(pages::signed_out(&hub, &visitor, end, &[]))
}

/// Where a browser ends that is led on and has something to read: the services that have not answered, or else those that
/// cannot be told. None when everything is closed.
fn still_open(silent: &[ServiceId], deaf: &[ServiceId]) -> Option<String> {
    let (word, open) = if silent.is_empty() { (DEAF, deaf) } else { (SILENT, silent) };
    let ids: Vec<&str> = open.iter().take(MOST_NAMED).map(ServiceId::as_str).collect();
    (!ids.is_empty()).then(|| format!("/sign-out?{word}={}", ids.join(",")))
}

async fn sign_out(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    if let Some(session) = &visitor.session
        && !hub.form_token_ok(session, "sign-out", fields.required("token")?)
    {
        return Err(Fault::new(FaultKind::StaleForm, "sign-out form of another session"));
    }
    hub.sign_out(&visitor).await
}

impl Hub {
    /// Ends the session of this browser and answers with the page that says so.
    pub async fn sign_out(&self, visitor: &Visitor) -> Result<Response, Fault> {
        let visits = self.visits_of(visitor).await?;
        let (deaf, frames) = (self.deaf(&visits), self.frames(&visits));
        let elsewhere = self.way_out_elsewhere(visitor).await?;
        let told = self.end_visitor_session(visitor).await?;
        let silent = self.silent(&told).await;
        // Who is told one after the other is told first; what there is to read is read at the end of the way.
        let round = self.round(&visits, still_open(&silent, &deaf).as_deref()).await?;
        let page = match (&round, frames.is_empty()) {
            (Some(round), true) if elsewhere.is_none() => self.see_other(round),
            (Some(round), false) if elsewhere.is_none() => pages::leaving(self, visitor, &frames, round),
            // Those who hear by a frame hear from this very page.
            _ => {
                let end = pages::End {
                    told: services(&told).len(),
                    silent: &silent,
                    deaf: &deaf,
                    elsewhere,
                    round: round.as_deref(),
                };
                pages::signed_out(self, visitor, end, &frames)
            }
        };
        Ok(self.parted(visitor, page))
    }

    /// Services of these visits that hear of no end in any way: the session there goes on.
    fn deaf(&self, visits: &[Visit]) -> Vec<ServiceId> {
        let hears = |visit: &Visit| self.protocol(&visit.protocol).is_some_and(|one| one.hears(self, visit));
        let mut deaf = services(visits);
        deaf.retain(|service| !visits.iter().any(|visit| visit.service == *service && hears(visit)));
        deaf
    }

    /// Who has not heard of the end of these visits in time, if anybody: those who are told in the background.
    async fn silent(&self, told: &[Visit]) -> Vec<ServiceId> {
        let mut silent = services(told);
        for wait in LISTEN {
            if silent.is_empty() {
                break;
            }
            tokio::time::sleep(wait).await;
            match self.store.yet_to_hear(told).await {
                Ok(waiting) => silent = waiting,
                // The session is over all the same; who has heard is not known.
                Err(error) => tracing::warn!(%error, "who heard of the end of a session is not known"),
            }
        }
        silent
    }

    /// Ends the session of this browser and leads it to an address that is already trusted, or to the page that says so.
    pub async fn sign_out_to(&self, visitor: &Visitor, to: Option<String>) -> Result<Response, Fault> {
        let Some(to) = to else { return self.sign_out(visitor).await };
        let visits = self.visits_of(visitor).await?;
        let (frames, round) = (self.frames(&visits), self.round(&visits, Some(&to)).await?);
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
        let token = self.form_token(&live.session.id, "sign-out");
        match live.known() {
            Ok(known) => pages::ask_sign_out(self, visitor, known.person.display_name(), &token),
            Err(fault) => fault.into_response(),
        }
    }

    /// The page that posts fields to a service, at an address of its own.
    pub fn posting(&self, visitor: &Visitor, to: &TrustedUrl, fields: &[(&'static str, String)]) -> Response {
        pages::posting(self, visitor, to, fields)
    }

    /// Leads a browser on at the end of its round; where a service did not confirm the end, the person reads so first.
    pub fn round_over(&self, visitor: &Visitor, onward: Option<&str>, confirmed: bool) -> Response {
        match onward {
            Some(to) if confirmed => self.see_other(to),
            None if confirmed => pages::signed_out(self, visitor, pages::End::default(), &[]),
            _ => pages::unconfirmed(self, visitor, onward),
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

    /// The frames by which a browser tells services that these visits are over, each once, at most 20.
    fn frames(&self, visits: &[Visit]) -> Vec<String> {
        let mut frames = Vec::new();
        for visit in visits {
            let frame = self.protocol(&visit.protocol).and_then(|protocol| protocol.logout_frame(self, visit));
            frames.extend(frame.filter(|frame| !frames.contains(frame) && frames.len() < FRAMES));
        }
        frames
    }

    /// Where the browser begins its round of the services that hear one after the other, if there are some.
    async fn round(&self, visits: &[Visit], onward: Option<&str>) -> Result<Option<String>, Fault> {
        let mut begin: Option<String> = None;
        for protocol in self.protocols() {
            let own: Vec<Visit> = visits.iter().filter(|one| one.protocol == protocol.name()).cloned().collect();
            if !own.is_empty() {
                let next = begin.as_deref().or(onward);
                begin = protocol.logout_round(self, &own, next).await?.or(begin);
            }
        }
        Ok(begin)
    }

    /// Ends the session of this browser, if it has one. Returns the visits whose services are being told.
    pub async fn end_visitor_session(&self, visitor: &Visitor) -> Result<Vec<Visit>, Fault> {
        match &visitor.session {
            Some(id) => self.end_session(id, "person", visitor.correlation()).await,
            None => Ok(Vec::new()),
        }
    }

    /// Takes the session's cookie away and tells the browser to forget the pages it keeps, as a shared machine needs.
    pub fn without_session(&self, mut response: Response) -> Response {
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

    /// Whether a token is the one of that form in that session.
    pub fn form_token_ok(&self, session: &SessionId, form: &str, token: &str) -> bool {
        self.keyring.mac_ok("session-form", &[session.as_str(), form], token)
    }

    /// Those of these visits whose services hear of their end in the background.
    pub(crate) fn listening(&self, mut visits: Vec<Visit>) -> Vec<Visit> {
        visits.retain(|visit| self.protocol(&visit.protocol).is_some_and(|p| p.logout_notice(self, visit).is_some()));
        visits
    }

    /// Says that notices may wait in the outbox.
    pub(crate) fn look_for_notices(&self) {
        self.notices.notify_one();
    }

    /// Tells services of visits that are over, for ever. Each has turns of its own, so that one that hangs keeps no other
    /// waiting. What is under way when this is dropped is told again later, by whoever takes it then.
    pub async fn tell_services(&self) {
        let (mut calls, mut busy) = (FuturesUnordered::new(), Vec::new());
        loop {
            tokio::select! {
                () = self.notices.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                Some(service) = calls.next(), if !calls.is_empty() => busy.retain(|other| *other != service),
            }
            let now = self.now();
            let taken = match self.store.take_notices(now, now + LEASE, &busy, TAKEN_OF_ONE, TAKEN).await {
                Ok(taken) => taken,
                Err(error) => {
                    tracing::warn!(%error, "services could not be told of ends of sessions; they will be");
                    continue;
                }
            };
            let mut by_service: HashMap<ServiceId, Vec<Notice>> = HashMap::new();
            for notice in taken {
                by_service.entry(notice.visit.service.clone()).or_default().push(notice);
            }
            for (service, notices) in by_service {
                busy.push(service.clone());
                calls.push(self.tell_one(service, notices, now));
            }
        }
    }

    /// Tells a service its notices, some at once; gives it back.
    async fn tell_one(&self, service: ServiceId, notices: Vec<Notice>, now: Instant) -> ServiceId {
        let tell = |notice: Notice| async move { self.tell(&notice, now).await.then_some(notice.id) };
        let told = stream::iter(notices).map(tell).buffer_unordered(CALLS_TO_ONE);
        let settled: Vec<i64> = told.filter_map(future::ready).collect().await;
        if let Err(error) = self.store.settle_notices(&settled).await {
            tracing::warn!(service.id = %service, %error, "what a service was told is told again");
        }
        service
    }

    /// Tells one notice, taken at `now`; says whether it is over with it.
    async fn tell(&self, notice: &Notice, now: Instant) -> bool {
        let service = notice.visit.service.as_str();
        // A service that was taken away, or does not listen any more, need not hear.
        let call = self.protocol(&notice.visit.protocol).and_then(|p| p.logout_notice(self, &notice.visit));
        let Some(call) = call else { return true };
        let (to, network) = (call.to.as_str(), call.door.network);
        let answer = match &call.body {
            NoticeBody::Form(form) => self.egress.post_form(to, form, network).await,
            NoticeBody::Soap(envelope) => {
                self.egress.post_soap(to, envelope, network, MAX_ANSWER).await.map(|answer| {
                    let protocol = self.protocol(&notice.visit.protocol);
                    let said = protocol.is_none_or(|one| one.logout_confirmed(self, &notice.visit, answer.body()));
                    if !said && answer.status().as_u16() < 500 {
                        metrics::counter!("preau_logout_unconfirmed_total").increment(1);
                        tracing::info!(service.id = service, "a service did not confirm the end of a session");
                    }
                    answer.status().as_u16()
                })
            }
        };
        match answer {
            Ok(status) if status < 500 => {
                metrics::counter!("preau_logout_notices_total", "result" => "told").increment(1);
                tracing::debug!(service.id = service, status, "service told of a logout");
                return true;
            }
            Ok(status) => tracing::info!(service.id = service, status, "service failed to hear of a logout"),
            Err(error) => tracing::info!(service.id = service, %error, "service not told of a logout"),
        }
        let tries = usize::try_from(notice.tries).unwrap_or(usize::MAX).max(1);
        let Some(wait) = WAITS.get(tries - 1) else {
            metrics::counter!("preau_logout_notices_total", "result" => "given-up").increment(1);
            tracing::warn!(service.id = service, "service was not told of a logout: its own session may live on");
            let correlation = CorrelationId::generate(&*self.ids, self.now());
            let mut event =
                AuditEvent::new(self.now(), AuditKind::LogoutGivenUp, correlation, "its session may live on");
            event.session = Some(notice.visit.session.clone());
            event.service = Some(notice.visit.service.clone());
            self.audit(event);
            return true;
        };
        if let Err(error) = self.store.postpone_notice(notice.id, now + *wait).await {
            tracing::warn!(service.id = service, %error, "the next try comes when this one is forgotten");
        }
        false
    }
}

/// The services of some visits, each once.
fn services(visits: &[Visit]) -> Vec<ServiceId> {
    let mut services: Vec<ServiceId> = visits.iter().map(|visit| visit.service.clone()).collect();
    services.sort_unstable();
    services.dedup();
    services
}
