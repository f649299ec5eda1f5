//! Who is of a class or group, for the tool that was told where to ask (*Names and Role Provisioning Services 2.0*). A roster names those whom
//! the rules of the door let in and of whom the release rules tell that class or group, and tells of each what it would tell at their own
//! launch.

use super::super::service;
use super::super::userinfo::{self, Shown};
use super::{PLACE, Place, context, opened, page_of, year_of};
use crate::OidcError;
use crate::grants::Own;
use crate::wire::lti::{self, values};
use preau_connector_api::NAMES_AND_ROLES;
use preau_domain::{Affiliation, AuditEvent, Fact, GrantKind, Instant, Person, PersonId, ReleaseRule, SPACE_GROUP};
use preau_policy::Released;
use preau_store::{Attempt, Delays};
use preau_web::{Door, Hub};
use serde_json::Value;

/// A tool reads each of its rosters so often.
const ROSTERS: Delays = Delays(&[(1, 10_000)]);

/// The tool that shows a token of its own, given for one of these scopes and bound to no key, at an address of that tool.
pub(super) async fn asking(
    hub: &Hub,
    shown: &Shown,
    id: &str,
    scopes: &[&str],
    event: &mut AuditEvent,
) -> Result<Door, OidcError> {
    const UNKNOWN: OidcError = OidcError::InvalidToken("the access token is unknown, expired or revoked");
    let held = userinfo::held(hub, &shown.token, GrantKind::Access).await?.ok_or(UNKNOWN)?;
    if held.person.is_some() {
        return Err(OidcError::InsufficientScope);
    }
    let own: Own = serde_json::from_str(&held.doc).map_err(|_| OidcError::ServerError)?;
    let door = hub.services().get(&held.service).cloned().ok_or(UNKNOWN)?;
    event.service = Some(held.service.clone());
    if !own.bound.is_free() || !service::allowed(hub, &own.by, &door) {
        return Err(OidcError::InvalidToken("a token of this tool is expected, bound to no key"));
    }
    // What a record allowed when the token was given it may not allow any more.
    let allowed = door.oidc.as_ref().filter(|oidc| oidc.lti.is_some()).map(|oidc| &oidc.scopes);
    let may = |scope: &&str| {
        own.scopes.iter().any(|one| one == scope)
            && allowed.is_some_and(|allowed| allowed.iter().any(|one| one == scope))
    };
    if id != door.service.id.as_str() || !scopes.iter().any(may) {
        return Err(OidcError::InsufficientScope);
    }
    Ok(door)
}

/// Whole seconds until then, at least one.
pub(super) fn wait(now: Instant, until: Instant) -> u16 {
    u16::try_from((until.0 - now.0 + 999) / 1_000).unwrap_or(u16::MAX).max(1)
}

/// Whether the release rules could tell that class or group of a person: as their record says where the rules copy it, and everybody where
/// they make another name of it.
pub(super) fn may_be_of(door: &Door, person: &Person, place: &Place) -> bool {
    let copied = |rule: &ReleaseRule| {
        matches!(rule.copy, Some(Fact::Classes | Fact::Groups))
            && rule.add.is_empty()
            && rule.map.is_empty()
            && rule.scope.is_none()
            && rule.join.is_none()
    };
    let there = |one: &&Affiliation| one.establishment == place.establishment;
    let mut names =
        person.affiliations.iter().filter(there).flat_map(|one| one.classes.iter().chain(one.groups.iter()));
    !door.release.iter().filter(|rule| rule.name == "context").all(copied) || names.any(|name| *name == place.name)
}

/// Whether a tool is told that somebody is of a class or group.
pub(super) fn is_of(told: &Released, place: &Place) -> bool {
    values(told, "context").contains(&place.name)
}

/// The people of a class or group whom a tool may know, and what it is told of each.
pub(super) async fn people(hub: &Hub, door: &Door, place: &Place) -> Result<Vec<(Person, Released)>, OidcError> {
    let fits = |told: &Released| is_of(told, place);
    Ok(hub.roster(door, &place.establishment, |person| may_be_of(door, person, place), fits).await?)
}

/// The same of these people alone: nothing is told of whom it may not know as one of it.
pub(super) async fn some(
    hub: &Hub,
    door: &Door,
    place: &Place,
    people: &[PersonId],
) -> Result<Vec<(Person, Released)>, OidcError> {
    let fits = |told: &Released| is_of(told, place);
    Ok(hub.roster_of(door, &place.establishment, people, |person| may_be_of(door, person, place), fits).await?)
}

/// The roster of a class or group, for the tool that was told its address and shows a token of its own that was given for it.
/// `event` learns where it is and how many are told of.
pub async fn members(
    hub: &Hub,
    shown: &Shown,
    id: &str,
    place: &str,
    event: &mut AuditEvent,
) -> Result<Value, OidcError> {
    let door = asking(hub, shown, id, &[NAMES_AND_ROLES], event).await?;
    let text = place;
    let place: Place =
        opened(hub, PLACE, &door, text).ok_or(OidcError::InvalidRequest("no roster this tool was told of"))?;
    if year_of(hub, &place.establishment) != Some(place.year) || place.name.starts_with(SPACE_GROUP) {
        return Err(OidcError::InvalidRequest(
            "the roster of another school year: the tool is told the next one when it is opened",
        ));
    }
    let key = hub.keyring.mac("lti-roster", &[door.service.id.as_str(), place.establishment.as_str(), &place.name]);
    if let Attempt::NotBefore(until) = hub.store.count_attempt(&key, hub.now(), ROSTERS).await? {
        return Err(OidcError::TooSoon { seconds: wait(hub.now(), until) });
    }
    let people = people(hub, &door, &place).await?;
    event.establishment = Some(place.establishment.clone());
    // Whoever asks what left of them finds it, though they never opened the tool.
    for (person, _) in &people {
        let one = AuditEvent { person: Some(person.id.clone()), detail: "lti roster".to_owned(), ..event.clone() };
        hub.audit(one);
    }
    event.detail = format!("lti roster of {}", people.len());
    let people: Vec<Released> = people.into_iter().map(|(_, told)| told).collect();
    let address = format!("{}{}/members/{text}", hub.base(), page_of(&door));
    Ok(lti::roster(&address, &context(hub, &door, &place, true)?, &people))
}
