//! The visible list of the protocols Préau speaks. A new protocol is one crate beside this one and one line here.

use preau_saml::metadata::Peers;
use preau_saml_idp::Saml;
use preau_web::Protocol;
use std::sync::Arc;

/// Every protocol, in the order in which a tile asks them to open its service. `peers` are the entities of SAML in force.
pub fn protocols(peers: Arc<Peers>) -> Vec<Arc<dyn Protocol>> {
    vec![Arc::new(preau_cas::Cas), Arc::new(preau_oidc::Oidc::default()), Arc::new(Saml::new(peers))]
}
