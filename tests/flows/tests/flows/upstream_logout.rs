//! The end of a session at the provider that opened it: what it tells us (RP-07), and the way out we offer.

use crate::upstream::{Change, come_in, leave, without};
use http::Method;
use preau_flows::{ALICE, Answer, HUGO, Listener, NOE, Provider, TestHub, stories};
use serde_json::{Value, json};

stories!(
    a_session_that_ends_there_ends_here_and_services_hear_of_it,
    a_notice_names_a_session_or_a_person,
    a_logout_token_with_one_wrong_thing_ends_nothing,
    who_signs_out_is_offered_the_way_out_there,
    the_way_out_there_stands_beside_the_frames,
);

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Claims of a logout token that is right in every way.
fn sound(hub: &TestHub, provider: &Provider, id: &str) -> Value {
    let now = hub.hub.now().seconds();
    json!({
        "iss": provider.issuer(), "aud": "preau", "iat": now, "exp": now + 120, "jti": id, "sub": "agent-7",
        "sid": "there-1", "events": { EVENT: {} },
    })
}

async fn tell(hub: &TestHub, token: &str) -> Answer {
    let body = format!("logout_token={token}");
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    hub.browser().send(Method::POST, "/upstream/guichet/backchannel-logout", &headers, Some(body.as_bytes())).await
}

async fn a_session_that_ends_there_ends_here_and_services_hear_of_it(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let mut listener = Listener::start().await;
    let app = hub.mount_at("heard", &listener);
    let mut browser = hub.browser();
    come_in(&hub, &provider, &mut browser, |_| {}).await;
    let ticket = browser.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
    let token = provider.sign("k1", "logout+jwt", &sound(&hub, &provider, "n1"));
    let answer = tell(&hub, &token).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    assert!(listener.next().await.field("logoutRequest").contains(&ticket), "the service is told");
    assert!(browser.get("/").await.location().is_some_and(|to| to.starts_with("/sign-in/")), "the session is over");
    assert_eq!(tell(&hub, &token).await.status, 400, "a notice is heard once");
    let again = provider.sign("k1", "JWT", &sound(&hub, &provider, "n2"));
    assert_eq!(tell(&hub, &again).await.status, 200, "a notice for sessions that are over is no fault");
}

async fn a_notice_names_a_session_or_a_person(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let (mut first, mut second, mut other) = (hub.browser(), hub.browser(), hub.browser());
    come_in(&hub, &provider, &mut first, |_| {}).await;
    come_in(&hub, &provider, &mut second, |claims| claims["sid"] = json!("there-2")).await;
    come_in(&hub, &provider, &mut other, |claims| {
        claims["sub"] = json!("agent-8");
        claims["sid"] = json!("there-3");
        claims["record"] = json!(HUGO.key());
    })
    .await;
    let mut of_session = sound(&hub, &provider, "s");
    without(&mut of_session, "sub");
    assert_eq!(tell(&hub, &provider.sign("k1", "logout+jwt", &of_session)).await.status, 200);
    hub.clock.advance(4);
    assert!(first.get("/").await.location().is_some() && second.get("/").await.location().is_none());
    let mut of_person = sound(&hub, &provider, "p");
    without(&mut of_person, "sid");
    assert_eq!(tell(&hub, &provider.sign("k1", "logout+jwt", &of_person)).await.status, 200);
    hub.clock.advance(4);
    assert!(second.get("/").await.location().is_some(), "every session of the person");
    assert!(other.get("/").await.location().is_none(), "and nobody else's");
}

const LIES: &[(&str, Change)] = &[
    ("iss", |c| c["iss"] = json!("https://evil.test")),
    ("aud", |c| c["aud"] = json!("other")),
    ("old", |c| c["iat"] = json!(c["iat"].as_i64().unwrap_or_default() - 3600)),
    ("exp", |c| c["exp"] = json!(c["iat"].as_i64().unwrap_or_default() - 61)),
    ("no iat", |c| without(c, "iat")),
    ("no events", |c| without(c, "events")),
    ("another event", |c| c["events"] = json!({ "http://evil.test/event": {} })),
    ("an event that is no object", |c| c["events"] = json!({ EVENT: true })),
    ("nonce", |c| c["nonce"] = json!("n")),
    ("null nonce", |c| c["nonce"] = Value::Null),
    ("no jti", |c| without(c, "jti")),
    ("nobody", |c| {
        without(c, "sub");
        without(c, "sid");
    }),
];

/// RP-07, one thing at a time.
async fn a_logout_token_with_one_wrong_thing_ends_nothing(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let mut browser = hub.browser();
    come_in(&hub, &provider, &mut browser, |_| {}).await;
    for (index, (what, lie)) in LIES.iter().enumerate() {
        let mut claims = sound(&hub, &provider, &format!("lie-{index}"));
        lie(&mut claims);
        let attack = hub.under_attack();
        let answer = tell(&hub, &provider.sign("k1", "logout+jwt", &claims)).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (400, "{\"error\":\"invalid_request\"}"), "{what}");
        attack.repelled(&answer).await;
    }
    let right = provider.sign("k1", "logout+jwt", &sound(&hub, &provider, "right"));
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", right.split('.').nth(1).unwrap_or_default());
    let trip = leave(&hub, &mut hub.browser()).await;
    let id_token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    let foreign = provider.sign("k3", "logout+jwt", &sound(&hub, &provider, "foreign"));
    for token in [&unsigned, &id_token, &foreign, &String::new(), &"a".repeat(40_000)] {
        assert!(tell(&hub, token).await.status.is_client_error());
    }
    assert!(browser.get("/").await.location().is_none(), "the session lives");
    assert_eq!(tell(&hub, &right).await.status, 200, "control");
    hub.clock.advance(4);
    assert!(browser.get("/").await.location().is_some());
}

async fn who_signs_out_is_offered_the_way_out_there(hub: TestHub) {
    let provider = Provider::start().await;
    for (more, offered) in [("logout = true", true), ("logout = false", false)] {
        let hub = provider.serves_staff(&hub, more).await;
        let mut browser = hub.browser();
        come_in(&hub, &provider, &mut browser, |_| {}).await;
        let goodbye = browser.sign_out().await;
        let way = goodbye.link("Se déconnecter aussi : Guichet de l’académie");
        assert_eq!(way.is_some(), offered, "{}", goodbye.words());
        let Some(way) = way else { continue };
        assert!(way.starts_with(&format!("{}/end?", provider.issuer())), "{way}");
        for asked in ["id_token_hint=ey", "client_id=preau", "post_logout_redirect_uri=https%3A%2F%2Fent.example%2F"] {
            assert!(way.contains(asked), "{asked} in {way}");
        }
        assert!(!browser.signed_in() && browser.get("/").await.location().is_some(), "it is over here in any case");
    }
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    assert!(!browser.sign_out().await.has_link("Se déconnecter aussi"), "control: who signed in here");
}

/// The page of the frames leads on by itself where there is nothing to choose.
async fn the_way_out_there_stands_beside_the_frames(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "logout = true").await;
    let rp = hub.rp_with("rp", |oidc| oidc.frontchannel_logout_uri = Some("https://rp.example/front".into()));
    let mut browser = hub.browser();
    come_in(&hub, &provider, &mut browser, |_| {}).await;
    browser.visit(&rp.url()).await.code();
    let goodbye = browser.sign_out().await;
    assert!(
        goodbye.has_link("Se déconnecter aussi") && goodbye.body.contains("<iframe src=\"https://rp.example/front?")
    );
    assert!(!goodbye.body.contains("data-leave"), "nothing leads on before the person chose");
    assert!(goodbye.words().contains("ne dit pas s’il a fermé la sienne"), "{}", goodbye.words());
    let mut browser = hub.browser();
    browser.sign_in(&NOE).through(&rp.url()).await.answer.code();
    let goodbye = browser.sign_out().await;
    assert!(
        goodbye.body.contains("<iframe") && !goodbye.has_link("Se déconnecter aussi"),
        "control: who signed in here"
    );
}
