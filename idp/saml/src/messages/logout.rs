//! Signing out everywhere (saml-core-2.0, 3.7).

use super::assertion::NameId;
use super::read::{self, MAX_URI, Refused, Why};
use super::response::{Status, answer};
use super::write::Start;
use crate::names::{SAML, SAMLP};
use preau_domain::Instant;
use preau_keys::xml::{Canonical, Element};

/// Sessions that one request ends.
const MAX_SESSIONS: usize = 100;

/// Somebody asks that a person be signed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRequest {
    /// Its identifier, which the answer repeats.
    pub id: String,
    /// When it was made.
    pub issue_instant: Instant,
    /// Where it was sent.
    pub destination: Option<String>,
    /// Who asks.
    pub issuer: String,
    /// Until when it is to be obeyed.
    pub not_on_or_after: Option<Instant>,
    /// Why.
    pub reason: Option<String>,
    /// The person.
    pub name_id: Option<NameId>,
    /// The person, encrypted: an `EncryptedID`, to be opened with `preau_keys::xml::decrypt`.
    pub encrypted_id: Option<Element>,
    /// The sessions; none are all of them.
    pub session_indexes: Vec<String>,
}

/// How signing a person out went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutResponse {
    /// Its identifier.
    pub id: String,
    /// The request it answers.
    pub in_response_to: Option<String>,
    /// When it was made.
    pub issue_instant: Instant,
    /// Where it was sent.
    pub destination: Option<String>,
    /// Who answers.
    pub issuer: Option<String>,
    /// How it went.
    pub status: Status,
}

impl LogoutRequest {
    /// Reads a request.
    pub fn read(element: &Element) -> Result<LogoutRequest, Refused> {
        let mut head = read::head(element, "LogoutRequest")?;
        let name_id = head.inside.maybe(SAML, "NameID").map(NameId::read).transpose()?;
        let encrypted_id = if name_id.is_none() { Some(head.inside.must(SAML, "EncryptedID")?.clone()) } else { None };
        let sessions = head.inside.many(SAMLP, "SessionIndex", MAX_SESSIONS)?;
        head.inside.end()?;
        Ok(LogoutRequest {
            id: head.id,
            issue_instant: head.issue_instant,
            destination: head.destination,
            issuer: head.issuer.ok_or_else(|| Why::Missing("Issuer").at(element))?,
            not_on_or_after: read::moment(element, "NotOnOrAfter")?,
            reason: read::value(element, "Reason", MAX_URI)?,
            name_id,
            encrypted_id,
            session_indexes: sessions.into_iter().map(|one| read::content(one, MAX_URI)).collect::<Result<_, _>>()?,
        })
    }

    /// The request as XML, unsigned. `sealed` is the person as an `EncryptedData`, instead of the name.
    pub fn write(&self, sealed: Option<&str>) -> Canonical {
        let start = Start {
            id: &self.id,
            issue_instant: self.issue_instant,
            destination: self.destination.as_deref(),
            in_response_to: None,
        };
        let mut xml = start.write("samlp:LogoutRequest");
        xml.at("NotOnOrAfter", self.not_on_or_after).maybe("Reason", self.reason.as_deref()).issuer(&self.issuer);
        match (sealed, &self.name_id) {
            (Some(sealed), _) => {
                xml.start("saml:EncryptedID").element(sealed).end();
            }
            (None, Some(name_id)) => name_id.put(&mut xml),
            (None, None) => {}
        }
        for session in &self.session_indexes {
            xml.leaf("samlp:SessionIndex", session);
        }
        xml.finish()
    }
}

impl LogoutResponse {
    /// Reads an answer.
    pub fn read(element: &Element) -> Result<LogoutResponse, Refused> {
        let answer = answer(element, "LogoutResponse")?;
        answer.head.inside.end()?;
        Ok(LogoutResponse {
            id: answer.head.id,
            in_response_to: answer.head.in_response_to,
            issue_instant: answer.head.issue_instant,
            destination: answer.head.destination,
            issuer: answer.head.issuer,
            status: answer.status,
        })
    }

    /// The answer as XML, unsigned.
    pub fn write(&self) -> Canonical {
        let start = Start {
            id: &self.id,
            issue_instant: self.issue_instant,
            destination: self.destination.as_deref(),
            in_response_to: self.in_response_to.as_deref(),
        };
        let mut xml = start.write("samlp:LogoutResponse");
        if let Some(issuer) = &self.issuer {
            xml.issuer(issuer);
        }
        self.status.put(&mut xml);
        xml.finish()
    }
}
