//! `preau registration`: services that register themselves, and the tokens that let them.

use crate::cli::{Failure, OpenArgs, RegistrationCommand, TokenArgs};
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use preau_domain::{
    Audience, Bounded, Clock, Instant, Population, Profile, Registration, RegistrationKind, ServiceId, Uai, bounded,
};
use preau_keys::SystemIds;
use preau_store::{Store, StoreError};
use preau_web::registered::{MOST, Registered, access};
use serde_json::json;

/// Does what was asked. A running server takes it up within seconds.
pub async fn run(loaded: &Loaded, what: &RegistrationCommand) -> Result<(), Failure> {
    if !loaded.config.web.registration {
        return Err(Failure::new("registration is off: write `registration = true` in [web]"));
    }
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let (store, now) = (&*store, SystemClock::new().now());
    match what {
        RegistrationCommand::Token(args) => token(loaded, store, args, now).await,
        RegistrationCommand::Tokens { json } => tokens(store, *json, now).await,
        RegistrationCommand::Revoke { token } => {
            commands::journal(store, None, None, "initial-access-revoked").await?;
            match access::revoke(store, token, now).await? {
                true => say!("token {token} counts no more"),
                false => Err(Failure::new(format!("no token {token}: see `preau registration tokens`"))),
            }
        }
        RegistrationCommand::List { json } => list(loaded, store, *json, now).await,
        RegistrationCommand::Open(args) => open(store, args, now).await,
        RegistrationCommand::Close { id } => {
            let (registration, registered) = find(store, id, now).await?;
            set(store, registration, Registered { audience: Audience::default(), ..registered }, "closed", now).await?;
            say!("nobody may open {id} any more")
        }
        RegistrationCommand::Remove { id } => {
            let (registration, _) = find(store, id, now).await?;
            commands::journal(store, None, Some(&registration.id), "registration-removed").await?;
            store.remove_registration(&registration.id).await?;
            say!("{id} is gone")
        }
    }
}

async fn token(loaded: &Loaded, store: &dyn Store, args: &TokenArgs, now: Instant) -> Result<(), Failure> {
    let Bounded::Fits(note) = bounded(&args.note, 100) else {
        return Err(Failure::new("the note is longer than 100 characters"));
    };
    commands::journal(store, None, None, "initial-access-made").await?;
    let secret = access::issue(store, &SystemIds, now, args.days, args.uses, &note).await?;
    say!("{secret}")?;
    let at = loaded.config.web.public_url.trim_end_matches('/');
    // The token alone on standard output, so that a script can keep it.
    eprintln!("initial access token, shown this once; services register at {at}/oidc/register");
    Ok(())
}

async fn tokens(store: &dyn Store, json: bool, now: Instant) -> Result<(), Failure> {
    let all = access::list(store, now).await?;
    if json {
        let rows = all.iter().map(
            |one| json!({ "token": one.name, "expires": one.expires.rfc3339(), "left": one.left, "note": one.note }),
        );
        return say!("{:#}", rows.collect::<serde_json::Value>());
    }
    if all.is_empty() {
        return say!("no initial access token counts");
    }
    for one in all {
        let left = one.left.map_or("any number".to_owned(), |left| format!("{left} more"));
        say!("{}  until {}  {left}  {}", one.name, one.expires.rfc3339(), one.note)?;
    }
    Ok(())
}

async fn list(loaded: &Loaded, store: &dyn Store, json: bool, now: Instant) -> Result<(), Failure> {
    let most = u32::try_from(2 * MOST).unwrap_or(u32::MAX);
    let all = store.registrations(RegistrationKind::Dynamic, None, now, most).await?;
    let files = assembly::table(loaded).map_err(Failure::Config)?;
    let mut rows = Vec::new();
    for registration in &all {
        let Some(one) = Registered::read(registration) else { continue };
        let state = if files.get(&registration.id).is_some() {
            "a file of this name says everything in its place".to_owned()
        } else {
            match one.mount(&registration.id, preau_connectors::catalogue()) {
                Err(problems) => format!("not mounted: {}", problems.first().map_or("", |problem| &problem.what)),
                Ok(service) if preau_web::registered::taken(&files, &service) => {
                    "not mounted: an address belongs to a service of a file".to_owned()
                }
                Ok(_) if one.audience.allow.is_empty() => "nobody may open it".to_owned(),
                Ok(_) => format!("for {}", audience(&one.audience)),
            }
        };
        rows.push((registration, one, state));
    }
    if json {
        let rows = rows.iter().map(|(registration, one, state)| {
            let (id, created, answers) =
                (&registration.id, registration.created.rfc3339(), &one.settings.redirect_uris);
            let (scopes, grants, way) = (&one.settings.scopes, &one.settings.grants, one.settings.authentication);
            json!({ "id": id, "title": one.title, "url": one.url, "redirect_uris": answers, "created": created,
                "scopes": scopes, "grants": grants, "authentication": way, "audience": one.audience, "state": state })
        });
        return say!("{:#}", rows.collect::<serde_json::Value>());
    }
    if rows.is_empty() {
        return say!("no service registered itself");
    }
    for (registration, one, state) in rows {
        say!("{}  {}  {}  since {}", registration.id, one.title, one.url, registration.created.rfc3339())?;
        for address in one.settings.redirect_uris.iter().flatten() {
            say!("    {address}")?;
        }
        say!("    {}", wishes(&one))?;
        say!("    {state}")?;
    }
    Ok(())
}

/// What an operator says yes to, besides a name and addresses.
fn wishes(one: &Registered) -> String {
    let scopes = one.settings.scopes.iter().flatten().map(String::as_str);
    let grants: Vec<&str> = one.settings.grants.iter().flatten().map(|grant| grant.as_str()).collect();
    let way = one.settings.authentication.unwrap_or_default().as_str();
    let scopes = ["openid"].into_iter().chain(scopes).collect::<Vec<_>>().join(" ");
    format!("receives {scopes}, by {}; proves itself by {way}", grants.join(" and "))
}

fn audience(audience: &Audience) -> String {
    let of = |population: &Population| {
        let profiles: Vec<&str> = population.profiles.iter().map(|profile| profile.code()).collect();
        let places: Vec<&str> = population.establishments.iter().map(Uai::as_str).collect();
        let places = if places.is_empty() { String::new() } else { format!(" in {}", places.join(", ")) };
        format!("{}{places}", profiles.join(", "))
    };
    audience.allow.iter().map(of).collect::<Vec<_>>().join("; ")
}

async fn open(store: &dyn Store, args: &OpenArgs, now: Instant) -> Result<(), Failure> {
    let known = || Profile::ALL.map(Profile::code).join(", ");
    let profile = |word: &String| {
        let found = Profile::ALL.into_iter().find(|profile| profile.code() == word);
        found.ok_or_else(|| Failure::new(format!("no profile is called {word}; there is: {}", known())))
    };
    let profiles = args.profiles.iter().map(profile).collect::<Result<Vec<_>, _>>()?;
    let place =
        |word: &String| word.parse::<Uai>().map_err(|_| Failure::new(format!("{word} is the number of no school")));
    let establishments = args.establishments.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let (registration, registered) = find(store, &args.id, now).await?;
    let population = Population { profiles, establishments, ..Population::default() };
    let audience = Audience { allow: vec![population], ..Audience::default() };
    let told = self::audience(&audience);
    // As it is now: it may have changed since the operator looked.
    let (title, url, wishes) = (registered.title.clone(), registered.url.clone(), wishes(&registered));
    set(store, registration, Registered { audience, ..registered }, &format!("opened: {told}"), now).await?;
    say!("{} opens for {told}; a running server takes it up within seconds", args.id)?;
    say!("    {title}  {url}")?;
    say!("    {wishes}")
}

async fn find(store: &dyn Store, id: &str, now: Instant) -> Result<(Registration, Registered), Failure> {
    let found = store.registration(&ServiceId::new(id), now).await?;
    let found = found.filter(|found| found.kind == RegistrationKind::Dynamic);
    let read = found.and_then(|found| Registered::read(&found).map(|read| (found, read)));
    read.ok_or_else(|| Failure::new(format!("no service {id} registered itself: see `preau registration list`")))
}

async fn set(
    store: &dyn Store,
    registration: Registration,
    registered: Registered,
    what: &str,
    now: Instant,
) -> Result<(), Failure> {
    let what: String = format!("registration-{what}").chars().take(200).collect();
    commands::journal(store, None, Some(&registration.id), &what).await?;
    let doc = registered.write().ok_or_else(|| Failure::new("the registration is too long"))?;
    let before = registration.doc.clone();
    store.replace_registration(&Registration { doc, ..registration }, &before, now).await.map_err(|error| match error {
        StoreError::Conflict => Failure::new("the service changed its registration at this very moment: look again"),
        other => other.into(),
    })
}
