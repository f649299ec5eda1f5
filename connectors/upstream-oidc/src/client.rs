//! How we prove to the provider who we are: a secret, or an assertion signed with a key of ours.

use crate::config::Authentication;
use preau_connector_api::{OpenContext, Problem};
use preau_domain::Instant;
use preau_keys::jose::{self, Alg, JoseError, PrivateKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;
use std::fs::File;
use std::io::Read;
use zeroize::Zeroizing;

/// Largest file of a secret or a key.
const MAX_FILE: u64 = 16 * 1024;
/// Seconds an assertion is good for.
const ASSERTION_SECONDS: i64 = 60;

/// See the module.
pub(crate) enum ClientAuth {
    /// A secret in the header.
    Basic(Zeroizing<String>),
    /// A secret in the form.
    Post(Zeroizing<String>),
    /// A key of ours.
    Key(Box<Key>),
}

/// A key that signs assertions, and its name there.
pub(crate) struct Key {
    key: PrivateKey,
    alg: Alg,
    kid: String,
}

impl Key {
    /// Says who we are, to one endpoint, once (RFC 7523, OpenID Connect Core 9).
    pub(crate) fn assertion(
        &self,
        client_id: &str,
        endpoint: &str,
        once: &str,
        now: Instant,
    ) -> Result<String, JoseError> {
        let at = now.seconds();
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": endpoint, "jti": once, "iat": at, "exp": at + ASSERTION_SECONDS,
        });
        jose::sign(&self.key, self.alg, &self.kid, "JWT", &claims)
    }
}

/// Reads the secret or the key that the way asks for; the other one has no place.
pub(crate) fn read(
    context: &OpenContext<'_>,
    way: Authentication,
    secret_file: Option<&str>,
    key_file: Option<&str>,
    key_id: Option<&str>,
) -> Result<ClientAuth, Problem> {
    let wrong = |key: &str, what: String| Err(Problem::new(context.at(key), what));
    let secret = |key: &str, file: &str| {
        let mut text = Zeroizing::new(String::new());
        let path = context.path(file);
        match File::open(&path).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text)) {
            Ok(_) => Ok(text),
            Err(error) => Err(Problem::new(context.at(key), format!("{}: {error}", path.display()))),
        }
    };
    match (way, secret_file, key_file, key_id) {
        (Authentication::PrivateKeyJwt, None, Some(file), Some(kid)) => {
            let pem = secret("private_key_file", file)?;
            match private_key(&pem) {
                Some((key, alg)) => Ok(ClientAuth::Key(Box::new(Key { key, alg, kid: kid.to_owned() }))),
                None => {
                    wrong("private_key_file", "holds no PEM private key (PKCS#8: P-256, Ed25519 or RSA)".to_owned())
                }
            }
        }
        (Authentication::PrivateKeyJwt, ..) => {
            wrong("authentication", "private_key_jwt asks for private_key_file and key_id, and no secret".to_owned())
        }
        (way, Some(file), None, None) => {
            let text = secret("client_secret_file", file)?;
            let line = Zeroizing::new(text.lines().next().unwrap_or_default().to_owned());
            if line.is_empty() {
                return wrong("client_secret_file", format!("{} is empty", context.path(file).display()));
            }
            Ok(if way == Authentication::ClientSecretPost { ClientAuth::Post(line) } else { ClientAuth::Basic(line) })
        }
        _ => wrong("authentication", "a secret is in client_secret_file, and there is no key beside it".to_owned()),
    }
}

fn private_key(pem: &str) -> Option<(PrivateKey, Alg)> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    let der = der.secret_pkcs8_der();
    let algs = [Alg::ES256, Alg::EdDSA, Alg::RS256];
    algs.into_iter().find_map(|alg| Some((PrivateKey::from_pkcs8(alg, der)?, alg)))
}
