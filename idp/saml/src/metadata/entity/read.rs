//! Reading an entity. Everything is bounded; what is required and missing refuses the entity; what is not known is passed
//! over, as the standard wants it.

use super::parts::{
    MAX_ITEMS, addresses, boolean, bounded, contact, endpoints, indexed, localised, services, text, texts,
};
use super::{Entity, IdpRole, Logo, SpRole};
use crate::metadata::key::Keys;
use crate::metadata::{MetadataError, Reason};
use crate::names::{MD, MDATTR, MDRPI, MDUI, SAML, SAMLP, SHIBMD, binding};
use crate::time::{duration, instant};
use preau_domain::{Instant, Seconds};
use preau_keys::xml::Element;

/// Longest name of an entity (saml-core-2.0, 8.3.6).
const MAX_ENTITY_ID: usize = 1024;

impl Entity {
    /// Reads an `EntityDescriptor`. Whether its time is over is [`Entity::expired`]'s matter.
    pub fn read(element: &Element) -> Result<Entity, MetadataError> {
        if !element.is(MD, "EntityDescriptor") {
            return Err(MetadataError::at(element, Reason::Other("an EntityDescriptor is expected")));
        }
        let mut entity = Entity {
            valid_until: valid_until(element)?,
            cache_duration: cache_duration(element)?,
            ..Entity::named(entity_id(element)?)
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
        if !sp.acs.iter().any(|one| [binding::POST, binding::ARTIFACT, binding::PAOS].contains(&one.binding.as_str())) {
            let first = role.all(MD, "AssertionConsumerService").next().unwrap_or(role);
            return Err(MetadataError::at(
                first,
                Reason::Value("Binding", "none of HTTP-POST, HTTP-Artifact and PAOS"),
            ));
        }
        if sp.authn_requests_signed && sp.keys.signing.is_empty() {
            let none = Reason::NoKey("it signs its requests, and shows no key we can check them with");
            return Err(sp.keys.unmet_signing().cloned().unwrap_or_else(|| MetadataError::at(role, none)));
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
            let none = Reason::NoKey("nothing it signs could be believed");
            return Err(idp.keys.unmet_signing().cloned().unwrap_or_else(|| MetadataError::at(role, none)));
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
pub(in crate::metadata) fn entity_id(element: &Element) -> Result<&str, MetadataError> {
    let name = element.attribute("entityID").ok_or_else(|| MetadataError::at(element, Reason::Missing("entityID")))?;
    let sound = (1..=MAX_ENTITY_ID).contains(&name.len()) && !name.chars().any(|c| c.is_control() || c.is_whitespace());
    if sound {
        Ok(name)
    } else {
        Err(MetadataError::at(element, Reason::Value("entityID", "no URI of at most 1024 bytes")))
    }
}

/// `validUntil`.
pub(in crate::metadata) fn valid_until(element: &Element) -> Result<Option<Instant>, MetadataError> {
    let Some(said) = element.attribute("validUntil") else { return Ok(None) };
    let wrong = || MetadataError::at(element, Reason::Value("validUntil", "no instant"));
    instant(said).map(Some).ok_or_else(wrong)
}

/// `cacheDuration`.
pub(in crate::metadata) fn cache_duration(element: &Element) -> Result<Option<Seconds>, MetadataError> {
    let Some(said) = element.attribute("cacheDuration") else { return Ok(None) };
    let wrong = || MetadataError::at(element, Reason::Value("cacheDuration", "no duration"));
    duration(said).map(Some).ok_or_else(wrong)
}
