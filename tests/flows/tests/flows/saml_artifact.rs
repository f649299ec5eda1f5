//! HTTP-Artifact: the browser carries a ticket, and the service fetches what is said of the person with it.

use futures::future::join_all;
use preau_flows::{ALICE, Answer, BASE, SamlSp, TestHub, saml_service, stories};
use preau_saml::bindings::Artifact;
use preau_saml::messages::{ArtifactResolve, AuthnRequest};
use preau_saml::metadata::{Indexed, OurSp};
use preau_saml::names::binding;

stories!(
    a_ticket_brings_what_is_said_of_a_person,
    a_service_chooses_between_a_form_and_a_ticket,
    a_refusal_travels_by_ticket_too,
    among_a_hundred_that_bring_a_ticket_on_two_nodes_one_is_told,
    a_ticket_is_for_the_service_it_was_made_for,
    a_ticket_is_given_to_who_proves_who_they_are,
    a_ticket_that_is_old_or_guessed_stands_for_nothing,
    a_service_without_a_key_is_given_no_ticket,
);

/// The address where a service takes tickets.
fn takes_tickets(sp: &mut OurSp) {
    sp.acs.push(Indexed {
        index: 2,
        default: None,
        binding: binding::ARTIFACT.to_owned(),
        location: "https://sp.example/saml/artifact".to_owned(),
    });
}

/// A service that takes tickets beside forms.
fn service(hub: &TestHub, id: &str) -> SamlSp {
    hub.sp_of(saml_service(id), takes_tickets)
}

fn by_ticket(sp: &SamlSp) -> AuthnRequest {
    AuthnRequest { protocol_binding: Some(binding::ARTIFACT.to_owned()), ..sp.request() }
}

/// A page that hands a ticket over.
async fn handed(hub: &TestHub, sp: &SamlSp) -> Answer {
    hub.browser().sign_in(&ALICE).through(&sp.url_of(&by_ticket(sp))).await.answer
}

async fn a_ticket_brings_what_is_said_of_a_person(hub: TestHub) {
    let sp = service(&hub, "sp");
    let request = by_ticket(&sp);
    let answer = hub.browser().sign_in(&ALICE).through(&sp.url_of(&request)).await.answer;
    assert!(!answer.body.contains("SAMLResponse") && !answer.body.contains("Alice"), "{}", answer.body);
    let (ticket, form) = sp.artifact(&answer);
    assert!(Artifact::read(&ticket).is_some_and(|one| one.is_of(&format!("{BASE}/saml/metadata")) && one.index() == 0));
    assert_eq!(
        (form.action.as_str(), form.value("RelayState")),
        ("https://sp.example/saml/artifact", Some("state-of-the-story"))
    );
    let told = sp.fetched(&answer).await.expect("a message for the ticket");
    assert_eq!(told.response.in_response_to, Some(request.id));
    assert_eq!(told.response.destination.as_deref(), Some("https://sp.example/saml/artifact"));
    assert_eq!(told.values("displayName"), ["Alice Martin"]);
    let published = hub.browser().get("/saml/metadata").await.body;
    assert!(published.contains("ArtifactResolutionService") && published.contains(&format!("{BASE}/saml/artifact\"")));
}

async fn a_service_chooses_between_a_form_and_a_ticket(hub: TestHub) {
    let sp = service(&hub, "sp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let there = "https://sp.example/saml/artifact".to_owned();
    for (request, ticket) in [
        (sp.request(), false),
        (by_ticket(&sp), true),
        (AuthnRequest { acs_index: Some(2), ..sp.request() }, true),
        (AuthnRequest { acs_index: Some(1), ..sp.request() }, false),
        (AuthnRequest { acs_url: Some(there.clone()), ..sp.request() }, true),
    ] {
        let answer = browser.get(&sp.url_of(&request)).await;
        assert_eq!((answer.body.contains("SAMLart"), answer.body.contains("SAMLResponse")), (ticket, !ticket));
    }
    // The binding of one address with another address is no address of the metadata.
    let post = Some(binding::POST.to_owned());
    let crossed = AuthnRequest { acs_url: Some(there), protocol_binding: post, ..sp.request() };
    assert_eq!(browser.get(&sp.url_of(&crossed)).await.status, 403);
}

async fn a_refusal_travels_by_ticket_too(hub: TestHub) {
    let sp = service(&hub, "sp");
    let answer = hub.browser().get(&sp.url_of(&AuthnRequest { is_passive: true, ..by_ticket(&sp) })).await;
    let told = sp.fetched(&answer).await.expect("a message for the ticket");
    assert_eq!((told.status(), told.assertion.is_none()), ("NoPassive", true));
}

async fn among_a_hundred_that_bring_a_ticket_on_two_nodes_one_is_told(hub: TestHub) {
    let sp = service(&hub, "sp");
    let there = hub.node().await;
    let _elsewhere = sp.clone().meets(&there);
    let (ticket, _) = sp.artifact(&handed(&hub, &sp).await);
    let bring = async |n: usize| {
        let request = sp.resolve(&ticket);
        let node = if n.is_multiple_of(2) { &hub } else { &there };
        let answer = node.soap("/saml/artifact", &sp.signed_resolve(&request, &sp.key)).await;
        sp.resolved(&request, &answer).await.is_some()
    };
    let told = join_all((0..100).map(bring)).await;
    assert_eq!(told.iter().filter(|told| **told).count(), 1);
}

/// Brings a ticket as somebody, with a key; whether there was something behind it.
async fn brought(hub: &TestHub, sp: &SamlSp, ticket: &str) -> bool {
    let request = sp.resolve(ticket);
    let answer = hub.soap("/saml/artifact", &sp.signed_resolve(&request, &sp.key)).await;
    sp.resolved(&request, &answer).await.is_some()
}

async fn a_ticket_is_for_the_service_it_was_made_for(hub: TestHub) {
    let (sp, other) = (service(&hub, "sp"), service(&hub, "other-sp"));
    let (ticket, _) = sp.artifact(&handed(&hub, &sp).await);
    assert!(!brought(&hub, &other, &ticket).await, "another service is told nothing");
    assert!(!brought(&hub, &sp, &ticket).await, "and a ticket that was where it does not belong is spent");
    let (ticket, _) = sp.artifact(&handed(&hub, &sp).await);
    assert!(brought(&hub, &sp, &ticket).await, "control");
    assert!(!brought(&hub, &sp, &ticket).await, "once");
}

async fn a_ticket_is_given_to_who_proves_who_they_are(hub: TestHub) {
    let (sp, other) = (service(&hub, "sp"), service(&hub, "other-sp"));
    let (ticket, _) = sp.artifact(&handed(&hub, &sp).await);
    let sound = sp.resolve(&ticket);
    let now = hub.hub.now();
    let signed = |request: &ArtifactResolve| sp.signed_resolve(request, &sp.key);
    let late = ArtifactResolve { issue_instant: now - preau_domain::Seconds(601), ..sound.clone() };
    let elsewhere = ArtifactResolve { destination: Some("https://evil.test/".to_owned()), ..sound.clone() };
    let stranger = ArtifactResolve { issuer: "https://evil.test/".to_owned(), ..sound.clone() };
    let unsigned_other = ArtifactResolve { issuer: other.entity_id.clone(), ..sound.clone() };
    let twisted = signed(&sound).replace(&ticket, &partner_ticket());
    for message in [
        sound.write().into_text(),
        signed(&late),
        signed(&elsewhere),
        signed(&stranger),
        unsigned_other.write().into_text(),
        twisted,
    ] {
        let answer = hub.soap("/saml/artifact", &message).await;
        assert!(answer.status == 400 && answer.body.contains("Fault") && !answer.body.contains("Assertion"));
    }
    assert!(brought(&hub, &sp, &ticket).await, "control: none of them spent it");
}

/// A ticket nobody made.
fn partner_ticket() -> String {
    Artifact::draw(&preau_keys::SystemIds, &format!("{BASE}/saml/metadata"), 0).encode()
}

async fn a_ticket_that_is_old_or_guessed_stands_for_nothing(hub: TestHub) {
    let sp = service(&hub, "sp");
    let foreign = Artifact::draw(&preau_keys::SystemIds, "https://evil.test/", 0).encode();
    let elsewhere = Artifact::draw(&preau_keys::SystemIds, &format!("{BASE}/saml/metadata"), 1).encode();
    let (ticket, _) = sp.artifact(&handed(&hub, &sp).await);
    for guess in
        [partner_ticket(), foreign, elsewhere, "guess".to_owned(), ticket.to_lowercase(), ticket.replace('=', "")]
    {
        assert!(!brought(&hub, &sp, &guess).await, "{guess}");
    }
    hub.clock.advance(59);
    assert!(brought(&hub, &sp, &ticket).await, "control");
    let (ticket, _) = sp.artifact(&handed(&hub, &sp).await);
    hub.clock.advance(60);
    assert!(!brought(&hub, &sp, &ticket).await, "a minute is over");
}

async fn a_service_without_a_key_is_given_no_ticket(hub: TestHub) {
    let sp = hub.sp_of(saml_service("sp"), |sp| {
        takes_tickets(sp);
        sp.keys.clear();
    });
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    assert_eq!(browser.get(&sp.url_of(&by_ticket(&sp))).await.status, 403, "nobody could prove to be it");
    assert_eq!(sp.told(&browser.get(&sp.url()).await).await.status(), "Success", "control");
}
