//! What the configuration says of a provider: read, checked as a whole, and turned into what the rest of the crate works
//! with. Opens files (keys, certificates), never a connection.

mod theirs;

use crate::ours::{KeyFiles, OwnKey};
use crate::published::Address;
use preau_connector_api::{
    AgentClaims, MatchRule, Names, OpenContext, Problem, Title, Where, check_provider, skew_seconds,
};
use preau_domain::Instant;
use preau_egress::{Egress, is_endpoint};
use preau_keys::jose::PublicKey;
use preau_keys::jose::jwe::DecryptionKey;
use preau_saml::names::nameid;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use theirs::certificate_keys;

pub(crate) use theirs::{Theirs, Way};

/// A complete example, for the reference page and `preau config example`.
pub(crate) const EXAMPLE: &str = r#"# What people call it: on the button, and in sentences about it.
title = { fr = "EduConnect", en = "EduConnect" }
# Its entityID, byte for byte.
entity_id = "https://educonnect.example/idp"
# Its metadata, beside this file: addresses and keys come from there.
metadata = "educonnect.xml"
# Where it publishes them, and the certificates of who signs them there: asked again as they say, the file counting until then.
# What is refused changes nothing. The address is public, or private for one of a private network or this machine.
# metadata_url = "https://educonnect.example/idp/metadata"
# metadata_certificates = ["secrets/federation.pem"]
# metadata_network = "public"
# Or, without metadata: where it is asked, by HTTP-Redirect (https, or http on loopback), and the certificates of the keys
# it signs with, in PEM; while it changes them, both.
# sso = "https://educonnect.example/idp/sso/redirect"
# certificates = ["secrets/educonnect.pem"]
# Our keys there: the first one signs, all of them open what is encrypted for us and are in our metadata.
keys = [{ key = "secrets/saml.key", certificate = "secrets/saml.pem" }]
# Our entityID there, if it is not the address of our metadata, https://ent.example.fr/upstream/educonnect/metadata.
# name = "https://ent.example.fr"
# What must be signed of an answer: response, assertion or both. What is signed besides must be right too.
signed = "both"
# Whether an assertion must be encrypted for us; if not, it must not.
encrypted = true
# The kind of name that is asked for: persistent, transient, email or unspecified; nothing is asked for without it.
# nameid = "persistent"
# An attribute that names a person for good, where the name itself is another one each time.
subject = "FrEduCtId"
# Classes of proof to ask for. Any other is refused.
# contexts = ["urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"]
# How its session ends too when somebody signs out here and says so: no, single (its single logout, which also tells us of
# its own) or soft (an address of it that we send people to).
logout = "soft"
logout_address = "https://educonnect.example/idp/logout"
# For single without metadata: where it hears of the end of a session, by HTTP-Redirect.
# slo = "https://educonnect.example/idp/slo/redirect"
# Whether it may send people who did not ask here first, as from a page of links: they go back there at once to be asked for, and
# what they brought is not read.
# unsolicited = true
# Seconds its clock may differ from ours.
skew_seconds = 60
# For a guichet: where it names the establishments of an agent (the session begins in one of theirs), and tells what a head
# delegated to them, which then counts until its last day.
# agents = { posts = ["FrEduRneResp", "FrEduRne"], delegations = "FrEduResDel" }

# How a person it vouches for is found here. `claim` is an attribute, by its Name or else its FriendlyName;
# `as` is record (the join key in `source`), aaf (a reference {AAF}academy|…|key of EduConnect), vector (FrEduVecteur: a pupil by
# the number of their school, an adult by names and a child's number), login (in `source`) or mail (the address of the record in
# `source`, found anew each time; `domains` says which addresses this provider hands out).
[[sources.educonnect.match]]
claim = "FrEduCtRefId"
as = "aaf"
source = "annuaire"
# For aaf: academies whose keys are those of this source.
academies = ["16"]
"#;

/// Another provider where people sign in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// What people call it.
    title: Title,
    /// Its entityID, byte for byte.
    entity_id: String,
    /// File of its metadata.
    #[serde(default)]
    metadata: Option<String>,
    /// Where it publishes them.
    #[serde(default)]
    metadata_url: Option<String>,
    /// Files of the certificates of the keys they are signed with there.
    #[serde(default)]
    metadata_certificates: Vec<String>,
    /// Where that address lives.
    #[serde(default)]
    metadata_network: Where,
    /// Without metadata: where it is asked, by HTTP-Redirect.
    #[serde(default)]
    sso: Option<String>,
    /// Without metadata: files of the certificates of the keys it signs with.
    #[serde(default)]
    certificates: Vec<String>,
    /// Our keys there; the first one signs.
    keys: Vec<KeyFiles>,
    /// Our entityID there.
    #[serde(default)]
    name: Option<String>,
    /// What must be signed of an answer.
    #[serde(default)]
    signed: Signed,
    /// An assertion must be encrypted for us; if not, it must not.
    #[serde(default)]
    encrypted: bool,
    /// The kind of name that is asked for.
    #[serde(default)]
    nameid: Option<NameKind>,
    /// An attribute that names a person for good.
    #[serde(default)]
    subject: Option<String>,
    /// Classes of proof to ask for; any other is refused.
    #[serde(default)]
    contexts: Vec<String>,
    /// How its session ends too at sign-out.
    #[serde(default)]
    logout: Logout,
    /// For soft: where people are sent.
    #[serde(default)]
    logout_address: Option<String>,
    /// For single without metadata: where it hears of the end of a session.
    #[serde(default)]
    slo: Option<String>,
    /// It may send people who did not ask here first.
    #[serde(default)]
    unsolicited: bool,
    /// Seconds its clock may differ from ours, 0 to 300.
    #[serde(default = "skew_seconds")]
    skew_seconds: u32,
    /// What it may say of agents.
    #[serde(default)]
    agents: AgentClaims,
    /// How a person is found here.
    #[serde(default, rename = "match")]
    rules: Vec<MatchRule>,
}

/// What must be signed of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Signed {
    /// The response.
    Response,
    /// The assertion.
    Assertion,
    /// Each of them.
    #[default]
    Both,
}

/// The kind of name that is asked for.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum NameKind {
    /// Opaque, the same each time.
    Persistent,
    /// Opaque, another one each time.
    Transient,
    /// A mail address, which is no more than a name here.
    Email,
    /// Whatever it likes.
    Unspecified,
}

/// How its session ends too at sign-out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Logout {
    /// It does not.
    #[default]
    No,
    /// By its single logout.
    Single,
    /// By an address of it.
    Soft,
}

/// What the rest of the crate works with.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) title: Names,
    pub(crate) entity_id: String,
    pub(crate) sso: String,
    pub(crate) way: Way,
    /// The keys it signs with.
    pub(crate) theirs: Vec<PublicKey>,
    /// Until when its metadata are valid.
    pub(crate) valid_until: Option<Instant>,
    /// At least one.
    pub(crate) keys: Arc<[OwnKey]>,
    /// What opens what is encrypted for us.
    pub(crate) opens: Arc<[DecryptionKey]>,
    pub(crate) name: Option<String>,
    pub(crate) signed: Signed,
    pub(crate) encrypted: bool,
    /// The format that is asked for.
    pub(crate) nameid: Option<&'static str>,
    pub(crate) subject: Option<String>,
    pub(crate) contexts: Vec<String>,
    pub(crate) logout: Logout,
    /// Where people, or a message, are sent when they sign out.
    pub(crate) logout_address: Option<String>,
    pub(crate) unsolicited: bool,
    pub(crate) skew_seconds: i64,
    pub(crate) agents: AgentClaims,
    pub(crate) rules: Vec<MatchRule>,
}

impl Settings {
    /// Reads the table of a source; every problem is told at once.
    pub(crate) fn read(context: &OpenContext<'_>) -> Result<(Settings, Option<Address>), Vec<Problem>> {
        let config: Config = context.settings()?;
        let mut problems = Vec::new();
        let mut wrong = |key: &str, what: &str| problems.push(Problem::new(context.at(key), what));
        let is_name = |text: &str| !text.is_empty() && text.len() <= 1024 && !text.contains(char::is_whitespace);
        if !is_name(&config.entity_id) {
            wrong("entity_id", "has 1 to 1024 characters and no blank");
        }
        if config.name.as_ref().is_some_and(|name| !is_name(name) || *name == config.entity_id) {
            wrong("name", "has 1 to 1024 characters and no blank, and is not the provider's");
        }
        let written = [("sso", &config.sso), ("slo", &config.slo), ("logout_address", &config.logout_address)];
        for (key, address) in written {
            if address.as_ref().is_some_and(|address| !is_endpoint(address)) {
                wrong(key, "is an https address; plain http is for loopback only");
            }
        }
        if config.contexts.iter().any(|class| !is_name(class)) || config.contexts.len() > 20 {
            wrong("contexts", "is a list of at most 20 classes");
        }
        if config.subject.as_ref().is_some_and(|name| !is_name(name)) {
            wrong("subject", "names an attribute");
        }
        for (key, what) in check_provider(&config.title, config.skew_seconds, &config.rules, &config.agents) {
            wrong(&key, what);
        }
        let theirs = Theirs::read(context, &config).unwrap_or_else(|problem| {
            problems.push(problem);
            Theirs::default()
        });
        let (mut keys, mut opens) = (Vec::new(), Vec::new());
        for (index, files) in config.keys.iter().enumerate().take(5) {
            match OwnKey::read(context, &format!("keys[{index}]"), files) {
                Ok((key, opening)) => {
                    keys.push(key);
                    opens.extend(opening);
                }
                Err(problem) => problems.push(problem),
            }
        }
        let mut wrong = |key: &str, what: &str| problems.push(Problem::new(context.at(key), what));
        let logout_address = match (config.logout, &theirs.slo, &config.logout_address) {
            (Logout::No, _, None) if config.slo.is_none() => None,
            (Logout::Single, Some(address), None) => Some(address.clone()),
            (Logout::Soft, _, Some(address)) if config.slo.is_none() => Some(address.clone()),
            _ => {
                wrong("logout", "is single where it hears of that, soft with logout_address, or no with neither");
                None
            }
        };
        if config.keys.is_empty() || config.keys.len() > 5 {
            wrong("keys", "has one key, or up to five while they change");
        } else if config.encrypted && !keys.is_empty() && opens.is_empty() {
            wrong("keys", "has an RSA key: nobody can encrypt for an elliptic curve");
        }
        let address = address(context, &config).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        if !problems.is_empty() {
            return Err(problems);
        }
        let settings = Settings {
            title: config.title.into(),
            entity_id: config.entity_id,
            sso: theirs.sso,
            way: theirs.way,
            theirs: theirs.keys,
            valid_until: theirs.valid_until,
            keys: keys.into(),
            opens: opens.into(),
            name: config.name,
            signed: config.signed,
            encrypted: config.encrypted,
            nameid: config.nameid.map(|kind| match kind {
                NameKind::Persistent => nameid::PERSISTENT,
                NameKind::Transient => nameid::TRANSIENT,
                NameKind::Email => nameid::EMAIL,
                NameKind::Unspecified => nameid::UNSPECIFIED,
            }),
            subject: config.subject,
            contexts: config.contexts,
            logout: config.logout,
            logout_address,
            unsolicited: config.unsolicited,
            skew_seconds: i64::from(config.skew_seconds),
            agents: config.agents,
            rules: config.rules,
        };
        Ok((settings, address))
    }

    /// The same with what the provider says of itself now.
    pub(crate) fn with(&self, theirs: Theirs) -> Settings {
        let Theirs { sso, way, slo, keys, valid_until } = theirs;
        let logout_address = if self.logout == Logout::Single { slo } else { self.logout_address.clone() };
        Settings { sso, way, theirs: keys, valid_until, logout_address, ..self.clone() }
    }
}

/// Where its metadata are asked for, if anywhere.
fn address(context: &OpenContext<'_>, config: &Config) -> Result<Option<Address>, Problem> {
    let wrong = |key: &str, what: &str| Problem::new(context.at(key), what);
    let Some(url) = &config.metadata_url else {
        let alone = config.metadata_certificates.is_empty();
        return if alone { Ok(None) } else { Err(wrong("metadata_certificates", "is for metadata_url")) };
    };
    if config.metadata.is_none() || !is_endpoint(url) {
        let what = "is an https address beside `metadata`, the copy that counts until it answers; plain http is for loopback only";
        return Err(wrong("metadata_url", what));
    }
    let signers = certificate_keys(context, "metadata_certificates", &config.metadata_certificates)?;
    if signers.is_empty() {
        return Err(wrong("metadata_certificates", "names who signs what is published there"));
    }
    let egress = preau_keys::client_config(&[]).map_err(|error| error.to_string());
    let egress = egress.and_then(|tls| Egress::new(tls).map_err(|error| error.to_string()));
    let egress = egress.map_err(|what| Problem::new(context.at("metadata_url"), what))?;
    Ok(Some(Address { url: url.clone(), signers, network: config.metadata_network.into(), egress }))
}
