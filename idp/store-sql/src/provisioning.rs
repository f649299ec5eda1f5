//! Filling the house from a source: many people or establishments at once, and the record of each run.

use crate::back::{Back, Shape};
use crate::bulk::{Bulk, Kind};
use crate::link::{Arg, Link, Row, Sql, args};
use crate::people::{places_in, places_of, stop_whose_records_ended};
use crate::{doc, undo, written};
use async_trait::async_trait;
use preau_domain::{Establishment, Instant, Person, RunId, SourceId, Uai};
use preau_store::{
    IndexRow, PersonChange, Provisioning, RecordName, Result, RunRecord, SharedLogin, SourceRecord, StoreError, Told,
    UndoPart, Undoable, Undone,
};
use std::collections::BTreeMap;

/// A row that an earlier version wrote tells its establishments without profiles: the whole record tells both.
const INDEX: &str = "SELECT join_key, digest, state, establishments,
        CASE WHEN establishments <> '' AND establishments NOT LIKE '%:%' THEN doc END FROM person
    WHERE source = $1 AND join_key > $2 ORDER BY join_key LIMIT $3";

static ESTABLISHMENTS: Bulk = Bulk::new(
    "establishment",
    &[("uai", Kind::Text), ("doc", Kind::Text), ("written", Kind::Text)],
    "ON CONFLICT (uai) DO UPDATE SET doc = excluded.doc, written = excluded.written",
);

const SUSPEND: Sql = Sql::Each {
    sqlite: "UPDATE person SET state = 'suspended', written = $3
        WHERE source = $1 AND join_key IN (SELECT value FROM json_each($2))
            AND state IN ('active', 'precreated') RETURNING id",
    postgres: "UPDATE person SET state = 'suspended', written = $3
        WHERE source = $1 AND join_key = ANY($2) AND state IN ('active', 'precreated') RETURNING id",
};
const BY_KEY: Sql = Sql::Each {
    sqlite: "SELECT join_key, digest, state, doc, entry, ties FROM person
        WHERE source = $1 AND join_key IN (SELECT value FROM json_each($2)) ORDER BY join_key",
    postgres: "SELECT join_key, digest, state, doc, entry, ties FROM person
        WHERE source = $1 AND join_key = ANY($2) ORDER BY join_key",
};
/// SQLite would rather walk along all keys of the source than sort the few that are found.
const BY_ENTRY: Sql = Sql::Each {
    sqlite: "SELECT join_key, digest, state, doc, entry, ties FROM person INDEXED BY person_entry
        WHERE source = $1 AND entry IS NOT NULL AND entry IN (SELECT value FROM json_each($2)) ORDER BY join_key",
    postgres: "SELECT join_key, digest, state, doc, entry, ties FROM person
        WHERE source = $1 AND entry IS NOT NULL AND entry = ANY($2) ORDER BY join_key",
};
const PUT_STATE: &str = "INSERT INTO source_state (source, state) VALUES ($1, $2)
    ON CONFLICT (source) DO UPDATE SET state = excluded.state";
const STATE: &str = "SELECT state FROM source_state WHERE source = $1";
/// The logins that two rows have come from the index of logins alone, and only their rows are read: a million people cost a
/// walk along that index. `CROSS JOIN` keeps SQLite to this order.
const SHARED_LOGINS: &str = "SELECT login, join_key FROM (
        SELECT p.login, p.join_key, COUNT(*) OVER (PARTITION BY p.login) AS together
        FROM (SELECT login FROM person WHERE login IS NOT NULL GROUP BY login HAVING COUNT(*) > 1) d
            CROSS JOIN person p
        WHERE p.login = d.login AND p.source = $1 AND p.state IN ('active', 'precreated')
    ) shared WHERE together > 1 ORDER BY login, join_key LIMIT $2";
const PUT_RUN: &str = "INSERT INTO run (id, source, started, finished, outcome, report) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO UPDATE SET source = excluded.source, started = excluded.started,
        finished = excluded.finished, outcome = excluded.outcome, report = excluded.report";
const RUN: &str = "SELECT id, source, started, finished, outcome, report FROM run WHERE id = $1";
const RUNS: &str = "SELECT id, source, started, finished, outcome, report FROM run
    WHERE source = $1 ORDER BY started DESC, id DESC LIMIT $2";

const RUN_SOURCES: &str = "SELECT DISTINCT source FROM run";
const NTH_RUN: &str = "SELECT started FROM run WHERE source = $1 ORDER BY started DESC, id DESC LIMIT 1 OFFSET $2";
const FORGET_RUNS: &str = "DELETE FROM run WHERE id IN
    (SELECT id FROM run WHERE source = $1 AND started < $2 ORDER BY started LIMIT $3) RETURNING id";
/// Those that are left: as few as are kept of a source, or as many as are forgotten another time.
const OLD_RUNS: &str =
    "SELECT id, report FROM run WHERE source = $1 AND started < $2 ORDER BY started DESC, id DESC LIMIT $3";
const RUN_TELLS: &str = "UPDATE run SET report = $2 WHERE id = $1";
const NEXT_SOURCE: &str = "SELECT source FROM person WHERE source > $1 ORDER BY source LIMIT 1";
const SOMEBODY_OF: &str = "SELECT id FROM person WHERE source = $1 AND state IN ('active', 'precreated') LIMIT 1";

/// The port's bound on a bulk operation.
const MOST: usize = 1000;

fn bounded(count: usize) -> Result<()> {
    if count > MOST { Err(StoreError::Backend(format!("at most {MOST} at once, not {count}"))) } else { Ok(()) }
}

fn index_row(row: &Row) -> Result<IndexRow> {
    Ok(IndexRow {
        key: row.text(0)?.to_owned(),
        digest: row.text_or_none(1)?.unwrap_or_default().to_owned(),
        state: doc::word("account state", row.text(2)?)?,
        places: match row.text_or_none(4)? {
            Some(text) => places_in(&doc::read("person", text)?),
            None => places_of(row.text(3)?)?,
        },
    })
}

fn source_record(row: &Row, source: &SourceId) -> Result<SourceRecord> {
    let person: Person = doc::read("person", row.text(3)?)?;
    let children = person.children.iter().filter(|child| child.pupil.source == *source);
    Ok(SourceRecord {
        row: IndexRow {
            key: row.text(0)?.to_owned(),
            digest: row.text_or_none(1)?.unwrap_or_default().to_owned(),
            state: doc::word("account state", row.text(2)?)?,
            places: places_in(&person),
        },
        told: Told {
            entry: row.text_or_none(4)?.map(str::to_owned),
            ties: row.text_or_none(5)?.map_or(Ok(Vec::new()), |text| doc::read("person", text))?,
            birth: None,
        },
        children: children.map(|child| child.pupil.key.clone()).collect(),
    })
}

fn run_values(run: &RunRecord) -> Result<Vec<Arg>> {
    let outcome = doc::write("run", &run.outcome)?;
    Ok(args![
        run.id.as_str(),
        run.source.as_str(),
        run.started,
        run.finished,
        outcome.trim_matches('"'),
        run.report.as_str()
    ])
}

fn run(row: &Row) -> Result<RunRecord> {
    Ok(RunRecord {
        id: RunId::new(row.text(0)?),
        source: SourceId::new(row.text(1)?),
        started: row.instant(2)?,
        finished: row.int_or_none(3)?.map(preau_domain::Instant),
        outcome: doc::word("run", row.text(4)?)?,
        report: row.text(5)?.to_owned(),
    })
}

/// Forgets runs; how many it touched.
async fn forget(link: &mut Link<'_>, before: Instant, keep: u32, limit: u32) -> Result<u64> {
    let sources = link.rows(RUN_SOURCES, Vec::new()).await?;
    let sources = sources.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<Vec<_>>>()?;
    let mut touched = 0;
    for source in sources {
        let oldest_kept = link.row(NTH_RUN, args![source.as_str(), keep.saturating_sub(1)]).await?;
        if let Some(kept) = oldest_kept.map(|row| row.instant(0)).transpose()? {
            let until = before.min(kept);
            touched += link.rows(FORGET_RUNS, args![source.as_str(), until, limit]).await?.len() as u64;
        }
        for row in link.rows(OLD_RUNS, args![source.as_str(), before, limit]).await? {
            let mut report: serde_json::Value = doc::read("run", row.text(1)?)?;
            if forget_names(&mut report) {
                link.changed(RUN_TELLS, args![row.text(0)?, doc::write("run", &report)?]).await?;
                touched += 1;
            }
        }
    }
    Ok(touched)
}

/// Takes out of a report whom it names; whether it named anybody.
fn forget_names(report: &mut serde_json::Value) -> bool {
    let Some(report) = report.as_object_mut() else { return false };
    let shared = report.remove("shared_logins").is_some();
    let absent = report.remove("absent").is_some();
    let mut named = false;
    for list in ["rejected", "remarks"] {
        let entries = report.get_mut(list).and_then(|list| list.get_mut("entries"));
        let entries = entries.and_then(serde_json::Value::as_array_mut);
        named |= entries.is_some_and(|entries| !std::mem::take(entries).is_empty());
    }
    shared || absent || named
}

#[async_trait]
impl Provisioning for Back {
    async fn source_index(&self, source: &SourceId, after: &str, limit: u32) -> Result<Vec<IndexRow>> {
        self.many_rows(INDEX, args![source.as_str(), after, limit]).await?.iter().map(index_row).collect()
    }

    async fn source_records(&self, source: &SourceId, by: RecordName, names: &[String]) -> Result<Vec<SourceRecord>> {
        bounded(names.len())?;
        let sql = if by == RecordName::Key { BY_KEY } else { BY_ENTRY };
        let rows = self.many_rows(sql, args![source.as_str(), names.to_vec()]).await?;
        let mut records = rows.iter().map(|row| source_record(row, source)).collect::<Result<Vec<_>>>()?;
        if by == RecordName::Entry {
            // An entry that was given another key leaves the record of the old one behind.
            records.sort_by(|a, b| {
                let rank = |one: &SourceRecord| (!one.row.state.may_sign_in(), std::cmp::Reverse(one.row.key.clone()));
                a.told.entry.cmp(&b.told.entry).then_with(|| rank(a).cmp(&rank(b)))
            });
            records.dedup_by(|later, first| later.told.entry == first.told.entry);
        }
        Ok(records)
    }

    async fn shared_logins(&self, source: &SourceId, limit: u32) -> Result<Vec<SharedLogin>> {
        let rows = self.many_rows(SHARED_LOGINS, args![source.as_str(), limit]).await?;
        let shared = |row: &Row| Ok(SharedLogin { login: row.text(0)?.to_owned(), key: row.text(1)?.to_owned() });
        rows.iter().map(shared).collect()
    }

    async fn put_people(&self, undo: Option<&Undoable>, changes: &[PersonChange]) -> Result<()> {
        bounded(changes.len())?;
        let people = written::in_order(undo, changes)?;
        if people.is_empty() {
            return Ok(());
        }
        let (undo, count) = (undo.cloned(), changes.len());
        let written = self.write(Shape::Bulk, move |link| {
            Box::pin(async move {
                let mut sessions = Vec::new();
                for (source, people) in people {
                    sessions.extend(written::write(link, &source, undo.as_ref(), people).await?);
                }
                Ok(sessions)
            })
        });
        self.forget_tickets(&written.await?);
        self.grew(count).await
    }

    fn writers(&self) -> usize {
        self.bulk_writers()
    }

    async fn suspend_people(&self, undo: Option<&Undoable>, source: &SourceId, keys: &[String]) -> Result<u64> {
        bounded(keys.len())?;
        let (source, keys, undo) = (source.as_str().to_owned(), keys.to_vec(), undo.cloned());
        let written = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                undo::keep_people(link, undo.as_ref(), &source, keys.clone()).await?;
                let run = undo.as_ref().map(|undo| undo.run.as_str());
                let suspended = link.rows(SUSPEND, args![source.clone(), keys.clone(), run]).await?.len();
                // Also the sessions of those who were suspended already: none should be there, none may stay.
                let people =
                    written::known(link, &source, keys).await?.into_values().map(|account| account.id).collect();
                Ok((suspended as u64, stop_whose_records_ended(link, people).await?))
            })
        });
        let (suspended, sessions) = written.await?;
        self.forget_tickets(&sessions);
        Ok(suspended)
    }

    async fn put_establishments(&self, undo: Option<&Undoable>, establishments: &[Establishment]) -> Result<()> {
        bounded(establishments.len())?;
        let by_uai: BTreeMap<&Uai, &Establishment> = establishments.iter().map(|e| (&e.uai, e)).collect();
        let (undo, uais) = (undo.cloned(), by_uai.keys().map(ToString::to_string).collect());
        let mut values = Vec::with_capacity(by_uai.len() * 3);
        for (uai, establishment) in by_uai {
            let written = undo.as_ref().map(|undo| undo.run.as_str());
            values.extend(args![uai.as_str(), doc::write("establishment", establishment)?, written]);
        }
        if values.is_empty() {
            return Ok(());
        }
        let written = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                undo::keep_establishments(link, undo.as_ref(), uais).await?;
                ESTABLISHMENTS.write(link, values).await
            })
        });
        written.await
    }

    async fn undo(&self, run: &RunRecord, part: UndoPart, after: &str, limit: u32) -> Result<Undone> {
        let (run, after) = (run.clone(), after.to_owned());
        let written = self.write(Shape::Several, move |link| {
            Box::pin(async move { undo::page(link, &run, part, after, limit).await })
        });
        let (undone, sessions) = written.await?;
        self.forget_tickets(&sessions);
        Ok(undone)
    }

    async fn put_run(&self, run: &RunRecord) -> Result<()> {
        self.change(PUT_RUN, run_values(run)?).await.map(drop)
    }

    async fn end_run(&self, run: &RunRecord, state: &str) -> Result<()> {
        let (values, state) = (run_values(run)?, args![run.source.as_str(), state]);
        let written = self.write(Shape::Several, move |link| {
            Box::pin(async move {
                link.changed(PUT_RUN, values).await?;
                link.changed(PUT_STATE, state).await.map(drop)
            })
        });
        written.await
    }

    async fn source_state(&self, source: &SourceId) -> Result<Option<String>> {
        let row = self.row(STATE, args![source.as_str()]).await?;
        row.map(|row| row.text(0).map(str::to_owned)).transpose()
    }

    async fn run(&self, id: &RunId) -> Result<Option<RunRecord>> {
        self.row(RUN, args![id.as_str()]).await?.as_ref().map(run).transpose()
    }

    async fn runs(&self, source: &SourceId, limit: u32) -> Result<Vec<RunRecord>> {
        self.many_rows(RUNS, args![source.as_str(), limit]).await?.iter().map(run).collect()
    }

    async fn forget_runs(&self, before: Instant, keep: u32, limit: u32) -> Result<u64> {
        let written =
            self.write(Shape::Several, move |link| Box::pin(async move { forget(link, before, keep, limit).await }));
        written.await
    }

    async fn sources(&self) -> Result<Vec<SourceId>> {
        let (mut sources, mut after) = (Vec::new(), String::new());
        // From one to the next along the index: nobody is counted.
        while let Some(row) = self.row(NEXT_SOURCE, args![after.as_str()]).await? {
            let source = row.text(0)?.to_owned();
            if self.row(SOMEBODY_OF, args![source.as_str()]).await?.is_some() {
                sources.push(SourceId::new(source.clone()));
            }
            after = source;
        }
        Ok(sources)
    }
}
