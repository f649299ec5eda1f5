//! Takes connections and drives each, until told to stop.

use super::eager::Eager;
use axum::extract::ConnectInfo;
use axum::middleware::AddExtension;
use axum::{Extension, Router};
use axum_server::accept::Accept;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Layer, Service};

/// How long nobody is taken in when the system has no connection to give.
const BREATH: Duration = Duration::from_millis(50);

/// How connections are told to end.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// None is taken any more; those that are there answer what they were asked, and close.
    pub politely: CancellationToken,
    /// Those that are still there are cut.
    pub at_once: CancellationToken,
}

/// The routes of one connection, which know its peer.
pub type Routes = AddExtension<Router, ConnectInfo<SocketAddr>>;

/// Serves the connections of a socket; returns when it was told to stop and the last one has ended.
pub async fn serve<A>(socket: TcpListener, acceptor: A, http: Builder<TokioExecutor>, routes: Router, stop: Stop)
where
    A: Accept<TcpStream, Routes>,
    A::Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A::Service: Service<Request<Incoming>, Response = axum::response::Response, Error = Infallible>,
    A::Service: Clone + Send + 'static,
    <A::Service as Service<Request<Incoming>>>::Future: Send + 'static,
    A::Future: Send + 'static,
{
    let (http, connections) = (Arc::new(http), TaskTracker::new());
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.politely.cancelled() => break,
            accepted = socket.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        let accepting = acceptor.accept(stream, Extension(ConnectInfo(peer)).layer(routes.clone()));
        let (http, stop) = (Arc::clone(&http), stop.clone());
        connections.spawn(async move {
            if let Ok((stream, service)) = accepting.await {
                drive(&http, stream, service, &stop).await;
            }
        });
    }
    // Whoever comes now is refused, and does not wait in the queue of the kernel.
    drop(socket);
    connections.close();
    tokio::select! {
        () = connections.wait() => {}
        () = stop.at_once.cancelled() => {}
    }
}

/// Drives one connection to its end. How it ended is nobody's matter.
async fn drive<I, S>(http: &Builder<TokioExecutor>, stream: I, service: S, stop: &Stop)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = axum::response::Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let (eager, service) = (Eager::default(), TowerToHyperService::new(service));
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        biased;
        () = stop.politely.cancelled() => {}
        _ = poll_fn(|cx| eager.poll(connection.as_mut(), cx)) => return,
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        biased;
        () = stop.at_once.cancelled() => {}
        _ = poll_fn(|cx| eager.poll(connection.as_mut(), cx)) => {}
    }
}
