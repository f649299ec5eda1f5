//! The answers of CAS 1, 2 and 3 (sections 2.4.2, 2.5.2, 2.6.2, 2.7.2 and appendix A), in XML and JSON.
//!
//! They are written by hand: an answer is a few hundred bytes with a fixed shape, and every value passes the one escape
//! function. There is no white space between elements, because clients differ in what they do with it.

use super::escape::{is_attribute_name, push_xml};
use super::json::push_json;
use crate::CasError;
use preau_domain::{AuthnMethod, Instant};
use preau_policy::{Released, Values};

const OPEN: &str = "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\">";
const CLOSE: &str = "</cas:serviceResponse>\n";
/// What the class of a proof is told as; no attribute of a person is called so.
const CONTEXT: &str = "authnContextClass";

/// In which form an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The default.
    #[default]
    Xml,
    /// CAS 3.0, on request.
    Json,
}

impl Format {
    /// Reads the parameter `format`.
    pub fn read(text: Option<&str>) -> Result<Format, CasError> {
        match text {
            None => Ok(Format::Xml),
            Some(word) if word.eq_ignore_ascii_case("xml") => Ok(Format::Xml),
            Some(word) if word.eq_ignore_ascii_case("json") => Ok(Format::Json),
            Some(_) => Err(CasError::InvalidRequest("format is XML or JSON")),
        }
    }

    /// The type of the answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Xml => "application/xml; charset=utf-8",
            Format::Json => "application/json",
        }
    }
}

/// A validation that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success {
    /// Who, and what the service receives.
    pub released: Released,
    /// When the person proved who they are.
    pub authenticated: Instant,
    /// How.
    pub method: AuthnMethod,
    /// By a proof made for this sign-on, not by a session that was there already.
    pub fresh: bool,
    /// By which service address the ticket was asked.
    pub address: String,
    /// The name of the proxy-granting ticket that was sent to the callback.
    pub pgt_iou: Option<String>,
    /// Callbacks of the proxies passed through, the latest first.
    pub proxies: Vec<String>,
    /// The class of proof that was asked for with the ticket, which holds.
    pub context: Option<&'static str>,
}

impl Success {
    /// The answer of CAS 1 (section 2.4.2, with the line every client of CAS 1 reads the user from).
    pub fn cas1(&self) -> String {
        // A name is one line: a break would be a second answer.
        let name: String = self.released.user().chars().filter(|c| !c.is_control()).collect();
        format!("yes\n{name}\n")
    }

    /// The answer of CAS 2, and with `attributes` of CAS 3.
    pub fn write(&self, format: Format, attributes: bool) -> String {
        match format {
            Format::Xml => self.xml(attributes),
            Format::Json => self.json(attributes),
        }
    }

    fn xml(&self, attributes: bool) -> String {
        let mut out = String::with_capacity(1024);
        out.push_str(OPEN);
        out.push_str("<cas:authenticationSuccess>");
        element(&mut out, "user", self.released.user());
        if attributes {
            out.push_str("<cas:attributes>");
            element(&mut out, "authenticationDate", &self.authenticated.rfc3339());
            element(&mut out, "longTermAuthenticationRequestTokenUsed", "false");
            element(&mut out, "isFromNewLogin", if self.fresh { "true" } else { "false" });
            if let Some(class) = self.context {
                element(&mut out, CONTEXT, class);
            }
            for group in groups(&self.released) {
                match group {
                    Group::Alone(name, values) => values.for_each(|value| element(&mut out, name, value)),
                    Group::Block(block, inside) => {
                        for piece in ["<cas:", block, ">"] {
                            out.push_str(piece);
                        }
                        for (name, values) in inside {
                            values.for_each(|value| element(&mut out, name, value));
                        }
                        for piece in ["</cas:", block, ">"] {
                            out.push_str(piece);
                        }
                    }
                }
            }
            out.push_str("</cas:attributes>");
        }
        if let Some(iou) = &self.pgt_iou {
            element(&mut out, "proxyGrantingTicket", iou);
        }
        if !self.proxies.is_empty() {
            out.push_str("<cas:proxies>");
            for proxy in &self.proxies {
                element(&mut out, "proxy", proxy);
            }
            out.push_str("</cas:proxies>");
        }
        out.push_str("</cas:authenticationSuccess>");
        out.push_str(CLOSE);
        out
    }

    fn json(&self, attributes: bool) -> String {
        let mut out = String::with_capacity(1024);
        out.push_str("{\"serviceResponse\":{\"authenticationSuccess\":{\"user\":");
        push_json(&mut out, self.released.user());
        if let Some(iou) = &self.pgt_iou {
            out.push_str(",\"proxyGrantingTicket\":");
            push_json(&mut out, iou);
        }
        if !self.proxies.is_empty() {
            out.push_str(",\"proxies\":");
            list(&mut out, self.proxies.iter().map(String::as_str));
        }
        if attributes {
            out.push_str(",\"attributes\":{\"authenticationDate\":");
            push_json(&mut out, &self.authenticated.rfc3339());
            out.push_str(",\"longTermAuthenticationRequestTokenUsed\":false,\"isFromNewLogin\":");
            out.push_str(if self.fresh { "true" } else { "false" });
            if let Some(class) = self.context {
                out.push_str(",\"authnContextClass\":");
                push_json(&mut out, class);
            }
            for group in groups(&self.released) {
                out.push(',');
                match group {
                    Group::Alone(name, values) => member(&mut out, name, values),
                    Group::Block(block, inside) => {
                        push_json(&mut out, block);
                        out.push_str(":{");
                        for (at, (name, values)) in inside.into_iter().enumerate() {
                            if at > 0 {
                                out.push(',');
                            }
                            member(&mut out, name, values);
                        }
                        out.push('}');
                    }
                }
            }
            out.push('}');
        }
        out.push_str("}}}");
        out
    }
}

/// What can be written of what is released: an attribute whose name is no XML name, or one of the protocol's own words,
/// is left out rather than misread.
pub(super) fn writable(released: &Released) -> impl Iterator<Item = (&str, Values<'_>)> {
    released.attributes().filter(|(name, _)| is_writable(name))
}

/// Whether an attribute of that name can be written.
pub fn is_writable(name: &str) -> bool {
    let (block, inside) = name.split_once('/').unwrap_or((name, name));
    is_attribute_name(block) && is_attribute_name(inside)
}

/// An attribute, or a block of several.
enum Group<'a> {
    Alone(&'a str, Values<'a>),
    Block(&'a str, Vec<(&'a str, Values<'a>)>),
}

/// The attributes in their order; those of one block are together where its first one stands.
fn groups(released: &Released) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (name, values) in writable(released) {
        let Some((block, inside)) = name.split_once('/') else {
            groups.push(Group::Alone(name, values));
            continue;
        };
        let open = groups.iter_mut().find_map(|group| match group {
            Group::Block(name, held) if *name == block => Some(held),
            _ => None,
        });
        match open {
            Some(held) => held.push((inside, values)),
            None => groups.push(Group::Block(block, vec![(inside, values)])),
        }
    }
    groups
}

/// A member of a JSON object: one value as a text, several as a list.
fn member(out: &mut String, name: &str, values: Values<'_>) {
    push_json(out, name);
    out.push(':');
    let mut others = values.clone();
    match (others.next(), others.next()) {
        (Some(value), None) => push_json(out, value),
        _ => list(out, values),
    }
}

/// A validation that failed.
pub fn failure(error: CasError, format: Format) -> String {
    match format {
        Format::Xml => failed("authenticationFailure", error),
        Format::Json => json_failure(error),
    }
}

/// A proxy ticket.
pub fn proxy_success(ticket: &str, format: Format) -> String {
    let mut out = String::with_capacity(256);
    match format {
        Format::Xml => {
            out.push_str(OPEN);
            out.push_str("<cas:proxySuccess>");
            element(&mut out, "proxyTicket", ticket);
            out.push_str("</cas:proxySuccess>");
            out.push_str(CLOSE);
        }
        Format::Json => {
            out.push_str("{\"serviceResponse\":{\"proxySuccess\":{\"proxyTicket\":");
            push_json(&mut out, ticket);
            out.push_str("}}}");
        }
    }
    out
}

/// No proxy ticket. In JSON the standard calls it as it calls any failure (section 2.7.2).
pub fn proxy_failure(error: CasError, format: Format) -> String {
    match format {
        Format::Xml => failed("proxyFailure", error),
        Format::Json => json_failure(error),
    }
}

fn failed(name: &str, error: CasError) -> String {
    let mut out = String::with_capacity(256);
    out.push_str(OPEN);
    for piece in ["<cas:", name, " code=\"", error.code(), "\">"] {
        out.push_str(piece);
    }
    push_xml(&mut out, error.description());
    for piece in ["</cas:", name, ">", CLOSE] {
        out.push_str(piece);
    }
    out
}

fn json_failure(error: CasError) -> String {
    let mut out = String::with_capacity(256);
    out.push_str("{\"serviceResponse\":{\"authenticationFailure\":{\"code\":");
    push_json(&mut out, error.code());
    out.push_str(",\"description\":");
    push_json(&mut out, error.description());
    out.push_str("}}}");
    out
}

/// `name` is one of the standard's or passed [`is_attribute_name`].
fn element(out: &mut String, name: &str, text: &str) {
    for piece in ["<cas:", name, ">"] {
        out.push_str(piece);
    }
    push_xml(out, text);
    for piece in ["</cas:", name, ">"] {
        out.push_str(piece);
    }
}

fn list<'a>(out: &mut String, values: impl Iterator<Item = &'a str>) {
    out.push('[');
    for (at, value) in values.enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_json(out, value);
    }
    out.push(']');
}

#[cfg(test)]
#[path = "cas/tests.rs"]
pub(crate) mod tests;
