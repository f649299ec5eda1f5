//! The rule engine and the reading used for explanations are two implementations of one meaning: on any person and any
//! audience they must agree, and so must the tiles with the door.
#![expect(clippy::unwrap_used, reason = "a test stops where its premises fail")]

use preau_domain::{
    AccountState, Affiliation, Audience, Child, Credentials, Delegation, Hours, Instant, JoinKey, Legal, LocalTime,
    Opening, Person, PersonId, Population, Profile, ServiceId, SourceId, Uai, Weekday, Window,
};
use preau_policy::{AccessRules, Decision, Facts, Reason, access, access_in, opens, within};
use proptest::prelude::*;

fn uai() -> impl Strategy<Value = Uai> {
    prop::sample::select(vec!["0990001N", "0990010Y", "0990101X"]).prop_map(|text| text.parse().unwrap())
}

fn profile() -> impl Strategy<Value = Profile> {
    prop::sample::select(Profile::ALL.to_vec())
}

/// Few words, so that they meet often; some that a rule made of text would stumble on.
fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "\"", "\\", "a\" || true || \"", "*", "é"]).prop_map(str::to_owned)
}

/// What an affiliation has.
fn had() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(word(), 0..4)
}

/// What a population asks: mostly nothing, or else few people would be within any; sometimes a list too long to stand
/// in a rule.
fn asked() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        16 => Just(Vec::new()),
        3 => prop::collection::vec(word(), 1..4),
        1 => word().prop_map(|one| (0..20).map(|n| format!("w{n}")).chain([one]).collect()),
    ]
}

fn affiliation() -> impl Strategy<Value = Affiliation> {
    (uai(), profile(), had(), had(), had(), had(), [prop::option::of(word()), prop::option::of(word())]).prop_map(
        |(establishment, profile, classes, groups, subjects, functions, [level, mef])| Affiliation {
            classes,
            groups,
            subjects,
            functions,
            level,
            mef,
            ..Affiliation::new(establishment, profile)
        },
    )
}

/// Few days and hours, so that their edges meet.
fn window() -> impl Strategy<Value = Window> {
    let day = || prop::option::of(prop::sample::select(vec!["2026-08-31", "2026-09-01", "2026-09-02"]));
    let days = prop::collection::vec(prop::sample::select(Weekday::ALL.to_vec()), 0..4);
    let hours = prop::sample::select(vec!["00:00-08:00", "08:00-12:00", "12:00-24:00"]);
    let hours = prop::collection::vec(hours.prop_map(|text| text.parse::<Hours>().unwrap()), 0..3);
    (day(), day(), days, hours)
        .prop_map(|(from, until, days, hours)| Window {
            from: from.map(|day| day.parse().unwrap()),
            until: until.map(|day| day.parse().unwrap()),
            days,
            hours,
        })
        .prop_filter("sound", |window| window.fault().is_none())
}

/// Around the first of September 2026 in Paris, on the hour or a millisecond before it.
fn now() -> impl Strategy<Value = Instant> {
    let midnight = Instant::french_day(2026, 9, 1).unwrap().0;
    (-30i64..54, 0i64..2).prop_map(move |(hours, before)| Instant(midnight.0 + hours * 3_600_000 - before))
}

fn population() -> impl Strategy<Value = Population> {
    let profiles = prop_oneof![2 => Just(vec![]), 3 => prop::collection::vec(profile(), 1..9)];
    let places = prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(uai(), 1..3)];
    let persons =
        prop_oneof![8 => Just(vec![]), 1 => Just(vec![PersonId::new("p1")]), 1 => Just(vec![PersonId::new("p2")])];
    let during = prop_oneof![3 => Just(None), 1 => window().prop_map(Some)];
    (profiles, places, asked(), asked(), asked(), asked(), [asked(), asked()], (persons, during)).prop_map(
        |(profiles, establishments, classes, groups, subjects, functions, [levels, delegations], (persons, during))| {
            Population {
                during: during.map(Box::new),
                profiles,
                establishments,
                classes,
                groups,
                subjects,
                functions,
                delegations,
                levels,
                persons,
            }
        },
    )
}

fn person() -> impl Strategy<Value = Person> {
    let legal = prop::option::of(prop::sample::select(vec![Legal::Representative, Legal::InCharge, Legal::Contact]));
    (prop::collection::vec(affiliation(), 0..4), prop::bool::weighted(0.9), legal).prop_map(
        |(affiliations, active, legal)| Person {
            id: PersonId::new("p1"),
            join: None,
            state: if active { AccountState::Active } else { AccountState::Suspended },
            given_name: "Ondine".into(),
            family_name: "Clairval".into(),
            title: None,
            login: None,
            mail: None,
            credentials: Credentials::Local,
            affiliations,
            children: legal
                .into_iter()
                .map(|legal| {
                    let pupil = JoinKey { source: SourceId::new("s"), key: "1".into() };
                    Child { pupil, link: "10".into(), legal, enrolment: None }
                })
                .collect(),
        },
    )
}

/// The meaning, written once more in the plainest way.
fn meant(facts: &Facts, person: &Person, audience: &Audience) -> Vec<usize> {
    let represents = person.children.iter().any(|c| c.legal == Legal::Representative);
    let named = audience.allow.iter().any(|p| p.profiles.contains(&Profile::Guest) || p.persons.contains(&person.id));
    let matches = |side: &[Population], a: &Affiliation| side.iter().any(|p| within(p, a, facts));
    if person.state != AccountState::Active || person.affiliations.iter().any(|a| matches(&audience.except, a)) {
        return Vec::new();
    }
    let opens = |a: &Affiliation| {
        matches(&audience.allow, a)
            && (a.profile != Profile::Guest || named)
            && (a.profile != Profile::Guardian || represents)
    };
    person.affiliations.iter().enumerate().filter(|(_, a)| opens(a)).map(|(index, _)| index).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_decides_what_was_meant(
        person in person(),
        allow in prop::collection::vec(population(), 0..4),
        delegated in prop::collection::vec((uai(), word()), 0..4),
        now in now(),
        except in prop_oneof![2 => Just(vec![]), 1 => prop::collection::vec(population(), 1..3)],
    ) {
        let audience = Audience { allow, except, ..Audience::default() };
        let service = ServiceId::new("service");
        let rules = AccessRules::compile([(&service, &audience)].into_iter()).unwrap();
        let delegation = |(establishment, name)| {
            Delegation { name, establishment, from: Instant(0), until: Instant(1) }
        };
        let delegated: Vec<Delegation> = delegated.into_iter().map(delegation).collect();
        let facts = Facts::of(&person, None, None, None).with_delegations(&delegated, Instant(0)).at(now);
        let meant = meant(&facts, &person, &audience);
        match access(&facts, &rules, &service) {
            Decision::Allow { affiliations, .. } => prop_assert_eq!(&affiliations, &meant),
            Decision::StepUp(refusal) | Decision::Deny(refusal) => {
                prop_assert!(meant.is_empty(), "{:?}", refusal);
                prop_assert!(!refusal.would_change.is_empty());
                prop_assert!(!matches!(refusal.reason, Reason::PolicyError | Reason::ServiceUnknown), "{:?}", refusal);
            }
        }
        prop_assert_eq!(opens(&facts.prepared(), &rules, &service, None), !meant.is_empty());
        for place in ["0990001N", "0990010Y", "0990101X"] {
            let place: Uai = place.parse().unwrap();
            let there: Vec<usize> =
                meant.iter().copied().filter(|i| person.affiliations[*i].establishment == place).collect();
            prop_assert_eq!(opens(&facts.prepared(), &rules, &service, Some(&place)), !there.is_empty());
            let decision = access_in(&facts, &rules, &service, &place);
            match decision {
                Decision::Allow { affiliations, .. } => prop_assert_eq!(affiliations, there),
                Decision::StepUp(_) | Decision::Deny(_) => prop_assert!(there.is_empty()),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The second key takes away and never adds, whatever heads open.
    #[test]
    fn a_second_key_narrows_and_never_widens(
        person in person(),
        allow in prop::collection::vec(population(), 1..4),
        opened in prop::collection::vec((uai(), prop::collection::vec(population(), 0..3), 0usize..3, any::<bool>()), 0..4),
        now in now(),
    ) {
        let audience = Audience { allow, ..Audience::default() };
        let service = ServiceId::new("service");
        let compiled = || AccessRules::compile([(&service, &audience)].into_iter()).unwrap();
        let (free, mut locked) = (compiled(), compiled());
        locked.lock(&service, "sheet".into());
        let facts = Facts::of(&person, None, None, None).at(now);
        let allowed = |rules: &AccessRules| match access(&facts, rules, &service) {
            Decision::Allow { affiliations, .. } => affiliations,
            Decision::StepUp(_) | Decision::Deny(_) => Vec::new(),
        };
        prop_assert!(allowed(&locked).is_empty(), "closed until somebody opens it");
        let mut held = std::collections::BTreeMap::new();
        for (establishment, allow, day, is_read) in opened {
            let opening = Opening {
                service: service.clone(),
                establishment,
                allow,
                until: ["2026-08-31", "2026-09-01", "2026-09-02"][day].parse().unwrap(),
                sheet: if is_read { "sheet" } else { "another" }.into(),
                by: PersonId::new("head"),
                at: Instant(0),
            };
            locked.open(&opening);
            held.insert(opening.establishment.clone(), opening);
        }
        let (before, after) = (allowed(&free), allowed(&locked));
        let meant: Vec<usize> = before.iter().copied().filter(|index| {
            let affiliation = &person.affiliations[*index];
            held.get(&affiliation.establishment).is_some_and(|one| {
                let day = LocalTime::at(&affiliation.establishment, now).unwrap().day;
                one.sheet == "sheet" && day <= one.until && one.allow.iter().any(|p| within(p, affiliation, &facts))
            })
        }).collect();
        prop_assert_eq!(&after, &meant);
        prop_assert_eq!(opens(&facts.prepared(), &locked, &service, None), !meant.is_empty());
        let unsaid = access(&Facts::of(&person, None, None, None), &locked, &service);
        prop_assert!(!unsaid.allows(), "where nobody said the time");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever asked before, everybody hears what rules that never answered anybody would tell them.
    #[test]
    fn nobody_is_given_the_answer_of_another(
        mut people in prop::collection::vec(person(), 2..4),
        [now, later] in [now(), now()],
        delegated in prop::collection::vec((uai(), word()), 0..4),
        allow in prop::collection::vec(population(), 0..4),
        except in prop_oneof![2 => Just(vec![]), 1 => prop::collection::vec(population(), 1..3)],
    ) {
        let audience = Audience { allow, except, ..Audience::default() };
        let service = ServiceId::new("service");
        let compiled = || AccessRules::compile([(&service, &audience)].into_iter()).unwrap();
        // The same in everything but their account, and in everything but one delegation.
        people.push(Person { id: PersonId::new("p2"), ..people[0].clone() });
        let delegation = |(establishment, name)| {
            Delegation { name, establishment, from: Instant(0), until: Instant(1) }
        };
        let delegated: Vec<Delegation> = delegated.into_iter().map(delegation).collect();
        let rules = compiled();
        for person in &people {
            for held in [&delegated[..], delegated.get(1..).unwrap_or_default()] {
                let facts = Facts::of(person, None, None, None).with_delegations(held, Instant(0));
                for facts in [facts.clone(), facts.clone().at(now), facts.at(later)] {
                    let fresh = access(&facts, &compiled(), &service);
                    prop_assert_eq!(access(&facts, &rules, &service), fresh.clone());
                    prop_assert_eq!(access(&facts, &rules, &service), fresh);
                }
            }
        }
    }
}
