//! Whom a message tells from others.

use super::*;
use crate::wire::ClaimsRequest;
use preau_domain::{
    Audience, Identifier, Inspection, Instant, Person, PersonId, Population, Profile, ReleaseRule, ServiceId,
};
use preau_policy::{AccessRules, Facts, inspecting, release};

/// Somebody who looks at a space in a tool whose rules release these facts under these names.
fn visitor(rules: &[(&str, &str)]) -> Released {
    let person: Person = serde_json::from_value(json!({
        "id": "vera", "state": "active", "given_name": "Véra", "family_name": "Duval", "credentials": "directory",
        "affiliations": [{ "establishment": "0990010Y", "profile": "National_ACA" }]
    }))
    .unwrap();
    let tool = ServiceId::new("tool");
    let granted = Inspection {
        id: "i1".into(),
        inspector: PersonId::new("vera"),
        teacher: PersonId::new("alice"),
        establishment: "0990001N".parse().unwrap(),
        service: tool.clone(),
        space: "alice.martin".into(),
        reason: "Rendez-vous de carrière".into(),
        by: None,
        from: Instant(0),
        until: Instant(1_000),
    };
    let teachers = Population { profiles: vec![Profile::Teacher], ..Population::default() };
    let audience = Audience { allow: vec![teachers], ..Audience::default() };
    let mut access = AccessRules::compile([(&tool, &audience)].into_iter()).unwrap();
    access.receive_visitors(&tool);
    let facts = Facts::of(&person, None, None, None).with_inspections(&[granted], Instant(1)).at(Instant(1));
    let facts = inspecting(&facts, &access, &tool).unwrap();
    let rule = |(name, copy): &(&str, &str)| serde_json::from_value(json!({ "name": name, "copy": copy })).unwrap();
    let rules: Vec<ReleaseRule> = rules.iter().map(rule).collect();
    release(&facts, Identifier::Pairwise, &rules, &[], || "x".into()).unwrap()
}

#[test]
fn a_message_tells_a_visitor_from_others_by_the_names_it_has() {
    let (scopes, asked) = (["openid", "ent"].map(str::to_owned), ClaimsRequest::default());
    let lost = visitor(&[("roles", "role"), ("inspected", "inspected")]);
    assert!(crate::wire::tells_visitor(&lost, &scopes, &asked, true), "control: an ID token holds both");
    assert!(person(&lost).is_empty() && !tells_visitor(&lost), "whose space it is, no message says");
    let kept = visitor(&[("roles", "role"), ("name", "inspected")]);
    assert!(person(&kept)["name"] == "alice.martin" && tells_visitor(&kept), "control");
}
