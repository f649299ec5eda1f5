//! The messages of SAML 2.0 (saml-core-2.0), read and written.
//!
//! Reading takes an `Element` of `preau_keys::xml` and is strict: what must be there is there, once and in the order of the
//! schema, of a bounded length; what would have to be understood and is not refuses the message. It does not judge:
//! whether a signature, an audience or an instant is right belongs to the caller, who reads **the element that was
//! verified**. Writing escapes every value and gives elements in the order of the schema.
//!
//! Extensions and advice are skipped. So is a signature: what it is worth was found out before.

mod artifact;
mod assertion;
mod authn_request;
mod logout;
mod read;
mod response;
pub mod soap;
pub(crate) mod write;

pub use artifact::{ArtifactResolve, ArtifactResponse};
pub use assertion::{
    Assertion, Attribute, AttributeStatement, AttributeValue, AuthnStatement, Conditions, Confirmation, NameId, Subject,
};
pub use authn_request::{AuthnRequest, Comparison, NameIdPolicy, RequestedContext};
pub use logout::{LogoutRequest, LogoutResponse};
pub use read::{Refused, Why, is_id};
pub use response::{Carried, Held, Response, Status};

use preau_domain::Ids;

/// A new identifier of a message or an assertion: 160 bits nobody can guess, and an `xs:ID`.
pub fn new_id(ids: &dyn Ids) -> String {
    format!("_{}", ids.text(32))
}
