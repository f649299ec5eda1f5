//! One entity, as it describes itself. Everything is bounded; what is required and missing refuses the entity; what is not
//! known is passed over, as the standard wants it.

use super::key::Keys;
use super::{MetadataError, Reason};
use crate::names::{MD, MDATTR, MDRPI, MDUI, SAML, SAMLP, SHIBMD, XML};
use crate::time::{duration, instant};
use preau_domain::{Instant, Seconds, strict_url};
use preau_keys::xml::Element;

/// Characters of a name, an address or a text.
const MAX_TEXT: usize = 2048;
/// Longest name of an entity (saml-core-2.0, 8.3.6).
const MAX_ENTITY_ID: usize = 1024;
/// Endpoints of one kind.
const MAX_ENDPOINTS: usize = 300;
/// Texts in different languages, scopes, categories, contacts, services, requested attributes.
const MAX_ITEMS: usize = 200;

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
    /// Where an answer goes by HTTP-POST: to the address of that number, else to the one that is the default (saml-metadata-2.0,
    /// 2.2.3: the first that says so, else the first that does not say it is not, else the first).
    pub fn acs_by(&self, binding: &str, index: Option<u16>) -> Option<&Indexed> {
        let mut spoken = self.acs.iter().filter(|one| one.binding == binding);
        match index {
            Some(index) => spoken.find(|one| one.index == index),
            None => {
                let spoken: Vec<&Indexed> = spoken.collect();
                let is = |default| spoken.iter().find(|one| one.default == default).copied();
                is(Some(true)).or_else(|| is(None)).or_else(|| spoken.first().copied())
            }
        }
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
    /// Reads an `EntityDescriptor`. Whether its time is over is [`Entity::expired`]'s matter.
    pub fn read(element: &Element) -> Result<Entity, MetadataError> {
        if !element.is(MD, "EntityDescriptor") {
            return Err(MetadataError::at(element, Reason::Other("an EntityDescriptor is expected")));
        }
        let mut entity = Entity {
            entity_id: entity_id(element)?.to_owned(),
            valid_until: valid_until(element)?,
            cache_duration: cache_duration(element)?,
            sp: None,
            idp: None,
            organisation: Vec::new(),
            ui: Ui::default(),
            scopes: Vec::new(),
            categories: Vec::new(),
            registered_by: None,
            contacts: Vec::new(),
        };
        for part in element.elements() {
            let speaks = |part: &Element| {
                let said = part.attribute("protocolSupportEnumeration").unwrap_or_default();
                said.split_ascii_whitespace().any(|one| one == SAMLP)
            };
            let twice = || MetadataError::at(part, Reason::Other("the entity has this role twice"));
            match part.local() {
                _ if part.namespace() != MD => {}
                "Extensions" => entity.extensions(part)?,
                "SPSSODescriptor" if speaks(part) => {
                    if entity.sp.is_some() {
                        return Err(twice());
                    }
                    entity.sp = Some(entity.service(part)?);
                }
                "IDPSSODescriptor" if speaks(part) => {
                    if entity.idp.is_some() {
                        return Err(twice());
                    }
                    entity.idp = Some(entity.provider(part)?);
                }
                "Organization" => entity.organisation = localised(part, MD, "OrganizationDisplayName")?,
                "ContactPerson" => entity.contacts.push(contact(part)?),
                _ => {}
            }
            if entity.contacts.len() > MAX_ITEMS {
                return Err(MetadataError::at(element, Reason::Many(MAX_ITEMS, "contacts")));
            }
        }
        Ok(entity)
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

    fn extensions(&mut self, extensions: &Element) -> Result<(), MetadataError> {
        for scope in extensions.all(SHIBMD, "Scope") {
            // An expression is another language, read differently by everybody who reads it.
            if matches!(scope.attribute("regexp"), Some("true" | "1")) {
                continue;
            }
            add(&mut self.scopes, [text(scope)?.to_ascii_lowercase()]);
        }
        for attributes in extensions.all(MDATTR, "EntityAttributes") {
            for attribute in attributes.all(SAML, "Attribute") {
                if attribute.attribute("Name") == Some("http://macedir.org/entity-category") {
                    for value in attribute.all(SAML, "AttributeValue") {
                        add(&mut self.categories, [text(value)?]);
                    }
                }
            }
        }
        for ui in extensions.all(MDUI, "UIInfo") {
            add(&mut self.ui.names, localised(ui, MDUI, "DisplayName")?);
            add(&mut self.ui.descriptions, localised(ui, MDUI, "Description")?);
            add(&mut self.ui.information, addresses(localised(ui, MDUI, "InformationURL")?));
            add(&mut self.ui.privacy, addresses(localised(ui, MDUI, "PrivacyStatementURL")?));
            for logo in ui.all(MDUI, "Logo") {
                let size = |name| logo.attribute(name).and_then(|text| text.parse().ok()).unwrap_or(0);
                let url = text(logo)?;
                if url.starts_with("https://") {
                    add(&mut self.ui.logos, [Logo { url, width: size("width"), height: size("height") }]);
                }
            }
        }
        if let Some(registered) = extensions.all(MDRPI, "RegistrationInfo").next() {
            self.registered_by = registered.attribute("registrationAuthority").map(bounded);
        }
        let items = [self.scopes.len(), self.categories.len(), self.ui.names.len(), self.ui.descriptions.len()];
        let more = [self.ui.logos.len(), self.ui.privacy.len(), self.ui.information.len()];
        if items.into_iter().chain(more).any(|count| count > MAX_ITEMS) {
            return Err(MetadataError::at(extensions, Reason::Many(MAX_ITEMS, "extensions of one kind")));
        }
        Ok(())
    }

    /// What both roles have: it narrows the validity of the entity, and may hold extensions of its own.
    fn role(&mut self, role: &Element) -> Result<Keys, MetadataError> {
        self.within(valid_until(role)?, cache_duration(role)?);
        for extensions in role.all(MD, "Extensions") {
            self.extensions(extensions)?;
        }
        Keys::read(role)
    }

    fn service(&mut self, role: &Element) -> Result<SpRole, MetadataError> {
        let keys = self.role(role)?;
        let sp = SpRole {
            acs: indexed(role, "AssertionConsumerService")?,
            slo: endpoints(role, "SingleLogoutService")?,
            artifact: indexed(role, "ArtifactResolutionService")?,
            nameid_formats: texts(role, "NameIDFormat")?,
            want_assertions_signed: boolean(role, "WantAssertionsSigned")?.unwrap_or(false),
            authn_requests_signed: boolean(role, "AuthnRequestsSigned")?.unwrap_or(false),
            services: services(role)?,
            keys,
        };
        if sp.acs.is_empty() {
            return Err(MetadataError::at(role, Reason::Missing("AssertionConsumerService")));
        }
        if sp.authn_requests_signed && sp.keys.signing.is_empty() {
            return Err(MetadataError::at(
                role,
                Reason::NoKey("it signs its requests, and shows no key we can check them with"),
            ));
        }
        Ok(sp)
    }

    fn provider(&mut self, role: &Element) -> Result<IdpRole, MetadataError> {
        let keys = self.role(role)?;
        let idp = IdpRole {
            sso: endpoints(role, "SingleSignOnService")?,
            slo: endpoints(role, "SingleLogoutService")?,
            artifact: indexed(role, "ArtifactResolutionService")?,
            nameid_formats: texts(role, "NameIDFormat")?,
            want_authn_requests_signed: boolean(role, "WantAuthnRequestsSigned")?.unwrap_or(false),
            keys,
        };
        if idp.sso.is_empty() {
            return Err(MetadataError::at(role, Reason::Missing("SingleSignOnService")));
        }
        if idp.keys.signing.is_empty() {
            return Err(MetadataError::at(role, Reason::NoKey("nothing it signs could be believed")));
        }
        Ok(idp)
    }
}

/// Adds what is not there yet: both roles may say the same.
fn add<T: PartialEq>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for one in more {
        if !list.contains(&one) {
            list.push(one);
        }
    }
}

/// The name of an entity.
pub(super) fn entity_id(element: &Element) -> Result<&str, MetadataError> {
    let name = element.attribute("entityID").ok_or_else(|| MetadataError::at(element, Reason::Missing("entityID")))?;
    let sound = (1..=MAX_ENTITY_ID).contains(&name.len()) && !name.chars().any(|c| c.is_control() || c.is_whitespace());
    if sound {
        Ok(name)
    } else {
        Err(MetadataError::at(element, Reason::Value("entityID", "no URI of at most 1024 bytes")))
    }
}

/// `validUntil`.
pub(super) fn valid_until(element: &Element) -> Result<Option<Instant>, MetadataError> {
    let Some(said) = element.attribute("validUntil") else { return Ok(None) };
    let wrong = || MetadataError::at(element, Reason::Value("validUntil", "no instant"));
    instant(said).map(Some).ok_or_else(wrong)
}

/// `cacheDuration`.
pub(super) fn cache_duration(element: &Element) -> Result<Option<Seconds>, MetadataError> {
    let Some(said) = element.attribute("cacheDuration") else { return Ok(None) };
    let wrong = || MetadataError::at(element, Reason::Value("cacheDuration", "no duration"));
    duration(said).map(Some).ok_or_else(wrong)
}

fn boolean(element: &Element, name: &'static str) -> Result<Option<bool>, MetadataError> {
    match element.attribute(name) {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(MetadataError::at(element, Reason::Value(name, "neither true nor false"))),
    }
}

fn bounded(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

/// The text of an element, on one line and without the white space around it.
fn text(element: &Element) -> Result<String, MetadataError> {
    let text = element.text().map_err(|error| MetadataError::at(element, error))?;
    if text.len() > MAX_TEXT * 4 {
        return Err(MetadataError::at(element, Reason::Value("text", "too long")));
    }
    let line: Vec<&str> = text.split_whitespace().collect();
    Ok(bounded(&line.join(" ")))
}

fn texts(role: &Element, local: &'static str) -> Result<Vec<String>, MetadataError> {
    let found: Vec<&Element> = role.all(MD, local).take(MAX_ITEMS + 1).collect();
    if found.len() > MAX_ITEMS {
        return Err(MetadataError::at(role, Reason::Many(MAX_ITEMS, local)));
    }
    found.into_iter().map(text).collect()
}

fn localised(element: &Element, namespace: &str, local: &str) -> Result<Localised, MetadataError> {
    let found: Vec<&Element> = element.elements().filter(|one| one.is(namespace, local)).take(MAX_ITEMS + 1).collect();
    if found.len() > MAX_ITEMS {
        return Err(MetadataError::at(element, Reason::Many(MAX_ITEMS, "languages")));
    }
    let read = |one: &Element| {
        let language = one.attribute_of(XML, "lang").unwrap_or_default();
        Ok((language.chars().take(35).collect(), text(one)?))
    };
    found.into_iter().map(read).collect()
}

/// Only addresses a browser may be shown.
fn addresses(texts: Localised) -> Localised {
    texts.into_iter().filter(|(_, url)| url.starts_with("https://") || url.starts_with("http://")).collect()
}

fn contact(element: &Element) -> Result<Contact, MetadataError> {
    let one = |local| element.all(MD, local).next().map(text).transpose();
    let names = [one("GivenName")?, one("SurName")?];
    let names: Vec<String> = names.into_iter().flatten().filter(|name| !name.is_empty()).collect();
    let mail = element.all(MD, "EmailAddress").take(MAX_ITEMS).map(text).collect::<Result<Vec<_>, _>>()?;
    let mail = mail.into_iter().map(|one| one.strip_prefix("mailto:").unwrap_or(&one).to_owned()).collect();
    Ok(Contact { kind: bounded(element.attribute("contactType").unwrap_or_default()), name: names.join(" "), mail })
}

/// An address somebody may be sent to: strict, and of the web. Whether it may go without TLS is decided with the service.
fn location(element: &Element, name: &'static str) -> Result<Option<String>, MetadataError> {
    let Some(said) = element.attribute(name) else { return Ok(None) };
    let sound = said.len() <= MAX_TEXT
        && strict_url(said).is_some_and(|url| matches!(url.scheme(), "https" | "http") && url.fragment().is_none());
    if !sound {
        return Err(MetadataError::at(element, Reason::Value(name, "no plain address of the web")));
    }
    Ok(Some(said.to_owned()))
}

fn required_location(element: &Element) -> Result<String, MetadataError> {
    location(element, "Location")?.ok_or_else(|| MetadataError::at(element, Reason::Missing("Location")))
}

fn binding(element: &Element) -> Result<String, MetadataError> {
    let said = element.attribute("Binding").ok_or_else(|| MetadataError::at(element, Reason::Missing("Binding")))?;
    Ok(bounded(said))
}

fn endpoints(role: &Element, local: &'static str) -> Result<Vec<Endpoint>, MetadataError> {
    let found: Vec<&Element> = role.all(MD, local).take(MAX_ENDPOINTS + 1).collect();
    if found.len() > MAX_ENDPOINTS {
        return Err(MetadataError::at(role, Reason::Many(MAX_ENDPOINTS, local)));
    }
    let read = |one: &Element| {
        let response_location = location(one, "ResponseLocation")?;
        Ok(Endpoint { binding: binding(one)?, location: required_location(one)?, response_location })
    };
    found.into_iter().map(read).collect()
}

fn index(element: &Element) -> Result<u16, MetadataError> {
    let said = element.attribute("index").ok_or_else(|| MetadataError::at(element, Reason::Missing("index")))?;
    said.trim().parse().map_err(|_| MetadataError::at(element, Reason::Value("index", "no number up to 65535")))
}

fn indexed(role: &Element, local: &'static str) -> Result<Vec<Indexed>, MetadataError> {
    let mut all: Vec<Indexed> = Vec::new();
    for one in role.all(MD, local) {
        let index = index(one)?;
        if all.iter().any(|other| other.index == index) {
            return Err(MetadataError::at(one, Reason::Value("index", "taken by another address of the role")));
        }
        let default = boolean(one, "isDefault")?;
        all.push(Indexed { index, default, binding: binding(one)?, location: required_location(one)? });
        if all.len() > MAX_ENDPOINTS {
            return Err(MetadataError::at(role, Reason::Many(MAX_ENDPOINTS, local)));
        }
    }
    Ok(all)
}

fn services(role: &Element) -> Result<Vec<Service>, MetadataError> {
    let mut all = Vec::new();
    for one in role.all(MD, "AttributeConsumingService") {
        let requested: Vec<&Element> = one.all(MD, "RequestedAttribute").take(MAX_ITEMS + 1).collect();
        if requested.len() > MAX_ITEMS || all.len() >= MAX_ITEMS {
            return Err(MetadataError::at(one, Reason::Many(MAX_ITEMS, "requested attributes")));
        }
        let read = |element: &Element| {
            let name = element.attribute("Name").filter(|name| !name.is_empty());
            Ok(RequestedAttribute {
                name: bounded(name.ok_or_else(|| MetadataError::at(element, Reason::Missing("Name")))?),
                friendly: element.attribute("FriendlyName").map(bounded),
                format: element.attribute("NameFormat").map(bounded),
                required: boolean(element, "isRequired")?.unwrap_or(false),
            })
        };
        let attributes = requested.into_iter().map(read).collect::<Result<Vec<_>, MetadataError>>()?;
        let default = boolean(one, "isDefault")?;
        all.push(Service { index: index(one)?, default, names: localised(one, MD, "ServiceName")?, attributes });
    }
    Ok(all)
}
