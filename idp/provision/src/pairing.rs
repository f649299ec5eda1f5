//! One person whom several sources know: whom a key makes one account, and who looks alike and is left to somebody who looks.
//!
//! A key counts only where the configuration says that two sources tell the same one, and only between namesakes, one of whom never signed in: a rule written between two
//! academies whose keys are alike by chance pairs nobody, and nobody loses an account they use. A name, a mail address or a number never pairs anybody by itself.

use crate::synchronise::{SyncError, SyncStore};
use preau_domain::{AccountState, Instant, JoinKey, PersonId, SourceId};
use preau_store::{Common, Held, Pairings, Provisioning, SaidBy};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Records looked at together.
const CHUNK: usize = 500;
/// The same, for a page of the index.
const PAGE: u32 = 500;
/// Pairs of records with something in common that are looked at for one page: an address or a number that thousands share says nothing of anybody.
const MOST_ALIKE: u32 = 10_000;

/// Two sources that tell the same key: that of a record in `from` is, behind a prefix, that of the same person in `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRule {
    /// One source.
    pub from: SourceId,
    /// The other, whose account stays where both were there.
    pub to: SourceId,
    /// What stands before the key in the second; may be empty.
    pub prefix: String,
}

impl KeyRule {
    /// Keys of `from`, from keys of one of the two.
    fn keys(&self, source: &SourceId, keys: &[String]) -> Vec<String> {
        if *source == self.from {
            return keys.to_vec();
        }
        keys.iter().filter_map(|key| key.strip_prefix(&self.prefix)).map(str::to_owned).collect()
    }

    /// Whether it is about that source.
    pub(crate) fn concerns(&self, source: &SourceId) -> bool {
        self.from == *source || self.to == *source
    }
}

/// The same as a text, for whoever must notice that it changed; empty when there are none.
pub(crate) fn mark(rules: &[KeyRule]) -> String {
    let rule = |rule: &KeyRule| format!("{}>{}:{}\n", rule.from, rule.to, rule.prefix);
    rules.iter().map(rule).collect()
}

/// What pairing by key came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paired {
    /// Records that belong to the account of another one from now on.
    pub(crate) paired: u64,
    /// Records whose key says that they are somebody whose name says no, or who used another account as well.
    pub(crate) doubtful: u64,
}

impl Paired {
    pub(crate) fn add(&mut self, more: Paired) {
        self.paired += more.paired;
        self.doubtful += more.doubtful;
    }
}

/// Pairs records of a source that have these keys, by the rules.
pub(crate) async fn by_key<S: SyncStore + ?Sized>(
    store: &S,
    rules: &[KeyRule],
    (source, keys): (&SourceId, &[String]),
    now: Instant,
) -> Result<Paired, SyncError> {
    let mut done = Paired::default();
    for rule in rules.iter().filter(|rule| rule.concerns(source)) {
        for chunk in rule.keys(source, keys).chunks(CHUNK) {
            let alike = store.of_one_key(&rule.from, chunk, &rule.to, &rule.prefix).await?;
            let held = held(store, alike.iter().flat_map(|(one, other)| [one, other])).await?;
            let (mut pairs, mut taken, mut in_use) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
            for (from, to) in &alike {
                let (Some(from), Some(to)) = (held.get(from), held.get(to)) else { continue };
                if !from.person.is_namesake_of(&to.person) {
                    done.doubtful += 1;
                    continue;
                }
                let (kept, added) = kept_and_added(to, from);
                if used(added) {
                    done.doubtful += 1;
                    continue;
                }
                // Whoever has become part of an account is somebody else's turn, in the next run.
                let (goes, stays) = (added.account.clone(), kept.account.clone());
                if taken.insert(goes.clone()) && !taken.contains(&stays) {
                    in_use.extend(used(kept).then(|| stays.clone()));
                    pairs.push((stays, goes));
                }
            }
            let paired = store.pair(&pairs, SaidBy::Key, now).await?;
            // One that has further records cannot be added to another, which can be added to it, unless somebody used it.
            let left =
                std::iter::zip(pairs, &paired).filter(|(_, done)| !**done).map(|((kept, added), _)| (added, kept));
            let (left, swapped): (Vec<_>, Vec<_>) = left.partition(|(_, added)| in_use.contains(added));
            let swapped = store.pair(&swapped, SaidBy::Key, now).await?;
            done.paired += paired.into_iter().chain(swapped).filter(|done| *done).count() as u64;
            done.doubtful += left.len() as u64;
        }
    }
    Ok(done)
}

/// Which account stays, and which is added: the first stays, unless the other has several records already and it has not, or somebody used the other and never the first.
fn kept_and_added<'a>(first: &'a Held, other: &'a Held) -> (&'a Held, &'a Held) {
    let several = |held: &Held| held.account != held.person.id;
    let stays = match (several(first), several(other)) {
        (true, false) => true,
        (false, true) => false,
        _ => used(first) || !used(other),
    };
    if stays { (first, other) } else { (other, first) }
}

/// Whether somebody signed in to it: what services know of that account is lost to the person when it becomes another's.
fn used(held: &Held) -> bool {
    held.person.state == AccountState::Active
}

/// Records by their names.
async fn held<S: Pairings + ?Sized>(
    store: &S,
    names: impl Iterator<Item = &PersonId>,
) -> Result<BTreeMap<PersonId, Held>, SyncError> {
    let names: Vec<PersonId> = names.collect::<BTreeSet<_>>().into_iter().cloned().collect();
    let mut found = BTreeMap::new();
    for chunk in names.chunks(CHUNK) {
        found.extend(store.records_named(chunk).await?.into_iter().map(|held| (held.person.id.clone(), held)));
    }
    Ok(found)
}

/// Why two records may be one person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// A key that both sources tell, by a rule of the configuration.
    Key,
    /// Both names.
    Names,
    /// The mail address.
    Mail,
    /// A number at the office of one establishment: that of the pupil, or of a child.
    Enrolment,
}

impl Why {
    /// The reason, for a person.
    pub fn words(self) -> &'static str {
        match self {
            Why::Key => "the same key",
            Why::Names => "the same names",
            Why::Mail => "the same mail address",
            Why::Enrolment => "the same number at the office of one establishment, or a child of that number",
        }
    }
}

/// One of two who may be one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The account.
    pub account: PersonId,
    /// The record.
    pub record: Option<JoinKey>,
    /// Who it is.
    pub name: String,
    /// Somebody signed in to it.
    pub used: bool,
    /// What the record says they are, and where.
    pub places: Vec<String>,
}

impl Side {
    fn of(held: &Held) -> Side {
        let place = |at: &preau_domain::Affiliation| format!("{} {}", at.establishment, at.profile.code());
        Side {
            account: held.account.clone(),
            record: held.person.join.clone(),
            name: held.person.display_name(),
            used: used(held),
            places: held.person.affiliations.iter().map(place).collect(),
        }
    }
}

/// Two who may be one person: for somebody to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Whose account would stay.
    pub kept: Side,
    /// Whose record would belong to it.
    pub added: Side,
    /// Why.
    pub why: Vec<Why>,
}

/// Everybody whom two of these sources may both know, at most so many; and whether there are more, or may be.
pub async fn proposals<S: Pairings + Provisioning + ?Sized>(
    store: &S,
    sources: &[SourceId],
    rules: &[KeyRule],
    most: usize,
) -> Result<(Vec<Proposal>, bool), SyncError> {
    let (mut found, mut more) = (Vec::new(), false);
    for (nth, one) in sources.iter().enumerate() {
        let others = sources.get(nth + 1..).unwrap_or_default();
        let mut after = String::new();
        while !others.is_empty() {
            let page = store.source_index(one, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.key);
            let keys: Vec<String> = page.into_iter().filter(|row| row.state.may_sign_in()).map(|row| row.key).collect();
            for other in others {
                let (alike, cut) = alike(store, rules, (one, &keys), other).await?;
                found.extend(alike);
                more |= cut;
                if found.len() > most {
                    found.truncate(most);
                    return Ok((found, true));
                }
            }
        }
    }
    Ok((found, more))
}

/// Why two accounts may be one person: nothing when no two records of theirs are alike.
pub async fn reasons<S: Pairings + ?Sized>(
    store: &S,
    rules: &[KeyRule],
    one: &PersonId,
    other: &PersonId,
) -> Result<Vec<Why>, SyncError> {
    let mut found = BTreeSet::new();
    let others = store.records_of(other).await?;
    for record in store.records_of(one).await? {
        let Some(join) = &record.join else { continue };
        for source in others.iter().filter_map(|other| other.join.as_ref()).map(|join| &join.source) {
            for proposal in alike(store, rules, (&join.source, std::slice::from_ref(&join.key)), source).await?.0 {
                if [&proposal.kept.account, &proposal.added.account].into_iter().all(|it| it == one || it == other) {
                    found.extend(proposal.why);
                }
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// Records of one source that are alike one of another; and whether so many have something in common that not all were looked at.
async fn alike<S: Pairings + ?Sized>(
    store: &S,
    rules: &[KeyRule],
    (one, keys): (&SourceId, &[String]),
    other: &SourceId,
) -> Result<(Vec<Proposal>, bool), SyncError> {
    let mut found: BTreeMap<(PersonId, PersonId), BTreeSet<Why>> = BTreeMap::new();
    let common = store.alike(one, keys, other, MOST_ALIKE).await?;
    let cut = common.len() >= MOST_ALIKE as usize;
    for alike in common {
        let why = match alike.common {
            Common::Mail => Why::Mail,
            Common::Enrolment => Why::Enrolment,
        };
        found.entry((alike.one, alike.other)).or_default().insert(why);
    }
    for rule in rules.iter().filter(|rule| rule.concerns(one) && rule.concerns(other)) {
        for (from, to) in store.of_one_key(&rule.from, &rule.keys(one, keys), &rule.to, &rule.prefix).await? {
            let pair = if rule.from == *one { (from, to) } else { (to, from) };
            found.entry(pair).or_default().insert(Why::Key);
        }
    }
    let held = held(store, found.keys().flat_map(|(one, other)| [one, other])).await?;
    let mut proposals = Vec::new();
    for ((one, other), mut why) in found {
        let (Some(one), Some(other)) = (held.get(&one), held.get(&other)) else { continue };
        let namesakes = one.person.is_namesake_of(&other.person);
        if !namesakes && !why.contains(&Why::Key) {
            continue;
        }
        if namesakes {
            why.insert(Why::Names);
        }
        let (kept, added) = kept_and_added(one, other);
        proposals.push(Proposal { kept: Side::of(kept), added: Side::of(added), why: why.into_iter().collect() });
    }
    Ok((proposals, cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(prefix: &str) -> KeyRule {
        KeyRule { from: SourceId::new("aaf"), to: SourceId::new("annuaire"), prefix: prefix.to_owned() }
    }

    #[test]
    fn who_is_used_or_several_stays_and_else_the_first() {
        use preau_domain::Person;
        let held = |name: &str, account: &str, state| Held {
            account: PersonId::new(account),
            person: Person::unknown(PersonId::new(name), state),
        };
        let (used, never) = (AccountState::Active, AccountState::PreCreated);
        let table = [
            (held("a", "a", never), held("b", "b", never), ["a", "b"]),
            (held("a", "a", used), held("b", "b", used), ["a", "b"]),
            (held("a", "a", never), held("b", "b", used), ["b", "a"]),
            (held("a", "a", used), held("b", "c", never), ["c", "a"]),
            (held("a", "c", never), held("b", "b", used), ["c", "b"]),
        ];
        for (first, other, [kept, added]) in table {
            let (stays, goes) = kept_and_added(&first, &other);
            assert_eq!([stays.account.as_str(), goes.account.as_str()], [kept, added]);
        }
    }

    #[test]
    fn keys_of_either_source_lead_to_those_of_the_first() {
        let keys = ["AC-NOTOS$12".to_owned(), "13".to_owned(), "AC-BOREE$14".to_owned()];
        assert_eq!(rule("AC-NOTOS$").keys(&SourceId::new("annuaire"), &keys), ["12"]);
        assert_eq!(rule("AC-NOTOS$").keys(&SourceId::new("aaf"), &keys), keys);
        assert_eq!(rule("").keys(&SourceId::new("annuaire"), &keys), keys);
        assert!(rule("").concerns(&SourceId::new("aaf")) && !rule("").concerns(&SourceId::new("ecoles")));
    }

    #[test]
    fn settings_that_differ_have_marks_that_differ() {
        assert_eq!(mark(&[]), "");
        assert_ne!(mark(&[rule("")]), mark(&[rule("AC-NOTOS$")]));
    }
}
