//! What an inspection opens, and what it never does.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use preau_domain::{
    Audience, Fact, Identifier, Inspection, Instant, Levels, Narrowing, Opening, Person, PersonId, Population, Profile,
    ReleaseRule, Role, RoleGrant, ServiceId,
};
use preau_policy::{
    AccessRules, Decision, Facts, Proof, Reason, ReleaseRefused, access, access_in, explain, inspecting, opens, release,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A day in September 2026.
const NOW: Instant = Instant(1_789_369_200_000);

fn inspector(profile: &str) -> Person {
    toml::from_str(&format!(
        "id = 'vera'\nstate = 'active'\ngiven_name = 'Véra'\nfamily_name = 'Duval'\nlogin = 'vera'\ncredentials = 'directory'\n\
         affiliations = [{{ establishment = '0990010Y', profile = '{profile}' }}]"
    ))
    .unwrap()
}

fn granted() -> Inspection {
    Inspection {
        id: "i1".into(),
        inspector: PersonId::new("vera"),
        teacher: PersonId::new("alice"),
        establishment: "0990001N".parse().unwrap(),
        service: ServiceId::new("blog"),
        space: "alice.martin".into(),
        reason: "Rendez-vous de carrière".into(),
        by: None,
        from: NOW,
        until: Instant(NOW.0 + 1_000),
    }
}

fn of(profile: Profile) -> Population {
    Population { profiles: vec![profile], ..Population::default() }
}

fn audience() -> Audience {
    let roles = vec![RoleGrant { role: Role::Gestionnaire, to: vec![of(Profile::Academy)] }];
    Audience { allow: vec![of(Profile::Teacher)], roles, ..Audience::default() }
}

/// Two services, which are told of a visitor that they are one.
fn rules(audience: &Audience) -> AccessRules {
    let services = ["blog", "notes"].map(ServiceId::new);
    let mut rules = AccessRules::compile(services.iter().map(|id| (id, audience))).unwrap();
    services.iter().for_each(|id| rules.receive_visitors(id));
    rules
}

fn facts(profile: &str, granted: &[Inspection], at: Instant) -> Facts {
    Facts::of(&inspector(profile), None, None, None).with_inspections(granted, at).at(at)
}

/// Whether they open the blog; a page full of tiles says the same.
fn is_open(facts: &Facts, rules: &AccessRules) -> bool {
    let (blog, open) = (ServiceId::new("blog"), access(facts, rules, &ServiceId::new("blog")).allows());
    assert_eq!(opens(&facts.prepared(), rules, &blog, None), open);
    open
}

#[test]
fn it_opens_one_service_to_somebody_of_an_academy_between_two_instants() {
    let rules = rules(&audience());
    let open = |profile, granted: &[Inspection], at| is_open(&facts(profile, granted, at), &rules);
    assert!(!open("National_ACA", &[], NOW), "control");
    assert!(open("National_ACA", &[granted()], NOW));
    assert!(!open("National_ACA", &[granted()], Instant(NOW.0 - 1)), "before");
    assert!(open("National_ACA", &[granted()], Instant(NOW.0 + 999)));
    assert!(!open("National_ACA", &[granted()], Instant(NOW.0 + 1_000)), "at its end");
    assert!(!open("National_EVS", &[granted()], NOW), "nobody else inspects");
    let facts = facts("National_ACA", &[granted()], NOW);
    assert!(!access(&facts, &rules, &ServiceId::new("notes")).allows(), "another service");
    let (here, there) = ("0990010Y".parse().unwrap(), "0990001N".parse().unwrap());
    assert!(access_in(&facts, &rules, &ServiceId::new("blog"), &here).allows());
    assert!(!access_in(&facts, &rules, &ServiceId::new("blog"), &there).allows(), "they belong to no school by it");
}

#[test]
fn whom_a_service_or_a_level_keeps_out_looks_at_nothing() {
    let who = facts("National_ACA", &[granted()], NOW);
    let except = Audience { except: vec![of(Profile::Academy)], ..audience() };
    assert!(!is_open(&who, &rules(&except)));
    let narrowed = |at: Option<&str>, only: Profile| {
        let mut levels = Levels::default();
        let at = at.map(|at| at.parse().unwrap());
        levels.add(Narrowing { level: "academy".into(), at, services: vec![], only: vec![of(only)], except: vec![] });
        is_open(&who, &rules(&audience()).under(Arc::new(levels)))
    };
    assert!(!narrowed(None, Profile::Teacher), "everywhere");
    assert!(!narrowed(Some("0990001N"), Profile::Teacher), "where the space is");
    assert!(!narrowed(Some("0990010Y"), Profile::Teacher), "where they are from");
    assert!(narrowed(Some("0990002P"), Profile::Teacher), "elsewhere");
    assert!(narrowed(None, Profile::Academy), "a level that names them");
}

#[test]
fn the_second_key_stands_before_it_too() {
    let mut rules = rules(&audience());
    rules.lock(&ServiceId::new("blog"), "sheet".into());
    let who = facts("National_ACA", &[granted()], NOW);
    assert!(!is_open(&who, &rules), "the head did not open the service there");
    let mut opening = Opening {
        service: ServiceId::new("blog"),
        establishment: "0990001N".parse().unwrap(),
        allow: vec![of(Profile::Teacher)],
        until: "2027-07-05".parse().unwrap(),
        sheet: "sheet".into(),
        by: PersonId::new("hugo"),
        at: NOW,
    };
    rules.open(&opening);
    assert!(is_open(&who, &rules), "for whomever that was");
    opening.sheet = "another".into();
    rules.open(&opening);
    assert!(!is_open(&who, &rules));
}

#[test]
fn they_are_a_visitor_and_the_service_hears_whose_space_it_is() {
    let rule = |name: &str, copy| {
        let text = format!("name = '{name}'\ncopy = '{copy}'");
        toml::from_str::<ReleaseRule>(&text).unwrap()
    };
    let told = [rule("role", "role"), rule("inspected", "inspected")];
    assert_eq!(told[1].copy, Some(Fact::Inspected));
    let blog = ServiceId::new("blog");
    let says = |facts: &Facts| {
        let facts = inspecting(facts, &rules(&audience()), &blog).unwrap_or_else(|| facts.clone());
        let released = release(&facts, Identifier::Login, &told, &audience().roles, || "p".into()).unwrap();
        assert_eq!(released.tells_visitor(|_| false), released.names().all(|name| name != "inspected"));
        released.attributes().map(|(name, values)| (name.to_owned(), values.collect::<Vec<_>>().join(","))).collect()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let all: Vec<(String, String)> = says(&facts("National_ACA", &[granted()], NOW));
    assert_eq!(all, [pair("role", "visiteur"), pair("inspected", "alice.martin")], "whatever their own role is");
    let all: Vec<(String, String)> = says(&facts("National_ACA", &[], NOW));
    assert_eq!(all, [pair("role", "gestionnaire")], "control: that role");
}

#[test]
fn a_service_that_does_not_know_visitors_takes_none_for_somebody_else() {
    let blog = ServiceId::new("blog");
    let deaf = AccessRules::compile([(&blog, &audience())].into_iter()).unwrap();
    let who = facts("National_ACA", &[granted()], NOW);
    assert!(!is_open(&who, &deaf) && inspecting(&who, &deaf, &blog).is_none());
    let visitor = inspecting(&who, &rules(&audience()), &blog).unwrap();
    let told = |text: &str| {
        let told: BTreeMap<String, Vec<ReleaseRule>> = toml::from_str(text).unwrap();
        release(&visitor, Identifier::Login, &told["r"], &[], || "p".into())
    };
    let (role, space) = ("[[r]]\nname = 'role'\ncopy = 'role'\n", "[[r]]\nname = 'space'\ncopy = 'inspected'\n");
    let both = told(&format!("{role}{space}")).unwrap();
    assert!(both.tells_visitor(|_| true) && !both.tells_visitor(|name| name == "role"));
    for (what, rules) in [
        ("the space alone", space.to_owned()),
        ("the role alone", role.to_owned()),
        ("a role that never says it", format!("{role}limit = ['gestionnaire']\n{space}")),
        ("another value under that name", format!("{role}limit = ['x']\n[[r]]\nname = 'role'\nadd = ['x']\n{space}")),
        ("of teachers alone", format!("{role}{space}when = {{ profiles = ['National_ENS'] }}\n")),
    ] {
        assert_eq!(told(&rules), Err(ReleaseRefused::Visitor), "{what}");
    }
}

#[test]
fn whoever_comes_in_by_right_looks_at_nothing_that_is_kept_from_them() {
    let blog = ServiceId::new("blog");
    let own = Audience { allow: vec![of(Profile::Teacher), of(Profile::Academy)], ..audience() };
    let mut locked = rules(&own);
    locked.lock(&blog, "sheet".into());
    let mut levels = Levels::default();
    let only = vec![of(Profile::Teacher)];
    let (level, at) = ("academy".into(), Some("0990001N".parse().unwrap()));
    levels.add(Narrowing { level, at, services: vec![], only, except: vec![] });
    let who = facts("National_ACA", &[granted()], NOW);
    let narrowed = rules(&own).under(Arc::new(levels));
    assert!(is_open(&who, &narrowed), "control: by right");
    for rules in [&narrowed, &locked] {
        assert!(inspecting(&who, rules, &blog).is_none(), "the space is told to nobody");
    }
    assert!(inspecting(&who, &rules(&own), &blog).is_some(), "control");
}

#[test]
fn who_looks_at_the_space_of_another_proves_as_much_as_the_service_asks_of_anybody() {
    let blog = ServiceId::new("blog");
    let careful = Audience { two_factors: vec![of(Profile::Teacher)], ..audience() };
    let own = Audience { allow: vec![of(Profile::Academy)], ..careful.clone() };
    let decided = |audience: &Audience, granted: &[Inspection], proof| {
        access(&facts("National_ACA", granted, NOW).proving(proof), &rules(audience), &blog)
    };
    assert!(matches!(decided(&careful, &[granted()], Proof::One), Decision::StepUp(_)));
    assert!(decided(&careful, &[granted()], Proof::Two).allows());
    assert!(decided(&audience(), &[granted()], Proof::One).allows(), "control: where it asks nobody");
    assert!(decided(&own, &[], Proof::One).allows(), "control: who looks at nothing");
    assert!(matches!(decided(&own, &[granted()], Proof::One), Decision::StepUp(_)));
}

#[test]
fn an_explanation_says_whose_space_until_when_and_why() {
    let rules = rules(&audience());
    let blog = ServiceId::new("blog");
    let said = explain(&facts("National_ACA", &[granted()], NOW), &rules, &blog, &audience());
    assert_eq!(said.role, Some(Role::Visiteur));
    let text = said.to_string();
    assert!(text.contains("rule: house:inspection") && text.contains("the space of alice in 0990001N"), "{text}");
    assert!(
        said.fr().contains("Ouvert en inspection") && said.fr().contains("Rendez-vous de carrière"),
        "{}",
        said.fr()
    );
    let Decision::Deny(refusal) = access(&facts("National_ACA", &[], NOW), &rules, &blog) else { panic!("closed") };
    assert_eq!(refusal.reason, Reason::Profile);
}
