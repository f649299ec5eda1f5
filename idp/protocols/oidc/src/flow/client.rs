//! Who a service is, at the addresses it calls itself (RFC 6749 2.3, RFC 7523, OpenID Connect Core 9).
//!
//! One way of proof per service, the one it registered; a service nobody knows costs the same work and reads the same
//! answer as a wrong secret.

use crate::OidcError;
use crate::config::{ASSERTION, SKEW};
use crate::flow::proof::Caller;
use crate::foreign::ForeignKeys;
use crate::wire::Presented;
use preau_connector_api::{ClientAuthentication, ClientSecret, OidcService, TlsSubject};
use preau_domain::{Instant, KeptKind, KeptThing, ServiceId};
use preau_keys::jose::{self, ClaimRules, Exp, Expect, Parties, Typ};
use preau_store::StoreError;
use preau_web::{Door, Fields, Hub, Visitor};
use std::net::{IpAddr, Ipv6Addr};

const WRONG: OidcError = OidcError::InvalidClient("the client is unknown or its proof is wrong");

/// The service that calls, once it has proved that it is itself; a public one by its name alone.
pub async fn authenticate(
    hub: &Hub,
    keys: &ForeignKeys,
    caller: &Caller<'_>,
    fields: &Fields,
) -> Result<Door, OidcError> {
    match Presented::read(caller.authorization, fields)? {
        Presented::Basic(name, secret) => by_secret(hub, &name, &secret, ClientAuthentication::ClientSecretBasic),
        Presented::Post(name, secret) => by_secret(hub, &name, &secret, ClientAuthentication::ClientSecretPost),
        Presented::Assertion(assertion, name) => by_assertion(hub, keys, caller, &assertion, name.as_deref()).await,
        Presented::Nothing(name) => {
            let door = named(hub, &name).ok_or(WRONG)?;
            let oidc = door.oidc.as_ref().ok_or(WRONG)?;
            if oidc.is_public() || by_certificate(hub, keys, caller, &door, oidc).await { Ok(door) } else { Err(WRONG) }
        }
    }
}

/// From where something is asked that anybody may ask in the name of a public client, so that a flood is told from everybody else: of
/// an IPv6 address the /48, because whoever has one has thousands of networks. A service that proved itself may ask from anywhere.
pub fn place(hub: &Hub, visitor: &Visitor, oidc: &OidcService) -> Option<String> {
    let site = match visitor.address.filter(|_| oidc.is_public())? {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & (u128::MAX << 80))),
        v4 => v4,
    };
    Some(hub.keyring.mac("asked-from", &[&site.to_string()]))
}

fn named(hub: &Hub, name: &str) -> Option<Door> {
    hub.services().get(&ServiceId::new(name)).filter(|door| door.oidc.is_some()).cloned()
}

fn by_secret(hub: &Hub, name: &str, shown: &str, way: ClientAuthentication) -> Result<Door, OidcError> {
    let door = named(hub, name);
    let right = is_secret_of(door.as_ref(), shown, way);
    door.filter(|_| right).ok_or(WRONG)
}

/// Whether a secret is one of a service that shows it in this way.
fn is_secret_of(door: Option<&Door>, shown: &str, way: ClientAuthentication) -> bool {
    let oidc = door.and_then(|door| door.oidc.as_ref()).filter(|oidc| oidc.authentication == way);
    // Nobody's secret is compared as well: the digest of nothing anybody can send.
    let shown = preau_keys::digest(shown);
    let is = |secret: Option<&ClientSecret>| {
        let expected = match secret {
            Some(ClientSecret::Text(secret)) => preau_keys::digest(secret),
            Some(ClientSecret::Hash(hash)) => hash.clone(),
            None => preau_keys::digest("\0"),
        };
        preau_keys::constant_time_eq(shown.as_bytes(), expected.as_bytes()) & secret.is_some()
    };
    // The former one is compared whether or not the first was right, and whether or not there is one.
    is(oidc.and_then(|oidc| oidc.secret.as_ref())) | is(oidc.and_then(|oidc| oidc.former_secret.as_ref()))
}

/// Whether a sandbox of the bench proves itself: by its secret, in the header or in the form, or by its name when it has none.
pub fn is_sandbox(door: &Door, authorization: Option<&str>, fields: &Fields) -> Result<(), OidcError> {
    let own = door.oidc.as_ref().map(|oidc| oidc.authentication).unwrap_or_default();
    let by_secret = own != ClientAuthentication::None;
    let (name, right) = match Presented::read(authorization, fields)? {
        Presented::Basic(name, secret) | Presented::Post(name, secret) => {
            (name, by_secret && is_secret_of(Some(door), &secret, own))
        }
        Presented::Nothing(name) => (name, !by_secret),
        Presented::Assertion(..) => return Err(OidcError::InvalidClient("a sandbox proves itself by its secret")),
    };
    if right && name == door.service.id.as_str() { Ok(()) } else { Err(WRONG) }
}

/// Whether a service that proves itself by the certificate of its connection (RFC 8705 2) did.
async fn by_certificate(hub: &Hub, keys: &ForeignKeys, caller: &Caller<'_>, door: &Door, oidc: &OidcService) -> bool {
    let Some(certificate) = caller.certificate else { return false };
    let right = match oidc.authentication {
        ClientAuthentication::TlsClientAuth => {
            let named = match &oidc.tls_subject {
                Some(TlsSubject::Dn(name)) => certificate.has_subject(name),
                Some(TlsSubject::Dns(name)) => certificate.has_dns(name),
                Some(TlsSubject::Uri(name)) => certificate.has_uri(name),
                Some(TlsSubject::Ip(name)) => certificate.has_ip(name),
                Some(TlsSubject::Email(name)) => certificate.has_email(name),
                None => false,
            };
            named && hub.client_authorities.issued(certificate, hub.now())
        }
        ClientAuthentication::SelfSignedTlsClientAuth => match certificate.key() {
            Some(key) => keys.holds(hub, door, &key).await,
            None => false,
        },
        _ => false,
    };
    if !right {
        tracing::info!(service.id = door.service.id.as_str(), ?certificate, "a certificate is not that of the service");
    }
    right
}

async fn by_assertion(
    hub: &Hub,
    keys: &ForeignKeys,
    caller: &Caller<'_>,
    assertion: &str,
    name: Option<&str>,
) -> Result<Door, OidcError> {
    let claimed = jose::claimed_issuer(assertion).map_err(|_| WRONG)?;
    if name.is_some_and(|name| name != claimed) {
        return Err(OidcError::InvalidClient("the form names another client than the assertion"));
    }
    let door = named(hub, &claimed).ok_or(WRONG)?;
    let oidc = door.oidc.as_ref().filter(|oidc| oidc.authentication == ClientAuthentication::PrivateKeyJwt);
    let algs = super::proofs(oidc.ok_or(WRONG)?.assertion_signing);
    let expect = Expect { algs, typ: Typ::IsOrAbsent(&["JWT", "client-authentication+jwt"]) };
    let verified = keys.verify(hub, &door, assertion, expect).await.map_err(|error| {
        tracing::info!(service.id = door.service.id.as_str(), %error, "an assertion is not believed");
        WRONG
    })?;
    let now = hub.now();
    // The issuer, the token endpoint at either of our hosts, or the very address that is called (RFC 7523 3, RFC 9126 2):
    // whichever a library takes, it names us and nobody else.
    let token = [hub.base(), caller.base].map(|base| format!("{base}/oidc/token"));
    let called = format!("{}{}", caller.base, caller.path);
    let rules = ClaimRules {
        issuer: &claimed,
        audiences: &[hub.base(), &token[0], &token[1], &called],
        parties: Parties::Alone,
        exp: Exp::Required,
        oldest: None,
        now,
        skew: SKEW,
    };
    verified.check(&rules).map_err(|error| {
        tracing::info!(service.id = door.service.id.as_str(), %error, "an assertion is not for us, or not for now");
        WRONG
    })?;
    let (sub, jti) = (verified.text("sub"), verified.text("jti").filter(|jti| (1..=256).contains(&jti.len())));
    let exp = verified.instant("exp").ok().flatten();
    match (sub, jti, exp) {
        (Some(sub), Some(jti), Some(exp)) if sub == claimed && exp <= now + ASSERTION + SKEW => {
            once(hub, &claimed, jti, exp, now).await?;
            Ok(door)
        }
        _ => Err(OidcError::InvalidClient("the assertion needs sub, jti, and an exp within the hour")),
    }
}

/// Remembers an assertion for as long as it could be shown again.
async fn once(hub: &Hub, client: &str, jti: &str, exp: Instant, now: Instant) -> Result<(), OidcError> {
    let key = preau_keys::one_time_key(&hub.keyring.mac("oidc-assertion", &[client, jti]));
    let thing = KeptThing { key, kind: KeptKind::ReplayGuard, doc: String::new(), expires: exp + SKEW };
    match hub.store.keep(&thing, now).await {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict) => Err(OidcError::InvalidClient("this assertion was shown before")),
        Err(error) => Err(error.into()),
    }
}
