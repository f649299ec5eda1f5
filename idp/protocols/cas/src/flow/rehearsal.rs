//! A request to `/login` asked again for the bench: what would come of it now, and which parameter is to be mended. Nothing is
//! begun, stored or told.

use crate::{CasError, NAME, wire::LoginParameters};
use preau_web::bench::sandbox::Told;
use preau_web::bench::{Judged, Rehearsal, Wrong, address};
use preau_web::{Door, Fields, Hub, Visitor};

/// What would come of it; absent for a service of another protocol.
pub fn rehearse(door: &Door, fields: &Fields) -> Option<Rehearsal> {
    door.cas.as_ref()?;
    let one = |name: &str| fields.one(name).ok().flatten();
    let parameter = if one("TARGET").is_some() { "TARGET" } else { "service" };
    let received = one(parameter).map(address).unwrap_or_default();
    let wrong = |expected: String| Some(Err(Wrong { parameter, received: received.clone(), expected }));
    match LoginParameters::read(fields) {
        Err(error) => wrong(error.description().to_owned()),
        Ok(asked) if asked.service.as_deref().is_some_and(|address| door.service.trust(address).is_some()) => {
            Some(Ok(Judged::Whole))
        }
        Ok(_) => {
            let own = door
                .service
                .urls
                .iter()
                .map(|rule| format!("{}://{}:{}{}…", rule.scheme, rule.host, rule.port, rule.path));
            wrong(own.collect::<Vec<_>>().join("\n"))
        }
    }
}

/// Remembers a request for an address that belongs to nobody, for whoever integrates a service of that host.
pub fn remember(hub: &Hub, visitor: &Visitor, fields: &Fields) {
    let address = ["service", "TARGET"].into_iter().find_map(|name| fields.one(name).ok().flatten());
    let Some(address) = address.filter(|_| hub.config.bench) else { return };
    let error = CasError::InvalidService;
    for door in hub.services().neighbours(address).iter().filter(|door| door.cas.is_some()) {
        let wrong = rehearse(door, fields).and_then(Result::err);
        let why = "the address is not one of this service";
        hub.bench_refusal(
            door,
            visitor,
            &Told { protocol: NAME, word: error.word(), why, wrong, asked: fields, answer: None },
        );
    }
}
