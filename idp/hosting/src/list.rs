//! A list of guests, as one ENT hands it to another: a signed head on the first line, then one guest on each line.
//!
//! The head names who made the list, for whom, under which convention, for which space and until when, and says how many lines follow and
//! what their digest is: it vouches for all of them. A line says what a guest is known by and nothing else; one that says more is
//! refused, so that no birth date and no national number slips in. Whatever is wrong refuses the whole list.

use crate::next_summer;
use crate::refusal::{Problem, Why};
use preau_domain::{
    AccountState, Bounded, Convention, Credentials, FederatedIdentity, Guest, Ids, Instant, JoinKey, Person, PersonId,
    Public, Role, Space, Uai, bounded,
};
use preau_store::{Admission, NewGuest};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The type of the token that heads a list.
pub const TYP: &str = "preau-guests+jwt";
/// The type of the token that takes a list back.
pub const RECALL_TYP: &str = "preau-recall+jwt";
/// Most guests of one list.
pub const MOST_GUESTS: usize = 20_000;

/// What the head of a list says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Who made it: the public address of an ENT.
    pub iss: String,
    /// For whom: the same.
    pub aud: String,
    /// Its name.
    pub jti: String,
    /// When it was signed, in seconds.
    pub iat: i64,
    /// Until when it holds, in seconds.
    pub exp: i64,
    /// By which convention.
    pub convention: String,
    /// The fingerprint of what its maker signed under that name ([`crate::terms`]).
    #[serde(default)]
    pub terms: String,
    /// Into which space.
    pub space: String,
    /// How many lines follow.
    pub guests: usize,
    /// Their digest.
    pub digest: String,
}

/// What the word says by which its maker takes a list back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recall {
    /// Who made the list: the public address of an ENT.
    pub iss: String,
    /// For whom: the same.
    pub aud: String,
    /// When it was signed, in seconds. A list stays taken back, so the word is true however late it comes.
    pub iat: i64,
    /// By which convention.
    pub convention: String,
    /// The name of the list.
    pub list: String,
}

/// One guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Given name, or a pseudonym.
    pub given_name: String,
    /// Initial of the family name.
    pub initial: String,
    /// The establishment they are from.
    pub home: Uai,
    /// Their class or group there.
    pub class: String,
    /// Its level.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub level: String,
    /// `pupil` or `staff`.
    pub public: Public,
    /// What their ENT calls them when they come to us, and to nobody else.
    pub subject: String,
}

/// Whether a text may be the name of a list: 1 to 64 letters, digits, - and _.
pub fn names_a_list(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Reads what a verified head says.
pub fn read_head(claims: serde_json::Value) -> Result<Head, Problem> {
    serde_json::from_value(claims).map_err(|_| Problem::on(1, Why::Plain("no-list")))
}

/// Reads the lines behind the head, whose digest was found right.
pub fn read_body(body: &str) -> Result<Vec<Listed>, Vec<Problem>> {
    let (mut guests, mut problems) = (Vec::new(), Vec::new());
    for (place, line) in body.lines().enumerate() {
        if place >= MOST_GUESTS {
            return Err(vec![Problem::whole(Why::Plain("too-many"))]);
        }
        match serde_json::from_str(line) {
            Ok(guest) => guests.push(guest),
            Err(error) => problems.push(Problem::on(place + 2, Why::NoGuest { column: error.column() })),
        }
    }
    if problems.is_empty() { Ok(guests) } else { Err(problems) }
}

/// The lines behind the head.
pub fn write_body(guests: &[Listed]) -> Result<String, serde_json::Error> {
    let mut body = String::new();
    for guest in guests {
        body.push_str(&serde_json::to_string(guest)?);
        body.push('\n');
    }
    Ok(body)
}

/// Everything that keeps a list from being taken in. `us` is our own public address, `terms` the fingerprint of the convention as we signed it.
pub fn check(
    head: &Head,
    guests: &[Listed],
    convention: &Convention,
    space: &Space,
    (us, terms): (&str, &str),
    now: Instant,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut unless = |right: bool, why: Why| {
        if !right {
            problems.push(Problem::whole(why));
        }
    };
    unless(head.iss == convention.peer.url, Why::Plain("by-other"));
    unless(head.aud == us, Why::Plain("for-other"));
    unless(head.convention == convention.id, Why::Plain("other-convention"));
    if head.convention == convention.id {
        let (theirs, ours) = (head.terms.clone(), terms.to_owned());
        let other = if theirs.is_empty() { Why::NoTerms { ours } } else { Why::OtherTerms { theirs, ours } };
        unless(head.terms == terms, other);
    }
    unless(head.space == space.id, Why::Plain("other-space"));
    unless(head.iat <= now.seconds().saturating_add(300), Why::Plain("future"));
    unless(head.exp > now.seconds(), Why::Plain("expired"));
    let held = head.exp.saturating_sub(head.iat);
    unless(held <= 31 * 86_400, Why::Plain("holds-long"));
    unless(head.guests == guests.len(), Why::Plain("count"));
    unless(!guests.is_empty(), Why::Plain("nobody"));
    unless(convention.in_force(now), Why::Plain("not-in-force"));
    let open = !space.closed && now < space.until && space.convention.as_deref() == Some(convention.id.as_str());
    unless(open, Why::Plain("not-open"));
    unless(convention.is_for(&space.host), Why::Plain("not-for"));
    unless(names_a_list(&head.jti), Why::Plain("name"));
    let mut seen = HashSet::new();
    for (place, guest) in guests.iter().enumerate() {
        let mut wrong = |why: &'static str| problems.push(Problem::on(place + 2, Why::Plain(why)));
        let short = |text: &str, most: usize| matches!(bounded(text, most), Bounded::Fits(fits) if !fits.is_empty() && fits == text);
        let level = guest.level.is_empty() || short(&guest.level, 32);
        let named = short(&guest.given_name, 60) && short(&guest.initial, 3) && short(&guest.class, 64);
        if !named || !level || !short(&guest.subject, 255) {
            wrong("line-length");
        }
        if !convention.establishments.contains(&guest.home) {
            wrong("line-school");
        } else if guest.public == Public::Staff && !convention.staff_comes() {
            // Also of a space of an older version, which names them.
            wrong("line-staff");
        } else if role(space, guest).is_none() {
            wrong("line-class");
        }
        if !seen.insert(guest.subject.as_str()) {
            wrong("line-twice");
        }
    }
    problems
}

/// What a guest is in a space, by the group they are of; whatever that says, a guest manages nothing.
fn role(space: &Space, guest: &Listed) -> Option<Role> {
    let is_theirs = |group: &&preau_domain::SpaceGroup| {
        group.establishment == guest.home && group.code == guest.class && group.public == guest.public
    };
    space.groups.iter().filter(is_theirs).map(|group| group.role.min(Role::Moderateur)).max()
}

/// The guests of a checked list, as they are let in: until the first of the ends there are, at the latest the end of July. `identify` says who a
/// subject is to the provider of the convention, and the key of their account.
pub fn admission(
    head: &Head,
    guests: &[Listed],
    convention: &Convention,
    space: &Space,
    now: Instant,
    ids: &dyn Ids,
    identify: impl Fn(&str) -> (FederatedIdentity, JoinKey),
) -> Admission {
    let until = convention.until.min(space.until).min(next_summer(now));
    let guest = |listed: &Listed| {
        let (identity, join) = identify(&listed.subject);
        let person = Person {
            id: PersonId::generate(ids),
            join: Some(join),
            state: AccountState::PreCreated,
            given_name: listed.given_name.clone(),
            family_name: listed.initial.clone(),
            title: None,
            login: None,
            mail: None,
            credentials: Credentials::Directory,
            affiliations: Vec::new(),
            children: Vec::new(),
        };
        let guest = Guest {
            person: person.id.clone(),
            convention: convention.id.clone(),
            home: listed.home.clone(),
            class: listed.class.clone(),
            level: listed.level.clone(),
            public: listed.public,
            until,
            batch: head.jti.clone(),
            ended: None,
        };
        NewGuest { person, identity, guest, role: role(space, listed).unwrap_or(Role::Visiteur) }
    };
    Admission {
        convention: convention.id.clone(),
        space: space.id.clone(),
        batch: head.jti.clone(),
        typed: false,
        guests: guests.iter().map(guest).collect(),
    }
}
