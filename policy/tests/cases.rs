//! `policy/cases/*.toml`, run one by one. A failure names the case.
#![expect(clippy::unwrap_used, reason = "a test stops where its premises fail")]

use preau_domain::{
    Audience, AuthnMethod, Day, Fact, Identifier, Instant, Person, Population, ReleaseRule, Role, RoleGrant, Seconds,
    ServiceId, SpaceGrant, Uai,
};
use preau_policy::{
    AccessRules, Change, Decision, Facts, MAX_VALUE, MAX_VALUES, Proof, Reason, ReleaseRefused, access, access_in,
    check_release, explain, opens, release,
};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct People {
    person: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    key: String,
    #[serde(flatten)]
    person: Person,
}

fn people() -> BTreeMap<String, Person> {
    let people: People = toml::from_str(include_str!("../cases/persons.toml")).unwrap();
    people.person.into_iter().map(|named| (named.key, named.person)).collect()
}

fn rules(service: &ServiceId, audience: &Audience) -> AccessRules {
    AccessRules::compile([(service, audience)].into_iter()).unwrap()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessCase {
    name: String,
    person: String,
    allow: Vec<Population>,
    #[serde(default)]
    except: Vec<Population>,
    #[serde(default)]
    two_factors: Vec<Population>,
    #[serde(default)]
    remembered: bool,
    #[serde(default)]
    class_cards: bool,
    /// What was proved, where that is said: `card`, `one`, `remembered` or `two`.
    proving: Option<String>,
    from: Option<Uai>,
    /// By the clock of Paris.
    at: Option<String>,
    /// Services that spaces of theirs mount, in establishments.
    #[serde(default)]
    mounted: Vec<(Uai, ServiceId)>,
    expect: String,
    rule: Option<String>,
    affiliations: Option<Vec<usize>>,
    change: Option<String>,
}

/// `2026-09-01 08:30` in Paris.
fn paris(text: &str) -> Instant {
    let (day, minute) = text.split_once(' ').unwrap();
    let (year, month, day) = day.parse::<Day>().unwrap().parts();
    let (hour, minute) = minute.split_once(':').unwrap();
    let seconds = 3600 * hour.parse::<i64>().unwrap() + 60 * minute.parse::<i64>().unwrap();
    Instant::french_day(year, month, day).unwrap().0 + Seconds(seconds)
}

#[test]
fn access_cases() {
    #[derive(Deserialize)]
    struct File {
        case: Vec<AccessCase>,
    }
    let file: File = toml::from_str(include_str!("../cases/access.toml")).unwrap();
    let people = people();
    let service = ServiceId::new("service");
    for case in file.case {
        let name = &case.name;
        let (allow, except, two_factors) = (case.allow, case.except, case.two_factors);
        let (remembered, class_cards) = (case.remembered, case.class_cards);
        let audience = Audience { allow, except, two_factors, remembered, class_cards, ..Audience::default() };
        let rules = rules(&service, &audience);
        let mut facts = Facts::of(&people[&case.person], None, None, None);
        let in_spaces = case.mounted.iter().map(|(host, service)| SpaceGrant {
            space: "fables".to_owned(),
            host: host.clone(),
            by: Vec::new(),
            role: Role::Redacteur,
            services: vec![service.clone()],
            from: Instant(0),
            until: Instant(1),
        });
        facts = facts.with_spaces(&in_spaces.collect::<Vec<_>>(), Instant(0));
        if let Some(at) = &case.at {
            facts = facts.at(paris(at));
        }
        facts = match case.proving.as_deref() {
            None => facts,
            Some("card") => facts.proving(Proof::Card),
            Some("one") => facts.proving(Proof::One),
            Some("remembered") => facts.proving(Proof::Remembered),
            Some(two) => facts.proving((two == "two").then_some(Proof::Two).unwrap()),
        };
        let decision = match &case.from {
            Some(uai) => access_in(&facts, &rules, &service, uai),
            None => access(&facts, &rules, &service),
        };
        // A tile is there for whoever may open it after a second factor.
        let opened = decision.allows() || matches!(decision, Decision::StepUp(_));
        assert_eq!(opens(&facts.prepared(), &rules, &service, case.from.as_ref()), opened, "{name}");
        match decision {
            Decision::Allow { rule, affiliations } => {
                assert_eq!(case.expect, "allow", "{name}");
                assert_eq!(rule, case.rule.unwrap_or(rule.clone()), "{name}");
                assert_eq!(affiliations, case.affiliations.unwrap_or(affiliations.clone()), "{name}");
                assert!(rules.text(&service, &rule).is_some(), "{name}");
            }
            Decision::StepUp(refusal) => {
                assert_eq!((case.expect.as_str(), refusal.rule), (refusal.reason.key(), case.rule), "{name}");
            }
            Decision::Deny(refusal) => {
                assert_eq!(case.expect, refusal.reason.key(), "{name}");
                if case.rule.is_some() {
                    assert_eq!(refusal.rule, case.rule, "{name}");
                }
                let changes: Vec<String> = refusal.would_change.iter().map(Change::to_string).collect();
                assert!(!changes.is_empty(), "{name}: a refusal says what would change it");
                assert!(case.change.iter().all(|change| changes.contains(change)), "{name}: {changes:?}");
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseCase {
    name: String,
    person: String,
    r#in: Option<Uai>,
    identifier: Identifier,
    #[serde(default)]
    release: Vec<ReleaseRule>,
    #[serde(default)]
    roles: Vec<RoleGrant>,
    user: Option<String>,
    #[serde(default)]
    attributes: Vec<Vec<String>>,
    refused: Option<Identifier>,
    #[serde(default)]
    malformed: bool,
}

#[test]
fn release_cases() {
    #[derive(Deserialize)]
    struct File {
        case: Vec<ReleaseCase>,
    }
    let file: File = toml::from_str(include_str!("../cases/release.toml")).unwrap();
    let people = people();
    for case in file.case {
        let name = &case.name;
        let person = &people[&case.person];
        let facts = Facts::of(person, case.r#in.as_ref(), Some("Collège"), Some(AuthnMethod::DirectoryPassword));
        let made =
            release(&facts, case.identifier, &case.release, &case.roles, || format!("pairwise-of-{}", person.id));
        assert_eq!(check_release(&case.release).is_empty(), !case.malformed, "{name}");
        match made {
            Ok(released) => {
                assert_eq!(Some(released.user()), case.user.as_deref(), "{name}");
                let told: Vec<Vec<&str>> =
                    released.attributes().map(|(name, values)| std::iter::once(name).chain(values).collect()).collect();
                assert_eq!(told, case.attributes, "{name}");
            }
            Err(ReleaseRefused::NoIdentifier(identifier)) => assert_eq!(Some(identifier), case.refused, "{name}"),
            Err(ReleaseRefused::Malformed) => assert!(case.malformed, "{name}"),
            Err(ReleaseRefused::Visitor) => panic!("{name}: nobody here is a visitor"),
        }
    }
}

fn rule(name: &str) -> ReleaseRule {
    toml::from_str(&format!("name = {name:?}")).unwrap()
}

#[test]
fn what_leaves_is_bounded() {
    let mut person = people()["teacher"].clone();
    person.affiliations[0].classes = (0..2000).map(|n| format!("class-{n:04}")).collect();
    person.affiliations[0].groups = vec!["x".repeat(MAX_VALUE + 1), "two\nlines".into(), "good".into(), String::new()];
    let facts = Facts::of(&person, None, None, None);
    let rules = [
        ReleaseRule { copy: Some(Fact::Classes), ..rule("classes") },
        ReleaseRule { copy: Some(Fact::Groups), ..rule("groups") },
        ReleaseRule { copy: Some(Fact::Classes), join: Some(";".into()), ..rule("joined") },
    ];
    let released = release(&facts, Identifier::Uid, &rules, &[], String::new).unwrap();
    let of = |name: &str| released.attributes().find(|(n, _)| *n == name).unwrap().1.collect::<Vec<_>>();
    assert_eq!(of("classes").len(), MAX_VALUES);
    assert_eq!(*of("groups"), ["good"]);
    let joined = &of("joined")[0];
    assert!(joined.len() <= MAX_VALUE && joined.ends_with("class-0092"), "{joined}");
}

#[test]
fn nothing_leaves_that_could_be_read_as_another_attribute() {
    let mut person = people()["teacher"].clone();
    person.affiliations[0].classes = vec!["6A".into(), "6B".into()];
    let facts = Facts::of(&person, None, None, None);
    let joined = |between: &str| {
        let rule = ReleaseRule { copy: Some(Fact::Classes), join: Some(between.to_owned()), ..rule("classes") };
        let released = release(&facts, Identifier::Uid, &[rule], &[], String::new).unwrap();
        released.attributes().map(|(name, values)| (name.to_owned(), values.count())).collect::<Vec<_>>()
    };
    assert_eq!(joined(";"), [("classes".to_owned(), 1)], "control");
    for between in ["\n", "\t", "\nrole\t"] {
        assert_eq!(joined(between), [], "{between:?}");
    }
}

#[test]
fn an_identifier_is_never_empty_and_never_made_in_vain() {
    let facts = Facts::of(&people()["teacher"], None, None, None);
    for bad in ["", " padded ", "two\nlines"] {
        let made = release(&facts, Identifier::Pairwise, &[], &[], || bad.to_owned());
        assert_eq!(made, Err(ReleaseRefused::NoIdentifier(Identifier::Pairwise)), "{bad:?}");
    }
    assert!(release(&facts, Identifier::Uid, &[], &[], || unreachable!("nothing asked for it")).is_ok(), "control");
}

#[test]
fn a_release_names_no_value_when_printed() {
    let facts = Facts::of(&people()["teacher"], None, None, None);
    let rules = [ReleaseRule { copy: Some(Fact::FamilyName), ..rule("nom") }];
    let released = release(&facts, Identifier::Login, &rules, &[], String::new).unwrap();
    let shown = format!("{released:?} {facts:?}");
    assert!(!shown.contains("Clairval") && !shown.contains("clairval"), "{shown}");
    assert_eq!(released.names().collect::<Vec<_>>(), ["nom"]);
}

#[test]
fn malformed_rules_are_told_one_by_one() {
    let bad = [
        ReleaseRule { add: vec!["x".into()], ..rule("1st") },
        rule("empty"),
        ReleaseRule { add: vec!["two\nlines".into()], ..rule("lines") },
        ReleaseRule { add: vec!["x".into()], join: Some(";".into()), first: true, ..rule("both") },
        ReleaseRule { add: vec!["x".into()], ..rule(&"n".repeat(129)) },
    ];
    assert_eq!(check_release(&bad).len(), 5, "{:?}", check_release(&bad));
    let twice = ["block", "block/inside"].map(|name| ReleaseRule { add: vec!["x".into()], ..rule(name) });
    assert_eq!(check_release(&twice).len(), 1, "one name for a block and an attribute");
    assert!(check_release(&[ReleaseRule { add: vec!["x".into()], ..rule("urn:x_1.2-3") }]).is_empty(), "control");
}

#[test]
fn an_unknown_service_is_refused() {
    let facts = Facts::of(&people()["teacher"], None, None, None);
    let known = ServiceId::new("known");
    let rules = rules(&known, &Audience { allow: vec![Population::default()], except: vec![], ..Audience::default() });
    assert!(access(&facts, &rules, &known).allows(), "control");
    let Decision::Deny(refusal) = access(&facts, &rules, &ServiceId::new("other")) else { panic!("allowed") };
    assert_eq!(refusal.reason, Reason::ServiceUnknown);
    assert!(!opens(&facts.prepared(), &rules, &ServiceId::new("other"), None));
}

#[test]
fn audiences_nobody_would_write_are_refused_with_their_service() {
    let everyone = Population::default();
    let bad = [
        ("a b", Audience { allow: vec![everyone.clone()], except: vec![], ..Audience::default() }),
        ("x/allow/1", Audience { allow: vec![everyone.clone()], except: vec![], ..Audience::default() }),
        ("many", Audience { allow: vec![everyone.clone(); 65], except: vec![], ..Audience::default() }),
        (
            "long",
            Audience {
                allow: vec![Population { classes: vec!["x".repeat(129)], ..everyone.clone() }],
                except: vec![],
                ..Audience::default()
            },
        ),
        (
            "empty",
            Audience {
                allow: vec![Population { levels: vec![String::new()], ..everyone.clone() }],
                except: vec![],
                ..Audience::default()
            },
        ),
        (
            "list",
            Audience {
                allow: vec![],
                except: vec![Population { groups: vec!["g".into(); 20_001], ..everyone }],
                ..Audience::default()
            },
        ),
    ];
    for (id, audience) in &bad {
        let service = ServiceId::new(*id);
        let problems = AccessRules::compile([(&service, audience)].into_iter()).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(id), "{problems:?}");
    }
    let twice = ServiceId::new("twice");
    let audience = Audience::default();
    assert!(AccessRules::compile([(&twice, &audience), (&twice, &audience)].into_iter()).is_err());
}

#[test]
fn the_service_opens_from_the_establishment_of_now_when_it_may() {
    let person = &people()["teacher-in-two-schools"];
    let service = ServiceId::new("service");
    let both = rules(&service, &Audience { allow: vec![Population::default()], except: vec![], ..Audience::default() });
    let lycee: Uai = "0990010Y".parse().unwrap();
    let facts = Facts::of(person, Some(&lycee), Some("Lycée"), None);
    assert_eq!(access(&facts, &both, &service).establishment(&facts), Some(&lycee));
    let college = Population { establishments: vec!["0990001N".parse().unwrap()], ..Population::default() };
    let one = rules(&service, &Audience { allow: vec![college], except: vec![], ..Audience::default() });
    let place = access(&facts, &one, &service).establishment(&facts).cloned().unwrap();
    assert_eq!(place.as_str(), "0990001N");
    let there = facts.seen_from(&place, Some("Collège"));
    assert_eq!(there.current(), Some(&place));
}

#[test]
fn an_explanation_says_everything_that_bears() {
    let service = ServiceId::new("moodle");
    let audience: Audience = toml::from_str(
        r#"
        allow = [{ profiles = ["National_ENS"] }, { profiles = ["National_ELV"], classes = ["5A"] }]
        except = [{ levels = ["3EME"] }]
        "#,
    )
    .unwrap();
    let facts = Facts::of(&people()["sixth-pupil"], None, None, None);
    let told = explain(&facts, &rules(&service, &audience), &service, &audience).to_string();
    assert_eq!(
        told,
        "decision: deny (class-or-group)
rule: none of moodle allows
what would have to change:
  - as National_ELV in 0990001N: class is 6B, asked for 5A
account: active
affiliations:
  1. National_ELV in 0990001N; level 6EME; mef 10010012110; classes 6B; groups 6LATIN
moodle/except/1 (level 3EME)
  affiliation 1: levels are 6EME or 10010012110, asked for 3EME
moodle/allow/1 (profile National_ENS)
  affiliation 1: profile is National_ELV, asked for National_ENS
moodle/allow/2 (profile National_ELV; class 5A)
  affiliation 1: class is 6B, asked for 5A
"
    );
    let teacher = Facts::of(&people()["teacher"], None, None, None);
    let told = explain(&teacher, &rules(&service, &audience), &service, &audience).to_string();
    assert!(told.starts_with("decision: allow\nrule: moodle/allow/1\nby affiliation: 1\n"), "{told}");
}

#[test]
fn reasons_have_a_key_and_a_letter_of_their_own() {
    let keys: std::collections::HashSet<_> = Reason::ALL.iter().map(|r| r.key()).collect();
    let letters: std::collections::HashSet<_> = Reason::ALL.iter().map(|r| r.letter()).collect();
    assert_eq!((keys.len(), letters.len()), (Reason::ALL.len(), Reason::ALL.len()));
}

#[test]
fn an_explanation_has_a_french_sentence() {
    let service = ServiceId::new("moodle");
    let audience: Audience = toml::from_str(
        r#"
        allow = [
            { profiles = ["National_ENS"], subjects = ["L0202"] },
            { profiles = ["National_ELV"], classes = ["5A"], during = { from = "2026-09-01", days = ["monday", "tuesday"] } },
        ]
        except = [{ persons = ["pteacher00000002"] }]
        roles = [{ role = "redacteur-publication", to = [{ profiles = ["National_ENS"] }] }]
        "#,
    )
    .unwrap();
    let rules = rules(&service, &audience);
    let said = |key: &str, at: &str| {
        let facts = Facts::of(&people()[key], None, None, None).at(paris(at));
        explain(&facts, &rules, &service, &audience).fr()
    };
    assert_eq!(
        said("teacher", "2026-09-01 10:00"),
        "Ouvert en tant que National_ENS dans 0990001N : la règle moodle/allow/1 accueille « profil National_ENS ; matière L0202 », \
         avec le rôle rédacteur avec mise en ligne."
    );
    assert_eq!(
        said("sixth-pupil", "2026-09-01 10:00"),
        "Fermé : en tant que National_ELV dans 0990001N, la classe vaut 6B, il faudrait 5A."
    );
    assert_eq!(
        said("teacher-in-two-schools", "2026-09-01 10:00"),
        "Fermé par la règle moodle/except/1 : la personne fait partie de « compte pteacher00000002 »."
    );
    let audience: Audience =
        toml::from_str("allow = [{ during = { days = ['monday'], hours = ['08:00-18:00'] } }]").unwrap();
    let facts = Facts::of(&people()["teacher"], None, None, None).at(paris("2026-09-01 10:00"));
    let rules = AccessRules::compile([(&service, &audience)].into_iter()).unwrap();
    assert_eq!(
        explain(&facts, &rules, &service, &audience).fr(),
        "Fermé : en tant que National_ENS dans 0990001N, l’heure ne convient pas : ouvert le lundi, de 8 h à 18 h ; il y est \
         2026-09-01 10:00."
    );
}

/// What an engine is asked costs by the rules it is given: those of one service, however many others there are.
#[test]
fn a_decision_is_made_by_the_rules_of_its_service_alone() {
    let population = |n: usize| Population { groups: vec![format!("g{n}")], ..Population::default() };
    let audience = Audience { allow: (0..10).map(population).collect(), ..Audience::default() };
    let of = |count: usize| {
        let services: Vec<ServiceId> = (0..count).map(|n| ServiceId::new(format!("s{n}"))).collect();
        let rules = AccessRules::compile(services.iter().map(|id| (id, &audience))).unwrap();
        (rules.asked_of(&services[0]), rules.asked_of(&ServiceId::new("none")))
    };
    assert_eq!(of(1), (Some(14), None), "ten of its own and four of the house");
    assert_eq!(of(200), of(1), "two thousand rules");
}

#[test]
fn a_window_nobody_would_mean_is_refused_with_its_place() {
    let service = ServiceId::new("moodle");
    let compile = |text: &str| {
        let audience: Audience = toml::from_str(text).unwrap();
        AccessRules::compile([(&service, &audience)].into_iter()).err()
    };
    assert!(compile("allow = [{ during = { from = '2026-09-01', until = '2026-09-01' } }]").is_none(), "control");
    let backwards = compile("allow = [{}, { during = { from = '2026-09-02', until = '2026-09-01' } }]").unwrap();
    assert_eq!(backwards, ["moodle: allow/2: `during` ends before it begins"]);
    let empty = compile("allow = []\nroles = [{ role = 'moderateur', to = [{ during = {} }] }]").unwrap();
    assert_eq!(empty, ["moodle: roles/1/1: `during` says no day and no hour"]);
    for wrong in [
        "allow = [{ during = { from = 'tomorrow' } }]",
        "allow = [{ during = { hours = ['22:00-06:00'] } }]",
        "allow = [{ during = { days = ['someday'] } }]",
        "allow = [{ during = { since = '2026-09-01' } }]",
        "allow = [{ discipline = ['L1300'] }]",
        "allow = []\nroles = [{ role = 'empereur', to = [{}] }]",
    ] {
        assert!(toml::from_str::<Audience>(wrong).is_err(), "{wrong}");
    }
}
