//! A server that speaks TLS itself, and takes up a new certificate while it runs.

use crate::desk::Desk;
use std::path::PathBuf;

/// Puts a new certificate of its own in place, and gives it back.
fn certify(desk: &Desk) -> PathBuf {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    desk.write("key.pem", &made.signing_key.serialize_pem());
    desk.write("cert.pem", &made.cert.pem());
    desk.path("cert.pem")
}

/// Whether a client that believes that certificate alone gets an answer, and over which version of HTTP.
async fn answers(desk: &Desk, authority: &str) -> Option<reqwest::Version> {
    std::fs::write(desk.path("believed.pem"), authority).unwrap();
    let mut tls = preau_keys::client_config(&[desk.path("believed.pem")]).unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
    let url = format!("https://localhost:{}/healthz", desk.address.port());
    let answer = client.get(url).send().await.ok()?;
    answer.status().is_success().then(|| answer.version())
}

#[test]
fn a_new_certificate_is_taken_up() {
    preau_keys::install_provider();
    let desk = Desk::new();
    let first = std::fs::read_to_string(certify(&desk)).unwrap();
    let address = desk.address;
    desk.write(
        "preau.toml",
        &format!(
            "[server]\nlisten = \"{address}\"\ntls_cert_file = \"cert.pem\"\ntls_key_file = \"key.pem\"\n\
             [web]\npublic_url = \"https://localhost:{}\"\n",
            address.port()
        ),
    );
    let mut server = desk.serve(&[]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let version = server.until("an answer over TLS", |_| runtime.block_on(answers(&desk, &first)));
    assert_eq!(version, reqwest::Version::HTTP_2);
    // Who speaks in clear gets no answer.
    assert!(!server.get("/healthz", "").unwrap_or_default().contains("alive"));

    let second = std::fs::read_to_string(certify(&desk)).unwrap();
    assert_ne!(first, second);
    server.until("the new certificate", |_| runtime.block_on(answers(&desk, &second)));
    assert_eq!(runtime.block_on(answers(&desk, &first)), None);

    // A key that is not the certificate's changes nothing.
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    desk.write("key.pem", &other.signing_key.serialize_pem());
    server.until("the refusal", |_| {
        std::fs::read_to_string(desk.path("log"))
            .ok()
            .filter(|log| log.contains("the certificate that was shown stays"))
    });
    assert!(runtime.block_on(answers(&desk, &second)).is_some());
    assert_eq!(server.stop(), 0);
}

/// What a service is answered that asks for a token of its own, with or without a certificate.
async fn asks(port: u16, believed: &str, identity: Option<&str>) -> u16 {
    let believed = reqwest::Certificate::from_pem(believed.as_bytes()).unwrap();
    let mut client = reqwest::Client::builder().tls_backend_rustls().tls_certs_only([believed]).no_proxy();
    if let Some(pem) = identity {
        client = client.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap());
    }
    let request = client.build().unwrap().post(format!("https://localhost:{port}/oidc/token"));
    let form = "grant_type=client_credentials&client_id=app";
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    request.send().await.unwrap().status().as_u16()
}

#[test]
fn services_show_their_certificates_at_a_port_of_their_own() {
    preau_keys::install_provider();
    let desk = Desk::new();
    let ours = std::fs::read_to_string(certify(&desk)).unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = rcgen::CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().unwrap()).unwrap();
    desk.write("ca.pem", &authority.pem());
    let identity = |host: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![host.to_owned()]).unwrap();
        format!("{}{}", params.signed_by(&key, &authority).unwrap().pem(), key.serialize_pem())
    };
    let (port, own) = (desk.address.port(), std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let asking = own.local_addr().unwrap();
    drop(own);
    desk.write(
        "preau.toml",
        &format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\nmtls_listen = \"{asking}\"\ntls_cert_file = \"cert.pem\"\n\
             tls_key_file = \"key.pem\"\n[web]\npublic_url = \"https://localhost:{port}\"\n\
             mtls_url = \"https://localhost:{}\"\n[services]\nclient_ca_files = [\"ca.pem\"]\n",
            asking.port()
        ),
    );
    desk.write(
        "services/app.toml",
        "connector = \"oidc-application\"\n[parameters]\nurl = \"https://app.example\"\n[oidc]\n\
         authentication = \"tls_client_auth\"\ntls_client_auth_san_dns = \"app.example\"\n\
         grants = [\"client_credentials\"]\n",
    );
    let whole = std::fs::read_to_string(desk.path("preau.toml")).unwrap();
    assert_eq!(desk.run(&["services"]).0, 0, "control");
    let without = |line: &str| !line.starts_with("mtls_");
    desk.write("preau.toml", &whole.lines().filter(|line| without(line)).collect::<Vec<_>>().join("\n"));
    let (code, _, told) = desk.run(&["services"]);
    assert!(code == 2 && told.contains("shows a certificate, and none is seen"), "{code} {told}");
    desk.write("preau.toml", &whole);
    let mut server = desk.serve(&[]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    server.until("an answer over TLS", |_| runtime.block_on(answers(&desk, &ours)));
    let asks = |port, identity: Option<&str>| runtime.block_on(asks(port, &ours, identity));
    let app = identity("app.example");
    assert_eq!(asks(asking.port(), Some(&app)), 200);
    assert_eq!(asks(asking.port(), Some(&identity("other.example"))), 401, "of somebody else");
    assert_eq!(asks(asking.port(), None), 401, "none");
    assert_eq!(asks(port, Some(&app)), 401, "nobody is asked for a certificate where browsers go");
    assert_eq!(server.stop(), 0);
}
