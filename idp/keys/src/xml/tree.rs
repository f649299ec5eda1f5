//! A document as a tree, read within bounds. Everything that could make two readers see two documents is refused.

use super::outline::look_over;
use super::{XmlError, names};
use roxmltree::{NodeType, ParsingOptions};
use std::collections::{HashMap, HashSet};

/// How much of a document is read.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes.
    pub bytes: usize,
    /// Elements, texts and comments.
    pub nodes: u32,
}

impl Bounds {
    /// Bounds of a message somebody sends through a browser.
    pub const MESSAGE: Bounds = Bounds { bytes: 256 * 1024, nodes: 10_000 };
    /// Bounds of a document that describes a federation.
    pub const METADATA: Bounds = Bounds { bytes: 16 * 1024 * 1024, nodes: 2_000_000 };
}

/// Equals signs from one `<` to the next: bounds the attributes and declarations of a tag before a parser compares each
/// with each.
const EQUALS: usize = 250;
/// Attributes and declarations of one element.
const ATTRIBUTES: usize = 100;

/// An element, with everything below it but comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    pub(super) prefix: String,
    pub(super) local: String,
    pub(super) namespace: String,
    /// Prefix and namespace of each declaration that stands on it.
    pub(super) declared: Vec<(String, String)>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) children: Vec<Child>,
    pub(super) line: Line,
}

/// Where an element was read, from 1; 0 for one that was made. It is no part of what the element is: all are equal.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line(pub(super) u32);

impl PartialEq for Line {
    fn eq(&self, _: &Line) -> bool {
        true
    }
}

impl Eq for Line {}

/// An attribute, declarations aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub(super) prefix: String,
    pub(super) local: String,
    pub(super) namespace: String,
    pub(super) value: String,
}

/// What stands in an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Child {
    /// An element.
    Element(Element),
    /// A text, never empty and never beside another one.
    Text(String),
}

impl Element {
    /// Whether it has this expanded name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.namespace == namespace && self.local == local
    }

    /// Its namespace; empty for none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its name, without prefix.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The value of an attribute in no namespace.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        self.attribute_of("", local)
    }

    /// The value of an attribute of a namespace.
    pub fn attribute_of(&self, namespace: &str, local: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|one| one.namespace == namespace && one.local == local);
        found.map(|one| one.value.as_str())
    }

    /// Elements and texts right below, in order.
    pub fn children(&self) -> &[Child] {
        &self.children
    }

    /// The line of the document it stood on, for people: the first is 1.
    pub fn line(&self) -> u32 {
        self.line.0
    }

    /// The elements right below, in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Text(_) => None,
        })
    }

    /// The elements of that name right below.
    pub fn all<'a>(&'a self, namespace: &'a str, local: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.is(namespace, local))
    }

    /// The one element of that name right below; [`XmlError::Several`] if there are more.
    pub fn one(&self, namespace: &str, local: &str) -> Result<Option<&Element>, XmlError> {
        let mut found = self.elements().filter(|element| element.is(namespace, local));
        let first = found.next();
        if found.next().is_some() { Err(XmlError::Several) } else { Ok(first) }
    }

    /// The whole text of an element that holds nothing else; [`XmlError::Malformed`] if elements stand in it.
    pub fn text(&self) -> Result<&str, XmlError> {
        match self.children.as_slice() {
            [] => Ok(""),
            [Child::Text(text)] => Ok(text),
            _ => Err(XmlError::Malformed),
        }
    }

    /// What a reference would call it, however the attribute is spelled.
    pub(super) fn identifier(&self) -> Option<&str> {
        let found = self.attributes.iter().find(|one| one.local.eq_ignore_ascii_case("id"));
        found.map(|one| one.value.as_str())
    }

    /// Every element of the tree, this one first.
    pub(super) fn walk<'a>(&'a self, seen: &mut impl FnMut(&'a Element)) {
        seen(self);
        self.elements().for_each(|element| element.walk(seen));
    }
}

/// A document nobody has vouched for yet.
#[derive(Clone)]
pub struct Document {
    pub(super) root: Element,
}

impl Document {
    /// Reads a message.
    pub fn parse(bytes: &[u8]) -> Result<Document, XmlError> {
        Document::parse_within(bytes, Bounds::MESSAGE)
    }

    /// Reads a document within other bounds.
    pub fn parse_within(bytes: &[u8], bounds: Bounds) -> Result<Document, XmlError> {
        Document::parse_at(bytes, bounds, 0)
    }

    /// The same for a part of a larger one, `before` lines below its beginning.
    pub(super) fn parse_at(bytes: &[u8], bounds: Bounds, before: i64) -> Result<Document, XmlError> {
        if bytes.len() > bounds.bytes || bytes.split(|byte| *byte == b'<').any(crowded) {
            return Err(XmlError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| XmlError::Malformed)?;
        look_over(text, bounds.nodes)?;
        let options = ParsingOptions { allow_dtd: false, nodes_limit: bounds.nodes, ..ParsingOptions::default() };
        let parsed = roxmltree::Document::parse_with_options(text, options).map_err(|error| match error {
            roxmltree::Error::NodesLimitReached | roxmltree::Error::AttributesLimitReached => XmlError::TooLarge,
            _ => XmlError::Malformed,
        })?;
        if parsed.root().children().any(|node| node.node_type() == NodeType::PI) {
            return Err(XmlError::Malformed);
        }
        let source = Source { text, before, ends: text.match_indices('\n').map(|(at, _)| at).collect() };
        let root = source.element(parsed.root_element(), &HashMap::new())?;
        identifiers(&root)?;
        Ok(Document { root })
    }

    /// What an envelope carries: the element reached from the outermost one by these expanded names, each of which stands
    /// once where it stands, as a document of its own. Exclusive canonical forms, and so signatures, are the same in both.
    pub fn below(&self, path: &[(&str, &str)]) -> Result<Document, XmlError> {
        let mut found = &self.root;
        let mut around = found.declared.clone();
        for (namespace, local) in path {
            found = found.one(namespace, local)?.ok_or(XmlError::Absent)?;
            around.retain(|(prefix, _)| found.declared.iter().all(|(own, _)| own != prefix));
            around.extend(found.declared.iter().cloned());
        }
        let mut root = found.clone();
        around.retain(|(prefix, uri)| !(prefix.is_empty() && uri.is_empty()));
        around.sort_unstable();
        root.declared = around;
        Ok(Document { root })
    }

    /// The expanded name of the outermost element.
    pub fn name(&self) -> (&str, &str) {
        (&self.root.namespace, &self.root.local)
    }

    /// The tree as somebody sent it, **which nobody vouches for**: to find whose keys it is to be verified with, and to
    /// read what needs no signature.
    pub fn unverified(&self) -> &Element {
        &self.root
    }
}

fn crowded(tag: &[u8]) -> bool {
    tag.iter().filter(|byte| **byte == b'=').count() > EQUALS
}

/// What prefixes stand for around an element; the empty one is the default.
type Around<'a> = HashMap<&'a str, &'a str>;

/// The text of a document, and where its lines end.
struct Source<'a> {
    text: &'a str,
    /// Lines that stand before the text.
    before: i64,
    ends: Vec<usize>,
}

impl<'a> Source<'a> {
    fn element(&self, node: roxmltree::Node<'a, 'a>, around: &Around<'a>) -> Result<Element, XmlError> {
        let text = self.text;
        let written = text.get(node.range()).and_then(|tag| tag.strip_prefix('<')).ok_or(XmlError::Malformed)?;
        let end = written.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').unwrap_or(written.len());
        let (prefix, local) = written[..end].split_once(':').unwrap_or(("", &written[..end]));
        if local != node.tag_name().name() {
            return Err(XmlError::Malformed);
        }
        let attributes: Vec<Attribute> = node
            .attributes()
            .map(|attribute| {
                let written = text.get(attribute.range_qname()).unwrap_or_default();
                Attribute {
                    prefix: written.split_once(':').map_or("", |(prefix, _)| prefix).to_owned(),
                    local: attribute.name().to_owned(),
                    namespace: attribute.namespace().unwrap_or_default().to_owned(),
                    value: attribute.value().to_owned(),
                }
            })
            .collect();
        // Few elements declare anything: the others are spared a look at all that is in scope.
        let tag = &text[node.range().start..node.first_child().map_or(node.range().end, |child| child.range().start)];
        let own = if tag.contains("xmlns") { Some(scope(node)?) } else { None };
        let declared = own.as_ref().map(|own| declarations(own, around)).unwrap_or_default();
        if attributes.len() + declared.len() > ATTRIBUTES {
            return Err(XmlError::TooLarge);
        }
        // Prefixes and declarations are what is digested, namespaces are what is read: they say the same.
        let scope = own.as_ref().unwrap_or(around);
        let namespace = node.tag_name().namespace().unwrap_or_default();
        let unprefixed = |one: &Attribute| one.prefix.is_empty() && one.namespace.is_empty();
        let prefixed = |one: &Attribute| !one.prefix.is_empty() && stands_for(scope, &one.prefix) == one.namespace;
        if stands_for(scope, prefix) != namespace || !attributes.iter().all(|one| unprefixed(one) || prefixed(one)) {
            return Err(XmlError::Malformed);
        }
        let mut children = Vec::new();
        for child in node.children() {
            match child.node_type() {
                NodeType::Element => {
                    children.push(Child::Element(self.element(child, scope)?));
                }
                NodeType::Text => {
                    let more = child.text().unwrap_or_default();
                    match children.last_mut() {
                        Some(Child::Text(before)) => before.push_str(more),
                        _ if more.is_empty() => {}
                        _ => children.push(Child::Text(more.to_owned())),
                    }
                }
                NodeType::Comment => {}
                NodeType::PI | NodeType::Root => return Err(XmlError::Malformed),
            }
        }
        Ok(Element {
            prefix: prefix.to_owned(),
            local: local.to_owned(),
            namespace: namespace.to_owned(),
            declared,
            attributes,
            children,
            line: self.line(node.range().start),
        })
    }

    fn line(&self, at: usize) -> Line {
        let within = i64::try_from(self.ends.partition_point(|end| *end < at)).unwrap_or(i64::MAX);
        Line(u32::try_from(within.saturating_add(self.before).saturating_add(1)).unwrap_or(0))
    }
}

/// What a prefix stands for, as a reader of what is digested would find it.
fn stands_for<'a>(scope: &Around<'a>, prefix: &str) -> &'a str {
    if prefix == "xml" { names::XML } else { scope.get(prefix).copied().unwrap_or_default() }
}

/// What prefixes stand for on an element. A relative namespace has no canonical form (C14N 2.2), a prefix is not taken back,
/// and none is declared twice: the parser lets the default one be, and reads the first.
fn scope<'a>(node: roxmltree::Node<'a, 'a>) -> Result<Around<'a>, XmlError> {
    let mut scope = Around::new();
    for namespace in node.namespaces().filter(|one| one.name() != Some("xml")) {
        let (prefix, uri) = (namespace.name().unwrap_or_default(), namespace.uri());
        let absolute = uri.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme));
        let none = uri.is_empty() && prefix.is_empty();
        if !(absolute || none) {
            return Err(XmlError::Malformed);
        }
        if scope.insert(prefix, uri).is_some() {
            return Err(XmlError::Malformed);
        }
    }
    Ok(scope)
}

/// The declarations that change something, in the order of their prefixes.
fn declarations(own: &Around<'_>, around: &Around<'_>) -> Vec<(String, String)> {
    let changed = |(prefix, uri): &(&&str, &&str)| around.get(**prefix).copied().unwrap_or_default() != **uri;
    let mut declared: Vec<(String, String)> =
        own.iter().filter(changed).map(|(prefix, uri)| ((*prefix).to_owned(), (*uri).to_owned())).collect();
    declared.sort_unstable();
    declared
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// An identifier names one element, and an element has one, however the attribute is spelled.
fn identifiers(root: &Element) -> Result<(), XmlError> {
    let (mut seen, mut unique) = (HashSet::new(), true);
    root.walk(&mut |element| {
        let mut own = element.attributes.iter().filter(|one| one.local.eq_ignore_ascii_case("id"));
        if let Some(id) = own.next() {
            unique &= own.next().is_none() && seen.insert(id.value.as_str());
        }
    });
    if unique { Ok(()) } else { Err(XmlError::Identifier) }
}

#[cfg(test)]
#[path = "tree/tests.rs"]
mod tests;
