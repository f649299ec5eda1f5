//! Fetching a message by its artifact (saml-core-2.0, 3.5). The artifact itself is in [`crate::bindings`].

use super::read::{self, Refused, Why};
use super::response::{Status, answer};
use super::write::Start;
use crate::names::SAMLP;
use preau_domain::Instant;
use preau_keys::xml::{Canonical, Element};

/// Longest artifact, in characters.
const MAX_ARTIFACT: usize = 256;

/// Somebody who was shown an artifact asks for the message behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactResolve {
    /// Its identifier, which the answer repeats.
    pub id: String,
    /// When it was made.
    pub issue_instant: Instant,
    /// Where it was sent.
    pub destination: Option<String>,
    /// Who asks.
    pub issuer: String,
    /// The artifact, as it was shown.
    pub artifact: String,
}

/// The answer, with the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactResponse {
    /// Its identifier.
    pub id: String,
    /// The request it answers.
    pub in_response_to: Option<String>,
    /// When it was made.
    pub issue_instant: Instant,
    /// Who answers.
    pub issuer: Option<String>,
    /// How it went. It can go well without a message, which is then gone or never was.
    pub status: Status,
    /// The message.
    pub message: Option<Element>,
}

impl ArtifactResolve {
    /// Reads a request.
    pub fn read(element: &Element) -> Result<ArtifactResolve, Refused> {
        let mut head = read::head(element, "ArtifactResolve")?;
        let artifact = read::content(head.inside.must(SAMLP, "Artifact")?, MAX_ARTIFACT)?;
        head.inside.end()?;
        Ok(ArtifactResolve {
            id: head.id,
            issue_instant: head.issue_instant,
            destination: head.destination,
            issuer: head.issuer.ok_or_else(|| Why::Missing("Issuer").at(element))?,
            artifact,
        })
    }

    /// The request as XML, unsigned.
    pub fn write(&self) -> Canonical {
        let start = Start {
            id: &self.id,
            issue_instant: self.issue_instant,
            destination: self.destination.as_deref(),
            in_response_to: None,
        };
        let mut xml = start.write("samlp:ArtifactResolve");
        xml.issuer(&self.issuer).leaf("samlp:Artifact", &self.artifact).finish()
    }
}

impl ArtifactResponse {
    /// Reads an answer.
    pub fn read(element: &Element) -> Result<ArtifactResponse, Refused> {
        let mut answer = answer(element, "ArtifactResponse")?;
        let message = answer.head.inside.any().cloned();
        answer.head.inside.end()?;
        Ok(ArtifactResponse {
            id: answer.head.id,
            in_response_to: answer.head.in_response_to,
            issue_instant: answer.head.issue_instant,
            issuer: answer.head.issuer,
            status: answer.status,
            message,
        })
    }

    /// The answer as XML, unsigned, with a message that is XML already. What [`ArtifactResponse::message`] holds is not
    /// looked at.
    pub fn write(&self, message: Option<&str>) -> String {
        let start = Start {
            id: &self.id,
            issue_instant: self.issue_instant,
            destination: None,
            in_response_to: self.in_response_to.as_deref(),
        };
        let mut xml = start.write("samlp:ArtifactResponse");
        if let Some(issuer) = &self.issuer {
            xml.issuer(issuer);
        }
        self.status.put(&mut xml);
        if let Some(message) = message {
            xml.element(message);
        }
        xml.text_alone()
    }
}
