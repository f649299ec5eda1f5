//! Codes by mail: who may turn them on, where they are asked for, what they are told as, and how often anybody may try.

use crate::mail::written;
use preau_connector_api::Letter;
use preau_domain::{FactorKind, Person, Seconds};
use preau_flows::{ALICE, Answer, Browser, GAELLE, Mailbox, Role, TestHub, code_of, stories};
use preau_web::sign_in::SOFT_LOCK;
use serde_json::json;
use std::sync::Arc;

stories!(
    a_code_by_mail_is_turned_on_by_whoever_reads_it,
    a_code_by_mail_is_told_as_what_it_is,
    tries_are_counted_whatever_number_of_codes_was_mailed,
    a_code_is_good_where_it_was_asked_for,
    codes_are_mailed_a_few_at_a_time,
    whoever_has_something_better_is_asked_for_that,
    without_an_address_nobody_is_locked_out,
);

const TWO_FACTORS: &str = "https://refeds.org/profile/mfa";

fn figures(letter: &Letter) -> String {
    let (_, rest) = letter.text.split_once("Votre code est ").unwrap_or_else(|| panic!("no code: {}", letter.text));
    rest.chars().take(6).collect()
}

/// Somebody who had codes mailed, and the browser in which they did.
async fn turned_on(hub: &TestHub, mailbox: &Arc<Mailbox>, who: &Role) -> Browser {
    let mut browser = hub.browser();
    browser.sign_in(who).at_home().await;
    let page = browser.get("/account/mail").await;
    let before = mailbox.letters().len();
    let asked = browser.submit_once(&page.form_to("/account/mail"), &[]).await;
    let code = figures(&mailbox.letter(before + 1).await);
    let account = browser.submit(&asked.form_with("code"), &[("code", &code)]).await;
    assert!(account.words().contains("Code par mail"), "{} {}", account.status, account.words());
    browser
}

/// A page that asks somebody for a code: they want to change something, a while after their password.
async fn wants_to_change(hub: &TestHub, who: &Role) -> (Browser, Answer) {
    let mut browser = hub.browser();
    browser.sign_in(who).at_home().await;
    let page = browser.visit("/account/codes/new").await;
    assert!(page.words().contains("Confirmez que c’est bien vous"), "{}", page.words());
    (browser, page)
}

async fn mailed(browser: &mut Browser, page: &Answer, mailbox: &Mailbox) -> (Answer, String) {
    let sent = mailbox.letters().len();
    let page = browser.submit_once(&page.form_to("/code/mail"), &[]).await;
    (page, figures(&mailbox.letter(sent + 1).await))
}

async fn a_code_by_mail_is_turned_on_by_whoever_reads_it(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let mut alice = hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let page = alice.get("/account/mail").await;
    assert!(page.words().contains("a…@college.example") && !page.words().contains("alice.martin@"), "{}", page.words());
    let asked = alice.submit_once(&page.form_to("/account/mail"), &[]).await;
    let code = figures(&mailbox.letter(1).await);
    let other = if code == "000000" { "000001" } else { "000000" };
    let wrong = alice.submit_once(&asked.form_with("code"), &[("code", other)]).await;
    assert_eq!(
        (wrong.status.as_u16(), hub.hub.store.factors_of(&ALICE.person_id()).await.expect("read").len()),
        (422, 0)
    );
    hub.clock.advance(1);
    alice.submit(&asked.form_with("code"), &[("code", &code)]).await;
    let theirs = hub.hub.store.factors_of(&ALICE.person_id()).await.expect("read");
    assert_eq!(theirs.iter().map(|factor| factor.kind).collect::<Vec<_>>(), [FactorKind::MailedCode], "control");
    let (mut thief, page) = wants_to_change(&hub, &ALICE).await;
    assert!(thief.submit(&page.form_with("code"), &[("code", &code)]).await.status == 422, "it was used");
    let mut nobody = hub.again_with(|setup| setup.mail = None).await.browser();
    nobody.sign_in(&GAELLE).at_home().await;
    assert_eq!(nobody.get("/account/mail").await.status, 404);
}

/// The mailbox of a teacher opens with the password of the annuaire, and a password that lives here is replaced by mail: no two factors.
async fn a_code_by_mail_is_told_as_what_it_is(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    for (number, who) in [&ALICE, &GAELLE].into_iter().enumerate() {
        hub.clock.advance(100 * i64::try_from(number).unwrap_or(0));
        turned_on(&hub, &mailbox, who).await;
        hub.clock.advance(70);
        let (mut browser, page) = wants_to_change(&hub, who).await;
        let (page, code) = mailed(&mut browser, &page, &mailbox).await;
        let opened = browser.submit(&page.form_with("code"), &[("code", &code)]).await;
        assert!(opened.words().contains("application"), "control: {}", opened.words());
        let rp = hub.rp("rp");
        let claims = rp.claims(rp.redeem(&browser.get(&rp.url()).await.code()).await.text("id_token")).await;
        assert_eq!(claims["amr"], json!(["pwd"]), "{}", who.login);
        assert_ne!(claims["acr"], json!(TWO_FACTORS));
        let insists = json!({ "id_token": { "acr": { "essential": true, "value": TWO_FACTORS } } }).to_string();
        let refused = browser.visit(&rp.url_with(&[("claims", &insists)])).await;
        assert!(refused.location().is_none_or(|to| !to.contains("code=")), "{:?}", refused.location());
    }
}

async fn tries_are_counted_whatever_number_of_codes_was_mailed(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    turned_on(&hub, &mailbox, &ALICE).await;
    hub.clock.advance(700);
    let (mut browser, page) = wants_to_change(&hub, &ALICE).await;
    let (page, code) = mailed(&mut browser, &page, &mailbox).await;
    let other = if code == "000000" { "000001" } else { "000000" };
    for seconds in [0, 1, 1, 5, 5] {
        hub.clock.advance(seconds);
        let wrong = browser.submit_once(&page.form_with("code"), &[("code", other)]).await;
        assert_eq!(wrong.status, 422, "{}", wrong.words());
    }
    hub.clock.advance(50);
    let (page, code) = mailed(&mut browser, &page, &mailbox).await;
    let waits = browser.submit_once(&page.form_with("code"), &[("code", &code)]).await;
    assert_eq!(waits.status, 429, "a new code takes no try back: {}", waits.words());
    hub.clock.advance(20);
    let opened = browser.submit(&page.form_with("code"), &[("code", &code)]).await;
    assert_eq!(opened.status, 200, "control: {}", opened.words());
}

async fn a_code_is_good_where_it_was_asked_for(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    turned_on(&hub, &mailbox, &ALICE).await;
    hub.clock.advance(700);
    let (mut alice, page) = wants_to_change(&hub, &ALICE).await;
    let (mut thief, stolen) = wants_to_change(&hub, &ALICE).await;
    let (page, code) = mailed(&mut alice, &page, &mailbox).await;
    let elsewhere = thief.submit_once(&stolen.form_with("code"), &[("code", &code)]).await;
    assert_eq!(elsewhere.status, 422, "in the sign-in of somebody else");
    hub.clock.advance(1);
    let former = code;
    hub.clock.advance(60);
    let (page, code) = mailed(&mut alice, &page, &mailbox).await;
    if former != code {
        let late = alice.submit_once(&page.form_with("code"), &[("code", &former)]).await;
        assert_eq!(late.status, 422, "another one took its place");
    }
    hub.clock.advance(5);
    let opened = alice.submit(&page.form_with("code"), &[("code", &code)]).await;
    assert_eq!(opened.status, 200, "control: {}", opened.words());
    let (mut again, page) = wants_to_change(&hub, &ALICE).await;
    hub.clock.advance(600);
    let (page, code) = mailed(&mut again, &page, &mailbox).await;
    hub.clock.advance(600);
    assert_ne!(again.submit_once(&page.form_with("code"), &[("code", &code)]).await.status, 303, "ten minutes");
}

async fn codes_are_mailed_a_few_at_a_time(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    turned_on(&hub, &mailbox, &ALICE).await;
    hub.clock.advance(4_000);
    let before = mailbox.letters().len();
    for _ in 0..100 {
        let (mut browser, page) = wants_to_change(&hub, &ALICE).await;
        let answer = browser.submit_once(&page.form_to("/code/mail"), &[]).await;
        assert!(matches!(answer.status.as_u16(), 200 | 429), "{}", answer.words());
        assert!(answer.status == 200 || answer.header("retry-after").parse::<u32>().is_ok());
        hub.clock.advance(36);
    }
    let sent = mailbox.letters().len() - before;
    assert!((1..=5).contains(&sent), "{sent} codes within an hour");
    assert!(SOFT_LOCK.after(1) > 0);
}

async fn whoever_has_something_better_is_asked_for_that(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let mut alice = turned_on(&hub, &mailbox, &ALICE).await;
    hub.clock.advance(100);
    let (mut other, page) = wants_to_change(&hub, &ALICE).await;
    let (page, code) = mailed(&mut other, &page, &mailbox).await;
    let new = other.submit(&page.form_with("code"), &[("code", &code)]).await;
    let secret = new.body.split_once("<code>").expect("a secret").1.split('<').next().expect("it").replace(' ', "");
    let shown = code_of(&secret, hub.hub.now());
    other.submit_once(&new.form_with("code"), &[("code", &shown), ("name", "Téléphone")]).await;
    hub.clock.advance(1_000);
    let page = alice.visit("/account/codes/new").await;
    let page = if page.words().contains("Mot de passe") { wants_to_change(&hub, &ALICE).await.1 } else { page };
    assert!(!page.body.contains("/code/mail"), "the application is asked for: {}", page.words());
    assert!(!alice.get("/account/mail").await.status.is_success(), "and no code by mail is offered");
}

async fn without_an_address_nobody_is_locked_out(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    turned_on(&hub, &mailbox, &ALICE).await;
    hub.put(Person { mail: None, ..ALICE.person() }).await;
    hub.clock.advance(Seconds(10).0);
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let page = browser.visit("/account/codes/new").await;
    assert!(page.words().contains("application"), "no code can come, and none is asked for: {}", page.words());
}
