//! Lists of guests that a teacher writes, of a school whose ENT signs none or that has none at all: given names and initials that the school named to them.
//! Two keys: the convention says that its people come by cards and its lists are written here, and the head of the establishment says yes, by convention,
//! as long as they like. Whoever comes so has no other way in than a card for one use, which the teacher lets open in a lesson (`cards`).

use super::manage::{Acting, Preview, Reading, acting, acts, page, settled};
use super::{heads, journal, nothing, sent, stops};
use crate::spaces::{NotTaken, write_list};
use crate::{Fault, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use preau_domain::{Convention, Space, Uai, alike};
use preau_hosting::{Manager, Problem, TypedLine, Why, may_be_typed, names_a_list, read_typed};
use preau_store::GuestsOf;
use std::collections::HashSet;
use std::sync::Arc;

/// Characters of the name of a list.
const NAME: usize = 16;

/// The class of a form: `UAI CODE`, one of those that the space is for.
fn class_of(space: &Space, convention: &Convention, said: &str) -> Option<(Uai, String)> {
    let (uai, code) = said.split_once(' ')?;
    let uai: Uai = uai.parse().ok()?;
    let theirs = |group: &&preau_domain::SpaceGroup| {
        group.establishment == uai && group.code == code && group.public == preau_domain::Public::Pupil
    };
    let known = convention.establishments.contains(&uai) && space.groups.iter().any(|group| theirs(&group));
    known.then(|| (uai, code.to_owned()))
}

/// A name as it is compared; one that has no letters of ours as it is written.
fn compared(given: &str, initial: &str) -> (String, char) {
    let plain = || (given.to_lowercase(), initial.to_lowercase().chars().next().unwrap_or('-'));
    alike(given, initial).unwrap_or_else(plain)
}

/// Lines that name somebody who is in the space already, by another list, or whom somebody here stopped.
async fn known(
    hub: &Hub,
    (space, list): (&Space, &str),
    (home, class): (&Uai, &str),
    people: &[TypedLine],
) -> Result<Vec<Problem>, Fault> {
    let mut there = HashSet::new();
    let guests = super::every_guest(hub, GuestsOf::Space(&space.id)).await?;
    let of_class = guests.into_iter().filter(|one| one.ended.is_none() && one.home == *home && one.class == class);
    let of_class = of_class.filter(|one| one.batch != list);
    let ids: Vec<_> = of_class.map(|one| one.person).collect();
    for part in ids.chunks(1_000) {
        let records = hub.store.records_named(part).await?;
        there.extend(records.iter().map(|held| compared(&held.person.given_name, &held.person.family_name)));
    }
    let stopped = stops::named(hub, space, home).await?;
    let stopped: HashSet<_> = stopped.iter().map(|(given, initial)| compared(given, initial)).collect();
    let mut problems = Vec::new();
    for (line, (given, initial)) in people {
        let name = compared(given, initial);
        let why = match (there.contains(&name), stopped.contains(&name)) {
            (true, _) => "typed-there",
            (_, true) => "typed-stopped",
            _ => continue,
        };
        problems.push(Problem::on(*line, Why::Plain(why)));
    }
    Ok(problems)
}

/// Whether that list brought somebody who is there.
async fn brought(hub: &Hub, space: &Space, list: &str) -> Result<bool, Fault> {
    let guests = super::every_guest(hub, GuestsOf::Space(&space.id)).await?;
    Ok(guests.iter().any(|one| one.batch == list && one.ended.is_none()))
}

/// A list that is written: shown first, and taken in by a yes.
pub(super) async fn write(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let Acting { member, fields, space, head } = acting!(acts(&hub, &visitor, &id, &body));
    let convention = match &space.convention {
        Some(id) => hub.store.convention(id).await?,
        None => None,
    };
    let convention = convention.filter(may_be_typed).ok_or_else(nothing)?;
    let (text, said) = (fields.one("text")?.unwrap_or_default().to_owned(), fields.required("class")?.to_owned());
    let (home, class) = class_of(&space, &convention, &said).ok_or_else(nothing)?;
    // The name is that of what was shown: a form that is sent twice is taken in once.
    let name = fields.one("list")?.filter(|name| names_a_list(name)).map_or_else(|| hub.ids.text(NAME), str::to_owned);
    let checked = match read_typed(&text) {
        Err(problems) => Err(problems),
        Ok(people) => match known(&hub, (&space, &name), (&home, &class), &people).await? {
            problems if !problems.is_empty() => Err(problems),
            _ => {
                let people: Vec<_> = people.into_iter().map(|(_, named)| named).collect();
                let (by, whom) = ((&hub.keyring, &*hub.ids), (name.as_str(), &home, class.as_str()));
                let list = write_list(&*hub.store, by, hub.base(), (&convention, &space), whom, &people, hub.now());
                match list.await {
                    Ok(list) => Ok(list),
                    Err(NotTaken::Refused(problems)) => Err(problems),
                    Err(NotTaken::Store(error)) => return Err(error.into()),
                }
            }
        },
    };
    let yes = fields.one("yes")?.is_some();
    let shown = match checked {
        Err(problems) => Err(problems),
        Ok(list) => {
            let what = yes.then(|| format!("guests-written {name} of {}", convention.id));
            match settled(&hub, &visitor, &member, &list, what).await? {
                // The same yes once more, as of whoever presses twice.
                Err(_) if yes && brought(&hub, &space, &name).await? => Ok(None),
                shown => shown,
            }
        }
    };
    let Some(shown) = shown.transpose() else { return Ok(hub.see_other(&format!("/space/{id}"))) };
    let preview = Preview::of(text, Some((said, name)), shown);
    let as_what = if head { Manager::Head } else { Manager::Manager };
    page(&hub, &visitor, &member, (space, as_what), Reading::first(), Some(preview)).await
}

/// The head's yes to lists that are written at the establishment by a convention, or its end.
pub(super) async fn allow(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (member, fields) = match sent(&hub, &visitor, "/spaces/guests", &body).await? {
        Ok((member, fields)) => (heads::head(member)?, fields),
        Err(onward) => return Ok(onward),
    };
    let convention = hub.store.convention(fields.required("convention")?).await?;
    let convention = convention.filter(|one| may_be_typed(one) && one.is_for(&member.at)).ok_or_else(nothing)?;
    let allowed = fields.one("yes")?.is_some();
    let what = if allowed { "lists-written-here allowed" } else { "lists-written-here forbidden" };
    journal(&hub, &visitor, &member, format!("{what} {}", convention.id)).await?;
    match allowed {
        true => hub.store.allow_typing(&member.at, &convention.id, hub.now()).await?,
        false => drop(hub.store.forbid_typing(&member.at, &convention.id).await?),
    }
    Ok(hub.see_other("/spaces/guests"))
}
