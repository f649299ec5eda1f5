//! Cards of a class: a child, three pictures, and a lesson that their teacher opens.

use crate::guests::{House, listed, opened, service};
use preau_domain::{AuditKind, Instant, Profile, Public, Role as Part, Seconds, ServiceId, SpaceGroup};
use preau_flows::{
    ALICE, Answer, Arrival, Browser, COLLEGE, HUGO, NOE, Role, TestHub, app_service, code_of, oidc_service, stories,
    uai,
};
use preau_web::ClassCardsAt;
use serde_json::json;

stories!(
    a_card_opens_the_services_of_the_class_in_a_lesson,
    a_card_opens_nothing_outside_a_lesson,
    a_lesson_ends_by_itself,
    a_lesson_ends_at_once,
    a_card_that_was_taken_back_opens_nothing,
    a_card_that_was_made_again_takes_the_former_back,
    wrong_pictures_stop_a_card_until_the_teacher_says_so,
    a_hundred_who_guess_are_heard_three_times,
    a_card_is_one_browsers_at_a_time,
    a_form_of_another_browser_is_worth_nothing,
    a_card_opens_no_service_that_does_not_admit_it,
    nothing_is_added_to_a_card,
    a_card_opens_no_page_of_an_account,
    what_a_card_opened_is_over_with_the_lesson,
    nobody_opens_a_class_of_others,
    a_card_opens_at_school_or_in_its_hours,
    whoever_left_the_class_has_no_card,
    a_teacher_sees_who_is_signed_in_and_ends_it,
    a_guest_without_a_home_that_vouches_comes_once_by_a_card,
    a_guest_with_a_card_opens_their_space_alone,
    a_guest_whom_home_vouches_for_has_no_card,
);

/// What stands on paper: on the card, and on the teacher's list.
pub(crate) struct Paper {
    pub code: String,
    pub pictures: Vec<String>,
}

/// The same house where cards open in the morning, and what `app` is for.
pub(crate) async fn school(hub: &TestHub) -> TestHub {
    let hub = hub.again_with(|setup| setup.config.class_cards.hours = vec!["08:30-11:45".to_owned()]).await;
    hub.amend("app", |app| app.audience.class_cards = true);
    hub
}

/// Somebody who teaches that class, and reads English.
pub(crate) async fn teacher_of(hub: &TestHub, class: &str) -> Browser {
    let mut alice = ALICE.person();
    alice.affiliations.truncate(1);
    alice.affiliations[0].head_teacher_of = vec![class.to_owned()];
    hub.put(alice).await;
    let mut browser = hub.browser().saying("accept-language", "en");
    browser.sign_in(&ALICE).at_home().await;
    browser
}

/// The lines of text of a document.
fn lines(document: &Answer) -> Vec<String> {
    let line = |line: &str| line.trim().strip_suffix(") Tj")?.strip_prefix('(').map(str::to_owned);
    document.body.lines().filter_map(line).collect()
}

/// Prints the cards of the class on the page, also of those who have one.
pub(crate) async fn print(hub: &TestHub, teacher: &mut Browser) -> Paper {
    print_at(hub, teacher, "/cards").await
}

/// The same on the page of one class.
pub(crate) async fn print_at(hub: &TestHub, teacher: &mut Browser, at: &str) -> Paper {
    let page = teacher.visit(at).await;
    let printed = teacher.submit_once(&page.form_with("again"), &[("again", "1")]).await;
    assert_eq!(printed.header("content-type"), "application/pdf", "{}", printed.words());
    let lines = lines(&printed);
    let code = lines.iter().find(|line| line.len() == 14 && line.matches('-').count() == 2).expect("a code").clone();
    let names = lines.iter().find(|line| line.matches(", ").count() == 2 && !line.contains('.')).expect("pictures");
    hub.secrets.saw("card code", &code.replace('-', "").to_lowercase());
    Paper { code, pictures: names.split(", ").map(str::to_owned).collect() }
}

pub(crate) async fn lesson(teacher: &mut Browser, what: &str) -> Answer {
    lesson_at(teacher, "/cards", what).await
}

pub(crate) async fn lesson_at(teacher: &mut Browser, at: &str, what: &str) -> Answer {
    let page = teacher.visit(at).await;
    teacher.submit(&page.form_to("/cards/lesson"), &[("what", what)]).await
}

/// Does something to the card of the one child of the class.
pub(crate) async fn of_card(teacher: &mut Browser, what: &str) -> Answer {
    let page = teacher.visit("/cards").await;
    teacher.submit(&page.form_to("/cards/card"), &[("what", what)]).await
}

/// Shows a card.
pub(crate) async fn show(browser: &mut Browser, paper: &Paper) -> Answer {
    let page = browser.visit("/card").await;
    browser.submit(&page.form_with("code"), &[("code", &paper.code)]).await
}

/// Taps pictures on the page that asks for them; follows nothing.
pub(crate) async fn tap(browser: &mut Browser, page: &Answer, pictures: &[&str]) -> Answer {
    let form = page.form_with("pictures");
    let mut fields = form.filled(&[]);
    fields.retain(|(name, _)| name != "picture");
    fields.extend(pictures.iter().map(|picture| ("picture".to_owned(), (*picture).to_owned())));
    browser.post(&form.action, &fields).await
}

pub(crate) async fn come_in(browser: &mut Browser, paper: &Paper) -> Answer {
    let page = show(browser, paper).await;
    let names: Vec<&str> = paper.pictures.iter().map(String::as_str).collect();
    tap(browser, &page, &names).await
}

/// Three pictures of which one at least is not on the list.
pub(crate) fn wrong(paper: &Paper) -> Vec<&'static str> {
    let others = ["sun", "house", "flower", "fish", "tree", "star"].into_iter();
    others.filter(|name| paper.pictures.iter().all(|own| own != name)).take(3).collect()
}

/// A school, its teacher with an open lesson, and the paper of the one child.
pub(crate) async fn in_class(hub: &TestHub) -> (TestHub, Browser, Paper) {
    let hub = school(hub).await;
    let mut alice = teacher_of(&hub, "6B").await;
    let paper = print(&hub, &mut alice).await;
    lesson(&mut alice, "open").await;
    (hub, alice, paper)
}

/// The child, signed in by the card.
pub(crate) async fn with_card(hub: &TestHub, paper: &Paper) -> Browser {
    let mut noe = hub.browser();
    come_in(&mut noe, paper).await;
    assert!(noe.signed_in(), "control");
    noe
}

async fn a_card_opens_the_services_of_the_class_in_a_lesson(hub: TestHub) {
    let (hub, _, paper) = in_class(&hub).await;
    let mut noe = hub.browser();
    let page = show(&mut noe, &paper).await;
    assert!(page.words().contains("Bonjour Noé") && page.words().contains("soleil"), "{}", page.words());
    let two = tap(&mut noe, &page, &["sun", "moon"]).await;
    assert!(two.status == 422 && two.words().contains("Il faut trois images"), "{}", two.words());
    come_in(&mut noe, &paper).await;
    let home = noe.visit("/").await;
    assert!(home.has_link("Cahier de textes") && !home.has_link("Bibliothèque"), "{}", home.words());
    assert!(!home.has_link("Mon compte"), "{}", home.words());
    let app = hub.app("app");
    let ticket = noe.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(NOE.login));
    let told = hub.hub.store.audit_about(&NOE.person_id(), Instant(0), 9).await.expect("it is read");
    assert!(told.iter().any(|e| (e.kind, &*e.detail) == (AuditKind::SignInSucceeded, "class-card")), "{told:?}");
}

async fn a_card_opens_nothing_outside_a_lesson(hub: TestHub) {
    let hub = school(&hub).await;
    let mut alice = teacher_of(&hub, "6B").await;
    let paper = print(&hub, &mut alice).await;
    let mut noe = hub.browser();
    let before = show(&mut noe, &paper).await;
    assert!(before.status == 422 && before.words().contains("La classe n’est pas ouverte"), "{}", before.words());
    let told = hub.journal(before.incident()).await;
    assert!(told.iter().any(|e| e.detail == "card-outside-lesson" && e.person == Some(NOE.person_id())), "{told:?}");
    lesson(&mut alice, "open").await;
    let page = show(&mut noe, &paper).await;
    lesson(&mut alice, "end").await;
    let names: Vec<&str> = paper.pictures.iter().map(String::as_str).collect();
    let late = tap(&mut noe, &page, &names).await;
    assert_eq!((late.status.as_u16(), noe.signed_in()), (422, false), "it ended while the pictures were shown");
    lesson(&mut alice, "open").await;
    come_in(&mut noe, &paper).await;
    assert!(noe.signed_in(), "control");
}

async fn a_lesson_ends_by_itself(hub: TestHub) {
    let (hub, _, paper) = in_class(&hub).await;
    let (mut noe, app) = (with_card(&hub, &paper).await, hub.app("app"));
    hub.clock.advance(55 * 60 - 1);
    let ticket = noe.open(&app).await.ticket();
    hub.clock.advance(1);
    assert_eq!(app.validate(&ticket).await.code(), Some("INVALID_TICKET"), "to the second");
    assert!(noe.open(&app).await.some_ticket().is_none());
    assert_eq!(noe.get("/").await.status, 303);
    let late = show(&mut hub.browser(), &paper).await;
    assert!(late.words().contains("La classe n’est pas ouverte"), "{}", late.words());
}

async fn a_lesson_ends_at_once(hub: TestHub) {
    let (hub, mut alice, paper) = in_class(&hub).await;
    let (mut noe, app, node) = (with_card(&hub, &paper).await, hub.app("app"), hub.node().await);
    let mut elsewhere = noe.clone().meets(&node);
    let ticket = noe.open(&app).await.ticket();
    assert_eq!(elsewhere.get("/").await.status, 200, "control");
    let ended = lesson(&mut alice, "end").await;
    assert!(ended.words().contains("No lesson"), "{}", ended.words());
    assert_eq!(noe.get("/").await.status, 303);
    assert_eq!(app.validate(&ticket).await.code(), Some("INVALID_TICKET"));
    hub.clock.advance(4);
    assert_eq!(elsewhere.get("/").await.status, 303, "on every node");
    lesson(&mut alice, "open").await;
    assert_eq!(noe.get("/").await.status, 303, "the next lesson brings nobody back");
}

async fn a_card_that_was_taken_back_opens_nothing(hub: TestHub) {
    let (hub, mut alice, paper) = in_class(&hub).await;
    let mut noe = with_card(&hub, &paper).await;
    let page = of_card(&mut alice, "revoke").await;
    assert!(page.words().contains("Card taken back"), "{}", page.words());
    assert_eq!(noe.get("/").await.status, 303, "whoever was signed in is out");
    let mut again = hub.browser();
    let shown = show(&mut again, &paper).await;
    assert!(shown.status == 422 && shown.words().contains("Ta carte est bloquée"), "{}", shown.words());
    of_card(&mut alice, "restore").await;
    come_in(&mut again, &paper).await;
    assert!(again.signed_in(), "control");
    let told = hub.hub.store.audit_about(&NOE.person_id(), Instant(0), 99).await.expect("it is read");
    let said: Vec<&str> = told.iter().map(|e| &*e.detail).filter(|said| said.starts_with("card-")).collect();
    let all = ["card-restored", "card-stopped", "card-revoked", "card-revoked", "card-made"];
    assert_eq!(said, all, "the card and the session it opened");
}

async fn a_card_that_was_made_again_takes_the_former_back(hub: TestHub) {
    let (hub, mut alice, first) = in_class(&hub).await;
    let mut noe = with_card(&hub, &first).await;
    let second = print(&hub, &mut alice).await;
    assert_eq!(noe.get("/").await.status, 303, "whoever was signed in is out");
    let old = show(&mut noe, &first).await;
    assert!(old.status == 422 && old.words().contains("ne marche pas"), "{}", old.words());
    come_in(&mut noe, &second).await;
    assert!(noe.signed_in(), "control");
}

async fn wrong_pictures_stop_a_card_until_the_teacher_says_so(hub: TestHub) {
    let (hub, mut alice, paper) = in_class(&hub).await;
    let mut guesser = hub.browser();
    let page = show(&mut guesser, &paper).await;
    for _ in 0..3 {
        let answer = tap(&mut guesser, &page, &wrong(&paper)).await;
        assert_eq!(answer.status, 422, "{}", answer.words());
        let told = hub.journal(answer.incident()).await;
        assert!(told.iter().any(|e| e.detail == "card-wrong-pictures"), "{told:?}");
    }
    let names: Vec<&str> = paper.pictures.iter().map(String::as_str).collect();
    let fourth = tap(&mut guesser, &page, &names).await;
    assert!(fourth.words().contains("Ta carte est bloquée") && !guesser.signed_in(), "{}", fourth.words());
    hub.clock.advance(30 * 60);
    let later = show(&mut hub.browser(), &paper).await;
    assert!(later.words().contains("Ta carte est bloquée"), "time alone changes nothing: {}", later.words());
    let seen = alice.visit("/cards").await;
    assert!(seen.words().contains("blocked after three wrong tries"), "{}", seen.words());
    of_card(&mut alice, "restore").await;
    with_card(&hub, &paper).await;
}

async fn a_hundred_who_guess_are_heard_three_times(hub: TestHub) {
    let (hub, mut alice, paper) = in_class(&hub).await;
    let mut guesser = hub.browser();
    let page = show(&mut guesser, &paper).await;
    let guess = wrong(&paper);
    let tries = (0..100).map(|_| {
        let (mut one, page, guess) = (guesser.clone(), page.clone(), guess.clone());
        async move { tap(&mut one, &page, &guess).await }
    });
    let answers = futures::future::join_all(tries).await;
    let heard = answers.iter().filter(|answer| answer.words().contains("Ce ne sont pas tes trois images")).count();
    assert!(heard < 3, "whoever was wrong for the last time is not told to try again");
    let told = hub.hub.store.audit_about(&NOE.person_id(), Instant(0), 200).await.expect("it is read");
    assert_eq!(told.iter().filter(|e| e.detail == "card-wrong-pictures").count(), 3);
    of_card(&mut alice, "restore").await;
    with_card(&hub, &paper).await;
}

async fn a_card_is_one_browsers_at_a_time(hub: TestHub) {
    let (hub, _, paper) = in_class(&hub).await;
    let mut first = with_card(&hub, &paper).await;
    assert_eq!(first.get("/").await.status, 200, "control");
    let mut second = with_card(&hub, &paper).await;
    hub.clock.advance(4);
    assert_eq!((first.get("/").await.status.as_u16(), second.get("/").await.status.as_u16()), (303, 200));
}

async fn a_form_of_another_browser_is_worth_nothing(hub: TestHub) {
    let (hub, _, paper) = in_class(&hub).await;
    let (mut noe, mut thief) = (hub.browser(), hub.browser());
    let page = show(&mut noe, &paper).await;
    let names: Vec<&str> = paper.pictures.iter().map(String::as_str).collect();
    let stolen = tap(&mut thief, &page, &names).await;
    assert_eq!((stolen.status.as_u16(), thief.signed_in()), (400, false), "{}", stolen.words());
    tap(&mut noe, &page, &names).await;
    assert!(noe.signed_in(), "control");
    let mut replayed = noe.clone();
    replayed.forget("__Host-preau");
    let again = tap(&mut replayed, &page, &names).await;
    assert_eq!((again.status.as_u16(), replayed.signed_in()), (400, false), "a sign-in ends once: {}", again.words());
}

async fn a_card_opens_no_service_that_does_not_admit_it(hub: TestHub) {
    let (hub, _, paper) = in_class(&hub).await;
    hub.mount(app_service("shut", "Notes de classe", "https://shut.example/", &Profile::ALL));
    let (cas, rp, sp) = (hub.app("shut"), hub.rp("rp"), hub.sp("sp"));
    let doors = || [cas.login_url(), rp.url(), sp.url_of(&sp.request()), "/open/shut".to_owned()];
    let mut noe = with_card(&hub, &paper).await;
    for door in doors() {
        let refused = noe.visit(&door).await;
        assert_eq!((refused.status.as_u16(), refused.location()), (403, None), "{door}");
        assert!(refused.words().contains("ne s’ouvre pas avec une carte de classe"), "{door}: {}", refused.words());
    }
    let (mut fresh, mut grown) = (hub.browser(), hub.browser());
    let page = fresh.visit(&cas.login_url()).await;
    let page = fresh.visit(&page.link("J’ai une carte de classe").expect("the way to the card")).await;
    let page = fresh.submit(&page.form_with("code"), &[("code", &paper.code)]).await;
    let names: Vec<&str> = paper.pictures.iter().map(String::as_str).collect();
    let refused = tap(&mut fresh, &page, &names).await;
    assert_eq!((refused.status.as_u16(), refused.location()), (403, None), "signed in at its door");
    grown.sign_in(&NOE).at_home().await;
    assert!(grown.open(&cas).await.some_ticket().is_some(), "control: by a password he opens it");
    assert!(!grown.get(&rp.url()).await.code().is_empty() && grown.get("/open/shut").await.status == 303, "control");
    ["shut", "rp", "sp"].into_iter().for_each(|id| hub.amend(id, |service| service.audience.class_cards = true));
    assert!(fresh.open(&cas).await.some_ticket().is_some(), "control: once it admits cards");
    assert_eq!(sp.told(&fresh.get(&sp.url_of(&sp.request())).await).await.values("displayName"), ["Noé Petit"]);
}

async fn nothing_is_added_to_a_card(hub: TestHub) {
    let mut grown = hub.browser();
    grown.sign_in(&NOE).at_home().await;
    let page = grown.get("/account/codes/new").await;
    let (_, rest) = page.body.split_once("<code>").expect("a secret is shown");
    let secret = rest.split('<').next().unwrap_or_default().replace(' ', "");
    let code = code_of(&secret, hub.hub.now());
    grown.submit_once(&page.form_with("code"), &[("code", &code), ("name", "Téléphone")]).await;
    hub.clock.advance(60);
    let (hub, _, paper) = in_class(&hub).await;
    let mut open = oidc_service("rp");
    open.audience.class_cards = true;
    let (rp, app, mut noe) = (hub.rp_of(open, |_| {}), hub.app("app"), with_card(&hub, &paper).await);
    let claims = json!({ "id_token": { "acr": { "essential": true, "value": "https://refeds.org/profile/mfa" } } });
    let refused = noe.visit(&rp.url_with(&[("claims", &claims.to_string())])).await;
    assert!(refused.forms().iter().all(|form| form.value("code").is_none()), "{}", refused.words());
    assert_eq!(refused.told("error"), "unmet_authentication_requirements");
    let asks = noe.visit(&app.login_with(&[("authnContext", "https://refeds.org/profile/mfa")])).await;
    assert_eq!(asks.status, 403, "{}", asks.words());
    let told = rp.claims(rp.redeem(&noe.get(&rp.url()).await.code()).await.text("id_token")).await;
    assert_eq!(
        (&told["acr"], &told["amr"]),
        (&json!("class-card"), &json!(["class-card"])),
        "the truth, and a control"
    );
    let asked = grown.visit(&app.login_with(&[("authnContext", "https://refeds.org/profile/mfa")])).await;
    assert!(asked.words().contains("Confirmez que c’est bien vous"), "control: beside his password he is asked");
}

async fn a_card_opens_no_page_of_an_account(hub: TestHub) {
    let (hub, _, paper) = in_class(&hub).await;
    let (mut noe, mut grown) = (with_card(&hub, &paper).await, hub.browser());
    grown.sign_in(&NOE).at_home().await;
    for page in ["/account", "/account/passkeys/new", "/account/codes/new", "/cards", "/oidc/device"] {
        let refused = noe.visit(page).await;
        assert_eq!(refused.status, 403, "{page}: {}", refused.words());
        assert!(refused.words().contains("Pas avec une carte de classe"), "{page}: {}", refused.words());
    }
    for page in ["/account", "/account/passkeys/new", "/account/codes/new", "/oidc/device"] {
        assert_eq!(grown.visit(page).await.status, 200, "control: {page}");
    }
    let home = noe.visit("/").await;
    let out = noe.submit(&home.form_to("/sign-out"), &[]).await;
    assert!(!noe.signed_in(), "the way out is open: {}", out.words());
}

async fn what_a_card_opened_is_over_with_the_lesson(hub: TestHub) {
    let (hub, mut alice, paper) = in_class(&hub).await;
    let mut open = oidc_service("rp");
    open.audience.class_cards = true;
    let (rp, mut noe) = (hub.rp_of(open, |_| {}), with_card(&hub, &paper).await);
    let offline = rp.url_with(&[("scope", "openid profile offline_access"), ("prompt", "consent")]);
    let (first, second) = (noe.visit(&rp.url()).await, noe.visit(&offline).await);
    let bound = rp.redeem(&first.code()).await;
    assert_eq!(rp.userinfo(bound.access()).await.answer.status, 200, "control");
    let bound = rp.refresh(bound.text("refresh_token")).await;
    assert!(!bound.access().is_empty(), "control");
    let lasting = rp.redeem(&second.code()).await;
    lesson(&mut alice, "end").await;
    hub.clock.advance(4);
    assert_eq!(rp.userinfo(bound.access()).await.answer.status, 401);
    for tokens in [&bound, &lasting] {
        assert_eq!(rp.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
    }
}

async fn nobody_opens_a_class_of_others(hub: TestHub) {
    let (hub, mut own, paper) = in_class(&hub).await;
    lesson(&mut own, "end").await;
    let (form, card) =
        (own.visit("/cards").await.form_to("/cards/lesson"), own.get("/cards").await.form_to("/cards/card"));
    let mut other = teacher_of(&hub, "6A").await;
    hub.clock.advance(4);
    let theirs = other.visit("/cards").await;
    assert!(!theirs.words().contains("Noé") && other.get("/cards?class=6B").await.status == 404, "{}", theirs.words());
    let token = theirs.form_to("/cards/lesson").value("token").unwrap_or_default().to_owned();
    let fields = [("token", token.as_str()), ("what", "open"), ("class", "6B")];
    assert_eq!(other.submit_once(&form, &fields).await.status, 404, "a class of somebody else");
    let fields = [("token", token.as_str()), ("what", "restore"), ("class", "6A")];
    assert_eq!(other.submit_once(&card, &fields).await.status, 404, "a child of somebody else");
    assert_eq!(own.submit_once(&form, &[("what", "open")]).await.status, 404, "who does not teach them any more");
    let shut = show(&mut hub.browser(), &paper).await;
    assert!(shut.words().contains("La classe n’est pas ouverte"), "{}", shut.words());
    let (mut noe, mut head) = (hub.browser(), hub.browser().saying("accept-language", "en"));
    noe.sign_in(&NOE).at_home().await;
    assert_eq!(noe.get("/cards").await.status, 404, "a pupil");
    let hugo = Role { affiliations: &[(Profile::Head, COLLEGE)], ..HUGO.clone() };
    hub.put(hugo.person()).await;
    head.sign_in(&hugo).at_home().await;
    let page = head.visit("/cards?class=6B").await;
    let opened = head.submit(&page.form_to("/cards/lesson"), &[("what", "open")]).await;
    assert!(opened.words().contains("The lesson is open until"), "control: {}", opened.words());
}

async fn a_card_opens_at_school_or_in_its_hours(hub: TestHub) {
    let networks = vec!["192.0.2.0/24".to_owned()];
    let at = ClassCardsAt { networks, ..ClassCardsAt::default() };
    let hub = hub.again_with(|setup| {
        setup.config.class_cards.hours = vec!["08:30-09:20".to_owned()];
        setup.config.class_cards.establishments.insert("0990001N".to_owned(), at);
    });
    let hub = hub.await;
    hub.amend("app", |app| app.audience.class_cards = true);
    let mut alice = teacher_of(&hub, "6B").await;
    let paper = print(&hub, &mut alice).await;
    lesson(&mut alice, "open").await;
    let (mut here, mut home) = (hub.browser().at("192.0.2.14"), hub.browser());
    come_in(&mut home, &paper).await;
    assert!(home.signed_in(), "in hours of class");
    hub.clock.advance(20 * 60);
    assert_eq!(home.get("/").await.status, 303, "they are over, to the second");
    let out = show(&mut home, &paper).await;
    assert!(out.words().contains("Ta carte ne marche pas ici"), "{}", out.words());
    come_in(&mut here, &paper).await;
    assert!(here.signed_in(), "at school, for as long as the lesson");
    hub.clock.advance(34 * 60);
    assert_eq!(here.get("/").await.status, 200);
    hub.clock.advance(60);
    assert_eq!(here.get("/").await.status, 303);
}

async fn whoever_left_the_class_has_no_card(hub: TestHub) {
    let (hub, _, paper) = in_class(&hub).await;
    let mut noe = with_card(&hub, &paper).await;
    let mut moved = NOE.person();
    moved.affiliations[0].classes = vec!["6A".to_owned()];
    hub.put(moved).await;
    hub.clock.advance(4);
    assert_eq!(noe.get("/").await.status, 303, "in a live session too");
    let shown = show(&mut hub.browser(), &paper).await;
    assert!(shown.words().contains("ne marche pas"), "{}", shown.words());
    hub.put(NOE.person()).await;
    with_card(&hub, &paper).await;
    hub.hub.store.stop_person(&NOE.person_id(), "essai").await.expect("he is stopped");
    assert_eq!(show(&mut hub.browser(), &paper).await.status, 422);
}

async fn a_teacher_sees_who_is_signed_in_and_ends_it(hub: TestHub) {
    let (hub, mut alice, paper) = in_class(&hub).await;
    let nobody = alice.visit("/cards").await;
    assert!(nobody.words().contains("Nobody is signed in with a card"), "{}", nobody.words());
    let (mut noe, mut grown) = (with_card(&hub, &paper).await, hub.browser());
    grown.sign_in(&NOE).at_home().await;
    let one = alice.visit("/cards").await;
    assert!(one.words().contains("One pupil is signed in with a card"), "{}", one.words());
    let after = of_card(&mut alice, "leave").await;
    assert!(after.words().contains("Nobody is signed in with a card"), "{}", after.words());
    assert_eq!(noe.get("/").await.status, 303);
    assert_eq!(grown.get("/").await.status, 200, "what he opened by a password goes on");
    come_in(&mut noe, &paper).await;
    assert!(Arrival { answer: noe.get("/").await }.answer.status == 200, "control: the card goes on");
}

/// A house with a guest whose home vouches for nobody, and the teacher who manages their space.
pub(crate) async fn with_guest(hub: &TestHub) -> (House, Browser) {
    let mut house = House::new(hub).await;
    house.convention_is(|convention| (convention.peer.provider, convention.peer.cards) = (None, true)).await;
    house
        .space_is(|space| {
            space.groups.push(SpaceGroup {
                establishment: uai(COLLEGE),
                code: "6A".into(),
                public: Public::Staff,
                role: Part::Gestionnaire,
            })
        })
        .await;
    house.hub = school(&house.hub).await;
    house.invites(&[listed("sujet-1", "Lou")]).await;
    let mut alice = ALICE.person();
    alice.affiliations.truncate(1);
    house.hub.put(alice).await;
    let mut browser = house.hub.browser().saying("accept-language", "en");
    browser.sign_in(&ALICE).at_home().await;
    (house, browser)
}

async fn a_guest_without_a_home_that_vouches_comes_once_by_a_card(hub: TestHub) {
    let (house, mut alice) = with_guest(&hub).await;
    house.hub.amend("pad", |pad| pad.audience.class_cards = true);
    let page = alice.visit("/cards").await;
    assert!(page.words().contains("Guests of “Fables”") && page.words().contains("Lou V."), "{}", page.words());
    let paper = print(&house.hub, &mut alice).await;
    assert_eq!(show(&mut house.hub.browser(), &paper).await.status, 422, "not before the teacher opens a lesson");
    lesson(&mut alice, "open").await;
    let mut lou = with_card(&house.hub, &paper).await;
    assert!(opened(&mut lou, &house.pad).await.is_some());
    let again = show(&mut house.hub.browser(), &paper).await;
    assert!(again.status == 422 && again.words().contains("Ta carte est bloquée"), "once: {}", again.words());
    let seen = alice.visit("/cards").await;
    assert!(seen.words().contains("Card for one use, used already"), "{}", seen.words());
    of_card(&mut alice, "restore").await;
    let mut later = with_card(&house.hub, &paper).await;
    house.convention_is(|convention| convention.until = house.hub.hub.now() + Seconds(60)).await;
    house.hub.clock.advance(59);
    assert_eq!(later.get("/").await.status, 200, "control");
    house.hub.clock.advance(1);
    assert_eq!(later.get("/").await.status, 303, "the lesson goes on, the convention does not");
    assert_eq!(show(&mut house.hub.browser(), &paper).await.status, 422);
}

async fn a_guest_with_a_card_opens_their_space_alone(hub: TestHub) {
    let (house, mut alice) = with_guest(&hub).await;
    let gar = house.hub.rp_of(service("gar"), |_| {});
    house.hub.amend("gar", |gar| gar.audience.class_cards = true);
    let paper = print(&house.hub, &mut alice).await;
    lesson(&mut alice, "open").await;
    let mut lou = with_card(&house.hub, &paper).await;
    assert_eq!(opened(&mut lou, &house.pad).await, None, "a space mounts it, and it does not admit cards");
    house.hub.amend("pad", |pad| pad.audience.class_cards = true);
    assert_eq!(opened(&mut lou, &gar).await, None, "no space mounts it");
    assert!(opened(&mut lou, &house.pad).await.is_some(), "control");
    house.space_is(|space| space.services.push(ServiceId::new("gar"))).await;
    house.hub.clock.advance(4);
    assert!(opened(&mut lou, &gar).await.is_some(), "control");
    assert_eq!(lou.get("/account").await.status, 403);
}

async fn a_guest_whom_home_vouches_for_has_no_card(hub: TestHub) {
    let (house, mut alice) = with_guest(&hub).await;
    assert!(alice.visit("/cards").await.words().contains("Lou V."), "control");
    let provider = Some(preau_domain::SourceId::new(preau_flows::GUICHET));
    house.convention_is(|convention| (convention.peer.provider, convention.peer.cards) = (provider, false)).await;
    let none = alice.get("/cards").await;
    assert_eq!(none.status, 404, "{}", none.words());
}
