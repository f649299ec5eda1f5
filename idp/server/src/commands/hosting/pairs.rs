//! `preau pairs show`: the schools of a cycle, and of those that are known here its classes, their teachers and what the schools share.

use crate::cli::Failure;
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly};
use preau_domain::{Clock, Profile, SchoolPair, Space, Uai, display_safe};
use preau_hosting::{Estimate, Needed, is_shared, teachers_of};
use preau_store::Store;
use serde_json::{Value, json};

/// People of a school, and spaces of one, that are looked at.
const MOST_PEOPLE: u32 = 20_000;
const MOST_SPACES: u32 = 1_000;

/// A class, and the names of who teaches it.
type Taught = (Needed, Vec<String>);

/// The classes of these levels in a school.
async fn classes(store: &dyn Store, at: &Uai, levels: &[String]) -> Result<Vec<Taught>, Failure> {
    let profiles = [Profile::Pupil, Profile::Teacher, Profile::Head, Profile::SchoolLife, Profile::Librarian];
    let people = store.people_as(at, &profiles, MOST_PEOPLE).await?;
    let alone = SchoolPair { college: at.clone(), ecoles: Vec::new() };
    let mut counted = Estimate::of(&alone, true, levels);
    people.iter().for_each(|person| counted.see(person));
    let taught = |line: Needed| {
        let names = teachers_of(&people, &line).into_iter().map(|one| display_safe(&one.display_name(), 100)).collect();
        (line, names)
    };
    Ok(counted.table().into_iter().map(taught).collect())
}

/// The open spaces of a school that are for several of these.
async fn shared(store: &dyn Store, at: &Uai, schools: &[Uai]) -> Result<Vec<Space>, Failure> {
    let now = SystemClock::new().now();
    let mut spaces = store.spaces_at(at, 0, MOST_SPACES).await?;
    spaces.retain(|space| !space.closed && now < space.until && is_shared(space, schools));
    Ok(spaces)
}

fn group(group: &preau_domain::SpaceGroup) -> String {
    let (code, public) = (display_safe(&group.code, 64), group.public.as_str());
    format!("{} {code} {public} {}", group.establishment, group.role.as_str())
}

/// Shows it.
pub(super) async fn show(loaded: &Loaded, college: &Uai, levels: &[String], json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let declared = store.school_pair(college).await?.map(|pair| pair.ecoles);
    let proposed = store.ecoles_of_sector(college).await?;
    // What counts: what was declared, else what the annuaire says.
    let mut schools = declared.clone().unwrap_or_else(|| proposed.clone());
    schools.insert(0, college.clone());
    let (mut lines, mut spaces) = (Vec::new(), Vec::new());
    for school in &schools {
        lines.extend(classes(&*store, school, levels).await?);
        spaces.extend(shared(&*store, school, &schools).await?);
    }
    if json {
        let class = |(line, teachers): &Taught| {
            json!({ "establishment": line.establishment, "level": line.level, "class": line.class,
                "pupils": line.pupils, "teachers": teachers })
        };
        let space =
            |one: &Space| json!({ "space": one.id, "title": one.title, "host": one.host, "groups": one.groups });
        let (lines, spaces): (Value, Value) = (lines.iter().map(class).collect(), spaces.iter().map(space).collect());
        return say!(
            "{:#}",
            json!({ "college": college, "declared": declared, "proposed": proposed, "classes": lines, "spaces": spaces })
        );
    }
    if declared.is_none() && proposed.is_empty() {
        return Err(Failure::new(format!("{college} is paired with no école, and the annuaire proposes none")));
    }
    let known = declared.clone().unwrap_or_default();
    let more: Vec<&Uai> = proposed.iter().filter(|uai| !known.contains(uai)).collect();
    let ecoles = known.iter().map(|uai| (uai, "declared")).chain(more.into_iter().map(|uai| (uai, "proposed")));
    for (uai, said) in ecoles {
        let name = store.establishment(uai).await?.map_or_else(String::new, |one| one.name);
        say!("{uai}  {said:<9} {}", display_safe(&name, 100))?;
    }
    for (line, teachers) in &lines {
        let Needed { establishment, level, class, pupils } = line;
        let teachers = if teachers.is_empty() { "nobody known here".to_owned() } else { teachers.join(", ") };
        let class = display_safe(class, 64);
        say!("{establishment}  {level:<6} {class:<12} {pupils:>4} pupils, taught by {teachers}")?;
    }
    for space in &spaces {
        let groups: Vec<String> = space.groups.iter().map(group).collect();
        say!("space {} of {}, {}: {}", space.id, space.host, display_safe(&space.title, 60), groups.join("; "))?;
    }
    match declared {
        Some(_) => Ok(()),
        None => {
            say!("nobody declared a pair: what the annuaire proposes counts. preau pairs declare {college} --proposed")
        }
    }
}
