//! Mutated messages, queries and metadata, the same in every run: whatever arrives is read or refused, what is read is what would
//! be written, and the stream and the tree say the same. `FUZZ_RUNS` asks for more than what every run of the tests does.

use crate::mutate::Chance;
use crate::samples::*;
use preau_keys::jose::Alg;
use preau_keys::xml::{Bounds, Document, Element, sign};
use preau_saml::bindings::Artifact;
use preau_saml::bindings::redirect::Received;
use preau_saml::messages::*;
use preau_saml::metadata::{self, Entity, Rules};
use preau_saml::names::MD;

/// Mutations of each seed.
fn runs() -> usize {
    std::env::var("FUZZ_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(1_500)
}

/// Every reader, on whatever element it is; what was read is written and read again.
fn read(element: &Element) -> usize {
    let again = |xml: String| Document::parse(xml.as_bytes()).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let mut count = 0;
    if let Ok(one) = AuthnRequest::read(element) {
        assert_eq!(AuthnRequest::read(again(one.write().into_text()).unverified()), Ok(one));
        count += 1;
    }
    if let Ok(one) = Assertion::read(element)
        && one.subject.encrypted_id.is_none()
    {
        let mut read = Assertion::read(again(one.write().into_text()).unverified()).unwrap();
        // An empty statement is not written, and a class that was not there is named.
        read.attributes = one.attributes.clone();
        read.authn = one.authn.clone();
        read.subject.confirmations = one.subject.confirmations.clone();
        assert_eq!(read, one);
        count += 1;
    }
    if let Ok(one) = Response::read(element) {
        let read = Response::read(again(one.around(None).into_text()).unverified()).unwrap();
        assert_eq!((read.id, read.status), (one.id, one.status));
        count += 1;
    }
    if let Ok(one) = LogoutRequest::read(element)
        && one.name_id.is_some()
    {
        assert_eq!(LogoutRequest::read(again(one.write(None).into_text()).unverified()), Ok(one));
        count += 1;
    }
    if let Ok(one) = LogoutResponse::read(element) {
        assert_eq!(LogoutResponse::read(again(one.write().into_text()).unverified()), Ok(one));
        count += 1;
    }
    count += usize::from(ArtifactResolve::read(element).is_ok());
    count + usize::from(ArtifactResponse::read(element).is_ok())
}

#[test]
fn whatever_is_sent_is_read_or_refused() {
    let carried = around(&response(), &assertion().write());
    let seeds: Vec<Vec<u8>> = [
        authn_request().write().into_text(),
        assertion().write().into_text(),
        carried.clone(),
        logout_request().write(None).into_text(),
        logout_response().write().into_text(),
        artifact_resolve().write().into_text(),
        artifact_response().write(Some(&carried)),
        soap::envelope(&artifact_resolve().write()),
    ]
    .map(String::into_bytes)
    .to_vec();
    let (mut chance, mut understood) = (Chance(0x5eed), 0);
    for seed in &seeds {
        for _ in 0..runs() {
            let mutated = chance.any(seed, &seeds);
            let Ok(document) = Document::parse(&mutated) else { continue };
            understood += read(document.unverified());
            let _ = soap::open(&document, &[]);
        }
    }
    assert!(understood > runs() / 10, "the mutations are not so wild that nothing is read: {understood}");
}

#[test]
fn whatever_query_arrives_is_read_or_refused() {
    let signed = crate::bindings::query(Some("état&=%"), true);
    let seeds: Vec<Vec<u8>> = vec![signed.clone().into_bytes(), crate::bindings::query(None, false).into_bytes()];
    let keys = [EC.public().clone()];
    let (mut chance, mut understood) = (Chance(0xfeed), 0);
    for seed in &seeds {
        for _ in 0..runs() {
            let mutated = chance.bytes(seed, &seeds);
            let Ok(query) = String::from_utf8(mutated) else { continue };
            let Ok(received) = Received::read(&query) else { continue };
            understood += 1;
            if let Ok(element) = received.verified(&keys) {
                assert_eq!(AuthnRequest::read(element), Ok(authn_request()), "{query}");
                assert_eq!(received.relay_state.as_deref(), Some("état&=%"), "{query}");
            }
        }
    }
    assert!(understood > 10, "{understood}");
    for text in ["", "AAQ", &"A".repeat(60), &"é".repeat(30)] {
        let _ = Artifact::read(text);
    }
}

/// Metadata are read as a stream. Read as a tree, the same entities are there and say the same, but for what envelopes say of
/// their time.
fn agree(bytes: &[u8], streamed: &[Entity]) {
    let tree = Document::parse_within(bytes, Bounds::METADATA).expect("what is read in pieces is read as a whole");
    let mut envelopes = vec![tree.unverified()];
    let mut found = Vec::new();
    while let Some(element) = envelopes.pop() {
        if element.is(MD, "EntityDescriptor") {
            found.extend(Entity::read(element));
        } else {
            envelopes.extend(element.elements());
        }
    }
    for one in streamed {
        let same = |other: &&Entity| other.entity_id == one.entity_id;
        let tree = found.iter().find(same).expect("whoever is found in the stream is found in the tree");
        let timeless = |entity: &Entity| Entity { valid_until: None, cache_duration: None, ..entity.clone() };
        assert_eq!(timeless(tree), timeless(one), "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn whatever_metadata_arrive_are_read_or_refused() {
    let plain = include_str!("service.xml");
    let start = plain.find("<md:EntityDescriptor").unwrap();
    let identified = plain[start..].replacen("<md:EntityDescriptor", "<md:EntityDescriptor ID=\"_m\"", 1);
    let envelope =
        format!("<md:EntitiesDescriptor xmlns:md=\"{MD}\" ID=\"_f\">{}</md:EntitiesDescriptor>", &plain[start..]);
    let federation = sign(&envelope, MD, "EntitiesDescriptor", &EC, Alg::ES256, None).unwrap();
    let signed = sign(&identified, MD, "EntityDescriptor", &EC, Alg::ES256, None).unwrap();
    let trusted = Rules { now: NOW, signers: Some(vec![EC.public().clone()]), ..Rules::default() };
    let open = Rules { now: NOW, ..Rules::default() };
    let meant = metadata::read(signed.as_bytes(), &trusted, |_| true).unwrap().entities;
    assert_eq!(metadata::read(federation.as_bytes(), &trusted, |_| true).unwrap().entities, meant);
    let seeds = vec![signed.into_bytes(), federation.into_bytes(), plain.as_bytes().to_vec()];
    let (mut chance, mut understood) = (Chance(0xfed), 0);
    for seed in &seeds {
        // They are long: a tenth of the runs takes as much time.
        for _ in 0..runs() / 10 {
            let mutated = chance.any(seed, &seeds);
            if let Ok(read) = metadata::read(&mutated[..], &open, |_| true) {
                understood += 1;
                agree(&mutated, &read.entities);
            }
            if let Ok(read) = metadata::read(&mutated[..], &trusted, |_| true) {
                assert_eq!(read.entities, meant, "{}", String::from_utf8_lossy(&mutated));
            }
        }
    }
    assert!(understood > runs() / 100, "the mutations are not so wild that nothing is read: {understood}");
}
