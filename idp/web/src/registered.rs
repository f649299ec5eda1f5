//! Services that registered themselves (OpenID Connect Registration 1.0, RFC 7591): what is stored of one, how one becomes
//! a service like any other, and how the running set of services takes them in.
//!
//! A registration is what an instance file says, written by whoever held an initial access token, and passes the checks of
//! an instance file ([`preau_connector_api::Mounting`]). Its audience is not theirs to write: nobody may open it until an
//! operator says who. Files of the operator come first: a registration never takes an address that is theirs. The words of
//! the protocol are in `idp/protocols/oidc`; the tokens that let one register are in [`access`].

pub mod access;

use crate::{Door, Fault, Hub, ServiceTable, second_key};
use preau_connector_api::{
    ClientAuthentication, InstanceFile, MountedService, Mounting, Names, Network, OidcSettings, Problem,
};
use preau_domain::{Audience, Opening, Registration, RegistrationKind, ServiceId, Uai};
use preau_policy::Openings;
use preau_store::OpeningChange;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::{Origin, Url};

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
            link: None,
            network: Network::Public,
            two_keys: false,
            enabled: true,
        };
        mounting.mount(id, instance)
    }

    /// Whether an operator who let people in would have to look again: another name, an address elsewhere than before, more that is
    /// received, or less that is proved. What is narrower, or proves more, is what was said yes to all the same.
    pub fn differs_at_the_door(&self, before: &Registered) -> bool {
        let renamed = self.title != before.title || self.native != before.native;
        renamed || self.is_elsewhere(before) || self.receives_more(before) || self.proves_less(before)
    }

    /// An address at an origin where it had none, or answers that go where none went.
    fn is_elsewhere(&self, before: &Registered) -> bool {
        let all = |one: &Registered| origins(one.settings.addresses().map(|(_, address)| address).chain([&one.url]));
        let answers = |one: &Registered| origins(one.settings.redirect_uris.iter().flatten().chain([&one.url]));
        let new = |now: Vec<Origin>, then: Vec<Origin>| now.iter().any(|origin| !then.contains(origin));
        new(all(self), all(before)) || new(answers(self), answers(before))
    }

    /// A scope or a grant that it did not have, or answers that others than the service can read from now on.
    fn receives_more(&self, before: &Registered) -> bool {
        let (now, then) = (&self.settings, &before.settings);
        widens(&now.scopes, &then.scopes)
            || widens(&now.grants, &then.grants)
            || (then.id_token_encryption.is_some() && now.id_token_encryption.is_none())
            || (then.userinfo_encryption.is_some() && now.userinfo_encryption.is_none())
    }

    /// Whether it is less sure than before that whoever comes is this service, or that what it is given is of use to nobody else. Keys of
    /// its own it replaces as it likes.
    fn proves_less(&self, before: &Registered) -> bool {
        use ClientAuthentication as By;
        let (now, then) = (&self.settings, &before.settings);
        let strength = |one: &OidcSettings| match one.authentication.unwrap_or_default() {
            By::None => 0,
            By::ClientSecretBasic | By::ClientSecretPost => 1,
            By::PrivateKeyJwt | By::SelfSignedTlsClientAuth | By::TlsClientAuth => 2,
        };
        // An authority vouched for that name, and for no other.
        let named = subject(then).into_iter().any(Option::is_some) && subject(now) != subject(then);
        let dropped = |holds: fn(&OidcSettings) -> bool| holds(then) && !holds(now);
        strength(now) < strength(then)
            || named
            || dropped(|one| one.require_dpop == Some(true))
            || dropped(|one| one.tls_client_certificate_bound_access_tokens == Some(true))
            || dropped(|one| one.require_pushed == Some(true))
            || dropped(|one| one.assertion_signing.is_some())
            || dropped(|one| one.request_signing.is_some())
    }
}

fn origins<'a>(addresses: impl Iterator<Item = &'a String>) -> Vec<Origin> {
    addresses.filter_map(|address| Url::parse(address).ok().map(|url| url.origin())).collect()
}

/// Whether a list holds something that it did not; one that is left to the product is not the one that was written.
fn widens<T: PartialEq>(now: &Option<Vec<T>>, then: &Option<Vec<T>>) -> bool {
    let known = |one: &T| then.iter().flatten().any(|known| known == one);
    match now {
        Some(now) => !now.iter().all(known),
        None => then.is_some(),
    }
}

/// What the certificate of a service says of it: one of these, where an authority vouches for it.
fn subject(settings: &OidcSettings) -> [&Option<String>; 5] {
    [
        &settings.tls_client_auth_subject_dn,
        &settings.tls_client_auth_san_dns,
        &settings.tls_client_auth_san_uri,
        &settings.tls_client_auth_san_ip,
        &settings.tls_client_auth_san_email,
    ]
}

/// The services of the operator's files, and the registrations that run beside them.
pub(crate) struct Running {
    files: Arc<ServiceTable>,
    registrations: Vec<Registration>,
    /// Both together, closed to whoever needs the yes of a head.
    closed: Arc<ServiceTable>,
    /// What heads opened, up to the latest change that was read.
    openings: Arc<Openings>,
    read: u64,
}

impl Running {
    pub(crate) fn new(files: Arc<ServiceTable>) -> Running {
        let closed = Arc::clone(&files);
        Running { files, registrations: Vec::new(), closed, openings: Arc::default(), read: 0 }
    }

    /// Other files; the registrations and openings stay.
    pub(crate) fn set_files(&mut self, files: ServiceTable, mounting: &dyn Mounting) -> Arc<ServiceTable> {
        self.files = Arc::new(files);
        self.closed = self.together(mounting);
        self.table()
    }

    /// Other registrations, if they are others.
    fn set_registrations(&mut self, all: Vec<Registration>, mounting: &dyn Mounting) -> Option<Arc<ServiceTable>> {
        if self.registrations == all {
            return None;
        }
        self.registrations = all;
        self.closed = self.together(mounting);
        Some(self.table())
    }

    /// What became of openings. Only the establishments and services it is about are touched.
    fn change_openings(&mut self, changes: &[OpeningChange]) -> Option<Arc<ServiceTable>> {
        if changes.is_empty() {
            return None;
        }
        let openings = Arc::make_mut(&mut self.openings);
        changes.iter().for_each(|change| second_key::take(openings, change));
        Some(self.table())
    }

    /// The services as they are open now.
    fn table(&self) -> Arc<ServiceTable> {
        match self.closed.asks_two_keys() {
            true => Arc::new(self.closed.opened(Arc::clone(&self.openings))),
            false => Arc::clone(&self.closed),
        }
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
        if !services.is_empty() {
            let files = self.files.all().iter().map(|door| MountedService::clone(door));
            match ServiceTable::new(files.chain(services).collect()) {
                Ok(all) => table = Arc::new(all.under(Arc::clone(self.files.rules.levels()))),
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
        let registered = match self.config.registration {
            true => self.take_dynamic().await?,
            false => false,
        };
        let opened = self.services().asks_two_keys() && self.take_openings().await?;
        Ok(registered || opened)
    }

    async fn take_dynamic(&self) -> Result<bool, Fault> {
        let _one_at_a_time = self.taking.lock().await;
        // A few too many may have come at once: none is dropped for it.
        let most = u32::try_from(2 * MOST).unwrap_or(u32::MAX);
        let mut all = self.store.registrations(RegistrationKind::Dynamic, None, self.now(), most).await?;
        // The first that came keeps what it has.
        all.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(self.change_services(|running, mounting| running.set_registrations(all, mounting)))
    }

    /// Takes in what heads opened or took back since it was last asked: all of it the first time. However much that is, others have their turn
    /// after each page.
    async fn take_openings(&self) -> Result<bool, Fault> {
        let mut changed = false;
        loop {
            let _one_at_a_time = self.opening.lock().await;
            let after = self.of_running(|running| running.read);
            let page = self.store.openings_changed(after, self.now(), second_key::PAGE).await?;
            let last = page.last().map_or(after, |change| change.number);
            changed |= self.change_services(|running, _| {
                running.read = last;
                running.change_openings(&page)
            });
            if page.len() < second_key::PAGE as usize {
                break;
            }
        }
        if changed {
            metrics::gauge!("preau_openings").set(self.of_running(|running| running.openings.count()) as f64);
        }
        Ok(changed)
    }

    /// Takes in what became of one opening, whatever else is still to be read.
    pub(crate) async fn take_opening(&self, service: &ServiceId, at: &Uai) -> Result<(), Fault> {
        let _one_at_a_time = self.opening.lock().await;
        let id = Opening::name(service, at);
        let now = self.store.registration(&id, self.now()).await?;
        self.change_services(|running, _| running.change_openings(&[OpeningChange { number: running.read, id, now }]));
        Ok(())
    }
}

#[cfg(test)]
#[path = "registered/tests.rs"]
mod tests;
