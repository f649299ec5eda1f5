//! Who is asking: what a request says of its browser, its language and its address, read once and bounded.
//!
//! Cookies are named `__Host-…` and marked Secure wherever the public address is https; plain http exists only for a
//! demo on one machine.
//!
//! A request also bears the number under which everything it leads to is found again. A way of several requests, from a
//! browser's arrival at a door to the call of the application, bears the number of the first: the later ones find it in what
//! they bring that we stored or sealed ourselves, and nowhere else.

use crate::{Fault, FaultKind, Hub, Live, Locale, remembered};
use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use preau_domain::{CorrelationId, Ids, ServiceId, SessionId};
use preau_keys::ClientCertificate;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

/// Longest value of a cookie that holds secrets: four of ours.
const MAX_COOKIE: usize = 4 * Secret::LENGTH;
/// Longest copy of a sign-in that a cookie holds: browsers keep 4,096 bytes with the name and what stands behind.
const MAX_SIGN_IN: usize = 3_900;

/// Where the cookie of a tile is believed, and taken away.
#[derive(Clone, Copy)]
pub(crate) enum SpentAt {
    /// At the tile, of whoever was asked to sign in there.
    Tile,
    /// At the door of the service, of whoever opened the tile.
    Door,
}

impl SpentAt {
    fn code(self) -> &'static str {
        match self {
            SpentAt::Tile => "tile after sign-in",
            SpentAt::Door => "tile",
        }
    }
}

/// One request's visitor.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The number this request was given.
    own: CorrelationId,
    /// The number of the way it goes on with, once that is known. Copies share it.
    way: Arc<OnceLock<CorrelationId>>,
    /// The tile that was just opened, as its cookie says; not verified.
    tile: Option<Arc<str>>,
    /// The language to answer in.
    pub locale: Locale,
    /// The secret that binds a sign-in under way to this browser; absent before the first one.
    pub browser: Option<Secret>,
    /// The sealed copy of the sign-in that this page belongs to, as it began.
    pub sign_in: Option<Arc<str>>,
    /// The session this browser says it has: the digest of its cookie.
    pub session: Option<SessionId>,
    /// The secret of a device that signed in before.
    pub device: Option<Secret>,
    /// Those by which second factors are remembered on it, the latest first.
    pub remembered: Vec<Secret>,
    /// Where the request comes from, behind trusted proxies; IPv6 cut to its /64.
    pub address: Option<IpAddr>,
    /// The certificate of whoever calls, where one is known to be theirs.
    pub certificate: Option<Arc<ClientCertificate>>,
}

/// A secret text that never shows in a log. Copies share it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Characters of one of ours: 160 bits.
    pub const LENGTH: usize = 32;

    /// A new secret.
    pub fn generate(ids: &dyn Ids) -> Secret {
        Secret(ids.text(Secret::LENGTH).into())
    }

    /// A secret a cookie or a form carried; `None` if it is not made of letters and digits or too long.
    pub fn read(text: &str) -> Option<Secret> {
        (!text.is_empty() && text.len() <= MAX_COOKIE && text.bytes().all(|b| b.is_ascii_alphanumeric()))
            .then(|| Secret(text.into()))
    }

    /// The text itself, for a cookie, a form or a digest.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// The session: until the browser closes, and never longer than the session in the store.
    Session,
    /// Binds sign-ins under way to a browser.
    Browser,
    /// One of them itself, sealed, at its own pages or where a provider answers: two hours, as long as the longest is believed.
    SignIn,
    /// The tile that was just opened: a minute, in which its service sends the browser back, and until it does.
    Tile,
    /// A device that signed in before, and what is remembered on it: 180 days.
    Device,
    /// Language chosen by the person.
    Language,
}

impl Cookie {
    /// Its name; `secure` when the public address is https.
    pub const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Cookie::Session, true) => "__Host-preau",
            (Cookie::Session, false) => "preau",
            (Cookie::Browser, true) => "__Host-preau-browser",
            (Cookie::Browser, false) => "preau-browser",
            (Cookie::SignIn, true) => "__Secure-preau-sign-in",
            (Cookie::SignIn, false) => "preau-sign-in",
            (Cookie::Tile, true) => "__Host-preau-tile",
            (Cookie::Tile, false) => "preau-tile",
            (Cookie::Device, true) => "__Host-preau-device",
            (Cookie::Device, false) => "preau-device",
            (Cookie::Language, true) => "__Host-preau-language",
            (Cookie::Language, false) => "preau-language",
        }
    }

    /// The header that sets it, for all our pages.
    pub fn set(self, secure: bool, value: &str) -> HeaderValue {
        self.set_at("/", secure, value)
    }

    /// The header that sets it, for the pages below a path of ours.
    pub fn set_at(self, path: &str, secure: bool, value: &str) -> HeaderValue {
        let age = match self {
            Cookie::Session | Cookie::Browser => "",
            Cookie::SignIn => "; Max-Age=7200",
            Cookie::Tile => "; Max-Age=60",
            Cookie::Device => "; Max-Age=15552000",
            Cookie::Language => "; Max-Age=31536000",
        };
        self.header(path, secure, value, age)
    }

    /// Whether a value is short enough for it.
    pub fn holds(self, value: &str) -> bool {
        value.len() <= if self == Cookie::SignIn { MAX_SIGN_IN } else { MAX_COOKIE }
    }

    /// The header that takes it away.
    pub fn clear(self, secure: bool) -> HeaderValue {
        self.clear_at("/", secure)
    }

    /// The header that takes away what was set for that path.
    pub fn clear_at(self, path: &str, secure: bool) -> HeaderValue {
        self.header(path, secure, "", "; Max-Age=0")
    }

    fn header(self, path: &str, secure: bool, value: &str, age: &str) -> HeaderValue {
        let flag = if secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path={path}; HttpOnly; SameSite=Lax{flag}{age}", self.name(secure));
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// The cookies of a request.
struct Cookies<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Cookies<'a> {
    /// Reads them once, those with a name of ours.
    fn of(headers: &'a HeaderMap, secure: bool) -> Cookies<'a> {
        let prefix = if secure { "__" } else { Cookie::Session.name(secure) };
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        Cookies(pairs.filter(|(name, _)| name.starts_with(prefix)).collect())
    }

    /// The value of one. A name sent twice is not believed.
    fn one(&self, cookie: Cookie, secure: bool) -> Option<&'a str> {
        let name = cookie.name(secure);
        let mut found = self.0.iter().filter(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"'));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
}

impl Visitor {
    /// Reads the visitor of a request.
    pub fn read(hub: &Hub, headers: &HeaderMap, peer: Option<SocketAddr>, own: CorrelationId, query: &str) -> Visitor {
        let secure = hub.secure();
        let cookies = Cookies::of(headers, secure);
        let one = |cookie: Cookie| cookies.one(cookie, secure);
        let secret = |cookie: Cookie| one(cookie).and_then(Secret::read);
        let sign_in = one(Cookie::SignIn).filter(|copy| Cookie::SignIn.holds(copy));
        let tile = one(Cookie::Tile).filter(|tile| Cookie::Tile.holds(tile));
        let (device, remembered) = one(Cookie::Device).and_then(remembered::read).unzip();
        Visitor {
            own,
            way: Arc::default(),
            tile: tile.map(Arc::from),
            locale: Locale::of_request(headers, query, one(Cookie::Language)),
            browser: secret(Cookie::Browser),
            sign_in: sign_in.map(Arc::from),
            session: secret(Cookie::Session).map(|s| preau_keys::session_id(s.expose())),
            device,
            remembered: remembered.unwrap_or_default(),
            certificate: None,
            address: peer.map(|p| client_address(p.ip(), headers, hub.trusted_proxies())),
        }
    }

    /// Ties together everything this request and those it goes on with lead to.
    pub fn correlation(&self) -> &CorrelationId {
        self.way.get().unwrap_or(&self.own)
    }

    /// Says that this request goes on with a way that began earlier: its lines in the log, its events and its answer bear
    /// the number of that way, which is given back. Only for numbers that we stored or sealed ourselves; the first one stays.
    pub fn goes_on_with(&self, way: &CorrelationId) -> CorrelationId {
        if self.way.set(way.clone()).is_ok() && *way != self.own {
            tracing::Span::current().record("correlation", way.as_str());
        }
        self.correlation().clone()
    }

    /// The live session in which this browser arrives at the door of a service, if it has one. Whoever comes from the tile
    /// of that service, opened in that session, goes on with the way that began there. Whoever has yet to accept the charte has none:
    /// the sign-in that begins asks for nothing else.
    pub async fn live_at(&self, hub: &Hub, service: &ServiceId) -> Result<Option<Arc<Live>>, Fault> {
        let live = self.live_by_anything(hub).await?;
        if live.is_some() {
            self.comes_from_tile(hub, service);
        }
        Ok(live.filter(|live| !live.charte_due))
    }

    /// Goes on with the way that began at the tile of that service, if this browser opened it in the session it shows, be
    /// that over.
    pub fn comes_from_tile(&self, hub: &Hub, service: &ServiceId) {
        self.comes_from(SpentAt::Door, hub, service);
    }

    /// See [`Visitor::comes_from_tile`].
    pub(crate) fn comes_from(&self, at: SpentAt, hub: &Hub, service: &ServiceId) {
        if let (Some(session), Some((way, code))) = (&self.session, self.tile())
            && hub.keyring.mac_ok(at.code(), &[session.as_str(), service.as_str(), way], code)
        {
            self.goes_on_with(&CorrelationId::new(way));
        }
    }

    /// The number and the code in the cookie of a tile.
    fn tile(&self) -> Option<(&str, &str)> {
        self.tile.as_deref()?.split_once('.')
    }

    /// Whether this request went on with the way of a tile: the next one does not.
    pub(crate) fn spent_tile(&self) -> bool {
        self.way.get().zip(self.tile()).is_some_and(|(way, (told, _))| way.as_str() == told)
    }

    /// The cookie by which the next request of this browser for that service, in that session, goes on with this way.
    pub(crate) fn tile_cookie(&self, at: SpentAt, hub: &Hub, live: &Live, service: &ServiceId) -> HeaderValue {
        let way = self.correlation().as_str();
        let code = hub.keyring.mac(at.code(), &[live.session.id.as_str(), service.as_str(), way]);
        Cookie::Tile.set(hub.secure(), &format!("{way}.{code}"))
    }

    /// The live session of this browser, if it has one. A card of a class opens the home page, its tiles, the doors of services and the way
    /// out, which ask [`Visitor::live_by_anything`]; of every other page it is refused.
    pub async fn live(&self, hub: &Hub) -> Result<Option<Arc<Live>>, Fault> {
        let live = self.live_by_anything(hub).await?;
        if live.as_ref().is_some_and(|live| live.session.authentication.by_card()) {
            return Err(Fault::new(FaultKind::ClassCard, "a page that no card of a class opens"));
        }
        Ok(live)
    }

    /// The same, be it by a card of a class.
    pub async fn live_by_anything(&self, hub: &Hub) -> Result<Option<Arc<Live>>, Fault> {
        match &self.session {
            Some(id) => hub.live(id).await,
            None => Ok(None),
        }
    }
}

impl FromRequestParts<Arc<Hub>> for Visitor {
    type Rejection = Fault;

    /// The visitor read by the outermost layer, once per request.
    async fn from_request_parts(parts: &mut Parts, _: &Arc<Hub>) -> Result<Self, Fault> {
        let visitor = parts.extensions.get::<Visitor>().cloned();
        visitor.ok_or_else(|| Fault::new(FaultKind::Internal, "request without visitor"))
    }
}

/// The peer of the connection, when the server knows it.
pub fn peer(extensions: &http::Extensions) -> Option<SocketAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0)
}

/// An address or a network of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: u128,
    prefix: u32,
}

impl Network {
    /// Reads `10.0.0.0/8`, `::1` or `192.0.2.7`.
    pub fn parse(text: &str) -> Option<Network> {
        let (ip, prefix) = match text.split_once('/') {
            Some((ip, prefix)) => (ip.parse::<IpAddr>().ok()?, Some(prefix.parse::<u32>().ok()?)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let bits = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        (prefix <= bits).then(|| Network { base: wide(ip), prefix: 128 - bits + prefix })
    }

    /// Whether the address lies in it.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let shift = 128 - self.prefix;
        shift == 128 || (wide(ip) >> shift) == (self.base >> shift)
    }
}

fn wide(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// The nearest hop that is not a trusted proxy. What lies beyond it in `X-Forwarded-For` is hearsay.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let mut address = peer.to_canonical();
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
    let joined = lines.join(",");
    for hop in joined.rsplit(',').take(20) {
        if !trusted.iter().any(|n| n.contains(address)) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(ip) => address = ip.to_canonical(),
            Err(_) => break,
        }
    }
    match address {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & (u128::MAX << 64))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", text.parse().unwrap());
        headers
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let proxy: IpAddr = "10.0.0.5".parse().unwrap();
        let trusted = [Network::parse("10.0.0.0/8").unwrap()];
        let seen = |peer, line, trusted: &[Network]| client_address(peer, &forwarded(line), trusted).to_string();
        assert_eq!(seen(proxy, "198.51.100.1, 203.0.113.9", &trusted), "203.0.113.9");
        assert_eq!(seen(proxy, "198.51.100.1, 203.0.113.9", &[]), "10.0.0.5");
        assert_eq!(seen(proxy, "203.0.113.9, 10.0.0.6", &trusted), "203.0.113.9");
        assert_eq!(seen(proxy, "nonsense", &trusted), "10.0.0.5");
    }

    #[test]
    fn an_ipv6_address_is_its_network() {
        let peer: IpAddr = "2001:db8:1:2:3:4:5:6".parse().unwrap();
        assert_eq!(client_address(peer, &HeaderMap::new(), &[]).to_string(), "2001:db8:1:2::");
    }

    #[test]
    fn a_cookie_sent_twice_is_not_believed() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("preau=aaa; other=1"));
        assert_eq!(Cookies::of(&headers, false).one(Cookie::Session, false), Some("aaa"));
        headers.append(header::COOKIE, HeaderValue::from_static("preau=bbb"));
        assert_eq!(Cookies::of(&headers, false).one(Cookie::Session, false), None);
    }

    #[test]
    fn cookies_carry_every_protection() {
        let set = Cookie::Session.set(true, "abc");
        assert_eq!(set.to_str().unwrap(), "__Host-preau=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
    }
}
