//! `preau service`: the two keys. The academy offers a service in its instance file; the head of an establishment opens it there, for whom
//! they choose, until a day, on the sheet they read.

use crate::cli::{CloseServiceArgs, Failure, OpenServiceArgs, ServiceStatusArgs};
use crate::commands::{instance, population, told};
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use preau_connector_api::MountedService;
use preau_domain::{Audience, Clock, Opening, Population, Profile, ServiceId, Uai};
use preau_policy::AccessRules;
use preau_web::second_key;
use serde_json::json;
use std::fs;

/// Characters of the digest of a sheet by which a yes is said.
const SIGNED: usize = 12;

/// Writes in the instance file of a service that it asks for two keys.
pub fn offer(loaded: &Loaded, id: &str) -> Result<(), Failure> {
    preau_keys::install_provider();
    let service = service(loaded, id)?;
    if service.two_keys {
        return say!("{id} is offered already: heads open it by `preau service open {id}`");
    }
    let file = assembly::instances(loaded).join(format!("{id}.toml"));
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", file.display()));
    let text = format!("two_keys = true\n{}", fs::read_to_string(&file).map_err(failed)?);
    instance::mounted(loaded, &file, id, &text)?;
    // A running server reads one whole file or the other.
    let draft = file.with_file_name(format!(".{id}.toml.new"));
    fs::write(&draft, text).and_then(|()| fs::rename(&draft, &file)).map_err(failed)?;
    say!("{id} is offered: it is closed everywhere until the head of an establishment opens it there")
}

/// Shows the sheet of a service, or says yes to it for an establishment.
pub async fn open(loaded: &Loaded, args: &OpenServiceArgs) -> Result<(), Failure> {
    preau_keys::install_provider();
    let service = service(loaded, &args.id)?;
    if !service.two_keys {
        return Err(Failure::new(format!("{} asks for one key: whom its file names may open it", args.id)));
    }
    let digest = second_key::sheet(&service);
    let signed: String = digest.chars().take(SIGNED).collect();
    let Some(read) = &args.sheet else {
        sheet(&service)?;
        return say!("\nTo say yes to this sheet: --sheet {signed}");
    };
    if *read != signed {
        return Err(Failure::new(format!("--sheet {read}: the sheet is another one by now; read it without --sheet")));
    }
    let (Some(by), Some(until)) = (&args.by, args.until) else {
        return Err(Failure::new("who says yes, and until when? --by LOGIN --until DAY"));
    };
    let allow = match args.who.as_slice() {
        [] => vec![Population::default()],
        all => all.iter().map(|who| population::parse("--who", who)).collect::<Result<_, _>>()?,
    };
    let service_id = service.service.id.clone();
    let audience = Audience { allow: allow.clone(), ..Audience::default() };
    AccessRules::compile([(&service_id, &audience)].into_iter()).map_err(|found| Failure::new(found.join("\n")))?;
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let head = commands::find(&*store, by).await?;
    let heads = |uai: &Uai| head.affiliations.iter().any(|a| a.profile == Profile::Head && a.establishment == *uai);
    if !head.state.may_sign_in() || !heads(&args.establishment) {
        return Err(Failure::new(format!("{by} is not of the direction of {}", args.establishment)));
    }
    let at = SystemClock::new().now();
    let opening = Opening {
        service: service_id.clone(),
        establishment: args.establishment.clone(),
        allow,
        until,
        sheet: digest,
        by: head.id.clone(),
        at,
    };
    let today = preau_domain::LocalTime::at(&args.establishment, at).map(|now| now.day);
    let Some(today) = today.filter(|today| *today <= until) else {
        return Err(Failure::new(format!("--until {until}: that day is over")));
    };
    if until > Opening::latest(today) {
        let latest = Opening::latest(today);
        return Err(Failure::new(format!("--until {until}: {latest} at the latest, the end of the next school year")));
    }
    let what = format!("opened in {} until {until}, sheet {signed}", args.establishment);
    commands::journal(&*store, Some(&head.id), Some(&service_id), &what).await?;
    second_key::keep(&*store, &opening).await?;
    let whom = if args.who.is_empty() { "whom the service is for".to_owned() } else { told::audience(&audience) };
    say!(
        "{} opens in {} for {whom}, until {until}; a running server takes it up within seconds",
        args.id,
        args.establishment
    )
}

/// Takes a yes back.
pub async fn close(loaded: &Loaded, args: &CloseServiceArgs) -> Result<(), Failure> {
    preau_keys::install_provider();
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let id = ServiceId::new(&args.id);
    let what = format!("closed in {}", args.establishment);
    commands::journal(&*store, None, Some(&id), &what).await?;
    match store.remove_registration(&Opening::name(&id, &args.establishment)).await? {
        true => say!("{id} is closed in {}", args.establishment),
        false => Err(Failure::new(format!("{id} was not open in {}", args.establishment))),
    }
}

/// Lists who opened what, until when, and whether the sheet is still the one that was read.
pub async fn status(loaded: &Loaded, args: &ServiceStatusArgs) -> Result<(), Failure> {
    preau_keys::install_provider();
    let store = assembly::store(loaded, None).await?;
    let services = assembly::services(loaded).map_err(Failure::Config)?;
    let asked = |opening: &Opening| args.id.as_ref().is_none_or(|id| opening.service.as_str() == id);
    let there = |opening: &Opening| args.establishment.as_ref().is_none_or(|uai| opening.establishment == *uai);
    let all = second_key::openings(&*store, SystemClock::new().now()).await?;
    let mut rows = Vec::new();
    for opening in all.iter().filter(|one| asked(one) && there(one)) {
        let service = services.iter().find(|service| service.service.id == opening.service);
        let state = match service {
            None => "the service is not mounted",
            Some(service) if !service.two_keys => "the service asks for one key",
            Some(service) if second_key::sheet(service) != opening.sheet => {
                "closed: its sheet changed, the head must say yes again"
            }
            Some(_) => "open",
        };
        rows.push((opening, state));
    }
    if args.json {
        let rows = rows.iter().map(|(one, state)| {
            json!({ "service": one.service, "establishment": one.establishment, "until": one.until, "for": one.allow,
                "by": one.by, "at": one.at.rfc3339(), "state": state })
        });
        return say!("{:#}", rows.collect::<serde_json::Value>());
    }
    let offered = services.iter().filter(|service| service.two_keys).map(|service| service.service.id.as_str());
    let offered: Vec<&str> = offered.collect();
    say!("offered: {}", if offered.is_empty() { "none".to_owned() } else { offered.join(", ") })?;
    for (one, state) in rows {
        let whom = told::audience(&Audience { allow: one.allow.clone(), ..Audience::default() });
        say!("{}  {}  until {}  for {whom}  by {}  {state}", one.service, one.establishment, one.until, one.by)?;
    }
    Ok(())
}

fn service(loaded: &Loaded, id: &str) -> Result<MountedService, Failure> {
    let services = assembly::services(loaded).map_err(Failure::Config)?;
    let found = services.into_iter().find(|service| service.service.id.as_str() == id);
    found.ok_or_else(|| Failure::new(format!("no service {id} is mounted: see `preau services`")))
}

/// What a head says yes to.
fn sheet(service: &MountedService) -> Result<(), Failure> {
    let legal = &service.legal;
    say!("{}", service.title.fr)?;
    for (word, said) in [
        ("finalité", &legal.purpose),
        ("responsable", &legal.controller),
        ("hébergement", &legal.hosting),
        ("conservation", &legal.retention),
    ] {
        say!("  {word:<13} {}", said.fr)?;
    }
    say!("\nWhat leaves")?;
    told::rules(service)
}
