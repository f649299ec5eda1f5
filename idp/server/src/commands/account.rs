//! `preau account`: accounts whose password is checked here, and accounts stopped by hand.

use crate::cli::{AddArgs, Failure, PasswordArgs, StopArgs};
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use preau_domain::{
    AccountState, Affiliation, Bounded, Clock, Credentials, Factor, FactorKind, Ids, Instant, Person, PersonId,
    Profile, Uai, bounded, normalised_login, normalised_mail,
};
use preau_keys::{Passwords, SystemIds};
use preau_store::{Store, StoreError};
use serde_json::json;
use std::io::Read;
use std::path::Path;

/// Shortest password taken.
const MIN_PASSWORD: usize = 8;

/// Adds an account.
pub async fn add(loaded: &Loaded, args: &AddArgs) -> Result<(), Failure> {
    let profile: Profile = args.profile.parse().map_err(|()| {
        let known: Vec<&str> = Profile::ALL.into_iter().map(Profile::code).collect();
        Failure::new(format!("{} is no profile; there is: {}", args.profile, known.join(", ")))
    })?;
    let uai: Uai = args.establishment.parse().map_err(Failure::new)?;
    let login =
        normalised_login(&args.login).ok_or_else(|| Failure::new("this login names nobody: 1 to 128 characters"))?;
    if args.mail.as_deref().is_some_and(|mail| normalised_mail(mail).is_none()) {
        return Err(Failure::new("this is no mail address"));
    }
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    if store.establishment(&uai).await?.is_none() {
        return Err(Failure::new(format!("establishment {uai} is not known here: synchronise its source first")));
    }
    let person = Person {
        id: PersonId::generate(&SystemIds),
        join: None,
        state: AccountState::Active,
        given_name: name(&args.given_name, "given name")?,
        family_name: name(&args.family_name, "family name")?,
        title: None,
        login: Some(login.clone()),
        mail: args.mail.clone(),
        credentials: Credentials::Local,
        affiliations: vec![Affiliation::new(uai, profile)],
        children: Vec::new(),
    };
    let (password, drawn) = password_of(args.password_file.as_deref())?;
    let hash = Passwords::new(1, 1).hash(&password).await.map_err(Failure::new)?;
    let taken = || Failure::new("an account kept here has this login already");
    let same = store.people_by_login(&login, 100).await?;
    if same.iter().any(|other| other.credentials == Credentials::Local) {
        return Err(taken());
    }
    commands::journal(&*store, Some(&person.id), None, "account-added").await?;
    match store.add_local_person(&person, &hash).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => {
            commands::journal(&*store, Some(&person.id), None, "account-not-added, its login was taken meanwhile")
                .await?;
            return Err(taken());
        }
        Err(other) => return Err(Failure::new(other)),
    }
    say!("account {} added", person.id)?;
    tell(&password, drawn)
}

/// Replaces a password and ends the sessions of its account.
pub async fn password(loaded: &Loaded, args: &PasswordArgs) -> Result<(), Failure> {
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let person = local(&*store, &args.login).await?;
    let (password, drawn) = password_of(args.password_file.as_deref())?;
    let hash = Passwords::new(1, 1).hash(&password).await.map_err(Failure::new)?;
    if store.password_hash(&person.id).await?.is_none() {
        return Err(Failure::new("the password of this account is not kept here: its directory changes it"));
    }
    commands::journal(&*store, Some(&person.id), None, "password-replaced").await?;
    store.set_password_hash(&person.id, &hash).await?;
    let visits = store.end_sessions_of(&person.id, SystemClock::new().now()).await?;
    say!("password of {} replaced; its sessions are ended", person.id)?;
    let factors = store.factors_of(&person.id).await?;
    if !factors.is_empty() {
        say!("it still has, whoever added them, what opens it or stands beside the password:")?;
        for line in factors_told(&factors) {
            say!("  {line}")?;
        }
        say!("if the old password may have been stolen: preau account forget-factors {}", person.id)?;
    }
    if !visits.is_empty() {
        say!("a running server tells the services they had open within seconds, one that is started later then")?;
    }
    tell(&password, drawn)
}

/// Forgets what somebody proves themselves with besides a password, and ends their sessions and what applications may do for them. They end
/// first and last: whoever comes in between with a password alone is out as well.
pub async fn forget_factors(loaded: &Loaded, who: &str) -> Result<(), Failure> {
    let keyring = assembly::keyring(loaded, true)?;
    let store = assembly::store(loaded, Some(&keyring)).await?;
    let person = commands::find(&*store, who).await?;
    commands::journal(&*store, Some(&person.id), None, "factors-forgotten").await?;
    let end = async || -> Result<(), Failure> {
        store.end_sessions_of(&person.id, SystemClock::new().now()).await?;
        Ok(store.revoke_tokens_of(&person.id).await?)
    };
    end().await?;
    let forgotten = store.forget_factors(&person.id).await?;
    end().await?;
    // Whoever was just helped does not wait because of what was typed before.
    for tries in preau_web::factor_tries(&keyring, &person.id) {
        store.forgive(&tries).await?;
    }
    say!("{forgotten} passkeys, applications and codes of {} forgotten; their sessions are ended", person.id)
}

/// What somebody proves themselves with besides a password, a line each.
fn factors_told(factors: &[Factor]) -> Vec<String> {
    let paper = factors.iter().filter(|factor| factor.kind == FactorKind::RecoveryCode).count();
    let lasting = factors.iter().filter(|factor| factor.kind != FactorKind::RecoveryCode);
    let line = |factor: &Factor| {
        let used = factor.used.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", at.rfc3339()));
        format!("{} \u{ab}{}\u{bb}, added {}, {used}", factor.kind.as_str(), factor.name, factor.added.rfc3339())
    };
    lasting.map(line).chain((paper > 0).then(|| format!("{paper} codes on paper"))).collect()
}

/// Shows where an account stands, and why.
pub async fn show(loaded: &Loaded, who: &str, json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let person = commands::find(&*store, who).await?;
    let nobody = || Failure::new(format!("account {} was purged this instant", person.id));
    let life = store.life(&person.id).await?.ok_or_else(nobody)?;
    let stopped = store.why_stopped(&person.id).await?;
    let records = store.records_of(&person.id).await?;
    let factors = factors_told(&store.factors_of(&person.id).await?);
    let retention = loaded.config.sync.retention();
    let (predeleted, purged) = (life.predeleted_at(retention), life.purged_at(retention));
    let may_sign_in = person.state.may_sign_in();
    if json {
        let instant = |at: Option<Instant>| at.map(Instant::rfc3339);
        return say!(
            "{:#}",
            json!({
                "account": person.id,
                "record": person.join.as_ref().map(ToString::to_string),
                "records": records.iter().filter_map(|record| record.join.as_ref()).map(ToString::to_string).collect::<Vec<_>>(),
                "state": life.state,
                "stopped": stopped,
                "factors": factors,
                "may_sign_in": may_sign_in,
                "entitled_until": instant(life.ended),
                "predeleted_at": instant(predeleted),
                "purged_at": instant(purged),
            })
        );
    }
    let why = match life.state {
        AccountState::PreCreated => "its source names the person, who never signed in",
        AccountState::Active if person.join.is_none() => "it is kept here",
        AccountState::Active => "its source names the person",
        AccountState::Suspended if person.join.is_none() => "it is kept here, and was suspended here",
        AccountState::Suspended => "its source does not name the person any more",
        AccountState::PreDeleted => {
            "its source does not name the person any more; nothing is left but this name and the key of the record"
        }
    };
    say!("account {}: {}, because {why}", person.id, life.state.as_str())?;
    match &person.join {
        Some(_) => {
            for Person { join, state, .. } in &records {
                let join = join.as_ref().map(ToString::to_string).unwrap_or_default();
                let state = if records.len() > 1 { format!(", {}", state.as_str()) } else { String::new() };
                say!("  record          {}{state}", join.escape_debug())?;
            }
        }
        None => say!("  record          none: the account is kept here")?,
    }
    if let Some(why) = stopped {
        say!("  stopped         by hand: {}", why.escape_debug())?;
    }
    for factor in &factors {
        say!("  factor          {factor}")?;
    }
    say!("  may sign in     {}", if may_sign_in { "yes" } else { "no" })?;
    for (label, at) in [("entitled until", life.ended), ("pre-deleted on", predeleted), ("purged on", purged)] {
        if let Some(at) = at {
            say!("  {label:<15} {}", at.rfc3339())?;
        }
    }
    if life.ended.is_some() {
        say!("  A reading that names the person again makes the account active, under the same name.")?;
    }
    Ok(())
}

/// Stops an account by hand. A running server ends its sessions and tells their services within seconds.
pub async fn stop(loaded: &Loaded, args: &StopArgs) -> Result<(), Failure> {
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let person = commands::find(&*store, &args.person).await?;
    let why = match bounded(&args.why, 200) {
        Bounded::Fits(why) if !why.is_empty() => why,
        Bounded::Fits(_) => return Err(Failure::new("the reason is empty")),
        Bounded::TooLong { .. } => return Err(Failure::new("the reason is longer than 200 characters")),
    };
    commands::journal(&*store, Some(&person.id), None, &format!("account-stopped: {why}")).await?;
    store.stop_person(&person.id, &why).await?;
    say!("account {} stopped; a running server ends its sessions within seconds", person.id)
}

/// Takes that back.
pub async fn start(loaded: &Loaded, who: &str) -> Result<(), Failure> {
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let person = commands::find(&*store, who).await?;
    let Some(why) = store.why_stopped(&person.id).await? else {
        return Err(Failure::new(format!("account {} was not stopped by hand", person.id)));
    };
    // The row forgets why it was stopped: the journal keeps it.
    commands::journal(&*store, Some(&person.id), None, &format!("account-started, was stopped: {why}")).await?;
    store.start_person(&person.id).await?;
    let active = store.person(&person.id).await?.is_some_and(|person| person.state.may_sign_in());
    let now = if active { "it may sign in" } else { "its source does not name it, so that it still may not sign in" };
    say!("account {} is what its source says again: {now}", person.id)
}

/// Says that the clock of this machine is right, whatever it said before.
pub async fn trust_clock(loaded: &Loaded) -> Result<(), Failure> {
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let now = SystemClock::new().now();
    let before = store.clock_noted().await?.map_or_else(|| "nothing".to_owned(), Instant::rfc3339);
    commands::journal(&*store, None, None, &format!("clock-trusted, it had said {before}")).await?;
    store.trust_clock(now).await?;
    say!("the clock says {}, and is believed; it had said {before}", now.rfc3339())?;
    say!("a running server goes on within a minute")
}

/// The account kept here that has this id or login; people of a source may share the login.
async fn local(store: &dyn Store, who: &str) -> Result<Person, Failure> {
    if let Some(login) = normalised_login(who) {
        let here = |person: &Person| person.credentials == Credentials::Local;
        if let Some(person) = store.people_by_login(&login, 100).await?.into_iter().find(here) {
            return Ok(person);
        }
    }
    commands::find(store, who).await
}

fn name(text: &str, what: &str) -> Result<String, Failure> {
    match bounded(text, 100) {
        Bounded::Fits(name) if !name.is_empty() => Ok(name),
        Bounded::Fits(_) => Err(Failure::new(format!("the {what} is empty"))),
        Bounded::TooLong { .. } => Err(Failure::new(format!("the {what} is longer than 100 characters"))),
    }
}

/// The first line of a file, or one drawn here; and which of the two.
fn password_of(file: Option<&Path>) -> Result<(String, bool), Failure> {
    let Some(file) = file else { return Ok((SystemIds.text(20), true)) };
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(8192).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(8192).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
    let password = text.lines().next().unwrap_or_default();
    if password.chars().count() < MIN_PASSWORD {
        return Err(Failure::new(format!("a password has at least {MIN_PASSWORD} characters")));
    }
    Ok((password.to_owned(), false))
}

fn tell(password: &str, drawn: bool) -> Result<(), Failure> {
    if drawn { say!("password, shown this once: {password}") } else { Ok(()) }
}
