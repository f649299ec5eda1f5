//! The step that has a person accept the charte of use, once for each of its versions and before a service hears of them.

use super::posted;
use crate::words::Charte;
use crate::{Fault, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use preau_domain::{AuditEvent, AuditKind, PersonId};
use std::sync::Arc;

/// Handles the form. Whoever read another version than the one in force reads that one next.
pub async fn submit(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (pending, fields) = posted(&hub, &visitor, &id, &body).await?;
    let said = fields.required("charte")?;
    if let (Some(live), Some(charte)) = (visitor.live_by_anything(&hub).await?, hub.charte_asked())
        && charte.version == said
    {
        hub.accept_charte(&visitor, &live.session.person, &charte).await?;
        hub.forget_live(&live.session.id);
    }
    Ok(hub.see_other(&format!("/sign-in/{}", pending.id)))
}

impl Hub {
    /// The charte everybody is asked to accept, where there is one.
    pub fn charte_asked(&self) -> Option<Arc<Charte>> {
        let words = self.words();
        words.charte.as_ref().filter(|charte| charte.asked).map(|charte| Arc::new(charte.clone()))
    }

    /// Whether somebody has yet to accept it.
    pub async fn charte_due(&self, person: &PersonId) -> Result<bool, Fault> {
        match self.charte_asked() {
            Some(charte) => Ok(self.store.charte_accepted(person, &charte.version).await?.is_none()),
            None => Ok(false),
        }
    }

    /// Notes that somebody accepted it.
    pub(crate) async fn accept_charte(
        &self,
        visitor: &Visitor,
        person: &PersonId,
        charte: &Charte,
    ) -> Result<(), Fault> {
        let what = format!("charte-accepted {}", charte.version);
        let mut event = AuditEvent::new(self.now(), AuditKind::CredentialsChanged, visitor.correlation().clone(), what);
        event.person = Some(person.clone());
        self.audit(event);
        Ok(self.store.accept_charte(person, &charte.version, self.now()).await?)
    }
}
