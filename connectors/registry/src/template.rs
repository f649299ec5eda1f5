//! Texts with `{name}` in them, filled in with the parameters of an installation. Nothing else is ever replaced, and a
//! value is never read again for more.

use std::collections::BTreeMap;

/// Names that need no parameter: `{preau}`, our own address, is filled in where the text is shown; `{id}` is the name of
/// the installation.
pub(crate) const PREAU: &str = "preau";
pub(crate) const ID: &str = "id";

/// The `{name}`s of a text, in order. Any other brace is a brace.
pub(crate) fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| if let Piece::Name(name) = piece { Some(name) } else { None })
}

/// The text with each `{name}` replaced by its value; one without a value stays.
pub(crate) fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    pieces(text).fold(String::with_capacity(text.len()), |mut filled, piece| {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Name(name) => match values.get(name) {
                Some(value) => filled.push_str(value),
                None => {
                    filled.push('{');
                    filled.push_str(name);
                    filled.push('}');
                }
            },
        }
        filled
    })
}

/// Whether this may be the name of a parameter.
pub(crate) fn name_ok(name: &str) -> bool {
    name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(inside) = rest.strip_prefix('{')
            && let Some(end) = inside.find('}')
            && name_ok(&inside[..end])
        {
            rest = &inside[end + 1..];
            return Some(Piece::Name(&inside[..end]));
        }
        // Up to the next brace, and at least one character.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[first..].find('{').map_or(rest.len(), |at| at + first);
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Text(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_once_and_other_braces_stay() {
        let values = BTreeMap::from([("url".to_owned(), "https://a.example".to_owned()), ("x".into(), "{url}".into())]);
        for (text, filled) in [
            ("{url}/", "https://a.example/"),
            ("a{url}b{url}", "ahttps://a.examplebhttps://a.example"),
            ("{x}", "{url}"),
            ("%{HTTP_HOST} {} {a b} {url", "%{HTTP_HOST} {} {a b} {url"),
            ("é{{url}}é", "é{https://a.example}é"),
            ("{preau}", "{preau}"),
        ] {
            assert_eq!(fill(text, &values), filled);
        }
        assert_eq!(names("{url}/{id} {X} {preau}").collect::<Vec<_>>(), ["url", "id", "preau"]);
    }
}
