//! Proofs that whoever calls holds a private key (RFC 9449 4): the one kind of token that brings its own key along. It says
//! nothing of who holds the key; what the key may do is the caller's to know.
//!
//! What a proof is for (which call, which token, when, how often) is checked where calls are understood.

use super::json;
use super::jwk::PublicKey;
use super::jws::{Header, parse};
use super::{Alg, JoseError, Typ, Verified};
use serde_json::Value;

/// Longest proof that is read: its key and its signature are the longest things in it.
const MAX_PROOF: usize = 8 * 1024;

/// A proof whose signature was right under the key it brings along.
#[derive(Clone, Debug)]
pub struct Proof {
    /// What it says.
    pub said: Verified,
    /// The key, by its thumbprint (RFC 7638).
    pub thumbprint: String,
}

/// Reads a proof of one of these algorithms. Its type must be `dpop+jwt`, and its key a public one.
pub fn read(compact: &str, algs: &[Alg]) -> Result<Proof, JoseError> {
    if compact.len() > MAX_PROOF {
        return Err(JoseError::TooLong);
    }
    let parts = parse(compact)?;
    let mut members = parts.members()?;
    let Some(Value::Object(jwk)) = members.remove("jwk") else { return Err(JoseError::Header) };
    let header = Header::read(&members)?;
    if !Typ::Is(&["dpop+jwt"]).fits(header.typ.as_deref()) {
        return Err(JoseError::Type);
    }
    let key = PublicKey::alone(&jwk).ok_or(JoseError::Header)?;
    if !algs.contains(&header.alg) || !key.serves(header.alg) {
        return Err(JoseError::Algorithm);
    }
    if !key.verify(header.alg, parts.signed.as_bytes(), &parts.signature) {
        return Err(JoseError::Signature);
    }
    let claims = json::object(&parts.payload).ok_or(JoseError::Malformed)?;
    Ok(Proof { said: Verified::of(header, claims), thumbprint: key.thumbprint().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{PrivateKey, encode};
    use serde_json::json;

    fn made(key: &PrivateKey, alg: Alg, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        format!("{signed}.{}", encode(&key.sign(alg, signed.as_bytes()).unwrap()))
    }

    fn header(key: &PrivateKey, alg: Alg) -> Value {
        json!({ "typ": "dpop+jwt", "alg": alg.as_str(), "jwk": key.public().bare_jwk() })
    }

    #[test]
    fn a_proof_is_signed_by_the_key_in_it() {
        for alg in Alg::ALL {
            let key = PrivateKey::draw(*alg);
            let proof = read(&made(&key, *alg, &header(&key, *alg), &json!({ "htm": "POST" })), Alg::ALL).unwrap();
            assert_eq!((proof.thumbprint.as_str(), proof.said.text("htm")), (key.public().thumbprint(), Some("POST")));
            assert_eq!(read(&made(&key, *alg, &header(&key, *alg), &json!({})), &[]).err(), Some(JoseError::Algorithm));
            let other = PrivateKey::draw(*alg);
            let foreign = made(&other, *alg, &header(&key, *alg), &json!({}));
            assert_eq!(read(&foreign, Alg::ALL).err(), Some(JoseError::Signature), "{alg:?}");
        }
    }

    #[test]
    fn a_twisted_header_is_no_proof() {
        let (key, alg) = (PrivateKey::draw(Alg::ES256), Alg::ES256);
        let refused = |name: &str, value: Value| {
            let mut header = header(&key, alg);
            match value {
                Value::Null => drop(header.as_object_mut().unwrap().remove(name)),
                value => header[name] = value,
            }
            read(&made(&key, alg, &header, &json!({})), Alg::ALL).err()
        };
        assert_eq!(refused("typ", json!("DPoP+jwt")), None, "control: the letter case of a type does not count");
        for typ in [Value::Null, json!("JWT"), json!("dpop"), json!("at+jwt")] {
            assert_eq!(refused("typ", typ), Some(JoseError::Type));
        }
        let mut private = key.public().bare_jwk();
        private.insert("d".to_owned(), json!("AAAA"));
        let symmetric = json!({ "kty": "oct", "k": "AAAA" });
        for jwk in [Value::Null, json!("x"), json!({}), Value::Object(private), symmetric.clone()] {
            assert_eq!(refused("jwk", jwk.clone()), Some(JoseError::Header), "{jwk}");
        }
        let rsa = Value::Object(PrivateKey::draw(Alg::RS256).public().bare_jwk());
        assert_eq!(refused("jwk", rsa), Some(JoseError::Algorithm), "a key of another kind");
        for name in ["jku", "x5u", "x5c", "crit", "b64", "zip"] {
            assert_eq!(refused(name, json!("x")), Some(JoseError::Header), "{name}");
        }
        for alg in ["none", "HS256", "ES384"] {
            assert_eq!(refused("alg", json!(alg)), Some(JoseError::Algorithm), "{alg}");
        }
        let long = made(&key, alg, &header(&key, alg), &json!({ "htu": "x".repeat(MAX_PROOF) }));
        assert_eq!(read(&long, Alg::ALL).err(), Some(JoseError::TooLong));
    }

    /// RFC 9449 4.1, with the thumbprint of 6.1.
    #[test]
    fn the_published_proof_is_read() {
        let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik\
                     VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR\
                     nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE\
                     QSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIj\
                     oiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwia\
                     WF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg\
                     4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
        let proof = read(proof, Alg::ALL).unwrap();
        assert_eq!(proof.thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        assert_eq!(proof.said.text("htu"), Some("https://server.example.com/token"));
    }
}
