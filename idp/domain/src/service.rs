//! A mounted service as the hub needs it, and the only way to make an address one may redirect to.
//!
//! Who may open it and what it receives is in `policy`; how it is described in a catalogue is in `connectors/api`.

use crate::ServiceId;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

/// Longest service address accepted, in bytes.
pub const MAX_URL: usize = 4096;

/// Identity and addresses of a mounted service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name here.
    pub id: ServiceId,
    /// Where a person is sent by its tile.
    pub home: Url,
    /// Which addresses belong to it: at least one.
    pub urls: Vec<UrlRule>,
}

/// A structured rule: scheme, host and port are equal, the path starts with `path`. Never a regular expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UrlRule {
    /// `https`, or `http` for a service registered on purpose without TLS.
    pub scheme: String,
    /// Host in lower case ASCII, exact.
    pub host: String,
    /// Effective port.
    pub port: u16,
    /// Path prefix; begins with `/`. A prefix that does not end with `/` matches itself and what follows a `/`.
    pub path: String,
}

/// An address that belongs to a registered service. Only [`Service::trust`] makes one, so that no redirect, callback or
/// logout call can go anywhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct TrustedUrl(Url);

impl TrustedUrl {
    /// The address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address, parsed.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The address with `name=value` joined to its query, before any fragment.
    pub fn with_query(&self, name: &str, value: &str) -> String {
        let mut url = self.0.clone();
        url.query_pairs_mut().append_pair(name, value);
        url.into()
    }
}

impl fmt::Debug for TrustedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query may carry what belongs to the person; the origin and path are enough to understand a log.
        write!(f, "TrustedUrl({}{})", self.0.origin().ascii_serialization(), self.0.path())
    }
}

/// Reads an address as a stranger sent it and refuses every form two parsers could understand differently: control
/// characters, backslashes, user-info, dot segments in any encoding, path parameters in dot segments, a trailing dot in
/// the host, a missing or doubled slash after the scheme, non-ASCII hosts.
pub fn strict_url(text: &str) -> Option<Url> {
    if text.len() > MAX_URL || text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    if !(scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")) || rest.starts_with('/') {
        return None;
    }
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    if authority.is_empty() || !authority.is_ascii() || authority.contains(['@', '%']) {
        return None;
    }
    let path = &tail[..tail.find(['?', '#']).unwrap_or(tail.len())];
    // An encoded slash, backslash, dot, semicolon, NUL or line break in a *path* is never needed by a service and often
    // decoded twice by one.
    if encodes(path, &["%2f", "%5c", "%2e", "%3b", "%00", "%0a", "%0d", "%25"]) || path.contains("//") {
        return None;
    }
    if path.split('/').any(|segment| matches!(segment.split(';').next(), Some("." | "..")) || segment.starts_with(';'))
    {
        return None;
    }
    if encodes(tail, &["%0a", "%0d", "%00"]) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    if host.ends_with('.') || host.starts_with("xn--") || host.contains(".xn--") || !url.username().is_empty() {
        return None;
    }
    Some(url)
}

/// Whether a text holds one of these encoded characters, in whichever case. Most addresses hold none at all.
fn encodes(text: &str, bad: &[&str]) -> bool {
    text.contains('%') && {
        let lower = text.to_ascii_lowercase();
        bad.iter().any(|one| lower.contains(one))
    }
}

impl UrlRule {
    /// The rule "everything below this address"; `None` if the address itself is not a strict one or carries a query.
    pub fn below(address: &str) -> Option<UrlRule> {
        let url = strict_url(address)?;
        if url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        Some(UrlRule {
            scheme: url.scheme().to_owned(),
            host: url.host_str()?.to_owned(),
            port: url.port_or_known_default()?,
            path: url.path().to_owned(),
        })
    }

    fn matches(&self, url: &Url) -> bool {
        url.scheme() == self.scheme
            && url.host_str() == Some(self.host.as_str())
            && url.port_or_known_default() == Some(self.port)
            && url.path().strip_prefix(self.path.as_str()).is_some_and(|rest| {
                self.path.ends_with('/') || rest.is_empty() || rest.starts_with('/') || rest.starts_with(';')
            })
    }
}

impl Service {
    /// The address, if it belongs to this service.
    pub fn trust(&self, address: &str) -> Option<TrustedUrl> {
        let url = strict_url(address)?;
        self.urls.iter().any(|rule| rule.matches(&url)).then_some(TrustedUrl(url))
    }

    /// The address, if it is, byte by byte, one of those the service has registered. A registered `http://127.0.0.1/…` or
    /// `http://[::1]/…` fits any port, because a program on the person's machine listens where it can (RFC 8252, section
    /// 7.3).
    pub fn trust_exactly<'a>(
        &self,
        address: &str,
        registered: impl IntoIterator<Item = &'a String>,
    ) -> Option<TrustedUrl> {
        let url = strict_url(address).filter(|url| url.fragment().is_none())?;
        let portless = without_loopback_port(address, &url);
        let same = |known: &String| {
            let loopback = || strict_url(known).and_then(|url| without_loopback_port(known, &url));
            known == address || portless.as_ref().is_some_and(|portless| loopback().as_ref() == Some(portless))
        };
        registered.into_iter().any(same).then_some(TrustedUrl(url))
    }
}

/// An address of this very machine by number, over http, without its port.
fn without_loopback_port(text: &str, url: &Url) -> Option<String> {
    let host = ["127.0.0.1", "[::1]"].into_iter().find(|host| url.host_str() == Some(host))?;
    let rest = text.strip_prefix("http://")?.strip_prefix(host)?;
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    let port = &rest[..rest.len() - path.len()];
    let numeric = |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    (port.is_empty() || port.strip_prefix(':').is_some_and(numeric)).then(|| format!("http://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        Service {
            id: ServiceId::new("app"),
            home: Url::parse("https://app.example/cas/").unwrap(),
            urls: vec![UrlRule::below("https://app.example/cas/").unwrap()],
        }
    }

    #[test]
    fn an_address_of_the_service_is_trusted() {
        for good in [
            "https://app.example/cas/",
            "https://app.example/cas/a?x=%C3%A9#f",
            "https://APP.example/cas/",
            "https://app.example:443/cas/",
        ] {
            assert!(service().trust(good).is_some(), "{good}");
        }
        let url = service().trust("https://app.example/cas/?a=1#frag").unwrap();
        assert_eq!(url.with_query("ticket", "ST-1"), "https://app.example/cas/?a=1&ticket=ST-1#frag");
    }

    #[test]
    fn a_registered_address_is_taken_as_it_is_written() {
        let registered = ["https://app.example/cb?a=1", "http://127.0.0.1/cb", "http://[::1]:80/cb"].map(str::to_owned);
        let trusts = |address: &str| service().trust_exactly(address, &registered).is_some();
        for good in [
            "https://app.example/cb?a=1",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:49152/cb",
            "http://[::1]:7/cb",
            "http://[::1]/cb",
        ] {
            assert!(trusts(good), "{good}");
        }
        for bad in [
            "https://app.example/cb",
            "https://app.example/cb?a=1&b=2",
            "https://app.example/cb?a=1#x",
            "https://APP.example/cb?a=1",
            "https://app.example:443/cb?a=1",
            "https://app.example/cb/?a=1",
            "https://app.example:49152/cb?a=1",
            "http://localhost:49152/cb",
            "http://127.0.0.1:49152/cb/x",
            "http://127.0.0.1:49152/",
            "http://127.0.0.1.evil.test/cb",
            "http://127.0.0.1:80@evil.test/cb",
            "http://127.1:49152/cb",
            "http://127.0.0.1:/cb",
            "https://127.0.0.1:49152/cb",
            "http://[::1]:7/cb/..",
            "",
        ] {
            assert!(!trusts(bad), "{bad}");
        }
    }

    #[test]
    fn look_alikes_are_not() {
        for bad in [
            "https://app.example.evil.test/cas/",
            "https://evil.test/?https://app.example/cas/",
            "https://app.example@evil.test/cas/",
            "https://a@b@app.example/cas/",
            "https://user@app.example/cas/",
            "https:/\\evil.test",
            "https://app.example\\@evil.test/cas/",
            "//evil.test/",
            "https:///app.example/cas/",
            "https:app.example/cas/",
            "https://app.example/cas/../admin",
            "https://app.example/cas/%2e%2e/",
            "https://app.example/cas/..%2f",
            "https://app.example/cas/..;/x",
            "https://app.example/cas/;/",
            "https://appXexample/cas/",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://app.example/cas/",
            "http://app.example/cas/",
            "https://app.example:8443/cas/",
            "https://app.example./cas/",
            "https://xn--pp-8ka.example/cas/",
            "https://app.example/cas/\r\nSet-Cookie:a=1",
            "https://app.example/cas/%0d%0aSet-Cookie:a=1",
            "https://app.example/cas/\0",
            "https://app.example/cas/?a=%00",
            "https://app.example/cas",
            "https://app.example/casx/",
            "",
        ] {
            assert!(service().trust(bad).is_none(), "{bad}");
        }
    }
}
