//! A link that carries a signed context, for an application that speaks no protocol: it checks one signature, and knows who comes.
//! What is signed, and how, is in `idp/protocols/oidc`.

use serde::{Deserialize, Serialize};

/// Section `[link]` of a product, and of an installation, which replaces what the product says. A link without it carries nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignedLink {
    /// Which of the attributes of the product the context holds, by the names of its release rules: none unless they are named.
    pub attributes: Vec<String>,
}

impl SignedLink {
    /// Whether the context holds an attribute, where the rules release it.
    pub fn holds(&self, name: &str) -> bool {
        self.attributes.iter().any(|one| one == name)
    }
}
