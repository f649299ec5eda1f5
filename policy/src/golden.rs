//! Golden answers: what an invented person is told by a service, or why the service is refused to them. Written beside a product
//! (`cases.toml`), and held against the rules it has.

use crate::access::{Decision, access};
use crate::facts::Facts;
use crate::release::release;
use crate::rules::AccessRules;
use preau_domain::{Audience, AuthnMethod, Identifier, Person, ReleaseRule, ServiceId, Uai};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The invented people of the cases, as TOML.
pub const INVENTED: &str = include_str!("../cases/persons.toml");

/// What stands for the pairwise identifier of everybody.
const PAIRWISE: &str = "pairwise";

/// A file of invented people.
#[derive(Debug, Deserialize)]
pub struct InventedPeople {
    person: Vec<Invented>,
}

#[derive(Debug, Deserialize)]
struct Invented {
    key: String,
    #[serde(flatten)]
    person: Person,
}

impl InventedPeople {
    /// By the word cases name them by, in the order of the file.
    pub fn by_key(self) -> Vec<(String, Person)> {
        self.person.into_iter().map(|one| (one.key, one.person)).collect()
    }
}

/// `cases.toml` of a product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenAnswers {
    /// At least one that opens and one that does not.
    pub case: Vec<GoldenAnswer>,
}

/// What comes of one person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenAnswer {
    /// What the case is about, when the person and the answer do not say it.
    #[serde(default)]
    pub about: String,
    /// Who, by their word.
    pub person: String,
    /// The establishment the person works in at that moment; their first without it.
    pub r#in: Option<Uai>,
    /// The audience of an installation; that of the product without it.
    pub audience: Option<Audience>,
    /// `allow`, or the key of a reason.
    pub expect: String,
    /// What the service knows the person by.
    pub user: Option<String>,
    /// Name and values of each attribute, in order.
    #[serde(default)]
    pub attributes: Vec<Vec<String>>,
}

/// What the answers are held against.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// A name for the service.
    pub service: &'a ServiceId,
    /// Who it is for.
    pub audience: &'a Audience,
    /// What it knows a person by.
    pub identifier: Identifier,
    /// What it receives.
    pub release: &'a [ReleaseRule],
}

impl GoldenAnswers {
    /// Everything that is not as expected, a sentence each, with the number of its case.
    pub fn problems(&self, people: &BTreeMap<String, Person>, judged: Judged<'_>) -> Vec<(usize, String)> {
        let cases = self.case.iter().enumerate();
        let mut problems: Vec<(usize, String)> = cases
            .filter_map(|(number, case)| {
                Some((number, format!("{}: {}", case.name(), case.check(people, judged).err()?)))
            })
            .collect();
        let opens = self.case.iter().filter(|case| case.expect == "allow").count();
        if opens == 0 || opens == self.case.len() {
            let what = "a product is opened by some and refused to others: a case of each is needed";
            problems.push((0, what.to_owned()));
        }
        problems
    }
}

impl GoldenAnswer {
    fn name(&self) -> String {
        if self.about.is_empty() { self.person.clone() } else { format!("{} ({})", self.person, self.about) }
    }

    fn check(&self, people: &BTreeMap<String, Person>, judged: Judged<'_>) -> Result<(), String> {
        let Some(person) = people.get(&self.person) else {
            let known: Vec<&str> = people.keys().map(String::as_str).collect();
            return Err(format!("nobody is called so; there is {}", known.join(", ")));
        };
        let facts = Facts::of(person, self.r#in.as_ref(), None, Some(AuthnMethod::DirectoryPassword));
        let audience = self.audience.as_ref().unwrap_or(judged.audience);
        let rules =
            AccessRules::compile(std::iter::once((judged.service, audience))).map_err(|found| found.join("; "))?;
        if let Decision::Deny(refusal) = access(&facts, &rules, judged.service) {
            let found = refusal.reason.key();
            return if found == self.expect {
                Ok(())
            } else {
                Err(format!("refused: {found}, and not {}", self.expect))
            };
        }
        if self.expect != "allow" {
            return Err(format!("it opens, and is expected to be refused: {}", self.expect));
        }
        let told = release(&facts, judged.identifier, judged.release, &audience.roles, || PAIRWISE.to_owned())
            .map_err(|refused| format!("nothing is told: {refused}"))?;
        if Some(told.user()) != self.user.as_deref() {
            return Err(format!("user is {:?}, and not {:?}", told.user(), self.user.as_deref().unwrap_or_default()));
        }
        let attributes: Vec<Vec<&str>> =
            told.attributes().map(|(name, values)| std::iter::once(name).chain(values).collect()).collect();
        if attributes == self.attributes {
            return Ok(());
        }
        Err(format!("told {attributes:?}, and not {:?}", self.attributes))
    }
}
