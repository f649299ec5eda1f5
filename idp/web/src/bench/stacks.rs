//! Configurations to copy, one text for each usual stack, filled in for one service. A secret is never filled in.

use crate::{Door, Hub};

/// A stack and its text, with the words of `PLACES` where the values go.
#[derive(Debug)]
pub struct Stack {
    /// The protocol it speaks, as the registry names it.
    pub protocol: &'static str,
    /// What people call it.
    pub name: &'static str,
    text: &'static str,
}

macro_rules! stacks {
    ($($protocol:literal $name:literal $file:literal),+ $(,)?) => {
        &[$(Stack { protocol: $protocol, name: $name, text: include_str!(concat!("../../bench/", $file)) }),+]
    };
}

/// Every stack.
pub const STACKS: &[Stack] = stacks!(
    "oidc" "Nextcloud" "nextcloud.txt",
    "oidc" "Moodle" "moodle.txt",
    "oidc" "Discourse" "discourse.txt",
    "oidc" "Apache (mod_auth_openidc)" "apache-oidc.txt",
    "oidc" "Node (openid-client)" "node.txt",
    "oidc" "Python (Authlib)" "python-oidc.txt",
    "oidc" "PHP (jumbojett)" "php-oidc.txt",
    "cas" "Apache (mod_auth_cas)" "apache-cas.txt",
    "cas" "Moodle (CAS)" "moodle-cas.txt",
    "cas" "Python (python-cas)" "python-cas.txt",
    "cas" "PHP (phpCAS)" "php-cas.txt",
);

impl Stack {
    /// The text with its values, for a service that finds its provider (the issuer, or the CAS server) at that address.
    pub(super) fn filled(&self, base: &str, provider: &str, door: &Door) -> String {
        let home = door.service.home.as_str().trim_end_matches('/');
        let answered = door.oidc.as_ref().and_then(|oidc| oidc.redirect_uris.first().cloned());
        let redirect = answered.unwrap_or_else(|| format!("{home}/callback"));
        let (host, port) = host_and_port(base);
        let (home_host, home_port) = host_and_port(home);
        let path = provider.strip_prefix(base).unwrap_or_default().trim_start_matches('/');
        let own = format!("{home_host}:{home_port}");
        let values = [provider, door.service.id.as_str(), home, &redirect, &own, provider, path, host, port];
        PLACES.into_iter().zip(values).fold(self.text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

/// Where values go: the issuer, the service, where it lives, where it is answered, its host with its port; the CAS server, its
/// path, its host and its port.
const PLACES: [&str; 9] =
    ["{issuer}", "{client}", "{home}", "{redirect}", "{own}", "{cas}", "{cas_path}", "{host}", "{port}"];

/// The host of an address, and its port even where it is the usual one.
fn host_and_port(address: &str) -> (&str, &str) {
    let usual = if address.starts_with("http://") { "80" } else { "443" };
    let (_, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split('/').next().unwrap_or_default();
    authority
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .unwrap_or((authority, usual))
}

/// The stacks a service can be connected with, by the protocols it speaks.
pub(super) fn filled(hub: &Hub, door: &Door) -> Vec<(&'static str, String)> {
    let spoken = |stack: &&Stack| hub.protocol(stack.protocol).is_some_and(|protocol| protocol.speaks(door));
    let base = hub.base();
    let cas = format!("{base}/cas");
    let provider = |stack: &Stack| if stack.protocol == "cas" { cas.as_str() } else { base };
    STACKS.iter().filter(spoken).map(|stack| (stack.name, stack.filled(base, provider(stack), door))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_a_port() {
        assert_eq!(host_and_port("https://ent.example/cas"), ("ent.example", "443"));
        assert_eq!(host_and_port("http://localhost:3000"), ("localhost", "3000"));
        assert_eq!(host_and_port("http://[::1]"), ("[::1]", "80"));
    }

    #[test]
    fn every_text_is_filled_in_and_shows_no_secret() {
        let services = crate::pages::tests::samples::services();
        for stack in STACKS {
            let base = "https://ent.example";
            let provider = if stack.protocol == "cas" { "https://ent.example/cas" } else { base };
            let door = &services.all()[0];
            let text = stack.filled(base, provider, door);
            let home = door.service.home.as_str().trim_end_matches('/');
            assert!(text.contains("ent.example") && text.contains(home), "{}: {text}", stack.name);
            for left in PLACES {
                assert!(!text.contains(left), "{}: {left}", stack.name);
            }
            assert!(text.len() < 2_400 && text.is_ascii(), "{}", stack.name);
        }
    }
}
