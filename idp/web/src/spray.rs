//! One password tried on many accounts from one place, which no count of an account sees: it is slowed, and whoever types another one beside it
//! notices nothing. A school behind one address mistypes in as many ways as it has pupils.
//!
//! What is counted is the word that failed, at how many accounts, by the network it came from: in memory, for minutes, under a code of
//! the master key that is cut short. A word is not counted for a device that signed in to the account before. Nothing of it is a limit of
//! the network: where more fails than succeeds, a word that failed once counts as one that failed often, and every other one goes on.
//!
//! What people mistype is never written. A word that failed often is nobody's mistake any more: its tries take a turn that all nodes have
//! together, in the counters of the database, so that whoever goes round the nodes gains nothing by it, nor by a restart. A node that does not
//! know such a word learns it from the first failure there ([ADR 55](../../../docs/adr/0055-nodes-slow-a-word-together.md)).

use crate::failing::{Alarm, Failing};
use crate::{Fault, Hub, Visitor};
use preau_domain::{Instant, Seconds};
use preau_store::{Attempt, Delays};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Accounts at which a word may fail before it waits.
const OFTEN: usize = 5;
/// The same where more fails than succeeds.
const ONCE: usize = 1;
/// Failures of a network from which on its share is looked at.
const MANY: u32 = 50;
/// Tries of one word under way at once: a class whose first passwords are all the same signs in together.
const TOGETHER: usize = 64;
/// Milliseconds between two tries of a word, from that many accounts on; and from that many turns on, of those that all nodes have together.
const WAITS: Delays = Delays(&[(1, 1_000), (10, 5_000), (25, 15_000), (50, 60_000)]);
/// Accounts of a word that are told from one another.
const MOST_ACCOUNTS: usize = 50;
/// How long what failed is remembered, at least; twice that at most.
const REMEMBERED: Seconds = Seconds(10 * 60);
/// Words and networks that are remembered at once; of more, the oldest are forgotten.
const MOST: usize = 20_000;

/// What failed lately.
#[derive(Default)]
pub(crate) struct Sprays {
    lately: Mutex<Generations>,
    accounts: Failing,
}

#[derive(Default)]
struct Generations {
    since: Instant,
    words: [HashMap<u64, Word>; 2],
    networks: [HashMap<u64, Share>; 2],
}

/// A word of a network.
#[derive(Clone, Default)]
struct Word {
    /// The accounts at which it failed.
    failed: Vec<u64>,
    under_way: usize,
    not_before: Instant,
    /// It failed often elsewhere, or here before a restart.
    known: bool,
}

impl Word {
    /// Whether it failed at so many accounts that nobody mistypes it.
    fn is_often(&self) -> bool {
        self.known || self.failed.len() >= OFTEN
    }

    /// When the next try of it may be made after one of now.
    fn next(&self, now: Instant) -> Instant {
        Instant(now.0.saturating_add(WAITS.after(u32::try_from(self.failed.len()).unwrap_or(u32::MAX))))
    }
}

/// What came of the tries of a network.
#[derive(Clone, Copy, Default)]
struct Share {
    failed: u32,
    right: u32,
}

/// A try that may be made. Dropped without a word it proved nothing.
pub(crate) struct Try<'a> {
    sprays: &'a Sprays,
    tags: Option<Tags>,
    /// It is to take a turn of all nodes.
    by_turns: bool,
}

/// Who tries what where, cut short.
#[derive(Clone, Copy)]
struct Tags {
    network: u64,
    word: u64,
    account: u64,
}

impl Tags {
    /// Where all nodes count the turns of the word.
    fn turns(self) -> String {
        format!("spray {:015x}", self.word)
    }
}

/// What is kept under a tag, in the younger of two generations from now on.
fn young<V: Clone + Default>(both: &mut [HashMap<u64, V>; 2], tag: u64) -> &mut V {
    let [young, old] = both;
    young.entry(tag).or_insert_with(|| old.remove(&tag).unwrap_or_default())
}

impl Generations {
    fn grow_old(&mut self, now: Instant) {
        let full = self.words[0].len() >= MOST || self.networks[0].len() >= MOST;
        if full || now >= self.since + REMEMBERED {
            self.since = now;
            self.words.swap(0, 1);
            self.words[0].clear();
            self.networks.swap(0, 1);
            self.networks[0].clear();
        }
    }
}

impl Sprays {
    /// Whether somebody may try that word; else from when on.
    fn begin(&self, tags: Tags, now: Instant) -> Result<Try<'_>, Instant> {
        let mut all = self.all();
        all.grow_old(now);
        let share = *young(&mut all.networks, tags.network);
        let free = if share.failed >= MANY && share.failed > share.right { ONCE } else { OFTEN };
        let word = young(&mut all.words, tags.word);
        let slowed = (word.is_often() || word.failed.len() >= free) && !word.failed.contains(&tags.account);
        if slowed {
            if now < word.not_before {
                return Err(word.not_before);
            }
            // Counted before it is looked at: of many at once one is made.
            word.not_before = word.next(now);
        } else if word.under_way >= TOGETHER {
            return Err(now + Seconds(1));
        }
        word.under_way += 1;
        Ok(Try { sprays: self, tags: Some(tags), by_turns: slowed && word.is_often() })
    }

    /// Whether a word is not known to fail often, as far as this node has seen.
    fn is_new(&self, tags: Tags) -> bool {
        !young(&mut self.all().words, tags.word).is_often()
    }

    /// It fails often, as another node has seen, or this one before it was started.
    fn know(&self, tags: Tags) {
        young(&mut self.all().words, tags.word).known = true;
    }

    fn all(&self) -> MutexGuard<'_, Generations> {
        // A panic elsewhere leaves whole counts.
        self.lately.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Try<'_> {
    /// Another node had the turn, and nobody has one before then.
    fn waits(self, until: Instant) {
        if let Some(tags) = self.tags {
            let mut all = self.sprays.all();
            let word = young(&mut all.words, tags.word);
            word.not_before = word.not_before.max(until);
        }
    }

    /// The word was not the account's. Comes with an alarm where too many accounts fail.
    pub fn failed(mut self, now: Instant) -> Option<Alarm> {
        let tags = self.tags.take()?;
        let mut all = self.sprays.all();
        young(&mut all.networks, tags.network).failed += 1;
        let word = young(&mut all.words, tags.word);
        word.under_way = word.under_way.saturating_sub(1);
        if !word.failed.contains(&tags.account) && word.failed.len() < MOST_ACCOUNTS {
            word.failed.push(tags.account);
            word.not_before = word.not_before.max(word.next(now));
        }
        drop(all);
        self.sprays.accounts.failed(tags.account, now)
    }

    /// It was.
    pub fn right(self, now: Instant) {
        if let Some(tags) = &self.tags {
            young(&mut self.sprays.all().networks, tags.network).right += 1;
            self.sprays.accounts.right(tags.account, now);
        }
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        let Some(tags) = self.tags.take() else { return };
        let mut all = self.sprays.all();
        let word = young(&mut all.words, tags.word);
        word.under_way = word.under_way.saturating_sub(1);
        // Of a word that never failed nothing is kept.
        if word.under_way == 0 && word.failed.is_empty() {
            all.words[0].remove(&tags.word);
        }
    }
}

impl Hub {
    /// Begins a try of a password, unless that word fails at one account after another where it comes from: then from when on. Only of a word
    /// that fails often is the database asked.
    pub(crate) async fn begin_try(
        &self,
        visitor: &Visitor,
        account: &str,
        password: &str,
    ) -> Result<Result<Try<'_>, Instant>, Fault> {
        let network = visitor.address.map(|address| address.to_string()).unwrap_or_default();
        let tag = |parts: &[&str]| {
            let code = self.keyring.mac("spray", parts);
            code.bytes().take(10).fold(0_u64, |tag, byte| (tag << 6) | u64::from(byte & 0x3f))
        };
        let tags = Tags {
            network: tag(&[&network]),
            word: tag(&[&network, password]),
            account: tag(&["account", account, ""]),
        };
        let now = self.now();
        let begun = match self.sprays.begin(tags, now) {
            Ok(one) if one.by_turns => match self.store.count_attempt(&tags.turns(), now, WAITS).await? {
                Attempt::Allowed { .. } => Ok(one),
                Attempt::NotBefore(until) => {
                    one.waits(until);
                    Err(until)
                }
            },
            begun => begun,
        };
        if begun.is_err() {
            metrics::counter!("preau_sprayed_tries_total").increment(1);
            // One that is slowed is told of too.
            self.sprays.accounts.failed(tags.account, now).iter().for_each(|alarm| self.tell_of_failing(alarm));
        }
        Ok(begun)
    }

    /// The word was not the account's.
    pub(crate) async fn failed_try(&self, one: Try<'_>, now: Instant) -> Result<(), Fault> {
        let tags = one.tags;
        one.failed(now).iter().for_each(|alarm| self.tell_of_failing(alarm));
        if let Some(tags) = tags.filter(|tags| self.sprays.is_new(*tags))
            && self.store.is_counted(&tags.turns(), now - REMEMBERED - REMEMBERED).await?
        {
            self.sprays.know(tags);
        }
        Ok(())
    }

    /// It was. A turn that it took is given back: a class whose first passwords are all the same makes nobody wait longer.
    pub(crate) async fn right_try(&self, one: Try<'_>, now: Instant) -> Result<(), Fault> {
        let turn = one.tags.filter(|_| one.by_turns);
        one.right(now);
        if let Some(tags) = turn {
            self.store.uncount_attempt(&tags.turns(), now, WAITS).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_790_000_000_000);

    fn tags(network: u64, word: u64, account: u64) -> Tags {
        Tags { network, word, account }
    }

    fn fails(sprays: &Sprays, tags: Tags, now: Instant) -> bool {
        sprays.begin(tags, now).map(|one| one.failed(now)).is_ok()
    }

    #[test]
    fn a_word_waits_longer_with_each_account() {
        let sprays = Sprays::default();
        let made = (0..3_000).filter(|account| fails(&sprays, tags(1, 7, *account), NOW)).count();
        assert_eq!(made, OFTEN, "at once");
        let hour =
            (0..3_600).filter(|second| fails(&sprays, tags(1, 7, 5_000 + second), NOW + Seconds(*second as i64)));
        assert!((60..130).contains(&hour.count()), "in an hour");
        assert!(
            fails(&sprays, tags(2, 7, 1), NOW) && fails(&sprays, tags(1, 8, 1), NOW),
            "control: elsewhere, and another word"
        );
        assert!(
            fails(&sprays, tags(1, 7, 0), NOW),
            "whoever mistypes again in the same way is counted by their account"
        );
    }

    #[test]
    fn where_most_fails_a_word_waits_at_the_second_account() {
        let sprays = Sprays::default();
        for word in 0..u64::from(MANY) {
            assert!(fails(&sprays, tags(1, word, 1), NOW), "control");
        }
        assert!(!fails(&sprays, tags(1, 0, 2), NOW));
        for account in 0..=u64::from(MANY) {
            sprays.begin(tags(1, 1_000 + account, account), NOW).map(|one| one.right(NOW)).unwrap_or_default();
        }
        assert!(fails(&sprays, tags(1, 0, 2), NOW), "where most succeed it does not");
    }

    #[test]
    fn of_many_at_once_few_are_made() {
        let sprays = Sprays::default();
        let all: Vec<_> = (0..3_000).map(|account| sprays.begin(tags(1, 7, account), NOW)).collect();
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), TOGETHER);
        drop(all);
        assert!(sprays.begin(tags(1, 7, 1), NOW).is_ok(), "what ended without a word counts for nothing");
        let sprays = Sprays::default();
        (0..5).for_each(|account| assert!(fails(&sprays, tags(1, 7, account), NOW)));
        let later = NOW + Seconds(1);
        let all: Vec<_> = (10..50).map(|account| sprays.begin(tags(1, 7, account), later)).collect();
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1, "counted before it is looked at");
    }

    #[test]
    fn turns_are_for_a_word_that_nobody_mistypes() {
        let (sprays, later) = (Sprays::default(), NOW + Seconds(1));
        let by_turns = |account| sprays.begin(tags(1, 7, account), later).map(|one| one.by_turns).unwrap_or_default();
        for account in 0..5 {
            assert!(sprays.is_new(tags(1, 7, account)) && !by_turns(account), "{account}: it may be a mistake");
            assert!(fails(&sprays, tags(1, 7, account), NOW));
        }
        assert!(!sprays.is_new(tags(1, 7, 9)) && by_turns(9));
        assert!(!by_turns(0), "whoever mistypes again in the same way is counted by their account");
        let (sprays, other) = (Sprays::default(), tags(1, 7, 2));
        assert!(fails(&sprays, tags(1, 7, 1), NOW));
        sprays.know(other);
        assert!(!sprays.is_new(other) && sprays.begin(other, NOW).is_err(), "what others know slows it here");
        sprays.begin(other, later).map(|one| one.waits(later + Seconds(60))).unwrap_or_default();
        let next = sprays.begin(other, later + Seconds(59)).err();
        assert_eq!(next, Some(later + Seconds(60)), "and as long as they say");
    }

    #[test]
    fn what_failed_is_forgotten_and_bounded() {
        let sprays = Sprays::default();
        (0..5).for_each(|account| assert!(fails(&sprays, tags(1, 7, account), NOW)));
        for minutes in [10, 20] {
            sprays.begin(tags(9, 9, 9), NOW + Seconds(minutes * 60)).map(drop).unwrap_or_default();
        }
        assert!(fails(&sprays, tags(1, 7, 90), NOW + Seconds(20 * 60)), "after twice ten minutes");
        for word in 0..100_000 {
            fails(&sprays, tags(1, 100 + word, 1), NOW);
        }
        assert!(sprays.all().words.iter().all(|words| words.len() <= MOST));
    }
}
