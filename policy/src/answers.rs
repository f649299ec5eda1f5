//! Answers of the rule engine that were given before.
//!
//! The engine is pure: the rules of a service, asked about the same things, answer the same. A [`Question`] holds everything that
//! the rules of a service look at, so that most people of a school ask the same one, and an answer is never given to another.
//! Answers live as long as the rules they were given by, and only a fixed number is kept.

use crate::facts::{Attribute, Facts, Said};
use preau_domain::{Affiliation, ServiceId};
use serde_json::Value;
use std::collections::BTreeSet;
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
    /// No rule allows.
    Unnamed,
    Failed,
}

/// What the rules of a service look at, in order; nothing where that cannot be told, and every question is asked anew.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looks(Option<BTreeSet<Attribute>>);

/// One affiliation as the rules of one service see it: each text behind its length, so that no two look alike.
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
        Looks(Some(BTreeSet::new()))
    }

    /// The same with what one more rule looks at, from the engine's JSON of it.
    pub fn and(mut self, rule: &Value) -> Looks {
        let anybody = rule.pointer("/principal/op").is_some_and(|op| op == "All");
        let conditions = rule.get("conditions").filter(|_| anybody);
        let told = self.0.as_mut().zip(conditions).is_some_and(|(seen, all)| look(all, seen));
        if told { self } else { Looks(None) }
    }

    /// What the rules of that service see of an affiliation.
    pub fn question(&self, service: &ServiceId, facts: &Facts, affiliation: &Affiliation) -> Option<Question> {
        let mut question = Question(Vec::with_capacity(128));
        question.text(service.as_str());
        for attribute in self.0.as_ref()? {
            match facts.said(affiliation, *attribute) {
                Said::One(text) => question.text(text),
                Said::Flag(flag) => question.0.push(u8::from(flag)),
                Said::Many(texts) => {
                    question.length(texts.len());
                    texts.into_iter().for_each(|text| question.text(text));
                }
            }
        }
        (question.0.len() <= LONGEST).then_some(question)
    }
}

/// Adds what an expression reads of the context. False where it does anything else with it, or looks at who asks.
fn look(expression: &Value, seen: &mut BTreeSet<Attribute>) -> bool {
    match expression {
        Value::Object(parts) => parts.iter().all(|(operator, of)| {
            let read = of.get("attr").and_then(Value::as_str).filter(|_| matches!(operator.as_str(), "." | "has"));
            match (read, of.pointer("/left/Var").and_then(Value::as_str)) {
                (Some(name), Some("context")) => Attribute::named(name).map(|one| seen.insert(one)).is_some(),
                _ => !(operator == "Var" && (of == "context" || of == "principal")) && look(of, seen),
            }
        }),
        Value::Array(parts) => parts.iter().all(|part| look(part, seen)),
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

    #[test]
    fn what_a_rule_looks_at_is_found_wherever_it_stands() {
        let of = |name: &str| json!({ ".": { "left": { "Var": "context" }, "attr": name } });
        let both = json!({ "&&": { "left": { "!": { "arg": of("state") } }, "right": { "==": {
            "left": { "Set": [{ "Value": "principal" }, of("profile")] }, "right": { "Var": "resource" } } } } });
        let Looks(seen) = Looks::nowhere().and(&rule(both)).and(&rule(of("account")));
        assert_eq!(seen, Some([Attribute::Account, Attribute::State, Attribute::Profile].into()));
        let has = json!({ "has": { "left": { "Var": "context" }, "attr": "classes" } });
        assert_eq!(Looks::nowhere().and(&rule(has)).0, Some([Attribute::Classes].into()));
    }

    #[test]
    fn rules_that_look_at_what_cannot_be_told_are_asked_each_time() {
        assert!(Looks::nowhere().and(&rule(json!({ "Value": true }))).0.is_some(), "control");
        let elsewhere = [
            json!({ ".": { "left": { "Var": "context" }, "attr": "absent" } }),
            json!({ "==": { "left": { "Var": "context" }, "right": { "Var": "context" } } }),
            json!({ ".": { "left": { "Var": "principal" }, "attr": "profile" } }),
            json!({ "Set": [{ "Var": "principal" }] }),
        ];
        for condition in elsewhere {
            assert!(Looks::nowhere().and(&rule(condition.clone())).0.is_none(), "{condition}");
        }
        let named =
            json!({ "principal": { "op": "==", "entity": { "type": "Person", "id": "p1" } }, "conditions": [] });
        let told = Looks::nowhere().and(&named);
        assert!(told.0.is_none() && told.and(&rule(json!({ "Value": true }))).0.is_none());
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
