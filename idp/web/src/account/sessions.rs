//! Where somebody is signed in, and which services received what of them.

use super::{FORM, HERE};
use crate::pages::Received;
use crate::{Door, Fault, Fields, Hub, Live, Locale, Visitor};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use preau_domain::{AuditEvent, AuditKind, Instant, PersonId, Seconds, ServiceId, Session};
use std::sync::Arc;

/// How far back the page looks at what services received, and at who was refused.
const SINCE: Seconds = Seconds(31 * 86_400);
/// Events looked at, services shown, and refusals shown.
const LOOKED_AT: u32 = 2_000;
const SHOWN: usize = 50;
const SHOWN_REFUSALS: usize = 10;
/// How far somebody comes who has the password, a copy of a passkey or a code on paper and nothing else, in the words of the journal.
const NOT_IN: [&str; 5] =
    ["second-factor-wanted", "wrong-code", "codes-stopped", "passkey-counter", "wrong-birth-date"];

/// What a page calls a session: nobody else's page, and no cookie, has the word.
pub(super) fn word(hub: &Hub, live: &Live, session: &Session) -> String {
    hub.keyring.mac("session-on-page", &[live.session.id.as_str(), session.id.as_str()])
}

/// What each service received lately, the latest first, in the words of the rules by which it is told now.
pub(super) async fn received(hub: &Hub, visitor: &Visitor, person: &PersonId) -> Result<Vec<Received>, Fault> {
    let since = hub.now() - SINCE;
    let told = hub.store.audit_of_kinds(person, &[AuditKind::AttributesReleased], since, LOOKED_AT).await?;
    let (services, fr) = (hub.services(), visitor.locale == Locale::Fr);
    let mut all: Vec<(ServiceId, Received)> = Vec::new();
    for event in told {
        let Some(id) = event.service else { continue };
        let door = services.get(&id);
        let place = all.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
            let title = door.map(|door| if fr { door.title.fr.clone() } else { door.title.en.clone() });
            // One that is mounted no more is told by its name.
            let service = title.unwrap_or_else(|| id.to_string());
            all.push((id.clone(), Received { service, latest: event.at, times: 0, what: Vec::new() }));
            all.len() - 1
        });
        let Some((_, one)) = all.get_mut(place) else { continue };
        one.times += 1;
        for name in event.detail.split([' ', ',']).filter(|name| !name.is_empty()) {
            let what = in_words(door, name, fr);
            if !one.what.contains(&what) {
                one.what.push(what);
            }
        }
    }
    Ok(all.into_iter().map(|(_, one)| one).take(SHOWN).collect())
}

/// What an attribute of a service holds, in words; its name where no rule gives it any more.
fn in_words(door: Option<&Door>, name: &str, fr: bool) -> String {
    let Some(door) = door else { return name.to_owned() };
    if name == "user" || name == "sub" {
        let words = preau_policy::identifier_words(door.identifier);
        return if fr { words.fr.to_owned() } else { words.en.to_owned() };
    }
    let rules = preau_policy::sent(&door.release);
    let sent = rules.iter().find(|sent| sent.name == name);
    sent.map_or_else(|| name.to_owned(), |sent| if fr { sent.fr() } else { sent.en() })
}

/// Who tried lately to come in as a person and did not, the latest first. Somebody who came in on the same way was the person.
pub(super) async fn refused(hub: &Hub, person: &PersonId) -> Result<Vec<(Instant, &'static str)>, Fault> {
    let (since, kinds) = (hub.now() - SINCE, [AuditKind::SignInRefused, AuditKind::SignInSucceeded]);
    let told = hub.store.audit_of_kinds(person, &kinds, since, LOOKED_AT).await?;
    let came_in = |refused: &AuditEvent| {
        told.iter().any(|one| one.kind == AuditKind::SignInSucceeded && one.correlation == refused.correlation)
    };
    let how = |event: &AuditEvent| NOT_IN.into_iter().find(|word| event.detail == *word);
    let refusals = told.iter().filter(|event| event.kind == AuditKind::SignInRefused && !came_in(event));
    Ok(refusals.filter_map(|event| Some((event.at, how(event)?))).take(SHOWN_REFUSALS).collect())
}

/// Ends one other session of a person, or all of them.
pub(super) async fn end(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    let (token, which) = (fields.required("token")?, fields.one("session")?);
    let Some(live) = visitor.live(&hub).await? else { return Ok(hub.see_other(HERE)) };
    hub.check_form(&live.session.id, FORM, token)?;
    let (person, here, why) = (&live.session.person, &live.session.id, "from-elsewhere");
    let Some(which) = which else {
        hub.end_others(person, here, why, visitor.correlation()).await?;
        return Ok(hub.see_other(HERE));
    };
    for session in hub.store.sessions_of(person, hub.now()).await? {
        if which == word(&hub, &live, &session) && session.id != *here {
            hub.end_session(&session.id, why, visitor.correlation()).await?;
        }
    }
    Ok(hub.see_other(HERE))
}
