//! Others that fail: a directory that is down or slow, a database that does not answer.

use futures::future::join_all;
use preau_flows::{ALICE, GAELLE, NOE, TestHub, When, stories};
use std::time::{Duration, Instant};

stories!(
    a_directory_that_is_down_is_said_at_once,
    a_directory_that_is_down_is_nobodys_failure,
    a_slow_directory_holds_up_nobody_else,
    somebody_the_house_does_not_know_yet_is_told_so,
    a_database_that_is_down_is_said,
    a_database_that_comes_back_is_used_again,
);

async fn a_directory_that_is_down_is_said_at_once(hub: TestHub) {
    let (app, mut inside, mut outside) = (hub.app("app"), hub.browser(), hub.browser());
    inside.sign_in(&ALICE).to(&app).await.ticket();
    let page = outside.password_page("/", &NOE).await;
    hub.directory.take_down();
    let began = Instant::now();
    let answer = outside.try_password(&page, NOE.login, NOE.password).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!((answer.status.as_u16(), outside.signed_in()), (503, false));
    assert!(answer.words().contains("L’annuaire ne répond pas"), "{}", answer.words());
    assert!(answer.words().contains(answer.incident()) && !answer.header("retry-after").is_empty());
    let ticket = inside.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login), "sessions go on");
    assert!(hub.browser().sign_in(&GAELLE).at_home().await.answer.status.is_success(), "guests still come in");
}

async fn a_directory_that_is_down_is_nobodys_failure(hub: TestHub) {
    hub.directory.take_down();
    let mut browser = hub.browser();
    let page = browser.password_page("/", &NOE).await;
    for _ in 0..12 {
        assert_eq!(browser.try_password(&page, NOE.login, NOE.password).await.status, 503, "it is asked each time");
    }
    hub.directory.bring_up();
    let answer = browser.try_password(&page, NOE.login, NOE.password).await;
    assert_eq!((answer.status.as_u16(), browser.signed_in()), (303, true), "no delay, no count: {}", answer.words());
}

async fn a_slow_directory_holds_up_nobody_else(hub: TestHub) {
    let (app, mut inside) = (hub.app("app"), hub.browser());
    inside.sign_in(&ALICE).to(&app).await.ticket();
    let school = preau_flows::crowd(30);
    hub.put_all(school.iter().map(|(person, _, _)| person.clone()).collect()).await;
    let mut waiting = Vec::new();
    for (person, login, password) in &school {
        hub.directory.add(login, password, &person.join.as_ref().expect("from the directory").key);
        let mut browser = hub.browser();
        waiting.push((browser.password_page("/", &NOE).await, browser, login, password));
    }
    hub.directory.hold();
    let storm =
        join_all(waiting.iter_mut().map(|(page, browser, login, word)| browser.try_password(page, login, word)));
    let (answers, ()) = futures::join!(storm, async {
        hub.directory.waiting(30).await;
        let ticket = inside.open(&app).await.ticket();
        assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login), "thirty people wait, and nobody else");
        assert!(hub.browser().sign_in(&GAELLE).at_home().await.answer.status.is_success());
        hub.directory.release();
    });
    assert!(answers.iter().all(|answer| answer.status == 303), "and each of them gets in");
}

async fn somebody_the_house_does_not_know_yet_is_told_so(hub: TestHub) {
    hub.directory.add("nouvelle.venue", "premier-jour-2026", "key-nouvelle");
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    let answer = browser.try_password(&page, "nouvelle.venue", "premier-jour-2026").await;
    assert_eq!((answer.status.as_u16(), browser.signed_in()), (403, false));
    assert!(answer.words().contains("Votre compte n’est pas encore prêt"), "{}", answer.words());
    let mut person = ALICE.person();
    person.id = preau_domain::PersonId::new("pnouvelle0000000");
    person.join.as_mut().expect("from the directory").key = "key-nouvelle".to_owned();
    hub.put(person).await;
    hub.clock.advance(1);
    let answer = browser.try_password(&page, "nouvelle.venue", "premier-jour-2026").await;
    assert_eq!(answer.status, 303, "after the next synchronisation: {}", answer.words());
}

async fn a_database_that_is_down_is_said(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.password_page("/", &NOE).await;
    hub.faults.fail(1, When::Before);
    let answer = browser.try_password(&page, NOE.login, NOE.password).await;
    assert_eq!((answer.status.as_u16(), browser.signed_in()), (503, false));
    assert!(answer.words().contains("momentanément indisponible"), "{}", answer.words());
    assert!(answer.words().contains(answer.incident()) && !answer.header("retry-after").is_empty());
    assert!(!answer.body.contains("plug"), "what the database said is for the log");
}

async fn a_database_that_comes_back_is_used_again(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&ALICE).to(&app).await.ticket();
    hub.clock.advance(5);
    hub.faults.fail(1, When::Before);
    let during = browser.open(&app).await;
    assert_eq!((during.answer.status.as_u16(), during.some_ticket()), (503, None));
    assert!(browser.signed_in(), "a failure of ours takes no session away");
    let ticket = browser.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login));
}
