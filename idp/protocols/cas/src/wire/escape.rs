//! Texts inside XML: whatever a value holds, what is written parses, and parses as one text.

/// Names that are elements of the protocol. A client that looks for them anywhere below the answer, as several do,
/// would take an attribute of such a name for the protocol's own word.
const RESERVED: [&str; 15] = [
    "serviceResponse",
    "authenticationSuccess",
    "authenticationFailure",
    "proxySuccess",
    "proxyFailure",
    "user",
    "attributes",
    "proxyGrantingTicket",
    "proxyTicket",
    "proxies",
    "proxy",
    "authenticationDate",
    "longTermAuthenticationRequestTokenUsed",
    "isFromNewLogin",
    "authnContextClass",
];

/// Whether an attribute of that name can be written: an XML name without colon, and none of the protocol's own words.
pub fn is_attribute_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 128
        && bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && !RESERVED.contains(&name)
}

/// Appends a text so that it is the same in an element and in an attribute between quotes. Characters XML 1.0 does not
/// allow are dropped (section 2.2 of XML 1.0); line breaks and tabs are written as references, because a parser changes
/// bare ones.
pub fn push_xml(out: &mut String, text: &str) {
    let mut kept = 0;
    for (at, char) in text.char_indices() {
        let instead = match char {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#39;",
            '\t' => "&#9;",
            '\n' => "&#10;",
            '\r' => "&#13;",
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => "",
            _ => continue,
        };
        out.push_str(&text[kept..at]);
        out.push_str(instead);
        kept = at + char.len_utf8();
    }
    out.push_str(&text[kept..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quick_xml::events::Event;

    fn written(text: &str) -> String {
        let mut out = String::new();
        push_xml(&mut out, text);
        out
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(written("</cas:user>]]>&#0;"), "&lt;/cas:user&gt;]]&gt;&amp;#0;");
        assert_eq!(written("a\u{b}\0\u{fffe}b\r\n\"'"), "ab&#13;&#10;&quot;&#39;");
        assert_eq!(written("Élodie 🎒"), "Élodie 🎒");
    }

    #[test]
    fn names_are_xml_names_and_none_of_ours() {
        for good in ["uid", "ENTPersonProfils", "_a-b.c"] {
            assert!(is_attribute_name(good), "{good}");
        }
        for bad in ["", "1a", "a b><x", "urn:oid:1", "é", "user", "proxy", "authenticationFailure", "-a"] {
            assert!(!is_attribute_name(bad), "{bad}");
        }
    }

    /// What a parser reads back: texts and references of one element.
    fn read_back(xml: &str) -> String {
        let mut reader = quick_xml::Reader::from_str(xml);
        let mut text = String::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Text(t) => text.push_str(&t.decode().unwrap()),
                Event::GeneralRef(r) => match r.resolve_char_ref().unwrap() {
                    Some(char) => text.push(char),
                    None => text.push_str(quick_xml::escape::resolve_predefined_entity(&r.decode().unwrap()).unwrap()),
                },
                Event::Eof => return text,
                Event::Start(_) | Event::End(_) => {}
                other => panic!("{other:?} inside a text"),
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_as_itself(text in any::<String>()) {
            let legal: String =
                text.chars().filter(|c| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')).collect();
            let xml = format!("<a>{}</a>", written(&text));
            prop_assert_eq!(read_back(&xml), legal);
        }
    }
}
