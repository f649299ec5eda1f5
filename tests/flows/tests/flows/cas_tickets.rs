//! Tickets in hostile hands: replayed, raced, stolen by another service, too late, forged. Each story holds the control:
//! the same request, without its hostile part, succeeds.

use futures::future::join_all;
use preau_domain::{Person, Profile};
use preau_flows::{ALICE, Answer, CasApp, NOE, TestHub, app_service, schema, stories};
use serde_json::Value;

stories!(
    among_a_hundred_validations_on_two_nodes_one_succeeds,
    a_ticket_for_another_service_is_refused_and_burnt,
    a_failed_attempt_burns_the_ticket,
    a_request_that_cannot_be_read_burns_the_ticket_too,
    a_ticket_is_worth_nothing_after_thirty_seconds,
    other_secrets_do_not_pass_for_a_ticket,
    nothing_is_injected_through_a_ticket,
    hostile_names_stay_texts_in_xml,
    every_answer_follows_the_schema,
    hostile_names_stay_texts_in_json,
    each_service_receives_its_own_list,
    a_person_the_service_does_not_open_for_gets_no_ticket,
    a_right_lost_after_the_ticket_releases_nothing,
    a_failing_store_never_says_yes,
);

const P3: &str = "p3/serviceValidate";

/// A validation that must fail with that code, watched.
async fn refused(hub: &TestHub, app: &CasApp, parameters: &[(&str, &str)], code: &str) -> Answer {
    let attack = hub.under_attack();
    let answer = app.ask(P3, parameters).await;
    assert_eq!(answer.status.as_u16(), 200, "an answer of the protocol");
    assert!(answer.body.contains(&format!("code=\"{code}\"")), "{code}: {}", answer.body);
    attack.repelled(&answer).await;
    answer
}

async fn ticket_of(hub: &TestHub, app: &CasApp) -> String {
    hub.browser().sign_in(&ALICE).to(app).await.ticket()
}

/// A race (CAS-14): one hundred validations of one ticket, spread over two nodes.
async fn among_a_hundred_validations_on_two_nodes_one_succeeds(hub: TestHub) {
    let (here, there) = (hub.app("app"), hub.app("app").meets(&hub.node().await));
    for _ in 0..3 {
        let ticket = ticket_of(&hub, &here).await;
        let nodes = (0..100).map(|n| if n % 2 == 0 { &here } else { &there });
        let answers = join_all(nodes.map(|node| node.validate(&ticket))).await;
        let yes = answers.iter().filter(|a| a.user() == Some(ALICE.login)).count();
        let no = answers.iter().filter(|a| a.code() == Some("INVALID_TICKET")).count();
        assert_eq!((yes, no), (1, 99));
    }
}

/// A ticket of one service shown by another (CAS-15).
async fn a_ticket_for_another_service_is_refused_and_burnt(hub: TestHub) {
    let app = hub.app("app");
    let control = ticket_of(&hub, &app).await;
    assert_eq!(app.validate(&control).await.user(), Some(ALICE.login));
    let elsewhere = [
        "https://other.example/",
        "https://app.example/cas/elsewhere",
        "https://app.example/cas/?a=1",
        "https://app.example/cas/#x",
        "http://app.example/cas/",
        "https://app.example@evil.test/cas/",
        "not an address",
    ];
    for service in elsewhere {
        let ticket = ticket_of(&hub, &app).await;
        refused(&hub, &app, &[("service", service), ("ticket", &ticket)], "INVALID_SERVICE").await;
        refused(&hub, &app, &[("service", &app.service), ("ticket", &ticket)], "INVALID_TICKET").await;
    }
}

/// One attempt, whether or not it succeeds (CAS-16): a wrong `renew`, or protocol 1 for another service.
async fn a_failed_attempt_burns_the_ticket(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).to(&app).await;
    let ticket = browser.open(&app).await.ticket();
    let renewed = [("service", app.service.as_str()), ("ticket", &ticket), ("renew", "true")];
    refused(&hub, &app, &renewed, "INVALID_TICKET").await;
    refused(&hub, &app, &renewed[..2], "INVALID_TICKET").await;

    let ticket = browser.open(&app).await.ticket();
    let attack = hub.under_attack();
    let answer = app.ask("validate", &[("service", "https://other.example/"), ("ticket", &ticket)]).await;
    assert_eq!(answer.body, "no\n");
    attack.repelled(&answer).await;
    assert_eq!(app.validate_plain(&ticket).await, "no\n");
    let ticket = browser.open(&app).await.ticket();
    assert_eq!(app.validate_plain(&ticket).await, "yes\nalice.martin\n");
}

/// One attempt, also when the rest of the request cannot be read (CAS-16); of two tickets nobody knows which is meant.
async fn a_request_that_cannot_be_read_burns_the_ticket_too(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).to(&app).await;
    let pgt = "https://app.example/pgt";
    for more in [&[("format", "YAML")][..], &[("pgtUrl", pgt), ("pgtUrl", pgt)], &[("renew", "1"), ("renew", "0")]] {
        let ticket = browser.open(&app).await.ticket();
        let asked = [("service", app.service.as_str()), ("ticket", &ticket)];
        refused(&hub, &app, &[&asked[..], more].concat(), "INVALID_REQUEST").await;
        refused(&hub, &app, &asked, "INVALID_TICKET").await;
    }
    let ticket = browser.open(&app).await.ticket();
    refused(&hub, &app, &[("ticket", &ticket)], "INVALID_REQUEST").await;
    refused(&hub, &app, &[("service", &app.service), ("ticket", &ticket)], "INVALID_TICKET").await;
    let ticket = browser.open(&app).await.ticket();
    let twice = [("service", app.service.as_str()), ("ticket", &ticket), ("ticket", &ticket)];
    refused(&hub, &app, &twice, "INVALID_REQUEST").await;
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
}

/// Expiry (CAS-17): thirty seconds and not one more.
async fn a_ticket_is_worth_nothing_after_thirty_seconds(hub: TestHub) {
    let app = hub.app("app");
    let (in_time, late) = (ticket_of(&hub, &app).await, ticket_of(&hub, &app).await);
    hub.clock.advance(29);
    assert_eq!(app.validate(&in_time).await.user(), Some(ALICE.login));
    hub.clock.advance(1);
    refused(&hub, &app, &[("service", &app.service), ("ticket", &late)], "INVALID_TICKET").await;
    assert_eq!(app.validate(&ticket_of(&hub, &app).await).await.user(), Some(ALICE.login));
}

/// Other secrets given as a ticket (CAS-18): the session's cookie, its digest, the name of a sign-in.
async fn other_secrets_do_not_pass_for_a_ticket(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&app).await.ticket();
    let cookie = browser.cookie("__Host-preau").unwrap_or_default().to_owned();
    assert_eq!(cookie.len(), 32, "160 bits");
    let random = &ticket[3..];
    let rp = hub.rp("rp");
    let code = browser.visit(&rp.url()).await.code();
    let others =
        [cookie.clone(), format!("ST-{cookie}"), format!("PT-{random}"), format!("PGT-{random}"), random.into()];
    for text in others.into_iter().chain([code.clone(), format!("ST-{code}")]) {
        refused(&hub, &app, &[("service", &app.service), ("ticket", &text)], "INVALID_TICKET").await;
    }
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
    assert_eq!(
        rp.redeem(&code).await.answer.status.as_u16(),
        200,
        "the code is still worth something where it belongs"
    );
}

/// Parameters hidden inside a ticket (CAS-20): refused before anything is looked up, so the ticket is not even burnt.
async fn nothing_is_injected_through_a_ticket(hub: TestHub) {
    let app = hub.app("app");
    let ticket = ticket_of(&hub, &app).await;
    let tails =
        ["&service=https://evil.test/", "#", "?pgtUrl=https://evil.test/", "\0", "\r\n", " ", "%00", "'--", "é"];
    for tail in tails {
        let hostile = format!("{ticket}{tail}");
        hub.faults.fail(0, preau_flows::When::Before);
        let attack = hub.under_attack();
        let answer = app.ask(P3, &[("service", &app.service), ("ticket", &hostile)]).await;
        assert!(answer.body.contains("INVALID_TICKET") && !answer.body.contains("evil"), "{}", answer.body);
        assert!(hub.faults.calls().is_empty(), "nothing was looked up for {tail:?}");
        attack.repelled(&answer).await;
    }
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
}

/// A name with control characters never leaves at all: the policy drops such a value.
const WITH_CONTROLS: &str = "a\u{b}b\u{1}c";
const HOSTILE: [&str; 7] = [
    "</cas:attributes><cas:user>admin</cas:user>",
    "]]>",
    "&#0;&bomb;",
    WITH_CONTROLS,
    "\u{fffe}\u{ffff}x",
    "<!--x--><![CDATA[y]]>",
    "\"'</script>\u{2028}\u{2029}x",
];

async fn renamed(hub: &TestHub, name: &str) {
    hub.put(Person { given_name: name.to_owned(), family_name: String::new(), ..ALICE.person() }).await;
}

/// XML injection by a name (CAS-27): one user, one text, what XML forbids dropped.
async fn hostile_names_stay_texts_in_xml(hub: TestHub) {
    let app = hub.app("app");
    for name in HOSTILE {
        renamed(&hub, name).await;
        let ticket = ticket_of(&hub, &app).await;
        let body = app.ask(P3, &[("service", &app.service), ("ticket", &ticket)]).await.body;
        schema::holds("cas/response.xsd", &body);
        let answer = app.validate(&ticket_of(&hub, &app).await).await;
        let legal = name.replace(['\u{fffe}', '\u{ffff}'], "");
        let expected = if name == WITH_CONTROLS { Vec::new() } else { vec![legal] };
        assert_eq!(answer.user(), Some(ALICE.login));
        assert_eq!(answer.attribute("displayName"), expected);
        assert_eq!(answer.attribute("ENTPersonStructRattach").len(), 1);
    }
}

/// Answers of every other shape follow the schema, and the control: it is one that says no.
async fn every_answer_follows_the_schema(hub: TestHub) {
    let app = hub.app("app");
    let ticket = ticket_of(&hub, &app).await;
    for endpoint in ["serviceValidate", P3, "proxyValidate"] {
        schema::holds(
            "cas/response.xsd",
            &app.ask(endpoint, &[("service", &app.service), ("ticket", &ticket)]).await.body,
        );
    }
    schema::holds(
        "cas/response.xsd",
        &app.ask("proxy", &[("pgt", "PGT-x"), ("targetService", &app.service)]).await.body,
    );
    let two = "<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'><cas:authenticationSuccess><cas:user>a</cas:user>\
               <cas:user>b</cas:user></cas:authenticationSuccess></cas:serviceResponse>";
    assert!(schema::check("cas/response.xsd", two).is_err());
}

/// The same in JSON, and a format nobody knows (CAS-28).
async fn hostile_names_stay_texts_in_json(hub: TestHub) {
    let app = hub.app("app");
    for name in HOSTILE {
        renamed(&hub, name).await;
        let ticket = ticket_of(&hub, &app).await;
        let answer = app.ask(P3, &[("service", &app.service), ("ticket", &ticket), ("format", "JSON")]).await;
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.body.contains(['<', '\u{2028}', '\u{2029}']), "{}", answer.body);
        let read: Value = serde_json::from_str(&answer.body).expect("JSON");
        let told = read["serviceResponse"]["authenticationSuccess"]["attributes"]["displayName"].as_str();
        assert_eq!(told, (name != WITH_CONTROLS).then_some(name));
    }
    let ticket = ticket_of(&hub, &app).await;
    let yaml = [("service", app.service.as_str()), ("ticket", &ticket), ("format", "YAML")];
    refused(&hub, &app, &yaml, "INVALID_REQUEST").await;
}

/// Over-release (CAS-29): two services with different lists.
async fn each_service_receives_its_own_list(hub: TestHub) {
    let mut narrow = app_service("narrow", "Étroit", "https://narrow.example/", &Profile::ALL);
    narrow.release.truncate(1);
    hub.mount(narrow);
    let (wide, narrow) = (hub.app("app"), hub.app("narrow"));
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&wide).await.ticket();
    let told = wide.validate(&ticket).await;
    assert_eq!(told.attribute("displayName").len() + told.attribute("ENTPersonStructRattach").len(), 2);
    let told = narrow.validate(&browser.open(&narrow).await.ticket()).await;
    assert_eq!(told.attribute("displayName"), ["Alice Martin"]);
    assert!(told.attribute("ENTPersonStructRattach").is_empty());
}

async fn a_person_the_service_does_not_open_for_gets_no_ticket(hub: TestHub) {
    let teachers = hub.app("other");
    let mut pupil = hub.browser();
    let answer = pupil.sign_in(&NOE).to(&teachers).await.answer;
    assert_eq!((answer.status.as_u16(), answer.location()), (403, None));
    let attack = hub.under_attack();
    let answer = pupil.get(&teachers.login_url()).await;
    assert_eq!(answer.status.as_u16(), 403);
    attack.repelled(&answer).await;
    assert!(hub.browser().sign_in(&ALICE).to(&teachers).await.some_ticket().is_some());
}

/// Access is decided again at validation: a teacher who stopped being one between ticket and validation.
async fn a_right_lost_after_the_ticket_releases_nothing(hub: TestHub) {
    let teachers = hub.app("other");
    let mut browser = hub.browser();
    let (control, ticket) =
        (browser.sign_in(&ALICE).to(&teachers).await.ticket(), browser.open(&teachers).await.ticket());
    assert_eq!(teachers.validate(&control).await.user(), Some(ALICE.login));
    hub.put(Person { affiliations: NOE.person().affiliations, ..ALICE.person() }).await;
    hub.clock.advance(4);
    let service = teachers.service.clone();
    refused(&hub, &teachers, &[("service", &service), ("ticket", &ticket)], "UNAUTHORIZED_SERVICE").await;
    assert_eq!(browser.get(&teachers.login_url()).await.status.as_u16(), 403);
}

/// A store that fails, before or after it did what was asked: no ticket and no name, and a later ticket works.
async fn a_failing_store_never_says_yes(hub: TestHub) {
    use preau_flows::When::{After, Before};
    let app = hub.app("app");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).to(&app).await;
    for when in [Before, After] {
        hub.faults.fail(1, when);
        let answer = browser.get(&app.login_url()).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (503, None));
        let ticket = browser.open(&app).await.ticket();
        hub.faults.fail(1, when);
        assert_eq!(app.validate(&ticket).await.code(), Some("INTERNAL_ERROR"));
    }
    let ticket = browser.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
}
