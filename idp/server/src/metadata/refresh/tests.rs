//! Metadata that change, lie, shrink and go away, while a server runs. Nothing in force changes on a refusal.

use super::*;
use axum::Router;
use axum::extract::{Path as Segment, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::sign;
use preau_saml::names::{MD, SAMLP};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2026-11-28T10:00:00Z.
const BEGIN: i64 = 1_795_860_000_000;
const DAY: i64 = 86_400_000;

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::Relaxed))
    }
}

/// Somebody who publishes metadata, by path, and counts who asks. What is at `slow.xml` comes once somebody asked for something
/// else.
#[derive(Clone, Default)]
struct Publisher(Arc<Mutex<(BTreeMap<String, String>, u32)>>, Arc<tokio::sync::Notify>);

impl Publisher {
    fn says(&self, path: &str, text: &str) {
        self.0.lock().unwrap().0.insert(path.to_owned(), text.to_owned());
    }

    fn asked(&self) -> u32 {
        self.0.lock().unwrap().1
    }
}

async fn answer(
    State(publisher): State<Publisher>,
    Segment(path): Segment<String>,
    headers: HeaderMap,
) -> axum::response::Response {
    match path.as_str() {
        "slow.xml" => publisher.1.notified().await,
        _ => publisher.1.notify_one(),
    }
    let mut known = publisher.0.lock().unwrap();
    known.1 += 1;
    let Some(text) = known.0.get(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let etag = format!("\"{}\"", preau_keys::fingerprint(text.as_bytes()));
    if headers.get("if-none-match").is_some_and(|said| said == etag.as_str()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([("etag", etag)], text.clone()).into_response()
}

/// A house with services, a folder, a clock in the hand, and a publisher.
struct Story {
    folder: tempfile::TempDir,
    clock: Arc<Hand>,
    publisher: Publisher,
    base: String,
    partners: Partners,
    federation: PrivateKey,
}

impl Story {
    async fn begin(configuration: &str) -> Story {
        preau_keys::install_provider();
        let folder = tempfile::tempdir().unwrap();
        let publisher = Publisher::default();
        let router = Router::new().route("/{*path}", get(answer)).with_state(publisher.clone());
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", socket.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(socket, router).await });
        let federation = PrivateKey::draw(Alg::ES256);
        let pair =
            KeyPair::from_pkcs8_der_and_sign_algo(&federation.to_pkcs8().as_slice().into(), &PKCS_ECDSA_P256_SHA256);
        let made = CertificateParams::new(vec!["f.example".to_owned()]).unwrap().self_signed(&pair.unwrap()).unwrap();
        std::fs::write(folder.path().join("federation.pem"), made.pem()).unwrap();
        let text = format!("[web]\npublic_url = \"https://ent.example\"\n{}", configuration.replace("{base}", &base));
        std::fs::write(folder.path().join("preau.toml"), text).unwrap();
        let loaded = crate::config::load(&folder.path().join("preau.toml"), false, &|_| None).unwrap();
        let clock = Arc::new(Hand(AtomicI64::new(BEGIN)));
        let egress = crate::assembly::egress(&loaded).unwrap_or_else(|_| panic!("no way out"));
        let partners = Partners::new(loaded, egress, Arc::default(), Arc::clone(&clock) as Arc<dyn Clock>);
        Story { folder, clock, publisher, base, partners, federation }
    }

    fn service(&self, id: &str, saml: &str) -> Arc<MountedService> {
        let text = format!(
            "connector = \"saml-application\"\nnetwork = \"private\"\n[parameters]\nurl = \"https://{id}.example\"\nscope = \"e.example\"\n\
             [saml]\nentity_id = \"urn:{id}\"\n{}",
            saml.replace("{base}", &self.base)
        );
        let file = self.folder.path().join("s.toml").display().to_string();
        Arc::new(preau_connectors::mount(&file, id, &text, preau_connectors::catalogue()).unwrap().unwrap())
    }

    fn later(&self, milliseconds: i64) {
        self.clock.0.fetch_add(milliseconds, Ordering::Relaxed);
    }

    fn until(&self, days: i64) -> String {
        format!(" validUntil=\"{}\"", Instant(self.clock.now().0 + days * DAY).rfc3339())
    }

    fn in_force(&self, entity_id: &str) -> Option<String> {
        self.partners.peers.get(entity_id).map(|peer| peer.entity.sp.as_ref().unwrap().acs[0].location.clone())
    }

    /// A federation of so many services, each of which listens at this path.
    fn signed(&self, count: usize, days: i64, path: &str) -> String {
        let all: String = (0..count).map(|n| entity(&format!("urn:s{n}"), path, "")).collect();
        let whole = format!(
            "<md:EntitiesDescriptor xmlns:md=\"{MD}\" ID=\"_f\"{}>{all}</md:EntitiesDescriptor>",
            self.until(days)
        );
        sign(&whole, MD, "EntitiesDescriptor", &self.federation, Alg::ES256, None).unwrap()
    }
}

fn entity(name: &str, path: &str, attributes: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"{MD}\" entityID=\"{name}\"{attributes}><md:SPSSODescriptor protocolSupportEnumeration=\"{SAMLP}\">\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         Location=\"https://sp.example/{path}\" index=\"0\"/></md:SPSSODescriptor></md:EntityDescriptor>"
    )
}

#[tokio::test]
async fn what_an_address_publishes_is_taken_and_what_it_breaks_changes_nothing() {
    let mut story = Story::begin("").await;
    let services = [story.service("a", "metadata_url = \"{base}/a.xml\"")];
    let missing = story.partners.turn(&services, true).await;
    assert!(missing["a"].contains("answers 404"), "{missing:?}");
    story.later(6 * 60_000);
    story.publisher.says("a.xml", &entity("urn:a", "one", ""));
    assert!(story.partners.turn(&services, true).await.is_empty());
    assert_eq!(story.in_force("urn:a").as_deref(), Some("https://sp.example/one"));
    let asked = story.publisher.asked();
    story.partners.turn(&services, true).await;
    assert_eq!(story.publisher.asked(), asked, "it is not asked for again before its time");
    story.later(61 * 60_000);
    assert!(story.partners.turn(&services, true).await.is_empty(), "unchanged");
    assert_eq!(story.publisher.asked(), asked + 1);
    for bad in [
        "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><x/>".to_owned(),
        entity("urn:a", "evil", " validUntil=\"2020-01-01T00:00:00Z\""),
        "<html>".to_owned(),
    ] {
        story.later(61 * 60_000);
        story.publisher.says("a.xml", &bad);
        assert!(story.partners.turn(&services, true).await.is_empty(), "the copy in force stays");
        assert_eq!(story.in_force("urn:a").as_deref(), Some("https://sp.example/one"), "{bad}");
        assert!(story.partners.notes[0].refused.is_some());
    }
    story.later(61 * 60_000);
    story.publisher.says("a.xml", &entity("urn:a", "two", ""));
    story.partners.turn(&services, true).await;
    assert_eq!(story.in_force("urn:a").as_deref(), Some("https://sp.example/two"), "control");
    assert_eq!(story.partners.notes[0].refused, None);
}

const FEDERATION: &str =
    "[saml.federations.f]\nurl = \"{base}/all.xml\"\ncertificates = [\"federation.pem\"]\nprivate_network = true\n";

#[tokio::test]
async fn a_federation_is_believed_signed_whole_and_in_time() {
    let mut story = Story::begin(FEDERATION).await;
    let services = [story.service("s1", ""), story.service("s29", ""), story.service("absent", "")];
    let good = story.signed(30, 10, "one");
    story.publisher.says("all.xml", &good);
    let missing = story.partners.turn(&services, true).await;
    assert_eq!(missing.keys().collect::<Vec<_>>(), ["absent"]);
    assert_eq!(story.in_force("urn:s29").as_deref(), Some("https://sp.example/one"));
    let two = story.signed(30, 10, "two");
    for (what, bad) in [
        ("changed", two.replace("sp.example/two", "evil.example/two")),
        (
            "unsigned",
            two[..two.find("<ds:Signature").unwrap()].to_owned() + &two[two.find("</ds:Signature>").unwrap() + 15..],
        ),
        ("shrunk", story.signed(12, 10, "two")),
        ("older than the copy", story.signed(30, 9, "two")),
        ("valid for ever", story.signed(30, 400, "two")),
        ("over", story.signed(30, -1, "two")),
        ("one name twice", story.signed(30, 10, "two").replace("urn:s3\"", "urn:s4\"")),
    ] {
        story.later(5 * 3_600_000);
        story.publisher.says("all.xml", &bad);
        story.partners.turn(&services, true).await;
        assert!(story.partners.notes[0].refused.is_some(), "{what}");
        assert_eq!(story.in_force("urn:s29").as_deref(), Some("https://sp.example/one"), "{what}");
    }
    story.later(12 * DAY);
    let missing = story.partners.turn(&services, true).await;
    assert!(
        missing["s1"].contains("valid until") && story.in_force("urn:s1").is_none(),
        "its own time is over: {missing:?}"
    );
    story.publisher.says("all.xml", &story.signed(29, 10, "two"));
    story.later(6 * 60_000);
    story.partners.turn(&services, true).await;
    assert_eq!(story.in_force("urn:s1").as_deref(), Some("https://sp.example/two"), "control");
}

#[tokio::test]
async fn of_two_federations_that_hold_a_service_the_first_by_its_name_is_believed() {
    let second = FEDERATION.replace("federations.f]", "federations.g]").replace("all.xml", "zone.xml");
    let mut story = Story::begin(&format!("{FEDERATION}{second}")).await;
    let services = [story.service("s1", "")];
    story.publisher.says("zone.xml", &story.signed(30, 10, "zone"));
    story.publisher.says("all.xml", &story.signed(30, 10, "one"));
    assert!(story.partners.turn(&services, true).await.is_empty());
    assert_eq!(story.in_force("urn:s1").as_deref(), Some("https://sp.example/one"));
    // What the first one lets go of is found in the second; a document that is refused is not let go of.
    story.later(2 * 3_600_000);
    story.publisher.says("all.xml", "nonsense");
    assert!(story.partners.turn(&services, true).await.is_empty());
    assert_eq!(story.in_force("urn:s1").as_deref(), Some("https://sp.example/one"));
    let without = story.signed(30, 11, "one").replace("urn:s1\"", "urn:other\"");
    let bare = &without[..without.find("<ds:Signature").unwrap()];
    let rest = &without[without.find("</ds:Signature>").unwrap() + 15..];
    let signed = sign(&format!("{bare}{rest}"), MD, "EntitiesDescriptor", &story.federation, Alg::ES256, None).unwrap();
    story.later(2 * 3_600_000);
    story.publisher.says("all.xml", &signed);
    assert!(story.partners.turn(&services, true).await.is_empty());
    assert_eq!(story.in_force("urn:s1").as_deref(), Some("https://sp.example/zone"));
}

#[tokio::test]
async fn a_query_service_of_plain_files_is_asked_by_the_digest_of_the_name() {
    let configuration = FEDERATION.replace("url = \"{base}/all.xml\"", "mdq = \"{base}\"\nmdq_sha1 = true");
    let mut story = Story::begin(&configuration).await;
    let one = entity("urn:s1", "one", &format!(" ID=\"_1\"{}", story.until(5)));
    let one = sign(&one, MD, "EntityDescriptor", &story.federation, Alg::ES256, None).unwrap();
    story.publisher.says("entities/{sha1}d76703ab41f7beb04fc55a3a3c17ea84fe5716ff", &one);
    assert!(story.partners.turn(&[story.service("s1", "")], true).await.is_empty());
    assert_eq!(story.in_force("urn:s1").as_deref(), Some("https://sp.example/one"));
}

#[tokio::test]
async fn a_query_service_is_asked_for_one_entity_and_another_node_starts_from_the_copy() {
    let configuration = FEDERATION.replace("url = \"{base}/all.xml\"", "mdq = \"{base}\"");
    let mut story = Story::begin(&configuration).await;
    let services = [story.service("s1", "")];
    let one = entity("urn:s1", "one", &format!(" ID=\"_1\"{}", story.until(5)));
    let one = sign(&one, MD, "EntityDescriptor", &story.federation, Alg::ES256, None).unwrap();
    story.publisher.says("entities/urn:s1", &one);
    assert!(story.partners.turn(&services, true).await.is_empty());
    assert_eq!(story.in_force("urn:s1").as_deref(), Some("https://sp.example/one"));
    let (loaded, clock) = (story.partners.loaded.clone(), Arc::clone(&story.clock));
    let mut restarted = Partners::new(loaded, story.partners.egress.clone(), Arc::default(), clock);
    assert!(restarted.turn(&services, false).await.is_empty(), "a server that starts asks nobody");
    assert!(restarted.peers.get("urn:s1").is_some());
    // What lies in the folder is read again, and believed no more than what comes over the wire.
    let copy = std::fs::read_dir(story.folder.path().join("data/metadata")).unwrap();
    let copy =
        copy.map(|entry| entry.unwrap().path()).find(|path| path.extension().is_some_and(|end| end == "xml")).unwrap();
    std::fs::write(&copy, one.replace("sp.example/one", "evil.example/one")).unwrap();
    let missing = restarted.turn(&services, false).await;
    assert!(missing["s1"].contains("not what was signed"), "{missing:?}");
}

#[tokio::test]
async fn what_the_operator_wrote_needs_no_metadata() {
    let mut story = Story::begin("").await;
    let services = [story.service("a", "acs = [\"https://a.example/acs\"]"), story.service("b", "")];
    let missing = story.partners.turn(&services, true).await;
    assert!(missing["b"].contains("nowhere"), "{missing:?}");
    assert_eq!(story.in_force("urn:a").as_deref(), Some("https://a.example/acs"));
}

/// An operator who names certificates for metadata that are in force already is obeyed at once, whether the document changes or
/// not.
#[tokio::test]
async fn a_signature_that_is_asked_for_is_looked_at_though_the_document_is_the_same() {
    let mut story = Story::begin("").await;
    std::fs::write(story.folder.path().join("a.xml"), entity("urn:a", "one", "")).unwrap();
    let before = [story.service("a", "metadata = \"a.xml\"")];
    assert!(story.partners.turn(&before, true).await.is_empty(), "control");
    let after = [story.service("a", "metadata = \"a.xml\"\nmetadata_certificates = [\"federation.pem\"]")];
    let missing = story.partners.turn(&after, true).await;
    assert!(missing.get("a").is_some_and(|why| why.contains("not signed")), "{missing:?}");
    assert_eq!(story.in_force("urn:a"), None);
}

#[tokio::test]
async fn who_answers_slowly_keeps_nobody_else_waiting() {
    let mut story = Story::begin("").await;
    let services = [
        story.service("a", "metadata_url = \"{base}/slow.xml\""),
        story.service("b", "metadata_url = \"{base}/b.xml\""),
    ];
    story.publisher.says("slow.xml", &entity("urn:a", "one", ""));
    story.publisher.says("b.xml", &entity("urn:b", "one", ""));
    let turn = tokio::time::timeout(std::time::Duration::from_secs(20), story.partners.turn(&services, true)).await;
    assert!(turn.expect("each waits for its own answer").is_empty());
}

#[tokio::test]
async fn a_copy_that_nobody_had_to_sign_is_none_for_who_asks_for_a_signature() {
    let mut story = Story::begin(FEDERATION).await;
    let services = [story.service("s2", "metadata_url = \"{base}/all.xml\""), story.service("s1", "")];
    story.publisher.says("all.xml", &story.signed(30, 10, "one"));
    assert!(story.partners.turn(&services, true).await.is_empty());
    let two = story.signed(30, 11, "two");
    let bare = &two[..two.find("<ds:Signature").unwrap()];
    let rest = &two[two.find("</ds:Signature>").unwrap() + 15..];
    story.publisher.says("all.xml", &format!("{bare}{rest}"));
    story.later(2 * 3_600_000);
    assert!(story.partners.turn(&services, true).await.is_empty());
    assert_eq!(story.in_force("urn:s2").as_deref(), Some("https://sp.example/two"), "control: it asks for none");
    assert_eq!(story.in_force("urn:s1").as_deref(), Some("https://sp.example/one"), "the copy that was signed stays");
}

#[tokio::test]
async fn a_file_that_is_spoilt_leaves_the_last_good_one_in_force_and_a_server_that_starts_finds_it() {
    let mut story = Story::begin("").await;
    let file = story.folder.path().join("a.xml");
    let services = [story.service("a", "metadata = \"a.xml\"")];
    std::fs::write(&file, entity("urn:a", "one", "")).unwrap();
    assert!(story.partners.turn(&services, true).await.is_empty() && story.partners.on_last.is_empty());
    let good = entity("urn:a", "two", "");
    for bad in [
        good.replace("</md:SPSSODescriptor>", ""),
        good.replace("index=\"0\"", "index=\"x\""),
        good.replace("urn:a", "urn:b"),
        good.replace("https://sp.example", "ftp://sp.example"),
        entity("urn:a", "two", " validUntil=\"2020-01-01T00:00:00Z\""),
        good.replace("SPSSODescriptor", "PDPDescriptor"),
    ] {
        std::fs::write(&file, &bad).unwrap();
        assert!(story.partners.turn(&services, true).await.is_empty(), "{bad}");
        assert_eq!(story.in_force("urn:a").as_deref(), Some("https://sp.example/one"), "{bad}");
        assert!(story.partners.on_last["a"].contains("a.xml"), "{:?}", story.partners.on_last);
        let (loaded, clock) = (story.partners.loaded.clone(), Arc::clone(&story.clock));
        let mut restarted = Partners::new(loaded, story.partners.egress.clone(), Arc::default(), clock);
        assert!(restarted.turn(&services, false).await.is_empty() && restarted.on_last.contains_key("a"), "{bad}");
    }
    std::fs::remove_file(&file).unwrap();
    assert!(story.partners.turn(&services, true).await.is_empty() && story.partners.on_last.contains_key("a"));
    std::fs::write(&file, &good).unwrap();
    assert!(story.partners.turn(&services, true).await.is_empty() && story.partners.on_last.is_empty());
    assert_eq!(story.in_force("urn:a").as_deref(), Some("https://sp.example/two"), "control");
}

#[tokio::test]
async fn the_last_good_copy_serves_no_longer_than_its_own_time() {
    let mut story = Story::begin("").await;
    let services = [story.service("a", "metadata = \"a.xml\"")];
    std::fs::write(story.folder.path().join("a.xml"), entity("urn:a", "one", &story.until(2))).unwrap();
    assert!(story.partners.turn(&services, true).await.is_empty());
    std::fs::write(story.folder.path().join("a.xml"), "spoilt").unwrap();
    assert!(story.partners.turn(&services, true).await.is_empty(), "control");
    story.later(3 * DAY);
    assert!(story.partners.turn(&services, true).await.contains_key("a"));
    assert_eq!(story.in_force("urn:a"), None);
}

#[tokio::test]
async fn an_entity_that_is_spoilt_in_a_federation_keeps_its_last_good_copy_and_one_that_left_does_not() {
    let mut story = Story::begin(FEDERATION).await;
    let services = [story.service("s1", ""), story.service("s2", ""), story.service("s3", "")];
    story.publisher.says("all.xml", &story.signed(30, 10, "one"));
    assert!(story.partners.turn(&services, true).await.is_empty());
    let two = story.signed(30, 11, "two");
    let begin = two.find("entityID=\"urn:s1\"").unwrap();
    let spoilt = format!("{}{}", &two[..begin], two[begin..].replacen("index=\"0\"", "index=\"x\"", 1));
    let changed = spoilt.replace("urn:s3\"", "urn:gone\"");
    let bare = &changed[..changed.find("<ds:Signature").unwrap()];
    let rest = &changed[changed.find("</ds:Signature>").unwrap() + 15..];
    let signed = sign(&format!("{bare}{rest}"), MD, "EntitiesDescriptor", &story.federation, Alg::ES256, None).unwrap();
    story.later(2 * 3_600_000);
    story.publisher.says("all.xml", &signed);
    for _ in 0..2 {
        let missing = story.partners.turn(&services, true).await;
        assert_eq!(missing.keys().collect::<Vec<_>>(), ["s3"], "a federation lets go of whom it leaves out");
        assert_eq!(story.in_force("urn:s1").as_deref(), Some("https://sp.example/one"));
        assert_eq!(story.in_force("urn:s2").as_deref(), Some("https://sp.example/two"));
        assert!(story.partners.on_last["s1"].contains("index"), "{:?}", story.partners.on_last);
    }
    story.later(2 * 3_600_000);
    story.publisher.says("all.xml", &story.signed(30, 12, "three"));
    assert!(story.partners.turn(&services, true).await.is_empty() && story.partners.on_last.is_empty());
    assert_eq!(story.in_force("urn:s1").as_deref(), Some("https://sp.example/three"), "control");
}

#[tokio::test]
async fn who_is_found_elsewhere_is_no_alarm_where_they_are_not() {
    let query =
        FEDERATION.replace("federations.f]", "federations.a]").replace("url = \"{base}/all.xml\"", "mdq = \"{base}\"");
    let mut story = Story::begin(&format!("{query}{FEDERATION}")).await;
    story.publisher.says("all.xml", &story.signed(30, 10, "one"));
    let services = [story.service("s1", "")];
    assert!(story.partners.turn(&services, true).await.is_empty());
    assert!(story.partners.notes.iter().all(|note| note.refused.is_none()), "{:?}", story.partners.notes);
    let services = [story.service("s1", ""), story.service("absent", "")];
    assert!(story.partners.turn(&services, true).await.contains_key("absent"));
    assert!(story.partners.notes.iter().any(|note| note.refused.is_some()), "control");
}

#[tokio::test]
async fn a_service_that_must_be_encrypted_to_and_cannot_is_not_in_force() {
    let mut story = Story::begin("").await;
    std::fs::write(story.folder.path().join("a.xml"), entity("urn:a", "one", "")).unwrap();
    let services = [story.service("a", "metadata = \"a.xml\"\nencrypt = \"always\"")];
    let missing = story.partners.turn(&services, true).await;
    assert!(missing["a"].contains("saml.encrypt: the metadata hold no RSA key"), "{missing:?}");
    let services = [story.service("a", "metadata = \"a.xml\"")];
    assert!(story.partners.turn(&services, true).await.is_empty(), "control");
}
