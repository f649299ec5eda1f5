//! An error in any step yields neither a session nor an answer: every call to the store fails in turn, before it has
//! done its work and after it has, along the whole corridor.

use preau_flows::{ALICE, Answer, Browser, CasApp, GAELLE, Role, TestHub, When, stories};

stories!(
    no_error_opens_a_door,
    no_error_opens_a_door_to_a_guest,
    no_error_keeps_a_door_open,
    no_error_validates_a_ticket
);

/// Walks from the service's link to its validation; stops at the answer in which the failure struck.
async fn walk(hub: &TestHub, app: &CasApp, who: &Role) -> Option<(Browser, Answer)> {
    let mut browser = hub.browser();
    let mut answer = browser.get(&app.login_url()).await;
    while !hub.faults.struck() {
        answer = if let Some(to) = answer.location().map(str::to_owned) {
            match to.split_once("ticket=") {
                Some((_, ticket)) => {
                    return redeemed(
                        hub,
                        browser,
                        app.ask("p3/serviceValidate", &[("service", app.service.as_str()), ("ticket", ticket)]).await,
                    );
                }
                None => browser.get(&to).await,
            }
        } else if answer.forms().iter().any(|form| form.value("password").is_some()) {
            browser.try_password(&answer, who.login, who.password).await
        } else {
            let form = answer.form_with("public");
            browser.submit_once(&form, &[("public", who.public.as_str())]).await
        };
    }
    Some((browser, answer))
}

fn redeemed(hub: &TestHub, browser: Browser, answer: Answer) -> Option<(Browser, Answer)> {
    hub.faults.struck().then_some((browser, answer))
}

fn opens_nothing(answer: &Answer, browser: &Browser, at: &str) {
    let location = answer.location().unwrap_or_default();
    assert!(!location.contains("ticket="), "{at}: a ticket");
    assert!(!answer.body.contains("authenticationSuccess") && !answer.body.contains("Alice"), "{at}: an answer");
    assert!(answer.cookies().iter().all(|(name, _)| name != "__Host-preau"), "{at}: a session");
    let refused = answer.status.is_client_error() || answer.status.is_server_error();
    assert!(refused || answer.body.contains("authenticationFailure"), "{at}: {} {location}", answer.status);
    let before_proof = answer.url.starts_with("/sign-in/") || answer.url.starts_with("/cas/login");
    assert!(!browser.signed_in() || !before_proof || answer.status.is_server_error(), "{at}: signed in");
}

async fn every_failure(hub: &TestHub, who: &Role) {
    let app = hub.app("app");
    for when in [When::Before, When::After] {
        let mut struck = 0;
        for nth in 1.. {
            hub.clock.advance(700);
            hub.faults.fail(nth, when);
            let Some((browser, answer)) = walk(hub, &app, who).await else { break };
            struck += 1;
            opens_nothing(&answer, &browser, &format!("{when:?} call {nth} {:?}", hub.faults.calls().last()));
        }
        assert!(struck >= 8, "{struck} calls along the corridor");
        hub.faults.fail(0, when);
    }
    hub.clock.advance(700);
    let ticket = hub.browser().sign_in(who).to(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(who.login), "and the house still works");
}

async fn no_error_opens_a_door(hub: TestHub) {
    every_failure(&hub, &ALICE).await;
}

async fn no_error_opens_a_door_to_a_guest(hub: TestHub) {
    every_failure(&hub, &GAELLE).await;
}

async fn no_error_keeps_a_door_open(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&ALICE).to(&app).await.ticket();
    for when in [When::Before, When::After] {
        for nth in 1.. {
            hub.clock.advance(5);
            hub.faults.fail(nth, when);
            let arrival = browser.open(&app).await;
            if !hub.faults.struck() {
                break;
            }
            assert_eq!(arrival.some_ticket(), None, "{when:?} call {nth}");
            assert!(arrival.answer.status.is_server_error(), "{when:?} call {nth}: {}", arrival.answer.status);
        }
    }
    hub.faults.fail(0, When::Before);
    assert!(browser.open(&app).await.some_ticket().is_some());
}

async fn no_error_validates_a_ticket(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&ALICE).to(&app).await.ticket();
    for when in [When::Before, When::After] {
        for nth in 1.. {
            hub.clock.advance(5);
            let ticket = browser.open(&app).await.ticket();
            hub.clock.advance(5);
            hub.faults.fail(nth, when);
            let answer = app.ask("p3/serviceValidate", &[("service", app.service.as_str()), ("ticket", &ticket)]).await;
            let struck = hub.faults.struck();
            hub.faults.fail(0, when);
            if !struck {
                assert!(answer.body.contains("authenticationSuccess") && nth > 1, "{}", answer.body);
                break;
            }
            assert!(
                !answer.body.contains("authenticationSuccess") && !answer.body.contains("Alice"),
                "{}",
                answer.body
            );
        }
    }
}
