//! `de` before a name, as French writes it: *de Noé*, *d’Alice*. Texts say `{ DE($name) }`; the rule is here and nowhere else.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How names begin whose h is mute: those that came by way of Latin or have long been French. Any other h, as in Hassan, Hanna or Harold, is spoken
/// as if it were a consonant.
const MUTE: [&str; 20] = [
    "hadrien", "harmon", "hecto", "hele", "helia", "helie", "helo", "henri", "hermanc", "hermin", "hermio", "herve",
    "hilair", "hippol", "honor", "horac", "hort", "hub", "hug", "hyac",
];

/// A name after `de`.
pub(super) fn de(name: &str) -> String {
    if elides(name) { format!("d’{name}") } else { format!("de {name}") }
}

fn elides(name: &str) -> bool {
    let plain = name.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let word: String = plain.skip_while(|c| !c.is_alphanumeric()).take_while(|c| c.is_alphabetic()).collect();
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        (Some('a' | 'e' | 'i' | 'o' | 'u' | 'œ' | 'æ'), _) => true,
        // Before a consonant it is a vowel, before a vowel it is none: Yves, but Yann.
        (Some('y'), Some(next)) => !matches!(next, 'a' | 'e' | 'i' | 'o' | 'u'),
        (Some('h'), _) => MUTE.iter().any(|beginning| word.starts_with(beginning)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn de_is_elided_before_what_is_heard_as_a_vowel() {
        for name in [
            "Alice",
            "alice",
            "Émile",
            "E\u{301}mile",
            "Ève",
            "Inès",
            "Ödön",
            "Ugo",
            "Œdipe",
            "Yves",
            "Yvonne",
            "Ysée",
            "Hélène",
            "Héloïse",
            "Henri",
            "Henriette",
            "Hugo",
            "Hubert",
            "Hortense",
            "Hyacinthe",
            "Honoré",
            "Hervé",
            "(Anne)",
        ] {
            assert_eq!(de(name), format!("d’{name}"));
        }
    }

    #[test]
    fn de_stays_before_what_is_heard_as_a_consonant() {
        for name in [
            "Noé",
            "Zoé",
            "Çelik",
            "Yann",
            "Yasmine",
            "Youssef",
            "Y.",
            "Hassan",
            "Hamza",
            "Hanna",
            "Harold",
            "Hermann",
            "Helmut",
            "H.",
            "6A",
            "11A",
            "",
            "–",
            "Дмитрий",
        ] {
            assert_eq!(de(name), format!("de {name}"));
        }
    }
}
