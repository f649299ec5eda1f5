//! Connections: how many, how slow, how large. What a request means is `idp/web`'s.
//!
//! A client that sends its headers one byte at a time, opens a connection and says nothing, stops reading, or holds
//! thousands of connections costs little here and is let go soon.

mod eager;
mod serve;

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use futures::future::BoxFuture;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use preau_keys::ClientCertificate;
use preau_web::PeerCertificate;
use std::future::{Future, Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};
use tower::Layer;

/// How long the headers of a request may take; also how long a kept-alive connection waits for the next request.
pub const HEADERS: Duration = Duration::from_secs(15);

/// How long a connection may be silent in both directions, whatever it is in the middle of.
pub const SILENCE: Duration = Duration::from_secs(45);

/// Room for the head of a request: address and headers.
pub const HEAD: usize = 64 * 1024;

/// Opens the listening socket.
pub fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    // A whole school arrives in the same minute: the queue of the kernel is the cheapest place to wait.
    socket.listen(4096)?.into_std()
}

pub use serve::{Stop, serve};

/// HTTP with its bounds.
pub fn http() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(HEAD).max_headers(100);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(HEAD as u32)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}

/// Takes connections while there is room, and watches each.
#[derive(Clone, Debug)]
pub struct Bounded {
    room: Arc<Semaphore>,
}

impl Bounded {
    /// Room for that many connections.
    pub fn new(connections: usize) -> Self {
        Bounded { room: Arc::new(Semaphore::new(connections)) }
    }
}

impl<S> Accept<TcpStream, S> for Bounded {
    type Stream = Watched;
    type Service = S;
    type Future = Ready<io::Result<(Watched, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            metrics::counter!("preau_connections_refused_total").increment(1);
            return ready(Err(io::Error::other("no room for another connection")));
        };
        ready(stream.set_nodelay(true).map(|()| (Watched::new(stream, permit, SILENCE), service)))
    }
}

/// Puts the certificate of a connection beside each of its requests.
#[derive(Clone, Debug)]
pub struct Asking(pub RustlsAcceptor<Bounded>);

impl<S: Send + 'static> Accept<TcpStream, S> for Asking {
    type Stream = <RustlsAcceptor<Bounded> as Accept<TcpStream, S>>::Stream;
    type Service = AddExtension<S, PeerCertificate>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let accepted = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let shown = PeerCertificate(ClientCertificate::read(chain).map(Arc::new));
            Ok((stream, Extension(shown).layer(service)))
        })
    }
}

/// A connection that ends by itself when nothing moves on it.
pub struct Watched {
    stream: TcpStream,
    _permit: OwnedSemaphorePermit,
    limit: Duration,
    moved: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl Watched {
    fn new(stream: TcpStream, permit: OwnedSemaphorePermit, limit: Duration) -> Self {
        Watched { stream, _permit: permit, limit, moved: Instant::now(), alarm: Box::pin(tokio::time::sleep(limit)) }
    }

    /// Notes that something moved, or says that nothing did for too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.moved = Instant::now();
            return polled;
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            let end = self.moved + self.limit;
            if end <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(end);
        }
        Poll::Pending
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.watch(cx, polled)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A server with nothing behind it, and room for `connections`.
    fn server(connections: usize) -> SocketAddr {
        let socket = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = socket.local_addr().unwrap();
        let routes = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/body", post(|body: String| async move { body.len().to_string() }));
        let socket = tokio::net::TcpListener::from_std(socket).unwrap();
        tokio::spawn(serve(socket, Bounded::new(connections), http().http1_only(), routes, Stop::default()));
        address
    }

    /// Sends some bytes, then says nothing more; gives back all that comes until the server closes.
    async fn send(address: SocketAddr, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // A connection that is reset is closed too.
        let _reset = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    // The clock of these tests leaps to the next alarm whenever everybody waits: nothing sleeps.

    #[tokio::test(start_paused = true)]
    async fn a_whole_request_is_answered() {
        let answer = send(server(10), b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
    }

    #[tokio::test(start_paused = true)]
    async fn slow_headers_are_let_go() {
        let address = server(10);
        let began = Instant::now();
        let answer = send(address, b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
        assert!(!answer.contains("200"), "{answer}");
        assert!(began.elapsed() <= HEADERS + Duration::from_secs(1), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_is_let_go() {
        let address = server(10);
        let began = Instant::now();
        assert_eq!(send(address, b"").await, "");
        assert!(began.elapsed() <= SILENCE + Duration::from_secs(1), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_is_let_go() {
        let address = server(10);
        let began = Instant::now();
        let answer = send(address, b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc").await;
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(began.elapsed() <= SILENCE + Duration::from_secs(1), "{:?}", began.elapsed());
        let whole = b"POST /body HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc";
        assert!(send(address, whole).await.ends_with('3'));
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_without_end_is_refused() {
        let address = server(10);
        let endless = format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}", "a".repeat(2 * HEAD));
        let answer = send(address, endless.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-a: b\r\n".repeat(200));
        assert!(!send(address, many.as_bytes()).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_its_room_a_server_closes_at_once() {
        let address = server(2);
        let _held = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        let began = Instant::now();
        assert_eq!(send(address, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await, "");
        assert!(began.elapsed() < Duration::from_secs(1));
    }
}
