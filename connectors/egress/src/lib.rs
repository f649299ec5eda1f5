//! The guarded way out: the few calls we make to somebody else's HTTP server (logout notices, proxy callbacks, upstream
//! providers).
//!
//! Calls go only to addresses that an operator wrote or a provider of theirs published, never through a proxy, never
//! along a redirect, and only to public addresses unless the operator said that the other side lives on a private
//! network. The address that is checked is the address that is connected to: the check sits in the resolver. What is
//! read of an answer is bounded in size and in time.

use bytes::{Bytes, BytesMut};
use http::Request;
use preau_connector_api::Network;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// How long a large document may take.
const DOWNLOAD: Duration = Duration::from_secs(300);

/// Why a call was not made or not answered.
#[derive(Debug)]
pub enum EgressError {
    /// The address may not be called.
    Forbidden(&'static str),
    /// Who answered shows no certificate that is believed.
    Untrusted,
    /// Nobody answered in time, or broken.
    Unreachable(String),
}

impl std::fmt::Display for EgressError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EgressError::Forbidden(why) => write!(f, "not called: {why}"),
            EgressError::Untrusted => f.write_str("no answer: the certificate is not believed"),
            EgressError::Unreachable(why) => write!(f, "no answer: {why}"),
        }
    }
}

impl Error for EgressError {}

/// Whether an address may be called or shown to a browser as a provider's: https, or http on this machine; no user, no
/// fragment.
pub fn is_endpoint(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return false,
    };
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    scheme && url.username().is_empty() && url.password().is_none() && url.fragment().is_none() && text.len() <= 2048
}

/// Two clients that differ by the networks they may reach.
#[derive(Clone)]
pub struct Egress {
    public: reqwest::Client,
    private: reqwest::Client,
}

impl Egress {
    /// Builds the clients on a TLS configuration that checks certificates.
    pub fn new(tls: rustls::ClientConfig) -> Result<Egress, EgressError> {
        Egress::with_names(&tls, &(Arc::new(system) as Lookup))
    }

    fn with_names(tls: &rustls::ClientConfig, names: &Lookup) -> Result<Egress, EgressError> {
        let build = |resolver: Arc<Guarded>| {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .dns_resolver(resolver)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .connect_timeout(Duration::from_secs(2))
                .timeout(Duration::from_secs(4))
                .pool_max_idle_per_host(2)
                .user_agent(concat!("preau/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|e| EgressError::Unreachable(e.to_string()))
        };
        Ok(Egress {
            public: build(Arc::new(Guarded { open: false, names: Arc::clone(names) }))?,
            private: build(Arc::new(Guarded { open: true, names: Arc::clone(names) }))?,
        })
    }

    /// GETs an address and gives the status of the answer; its body is not read.
    pub async fn get(&self, url: &str, network: Network) -> Result<u16, EgressError> {
        let client = self.client(url, network)?;
        let answer = client.get(url).send().await.map_err(|e| failure(&e))?;
        Ok(answer.status().as_u16())
    }

    /// GETs an address and gives the status and the headers of the answer; its body is not read.
    pub async fn look(&self, url: &str, network: Network) -> Result<http::Response<()>, EgressError> {
        let mut answer = self.client(url, network)?.get(url).send().await.map_err(|e| failure(&e))?;
        let mut seen = http::Response::new(());
        *seen.status_mut() = answer.status();
        *seen.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(seen)
    }

    /// POSTs a form and gives the head of the answer; its body is not read.
    pub async fn post_form(
        &self,
        url: &str,
        form: &[(&str, String)],
        network: Network,
    ) -> Result<http::Response<Bytes>, EgressError> {
        let client = self.client(url, network)?;
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = client.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        let mut answer = request.send().await.map_err(|e| failure(&e))?;
        let mut head = http::Response::default();
        *head.status_mut() = answer.status();
        *head.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(head)
    }

    /// GETs a large document and hands it on piece by piece; of an answer that is not 200 nothing is read. One longer than
    /// `limit` bytes is broken off.
    pub async fn download(
        &self,
        request: Request<()>,
        network: Network,
        limit: u64,
        take: &mut (dyn FnMut(&[u8]) -> std::io::Result<()> + Send),
    ) -> Result<http::Response<()>, EgressError> {
        let url = request.uri().to_string();
        let call = self.client(&url, network)?.get(url).headers(request.headers().clone()).timeout(DOWNLOAD);
        let mut answer = call.send().await.map_err(|e| failure(&e))?;
        let mut taken = 0;
        while answer.status() == http::StatusCode::OK
            && let Some(part) = answer.chunk().await.map_err(|e| failure(&e))?
        {
            taken += part.len() as u64;
            if taken > limit {
                return Err(EgressError::Unreachable("answer too long".to_owned()));
            }
            take(&part).map_err(|e| EgressError::Unreachable(format!("the answer is not kept: {e}")))?;
        }
        let mut read = http::Response::new(());
        *read.status_mut() = answer.status();
        *read.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(read)
    }

    /// POSTs an envelope of SOAP 1.1 and reads the answer, as [`Egress::send`] does.
    pub async fn post_soap(
        &self,
        url: &str,
        envelope: &str,
        network: Network,
        limit: usize,
    ) -> Result<http::Response<Bytes>, EgressError> {
        let request = Request::post(url).header("content-type", "text/xml; charset=utf-8").header("soapaction", "\"\"");
        let request = request.body(envelope.as_bytes().to_vec());
        self.send(request.map_err(|_| EgressError::Forbidden("not an address"))?, network, limit).await
    }

    /// Makes a call and reads its answer, whatever its status; an answer longer than `limit` bytes is none.
    pub async fn send(
        &self,
        request: Request<Vec<u8>>,
        network: Network,
        limit: usize,
    ) -> Result<http::Response<Bytes>, EgressError> {
        let client = self.client(&request.uri().to_string(), network)?;
        let request = request.try_into().map_err(|_| EgressError::Forbidden("not an address"))?;
        let mut answer = client.execute(request).await.map_err(|e| failure(&e))?;
        let mut body = BytesMut::new();
        while let Some(part) = answer.chunk().await.map_err(|e| failure(&e))? {
            if body.len() + part.len() > limit {
                return Err(EgressError::Unreachable("answer too long".to_owned()));
            }
            body.extend_from_slice(&part);
        }
        let mut read = http::Response::new(body.freeze());
        *read.status_mut() = answer.status();
        *read.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(read)
    }

    fn client(&self, url: &str, network: Network) -> Result<&reqwest::Client, EgressError> {
        let url = Url::parse(url).map_err(|_| EgressError::Forbidden("not an address"))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(EgressError::Forbidden("scheme"));
        }
        if network == Network::Private {
            return Ok(&self.private);
        }
        // A literal address never meets the resolver.
        let literal = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => None,
            None => return Err(EgressError::Forbidden("no host")),
        };
        if literal.is_some_and(|ip| !is_public(ip)) {
            return Err(EgressError::Forbidden("private address"));
        }
        Ok(&self.public)
    }
}

/// What went wrong, in a word for a log: the library's own message holds the address with its query.
fn failure(error: &reqwest::Error) -> EgressError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(at) = cause {
        if at.is::<NotPublic>() {
            return EgressError::Forbidden("private address");
        }
        if let Some(rustls::Error::InvalidCertificate(_)) = at.downcast_ref() {
            return EgressError::Untrusted;
        }
        // An input or output error does not name what it wraps as its source, but the source of that.
        let inner = at.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| at.source());
    }
    let word = if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connection"
    } else {
        "broken answer"
    };
    EgressError::Unreachable(word.to_owned())
}

/// A name that leads to no address that may be called.
#[derive(Debug)]
struct NotPublic;

impl std::fmt::Display for NotPublic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("name has no address that may be called")
    }
}

impl Error for NotPublic {}

type Found = Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>>;
/// Finds the addresses of a name.
type Lookup = Arc<dyn Fn(Name) -> Found + Send + Sync>;

/// Asks the system.
fn system(name: Name) -> Found {
    Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
}

struct Guarded {
    open: bool,
    names: Lookup,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (open, found) = (self.open, (self.names)(name));
        Box::pin(async move {
            let allowed: Vec<SocketAddr> = found.await?.into_iter().filter(|a| open || is_public(a.ip())).collect();
            if allowed.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether an address belongs to the public Internet: not private, loopback, link-local, shared, documentation,
/// benchmarking, multicast or reserved, in either family or mapped from one to the other.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || a == 0
                || a >= 224
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (b == 18 || b == 19)))
        }
        // Global unicast is 2000::/3; documentation and the tunnels that carry an IPv4 address inside are not called.
        IpAddr::V6(v6) => {
            let s = v6.segments();
            (s[0] & 0xe000) == 0x2000
                && s[0] != 0x2002
                && !(s[0] == 0x2001 && (s[1] == 0 || s[1] == 0xdb8))
                && !(s[0] == 0x3fff && s[1] < 0x1000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn only_the_public_internet_is_public() {
        for good in ["93.184.216.34", "2606:2800:220:1::1"] {
            assert!(is_public(good.parse().unwrap()), "{good}");
        }
        for bad in [
            "127.0.0.1",
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "2002:7f00:1::",
            "2001:db8::1",
            "3fff::1",
            "::",
        ] {
            assert!(!is_public(bad.parse().unwrap()), "{bad}");
        }
    }
    /// A name server that answers a public address first and our own machine from then on: each call looks once, and the
    /// address that was checked is the one that is called.
    #[tokio::test]
    async fn a_name_that_changes_its_address_leads_nowhere() {
        preau_keys::install_provider();
        let tls = preau_keys::client_config(&[]).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://rebinds.example:{}/", listener.local_addr().unwrap().port());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let names: Lookup = Arc::new(move |_| {
            // Of no network that anybody was given.
            let public = [0x2000, 0, 0, 0, 0, 0, 0, 1].into();
            let first = count.fetch_add(1, Ordering::SeqCst) == 0;
            let ip = if first { IpAddr::V6(public) } else { [127, 0, 0, 1].into() };
            Box::pin(async move { Ok(vec![SocketAddr::new(ip, 0)]) })
        });
        let egress = Egress::with_names(&tls, &names).unwrap();
        assert!(matches!(egress.get(&url, Network::Public).await, Err(EgressError::Unreachable(_))));
        assert_eq!(asked.load(Ordering::SeqCst), 1, "what is checked is what is called");
        assert!(matches!(egress.get(&url, Network::Public).await, Err(EgressError::Forbidden(_))));

        let answer = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0, "a request");
            stream.write_all(b"HTTP/1.1 204 Done\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            stream
        };
        let (control, _stream) = tokio::join!(egress.get(&url, Network::Private), answer);
        assert_eq!(control.unwrap(), 204, "the control: the first that anybody hears of");
    }
}
