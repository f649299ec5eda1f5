//! The chain of the journal in the database: linking what is recorded, saying how far it has come, and letting its
//! beginning go with its time. What a chain is stands in `preau_domain::chain`.

use crate::Journal;
use crate::audit::entry;
use crate::link::{Link, Row, Sql, args};
use preau_domain::chain::{Chain, Check, Code, Entry, Link as ChainLink, Seal};
use preau_domain::{AuditEvent, Instant};
use preau_store::{Result, StoreError};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every seal.
pub(crate) const SEALS: &str =
    "SELECT chain, number, floor, head, head_code, newest, seal FROM audit_chain ORDER BY number";
/// Nobody else changes it until the commit: a node seals its chain while another one sweeps.
const SEAL: Sql = Sql::Each {
    sqlite: "SELECT chain, number, floor, head, head_code, newest, seal FROM audit_chain WHERE chain = $1",
    postgres: "SELECT chain, number, floor, head, head_code, newest, seal FROM audit_chain WHERE chain = $1 FOR UPDATE",
};
const NEWEST: &str = "SELECT coalesce(max(number), 0) FROM audit_chain";
const FIRST: &str = "INSERT INTO audit_chain (chain, number, floor, head, head_code, newest, seal)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING chain";
const CHANGE: &str = "UPDATE audit_chain SET floor = $3, head = $4, head_code = $5, newest = $6, seal = $7
    WHERE chain = $1 AND number = $2 RETURNING chain";
/// The oldest events up to the first that is not old enough. The journal is in the order of time but for moments: looking
/// at its oldest rows is enough, and spares an index on the table that is written most.
const OLDEST: &str =
    "SELECT seq, at, kind, correlation, person, session, service, establishment, detail, link FROM audit
    WHERE seq IN (SELECT seq FROM audit ORDER BY seq LIMIT $2) AND seq < coalesce(
        (SELECT min(seq) FROM (SELECT seq, at FROM audit ORDER BY seq LIMIT $2) AS oldest WHERE at >= $1),
        9223372036854775807)
    ORDER BY seq";
const FORGET: &str = "DELETE FROM audit WHERE seq <= $1 AND at < $2";

/// The chain of the events this process records.
pub(crate) struct Writing {
    pub code: Code,
    state: Mutex<State>,
}

struct State {
    chain: Chain,
    /// The place its seal tells of.
    sealed: u64,
}

impl Writing {
    /// A new chain.
    pub fn new(journal: &Journal) -> Self {
        let chain = Chain::new(journal.ids.text(16), journal.code.clone());
        Writing { code: journal.code.clone(), state: Mutex::new(State { chain, sealed: 0 }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Links an event and hands it over before anybody else links one, so that events are written in the order of their
    /// places.
    pub fn hand_over(&self, event: AuditEvent, to: impl FnOnce(AuditEvent, ChainLink)) {
        let mut state = self.state();
        let link = state.chain.link(&event);
        to(event, link);
    }

    /// What there is to say of the chain that its seal does not say: its name, the place and the code of its latest event.
    pub fn unsealed(&self) -> Option<(String, u64, String)> {
        let state = self.state();
        let (place, code) = state.chain.head();
        (place > state.sealed).then(|| (state.chain.id().to_owned(), place, code.to_owned()))
    }

    /// Notes that the seal tells of that place.
    pub fn sealed(&self, place: u64) {
        let mut state = self.state();
        state.sealed = state.sealed.max(place);
    }
}

fn number(row: &Row, column: usize) -> Result<u64> {
    u64::try_from(row.int(column)?).map_err(|_| StoreError::Backend("a seal of the journal holds no number".into()))
}

/// What a row of the columns of [`SEALS`] says.
pub(crate) fn seal(row: &Row) -> Result<Seal> {
    Ok(Seal {
        chain: row.text(0)?.to_owned(),
        number: number(row, 1)?,
        floor: number(row, 2)?,
        head: number(row, 3)?,
        head_code: row.text(4)?.to_owned(),
        newest: number(row, 5)?,
        seal: row.text(6)?.to_owned(),
    })
}

/// Changes what is said of a chain, or says it for the first time: `Conflict` when somebody else did so meanwhile, or took
/// the number. A seal that somebody altered is left as it is: a new one would hide it.
async fn put(link: &mut Link<'_>, code: &Code, chain: &str, change: impl FnOnce(&mut Seal) + Send) -> Result<()> {
    let known = link.row(SEAL, args![chain]).await?.as_ref().map(seal).transpose()?;
    let newest = match link.row(NEWEST, Vec::new()).await? {
        Some(row) => number(&row, 0)?,
        None => 0,
    };
    let sql = if known.is_some() { CHANGE } else { FIRST };
    let mut seal = match known {
        Some(seal) if seal.expected(code) != seal.seal => {
            tracing::error!(chain, "what is said of a chain of the journal was altered: run `preau audit verify`");
            return Ok(());
        }
        Some(seal) => seal,
        None => Seal {
            chain: chain.to_owned(),
            number: newest + 1,
            floor: 0,
            head: 0,
            head_code: String::new(),
            newest,
            seal: String::new(),
        },
    };
    change(&mut seal);
    seal.newest = newest.max(seal.number);
    let seal = seal.closed(code);
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let values = args![
        seal.chain,
        number(seal.number),
        number(seal.floor),
        number(seal.head),
        seal.head_code,
        number(seal.newest),
        seal.seal
    ];
    link.row(sql, values).await?.map(drop).ok_or(StoreError::Conflict)
}

/// Says that a chain has come so far.
pub(crate) async fn advance(link: &mut Link<'_>, code: Code, chain: String, place: u64, latest: String) -> Result<()> {
    let change = |seal: &mut Seal| {
        if place > seal.head {
            (seal.head, seal.head_code) = (place, latest);
        }
    };
    put(link, &code, &chain, change).await
}

/// Takes the oldest events away that are older than an instant, at most `limit`: a beginning of the journal, never an
/// event out of its middle. What is left stays verifiable, because each chain says where it begins now; unless what went
/// had been forged, which then stays visible as a hole.
pub(crate) async fn sweep(link: &mut Link<'_>, code: Option<Code>, before: Instant, limit: u32) -> Result<u64> {
    let oldest = link.rows(OLDEST, args![before, limit]).await?;
    let entries = oldest.iter().map(entry).collect::<Result<Vec<Entry>>>()?;
    let Some(last) = entries.last().map(|entry| entry.seq) else { return Ok(0) };
    if let Some(code) = code {
        // Where the chains begin: without it their first events would seem to miss those before them.
        let seals = link.rows(SEALS, Vec::new()).await?.iter().map(seal).collect::<Result<Vec<_>>>()?;
        let mut check = Check::new(code.clone(), seals);
        entries.iter().for_each(|entry| check.see(entry));
        if check.forged() {
            tracing::error!("old events that were altered went with their time: run `preau audit verify`");
        } else {
            if check.unlinked() {
                tracing::warn!("old events of no chain went with their time");
            }
            raise(link, &code, &entries).await?;
        }
    }
    link.rows(FORGET, args![last, before]).await?;
    Ok(entries.len() as u64)
}

async fn raise(link: &mut Link<'_>, code: &Code, entries: &[Entry]) -> Result<()> {
    let links = entries.iter().filter_map(|entry| entry.link.as_ref()?.parse::<ChainLink>().ok());
    let last: BTreeMap<String, ChainLink> = links.map(|link| (link.chain.clone(), link)).collect();
    for (chain, gone) in last {
        let change = |seal: &mut Seal| {
            seal.floor = seal.floor.max(gone.place);
            if gone.place > seal.head {
                (seal.head, seal.head_code) = (gone.place, gone.code);
            }
        };
        put(link, code, &chain, change).await?;
    }
    Ok(())
}
