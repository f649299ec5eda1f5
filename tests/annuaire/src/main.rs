//! `preau-annuaire`: writes an invented annuaire, as LDIF or as deliveries of AAF.

use anyhow::{Context, Result};
use clap::Parser;
use preau_annuaire::{Deliveries, Options, deliver, generate_with};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes an invented annuaire, the same for the same seed.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// How many people: 1500, 100000, 1000000…
    #[arg(long, default_value_t = 1500)]
    people: usize,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to write the LDIF.
    #[arg(long, required_unless_present = "aaf")]
    out: Option<PathBuf>,
    /// Writes deliveries of AAF into this folder instead: a complete one, and with --delta the one of the day after.
    #[arg(long, conflicts_with_all = ["out", "faults", "accounts"])]
    aaf: Option<PathBuf>,
    /// Leaves some changes to a delta.
    #[arg(long, requires = "aaf")]
    delta: bool,
    /// Writes ISO-8859-15, as older deliveries are.
    #[arg(long, requires = "aaf")]
    latin: bool,
    /// Adds a handful of faulty entries, as real feeds have them.
    #[arg(long)]
    faults: bool,
    /// Root of the tree.
    #[arg(long, default_value = "dc=ent,dc=example")]
    suffix: String,
    /// Also writes everybody's profile, login and password, one person per line, separated by tabs.
    #[arg(long)]
    accounts: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let create = |path: &Path| -> Result<BufWriter<File>> {
        Ok(BufWriter::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?))
    };
    let options = Options {
        people: arguments.people,
        seed: arguments.seed,
        faults: arguments.faults,
        suffix: arguments.suffix,
        ..Options::default()
    };
    if let Some(folder) = arguments.aaf {
        let (delta, latin) = (arguments.delta, arguments.latin);
        let summary = deliver(&options, &Deliveries { delta, latin, ..Deliveries::into(&folder) })?;
        println!("{} people, {} structures", summary.people, summary.structures);
        return Ok(());
    }
    let mut out = create(&arguments.out.unwrap_or_default())?;
    let mut accounts = arguments.accounts.as_deref().map(create).transpose()?;
    let summary = generate_with(&options, &mut out, &mut |profile, login, password| match &mut accounts {
        Some(file) => writeln!(file, "{profile}\t{login}\t{password}"),
        None => Ok(()),
    })?;
    out.flush()?;
    if let Some(mut file) = accounts {
        file.flush()?;
    }
    println!("{} people, {} structures, {} of them faulty", summary.people, summary.structures, summary.faults.len());
    for account in &summary.accounts {
        println!("{:<22} {:<24} {}", account.role, account.login, account.password);
    }
    Ok(())
}
