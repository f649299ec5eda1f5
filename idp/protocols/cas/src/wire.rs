//! The words of the standard: what a browser or a service may ask, and what it is answered. Pure: no storage, no clock,
//! no network; names here are the standard's own.

pub mod cas;
mod escape;
mod json;
pub mod logout;
mod parameters;
pub mod saml;

pub use cas::{Format, Success, is_writable};
pub use escape::{is_attribute_name, push_xml};
pub use parameters::{Dialect, LoginParameters, LogoutParameters, ProxyParameters, ValidateParameters, class_of};
