//! A flood of sign-in pages takes the place of sign-ins that people are typing into: their forms make up for it, once.

use futures::future::join;
use preau_flows::{ALICE, Answer, NOE, TestHub, stories};

stories!(
    whoever_types_a_first_password_gets_in,
    what_was_asked_is_not_forgotten,
    a_form_carries_its_own_sign_in_alone,
    a_form_is_used_once_in_a_flood_too,
);

/// More sign-ins, later than those there are, than there is room for.
async fn flood(hub: &TestHub) {
    hub.clock.advance(1);
    for _ in 0..32 {
        hub.browser().get(&hub.app("app").login_url()).await;
    }
}

fn carried(page: &Answer) -> String {
    page.form_with("password").value("sign_in").expect("the form carries its sign-in").to_owned()
}

async fn whoever_types_a_first_password_gets_in(hub: TestHub) {
    let hub = hub.again_with_room_for(16).await;
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let page = browser.password_page(&app.login_url(), &ALICE).await;
    flood(&hub).await;
    assert_eq!(browser.clone().get(&page.url).await.status, 400, "its place is taken");
    let page = browser.try_password(&page, ALICE.login, "not-this-one").await;
    assert_eq!(page.status, 422, "it goes on: {}", page.words());
    flood(&hub).await;
    hub.clock.advance(hub.hub.config.session.sign_in_seconds + 1);
    let entered = browser.try_password(&page, ALICE.login, ALICE.password).await;
    let ticket = entered.location().and_then(|to| to.split_once("ticket=")).map(|(_, ticket)| ticket.to_owned());
    assert_eq!(app.validate(&ticket.expect("a ticket")).await.user(), Some(ALICE.login));
}

async fn what_was_asked_is_not_forgotten(hub: TestHub) {
    let hub = hub.again_with_room_for(16).await;
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&ALICE).at_home().await;
    hub.clock.advance(1);
    let waiting = browser.visit(&app.login_with(&[("renew", "true")])).await;
    let page = browser.choose(&waiting, &ALICE).await;
    flood(&hub).await;
    let entered = browser.try_password(&page, ALICE.login, ALICE.password).await;
    let ticket = entered.location().and_then(|to| to.split_once("ticket=")).map(|(_, ticket)| ticket.to_owned());
    let validated = app.validate_at("p3/serviceValidate", &ticket.expect("a ticket"), &[("renew", "true")]).await;
    assert_eq!(validated.user(), Some(ALICE.login), "the password was asked again and given");
}

async fn a_form_carries_its_own_sign_in_alone(hub: TestHub) {
    let hub = hub.again_with_room_for(16).await;
    let (mut mine, mut theirs) = (hub.browser(), hub.browser());
    let (page, second) = (mine.password_page("/", &ALICE).await, mine.password_page("/", &ALICE).await);
    let other = theirs.password_page("/", &ALICE).await;
    flood(&hub).await;
    let (typed, form) = ([("login", ALICE.login), ("password", ALICE.password)], page.form_with("password"));
    let mangled = carried(&page).replace(['a', 'b'], "c");
    for bad in [carried(&other), carried(&second), mangled, String::new(), "1".repeat(12_000)] {
        let (watch, asked) = (hub.under_attack(), hub.directory.asked());
        let answer = mine.submit_once(&form, &[("sign_in", &bad), typed[0], typed[1]]).await;
        assert_eq!((answer.status.as_u16(), hub.directory.asked(), mine.signed_in()), (400, asked, false));
        watch.ignored(&answer).await;
    }
    let mut thief = hub.browser();
    thief.password_page("/", &NOE).await;
    let watch = hub.under_attack();
    let answer = thief.submit_once(&form, &typed).await;
    assert_eq!((answer.status.as_u16(), thief.signed_in()), (400, false), "the whole form, in another browser");
    watch.ignored(&answer).await;
    assert_eq!(mine.clone().submit_once(&form, &typed).await.status, 303, "the control");
    hub.clock.advance(hub.hub.config.session.sign_in_seconds);
    let late = mine.submit_once(&second.form_with("password"), &typed).await;
    assert_eq!((late.status.as_u16(), mine.signed_in()), (400, false), "its time is over");
}

async fn a_form_is_used_once_in_a_flood_too(hub: TestHub) {
    let hub = hub.again_with_room_for(16).await;
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    flood(&hub).await;
    let (mut one, mut two) = (browser.clone(), browser.clone());
    hub.directory.hold();
    let clicks = join(
        one.try_password(&page, ALICE.login, ALICE.password),
        two.try_password(&page, ALICE.login, ALICE.password),
    );
    let ((first, second), ()) = futures::join!(clicks, async {
        hub.directory.waiting(1).await;
        hub.directory.release();
    });
    let entered = [&first, &second].iter().filter(|answer| answer.status == 303).count();
    assert_eq!(entered, 1, "{} and {}", first.status, second.status);
    flood(&hub).await;
    let (watch, asked) = (hub.under_attack(), hub.directory.asked());
    let again = browser.try_password(&page, ALICE.login, ALICE.password).await;
    assert_eq!((again.status.as_u16(), hub.directory.asked(), browser.signed_in()), (400, asked, false));
    watch.ignored(&again).await;
}
