//! Bounds and shapes for texts that come from outside: every attribute value, login and label is cut to a known size
//! and freed of control characters before anything else sees it.

use unicode_normalization::UnicodeNormalization;

/// What [`bounded`] did to a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bounded {
    /// The text fits.
    Fits(String),
    /// The text was longer than allowed; `length` is its size in characters.
    TooLong {
        /// Size of the refused text, in characters.
        length: usize,
    },
}

/// Takes a text of at most `max` characters, trimmed, in Unicode form C. A line break or a tab is a space, since it parts two
/// words; other control characters are dropped, and so are those that turn the direction of what stands around them.
pub fn bounded(text: &str, max: usize) -> Bounded {
    let one_line = text.replace("\r\n", " ");
    let spaced =
        one_line.nfc().map(|c| if matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}') { ' ' } else { c });
    let clean: String = spaced.filter(|c| !c.is_control() && !turns_direction(*c)).collect();
    let clean = clean.trim();
    let length = clean.chars().count();
    if length > max { Bounded::TooLong { length } } else { Bounded::Fits(clean.to_owned()) }
}

/// The characters of Unicode's `Bidi_Control`: unseen themselves, they reorder the text of a page around a name.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The form under which a login is stored and looked up: trimmed, Unicode form C, lower case. `None` when it is empty,
/// longer than 128 characters or holds a control character: such a login names nobody.
pub fn normalised_login(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.is_empty() || typed.len() > 512 || typed.chars().any(char::is_control) {
        return None;
    }
    let login: String = typed.nfc().collect::<String>().to_lowercase();
    (login.chars().count() <= 128).then_some(login)
}

/// The form under which a mail address is looked up: lower case, one `@` between two parts that are not empty, nothing but
/// visible ASCII and no mark that lists or quotes addresses, at most 254 characters. `None` for anything else.
pub fn normalised_mail(written: &str) -> Option<String> {
    let (local, domain) = written.split_once('@')?;
    let plain =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && !b"@,;:<>()[]\\\"".contains(&b));
    (written.len() <= 254 && plain(local) && plain(domain)).then(|| written.to_ascii_lowercase())
}

/// A text as a log or a terminal may show it: one line, no control character and none that turns the direction of others, at most `max` characters and then the
/// true length in brackets.
pub fn display_safe(text: &str, max: usize) -> String {
    let shown: String =
        text.chars().take(max).map(|c| if c.is_control() || turns_direction(c) { '\u{fffd}' } else { c }).collect();
    let length = text.chars().count();
    if length > max { format!("{shown}… ({length} characters)") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_and_turns_nothing_around() {
        for (written, taken) in [
            ("Ligne\nbrisée", "Ligne brisée"),
            ("Ligne\r\nbrisée\t2\n", "Ligne brisée 2"),
            ("Jean\u{2028}Paul\u{2029}", "Jean Paul"),
            ("A\u{202e}nimda\u{2066}x\u{2069}\u{200f}\u{61c}", "Animdax"),
            ("\u{7}O'Neil\0 \u{1b}[0m", "O'Neil [0m"),
            ("Zoé-Anaïs d’Été", "Zoé-Anaïs d’Été"),
            ("\u{645}\u{631}\u{64a}\u{645}", "\u{645}\u{631}\u{64a}\u{645}"),
        ] {
            assert_eq!(bounded(written, 20), Bounded::Fits(taken.into()), "{written:?}");
        }
    }

    #[test]
    fn a_login_is_the_same_however_it_is_typed() {
        assert_eq!(normalised_login("  J.DURAND "), Some("j.durand".into()));
        assert_eq!(normalised_login("e\u{301}lise"), Some("élise".into()));
        assert_eq!(normalised_login("a\nb"), None);
        assert_eq!(normalised_login("   "), None);
    }

    #[test]
    fn an_address_is_the_same_in_capitals_and_looks_like_no_other() {
        assert_eq!(normalised_mail("Alice.Martin@AC-Notos.example"), Some("alice.martin@ac-notos.example".into()));
        let long = format!("{}@ac-notos.example", "a".repeat(240));
        let odd =
            ["a", "@b", "a@", "a@b@c", "a@b,c@d", "a <a@b>", "\"a b\"@c", " a@b", "a@b\n", "é@b", "\u{430}@b", &long];
        for odd in odd {
            assert_eq!(normalised_mail(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn a_log_line_stays_one_line() {
        assert_eq!(display_safe("a\nb\u{1b}[31m", 10), "a\u{fffd}b\u{fffd}[31m");
        assert_eq!(display_safe("abcdef", 3), "abc… (6 characters)");
    }
}
