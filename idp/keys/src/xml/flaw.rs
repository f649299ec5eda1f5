//! Why a text is no XML that is read: for whoever wrote it. Nothing is decided here, the reader has refused it already.

use super::outline::{look_over, markup};
use roxmltree::{Error, NodeType, ParsingOptions};

/// Nodes looked at for an explanation.
const NODES: u32 = 20_000;

/// Where a text stops being a document, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The line, from 1.
    pub line: u32,
    /// The element it is in or behind, as it is written there and at most 60 characters of it; empty before the first.
    pub element: String,
    /// What is wrong.
    pub what: &'static str,
}

/// What is said of a document type wherever one stands.
pub(super) const TYPE: &str = "a document type, which nobody reads";
/// What is said of a processing instruction.
pub(super) const INSTRUCTION: &str = "a processing instruction, which nobody reads";
/// What is said of an element without its end.
pub(super) const OPEN: &str = "the element is not closed";

/// Explains a document that was refused as malformed.
pub fn flaw(bytes: &[u8]) -> Flaw {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let sound = std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default();
            return at(sound, sound.len(), "bytes that are no UTF-8");
        }
    };
    let outline = walk(text);
    // The parser is asked only for what is known to keep it busy for a short while.
    let parsed = look_over(text, NODES).ok().and_then(|()| parse(text));
    let found = match (outline, parsed) {
        (Some(outline), Some(parsed)) if parsed.0 < outline.0 && parsed.1 != OPEN => parsed,
        (Some(outline), _) => outline,
        (None, Some(parsed)) => parsed,
        (None, None) => (0, "a prefix, or a namespace, that two readers would read differently"),
    };
    at(text, found.0, found.1)
}

/// The same for a part of a larger document, whose first line is this one.
pub(super) fn flaw_from(bytes: &[u8], line: u32) -> Flaw {
    let found = flaw(bytes);
    Flaw { line: found.line.saturating_add(line).saturating_sub(1), ..found }
}

fn at(text: &str, offset: usize, what: &'static str) -> Flaw {
    let before = text.get(..offset).unwrap_or(text);
    let line = u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX).saturating_add(1);
    // The tag that begins here, else the one before.
    let from_here = text.get(offset..).filter(|rest| rest.starts_with('<')).and_then(local);
    let behind = before.rmatch_indices('<').find_map(|(at, _)| local(text.get(at..)?));
    Flaw { line, element: from_here.or(behind).unwrap_or_default(), what }
}

/// The local name of the opening tag at the beginning of this.
fn local(tag: &str) -> Option<String> {
    let name = tag.strip_prefix('<')?;
    let end = name.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '<')).unwrap_or(name.len());
    let name = name.get(..end)?;
    let begins = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    begins.then(|| name.rsplit(':').next().unwrap_or(name).chars().take(60).collect())
}

/// The first thing that the tags by themselves show.
fn walk(text: &str) -> Option<(usize, &'static str)> {
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find('<')) {
        let begin = from + found;
        let rest = text.get(begin..)?;
        let Some(length) = markup(rest) else {
            let what = match rest {
                _ if rest.starts_with("<!--") => "a comment that does not end",
                _ if rest.starts_with("<![CDATA[") => "character data that do not end",
                _ if rest.starts_with("<!") => TYPE,
                _ => "a tag that does not end",
            };
            return Some((begin, what));
        };
        let tag = rest.get(..length)?;
        from = begin + length;
        match tag.as_bytes().get(1) {
            Some(b'!') => {}
            Some(b'?') => {
                let declaration =
                    tag.starts_with("<?xml") && text.get(..begin)?.trim_start_matches('\u{feff}').is_empty();
                if !declaration {
                    return Some((begin, INSTRUCTION));
                }
            }
            Some(b'/') => match open.pop() {
                None => return Some((begin, "an element ends here that did not begin")),
                Some((at, name)) if named(tag, 2) != name => return Some((at, OPEN)),
                Some(_) => {}
            },
            _ if tag.ends_with("/>") => {}
            _ => open.push((begin, named(tag, 1))),
        }
    }
    open.last().map(|(at, _)| (*at, OPEN))
}

fn named(tag: &str, skip: usize) -> &str {
    let name = tag.get(skip..).unwrap_or_default();
    let end = name.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).unwrap_or(name.len());
    name.get(..end).unwrap_or_default()
}

/// What the parser says.
fn parse(text: &str) -> Option<(usize, &'static str)> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES, ..ParsingOptions::default() };
    let parsed = match roxmltree::Document::parse_with_options(text, options) {
        Ok(parsed) => parsed,
        Err(error) => return Some((offset(text, error.pos()), sentence(&error))),
    };
    let relative = |uri: &str| !uri.is_empty() && !uri.contains(':');
    parsed.descendants().find_map(|node| {
        let what = match node.node_type() {
            NodeType::PI => INSTRUCTION,
            NodeType::Element if node.namespaces().any(|one| relative(one.uri())) => {
                "a namespace that is no absolute URI"
            }
            _ => return None,
        };
        Some((node.range().start, what))
    })
}

fn offset(text: &str, pos: roxmltree::TextPos) -> usize {
    let row = usize::try_from(pos.row).unwrap_or(1).saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(row).map(str::len).sum();
    let column = usize::try_from(pos.col).unwrap_or(1).saturating_sub(1);
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
}

fn sentence(error: &Error) -> &'static str {
    match error {
        Error::UnknownEntityReference(..) | Error::EntityReferenceLoop(_) => {
            "an entity, of which only the five of XML are read"
        }
        Error::MalformedEntityReference(_) => {
            "a `&` that begins no reference (`&amp;`), or one to a character that XML does not have"
        }
        Error::UnknownNamespace(..) => "a prefix that is not declared",
        Error::DuplicatedAttribute(..) => "an attribute that is there twice",
        Error::DuplicatedNamespace(..) => "a prefix that is declared twice",
        Error::NonXmlChar(..) => "a character that XML does not have",
        Error::InvalidAttributeValue(_) | Error::InvalidChar(b'"' | b'\'', b'<', _) => {
            "a `<` in the value of an attribute"
        }
        Error::UnexpectedCloseTag(..) | Error::UnexpectedEntityCloseTag(_) | Error::UnclosedRootNode => OPEN,
        Error::InvalidName(_) => "a name that is none",
        Error::NoRootNode => "no element",
        Error::UnexpectedEndOfStream => "the document ends too soon",
        Error::InvalidComment(_) => "a comment that holds `--`",
        Error::InvalidCharacterData(_) => "`]]>` in a text",
        Error::DtdDetected | Error::InvalidExternalID(_) => TYPE,
        Error::UnexpectedDeclaration(_) => "an XML declaration that is not at the beginning",
        Error::InvalidXmlPrefixUri(_)
        | Error::UnexpectedXmlUri(_)
        | Error::UnexpectedXmlnsUri(_)
        | Error::InvalidElementNamePrefix(_) => "a prefix, or a namespace, that belongs to XML itself",
        _ => "something that is neither a tag nor a text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Document, XmlError};

    #[test]
    fn each_malformation_has_its_own_sentence_and_its_line() {
        let of = |line: &str| format!("<p:a xmlns:p=\"urn:p\">\n<p:b>x</p:b>\n{line}\n</p:a>");
        for (line, element, what) in [
            ("<p:c>Atelier & co</p:c>", "c", "a `&` that begins no reference"),
            ("<p:c>&nbsp;</p:c>", "c", "an entity, of which"),
            ("<p:c>&#x1;</p:c>", "c", "a `&` that begins no reference"),
            ("<p:c>\u{1}</p:c>", "c", "a character that XML does not have"),
            ("<?x y?>", "b", "a processing instruction"),
            ("<!DOCTYPE x>", "b", "a document type"),
            ("<p:c>", "c", "the element is not closed"),
            ("</p:c>", "a", "the element is not closed"),
            ("<q:c/>", "c", "a prefix that is not declared"),
            ("<p:c x=\"1\" x=\"2\"/>", "c", "an attribute that is there twice"),
            ("<p:c x=\"<\"/>", "c", "a `<` in the value"),
            ("<!-- a -- b -->", "b", "a comment that holds"),
            ("<!-- a", "b", "a comment that does not end"),
            ("<p:c x=\"1", "c", "a tag that does not end"),
            ("<c xmlns=\"relative\"/>", "c", "a namespace that is no absolute URI"),
        ] {
            let text = of(line);
            assert_eq!(Document::parse(text.as_bytes()).err(), Some(XmlError::Malformed), "{line}");
            let found = flaw(text.as_bytes());
            assert!(found.what.starts_with(what), "{line}: {found:?}");
            let at = if line == "</p:c>" { (1, "a") } else { (3, element) };
            assert_eq!((found.line, found.element.as_str()), at, "{line}: {found:?}");
        }
        let bytes = [of("<p:c>").as_bytes(), b"\xff"].concat();
        assert_eq!(flaw(&bytes).what, "bytes that are no UTF-8");
        assert!(["no element", "the document ends too soon"].contains(&flaw(b"").what));
    }

    #[test]
    fn nothing_keeps_an_explanation_busy() {
        let began = std::time::Instant::now();
        let nested: String = (0..2_000).map(|n| format!("<a{n} xmlns:p{n}=\"urn:{n}\">")).collect();
        for text in
            [nested, "<a>".repeat(80_000), "<a x=\"&\">".repeat(20_000), "&".repeat(250_000), "<".repeat(250_000)]
        {
            flaw(text.as_bytes());
        }
        assert!(began.elapsed().as_secs() < 2, "{:?}", began.elapsed());
    }
}
