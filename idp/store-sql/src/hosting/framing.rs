//! Conventions and spaces, replaced by whoever read them as they are.

use super::{convention, ending, guest, space, stops};
use crate::bulk::{Bulk, Kind};
use crate::doc;
use crate::link::{Arg, Link, Sql, args};
use preau_domain::{
    Convention, GuestList, Instant, Role, SessionId, Space, SpaceGroup, Uai, member_by_name, stops_convention,
};
use preau_store::{Result, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const ADD_CONVENTION: &str = "INSERT INTO convention (id, state, begins, ends, quota, doc)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
const REPLACE_CONVENTION: &str = "UPDATE convention SET state = $2, begins = $3, ends = $4, quota = $5, doc = $6
    WHERE id = $1";
const ADD_SPACE: &str = "INSERT INTO space (id, host, convention, services, begins, ends, closed, doc)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
const REPLACE_SPACE: &str = "UPDATE space SET host = $2, convention = $3, services = $4, begins = $5, ends = $6,
        closed = $7, doc = $8
    WHERE id = $1";
/// Whoever replaces one waits for whoever does, and then reads what that one wrote.
const HOLD_CONVENTION: Sql = Sql::Each {
    sqlite: "SELECT doc, state FROM convention WHERE id = $1",
    postgres: "SELECT doc, state FROM convention WHERE id = $1 FOR UPDATE",
};
const HOLD_SPACE: Sql = Sql::Each {
    sqlite: "SELECT doc, closed FROM space WHERE id = $1",
    postgres: "SELECT doc, closed FROM space WHERE id = $1 FOR UPDATE",
};
/// What may have become shorter for guests is looked at again.
const LOOK_AT_ALL: &str = "UPDATE guest SET due = 0 WHERE convention = $1 AND ended IS NULL AND due > 0";
const LOOK_AT_SPACE: &str = "UPDATE guest SET due = 0 WHERE convention = $2 AND ended IS NULL AND due > 0
    AND person IN (SELECT substr(member, 8) FROM space_member WHERE space = $1 AND batch <> '')";
const FORGET_GROUPS: &str = "DELETE FROM space_member WHERE space = $1 AND batch = ''";
/// The lists that hold somebody in a space.
const LISTS_IN: &str = "SELECT DISTINCT l.id, l.doc FROM space_member m
        JOIN guest_list l ON l.convention = $2 AND l.id = m.batch AND l.sent = 0 AND l.space = $1
    WHERE m.space = $1 AND m.batch <> ''";
const GUESTS_IN: &str = "SELECT g.person, g.batch, g.ends, g.ended, g.doc, m.role, m.batch
    FROM space_member m JOIN guest g ON g.person = substr(m.member, 8) AND g.convention = $2
    WHERE m.space = $1 AND m.batch <> '' ORDER BY g.person";
const FORGET_SCHOOLS: &str = "DELETE FROM convention_school WHERE convention = $1";
static SCHOOLS: Bulk = Bulk::new(
    "convention_school",
    &[("establishment", Kind::Text), ("convention", Kind::Text)],
    "ON CONFLICT DO NOTHING",
);
const FORGET_HOMES: &str = "DELETE FROM convention_home WHERE convention = $1";
static HOMES: Bulk = Bulk::new(
    "convention_home",
    &[("establishment", Kind::Text), ("convention", Kind::Text)],
    "ON CONFLICT DO NOTHING",
);
pub(super) static MEMBERS: Bulk = Bulk::new(
    "space_member",
    &[("member", Kind::Text), ("space", Kind::Text), ("role", Kind::Text), ("batch", Kind::Text)],
    "ON CONFLICT (member, space) DO UPDATE SET role = excluded.role, batch = excluded.batch",
);

/// What is stored is compared as it reads, not as it was written: a later version may write more.
fn as_read<T: PartialEq>(stored: Option<T>, before: Option<&T>) -> Result<()> {
    if stored.as_ref() == before { Ok(()) } else { Err(StoreError::Conflict) }
}

pub(super) async fn put_convention(link: &mut Link<'_>, new: &Convention, before: Option<&Convention>) -> Result<()> {
    let stored = link.row(HOLD_CONVENTION, args![new.id.as_str()]).await?;
    as_read(stored.as_ref().map(convention).transpose()?, before)?;
    let text = doc::write("convention", new)?;
    let values = args![new.id.as_str(), new.state.as_str(), new.from, new.until, new.quota, text];
    let sql = if before.is_some() { REPLACE_CONVENTION } else { ADD_CONVENTION };
    if link.changed(sql, values).await? == 0 {
        return Err(StoreError::Conflict);
    }
    if before.is_none_or(|before| before.ours != new.ours) {
        let mut named: BTreeSet<&str> = new.ours.iter().map(Uai::as_str).collect();
        if named.is_empty() {
            named.insert("");
        }
        link.changed(FORGET_SCHOOLS, args![new.id.as_str()]).await?;
        SCHOOLS.write(link, named.into_iter().flat_map(|uai| args![uai, new.id.as_str()]).collect()).await?;
    }
    if before.is_none_or(|before| before.establishments != new.establishments) {
        let homes: BTreeSet<&str> = new.establishments.iter().map(Uai::as_str).collect();
        link.changed(FORGET_HOMES, args![new.id.as_str()]).await?;
        HOMES.write(link, homes.into_iter().flat_map(|uai| args![uai, new.id.as_str()]).collect()).await?;
    }
    if before.is_some_and(|before| new.until < before.until || new.state != before.state) {
        link.changed(LOOK_AT_ALL, args![new.id.as_str()]).await?;
    }
    Ok(())
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

/// By what name of their class the lists of a space brought people into it, where they name one alone. What is known of a guest besides is what the latest
/// list calls it, which may be one of another space.
async fn classes_of_lists(
    link: &mut Link<'_>,
    space: &str,
    convention: &str,
) -> Result<HashMap<String, (Uai, String)>> {
    let mut classes = HashMap::new();
    for row in link.rows(LISTS_IN, args![space, convention]).await? {
        let list: GuestList = doc::read("list of guests", row.text(1)?)?;
        if list.one_class {
            classes.insert(row.text(0)?.to_owned(), (list.home, list.class));
        }
    }
    Ok(classes)
}

/// Gives how many guests are out of it by that, and the sessions that fell.
pub(super) async fn put_space(
    link: &mut Link<'_>,
    new: &Space,
    before: Option<&Space>,
    now: Instant,
) -> Result<(u64, Vec<SessionId>)> {
    if let Some(convention) = &new.convention {
        link.rows(ending::HOLD_CONVENTION, args![convention.as_str()]).await?;
        let stopped = args![new.host.as_str(), stops_convention(convention)];
        if !new.closed && link.row(stops::STOPPED_HERE, stopped).await?.is_some() {
            return Err(StoreError::Conflict);
        }
    }
    let stored = link.row(HOLD_SPACE, args![new.id.as_str()]).await?;
    as_read(stored.as_ref().map(space).transpose()?, before)?;
    if before.is_some_and(|before| before.host != new.host) {
        return Err(StoreError::Conflict);
    }
    let sql = if before.is_some() { REPLACE_SPACE } else { ADD_SPACE };
    if link.changed(sql, space_values(new)?).await? == 0 {
        return Err(StoreError::Conflict);
    }
    link.changed(FORGET_GROUPS, args![new.id.as_str()]).await?;
    let mut members = BTreeMap::new();
    for group in &new.groups {
        let role = members.entry(group.member()).or_insert(group.role);
        *role = group.role.max(*role);
    }
    let mut rows: Vec<Arg> = Vec::new();
    for (member, role) in &members {
        rows.extend(args![member.as_str(), new.id.as_str(), role.as_str(), ""]);
    }
    let mut gone = Vec::new();
    if let Some(convention) = new.convention.as_deref().filter(|_| before.is_some()) {
        let listed = classes_of_lists(link, &new.id, convention).await?;
        for row in link.rows(GUESTS_IN, args![new.id.as_str(), convention]).await? {
            let guest = guest(&row)?;
            let own = (guest.home, guest.class);
            let ((establishment, code), public) = (listed.get(row.text(6)?).cloned().unwrap_or(own), guest.public);
            let group = SpaceGroup { establishment, code, public, role: Role::Visiteur };
            match members.get(&group.member()) {
                None => gone.push(guest.person),
                Some(role) if role.as_str() == row.text(5)? => {}
                Some(role) => {
                    let member = member_by_name(&guest.person);
                    rows.extend(args![member, new.id.as_str(), role.as_str(), row.text(6)?]);
                }
            }
        }
    }
    MEMBERS.write(link, rows).await?;
    if let Some(convention) = new.convention.as_deref()
        && before.is_some_and(|before| new.until < before.until || new.closed)
    {
        link.changed(LOOK_AT_SPACE, args![new.id.as_str(), convention]).await?;
    }
    let names: Vec<String> = gone.iter().map(member_by_name).collect();
    ending::leave_space(link, new.id.clone(), names, now).await
}
