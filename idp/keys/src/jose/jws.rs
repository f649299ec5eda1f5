//! Signed tokens in compact form (RFC 7515, 7519, 8725): made, and believed.

use super::jwk::MAX_KID;
use super::{Alg, JoseError, Jwks, PrivateKey, decode, encode, json};
use serde::Serialize;
use serde_json::{Map, Value};

/// Longest token that is read.
pub const MAX_TOKEN: usize = 16 * 1024;

/// What a header never brings along: keys, addresses of keys, extensions, and what belongs to encryption.
const REFUSED: &[&str] = &["jwk", "jku", "x5u", "x5c", "crit", "b64", "enc", "zip", "epk", "p2s", "p2c", "iv", "tag"];

/// What the caller expects of a token before looking at it.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    /// The algorithms it may be signed with.
    pub algs: &'a [Alg],
    /// Which type of token it is.
    pub typ: Typ<'a>,
}

/// Which `typ` a header must say. Letter case and the prefix `application/` do not count (RFC 7515 4.1.9).
#[derive(Clone, Copy, Debug)]
pub enum Typ<'a> {
    /// One of these.
    Is(&'a [&'a str]),
    /// One of these, or nothing at all, as the older types of token are.
    IsOrAbsent(&'a [&'a str]),
}

impl Typ<'_> {
    pub(super) fn fits(self, typ: Option<&str>) -> bool {
        let (names, absent) = match self {
            Typ::Is(names) => (names, false),
            Typ::IsOrAbsent(names) => (names, true),
        };
        let Some(typ) = typ else { return absent };
        let short = match typ.split_at_checked("application/".len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
            _ => typ,
        };
        names.iter().any(|name| name.eq_ignore_ascii_case(short))
    }
}

/// A token whose signature was right: what it says. Nothing else makes one.
#[derive(Clone, Debug)]
pub struct Verified {
    alg: Alg,
    kid: Option<String>,
    typ: Option<String>,
    claims: Map<String, Value>,
}

impl Verified {
    pub(super) fn of(header: Header, claims: Map<String, Value>) -> Verified {
        Verified { alg: header.alg, kid: header.kid, typ: header.typ, claims }
    }

    /// How it was signed.
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// The key it named.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The type it named.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// What it says.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// What it says, to keep.
    pub fn into_claims(self) -> Map<String, Value> {
        self.claims
    }

    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }
}

/// Signs claims, which must be a JSON object, as a token of the type `typ`.
pub fn sign(key: &PrivateKey, alg: Alg, kid: &str, typ: &str, claims: &impl Serialize) -> Result<String, JoseError> {
    let payload = serde_json::to_vec(claims).map_err(|_| JoseError::Malformed)?;
    if payload.first() != Some(&b'{') {
        return Err(JoseError::Malformed);
    }
    let header = serde_json::json!({ "alg": alg.as_str(), "typ": typ, "kid": kid });
    let mut token = format!("{}.{}", encode(header.to_string().as_bytes()), encode(&payload));
    let signature = key.sign(alg, token.as_bytes())?;
    token.push('.');
    token.push_str(&encode(&signature));
    Ok(token)
}

/// Believes a token, or says why not. Of a set with several keys that fit, the one the token names is asked; a token that
/// names none is tried with each.
pub fn verify(compact: &str, keys: &Jwks, expect: Expect<'_>) -> Result<Verified, JoseError> {
    let parts = parse(compact)?;
    let header = parts.header()?;
    if !expect.algs.contains(&header.alg) {
        return Err(JoseError::Algorithm);
    }
    if !expect.typ.fits(header.typ.as_deref()) {
        return Err(JoseError::Type);
    }
    let mut candidates = keys
        .keys()
        .iter()
        .filter(|jwk| jwk.verifies(header.alg) && (header.kid.is_none() || jwk.kid == header.kid))
        .peekable();
    if candidates.peek().is_none() {
        return Err(JoseError::UnknownKey);
    }
    if !candidates.any(|jwk| jwk.key.verify(header.alg, parts.signed.as_bytes(), &parts.signature)) {
        return Err(JoseError::Signature);
    }
    let claims = json::object(&parts.payload).ok_or(JoseError::Malformed)?;
    Ok(Verified::of(header, claims))
}

/// The issuer a token claims to be from, **not verified**: only to find whose keys it is to be verified with.
pub fn claimed_issuer(compact: &str) -> Result<String, JoseError> {
    claimed(compact, "iss")
}

/// A text a token says under that name, **not verified**: only to find whose keys it is to be verified with.
pub fn claimed(compact: &str, name: &str) -> Result<String, JoseError> {
    let parts = parse(compact)?;
    parts.header()?;
    let claims = json::object(&parts.payload).ok_or(JoseError::Malformed)?;
    claims.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(JoseError::Malformed)
}

/// A token taken apart.
pub(super) struct Parts<'a> {
    pub(super) signed: &'a str,
    header: Vec<u8>,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

pub(super) struct Header {
    pub(super) alg: Alg,
    kid: Option<String>,
    pub(super) typ: Option<String>,
}

pub(super) fn parse(compact: &str) -> Result<Parts<'_>, JoseError> {
    if compact.len() > MAX_TOKEN {
        return Err(JoseError::TooLong);
    }
    let (signed, signature) = compact.rsplit_once('.').ok_or(JoseError::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(JoseError::Malformed)?;
    // A second dot among them is no letter of base64url: five parts, as of an encrypted token, do not pass.
    let bytes = |text| decode(text).ok_or(JoseError::Malformed);
    Ok(Parts { signed, header: bytes(header)?, payload: bytes(payload)?, signature: bytes(signature)? })
}

impl Parts<'_> {
    fn header(&self) -> Result<Header, JoseError> {
        Header::read(&self.members()?)
    }

    pub(super) fn members(&self) -> Result<Map<String, Value>, JoseError> {
        json::object(&self.header).ok_or(JoseError::Malformed)
    }
}

impl Header {
    pub(super) fn read(members: &Map<String, Value>) -> Result<Header, JoseError> {
        if REFUSED.iter().any(|name| members.contains_key(*name)) {
            return Err(JoseError::Header);
        }
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JoseError::Header),
        };
        let kid = text("kid")?;
        let odd = |kid: &String| kid.is_empty() || kid.len() > MAX_KID || !kid.bytes().all(|b| b.is_ascii_graphic());
        if kid.as_ref().is_some_and(odd) {
            return Err(JoseError::Header);
        }
        let alg = text("alg")?.and_then(|name| Alg::named(&name)).ok_or(JoseError::Algorithm)?;
        Ok(Header { alg, kid, typ: text("typ")? })
    }
}

#[cfg(test)]
#[path = "jws/tests.rs"]
mod tests;
