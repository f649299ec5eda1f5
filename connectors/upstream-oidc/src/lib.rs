//! Signing people in at another provider that speaks OpenID Connect: an ENT, an academy's guichet, ProConnect.
//!
//! Owns the protocol of the relying party: discovery and keys (`provider`), one round of the code flow (`round`), how we
//! prove to the provider who we are (`client`), what makes a token believed (`claims`), and the end of a session there
//! (`logout`). What a claim says of an account of ours is in `connectors/api`. Types and wire formats come from the
//! `openidconnect` crate; every signature is checked by `preau-keys`, and nothing is read of a token before. Which
//! browser a round belongs to and which account it leads to is the business of `idp/web`.

mod claims;
mod client;
mod config;
mod logout;
mod probe;
mod provider;
mod round;

use config::Settings;
use preau_connector_api::{Connector, Kind, OpenContext, Problem, schema_of};
use std::sync::Arc;

/// The kind of connector, for the registry.
pub const KIND: Kind = Kind {
    name: "upstream-oidc",
    summary: "Another provider where people sign in, reached by OpenID Connect: an ENT, a guichet, ProConnect.",
    called: "guichet",
    example: config::EXAMPLE,
    schema: schema_of::<config::Config>,
    open,
};

fn open(context: &OpenContext<'_>) -> Result<Connector, Vec<Problem>> {
    let settings = Arc::new(Settings::read(context)?);
    let provider = Arc::new(provider::Provider::new(settings.clone()));
    Ok(Connector {
        directory: None,
        password: None,
        redirect: Some(Arc::new(round::Upstream { settings, provider: provider.clone() })),
        preview: None,
        probe: Arc::new(probe::Look { provider }),
    })
}
