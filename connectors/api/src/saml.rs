//! How a service speaks SAML 2.0: what a product or an installation may say of it, and the two put together.
//!
//! Keys, addresses and bindings of a service are in its metadata; what is said here is where those are found, and how we
//! answer. What a metadata document means is in `idp/saml`, what the settings mean at run time in `idp/protocols/saml`.

use crate::SigningAlgorithm;
use preau_domain::Public;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Section `[saml]` of a product, and of an installation, which replaces key by key what the product says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamlSettings {
    /// The name of the service: `entityID` of its metadata, byte by byte.
    pub entity_id: Option<String>,
    /// File that holds its metadata, beside the instance file or by its full path.
    pub metadata: Option<String>,
    /// Where it publishes its metadata: they are asked for again and again, and the last good copy is kept.
    pub metadata_url: Option<String>,
    /// Files of certificates (PEM): metadata are believed when one of their keys signed them, and only then.
    pub metadata_certificates: Option<Vec<String>>,
    /// In place of metadata: where answers are sent by HTTP-POST, the first unless the service asks for another.
    pub acs: Option<Vec<String>>,
    /// In place of metadata: where it hears of the end of a session by HTTP-Redirect.
    pub slo: Option<String>,
    /// In place of metadata: files of its certificates (PEM), for what it signs and for what is encrypted to it.
    pub certificates: Option<Vec<String>>,
    /// What names a person in an assertion: `persistent` unless said otherwise.
    pub nameid: Option<NameIdKind>,
    /// What is signed: both response and assertion unless said otherwise.
    pub sign: Option<SamlSigned>,
    /// How it is signed: RS256 unless said otherwise.
    pub signing: Option<SigningAlgorithm>,
    /// Whether assertions are encrypted: `auto` unless said otherwise.
    pub encrypt: Option<SamlEncryption>,
    /// Whether a request without signature is refused. Always so when the metadata say that requests are signed.
    pub authn_requests_signed: Option<bool>,
    /// How attributes are named on the wire: `uri` unless said otherwise.
    pub names: Option<AttributeNames>,
    /// Which of the attributes of the product leave by SAML, by the names of its release rules; all unless said otherwise.
    pub attributes: Option<Vec<String>>,
    /// Names on the wire that replace those of `names`: name of a release rule to name on the wire.
    pub wire: Option<BTreeMap<String, String>>,
    /// Publics whose programs, which are no browsers, may sign in to it with a password (ECP): nobody unless said otherwise. The
    /// first of them says where passwords are checked.
    pub ecp: Option<Vec<Public>>,
    /// The rules of a partner that has rules of its own.
    pub dialect: Option<SamlDialect>,
    /// What a tile sends along as `RelayState` when the sign-on begins here.
    pub relay_state: Option<String>,
}

impl SamlSettings {
    /// What an installation says, and for the rest what its product says. Where metadata are found is one thing: an
    /// installation that says it replaces all that its product says of it.
    pub fn over(self, product: SamlSettings) -> SamlSettings {
        let found = self.metadata.is_some() || self.metadata_url.is_some() || self.acs.is_some();
        let place = |own: Option<String>, product: Option<String>| if found { own } else { own.or(product) };
        let places = |own: Option<Vec<String>>, product| if found { own } else { own.or(product) };
        SamlSettings {
            entity_id: self.entity_id.or(product.entity_id),
            metadata: place(self.metadata, product.metadata),
            metadata_url: place(self.metadata_url, product.metadata_url),
            metadata_certificates: places(self.metadata_certificates, product.metadata_certificates),
            acs: places(self.acs, product.acs),
            slo: place(self.slo, product.slo),
            certificates: places(self.certificates, product.certificates),
            nameid: self.nameid.or(product.nameid),
            sign: self.sign.or(product.sign),
            signing: self.signing.or(product.signing),
            encrypt: self.encrypt.or(product.encrypt),
            authn_requests_signed: self.authn_requests_signed.or(product.authn_requests_signed),
            names: self.names.or(product.names),
            attributes: self.attributes.or(product.attributes),
            wire: self.wire.or(product.wire),
            ecp: self.ecp.or(product.ecp),
            dialect: self.dialect.or(product.dialect),
            relay_state: self.relay_state.or(product.relay_state),
        }
    }

    /// Every address written here, with its key.
    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let list = self.acs.iter().flatten().map(|url| ("saml.acs", url));
        let single = [("saml.metadata_url", &self.metadata_url), ("saml.slo", &self.slo)];
        list.chain(single.into_iter().flat_map(|(key, url)| url.iter().map(move |url| (key, url))))
    }

    /// The same addresses, to be filled in.
    pub fn addresses_mut(&mut self) -> impl Iterator<Item = &mut String> {
        self.acs.iter_mut().flatten().chain(&mut self.metadata_url).chain(&mut self.slo)
    }
}

/// What names a person in an assertion (`NameID`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NameIdKind {
    /// The pairwise identifier: always the same for this service, and of no use to another.
    #[default]
    Persistent,
    /// A new one at each sign-on.
    Transient,
    /// The mail address: what the product knows people by, else the value of its rule `mail`. Nobody without one gets in.
    Email,
    /// What the service knows the person by (`identifier`), as it is.
    Unspecified,
}

/// What is signed of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SamlSigned {
    /// The response around the assertion.
    Response,
    /// The assertion alone.
    Assertion,
    /// Each of them.
    #[default]
    Both,
}

/// Whether assertions are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SamlEncryption {
    /// When the metadata hold a key to encrypt to.
    #[default]
    Auto,
    /// Always: nothing is sent to a service without a key.
    Always,
    /// Never.
    Never,
}

/// How attributes are named on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttributeNames {
    /// By object identifier where they have one, with the plain name beside it (`urn:oasis:…:attrname-format:uri`).
    #[default]
    Uri,
    /// By their plain names (`urn:oasis:…:attrname-format:basic`).
    Basic,
}

/// The rules of a partner that has rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SamlDialect {
    /// The State's filter between schools and publishers: `idEnt` and `GARPersonIdentifiant`, and nothing else.
    Gar,
}

/// Where the metadata of a service are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SamlMetadata {
    /// In a file of the operator.
    File {
        /// Which.
        path: PathBuf,
        /// Certificates (PEM) of whoever must have signed it; nobody must when there is none.
        signers: Vec<String>,
    },
    /// At an address.
    Url {
        /// Which.
        url: String,
        /// Certificates (PEM) of whoever must have signed it; nobody must when there is none.
        signers: Vec<String>,
    },
    /// In the metadata sources of the configuration, by entity id.
    Sources,
    /// Nowhere: the operator wrote what is needed of them.
    Written {
        /// Where answers are sent.
        acs: Vec<String>,
        /// Where it hears of the end of a session.
        slo: Option<String>,
        /// Its certificates (PEM).
        certificates: Vec<String>,
    },
}

/// An attribute as it is named on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireName {
    /// `Name`.
    pub name: String,
    /// `FriendlyName`, beside a name people cannot read.
    pub friendly: Option<String>,
    /// Whether `name` is a URI; else it is a plain word.
    pub uri: bool,
}

/// How a mounted service speaks SAML: settings put together, addresses filled in and checked, files found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamlService {
    /// Its name.
    pub entity_id: String,
    /// Where its metadata are found.
    pub metadata: SamlMetadata,
    /// What names a person.
    pub nameid: NameIdKind,
    /// What is signed.
    pub sign: SamlSigned,
    /// How it is signed: RS256 or ES256.
    pub signing: SigningAlgorithm,
    /// Whether assertions are encrypted.
    pub encrypt: SamlEncryption,
    /// Whether a request without signature is refused whatever its metadata say.
    pub authn_requests_signed: bool,
    /// The attributes that leave by SAML and how each is named, by the names of the release rules.
    pub attributes: BTreeMap<String, WireName>,
    /// Publics whose programs may sign in to it with a password.
    pub ecp: Vec<Public>,
    /// The rules of a partner that has rules of its own.
    pub dialect: Option<SamlDialect>,
    /// What a tile sends along.
    pub relay_state: Option<String>,
}

impl SamlService {
    /// How a released attribute is named on the wire; `None` for one that does not leave by SAML.
    pub fn wire(&self, attribute: &str) -> Option<&WireName> {
        self.attributes.get(attribute)
    }
}
