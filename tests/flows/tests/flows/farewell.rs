//! The end of a session, however it comes, is told to the services it reached; and no service can make the others wait.

use preau_domain::AccountState;
use preau_flows::{ALICE, Listener, NOE, TestHub, stories};

stories!(
    a_stopped_person_is_signed_out_of_services,
    a_session_that_expires_is_told,
    a_flood_of_tickets_delays_nobody_else,
    signing_out_is_in_the_journal_under_its_number,
);

async fn a_stopped_person_is_signed_out_of_services(hub: TestHub) {
    let mut listener = Listener::start().await;
    let service = hub.mount_at("one", &listener);
    let (mut browser, mut other) = (hub.browser(), hub.browser());
    let ticket = browser.sign_in(&ALICE).to(&service).await.ticket();
    other.sign_in(&NOE).to(&service).await.ticket();
    let mut stopped = ALICE.person();
    stopped.state = AccountState::Suspended;
    hub.put(stopped).await;
    assert_eq!(hub.hub.end_expired_sessions(10).await.expect("the store answers"), 1, "hers, and not the other's");
    assert!(listener.next().await.field("logoutRequest").contains(&ticket));
    assert!(listener.heard_nothing());
}

async fn a_session_that_expires_is_told(hub: TestHub) {
    let mut listener = Listener::start().await;
    let service = hub.mount_at("one", &listener);
    let ticket = hub.browser().sign_in(&ALICE).to(&service).await.ticket();
    assert_eq!(hub.hub.end_expired_sessions(10).await.expect("the store answers"), 0, "it still lives");
    hub.clock.advance(hub.hub.config.session.absolute_seconds);
    assert_eq!(hub.hub.end_expired_sessions(10).await.expect("the store answers"), 1);
    assert!(listener.next().await.field("logoutRequest").contains(&ticket));
}

async fn a_flood_of_tickets_delays_nobody_else(hub: TestHub) {
    let (silent, mut good) = (Listener::mute().await, Listener::start().await);
    let (hanging, service) = (hub.mount_at("hanging", &silent), hub.mount_at("good", &good));
    let mut flood = hub.browser();
    flood.sign_in(&NOE).to(&hanging).await.ticket();
    for _ in 0..200 {
        flood.open(&hanging).await.ticket();
    }
    flood.sign_out().await;
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&service).await.ticket();
    let began = std::time::Instant::now();
    browser.sign_out().await;
    assert!(good.next().await.field("logoutRequest").contains(&ticket));
    assert!(began.elapsed().as_secs() < 2, "{:?}", began.elapsed());
}

async fn signing_out_is_in_the_journal_under_its_number(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&ALICE).to(&app).await.ticket();
    let goodbye = browser.sign_out().await;
    let journal = hub.journal(goodbye.incident()).await;
    let [event] = &journal[..] else { panic!("{journal:?}") };
    assert_eq!(event.kind.as_str(), "signed-out");
    assert_eq!(event.person, Some(ALICE.person_id()));
}
