//! What CAS decides: the door, one validation, one proxy ticket, the end of a session.

pub mod login;
pub mod logout;
pub mod proxy;
pub mod rehearsal;
pub mod validation;

use crate::CasError;
use preau_domain::{
    AuditEvent, AuditKind, MAX_URL, PersonId, ServiceId, SessionId, Ticket, TrustedUrl, Uai, display_safe,
};
use preau_web::{Door, Fault, FaultKind, Hub, ServiceTable, Visitor};
use url::Url;

/// The service an address belongs to, if it speaks CAS.
fn owner<'a>(services: &'a ServiceTable, address: &str) -> Result<(&'a Door, TrustedUrl), Fault> {
    match services.owner_of(address) {
        // Writing an address down again may make it longer: what is kept has the same bound as what was sent.
        Some((_, trusted)) if trusted.as_str().len() > MAX_URL => {
            Err(Fault::new(FaultKind::BadRequest, "service address too long"))
        }
        Some((door, trusted)) if door.cas.is_some() => Ok((door, trusted)),
        _ => {
            let host = shown_host(address);
            Err(Fault::new(FaultKind::UnknownService, format!("no CAS service has this address, on the host {host}")))
        }
    }
}

/// What a log may hold of an address nobody registered: its host. User-info, path and query may each carry a secret, and
/// what cannot be read as an address may hold one anywhere.
fn shown_host(address: &str) -> String {
    let url = Url::parse(address).ok();
    url.as_ref().and_then(Url::host_str).map_or_else(|| "(none: not an address)".to_owned(), |h| display_safe(h, 100))
}

/// Whom and what a request is about, as far as it is known when the journal is told.
#[derive(Default)]
struct About {
    person: Option<PersonId>,
    session: Option<SessionId>,
    service: Option<ServiceId>,
    establishment: Option<Uai>,
}

impl About {
    /// What a ticket says of it.
    fn ticket(ticket: &Ticket) -> About {
        About {
            person: Some(ticket.person.clone()),
            session: Some(ticket.session.clone()),
            service: Some(ticket.service.clone()),
            establishment: None,
        }
    }

    fn event(self, hub: &Hub, visitor: &Visitor, kind: AuditKind, detail: impl Into<String>) -> AuditEvent {
        let About { person, session, service, establishment } = self;
        let event = AuditEvent::new(hub.now(), kind, visitor.correlation().clone(), detail);
        AuditEvent { person, session, service, establishment, ..event }
    }
}

/// Counts a refusal, and tells the journal of it where the journal wants to know.
fn tell_refusal(hub: &Hub, visitor: &Visitor, about: About, error: CasError, count: fn(&'static str)) {
    count(error.word());
    if let Some(kind) = error.audit_kind() {
        hub.audit_refusal(about.event(hub, visitor, kind, error.word()), error.description());
    }
}

#[cfg(test)]
mod tests {
    use super::shown_host;

    #[test]
    fn an_unknown_address_is_shown_by_its_host_alone() {
        for (address, shown) in [
            ("https://bob:hunter2@app.example/reset/tok", "app.example"),
            ("https://app.example:8443/reset/tok?ticket=x@y#z", "app.example"),
            ("https://a@b@app.example\\x/", "app.example"),
            ("https://bob:hun/ter2@app.example/", "(none: not an address)"),
            ("https://bob:hun?ter2@app.example/", "(none: not an address)"),
            ("mailto:bob@app.example", "(none: not an address)"),
            ("bob:hunter2@app.example/tok", "(none: not an address)"),
            ("", "(none: not an address)"),
        ] {
            assert_eq!(shown_host(address), shown, "{address}");
        }
        assert!(shown_host(&format!("https://{}/", "a.".repeat(1000))).chars().count() < 150);
    }
}
