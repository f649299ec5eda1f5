//! Documents kept for a while outside any session, found again by a secret or by a name derived from one.

use crate::{Instant, OneTimeKey};
use serde::{Deserialize, Serialize};

/// What kind of document. Kinds do not see one another: one key may stand for one thing of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptKind {
    /// An authorization request that a service pushed ahead of the browser.
    PushedRequest,
    /// A device that waits for a person, by its device code.
    DeviceGrant,
    /// The code a person types for a waiting device: leads to its device code.
    UserCode,
    /// Nothing but the fact that it was seen: an assertion, proof or logout token is accepted once.
    ReplayGuard,
    /// Where a browser comes back to after a detour.
    Redirect,
    /// What ends a session at the provider that opened it, by the name of ours.
    LogoutHint,
    /// Lets a service register itself, so many times.
    InitialAccess,
    /// A message of SAML that a service fetches by its artifact, sealed.
    SamlArtifact,
    /// Whom a service of SAML calls by a name.
    SamlName,
    /// A code of a sandbox of the bench: it stands for somebody who does not exist.
    SandboxCode,
    /// An access token of a sandbox.
    SandboxToken,
    /// A CAS ticket of a sandbox.
    SandboxTicket,
    /// Nothing but the fact that a sign-in of that name ended: the copy its form carries begins nothing.
    SpentSignIn,
    /// What is known of a session that has ended, for the page that says so.
    SignedOut,
    /// What a service said, in a frame of that page, of the end of a visit.
    FrameAnswer,
    /// Links and columns of marks of a class for a tool of LTI.
    LtiShelf,
    /// What a teacher chose in a tool, until they say yes.
    LtiDraft,
    /// How many wrong codes were typed in a row, by a name made of the person's.
    WrongCodes,
    /// Whose password a code that was mailed replaces, by the code; and the code a person has, by a name made of the person's.
    PasswordReset,
    /// A code that was mailed as a second factor, by a name made of the person's and of where they type it.
    MailedCode,
}

impl KeptKind {
    /// The word the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            KeptKind::PushedRequest => "pushed-request",
            KeptKind::DeviceGrant => "device-grant",
            KeptKind::UserCode => "user-code",
            KeptKind::ReplayGuard => "replay-guard",
            KeptKind::Redirect => "redirect",
            KeptKind::LogoutHint => "logout-hint",
            KeptKind::InitialAccess => "initial-access",
            KeptKind::SamlArtifact => "saml-artifact",
            KeptKind::SamlName => "saml-name",
            KeptKind::SandboxCode => "sandbox-code",
            KeptKind::SandboxToken => "sandbox-token",
            KeptKind::SandboxTicket => "sandbox-ticket",
            KeptKind::SpentSignIn => "spent-sign-in",
            KeptKind::SignedOut => "signed-out",
            KeptKind::FrameAnswer => "frame-answer",
            KeptKind::LtiShelf => "lti-shelf",
            KeptKind::LtiDraft => "lti-draft",
            KeptKind::WrongCodes => "wrong-codes",
            KeptKind::PasswordReset => "password-reset",
            KeptKind::MailedCode => "mailed-code",
        }
    }
}

/// A document and until when it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptThing {
    /// Digest of the secret, or of the name, that finds it again.
    pub key: OneTimeKey,
    /// What it is.
    pub kind: KeptKind,
    /// Only who kept it reads it. At most [`KeptThing::MOST`] bytes.
    pub doc: String,
    /// After this it is forgotten.
    pub expires: Instant,
}

impl KeptThing {
    /// Longest document, in bytes.
    pub const MOST: usize = 64 * 1024;
}
