//! What levels above a service take away ([`Levels`]), asked of an affiliation that the rules of the service allow.

use crate::facts::Facts;
use crate::population::within;
use preau_domain::{Affiliation, Levels, Narrowing, Population, ServiceId};

/// The highest level that keeps an affiliation out.
pub(crate) fn keeps_out<'l>(
    levels: &'l Levels,
    service: &'l ServiceId,
    affiliation: &Affiliation,
    facts: &Facts,
) -> Option<&'l str> {
    let out = |one: &&Narrowing| {
        let is_in = |side: &[Population]| side.iter().any(|one| within(one, affiliation, facts));
        (!one.only.is_empty() && !is_in(&one.only)) || is_in(&one.except)
    };
    levels.about(service, &affiliation.establishment).find(out).map(|one| one.level.as_str())
}

#[cfg(test)]
mod tests {
    use crate::{AccessRules, Decision, Facts, Reason, access, opens};
    use preau_domain::{Audience, Levels, Narrowing, Person, Population, Profile, ServiceId, Uai};
    use std::sync::Arc;

    fn teacher() -> Facts {
        let person: Person = toml::from_str(
            "id = 'p1'\nstate = 'active'\ngiven_name = 'Ondine'\nfamily_name = 'Clairval'\ncredentials = 'local'\n\
             affiliations = [{ establishment = '0990001N', profile = 'National_ENS' }, { establishment = '0990002P', profile = 'National_DIR' }]",
        )
        .unwrap();
        Facts::of(&person, None, None, None)
    }

    fn of(profile: Profile) -> Population {
        Population { profiles: vec![profile], ..Population::default() }
    }

    fn narrowing(at: Option<&str>, only: &[Profile], except: &[Profile]) -> Narrowing {
        let side = |profiles: &[Profile]| profiles.iter().map(|one| of(*one)).collect();
        let at = at.map(|at| at.parse::<Uai>().unwrap());
        Narrowing { level: "academy".into(), at, services: Vec::new(), only: side(only), except: side(except) }
    }

    fn decided(allow: Vec<Population>, narrowed: Vec<Narrowing>) -> Decision {
        let (facts, id) = (teacher(), ServiceId::new("s"));
        let audience = Audience { allow, ..Audience::default() };
        let mut levels = Levels::default();
        narrowed.into_iter().for_each(|one| levels.add(one));
        let rules = AccessRules::compile([(&id, &audience)].into_iter()).unwrap().under(Arc::new(levels));
        let decision = access(&facts, &rules, &id);
        assert_eq!(opens(&facts.prepared(), &rules, &id, None), decision.allows());
        decision
    }

    #[test]
    fn a_level_narrows_and_never_widens() {
        let places = |narrowed| match decided(vec![Population::default()], narrowed) {
            Decision::Allow { affiliations, .. } => affiliations,
            Decision::StepUp(refusal) | Decision::Deny(refusal) => panic!("{refusal:?}"),
        };
        assert_eq!(places(vec![]), [0, 1]);
        assert_eq!(places(vec![narrowing(None, &[Profile::Teacher, Profile::Pupil], &[])]), [0]);
        assert_eq!(places(vec![narrowing(None, &[], &[Profile::Teacher])]), [1]);
        let elsewhere = Narrowing { services: vec![ServiceId::new("t")], ..narrowing(None, &[Profile::Pupil], &[]) };
        assert_eq!(places(vec![elsewhere]), [0, 1], "another service");
        assert_eq!(places(vec![narrowing(Some("0990002P"), &[Profile::Pupil], &[])]), [0], "there alone");
        let nobody = decided(vec![of(Profile::Pupil)], vec![narrowing(None, &[Profile::Teacher], &[])]);
        assert!(!nobody.allows(), "whom the service does not let in no level lets in");
    }

    #[test]
    fn levels_add_up_and_the_highest_is_named() {
        let both = vec![
            Narrowing { level: "national".into(), ..narrowing(None, &[Profile::Teacher], &[]) },
            narrowing(None, &[Profile::Head], &[]),
        ];
        let Decision::Deny(refusal) = decided(vec![Population::default()], both) else { panic!("nobody is both") };
        assert_eq!(refusal.reason, Reason::Narrowed);
        assert!(refusal.would_change[0].to_string().contains("academy"), "{:?}", refusal.would_change);
    }
}
