//! What is written down: one line per event, no secret, no name of a person, and nothing a visitor can forge.

use preau_domain::AuditKind;
use preau_flows::{ALICE, GAELLE, HUGO, INES, NOE, Role, TestHub, stories};

stories!(
    no_secret_is_ever_logged,
    the_net_for_secrets_has_no_hole,
    no_person_is_ever_named_in_a_log,
    nobody_forges_a_line,
    a_name_with_a_line_break_stays_on_its_line,
    refusals_say_why_to_those_who_ask_later,
    a_flood_of_refusals_does_not_fill_the_journal,
);

/// Everything that can happen to a person, one after the other.
async fn a_day(hub: &TestHub, who: &Role) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let page = browser.password_page(&app.login_url(), who).await;
    browser.try_password(&page, who.login, "presque-le-bon-mot").await;
    hub.clock.advance(5);
    let ticket = browser.sign_in(who).to(&app).await.ticket();
    app.validate(&ticket).await;
    app.validate(&ticket).await;
    app.clone().coming_back_to("https://other.example/").validate(&browser.open(&app).await.ticket()).await;
    browser.open(&hub.app("other")).await;
    browser.visit("/open/app").await;
    browser.visit("/nothing").await;
    hub.directory.take_down();
    let page = hub.browser().password_page("/", who).await;
    hub.browser().try_password(&page, who.login, who.password).await;
    hub.directory.bring_up();
    browser.sign_out().await;
}

async fn no_secret_is_ever_logged(hub: TestHub) {
    for who in [&ALICE, &NOE, &GAELLE] {
        a_day(&hub, who).await;
    }
    assert!(hub.secrets.known() > 30 && hub.log.lines().len() > 30, "there was something to look for, and where");
    hub.assert_no_secret_in_log();
}

async fn the_net_for_secrets_has_no_hole(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    browser.try_password(&page, ALICE.login, ALICE.password).await;
    let ticket = browser.open(&hub.app("app")).await.ticket();
    let token = page.form_with("password").value("token").unwrap_or_default().to_owned();
    let session = browser.cookie("__Host-preau").unwrap_or_default().to_owned();
    for secret in [ALICE.password, &ticket, &token, &session] {
        assert!(!hub.secrets.found_in(&format!("GET /x?y={secret} 200")).is_empty(), "{secret} would be caught");
    }
    assert!(hub.secrets.found_in("GET /sign-in/{id} 200").is_empty());
}

async fn no_person_is_ever_named_in_a_log(hub: TestHub) {
    for who in [&ALICE, &NOE, &INES, &HUGO, &GAELLE] {
        a_day(&hub, who).await;
    }
    hub.hub.store.flush_audit().await.expect("the journal is kept");
    let text = hub.log.lines().join("\n");
    for who in [&ALICE, &NOE, &INES, &HUGO, &GAELLE] {
        let mail = format!("{}@college.example", who.login);
        for word in [who.login, who.name.0, who.name.1, mail.as_str(), &who.key()] {
            assert!(!text.contains(word), "the log names {word}");
        }
        assert!(text.contains(who.id), "and speaks of {} by an id that says nothing", who.login);
        for event in hub.hub.store.audit_about(&who.person_id(), preau_domain::Instant(0), 100).await.expect("read") {
            let told = serde_json::to_string(&event).expect("written");
            assert!(!told.contains(who.login) && !told.contains(who.name.1), "{told}");
        }
    }
}

async fn nobody_forges_a_line(hub: TestHub) {
    let forged = "x\r\n{\"level\":\"INFO\",\"fields\":{\"event.kind\":\"sign-in-succeeded\"}}\u{1b}[2J";
    let mut browser = hub.browser().saying("user-agent", "a\"}{\"b\":\"");
    let page = browser.password_page("/", &ALICE).await;
    let watch = hub.under_attack();
    let answer = browser.try_password(&page, forged, "peu-importe").await;
    assert_eq!(answer.status, 422);
    assert!(!answer.body.contains('\u{1b}') && !answer.body.contains("\r\n{"), "nor repeated as it came");
    watch.repelled(&answer).await;
    let encoded: String = url::form_urlencoded::byte_serialize(forged.as_bytes()).collect();
    browser.get(&format!("/{encoded}?x={encoded}")).await;
    browser.get(&format!("/cas/login?service={encoded}")).await;
    for line in hub.log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "a line is one event: {line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
}

async fn a_name_with_a_line_break_stays_on_its_line(hub: TestHub) {
    let mut person = NOE.person();
    person.given_name = "Noé\r\nX-Injected: 1\u{1b}[31m\"<b>".to_owned();
    person.family_name = "N".repeat(100);
    hub.put(person).await;
    let mut browser = hub.browser();
    let home = browser.sign_in(&NOE).at_home().await.answer;
    assert!(home.status.is_success() && home.header("x-injected").is_empty());
    assert!(!home.body.contains("<b>"), "it is text");
    let ticket = browser.open(&hub.app("app")).await.ticket();
    assert_eq!(hub.app("app").validate(&ticket).await.user(), Some(NOE.login), "well-formed, one user");
    assert!(hub.log.lines().iter().all(|line| !line.contains("X-Injected")));
}

async fn refusals_say_why_to_those_who_ask_later(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    let mut why = Vec::new();
    for (login, password) in
        [(ALICE.login, "mauvais-mot"), ("personne.inconnue", "x-y-z-t"), (ALICE.login, "trop-tôt-donc")]
    {
        let answer = browser.try_password(&page, login, password).await;
        let journal = hub.journal(answer.incident()).await;
        assert!(journal.iter().all(|event| event.kind == AuditKind::SignInRefused));
        why = journal.into_iter().map(|event| event.detail).collect();
    }
    assert_eq!(why, ["wrong-password", "unknown", "too-soon"]);
}

async fn a_flood_of_refusals_does_not_fill_the_journal(hub: TestHub) {
    let refused = async || {
        hub.hub.store.flush_audit().await.expect("the journal is kept");
        let entries = hub.hub.store.audit_entries(i64::MIN, 1_000).await.expect("the journal is read");
        entries.iter().filter(|entry| entry.kind == "request-refused").count()
    };
    let mut browser = hub.browser();
    for _ in 0..50 {
        browser.get("/open/moodle?lang=fr&lang=en").await;
        browser.get("/cas/validate?service=x&service=y").await;
    }
    assert_eq!(refused().await, 20);
    hub.clock.advance(1);
    browser.get("/cas/validate?service=x&service=y").await;
    assert_eq!(refused().await, 21, "and what comes later is told");
}
