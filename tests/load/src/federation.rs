//! A federation of a hundred megabytes: signed here, read by the program as a whole process.

use crate::sync::{Run, watch};
use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_keys::jose::{Alg, PrivateKey};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Entities of the federation.
const ENTITIES: usize = 34_000;

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Writes the federation, in its canonical form, and reads it: one service is looked for in it and shown, after the signature
/// over the whole was found right.
pub fn read(preau: &Path, folder: &Path) -> Result<(u64, Run)> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder.join("services"))?;
    let key = PrivateKey::draw(Alg::RS256);
    let certificate = certificate(&key)?;
    fs::write(folder.join("federation.pem"), pem(&certificate))?;
    let bytes = write(&folder.join("federation.xml"), &key, &certificate)?;
    let configuration = folder.join("preau.toml");
    fs::write(&configuration, "[web]\npublic_url = \"https://localhost\"\n[log]\nlevel = \"warn\"\n")?;
    let log = File::create(folder.join("sp.log"))?;
    let began = Instant::now();
    let child = Command::new(preau)
        .args([
            "sp",
            "add",
            "federation.xml",
            "--entity",
            "https://sp7.example/saml",
            "--certificate",
            "federation.pem",
        ])
        .args(["--dry-run", "--config"])
        .arg(&configuration)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", preau.display()))?;
    let (status, run) = watch(child, began)?;
    let told = fs::read_to_string(folder.join("sp.log"))?;
    if !status.success() || !told.contains("https://sp7.example/acs") {
        bail!("the federation was not read: {status}: {told}");
    }
    fs::remove_file(folder.join("federation.xml"))?;
    Ok((bytes, run))
}

/// A certificate of the key, signed by itself.
fn certificate(key: &PrivateKey) -> Result<Vec<u8>> {
    let pair =
        rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&key.to_pkcs8().as_slice().into(), &rcgen::PKCS_RSA_SHA256)?;
    Ok(rcgen::CertificateParams::new(vec!["federation.example".to_owned()])?.self_signed(&pair)?.der().to_vec())
}

fn pem(certificate: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(certificate))
}

/// Base64 of the SHA-256 of some bytes.
fn digest(bytes: &[u8]) -> Result<String> {
    let hex = preau_keys::fingerprint(bytes);
    let pairs = hex
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair)?, 16).map_err(Into::into));
    Ok(STANDARD.encode(pairs.collect::<Result<Vec<u8>>>()?))
}

/// The document: what is written is its canonical form, so that its digest is that of its bytes.
fn write(file: &Path, key: &PrivateKey, certificate: &[u8]) -> Result<u64> {
    let shown = STANDARD.encode(certificate);
    let opening = format!(
        "<md:EntitiesDescriptor xmlns:md=\"{MD}\" ID=\"_federation\" Name=\"urn:federation\" validUntil=\"2099-01-01T00:00:00Z\">"
    );
    let mut body = String::with_capacity(110_000_000);
    for n in 0..ENTITIES {
        let one = format!(
            "<ds:KeyInfo xmlns:ds=\"{DS}\"><ds:X509Data><ds:X509Certificate>{shown}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        );
        write!(
            body,
            "\n<md:EntityDescriptor entityID=\"https://sp{n}.example/saml\"><md:SPSSODescriptor \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:Extensions><mdui:UIInfo \
             xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\"><mdui:DisplayName xml:lang=\"fr\">Service {n}</mdui:DisplayName>\
             <mdui:Description xml:lang=\"fr\">Le service numéro {n} de la fédération, et ce qu’il fait</mdui:Description>\
             </mdui:UIInfo></md:Extensions><md:KeyDescriptor use=\"signing\">{one}</md:KeyDescriptor>\
             <md:KeyDescriptor use=\"encryption\">{one}</md:KeyDescriptor><md:AssertionConsumerService \
             Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://sp{n}.example/acs\" index=\"0\">\
             </md:AssertionConsumerService></md:SPSSODescriptor></md:EntityDescriptor>"
        )?;
    }
    let closing = "</md:EntitiesDescriptor>";
    let covered = digest(format!("{opening}{body}{closing}").as_bytes())?;
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let info = |declared: &str| {
        format!(
            "<ds:SignedInfo{declared}><ds:CanonicalizationMethod Algorithm=\"{exclusive}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></ds:SignatureMethod>\
             <ds:Reference URI=\"#_federation\"><ds:Transforms><ds:Transform \
             Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform><ds:Transform \
             Algorithm=\"{exclusive}\"></ds:Transform></ds:Transforms><ds:DigestMethod \
             Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod><ds:DigestValue>{covered}</ds:DigestValue>\
             </ds:Reference></ds:SignedInfo>"
        )
    };
    let signed = info(&format!(" xmlns:ds=\"{DS}\""));
    let value = key.sign(Alg::RS256, signed.as_bytes()).map_err(|error| anyhow!("{error}"))?;
    let signature = format!(
        "<ds:Signature xmlns:ds=\"{DS}\">{}<ds:SignatureValue>{}</ds:SignatureValue></ds:Signature>",
        info(""),
        STANDARD.encode(value)
    );
    let whole = format!("{opening}{signature}{body}{closing}");
    fs::write(file, &whole)?;
    Ok(whole.len() as u64)
}
