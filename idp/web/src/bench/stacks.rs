//! Configurations to copy, one text for each usual stack, filled in for one service. A secret is never filled in.

use crate::{Door, Hub};

/// A stack and its text, with `{issuer}`, `{client}`, `{home}`, `{cas}`, `{cas_path}`, `{host}` and `{port}` where the values go.
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
    /// The text with its values. `base` is our own address, `provider` that of the issuer or of the CAS server.
    pub(super) fn filled(&self, base: &str, provider: &str, client: &str, home: &str) -> String {
        let home = home.trim_end_matches('/');
        let authority = base.split_once("://").map_or(base, |(_, authority)| authority);
        let usual = if base.starts_with("http://") { "80" } else { "443" };
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, usual));
        let path = provider.strip_prefix(base).unwrap_or_default().trim_start_matches('/');
        let values = [
            ("{issuer}", provider),
            ("{client}", client),
            ("{home}", home),
            ("{cas}", provider),
            ("{cas_path}", path),
            ("{host}", host),
            ("{port}", port),
        ];
        values.into_iter().fold(self.text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

/// The stacks a service can be connected with, by the protocols it speaks.
pub(super) fn filled(hub: &Hub, door: &Door) -> Vec<(&'static str, String)> {
    let spoken = |stack: &&Stack| hub.protocol(stack.protocol).is_some_and(|protocol| protocol.speaks(door));
    let (base, id, home) = (hub.base(), door.service.id.as_str(), door.service.home.as_str());
    let cas = format!("{base}/cas");
    let provider = |stack: &Stack| if stack.protocol == "cas" { cas.as_str() } else { base };
    STACKS.iter().filter(spoken).map(|stack| (stack.name, stack.filled(base, provider(stack), id, home))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_filled_in_and_shows_no_secret() {
        for stack in STACKS {
            let base = "https://ent.example";
            let provider = if stack.protocol == "cas" { "https://ent.example/cas" } else { base };
            let text = stack.filled(base, provider, "reservations", "https://grr.example/");
            assert!(text.contains("ent.example") && text.contains("grr.example"), "{}: {text}", stack.name);
            for left in ["{issuer}", "{client}", "{home}", "{cas}", "{cas_path}", "{host}", "{port}"] {
                assert!(!text.contains(left), "{}: {left}", stack.name);
            }
            assert!(text.len() < 2_000 && text.is_ascii(), "{}", stack.name);
        }
    }
}
