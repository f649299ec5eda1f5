//! Writing many people of a source at once: who is there already, what becomes of their account, what they are found by.

use crate::bulk::{Bulk, Kind};
use crate::link::{Arg, Link, Row, Sql, args};
use crate::people::{mail, places, stop_whose_records_ended};
use crate::{doc, enrolments, undo};
use preau_domain::SessionId;
use preau_store::{PersonChange, Result, StoreError, Undoable};
use std::collections::{BTreeMap, BTreeSet};

const RECORD: &[(&str, Kind)] = &[
    ("id", Kind::Text),
    ("source", Kind::Text),
    ("join_key", Kind::Text),
    ("login", Kind::Text),
    ("state", Kind::Text),
    ("digest", Kind::Text),
    ("establishments", Kind::Text),
    ("doc", Kind::Text),
    ("mail", Kind::Text),
    ("written", Kind::Text),
    ("entry", Kind::Text),
    ("ties", Kind::Text),
    ("birth", Kind::Text),
];

/// What becomes of an account that exists, but for the names it is found by. Its id stays, as does its password hash; that it was
/// used, too.
macro_rules! goes_on {
    ($names:literal) => {
        concat!(
            "ON CONFLICT (source, join_key) DO UPDATE SET ended = NULL,
            state = CASE WHEN excluded.state = 'precreated' AND person.state <> 'precreated' THEN 'active'
                ELSE excluded.state END,
            digest = excluded.digest, establishments = excluded.establishments, doc = excluded.doc,
            written = excluded.written, ties = excluded.ties, birth = excluded.birth",
            $names
        )
    };
}

static PEOPLE: Bulk =
    Bulk::new("person", RECORD, goes_on!(", login = excluded.login, mail = excluded.mail, entry = excluded.entry"));

/// The same of people who are there and keep the names they are found by. SQLite writes each index whose column is named, whether or
/// not it changes: three places at random of a large file, for each person.
static PEOPLE_AS_NAMED: Bulk = Bulk::new("person", RECORD, goes_on!(""));

const KNOWN: Sql = Sql::Each {
    sqlite: "SELECT join_key, id, login, mail, entry, doc FROM person
        WHERE source = $1 AND join_key IN (SELECT value FROM json_each($2))",
    postgres: "SELECT join_key, id, login, mail, entry, doc FROM person WHERE source = $1 AND join_key = ANY($2)",
};

/// A person to be written.
pub(crate) struct Writing {
    key: String,
    /// The account it makes, where there is none yet.
    id: String,
    names: Names,
    enrolled: BTreeSet<(String, String)>,
    stopped: bool,
    values: Vec<Arg>,
}

impl Writing {
    /// The key of the record.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// What the indexes find a person by: login, mail address, entry of the source.
type Names = [Option<String>; 3];

/// An account there is.
pub(crate) struct Account {
    pub id: String,
    names: Names,
    doc: String,
}

impl Account {
    /// The numbers kept of it: those its document says, which spares a look at them, at a place at random for each person.
    fn enrolled(&self) -> Result<BTreeSet<(String, String)>> {
        Ok(enrolments::of(&doc::read("person", &self.doc)?))
    }
}

/// People as they are written: one row per record, of each source in the order of its keys.
pub(crate) fn in_order(undo: Option<&Undoable>, changes: &[PersonChange]) -> Result<BTreeMap<String, Vec<Writing>>> {
    let written = undo.map(|undo| undo.run.as_str());
    // One row per record, the last one given, in the order of the index: the two databases would not treat a record
    // given twice alike, and two nodes writing in one order cannot block each other.
    let mut records = BTreeMap::new();
    for change in changes {
        let Some(join) = &change.person.join else {
            return Err(StoreError::Backend("a person of a source comes from a record".into()));
        };
        records.insert((join.source.as_str(), join.key.as_str()), change);
    }
    let mut people: BTreeMap<String, Vec<Writing>> = BTreeMap::new();
    for ((source, key), PersonChange { person, digest, told }) in records {
        let ties = if told.ties.is_empty() { None } else { Some(doc::write("person", &told.ties)?) };
        let (login, mail) = (person.login.as_deref(), mail(person));
        let values = args![
            person.id.as_str(),
            source,
            key,
            login,
            person.state.as_str(),
            digest.as_str(),
            places(person),
            doc::write("person", person)?,
            mail.as_deref(),
            written,
            told.entry.as_deref(),
            ties.as_deref(),
            told.birth.as_deref()
        ];
        people.entry(source.to_owned()).or_default().push(Writing {
            key: key.to_owned(),
            id: person.id.as_str().to_owned(),
            names: [login.map(str::to_owned), mail, told.entry.clone()],
            enrolled: enrolments::of(person),
            stopped: !person.state.may_sign_in(),
            values,
        });
    }
    Ok(people)
}

/// The accounts there are of some records of a source, by their keys.
pub(crate) async fn known(link: &mut Link<'_>, source: &str, keys: Vec<String>) -> Result<BTreeMap<String, Account>> {
    let account = |row: &Row| -> Result<(String, Account)> {
        let name = |column| row.text_or_none(column).map(|name| name.map(str::to_owned));
        let names = [name(2)?, name(3)?, name(4)?];
        Ok((row.text(0)?.to_owned(), Account { id: row.text(1)?.to_owned(), names, doc: row.text(5)?.to_owned() }))
    };
    link.rows(KNOWN, args![source, keys]).await?.iter().map(account).collect()
}

/// Writes people of one source, in the order of their keys; gives the sessions that end by it.
pub(crate) async fn write(
    link: &mut Link<'_>,
    source: &str,
    undo: Option<&Undoable>,
    people: Vec<Writing>,
) -> Result<Vec<SessionId>> {
    let known = known(link, source, people.iter().map(|one| one.key.clone()).collect()).await?;
    if !known.is_empty() {
        undo::keep_people(link, undo, source, known.keys().cloned().collect()).await?;
    }
    let (mut written, mut as_named) = (Vec::with_capacity(people.len() * RECORD.len()), Vec::new());
    let (mut forgotten, mut enrolled, mut stopped) = (Vec::new(), Vec::new(), Vec::new());
    for one in people {
        let account = known.get(&one.key);
        // PostgreSQL looks itself, and there everything is written in one order.
        let stays = link.writes_alone() && account.is_some_and(|account| account.names == one.names);
        if stays { &mut as_named } else { &mut written }.extend(one.values);
        let before = account.map_or(Ok(BTreeSet::new()), Account::enrolled)?;
        let id = account.map_or(one.id, |account| account.id.clone());
        if before != one.enrolled {
            forgotten.extend(account.map(|_| id.clone()));
            enrolled.extend(one.enrolled.into_iter().map(|at| (at, id.clone())));
        }
        if one.stopped {
            stopped.push(id);
        }
    }
    PEOPLE.write(link, written).await?;
    PEOPLE_AS_NAMED.write(link, as_named).await?;
    enrolments::forget(link, forgotten).await?;
    enrolments::learn(link, enrolled).await?;
    // In one order everywhere, so that two such statements cannot block each other.
    stopped.sort();
    stop_whose_records_ended(link, stopped).await
}
