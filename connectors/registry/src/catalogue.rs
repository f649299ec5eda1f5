//! Products people may install: one folder each, compiled in from `connectors/services/`, or added by a site.

use crate::icon::{MAX_ICON, check_icon};
use crate::instances::{Signature, value_ok};
use crate::place::{at_key, read_toml};
use crate::template::{ID, PREAU, name_ok, names};
use include_dir::{Dir, include_dir};
use preau_connector_api::{Names, Problem, ServiceDescriptor};
use preau_domain::ReleaseRule;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

static SERVICES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../services");

/// Largest `service.toml`.
pub(crate) const MAX_DESCRIPTOR: u64 = 64 * 1024;

/// Folders a site may add.
const MAX_EXTRA: usize = 1000;

/// A product of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The name of its folder.
    pub name: String,
    /// Its `service.toml`.
    pub descriptor: ServiceDescriptor,
    /// Its `icon.svg`: a drawing and nothing else.
    pub icon: String,
}

impl Product {
    /// An instance file of it with made-up values, that can be mounted as `id`: what its golden answers are told for.
    pub fn sample(&self) -> String {
        let Product { name, descriptor, .. } = self;
        let mut text = format!("connector = \"{name}\"\n[parameters]\n");
        for parameter in descriptor.parameters.iter().filter(|(_, one)| one.default.is_none()).map(|(name, _)| name) {
            let value = match parameter.strip_prefix("url") {
                Some(rest) => format!("https://{}{name}.example", rest.replace('_', "-").trim_start_matches('-')),
                None => format!("{parameter}-value"),
            };
            text.push_str(&format!("{parameter} = \"{value}\"\n"));
        }
        if self.has_secret() {
            text.push_str(&format!("[oidc]\nclient_secret_hash = \"{}\"\n", "A".repeat(43)));
        }
        text
    }

    /// Whether an installation of it shares a secret with us.
    pub fn has_secret(&self) -> bool {
        use preau_connector_api::ClientAuthentication::{ClientSecretBasic, ClientSecretPost};
        let by = self.descriptor.oidc.as_ref().map(|oidc| oidc.authentication.unwrap_or_default());
        matches!(by, Some(ClientSecretBasic | ClientSecretPost))
    }
}

/// Products by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    products: BTreeMap<String, Product>,
}

/// The catalogue compiled in.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let (catalogue, problems) = embedded();
        // A test reads the same folders: a catalogue with a problem is never released.
        debug_assert!(problems.is_empty(), "{problems:?}");
        catalogue
    })
}

/// The catalogue compiled in, without the products that have a problem, and those problems.
pub(crate) fn embedded() -> (Catalogue, Vec<Problem>) {
    let mut catalogue = Catalogue::default();
    let mut problems = Vec::new();
    for folder in SERVICES.dirs() {
        let name = folder.path().to_string_lossy().into_owned();
        let text = |file: &str| folder.get_file(folder.path().join(file)).and_then(|file| file.contents_utf8());
        match (text("service.toml"), text("icon.svg")) {
            (Some(descriptor), Some(icon)) => match product(&name, &name, descriptor, icon) {
                Ok(product) => drop(catalogue.products.insert(name, product)),
                Err(found) => problems.extend(found),
            },
            _ => problems.push(Problem::new(&name, "a folder holds service.toml and icon.svg, both UTF-8")),
        }
    }
    (catalogue, problems)
}

impl Catalogue {
    /// The product of that name.
    pub fn product(&self, name: &str) -> Option<&Product> {
        self.products.get(name)
    }

    /// Every product, by name.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.products.values()
    }

    /// This catalogue and the folders of `dir`, each with a `service.toml` and an `icon.svg`. A folder that bears the
    /// name of a product already there is refused: what a name means does not change behind an installation's back.
    pub fn load_extra(&self, dir: &Path) -> Result<Catalogue, Vec<Problem>> {
        let (all, problems) = self.load_extra_sound(dir);
        if problems.is_empty() { Ok(all) } else { Err(problems) }
    }

    /// The same, without the folders that have a problem, and those problems.
    pub fn load_extra_sound(&self, dir: &Path) -> (Catalogue, Vec<Problem>) {
        let mut all = self.clone();
        let mut problems = Vec::new();
        let place = dir.display().to_string();
        let folders = match product_folders(dir) {
            Ok(folders) if folders.len() > MAX_EXTRA => {
                return (all, vec![Problem::new(place, format!("more than {MAX_EXTRA} folders"))]);
            }
            Ok(folders) => folders,
            Err(error) => return (all, vec![Problem::new(place, error.to_string())]),
        };
        for path in folders {
            let place = path.display().to_string();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if all.products.contains_key(&name) {
                problems
                    .push(Problem::new(place, "a product of the catalogue already has this name: rename the folder"));
                continue;
            }
            let read = bounded_text(&path.join("service.toml"), MAX_DESCRIPTOR)
                .and_then(|descriptor| Ok((descriptor, bounded_text(&path.join("icon.svg"), MAX_ICON as u64)?)));
            match read.map_err(|problem| vec![problem]).and_then(|(text, icon)| product(&place, &name, &text, &icon)) {
                Ok(product) => drop(all.products.insert(name, product)),
                Err(found) => problems.extend(found),
            }
        }
        (all, problems)
    }
}

/// What changes when anything in a folder of products does: the same cheap look as that at the instances.
pub fn product_signature(dir: &Path) -> Signature {
    Signature::of(product_folders(dir).map(|folders| {
        let bounded = folders.into_iter().take(MAX_EXTRA + 1);
        bounded.flat_map(|folder| ["service.toml", "icon.svg"].map(|file| folder.join(file))).collect()
    }))
}

fn product_folders(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut folders: Vec<_> = fs::read_dir(dir)?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    folders.retain(|path| path.is_dir() && !path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.')));
    folders.sort();
    Ok(folders)
}

/// Reads a plain file of at most `max` bytes of UTF-8.
pub(crate) fn bounded_text(path: &Path, max: u64) -> Result<String, Problem> {
    use std::io::Read;
    let place = || path.display().to_string();
    let io = |error: std::io::Error| Problem::new(place(), error.to_string());
    // Looked at before it is opened: opening a pipe would wait for whoever writes to it.
    let metadata = fs::metadata(path).map_err(io)?;
    if !metadata.is_file() {
        return Err(Problem::new(place(), "a plain file is expected"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(io)?.take(max + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > max {
        return Err(Problem::new(place(), format!("larger than {} KiB", max / 1024)));
    }
    String::from_utf8(bytes).map_err(|_| Problem::new(place(), "not UTF-8"))
}

/// Whether this may be the name of a product or of an installation.
pub(crate) fn id_ok(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn product(place: &str, name: &str, text: &str, icon: &str) -> Result<Product, Vec<Problem>> {
    let file = format!("{place}/service.toml");
    let descriptor: ServiceDescriptor = read_toml(&file, text).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    let mut wrong = |key: &str, what: String| problems.push(at_key(&file, text, key, what));
    if !id_ok(name) {
        wrong("", "the folder is named by 1 to 64 of a-z, 0-9 and -".into());
    }
    check_words(&descriptor, &mut wrong);
    check_parameters(&descriptor, &mut wrong);
    if let Err((line, what)) = check_icon(icon) {
        problems.push(Problem::new(format!("{place}/icon.svg:{line}"), what));
    }
    if problems.is_empty() {
        Ok(Product { name: name.to_owned(), descriptor, icon: icon.to_owned() })
    } else {
        Err(problems)
    }
}

/// Texts people read: there, short, on one line.
fn check_words(descriptor: &ServiceDescriptor, wrong: &mut impl FnMut(&str, String)) {
    let legal = &descriptor.legal;
    let texts: [(&str, &Names, usize); 6] = [
        ("title", &descriptor.title, 80),
        ("summary", &descriptor.summary, 200),
        ("legal.purpose", &legal.purpose, 400),
        ("legal.controller", &legal.controller, 400),
        ("legal.hosting", &legal.hosting, 400),
        ("legal.retention", &legal.retention, 400),
    ];
    for (key, names, max) in texts {
        if !words_ok(&names.fr, &names.en, max) {
            wrong(key, format!("French and English, one line each, at most {max} characters"));
        }
    }
    for (name, one) in &descriptor.parameters {
        if !words_ok(&one.fr, &one.en, 200) {
            wrong(&format!("parameters.{name}"), "its meaning in French and English, at most 200 characters".into());
        }
        if let Some(Err(what)) = one.default.as_deref().map(value_ok) {
            wrong(&format!("parameters.{name}.default"), what);
        }
    }
}

/// Whether both languages say something short on one line.
pub(crate) fn words_ok(fr: &str, en: &str, max: usize) -> bool {
    [fr, en]
        .into_iter()
        .all(|text| !text.trim().is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control))
}

/// Every `{name}` is a parameter, every address holds one and no other brace.
fn check_parameters(descriptor: &ServiceDescriptor, wrong: &mut impl FnMut(&str, String)) {
    let declared = &descriptor.parameters;
    if !declared.contains_key("url") {
        wrong("parameters", "every service has at least the parameter `url`".into());
    }
    for name in declared.keys() {
        if !name_ok(name) || name == PREAU || name == ID {
            wrong(
                &format!("parameters.{name}"),
                "a parameter is named by a-z, 0-9 and _, neither `preau` nor `id`".into(),
            );
        }
    }
    if descriptor.urls.is_empty() {
        wrong("urls", "at least one address belongs to a service".into());
    }
    let known = |name: &str| name == ID || declared.contains_key(name);
    if let Some(oidc) = &descriptor.oidc
        && (oidc.client_secret_file.is_some() || oidc.client_secret_hash.is_some() || oidc.jwks.is_some())
    {
        wrong("oidc", "secrets and keys belong to an installation, not to a product".into());
    }
    if let Some(saml) = &descriptor.saml
        && (saml.metadata.is_some() || saml.metadata_certificates.is_some() || saml.certificates.is_some())
    {
        wrong("saml", "files belong to an installation, not to a product".into());
    }
    let spoken = descriptor.oidc.iter().flat_map(preau_connector_api::OidcSettings::addresses);
    let named = descriptor
        .saml
        .iter()
        .flat_map(|saml| saml.addresses().chain(saml.entity_id.iter().map(|name| ("saml.entity_id", name))));
    for (key, address) in addresses(descriptor).chain(spoken).chain(named) {
        if names(address).any(|name| !known(name)) {
            wrong(key, format!("`{}` names a parameter that is not declared", preau_domain::display_safe(address, 80)));
        }
        let bare = names(address).fold(address.to_owned(), |text, name| text.replace(&format!("{{{name}}}"), ""));
        if bare.contains(['{', '}']) {
            wrong(key, "an address holds parameters as `{name}` and no other brace".into());
        }
    }
    if descriptor.link.is_some() && (descriptor.cas.is_some() || descriptor.oidc.is_some() || descriptor.saml.is_some())
    {
        wrong("link", "a link that carries a context is for a product that speaks no protocol".into());
    }
    let takes_blocks = descriptor.oidc.is_none() && descriptor.saml.is_none() && descriptor.link.is_none();
    for (number, rule) in descriptor.release.iter().enumerate() {
        if !takes_blocks && rule.name.contains('/') {
            let what = "a block (`block/name`) is for a product that speaks CAS alone";
            wrong(&format!("release[{number}].name"), what.into());
        }
        for text in texts(rule).filter(|text| names(text).any(|name| !known(name))) {
            let what = format!("`{}` names a parameter that is not declared", preau_domain::display_safe(text, 80));
            wrong(&format!("release[{number}]"), what);
        }
    }
    if let Some(name) = names(&descriptor.other_side).find(|name| *name != PREAU && !known(name)) {
        wrong("other_side", format!("`{{{name}}}` names a parameter that is not declared"));
    }
}

/// Every address of a descriptor, with its key.
pub(crate) fn addresses(descriptor: &ServiceDescriptor) -> impl Iterator<Item = (&'static str, &String)> {
    let cas = descriptor.cas.iter();
    std::iter::once(("home", &descriptor.home))
        .chain(descriptor.urls.iter().map(|url| ("urls", url)))
        .chain(cas.clone().flat_map(|cas| cas.proxy_callbacks.iter().map(|url| ("cas.proxy_callbacks", url))))
        .chain(cas.flat_map(|cas| cas.logout_url.iter().map(|url| ("cas.logout_url", url))))
}

/// The texts of a release rule that may hold a parameter.
fn texts(rule: &ReleaseRule) -> impl Iterator<Item = &String> {
    rule.add.iter().chain(rule.map.values()).chain(&rule.scope)
}

#[cfg(test)]
#[path = "catalogue/tests.rs"]
mod tests;
