//! HTTP-POST (saml-bindings-2.0, 3.5): a message in base64, in a form that sends itself.

use crate::messages::{Refused, Why};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_keys::xml::{Bounds, Document};

/// Longest field that is read: the largest message in base64, with a line feed now and then.
pub const MAX_FIELD: usize = Bounds::MESSAGE.bytes / 3 * 4 + 16 * 1024;

/// The value of the field for a message.
pub fn encode(xml: &str) -> String {
    STANDARD.encode(xml)
}

/// The message of a field, which nobody vouches for yet.
pub fn decode(field: &str) -> Result<Document, Refused> {
    if field.len() > MAX_FIELD {
        return Err(Why::TooLong.of("message"));
    }
    let text: String = field.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(text).map_err(|_| Why::Binding("the message is not in base64").of("message"))?;
    Document::parse(&bytes).map_err(|error| Refused::unread(error, &bytes))
}
