//! A service's proxy callback: an HTTPS listener on loopback that keeps what it was sent, and the hub that believes its
//! certificate.

use preau_connector_api::{MountedService, Network};
use preau_domain::Profile;
use preau_flows::{CasApp, Database, Setup, TestHub, app_service};
use preau_rig::tls::Tls;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use tempfile::TempDir;

/// A hub and the certificates of its services.
pub struct World {
    pub hub: TestHub,
    tls: Tls,
    folder: TempDir,
}

/// How a callback behaves.
#[derive(Clone, Copy)]
pub enum Manner {
    /// Answers with these bytes.
    Answer(&'static str),
    /// Answers a body without end.
    Endless,
    /// Never answers.
    Mute,
}

pub const OK: Manner = Manner::Answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");

/// See the module.
pub struct Callback {
    address: SocketAddr,
    heard: Receiver<String>,
}

impl World {
    pub async fn new(database: Database) -> World {
        let folder = TempDir::new().expect("a folder for certificates");
        let tls = Tls::make(folder.path()).expect("certificates");
        let setup = Setup { authorities: vec![tls.authority.clone()], ..Setup::default() };
        World { hub: TestHub::with(database, setup).await, tls, folder }
    }

    /// A callback with a certificate the hub believes.
    pub fn callback(&self, manner: Manner) -> Callback {
        Callback::start(&self.tls, manner)
    }

    /// A callback with a certificate of its own making.
    pub fn impostor(&self) -> Callback {
        let tls = Tls::make(&self.folder.path().join("impostor")).expect("certificates");
        Callback::start(&tls, OK)
    }

    /// Mounts a service that lives at a callback and may proxy, on a private network.
    pub fn proxy_at(&self, id: &str, callback: &Callback) -> CasApp {
        self.mount(id, &callback.url(), |_| {})
    }

    /// The same, with some things changed.
    pub fn mount(&self, id: &str, url: &str, change: impl FnOnce(&mut MountedService)) -> CasApp {
        let mut service = app_service(id, id, url, &Profile::ALL);
        service.network = Network::Private;
        if let Some(cas) = &mut service.cas {
            cas.single_logout = false;
            cas.proxy = true;
            cas.proxy_callbacks = vec![url.to_owned()];
        }
        change(&mut service);
        self.hub.mount(service);
        self.hub.app(id)
    }
}

impl Callback {
    fn start(tls: &Tls, manner: Manner) -> Callback {
        preau_keys::install_provider();
        let mut config = (*preau_keys::server_config(&tls.certificate, &tls.key).expect("a certificate")).clone();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let config = std::sync::Arc::new(config);
        let socket = TcpListener::bind(("127.0.0.1", 0)).expect("a free port on loopback");
        let address = socket.local_addr().expect("a bound socket has an address");
        let (out, heard) = channel();
        std::thread::spawn(move || {
            for stream in socket.incoming().flatten() {
                let (config, out) = (config.clone(), out.clone());
                std::thread::spawn(move || serve(stream, config, manner, &out));
            }
        });
        Callback { address, heard }
    }

    /// Where the service lives.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}/", self.address.port())
    }

    /// Where its callback is.
    pub fn pgt_url(&self) -> String {
        format!("{}pgt?app=1", self.url())
    }

    /// The name and the secret of the proxy-granting ticket it was sent last.
    pub fn granted(&self) -> (String, String) {
        let line = self.heard.try_iter().last().expect("the callback was called");
        let target = line.split(' ').nth(1).expect("a request line").to_owned();
        let url = url::Url::parse("https://callback.example").and_then(|u| u.join(&target)).expect("an address");
        let value = |name: &str| url.query_pairs().find(|(k, _)| k == name).map(|(_, v)| v.into_owned());
        assert!(line.starts_with("GET /pgt?app=1&"), "the parameters of the callback stay: {line}");
        (value("pgtIou").expect("pgtIou"), value("pgtId").expect("pgtId"))
    }

    /// Whether nobody called so far.
    pub fn heard_nothing(&self) -> bool {
        self.heard.try_recv().is_err()
    }
}

/// One connection; whatever goes wrong on it, the other side went away.
fn serve(stream: TcpStream, config: std::sync::Arc<rustls::ServerConfig>, manner: Manner, out: &Sender<String>) {
    let Ok(connection) = rustls::ServerConnection::new(config) else { return };
    let mut stream = rustls::StreamOwned::new(connection, stream);
    let mut bytes = Vec::new();
    let mut part = [0u8; 4096];
    while !bytes.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
            _ => return,
        }
    }
    let _ = out.send(String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned());
    match manner {
        Manner::Answer(text) => {
            let _ = stream.write_all(text.as_bytes());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
        Manner::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n");
            while stream.write_all(&part).is_ok() {}
        }
        // Until the other side gives up.
        Manner::Mute => drop(stream.read(&mut part)),
    }
}
