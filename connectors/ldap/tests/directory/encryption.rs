//! LDAP-06: a certificate that does not fit, or no encryption where it was asked for, and nothing is said: no name, no
//! password. The control is the same directory with a certificate that fits.

use crate::doubles::{Request, Scripted, message, result};
use crate::support::{Annuaire, Everything, open, passwords};
use preau_connector_api::{Completion, Connector, Verdict};
use preau_rig::{SlapdOptions, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use std::fs;
use std::path::Path;

/// Certificates of a directory, by an authority of the test's own.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: std::path::PathBuf,
}

impl Authority {
    fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("keys can be made");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority signs itself");
        fs::create_dir_all(folder).expect("the scratch folder is ours");
        fs::write(folder.join("ca.pem"), issuer.pem()).expect("the scratch folder is ours");
        Authority { issuer, folder: folder.to_owned() }
    }

    /// A certificate for `host`, changed by `change`, signed by the authority or by itself.
    fn certify(&self, name: &str, host: &str, signed: bool, change: impl FnOnce(&mut CertificateParams)) -> Tls {
        let key = KeyPair::generate().expect("keys can be made");
        let mut params = CertificateParams::new([host.to_owned()]).expect("the host is a name");
        change(&mut params);
        let leaf = if signed { params.signed_by(&key, &self.issuer) } else { params.self_signed(&key) };
        let tls = Tls {
            authority: self.folder.join("ca.pem"),
            certificate: self.folder.join(format!("{name}.pem")),
            key: self.folder.join(format!("{name}.key")),
        };
        fs::write(&tls.certificate, leaf.expect("it can be signed").pem()).expect("the scratch folder is ours");
        fs::write(&tls.key, key.serialize_pem()).expect("the scratch folder is ours");
        tls
    }
}

/// Connectors over `ldaps` and over StartTLS.
fn both(annuaire: &Annuaire) -> [Connector; 2] {
    let ca = format!("ca = {:?}", annuaire.slapd.authority().expect("it has a certificate"));
    let ldaps = annuaire.config(&annuaire.slapd.ldaps_url().expect("it has a certificate"), &ca);
    let starttls = annuaire.config(&annuaire.slapd.named_url(), &format!("starttls = true\n{ca}"));
    [ldaps, starttls].map(|config| open(&config).expect("the configuration is right"))
}

fn start(name: &str, tls: Tls) -> Annuaire {
    Annuaire::start_with(name, 120, SlapdOptions { tls: Some(tls), ..SlapdOptions::default() })
}

#[tokio::test]
async fn a_certificate_that_fits_opens_the_directory() {
    let authority = Authority::new(&preau_rig::scratch("ldap-tls-good-ca"));
    let annuaire = start("ldap-tls-good", authority.certify("good", "localhost", true, |_| {}));
    for connector in both(&annuaire) {
        let head = annuaire.account("head");
        let verdict = passwords(&connector).check(&head.login, &head.password).await;
        assert!(matches!(verdict, Ok(Verdict::Proven { .. })), "{verdict:?}");
        assert_eq!(Everything::of(&connector).await.completion, Completion::Complete);
        let answered = connector.probe.probe().await.expect("it answers");
        assert!(answered.contains("localhost"), "{answered}");
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_fit_is_refused() {
    let authority = Authority::new(&preau_rig::scratch("ldap-tls-bad-ca"));
    let expired = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
    };
    for (name, tls) in [
        ("expired", authority.certify("expired", "localhost", true, expired)),
        ("other-host", authority.certify("other-host", "annuaire.example", true, |_| {})),
        ("self-signed", authority.certify("self-signed", "localhost", false, |_| {})),
    ] {
        let annuaire = start(&format!("ldap-tls-{name}"), tls);
        let head = annuaire.account("head");
        for connector in both(&annuaire) {
            let verdict = passwords(&connector).check(&head.login, &head.password).await;
            let reason = verdict.expect_err(name).to_string();
            assert!(reason.contains("no encryption"), "{name}: {reason}");
            assert!(Everything::of(&connector).await.incomplete().contains("no encryption"), "{name}");
        }
    }
}

#[tokio::test]
async fn nothing_is_said_to_a_server_without_encryption() {
    let authority = Authority::new(&preau_rig::scratch("ldap-tls-strip-ca"));
    let tls = authority.certify("good", "localhost", true, |_| {});
    let annuaire = start("ldap-tls-strip", tls.clone());
    let ca = format!("starttls = true\nca = {:?}", tls.authority);
    type Answer = fn(u8, &Request) -> Vec<u8>;
    let accepts_binds: Answer = |id, _| message(id, &result(0x61, 0, "", &[]), &[]);
    let cases: [(&str, Answer); 4] = [
        ("refuses", |id, _| message(id, &result(0x78, 2, "", &[]), &[])),
        ("answers as if it were a bind", accepts_binds),
        ("says yes and goes on in clear", |id, request| match request {
            Request::Extended => message(id, &result(0x78, 0, "", &[]), &[]),
            _ => message(1, &result(0x61, 0, "", &[]), &[]),
        }),
        // The answer to a handshake of a client that asks for TLS 1.2 at least, in TLS 1.0.
        ("says yes and speaks TLS 1.0", |id, request| match request {
            Request::Extended => message(id, &result(0x78, 0, "", &[]), &[]),
            _ => {
                let hello = [&[2, 0, 0, 38, 3, 1][..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
                [&[22, 3, 1, 0, 42][..], &hello].concat()
            }
        }),
    ];
    for (what, answer) in cases {
        let server = Scripted::start(answer).await;
        let config = annuaire.config(&format!("ldap://localhost:{}", server.port), &ca);
        let connector = open(&config).expect("the configuration is right");
        assert!(passwords(&connector).check("io", "secret").await.is_err(), "{what}");
        assert!(server.binds().is_empty(), "{what}: {:?}", server.asked());
        assert!(matches!(server.asked()[0].1, Request::Extended), "{what}");
    }
    let head = annuaire.account("head");
    let [_, starttls] = both(&annuaire);
    let verdict = passwords(&starttls).check(&head.login, &head.password).await;
    assert!(matches!(verdict, Ok(Verdict::Proven { .. })), "control");
}
