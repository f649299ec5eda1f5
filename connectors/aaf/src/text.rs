//! From the bytes of a file to text: UTF-8, ISO-8859-15 or ISO-8859-1, and the entities HTML has for those letters.
//! Whoever wrote the older files escaped accents as for a web page. No other entity is known: what a DTD could define is
//! never read.

use preau_connector_api::latin9;

/// How a file writes its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Latin1,
    Latin9,
}

impl Encoding {
    /// The encoding a file declares.
    pub(crate) fn named(name: &[u8]) -> Option<Encoding> {
        match name.to_ascii_uppercase().as_slice() {
            b"UTF-8" | b"UTF8" | b"US-ASCII" => Some(Encoding::Utf8),
            b"ISO-8859-1" | b"LATIN1" => Some(Encoding::Latin1),
            b"ISO-8859-15" | b"LATIN-9" | b"LATIN9" => Some(Encoding::Latin9),
            _ => None,
        }
    }

    /// Adds bytes of the file to a text. What is no text stays as it is, for the reader of the entry to refuse.
    pub(crate) fn append(self, bytes: &[u8], to: &mut Vec<u8>) {
        if self == Encoding::Utf8 || bytes.is_ascii() {
            to.extend_from_slice(bytes);
            return;
        }
        for byte in bytes {
            push(if self == Encoding::Latin9 { latin9(*byte) } else { char::from(*byte) }, to);
        }
    }
}

/// Adds a letter to a text.
pub(crate) fn push(letter: char, to: &mut Vec<u8>) {
    to.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The letter of a named entity: those of XML, and those HTML has for ISO-8859-1 and French.
pub(crate) fn entity(name: &[u8]) -> Option<char> {
    let name = std::str::from_utf8(name).ok()?;
    let known = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "OElig" => 'Œ',
        "oelig" => 'œ',
        "Yuml" => 'Ÿ',
        "euro" => '€',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "hellip" => '…',
        _ => {
            let at = LATIN1.split_ascii_whitespace().position(|known| known == name)?;
            return char::from_u32(0xa0 + u32::try_from(at).ok()?);
        }
    };
    Some(known)
}

/// Names of U+00A0 to U+00FF, in order.
const LATIN1: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
    sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
    AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times \
    Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute \
    ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc \
    uuml yacute thorn yuml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_out_as_they_were_meant() {
        let read = |encoding: Encoding, bytes: &[u8]| {
            let mut text = Vec::new();
            encoding.append(bytes, &mut text);
            String::from_utf8(text)
        };
        assert_eq!(read(Encoding::Latin9, b"C\xbdur \xe9lu \xa4").as_deref(), Ok("Cœur élu €"));
        assert_eq!(read(Encoding::Latin1, b"\xe9\xbd").as_deref(), Ok("é½"));
        assert_eq!(read(Encoding::Utf8, "élu".as_bytes()).as_deref(), Ok("élu"));
        assert!(read(Encoding::Utf8, b"\xe9lu").is_err(), "left for the reader to refuse");
        assert_eq!(Encoding::named(b"iso-8859-15"), Some(Encoding::Latin9));
        assert_eq!(Encoding::named(b"UTF-16"), None);
    }

    #[test]
    fn the_entities_of_letters_are_known_and_no_other() {
        for (name, letter) in [("nbsp", '\u{a0}'), ("eacute", 'é'), ("Ccedil", 'Ç'), ("yuml", 'ÿ'), ("oelig", 'œ')]
        {
            assert_eq!(entity(name.as_bytes()), Some(letter), "{name}");
        }
        for unknown in ["xxe", "", "lol9", "eacute2"] {
            assert_eq!(entity(unknown.as_bytes()), None, "{unknown}");
        }
    }
}
