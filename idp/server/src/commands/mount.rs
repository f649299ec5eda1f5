//! `preau mount`: a product of the catalogue becomes a service of this house, in one command.
//!
//! What is written is an instance file as anybody could write it, checked whole together with what is mounted already; beside it the
//! secret the two sides share, where they share one. What is said of a release comes out of the real rules.

mod agree;

use crate::assembly;
use crate::cli::{Failure, MountArgs};
use crate::commands::connectors::product;
use crate::commands::instance::{create, mounted, population, quoted, role, table_with, tell_unknown, whom};
use crate::commands::told;
use crate::commands::{policy, population as typed};
use crate::config::Loaded;
use crate::output::say;
use preau_connector_api::{MountedService, SamlMetadata};
use preau_connectors::Product;
use preau_domain::{Audience, Ids, Population, Uai};
use preau_keys::SystemIds;
use preau_web::ServiceTable;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Letters of a secret, of five bits each.
const SECRET: usize = 40;

/// Mounts a service, or proves that the two sides of one agree.
pub async fn run(loaded: &Loaded, args: &MountArgs) -> Result<(), Failure> {
    preau_keys::install_provider();
    if args.check {
        return agree::run(loaded, args.name.as_deref()).await;
    }
    let (Some(name), Some(url)) = (&args.name, &args.url) else {
        return Err(Failure::new(
            "which product, and where? preau mount NAME --url ADDRESS: `preau connectors` lists them",
        ));
    };
    let catalogue = assembly::catalogue(loaded).map_err(Failure::Config)?;
    let product = product(&catalogue, name)?;
    let id = args.id.as_deref().unwrap_or(name);
    let file = assembly::instances(loaded).join(format!("{id}.toml"));
    let secret_file = file.with_extension("secret");
    if let Some(taken) = [&file, &secret_file].into_iter().find(|one| one.exists()) {
        return Err(Failure::new(format!(
            "{} is there already: take another --id, or remove it first",
            taken.display()
        )));
    }
    let secret = product.has_secret().then(|| SystemIds.text(SECRET));
    // Nothing is on the disk yet: it is checked with the hash of the secret, and written with the name of its file.
    let by_hash = secret.as_ref().map(|secret| ("client_secret_hash", preau_keys::digest(secret)));
    let by_file = secret.as_ref().map(|_| ("client_secret_file", format!("{id}.secret")));
    let service = mounted(loaded, &file, id, &text(product, url, args, by_hash.as_ref())?)?;
    let table = table_with(loaded, &service)?;
    let text = text(product, url, args, by_file.as_ref())?;
    report(loaded, &service, &table, args)?;
    tell_unknown(loaded, &service.audience).await?;
    if args.dry_run {
        say!("\nWho would gain it")?;
        policy::newcomer(loaded, &service).await?;
        return say!("\nNothing was written. The instance file would be:\n\n{text}");
    }
    if let Some(secret) = &secret {
        write_secret(&secret_file, secret)?;
    }
    let made = create(&file, &text);
    // A file that was there after all is somebody else's.
    let ours = made.is_ok();
    if let Err(failure) = made.and_then(|()| mounted(loaded, &file, id, &text).map(drop)) {
        let written = [ours.then_some(&file), secret.as_ref().map(|_| &secret_file)];
        written.into_iter().flatten().for_each(|one| drop(fs::remove_file(one)));
        return Err(failure);
    }
    say!("\nWritten: {}. A running server takes it up within seconds.", file.display())?;
    if secret.is_some() {
        let file = secret_file.display();
        say!("Secret:  {file}, one line, for the other side; the user the server runs as must be able to read it.")?;
    }
    say!("Then: `preau mount --check {id}`")
}

/// A file that nobody else may read.
fn write_secret(file: &Path, secret: &str) -> Result<(), Failure> {
    use std::io::Write;
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", file.display()));
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
    writeln!(out, "{secret}").map_err(failed)
}

/// The instance file.
fn text(product: &Product, url: &str, args: &MountArgs, secret: Option<&(&str, String)>) -> Result<String, Failure> {
    let mut text = format!("connector = {}\n", quoted(&product.name));
    if args.private {
        text += "network = \"private\"\n";
    }
    text += &format!("\n[parameters]\nurl = {}\n", quoted(url));
    for given in &args.parameters {
        let (name, value) = given
            .split_once('=')
            .filter(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'))
            .filter(|(name, _)| !name.is_empty() && *name != "url")
            .ok_or_else(|| Failure::new(format!("--param {given}: NAME=VALUE, and the address by --url")))?;
        text += &format!("{name} = {}\n", quoted(value));
    }
    if let Some(title) = &args.title {
        text += &format!("\n[title]\nfr = {0}\nen = {0}\n", quoted(title));
    }
    if let Some((key, value)) = secret {
        text += &format!("\n[oidc]\n{key} = {}\n", quoted(value));
    }
    if !args.lti.is_empty() {
        let may: Vec<String> = args.lti.iter().map(|may| quoted(may)).collect();
        text += &format!("\n[oidc.lti]\nmay = [{}]\n", may.join(", "));
    }
    if !args.release.is_empty() {
        let names: Vec<String> = args.release.iter().map(|name| quoted(name)).collect();
        text += &format!("\n[link]\nattributes = [{}]\n", names.join(", "));
    }
    let audience = audience(&product.descriptor.audience, args)?;
    if audience == product.descriptor.audience {
        return Ok(text);
    }
    for one in &audience.allow {
        text += &population("allow", one)?;
    }
    for one in &audience.except {
        text += &population("except", one)?;
    }
    for one in &audience.two_factors {
        text += &population("two_factors", one)?;
    }
    for grant in &audience.roles {
        text += &role(grant)?;
    }
    Ok(text)
}

/// Whom the options name; the product's own audience where they name nobody.
fn audience(product: &Audience, args: &MountArgs) -> Result<Audience, Failure> {
    let mut whos = args.who.iter().map(|who| typed::parse("--who", who)).collect::<Result<Vec<_>, _>>()?;
    let mut audience = match (args.whom.is_empty(), whos.is_empty()) {
        (true, true) => product.clone(),
        (true, false) => Audience { allow: Vec::new(), ..product.clone() },
        (false, _) => narrowed(product, &args.whom, &mut whos)?,
    };
    audience.allow.extend(whos);
    for who in &args.except {
        audience.except.push(typed::parse("--except", who)?);
    }
    for who in &args.two_factors {
        audience.two_factors.push(typed::parse("--two-factors", who)?);
    }
    for given in &args.roles {
        audience.roles.push(typed::role(given)?);
    }
    for one in &mut audience.allow {
        *one = typed::within(one, args.from, args.until);
    }
    Ok(audience)
}

/// Whom `--for` names: profiles take the place of the product's own audience; establishments narrow it, or are the place of the
/// populations of `--who` that say none.
fn narrowed(product: &Audience, named: &[String], whos: &mut [Population]) -> Result<Audience, Failure> {
    let mut places: Vec<Uai> = Vec::new();
    let mut allow: Vec<Population> = Vec::new();
    for who in named {
        match whom(who)? {
            (None, Some(place)) => places.push(place),
            (profile, place) => allow.push(Population {
                profiles: profile.into_iter().collect(),
                establishments: place.into_iter().collect(),
                ..Population::default()
            }),
        }
    }
    if !places.is_empty() && !whos.is_empty() {
        let mut anywhere = whos.iter_mut().filter(|one| one.establishments.is_empty()).peekable();
        if anywhere.peek().is_none() {
            return Err(Failure::new(
                "--for NUMBER is the place of each --who that says none, and all of them say theirs",
            ));
        }
        anywhere.for_each(|one| one.establishments.clone_from(&places));
    } else if !places.is_empty() {
        let in_places = |one: &Population| Population { establishments: places.clone(), ..one.clone() };
        allow.extend(product.allow.iter().map(in_places));
    }
    Ok(Audience { allow, ..product.clone() })
}

fn report(loaded: &Loaded, service: &MountedService, table: &ServiceTable, args: &MountArgs) -> Result<(), Failure> {
    let spoken =
        told::spoken(service.cas.is_some(), service.oidc.is_some(), service.saml.is_some(), service.link.is_some());
    say!("{} ({}, {})", service.title.fr, service.connector, spoken.join(", "))?;
    say!("  id        {}", service.service.id)?;
    say!("  tile      {}", service.service.home)?;
    say!("  for       {}", told::audience(&service.audience))?;
    if args.whom.is_empty() && args.who.is_empty() {
        say!("            in every establishment: --for NUMBER narrows it")?;
    }
    say!("\nWhat leaves")?;
    told::rules(service)?;
    say!("\nFor people who do not exist")?;
    told::people(service, table)?;
    if let Some(saml) = &service.saml
        && saml.metadata == SamlMetadata::Sources
    {
        say!(
            "\nIts metadata are looked for in saml.federations, as {}: where it has a file of its own,",
            saml.entity_id
        )?;
        say!("write `metadata = \"…\"` in [saml] of the instance file, or mount it by `preau sp add`.")?;
    }
    let ours = loaded.config.web.public_url.trim_end_matches('/');
    say!("\nOn the other side\n\n{}", service.other_side.replace("{preau}", ours).trim())
}
