//! Where it is written what is wrong with the rules of a service: whom it is for, in its own file; what leaves, in that of its product.

use crate::assembly;
use crate::config::Loaded;
use preau_connector_api::{MountedService, Problem};
use preau_connectors::at;
use preau_domain::ServiceId;
use preau_policy::{AccessRules, check_release};

/// What is wrong with these services, each with its file and line where it is of one file. `found` is what a table of them says.
pub fn placed(loaded: &Loaded, services: &[MountedService], found: Vec<String>) -> Vec<Problem> {
    let (mut problems, mut told): (Vec<Problem>, Vec<&ServiceId>) = (Vec::new(), Vec::new());
    for service in services {
        let own = of(loaded, service);
        if !own.is_empty() {
            told.push(&service.service.id);
        }
        problems.extend(own);
    }
    // What is wrong between two of them is of neither file.
    let folder = assembly::instances(loaded).display().to_string();
    let rest = found.into_iter().filter(|what| !told.iter().any(|id| what.starts_with(&format!("{id}: "))));
    problems.extend(rest.map(|what| Problem::new(folder.clone(), what)));
    problems
}

fn of(loaded: &Loaded, service: &MountedService) -> Vec<Problem> {
    let id = &service.service.id;
    let file = assembly::instances(loaded).join(format!("{id}.toml"));
    let mut problems = Vec::new();
    // Those that come with this program are sound: a test reads them.
    if let Some(own) = &loaded.config.services.catalogue {
        let product = loaded.path(own).join(&service.connector).join("service.toml");
        let found = check_release(&service.release).into_iter();
        problems.extend(found.map(|(number, what)| at(&product, &format!("release[{number}]"), what)));
    }
    let rules = AccessRules::compile(std::iter::once((id, &service.audience)));
    for what in rules.err().into_iter().flatten() {
        let what = what.strip_prefix(&format!("{id}: ")).map(str::to_owned).unwrap_or(what);
        problems.push(at(&file, &table(&what), what));
    }
    problems
}

/// The table a sentence about an audience is of: `allow/2: …` is of the second `audience.allow`.
fn table(what: &str) -> String {
    let place = what.split_once(':').map_or(what, |(place, _)| place);
    let mut parts = place.split('/');
    let (side, number) =
        (parts.next().unwrap_or_default(), parts.next().and_then(|number| number.parse::<usize>().ok()));
    match number.and_then(|number| number.checked_sub(1)) {
        Some(number) => format!("audience.{side}[{number}]"),
        None => "audience".to_owned(),
    }
}
