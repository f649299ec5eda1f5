//! The copy of a sign-in that travels, sealed: a flood of sign-ins takes the place of one that somebody is going through,
//! and the copy makes up for it. The form that asks for a password carries its own; a cookie of the browser has that of its
//! latest sign-in as it began, for the pages before and for the way to another provider and back.
//!
//! What is stored counts as long as it is there. The copy opens for the browser that began the sign-in, within its time,
//! and unless it ended: that is remembered by the store, so that a sign-in ends once, with a flood or without.

use super::is_of;
use crate::{Fault, Hub, Visitor};
use preau_domain::{KeptKind, OneTimeKey, PendingSignIn};
use preau_keys::Sealer;

/// What the copy is sealed for.
const PURPOSE: &str = "sign-in that travels";
/// Longest copy: the password beside it in a form may be long too.
const MOST: usize = 12 * 1024;

/// The copy; none for what is too long to travel.
pub(crate) fn seal(hub: &Hub, pending: &PendingSignIn) -> Option<String> {
    let doc = serde_json::to_vec(pending).ok()?;
    let sealed = Sealer::new(&hub.keyring).seal(&*hub.ids, PURPOSE, &[pending.id.as_str()], &doc)?;
    (sealed.len() <= MOST).then_some(sealed)
}

/// The sign-in of that name as a copy in the hands of this browser has it, if it may still go on.
pub(super) async fn open(
    hub: &Hub,
    visitor: &Visitor,
    id: &str,
    sealed: Option<&str>,
) -> Result<Option<PendingSignIn>, Fault> {
    let (Some(sealed), Some(browser)) = (sealed, &visitor.browser) else { return Ok(None) };
    let doc = Sealer::new(&hub.keyring).open(PURPOSE, &[id], sealed);
    let pending = doc.and_then(|doc| serde_json::from_slice::<PendingSignIn>(&doc).ok());
    let Some(pending) = pending.filter(|pending| is_of(browser, pending) && hub.now() < pending.expires) else {
        return Ok(None);
    };
    visitor.goes_on_with(&pending.correlation);
    let spent = hub.store.kept(&OneTimeKey::new(id), KeptKind::SpentSignIn, hub.now()).await?;
    Ok(spent.is_none().then_some(pending))
}
