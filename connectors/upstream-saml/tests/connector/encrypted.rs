//! Assertions that are encrypted for us (SAML-20, 21): whoever has our certificate can make one.

use crate::peer::*;
use preau_connector_api::{Crowded, POSTED, RedirectError, Round, Turns};
use preau_keys::SystemIds;
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::{ContentCipher, encrypt};
use preau_saml::bindings::post;
use preau_saml::messages::Status;
use preau_saml::names::status;
use std::time::Duration;

#[test]
fn an_encrypted_assertion_is_believed_when_it_is_signed() {
    for signs in [Signs::Response, Signs::Assertion, Signs::Both] {
        let upstream = open(&format!("encrypted = true\n{}", asks(signs)));
        let identity = judge(&upstream, &answer().sealed(signs)).unwrap();
        assert_eq!(identity.subject, "eleve-7", "{signs:?}");
        let plain = judge(&upstream, &answer().signed(signs));
        assert_eq!(plain, Err(RedirectError::NotBelieved("not encrypted")), "{signs:?}");
        let not_asked = judge(&open(asks(signs)), &answer().sealed(signs));
        assert_eq!(not_asked, Err(RedirectError::NotBelieved("encrypted")), "{signs:?}");
        // SAML-20: anybody can encrypt for us.
        let unsigned = judge(&upstream, &answer().sealed(Signs::Nothing));
        assert_eq!(unsigned, Err(RedirectError::NotBelieved("not signed")), "{signs:?}");
    }
    let both = open("encrypted = true");
    for half in [Signs::Response, Signs::Assertion] {
        assert_eq!(judge(&both, &answer().sealed(half)), Err(RedirectError::NotBelieved("not signed")), "{half:?}");
    }
}

#[test]
fn an_encrypted_assertion_in_a_response_that_is_not_its_own_is_not_believed() {
    let upstream = open("encrypted = true\nsigned = \"assertion\"");
    let sealed = answer().sealed(Signs::Assertion);
    assert!(judge(&upstream, &sealed).is_ok(), "control");
    let twice = sealed.replace("</samlp:Response>", "<saml:EncryptedAssertion/></samlp:Response>");
    assert!(judge(&upstream, &twice).is_err());
    let beside = sealed.replace("</samlp:Response>", &format!("{}</samlp:Response>", answer().assertion.write()));
    assert!(judge(&upstream, &beside).is_err());
}

/// One word, whatever is wrong with keys and ciphertexts: an oracle learns nothing.
#[test]
fn whatever_does_not_open_says_so_in_one_word() {
    let upstream = open("encrypted = true\nsigned = \"assertion\"");
    let sealed = answer().sealed(Signs::Assertion);
    let does_not_open = Err(RedirectError::NotBelieved("does not open"));
    let values: Vec<&str> = sealed.split("<xenc:CipherValue>").skip(1).map(|one| &one[..40]).collect();
    for value in values {
        for at in [0, 20, 39] {
            let flipped = if value.as_bytes()[at] == b'A' { 'B' } else { 'A' };
            let other = format!("{}{flipped}{}", &value[..at], &value[at + 1..]);
            assert_eq!(judge(&upstream, &sealed.replace(value, &other)), does_not_open, "{at}");
        }
    }
    for (from, to) in [
        ("2001/04/xmlenc#rsa-oaep-mgf1p", "2001/04/xmlenc#rsa-1_5"),
        ("2009/xmlenc11#aes256-gcm", "2001/04/xmlenc#aes256-cbc"),
        ("2009/xmlenc11#aes256-gcm", "2009/xmlenc11#aes128-gcm"),
    ] {
        assert!(sealed.contains(from));
        assert_eq!(judge(&upstream, &sealed.replace(from, to)), does_not_open, "{to}");
    }
    let foreign = preau_keys::jose::PrivateKey::draw(preau_keys::jose::Alg::RS256);
    let other = encrypt(&SystemIds, "<a/>", foreign.public(), ContentCipher::Aes256Gcm).unwrap();
    assert_eq!(judge(&upstream, &around_sealed(&answer().response, &other)), does_not_open);
    let not_one = encrypt(&SystemIds, "<a/>", OURS.public(), ContentCipher::Aes256Gcm).unwrap();
    let judged = judge(&upstream, &around_sealed(&answer().response, &not_one));
    assert_eq!(judged, Err(RedirectError::NotBelieved("absent")));
    assert!(judge(&upstream, &sealed).is_ok(), "control");
}

type Lie = fn(&mut Answer);

/// Our key is not used before everything around the assertion says that it answers this round, nor out of turn.
#[test]
fn nothing_is_opened_that_belongs_to_no_round_nor_out_of_turn() {
    let upstream = open("encrypted = true\nsigned = \"assertion\"");
    let turns = Turns::new(1, 0);
    let round = Round { turns: &turns, ..round() };
    let turn = now(turns.take()).unwrap();
    let lies: [(&str, Lie); 6] = [
        ("issuer of the response", |a| a.response.issuer = None),
        ("issuer of the response", |a| a.response.issuer = Some("https://evil.test".into())),
        ("destination", |a| a.response.destination = Some("https://evil.test/acs".into())),
        ("request of the response", |a| a.response.in_response_to = Some("_another".into())),
        ("request of the response", |a| a.response.in_response_to = None),
        ("instant of the response", |a| a.response.issue_instant.0 -= 661_000),
    ];
    for (word, lie) in lies {
        let judged = judge_in(&upstream, &Answer::changed(lie).sealed(Signs::Assertion), &round);
        assert_eq!(judged, Err(RedirectError::NotBelieved(word)));
    }
    let no = Answer::changed(|a| a.response.status = Status::failure(status::RESPONDER, status::AUTHN_FAILED));
    assert_eq!(judge_in(&upstream, &no.sealed(Signs::Assertion), &round), Err(RedirectError::Refused("AuthnFailed")));
    let sealed = answer().sealed(Signs::Assertion);
    assert_eq!(
        judge_in(&upstream, &sealed, &round),
        Err(RedirectError::Crowded(Crowded)),
        "only then, and in its turn"
    );
    let vouched = open("encrypted = true\nsigned = \"response\"");
    assert!(
        judge_in(&vouched, &answer().sealed(Signs::Response), &round).is_ok(),
        "the provider waits for no stranger"
    );
    drop(turn);
    assert!(judge_in(&upstream, &sealed, &round).is_ok(), "control");
}

/// Whatever is wrong with an answer that may have been opened is said at one moment, by a clock that only moves when everybody waits.
#[test]
fn what_is_not_believed_is_said_at_one_moment() {
    let upstream = open("encrypted = true\nsigned = \"assertion\"");
    let took = |xml: &str| {
        let judged = now(async {
            let begun = tokio::time::Instant::now();
            let judged = upstream.complete(&round(), &[(POSTED, &post::encode(xml))]).await;
            (judged, begun.elapsed())
        });
        (judged.0.err(), judged.1)
    };
    let sealed = answer().sealed(Signs::Assertion);
    let flipped = |nth: usize| {
        let value = &sealed.split("<xenc:CipherValue>").nth(nth).unwrap()[..40];
        let other = if value.starts_with('A') { "B" } else { "A" };
        sealed.replace(value, &format!("{other}{}", &value[1..]))
    };
    let another = PrivateKey::draw(Alg::ES256);
    let forged = answer().sealed_by(Signs::Assertion, &another);
    for (word, wrong) in [
        ("does not open", flipped(1)),
        ("does not open", flipped(2)),
        ("does not open", sealed.replace("2001/04/xmlenc#rsa-oaep-mgf1p", "2001/04/xmlenc#rsa-1_5")),
        ("not signed", answer().sealed(Signs::Nothing)),
        ("signature", forged),
        ("audience", Answer::changed(|a| a.assertion.conditions.audiences.clear()).sealed(Signs::Assertion)),
        ("destination", Answer::changed(|a| a.response.destination = Some("x".into())).sealed(Signs::Assertion)),
    ] {
        let said = (Some(RedirectError::NotBelieved(word)), Duration::from_millis(100));
        assert_eq!(took(&wrong), said);
    }
    assert_eq!(took(&sealed), (None, Duration::ZERO), "control");
}

/// Whoever waits for a turn longer than the moment hears at one of the moments that follow, not as soon as it is known.
#[test]
fn what_waited_for_its_turn_is_not_told_by_how_long_it_took_either() {
    let upstream = open("encrypted = true\nsigned = \"assertion\"");
    let sealed = answer().sealed(Signs::Assertion);
    let wrong = Answer::changed(|a| a.assertion.conditions.audiences.clear()).sealed(Signs::Assertion);
    let turns = Turns::new(1, 1);
    let round = Round { turns: &turns, ..round() };
    let took = |xml: &str| {
        now(async {
            let turn = turns.take().await.unwrap();
            let begun = tokio::time::Instant::now();
            let posted = post::encode(xml);
            let answer = [(POSTED, posted.as_str())];
            let waits = async {
                tokio::time::sleep(Duration::from_millis(130)).await;
                drop(turn);
            };
            let (judged, ()) = tokio::join!(upstream.complete(&round, &answer), waits);
            (judged.err(), begun.elapsed())
        })
    };
    assert_eq!(took(&wrong), (Some(RedirectError::NotBelieved("audience")), Duration::from_millis(200)));
    assert_eq!(took(&sealed), (None, Duration::from_millis(130)), "control");
}
