//! What is known of a person: the values a release may copy, and, prepared for a decision, one context of the rule engine
//! per affiliation.

use cedar_policy::{Context, EntityId, EntityTypeName, EntityUid, ExpressionConstructionError, RestrictedExpression};
use preau_domain::{
    Affiliation, Authentication, AuthnMethod, Delegation, FactorKind, Inspection, Instant, Legal, LocalTime, Person,
    PersonId, Profile, Public, ServiceId, SpaceGrant, Uai,
};
use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

/// What is known of a person. Keep it as long as the person's record, the establishment of now and the proof stay the
/// same: it holds little besides the record itself, which it shares. It holds personal data: it is no log line.
#[derive(Clone)]
pub struct Facts {
    pub(crate) person: Arc<Person>,
    pub(crate) represents: bool,
    pub(crate) current: Option<Uai>,
    pub(crate) establishment_name: Option<String>,
    pub(crate) authn: Option<AuthnMethod>,
    /// What is delegated to them now, and for which establishment.
    delegated: Vec<(Uai, String)>,
    /// What spaces of theirs mount now, each with the establishment that answers for it. It counts for guests of other ENTs alone.
    mounted: Vec<(Uai, ServiceId)>,
    /// What they may look at now, as an inspector; of most people nothing.
    inspects: Option<Box<Inspects>>,
    /// What they proved, if whoever asks said it. Without it they are what they would be after two factors.
    pub(crate) proof: Option<Proof>,
    /// The instant they are asked at, if whoever asks said it. Without it nothing that has hours is open.
    now: Option<Instant>,
}

/// What an inspector looks at.
#[derive(Clone)]
struct Inspects {
    granted: Vec<Inspection>,
    /// The spaces in the service they are in front of.
    told: Vec<String>,
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("account", &self.person.id)
            .field("affiliations", &self.person.affiliations.len())
            .finish_non_exhaustive()
    }
}

/// How much somebody proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A card of a class: it opens what admits such cards.
    Card,
    /// One factor.
    One,
    /// One, on a device where they proved two a while ago and are not asked for the second one again.
    Remembered,
    /// Two.
    Two,
}

impl Proof {
    /// What that authentication is worth.
    pub fn of(authentication: &Authentication) -> Proof {
        match authentication.second {
            _ if authentication.by_card() => Proof::Card,
            _ if authentication.is_strong() => Proof::Two,
            Some(FactorKind::RememberedDevice) => Proof::Remembered,
            _ => Proof::One,
        }
    }
}

/// Facts as the rule engine takes them, one context per affiliation. Each is made when the engine is first asked about it, which
/// costs some microseconds and takes ten times the memory of the facts: it is done for one decision, or for a page full of
/// tiles, and not kept.
pub struct Prepared<'f> {
    pub(crate) facts: &'f Facts,
    /// In the order of the affiliations. `None` if the engine did not take one: it opens nothing.
    pub(crate) contexts: Vec<OnceCell<Option<Context>>>,
}

impl fmt::Debug for Prepared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.facts.fmt(f)
    }
}

impl Prepared<'_> {
    /// One affiliation, as the engine takes it.
    pub(crate) fn context(&self, index: usize) -> Option<&Context> {
        let affiliation = self.facts.person.affiliations.get(index)?;
        self.contexts.get(index)?.get_or_init(|| context(self.facts, affiliation)).as_ref()
    }
}

impl Facts {
    /// The facts of a person. `current` is the establishment they work in now; one they do not belong to, or none,
    /// stands for that of their first affiliation. `establishment_name` is the name of `current` and is forgotten when
    /// another takes its place.
    pub fn of(
        person: &Person,
        current: Option<&Uai>,
        establishment_name: Option<&str>,
        authn: Option<AuthnMethod>,
    ) -> Facts {
        Facts::about(Arc::new(person.clone()), current, establishment_name, authn)
    }

    /// The same of a record that others hold too.
    pub fn about(
        person: Arc<Person>,
        current: Option<&Uai>,
        establishment_name: Option<&str>,
        authn: Option<AuthnMethod>,
    ) -> Facts {
        let represents = person.children.iter().any(|child| child.legal == Legal::Representative);
        let mut facts = Facts {
            person,
            represents,
            current: None,
            establishment_name: None,
            authn,
            delegated: Vec::new(),
            mounted: Vec::new(),
            inspects: None,
            proof: None,
            now: None,
        };
        facts.stand_in(current, establishment_name);
        facts
    }

    /// The same person with what is delegated to them at that instant: what has ended or has not begun is nothing.
    pub fn with_delegations(mut self, delegations: &[Delegation], now: Instant) -> Facts {
        let held = delegations.iter().filter(|one| one.holds(now));
        self.delegated = held.map(|one| (one.establishment.clone(), one.name.clone())).collect();
        self
    }

    /// The same person in these spaces at that instant, with what they mount: what has ended or has not begun is nothing. A guest of
    /// another ENT opens nothing else, and without this nothing at all.
    pub fn with_spaces(mut self, grants: &[SpaceGrant], now: Instant) -> Facts {
        if !self.person.is_hosted() {
            return self;
        }
        let held = grants.iter().filter(|one| one.holds(now));
        self.mounted =
            held.flat_map(|one| one.services.iter().map(|service| (one.host.clone(), service.clone()))).collect();
        self
    }

    /// The same person with what they were granted to look at, at that instant: what has ended or has not begun is nothing. It counts for
    /// whoever is of an academy, and of anybody else opens nothing.
    pub fn with_inspections(mut self, granted: &[Inspection], now: Instant) -> Facts {
        let inspects = self.person.affiliations.iter().any(|one| one.profile == Profile::Academy);
        let granted: Vec<Inspection> = granted.iter().filter(|one| inspects && one.holds(now)).cloned().collect();
        self.inspects = (!granted.is_empty()).then(|| Box::new(Inspects { granted, told: Vec::new() }));
        self
    }

    /// The spaces they look at in a service now.
    pub fn inspections_in<'a>(&'a self, service: &'a ServiceId) -> impl Iterator<Item = &'a Inspection> {
        let granted = self.inspects.iter().flat_map(|inspects| &inspects.granted);
        granted.filter(move |one| one.service == *service)
    }

    /// The same person in front of a service where they look at these spaces; absent where those are none.
    pub(crate) fn visiting(&self, told: Vec<String>) -> Option<Facts> {
        let granted = self.inspects.as_ref().filter(|_| !told.is_empty())?.granted.clone();
        Some(Facts { inspects: Some(Box::new(Inspects { granted, told })), ..self.clone() })
    }

    /// Of the service they are in front of, the names of the spaces they look at there: then they are its visitor and nothing more.
    pub(crate) fn inspected(&self) -> &[String] {
        self.inspects.as_ref().map_or(&[], |inspects| &inspects.told)
    }

    /// What the spaces of a guest of another ENT mount where that establishment answers for them; nothing of anybody else.
    fn mounted(&self, affiliation: &Affiliation) -> Option<Vec<&str>> {
        let here = self.mounted.iter().filter(|(host, _)| *host == affiliation.establishment);
        self.person.is_hosted().then(|| here.map(|(_, service)| service.as_str()).collect())
    }

    /// The same after proving that much.
    pub fn proving(mut self, proof: Proof) -> Facts {
        self.proof = Some(proof);
        self
    }

    /// The same at that instant: what has days or hours is open or not by the clock of each establishment.
    pub fn at(mut self, now: Instant) -> Facts {
        self.now = Some(now);
        self
    }

    /// What the clock of the establishment of an affiliation shows; nothing when nobody said the time.
    pub(crate) fn clock(&self, affiliation: &Affiliation) -> Option<LocalTime> {
        LocalTime::at(&affiliation.establishment, self.now?)
    }

    /// What is delegated to the person as that. A delegation makes nobody belong anywhere: it adds to what the annuaire says
    /// somebody of the staff is in the establishment.
    pub(crate) fn delegated(&self, affiliation: &Affiliation) -> Vec<&str> {
        let staff = affiliation.profile.public() == Public::Staff;
        let here = self.delegated.iter().filter(|(uai, _)| staff && *uai == affiliation.establishment);
        here.map(|(_, name)| name.as_str()).collect()
    }

    /// Puts them in front of the rule engine.
    pub fn prepared(&self) -> Prepared<'_> {
        Prepared { facts: self, contexts: self.person.affiliations.iter().map(|_| OnceCell::new()).collect() }
    }

    /// The same person working in another of their establishments.
    pub fn seen_from(&self, establishment: &Uai, name: Option<&str>) -> Facts {
        let mut facts = self.clone();
        facts.stand_in(Some(establishment), name);
        facts
    }

    fn stand_in(&mut self, asked: Option<&Uai>, name: Option<&str>) {
        let own = asked.filter(|uai| self.person.affiliations.iter().any(|a| a.establishment == **uai));
        self.establishment_name = own.and(name).map(str::to_owned);
        self.current = own.or_else(|| self.person.affiliations.first().map(|a| &a.establishment)).cloned();
    }

    /// Whose facts.
    pub fn account(&self) -> &PersonId {
        &self.person.id
    }

    /// The establishment the person works in now.
    pub fn current(&self) -> Option<&Uai> {
        self.current.as_ref()
    }

    /// What the person is, in the order of their record: the indexes of [`crate::Decision::Allow`] point here.
    pub fn affiliations(&self) -> &[Affiliation] {
        &self.person.affiliations
    }

    /// Whether an affiliation counts for anything outside: a guardian without legal weight is none.
    pub(crate) fn counts(&self, affiliation: &Affiliation) -> bool {
        affiliation.profile != Profile::Guardian || self.represents
    }

    /// The affiliations in the establishment of now, those that count.
    pub(crate) fn of_now(&self) -> impl Iterator<Item = &Affiliation> {
        self.person.affiliations.iter().filter(|a| Some(&a.establishment) == self.current.as_ref() && self.counts(a))
    }
}

/// A name of the rule engine.
pub(crate) fn uid(kind: &'static str, id: &str) -> EntityUid {
    let kind: EntityTypeName = kind.parse().expect("the names of kinds are written in this crate");
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}

/// A set of texts, as the rule engine takes it.
pub(crate) fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.into_iter().map(text))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

/// What the rules may ask of an affiliation: the context of `policy/rules/schema.cedarschema`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Attribute {
    Account,
    State,
    Profile,
    Establishment,
    Classes,
    Groups,
    Subjects,
    Functions,
    Delegations,
    Levels,
    Represents,
    Mounted,
    Time,
}

/// What an affiliation says to it.
pub(crate) enum Said<'f> {
    One(&'f str),
    Many(Vec<&'f str>),
    Flag(bool),
    /// Of somebody of whom it is not said, nothing.
    Perhaps(Option<Vec<&'f str>>),
    /// What the clock of the establishment shows, if the time was said.
    Clock(Option<LocalTime>),
}

impl Attribute {
    const ALL: [(&'static str, Attribute); 13] = [
        ("account", Attribute::Account),
        ("state", Attribute::State),
        ("profile", Attribute::Profile),
        ("establishment", Attribute::Establishment),
        ("classes", Attribute::Classes),
        ("groups", Attribute::Groups),
        ("subjects", Attribute::Subjects),
        ("functions", Attribute::Functions),
        ("delegations", Attribute::Delegations),
        ("levels", Attribute::Levels),
        ("represents", Attribute::Represents),
        ("mounted", Attribute::Mounted),
        ("time", Attribute::Time),
    ];

    /// The one that rules call by that name.
    pub fn named(name: &str) -> Option<Attribute> {
        Attribute::ALL.iter().find(|(one, _)| *one == name).map(|(_, attribute)| *attribute)
    }
}

impl Facts {
    /// What an affiliation of theirs says: what the engine is given, and what its answers are kept by.
    pub(crate) fn said<'f>(&'f self, affiliation: &'f Affiliation, attribute: Attribute) -> Said<'f> {
        let all = |values: &'f [String]| Said::Many(values.iter().map(String::as_str).collect());
        match attribute {
            Attribute::Account => Said::One(self.person.id.as_str()),
            Attribute::State => Said::One(if self.person.state.may_sign_in() { "active" } else { "suspended" }),
            Attribute::Profile => Said::One(affiliation.profile.code()),
            Attribute::Establishment => Said::One(affiliation.establishment.as_str()),
            Attribute::Classes => all(&affiliation.classes),
            Attribute::Groups => all(&affiliation.groups),
            Attribute::Subjects => all(&affiliation.subjects),
            Attribute::Functions => all(&affiliation.functions),
            Attribute::Delegations => Said::Many(self.delegated(affiliation)),
            Attribute::Levels => {
                Said::Many(affiliation.level.iter().chain(&affiliation.mef).map(String::as_str).collect())
            }
            Attribute::Represents => Said::Flag(self.represents),
            Attribute::Mounted => Said::Perhaps(self.mounted(affiliation)),
            Attribute::Time => Said::Clock(self.clock(affiliation)),
        }
    }
}

fn context(facts: &Facts, affiliation: &Affiliation) -> Option<Context> {
    let pair = |(name, attribute): (&'static str, Attribute)| -> Result<_, ExpressionConstructionError> {
        let value = match facts.said(affiliation, attribute) {
            Said::One(value) => text(value),
            Said::Many(values) => texts(values),
            Said::Perhaps(None) => return Ok(None),
            Said::Perhaps(Some(values)) => texts(values),
            Said::Flag(flag) => RestrictedExpression::new_bool(flag),
            Said::Clock(None) => return Ok(None),
            Said::Clock(Some(at)) => time(at)?,
        };
        Ok(Some((name.to_owned(), value)))
    };
    let pairs: Vec<_> = Attribute::ALL.into_iter().map(pair).collect::<Result<_, _>>().ok()?;
    Context::from_pairs(pairs.into_iter().flatten()).ok()
}

/// What a clock shows, as the rule engine takes it.
fn time(at: LocalTime) -> Result<RestrictedExpression, ExpressionConstructionError> {
    let number = |value: u32| RestrictedExpression::new_long(i64::from(value));
    RestrictedExpression::new_record([
        ("day".to_owned(), number(at.day.number())),
        ("weekday".to_owned(), number(at.weekday.number().into())),
        ("minute".to_owned(), number(at.minute.into())),
    ])
}
