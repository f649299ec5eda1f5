//! What certificates say, made by rcgen and by openssl's own rules of writing, and who is believed to have issued them.

use super::*;
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType, date_time_ymd};
use std::fs;

fn params(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "FR");
    params.distinguished_name.push(DnType::OrganizationName, "Atelier, le vrai");
    params.distinguished_name.push(DnType::CommonName, "atelier");
    change(&mut params);
    params
}

fn own(change: impl FnOnce(&mut CertificateParams)) -> ClientCertificate {
    let made = params(change).self_signed(&KeyPair::generate().unwrap()).unwrap();
    ClientCertificate::read(&[made.der()]).unwrap()
}

#[test]
fn a_name_is_the_one_that_is_written() {
    let certificate = own(|_| {});
    for right in [r"CN=atelier,O=Atelier\, le vrai,C=FR", r"cn=atelier, O = Atelier\2c le vrai , c=FR"] {
        assert!(certificate.has_subject(right), "{right}");
    }
    for wrong in [
        "",
        "CN=atelier",
        r"C=FR,O=Atelier\, le vrai,CN=atelier",
        r"CN=atelier,O=Atelier\, le vrai",
        r"CN=atelier,O=Atelier\, le vrai,C=FR,C=FR",
        r"CN=Atelier,O=Atelier\, le vrai,C=FR",
        r"CN=atelier+O=Atelier\, le vrai,C=FR",
        r"CN=atelier,O=Atelier\, le vrai,C=FR,",
        r"2.5.4.3=atelier,O=Atelier\, le vrai,C=FR",
    ] {
        assert!(!certificate.has_subject(wrong), "{wrong}");
    }
    assert!(is_subject("CN=a,DC=example,DC=fr") && is_subject("CN=é,O=x") && is_subject(r"CN=a\ "));
    for wrong in ["", "a", "CN=", "X=a", "CN=#0401", "CN=a\\", "CN=\"a\"", "CN=a;O=b", r"CN=\zz"] {
        assert!(!is_subject(wrong), "{wrong}");
    }
}

#[test]
fn other_names_are_equal_or_not_there() {
    let certificate = own(|params| {
        params.subject_alt_names = vec![
            SanType::DnsName("app.example".try_into().unwrap()),
            SanType::DnsName("*.wild.example".try_into().unwrap()),
            SanType::URI("https://app.example/a".try_into().unwrap()),
            SanType::IpAddress("192.0.2.7".parse().unwrap()),
            SanType::IpAddress("2001:db8::7".parse().unwrap()),
            SanType::Rfc822Name("app@app.example".try_into().unwrap()),
        ];
    });
    assert!(certificate.has_dns("APP.example") && certificate.has_uri("https://app.example/a"));
    assert!(certificate.has_ip("192.0.2.7") && certificate.has_ip("2001:db8:0::7"));
    assert!(certificate.has_email("app@app.example"));
    assert!(!certificate.has_dns("a.wild.example"), "a wildcard is nobody's name");
    assert!(!certificate.has_dns("https://app.example/a") && !certificate.has_uri("app.example"));
    assert!(!certificate.has_ip("192.0.2.8") && !certificate.has_ip("app.example") && !certificate.has_email("app"));
    assert!(!own(|_| {}).has_dns("app.example"), "none");
}

#[test]
fn a_certificate_is_read_from_a_header_in_every_usual_writing() {
    let made = params(|_| {}).self_signed(&KeyPair::generate().unwrap()).unwrap();
    let (pem, der) = (made.pem(), STANDARD.encode(made.der()));
    let expected = ClientCertificate::read(&[made.der()]).unwrap();
    let escaped: String = pem.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let line = pem.replace('\n', " ").replace('\r', "");
    for text in [&*der, &format!(":{der}:"), &line, &escaped, &pem.replace('\n', "%0A").replace('+', "%2B")] {
        assert_eq!(ClientCertificate::of_header(text).as_ref(), Some(&expected), "{text}");
    }
    let long = "A".repeat(100_000);
    for text in ["", "x", "%", "%zz", "-----BEGIN CERTIFICATE-----", &der[..40], &format!("{der},{der}"), &long] {
        assert!(ClientCertificate::of_header(text).is_none(), "{text}");
    }
}

#[test]
fn an_authority_vouches_for_what_it_issued_for_now() {
    preau_ca(|authority, folder| {
        let issued = |change: fn(&mut CertificateParams)| {
            let made = params(change).signed_by(&KeyPair::generate().unwrap(), authority).unwrap();
            ClientCertificate::read(&[made.der()]).unwrap()
        };
        let known = ClientAuthorities::load(&[folder.join("ca.pem")]).unwrap();
        let now = Instant(1_800_000_000_000);
        assert!(known.issued(&issued(|_| {}), now), "control");
        assert!(!known.issued(&own(|_| {}), now), "by itself");
        assert!(!known.issued(&issued(|params| params.not_after = date_time_ymd(2020, 1, 1)), now), "too late");
        let usage = |params: &mut CertificateParams| {
            params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        };
        assert!(!known.issued(&issued(usage), now), "for servers");
        assert!(!ClientAuthorities::load(&[]).unwrap().issued(&issued(|_| {}), now), "by nobody we know");
    });
    assert!(ClientAuthorities::load(&[PathBuf::from("/absent")]).is_err());
}

fn preau_ca(test: impl FnOnce(&CertifiedIssuer<'static, KeyPair>, &std::path::Path)) {
    let folder = tempfile::tempdir().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
    test(&authority, folder.path());
}

#[test]
fn a_certificate_that_is_cut_is_none() {
    let made = params(|_| {}).self_signed(&KeyPair::generate().unwrap()).unwrap();
    for end in 0..made.der().len() {
        assert!(ClientCertificate::read(&[&made.der()[..end]]).is_none(), "{end}");
    }
    assert!(ClientCertificate::read::<&[u8]>(&[]).is_none());
}

proptest! {
    #[test]
    fn any_text_is_a_name_or_not(text in ".{0,60}") {
        let _ = is_subject(&text);
        let _ = ClientCertificate::of_header(&text);
    }

    #[test]
    fn any_bytes_are_a_client_certificate_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = ClientCertificate::read(&[bytes]);
    }
}
