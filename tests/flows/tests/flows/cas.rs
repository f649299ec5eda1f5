//! CAS as a service meets it: a ticket, its one validation in every form of the standard, and the parameters of login.

use preau_flows::{ALICE, Answer, BASE, CasApp, NOE, TestHub, stories};
use serde_json::json;

stories!(
    a_ticket_opens_the_door_once,
    the_same_ticket_is_read_in_every_protocol,
    attributes_are_answered_by_protocol_3_only,
    json_says_what_xml_says,
    a_ticket_is_joined_to_the_query_before_the_fragment,
    the_host_may_be_written_in_capitals_at_both_ends,
    renew_asks_for_the_password_again,
    gateway_asks_nobody_anything,
    method_post_is_a_form_to_the_service,
    a_client_of_saml_1_1_comes_with_target_and_leaves_with_an_artifact,
    a_tile_leads_to_the_service_and_back_for_a_ticket,
    signing_out_leads_to_a_registered_service_only,
    another_node_validates_what_this_one_issued,
    login_without_a_service_is_the_home_page,
    opening_and_validating_share_one_incident_number,
    a_login_in_a_session_and_its_validation_each_ask_the_store_once,
);

/// An address as the value of a parameter.
fn encoded(address: &str) -> String {
    url::form_urlencoded::byte_serialize(address.as_bytes()).collect()
}

/// The value of a parameter of the address an answer leads to.
fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let to = url::Url::parse(answer.location()?).ok()?;
    to.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A ticket used twice (CAS-13): the first validation says who it is, the second nothing.
async fn a_ticket_opens_the_door_once(hub: TestHub) {
    let app = hub.app("app");
    let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    let first = app.validate(&ticket).await;
    assert_eq!(first.user(), Some(ALICE.login));
    assert_eq!(first.attribute("displayName"), ["Alice Martin"]);
    let attack = hub.under_attack();
    let again = app.ask("p3/serviceValidate", &[("service", &app.service), ("ticket", &ticket)]).await;
    assert!(again.body.contains("INVALID_TICKET"), "{}", again.body);
    attack.repelled(&again).await;

    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&app).await.ticket();
    assert_eq!(app.validate_plain(&ticket).await, "yes\nalice.martin\n");
    assert_eq!(app.validate_plain(&ticket).await, "no\n");
}

async fn the_same_ticket_is_read_in_every_protocol(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).to(&app).await;
    for endpoint in ["serviceValidate", "proxyValidate", "p3/serviceValidate", "p3/proxyValidate"] {
        let ticket = browser.open(&app).await.ticket();
        assert_eq!(ticket.len(), 32, "every client takes a ticket of 32 characters");
        let answer = app.validate_at(endpoint, &ticket, &[]).await;
        assert_eq!(answer.user(), Some(ALICE.login), "{endpoint}");
    }
}

async fn attributes_are_answered_by_protocol_3_only(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    let first = browser.sign_in(&ALICE).to(&app).await.ticket();
    let plain = app.ask("serviceValidate", &[("service", &app.service), ("ticket", &first)]).await;
    assert_eq!(
        plain.body,
        "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\"><cas:authenticationSuccess>\
         <cas:user>alice.martin</cas:user></cas:authenticationSuccess></cas:serviceResponse>\n"
    );
    let ticket = browser.open(&app).await.ticket();
    let full = app.ask("p3/serviceValidate", &[("service", &app.service), ("ticket", &ticket)]).await;
    assert_eq!(full.header("content-type"), "application/xml; charset=utf-8");
    assert_eq!(full.header("cache-control"), "no-store");
    assert_eq!(
        full.body,
        "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\"><cas:authenticationSuccess>\
         <cas:user>alice.martin</cas:user><cas:attributes>\
         <cas:authenticationDate>2026-09-14T07:00:00.000Z</cas:authenticationDate>\
         <cas:longTermAuthenticationRequestTokenUsed>false</cas:longTermAuthenticationRequestTokenUsed>\
         <cas:isFromNewLogin>false</cas:isFromNewLogin><cas:displayName>Alice Martin</cas:displayName>\
         <cas:ENTPersonStructRattach>0990001N</cas:ENTPersonStructRattach></cas:attributes>\
         </cas:authenticationSuccess></cas:serviceResponse>\n"
    );
}

async fn json_says_what_xml_says(hub: TestHub) {
    let app = hub.app("app");
    let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    let answer = app.validate_json(&ticket).await;
    assert_eq!(
        answer,
        json!({ "serviceResponse": { "authenticationSuccess": { "user": "alice.martin", "attributes": {
            "authenticationDate": "2026-09-14T07:00:00.000Z",
            "longTermAuthenticationRequestTokenUsed": false,
            "isFromNewLogin": true,
            "displayName": "Alice Martin",
            "ENTPersonStructRattach": "0990001N",
        }}}})
    );
    let again = app.validate_json(&ticket).await;
    assert_eq!(again["serviceResponse"]["authenticationFailure"]["code"], "INVALID_TICKET");
}

/// Where the ticket stands in an address with a query and a fragment (CAS-09).
async fn a_ticket_is_joined_to_the_query_before_the_fragment(hub: TestHub) {
    let app = hub.app("app").coming_back_to("https://app.example/cas/?a=1&b=%C3%A9#frag");
    let arrival = hub.browser().sign_in(&ALICE).to(&app).await;
    let ticket = arrival.ticket();
    let expected = format!("https://app.example/cas/?a=1&b=%C3%A9&ticket={ticket}#frag");
    assert_eq!(arrival.answer.location(), Some(expected.as_str()));
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
}

/// The same host in other letters (CAS-07): taken at login and at validation alike.
async fn the_host_may_be_written_in_capitals_at_both_ends(hub: TestHub) {
    let (small, big) = (hub.app("app"), hub.app("app").coming_back_to("HTTPS://APP.example:443/cas/"));
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&big).await.ticket();
    assert_eq!(small.validate(&ticket).await.user(), Some(ALICE.login));
    let ticket = browser.open(&small).await.ticket();
    assert_eq!(big.validate(&ticket).await.user(), Some(ALICE.login));
}

/// A ticket from a session that was there already does not pass for a new proof (CAS-19).
async fn renew_asks_for_the_password_again(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    let fresh = browser.sign_in(&ALICE).to(&app).await.ticket();
    let answer = app.validate_at("p3/serviceValidate", &fresh, &[("renew", "true")]).await;
    assert_eq!(answer.attribute("isFromNewLogin"), ["true"]);

    hub.clock.advance(60);
    let old = browser.open(&app).await.ticket();
    assert_eq!(app.validate_at("p3/serviceValidate", &old, &[("renew", "true")]).await.code(), Some("INVALID_TICKET"));
    assert_eq!(app.validate(&old).await.code(), Some("INVALID_TICKET"), "the attempt burnt it");

    let asked = browser.visit(&app.login_with(&[("renew", "true")])).await;
    assert_eq!(asked.status.as_u16(), 200, "a page that asks who you are: {}", asked.words());
    let page = browser.choose(&asked, &ALICE).await;
    let arrived = browser.try_password(&page, ALICE.login, ALICE.password).await;
    let ticket = parameter(&arrived, "ticket").expect("a ticket");
    let answer = app.validate_at("p3/serviceValidate", &ticket, &[("renew", "true")]).await;
    assert_eq!(answer.user(), Some(ALICE.login));
    assert_eq!(answer.attribute("authenticationDate"), ["2026-09-14T07:01:00.000Z"]);
}

/// Gateway (CAS-26): a redirect without a ticket for whoever has no session, a ticket for who has; `renew` wins; and a
/// person the service does not open for is as unknown as an absent one.
async fn gateway_asks_nobody_anything(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    for _ in 0..20 {
        let answer = browser.get(&app.login_with(&[("gateway", "true")])).await;
        assert_eq!(answer.location(), Some("https://app.example/cas/"));
        assert!(answer.cookies().is_empty(), "nothing is remembered of a gateway");
    }
    let both = browser.visit(&app.login_with(&[("gateway", "true"), ("renew", "true")])).await;
    assert_eq!(both.status.as_u16(), 200, "renew wins: a page");
    assert_eq!(browser.get(&format!("{BASE}/cas/login?gateway=true")).await.location(), Some("/"));

    browser.sign_in(&NOE).to(&app).await;
    let answer = browser.get(&app.login_with(&[("gateway", "true")])).await;
    assert!(parameter(&answer, "ticket").is_some(), "{:?}", answer.location());
    let teachers = hub.app("other");
    let answer = browser.get(&teachers.login_with(&[("gateway", "true")])).await;
    assert_eq!(answer.location(), Some("https://other.example/"));
    assert_eq!(
        browser.get(&teachers.login_url()).await.status.as_u16(),
        403,
        "without gateway: the page that says why"
    );
}

/// `method=POST`: a page that sends the ticket in a form, to the service and nowhere else.
async fn method_post_is_a_form_to_the_service(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    let page = browser.sign_in(&ALICE).through(&app.login_with(&[("method", "POST")])).await.answer;
    let form = page.form_with("ticket");
    assert_eq!((form.action.as_str(), form.method.as_str()), ("https://app.example/cas/", "post"));
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("form-action https:") && !policy.contains("unsafe"), "{policy}");
    let script = browser.get("/cas/continue.js").await;
    assert!(script.header("content-type").starts_with("text/javascript"));
    let ticket = form.value("ticket").unwrap_or_default();
    assert_eq!(app.validate(ticket).await.user(), Some(ALICE.login));
    let header = browser.get(&app.login_with(&[("method", "HEADER")])).await;
    assert!(parameter(&header, "ticket").is_some(), "an unknown method is a redirect");
}

async fn a_client_of_saml_1_1_comes_with_target_and_leaves_with_an_artifact(hub: TestHub) {
    let app = hub.app("app");
    let target = format!("{BASE}/cas/login?TARGET={}", encoded(&app.service));
    let arrived = hub.browser().sign_in(&ALICE).through(&target).await.answer;
    assert_eq!(parameter(&arrived, "ticket"), None);
    let artifact = parameter(&arrived, "SAMLart").expect("an artifact");
    assert_eq!(app.validate(&artifact).await.user(), Some(ALICE.login));
}

async fn a_tile_leads_to_the_service_and_back_for_a_ticket(hub: TestHub) {
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let gone = browser.open_tile("Cahier de textes").await;
    assert_eq!(gone.location(), Some("https://app.example/cas/"));
    let app = hub.app("app");
    let ticket = browser.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
}

/// Open redirect at logout (CAS-12): a stranger's address, or the parameter of CAS 2, leads to the page that says it is
/// over; the service's own address is followed. The session ends in each case.
async fn signing_out_leads_to_a_registered_service_only(hub: TestHub) {
    let app = hub.app("app");
    let ends = [
        ("service=https%3A%2F%2Fevil.test%2F", None),
        ("url=https%3A%2F%2Fevil.test%2F", None),
        ("url=https%3A%2F%2Fapp.example%2Fcas%2F", None),
        ("service=https%3A%2F%2Fapp.example%2Fcas%2F&service=https%3A%2F%2Fevil.test%2F", None),
        ("service=%2F%2Fevil.test%2F", None),
        ("", None),
        ("service=https%3A%2F%2Fapp.example%2Fcas%2F", Some("https://app.example/cas/")),
    ];
    for (query, leads_to) in ends {
        let mut browser = hub.browser();
        let ticket = browser.sign_in(&ALICE).to(&app).await.ticket();
        let attack = hub.under_attack();
        let answer = browser.get(&format!("/cas/logout?{query}")).await;
        let ours = answer.location().filter(|to| to.starts_with("/signed-out?"));
        assert_eq!(answer.location(), leads_to.or(ours), "{query}");
        assert!(leads_to.is_some() || ours.is_some(), "{query}");
        attack.ignored(&answer).await;
        assert_eq!(browser.cookie("__Host-preau"), None, "{query}");
        assert_eq!(app.validate(&ticket).await.code(), Some("INVALID_TICKET"), "a ticket dies with its session");
        assert!(browser.open(&app).await.some_ticket().is_none(), "{query}");
    }
}

async fn another_node_validates_what_this_one_issued(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&app).await.ticket();
    let other = hub.node().await;
    assert_eq!(app.clone().meets(&other).validate(&ticket).await.user(), Some(ALICE.login));
    // Signed out there, no ticket here: what memory holds of the session does not count.
    browser.clone().meets(&other).get("/cas/logout").await;
    assert!(browser.open(&app).await.some_ticket().is_none());
}

async fn login_without_a_service_is_the_home_page(hub: TestHub) {
    let mut browser = hub.browser();
    assert_eq!(browser.get("/cas/login").await.location(), Some("/"));
    assert_eq!(browser.get("/cas/login?service=").await.location(), Some("/"));
    browser.sign_in(&ALICE).at_home().await;
    hub.clock.advance(5);
    let again = browser.visit("/cas/login?renew=true").await;
    assert!(again.forms().iter().any(|form| form.value("public").is_some()), "{}", again.words());
}

async fn opening_and_validating_share_one_incident_number(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let arrival = browser.open(&app).await;
    app.validate(&arrival.ticket()).await;
    let told: Vec<(String, String)> = hub
        .journal(arrival.answer.incident())
        .await
        .into_iter()
        .map(|event| (event.kind.as_str().to_owned(), event.detail))
        .collect();
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["service-opened", "attributes-released"]);
    assert_eq!(told[1].1, "user displayName ENTPersonStructRattach");
}

/// The hot path: a session opens a service and the service validates, each with one call to the store.
async fn a_login_in_a_session_and_its_validation_each_ask_the_store_once(hub: TestHub) {
    let app: CasApp = hub.app("app");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).to(&app).await;
    hub.faults.fail(0, preau_flows::When::Before);
    let ticket = browser.open(&app).await.ticket();
    assert_eq!(hub.faults.calls(), ["issue_ticket"]);
    hub.faults.fail(0, preau_flows::When::Before);
    app.validate(&ticket).await;
    assert_eq!(hub.faults.calls(), ["consume_ticket"]);
}
