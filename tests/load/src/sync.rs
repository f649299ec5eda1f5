//! Provisioning at size: a real slapd, the first synchronisation and unchanged ones, as whole processes.

use crate::cpu;
use anyhow::{Context, Result, bail, ensure};
use preau_annuaire::Options;
use preau_rig::slapd::{Slapd, SlapdOptions};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What one run of a command cost.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// From start to end of the process.
    pub wall: Duration,
    /// Processor time of the process.
    pub cpu: Duration,
    /// Highest resident memory, in bytes.
    pub peak: u64,
}

/// The synchronisations of that many people into SQLite.
pub struct Runs {
    /// The first.
    pub first: Run,
    /// Unchanged, by the word of the directory.
    pub again: Run,
    /// Unchanged, with every entry read and compared.
    pub full: Run,
}

/// Runs them against a slapd of their own.
pub fn runs(preau: &Path, folder: &Path, people: usize) -> Result<Runs> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder.join("services"))?;
    let ldif = folder.join("annuaire.ldif");
    let mut out = BufWriter::new(File::create(&ldif)?);
    preau_annuaire::generate(&Options { people, ..Options::default() }, &mut out)?;
    out.flush()?;
    drop(out);
    let slapd = Slapd::start(&folder.join("slapd"), &SlapdOptions { ldif: Some(ldif), ..SlapdOptions::default() })?;
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:1\"\n\n[storage]\nurl = \"sqlite://{folder}/preau.sqlite\"\n\n\
         [keys]\ndir = \"{folder}/keys\"\n\n[services]\ninstances = \"{folder}/services\"\n\n[log]\nlevel = \"warn\"\n\n\
         [web]\npublic_url = \"https://localhost\"\n\n\
         [sources.annuaire]\nkind = \"ldap\"\nurl = \"{url}\"\nbind_dn = \"{bind}\"\npassword_file = \"{secret}\"\nacademy = \"AC-NOTOS\"\n\
         people = \"ou=people,{suffix}\"\nstructures = \"ou=structures,{suffix}\"\n",
        folder = folder.display(),
        url = slapd.url(),
        bind = slapd.service_dn(),
        secret = slapd.password_file().display(),
        suffix = slapd.suffix(),
    );
    let configuration = folder.join("preau.toml");
    fs::write(&configuration, text)?;
    let first = run(preau, &configuration, folder, &[])?;
    let again = run(preau, &configuration, folder, &[])?;
    let full = run(preau, &configuration, folder, &["--full"])?;
    slapd.stop();
    Ok(Runs { first, again, full })
}

fn run(preau: &Path, configuration: &Path, folder: &Path, more: &[&str]) -> Result<Run> {
    let log = File::create(folder.join("sync.log"))?;
    let began = Instant::now();
    let child = Command::new(preau)
        .args(["sync", "annuaire", "--config"])
        .arg(configuration)
        .args(more)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", preau.display()))?;
    let (status, run) = watch(child, began)?;
    if !status.success() {
        bail!("the synchronisation ended with {status}: {}", fs::read_to_string(folder.join("sync.log"))?);
    }
    ensure!(run.peak > 0, "the synchronisation ended before it could be watched");
    Ok(run)
}

/// Waits for the end of a process that began then, and says how it ended and what it cost.
pub(crate) fn watch(mut child: Child, began: Instant) -> Result<(ExitStatus, Run)> {
    let (mut peak, mut used) = (0, Duration::ZERO);
    let status = loop {
        // The kernel's books are gone with the process, so they are read while it runs; the last few milliseconds of a
        // run of seconds are missed.
        peak = cpu::peak(child.id()).unwrap_or(peak);
        used = used.max(cpu::of(child.id()).map_or(used, |now| now.whole()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Ok((status, Run { wall: began.elapsed(), cpu: used, peak }))
}
