//! `preau conventions`, `preau pairs`, `preau spaces`: what frames the guests of other ENTs.

mod pairs;

use crate::cli::{
    AmendArgs, ConventionsCommand, DraftArgs, Failure, OpenSpaceArgs, PairsCommand, SpacesCommand, Until,
};
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use preau_domain::{
    Clock, Convention, ConventionState, Day, Instant, LocalTime, Peer, Profile, Public, SchoolPair, ServiceId,
    Signatory, SourceId, Space, SpaceGroup, Uai, stops_convention,
};
use preau_hosting::{Act, Amendment, act, amend, problem_of_opening, problems_of_convention, problems_of_space, sign};
use preau_keys::jose::Jwks;
use preau_store::Store;
use preau_web::spaces::fingerprint;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// Rows read at once.
pub(super) const PAGE: u32 = 1_000;

pub(super) async fn writing(loaded: &Loaded) -> Result<Arc<dyn Store>, Failure> {
    assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await
}

/// Beginning and end of a day.
pub(super) fn day(day: Day) -> Result<(Instant, Instant), Failure> {
    let (year, month, number) = day.parts();
    Instant::french_day(year, month, number).ok_or_else(|| Failure::new(format!("{day} is no day")))
}

/// The instant at which something is over.
fn until(said: &Until) -> Result<Instant, Failure> {
    let (begins, ends) = day(said.day)?;
    let Some(second) = said.second else { return Ok(ends) };
    let at = Instant(begins.0 + i64::from(second) * 1_000);
    // On two days of the year clocks show another time than that.
    let shown = LocalTime::in_paris(at).map_or(0, |local| i64::from(local.minute));
    Ok(Instant(at.0 + (i64::from(second / 60) - shown) * 60_000))
}

pub(super) async fn convention(store: &dyn Store, id: &str) -> Result<Convention, Failure> {
    let found = store.convention(id).await?;
    found.ok_or_else(|| Failure::new(format!("there is no convention {id}: see `preau conventions list`")))
}

fn whole(problems: Vec<String>) -> Result<(), Failure> {
    if problems.is_empty() { Ok(()) } else { Err(Failure::new(problems.join("\n"))) }
}

/// Our own public address.
fn us(loaded: &Loaded) -> &str {
    loaded.config.web.public_url.trim_end_matches('/')
}

/// A key set, whole: what cannot be used is not kept.
fn keys(file: &Path) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| failed(&error))?.len();
    if size > 64 * 1024 {
        return Err(failed(&"a key set has at most 64 kB"));
    }
    let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    let keys = Jwks::parse(text.as_bytes()).map_err(|error| failed(&error))?;
    if keys.keys().is_empty() {
        return Err(failed(&"no key of it can be used"));
    }
    Ok(text)
}

/// `preau conventions …`.
pub async fn conventions(loaded: &Loaded, what: &ConventionsCommand) -> Result<(), Failure> {
    preau_keys::install_provider();
    match what {
        ConventionsCommand::Draft(args) => draft(loaded, args).await,
        ConventionsCommand::Sign { id, by, peer, fingerprint: read } => {
            let by = Signatory { peer: *peer, who: by.clone(), at: SystemClock::new().now() };
            change(loaded, id, "signed", |one| {
                let same = read.as_ref().is_none_or(|read| read.trim() == fingerprint(one, us(loaded)));
                if same { sign(one, by) } else { Err("its fingerprint is another: you did not agree on the same text") }
            })
            .await
        }
        ConventionsCommand::Amend(args) => amended(loaded, args).await,
        ConventionsCommand::Suspend { id } => {
            let guests = stop(loaded, id, ConventionState::Suspended).await?;
            say!("convention {id} is suspended; its {guests} guests are signed out within seconds")
        }
        ConventionsCommand::Resume { id } => {
            let now = SystemClock::new().now();
            change(loaded, id, "resumed", |one| act(one, Act::Resume, now)).await
        }
        ConventionsCommand::End { id } => {
            let guests = stop(loaded, id, ConventionState::Ended).await?;
            say!("convention {id} is ended; {guests} guests are guests no more")
        }
        ConventionsCommand::Keys { id, file } => {
            let keys = keys(file)?;
            change(loaded, id, "keys-replaced", |one| {
                Ok(Convention { peer: Peer { keys, ..one.peer.clone() }, ..one.clone() })
            })
            .await
        }
        ConventionsCommand::List { json } => list(loaded, *json).await,
    }
}

async fn draft(loaded: &Loaded, args: &DraftArgs) -> Result<(), Failure> {
    let url = args.peer.trim_end_matches('/').to_owned();
    let provider = args.provider.as_ref().map(SourceId::new);
    if let Some(unknown) = provider.as_ref().filter(|source| !loaded.config.sources.contains_key(*source)) {
        return Err(Failure::new(format!("{unknown} is no source of the configuration")));
    }
    let convention = Convention {
        id: args.id.clone(),
        peer: Peer {
            issuer: args.issuer.clone().unwrap_or_else(|| url.clone()),
            url,
            name: args.name.clone(),
            provider,
            cards: args.cards,
            typed: args.typed,
            service: args.service.as_ref().map(ServiceId::new),
            keys: match &args.keys {
                Some(file) => keys(file)?,
                None => r#"{"keys":[]}"#.to_owned(),
            },
        },
        purposes: args.purpose.clone(),
        data: args.data.clone(),
        establishments: args.establishments.clone(),
        ours: args.ours.clone(),
        from: day(args.from)?.0,
        until: day(args.until)?.1,
        quota: args.quota,
        signatories: Vec::new(),
        state: ConventionState::Draft,
    };
    whole(problems_of_convention(&convention))?;
    let store = writing(loaded).await?;
    // What nobody signed is drawn up anew.
    let before = store.convention(&convention.id).await?;
    if before.as_ref().is_some_and(|one| one.state != ConventionState::Draft) {
        return Err(Failure::new(format!("there is a convention {} already, and somebody signed it", convention.id)));
    }
    commands::journal(&*store, None, None, &format!("convention-drafted {}", convention.id)).await?;
    store.put_convention(&convention, before.as_ref()).await?;
    say!("convention {} is drawn up; it is in force when both signed: preau conventions sign {0}", convention.id)?;
    say!("its fingerprint, which the other party must read at its side too: {}", fingerprint(&convention, us(loaded)))
}

async fn amended(loaded: &Loaded, args: &AmendArgs) -> Result<(), Failure> {
    let said = |texts: &Vec<String>| (!texts.is_empty()).then(|| texts.clone());
    let by = Amendment {
        purposes: said(&args.purpose),
        data: said(&args.data),
        from: args.from.map(day).transpose()?.map(|(begins, _)| begins),
        until: args.until.map(day).transpose()?.map(|(_, ends)| ends),
        quota: args.quota,
    };
    // Refused before anything is written, with every reason.
    let store = assembly::store(loaded, None).await?;
    if let Ok(after) = amend(&convention(&*store, &args.id).await?, by.clone()) {
        whole(problems_of_convention(&after))?;
    }
    change(loaded, &args.id, "amended", |one| amend(one, by)).await?;
    say!("nobody comes in by it until both parties signed it again: preau conventions sign {}", args.id)
}

/// Stops a convention, whatever is written of it meanwhile; gives how many guests it had.
async fn stop(loaded: &Loaded, id: &str, state: ConventionState) -> Result<u64, Failure> {
    let store = writing(loaded).await?;
    let (before, now) = (convention(&*store, id).await?, SystemClock::new().now());
    let what = if state == ConventionState::Suspended { Act::Suspend } else { Act::End };
    act(&before, what, now).map_err(|why| Failure::new(format!("convention {id}: {why}")))?;
    commands::journal(&*store, None, None, &format!("convention-{} {id}", state.as_str())).await?;
    let stopped = store.stop_convention(id, state, now).await?;
    stopped.ok_or_else(|| Failure::new(format!("convention {id}: somebody stopped it meanwhile")))
}

async fn change(
    loaded: &Loaded,
    id: &str,
    word: &str,
    change: impl FnOnce(&Convention) -> Result<Convention, &'static str>,
) -> Result<(), Failure> {
    let store = writing(loaded).await?;
    let before = convention(&*store, id).await?;
    let after = change(&before).map_err(|why| Failure::new(format!("convention {id}: {why}")))?;
    commands::journal(&*store, None, None, &format!("convention-{word} {id}")).await?;
    store.put_convention(&after, Some(&before)).await?;
    say!("convention {id} is {}; a running server takes it up within seconds", after.state.as_str())?;
    say!("its fingerprint: {}", fingerprint(&after, us(loaded)))
}

async fn list(loaded: &Loaded, json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.conventions(&after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for one in page {
            let guests = store.guest_count(&one.id).await?;
            rows.push((one, guests));
        }
    }
    if json {
        let row = |(one, guests): &(Convention, u64)| {
            json!({ "id": one.id, "peer": one.peer.url, "name": one.peer.name, "state": one.state, "from": one.from.rfc3339(),
                "until": one.until.rfc3339(), "guests": guests, "quota": one.quota,
                "fingerprint": fingerprint(one, us(loaded)), "establishments": one.establishments })
        };
        return say!("{:#}", rows.iter().map(row).collect::<Value>());
    }
    if rows.is_empty() {
        return say!("no convention");
    }
    for (one, guests) in rows {
        let peer = preau_domain::display_safe(&one.peer.name, 60);
        let (state, until) = (one.state.as_str(), one.until.rfc3339());
        let terms = fingerprint(&one, us(loaded));
        say!("{:<20} {state:<15} until {until}  {guests} of {} guests  {terms}  {peer}", one.id, one.quota)?;
    }
    Ok(())
}

/// `preau pairs …`.
pub async fn pairs(loaded: &Loaded, what: &PairsCommand) -> Result<(), Failure> {
    match what {
        PairsCommand::Declare { college, ecoles, proposed } => {
            let store = writing(loaded).await?;
            let ecoles = if *proposed { store.ecoles_of_sector(college).await? } else { ecoles.clone() };
            if ecoles.is_empty() {
                return Err(Failure::new(format!("the annuaire names no école whose sector is {college}")));
            }
            if ecoles.len() > 200 || ecoles.contains(college) {
                return Err(Failure::new("a collège has at most 200 écoles, and is none of them"));
            }
            commands::journal(&*store, None, None, &format!("pair-declared {college}")).await?;
            let count = ecoles.len();
            store.put_school_pair(&SchoolPair { college: college.clone(), ecoles }).await?;
            say!("{college} is paired with {count} écoles")
        }
        PairsCommand::Show { college, levels, json } => pairs::show(loaded, college, levels, *json).await,
    }
}

/// `UAI:CLASS:pupil` and what follows.
pub(super) fn group(text: &str) -> Result<(Uai, String, Public, Option<&str>), Failure> {
    let bad = || Failure::new(format!("{}: write UAI:CLASS:pupil, or staff", preau_domain::display_safe(text, 100)));
    let mut parts = text.split(':');
    let (uai, code, public) = (parts.next(), parts.next(), parts.next());
    let (role, more) = (parts.next(), parts.next());
    let uai = uai.and_then(|uai| uai.parse().ok()).ok_or_else(bad)?;
    let public = public.and_then(|word| word.parse().ok()).filter(|one| matches!(one, Public::Pupil | Public::Staff));
    match (code.filter(|code| !code.is_empty()), public, more) {
        (Some(code), Some(public), None) => Ok((uai, code.to_owned(), public, role)),
        _ => Err(bad()),
    }
}

/// `preau spaces …`.
pub async fn spaces(loaded: &Loaded, what: &SpacesCommand) -> Result<(), Failure> {
    preau_keys::install_provider();
    match what {
        SpacesCommand::Open(args) => open(loaded, args).await,
        SpacesCommand::Close { id } => {
            let store = writing(loaded).await?;
            let there = store.space(id).await?;
            there.ok_or_else(|| Failure::new(format!("there is no space {id}")))?;
            commands::journal(&*store, None, None, &format!("space-closed {id}")).await?;
            let out = store.close_space(id, SystemClock::new().now()).await?.unwrap_or(0);
            say!("space {id} is closed, {out} guests are out of it; who is in no other space is a guest no more")
        }
        SpacesCommand::List { json } => list_spaces(loaded, *json).await,
    }
}

async fn open(loaded: &Loaded, args: &OpenSpaceArgs) -> Result<(), Failure> {
    let mut groups = Vec::with_capacity(args.groups.len());
    for text in &args.groups {
        let (establishment, code, public, role) = group(text)?;
        let role = role.and_then(|word| preau_domain::Role::ALL.into_iter().find(|role| role.as_str() == word));
        let role = role.ok_or_else(|| Failure::new("a group ends with its role: UAI:CLASS:pupil:redacteur"))?;
        groups.push(SpaceGroup { establishment, code, public, role });
    }
    let table = assembly::table(loaded).map_err(Failure::Config)?;
    let mut services = Vec::with_capacity(args.services.len());
    for id in &args.services {
        let id = ServiceId::new(id);
        let door = table.get(&id).ok_or_else(|| Failure::new(format!("no service {id} is mounted")))?;
        if args.convention.is_some() && !door.audience.allow.iter().any(|one| one.profiles.contains(&Profile::Guest)) {
            return Err(Failure::new(format!(
                "{id} takes no guests: its audience must name the profile Invite before a space mounts it"
            )));
        }
        services.push(id);
    }
    let store = writing(loaded).await?;
    let before = store.space(&args.id).await?;
    let now = SystemClock::new().now();
    let space = Space {
        id: args.id.clone(),
        title: args.title.clone(),
        host: args.host.clone(),
        convention: args.convention.clone(),
        groups,
        services,
        from: before.as_ref().map_or(now, |before| before.from),
        until: until(&args.until)?,
        closed: false,
    };
    let frame = match &args.convention {
        Some(id) => Some(convention(&*store, id).await?),
        None => None,
    };
    if let Some(named) = space.convention.as_deref()
        && store.stop_of(&space.host, &stops_convention(named), None).await?.is_some()
    {
        let host = &space.host;
        return Err(Failure::new(format!(
            "the head of {host} stopped what comes there by {named}: the head lifts it, or preau guests lift"
        )));
    }
    if before.as_ref().is_some_and(|before| before.convention != space.convention) {
        return Err(Failure::new("a space keeps its convention: open another one"));
    }
    whole(problems_of_space(&space, frame.as_ref()))?;
    if let Some(problem) = problem_of_opening(&space, before.as_ref(), now) {
        return Err(Failure::new(problem));
    }
    commands::journal(&*store, None, None, &format!("space-opened {}", space.id)).await?;
    let out = store.put_space(&space, before.as_ref(), now).await?;
    say!("space {} is open until {}", space.id, space.until.rfc3339())?;
    if out > 0 { say!("{out} guests are out of it: it does not name their class any more") } else { Ok(()) }
}

async fn list_spaces(loaded: &Loaded, json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.spaces(&after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        rows.extend(page);
    }
    if json {
        return say!("{:#}", serde_json::to_value(&rows).map_err(Failure::new)?);
    }
    if rows.is_empty() {
        return say!("no space");
    }
    let now = SystemClock::new().now();
    for one in rows {
        let state = if one.closed {
            "closed"
        } else if now < one.until {
            "open"
        } else {
            "over"
        };
        let frame = one.convention.as_deref().unwrap_or("-");
        let title = preau_domain::display_safe(&one.title, 60);
        say!("{:<20} {state:<7} of {}  convention {frame}  until {}  {title}", one.id, one.host, one.until.rfc3339())?;
    }
    Ok(())
}
