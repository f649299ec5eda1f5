//! What the configuration says of a provider: read, checked as a whole, and turned into what the rest of the crate works
//! with. Opens files (secret, key, authority), never a connection.

use crate::client::{self, ClientAuth};
use preau_connector_api::{
    AgentClaims, MatchRule, Names, Network, OpenContext, Problem, Title, Where, check_provider, skew_seconds,
};
use preau_egress::{Egress, is_endpoint};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;

/// A complete example, for the reference page and `preau config example`.
pub(crate) const EXAMPLE: &str = r#"# What people call it: on the button, and in sentences about it.
title = { fr = "Guichet agents de l’académie", en = "Academy sign-in for staff" }
# Its issuer, byte for byte as it writes it; https, or http on loopback. Everything else is read from its discovery page.
issuer = "https://guichet.ac-notos.example"
# Who we are there, and how we prove it: client_secret_basic, client_secret_post or private_key_jwt.
client_id = "preau-notos"
authentication = "client_secret_basic"
client_secret_file = "secrets/guichet.secret"
# For private_key_jwt instead of the secret: a PEM private key (PKCS#8), and the name it has in the keys registered there.
# private_key_file = "secrets/guichet.key"
# key_id = "2026"
# What is asked for; `openid` always is.
scopes = ["profile"]
# A class of proof to ask for, such as eidas2. Weaker answers are refused.
# acr_values = ["eidas2"]
# Where it lives: public, or private for addresses of a private network or this machine.
network = "public"
# Authority that signed its certificate, in PEM; the system's authorities are believed too.
# ca = "secrets/guichet-ca.pem"
# Refuses a request that says more than it lists, as ProConnect does: PKCE, the language and max_age are left out, and a
# class of proof is asked for with `claims`.
# only_listed = true
# Ends its session too when somebody signs out here and says so.
logout = false
# Whether it may send people who did not ask here first, as from a tile of theirs: the address for it is
# https://ent.example.fr/upstream/<name>/enter, and whoever is signed in there comes in.
# unsolicited = true
# Seconds its clock may differ from ours.
skew_seconds = 60
# For a guichet: where it names the establishments of an agent (the session begins in one of theirs), and tells what a head
# delegated to them, which then counts until its last day.
# agents = { posts = ["FrEduRneResp", "FrEduRne"], delegations = "FrEduResDel" }

# How a person it vouches for is found here when they come for the first time; later the name it gave them is enough.
# `as` is record (the join key in `source`), aaf (a reference {AAF}academy|…|key of EduConnect), vector (FrEduVecteur), login (in `source`) or
# mail (the address of the record in `source`, found anew each time; `domains` says which addresses this provider hands out).
[[sources.guichet.match]]
claim = "fr_edu_ct_ref_id"
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
    /// Its issuer, byte for byte; https, or http on loopback.
    issuer: String,
    /// Who we are there.
    client_id: String,
    /// How we prove it.
    #[serde(default)]
    authentication: Authentication,
    /// File whose first line is our secret there; read anew each time.
    #[serde(default)]
    client_secret_file: Option<String>,
    /// File of our private key there, PEM (PKCS#8).
    #[serde(default)]
    private_key_file: Option<String>,
    /// Name of that key among those registered there.
    #[serde(default)]
    key_id: Option<String>,
    /// What is asked for besides `openid`.
    #[serde(default)]
    scopes: Vec<String>,
    /// Classes of proof to ask for; any other is refused.
    #[serde(default)]
    acr_values: Vec<String>,
    /// Refuses a request that says more than it lists: PKCE, the language and `max_age` are left out, and a class of proof is asked
    /// for with `claims`. Only for such a provider: what binds the code to us is then our secret and the nonce alone.
    #[serde(default)]
    only_listed: bool,
    /// Where it lives.
    #[serde(default)]
    network: Where,
    /// Certificate of an authority, in PEM.
    #[serde(default)]
    ca: Option<String>,
    /// Offers to end its session too at sign-out.
    #[serde(default)]
    logout: bool,
    /// It may send people who did not ask here first.
    #[serde(default)]
    unsolicited: bool,
    /// Seconds its clock may differ from ours, 0 to 300.
    #[serde(default = "skew_seconds")]
    skew_seconds: u32,
    /// What it may say of agents.
    #[serde(default)]
    agents: AgentClaims,
    /// How a person is found here at first.
    #[serde(default, rename = "match")]
    rules: Vec<MatchRule>,
}

/// How we prove who we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Authentication {
    /// A secret in the header.
    #[default]
    ClientSecretBasic,
    /// A secret in the form.
    ClientSecretPost,
    /// A signed assertion.
    PrivateKeyJwt,
}

/// What the rest of the crate works with.
pub(crate) struct Settings {
    pub(crate) title: Names,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client: ClientAuth,
    pub(crate) scopes: Vec<String>,
    pub(crate) acr_values: Vec<String>,
    pub(crate) only_listed: bool,
    pub(crate) network: Network,
    pub(crate) egress: Egress,
    pub(crate) logout: bool,
    pub(crate) unsolicited: bool,
    pub(crate) skew_seconds: i64,
    pub(crate) agents: AgentClaims,
    pub(crate) rules: Vec<MatchRule>,
}

impl Settings {
    /// Reads the table of a source; every problem is told at once.
    pub(crate) fn read(context: &OpenContext<'_>) -> Result<Settings, Vec<Problem>> {
        let config: Config = context.settings()?;
        let mut problems = Vec::new();
        let mut wrong = |key: &str, what: String| problems.push(Problem::new(context.at(key), what));
        if !is_endpoint(&config.issuer) || config.issuer.contains(['?', '#']) {
            wrong("issuer", "is an https address without query; plain http is for loopback only".to_owned());
        }
        if config.client_id.is_empty() || config.client_id.len() > 255 {
            wrong("client_id", "has 1 to 255 characters".to_owned());
        }
        for (key, words) in [("scopes", &config.scopes), ("acr_values", &config.acr_values)] {
            if words.iter().any(|w| w.is_empty() || w.contains(char::is_whitespace)) || words.len() > 20 {
                wrong(key, "is a list of at most 20 words without spaces".to_owned());
            }
        }
        for (key, what) in check_provider(&config.title, config.skew_seconds, &config.rules, &config.agents) {
            wrong(&key, what.to_owned());
        }
        let client = client::read(
            context,
            config.authentication,
            config.client_secret_file.as_deref(),
            config.private_key_file.as_deref(),
            config.key_id.as_deref(),
        );
        let client = client.map_err(|problem| problems.push(problem)).ok();
        let authorities: Vec<PathBuf> = config.ca.iter().map(|file| context.path(file)).collect();
        let egress = preau_keys::client_config(&authorities)
            .map_err(|error| error.to_string())
            .and_then(|tls| Egress::new(tls).map_err(|error| error.to_string()))
            .map_err(|what| problems.push(Problem::new(context.at("ca"), what)))
            .ok();
        match (client, egress) {
            (Some(client), Some(egress)) if problems.is_empty() => Ok(Settings {
                title: config.title.into(),
                issuer: config.issuer,
                client_id: config.client_id,
                client,
                scopes: config.scopes,
                acr_values: config.acr_values,
                only_listed: config.only_listed,
                network: config.network.into(),
                egress,
                logout: config.logout,
                unsolicited: config.unsolicited,
                skew_seconds: i64::from(config.skew_seconds),
                agents: config.agents,
                rules: config.rules,
            }),
            _ => Err(problems),
        }
    }
}
