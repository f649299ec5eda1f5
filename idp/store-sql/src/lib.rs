//! The two back ends of the storage port: SQLite (the default) and PostgreSQL.
//!
//! Owns every statement and the only use of `sqlx` and `rusqlite` in the house. One file per trait of the port holds its
//! statements and its operations, written once over `link::Link`, which hides which database answers. What truly differs lives apart:
//! `sqlite/` gathers the writes of many callers into one commit, `postgres/` leaves that to the server; `bulk` knows the
//! two ways of writing many rows. The tables stand in `schemas/sql/<back end>/`, the promises in `tests/contract`.

mod activations;
mod audit;
mod back;
mod bulk;
mod cards;
mod chain;
mod doc;
mod enrolments;
mod establishments;
mod factors;
mod federation;
mod grants;
mod hosting;
mod inspections;
mod kept;
mod letters;
mod life;
mod link;
mod marks;
mod migration;
mod operations;
mod ousting;
mod outbox;
mod pairings;
mod people;
mod postgres;
mod provisioning;
mod registrations;
mod sessions;
mod shortcuts;
mod sign_ins;
mod signing_keys;
mod sqlite;
mod throttle;
mod tickets;
mod undo;
mod written;

use back::{Back, Base};
use preau_domain::chain::Code;
use preau_domain::{Ids, Precedence};
use preau_store::{Result, Store, StoreError};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// How a database is opened. The defaults serve a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections kept open for reading (SQLite), or all connections (PostgreSQL). `None` fits the machine: a few
    /// more than cores where reading is all they do, eight times as many where each commit waits for the server's disk.
    pub connections: Option<u32>,
    /// How long to wait for a lock or a free connection before the operation is refused.
    pub patience: Duration,
    /// PostgreSQL: the schema that holds the tables, created when absent. `None` is the one the server chooses.
    pub schema: Option<String>,
    /// Most sign-ins under way that are kept: of more, the oldest go. A few hundred more may be there for a moment.
    pub sign_ins: u32,
    /// Most documents of one kind that are kept of one service, where anybody may ask for one in its name: of more, those that
    /// expire first go, of wherever most were asked from.
    pub kept_of_one: u32,
    /// And of all services.
    pub kept_of_all: u32,
    /// Whose word counts first of a person whom several sources know.
    pub precedence: Precedence,
    /// What chains the events this process records. Without it they belong to no chain, and a check of the journal says so.
    pub journal: Option<Journal>,
}

/// What chains events: see [`preau_domain::chain`].
#[derive(Clone)]
pub struct Journal {
    /// Makes the codes.
    pub code: Code,
    /// Draws the name of the chain.
    pub ids: Arc<dyn Ids>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            connections: None,
            patience: Duration::from_secs(5),
            schema: None,
            sign_ins: 50_000,
            kept_of_one: 5_000,
            kept_of_all: 20_000,
            precedence: Precedence::default(),
            journal: None,
        }
    }
}

fn cores() -> u32 {
    std::thread::available_parallelism().map_or(2, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX).min(64))
}

/// Opens the database behind `url` with the usual options: see [`open_with`].
pub async fn open(url: &str) -> Result<Arc<dyn Store>> {
    open_with(url, &Options::default()).await
}

/// Opens the database behind `url`, creating or upgrading its tables. `sqlite:///var/lib/preau/preau.db` is a file,
/// created for its owner alone when absent (its folder must exist); `postgres://user@host/database` is a server.
///
/// Must be called inside a runtime: writing goes on in the background. Before a process ends it awaits
/// [`preau_store::Audit::flush_audit`]; everything else is durable when its operation returns.
pub async fn open_with(url: &str, options: &Options) -> Result<Arc<dyn Store>> {
    let scheme = url.split(':').next().unwrap_or_default();
    let base = match scheme {
        "sqlite" => Base::Sqlite(sqlite::Sqlite::open(url, options).await?),
        "postgres" | "postgresql" => Base::Postgres(postgres::Postgres::open(url, options).await?),
        _ => return Err(StoreError::Backend("a database address begins with sqlite:// or postgres://".into())),
    };
    let chain = options.journal.as_ref().map(chain::Writing::new);
    Ok(Arc::new(Back {
        base,
        chain,
        sign_ins: sign_ins::Bound::new(options.sign_ins),
        kept_of_one: sign_ins::Bound::new(options.kept_of_one),
        kept_of_all: options.kept_of_all,
        precedence: options.precedence.clone(),
        visits: AtomicU32::new(0),
    }))
}
