//! What the link of an installation carries: what its product and its file say of it, put together and checked.

use preau_connector_api::{ServiceDescriptor, SignedLink};
use preau_domain::{Identifier, ReleaseRule, display_safe};

/// Puts the two together; absent where the link carries nothing. `wrong` is told each problem with its key.
pub(crate) fn resolve(
    product: &ServiceDescriptor,
    installation: Option<SignedLink>,
    release: &[ReleaseRule],
    wrong: &mut impl FnMut(&str, String),
) -> Option<SignedLink> {
    let Some(default) = &product.link else {
        if installation.is_some() {
            wrong("link", "the link of this product carries nothing".into());
        }
        return None;
    };
    let link = installation.unwrap_or_else(|| default.clone());
    for name in link.attributes.iter().filter(|name| !release.iter().any(|rule| rule.name == **name)) {
        let told: Vec<&str> = release.iter().map(|rule| rule.name.as_str()).collect();
        let (name, told) = (display_safe(name, 64), told.join(", "));
        wrong("link.attributes", format!("the product does not release `{name}`: it has {told}"));
    }
    if product.identifier == Identifier::Uai {
        wrong("identifier", "`sub` names a person, and `uai` an establishment".into());
    }
    Some(link)
}

#[cfg(test)]
#[path = "link/tests.rs"]
mod tests;
