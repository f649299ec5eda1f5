//! An authenticator of software and the browser in front of it: it makes passkeys and proves them as the standard says, or with
//! any fault a story wants.

#![expect(clippy::unwrap_used, reason = "a question that cannot be read ends its story")]

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Somebody touched it.
pub const PRESENT: u8 = 0x01;
/// It verified its user.
pub const VERIFIED: u8 = 0x04;
/// The key may be copied.
pub const ELIGIBLE: u8 = 0x08;
/// The key was copied.
pub const COPIED: u8 = 0x10;
const TOLD: u8 = 0x40;

/// What a story has it say; the default is what an honest one says.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Where the page is, if not where the authenticator is used.
    pub origin: Option<&'static str>,
    /// The domain, if not the one asked.
    pub domain: Option<&'static str>,
    /// `webauthn.create` or `webauthn.get`, if not the one asked.
    pub kind: Option<&'static str>,
    /// That the page stands in one of another.
    pub cross_origin: bool,
    /// The challenge, if not the one asked.
    pub challenge: Option<String>,
    /// Flags, if not present and verified.
    pub flags: Option<u8>,
    /// The counter, if not the next number.
    pub counter: Option<u32>,
    /// The algorithm it says its key is for, if not ES256.
    pub algorithm: Option<i64>,
    /// Bytes behind the last.
    pub behind: Vec<u8>,
    /// The key of the account twice in the map of the public key.
    pub twice: bool,
    /// Another account than the one it was made for.
    pub handle: Option<Vec<u8>>,
    /// The name of the new passkey.
    pub id: Option<Vec<u8>>,
    /// The name of the passkey it proves, by its place among its own.
    pub named: Option<usize>,
    /// A signature with one bit turned.
    pub forged: bool,
}

struct Passkey {
    pair: EcdsaKeyPair,
    id: Vec<u8>,
    handle: Vec<u8>,
}

/// See the crate.
pub struct Authenticator {
    origin: String,
    passkeys: Vec<Passkey>,
    counter: u32,
}

impl Authenticator {
    /// One without passkeys, in front of pages of that origin.
    pub fn new(origin: &str) -> Authenticator {
        Authenticator { origin: origin.to_owned(), passkeys: Vec::new(), counter: 0 }
    }

    /// Makes a passkey, as `navigator.credentials.create` with these options.
    pub fn create(&mut self, options: &str, said: &Said) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let point = pair.public_key().as_ref().to_vec();
        let mut drawn = vec![0; 16];
        aws_lc_rs::rand::fill(&mut drawn).unwrap();
        let id = said.id.clone().unwrap_or(drawn);
        let mut data = self.data(options["rp"]["id"].as_str().unwrap(), TOLD, said);
        data.extend([0; 16]);
        data.extend(u16::try_from(id.len()).unwrap().to_be_bytes());
        data.extend(&id);
        data.push(if said.twice { 0xa6 } else { 0xa5 });
        data.extend([0x01, 0x02, 0x03]);
        data.extend(negative(said.algorithm.unwrap_or(-7)));
        data.extend([0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        if said.twice {
            data.extend([0x01, 0x02]);
        }
        data.extend(&said.behind);
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x59");
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        let handle = URL_SAFE_NO_PAD.decode(options["user"]["id"].as_str().unwrap()).unwrap();
        let client = self.client_data("webauthn.create", &options, said);
        let answer = json!({ "id": text(&id), "rawId": text(&id), "type": "public-key", "response": {
            "attestationObject": text(&object), "clientDataJSON": text(&client) } });
        self.passkeys.push(Passkey { pair, id, handle });
        answer.to_string()
    }

    /// Proves the passkey it made last, as `navigator.credentials.get` with these options.
    pub fn get(&mut self, options: &str, said: &Said) -> String {
        self.counter += 1;
        let options: Value = serde_json::from_str(options).unwrap();
        let passkey = self.passkeys.last().unwrap();
        let mut data = self.data(options["rpId"].as_str().unwrap(), 0, said);
        data.extend(&said.behind);
        let client = self.client_data("webauthn.get", &options, said);
        let signed = [&data[..], digest(&SHA256, &client).as_ref()].concat();
        let mut signature = passkey.pair.sign(&SystemRandom::new(), &signed).unwrap().as_ref().to_vec();
        if said.forged {
            *signature.last_mut().unwrap() ^= 1;
        }
        let id = text(&said.named.map_or(passkey, |place| &self.passkeys[place]).id);
        let handle = said.handle.as_ref().unwrap_or(&passkey.handle);
        let answer = json!({ "id": id, "rawId": id, "type": "public-key", "response": {
            "authenticatorData": text(&data), "clientDataJSON": text(&client), "signature": text(&signature),
            "userHandle": text(handle) } });
        answer.to_string()
    }

    fn data(&self, domain: &str, flags: u8, said: &Said) -> Vec<u8> {
        let mut data = digest(&SHA256, said.domain.unwrap_or(domain).as_bytes()).as_ref().to_vec();
        data.push(flags | said.flags.unwrap_or(PRESENT | VERIFIED));
        data.extend(said.counter.unwrap_or(self.counter).to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value, said: &Said) -> Vec<u8> {
        let challenge = said.challenge.as_deref().unwrap_or(options["challenge"].as_str().unwrap());
        let client = json!({ "type": said.kind.unwrap_or(kind), "challenge": challenge,
            "origin": said.origin.unwrap_or(&self.origin), "crossOrigin": said.cross_origin });
        client.to_string().into_bytes()
    }
}

/// What an application that makes codes shows for a secret at that second (RFC 6238).
pub fn code_of(secret: &str, seconds: i64) -> String {
    let letters = secret.bytes().map(|letter| match letter {
        b'A'..=b'Z' => letter - b'A',
        _ => letter - b'2' + 26,
    });
    let bits: Vec<u8> = letters.flat_map(|five| (0..5).rev().map(move |bit| five >> bit & 1)).collect();
    let key: Vec<u8> = bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &(seconds / 30).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A negative number in CBOR.
fn negative(number: i64) -> Vec<u8> {
    let number = u64::try_from(-1 - number).unwrap();
    match u8::try_from(number) {
        Ok(short @ ..24) => vec![0x20 | short],
        Ok(byte) => vec![0x38, byte],
        Err(_) => [&[0x39][..], &u16::try_from(number).unwrap().to_be_bytes()].concat(),
    }
}
