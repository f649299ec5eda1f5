//! What can go wrong, and the one table that says how the standard calls it (saml-core-2.0, 3.2.2.2). An error of this type is
//! only ever told to a service that is known, at an address of its metadata; what goes wrong before is a page.

use preau_domain::AuditKind;
use preau_keys::xml::Element;
use preau_saml::messages::Status;
use preau_saml::names::{SAML, status};
use preau_store::StoreError;
use preau_web::{Fault, FaultKind};

/// Why a service gets no assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SamlError {
    /// The person would have to be asked something, and must not be.
    NoPassive,
    /// The way of authenticating that was asked for cannot be had, and is not claimed.
    NoAuthnContext,
    /// The name identifier that was asked for is not given to this service.
    NameIdPolicy,
    /// The number of what is asked for is not one of the metadata.
    Attributes,
    /// Somebody else is signed in than the service asks for.
    AnotherPerson,
    /// Policy refuses the person, who must not be shown why.
    Denied,
    /// The house is too busy, or its storage is down.
    Unavailable,
}

/// One line of the table: status, status below it, word of the journal and the metrics, and a sentence for whoever reads
/// the log of the service.
struct Row(&'static str, &'static str, &'static str, &'static str);

impl SamlError {
    fn row(self) -> Row {
        match self {
            SamlError::NoPassive => Row(
                status::RESPONDER,
                status::NO_PASSIVE,
                "saml-no-passive",
                "nobody is signed in, or not recently enough, and the person must not be asked",
            ),
            SamlError::NoAuthnContext => Row(
                status::RESPONDER,
                status::NO_AUTHN_CONTEXT,
                "saml-no-authn-context",
                "the authentication context that was asked for cannot be reached here",
            ),
            SamlError::NameIdPolicy => Row(
                status::REQUESTER,
                status::INVALID_NAMEID_POLICY,
                "saml-name-id-policy",
                "this name identifier is not given to this service: see its settings",
            ),
            SamlError::Attributes => Row(
                status::REQUESTER,
                status::REQUEST_UNSUPPORTED,
                "saml-attributes",
                "AttributeConsumingServiceIndex is not one of the metadata",
            ),
            SamlError::AnotherPerson => Row(
                status::RESPONDER,
                status::UNKNOWN_PRINCIPAL,
                "saml-another-person",
                "somebody else is signed in than the subject of the request",
            ),
            SamlError::Denied => Row(
                status::RESPONDER,
                status::REQUEST_DENIED,
                "saml-denied",
                "the service does not open for this person, or is not told what it knows people by",
            ),
            SamlError::Unavailable => Row(
                status::RESPONDER,
                status::AUTHN_FAILED,
                "saml-unavailable",
                "the server could not answer; try again in some seconds",
            ),
        }
    }

    /// The status that is told.
    pub fn status(self) -> Status {
        let Row(code, sub, _, message) = self.row();
        Status { message: Some(message.to_owned()), ..Status::failure(code, sub) }
    }

    /// The word of the journal and of the metrics: a closed list.
    pub fn word(self) -> &'static str {
        self.row().2
    }

    /// A sentence for whoever reads the log of the service.
    pub fn description(self) -> &'static str {
        self.row().3
    }

    /// How the journal calls it; nothing for what happens all day long, nor for a failure of ours.
    pub fn audit_kind(self) -> Option<AuditKind> {
        match self {
            SamlError::NoPassive | SamlError::Unavailable => None,
            SamlError::Denied => Some(AuditKind::ServiceRefused),
            SamlError::NoAuthnContext | SamlError::NameIdPolicy | SamlError::Attributes | SamlError::AnotherPerson => {
                Some(AuditKind::RequestRefused)
            }
        }
    }
}

/// Why there is no assertion.
pub enum Stop {
    /// The service is told.
    Told(SamlError),
    /// The person reads it: a refusal by policy, or a failure of ours.
    Page(Fault),
}

impl From<SamlError> for Stop {
    fn from(error: SamlError) -> Stop {
        Stop::Told(error)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Page(fault)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Page(error.into())
    }
}

/// A message that is not believed or not understood: the page says that it was refused, the log says why.
pub fn bad_message(why: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::BadRequest, format!("saml message refused: {why}"))
}

/// The same of something in the envelope of a message that was read, an element or an attribute: its name, and its line.
pub fn bad_envelope(message: &Element, what: &str, why: impl std::fmt::Display) -> Fault {
    let line = message.one(SAML, what).ok().flatten().unwrap_or(message).line();
    bad_message(format!("<{what}>, line {line}: {why}"))
}

/// Its issuer is another than who it said it is from before it was verified.
pub fn another_issuer(message: &Element) -> Fault {
    bad_envelope(message, "Issuer", "its issuer is not who it says it is from")
}
