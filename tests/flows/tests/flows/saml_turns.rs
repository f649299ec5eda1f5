//! Whoever has not signed in waits for a turn where a signature is made for them, and whoever has does not: a flood of those
//! who ask keeps nobody out who is in. So does a message that is longer than they are, whoever brings it, before it is read.

use crate::upstream_saml::{EDUCONNECT, leave_for, persistent, serves_staff};
use preau_connector_api::SamlSigned;
use preau_domain::Public;
use preau_flows::{ALICE, Answer, BASE, SamlSp, TestHub, form_to, saml_service, stories};
use preau_saml::messages::{AuthnRequest, NameIdPolicy};
use preau_saml::metadata::Indexed;
use preau_saml::names::binding;

stories!(
    a_stranger_waits_for_a_signature_and_who_is_signed_in_does_not,
    a_program_without_a_password_waits_for_a_signature,
    who_says_again_and_again_that_it_is_over_waits_for_a_signature,
    whoever_leaves_for_another_provider_waits_for_a_signature,
    what_is_longer_than_messages_are_waits_to_be_read,
    an_answer_of_another_provider_that_is_longer_waits_as_well,
);

/// A hub that signs for one stranger at once, and has nobody wait.
async fn with_one_turn(hub: &TestHub) -> TestHub {
    hub.again_with(|setup| setup.turns = (1, 0)).await
}

/// Whether an answer says that it may be tried again, and holds nothing that was signed.
fn crowded_out(answer: &Answer) -> bool {
    let later = answer.header("retry-after").parse::<u8>().is_ok();
    later
        && answer.status == 503
        && answer.location().is_none()
        && answer.forms().iter().all(|form| form.value("SAMLResponse").is_none())
}

async fn a_stranger_waits_for_a_signature_and_who_is_signed_in_does_not(hub: TestHub) {
    let hub = with_one_turn(&hub).await;
    let (sp, light) = (hub.sp("sp"), hub.sp_with("light", |saml| saml.sign = SamlSigned::Assertion));
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let passive = |sp: &SamlSp| AuthnRequest { is_passive: true, ..sp.request() };
    let turn = hub.hub.turns.take().await.expect("nobody is there");
    assert!(crowded_out(&hub.browser().get(&sp.url_of(&passive(&sp))).await));
    assert!(crowded_out(&hub.browser().submit(&sp.form_of(&passive(&sp), Some(&sp.key)), &[]).await), "signed or not");
    let another = AuthnRequest { attribute_index: Some(7), ..sp.request() };
    assert_eq!(
        hub.browser().get(&sp.url_of(&another)).await.status,
        303,
        "nothing is signed for who is asked to sign in"
    );
    assert!(sp.told(&browser.get(&sp.url_of(&passive(&sp))).await).await.assertion.is_some(), "who is in passes");
    let unsigned = light.told(&hub.browser().get(&light.url_of(&passive(&light))).await).await;
    assert_eq!(unsigned.status(), "NoPassive", "what is not signed costs nobody anything");
    drop(turn);
    assert_eq!(sp.told(&hub.browser().get(&sp.url_of(&passive(&sp))).await).await.status(), "NoPassive", "control");
}

/// A service that is open to programs of the staff.
fn open_to_programs(hub: &TestHub) -> SamlSp {
    let mut service = saml_service("sp");
    service.saml.as_mut().expect("a service of SAML").ecp = vec![Public::Staff];
    let location = "https://sp.example/saml/paos".to_owned();
    let paos = Indexed { index: 9, default: None, binding: binding::PAOS.to_owned(), location };
    hub.sp_of(service, |sp| sp.acs.push(paos))
}

async fn a_program_without_a_password_waits_for_a_signature(hub: TestHub) {
    let hub = with_one_turn(&hub).await;
    let sp = open_to_programs(&hub);
    let (there, paos) = (Some(format!("{BASE}/saml/ecp")), Some(binding::PAOS.to_owned()));
    let asks = || AuthnRequest { destination: there.clone(), protocol_binding: paos.clone(), ..sp.request() };
    let policy = || NameIdPolicy { format: Some("urn:x".to_owned()), sp_name_qualifier: None, allow_create: true };
    let wrong = || AuthnRequest { name_id_policy: Some(policy()), ..asks() };
    let turn = hub.hub.turns.take().await.expect("nobody is there");
    assert!(crowded_out(&hub.program(&wrong().write(), None).await));
    let signed_in = hub.program(&asks().write(), Some((ALICE.login, ALICE.password))).await;
    assert!(sp.told_in_envelope(&signed_in).await.assertion.is_some(), "who proves who they are passes");
    drop(turn);
    let refused = hub.program(&wrong().write(), None).await;
    assert_eq!(sp.told_in_envelope(&refused).await.status(), "InvalidNameIDPolicy", "control");
}

async fn who_says_again_and_again_that_it_is_over_waits_for_a_signature(hub: TestHub) {
    let hub = with_one_turn(&hub).await;
    let sp = hub.sp("sp");
    let mut browser = hub.browser();
    let told = sp.told(&browser.sign_in(&ALICE).through(&sp.url()).await.answer).await;
    let over = |hub: &TestHub| (hub.browser(), sp.logout_url(&sp.logout(&told), Some(&sp.key)));
    let turn = hub.hub.turns.take().await.expect("nobody is there");
    let (mut stranger, url) = over(&hub);
    assert!(stranger.get(&url).await.location().is_some(), "it ends a session, and is answered");
    let (mut stranger, url) = over(&hub);
    assert!(crowded_out(&stranger.get(&url).await), "it ends none, and can be brought for ever");
    drop(turn);
    let (mut stranger, url) = over(&hub);
    assert!(stranger.get(&url).await.location().is_some(), "control");
}

async fn whoever_leaves_for_another_provider_waits_for_a_signature(hub: TestHub) {
    let hub = serves_staff(&hub, "").await.again_with(|setup| setup.turns = (1, 0)).await;
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let way = page.links().into_iter().map(|(_, to)| to).find(|to| to.contains("/elsewhere/")).expect("a way there");
    let turn = hub.hub.turns.take().await.expect("nobody is there");
    assert!(crowded_out(&browser.get(&way).await));
    drop(turn);
    let trip = leave_for(&hub, &mut browser, "/elsewhere/").await;
    assert!(trip.request.acs_url.is_some(), "control");
}

async fn what_is_longer_than_messages_are_waits_to_be_read(hub: TestHub) {
    let hub = with_one_turn(&hub).await;
    let sp = hub.sp("sp");
    let asking = |letters: usize| {
        let more = format!("<samlp:Extensions><x:e xmlns:x=\"urn:x\">{}</x:e></samlp:Extensions>", "a".repeat(letters));
        let text = sp.request().write().into_text();
        form_to("/saml/sso", "SAMLRequest", &text.replace("</saml:Issuer>", &format!("</saml:Issuer>{more}")))
    };
    let turn = hub.hub.turns.take().await.expect("nobody is there");
    assert!(crowded_out(&hub.browser().submit_once(&asking(40_000), &[]).await));
    assert!(crowded_out(&hub.soap("/saml/artifact", &"<a/>".repeat(10_000)).await));
    assert_eq!(hub.browser().submit_once(&asking(400), &[]).await.status, 303, "one as they are is read");
    assert_eq!(hub.soap("/saml/artifact", "<a/>").await.status, 400, "and so is a call");
    drop(turn);
    assert_eq!(hub.browser().submit_once(&asking(40_000), &[]).await.status, 303, "control");
    assert_eq!(hub.soap("/saml/artifact", &"<a/>".repeat(10_000)).await.status, 400, "control");
}

/// At the door where anybody posts, if it has to be read there, and where a browser brings it back.
async fn an_answer_of_another_provider_that_is_longer_waits_as_well(hub: TestHub) {
    let hub = serves_staff(&hub, "unsolicited = true").await.again_with(|setup| setup.turns = (1, 0)).await;
    let (mut browser, mut other) = (hub.browser(), hub.browser());
    let theirs = leave_for(&hub, &mut browser, "/elsewhere/").await;
    let others = leave_for(&hub, &mut other, "/elsewhere/").await;
    let (alice, more) = (ALICE.key(), "a".repeat(1_000));
    let says = |trip, more: &[&str]| {
        let attributes: [(&str, &[&str]); 2] = [("FrEduCtRefId", &[&alice]), ("urn:x", more)];
        EDUCONNECT.answer(&hub, trip, persistent("agent-7"), &attributes)
    };
    let (long, short) = (says(&theirs, &[more.as_str(); 35]), says(&others, &[]));
    let back = EDUCONNECT.form(&hub, &long, &theirs.state).await.form_with("posted");
    let turn = hub.hub.turns.take().await.expect("nobody is there");
    let at_the_door = EDUCONNECT.form(&hub, &long, &theirs.state).await;
    let brought_back = browser.submit_once(&back, &[]).await;
    assert_eq!([crowded_out(&at_the_door), crowded_out(&brought_back)], [true, true]);
    let posted = EDUCONNECT.form(&hub, &short, &others.state).await.form_with("posted");
    assert_eq!(other.submit_once(&posted, &[]).await.location(), Some("/"), "one as they are is read");
    drop(turn);
    assert_eq!(browser.submit_once(&back, &[]).await.location(), Some("/"), "control");
}
