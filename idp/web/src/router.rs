//! The outermost layer and the table of routes.
//!
//! Every request passes [`around`] once: it gets its number (the correlation id) and its visitor, is refused if it names another
//! host, and leaves with the headers of the house; a fault inside becomes a page here and nowhere else.

use crate::visitor::{Cookie, peer};
use crate::{
    Fault, FaultKind, Hub, Locale, Visitor, account, activation, bench, cards, certificate, goodbye, headers,
    inspections, logout, offers, pages, runs, sharing, sign_in, upstream,
};
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, header};
use metrics::{Counter, Histogram};
use preau_domain::{AuditEvent, AuditKind, CorrelationId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tower::ServiceBuilder;
use tracing::Instrument;

/// Largest body of any request, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// Longest address accepted, in bytes.
const MAX_TARGET: usize = 16 * 1024;

/// Everything a browser or a service can ask for, over a hub that has its protocols.
pub fn router(hub: Arc<Hub>) -> Router {
    let mut routes = Router::new()
        .merge(sign_in::routes())
        .merge(logout::routes())
        .merge(goodbye::routes())
        .merge(upstream::routes())
        .merge(bench::routes())
        .merge(runs::routes())
        .merge(offers::routes())
        .merge(sharing::routes())
        .merge(inspections::routes())
        .merge(account::routes())
        .merge(activation::routes())
        .merge(cards::routes())
        .merge(pages::portal_routes());
    for protocol in hub.protocols() {
        routes = routes.merge(protocol.routes());
    }
    routes
        .fallback(|| async { Fault::new(FaultKind::NotFound, "no such page") })
        .method_not_allowed_fallback(|| async { Fault::new(FaultKind::MethodNotAllowed, "method") })
        .layer(
            // Together, outermost first: a layer by itself costs every request a box of its own.
            ServiceBuilder::new()
                .layer(from_fn_with_state(hub.clone(), around))
                .layer(tower_http::catch_panic::CatchPanicLayer::custom(panicked))
                .layer(DefaultBodyLimit::max(MAX_BODY)),
        )
        .with_state(hub)
}

/// A panic is a mistake of ours; the person reads the same page as for any other one, and nothing of its cause.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Fault::new(FaultKind::Internal, "panic").into_response()
}

/// Before the routes of a protocol: whoever asks for headers alone, as a preview or a watch does, wants nothing to happen: no ticket is made,
/// none is burnt and no session ends.
pub async fn act_on_no_head(request: Request, next: Next) -> Response {
    if request.method() == Method::HEAD {
        return Fault::new(FaultKind::MethodNotAllowed, "HEAD would have an effect").into_response();
    }
    next.run(request).await
}

async fn around(State(hub): State<Arc<Hub>>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let own = CorrelationId::generate(&*hub.ids, hub.now());
    let query = request.uri().query().unwrap_or_default();
    let mut visitor = Visitor::read(&hub, request.headers(), peer(request.extensions()), own, query);
    visitor.certificate = certificate::shown(&hub, request.headers(), peer(request.extensions()), request.extensions());
    let chosen = Locale::asked(query);
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("none", MatchedPath::as_str);
    let json = wants_json(&request);
    let method = request.method().clone();
    let refused = precheck(&hub, &request);
    let here = asked_again(&request);
    request.extensions_mut().insert(visitor.clone());
    let span = tracing::info_span!("request", %method, route, correlation = %visitor.correlation());
    let mut response = match refused {
        Some(fault) => fault.into_response(),
        None => next.run(request).instrument(span.clone()).await,
    };
    if response.extensions().get::<Fault>().is_none() {
        let status = response.status();
        // The framework's own refusals (a body too large, a bad path) become pages like any other.
        if status.is_client_error() && response.headers().get(header::CONTENT_TYPE).is_none_or(is_plain_text) {
            let kind = if status.as_u16() == 413 { FaultKind::TooLarge } else { FaultKind::BadRequest };
            response = Fault::new(kind, "refused by the framework").into_response();
        }
    }
    if let Some(fault) = response.extensions_mut().remove::<Fault>() {
        let before = std::mem::take(response.headers_mut());
        response = span.in_scope(|| present(&hub, &visitor, &fault, json, &here));
        for name in [header::SET_COOKIE, header::ALLOW] {
            for value in before.get_all(&name) {
                response.headers_mut().append(&name, value.clone());
            }
        }
    }
    let headers = response.headers_mut();
    // What others may keep carries nobody's choice.
    if let Some(locale) = chosen
        && !headers.contains_key(header::CACHE_CONTROL)
    {
        headers.append(header::SET_COOKIE, Cookie::Language.set(hub.secure(), locale.code()));
    }
    let tile = |cookie: &HeaderValue| cookie.as_bytes().starts_with(Cookie::Tile.name(hub.secure()).as_bytes());
    if visitor.spent_tile() && !headers.get_all(header::SET_COOKIE).iter().any(tile) {
        headers.append(header::SET_COOKIE, Cookie::Tile.clear(hub.secure()));
    }
    headers::protect(headers, hub.secure());
    if let Ok(value) = HeaderValue::from_str(visitor.correlation().as_str()) {
        headers.insert("x-correlation-id", value);
    }
    count(route, response.status().as_u16(), began.elapsed().as_secs_f64());
    response
}

thread_local! {
    /// The figures of each route, looked up in the recorder once per thread. Routes are a closed list.
    static FIGURES: RefCell<HashMap<String, Figures>> = RefCell::default();
}

struct Figures {
    seconds: Histogram,
    by_class: [Counter; 4],
}

impl Figures {
    fn note(&self, class: usize, seconds: f64) {
        self.by_class[class].increment(1);
        self.seconds.record(seconds);
    }
}

const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

fn count(route: &str, status: u16, seconds: f64) {
    let class = match status {
        100..=299 => 0,
        300..=399 => 1,
        400..=499 => 2,
        _ => 3,
    };
    FIGURES.with_borrow_mut(|figures| {
        if let Some(figures) = figures.get(route) {
            return figures.note(class, seconds);
        }
        let counter = |class| metrics::counter!("preau_requests_total", "route" => route.to_owned(), "status" => class);
        let figures_of_route = Figures {
            seconds: metrics::histogram!("preau_request_seconds", "route" => route.to_owned()),
            by_class: CLASSES.map(counter),
        };
        figures_of_route.note(class, seconds);
        figures.insert(route.to_owned(), figures_of_route);
    });
}

fn is_plain_text(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|v| v.starts_with("text/plain"))
}

fn precheck(hub: &Hub, request: &Request) -> Option<Fault> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next().and_then(|h| h.to_str().ok());
    // A request that names its host twice, in the line and in the header, must mean the same one.
    let line = request.uri().authority().map(|a| a.as_str());
    // Where services show a certificate no browser has anything to do: only what services call is there.
    let called = || hub.protocols().iter().any(|one| one.service_paths().contains(&request.uri().path()));
    let at_mtls = host.or(line).is_some_and(|name| hub.is_mtls_host(name)) && called();
    let ours = |name: &str| if at_mtls { hub.is_mtls_host(name) } else { name.eq_ignore_ascii_case(hub.host()) };
    if hosts.next().is_some() || !host.or(line).is_some_and(ours) || !line.is_none_or(ours) {
        return Some(Fault::new(FaultKind::WrongHost, "request for another host"));
    }
    let target = request.uri().path_and_query().map_or(0, |p| p.as_str().len());
    (target > MAX_TARGET).then(|| Fault::new(FaultKind::TooLarge, "address too long"))
}

/// Where the same page is asked for again, in another language: the path of this request when that is one of ours and
/// asking did nothing, or the home page. What was asked besides may be a code or a ticket, and is not written again.
fn asked_again(request: &Request) -> String {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let plain = query.split('&').all(|field| field.is_empty() || field.starts_with("lang="));
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    if asks && plain && path.len() <= 1_000 { sign_in::local_path(path).to_owned() } else { "/".to_owned() }
}

fn wants_json(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

/// Writes a fault for whoever asked, and says it once in the log and in the journal.
fn present(hub: &Hub, visitor: &Visitor, fault: &Fault, json: bool, here: &str) -> Response {
    let status = fault.kind.status();
    let service = fault.about.as_ref().map(|service| service.as_str());
    let (kind, claimed, detail) = (fault.kind.as_str(), fault.claimed.as_deref(), &fault.detail);
    if status.is_server_error() {
        tracing::error!(fault = kind, service.id = service, claimed, %detail, "fault");
    } else {
        tracing::info!(fault = kind, service.id = service, claimed, %detail, "fault");
    }
    let hostile = matches!(
        fault.kind,
        FaultKind::BadRequest
            | FaultKind::UnknownService
            | FaultKind::StaleForm
            | FaultKind::TooLarge
            | FaultKind::WrongHost
    );
    if hostile {
        let (at, kind) = (hub.now(), AuditKind::RequestRefused);
        let claimed = fault.claimed.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        let detail = format!("{}{claimed}", fault.kind.as_str());
        let event = AuditEvent::new(at, kind, visitor.correlation().clone(), detail);
        hub.audit(AuditEvent { service: fault.about.clone(), ..event });
    }
    metrics::counter!("preau_faults_total", "kind" => fault.kind.as_str()).increment(1);
    let mut response = if json {
        let body = serde_json::json!({ "error": fault.kind.as_str(), "incident": visitor.correlation() });
        (status, axum::Json(body)).into_response()
    } else {
        // What a hostile request named is not named again.
        pages::fault(hub, visitor, fault, if hostile { "/" } else { here })
    };
    *response.status_mut() = status;
    if status.as_u16() == 503 {
        // Spread over ten seconds, so that a crowd does not come back as one.
        let mut byte = [0u8; 1];
        hub.ids.fill(&mut byte);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(5 + u16::from(byte[0] % 10)));
    }
    response
}
