//! A flood of sign-in pages fills nothing, and takes nothing from people who are signing in: their browser carries the sign-in, once.

use crate::upstream;
use futures::future::join;
use preau_domain::PendingId;
use preau_flows::{ALICE, Answer, Browser, HUGO, NOE, Provider, TestHub, stories};

stories!(
    whoever_says_who_they_are_gets_in,
    whoever_went_to_another_provider_comes_back,
    whoever_has_several_accounts_there_chooses_one,
    what_is_too_long_for_a_cookie_is_stored_all_the_same,
    whoever_types_a_first_password_gets_in,
    what_was_asked_is_not_forgotten,
    a_form_carries_its_own_sign_in_alone,
    a_form_is_used_once_in_a_flood_too,
    looking_at_a_sign_in_page_stores_nothing,
    each_tab_keeps_its_own_sign_in,
);

/// More sign-ins, later than those there are, than there is room for.
async fn flood(hub: &TestHub) {
    hub.clock.advance(1);
    for _ in 0..32 {
        hub.browser().get(&hub.app("app").login_url()).await;
    }
}

/// The cookie that holds a copy of the latest sign-in.
const COPY: &str = "__Secure-preau-sign-in";

/// The same browser, without its copy of the latest sign-in.
fn without_a_copy(browser: &Browser) -> Browser {
    let mut browser = browser.clone();
    browser.forget(COPY);
    browser
}

async fn whoever_says_who_they_are_gets_in(hub: TestHub) {
    let hub = hub.again_with_room_for(16).await;
    let (app, mut browser, mut thief) = (hub.app("app"), hub.browser(), hub.browser());
    let asked = browser.visit(&app.login_url()).await;
    thief.visit(&app.login_url()).await;
    flood(&hub).await;
    assert_eq!(without_a_copy(&browser).get(&asked.url).await.status, 400, "its place is taken");
    for copy in [browser.cookie(COPY), Some("x"), thief.cookie(COPY)] {
        let (watch, mut thief) = (hub.under_attack(), thief.clone());
        thief.plant(COPY, copy.expect("each has a copy"));
        let answer = thief.get(&asked.url).await;
        assert_eq!(answer.status, 400, "the sign-in of another browser");
        watch.ignored(&answer).await;
    }
    let page = browser.choose(&asked, &ALICE).await;
    flood(&hub).await;
    let kept = browser.clone();
    let entered = browser.try_password(&page, ALICE.login, ALICE.password).await;
    assert!(entered.location().is_some_and(|to| to.contains("ticket=")), "{}", entered.words());
    assert_eq!((browser.cookie(COPY), kept.clone().get(&asked.url).await.status.as_u16()), (None, 400), "it ended");
}

/// More rounds and sign-ins than there is room for, while somebody is at the provider.
async fn whoever_went_to_another_provider_comes_back(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await.again_with_room_for(16).await;
    let mut browser = hub.browser();
    let trip = upstream::leave(&hub, &mut browser).await;
    hub.clock.advance(1);
    for _ in 0..32 {
        upstream::leave(&hub, &mut hub.browser()).await;
    }
    let swept = hub.hub.store.sweep(hub.hub.now(), hub.hub.now(), 1_000).await.expect("a sweep");
    assert_eq!(swept.kept, 0, "nothing is kept of rounds");
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    let (mut gone, mut kept) = (without_a_copy(&browser), browser.clone());
    assert_eq!(upstream::come_back(&provider, &mut gone, &trip, &token).await.status, 400, "its place is taken");
    let entered = upstream::come_back(&provider, &mut browser, &trip, &token).await;
    assert_eq!((entered.location(), browser.signed_in()), (Some("/"), true), "{}", entered.words());
    assert_eq!(upstream::come_back(&provider, &mut kept, &trip, &token).await.status, 400, "once");
}

async fn whoever_has_several_accounts_there_chooses_one(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await.again_with_room_for(16).await;
    let mut browser = hub.browser();
    let trip = upstream::leave(&hub, &mut browser).await;
    flood(&hub).await;
    let mut claims = provider.claims(&hub, &trip);
    claims["record"] = serde_json::json!([ALICE.key(), HUGO.key()]);
    let token = provider.sign("k1", "JWT", &claims);
    let chooser = upstream::come_back(&provider, &mut browser, &trip, &token).await;
    let page = browser.visit(chooser.location().expect("the choice")).await;
    flood(&hub).await;
    let chosen = browser.submit(&page.form_with("account"), &[("account", "1")]).await;
    assert!(chosen.words().contains("Hugo Lambert"), "{}", chosen.words());
}

async fn what_is_too_long_for_a_cookie_is_stored_all_the_same(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let long = format!("{}%3Fa%3D{}", app.login_url(), "b".repeat(3_500));
    let page = browser.visit(&long).await;
    assert_eq!(browser.cookie(COPY), None, "browsers keep four thousand bytes");
    let page = browser.choose(&page, &ALICE).await;
    let entered = browser.try_password(&page, ALICE.login, ALICE.password).await;
    assert!(entered.location().is_some_and(|to| to.contains("ticket=")), "{}", entered.words());
}

fn carried(page: &Answer) -> String {
    page.form_with("password").value("sign_in").expect("the form carries its sign-in").to_owned()
}

async fn whoever_types_a_first_password_gets_in(hub: TestHub) {
    let hub = hub.again_with_room_for(16).await;
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let page = browser.password_page(&app.login_url(), &ALICE).await;
    flood(&hub).await;
    assert_eq!(without_a_copy(&browser).get(&page.url).await.status, 400, "its place is taken");
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
    mine.forget(COPY);
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

async fn looking_at_a_sign_in_page_stores_nothing(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let stored = async |page: &Answer| {
        let id = page.url.split('/').nth(2).and_then(|rest| rest.split('?').next()).expect("a sign-in in the address");
        hub.hub.store.pending(&PendingId::new(id), hub.hub.now()).await.expect("the store answers").is_some()
    };
    let asked = browser.visit(&app.login_url()).await;
    let page = browser.choose(&asked, &ALICE).await;
    assert!(!stored(&page).await, "it is in the browser alone");
    let long = format!("{}%3Fa%3D{}", app.login_url(), "b".repeat(3_500));
    assert!(stored(&browser.visit(&long).await).await, "but for one that is too long");
}

async fn each_tab_keeps_its_own_sign_in(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let (first, second) = (browser.visit(&app.login_url()).await, browser.visit("/").await);
    let page = browser.choose(&first, &ALICE).await;
    let entered = browser.try_password(&page, ALICE.login, ALICE.password).await;
    assert!(entered.location().is_some_and(|to| to.contains("ticket=")), "the first tab goes on: {}", entered.words());
    let home = browser.visit(&second.url).await;
    assert!(home.words().contains("Martin"), "and the second one finds who came in: {}", home.words());
    assert_eq!(browser.get(&second.url).await.location(), Some("/"), "once");
}
