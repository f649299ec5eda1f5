//! A new space, as a teacher says it: what it is called, with whom, until when, with which services, for which classes of both schools and what they
//! are in it. It is shown with the places it takes before it is opened.

use super::{MOST_PEOPLE, Member, asks, conventions_at, journal, paired_with, sent, told};
use crate::lately::Lately;
use crate::pages::{self, SpaceForm};
use crate::{Door, Fault, Fields, Hub, ServiceTable, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use preau_domain::{
    Convention, Day, Ids, Instant, LocalTime, Profile, Public, Role, Space, SpaceGroup, Uai, display_safe,
};
use preau_hosting::{next_summer, problem_of_opening, problems_of_space};
use preau_store::StoreError;
use std::sync::Arc;

/// Partners offered.
const MOST_PARTNERS: usize = 2_000;
/// Classes of one school in one space.
const MOST_CLASSES: usize = 20;
/// Pupils of a class, where nobody knows how many: what an estimate counts with.
const OF_A_CLASS: usize = 30;

/// A school of another ENT, and the convention by which its people come.
pub(crate) struct Partner {
    /// What a form says for it.
    pub value: String,
    pub convention: Arc<Convention>,
    pub establishment: Uai,
    /// Its number, and the name of its ENT.
    pub label: String,
}

/// What somebody may choose from.
pub(crate) struct Offered {
    pub partners: Vec<Partner>,
    pub services: Vec<Door>,
    /// Codes and names of classes and groups.
    pub classes: Vec<(String, String)>,
}

/// What a form says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    pub title: String,
    pub with: String,
    pub until: Option<Day>,
    pub services: Vec<String>,
    pub classes: Vec<String>,
    pub role: Role,
    pub their_classes: Vec<String>,
    pub their_role: Role,
    pub their_staff: Option<Role>,
}

impl Default for Draft {
    fn default() -> Draft {
        Draft {
            title: String::new(),
            with: String::new(),
            until: None,
            services: Vec::new(),
            classes: Vec::new(),
            role: Role::Redacteur,
            their_classes: Vec::new(),
            their_role: Role::Redacteur,
            their_staff: Some(Role::Moderateur),
        }
    }
}

/// How many guests a draft makes, about, and how many places its convention has left.
pub(crate) struct Estimate {
    pub about: usize,
    pub there: u64,
    pub quota: u32,
}

impl Estimate {
    pub fn fits(&self) -> bool {
        self.there + self.about as u64 <= u64::from(self.quota)
    }
}

/// Roles a form may give; a guest manages nothing.
pub(crate) const ROLES: [Role; 4] = [Role::Visiteur, Role::Redacteur, Role::RedacteurPublication, Role::Moderateur];

fn role(fields: &Fields, name: &str) -> Result<Option<Role>, Fault> {
    let word = fields.one(name)?;
    Ok(word.and_then(|word| ROLES.into_iter().find(|role| role.as_str() == word)))
}

impl Draft {
    /// What a form holds; what is no day or role is as if it were not there.
    pub fn read(fields: &Fields) -> Result<Draft, Fault> {
        let one = |name: &str| Ok::<_, Fault>(display_safe(fields.one(name)?.unwrap_or_default().trim(), 100));
        let all = |name: &str| -> Vec<String> {
            let mut all: Vec<String> =
                fields.iter().filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).collect();
            all.dedup();
            all
        };
        let theirs = fields.one("their-classes")?.unwrap_or_default();
        let mut their_classes: Vec<String> = theirs.split([',', ';', '\n']).map(|one| one.trim().to_owned()).collect();
        their_classes.retain(|one| !one.is_empty());
        their_classes.sort();
        their_classes.dedup();
        Ok(Draft {
            title: one("title")?,
            with: one("with")?,
            until: fields.one("until")?.and_then(|day| day.parse().ok()),
            services: all("service"),
            classes: all("class"),
            role: role(fields, "role")?.unwrap_or(Role::Redacteur),
            their_classes,
            their_role: role(fields, "their-role")?.unwrap_or(Role::Redacteur),
            their_staff: role(fields, "their-staff")?,
        })
    }

    /// What a space says, where a form can say it: what somebody drew up more finely by hand is never poured into one.
    fn of(space: &Space) -> Option<Draft> {
        let named = |theirs: bool, public| {
            let of = move |one: &&SpaceGroup| (one.establishment != space.host) == theirs && one.public == public;
            space.groups.iter().filter(of)
        };
        let codes = |theirs: bool| -> Vec<String> {
            let mut all: Vec<String> = named(theirs, Public::Pupil).map(|one| one.code.clone()).collect();
            all.sort();
            all
        };
        let first = named(true, Public::Pupil).next();
        let with = first.map(|one| format!("{} {}", space.convention.as_deref().unwrap_or("-"), one.establishment));
        let draft = Draft {
            title: space.title.clone(),
            with: with.unwrap_or_default(),
            until: LocalTime::in_paris(Instant(space.until.0 - 1)).map(|local| local.day),
            services: space.services.iter().map(ToString::to_string).collect(),
            classes: codes(false),
            role: named(false, Public::Pupil).next().map_or(Role::Redacteur, |one| one.role),
            their_classes: codes(true),
            their_role: first.map_or(Role::Redacteur, |one| one.role),
            their_staff: named(true, Public::Staff).next().map(|one| one.role),
        };
        let partner = first.map(|one| one.establishment.clone());
        let made = draft.groups_with(&space.host, partner.as_ref(), draft.their_staff);
        let (mut made, mut there) = (made, space.groups.clone());
        made.sort();
        there.sort();
        (made == there).then_some(draft)
    }

    pub fn partner<'o>(&self, offered: &'o Offered) -> Option<&'o Partner> {
        offered.partners.iter().find(|one| one.value == self.with)
    }

    fn groups_with(&self, at: &Uai, theirs: Option<&Uai>, their_staff: Option<Role>) -> Vec<SpaceGroup> {
        let group = |establishment: &Uai, code: &String, public, role| SpaceGroup {
            establishment: establishment.clone(),
            code: code.clone(),
            public,
            role,
        };
        let mut groups = Vec::new();
        for class in &self.classes {
            groups.push(group(at, class, Public::Pupil, self.role));
            // Whoever teaches the class manages the space.
            groups.push(group(at, class, Public::Staff, Role::Gestionnaire));
        }
        for (partner, class) in
            theirs.iter().flat_map(|partner| self.their_classes.iter().map(move |one| (partner, one)))
        {
            groups.push(group(partner, class, Public::Pupil, self.their_role));
            groups.extend(their_staff.map(|role| group(partner, class, Public::Staff, role)));
        }
        groups
    }

    /// The space it would be, or the key of what is wrong with it.
    fn space(&self, at: &Uai, offered: &Offered, now: Instant, ids: &dyn Ids) -> Result<Space, &'static str> {
        if self.title.trim().is_empty() {
            return Err("space-problem-title");
        }
        let partner = self.partner(offered);
        if partner.is_none() && !self.with.is_empty() {
            return Err("space-problem-partner");
        }
        if self.classes.is_empty() || self.classes.len() > MOST_CLASSES {
            return Err("space-problem-classes");
        }
        let offers = |code: &String| offered.classes.iter().any(|(known, _)| known == code);
        if !self.classes.iter().all(offers) {
            return Err("space-problem-classes");
        }
        let named = |code: &String| code.chars().count() <= 64 && !code.chars().any(char::is_control);
        let theirs = self.their_classes.len();
        if partner.is_some() && (theirs == 0 || theirs > MOST_CLASSES || !self.their_classes.iter().all(named)) {
            return Err("space-problem-their-classes");
        }
        let known = |id: &String| offered.services.iter().find(|door| door.service.id.as_str() == id.as_str());
        let services: Option<Vec<_>> = self.services.iter().map(|id| Some(known(id)?.service.id.clone())).collect();
        // Where no service takes guests yet, a space is its groups alone.
        let some = |all: &Vec<preau_domain::ServiceId>| !all.is_empty() || offered.services.is_empty();
        let services = services.filter(some).ok_or("space-problem-services")?;
        let (year, month, day) = self.until.ok_or("space-problem-day")?.parts();
        let until = Instant::french_day(year, month, day).ok_or("space-problem-day")?.1;
        let convention = partner.map(|one| &*one.convention);
        let their_staff = self.their_staff.filter(|_| convention.is_some_and(Convention::staff_comes));
        if until > convention.map_or_else(|| next_summer(now), |one| one.until) {
            return Err("space-problem-far");
        }
        let space = Space {
            // Drawn: what a teacher types is told to no service.
            id: format!("espace-{}", ids.text(10)),
            title: self.title.clone(),
            host: at.clone(),
            convention: convention.map(|one| one.id.clone()),
            groups: self.groups_with(at, partner.map(|one| &one.establishment), their_staff),
            services,
            from: now,
            until,
            closed: false,
        };
        if problem_of_opening(&space, None, now).is_some() {
            return Err("space-problem-over");
        }
        if problems_of_space(&space, convention).is_empty() { Ok(space) } else { Err("space-problem-classes") }
    }
}

/// The services an operator lets into spaces: those whose audience names guests there.
pub(super) fn mountable<'t>(table: &'t ServiceTable, at: &Uai) -> impl Iterator<Item = &'t Door> {
    table.all().iter().filter(|door| {
        door.audience.allow.iter().any(|whom| {
            let here = whom.establishments.is_empty() || whom.establishments.contains(at);
            here && whom.profiles.contains(&Profile::Guest)
        })
    })
}

/// What somebody may choose from in the establishment they work in: of its classes their own, which makes them manage the space; the direction,
/// who manages every space of it, all of them.
pub(super) async fn offered(hub: &Hub, member: &Member) -> Result<Offered, Fault> {
    let ours = hub.store.establishment(&member.at).await?;
    let paired = paired_with(hub, ours.as_ref()).await?;
    let mut partners: Vec<Partner> = Vec::new();
    for convention in conventions_at(hub, &member.at, &paired).await?.into_iter().map(Arc::new) {
        for uai in convention.establishments.iter().filter(|uai| **uai != member.at) {
            partners.push(Partner {
                value: format!("{} {uai}", convention.id),
                label: format!("{uai} ({})", display_safe(&convention.peer.name, 60)),
                convention: Arc::clone(&convention),
                establishment: uai.clone(),
            });
        }
    }
    // Those that are paired with ours come first.
    partners.sort_by_key(|one| !paired.contains(&one.establishment));
    partners.truncate(MOST_PARTNERS);
    let own = member.known.person.affiliations.iter().filter(|own| own.establishment == member.at);
    let sees_all = own.clone().any(|own| own.profile == Profile::Head);
    let groups = ours.map(|one| one.groups).unwrap_or_default();
    let label = |code: &str| {
        let found = groups.iter().find(|group| group.code == code);
        found.map_or_else(|| code.to_owned(), |group| group.label.clone())
    };
    let mut classes: Vec<(String, String)> = Vec::new();
    for code in own.flat_map(|own| own.classes.iter().chain(&own.groups)) {
        if !code.starts_with(preau_domain::SPACE_GROUP) {
            classes.push((code.clone(), label(code)));
        }
    }
    if sees_all {
        classes.extend(groups.iter().map(|group| (group.code.clone(), group.label.clone())));
    }
    classes.sort();
    classes.dedup_by(|one, other| one.0 == other.0);
    classes.truncate(100);
    let services = mountable(&hub.services(), &member.at).cloned().collect();
    Ok(Offered { partners, services, classes })
}

async fn estimate(hub: &Hub, draft: &Draft, offered: &Offered) -> Result<Option<Estimate>, Fault> {
    let Some(convention) = draft.partner(offered).map(|one| &*one.convention) else { return Ok(None) };
    let each = OF_A_CLASS + usize::from(convention.staff_comes() && draft.their_staff.is_some());
    let there = hub.store.guest_count(&convention.id).await?;
    Ok(Some(Estimate { about: draft.their_classes.len() * each, there, quota: convention.quota }))
}

/// The form, and, of one that was filled in, what it would make.
async fn page(hub: &Hub, visitor: &Visitor, member: &Member, draft: Option<Draft>) -> Result<Response, Fault> {
    let offered = offered(hub, member).await?;
    let space = draft.as_ref().map(|draft| draft.space(&member.at, &offered, hub.now(), &*hub.ids));
    let (space, problem) = match space {
        Some(Ok(space)) => (Some(space), None),
        Some(Err(problem)) => (None, Some(problem)),
        None => (None, None),
    };
    let estimate = match &draft {
        Some(draft) if space.is_some() => estimate(hub, draft, &offered).await?,
        _ => None,
    };
    let draft = draft.unwrap_or_default();
    let form = SpaceForm { draft, offered, space, estimate, problem, change: None, token: member.token(hub) };
    Ok(pages::new_space(hub, visitor, &member.live, &member.at, form))
}

pub(super) async fn ask(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let member = match asks(&hub, &visitor, "/spaces/new", true).await? {
        Lately::Proved(member) => member,
        Lately::Onward(response) => return Ok(response),
    };
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let draft = fields.one("title")?.is_some().then(|| Draft::read(&fields)).transpose()?;
    page(&hub, &visitor, &member, draft).await
}

pub(super) async fn open(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (member, fields) = match sent(&hub, &visitor, "/spaces/new", &body).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let draft = Draft::read(&fields)?;
    let offered = offered(&hub, &member).await?;
    let Ok(space) = draft.space(&member.at, &offered, hub.now(), &*hub.ids) else {
        return page(&hub, &visitor, &member, Some(draft)).await;
    };
    journal(&hub, &visitor, &member, format!("space-opened {} until {}", space.id, space.until.rfc3339())).await?;
    match hub.store.put_space(&space, None, hub.now()).await {
        Ok(_) => {}
        // The head stopped its convention meanwhile: it is offered no more.
        Err(StoreError::Conflict) => return page(&hub, &visitor, &member, Some(draft)).await,
        Err(other) => return Err(other.into()),
    }
    // Whoever opened it is in it from now on.
    hub.forget_live(&member.live.session.id);
    Ok(hub.see_other(&format!("/space/{}", space.id)))
}

/// A space that is changed, and how it stands.
pub(crate) struct Change {
    pub id: String,
    pub title: String,
}

/// What a draft makes of a space: it keeps its name, its beginning and its convention.
fn changed(draft: &Draft, before: &Space, offered: &Offered, hub: &Hub) -> Result<Space, &'static str> {
    let space = draft.space(&before.host, offered, hub.now(), &*hub.ids)?;
    if space.convention != before.convention {
        return Err("space-problem-partner");
    }
    let space = Space { id: before.id.clone(), from: before.from, ..space };
    match problem_of_opening(&space, Some(before), hub.now()) {
        Some(_) => Err("space-problem-over"),
        None => Ok(space),
    }
}

/// The form of a space that is changed.
async fn changing(
    hub: &Hub,
    visitor: &Visitor,
    member: &Member,
    before: &Space,
    draft: Option<Draft>,
) -> Result<Response, Fault> {
    let offered = for_space(hub, member, before).await?;
    let (space, problem) = match draft.as_ref().map(|draft| changed(draft, before, &offered, hub)) {
        Some(Ok(space)) => (Some(space), None),
        Some(Err(problem)) => (None, Some(problem)),
        None => (None, None),
    };
    let estimate = match &draft {
        Some(draft) if space.is_some() => estimate(hub, draft, &offered).await?,
        _ => None,
    };
    let draft = draft.or_else(|| Draft::of(before)).ok_or_else(super::nothing)?;
    let change = Some(Change { id: before.id.clone(), title: before.title.clone() });
    let form = SpaceForm { draft, offered, space, estimate, problem, change, token: member.token(hub) };
    Ok(pages::new_space(hub, visitor, &member.live, &member.at, form))
}

/// What there is to choose from for a space: what is in it already as well.
async fn for_space(hub: &Hub, member: &Member, space: &Space) -> Result<Offered, Fault> {
    let mut offered = offered(hub, member).await?;
    for group in space.groups.iter().filter(|one| one.establishment == space.host) {
        if offered.classes.iter().all(|(code, _)| *code != group.code) {
            offered.classes.push((group.code.clone(), group.code.clone()));
        }
    }
    Ok(offered)
}

pub(super) async fn ask_change(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let member = match asks(&hub, &visitor, &format!("/space/{id}/change"), true).await? {
        Lately::Proved(member) => member,
        Lately::Onward(response) => return Ok(response),
    };
    let (before, _) = member.manages(&hub, &id).await?;
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let draft = fields.one("title")?.is_some().then(|| Draft::read(&fields)).transpose()?;
    changing(&hub, &visitor, &member, &before, draft).await
}

pub(super) async fn change(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (member, fields) = match sent(&hub, &visitor, &format!("/space/{id}"), &body).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let (before, _) = member.manages(&hub, &id).await?;
    let draft = Draft::read(&fields)?;
    let offered = for_space(&hub, &member, &before).await?;
    let Ok(space) = changed(&draft, &before, &offered, &hub) else {
        return changing(&hub, &visitor, &member, &before, Some(draft)).await;
    };
    journal(&hub, &visitor, &member, format!("space-changed {id} until {}", space.until.rfc3339())).await?;
    match hub.store.put_space(&space, Some(&before), hub.now()).await {
        // Somebody changed it meanwhile: the page shows how it stands.
        Ok(_) | Err(StoreError::Conflict) => {}
        Err(other) => return Err(other.into()),
    }
    told(&hub).await;
    hub.forget_live(&member.live.session.id);
    Ok(hub.see_other(&format!("/space/{id}")))
}

/// Whether a form can say what a space is.
pub(super) fn can_say(space: &Space) -> bool {
    Draft::of(space).is_some()
}

/// People of a class of an establishment, of those looked at.
pub(super) async fn of_class(hub: &Hub, at: &Uai, code: &str) -> Result<Vec<preau_domain::Person>, Fault> {
    let is_in = |own: &preau_domain::Affiliation| {
        own.establishment == *at
            && own.profile == Profile::Pupil
            && own.classes.iter().chain(&own.groups).any(|one| one == code)
    };
    let mut people = hub.store.people_at(at, MOST_PEOPLE).await?;
    people.retain(|person| person.state.may_sign_in() && !person.is_hosted() && person.affiliations.iter().any(is_in));
    Ok(people)
}
