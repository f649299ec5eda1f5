//! How an installation speaks SAML: what its product and its file say is put together, filled in, and checked. Where its
//! metadata are is known from here on; whether they are any good is found by whoever reads them, in `idp/saml`.

use crate::oidc::registered_ok;
use crate::template::fill;
use preau_connector_api::{
    AttributeNames, NameIdKind, Network, SamlDialect, SamlMetadata, SamlService, SamlSettings, SigningAlgorithm,
    WireName,
};
use preau_domain::{Fact, Identifier, ReleaseRule, display_safe};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

/// Addresses or files of one kind a service may name.
const MAX_LIST: usize = 20;
/// Longest file of certificates.
const MAX_CERTIFICATES: u64 = 64 * 1024;
/// Longest name of an entity (SAML 2.0 core, section 8.3.6).
const MAX_ENTITY_ID: usize = 1024;
/// Longest `RelayState` (SAML 2.0 bindings, section 3.4.3).
const MAX_RELAY_STATE: usize = 80;
/// The rule whose value names people where the name is a mail address.
const MAIL: &str = "mail";
/// What the State's filter is told.
const GAR: [&str; 2] = ["GARPersonIdentifiant", "idEnt"];

/// Attributes that have an object identifier, by the word people use: `FriendlyName` and what follows `urn:oid:`.
const OBJECT_IDENTIFIERS: &[(&str, &str)] = &[
    ("uid", "0.9.2342.19200300.100.1.1"),
    ("mail", "0.9.2342.19200300.100.1.3"),
    ("cn", "2.5.4.3"),
    ("sn", "2.5.4.4"),
    ("givenName", "2.5.4.42"),
    ("title", "2.5.4.12"),
    ("o", "2.5.4.10"),
    ("ou", "2.5.4.11"),
    ("displayName", "2.16.840.1.113730.3.1.241"),
    ("employeeNumber", "2.16.840.1.113730.3.1.3"),
    ("preferredLanguage", "2.16.840.1.113730.3.1.39"),
    ("eduPersonAffiliation", "1.3.6.1.4.1.5923.1.1.1.1"),
    ("eduPersonPrimaryAffiliation", "1.3.6.1.4.1.5923.1.1.1.5"),
    ("eduPersonPrincipalName", "1.3.6.1.4.1.5923.1.1.1.6"),
    ("eduPersonEntitlement", "1.3.6.1.4.1.5923.1.1.1.7"),
    ("eduPersonScopedAffiliation", "1.3.6.1.4.1.5923.1.1.1.9"),
    ("eduPersonTargetedID", "1.3.6.1.4.1.5923.1.1.1.10"),
    ("eduPersonAssurance", "1.3.6.1.4.1.5923.1.1.1.11"),
    ("FrEduUrlRetour", "1.3.6.1.4.1.20326.10.999.1.5"),
    ("FrEduCtDateConnexion", "1.3.6.1.4.1.20326.10.999.1.6"),
    ("FrEduCtPersonAffiliation", "1.3.6.1.4.1.20326.10.999.1.7"),
    ("FrEduCtId", "1.3.6.1.4.1.20326.10.999.1.57"),
    ("FrEduCtEleveUAI", "1.3.6.1.4.1.20326.10.999.1.72"),
    ("FrEduCtEleveNiveau", "1.3.6.1.4.1.20326.10.999.1.73"),
];

/// Attributes whose name is another kind of URI.
const OTHER_URIS: &[(&str, &str)] = &[
    ("subject-id", "urn:oasis:names:tc:SAML:attribute:subject-id"),
    ("pairwise-id", "urn:oasis:names:tc:SAML:attribute:pairwise-id"),
];

/// What is known of the installation besides its section.
pub(crate) struct Around<'a> {
    pub(crate) values: &'a BTreeMap<String, String>,
    pub(crate) network: Network,
    pub(crate) identifier: Identifier,
    pub(crate) release: &'a [ReleaseRule],
    /// The folder of its file.
    pub(crate) folder: &'a Path,
}

/// Puts the settings together. `wrong` is told each problem with its key.
pub(crate) fn resolve(
    settings: SamlSettings,
    around: &Around<'_>,
    wrong: &mut impl FnMut(&str, String),
) -> Option<SamlService> {
    let mut settings = settings;
    settings.addresses_mut().for_each(|url| *url = fill(url, around.values));
    settings.entity_id.iter_mut().for_each(|name| *name = fill(name, around.values));
    for (key, url) in settings.addresses() {
        if let Err(what) = registered_ok(url, around.network) {
            wrong(key, format!("`{}`: {what}", display_safe(url, 100)));
        }
    }
    let entity_id = entity_id(&settings, around, wrong)?;
    let signing = settings.signing.unwrap_or_default();
    if signing == SigningAlgorithm::EdDSA {
        wrong("saml.signing", "SAML is signed with RS256 or ES256".into());
    }
    if settings
        .relay_state
        .as_ref()
        .is_some_and(|state| state.len() > MAX_RELAY_STATE || state.contains(char::is_control))
    {
        wrong("saml.relay_state", format!("one line of at most {MAX_RELAY_STATE} bytes"));
    }
    let attributes = attributes(&settings, around.release, wrong);
    let service = SamlService {
        entity_id,
        metadata: metadata(&settings, around.folder, wrong)?,
        nameid: settings.nameid.unwrap_or_default(),
        sign: settings.sign.unwrap_or_default(),
        signing,
        encrypt: settings.encrypt.unwrap_or_default(),
        authn_requests_signed: settings.authn_requests_signed.unwrap_or(false),
        attributes,
        ecp: settings.ecp.unwrap_or_default(),
        dialect: settings.dialect,
        relay_state: settings.relay_state,
    };
    check(&service, around, wrong);
    Some(service)
}

fn check(service: &SamlService, around: &Around<'_>, wrong: &mut impl FnMut(&str, String)) {
    let identifier = around.identifier;
    let has_mail = around.release.iter().any(|rule| rule.name == MAIL && rule.copy == Some(Fact::Mail));
    if service.nameid == NameIdKind::Email && identifier != Identifier::Mail && !has_mail {
        wrong("saml.nameid", "`email` is for a product that knows people by `mail`, or has a rule of that name".into());
    }
    if identifier == Identifier::Uai && service.nameid != NameIdKind::Unspecified {
        wrong("saml.nameid", "a product that knows an establishment, and no person, takes `unspecified`".into());
    }
    if service.dialect == Some(SamlDialect::Gar) {
        let names: Vec<&str> = service.attributes.values().map(|wire| wire.name.as_str()).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        if sorted != GAR {
            let told = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            wrong("saml.dialect", format!("the GAR is told {} and nothing else, not {told}", GAR.join(" and ")));
        }
        if service.nameid != NameIdKind::Transient {
            wrong("saml.nameid", "the GAR knows people by an attribute: `transient`".into());
        }
    }
}

/// The name of the service.
fn entity_id(settings: &SamlSettings, around: &Around<'_>, wrong: &mut impl FnMut(&str, String)) -> Option<String> {
    let Some(name) = &settings.entity_id else {
        wrong("saml", "`entity_id` is needed: the name the service has in its metadata".into());
        return None;
    };
    let absolute = name.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    if !absolute || name.len() > MAX_ENTITY_ID || name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        let what = format!("a URI of at most {MAX_ENTITY_ID} bytes is expected, as in the metadata");
        wrong("saml.entity_id", what);
        return None;
    }
    // An address without TLS names nobody: whoever is in between could publish metadata under it. A name that nothing is
    // fetched from is only a name.
    let fetched = settings.metadata_url.is_none() && settings.metadata.is_none() && settings.acs.is_none();
    if fetched && name.starts_with("http://") && around.network == Network::Public {
        wrong(
            "saml.entity_id",
            "a service found by a name that begins with http:// needs network = \"private\"".into(),
        );
    }
    Some(name.clone())
}

/// Where the metadata are: in one place.
fn metadata(settings: &SamlSettings, folder: &Path, wrong: &mut impl FnMut(&str, String)) -> Option<SamlMetadata> {
    let said = [
        ("saml.metadata", settings.metadata.is_some()),
        ("saml.metadata_url", settings.metadata_url.is_some()),
        ("saml.acs", settings.acs.is_some()),
    ];
    let said: Vec<&str> = said.into_iter().filter_map(|(key, is)| is.then_some(key)).collect();
    if let [_, second, ..] = said.as_slice() {
        wrong(second, "metadata are in a file, at an address or written here: in one of them".into());
        return None;
    }
    let written = settings.acs.is_some();
    for (key, is) in [("saml.slo", settings.slo.is_some()), ("saml.certificates", settings.certificates.is_some())] {
        if is && !written {
            wrong(key, "is written in the metadata; here it goes with `acs`, for a service without metadata".into());
        }
    }
    let fetched = settings.metadata.is_some() || settings.metadata_url.is_some();
    if settings.metadata_certificates.is_some() && !fetched {
        wrong("saml.metadata_certificates", "goes with `metadata` or `metadata_url`".into());
    }
    let mut certificates = |key: &str, files: &Option<Vec<String>>| -> Vec<String> {
        if files.as_ref().is_some_and(Vec::is_empty) {
            wrong(key, "names a file at least: whoever leaves it out says that nobody has to sign".into());
        }
        let files = files.as_deref().unwrap_or_default();
        if files.len() > MAX_LIST {
            wrong(key, format!("at most {MAX_LIST} files"));
        }
        let read = files.iter().take(MAX_LIST).filter_map(|file| match certificate(&folder.join(file)) {
            Ok(text) => Some(text),
            Err(what) => {
                wrong(key, what);
                None
            }
        });
        read.collect()
    };
    let signers = certificates("saml.metadata_certificates", &settings.metadata_certificates);
    let own = certificates("saml.certificates", &settings.certificates);
    Some(match (&settings.metadata, &settings.metadata_url, &settings.acs) {
        (Some(file), _, _) => SamlMetadata::File { path: folder.join(file), signers },
        (_, Some(url), _) => SamlMetadata::Url { url: url.clone(), signers },
        (_, _, Some(acs)) => {
            if acs.is_empty() || acs.len() > MAX_LIST {
                wrong("saml.acs", format!("1 to {MAX_LIST} addresses"));
            }
            SamlMetadata::Written { acs: acs.clone(), slo: settings.slo.clone(), certificates: own }
        }
        _ => SamlMetadata::Sources,
    })
}

/// The text of a file of certificates.
fn certificate(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let plain = fs::metadata(path).is_ok_and(|found| found.is_file());
    let file =
        fs::File::open(path).ok().filter(|_| plain).ok_or_else(|| format!("{shown} is no file that can be read"))?;
    let mut text = String::new();
    let read = file.take(MAX_CERTIFICATES + 1).read_to_string(&mut text);
    if read.is_err() || text.len() as u64 > MAX_CERTIFICATES || !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(format!("{shown} holds certificates in PEM, of at most 64 KiB"));
    }
    if text.contains("PRIVATE KEY") {
        return Err(format!("{shown} holds a private key: only the certificate belongs here"));
    }
    Ok(text)
}

/// What leaves by SAML, and how it is named.
fn attributes(
    settings: &SamlSettings,
    release: &[ReleaseRule],
    wrong: &mut impl FnMut(&str, String),
) -> BTreeMap<String, WireName> {
    let known = |name: &String| release.iter().any(|rule| rule.name == *name);
    let chosen = settings.attributes.as_deref().unwrap_or_default();
    for name in chosen.iter().filter(|name| !known(name)) {
        let told: Vec<&str> = release.iter().map(|rule| rule.name.as_str()).collect();
        let what = format!("the product does not release `{}`: it has {}", display_safe(name, 64), told.join(", "));
        wrong("saml.attributes", what);
    }
    let named = settings.wire.clone().unwrap_or_default();
    for (name, wire) in &named {
        if !known(name) {
            wrong("saml.wire", format!("the product does not release `{}`", display_safe(name, 64)));
        }
        if wire.is_empty() || wire.len() > 256 || wire.chars().any(|c| c.is_control() || c.is_whitespace()) {
            wrong("saml.wire", "a name on the wire has 1 to 256 characters and no white space".into());
        }
    }
    let style = settings.names.unwrap_or_default();
    let leaves = |rule: &&ReleaseRule| settings.attributes.as_ref().is_none_or(|all| all.contains(&rule.name));
    let attributes: BTreeMap<String, WireName> = release
        .iter()
        .filter(leaves)
        .map(|rule| (rule.name.clone(), wire_name(&rule.name, named.get(&rule.name), style)))
        .collect();
    let mut wires: Vec<&str> = attributes.values().map(|wire| wire.name.as_str()).collect();
    wires.sort_unstable();
    if wires.windows(2).any(|pair| pair[0] == pair[1]) {
        wrong("saml.wire", "two attributes have one name on the wire".into());
    }
    attributes
}

/// How an attribute is named on the wire: as the installation says, else by its object identifier where it has one.
fn wire_name(name: &str, said: Option<&String>, style: AttributeNames) -> WireName {
    let identifier = |style| match style {
        AttributeNames::Basic => None,
        AttributeNames::Uri => {
            let found = |table: &'static [(&str, &'static str)]| table.iter().find(|(word, _)| *word == name);
            let object = found(OBJECT_IDENTIFIERS).map(|(_, number)| format!("urn:oid:{number}"));
            object.or_else(|| found(OTHER_URIS).map(|(_, uri)| (*uri).to_owned()))
        }
    };
    let wire = said.cloned().or_else(|| identifier(style)).unwrap_or_else(|| name.to_owned());
    let uri = ["urn:", "http://", "https://"].iter().any(|scheme| wire.starts_with(scheme));
    let friendly = (uri && wire != name).then(|| name.to_owned());
    WireName { name: wire, friendly, uri }
}

#[cfg(test)]
#[path = "saml/tests.rs"]
mod tests;
