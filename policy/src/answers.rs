//! Answers of the rule engine that were given before.
//!
//! The engine is pure: the rules of a service, asked about the same things, answer the same. A [`Question`] holds everything that
//! the rules of a service look at and nothing else: of a list that a rule compares with values of its own, those values that are
//! in it. So most people of a school ask the same one, and an answer is never given to another. Answers live as long as the rules
//! they were given by, and only a fixed number is kept.

use crate::facts::{Attribute, Facts, Said};
use crate::second_key::Locked;
use preau_domain::{Affiliation, ServiceId};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Answers kept at most: each has one place, and whoever comes to a place that is taken takes it.
const PLACES: usize = 4_096;
/// Longer questions are asked anew each time.
const LONGEST: usize = 1_024;

/// What the engine says of one affiliation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Allowed(Arc<str>),
    /// A population the service excludes.
    Excepted(Arc<str>),
    /// A house rule.
    Forbidden(&'static str),
    /// The rules allow, and a level above the service does not: never kept.
    Narrowed(Arc<str>),
    /// The rules allow, and the second key does not turn: never kept.
    Locked(Locked),
    /// No rule allows.
    Unnamed,
    Failed,
}

/// What the rules of a service look at, in order; nothing where that cannot be told, and every question is asked anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looks(Option<BTreeMap<Attribute, Seen>>);

/// What they see of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Whole,
    /// Which of these it is, or holds.
    OneOf(HashSet<String>),
}

/// Lists of the service that its rules speak of by a name: those of its attributes, and those of its tags.
#[derive(Default)]
pub(crate) struct Lists {
    pub attributes: HashMap<String, Vec<String>>,
    pub tags: HashMap<String, Vec<String>>,
}

/// One affiliation as the rules of one service see it: each text behind its length, so that no two look alike.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Question(Vec<u8>);

/// See the module.
pub(crate) struct Answers {
    places: Box<[Mutex<Option<Given>>]>,
    hasher: RandomState,
}

struct Given {
    question: Box<[u8]>,
    answer: Answer,
}

impl Looks {
    /// At nothing yet.
    pub fn nowhere() -> Looks {
        Looks(Some(BTreeMap::new()))
    }

    /// The same with what one more rule looks at, from the engine's JSON of it.
    pub fn and(mut self, rule: &Value, lists: &Lists) -> Looks {
        let anybody = rule.pointer("/principal/op").is_some_and(|op| op == "All");
        let conditions = rule.get("conditions").filter(|_| anybody);
        let told = self.0.as_mut().zip(conditions).is_some_and(|(seen, all)| look(all, lists, seen));
        if told { self } else { Looks(None) }
    }

    /// What the rules of that service see of an affiliation.
    pub fn question(&self, service: &ServiceId, facts: &Facts, affiliation: &Affiliation) -> Option<Question> {
        let mut question = Question(Vec::with_capacity(128));
        question.text(service.as_str());
        for (attribute, seen) in self.0.as_ref()? {
            let seen = |text: &&str| if let Seen::OneOf(those) = seen { those.contains(*text) } else { true };
            match facts.said(affiliation, *attribute) {
                Said::One(text) => match Some(text).filter(seen) {
                    Some(text) => question.text(text),
                    None => question.length(usize::MAX),
                },
                Said::Flag(flag) => question.0.push(u8::from(flag)),
                Said::Perhaps(None) => question.0.push(0),
                Said::Perhaps(Some(mut texts)) => {
                    question.0.push(1);
                    texts.sort_unstable();
                    question.length(texts.len());
                    texts.into_iter().for_each(|text| question.text(text));
                }
                Said::Clock(None) => question.0.push(0),
                // The day of the week is that of the day.
                Said::Clock(Some(at)) => {
                    question.0.push(1);
                    question.0.extend_from_slice(&at.day.number().to_le_bytes());
                    question.0.extend_from_slice(&at.minute.to_le_bytes());
                }
                Said::Many(mut texts) => {
                    texts.retain(seen);
                    texts.sort_unstable();
                    question.length(texts.len());
                    texts.into_iter().for_each(|text| question.text(text));
                }
            }
        }
        (question.0.len() <= LONGEST).then_some(question)
    }
}

/// The attribute of the context that an expression is, or asks the presence of.
fn attribute(expression: &Value) -> Option<&str> {
    let of = expression.get(".").or_else(|| expression.get("has"))?;
    of.get("attr").filter(|_| of.pointer("/left/Var").is_some_and(|var| var == "context"))?.as_str()
}

/// The values of a list that is known beforehand: one of texts, or one of the service.
fn values(expression: &Value, lists: &Lists) -> Option<Vec<String>> {
    let of_service = |of: &Value| of.pointer("/left/Var").is_some_and(|var| var == "resource");
    if let Some(all) = expression.get("Set") {
        return all.as_array()?.iter().map(|one| Some(one.get("Value")?.as_str()?.to_owned())).collect();
    }
    if let Some(of) = expression.get(".").filter(|of| of_service(of)) {
        return lists.attributes.get(of.get("attr")?.as_str()?).cloned();
    }
    let of = expression.get("getTag").filter(|of| of_service(of))?;
    lists.tags.get(of.pointer("/right/Value")?.as_str()?).cloned()
}

/// Adds what an expression looks at of the context. False where it does anything with it that is not known here, or looks at who
/// asks.
fn look(expression: &Value, lists: &Lists, seen: &mut BTreeMap<Attribute, Seen>) -> bool {
    if let Some(name) = attribute(expression) {
        return Attribute::named(name).map(|one| seen.insert(one, Seen::Whole)).is_some();
    }
    match expression {
        Value::Object(parts) => parts.iter().all(|(operator, of)| {
            let asks = matches!(operator.as_str(), "contains" | "containsAny");
            let asked = of.get("right").and_then(attribute).filter(|_| asks).zip(of.get("left"));
            if let Some((name, those)) = asked.and_then(|(name, left)| Some((name, values(left, lists)?))) {
                let Some(one) = Attribute::named(name) else { return false };
                if let Seen::OneOf(known) = seen.entry(one).or_insert_with(|| Seen::OneOf(HashSet::new())) {
                    known.extend(those);
                }
                return true;
            }
            !(operator == "Var" && (of == "context" || of == "principal")) && look(of, lists, seen)
        }),
        Value::Array(parts) => parts.iter().all(|part| look(part, lists, seen)),
        _ => true,
    }
}

impl Question {
    fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&length.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }
}

impl Default for Answers {
    fn default() -> Answers {
        Answers { places: (0..PLACES).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl Answers {
    fn place(&self, question: &Question) -> Option<MutexGuard<'_, Option<Given>>> {
        let number = usize::try_from(self.hasher.hash_one(&question.0)).unwrap_or_default() % PLACES;
        // A panic elsewhere leaves a place whole.
        Some(self.places.get(number)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was answered.
    pub fn get(&self, question: &Question) -> Option<Answer> {
        let place = self.place(question)?;
        place.as_ref().filter(|given| *given.question == *question.0).map(|given| given.answer.clone())
    }

    /// Keeps what was answered; what failed may be asked again.
    pub fn keep(&self, question: Question, answer: &Answer) {
        if *answer == Answer::Failed {
            return;
        }
        if let Some(mut place) = self.place(&question) {
            *place = Some(Given { question: question.0.into(), answer: answer.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(condition: Value) -> Value {
        json!({ "principal": { "op": "All" }, "conditions": [{ "kind": "when", "body": condition }] })
    }

    fn of(variable: &str, name: &str) -> Value {
        json!({ ".": { "left": { "Var": variable }, "attr": name } })
    }

    fn seen(conditions: &[Value]) -> Option<BTreeMap<Attribute, Seen>> {
        let lists = Lists {
            attributes: [("names".to_owned(), vec!["p1".to_owned()])].into(),
            tags: [("long".to_owned(), vec!["3A".to_owned(), "3B".to_owned()])].into(),
        };
        conditions.iter().fold(Looks::nowhere(), |looks, one| looks.and(&rule(one.clone()), &lists)).0
    }

    fn one_of(values: &[&str]) -> Seen {
        Seen::OneOf(values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn what_a_rule_looks_at_is_found_wherever_it_stands() {
        let state =
            json!({ "!": { "arg": { "==": { "left": of("context", "state"), "right": { "Value": "active" } } } } });
        let profile =
            json!({ "contains": { "left": { "Set": [{ "Value": "principal" }] }, "right": of("context", "profile") } });
        let tag = json!({ "left": { "Var": "resource" }, "right": { "Value": "long" } });
        let classes = json!({ "&&": { "left": { "hasTag": tag }, "right": {
            "containsAny": { "left": { "getTag": tag }, "right": of("context", "classes") } } } });
        let account = json!({ "contains": { "left": of("resource", "names"), "right": of("context", "account") } });
        let both = json!({ "&&": { "left": profile, "right": classes } });
        let found = seen(&[state.clone(), both.clone(), account.clone()]);
        let expected = [
            (Attribute::Account, one_of(&["p1"])),
            (Attribute::State, Seen::Whole),
            (Attribute::Profile, one_of(&["principal"])),
            (Attribute::Classes, one_of(&["3A", "3B"])),
        ];
        assert_eq!(found, Some(expected.into()));
        // What one rule sees whole, no other narrows, whichever comes first.
        let whole = json!({ "==": { "left": of("context", "profile"), "right": { "Value": "x" } } });
        for rules in [[both.clone(), whole.clone()], [whole, both]] {
            assert_eq!(seen(&rules).and_then(|found| found.get(&Attribute::Profile).cloned()), Some(Seen::Whole));
        }
        let has = json!({ "has": { "left": { "Var": "context" }, "attr": "groups" } });
        assert_eq!(seen(&[has]), Some([(Attribute::Groups, Seen::Whole)].into()));
        // A list that nobody knows.
        let unknown = json!({ "contains": { "left": of("resource", "others"), "right": of("context", "account") } });
        assert_eq!(seen(&[unknown]), Some([(Attribute::Account, Seen::Whole)].into()));
    }

    #[test]
    fn rules_that_look_at_what_cannot_be_told_are_asked_each_time() {
        assert!(seen(&[json!({ "Value": true })]).is_some(), "control");
        let elsewhere = [
            of("context", "absent"),
            json!({ "has": { "left": { "Var": "principal" }, "attr": "classes" } }),
            json!({ "==": { "left": { "Var": "context" }, "right": { "Var": "context" } } }),
            of("principal", "profile"),
            json!({ "Set": [{ "Var": "principal" }] }),
        ];
        for condition in elsewhere {
            assert!(
                seen(&[json!({ "Value": true }), condition.clone(), of("context", "state")]).is_none(),
                "{condition}"
            );
        }
        let named =
            json!({ "principal": { "op": "==", "entity": { "type": "Person", "id": "p1" } }, "conditions": [] });
        assert_eq!(Looks::nowhere().and(&named, &Lists::default()), Looks(None));
    }

    #[test]
    fn answers_are_given_to_the_same_question_alone_and_take_no_more_room_than_there_is() {
        let answers = Answers::default();
        let question = |texts: &[&str]| {
            let mut question = Question(Vec::new());
            texts.iter().for_each(|text| question.text(text));
            question
        };
        let allowed = Answer::Allowed("s/allow/1".into());
        answers.keep(question(&["ab", "c"]), &allowed);
        assert_eq!(answers.get(&question(&["ab", "c"])), Some(allowed.clone()));
        assert_eq!(answers.get(&question(&["a", "bc"])), None, "the same letters, otherwise cut");
        answers.keep(question(&["x"]), &Answer::Failed);
        assert_eq!(answers.get(&question(&["x"])), None);
        for n in 0..3 * PLACES {
            answers.keep(question(&[&n.to_string()]), &allowed);
        }
        let taken = answers.places.iter().filter(|place| place.lock().is_ok_and(|place| place.is_some())).count();
        assert!(taken > PLACES / 2 && taken <= PLACES, "{taken}");
    }
}
