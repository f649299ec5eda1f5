//! One entity: what it says of itself, and what can be asked of that. How it is read is in `read`, the values inside in
//! `parts`.

mod parts;
mod read;

pub(super) use read::{cache_duration, entity_id, valid_until};

use super::key::Keys;
use preau_domain::{Instant, Seconds, strict_url};

/// An entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Its name.
    pub entity_id: String,
    /// Until when this may be used: the earliest its document says of it.
    pub valid_until: Option<Instant>,
    /// For how long a copy is fresh: the shortest its document says of it.
    pub cache_duration: Option<Seconds>,
    /// It as a service.
    pub sp: Option<SpRole>,
    /// It as an identity provider.
    pub idp: Option<IdpRole>,
    /// Who runs it.
    pub organisation: Localised,
    /// How it presents itself to people.
    pub ui: Ui,
    /// Domains it speaks for (`shibmd:Scope`), those written as expressions left out.
    pub scopes: Vec<String>,
    /// Its entity categories.
    pub categories: Vec<String>,
    /// Who registered it.
    pub registered_by: Option<String>,
    /// Whom to call.
    pub contacts: Vec<Contact>,
}

/// A text in several languages: language and text.
pub type Localised = Vec<(String, String)>;

/// How an entity presents itself (`mdui:UIInfo`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ui {
    /// Its name.
    pub names: Localised,
    /// What it is for.
    pub descriptions: Localised,
    /// Its drawings.
    pub logos: Vec<Logo>,
    /// Where it says what it is.
    pub information: Localised,
    /// Where it says what it does with data.
    pub privacy: Localised,
}

/// A drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Where it is.
    pub url: String,
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

/// Somebody to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// `technical`, `support`, `administrative`…
    pub kind: String,
    /// Name.
    pub name: String,
    /// Mail addresses, without `mailto:`.
    pub mail: Vec<String>,
}

/// Where something is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// How.
    pub binding: String,
    /// Where.
    pub location: String,
    /// Where its answers are heard, if elsewhere.
    pub response_location: Option<String>,
}

/// Where something is heard, with a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// The number.
    pub index: u16,
    /// Whether it is the one to take when none is asked for; `None` when nothing is said.
    pub default: Option<bool>,
    /// How.
    pub binding: String,
    /// Where.
    pub location: String,
}

/// An attribute that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedAttribute {
    /// `Name`.
    pub name: String,
    /// `FriendlyName`.
    pub friendly: Option<String>,
    /// `NameFormat`.
    pub format: Option<String>,
    /// Whether nothing works without it.
    pub required: bool,
}

/// What a service asks for (`AttributeConsumingService`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its number.
    pub index: u16,
    /// Whether it is the one meant when none is asked for.
    pub default: Option<bool>,
    /// Its name.
    pub names: Localised,
    /// What it asks for.
    pub attributes: Vec<RequestedAttribute>,
}

/// An entity as a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpRole {
    /// Where answers are sent, in the order of the document.
    pub acs: Vec<Indexed>,
    /// Where it hears of the end of a session.
    pub slo: Vec<Endpoint>,
    /// Where its artifacts are resolved.
    pub artifact: Vec<Indexed>,
    /// Formats of the name identifier it takes.
    pub nameid_formats: Vec<String>,
    /// Its keys.
    pub keys: Keys,
    /// It wants assertions signed.
    pub want_assertions_signed: bool,
    /// It signs its requests.
    pub authn_requests_signed: bool,
    /// What it asks for.
    pub services: Vec<Service>,
}

/// An entity as an identity provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdpRole {
    /// Where sign-ons are asked for.
    pub sso: Vec<Endpoint>,
    /// Where it hears of the end of a session.
    pub slo: Vec<Endpoint>,
    /// Where its artifacts are resolved.
    pub artifact: Vec<Indexed>,
    /// Formats of the name identifier it gives.
    pub nameid_formats: Vec<String>,
    /// Its keys.
    pub keys: Keys,
    /// It wants requests signed.
    pub want_authn_requests_signed: bool,
}

impl SpRole {
    /// Where an answer goes by one of these bindings: to the address of that number, else to the one that is the default
    /// (saml-metadata-2.0, 2.2.3: the first that says so, else the first that does not say it is not, else the first).
    pub fn acs_by(&self, bindings: &[&str], index: Option<u16>) -> Option<&Indexed> {
        let mut spoken = self.acs.iter().filter(|one| bindings.contains(&one.binding.as_str()));
        match index {
            Some(index) => spoken.find(|one| one.index == index),
            None => {
                let spoken: Vec<&Indexed> = spoken.collect();
                let is = |default| spoken.iter().find(|one| one.default == default).copied();
                is(Some(true)).or_else(|| is(None)).or_else(|| spoken.first().copied())
            }
        }
    }

    /// Whether it says what it asks for under that number.
    pub fn asks_by(&self, index: u16) -> bool {
        self.services.iter().any(|one| one.index == index)
    }

    /// What it asks for, by the service of that number or the default one.
    pub fn requested(&self, index: Option<u16>) -> &[RequestedAttribute] {
        let found = match index {
            Some(index) => self.services.iter().find(|one| one.index == index),
            None => {
                let is = |default| self.services.iter().find(|one| one.default == default);
                is(Some(true)).or_else(|| is(None)).or_else(|| self.services.first())
            }
        };
        found.map_or(&[], |service| &service.attributes)
    }
}

impl Entity {
    /// An entity of which only the name is known: it plays no role and says nothing of itself.
    pub fn named(entity_id: &str) -> Entity {
        Entity {
            entity_id: entity_id.to_owned(),
            valid_until: None,
            cache_duration: None,
            sp: None,
            idp: None,
            organisation: Vec::new(),
            ui: Ui::default(),
            scopes: Vec::new(),
            categories: Vec::new(),
            registered_by: None,
            contacts: Vec::new(),
        }
    }

    /// Whether its time is over.
    pub fn expired(&self, now: Instant) -> bool {
        self.valid_until.is_some_and(|until| until <= now)
    }

    /// Takes over what the document around it says of its validity: the earlier and the shorter.
    pub(super) fn within(&mut self, valid_until: Option<Instant>, cache_duration: Option<Seconds>) {
        self.valid_until = self.valid_until.into_iter().chain(valid_until).min();
        self.cache_duration = self.cache_duration.into_iter().chain(cache_duration).min();
    }

    /// The first of its addresses that goes without TLS and not to this very machine: it is for a service of which the
    /// operator said that it lives on a private network.
    pub fn plain_address(&self) -> Option<&str> {
        let service = self.sp.iter().flat_map(|sp| {
            let heard = sp.acs.iter().chain(&sp.artifact).map(|one| &one.location);
            heard.chain(sp.slo.iter().flat_map(|one| std::iter::once(&one.location).chain(&one.response_location)))
        });
        let provider = self.idp.iter().flat_map(|idp| {
            let heard = idp.sso.iter().chain(&idp.slo);
            let heard = heard.flat_map(|one| std::iter::once(&one.location).chain(&one.response_location));
            heard.chain(idp.artifact.iter().map(|one| &one.location))
        });
        let plain = |address: &&String| {
            strict_url(address).is_none_or(|url| {
                let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
                url.scheme() != "https" && !here
            })
        };
        service.chain(provider).find(plain).map(String::as_str)
    }

    /// A name for people, in French where there is one, and never empty.
    pub fn display_name(&self, language: &str) -> &str {
        let of = |texts: &'_ Localised| -> Option<usize> {
            let exact = texts.iter().position(|(one, _)| one == language);
            exact.or_else(|| texts.iter().position(|(one, _)| one == "en")).or(if texts.is_empty() {
                None
            } else {
                Some(0)
            })
        };
        let services = self.sp.iter().flat_map(|sp| sp.services.first()).map(|service| &service.names);
        let mut texts = std::iter::once(&self.ui.names).chain(services).chain(std::iter::once(&self.organisation));
        texts.find_map(|texts| Some(texts[of(texts)?].1.as_str())).unwrap_or(&self.entity_id)
    }
}
