//! How good a new password is: long enough, no word that everybody tries, nothing that says who its person is, and in no list of
//! passwords that were stolen elsewhere. No rule of capitals and digits, and no change for its own sake.
//!
//! Owns the judgement alone. A password is taken as it was typed, whole, in Unicode form C; how long it must be is said by the caller.

mod breached;
mod popular;

pub use breached::Breached;

use popular::is_common;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Why a new password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// Fewer characters than are asked for.
    Short,
    /// Longer than [`crate::MAX_PASSWORD`].
    Long,
    /// A word everybody tries, a row of keys, or one character again and again, with little besides.
    Common,
    /// The name of its person or of the place, with little besides.
    Personal,
    /// In a list of stolen passwords.
    Breached,
}

/// Characters that must be left when what is known of its person was taken out.
const LEFT: usize = 6;
/// Parts of names shorter than that are in too many words to mean anything.
const PART: usize = 3;

/// Judges a password of at least so many characters; `about` is what is known of its person: names, login, the name of the place.
pub fn judge(password: &str, least: usize, about: &[&str]) -> Result<(), Weak> {
    if password.len() > crate::MAX_PASSWORD {
        return Err(Weak::Long);
    }
    let typed: Vec<char> = password.nfc().collect();
    if typed.len() < least {
        return Err(Weak::Short);
    }
    let plain = folded(password);
    if is_common(&plain) {
        return Err(Weak::Common);
    }
    let personal = |form: &String| without(form, about) < LEFT;
    if [plain.clone(), plain.chars().map(unmasked).collect()].iter().any(personal) {
        return Err(Weak::Personal);
    }
    Ok(())
}

/// Lower case, without accents.
fn folded(text: &str) -> String {
    text.to_lowercase().nfd().filter(|c| !is_combining_mark(*c)).collect()
}

/// The letter a digit or a sign is written for.
fn unmasked(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    }
}

/// How many characters are left when what is known of the person was taken out; no bound where nothing of it is there.
fn without(text: &str, about: &[&str]) -> usize {
    let mut left = text.to_owned();
    let mut parts: Vec<String> = about
        .iter()
        .flat_map(|known| folded(known).split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>())
        .filter(|part| part.chars().count() >= PART)
        .collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    for part in parts {
        left = left.replace(&part, "");
    }
    if left.len() == text.len() { usize::MAX } else { left.chars().count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: &[&str] = &["Noé", "Le Petit-Durand", "noe.lepetit", "Préau"];

    #[test]
    fn a_password_is_long_enough_by_characters_and_not_by_bytes() {
        assert_eq!(judge("éléphan", 8, &[]), Err(Weak::Short));
        assert_eq!(judge("e\u{301}le\u{301}phan", 8, &[]), Err(Weak::Short), "an accent apart is no character more");
        assert_eq!(judge("wagonbleu", 8, &[]), Ok(()), "no rule of composition");
        assert_eq!(judge("wagonbleu", 12, &[]), Err(Weak::Short));
        assert_eq!(judge(&"wagon bleu ".repeat(400), 8, &[]), Err(Weak::Long));
        assert_eq!(judge("   wagon   ", 8, &[]), Ok(()), "spaces count");
    }

    #[test]
    fn what_everybody_tries_is_not_taken() {
        for common in [
            "azertyuiop",
            "motdepasse",
            "MotDePasse1!",
            "m0td3p@sse",
            "password2026",
            "12345678",
            "87654321",
            "aaaaaaaaaaaa",
            "abababababab",
            "soleil2015",
            "marseille13",
            "qwertyui",
            "doudou2012",
            "azerty123",
            "jetaime!!",
            "motdepassemotdepasse",
        ] {
            assert_eq!(judge(common, 8, &[]), Err(Weak::Common), "{common}");
        }
        for good in ["soleil couchant vert", "trois-girafes-lentes", "kz8!qpWm", "craie-Blanche-41"] {
            assert_eq!(judge(good, 8, &[]), Ok(()), "{good}");
        }
    }

    #[test]
    fn who_somebody_is_is_no_password() {
        for personal in ["noelepetit", "petitnoe2015", "N0elepetit", "Durand-12", "préau2026"] {
            assert_eq!(judge(personal, 8, ABOUT), Err(Weak::Personal), "{personal}");
        }
        assert_eq!(judge("noe aime les girafes", 8, ABOUT), Ok(()), "control");
    }
}
