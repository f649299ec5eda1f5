//! Whether what a document says of a service may be in force for it.

use super::origin::Origin;
use crate::assembly;
use crate::config::Loaded;
use preau_connector_api::{MountedService, Network, SamlEncryption};
use preau_domain::{Instant, strict_url};
use preau_saml::metadata::{Entity, Read};
use std::sync::Arc;

/// Why no document serves.
pub(super) struct Lost {
    /// For people.
    pub(super) why: String,
    /// Documents that are bad, or in which the entity is: not those that are good and do not hold it, which is how a
    /// federation lets go of somebody.
    pub(super) spoilt: Vec<Origin>,
}

/// Why a document does not hold an entity.
pub(super) enum Unheld {
    /// Its document is good, and without it.
    Gone(String),
    /// It is there and is bad, or the document is that of somebody else alone.
    Bad(String),
}

/// The entity as a document has it.
pub(super) fn held<'a>(read: &'a Read, entity_id: &str) -> Result<&'a Entity, Unheld> {
    if let Some(entity) = read.entities.iter().find(|one| one.entity_id == entity_id) {
        return Ok(entity);
    }
    if let Some(refused) = read.refused.iter().find(|one| one.entity_id == entity_id) {
        return Err(Unheld::Bad(refused.error.to_string()));
    }
    let why = format!("{entity_id} is not in it");
    Err(if read.count > 1 { Unheld::Gone(why) } else { Unheld::Bad(why) })
}

/// The entity in the first of these documents in which it is good; else why it is in none.
pub(super) fn first(
    origins: &[Origin],
    found: &[(Origin, Result<Arc<Read>, String>)],
    entity_id: &str,
    fits: impl Fn(&Entity) -> Result<(), String>,
) -> Result<(Entity, Origin), Lost> {
    let (mut why, mut spoilt) = (Vec::new(), Vec::new());
    for origin in origins {
        let what = match found.iter().find(|(known, _)| known == origin) {
            Some((_, Ok(read))) => match held(read, entity_id) {
                Ok(entity) => match fits(entity) {
                    Ok(()) => return Ok((entity.clone(), origin.clone())),
                    Err(what) => Unheld::Bad(what),
                },
                Err(unheld) => unheld,
            },
            Some((_, Err(what))) => {
                spoilt.push(origin.clone());
                why.push(what.clone());
                continue;
            }
            None => continue,
        };
        let what = match what {
            Unheld::Gone(what) => what,
            Unheld::Bad(what) => {
                spoilt.push(origin.clone());
                what
            }
        };
        why.push(format!("{}: {what}", origin.place));
    }
    Err(Lost { why: why.join("; "), spoilt })
}

/// Whether the entity may be the service: it is one and not ourselves, in time, reached by TLS unless the operator said otherwise, and can be
/// encrypted to where that is asked for, by itself or by the operator.
pub(crate) fn sound(entity: &Entity, service: &MountedService, loaded: &Loaded, now: Instant) -> Result<(), String> {
    let Some(sp) = &entity.sp else {
        return Err("its metadata say of no service of SAML 2.0: SPSSODescriptor is missing".to_owned());
    };
    let base = loaded.config.web.public_url.trim_end_matches('/');
    if entity.entity_id == format!("{base}/saml/metadata") {
        return Err("its entityID is our own: nobody is a service under our name".to_owned());
    }
    let origin = |address: &str| strict_url(address).map(|url| url.origin());
    let ours = origin(base);
    let heard = sp.acs.iter().map(|one| &one.location).chain(sp.slo.iter().map(|one| &one.location));
    if let Some(own) = heard.into_iter().find(|one| ours.is_some() && origin(one) == ours) {
        return Err(format!("`{own}` of its metadata is an address of ours"));
    }
    if let Some(until) = entity.valid_until.filter(|until| *until <= now) {
        return Err(format!("its metadata were valid until {}", until.rfc3339()));
    }
    if service.network == Network::Public
        && let Some(plain) = entity.plain_address()
    {
        return Err(format!("`{plain}` of its metadata is not https; network = \"private\" allows it"));
    }
    match service.saml.as_ref().map(|saml| saml.encrypt) {
        Some(SamlEncryption::Always) if sp.keys.encryption.is_empty() => {
            let why = sp.keys.unmet_encryption().map(|why| format!(" ({why})")).unwrap_or_default();
            let file = assembly::instances(loaded).join(format!("{}.toml", service.service.id));
            let what = format!("the metadata hold no RSA key to encrypt to{why}");
            Err(preau_connectors::at(&file, "saml.encrypt", what).to_string())
        }
        Some(SamlEncryption::Auto) => match sp.keys.unmet_encryption() {
            Some(why) => Err(format!(
                "{why}; whoever shows a key for encryption asks for it, and nothing is sent in clear unless the instance file says \
                 encrypt = \"never\""
            )),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}
