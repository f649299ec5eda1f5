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

/// An authority that issues certificates to services, and nothing else.
pub struct ServiceAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl ServiceAuthority {
    /// Makes one in `folder`.
    pub fn make(folder: &Path) -> Result<ServiceAuthority> {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "Rig of Préau: authority of services");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let made = ServiceAuthority { issuer, folder: folder.to_owned() };
        fs::write(made.certificate(), made.issuer.pem())?;
        Ok(made)
    }

    /// Its certificate, to be believed about services.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("services.pem")
    }

    /// A certificate of its own for the service at this host, and its key, in one file.
    pub fn issue(&self, host: &str) -> Result<PathBuf> {
        let key = KeyPair::generate()?;
        let made = of_service(host)?.signed_by(&key, &self.issuer)?;
        identity(&self.folder.join(format!("{host}.pem")), &made.pem(), &key)
    }

    /// The same, made by the service itself.
    pub fn self_signed(&self, host: &str) -> Result<PathBuf> {
        let key = KeyPair::generate()?;
        let made = of_service(host)?.self_signed(&key)?;
        identity(&self.folder.join(format!("{host}.own.pem")), &made.pem(), &key)
    }
}

fn of_service(host: &str) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(vec![host.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, host);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

fn identity(path: &Path, certificate: &str, key: &KeyPair) -> Result<PathBuf> {
    crate::secret::write_secret(path, &format!("{certificate}{}", key.serialize_pem()))?;
    Ok(path.to_owned())
}
