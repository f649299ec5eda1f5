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
use preau_domain::{SessionId, Visit};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Calls under way at once, over all services.
static CALLS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(64));
/// Waits before each try.
const TRIES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(2), Duration::from_secs(15)];

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
            Some(id) => self.end_session(id, "person").await,
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
        let mut notices: Vec<LogoutNotice> = Vec::new();
        for visit in &visits {
            let notice = self.protocol(&visit.protocol).and_then(|p| p.logout_notice(self, visit));
            notices.extend(notice);
        }
        let mut services: Vec<&str> = notices.iter().map(|n| n.door.service.id.as_str()).collect();
        services.sort_unstable();
        services.dedup();
        let told = services.len();
        for notice in notices {
            tokio::spawn(tell(self.egress.clone(), notice));
        }
        told
    }
}

async fn tell(egress: crate::Egress, notice: LogoutNotice) {
    let service = notice.door.service.id.as_str();
    for wait in TRIES {
        tokio::time::sleep(wait).await;
        let Ok(_turn) = CALLS.acquire().await else { return };
        match egress.post_form(notice.to.as_str(), &notice.form, notice.door.network).await {
            Ok(status) if status < 500 => {
                metrics::counter!("preau_logout_notices_total", "result" => "told").increment(1);
                tracing::debug!(service.id = service, status, "service told of a logout");
                return;
            }
            Ok(status) => tracing::info!(service.id = service, status, "service failed to hear of a logout"),
            Err(error) => tracing::info!(service.id = service, %error, "service not told of a logout"),
        }
    }
    metrics::counter!("preau_logout_notices_total", "result" => "given-up").increment(1);
    tracing::warn!(service.id = service, "service was not told of a logout: its own session may live on");
}
