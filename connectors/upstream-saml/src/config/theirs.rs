//! What is known of a provider: where it is asked, and the keys it signs with.

use super::Config;
use crate::ours::certificates;
use preau_connector_api::{OpenContext, Problem};
use preau_domain::Instant;
use preau_egress::is_endpoint;
use preau_keys::jose::PublicKey;
use preau_keys::xml::public_key_of;
use preau_saml::metadata::{self, Endpoint, Entity, Rules};
use preau_saml::names::binding;
use std::fs::File;
use std::io::BufReader;

/// Most keys a provider signs with, while it changes them.
const MOST_KEYS: usize = 10;

/// How it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// By an address.
    #[default]
    Redirect,
    /// By a form, where it wants no other.
    Post,
}

/// What is known of the provider, from its metadata or from the configuration.
#[derive(Default)]
pub(crate) struct Theirs {
    pub(super) sso: String,
    pub(super) way: Way,
    pub(super) slo: Option<String>,
    pub(super) keys: Vec<PublicKey>,
    pub(super) valid_until: Option<Instant>,
}

impl Theirs {
    pub(super) fn read(context: &OpenContext<'_>, config: &Config) -> Result<Theirs, Problem> {
        let wrong = |key: &str, what: &str| Problem::new(context.at(key), what);
        let theirs = match (&config.metadata, &config.sso, config.certificates.as_slice()) {
            (Some(file), None, []) if config.slo.is_none() => Theirs::of_metadata(context, file, &config.entity_id)?,
            (None, Some(sso), [_, ..]) => {
                let keys = certificate_keys(context, "certificates", &config.certificates)?;
                Theirs { sso: sso.clone(), way: Way::Redirect, slo: config.slo.clone(), keys, valid_until: None }
            }
            _ => return Err(wrong("metadata", "is there, or else sso and certificates are")),
        };
        if theirs.keys.is_empty() || theirs.keys.len() > MOST_KEYS {
            return Err(wrong("entity_id", "has one key that signs at least, and ten at most"));
        }
        Ok(theirs)
    }

    /// The provider as its metadata describe it. Whether they are still valid is asked at each round.
    fn of_metadata(context: &OpenContext<'_>, file: &str, entity_id: &str) -> Result<Theirs, Problem> {
        let path = context.path(file);
        let wrong = |what: String| Problem::new(context.at("metadata"), format!("{}: {what}", path.display()));
        let input = File::open(&path).map_err(|error| wrong(error.to_string()))?;
        let read = metadata::read(BufReader::new(input), &Rules::default(), |name| name == entity_id);
        let entity = read.and_then(|read| read.only(Some(entity_id))).map_err(|error| wrong(error.to_string()))?;
        Theirs::of(entity).map_err(wrong)
    }

    /// The provider as it describes itself.
    pub(crate) fn of(entity: Entity) -> Result<Theirs, String> {
        let role = entity.idp.ok_or("it is no identity provider")?;
        let by = |binding: &str, endpoints: &[Endpoint]| {
            let found = endpoints.iter().find(|one| one.binding == binding && is_endpoint(&one.location));
            found.map(|one| one.location.clone())
        };
        let redirect = by(binding::REDIRECT, &role.sso).map(|sso| (sso, Way::Redirect));
        let asked = redirect.or_else(|| by(binding::POST, &role.sso).map(|sso| (sso, Way::Post)));
        let (sso, way) = asked.ok_or("it is asked neither by HTTP-Redirect nor by HTTP-POST")?;
        let (slo, keys) = (by(binding::REDIRECT, &role.slo), role.keys.verifying());
        if keys.is_empty() || keys.len() > MOST_KEYS {
            return Err(format!("it signs with one key at least, and {MOST_KEYS} at most"));
        }
        Ok(Theirs { sso, way, slo, keys, valid_until: entity.valid_until })
    }
}

/// The keys of the provider's certificates.
pub(super) fn certificate_keys(
    context: &OpenContext<'_>,
    at: &str,
    files: &[String],
) -> Result<Vec<PublicKey>, Problem> {
    let wrong = |what: &str| Problem::new(context.at(at), what);
    let mut keys = Vec::new();
    for file in files {
        for certificate in certificates(context, at, file)? {
            let key = public_key_of(&certificate);
            keys.push(key.ok_or_else(|| wrong("holds a key that is neither RSA of 2048 bits at least nor on P-256"))?);
        }
    }
    Ok(keys)
}
