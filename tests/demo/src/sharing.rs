//! What the two ENTs of the demo share: a convention that both signed, a space on each side, and the guests in them, by the commands an
//! operator types. Done once; whoever suspends or ends it finds it so at the next start.

use crate::facts::{Account, Shared};
use anyhow::{Context, Result};
use preau_rig::Preau;
use preau_rig::preau::metadata_of;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The name of the convention.
const CONVENTION: &str = "cycle3";
/// Most guests of each side.
const QUOTA: &str = "60";

/// One of the two ENTs.
pub struct Side<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its address, without a slash at the end.
    pub base: &'a str,
    /// Its name at the other one, as a source and as a service.
    pub source: &'a str,
    /// The issuer or entity it proves to be.
    pub issuer: String,
    /// Its commands.
    pub preau: &'a Preau,
    /// The school, and the class of it that takes part.
    pub school: (&'a str, &'a str),
    /// The space it hosts: name and title.
    pub space: (&'static str, &'static str),
    /// What that space mounts.
    pub mounts: Option<&'static str>,
}

/// The school of somebody.
pub fn school<'a>(accounts: &'a [Account], role: &str) -> Result<&'a str> {
    let account = accounts.iter().find(|account| account.role == role);
    let school = account.and_then(|account| account.establishments.first());
    school.map(|school| school.uai.as_str()).with_context(|| format!("the annuaire has no {role}"))
}

/// Draws the convention up on both sides, has it signed, opens both spaces and exchanges the lists, unless `folder` says that it was done.
pub fn share(folder: &Path, college: &Side<'_>, ecoles: &Side<'_>) -> Result<Shared> {
    let done = folder.join("shared");
    if !done.exists() {
        let (from, until) = (day("yesterday")?, day("+300 days")?);
        for (here, there) in [(college, ecoles), (ecoles, college)] {
            agree(folder, here, there, &from, &until)?;
            open(here, there, &until)?;
        }
        college.preau.run(&["pairs", "declare", college.school.0, ecoles.school.0], "")?;
        invite(folder, college, ecoles)?;
        invite(folder, ecoles, college)?;
        fs::write(&done, "").context("remembering what is shared")?;
    }
    Ok(Shared {
        convention: CONVENTION,
        spaces: [college, ecoles].map(|side| (side.space.0.to_owned(), side.base.to_owned())).into(),
    })
}

/// A day in words, as `date` reads them.
fn day(words: &str) -> Result<String> {
    let said = Command::new("date").args(["-d", words, "+%F"]).output().context("asking for the day")?;
    Ok(String::from_utf8(said.stdout)?.trim().to_owned())
}

/// The convention as one side keeps it, signed by both.
fn agree(folder: &Path, here: &Side<'_>, there: &Side<'_>, from: &str, until: &str) -> Result<()> {
    let known = here.preau.run(&["conventions", "list", "--json"], "")?;
    if String::from_utf8_lossy(&known.stdout).contains(CONVENTION) {
        return Ok(());
    }
    let address = there.base.strip_prefix("http://").and_then(|rest| rest.split_once(':'));
    let (host, port) = address.context("the address of an ENT of the demo has a port")?;
    let keys = folder.join(format!("{}.jwks.json", there.source));
    fs::write(&keys, metadata_of(host, port.parse()?, "/oidc/jwks")?)?;
    let keys = keys.display().to_string();
    let mut draft = vec!["conventions", "draft", CONVENTION, "--peer", there.base, "--name", there.name];
    draft.extend(["--provider", there.source, "--issuer", &there.issuer, "--service", there.source, "--keys", &keys]);
    draft.extend(["--purpose", "Travailler ensemble au cycle 3", "--data", "prénom, initiale, école, classe"]);
    draft.extend(["--establishments", there.school.0, "--from", from, "--until", until, "--quota", QUOTA]);
    here.preau.run(&draft, "")?;
    here.preau.run(&["conventions", "sign", CONVENTION, "--by", here.name], "")?;
    here.preau.run(&["conventions", "sign", CONVENTION, "--by", there.name, "--peer"], "")?;
    Ok(())
}

/// The space that one side hosts, for a class of each.
fn open(here: &Side<'_>, there: &Side<'_>, until: &str) -> Result<()> {
    let group = |side: &Side<'_>, what: &str| format!("{}:{}:{what}", side.school.0, side.school.1);
    let groups = [
        group(here, "pupil:redacteur"),
        group(here, "staff:gestionnaire"),
        group(there, "pupil:redacteur"),
        group(there, "staff:moderateur"),
    ];
    let mut args = vec!["spaces", "open", here.space.0, "--title", here.space.1, "--host", here.school.0];
    args.extend(["--convention", CONVENTION, "--until", until]);
    groups.iter().for_each(|group| args.extend(["--group", group]));
    here.mounts.iter().for_each(|service| args.extend(["--mount", service]));
    here.preau.run(&args, "")?;
    Ok(())
}

/// The list of the people of one side who come to the space of the other, signed at home and taken in there.
fn invite(folder: &Path, home: &Side<'_>, host: &Side<'_>) -> Result<()> {
    let list = folder.join(format!("{}.list", host.space.0));
    crate::remove(&list)?;
    let out = list.display().to_string();
    let group = |who: &str| format!("{}:{}:{who}", home.school.0, home.school.1);
    let (pupils, staff) = (group("pupil"), group("staff"));
    let export = ["guests", "export", "--convention", CONVENTION, "--space", host.space.0, "--out", &out];
    home.preau.run(&[&export[..], &["--group", &pupils, "--group", &staff]].concat(), "")?;
    host.preau.run(&["guests", "import", &out], "")?;
    Ok(())
}
