//! The annuaire over LDAP: reads people and establishments, and checks passwords by binding.
//!
//! Owns everything that speaks LDAP. From the network up: `wire` (a connection, encrypted and watched: what the server
//! sends is checked by `ber` before the library parses it), `session` (bind, search, page), `pool` (connections of the
//! service account, and the breaker). Above them, two uses that share nothing else: `password` (search, then bind on a
//! connection of its own) and `read` (everything, page by page; `changes`, only what changed, from where `sync` says that a server
//! tells it). `version` tells whether reading again would find anything else. What an entry means is decided in `connectors/ent`.

mod ber;
mod changes;
mod config;
mod entry;
mod password;
mod pool;
mod probe;
mod read;
mod session;
mod sync;
mod version;
mod wire;

use config::Settings;
use preau_connector_api::{Connector, Kind, OpenContext, Problem, schema_of};
use std::sync::Arc;

/// The kind of connector, for the registry.
pub const KIND: Kind = Kind {
    name: "ldap",
    summary: "An annuaire reached by LDAP: people, establishments and passwords.",
    called: "annuaire",
    example: config::EXAMPLE,
    schema: schema_of::<config::Config>,
    open,
};

fn open(context: &OpenContext<'_>) -> Result<Connector, Vec<Problem>> {
    let settings = Arc::new(Settings::read(context)?);
    let (target, account) = (settings.target.clone(), settings.account.clone());
    let pool = Arc::new(pool::Pool::new(target, account, settings.answer, settings.searches));
    Ok(Connector {
        directory: Some(Arc::new(read::Reading::new(settings.clone()))),
        password: Some(Arc::new(password::Passwords::new(settings.clone(), pool.clone()))),
        redirect: None,
        preview: None,
        probe: Arc::new(probe::Look { settings, pool }),
    })
}
