//! Passkeys: what is asked of an authenticator, and what its answers are worth (WebAuthn level 3, sections 7.1 and 7.2).
//!
//! The only crate that names `webauthn-rs`, so that nothing else is built again with it. Owns the two ceremonies and how strictly their
//! messages are read: what the crate would pass over (bytes behind the last, keys given twice, an origin that is nearly ours) is
//! refused before it looks. Texts go in and come out; whose a passkey is, that a challenge is answered once, and what a proof opens
//! belong to the callers.
//!
//! Every passkey is discoverable and verifies its user: none is ever listed to a browser, so that nothing can be asked about
//! who has one. What an authenticator says of itself is never believed: no attestation is asked for, and nothing here tells whether
//! a key lives in hardware.

mod cbor;
mod read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use thiserror::Error;
use url::Url;
use webauthn_rs::prelude::{
    CreationChallengeResponse, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};
use webauthn_rs_proto::ResidentKeyRequirement;

/// Longest answer of a browser that is read, in bytes.
pub const MOST: usize = 16 * 1024;

/// How an authenticator knows an account: it says nothing of the person.
pub type Handle = [u8; 16];

/// Why there are no passkeys at an address.
#[derive(Debug, Error)]
#[error("passkeys are bound to a domain, and {0} has none that they can be bound to")]
pub struct NoDomain(String);

/// What is wrong with an answer, as a word for the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Flaw {
    /// It is not what an authenticator writes.
    #[error("malformed")]
    Malformed,
    /// It answers another challenge.
    #[error("challenge")]
    Challenge,
    /// It was given at another address, or inside a page of another.
    #[error("origin")]
    Origin,
    /// It was made for another domain.
    #[error("domain")]
    Domain,
    /// A registration where a proof was asked for, or the other way round.
    #[error("kind")]
    Kind,
    /// Nobody touched the authenticator, or it did not verify its user.
    #[error("unverified")]
    Unverified,
    /// The signature is not one of this key, or of a kind that was not offered.
    #[error("signature")]
    Signature,
    /// The counter went back: there may be a copy of the key.
    #[error("counter")]
    Counter,
    /// What it says of copies of itself contradicts itself, or what it said before.
    #[error("backup")]
    Backup,
    /// It is another passkey, or another account's.
    #[error("unknown")]
    Unknown,
    /// Anything else the standard forbids.
    #[error("refused")]
    Refused,
}

impl From<WebauthnError> for Flaw {
    fn from(error: WebauthnError) -> Flaw {
        use WebauthnError as E;
        match error {
            E::MismatchedChallenge => Flaw::Challenge,
            E::InvalidRPOrigin | E::CredentialCrossOrigin => Flaw::Origin,
            E::InvalidRPIDHash => Flaw::Domain,
            E::InvalidClientDataType => Flaw::Kind,
            E::UserNotPresent | E::UserNotVerified => Flaw::Unverified,
            E::AuthenticationFailure | E::CredentialAlteredAlgFromRequest => Flaw::Signature,
            E::CredentialPossibleCompromise => Flaw::Counter,
            E::CredentialMayNotBeHardwareBound | E::CredentialBackupEligibilityInconsistent => Flaw::Backup,
            E::CredentialNotFound => Flaw::Unknown,
            E::ParseNOMFailure | E::ParseJSONFailure(_) | E::ParseBase64Failure(_) | E::ParseCBORFailure(_) => {
                Flaw::Malformed
            }
            _ => Flaw::Refused,
        }
    }
}

/// A question to an authenticator.
#[derive(Clone, Debug)]
pub struct Asked {
    /// For the browser: the options of `navigator.credentials`, as JSON whose bytes are base64url.
    pub options: String,
    /// For us alone, until it is answered: the challenge, and what was asked.
    pub state: String,
}

/// A new passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its name, as authenticators make them: base64url.
    pub id: String,
    /// What verifies its proofs: holds no secret.
    pub doc: String,
    /// How often it says it signed.
    pub counter: u32,
    /// Whether it may be copied to other devices, by its own word.
    pub synced: bool,
}

/// A passkey that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// What verifies the next proof.
    pub doc: String,
    /// How often it says it signed.
    pub counter: u32,
}

/// Whom a proof says it is of. Nothing of it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Which passkey.
    pub id: String,
    /// Whose.
    pub handle: Handle,
}

/// Passkeys at one address.
#[derive(Clone, Debug)]
pub struct Passkeys {
    webauthn: Webauthn,
    origin: String,
    domain: String,
}

impl Passkeys {
    /// Passkeys for the pages of an address, bound to a domain: the host of the address, or one above it. `name` is what browsers
    /// call us.
    pub fn new(public_url: &str, domain: Option<&str>, name: &str) -> Result<Passkeys, NoDomain> {
        let none = || NoDomain(public_url.to_owned());
        let url = Url::parse(public_url).map_err(|_| none())?;
        let domain = domain.or(url.domain()).ok_or_else(none)?;
        let builder = WebauthnBuilder::new(domain, &url).map_err(|_| none())?;
        let webauthn = builder.rp_name(name).build().map_err(|_| none())?;
        Ok(Passkeys { webauthn, origin: url.origin().ascii_serialization(), domain: domain.to_owned() })
    }

    /// The domain they are bound to: a browser offers them nowhere else.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Asks for a new passkey of an account. An authenticator that has one of `known` makes no second.
    pub fn offer(&self, handle: Handle, login: &str, name: &str, known: &[String]) -> Result<Asked, Flaw> {
        let known = known.iter().filter_map(|id| URL_SAFE_NO_PAD.decode(id).ok()).collect();
        let handle = Uuid::from_bytes(handle);
        let (mut options, state) = self.webauthn.start_passkey_registration(handle, login, name, Some(known))?;
        discoverable(&mut options);
        asked(&options.public_key, &state)
    }

    /// The passkey that answers [`Passkeys::offer`].
    pub fn made(&self, state: &str, answer: &str) -> Result<Made, Flaw> {
        read::registration(&self.origin, bounded(answer)?)?;
        let state: PasskeyRegistration = serde_json::from_str(state).map_err(|_| Flaw::Malformed)?;
        let answer: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(|_| Flaw::Malformed)?;
        let passkey = self.webauthn.finish_passkey_registration(&answer, &state)?;
        let (doc, id) = (self.doc(&passkey)?, URL_SAFE_NO_PAD.encode(passkey.cred_id().as_slice()));
        let said = read::said(&doc).ok_or(Flaw::Malformed)?;
        Ok(Made { id, doc, counter: said.counter, synced: said.backup_eligible })
    }

    /// Asks whoever has a passkey of ours to prove it; it says whose it is.
    pub fn ask(&self) -> Result<Asked, Flaw> {
        let (options, state) = self.webauthn.start_discoverable_authentication()?;
        asked(&options.public_key, &state)
    }

    /// Whom an answer to [`Passkeys::ask`] claims to be of.
    pub fn claimed(answer: &str) -> Result<Claimed, Flaw> {
        let answer: PublicKeyCredential = serde_json::from_str(bounded(answer)?).map_err(|_| Flaw::Malformed)?;
        let handle = answer.response.user_handle.as_ref().and_then(|handle| Handle::try_from(handle.as_slice()).ok());
        let id = URL_SAFE_NO_PAD.encode(&answer.raw_id);
        Ok(Claimed { id, handle: handle.ok_or(Flaw::Unknown)? })
    }

    /// Verifies an answer to [`Passkeys::ask`] by the passkey it names, as it was kept.
    pub fn used(&self, state: &str, answer: &str, kept: &str) -> Result<Used, Flaw> {
        read::proof(&self.origin, bounded(answer)?)?;
        let state: DiscoverableAuthentication = serde_json::from_str(state).map_err(|_| Flaw::Malformed)?;
        let answer: PublicKeyCredential = serde_json::from_str(answer).map_err(|_| Flaw::Malformed)?;
        let mut passkey: Passkey = serde_json::from_str(kept).map_err(|_| Flaw::Unknown)?;
        let key = DiscoverableKey::from(&passkey);
        let result = self.webauthn.finish_discoverable_authentication_v2(&answer, state, key)?;
        passkey.update_credential(&result).ok_or(Flaw::Unknown)?;
        Ok(Used { doc: self.doc(&passkey)?, counter: result.counter() })
    }

    /// What is kept of a passkey: what the crate writes, and beside it the domain it was made or used at, which the crate does not write.
    fn doc(&self, passkey: &Passkey) -> Result<String, Flaw> {
        let Ok(Value::Object(mut doc)) = serde_json::to_value(passkey) else { return Err(Flaw::Refused) };
        doc.insert("domain".to_owned(), Value::from(self.domain.as_str()));
        serde_json::to_string(&doc).map_err(|_| Flaw::Refused)
    }
}

/// What the crate leaves to chance: that the authenticator keeps whose passkey it is, so that nobody types a name.
fn discoverable(options: &mut CreationChallengeResponse) {
    if let Some(selection) = &mut options.public_key.authenticator_selection {
        selection.resident_key = Some(ResidentKeyRequirement::Required);
        selection.require_resident_key = true;
    }
}

fn bounded(answer: &str) -> Result<&str, Flaw> {
    if answer.len() <= MOST { Ok(answer) } else { Err(Flaw::Malformed) }
}

fn asked(options: &impl serde::Serialize, state: &impl serde::Serialize) -> Result<Asked, Flaw> {
    let text = |value: Result<String, _>| value.map_err(|_: serde_json::Error| Flaw::Refused);
    Ok(Asked { options: text(serde_json::to_string(options))?, state: text(serde_json::to_string(state))? })
}

#[cfg(test)]
mod tests;
