//! Writing, in exclusive canonical form (W3C xml-exc-c14n) whoever gives the values: declarations where a prefix is first used,
//! attributes in order, every value escaped. So a message can be signed as it stands.

use crate::names::{ALG, DS, ECP, MD, MDUI, SAML, SAMLP, SHIBMD, SOAP, XS, XSI};
use preau_domain::Instant;
use preau_keys::xml::Canonical;
use std::ops::Range;

/// The prefixes we write, and what they stand for.
const PREFIXES: [(&str, &str); 11] = [
    ("alg", ALG),
    ("ds", DS),
    ("ecp", ECP),
    ("md", MD),
    ("mdui", MDUI),
    ("saml", SAML),
    ("samlp", SAMLP),
    ("shibmd", SHIBMD),
    ("soap", SOAP),
    ("xs", XS),
    ("xsi", XSI),
];

/// XML under way: what is opened is closed, and values cannot leave their place.
pub(crate) struct Xml {
    out: String,
    open: Vec<&'static str>,
    /// Prefixes that are declared, and how many elements were open where they are.
    declared: Vec<(&'static str, usize)>,
    /// Whether the last tag can still take attributes.
    in_tag: bool,
    /// The attributes of that tag, written out in `values`.
    attributes: Vec<(&'static str, Range<usize>)>,
    values: String,
    /// The identifier of the outermost element, and where its signature belongs.
    id: String,
    place: usize,
    typed: bool,
}

impl Xml {
    pub(crate) fn new() -> Xml {
        Xml {
            out: String::with_capacity(4096),
            open: Vec::with_capacity(12),
            declared: Vec::with_capacity(6),
            in_tag: false,
            attributes: Vec::with_capacity(8),
            values: String::with_capacity(512),
            id: String::new(),
            place: 0,
            typed: false,
        }
    }

    /// Ends a tag. Attributes without a prefix come before those with one, each by name: of those with a prefix no two of ours
    /// that meet are of different namespaces.
    fn settle(&mut self) {
        if !std::mem::take(&mut self.in_tag) {
            return;
        }
        let key = |name: &'static str| (name.contains(':'), name);
        if !self.attributes.is_sorted_by_key(|(name, _)| key(name)) {
            self.attributes.sort_unstable_by_key(|(name, _)| key(name));
        }
        for (name, value) in self.attributes.drain(..) {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            self.out.push_str(self.values.get(value).unwrap_or_default());
            self.out.push('"');
        }
        self.values.clear();
        self.out.push('>');
        if self.place == 0 {
            self.place = self.out.len();
        }
    }

    /// Opens an element, whose prefix is declared if it is not yet.
    pub(crate) fn start(&mut self, name: &'static str) -> &mut Xml {
        self.settle();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        if let Some((prefix, _)) = name.split_once(':') {
            self.declare(prefix);
        }
        self
    }

    fn declare(&mut self, prefix: &'static str) {
        if self.declared.iter().any(|(one, _)| *one == prefix) {
            return;
        }
        self.declared.push((prefix, self.open.len()));
        let namespace = PREFIXES.iter().find(|(one, _)| *one == prefix).map_or("", |(_, namespace)| namespace);
        for part in [" xmlns:", prefix, "=\"", namespace, "\""] {
            self.out.push_str(part);
        }
    }

    /// Declares the prefixes that say of a value that it is a text, on the element that was just opened.
    pub(crate) fn types(&mut self) -> &mut Xml {
        self.declare("xs");
        self.declare("xsi");
        self.typed = true;
        self
    }

    /// The identifier of the outermost element, which was just opened.
    pub(crate) fn id(&mut self, value: &str) -> &mut Xml {
        value.clone_into(&mut self.id);
        self.attribute("ID", value)
    }

    /// The issuer of the outermost element: its signature follows.
    pub(crate) fn issuer(&mut self, value: &str) -> &mut Xml {
        self.leaf("saml:Issuer", value);
        self.place = self.out.len();
        self
    }

    /// An attribute of the element that was just opened.
    pub(crate) fn attribute(&mut self, name: &'static str, value: &str) -> &mut Xml {
        let from = self.values.len();
        escape(&mut self.values, value, true);
        self.attributes.push((name, from..self.values.len()));
        self
    }

    /// An attribute, if there is a value.
    pub(crate) fn maybe(&mut self, name: &'static str, value: Option<&str>) -> &mut Xml {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }

    /// An attribute that is an instant, if there is one.
    pub(crate) fn at(&mut self, name: &'static str, instant: Option<Instant>) -> &mut Xml {
        self.maybe(name, instant.map(Instant::rfc3339).as_deref())
    }

    /// Text.
    pub(crate) fn text(&mut self, value: &str) -> &mut Xml {
        self.settle();
        escape(&mut self.out, value, false);
        self
    }

    /// What is in canonical form already: an element that was encrypted.
    pub(crate) fn element(&mut self, xml: &str) -> &mut Xml {
        self.settle();
        self.out.push_str(xml);
        self
    }

    /// An element that was written, and maybe signed, before.
    pub(crate) fn written(&mut self, element: &Canonical) -> &mut Xml {
        self.typed |= element.typed();
        self.element(element)
    }

    /// Closes the element opened last.
    pub(crate) fn end(&mut self) -> &mut Xml {
        self.settle();
        if let Some(name) = self.open.pop() {
            for part in ["</", name, ">"] {
                self.out.push_str(part);
            }
        }
        let depth = self.open.len();
        self.declared.retain(|(_, declared)| *declared <= depth);
        self
    }

    /// An element that holds a text.
    pub(crate) fn leaf(&mut self, name: &'static str, text: &str) -> &mut Xml {
        self.start(name).text(text).end()
    }

    /// What was written, everything closed: a message, which can be signed.
    pub(crate) fn finish(&mut self) -> Canonical {
        let text = self.text_alone();
        Canonical::written(text, std::mem::take(&mut self.id), self.place, self.typed)
    }

    /// The same, for what is not signed as it stands.
    pub(crate) fn text_alone(&mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        std::mem::take(&mut self.out)
    }
}

/// Writes a text, or the value of an attribute. A character that XML has no way of writing becomes U+FFFD.
fn escape(out: &mut String, text: &str, value: bool) {
    // Most texts are written as they are, which is seen at once: a character that is not begins with one of these bytes.
    let special = |byte: u8| byte < b' ' || matches!(byte, b'&' | b'<' | b'>' | b'"' | 0xef);
    if !text.bytes().fold(false, |found, byte| found | special(byte)) {
        out.push_str(text);
        return;
    }
    let mut plain = 0;
    for (at, c) in text.char_indices() {
        let written = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '\r' => "&#xD;",
            '>' if !value => "&gt;",
            '"' if value => "&quot;",
            '\t' if value => "&#x9;",
            '\n' if value => "&#xA;",
            '\t' | '\n' => continue,
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => "\u{fffd}",
            _ => continue,
        };
        out.push_str(text.get(plain..at).unwrap_or_default());
        out.push_str(written);
        plain = at + c.len_utf8();
    }
    out.push_str(text.get(plain..).unwrap_or_default());
}

/// What every message begins with, as it is written.
pub(crate) struct Start<'a> {
    pub(crate) id: &'a str,
    pub(crate) issue_instant: Instant,
    pub(crate) destination: Option<&'a str>,
    pub(crate) in_response_to: Option<&'a str>,
}

impl Start<'_> {
    /// Opens the message; more attributes may follow, then the issuer.
    pub(crate) fn write(&self, name: &'static str) -> Xml {
        let mut xml = Xml::new();
        xml.start(name)
            .id(self.id)
            .maybe("InResponseTo", self.in_response_to)
            .attribute("Version", "2.0")
            .at("IssueInstant", Some(self.issue_instant))
            .maybe("Destination", self.destination);
        xml
    }
}
