//! Conventions, spaces and guests: what is read of them, and the port. Who comes in, who leaves and what is replaced is written in the modules
//! below, each in one stroke.

mod admission;
mod ending;
mod framing;
mod stops;

pub(crate) use ending::forget;

use crate::back::{Back, Shape};
use crate::doc;
use crate::link::{Arg, Row, Sql, args};
use crate::people::person;
use async_trait::async_trait;
use preau_domain::{
    Convention, ConventionState, GUESTS, Guest, GuestList, GuestStop, Instant, Person, PersonId, Role, SchoolPair,
    ServiceId, Space, SpaceGrant, StopLift, Uai, member_by_name,
};
use preau_store::{
    Admission, Admitted, ConventionsAt, Conversion, Departed, DueGuests, GuestsOf, Hosted, Hosting, ListsOf, Result,
    StopsOf, StoreError,
};

const CONVENTION: &str = "SELECT doc, state FROM convention WHERE id = $1";
const CONVENTIONS: &str = "SELECT doc, state FROM convention WHERE id > $1 ORDER BY id LIMIT $2";
/// Conventions in force that nobody stopped at an establishment, of those that some tables lead to.
macro_rules! in_force_there {
    ($from:literal, $id:literal) => {
        concat!(
            "SELECT c.doc, c.state FROM ",
            $from,
            " AND ",
            $id,
            " > $2 AND c.state = 'signed-by-both' AND c.begins <= $3 AND c.ends > $3
                AND NOT EXISTS (SELECT 1 FROM guest_stop
                    WHERE host = $1 AND whom = 'convention/' || c.id AND space = '')
            ORDER BY ",
            $id,
            " LIMIT $4"
        )
    };
}
const NAMING: Sql = Sql::Each {
    sqlite: in_force_there!(
        "convention_school s CROSS JOIN convention c ON c.id = s.convention WHERE s.establishment = $1",
        "s.convention"
    ),
    postgres: in_force_there!(
        "convention_school s JOIN convention c ON c.id = s.convention WHERE s.establishment = $1",
        "s.convention"
    ),
};
const FOR_ALL: Sql = Sql::Each {
    sqlite: in_force_there!(
        "convention_school s CROSS JOIN convention c ON c.id = s.convention WHERE s.establishment = ''",
        "s.convention"
    ),
    postgres: in_force_there!(
        "convention_school s JOIN convention c ON c.id = s.convention WHERE s.establishment = ''",
        "s.convention"
    ),
};
const MEETING: Sql = Sql::Each {
    sqlite: in_force_there!(
        "convention c WHERE c.id IN (SELECT h.convention FROM convention_home h
            WHERE h.establishment IN (SELECT value FROM json_each($5)))
            AND EXISTS (SELECT 1 FROM convention_school s WHERE s.establishment = '' AND s.convention = c.id)",
        "c.id"
    ),
    postgres: in_force_there!(
        "convention c WHERE c.id IN (SELECT h.convention FROM convention_home h WHERE h.establishment = ANY($5))
            AND EXISTS (SELECT 1 FROM convention_school s WHERE s.establishment = '' AND s.convention = c.id)",
        "c.id"
    ),
};
const CONVENTIONS_NAMED: Sql = Sql::Each {
    sqlite: "SELECT doc, state FROM convention WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id LIMIT 200",
    postgres: "SELECT doc, state FROM convention WHERE id = ANY($1) ORDER BY id LIMIT 200",
};
const PUT_PAIR: &str = "INSERT INTO school_pair (college, doc) VALUES ($1, $2)
    ON CONFLICT (college) DO UPDATE SET doc = excluded.doc";
const PAIR: &str = "SELECT doc FROM school_pair WHERE college = $1";
const OF_SECTOR: Sql = Sql::Each {
    sqlite: "SELECT uai FROM establishment
        WHERE json_extract(doc, '$.sector') IS NOT NULL AND json_extract(doc, '$.sector') = $1 ORDER BY uai LIMIT 200",
    postgres:
        "SELECT uai FROM establishment
        WHERE doc::json ->> 'sector' IS NOT NULL AND (doc::json ->> 'sector') COLLATE \"C\" = $1 ORDER BY uai LIMIT 200",
};
const SPACE: &str = "SELECT doc, closed FROM space WHERE id = $1";
const SPACES_NAMED: Sql = Sql::Each {
    sqlite: "SELECT doc, closed FROM space WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id LIMIT 200",
    postgres: "SELECT doc, closed FROM space WHERE id = ANY($1) ORDER BY id LIMIT 200",
};
const SPACES: &str = "SELECT doc, closed FROM space WHERE id > $1 ORDER BY id LIMIT $2";
const SPACES_AT: &str = "SELECT doc, closed FROM space WHERE host = $1 ORDER BY closed, ends DESC, id
    LIMIT $3 OFFSET $2";
const TO_REMIND_OF: &str = "SELECT doc, closed FROM space
    WHERE closed = 0 AND ends > $1 AND ends <= $2 AND (reminded IS NULL OR reminded <> ends)
        AND 3 * (ends - $1) <= ends - begins
    ORDER BY ends, id LIMIT $3";
const REMINDED: &str = "UPDATE space SET reminded = $2 WHERE id = $1";

/// From the members, by their key, to their spaces: SQLite is kept to this order.
const SPACES_OF: Sql = Sql::Each {
    sqlite: "SELECT s.id, s.host, m.role, s.services, s.begins, s.ends, m.member
        FROM space_member m CROSS JOIN space s ON s.id = m.space
        WHERE m.member IN (SELECT value FROM json_each($1)) AND s.closed = 0 AND s.ends > $2 ORDER BY s.id LIMIT $3",
    postgres: "SELECT s.id, s.host, m.role, s.services, s.begins, s.ends, m.member
        FROM space_member m JOIN space s ON s.id = m.space
        WHERE m.member = ANY($1) AND s.closed = 0 AND s.ends > $2 ORDER BY s.id LIMIT $3",
};
const SPACES_OF_GUEST: Sql = Sql::Each {
    sqlite: "SELECT s.id, s.host, m.role, s.services, max(s.begins, c.begins), min(s.ends, c.ends, g.ends), ''
        FROM guest g CROSS JOIN convention c ON c.id = g.convention
            CROSS JOIN space_member m ON m.member = $2 CROSS JOIN space s ON s.id = m.space
        WHERE g.person = $1 AND g.ended IS NULL AND c.state = 'signed-by-both' AND s.convention = g.convention
            AND s.closed = 0 AND s.ends > $3 AND c.ends > $3 AND g.ends > $3 ORDER BY s.id LIMIT $4",
    postgres: "SELECT s.id, s.host, m.role, s.services, greatest(s.begins, c.begins), least(s.ends, c.ends, g.ends), ''
        FROM guest g JOIN convention c ON c.id = g.convention
            JOIN space_member m ON m.member = $2 JOIN space s ON s.id = m.space
        WHERE g.person = $1 AND g.ended IS NULL AND c.state = 'signed-by-both' AND s.convention = g.convention
            AND s.closed = 0 AND s.ends > $3 AND c.ends > $3 AND g.ends > $3 ORDER BY s.id LIMIT $4",
};

const GUEST: &str = "SELECT person, batch, ends, ended, doc FROM guest WHERE person = $1
    ORDER BY ended IS NOT NULL, ends DESC, convention LIMIT 1";
const GUESTS_NAMED: Sql = Sql::Each {
    sqlite: "SELECT person, batch, ends, ended, doc FROM guest WHERE person IN (SELECT value FROM json_each($1))
        ORDER BY person, ended IS NOT NULL, ends DESC, convention",
    postgres: "SELECT person, batch, ends, ended, doc FROM guest WHERE person = ANY($1)
        ORDER BY person, ended IS NOT NULL, ends DESC, convention",
};
const OF_CONVENTION: &str = "SELECT person, batch, ends, ended, doc FROM guest
    WHERE convention = $1 AND person > $2 ORDER BY person LIMIT $3";
const OF_BATCH: &str = "SELECT g.person, g.batch, g.ends, g.ended, g.doc
    FROM space_member m JOIN space s ON s.id = m.space
        JOIN guest g ON g.person = substr(m.member, 8) AND g.convention = s.convention
    WHERE m.batch = $1 AND m.batch <> '' AND g.person > $2 ORDER BY g.person LIMIT $3";
const OPEN_UNDER: &str = "SELECT id FROM space WHERE host = $1 AND convention = $2 AND closed = 0 ORDER BY id";
/// From the space to the guests in it, by their names: SQLite is kept to this order.
const OF_SPACE: Sql = Sql::Each {
    sqlite: "SELECT g.person, g.batch, g.ends, g.ended, g.doc
        FROM space s CROSS JOIN space_member m ON m.space = s.id
            CROSS JOIN guest g ON g.person = substr(m.member, 8) AND g.convention = s.convention
        WHERE s.id = $1 AND m.batch <> '' AND g.person > $2 ORDER BY g.person LIMIT $3",
    postgres: "SELECT g.person, g.batch, g.ends, g.ended, g.doc
        FROM space s JOIN space_member m ON m.space = s.id
            JOIN guest g ON g.person = substr(m.member, 8) AND g.convention = s.convention
        WHERE s.id = $1 AND m.batch <> '' AND g.person > $2 ORDER BY g.person LIMIT $3",
};
/// The same of several spaces, with what their accounts are called.
const IN_SPACES: Sql = Sql::Each {
    sqlite: "SELECT g.person, g.batch, g.ends, g.ended, g.doc, s.id, p.doc
        FROM space s CROSS JOIN space_member m ON m.space = s.id
            CROSS JOIN guest g ON g.person = substr(m.member, 8) AND g.convention = s.convention
            CROSS JOIN person p ON p.id = g.person
        WHERE s.id IN (SELECT value FROM json_each($1)) AND m.batch <> '' AND g.person > $2
        ORDER BY s.id, g.person LIMIT $3",
    postgres: "SELECT g.person, g.batch, g.ends, g.ended, g.doc, s.id, p.doc
        FROM space s JOIN space_member m ON m.space = s.id
            JOIN guest g ON g.person = substr(m.member, 8) AND g.convention = s.convention
            JOIN person p ON p.id = g.person
        WHERE s.id = ANY($1) AND m.batch <> '' AND g.person > $2 ORDER BY s.id, g.person LIMIT $3",
};
/// Who was a guest by a list for a space of an establishment, and is nobody's any more.
macro_rules! departed {
    ($from:literal, $which:literal) => {
        concat!(
            "SELECT p.id, p.source, p.join_key, p.state, p.doc, g.person, g.batch, g.ends, g.ended, g.doc, l.at, s.doc FROM ",
            $from,
            " WHERE s.host = $1 AND ",
            $which,
            " AND g.ended IS NOT NULL AND p.source = $4 AND p.state = 'suspended' AND p.account IS NULL
            ORDER BY g.person, g.convention LIMIT $3"
        )
    };
}
/// From an establishment to its spaces, the lists that came for them, and those whom such a list was the last to bring: SQLite is kept to this order.
const DEPARTED: Sql = Sql::Each {
    sqlite: departed!(
        "space s CROSS JOIN guest_list l ON l.space = s.id AND l.sent = 0
            CROSS JOIN guest g ON g.batch = l.id AND g.convention = l.convention CROSS JOIN person p ON p.id = g.person",
        "(g.person, g.convention) > ($2, $5)"
    ),
    postgres: departed!(
        "space s JOIN guest_list l ON l.space = s.id AND l.sent = 0
            JOIN guest g ON g.batch = l.id AND g.convention = l.convention JOIN person p ON p.id = g.person",
        "(g.person, g.convention) > ($2, $5)"
    ),
};
/// The same from one guest to the list that brought them, by its name, and its space.
const DEPARTURE: Sql = Sql::Each {
    sqlite: departed!(
        "guest g CROSS JOIN guest_list l ON l.convention = g.convention AND l.id = g.batch AND l.sent = 0
            CROSS JOIN space s ON s.id = l.space CROSS JOIN person p ON p.id = g.person",
        "g.person = $2"
    ),
    postgres: departed!(
        "guest g JOIN guest_list l ON l.convention = g.convention AND l.id = g.batch AND l.sent = 0
            JOIN space s ON s.id = l.space JOIN person p ON p.id = g.person",
        "g.person = $2"
    ),
};
const IS_IN: &str = "SELECT space FROM space_member WHERE member = $1 AND space = $2 AND batch <> ''";
const COUNT: &str = "SELECT count(*) FROM guest WHERE convention = $1 AND ended IS NULL";
const KNOWN: Sql = Sql::Each {
    sqlite: "SELECT p.join_key FROM person p JOIN guest g ON g.person = p.id
        WHERE p.source = $1 AND p.join_key IN (SELECT value FROM json_each($2)) AND g.convention = $3 AND g.ended IS NULL",
    postgres: "SELECT p.join_key FROM person p JOIN guest g ON g.person = p.id
        WHERE p.source = $1 AND p.join_key = ANY($2) AND g.convention = $3 AND g.ended IS NULL",
};
const RENEW: &str = "UPDATE guest SET ends = $2 WHERE ended IS NULL AND ends < $2
    AND convention = (SELECT convention FROM space WHERE id = $1)
    AND person IN (SELECT substr(member, 8) FROM space_member WHERE space = $1 AND batch <> '')";
const USED: &str = "UPDATE guest SET used = $2 WHERE person = $1 AND used < $2";
const LISTS_OF_SPACE: &str = "SELECT doc, withdrawn FROM guest_list WHERE space = $1 AND sent = 0
    ORDER BY at DESC, convention, id LIMIT $3 OFFSET $2";
const LISTS_OF_HOME: &str = "SELECT doc, withdrawn FROM guest_list WHERE home = $1 AND sent = 1
    ORDER BY at DESC, convention, id LIMIT $3 OFFSET $2";
const LISTS_OF_PERSON: Sql = Sql::Each {
    sqlite: "SELECT doc, withdrawn FROM guest_list WHERE home = $1 AND sent = 1 AND json_extract(doc, '$.by') = $4
        ORDER BY at DESC, convention, id LIMIT $3 OFFSET $2",
    postgres: "SELECT doc, withdrawn FROM guest_list WHERE home = $1 AND sent = 1 AND (doc::json ->> 'by') = $4
        ORDER BY at DESC, convention, id LIMIT $3 OFFSET $2",
};
/// Not what was taken back before it came, of which nothing else is known.
const LIST: &str =
    "SELECT doc, withdrawn FROM guest_list WHERE convention = $1 AND id = $2 AND sent = $3 AND space <> ''";
const NOTE_LIST: &str = "INSERT INTO guest_list (convention, id, sent, space, home, at, withdrawn, doc)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (convention, id, sent) DO UPDATE SET withdrawn = excluded.withdrawn";

/// The port's bounds.
const MOST: usize = 1_000;
const MOST_ADMITTED: usize = 20_000;

/// As it was written, and stopped where somebody stopped it since.
fn convention(row: &Row) -> Result<Convention> {
    let state = doc::word("convention", row.text(1)?)?;
    Ok(Convention { state, ..doc::read("convention", row.text(0)?)? })
}

fn space(row: &Row) -> Result<Space> {
    Ok(Space { closed: row.int(1)? != 0, ..doc::read("space", row.text(0)?)? })
}

fn guest(row: &Row) -> Result<Guest> {
    guest_from(row, 0)
}

/// The guest in the five columns from that one on.
fn guest_from(row: &Row, first: usize) -> Result<Guest> {
    Ok(Guest {
        person: PersonId::new(row.text(first)?),
        batch: row.text(first + 1)?.to_owned(),
        until: row.instant(first + 2)?,
        ended: row.int_or_none(first + 3)?.map(Instant),
        ..doc::read("guest", row.text(first + 4)?)?
    })
}

fn hosted(row: &Row) -> Result<Hosted> {
    let person: Person = doc::read("person", row.text(6)?)?;
    Ok(Hosted { space: row.text(5)?.to_owned(), guest: guest(row)?, name: person.display_name() })
}

fn departed(row: &Row) -> Result<Departed> {
    let space: Space = doc::read("space", row.text(11)?)?;
    Ok(Departed { guest: guest_from(row, 5)?, person: person(row)?, space: space.title, since: row.instant(10)? })
}

fn list(row: &Row) -> Result<GuestList> {
    Ok(GuestList { withdrawn: row.int_or_none(1)?.map(Instant), ..doc::read("list of guests", row.text(0)?)? })
}

fn list_values(list: &GuestList) -> Result<Vec<Arg>> {
    let text = doc::write("list of guests", &GuestList { withdrawn: None, ..list.clone() })?;
    let (home, sent) = (list.home.as_str(), i64::from(list.sent));
    Ok(args![
        list.convention.as_str(),
        list.id.as_str(),
        sent,
        list.space.as_str(),
        home,
        list.at,
        list.withdrawn,
        text
    ])
}

/// Each space once, with the most of its roles; the rows are in the order of the spaces.
fn grants(rows: &[Row]) -> Result<Vec<SpaceGrant>> {
    let mut grants: Vec<SpaceGrant> = Vec::with_capacity(rows.len());
    for row in rows {
        let role: Role = doc::word("role", row.text(2)?)?;
        // The key of a class begins with the number of its establishment.
        let by: Option<Uai> = row.text(6)?.split('/').next().and_then(|uai| uai.parse().ok());
        match grants.last_mut() {
            Some(last) if last.space == row.text(0)? => {
                last.role = last.role.max(role);
                let new = by.filter(|uai| !last.by.contains(uai));
                last.by.extend(new);
            }
            _ => grants.push(SpaceGrant {
                space: row.text(0)?.to_owned(),
                host: row.text(1)?.parse().map_err(|_| StoreError::Backend("a stored space has no host".into()))?,
                by: by.into_iter().collect(),
                role,
                services: doc::read::<Vec<ServiceId>>("space", row.text(3)?)?,
                from: row.instant(4)?,
                until: row.instant(5)?,
            }),
        }
    }
    Ok(grants)
}

fn texts(rows: &[Row]) -> Result<Vec<String>> {
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

fn count(row: Option<Row>) -> Result<u64> {
    let number = row.map_or(Ok(0), |row| row.int(0))?;
    Ok(u64::try_from(number).unwrap_or(0))
}

#[async_trait]
impl Hosting for Back {
    async fn put_convention(&self, convention: &Convention, before: Option<&Convention>) -> Result<()> {
        let (convention, before) = (convention.clone(), before.cloned());
        let written = self.write(Shape::Checked, move |link| {
            Box::pin(async move { framing::put_convention(link, &convention, before.as_ref()).await })
        });
        written.await
    }

    async fn convention(&self, id: &str) -> Result<Option<Convention>> {
        self.row(CONVENTION, args![id]).await?.as_ref().map(convention).transpose()
    }

    async fn conventions(&self, after: &str, limit: u32) -> Result<Vec<Convention>> {
        self.rows(CONVENTIONS, args![after, limit]).await?.iter().map(convention).collect()
    }

    async fn conventions_of(
        &self,
        at: &Uai,
        which: ConventionsAt<'_>,
        now: Instant,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Convention>> {
        let mut values = args![at.as_str(), after, now, limit];
        let sql = match which {
            ConventionsAt::Named => NAMING,
            ConventionsAt::ForAll => FOR_ALL,
            ConventionsAt::Meeting(theirs) => {
                values.extend(args![theirs.iter().map(ToString::to_string).collect::<Vec<String>>()]);
                MEETING
            }
        };
        self.rows(sql, values).await?.iter().map(convention).collect()
    }

    async fn conventions_named(&self, ids: &[String]) -> Result<Vec<Convention>> {
        self.rows(CONVENTIONS_NAMED, args![ids.to_vec()]).await?.iter().map(convention).collect()
    }

    async fn stop_convention(&self, id: &str, state: ConventionState, now: Instant) -> Result<Option<u64>> {
        let id = id.to_owned();
        let stopped = self.leaving(move |link| Box::pin(ending::stop_convention(link, id, state, now))).await?;
        Ok(stopped)
    }

    async fn put_school_pair(&self, pair: &SchoolPair) -> Result<()> {
        let values = args![pair.college.as_str(), doc::write("pair of schools", pair)?];
        self.changed(PUT_PAIR, values).await.map(drop)
    }

    async fn school_pair(&self, college: &Uai) -> Result<Option<SchoolPair>> {
        let row = self.row(PAIR, args![college.as_str()]).await?;
        row.map(|row| doc::read("pair of schools", row.text(0)?)).transpose()
    }

    async fn ecoles_of_sector(&self, college: &Uai) -> Result<Vec<Uai>> {
        let wrong = |_| StoreError::Backend("a stored establishment has no number".into());
        let ecoles = texts(&self.rows(OF_SECTOR, args![college.as_str()]).await?)?;
        ecoles.iter().map(|uai| uai.parse().map_err(wrong)).collect()
    }

    async fn put_space(&self, space: &Space, before: Option<&Space>, now: Instant) -> Result<u64> {
        let (space, before) = (space.clone(), before.cloned());
        self.leaving(move |link| Box::pin(async move { framing::put_space(link, &space, before.as_ref(), now).await }))
            .await
    }

    async fn close_space(&self, id: &str, now: Instant) -> Result<Option<u64>> {
        let id = id.to_owned();
        self.leaving(move |link| Box::pin(ending::close_space(link, id, now))).await
    }

    async fn space(&self, id: &str) -> Result<Option<Space>> {
        self.row(SPACE, args![id]).await?.as_ref().map(space).transpose()
    }

    async fn spaces_named(&self, ids: &[String]) -> Result<Vec<Space>> {
        self.rows(SPACES_NAMED, args![ids.to_vec()]).await?.iter().map(space).collect()
    }

    async fn spaces(&self, after: &str, limit: u32) -> Result<Vec<Space>> {
        self.rows(SPACES, args![after, limit]).await?.iter().map(space).collect()
    }

    async fn spaces_at(&self, host: &Uai, skip: u32, limit: u32) -> Result<Vec<Space>> {
        self.rows(SPACES_AT, args![host.as_str(), skip, limit]).await?.iter().map(space).collect()
    }

    async fn spaces_to_remind_of(&self, now: Instant, until: Instant, limit: u32) -> Result<Vec<Space>> {
        self.rows(TO_REMIND_OF, args![now, until, limit]).await?.iter().map(space).collect()
    }

    async fn note_reminded(&self, id: &str, of: Instant) -> Result<()> {
        self.changed(REMINDED, args![id, of]).await.map(drop)
    }

    async fn open_spaces_under(&self, host: &Uai, convention: &str) -> Result<Vec<String>> {
        texts(&self.rows(OPEN_UNDER, args![host.as_str(), convention]).await?)
    }

    async fn spaces_of(&self, members: &[String], now: Instant) -> Result<Vec<SpaceGrant>> {
        // A row for each class of theirs that is in a space: of so many, so many spaces.
        let mut grants = grants(&self.rows(SPACES_OF, args![members.to_vec(), now, 20 * SpaceGrant::MOST]).await?)?;
        grants.truncate(SpaceGrant::MOST as usize);
        Ok(grants)
    }

    async fn spaces_of_guest(&self, person: &PersonId, now: Instant) -> Result<Vec<SpaceGrant>> {
        let values = args![person.as_str(), member_by_name(person), now, SpaceGrant::MOST];
        grants(&self.rows(SPACES_OF_GUEST, values).await?)
    }

    async fn guest(&self, person: &PersonId) -> Result<Option<Guest>> {
        self.row(GUEST, args![person.as_str()]).await?.as_ref().map(guest).transpose()
    }

    async fn guests_named(&self, people: &[PersonId]) -> Result<Vec<Guest>> {
        if people.len() > MOST {
            return Err(StoreError::Backend(format!("at most {MOST} at once, not {}", people.len())));
        }
        let people: Vec<String> = people.iter().map(ToString::to_string).collect();
        let rows = self.many_rows(GUESTS_NAMED, args![people]).await?;
        let mut guests: Vec<Guest> = rows.iter().map(guest).collect::<Result<_>>()?;
        // Of several conventions of one the first.
        guests.dedup_by(|one, before| one.person == before.person);
        Ok(guests)
    }

    async fn guests(&self, of: GuestsOf<'_>, after: &PersonId, limit: u32) -> Result<Vec<Guest>> {
        let (sql, name): (Sql, _) = match of {
            GuestsOf::Convention(name) => (OF_CONVENTION.into(), name),
            GuestsOf::Space(name) => (OF_SPACE, name),
            GuestsOf::Batch(name) => (OF_BATCH.into(), name),
        };
        self.many_rows(sql, args![name, after.as_str(), limit]).await?.iter().map(guest).collect()
    }

    async fn guests_in(&self, spaces: &[String], after: &PersonId, limit: u32) -> Result<Vec<Hosted>> {
        self.many_rows(IN_SPACES, args![spaces.to_vec(), after.as_str(), limit]).await?.iter().map(hosted).collect()
    }

    async fn guest_count(&self, convention: &str) -> Result<u64> {
        count(self.row(COUNT, args![convention]).await?)
    }

    async fn guests_known(&self, convention: &str, keys: &[String]) -> Result<Vec<String>> {
        texts(&self.many_rows(KNOWN, args![GUESTS, keys.to_vec(), convention]).await?)
    }

    async fn admit(&self, admission: &Admission, now: Instant) -> Result<Admitted> {
        self.let_in(admission, now, true).await
    }

    async fn would_admit(&self, admission: &Admission, now: Instant) -> Result<Admitted> {
        self.let_in(admission, now, false).await
    }

    async fn withdraw(&self, convention: &str, batch: &str, now: Instant) -> Result<u64> {
        let (convention, batch) = (convention.to_owned(), batch.to_owned());
        self.leaving(move |link| Box::pin(ending::withdraw(link, convention, batch, now))).await
    }

    async fn note_list(&self, list: &GuestList) -> Result<()> {
        self.changed(NOTE_LIST, list_values(list)?).await.map(drop)
    }

    async fn lists(&self, of: ListsOf<'_>, skip: u32, limit: u32) -> Result<Vec<GuestList>> {
        let (sql, values): (Sql, _) = match of {
            ListsOf::Space(space) => (LISTS_OF_SPACE.into(), args![space, skip, limit]),
            ListsOf::Home(home) => (LISTS_OF_HOME.into(), args![home.as_str(), skip, limit]),
            ListsOf::SentBy(home, by) => (LISTS_OF_PERSON, args![home.as_str(), skip, limit, by.as_str()]),
        };
        self.rows(sql, values).await?.iter().map(list).collect()
    }

    async fn guest_list(&self, convention: &str, id: &str, sent: bool) -> Result<Option<GuestList>> {
        self.row(LIST, args![convention, id, i64::from(sent)]).await?.as_ref().map(list).transpose()
    }

    async fn end_guests(&self, people: &[PersonId], now: Instant) -> Result<u64> {
        if people.len() > MOST {
            return Err(StoreError::Backend(format!("at most {MOST} at once, not {}", people.len())));
        }
        let people = people.iter().map(|id| id.as_str().to_owned()).collect();
        self.leaving(move |link| Box::pin(ending::end(link, people, now))).await
    }

    async fn leave_space(&self, space: &str, people: &[PersonId], now: Instant) -> Result<u64> {
        if people.len() > MOST {
            return Err(StoreError::Backend(format!("at most {MOST} at once, not {}", people.len())));
        }
        let (space, members) = (space.to_owned(), people.iter().map(member_by_name).collect());
        self.leaving(move |link| Box::pin(ending::leave_space(link, space, members, now))).await
    }

    async fn stop_guest(
        &self,
        host: &Uai,
        space: Option<&str>,
        person: &PersonId,
        by_head: bool,
        now: Instant,
    ) -> Result<Option<u64>> {
        let at = (host.as_str().to_owned(), space.unwrap_or_default().to_owned());
        let person = person.as_str().to_owned();
        let mut out = 0;
        loop {
            let (at, person, there) = (at.clone(), person.clone(), args![at.0.as_str(), at.1.as_str()]);
            let work = self.leaving(move |link| Box::pin(stops::guest(link, at, person, by_head, now)));
            let Some((left, held)) = work.await? else { return Ok(None) };
            out += left;
            // By a convention whose first space was opened meanwhile they may have come in by a list that read no stop yet.
            let conventions = texts(&self.rows(stops::CONVENTIONS, there).await?)?;
            if conventions.iter().all(|one| held.contains(one)) {
                return Ok(Some(out));
            }
        }
    }

    async fn is_guest_in(&self, space: &str, person: &PersonId) -> Result<bool> {
        Ok(self.row(IS_IN, args![member_by_name(person), space]).await?.is_some())
    }

    async fn stop_of(&self, host: &Uai, whom: &str, space: Option<&str>) -> Result<Option<GuestStop>> {
        let row = self.row(stops::STOP_OF, args![host.as_str(), whom, space.unwrap_or_default()]).await?;
        row.map(|row| stops::read(host, &row)).transpose()
    }

    async fn allow_typing(&self, host: &Uai, convention: &str, now: Instant) -> Result<()> {
        self.changed(stops::ALLOW_TYPING, args![host.as_str(), convention, now]).await.map(drop)
    }

    async fn forbid_typing(&self, host: &Uai, convention: &str) -> Result<bool> {
        let (host, convention) = (host.as_str().to_owned(), convention.to_owned());
        self.write(Shape::Several, move |link| Box::pin(stops::forbid_typing(link, host, convention))).await
    }

    async fn typing_allowed(&self, host: &Uai, conventions: &[String]) -> Result<Vec<String>> {
        texts(&self.rows(stops::TYPING_ALLOWED, args![host.as_str(), conventions.to_vec()]).await?)
    }

    async fn stop_here(&self, host: &Uai, convention: &str, now: Instant) -> Result<()> {
        let (host, convention) = (host.as_str().to_owned(), convention.to_owned());
        self.leaving(move |link| Box::pin(stops::convention(link, host, convention, now))).await
    }

    async fn stops(&self, of: StopsOf<'_>, skip: u32, limit: u32) -> Result<Vec<GuestStop>> {
        let (host, space, or) = stops::places(of);
        let rows = self.rows(stops::STOPS, args![host.as_str(), space, or, skip, limit]).await?;
        rows.iter().map(|row| stops::read(host, row)).collect()
    }

    async fn lift_stop(&self, lift: &StopLift) -> Result<bool> {
        let lift = lift.clone();
        self.write(Shape::Several, move |link| Box::pin(stops::lift(link, lift))).await
    }

    async fn lifts(&self, of: StopsOf<'_>, since: Instant, limit: u32) -> Result<Vec<StopLift>> {
        let (host, space, or) = stops::places(of);
        let rows = self.rows(stops::LIFTS, args![host.as_str(), space, or, since, limit]).await?;
        rows.iter().map(|row| stops::lifted(host, row)).collect()
    }

    async fn convert_guest(&self, guest: &PersonId, ours: &PersonId, how: Conversion, now: Instant) -> Result<bool> {
        let (guest, ours) = (guest.as_str().to_owned(), ours.as_str().to_owned());
        let pair = if how.keep_guest { (guest.clone(), ours) } else { (ours, guest.clone()) };
        match self.leaving(move |link| Box::pin(ending::convert(link, guest, pair, how.despite, now))).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(other) => Err(other),
        }
    }

    async fn departed(&self, host: &Uai, after: (&PersonId, &str), limit: u32) -> Result<Vec<Departed>> {
        let values = args![host.as_str(), after.0.as_str(), limit, GUESTS, after.1];
        self.many_rows(DEPARTED, values).await?.iter().map(departed).collect()
    }

    async fn departure(&self, host: &Uai, person: &PersonId) -> Result<Vec<Departed>> {
        let values = args![host.as_str(), person.as_str(), SpaceGrant::MOST, GUESTS];
        self.rows(DEPARTURE, values).await?.iter().map(departed).collect()
    }

    async fn renew_guests(&self, space: &str, until: Instant) -> Result<u64> {
        self.changed(RENEW, args![space, until]).await
    }

    async fn guest_used(&self, person: &PersonId, now: Instant) -> Result<()> {
        self.changed(USED, args![person.as_str(), now]).await.map(drop)
    }

    async fn end_due_guests(&self, now: Instant, unused_since: Instant, limit: u32) -> Result<DueGuests> {
        let done = self.leaving(move |link| Box::pin(ending::end_due(link, now, unused_since, limit))).await?;
        let (ended, more) = done;
        Ok(DueGuests { ended: ended.into_iter().map(PersonId::new).collect(), more })
    }
}
