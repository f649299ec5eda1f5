//! The end of a session, told to every service it reached.
//!
//! The session, its tickets and its visits are gone in one stroke before anything is told, so a service that hangs or
//! lies cannot keep it alive. Services are told in the background, each at its own pace and with a bound on how many
//! calls run at once; the person waits for none of them.

use crate::pages;
use crate::visitor::Cookie;
use crate::{Fault, FaultKind, Fields, Hub, LogoutNotice, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use http::{HeaderValue, header};
use preau_domain::{ServiceId, SessionId, Visit};
use preau_egress::Egress;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Calls under way at once to one service. A service that hangs waits for itself and for nobody else.
const CALLS_TO_ONE: usize = 4;
/// Visits of one session that one service is told of: the latest. Nobody works in more places of one service at once, and
/// whoever asks for hundreds of tickets makes nobody wait.
const TOLD_TO_ONE: usize = 20;
/// Notices that may wait for one service; more are given up at once and counted.
const WAITING_FOR_ONE: usize = 2_000;
/// Waits before each try.
const TRIES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(2), Duration::from_secs(15)];

/// The turns of each service that is being told something.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<ServiceId, Arc<Turn>>>);

struct Turn {
    calls: Semaphore,
    waiting: AtomicUsize,
}

impl Turns {
    fn of(&self, service: &ServiceId) -> Arc<Turn> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Turn { calls: Semaphore::new(CALLS_TO_ONE), waiting: AtomicUsize::new(0) });
        Arc::clone(turns.entry(service.clone()).or_insert_with(fresh))
    }
}

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/sign-out", post(sign_out))
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
        let told = self.end_visitor_session(visitor).await?;
        Ok(self.without_session(pages::signed_out(self, visitor, told)))
    }

    /// Ends the session of this browser, if it has one. Returns how many services are being told.
    pub async fn end_visitor_session(&self, visitor: &Visitor) -> Result<usize, Fault> {
        match &visitor.session {
            Some(id) => self.end_session(id, "person", &visitor.correlation).await,
            None => Ok(0),
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

    /// Tells services that visits are over; returns how many services listen. Must run inside the asynchronous runtime.
    pub fn tell_services(&self, visits: Vec<Visit>) -> usize {
        let mut by_service: HashMap<ServiceId, usize> = HashMap::new();
        for visit in visits.iter().rev() {
            let Some(notice) = self.protocol(&visit.protocol).and_then(|p| p.logout_notice(self, visit)) else {
                continue;
            };
            let told = by_service.entry(visit.service.clone()).or_default();
            *told += 1;
            if *told > TOLD_TO_ONE {
                continue;
            }
            let turn = self.turns.of(&visit.service);
            if turn.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_FOR_ONE {
                turn.waiting.fetch_sub(1, Ordering::Relaxed);
                given_up(visit.service.as_str());
                continue;
            }
            tokio::spawn(tell(self.egress.clone(), notice, turn));
        }
        by_service.len()
    }
}

async fn tell(egress: Egress, notice: LogoutNotice, turn: Arc<Turn>) {
    let heard = try_to_tell(&egress, &notice, &turn).await;
    turn.waiting.fetch_sub(1, Ordering::Relaxed);
    if !heard {
        given_up(notice.door.service.id.as_str());
    }
}

async fn try_to_tell(egress: &Egress, notice: &LogoutNotice, turn: &Turn) -> bool {
    let service = notice.door.service.id.as_str();
    for wait in TRIES {
        tokio::time::sleep(wait).await;
        let Ok(_call) = turn.calls.acquire().await else { return false };
        match egress.post_form(notice.to.as_str(), &notice.form, notice.door.network).await {
            Ok(status) if status < 500 => {
                metrics::counter!("preau_logout_notices_total", "result" => "told").increment(1);
                tracing::debug!(service.id = service, status, "service told of a logout");
                return true;
            }
            Ok(status) => tracing::info!(service.id = service, status, "service failed to hear of a logout"),
            Err(error) => tracing::info!(service.id = service, %error, "service not told of a logout"),
        }
    }
    false
}

fn given_up(service: &str) {
    metrics::counter!("preau_logout_notices_total", "result" => "given-up").increment(1);
    tracing::warn!(service.id = service, "service was not told of a logout: its own session may live on");
}
