//! Letters: a password that was lost is replaced by one, nobody learns from it who exists, and none is lost or written twice (LOG-15 to LOG-17, F25).

use http::Request;
use preau_connector_api::{Letter, NotSent};
use preau_domain::{AccountState, AuditKind, Instant, Person, PersonId, Seconds};
use preau_flows::{ALICE, Answer, BASE, Browser, GAELLE, INES, Mailbox, NOE, Role, TestHub, stories};
use preau_web::activation;
use std::sync::Arc;

stories!(
    a_lost_password_is_replaced_by_mail,
    the_answer_is_the_same_for_everybody,
    whoever_is_not_written_to_gets_no_letter,
    a_mailbox_is_not_bombed,
    of_a_hundred_with_one_letter_one_chooses,
    a_letter_ends_with_what_it_was_for,
    looking_at_the_address_uses_nothing_up,
    a_letter_names_our_address_whatever_the_request_says,
    nothing_that_is_typed_reaches_a_letter,
    a_letter_waits_for_its_server_and_outlives_the_process,
    a_letter_that_cannot_be_sent_is_given_up,
    a_password_that_lives_elsewhere_is_replaced_there,
    without_a_mail_server_nothing_is_offered,
);

pub const NEW: &str = "girafe-lente-verte";
pub const FORMER: &str = "tortue-vive-mauve";

/// The same house, whose pupils and parents have their passwords here, with a mailbox.
pub async fn written(hub: &TestHub) -> (TestHub, Arc<Mailbox>) {
    let mailbox = Mailbox::new();
    let here = |public: &str| (public.to_owned(), "local".to_owned());
    let post = mailbox.clone();
    let house = hub.again_with(move |setup| {
        setup.config.sign_in.publics.extend([here("pupil"), here("guardian")]);
        setup.mail = Some(post);
    });
    (house.await, mailbox)
}

/// Somebody who chose a password here, and what they type.
pub async fn with_password(hub: &TestHub, who: &Role) -> Role {
    let (times, people) = ((hub.hub.now(), activation::LASTS), [who.person_id()]);
    let made = activation::make(&*hub.hub.store, &hub.hub.keyring, &*hub.hub.ids, &people, times, None).await;
    let key = activation::key(&hub.hub.keyring, &made.expect("codes are kept")[0]);
    let hash = hub.hub.passwords.hash(FORMER).await.expect("hashed");
    hub.hub.store.activate(&key, who.login, &hash, hub.hub.now()).await.expect("kept").expect("theirs");
    Role { password: FORMER, ..who.clone() }
}

/// Asks for a letter, as somebody of that public.
pub async fn ask(browser: &mut Browser, public: &Role, typed: &str) -> Answer {
    let page = browser.password_page("/", public).await;
    let page = browser.get(&page.link("Mot de passe oublié").expect("a way")).await;
    browser.submit_once(&page.form_with("who"), &[("who", typed)]).await
}

/// The code a letter holds.
pub fn code_of(letter: &Letter) -> String {
    let (_, rest) = letter.text.split_once("/reset#").unwrap_or_else(|| panic!("no address: {}", letter.text));
    rest.lines().next().expect("a line").trim().to_owned()
}

/// Types a code; the page that follows.
pub async fn show(browser: &mut Browser, code: &str) -> Answer {
    let page = browser.visit("/reset").await;
    browser.submit_once(&page.form_with("code"), &[("code", code)]).await
}

pub async fn choose(browser: &mut Browser, page: &Answer, password: &str) -> Answer {
    browser.submit_once(&page.form_with("password"), &[("password", password), ("again", password)]).await
}

/// Whether somebody comes in with a password.
pub async fn comes_in(hub: &TestHub, who: &Role, password: &'static str) -> bool {
    let mut browser = hub.browser();
    browser.sign_in(&Role { password, ..who.clone() }).at_home().await;
    browser.signed_in()
}

/// Waits until nothing waits for the mail server any more.
pub async fn all_seen_to(hub: &TestHub) {
    let seen_to = async {
        while hub.hub.store.waiting_letters(hub.hub.now()).await.expect("counted").count > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), seen_to).await.expect("everything is seen to");
}

async fn a_lost_password_is_replaced_by_mail(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let ines = with_password(&hub, &INES).await;
    let mut before = hub.browser();
    before.sign_in(&ines).at_home().await;
    let mut browser = hub.browser();
    let asked = ask(&mut browser, &INES, "Ines.Petit").await;
    assert!(asked.words().contains("Regardez vos mails"), "{}", asked.words());
    let letter = mailbox.letter(1).await;
    assert_eq!((&*letter.to, letter.text.contains("l’identifiant ines.petit")), ("ines.petit@college.example", true));
    let page = show(&mut browser, &code_of(&letter)).await;
    let done = choose(&mut browser, &page, NEW).await;
    assert!(done.words().contains("Connectez-vous avec le nouveau") && !browser.signed_in(), "{}", done.words());
    assert_eq!((comes_in(&hub, &ines, NEW).await, comes_in(&hub, &ines, FORMER).await), (true, false));
    assert_eq!(before.get("/account").await.status, 303, "sessions of before are over");
    let news = mailbox.letter(2).await;
    assert!(news.subject.contains("votre mot de passe a changé") && !news.text.contains("Inès"), "{}", news.text);
    hub.hub.store.flush_audit().await.expect("it is written");
    let told = hub.hub.store.audit_about(&ines.person_id(), Instant(0), 20).await.expect("it is read");
    for word in ["reset-mailed", "password-replaced-by-mail"] {
        assert!(told.iter().any(|e| (e.kind, &*e.detail) == (AuditKind::CredentialsChanged, word)), "{word}: {told:?}");
    }
    assert!(told.iter().all(|event| !event.detail.contains('@')));
}

/// What differs by chance taken out.
fn plain(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.words())
}

/// LOG-17: the page, and what is done until it is answered, are the same; who it is about is looked up behind it.
async fn the_answer_is_the_same_for_everybody(hub: TestHub) {
    let (hub, _) = written(&hub).await;
    with_password(&hub, &INES).await;
    hub.put(Person { mail: None, ..NOE.person() }).await;
    with_password(&hub, &NOE).await;
    let mut all = Vec::new();
    let known = ["ines.petit", "ines.petit@college.example"];
    for typed in known.into_iter().chain(["noe.petit", "personne", ALICE.login, "' OR 1=1 --", "x\r\nBcc: a@b"]) {
        let mut browser = hub.browser();
        let page = browser.password_page("/", &INES).await;
        let form = browser.get(&page.link("Mot de passe oublié").expect("a way")).await.form_with("who");
        hub.faults.fail(0, preau_flows::When::Before);
        let answer = browser.submit_once(&form, &[("who", typed)]).await;
        let calls = hub.faults.calls();
        let until = calls.iter().position(|call| *call == "post_request").expect("it is kept");
        let asked: Vec<&str> = calls[..=until].iter().copied().filter(|call| *call != "take_letters").collect();
        all.push((typed, plain(&answer), asked));
        all_seen_to(&hub).await;
    }
    for (typed, answer, calls) in &all {
        assert_eq!((answer, calls), (&all[0].1, &all[0].2), "{typed}");
    }
    assert_eq!(all[0].1.0, 200);
}

async fn whoever_is_not_written_to_gets_no_letter(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    with_password(&hub, &INES).await;
    for (change, typed) in [
        (Person { mail: None, ..NOE.person() }, "noe.petit"),
        (Person { state: AccountState::Suspended, ..NOE.person() }, "noe.petit"),
        (Person { mail: Some("noe@college.example\r\nBcc: tous@college.example".into()), ..NOE.person() }, "noe.petit"),
    ] {
        hub.put(NOE.person()).await;
        with_password(&hub, &NOE).await;
        hub.put(change).await;
        ask(&mut hub.browser(), &NOE, typed).await;
        all_seen_to(&hub).await;
    }
    for typed in [ALICE.login, "alice.martin@college.example", "personne@college.example"] {
        ask(&mut hub.browser(), &INES, typed).await;
        all_seen_to(&hub).await;
    }
    assert_eq!(mailbox.letters(), [], "the annuaire, no address, a stopped account, an address that is two");
    ask(&mut hub.browser(), &INES, "ines.petit@college.example").await;
    assert_eq!(mailbox.letter(1).await.to, "ines.petit@college.example", "control, by the address");
    ask(&mut hub.browser(), &GAELLE, GAELLE.login).await;
    assert_eq!(mailbox.letter(2).await.to, "gaelle.riou@college.example", "control: an account that is kept here");
}

/// LOG-17: at most five an hour, however often and from wherever somebody asks; another person is written to meanwhile.
async fn a_mailbox_is_not_bombed(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    with_password(&hub, &INES).await;
    let shared = Person { mail: INES.person().mail, ..NOE.person() };
    hub.put(shared).await;
    with_password(&hub, &NOE).await;
    for turn in 0..100 {
        let typed = if turn % 2 == 0 { "ines.petit" } else { "noe.petit" };
        ask(&mut hub.browser(), &INES, typed).await;
        all_seen_to(&hub).await;
        hub.clock.advance(36);
    }
    let bombed = mailbox.letters().len();
    assert!((1..=5).contains(&bombed), "{bombed} letters to one address within an hour");
    ask(&mut hub.browser(), &GAELLE, GAELLE.login).await;
    assert_eq!(mailbox.letter(bombed + 1).await.to, "gaelle.riou@college.example", "control");
    hub.clock.advance(3_600);
    ask(&mut hub.browser(), &INES, "ines.petit").await;
    mailbox.letter(bombed + 2).await;
}

async fn of_a_hundred_with_one_letter_one_chooses(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let ines = with_password(&hub, &INES).await;
    ask(&mut hub.browser(), &INES, INES.login).await;
    let code = code_of(&mailbox.letter(1).await);
    let mut racers = Vec::new();
    for _ in 0..100 {
        let mut browser = hub.browser();
        let page = show(&mut browser, &code).await;
        racers.push((browser, page));
    }
    let race = racers.iter_mut().map(|(browser, page)| choose(browser, page, NEW));
    let ends = futures::future::join_all(race).await;
    let won = ends.iter().filter(|end| end.words().contains("Mot de passe changé")).count();
    let busy = ends.iter().filter(|end| end.status == 503).count();
    assert_eq!((won, ends.iter().filter(|end| end.status == 422).count()), (1, 99 - busy));
    assert!(comes_in(&hub, &ines, NEW).await);
    let late = show(&mut hub.browser(), &code).await;
    assert!(late.status == 422 && late.words().contains("Ce code ne vaut rien"), "{}", late.words());
}

/// LOG-16: a later letter, another password, the end of the account and half an hour each end it.
async fn a_letter_ends_with_what_it_was_for(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    with_password(&hub, &INES).await;
    let store = &hub.hub.store;
    for (number, what) in ["nothing", "a later letter", "a new password", "a stop", "half an hour"].iter().enumerate() {
        hub.clock.advance(3_700);
        let sent = mailbox.letters().len();
        ask(&mut hub.browser(), &INES, INES.login).await;
        let code = code_of(&mailbox.letter(sent + 1).await);
        match number {
            1 => {
                hub.clock.advance(120);
                ask(&mut hub.browser(), &INES, INES.login).await;
                mailbox.letter(sent + 2).await;
            }
            2 => store.set_password_hash(&INES.person_id(), &hash_of(&hub).await).await.expect("kept"),
            3 => store.stop_person(&INES.person_id(), "volé").await.expect("stopped"),
            4 => hub.clock.advance(30 * 60),
            _ => {}
        }
        let page = show(&mut hub.browser(), &code).await;
        assert_eq!(page.status == 200, number == 0, "{what}: {}", page.words());
        if number == 3 {
            store.start_person(&INES.person_id()).await.expect("resumed");
        }
    }
}

pub async fn hash_of(hub: &TestHub) -> String {
    hub.hub.passwords.hash("encore-un-autre-mot").await.expect("hashed")
}

/// LOG-16: a scanner of mails follows addresses, and posts nothing.
async fn looking_at_the_address_uses_nothing_up(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let ines = with_password(&hub, &INES).await;
    ask(&mut hub.browser(), &INES, INES.login).await;
    let letter = mailbox.letter(1).await;
    assert!(!letter.text.contains("?") || !letter.text.contains("reset?"), "no server sees the code: {}", letter.text);
    for _ in 0..3 {
        let page = hub.browser().visit("/reset").await;
        assert_eq!((page.status.as_u16(), page.header("referrer-policy")), (200, "no-referrer"));
    }
    let mut browser = hub.browser();
    let page = show(&mut browser, &code_of(&letter)).await;
    let unequal = [("password", NEW), ("again", "autre-chose-encore")];
    let refused = browser.submit_once(&page.form_with("password"), &unequal).await;
    assert_eq!(refused.status, 422, "a slip of the finger uses nothing up");
    choose(&mut browser, &refused, NEW).await;
    assert!(comes_in(&hub, &ines, NEW).await);
}

/// LOG-15.
async fn a_letter_names_our_address_whatever_the_request_says(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    with_password(&hub, &INES).await;
    for name in ["x-forwarded-host", "forwarded", "x-original-host", "x-forwarded-server", "origin", "referer"] {
        let mut browser = hub.browser().saying(name, "https://evil.test");
        ask(&mut browser, &INES, INES.login).await;
        all_seen_to(&hub).await;
        hub.clock.advance(3_700);
    }
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 6, "control: they were written");
    for letter in &letters {
        assert!(letter.text.contains(&format!("{BASE}/reset#")) && !letter.text.contains("evil"), "{}", letter.text);
    }
    let elsewhere = Request::get("https://evil.test/reset").header("host", "evil.test");
    let answer = hub.answer(elsewhere.body(axum::body::Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, 421);
}

async fn nothing_that_is_typed_reaches_a_letter(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    with_password(&hub, &INES).await;
    let typed = ["ines.petit\r\nBcc: tous@college.example", "ines.petit@college.example, mechant@evil.test"];
    for typed in
        typed.into_iter().chain(["ines.petit%0d%0aBcc:x@y", "<ines.petit@college.example>", &"a".repeat(20_000)])
    {
        ask(&mut hub.browser(), &INES, typed).await;
        all_seen_to(&hub).await;
    }
    assert_eq!(mailbox.letters(), []);
    ask(&mut hub.browser(), &INES, " Ines.Petit@college.example ").await;
    assert_eq!(mailbox.letter(1).await.to, "ines.petit@college.example", "control");
}

/// F25: nothing is lost, and the same letter is handed over by the same name.
async fn a_letter_waits_for_its_server_and_outlives_the_process(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let ines = with_password(&hub, &INES).await;
    let away = || NotSent::Later("the mail server is not reached".into());
    mailbox.fail([away(), away()]);
    ask(&mut hub.browser(), &INES, INES.login).await;
    mailbox.tried(|_, tried| tried >= 1).await;
    let waiting = hub.hub.store.waiting_letters(hub.hub.now()).await.expect("counted");
    assert_eq!((waiting.count, mailbox.letters().len()), (1, 0));
    let (next, _gone) = (hub.again().await, hub);
    next.clock.advance(60);
    mailbox.tried(|_, tried| tried >= 2).await;
    next.clock.advance(120);
    let letter = mailbox.letter(1).await;
    all_seen_to(&next).await;
    let mut browser = next.browser();
    let page = show(&mut browser, &code_of(&letter)).await;
    choose(&mut browser, &page, NEW).await;
    assert!(comes_in(&next, &ines, NEW).await);
    assert_eq!(mailbox.letters().iter().filter(|one| one.id == letter.id).count(), 1, "once");
}

async fn a_letter_that_cannot_be_sent_is_given_up(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    with_password(&hub, &INES).await;
    mailbox.fail([NotSent::Never("the mail server answered 550".into())]);
    ask(&mut hub.browser(), &INES, INES.login).await;
    all_seen_to(&hub).await;
    hub.hub.store.flush_audit().await.expect("it is written");
    let told = hub.hub.store.audit_about(&INES.person_id(), Instant(0), 20).await.expect("it is read");
    let given_up = told.iter().find(|event| event.kind == AuditKind::MailGivenUp).expect("it is told");
    assert_eq!(given_up.detail, "password-reset refused");
    assert!(hub.log.lines().iter().all(|line| !line.contains("ines.petit@")), "no address in the log");
    hub.clock.advance(3_700);
    ask(&mut hub.browser(), &INES, INES.login).await;
    mailbox.letter(1).await;
}

async fn a_password_that_lives_elsewhere_is_replaced_there(hub: TestHub) {
    let (hub, mailbox) = written(&hub).await;
    let there = "https://motdepasse.ac-notos.example/".to_owned();
    let hub = hub.again_with(|setup| drop(setup.config.sign_in.lost.insert("staff".into(), there.clone()))).await;
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    let page = browser.get(&page.link("Mot de passe oublié").expect("a way")).await;
    assert!(page.words().contains("messagerie académique"), "{}", page.words());
    assert_eq!(page.link("Changer ce mot de passe"), Some(there));
    assert!(page.forms().iter().all(|form| form.value("who").is_none()), "nothing is asked");
    let form = ines_form(&hub).await.filled(&[("who", ALICE.login), ("public", "staff")]);
    let mut other = hub.browser();
    other.post("/sign-in/none/forgotten", &form).await;
    assert_eq!(mailbox.letters(), []);
}

async fn ines_form(hub: &TestHub) -> preau_flows::Form {
    let mut browser = hub.browser();
    let page = browser.password_page("/", &INES).await;
    browser.get(&page.link("Mot de passe oublié").expect("a way")).await.form_with("who")
}

async fn without_a_mail_server_nothing_is_offered(hub: TestHub) {
    let (hub, _) = written(&hub).await;
    let form = ines_form(&hub).await;
    let without = hub.again_with(|setup| setup.mail = None).await;
    let mut browser = without.browser();
    let page = browser.password_page("/", &INES).await;
    let page = browser.get(&page.link("Mot de passe oublié").expect("a way")).await;
    assert!(page.words().contains("Un code sur papier") && page.forms().is_empty(), "{}", page.words());
    let mut ines = without.browser();
    ines.post(&form.action, &form.filled(&[("who", INES.login)])).await;
    assert_eq!(without.hub.store.waiting_letters(Instant(0)).await.expect("counted").count, 0);
    let (id, until) = (PersonId::new(GAELLE.id), without.hub.now() + Seconds(60));
    assert!(without.hub.store.person(&id).await.expect("read").is_some() && until > without.hub.now());
}
