//! A certificate authority made on the spot for one run of the rig, and certificates for `localhost`. It never leaves
//! the folder of the run; the certificates of a deployment are the operator's.

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where the pieces of a server's certificate are.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The authority's certificate, to be trusted by whoever calls the server.
    pub authority: PathBuf,
    /// The server's certificate.
    pub certificate: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
}

impl Tls {
    /// Makes an authority and a certificate for `localhost`, `127.0.0.1` and `::1` in `folder`.
    pub fn make(folder: &Path) -> Result<Tls> {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority.distinguished_name.push(DnType::CommonName, "Rig of Préau: authority of one run");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

        let key = KeyPair::generate()?;
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut leaf = CertificateParams::new(names)?;
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let certificate = leaf.signed_by(&key, &authority)?;

        let tls = Tls {
            authority: folder.join("authority.pem"),
            certificate: folder.join("localhost.pem"),
            key: folder.join("localhost.key"),
        };
        fs::write(&tls.authority, authority.pem())?;
        fs::write(&tls.certificate, certificate.pem())?;
        fs::write(&tls.key, key.serialize_pem())?;
        fs::set_permissions(&tls.key, fs::Permissions::from_mode(0o600))?;
        Ok(tls)
    }
}
