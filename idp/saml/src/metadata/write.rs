//! Our own metadata, in the order of the schema. Signing them is `preau_keys::xml::sign`'s matter: the result begins with an
//! element that takes the signature in front.

use super::{Endpoint, Indexed, Localised};
use crate::messages::write::Xml;
use crate::names::SAMLP;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_domain::{Instant, Seconds};

/// Algorithms we verify, the ones we prefer first.
const SIGNATURES: [&str; 3] = [
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
];
const DIGESTS: [&str; 2] = ["http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmlenc#sha512"];
const CIPHERS: [&str; 3] = [
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2009/xmlenc11#rsa-oaep",
];

/// A key as it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// Its certificate (DER).
    pub certificate: Vec<u8>,
    /// It signs.
    pub signing: bool,
    /// It is encrypted to.
    pub encryption: bool,
}

/// Us as an identity provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OurIdp {
    /// Where sign-ons are asked for.
    pub sso: Vec<Endpoint>,
    /// Where we hear of the end of a session.
    pub slo: Vec<Endpoint>,
    /// Where our artifacts are resolved.
    pub artifact: Vec<Indexed>,
    /// Formats of the name identifier we give.
    pub nameid_formats: Vec<String>,
    /// Keys, those that signed before and those that will sign included.
    pub keys: Vec<PublishedKey>,
    /// We want requests signed.
    pub want_authn_requests_signed: bool,
}

/// Us as a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OurSp {
    /// Where answers are sent.
    pub acs: Vec<Indexed>,
    /// Where we hear of the end of a session.
    pub slo: Vec<Endpoint>,
    /// Where our artifacts are resolved.
    pub artifact: Vec<Indexed>,
    /// Formats of the name identifier we take.
    pub nameid_formats: Vec<String>,
    /// Keys, those that signed before and those that will sign included.
    pub keys: Vec<PublishedKey>,
    /// We sign our requests.
    pub authn_requests_signed: bool,
    /// We want assertions signed.
    pub want_assertions_signed: bool,
}

/// What we say of ourselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    /// Our name.
    pub entity_id: String,
    /// The identifier of the element, for its signature.
    pub id: String,
    /// Until when this is valid.
    pub valid_until: Option<Instant>,
    /// For how long a copy is fresh.
    pub cache_duration: Option<Seconds>,
    /// Names people know us by.
    pub names: Localised,
    /// What we are, in a sentence.
    pub descriptions: Localised,
    /// Domains we speak for.
    pub scopes: Vec<String>,
    /// Us as an identity provider.
    pub idp: Option<OurIdp>,
    /// Us as a service.
    pub sp: Option<OurSp>,
    /// Our address, for people; it goes with the names.
    pub url: String,
    /// Mail address of whoever knows about technical matters.
    pub technical_mail: Option<String>,
}

impl Ours {
    /// The document, unsigned.
    pub fn write(&self) -> String {
        let mut xml = Xml::new();
        xml.start("md:EntityDescriptor").id(&self.id);
        xml.attribute("entityID", &self.entity_id).at("validUntil", self.valid_until);
        xml.maybe("cacheDuration", self.cache_duration.map(|length| format!("PT{}S", length.0.max(0))).as_deref());
        self.algorithms(&mut xml);
        if let Some(idp) = &self.idp {
            xml.start("md:IDPSSODescriptor").attribute("protocolSupportEnumeration", SAMLP);
            xml.attribute("WantAuthnRequestsSigned", truth(idp.want_authn_requests_signed));
            self.presentation(&mut xml, &self.scopes);
            keys(&mut xml, &idp.keys);
            indexed(&mut xml, "md:ArtifactResolutionService", &idp.artifact);
            endpoints(&mut xml, "md:SingleLogoutService", &idp.slo);
            formats(&mut xml, &idp.nameid_formats);
            endpoints(&mut xml, "md:SingleSignOnService", &idp.sso);
            xml.end();
        }
        if let Some(sp) = &self.sp {
            xml.start("md:SPSSODescriptor").attribute("protocolSupportEnumeration", SAMLP);
            xml.attribute("AuthnRequestsSigned", truth(sp.authn_requests_signed));
            xml.attribute("WantAssertionsSigned", truth(sp.want_assertions_signed));
            self.presentation(&mut xml, &[]);
            keys(&mut xml, &sp.keys);
            indexed(&mut xml, "md:ArtifactResolutionService", &sp.artifact);
            endpoints(&mut xml, "md:SingleLogoutService", &sp.slo);
            formats(&mut xml, &sp.nameid_formats);
            indexed(&mut xml, "md:AssertionConsumerService", &sp.acs);
            xml.end();
        }
        if !self.names.is_empty() && !self.url.is_empty() {
            xml.start("md:Organization");
            localised(&mut xml, "md:OrganizationName", &self.names);
            localised(&mut xml, "md:OrganizationDisplayName", &self.names);
            for (language, _) in &self.names {
                xml.start("md:OrganizationURL").attribute("xml:lang", language).text(&self.url).end();
            }
            xml.end();
        }
        if let Some(mail) = &self.technical_mail {
            xml.start("md:ContactPerson").attribute("contactType", "technical");
            xml.leaf("md:EmailAddress", &format!("mailto:{mail}")).end();
        }
        xml.text_alone()
    }

    fn algorithms(&self, xml: &mut Xml) {
        xml.start("md:Extensions");
        for one in DIGESTS {
            xml.start("alg:DigestMethod").attribute("Algorithm", one).end();
        }
        for one in SIGNATURES {
            xml.start("alg:SigningMethod").attribute("Algorithm", one).end();
        }
        xml.end();
    }

    fn presentation(&self, xml: &mut Xml, scopes: &[String]) {
        if self.names.is_empty() && scopes.is_empty() {
            return;
        }
        xml.start("md:Extensions");
        for scope in scopes {
            xml.start("shibmd:Scope").attribute("regexp", "false").text(scope).end();
        }
        if !self.names.is_empty() {
            xml.start("mdui:UIInfo");
            localised(xml, "mdui:DisplayName", &self.names);
            localised(xml, "mdui:Description", &self.descriptions);
            xml.end();
        }
        xml.end();
    }
}

fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn formats(xml: &mut Xml, all: &[String]) {
    for one in all {
        xml.leaf("md:NameIDFormat", one);
    }
}

fn localised(xml: &mut Xml, name: &'static str, texts: &Localised) {
    for (language, text) in texts {
        xml.start(name).attribute("xml:lang", language).text(text).end();
    }
}

fn keys(xml: &mut Xml, keys: &[PublishedKey]) {
    for key in keys {
        xml.start("md:KeyDescriptor");
        xml.maybe(
            "use",
            match (key.signing, key.encryption) {
                (true, false) => Some("signing"),
                (false, true) => Some("encryption"),
                _ => None,
            },
        );
        xml.start("ds:KeyInfo").start("ds:X509Data");
        xml.leaf("ds:X509Certificate", &STANDARD.encode(&key.certificate)).end().end();
        if key.encryption {
            for cipher in CIPHERS {
                xml.start("md:EncryptionMethod").attribute("Algorithm", cipher).end();
            }
        }
        xml.end();
    }
}

fn endpoints(xml: &mut Xml, name: &'static str, all: &[Endpoint]) {
    for one in all {
        xml.start(name).attribute("Binding", &one.binding).attribute("Location", &one.location);
        xml.maybe("ResponseLocation", one.response_location.as_deref()).end();
    }
}

fn indexed(xml: &mut Xml, name: &'static str, all: &[Indexed]) {
    for one in all {
        xml.start(name).attribute("Binding", &one.binding).attribute("Location", &one.location);
        xml.attribute("index", &one.index.to_string()).maybe("isDefault", one.default.map(truth)).end();
    }
}
