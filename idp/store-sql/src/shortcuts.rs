//! What people keep at hand on their home page.

use crate::back::{Back, Shape};
use crate::link::{Link, Sql, args};
use async_trait::async_trait;
use preau_domain::{AtHand, Instant, PersonId, ServiceId, Uai};
use preau_store::{Result, Shortcuts, StoreError};

const FAVOURITE: &str = "favourite";
const RECENT: &str = "recent";

const AT_HAND: &str = "SELECT kind, service FROM shortcut WHERE person = $1 AND establishment = $2
    ORDER BY kind, at DESC, service LIMIT 100";
const ADD: &str = "INSERT INTO shortcut (person, establishment, kind, service, at)
    SELECT $1, $2, $3, $4, $5
    WHERE EXISTS (SELECT 1 FROM shortcut WHERE person = $1 AND establishment = $2 AND kind = $3 AND service = $4)
        OR (SELECT count(*) FROM shortcut WHERE person = $1 AND establishment = $2 AND kind = $3) < $6
    ON CONFLICT (person, establishment, kind, service) DO UPDATE SET at = shortcut.at";
const REMOVE: &str = "DELETE FROM shortcut WHERE person = $1 AND establishment = $2 AND kind = $3 AND service = $4";
const NOTE: &str = "INSERT INTO shortcut (person, establishment, kind, service, at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (person, establishment, kind, service) DO UPDATE SET at = excluded.at";
/// A row that another tab of the same person is about to write is passed over: neither waits for the other.
const TRIM: Sql = Sql::Each {
    sqlite: "DELETE FROM shortcut WHERE person = $1 AND establishment = $2 AND kind = $3 AND service IN (
        SELECT service FROM shortcut WHERE person = $1 AND establishment = $2 AND kind = $3
        ORDER BY at DESC, service LIMIT -1 OFFSET $4)",
    postgres: "DELETE FROM shortcut WHERE person = $1 AND establishment = $2 AND kind = $3 AND service IN (
        SELECT service FROM shortcut WHERE person = $1 AND establishment = $2 AND kind = $3
        ORDER BY at DESC, service OFFSET $4 FOR UPDATE SKIP LOCKED)",
};
const FORGET: [Sql; 2] = [
    Sql::Each {
        sqlite: "DELETE FROM shortcut WHERE person IN (SELECT value FROM json_each($1))",
        postgres: "DELETE FROM shortcut WHERE person = ANY($1)",
    },
    Sql::Each {
        sqlite: "DELETE FROM preference WHERE person IN (SELECT value FROM json_each($1))",
        postgres: "DELETE FROM preference WHERE person = ANY($1)",
    },
];
const LANGUAGE: &str = "SELECT language FROM preference WHERE person = $1";
const CHOOSE: &str = "INSERT INTO preference (person, language) SELECT id, $2 FROM person WHERE id = $1
    ON CONFLICT (person) DO UPDATE SET language = excluded.language";
const PREFER_NONE: &str = "DELETE FROM preference WHERE person = $1";

/// Forgets what these people keep at hand and prefer.
pub(crate) async fn forget(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    for each in FORGET {
        link.changed(each, args![people.clone()]).await?;
    }
    Ok(())
}

#[async_trait]
impl Shortcuts for Back {
    async fn at_hand(&self, person: &PersonId, at: &Uai) -> Result<AtHand> {
        let mut found = AtHand::default();
        for row in self.rows(AT_HAND, args![person.as_str(), at.as_str()]).await? {
            let service = ServiceId::new(row.text(1)?);
            match row.text(0)? {
                RECENT => found.recent.push(service),
                _ => found.favourites.push(service),
            }
        }
        found.favourites.reverse();
        found.recent.truncate(AtHand::MOST_RECENT);
        Ok(found)
    }

    async fn add_favourite(&self, person: &PersonId, at: &Uai, service: &ServiceId, now: Instant) -> Result<()> {
        let most = AtHand::MOST_FAVOURITES as i64;
        let values = args![person.as_str(), at.as_str(), FAVOURITE, service.as_str(), now, most];
        let added = self.changed(ADD, values).await?;
        if added == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn remove_favourite(&self, person: &PersonId, at: &Uai, service: &ServiceId) -> Result<()> {
        self.changed(REMOVE, args![person.as_str(), at.as_str(), FAVOURITE, service.as_str()]).await.map(drop)
    }

    async fn note_opened(&self, person: &PersonId, at: &Uai, service: &ServiceId, now: Instant) -> Result<()> {
        // Whoever opens one service again and again writes once.
        if self.at_hand(person, at).await?.recent.first() == Some(service) {
            return Ok(());
        }
        let note = args![person.as_str(), at.as_str(), RECENT, service.as_str(), now];
        let trim = args![person.as_str(), at.as_str(), RECENT, AtHand::MOST_RECENT as i64];
        let noted = self.write(Shape::Checked, move |link| {
            Box::pin(async move {
                link.changed(NOTE, note).await?;
                link.changed(TRIM, trim).await.map(drop)
            })
        });
        noted.await
    }

    async fn language_of(&self, person: &PersonId) -> Result<Option<String>> {
        let row = self.row(LANGUAGE, args![person.as_str()]).await?;
        row.map(|row| row.text(0).map(str::to_owned)).transpose()
    }

    async fn choose_language(&self, person: &PersonId, language: Option<&str>) -> Result<()> {
        let Some(language) = language else {
            return self.changed(PREFER_NONE, args![person.as_str()]).await.map(drop);
        };
        let chosen = self.changed(CHOOSE, args![person.as_str(), language]).await?;
        if chosen == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }
}
