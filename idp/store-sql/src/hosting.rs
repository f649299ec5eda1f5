//! Conventions, spaces and guests.

use crate::back::{Back, Shape};
use crate::bulk::{Bulk, Kind};
use crate::link::{Arg, Link, Row, Sql, args};
use crate::people::stop_whose_records_ended;
use crate::{doc, written};
use async_trait::async_trait;
use preau_domain::{
    Convention, GUESTS, Guest, Instant, PersonId, Role, SchoolPair, ServiceId, SessionId, Space, SpaceGrant, Uai,
    member_by_name,
};
use preau_store::{Admission, Admitted, GuestsOf, Hosting, NewGuest, PersonChange, Result, StoreError, Told};
use std::collections::{BTreeMap, HashSet};

const ADD_CONVENTION: &str = "INSERT INTO convention (id, state, begins, ends, quota, doc)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
const REPLACE_CONVENTION: &str = "UPDATE convention SET state = $2, begins = $3, ends = $4, quota = $5, doc = $6
    WHERE id = $1 AND doc = $7";
const CONVENTION: &str = "SELECT doc FROM convention WHERE id = $1";
const CONVENTIONS: &str = "SELECT doc FROM convention WHERE id > $1 ORDER BY id LIMIT $2";
const PUT_PAIR: &str = "INSERT INTO school_pair (college, doc) VALUES ($1, $2)
    ON CONFLICT (college) DO UPDATE SET doc = excluded.doc";
const PAIR: &str = "SELECT doc FROM school_pair WHERE college = $1";
const ADD_SPACE: &str = "INSERT INTO space (id, host, convention, services, begins, ends, closed, doc)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
const REPLACE_SPACE: &str = "UPDATE space SET host = $2, convention = $3, services = $4, begins = $5, ends = $6,
        closed = $7, doc = $8
    WHERE id = $1 AND doc = $9";
const SPACE: &str = "SELECT doc FROM space WHERE id = $1";
const SPACES: &str = "SELECT doc FROM space WHERE id > $1 ORDER BY id LIMIT $2";
const FORGET_GROUPS: &str = "DELETE FROM space_member WHERE space = $1 AND batch = ''";

/// From the members, by their key, to their spaces: SQLite is kept to this order.
const SPACES_OF: Sql = Sql::Each {
    sqlite: "SELECT s.id, s.host, m.role, s.services, s.begins, s.ends
        FROM space_member m CROSS JOIN space s ON s.id = m.space
        WHERE m.member IN (SELECT value FROM json_each($1)) AND s.closed = 0 AND s.ends > $2 ORDER BY s.id LIMIT $3",
    postgres: "SELECT s.id, s.host, m.role, s.services, s.begins, s.ends
        FROM space_member m JOIN space s ON s.id = m.space
        WHERE m.member = ANY($1) AND s.closed = 0 AND s.ends > $2 ORDER BY s.id LIMIT $3",
};
const SPACES_OF_GUEST: Sql = Sql::Each {
    sqlite: "SELECT s.id, s.host, m.role, s.services, max(s.begins, c.begins), min(s.ends, c.ends, g.ends)
        FROM guest g CROSS JOIN convention c ON c.id = g.convention
            CROSS JOIN space_member m ON m.member = $2 CROSS JOIN space s ON s.id = m.space
        WHERE g.person = $1 AND g.ended IS NULL AND c.state = 'signed-by-both' AND s.convention = g.convention
            AND s.closed = 0 AND s.ends > $3 AND c.ends > $3 AND g.ends > $3 ORDER BY s.id LIMIT $4",
    postgres: "SELECT s.id, s.host, m.role, s.services, greatest(s.begins, c.begins), least(s.ends, c.ends, g.ends)
        FROM guest g JOIN convention c ON c.id = g.convention
            JOIN space_member m ON m.member = $2 JOIN space s ON s.id = m.space
        WHERE g.person = $1 AND g.ended IS NULL AND c.state = 'signed-by-both' AND s.convention = g.convention
            AND s.closed = 0 AND s.ends > $3 AND c.ends > $3 AND g.ends > $3 ORDER BY s.id LIMIT $4",
};

const GUEST: &str = "SELECT person, batch, ends, ended, doc FROM guest WHERE person = $1";
const OF_CONVENTION: &str = "SELECT person, batch, ends, ended, doc FROM guest
    WHERE convention = $1 AND person > $2 ORDER BY person LIMIT $3";
const OF_BATCH: &str = "SELECT person, batch, ends, ended, doc FROM guest
    WHERE batch = $1 AND person > $2 ORDER BY person LIMIT $3";
const OF_SPACE: &str = "SELECT g.person, g.batch, g.ends, g.ended, g.doc
    FROM space_member m JOIN guest g ON m.member = 'person/' || g.person
    WHERE m.space = $1 AND g.person > $2 ORDER BY g.person LIMIT $3";
const COUNT: &str = "SELECT count(*) FROM guest WHERE convention = $1 AND ended IS NULL";

/// Whoever admits guests by a convention waits for whoever does: so their number is never more than was looked at.
const ADMITTING: Sql = Sql::Each {
    sqlite: "SELECT state, begins, ends, quota FROM convention WHERE id = $1",
    postgres: "SELECT state, begins, ends, quota FROM convention WHERE id = $1 FOR UPDATE",
};
const OPEN_SPACE: &str = "SELECT id FROM space WHERE id = $1 AND convention = $2 AND closed = 0 AND ends > $3";
const ARE_GUESTS: Sql = Sql::Each {
    sqlite: "SELECT count(*) FROM guest WHERE person IN (SELECT value FROM json_each($1)) AND ended IS NULL",
    postgres: "SELECT count(*) FROM guest WHERE person = ANY($1) AND ended IS NULL",
};
/// Guests who were joined with a record of ours: the link of a list would open that account.
const ARE_OURS: Sql = Sql::Each {
    sqlite: "SELECT join_key FROM person WHERE source = $1 AND join_key IN (SELECT value FROM json_each($2))
        AND (account IS NOT NULL OR EXISTS (SELECT 1 FROM person further WHERE further.account = person.id))",
    postgres: "SELECT join_key FROM person WHERE source = $1 AND join_key = ANY($2)
        AND (account IS NOT NULL OR EXISTS (SELECT 1 FROM person further WHERE further.account = person.id))",
};
static GUEST_ROWS: Bulk = Bulk::new(
    "guest",
    &[
        ("person", Kind::Text),
        ("convention", Kind::Text),
        ("batch", Kind::Text),
        ("ends", Kind::Int),
        ("used", Kind::Int),
        ("doc", Kind::Text),
    ],
    "ON CONFLICT (person) DO UPDATE SET
        batch = CASE WHEN guest.ended IS NULL THEN guest.batch ELSE excluded.batch END,
        ends = CASE WHEN guest.ended IS NULL AND guest.ends > excluded.ends THEN guest.ends ELSE excluded.ends END,
        used = excluded.used, doc = excluded.doc, ended = NULL",
);
static LINKS: Bulk = Bulk::new(
    "link",
    &[
        ("provider", Kind::Text),
        ("issuer", Kind::Text),
        ("subject", Kind::Text),
        ("person", Kind::Text),
        ("at", Kind::Int),
    ],
    "ON CONFLICT DO NOTHING",
);
static MEMBERS: Bulk = Bulk::new(
    "space_member",
    &[("member", Kind::Text), ("space", Kind::Text), ("role", Kind::Text), ("batch", Kind::Text)],
    "ON CONFLICT (member, space) DO UPDATE SET role = excluded.role",
);

const WITHDRAW: &str = "DELETE FROM space_member WHERE batch = $1";
const IN_NONE: &str = "SELECT person FROM guest WHERE batch = $1 AND ended IS NULL
    AND NOT EXISTS (SELECT 1 FROM space_member m WHERE m.member = 'person/' || guest.person) ORDER BY person";
const END: Sql = Sql::Each {
    sqlite: "UPDATE guest SET ended = $2
        WHERE person IN (SELECT value FROM json_each($1)) AND ended IS NULL RETURNING person",
    postgres: "UPDATE guest SET ended = $2 WHERE person = ANY($1) AND ended IS NULL RETURNING person",
};
const LEAVE: Sql = Sql::Each {
    sqlite: "DELETE FROM space_member WHERE member IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM space_member WHERE member = ANY($1)",
};
const SUSPEND: Sql = Sql::Each {
    sqlite: "UPDATE person SET state = 'suspended', written = NULL
        WHERE id IN (SELECT value FROM json_each($1)) AND source = $2 AND state IN ('active', 'precreated')",
    postgres: "UPDATE person SET state = 'suspended', written = NULL
        WHERE id = ANY($1) AND source = $2 AND state IN ('active', 'precreated')",
};
const RENEW: &str = "UPDATE guest SET ends = $2 WHERE ended IS NULL AND ends < $2
    AND EXISTS (SELECT 1 FROM space_member m WHERE m.member = 'person/' || guest.person AND m.space = $1)";
const USED: &str = "UPDATE guest SET used = $2 WHERE person = $1 AND used < $2";
const DUE: &str = "SELECT g.person FROM guest g JOIN convention c ON c.id = g.convention
    WHERE g.ended IS NULL AND (g.ends <= $1 OR g.used < $2 OR c.ends <= $1 OR c.state = 'ended'
        OR NOT EXISTS (SELECT 1 FROM space_member m JOIN space s ON s.id = m.space
            WHERE m.member = 'person/' || g.person AND s.closed = 0 AND s.ends > $1))
    ORDER BY g.person LIMIT $3";
const FORGET_ONE: &str = "DELETE FROM guest WHERE person = $1 AND ended IS NOT NULL";
const FORGET: Sql = Sql::Each {
    sqlite: "DELETE FROM guest WHERE person IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM guest WHERE person = ANY($1)",
};

/// The port's bounds.
const MOST: usize = 1_000;
const MOST_ADMITTED: usize = 20_000;

fn convention(row: &Row) -> Result<Convention> {
    doc::read("convention", row.text(0)?)
}

fn space(row: &Row) -> Result<Space> {
    doc::read("space", row.text(0)?)
}

fn guest(row: &Row) -> Result<Guest> {
    Ok(Guest {
        person: PersonId::new(row.text(0)?),
        batch: row.text(1)?.to_owned(),
        until: row.instant(2)?,
        ended: row.int_or_none(3)?.map(Instant),
        ..doc::read("guest", row.text(4)?)?
    })
}

/// Each space once, with the most of its roles; the rows are in the order of the spaces.
fn grants(rows: &[Row]) -> Result<Vec<SpaceGrant>> {
    let mut grants: Vec<SpaceGrant> = Vec::with_capacity(rows.len());
    for row in rows {
        let role: Role = doc::word("role", row.text(2)?)?;
        match grants.last_mut() {
            Some(last) if last.space == row.text(0)? => last.role = last.role.max(role),
            _ => grants.push(SpaceGrant {
                space: row.text(0)?.to_owned(),
                host: row.text(1)?.parse().map_err(|_| StoreError::Backend("a stored space has no host".into()))?,
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

/// Forgets what is known of purged guests.
pub(crate) async fn forget(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    let members = people.iter().map(|id| member_by_name(&PersonId::new(id.as_str()))).collect::<Vec<_>>();
    link.changed(LEAVE, args![members]).await?;
    link.changed(FORGET, args![people]).await.map(drop)
}

/// Ends guests; gives how many there were, and the sessions that fell.
async fn end(link: &mut Link<'_>, people: Vec<String>, now: Instant) -> Result<(u64, Vec<SessionId>)> {
    if people.is_empty() {
        return Ok((0, Vec::new()));
    }
    let mut ended = texts(&link.rows(END, args![people, now]).await?)?;
    ended.sort();
    let members = ended.iter().map(|id| member_by_name(&PersonId::new(id.as_str()))).collect::<Vec<_>>();
    link.changed(LEAVE, args![members]).await?;
    link.changed(SUSPEND, args![ended.clone(), GUESTS]).await?;
    let count = ended.len() as u64;
    Ok((count, stop_whose_records_ended(link, ended).await?))
}

/// Lets guests in; gives the sessions that fell, which are none.
async fn admit(
    link: &mut Link<'_>,
    admission: Admission,
    people: Vec<written::Writing>,
    now: Instant,
) -> Result<(Admitted, Vec<SessionId>)> {
    let not_in_force = (Admitted::NotInForce, Vec::new());
    let Some(row) = link.row(ADMITTING, args![admission.convention.as_str()]).await? else { return Ok(not_in_force) };
    let in_force = row.text(0)? == "signed-by-both" && row.instant(1)? <= now && now < row.instant(2)?;
    let open = link.row(OPEN_SPACE, args![admission.space.as_str(), admission.convention.as_str(), now]).await?;
    if !in_force || open.is_none() {
        return Ok(not_in_force);
    }
    let keys = admission.guests.iter().filter_map(|one| one.person.join.as_ref()).map(|join| join.key.clone());
    let keys: Vec<String> = keys.collect();
    let ours: HashSet<String> = texts(&link.rows(ARE_OURS, args![GUESTS, keys.clone()]).await?)?.into_iter().collect();
    if !ours.is_empty() {
        let is_ours = |one: &NewGuest| one.person.join.as_ref().is_some_and(|join| ours.contains(&join.key));
        let places = admission.guests.iter().enumerate().filter(|(_, one)| is_ours(one)).map(|(place, _)| place);
        return Ok((Admitted::AreOurs(places.collect()), Vec::new()));
    }
    let before = written::known(link, GUESTS, keys.clone()).await?.into_values().map(|one| one.id);
    let there = count(link.row(COUNT, args![admission.convention.as_str()]).await?)?;
    let known = count(link.row(ARE_GUESTS, args![before.collect::<Vec<_>>()]).await?)?;
    let quota = u64::try_from(row.int(3)?).unwrap_or(0);
    let more = (admission.guests.len() as u64).saturating_sub(known);
    if there + more > quota {
        return Ok((Admitted::OverQuota { quota, there, more }, Vec::new()));
    }
    let sessions = written::write(link, GUESTS, None, people).await?;
    let ids = written::known(link, GUESTS, keys).await?;
    let (mut rows, mut links, mut members) = (Vec::new(), Vec::new(), Vec::new());
    for one in &admission.guests {
        let id = one
            .person
            .join
            .as_ref()
            .and_then(|join| ids.get(&join.key))
            .map(|one| &one.id)
            .ok_or(StoreError::Conflict)?;
        let guest = &one.guest;
        let doc = doc::write("guest", guest)?;
        let batch = admission.batch.as_str();
        rows.extend(args![id.as_str(), admission.convention.as_str(), batch, guest.until, now, doc]);
        let who = &one.identity;
        links.extend(args![who.provider.as_str(), who.issuer.as_str(), who.subject.as_str(), id.as_str(), now]);
        let member = member_by_name(&PersonId::new(id.as_str()));
        members.extend(args![member, admission.space.as_str(), one.role.as_str(), batch]);
    }
    GUEST_ROWS.write(link, rows).await?;
    LINKS.write(link, links).await?;
    MEMBERS.write(link, members).await?;
    Ok((Admitted::All { added: more, known }, sessions))
}

fn convention_values(convention: &Convention) -> Result<Vec<Arg>> {
    Ok(args![
        convention.id.as_str(),
        convention.state.as_str(),
        convention.from,
        convention.until,
        convention.quota,
        doc::write("convention", convention)?
    ])
}

fn space_values(space: &Space) -> Result<Vec<Arg>> {
    Ok(args![
        space.id.as_str(),
        space.host.as_str(),
        space.convention.as_deref(),
        doc::write("space", &space.services)?,
        space.from,
        space.until,
        i64::from(space.closed),
        doc::write("space", space)?
    ])
}

#[async_trait]
impl Hosting for Back {
    async fn put_convention(&self, convention: &Convention, before: Option<&Convention>) -> Result<()> {
        let mut values = convention_values(convention)?;
        let written = match before {
            None => self.changed(ADD_CONVENTION, values).await?,
            Some(before) => {
                values.extend(args![doc::write("convention", before)?]);
                self.changed(REPLACE_CONVENTION, values).await?
            }
        };
        if written == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn convention(&self, id: &str) -> Result<Option<Convention>> {
        self.row(CONVENTION, args![id]).await?.as_ref().map(convention).transpose()
    }

    async fn conventions(&self, after: &str, limit: u32) -> Result<Vec<Convention>> {
        self.rows(CONVENTIONS, args![after, limit]).await?.iter().map(convention).collect()
    }

    async fn put_school_pair(&self, pair: &SchoolPair) -> Result<()> {
        let values = args![pair.college.as_str(), doc::write("pair of schools", pair)?];
        self.changed(PUT_PAIR, values).await.map(drop)
    }

    async fn school_pair(&self, college: &Uai) -> Result<Option<SchoolPair>> {
        let row = self.row(PAIR, args![college.as_str()]).await?;
        row.map(|row| doc::read("pair of schools", row.text(0)?)).transpose()
    }

    async fn put_space(&self, space: &Space, before: Option<&Space>) -> Result<()> {
        let (mut values, mut members) = (space_values(space)?, BTreeMap::new());
        for group in &space.groups {
            let role = members.entry(group.member()).or_insert(group.role);
            *role = group.role.max(*role);
        }
        let id = space.id.clone();
        let rows =
            members.into_iter().flat_map(|(member, role)| args![member, id.as_str(), role.as_str(), ""]).collect();
        let sql = if before.is_some() { REPLACE_SPACE } else { ADD_SPACE };
        if let Some(before) = before {
            values.extend(args![doc::write("space", before)?]);
        }
        self.write(Shape::Several, move |link| {
            Box::pin(async move {
                if link.changed(sql, values).await? == 0 {
                    return Err(StoreError::Conflict);
                }
                link.changed(FORGET_GROUPS, args![id]).await?;
                MEMBERS.write(link, rows).await
            })
        })
        .await
    }

    async fn space(&self, id: &str) -> Result<Option<Space>> {
        self.row(SPACE, args![id]).await?.as_ref().map(space).transpose()
    }

    async fn spaces(&self, after: &str, limit: u32) -> Result<Vec<Space>> {
        self.rows(SPACES, args![after, limit]).await?.iter().map(space).collect()
    }

    async fn spaces_of(&self, members: &[String], now: Instant) -> Result<Vec<SpaceGrant>> {
        grants(&self.rows(SPACES_OF, args![members.to_vec(), now, SpaceGrant::MOST]).await?)
    }

    async fn spaces_of_guest(&self, person: &PersonId, now: Instant) -> Result<Vec<SpaceGrant>> {
        let values = args![person.as_str(), member_by_name(person), now, SpaceGrant::MOST];
        grants(&self.rows(SPACES_OF_GUEST, values).await?)
    }

    async fn guest(&self, person: &PersonId) -> Result<Option<Guest>> {
        self.row(GUEST, args![person.as_str()]).await?.as_ref().map(guest).transpose()
    }

    async fn guests(&self, of: GuestsOf<'_>, after: &PersonId, limit: u32) -> Result<Vec<Guest>> {
        let (sql, name) = match of {
            GuestsOf::Convention(name) => (OF_CONVENTION, name),
            GuestsOf::Space(name) => (OF_SPACE, name),
            GuestsOf::Batch(name) => (OF_BATCH, name),
        };
        self.many_rows(sql, args![name, after.as_str(), limit]).await?.iter().map(guest).collect()
    }

    async fn guest_count(&self, convention: &str) -> Result<u64> {
        count(self.row(COUNT, args![convention]).await?)
    }

    async fn admit(&self, admission: &Admission, now: Instant) -> Result<Admitted> {
        if admission.guests.len() > MOST_ADMITTED {
            return Err(StoreError::Backend(format!("at most {MOST_ADMITTED} guests at once")));
        }
        let is_guest = |one: &NewGuest| one.person.is_hosted();
        if !admission.guests.iter().all(is_guest) || admission.batch.is_empty() {
            return Err(StoreError::Backend("a guest has the key of a guest, and a list has a name".into()));
        }
        let change =
            |one: &NewGuest| PersonChange { person: one.person.clone(), digest: String::new(), told: Told::default() };
        let changes: Vec<PersonChange> = admission.guests.iter().map(change).collect();
        let Some(people) = written::in_order(None, &changes)?.remove(GUESTS) else {
            return Ok(Admitted::All { added: 0, known: 0 });
        };
        let keys = admission.guests.iter().filter_map(|one| one.person.join.as_ref());
        if keys.collect::<HashSet<_>>().len() != admission.guests.len() {
            return Err(StoreError::Conflict);
        }
        let admission = admission.clone();
        let written = self.write(Shape::Several, move |link| Box::pin(admit(link, admission, people, now)));
        let (admitted, sessions) = written.await?;
        self.forget_tickets(&sessions);
        Ok(admitted)
    }

    async fn withdraw(&self, batch: &str, now: Instant) -> Result<u64> {
        if batch.is_empty() {
            return Ok(0);
        }
        let batch = batch.to_owned();
        let written = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                link.changed(WITHDRAW, args![batch.clone()]).await?;
                let people = texts(&link.rows(IN_NONE, args![batch]).await?)?;
                end(link, people, now).await
            })
        });
        let (ended, sessions) = written.await?;
        self.forget_tickets(&sessions);
        Ok(ended)
    }

    async fn end_guests(&self, people: &[PersonId], now: Instant) -> Result<u64> {
        if people.len() > MOST {
            return Err(StoreError::Backend(format!("at most {MOST} at once, not {}", people.len())));
        }
        let people = people.iter().map(|id| id.as_str().to_owned()).collect();
        let written = self.write(Shape::Several, move |link| Box::pin(end(link, people, now)));
        let (ended, sessions) = written.await?;
        self.forget_tickets(&sessions);
        Ok(ended)
    }

    async fn forget_guest(&self, person: &PersonId) -> Result<bool> {
        Ok(self.changed(FORGET_ONE, args![person.as_str()]).await? > 0)
    }

    async fn renew_guests(&self, space: &str, until: Instant) -> Result<u64> {
        self.changed(RENEW, args![space, until]).await
    }

    async fn guest_used(&self, person: &PersonId, now: Instant) -> Result<()> {
        self.changed(USED, args![person.as_str(), now]).await.map(drop)
    }

    async fn guests_due(&self, now: Instant, unused_since: Instant, limit: u32) -> Result<Vec<PersonId>> {
        let rows = self.many_rows(DUE, args![now, unused_since, limit]).await?;
        Ok(texts(&rows)?.into_iter().map(PersonId::new).collect())
    }
}
