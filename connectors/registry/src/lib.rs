//! The visible list of connector kinds, and the service catalogue.
//!
//! Owns three lists. [`KINDS`]: every kind of foreign system, one line each. [`catalogue()`]: every product described in
//! `connectors/services/`, compiled in, to which a site may add its own ([`Catalogue::load_extra`]). [`Mounted`]: the
//! installations named by the instance files of a folder ([`load_instances`]), and which of them an address belongs to.
//! Beside them, what an ENT offers and which products fill it ([`needs()`]).
//! Who may open a service is decided in `policy`, from the audiences kept here as data.

mod catalogue;
mod icon;
mod instances;
mod levels;
mod link;
mod mounted;
mod needs;
mod oidc;
mod place;
mod saml;
mod template;

pub use catalogue::{Catalogue, Product, catalogue, product_signature};
pub use icon::check_icon;
pub use instances::{MAX_FILES, Signature, load_instances, load_sound_instances, mount, signature};
pub use levels::load_levels;
pub use mounted::Mounted;
pub use needs::{Need, needs};
pub use place::{at, read};

use preau_connector_api::Kind;

/// Every kind of connector. A new kind is one crate beside this one and one line here.
pub const KINDS: &[Kind] = &[
    preau_connector_ldap::KIND,
    preau_connector_aaf::KIND,
    preau_connector_csv::KIND,
    preau_connector_upstream_oidc::KIND,
    preau_connector_upstream_saml::KIND,
];

/// The kind of that name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
