//! Keys of the stories: those that take long to draw are drawn once, by whichever story needs one first, and kept beside the
//! program of the stories for those that follow, each of which may be a process of its own.

use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::signers::Make;
use std::path::PathBuf;

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
    // Whole or not at all: another story may draw the same one at this moment, and either is as good.
    let own = at.with_extension(std::process::id().to_string());
    std::fs::write(&own, key.to_pkcs8().as_slice()).expect("the folder of the stories can be written to");
    std::fs::rename(&own, &at).expect("a file of the stories can be renamed");
    key
}

fn folder() -> PathBuf {
    let program = std::env::current_exe().expect("the running program has a path");
    let folder = program.with_file_name("keys-of-the-stories");
    std::fs::create_dir_all(&folder).expect("a folder beside the stories can be made");
    folder
}
