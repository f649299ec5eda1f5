//! Installations: one file each, put together with their product. Either the whole folder is good and makes a new set,
//! or every problem is told with its file, line and key, and the caller keeps the set it has. A caller that has none yet
//! takes what is sound.

use crate::catalogue::{Catalogue, addresses, bounded_text, id_ok, words_ok};
use crate::mounted::{Mounted, owns};
use crate::place::{at, at_key, read_toml};
use crate::template::{ID, fill, name_ok};
use crate::{link, oidc, saml};
use preau_connector_api::{
    FileState, InstanceFile, MountedService, Mounting, Network, OidcSettings, Parameter, Problem, SamlSettings,
    ServiceDescriptor,
};
use preau_domain::{ReleaseRule, Service, ServiceId, UrlRule, strict_url};
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use url::{Host, Url};

/// Files the folder may hold.
pub const MAX_FILES: usize = 5000;

const MAX_FILE: u64 = 64 * 1024;
const MAX_PARAMETER: usize = 2048;
/// Longest path an address may begin with: what is looked up at each sign-on stays short.
const MAX_PATH: usize = 512;

/// Reads every `<id>.toml` of a folder and mounts what is enabled. Other files, and those whose name begins with a dot,
/// are passed over.
pub fn load_instances(dir: &Path, catalogue: &Catalogue) -> Result<Mounted, Vec<Problem>> {
    let Read { services, mut problems, .. } = read_instances(dir, catalogue);
    match Mounted::new(services) {
        Ok(mounted) if problems.is_empty() => Ok(mounted),
        Ok(_) => Err(problems),
        Err(overlaps) => {
            problems.extend(overlaps.into_iter().map(|overlap| at_file(dir, overlap)));
            Err(problems)
        }
    }
}

/// The same for a server that starts: what is sound is mounted, everything else is told. Where two services claim one
/// address neither is mounted, because nothing says whose it is. And what is not mounted is inherited by nobody: a service
/// above it on the same site would else open its addresses to its own audience, so that one is not mounted either.
pub fn load_sound_instances(dir: &Path, catalogue: &Catalogue) -> (Mounted, Vec<Problem>) {
    let Read { services, mut problems, mut lost } = read_instances(dir, catalogue);
    let (mut mounted, overlaps) = Mounted::sound(services.clone());
    problems.extend(overlaps.into_iter().map(|overlap| at_file(dir, overlap)));
    let absent = services.iter().filter(|service| mounted.by_id(&service.service.id).is_none());
    lost.extend(absent.flat_map(|service| own_addresses(&service.service)));
    loop {
        let is_heir = |service: &&MountedService| lost.iter().any(|address| inherits(&service.service, address));
        let (heirs, rest): (Vec<_>, Vec<_>) = mounted.services().partition(is_heir);
        if heirs.is_empty() {
            return (mounted, problems);
        }
        for heir in &heirs {
            let what =
                "addresses of a service that is not sound lie below it, and would fall to it: not mounted either";
            problems.push(at_file(dir, Problem::new(format!("{} parameters.url", heir.service.id), what)));
        }
        let found: Vec<String> = heirs.iter().flat_map(|heir| own_addresses(&heir.service)).collect();
        let rest: Vec<MountedService> = rest.into_iter().cloned().collect();
        lost.extend(found);
        mounted = Mounted::sound(rest).0;
    }
}

/// Whether an address that is another's would fall to this service: it lies below one of its own, and is none of them.
fn inherits(service: &Service, address: &str) -> bool {
    let Some(url) = strict_url(address).filter(|_| owns(service, address)) else { return false };
    let bare = url.path().trim_end_matches('/');
    let same = |rule: &UrlRule| url.host_str() == Some(&rule.host) && rule.path.trim_end_matches('/') == bare;
    !service.urls.iter().any(same)
}

fn own_addresses(service: &Service) -> impl Iterator<Item = String> + '_ {
    service.urls.iter().map(|rule| format!("{}://{}:{}{}", rule.scheme, rule.host, rule.port, rule.path))
}

/// Every address written in a file that cannot be read otherwise.
fn written_addresses(text: &str) -> impl Iterator<Item = String> + '_ {
    text.match_indices("://").map(|(at, _)| {
        let begin = text[..at].rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |before| before + 1);
        // What stands before a scheme is at most a character of several bytes.
        let begin = (begin..=at).find(|at| text.is_char_boundary(*at)).unwrap_or(at);
        let end = text[at..].find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\'));
        text[begin..end.map_or(text.len(), |length| at + length)].to_owned()
    })
}

/// What a folder holds.
#[derive(Default)]
struct Read {
    /// What the files mount that are sound on their own.
    services: Vec<MountedService>,
    /// What is wrong with the others.
    problems: Vec<Problem>,
    /// The addresses written in those.
    lost: Vec<String>,
}

/// A problem of a service, in its file.
fn at_file(dir: &Path, problem: Problem) -> Problem {
    let (id, key) = problem.at.split_once(' ').unwrap_or((&problem.at, ""));
    at(&dir.join(format!("{id}.toml")), key, problem.what)
}

fn read_instances(dir: &Path, catalogue: &Catalogue) -> Read {
    let place = dir.display().to_string();
    let files = match instance_files(dir) {
        Ok(files) if files.len() > MAX_FILES => {
            let problems = vec![Problem::new(place, format!("more than {MAX_FILES} services"))];
            return Read { problems, ..Read::default() };
        }
        Ok(files) => files,
        Err(error) => return Read { problems: vec![Problem::new(place, error.to_string())], ..Read::default() },
    };
    let mut read = Read::default();
    for path in files {
        let file = path.display().to_string();
        let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        match bounded_text(&path, MAX_FILE) {
            Ok(text) => match mount(&file, &id, &text, catalogue) {
                Ok(service) => read.services.extend(service),
                Err(found) => {
                    read.problems.extend(found);
                    read.lost.extend(written_addresses(&text));
                }
            },
            Err(problem) => read.problems.push(problem),
        }
    }
    read
}

/// What changes when anything in the folder does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature(u64);

/// A cheap look at the folder: names, sizes and times of its files, without reading any. Two equal signatures mean that
/// nothing has to be read again. A folder that cannot be read has a signature of its own.
pub fn signature(dir: &Path) -> Signature {
    Signature::of(instance_files(dir).map(|files| files.into_iter().take(MAX_FILES + 1).collect()))
}

impl Signature {
    /// That of these files, or of the reason why they cannot be listed.
    pub(crate) fn of(files: std::io::Result<Vec<PathBuf>>) -> Signature {
        let mut hasher = DefaultHasher::new();
        match files {
            Err(error) => error.kind().hash(&mut hasher),
            Ok(files) => {
                for path in files {
                    path.hash(&mut hasher);
                    FileState::of(&path).hash(&mut hasher);
                }
            }
        }
        Signature(hasher.finish())
    }
}

fn instance_files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Mounts one installation from the text of its file; `None` when it is off. `file` is its name in problems.
pub fn mount(file: &str, id: &str, text: &str, catalogue: &Catalogue) -> Result<Option<MountedService>, Vec<Problem>> {
    if !id_ok(id) {
        return Err(vec![Problem::new(file, "a file is named by 1 to 64 of a-z, 0-9 and -, and then .toml")]);
    }
    let instance: InstanceFile = read_toml(file, text).map_err(|problem| vec![problem])?;
    mount_instance(file, id, text, instance, catalogue)
}

impl Mounting for Catalogue {
    fn mount(&self, id: &ServiceId, instance: InstanceFile) -> Result<MountedService, Vec<Problem>> {
        let place = id.as_str();
        if !id_ok(place) {
            return Err(vec![Problem::new(place, "a service is named by 1 to 64 of a-z, 0-9 and -")]);
        }
        if instance.oidc.as_ref().is_some_and(|oidc| oidc.client_secret_file.is_some()) {
            return Err(vec![Problem::new(place, "a secret without an instance file is given by its hash")]);
        }
        let off = || vec![Problem::new(place, "the installation is off")];
        mount_instance(place, place, "", instance, self)?.ok_or_else(off)
    }
}

/// The same for an installation that was read; `text` is where its keys are looked for when something is wrong.
fn mount_instance(
    file: &str,
    id: &str,
    text: &str,
    instance: InstanceFile,
    catalogue: &Catalogue,
) -> Result<Option<MountedService>, Vec<Problem>> {
    let Some(product) = catalogue.product(&instance.connector) else {
        let shown = preau_domain::display_safe(&instance.connector, 64);
        return Err(vec![at_key(file, text, "connector", format!("no product `{shown}` in the catalogue"))]);
    };
    let mut problems = Vec::new();
    let mut wrong = |key: &str, what: String| problems.push(at_key(file, text, key, what));

    let mut values = parameters(&instance, &product.descriptor.parameters, &mut wrong);
    values.insert(ID.to_owned(), id.to_owned());
    if let Some(title) = &instance.title
        && !words_ok(&title.fr, &title.en, 80)
    {
        wrong("title", "French and English, one line each, at most 80 characters".into());
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let descriptor = &product.descriptor;
    let service = placed(descriptor, id, &values, instance.network)
        .map_err(|found| found.into_iter().map(|(key, what)| at_key(file, text, key, what)).collect::<Vec<_>>())?;
    let mut wrong = |key: &str, what: String| problems.push(at_key(file, text, key, what));
    let cas = descriptor.cas.clone().map(|mut cas| {
        cas.proxy_callbacks.iter_mut().chain(&mut cas.logout_url).for_each(|url| *url = fill(url, &values));
        cas
    });
    let folder = Path::new(file).parent().unwrap_or(Path::new("."));
    let strange = || wrong("oidc", "this product does not speak OpenID Connect".into());
    let oidc = spoken(&descriptor.oidc, instance.oidc, OidcSettings::over, strange);
    let resolve =
        |settings| oidc::resolve(settings, &values, instance.network, descriptor.identifier, folder, &mut wrong);
    let oidc = oidc.map(resolve);
    let release: Vec<ReleaseRule> = descriptor.release.iter().map(|rule| filled(rule, &values)).collect();
    let for_a_class = oidc.as_ref().and_then(|oidc| oidc.lti.as_ref()).is_some_and(|tool| !tool.may.is_empty());
    if for_a_class && !release.iter().any(|rule| rule.name == "context") {
        let what = "what a tool may do is for a class or a group: its product has no release rule `context`";
        wrong("oidc.lti.may", what.into());
    }
    let around = saml::Around {
        values: &values,
        network: instance.network,
        identifier: descriptor.identifier,
        release: &release,
        folder,
    };
    let strange = || wrong("saml", "this product does not speak SAML".into());
    let saml = spoken(&descriptor.saml, instance.saml, SamlSettings::over, strange);
    let saml = saml.and_then(|settings| saml::resolve(settings, &around, &mut wrong));
    let link = link::resolve(descriptor, instance.link, &release, &mut wrong);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mounted = MountedService {
        service,
        connector: product.name.clone(),
        title: instance.title.unwrap_or_else(|| descriptor.title.clone()),
        summary: descriptor.summary.clone(),
        category: descriptor.category,
        icon: product.icon.clone(),
        cas,
        oidc,
        saml,
        link,
        identifier: descriptor.identifier,
        release,
        audience: instance.audience.unwrap_or_else(|| descriptor.audience.clone()),
        two_keys: instance.two_keys,
        network: instance.network,
        legal: descriptor.legal.clone(),
        other_side: fill(&descriptor.other_side, &values),
    };
    Ok(instance.enabled.then_some(mounted))
}

/// The service at its addresses, each of which may be registered and is its own; or what is wrong with them, with its key.
fn placed(
    descriptor: &ServiceDescriptor,
    id: &str,
    values: &BTreeMap<String, String>,
    network: Network,
) -> Result<Service, Vec<(&'static str, String)>> {
    let mut found = Vec::new();
    for (key, address) in addresses(descriptor) {
        if let Err(what) = address_ok(&fill(address, values), network) {
            found.push(("parameters.url", format!("{key} becomes `{}`: {what}", shown(&fill(address, values)))));
        }
    }
    let urls: Vec<UrlRule> = descriptor.urls.iter().filter_map(|url| UrlRule::below(&fill(url, values))).collect();
    if urls.len() != descriptor.urls.len() || urls.iter().any(|rule| rule.path.len() > MAX_PATH) {
        let what = format!("an address without query and with a path of at most {MAX_PATH} is expected");
        found.push(("parameters.url", what));
    }
    let Some(home) = strict_url(&fill(&descriptor.home, values)).filter(|_| found.is_empty()) else {
        return Err(found);
    };
    let service = Service { id: ServiceId::new(id), home, urls };
    for (key, address) in addresses(descriptor) {
        let address = fill(address, values);
        if !owns(&service, &address) {
            found.push((key, format!("`{}` does not belong to the service", shown(&address))));
        }
    }
    if found.is_empty() { Ok(service) } else { Err(found) }
}

/// What an installation says of a protocol over what its product says of it; nothing where the product does not speak it, and then
/// an installation that does is `strange`.
fn spoken<S: Clone + Default>(
    product: &Option<S>,
    installation: Option<S>,
    over: impl FnOnce(S, S) -> S,
    strange: impl FnOnce(),
) -> Option<S> {
    if product.is_none() && installation.is_some() {
        strange();
    }
    product.clone().map(|product| over(installation.unwrap_or_default(), product))
}

/// The values of the parameters: each that is declared, by default what its product says, and no other; one line, without
/// braces. An address loses the slash at its end, since descriptors write `{url}/`.
fn parameters(
    instance: &InstanceFile,
    declared: &BTreeMap<String, Parameter>,
    wrong: &mut impl FnMut(&str, String),
) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (name, one) in declared.iter().filter(|(name, _)| !instance.parameters.contains_key(*name)) {
        match &one.default {
            Some(value) => drop(values.insert(name.clone(), value.clone())),
            None => wrong("parameters", format!("the parameter `{name}` is missing")),
        }
    }
    for (name, value) in &instance.parameters {
        let key = if name_ok(name) { format!("parameters.{name}") } else { "parameters".to_owned() };
        if !declared.contains_key(name) {
            let known: Vec<&str> = declared.keys().map(String::as_str).collect();
            wrong(&key, format!("no such parameter: this product has {}", known.join(", ")));
        }
        if let Err(what) = value_ok(value) {
            wrong(&key, what);
        }
        let value = value.trim();
        let bare = value.strip_suffix('/').filter(|_| value.contains("://")).unwrap_or(value);
        values.insert(name.clone(), bare.to_owned());
    }
    values
}

/// Whether this may be the value of a parameter.
pub(crate) fn value_ok(value: &str) -> Result<(), String> {
    if value.trim().is_empty() || value.len() > MAX_PARAMETER || value.chars().any(char::is_control) {
        return Err(format!("a value is one line of 1 to {MAX_PARAMETER} bytes"));
    }
    if value.contains(['{', '}']) {
        return Err("a value holds no brace".into());
    }
    Ok(())
}

/// Whether an address may be registered: strict, and without TLS only where nobody else listens or the operator said so.
pub(crate) fn address_ok(address: &str, network: Network) -> Result<(), &'static str> {
    let url = strict_url(address).ok_or("not a plain https address")?;
    if url.scheme() == "https" || network == Network::Private || loopback(&url) {
        return Ok(());
    }
    Err("https is required; http is for loopback, or with network = \"private\"")
}

fn loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn filled(rule: &ReleaseRule, values: &BTreeMap<String, String>) -> ReleaseRule {
    let mut rule = rule.clone();
    rule.add.iter_mut().chain(rule.map.values_mut()).chain(&mut rule.scope).for_each(|text| *text = fill(text, values));
    rule
}

fn shown(text: &str) -> String {
    preau_domain::display_safe(text, 100)
}

#[cfg(test)]
#[path = "instances/tests.rs"]
mod tests;
