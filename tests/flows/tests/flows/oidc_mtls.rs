//! Services that show a certificate (RFC 8705): to prove who they are, and so that their tokens are of use to nobody else. A
//! certificate counts where it is known to be the caller's; each attack stands beside the same call without its hostile part.

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use preau_connector_api::{ClientAuthentication, OidcGrant, OidcService, TlsSubject};
use preau_flows::{ALICE, BASE, HOST, MTLS_HOST, OidcRp, TestHub, stories};
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::{ClientAuthorities, ClientCertificate};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

stories!(
    a_service_proves_itself_by_a_certificate_that_was_issued_to_it,
    a_service_proves_itself_by_the_key_of_its_own_certificate,
    a_header_counts_from_a_listed_proxy_alone,
    a_token_is_of_use_with_its_certificate_alone,
    a_refresh_token_of_a_public_client_goes_with_its_certificate,
    where_certificates_are_shown_no_browser_has_anything_to_do,
    the_provider_says_where_certificates_are_shown,
);

const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

type Shown = Arc<ClientCertificate>;

/// A certificate of that name: of an authority, or by itself.
fn certificate(name: &str, key: &KeyPair, authority: Option<&CertifiedIssuer<'_, KeyPair>>) -> rcgen::Certificate {
    let mut params = CertificateParams::new(vec![format!("{name}.example")]).expect("a host");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let made = match authority {
        Some(authority) => params.signed_by(key, authority),
        None => params.self_signed(key),
    };
    made.expect("a certificate is made")
}

fn shown(name: &str, authority: Option<&CertifiedIssuer<'_, KeyPair>>) -> Shown {
    let made = certificate(name, &KeyPair::generate().expect("a key"), authority);
    Arc::new(ClientCertificate::read(&[made.der()]).expect("a certificate is read"))
}

/// A hub that takes certificates, and the authority it believes.
async fn taking(hub: &TestHub) -> (TestHub, CertifiedIssuer<'static, KeyPair>) {
    let mut params = CertificateParams::new(Vec::new()).expect("no host");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let folder = tempfile::tempdir().expect("a folder");
    let file: PathBuf = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).expect("the authority is written");
    let believed = ClientAuthorities::load(&[file]).expect("an authority is read");
    let hub = hub.again_with(|setup| {
        setup.client_authorities = believed;
        setup.config.mtls_url = Some(format!("https://{MTLS_HOST}"));
        setup.config.client_certificate_header = Some("Client-Cert".to_owned());
        setup.config.trusted_proxies = vec!["10.0.0.0/8".to_owned()];
    });
    (hub.await, authority)
}

fn by_tls(hub: &TestHub, subject: TlsSubject) -> OidcRp {
    hub.rp_with("rp", |oidc: &mut OidcService| {
        (oidc.authentication, oidc.secret) = (ClientAuthentication::TlsClientAuth, None);
        oidc.tls_subject = Some(subject);
        oidc.grants.push(OidcGrant::ClientCredentials);
    })
}

async fn a_service_proves_itself_by_a_certificate_that_was_issued_to_it(hub: TestHub) {
    let (hub, authority) = taking(&hub).await;
    let (own, other) = (shown("rp", Some(&authority)), shown("other", Some(&authority)));
    for subject in [TlsSubject::Dn("CN=rp".to_owned()), TlsSubject::Dns("rp.example".to_owned())] {
        let rp = by_tls(&hub, subject);
        rp.showing(&own).call("/oidc/token", &OWN).await.access();
        let attack = hub.under_attack();
        let refused = rp.call("/oidc/token", &OWN).await;
        assert_eq!(refused.error(), (401, "invalid_client"), "none");
        attack.repelled(&refused.answer).await;
        assert_eq!(rp.showing(&other).call("/oidc/token", &OWN).await.error(), (401, "invalid_client"), "another name");
        let forged = shown("rp", None);
        assert_eq!(rp.showing(&forged).call("/oidc/token", &OWN).await.error(), (401, "invalid_client"), "by itself");
    }
    let unknown = [("grant_type", "client_credentials"), ("client_id", "nobody")];
    let answer = hub.rp("secret").showing(&own).post("/oidc/token", &[], &unknown).await;
    assert_eq!(answer.error(), (401, "invalid_client"));
    let secret = [("grant_type", "client_credentials"), ("client_id", "secret")];
    let answer = hub.rp("secret").showing(&own).post("/oidc/token", &[], &secret).await;
    assert_eq!(answer.error(), (401, "invalid_client"), "a service with a secret shows its secret");
}

async fn a_service_proves_itself_by_the_key_of_its_own_certificate(hub: TestHub) {
    let (hub, authority) = taking(&hub).await;
    let key = PrivateKey::draw(Alg::ES256);
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key.to_pkcs8().as_slice().into(), &PKCS_ECDSA_P256_SHA256);
    let made = certificate("rp", &pair.expect("a key"), None);
    let own = Arc::new(ClientCertificate::read(&[made.der()]).expect("a certificate"));
    let with = |usage: &str| {
        let mut jwk = key.public().to_jwk("own", Alg::ES256);
        jwk.insert("use".to_owned(), json!(usage));
        hub.rp_with("rp", |oidc: &mut OidcService| {
            (oidc.authentication, oidc.secret) = (ClientAuthentication::SelfSignedTlsClientAuth, None);
            oidc.jwks = Some(json!({ "keys": [jwk] }).to_string());
            oidc.grants.push(OidcGrant::ClientCredentials);
        })
    };
    let rp = with("sig");
    rp.showing(&own).call("/oidc/token", &OWN).await.access();
    for wrong in [shown("rp", None), shown("rp", Some(&authority))] {
        assert_eq!(rp.showing(&wrong).call("/oidc/token", &OWN).await.error(), (401, "invalid_client"), "another key");
    }
    assert_eq!(rp.call("/oidc/token", &OWN).await.error(), (401, "invalid_client"), "none");
    assert_eq!(with("enc").showing(&own).call("/oidc/token", &OWN).await.error(), (401, "invalid_client"));
}

/// A call with a certificate in a header, from that network address.
async fn said(hub: &TestHub, from: &str, lines: &[&str]) -> u16 {
    let mut request = Request::post("/oidc/token").header("host", HOST);
    for line in lines {
        request = request.header("client-cert", *line);
    }
    let mut request = request.body(Body::from("grant_type=client_credentials&client_id=rp")).expect("a request");
    let from: SocketAddr = format!("{from}:40000").parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(from));
    hub.answer(request).await.status.as_u16()
}

async fn a_header_counts_from_a_listed_proxy_alone(hub: TestHub) {
    let (hub, authority) = taking(&hub).await;
    let rp = by_tls(&hub, TlsSubject::Dn("CN=rp".to_owned()));
    let line = certificate("rp", &KeyPair::generate().expect("a key"), Some(&authority)).pem().replace('\n', "%0A");
    assert_eq!(said(&hub, "10.0.0.5", &[&line]).await, 200, "control");
    assert_eq!(said(&hub, "192.0.2.7", &[&line]).await, 401, "from somebody else");
    assert_eq!(said(&hub, "10.0.0.5", &[]).await, 401);
    assert_eq!(said(&hub, "10.0.0.5", &[&line, &line]).await, 401, "which of the two did the proxy write?");
    // On a connection of our own that was asked for a certificate, what the client says in a header is nothing.
    let headers = [("client-cert", &*line)];
    assert_eq!(rp.showing_none().call_with("/oidc/token", &headers, &OWN).await.error(), (401, "invalid_client"));
    let other = shown("other", Some(&authority));
    assert_eq!(rp.showing(&other).call_with("/oidc/token", &headers, &OWN).await.error(), (401, "invalid_client"));
    let hub = hub.again_with(|setup| setup.config.client_certificate_header = None).await;
    assert_eq!(said(&hub, "10.0.0.5", &[&line]).await, 401, "nobody named the header");
}

async fn a_token_is_of_use_with_its_certificate_alone(hub: TestHub) {
    let (hub, _) = taking(&hub).await;
    let rp = hub.rp_with("rp", |oidc| oidc.certificate_bound = true);
    let (own, other) = (shown("rp", None), shown("rp", None));
    let code = async || hub.browser().sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let bound = rp.showing(&own).redeem(&code().await).await;
    assert_eq!(rp.showing(&own).userinfo(bound.access()).await.answer.status, 200, "control");
    let told = rp.call("/oidc/introspect", &[("token", bound.access())]).await;
    let cnf = json!({ "x5t#S256": own.thumbprint() });
    assert_eq!((told.text("token_type"), &told.json["cnf"]), ("Bearer", &cnf));
    let attack = hub.under_attack();
    let refused = rp.userinfo(bound.access()).await;
    assert_eq!(refused.error(), (401, "invalid_token"), "without one");
    attack.repelled(&refused.answer).await;
    assert_eq!(rp.showing(&other).userinfo(bound.access()).await.error(), (401, "invalid_token"), "with another");
    assert_eq!(rp.redeem(&code().await).await.error(), (400, "invalid_request"));
    let asked = rp.url_with(&[("response_type", "code token")]);
    assert_eq!(hub.browser().get(&asked).await.told("error"), "invalid_request");
}

async fn a_refresh_token_of_a_public_client_goes_with_its_certificate(hub: TestHub) {
    let (hub, _) = taking(&hub).await;
    let rp = hub.rp_with("page", |oidc: &mut OidcService| {
        (oidc.authentication, oidc.secret) = (ClientAuthentication::None, None);
        oidc.certificate_bound = true;
    });
    let (own, other) = (shown("page", None), shown("page", None));
    let code = hub.browser().sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let bound = rp.showing(&own).redeem(&code).await;
    let refresh = bound.text("refresh_token");
    assert_eq!(rp.showing(&other).refresh(refresh).await.error(), (400, "invalid_grant"));
    rp.showing(&own).refresh(refresh).await.access();
}

async fn where_certificates_are_shown_no_browser_has_anything_to_do(hub: TestHub) {
    let (hub, _) = taking(&hub).await;
    let rp = hub.rp("rp");
    for path in ["/", "/oidc/authorize", "/oidc/logout", "/sign-out", "/.well-known/openid-configuration", "/cas/login"]
    {
        let answer = rp.showing(&shown("rp", None)).get(path, &[]).await.answer;
        assert_eq!(answer.status, 421, "{path}");
    }
    let answer = rp.showing(&shown("rp", None)).call("/oidc/introspect", &[("token", "x")]).await;
    assert_eq!(answer.json, json!({ "active": false }), "control");
}

async fn the_provider_says_where_certificates_are_shown(hub: TestHub) {
    let metadata = async |hub: &TestHub| hub.rp("rp").get("/.well-known/openid-configuration", &[]).await.json;
    let told = metadata(&hub).await;
    assert!(told.get("mtls_endpoint_aliases").is_none() && !told.to_string().contains("tls_client"), "nobody sees one");
    let told = metadata(&taking(&hub).await.0).await;
    let methods = told["token_endpoint_auth_methods_supported"].to_string();
    assert!(
        methods.contains("\"tls_client_auth\"") && methods.contains("\"self_signed_tls_client_auth\""),
        "{methods}"
    );
    assert_eq!(told["mtls_endpoint_aliases"]["token_endpoint"], format!("https://{MTLS_HOST}/oidc/token"));
    assert_eq!((&told["tls_client_certificate_bound_access_tokens"], &told["issuer"]), (&json!(true), &json!(BASE)));
}
