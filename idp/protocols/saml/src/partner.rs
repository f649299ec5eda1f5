//! A service as it asks: its door, and its metadata in force. Addresses and keys come from the metadata and from nowhere
//! else.

use preau_connector_api::SamlService;
use preau_domain::{Instant, TrustedUrl};
use preau_saml::metadata::{EncryptionKey, Endpoint, Peer, Peers, RoleKey, SpRole};
use preau_saml::names::binding;
use preau_web::{Door, Fault, FaultKind, Hub};
use serde::{Deserialize, Serialize};
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

/// How an assertion travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// In a form that the browser posts.
    #[default]
    #[serde(rename = "p")]
    Post,
    /// As a ticket that the service brings back by itself.
    #[serde(rename = "a")]
    Artifact,
    /// In an envelope that a program takes back.
    #[serde(rename = "e")]
    Paos,
}

/// Who brings a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A browser.
    Browser,
    /// A program that is none.
    Program,
}

impl Way {
    fn binding(self) -> &'static str {
        match self {
            Way::Post => binding::POST,
            Way::Artifact => binding::ARTIFACT,
            Way::Paos => binding::PAOS,
        }
    }
}

/// Where an assertion goes: an address of the metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acs {
    /// How it gets there.
    pub way: Way,
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
        let unknown = || {
            let claimed = preau_domain::display_safe(entity_id, 200);
            Fault::new(FaultKind::UnknownService, format!("no SAML service is called {claimed}")).claimed(&claimed)
        };
        Partner::at(peers, &door.ok_or_else(unknown)?, hub.now())
    }

    /// The service behind a door, if it speaks SAML and its metadata are in force. One whose metadata are not is known, and
    /// cannot be opened for the moment.
    pub fn at(peers: &Peers, door: &Door, now: Instant) -> Result<Partner, Fault> {
        let gone = |what: &str| Fault {
            service: Some((door.title.fr.clone(), door.title.en.clone())),
            ..Fault::new(FaultKind::ServiceDown, format!("service {}: {what}", door.service.id)).about(&door.service.id)
        };
        let saml = door.saml.as_ref().ok_or_else(|| gone("it does not speak SAML"))?;
        let peer = peers.get(&saml.entity_id).filter(|peer| peer.usable(now));
        let peer = peer.ok_or_else(|| gone("its metadata are not there, or have expired"))?;
        if peer.entity.sp.is_none() {
            return Err(gone("its metadata describe no service"));
        }
        Ok(Partner { door: door.clone(), peer })
    }

    /// A fault in what this service sent.
    pub fn fault(&self, fault: Fault) -> Fault {
        let service = fault.service.clone().or_else(|| Some((self.door.title.fr.clone(), self.door.title.en.clone())));
        Fault { service, ..fault.about(&self.door.service.id) }
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
    pub fn keys(&self) -> &[RoleKey] {
        let all = self.sp().keys.signing.as_slice();
        all.get(..MAX_KEYS).unwrap_or(all)
    }

    /// The key that is encrypted to: the first of its metadata that serves.
    pub fn encryption_key(&self) -> Option<&EncryptionKey> {
        self.sp().keys.encryption.first()
    }

    /// Whether a request without signature is refused.
    pub fn must_sign(&self) -> bool {
        self.saml().authn_requests_signed || self.sp().authn_requests_signed
    }

    /// Where the assertion goes (saml-profiles-2.0, 4.1.4.1): an address of the metadata, byte by byte, or none.
    pub fn acs(&self, asked: AskedAcs<'_>, asker: Asker) -> Option<Acs> {
        let ways: &[Way] = match asker {
            Asker::Program => &[Way::Paos],
            // Whoever brings a ticket back proves who they are by a signature: without a key of theirs there is none to give.
            Asker::Browser if self.keys().is_empty() => &[Way::Post],
            Asker::Browser => &[Way::Post, Way::Artifact],
        };
        let wanted = |way: &&Way| asked.binding.is_none_or(|wanted| wanted == way.binding());
        let bindings: Vec<&str> = ways.iter().filter(wanted).map(|way| way.binding()).collect();
        let found = match (asked.index, asked.url) {
            (Some(_), Some(_)) => None,
            (None, Some(url)) => {
                let at =
                    |binding: &&str| self.sp().acs.iter().find(|one| one.location == url && one.binding == *binding);
                bindings.iter().find_map(at)
            }
            (index, None) => self.sp().acs_by(&bindings, index),
        };
        let found = found?;
        let way = *ways.iter().find(|way| way.binding() == found.binding)?;
        Some(Acs { way, to: self.trust(&found.location)?, location: found.location.clone() })
    }

    /// The same address again, after a while.
    pub fn acs_again(&self, location: &str, way: Way) -> Option<Acs> {
        let asked = AskedAcs { index: None, url: Some(location), binding: Some(way.binding()) };
        self.acs(asked, Asker::Browser)
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
