//! What takes long to make and is as good when it is there already: RSA keys, and the hash of a password. Each is made once, by whichever
//! story needs it first, and kept beside the program of the stories for those that follow, each of which may be a process of its own.

use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::signers::Make;
use preau_keys::{Passwords, digest};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The key that somebody of the stories uses for that.
pub(crate) fn drawn(whose: &str, make: &Make) -> PrivateKey {
    let alg = make.usage.kind();
    match alg {
        Alg::RS256 | Alg::PS256 => kept(&format!("{whose}-{}.key", make.usage.as_str()), alg),
        Alg::ES256 | Alg::EdDSA => PrivateKey::draw(alg),
    }
}

fn kept(name: &str, alg: Alg) -> PrivateKey {
    let at = folder().join(name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-"));
    if let Some(key) = std::fs::read(&at).ok().and_then(|bytes| PrivateKey::from_pkcs8(alg, &bytes)) {
        return key;
    }
    let key = PrivateKey::draw(alg);
    keep(&at, key.to_pkcs8().as_slice());
    key
}

/// A hash of this password, made as the hub makes its own.
pub(crate) async fn hashed(passwords: &Passwords, password: &str) -> String {
    let at = folder().join(format!("{}.hash", digest(password)));
    match std::fs::read_to_string(&at) {
        Ok(hash) if hash.starts_with("$argon2id$") => hash,
        _ => {
            let hash = passwords.hash(password).await.expect("the pool is idle");
            keep(&at, hash.as_bytes());
            hash
        }
    }
}

/// Whole or not at all: another story may make the same at this moment, and either is as good.
fn keep(at: &Path, bytes: &[u8]) {
    let mut own = tempfile::NamedTempFile::new_in(folder()).expect("the folder of the stories can be written to");
    own.write_all(bytes).expect("the folder of the stories can be written to");
    own.persist(at).expect("a file of the stories can be renamed");
}

fn folder() -> PathBuf {
    let program = std::env::current_exe().expect("the running program has a path");
    let folder = program.with_file_name("keys-of-the-stories");
    std::fs::create_dir_all(&folder).expect("a folder beside the stories can be made");
    folder
}
