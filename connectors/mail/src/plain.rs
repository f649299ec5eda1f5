//! The part of a conversation that is not encrypted yet, read line by line.
//!
//! Whoever sits on the way can send more than the answer to `STARTTLS`: a reader that took it in would find, behind the handshake, answers
//! that the server never gave. Here what stands behind a line waits, and TLS does not begin while something waits.

use lettre::transport::smtp::client::AsyncTokioStream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};

/// The first byte of a handshake of TLS; no command of SMTP begins like that.
const HANDSHAKE: u8 = 0x16;
/// What is read at once while nothing is encrypted.
const AT_ONCE: usize = 512;

#[derive(Debug)]
pub(crate) struct Plain {
    stream: TcpStream,
    /// What came behind the line that was read.
    waits: Vec<u8>,
    encrypted: bool,
}

impl Plain {
    /// Connects to the first address of that name that answers; each has so long.
    pub(crate) async fn connect(name: &str, port: u16, patience: Duration) -> io::Result<Plain> {
        let mut failed = io::Error::other("a name without an address");
        for address in lookup_host((name, port)).await? {
            match tokio::time::timeout(patience, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(Plain { stream, waits: Vec::new(), encrypted: false }),
                Ok(Err(error)) => failed = error,
                Err(_) => failed = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(failed)
    }

    /// Gives the first line of what waits, as far as there is room.
    fn give(&mut self, to: &mut ReadBuf<'_>) {
        let line = self.waits.iter().position(|byte| *byte == b'\n').map_or(self.waits.len(), |at| at + 1);
        let given: Vec<u8> = self.waits.drain(..line.min(to.remaining())).collect();
        to.put_slice(&given);
    }
}

impl AsyncRead for Plain {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.encrypted {
            return Pin::new(&mut self.stream).poll_read(cx, to);
        }
        if self.waits.is_empty() {
            let mut bytes = [0; AT_ONCE];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
            self.waits.extend_from_slice(read.filled());
        }
        self.give(to);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Plain {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.encrypted && bytes.first() == Some(&HANDSHAKE) {
            if !self.waits.is_empty() {
                let more = "more than the answer to STARTTLS stands before the handshake";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, more)));
            }
            self.encrypted = true;
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Plain {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}
