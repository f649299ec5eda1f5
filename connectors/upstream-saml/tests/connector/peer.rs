//! A provider with its keys, us with ours, and one round.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_connector_api::{
    Connector, Departure, OpenContext, POSTED, Redirect, RedirectError, Round, Turns, UpstreamIdentity,
};
use preau_domain::{Instant, SourceId};
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::{ContentCipher, encrypt, sign};
use preau_saml::bindings::post;
use preau_saml::messages::*;
use preau_saml::names::{SAML, SAMLP, attribute_format, confirmation, context, nameid};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

pub const IDP: &str = "https://educonnect.example/idp";
pub const CALLBACK: &str = "https://ent.example/upstream/educonnect/callback";
pub const SP: &str = "https://ent.example/upstream/educonnect/metadata";
pub const ACS: &str = "https://ent.example/upstream/educonnect/acs";
pub const NONCE: &str = "n0ncen0ncen0ncen0ncen0ncen0ncen0ncen0ncen0n";
pub const STATE: &str = "9rjpx9rjpx9rjpx9rjpx9rjpx9abcdefghabcdefghabcdefghabcdefgh";
pub const NOW: Instant = Instant(1_788_000_000_000);

/// The provider's key, another one, and ours.
pub static THEIRS: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));
pub static FOREIGN: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));
pub static OURS: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::RS256));

pub fn certificate(key: &PrivateKey, alg: Alg) -> Vec<u8> {
    let kind = if alg == Alg::RS256 { &PKCS_RSA_SHA256 } else { &PKCS_ECDSA_P256_SHA256 };
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key.to_pkcs8().as_slice().into(), kind).unwrap();
    CertificateParams::new(vec!["peer.example".to_owned()]).unwrap().self_signed(&pair).unwrap().der().to_vec()
}

pub fn pem(kind: &str, der: &[u8]) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der))
}

/// The files a configuration names.
pub fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("idp.pem", pem("CERTIFICATE", &certificate(&THEIRS, Alg::ES256)));
    write("saml.key", pem("PRIVATE KEY", &OURS.to_pkcs8()));
    write("saml.pem", pem("CERTIFICATE", &certificate(&OURS, Alg::RS256)));
    write("elliptic.key", pem("PRIVATE KEY", &FOREIGN.to_pkcs8()));
    write("elliptic.pem", pem("CERTIFICATE", &certificate(&FOREIGN, Alg::ES256)));
    folder
}

const CONFIG: &str = r#"
title = { fr = "EduConnect", en = "EduConnect" }
entity_id = "https://educonnect.example/idp"
sso = "https://educonnect.example/idp/sso"
certificates = ["idp.pem"]
keys = [{ key = "saml.key", certificate = "saml.pem" }]
match = [{ claim = "FrEduCtRefId", as = "aaf", source = "annuaire", academies = ["16"] }]
"#;

/// Opens the connector with more lines of configuration; a key that is given again replaces the one above, or takes it
/// away when it is empty.
pub fn try_open(more: &str) -> Result<Connector, Vec<String>> {
    try_open_with(more, &[])
}

/// The same, with more files.
pub fn try_open_with(more: &str, files: &[(&str, &str)]) -> Result<Connector, Vec<String>> {
    let mut config: toml::Table = CONFIG.parse().unwrap();
    for (key, value) in more.parse::<toml::Table>().unwrap() {
        if matches!(key.as_str(), "sso" | "certificates") && value.as_str() == Some("") {
            config.remove(&key);
        } else {
            config.insert(key, value);
        }
    }
    let folder = folder();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let context = OpenContext { source: &SourceId::new("educonnect"), config: &config, base: folder.path() };
    let opened = (preau_connector_upstream_saml::KIND.open)(&context);
    opened.map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

pub fn open(more: &str) -> Arc<dyn Redirect> {
    try_open(more).unwrap_or_else(|problems| panic!("{problems:?}")).redirect.unwrap()
}

pub fn open_with(more: &str, files: &[(&str, &str)]) -> Arc<dyn Redirect> {
    try_open_with(more, files).unwrap_or_else(|problems| panic!("{problems:?}")).redirect.unwrap()
}

/// Nobody waits long.
pub static TURNS: LazyLock<Turns> = LazyLock::new(|| Turns::new(1, 1_000));

pub fn round() -> Round<'static> {
    let (fresh_after, locale) = (None, "fr");
    Round {
        callback: CALLBACK,
        state: STATE,
        nonce: NONCE,
        verifier: NONCE,
        fresh_after,
        locale,
        now: NOW,
        turns: &TURNS,
    }
}

/// Waits for what waits for nobody.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(future)
}

/// The address the browser is sent to.
pub fn sent_to(upstream: &Arc<dyn Redirect>, round: &Round<'_>) -> String {
    match now(upstream.begin(round)) {
        Ok(Departure::Address(address)) => address,
        other => panic!("{other:?}"),
    }
}

/// What the connector makes of an answer.
pub fn judge(upstream: &Arc<dyn Redirect>, xml: &str) -> Result<UpstreamIdentity, RedirectError> {
    judge_in(upstream, xml, &round())
}

pub fn judge_in(upstream: &Arc<dyn Redirect>, xml: &str, round: &Round<'_>) -> Result<UpstreamIdentity, RedirectError> {
    now(upstream.complete(round, &[(POSTED, &post::encode(xml))]))
}

/// What an answer says when it is right in every way.
#[derive(Clone)]
pub struct Answer {
    pub response: Response,
    pub assertion: Assertion,
}

pub fn attribute(name: &str, friendly: Option<&str>, values: &[&str]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        name_format: Some(attribute_format::URI.to_owned()),
        friendly_name: friendly.map(str::to_owned),
        values: values.iter().map(|value| AttributeValue::Text((*value).to_owned())).collect(),
    }
}

pub fn answer() -> Answer {
    let response = Response {
        id: "_response".to_owned(),
        in_response_to: Some(format!("_{NONCE}")),
        issue_instant: NOW,
        destination: Some(ACS.to_owned()),
        issuer: Some(IDP.to_owned()),
        status: Status::success(),
        assertion: None,
    };
    let name_id =
        NameId { format: Some(nameid::PERSISTENT.to_owned()), value: "eleve-7".to_owned(), ..NameId::default() };
    let assertion = Assertion {
        id: "_assertion".to_owned(),
        issue_instant: NOW,
        issuer: IDP.to_owned(),
        subject: Subject {
            name_id: Some(name_id),
            encrypted_id: None,
            confirmations: vec![Confirmation {
                method: confirmation::BEARER.to_owned(),
                not_on_or_after: Some(Instant(NOW.0 + 300_000)),
                recipient: Some(ACS.to_owned()),
                in_response_to: Some(format!("_{NONCE}")),
                ..Confirmation::default()
            }],
        },
        conditions: Conditions {
            not_before: Some(NOW),
            not_on_or_after: Some(Instant(NOW.0 + 300_000)),
            audiences: vec![vec![SP.to_owned()]],
            one_time_use: false,
        },
        authn: vec![AuthnStatement {
            authn_instant: NOW,
            session_index: Some("there-1".to_owned()),
            session_not_on_or_after: None,
            class: Some(context::PASSWORD_PROTECTED_TRANSPORT.to_owned()),
            authorities: Vec::new(),
        }],
        attributes: vec![AttributeStatement {
            attributes: vec![
                attribute("urn:oid:1.3.6.1.4.1.20326.10.999.1.57", Some("FrEduCtId"), &["c0ffee"]),
                attribute("FrEduCtRefId", None, &["{AAF}16|2D|4512345", "{AAF}17|2D|9"]),
            ],
        }],
    };
    Answer { response, assertion }
}

/// A response around XML of any form, which our own writer would not put there.
pub fn around(response: &Response, inside: &str) -> String {
    response.around(None).into_text().replace("</samlp:Response>", &format!("{inside}</samlp:Response>"))
}

/// The same around an `EncryptedData`.
pub fn around_sealed(response: &Response, sealed: &str) -> String {
    around(response, &format!("<saml:EncryptedAssertion xmlns:saml=\"{SAML}\">{sealed}</saml:EncryptedAssertion>"))
}

/// Which of the two the provider signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    Nothing,
    Response,
    Assertion,
    Both,
}

impl Answer {
    pub fn changed(change: impl Fn(&mut Answer)) -> Answer {
        let mut answer = answer();
        change(&mut answer);
        answer
    }

    /// The message, signed by the provider.
    pub fn signed(&self, signs: Signs) -> String {
        self.signed_by(signs, &THEIRS)
    }

    pub fn signed_by(&self, signs: Signs, key: &PrivateKey) -> String {
        let mut assertion = self.assertion.write().into_text();
        if matches!(signs, Signs::Assertion | Signs::Both) {
            assertion = sign(&assertion, SAML, "Assertion", key, Alg::ES256, None).unwrap();
        }
        self.around(&assertion, false, signs, key)
    }

    /// The message with the assertion encrypted for us.
    pub fn sealed(&self, signs: Signs) -> String {
        self.sealed_by(signs, &THEIRS)
    }

    pub fn sealed_by(&self, signs: Signs, key: &PrivateKey) -> String {
        let mut assertion = self.assertion.write().into_text();
        if matches!(signs, Signs::Assertion | Signs::Both) {
            assertion = sign(&assertion, SAML, "Assertion", key, Alg::ES256, None).unwrap();
        }
        let cipher = ContentCipher::Aes256Gcm;
        let sealed = encrypt(&preau_keys::SystemIds, &assertion, OURS.public(), cipher).unwrap();
        self.around(&sealed, true, signs, key)
    }

    fn around(&self, assertion: &str, encrypted: bool, signs: Signs, key: &PrivateKey) -> String {
        let response =
            if encrypted { around_sealed(&self.response, assertion) } else { around(&self.response, assertion) };
        if matches!(signs, Signs::Response | Signs::Both) {
            return sign(&response, SAMLP, "Response", key, Alg::ES256, None).unwrap();
        }
        response
    }
}

/// The configuration that asks for what is signed, by name.
pub fn asks(signs: Signs) -> &'static str {
    match signs {
        Signs::Response => "signed = \"response\"",
        Signs::Assertion => "signed = \"assertion\"",
        Signs::Both | Signs::Nothing => "signed = \"both\"",
    }
}
