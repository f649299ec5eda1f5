//! Services that ask for two keys: the sheet a head says yes to, and the yeses the store keeps. What they mean at a door is decided in
//! `policy`.

use preau_connector_api::MountedService;
use preau_domain::{Instant, Opening, Registration};
use preau_policy::Openings;
use preau_store::{OpeningChange, Result, Store, StoreError};

/// Openings that are read at a time.
pub(crate) const PAGE: u32 = 2_000;

/// The digest of what a head says yes to: what the service receives, by which protocol and at which addresses, whom else it shares its
/// identifiers with, and its legal sheet. Whatever changes there, the yes is to be said again.
pub fn sheet(service: &MountedService) -> String {
    let mut scopes = service.oidc.as_ref().map(|oidc| oidc.scopes.clone());
    // A tool of LTI is told what its rules release, whatever it asks.
    if service.oidc.as_ref().is_some_and(|oidc| oidc.lti.is_some()) {
        scopes.iter_mut().for_each(|scopes| scopes.push("[lti]".to_owned()));
    }
    // The context of a link holds what the installation names.
    if let Some(link) = &service.link {
        scopes = Some(std::iter::once("[link]".to_owned()).chain(link.attributes.iter().cloned()).collect());
    }
    // By SAML an installation chooses among the release rules, and what names a person beside them.
    let saml =
        service.saml.as_ref().map(|saml| (&saml.entity_id, saml.nameid, saml.attributes.keys().collect::<Vec<_>>()));
    let spoken = (service.cas.is_some(), scopes, saml);
    let received = (service.identifier, service.sector(), &service.release, spoken);
    let text = serde_json::to_string(&(&service.legal, received, service.origins()));
    // A sheet that cannot be written is equal to none that was read.
    preau_keys::digest(&text.unwrap_or_else(|_| service.service.id.to_string()))
}

/// What the store keeps of an opening.
pub(crate) fn read(kept: &Registration) -> Option<Opening> {
    serde_json::from_str(&kept.doc).ok()
}

/// The opening of that name as it is now; whatever cannot be read opens nothing.
pub(crate) fn take(openings: &mut Openings, change: &OpeningChange) {
    match change.now.as_ref().map(|kept| (read(kept), kept)) {
        Some((Some(opening), kept)) if Opening::name(&opening.service, &opening.establishment) == kept.id => {
            openings.put(opening);
        }
        other => {
            if other.is_some() {
                tracing::error!(
                    opening = change.id.as_str(),
                    "an opening is not one this program wrote: it opens nothing"
                );
            }
            if let Some((service, at)) = Opening::named(&change.id) {
                openings.remove(&service, &at);
            }
        }
    }
}

/// Every opening that has not ended, by service and establishment.
pub async fn openings(store: &dyn Store, now: Instant) -> Result<Vec<Opening>> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = store.openings_changed(after, now, PAGE).await?;
        all.extend(page.iter().filter_map(|change| read(change.now.as_ref()?)));
        match page.last() {
            Some(last) if page.len() >= PAGE as usize => after = last.number,
            _ => break,
        }
    }
    all.sort_by(|a: &Opening, b| (&a.service, &a.establishment).cmp(&(&b.service, &b.establishment)));
    Ok(all)
}

/// Keeps an opening, in place of an earlier one of the same service and establishment.
pub async fn keep(store: &dyn Store, opening: &Opening) -> Result<()> {
    let doc = serde_json::to_string(opening).map_err(|error| StoreError::Backend(error.to_string()))?;
    store.put_registration(&opening.registration(doc)).await
}
