//! What the claims of a provider say of accounts of ours, by the rules of the configuration. Pure.

use crate::config::{Form, Rule};
use preau_connector_api::KnownAs;
use preau_domain::{JoinKey, SourceId, normalised_login};
use serde_json::{Map, Value};

/// Most accounts one person may turn out to have.
const MOST: usize = 32;
/// Longest join key.
const MAX_KEY: usize = 128;

/// Every account the claims name, each once. A value that does not fit its rule names nothing.
pub(crate) fn names(rules: &[Rule], claims: &Map<String, Value>) -> Vec<KnownAs> {
    let mut names = Vec::new();
    for rule in rules {
        for value in values(claims.get(&rule.claim)) {
            let name = one(rule, value);
            if let Some(name) = name.filter(|name| !names.contains(name) && names.len() < MOST) {
                names.push(name);
            }
        }
    }
    names
}

fn values(claim: Option<&Value>) -> impl Iterator<Item = &str> {
    let (one, many) = match claim {
        Some(Value::String(text)) => (Some(text.as_str()), [].as_slice()),
        Some(Value::Array(items)) => (None, items.as_slice()),
        _ => (None, [].as_slice()),
    };
    one.into_iter().chain(many.iter().take(MOST).filter_map(Value::as_str))
}

fn one(rule: &Rule, value: &str) -> Option<KnownAs> {
    let source = SourceId::new(rule.source.clone());
    let key = match rule.form {
        Form::Login => return normalised_login(value).map(|login| KnownAs::Login(source, login)),
        Form::Record => value,
        Form::Aaf => {
            let mut fields = value.strip_prefix("{AAF}")?.split('|');
            let (academy, _, key) = (fields.next()?, fields.next()?, fields.next()?);
            let ours = |known: &String| known.trim_start_matches('0') == academy.trim_start_matches('0');
            if fields.next().is_some() || !rule.academies.iter().any(ours) {
                return None;
            }
            key
        }
    };
    let sound = !key.is_empty() && key.len() <= MAX_KEY && key.bytes().all(|b| b.is_ascii_graphic());
    sound.then(|| KnownAs::Record(JoinKey { source, key: key.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(form: Form) -> Rule {
        let academies = if form == Form::Aaf { vec!["16".to_owned(), "03".to_owned()] } else { Vec::new() };
        Rule { claim: "ref".to_owned(), form, source: "annuaire".to_owned(), academies }
    }

    fn found(form: Form, claim: Value) -> Vec<String> {
        let claims = json!({ "ref": claim });
        let names = names(&[rule(form)], claims.as_object().unwrap());
        let shown = |name: KnownAs| match name {
            KnownAs::Record(join) => join.to_string(),
            KnownAs::Login(source, login) => format!("{source}:{login}"),
        };
        names.into_iter().map(shown).collect()
    }

    #[test]
    fn a_reference_of_educonnect_is_a_record_of_its_academy() {
        let two = json!(["{AAF}16|2D|4512345", "{AAF}3|1D|77", "{AAF}16|2D|4512345"]);
        assert_eq!(found(Form::Aaf, two), ["annuaire$4512345", "annuaire$77"]);
        for other in
            ["{AAF}17|2D|4512345", "16|2D|4512345", "{AAF}16|4512345", "{AAF}16|2D|4|5", "{AAF}16|2D|", "{AAF}"]
        {
            assert_eq!(found(Form::Aaf, json!(other)), [""; 0], "{other}");
        }
    }

    #[test]
    fn a_key_and_a_login_are_taken_as_they_are() {
        assert_eq!(found(Form::Record, json!("4512345")), ["annuaire$4512345"]);
        assert_eq!(found(Form::Login, json!("Alice.Martin")), ["annuaire:alice.martin"]);
        for wrong in [json!(""), json!("a b"), json!("x".repeat(129)), json!(4512345), json!(null), json!([["1"]])] {
            assert_eq!(found(Form::Record, wrong.clone()), [""; 0], "{wrong}");
        }
        let crowd: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        assert_eq!(found(Form::Record, json!(crowd)).len(), MOST);
    }
}
