//! Proxy authentication: a callback that is called as little as possible, tickets in the name of a person, and chains.

use crate::cas_callback::{Callback, Manner, OK, World};
use futures::future::join_all;
use preau_connector_api::Network;
use preau_flows::{ALICE, Answer, CasApp, Listener, NOE, TestHub, schema};
use std::time::{Duration, Instant};

/// Like `stories!`, with the certificates of the callbacks.
macro_rules! proxy_stories {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    let world = super::World::new(preau_flows::Database::sqlite()).await;
                    Box::pin(super::$name(world)).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    if let Some(database) = preau_flows::Database::postgres() {
                        Box::pin(super::$name(super::World::new(database).await)).await;
                    }
                }
            )+
        }
    };
}

proxy_stories!(
    a_mail_client_reads_mail_in_the_name_of_a_person,
    a_chain_of_proxies_is_told_newest_first,
    a_proxy_ticket_does_not_pass_for_a_service_ticket,
    a_granting_ticket_and_its_name_open_nothing_by_themselves,
    a_callback_that_is_not_the_service_s_is_never_called,
    a_callback_on_a_private_network_is_called_only_where_the_operator_says_so,
    a_callback_that_is_out_of_order_costs_the_granting_ticket_and_not_the_sign_on,
    a_callback_with_a_false_certificate_or_that_points_elsewhere_is_refused,
    a_body_without_end_is_not_read,
    a_service_that_may_not_proxy_is_refused,
    a_granting_ticket_dies_with_the_session,
    a_proxy_opens_only_what_policy_opens,
    a_right_to_proxy_that_was_taken_away_counts_at_once,
    proxy_asks_for_both_parameters_and_a_registered_service,
    among_fifty_validations_of_a_proxy_ticket_one_succeeds,
);

/// Texts of the elements of that name.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<cas:{name}>"), format!("</cas:{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| rest.split_once(&close)).map(|(t, _)| t.replace("&amp;", "&")).collect()
}

async fn ticket_of(hub: &TestHub, app: &CasApp) -> String {
    hub.browser().sign_in(&ALICE).to(app).await.ticket()
}

/// Validates a ticket and asks for a proxy-granting one.
async fn ask_grant(app: &CasApp, ticket: &str, pgt_url: &str) -> Answer {
    app.ask("proxyValidate", &[("service", &app.service), ("ticket", ticket), ("pgtUrl", pgt_url)]).await
}

/// The proxy-granting ticket of a service for Alice.
async fn granted(hub: &TestHub, app: &CasApp, callback: &Callback) -> String {
    let answer = ask_grant(app, &ticket_of(hub, app).await, &callback.pgt_url()).await;
    let (iou, pgt) = callback.granted();
    assert_eq!(texts(&answer.body, "proxyGrantingTicket"), [iou], "{}", answer.body);
    pgt
}

async fn proxy(app: &CasApp, pgt: &str, target: &str) -> Answer {
    app.ask("proxy", &[("pgt", pgt), ("targetService", target)]).await
}

/// The proxy ticket of an answer.
fn proxy_ticket(answer: &Answer) -> String {
    texts(&answer.body, "proxyTicket").pop().unwrap_or_else(|| panic!("no proxy ticket: {}", answer.body))
}

async fn a_mail_client_reads_mail_in_the_name_of_a_person(world: World) {
    let (callback, hub) = (world.callback(OK), &world.hub);
    let (webmail, mail) = (world.proxy_at("webmail", &callback), hub.app("other"));
    let pgt = granted(hub, &webmail, &callback).await;
    assert!(pgt.starts_with("PGT-") && pgt.len() <= 64);
    for _ in 0..2 {
        let ticket = proxy_ticket(&proxy(&webmail, &pgt, &mail.service).await);
        assert!(ticket.starts_with("PT-") && ticket.len() <= 32);
        let answer = mail.ask("p3/proxyValidate", &[("service", &mail.service), ("ticket", &ticket)]).await;
        assert_eq!(texts(&answer.body, "user"), [ALICE.login]);
        assert_eq!(texts(&answer.body, "proxy"), [callback.pgt_url()]);
        assert_eq!(texts(&answer.body, "displayName"), ["Alice Martin"]);
        assert_eq!(mail.validate_at("proxyValidate", &ticket, &[]).await.code(), Some("INVALID_TICKET"));
    }
    let json = mail.ask("proxy", &[("pgt", &pgt), ("targetService", &mail.service), ("format", "JSON")]).await;
    assert!(json.body.starts_with("{\"serviceResponse\":{\"proxySuccess\":{\"proxyTicket\":\"PT-"), "{}", json.body);
}

/// Chains (CAS-25): A asks for B, B asks for C; C hears of B first.
async fn a_chain_of_proxies_is_told_newest_first(world: World) {
    let (at_a, at_b, hub) = (world.callback(OK), world.callback(OK), &world.hub);
    let (a, b, c) = (world.proxy_at("a", &at_a), world.proxy_at("b", &at_b), hub.app("app"));
    let pgt_of_a = granted(hub, &a, &at_a).await;
    let for_b = proxy_ticket(&proxy(&a, &pgt_of_a, &b.service).await);
    let answer = ask_grant(&b, &for_b, &at_b.pgt_url()).await;
    assert_eq!(texts(&answer.body, "proxy"), [at_a.pgt_url()]);
    let (_, pgt_of_b) = at_b.granted();
    let for_c = proxy_ticket(&proxy(&b, &pgt_of_b, &c.service).await);
    let answer = c.ask("p3/proxyValidate", &[("service", &c.service), ("ticket", &for_c)]).await;
    assert_eq!(texts(&answer.body, "user"), [ALICE.login]);
    assert_eq!(texts(&answer.body, "proxy"), [at_b.pgt_url(), at_a.pgt_url()]);
    schema::holds("cas/response.xsd", &answer.body);
}

/// A proxy ticket where only service tickets are taken (CAS-18), and `renew`, which no proxy can satisfy.
async fn a_proxy_ticket_does_not_pass_for_a_service_ticket(world: World) {
    let (callback, hub) = (world.callback(OK), &world.hub);
    let (webmail, mail) = (world.proxy_at("webmail", &callback), hub.app("other"));
    let pgt = granted(hub, &webmail, &callback).await;
    for (endpoint, more) in
        [("serviceValidate", None), ("p3/serviceValidate", None), ("validate", None), ("proxyValidate", Some("true"))]
    {
        let ticket = proxy_ticket(&proxy(&webmail, &pgt, &mail.service).await);
        let mut parameters = vec![("service", mail.service.as_str()), ("ticket", &ticket)];
        parameters.extend(more.map(|value| ("renew", value)));
        let attack = hub.under_attack();
        let answer = mail.ask(endpoint, &parameters).await;
        assert!(answer.body == "no\n" || answer.body.contains("INVALID_TICKET"), "{endpoint}: {}", answer.body);
        attack.repelled(&answer).await;
        assert_eq!(mail.validate_at("proxyValidate", &ticket, &[]).await.code(), Some("INVALID_TICKET"), "burnt");
    }
}

/// A granting ticket, and the name it is found by, given as tickets (CAS-18).
async fn a_granting_ticket_and_its_name_open_nothing_by_themselves(world: World) {
    let (callback, hub) = (world.callback(OK), &world.hub);
    let (webmail, mail) = (world.proxy_at("webmail", &callback), hub.app("other"));
    ask_grant(&webmail, &ticket_of(hub, &webmail).await, &callback.pgt_url()).await;
    let (iou, pgt) = callback.granted();
    for text in [iou.clone(), pgt.clone(), pgt.replacen("PGT-", "ST-", 1), pgt.replacen("PGT-", "PT-", 1)] {
        let attack = hub.under_attack();
        let answer = webmail.ask("proxyValidate", &[("service", &webmail.service), ("ticket", &text)]).await;
        assert!(answer.body.contains("INVALID_TICKET"), "{}", answer.body);
        attack.repelled(&answer).await;
    }
    let service_ticket = ticket_of(hub, &webmail).await;
    for text in [iou, service_ticket.clone(), service_ticket.replacen("ST-", "PGT-", 1), format!("{pgt}&x=1")] {
        let attack = hub.under_attack();
        let answer = proxy(&webmail, &text, &mail.service).await;
        assert!(answer.body.contains("INVALID_TICKET"), "{}", answer.body);
        attack.repelled(&answer).await;
    }
    proxy_ticket(&proxy(&webmail, &pgt, &mail.service).await);
}

/// A service's grant that must be refused with that code, without anybody being called.
async fn refused(hub: &TestHub, app: &CasApp, pgt_url: &str, code: &str) {
    let ticket = ticket_of(hub, app).await;
    let attack = hub.under_attack();
    let answer = ask_grant(app, &ticket, pgt_url).await;
    assert!(answer.body.contains(&format!("code=\"{code}\"")), "{pgt_url}: {}", answer.body);
    assert!(!answer.body.contains("PGT"), "{}", answer.body);
    attack.repelled(&answer).await;
}

/// Callbacks a service does not have (CAS-22): nothing is called, whatever network the service lives on.
async fn a_callback_that_is_not_the_service_s_is_never_called(world: World) {
    let (callback, canary, hub) = (world.callback(OK), world.callback(OK), &world.hub);
    let mut plain = Listener::start().await;
    let webmail = world.proxy_at("webmail", &callback);
    let port = callback.url().trim_start_matches("https://127.0.0.1:").to_owned();
    for pgt_url in [
        canary.pgt_url(),
        plain.url(),
        callback.pgt_url().replacen("https", "http", 1),
        format!("https://localhost:{port}pgt"),
        format!("https://webmail@127.0.0.1:{port}pgt"),
        format!("{}../pgt", callback.url()),
        format!("{}pgt#fragment", callback.url()),
        "https://[::1]/".into(),
        "https://169.254.169.254/latest/meta-data/".into(),
        "https://10.0.0.1/".into(),
        "https://127.0.0.1:22/".into(),
        "file:///etc/passwd".into(),
        "nonsense".into(),
    ] {
        refused(hub, &webmail, &pgt_url, "INVALID_PROXY_CALLBACK").await;
    }
    assert!(callback.heard_nothing() && canary.heard_nothing() && plain.heard_nothing());
    granted(hub, &webmail, &callback).await;
}

/// A private address registered for a service the operator left on the public network (CAS-22): not called, also by a
/// name that resolves to one.
async fn a_callback_on_a_private_network_is_called_only_where_the_operator_says_so(world: World) {
    let (callback, hub) = (world.callback(OK), &world.hub);
    let by_name = callback.url().replacen("127.0.0.1", "localhost", 1);
    for (id, url) in [("literal", callback.url()), ("named", by_name), ("cloud", "https://169.254.169.254/".into())] {
        let app = world.mount(id, &url, |service| service.network = Network::Public);
        refused(hub, &app, &format!("{url}pgt"), "INVALID_PROXY_CALLBACK").await;
    }
    assert!(callback.heard_nothing());
    hub.mount({
        let mut service = preau_flows::app_service("literal", "literal", &callback.url(), &preau_domain::Profile::ALL);
        service.network = Network::Private;
        service.cas.as_mut().expect("CAS").proxy = true;
        service.cas.as_mut().expect("CAS").proxy_callbacks = vec![callback.url()];
        service
    });
    granted(hub, &hub.app("literal"), &callback).await;
}

/// What the journal says of Alice and a service.
async fn said_of(hub: &TestHub, service: &str) -> Vec<String> {
    hub.hub.store.flush_audit().await.expect("the journal is kept");
    let events = hub.hub.store.audit_about(&ALICE.person().id, preau_domain::Instant(0), 1000).await;
    let events = events.expect("the journal is read").into_iter();
    events.filter(|e| e.service.as_ref().is_some_and(|s| s.as_str() == service)).map(|e| e.detail).collect()
}

/// A callback of the service that refuses, talks nonsense, keeps silent or is not there (section 2.5.4): the person comes,
/// no granting ticket exists, and the answer takes less than five seconds.
async fn a_callback_that_is_out_of_order_costs_the_granting_ticket_and_not_the_sign_on(world: World) {
    let hub = &world.hub;
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|s| s.local_addr()).expect("a port").port();
    let mut addresses = vec![(format!("https://127.0.0.1:{nobody}/"), "proxy-callback-unreachable")];
    let callbacks = [
        (Manner::Answer("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"), "proxy-callback-status"),
        (Manner::Answer("HTTP/1.1 204 No Content\r\n\r\n"), "proxy-callback-status"),
        (Manner::Answer("nonsense\r\n\r\n"), "proxy-callback-unreachable"),
        (Manner::Mute, "proxy-callback-unreachable"),
    ]
    .map(|(manner, word)| (world.callback(manner), word));
    addresses.extend(callbacks.iter().map(|(callback, word)| (callback.url(), *word)));
    for (n, (url, word)) in addresses.iter().enumerate() {
        let app = world.mount(&format!("bad-{n}"), url, |_| {});
        let ticket = ticket_of(hub, &app).await;
        let began = Instant::now();
        let answer = ask_grant(&app, &ticket, &format!("{url}pgt?app=1")).await;
        assert!(began.elapsed() < Duration::from_secs(5), "{n}: {:?}", began.elapsed());
        assert_eq!(texts(&answer.body, "user"), [ALICE.login], "{n}: {}", answer.body);
        assert!(!answer.body.contains("PGT"), "{n}: {}", answer.body);
        assert!(said_of(hub, &format!("bad-{n}")).await.contains(&format!("user {word}")), "{n}");
        assert_eq!(app.validate_at("proxyValidate", &ticket, &[]).await.code(), Some("INVALID_TICKET"), "burnt");
    }
    // What a callback was sent before it failed is worth nothing.
    let (_, pgt) = callbacks[0].0.granted();
    let attack = hub.under_attack();
    let answer = proxy(&hub.app("bad-1"), &pgt, &hub.app("other").service).await;
    assert!(answer.body.contains("INVALID_TICKET"), "{}", answer.body);
    attack.repelled(&answer).await;
    let good = world.callback(OK);
    granted(hub, &world.proxy_at("good", &good), &good).await;
}

/// A certificate nobody signed, and a redirect (CAS-22): somebody may stand in between, so the answer is a refusal, no
/// granting ticket is named, and none is sent elsewhere.
async fn a_callback_with_a_false_certificate_or_that_points_elsewhere_is_refused(world: World) {
    let (canary, hub) = (world.callback(OK), &world.hub);
    let moved: &'static str = Box::leak(
        format!("HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", canary.pgt_url()).into_boxed_str(),
    );
    let (impostor, moving) = (world.impostor(), world.callback(Manner::Answer(moved)));
    for (id, callback) in [("impostor", &impostor), ("moving", &moving)] {
        refused(hub, &world.proxy_at(id, callback), &callback.pgt_url(), "INVALID_PROXY_CALLBACK").await;
    }
    assert!(impostor.heard_nothing(), "nothing is sent to whoever shows a false certificate");
    assert!(canary.heard_nothing(), "a redirect is not followed");
    let good = world.callback(OK);
    granted(hub, &world.proxy_at("good", &good), &good).await;
}

/// A body of a gigabyte (CAS-22): the status is all that is read of it.
async fn a_body_without_end_is_not_read(world: World) {
    let (callback, hub) = (world.callback(Manner::Endless), &world.hub);
    let app = world.proxy_at("endless", &callback);
    let began = Instant::now();
    granted(hub, &app, &callback).await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

/// A service without the right to proxy (CAS-23), with a callback that is its own.
async fn a_service_that_may_not_proxy_is_refused(world: World) {
    let (callback, hub) = (world.callback(OK), &world.hub);
    let app = world.mount("plain", &callback.url(), |service| service.cas.as_mut().expect("CAS").proxy = false);
    refused(hub, &app, &callback.pgt_url(), "UNAUTHORIZED_SERVICE_PROXY").await;
    assert!(callback.heard_nothing());
    granted(hub, &world.proxy_at("plain", &callback), &callback).await;
}

/// A granting ticket after the person signed out (CAS-24), and the proxy tickets made from it.
async fn a_granting_ticket_dies_with_the_session(world: World) {
    let (callback, hub) = (world.callback(OK), &world.hub);
    let (webmail, mail) = (world.proxy_at("webmail", &callback), hub.app("other"));
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&webmail).await.ticket();
    ask_grant(&webmail, &ticket, &callback.pgt_url()).await;
    let (_, pgt) = callback.granted();
    let unused = proxy_ticket(&proxy(&webmail, &pgt, &mail.service).await);
    browser.get("/cas/logout").await;
    let attack = hub.under_attack();
    let answer = proxy(&webmail, &pgt, &mail.service).await;
    assert!(answer.body.contains("proxyFailure code=\"INVALID_TICKET\""), "{}", answer.body);
    attack.repelled(&answer).await;
    assert_eq!(mail.validate_at("proxyValidate", &unused, &[]).await.code(), Some("INVALID_TICKET"));
}

/// Policy is asked again for the person and the target.
async fn a_proxy_opens_only_what_policy_opens(world: World) {
    let (callback, hub) = (world.callback(OK), &world.hub);
    let (webmail, teachers) = (world.proxy_at("webmail", &callback), hub.app("other"));
    let ticket = hub.browser().sign_in(&NOE).to(&webmail).await.ticket();
    ask_grant(&webmail, &ticket, &callback.pgt_url()).await;
    let (_, pgt) = callback.granted();
    let attack = hub.under_attack();
    let answer = proxy(&webmail, &pgt, &teachers.service).await;
    assert!(answer.body.contains("proxyFailure code=\"UNAUTHORIZED_SERVICE\""), "{}", answer.body);
    attack.repelled(&answer).await;
    proxy_ticket(&proxy(&webmail, &pgt, &hub.app("app").service).await);
}

async fn a_right_to_proxy_that_was_taken_away_counts_at_once(world: World) {
    let (callback, hub) = (world.callback(OK), &world.hub);
    let (webmail, mail) = (world.proxy_at("webmail", &callback), hub.app("other"));
    let pgt = granted(hub, &webmail, &callback).await;
    proxy_ticket(&proxy(&webmail, &pgt, &mail.service).await);
    world.mount("webmail", &callback.url(), |service| service.cas.as_mut().expect("CAS").proxy = false);
    let attack = hub.under_attack();
    let answer = proxy(&webmail, &pgt, &mail.service).await;
    assert!(answer.body.contains("UNAUTHORIZED_SERVICE"), "{}", answer.body);
    attack.repelled(&answer).await;
}

async fn proxy_asks_for_both_parameters_and_a_registered_service(world: World) {
    let (callback, hub) = (world.callback(OK), &world.hub);
    let (webmail, mail) = (world.proxy_at("webmail", &callback), hub.app("other"));
    let pgt = granted(hub, &webmail, &callback).await;
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("pgt", &pgt)], "INVALID_REQUEST"),
        (&[("targetService", &mail.service)], "INVALID_REQUEST"),
        (&[("pgt", &pgt), ("pgt", &pgt), ("targetService", &mail.service)], "INVALID_REQUEST"),
        (&[("pgt", &pgt), ("targetService", &mail.service), ("format", "YAML")], "INVALID_REQUEST"),
        (&[("pgt", &pgt), ("targetService", "https://evil.test/")], "UNAUTHORIZED_SERVICE"),
        (&[("pgt", &pgt), ("targetService", "imap://mail.example/")], "UNAUTHORIZED_SERVICE"),
    ];
    for (parameters, code) in cases {
        let attack = hub.under_attack();
        let answer = webmail.ask("proxy", parameters).await;
        assert!(answer.body.contains(&format!("proxyFailure code=\"{code}\"")), "{}", answer.body);
        attack.repelled(&answer).await;
    }
    proxy_ticket(&proxy(&webmail, &pgt, &mail.service).await);
}

/// The race of CAS-14, for a proxy ticket.
async fn among_fifty_validations_of_a_proxy_ticket_one_succeeds(world: World) {
    let (callback, hub) = (world.callback(OK), &world.hub);
    let (webmail, mail) = (world.proxy_at("webmail", &callback), hub.app("other"));
    let pgt = granted(hub, &webmail, &callback).await;
    let ticket = proxy_ticket(&proxy(&webmail, &pgt, &mail.service).await);
    let answers = join_all((0..50).map(|_| mail.validate_at("proxyValidate", &ticket, &[]))).await;
    assert_eq!(answers.iter().filter(|a| a.user() == Some(ALICE.login)).count(), 1);
}
