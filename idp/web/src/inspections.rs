//! An inspector's access to the space of one teacher in one service: granted by the head of the establishment or an operator, for some days,
//! with a reason that the teacher reads.
//!
//! It opens the one service to the one inspector, as a visitor, and tells the service whose space they look at; so only a service that is
//! told both may be looked at so. It is never prolonged: another one has a reason of its own. What it means at a door is `policy`'s.

mod heads;
pub mod letters;

#[cfg(test)]
pub(crate) use heads::Typed;
pub use heads::routes;
pub(crate) use heads::{By, Line, Sheet};

use crate::{Door, Hub, ServiceTable};
use preau_connector_api::MountedService;
use preau_domain::{
    Affiliation, AuditEvent, AuditKind, CorrelationId, Fact, Identifier, Ids, Inspection, Instant, Person, PersonId,
    Profile, Seconds, Uai,
};
use preau_keys::Keyring;
use preau_policy::{Decision, Facts, ReleaseRefused, inspecting};
use preau_store::{InspectionsOf, Result, Store};

/// What an inspector was granted that is not over, also what has not begun; of anybody else nothing is asked for.
pub async fn of(store: &dyn Store, person: &Person, now: Instant) -> Result<Vec<Inspection>> {
    if !inspects(person) {
        return Ok(Vec::new());
    }
    store.inspections(InspectionsOf::Inspector(&person.id), now, Inspection::MOST).await
}

/// Whether somebody may be an inspector: the annuaire says that they are of an academy.
pub fn inspects(person: &Person) -> bool {
    person.affiliations.iter().any(|one| one.profile == Profile::Academy)
}

/// More than there are of one teacher that end after a day ago: each lasts thirty days at most.
const MOST_LATELY: u32 = 1_000;

/// What somebody is who teaches.
const TEACHING: &[Profile] = &[Profile::Teacher, Profile::Librarian];

/// Whether somebody teaches in an establishment: they may have spaces there.
pub fn teaches(person: &Person, at: &Uai) -> bool {
    let teaches = |one: &Affiliation| TEACHING.contains(&one.profile);
    person.affiliations.iter().any(|one| one.establishment == *at && teaches(one))
}

/// Whether a service can be looked at: it knows its people one by one, and is told that somebody is a visitor and whose space it is. What a
/// tool of LTI is told has no room for either.
pub fn may_be_inspected(door: &MountedService) -> bool {
    let told = |fact: Fact| door.release.iter().any(|rule| rule.copy == Some(fact) && door.sends(&rule.name));
    let is_tool = door.oidc.as_ref().is_some_and(|oidc| oidc.lti.is_some());
    let speaks = door.speaks() && !is_tool && door.identifier != Identifier::Uai;
    speaks && told(Fact::Role) && told(Fact::Inspected)
}

/// What is asked for.
pub struct Asked<'a> {
    /// Who looks.
    pub inspector: &'a Person,
    /// At whose space.
    pub teacher: &'a Person,
    /// Where that teacher teaches.
    pub at: &'a Uai,
    /// In which service.
    pub door: &'a Door,
    /// Why.
    pub reason: &'a str,
    /// For how many days from now on.
    pub days: i64,
    /// The head who grants it; none where an operator does.
    pub by: Option<PersonId>,
}

/// Why it is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nobody of that name is of an academy and active.
    NoInspector,
    /// Nobody of that name teaches there and is active.
    NoTeacher,
    /// The service is not told that somebody is a visitor, or of whose space.
    Untold,
    /// The teacher may not open the service there.
    NoSpace,
    /// The reason is none, or too long.
    Reason,
    /// It would last too long, or not at all.
    Days,
    /// A level above the service, or the service itself, keeps this inspector out.
    KeptOut,
    /// There is one that is not over.
    Already,
    /// The inspector looks at as many spaces as anybody may at once.
    Many,
    /// As many were granted of this teacher's spaces today as may be in a day.
    Often,
    /// Nobody lets themselves in.
    Oneself,
}

impl Problem {
    /// The key of what people read.
    pub fn key(self) -> &'static str {
        match self {
            Problem::NoInspector => "inspection-no-inspector",
            Problem::NoTeacher => "inspection-no-teacher",
            Problem::Untold => "inspection-untold",
            Problem::NoSpace => "inspection-no-space",
            Problem::Reason => "inspection-bad-reason",
            Problem::Days => "inspection-bad-days",
            Problem::KeptOut => "inspection-kept-out",
            Problem::Already => "inspection-already",
            Problem::Many => "inspection-many",
            Problem::Often => "inspection-often",
            Problem::Oneself => "inspection-oneself",
        }
    }
}

/// What would be granted, if it may be.
pub fn draft(
    table: &ServiceTable,
    keyring: &Keyring,
    ids: &dyn Ids,
    now: Instant,
    asked: &Asked<'_>,
) -> std::result::Result<Inspection, Problem> {
    let Asked { inspector, teacher, at, door, reason, days, by } = asked;
    if !inspects(inspector) || !inspector.state.may_sign_in() || inspector.id == teacher.id {
        return Err(Problem::NoInspector);
    }
    if by.as_ref() == Some(&inspector.id) {
        return Err(Problem::Oneself);
    }
    if !teaches(teacher, at) || !teacher.state.may_sign_in() {
        return Err(Problem::NoTeacher);
    }
    if !may_be_inspected(door) {
        return Err(Problem::Untold);
    }
    let reason = Inspection::reason(reason).ok_or(Problem::Reason)?;
    let until = Inspection::end(now, *days).ok_or(Problem::Days)?;
    let service = &door.service.id;
    let theirs = Facts::of(teacher, Some(at), None, None).at(now);
    if !preau_policy::access_in(&theirs, &table.rules, service, at).allows() {
        return Err(Problem::NoSpace);
    }
    let pairwise = || keyring.pairwise(door.sector(), &teacher.id);
    let told = preau_policy::release(&theirs, door.identifier, &door.release, &door.audience.roles, pairwise);
    let inspection = Inspection {
        id: drawn(ids),
        inspector: inspector.id.clone(),
        teacher: teacher.id.clone(),
        establishment: (*at).clone(),
        service: service.clone(),
        space: told.map_err(|_| Problem::NoSpace)?.user().to_owned(),
        reason,
        by: by.clone(),
        from: now,
        until,
    };
    let facts = Facts::of(inspector, None, None, None).at(now);
    let facts = facts.with_inspections(std::slice::from_ref(&inspection), now);
    let closed = matches!(preau_policy::access(&facts, &table.rules, service), Decision::Deny(_));
    // Who comes in by a right of their own as well looks at no space that is kept from them.
    let visitor = inspecting(&facts, &table.rules, service).filter(|_| !closed).ok_or(Problem::KeptOut)?;
    let pairwise = || keyring.pairwise(door.sector(), &inspector.id);
    match preau_policy::release(&visitor, door.identifier, &door.release, &door.audience.roles, pairwise) {
        Err(ReleaseRefused::Visitor) => Err(Problem::Untold),
        Err(_) => Err(Problem::KeptOut),
        Ok(_) => Ok(inspection),
    }
}

/// What was granted already and stands in the way: one of the same teacher in the same service that is not over, as many as an inspector may
/// have at once, or as many as may be granted of one teacher in a day, however soon they were ended: nobody floods a teacher with letters. Of
/// several who grant in one moment a few more may get through.
pub async fn in_the_way(store: &dyn Store, wanted: &Inspection) -> Result<Option<Problem>> {
    let all = store.inspections(InspectionsOf::Inspector(&wanted.inspector), wanted.from, Inspection::MOST).await?;
    let same = all.iter().any(|one| one.teacher == wanted.teacher && one.service == wanted.service);
    let many = all.len() >= Inspection::MOST as usize;
    if same || many {
        return Ok(Some(if same { Problem::Already } else { Problem::Many }));
    }
    let since = wanted.from - Seconds(86_400);
    let lately = store.inspections(InspectionsOf::Teacher(&wanted.teacher), since, MOST_LATELY).await?;
    let granted = lately.iter().filter(|one| one.from > since).count();
    Ok((granted >= Inspection::MOST_A_DAY).then_some(Problem::Often))
}

/// A name of 128 bits.
fn drawn(ids: &dyn Ids) -> String {
    let mut bytes = [0u8; 16];
    ids.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the journal says of one, of the teacher and of the inspector each: what happened to it, its name, and of a grant the reason.
pub fn events(one: &Inspection, what: &str, now: Instant, correlation: &CorrelationId) -> [AuditEvent; 2] {
    let why = if what == GRANTED { format!(": {}", one.reason) } else { String::new() };
    [(&one.teacher, "of their space"), (&one.inspector, "for them")].map(|(person, whose)| {
        let detail: String = format!("{what} {whose} {}{why}", one.id).chars().take(200).collect();
        AuditEvent {
            person: Some(person.clone()),
            service: Some(one.service.clone()),
            establishment: Some(one.establishment.clone()),
            ..AuditEvent::new(now, AuditKind::Inspection, correlation.clone(), detail)
        }
    })
}

/// What happens to one, as the journal says it.
pub const GRANTED: &str = "granted";
/// It was noted as granted, and somebody else was quicker: it never was.
pub const DROPPED: &str = "not granted after all";
/// Somebody ended it before its time.
pub const ENDED: &str = "ended";
/// Its time is over.
pub const OVER: &str = "over";

impl Hub {
    /// Ends inspections whose time is over, and tells services. Nothing was opened by them since: this is for the sessions that services keep.
    pub async fn end_due_inspections(&self, limit: u32) -> std::result::Result<usize, crate::Fault> {
        let now = self.now();
        let over = self.store.end_due_inspections(now, limit).await?;
        let correlation = CorrelationId::generate(&*self.ids, now);
        for one in &over {
            events(one, OVER, now, &correlation).into_iter().for_each(|event| self.audit(event));
        }
        Ok(over.len())
    }
}
