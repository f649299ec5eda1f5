//! Configurations to copy, one text for each usual stack, filled in for one service. A secret is never filled in.

use crate::{Door, Hub};

/// A stack and its text, with `{issuer}`, `{client}`, `{home}` and `{cas}` where the values go.
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
    /// The text with its values.
    fn filled(&self, issuer: &str, client: &str, home: &str) -> String {
        let home = home.trim_end_matches('/');
        let host = issuer.split_once("://").map_or(issuer, |(_, host)| host);
        let values = [
            ("{issuer}", issuer),
            ("{client}", client),
            ("{home}", home),
            ("{cas}", &format!("{issuer}/cas")),
            ("{host}", host),
        ];
        values.into_iter().fold(self.text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

/// The stacks a service can be connected with, by the protocols it speaks.
pub(super) fn filled(hub: &Hub, door: &Door) -> Vec<(&'static str, String)> {
    let spoken = |stack: &&Stack| hub.protocol(stack.protocol).is_some_and(|protocol| protocol.speaks(door));
    let fill =
        |stack: &Stack| (stack.name, stack.filled(hub.base(), door.service.id.as_str(), door.service.home.as_str()));
    STACKS.iter().filter(spoken).map(fill).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_filled_in_and_shows_no_secret() {
        for stack in STACKS {
            let text = stack.filled("https://ent.example", "reservations", "https://grr.example/");
            assert!(text.contains("ent.example") && text.contains("grr.example"), "{}: {text}", stack.name);
            for left in ["{issuer}", "{client}", "{home}", "{cas}", "{host}"] {
                assert!(!text.contains(left), "{}: {left}", stack.name);
            }
            assert!(text.len() < 2_000 && text.is_ascii(), "{}", stack.name);
        }
    }
}
