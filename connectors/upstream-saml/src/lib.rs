//! Signing people in at another provider that speaks SAML 2.0: EduConnect for pupils and families, an academy's guichet for
//! its staff, another ENT.
//!
//! Owns the service provider's side: what we ask (`request`), what makes an answer believed (`answer`), what we are
//! called and which keys we have (`ours`), what the provider publishes (`published`), and the end of a session on either side (`logout`). Messages and bindings
//! are in `preau-saml`, signatures and encryption in `preau-keys`; nothing of an answer counts before its signature is
//! right, and then only the tree that was verified. Which browser a round belongs to and which account it leads to is
//! the business of `idp/web`.

mod answer;
mod config;
mod logout;
mod ours;
mod probe;
mod published;
mod request;
mod round;

use config::Settings;
use preau_connector_api::{Connector, Kind, OpenContext, Problem, schema_of};
use published::Known;
use std::sync::Arc;

/// The kind of connector, for the registry.
pub const KIND: Kind = Kind {
    name: "upstream-saml",
    summary: "Another provider where people sign in, reached by SAML 2.0: EduConnect, a guichet, an ENT.",
    called: "educonnect",
    example: config::EXAMPLE,
    schema: schema_of::<config::Config>,
    open,
};

fn open(context: &OpenContext<'_>) -> Result<Connector, Vec<Problem>> {
    let (settings, address) = Settings::read(context)?;
    let known = Arc::new(Known::new(settings, address));
    Ok(Connector {
        directory: None,
        password: None,
        redirect: Some(Arc::new(round::Upstream { known: known.clone() })),
        preview: None,
        probe: Arc::new(probe::Look { known }),
    })
}
