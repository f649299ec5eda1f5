//! `preau config`: example, check, schema, reference page.

use crate::cli::{ConfigCommand, Failure};
use crate::{assembly, config};
use preau_connectors::KINDS;
use std::path::Path;

/// Obeys.
pub fn run(what: &ConfigCommand, file: &Path) -> Result<(), Failure> {
    match what {
        ConfigCommand::Example => print!("{}", config::example(KINDS)),
        ConfigCommand::Schema => println!("{:#}", config::schema(KINDS)),
        ConfigCommand::Reference => print!("{}", config::page(KINDS)),
        ConfigCommand::Check => {
            let loaded = config::load(file, &|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
                .map_err(Failure::Config)?;
            assembly::connectors(&loaded).map_err(Failure::Config)?;
            println!("{} is sound", loaded.file.display());
        }
    }
    Ok(())
}
