//! AAF: the files an academy delivers, first and second degree, complete and delta.
//!
//! Owns everything between a folder of deliveries and the entries of the ENT schema. From the disk up: `name` (what a file
//! says of itself), `archive` (a `.tgz`, never unpacked), `bounded` (no piece larger than is held, every line counted),
//! `text` (encodings and entities), `xml` (the grammar of `ficAlimMENESR`, whose DTD is never read), `delivery` (which
//! files make the deliveries in force, and whether all are there), `overlay` (what the deltas change). `read` puts the
//! latest complete delivery and the deltas after it together, so that a reading is always the whole world: what a run of
//! it means is decided as for any source. What an entry means is `connectors/ent`'s.
//!
//! The files hold neither logins nor passwords: people of this source sign in at another provider, which names them by
//! their join key or their mail.

mod archive;
mod bounded;
mod config;
mod delivery;
mod name;
mod overlay;
mod probe;
mod read;
mod text;
mod xml;

use config::Settings;
use preau_connector_api::{Connector, Kind, OpenContext, Problem, schema_of};
use std::sync::Arc;

/// The kind of connector, for the registry.
pub const KIND: Kind = Kind {
    name: "aaf",
    summary: "AAF deliveries of an academy, first and second degree: people and establishments, no passwords.",
    called: "aaf",
    example: config::EXAMPLE,
    schema: schema_of::<config::Config>,
    open,
};

fn open(context: &OpenContext<'_>) -> Result<Connector, Vec<Problem>> {
    let settings = Arc::new(Settings::read(context)?);
    Ok(Connector {
        directory: Some(Arc::new(read::Reading { settings: Arc::clone(&settings) })),
        password: None,
        redirect: None,
        preview: None,
        probe: Arc::new(probe::Look { settings }),
    })
}
