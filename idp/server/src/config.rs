//! The one configuration file: its sections, put together. Each crate owns its section; the ones the assembly needs for
//! itself are here. Reading the file is `load`; the reference page, the example and the schema are `reference`.

mod load;
mod reference;

pub use load::{Loaded, load};
pub use reference::{example, page, schema};

use crate::logging::LogConfig;
use preau_connector_api::Problem;
use preau_connector_mail::MailConfig;
use preau_domain::SourceId;
use preau_provision::SyncConfig;
use preau_web::WebConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything the file says, with defaults for what it does not.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Section `[server]`.
    pub server: ServerConfig,
    /// Section `[storage]`.
    pub storage: StorageConfig,
    /// Section `[keys]`.
    pub keys: KeysConfig,
    /// Section `[services]`.
    pub services: ServicesConfig,
    /// Section `[saml]`.
    pub saml: SamlConfig,
    /// Section `[web]`.
    pub web: WebConfig,
    /// Section `[mail]`.
    pub mail: MailConfig,
    /// Section `[sync]`.
    pub sync: SyncConfig,
    /// Section `[log]`.
    pub log: LogConfig,
    /// Sections `[sources.<name>]`.
    pub sources: BTreeMap<SourceId, SourceConfig>,
}

/// Where the server listens.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port to listen on. The environment variable `PREAU_LISTEN` replaces it.
    pub listen: SocketAddr,
    /// Certificate chain, PEM. With it and `tls_key_file` the server speaks TLS itself; a new file is taken up within
    /// seconds. Without them it speaks plain HTTP, for a proxy in front of it.
    #[schemars(example = "tls/cert.pem")]
    pub tls_cert_file: Option<PathBuf>,
    /// Private key of the certificate, PEM.
    #[schemars(example = "tls/key.pem")]
    pub tls_key_file: Option<PathBuf>,
    /// Address and port where services show a certificate of theirs (mutual TLS), with the same certificate of ours. `web.mtls_url`
    /// says how services reach it.
    #[schemars(example = "0.0.0.0:8443")]
    pub mtls_listen: Option<SocketAddr>,
    /// Address and port that answers `/metrics` and nothing else. Without it the main address answers `/metrics`, to
    /// this machine only and by a name of it: `localhost` or a loopback address.
    #[schemars(example = "127.0.0.1:9464")]
    pub metrics_listen: Option<SocketAddr>,
    /// Connections held at the same time; more are closed at once. The limit on open files of the process must be above.
    pub max_connections: usize,
    /// Seconds a stopping server waits for requests under way.
    pub stop_seconds: u64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls_cert_file: None,
            tls_key_file: None,
            mtls_listen: None,
            metrics_listen: None,
            max_connections: 8_000,
            stop_seconds: 10,
        }
    }
}

impl ServerConfig {
    /// Everything wrong in the section.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |key: &str, what: &str| problems.push(Problem::new(format!("server.{key}"), what));
        match (&self.tls_cert_file, &self.tls_key_file) {
            (Some(_), None) => wrong("tls_key_file", "is missing: a certificate needs its key"),
            (None, Some(_)) => wrong("tls_cert_file", "is missing: a key needs its certificate"),
            _ => {}
        }
        if self.mtls_listen.is_some() && self.tls_cert_file.is_none() {
            wrong("mtls_listen", "needs tls_cert_file: a certificate is shown over TLS alone");
        }
        if self.mtls_listen.is_some_and(|mtls| mtls == self.listen) {
            wrong("mtls_listen", "is the address of the server itself: browsers would be asked for certificates there");
        }
        if self.metrics_listen.is_some_and(|metrics| metrics == self.listen) {
            wrong("metrics_listen", "is the address of the server itself: give another port");
        }
        if !(16..=1_000_000).contains(&self.max_connections) {
            wrong("max_connections", "must lie between 16 and 1000000");
        }
        if !(1..=300).contains(&self.stop_seconds) {
            wrong("stop_seconds", "must lie between 1 and 300");
        }
        problems
    }
}

/// Where everything is kept.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StorageConfig {
    /// `sqlite://` and a file (relative to the configuration file unless it begins with `/`), or
    /// `postgres://user@host/database`. The environment variable `PREAU_STORAGE_URL` replaces it.
    pub url: String,
    /// File whose first line is the password of the database account, for PostgreSQL.
    #[schemars(example = "secrets/database")]
    pub password_file: Option<PathBuf>,
    /// Days the journal of events is kept.
    pub audit_days: u32,
}

impl Default for StorageConfig {
    fn default() -> Self {
        StorageConfig { url: "sqlite://data/preau.db".to_owned(), password_file: None, audit_days: 365 }
    }
}

impl StorageConfig {
    /// Everything wrong in the section.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let postgres = self.url.starts_with("postgres://") || self.url.starts_with("postgresql://");
        if !postgres && self.url.strip_prefix("sqlite://").is_none_or(str::is_empty) {
            problems.push(Problem::new("storage.url", "begins with sqlite:// and a file, or with postgres://"));
        }
        if postgres {
            match url::Url::parse(&self.url) {
                Ok(url) if url.password().is_some() => problems.push(Problem::new(
                    "storage.url",
                    "holds a password: move it to a file and name it in storage.password_file",
                )),
                Ok(_) => {}
                Err(_) => {
                    problems.push(Problem::new("storage.url", "is no address; write postgres://user@host/database"))
                }
            }
        } else if self.password_file.is_some() {
            problems.push(Problem::new("storage.password_file", "is for PostgreSQL: a file needs no password"));
        }
        if !(30..=3_660).contains(&self.audit_days) {
            problems.push(Problem::new("storage.audit_days", "must lie between 30 and 3660"));
        }
        problems
    }
}

/// Where the keys are.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeysConfig {
    /// Folder of the master key, drawn at the first start and readable by its owner alone. Every node has the same one.
    pub dir: PathBuf,
}

impl Default for KeysConfig {
    fn default() -> Self {
        KeysConfig { dir: PathBuf::from("data/keys") }
    }
}

/// Which services are mounted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServicesConfig {
    /// Folder of instance files, one `<id>.toml` for each service people can open. A changed file is taken up within
    /// seconds; a broken one changes nothing while the server runs, and when it starts takes away its own service and any
    /// above it on the same site.
    pub instances: PathBuf,
    /// Folder of products of your own, described like those of the built-in catalogue and found beside them. A
    /// changed one is taken up like an instance file.
    #[schemars(example = &"catalogue")]
    pub catalogue: Option<PathBuf>,
    /// Folder of rules above those of the services: `national.toml`, `academy.toml`, `ent.toml` and one for each establishment that has
    /// any, such as `0990001N.toml`. Each takes away from what is left by the one above it, and none can add. A changed one is taken up
    /// like an instance file.
    #[schemars(example = &"levels")]
    pub levels: Option<PathBuf>,
    /// PEM files of certificate authorities believed when a service is called, besides those of the system.
    pub trusted_ca_files: Vec<PathBuf>,
    /// PEM files of certificate authorities that issue the certificates by which services prove themselves
    /// (`tls_client_auth`). Nobody but they is believed about that.
    pub client_ca_files: Vec<PathBuf>,
}

impl Default for ServicesConfig {
    fn default() -> Self {
        ServicesConfig {
            instances: PathBuf::from("services"),
            catalogue: None,
            levels: None,
            trusted_ca_files: Vec::new(),
            client_ca_files: Vec::new(),
        }
    }
}

/// Where the metadata of SAML partners come from.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SamlConfig {
    /// Folder where the last good copy of everything fetched is kept.
    pub metadata_dir: PathBuf,
    /// Federations, each under a name of its own: services that give no metadata are found there by their `entity_id`, in the
    /// first, by the alphabet, that holds it.
    pub federations: BTreeMap<String, FederationConfig>,
}

impl Default for SamlConfig {
    fn default() -> Self {
        SamlConfig { metadata_dir: PathBuf::from("data/metadata"), federations: BTreeMap::new() }
    }
}

/// A federation: one of `url`, `mdq` and `file`, and who signs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FederationConfig {
    /// Where it publishes the metadata of all its entities.
    pub url: Option<String>,
    /// Address of its metadata query service, asked for one entity at a time.
    pub mdq: Option<String>,
    /// The query service is asked by `{sha1}` and the digest of the name, as those are that serve plain files.
    pub mdq_sha1: bool,
    /// A file with the metadata of all its entities.
    pub file: Option<PathBuf>,
    /// Certificates (PEM) of whoever signs: nothing else is believed.
    pub certificates: Vec<PathBuf>,
    /// It is reached on a private network, and may go without TLS.
    pub private_network: bool,
    /// Days ahead its `validUntil` may lie at most; 30 unless said otherwise.
    pub longest_days: Option<u16>,
}

impl SamlConfig {
    /// Everything wrong in the section.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, one) in &self.federations {
            let mut wrong = |what: &str| problems.push(Problem::new(format!("saml.federations.{name}"), what));
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
                wrong("is named by 1 to 64 of a-z, 0-9 and -");
            }
            let places = [one.url.is_some(), one.mdq.is_some(), one.file.is_some()];
            if places.into_iter().filter(|is| *is).count() != 1 {
                wrong("has one of url, mdq and file");
            }
            if one.mdq_sha1 && one.mdq.is_none() {
                wrong("mdq_sha1 goes with mdq");
            }
            if one.certificates.is_empty() {
                wrong("names the certificates of whoever signs: without a signature nobody could be believed");
            }
            for address in one.url.iter().chain(&one.mdq) {
                let sound = preau_domain::strict_url(address)
                    .is_some_and(|url| url.scheme() == "https" || (one.private_network && url.scheme() == "http"));
                if !sound {
                    wrong("is reached by https; http is for private_network = true");
                }
            }
            if one.longest_days.is_some_and(|days| days == 0 || days > 366) {
                wrong("longest_days must lie between 1 and 366");
            }
        }
        problems
    }
}

/// A source of people.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// Which kind of connector.
    pub kind: String,
    /// How often a server synchronises it by itself; never when absent.
    pub every: Option<Duration>,
    /// What is left is the connector's.
    pub table: toml::Table,
}
