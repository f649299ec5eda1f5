//! Another provider of identity on loopback, which serves exactly what a story tells it to and signs whatever it is
//! given: honest until the story wants otherwise.

use crate::cast::ANNUAIRE;
use crate::hub::{BASE, Setup, TestHub};
use crate::listener::{Heard, read};
use preau_connector_api::OpenContext;
use preau_domain::SourceId;
use preau_keys::jose::{self, Alg, PrivateKey};
use preau_web::SignInSource;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use url::Url;

/// What the hub calls the provider.
pub const GUICHET: &str = "guichet";
/// Who the hub is there.
pub const CLIENT: &str = "preau";
/// And how it proves it.
const SECRET: &str = "grille-Noire-202";

/// See the module. It stops when it is dropped.
pub struct Provider {
    address: SocketAddr,
    served: Arc<Mutex<Served>>,
    keys: HashMap<&'static str, PrivateKey>,
    folder: TempDir,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Served {
    /// By path: the bytes of the answer; none at all keeps silent and holds the line.
    pages: HashMap<String, Vec<u8>>,
    heard: Vec<Heard>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Provider {
    /// A provider with its discovery page and the key `k1` published.
    pub async fn start() -> Provider {
        let socket = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port on loopback");
        let address = socket.local_addr().expect("a bound socket has an address");
        let served = Arc::new(Mutex::new(Served::default()));
        let task = tokio::spawn(serve(socket, served.clone()));
        let keys = ["k1", "k2", "k3"].map(|kid| (kid, PrivateKey::draw(Alg::ES256)));
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("secret"), SECRET).expect("a file");
        let provider = Provider { address, served, keys: HashMap::from(keys), folder, task };
        provider.json("/.well-known/openid-configuration", &provider.page());
        provider.json("/userinfo", &json!({ "sub": "agent-7" }));
        provider.publish(&["k1"]);
        provider
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its discovery page, when it is honest.
    pub fn page(&self) -> Value {
        let issuer = self.issuer();
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/jwks"),
            "end_session_endpoint": format!("{issuer}/end"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "authorization_response_iss_parameter_supported": true,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Served> {
        self.served.lock().expect("no story panics while it tells a provider what to serve")
    }

    /// Serves these bytes at a path, status line and all; none keeps silent.
    pub fn bytes(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.lock().pages.insert(path.to_owned(), bytes.into());
    }

    /// Serves a document at a path.
    pub fn json(&self, path: &str, body: &Value) {
        self.body(path, 200, "application/json", &body.to_string());
    }

    /// Serves a body at a path.
    pub fn body(&self, path: &str, status: u16, kind: &str, body: &str) {
        let head = format!("HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\ncontent-length: {}", body.len());
        self.bytes(path, format!("{head}\r\nconnection: close\r\n\r\n{body}"));
    }

    /// The public half of the key of that name.
    pub fn jwk(&self, kid: &str) -> Value {
        self.keys[kid].public().to_jwk(kid, Alg::ES256).into()
    }

    /// Publishes these keys and no other.
    pub fn publish(&self, kids: &[&str]) {
        let keys: Vec<Value> = kids.iter().map(|kid| self.jwk(kid)).collect();
        self.json("/jwks", &json!({ "keys": keys }));
    }

    /// Signs claims with the key of that name.
    pub fn sign(&self, kid: &str, typ: &str, claims: &Value) -> String {
        jose::sign(&self.keys[kid], Alg::ES256, kid, typ, claims).expect("claims are an object")
    }

    /// Answers the code with this ID token and the access token `acces-libre`.
    pub fn hands_out(&self, id_token: &str) {
        let answer =
            json!({ "access_token": "acces-libre", "token_type": "Bearer", "expires_in": 60, "id_token": id_token });
        self.json("/token", &answer);
    }

    /// What was said at a path so far.
    pub fn heard(&self, path: &str) -> Vec<Heard> {
        let at = |heard: &&Heard| heard.line.split([' ', '?']).nth(1) == Some(path);
        self.lock().heard.iter().filter(at).cloned().collect()
    }

    /// The provider as a source of the hub, with these lines of configuration besides; panics with what is wrong.
    pub fn source(&self, more: &str) -> SignInSource {
        self.try_source(more).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    /// The same, or what is wrong with it.
    pub fn try_source(&self, more: &str) -> Result<SignInSource, Vec<String>> {
        let mut config = json!({
            "title": { "fr": "Guichet de l’académie", "en": "Academy desk" },
            "issuer": self.issuer(),
            "client_id": CLIENT,
            "client_secret_file": "secret",
            "network": "private",
            "match": [{ "claim": "record", "as": "record", "source": ANNUAIRE }],
        });
        let more: toml::Table = more.parse().expect("lines of a configuration");
        for (key, value) in more {
            match value.as_str() {
                Some("") => drop(config.as_object_mut().map(|all| all.remove(&key))),
                _ => config[key] = serde_json::to_value(value).expect("a value"),
            }
        }
        let table = toml::Table::try_from(&config).expect("a table");
        let context = OpenContext { source: &SourceId::new(GUICHET), config: &table, base: self.folder.path() };
        preau_keys::install_provider();
        let opened = (preau_connector_upstream_oidc::KIND.open)(&context);
        let opened = opened.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Ok(SignInSource { password: None, redirect: opened.redirect, probe: opened.probe })
    }

    /// Folder its relative paths start from.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A hub whose staff sign in here, over the database of another one.
    pub async fn serves_staff(&self, hub: &TestHub, more: &str) -> TestHub {
        let source = (SourceId::new(GUICHET), self.source(more));
        hub.secrets.saw("client secret", SECRET);
        hub.secrets.saw("access token", "acces-libre");
        hub.again_with(|setup: &mut Setup| {
            setup.config.sign_in.publics.insert("staff".to_owned(), GUICHET.to_owned());
            setup.sources.push(source);
        })
        .await
    }

    /// Claims of an ID token that is right in every way for a trip.
    pub fn claims(&self, hub: &TestHub, trip: &Trip) -> Value {
        let now = hub.hub.now().seconds();
        json!({
            "iss": self.issuer(), "aud": CLIENT, "sub": "agent-7", "nonce": trip.value("nonce"),
            "iat": now, "exp": now + 300, "auth_time": now, "sid": "there-1", "record": crate::cast::ALICE.key(),
        })
    }
}

async fn serve(socket: TcpListener, served: Arc<Mutex<Served>>) {
    let mut held = Vec::new();
    while let Ok((mut stream, _)) = socket.accept().await {
        let Some(said) = read(&mut stream).await else { continue };
        let path = said.line.split([' ', '?']).nth(1).unwrap_or_default().to_owned();
        let missing = b"HTTP/1.1 404 -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec();
        let answer = match served.lock() {
            Ok(mut served) => {
                served.heard.push(said);
                served.pages.get(&path).cloned().unwrap_or(missing)
            }
            Err(_) => return,
        };
        if answer.is_empty() {
            held.push(stream);
        } else {
            // Who stops reading closes the line.
            let _ = stream.write_all(&answer).await;
        }
    }
}

/// A browser on its way to the provider.
#[derive(Clone, Debug)]
pub struct Trip {
    to: Url,
}

impl Trip {
    /// Reads the address the hub sends the browser to.
    pub fn read(hub: &TestHub, location: &str) -> Trip {
        let trip = Trip { to: Url::parse(location).unwrap_or_else(|_| panic!("{location} is no address")) };
        hub.secrets.saw("state", &trip.value("state"));
        trip
    }

    /// Where it goes, as a path of the provider.
    pub fn path(&self) -> String {
        format!("{}?{}", self.to.path(), self.to.query().unwrap_or_default())
    }

    /// Where it goes, without what is asked.
    pub fn endpoint(&self) -> String {
        let mut to = self.to.clone();
        to.set_query(None);
        to.into()
    }

    /// What the hub asks under a name; empty if it does not.
    pub fn value(&self, name: &str) -> String {
        self.to.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// The path the browser comes back to, with these fields.
    pub fn back(&self, fields: &[(&str, &str)]) -> String {
        let back = self.value("redirect_uri");
        let path = back.strip_prefix(BASE).unwrap_or_else(|| panic!("{back} is not ours"));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        format!("{path}?{query}")
    }
}
