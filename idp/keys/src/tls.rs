//! TLS configurations: what we show to browsers, and whom we believe when we call out.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Why there is no TLS configuration.
#[derive(Debug, Error)]
pub enum TlsProblem {
    /// A file cannot be read, or holds something else than PEM.
    #[error("{path}: {reason}")]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The parts do not fit together, such as a key that is not the certificate's.
    #[error("{path}: {source}")]
    Rustls {
        /// Which certificate.
        path: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
}

/// Makes aws-lc the one provider of the process. To be called once, before any TLS configuration is built by a library;
/// calling it again changes nothing.
pub fn install_provider() {
    // An error means that a provider is installed already: this one, at an earlier call.
    let _ = default_provider().install_default();
}

/// What the server shows: a certificate chain and its key, both PEM. TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
pub fn server_config(cert_pem: &Path, key_pem: &Path) -> Result<Arc<ServerConfig>, TlsProblem> {
    configured(cert_pem, key_pem, None)
}

/// The same, and whoever calls is asked for a certificate of theirs. Any is taken, and none: the handshake shows that they hold
/// its key, and who they are is not decided here.
pub fn server_config_for_clients(cert_pem: &Path, key_pem: &Path) -> Result<Arc<ServerConfig>, TlsProblem> {
    configured(cert_pem, key_pem, Some(Arc::new(AnyClient(default_provider().signature_verification_algorithms))))
}

fn configured(
    cert_pem: &Path,
    key_pem: &Path,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<Arc<ServerConfig>, TlsProblem> {
    let chain = certificates(cert_pem)?;
    let key = PrivateKeyDer::from_pem_file(key_pem).map_err(|error| unreadable(key_pem, &error))?;
    let misfit = |source| TlsProblem::Rustls { path: cert_pem.to_owned(), source };
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(misfit)?;
    let config = match clients {
        Some(clients) => config.with_client_cert_verifier(clients),
        None => config.with_no_client_auth(),
    };
    let mut config = config.with_single_cert(chain, key).map_err(misfit)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Takes the certificate of any client whose handshake it fits.
#[derive(Debug)]
struct AnyClient(WebPkiSupportedAlgorithms);

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// Whom we believe: the authorities of the system, and those of the given PEM files.
pub fn client_config(extra_ca: &[PathBuf]) -> Result<ClientConfig, TlsProblem> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "some certificate authorities of the system cannot be read");
    }
    let (_, unusable) = roots.add_parsable_certificates(system.certs);
    for path in extra_ca {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|source| TlsProblem::Rustls { path: path.clone(), source })?;
        }
    }
    if roots.is_empty() {
        tracing::warn!("no certificate authority is known: every call over TLS will be refused");
    }
    tracing::debug!(authorities = roots.len(), unusable, "certificate authorities");
    let built = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|source| TlsProblem::Rustls { path: PathBuf::from("protocol versions"), source })?;
    Ok(built.with_root_certificates(roots).with_no_client_auth())
}

/// The certificates of a PEM file: at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| unreadable(path, &error))?;
    if chain.is_empty() {
        return Err(TlsProblem::Pem { path: path.to_owned(), reason: "no certificate in this file".into() });
    }
    Ok(chain)
}

fn unreadable(path: &Path, error: &pem::Error) -> TlsProblem {
    let reason = match error {
        // The parser's own words may quote the file, which may be a key.
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "nothing of the expected kind in this file".into(),
        _ => "this is no PEM file".into(),
    };
    TlsProblem::Pem { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_certificate_and_its_key_make_a_server() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        let made = rcgen::generate_simple_self_signed(vec!["preau.example".into()]).unwrap();
        fs::write(&cert, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let config = server_config(&cert, &key).unwrap();
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert!(client_config(std::slice::from_ref(&cert)).is_ok());

        let other = rcgen::generate_simple_self_signed(vec!["preau.example".into()]).unwrap();
        fs::write(&key, other.signing_key.serialize_pem()).unwrap();
        assert!(matches!(server_config(&cert, &key), Err(TlsProblem::Rustls { .. })), "another key");
        assert!(server_config(&cert, &cert).is_err(), "no key");
        fs::write(&cert, "no PEM").unwrap();
        assert!(matches!(client_config(&[cert]), Err(TlsProblem::Pem { .. })));
        assert!(matches!(client_config(&[dir.path().join("absent")]), Err(TlsProblem::Pem { .. })));
    }

    #[test]
    fn the_provider_may_be_installed_twice() {
        install_provider();
        install_provider();
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }
}
