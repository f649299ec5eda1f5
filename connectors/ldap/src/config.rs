//! What the configuration says of a directory: read, checked as a whole, and turned into what the rest of the crate
//! works with. Opens files (certificate, password, mapping), never a connection.

use crate::session::ServiceAccount;
use crate::wire::{Encryption, Target, Tls};
use preau_connector_api::{OpenContext, Problem, profiles_of};
use preau_domain::SourceId;
use preau_ent::Mapping;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use schemars::JsonSchema;
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

/// A complete example, for the reference page and `preau config example`.
pub(crate) const EXAMPLE: &str = r#"# Address: ldaps://, or ldap:// with starttls = true. Unencrypted ldap:// is refused except on loopback.
url = "ldaps://annuaire.ac-notos.example"
starttls = false
# Authority that signed the directory's certificate, in PEM; the system's authorities if absent.
ca = "secrets/annuaire-ca.pem"
# Account that searches. It needs to read everything except passwords, without a limit on the number of entries.
bind_dn = "cn=preau,ou=administrateurs,dc=ent,dc=example"
password_file = "secrets/annuaire.password"
# Branches of the tree.
people = "ou=people,dc=ent,dc=example"
structures = "ou=structures,dc=ent,dc=example"
# Entries that are always there: if one is missing when everything is read, the reading counts as incomplete.
sentinels = []
# Source of the join keys that are kept without their prefix: AC-NOTOS$4512345 becomes 4512345.
academy = "AC-NOTOS"
# Whether a person in charge (legal weight 2) gets the parents' view like a legal representative. A contact never does.
legal_in_charge = false
# Profiles whose date of birth is asked for when one of them uses an activation code, such as "National_ELV". Only then is the directory asked for
# it, of pupils or of adults, and a code of it is kept in its place, of them alone. Nobody's by default.
confirm_birth_date = []
# Mapping of attributes, when the directory does not follow the ENT schema.
# mapping = "mapping.toml"
# Milliseconds after its password was asked of the directory at which a refusal is told, whatever its reason: when it comes then says
# nothing of whether the login exists. More than the directory takes to check a password.
refusal_ms = 1000
# Entry that nobody uses and nothing locks, outside the branch of the people, with a password hashed as everybody's: asked in vain
# when a login is unknown, so that the directory has the same work and not only the same time. For directories that need more than
# refusal_ms to check a password.
# decoy_dn = "cn=decoy,ou=administrateurs,dc=ent,dc=example"
# How a later reading learns what changed, so that not everybody is read again: "asked" (of the directory's own log where it keeps one,
# RFC 4533, else by the time of the latest modification), "heard" (the same, and a change is taken within seconds), "times" (by time alone)
# or "never". Everybody is read once a day all the same.
changes = "asked"
page_size = 1000
# Most milliseconds until a connection is open and encrypted, for one answer, for a few questions in a row, and for a page of everything.
connect_ms = 1000
answer_ms = 3000
total_ms = 5000
page_ms = 60000
# Most milliseconds for which somebody who signs in is kept waiting by all of that: then a page says that the directory does not answer.
sign_in_ms = 1500
# Connections kept for searching, and passwords checked at the same time.
searches = 4
binds = 16
"#;

/// A directory reached by LDAP.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Address: `ldaps://`, or `ldap://` with `starttls` (without, on loopback only).
    url: String,
    /// Encrypts a connection that begins in clear, or gives it up.
    #[serde(default)]
    starttls: bool,
    /// Certificate of the authority, in PEM; the system's authorities if absent.
    #[serde(default)]
    ca: Option<String>,
    /// Name of the account that searches.
    bind_dn: String,
    /// File that holds its password.
    password_file: String,
    /// Branch of the people.
    people: String,
    /// Branch of the structures.
    structures: String,
    /// Entries that are always there.
    #[serde(default)]
    sentinels: Vec<String>,
    /// Source of the join keys that are kept without their prefix.
    #[serde(default)]
    academy: Option<String>,
    /// Whether legal weight 2 opens the parents' view.
    #[serde(default)]
    legal_in_charge: bool,
    /// Profiles whose date of birth is asked for with an activation code.
    #[serde(default)]
    confirm_birth_date: Vec<String>,
    /// Mapping of attributes; that of the ENT schema if absent.
    #[serde(default)]
    mapping: Option<String>,
    /// Milliseconds after its password was asked of the directory at which a refusal is told.
    #[serde(default = "refusal_ms")]
    refusal_ms: u64,
    /// Entry that nobody uses, asked when a login is unknown.
    #[serde(default)]
    decoy_dn: Option<String>,
    /// How a later reading learns what changed.
    #[serde(default)]
    changes: Telling,
    /// Entries per page, 10 to 5000.
    #[serde(default = "page_size")]
    page_size: usize,
    /// Most milliseconds until a connection is open and encrypted.
    #[serde(default = "connect_ms")]
    connect_ms: u64,
    /// Most milliseconds for one answer.
    #[serde(default = "answer_ms")]
    answer_ms: u64,
    /// Most milliseconds for a few questions in a row: opening a reading, looking whether anything changed, `preau doctor`.
    #[serde(default = "total_ms")]
    total_ms: u64,
    /// Most milliseconds for one page when everything is read.
    #[serde(default = "page_ms")]
    page_ms: u64,
    /// Most milliseconds for a whole password check, whatever the others say.
    #[serde(default = "sign_in_ms")]
    sign_in_ms: u64,
    /// Connections kept for searching.
    #[serde(default = "searches")]
    searches: usize,
    /// Passwords checked at the same time.
    #[serde(default = "binds")]
    binds: usize,
}

/// How a later reading learns what changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Telling {
    /// The directory is asked at each run, by RFC 4533 where it keeps change numbers, else by time.
    #[default]
    Asked,
    /// The same, and a running server listens: a change is taken within seconds.
    Heard,
    /// By the time of the latest modification, which tells no deletions.
    Times,
    /// Everybody is read at each run.
    Never,
}

fn page_size() -> usize {
    1000
}
fn refusal_ms() -> u64 {
    1000
}
fn connect_ms() -> u64 {
    1000
}
fn answer_ms() -> u64 {
    3000
}
fn total_ms() -> u64 {
    5000
}
fn sign_in_ms() -> u64 {
    1500
}
fn page_ms() -> u64 {
    60_000
}
fn searches() -> usize {
    4
}
fn binds() -> usize {
    16
}

/// What the rest of the crate works with.
pub(crate) struct Settings {
    pub(crate) source: SourceId,
    pub(crate) shown_url: String,
    pub(crate) target: Target,
    pub(crate) account: ServiceAccount,
    pub(crate) people: String,
    pub(crate) structures: String,
    pub(crate) sentinels: Vec<String>,
    pub(crate) academy: Option<String>,
    pub(crate) legal_in_charge: bool,
    pub(crate) mapping: Mapping,
    pub(crate) refusal: Duration,
    pub(crate) decoy: Option<String>,
    /// Bound to when a login is unknown: the decoy, or an entry that is not there.
    pub(crate) nobody: String,
    pub(crate) telling: Telling,
    pub(crate) page_size: usize,
    pub(crate) answer: Duration,
    pub(crate) total: Duration,
    pub(crate) sign_in: Duration,
    pub(crate) page: Duration,
    pub(crate) searches: usize,
    pub(crate) binds: usize,
}

impl Settings {
    /// Reads the table of a source; every problem at once.
    pub(crate) fn read(context: &OpenContext<'_>) -> Result<Settings, Vec<Problem>> {
        let config: Config = context.settings()?;
        let mut problems = Vec::new();
        let mut note = |key: &str, what: String| problems.push(Problem::new(context.at(key), what));
        for (key, value, least, most) in [
            ("page_size", config.page_size as u64, 10, 5000),
            ("refusal_ms", config.refusal_ms, 0, 10_000),
            ("connect_ms", config.connect_ms, 50, 10_000),
            ("answer_ms", config.answer_ms, 50, 30_000),
            ("total_ms", config.total_ms, 100, 60_000),
            ("sign_in_ms", config.sign_in_ms, 100, 60_000),
            ("page_ms", config.page_ms, 1000, 3_600_000),
            ("searches", config.searches as u64, 1, 64),
            ("binds", config.binds as u64, 1, 256),
        ] {
            if !(least..=most).contains(&value) {
                note(key, format!("{value} is outside {least} to {most}"));
            }
        }
        for (key, dn) in [("bind_dn", &config.bind_dn), ("people", &config.people), ("structures", &config.structures)]
        {
            if !dn.contains('=') {
                note(key, "this is the name of an entry, such as ou=people,dc=ent,dc=example".into());
            }
        }
        let target = target(&config, context).map_err(|(key, what)| note(key, what)).ok();
        let password = password(&config, context).map_err(|what| note("password_file", what)).ok();
        let confirmed = profiles_of(&config.confirm_birth_date).map_err(|what| note("confirm_birth_date", what));
        let mapping = mapping(&config, context)
            .and_then(|mapping| mapping.confirming(confirmed.as_deref().unwrap_or_default()))
            .map_err(|what| note("mapping", what))
            .ok();
        let (Some(target), Some(password), Some(mapping), true) = (target, password, mapping, problems.is_empty())
        else {
            return Err(problems);
        };
        // A name under which no entry can be: names of people are opaque and short.
        let nobody = format!("uid=nobody-has-this-login,{}", config.people);
        Ok(Settings {
            source: context.source.clone(),
            shown_url: format!("{}{}", config.url, if config.starttls { " (StartTLS)" } else { "" }),
            target,
            account: ServiceAccount { dn: config.bind_dn, password },
            people: config.people,
            structures: config.structures,
            sentinels: config.sentinels,
            academy: config.academy,
            legal_in_charge: config.legal_in_charge,
            mapping,
            refusal: Duration::from_millis(config.refusal_ms),
            nobody: config.decoy_dn.clone().unwrap_or(nobody),
            decoy: config.decoy_dn,
            telling: config.changes,
            page_size: config.page_size,
            answer: Duration::from_millis(config.answer_ms),
            total: Duration::from_millis(config.total_ms),
            sign_in: Duration::from_millis(config.sign_in_ms.min(config.total_ms)),
            page: Duration::from_millis(config.page_ms),
            searches: config.searches,
            binds: config.binds,
        })
    }
}

fn password(config: &Config, context: &OpenContext<'_>) -> Result<Zeroizing<String>, String> {
    let path = context.path(&config.password_file);
    let text = std::fs::read_to_string(&path).map(Zeroizing::new);
    let text = text.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let password = text.trim_end_matches(['\r', '\n']);
    // A bind with a name and no password succeeds on some servers without proving anything (RFC 4513, 5.1.2).
    if password.trim_matches(['\0', ' ']).is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    Ok(Zeroizing::new(password.to_owned()))
}

fn mapping(config: &Config, context: &OpenContext<'_>) -> Result<Mapping, String> {
    let Some(file) = &config.mapping else { return Ok(Mapping::ldap()) };
    let path = context.path(file);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mapping = Mapping::parse(&text).and_then(|mapping| searched(&mapping).map(|()| mapping));
    mapping.map_err(|error| format!("{}: {error}", path.display()))
}

/// Says what a mapping lacks for a source that is searched and signed in at.
fn searched(mapping: &Mapping) -> Result<(), String> {
    let people = &mapping.people;
    if people.login.is_none() {
        return Err("people.login is missing".into());
    }
    if people.sign_in.matches("{login}").count() != 1 {
        return Err("people.sign_in must hold {login} once".into());
    }
    let filled = people.sign_in.replace("{login}", "x");
    for filter in [&mapping.structures.filter, &mapping.pupils.filter, &mapping.staff.filter, &filled] {
        ldap3::parse_filter(filter).map_err(|_| format!("{filter:?} is not a filter"))?;
    }
    Ok(())
}

fn target(config: &Config, context: &OpenContext<'_>) -> Result<Target, (&'static str, String)> {
    let shape = || ("url", "an address looks like ldaps://annuaire.ac-notos.example or ldaps://…:3636".to_owned());
    let url = Url::parse(&config.url).map_err(|_| shape())?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none();
    let host = url.host_str().filter(|host| bare && !host.is_empty()).ok_or_else(shape)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let (port, encrypted) = match (url.scheme(), config.starttls) {
        ("ldaps", false) => (636, true),
        ("ldaps", true) => return Err(("starttls", "ldaps:// is encrypted already: take starttls away".into())),
        ("ldap", true) => (389, true),
        ("ldap", false) if loopback => (389, false),
        ("ldap", false) => {
            return Err(("url", "passwords would travel in clear: take ldaps:// or starttls = true".into()));
        }
        _ => return Err(shape()),
    };
    let encryption = if encrypted {
        let name = ServerName::try_from(host.clone());
        let name = name.map_err(|_| ("url", "no certificate can carry this host name".to_owned()))?;
        let tls = Tls { config: client(config, context).map_err(|what| ("ca", what))?, name };
        if config.starttls { Encryption::StartTls(tls) } else { Encryption::Ldaps(tls) }
    } else {
        Encryption::None
    };
    let connect = Duration::from_millis(config.connect_ms);
    Ok(Target { host, port: url.port().unwrap_or(port), encryption, connect })
}

/// TLS 1.2 and 1.3, certificates always checked.
fn client(config: &Config, context: &OpenContext<'_>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    match &config.ca {
        Some(file) => {
            let path = context.path(file);
            let wrong = |error: &dyn std::fmt::Display| format!("{} is no certificate in PEM: {error}", path.display());
            let certificates = CertificateDer::pem_file_iter(&path).map_err(|error| wrong(&error))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| wrong(&error))?;
                roots.add(certificate).map_err(|error| wrong(&error))?;
            }
            if roots.is_empty() {
                return Err(wrong(&"it holds none"));
            }
        }
        None => {
            let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if added == 0 {
                return Err("the system has no authorities: name the directory's own with ca".into());
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| error.to_string())?;
    Ok(Arc::new(versions.with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_must_say_how_to_search() {
        assert_eq!(searched(&Mapping::ldap()), Ok(()));
        let spoilt = |spoil: fn(&mut Mapping)| {
            let mut mapping = Mapping::ldap();
            spoil(&mut mapping);
            searched(&mapping)
        };
        assert!(spoilt(|m| m.people.login = None).is_err());
        assert!(spoilt(|m| m.people.sign_in = "(ENTPersonLogin=x)".into()).is_err());
        assert!(spoilt(|m| m.pupils.filter = "(objectClass=ENTEleve".into()).is_err());
        assert!(spoilt(|m| m.staff.filter.clear()).is_err());
    }
}
