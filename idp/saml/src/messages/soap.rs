//! SOAP 1.1 envelopes, and the header blocks of clients that are no browsers (saml-profiles-2.0, 4.2).

use super::read::{Inside, Refused, Why};
use super::write::Xml;
use crate::names::{ECP, PAOS, SOAP};
use preau_keys::xml::{Document, Element};

/// Who a header block is for: whoever gets the envelope next.
const NEXT: &str = "http://schemas.xmlsoap.org/soap/actor/next";

/// The one message in the body of an envelope, as a document of its own, which nobody vouches for yet. A header block
/// that would have to be understood refuses it, unless it is of the namespaces listed.
pub fn open(envelope: &Document, understood: &[&str]) -> Result<Document, Refused> {
    let root = envelope.unverified();
    if !root.is(SOAP, "Envelope") {
        return Err(Why::Unexpected.at(root));
    }
    let mut inside = Inside::of(root)?;
    if let Some(header) = inside.maybe(SOAP, "Header") {
        let needed = |block: &&Element| matches!(block.attribute_of(SOAP, "mustUnderstand"), Some("1" | "true"));
        let unknown = |block: &&Element| !understood.contains(&block.namespace());
        if let Some(block) = header.elements().find(|block| needed(block) && unknown(block)) {
            return Err(Why::Unsupported.at(block));
        }
    }
    let body = inside.must(SOAP, "Body")?;
    inside.end()?;
    let mut inside = Inside::of(body)?;
    let message = inside.any().ok_or_else(|| Why::Missing("Body").at(body))?;
    inside.end()?;
    envelope.below(&[(SOAP, "Body"), (message.namespace(), message.local())]).map_err(|error| Why::from(error).at(body))
}

/// An envelope around a message.
pub fn envelope(message: &str) -> String {
    let mut xml = Xml::new();
    xml.start("soap:Envelope").start("soap:Body").element(message).text_alone()
}

/// An envelope around the answer for a client that is no browser: it posts the answer to the address of the header, and
/// must find that the service gave it the same one.
pub fn ecp_response(acs: &str, message: &str) -> String {
    let mut xml = Xml::new();
    xml.start("soap:Envelope").start("soap:Header");
    xml.start("ecp:Response")
        .attribute("soap:mustUnderstand", "1")
        .attribute("soap:actor", NEXT)
        .attribute("AssertionConsumerServiceURL", acs)
        .end();
    xml.end().start("soap:Body").element(message).text_alone()
}

/// An envelope that says that it could not be done, and whose fault that is: `Client` or `Server`.
pub fn fault(code: &str, reason: &str) -> String {
    let mut xml = Xml::new();
    xml.start("soap:Envelope").start("soap:Body").start("soap:Fault");
    xml.leaf("faultcode", &format!("soap:{code}")).leaf("faultstring", reason).text_alone()
}

/// The namespaces of header blocks that a client that is no browser sends.
pub const ECP_BLOCKS: &[&str] = &[ECP, PAOS];
