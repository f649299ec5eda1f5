//! Servers that no one would want: one that answers what a test says, byte for byte; a canary that nobody must call; a
//! road to the real directory that can be cut.

use socket2::{SockFilter, SockRef};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A BER element.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    match length {
        0..128 => out.push(length as u8),
        128..65_536 => out.extend([0x82, (length >> 8) as u8, length as u8]),
        _ => {
            out.push(0x84);
            out.extend((length as u32).to_be_bytes());
        }
    }
    out.extend_from_slice(content);
    out
}

/// A whole message.
pub fn message(id: u8, operation: &[u8], controls: &[u8]) -> Vec<u8> {
    let controls = if controls.is_empty() { Vec::new() } else { element(0xa0, controls) };
    element(0x30, &[&element(0x02, &[id]), operation, &controls].concat())
}

/// The end of an operation: 0x61 bind, 0x65 search, 0x78 extended.
pub fn result(tag: u8, code: u8, text: &str, referrals: &[&str]) -> Vec<u8> {
    let mut content = [element(0x0a, &[code]), element(0x04, b""), element(0x04, text.as_bytes())].concat();
    if !referrals.is_empty() {
        let uris: Vec<u8> = referrals.iter().flat_map(|uri| element(0x04, uri.as_bytes())).collect();
        content.extend(element(0xa3, &uris));
    }
    element(tag, &content)
}

/// An entry of a search.
pub fn entry(dn: &str, attributes: &[(&str, &str)]) -> Vec<u8> {
    let attributes: Vec<(&str, Vec<String>)> =
        attributes.iter().map(|(name, value)| (*name, vec![(*value).to_owned()])).collect();
    entry_of_many(dn, &attributes)
}

/// An entry of a search, whose attributes have several values.
pub fn entry_of_many(dn: &str, attributes: &[(&str, Vec<String>)]) -> Vec<u8> {
    let attributes: Vec<u8> = attributes
        .iter()
        .flat_map(|(name, values)| {
            let values: Vec<u8> = values.iter().flat_map(|value| element(0x04, value.as_bytes())).collect();
            element(0x30, &[element(0x04, name.as_bytes()), element(0x31, &values)].concat())
        })
        .collect();
    element(0x64, &[element(0x04, dn.as_bytes()), element(0x30, &attributes)].concat())
}

/// A control of an answer.
pub fn control(oid: &str, value: &[u8]) -> Vec<u8> {
    element(0x30, &[element(0x04, oid.as_bytes()), element(0x04, value)].concat())
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Bind {
        dn: String,
    },
    Search {
        base: String,
    },
    /// A search for changes.
    Synced,
    Extended,
    Unbind,
    /// Not LDAP: the first byte, such as that of a TLS handshake.
    Other(u8),
}

/// A server that answers what a test says.
pub struct Scripted {
    pub port: u16,
    asked: Arc<Mutex<Vec<(usize, Request)>>>,
}

impl Scripted {
    /// Answers each request with the bytes `answer` makes of its number and content.
    pub async fn start(answer: impl Fn(u8, &Request) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (asked.clone(), Arc::new(answer));
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(serve(stream, connection, log.clone(), answer.clone()));
            }
        });
        Scripted { port, asked }
    }

    /// Every request so far, with the number of its connection.
    pub fn asked(&self) -> Vec<(usize, Request)> {
        self.asked.lock().expect("nobody panicked").clone()
    }

    /// Names that were bound as, in order.
    pub fn binds(&self) -> Vec<String> {
        let binds = self.asked().into_iter().filter_map(|(_, request)| match request {
            Request::Bind { dn } => Some(dn),
            _ => None,
        });
        binds.collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    log: Arc<Mutex<Vec<(usize, Request)>>>,
    answer: Arc<impl Fn(u8, &Request) -> Vec<u8>>,
) {
    let mut buffer = Vec::new();
    while stream.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
        while let Some((id, request, size)) = parse(&buffer) {
            buffer.drain(..size);
            log.lock().expect("nobody panicked").push((connection, request.clone()));
            let bytes = answer(id, &request);
            if stream.write_all(&bytes).await.is_err() {
                return;
            }
        }
    }
}

/// The control that makes a search one for changes.
const SYNC_REQUEST: &[u8] = b"1.3.6.1.4.1.4203.1.9.1.1";

/// Content of the element at the start, and what follows.
fn open(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..128 => (usize::from(*first), rest),
        _ => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |n, d| n << 8 | usize::from(*d)), rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn parse(buffer: &[u8]) -> Option<(u8, Request, usize)> {
    let first = *buffer.first()?;
    if first != 0x30 {
        return Some((0, Request::Other(first), buffer.len()));
    }
    let (_, content, rest) = open(buffer)?;
    let (_, id, operation) = open(content)?;
    let synced = content.windows(SYNC_REQUEST.len()).any(|part| part == SYNC_REQUEST);
    let (tag, operation, _) = open(operation)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let request = match tag {
        0x60 => Request::Bind { dn: text(open(open(operation)?.2)?.1) },
        0x63 if synced => Request::Synced,
        0x63 => Request::Search { base: text(open(operation)?.1) },
        0x77 => Request::Extended,
        0x42 => Request::Unbind,
        other => Request::Other(other),
    };
    Some((*id.last()?, request, buffer.len() - rest.len()))
}

/// Something that nobody must call.
pub struct Canary {
    listener: TcpListener,
    pub address: SocketAddr,
}

impl Canary {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        Canary { listener, address }
    }

    /// How many called: first makes sure that a call would be seen.
    pub async fn calls(self) -> usize {
        let own = TcpStream::connect(self.address).await.expect("the canary listens");
        let own = own.local_addr().expect("it is connected");
        let mut calls = 0;
        loop {
            let (_, caller) = self.listener.accept().await.expect("the canary listens");
            if caller == own {
                return calls;
            }
            calls += 1;
        }
    }
}

/// A road to the directory.
pub struct Road {
    pub port: u16,
    pub carried: Arc<AtomicUsize>,
}

/// What becomes of a connection once enough was carried.
#[derive(Clone, Copy)]
enum End {
    /// Closed, as both ends hear at once.
    Closed,
    /// Nobody hears anything: what the near end sends is dropped by the kernel, and nothing is sent to it, not even a farewell.
    Lost,
}

impl Road {
    /// Carries everything, and cuts the connection once the directory has sent `cut_after` bytes.
    pub async fn to(port: u16, cut_after: usize) -> Self {
        Self::ending(port, cut_after, End::Closed).await
    }

    /// Carries everything until the directory has sent `after` bytes; from then on the network loses every packet.
    pub async fn losing(port: u16, after: usize) -> Self {
        Self::ending(port, after, End::Lost).await
    }

    /// Leads one connection to the first directory, the next to the second, and so on in turn.
    pub async fn in_turn(ports: [u16; 2]) -> Self {
        Self::leading(ports, usize::MAX, End::Closed).await
    }

    async fn ending(port: u16, after: usize, end: End) -> Self {
        Self::leading([port, port], after, end).await
    }

    async fn leading(ports: [u16; 2], after: usize, end: End) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let own = listener.local_addr().expect("it is bound").port();
        let carried = Arc::new(AtomicUsize::new(0));
        let count = carried.clone();
        tokio::spawn(async move {
            let mut turn = ports.into_iter().cycle();
            while let (Ok((near, _)), Some(port)) = (listener.accept().await, turn.next()) {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                tokio::spawn(carry(near, far, (after, end), count.clone()));
            }
        });
        Road { port: own, carried }
    }
}

/// A filter of packets that keeps zero bytes of each (classic BPF: return 0).
const NOTHING: SockFilter = SockFilter::new(0x06, 0, 0, 0);

async fn carry(mut near: TcpStream, mut far: TcpStream, (after, end): (usize, End), count: Arc<AtomicUsize>) {
    let ((mut from_near, mut to_near), (mut from_far, mut to_far)) = (near.split(), far.split());
    let asking = tokio::io::copy(&mut from_near, &mut to_far);
    let answering = async {
        let mut buffer = vec![0; 4096];
        let mut left = after;
        while left > 0 {
            let read = from_far.read(&mut buffer).await.unwrap_or(0).min(left);
            if read == 0 || to_near.write_all(&buffer[..read]).await.is_err() {
                return false;
            }
            left -= read;
            count.fetch_add(read, Ordering::Relaxed);
        }
        true
    };
    let enough = tokio::select! {
        _ = asking => false,
        enough = answering => enough,
    };
    if enough && matches!(end, End::Lost) {
        SockRef::from(&near).attach_filter(&[NOTHING]).expect("a socket of ours takes a filter");
        // Both ends stay open, and say nothing: this road is never taken again.
        std::future::pending::<()>().await;
    }
}
