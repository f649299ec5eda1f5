//! A message of a service as it came. Who it says it is from is read first, to find whose keys it is held against; from then on
//! only what was verified is read, or what the service need not sign.

use crate::error::{bad_envelope, bad_message};
use preau_keys::xml::{Document, Element};
use preau_saml::bindings::{self, Kind, post, redirect};
use preau_saml::metadata::RoleKey;
use preau_saml::names::{DS, SAML, SAMLP};
use preau_web::{Fault, Fields};
use std::borrow::Cow;

/// Longest name of an entity.
const MAX_ENTITY_ID: usize = 1024;

/// See the module.
pub struct Received {
    carried: Carried,
    /// Whether it asks or answers.
    pub kind: Kind,
    /// What is to be given back with the answer.
    pub relay_state: Option<String>,
}

enum Carried {
    Query(redirect::Received),
    Document(Document),
}

impl Received {
    /// Reads a query, as it stood behind the question mark.
    pub fn query(query: &str) -> Result<Received, Fault> {
        let received = redirect::Received::read(query).map_err(bad_message)?;
        let (kind, relay_state) = (received.kind, received.relay_state.clone());
        Ok(Received { carried: Carried::Query(received), kind, relay_state })
    }

    /// Reads a form.
    pub fn form(fields: &Fields) -> Result<Received, Fault> {
        let (request, response) = (fields.one("SAMLRequest")?, fields.one("SAMLResponse")?);
        let (kind, message) = match (request, response) {
            (Some(message), None) => (Kind::Request, message),
            (None, Some(message)) => (Kind::Response, message),
            _ => return Err(bad_message("SAMLRequest or SAMLResponse, and one of them, is expected")),
        };
        let document = post::decode(message).map_err(bad_message)?;
        let state = fields.one("RelayState")?.map(bindings::relay_state).transpose().map_err(bad_message)?;
        Ok(Received { carried: Carried::Document(document), kind, relay_state: state.map(str::to_owned) })
    }

    /// Takes a message that came in an envelope.
    pub fn document(document: Document) -> Received {
        Received { carried: Carried::Document(document), kind: Kind::Request, relay_state: None }
    }

    fn unverified(&self) -> &Element {
        match &self.carried {
            Carried::Query(received) => received.unverified(),
            Carried::Document(document) => document.unverified(),
        }
    }

    /// Who it says it is from.
    pub fn claimed_issuer(&self) -> Result<&str, Fault> {
        let issuer = self.unverified().one(SAML, "Issuer").ok().flatten();
        let name = issuer.and_then(|issuer| issuer.text().ok()).map(str::trim);
        name.filter(|name| (1..=MAX_ENTITY_ID).contains(&name.len()))
            .ok_or_else(|| bad_envelope(self.unverified(), "Issuer", "the message does not say who it is from"))
    }

    /// Whether there is a signature, right or wrong.
    fn is_signed(&self) -> bool {
        match &self.carried {
            Carried::Query(received) => received.is_signed(),
            Carried::Document(document) => document.unverified().all(DS, "Signature").next().is_some(),
        }
    }

    /// The message, if it may be believed: it is signed by one of the keys, or it is not signed at all and need not be. A
    /// signature that is there is always looked at.
    pub fn believed(&self, local: &str, keys: &[RoleKey], must_sign: bool) -> Result<Believed<'_>, Fault> {
        let signed = self.is_signed();
        if !signed && must_sign {
            return Err(bad_envelope(self.unverified(), local, "it is not signed, and must be"));
        }
        let element = match &self.carried {
            Carried::Query(received) if signed => Cow::Borrowed(received.verified(keys).map_err(bad_message)?),
            Carried::Document(document) if signed => {
                Cow::Owned(document.verify(SAMLP, local, keys).map_err(bad_message)?.into_element())
            }
            _ => Cow::Borrowed(self.unverified()),
        };
        Ok(Believed { element, signed })
    }
}

/// A message that may be read.
pub struct Believed<'a> {
    /// The very tree that was verified.
    pub element: Cow<'a, Element>,
    /// Whether somebody vouches for it.
    pub signed: bool,
}
