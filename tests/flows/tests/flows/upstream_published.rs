//! A provider whose metadata stand at an address: its new keys are found there, and nothing that is not signed by who the
//! configuration names changes what is known of it.

use crate::upstream_saml::{EDUCONNECT, Idp, THEIRS, certificate};
use preau_flows::{ALICE, Provider, TestHub, stories};
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::sign;
use preau_saml::metadata::{Endpoint, OurIdp, Ours, PublishedKey};
use preau_saml::names::{MD, binding};
use std::sync::LazyLock;

stories!(
    new_keys_of_a_provider_are_found_where_it_publishes_them,
    of_a_federation_s_document_what_is_about_the_provider_counts,
    a_query_service_is_asked_for_the_provider_alone,
);

/// Where the federation answers about the provider alone.
const QUERY: &str = "/entities/https%3A%2F%2Feduconnect.example%2Fidp";

static FEDERATION: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));
static STRANGER: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));
static NEXT: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));

/// The provider says of itself that it signs with this key.
fn described(entity: &str, key: &PrivateKey) -> String {
    let der = preau_keys::xml::certificates_of(&certificate(key)).expect("a certificate").remove(0);
    let at = format!("{}/sso", EDUCONNECT.entity);
    let sso = vec![Endpoint { binding: binding::REDIRECT.to_owned(), location: at, response_location: None }];
    let keys = vec![PublishedKey { certificate: der, signing: true, encryption: false }];
    let idp = Some(OurIdp { sso, keys, ..OurIdp::default() });
    Ours { entity_id: entity.to_owned(), id: "_m".to_owned(), idp, ..Ours::default() }.write()
}

fn signed(xml: &str, key: &PrivateKey) -> String {
    sign(xml, MD, "EntityDescriptor", key, Alg::ES256, None).expect("signed")
}

/// A hub that knows the provider by a copy of its metadata, and by the address where it publishes them.
async fn knows_by_address(hub: &TestHub, web: &Provider, path: &str) -> TestHub {
    let (entity, rule) = (EDUCONNECT.entity, EDUCONNECT.rule);
    let config = format!(
        "title = {{ fr = \"EduConnect\", en = \"EduConnect\" }}\nentity_id = \"{entity}\"\nmetadata = \"idp.xml\"\n\
         metadata_url = \"{}{path}\"\nmetadata_certificates = [\"federation.pem\"]\nmetadata_network = \"private\"\n\
         keys = [{{ key = \"own.key\", certificate = \"own.pem\" }}]\nmatch = [{rule}]",
        web.issuer()
    );
    let files = [("idp.xml", described(entity, &THEIRS)), ("federation.pem", certificate(&FEDERATION))];
    let source = EDUCONNECT.opened(&config, &files);
    hub.again_with(|setup| {
        setup.config.sign_in.publics.insert("staff".to_owned(), "educonnect".to_owned());
        setup.sources.push(source);
    })
    .await
}

/// Documents that are not the federation's word about the provider: unsigned, signed by another, about another, changed, broken, empty.
fn not_believed(old: &str) -> [String; 6] {
    let other = described("https://other.example/idp", &THEIRS);
    let changed = signed(&described(EDUCONNECT.entity, &NEXT), &FEDERATION).replace("/idp/sso", "/evil/sso");
    [old.to_owned(), signed(old, &THEIRS), signed(&other, &FEDERATION), changed, "<a".to_owned(), String::new()]
}

async fn new_keys_of_a_provider_are_found_where_it_publishes_them(hub: TestHub) {
    let web = Provider::start().await;
    let hub = knows_by_address(&hub, &web, "/idp.xml").await;
    let renewed = Idp { key: &NEXT, ..EDUCONNECT };
    let opens = async |idp: &Idp| opens(&hub, idp).await;
    let publishes = |document: &str| web.body("/idp.xml", 200, "application/samlmetadata+xml", document);
    assert!(opens(&EDUCONNECT).await && !opens(&renewed).await, "the copy counts until the address answers");
    assert_eq!(web.heard("/idp.xml").len(), 1, "and nobody asks it twice in five minutes");
    publishes(&signed(&described(EDUCONNECT.entity, &NEXT), &FEDERATION));
    hub.clock.advance(300);
    assert!(opens(&renewed).await && !opens(&EDUCONNECT).await, "the new key, and the old one no more");
    let old = described(EDUCONNECT.entity, &THEIRS);
    for (times, document) in not_believed(&old).iter().enumerate() {
        publishes(document);
        hub.clock.advance(3600);
        assert!(opens(&renewed).await && !opens(&EDUCONNECT).await, "{document:.60}");
        assert_eq!(web.heard("/idp.xml").len(), 3 + times, "it was asked");
    }
    publishes(&signed(&old, &FEDERATION));
    hub.clock.advance(3600);
    assert!(opens(&EDUCONNECT).await && !opens(&renewed).await, "control");
}

/// The whole document of a federation: these entities, signed as one by that key.
fn federation(entities: &[String], key: &PrivateKey) -> String {
    let bare = |one: &String| one.split_once("?>").map_or(one.as_str(), |(_, rest)| rest).replace("ID=\"_m\"", "");
    let all: String = entities.iter().map(bare).collect();
    let whole = format!("<md:EntitiesDescriptor xmlns:md=\"{MD}\" ID=\"_f\">{all}</md:EntitiesDescriptor>");
    sign(&whole, MD, "EntitiesDescriptor", key, Alg::ES256, None).expect("signed")
}

/// Whether an answer signed with the key of this provider opens a session.
async fn opens(hub: &TestHub, idp: &Idp) -> bool {
    let key = ALICE.key();
    let answer = idp.comes_in(hub, &mut hub.browser(), "staff", &[("FrEduCtRefId", &[&key])]).await;
    answer.location() == Some("/")
}

async fn of_a_federation_s_document_what_is_about_the_provider_counts(hub: TestHub) {
    let web = Provider::start().await;
    let hub = knows_by_address(&hub, &web, "/all.xml").await;
    let publishes = |document: &str| web.body("/all.xml", 200, "application/samlmetadata+xml", document);
    let (renewed, stranger) = (Idp { key: &NEXT, ..EDUCONNECT }, Idp { key: &STRANGER, ..EDUCONNECT });
    let others = |name: &str| (0..30).map(|n| described(&format!("https://{name}{n}.example"), &STRANGER)).collect();
    let mut all: Vec<String> = others("before");
    all.push(described(EDUCONNECT.entity, &NEXT));
    all.extend::<Vec<String>>(others("after"));
    publishes(&federation(&all, &FEDERATION));
    assert!(opens(&hub, &renewed).await, "its key stands among those of sixty others");
    assert!(!opens(&hub, &stranger).await && !opens(&hub, &EDUCONNECT).await, "whose keys are not its own");
    let old = described(EDUCONNECT.entity, &THEIRS);
    let twice = [old.clone(), described(EDUCONNECT.entity, &STRANGER)];
    let one = std::slice::from_ref(&old);
    let wrong = [federation(&twice, &FEDERATION), federation(one, &THEIRS), federation(one, &STRANGER), all.concat()];
    for document in wrong {
        publishes(&document);
        hub.clock.advance(3600);
        assert!(opens(&hub, &renewed).await && !opens(&hub, &stranger).await, "{document:.80}");
    }
    publishes(&federation(&others("without"), &FEDERATION));
    hub.clock.advance(3600);
    assert!(opens(&hub, &renewed).await, "who is not in it is as they were known");
    publishes(&federation(&[old], &FEDERATION));
    hub.clock.advance(3600);
    assert!(opens(&hub, &EDUCONNECT).await && !opens(&hub, &renewed).await, "control");
}

async fn a_query_service_is_asked_for_the_provider_alone(hub: TestHub) {
    let web = Provider::start().await;
    let hub = knows_by_address(&hub, &web, QUERY).await;
    let publishes = |document: &str| web.body(QUERY, 200, "application/samlmetadata+xml", document);
    let renewed = Idp { key: &NEXT, ..EDUCONNECT };
    publishes(&signed(&described("https://other.example/idp", &NEXT), &FEDERATION));
    assert!(opens(&hub, &EDUCONNECT).await && !opens(&hub, &renewed).await, "it answers about another");
    publishes(&signed(&described(EDUCONNECT.entity, &NEXT), &FEDERATION));
    hub.clock.advance(3600);
    assert!(opens(&hub, &renewed).await && !opens(&hub, &EDUCONNECT).await, "control");
    assert_eq!(web.heard(QUERY).len(), 2);
}
