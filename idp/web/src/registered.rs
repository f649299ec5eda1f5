//! Services that registered themselves (OpenID Connect Registration 1.0, RFC 7591): what is stored of one, how one becomes
//! a service like any other, and how the running set of services takes them in.
//!
//! A registration is what an instance file says, written by whoever held an initial access token, and passes the checks of
//! an instance file ([`preau_connector_api::Mounting`]). Its audience is not theirs to write: nobody may open it until an
//! operator says who. Files of the operator come first: a registration never takes an address that is theirs. The words of
//! the protocol are in `idp/protocols/oidc`; the tokens that let one register are in [`access`].

pub mod access;

use crate::{Door, Fault, Hub, ServiceTable, second_key};
use preau_connector_api::{InstanceFile, MountedService, Mounting, Names, Network, OidcSettings, Problem};
use preau_domain::{Audience, Registration, RegistrationKind, ServiceId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Services that may register themselves, in all.
pub const MOST: usize = 500;

/// What a service that registers itself is an installation of.
const PRODUCT: &str = "oidc-application";

/// A registration, as the store keeps it in [`Registration::doc`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Its name on a tile.
    pub title: String,
    /// Where it lives: the `url` of an instance file.
    pub url: String,
    /// How it speaks; a secret by its hash alone.
    pub settings: OidcSettings,
    /// Runs on the person's own machine, and may be answered at a loopback address.
    #[serde(default)]
    pub native: bool,
    /// Digest of the token it reads, changes and withdraws its registration with.
    pub access: String,
    /// Who may open it: nobody, until an operator says so.
    #[serde(default)]
    pub audience: Audience,
}

impl Registered {
    /// Reads what the store keeps; absent if it is not ours.
    pub fn read(registration: &Registration) -> Option<Registered> {
        serde_json::from_str(&registration.doc).ok()
    }

    /// The text the store keeps; absent when it is longer than a registration may be.
    pub fn write(&self) -> Option<String> {
        serde_json::to_string(self).ok().filter(|text| text.len() <= Registration::MOST)
    }

    /// The service it becomes, with the checks of an instance file.
    pub fn mount(&self, id: &ServiceId, mounting: &dyn Mounting) -> Result<MountedService, Vec<Problem>> {
        let instance = InstanceFile {
            connector: PRODUCT.to_owned(),
            parameters: BTreeMap::from([("url".to_owned(), self.url.clone())]),
            title: Some(Names { fr: self.title.clone(), en: self.title.clone() }),
            audience: Some(self.audience.clone()),
            oidc: Some(self.settings.clone()),
            saml: None,
            network: Network::Public,
            two_keys: false,
            enabled: true,
        };
        mounting.mount(id, instance)
    }

    /// Whether an operator who let people in would have to look again: another name, or an address elsewhere than before.
    pub fn differs_at_the_door(&self, before: &Registered) -> bool {
        let origins = |one: &Registered| {
            let all = one.settings.addresses().map(|(_, address)| address).chain([&one.url]);
            all.filter_map(|address| url::Url::parse(address).ok().map(|url| url.origin())).collect::<Vec<_>>()
        };
        let known = origins(before);
        self.title != before.title || self.native != before.native || origins(self).iter().any(|o| !known.contains(o))
    }
}

/// The services of the operator's files, and the registrations that run beside them.
pub(crate) struct Running {
    files: Arc<ServiceTable>,
    registrations: Vec<Registration>,
    /// What heads opened, of the services that ask for it.
    openings: Vec<Registration>,
}

impl Running {
    pub(crate) fn new(files: Arc<ServiceTable>) -> Running {
        Running { files, registrations: Vec::new(), openings: Vec::new() }
    }

    /// Other files; the registrations stay.
    pub(crate) fn set_files(&mut self, files: ServiceTable, mounting: &dyn Mounting) -> Arc<ServiceTable> {
        self.files = Arc::new(files);
        self.together(mounting)
    }

    /// Other registrations or openings, if they are others.
    fn set_stored(
        &mut self,
        all: Vec<Registration>,
        openings: Vec<Registration>,
        mounting: &dyn Mounting,
    ) -> Option<Arc<ServiceTable>> {
        if self.registrations == all && self.openings == openings {
            return None;
        }
        self.registrations = all;
        self.openings = openings;
        Some(self.together(mounting))
    }

    fn together(&self, mounting: &dyn Mounting) -> Arc<ServiceTable> {
        let mut table = Arc::clone(&self.files);
        let mut services: Vec<MountedService> = Vec::new();
        // A file of the same name says everything in its place.
        let without_file = |one: &&Registration| self.files.get(&one.id).is_none();
        for registration in self.registrations.iter().filter(without_file) {
            let found = Registered::read(registration).and_then(|one| one.mount(&registration.id, mounting).ok());
            let Some(service) = found.filter(|service| !taken(&self.files, service)) else {
                let id = registration.id.as_str();
                tracing::warn!(service.id = id, "a registration is not mounted: see `preau registration list`");
                continue;
            };
            let disputed = services.iter().any(|other| disputes(other, &service));
            if !disputed {
                services.push(service);
            }
        }
        if !services.is_empty() || self.files.asks_two_keys() {
            let files = self.files.all().iter().map(|door| MountedService::clone(door));
            match ServiceTable::new(files.chain(services).collect()) {
                Ok(all) => {
                    let mut all = all.under(Arc::clone(self.files.rules.levels()));
                    all.open(&self.openings.iter().filter_map(second_key::read).collect::<Vec<_>>());
                    table = Arc::new(all);
                }
                Err(problems) => tracing::error!(?problems, "no registration is mounted"),
            }
        }
        table
    }
}

/// Whether one of its addresses belongs to another service of that table.
pub fn taken(table: &ServiceTable, service: &MountedService) -> bool {
    let another = |door: &Door| door.service.id != service.service.id;
    let own =
        service.service.urls.iter().map(|rule| format!("{}://{}:{}{}", rule.scheme, rule.host, rule.port, rule.path));
    let answers = service.oidc.iter().flat_map(|oidc| &oidc.redirect_uris).cloned();
    own.chain(answers).any(|address| table.owner_of(&address).is_some_and(|(door, _)| another(door)))
}

fn disputes(first: &MountedService, second: &MountedService) -> bool {
    first.service.id == second.service.id || first.service.urls.iter().any(|rule| second.service.urls.contains(rule))
}

impl Hub {
    /// Takes the registrations of the store, and what heads opened, into the running set of services; says whether that changed it. On every node
    /// within seconds: a job asks every two, and whoever registers something asks at once.
    pub async fn take_registrations(&self) -> Result<bool, Fault> {
        let two_keys = self.services().asks_two_keys();
        if !self.config.registration && !two_keys {
            return Ok(false);
        }
        let _one_at_a_time = self.taking.lock().await;
        // A few too many may have come at once: none is dropped for it.
        let most = u32::try_from(2 * MOST).unwrap_or(u32::MAX);
        let kept = async |kind, most| self.store.registrations(kind, None, self.now(), most).await;
        let mut all = if self.config.registration { kept(RegistrationKind::Dynamic, most).await? } else { Vec::new() };
        let openings = if two_keys { kept(RegistrationKind::Opening, second_key::MOST).await? } else { Vec::new() };
        if openings.len() >= second_key::MOST as usize {
            // Those that are not read are shut: nobody may think that a head took them back.
            tracing::error!(
                most = second_key::MOST,
                "more openings of heads than a server takes in: the others are closed"
            );
        }
        if two_keys {
            metrics::gauge!("preau_openings").set(openings.len() as f64);
        }
        // The first that came keeps what it has.
        all.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(self.change_services(|running, mounting| running.set_stored(all, openings, mounting)))
    }
}

#[cfg(test)]
#[path = "registered/tests.rs"]
mod tests;
