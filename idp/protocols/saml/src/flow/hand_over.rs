//! The end of the corridor: the person is there, access is decided, the visit is noted, and the answer goes its way. What is in
//! it is `assertion`'s matter.

use super::assertion::{Told, answered, assertion, leaves, names, response};
use super::sso::{self, Answer, Asked};
use super::{artifact, context, event, name, signed, signing_key, tell_refusal, unsigned};
use crate::config::NAME;
use crate::error::{SamlError, Stop};
use crate::partner::{Acs, Partner, Way};
use preau_connector_api::{NameIdKind, SamlSigned};
use preau_domain::{AuditEvent, AuditKind, Instant, KeptKind, KeptThing, OneTimeKey, PersonId, TrustedUrl, Visit};
use preau_keys::{Sealer, one_time_key};
use preau_policy::Refusal;
use preau_saml::bindings::post;
use preau_saml::messages::NameId;
use preau_saml::metadata::Peers;
use preau_store::StoreError;
use preau_web::{CompletedSignIn, Fault, FaultKind, Hub, Live, Visitor};
use serde::{Deserialize, Serialize};

/// What the names of sessions are sealed for.
const SESSION: &str = "saml session";

/// A message for a service, to be carried by the browser.
pub struct Outgoing {
    /// Where: an address of its metadata.
    pub to: TrustedUrl,
    /// The fields of the form.
    pub fields: Vec<(&'static str, String)>,
}

/// What a visit is remembered by, so that its end can be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The name of the person.
    #[serde(rename = "n")]
    pub name: String,
    /// What kind of name it is.
    #[serde(rename = "f")]
    pub format: String,
    /// The name of the session.
    #[serde(rename = "s")]
    pub session: String,
}

/// Hands a person who just signed in over to the service.
pub async fn complete(hub: &Hub, peers: &Peers, visitor: &Visitor, done: &CompletedSignIn) -> Result<Answer, Fault> {
    let asked: Asked = serde_json::from_str(&done.pending.request)
        .map_err(|_| Fault::new(FaultKind::Internal, "a SAML sign-in holds what SAML did not write"))?;
    let (partner, acs) = sso::again(hub, peers, done.pending.service.as_ref(), &asked)?;
    let message = match hand_over(hub, visitor, &done.live, &partner, &acs, &asked).await {
        Ok(Some(message)) => message,
        Ok(None) => return Err(Fault::new(FaultKind::SignInExpired, "the session ended during its sign-in")),
        Err(Stop::Page(fault)) if fault.is_one_factor() => {
            return sso::step_up(hub, visitor, &partner, &done.live, &asked).await.map(Answer::Page);
        }
        Err(Stop::Page(fault)) => return Err(fault),
        Err(Stop::Told(error)) => refusal(hub, visitor, &partner, &acs, &asked, error).await?,
    };
    outgoing(hub, visitor, &partner, &acs, &asked, &message).await.map(Answer::Service)
}

/// A message on its way through the browser: itself, or a ticket for it.
pub async fn outgoing(
    hub: &Hub,
    visitor: &Visitor,
    partner: &Partner,
    acs: &Acs,
    asked: &Asked,
    message: &str,
) -> Result<Outgoing, Fault> {
    let mut fields = vec![match acs.way {
        Way::Post => ("SAMLResponse", post::encode(message)),
        Way::Paos => return Err(Fault::new(FaultKind::Internal, "a browser carries no envelope for a program")),
        Way::Artifact => ("SAMLart", artifact::keep(hub, visitor, partner, message).await?),
    }];
    fields.extend(asked.relay_state.clone().map(|state| ("RelayState", state)));
    Ok(Outgoing { to: acs.to.clone(), fields })
}

/// Decides, makes the answer and notes the visit; absent when the session has ended elsewhere.
pub async fn hand_over(
    hub: &Hub,
    visitor: &Visitor,
    live: &Live,
    partner: &Partner,
    acs: &Acs,
    asked: &Asked,
) -> Result<Option<String>, Stop> {
    // A name for the occasion is never the one before.
    let before = match asked.name {
        NameIdKind::Transient => None,
        _ => hub.store.last_visit(&live.session.id, crate::NAME, &partner.door.service.id, hub.now()).await?,
    };
    let before = before.and_then(|visit| serde_json::from_str::<Notice>(&visit.notice).ok());
    let Made { message, notice, at } = made(hub, visitor, live, partner, acs, asked, before.as_ref())?;
    // Whoever comes again within a session is on the same visit: the service hears once of its end.
    if before.as_ref() == Some(&notice) {
        return Ok(Some(message));
    }
    let visit = visit(live, partner, &notice, at)?;
    // Together, so that they share a commit.
    let (noted, remembered) =
        tokio::join!(hub.store.add_visit(&visit), remember(hub, partner, live, asked.name, &notice.name));
    match noted {
        Ok(()) => {}
        Err(StoreError::Conflict) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    remembered?;
    Ok(Some(message))
}

/// An answer, and what its visit is remembered by.
pub struct Made {
    /// The answer.
    pub message: String,
    notice: Notice,
    at: Instant,
}

/// Decides, and makes the answer. Under the same name the visit before goes on, and with it the name of its session.
pub fn made(
    hub: &Hub,
    visitor: &Visitor,
    live: &Live,
    partner: &Partner,
    acs: &Acs,
    asked: &Asked,
    before: Option<&Notice>,
) -> Result<Made, Stop> {
    let door = &partner.door;
    let decision = hub.decide(live, door);
    let rule = hub.opens(visitor, live, door, &decision)?;
    let released = hub.release(live, door)?;
    if !released.tells_visitor(|name| leaves(partner, name, asked.listed)) {
        return Err(hub.refused(visitor, live, door, &Refusal::visitor()).into());
    }
    let own = context::Own::of(hub, &live.session.authentication);
    let class = context::claimed(own, asked.context.as_ref()).ok_or(SamlError::NoAuthnContext)?;
    let no_name = || {
        let what =
            format!("service {}: it knows people by their mail address, and this person has none", door.service.id);
        partner.fault(Fault::new(FaultKind::Refused, what))
    };
    let name = name::named(hub, partner, live, &released, asked.name).ok_or_else(no_name)?;
    if asked.subject.as_ref().is_some_and(|subject| *subject != name.value) {
        return Err(SamlError::AnotherPerson.into());
    }
    let key = signing_key(hub, partner.saml().signing)?;
    let same = before.filter(|before| before.name == name.value && name.format.as_ref() == Some(&before.format));
    let session = same.map(|before| before.session.clone());
    let session = session.or_else(|| session_index(hub, &live.session.person, partner));
    let session = session.ok_or_else(|| unsigned("the session"))?;
    let at = hub.now();
    let told = Told { name: &name, class, session: &session, released: &released };
    let answer = assertion(hub, live, partner, acs, asked, &told, at);
    let message = answered(hub, partner, acs, asked, &answer, &key, at)?;
    let opened = hub.opened(visitor, live, door, &decision, rule);
    let detail = names(partner, &released, asked.listed);
    let left = AuditEvent { kind: AuditKind::AttributesReleased, detail, ..opened.clone() };
    // Before the visit, so that no assertion leaves without them.
    hub.audit(opened);
    hub.audit(left);
    let notice = Notice { name: name.value, format: name.format.unwrap_or_default(), session };
    Ok(Made { message, notice, at })
}

/// The answer that tells an error.
pub async fn refusal(
    hub: &Hub,
    visitor: &Visitor,
    partner: &Partner,
    acs: &Acs,
    asked: &Asked,
    error: SamlError,
) -> Result<String, Fault> {
    let mut refused = event(hub, visitor, AuditKind::RequestRefused);
    refused.service = Some(partner.door.service.id.clone());
    tell_refusal(hub, refused, error);
    let response = response(hub, acs, asked, error.status(), hub.now()).around(None);
    // Anybody can have one made, in the name of a service that need not sign: it costs a signature only where the service looks
    // at that of a response, and then in its turn.
    if partner.saml().sign == SamlSigned::Assertion {
        return Ok(response.into_text());
    }
    let _turn = hub.turns.take().await?;
    let key = signing_key(hub, partner.saml().signing)?;
    Ok(signed(response, &key)?.into_text())
}

/// The name of a session for one service: unrelated to the one any other service hears. It holds whose session it is, for us
/// alone to open, so that the session is found again without a cookie; a session that goes on after a new proof keeps it.
fn session_index(hub: &Hub, person: &PersonId, partner: &Partner) -> Option<String> {
    let beside = [partner.door.service.id.as_str()];
    Sealer::new(&hub.keyring).seal(&*hub.ids, SESSION, &beside, person.as_str().as_bytes())
}

/// Whose session such a name, told by that service, stands for.
pub fn person_of(hub: &Hub, partner: &Partner, index: &str) -> Option<PersonId> {
    let opened = Sealer::new(&hub.keyring).open(SESSION, &[partner.door.service.id.as_str()], index)?;
    Some(PersonId::new(std::str::from_utf8(&opened).ok()?))
}

/// Where it is kept whom a service calls by a name.
fn name_key(hub: &Hub, partner: &Partner, name: &str) -> OneTimeKey {
    one_time_key(&hub.keyring.mac("saml name", &[partner.door.service.id.as_str(), name]))
}

/// Remembers whom a service calls by a name, as long as their session may last at least: the service may say that it is over
/// without saying which session it means. A name that they always have is remembered for longer, so that not every session of
/// theirs writes it again.
async fn remember(hub: &Hub, partner: &Partner, live: &Live, kind: NameIdKind, name: &str) -> Result<(), StoreError> {
    let (key, now) = (name_key(hub, partner, name), hub.now());
    let (doc, until) = (live.session.person.to_string(), live.session.expires);
    let known = hub.store.kept(&key, KeptKind::SamlName, now).await?;
    if known.as_ref().is_some_and(|known| known.doc == doc && known.expires >= until) {
        return Ok(());
    }
    let expires = if kind == NameIdKind::Transient { until } else { until.max(now + NAME) };
    let thing = KeptThing { key, kind: KeptKind::SamlName, doc, expires };
    let kept = match known {
        Some(known) => hub.store.replace_kept(&thing, &known.doc, now).await,
        None => hub.store.keep(&thing, now).await,
    };
    // Another sign-on of the same person was as quick.
    if matches!(kept, Err(StoreError::Conflict)) { Ok(()) } else { kept }
}

/// Whom a service calls by a name.
pub async fn person_named(hub: &Hub, partner: &Partner, name: &NameId) -> Result<Option<PersonId>, Fault> {
    let kept = hub.store.kept(&name_key(hub, partner, &name.value), KeptKind::SamlName, hub.now()).await?;
    Ok(kept.map(|kept| PersonId::new(kept.doc)))
}

/// The visit an assertion stands for.
fn visit(live: &Live, partner: &Partner, notice: &Notice, at: Instant) -> Result<Visit, Fault> {
    Ok(Visit {
        session: live.session.id.clone(),
        protocol: crate::NAME.to_owned(),
        service: partner.door.service.id.clone(),
        notice: serde_json::to_string(notice).map_err(|e| Fault::new(FaultKind::Internal, e.to_string()))?,
        at,
    })
}
