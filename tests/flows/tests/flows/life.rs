//! The life of an account as services see it: by which name they know somebody who left and came back, moved, or came too late.

use preau_domain::{AccountState, Affiliation, Instant, Person, PersonId, Profile, Retention, Seconds};
use preau_flows::{NOE, OidcRp, SamlSp, TestHub, saml_service, stories};

stories!(
    whoever_comes_back_is_who_they_were_to_every_service,
    whoever_comes_back_too_late_is_somebody_else,
    a_pupil_who_moves_is_who_they_were,
    the_first_sign_in_makes_an_account_active,
);

/// By which name a service of each protocol knows Noé.
async fn known_as(hub: &TestHub, rp: &OidcRp, sp: &SamlSp) -> (String, String) {
    let mut browser = hub.browser();
    let code = browser.sign_in(&NOE).through(&rp.url()).await.answer.code();
    let claims = rp.claims(rp.redeem(&code).await.text("id_token")).await;
    let told = sp.told(&browser.get(&sp.url()).await).await;
    (claims["sub"].as_str().expect("a name").to_owned(), told.name().value.clone())
}

fn services(hub: &TestHub) -> (OidcRp, SamlSp) {
    (hub.rp("rp"), hub.sp_of(saml_service("sp"), |_| {}))
}

/// A reading of the annuaire names Noé, under whatever name it would give a new account.
fn named() -> Person {
    Person { id: PersonId::new("pproposed0000000"), state: AccountState::PreCreated, ..NOE.person() }
}

/// Two readings do not, and so many days go by.
async fn gone_for(hub: &TestHub, days: i64) {
    let (store, join, now) = (&hub.hub.store, NOE.person().join.expect("a record"), hub.hub.now());
    store.suspend_people(None, &join.source, &[join.key]).await.expect("suspended");
    let retention = Retention::days(45, 85);
    let pass = async |at: Instant| drop(store.let_time_pass(at, retention, 100).await.expect("it passes"));
    pass(now).await;
    pass(now + Seconds(days * 86_400)).await;
}

async fn whoever_comes_back_is_who_they_were_to_every_service(hub: TestHub) {
    let (rp, sp) = services(&hub);
    let before = known_as(&hub, &rp, &sp).await;
    // Pre-deleted by then: nothing is known of them but the record.
    gone_for(&hub, 84).await;
    let mut browser = hub.browser();
    let page = browser.password_page(&rp.url(), &NOE).await;
    let refused = browser.try_password(&page, NOE.login, NOE.password).await;
    assert!(
        refused.status == 422 && refused.words().contains("votre compte est peut-être suspendu"),
        "{}",
        refused.words()
    );
    hub.clock.advance(60);
    hub.put(named()).await;
    assert_eq!(known_as(&hub, &rp, &sp).await, before);
}

async fn whoever_comes_back_too_late_is_somebody_else(hub: TestHub) {
    let (rp, sp) = services(&hub);
    let before = known_as(&hub, &rp, &sp).await;
    gone_for(&hub, 85).await;
    hub.put(named()).await;
    let after = known_as(&hub, &rp, &sp).await;
    assert!(before.0 != after.0 && before.1 != after.1, "{before:?} {after:?}");
    assert_eq!(known_as(&hub, &rp, &sp).await, after, "control");
}

async fn a_pupil_who_moves_is_who_they_were(hub: TestHub) {
    let (rp, sp) = services(&hub);
    let before = known_as(&hub, &rp, &sp).await;
    let elsewhere = "0990002P".parse().expect("a school");
    hub.put(Person { affiliations: vec![Affiliation::new(elsewhere, Profile::Pupil)], ..named() }).await;
    assert_eq!(known_as(&hub, &rp, &sp).await, before);
}

async fn the_first_sign_in_makes_an_account_active(hub: TestHub) {
    gone_for(&hub, 85).await;
    hub.put(named()).await;
    let state = async || hub.hub.store.life(&named().id).await.expect("read").map(|life| life.state);
    assert_eq!(state().await, Some(AccountState::PreCreated));
    hub.browser().sign_in(&NOE).at_home().await;
    assert_eq!(state().await, Some(AccountState::Active));
}
