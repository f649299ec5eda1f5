//! HTTP-Redirect (saml-bindings-2.0, 3.4): a message deflated in a query, and its signature beside it.
//!
//! The signature covers the parameters as they were percent-encoded by the sender. They are cut out of the query as it
//! arrived and never encoded again: others write lower case, or `%20` for a blank, and are right. The standard fixes the
//! order in which they are signed; in which order they arrive does not matter.

use super::{Kind, relay_state};
use crate::messages::{Refused, Why};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Decompress, FlushDecompress, Status};
use miniz_oxide::deflate::compress_to_vec;
use preau_keys::jose::{Alg, PrivateKey, PublicKey};
use preau_keys::xml::{Document, Element};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::Write;

/// Longest query that is read, in bytes.
pub const MAX_QUERY: usize = 32 * 1024;
/// Largest message, inflated.
pub const MAX_INFLATED: usize = 64 * 1024;
/// Parameters of a query.
const MAX_PARAMETERS: usize = 30;
/// Keys tried for one signature.
const MAX_KEYS: usize = 10;
/// The one way of encoding.
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// Signature algorithms that are spoken, by their names on the wire.
const ALGORITHMS: &[(Alg, &str)] = &[
    (Alg::RS256, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
    (Alg::PS256, "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"),
    (Alg::ES256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
];

/// The address that carries a message to `location`, which may have a query of its own. The message carries no signature
/// inside; with a key it gets one beside it. [`Why::Unsupported`] for a key that cannot sign so.
pub fn encode(
    location: &str,
    kind: Kind,
    xml: &str,
    relay_state: Option<&str>,
    signer: Option<(&PrivateKey, Alg)>,
) -> Result<String, Refused> {
    let deflated = compress_to_vec(xml.as_bytes(), 6);
    let mut signed = format!("{}={}", kind.parameter(), escaped(&STANDARD.encode(deflated)));
    if let Some(state) = relay_state {
        signed += &format!("&RelayState={}", escaped(state));
    }
    if let Some((key, alg)) = signer {
        let named = ALGORITHMS.iter().find(|(one, _)| *one == alg).map(|(_, name)| *name);
        let refused = || Why::Unsupported.of("SigAlg");
        signed += &format!("&SigAlg={}", escaped(named.ok_or_else(refused)?));
        let signature = key.sign(alg, signed.as_bytes()).map_err(|_| refused())?;
        signed += &format!("&Signature={}", escaped(&STANDARD.encode(signature)));
    }
    let joint = if location.contains('?') { '&' } else { '?' };
    Ok(format!("{location}{joint}{signed}"))
}

/// A message that arrived in a query, of which nothing is shown yet but how it came.
pub struct Received {
    /// Whether it asks or answers.
    pub kind: Kind,
    /// What is to be given back with the answer.
    pub relay_state: Option<String>,
    document: Document,
    detached: Option<Detached>,
}

/// A signature beside the message.
struct Detached {
    alg: Alg,
    signed: String,
    value: Vec<u8>,
}

impl Received {
    /// Reads a query, as it stood behind the question mark. Each parameter stands in it once; one of the binding's is
    /// spelled plainly.
    pub fn read(query: &str) -> Result<Received, Refused> {
        if query.len() > MAX_QUERY {
            return Err(Why::TooLong.of("query"));
        }
        let mut raw = Parameters::default();
        for (count, parameter) in query.split('&').enumerate() {
            if count == MAX_PARAMETERS {
                return Err(Why::TooMany.of("query"));
            }
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            raw.take(name, value)?;
        }
        let (kind, message) = match (raw.request, raw.response) {
            (Some(message), None) => (Kind::Request, message),
            (None, Some(message)) => (Kind::Response, message),
            (None, None) => return Err(Why::Missing("SAMLRequest or SAMLResponse").of("query")),
            (Some(_), Some(_)) => return Err(Why::Binding("it holds a request and a response").of("query")),
        };
        if raw.encoding.map(plain).transpose()?.is_some_and(|encoding| encoding != DEFLATE) {
            return Err(Why::Unsupported.of("SAMLEncoding"));
        }
        let state = raw.relay_state.map(plain).transpose()?;
        let state = state.as_deref().map(relay_state).transpose()?.map(str::to_owned);
        let detached = match (raw.alg, raw.signature) {
            (None, None) => None,
            (Some(alg), Some(value)) => Some(Detached::read(kind, message, raw.relay_state, alg, value)?),
            _ => return Err(Why::Binding("of SigAlg and Signature one is missing").of("query")),
        };
        let bytes = base64(&plain(message)?)?;
        let inflated = inflated(&bytes)
            .ok_or_else(|| Why::Binding("the message does not inflate, or is too large").of("message"))?;
        let document = Document::parse(&inflated).map_err(|error| Refused::unread(error, &inflated))?;
        Ok(Received { kind, relay_state: state, document, detached })
    }

    /// The message, if the signature beside it is by one of the keys.
    pub fn verified<K: AsRef<PublicKey>>(&self, keys: &[K]) -> Result<&Element, Refused> {
        use preau_keys::xml::XmlError::{NotSigned, Signature};
        let detached = self.detached.as_ref().ok_or_else(|| Why::Xml(NotSigned).of("query"))?;
        let by = |key: &K| key.as_ref().verify(detached.alg, detached.signed.as_bytes(), &detached.value);
        if keys.len() > MAX_KEYS || !keys.iter().any(by) {
            return Err(Why::Xml(Signature).of("query"));
        }
        Ok(self.document.unverified())
    }

    /// The message, **which nobody vouches for**: to find whose keys it is to be verified with, or for a message that needs
    /// no signature.
    pub fn unverified(&self) -> &Element {
        self.document.unverified()
    }

    /// Whether there is a signature beside it, right or wrong.
    pub fn is_signed(&self) -> bool {
        self.detached.is_some()
    }
}

impl Detached {
    fn read(kind: Kind, message: &str, state: Option<&str>, alg: &str, value: &str) -> Result<Detached, Refused> {
        let named = plain(alg)?;
        let found = ALGORITHMS.iter().find(|(_, name)| *name == named).map(|(alg, _)| *alg);
        let mut signed = format!("{}={message}", kind.parameter());
        if let Some(state) = state {
            signed += &format!("&RelayState={state}");
        }
        signed += &format!("&SigAlg={alg}");
        Ok(Detached {
            alg: found.ok_or_else(|| Why::Unsupported.of("SigAlg"))?,
            signed,
            value: base64(&plain(value)?)?,
        })
    }
}

/// The parameters of the binding, as they arrived.
#[derive(Default)]
struct Parameters<'a> {
    request: Option<&'a str>,
    response: Option<&'a str>,
    relay_state: Option<&'a str>,
    encoding: Option<&'a str>,
    alg: Option<&'a str>,
    signature: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    fn take(&mut self, name: &str, value: &'a str) -> Result<(), Refused> {
        let plainly = plain(name)?;
        let place = match plainly.as_ref() {
            "SAMLRequest" => &mut self.request,
            "SAMLResponse" => &mut self.response,
            "RelayState" => &mut self.relay_state,
            "SAMLEncoding" => &mut self.encoding,
            "SigAlg" => &mut self.alg,
            "Signature" => &mut self.signature,
            _ => return Ok(()),
        };
        if plainly != name || place.replace(value).is_some() {
            return Err(Why::Binding("a parameter is there twice, or oddly spelled").of("query"));
        }
        Ok(())
    }
}

thread_local! {
    /// What inflates is made once for each thread.
    static INFLATER: RefCell<Decompress> = RefCell::new(Decompress::new(false));
}

/// A message that was deflated; none if it was not, or is larger than [`MAX_INFLATED`].
fn inflated(deflated: &[u8]) -> Option<Vec<u8>> {
    INFLATER.with_borrow_mut(|inflater| {
        inflater.reset(false);
        let mut out = vec![0; (deflated.len() * 4).clamp(256, MAX_INFLATED)];
        let (mut read, mut written) = (0, 0);
        loop {
            let (from, to) = (deflated.get(read..)?, out.get_mut(written..)?);
            let status = inflater.decompress(from, to, FlushDecompress::Finish).ok()?;
            (read, written) = (usize::try_from(inflater.total_in()).ok()?, usize::try_from(inflater.total_out()).ok()?);
            if status == Status::StreamEnd {
                out.truncate(written);
                return Some(out);
            }
            if written < out.len() || out.len() == MAX_INFLATED {
                return None;
            }
            out.resize((out.len() * 2).min(MAX_INFLATED), 0);
        }
    })
}

/// The bytes of a text in base64, which some break into lines.
fn base64(text: &str) -> Result<Vec<u8>, Refused> {
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).map_err(|_| Why::Binding("a value is not in base64").of("query"))
}

/// A value of a query as it is meant.
fn plain(raw: &str) -> Result<Cow<'_, str>, Refused> {
    if !raw.contains(['%', '+']) {
        return Ok(Cow::Borrowed(raw));
    }
    let refused = || Why::Binding("a value is not percent-encoded").of("query");
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = digit(rest.next()).zip(digit(rest.next())).ok_or_else(refused)?;
                bytes.push(u8::try_from(high * 16 + low).map_err(|_| refused())?);
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| refused())
}

/// A value for a query: everything but the unreserved characters is percent-encoded.
fn escaped(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len() * 2), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            // Writing to a String cannot fail.
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
        out
    })
}
