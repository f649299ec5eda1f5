//! What OpenID Connect decides: the door, the code, one redemption, what is told of a person, the end of a session.

pub mod authorize;
pub mod client;
pub mod device;
pub mod hand_over;
pub mod hint;
pub mod home;
pub mod inspect;
pub mod link;
pub mod logout;
pub mod lti;
pub mod preview;
pub mod proof;
pub mod pushed;
pub mod registration;
pub mod rehearsal;
pub mod service;
pub mod token;
pub mod userinfo;

use crate::OidcError;
use crate::foreign::ForeignKeys;
use crate::wire::ClaimsRequest;
use preau_connector_api::{
    ContentEncryption, Encryption, KeyManagement, OidcService, ProofAlgorithm, SigningAlgorithm,
};
use preau_domain::{AuditEvent, AuditKind, Authentication, AuthnMethod, FactorKind, Public, SessionId};
use preau_keys::SignError;
use preau_keys::jose::Alg;
use preau_keys::jose::jwe::{self, Enc, KeyWrap};
use preau_web::{Door, Hub, Visitor};
use serde::Serialize;

/// A password, checked here.
pub const ACR_PASSWORD: &str = "password";
/// A card of a class and three pictures, in a lesson: less than a password. The same word stands in `amr`, for which RFC 8176 has none.
pub const ACR_CLASS_CARD: &str = "class-card";
/// Two factors of different kinds (REFEDS MFA): a passkey, which verifies its user, or something else beside a password.
pub const ACR_TWO_FACTORS: &str = "https://refeds.org/profile/mfa";
/// A proof that nobody who imitates our pages can use (OpenID Connect EAP ACR Values 1.0): a passkey.
pub const ACR_PHISHING_RESISTANT: &str = "phr";

/// How a service wants things signed, in the words of `keys`.
pub fn alg(of: SigningAlgorithm) -> Alg {
    match of {
        SigningAlgorithm::RS256 => Alg::RS256,
        SigningAlgorithm::ES256 => Alg::ES256,
        SigningAlgorithm::EdDSA => Alg::EdDSA,
    }
}

/// By which algorithms something of a service may be signed.
fn proofs(of: Option<ProofAlgorithm>) -> &'static [Alg] {
    match of {
        None => Alg::ALL,
        Some(ProofAlgorithm::RS256) => &[Alg::RS256],
        Some(ProofAlgorithm::PS256) => &[Alg::PS256],
        Some(ProofAlgorithm::ES256) => &[Alg::ES256],
        Some(ProofAlgorithm::EdDSA) => &[Alg::EdDSA],
    }
}

/// Signs something for a service.
pub fn sign(hub: &Hub, alg: Alg, typ: &str, claims: &impl Serialize) -> Result<String, OidcError> {
    hub.signers.sign(alg, typ, claims, hub.now()).map_err(|error| {
        tracing::error!(%error, "nothing was signed");
        if matches!(error, SignError::NotReady(_)) { OidcError::TemporarilyUnavailable } else { OidcError::ServerError }
    })
}

/// Encrypts a signed token for a service that wants it so. Where no key of the service can be had there is no token: in
/// clear is not what was agreed.
async fn encrypted(
    hub: &Hub,
    keys: &ForeignKeys,
    door: &Door,
    how: Option<Encryption>,
    token: String,
) -> Result<String, OidcError> {
    let Some(Encryption { alg, enc }) = how else { return Ok(token) };
    let wrap = match alg {
        KeyManagement::RsaOaep256 => KeyWrap::RsaOaep256,
        KeyManagement::EcdhEs => KeyWrap::EcdhEs,
        KeyManagement::EcdhEsA256Kw => KeyWrap::EcdhEsA256Kw,
    };
    let enc = match enc {
        ContentEncryption::A128CbcHs256 => Enc::A128CBCHS256,
        ContentEncryption::A128Gcm => Enc::A128GCM,
        ContentEncryption::A256Gcm => Enc::A256GCM,
    };
    let Some(to) = keys.sealing(hub, door, wrap).await else {
        tracing::warn!(service.id = door.service.id.as_str(), "the service has no key to encrypt with");
        return Err(OidcError::TemporarilyUnavailable);
    };
    jwe::seal(&*hub.ids, &to.key, to.kid.as_deref(), wrap, enc, Some("JWT"), token.as_bytes()).map_err(|error| {
        tracing::error!(%error, "nothing was encrypted");
        OidcError::ServerError
    })
}

/// How a service speaks OpenID Connect; a service whose file changed meanwhile may not any more.
pub fn spoken(door: &Door) -> Result<&OidcService, OidcError> {
    door.oidc.as_ref().ok_or(OidcError::UnauthorizedClient("the service does not speak OpenID Connect any more"))
}

/// The name of a session for one service: unrelated to the one any other service hears.
fn sid(hub: &Hub, session: &SessionId, door: &Door) -> String {
    hub.keyring.mac("oidc-sid", &[session.as_str(), door.service.id.as_str()])
}

/// The classes a proof is of, the strongest first: never more than what happened. Our words are ours alone.
fn acrs(authentication: &Authentication) -> Vec<&str> {
    let own = [
        authentication.is_strong().then_some(ACR_TWO_FACTORS),
        authentication.by_passkey().then_some(ACR_PHISHING_RESISTANT),
        authentication.by_password().then_some(ACR_PASSWORD),
        authentication.by_card().then_some(ACR_CLASS_CARD),
    ];
    let ours = |acr: &&str| ![ACR_TWO_FACTORS, ACR_PHISHING_RESISTANT, ACR_PASSWORD, ACR_CLASS_CARD].contains(acr);
    let federated = authentication.method == AuthnMethod::Federated;
    let elsewhere = authentication.acr.as_deref().filter(|acr| federated && ours(acr));
    own.into_iter().chain([elsewhere]).flatten().collect()
}

/// The class that is told of a proof: the first of those asked for that it is of, else the strongest.
fn acr<'a>(authentication: &'a Authentication, asked: &ClaimsRequest) -> Option<&'a str> {
    let own = acrs(authentication);
    let wanted = asked.essential_acr.iter().chain(&asked.wished_acr);
    wanted.filter_map(|acr| own.iter().find(|own| *own == acr)).chain(&own).next().copied()
}

/// The classes somebody who signs in can reach: a password, where any public is asked for one, those of a passkey, and those that
/// other providers are held to.
pub fn classes(hub: &Hub) -> Vec<String> {
    let password = Public::ALL.into_iter().any(|public| hub.asks_password(public)).then(|| ACR_PASSWORD.to_owned());
    let elsewhere = hub.sources.values().filter_map(|source| source.redirect.as_ref()).flat_map(|to| to.classes());
    let strong = hub.passkeys.iter().flat_map(|_| [ACR_TWO_FACTORS.to_owned(), ACR_PHISHING_RESISTANT.to_owned()]);
    let elsewhere = elsewhere.filter(|class| *class != ACR_PASSWORD).cloned();
    let mut all: Vec<String> = password.into_iter().chain(strong).chain(elsewhere).collect();
    all.sort();
    all.dedup();
    all
}

/// How a person proved who they are (RFC 8176).
/// Of a passkey it is not known whether hardware holds it, nor by what it verified its user: it is a key (`pop`), and two factors.
fn amr(authentication: &Authentication) -> Option<Vec<&'static str>> {
    let (first, second) = (authentication.method, authentication.second);
    let mut methods = match first {
        AuthnMethod::DirectoryPassword | AuthnMethod::LocalPassword => vec!["pwd"],
        AuthnMethod::Passkey => vec!["pop", "user"],
        AuthnMethod::ClassCard => vec![ACR_CLASS_CARD],
        AuthnMethod::Federated => Vec::new(),
    };
    match second {
        Some(FactorKind::Passkey) => methods.extend(["pop", "user"]),
        Some(FactorKind::OneTimeCode) => methods.push("otp"),
        Some(FactorKind::RecoveryCode | FactorKind::MailedCode | FactorKind::RememberedDevice) | None => {}
    }
    if acrs(authentication).contains(&ACR_TWO_FACTORS) {
        methods.push("mfa");
    }
    (!methods.is_empty()).then_some(methods)
}

/// Counts a refusal, and tells the journal of it where the journal wants to know.
pub fn tell_refusal(hub: &Hub, mut event: AuditEvent, error: OidcError) {
    metrics::counter!("preau_oidc_refusals_total", "error" => error.word()).increment(1);
    if let Some(kind) = error.audit_kind() {
        event.kind = kind;
        event.detail = error.word().to_owned();
        hub.audit_refusal(event, error.description());
    }
}

/// An event of which nothing is known yet but who asks.
pub fn event(hub: &Hub, visitor: &Visitor) -> AuditEvent {
    AuditEvent::new(hub.now(), AuditKind::AttributesReleased, visitor.correlation().clone(), "")
}
