//! How messages travel (saml-bindings-2.0): [`redirect`] in a query, [`post`] in a form, [`Artifact`] as a ticket for a
//! message that is fetched. Envelopes for the fetching are in [`crate::messages::soap`].
//!
//! What arrives is bounded before it is opened, and a message that came by a query is shown only by
//! [`redirect::Received::verified`] or by [`redirect::Received::unverified`], whose name says what it is worth.

mod artifact;
pub mod post;
pub mod redirect;

pub use artifact::Artifact;

use crate::messages::{Refused, Why};

/// Longest relay state that is taken, in bytes. The standard says 80; many send more.
pub const MAX_RELAY_STATE: usize = 1024;

/// Whether a message asks or answers: it is named accordingly in a query or a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl Kind {
    /// The name of the parameter.
    pub fn parameter(self) -> &'static str {
        match self {
            Kind::Request => "SAMLRequest",
            Kind::Response => "SAMLResponse",
        }
    }
}

/// Takes the relay state of somebody else, to be given back as it is and never to be followed. One that is too long or
/// holds a control character is refused.
pub fn relay_state(text: &str) -> Result<&str, Refused> {
    if text.len() > MAX_RELAY_STATE || text.chars().any(char::is_control) {
        return Err(Why::Value("RelayState").of("RelayState"));
    }
    Ok(text)
}
