//! Which key a caller holds (RFC 9449): the proof of a call is for this very call, made now, and shown once.
//!
//! How fresh a proof is says the nonce in it, not the clock of whoever made it: a number of ours that every caller may read,
//! that changes every two minutes and that nothing keeps. Whoever asks without one is given it, and asks again.

use crate::OidcError;
use crate::config::{NONCE, PROOF};
use http::Method;
use preau_domain::{Instant, KeptKind, KeptThing, strict_url};
use preau_keys::ClientCertificate;
use preau_keys::jose::dpop;
use preau_keys::jose::{Alg, Verified};
use preau_store::StoreError;
use preau_web::{Hub, Visitor};

/// What a call of a service says besides its form.
pub struct Caller<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `DPoP` header: one line, or none.
    pub proof: Result<Option<&'a str>, OidcError>,
    /// The number it bears.
    pub visitor: &'a Visitor,
    /// The certificate of its connection.
    pub certificate: Option<&'a ClientCertificate>,
    /// How the address is called.
    pub method: &'a Method,
    /// At which of our hosts.
    pub base: &'a str,
    /// Its path.
    pub path: &'a str,
}

/// A sound proof that was not looked for among those shown before.
pub struct Proof {
    /// The key whose holder made it, by its thumbprint.
    pub jkt: String,
    jti: String,
}

/// What a proof is for, besides its call.
#[derive(Clone, Copy)]
pub enum For<'a> {
    /// Tokens that are asked for.
    Tokens,
    /// The use of this access token.
    Access(&'a str),
}

/// The proof of a call, if it shows one.
pub fn read(hub: &Hub, caller: &Caller<'_>, of: For<'_>) -> Result<Option<Proof>, OidcError> {
    let Some(text) = caller.proof? else { return Ok(None) };
    let proof = dpop::read(text, Alg::ALL).map_err(|error| {
        tracing::info!(%error, "a DPoP proof is not believed");
        OidcError::InvalidDpopProof("the proof is no dpop+jwt that is signed by the public key in it")
    })?;
    let said = &proof.said;
    if said.text("htm") != Some(caller.method.as_str()) || !said.text("htu").is_some_and(|htu| is_here(caller, htu)) {
        return Err(OidcError::InvalidDpopProof("htm and htu are not this call: method and address without query"));
    }
    let bound = match of {
        For::Tokens => None,
        For::Access(token) => Some(preau_keys::digest(token)),
    };
    if bound.is_some() && said.text("ath") != bound.as_deref() {
        return Err(OidcError::InvalidDpopProof("ath is not the hash of this access token"));
    }
    let jti = said.text("jti").filter(|jti| (1..=256).contains(&jti.len()));
    let jti = jti.ok_or(OidcError::InvalidDpopProof("jti is a text of 1 to 256 characters"))?.to_owned();
    if !in_time(said, hub.now()) {
        return Err(OidcError::InvalidDpopProof("iat is missing, or five minutes away from now"));
    }
    match said.text("nonce") {
        Some(nonce) if nonce_ok(hub, nonce) => Ok(Some(Proof { jti, jkt: proof.thumbprint })),
        _ => Err(OidcError::UseDpopNonce),
    }
}

impl Proof {
    /// The key, once the proof is remembered for as long as it could be shown again.
    pub async fn once(self, hub: &Hub) -> Result<String, OidcError> {
        let key = preau_keys::one_time_key(&hub.keyring.mac("oidc-dpop", &[&self.jkt, &self.jti]));
        let now = hub.now();
        let expires = now + NONCE + NONCE;
        let thing = KeptThing { key, kind: KeptKind::ReplayGuard, doc: String::new(), expires };
        match hub.store.keep(&thing, now).await {
            Ok(()) => Ok(self.jkt),
            Err(StoreError::Conflict) => Err(OidcError::InvalidDpopProof("this proof was shown before")),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether an address in a proof is the one that is called. Letter case of the host, the usual port, query and fragment do
/// not count (RFC 9449 4.3).
fn is_here(caller: &Caller<'_>, htu: &str) -> bool {
    let Some(mut url) = strict_url(htu) else { return false };
    url.set_query(None);
    url.set_fragment(None);
    strict_url(&format!("{}{}", caller.base, caller.path)).is_some_and(|here| here == url)
}

fn in_time(said: &Verified, now: Instant) -> bool {
    let at = |name| said.instant(name);
    let made = matches!(at("iat"), Ok(Some(iat)) if iat + PROOF >= now && iat <= now + PROOF);
    let ended = match at("exp") {
        Ok(exp) => exp.is_some_and(|exp| exp + PROOF <= now),
        Err(_) => true,
    };
    let begun = matches!(at("nbf"), Ok(nbf) if nbf.is_none_or(|nbf| nbf <= now + PROOF));
    made && begun && !ended
}

/// The nonce of this moment: good for two to four minutes.
pub fn nonce(hub: &Hub) -> String {
    nonce_of(hub, hub.now())
}

fn nonce_of(hub: &Hub, at: Instant) -> String {
    hub.keyring.mac("oidc-dpop-nonce", &[&(at.seconds() / NONCE.0).to_string()])
}

fn nonce_ok(hub: &Hub, shown: &str) -> bool {
    let now = hub.now();
    [now, now - NONCE].into_iter().any(|at| {
        let expected = nonce_of(hub, at);
        preau_keys::constant_time_eq(expected.as_bytes(), shown.as_bytes())
    })
}
