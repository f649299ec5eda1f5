//! The settings of everything a browser meets. Read from the one configuration file by `idp/server`.

use crate::cards::ClassCardsConfig;
use preau_connector_api::Problem;
use preau_domain::Public;
use preau_passkeys::Passkeys;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use url::Url;

/// Section `[web]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WebConfig {
    /// The address people and services reach Préau at, such as `https://ent.example.fr`. No path.
    pub public_url: String,
    /// Name of the digital workspace, shown on every page; at most 60 characters.
    pub name: String,
    /// Proxies in front of Préau whose `X-Forwarded-For` is believed: addresses or networks (`10.0.0.0/8`).
    pub trusted_proxies: Vec<String>,
    /// Where services show a certificate of theirs when they call, such as `https://ent.example.fr:8443`: a port of our own
    /// (`server.mtls_listen`), or a proxy that asks for certificates. Only the addresses that services call are answered there.
    #[schemars(example = "https://ent.example.fr:8443")]
    pub mtls_url: Option<String>,
    /// Header in which a proxy of `trusted_proxies` says the certificate of its client: base64 of DER, or PEM. The proxy
    /// must set it or take it away on every request it passes on.
    #[schemars(example = "Client-Cert")]
    pub client_certificate_header: Option<String>,
    /// Where people find help: shown on error pages.
    pub help_url: Option<String>,
    /// Folder of what you say to people on the portal: `charte.toml`, the text everybody accepts to follow, and
    /// `notices/<name>.toml`, each shown on the home pages of some people for a while. A changed file is taken up within
    /// seconds; a broken one changes nothing.
    #[schemars(example = &"words")]
    pub words: Option<String>,
    /// Opens the editor's bench at `/bench`: what services receive of people who do not exist, for whoever asks. For a
    /// hub of integration.
    pub bench: bool,
    /// Lets editors who hold an initial access token register their application (`preau registration token`). Nobody may
    /// open what registered itself until you say who.
    pub registration: bool,
    /// Ids of the accounts whose people see the pages of sources at `/sources` and may let a held synchronisation go: accounts whose
    /// password is checked here (`preau account add`), which prove themselves anew after a quarter of an hour. With none of
    /// them the pages do not exist.
    #[schemars(example = &["pajw7d2k4r9m1xqe"])]
    pub administrators: Vec<String>,
    /// File of passwords that were stolen elsewhere, which nobody may choose here: lines of SHA-1 in hexadecimal in their order, as *Pwned
    /// Passwords* are published. It is read where it lies, and nobody else is asked. Without it only common words are refused.
    #[schemars(example = "pwned-passwords-sha1-ordered-by-hash.txt")]
    pub breached_passwords: Option<String>,
    /// Domain that passkeys are bound to, when it is not the host of `public_url` but one above it, such as `example.fr`. Passkeys of
    /// another domain prove nobody any more: choose it before people have some.
    #[schemars(example = "example.fr")]
    pub passkey_domain: Option<String>,
    /// Publics whose people may add passkeys: `staff`, `pupil`, `guardian`, `guest`; all of them unless said otherwise. Where pupils
    /// share machines, leave them out. Passkeys that were added before go on opening.
    pub passkeys_for: Vec<String>,
    /// Days for which somebody may have their second factor not asked for again on a device of theirs, where the service says that this
    /// will do (`audience.remembered`): at most 90. It never counts for services that ask for two factors themselves, for changing
    /// factors or for administration. With 0 nothing is offered.
    pub remember_factor_days: u32,
    /// Lifetimes.
    pub session: SessionConfig,
    /// Which source serves which public.
    pub sign_in: SignInConfig,
    /// Cards of classes, for pupils who do not read passwords yet.
    pub class_cards: ClassCardsConfig,
}

/// Section `[web.session]`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionConfig {
    /// Seconds a session lives at most, whatever happens: one school day by default.
    pub absolute_seconds: i64,
    /// Seconds without any request after which a session is over, at least 300: use is noted once a minute.
    pub idle_seconds: i64,
    /// Seconds a sign-in may take; twice as many once a password was typed.
    pub sign_in_seconds: i64,
}

/// Section `[web.sign_in]`: for each public where it signs in.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SignInConfig {
    /// `staff`, `pupil`, `guardian`, `guest` to the name of a source, or `local` for accounts kept here. A public that
    /// is not named is served by the only source that checks passwords when there is exactly one; guests by `local`.
    pub publics: BTreeMap<String, String>,
    /// Public to the names of other providers offered beside, in this order: a source where people sign in elsewhere.
    pub also: BTreeMap<String, Vec<String>>,
    /// Public to the address where a password that lives elsewhere is replaced, such as the self-service of the academy: the page of lost
    /// passwords leads there.
    pub lost: BTreeMap<String, String>,
}

impl Default for WebConfig {
    fn default() -> Self {
        WebConfig {
            public_url: "https://ent.example.fr".into(),
            name: "Préau".into(),
            trusted_proxies: Vec::new(),
            mtls_url: None,
            client_certificate_header: None,
            help_url: None,
            words: None,
            bench: false,
            registration: false,
            administrators: Vec::new(),
            breached_passwords: None,
            passkey_domain: None,
            passkeys_for: Public::ALL.map(|public| public.as_str().to_owned()).to_vec(),
            remember_factor_days: 0,
            session: SessionConfig::default(),
            sign_in: SignInConfig::default(),
            class_cards: ClassCardsConfig::default(),
        }
    }
}

impl Default for SessionConfig {
    fn default() -> Self {
        SessionConfig { absolute_seconds: 10 * 3600, idle_seconds: 2 * 3600, sign_in_seconds: 15 * 60 }
    }
}

impl WebConfig {
    /// Passkeys at our address; none where it is a number, as a machine of tests has it.
    pub(crate) fn passkeys(&self) -> Option<Passkeys> {
        Passkeys::new(&self.public_url, self.passkey_domain.as_deref(), &self.name).ok()
    }

    /// The domain passkeys are bound to; none where there are none.
    pub fn passkeys_are_bound_to(&self) -> Option<String> {
        self.passkeys().map(|passkeys| passkeys.domain().to_owned())
    }

    /// Everything that is wrong, at once; empty when all is well. `demo` allows plain http on loopback.
    pub fn validate(&self, demo: bool) -> Vec<Problem> {
        let mut problems = self.addresses(demo);
        if self.administrators.len() > 100 || self.administrators.iter().any(|id| id.is_empty() || id.len() > 64) {
            problems.push(Problem::new("web.administrators", "names at most 100 accounts, by their ids"));
        }
        problems.extend(self.factors());
        if self.name.is_empty() || self.name.chars().count() > 60 {
            problems.push(Problem::new("web.name", "must have 1 to 60 characters"));
        }
        problems.extend(self.session.problems());
        problems.extend(self.sign_in.problems());
        for (index, proxy) in self.trusted_proxies.iter().enumerate() {
            if crate::visitor::Network::parse(proxy).is_none() {
                problems.push(Problem::new(
                    format!("web.trusted_proxies[{index}]"),
                    "is no address or network such as 10.0.0.0/8",
                ));
            }
        }
        problems.extend(self.class_cards.problems());
        problems
    }

    /// What is wrong with where we are reached, and with how a certificate is shown there.
    fn addresses(&self, demo: bool) -> Vec<Problem> {
        let mut problems = Vec::new();
        match Url::parse(&self.public_url) {
            Ok(url) if url.path() != "/" || url.query().is_some() || url.host_str().is_none() => {
                problems.push(Problem::new(
                    "web.public_url",
                    "give scheme, host and port only, such as https://ent.example.fr",
                ));
            }
            Ok(url) if url.scheme() == "https" => {}
            Ok(url) if url.scheme() == "http" && demo && is_loopback(&url) => {}
            Ok(_) => problems
                .push(Problem::new("web.public_url", "must be https; plain http is for a demo on this machine only")),
            Err(_) => problems.push(Problem::new("web.public_url", "is not an address; write https://ent.example.fr")),
        }
        if let Some(text) = &self.mtls_url {
            let plain = Url::parse(text).is_ok_and(|url| {
                url.scheme() == "https" && url.path() == "/" && url.query().is_none() && url.host_str().is_some()
            });
            if !plain || text.trim_end_matches('/') == self.public_url.trim_end_matches('/') {
                let what =
                    "give https, host and port only, such as https://ent.example.fr:8443, and not those of public_url";
                problems.push(Problem::new("web.mtls_url", what));
            }
        }
        if let Some(name) = &self.client_certificate_header {
            let taken = ["authorization", "cookie", "host", "dpop", "x-forwarded-for"];
            if http::HeaderName::try_from(name).map_or(true, |name| taken.contains(&name.as_str())) {
                problems.push(Problem::new("web.client_certificate_header", "is no name of a header of its own"));
            }
            if self.trusted_proxies.is_empty() {
                let what = "is believed of web.trusted_proxies alone: name them";
                problems.push(Problem::new("web.client_certificate_header", what));
            }
        }
        problems
    }

    /// What is wrong with passkeys and remembered devices.
    fn factors(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.passkey_domain.is_some() && self.passkeys().is_none() {
            let what = "is neither the host of public_url nor a domain above it";
            problems.push(Problem::new("web.passkey_domain", what));
        }
        if self.passkey_domain.as_deref().is_some_and(is_of_everybody) {
            let what = "is a domain below which anybody registers: every browser refuses it";
            problems.push(Problem::new("web.passkey_domain", what));
        }
        for public in self.passkeys_for.iter().filter(|public| public.parse::<Public>().is_err()) {
            let what = format!("{public} is no public; use staff, pupil, guardian or guest");
            problems.push(Problem::new("web.passkeys_for", what));
        }
        if self.remember_factor_days > 90 {
            problems.push(Problem::new("web.remember_factor_days", "must lie between 0 and 90 days"));
        }
        problems
    }
}

impl SessionConfig {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (key, value, low, high) in [
            ("absolute_seconds", self.absolute_seconds, 300, 30 * 86_400),
            // Use is noted once a minute: less than some of them would end sessions in use.
            ("idle_seconds", self.idle_seconds, 300, 30 * 86_400),
            // A browser keeps its copy of one for twice the most of them (`Cookie::SignIn`).
            ("sign_in_seconds", self.sign_in_seconds, 60, 3600),
        ] {
            if !(low..=high).contains(&value) {
                problems.push(Problem::new(
                    format!("web.session.{key}"),
                    format!("must lie between {low} and {high} seconds"),
                ));
            }
        }
        problems
    }
}

impl SignInConfig {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let also = self.also.keys().map(|public| ("also", public));
        let lost = self.lost.keys().map(|public| ("lost", public));
        for (public, _) in self.lost.iter().filter(|(_, address)| !address.starts_with("https://")) {
            problems
                .push(Problem::new(format!("web.sign_in.lost.{public}"), "is an address that begins with https://"));
        }
        for (key, public) in self.publics.keys().map(|public| ("publics", public)).chain(also).chain(lost) {
            if public.parse::<Public>().is_err() {
                problems.push(Problem::new(
                    format!("web.sign_in.{key}.{public}"),
                    "is no public; use staff, pupil, guardian or guest",
                ));
            }
        }
        problems
    }
}

/// Whether a domain is a public suffix, among those a French school could take for its own.
fn is_of_everybody(domain: &str) -> bool {
    const SUFFIXES: [&str; 6] = ["asso.fr", "com.fr", "gouv.fr", "nom.fr", "prd.fr", "tm.fr"];
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    (!domain.contains('.') && domain != "localhost") || SUFFIXES.contains(&domain.as_str())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_bound_to_a_domain_of_ours() {
        let bound = |domain: &str| WebConfig { passkey_domain: Some(domain.into()), ..WebConfig::default() };
        assert_eq!(bound("example.fr").validate(false).len(), 0);
        assert_eq!(bound("example.org").validate(false)[0].at, "web.passkey_domain");
        let of = |url: &str, domain: &str| {
            let (public_url, passkey_domain) = (url.into(), Some(domain.into()));
            WebConfig { public_url, passkey_domain, ..WebConfig::default() }.validate(false).len()
        };
        assert!(of("https://ent.gouv.fr", "gouv.fr") > 0 && of("https://ent.gouv.fr", "fr") > 0, "anybody's");
        assert_eq!(of("https://ent.gouv.fr", "ent.gouv.fr"), 0, "control");
    }

    #[test]
    fn sessions_in_use_do_not_end_as_idle() {
        let idle = |idle_seconds| WebConfig {
            session: SessionConfig { idle_seconds, ..SessionConfig::default() },
            ..WebConfig::default()
        };
        assert_eq!(idle(300).validate(false).len(), 0);
        assert_eq!(idle(299).validate(false)[0].at, "web.session.idle_seconds");
    }
}
