//! Opens what the configuration names: database, keys, sources, services, hub. Nothing here reads people, so opening
//! costs the same for a village and for a country.

use crate::SystemClock;
use crate::cli::Failure;
use crate::config::{Loaded, SourceConfig};
use crate::malformed;
use preau_connector_api::{Connector, Kind, MountedService, OpenContext, Post, Problem, Turns};
use preau_connectors::{Catalogue, KINDS, Signature};
use preau_domain::{Instant, Levels, SourceId};
use preau_egress::Egress;
use preau_keys::strength::Breached;
use preau_keys::{ClientAuthorities, Keyring, Passwords, Sealer, Signers, SystemIds};
use preau_provision::BirthCodes;
use preau_saml::metadata::Peers;
use preau_store::Store;
use preau_store_sql::{Journal, Options};
use preau_web::{Hub, HubParts, ServiceTable, SignInSource};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Value;

/// Passwords that may wait to be checked, for each thread that checks them: some three seconds.
const WAITING_PER_THREAD: usize = 100;
/// Signatures for people who have not signed in that may wait, for each thread that serves: some tenth of a second.
const STRANGERS_PER_THREAD: usize = 128;

/// Opens the database, making the folder of a file that is not there yet. What is recorded is chained with the keys;
/// without them, which is for commands that only look, it would belong to no chain.
pub async fn store(loaded: &Loaded, keys: Option<&Keyring>) -> Result<Arc<dyn Store>, Failure> {
    if let Some(folder) = database_file(loaded).as_deref().and_then(Path::parent) {
        private_folder(folder).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    }
    let url = storage_url(loaded)?;
    let journal = keys.map(|keys| Journal { code: keys.journal_code(), ids: Arc::new(SystemIds) });
    let options = Options { journal, precedence: loaded.config.sync.precedence(), ..Options::default() };
    preau_store_sql::open_with(&url, &options)
        .await
        .map_err(|error| Failure::new(format!("the database does not open: {error}")))
}

/// The file of the database, when it is one.
pub fn database_file(loaded: &Loaded) -> Option<PathBuf> {
    let file = loaded.config.storage.url.strip_prefix("sqlite://")?;
    Some(loaded.base.join(file.split('?').next().unwrap_or(file)))
}

/// The address of the database, with its password when a file holds one.
fn storage_url(loaded: &Loaded) -> Result<String, Failure> {
    let url = loaded.storage_url();
    let Some(file) = &loaded.config.storage.password_file else { return Ok(url) };
    let password = secret(&loaded.path(file)).map_err(|what| Failure::new(format!("storage.password_file: {what}")))?;
    let mut url = url::Url::parse(&url).map_err(|_| Failure::new("storage.url is no address"))?;
    url.set_password(Some(&password)).map_err(|()| Failure::new("storage.url takes no password"))?;
    Ok(url.into())
}

/// The first line of a small file.
fn secret(path: &Path) -> Result<String, String> {
    let text = small_file(path)?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(format!("{} is empty", path.display())),
    }
}

fn small_file(path: &Path) -> Result<String, String> {
    use std::io::Read;
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(64 * 1024).read_to_string(&mut text))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text)
}

/// A folder for its owner alone, made if it is not there.
pub fn private_folder(folder: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Opens one source of the configuration.
pub fn connector(loaded: &Loaded, source: &SourceId) -> Result<Connector, Vec<Problem>> {
    let at = |what: String| vec![Problem::new(format!("sources.{source}"), what)];
    let config = loaded.config.sources.get(source).ok_or_else(|| at("is no source of the configuration".to_owned()))?;
    open(loaded, source, config)
}

/// The sources of which what is known may not be used any more: nobody can sign in with them.
pub fn expired(connectors: &BTreeMap<SourceId, Connector>, now: Instant) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (source, connector) in connectors {
        let Some(redirect) = &connector.redirect else { continue };
        if let Some(until) = redirect.known_until().filter(|until| *until <= now) {
            let what = format!("says that it holds until {}, which is past: nobody can sign in there", until.rfc3339());
            problems.push(Problem::new(format!("sources.{source}.metadata"), what));
        }
    }
    problems
}

/// Opens every source; every problem of every source is told.
pub fn connectors(loaded: &Loaded) -> Result<BTreeMap<SourceId, Connector>, Vec<Problem>> {
    let mut connectors = BTreeMap::new();
    let mut problems = Vec::new();
    for (source, config) in &loaded.config.sources {
        match open(loaded, source, config) {
            Ok(connector) => {
                connectors.insert(source.clone(), connector);
            }
            Err(found) => problems.extend(found),
        }
    }
    let opened = |name: &String| connectors.get(&SourceId::new(name.clone()));
    for (public, source) in &loaded.config.web.sign_in.publics {
        if opened(source).is_some_and(|connector| connector.password.is_none() && connector.redirect.is_none()) {
            problems.push(Problem::new(format!("web.sign_in.publics.{public}"), "names a source nobody signs in with"));
        }
    }
    for (public, sources) in &loaded.config.web.sign_in.also {
        for source in sources.iter().filter(|name| opened(name).is_some_and(|connector| connector.redirect.is_none())) {
            problems.push(Problem::new(
                format!("web.sign_in.also.{public}"),
                format!("names {source}, which is no provider people are sent to"),
            ));
        }
    }
    if problems.is_empty() { Ok(connectors) } else { Err(problems) }
}

fn open(loaded: &Loaded, source: &SourceId, config: &SourceConfig) -> Result<Connector, Vec<Problem>> {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == config.kind) else {
        let known: Vec<&str> = KINDS.iter().map(|kind: &Kind| kind.name).collect();
        return Err(vec![Problem::new(
            format!("sources.{source}.kind"),
            format!("is no kind of source; there is: {}", known.join(", ")),
        )]);
    };
    (kind.open)(&OpenContext { source, config: &config.table, base: &loaded.base })
}

/// Keys, secrets and certificates published with the source that this configuration uses; a server that serves people
/// uses none. The master key is looked at by [`Keyring::open`].
pub fn published_secrets(loaded: &Loaded) -> Vec<Problem> {
    let mut files: Vec<(String, PathBuf)> = Vec::new();
    if let Some(file) = &loaded.config.server.tls_key_file {
        files.push(("server.tls_key_file".to_owned(), loaded.path(file)));
    }
    if let Some(file) = &loaded.config.storage.password_file {
        files.push(("storage.password_file".to_owned(), loaded.path(file)));
    }
    if let Some(file) = &loaded.config.mail.password_file {
        files.push(("mail.password_file".to_owned(), loaded.path(file)));
    }
    for (source, config) in &loaded.config.sources {
        secret_files(&loaded.base, &format!("sources.{source}"), &config.table, &mut files);
    }
    files
        .into_iter()
        .filter(|(_, file)| small_file(file).is_ok_and(|text| preau_keys::shipped_text(&text)))
        .map(|(at, file)| {
            let what = format!("{} is published with the source: anybody can read it; make your own", file.display());
            Problem::new(at, what)
        })
        .collect()
}

/// Every key that ends in `_file`, at any depth.
fn secret_files(base: &Path, at: &str, table: &toml::Table, files: &mut Vec<(String, PathBuf)>) {
    for (key, value) in table {
        let at = format!("{at}.{key}");
        match value {
            Value::String(file) if key.ends_with("_file") => files.push((at, base.join(file))),
            Value::Table(inner) => secret_files(base, &at, inner, files),
            Value::Array(items) => {
                for item in items.iter().filter_map(Value::as_table) {
                    secret_files(base, &at, item, files);
                }
            }
            _ => {}
        }
    }
}

/// Opens the keys.
pub fn keyring(loaded: &Loaded, demo: bool) -> Result<Keyring, Failure> {
    Keyring::open(&loaded.path(&loaded.config.keys.dir), demo)
        .map_err(|problem| Failure::new(format!("keys: {problem}")))
}

/// What is kept of dates of birth: codes under the master key.
pub fn births(keys: &Keyring) -> BirthCodes {
    let keys = keys.clone();
    BirthCodes::new(move |of, date| keys.birth_code(of, date))
}

/// The products there are: those compiled in, and the site's own.
pub fn catalogue(loaded: &Loaded) -> Result<Cow<'static, Catalogue>, Vec<Problem>> {
    let built_in = preau_connectors::catalogue();
    match &loaded.config.services.catalogue {
        Some(own) => built_in.load_extra(&loaded.path(own)).map(Cow::Owned),
        None => Ok(Cow::Borrowed(built_in)),
    }
}

/// Reads the instances folder.
pub fn services(loaded: &Loaded) -> Result<Vec<MountedService>, Vec<Problem>> {
    let catalogue = catalogue(loaded)?;
    let mounted = preau_connectors::load_instances(&instances(loaded), &catalogue)?;
    let (_, problems) = levels(loaded);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mounted: Vec<MountedService> = mounted.services().cloned().collect();
    let unseen: Vec<Problem> = mounted.iter().filter_map(|service| unseen(loaded, service)).collect();
    if unseen.is_empty() { Ok(mounted) } else { Err(unseen) }
}

/// The rules above those of the services, and what is wrong with their files: what such a file speaks of is closed.
pub fn levels(loaded: &Loaded) -> (Arc<Levels>, Vec<Problem>) {
    let folder = loaded.config.services.levels.as_ref();
    folder.map(|folder| levels_of(&loaded.path(folder))).unwrap_or_default()
}

/// Those of a folder.
pub fn levels_of(folder: &Path) -> (Arc<Levels>, Vec<Problem>) {
    let (levels, problems) = preau_connectors::load_levels(folder);
    (Arc::new(levels), problems)
}

/// What is wrong with a service that shows a certificate which nobody sees.
fn unseen(loaded: &Loaded, service: &MountedService) -> Option<Problem> {
    let web = &loaded.config.web;
    let seen = web.mtls_url.is_some() || web.client_certificate_header.is_some();
    let shows = service.oidc.as_ref().is_some_and(|oidc| oidc.shows_certificate());
    let at = instances(loaded).join(format!("{}.toml", service.service.id)).display().to_string();
    let what =
        "shows a certificate, and none is seen: set web.mtls_url, or web.client_certificate_header behind a proxy";
    (shows && !seen).then(|| Problem::new(at, what))
}

/// What a server that starts can serve, and everything that is wrong with the rest: one broken file takes its own service
/// away and no other. A server that runs already changes to a whole set or not at all, and asks [`table`].
pub fn sound_table(loaded: &Loaded) -> (ServiceTable, Vec<Problem>) {
    let built_in = preau_connectors::catalogue();
    let (catalogue, mut problems) = match &loaded.config.services.catalogue {
        Some(own) => built_in.load_extra_sound(&loaded.path(own)),
        None => (built_in.clone(), Vec::new()),
    };
    let (mounted, found) = preau_connectors::load_sound_instances(&instances(loaded), &catalogue);
    problems.extend(found);
    let mut services: Vec<MountedService> = mounted.services().cloned().collect();
    let (levels, found) = levels(loaded);
    problems.extend(found);
    problems.extend(services.iter().filter_map(|service| unseen(loaded, service)));
    services.retain(|service| unseen(loaded, service).is_none());
    let found = match ServiceTable::new(services.clone()) {
        Ok(table) => return (table.under(levels), problems),
        Err(found) => found,
    };
    problems.extend(malformed::placed(loaded, &services, found));
    let lost: Vec<String> = services
        .iter()
        .filter(|service| ServiceTable::new(vec![MountedService::clone(service)]).is_err())
        .map(|service| service.service.home.to_string())
        .collect();
    // What is lost falls to nobody: neither it nor a service above it is mounted.
    services.retain(|service| !lost.iter().any(|home| service.service.trust(home).is_some()));
    let table = ServiceTable::new(services).or_else(|_| ServiceTable::new(Vec::new()));
    (table.unwrap_or_else(|_| unreachable!("nothing has nothing wrong with it")).under(levels), problems)
}

/// What changes when a file that says which services are mounted does.
pub type Seen = (Signature, Option<Signature>, Option<Signature>);

/// The state of the folder of instances, of that of the site's own products and of that of the levels.
pub fn seen(loaded: &Loaded) -> Seen {
    let own = loaded.config.services.catalogue.as_ref();
    let own = own.map(|own| preau_connectors::product_signature(&loaded.path(own)));
    let levels = loaded.config.services.levels.as_ref();
    let levels = levels.map(|levels| preau_connectors::signature(&loaded.path(levels)));
    (preau_connectors::signature(&instances(loaded)), own, levels)
}

/// The folder of instance files.
pub fn instances(loaded: &Loaded) -> PathBuf {
    loaded.path(&loaded.config.services.instances)
}

/// The services as the hub reads them, with their doors' rules compiled.
pub fn table(loaded: &Loaded) -> Result<ServiceTable, Vec<Problem>> {
    let services = services(loaded)?;
    ServiceTable::new(services.clone())
        .map(|table| table.under(levels(loaded).0))
        .map_err(|found| malformed::placed(loaded, &services, found))
}

/// The guarded way out.
pub fn egress(loaded: &Loaded) -> Result<Egress, Failure> {
    let authorities: Vec<PathBuf> =
        loaded.config.services.trusted_ca_files.iter().map(|file| loaded.path(file)).collect();
    let tls = preau_keys::client_config(&authorities).map_err(Failure::new)?;
    Egress::new(tls).map_err(Failure::new)
}

/// The way for letters, when there is one.
pub fn mail(loaded: &Loaded) -> Result<Option<Arc<dyn Post>>, Failure> {
    preau_connector_mail::open(&loaded.config.mail, &loaded.base).map_err(Failure::new)
}

/// The list of stolen passwords, when there is one.
fn breached(loaded: &Loaded) -> Result<Breached, Failure> {
    let Some(file) = &loaded.config.web.breached_passwords else { return Ok(Breached::default()) };
    let file = loaded.path(std::path::Path::new(file));
    Breached::open(&file).map_err(|error| Failure::new(format!("web.breached_passwords: {}: {error}", file.display())))
}

/// Puts the hub together, with its protocols.
pub fn hub(
    loaded: &Loaded,
    store: Arc<dyn Store>,
    keyring: Keyring,
    connectors: &BTreeMap<SourceId, Connector>,
    services: ServiceTable,
    peers: Arc<Peers>,
) -> Result<Hub, Failure> {
    let issuers: Vec<PathBuf> = loaded.config.services.client_ca_files.iter().map(|file| loaded.path(file)).collect();
    let client_authorities = ClientAuthorities::load(&issuers).map_err(Failure::new)?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let sources: HashMap<SourceId, SignInSource> = connectors
        .iter()
        .map(|(source, connector)| {
            let (password, redirect) = (connector.password.clone(), connector.redirect.clone());
            (source.clone(), SignInSource { password, redirect, probe: Arc::clone(&connector.probe) })
        })
        .collect();
    let parts = HubParts {
        store,
        clock: Arc::new(SystemClock::new()),
        ids: Arc::new(SystemIds),
        signers: Arc::new(Signers::new(Sealer::new(&keyring))),
        keyring,
        passwords: Passwords::new(threads, threads * WAITING_PER_THREAD),
        // Half of what serves at most, so that the other half never waits for a stranger.
        turns: Turns::new(threads / 2, threads * STRANGERS_PER_THREAD),
        config: loaded.config.web.clone(),
        sources,
        egress: egress(loaded)?,
        mounting: Arc::new(preau_connectors::catalogue().clone()),
        client_authorities,
        breached: breached(loaded)?,
        mail: mail(loaded)?,
    };
    Ok(Hub::new(parts, services).with_protocols(preau_protocols::protocols(peers)))
}
