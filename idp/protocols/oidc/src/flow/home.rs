//! The home page as a document, for a mobile application that holds an access token with the scope `home`. What stands on it is
//! `preau-web`'s; here is who may ask.

use super::proof::Caller;
use super::userinfo::{self, Bearer, Shown};
use crate::OidcError;
use preau_domain::AuditEvent;
use preau_web::{Door, HomeDocument, Hub};

/// The scope it is asked with.
pub const SCOPE: &str = "home";

/// The home page of the person whom an access token stands for. `event` learns whom it is about and what leaves.
pub async fn home(
    hub: &Hub,
    caller: &Caller<'_>,
    shown: &Shown,
    event: &mut AuditEvent,
) -> Result<(Door, HomeDocument), OidcError> {
    let Bearer { door, live, .. } = userinfo::bearer(hub, caller, shown, SCOPE, event).await?;
    let document = HomeDocument::of(hub, caller.visitor, &live).await?;
    SCOPE.clone_into(&mut event.detail);
    Ok((door, document))
}
