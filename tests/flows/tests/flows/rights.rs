//! Access is decided again at every door, inside a live session as well; and what a person is depends on where.

use preau_domain::{AccountState, Profile, SourceId};
use preau_flows::{ALICE, ANNUAIRE, COLLEGE, LYCEE, NOE, TestHub, app_service, stories, uai};

stories!(
    rights_taken_away_close_the_next_door,
    a_service_taken_away_closes_at_once,
    an_account_suspended_ends_its_session,
    a_ticket_in_flight_is_worth_nothing_after_suspension,
    a_service_hears_of_the_establishment_one_works_in,
    a_switch_to_somebody_elses_establishment_is_refused,
    nobody_else_switches_my_establishment,
    a_person_without_establishment_sees_no_tile,
);

async fn rights_taken_away_close_the_next_door(hub: TestHub) {
    let (other, mut browser) = (hub.app("other"), hub.browser());
    let ticket = browser.sign_in(&ALICE).to(&other).await.ticket();
    assert_eq!(other.validate(&ticket).await.user(), Some(ALICE.login), "a teacher opens it");
    let in_flight = browser.open(&other).await.ticket();
    let mut changed = ALICE.person();
    changed.affiliations.iter_mut().for_each(|one| one.profile = Profile::SchoolLife);
    hub.put(changed).await;
    hub.clock.advance(4);
    let refused = browser.open(&other).await;
    assert_eq!((refused.answer.status.as_u16(), refused.some_ticket()), (403, None));
    assert_eq!(other.validate(&in_flight).await.user(), None, "nor for a ticket made before");
    assert!(!browser.visit("/").await.has_link("Notes"), "nor on the home page");
    assert!(browser.open(&hub.app("app")).await.some_ticket().is_some(), "other doors stay open");
}

async fn a_service_taken_away_closes_at_once(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let in_flight = browser.sign_in(&NOE).to(&app).await.ticket();
    hub.mount(app_service("app", "Cahier de textes", "https://app.example/cas/", &[Profile::Head]));
    let answer = browser.open(&app).await;
    assert_eq!((answer.answer.status.as_u16(), answer.some_ticket()), (403, None));
    assert_eq!(app.validate(&in_flight).await.user(), None);
}

async fn an_account_suspended_ends_its_session(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&NOE).to(&app).await.ticket();
    let source = SourceId::new(ANNUAIRE);
    assert_eq!(hub.hub.store.suspend_people(None, &source, &[NOE.key()]).await.expect("suspended"), 1);
    hub.clock.advance(4);
    assert!(browser.open(&app).await.some_ticket().is_none());
    let page = browser.visit("/").await;
    assert!(page.forms().iter().any(|form| form.value("public").is_some()), "asked who they are: {}", page.words());
    let again = browser.sign_in(&NOE).at_home().await.answer;
    assert_eq!(again.status, 422, "and not let in again: {}", again.words());
}

async fn a_ticket_in_flight_is_worth_nothing_after_suspension(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let ticket = browser.sign_in(&NOE).to(&app).await.ticket();
    let mut suspended = NOE.person();
    suspended.state = AccountState::Suspended;
    hub.put(suspended).await;
    hub.clock.advance(4);
    assert_eq!(app.validate(&ticket).await.user(), None);
    let control = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    assert_eq!(app.validate(&control).await.user(), Some(ALICE.login));
}

async fn a_service_hears_of_the_establishment_one_works_in(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let ticket = browser.sign_in(&ALICE).to(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.attribute("ENTPersonStructRattach"), [uai(COLLEGE).as_str()]);
    let home = browser.visit("/").await;
    let moved = browser.submit(&home.form_with("uai"), &[("uai", uai(LYCEE).as_str())]).await;
    assert_eq!((moved.status.as_u16(), moved.url.as_str()), (200, "/"));
    let ticket = browser.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.attribute("ENTPersonStructRattach"), [uai(LYCEE).as_str()]);
    let mut elsewhere = hub.browser();
    let ticket = elsewhere.sign_in(&ALICE).to(&app).await.ticket();
    let other = app.validate(&ticket).await;
    assert_eq!(other.attribute("ENTPersonStructRattach"), [uai(COLLEGE).as_str()], "another session stays where it is");
}

async fn a_switch_to_somebody_elses_establishment_is_refused(hub: TestHub) {
    let mut browser = hub.browser();
    let form = browser.sign_in(&ALICE).at_home().await.answer.form_with("uai");
    for stranger in [uai(990_003).to_string(), "0990002A".to_owned(), "x".repeat(200)] {
        let watch = hub.under_attack();
        let answer = browser.submit_once(&form, &[("uai", &stranger)]).await;
        assert_eq!(answer.status, 400, "{stranger}");
        watch.repelled(&answer).await;
    }
    let control = browser.submit(&form, &[("uai", uai(LYCEE).as_str())]).await;
    assert_eq!(control.status, 200);
}

async fn nobody_else_switches_my_establishment(hub: TestHub) {
    let (mut alice, mut colleague) = (hub.browser(), hub.browser());
    let mine = alice.sign_in(&ALICE).at_home().await.answer.form_with("uai");
    let theirs = colleague.sign_in(&ALICE).at_home().await.answer.form_with("uai");
    let watch = hub.under_attack();
    let answer = alice.submit_once(&theirs, &[("uai", uai(LYCEE).as_str())]).await;
    assert_eq!(answer.status, 403, "a form of another session");
    watch.repelled(&answer).await;
    let answer = alice.submit_once(&mine, &[("uai", uai(LYCEE).as_str())]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, Some("/")));
}

async fn a_person_without_establishment_sees_no_tile(hub: TestHub) {
    let mut alone = ALICE.person();
    alone.affiliations.clear();
    hub.put(alone).await;
    let mut browser = hub.browser();
    let home = browser.sign_in(&ALICE).at_home().await.answer;
    assert!(home.words().contains("rattaché à aucun établissement"), "{}", home.words());
    assert!(!home.has_link("Cahier de textes"));
    assert_eq!(browser.open(&hub.app("app")).await.answer.status, 403);
}
