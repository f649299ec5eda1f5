//! `preau activation`: codes by which people choose a password that lives here, on paper.

use crate::cli::{CodeArgs, Failure, SheetsArgs};
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use preau_domain::{Clock, PersonId, Public, Seconds, Uai};
use preau_keys::SystemIds;
use preau_web::activation::{self, Lot, Printed};
use preau_web::{Locale, Texts};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Makes codes and writes their sheets.
pub async fn sheets(loaded: &Loaded, args: &SheetsArgs) -> Result<(), Failure> {
    let at: Uai = args.establishment.parse().map_err(Failure::new)?;
    let publics: Vec<Public> = args.public.iter().map(|word| public(word)).collect::<Result<_, _>>()?;
    let here = proving_here(loaded)?;
    if let Some(elsewhere) = publics.iter().find(|public| !here.contains(public)) {
        let word = elsewhere.as_str();
        return Err(Failure::new(format!(
            "{word}: they sign in elsewhere; web.sign_in.publics.{word} = \"local\" has their passwords live here"
        )));
    }
    let keyring = assembly::keyring(loaded, true)?;
    let store = assembly::store(loaded, Some(&keyring)).await?;
    let unknown = || Failure::new(format!("establishment {at} is not known here: synchronise its source first"));
    let establishment = store.establishment(&at).await?.ok_or_else(unknown)?;
    let lots =
        activation::lots(&*store, &at, &publics, &args.class, (SystemClock::new().now(), args.again), |public| {
            here.contains(&public)
        })
        .await?;
    let count: usize = lots.iter().map(|lot| lot.people.len()).sum();
    if count == 0 {
        return Err(Failure::new("nobody there needs a code: no such class, or all of them have a password (--again)"));
    }
    // Before anything is made: a document that cannot be written takes nobody's code back.
    let mut file = private_file(&args.out)?;
    let whom = publics.iter().map(|public| public.as_str()).collect::<Vec<_>>().join(",");
    commands::journal(&*store, None, None, &format!("codes-printed {at} {whom} {count}")).await?;
    let (texts, made, lasts) = (Texts::load(), SystemClock::new().now(), Seconds(i64::from(args.days) * 86_400));
    let web = &loaded.config.web;
    let printed = Printed {
        texts: &texts,
        locale: Locale::Fr,
        base: web.public_url.trim_end_matches('/'),
        workspace: &web.name,
        establishment: &establishment.name,
        made,
    };
    let expires = made + lasts;
    let mut sheets = Vec::new();
    for lot in &lots {
        let codes = activation::make(&*store, &keyring, &SystemIds, &people(lot), (made, lasts), None).await?;
        sheets.push(activation::sheet(&printed, lot, &codes, expires));
    }
    let document = preau_paper::pdf(&texts.text(Locale::Fr, "sheet-document"), "fr", &sheets);
    let wrong = |error: std::io::Error| Failure::new(format!("{}: {error}", args.out.display()));
    file.write_all(&document).and_then(|()| file.sync_all()).map_err(wrong)?;
    say!("{count} codes on {} sheets: {}", sheets.len(), args.out.display())?;
    say!("they are good until {}; codes these people had before are worth nothing now", expires.rfc3339())
}

fn people(lot: &Lot) -> Vec<PersonId> {
    lot.people.iter().map(|(person, _)| person.id.clone()).collect()
}

/// Makes one code and shows it.
pub async fn code(loaded: &Loaded, args: &CodeArgs) -> Result<(), Failure> {
    let keyring = assembly::keyring(loaded, true)?;
    let store = assembly::store(loaded, Some(&keyring)).await?;
    let person = commands::find(&*store, &args.person).await?;
    let here = proving_here(loaded)?;
    if !person.state.may_sign_in() || !activation::proves_here(&person, |public| here.contains(&public)) {
        return Err(Failure::new(format!(
            "{} is stopped, or signs in elsewhere: a code would open nothing",
            person.id
        )));
    }
    commands::journal(&*store, Some(&person.id), None, "code-made").await?;
    let (made, lasts) = (SystemClock::new().now(), Seconds(i64::from(args.days) * 86_400));
    let people = [person.id.clone()];
    let codes = activation::make(&*store, &keyring, &SystemIds, &people, (made, lasts), None).await?;
    let code = codes.first().map(|code| activation::shown(code)).unwrap_or_default();
    say!("code of {}, shown this once: {code}", person.id)?;
    let base = loaded.config.web.public_url.trim_end_matches('/');
    say!("it is typed at {base}/activate, until {}", (made + lasts).rfc3339())?;
    say!("once it is used, the password, passkeys and codes {} had before are gone, and their sessions end", person.id)
}

/// Which publics prove themselves by a password that lives here: see `Hub::source_of`.
fn proving_here(loaded: &Loaded) -> Result<Vec<Public>, Failure> {
    let connectors = assembly::connectors(loaded).map_err(Failure::Config)?;
    let checking = connectors.values().filter(|connector| connector.password.is_some()).count();
    let named = &loaded.config.web.sign_in.publics;
    let here = |public: &Public| match named.get(public.as_str()) {
        Some(name) => name == "local",
        None => *public == Public::Guest || checking != 1,
    };
    Ok(Public::ALL.into_iter().filter(here).collect())
}

fn public(word: &str) -> Result<Public, Failure> {
    let public = word.parse::<Public>().ok().filter(|public| *public != Public::Guest);
    public.ok_or_else(|| Failure::new(format!("{word} is none of pupil, guardian and staff")))
}

/// A new file for its owner alone; one that is there already stays as it is.
fn private_file(path: &Path) -> Result<std::fs::File, Failure> {
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}
