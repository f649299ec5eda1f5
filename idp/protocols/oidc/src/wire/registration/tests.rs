use super::*;

fn read(document: Value) -> Result<Metadata, NotRegistered> {
    Metadata::read(document.to_string().as_bytes())
}

fn with(change: Value) -> Result<Metadata, NotRegistered> {
    let mut document = json!({ "redirect_uris": ["https://atelier.example/cb"], "client_name": "Atelier" });
    for (name, value) in change.as_object().unwrap() {
        document[name] = value.clone();
    }
    read(document)
}

#[test]
fn what_is_not_said_is_what_the_standard_says() {
    let plain =
        read(json!({ "redirect_uris": ["https://atelier.example/cb?x=1"], "unheard_of": { "a": [1] } })).unwrap();
    assert_eq!((plain.title.as_str(), plain.url.as_str()), ("atelier.example", "https://atelier.example"));
    let settings = plain.settings;
    assert_eq!(settings.authentication, Some(ClientAuthentication::ClientSecretBasic));
    assert_eq!(settings.signing, Some(SigningAlgorithm::RS256));
    assert_eq!(settings.grants, Some(vec![OidcGrant::AuthorizationCode]));
    assert_eq!(settings.flows, Some(vec![OidcFlow::Code]));
    assert_eq!(settings.scopes, Some(["profile", "email", "ent"].map(str::to_owned).into()));
    assert_eq!((settings.client_secret_hash, settings.client_secret_file), (None, None));
    let scopes = with(json!({ "scope": "openid email admin offline_access" })).unwrap().settings.scopes;
    assert_eq!(scopes, Some(["email", "offline_access"].map(str::to_owned).into()));
}

#[test]
fn an_answer_goes_to_an_exact_address_and_nowhere_else() {
    for bad in [
        "http://atelier.example/cb",
        "https://atelier.example/cb#x",
        "https://atelier.example/*",
        "https://*.example/cb",
        "https://localhost/cb",
        "https://a.localhost/cb",
        "https://intranet/cb",
        "https://127.0.0.1/cb",
        "https://10.0.0.7/cb",
        "https://[::1]/cb",
        "http://localhost/cb",
        "https://a@atelier.example/cb",
        "https://atelier.example/../cb",
        "javascript:alert(1)",
        "com.example.app:/cb",
        "",
    ] {
        let refused = read(json!({ "redirect_uris": ["https://atelier.example/cb", bad] })).unwrap_err();
        assert_eq!(refused.code(), "invalid_redirect_uri", "{bad}");
    }
    for bad in [json!([]), json!(vec!["https://atelier.example/cb"; 21])] {
        assert_eq!(with(json!({ "redirect_uris": bad })).unwrap_err().code(), "invalid_redirect_uri");
    }
    assert_eq!(read(json!({})).unwrap_err().code(), "invalid_redirect_uri");
    for good in ["http://127.0.0.1/cb", "http://[::1]:8080/cb", "http://localhost:3000/cb"] {
        let native = json!({ "redirect_uris": [good], "application_type": "native" });
        assert!(read(native).is_ok(), "{good}");
        assert!(read(json!({ "redirect_uris": [good] })).is_err(), "{good} on the web");
    }
    assert!(with(json!({ "redirect_uris": vec!["https://atelier.example/cb"; 20] })).is_ok(), "control");
}

#[test]
fn no_address_leads_inside() {
    for name in [
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "jwks_uri",
        "initiate_login_uri",
        "backchannel_logout_uri",
        "frontchannel_logout_uri",
    ] {
        for bad in
            ["http://atelier.example/x", "https://127.0.0.1/x", "https://localhost/x", "https://atelier.example/#x"]
        {
            assert_eq!(with(json!({ name: bad })).unwrap_err().code(), "invalid_client_metadata", "{name} {bad}");
        }
        assert!(with(json!({ name: "https://atelier.example/x" })).is_ok(), "control: {name}");
    }
    assert!(with(json!({ "client_uri": "https://elsewhere.example/" })).is_err(), "a tile leads to the service itself");
}

#[test]
fn what_is_not_done_here_is_refused_and_not_passed_over() {
    for bad in [
        json!({ "response_types": ["id_token"] }),
        json!({ "response_types": ["code", "code id_token"] }),
        json!({ "grant_types": ["implicit"] }),
        json!({ "grant_types": ["refresh_token"] }),
        json!({ "grant_types": ["authorization_code", "client_credentials"] }),
        json!({ "subject_type": "public" }),
        json!({ "sector_identifier_uri": "https://169.254.169.254/" }),
        json!({ "request_uris": ["https://atelier.example/r"] }),
        json!({ "id_token_encrypted_response_alg": "RSA1_5" }),
        json!({ "userinfo_encrypted_response_alg": "RSA-OAEP" }),
        json!({ "id_token_encrypted_response_enc": "A256GCM" }),
        json!({ "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A192GCM" }),
        json!({ "request_object_encryption_alg": "RSA-OAEP-256" }),
        json!({ "require_signed_request_object": true }),
        json!({ "authorization_signed_response_alg": "RS256" }),
        json!({ "introspection_signed_response_alg": "RS256" }),
        json!({ "id_token_signed_response_alg": "none" }),
        json!({ "id_token_signed_response_alg": "HS256" }),
        json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
        json!({ "token_endpoint_auth_signing_alg": "none" }),
        json!({ "request_object_signing_alg": "HS256" }),
        json!({ "application_type": "desktop" }),
        json!({ "default_max_age": 60 }),
        json!({ "dpop_bound_access_tokens": "yes" }),
        json!({ "client_name": "<b>Pronote</b>" }),
        json!({ "client_name": "a\u{202e}b" }),
        json!({ "client_name": "" }),
        json!({ "client_name": "x".repeat(81) }),
        json!({ "client_name": 7 }),
        json!({ "redirect_uris": "https://atelier.example/cb" }),
    ] {
        assert_eq!(with(bad.clone()).unwrap_err().code(), "invalid_client_metadata", "{bad}");
    }
    assert_eq!(with(json!({ "software_statement": "e30" })).unwrap_err().code(), "unapproved_software_statement");
    for body in ["", "[]", "null", "{", r#"{"client_name":"a","client_name":"b"}"#] {
        assert_eq!(Metadata::read(body.as_bytes()).unwrap_err().code(), "invalid_client_metadata", "{body}");
    }
    let deep = format!(r#"{{"jwks":{}}}"#, "[".repeat(10_000));
    assert!(Metadata::read(deep.as_bytes()).is_err());
    assert!(with(json!({ "x": "y".repeat(MAX_METADATA) })).is_err(), "too long");
    assert!(with(json!({})).is_ok(), "control");
}

#[test]
fn what_is_done_here_is_kept_as_it_was_said() {
    let said = with(json!({
        "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256",
        "request_object_signing_alg": "PS256", "jwks_uri": "https://atelier.example/keys",
        "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A256GCM",
        "userinfo_encrypted_response_alg": "RSA-OAEP-256", "dpop_bound_access_tokens": true,
        "tls_client_certificate_bound_access_tokens": true, "require_pushed_authorization_requests": true,
    }));
    let settings = said.unwrap().settings;
    let signed = (settings.assertion_signing, settings.request_signing, settings.userinfo_signing);
    let expected = (Some(ProofAlgorithm::ES256), Some(ProofAlgorithm::PS256), Some(SigningAlgorithm::RS256));
    assert_eq!(signed, expected, "what is encrypted is signed first");
    let [id_token, userinfo] = [settings.id_token_encryption, settings.userinfo_encryption].map(Option::unwrap);
    assert_eq!((id_token.alg, id_token.enc), (KeyManagement::EcdhEs, ContentEncryption::A256Gcm));
    assert_eq!((userinfo.alg, userinfo.enc), (KeyManagement::RsaOaep256, ContentEncryption::A128CbcHs256));
    assert_eq!((settings.require_dpop, settings.require_pushed), (Some(true), Some(true)));
    assert_eq!(settings.tls_client_certificate_bound_access_tokens, Some(true));
    // A service with a secret signs no assertion.
    let by_secret = with(json!({ "token_endpoint_auth_signing_alg": "ES256" })).unwrap().settings;
    assert_eq!(by_secret.assertion_signing, None);
}
