//! What CAS decides: the door, one validation, one proxy ticket, the end of a session.

pub mod login;
pub mod logout;
pub mod proxy;
pub mod validation;

use preau_domain::{MAX_URL, TrustedUrl, display_safe};
use preau_web::{Door, Fault, FaultKind, ServiceTable};

/// The service an address belongs to, if it speaks CAS.
fn owner<'a>(services: &'a ServiceTable, address: &str) -> Result<(&'a Door, TrustedUrl), Fault> {
    match services.owner_of(address) {
        // Writing an address down again may make it longer: what is kept has the same bound as what was sent.
        Some((_, trusted)) if trusted.as_str().len() > MAX_URL => {
            Err(Fault::new(FaultKind::BadRequest, "service address too long"))
        }
        Some((door, trusted)) if door.cas.is_some() => Ok((door, trusted)),
        _ => {
            // The query may carry what belongs to a person; an operator needs no more than the rest.
            let shown = display_safe(address.split(['?', '#']).next().unwrap_or_default(), 200);
            Err(Fault::new(FaultKind::UnknownService, format!("no CAS service has the address {shown}")))
        }
    }
}
