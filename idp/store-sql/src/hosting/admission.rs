//! Guests who come in, all of a list or none.

use super::framing::MEMBERS;
use super::{COUNT, KNOWN, MOST_ADMITTED, count, list_values, stops, texts};
use crate::back::{Back, Shape};
use crate::bulk::{Bulk, Kind};
use crate::link::{Link, Sql, args};
use crate::{doc, written};
use preau_domain::{
    GUESTS, GuestList, Instant, PersonId, Seconds, SessionId, member_by_name, stops_convention, stops_guest,
};
use preau_store::{Admission, Admitted, MOST_LISTS_A_DAY, NewGuest, PersonChange, Result, StoreError, Told};
use std::collections::HashSet;

/// Whoever admits guests by a convention waits for whoever does: so their number is never more than was looked at.
const ADMITTING: Sql = Sql::Each {
    sqlite: "SELECT state, begins, ends, quota FROM convention WHERE id = $1",
    postgres: "SELECT state, begins, ends, quota FROM convention WHERE id = $1 FOR UPDATE",
};
const OPEN_SPACE: &str = "SELECT id FROM space WHERE id = $1 AND convention = $2 AND closed = 0 AND ends > $3";
/// What is known of guests is taken in hand before their accounts, as by whoever ends them, and in one order.
const HOLD: Sql = Sql::Each {
    sqlite: "SELECT person FROM guest WHERE person IN (SELECT value FROM json_each($1))",
    postgres: "SELECT person FROM guest WHERE person = ANY($1) ORDER BY person, convention FOR UPDATE",
};
/// Guests who were joined with a record of ours: the link of a list would open that account.
const ARE_OURS: Sql = Sql::Each {
    sqlite: "SELECT join_key FROM person WHERE source = $1 AND join_key IN (SELECT value FROM json_each($2))
        AND (account IS NOT NULL OR EXISTS (SELECT 1 FROM person further WHERE further.account = person.id))",
    postgres: "SELECT join_key FROM person WHERE source = $1 AND join_key = ANY($2)
        AND (account IS NOT NULL OR EXISTS (SELECT 1 FROM person further WHERE further.account = person.id))",
};
const TAKEN_IN: &str = "SELECT id FROM guest_list WHERE convention = $1 AND id = $2 AND sent = 0";
const LATELY: &str = "SELECT count(*) FROM guest_list WHERE space = $1 AND sent = 0 AND at > $2";
const DAY: Seconds = Seconds(86_400);
const TAKE_IN: &str = "INSERT INTO guest_list (convention, id, sent, space, home, at, withdrawn, doc)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
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
    "ON CONFLICT (person, convention) DO UPDATE SET
        batch = CASE WHEN guest.ended IS NULL THEN guest.batch ELSE excluded.batch END,
        ends = CASE WHEN guest.ended IS NULL AND guest.ends > excluded.ends THEN guest.ends ELSE excluded.ends END,
        used = excluded.used, doc = excluded.doc, ended = NULL, due = 0",
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

/// The list of an admission, as it is kept.
fn list(admission: &Admission, now: Instant) -> Option<GuestList> {
    let first = admission.guests.first()?;
    Some(GuestList {
        convention: admission.convention.clone(),
        id: admission.batch.clone(),
        sent: false,
        space: admission.space.clone(),
        title: String::new(),
        home: first.guest.home.clone(),
        class: first.guest.class.clone(),
        one_class: admission
            .guests
            .iter()
            .all(|one| one.guest.home == first.guest.home && one.guest.class == first.guest.class),
        guests: u32::try_from(admission.guests.len()).unwrap_or(u32::MAX),
        by: None,
        at: now,
        way: None,
        withdrawn: None,
    })
}

fn key(one: &NewGuest) -> String {
    one.person.join.as_ref().map(|join| join.key.clone()).unwrap_or_default()
}

/// Lets guests in, or, unless `write`, says what that would do; gives the sessions that fell, which are none.
async fn admit(
    link: &mut Link<'_>,
    mut admission: Admission,
    mut people: Vec<written::Writing>,
    now: Instant,
    write: bool,
) -> Result<(Admitted, Vec<SessionId>)> {
    let nobody = |why: Admitted| Ok((why, Vec::new()));
    let (convention, batch) = (admission.convention.clone(), admission.batch.clone());
    let (convention, batch) = (convention.as_str(), batch.as_str());
    let Some(row) = link.row(ADMITTING, args![convention]).await? else { return nobody(Admitted::NotInForce) };
    let in_force = row.text(0)? == "signed-by-both" && row.instant(1)? <= now && now < row.instant(2)?;
    let open = link.row(OPEN_SPACE, args![admission.space.as_str(), convention, now]).await?;
    if !in_force || open.is_none() {
        return nobody(Admitted::NotInForce);
    }
    let may_be_typed = args![admission.space.as_str(), convention];
    if admission.typed && link.row(stops::MAY_BE_TYPED, may_be_typed).await?.is_none() {
        return nobody(Admitted::NotAllowed);
    }
    if link.row(TAKEN_IN, args![convention, batch]).await?.is_some() {
        return nobody(Admitted::AlreadyIn);
    }
    let lately = count(link.row(LATELY, args![admission.space.as_str(), now - DAY]).await?)?;
    if lately >= u64::from(MOST_LISTS_A_DAY) {
        return nobody(Admitted::TooOften);
    }
    let keys: Vec<String> = admission.guests.iter().map(key).collect();
    let named = keys.iter().map(|key| stops_guest(key)).chain([stops_convention(convention)]).collect::<Vec<_>>();
    let out = texts(&link.rows(stops::KEPT_OUT, args![admission.space.as_str(), named]).await?)?;
    let out: HashSet<String> = out.into_iter().collect();
    if out.contains(&stops_convention(convention)) {
        return nobody(Admitted::Stopped);
    }
    let ours: HashSet<String> = texts(&link.rows(ARE_OURS, args![GUESTS, keys.clone()]).await?)?.into_iter().collect();
    if !ours.is_empty() {
        let is_ours = |one: &NewGuest| one.person.join.as_ref().is_some_and(|join| ours.contains(&join.key));
        let places = admission.guests.iter().enumerate().filter(|(_, one)| is_ours(one)).map(|(place, _)| place);
        return nobody(Admitted::AreOurs(places.collect()));
    }
    let kept_out = |key: &str| !out.is_empty() && out.contains(&stops_guest(key));
    let all = admission.guests.iter().enumerate();
    let stopped: Vec<usize> = all.filter(|(_, one)| kept_out(&key(one))).map(|(place, _)| place).collect();
    let list = list(&admission, now);
    admission.guests.retain(|one| !kept_out(&key(one)));
    people.retain(|one| !kept_out(one.key()));
    let keys: Vec<String> = keys.into_iter().filter(|key| !kept_out(key)).collect();
    let before = written::known(link, GUESTS, keys.clone()).await?.into_values().map(|one| one.id);
    link.rows(HOLD, args![before.collect::<Vec<_>>()]).await?;
    let there = count(link.row(COUNT, args![convention]).await?)?;
    let known = link.rows(KNOWN, args![GUESTS, keys.clone(), convention]).await?.len() as u64;
    let quota = u64::try_from(row.int(3)?).unwrap_or(0);
    let more = (admission.guests.len() as u64).saturating_sub(known);
    if there + more > quota {
        return nobody(Admitted::OverQuota { quota, there, more });
    }
    if !write {
        return nobody(Admitted::All { added: more, known, stopped });
    }
    if let Some(list) = list
        && link.changed(TAKE_IN, list_values(&list)?).await? == 0
    {
        return Err(StoreError::Conflict);
    }
    if admission.guests.is_empty() {
        return nobody(Admitted::All { added: 0, known: 0, stopped });
    }
    let sessions = written::write(link, GUESTS, None, people).await?;
    let ids = written::known(link, GUESTS, keys).await?;
    let (mut rows, mut links, mut members) = (Vec::new(), Vec::new(), Vec::new());
    for one in &admission.guests {
        let account = one.person.join.as_ref().and_then(|join| ids.get(&join.key));
        let id = account.map(|one| one.id.as_str()).ok_or(StoreError::Conflict)?;
        let text = doc::write("guest", &one.guest)?;
        rows.extend(args![id, convention, batch, one.guest.until, now, text]);
        let who = &one.identity;
        links.extend(args![who.provider.as_str(), who.issuer.as_str(), who.subject.as_str(), id, now]);
        let member = member_by_name(&PersonId::new(id));
        members.extend(args![member, admission.space.as_str(), one.role.as_str(), batch]);
    }
    GUEST_ROWS.write(link, rows).await?;
    LINKS.write(link, links).await?;
    MEMBERS.write(link, members).await?;
    Ok((Admitted::All { added: more, known, stopped }, sessions))
}

impl Back {
    pub(super) async fn let_in(&self, admission: &Admission, now: Instant, write: bool) -> Result<Admitted> {
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
            return Ok(Admitted::All { added: 0, known: 0, stopped: Vec::new() });
        };
        let keys = admission.guests.iter().filter_map(|one| one.person.join.as_ref());
        if keys.collect::<HashSet<_>>().len() != admission.guests.len() {
            return Err(StoreError::Conflict);
        }
        let admission = admission.clone();
        let written = self.write(Shape::Several, move |link| Box::pin(admit(link, admission, people, now, write)));
        let (admitted, sessions) = written.await?;
        self.forget_tickets(&sessions);
        Ok(admitted)
    }
}
