//! A service as it asks: its door, and its metadata in force. Addresses and keys come from the metadata and from nowhere
//! else.

use preau_connector_api::SamlService;
use preau_domain::{Instant, TrustedUrl};
use preau_keys::jose::PublicKey;
use preau_saml::metadata::{Endpoint, Peer, Peers, SpRole};
use preau_saml::names::binding;
use preau_web::{Door, Fault, FaultKind, Hub};
use std::sync::Arc;

/// Keys tried for one signature.
const MAX_KEYS: usize = 10;

/// See the module.
#[derive(Clone)]
pub struct Partner {
    /// Its door.
    pub door: Door,
    peer: Arc<Peer>,
}

/// Where an assertion goes: an address of the metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acs {
    /// As it is written there: `Recipient` and `Destination` repeat it byte by byte.
    pub location: String,
    /// The same, to send a browser to.
    pub to: TrustedUrl,
}

/// What a request says of where the assertion is to go.
#[derive(Clone, Copy, Debug, Default)]
pub struct AskedAcs<'a> {
    /// The number of an address.
    pub index: Option<u16>,
    /// An address.
    pub url: Option<&'a str>,
    /// A binding.
    pub binding: Option<&'a str>,
}

impl Partner {
    /// The service of that name in SAML, if one is mounted and its metadata are in force.
    pub fn named(hub: &Hub, peers: &Peers, entity_id: &str) -> Result<Partner, Fault> {
        let door = hub.services().owner_of_entity(entity_id).cloned();
        let unknown = || Fault::new(FaultKind::UnknownService, "no SAML service has the name of the issuer");
        Partner::at(peers, &door.ok_or_else(unknown)?, hub.now())
    }

    /// The service behind a door, if it speaks SAML and its metadata are in force.
    pub fn at(peers: &Peers, door: &Door, now: Instant) -> Result<Partner, Fault> {
        let gone = |what: &str| Fault {
            service: Some((door.title.fr.clone(), door.title.en.clone())),
            ..Fault::new(FaultKind::UnknownService, format!("service {}: {what}", door.service.id))
        };
        let saml = door.saml.as_ref().ok_or_else(|| gone("it does not speak SAML"))?;
        let peer = peers.get(&saml.entity_id).filter(|peer| peer.usable(now));
        let peer = peer.ok_or_else(|| gone("its metadata are not there, or have expired"))?;
        if peer.entity.sp.is_none() {
            return Err(gone("its metadata describe no service"));
        }
        Ok(Partner { door: door.clone(), peer })
    }

    /// Its settings.
    pub fn saml(&self) -> &SamlService {
        self.door.saml.as_ref().unwrap_or_else(|| unreachable!("only a service that speaks SAML is a partner"))
    }

    /// Its role.
    pub fn sp(&self) -> &SpRole {
        self.peer.entity.sp.as_ref().unwrap_or_else(|| unreachable!("only an entity with that role is a partner"))
    }

    /// Its name.
    pub fn entity_id(&self) -> &str {
        &self.saml().entity_id
    }

    /// The keys its signatures are checked with.
    pub fn keys(&self) -> Vec<PublicKey> {
        self.sp().keys.signing.iter().take(MAX_KEYS).map(|one| one.key.clone()).collect()
    }

    /// The key that is encrypted to: the first we can encrypt to.
    pub fn encryption_key(&self) -> Option<&PublicKey> {
        self.sp().keys.encryption.iter().map(|one| &one.key).find(|key| key.serves(preau_keys::jose::Alg::RS256))
    }

    /// Whether a request without signature is refused.
    pub fn must_sign(&self) -> bool {
        self.saml().authn_requests_signed || self.sp().authn_requests_signed
    }

    /// Where the assertion goes by HTTP-POST (saml-profiles-2.0, 4.1.4.1): an address of the metadata, byte by byte, or none.
    pub fn acs(&self, asked: AskedAcs<'_>) -> Option<Acs> {
        let all = || self.sp().acs.iter().filter(|one| one.binding == binding::POST);
        let found = match (asked.index, asked.url) {
            _ if asked.binding.is_some_and(|wanted| wanted != binding::POST) => None,
            (Some(_), Some(_)) => None,
            (None, Some(url)) => all().find(|one| one.location == url),
            (index, None) => self.sp().acs_by(binding::POST, index),
        };
        let location = found?.location.clone();
        Some(Acs { to: self.trust(&location)?, location })
    }

    /// Where it hears of the end of a session by one of these bindings, those it prefers first.
    pub fn slo(&self, bindings: &[&str]) -> Option<&Endpoint> {
        bindings.iter().find_map(|binding| self.sp().slo.iter().find(|one| one.binding == *binding))
    }

    /// An address of its metadata.
    pub fn trust(&self, location: &str) -> Option<TrustedUrl> {
        self.door.service.trust_exactly(location, [&location.to_owned()])
    }
}
