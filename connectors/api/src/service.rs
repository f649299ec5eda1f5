//! An ENT service as data: what a catalogue folder says of a product, what an instance file says of one installation of
//! it, and the two put together.

use crate::{
    NAMES_AND_ROLES, NameIdKind, OidcService, OidcSettings, Problem, SCORES, SamlService, SamlSettings, SignedLink,
};
use preau_domain::{Audience, Identifier, ReleaseRule, Service, ServiceId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A text in the two languages of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

/// What an installation of a product says: its meaning, and what it is when the installation does not say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its meaning in French.
    pub fr: String,
    /// In English.
    pub en: String,
    /// Its value unless the installation says another; without one, every installation must say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// Categories of services (SDET).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Communication et collaboration.
    Communication,
    /// Information et documentation.
    Information,
    /// Accompagnement de la vie de l'élève, vie scolaire.
    SchoolLife,
    /// Production pédagogique et éducative.
    Production,
    /// Utilitaires.
    Utilities,
}

impl Category {
    /// In the order of the home page.
    pub const ALL: [Category; 5] = [
        Category::Communication,
        Category::Production,
        Category::SchoolLife,
        Category::Information,
        Category::Utilities,
    ];

    /// The word of files and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Communication => "communication",
            Category::Information => "information",
            Category::SchoolLife => "school-life",
            Category::Production => "production",
            Category::Utilities => "utilities",
        }
    }
}

/// `connectors/services/<name>/service.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceDescriptor {
    /// Name of the product.
    pub title: Names,
    /// What it is for, in one sentence.
    pub summary: Names,
    /// Where it stands on the home page.
    pub category: Category,
    /// What an installation says: name to meaning. Every descriptor has at least `url`. Texts below may hold `{name}` where
    /// the value goes.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
    /// Address of the tile, such as `{url}/`.
    pub home: String,
    /// Addresses that belong to the service, such as `{url}/`: see [`preau_domain::UrlRule`].
    pub urls: Vec<String>,
    /// How it speaks CAS; absent if it does not.
    #[serde(default)]
    pub cas: Option<CasSettings>,
    /// How it speaks OpenID Connect; absent if it does not.
    #[serde(default)]
    pub oidc: Option<OidcSettings>,
    /// How it speaks SAML; absent if it does not.
    #[serde(default)]
    pub saml: Option<SamlSettings>,
    /// What its link carries; absent if that is nothing.
    #[serde(default)]
    pub link: Option<SignedLink>,
    /// What it knows a person by.
    #[serde(default)]
    pub identifier: Identifier,
    /// What it receives.
    #[serde(default)]
    pub release: Vec<ReleaseRule>,
    /// Who it is for unless the installation says otherwise.
    #[serde(default)]
    pub audience: Audience,
    /// The legal sheet.
    pub legal: Legal,
    /// What to type on the other side: Markdown with `{url}`, `{preau}` (our base address) and the other parameters.
    pub other_side: String,
}

/// How a service speaks CAS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasSettings {
    /// May ask for proxy-granting tickets.
    #[serde(default)]
    pub proxy: bool,
    /// Where proxy-granting tickets may be sent, such as `{url}/`: https only.
    #[serde(default)]
    pub proxy_callbacks: Vec<String>,
    /// Hears of the end of a session at the address its ticket was made for, or at `logout_url`.
    #[serde(default = "yes")]
    pub single_logout: bool,
    /// Where it hears of it, if not at the address of its ticket.
    #[serde(default)]
    pub logout_url: Option<String>,
}

fn yes() -> bool {
    true
}

/// What the record of processing says of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Legal {
    /// Why data is sent.
    pub purpose: Names,
    /// Who answers for it.
    pub controller: Names,
    /// Where it is hosted.
    pub hosting: Names,
    /// How long it is kept.
    pub retention: Names,
}

/// Which network a service may be called on by us (logout, proxy callbacks).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Public addresses only.
    #[default]
    Public,
    /// Private and loopback addresses too: the operator says that this service lives there.
    Private,
}

/// One installation: a file of the instances folder, named `<id>.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceFile {
    /// Name of the folder under `connectors/services/`.
    pub connector: String,
    /// Values of the descriptor's parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Replaces the descriptor's title.
    #[serde(default)]
    pub title: Option<Names>,
    /// Replaces the descriptor's audience.
    #[serde(default)]
    pub audience: Option<Audience>,
    /// Replaces key by key how the descriptor speaks OpenID Connect.
    #[serde(default)]
    pub oidc: Option<OidcSettings>,
    /// Replaces key by key how the descriptor speaks SAML.
    #[serde(default)]
    pub saml: Option<SamlSettings>,
    /// Replaces what the link of the descriptor carries.
    #[serde(default)]
    pub link: Option<SignedLink>,
    /// Which network it lives on.
    #[serde(default)]
    pub network: Network,
    /// Asks for two keys: closed in every establishment until its head opens it there (`preau service open`).
    #[serde(default)]
    pub two_keys: bool,
    /// Off: the file is read and checked, the service is not mounted.
    #[serde(default = "yes")]
    pub enabled: bool,
}

/// Turns what an installation says into a service, with the checks of an instance file: for whoever installs without one.
pub trait Mounting: Send + Sync {
    /// The service, or everything that is wrong. A secret may be given by its hash alone: no file is read.
    fn mount(&self, id: &ServiceId, instance: InstanceFile) -> Result<MountedService, Vec<Problem>>;
}

/// A service that people can open: descriptor and installation put together, parameters filled in, addresses checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountedService {
    /// Its identity and addresses.
    pub service: Service,
    /// Which descriptor it comes from.
    pub connector: String,
    /// Name on its tile.
    pub title: Names,
    /// One sentence.
    pub summary: Names,
    /// Where its tile stands.
    pub category: Category,
    /// Drawing of its tile, an SVG without script.
    pub icon: String,
    /// How it speaks CAS.
    pub cas: Option<CasSettings>,
    /// How it speaks OpenID Connect.
    pub oidc: Option<OidcService>,
    /// How it speaks SAML.
    pub saml: Option<SamlService>,
    /// What its link carries.
    pub link: Option<SignedLink>,
    /// What it knows a person by.
    pub identifier: Identifier,
    /// What it receives.
    pub release: Vec<ReleaseRule>,
    /// Who it is for.
    pub audience: Audience,
    /// Whether each establishment opens it for itself.
    pub two_keys: bool,
    /// Which network it lives on.
    pub network: Network,
    /// The legal sheet.
    pub legal: Legal,
    /// What to type on the other side, filled in except `{preau}`.
    pub other_side: String,
}

impl MountedService {
    /// The sector of the service: those of one sector know a person by the same pairwise identifier.
    pub fn sector(&self) -> &str {
        let named = self.oidc.as_ref().and_then(|oidc| oidc.sector.as_deref());
        named.unwrap_or(self.service.id.as_str())
    }

    /// Whether it is told anything at all: a plain link is not.
    pub fn speaks(&self) -> bool {
        self.cas.is_some() || self.oidc.is_some() || self.saml.is_some() || self.link.is_some()
    }

    /// Whether an attribute of its rules leaves at all: by SAML an installation may choose fewer, and by a link it chooses all of them. A mail address that names people there
    /// leaves, chosen or not.
    pub fn sends(&self, name: &str) -> bool {
        let names_people = |saml: &SamlService| saml.nameid == NameIdKind::Email && name == "mail";
        let by_saml = |saml: &SamlService| saml.wire(name).is_some() || names_people(saml);
        let by_link = self.link.as_ref().is_some_and(|link| link.holds(name));
        self.cas.is_some() || self.oidc.is_some() || self.saml.as_ref().is_some_and(by_saml) || by_link
    }

    /// Whether it may read the home pages of people, as a mobile application does.
    pub fn tells_home(&self) -> bool {
        self.oidc.as_ref().is_some_and(|oidc| oidc.scopes.iter().any(|scope| scope == "home"))
    }

    /// Whether it may ask who is of a class or group, as a tool of LTI does.
    pub fn tells_roster(&self) -> bool {
        self.is_tool_with(NAMES_AND_ROLES)
    }

    /// Whether it may keep marks here, as a tool of LTI does.
    pub fn keeps_grades(&self) -> bool {
        self.is_tool_with(SCORES)
    }

    fn is_tool_with(&self, scope: &str) -> bool {
        self.oidc.as_ref().is_some_and(|oidc| oidc.lti.is_some() && oidc.scopes.iter().any(|one| one == scope))
    }

    /// The origins a browser may be sent to for this service, each once, as a browser writes them.
    pub fn origins(&self) -> Vec<String> {
        let usual = |scheme: &str, port: u16| matches!((scheme, port), ("https", 443) | ("http", 80));
        let rules = self.service.urls.iter().map(|rule| {
            let port = if usual(&rule.scheme, rule.port) { String::new() } else { format!(":{}", rule.port) };
            format!("{}://{}{port}", rule.scheme, rule.host)
        });
        let registered = self.oidc.iter().flat_map(|oidc| oidc.redirect_uris.iter()).filter_map(|uri| {
            let after = uri.find("://")? + 3;
            let end = uri[after..].find(['/', '?']).map_or(uri.len(), |at| after + at);
            Some(uri[..end].to_owned())
        });
        let mut origins: Vec<String> = Vec::new();
        for origin in rules.chain(registered) {
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        origins
    }
}
