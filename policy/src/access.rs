//! The decision: may this person open this service?
//!
//! One request of the rule engine per affiliation, since every criterion must be met by the same one. The service opens
//! when one affiliation is allowed and no population it excludes holds any of them. Everything else is a refusal: an
//! unknown service, nothing that allows, an error of the engine. Where a population is to prove two factors and did not, the door
//! opens after that.

use crate::answers::Answer;
use crate::facts::{Facts, Prepared, Proof, uid};
use crate::inspection::{inspects, looks_at_any};
use crate::levels::keeps_out;
use crate::population::{Criterion, misses, within};
use crate::reason::{Change, Reason, Refusal};
use crate::rules::{ACCOUNT, AccessRules, GUARDIANS, GUESTS, HOSTED, INSPECTION, Slice, rule_name};
use cedar_policy::{Authorizer, PolicySet, Request};
use preau_domain::{Population, ServiceId, Uai};

/// May it be opened?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allow {
        /// The rule that allowed the first of the affiliations.
        rule: String,
        /// Which affiliations are allowed, by their index in [`Facts::affiliations`]: at least one.
        affiliations: Vec<usize>,
    },
    /// It may, once two factors are proved; until then it may not, for that reason.
    StepUp(Refusal),
    /// It may not.
    Deny(Refusal),
}

impl Decision {
    /// Whether it may be opened.
    pub fn allows(&self) -> bool {
        matches!(self, Decision::Allow { .. })
    }

    /// Whether it may be opened for the sake of a space that an inspector looks at, and by no right of their own.
    pub fn is_inspection(&self) -> bool {
        matches!(self, Decision::Allow { rule, .. } if rule == INSPECTION)
    }

    /// The establishment a person opens the service from: the one of now if an affiliation there is allowed, else that
    /// of the first allowed one. What the service is told should be told from there ([`Facts::seen_from`]).
    pub fn establishment<'a>(&self, facts: &'a Facts) -> Option<&'a Uai> {
        let Decision::Allow { affiliations, .. } = self else { return None };
        let mut places =
            affiliations.iter().filter_map(|i| facts.person.affiliations.get(*i)).map(|a| &a.establishment);
        places.clone().find(|uai| Some(*uai) == facts.current.as_ref()).or_else(|| places.next())
    }
}

/// May this person open this service?
pub fn access(facts: &Facts, rules: &AccessRules, service: &ServiceId) -> Decision {
    decide(&facts.prepared(), rules, service, None)
}

/// May this person open this service from that establishment? Never more than [`access`]: it only asks besides that an
/// allowed affiliation be one of that establishment.
pub fn access_in(facts: &Facts, rules: &AccessRules, service: &ServiceId, establishment: &Uai) -> Decision {
    decide(&facts.prepared(), rules, service, Some(establishment))
}

/// The same as [`access`] or [`access_in`] without reasons, for a page full of tiles.
pub fn opens(who: &Prepared<'_>, rules: &AccessRules, service: &ServiceId, establishment: Option<&Uai>) -> bool {
    let facts = who.facts;
    let Some(slice) = rules.slice(service) else { return false };
    if shuts_cards(facts, slice) {
        return false;
    }
    // A permission is a population: where none holds an affiliation there, the engine has nothing to allow. This keeps a
    // home page over a thousand services a matter of microseconds; what is left is decided by the engine all the same.
    let here = facts.person.affiliations.iter().filter(|a| establishment.is_none_or(|uai| a.establishment == *uai));
    let mut named = here.flat_map(|a| slice.audience.allow.iter().map(move |population| (population, a)));
    let inspects = facts.inspections_in(service).next().is_some();
    if !inspects && !named.any(|(population, affiliation)| within(population, affiliation, facts)) {
        return false;
    }
    let mut open = false;
    for index in 0..who.contexts.len() {
        let here = stands_in(facts, index, establishment);
        // What a person is elsewhere can only close the door, and only if the service excludes anybody.
        if slice.audience.except.is_empty() && (open || !here) {
            continue;
        }
        match evaluate(who, rules, slice, service, index) {
            Answer::Allowed(_) => open |= here,
            Answer::Excepted(_) | Answer::Failed => return false,
            Answer::Forbidden(_) | Answer::Narrowed(_) | Answer::Locked(_) | Answer::Unnamed => {}
        }
    }
    open
}

fn stands_in(facts: &Facts, index: usize, establishment: Option<&Uai>) -> bool {
    establishment.is_none_or(|uai| facts.person.affiliations.get(index).is_some_and(|a| a.establishment == *uai))
}

/// What is said of one affiliation: by the rules of the service, and where those let nobody in by what an inspector was granted.
fn evaluate(who: &Prepared<'_>, rules: &AccessRules, slice: &Slice, service: &ServiceId, index: usize) -> Answer {
    let own = by_own_right(who, rules, slice, service, index);
    // Whom a service excludes, and who is stopped, look at nothing either.
    let may_inspect = matches!(own, Answer::Unnamed | Answer::Locked(_));
    let affiliation = who.facts.person.affiliations.get(index);
    match affiliation.filter(|one| may_inspect && inspects(who.facts, rules, service, one)) {
        Some(_) => Answer::Allowed(INSPECTION.into()),
        None => own,
    }
}

/// What is said of one affiliation by the engine, and where it allows by the levels above the service, then by the second key.
fn by_own_right(who: &Prepared<'_>, rules: &AccessRules, slice: &Slice, service: &ServiceId, index: usize) -> Answer {
    let answer = answered(who, rules, slice, service, index);
    if let (Answer::Allowed(_), Some(affiliation)) = (&answer, who.facts.person.affiliations.get(index))
        && let Some(level) = keeps_out(&rules.levels, service, affiliation, who.facts)
    {
        return Answer::Narrowed(level.into());
    }
    let affiliation = who.facts.person.affiliations.get(index).filter(|_| matches!(answer, Answer::Allowed(_)));
    let locked = affiliation.and_then(|affiliation| rules.locked(service, affiliation, who.facts));
    locked.map_or(answer, Answer::Locked)
}

/// What the engine says of one affiliation: asked, or as it said of the same before.
fn answered(who: &Prepared<'_>, rules: &AccessRules, slice: &Slice, service: &ServiceId, index: usize) -> Answer {
    let affiliation = who.facts.person.affiliations.get(index);
    let question = affiliation.and_then(|affiliation| slice.looks.question(service, who.facts, affiliation));
    if let Some(answer) = question.as_ref().and_then(|question| rules.answers.get(question)) {
        return answer;
    }
    let answer = ask(who, rules, slice, index);
    if let Some(question) = question {
        rules.answers.keep(question, &answer);
    }
    answer
}

/// Asks the engine about one affiliation: all that forbids, and of what allows the rules of the populations that hold it. Of the
/// others our own reading knows that they do not, and a rule that is not asked allows nobody.
fn ask(who: &Prepared<'_>, rules: &AccessRules, slice: &Slice, index: usize) -> Answer {
    let affiliation = who.facts.person.affiliations.get(index);
    let Some((affiliation, context)) = affiliation.zip(who.context(index)) else { return Answer::Failed };
    let principal = uid("Person", who.facts.person.id.as_str());
    let (what, which) = (rules.action.clone(), slice.resource.clone());
    let Ok(request) = Request::new(principal, what, which, context.clone(), None) else { return Answer::Failed };
    let engine = Authorizer::new();
    // The engine passes over a rule that fails: a forbidding one would then forbid nothing.
    let asked = |set: &PolicySet| {
        let response = engine.is_authorized(&request, set, &slice.entities);
        let failed = response.diagnostics().errors().next().is_some();
        (!failed).then_some(response)
    };
    let Some(forbidden) = asked(&slice.forbids) else { return Answer::Failed };
    let mut reasons: Vec<&str> = forbidden.diagnostics().reason().map(AsRef::as_ref).collect();
    reasons.sort_unstable();
    if let Some(rule) = reasons.iter().find(|rule| rule.contains("/except/")) {
        return Answer::Excepted((*rule).into());
    }
    if let Some(house) = [ACCOUNT, GUESTS, HOSTED, GUARDIANS].into_iter().find(|house| reasons.contains(house)) {
        return Answer::Forbidden(house);
    }
    for (n, rule) in &slice.allows {
        if !slice.audience.allow.get(*n).is_some_and(|population| within(population, affiliation, who.facts)) {
            continue;
        }
        let Some(response) = asked(rule) else { return Answer::Failed };
        if response.decision() == cedar_policy::Decision::Allow {
            return response.diagnostics().reason().next().map_or(Answer::Failed, |rule| {
                let name: &str = rule.as_ref();
                Answer::Allowed(name.into())
            });
        }
    }
    Answer::Unnamed
}

fn decide(who: &Prepared<'_>, rules: &AccessRules, service: &ServiceId, establishment: Option<&Uai>) -> Decision {
    let facts = who.facts;
    let deny = |reason, rule: Option<&str>, would_change| {
        Decision::Deny(Refusal { reason, rule: rule.map(str::to_owned), would_change })
    };
    let Some(slice) = rules.slice(service) else {
        return deny(Reason::ServiceUnknown, None, vec![Change::Mount]);
    };
    if !facts.person.state.may_sign_in() {
        return deny(Reason::Suspended, Some(ACCOUNT), vec![Change::Reactivate]);
    }
    if facts.person.affiliations.is_empty() {
        return deny(Reason::NoAffiliation, None, vec![Change::Affiliate]);
    }
    let answers: Vec<(usize, Answer)> =
        (0..who.contexts.len()).map(|index| (index, evaluate(who, rules, slice, service, index))).collect();
    if answers.iter().any(|(_, answer)| matches!(answer, Answer::Failed)) {
        return deny(Reason::PolicyError, None, vec![Change::RepairRules]);
    }
    if let Some(rule) = answers.iter().find_map(|(_, a)| if let Answer::Excepted(rule) = a { Some(rule) } else { None })
    {
        return deny(Reason::Excepted, Some(rule), vec![Change::LeaveExcepted(rule.to_string())]);
    }
    let allowed: Vec<(usize, &str)> = answers
        .iter()
        .filter(|(index, _)| stands_in(facts, *index, establishment))
        .filter_map(|(index, answer)| if let Answer::Allowed(rule) = answer { Some((*index, &**rule)) } else { None })
        .collect();
    if let Some((_, rule)) = allowed.first() {
        if shuts_cards(facts, slice) {
            return deny(Reason::ClassCard, None, vec![Change::AdmitCards]);
        }
        let enough = match facts.proof {
            None | Some(Proof::Two) => true,
            Some(Proof::Remembered) => slice.audience.remembered,
            Some(Proof::One | Proof::Card) => false,
        };
        if !enough && let Some(rule) = asks_two(facts, rules, slice, service) {
            return Decision::StepUp(Refusal::one_factor(Some(rule)));
        }
        return Decision::Allow {
            rule: (*rule).to_owned(),
            affiliations: allowed.iter().map(|(index, _)| *index).collect(),
        };
    }
    let narrowed =
        answers.iter().filter(|(index, _)| stands_in(facts, *index, establishment)).find_map(|(index, answer)| {
            let Answer::Narrowed(level) = answer else { return None };
            Some((level.to_string(), facts.person.affiliations.get(*index)?.establishment.clone()))
        });
    if let Some((level, establishment)) = narrowed {
        return deny(Reason::Narrowed, None, vec![Change::Level { establishment, level }]);
    }
    // Who stands before the second lock hears of it, and not of what others need.
    let locked =
        answers.iter().filter(|(index, _)| stands_in(facts, *index, establishment)).find_map(|(index, answer)| {
            let Answer::Locked(why) = answer else { return None };
            Some((*why, facts.person.affiliations.get(*index)?.establishment.clone()))
        });
    if let Some((why, establishment)) = locked {
        return deny(why.reason(), None, vec![Change::Open { establishment, why }]);
    }
    Decision::Deny(nearest(facts, service, slice, &answers, establishment))
}

/// Whether somebody came with a card of a class, and the service does not admit those.
fn shuts_cards(facts: &Facts, slice: &Slice) -> bool {
    facts.proof == Some(Proof::Card) && !slice.audience.class_cards
}

/// The rule by which a service wants two factors of somebody, as whatever they are; none where one will do. Whoever looks at the space of
/// another proves as much as the service asks of anybody: it may ask that of the one whose space it is.
pub(crate) fn asks_two(facts: &Facts, rules: &AccessRules, slice: &Slice, service: &ServiceId) -> Option<String> {
    let looks = !slice.audience.two_factors.is_empty() && looks_at_any(facts, rules, service);
    let holds =
        |population: &Population| looks || facts.person.affiliations.iter().any(|one| within(population, one, facts));
    let rule = slice.audience.two_factors.iter().position(holds)?;
    Some(format!("{service}/two-factors/{}", rule + 1))
}

/// The nearest refusal: of all populations and affiliations, the pair whose missing things weigh least. A pupil of
/// another class hears of the class, not that the service is also for teachers.
fn nearest(
    facts: &Facts,
    service: &ServiceId,
    slice: &Slice,
    answers: &[(usize, Answer)],
    establishment: Option<&Uai>,
) -> Refusal {
    let places = answers.iter().filter(|(index, _)| stands_in(facts, *index, establishment));
    let mut best: Option<(usize, Refusal)> = None;
    for (index, answer) in places {
        let Some(affiliation) = facts.person.affiliations.get(*index) else { continue };
        let house = match answer {
            Answer::Forbidden(GUESTS) => Some((Reason::Guest, GUESTS, Change::NameGuests)),
            Answer::Forbidden(HOSTED) => Some((Reason::Space, HOSTED, Change::MountInSpace)),
            Answer::Forbidden(GUARDIANS) => Some((Reason::LegalWeight, GUARDIANS, Change::RepresentPupil)),
            Answer::Forbidden(_) => Some((Reason::Suspended, ACCOUNT, Change::Reactivate)),
            _ => None,
        };
        for (n, population) in slice.audience.allow.iter().enumerate() {
            let missing = misses(population, affiliation, facts);
            let weight = missing.iter().map(|m| weight(m.criterion)).sum::<usize>() + 4 * usize::from(house.is_some());
            if best.as_ref().is_some_and(|(least, _)| *least <= weight) {
                continue;
            }
            let mut would_change: Vec<Change> = house.iter().map(|(_, _, change)| change.clone()).collect();
            let reason = match (missing.first(), &house) {
                (Some(miss), _) => miss.criterion.into(),
                (None, Some((reason, _, _))) => *reason,
                (None, None) => Reason::PolicyError,
            };
            would_change.extend(missing.into_iter().map(|miss| Change::Have {
                establishment: affiliation.establishment.clone(),
                profile: affiliation.profile,
                miss,
            }));
            let rule = match &house {
                Some((_, rule, _)) => Some((*rule).to_owned()),
                None if reason == Reason::PolicyError => Some(rule_name(service, false, n)),
                None => None,
            };
            best = Some((weight, Refusal { reason, rule, would_change }));
        }
    }
    let nobody = slice.audience.allow.is_empty();
    best.map(|(_, refusal)| refusal).unwrap_or_else(|| {
        let (reason, change) = if nobody {
            (Reason::NoAudience, Change::NameAudience)
        } else {
            (Reason::NoAffiliation, Change::Affiliate)
        };
        Refusal { reason, rule: None, would_change: vec![change] }
    })
}

/// How far away a missing thing puts a person.
fn weight(criterion: Criterion) -> usize {
    match criterion {
        Criterion::Account => 8,
        Criterion::Profile => 4,
        Criterion::Establishment => 2,
        Criterion::Level | Criterion::Class | Criterion::Group => 1,
        Criterion::Subject | Criterion::Function | Criterion::Delegation => 1,
        // Time passes by itself.
        Criterion::Time => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{Audience, Person};

    fn facts() -> Facts {
        let person: Person = toml::from_str(
            r#"
            id = "p1"
            state = "active"
            given_name = "Ondine"
            family_name = "Clairval"
            credentials = "local"
            affiliations = [{ establishment = "0990001N", profile = "National_ENS" }]
            "#,
        )
        .unwrap();
        Facts::of(&person, None, None, None)
    }

    #[test]
    fn a_rule_that_fails_closes_the_door() {
        let facts = facts();
        let service = ServiceId::new("service");
        let everyone = Audience { allow: vec![Population::default()], ..Audience::default() };
        let compiled = || AccessRules::compile([(&service, &everyone)].into_iter()).unwrap();
        assert!(access(&facts, &compiled(), &service).allows(), "control");
        // The engine passes over a rule that fails, and would allow by the others.
        for broken in [
            "forbid (principal, action, resource) when { context.absent == 1 };",
            "permit (principal, action, resource) when { principal.absent };",
            "forbid (principal, action, resource) when { resource.names_guests.contains(1) };",
        ] {
            let mut rules = compiled();
            rules.add_unchecked(&service, broken);
            let Decision::Deny(refusal) = access(&facts, &rules, &service) else { panic!("{broken}") };
            assert_eq!(refusal.reason, Reason::PolicyError, "{broken}");
            assert!(!opens(&facts.prepared(), &rules, &service, None), "{broken}");
        }
    }

    #[test]
    fn an_affiliation_the_engine_did_not_take_closes_the_door() {
        let facts = facts();
        let mut who = facts.prepared();
        let service = ServiceId::new("service");
        let everyone = Audience { allow: vec![Population::default()], ..Audience::default() };
        let compiled = || AccessRules::compile([(&service, &everyone)].into_iter()).unwrap();
        assert!(opens(&who, &compiled(), &service, None), "control");
        who.contexts[0] = None.into();
        let rules = compiled();
        assert!(!decide(&who, &rules, &service, None).allows());
        assert!(!opens(&who, &rules, &service, None));
    }

    #[test]
    fn whoever_is_the_same_to_the_rules_of_a_service_asks_the_same() {
        let facts = |id: &str, groups: &[&str]| {
            let mut person = (*facts().person).clone();
            person.id = preau_domain::PersonId::new(id);
            person.affiliations[0].groups = groups.iter().map(|group| (*group).to_owned()).collect();
            Facts::of(&person, None, None, None)
        };
        let singers = Population { groups: vec!["Chorale".into(), "Orchestre".into()], ..Population::default() };
        let named = Population { persons: vec![preau_domain::PersonId::new("p9")], ..Population::default() };
        let service = ServiceId::new("service");
        let audience = Audience { allow: vec![singers, named], ..Audience::default() };
        let rules = AccessRules::compile([(&service, &audience)].into_iter()).unwrap();
        let asks = |facts: &Facts| {
            let looks = &rules.slice(&service).unwrap().looks;
            looks.question(&service, facts, &facts.person.affiliations[0]).expect("something that is kept")
        };
        let ondine = asks(&facts("p1", &["Chorale", "Échecs"]));
        assert_eq!(ondine, asks(&facts("p2", &["Latin", "Chorale"])));
        for other in [facts("p3", &["Latin"]), facts("p4", &["Chorale", "Orchestre"]), facts("p9", &["Chorale"])] {
            assert_ne!(ondine, asks(&other), "{}", other.account());
        }
    }
}
