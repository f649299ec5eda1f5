//! CSV: the files of schools that have no annuaire and no delivery.
//!
//! Owns everything between a file somebody saved from a list and the records of its people. From the disk up: `files`
//! (bounded, whole or not at all), `text` (encodings), `table` (rows and cells, read strictly), `columns` (which column is
//! what, by the settings), `people` (what a row says of somebody). `read` hands it all over once every file was read, so
//! that a file that cannot be read takes nothing from anybody; `preview` shows a person what would be made of it and
//! proposes the settings. What a run of it means is decided as for any source.
//!
//! The files hold no passwords: people of this source sign in at another provider, which names them by key, login or mail.

mod columns;
mod config;
mod files;
mod people;
mod preview;
mod read;
mod table;
mod text;

use config::Settings;
use preau_connector_api::{Connector, Kind, OpenContext, Problem, schema_of};
use std::sync::Arc;

/// The kind of connector, for the registry.
pub const KIND: Kind = Kind {
    name: "csv",
    summary: "CSV files of schools that have nothing else: people and establishments, no passwords.",
    called: "ecoles",
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
        preview: Some(Arc::new(preview::Shown { settings: Arc::clone(&settings) })),
        probe: Arc::new(preview::Look { settings }),
    })
}
