//! What is refused and why, each beside an answer that is accepted.

use super::*;
use preau_authenticator::{Authenticator, COPIED, ELIGIBLE, PRESENT, Said, VERIFIED};

const ORIGIN: &str = "https://ent.example.fr";

fn passkeys() -> Passkeys {
    Passkeys::new(ORIGIN, None, "Préau").unwrap()
}

fn made(said: &Said) -> Result<Made, Flaw> {
    let passkeys = passkeys();
    let asked = passkeys.offer([7; 16], "alice.martin", "Alice Martin", &[]).unwrap();
    passkeys.made(&asked.state, &Authenticator::new(ORIGIN).create(&asked.options, said))
}

fn used(said: &Said) -> Result<Used, Flaw> {
    let (passkeys, mut device) = (passkeys(), Authenticator::new(ORIGIN));
    let asked = passkeys.offer([7; 16], "alice.martin", "Alice Martin", &[]).unwrap();
    let made = passkeys.made(&asked.state, &device.create(&asked.options, &Said::default())).unwrap();
    let asked = passkeys.ask().unwrap();
    passkeys.used(&asked.state, &device.get(&asked.options, said), &made.doc)
}

#[test]
fn a_passkey_is_made_and_proved() {
    let (passkeys, mut device) = (passkeys(), Authenticator::new(ORIGIN));
    let asked = passkeys.offer([7; 16], "alice.martin", "Alice Martin", &[]).unwrap();
    let made = passkeys.made(&asked.state, &device.create(&asked.options, &Said::default())).unwrap();
    assert!(!made.synced && made.counter == 0);
    let asked = passkeys.ask().unwrap();
    let answer = device.get(&asked.options, &Said::default());
    assert_eq!(Passkeys::claimed(&answer), Ok(Claimed { id: made.id.clone(), handle: [7; 16] }));
    let first = passkeys.used(&asked.state, &answer, &made.doc).unwrap();
    assert_eq!(first.counter, 1);
    // WA-14: what was kept after the first proof does not believe it a second time.
    assert_eq!(passkeys.used(&asked.state, &answer, &first.doc), Err(Flaw::Counter));
}

/// What is kept says where it is offered, from its making on and anew at each use: of those of before, from their next use on.
#[test]
fn what_is_kept_names_the_domain() {
    let domain = |doc: &str| serde_json::from_str::<Value>(doc).unwrap()["domain"].clone();
    let (passkeys, mut device) = (passkeys(), Authenticator::new(ORIGIN));
    let asked = passkeys.offer([7; 16], "alice.martin", "Alice Martin", &[]).unwrap();
    let made = passkeys.made(&asked.state, &device.create(&asked.options, &Said::default())).unwrap();
    assert_eq!((domain(&made.doc), passkeys.domain()), ("ent.example.fr".into(), "ent.example.fr"));
    let mut before: Value = serde_json::from_str(&made.doc).unwrap();
    before.as_object_mut().unwrap().remove("domain");
    let asked = passkeys.ask().unwrap();
    let answer = device.get(&asked.options, &Said::default());
    let used = passkeys.used(&asked.state, &answer, &before.to_string()).unwrap();
    assert_eq!(domain(&used.doc), "ent.example.fr");
    assert_eq!(Passkeys::new(ORIGIN, Some("example.fr"), "Préau").unwrap().domain(), "example.fr");
}

#[test]
fn it_is_asked_for_so_that_nobody_types_a_name() {
    let (passkeys, id) = (passkeys(), URL_SAFE_NO_PAD.encode([9; 16]));
    let asked = passkeys.offer([7; 16], "alice.martin", "Alice Martin", &[id]).unwrap();
    for part in [
        r#""residentKey":"required""#,
        r#""requireResidentKey":true"#,
        r#""userVerification":"required""#,
        r#""attestation":"none""#,
        r#""rp":{"name":"Préau","id":"ent.example.fr"}"#,
        r#""excludeCredentials":[{"type":"public-key","id":"CQkJCQkJCQkJCQkJCQkJCQ"}]"#,
    ] {
        assert!(asked.options.contains(part), "{part} in {}", asked.options);
    }
    let asked = passkeys.ask().unwrap();
    // WA-21: nothing is listed, of anybody.
    assert!(asked.options.contains(r#""allowCredentials":[]"#), "{}", asked.options);
    assert!(asked.options.contains(r#""userVerification":"required""#));
}

#[test]
fn a_registration_with_a_fault_makes_nothing() {
    assert!(made(&Said::default()).is_ok(), "control");
    for (row, said, flaw) in [
        ("WA-01", Said { challenge: Some("AAAA".into()), ..Said::default() }, Flaw::Challenge),
        ("WA-05", Said { origin: Some("https://evil.example"), ..Said::default() }, Flaw::Origin),
        ("WA-05", Said { origin: Some("http://ent.example.fr"), ..Said::default() }, Flaw::Origin),
        ("WA-05", Said { origin: Some("https://a.ent.example.fr"), ..Said::default() }, Flaw::Origin),
        ("WA-05", Said { origin: Some("https://ent.example.fr:8443"), ..Said::default() }, Flaw::Origin),
        ("WA-05", Said { origin: Some("https://ent.example.fr/"), ..Said::default() }, Flaw::Origin),
        ("WA-06", Said { domain: Some("evil.example"), ..Said::default() }, Flaw::Domain),
        ("WA-07", Said { kind: Some("webauthn.get"), ..Said::default() }, Flaw::Kind),
        ("WA-08", Said { flags: Some(VERIFIED), ..Said::default() }, Flaw::Unverified),
        ("WA-09", Said { flags: Some(PRESENT), ..Said::default() }, Flaw::Unverified),
        ("WA-10", Said { algorithm: Some(-35), ..Said::default() }, Flaw::Malformed),
        ("WA-10", Said { algorithm: Some(-257), ..Said::default() }, Flaw::Malformed),
        ("WA-13", Said { cross_origin: true, ..Said::default() }, Flaw::Origin),
        ("WA-15", Said { flags: Some(PRESENT | VERIFIED | COPIED), ..Said::default() }, Flaw::Backup),
        ("WA-16", Said { behind: vec![0], ..Said::default() }, Flaw::Malformed),
        ("WA-16", Said { twice: true, ..Said::default() }, Flaw::Malformed),
        ("WA-16", Said { id: Some(vec![1; 1024]), ..Said::default() }, Flaw::Malformed),
        ("WA-16", Said { id: Some(Vec::new()), ..Said::default() }, Flaw::Malformed),
    ] {
        assert_eq!(made(&said), Err(flaw), "{row} {said:?}");
    }
    assert!(made(&Said { id: Some(vec![1; 1023]), ..Said::default() }).is_ok(), "control: the longest name");
    assert!(made(&Said { flags: Some(PRESENT | VERIFIED | ELIGIBLE | COPIED), ..Said::default() }).unwrap().synced);
}

#[test]
fn a_proof_with_a_fault_proves_nothing() {
    assert!(used(&Said::default()).is_ok(), "control");
    for (row, said, flaw) in [
        ("WA-01", Said { challenge: Some("AAAA".into()), ..Said::default() }, Flaw::Challenge),
        ("WA-05", Said { origin: Some("https://ent.example.fr.evil.example"), ..Said::default() }, Flaw::Origin),
        ("WA-05", Said { origin: Some("http://ent.example.fr"), ..Said::default() }, Flaw::Origin),
        ("WA-06", Said { domain: Some("example.fr"), ..Said::default() }, Flaw::Domain),
        ("WA-07", Said { kind: Some("webauthn.create"), ..Said::default() }, Flaw::Kind),
        ("WA-08", Said { flags: Some(VERIFIED), ..Said::default() }, Flaw::Unverified),
        ("WA-09", Said { flags: Some(PRESENT), ..Said::default() }, Flaw::Unverified),
        ("WA-10", Said { forged: true, ..Said::default() }, Flaw::Signature),
        ("WA-13", Said { cross_origin: true, ..Said::default() }, Flaw::Origin),
        ("WA-15", Said { flags: Some(PRESENT | VERIFIED | COPIED), ..Said::default() }, Flaw::Backup),
        ("WA-15", Said { flags: Some(PRESENT | VERIFIED | ELIGIBLE), ..Said::default() }, Flaw::Backup),
        ("WA-16", Said { behind: vec![0], ..Said::default() }, Flaw::Malformed),
    ] {
        assert_eq!(used(&said), Err(flaw), "{row} {said:?}");
    }
}

#[test]
fn a_proof_is_of_the_passkey_it_names() {
    let (passkeys, mut device) = (passkeys(), Authenticator::new(ORIGIN));
    let make = |device: &mut Authenticator| {
        let asked = passkeys.offer([7; 16], "alice.martin", "Alice Martin", &[]).unwrap();
        passkeys.made(&asked.state, &device.create(&asked.options, &Said::default())).unwrap()
    };
    let (first, second) = (make(&mut device), make(&mut device));
    let asked = passkeys.ask().unwrap();
    let mut used = |said: Said, kept: &Made| passkeys.used(&asked.state, &device.get(&asked.options, &said), &kept.doc);
    assert!(used(Said::default(), &second).is_ok(), "control");
    assert_eq!(used(Said::default(), &first), Err(Flaw::Unknown));
    assert_eq!(used(Said { named: Some(0), ..Said::default() }, &first), Err(Flaw::Signature));
}

#[test]
fn what_is_no_answer_is_refused() {
    let passkeys = passkeys();
    let state = passkeys.ask().unwrap().state;
    for bad in ["", "{}", "null", &"[".repeat(10_000), &" ".repeat(MOST + 1)] {
        assert_eq!(Passkeys::claimed(bad), Err(Flaw::Malformed), "{:.20}", bad);
        assert_eq!(passkeys.used(&state, bad, "{}"), Err(Flaw::Malformed), "{:.20}", bad);
    }
}

#[test]
fn a_domain_is_ours_or_above_us() {
    let at = |url: &str, domain: Option<&str>| Passkeys::new(url, domain, "Préau").is_ok();
    assert!(at(ORIGIN, None) && at(ORIGIN, Some("example.fr")) && at("http://localhost:8080", None), "control");
    for (url, domain) in [
        (ORIGIN, Some("evil.example")),
        (ORIGIN, Some("xample.fr")),
        (ORIGIN, Some("a.ent.example.fr")),
        ("https://192.0.2.1", None),
        ("nonsense", None),
    ] {
        assert!(!at(url, domain), "{url} {domain:?}");
    }
}
