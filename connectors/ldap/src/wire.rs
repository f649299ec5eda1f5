//! One connection to the directory: TCP, encryption, and a watch between the server and the LDAP library.
//!
//! The library reads from one end of a local pair of sockets; the other end is fed, message by message, with what the
//! server sent once [`crate::ber`] has checked it. So what reaches the library is bounded in size, depth and number, and
//! a server that answers too much or nonsense is cut off. Nothing here retries or follows a referral: see
//! [`crate::session`].

use crate::ber;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, StdStream};
use rustls_pki_types::ServerName;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How the connection is encrypted.
#[derive(Clone)]
pub(crate) enum Encryption {
    /// Not: loopback only, which the configuration checked.
    None,
    /// From the first byte.
    Ldaps(Tls),
    /// After asking for it (RFC 4511, 4.14); a server that does not grant it is left before anything is said.
    StartTls(Tls),
}

/// What a certificate is checked against.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) config: Arc<rustls::ClientConfig>,
    pub(crate) name: ServerName<'static>,
}

/// Where the directory is and how to talk to it.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    /// For everything up to the encrypted connection.
    pub(crate) connect: Duration,
}

/// How much a server may answer to one request: bytes, and 64 for each element because that is what an element costs.
#[derive(Clone, Copy)]
pub(crate) struct Budget(pub(crate) usize);

impl Budget {
    /// One person, one result.
    pub(crate) const INTERACTIVE: Budget = Budget(2 * 1024 * 1024);
    /// A page of a bulk reading.
    pub(crate) const BULK: Budget = Budget(192 * 1024 * 1024);
}

/// Cost of one element in the memory of the library.
const ELEMENT: usize = 64;
/// For the last bytes of a connection that is being closed.
const FAREWELL: Duration = Duration::from_millis(500);

/// An open connection; dropping it closes it.
pub(crate) struct Wire {
    pub(crate) ldap: Ldap,
    fault: Arc<OnceLock<&'static str>>,
    _driver: JoinSet<()>,
}

impl Wire {
    /// Opens a connection within the time given for it. The error is a sentence for a log.
    pub(crate) async fn open(target: &Target, budget: Budget) -> Result<Wire, String> {
        match timeout(target.connect, Self::open_unhurried(target, budget)).await {
            Ok(opened) => opened,
            Err(_) => Err(format!("no connection within {} ms", target.connect.as_millis())),
        }
    }

    async fn open_unhurried(target: &Target, budget: Budget) -> Result<Wire, String> {
        let said = |error: io::Error| format!("no connection: {error}");
        let mut tcp = TcpStream::connect((target.host.as_str(), target.port)).await.map_err(said)?;
        tcp.set_nodelay(true).map_err(said)?;
        let tls = match &target.encryption {
            Encryption::None => return Self::watched(tcp, budget).await,
            Encryption::Ldaps(tls) => tls,
            Encryption::StartTls(tls) => {
                ask_for_tls(&mut tcp).await?;
                tls
            }
        };
        let encrypted = TlsConnector::from(tls.config.clone()).connect(tls.name.clone(), tcp).await;
        Self::watched(encrypted.map_err(|error| format!("no encryption: {error}"))?, budget).await
    }

    /// Puts the watch between a server and the library.
    async fn watched<S>(server: S, budget: Budget) -> Result<Wire, String>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let said = |error: io::Error| format!("no pair of sockets: {error}");
        let (outer, inner) = std::os::unix::net::UnixStream::pair().map_err(said)?;
        outer.set_nonblocking(true).map_err(said)?;
        let outer = UnixStream::from_std(outer).map_err(said)?;
        let fault = Arc::new(OnceLock::new());
        let told = fault.clone();
        // Ends by itself when either side closes, so that the last message (unbind) still leaves.
        tokio::spawn(async move {
            if let Err(reason) = watch(outer, server, budget).await {
                told.set(reason).ok();
            }
        });
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(inner));
        let opened = LdapConnAsync::with_settings(settings, "ldapi://watched").await;
        let (connection, ldap) = opened.map_err(|error| format!("no connection: {error}"))?;
        let mut driver = JoinSet::new();
        // In a task of its own: should the library panic, the connection is lost and nothing else.
        driver.spawn(async move {
            if let Err(error) = connection.drive().await {
                tracing::debug!(%error, "connection to the directory lost");
            }
        });
        Ok(Wire { ldap, fault, _driver: driver })
    }

    /// Why the watch cut the connection, if it did.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        self.fault.get().copied()
    }

    /// Says goodbye and closes.
    pub(crate) async fn close(mut self) {
        // Nothing is lost when the goodbye does not leave: dropping closes.
        timeout(FAREWELL, self.ldap.unbind()).await.ok();
    }
}

/// Asks for StartTLS and waits for the yes.
async fn ask_for_tls(tcp: &mut TcpStream) -> Result<(), String> {
    const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
    const LONGEST: usize = 16 * 1024;
    let said = |error: io::Error| format!("StartTLS was not answered: {error}");
    tcp.write_all(REQUEST).await.map_err(said)?;
    let mut answer = Vec::new();
    let whole = loop {
        // One byte at a time: what follows the answer belongs to the encryption.
        answer.push(tcp.read_u8().await.map_err(said)?);
        match ber::header(&answer).map_err(str::to_owned)? {
            Some((head, length)) if head + length > LONGEST => {
                return Err("StartTLS was answered at too great a length".into());
            }
            Some((head, length)) if answer.len() == head + length => break answer,
            _ => {}
        }
    };
    match ber::extended_result(&whole) {
        Some(0) => Ok(()),
        Some(code) => Err(format!("the directory refuses StartTLS (result {code})")),
        None => Err("StartTLS was answered by something else".into()),
    }
}

/// Carries requests to the server and checked answers back, until one side closes.
async fn watch<S>(library: UnixStream, server: S, budget: Budget) -> Result<(), &'static str>
where
    S: AsyncRead + AsyncWrite,
{
    let (mut requests, mut answers) = library.into_split();
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let spent = std::sync::atomic::AtomicUsize::new(0);
    let asking = async {
        let mut buffer = vec![0u8; 8 * 1024];
        loop {
            let read = requests.read(&mut buffer).await.unwrap_or(0);
            if read == 0 {
                timeout(FAREWELL, to_server.shutdown()).await.ok();
                return Ok(());
            }
            spent.store(0, std::sync::atomic::Ordering::Relaxed);
            if to_server.write_all(&buffer[..read]).await.is_err() || to_server.flush().await.is_err() {
                return Ok(());
            }
        }
    };
    let answering = async {
        let mut buffer: Vec<u8> = Vec::with_capacity(16 * 1024);
        loop {
            let mut whole = 0;
            while let Some((head, length)) = ber::header(&buffer[whole..])? {
                let size = head + length;
                if size > ber::MAX_MESSAGE.min(budget.0) {
                    return Err("an answer is longer than any entry");
                }
                let Some(message) = buffer.get(whole..whole + size) else { break };
                let cost = size + ELEMENT * ber::check(message)?;
                if spent.fetch_add(cost, std::sync::atomic::Ordering::Relaxed) + cost > budget.0 {
                    return Err("the directory answers more than was asked for");
                }
                whole += size;
            }
            if whole > 0 {
                if answers.write_all(&buffer[..whole]).await.is_err() {
                    return Ok(());
                }
                buffer.drain(..whole);
            }
            buffer.reserve(16 * 1024);
            if from_server.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return Ok(());
            }
        }
    };
    tokio::select! {
        ended = asking => ended,
        ended = answering => ended,
    }
}
