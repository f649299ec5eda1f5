//! What a key of the house is for, and how long it serves. A key has one use: what signs tokens never signs SAML, so that
//! nothing signed for one protocol is ever believed in another.

use crate::jose::Alg;
use preau_domain::Seconds;

/// The algorithms tokens are signed with. Those drawn in no time come first.
pub const SIGNED_WITH: &[Alg] = &[Alg::ES256, Alg::EdDSA, Alg::RS256];

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// Signing tokens.
    Token(Alg),
    /// Signing the messages and the metadata of SAML. Such a key has a certificate, because metadata speak of nothing else.
    Saml(Alg),
    /// Opening what partners of SAML encrypt for us. Such a key has a certificate too.
    SamlOpening,
}

impl KeyUse {
    /// Every use there is a key for. Those drawn in no time come first.
    pub const ALL: &[KeyUse] = &[
        KeyUse::Token(Alg::ES256),
        KeyUse::Token(Alg::EdDSA),
        KeyUse::Saml(Alg::ES256),
        KeyUse::Token(Alg::RS256),
        KeyUse::Saml(Alg::RS256),
        KeyUse::SamlOpening,
    ];

    /// The word a row is stored under, and by which an operator names the key.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyUse::Token(alg) => alg.as_str(),
            KeyUse::Saml(Alg::ES256) => "saml-ES256",
            KeyUse::Saml(Alg::RS256) => "saml-RS256",
            KeyUse::Saml(Alg::PS256) => "saml-PS256",
            KeyUse::Saml(Alg::EdDSA) => "saml-EdDSA",
            KeyUse::SamlOpening => "saml-RSA-OAEP",
        }
    }

    /// The use of this exact word, if we have keys for it.
    pub fn named(word: &str) -> Option<KeyUse> {
        KeyUse::ALL.iter().copied().find(|usage| usage.as_str() == word)
    }

    /// The kind of key that serves: the algorithm it is drawn for.
    pub fn kind(self) -> Alg {
        match self {
            KeyUse::Token(alg) | KeyUse::Saml(alg) => alg,
            KeyUse::SamlOpening => Alg::RS256,
        }
    }

    /// Whether a key for it is drawn in no time.
    pub fn quick(self) -> bool {
        !matches!(self.kind(), Alg::RS256 | Alg::PS256)
    }

    /// How long such a key is announced, serves, and stays published.
    pub fn rhythm(self) -> Rhythm {
        match self {
            KeyUse::Token(_) => Rhythm { ahead: days(3), signs: days(90), lingers: days(30) },
            // Services read a set of tokens' keys by themselves; many a service of SAML was given our metadata by hand,
            // once, and somebody has to be written to.
            KeyUse::Saml(_) | KeyUse::SamlOpening => {
                Rhythm { ahead: days(90), signs: days(3 * 365), lingers: days(30) }
            }
        }
    }
}

/// The lengths of a key's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// How long a key is published before it signs.
    pub ahead: Seconds,
    /// How long it signs.
    pub signs: Seconds,
    /// How long it stays published after the next one took over.
    pub lingers: Seconds,
}

const fn days(days: i64) -> Seconds {
    Seconds(days * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_has_one_word_and_a_word_one_use() {
        for usage in KeyUse::ALL {
            assert_eq!(KeyUse::named(usage.as_str()), Some(*usage));
        }
        for word in ["", "rs256", "saml", "saml-PS256", "saml-rs256", "HS256", "saml-RS256 "] {
            assert_eq!(KeyUse::named(word), None, "{word}");
        }
        let slow = KeyUse::ALL.iter().position(|usage| !usage.quick()).unwrap();
        assert!(KeyUse::ALL[slow..].iter().all(|usage| !usage.quick()), "those drawn in no time come first");
    }
}
