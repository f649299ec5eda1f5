//! The hub's log, kept in memory, and the secrets that must never stand in it.

use std::collections::BTreeMap;
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
/// apart by its name.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeMap<String, &'static str>>>);

impl Secrets {
    /// Remembers a secret by what it is. Texts too short to be told from chance are passed over.
    pub fn saw(&self, what: &'static str, secret: &str) {
        if secret.len() >= 8
            && let Ok(mut all) = self.0.lock()
        {
            all.insert(secret.to_owned(), what);
        }
    }

    /// What secrets stand in a text, by what they are.
    pub fn found_in(&self, text: &str) -> Vec<&'static str> {
        let Ok(all) = self.0.lock() else { return Vec::new() };
        let found = all.iter().filter(|(secret, _)| {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            text.contains(secret.as_str()) || text.contains(&encoded)
        });
        found.map(|(_, what)| *what).collect()
    }

    /// How many are known.
    pub fn known(&self) -> usize {
        self.0.lock().map(|all| all.len()).unwrap_or_default()
    }
}
