//! Codes as a second factor: of an application, and on paper; and the sessions of the account page.

use crate::upstream::come_in;
use preau_authenticator::Said;
use preau_domain::{AuditKind, Factor, FactorId, FactorKind, Instant};
use preau_flows::{ALICE, Answer, Browser, GAELLE, NOE, Provider, Role, TestHub, authenticator, code_of, stories};
use serde_json::json;

stories!(
    a_code_is_a_second_factor_and_is_taken_once,
    wrong_codes_wait_longer_and_longer,
    a_code_on_paper_opens_once,
    an_application_is_taken_up_by_whom_it_was_shown,
    sessions_are_closed_from_elsewhere,
    the_account_page_says_what_services_received,
    a_code_makes_no_old_proof_new,
    an_application_is_added_once,
    a_right_password_is_told_though_a_factor_is_missing,
    half_a_sign_in_ends_with_the_password_that_began_it,
    a_code_beside_the_word_of_another_provider_is_not_two_factors,
);

const TWO_FACTORS: &str = "https://refeds.org/profile/mfa";

/// Somebody signed in at home, the secret of their application, and the page of their codes on paper.
async fn equipped(hub: &TestHub, who: &Role) -> (Browser, String, Answer) {
    let mut browser = hub.browser();
    browser.sign_in(who).at_home().await;
    let page = browser.get("/account/codes/new").await;
    let secret = secret_of(&page);
    let code = code_of(&secret, hub.hub.now());
    let paper = browser.submit_once(&page.form_with("code"), &[("code", &code), ("name", "Téléphone")]).await;
    assert!(paper.words().contains("Codes de secours"), "{} {}", paper.status, paper.words());
    (browser, secret, paper)
}

/// The secret a page shows.
fn secret_of(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("<code>").expect("a secret is shown");
    rest.split('<').next().unwrap_or_default().replace(' ', "")
}

/// A page that asks somebody for a second factor, with half a sign-in before it.
async fn half(hub: &TestHub, who: &Role) -> (Browser, Answer) {
    let insists = json!({ "id_token": { "acr": { "essential": true, "value": TWO_FACTORS } } });
    let asked = hub.rp("rp").url_with(&[("claims", &insists.to_string())]);
    let mut browser = hub.browser();
    let page = browser.sign_in(who).through(&asked).await.answer;
    assert!(page.words().contains("Confirmez que c’est bien vous") && !browser.signed_in(), "{}", page.words());
    (browser, page)
}

async fn a_code_is_a_second_factor_and_is_taken_once(hub: TestHub) {
    let (_, secret, _) = equipped(&hub, &ALICE).await;
    let (mut browser, page) = half(&hub, &ALICE).await;
    let shown = code_of(&secret, hub.hub.now());
    let again = browser.submit_once(&page.form_with("code"), &[("code", &shown)]).await;
    assert_eq!((again.status.as_u16(), browser.signed_in()), (422, false), "it was typed when it was added");
    hub.clock.advance(60);
    let far = code_of(&secret, Instant(hub.hub.now().0 + 90_000));
    let early = browser.submit_once(&page.form_with("code"), &[("code", &far)]).await;
    assert_eq!((early.status.as_u16(), browser.signed_in()), (422, false), "a code of later");
    hub.clock.advance(60);
    let code = code_of(&secret, hub.hub.now());
    let opened = browser.submit_once(&page.form_with("code"), &[("code", &code)]).await.code();
    let rp = hub.rp("rp");
    let claims = rp.claims(rp.redeem(&opened).await.text("id_token")).await;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!(TWO_FACTORS), &json!(["pwd", "otp", "mfa"])));
    assert!(browser.visit("/").await.words().contains("Plus simple qu’un mot de passe"), "a passkey is proposed");
    let (mut thief, page) = half(&hub, &ALICE).await;
    let replayed = thief.submit_once(&page.form_with("code"), &[("code", &code)]).await;
    assert_eq!((replayed.status.as_u16(), thief.signed_in()), (422, false));
}

async fn wrong_codes_wait_longer_and_longer(hub: TestHub) {
    let (_, secret, _) = equipped(&hub, &ALICE).await;
    let (mut browser, page) = half(&hub, &ALICE).await;
    let form = page.form_with("code");
    for (tried, seconds) in [0, 1, 1, 5, 5].into_iter().enumerate() {
        hub.clock.advance(seconds);
        let wrong = browser.submit_once(&form, &[("code", "000000")]).await;
        assert_eq!(wrong.status, 422, "{tried}: {}", wrong.words());
    }
    hub.clock.advance(30);
    let right = code_of(&secret, hub.hub.now());
    let waits = browser.submit_once(&form, &[("code", &right)]).await;
    assert_eq!((waits.status.as_u16(), browser.signed_in()), (429, false), "after five a minute");
    hub.clock.advance(120);
    let right = code_of(&secret, hub.hub.now());
    browser.submit_once(&form, &[("code", &right)]).await;
    assert!(browser.signed_in(), "control");
}

async fn a_code_on_paper_opens_once(hub: TestHub) {
    let (mut alice, _, paper) = equipped(&hub, &ALICE).await;
    let codes: Vec<String> = paper
        .words()
        .split_whitespace()
        .filter(|word| word.len() == 14 && word.matches('-').count() == 2)
        .map(str::to_owned)
        .collect();
    assert_eq!(codes.len(), 10, "{}", paper.words());
    for (code, opens) in [(&codes[0], true), (&codes[0], false), (&codes[1], true)] {
        hub.clock.advance(10);
        let (mut browser, page) = half(&hub, &ALICE).await;
        browser.submit_once(&page.form_with("code"), &[("code", &code.to_uppercase())]).await;
        assert_eq!(browser.signed_in(), opens, "{code}");
    }
    let account = alice.get("/account").await;
    assert!(account.words().contains("8 codes de secours"), "{}", account.words());
    equipped(&hub, &NOE).await;
    let (mut noe, page) = half(&hub, &NOE).await;
    noe.submit_once(&page.form_with("code"), &[("code", &codes[2])]).await;
    assert!(!noe.signed_in(), "a code of somebody else");
}

async fn an_application_is_taken_up_by_whom_it_was_shown(hub: TestHub) {
    let (mut alice, mut noe) = (hub.browser(), hub.browser());
    alice.sign_in(&ALICE).at_home().await;
    noe.sign_in(&NOE).at_home().await;
    let (hers, his) = (alice.get("/account/codes/new").await, noe.get("/account/codes/new").await);
    let code = code_of(&secret_of(&hers), hub.hub.now());
    let sealed = hers.form_with("code").value("secret").expect("it is there").to_owned();
    let swapped = noe.submit_once(&his.form_with("code"), &[("secret", &sealed), ("code", &code)]).await;
    assert_eq!(swapped.status, 403, "the secret of another session");
    let wrong = alice.submit_once(&hers.form_with("code"), &[("code", "000000")]).await;
    assert_eq!((wrong.status.as_u16(), secret_of(&wrong)), (422, secret_of(&hers)), "the same drawing once more");
    let paper = alice.submit_once(&wrong.form_with("code"), &[("code", &code)]).await;
    assert_eq!(paper.status, 200, "control");
    hub.hub.store.flush_audit().await.expect("it is written");
    let told = hub.hub.store.audit_about(&ALICE.person_id(), Instant(0), 9).await.expect("it is read");
    let told: Vec<&str> =
        told.iter().filter(|event| event.kind == AuditKind::FactorsChanged).map(|event| &*event.detail).collect();
    assert!(
        told.iter().any(|one| one.starts_with("one-time-code-added ")) && told.contains(&"recovery-codes-made"),
        "{told:?}"
    );
}

async fn sessions_are_closed_from_elsewhere(hub: TestHub) {
    let (mut first, mut second, mut third) = (hub.browser(), hub.browser(), hub.browser());
    for browser in [&mut first, &mut second, &mut third] {
        browser.sign_in(&ALICE).at_home().await;
        hub.clock.advance(60);
    }
    let mut noe = hub.browser();
    noe.sign_in(&NOE).at_home().await;
    let account = first.get("/account").await;
    let mut forms: Vec<_> = account.forms().into_iter().filter(|form| form.action == "/account/sessions").collect();
    assert_eq!(forms.len(), 3, "two others, and all of them at once");
    let theirs = noe.submit_once(&forms[0], &[]).await;
    assert_eq!(theirs.status, 403, "a form of somebody else's page");
    first.submit_once(&forms[0], &[]).await;
    let open = [second.get("/account").await.status.as_u16(), third.get("/account").await.status.as_u16()];
    assert_eq!(open.iter().filter(|status| **status == 200).count(), 1, "one of them is closed: {open:?}");
    first.submit_once(&forms.remove(2), &[]).await;
    for browser in [&mut second, &mut third] {
        assert_eq!(browser.get("/account").await.status, 303, "they sign in anew");
    }
    assert_eq!((first.get("/account").await.status.as_u16(), noe.get("/account").await.status.as_u16()), (200, 200));
}

async fn the_account_page_says_what_services_received(hub: TestHub) {
    let (app, mut alice, mut noe) = (hub.app("app"), hub.browser(), hub.browser());
    let ticket = alice.sign_in(&ALICE).to(&app).await.ticket();
    app.validate(&ticket).await;
    noe.sign_in(&NOE).at_home().await;
    hub.hub.store.flush_audit().await.expect("it is written");
    let (hers, his) = (alice.get("/account").await, noe.get("/account").await);
    for told in ["Cahier de textes", "une fois, dernière fois le", "établissement"] {
        assert!(hers.words().contains(told), "{told}: {}", hers.words());
    }
    assert!(!hers.words().contains("ENTPersonStructRattach") && !hers.words().contains("Aucun service"), "in words");
    assert!(his.words().contains("Aucun service n’a rien reçu"), "{}", his.words());
    let added = alice.add_passkey(&mut authenticator(), &Said::default()).await;
    assert_eq!(added.location(), Some("/account"));
}

/// A session that was left open, and a code read over a shoulder: no password was typed.
async fn a_code_makes_no_old_proof_new(hub: TestHub) {
    let (mut alice, secret, _) = equipped(&hub, &ALICE).await;
    let (typed, began) = (hub.hub.now(), sessions(&hub).await);
    hub.clock.advance(20 * 60);
    let insists = json!({ "id_token": { "acr": { "essential": true, "value": TWO_FACTORS } } });
    let rp = hub.rp("rp");
    let page = alice.visit(&rp.url_with(&[("claims", &insists.to_string())])).await;
    let opened = alice.submit_once(&page.form_with("code"), &[("code", &code_of(&secret, hub.hub.now()))]).await.code();
    let claims = rp.claims(rp.redeem(&opened).await.text("id_token")).await;
    assert_eq!((&claims["acr"], &claims["auth_time"]), (&json!(TWO_FACTORS), &json!(typed.seconds())));
    assert_eq!(sessions(&hub).await, began, "it ends when it would have");
    let page = alice.password_page("/account/codes/new", &ALICE).await;
    let half = alice.try_password(&page, ALICE.login, ALICE.password).await;
    let page = alice.visit(half.location().expect("a second factor is asked for")).await;
    hub.clock.advance(60);
    let code = code_of(&secret, hub.hub.now());
    let onward = alice.submit_once(&page.form_with("code"), &[("code", &code)]).await;
    assert_eq!(onward.location(), Some("/account/codes/new"), "{}", onward.words());
    assert_eq!(alice.get("/account/codes/new").await.status, 200, "control: both, now");
}

/// When the sessions of Alice end.
async fn sessions(hub: &TestHub) -> Vec<Instant> {
    let all = hub.hub.store.sessions_of(&ALICE.person_id(), hub.hub.now()).await.expect("sessions");
    all.iter().map(|session| session.expires).collect()
}

async fn a_code_beside_the_word_of_another_provider_is_not_two_factors(hub: TestHub) {
    let (_, secret, _) = equipped(&hub, &ALICE).await;
    let (id, person, kind) = (FactorId::new("clef"), ALICE.person_id(), FactorKind::Passkey);
    let (name, doc, added) = ("Clef".to_owned(), "{}".to_owned(), hub.hub.now());
    let passkey = Factor { id, person, kind, name, doc, counter: 0, added, used: None };
    hub.hub.store.add_factor(&passkey).await.expect("it is added");
    let provider = Provider::start().await;
    let there = provider.serves_staff(&hub, "").await;
    let (mut typed, mut vouched) = (hub.browser(), there.browser());
    typed.sign_in(&ALICE).at_home().await;
    let entered = come_in(&there, &provider, &mut vouched, |_| {}).await;
    assert_eq!(entered.location(), Some("/"), "{}", entered.words());
    let page = vouched.visit("/account/codes/new").await;
    let codes = page.forms().iter().any(|form| form.value("code").is_some());
    assert!(
        page.words().contains("Confirmez que c’est bien vous") && !codes,
        "a passkey alone will do: {}",
        page.words()
    );
    let page = typed.visit("/account/codes/new").await;
    hub.clock.advance(60);
    typed.submit_once(&page.form_with("code"), &[("code", &code_of(&secret, hub.hub.now()))]).await;
    assert_eq!(typed.get("/account/codes/new").await.status, 200, "a password and a code are two factors");
}

/// A form that is sent twice: every code would open twice, and removing one would leave its twin.
async fn an_application_is_added_once(hub: TestHub) {
    let (mut maker, mut alice, mut device) = (hub.browser(), hub.browser(), authenticator());
    maker.sign_in(&ALICE).at_home().await;
    maker.add_passkey(&mut device, &Said::default()).await;
    let home = alice.visit("/").await;
    alice.prove_passkey(&home, &mut device, &Said::default()).await;
    let page = alice.get("/account/codes/new").await;
    let other = alice.get("/account/codes/new").await;
    for (page, applications) in [(&page, 1), (&page, 1), (&other, 2)] {
        let code = code_of(&secret_of(page), hub.hub.now());
        let added = alice.submit_once(&page.form_with("code"), &[("code", &code), ("name", "Téléphone")]).await;
        assert!(added.status == 200 || added.location() == Some("/account"), "{} {}", added.status, added.words());
        let all = hub.hub.store.factors_of(&ALICE.person_id()).await.expect("they are read");
        assert_eq!(all.iter().filter(|one| one.kind == FactorKind::OneTimeCode).count(), applications);
    }
}

/// Whoever has a password and meets the second factor is what a second factor is there to show.
async fn a_right_password_is_told_though_a_factor_is_missing(hub: TestHub) {
    equipped(&hub, &ALICE).await;
    let told = async || -> Vec<String> {
        hub.hub.store.flush_audit().await.expect("it is written");
        let all = hub.hub.store.audit_about(&ALICE.person_id(), Instant(0), 50).await.expect("it is read");
        all.into_iter().filter(|event| event.kind == AuditKind::SignInRefused).map(|event| event.detail).collect()
    };
    hub.browser().sign_in(&ALICE).at_home().await;
    assert!(told().await.is_empty(), "control");
    half(&hub, &ALICE).await;
    assert_eq!(told().await, ["second-factor-wanted"]);
}

/// Whoever typed a password that was lost waits for the second factor while its owner chooses another one.
async fn half_a_sign_in_ends_with_the_password_that_began_it(hub: TestHub) {
    let (mut owner, secret, _) = equipped(&hub, &GAELLE).await;
    let (mut thief, asked) = half(&hub, &GAELLE).await;
    hub.clock.advance(60);
    let page = owner.visit("/account/password").await;
    let code = code_of(&secret, hub.hub.now());
    let page = owner.submit(&page.form_with("code"), &[("code", &code)]).await;
    let new = "tortue-pressée-rose";
    let changed = owner.submit_once(&page.form_with("again"), &[("password", new), ("again", new)]).await;
    assert_eq!(changed.status, 200, "{}", changed.words());
    hub.clock.advance(60);
    let code = code_of(&secret, hub.hub.now());
    let refused = thief.submit_once(&asked.form_with("code"), &[("code", &code)]).await;
    assert!(refused.status == 400 && !thief.signed_in(), "{} {}", refused.status, refused.words());
    assert_eq!(thief.get(&asked.url).await.status, 400, "nor is it asked for any more");
    let (mut owner, asked) = half(&hub, &Role { password: new, ..GAELLE }).await;
    owner.submit_once(&asked.form_with("code"), &[("code", &code)]).await;
    assert!(owner.signed_in(), "control: by the new one, with the very code that was not looked at");
}
