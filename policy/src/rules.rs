//! Audiences made into rules of the engine, one slice per service, so that a decision costs the same among ten services
//! as among a thousand.

use crate::answers::{Answers, Lists, Looks};
use crate::facts::{Facts, texts, uid};
use crate::population::means_parents;
use crate::second_key::{self, Locked, Openings, Standing};
use cedar_policy::{
    Entities, Entity, EntityUid, Policy, PolicyId, PolicySet, RestrictedExpression, Schema, ValidationMode, Validator,
};
use preau_domain::{
    Affiliation, Audience, Instant, Levels, LocalTime, Opening, Population, Profile, ServiceId, Uai, Window,
};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

const SCHEMA: &str = include_str!("../rules/schema.cedarschema");

/// The rules that hold for every service.
pub(crate) const ACCOUNT: &str = "house:account";
pub(crate) const GUESTS: &str = "house:guests";
pub(crate) const HOSTED: &str = "house:hosted";
pub(crate) const GUARDIANS: &str = "house:guardians";
/// What lets an inspector in for a time, whom no rule of the service does.
pub(crate) const INSPECTION: &str = "house:inspection";
const HOUSE: [(&str, &str); 4] = [
    (ACCOUNT, include_str!("../rules/account.cedar")),
    (GUESTS, include_str!("../rules/guests.cedar")),
    (HOSTED, include_str!("../rules/hosted.cedar")),
    (GUARDIANS, include_str!("../rules/guardians.cedar")),
];

/// Populations an audience may have on each side, values a list may have, and characters a value may have.
const MAX_POPULATIONS: usize = 64;
const MAX_LIST: usize = 20_000;
const MAX_TEXT: usize = 128;

/// Lists up to this size stand in the rule, where a person can read them; longer ones are tags of the service, where
/// looking one up costs the same whatever its length.
const INLINE: usize = 8;

/// Every mounted service's rules. A copy shares them.
#[derive(Clone)]
pub struct AccessRules {
    slices: Arc<HashMap<ServiceId, Slice>>,
    pub(crate) action: EntityUid,
    /// What they answered lately. No answer of the engine depends on levels or openings.
    pub(crate) answers: Arc<Answers>,
    /// What levels above the services take away.
    pub(crate) levels: Arc<Levels>,
    /// The digest of the sheet of each service that asks for the second key.
    locks: Arc<HashMap<ServiceId, String>>,
    /// What heads opened.
    openings: Arc<Openings>,
    /// The services that are told of a visitor that they are one.
    visited: Arc<HashSet<ServiceId>>,
}

/// The rules of one service.
pub(crate) struct Slice {
    /// What forbids: the rules of the house, and a rule for each population the audience excludes. Everybody is asked about.
    pub(crate) forbids: PolicySet,
    /// A rule for each population of the audience, by its number, in the order of their names.
    pub(crate) allows: Vec<(usize, PolicySet)>,
    pub(crate) entities: Entities,
    pub(crate) resource: EntityUid,
    pub(crate) looks: Looks,
    pub(crate) audience: Audience,
}

impl fmt::Debug for AccessRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessRules").field("services", &self.slices.len()).finish_non_exhaustive()
    }
}

impl AccessRules {
    /// Makes the rules of these services and checks each against the schema. All problems are told at once, each with
    /// the service and the rule it is in; then there are no rules, and the caller keeps those it has.
    pub fn compile<'a>(
        services: impl Iterator<Item = (&'a ServiceId, &'a Audience)>,
    ) -> Result<AccessRules, Vec<String>> {
        let schema = schema().map_err(|error| vec![error])?;
        let house = house().map_err(|error| vec![error])?;
        let mut every = house.0.clone();
        let mut slices = HashMap::new();
        let mut problems = Vec::new();
        for (id, audience) in services {
            match slice(id, audience, &house, &schema, &mut every) {
                Ok(slice) => {
                    if slices.insert(id.clone(), slice).is_some() {
                        problems.push(format!("{id}: two services have this name"));
                    }
                }
                Err(found) => problems.extend(found.into_iter().map(|problem| format!("{id}: {problem}"))),
            }
        }
        let checked = Validator::new(schema).validate(&every, ValidationMode::Strict);
        problems.extend(checked.validation_errors().map(|error| format!("{}: {error}", error.policy_id())));
        if problems.is_empty() {
            Ok(AccessRules {
                slices: Arc::new(slices),
                action: uid("Action", "open"),
                answers: Arc::default(),
                levels: Arc::default(),
                locks: Arc::default(),
                openings: Arc::default(),
                visited: Arc::default(),
            })
        } else {
            Err(problems)
        }
    }

    /// The same rules below those of these levels, which can only take away.
    pub fn under(self, levels: Arc<Levels>) -> AccessRules {
        AccessRules { levels, ..self }
    }

    /// The levels above.
    pub fn levels(&self) -> &Arc<Levels> {
        &self.levels
    }

    /// Asks for the second key as well: from now on the service is closed in each establishment until it is opened there, on the sheet
    /// of that digest.
    pub fn lock(&mut self, service: &ServiceId, sheet: String) {
        Arc::make_mut(&mut self.locks).insert(service.clone(), sheet);
    }

    /// Lets inspectors look at spaces in a service: it is told that they are visitors, and whose spaces they look at. In any other it would
    /// take them for anybody, and they look at none.
    pub fn receive_visitors(&mut self, service: &ServiceId) {
        Arc::make_mut(&mut self.visited).insert(service.clone());
    }

    /// Whether inspectors look at spaces in a service.
    pub(crate) fn receives_visitors(&self, service: &ServiceId) -> bool {
        self.visited.contains(service)
    }

    /// Takes in the yes of a head; one to a service that asks for no second key says nothing.
    pub fn open(&mut self, opening: &Opening) {
        Arc::make_mut(&mut self.openings).put(opening.clone());
    }

    /// The same rules with these yeses of heads, and no others.
    pub fn opened(&self, openings: Arc<Openings>) -> AccessRules {
        AccessRules { openings, ..self.clone() }
    }

    /// How the second key of a service stands in an establishment, by its clock of that instant; absent where the service asks for one.
    pub fn standing(&self, service: &ServiceId, at: &Uai, now: Instant) -> Option<Standing<'_>> {
        let sheet = self.locks.get(service)?;
        let today = LocalTime::at(at, now).map(|now| now.day);
        Some(second_key::standing(self.openings.get(service, at), sheet, today))
    }

    /// What keeps an affiliation before the second lock of a service; nothing where the service asks for one key.
    pub(crate) fn locked(&self, service: &ServiceId, affiliation: &Affiliation, facts: &Facts) -> Option<Locked> {
        let sheet = self.locks.get(service)?;
        second_key::keeps_out(self.openings.get(service, &affiliation.establishment), sheet, affiliation, facts)
    }

    /// The slice of a service.
    pub(crate) fn slice(&self, service: &ServiceId) -> Option<&Slice> {
        self.slices.get(service)
    }

    /// How many rules a decision about a service is made by at most: its own and those of the house.
    pub fn asked_of(&self, service: &ServiceId) -> Option<usize> {
        Some(self.slice(service)?.policies().count())
    }

    /// The text of a rule, as the engine reads it: for an operator.
    pub fn text(&self, service: &ServiceId, rule: &str) -> Option<String> {
        self.slice(service)?.policies().find(|policy| policy.id() == &PolicyId::new(rule))?.to_cedar()
    }
}

impl Slice {
    /// Every rule a decision may be made by.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.forbids.policies().chain(self.allows.iter().flat_map(|(_, rule)| rule.policies()))
    }
}

#[cfg(test)]
impl AccessRules {
    /// Adds a rule that was never checked to a slice: for the tests of what happens when the engine fails.
    pub(crate) fn add_unchecked(&mut self, service: &ServiceId, text: &str) {
        let slices = Arc::get_mut(&mut self.slices).expect("rules of their own");
        let slice = slices.get_mut(service).expect("a mounted service");
        slice.looks = Looks::default();
        slice.forbids.add(Policy::parse(Some(PolicyId::new("unchecked")), text).expect("a rule")).expect("a new name");
    }
}

/// The name of an audience's rule: `<service>/allow/1`, `<service>/except/1`.
pub(crate) fn rule_name(service: &ServiceId, except: bool, index: usize) -> String {
    format!("{service}/{}/{}", if except { "except" } else { "allow" }, index + 1)
}

fn schema() -> Result<Schema, String> {
    Schema::from_cedarschema_str(SCHEMA).map(|(schema, _warnings)| schema).map_err(|e| format!("policy/rules: {e}"))
}

/// The rules of the house, and the same in the engine's JSON.
fn house() -> Result<(PolicySet, Vec<Value>), String> {
    let (mut set, mut texts) = (PolicySet::new(), Vec::new());
    for (id, text) in HOUSE {
        let policy = Policy::parse(Some(PolicyId::new(id)), text).map_err(|e| format!("{id}: {e}"))?;
        texts.push(policy.to_json().map_err(|e| format!("{id}: {e}"))?);
        set.add(policy).map_err(|e| format!("{id}: {e}"))?;
    }
    Ok((set, texts))
}

fn slice(
    id: &ServiceId,
    audience: &Audience,
    (house, house_texts): &(PolicySet, Vec<Value>),
    schema: &Schema,
    every: &mut PolicySet,
) -> Result<Slice, Vec<String>> {
    let mut problems = Vec::new();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if id.as_str().is_empty() || id.as_str().len() > 64 || !id.as_str().bytes().all(plain) {
        problems.push("a service is named by 1 to 64 of a-z, 0-9 and -".to_owned());
    }
    check(audience, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let (mut forbids, mut texts_of_rules) = (house.clone(), house_texts.clone());
    let (mut allows, mut tags) = (Vec::new(), Vec::new());
    let sides = [(false, &audience.allow), (true, &audience.except)];
    for (except, n, population) in
        sides.into_iter().flat_map(|(except, side)| side.iter().enumerate().map(move |(n, p)| (except, n, p)))
    {
        let name = rule_name(id, except, n);
        let mut fail = |error: &dyn fmt::Display| problems.push(format!("{name}: {error}"));
        let rule = rule(id, &name, except, population, &mut tags);
        texts_of_rules.push(rule.clone());
        match Policy::from_json(Some(PolicyId::new(&name)), rule) {
            Ok(policy) => {
                let mut alone = PolicySet::new();
                let of_service = if except { &mut forbids } else { &mut alone };
                for set in [of_service, &mut *every] {
                    if let Err(error) = set.add(policy.clone()) {
                        fail(&error);
                    }
                }
                if !except {
                    allows.push((name.clone(), n, alone));
                }
            }
            Err(error) => fail(&error),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    // Where several allow, the first by its name is told.
    allows.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    let allows = allows.into_iter().map(|(_, n, rule)| (n, rule)).collect();
    let resource = uid("Service", id.as_str());
    let accounts: BTreeSet<&str> = audience.allow.iter().flat_map(|p| &p.persons).map(|p| p.as_str()).collect();
    let names_guests = audience.allow.iter().any(|p| p.profiles.contains(&Profile::Guest));
    let attributes = [
        ("name".to_owned(), RestrictedExpression::new_string(id.as_str().to_owned())),
        ("names_guests".to_owned(), RestrictedExpression::new_bool(names_guests)),
        ("names_accounts".to_owned(), texts(accounts.iter().copied())),
    ];
    let lists = Lists {
        attributes: [("names_accounts".to_owned(), accounts.iter().map(|&one| one.to_owned()).collect())].into(),
        tags: tags.into_iter().collect(),
    };
    let looks = texts_of_rules.iter().fold(Looks::nowhere(), |looks, rule| looks.and(rule, &lists));
    let tags = lists.tags.iter().map(|(name, values)| (name.clone(), texts(values.iter().map(String::as_str))));
    let entity = Entity::new_with_tags(resource.clone(), attributes, [], tags).map_err(|e| vec![e.to_string()])?;
    let entities = Entities::from_entities([entity], Some(schema)).map_err(|e| vec![e.to_string()])?;
    Ok(Slice { forbids, allows, entities, resource, looks, audience: audience.clone() })
}

/// Bounds: a file that nobody would write by hand must not cost the server its memory.
fn check(audience: &Audience, problems: &mut Vec<String>) {
    if audience.roles.len() > MAX_POPULATIONS {
        problems.push(format!("roles: more than {MAX_POPULATIONS} roles"));
    }
    let roles = audience.roles.iter().enumerate().map(|(n, grant)| (format!("roles/{}", n + 1), &grant.to));
    let sides = [
        ("allow".to_owned(), &audience.allow),
        ("except".to_owned(), &audience.except),
        ("two_factors".to_owned(), &audience.two_factors),
    ];
    for (side, populations) in sides.into_iter().chain(roles) {
        if populations.len() > MAX_POPULATIONS {
            problems.push(format!("{side}: more than {MAX_POPULATIONS} populations"));
        }
        for (n, p) in populations.iter().enumerate() {
            let lists = [&p.classes, &p.groups, &p.subjects, &p.functions, &p.delegations, &p.levels];
            let sizes = lists.iter().map(|list| list.len()).chain([p.establishments.len(), p.persons.len()]);
            if sizes.max().unwrap_or(0) > MAX_LIST {
                problems.push(format!("{side}/{}: a list has more than {MAX_LIST} values", n + 1));
            }
            let words = lists.iter().flat_map(|list| list.iter().map(String::as_str));
            if words.chain(p.persons.iter().map(|p| p.as_str())).any(|w| w.is_empty() || w.chars().count() > MAX_TEXT) {
                problems.push(format!("{side}/{}: a value is empty or longer than {MAX_TEXT} characters", n + 1));
            }
            if let Some(fault) = p.during.as_deref().and_then(Window::fault) {
                problems.push(format!("{side}/{}: {fault}", n + 1));
            }
        }
    }
}

/// The rule of one population, in the engine's JSON: no text is ever pasted into a rule.
fn rule(
    service: &ServiceId,
    name: &str,
    except: bool,
    population: &Population,
    tags: &mut Vec<(String, Vec<String>)>,
) -> Value {
    let p = population;
    let words = |list: &[String]| list.to_vec();
    let asked = [
        ("profile", false, p.profiles.iter().map(ToString::to_string).collect()),
        ("establishment", false, p.establishments.iter().map(ToString::to_string).collect()),
        ("levels", true, words(&p.levels)),
        ("classes", true, words(&p.classes)),
        ("groups", true, words(&p.groups)),
        ("subjects", true, words(&p.subjects)),
        ("functions", true, words(&p.functions)),
        ("delegations", true, words(&p.delegations)),
        ("account", false, p.persons.iter().map(ToString::to_string).collect()),
    ];
    let hours = p.during.as_deref().map(|window| during(window, except));
    let conditions = asked.into_iter().filter(|(_, _, values)| !values.is_empty()).map(|(attribute, many, values)| {
        let has = json!({ ".": { "left": { "Var": "context" }, "attr": attribute } });
        let operator = if many { "containsAny" } else { "contains" };
        if values.len() <= INLINE {
            let literal: Vec<Value> = values.iter().map(|value| json!({ "Value": value })).collect();
            return json!({ operator: { "left": { "Set": literal }, "right": has } });
        }
        let tag = format!("{name}/{attribute}");
        tags.push((tag.clone(), values));
        let of_service = json!({ "left": { "Var": "resource" }, "right": { "Value": tag } });
        let test = json!({ operator: { "left": { "getTag": of_service }, "right": has } });
        json!({ "&&": { "left": { "hasTag": of_service }, "right": test } })
    });
    let profile = json!({ ".": { "left": { "Var": "context" }, "attr": "profile" } });
    let others = json!({ "!=": { "left": profile, "right": { "Value": Profile::Guardian.code() } } });
    let body = conditions
        .chain((!means_parents(p)).then_some(others))
        .chain(hours)
        .reduce(|left, right| json!({ "&&": { "left": left, "right": right } }))
        .unwrap_or_else(|| json!({ "Value": true }));
    json!({
        "effect": if except { "forbid" } else { "permit" },
        "principal": { "op": "All" },
        "action": { "op": "==", "entity": { "type": "Action", "id": "open" } },
        "resource": { "op": "==", "entity": { "type": "Service", "id": service.as_str() } },
        "conditions": [{ "kind": "when", "body": body }],
    })
}

/// The condition of a window. Where nobody said the time it opens nothing, and an exception counts.
fn during(window: &Window, except: bool) -> Value {
    let context = json!({ "Var": "context" });
    let time = |part: &str| json!({ ".": { "left": { ".": { "left": context, "attr": "time" } }, "attr": part } });
    let number = |value: u32| json!({ "Value": value });
    let within = |left: Value, operator: &str, right: Value| json!({ operator: { "left": left, "right": right } });
    let mut asked = Vec::new();
    asked.extend(window.from.map(|day| within(time("day"), ">=", number(day.number()))));
    asked.extend(window.until.map(|day| within(time("day"), "<=", number(day.number()))));
    if !window.days.is_empty() {
        let days: Vec<Value> = window.days.iter().map(|day| number(day.number().into())).collect();
        asked.push(within(json!({ "Set": days }), "contains", time("weekday")));
    }
    let hours = window.hours.iter().map(|hours| {
        let (from, until) = hours.minutes();
        let begun = within(time("minute"), ">=", number(from.into()));
        within(begun, "&&", within(time("minute"), "<", number(until.into())))
    });
    asked.extend(hours.reduce(|left, right| within(left, "||", right)));
    let asked = asked.into_iter().reduce(|left, right| within(left, "&&", right));
    json!({
        "if-then-else": {
            "if": { "has": { "left": context, "attr": "time" } },
            "then": asked.unwrap_or_else(|| json!({ "Value": true })),
            "else": { "Value": except },
        }
    })
}
