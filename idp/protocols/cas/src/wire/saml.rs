//! SAML 1.1 as `/samlValidate` speaks it (section 4.2): a ticket in a SOAP message, an assertion in the answer.
//!
//! The request is read by an exact path of names and name spaces. A document type, an entity, a comment, a processing
//! instruction or a CDATA section has no business in it and refuses it whole: nothing is resolved, expanded or skipped.

use super::cas::{Success, writable};
use super::escape::push_xml;
use crate::{CasError, TICKET_SECONDS, TicketFault};
use preau_domain::{AuthnMethod, Ids, Instant};
use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

/// Largest message read, in bytes.
pub const MAX_MESSAGE: usize = 16 * 1024;
/// Deepest nesting read.
const MAX_DEPTH: usize = 8;

const SOAP: &[u8] = b"http://schemas.xmlsoap.org/soap/envelope/";
const SAMLP: &[u8] = b"urn:oasis:names:tc:SAML:1.0:protocol";
const PATH: [(&[u8], &[u8]); 4] =
    [(SOAP, b"Envelope"), (SOAP, b"Body"), (SAMLP, b"Request"), (SAMLP, b"AssertionArtifact")];
const IN_REQUEST: usize = 3;
const IN_ARTIFACT: usize = 4;

/// The type of the answer.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// What a service asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The ticket.
    pub artifact: String,
    /// The name of the request, when it is a plain one; the answer repeats it.
    pub id: Option<String>,
}

/// Reads a request.
pub fn read(body: &[u8]) -> Result<Request, CasError> {
    const BAD: CasError = CasError::InvalidRequest("the body is not a SAML 1.1 request with one AssertionArtifact");
    if body.len() > MAX_MESSAGE {
        return Err(CasError::InvalidRequest("the message is too long"));
    }
    let text = std::str::from_utf8(body).map_err(|_| BAD)?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let (mut depth, mut matched) = (0, 0);
    let (mut artifact, mut id): (Option<String>, Option<String>) = (None, None);
    loop {
        let (space, event) = reader.read_resolved_event().map_err(|_| BAD)?;
        match event {
            Event::Start(element) => {
                if depth == matched && PATH.get(depth).is_some_and(|step| is(&space, &element, step)) {
                    matched += 1;
                    if matched == IN_REQUEST {
                        id = request_id(&element);
                    }
                    if matched == IN_ARTIFACT && artifact.replace(String::new()).is_some() {
                        return Err(BAD);
                    }
                }
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(BAD);
                }
            }
            Event::End(_) => {
                depth -= 1;
                matched = matched.min(depth);
            }
            Event::Text(piece) => {
                if let (IN_ARTIFACT, IN_ARTIFACT, Some(artifact)) = (matched, depth, artifact.as_mut()) {
                    artifact.push_str(&piece.decode().map_err(|_| BAD)?);
                }
            }
            Event::Empty(_) | Event::Decl(_) => {}
            Event::Eof => break,
            Event::DocType(_) | Event::CData(_) | Event::Comment(_) | Event::PI(_) | Event::GeneralRef(_) => {
                return Err(BAD);
            }
        }
    }
    let artifact = artifact.as_deref().map(str::trim).filter(|a| !a.is_empty() && depth == 0).ok_or(BAD)?;
    Ok(Request { artifact: artifact.to_owned(), id })
}

fn is(space: &ResolveResult<'_>, element: &BytesStart<'_>, (uri, name): &(&[u8], &[u8])) -> bool {
    matches!(space, ResolveResult::Bound(Namespace(bound)) if bound == uri) && element.local_name().as_ref() == *name
}

/// The name of a request, if it is made of plain characters: nothing else is worth repeating.
fn request_id(element: &BytesStart<'_>) -> Option<String> {
    let attribute = element.try_get_attribute("RequestID").ok().flatten()?;
    let text = std::str::from_utf8(&attribute.value).ok()?;
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    (plain && !text.is_empty() && text.len() <= 128).then(|| text.to_owned())
}

/// What an answer says of itself.
pub struct Heading<'a> {
    /// Our address, which names the issuer.
    pub issuer: &'a str,
    /// The name of the request, if it had one worth repeating.
    pub in_response_to: Option<&'a str>,
    /// The present instant.
    pub now: Instant,
    /// Makes the names of the answer and of its assertion.
    pub ids: &'a dyn Ids,
}

/// A validation that succeeded; `attributes` only where they may be released (section 4.2.1: to an https address).
pub fn success(heading: &Heading<'_>, success: &Success, attributes: bool) -> String {
    let mut out = open(heading, Some(&success.address));
    out.push_str("<Status><StatusCode Value=\"samlp:Success\"></StatusCode></Status>");
    out.push_str("<Assertion xmlns=\"urn:oasis:names:tc:SAML:1.0:assertion\" MajorVersion=\"1\" MinorVersion=\"1\"");
    attribute(&mut out, "AssertionID", &format!("_{}", heading.ids.text(32)));
    attribute(&mut out, "Issuer", heading.issuer);
    attribute(&mut out, "IssueInstant", &heading.now.rfc3339());
    out.push_str("><Conditions");
    attribute(&mut out, "NotBefore", &heading.now.rfc3339());
    attribute(&mut out, "NotOnOrAfter", &(heading.now + TICKET_SECONDS).rfc3339());
    out.push_str("><AudienceRestrictionCondition><Audience>");
    push_xml(&mut out, &success.address);
    out.push_str("</Audience></AudienceRestrictionCondition></Conditions><AuthenticationStatement");
    attribute(&mut out, "AuthenticationInstant", &success.authenticated.rfc3339());
    attribute(&mut out, "AuthenticationMethod", method(success.method));
    out.push('>');
    subject(&mut out, success.released.user());
    out.push_str("</AuthenticationStatement>");
    let mut released = writable(&success.released).peekable();
    // A statement without any attribute is none (SAML 1.1 core, section 2.4.4).
    if attributes && released.peek().is_some() {
        out.push_str("<AttributeStatement>");
        subject(&mut out, success.released.user());
        for (name, values) in released {
            out.push_str("<Attribute");
            attribute(&mut out, "AttributeName", name);
            attribute(&mut out, "AttributeNamespace", "http://www.ja-sig.org/products/cas/");
            out.push('>');
            for value in values {
                out.push_str("<AttributeValue>");
                push_xml(&mut out, value);
                out.push_str("</AttributeValue>");
            }
            out.push_str("</Attribute>");
        }
        out.push_str("</AttributeStatement>");
    }
    out.push_str("</Assertion>");
    close(out)
}

/// How SAML 1.1 calls a proof (core, section 7.1): never more than what happened.
fn method(method: AuthnMethod) -> &'static str {
    match method {
        AuthnMethod::DirectoryPassword | AuthnMethod::LocalPassword => "urn:oasis:names:tc:SAML:1.0:am:password",
        // Its names for keys say where they are kept, which is not known of a passkey.
        AuthnMethod::Passkey | AuthnMethod::Federated | AuthnMethod::ClassCard => {
            "urn:oasis:names:tc:SAML:1.0:am:unspecified"
        }
    }
}

/// A validation that failed: no assertion, no name.
pub fn failure(heading: &Heading<'_>, error: CasError) -> String {
    let mut out = open(heading, None);
    out.push_str("<Status><StatusCode Value=\"");
    out.push_str(match error {
        CasError::Internal => "samlp:Responder\">",
        CasError::InvalidRequest(_) | CasError::InvalidTicket(TicketFault::NotATicket) => "samlp:Requester\">",
        _ => "samlp:Requester\"><StatusCode Value=\"samlp:RequestDenied\"></StatusCode>",
    });
    out.push_str("</StatusCode><StatusMessage>");
    out.push_str(error.code());
    out.push_str(": ");
    push_xml(&mut out, error.description());
    out.push_str("</StatusMessage></Status>");
    close(out)
}

fn open(heading: &Heading<'_>, recipient: Option<&str>) -> String {
    let mut out = String::with_capacity(2048);
    out.push_str(
        "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Header/>\
         <SOAP-ENV:Body><Response xmlns=\"urn:oasis:names:tc:SAML:1.0:protocol\" \
         xmlns:samlp=\"urn:oasis:names:tc:SAML:1.0:protocol\" MajorVersion=\"1\" MinorVersion=\"1\"",
    );
    attribute(&mut out, "ResponseID", &format!("_{}", heading.ids.text(32)));
    attribute(&mut out, "IssueInstant", &heading.now.rfc3339());
    if let Some(id) = heading.in_response_to {
        attribute(&mut out, "InResponseTo", id);
    }
    if let Some(recipient) = recipient {
        attribute(&mut out, "Recipient", recipient);
    }
    out.push('>');
    out
}

fn close(mut out: String) -> String {
    out.push_str("</Response></SOAP-ENV:Body></SOAP-ENV:Envelope>\n");
    out
}

fn subject(out: &mut String, user: &str) {
    out.push_str("<Subject><NameIdentifier>");
    push_xml(out, user);
    out.push_str("</NameIdentifier><SubjectConfirmation><ConfirmationMethod>");
    out.push_str("urn:oasis:names:tc:SAML:1.0:cm:artifact</ConfirmationMethod></SubjectConfirmation></Subject>");
}

fn attribute(out: &mut String, name: &str, value: &str) {
    for piece in [" ", name, "=\""] {
        out.push_str(piece);
    }
    push_xml(out, value);
    out.push('"');
}

#[cfg(test)]
#[path = "saml/tests.rs"]
mod tests;
