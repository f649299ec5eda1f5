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
