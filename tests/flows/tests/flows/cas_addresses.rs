//! Addresses that are not a service's, however much they look like one. Each hostile request is sent by a browser that
//! has a session, which is worse than one without, and beside it stands the same request for a real address.

use preau_flows::{ALICE, Answer, Browser, TestHub, stories};

stories!(
    a_host_that_begins_or_ends_like_ours_is_refused,
    an_address_with_a_user_before_the_host_is_refused,
    backslashes_and_missing_slashes_are_refused,
    dot_segments_are_refused_in_any_writing,
    a_dot_of_the_rule_is_a_dot,
    another_scheme_is_refused,
    another_port_and_other_writings_of_the_host_are_refused,
    control_characters_are_refused_and_write_no_header,
    a_parameter_given_twice_is_refused,
    a_parameter_given_twice_is_refused_by_the_first_protocol,
    an_address_that_brings_its_own_ticket_is_refused,
    a_refused_address_is_logged_by_its_host_alone,
    a_stranger_is_refused_with_gateway_and_renew_as_well,
    oversized_requests_are_refused,
);

fn login(address: &str) -> String {
    format!("/cas/login?service={}", url::form_urlencoded::byte_serialize(address.as_bytes()).collect::<String>())
}

/// A browser with a session, after the control: a registered address gets a ticket.
async fn visitor(hub: &TestHub, control: &str) -> Browser {
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let answer = browser.get(&login(control)).await;
    let location = answer.location().unwrap_or_default();
    assert!(location.starts_with(control.trim_end_matches('/')) && location.contains("ticket=ST-"), "{location}");
    browser
}

async fn refused(hub: &TestHub, browser: &mut Browser, target: &str, status: u16) -> Answer {
    let attack = hub.under_attack();
    let answer = browser.get(target).await;
    assert_eq!(answer.status.as_u16(), status, "{target:.300}");
    assert_eq!(answer.location(), None, "{target:.300}");
    attack.repelled(&answer).await;
    answer
}

/// Every address is refused with that status.
async fn all_refused(hub: &TestHub, status: u16, addresses: &[&str]) {
    let mut browser = visitor(hub, "https://app.example/cas/").await;
    for address in addresses {
        refused(hub, &mut browser, &login(address), status).await;
    }
}

/// Host suffix and prefix (CAS-01).
async fn a_host_that_begins_or_ends_like_ours_is_refused(hub: TestHub) {
    let addresses = [
        "https://app.example.evil.test/cas/",
        "https://evil.test/?https://app.example/cas/",
        "https://evil.test/#https://app.example/cas/",
        "https://evilapp.example/cas/",
        "https://app.examplex/cas/",
        "https://app.example/casx/",
        "https://app.example/",
    ];
    all_refused(&hub, 403, &addresses).await;
}

/// User-info, once or twice (CAS-02).
async fn an_address_with_a_user_before_the_host_is_refused(hub: TestHub) {
    let addresses = [
        "https://app.example@evil.test/cas/",
        "https://app.example@evil.test@app.example/cas/",
        "https://user:password@app.example/cas/",
        "https://@app.example/cas/",
        "https://app.example%40evil.test/cas/",
    ];
    all_refused(&hub, 403, &addresses).await;
}

/// Backslashes and slashes (CAS-03).
async fn backslashes_and_missing_slashes_are_refused(hub: TestHub) {
    let addresses = [
        "https:/\\evil.test",
        "https://app.example\\@evil.test/cas/",
        "//evil.test/",
        "//app.example/cas/",
        "https:///evil.test",
        "https:///app.example/cas/",
        "https:app.example/cas/",
        "/cas/",
        "app.example/cas/",
    ];
    all_refused(&hub, 403, &addresses).await;
}

/// Dot segments and path parameters (CAS-04): rejected, never normalised away.
async fn dot_segments_are_refused_in_any_writing(hub: TestHub) {
    let addresses = [
        "https://app.example/cas/../admin",
        "https://app.example/cas/%2e%2e/",
        "https://app.example/cas/%2E%2E/admin",
        "https://app.example/cas/..%2f",
        "https://app.example/cas/..;/",
        "https://app.example/cas/;/",
        "https://app.example/cas/./",
        "https://app.example/cas/%252e%252e/",
        "https://app.example/cas//evil",
    ];
    all_refused(&hub, 403, &addresses).await;
}

/// A rule is a host and a path, not a pattern (CAS-05).
async fn a_dot_of_the_rule_is_a_dot(hub: TestHub) {
    all_refused(&hub, 403, &["https://appXexample/cas/", "https://app-example/cas/"]).await;
}

/// Another scheme, among them plain http for a service registered with https (CAS-06). One registered on purpose with
/// http opens.
async fn another_scheme_is_refused(hub: TestHub) {
    let addresses = [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://app.example/cas/",
        "http://app.example/cas/",
        "file:///etc/passwd",
    ];
    all_refused(&hub, 403, &addresses).await;
    let mut browser = visitor(&hub, "http://legacy.example/").await;
    refused(&hub, &mut browser, &login("https://legacy.example/"), 403).await;
}

/// Port, trailing dot, international names (CAS-07).
async fn another_port_and_other_writings_of_the_host_are_refused(hub: TestHub) {
    let addresses = [
        "https://app.example:8443/cas/",
        "https://app.example./cas/",
        "https://xn--pp-8ka.example/cas/",
        "https://àpp.example/cas/",
        "https://app。example/cas/",
        "https://app.exampl\u{435}/cas/",
    ];
    all_refused(&hub, 403, &addresses).await;
}

/// Line breaks, NUL and tabs (CAS-08): a bad request, and no header of theirs.
async fn control_characters_are_refused_and_write_no_header(hub: TestHub) {
    let mut browser = visitor(&hub, "https://app.example/cas/").await;
    let hostile = [
        "https://app.example/cas/\r\nSet-Cookie:a=1",
        "https://app.example/cas/\n",
        "https://app.example/cas/\0",
        "https://app.example/cas/\t",
        "\u{1}https://app.example/cas/",
    ];
    for address in hostile {
        let answer = refused(&hub, &mut browser, &login(address), 400).await;
        assert!(answer.cookies().is_empty());
    }
    // Encoded twice, they are still inside the address when it is read.
    refused(&hub, &mut browser, &login("https://app.example/cas/%0d%0aSet-Cookie:a=1"), 403).await;
    refused(&hub, &mut browser, &login("https://app.example/cas/?a=%0d%0ab"), 403).await;
    refused(&hub, &mut browser, "/cas/login?service=https://app.example/cas/%ff", 400).await;
}

/// Duplicate parameters (CAS-10) at login and at every validation.
async fn a_parameter_given_twice_is_refused(hub: TestHub) {
    let mut browser = visitor(&hub, "https://app.example/cas/").await;
    let twice = format!("{}&service=https%3A%2F%2Fother.example%2F", login("https://app.example/cas/"));
    refused(&hub, &mut browser, &twice, 400).await;
    let mixed = format!("{}&TARGET=https%3A%2F%2Fother.example%2F", login("https://app.example/cas/"));
    refused(&hub, &mut browser, &mixed, 400).await;
    let posted = [("service".to_owned(), "https://other.example/".to_owned())];
    let attack = hub.under_attack();
    let answer = browser.post(&login("https://app.example/cas/"), &posted).await;
    assert_eq!(answer.status.as_u16(), 400, "one in the address and one in the form");
    attack.repelled(&answer).await;

    let app = hub.app("app");
    for endpoint in ["serviceValidate", "proxyValidate", "p3/serviceValidate", "p3/proxyValidate"] {
        let ticket = browser.open(&app).await.ticket();
        let (service, other) = (app.service.as_str(), "https://other.example/");
        for parameters in [
            [("service", service), ("ticket", &ticket), ("ticket", "ST-other")],
            [("service", service), ("service", other), ("ticket", &ticket)],
        ] {
            let attack = hub.under_attack();
            let answer = app.ask(endpoint, &parameters).await;
            assert!(answer.body.contains("code=\"INVALID_REQUEST\""), "{}", answer.body);
            attack.repelled(&answer).await;
        }
        assert_eq!(app.validate_at(endpoint, &ticket, &[]).await.code(), Some("INVALID_TICKET"), "it was shown alone");
    }
}

async fn a_parameter_given_twice_is_refused_by_the_first_protocol(hub: TestHub) {
    let app = hub.app("app");
    let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    let plain = [("service", app.service.as_str()), ("ticket", &ticket), ("ticket", "ST-other")];
    let attack = hub.under_attack();
    let answer = app.ask("validate", &plain).await;
    assert!(answer.body.starts_with("no\n"), "{}", answer.body);
    attack.repelled(&answer).await;
    assert_eq!(app.validate_plain(&ticket).await, format!("yes\n{}\n", ALICE.login), "of two tickets none was meant");
}

/// A ticket the caller supplies (CAS-11), however the name is written.
async fn an_address_that_brings_its_own_ticket_is_refused(hub: TestHub) {
    let addresses = [
        "https://app.example/cas/?ticket=ST-evil",
        "https://app.example/cas/?a=1&ticket=ST-evil",
        "https://app.example/cas/?%74icket=ST-evil",
        "https://app.example/cas/?SAMLart=ST-evil",
        "https://app.example/cas/?ticket",
        "https://app.example/cas/?Ticket=ST-evil",
        "https://app.example/cas/?%54icket=ST-evil",
        "https://app.example/cas/?a=1;ticket=ST-evil",
        "https://app.example/cas/?a=1;TICKE%54=ST-evil",
        "https://app.example/cas/?samlArt=ST-evil",
    ];
    all_refused(&hub, 400, &addresses).await;
    visitor(&hub, "https://app.example/cas/?tickets=1&a=ticket;my_ticket=2").await;
}

/// What somebody put into an address that nobody registered, a password, a path, a query, stays out of the log: its host
/// is enough for an operator.
async fn a_refused_address_is_logged_by_its_host_alone(hub: TestHub) {
    let mut browser = visitor(&hub, "https://app.example/cas/").await;
    let target = login("https://bob:hunter2@stranger.example/reset/tok3n?key=s3same");
    refused(&hub, &mut browser, &target, 403).await;
    let log = hub.log.lines();
    let said = log.iter().find(|line| line.contains("no CAS service")).expect("the refusal is logged");
    assert!(said.contains("stranger.example"), "{said}");
    for secret in ["bob", "hunter2", "tok3n", "s3same"] {
        assert!(!log.iter().any(|line| line.contains("no CAS service") && line.contains(secret)), "{secret}: {said}");
    }
}

/// Gateway and renew change nothing for an unregistered service (CAS-26): never a redirect.
async fn a_stranger_is_refused_with_gateway_and_renew_as_well(hub: TestHub) {
    let mut browser = visitor(&hub, "https://app.example/cas/").await;
    let mut nobody = hub.browser();
    for more in ["&gateway=true", "&renew=true", "&gateway=true&renew=true", "&method=POST"] {
        let target = format!("{}{more}", login("https://evil.test/"));
        refused(&hub, &mut browser, &target, 403).await;
        refused(&hub, &mut nobody, &target, 403).await;
    }
}

/// Sizes (CAS-34): a service of 4 and of 16 KiB, a ticket of 16 KiB, ten thousand parameters, a body of a megabyte.
async fn oversized_requests_are_refused(hub: TestHub) {
    let mut browser = visitor(&hub, "https://app.example/cas/").await;
    refused(&hub, &mut browser, &login(&format!("https://app.example/cas/{}", "a".repeat(4096))), 400).await;
    refused(&hub, &mut browser, &login(&format!("https://app.example/cas/{}", "a".repeat(16 * 1024))), 413).await;
    refused(&hub, &mut browser, &format!("{}{}", login("https://app.example/cas/"), "&a=".repeat(101)), 400).await;
    refused(&hub, &mut browser, &format!("{}{}", login("https://app.example/cas/"), "&a=".repeat(10_000)), 413).await;

    let app = hub.app("app");
    let attack = hub.under_attack();
    let long = format!("ST-{}", "a".repeat(10_000));
    let answer = app.ask("p3/serviceValidate", &[("service", &app.service), ("ticket", &long)]).await;
    assert!(answer.body.contains("INVALID_TICKET"), "{}", answer.body);
    attack.repelled(&answer).await;

    let megabyte = "a".repeat(1 << 20);
    for target in ["/cas/samlValidate?TARGET=https%3A%2F%2Fapp.example%2Fcas%2F", "/cas/login"] {
        let attack = hub.under_attack();
        let answer = browser.post(target, &[("ticket".to_owned(), megabyte.clone())]).await;
        assert_eq!(answer.status.as_u16(), 413, "{target}");
        attack.repelled(&answer).await;
    }
}
