//! Letters where something fails or changes between a request and its end: a store that is away, an address that is somebody else's, an address
//! of several, sessions by the hundred.

use crate::mail::{FORMER, NEW, all_seen_to, ask, choose, code_of, comes_in, show, with_password, written};
use preau_connector_api::{Letter, NotSent};
use preau_domain::{AuthnMethod, Person, Seconds, Session, SessionId};
use preau_flows::{Browser, Form, GAELLE, INES, Mailbox, NOE, TestHub, When, stories};
use preau_store::NewSession;
use preau_web::activation;
use std::collections::BTreeSet;
use std::time::Duration;

stories!(
    a_request_is_answered_whatever_fails,
    a_reset_is_whole_or_did_not_happen,
    a_code_ends_with_the_address_it_went_to,
    a_letter_does_not_go_where_its_reader_is_no_more,
    a_family_with_one_address_gets_a_code_for_each,
    a_family_with_one_address_reads_whose_password_was_changed,
    whoever_comes_from_no_source_is_found_by_the_address,
    sessions_end_however_many_there_are,
    a_letter_is_in_the_language_of_its_reader,
    whoever_had_a_password_hears_of_a_new_one,
    whoever_replaced_a_password_does_not_go_on_as_somebody_else,
);

const AN_HOUR: i64 = 3_700;
/// How long a letter may take on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long whoever waits for a letter waits before coming back.
const SHORTLY: Duration = Duration::from_millis(50);

/// The next letter with a code, also if somebody has to come back for it: whoever asks for nobody wakes whoever sends. Nobody comes back more
/// than forty times, of twenty seconds each on the clock; whoever sends has as long as any letter has.
async fn comes(hub: &TestHub, mailbox: &Mailbox, sent: usize, (browser, form): (&mut Browser, &Form)) -> Letter {
    let mut back = 0..40;
    let begun = std::time::Instant::now();
    while begun.elapsed() < PATIENCE {
        let letters = mailbox.letters();
        if let Some(letter) = letters.iter().skip(sent).find(|letter| letter.text.contains("/reset#")) {
            return letter.clone();
        }
        if back.next().is_some() {
            hub.clock.advance(20);
            browser.submit_once(form, &[("who", "personne")]).await;
        }
        mailbox.next_within(SHORTLY).await;
    }
    panic!("no letter came: {:?}", hub.faults.calls());
}

async fn form_of(browser: &mut Browser) -> Form {
    let page = browser.password_page("/", &INES).await;
    browser.get(&page.link("Mot de passe oublié").expect("a way")).await.form_with("who")
}

/// F25, F15: whoever was told that a letter is on its way gets one, whose code is good, whichever answer of the store was lost.
async fn a_request_is_answered_whatever_fails(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    with_password(&hub, &INES).await;
    for (nth, when) in (1..=20).flat_map(|nth| [(nth, When::Before), (nth, When::After)]) {
        hub.clock.advance(AN_HOUR);
        let (sent, mut browser) = (mailbox.letters().len(), hub.browser());
        let form = form_of(&mut browser).await;
        hub.faults.fail(nth, when);
        let told = browser.submit_once(&form, &[("who", INES.login)]).await.status == 200;
        if told {
            let letter = comes(&hub, &mailbox, sent, (&mut browser, &form)).await;
            hub.faults.fail(0, When::Before);
            assert_eq!(show(&mut hub.browser(), &code_of(&letter)).await.status, 200, "{nth} {when:?}");
        }
        hub.faults.fail(0, When::Before);
    }
    let letters = mailbox.letters();
    let once: BTreeSet<&str> = letters.iter().map(|letter| letter.id.as_str()).collect();
    assert!(
        letters.len() == once.len() && letters.len() <= 40,
        "{} letters, {} of them once",
        letters.len(),
        once.len()
    );
}

/// LOG-14: whenever the former password opens nothing any more, neither does a session it began.
async fn a_reset_is_whole_or_did_not_happen(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let (mut ines, mut replaced) = (with_password(&hub, &INES).await, 0);
    for (nth, when) in (1..=12).flat_map(|nth| [(nth, When::Before), (nth, When::After)]) {
        hub.clock.advance(AN_HOUR);
        let mut before = hub.browser();
        before.sign_in(&ines).at_home().await;
        let (sent, mut browser) = (mailbox.letters().len(), hub.browser());
        let form = form_of(&mut browser).await;
        browser.submit_once(&form, &[("who", INES.login)]).await;
        let letter = comes(&hub, &mailbox, sent, (&mut browser, &form)).await;
        let page = show(&mut browser, &code_of(&letter)).await;
        let next = if ines.password == NEW { FORMER } else { NEW };
        hub.faults.fail(nth, when);
        choose(&mut browser, &page, next).await;
        hub.faults.fail(0, When::Before);
        hub.clock.advance(5);
        if comes_in(&hub, &ines, next).await {
            assert_eq!(before.get("/account").await.status, 303, "{nth} {when:?}: a session of before goes on");
            (ines.password, replaced) = (next, replaced + 1);
        }
    }
    assert!((1..24).contains(&replaced), "control: some happened and some did not, {replaced}");
}

/// Whoever gave an address up, or never had it, opens nothing by what went there.
async fn a_code_ends_with_the_address_it_went_to(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    with_password(&hub, &INES).await;
    ask(&mut hub.browser(), &INES, INES.login).await;
    let code = code_of(&mailbox.letter(1).await);
    let corrected = Person { mail: Some("ines@ailleurs.example".into()), ..INES.person() };
    hub.put(corrected.clone()).await;
    let page = show(&mut hub.browser(), &code).await;
    assert_eq!(page.status, 422, "{}", page.words());
    hub.put(Person { mail: Some("Ines.Petit@College.example".into()), ..corrected }).await;
    assert_eq!(show(&mut hub.browser(), &code).await.status, 200, "control: the same address, however written");
}

async fn a_letter_does_not_go_where_its_reader_is_no_more(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    with_password(&hub, &INES).await;
    mailbox.fail([NotSent::Later("away".into())]);
    ask(&mut hub.browser(), &INES, INES.login).await;
    mailbox.tried(|_, tried| tried >= 1).await;
    hub.put(Person { mail: Some("ines@ailleurs.example".into()), ..INES.person() }).await;
    hub.clock.advance(60);
    all_seen_to(&hub).await;
    assert_eq!(mailbox.letters(), [], "neither there nor here");
    hub.clock.advance(AN_HOUR);
    ask(&mut hub.browser(), &INES, INES.login).await;
    assert_eq!(mailbox.letter(1).await.to, "ines@ailleurs.example", "control");
}

/// A mother and her son have one address: it gets one letter, and either chooses a password.
async fn a_family_with_one_address_gets_a_code_for_each(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let (ines, noe) = (with_password(&hub, &INES).await, with_password(&hub, &NOE).await);
    hub.put(Person { mail: INES.person().mail, ..NOE.person() }).await;
    ask(&mut hub.browser(), &INES, "ines.petit@college.example").await;
    let letter = mailbox.letter(1).await;
    all_seen_to(&hub).await;
    assert_eq!(mailbox.letters().len(), 1, "one letter");
    for who in [&ines, &noe] {
        let (_, theirs) =
            letter.text.split_once(who.login).unwrap_or_else(|| panic!("no {}: {}", who.login, letter.text));
        let code = code_of(&Letter { text: theirs.to_owned(), ..letter.clone() });
        let mut browser = hub.browser();
        let page = show(&mut browser, &code).await;
        assert_eq!(page.form_with("password").value("login"), Some(who.login));
        choose(&mut browser, &page, NEW).await;
        assert!(comes_in(&hub, who, NEW).await, "{}", who.login);
    }
    hub.clock.advance(AN_HOUR);
    let sent = mailbox.letters().len();
    ask(&mut hub.browser(), &NOE, NOE.login).await;
    let letter = mailbox.letter(sent + 1).await;
    assert!(
        letter.text.contains(NOE.login) && !letter.text.contains(INES.login),
        "by a login, of that one: {}",
        letter.text
    );
}

async fn whoever_comes_from_no_source_is_found_by_the_address(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    ask(&mut hub.browser(), &GAELLE, "Gaelle.Riou@college.example").await;
    let letter = mailbox.letter(1).await;
    assert!(letter.text.contains(GAELLE.login), "{}", letter.text);
}

/// More than are listed at once.
async fn sessions_end_however_many_there_are(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let ines = with_password(&hub, &INES).await;
    let (mut before, store) = (hub.browser(), &hub.hub.store);
    before.sign_in(&ines).at_home().await;
    let one = store.sessions_of(&ines.person_id(), hub.hub.now()).await.expect("read").remove(0);
    assert_eq!(one.authentication.method, AuthnMethod::LocalPassword);
    for number in 0..130 {
        let (id, created) = (SessionId::new(format!("s{number}")), one.created + Seconds(number));
        let session = Session { id, created, ..one.clone() };
        let new = NewSession { session, pending: None, replaces: None, proved: None, upstream: None, way: None };
        store.begin_session(&new).await.expect("it begins");
    }
    ask(&mut hub.browser(), &INES, INES.login).await;
    let mut browser = hub.browser();
    let page = show(&mut browser, &code_of(&mailbox.letter(1).await)).await;
    choose(&mut browser, &page, NEW).await;
    hub.clock.advance(5);
    assert_eq!(before.get("/account").await.status, 303, "the oldest too");
    assert_eq!(store.sessions_of(&ines.person_id(), hub.hub.now()).await.expect("read"), []);
}

async fn a_family_with_one_address_reads_whose_password_was_changed(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let (ines, noe) = (with_password(&hub, &INES).await, with_password(&hub, &NOE).await);
    hub.put(Person { mail: INES.person().mail, ..NOE.person() }).await;
    hub.hub.store.choose_language(&INES.person_id(), Some("en")).await.expect("kept");
    for (said, who, other) in [("de l’identifiant", &noe, &ines), ("of the account", &ines, &noe)] {
        let (sent, mut browser) = (mailbox.letters().len(), hub.browser());
        ask(&mut hub.browser(), who, who.login).await;
        let page = show(&mut browser, &code_of(&mailbox.letter(sent + 1).await)).await;
        choose(&mut browser, &page, NEW).await;
        let news = mailbox.letter(sent + 2).await;
        assert!(news.text.contains(&format!("{said} {}", who.login)), "{}", news.text);
        assert!(
            !news.text.contains(other.login) && !news.subject.contains(who.login),
            "{} {}",
            news.subject,
            news.text
        );
        hub.clock.advance(AN_HOUR);
    }
}

/// Whoever asks may be anybody; who reads chose a language, or is written to in that of the request.
async fn a_letter_is_in_the_language_of_its_reader(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    with_password(&hub, &INES).await;
    ask(&mut hub.browser(), &INES, INES.login).await;
    assert!(mailbox.letter(1).await.text.starts_with("Bonjour"), "control");
    hub.hub.store.choose_language(&INES.person_id(), Some("en")).await.expect("kept");
    hub.clock.advance(AN_HOUR);
    ask(&mut hub.browser(), &INES, INES.login).await;
    assert!(mailbox.letter(2).await.text.starts_with("Hello"));
}

/// A code on paper replaces a password without its owner's knowing, if it fell into the hands of somebody else.
async fn whoever_had_a_password_hears_of_a_new_one(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    for number in 0..2 {
        let (times, people) = ((hub.hub.now(), activation::LASTS), [INES.person_id()]);
        let made = activation::make(&*hub.hub.store, &hub.hub.keyring, &*hub.hub.ids, &people, times, None).await;
        let (code, mut browser) = (made.expect("codes are kept").remove(0), hub.browser());
        let page = browser.visit("/activate").await;
        let page = browser.submit_once(&page.form_with("code"), &[("code", &code)]).await;
        let chosen = [("login", INES.login), ("password", NEW), ("again", NEW)];
        browser.submit(&page.form_with("password"), &chosen).await;
        assert!(browser.signed_in(), "{number}");
        all_seen_to(&hub).await;
        assert_eq!(mailbox.letters().len(), number, "the first one replaces nothing");
    }
    assert!(mailbox.letters()[0].subject.contains("mot de passe a changé"));
}

/// A machine of the school on which somebody forgot to sign out (LOG-12).
async fn whoever_replaced_a_password_does_not_go_on_as_somebody_else(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let noe = with_password(&hub, &NOE).await;
    with_password(&hub, &INES).await;
    let mut browser = hub.browser();
    browser.sign_in(&noe).at_home().await;
    hub.clock.advance(1);
    ask(&mut hub.browser(), &INES, INES.login).await;
    let page = show(&mut browser, &code_of(&mailbox.letter(1).await)).await;
    let done = choose(&mut browser, &page, NEW).await;
    let next = browser.visit(&done.link("Se connecter").expect("a way on")).await;
    assert!(!next.words().contains("Bonjour"), "{}", next.words());
    let page = browser.choose(&next, &INES).await;
    let home = browser.submit(&page.form_with("password"), &[("login", INES.login), ("password", NEW)]).await;
    assert!(home.words().contains("Bonjour Inès"), "control: {}", home.words());
}
