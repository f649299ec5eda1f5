//! Writing: every value is escaped, whoever gives it.

use crate::names::{SAML, SAMLP};
use preau_domain::Instant;

/// XML under way: what is opened is closed, and values cannot leave their place.
pub(crate) struct Xml {
    out: String,
    open: Vec<&'static str>,
    /// Whether the last tag can still take attributes.
    in_tag: bool,
}

impl Xml {
    pub(crate) fn new() -> Xml {
        Xml { out: String::with_capacity(2048), open: Vec::new(), in_tag: false }
    }

    fn settle(&mut self) {
        if std::mem::take(&mut self.in_tag) {
            self.out.push('>');
        }
    }

    /// Opens an element.
    pub(crate) fn start(&mut self, name: &'static str) -> &mut Xml {
        self.settle();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push(name);
        self.in_tag = true;
        self
    }

    /// Opens the outermost element of the protocol, with both namespaces.
    pub(crate) fn message(&mut self, name: &'static str) -> &mut Xml {
        self.start(name).attribute("xmlns:samlp", SAMLP).attribute("xmlns:saml", SAML)
    }

    /// An attribute of the element that was just opened.
    pub(crate) fn attribute(&mut self, name: &str, value: &str) -> &mut Xml {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        for c in value.chars() {
            match c {
                '"' => self.out.push_str("&quot;"),
                '\t' => self.out.push_str("&#x9;"),
                '\n' => self.out.push_str("&#xA;"),
                other => self.escaped(other),
            }
        }
        self.out.push('"');
        self
    }

    /// An attribute, if there is a value.
    pub(crate) fn maybe(&mut self, name: &str, value: Option<&str>) -> &mut Xml {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }

    /// An attribute that is an instant, if there is one.
    pub(crate) fn at(&mut self, name: &str, instant: Option<Instant>) -> &mut Xml {
        self.maybe(name, instant.map(Instant::rfc3339).as_deref())
    }

    /// Text.
    pub(crate) fn text(&mut self, value: &str) -> &mut Xml {
        self.settle();
        value.chars().for_each(|c| self.escaped(c));
        self
    }

    /// What is XML already: an element that was signed or encrypted.
    pub(crate) fn element(&mut self, xml: &str) -> &mut Xml {
        self.settle();
        self.out.push_str(xml);
        self
    }

    /// Closes the element opened last.
    pub(crate) fn end(&mut self) -> &mut Xml {
        match self.open.pop() {
            Some(_) if std::mem::take(&mut self.in_tag) => self.out.push_str("/>"),
            Some(name) => {
                self.out.push_str("</");
                self.out.push_str(name);
                self.out.push('>');
            }
            None => {}
        }
        self
    }

    /// An element that holds a text.
    pub(crate) fn leaf(&mut self, name: &'static str, text: &str) -> &mut Xml {
        self.start(name).text(text).end()
    }

    /// What was written, everything closed.
    pub(crate) fn finish(&mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        std::mem::take(&mut self.out)
    }

    /// A character; one that XML has no way of writing becomes U+FFFD.
    fn escaped(&mut self, c: char) {
        match c {
            '&' => self.out.push_str("&amp;"),
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            '\r' => self.out.push_str("&#xD;"),
            '\t' | '\n' => self.out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => self.out.push('\u{fffd}'),
            other => self.out.push(other),
        }
    }
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
        xml.message(name)
            .attribute("ID", self.id)
            .maybe("InResponseTo", self.in_response_to)
            .attribute("Version", "2.0")
            .at("IssueInstant", Some(self.issue_instant))
            .maybe("Destination", self.destination);
        xml
    }
}
