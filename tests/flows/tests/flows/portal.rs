//! The portal: the establishment a person works in, the tiles that follow it, the search, and the files pages need.

use http::Method;
use preau_domain::{AuditKind, Population, Profile};
use preau_flows::{ALICE, COLLEGE, HUGO, LYCEE, NOE, TestHub, app_service, stories, uai};

stories!(
    tiles_follow_the_establishment,
    an_establishment_of_somebody_else_is_not_entered,
    a_form_of_another_session_moves_nobody,
    a_person_of_no_establishment_is_told_so,
    a_search_without_a_script,
    a_search_that_is_no_search,
    a_service_without_a_protocol_opens_at_its_door,
    the_files_of_a_page_are_kept_by_browsers,
    an_icon_is_a_drawing_and_nothing_else,
    the_language_that_was_chosen_is_remembered,
    a_language_goes_with_its_person,
);

/// A service for the teachers of the lycée only.
fn for_the_lycee(hub: &TestHub) {
    let mut service = app_service("orientation", "Orientation", "https://orientation.example/", &[]);
    service.audience.allow = vec![Population {
        profiles: vec![Profile::Teacher],
        establishments: vec![uai(LYCEE)],
        ..Population::default()
    }];
    hub.mount(service);
}

async fn tiles_follow_the_establishment(hub: TestHub) {
    for_the_lycee(&hub);
    let mut browser = hub.browser();
    let home = browser.sign_in(&ALICE).at_home().await.answer;
    assert!(home.has_link("Notes") && !home.has_link("Orientation"), "{}", home.words());
    let form = home.form_to("/establishment");
    assert_eq!(form.value("uai"), Some(uai(COLLEGE).as_str()), "the form says where the person is");
    let moved = browser.submit_once(&form, &[("uai", uai(LYCEE).as_str())]).await;
    assert_eq!((moved.status.as_u16(), moved.location()), (303, Some("/")));
    let home = browser.visit("/").await;
    assert!(home.has_link("Notes") && home.has_link("Orientation"), "{}", home.words());
    assert_eq!(home.form_to("/establishment").value("uai"), Some(uai(LYCEE).as_str()));
    let journal = hub.journal(moved.incident()).await;
    let event = journal.iter().find(|event| event.kind == AuditKind::EstablishmentSwitched).expect("it is noted");
    assert_eq!((event.person.as_ref(), event.establishment.as_ref()), (Some(&ALICE.person_id()), Some(&uai(LYCEE))));
    let elsewhere = browser.clone().meets(&hub.again().await).visit("/").await;
    assert!(elsewhere.has_link("Orientation"), "another node knows it: {}", elsewhere.words());
}

async fn an_establishment_of_somebody_else_is_not_entered(hub: TestHub) {
    let mut browser = hub.browser();
    let form = browser.sign_in(&ALICE).at_home().await.answer.form_to("/establishment");
    for foreign in [uai(990_077).as_str(), "0990002A", "", "' OR 1=1 --"] {
        let answer = browser.submit(&form, &[("uai", foreign)]).await;
        assert_eq!(answer.status.as_u16(), 400, "{foreign}: {}", answer.words());
    }
    let token = form.value("token").expect("the form has a token").to_owned();
    let twice = [("token", &*token), ("uai", uai(LYCEE).as_str()), ("uai", uai(COLLEGE).as_str())]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(browser.post("/establishment", &twice).await.status.as_u16(), 400);
    assert_eq!(browser.visit("/").await.form_to("/establishment").value("uai"), Some(uai(COLLEGE).as_str()));
    let control = browser.submit(&form, &[("uai", uai(LYCEE).as_str())]).await;
    assert_eq!(control.form_to("/establishment").value("uai"), Some(uai(LYCEE).as_str()));
}

async fn a_form_of_another_session_moves_nobody(hub: TestHub) {
    let (mut alice, mut other) = (hub.browser(), hub.browser());
    let form = alice.sign_in(&ALICE).at_home().await.answer.form_to("/establishment");
    other.sign_in(&ALICE).at_home().await;
    let to = [("uai", uai(LYCEE).to_string())];
    for token in [form.value("token").unwrap_or_default(), "", "0", "é"] {
        let with = [("token", token), ("uai", to[0].1.as_str())];
        assert_eq!(other.submit_once(&form, &with).await.status.as_u16(), 403, "{token}");
    }
    let bare: Vec<(String, String)> = to.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    assert_eq!(other.post("/establishment", &bare).await.status.as_u16(), 400, "no token at all");
    let sign_out = other.visit("/").await.form_to("/sign-out");
    let with = [("token", sign_out.value("token").unwrap_or_default()), ("uai", to[0].1.as_str())];
    assert_eq!(other.submit_once(&form, &with).await.status.as_u16(), 403, "the token of another form");
    assert_eq!(other.visit("/").await.form_to("/establishment").value("uai"), Some(uai(COLLEGE).as_str()));
    let stranger = hub.browser().submit_once(&form, &[("uai", to[0].1.as_str())]).await;
    assert_eq!(stranger.location(), Some("/"), "without a session there is nobody to move");
    let control = alice.submit(&form, &[("uai", to[0].1.as_str())]).await;
    assert_eq!(control.form_to("/establishment").value("uai"), Some(to[0].1.as_str()));
}

async fn a_person_of_no_establishment_is_told_so(hub: TestHub) {
    let mut nowhere = NOE.person();
    nowhere.affiliations.clear();
    hub.put(nowhere).await;
    let mut browser = hub.browser();
    let home = browser.sign_in(&NOE).at_home().await.answer;
    assert!(home.status.is_success() && home.words().contains("rattaché à aucun établissement"), "{}", home.words());
    assert!(home.links().iter().all(|(_, to)| !to.starts_with("/open/")), "{:?}", home.links());
    let refused = browser.visit("/open/app").await;
    assert_eq!(refused.status.as_u16(), 403);
    assert!(refused.words().contains("rattaché à aucun établissement"), "{}", refused.words());
    assert!(browser.sign_out().await.words().contains("terminée"), "and can leave");
}

async fn a_search_without_a_script(hub: TestHub) {
    let mut browser = hub.browser();
    let home = browser.sign_in(&ALICE).at_home().await.answer;
    let form = home.forms().into_iter().find(|form| form.value("q").is_some()).expect("a search form");
    assert_eq!(form.method, "get");
    let found = browser.submit(&form, &[("q", "  CAHIER de ")]).await;
    assert!(found.words().contains("1 service trouvé"), "{}", found.words());
    assert!(found.body.contains("value=\"CAHIER de\""), "what was typed stays in the field");
    let none = browser.submit(&form, &[("q", "trottinette")]).await;
    assert!(none.words().contains("Aucun service ne correspond à cette recherche."), "{}", none.words());
    assert!(none.has_link("Voir tous mes services"));
}

async fn a_search_that_is_no_search(hub: TestHub) {
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for bad in ["/?q=a&q=b", "/?q=%ff", &format!("/?{}", "x=1&".repeat(200))] {
        let answer = browser.visit(bad).await;
        assert!(answer.status.is_client_error() && answer.is_html(), "{bad}: {}", answer.status);
    }
    for odd in ["/?q=%00", "/?q=<script>alert(1)</script>", &format!("/?q={}", "a".repeat(8000)), "/?q", "/?%3D&&&"] {
        let odd = odd.replace('<', "%3C").replace('>', "%3E");
        let answer = browser.visit(&odd).await;
        assert!(answer.status.is_success() && !answer.body.contains("<script>alert"), "{odd}: {}", answer.status);
        assert!(answer.body.len() < 50_000, "{odd}: {} bytes", answer.body.len());
    }
}

async fn a_service_without_a_protocol_opens_at_its_door(hub: TestHub) {
    let mut plain = app_service("affiche", "Affichage", "https://affiche.example/hall/", &[Profile::Head]);
    plain.cas = None;
    hub.mount(plain);
    let mut browser = hub.browser();
    browser.sign_in(&HUGO).at_home().await;
    let opened = browser.open_tile("Affichage").await;
    assert_eq!((opened.status.as_u16(), opened.location()), (303, Some("https://affiche.example/hall/")));
    let journal = hub.journal(opened.incident()).await;
    let event = journal.iter().find(|event| event.kind == AuditKind::TileOpened).expect("it is noted");
    assert_eq!(
        (event.person.clone(), event.service.as_ref().map(|id| id.as_str())),
        (Some(HUGO.person_id()), Some("affiche"))
    );
    let mut pupil = hub.browser();
    pupil.sign_in(&NOE).at_home().await;
    assert_eq!(pupil.visit("/open/affiche").await.status.as_u16(), 403);
}

async fn the_files_of_a_page_are_kept_by_browsers(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let style = page.body.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(".css"));
    let style = style.expect("a stylesheet").to_owned();
    let file = browser.get(&style).await;
    assert!(file.status.is_success() && file.header("content-type").starts_with("text/css"));
    assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    let former = browser.get("/assets/preau-0123456789abcdef.css").await;
    assert_eq!((former.body == file.body, former.header("cache-control")), (true, "no-cache"));
    for absent in
        ["/assets/", "/assets/preau.css", "/assets/..%2fCargo.toml", "/assets/preau-é.js.map", "/icons/none.svg"]
    {
        assert_eq!(browser.get(absent).await.status.as_u16(), 404, "{absent}");
    }
    let robots = browser.get("/robots.txt").await;
    assert_eq!(robots.body, "User-agent: *\nDisallow: /\n");
    for (path, kind) in [("/favicon.svg", "image/svg+xml"), ("/robots.txt", "text/plain; charset=utf-8")] {
        let file = browser.get(path).await;
        assert_eq!((file.status.as_u16(), file.header("content-type"), file.cookies().len()), (200, kind, 0), "{path}");
    }
}

async fn an_icon_is_a_drawing_and_nothing_else(hub: TestHub) {
    let mut service = app_service("dessin", "Dessin", "https://dessin.example/", &[Profile::Teacher]);
    service.icon =
        "<svg xmlns=\"http://www.w3.org/2000/svg\"><path stroke=\"currentColor\" d=\"M0 0h9\"/></svg>".into();
    hub.mount(service);
    let mut browser = hub.browser();
    let icon = browser.get("/icons/dessin.svg").await;
    assert_eq!(icon.header("content-type"), "image/svg+xml");
    assert_eq!(
        icon.header("content-security-policy"),
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    );
    assert!(icon.body.starts_with("<svg color=\"#"), "in the colour of its category: {}", icon.body);
    let tag = icon.header("etag").to_owned();
    let again = browser.send(Method::GET, "/icons/dessin.svg", &[("if-none-match", &tag)], None).await;
    assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
    let other = browser.send(Method::GET, "/icons/dessin.svg", &[("if-none-match", "\"0\"")], None).await;
    assert_eq!(other.status.as_u16(), 200);
}

async fn a_language_goes_with_its_person(hub: TestHub) {
    let (mut alice, mut stranger) = (hub.browser(), hub.browser());
    alice.sign_in(&ALICE).at_home().await;
    let form = alice.visit("/account").await.form_to("/language");
    let page = alice.submit(&form, &[("language", "en")]).await;
    assert!(page.language() == "en" && page.words().contains("My account"), "{}", page.words());
    let stolen = stranger.submit_once(&form, &[("language", "fr")]).await;
    assert_eq!((stolen.status.as_u16(), stolen.cookies().len()), (303, 0), "without a session");
    let mut elsewhere = hub.browser();
    assert_eq!(elsewhere.visit("/").await.language(), "fr", "another device");
    let home = elsewhere.sign_in(&ALICE).at_home().await.answer;
    assert!(home.words().contains("Hello Alice Martin"), "{}", home.words());
    let form = alice.visit("/account").await.form_to("/language");
    assert_eq!(alice.submit_once(&form, &[("language", "xx")]).await.status, 400);
    let page = alice.submit(&form, &[("language", "")]).await;
    assert_eq!(page.language(), "fr", "what the browser says again: {}", page.words());
    let mut fresh = hub.browser();
    assert!(fresh.sign_in(&ALICE).at_home().await.answer.words().contains("Bonjour"), "control");
}

async fn the_language_that_was_chosen_is_remembered(hub: TestHub) {
    let mut browser = hub.browser();
    assert_eq!(browser.visit("/").await.language(), "fr");
    assert_eq!(browser.visit("/accessibility?lang=en").await.language(), "en");
    assert_eq!(browser.visit("/").await.language(), "en", "without asking again");
    let home = browser.sign_in(&ALICE).at_home().await.answer;
    assert!(home.words().contains("Hello Alice Martin") && home.has_link("Notes (en)"), "{}", home.words());
    let back = home.link("Français").expect("a way back to French");
    assert_eq!(browser.visit(&back).await.language(), "fr");
    let unknown = browser.get("/accessibility?lang=xx").await;
    assert_eq!((unknown.language().as_str(), unknown.cookies().len()), ("fr", 0));
    assert_eq!(browser.get("/favicon.svg?lang=en").await.cookies().len(), 0, "what others may keep sets no cookie");
}
