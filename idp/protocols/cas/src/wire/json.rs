//! Texts inside JSON, safe also where somebody pastes the answer into a page.

use std::fmt::Write;

/// Appends a text between quotes. `<`, `>`, `&` and the line separators of JavaScript are written as references.
pub fn push_json(out: &mut String, text: &str) {
    out.push('"');
    let mut kept = 0;
    for (at, char) in text.char_indices() {
        let special =
            matches!(char, '"' | '\\' | '<' | '>' | '&' | '\0'..='\u{1f}' | '\u{7f}' | '\u{2028}' | '\u{2029}');
        if !special {
            continue;
        }
        out.push_str(&text[kept..at]);
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // Writing to a String cannot fail.
            other => drop(write!(out, "\\u{:04x}", u32::from(other))),
        }
        kept = at + char.len_utf8();
    }
    out.push_str(&text[kept..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_read_back_as_itself(text in any::<String>()) {
            let mut out = String::new();
            push_json(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn a_page_it_is_pasted_into_stays_whole() {
        let mut out = String::new();
        push_json(&mut out, "</script>\u{2028}\"");
        assert_eq!(out, r#""\u003c/script\u003e\u2028\"""#);
    }
}
