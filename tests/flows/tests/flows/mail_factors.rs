//! A letter replaces a password and no second factor: whoever has one proves it before the new password counts, whoever reads their mailbox.

use crate::mail::{FORMER, NEW, ask, choose, code_of, comes_in, show, with_password, written};
use preau_authenticator::Said;
use preau_domain::AuditKind;
use preau_flows::{Answer, Browser, HUGO, INES, Mailbox, Role, TestHub, authenticator, stories};
use std::sync::Arc;

stories!(
    a_head_shows_a_code_before_a_letter_counts,
    a_passkey_is_shown_before_a_letter_counts,
    a_code_on_paper_stands_for_the_application,
    what_was_proved_is_good_for_one_letter_in_one_browser,
    codes_are_guessed_no_faster_behind_a_letter,
    whoever_has_no_second_factor_needs_none,
);

/// The head of a lycée and a parent, whose passwords live here.
async fn house(hub: &TestHub) -> (TestHub, Arc<Mailbox>, Role, Role) {
    let (hub, mailbox) = written(hub).await;
    let hub = hub.again_with(|setup| drop(setup.config.sign_in.publics.insert("staff".into(), "local".into()))).await;
    let (hugo, ines) = (with_password(&hub, &HUGO).await, with_password(&hub, &INES).await);
    (hub, mailbox, hugo, ines)
}

/// Adds an application that makes codes; its secret, and a code on paper.
async fn equip(hub: &TestHub, who: &Role) -> (String, String) {
    let mut browser = hub.browser();
    browser.sign_in(who).at_home().await;
    let page = browser.get("/account/codes/new").await;
    let (_, rest) = page.body.split_once("<code>").expect("a secret is shown");
    let secret = rest.split('<').next().unwrap_or_default().replace(' ', "");
    let typed = preau_flows::code_of(&secret, hub.hub.now());
    let paper = browser.submit_once(&page.form_with("code"), &[("code", &typed), ("name", "Téléphone")]).await.words();
    hub.clock.advance(60);
    let code = paper.split_whitespace().find(|word| word.len() == 14 && word.matches('-').count() == 2);
    (secret, code.expect("a code on paper").to_owned())
}

/// The latest letter to somebody of that public, and the page after its code.
async fn letter(hub: &TestHub, mailbox: &Mailbox, browser: &mut Browser, who: &Role) -> Answer {
    let sent = mailbox.letters().len();
    ask(&mut hub.browser(), who, who.login).await;
    show(browser, &code_of(&mailbox.letter(sent + 1).await)).await
}

fn asks_for_more(page: &Answer) -> bool {
    page.words().contains("lire vos mails n’y suffit pas")
        && page.forms().iter().all(|form| form.value("again").is_none())
}

async fn a_head_shows_a_code_before_a_letter_counts(hub: TestHub) {
    let (hub, mailbox, hugo, _) = house(&hub).await;
    let (secret, _) = equip(&hub, &hugo).await;
    let mut browser = hub.browser();
    let page = letter(&hub, &mailbox, &mut browser, &hugo).await;
    assert!(asks_for_more(&page), "{}", page.words());
    let form = page.form_with("second");
    let straight = [("second", ""), ("password", NEW), ("again", NEW), ("proved", "x")];
    for tried in [&straight[1..3], &straight[1..], &straight] {
        assert!(asks_for_more(&browser.submit_once(&form, tried).await), "{tried:?}");
    }
    hub.clock.advance(5);
    let wrong = browser.submit_once(&form, &[("second", "000000")]).await;
    assert!(asks_for_more(&wrong) && wrong.words().contains("ne convient pas"), "{}", wrong.words());
    let told = hub.journal(wrong.incident()).await;
    assert!(
        told.iter().any(|e| (e.kind, &*e.detail) == (AuditKind::SignInRefused, "wrong-code") && e.person.is_some())
    );
    assert!(!comes_in(&hub, &hugo, NEW).await);
    hub.clock.advance(60);
    assert!(comes_in(&hub, &hugo, FORMER).await);
    let code = preau_flows::code_of(&secret, hub.hub.now());
    let page = browser.submit_once(&form, &[("second", &code)]).await;
    let done = choose(&mut browser, &page, NEW).await;
    assert!(done.words().contains("Un autre moyen de connexion vous reste"), "it stays: {}", done.words());
    assert!(comes_in(&hub, &hugo, NEW).await && !comes_in(&hub, &hugo, FORMER).await, "control");
}

async fn a_passkey_is_shown_before_a_letter_counts(hub: TestHub) {
    let (hub, mailbox, hugo, ines) = house(&hub).await;
    let (mut own, mut other) = (authenticator(), authenticator());
    for (who, device) in [(&hugo, &mut own), (&ines, &mut other)] {
        let mut browser = hub.browser();
        browser.sign_in(who).at_home().await;
        browser.add_passkey(device, &Said::default()).await;
    }
    let mut browser = hub.browser();
    let page = letter(&hub, &mailbox, &mut browser, &hugo).await;
    assert!(
        asks_for_more(&page) && page.forms().iter().all(|form| form.value("second").is_none()),
        "no code of theirs"
    );
    let stolen = browser.prove_passkey(&page, &mut other, &Said::default()).await;
    assert!(stolen.status == 422 && asks_for_more(&stolen), "that of somebody else: {}", stolen.words());
    let page = browser.prove_passkey(&stolen, &mut own, &Said::default()).await;
    choose(&mut browser, &page, NEW).await;
    assert!(!browser.signed_in() && comes_in(&hub, &hugo, NEW).await, "control");
}

async fn a_code_on_paper_stands_for_the_application(hub: TestHub) {
    let (hub, mailbox, hugo, _) = house(&hub).await;
    let (_, paper) = equip(&hub, &hugo).await;
    let mut browser = hub.browser();
    let page = letter(&hub, &mailbox, &mut browser, &hugo).await;
    let page = browser.submit_once(&page.form_with("second"), &[("second", &paper)]).await;
    let slip = [("password", NEW), ("again", "autre-chose-encore")];
    let again = browser.submit_once(&page.form_with("password"), &slip).await;
    assert_eq!(again.status, 422, "a slip of the finger asks for no second code on paper");
    choose(&mut browser, &again, NEW).await;
    assert!(comes_in(&hub, &hugo, NEW).await);
}

async fn what_was_proved_is_good_for_one_letter_in_one_browser(hub: TestHub) {
    let (hub, mailbox, hugo, ines) = house(&hub).await;
    let (secret, _) = equip(&hub, &hugo).await;
    let (_, theirs) = equip(&hub, &ines).await;
    let (mut thief, mut owner) = (hub.browser(), hub.browser());
    let own = letter(&hub, &mailbox, &mut thief, &ines).await;
    let proved = thief.submit_once(&own.form_with("second"), &[("second", &theirs)]).await.form_with("password");
    let page = letter(&hub, &mailbox, &mut thief, &hugo).await;
    let moved = [("proved", proved.value("proved").expect("sealed")), ("password", NEW), ("again", NEW)];
    assert!(asks_for_more(&thief.submit_once(&page.form_with("second"), &moved).await), "of another letter");
    hub.clock.advance(3_700);
    let page = letter(&hub, &mailbox, &mut owner, &hugo).await;
    let code = preau_flows::code_of(&secret, hub.hub.now());
    let mine = owner.submit_once(&page.form_with("second"), &[("second", &code)]).await;
    let stolen = mine.form_with("password").value("proved").expect("sealed").to_owned();
    let page = show(&mut thief, &code_of(mailbox.letters().last().expect("a letter"))).await;
    let moved = [("proved", &*stolen), ("password", NEW), ("again", NEW)];
    assert!(asks_for_more(&thief.submit_once(&page.form_with("second"), &moved).await), "of another browser");
    hub.clock.advance(10 * 60);
    assert!(asks_for_more(&choose(&mut owner, &mine, NEW).await), "ten minutes later");
    hub.clock.advance(60);
    let code = preau_flows::code_of(&secret, hub.hub.now());
    let mine = owner.submit_once(&mine.form_with("password"), &[("proved", "x"), ("second", &code)]).await;
    choose(&mut owner, &mine, NEW).await;
    assert!(comes_in(&hub, &hugo, NEW).await, "control");
}

/// Tries are counted with those of a sign-in, whatever number of letters there are.
async fn codes_are_guessed_no_faster_behind_a_letter(hub: TestHub) {
    let (hub, mailbox, hugo, _) = house(&hub).await;
    let (secret, _) = equip(&hub, &hugo).await;
    let mut told = Vec::new();
    let mut thief = hub.browser();
    let form = letter(&hub, &mailbox, &mut thief, &hugo).await.form_with("second");
    for _ in 0..10 {
        told.push(thief.submit_once(&form, &[("second", "000000")]).await.status.as_u16());
    }
    assert_eq!(told.iter().filter(|status| **status == 422).count(), 1, "{told:?}");
    hub.clock.advance(61);
    let code = preau_flows::code_of(&secret, hub.hub.now());
    let page = thief.submit_once(&form, &[("second", &code)]).await;
    assert!(page.forms().iter().any(|form| form.value("again").is_some()), "control: {}", page.words());
}

async fn whoever_has_no_second_factor_needs_none(hub: TestHub) {
    let (hub, mailbox, hugo, ines) = house(&hub).await;
    equip(&hub, &hugo).await;
    let mut browser = hub.browser();
    let page = letter(&hub, &mailbox, &mut browser, &ines).await;
    choose(&mut browser, &page, NEW).await;
    assert!(comes_in(&hub, &ines, NEW).await);
}
