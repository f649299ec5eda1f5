//! Real third-party servers started as plain processes on loopback, for the demo and the tests: OpenLDAP, Apache with
//! `mod_auth_cas`, `mod_auth_openidc`, `mod_auth_mellon` and `mod_shib`, PHP with phpCAS,
//! SimpleSAMLphp, Etherpad, Dovecot, and preau itself. Each server is a module that writes its own configuration in the
//! folder it is given and waits until the server answers; all of them rest on [`Process`].
//!
//! What the servers are used for is elsewhere: `tests/demo` shows them to a person, `tests/clients` drives them.

pub mod apache;
pub mod configuration;
pub mod dovecot;
pub mod etherpad;
pub mod mellon;
pub mod neighbour;
pub mod preau;
pub mod process;
mod secret;
pub mod shibboleth;
pub mod simplesamlphp;
pub mod slapd;
pub mod tls;

pub use apache::{Apache, Site, SiteKind};
pub use configuration::{Configuration, EDUCONNECT, Instance, SOURCE};
pub use dovecot::Dovecot;
pub use etherpad::Etherpad;
pub use mellon::Mellon;
pub use neighbour::{Neighbour, Way};
pub use preau::Preau;
pub use process::{Process, free_port};
pub use shibboleth::Shibboleth;
pub use simplesamlphp::{Citizen, SimpleSaml};
pub use slapd::{Slapd, SlapdOptions};
pub use tls::{ServiceAuthority, Tls};

use std::path::{Path, PathBuf};

/// The folder where cargo puts what it builds, found from the running program so that `CARGO_TARGET_DIR` is honoured.
pub fn target_folder() -> PathBuf {
    let program = std::env::current_exe().expect("the running program has a path");
    // target/debug/preau-demo, or target/debug/deps/clients-0123456789abcdef for a test.
    let mut folder = program.parent().expect("a program is in a folder").to_owned();
    if folder.ends_with("deps") {
        folder.pop();
    }
    folder.pop();
    folder
}

/// A folder under `target/rig/` for one use of the rig, empty at first. `name` says whose it is; the process id keeps
/// two runs apart. What earlier runs of the same name left is deleted, so the last run can be looked at and no more.
pub fn scratch(name: &str) -> PathBuf {
    let rig = target_folder().join("rig");
    let own = format!("{name}-{}", std::process::id());
    for entry in std::fs::read_dir(&rig).into_iter().flatten().flatten() {
        let left = entry.file_name();
        let owner = left.to_str().and_then(|left| left.strip_prefix(name)?.strip_prefix('-')?.parse::<u32>().ok());
        if owner.is_some_and(|pid| left == own.as_str() || !Path::new(&format!("/proc/{pid}")).exists()) {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
    let folder = rig.join(own);
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("creating {}: {error}", folder.display()));
    folder
}
