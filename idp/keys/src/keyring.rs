//! The master key, and what is derived from it: authentication codes and pairwise identifiers.
//!
//! Every use has a purpose, every purpose its own derived key: a code made for one purpose means nothing for another.

use crate::digest::{constant_time_eq, fingerprint};
use crate::shipped::shipped;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_domain::chain::Code;
use preau_domain::{BirthDate, JoinKey, PersonId};
use std::collections::HashMap;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use thiserror::Error;
use zeroize::Zeroizing;

/// Name of the master key in the folder of keys.
pub const MASTER_KEY_FILE: &str = "master.key";

/// Keys of purposes that are kept; of more, each is derived whenever it is asked for.
const MOST_PURPOSES: usize = 256;

/// Longest key file read.
const MAX_KEY_FILE: u64 = 4096;

/// Why there is no keyring, and what to do.
#[derive(Debug, Error)]
pub enum KeyProblem {
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Other accounts of the machine can read the key.
    #[error("{path} can be read by other accounts (mode {mode:o}): run `chmod 600 {path}`")]
    Readable {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Other accounts of the machine can replace the key.
    #[error("{path} can be changed by other accounts (mode {mode:o}): run `chmod 700 {path}`")]
    Writable {
        /// Which folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file holds something else than a key.
    #[error("{0} is no master key: one line of 64 hexadecimal digits is expected, and lines that begin with #")]
    Malformed(PathBuf),
    /// The key is published with the source.
    #[error("{0} is a development key that anybody can read in the source: remove it, and a fresh one is drawn")]
    Shipped(PathBuf),
}

/// Derives everything that must be secret and stay the same across restarts.
#[derive(Clone)]
pub struct Keyring {
    root: hmac::Key,
    fingerprint: String,
    /// The keys of purposes that were asked for. The code names a few dozen.
    purposes: Arc<RwLock<HashMap<String, hmac::Key>>>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")
    }
}

impl Keyring {
    /// Opens the folder of keys. At the first start the folder is made (mode 0700) and a master key is drawn (mode
    /// 0600, complete or absent whatever happens meanwhile; two servers that start at once agree on one key). A key
    /// that other accounts can read or replace is refused, and so is one published with the source unless `demo`.
    pub fn open(dir: &Path, demo: bool) -> Result<Keyring, KeyProblem> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| KeyProblem::Io { path, source }
        };
        if !dir.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io(dir))?;
        }
        let mode = fs::metadata(dir).map_err(io(dir))?.permissions().mode() & 0o7777;
        if mode & 0o022 != 0 {
            return Err(KeyProblem::Writable { path: dir.to_owned(), mode });
        }
        let path = dir.join(MASTER_KEY_FILE);
        // `exists` would take a dangling link, or a folder it may not enter, for an absent key.
        if matches!(fs::symlink_metadata(&path), Err(error) if error.kind() == io::ErrorKind::NotFound) {
            create(dir, &path).map_err(io(&path))?;
        }
        let file = File::open(&path).map_err(io(&path))?;
        let metadata = file.metadata().map_err(io(&path))?;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyProblem::Readable { path, mode });
        }
        if !metadata.is_file() || metadata.len() > MAX_KEY_FILE {
            return Err(KeyProblem::Malformed(path));
        }
        let mut text = Zeroizing::new(String::with_capacity(MAX_KEY_FILE as usize));
        if let Err(error) = file.take(MAX_KEY_FILE).read_to_string(&mut text) {
            let malformed = error.kind() == io::ErrorKind::InvalidData;
            return Err(if malformed { KeyProblem::Malformed(path) } else { io(&path)(error) });
        }
        let master = parse(&text).ok_or_else(|| KeyProblem::Malformed(path.clone()))?;
        if !demo && shipped(master.as_ref()) {
            return Err(KeyProblem::Shipped(path));
        }
        Ok(Keyring::from_master(master.as_ref()))
    }

    /// A keyring that lives in memory and is the same for the same seed: for tests.
    pub fn ephemeral(seed: &[u8]) -> Keyring {
        let master = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"preau ephemeral"), seed);
        Keyring::from_master(master.as_ref())
    }

    fn from_master(master: &[u8]) -> Keyring {
        let root = hmac::Key::new(hmac::HMAC_SHA256, master);
        Keyring { root, fingerprint: fingerprint(master), purposes: Arc::default() }
    }

    /// SHA-256 of the master key, in hexadecimal: tells two keys apart without showing either.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The authentication code of some texts for a purpose, as 43 characters of base64url. Nobody without the master
    /// key can make one, and no two lists of texts share one.
    pub fn mac(&self, purpose: &str, parts: &[&str]) -> String {
        URL_SAFE_NO_PAD.encode(self.tag(purpose, parts))
    }

    /// Whether `candidate` is the code of these texts for this purpose, in constant time.
    pub fn mac_ok(&self, purpose: &str, parts: &[&str], candidate: &str) -> bool {
        constant_time_eq(self.mac(purpose, parts).as_bytes(), candidate.as_bytes())
    }

    /// What makes the codes of the journal: 22 characters of base64url (128 bits) each.
    pub fn journal_code(&self) -> Code {
        let key = self.derived("journal");
        Arc::new(move |parts| {
            // In one piece: an event has twenty parts, and each step of a code costs as much as its digest.
            let mut whole = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
            for part in parts {
                whole.extend_from_slice(&(part.len() as u64).to_be_bytes());
                whole.extend_from_slice(part.as_bytes());
            }
            URL_SAFE_NO_PAD.encode(&hmac::sign(&key, &whole).as_ref()[..16])
        })
    }

    /// The identifier by which the services of one sector know a person: 32 characters of `[0-9a-z]` (160 bits), always
    /// the same, and unrelated to the one any other sector receives.
    pub fn pairwise(&self, service_sector: &str, person: &PersonId) -> String {
        const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let tag = self.tag("pairwise", &[service_sector, person.as_str()]);
        tag.as_ref()
            .chunks_exact(5)
            .take(4)
            .flat_map(|five| {
                let bits = five.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
                (0..8).rev().map(move |i| char::from(LETTERS[(bits >> (5 * i) & 31) as usize]))
            })
            .collect()
    }

    /// The code that is kept of a date of birth in place of it. With the record in it, two people born on one day have two codes.
    pub fn birth_code(&self, of: &JoinKey, date: &BirthDate) -> String {
        self.mac("birth date", &[of.source.as_str(), &of.key, &date.day()])
    }

    /// Whether `code` is the one of that date for that record, in constant time.
    pub fn birth_code_ok(&self, of: &JoinKey, date: &BirthDate, code: &str) -> bool {
        self.mac_ok("birth date", &[of.source.as_str(), &of.key, &date.day()], code)
    }

    /// How authenticators know a person: always the same 16 bytes, which say nothing of them.
    pub fn handle(&self, person: &PersonId) -> [u8; 16] {
        let mut handle = [0; 16];
        handle.copy_from_slice(&self.tag("passkey handle", &[person.as_str()]).as_ref()[..16]);
        handle
    }

    fn tag(&self, purpose: &str, parts: &[&str]) -> hmac::Tag {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        self.derive(purpose, &parts)
    }

    /// 32 bytes that nobody without the master key can tell, for a purpose and some parts.
    pub(crate) fn derive(&self, purpose: &str, parts: &[&[u8]]) -> hmac::Tag {
        // A panic elsewhere leaves whole keys.
        if let Some(key) = self.purposes.read().unwrap_or_else(PoisonError::into_inner).get(purpose) {
            return sign(key, parts.iter().copied());
        }
        let key = self.derived(purpose);
        let tag = sign(&key, parts.iter().copied());
        let mut purposes = self.purposes.write().unwrap_or_else(PoisonError::into_inner);
        if purposes.len() < MOST_PURPOSES {
            purposes.insert(purpose.to_owned(), key);
        }
        tag
    }

    fn derived(&self, purpose: &str) -> hmac::Key {
        let derived = hmac::sign(&self.root, format!("preau v1 {purpose}").as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
    }
}

fn sign<'p>(key: &hmac::Key, parts: impl Iterator<Item = &'p [u8]>) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        // The length in front makes ("ab", "c") and ("a", "bc") two different messages.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context.sign()
}

/// Draws a key and puts it in place whole: the name appears only once the bytes are on the disk. If another process
/// was faster its key stands.
fn create(dir: &Path, path: &Path) -> io::Result<()> {
    let mut key = Zeroizing::new([0u8; 32]);
    aws_lc_rs::rand::fill(key.as_mut()).map_err(|_| io::Error::other("the operating system gives no randomness"))?;
    let text = Zeroizing::new(format!("{}\n", crate::digest::hex(key.as_ref())));
    let mut salt = [0u8; 8];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| io::Error::other("the operating system gives no randomness"))?;
    let draft = dir.join(format!(".{MASTER_KEY_FILE}.{}", crate::digest::hex(&salt)));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    })();
    let removed = fs::remove_file(&draft);
    written?;
    removed?;
    File::open(dir)?.sync_all()
}

/// Reads a key file: lines that begin with `#`, blank lines, and exactly one line of 64 hexadecimal digits.
fn parse(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let key = from_hex(lines.next()?)?;
    lines.next().is_none().then_some(key)
}

/// 32 bytes out of 64 hexadecimal digits.
pub(crate) fn from_hex(digits: &str) -> Option<Zeroizing<[u8; 32]>> {
    let digits = digits.as_bytes();
    let mut bytes = Zeroizing::new([0u8; 32]);
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
#[path = "keyring/tests.rs"]
mod tests;
