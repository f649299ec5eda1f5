//! How an installation speaks OpenID Connect: what its product and its file say is put together, filled in, and checked.
//! A wildcard, a fragment, plain http or a secret that cannot be read is refused here, before anybody signs on.

use crate::instances::address_ok;
use crate::template::fill;
use preau_connector_api::{
    ClientAuthentication, ClientSecret, LtiSettings, LtiTool, NAMES_AND_ROLES, Network, OidcFlow, OidcGrant,
    OidcService, OidcSettings, ReadFile, SCORES, SigningAlgorithm, TlsSubject,
};
use preau_domain::{Identifier, strict_url};
use preau_keys::jose::jwe::KeyWrap;
use preau_keys::jose::{Jwks, JwksError};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

/// Addresses of one kind a service may register.
const MAX_ADDRESSES: usize = 20;
/// Longest JWK set written in a file.
const MAX_JWKS: usize = 32 * 1024;
/// Shortest secret: 128 bits, however it is written.
const MIN_SECRET: usize = 32;
/// Longest secret, and longest file that holds one.
const MAX_SECRET: usize = 256;

/// Puts the settings together. `wrong` is told each problem with its key.
pub(crate) fn resolve(
    settings: OidcSettings,
    values: &BTreeMap<String, String>,
    network: Network,
    identifier: Identifier,
    folder: &Path,
    wrong: &mut impl FnMut(&str, String),
) -> OidcService {
    let mut settings = settings;
    settings.addresses_mut().for_each(|url| *url = fill(url, values));
    for (key, url) in settings.addresses() {
        if let Err(what) = registered_ok(url, network) {
            wrong(key, format!("`{}`: {what}", preau_domain::display_safe(url, 100)));
        }
    }
    let authentication = settings.authentication.unwrap_or_default();
    // Before it is read.
    let secret_file = settings.client_secret_file.as_ref().map(|file| ReadFile::at(folder.join(file)));
    let (secret, former_secret) = secret(&settings, authentication, folder, wrong).unzip();
    keys(&settings, authentication, wrong);
    let tls_subject = tls_subject(&settings, authentication, wrong);
    let oidc = OidcService {
        redirect_uris: settings.redirect_uris.unwrap_or_default(),
        post_logout_redirect_uris: settings.post_logout_redirect_uris.unwrap_or_default(),
        authentication,
        secret,
        former_secret: former_secret.flatten(),
        secret_file,
        tls_subject,
        certificate_bound: settings.tls_client_certificate_bound_access_tokens.unwrap_or(false),
        jwks: settings.jwks,
        jwks_uri: settings.jwks_uri,
        assertion_signing: settings.assertion_signing,
        request_signing: settings.request_signing,
        signing: settings.signing.unwrap_or_default(),
        userinfo_signing: settings.userinfo_signing,
        id_token_encryption: settings.id_token_encryption,
        userinfo_encryption: settings.userinfo_encryption,
        flows: settings.flows.unwrap_or_else(|| vec![OidcFlow::Code]),
        grants: settings.grants.unwrap_or_else(|| vec![OidcGrant::AuthorizationCode]),
        scopes: scopes(settings.scopes, settings.lti.as_ref()),
        require_pkce: settings.require_pkce.unwrap_or(false) || authentication == ClientAuthentication::None,
        require_pushed: settings.require_pushed.unwrap_or(false),
        require_dpop: settings.require_dpop.unwrap_or(false),
        sector: settings.sector,
        initiate_login_uri: settings.initiate_login_uri,
        backchannel_logout_uri: settings.backchannel_logout_uri,
        frontchannel_logout_uri: settings.frontchannel_logout_uri,
        calls: settings.calls.unwrap_or_default(),
        called_by: settings.called_by.unwrap_or_default(),
        lti: settings.lti.and_then(|lti| tool(lti, wrong)),
    };
    check(&oidc, identifier, wrong);
    oidc
}

/// The scopes it may be given: those of what a tool may do are among them.
fn scopes(written: Option<Vec<String>>, lti: Option<&LtiSettings>) -> Vec<String> {
    let mut scopes = written.unwrap_or_else(|| ["profile", "email", "ent"].map(str::to_owned).into());
    let may = lti.into_iter().flat_map(|lti| lti.may.iter().flatten());
    for scope in may.flat_map(|may| may.scopes()) {
        if !scopes.iter().any(|known| known == scope) {
            scopes.push((*scope).to_owned());
        }
    }
    scopes
}

fn tool(lti: LtiSettings, wrong: &mut impl FnMut(&str, String)) -> Option<LtiTool> {
    let Some(target_link_uri) = lti.target_link_uri else {
        wrong("oidc.lti", "`target_link_uri` is missing: where a launch ends".into());
        return None;
    };
    let deployment_id = lti.deployment_id.unwrap_or_else(|| "1".to_owned());
    Some(LtiTool { target_link_uri, deployment_id, may: lti.may.unwrap_or_default() })
}

/// A tool is opened by a sign-on that it begins, and answered with a signed message in a form.
fn check_lti(oidc: &OidcService, lti: &LtiTool, identifier: Identifier, wrong: &mut impl FnMut(&str, String)) {
    if identifier != Identifier::Pairwise {
        wrong(
            "identifier",
            "a tool of LTI is told whom it opens for in an address: `pairwise`, and nothing else".into(),
        );
    }
    let asks = |scope: &String| scope == NAMES_AND_ROLES || scope == SCORES;
    if oidc.scopes.iter().any(asks) && !oidc.grants.contains(&OidcGrant::ClientCredentials) {
        let what = "a tool that may ask for a roster or keep marks does so in its own name: `client_credentials`";
        wrong("oidc.grants", what.into());
    }
    if oidc.initiate_login_uri.is_none() {
        wrong("oidc.initiate_login_uri", "a tool of LTI begins its sign-on at an address of its own".into());
    }
    if !oidc.flows.contains(&OidcFlow::Implicit) {
        wrong("oidc.flows", "a tool of LTI is answered with an ID token: `implicit`".into());
    }
    if oidc.signing != SigningAlgorithm::RS256 {
        wrong("oidc.signing", "messages of LTI are signed with RS256".into());
    }
    let visible = |text: &str| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if !visible(&lti.deployment_id) {
        wrong("oidc.lti.deployment_id", "a deployment is named by 1 to 255 visible ASCII characters".into());
    }
}

fn check(oidc: &OidcService, identifier: Identifier, wrong: &mut impl FnMut(&str, String)) {
    let by_browser = oidc.grants.contains(&OidcGrant::AuthorizationCode) || oidc.flows != [OidcFlow::Code];
    if by_browser && oidc.redirect_uris.is_empty() {
        wrong("oidc.redirect_uris", "at least one address to answer to is needed".into());
    }
    for (key, list) in [
        ("oidc.redirect_uris", &oidc.redirect_uris),
        ("oidc.post_logout_redirect_uris", &oidc.post_logout_redirect_uris),
    ] {
        if list.len() > MAX_ADDRESSES {
            wrong(key, format!("more than {MAX_ADDRESSES} addresses"));
        }
    }
    if !oidc.scopes.iter().all(|scope| scope_ok(scope)) || oidc.scopes.len() > MAX_ADDRESSES {
        wrong("oidc.scopes", "a scope is a word of 1 to 128 of a-z, 0-9, `_`, `.`, `:`, `/` and `-`".into());
    }
    if let Some(lti) = &oidc.lti {
        check_lti(oidc, lti, identifier, wrong);
    }
    if let Some(sector) = &oidc.sector
        && !crate::catalogue::id_ok(sector)
    {
        wrong("oidc.sector", "a sector is named by 1 to 64 of a-z, 0-9 and -".into());
    }
    for (key, names) in [("oidc.calls", &oidc.calls), ("oidc.called_by", &oidc.called_by)] {
        if !names.iter().all(|name| crate::catalogue::id_ok(name)) || names.len() > MAX_ADDRESSES {
            wrong(key, format!("at most {MAX_ADDRESSES} services, each by the name of its instance file"));
        }
    }
    if oidc.grants.contains(&OidcGrant::TokenExchange) && oidc.calls.is_empty() {
        wrong("oidc.calls", "token exchange needs the services that may be called".into());
    }
    if oidc.assertion_signing.is_some() && oidc.authentication != ClientAuthentication::PrivateKeyJwt {
        wrong("oidc.assertion_signing", "only a service that authenticates by private_key_jwt signs assertions".into());
    }
    if oidc.request_signing.is_some() && oidc.jwks.is_none() && oidc.jwks_uri.is_none() {
        wrong("oidc.request_signing", "`jwks` or `jwks_uri` is needed: the keys requests are signed with".into());
    }
    let own = [OidcGrant::ClientCredentials, OidcGrant::TokenExchange];
    if oidc.is_public() && own.iter().any(|grant| oidc.grants.contains(grant)) {
        wrong("oidc.grants", "a public client has no credentials of its own".into());
    }
    if identifier == Identifier::Uai {
        wrong("identifier", "`sub` names a person, and `uai` an establishment".into());
    }
}

fn scope_ok(scope: &str) -> bool {
    (1..=128).contains(&scope.len())
        && scope.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.:/-".contains(&b))
}

/// Whether an address may be registered: strict, exact, without fragment, and over TLS unless it stays on one machine or
/// the operator said that the service lives on a private network.
pub(crate) fn registered_ok(address: &str, network: Network) -> Result<(), &'static str> {
    if address.contains('*') {
        return Err("no wildcard: each address is registered as it is");
    }
    if address.contains('#') {
        return Err("no fragment");
    }
    if address.len() > 2048 {
        return Err("at most 2048 bytes");
    }
    address_ok(address, network)?;
    // What is compared byte by byte must be what a browser makes of it.
    let written =
        strict_url(address).is_some_and(|url| url.as_str() == address || url.as_str() == format!("{address}/"));
    if written { Ok(()) } else { Err("write it as a browser does: host in small letters, without its usual port") }
}

/// The secret of a service that has one, and the one it had before.
fn secret(
    settings: &OidcSettings,
    authentication: ClientAuthentication,
    folder: &Path,
    wrong: &mut impl FnMut(&str, String),
) -> Option<(ClientSecret, Option<ClientSecret>)> {
    use ClientAuthentication::{ClientSecretBasic, ClientSecretPost};
    let key = if settings.client_secret_hash.is_some() { "oidc.client_secret_hash" } else { "oidc.client_secret_file" };
    let by_secret = matches!(authentication, ClientSecretBasic | ClientSecretPost);
    match (&settings.client_secret_file, &settings.client_secret_hash) {
        (None, None) if !by_secret => None,
        (None, None) => {
            wrong("oidc", "client_secret_file or client_secret_hash is needed, or another `authentication`".into());
            None
        }
        (Some(_), Some(_)) => {
            wrong(key, "the secret is given by its file or by its hash, not by both".into());
            None
        }
        _ if !by_secret => {
            wrong(key, format!("a service that authenticates by {} has no secret", authentication.as_str()));
            None
        }
        (Some(file), None) => match secret_of(&folder.join(file)) {
            Ok((secret, former)) => Some((ClientSecret::Text(secret), former.map(ClientSecret::Text))),
            Err(what) => {
                wrong(key, what);
                None
            }
        },
        (None, Some(hash)) => {
            let is_digest = hash.len() == 43 && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
            if !is_digest {
                wrong(key, "a SHA-256 in base64url has 43 characters".into());
            }
            is_digest.then(|| (ClientSecret::Hash(hash.clone()), None))
        }
    }
}

/// The line of a file, and the second one if there is.
fn secret_of(path: &Path) -> Result<(String, Option<String>), String> {
    let shown = path.display();
    let plain = fs::metadata(path).is_ok_and(|found| found.is_file());
    let file =
        fs::File::open(path).ok().filter(|_| plain).ok_or_else(|| format!("{shown} is no file that can be read"))?;
    let mut text = String::new();
    let read = file.take(2 * (MAX_SECRET as u64 + 2) + 1).read_to_string(&mut text);
    let lines: Vec<&str> = text.lines().collect();
    let sound =
        |line: &&str| (MIN_SECRET..=MAX_SECRET).contains(&line.len()) && line.bytes().all(|b| b.is_ascii_graphic());
    match (read, lines.as_slice()) {
        (Ok(_), [secret]) if sound(secret) => Ok(((*secret).to_owned(), None)),
        (Ok(_), [secret, former]) if sound(secret) && sound(former) => {
            Ok(((*secret).to_owned(), Some((*former).to_owned())))
        }
        _ => Err(format!(
            "{shown} holds one line of {MIN_SECRET} to {MAX_SECRET} visible ASCII characters, and while it is replaced the former one below"
        )),
    }
}

/// What the certificate of a service says of it: one thing, where it proves itself by a certificate that was issued to it.
fn tls_subject(
    settings: &OidcSettings,
    authentication: ClientAuthentication,
    wrong: &mut impl FnMut(&str, String),
) -> Option<TlsSubject> {
    let ip_ok = |text: &str| text.parse::<IpAddr>().is_ok();
    let word_ok =
        |text: &str| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && b != b'*');
    let mut said = Vec::new();
    let mut take =
        |key: &'static str, text: &Option<String>, ok: &dyn Fn(&str) -> bool, of: fn(String) -> TlsSubject| {
            if let Some(text) = text {
                said.push((key, ok(text).then(|| of(text.clone()))));
            }
        };
    take(
        "oidc.tls_client_auth_subject_dn",
        &settings.tls_client_auth_subject_dn,
        &preau_keys::is_subject,
        TlsSubject::Dn,
    );
    take("oidc.tls_client_auth_san_dns", &settings.tls_client_auth_san_dns, &word_ok, TlsSubject::Dns);
    take("oidc.tls_client_auth_san_uri", &settings.tls_client_auth_san_uri, &word_ok, TlsSubject::Uri);
    take("oidc.tls_client_auth_san_ip", &settings.tls_client_auth_san_ip, &ip_ok, TlsSubject::Ip);
    take("oidc.tls_client_auth_san_email", &settings.tls_client_auth_san_email, &word_ok, TlsSubject::Email);
    let by_name = authentication == ClientAuthentication::TlsClientAuth;
    match said.as_slice() {
        [] if !by_name => None,
        [(key, _), ..] if !by_name => {
            wrong(key, format!("is for tls_client_auth, not for {}", authentication.as_str()));
            None
        }
        [(key, None)] => {
            wrong(key, "is none: CN=name,O=organisation,C=FR (RFC 4514), or a name without wildcard or blank".into());
            None
        }
        [(_, subject)] => subject.clone(),
        _ => {
            wrong("oidc", "tls_client_auth needs exactly one of the five tls_client_auth_… keys".into());
            None
        }
    }
}

/// Whether the public keys a service needs are told, and told once.
fn keys(settings: &OidcSettings, authentication: ClientAuthentication, wrong: &mut impl FnMut(&str, String)) {
    if settings.jwks.is_some() && settings.jwks_uri.is_some() {
        wrong("oidc.jwks", "keys are given here or at `jwks_uri`, not in both places".into());
    }
    let by_key = [ClientAuthentication::PrivateKeyJwt, ClientAuthentication::SelfSignedTlsClientAuth];
    if by_key.contains(&authentication) && settings.jwks.is_none() && settings.jwks_uri.is_none() {
        wrong("oidc", format!("`jwks` or `jwks_uri` is needed for {}", authentication.as_str()));
    }
    let set = settings.jwks.as_ref().filter(|text| text.len() <= MAX_JWKS).map(|text| Jwks::parse(text.as_bytes()));
    match &set {
        Some(Ok(_)) => {}
        Some(Err(JwksError::Private)) => {
            wrong(
                "oidc.jwks",
                "a private or symmetric key lies open in it: replace that key, and give its public half".into(),
            );
        }
        None if settings.jwks.is_none() => {}
        _ => wrong("oidc.jwks", "a JWK set is JSON such as {\"keys\": […]}, of at most 32 KiB".into()),
    }
    if settings.userinfo_encryption.is_some() && settings.userinfo_signing.is_none() {
        wrong("oidc.userinfo_encryption", "what is encrypted is signed first: say how by `userinfo_signing`".into());
    }
    for (key, encryption) in [
        ("oidc.id_token_encryption", settings.id_token_encryption),
        ("oidc.userinfo_encryption", settings.userinfo_encryption),
    ] {
        let Some(alg) = encryption.map(|encryption| encryption.alg.as_str()) else { continue };
        if settings.jwks.is_none() && settings.jwks_uri.is_none() {
            wrong(key, "`jwks` or `jwks_uri` is needed: the key to encrypt with".into());
        }
        // What an address publishes is looked at when it is needed.
        let usable = |set: &Jwks| KeyWrap::named(alg).is_some_and(|wrap| set.sealing(wrap).is_some());
        if let Some(Ok(set)) = &set
            && !usable(set)
        {
            wrong(key, format!("no key of `jwks` can be encrypted with by {alg}: an RSA or P-256 key with use `enc`"));
        }
    }
}

#[cfg(test)]
#[path = "oidc/tests.rs"]
mod tests;
