//! The date of birth that goes with a code on paper, where a source told it: asked for, compared, and never kept.

use crate::activation::{GOOD, choose, code_for, code_on, local, show, teacher_of};
use preau_domain::{AuditKind, BirthDate, Instant, JoinKey, Person, PersonId, SourceId};
use preau_flows::{ALICE, Answer, Browser, NOE, TestHub, stories};
use preau_store::{PersonChange, SaidBy, Told};

stories!(
    a_date_of_birth_goes_with_the_code,
    nobody_is_asked_whose_source_told_none,
    wrong_dates_end_the_code,
    a_day_that_is_none_is_not_counted,
    nobody_chooses_before_the_date,
    a_word_is_good_for_one_code_and_one_browser,
    many_dates_at_once_are_as_many_tries,
    a_date_of_any_record_is_right,
    the_code_of_a_teacher_asks_as_well,
    the_account_says_what_is_kept,
    somebody_who_tried_a_date_is_told_of,
);

/// When Noé was born.
const BORN: &str = "03/11/2014";
const RIGHT: [&str; 3] = ["3", "11", "2014"];

/// A record as a synchronisation writes it, with the code of that date, or without one.
async fn read(hub: &TestHub, person: Person, date: Option<&str>) {
    for text in ["2014-11-03", BORN, "3/11/2014"] {
        hub.secrets.saw("date of birth", text);
    }
    let of = person.join.clone().expect("it is a record");
    let code = |date| hub.hub.keyring.birth_code(&of, &BirthDate::read(date).expect("a day"));
    let told = Told { birth: date.map(code), ..Told::default() };
    let change = PersonChange { person, digest: "0".repeat(32), told };
    hub.hub.store.put_people(None, &[change]).await.expect("it is kept");
}

/// The house of somebody whose date of birth was told, and a code for them.
async fn asked(hub: &TestHub) -> (TestHub, String) {
    let hub = local(hub).await;
    read(&hub, NOE.person(), Some(BORN)).await;
    let code = code_for(&hub, &NOE.person_id()).await;
    (hub, code)
}

/// Types a date on the page that asks for one.
async fn born(browser: &mut Browser, page: &Answer, [day, month, year]: [&str; 3]) -> Answer {
    browser.submit(&page.form_with("day"), &[("day", day), ("month", month), ("year", year)]).await
}

fn asks(page: &Answer) -> bool {
    page.forms().iter().any(|form| form.value("day").is_some())
}

/// What the journal says of Noé: how often each.
async fn journal(hub: &TestHub, what: [&str; 2]) -> [usize; 2] {
    hub.hub.store.flush_audit().await.expect("it is written");
    let told = hub.hub.store.audit_about(&NOE.person_id(), Instant(0), 99).await.expect("it is read");
    assert!(told.iter().all(|event| !event.detail.contains("2014")), "{told:?}");
    what.map(|what| told.iter().filter(|event| event.detail == what).count())
}

async fn a_date_of_birth_goes_with_the_code(hub: TestHub) {
    let (hub, code) = asked(&hub).await;
    let mut noe = hub.browser();
    let page = show(&mut noe, &code).await;
    assert!(page.words().contains("Date de naissance") && !page.words().contains("Noé"), "{}", page.words());
    for part in ["bday-day", "bday-month", "bday-year", "inputmode=\"numeric\"", "<fieldset>"] {
        assert!(page.body.contains(part), "{part}");
    }
    let page = born(&mut noe, &page, RIGHT).await;
    assert!(page.words().contains("celui de Noé Petit") && !asks(&page), "{}", page.words());
    let weak = choose(&mut noe, &page, "noe.p", "girafe").await;
    assert!(weak.status == 422 && !asks(&weak), "once is enough: {}", weak.words());
    choose(&mut noe, &weak, "noe.p", GOOD).await;
    assert!(noe.signed_in());
}

async fn nobody_is_asked_whose_source_told_none(hub: TestHub) {
    let (hub, code) = asked(&hub).await;
    assert!(asks(&show(&mut hub.browser(), &code).await), "control");
    read(&hub, NOE.person(), None).await;
    let mut noe = hub.browser();
    let page = show(&mut noe, &code).await;
    assert!(!asks(&page) && page.words().contains("celui de Noé Petit"), "{}", page.words());
    choose(&mut noe, &page, "noe.p", GOOD).await;
    assert!(noe.signed_in());
}

async fn wrong_dates_end_the_code(hub: TestHub) {
    let (hub, code) = asked(&hub).await;
    let mut thief = hub.browser();
    let mut page = show(&mut thief, &code).await;
    for day in ["1", "2", "4", "5"] {
        page = born(&mut thief, &page, [day, "11", "2014"]).await;
        assert!(page.status == 422 && page.words().contains("Ce n’est pas cela"), "{}", page.words());
        assert!(page.words().contains("Après 5 dates fausses") && !page.words().contains("Noé"), "{}", page.words());
    }
    let ended = born(&mut thief, &page, ["6", "11", "2014"]).await;
    assert!(ended.status == 422 && ended.words().contains("Trop de dates fausses"), "{}", ended.words());
    let late = born(&mut thief, &page, RIGHT).await;
    assert!(!late.words().contains("Noé") && late.status == 422, "the right one comes too late: {}", late.words());
    assert_eq!(show(&mut hub.browser(), &code).await.status, 422, "nor is the code good elsewhere");
    assert_eq!(journal(&hub, ["wrong-birth-date", "code-ended-by-wrong-dates"]).await, [5, 1]);
    let reprinted = code_for(&hub, &NOE.person_id()).await;
    let mut noe = hub.browser();
    let page = show(&mut noe, &reprinted).await;
    let page = born(&mut noe, &page, RIGHT).await;
    choose(&mut noe, &page, "noe.p", GOOD).await;
    assert!(noe.signed_in(), "control: a new code begins anew");
}

async fn a_day_that_is_none_is_not_counted(hub: TestHub) {
    let (hub, code) = asked(&hub).await;
    let mut noe = hub.browser();
    let mut page = show(&mut noe, &code).await;
    for odd in [["31", "2", "2014"], ["3", "11", "14"], ["", "", ""], ["3", "novembre", "2014"], ["-3", "11", "2014"]] {
        page = born(&mut noe, &page, odd).await;
        assert!(page.status == 422 && page.words().contains("n’existe pas"), "{odd:?}: {}", page.words());
    }
    for wrong in ["1", "2", "4", "5"] {
        page = born(&mut noe, &page, [wrong, "11", "2014"]).await;
    }
    page = born(&mut noe, &page, ["03", "11", "2014"]).await;
    assert!(page.words().contains("celui de Noé Petit"), "control: four were wrong: {}", page.words());
    let mut again = show(&mut noe, &code).await;
    for wrong in ["1", "2", "4", "5"] {
        again = born(&mut noe, &again, [wrong, "11", "2014"]).await;
    }
    assert!(asks(&again), "a right one forgives those before: {}", again.words());
}

async fn nobody_chooses_before_the_date(hub: TestHub) {
    let (hub, code) = asked(&hub).await;
    let mut thief = hub.browser();
    let form = show(&mut thief, &code).await.form_with("day");
    let chosen = [("login", "noe.p"), ("password", GOOD), ("again", GOOD)];
    let forged = "A".repeat(43);
    for confirmed in [None, Some(""), Some("yes"), Some(&*forged)] {
        let more: Vec<_> = confirmed.map(|word| ("confirmed", word)).into_iter().chain(chosen).collect();
        let answer = thief.submit_once(&form, &more).await;
        assert!(asks(&answer) || answer.words().contains("n’existe pas"), "{confirmed:?}: {}", answer.words());
    }
    let kept = hub.hub.store.credential_of(&NOE.person_id()).await.expect("it is read");
    assert!(kept.is_none() && !thief.signed_in());
    let page = thief.submit(&form, &[("day", "3"), ("month", "11"), ("year", "2014")]).await;
    choose(&mut thief, &page, "noe.p", GOOD).await;
    assert!(thief.signed_in(), "control");
}

async fn a_word_is_good_for_one_code_and_one_browser(hub: TestHub) {
    let (hub, code) = asked(&hub).await;
    let (mut noe, mut thief) = (hub.browser(), hub.browser());
    let page = show(&mut noe, &code).await;
    let page = born(&mut noe, &page, RIGHT).await;
    let word = page.form_with("password").value("confirmed").expect("it carries a word").to_owned();
    assert!(!word.contains("2014"), "{word}");
    let theirs = show(&mut thief, &code).await.form_with("day");
    let chosen = [("confirmed", &*word), ("login", "noe.p"), ("password", GOOD), ("again", GOOD)];
    let stolen = thief.submit_once(&theirs, &chosen).await;
    assert!(!thief.signed_in() && stolen.words().contains("n’existe pas"), "{}", stolen.words());
    let newest = code_for(&hub, &NOE.person_id()).await;
    let other = noe.submit_once(&page.form_with("password"), &[&chosen[..], &[("code", &newest)]].concat()).await;
    assert!(!noe.signed_in() && asks(&other), "another code: {}", other.words());
    let page = born(&mut noe, &other, RIGHT).await;
    choose(&mut noe, &page, "noe.p", GOOD).await;
    assert!(noe.signed_in(), "control");
}

async fn many_dates_at_once_are_as_many_tries(hub: TestHub) {
    let (hub, code) = asked(&hub).await;
    let mut thieves: Vec<(Browser, Answer)> = Vec::new();
    for _ in 0..16 {
        let mut thief = hub.browser();
        let page = show(&mut thief, &code).await;
        thieves.push((thief, page));
    }
    let days: Vec<String> = (10..26).map(|day: u32| day.to_string()).collect();
    let tries = thieves.iter_mut().zip(&days).map(|((thief, page), day)| born(thief, page, [day, "11", "2014"]));
    let answers = futures::future::join_all(tries).await;
    let heard = answers.iter().filter(|one| one.words().contains("Ce n’est pas cela")).count();
    assert!(heard <= 4, "{heard} were told that they may go on");
    assert_eq!(show(&mut hub.browser(), &code).await.status, 422, "the code ended");
    assert_eq!(journal(&hub, ["code-ended-by-wrong-dates", "activated"]).await, [1, 0]);
}

async fn a_date_of_any_record_is_right(hub: TestHub) {
    let (hub, code) = asked(&hub).await;
    let join = Some(JoinKey { source: SourceId::new("ville"), key: "noe".to_owned() });
    let further = Person { id: PersonId::new("pnoe-ville"), join, login: None, ..NOE.person() };
    read(&hub, further.clone(), Some("04/11/2014")).await;
    assert_eq!(
        hub.hub.store.pair(&[(NOE.person_id(), further.id)], SaidBy::Hand, hub.hub.now()).await.expect("kept"),
        [true]
    );
    for (day, right) in [("4", true), ("3", true), ("5", false)] {
        let mut noe = hub.browser();
        let page = show(&mut noe, &code).await;
        let page = born(&mut noe, &page, [day, "11", "2014"]).await;
        assert_eq!(page.words().contains("celui de Noé Petit"), right, "{day}: {}", page.words());
    }
}

async fn the_code_of_a_teacher_asks_as_well(hub: TestHub) {
    let (hub, _) = asked(&hub).await;
    let mut alice = teacher_of(&hub, "6B").await;
    let made = alice.visit("/pupils").await.form_with("pupil");
    let code = code_on(&alice.submit_once(&made, &[]).await);
    let mut noe = hub.browser();
    let page = show(&mut noe, &code).await;
    assert!(asks(&page), "{}", page.words());
    let page = born(&mut noe, &page, RIGHT).await;
    choose(&mut noe, &page, "noe.p", GOOD).await;
    assert!(noe.signed_in());
}

async fn the_account_says_what_is_kept(hub: TestHub) {
    let (hub, code) = asked(&hub).await;
    let mut noe = hub.browser();
    let page = show(&mut noe, &code).await;
    let page = born(&mut noe, &page, RIGHT).await;
    choose(&mut noe, &page, "noe.p", GOOD).await;
    let said = "Votre date de naissance n’est pas gardée";
    assert!(noe.get("/account").await.words().contains(said));
    let document = noe.get("/account/data").await.body;
    assert!(
        document.contains("\"birth_date\": \"not kept: a code of it") && !document.contains("2014-11-03"),
        "{document}"
    );
    let mut alice = hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    assert!(!alice.get("/account").await.words().contains(said));
    assert!(alice.get("/account/data").await.body.contains("\"birth_date\": null"), "control");
}

async fn somebody_who_tried_a_date_is_told_of(hub: TestHub) {
    let (hub, code) = asked(&hub).await;
    let mut thief = hub.browser();
    let page = show(&mut thief, &code).await;
    let refused = born(&mut thief, &page, ["9", "9", "2014"]).await;
    let told = hub.journal(refused.incident()).await;
    let event = told.iter().find(|event| event.detail == "wrong-birth-date").expect("it is in the journal");
    assert_eq!((event.kind, &event.person), (AuditKind::SignInRefused, &Some(NOE.person_id())));
    let mut noe = hub.browser();
    let page = show(&mut noe, &code).await;
    let page = born(&mut noe, &page, RIGHT).await;
    choose(&mut noe, &page, "noe.p", GOOD).await;
    let account = noe.get("/account").await.words();
    assert!(account.contains("une date de naissance qui n’est pas la vôtre"), "{account}");
}
