//! The code a person types for a device (RFC 8628 6.1): eight characters without look-alikes, forty bits.

/// How many.
pub const LENGTH: usize = 8;

/// As it is shown: in two halves and capital letters.
pub fn shown(code: &str) -> String {
    let code = code.to_ascii_uppercase();
    match code.split_at_checked(LENGTH / 2) {
        Some((first, second)) => format!("{first}-{second}"),
        None => code,
    }
}

/// As somebody typed it: in any case, with any dash or space, and with the letters that look like figures.
pub fn read(typed: &str) -> Option<String> {
    if typed.len() > 64 {
        return None;
    }
    let kept = typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—' | '.'));
    let code: String = kept
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    let legal = code.len() == LENGTH && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    legal.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_is_shown_and_as_people_type() {
        assert_eq!(shown("0abcdef1"), "0ABC-DEF1");
        for typed in ["0ABC-DEF1", "oabc def l", " 0abc–def1 ", "OABCDEFI"] {
            assert_eq!(read(typed).as_deref(), Some("0abcdef1"), "{typed}");
        }
        for bad in ["", "0abcdef", "0abcdef12", "0abcdéf1", "0abc/def1", &"a".repeat(100)] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
