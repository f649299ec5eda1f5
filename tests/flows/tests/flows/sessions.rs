//! The life of a session on a machine that others share: fixation, two people, two tabs, the back button, restarts.

use preau_domain::{Clock, CorrelationId, PendingSignIn};
use preau_flows::{ALICE, Browser, GAELLE, NOE, TestHub, When, stories};
use preau_web::sign_in::PORTAL;
use preau_web::{Begin, Visitor};

stories!(
    a_session_begins_under_a_new_name,
    a_planted_sign_in_leads_nowhere,
    the_next_person_at_the_machine_finds_nothing,
    somebody_else_signing_in_ends_the_former_session,
    two_tabs_each_finish_their_own_sign_in,
    a_sign_in_of_another_browser_cannot_be_finished,
    a_sign_in_ends_once,
    two_clicks_on_one_button_make_one_session,
    signing_out_here_leaves_the_session_there,
    a_sign_out_that_failed_does_not_say_it_is_done,
    cookies_carry_every_protection,
    pages_are_kept_by_nobody,
    a_session_ends_with_the_school_day,
    a_session_left_alone_ends,
    a_sign_in_left_alone_expires,
    a_sign_in_that_somebody_types_into_lasts_longer,
    a_browser_keeps_its_copy_of_a_sign_in_as_long_as_it_counts,
    what_a_sign_in_keeps_is_bounded,
    everything_survives_a_restart,
    a_session_ended_on_one_node_is_over_on_the_other,
);

const SESSION: &str = "__Host-preau";

fn session(browser: &Browser) -> String {
    browser.cookie(SESSION).expect("a session").to_owned()
}

async fn a_session_begins_under_a_new_name(hub: TestHub) {
    let planted = "0123456789abcdefghjkmnpqrstvwxyz";
    let mut victim = hub.browser();
    victim.plant(SESSION, planted);
    victim.sign_in(&ALICE).at_home().await;
    assert_ne!(session(&victim), planted);
    let mut attacker = hub.browser();
    attacker.plant(SESSION, planted);
    let watch = hub.under_attack();
    let answer = attacker.get("/").await;
    assert!(answer.location().is_some_and(|to| to.starts_with("/sign-in/")), "the planted name is nobody's");
    watch.ignored(&answer).await;
    let first = session(&victim);
    victim.sign_out().await;
    victim.sign_in(&ALICE).at_home().await;
    assert_ne!(session(&victim), first, "each sign-in has its own");
}

async fn a_planted_sign_in_leads_nowhere(hub: TestHub) {
    let (mut attacker, mut victim) = (hub.browser(), hub.browser());
    let page = attacker.password_page("/", &ALICE).await;
    for name in ["__Host-preau-browser", "__Secure-preau-sign-in"] {
        victim.plant(name, attacker.cookie(name).expect("a sign-in is bound to its browser"));
    }
    let planted = victim.visit(&page.url).await;
    let entered = victim.try_password(&planted, ALICE.login, ALICE.password).await;
    assert_eq!((entered.status.as_u16(), victim.signed_in()), (303, true));
    let watch = hub.under_attack();
    for answer in [attacker.get(&page.url).await, attacker.get("/").await] {
        assert!(!attacker.signed_in(), "who planted a sign-in gets no session of it: {}", answer.status);
    }
    let answer = attacker.try_password(&page, ALICE.login, "peu-importe").await;
    assert_eq!(answer.status, 400, "it ended with the victim");
    watch.ignored(&answer).await;
}

async fn the_next_person_at_the_machine_finds_nothing(hub: TestHub) {
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let stolen = session(&browser);
    let form = browser.visit("/").await.form_to("/sign-out");
    let answer = browser.submit_once(&form, &[]).await;
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    let goodbye = browser.visit(answer.location().expect("the page that says so")).await;
    assert!(goodbye.words().contains("tout est fermé") && !goodbye.body.contains("Alice"), "{}", goodbye.words());
    assert!(browser.visit("/").await.form_with("public").value("public").is_some(), "the back button asks who you are");
    browser.plant(SESSION, &stolen);
    assert!(browser.visit("/").await.words().contains("Qui êtes-vous"), "the old name is dead");
    browser.forget(SESSION);
    let home = browser.sign_in(&NOE).at_home().await.answer;
    assert!(home.words().contains("Noé Petit") && !home.words().contains("Alice"), "{}", home.words());
}

async fn somebody_else_signing_in_ends_the_former_session(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&ALICE).to(&app).await.ticket();
    let before = session(&browser);
    hub.clock.advance(1);
    let renewed = browser.sign_in(&NOE).through(&app.login_with(&[("renew", "true")])).await.ticket();
    assert_eq!(app.validate(&renewed).await.user(), Some(NOE.login));
    let mut old = hub.browser();
    old.plant(SESSION, &before);
    assert!(old.visit("/").await.words().contains("Qui êtes-vous"), "the teacher's session is over");
    assert!(browser.visit("/").await.words().contains("Noé Petit"));
}

async fn two_tabs_each_finish_their_own_sign_in(hub: TestHub) {
    let (app, other, mut browser) = (hub.app("app"), hub.app("other"), hub.browser());
    let first = browser.password_page(&app.login_url(), &ALICE).await;
    let second = browser.password_page(&other.login_url(), &ALICE).await;
    let to_other = browser.try_password(&second, ALICE.login, ALICE.password).await;
    let to_app = browser.try_password(&first, ALICE.login, ALICE.password).await;
    for (answer, host) in [(to_other, "https://other.example/?ticket="), (to_app, "https://app.example/cas/?ticket=")] {
        assert!(answer.location().is_some_and(|to| to.starts_with(host)), "{host}: {:?}", answer.location());
    }
    hub.clock.advance(1);
    let waiting = browser.visit(&app.login_with(&[("renew", "true")])).await;
    let page = browser.choose(&waiting, &NOE).await;
    let crossed = browser.try_password(&page, NOE.login, NOE.password).await;
    assert!(crossed.location().is_some_and(|to| to.starts_with("https://app.example/cas/")));
    assert!(browser.visit("/").await.words().contains("Noé Petit"), "the browser is the last one's");
}

async fn a_sign_in_of_another_browser_cannot_be_finished(hub: TestHub) {
    let (mut alice, mut attacker) = (hub.browser(), hub.browser());
    let page = alice.password_page("/", &ALICE).await;
    attacker.visit("/").await;
    let watch = hub.under_attack();
    let answer = attacker.try_password(&page, ALICE.login, ALICE.password).await;
    assert_eq!((answer.status.as_u16(), attacker.signed_in()), (400, false));
    watch.ignored(&answer).await;
    assert_eq!(attacker.get(&page.url).await.status, 400, "nor looked at");
    let control = alice.try_password(&page, ALICE.login, ALICE.password).await;
    assert_eq!(control.location(), Some("/"));
}

async fn a_sign_in_ends_once(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    let first = browser.try_password(&page, ALICE.login, ALICE.password).await;
    assert_eq!(first.location(), Some("/"));
    let again = browser.try_password(&page, ALICE.login, ALICE.password).await;
    assert_eq!(again.status, 400, "the form was used: {}", again.words());
    assert!(again.cookies().iter().all(|(name, _)| name != SESSION));
}

async fn two_clicks_on_one_button_make_one_session(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    let mut again = browser.clone();
    hub.directory.hold();
    let clicks = futures::future::join(
        browser.try_password(&page, ALICE.login, ALICE.password),
        again.try_password(&page, ALICE.login, ALICE.password),
    );
    let ((first, second), ()) = futures::join!(clicks, async {
        hub.directory.waiting(1).await;
        hub.directory.release();
    });
    let sessions = hub.hub.store.sessions_of(&ALICE.person_id(), hub.clock.now()).await.expect("read");
    assert_eq!(sessions.len(), 1);
    let entered = [&first, &second].iter().filter(|answer| answer.status == 303).count();
    assert_eq!(entered, 1, "{} and {}", first.status, second.status);
}

async fn signing_out_here_leaves_the_session_there(hub: TestHub) {
    let (mut school, mut home) = (hub.browser(), hub.browser());
    school.sign_in(&ALICE).at_home().await;
    home.sign_in(&ALICE).at_home().await;
    school.sign_out().await;
    assert!(home.visit("/").await.words().contains("Alice Martin"));
    assert!(school.visit("/").await.words().contains("Qui êtes-vous"));
}

async fn a_sign_out_that_failed_does_not_say_it_is_done(hub: TestHub) {
    let mut browser = hub.browser();
    let form = browser.sign_in(&ALICE).at_home().await.answer.form_to("/sign-out");
    hub.faults.fail(1, When::Before);
    let answer = browser.submit(&form, &[]).await;
    assert_eq!(answer.status, 503);
    assert!(!answer.words().contains("tout est fermé"), "{}", answer.words());
    let again = browser.submit(&form, &[]).await;
    assert!(again.words().contains("tout est fermé") && !browser.signed_in(), "{}", again.words());
}

async fn cookies_carry_every_protection(hub: TestHub) {
    // The browser of these stories refuses a cookie that is not Secure, HttpOnly, SameSite and bound to our host.
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).to(&hub.app("app")).await.ticket();
    assert_eq!(browser.cookie_names(), [SESSION, "__Host-preau-browser", "__Host-preau-device"]);
    for name in browser.cookie_names() {
        let value = browser.cookie(name).unwrap_or_default();
        assert!(value.len() >= 26, "{name} has {} characters of five bits each", value.len());
    }
    let other = hub.browser().sign_in(&GAELLE).at_home().await.answer;
    assert_eq!(other.status, 200);
}

async fn pages_are_kept_by_nobody(hub: TestHub) {
    let mut browser = hub.browser();
    let sign_in = browser.visit("/").await;
    let password = browser.choose(&sign_in, &ALICE).await;
    let home = browser.sign_in(&ALICE).at_home().await.answer;
    let refused = browser.visit("/open/nothing").await;
    let ticket = browser.open(&hub.app("app")).await.answer;
    let goodbye = browser.sign_out().await;
    for page in [sign_in, password, home, refused, ticket, goodbye] {
        assert_eq!(page.header("cache-control"), "no-store", "{}", page.url);
    }
}

async fn a_session_ends_with_the_school_day(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&ALICE).to(&app).await.ticket();
    for _ in 0..9 {
        hub.clock.advance(3600);
        assert!(browser.open(&app).await.some_ticket().is_some(), "used every hour, it lives");
    }
    hub.clock.advance(3600);
    assert!(browser.open(&app).await.some_ticket().is_none(), "ten hours are enough");
    assert!(browser.sign_in(&ALICE).to(&app).await.some_ticket().is_some());
}

async fn a_session_left_alone_ends(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&ALICE).to(&app).await.ticket();
    hub.clock.advance(2 * 3600 - 1);
    assert!(browser.open(&app).await.some_ticket().is_some());
    hub.clock.advance(2 * 3600 + 1);
    assert!(browser.open(&app).await.some_ticket().is_none());
}

async fn a_sign_in_left_alone_expires(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    hub.clock.advance(15 * 60 + 1);
    let answer = browser.try_password(&page, ALICE.login, ALICE.password).await;
    assert_eq!((answer.status.as_u16(), browser.signed_in()), (400, false));
    assert!(answer.words().contains("Cette connexion a expiré"), "{}", answer.words());
    assert!(browser.sign_in(&ALICE).at_home().await.answer.status.is_success());
}

async fn everything_survives_a_restart(hub: TestHub) {
    let (app, mut browser, mut midway) = (hub.app("app"), hub.browser(), hub.browser());
    let used = browser.sign_in(&ALICE).to(&app).await.ticket();
    assert_eq!(app.validate(&used).await.user(), Some(ALICE.login));
    let in_flight = browser.open(&app).await.ticket();
    let page = midway.password_page(&app.login_url(), &NOE).await;
    let restarted = hub.again().await;
    let (app, mut browser, mut midway) = (app.meets(&restarted), browser.meets(&restarted), midway.meets(&restarted));
    assert_eq!(app.validate(&used).await.code(), Some("INVALID_TICKET"), "a used ticket stays used");
    // A database of one server keeps tickets of seconds in memory: such a ticket is cleanly refused, never given twice.
    let (now, expected) = (app.validate(&in_flight).await, hub.is_shared().then_some(ALICE.login));
    assert_eq!((now.user(), now.code()), (expected, expected.is_none().then_some("INVALID_TICKET")));
    assert!(browser.open(&app).await.some_ticket().is_some(), "a session begun before opens doors without a password");
    let answer = midway.try_password(&page, NOE.login, NOE.password).await;
    assert!(answer.location().is_some_and(|to| to.contains("ticket=ST-")), "a sign-in half done: {}", answer.words());
}

async fn a_session_ended_on_one_node_is_over_on_the_other(hub: TestHub) {
    let (app, mut here, other) = (hub.app("app"), hub.browser(), hub.node().await);
    let ticket = here.sign_in(&ALICE).to(&app).await.ticket();
    let mut there = here.clone().meets(&other);
    assert!(there.open(&app).await.some_ticket().is_some(), "both nodes know the session");
    here.sign_out().await;
    assert_eq!(app.clone().meets(&other).validate(&ticket).await.user(), None, "its tickets die at once, everywhere");
    hub.clock.advance(4);
    assert!(there.open(&app).await.some_ticket().is_none(), "and it is over within seconds");
}

async fn a_sign_in_that_somebody_types_into_lasts_longer(hub: TestHub) {
    let lifetime = hub.hub.config.session.sign_in_seconds;
    for (password, lasts) in [("not-this-one", true), ("", false), (&*"x".repeat(5000), false)] {
        let mut browser = hub.browser();
        let page = browser.password_page("/", &GAELLE).await;
        browser.try_password(&page, GAELLE.login, password).await;
        hub.clock.advance(lifetime + 1);
        let page = browser.get(&page.url).await;
        assert_eq!(page.status.as_u16() == 200, lasts, "{} characters: {}", password.len(), page.words());
        assert_eq!(page.forms().iter().any(|form| form.value("password").is_some()), lasts);
    }
}

/// By default, and with the most that a configuration may say.
async fn a_browser_keeps_its_copy_of_a_sign_in_as_long_as_it_counts(hub: TestHub) {
    for seconds in [900, 3600] {
        let hub = hub.again_with(|setup| setup.config.session.sign_in_seconds = seconds).await;
        let mut browser = hub.browser();
        let page = browser.password_page("/", &GAELLE).await;
        let typed = browser.try_password(&page, GAELLE.login, "not-this-one").await;
        let mut lines = typed.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        let copy = lines.find(|line| line.starts_with("__Secure-preau-sign-in=")).expect("a copy");
        let kept = copy.split("; Max-Age=").nth(1).and_then(|kept| kept.parse::<i64>().ok());
        hub.clock.advance(2 * seconds - 1);
        assert_eq!(browser.get(&page.url).await.status, 200, "it counts still");
        assert!(kept.is_some_and(|kept| kept >= 2 * seconds), "{copy}");
        hub.clock.advance(1);
        assert_eq!(browser.get(&page.url).await.status, 400, "control: and then no more");
    }
}

async fn what_a_sign_in_keeps_is_bounded(hub: TestHub) {
    let visitor = Visitor::read(&hub.hub, &http::HeaderMap::new(), None, CorrelationId::new("c1"), "");
    for (length, taken) in [(PendingSignIn::MAX_REQUEST, true), (PendingSignIn::MAX_REQUEST + 1, false)] {
        let begin =
            Begin { protocol: PORTAL, service: None, request: "/".repeat(length), fresh_after: None, wants: None };
        let status = match hub.hub.begin_sign_in(&visitor, begin).await {
            Ok(answer) => answer.status().as_u16(),
            Err(fault) => fault.kind.status().as_u16(),
        };
        assert_eq!(status, if taken { 303 } else { 413 }, "{length}");
    }
}
