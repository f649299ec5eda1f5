//! Cards of a class where they do not belong: in another house, another school, another browser, other hands.

use crate::cards::{
    Paper, come_in, in_class, lesson, of_card, print, school, show, tap, teacher_of, with_card, with_guest, wrong,
};
use preau_domain::{Group, GroupKind, Instant, Profile, Public, Role as Part, SpaceGroup};
use preau_flows::{
    ALICE, COLLEGE, HUGO, LYCEE, Listener, NOE, Role, TestHub, When, oidc_service, saml_service, stories, uai,
};
use preau_web::ClassCardsAt;
use serde_json::json;

stories!(
    where_cards_open_nowhere_there_are_none,
    the_page_of_a_class_asks_for_no_school,
    guesses_fill_no_journal,
    a_card_from_outside_is_told_so_and_so_is_the_teacher,
    what_was_shown_before_the_lesson_is_not_shown_again,
    a_lesson_is_as_long_as_it_says,
    a_lesson_ends_by_the_clock_of_the_school,
    a_card_opens_in_no_lesson_of_another_school,
    a_card_in_another_browser_ends_what_it_opened_before,
    the_last_wrong_answer_says_that_the_card_is_blocked,
    a_class_has_the_name_people_call_it_by,
    whoever_proves_it_again_comes_back_to_the_class,
    only_who_makes_cards_is_shown_the_way_to_them,
    a_pupil_who_manages_a_space_makes_no_cards,
    no_step_makes_a_password_of_a_card,
    what_services_hear_of_a_card_ends_with_the_lesson,
);

fn names(paper: &Paper) -> Vec<&str> {
    paper.pictures.iter().map(String::as_str).collect()
}

async fn where_cards_open_nowhere_there_are_none(hub: TestHub) {
    let mut noe = hub.browser();
    let page = noe.visit("/").await;
    assert!(page.link("J’ai une carte de classe").is_none(), "{}", page.words());
    assert_eq!(noe.get("/card").await.status, 404);
    let mut there = school(&hub).await.browser();
    let asks = there.visit("/card").await;
    let form = asks.form_with("code");
    assert_eq!(asks.status, 200, "control");
    // The sign-in is as good in the house of before, which has the same keys.
    let mut gone = there.meets(&hub);
    assert_eq!(gone.get(&form.action).await.status, 404);
    assert_eq!(gone.submit_once(&form, &[("code", "7K2M-9XQ4-HD3W")]).await.status, 404);
}

/// However large the school: the class is asked for, to be looked at, to be printed and to be helped.
async fn the_page_of_a_class_asks_for_no_school(hub: TestHub) {
    let hub = school(&hub).await;
    let hub = hub.again_with(|setup| drop(setup.config.sign_in.publics.insert("pupil".into(), "local".into()))).await;
    let mut alice = teacher_of(&hub, "6B").await;
    hub.faults.fail(0, When::Before);
    print(&hub, &mut alice).await;
    let page = alice.visit("/pupils").await;
    let made = alice.submit_once(&page.form_with("pupil"), &[]).await;
    assert!(page.words().contains("Noé") && made.status == 200, "control: {}", made.words());
    let calls = hub.faults.calls();
    assert!(calls.contains(&"pupils_of_class") && !calls.contains(&"people_at"), "{calls:?}");
}

/// Whoever guesses writes twenty lines a second at most, whatever they guess at; the answer is the same, and cards go on opening.
async fn guesses_fill_no_journal(hub: TestHub) {
    let (hub, _, paper) = in_class(&hub).await;
    for (page, why) in [("/card", "unknown-card"), ("/activate", "unknown-code"), ("/reset", "unknown-reset-code")] {
        let mut thief = hub.browser();
        let form = thief.visit(page).await.form_with("code");
        hub.clock.advance(1);
        let mut incident = String::new();
        for _ in 0..50 {
            let answer = thief.submit_once(&form, &[("code", "7K2M-9XQ4-HD3W")]).await;
            assert_eq!(answer.status, 422);
            incident = answer.incident().to_owned();
        }
        let told = async || hub.journal(&incident).await.iter().filter(|event| event.detail == why).count();
        assert_eq!(told().await, 20, "{page}");
        hub.clock.advance(1);
        thief.submit_once(&form, &[("code", "7K2M-9XQ4-HD3W")]).await;
        assert_eq!(told().await, 21, "control: the next second");
    }
    with_card(&hub, &paper).await;
}

async fn a_card_from_outside_is_told_so_and_so_is_the_teacher(hub: TestHub) {
    let networks = vec!["192.0.2.0/24".to_owned()];
    let at = ClassCardsAt { networks, ..ClassCardsAt::default() };
    let hub = hub
        .again_with(|setup| {
            setup.config.class_cards.establishments.insert("0990001N".to_owned(), at);
        })
        .await;
    let mut alice = teacher_of(&hub, "6B").await;
    let paper = print(&hub, &mut alice).await;
    let before = show(&mut hub.browser(), &paper).await;
    assert!(before.words().contains("La classe n’est pas ouverte"), "{}", before.words());
    let opened = lesson(&mut alice, "open").await;
    assert!(opened.words().contains("From where you are cards open nothing"), "{}", opened.words());
    let outside = show(&mut hub.browser(), &paper).await;
    assert!(outside.status == 422 && outside.words().contains("Ta carte ne marche pas ici"), "{}", outside.words());
    let told = hub.journal(outside.incident()).await;
    assert!(told.iter().any(|e| e.detail == "card-elsewhere" && e.person == Some(NOE.person_id())), "{told:?}");
    let mut alice = alice.at("192.0.2.9");
    assert!(!alice.visit("/cards").await.words().contains("From where you are"), "control: at school");
    come_in(&mut hub.browser().at("192.0.2.14"), &paper).await;
    let page = alice.visit("/cards").await;
    assert!(page.words().contains("One pupil is signed in"), "control: {}", page.words());
}

async fn what_was_shown_before_the_lesson_is_not_shown_again(hub: TestHub) {
    let (hub, mut alice, paper) = in_class(&hub).await;
    lesson(&mut alice, "end").await;
    let (mut noe, mut lou) = (hub.browser(), hub.browser());
    let shut = show(&mut noe, &paper).await;
    assert_eq!(shut.form_with("code").value("code"), Some(&*paper.code));
    lesson(&mut alice, "open").await;
    let page = noe.submit(&shut.form_with("code"), &[]).await;
    assert_eq!(tap(&mut noe, &page, &names(&paper)).await.status, 303, "by one press of a button");
    let typed = Paper { code: format!("{}<i>", &paper.code[..10]), ..paper };
    let wrong = show(&mut lou, &typed).await;
    assert_eq!(
        wrong.form_with("code").value("code"),
        Some(&*typed.code),
        "one letter is mended, not twelve typed again"
    );
    assert!(!wrong.body.contains("<i>"));
}

async fn a_lesson_is_as_long_as_it_says(hub: TestHub) {
    let hub = school(&hub).await;
    let mut alice = teacher_of(&hub, "6B").await;
    assert!(alice.visit("/cards").await.words().contains("Open for 55 minutes"), "control");
    hub.clock.advance(90 * 60);
    alice.visit("/cards").await;
    // Twenty minutes and a half before the hours of class are over.
    hub.clock.advance(54 * 60 + 30);
    let page = alice.visit("/cards").await;
    assert!(page.words().contains("Open for 21 minutes"), "{}", page.words());
    let opened = lesson(&mut alice, "open").await;
    assert!(opened.words().contains("at 11:45"), "{}", opened.words());
}

async fn a_lesson_ends_by_the_clock_of_the_school(hub: TestHub) {
    let hub = school(&hub).await;
    let overseas = uai(9_740_001);
    let mut places = hub.hub.store.establishments(&[uai(COLLEGE)]).await.expect("places");
    (places[0].uai, places[0].join.key) = (overseas.clone(), "school-974".to_owned());
    hub.hub.store.put_establishments(None, &places).await.expect("kept");
    let mut hugo = HUGO.person();
    hugo.affiliations = vec![preau_domain::Affiliation::new(overseas, Profile::Teacher)];
    hugo.affiliations[0].head_teacher_of = vec!["6B".to_owned()];
    hub.put(hugo).await;
    let mut hugo = hub.browser().saying("accept-language", "en");
    hugo.sign_in(&HUGO).at_home().await;
    let page = hugo.visit("/cards").await;
    assert!(page.words().contains("Open for 45 minutes"), "control, at eleven there: {}", page.words());
    let opened = lesson(&mut hugo, "open").await;
    assert!(opened.words().contains("at 11:45"), "{}", opened.words());
}

async fn a_card_opens_in_no_lesson_of_another_school(hub: TestHub) {
    let (hub, mut alice, paper) = in_class(&hub).await;
    lesson(&mut alice, "end").await;
    let mut hugo = Role { affiliations: &[(Profile::Teacher, LYCEE)], ..HUGO.clone() }.person();
    hugo.affiliations[0].head_teacher_of = vec!["6B".to_owned()];
    hub.put(hugo).await;
    let mut other = hub.browser().saying("accept-language", "en");
    other.sign_in(&HUGO).at_home().await;
    let opened = lesson(&mut other, "open").await;
    assert!(
        opened.words().contains("The lesson is open until") && !opened.words().contains("Noé"),
        "{}",
        opened.words()
    );
    let shut = show(&mut hub.browser(), &paper).await;
    assert!(shut.words().contains("La classe n’est pas ouverte"), "{}", shut.words());
    lesson(&mut alice, "open").await;
    with_card(&hub, &paper).await;
}

async fn a_card_in_another_browser_ends_what_it_opened_before(hub: TestHub) {
    let (hub, mut alice, paper) = in_class(&hub).await;
    let (mut heard, mut quiet) = (Listener::start().await, Listener::start().await);
    let (app, own) = (hub.mount_at("heard", &heard), hub.mount_at("quiet", &quiet));
    hub.amend("heard", |app| app.audience.class_cards = true);
    let (mut first, mut grown) = (with_card(&hub, &paper).await, hub.browser());
    let ticket = first.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(NOE.login), "control");
    grown.sign_in(&NOE).to(&own).await.ticket();
    let mut second = with_card(&hub, &paper).await;
    assert!(heard.next().await.field("logoutRequest").contains(&ticket), "it need not wait for the end of the lesson");
    assert_eq!(first.get("/").await.status, 303, "at once");
    let ticket = second.open(&app).await.ticket();
    // The same browser goes on with what it opened.
    come_in(&mut second, &paper).await;
    assert_eq!(grown.get("/").await.status, 200, "what he opened by a password goes on");
    assert!(heard.heard_nothing() && quiet.heard_nothing());
    lesson(&mut alice, "end").await;
    assert!(heard.next().await.field("logoutRequest").contains(&ticket), "control");
}

async fn the_last_wrong_answer_says_that_the_card_is_blocked(hub: TestHub) {
    let (hub, mut alice, paper) = in_class(&hub).await;
    let mut noe = hub.browser();
    let page = show(&mut noe, &paper).await;
    for _ in 0..2 {
        let again = tap(&mut noe, &page, &wrong(&paper)).await;
        assert!(again.words().contains("Essaie encore"), "{}", again.words());
    }
    let last = tap(&mut noe, &page, &wrong(&paper)).await;
    assert!(last.status == 422 && last.words().contains("Ta carte est bloquée"), "{}", last.words());
    assert!(!last.words().contains("Essaie encore"), "there is nothing to try");
    let page = alice.visit("/cards").await;
    assert!(page.words().contains("Card blocked after three wrong tries"), "{}", page.words());
    assert!(page.words().contains("Unblock the card") && !page.words().contains("Give the card back"));
    of_card(&mut alice, "restore").await;
    with_card(&hub, &paper).await;
}

async fn a_class_has_the_name_people_call_it_by(hub: TestHub) {
    let (hub, mut alice, _) = in_class(&hub).await;
    let mut places = hub.hub.store.establishments(&[uai(COLLEGE)]).await.expect("places");
    let group = |label: &str, kind| Group { code: "6B".into(), label: label.into(), kind, mefs: vec![] };
    places[0].groups = vec![group("Chorale", GroupKind::Group), group("Les dauphins", GroupKind::Class)];
    hub.hub.store.put_establishments(None, &places).await.expect("kept");
    hub.clock.advance(4);
    let page = alice.visit("/cards?class=6B").await;
    assert!(page.words().contains("Les dauphins") && page.words().contains("Noé Petit"), "{}", page.words());
    assert!(!page.words().contains("Class 6B") && !page.words().contains("Chorale"), "{}", page.words());
    let printed = alice.submit_once(&page.form_with("again"), &[("again", "1")]).await;
    assert!(printed.body.contains("(Cards of Les dauphins)"), "on paper");
}

async fn whoever_proves_it_again_comes_back_to_the_class(hub: TestHub) {
    let hub = school(&hub).await;
    let mut alice = ALICE.person();
    alice.affiliations.truncate(1);
    alice.affiliations[0].head_teacher_of = vec!["6A".to_owned(), "6B".to_owned()];
    hub.put(alice).await;
    let mut browser = hub.browser().saying("accept-language", "en");
    browser.sign_in(&ALICE).at_home().await;
    let page = browser.visit("/cards?class=6B").await;
    hub.clock.advance(16 * 60);
    let asks = browser.submit_once(&page.form_with("again"), &[]).await;
    let to = asks.location().expect("a proof is asked for").to_owned();
    let form = browser.submit_once(&page.form_with("again"), &[("class", "6C")]).await;
    assert_eq!(form.status, 404, "a class of somebody else");
    let back = browser.sign_in(&ALICE).through(&to).await.answer;
    assert!(back.words().contains("Class 6B") && back.words().contains("Noé Petit"), "{}", back.words());
}

async fn only_who_makes_cards_is_shown_the_way_to_them(hub: TestHub) {
    let (house, mut alice) = with_guest(&hub).await;
    assert!(alice.visit("/").await.has_link("Class cards"), "control");
    let provider = Some(preau_domain::SourceId::new(preau_flows::GUICHET));
    house.convention_is(|convention| (convention.peer.provider, convention.peer.cards) = (provider, false)).await;
    assert_eq!(alice.get("/cards").await.status, 404);
    let home = alice.visit("/").await;
    assert!(!home.has_link("Class cards"), "no way leads to a page that is not there: {}", home.words());
}

async fn a_pupil_who_manages_a_space_makes_no_cards(hub: TestHub) {
    let (house, mut alice) = with_guest(&hub).await;
    let manages =
        |public| SpaceGroup { establishment: uai(COLLEGE), code: "6B".into(), public, role: Part::Gestionnaire };
    house.space_is(|space| space.groups.retain(|group| group.code != "6B")).await;
    house.space_is(|space| space.groups.push(manages(Public::Pupil))).await;
    let mut noe = house.hub.browser();
    noe.sign_in(&NOE).at_home().await;
    assert_eq!(noe.get("/cards").await.status, 404);
    assert!(!noe.visit("/").await.has_link("Cartes de classe"));
    assert!(alice.visit("/cards").await.words().contains("Lou V."), "control: of the staff");
}

async fn no_step_makes_a_password_of_a_card(hub: TestHub) {
    let (hub, _, paper) = in_class(&hub).await;
    let mut open = oidc_service("rp");
    open.audience.class_cards = true;
    let (rp, mut noe) = (hub.rp_of(open, |_| {}), with_card(&hub, &paper).await);
    let claims = json!({ "id_token": { "acr": { "essential": true, "value": "password" } } }).to_string();
    let page = noe.visit(&rp.url_with(&[("claims", &claims)])).await;
    let page = noe.visit(&page.link("J’ai une carte de classe").expect("he may sign in anew")).await;
    let page = noe.submit(&page.form_with("code"), &[("code", &paper.code)]).await;
    let refused = tap(&mut noe, &page, &names(&paper)).await;
    assert_eq!(refused.told("error"), "unmet_authentication_requirements", "{}", refused.words());
    let class = json!({ "id_token": { "acr": { "essential": true, "value": "class-card" } } }).to_string();
    let told = rp.redeem(&noe.get(&rp.url_with(&[("claims", &class)])).await.code()).await;
    assert_eq!(rp.claims(told.text("id_token")).await["acr"], json!("class-card"), "control: the truth will do");
}

async fn what_services_hear_of_a_card_ends_with_the_lesson(hub: TestHub) {
    let (hub, _, paper) = in_class(&hub).await;
    let mut service = saml_service("sp");
    service.audience.class_cards = true;
    let (sp, mut noe) = (hub.sp_of(service, |_| {}), with_card(&hub, &paper).await);
    let told = sp.told(&noe.get(&sp.url_of(&sp.request())).await).await;
    let authn = &told.assertion().authn[0];
    let ends = Instant(hub.hub.now().0 + 55 * 60_000);
    assert_eq!(authn.session_not_on_or_after, Some(ends));
    assert!(authn.class.as_deref().is_some_and(|class| class.ends_with(":unspecified")), "{authn:?}");
    let mut grown = hub.browser();
    grown.sign_in(&NOE).at_home().await;
    let told = sp.told(&grown.get(&sp.url_of(&sp.request())).await).await;
    assert!(told.assertion().authn[0].session_not_on_or_after.is_some_and(|other| other > ends), "control");
}
