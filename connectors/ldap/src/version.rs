//! Whether the directory can say that nothing changed: the change numbers an OpenLDAP provider or replica keeps at the
//! root of its tree (`contextCSN`), together with everything of ours that bears on what is read.

use crate::config::Settings;
use crate::session::{Query, Session};
use ldap3::Scope;
use preau_ent::READER;

/// The version of what a reading would hand over; `None` when the directory keeps no change numbers, hides them, or does
/// not answer.
pub(crate) async fn version(session: &mut Session, settings: &Settings) -> Option<String> {
    let numbers = numbers(session, settings).await?;
    Some(format!("{numbers:?} {}", settings_text(settings)))
}

/// Everything of ours that bears on what is read.
pub(crate) fn settings_text(settings: &Settings) -> String {
    format!(
        "{READER} {} {} {} {:?} {} {:?} {:?}",
        env!("CARGO_PKG_VERSION"),
        settings.people,
        settings.structures,
        settings.academy,
        settings.legal_in_charge,
        settings.telling,
        settings.mapping
    )
}

/// Of which hour the latest change is of the branches of people and of structures: a copy that lags behind by seconds says the same, one
/// that tells of yesterday does not.
pub(crate) async fn hours(session: &mut Session, settings: &Settings) -> Option<Vec<String>> {
    let numbers = numbers(session, settings).await?;
    numbers.iter().map(|numbers| numbers.iter().filter_map(|number| hour(number)).max()).collect()
}

/// The hour that a change number begins with.
fn hour(number: &str) -> Option<String> {
    number.get(..10).filter(|hour| hour.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned)
}

/// The change numbers of the branches of people and of structures.
pub(crate) async fn numbers(session: &mut Session, settings: &Settings) -> Option<[Vec<String>; 2]> {
    let root = session.search(&base("", &["namingContexts"]), 1).await.ok()?;
    let contexts = root.first()?.texts("namingContexts").ok()?.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut numbers = [Vec::new(), Vec::new()];
    for (branch, numbers) in [&settings.people, &settings.structures].into_iter().zip(&mut numbers) {
        let context = contexts.iter().filter(|context| below(branch, context)).max_by_key(|context| context.len())?;
        let found = session.search(&base(context, &["contextCSN"]), 1).await.ok()?;
        let mut values: Vec<String> = found.first()?.texts("contextCSN").ok()?.into_iter().map(str::to_owned).collect();
        if values.is_empty() {
            return None;
        }
        values.sort();
        *numbers = values;
    }
    Some(numbers)
}

pub(crate) fn base(dn: &str, attributes: &[&str]) -> Query {
    Query {
        base: dn.into(),
        scope: Scope::Base,
        filter: "(objectClass=*)".into(),
        attributes: attributes.iter().map(|&attribute| attribute.to_owned()).collect(),
    }
}

/// Whether a branch is that tree or below it; spaces around commas and case do not count.
pub(crate) fn below(branch: &str, context: &str) -> bool {
    let plain = |dn: &str| dn.split(',').map(|part| part.trim().to_lowercase()).collect::<Vec<_>>();
    !context.is_empty() && plain(branch).ends_with(&plain(context))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_number_begins_with_its_hour() {
        assert_eq!(hour("20261129061233.123456Z#000000#001#000000"), Some("2026112906".to_owned()));
        for number in ["", "2026", "2026112é06", "x026112906"] {
            assert_eq!(hour(number), None, "{number}");
        }
    }

    #[test]
    fn a_branch_is_found_in_its_tree() {
        assert!(below("ou=people,dc=ent,dc=example", "dc=ent, DC=Example"));
        assert!(below("dc=ent,dc=example", "dc=ent,dc=example"));
        assert!(!below("ou=people,dc=ent,dc=example", "dc=other,dc=example"));
        assert!(!below("ou=people,dc=parent,dc=example", "dc=ent,dc=example"));
        assert!(!below("ou=people,dc=ent,dc=example", ""));
    }
}
