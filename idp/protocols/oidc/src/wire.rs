//! The words of the standards: what a browser or a service may ask, and what it is answered. Pure: no storage, no clock, no
//! network; names here are the standards' own.

mod authorize;
mod claims;
pub mod lti;
mod metadata;
mod registration;
mod respond;
mod token;
pub mod user_code;

pub use authorize::{Asked, Mode, Prompt, ResponseType, Target, scopes_of, state};
pub use claims::{ClaimsRequest, Wanted, claims, known_scope, left, tells_visitor};
pub use metadata::{Certificates, PATHS, metadata};
pub use registration::{Metadata, NotRegistered, told};
pub use respond::{Response, fields_of_error};
pub use token::{ACCESS_TOKEN, Presented, TokenRequest, is_secret};
