//! The chain of the journal: each event carries the code of the one before it and a code of its own, so that whoever
//! can write to the database but has not the key can neither alter, remove, insert nor move an event unseen.
//!
//! Owns how events are linked and how a journal is checked; where the codes come from is the caller's, who holds the key.
//! Each process that writes has a chain of its own, and says from time to time how far it has come: a [`Seal`]. Without
//! seals the last events of a chain could be cut off unseen.

use crate::AuditEvent;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Makes the code of some texts: no two lists of texts share one, and nobody without the key can make one.
pub type Code = Arc<dyn Fn(&[&str]) -> String + Send + Sync>;

/// Findings kept of one check; the others are counted.
const MOST_FINDINGS: usize = 1_000;

/// An event as it stands in the database, every value as the text it is: a row that somebody altered is read as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the table.
    pub seq: i64,
    /// When, in milliseconds.
    pub at: i64,
    /// What.
    pub kind: String,
    /// Which request.
    pub correlation: String,
    /// Who.
    pub person: Option<String>,
    /// In which session.
    pub session: Option<String>,
    /// Which service.
    pub service: Option<String>,
    /// Which establishment.
    pub establishment: Option<String>,
    /// Why.
    pub detail: String,
    /// Its [`Link`], as a text.
    pub link: Option<String>,
}

/// Where an event stands in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The chain.
    pub chain: String,
    /// Its place there, from 1.
    pub place: u64,
    /// The code of the event before it; empty for the first.
    pub before: String,
    /// The code of the event: of everything it says, of its place and of `before`.
    pub code: String,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}", self.chain, self.place, self.before, self.code)
    }
}

impl FromStr for Link {
    type Err = ();

    fn from_str(text: &str) -> Result<Link, ()> {
        let mut parts = text.split('.');
        let mut part = || parts.next().map(str::to_owned).ok_or(());
        let link = Link { chain: part()?, place: part()?.parse().map_err(drop)?, before: part()?, code: part()? };
        if parts.next().is_none() && link.place > 0 { Ok(link) } else { Err(()) }
    }
}

/// What an event says, in one order for good: the codes of journals that exist depend on it.
fn code_of(code: &Code, chain: &str, place: u64, before: &str, at: i64, texts: [Option<&str>; 7]) -> String {
    let (place, at) = (place.to_string(), at.to_string());
    let mut parts = vec!["event", chain, &place, before, &at];
    for text in texts {
        // An absent value is not an empty one.
        parts.push(if text.is_some() { "+" } else { "-" });
        parts.push(text.unwrap_or_default());
    }
    code(&parts)
}

/// The chain of a process that writes.
pub struct Chain {
    code: Code,
    id: String,
    place: u64,
    last: String,
}

impl Chain {
    /// A new one, under a name nobody else has.
    pub fn new(id: String, code: Code) -> Chain {
        Chain { code, id, place: 0, last: String::new() }
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How far it has come: the place and the code of its latest event.
    pub fn head(&self) -> (u64, &str) {
        (self.place, &self.last)
    }

    /// Gives an event the next place.
    pub fn link(&mut self, event: &AuditEvent) -> Link {
        let place = self.place + 1;
        let texts = [
            Some(event.kind.as_str()),
            Some(event.correlation.as_str()),
            event.person.as_ref().map(|id| id.as_str()),
            event.session.as_ref().map(|id| id.as_str()),
            event.service.as_ref().map(|id| id.as_str()),
            event.establishment.as_ref().map(|uai| uai.as_str()),
            Some(event.detail.as_str()),
        ];
        let code = code_of(&self.code, &self.id, place, &self.last, event.at.0, texts);
        let before = std::mem::replace(&mut self.last, code.clone());
        self.place = place;
        Link { chain: self.id.clone(), place, before, code }
    }
}

/// How far a chain has come, and how much of it retention took away, as its process last said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The chain.
    pub chain: String,
    /// Its number among the chains of the journal, from 1 and without a hole.
    pub number: u64,
    /// Its events up to this place went with their time.
    pub floor: u64,
    /// The place of the latest event it knew.
    pub head: u64,
    /// The code of that event.
    pub head_code: String,
    /// The highest number of a chain it knew.
    pub newest: u64,
    /// The code of all this.
    pub seal: String,
}

impl Seal {
    /// What its own code has to be.
    pub fn expected(&self, code: &Code) -> String {
        let [number, floor, head, newest] =
            [self.number, self.floor, self.head, self.newest].map(|number| number.to_string());
        code(&["seal", &self.chain, &number, &floor, &head, &self.head_code, &newest])
    }

    /// Closes it after a change.
    pub fn closed(mut self, code: &Code) -> Seal {
        self.seal = self.expected(code);
        self
    }
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The number of the event where it shows, when there is one.
    pub seq: Option<i64>,
    /// What.
    pub what: Broken,
}

/// What is wrong with a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// An event does not say what it said, or was written by somebody else.
    Altered,
    /// An event belongs to no chain: it was inserted, or its link was taken away.
    Unlinked,
    /// Events of a chain are gone, from the first to the second place.
    Missing(u64, u64),
    /// The end of a chain is gone, from the first to the second place.
    Cut(String, u64, u64),
    /// An event stands after one that followed it, or stands here again.
    Misplaced,
    /// What a process said of its chain was altered.
    SealAltered(String),
    /// What processes said of their chains is gone, from the first to the second number.
    SealsMissing(u64, u64),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(seq) = self.seq {
            write!(f, "event {seq}: ")?;
        }
        match &self.what {
            Broken::Altered => f.write_str("it does not say what it said when it was written"),
            Broken::Unlinked => f.write_str("it belongs to no chain"),
            Broken::Missing(from, to) if from == to => write!(f, "one event before it is missing (place {from})"),
            Broken::Missing(from, to) => {
                write!(f, "{} events before it are missing (places {from} to {to})", to - from + 1)
            }
            Broken::Cut(chain, from, to) => {
                write!(f, "chain {chain}: the events after it are missing (places {from} to {to})")
            }
            Broken::Misplaced => f.write_str("it stands where it was not written"),
            Broken::SealAltered(chain) => write!(f, "chain {chain}: what its process said of it was altered"),
            Broken::SealsMissing(from, to) => write!(f, "what was said of the chains {from} to {to} is missing"),
        }
    }
}

#[derive(Default)]
struct Seen {
    place: u64,
    code: String,
    /// The latest event, to say where the end is missing.
    seq: Option<i64>,
    head: u64,
    head_code: String,
}

/// Checks a journal, event by event in the order of their numbers.
pub struct Check {
    code: Code,
    chains: HashMap<String, Seen>,
    events: u64,
    findings: Vec<Finding>,
    found: u64,
    kinds: Kinds,
}

/// Which kinds of findings there were, also among those that are only counted.
#[derive(Default)]
struct Kinds {
    altered: bool,
    unlinked: bool,
    missing: bool,
}

impl Check {
    /// Begins with what processes said of their chains.
    pub fn new(code: Code, mut seals: Vec<Seal>) -> Check {
        let mut check =
            Check { code, chains: HashMap::new(), events: 0, findings: Vec::new(), found: 0, kinds: Kinds::default() };
        seals.sort_by_key(|seal| seal.number);
        let mut next = 1;
        let mut newest = 0;
        for seal in seals {
            if seal.expected(&check.code) != seal.seal {
                check.find(None, Broken::SealAltered(seal.chain.clone()));
            }
            if seal.number > next {
                check.find(None, Broken::SealsMissing(next, seal.number - 1));
            }
            next = seal.number.saturating_add(1);
            newest = newest.max(seal.newest);
            let seen = Seen { place: seal.floor, head: seal.head, head_code: seal.head_code, ..Seen::default() };
            check.chains.insert(seal.chain, seen);
        }
        if newest >= next {
            check.find(None, Broken::SealsMissing(next, newest));
        }
        check
    }

    fn find(&mut self, seq: Option<i64>, what: Broken) {
        self.found += 1;
        match what {
            Broken::Altered | Broken::Misplaced => self.kinds.altered = true,
            Broken::Unlinked => self.kinds.unlinked = true,
            Broken::Missing(..) => self.kinds.missing = true,
            Broken::Cut(..) | Broken::SealAltered(_) | Broken::SealsMissing(..) => {}
        }
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { seq, what });
        }
    }

    /// Looks at the next event.
    pub fn see(&mut self, entry: &Entry) {
        self.events += 1;
        let seq = Some(entry.seq);
        let Some(link) = &entry.link else { return self.find(seq, Broken::Unlinked) };
        let Ok(link) = link.parse::<Link>() else { return self.find(seq, Broken::Altered) };
        let texts = [
            Some(entry.kind.as_str()),
            Some(entry.correlation.as_str()),
            entry.person.as_deref(),
            entry.session.as_deref(),
            entry.service.as_deref(),
            entry.establishment.as_deref(),
            Some(entry.detail.as_str()),
        ];
        if code_of(&self.code, &link.chain, link.place, &link.before, entry.at, texts) != link.code {
            if let Some(seen) = self.chains.get_mut(&link.chain).filter(|seen| seen.place + 1 == link.place) {
                // It is there all the same: what follows it is not said to miss it.
                (seen.place, seen.code, seen.seq) = (link.place, String::new(), seq);
            }
            return self.find(seq, Broken::Altered);
        }
        let seen = self.chains.entry(link.chain).or_default();
        let expected = seen.place + 1;
        let follows = link.place != expected || seen.code.is_empty() || seen.code == link.before;
        let sealed = link.place != seen.head || seen.head_code == link.code;
        if link.place >= expected {
            (seen.place, seen.code, seen.seq) = (link.place, link.code, seq);
        }
        if link.place > expected {
            self.find(seq, Broken::Missing(expected, link.place - 1));
        } else if link.place < expected {
            self.find(seq, Broken::Misplaced);
        }
        if !follows || !sealed {
            self.find(seq, Broken::Altered);
        }
    }

    /// How many events were looked at so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Whether something stands in the journal that nobody wrote there. An event of no chain beside chains without a hole is
    /// none of that: a process from before there were chains wrote it; with a hole, it may be a linked one whose link was
    /// taken away.
    pub fn forged(&self) -> bool {
        self.kinds.altered || (self.kinds.unlinked && self.kinds.missing)
    }

    /// Whether an event belongs to no chain.
    pub fn unlinked(&self) -> bool {
        self.kinds.unlinked
    }

    /// The end of each chain: what was found, in the order of the journal, and how many findings there were in all.
    pub fn end(mut self) -> (Vec<Finding>, u64) {
        let short = self.chains.iter().filter(|(_, seen)| seen.place < seen.head);
        let mut cut: Vec<(Option<i64>, Broken)> =
            short.map(|(chain, seen)| (seen.seq, Broken::Cut(chain.clone(), seen.place + 1, seen.head))).collect();
        cut.sort_by_key(|(seq, _)| *seq);
        for (seq, what) in cut {
            self.find(seq, what);
        }
        (self.findings, self.found)
    }
}

#[cfg(test)]
#[path = "chain/tests.rs"]
mod tests;
