//! `preau guests`: how many there will be, the list one ENT signs and another takes in, and their end.

mod stops;

use super::hosting::{PAGE, convention, day, group, writing};
use crate::cli::{EndArgs, Failure, GuestsCommand, GuestsOfArgs};
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use preau_domain::{Clock, Guest, Identifier, Ids, Person, PersonId, Public, Uai};
use preau_hosting::{
    Arrival, Estimate, Head, LIST_HOLDS, Listed, MOST_GUESTS, Needed, Sign, TYP, becomes, next_summer, write_body,
};
use preau_keys::SystemIds;
use preau_keys::jose::Alg;
use preau_store::{Conversion, GuestsOf, Store};
use preau_web::arrivals::{pair_of, proposed};
use preau_web::spaces::{NotTaken, check_list, fingerprint};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;

/// Largest list that is read.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Does what the command line says.
pub async fn run(loaded: &Loaded, demo: bool, what: &GuestsCommand) -> Result<(), Failure> {
    preau_keys::install_provider();
    match what {
        GuestsCommand::Estimate { college, levels, of_college, convention, json } => {
            estimate(loaded, (college, *of_college), levels, convention.as_deref(), *json).await
        }
        GuestsCommand::Export { convention, space, groups, out } => {
            export(loaded, demo, (convention, space), groups, out).await
        }
        GuestsCommand::Import { file, dry_run, json } => import(loaded, file, *dry_run, *json).await,
        GuestsCommand::Undo { convention, list } => {
            let store = writing(loaded).await?;
            commands::journal(&*store, None, None, &format!("guests-undone {list} of {convention}")).await?;
            let out = store.withdraw(convention, list, SystemClock::new().now()).await?;
            say!("list {list} is taken back: {out} people are out of the space it was for")
        }
        GuestsCommand::List(of) => list(loaded, of).await,
        GuestsCommand::Renew { space, until } => renew(loaded, space, day(*until)?.1).await,
        GuestsCommand::Matches { establishment, convention, level, json } => {
            matches(loaded, establishment, (convention.as_deref(), level.as_deref()), *json).await
        }
        GuestsCommand::Convert { guest, pupil, why } => convert(loaded, guest, pupil, why).await,
        GuestsCommand::Stops { establishment, json } => stops::list(loaded, establishment, *json).await,
        GuestsCommand::Lift { whom, establishment, space, why } => {
            stops::lift(loaded, establishment, (whom, space.as_deref()), why).await
        }
        GuestsCommand::End { people, of } => end(loaded, people, of).await,
    }
}

/// Goes through everybody; for an operator.
async fn everybody(store: &dyn Store, mut see: impl FnMut(&Person)) -> Result<(), Failure> {
    let mut after: Option<PersonId> = None;
    loop {
        let page = store.people_after(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id.clone());
        page.iter().for_each(&mut see);
    }
}

async fn estimate(
    loaded: &Loaded,
    (college, of_college): (&Uai, bool),
    levels: &[String],
    named: Option<&str>,
    json: bool,
) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let pair = pair_of(&*store, college).await?;
    let (pair, declared) = pair
        .ok_or_else(|| Failure::new(format!("{college} is paired with no école: preau pairs declare {college} …")))?;
    let quota = match named {
        Some(id) => {
            let one = convention(&*store, id).await?;
            Some((one.quota, store.guest_count(id).await?))
        }
        None => None,
    };
    let mut estimate = Estimate::of(&pair, of_college, levels);
    everybody(&*store, |person| estimate.see(person)).await?;
    let total = estimate.total();
    let fits = quota.map(|(quota, there)| there + total <= u64::from(quota));
    if json {
        let line = |one: &Needed| json!({ "establishment": one.establishment, "level": one.level, "class": one.class, "pupils": one.pupils });
        let lines = estimate.table().iter().map(line).collect::<Value>();
        let (quota, there) = quota.unzip();
        return say!(
            "{:#}",
            json!({ "declared": declared, "lines": lines, "total": total, "quota": quota, "there": there, "fits": fits })
        );
    }
    for Needed { establishment, level, class, pupils } in estimate.table() {
        say!("{establishment}  {level:<6} {:<12} {pupils:>6}", preau_domain::display_safe(&class, 64))?;
    }
    if !declared {
        say!("by the sectors of the annuaire, for nobody declared a pair")?;
    }
    say!("{total} guests")?;
    match (quota, fits) {
        (Some((quota, there)), Some(true)) => say!("with the {there} there are, within the quota of {quota}"),
        (Some((quota, there)), _) => {
            say!("with the {there} there are, MORE than the quota of {quota}")?;
            Err(Failure::Found)
        }
        (None, _) => Ok(()),
    }
}

/// The first letter of a family name, with its stop.
fn initial(family_name: &str) -> String {
    let letter: String =
        family_name.chars().find(|c| c.is_alphabetic()).into_iter().flat_map(char::to_uppercase).collect();
    if letter.is_empty() { "-".to_owned() } else { format!("{letter}.") }
}

/// Who of the groups somebody is: the first that fits.
fn listed(person: &Person, groups: &[(Uai, String, Public)], subject: impl FnOnce() -> String) -> Option<Listed> {
    if !person.state.may_sign_in() || person.is_hosted() {
        return None;
    }
    let found = groups.iter().find_map(|(uai, code, public)| {
        let own = person.affiliations.iter().find(|own| {
            own.establishment == *uai
                && own.profile.public() == *public
                && (own.classes.contains(code) || own.groups.contains(code))
        });
        own.map(|own| (uai, code, public, own.level.clone().unwrap_or_default()))
    });
    let (home, class, public, level) = found?;
    Some(Listed {
        given_name: person.given_name.chars().take(60).collect::<String>().trim().to_owned(),
        initial: initial(&person.family_name),
        home: home.clone(),
        class: class.clone(),
        level,
        public: *public,
        subject: subject(),
    })
}

async fn export(
    loaded: &Loaded,
    demo: bool,
    (named, space): (&str, &str),
    groups: &[String],
    out: &Path,
) -> Result<(), Failure> {
    let mut whom = Vec::with_capacity(groups.len());
    for text in groups {
        let (uai, code, public, more) = group(text)?;
        if more.is_some() {
            return Err(Failure::new("the role of a group is for the other ENT to say"));
        }
        whom.push((uai, code, public));
    }
    let house = super::keys::house(loaded, demo).await?;
    house.load().await?;
    let now = house.clock.now();
    let store = &house.store;
    let frame = convention(&**store, named).await?;
    if !frame.in_force(now) {
        return Err(Failure::new(format!("convention {named} is not in force")));
    }
    if let Some((uai, ..)) = whom.iter().find(|(uai, ..)| !frame.is_for(uai)) {
        return Err(Failure::new(format!("convention {named} is not for {uai}")));
    }
    let service = frame.peer.service.as_ref().ok_or_else(|| {
        Failure::new(format!("convention {named} does not say by which service of ours our people sign in there"))
    })?;
    let table = assembly::table(loaded).map_err(Failure::Config)?;
    let door = table.get(service).ok_or_else(|| Failure::new(format!("no service {service} is mounted")))?;
    if door.identifier != Identifier::Pairwise {
        return Err(Failure::new(format!(
            "{service} knows people by a name that others know too: only `pairwise` is exported"
        )));
    }
    let keyring = assembly::keyring(loaded, demo)?;
    let mut guests = Vec::new();
    everybody(&**store, |person| {
        guests.extend(listed(person, &whom, || keyring.pairwise(door.sector(), &person.id)));
    })
    .await?;
    let most = MOST_GUESTS.min(usize::try_from(frame.quota).unwrap_or(MOST_GUESTS));
    if guests.is_empty() || guests.len() > most {
        return Err(Failure::new(format!(
            "{} people are of these groups; a list under this convention has 1 to {most}",
            guests.len()
        )));
    }
    // In no order that says anything of anybody.
    guests.sort_by(|one, other| one.subject.cmp(&other.subject));
    let body = write_body(&guests).map_err(Failure::new)?;
    let head = Head {
        iss: loaded.config.web.public_url.trim_end_matches('/').to_owned(),
        aud: frame.peer.url.clone(),
        jti: SystemIds.text(16),
        iat: now.seconds(),
        exp: (now + LIST_HOLDS).seconds(),
        convention: frame.id.clone(),
        terms: fingerprint(&frame, loaded.config.web.public_url.trim_end_matches('/')),
        space: space.to_owned(),
        guests: guests.len(),
        digest: preau_keys::fingerprint(body.as_bytes()),
    };
    let token = house.signers.sign(Alg::ES256, TYP, &head, now).map_err(Failure::new)?;
    commands::journal(&**store, None, Some(service), &format!("guests-exported {} of {named}", head.jti)).await?;
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", out.display()));
    let mut file = private(out).map_err(failed)?;
    file.write_all(format!("{token}\n{body}").as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    say!("{} people on list {}, which holds until {}", guests.len(), head.jti, (now + LIST_HOLDS).rfc3339())
}

/// A new file for its owner alone.
fn private(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

async fn import(loaded: &Loaded, file: &Path, dry_run: bool, json: bool) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", file.display()));
    if fs::metadata(file).map_err(|error| failed(&error))?.len() > MOST_BYTES {
        return Err(failed(&"a list has at most 16 MB"));
    }
    let text = fs::read_to_string(file).map_err(|error| failed(&error))?;
    let keyring = assembly::keyring(loaded, true)?;
    let store = assembly::store(loaded, Some(&keyring)).await?;
    let us = loaded.config.web.public_url.trim_end_matches('/');
    let now = SystemClock::new().now();
    let refused = |why| match why {
        NotTaken::Refused(problems) => {
            let shown: Vec<String> = problems.iter().take(50).map(ToString::to_string).collect();
            let more = problems.len().saturating_sub(shown.len());
            let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
            Failure::new(format!("the list is refused, whole:\n{}{more}", shown.join("\n")))
        }
        NotTaken::Store(error) => error.into(),
    };
    let list = check_list(&*store, (&keyring, &SystemIds), us, &text, now).await.map_err(refused)?;
    let mut taken = list.settle(&*store, now, false).await.map_err(refused)?;
    if !dry_run {
        let what = format!("guests-imported {} of {}", taken.head.jti, taken.convention.id);
        commands::journal(&*store, None, None, &what).await?;
        taken = list.settle(&*store, now, true).await.map_err(refused)?;
    }
    let (list, count, quota) = (&taken.head.jti, taken.guests.len(), taken.convention.quota);
    let (added, known, written) = (taken.added, taken.known, !dry_run);
    if json {
        return say!(
            "{:#}",
            json!({ "list": list, "convention": taken.convention.id, "space": taken.space.id, "listed": count, "there": taken.there,
                "quota": quota, "added": added, "known": known, "stopped": taken.stopped.len() })
        );
    }
    say!("list {list} of {}, for space {}: {count} people", taken.convention.peer.url, taken.space.id)?;
    if !taken.stopped.is_empty() {
        say!("{} of them stay out: somebody of {} stopped them", taken.stopped.len(), taken.space.host)?;
    }
    match written {
        true => {
            say!(
                "{added} are new guests, {known} were guests already; to take it back: preau guests undo {} {list}",
                taken.convention.id
            )
        }
        false => {
            say!("{added} would be new guests, {known} are guests already")?;
            say!("there are {} guests of at most {quota}; nothing was written", taken.there)
        }
    }
}

async fn all(store: &dyn Store, of: GuestsOf<'_>) -> Result<Vec<Guest>, Failure> {
    let (mut found, mut after) = (Vec::new(), PersonId::new(""));
    loop {
        let page = store.guests(of, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.person.clone();
        found.extend(page);
    }
}

async fn list(loaded: &Loaded, of: &GuestsOfArgs) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let which = match (&of.space, &of.convention) {
        (Some(space), _) => GuestsOf::Space(space),
        (None, Some(convention)) => GuestsOf::Convention(convention),
        (None, None) => return Err(Failure::new("of which space, or which convention?")),
    };
    let found = all(&*store, which).await?;
    if of.json {
        return say!("{:#}", serde_json::to_value(&found).map_err(Failure::new)?);
    }
    for one in &found {
        let state = match one.ended {
            Some(at) => format!("ended {}", at.rfc3339()),
            None => format!("until {}", one.until.rfc3339()),
        };
        say!("{}  {}  {:<12} {:<6} {state}  list {}", one.person, one.home, one.class, one.public.as_str(), one.batch)?;
    }
    say!("{} guests", found.len())
}

async fn renew(loaded: &Loaded, id: &str, until: preau_domain::Instant) -> Result<(), Failure> {
    let store = writing(loaded).await?;
    let space = store.space(id).await?.ok_or_else(|| Failure::new(format!("there is no space {id}")))?;
    let named = space.convention.as_deref().ok_or_else(|| Failure::new(format!("space {id} has no guests")))?;
    let frame = convention(&*store, named).await?;
    let most = frame.until.min(space.until).min(next_summer(SystemClock::new().now()));
    if until > most {
        return Err(Failure::new(format!("space, convention and school year last until {} at most", most.rfc3339())));
    }
    commands::journal(&*store, None, None, &format!("guests-renewed {id} until {}", until.rfc3339())).await?;
    let renewed = store.renew_guests(id, until).await?;
    say!("{renewed} guests of {id} have until {}", until.rfc3339())
}

async fn end(loaded: &Loaded, people: &[String], of: &EndArgs) -> Result<(), Failure> {
    let store = writing(loaded).await?;
    let ended = match (&of.space, &of.convention) {
        (Some(space), _) => {
            commands::journal(&*store, None, None, &format!("guests-ended of space {space}")).await?;
            end_all(&*store, GuestsOf::Space(space)).await?
        }
        (None, Some(convention)) => {
            commands::journal(&*store, None, None, &format!("guests-ended of convention {convention}")).await?;
            end_all(&*store, GuestsOf::Convention(convention)).await?
        }
        (None, None) if people.is_empty() => return Err(Failure::new("which guests?")),
        (None, None) => {
            let people: Vec<PersonId> = people.iter().map(PersonId::new).collect();
            for one in &people {
                commands::journal(&*store, Some(one), None, "guest-ended").await?;
            }
            store.end_guests(&people, SystemClock::new().now()).await?
        }
    };
    say!("{ended} people are guests no more, and are signed out within seconds")
}

/// What says so besides the name.
fn sign(sign: &Sign) -> String {
    match sign {
        Sign::NextLevel { left, now } => {
            let (left, now) = (preau_domain::display_safe(left, 40), preau_domain::display_safe(now, 40));
            format!("was in {left} and is in {now}")
        }
        Sign::Paired => "from a school that is paired with it".to_owned(),
        Sign::Sector => "from a school of its sector".to_owned(),
    }
}

async fn matches(
    loaded: &Loaded,
    at: &Uai,
    (named, level): (Option<&str>, Option<&str>),
    json: bool,
) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let asked = |one: &Arrival| {
        let of_level = |level: &str| one.place.level.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(level));
        named.is_none_or(|named| one.guest.convention == named) && level.is_none_or(of_level)
    };
    let found: Vec<Arrival> = proposed(&*store, at).await?.open.into_iter().filter(asked).collect();
    if json {
        let row = |one: &Arrival| {
            let why: Vec<String> = one.signs.iter().map(sign).collect();
            json!({ "guest": one.was.id, "convention": one.guest.convention, "home": one.guest.home,
                "class": one.guest.class, "space": one.space, "since": one.since.rfc3339(), "pupil": one.pupil.id, "why": why })
        };
        return say!("{:#}", found.iter().map(row).collect::<Value>());
    }
    for one in &found {
        let (was, home) = (preau_domain::display_safe(&one.was.display_name(), 100), &one.guest.home);
        let class = preau_domain::display_safe(&one.guest.class, 64);
        let name = preau_domain::display_safe(&one.pupil.display_name(), 100);
        let why: Vec<String> = one.signs.iter().map(sign).collect();
        // Two guests who look alike are two accounts: what brought each of them tells them apart.
        let (space, since) = (preau_domain::display_safe(&one.space, 60), one.since.rfc3339());
        let by = format!("by {} in « {space} » since {since}", one.guest.convention);
        say!("{name}, who may be {was}, a guest of {home} {class} {by}: {}", why.join(", "))?;
        say!("    preau guests convert {} {} --why …", one.was.id, one.pupil.id)?;
    }
    say!("{} times a pupil may be somebody who was a guest", found.len())
}

/// Who says so and why.
fn reason(why: &str) -> Result<String, Failure> {
    match preau_domain::bounded(why, 200) {
        preau_domain::Bounded::Fits(why) if !why.is_empty() => Ok(why),
        _ => Err(Failure::new("who says so and why has 1 to 200 characters")),
    }
}

async fn convert(loaded: &Loaded, guest: &str, pupil: &str, why: &str) -> Result<(), Failure> {
    let why = reason(why)?;
    let store = writing(loaded).await?;
    let guest = store.person(&PersonId::new(guest)).await?.filter(Person::is_hosted);
    let guest = guest.ok_or_else(|| Failure::new("this is no account of a guest: see `preau guests list`"))?;
    let pupil = commands::find(&*store, pupil).await?;
    let how = becomes(&guest, &pupil).ok_or_else(|| Failure::new(format!("{} is no pupil of ours", pupil.id)))?;
    let (kept, added, unused) = (&how.kept, &how.added, how.keeps_guest);
    commands::journal(&*store, Some(kept), None, &format!("guest-converted, {} with {added}: {why}", guest.id)).await?;
    // An operator who says why may know better than whoever refused it.
    let how = Conversion { keep_guest: unused, despite: true };
    if !store.convert_guest(&guest.id, &pupil.id, how, SystemClock::new().now()).await? {
        return Err(Failure::new(format!("{} and {} cannot be one account: nothing was changed", guest.id, pupil.id)));
    }
    say!("{} is the account of both from now on, a pupil of ours and no guest", kept)?;
    match unused {
        true => say!("  services know the pupil as they knew the guest"),
        false => say!(
            "  the pupil's account was used already: what services know of the guest stays with them under the old name"
        ),
    }
}

/// Ends all of these; how many they were.
async fn end_all(store: &dyn Store, of: GuestsOf<'_>) -> Result<u64, Failure> {
    let people: Vec<PersonId> =
        all(store, of).await?.into_iter().filter(|one| one.ended.is_none()).map(|one| one.person).collect();
    let (now, mut ended) = (SystemClock::new().now(), 0);
    for part in people.chunks(1_000) {
        ended += store.end_guests(part, now).await?;
    }
    Ok(ended)
}
