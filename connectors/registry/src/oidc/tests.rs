//! What settings make of a service, and what is refused. Each refusal stands beside settings that are taken.

use super::*;
use preau_keys::jose::{Alg, PrivateKey};

const SECRET: &str = "0123456789abcdefghijABCDEFGHIJ-_=";

fn resolved(text: &str) -> (OidcService, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.secret"), format!("{SECRET}\n")).unwrap();
    std::fs::write(folder.path().join("short.secret"), "hunter2\n").unwrap();
    std::fs::write(folder.path().join("two.secret"), format!("{}\n{SECRET}\n", SECRET.replace('0', "z"))).unwrap();
    std::fs::write(folder.path().join("three.secret"), format!("{SECRET}\n").repeat(3)).unwrap();
    let settings: OidcSettings = toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let values = BTreeMap::from([("url".to_owned(), "https://app.example".to_owned())]);
    let mut problems = Vec::new();
    let mut wrong = |key: &str, what: String| problems.push(format!("{key}: {what}"));
    let oidc = resolve(settings, &values, Network::Public, Identifier::Pairwise, folder.path(), &mut wrong);
    (oidc, problems)
}

const GOOD: &str = "redirect_uris = [\"{url}/cb\"]\nclient_secret_file = \"app.secret\"\n";

#[test]
fn a_secret_that_is_replaced_once_it_was_read_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.secret");
    std::fs::write(&path, format!("{SECRET}\n")).unwrap();
    let values = BTreeMap::from([("url".to_owned(), "https://app.example".to_owned())]);
    let (settings, mut wrong) = (toml::from_str(GOOD).unwrap(), |_: &str, what: String| panic!("{what}"));
    let oidc = resolve(settings, &values, Network::Public, Identifier::Pairwise, folder.path(), &mut wrong);
    let read = oidc.secret_file.unwrap();
    assert_eq!(read, ReadFile::at(path.clone()), "control");
    std::fs::write(folder.path().join("new"), format!("{}\n", SECRET.replace('0', "z"))).unwrap();
    std::fs::rename(folder.path().join("new"), &path).unwrap();
    assert_ne!(read, ReadFile::at(path.clone()), "of the same length and within the same second");
    std::fs::remove_file(&path).unwrap();
    assert_ne!(read, ReadFile::at(path), "gone");
}

#[test]
fn a_product_and_an_installation_make_a_client() {
    let (oidc, problems) = resolved(GOOD);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(oidc.redirect_uris, ["https://app.example/cb"]);
    assert_eq!(oidc.secret, Some(ClientSecret::Text(SECRET.to_owned())));
    assert_eq!(oidc.grants, [OidcGrant::AuthorizationCode]);
    assert!(!oidc.require_pkce && !oidc.is_public() && oidc.former_secret.is_none());
    let (oidc, problems) = resolved(&GOOD.replace("app.secret", "two.secret"));
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(oidc.former_secret, Some(ClientSecret::Text(SECRET.to_owned())), "while it is replaced");
    assert!(!format!("{oidc:?}").contains(SECRET), "a secret shows in a log");
    let product: OidcSettings = toml::from_str(GOOD).unwrap();
    let installation: OidcSettings = toml::from_str("authentication = \"client_secret_post\"").unwrap();
    let both = installation.over(product);
    assert_eq!(both.authentication, Some(ClientAuthentication::ClientSecretPost));
    assert!(both.redirect_uris.is_some());
}

#[test]
fn a_public_client_has_pkce_and_no_secret() {
    let (oidc, problems) = resolved("redirect_uris = [\"http://127.0.0.1/cb\"]\nauthentication = \"none\"\n");
    assert_eq!(problems, Vec::<String>::new());
    assert!(oidc.require_pkce && oidc.is_public() && oidc.secret.is_none());
    let (_, problems) = resolved(&format!("{GOOD}authentication = \"none\"\n"));
    assert!(problems.len() == 1 && problems[0].contains("has no secret"), "{problems:?}");
}

#[test]
fn an_address_is_registered_as_it_is_or_not_at_all() {
    for (uri, told) in [
        ("{url}/*", "no wildcard"),
        ("https://*.example/cb", "no wildcard"),
        ("{url}/cb#x", "no fragment"),
        ("http://app.example/cb", "https is required"),
        ("https://APP.example/cb", "write it as a browser does"),
        ("https://app.example:443/cb", "write it as a browser does"),
        ("https://app.example/a/../cb", "not a plain https address"),
        ("app.example:/cb", "not a plain https address"),
        ("javascript:alert(1)", "not a plain https address"),
        (&format!("{{url}}/{}", "x".repeat(2100)), "at most 2048 bytes"),
    ] {
        for key in ["redirect_uris", "post_logout_redirect_uris"] {
            let text = GOOD.replace("redirect_uris = [\"{url}/cb\"]", &format!("{key} = [\"{uri}\"]"));
            let text = if key == "redirect_uris" { text } else { format!("redirect_uris = [\"{{url}}/cb\"]\n{text}") };
            let (_, problems) = resolved(&text);
            assert!(problems.len() == 1 && problems[0].contains(told), "{uri}: {problems:?}");
        }
    }
    for uri in ["{url}/cb?a=1", "{url}", "https://other.example:8443/cb", "http://localhost:3000/cb", "http://[::1]/cb"]
    {
        let (_, problems) = resolved(&GOOD.replace("{url}/cb", uri));
        assert_eq!(problems, Vec::<String>::new(), "{uri}");
    }
}

fn by_tls(more: &str) -> String {
    GOOD.replace("client_secret_file = \"app.secret\"", "authentication = \"tls_client_auth\"") + more
}

#[test]
fn a_service_may_prove_itself_by_a_certificate() {
    let (oidc, problems) = resolved(&by_tls("tls_client_auth_subject_dn = \"CN=atelier,O=Atelier,C=FR\"\n"));
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(oidc.tls_subject, Some(TlsSubject::Dn("CN=atelier,O=Atelier,C=FR".to_owned())));
    assert!(!oidc.certificate_bound && !oidc.is_public() && oidc.secret.is_none());
}

#[test]
fn what_cannot_work_is_told() {
    for (text, told) in [
        ("client_secret_file = \"app.secret\"\n".to_owned(), "at least one address"),
        (GOOD.replace("app.secret", "three.secret"), "one line of 32"),
        (format!("{GOOD}assertion_signing = \"ES256\"\n"), "signs assertions"),
        (format!("{GOOD}request_signing = \"PS256\"\n"), "`jwks` or `jwks_uri` is needed"),
        ("redirect_uris = [\"{url}/cb\"]\n".into(), "client_secret_file or client_secret_hash is needed"),
        (GOOD.replace("app.secret", "absent.secret"), "no file that can be read"),
        (GOOD.replace("app.secret", "short.secret"), "one line of 32"),
        (format!("{GOOD}client_secret_hash = \"x\"\n"), "not by both"),
        ("redirect_uris = [\"{url}/cb\"]\nclient_secret_hash = \"x\"\n".into(), "43 characters"),
        ("redirect_uris = [\"{url}/cb\"]\nauthentication = \"private_key_jwt\"\n".into(), "`jwks` or `jwks_uri`"),
        (format!("{GOOD}jwks = '{{\"keys\":1}}'\n"), "a JWK set is JSON"),
        (
            format!("{GOOD}grants = [\"urn:ietf:params:oauth:grant-type:token-exchange\"]\n"),
            "the services that may be called",
        ),
        (
            GOOD.replace("client_secret_file = \"app.secret\"", "authentication = \"none\"")
                + "grants = [\"authorization_code\", \"client_credentials\"]\n",
            "no credentials of its own",
        ),
        (format!("{GOOD}calls = [\"https://notes.example\"]\n"), "by the name of its instance file"),
        (format!("{GOOD}called_by = [\"*\"]\n"), "by the name of its instance file"),
        (format!("{GOOD}jwks = '{{\"keys\":[]}}'\njwks_uri = \"{{url}}/keys\"\n"), "not in both places"),
        (by_tls(""), "exactly one of the five"),
        (
            by_tls("tls_client_auth_san_dns = \"a.example\"\ntls_client_auth_san_ip = \"::1\"\n"),
            "exactly one of the five",
        ),
        (by_tls("tls_client_auth_subject_dn = \"atelier\"\n"), "RFC 4514"),
        (by_tls("tls_client_auth_san_dns = \"*.example\"\n"), "without wildcard"),
        (by_tls("tls_client_auth_san_ip = \"a.example\"\n"), "RFC 4514"),
        (format!("{GOOD}tls_client_auth_san_dns = \"a.example\"\n"), "is for tls_client_auth"),
        (by_tls("").replace("tls_client_auth", "self_signed_tls_client_auth"), "`jwks` or `jwks_uri`"),
        (format!("{GOOD}jwks = '{{\"keys\":[{{\"kty\":\"EC\",\"d\":\"AA\"}}]}}'\n"), "a private or symmetric key"),
        (format!("{GOOD}id_token_encryption = {{ alg = \"ECDH-ES\" }}\n"), "`jwks` or `jwks_uri` is needed"),
        (format!("{GOOD}scopes = [\"Profile!\"]\n"), "a scope is a word"),
        (format!("{GOOD}sector = \"a sector\"\n"), "a sector is named"),
        (format!("{GOOD}backchannel_logout_uri = \"http://app.example/out\"\n"), "https is required"),
    ] {
        let (_, problems) = resolved(&text);
        assert!(problems.len() == 1 && problems[0].contains(told), "{text}\n{problems:?}");
    }
    assert_eq!(resolved(GOOD).1, Vec::<String>::new(), "control");
    assert!(toml::from_str::<OidcSettings>("redirect_uri = \"x\"").is_err(), "an unknown key is refused");
}

#[test]
fn what_is_encrypted_is_encrypted_with_a_key_there_is() {
    use preau_keys::jose::jwe::DecryptionKey;
    let (signs, opens) = (PrivateKey::draw(Alg::ES256), DecryptionKey::draw(KeyWrap::EcdhEs));
    let with = |key: serde_json::Map<String, serde_json::Value>, more: &str| {
        let jwks = serde_json::json!({ "keys": [key] });
        resolved(&format!("{GOOD}jwks = '{jwks}'\nid_token_encryption = {{ alg = \"ECDH-ES\" }}\n{more}"))
    };
    let (oidc, problems) = with(opens.to_jwk(KeyWrap::EcdhEs), "");
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(oidc.id_token_encryption.unwrap().enc.as_str(), "A128CBC-HS256", "the default of the standard");
    let (_, problems) = with(signs.public().to_jwk("signs", Alg::ES256), "");
    assert!(problems.len() == 1 && problems[0].contains("no key of `jwks`"), "{problems:?}");
    let userinfo = "userinfo_encryption = { alg = \"ECDH-ES\", enc = \"A256GCM\" }\n";
    let (_, problems) = with(opens.to_jwk(KeyWrap::EcdhEs), userinfo);
    assert!(problems.len() == 1 && problems[0].contains("signed first"), "{problems:?}");
    let signed = format!("{userinfo}userinfo_signing = \"ES256\"\n");
    assert_eq!(with(opens.to_jwk(KeyWrap::EcdhEs), &signed).1, Vec::<String>::new());
    for wrong in ["{ alg = \"RSA1_5\" }", "{ alg = \"dir\" }", "{ alg = \"ECDH-ES\", enc = \"none\" }", "{}"] {
        assert!(toml::from_str::<OidcSettings>(&format!("id_token_encryption = {wrong}")).is_err(), "{wrong}");
    }
}
