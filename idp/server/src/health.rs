//! What the machines around ask: is it alive, is it ready, how is it doing.

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use preau_domain::SourceId;
use preau_store::Store;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer of the database is believed, so that asking often costs it nothing.
const BELIEVED: Duration = Duration::from_secs(1);

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How the services are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Services {
    /// None is mounted, because of a problem.
    Failed,
    /// Some are mounted; the files of others have a problem.
    Degraded,
    /// All that are asked for are mounted.
    Whole,
}

/// What is known of the state of the house.
pub struct Health {
    store: Arc<dyn Store>,
    services: Mutex<Services>,
    /// Whether the keys were there that messages are signed with.
    signing: AtomicBool,
    stopping: AtomicBool,
    sources: Mutex<BTreeMap<SourceId, Option<bool>>>,
    storage: tokio::sync::Mutex<Option<(Instant, bool)>>,
    metrics: PrometheusHandle,
    /// Whether the main address answers `/metrics`, to this machine.
    metrics_here: bool,
}

impl Health {
    /// Nothing is known yet; `sources` are those of the configuration.
    pub fn new(
        store: Arc<dyn Store>,
        sources: impl Iterator<Item = SourceId>,
        metrics: PrometheusHandle,
        metrics_here: bool,
    ) -> Self {
        Health {
            store,
            services: Mutex::new(Services::Failed),
            signing: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            sources: Mutex::new(sources.map(|source| (source, None)).collect()),
            storage: tokio::sync::Mutex::new(None),
            metrics,
            metrics_here,
        }
    }

    /// The services are in this state.
    pub fn services(&self, state: Services) {
        *self.services.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// There is a key for everything that is signed, or none is waited for.
    pub fn signing(&self) {
        self.signing.store(true, Ordering::Relaxed);
    }

    /// The server takes no new work.
    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// A source answered, or did not. Returns whether that is news.
    pub fn source(&self, source: &SourceId, up: bool) -> bool {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.insert(source.clone(), Some(up)) != Some(Some(up))
    }

    async fn storage(&self) -> bool {
        // One request asks, those that come meanwhile wait for its answer.
        let mut known = self.storage.lock().await;
        if let Some((at, answer)) = *known
            && at.elapsed() < BELIEVED
        {
            return answer;
        }
        let answer = matches!(tokio::time::timeout(PATIENCE, self.store.ready()).await, Ok(Ok(())));
        *known = Some((Instant::now(), answer));
        answer
    }

    /// The figures as Prometheus reads them.
    fn figures(&self) -> Response {
        if let Some(bytes) = resident_bytes() {
            metrics::gauge!("process_resident_memory_bytes").set(bytes);
        }
        ([("content-type", "text/plain; version=0.0.4")], self.metrics.render()).into_response()
    }
}

/// Begins to count. Buckets go from a tenth of a millisecond to ten seconds.
pub fn recorder() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    let buckets = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &buckets)?
        .install_recorder()
}

/// The routes for machines, with the headers of the house; `secure` when its address is https.
pub fn routes(health: Arc<Health>, secure: bool) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(local_metrics))
        .with_state(health)
        .layer(map_response(move |mut response: Response| async move {
            preau_web::protect(response.headers_mut(), secure);
            response
        }))
}

/// The one route of the separate address.
pub fn metrics_routes(health: Arc<Health>) -> Router {
    Router::new()
        .route("/metrics", get(|State(health): State<Arc<Health>>| async move { health.figures() }))
        .with_state(health)
}

async fn alive() -> Response {
    ([("content-type", "text/plain"), ("cache-control", "no-store")], "alive\n").into_response()
}

/// Ready when a person can be served: the database answers, the keys that a first start draws are there, and services are
/// mounted, be they all or those whose files are sound. A directory that is down does not make it unready, for everybody
/// who is signed in already goes on working.
async fn ready(State(health): State<Arc<Health>>) -> Response {
    let storage = health.storage().await;
    let services = *health.services.lock().unwrap_or_else(PoisonError::into_inner);
    let stopping = health.stopping.load(Ordering::Relaxed);
    let signing = health.signing.load(Ordering::Relaxed);
    let ready = storage && signing && services != Services::Failed && !stopping;
    let sources: BTreeMap<String, &str> = health
        .sources
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .map(|(source, up)| {
            let word = match up {
                Some(true) => "ok",
                Some(false) => "degraded",
                None => "not asked yet",
            };
            (source.to_string(), word)
        })
        .collect();
    let word = |fine: bool| if fine { "ok" } else { "failed" };
    let body = json!({
        "ready": ready,
        "stopping": stopping,
        "storage": word(storage),
        "signing": if signing { "ok" } else { "not yet" },
        "services": match services {
            Services::Failed => "failed",
            Services::Degraded => "degraded",
            Services::Whole => "ok",
        },
        "sources": sources,
    });
    let status = if ready { http::StatusCode::OK } else { http::StatusCode::SERVICE_UNAVAILABLE };
    (status, [("cache-control", "no-store")], axum::Json(body)).into_response()
}

/// Figures, to this machine alone: what a proxy forwards comes from elsewhere. One that says nothing of itself still has to pass
/// on the name we were called by, since nothing else of ours is answered without.
async fn local_metrics(
    State(health): State<Arc<Health>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let headers = request.headers();
    let forwarded =
        ["forwarded", "x-forwarded-for", "x-forwarded-host", "via"].iter().any(|name| headers.contains_key(*name));
    let line = request.uri().authority().map(http::uri::Authority::as_str);
    let host = headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).or(line);
    let here = peer.ip().to_canonical().is_loopback() && host.is_some_and(names_this_machine);
    if health.metrics_here && here && !forwarded {
        health.figures()
    } else {
        http::StatusCode::NOT_FOUND.into_response()
    }
}

/// Whether a host, with its port or without, is this machine for whoever names it.
fn names_this_machine(host: &str) -> bool {
    let url = url::Url::parse(&format!("http://{host}")).ok().filter(|url| url.username().is_empty());
    match url.as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

/// Resident memory, as the kernel counts it.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kb| kb * 1024.0)
}
