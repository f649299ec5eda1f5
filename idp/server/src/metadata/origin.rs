//! Where the metadata of a service are found, from its settings and the federations of the configuration.

use crate::config::{FederationConfig, Loaded};
use preau_connector_api::{MountedService, Network, SamlMetadata, SamlService};
use preau_domain::Seconds;
use preau_keys::artifact_source;
use preau_keys::jose::PublicKey;
use preau_keys::xml::{certificates_of, public_key_of};
use preau_saml::metadata::Endpoint;
use preau_saml::metadata::{Entity, Indexed, Keys, MetadataError, Reason, RoleKey, SpRole};
use preau_saml::names::binding;
use std::path::{Path, PathBuf};

/// Days ahead the `validUntil` of a federation may lie unless the configuration says otherwise.
const LONGEST_DAYS: u16 = 30;

/// A document, and who must have signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Where it is.
    pub(crate) place: Place,
    /// One of these keys signed it; nobody must when there is none.
    pub(crate) signers: Option<Vec<PublicKey>>,
    /// It says until when it is valid, and that is no further away.
    pub(crate) longest: Option<Seconds>,
}

impl Origin {
    /// The name its copy is kept under: what one must have signed is no copy for who asks for another signature, or for none.
    pub(crate) fn kept_as(&self) -> String {
        let mut signers: Vec<&str> = self.signers.iter().flatten().map(PublicKey::thumbprint).collect();
        signers.sort_unstable();
        match self.signers {
            Some(_) => format!("{} {}", self.place, signers.join(" ")),
            None => self.place.to_string(),
        }
    }
}

/// Where a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file of the operator.
    File(PathBuf),
    /// At an address.
    Address(String, Network),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::File(path) => write!(f, "{}", path.display()),
            Place::Address(url, _) => f.write_str(url),
        }
    }
}

/// What makes the entity of a service.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// The first of these documents that holds it.
    In(Vec<Origin>),
    /// What the operator wrote.
    Written(Box<Entity>),
}

/// What the settings of a service make of it.
pub(crate) fn wanted(loaded: &Loaded, service: &MountedService, saml: &SamlService) -> Result<Wanted, String> {
    let keys = |pem: &[String]| -> Result<Option<Vec<PublicKey>>, String> {
        let found: Vec<PublicKey> = pem.iter().map(|text| keys_of(text)).collect::<Result<Vec<_>, _>>()?.concat();
        Ok((!pem.is_empty()).then_some(found))
    };
    Ok(match &saml.metadata {
        SamlMetadata::File { path, signers } => {
            let place = Place::File(path.clone());
            Wanted::In(vec![Origin { place, signers: keys(signers)?, longest: None }])
        }
        SamlMetadata::Url { url, signers } => {
            let place = Place::Address(url.clone(), service.network);
            Wanted::In(vec![Origin { place, signers: keys(signers)?, longest: None }])
        }
        SamlMetadata::Sources => {
            let all = loaded.config.saml.federations.values();
            let all = all.map(|one| federation(loaded, one, &saml.entity_id)).collect::<Result<Vec<_>, _>>()?;
            if all.is_empty() {
                return Err(
                    "its metadata are nowhere: give `metadata` or `metadata_url`, or configure a federation".into()
                );
            }
            Wanted::In(all)
        }
        SamlMetadata::Written { acs, slo, certificates } => {
            let entity = written(&saml.entity_id, acs, slo.as_deref(), certificates);
            Wanted::Written(Box::new(entity.map_err(|error| error.to_string())?))
        }
    })
}

/// The document of a federation that would hold the entity.
pub(crate) fn federation(loaded: &Loaded, one: &FederationConfig, entity_id: &str) -> Result<Origin, String> {
    let mut signers = Vec::new();
    for file in &one.certificates {
        let path = loaded.path(file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        signers.extend(keys_of(&text).map_err(|what| format!("{}: {what}", path.display()))?);
    }
    let network = if one.private_network { Network::Private } else { Network::Public };
    let place = match (&one.url, &one.mdq, &one.file) {
        (Some(url), _, _) => Place::Address(url.clone(), network),
        (_, Some(mdq), _) => Place::Address(mdq_address(mdq, entity_id, one.mdq_sha1), network),
        (_, _, Some(file)) => Place::File(loaded.path(file)),
        _ => return Err("a federation has one of url, mdq and file".to_owned()),
    };
    let days = i64::from(one.longest_days.unwrap_or(LONGEST_DAYS));
    Ok(Origin { place, signers: Some(signers), longest: Some(Seconds(days * 86_400)) })
}

/// Where a metadata query service answers about one entity (draft-young-md-query, 2.2; by the digest of its name,
/// draft-young-md-query-saml, 2.2).
fn mdq_address(base: &str, entity_id: &str, by_digest: bool) -> String {
    let digest: String = artifact_source(entity_id).iter().map(|byte| format!("{byte:02x}")).collect();
    let entity_id = if by_digest { format!("{{sha1}}{digest}") } else { entity_id.to_owned() };
    let mut encoded = String::with_capacity(entity_id.len() * 2);
    for byte in entity_id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("{}/entities/{encoded}", base.trim_end_matches('/'))
}

/// The keys of a PEM text: every certificate of it must carry one we speak.
pub(crate) fn keys_of(pem: &str) -> Result<Vec<PublicKey>, String> {
    let all = certificates_of(pem).filter(|all| !all.is_empty()).ok_or("no certificate in PEM")?;
    all.iter()
        .map(|der| public_key_of(der).ok_or_else(|| "a key that is neither RSA of 2048 bits nor on P-256".to_owned()))
        .collect()
}

/// The keys of a file of certificates.
pub(crate) fn keys_in(path: &Path) -> Result<Vec<PublicKey>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    keys_of(&text).map_err(|what| format!("{}: {what}", path.display()))
}

/// What the operator wrote, as if the service had said it.
fn written(entity_id: &str, acs: &[String], slo: Option<&str>, pem: &[String]) -> Result<Entity, MetadataError> {
    let mut keys = Keys::default();
    for text in pem {
        for der in certificates_of(text).unwrap_or_default() {
            keys.add(RoleKey::of(der)?);
        }
    }
    if !pem.is_empty() && keys.signing.is_empty() {
        return Err(MetadataError::whole(Reason::NoKey("no certificate in the files that were named")));
    }
    let numbered = acs.iter().zip(0..).map(|(location, index)| Indexed {
        index,
        default: (index == 0).then_some(true),
        binding: binding::POST.to_owned(),
        location: location.clone(),
    });
    let heard = |location: &str| Endpoint {
        binding: binding::REDIRECT.to_owned(),
        location: location.to_owned(),
        response_location: None,
    };
    let sp = SpRole { acs: numbered.collect(), slo: slo.map(heard).into_iter().collect(), keys, ..SpRole::default() };
    Ok(Entity { sp: Some(sp), ..Entity::named(entity_id) })
}
