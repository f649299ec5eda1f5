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
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

/// Largest file of a secret or a key.
const MAX_FILE: u64 = 16 * 1024;
/// Seconds an assertion is good for.
const ASSERTION_SECONDS: i64 = 60;

/// See the module.
pub(crate) enum ClientAuth {
    /// A secret in the header.
    Basic(Secret),
    /// A secret in the form.
    Post(Secret),
    /// A key of ours.
    Key(Box<Key>),
}

/// The first line of a file, as it is now: a secret that the provider replaces needs no new start.
pub(crate) struct Secret {
    file: PathBuf,
    last: Mutex<Zeroizing<String>>,
}

impl Secret {
    /// What the file says, or what it said when it last said something.
    pub(crate) async fn now(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        let read = async { tokio::fs::File::open(&self.file).await?.take(MAX_FILE).read_to_string(&mut text).await };
        let read = read.await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match first_line(&text).filter(|_| read.is_ok()) {
            Some(line) => *last = line,
            None => tracing::error!(file = %self.file.display(), "the secret cannot be read: the former one is used"),
        }
        last.clone()
    }
}

fn first_line(text: &str) -> Option<Zeroizing<String>> {
    text.lines().next().filter(|line| !line.is_empty()).map(|line| Zeroizing::new(line.to_owned()))
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
            let Some(line) = first_line(&text) else {
                return wrong("client_secret_file", format!("{} is empty", context.path(file).display()));
            };
            let secret = Secret { file: context.path(file), last: Mutex::new(line) };
            Ok(if way == Authentication::ClientSecretPost {
                ClientAuth::Post(secret)
            } else {
                ClientAuth::Basic(secret)
            })
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
