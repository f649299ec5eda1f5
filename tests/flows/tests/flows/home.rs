//! The home page: favourites, what was opened last, why a service is not there, and how little it weighs.

use flate2::read::GzDecoder;
use http::Method;
use preau_connector_api::MountedService;
use preau_domain::{AtHand, PersonId, Population, Profile};
use preau_flows::{ALICE, Answer, Browser, COLLEGE, HUGO, LYCEE, NOE, TestHub, app_service, stories, uai};
use preau_web::{Notice, Words};
use std::io::Read;

stories!(
    a_star_makes_a_favourite_and_takes_it_away,
    favourites_follow_the_establishment,
    a_form_of_another_session_marks_nothing,
    only_a_tile_can_be_a_favourite,
    there_is_room_for_so_many_favourites,
    what_was_opened_last_is_at_hand,
    a_service_opens_though_nothing_remembers_it,
    a_search_says_why_a_service_is_not_there,
    a_search_tells_nothing_of_services_of_elsewhere,
    a_page_with_two_hundred_services_weighs_little,
    what_somebody_else_put_words_into_is_not_compressed,
    a_notice_is_read_by_whom_it_is_for_while_it_lasts,
    the_charte_and_help_are_within_reach,
);

/// The words of the section of that heading, if it is on the page.
fn section<'a>(page: &'a Answer, heading: &str) -> Option<&'a str> {
    let mut sections = page.body.split("<section").skip(1);
    sections
        .find(|text| text.contains(&format!(">{heading}</h2>")))
        .map(|text| text.split("</section>").next().unwrap_or(text))
}

/// Whether a service is in the section of that heading.
fn stands_in(page: &Answer, heading: &str, service: &str) -> bool {
    section(page, heading).is_some_and(|text| text.contains(&format!("href=\"/open/{service}\"")))
}

async fn star(browser: &mut Browser, verb: &str, service: &str) -> Answer {
    let form = browser.visit("/").await.form_to("/favourites");
    browser.submit(&form, &[(verb, service)]).await
}

async fn a_star_makes_a_favourite_and_takes_it_away(hub: TestHub) {
    let mut browser = hub.browser();
    let home = browser.sign_in(&ALICE).at_home().await.answer;
    assert!(section(&home, "Favoris").is_none());
    assert!(home.words().contains("Ajouter Notes aux favoris"), "{}", home.words());
    let answer = browser.submit_once(&home.form_to("/favourites"), &[("add", "other")]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, Some("/#s-other")));
    let home = browser.visit("/").await;
    assert!(stands_in(&home, "Favoris", "other") && !stands_in(&home, "Favoris", "app"), "{}", home.words());
    assert!(home.words().contains("Retirer Notes des favoris"), "{}", home.words());
    let elsewhere = browser.clone().meets(&hub.again().await).visit("/?lang=en").await;
    assert!(stands_in(&elsewhere, "Favourites", "other"), "another node knows it: {}", elsewhere.words());
    let home = star(&mut browser, "remove", "other").await;
    assert!(section(&home, "Favoris").is_none() && home.has_link("Notes"), "{}", home.words());
    let found = browser.visit("/?q=notes").await.form_to("/favourites");
    let answer = browser.submit_once(&found, &[("add", "other")]).await;
    assert_eq!(answer.location(), Some("/?q=notes#s-other"), "the search goes on");
}

async fn favourites_follow_the_establishment(hub: TestHub) {
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let home = star(&mut browser, "add", "other").await;
    let moved = browser.submit(&home.form_to("/establishment"), &[("uai", uai(LYCEE).as_str())]).await;
    assert!(section(&moved, "Favoris").is_none(), "{}", moved.words());
    let back = browser.submit(&moved.form_to("/establishment"), &[("uai", uai(COLLEGE).as_str())]).await;
    assert!(stands_in(&back, "Favoris", "other"), "{}", back.words());
}

async fn a_form_of_another_session_marks_nothing(hub: TestHub) {
    let (mut alice, mut other) = (hub.browser(), hub.browser());
    let form = alice.sign_in(&ALICE).at_home().await.answer.form_to("/favourites");
    let establishment = other.sign_in(&ALICE).at_home().await.answer.form_to("/establishment");
    let foreign = [form.value("token").unwrap_or_default(), establishment.value("token").unwrap_or_default(), "", "é"];
    for token in foreign {
        let answer = other.submit_once(&form, &[("token", token), ("add", "other")]).await;
        assert_eq!(answer.status.as_u16(), 403, "{token}");
    }
    let stranger = hub.browser().submit_once(&form, &[("add", "other")]).await;
    assert_eq!(stranger.location(), Some("/"), "without a session there is nobody to mark for");
    assert!(section(&alice.visit("/").await, "Favoris").is_none());
    assert!(stands_in(&alice.submit(&form, &[("add", "other")]).await, "Favoris", "other"), "control");
}

async fn only_a_tile_can_be_a_favourite(hub: TestHub) {
    let mut browser = hub.browser();
    let form = browser.sign_in(&NOE).at_home().await.answer.form_to("/favourites");
    for service in ["other", "nothing", "", "a\" onclick=\"", "é"] {
        assert_eq!(browser.submit_once(&form, &[("add", service)]).await.status.as_u16(), 400, "{service}");
    }
    for fields in [&[][..], &[("add", "app"), ("remove", "app")][..]] {
        assert_eq!(browser.submit_once(&form, fields).await.status.as_u16(), 400, "{fields:?}");
    }
    let odd = browser.submit_once(&form, &[("remove", "\r\nx: y")]).await;
    assert_eq!(odd.location(), Some("/"), "what is no name leads nowhere");
    assert!(section(&browser.visit("/").await, "Favoris").is_none());
    assert!(stands_in(&browser.submit(&form, &[("add", "app")]).await, "Favoris", "app"), "control");
}

async fn there_is_room_for_so_many_favourites(hub: TestHub) {
    for n in 0..AtHand::MOST_FAVOURITES {
        hub.mount(app_service(
            &format!("s{n:02}"),
            &format!("Essai {n}"),
            &format!("https://s{n}.example/"),
            &Profile::ALL,
        ));
    }
    let mut browser = hub.browser();
    let form = browser.sign_in(&NOE).at_home().await.answer.form_to("/favourites");
    for n in 0..AtHand::MOST_FAVOURITES {
        browser.submit_once(&form, &[("add", &format!("s{n:02}"))]).await;
    }
    let full = browser.submit(&form, &[("add", "app")]).await;
    assert!(!stands_in(&full, "Favoris", "app") && stands_in(&full, "Favoris", "s00"), "{}", full.words());
    assert!(full.words().contains("le maximum") && !full.words().contains("Ajouter"), "{}", full.words());
    // One that is no tile any more makes room.
    let mut gone = app_service("s00", "Essai 0", "https://s0.example/", &Profile::ALL);
    gone.audience.allow.clear();
    hub.mount(gone);
    assert!(stands_in(&browser.submit(&form, &[("add", "app")]).await, "Favoris", "app"));
}

async fn what_was_opened_last_is_at_hand(hub: TestHub) {
    let mut browser = hub.browser();
    assert!(section(&browser.sign_in(&ALICE).at_home().await.answer, "Ouverts récemment").is_none());
    for title in ["Notes", "Bibliothèque"] {
        browser.open_tile(title).await;
        hub.clock.advance(5);
    }
    let home = browser.visit("/").await;
    let recent = section(&home, "Ouverts récemment").expect("what was opened").to_owned();
    let place = |service: &str| recent.find(&format!("/open/{service}\""));
    assert!(place("legacy") < place("other") && place("legacy").is_some(), "the latest first: {recent}");
    let home = star(&mut browser, "add", "other").await;
    assert!(!stands_in(&home, "Ouverts récemment", "other"), "a favourite is at hand already");
    let mut pupil = hub.browser();
    assert!(section(&pupil.sign_in(&NOE).at_home().await.answer, "Ouverts récemment").is_none());
    let searched = browser.visit("/?q=bib").await;
    assert!(section(&searched, "Ouverts récemment").is_none() && searched.has_link("Bibliothèque"));
}

async fn a_service_opens_though_nothing_remembers_it(hub: TestHub) {
    let mut browser = hub.browser();
    browser.sign_in(&NOE).at_home().await;
    let tile = browser.visit("/").await.link("Cahier de textes").expect("a tile");
    hub.faults.fail(1, preau_flows::When::Before);
    let opened = browser.get(&tile).await;
    assert_eq!(hub.faults.calls().first(), Some(&"note_opened"));
    assert_eq!((opened.status.as_u16(), opened.location()), (303, Some("https://app.example/cas/")));
}

async fn a_search_says_why_a_service_is_not_there(hub: TestHub) {
    let mut browser = hub.browser();
    browser.sign_in(&NOE).at_home().await;
    let found = browser.visit("/?q=notes").await;
    let why = section(&found, "Pourquoi ne vois-je pas ce service\u{a0}?").expect("a reason");
    assert!(why.contains("<dt>Notes</dt>") && why.contains("pour d’autres profils que le vôtre"), "{why}");
    assert!(found.link("Notes").is_none(), "and no door");
    for nothing in ["/", "/?q=", "/?q=cahier", "/?q=trottinette"] {
        assert!(!browser.visit(nothing).await.body.contains("id=\"missing\""), "{nothing}");
    }
    let mut teacher = hub.browser();
    teacher.sign_in(&ALICE).at_home().await;
    assert!(!teacher.visit("/?q=notes").await.body.contains("id=\"missing\""), "control: it is there");
}

async fn a_search_tells_nothing_of_services_of_elsewhere(hub: TestHub) {
    let mount = |id: &str, title: &str, population: Population| {
        let mut service = app_service(id, title, &format!("https://{id}.example/"), &[]);
        service.audience.allow = vec![population];
        hub.mount(service);
    };
    let heads =
        |place| Population { profiles: vec![Profile::Head], establishments: vec![uai(place)], ..Population::default() };
    mount("lycee", "Conseil du lycée", heads(LYCEE));
    mount("college", "Conseil du collège", heads(COLLEGE));
    let few = Population { persons: vec![PersonId::new(HUGO.id)], ..Population::default() };
    mount("enquete", "Conseil de discipline", few);
    let mut nobody = app_service("rien", "Conseil fermé", "https://rien.example/", &[]);
    nobody.audience.allow.clear();
    hub.mount(nobody);
    let mut browser = hub.browser();
    browser.sign_in(&NOE).at_home().await;
    let found = browser.visit("/?q=conseil").await;
    for unheard in ["Conseil du lycée", "Conseil de discipline", "Conseil fermé"] {
        assert!(!found.body.contains(unheard), "{unheard}");
    }
    assert!(found.body.contains("<dt>Conseil du collège</dt>"), "control: {}", found.words());
}

/// Bytes of an answer on the wire, for a browser that reads gzip, and the text it stands for.
async fn weighed(browser: &mut Browser, target: &str) -> (usize, String) {
    let (bytes, answer) = browser.bytes(Method::GET, target, &[("accept-encoding", "gzip, deflate, br")]).await;
    if answer.header("content-encoding") != "gzip" {
        return (bytes.len(), answer.body);
    }
    let mut text = String::new();
    GzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("gzip");
    (bytes.len(), text)
}

/// Two hundred services, with drawings of the catalogue.
fn two_hundred() -> Vec<MountedService> {
    let icons: Vec<&str> = preau_connectors::catalogue().products().map(|one| one.icon.as_str()).collect();
    let service = |n: usize| {
        let (id, title) = (format!("s{n}"), format!("Service numéro {n}"));
        let mut service = app_service(&id, &title, &format!("https://{id}.example/"), &Profile::ALL);
        service.icon = icons[n % icons.len()].to_owned();
        service
    };
    (0..200).map(service).collect()
}

async fn a_page_with_two_hundred_services_weighs_little(hub: TestHub) {
    let hub = hub.again_with(|setup| setup.services.extend(two_hundred())).await;
    let mut browser = hub.browser();
    browser.sign_in(&NOE).at_home().await;
    for n in 0..AtHand::MOST_RECENT {
        browser.open_tile(&format!("Service numéro {n}")).await;
    }
    let (mut all, page) = weighed(&mut browser, "/").await;
    assert!(page.matches("class=\"tile\"").count() > 200, "the page is whole");
    let part = |tag: &str, name: &str| -> Vec<String> {
        let begins = format!("<{tag} ");
        let tags = page.split(&begins).skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
        let first = tags.filter(|tag| !tag.contains("loading=\"lazy\""));
        first.filter_map(|tag| Some(tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.to_owned())).collect()
    };
    let mut asked = [part("link", "href"), part("script", "src"), part("img", "src")].concat();
    asked.sort();
    asked.dedup();
    assert!(asked.len() > 12 && asked.len() < 30, "{asked:?}");
    for file in &asked {
        all += weighed(&mut browser, file).await.0;
    }
    assert!(all <= 50 * 1024, "{all} bytes for the first paint");
}

async fn what_somebody_else_put_words_into_is_not_compressed(hub: TestHub) {
    let mut browser = hub.browser();
    browser.sign_in(&NOE).at_home().await;
    let gzip = [("accept-encoding", "gzip")];
    for target in ["/?q=token", "/?x=1"] {
        assert_eq!(browser.bytes(Method::GET, target, &gzip).await.1.header("content-encoding"), "", "{target}");
    }
    let (_, home) = browser.bytes(Method::GET, "/", &gzip).await;
    assert_eq!((home.header("content-encoding"), home.header("vary")), ("gzip", "accept-encoding"), "control");
    assert_eq!(browser.get("/").await.header("content-encoding"), "", "for whoever does not read it");
}

fn notice(title: &str, more: &str) -> Notice {
    let text = format!(
        "title = {{ fr = '{title}', en = '{title} (en)' }}\ntext = {{ fr = 'Premier.\\n\\n<b>Second</b>', en = 'x' }}\n{more}"
    );
    toml::from_str(&text.replace("'Premier", "\"Premier").replace("</b>'", "</b>\"")).expect("a notice")
}

async fn a_notice_is_read_by_whom_it_is_for_while_it_lasts(hub: TestHub) {
    let college = format!("until = '2099-12-31'\nestablishments = ['{}']\n", uai(COLLEGE));
    let notices = vec![
        notice("Pour tous", &college),
        notice("Pour les élèves", &format!("{college}profiles = ['National_ELV']\n")),
        notice("Au lycée", &college.replace(uai(COLLEGE).as_str(), uai(LYCEE).as_str())),
        notice("Passé", "until = '2020-01-01'\n"),
        notice("À venir", "from = '2099-01-01'\nuntil = '2099-12-31'\n"),
    ];
    hub.hub.set_words(Words { notices, charte: None });
    let mut browser = hub.browser();
    let home = browser.sign_in(&NOE).at_home().await.answer;
    assert!(home.words().contains("Pour tous Premier. <b>Second</b>"), "as text: {}", home.words());
    assert!(home.words().contains("Pour les élèves"), "{}", home.words());
    for unread in ["Au lycée", "Passé", "À venir"] {
        assert!(!home.words().contains(unread), "{unread}: {}", home.words());
    }
    assert!(browser.visit("/?lang=en").await.words().contains("Pour tous (en)"));
    assert!(!browser.visit("/?q=cahier").await.words().contains("Pour tous"), "a search is about services");
    let mut teacher = hub.browser();
    let home = teacher.sign_in(&ALICE).at_home().await.answer;
    assert!(home.words().contains("Pour tous") && !home.words().contains("Pour les élèves"), "{}", home.words());
}

async fn the_charte_and_help_are_within_reach(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let (charte, help) = (page.link("Charte d’usage").expect("a link"), page.link("Aide").expect("a link"));
    let read = browser.visit(&charte).await.words();
    assert!(read.contains("Charte du récit Version 2026-09 Soyons courtois."), "{read}");
    assert!(browser.visit(&help).await.words().contains("Je n’arrive pas à me connecter"));
    hub.hub.set_words(Words::default());
    assert_eq!(browser.visit("/charte").await.status.as_u16(), 404);
    assert!(!browser.visit("/help").await.has_link("Charte"), "and nothing leads there");
}
