//! The end of a session on either side: the provider's word that one has ended there (saml-profiles-2.0, 4.4), ours to it,
//! or, where its single logout is not to be relied on, an address that people are sent to.

use crate::answer::{Proof, is_name, is_recent, word, word_of};
use crate::config::{Logout, Settings};
use crate::ours::Ours;
use preau_connector_api::{Carried, LogoutMessage, RedirectError, UpstreamLogout};
use preau_domain::{Instant, Seconds};
use preau_keys::digest;
use preau_keys::xml::{Element, decrypt};
use preau_saml::bindings::redirect::Received;
use preau_saml::bindings::{Kind, post, redirect, relay_state};
use preau_saml::messages::{LogoutRequest, LogoutResponse, NameId, Status};
use preau_saml::names::{SAMLP, logout_reason, nameid, status};
use serde::{Deserialize, Serialize};

/// Seconds a request is remembered, so that it is heard once.
const REMEMBERED_SECONDS: i64 = 1_200;

/// What ends a session there: the person's name and the session's.
#[derive(Serialize, Deserialize)]
struct Hint {
    name: String,
    format: Option<String>,
    qualifier: Option<String>,
    sp_qualifier: Option<String>,
    session: Option<String>,
}

/// What is wanted back when the person signs out here.
pub(crate) fn hint(settings: &Settings, proof: &Proof) -> Option<String> {
    if settings.logout != Logout::Single {
        return None;
    }
    let NameId { value, format, name_qualifier, sp_name_qualifier } = proof.name_id.clone();
    let session = proof.session.clone();
    let (name, qualifier, sp_qualifier) = (value, name_qualifier, sp_name_qualifier);
    serde_json::to_string(&Hint { name, format, qualifier, sp_qualifier, session }).ok()
}

/// Where a person ends their session at the provider.
pub(crate) fn address(
    settings: &Settings,
    hint: Option<&str>,
    back: &str,
    callback: &str,
    now: Instant,
) -> Option<String> {
    let to = settings.logout_address.as_ref()?;
    if settings.logout == Logout::Soft {
        return Some(to.clone());
    }
    let hint = hint?;
    let Hint { name, format, qualifier, sp_qualifier, session } = serde_json::from_str(hint).ok()?;
    let request = LogoutRequest {
        id: format!("_{}", digest(&format!("{hint}{}", now.0))),
        issue_instant: now,
        destination: Some(to.clone()),
        issuer: Ours::of(callback, settings.name.as_deref()).name,
        not_on_or_after: None,
        reason: Some(logout_reason::USER.to_owned()),
        name_id: Some(NameId { value: name, format, name_qualifier: qualifier, sp_name_qualifier: sp_qualifier }),
        encrypted_id: None,
        session_indexes: session.into_iter().collect(),
    };
    let signer = settings.keys.first().map(|key| (&key.private, key.alg));
    redirect::encode(to, Kind::Request, &request.write(None), Some(back), signer).ok()
}

/// Believes a message that a browser carries.
pub(crate) fn message(
    settings: &Settings,
    message: Carried<'_>,
    callback: &str,
    now: Instant,
) -> Result<LogoutMessage, RedirectError> {
    let Some(to) = settings.logout_address.as_ref().filter(|_| settings.logout == Logout::Single) else {
        return Err(RedirectError::NotBelieved("no single logout"));
    };
    let (request, state) = match message {
        Carried::Query(query) => {
            let received = Received::read(query).map_err(|error| RedirectError::NotBelieved(word_of(&error)))?;
            if received.kind == Kind::Response {
                let element = received.verified(&settings.theirs);
                let element = element.map_err(|error| RedirectError::NotBelieved(word_of(&error)))?;
                return answered(settings, callback, element, now);
            }
            let element = received.verified(&settings.theirs);
            let element = element.map_err(|error| RedirectError::NotBelieved(word_of(&error)))?;
            (LogoutRequest::read(element), received.relay_state.clone())
        }
        Carried::Form(fields) => {
            let one = |name: &str| fields.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
            if let Some(field) = one(Kind::Response.parameter()) {
                let document = post::decode(field).map_err(|error| RedirectError::NotBelieved(word_of(&error)))?;
                let verified = document.verify(SAMLP, "LogoutResponse", &settings.theirs);
                let verified = verified.map_err(|error| RedirectError::NotBelieved(word(&error)))?;
                return answered(settings, callback, verified.element(), now);
            }
            let field = one(Kind::Request.parameter()).ok_or(RedirectError::NotBelieved("no message"))?;
            let document = post::decode(field).map_err(|error| RedirectError::NotBelieved(word_of(&error)))?;
            let verified = document.verify(SAMLP, "LogoutRequest", &settings.theirs);
            let verified = verified.map_err(|error| RedirectError::NotBelieved(word(&error)))?;
            let state = one("RelayState").map(relay_state).transpose();
            let state = state.map_err(|error| RedirectError::NotBelieved(word_of(&error)))?;
            (LogoutRequest::read(verified.element()), state.map(str::to_owned))
        }
    };
    let request = request.map_err(|error| RedirectError::NotBelieved(word_of(&error)))?;
    let ours = Ours::of(callback, settings.name.as_deref());
    let notices = notices(settings, &ours, &request, now)?;
    let answer = |status: Status| {
        let answer = LogoutResponse {
            id: format!("_{}", digest(&format!("{}{}", request.id, now.0))),
            in_response_to: Some(request.id.clone()),
            issue_instant: now,
            destination: Some(to.clone()),
            issuer: Some(ours.name.clone()),
            status,
        };
        let signer = settings.keys.first().map(|key| (&key.private, key.alg));
        let address = redirect::encode(to, Kind::Response, &answer.write(), state.as_deref(), signer);
        address.map_err(|error| RedirectError::NotBelieved(word_of(&error)))
    };
    let unknown = answer(Status::failure(status::REQUESTER, status::UNKNOWN_PRINCIPAL))?;
    Ok(LogoutMessage::Ended { notices, then: answer(Status::success())?, unknown })
}

/// Whether a notice is about the session that was opened with this hint: person and session are called the same.
pub(crate) fn is_about(notice: &UpstreamLogout, hint: &str) -> bool {
    let (Some((name, session)), Ok(hint)) = (&notice.named, serde_json::from_str::<Hint>(hint)) else { return true };
    *name == hint.name && session.as_ref().is_none_or(|session| hint.session.as_ref() == Some(session))
}

/// What the provider answers to a request of ours. It changes nothing here, where the session has ended already.
fn answered(
    settings: &Settings,
    callback: &str,
    element: &Element,
    now: Instant,
) -> Result<LogoutMessage, RedirectError> {
    let refuse = |word| Err(RedirectError::NotBelieved(word));
    let response = LogoutResponse::read(element).map_err(|error| RedirectError::NotBelieved(word_of(&error)))?;
    if response.issuer.as_deref() != Some(&settings.entity_id) {
        return refuse("issuer");
    }
    let ours = Ours::of(callback, settings.name.as_deref());
    if response.destination.as_deref() != Some(&ours.slo) {
        return refuse("destination");
    }
    if !is_recent(settings, now, response.issue_instant) {
        return refuse("instant");
    }
    Ok(LogoutMessage::Answered { ended: response.status.is_success() && response.status.sub.is_none() })
}

/// The sessions a request is about, if it is from the provider, for us, and recent.
fn notices(
    settings: &Settings,
    ours: &Ours,
    request: &LogoutRequest,
    now: Instant,
) -> Result<Vec<UpstreamLogout>, RedirectError> {
    let refuse = |word| Err(RedirectError::NotBelieved(word));
    let skew = Seconds(settings.skew_seconds);
    if request.issuer != settings.entity_id {
        return refuse("issuer");
    }
    if request.destination.as_deref() != Some(&ours.slo) {
        return refuse("destination");
    }
    if !is_recent(settings, now, request.issue_instant) {
        return refuse("instant");
    }
    if request.not_on_or_after.is_some_and(|until| until + skew <= now) {
        return refuse("expired");
    }
    let opened = request.encrypted_id.as_ref().map(|sealed| decrypt(sealed, &settings.opens)).transpose();
    let opened = opened.map_err(|_| RedirectError::NotBelieved("name does not open"))?;
    let read = opened.map(|opened| NameId::read(opened.unverified())).transpose();
    let read = read.map_err(|error| RedirectError::NotBelieved(word_of(&error)))?;
    let Some(name) = read.or_else(|| request.name_id.clone()).filter(|name| is_name(&name.value)) else {
        return refuse("name");
    };
    // What finds sessions, and which of those found are meant: one for each session that is listed, else one for all.
    type Named = (Option<String>, Option<String>, Option<String>);
    let sessions: Vec<String> = request.session_indexes.iter().filter(|session| is_name(session)).cloned().collect();
    let named: Vec<Named> = if name.format.as_deref() == Some(nameid::TRANSIENT) {
        let of = |session| (None, Some(name.value.clone()), session);
        if request.session_indexes.is_empty() {
            vec![of(None)]
        } else {
            sessions.into_iter().map(|one| of(Some(one))).collect()
        }
    } else {
        let subject = settings.subject.is_none().then(|| name.value.clone());
        let all: Vec<Named> = sessions.into_iter().map(|one| (subject.clone(), Some(one.clone()), Some(one))).collect();
        if request.session_indexes.is_empty() && subject.is_some() { vec![(subject, None, None)] } else { all }
    };
    if named.is_empty() {
        return refuse("no session");
    }
    let notice = |(index, (subject, sid, session)): (usize, Named)| UpstreamLogout {
        issuer: settings.entity_id.clone(),
        subject,
        sid,
        named: Some((name.value.clone(), session)),
        id: digest(&format!("{}/{index}", request.id)),
        expires: now + Seconds(REMEMBERED_SECONDS) + skew,
    };
    Ok(named.into_iter().enumerate().map(notice).collect())
}
