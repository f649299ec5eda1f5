//! From the bytes of a file to text. Spreadsheets write UTF-8 with or without a mark, or the letters of the machine they run
//! on; which of them, a file says nowhere, so it is told from what the bytes can be.

use preau_connector_api::latin9;
use schemars::JsonSchema;
use serde::Deserialize;

/// How a file writes its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encoding {
    /// UTF-8, with or without a mark at its beginning.
    #[serde(rename = "utf-8")]
    Utf8,
    /// ISO-8859-15.
    #[serde(rename = "iso-8859-15")]
    Latin9,
    /// Windows-1252.
    #[serde(rename = "windows-1252")]
    Windows,
}

impl Encoding {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Latin9 => "ISO-8859-15",
            Encoding::Windows => "Windows-1252",
        }
    }
}

const MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of a file, in the encoding its settings name or the one it can only be. Bytes that are no UTF-8 are letters of
/// Windows-1252 where one of them is a letter there alone, and of ISO-8859-15 otherwise.
pub(crate) fn decode(bytes: &[u8], said: Option<Encoding>) -> Result<(String, Encoding), String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("it is UTF-16: save it as CSV UTF-8".into());
    }
    if bytes.contains(&0) {
        return Err("it holds bytes that are no text: is it a spreadsheet? Save it as CSV UTF-8".into());
    }
    let unmarked = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let utf8 = std::str::from_utf8(unmarked);
    let encoding = match (said, &utf8) {
        (Some(said), _) => said,
        (None, Ok(_)) => Encoding::Utf8,
        (None, Err(_)) if unmarked.len() < bytes.len() => Encoding::Utf8,
        (None, Err(_)) if bytes.iter().any(|byte| (0x80..0xa0).contains(byte)) => Encoding::Windows,
        (None, Err(_)) => Encoding::Latin9,
    };
    let text = match encoding {
        Encoding::Utf8 => utf8.map_err(|_| "it is not UTF-8 throughout".to_owned())?.to_owned(),
        Encoding::Latin9 => unmarked.iter().map(|byte| latin9(*byte)).collect(),
        Encoding::Windows => unmarked.iter().map(|byte| windows(*byte)).collect(),
    };
    Ok((text, encoding))
}

/// The letters of Windows-1252 between 80 and 9F; five are none.
const WINDOWS: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}', '\u{fffd}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

fn windows(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> Result<(String, Encoding), String> {
        decode(bytes, None)
    }

    #[test]
    fn letters_come_out_as_they_were_meant() {
        assert_eq!(told("élu".as_bytes()), Ok(("élu".into(), Encoding::Utf8)));
        assert_eq!(told(b"\xef\xbb\xbf\xc3\xa9lu"), Ok(("élu".into(), Encoding::Utf8)));
        assert_eq!(told(b"C\xbdur \xe9lu"), Ok(("Cœur élu".into(), Encoding::Latin9)));
        assert_eq!(told(b"C\x9cur l\x92\xe9lu"), Ok(("Cœur l’élu".into(), Encoding::Windows)));
        let said = decode(b"C\xbdur \xe9lu", Some(Encoding::Windows));
        assert_eq!(said, Ok(("C½ur élu".into(), Encoding::Windows)), "what the settings say counts");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [&b"\xff\xfeN\0o\0m\0"[..], b"PK\x03\x04\0\0", b"\xef\xbb\xbfN\xe9"] {
            assert!(told(bytes).is_err(), "{bytes:?}");
        }
        assert!(decode(b"\xe9lu", Some(Encoding::Utf8)).is_err());
    }
}
