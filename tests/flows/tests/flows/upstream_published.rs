//! A provider whose metadata stand at an address: its new keys are found there, and nothing that is not signed by who the
//! configuration names changes what is known of it.

use crate::upstream_saml::{EDUCONNECT, Idp, THEIRS, certificate};
use preau_flows::{ALICE, Provider, TestHub, stories};
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::sign;
use preau_saml::metadata::{Endpoint, OurIdp, Ours, PublishedKey};
use preau_saml::names::{MD, binding};
use std::sync::LazyLock;

stories!(new_keys_of_a_provider_are_found_where_it_publishes_them,);

static FEDERATION: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));
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
async fn knows_by_address(hub: &TestHub, web: &Provider) -> TestHub {
    let (entity, rule) = (EDUCONNECT.entity, EDUCONNECT.rule);
    let config = format!(
        "title = {{ fr = \"EduConnect\", en = \"EduConnect\" }}\nentity_id = \"{entity}\"\nmetadata = \"idp.xml\"\n\
         metadata_url = \"{}/idp.xml\"\nmetadata_certificates = [\"federation.pem\"]\nmetadata_network = \"private\"\n\
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
    let hub = knows_by_address(&hub, &web).await;
    let renewed = Idp { key: &NEXT, ..EDUCONNECT };
    let key = ALICE.key();
    let opens = async |idp: &Idp| {
        let answer = idp.comes_in(&hub, &mut hub.browser(), "staff", &[("FrEduCtRefId", &[&key])]).await;
        answer.location() == Some("/")
    };
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
