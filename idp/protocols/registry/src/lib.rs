//! The visible list of the protocols Préau speaks. A new protocol is one crate beside this one and one line here.

use preau_web::Protocol;
use std::sync::Arc;

/// Every protocol, in the order in which a tile asks them to open its service.
pub fn protocols() -> Vec<Arc<dyn Protocol>> {
    vec![Arc::new(preau_cas::Cas), Arc::new(preau_oidc::Oidc::default())]
}
