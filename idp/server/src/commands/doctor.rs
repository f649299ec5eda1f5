//! `preau doctor`: looks at everything a server needs and says, for each thing that is not well, what to do.

use crate::cli::Failure;
use crate::config::Loaded;
use crate::metadata::refresh::Partners;
use crate::output::say;
use crate::{SystemClock, assembly};
use preau_connector_api::{MountedService, Problem};
use preau_domain::{AuditKind, Clock, Instant, Seconds, SourceId, display_safe, leapt};
use preau_keys::signers::KeyUse;
use preau_keys::{Sealer, Signers};
use preau_store::{RunOutcome, Store};
use preau_web::WebConfig;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    what: String,
    state: State,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, state: State, what: impl Into<String>, found: impl ToString, advice: Option<&str>) {
        let advice = advice.map(str::to_owned);
        self.0.push(Check { what: what.into(), state, found: found.to_string(), advice });
    }

    fn ok(&mut self, what: impl Into<String>, found: impl ToString) {
        self.add(State::Ok, what, found, None);
    }

    fn problems(&mut self, what: &str, problems: &[Problem], advice: &str) {
        for problem in problems {
            self.add(State::Fail, what, problem, Some(advice));
        }
    }
}

/// A copy of metadata that nobody confirmed for two days.
const OLD_MS: i64 = 2 * 86_400_000;

/// No clock of a machine that works is before the release of what it runs.
const RELEASED: Instant = Instant(1_767_225_600_000);

/// Looks, prints, and fails when something does not work.
pub async fn run(loaded: Result<Loaded, Vec<Problem>>, demo: bool, json: bool) -> Result<(), Failure> {
    preau_keys::install_provider();
    let mut checks = Checks::default();
    match &loaded {
        Ok(loaded) => examine(&mut checks, loaded, demo).await,
        Err(problems) => {
            checks.problems("configuration", problems, "correct the file: `preau config example` shows every key")
        }
    }
    if json {
        say!("{:#}", serde_json::to_value(&checks.0).map_err(Failure::new)?)?;
    } else {
        for check in &checks.0 {
            let state = match check.state {
                State::Ok => "ok  ",
                State::Warn => "warn",
                State::Fail => "FAIL",
            };
            say!("{state}  {:<14} {}", check.what, check.found)?;
            if let Some(advice) = &check.advice {
                say!("      {:<14} → {advice}", "")?;
            }
        }
    }
    if loaded.is_err() {
        return Err(Failure::Config(Vec::new()));
    }
    if checks.0.iter().any(|check| check.state == State::Fail) { Err(Failure::Found) } else { Ok(()) }
}

async fn examine(checks: &mut Checks, loaded: &Loaded, demo: bool) {
    checks.ok("configuration", loaded.file.display());
    exposure(checks, loaded);
    secrets(checks, loaded, demo);
    let store = database(checks, loaded).await;
    passkeys(checks, loaded, store.as_deref()).await;
    clock(checks, loaded, store.as_deref()).await;
    if let Some(store) = &store {
        signing_keys(checks, loaded, demo, store).await;
    }
    sources(checks, loaded, store.as_deref()).await;
    mail(checks, loaded, store.as_deref()).await;
    if let Some(store) = &store {
        alarms(checks, &**store).await;
    }
    match assembly::table(loaded) {
        Ok(table) if table.all().is_empty() => checks.add(
            State::Warn,
            "services",
            format!("none in {}", assembly::instances(loaded).display()),
            Some("put one <id>.toml for each service in this folder; docs/ shows how"),
        ),
        Ok(table) => checks.ok("services", format!("{} mounted", table.all().len())),
        Err(problems) => checks.problems(
            "services",
            &problems,
            "correct the file; until then a running server keeps what it has mounted, and one that starts leaves it out",
        ),
    }
    if let Ok(table) = assembly::table(loaded) {
        partners(checks, loaded, table.all()).await;
    }
    folder(checks, "spool", &loaded.path(&loaded.config.sync.spool_dir));
}

/// Who can listen in, and how many may come.
fn exposure(checks: &mut Checks, loaded: &Loaded) {
    let server = &loaded.config.server;
    if let (Some(cert), Some(key)) = (&server.tls_cert_file, &server.tls_key_file) {
        match preau_keys::server_config(&loaded.path(cert), &loaded.path(key)) {
            Ok(_) => checks.ok("tls", "certificate and key fit together"),
            Err(error) => checks.add(State::Fail, "tls", error, Some("give a PEM certificate chain and its own key")),
        }
    } else if !server.listen.ip().is_loopback() && loaded.config.web.trusted_proxies.is_empty() {
        checks.add(
            State::Warn,
            "tls",
            format!("plain HTTP on {}, and no proxy is trusted", server.listen),
            Some("give server.tls_cert_file and server.tls_key_file, or name the proxy in web.trusted_proxies"),
        );
    }
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let open = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok());
    if let Some(open) = open
        && open < server.max_connections + 200
    {
        checks.add(
            State::Warn,
            "open files",
            format!("{open} at most, for {} connections", server.max_connections),
            Some("raise the limit of the service (LimitNOFILE=65536 for systemd) or lower server.max_connections"),
        );
    }
}

/// Looks at the keys without making any.
fn secrets(checks: &mut Checks, loaded: &Loaded, demo: bool) {
    let dir = loaded.path(&loaded.config.keys.dir);
    if dir.join(preau_keys::MASTER_KEY_FILE).exists() {
        match assembly::keyring(loaded, demo) {
            Ok(keys) => checks.ok("keys", format!("master key {}…", keys.fingerprint().get(..16).unwrap_or_default())),
            Err(Failure::Failed(what)) => {
                checks.add(State::Fail, "keys", what, Some("do what the line says; no server starts before"))
            }
            Err(_) => checks.add(State::Fail, "keys", "the keys do not open", None),
        }
    } else {
        checks.add(
            State::Warn,
            "keys",
            format!("no master key in {} yet", dir.display()),
            Some("the first start draws one; keep a copy of it in a safe place"),
        );
    }
    let published = assembly::published_secrets(loaded);
    for problem in &published {
        let state = if demo { State::Warn } else { State::Fail };
        checks.add(state, "secrets", problem, Some("write a secret of your own in this file"));
    }
    if published.is_empty() {
        checks.ok("secrets", "none of them is published with the source");
    }
}

async fn database(checks: &mut Checks, loaded: &Loaded) -> Option<Arc<dyn Store>> {
    if let Some(file) = assembly::database_file(loaded)
        && !file.exists()
    {
        let found = format!("{} is not there yet", file.display());
        checks.add(State::Warn, "database", found, Some("the first start makes it"));
        return None;
    }
    let advice = "look at storage.url, at the rights on the file or at the database server";
    let store = match assembly::store(loaded, None).await {
        Ok(store) => store,
        Err(Failure::Failed(what)) => {
            checks.add(State::Fail, "database", what, Some(advice));
            return None;
        }
        Err(_) => {
            checks.add(State::Fail, "database", "does not open", Some(advice));
            return None;
        }
    };
    if let Err(error) = store.ready().await {
        checks.add(State::Fail, "database", error, Some(advice));
        return None;
    }
    match store.health().await {
        Ok(health) => {
            checks.ok(
                "database",
                format!("{}, {} people, {} live sessions", health.backend, health.people, health.sessions),
            );
        }
        Err(error) => {
            checks.add(State::Warn, "database", error, Some("it reads and writes, but its figures do not come"))
        }
    }
    Some(store)
}

/// Whether those who have a passkey can use it at our address: browsers offer it at the domain it was made for, and nowhere else.
async fn passkeys(checks: &mut Checks, loaded: &Loaded, store: Option<&dyn Store>) {
    const WHAT: &str = "passkeys";
    let Some(here) = loaded.config.web.passkeys_are_bound_to() else {
        let found = "none at web.public_url, and those that were added prove nobody";
        let advice = "browsers bind passkeys to a name over https: an address that is a number has none";
        return checks.add(State::Warn, WHAT, found, Some(advice));
    };
    let plain = WebConfig { passkey_domain: None, ..loaded.config.web.clone() };
    let name = plain.passkeys_are_bound_to().unwrap_or_default();
    let mut elsewhere = false;
    if let Some(store) = store {
        let all = match store.passkeys_by_domain().await {
            Ok(all) => all,
            Err(error) => return checks.add(State::Fail, WHAT, error, Some("look at the database")),
        };
        for bound in all {
            let Some(domain) = bound.domain.filter(|domain| *domain != here) else { continue };
            elsewhere = true;
            let found = format!(
                "{} of {} people are bound to {}, and browsers offer none of them at {here}",
                bound.passkeys,
                bound.people,
                display_safe(&domain, 253)
            );
            // Only our own name, which needs none, and a domain above it can be named.
            let below = name.strip_suffix(&domain);
            let advice = match below {
                Some("") => format!("take web.passkey_domain away; browsers offer those bound to {here} no more then"),
                Some(below) if below.ends_with('.') => {
                    format!("write web.passkey_domain = \"{domain}\"; browsers offer those bound to {here} no more then")
                }
                _ => "give web.public_url its former name back, or have these people sign in by a password and add another one; \
                          whoever is asked for a second factor and has no other: preau account forget-factors"
                    .to_owned(),
            };
            checks.add(State::Warn, WHAT, found, Some(&advice));
        }
    }
    if !elsewhere {
        checks.ok(WHAT, format!("there can be passkeys at web.public_url, bound to {here}"));
    }
}

/// Times of tickets, certificates and sessions all rest on the clock.
async fn clock(checks: &mut Checks, loaded: &Loaded, store: Option<&dyn Store>) {
    let now = SystemClock::new().now();
    let advice = "set the clock, and keep it by a time service such as systemd-timesyncd or chrony";
    if now < RELEASED {
        checks.add(State::Fail, "clock", format!("it says {}", now.rfc3339()), Some(advice));
        return;
    }
    if let Some(store) = store {
        for source in loaded.config.sources.keys() {
            if let Ok(runs) = store.runs(source, 1).await
                && let Some(run) = runs.first()
                && run.finished.unwrap_or(run.started) - now > 60_000
            {
                let found = format!("it says {}, and the latest synchronisation ended after that", now.rfc3339());
                checks.add(State::Fail, "clock", found, Some(advice));
                return;
            }
        }
    }
    if let Some(store) = store
        && let Ok(Some(noted)) = store.clock_noted().await
        && leapt(noted, now)
    {
        let found = format!(
            "it says {}, and said {} when it was last looked at: no account is pre-deleted or purged by it",
            now.rfc3339(),
            noted.rfc3339()
        );
        let advice = "set the clock; if it is right, because no server ran for so long: preau account trust-clock";
        checks.add(State::Fail, "clock", found, Some(advice));
        return;
    }
    let kept = ["/run/systemd/timesync/synchronized", "/run/chrony", "/var/lib/ntpsec", "/var/lib/ntp"]
        .into_iter()
        .any(|sign| Path::new(sign).exists());
    if kept {
        checks.ok("clock", format!("{}, kept by a time service", now.rfc3339()));
    } else {
        let found = format!("{}; no time service is seen on this machine", now.rfc3339());
        checks.add(
            State::Warn,
            "clock",
            found,
            Some("in a container the host keeps it; elsewhere install a time service"),
        );
    }
}

async fn sources(checks: &mut Checks, loaded: &Loaded, store: Option<&dyn Store>) {
    if loaded.config.sources.is_empty() {
        checks.add(
            State::Warn,
            "sources",
            "there is none",
            Some("describe your annuaire in a section [sources.<name>]"),
        );
    }
    if let Some(store) = store {
        for source in store.sources().await.unwrap_or_default() {
            if source.as_str() != preau_domain::GUESTS && !loaded.config.sources.contains_key(&source) {
                let found = format!("people of {source}, which the configuration does not name, keep their accounts");
                let advice = format!("if it is gone for good: preau sync retire {source}");
                checks.add(State::Warn, "sources", found, Some(&advice));
            }
        }
    }
    for source in loaded.config.sources.keys() {
        let what = format!("source {source}");
        let connector = match assembly::connector(loaded, source) {
            Ok(connector) => connector,
            Err(problems) => {
                checks.problems(&what, &problems, "correct the configuration");
                continue;
            }
        };
        match tokio::time::timeout(Duration::from_secs(10), connector.probe.probe()).await {
            Ok(Ok(answer)) => {
                checks.ok(&what, answer);
                for doubt in connector.probe.doubts().await {
                    checks.add(State::Warn, &what, doubt, Some("correct the configuration, or create it there"));
                }
            }
            Ok(Err(error)) => {
                checks.add(State::Fail, &what, error, Some("people who come from it cannot sign in, the others can"));
            }
            Err(_) => {
                checks.add(State::Fail, &what, "no answer within 10 s", Some("look at the network between here and it"))
            }
        }
        let now = SystemClock::new().now();
        if let Some(redirect) = &connector.redirect
            && let Some(until) = redirect.known_until()
            && until <= now + SOON
        {
            let (state, advice) = if until <= now {
                (State::Fail, "nobody can sign in with it: ask the provider for its metadata of today")
            } else {
                (State::Warn, "ask the provider for its new metadata before that")
            };
            checks.add(state, &what, format!("its metadata are valid until {}", until.rfc3339()), Some(advice));
        }
        let Some(store) = store else { continue };
        if connector.directory.is_none() {
            continue;
        }
        shared_logins(checks, &what, source, store).await;
        let command = format!("preau sync {source}");
        match store.runs(source, 1).await.unwrap_or_default().first() {
            None => checks.add(State::Warn, &what, "never synchronised", Some(&command)),
            Some(run) => {
                let found = format!(
                    "latest synchronisation {} ({})",
                    run.started.rfc3339(),
                    preau_web::runs::word(run.outcome)
                );
                match run.outcome {
                    RunOutcome::Applied | RunOutcome::Running => checks.ok(&what, found),
                    _ => checks.add(State::Warn, &what, found, Some(&format!("see why: preau runs {source}"))),
                }
            }
        }
    }
}

/// An hour: a letter that waits for so long is one that a person waits for too.
const LONG_MS: i64 = 3_600_000;

/// Whether letters would be taken now, and whether some wait.
async fn mail(checks: &mut Checks, loaded: &Loaded, store: Option<&dyn Store>) {
    const WHAT: &str = "mail";
    let advice = "until then letters wait, and are sent when it answers: look at section [mail] and at the server";
    match assembly::mail(loaded) {
        Ok(None) => checks.ok(WHAT, "none is sent: nobody is offered a new password or a code by mail"),
        Ok(Some(post)) => match post.probe().await {
            Ok(found) => checks.ok(WHAT, found),
            Err(error) => checks.add(State::Fail, WHAT, error, Some(advice)),
        },
        Err(Failure::Failed(what)) => checks.add(State::Fail, WHAT, what, Some("correct section [mail]")),
        Err(_) => checks.add(State::Fail, WHAT, "section [mail] does not hold together", None),
    }
    let Some(store) = store else { return };
    let now = SystemClock::new().now();
    if let Ok(waiting) = store.waiting_letters(now).await
        && let Some(oldest) = waiting.oldest.filter(|oldest| now - *oldest > LONG_MS)
    {
        let found = format!("{} letters wait, the oldest since {}", waiting.count, oldest.rfc3339());
        checks.add(State::Warn, WHAT, found, Some("see what the log says of letters, and whether a server runs"));
    }
}

/// Whether passwords failed at more accounts than people mistype, today or yesterday.
async fn alarms(checks: &mut Checks, store: &dyn Store) {
    const WHAT: &str = "sign-ins";
    let now = SystemClock::new().now();
    let mut rang = Vec::new();
    for day in [now - Seconds(86_400), now] {
        match store.audit_of(&preau_web::alarms_of(day)).await {
            Ok(events) => rang.extend(events.into_iter().filter(|event| event.kind == AuditKind::SignInsFailing)),
            Err(error) => return checks.add(State::Fail, WHAT, error, Some("look at the database")),
        }
    }
    let Some(latest) = rang.last() else {
        return checks.ok(WHAT, "since yesterday passwords failed at no more accounts than people mistype");
    };
    let (times, at) = (rang.len(), latest.at.rfc3339());
    let found = format!(
        "passwords fail at many accounts; alarms since yesterday: {times}, the last at {at}: {}",
        latest.detail
    );
    let advice = "a stolen list may be tried, or a directory refuse everybody: see docs/how-to/after-a-compromise.md";
    checks.add(State::Warn, WHAT, found, Some(advice));
}

/// How long before its metadata expire a provider is told of.
const SOON: Seconds = Seconds(7 * 86_400);

/// How many who share a login are named.
const NAMED: u32 = 20;

/// Whether two people of a source have one login: the source answers for neither of them.
async fn shared_logins(checks: &mut Checks, what: &str, source: &SourceId, store: &dyn Store) {
    let people = match store.shared_logins(source, NAMED + 1).await {
        Ok(people) if people.is_empty() => return,
        Ok(people) => people,
        Err(error) => return checks.add(State::Fail, what, error, Some("look at the database")),
    };
    let named = people.iter().take(NAMED as usize);
    let named: Vec<String> = named.map(|one| display_safe(&format!("{} ({})", one.login, one.key), 300)).collect();
    let more = if people.len() > named.len() { " and others" } else { "" };
    let found = format!("people who share a login, and cannot sign in: {}{more}", named.join(", "));
    checks.add(State::Warn, what, found, Some("give each of them a login of their own there, then synchronise"));
}

/// Whether the SAML metadata of the services are there and good, without asking anybody for them.
async fn partners(checks: &mut Checks, loaded: &Loaded, services: &[Arc<MountedService>]) {
    const WHAT: &str = "saml metadata";
    let speaking = services.iter().filter(|service| service.saml.is_some()).count();
    let Some(egress) = assembly::egress(loaded).ok().filter(|_| speaking > 0) else { return };
    let clock = Arc::new(SystemClock::new());
    let now = clock.now();
    let mut partners = Partners::new(loaded.clone(), egress, Arc::default(), clock);
    let missing = partners.turn(services, false).await;
    for (service, what) in &missing {
        let advice = "until then it can be opened by nobody; see `preau sp show`, and correct what is said";
        checks.add(State::Fail, WHAT, format!("{service}: {what}"), Some(advice));
    }
    for (service, what) in &partners.on_last {
        let advice = "correct the document: the copy serves until its own time is over";
        checks.add(State::Warn, WHAT, format!("{service}: {what}; its last good copy is in force"), Some(advice));
    }
    for note in &partners.notes {
        let since = note.fresh.map_or_else(|| "never".to_owned(), Instant::rfc3339);
        if let Some(why) = &note.refused {
            let (copy, advice) = match note.fresh {
                Some(_) => (
                    format!("the copy in force was confirmed {since}"),
                    "the copy serves until its own time is over: ask whoever publishes it",
                ),
                None => ("there is no copy".to_owned(), "ask whoever publishes it"),
            };
            checks.add(State::Warn, WHAT, format!("{}: {why}; {copy}", note.url), Some(advice));
        } else if note.fresh.is_some_and(|fresh| now - fresh > OLD_MS) {
            let found = format!("{}: confirmed {since}", note.url);
            checks.add(State::Warn, WHAT, found, Some("is a server running here, and does it reach the address?"));
        }
    }
    if missing.len() < speaking {
        checks.ok(WHAT, format!("of {} services in force", speaking - missing.len()));
    }
}

/// Whether the keys the house signs with are there and open.
async fn signing_keys(checks: &mut Checks, loaded: &Loaded, demo: bool, store: &Arc<dyn Store>) {
    const WHAT: &str = "signing keys";
    if !loaded.path(&loaded.config.keys.dir).join(preau_keys::MASTER_KEY_FILE).exists() {
        return;
    }
    // A master key that does not open was told of already.
    let Ok(keyring) = assembly::keyring(loaded, demo) else { return };
    let signers = Signers::new(Sealer::new(&keyring));
    let rows = match store.signing_keys().await {
        Ok(rows) => rows,
        Err(error) => return checks.add(State::Fail, WHAT, error, Some("look at the database")),
    };
    let closed = signers.take(&rows);
    let missing = signers.missing(SystemClock::new().now());
    let ready: Vec<&str> =
        KeyUse::ALL.iter().filter(|usage| !missing.contains(usage)).map(|usage| usage.as_str()).collect();
    if rows.is_empty() {
        checks.add(State::Warn, WHAT, "none yet", Some("the first start of the server makes them"));
    } else if !closed.is_empty() {
        let advice = "put the master key of this database back in the folder of keys; if it is lost for good, run \
                      `preau keys rotate --compromised`";
        checks.add(State::Fail, WHAT, format!("sealed with another master key: {}", closed.join(", ")), Some(advice));
    } else if !missing.is_empty() {
        checks.add(
            State::Warn,
            WHAT,
            format!("only for {}", ready.join(", ")),
            Some("a running server makes the others"),
        );
    } else {
        checks.ok(WHAT, format!("{}; {} in all", ready.join(", "), rows.len()));
    }
}

/// A folder is there, is ours and takes files.
fn folder(checks: &mut Checks, what: &str, path: &Path) {
    let tried = assembly::private_folder(path).and_then(|()| {
        let file = path.join(".preau-doctor");
        std::fs::write(&file, b"").and_then(|()| std::fs::remove_file(&file))
    });
    match tried {
        Ok(()) => checks.ok(what, path.display()),
        Err(error) => {
            let found = format!("{}: {error}", path.display());
            checks.add(State::Fail, what, found, Some("give the account of the server the right to write there"));
        }
    }
}
