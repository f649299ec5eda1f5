//! Who we are for the provider: our name, our addresses, our keys.

use crate::config::{Logout, Settings, Signed};
use preau_connector_api::{OpenContext, Problem};
use preau_domain::Seconds;
use preau_keys::digest;
use preau_keys::jose::jwe::{DecryptionKey, KeyWrap};
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::{public_key_of, sign};
use preau_saml::metadata::{self, Endpoint, Indexed, OurSp, PublishedKey};
use preau_saml::names::{MD, binding};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fs::File;
use std::io::Read;
use zeroize::Zeroizing;

/// Largest file of a key or a certificate.
const MAX_FILE: u64 = 64 * 1024;

/// A key of ours and its certificate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyFiles {
    /// File of the private key, PEM (PKCS#8): RSA, or P-256 where nothing is encrypted for us.
    key: String,
    /// File of its certificate, PEM.
    certificate: String,
}

/// A key of ours, with what is shown of it.
pub(crate) struct OwnKey {
    pub(crate) private: PrivateKey,
    pub(crate) alg: Alg,
    pub(crate) certificate: Vec<u8>,
}

/// Our name and addresses, which follow from the address the provider sends the browser back to.
pub(crate) struct Ours {
    pub(crate) name: String,
    pub(crate) acs: String,
    pub(crate) slo: String,
}

impl Ours {
    /// `callback` is that of the round; `name` one that the configuration gives us.
    pub(crate) fn of(callback: &str, name: Option<&str>) -> Ours {
        let base = callback.strip_suffix("/callback").unwrap_or(callback);
        let at = |place: &str| format!("{base}/{place}");
        Ours { name: name.map_or_else(|| at("metadata"), str::to_owned), acs: at("acs"), slo: at("slo") }
    }
}

impl OwnKey {
    /// Reads a key and its certificate, which must belong together; and what opens what is encrypted for it, which no key
    /// of elliptic curves does.
    pub(crate) fn read(
        context: &OpenContext<'_>,
        at: &str,
        files: &KeyFiles,
    ) -> Result<(OwnKey, Option<DecryptionKey>), Problem> {
        let wrong = |key: &str, what: &str| Problem::new(context.at(&format!("{at}.{key}")), what);
        let pem = text(context, &format!("{at}.key"), &files.key)?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| wrong("key", "holds no PEM private key (PKCS#8: RSA or P-256)"))?;
        let pkcs8 = der.secret_pkcs8_der();
        let read = |alg| Some((PrivateKey::from_pkcs8(alg, pkcs8)?, alg));
        let (private, alg) = read(Alg::RS256)
            .or_else(|| read(Alg::ES256))
            .ok_or_else(|| wrong("key", "holds no PEM private key (PKCS#8: RSA or P-256)"))?;
        let [certificate] = certificates(context, &format!("{at}.certificate"), &files.certificate)?
            .try_into()
            .map_err(|_| wrong("certificate", "holds one certificate in PEM"))?;
        if public_key_of(&certificate).as_ref() != Some(private.public()) {
            return Err(wrong("certificate", "is not the certificate of the key beside it"));
        }
        let opens = DecryptionKey::from_pkcs8(KeyWrap::RsaOaep256, pkcs8).filter(|_| alg == Alg::RS256);
        Ok((OwnKey { private, alg, certificate }, opens))
    }
}

/// What the provider must know of us, signed with the key that signs our requests.
pub(crate) fn metadata(settings: &Settings, callback: &str) -> Option<String> {
    let ours = Ours::of(callback, settings.name.as_deref());
    let heard =
        |binding: &str| Endpoint { binding: binding.to_owned(), location: ours.slo.clone(), response_location: None };
    let slo = match settings.logout {
        Logout::Single => vec![heard(binding::REDIRECT), heard(binding::POST)],
        Logout::No | Logout::Soft => Vec::new(),
    };
    let published = |key: &OwnKey| PublishedKey {
        certificate: key.certificate.clone(),
        signing: true,
        encryption: key.alg == Alg::RS256,
    };
    let sp = OurSp {
        acs: vec![Indexed { index: 0, default: Some(true), binding: binding::POST.to_owned(), location: ours.acs }],
        slo,
        nameid_formats: settings.nameid.into_iter().map(str::to_owned).collect(),
        keys: settings.keys.iter().map(published).collect(),
        authn_requests_signed: true,
        want_assertions_signed: settings.signed != Signed::Response,
        ..OurSp::default()
    };
    let document = metadata::Ours {
        id: format!("_{}", digest(&ours.name)),
        entity_id: ours.name,
        cache_duration: Some(Seconds(24 * 3600)),
        sp: Some(sp),
        ..metadata::Ours::default()
    };
    let key = settings.keys.first()?;
    sign(&document.write(), MD, "EntityDescriptor", &key.private, key.alg, Some(&key.certificate)).ok()
}

/// The certificates of a PEM file, at least one.
pub(crate) fn certificates(context: &OpenContext<'_>, at: &str, file: &str) -> Result<Vec<Vec<u8>>, Problem> {
    let pem = text(context, at, file)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found.into_iter().map(|one| one.to_vec()).collect()),
        _ => Err(Problem::new(context.at(at), format!("{}: no certificate in PEM", context.path(file).display()))),
    }
}

fn text(context: &OpenContext<'_>, at: &str, file: &str) -> Result<Zeroizing<String>, Problem> {
    let mut text = Zeroizing::new(String::new());
    let path = context.path(file);
    match File::open(&path).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text)) {
        Ok(_) => Ok(text),
        Err(error) => Err(Problem::new(context.at(at), format!("{}: {error}", path.display()))),
    }
}
