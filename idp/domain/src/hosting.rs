//! What two ENTs share: the convention that frames it, the paired establishments, the spaces, and the guests in them.
//!
//! Owns the nouns and what they mean to a person's record. How conventions are signed and lists of guests read is `idp/hosting`'s, who may
//! open what is `policy`'s.

use crate::vector::likened;
use crate::{
    Affiliation, CorrelationId, Instant, JoinKey, Person, PersonId, Profile, Public, Role, Seconds, ServiceId,
    SourceId, Uai,
};
use serde::{Deserialize, Serialize};

/// The source that guests of other ENTs come from. No source of the configuration may have this name.
pub const GUESTS: &str = "invites";

/// What the group codes of spaces begin with. No group of a source keeps such a code.
pub const SPACE_GROUP: &str = "espace:";

/// Where a convention stands. Only one signed by both is in force, and only between its dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConventionState {
    /// Nobody signed.
    Draft,
    /// One of the two did.
    SignedByOne,
    /// Both did.
    SignedByBoth,
    /// Stopped for a while: nobody comes in.
    Suspended,
    /// Over, for good.
    Ended,
}

impl ConventionState {
    /// The word the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            ConventionState::Draft => "draft",
            ConventionState::SignedByOne => "signed-by-one",
            ConventionState::SignedByBoth => "signed-by-both",
            ConventionState::Suspended => "suspended",
            ConventionState::Ended => "ended",
        }
    }
}

/// The other party of a convention: how it is known, and by what it is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its public address, which its lists say they come from and ours are made out to.
    pub url: String,
    /// What it is called.
    pub name: String,
    /// The provider of the configuration by which its people sign in here; none where they are no guests of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<SourceId>,
    /// Nobody can vouch for its people there, and they come by cards that a teacher of ours makes, one lesson at a time. Never beside a provider.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cards: bool,
    /// Nobody there signs lists either: a teacher of ours writes down whom that school names, where the head of theirs said yes. Only beside cards.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub typed: bool,
    /// The issuer, or entity, that this provider proves to be.
    pub issuer: String,
    /// The service of ours by which our people sign in there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// The public keys its lists are signed with: a key set, as JSON.
    pub keys: String,
}

impl Peer {
    /// The name that stands for a provider where guests come by cards: no source of a configuration is called so.
    const BY_CARD: &str = "(cards)";

    /// Whether its people come by cards.
    pub fn comes_by_card(&self) -> bool {
        self.cards && self.provider.is_none()
    }

    /// Whether its lists are written here.
    pub fn lists_are_typed(&self) -> bool {
        self.typed && self.comes_by_card()
    }

    /// By what its people come here; none where they are no guests of ours.
    pub fn comes_by(&self) -> Option<SourceId> {
        self.provider.clone().or_else(|| self.cards.then(|| SourceId::new(Peer::BY_CARD)))
    }
}

/// Whoever signed a convention, for one of its parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signatory {
    /// Whether for the other party.
    pub peer: bool,
    /// Name and office, at most 200 characters.
    pub who: String,
    /// When.
    pub at: Instant,
}

/// What two ENTs agreed on. Nothing crosses without one in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Convention {
    /// The name both parties call it by.
    pub id: String,
    /// The other party.
    pub peer: Peer,
    /// What for, in words.
    pub purposes: Vec<String>,
    /// Which data, in words.
    pub data: Vec<String>,
    /// The establishments of the other party whose people may be invited.
    pub establishments: Vec<Uai>,
    /// The establishments of ours it is for; all of them where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ours: Vec<Uai>,
    /// From then on.
    pub from: Instant,
    /// Before then.
    pub until: Instant,
    /// How many guests there may be at once.
    pub quota: u32,
    /// Who signed.
    #[serde(default)]
    pub signatories: Vec<Signatory>,
    /// Where it stands.
    pub state: ConventionState,
}

impl Convention {
    /// Whether anything may cross at that instant.
    pub fn in_force(&self, now: Instant) -> bool {
        self.state == ConventionState::SignedByBoth && self.from <= now && now < self.until
    }

    /// Whether teachers of the other party may come: who writes a list here writes down pupils alone.
    pub fn staff_comes(&self) -> bool {
        !self.peer.lists_are_typed()
    }

    /// Whether it is for this establishment of ours.
    pub fn is_for(&self, ours: &Uai) -> bool {
        self.ours.is_empty() || self.ours.contains(ours)
    }
}

/// A collège and its écoles: the perimeter of a cycle 3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolPair {
    /// The collège.
    pub college: Uai,
    /// Its écoles, at most 200.
    pub ecoles: Vec<Uai>,
}

/// Some people of an establishment in a space, and what they are there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SpaceGroup {
    /// Where they are from.
    pub establishment: Uai,
    /// Their class or group.
    pub code: String,
    /// Pupils or staff.
    pub public: Public,
    /// What they are in the space.
    pub role: Role,
}

impl SpaceGroup {
    /// The key by which a space is found from what somebody is.
    pub fn member(&self) -> String {
        member(&self.establishment, self.public, &self.code)
    }
}

fn member(establishment: &Uai, public: Public, code: &str) -> String {
    format!("{establishment}/{}/{code}", public.as_str())
}

/// The key by which a space is found that somebody is in by name.
pub fn member_by_name(person: &PersonId) -> String {
    format!("person/{person}")
}

/// A shared space. It opens services to guests, and says in groups who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Its name in addresses and group codes: 1 to 48 of a-z, 0-9 and -.
    pub id: String,
    /// What people read.
    pub title: String,
    /// The establishment that answers for it.
    pub host: Uai,
    /// The convention by which guests come in; without one it has no guests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convention: Option<String>,
    /// Of the host's people and of the other party's.
    pub groups: Vec<SpaceGroup>,
    /// What it mounts, at most 50.
    pub services: Vec<ServiceId>,
    /// From then on.
    pub from: Instant,
    /// Before then.
    pub until: Instant,
    /// Whether somebody closed it before its time.
    #[serde(default)]
    pub closed: bool,
}

/// A guest: what is known of them besides their account, which says a given name, an initial and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// The account here.
    pub person: PersonId,
    /// By which convention.
    pub convention: String,
    /// The establishment they are from.
    pub home: Uai,
    /// Their class there.
    pub class: String,
    /// Its level.
    pub level: String,
    /// Pupil or staff.
    pub public: Public,
    /// Before then, whatever the convention and the spaces say.
    pub until: Instant,
    /// The list that brought them.
    pub batch: String,
    /// Since when they are guests no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Instant>,
}

/// A list of guests that was taken in, or sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestList {
    /// By which convention.
    pub convention: String,
    /// Its name.
    pub id: String,
    /// We sent it, and did not take it in.
    pub sent: bool,
    /// For which space.
    pub space: String,
    /// What that is called, where we were told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The establishment its first guest is from.
    pub home: Uai,
    /// Their class there.
    pub class: String,
    /// Whether everybody on it is of that class. Not said of lists that an older version took in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_class: bool,
    /// How many it names.
    pub guests: u32,
    /// Who sent it; of one that was taken in nobody of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    /// When.
    pub at: Instant,
    /// The number under which the journal says of each of those it names that they were sent; none of one that was taken in, or by an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<CorrelationId>,
    /// Since when it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Instant>,
}

/// Somebody kept out of the spaces of an establishment by somebody there, whatever lists name them, until that is lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuestStop {
    /// The establishment.
    pub host: Uai,
    /// Whom: a guest ([`stops_guest`]), or everybody by a convention ([`stops_convention`]).
    pub whom: String,
    /// Out of which space; out of every one of the establishment where none is named.
    pub space: Option<String>,
    /// The account of the guest, as long as there is one.
    pub person: Option<PersonId>,
    /// Whether its head said so: nobody else lifts that.
    pub by_head: bool,
    /// When.
    pub at: Instant,
}

impl GuestStop {
    /// The convention whose guests are kept out, where it is all of them.
    pub fn convention(&self) -> Option<&str> {
        stopped_convention(&self.whom)
    }
}

/// Who lifted a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifter {
    /// Whoever manages the space: what its head said is not theirs to lift.
    Manager,
    /// The head of the establishment.
    Head,
    /// An operator, who says why.
    Operator,
}

impl Lifter {
    /// The word it is stored by.
    pub fn as_str(self) -> &'static str {
        match self {
            Lifter::Manager => "manager",
            Lifter::Head => "head",
            Lifter::Operator => "operator",
        }
    }
}

/// That a stop was lifted, as those read who read of the stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StopLift {
    /// The establishment.
    pub host: Uai,
    /// Whom the stop kept out.
    pub whom: String,
    /// Out of which space; out of every one where none is named.
    pub space: Option<String>,
    /// The account of the guest, as long as there is one.
    pub person: Option<PersonId>,
    /// Who lifted it.
    pub by: Lifter,
    /// What an operator said; empty of others.
    pub why: String,
    /// When.
    pub at: Instant,
}

impl StopLift {
    /// So long it is known.
    pub const KEPT: Seconds = Seconds(31 * 86_400);

    /// The convention that goes on, where the stop was of all its guests.
    pub fn convention(&self) -> Option<&str> {
        stopped_convention(&self.whom)
    }
}

/// The convention that a stop names, as [`stops_convention`] writes it.
fn stopped_convention(whom: &str) -> Option<&str> {
    whom.strip_prefix("convention/")
}

/// How a stop names a guest: by the key of their account, which a later list finds again also when the account is gone.
pub fn stops_guest(key: &str) -> String {
    format!("guest/{key}")
}

/// How a stop names everybody by a convention.
pub fn stops_convention(id: &str) -> String {
    format!("convention/{id}")
}

/// What being in a space gives somebody, between two instants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceGrant {
    /// Which space.
    pub space: String,
    /// The establishment that answers for it.
    pub host: Uai,
    /// By which establishments of theirs they are in it: of a guest none is ours.
    #[serde(default)]
    pub by: Vec<Uai>,
    /// What they are there.
    pub role: Role,
    /// What it mounts.
    pub services: Vec<ServiceId>,
    /// From then on.
    pub from: Instant,
    /// Before then.
    pub until: Instant,
}

impl SpaceGrant {
    /// Most grants of one person that are looked at.
    pub const MOST: u32 = 100;

    /// Whether it holds at that instant.
    pub fn holds(&self, now: Instant) -> bool {
        self.from <= now && now < self.until
    }

    /// The codes of the groups that say so to a service: that of the space, and that of the role in it.
    pub fn groups(&self) -> [String; 2] {
        let space = &self.space;
        [format!("{SPACE_GROUP}{space}"), format!("{SPACE_GROUP}{space}:{}", self.role.as_str())]
    }
}

impl Person {
    /// Whether this is a guest of another ENT, who is nothing here but what spaces make of them.
    pub fn is_hosted(&self) -> bool {
        self.join.as_ref().is_some_and(|join| join.source.as_str() == GUESTS)
    }

    /// What a guest and the pupil they become have in common: the given name and the initial, as two offices write them alike. It proves nothing.
    pub fn given_and_initial(&self) -> Option<(String, char)> {
        alike(&self.given_name, &self.family_name)
    }

    /// The keys by which the spaces of a person are found: of a guest their name, of others their classes and groups. At most 500, and none of whoever is
    /// neither pupil nor staff.
    pub fn members(&self) -> Vec<String> {
        if self.is_hosted() {
            return vec![member_by_name(&self.id)];
        }
        let mut keys = Vec::new();
        for own in &self.affiliations {
            let public = own.profile.public();
            if matches!(public, Public::Pupil | Public::Staff) {
                let codes = own.classes.iter().chain(&own.groups);
                keys.extend(codes.map(|code| member(&own.establishment, public, code)));
            }
        }
        keys.truncate(500);
        keys
    }

    /// The same person with what these spaces make of them at that instant. A guest is a guest of each host and nothing else, whatever the
    /// record says; others are in the groups of their spaces, in the establishment whose class or group is in it.
    pub fn in_spaces(mut self, grants: &[SpaceGrant], now: Instant) -> Person {
        if self.is_hosted() {
            self.affiliations.clear();
            self.children.clear();
        }
        for own in &mut self.affiliations {
            own.groups.retain(|code| !code.starts_with(SPACE_GROUP));
        }
        for grant in grants.iter().filter(|grant| grant.holds(now)) {
            if self.is_hosted() && self.affiliations.iter().all(|own| own.establishment != grant.host) {
                self.affiliations.push(Affiliation::new(grant.host.clone(), Profile::Guest));
            }
            let by = if self.is_hosted() { std::slice::from_ref(&grant.host) } else { &grant.by[..] };
            for own in self.affiliations.iter_mut().filter(|own| by.contains(&own.establishment)) {
                for code in grant.groups() {
                    if !own.groups.contains(&code) {
                        own.groups.push(code);
                    }
                }
            }
        }
        self
    }
}

/// A given name and the initial of a family name, or what begins like it, as two offices write them alike. It proves nothing.
pub fn alike(given_name: &str, family_name: &str) -> Option<(String, char)> {
    Some((likened(given_name)?, likened(family_name)?.chars().next()?))
}

/// The key of a guest in [`GUESTS`].
pub fn guest_key(key: String) -> JoinKey {
    JoinKey { source: SourceId::new(GUESTS), key }
}

/// Guests who ended since then keep their names for now: from June to the end of October, so that a child who changes schools is found
/// again. How long anything is kept at all is [`crate::Retention`]'s to say.
pub fn guests_named_since(now: Instant) -> Instant {
    let about = u16::try_from(1970 + now.seconds() / 31_556_952).unwrap_or(1970);
    let mut seasons = (about.saturating_sub(1)..=about.saturating_add(1)).filter_map(|year| {
        let (june, october) = (Instant::french_day(year, 6, 1)?.0, Instant::french_day(year, 10, 31)?.1);
        (june <= now && now < october).then_some(june)
    });
    seasons.next().unwrap_or(Instant(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountState, Credentials};

    fn grant(space: &str, host: &str) -> SpaceGrant {
        SpaceGrant {
            space: space.into(),
            host: host.parse().unwrap(),
            by: vec![host.parse().unwrap()],
            role: Role::Redacteur,
            services: vec![ServiceId::new("pad")],
            from: Instant(10),
            until: Instant(20),
        }
    }

    fn person(join: Option<JoinKey>) -> Person {
        let mut pupil = Affiliation::new("0990001N".parse().unwrap(), Profile::Pupil);
        pupil.groups = vec!["latin".into(), "espace:faux".into()];
        pupil.classes = vec!["6A".into()];
        Person {
            id: PersonId::new("p1"),
            join,
            state: AccountState::Active,
            given_name: "Lou".into(),
            family_name: "V.".into(),
            title: None,
            login: None,
            mail: None,
            credentials: Credentials::Local,
            affiliations: vec![pupil],
            children: Vec::new(),
        }
    }

    #[test]
    fn a_guest_is_what_spaces_in_force_make_of_them_and_nothing_else() {
        let guest = || person(Some(guest_key("k".into())));
        let grants = [grant("fables", "0990001N")];
        let there = guest().in_spaces(&grants, Instant(10));
        assert_eq!(there.affiliations.len(), 1);
        assert_eq!(there.affiliations[0].profile, Profile::Guest);
        assert_eq!(there.affiliations[0].groups, ["espace:fables", "espace:fables:redacteur"]);
        assert!(there.affiliations[0].classes.is_empty());
        for at in [9, 20] {
            assert!(guest().in_spaces(&grants, Instant(at)).affiliations.is_empty(), "{at}");
        }
        assert_eq!(guest().members(), ["person/p1"]);
    }

    #[test]
    fn others_are_in_the_groups_of_their_spaces_and_no_source_can_say_so() {
        let pupil = person(None);
        assert_eq!(pupil.members(), ["0990001N/pupil/6A", "0990001N/pupil/latin", "0990001N/pupil/espace:faux"]);
        // The school next door answers for the second, and a class of theirs is in it; for the third another class is.
        let next_door = SpaceGrant { by: vec!["0990001N".parse().unwrap()], ..grant("voisin", "0990002P") };
        let grants = [grant("fables", "0990001N"), next_door, grant("ailleurs", "0990002P")];
        let there = pupil.in_spaces(&grants, Instant(15));
        assert_eq!(there.affiliations.len(), 1);
        let groups = ["latin", "espace:fables", "espace:fables:redacteur", "espace:voisin", "espace:voisin:redacteur"];
        assert_eq!(there.affiliations[0].groups, groups);
    }

    #[test]
    fn a_guest_and_a_pupil_are_likened() {
        let named =
            |given: &str, family: &str| Person { given_name: given.into(), family_name: family.into(), ..person(None) };
        assert_eq!(named("ZOÉ", "V.").given_and_initial(), named("Zoe", "Valombreuse").given_and_initial());
        assert_eq!(named("Jean-Noël", "é").given_and_initial(), named("JEAN NOEL", "Étienne").given_and_initial());
        assert_ne!(named("Zoé", "V.").given_and_initial(), named("Zoé", "B.").given_and_initial());
        assert_eq!(named("Zoé", "-").given_and_initial(), None);
    }

    #[test]
    fn names_of_guests_wait_for_the_pupils_of_september() {
        let day = |year, month, day| Instant::french_day(year, month, day).unwrap();
        assert_eq!(guests_named_since(day(2027, 9, 15).0), day(2027, 6, 1).0);
        assert_eq!(guests_named_since(Instant(day(2027, 10, 31).1.0 - 1)), day(2027, 6, 1).0);
        for none in [day(2027, 10, 31).1, day(2027, 12, 31).0, day(2028, 5, 31).0] {
            assert_eq!(guests_named_since(none), Instant(i64::MAX));
        }
    }
}
