//! The latest refused request of each service or sandbox, why it was refused, and what would come of it now.
//!
//! What is kept of a request is what a replay needs: values that may be secret, or name somebody, are replaced by as many
//! letters. It stays in memory for an hour. A replay has no effect: nothing is begun, stored or told.

use super::sandbox::Told;
use crate::{Door, Hub, Visitor};
use preau_domain::{AuditEvent, CorrelationId, Instant, ServiceId};
use std::time::Duration;

/// Services whose latest refused request is remembered, and for how long.
const REMEMBERED: u64 = 500;
const REMEMBERED_FOR: Duration = Duration::from_secs(3600);
/// Longest request that is kept, in bytes.
const MOST: usize = 8 * 1024;
/// Parameters whose values are kept as they are: they are in the service's own configuration.
const PLAIN: &[&str] = &[
    "client_id",
    "response_type",
    "response_mode",
    "scope",
    "prompt",
    "max_age",
    "acr_values",
    "code_challenge",
    "code_challenge_method",
    "client_authentication",
    "client_assertion_type",
    "grant_type",
    "token_type_hint",
    "audience",
    "display",
    "ui_locales",
    "renew",
    "gateway",
    "method",
];
/// Those that hold an address.
const ADDRESSES: &[&str] = &["redirect_uri", "service", "TARGET"];

/// What is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The parameter.
    pub parameter: &'static str,
    /// What it holds.
    pub received: String,
    /// What was expected.
    pub expected: String,
}

/// What would come of a request now: nothing wrong in what was judged, or something.
pub type Rehearsal = Result<Judged, Wrong>;

/// How much of a request a rehearsal can judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// All of it: it would pass.
    Whole,
    /// All but its secrets, codes and tokens, which are not kept.
    AllButSecrets,
}

/// The latest request that was refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// When.
    pub at: Instant,
    /// Why, as the journal calls it.
    pub word: String,
    /// And in a sentence, as the protocol says it to the service.
    pub why: &'static str,
    /// Its incident number.
    pub incident: CorrelationId,
    /// What was asked, where it can be asked again.
    pub asked: Option<Asked>,
}

/// A request that can be asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Of which protocol.
    pub protocol: &'static str,
    /// Its parameters, without what is secret.
    pub fields: Vec<(String, String)>,
    /// What was wrong, if a parameter can be named.
    pub wrong: Option<Wrong>,
}

impl Refused {
    /// The same request now, without effect; absent where it cannot be asked again.
    pub fn again(&self, hub: &Hub, door: &Door) -> Option<Rehearsal> {
        let asked = self.asked.as_ref()?;
        hub.protocol(asked.protocol)?.rehearse(hub, door, &asked.fields.iter().cloned().collect())
    }
}

/// The latest refused request of each service, forgotten after an hour.
pub(crate) struct Latest(moka::sync::Cache<ServiceId, Refused>);

impl Default for Latest {
    fn default() -> Self {
        Latest(moka::sync::Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build())
    }
}

impl Latest {
    /// Remembers an event that refuses a service something.
    pub(crate) fn see(&self, event: &AuditEvent, why: &'static str) {
        if let Some(service) = &event.service {
            let (word, incident) = (event.detail.clone(), event.correlation.clone());
            // The protocol may have told the request itself just before.
            let asked = self.of(service).filter(|known| known.incident == incident).and_then(|known| known.asked);
            self.0.insert(service.clone(), Refused { at: event.at, word, why, incident, asked });
        }
    }

    pub(crate) fn of(&self, service: &ServiceId) -> Option<Refused> {
        self.0.get(service)
    }
}

impl Hub {
    /// Remembers a request that was refused, for whoever integrates the service; nothing where the bench is off.
    pub fn bench_refusal(&self, door: &Door, visitor: &Visitor, told: &Told<'_>) {
        if !self.config.bench {
            return;
        }
        // An address that is registered is no secret, and must be met again byte by byte.
        let registered = |value: &str| door.oidc.iter().any(|oidc| oidc.redirect_uris.iter().any(|uri| uri == value));
        let keep = |name: &str, value: &str| if registered(value) { value.to_owned() } else { kept(name, value) };
        let fields: Vec<(String, String)> =
            told.asked.iter().map(|(name, value)| (name.to_owned(), keep(name, value))).collect();
        let size: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        let wrong = told.wrong.clone();
        let asked = (size <= MOST && !fields.is_empty()).then_some(Asked { protocol: told.protocol, fields, wrong });
        let (at, word, incident) = (self.now(), told.word.to_owned(), visitor.correlation().clone());
        self.bench.0.insert(door.service.id.clone(), Refused { at, word, why: told.why, incident, asked });
    }
}

/// What is kept of a value.
fn kept(name: &str, value: &str) -> String {
    if PLAIN.contains(&name) {
        value.to_owned()
    } else if ADDRESSES.contains(&name) {
        address(value)
    } else if name == "claims" && !value.contains("\"value") {
        value.to_owned()
    } else {
        let letter = |c: char| if c.is_ascii_graphic() || c == ' ' { 'x' } else { '\u{fffc}' };
        value.chars().take(3_000).map(letter).collect()
    }
}

/// An address as a refusal may show it: user-info, and the values of its query, may be secret.
pub fn address(text: &str) -> String {
    let (bare, query) = text.split_once('?').map_or((text, None), |(bare, query)| (bare, Some(query)));
    let bare = match (bare.split_once("://"), bare.rfind('@')) {
        (Some((scheme, _)), Some(at)) => format!("{scheme}://x@{}", &bare[at + 1..]),
        _ => bare.to_owned(),
    };
    let Some(query) = query else { return bare };
    let (query, fragment) = query.split_once('#').map_or((query, ""), |(query, _)| (query, "#"));
    let names =
        query.split('&').map(|pair| pair.split_once('=').map_or(pair.to_owned(), |(name, _)| format!("{name}=x")));
    format!("{bare}?{}{fragment}", names.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_kept() {
        for (name, value, kept_as) in [
            ("scope", "openid profile", "openid profile"),
            ("state", "very secret", "xxxxxxxxxxx"),
            ("login_hint", "alice@college.example", "xxxxxxxxxxxxxxxxxxxxx"),
            ("anything", "a\u{e9}", "x\u{fffc}"),
            (
                "claims",
                r#"{"id_token":{"sub":{"value":"abc"}}}"#,
                &"x".repeat(r#"{"id_token":{"sub":{"value":"abc"}}}"#.len()),
            ),
            ("claims", r#"{"userinfo":{"email":null}}"#, r#"{"userinfo":{"email":null}}"#),
            ("redirect_uri", "https://app.example/cb?code=123&x#y", "https://app.example/cb?code=x&x#"),
            ("service", "https://bob:hunter2@app.example/?ticket=ST-1", "https://x@app.example/?ticket=x"),
            ("service", "nonsense", "nonsense"),
        ] {
            assert_eq!(kept(name, value), kept_as, "{name}={value}");
        }
    }
}
