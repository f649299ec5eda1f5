//! The values inside an entity: texts, addresses, contacts, what is asked for. Each is bounded in length and count.

use super::{Contact, Endpoint, Indexed, Localised, RequestedAttribute, Service};
use crate::metadata::{MetadataError, Reason};
use crate::names::{MD, XML};
use preau_domain::strict_url;
use preau_keys::xml::Element;

/// Characters of a name, an address or a text.
const MAX_TEXT: usize = 2048;
/// Endpoints of one kind.
const MAX_ENDPOINTS: usize = 300;
/// Texts in different languages, scopes, categories, contacts, services, requested attributes.
pub(super) const MAX_ITEMS: usize = 200;

pub(super) fn boolean(element: &Element, name: &'static str) -> Result<Option<bool>, MetadataError> {
    match element.attribute(name) {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(MetadataError::at(element, Reason::Value(name, "neither true nor false"))),
    }
}

pub(super) fn bounded(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

/// The text of an element, on one line and without the white space around it.
pub(super) fn text(element: &Element) -> Result<String, MetadataError> {
    let text = element.text().map_err(|error| MetadataError::at(element, error))?;
    if text.len() > MAX_TEXT * 4 {
        return Err(MetadataError::at(element, Reason::Value("text", "too long")));
    }
    let line: Vec<&str> = text.split_whitespace().collect();
    Ok(bounded(&line.join(" ")))
}

pub(super) fn texts(role: &Element, local: &'static str) -> Result<Vec<String>, MetadataError> {
    let found: Vec<&Element> = role.all(MD, local).take(MAX_ITEMS + 1).collect();
    if found.len() > MAX_ITEMS {
        return Err(MetadataError::at(role, Reason::Many(MAX_ITEMS, local)));
    }
    found.into_iter().map(text).collect()
}

pub(super) fn localised(element: &Element, namespace: &str, local: &str) -> Result<Localised, MetadataError> {
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
pub(super) fn addresses(texts: Localised) -> Localised {
    texts.into_iter().filter(|(_, url)| url.starts_with("https://") || url.starts_with("http://")).collect()
}

pub(super) fn contact(element: &Element) -> Result<Contact, MetadataError> {
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

pub(super) fn endpoints(role: &Element, local: &'static str) -> Result<Vec<Endpoint>, MetadataError> {
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

pub(super) fn indexed(role: &Element, local: &'static str) -> Result<Vec<Indexed>, MetadataError> {
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

pub(super) fn services(role: &Element) -> Result<Vec<Service>, MetadataError> {
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
