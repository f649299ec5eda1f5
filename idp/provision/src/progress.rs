//! How a run says how far it is. The command line draws it; a scheduled run is silent.

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Loading what is known of the source.
    Loading,
    /// Reading the source.
    Reading,
    /// Writing people.
    Writing,
    /// Suspending people who are absent.
    Suspending,
    /// Putting back what a run wrote.
    Undoing,
}

impl Phase {
    /// One word or two for a person who watches.
    pub fn label(self) -> &'static str {
        match self {
            Phase::Loading => "loading what is known",
            Phase::Reading => "reading the source",
            Phase::Writing => "writing",
            Phase::Suspending => "suspending",
            Phase::Undoing => "putting back",
        }
    }
}

/// Hears how far a run is.
pub trait Progress: Send + Sync {
    /// A phase begins; `total` is about how many records it will see, when that is known.
    fn phase(&self, phase: Phase, total: Option<u64>);
    /// That many more records of the phase are done.
    fn advance(&self, records: u64);
    /// Whether counting the source beforehand, which is work for it, is worth the while.
    fn wants_total(&self) -> bool {
        false
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn phase(&self, _: Phase, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
}
