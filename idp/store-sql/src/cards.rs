//! Cards of classes, and the lessons in which they open.

use crate::back::{Back, Shape};
use crate::link::{Arg, Link, Row, Sql, args};
use crate::sessions;
use async_trait::async_trait;
use preau_domain::{ClassCard, ClassPlace, Instant, Lesson, OneTimeKey, PersonId, Session, Tapped, Uai};
use preau_store::{Cards, Result, StoreError};

/// Nobody purges that person until the commit.
const HOLD: Sql = Sql::Each {
    sqlite: "SELECT id FROM person WHERE id = $1 AND state <> 'purged'",
    postgres: "SELECT id FROM person WHERE id = $1 AND state <> 'purged' FOR UPDATE",
};
/// The turn goes on: what the card before opened is not what this one opens.
const PUT: &str = "INSERT INTO class_card (person, establishment, class, code, pictures, made, made_by, once, tries, spent, revoked, turn)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM class_card WHERE code = $4)
    ON CONFLICT (person) DO UPDATE SET establishment = excluded.establishment, class = excluded.class, code = excluded.code,
        pictures = excluded.pictures, made = excluded.made, made_by = excluded.made_by, once = excluded.once, tries = 0,
        spent = 0, revoked = 0, turn = class_card.turn + 1";
const OF_CODE: &str =
    "SELECT person, establishment, class, code, pictures, made, made_by, once, tries, spent, revoked, turn
    FROM class_card WHERE code = $1";
const OF_PERSON: &str =
    "SELECT person, establishment, class, code, pictures, made, made_by, once, tries, spent, revoked, turn
    FROM class_card WHERE person = $1";
const OF_CLASS: &str =
    "SELECT person, establishment, class, code, pictures, made, made_by, once, tries, spent, revoked, turn
    FROM class_card WHERE establishment = $1 AND class = $2 ORDER BY person LIMIT 500";
/// Counted before the pictures are looked at. The row stays locked until the commit, so that concurrent tries count one after the other.
const TRY: &str = "UPDATE class_card SET tries = tries + 1
    WHERE code = $1 AND revoked = 0 AND spent = 0 AND tries < $2 RETURNING person, pictures";
const RIGHT: &str = "UPDATE class_card SET tries = 0, spent = once, turn = turn + 1 WHERE code = $1 RETURNING turn";
const REVOKE: &str = "UPDATE class_card SET revoked = 1, turn = turn + 1
    WHERE person = $1 AND establishment = $2 AND class = $3";
const RESTORE: &str = "UPDATE class_card SET revoked = 0, tries = 0, spent = 0
    WHERE person = $1 AND establishment = $2 AND class = $3";
const LEAVE: &str = "UPDATE class_card SET turn = turn + 1 WHERE person = $1 AND establishment = $2 AND class = $3";
/// The cards of a class in the order in which a sheet of them is made: whoever ends a lesson meanwhile waits, and neither stops the other.
const HOLD_CLASS: Sql = Sql::Each {
    sqlite: "SELECT person FROM class_card WHERE establishment = $1 AND class = $2 LIMIT 1",
    postgres: "SELECT person FROM class_card WHERE establishment = $1 AND class = $2 ORDER BY person FOR UPDATE",
};
const LEAVE_ALL: &str = "UPDATE class_card SET turn = turn + 1 WHERE establishment = $1 AND class = $2";
const OPEN: &str = "INSERT INTO lesson (establishment, class, opened_by, begins, ends) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (establishment, class) DO UPDATE SET opened_by = excluded.opened_by, ends = excluded.ends,
        begins = CASE WHEN lesson.ends > excluded.begins THEN lesson.begins ELSE excluded.begins END";
const LESSON: &str = "SELECT establishment, class, opened_by, begins, ends FROM lesson
    WHERE establishment = $1 AND class = $2 AND ends > $3";
const END: &str = "DELETE FROM lesson WHERE establishment = $1 AND class = $2 AND ends > $3";
const SESSIONS: &str =
    "SELECT session.id, session.person, session.authentication, session.establishment, session.created,
        session.expires, session.last_seen, session.child, class_card.turn
    FROM class_card JOIN session ON session.person = class_card.person
    WHERE class_card.establishment = $1 AND class_card.class = $2 AND session.expires > $3
    ORDER BY session.created, session.id LIMIT 2000";
const SWEEP: &str = "DELETE FROM lesson WHERE (establishment, class) IN
    (SELECT establishment, class FROM lesson WHERE ends <= $1 LIMIT $2)";

const FORGET: [Sql; 3] = [
    Sql::Each {
        sqlite: "DELETE FROM class_card WHERE person IN (SELECT value FROM json_each($1))",
        postgres: "DELETE FROM class_card WHERE person = ANY($1)",
    },
    Sql::Each {
        sqlite: "UPDATE class_card SET made_by = NULL WHERE made_by IN (SELECT value FROM json_each($1))",
        postgres: "UPDATE class_card SET made_by = NULL WHERE made_by = ANY($1)",
    },
    Sql::Each {
        sqlite: "DELETE FROM lesson WHERE opened_by IN (SELECT value FROM json_each($1))",
        postgres: "DELETE FROM lesson WHERE opened_by = ANY($1)",
    },
];
/// A card may be one of a further record of an account.
const TAKE_BACK: Sql = Sql::Each {
    sqlite: "DELETE FROM class_card WHERE person IN (SELECT value FROM json_each($1))
        OR person IN (SELECT id FROM person WHERE account IN (SELECT value FROM json_each($1)))",
    postgres: "DELETE FROM class_card WHERE person = ANY($1) OR person IN (SELECT id FROM person WHERE account = ANY($1))",
};

/// Forgets the cards of these people, and that they made some or opened a lesson.
pub(crate) async fn forget(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    for each in FORGET {
        link.changed(each, args![people.clone()]).await?;
    }
    Ok(())
}

/// Takes the cards of these people out: others are made.
pub(crate) async fn take_back(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    link.changed(TAKE_BACK, args![people]).await.map(drop)
}

/// Forgets lessons that are over.
pub(crate) async fn sweep(link: &mut Link<'_>, now: Instant, limit: u32) -> Result<()> {
    link.changed(SWEEP, args![now, limit]).await.map(drop)
}

fn place(row: &Row, at: usize) -> Result<ClassPlace> {
    let establishment: Uai = crate::doc::word("place", row.text(at)?)?;
    Ok(ClassPlace { establishment, class: row.text(at + 1)?.to_owned() })
}

fn card(row: &Row) -> Result<ClassCard> {
    Ok(ClassCard {
        person: PersonId::new(row.text(0)?),
        place: place(row, 1)?,
        key: OneTimeKey::new(row.text(3)?),
        pictures: OneTimeKey::new(row.text(4)?),
        made: row.instant(5)?,
        by: row.text_or_none(6)?.map(PersonId::new),
        once: row.int(7)? != 0,
        tries: u32::try_from(row.int(8)?).unwrap_or(u32::MAX),
        spent: row.int(9)? != 0,
        revoked: row.int(10)? != 0,
        turn: row.int(11)?,
    })
}

fn lesson(row: &Row) -> Result<Lesson> {
    Ok(Lesson { place: place(row, 0)?, by: PersonId::new(row.text(2)?), from: row.instant(3)?, until: row.instant(4)? })
}

async fn put(link: &mut Link<'_>, cards: Vec<ClassCard>) -> Result<()> {
    for one in cards {
        link.row(HOLD, args![one.person.as_str()]).await?.ok_or(StoreError::Conflict)?;
        let values = args![
            one.person.as_str(),
            one.place.establishment.as_str(),
            one.place.class.as_str(),
            one.key.as_str(),
            one.pictures.as_str(),
            one.made,
            one.by.as_ref().map(PersonId::as_str),
            i64::from(one.once)
        ];
        if link.changed(PUT, values).await? == 0 {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}

async fn tap(link: &mut Link<'_>, key: String, pictures: String, now: Instant) -> Result<Option<Tapped>> {
    let Some(found) = link.row(OF_CODE, args![key.as_str()]).await?.as_ref().map(card).transpose()? else {
        return Ok(None);
    };
    let there = args![found.place.establishment.as_str(), found.place.class.as_str(), now];
    let Some(until) = link.row(LESSON, there).await?.map(|row| row.instant(4)).transpose()? else {
        return Ok(Some(Tapped::NoLesson));
    };
    let Some(tried) = link.row(TRY, args![key.as_str(), ClassCard::MOST_TRIES]).await? else {
        return Ok(Some(Tapped::Stopped));
    };
    if tried.text(1)? != pictures {
        return Ok(Some(Tapped::Wrong));
    }
    let person = PersonId::new(tried.text(0)?);
    let turn = link.row(RIGHT, args![key]).await?.ok_or(StoreError::Conflict)?.int(0)?;
    Ok(Some(Tapped::Right { person, turn, until }))
}

/// Person, establishment and class, in that order.
fn named(place: &ClassPlace, person: &PersonId) -> Vec<Arg> {
    args![person.as_str(), place.establishment.as_str(), place.class.as_str()]
}

#[async_trait]
impl Cards for Back {
    async fn put_cards(&self, cards: &[ClassCard]) -> Result<()> {
        let mut cards = cards.to_vec();
        // In one order everywhere: two sheets of one class that are made at once do not wait for each other.
        cards.sort_by(|a, b| a.person.cmp(&b.person));
        self.write(Shape::Several, move |link| Box::pin(put(link, cards))).await
    }

    async fn card(&self, key: &OneTimeKey) -> Result<Option<ClassCard>> {
        self.row(OF_CODE, args![key.as_str()]).await?.as_ref().map(card).transpose()
    }

    async fn card_of(&self, person: &PersonId) -> Result<Option<ClassCard>> {
        self.row(OF_PERSON, args![person.as_str()]).await?.as_ref().map(card).transpose()
    }

    async fn cards_of(&self, place: &ClassPlace) -> Result<Vec<ClassCard>> {
        let there = args![place.establishment.as_str(), place.class.as_str()];
        self.rows(OF_CLASS, there).await?.iter().map(card).collect()
    }

    async fn tap(&self, key: &OneTimeKey, pictures: &OneTimeKey, now: Instant) -> Result<Option<Tapped>> {
        let (key, pictures) = (key.as_str().to_owned(), pictures.as_str().to_owned());
        self.write(Shape::Several, move |link| Box::pin(tap(link, key, pictures, now))).await
    }

    async fn revoke_card(&self, place: &ClassPlace, person: &PersonId) -> Result<bool> {
        Ok(self.changed(REVOKE, named(place, person)).await? > 0)
    }

    async fn restore_card(&self, place: &ClassPlace, person: &PersonId) -> Result<bool> {
        Ok(self.changed(RESTORE, named(place, person)).await? > 0)
    }

    async fn leave_card(&self, place: &ClassPlace, person: &PersonId) -> Result<bool> {
        Ok(self.changed(LEAVE, named(place, person)).await? > 0)
    }

    async fn open_lesson(&self, lesson: &Lesson) -> Result<()> {
        let values = args![
            lesson.place.establishment.as_str(),
            lesson.place.class.as_str(),
            lesson.by.as_str(),
            lesson.from,
            lesson.until
        ];
        self.changed(OPEN, values).await.map(drop)
    }

    async fn lesson(&self, place: &ClassPlace, now: Instant) -> Result<Option<Lesson>> {
        let there = args![place.establishment.as_str(), place.class.as_str(), now];
        self.row(LESSON, there).await?.as_ref().map(lesson).transpose()
    }

    async fn end_lesson(&self, place: &ClassPlace, now: Instant) -> Result<bool> {
        let (uai, class) = (place.establishment.as_str().to_owned(), place.class.clone());
        let ended = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                let ended = link.changed(END, args![uai.as_str(), class.as_str(), now]).await? > 0;
                link.rows(HOLD_CLASS, args![uai.as_str(), class.as_str()]).await?;
                link.changed(LEAVE_ALL, args![uai, class]).await?;
                Ok(ended)
            })
        });
        ended.await
    }

    async fn card_sessions(&self, place: &ClassPlace, now: Instant) -> Result<Vec<Session>> {
        let there = args![place.establishment.as_str(), place.class.as_str(), now];
        let mut found = Vec::new();
        for row in self.rows(SESSIONS, there).await? {
            let session = sessions::session(&row)?;
            if session.authentication.by_card() && session.authentication.turn == Some(row.int(8)?) {
                found.push(session);
            }
        }
        Ok(found)
    }
}
