//! `/samlValidate`: tickets in SOAP messages, and messages that are no such thing (CAS-35).

use preau_flows::{ALICE, Answer, Browser, CasApp, TestHub, stories};

stories!(
    a_saml_1_1_client_receives_an_assertion,
    attributes_do_not_leave_for_an_address_without_tls,
    an_address_given_twice_is_refused,
    a_hostile_message_is_refused_whole,
    a_ticket_of_another_service_or_used_twice_is_refused,
);

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SAMLP: &str = "urn:oasis:names:tc:SAML:1.0:protocol";

fn message(ticket: &str) -> String {
    format!(
        "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"{SOAP}\"><SOAP-ENV:Header/><SOAP-ENV:Body><samlp:Request \
         xmlns:samlp=\"{SAMLP}\" MajorVersion=\"1\" MinorVersion=\"1\" RequestID=\"_r1\" \
         IssueInstant=\"2026-09-14T07:00:00Z\"><samlp:AssertionArtifact>{ticket}</samlp:AssertionArtifact>\
         </samlp:Request></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
}

async fn validate(hub: &TestHub, target: &str, body: &str) -> Answer {
    send(hub, &path(target), body).await
}

fn path(target: &str) -> String {
    let target: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
    format!("/cas/samlValidate?TARGET={target}")
}

async fn send(hub: &TestHub, path: &str, body: &str) -> Answer {
    let kind = [("content-type", "text/xml; charset=utf-8")];
    hub.browser().send(http::Method::POST, path, &kind, Some(body.as_bytes())).await
}

async fn again(browser: &mut Browser, app: &CasApp) -> String {
    browser.open(app).await.ticket()
}

async fn a_saml_1_1_client_receives_an_assertion(hub: TestHub) {
    let app = hub.app("app");
    let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    let answer = validate(&hub, &app.service, &message(&ticket)).await;
    assert_eq!(answer.header("content-type"), "text/xml; charset=utf-8");
    for part in [
        "<StatusCode Value=\"samlp:Success\">",
        "InResponseTo=\"_r1\"",
        "Recipient=\"https://app.example/cas/\"",
        "Issuer=\"https://ent.example\"",
        "NotBefore=\"2026-09-14T07:00:00.000Z\" NotOnOrAfter=\"2026-09-14T07:00:30.000Z\"",
        "<NameIdentifier>alice.martin</NameIdentifier>",
        "<Attribute AttributeName=\"displayName\" AttributeNamespace=\"http://www.ja-sig.org/products/cas/\">\
         <AttributeValue>Alice Martin</AttributeValue></Attribute>",
    ] {
        assert!(answer.body.contains(part), "{part}: {}", answer.body);
    }
}

/// Section 4.2.1 of the standard: the name leaves, the attributes do not.
async fn attributes_do_not_leave_for_an_address_without_tls(hub: TestHub) {
    let app = hub.app("legacy");
    let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    let answer = validate(&hub, &app.service, &message(&ticket)).await;
    assert!(answer.body.contains("<NameIdentifier>alice.martin</NameIdentifier>"), "{}", answer.body);
    assert!(!answer.body.contains("AttributeStatement"), "{}", answer.body);
}

async fn an_address_given_twice_is_refused(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&app).await.ticket();
    let attack = hub.under_attack();
    let twice = format!("{}&TARGET=https%3A%2F%2Fother.example%2F", path(&app.service));
    let answer = send(&hub, &twice, &message(&ticket)).await;
    assert!(answer.body.contains("Status") && !answer.body.contains("samlp:Success"), "{}", answer.body);
    attack.repelled(&answer).await;
    let answer = validate(&hub, &app.service, &message(&ticket)).await;
    assert!(answer.body.contains("INVALID_TICKET"), "it had its attempt: {}", answer.body);
    let control = again(&mut browser, &app).await;
    let answer = validate(&hub, &app.service, &message(&control)).await;
    assert!(answer.body.contains("samlp:Success"), "{}", answer.body);
}

async fn a_hostile_message_is_refused_whole(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).to(&app).await;
    let bomb: String = (1..20).map(|n| format!("<!ENTITY b{n} \"&b{};&b{};\">", n - 1, n - 1)).collect();
    let changes: [(&str, String); 8] = [
        ("<SOAP-ENV:Envelope", "<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\"><SOAP-ENV:Envelope".into()),
        ("<SOAP-ENV:Envelope", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><SOAP-ENV:Envelope".into()),
        ("<SOAP-ENV:Envelope", format!("<!DOCTYPE x [<!ENTITY b0 \"ha\">{bomb}]><SOAP-ENV:Envelope")),
        ("</samlp:AssertionArtifact>", "&e;</samlp:AssertionArtifact>".into()),
        ("</samlp:AssertionArtifact>", "<!-- -->x</samlp:AssertionArtifact>".into()),
        (
            "<samlp:AssertionArtifact>",
            "<samlp:AssertionArtifact>ST-x</samlp:AssertionArtifact><samlp:AssertionArtifact>".into(),
        ),
        ("<SOAP-ENV:Header/>", "<a>".repeat(3000)),
        ("</SOAP-ENV:Envelope>", String::new()),
    ];
    for (from, to) in changes {
        let ticket = again(&mut browser, &app).await;
        let attack = hub.under_attack();
        let answer = validate(&hub, &app.service, &message(&ticket).replacen(from, &to, 1)).await;
        assert!(answer.body.contains("INVALID_REQUEST") && !answer.body.contains("root:"), "{}", answer.body);
        attack.repelled(&answer).await;
        let control = validate(&hub, &app.service, &message(&ticket)).await;
        assert!(control.body.contains("samlp:Success"), "nothing was attempted, so the ticket is whole");
    }
}

async fn a_ticket_of_another_service_or_used_twice_is_refused(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&app).await.ticket();
    for (target, code) in [("https://other.example/", "INVALID_SERVICE"), (app.service.as_str(), "INVALID_TICKET")] {
        let attack = hub.under_attack();
        let answer = validate(&hub, target, &message(&ticket)).await;
        assert!(answer.body.contains("samlp:RequestDenied") && answer.body.contains(code), "{}", answer.body);
        attack.repelled(&answer).await;
    }
    let ticket = again(&mut browser, &app).await;
    let attack = hub.under_attack();
    let answer = validate(&hub, "", &message(&ticket)).await;
    assert!(answer.body.contains("INVALID_REQUEST"), "{}", answer.body);
    attack.repelled(&answer).await;
    let get = browser.get("/cas/samlValidate?TARGET=https%3A%2F%2Fapp.example%2Fcas%2F").await;
    assert_eq!(get.status.as_u16(), 405);
}
