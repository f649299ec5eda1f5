//! `preau config`: example, check, schema, reference page.

use crate::cli::{ConfigCommand, Failure};
use crate::output::{self, say};
use crate::{SystemClock, assembly, config};
use preau_connectors::KINDS;
use preau_domain::Clock;
use std::path::Path;

/// Obeys.
pub fn run(what: &ConfigCommand, file: &Path, demo: bool) -> Result<(), Failure> {
    match what {
        ConfigCommand::Example => output::text(&config::example(KINDS)),
        ConfigCommand::Schema => say!("{:#}", config::schema(KINDS)),
        ConfigCommand::Reference => output::text(&config::page(KINDS)),
        ConfigCommand::Check => {
            let loaded = config::load(file, demo, &|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
                .map_err(Failure::Config)?;
            let connectors = assembly::connectors(&loaded).map_err(Failure::Config)?;
            let problems = assembly::expired(&connectors, SystemClock::new().now());
            if !problems.is_empty() {
                return Err(Failure::Config(problems));
            }
            say!("{} is sound", loaded.file.display())
        }
    }
}
