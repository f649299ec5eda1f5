//! What is read before the crate reads: the outer form of an answer, all of it, and where it was given.

use crate::{Flaw, cbor};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Longest name of a passkey (WebAuthn level 3, section 4).
const MAX_ID: usize = 1023;
/// Domain, flags and counter.
const FIXED: usize = 37;
/// A passkey is told.
const TOLD: u8 = 0x40;
/// Extensions follow.
const EXTENDED: u8 = 0x80;

/// Members of a public key (RFC 9053), as they are written.
const KIND: &[u8] = &[0x01];
const ALGORITHM: &[u8] = &[0x03];
const CURVE: &[u8] = &[0x20];
/// Kind, algorithm and curve of ES256, ES384, ES512 and of EdDSA by Ed25519.
const KEYS: [[Option<&[u8]>; 3]; 4] = [
    [Some(&[2]), Some(&[0x26]), Some(&[1])],
    [Some(&[2]), Some(&[0x38, 0x22]), Some(&[2])],
    [Some(&[2]), Some(&[0x38, 0x23]), Some(&[3])],
    [Some(&[1]), Some(&[0x27]), Some(&[6])],
];

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "rawId")]
    raw_id: String,
    id: String,
    response: Response,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: Option<String>,
    authenticator_data: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

/// What a kept passkey says of itself.
#[derive(Deserialize)]
pub(crate) struct Said {
    pub counter: u32,
    pub backup_eligible: bool,
}

pub(crate) fn said(doc: &str) -> Option<Said> {
    #[derive(Deserialize)]
    struct Doc {
        cred: Said,
    }
    serde_json::from_str::<Doc>(doc).ok().map(|doc| doc.cred)
}

/// A registration: everything in it is where the standard has it, and nothing besides.
pub(crate) fn registration(origin: &str, answer: &str) -> Result<(), Flaw> {
    let answer = opened(origin, answer)?;
    let object = decoded(answer.response.attestation_object.as_deref())?;
    let told = || {
        let (map, b"") = cbor::item(&object)? else { return None };
        let [data] = cbor::values(map, [b"\x68authData"])?;
        let data = cbor::bytes(data?)?;
        let (fixed, rest) = data.split_at_checked(FIXED)?;
        // The make of the authenticator, then the name of the passkey behind its length.
        let (_, rest) = rest.split_at_checked(16)?;
        let (length, rest) = rest.split_at_checked(2)?;
        let length = usize::from(u16::from_be_bytes(length.try_into().ok()?));
        let (id, rest) = rest.split_at_checked(length).filter(|(id, _)| (1..=MAX_ID).contains(&id.len()))?;
        let (key, rest) = cbor::item(rest)?;
        let kind = cbor::values(key, [KIND, ALGORITHM, CURVE])?;
        (belongs(kind) && fixed[32] & TOLD != 0 && URL_SAFE_NO_PAD.encode(id) == answer.raw_id && ends(fixed[32], rest))
            .then_some(())
    };
    told().ok_or(Flaw::Malformed)
}

/// A proof, likewise.
pub(crate) fn proof(origin: &str, answer: &str) -> Result<(), Flaw> {
    let answer = opened(origin, answer)?;
    let data = decoded(answer.response.authenticator_data.as_deref())?;
    let whole =
        data.split_at_checked(FIXED).is_some_and(|(fixed, rest)| fixed[32] & TOLD == 0 && ends(fixed[32], rest));
    if whole { Ok(()) } else { Err(Flaw::Malformed) }
}

/// Whether kind, algorithm and curve of a key belong together; RS256 has its modulus where others have their curve.
fn belongs(key: [Option<&[u8]>; 3]) -> bool {
    let rsa = matches!(key, [Some([3]), Some([0x39, 0x01, 0x00]), Some(modulus)] if cbor::bytes(modulus).is_some());
    rsa || KEYS.contains(&key)
}

/// Whether what follows are the extensions that the flags announce, or nothing.
fn ends(flags: u8, rest: &[u8]) -> bool {
    if flags & EXTENDED == 0 {
        return rest.is_empty();
    }
    cbor::item(rest).is_some_and(|(_, behind)| behind.is_empty())
}

fn opened(origin: &str, answer: &str) -> Result<Answer, Flaw> {
    let answer: Answer = serde_json::from_str(answer).map_err(|_| Flaw::Malformed)?;
    if answer.kind != "public-key" || answer.id != answer.raw_id || answer.raw_id.len() > MAX_ID.div_ceil(3) * 4 {
        return Err(Flaw::Malformed);
    }
    let client_data = decoded(Some(&answer.response.client_data))?;
    let client: ClientData = serde_json::from_slice(&client_data).map_err(|_| Flaw::Malformed)?;
    // Letter by letter: no other spelling of our address is ours.
    if client.origin != origin || client.cross_origin || client.top_origin.is_some() {
        return Err(Flaw::Origin);
    }
    Ok(answer)
}

fn decoded(text: Option<&str>) -> Result<Vec<u8>, Flaw> {
    text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(Flaw::Malformed)
}
