//! Brings a database to the tables this program knows. Migrations are the files of `schemas/sql/<back end>/`; each is
//! applied once, in order, and its text is kept, so that a changed file or a newer database is noticed at the start.

use preau_store::{Result, StoreError};

/// A migration: its name and its text.
pub(crate) struct Migration {
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! migrations {
    ($folder:literal: $($name:literal),*) => {
        &[$($crate::migration::Migration {
            name: $name,
            text: include_str!(concat!("../../../schemas/sql/", $folder, "/", $name, ".sql")),
        }),*]
    };
}

/// Those of SQLite, in order.
pub(crate) const SQLITE: &[Migration] = migrations!("sqlite": "0001_first", "0002_federation", "0003_outbox", "0004_idle", "0005_kept", "0006_families", "0007_mail", "0008_refresh", "0009_undo", "0010_enrolled", "0011_life", "0012_changes", "0014_clock", "0015_home", "0016_records", "0018_placed", "0019_way", "0021_factors", "0022_hosting", "0023_openings", "0024_invitations", "0025_activation", "0026_told_of", "0027_preference", "0028_cards", "0029_letters", "0030_inspections", "0031_marks", "0032_guests", "0033_local_mail", "0034_lifts", "0035_paired", "0037_birth");
/// Those of PostgreSQL, in order.
pub(crate) const POSTGRES: &[Migration] = migrations!("postgres": "0001_first", "0002_federation", "0003_outbox", "0004_idle", "0005_kept", "0006_families", "0007_mail", "0008_refresh", "0009_undo", "0010_enrolled", "0011_life", "0012_changes", "0014_clock", "0015_home", "0016_records", "0018_placed", "0019_way", "0021_factors", "0022_hosting", "0023_openings", "0024_invitations", "0025_activation", "0026_told_of", "0027_preference", "0028_cards", "0029_letters", "0030_inspections", "0031_marks", "0032_guests", "0033_local_mail", "0034_lifts", "0035_paired", "0037_birth");

/// The table that remembers what was applied.
pub(crate) const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS migration (name TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL)";
/// What was applied, in order.
pub(crate) const APPLIED: &str = "SELECT name, text FROM migration ORDER BY name";
/// Notes one.
pub(crate) const NOTE: &str = "INSERT INTO migration (name, text) VALUES ($1, $2)";

/// Which migrations are left to apply, or why this program must not touch the database.
pub(crate) fn left<'k>(known: &'k [Migration], applied: &[(String, String)]) -> Result<&'k [Migration]> {
    for (place, (name, text)) in applied.iter().enumerate() {
        match known.get(place) {
            Some(migration) if migration.name == name && migration.text == text => {}
            Some(migration) if migration.name == name => {
                return Err(StoreError::Backend(format!(
                    "migration {name} is not the one this database was made with"
                )));
            }
            _ => {
                return Err(StoreError::Backend(format!(
                    "this database knows migration {name}, this program does not: it was made by a newer version"
                )));
            }
        }
    }
    Ok(&known[applied.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Migration] = &[Migration { name: "0001_a", text: "a" }, Migration { name: "0002_b", text: "b" }];

    fn applied(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_is_left_comes_after_what_was_applied() {
        assert_eq!(left(KNOWN, &[]).unwrap().len(), 2);
        assert_eq!(left(KNOWN, &applied(&[("0001_a", "a")])).unwrap()[0].name, "0002_b");
        assert!(left(KNOWN, &applied(&[("0001_a", "a"), ("0002_b", "b")])).unwrap().is_empty());
    }

    #[test]
    fn a_changed_or_unknown_migration_stops_the_start() {
        assert!(left(KNOWN, &applied(&[("0001_a", "changed")])).is_err());
        assert!(left(KNOWN, &applied(&[("0001_a", "a"), ("0002_b", "b"), ("0003_c", "c")])).is_err());
    }
}
