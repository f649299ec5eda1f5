//! What we ask, and answers that are believed.

use crate::peer::*;
use preau_connector_api::{KnownAs, RedirectError, Round};
use preau_domain::{Instant, JoinKey, SourceId};
use preau_saml::bindings::redirect::Received;
use preau_saml::messages::AuthnRequest;
use preau_saml::names::{context, nameid};

#[test]
fn the_request_is_signed_and_binds_the_answer() {
    let upstream = open("nameid = \"transient\"\ncontexts = [\"urn:x\"]");
    let fresh = Round { fresh_after: Some(NOW), ..round() };
    let (address, again) = (sent_to(&upstream, &round()), sent_to(&upstream, &fresh));
    assert!(address.starts_with("https://educonnect.example/idp/sso?SAMLRequest="), "{address}");
    let read = |address: &str| {
        let received = Received::read(address.split_once('?').unwrap().1).unwrap();
        assert_eq!(received.relay_state.as_deref(), Some(STATE));
        AuthnRequest::read(received.verified(&[OURS.public().clone()]).unwrap()).unwrap()
    };
    let request = read(&address);
    assert_eq!((request.id, request.issuer), (format!("_{NONCE}"), SP.to_owned()));
    assert_eq!(request.acs_url.as_deref(), Some(ACS));
    assert_eq!(request.destination.as_deref(), Some("https://educonnect.example/idp/sso"));
    assert_eq!(request.name_id_policy.unwrap().format.as_deref(), Some(nameid::TRANSIENT));
    assert_eq!(request.requested_context.unwrap().classes, ["urn:x"]);
    assert!(!request.force_authn && read(&again).force_authn, "a new proof is asked for only where one is needed");
}

#[test]
fn an_answer_that_is_right_says_who_it_is() {
    for signs in [Signs::Response, Signs::Assertion, Signs::Both] {
        let upstream = open(asks(signs));
        let identity = judge(&upstream, &answer().signed(signs)).unwrap();
        assert_eq!((identity.issuer.as_str(), identity.subject.as_str()), (IDP, "eleve-7"), "{signs:?}");
        let record = JoinKey { source: SourceId::new("annuaire"), key: "4512345".to_owned() };
        assert_eq!(identity.names, [KnownAs::Record(record)], "another academy's key is none of ours");
        assert_eq!((identity.at, identity.sid.as_deref()), (Some(NOW), Some("there-1")));
        assert_eq!(identity.acr.as_deref(), Some(context::PASSWORD_PROTECTED_TRANSPORT));
        assert!(identity.lasting && identity.logout_hint.is_none());
    }
    // What is signed besides what is asked for is right, too.
    assert!(judge(&open(asks(Signs::Response)), &answer().signed(Signs::Both)).is_ok());
    assert!(judge(&open(asks(Signs::Assertion)), &answer().signed(Signs::Both)).is_ok());
}

#[test]
fn a_name_for_the_occasion_is_no_link_unless_an_attribute_names_the_person() {
    let transient = Answer::changed(|answer| {
        answer.assertion.subject.name_id.as_mut().unwrap().format = Some(nameid::TRANSIENT.to_owned());
    });
    let identity = judge(&open(""), &transient.signed(Signs::Both)).unwrap();
    assert_eq!((identity.subject.as_str(), identity.lasting), ("eleve-7", false));
    assert_eq!(identity.sid.as_deref(), Some("eleve-7"), "it is a name of the session");
    for attribute in ["FrEduCtId", "urn:oid:1.3.6.1.4.1.20326.10.999.1.57"] {
        let named = open(&format!("subject = \"{attribute}\""));
        let identity = judge(&named, &transient.signed(Signs::Both)).unwrap();
        assert_eq!((identity.subject.as_str(), identity.lasting), ("c0ffee", true), "{attribute}");
    }
    for attribute in ["FrEduCtRefId", "absent"] {
        let several = open(&format!("subject = \"{attribute}\""));
        let judged = judge(&several, &transient.signed(Signs::Both));
        assert_eq!(judged, Err(RedirectError::NotBelieved("attribute of the subject")), "{attribute}");
    }
}

#[test]
fn a_name_wins_over_what_people_call_it() {
    let doubled = Answer::changed(|answer| {
        let all = &mut answer.assertion.attributes[0].attributes;
        all.insert(0, attribute("urn:x", Some("FrEduCtRefId"), &["{AAF}16|2D|666"]));
    });
    let names = judge(&open(""), &doubled.signed(Signs::Both)).unwrap().names;
    assert_eq!(names.len(), 1);
    assert!(matches!(&names[0], KnownAs::Record(join) if join.key == "4512345"), "{names:?}");
}

#[test]
fn a_clock_may_differ_by_a_minute() {
    let upstream = open("");
    let shifted = |millis: i64| {
        let to = |at: Instant| Instant(at.0 + millis);
        Answer::changed(|answer| {
            answer.response.issue_instant = to(NOW);
            answer.assertion.issue_instant = to(NOW);
            answer.assertion.authn[0].authn_instant = to(NOW);
            answer.assertion.conditions.not_before = Some(to(NOW));
        })
    };
    assert!(judge(&upstream, &shifted(59_000).signed(Signs::Both)).is_ok());
    assert!(judge(&upstream, &shifted(61_000).signed(Signs::Both)).is_err());
    let strict = open("skew_seconds = 0");
    assert!(judge(&strict, &shifted(0).signed(Signs::Both)).is_ok());
    assert!(judge(&strict, &shifted(1).signed(Signs::Both)).is_err());
}

#[test]
fn who_must_prove_themselves_again_has_done_so() {
    let upstream = open("");
    let after = |seconds: i64| Round { fresh_after: Some(Instant(NOW.0 + seconds * 1000)), ..round() };
    let proven = |seconds: i64| {
        let at = Instant(NOW.0 + seconds * 1000);
        Answer::changed(|answer| answer.assertion.authn[0].authn_instant = at).signed(Signs::Both)
    };
    let judged = |proof: i64, wanted: i64| judge_in(&upstream, &proven(proof), &after(wanted)).map(|one| one.at);
    assert_eq!(judged(0, -60), Ok(Some(NOW)));
    assert_eq!(judged(-100, -60), Ok(Some(Instant(NOW.0 - 60_000))), "its clock may be behind");
    assert_eq!(judged(-121, -60), Err(RedirectError::NotBelieved("proof too old")));
    assert!(judge(&upstream, &proven(-7200)).is_ok(), "an older proof is enough where none is asked for");
}

#[test]
fn a_class_of_proof_that_was_asked_for_is_given() {
    let password = "contexts = [\"urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport\"]";
    assert!(judge(&open(password), &answer().signed(Signs::Both)).is_ok());
    let stronger = judge(&open("contexts = [\"https://refeds.org/profile/mfa\"]"), &answer().signed(Signs::Both));
    assert_eq!(stronger, Err(RedirectError::NotBelieved("class of proof")));
}
