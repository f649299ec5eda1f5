//! The main job, from the sign-in page to the application and back: what a person sees, and what services hear.

use preau_domain::AuditKind;
use preau_flows::{ALICE, GAELLE, HUGO, INES, Listener, NOE, TestHub, When, stories};

stories!(
    the_whole_corridor,
    everybody_finds_their_door,
    one_sign_in_opens_every_service,
    a_person_on_the_way_to_a_service_arrives_there,
    a_tile_asks_for_no_second_password,
    a_refused_person_reads_why,
    a_refusal_is_said_in_english_too,
    pages_speak_english_on_request,
    the_choice_of_who_you_are_can_be_taken_back,
    signing_out_is_told_to_the_services,
    a_silent_service_keeps_nobody_waiting,
    one_incident_number_from_browser_to_application,
    a_sign_in_asks_the_store_for_no_more_than_it_needs,
    a_teacher_at_home_asks_the_store_for_no_more_than_it_needs,
);

async fn the_whole_corridor(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let home = browser.sign_in(&ALICE).at_home().await.answer;
    assert!(home.words().contains("Bonjour Alice Martin"), "{}", home.words());
    assert!(home.words().contains("Collège des Tilleuls"), "the establishment they are in");
    let tile = browser.open_tile("Cahier de textes").await;
    assert_eq!(tile.location(), Some("https://app.example/cas/"));
    let ticket = browser.open(&app).await.ticket();
    let seen = app.validate(&ticket).await;
    assert_eq!(seen.user(), Some(ALICE.login));
    assert_eq!(seen.attribute("displayName"), ["Alice Martin"]);
    let goodbye = browser.sign_out().await;
    // No service of this story listens anywhere.
    assert!(goodbye.words().contains("Votre session est terminée, mais Cahier de textes"), "{}", goodbye.words());
    assert!(!browser.signed_in() && browser.open(&app).await.some_ticket().is_none());
}

async fn everybody_finds_their_door(hub: TestHub) {
    for who in [&ALICE, &NOE, &INES, &HUGO, &GAELLE] {
        let home = hub.browser().sign_in(who).at_home().await.answer;
        let name = format!("Bonjour {} {}", who.name.0, who.name.1);
        assert!(home.status.is_success() && home.words().contains(&name), "{}: {}", who.login, home.words());
        assert_eq!(home.has_link("Notes"), who == &ALICE, "{}: a tile for teachers only", who.login);
    }
}

async fn one_sign_in_opens_every_service(hub: TestHub) {
    let (app, other, legacy) = (hub.app("app"), hub.app("other"), hub.app("legacy"));
    let mut browser = hub.browser();
    let first = browser.sign_in(&ALICE).to(&app).await.ticket();
    let asked = hub.directory.asked();
    for (service, ticket) in
        [(&app, first), (&other, browser.open(&other).await.ticket()), (&legacy, browser.open(&legacy).await.ticket())]
    {
        assert_eq!(service.validate(&ticket).await.user(), Some(ALICE.login));
    }
    assert_eq!(hub.directory.asked(), asked, "one password is enough");
}

async fn a_person_on_the_way_to_a_service_arrives_there(hub: TestHub) {
    let app = hub.app("app").coming_back_to("https://app.example/cas/cours?classe=6B&page=2#haut");
    let mut browser = hub.browser();
    let page = browser.visit(&app.login_url()).await;
    assert!(page.words().contains("Cahier de textes"), "the page says where the person is going: {}", page.words());
    let arrival = browser.sign_in(&NOE).to(&app).await;
    let to = arrival.answer.location().expect("a redirect to the service");
    assert!(to.starts_with("https://app.example/cas/cours?classe=6B&page=2&ticket=ST-"), "{to}");
    assert_eq!(arrival.answer.status, 303);
    assert_eq!(app.validate(&arrival.ticket()).await.user(), Some(NOE.login));
}

async fn a_tile_asks_for_no_second_password(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.visit("/open/app").await;
    assert!(page.words().contains("Cahier de textes"), "a tile kept as a bookmark: {}", page.words());
    let arrival = browser.sign_in(&NOE).through("/open/app").await;
    assert_eq!(arrival.answer.location(), Some("https://app.example/cas/"));
    let (before, ticket) = (hub.directory.asked(), browser.open(&hub.app("app")).await.ticket());
    assert_eq!(hub.app("app").validate(&ticket).await.user(), Some(NOE.login));
    assert_eq!(hub.directory.asked(), before);
}

async fn a_refused_person_reads_why(hub: TestHub) {
    let (other, mut browser) = (hub.app("other"), hub.browser());
    let page = browser.sign_in(&NOE).to(&other).await.answer;
    assert_eq!(page.status, 403);
    let words = page.words();
    assert!(words.contains("Notes ne s’ouvre pas pour vous"), "{words}");
    assert!(words.contains("prévu pour d’autres profils que le vôtre"), "{words}");
    assert!(!page.incident().is_empty() && words.contains(page.incident()), "a number to quote: {words}");
    let journal = hub.journal(page.incident()).await;
    let refused = journal.iter().find(|event| event.kind == AuditKind::ServiceRefused).expect("it is in the journal");
    assert_eq!(refused.person, Some(NOE.person_id()));
    assert!(browser.open_tile("Cahier de textes").await.location().is_some(), "and signed in all the same");
    assert_eq!(browser.visit("/open/other").await.status, 403, "by its tile too");
}

async fn a_refusal_is_said_in_english_too(hub: TestHub) {
    let mut browser = hub.browser().saying("accept-language", "en-GB,en;q=0.9");
    let page = browser.sign_in(&NOE).to(&hub.app("other")).await.answer;
    assert_eq!((page.status.as_u16(), page.language().as_str()), (403, "en"));
    assert!(page.words().contains("Notes (en)") && page.words().contains(page.incident()), "{}", page.words());
    assert!(!page.words().contains("ouvre"), "{}", page.words());
}

async fn pages_speak_english_on_request(hub: TestHub) {
    let page = hub.browser().visit("/").await;
    assert_eq!(page.language(), "fr");
    assert!(page.words().contains("Enseignant ou personnel"), "{}", page.words());
    let (_, english) = page.links().into_iter().find(|(_, to)| to.ends_with("lang=en")).expect("a way to English");
    assert!(english.starts_with("/sign-in/"), "{english}");
    let mut browser = hub.browser().saying("accept-language", "en-US,en;q=0.8,fr;q=0.5");
    let page = browser.visit("/").await;
    assert_eq!(page.language(), "en");
    assert!(!page.words().contains("Élève"), "{}", page.words());
    let french = hub.browser().saying("accept-language", "de, fr-CA;q=0.3").visit("/").await;
    assert_eq!(french.language(), "fr");
}

async fn the_choice_of_who_you_are_can_be_taken_back(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.password_page("/", &NOE).await;
    assert!(page.words().contains("Élève"), "{}", page.words());
    let (_, back) = page.links().into_iter().find(|(_, to)| to.ends_with("back=1")).expect("a way back");
    let again = browser.visit(&back).await;
    let page = browser.choose(&again, &ALICE).await;
    assert!(page.words().contains("Enseignant ou personnel"), "{}", page.words());
    let home = browser.try_password(&page, ALICE.login, ALICE.password).await;
    assert_eq!((home.status.as_u16(), home.location()), (303, Some("/")));
}

async fn signing_out_is_told_to_the_services(hub: TestHub) {
    let (mut one, mut two) = (Listener::start().await, Listener::start().await);
    let (first, second) = (hub.mount_at("one", &one), hub.mount_at("two", &two));
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&first).await.ticket();
    assert_eq!(first.validate(&ticket).await.user(), Some(ALICE.login));
    let other = browser.open(&second).await.ticket();
    second.validate(&other).await;
    let goodbye = browser.sign_out().await;
    assert!(goodbye.words().contains("les 2 services que vous aviez ouverts en sont avertis"), "{}", goodbye.words());
    for (listener, ticket) in [(&mut one, &ticket), (&mut two, &other)] {
        let heard = listener.next().await;
        assert_eq!(heard.line, "POST / HTTP/1.1");
        assert!(heard.field("logoutRequest").contains(&format!("<samlp:SessionIndex>{ticket}</samlp:SessionIndex>")));
    }
}

async fn a_silent_service_keeps_nobody_waiting(hub: TestHub) {
    let mut silent = Listener::mute().await;
    let service = hub.mount_at("silent", &silent);
    let mut browser = hub.browser();
    service.validate(&browser.sign_in(&ALICE).to(&service).await.ticket()).await;
    let began = std::time::Instant::now();
    let goodbye = browser.sign_out().await;
    // Less than the four seconds in which a call is given up.
    assert!(goodbye.status.is_success() && began.elapsed().as_secs() < 4, "{:?}", began.elapsed());
    silent.next().await;
    assert!(browser.visit("/").await.forms().iter().any(|form| form.value("public").is_some()), "signed out for good");
}

async fn one_incident_number_from_browser_to_application(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let arrival = browser.sign_in(&NOE).to(&app).await;
    app.validate(&arrival.ticket()).await;
    let journal = hub.journal(arrival.answer.incident()).await;
    let kinds: Vec<AuditKind> = journal.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [AuditKind::SignInSucceeded, AuditKind::ServiceOpened, AuditKind::AttributesReleased]);
    assert!(journal.iter().all(|event| event.person == Some(NOE.person_id())));
    assert!(journal.iter().all(|event| event.service.as_ref().is_some_and(|service| service.as_str() == "app")));
}

/// Around the hash of a password each look-up finds the caches of the processor swept.
async fn a_sign_in_asks_the_store_for_no_more_than_it_needs(hub: TestHub) {
    let mut browser = hub.browser();
    hub.faults.fail(0, When::Before);
    let page = browser.password_page("/", &GAELLE).await;
    assert_eq!(hub.faults.calls(), ["pending", "pending"], "two pages, and each asks whether the sign-in goes on");
    hub.faults.fail(0, When::Before);
    assert_eq!(browser.try_password(&page, GAELLE.login, GAELLE.password).await.location(), Some("/"));
    let asked = ["pending", "begin_attempt", "people_by_login", "password_hash"];
    let begun = ["begin_session", "forgive", "remember_device", "language_of", "caller", "establishments"];
    assert_eq!(hub.faults.calls(), [&asked[..], &begun].concat());
}

/// Of whoever comes with a session all that every page needs is read in one go, the charte they accepted with it.
async fn a_teacher_at_home_asks_the_store_for_no_more_than_it_needs(hub: TestHub) {
    hub.hub.set_words(crate::activation::charte("2026-09"));
    let mut alice = hub.browser();
    let page = alice.sign_in(&ALICE).at_home().await.answer;
    alice.submit(&page.form_with("charte"), &[]).await;
    hub.clock.advance(20 * 60);
    hub.faults.fail(0, When::Before);
    assert!(alice.get("/").await.words().contains("Bonjour"));
    let read = ["session", "touch_session", "caller", "spaces_of", "establishments", "at_hand"];
    assert_eq!(hub.faults.calls(), read);
    hub.faults.fail(0, When::Before);
    assert!(alice.get("/").await.words().contains("Bonjour"));
    assert_eq!(hub.faults.calls(), ["at_hand"], "a moment later");
}
