//! The outline of a document, looked over before the parser is asked: how deep it goes, and how much is declared around what.
//!
//! The parser goes through all that is in scope at each declaration and at each name: a few kilobytes of declarations inside
//! one another would keep it busy for minutes. Up to the first mistake of a text the parser finds its tags where they are
//! found here; behind it the parser reads nothing.

use super::XmlError;

/// Elements inside one another.
pub(super) const DEPTH: usize = 64;
/// Declarations of an element and of those around it.
const DECLARED: usize = 100;
/// What is declared in and around each element that declares something, all together, for each node that may be read.
const DECLARED_PER_NODE: usize = 10;

/// Whether the parser may be asked for a document of at most that many nodes.
pub(super) fn look_over(text: &str, nodes: u32) -> Result<(), XmlError> {
    let mut left = DECLARED_PER_NODE.saturating_mul(usize::try_from(nodes).unwrap_or(usize::MAX));
    // How much is declared in each element that is open.
    let mut open: Vec<usize> = Vec::with_capacity(DEPTH);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let (tag, after) = rest.split_at(markup(rest).ok_or(XmlError::Malformed)?);
        rest = after;
        match tag.as_bytes().get(1) {
            Some(b'!' | b'?') => {}
            Some(b'/') => drop(open.pop().ok_or(XmlError::Malformed)?),
            _ => {
                let (around, own) = (open.last().copied().unwrap_or(0), tag.matches("xmlns").count());
                let declared = around + own;
                let cost = if own == 0 { 0 } else { declared };
                if open.len() == DEPTH || declared > DECLARED || cost > left {
                    return Err(XmlError::TooLarge);
                }
                left -= cost;
                if !tag.ends_with("/>") {
                    open.push(declared);
                }
            }
        }
    }
    Ok(())
}

/// How long the tag, comment, instruction or piece of character data is that begins here; none if it does not end, or is of
/// a kind that is not read.
pub(super) fn markup(text: &str) -> Option<usize> {
    let until = |from: usize, end: &str| text.get(from..)?.find(end).map(|at| from + at + end.len());
    match text {
        _ if text.starts_with("<!--") => return until(4, "-->"),
        _ if text.starts_with("<![CDATA[") => return until(9, "]]>"),
        _ if text.starts_with("<!") => return None,
        _ if text.starts_with("<?") => return until(2, "?>"),
        _ => {}
    }
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}
