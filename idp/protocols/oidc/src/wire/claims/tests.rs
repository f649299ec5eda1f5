//! What is told, and what is not, whatever is asked.

use super::*;
use preau_domain::{Fact, Identifier, Person, ReleaseRule};
use preau_policy::{Facts, release};

fn released(rules: &[(&str, Fact)]) -> Released {
    let person: Person = serde_json::from_value(json!({
        "id": "p1", "state": "active", "given_name": "Ondine", "family_name": "Clairval", "mail": "o@college.example",
        "credentials": "local",
        "affiliations": [
            { "establishment": "0990001N", "profile": "National_ENS", "classes": ["6A", "6B"], "subjects": ["L0202"] },
            { "establishment": "0990010Y", "profile": "National_DOC" }
        ]
    }))
    .unwrap();
    let rule = |(name, fact): &(&str, Fact)| ReleaseRule {
        name: (*name).to_owned(),
        when: None,
        copy: Some(*fact),
        add: Vec::new(),
        map: Default::default(),
        limit: Vec::new(),
        scope: None,
        first: false,
        join: None,
    };
    let rules: Vec<ReleaseRule> = rules.iter().map(rule).collect();
    release(&Facts::of(&person, None, None, None), Identifier::Uid, &rules, &[], || "x".into()).unwrap()
}

fn told(rules: &[(&str, Fact)], scopes: &str, names: &[&str]) -> Value {
    let scopes: Vec<String> = scopes.split(' ').map(str::to_owned).collect();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    Value::Object(claims(&released(rules), &Wanted { scopes: &scopes, names: &names }))
}

const RULES: &[(&str, Fact)] =
    &[("name", Fact::DisplayName), ("email", Fact::Mail), ("ent_profiles", Fact::Affiliations), ("house", Fact::Uai)];

#[test]
fn a_claim_is_told_when_it_is_granted_and_asked_for() {
    assert_eq!(told(RULES, "openid", &[]), json!({}));
    assert_eq!(told(RULES, "openid profile", &[]), json!({ "name": "Ondine Clairval" }));
    assert_eq!(told(RULES, "openid", &["email"]), json!({ "email": "o@college.example" }));
    let everything = told(RULES, "openid profile email address phone ent", &["birthdate", "ent_groups"]);
    let mut names: Vec<&str> = everything.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["email", "ent_profiles", "house", "name"], "asking for more brings nothing more");
}

#[test]
fn what_belongs_to_a_school_is_told_with_it() {
    let rules = [
        ("ent_profiles", Fact::Affiliations),
        ("ent_classes", Fact::ClassesPaired),
        ("ent_subjects", Fact::SubjectsPaired),
    ];
    assert_eq!(
        told(&rules, "ent", &[]),
        json!({
            "ent_profiles": [
                { "establishment": "0990001N", "profile": "National_ENS" },
                { "establishment": "0990010Y", "profile": "National_DOC" }
            ],
            "ent_classes": [
                { "establishment": "0990001N", "class": "6A" },
                { "establishment": "0990001N", "class": "6B" }
            ],
            "ent_subjects": [{ "establishment": "0990001N", "subject": "L0202" }]
        })
    );
}

#[test]
fn no_rule_speaks_for_the_provider() {
    for name in RESERVED {
        assert_eq!(told(&[(name, Fact::Uid)], "openid profile ent", &[name]), json!({}), "{name}");
    }
    assert_eq!(told(&[("email_verified", Fact::Uid)], "email", &[]), json!({}), "of no address nothing is verified");
}

#[test]
fn the_claims_parameter_is_read_within_bounds() {
    let read = ClaimsRequest::read(
        r#"{"userinfo":{"name":{"essential":true},"sub":null},"id_token":{"email":null,"sub":{"value":"s"},"acr":{"essential":true,"values":["a","b"]}}}"#,
    )
    .unwrap();
    let found_again: ClaimsRequest = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
    assert_eq!(found_again.essential_acr, ["a", "b"], "what is insisted on holds after the sign-in too");
    assert_eq!((read.userinfo, read.id_token), (vec!["name".to_owned()], vec!["email".to_owned()]));
    assert_eq!((read.subject.as_deref(), read.essential_acr.len()), (Some("s"), 2));
    for bad in ["", "1", "[]", r#"{"userinfo":[]}"#, &"[".repeat(3000), &format!("{{\"a\":\"{}\"}}", "x".repeat(4096))]
    {
        assert!(ClaimsRequest::read(bad).is_err(), "{bad}");
    }
    assert!(ClaimsRequest::read("{}").is_ok());
}
