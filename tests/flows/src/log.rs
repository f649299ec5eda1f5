//! The hub's log, kept in memory, and the secrets that must never stand in it.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// Everything that was logged on this thread, at every level.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Starts to listen; stops when the guard is dropped.
    pub fn start() -> (Log, DefaultGuard) {
        let log = Log::default();
        let subscriber =
            tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().map(|bytes| bytes.clone()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }

    /// How many events of the journal were logged so far.
    pub fn events(&self) -> usize {
        self.lines().iter().filter(|line| line.contains("\"event.kind\"")).count()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Ok(mut kept) = self.0.lock() {
            kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;
    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

/// Every secret the actors have seen: passwords typed, cookies, form tokens, tickets; and personal data, which is kept
/// apart by its name. There may be thousands, and every answer is searched for all of them: they are found by how they begin.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<HashMap<[u8; SHORTEST], Alike>>>);

/// Secrets that begin alike, and what they are.
type Alike = Vec<(String, &'static str)>;

/// Texts shorter than this cannot be told from chance.
const SHORTEST: usize = 8;

impl Secrets {
    /// Remembers a secret by what it is, as it is and as a form writes it. Texts too short to be told from chance are passed
    /// over.
    pub fn saw(&self, what: &'static str, secret: &str) {
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let Ok(mut all) = self.0.lock() else { return };
        for text in [secret.to_owned(), encoded] {
            let Some(start) = text.as_bytes().first_chunk() else { continue };
            let alike = all.entry(*start).or_default();
            if alike.iter().all(|(known, _)| *known != text) {
                alike.push((text, what));
            }
        }
    }

    /// What secrets stand in a text, by what they are.
    pub fn found_in(&self, text: &str) -> Vec<&'static str> {
        let Ok(all) = self.0.lock() else { return Vec::new() };
        let mut found = Vec::new();
        for (at, start) in text.as_bytes().windows(SHORTEST).enumerate() {
            for (secret, what) in start.first_chunk().and_then(|start| all.get(start)).into_iter().flatten() {
                if text.as_bytes()[at..].starts_with(secret.as_bytes()) && !found.contains(what) {
                    found.push(*what);
                }
            }
        }
        found
    }

    /// How many are known, those that a form writes otherwise twice.
    pub fn known(&self) -> usize {
        self.0.lock().map(|all| all.values().map(Vec::len).sum()).unwrap_or_default()
    }
}
