//! A running server: sockets, routes, jobs, and how it stops.

use crate::aside::Aside;
use crate::cli::Failure;
use crate::config::Loaded;
use crate::health::{self, Health, Services};
use crate::jobs::{self, House};
use crate::listener::{self, Asking, Bounded, Stop};
use crate::metadata::refresh::Partners;
use crate::releases::Releases;
use crate::signing::Signing;
use crate::{SystemClock, assembly};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use metrics_exporter_prometheus::PrometheusHandle;
use preau_domain::Clock;
use preau_saml::metadata::Peers;
use preau_web::Hub;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long one request may take, body included.
const REQUEST: Duration = Duration::from_secs(30);

/// A server that answers.
pub struct Running {
    /// Where it answers.
    pub address: SocketAddr,
    /// The hub it answers with.
    pub hub: Arc<Hub>,
    stop: Stop,
    sockets: JoinSet<()>,
    jobs: jobs::Jobs,
    health: Arc<Health>,
    patience: Duration,
}

/// Starts a server: when this returns, its address takes connections. Call inside a runtime.
pub async fn start(loaded: Loaded, demo: bool, metrics: PrometheusHandle) -> Result<Running, Failure> {
    if !demo {
        let problems = assembly::published_secrets(&loaded);
        if !problems.is_empty() {
            return Err(Failure::Config(problems));
        }
    }
    let keyring = assembly::keyring(&loaded, demo)?;
    let connectors = assembly::connectors(&loaded).map_err(Failure::Config)?;
    // A provider that cannot be used keeps nobody from the others.
    for problem in assembly::expired(&connectors, SystemClock::new().now()) {
        tracing::error!(at = problem.at, problem = problem.what, "a provider cannot be used");
    }
    let store = assembly::store(&loaded, Some(&keyring)).await?;
    let server = &loaded.config.server;

    // The state of the folders is noted before they are read: a file that changes meanwhile is read again.
    let seen = assembly::seen(&loaded);
    let (services, problems) = assembly::sound_table(&loaded);
    let mounted = services.all().len();
    let peers = Arc::new(Peers::default());
    let hub = assembly::hub(&loaded, Arc::clone(&store), keyring, &connectors, services, Arc::clone(&peers))?;
    let (releases, wishes) = Releases::over(&connectors);
    let hub = Arc::new(hub.with_synchronisations(Arc::new(releases)));
    let health = Arc::new(Health::new(
        Arc::clone(&store),
        connectors.keys().cloned(),
        metrics.clone(),
        server.metrics_listen.is_none(),
    ));
    metrics::gauge!("preau_services_mounted").set(mounted as f64);
    jobs::tell(&problems);
    if problems.is_empty() {
        health.services(Services::Whole);
        tracing::info!(services = mounted, "services mounted");
    } else if mounted > 0 {
        health.services(Services::Degraded);
        tracing::error!(
            services = mounted,
            "only the services whose files are sound are mounted, and /readyz says so, until every file is repaired"
        );
    } else {
        tracing::error!("no service is mounted, and /readyz says so, until the folder of instances is repaired");
    }

    let signing =
        Signing { store: Arc::clone(&store), signers: Arc::clone(&hub.signers), clock: Arc::clone(&hub.clock) };
    // Tokens can be signed before anybody asks for one; what takes its time is made meanwhile.
    if jobs::signing_keys(&signing, false, &mut Vec::new()).await {
        health.signing();
    }
    let mut partners = Partners::new(loaded.clone(), assembly::egress(&loaded)?, peers, Arc::clone(&hub.clock));
    // What is in files of this machine is in force before anybody comes; the rest is asked for meanwhile.
    partners.turn(hub.services().all(), false).await;
    // What heads opened is open to the first who comes.
    if let Err(fault) = hub.take_registrations().await {
        tracing::warn!(fault = fault.kind.as_str(), "registrations and openings were not read: a job asks again");
    }

    let stop = Stop::default();
    let mut sockets = JoinSet::new();
    let (tls, mtls) = match (&server.tls_cert_file, &server.tls_key_file) {
        (Some(cert), Some(key)) => {
            let (cert, key) = (loaded.path(cert), loaded.path(key));
            let config = preau_keys::server_config(&cert, &key).map_err(Failure::new)?;
            let asking = preau_keys::server_config_for_clients(&cert, &key).map_err(Failure::new)?;
            (Some(RustlsConfig::from_config(config)), Some(RustlsConfig::from_config(asking)))
        }
        _ => (None, None),
    };
    let routes = health::routes(Arc::clone(&health), hub.secure())
        .merge(preau_web::router(Arc::clone(&hub)))
        .layer(from_fn_with_state(hub.secure(), in_time));
    if let (Some(separate), Some(config)) = (server.mtls_listen, &mtls) {
        open_asking(&mut sockets, &stop, separate, server.max_connections, config.clone(), routes.clone())?;
    }
    let address = open(&mut sockets, &stop, server.listen, server.max_connections, tls.clone(), routes)?;
    if let Some(separate) = server.metrics_listen {
        open(&mut sockets, &stop, separate, 64, None, health::metrics_routes(Arc::clone(&health)))?;
    }
    tracing::info!(
        %address,
        public_url = %loaded.config.web.public_url,
        tls = tls.is_some(),
        demo,
        "listening"
    );
    let patience = Duration::from_secs(server.stop_seconds);
    let (hub_of_jobs, health_of_jobs) = (Arc::clone(&hub), Arc::clone(&health));
    let aside = Aside::start().map_err(Failure::new)?;
    let house = House {
        loaded,
        store,
        signing,
        hub: hub_of_jobs,
        health: health_of_jobs,
        connectors,
        tls,
        mtls,
        metrics,
        aside,
    };
    let jobs = jobs::start(house, partners, seen, wishes, CancellationToken::new());
    Ok(Running { address, hub, stop, sockets, jobs, health, patience })
}

impl Running {
    /// Waits until the server ends by itself, which is a failure.
    pub async fn ended(&mut self) -> Failure {
        let ended = tokio::select! {
            () = self.jobs.closed() => {
                self.health.stopping();
                return Failure::new("the database is closed for writing: look at its disk, then start again");
            }
            ended = self.sockets.join_next() => ended,
        };
        match ended {
            Some(Err(error)) => Failure::new(format!("the server stopped: {error}")),
            _ => Failure::new("the server stopped"),
        }
    }

    /// Takes the services folder and the certificate again now, as on a hang-up signal.
    pub fn reload(&self) {
        self.jobs.reload();
    }

    /// Takes no new connection, lets requests under way end for a while, then ends everything.
    pub async fn stop(mut self) -> Result<(), Failure> {
        tracing::info!("stopping");
        self.health.stopping();
        self.stop.politely.cancel();
        let ended = async { while self.sockets.join_next().await.is_some() {} };
        if tokio::time::timeout(self.patience, ended).await.is_err() {
            self.stop.at_once.cancel();
            while self.sockets.join_next().await.is_some() {}
        }
        self.jobs.stop().await;
        // The journal is the last to go: what was said to people is in it.
        match tokio::time::timeout(Duration::from_secs(5), self.hub.store.flush_audit()).await {
            Ok(Ok(())) => {
                tracing::info!("stopped");
                Ok(())
            }
            _ => Err(Failure::new("the last events of the journal were not written")),
        }
    }
}

fn open(
    sockets: &mut JoinSet<()>,
    stop: &Stop,
    address: SocketAddr,
    connections: usize,
    tls: Option<RustlsConfig>,
    routes: Router,
) -> Result<SocketAddr, Failure> {
    let socket = listener::bind(address).map_err(|error| Failure::new(format!("{address}: {error}")))?;
    let bound = socket.local_addr().map_err(Failure::new)?;
    let socket = TcpListener::from_std(socket).map_err(Failure::new)?;
    let (room, stop) = (Bounded::new(connections), stop.clone());
    match tls {
        Some(config) => {
            let acceptor = RustlsAcceptor::new(config).acceptor(room);
            sockets.spawn(listener::serve(socket, acceptor, listener::http(), routes, stop));
        }
        // Without TLS nobody speaks HTTP/2 to us, and knowing it spares a wait for the first bytes that nothing bounds.
        None => {
            sockets.spawn(listener::serve(socket, room, listener::http().http1_only(), routes, stop));
        }
    }
    Ok(bound)
}

/// Opens a socket that asks whoever connects for a certificate, and puts it beside their requests.
fn open_asking(
    sockets: &mut JoinSet<()>,
    stop: &Stop,
    address: SocketAddr,
    connections: usize,
    tls: RustlsConfig,
    routes: Router,
) -> Result<(), Failure> {
    let socket = listener::bind(address).map_err(|error| Failure::new(format!("{address}: {error}")))?;
    let socket = TcpListener::from_std(socket).map_err(Failure::new)?;
    let acceptor = Asking(RustlsAcceptor::new(tls).acceptor(Bounded::new(connections)));
    sockets.spawn(listener::serve(socket, acceptor, listener::http(), routes, stop.clone()));
    Ok(())
}

/// A request that takes too long is given up: whoever sends a body drop by drop holds nothing for ever.
async fn in_time(State(secure): State<bool>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            metrics::counter!("preau_requests_given_up_total").increment(1);
            let close = [(http::header::CONNECTION, "close")];
            let mut response = (http::StatusCode::REQUEST_TIMEOUT, close, "too late\n").into_response();
            preau_web::protect(response.headers_mut(), secure);
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_given_up_is_answered_with_the_headers_of_the_house() {
        let never = || async { std::future::pending::<&str>().await };
        let routes = Router::new().route("/", get(never)).layer(from_fn_with_state(true, in_time));
        let response = routes.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), http::StatusCode::REQUEST_TIMEOUT);
        for name in ["content-security-policy", "x-content-type-options", "strict-transport-security"] {
            assert!(response.headers().contains_key(name), "{name}");
        }
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["connection"], "close");
    }
}
