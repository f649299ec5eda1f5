//! Rules above those of the services, as files: `national.toml`, `academy.toml`, `ent.toml`, and one for each establishment that has any,
//! `0990001N.toml`. They are read in that order, and each can only take away. A file that cannot be read closes what it speaks of: of a
//! level everything, of an establishment that one.

use crate::catalogue::bounded_text;
use crate::instances::MAX_FILES;
use crate::place::{at_key, read_toml};
use preau_connector_api::Problem;
use preau_domain::{Levels, Narrowing, PersonId, Population, ServiceId, Uai};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The levels above establishments, from the highest down.
const ABOVE: [&str; 3] = ["national", "academy", "ent"];
/// Longest file, in bytes, and rules in one.
const MAX_FILE: u64 = 256 * 1024;
const MAX_RULES: usize = 200;
/// Populations on one side of a rule.
const MAX_POPULATIONS: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    services: Vec<ServiceId>,
    #[serde(default)]
    only: Option<Vec<Population>>,
    #[serde(default)]
    except: Vec<Population>,
}

/// Reads a folder; a folder that is not there is told, and closes everything. What is wrong with a file is told with its place.
pub fn load_levels(folder: &Path) -> (Levels, Vec<Problem>) {
    let (mut levels, mut problems) = (Levels::default(), Vec::new());
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) => {
            problems.push(Problem::new(folder.display().to_string(), error.to_string()));
            levels.add(shut("national", None));
            return (levels, problems);
        }
    };
    let names = listed.flatten().map(|file| file.file_name().to_string_lossy().into_owned());
    // What an editor leaves while it writes is no level.
    let names = names.filter(|name| !name.starts_with('.'));
    let names: BTreeSet<String> = names.filter_map(|name| name.strip_suffix(".toml").map(str::to_owned)).collect();
    if names.len() > MAX_FILES {
        problems.push(Problem::new(folder.display().to_string(), format!("more than {MAX_FILES} files")));
        levels.add(shut("national", None));
        return (levels, problems);
    }
    let above = ABOVE.into_iter().filter(|level| names.contains(*level)).map(str::to_owned);
    let below = names.iter().filter(|name| !ABOVE.contains(&name.as_str())).cloned();
    for name in above.chain(below).collect::<Vec<_>>() {
        let path = folder.join(format!("{name}.toml"));
        let at: Option<Uai> = match name.parse() {
            Ok(at) => Some(at),
            Err(_) if ABOVE.contains(&name.as_str()) => None,
            Err(_) => {
                let what = "a level is national, academy, ent, or the number of an establishment";
                problems.push(Problem::new(path.display().to_string(), what));
                levels.add(shut(&name, None));
                continue;
            }
        };
        match read(&path) {
            Ok(rules) => rules.into_iter().for_each(|written| {
                let (only, except) = (written.only.unwrap_or_default(), written.except);
                let (level, at, services) = (name.clone(), at.clone(), written.services);
                levels.add(Narrowing { level, at, services, only, except });
            }),
            Err(problem) => {
                problems.push(problem);
                levels.add(shut(&name, at));
            }
        }
    }
    (levels, problems)
}

/// A rule that keeps everybody out: nobody is the account without a name.
fn shut(level: &str, at: Option<Uai>) -> Narrowing {
    let nobody = Population { persons: vec![PersonId::new("")], ..Population::default() };
    Narrowing { level: level.to_owned(), at, services: Vec::new(), only: vec![nobody], except: Vec::new() }
}

fn read(path: &Path) -> Result<Vec<Written>, Problem> {
    let (place, text) = (path.display().to_string(), bounded_text(path, MAX_FILE)?);
    let File { rule } = read_toml(&place, &text)?;
    let wrong = |n: usize, what: &str| Err(at_key(&place, &text, &format!("rule[{n}]"), what));
    if rule.len() > MAX_RULES {
        return wrong(MAX_RULES, &format!("more than {MAX_RULES} rules"));
    }
    for (n, one) in rule.iter().enumerate() {
        if one.only.as_ref().is_some_and(Vec::is_empty) {
            return wrong(n, "`only` names nobody");
        }
        if one.only.is_none() && one.except.is_empty() {
            return wrong(n, "takes nothing away: it has neither `only` nor `except`");
        }
        if one.only.as_ref().is_some_and(|only| only.len() > MAX_POPULATIONS) || one.except.len() > MAX_POPULATIONS {
            return wrong(n, &format!("more than {MAX_POPULATIONS} populations"));
        }
    }
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::Profile;

    fn folder(name: &str, files: &[(&str, &str)]) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("preau-levels-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        files.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
        folder
    }

    fn narrowed(levels: &Levels, service: &str) -> Vec<Narrowing> {
        levels.about(&ServiceId::new(service), &"0990001N".parse().unwrap()).cloned().collect()
    }

    #[test]
    fn levels_are_read_from_the_highest_down() {
        let folder = folder(
            "order",
            &[
                ("0990001N.toml", "[[rule]]\nexcept = [{ classes = ['6B'] }]"),
                ("ent.toml", "[[rule]]\nservices = ['forum']\nonly = [{ profiles = ['National_ENS'] }]"),
                ("national.toml", "[[rule]]\nexcept = [{ levels = ['CP'] }]"),
                ("notes.txt", "no level"),
            ],
        );
        let (levels, problems) = load_levels(&folder);
        assert!(problems.is_empty(), "{problems:?}");
        let of = |service: &str| narrowed(&levels, service).into_iter().map(|one| one.level).collect::<Vec<_>>();
        assert_eq!(of("forum"), ["national", "ent", "0990001N"]);
        assert_eq!(of("moodle"), ["national", "0990001N"]);
        let forum = narrowed(&levels, "forum");
        assert_eq!((forum[1].only[0].profiles[0], &forum[1].at), (Profile::Teacher, &None));
        assert_eq!(forum[2].at, Some("0990001N".parse().unwrap()));
        let elsewhere = "0990002P".parse().unwrap();
        assert_eq!(levels.about(&ServiceId::new("moodle"), &elsewhere).count(), 1, "the country alone");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_read_closes_what_it_speaks_of() {
        for (name, text, said) in [
            ("academy.toml", "[[rule]]\nalow = []", "academy.toml:2 rule[0].alow: unknown field"),
            ("academy.toml", "[[rule]]\nallow = [{ profiles = ['National_ENS'] }]", "unknown field `allow`"),
            (
                "academy.toml",
                "[[rule]]\nonly = [{}]\n[[rule]]\nservices = ['moodle']",
                "academy.toml:3 rule[1]: takes nothing away",
            ),
            ("academy.toml", "[[rule]]\nonly = []", "names nobody"),
            ("0990001N.toml", "[[rule", ""),
        ] {
            let folder = folder("broken", &[(name, text), ("ent.toml", "")]);
            let (levels, problems) = load_levels(&folder);
            assert!(problems.len() == 1 && problems[0].to_string().contains(said), "{text}: {problems:?}");
            let shut = narrowed(&levels, "moodle");
            assert_eq!((shut.len(), shut[0].only.len()), (1, 1), "{text}");
            assert_eq!(shut[0].at.is_some(), name.starts_with('0'), "an establishment closes itself alone");
            fs::remove_dir_all(folder).unwrap();
        }
        let stranger = folder("stranger", &[("region.toml", "")]);
        let (levels, problems) = load_levels(&stranger);
        assert!(
            problems.len() == 1 && narrowed(&levels, "moodle").len() == 1,
            "a level that is none closes everything"
        );
        fs::remove_dir_all(&stranger).unwrap();
        let (levels, problems) = load_levels(&stranger);
        assert!(
            problems.len() == 1 && narrowed(&levels, "moodle").len() == 1,
            "a folder that is gone closes everything"
        );
    }
}
