//! What a service receives. [`Released`] is the only thing a protocol may write, and [`release`] alone makes one.
//!
//! The verbs are applied in the order `when`, `copy`, `add`, `map`, `limit`, `scope`, `first`, `join`. Facts "of now" and
//! `when` look at what the person is in the establishment of now ([`Facts::seen_from`] changes it); an affiliation that
//! counts for nothing at the door counts for nothing here.

use crate::facts::Facts;
use crate::population::within;
use preau_domain::{Fact, Identifier, Legal, Person, ReleaseRule, Role, RoleGrant};
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// Longest value that leaves, in characters.
pub const MAX_VALUE: usize = 1024;

/// Values an attribute may have at most; those beyond are left out.
pub const MAX_VALUES: usize = 500;

/// Attributes a service may receive at most.
const MAX_RULES: usize = 100;

/// Entries a rule's `map`, `add` or `limit` may have at most.
const MAX_ENTRIES: usize = 500;

/// What leaves: the name the service knows the person by, and attributes in the order of its rules. Copies share it.
///
/// It is one text, because a server in use keeps many: a line for the user, then one for each attribute, its name and its
/// values parted by tabs. No name and no value holds a control character. Of a visitor two lines without tabs follow: the names by which
/// the service is told that they are one, and whose spaces they look at.
#[derive(Clone, PartialEq, Eq)]
pub struct Released(Arc<str>);

/// The values of one attribute, in order.
pub type Values<'a> = std::str::Split<'a, char>;

impl Released {
    fn of(user: &str, attributes: &[(&str, Vec<String>)], visitor: &[String]) -> Released {
        let mut text = user.to_owned();
        for (name, values) in attributes {
            text.push('\n');
            text.push_str(name);
            for value in values {
                text.push('\t');
                text.push_str(value);
            }
        }
        for names in visitor {
            text.push('\n');
            text.push_str(names);
        }
        Released(text.into())
    }

    /// What the service knows the person by: never empty.
    pub fn user(&self) -> &str {
        self.0.split('\n').next().unwrap_or_default()
    }

    /// Each attribute once, with at least one value, values once each.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Values<'_>)> {
        self.0.split('\n').skip(1).filter_map(|line| line.split_once('\t')).map(|(name, all)| (name, all.split('\t')))
    }

    /// Whether somebody who is told these attributes alone knows a visitor from others: they have one that says so, and one that says whose
    /// spaces they look at. Of anybody who is no visitor nothing has to be told.
    pub fn tells_visitor(&self, told: impl Fn(&str) -> bool) -> bool {
        let mut groups = self.0.split('\n').skip(1).filter(|line| !line.contains('\t'));
        groups.all(|names| names.split(' ').any(&told))
    }

    /// The names of what leaves: for the audit, which never holds a value.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes().map(|(name, _)| name)
    }
}

impl fmt::Debug for Released {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values are personal: a log that prints this by accident tells names only.
        f.debug_struct("Released").field("attributes", &self.names().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

/// Why nothing leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReleaseRefused {
    /// The service knows people by something this person does not have. Nothing else takes its place.
    #[error("the service knows people by their {}, and this person has none", identifier_word(*.0))]
    NoIdentifier(Identifier),
    /// A rule of the service is malformed; [`check_release`] says which.
    #[error("the release rules of the service are malformed")]
    Malformed,
    /// The rules of the service do not tell it that this person is a visitor, or of whose spaces.
    #[error("the person is a visitor of somebody's space, and the service is not told")]
    Visitor,
}

fn identifier_word(identifier: Identifier) -> &'static str {
    match identifier {
        Identifier::Pairwise => "pairwise identifier",
        Identifier::Uid => "account name",
        Identifier::Login => "login",
        Identifier::Mail => "mail address",
        Identifier::Uai => "establishment",
    }
}

/// What somebody is in a service: the most of the roles its audience gives them in the establishment of now; of whoever looks at somebody's
/// space there, a visitor. Roles open nothing: access is decided first.
pub fn role(facts: &Facts, grants: &[RoleGrant]) -> Option<Role> {
    if !facts.inspected().is_empty() {
        return Some(Role::Visiteur);
    }
    let given =
        |grant: &&RoleGrant| facts.of_now().any(|a| grant.to.iter().any(|population| within(population, a, facts)));
    grants.iter().filter(given).map(|grant| grant.role).max()
}

/// Makes what a service receives, whose audience gives these roles. `pairwise` is asked only if something needs it.
pub fn release(
    facts: &Facts,
    identifier: Identifier,
    rules: &[ReleaseRule],
    roles: &[RoleGrant],
    pairwise: impl Fn() -> String,
) -> Result<Released, ReleaseRefused> {
    let user = match identifier {
        Identifier::Pairwise => Some(pairwise()),
        Identifier::Uid => Some(facts.person.id.to_string()),
        Identifier::Login => facts.person.login.clone(),
        Identifier::Mail => facts.person.mail.clone(),
        Identifier::Uai => facts.current.as_ref().map(ToString::to_string),
    };
    let user =
        user.filter(|user| sound(user) && user.trim() == user).ok_or(ReleaseRefused::NoIdentifier(identifier))?;
    let mut attributes: Vec<(&str, Vec<String>)> = Vec::new();
    // The names that tell of a visitor that they are one, and whose spaces they look at.
    let mut visitor: [Vec<&str>; 2] = Default::default();
    for rule in rules {
        if !name_ok(&rule.name) {
            return Err(ReleaseRefused::Malformed);
        }
        let values = values(facts, rule, roles, &pairwise);
        if values.is_empty() {
            continue;
        }
        match attributes.iter_mut().find(|(name, _)| *name == rule.name) {
            // Several rules may give one attribute. A rule that wants a single value adds none to a full one.
            Some((_, held)) if !rule.first && rule.join.is_none() => {
                held.extend(values);
                settle(held);
            }
            Some(_) => continue,
            None => attributes.push((&rule.name, values)),
        }
        match (rule.copy, &mut visitor) {
            (Some(Fact::Role), [role, _]) => role.push(&rule.name),
            (Some(Fact::Inspected), [_, inspected]) => inspected.push(&rule.name),
            _ => {}
        }
    }
    if facts.inspected().is_empty() {
        return Ok(Released::of(&user, &attributes, &[]));
    }
    if visitor.iter().any(Vec::is_empty) {
        return Err(ReleaseRefused::Visitor);
    }
    Ok(Released::of(&user, &attributes, &visitor.map(|names| names.join(" "))))
}

/// The values of one rule.
fn values(facts: &Facts, rule: &ReleaseRule, roles: &[RoleGrant], pairwise: &impl Fn() -> String) -> Vec<String> {
    if let Some(population) = &rule.when
        && !facts.of_now().any(|affiliation| within(population, affiliation, facts))
    {
        return Vec::new();
    }
    let mut values = rule.copy.map(|fact| copy(facts, fact, roles, pairwise)).unwrap_or_default();
    values.extend(rule.add.iter().cloned());
    if !rule.map.is_empty() {
        let other = rule.map.get("*");
        for value in &mut values {
            if let Some(replacement) = rule.map.get(value.as_str()).or(other) {
                value.clone_from(replacement);
            }
        }
    }
    if !rule.limit.is_empty() {
        values.retain(|value| rule.limit.contains(value));
    }
    values.retain(|value| !value.is_empty());
    if let Some(scope) = &rule.scope {
        for value in &mut values {
            value.push_str(scope);
        }
    }
    settle(&mut values);
    if rule.first {
        values.truncate(1);
    }
    if let Some(between) = &rule.join {
        values = joined(&values, between).filter(|whole| sound(whole)).into_iter().collect();
    }
    values
}

/// The values of a fact, as they stand.
fn copy(facts: &Facts, fact: Fact, roles: &[RoleGrant], pairwise: &impl Fn() -> String) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    let maybe = |text: &Option<String>| text.iter().cloned().collect();
    let all = || facts.person.affiliations.iter().filter(|a| facts.counts(a));
    match fact {
        Fact::Uid => one(facts.person.id.as_str()),
        Fact::Login => maybe(&facts.person.login),
        Fact::Pairwise => vec![pairwise()],
        Fact::GivenName => one(&facts.person.given_name),
        Fact::FamilyName => one(&facts.person.family_name),
        Fact::DisplayName => one(&facts.person.display_name()),
        Fact::Title => maybe(&facts.person.title),
        Fact::Mail => maybe(&facts.person.mail),
        Fact::Uai => facts.current.iter().map(ToString::to_string).collect(),
        Fact::EstablishmentName => maybe(&facts.establishment_name),
        Fact::Establishments => all().map(|a| a.establishment.to_string()).collect(),
        Fact::Profiles => facts.of_now().map(|a| a.profile.to_string()).collect(),
        Fact::Affiliations => all().map(|a| format!("{}${}", a.establishment, a.profile)).collect(),
        Fact::Classes => facts.of_now().flat_map(|a| a.classes.clone()).collect(),
        Fact::ClassesPaired => {
            all().flat_map(|a| a.classes.iter().map(|class| format!("{}${class}", a.establishment))).collect()
        }
        Fact::Groups => facts.of_now().flat_map(|a| a.groups.clone()).collect(),
        Fact::GroupsPaired => {
            all().flat_map(|a| a.groups.iter().map(|group| format!("{}${group}", a.establishment))).collect()
        }
        Fact::Subjects => facts.of_now().flat_map(|a| a.subjects.clone()).collect(),
        Fact::SubjectsPaired => {
            all().flat_map(|a| a.subjects.iter().map(|subject| format!("{}${subject}", a.establishment))).collect()
        }
        Fact::Functions => facts.of_now().flat_map(|a| a.functions.clone()).collect(),
        Fact::Delegations => facts.of_now().flat_map(|a| facts.delegated(a)).map(str::to_owned).collect(),
        Fact::Mef => facts.of_now().filter_map(|a| a.mef.clone()).collect(),
        Fact::Level => facts.of_now().filter_map(|a| a.level.clone()).collect(),
        Fact::FrEduVecteur => vectors(&facts.person),
        Fact::AuthnMethod => facts.authn.iter().map(|method| method.as_str().to_owned()).collect(),
        Fact::Role => role(facts, roles).iter().map(|role| role.as_str().to_owned()).collect(),
        Fact::Inspected => facts.inspected().to_vec(),
    }
}

/// What the State's services know pupils and their legal representatives by: five fields. A name that holds the separator would
/// make another vector of it, and makes none.
fn vectors(person: &Person) -> Vec<String> {
    let pupil = person.affiliations.iter().filter_map(|a| a.enrolment.as_deref()).map(|at| {
        let profile = if at.first_degree { 3 } else { 4 };
        format!("{profile}|||{}|{}", at.number, at.establishment)
    });
    let named = ![&person.family_name, &person.given_name].iter().any(|name| name.contains('|'));
    let answered = person.children.iter().filter(|child| named && child.legal == Legal::Representative);
    let guardian = answered.filter_map(|child| child.enrolment.as_deref()).map(|at| {
        let profile = if at.first_degree { 1 } else { 2 };
        format!("{profile}|{}|{}|{}|{}", person.family_name, person.given_name, at.number, at.establishment)
    });
    pupil.chain(guardian).collect()
}

/// Whether a value may leave: neither empty, nor too long, nor more than one line.
fn sound(value: &str) -> bool {
    let short = value.len() <= MAX_VALUE || value.chars().count() <= MAX_VALUE;
    !value.is_empty() && short && !value.chars().any(char::is_control)
}

/// Leaves out what may not leave, what stands twice, and what is too many. The order stays.
fn settle(values: &mut Vec<String>) {
    values.retain(|value| sound(value));
    if values.len() > 1 {
        let mut seen = std::collections::HashSet::with_capacity(values.len());
        values.retain(|value| seen.insert(value.clone()));
    }
    values.truncate(MAX_VALUES);
}

/// One value of all: as many whole values as fit.
fn joined(values: &[String], between: &str) -> Option<String> {
    let mut whole = values.first()?.clone();
    let mut length = whole.chars().count();
    for value in values.iter().skip(1) {
        length += between.chars().count() + value.chars().count();
        if length > MAX_VALUE {
            break;
        }
        whole.push_str(between);
        whole.push_str(value);
    }
    Some(whole)
}

/// Whether this is the name of an attribute, or `block/name` of one inside a block: each becomes the name of an XML element.
fn name_ok(name: &str) -> bool {
    let (block, inside) = name.split_once('/').unwrap_or((name, name));
    word_ok(block) && word_ok(inside)
}

fn word_ok(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b))
        && name.len() <= 128
}

/// Everything wrong in the release rules of a service, each with the number of its rule and the attribute it is about. Nothing when all is
/// well.
pub fn check_release(rules: &[ReleaseRule]) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    if rules.len() > MAX_RULES {
        problems.push((MAX_RULES, format!("more than {MAX_RULES} attributes")));
    }
    for (number, rule) in rules.iter().enumerate() {
        let shown = preau_domain::display_safe(&rule.name, 40);
        let mut wrong = |what: &str| problems.push((number, format!("{shown}: {what}")));
        if !name_ok(&rule.name) {
            wrong(
                "a name begins with a letter or _ and goes on with at most 127 of A-Z a-z 0-9 _ . : -; block/name inside a block",
            );
        }
        let blocks = rules.iter().filter_map(|other| other.name.split_once('/'));
        if blocks.into_iter().any(|(block, _)| block == rule.name) {
            wrong("is the name of a block: an attribute of that name would be taken for it");
        }
        if rule.copy.is_none() && rule.add.is_empty() {
            wrong("nothing to release: `copy` a fact or `add` values");
        }
        let sizes = [rule.add.len(), rule.map.len(), rule.limit.len()];
        if sizes.into_iter().any(|size| size > MAX_ENTRIES) {
            wrong(&format!("more than {MAX_ENTRIES} entries in one list"));
        }
        let texts = rule.add.iter().chain(rule.map.values().filter(|v| !v.is_empty())).chain(&rule.limit);
        if texts.chain(&rule.scope).any(|text| !sound(text)) {
            wrong("a text is empty, longer than 1024 characters or holds a control character");
        }
        if rule.join.as_ref().is_some_and(|between| between.len() > 8 || between.chars().any(char::is_control)) {
            wrong("`join` takes at most 8 characters");
        }
        if rule.first && rule.join.is_some() {
            wrong("`first` leaves one value: there is nothing to `join`");
        }
    }
    problems
}
