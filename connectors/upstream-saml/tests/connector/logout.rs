//! The end of a session, told by either side (the service's half of SAML-47).

use crate::peer::*;
use preau_connector_api::{Carried, LogoutMessage, Redirect, RedirectError};
use preau_domain::Instant;
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::sign;
use preau_saml::bindings::redirect::{Received, encode};
use preau_saml::bindings::{Kind, post};
use preau_saml::messages::{LogoutRequest, LogoutResponse, NameId, Status};
use preau_saml::names::{SAMLP, nameid, status};
use std::sync::Arc;

const SLO: &str = "https://ent.example/upstream/educonnect/slo";
const SINGLE: &str = "logout = \"single\"\nslo = \"https://educonnect.example/idp/slo\"";

fn request() -> LogoutRequest {
    LogoutRequest {
        id: "_out".to_owned(),
        issue_instant: NOW,
        destination: Some(SLO.to_owned()),
        issuer: IDP.to_owned(),
        not_on_or_after: None,
        reason: None,
        name_id: Some(NameId {
            format: Some(nameid::PERSISTENT.to_owned()),
            value: "eleve-7".to_owned(),
            ..NameId::default()
        }),
        encrypted_id: None,
        session_indexes: vec!["there-1".to_owned(), "there-2".to_owned()],
    }
}

fn query(request: &LogoutRequest, key: Option<&PrivateKey>) -> String {
    let signer = key.map(|key| (key, Alg::ES256));
    let address = encode(SLO, Kind::Request, &request.write(None), Some("state é"), signer).unwrap();
    address.split_once('?').unwrap().1.to_owned()
}

fn hear(upstream: &Arc<dyn Redirect>, carried: Carried<'_>) -> Result<LogoutMessage, RedirectError> {
    now(upstream.logout_message(carried, CALLBACK, NOW, &TURNS))
}

/// Whose session, and which.
type Named = (Option<String>, Option<String>);

fn heard(message: LogoutMessage) -> (Vec<Named>, String) {
    let LogoutMessage::Ended { notices, then, .. } = message else { panic!("{message:?}") };
    assert!(notices.iter().all(|notice| notice.issuer == IDP && notice.expires > NOW));
    (notices.into_iter().map(|notice| (notice.subject, notice.sid)).collect(), then)
}

#[test]
fn a_request_of_the_provider_names_sessions_and_is_answered() {
    let upstream = open(SINGLE);
    let of = |name: Option<&str>, session: &str| (name.map(str::to_owned), Some(session.to_owned()));
    let named = vec![of(Some("eleve-7"), "there-1"), of(Some("eleve-7"), "there-2")];
    let (sessions, then) = heard(hear(&upstream, Carried::Query(&query(&request(), Some(&THEIRS)))).unwrap());
    assert_eq!(sessions, named);
    assert!(then.starts_with("https://educonnect.example/idp/slo?SAMLResponse="), "{then}");
    let answer = Received::read(then.split_once('?').unwrap().1).unwrap();
    assert_eq!(answer.relay_state.as_deref(), Some("state é"));
    let answer = LogoutResponse::read(answer.verified(&[OURS.public().clone()]).unwrap()).unwrap();
    assert_eq!((answer.in_response_to.as_deref(), answer.issuer.as_deref()), (Some("_out"), Some(SP)));
    assert!(answer.status.is_success());
    let signed = sign(&request().write(None), SAMLP, "LogoutRequest", &THEIRS, Alg::ES256, None).unwrap();
    let field = post::encode(&signed);
    let (sessions, _) = heard(hear(&upstream, Carried::Form(&[("SAMLRequest", &field)])).unwrap());
    assert_eq!(sessions, named, "by a form");
    let all = LogoutRequest { session_indexes: Vec::new(), ..request() };
    let (sessions, _) = heard(hear(&upstream, Carried::Query(&query(&all, Some(&THEIRS)))).unwrap());
    assert_eq!(sessions, [(Some("eleve-7".to_owned()), None)], "all of them");
    let mut transient = request();
    transient.name_id.as_mut().unwrap().format = Some(nameid::TRANSIENT.to_owned());
    let (sessions, _) = heard(hear(&upstream, Carried::Query(&query(&transient, Some(&THEIRS)))).unwrap());
    assert_eq!(sessions, [of(None, "eleve-7"), of(None, "eleve-7")], "a name for the occasion finds them");
    let by_attribute = open(&format!("{SINGLE}\nsubject = \"FrEduCtId\""));
    let (sessions, _) = heard(hear(&by_attribute, Carried::Query(&query(&request(), Some(&THEIRS)))).unwrap());
    assert_eq!(sessions, [of(None, "there-1"), of(None, "there-2")]);
    let nobody = hear(&by_attribute, Carried::Query(&query(&all, Some(&THEIRS))));
    assert_eq!(nobody, Err(RedirectError::NotBelieved("no session")));
}

#[test]
fn a_session_is_meant_by_its_own_name_and_the_person_s() {
    let upstream = open(&format!("{SINGLE}\nsubject = \"FrEduCtId\""));
    let hint = |name: &str, session: &str| format!("{{\"name\":\"{name}\",\"session\":\"{session}\"}}");
    let about = |request: &LogoutRequest, hint: &str| {
        let message = hear(&upstream, Carried::Query(&query(request, Some(&THEIRS)))).unwrap();
        let LogoutMessage::Ended { notices, unknown, .. } = message else { panic!("{message:?}") };
        let answer = Received::read(unknown.split_once('?').unwrap().1).unwrap();
        let answer = LogoutResponse::read(answer.verified(&[OURS.public().clone()]).unwrap()).unwrap();
        assert_eq!(answer.status.sub.as_deref(), Some(status::UNKNOWN_PRINCIPAL));
        notices.iter().any(|notice| upstream.is_about(notice, hint))
    };
    for format in [nameid::PERSISTENT, nameid::TRANSIENT] {
        let mut asked = request();
        asked.name_id.as_mut().unwrap().format = Some(format.to_owned());
        assert!(about(&asked, &hint("eleve-7", "there-2")), "control");
        assert!(!about(&asked, &hint("eleve-7", "there-3")), "{format}: another session");
        assert!(!about(&asked, &hint("eleve-8", "there-2")), "{format}: another person");
    }
    let mut all = LogoutRequest { session_indexes: Vec::new(), ..request() };
    all.name_id.as_mut().unwrap().format = Some(nameid::TRANSIENT.to_owned());
    assert!(about(&all, &hint("eleve-7", "there-3")), "every session of that name");
}

#[test]
fn a_request_that_is_not_the_provider_s_signs_nobody_out() {
    let upstream = open(SINGLE);
    let refused = |query: &str| match hear(&upstream, Carried::Query(query)) {
        Err(RedirectError::NotBelieved(word)) => word,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&query(&request(), None)), "not signed");
    assert_eq!(refused(&query(&request(), Some(&FOREIGN))), "signature");
    let plain = post::encode(&request().write(None));
    let unsigned = hear(&upstream, Carried::Form(&[("SAMLRequest", &plain)]));
    assert_eq!(unsigned, Err(RedirectError::NotBelieved("not signed")));
    for (word, change) in [
        ("issuer", (|r| r.issuer = "https://evil.test".into()) as fn(&mut LogoutRequest)),
        ("destination", |r| r.destination = Some("https://evil.test/slo".into())),
        ("destination", |r| r.destination = None),
        ("instant", |r| r.issue_instant = Instant(NOW.0 - 661_000)),
        ("instant", |r| r.issue_instant = Instant(NOW.0 + 61_000)),
        ("expired", |r| r.not_on_or_after = Some(Instant(NOW.0 - 60_000))),
    ] {
        let mut lie = request();
        change(&mut lie);
        assert_eq!(refused(&query(&lie, Some(&THEIRS))), word);
    }
    let off = hear(&open(""), Carried::Query(&query(&request(), Some(&THEIRS))));
    assert_eq!(off, Err(RedirectError::NotBelieved("no single logout")));
    assert!(hear(&upstream, Carried::Query(&query(&request(), Some(&THEIRS)))).is_ok(), "control");
}

#[test]
fn who_signs_out_here_is_sent_there_as_the_configuration_says() {
    let way = |upstream: &Arc<dyn Redirect>, hint: Option<&str>| {
        now(upstream.logout_address(hint, "https://ent.example/", CALLBACK, NOW))
    };
    let single = open(SINGLE);
    let hint = judge(&single, &answer().signed(Signs::Both)).unwrap().logout_hint.unwrap();
    let address = way(&single, Some(&hint)).unwrap();
    let received = Received::read(address.split_once('?').unwrap().1).unwrap();
    let request = LogoutRequest::read(received.verified(&[OURS.public().clone()]).unwrap()).unwrap();
    assert_eq!(request.name_id, answer().assertion.subject.name_id);
    assert_eq!((request.session_indexes, request.issuer), (vec!["there-1".to_owned()], SP.to_owned()));
    assert_eq!(way(&single, None), None);
    assert_eq!(way(&single, Some("{}")), None);
    let soft = open("logout = \"soft\"\nlogout_address = \"https://educonnect.example/idp/out\"");
    assert_eq!(way(&soft, None).as_deref(), Some("https://educonnect.example/idp/out"));
    assert_eq!(judge(&soft, &answer().signed(Signs::Both)).unwrap().logout_hint, None, "nothing is kept for it");
    assert_eq!(way(&open(""), Some(&hint)), None);
    let done = hear(&single, Carried::Query("SAMLResponse=fZA%3D"));
    assert!(done.is_err(), "what does not inflate is no answer");
    let response = LogoutResponse {
        id: "_done".to_owned(),
        in_response_to: None,
        issue_instant: NOW,
        destination: Some(SLO.to_owned()),
        issuer: Some(IDP.to_owned()),
        status: Status::success(),
    };
    let says = |response: &LogoutResponse, key: Option<&PrivateKey>| {
        let back = encode(SLO, Kind::Response, &response.write(), None, key.map(|key| (key, Alg::ES256))).unwrap();
        hear(&single, Carried::Query(back.split_once('?').unwrap().1))
    };
    assert_eq!(says(&response, Some(&THEIRS)), Ok(LogoutMessage::Answered { ended: true }));
    let status = Status { sub: Some(status::PARTIAL_LOGOUT.to_owned()), ..Status::success() };
    let partly = LogoutResponse { status, ..response.clone() };
    assert_eq!(says(&partly, Some(&THEIRS)), Ok(LogoutMessage::Answered { ended: false }));
    let field = sign(&response.write(), SAMLP, "LogoutResponse", &THEIRS, Alg::ES256, None).unwrap();
    let posted = hear(&single, Carried::Form(&[("SAMLResponse", &post::encode(&field))]));
    assert_eq!(posted, Ok(LogoutMessage::Answered { ended: true }), "by a form");
    let unsigned = hear(&single, Carried::Form(&[("SAMLResponse", &post::encode(&response.write()))]));
    let not = |word| Err(RedirectError::NotBelieved(word));
    assert_eq!(unsigned, not("not signed"));
    assert_eq!(says(&response, None), not("not signed"));
    assert_eq!(says(&response, Some(&FOREIGN)), not("signature"));
    for (word, change) in [
        ("issuer", (|r| r.issuer = Some("https://evil.test".into())) as fn(&mut LogoutResponse)),
        ("issuer", |r| r.issuer = None),
        ("destination", |r| r.destination = Some("https://evil.test/slo".into())),
        ("instant", |r| r.issue_instant = Instant(NOW.0 - 661_000)),
    ] {
        let mut lie = response.clone();
        change(&mut lie);
        assert_eq!(says(&lie, Some(&THEIRS)), not(word));
    }
}
