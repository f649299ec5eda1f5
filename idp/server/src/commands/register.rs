//! `preau register`: the record of processing of one establishment (RGPD, article 30), read off what is really mounted and the rules by
//! which data really leaves. Nobody types it, so it cannot say something else than what happens.
//!
//! What the record says is in `record`; here it is asked for and written, as a page, a table of commas, or a spreadsheet (`ods`).

mod hosted;
mod inspections;
mod ods;
mod record;

use crate::assembly;
use crate::cli::Failure;
use crate::clock::SystemClock;
use crate::config::Loaded;
use crate::output;
use clap::{Args, ValueEnum};
use hosted::Shared;
use inspections::Inspected;
use preau_connector_api::MountedService;
use preau_domain::{Clock, RegistrationKind, Uai};
use preau_store::Store;
use preau_web::registered::{MOST, Registered, taken};
use preau_web::{Locale, ServiceTable};
use record::{Place, Record};
use std::fs;
use std::io::{IsTerminal, Write, stdout};
use std::path::PathBuf;

/// `preau register`.
#[derive(Debug, Args)]
pub struct RegisterArgs {
    /// National number of the establishment.
    #[arg(long, value_name = "UAI")]
    pub establishment: String,
    /// As what.
    #[arg(long, value_enum, default_value_t = RegisterFormat::Html)]
    pub format: RegisterFormat,
    /// File to write; standard output unless said otherwise.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Language: `fr` or `en`.
    #[arg(long, value_name = "LANGUAGE", default_value = "fr")]
    pub lang: String,
}

/// How a record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RegisterFormat {
    /// A page that needs nothing else.
    Html,
    /// A table for any spreadsheet.
    Csv,
    /// An OpenDocument spreadsheet.
    Ods,
}

/// Writes the record of an establishment.
pub async fn run(loaded: &Loaded, args: &RegisterArgs) -> Result<(), Failure> {
    let uai: Uai = args.establishment.parse().map_err(|why| Failure::new(format!("{}: {why}", args.establishment)))?;
    let locale = Locale::read(&args.lang).ok_or_else(|| Failure::new("--lang is fr or en"))?;
    let table = assembly::table(loaded).map_err(Failure::Config)?;
    let store = assembly::store(loaded, None).await?;
    let establishment = store.establishment(&uai).await?;
    let establishment = establishment.ok_or_else(|| {
        Failure::new(format!(
            "no establishment {uai} is known: a synchronisation brings them, and the journal of runs says which"
        ))
    })?;
    let registered = registered(loaded, &table, &*store).await?;
    let services = table.all().iter().map(|door| &**door).chain(&registered);
    let (now, place) = (SystemClock::new().now(), Place::of(loaded, locale, &establishment));
    let services: Vec<&MountedService> = services.collect();
    let mut others = Shared::of(&*store, &place, now).await?.rows(&place, &services);
    others.extend(Inspected::of(&*store, &place, now).await?.rows(&place, &services));
    let day = now.rfc3339();
    let day = day.get(..10).unwrap_or_default();
    let record = Record::of(loaded, locale, &establishment, services.into_iter(), others, day);
    let bytes = match args.format {
        RegisterFormat::Html => record.html().into_bytes(),
        RegisterFormat::Csv => record.csv().into_bytes(),
        RegisterFormat::Ods => ods::document(&record.title, &record.lines())
            .map_err(|error| Failure::new(format!("the spreadsheet could not be written: {error}")))?,
    };
    match &args.out {
        Some(file) => fs::write(file, bytes).map_err(|error| Failure::new(format!("{}: {error}", file.display()))),
        None if args.format == RegisterFormat::Ods && stdout().is_terminal() => {
            Err(Failure::new("a spreadsheet is no text for a screen: name a file with --out"))
        }
        None if args.format == RegisterFormat::Ods => stdout()
            .lock()
            .write_all(&bytes)
            .map_err(|error| Failure::new(format!("the answer could not be written: {error}"))),
        None => output::text(&String::from_utf8_lossy(&bytes)),
    }
}

/// The services that registered themselves and run beside those of the files.
async fn registered(loaded: &Loaded, files: &ServiceTable, store: &dyn Store) -> Result<Vec<MountedService>, Failure> {
    if !loaded.config.web.registration {
        return Ok(Vec::new());
    }
    let most = u32::try_from(2 * MOST).unwrap_or(u32::MAX);
    let all = store.registrations(RegistrationKind::Dynamic, None, SystemClock::new().now(), most).await?;
    let others = all.iter().filter(|one| files.get(&one.id).is_none());
    let mounted = others.filter_map(|one| Registered::read(one)?.mount(&one.id, preau_connectors::catalogue()).ok());
    Ok(mounted.filter(|service| !taken(files, service)).collect())
}
