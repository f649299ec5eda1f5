//! The editor's bench: it shows what a service would receive of people who do not exist, and opens nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_connector_api::ClientAuthentication;
use preau_domain::Profile;
use preau_flows::{ALICE, SECRET, TestHub, Validation, app_service, oidc_service, stories};
use preau_web::bench::CAST;
use std::collections::BTreeSet;

stories!(
    the_bench_is_off_unless_it_was_asked_for,
    what_it_shows_is_what_a_service_receives,
    a_door_that_stays_shut_says_why,
    the_latest_refused_request_is_told_with_its_reason,
    a_refused_call_is_told_with_what_is_at_fault,
    a_call_that_proved_itself_in_another_way_is_replayed_after_its_mend,
    nothing_can_be_opened_or_named_on_the_bench,
    configurations_are_filled_in_for_the_service,
    claims_are_shown_as_a_service_of_openid_connect_receives_them,
);

async fn on(hub: &TestHub) -> TestHub {
    hub.again_with(|setup| setup.config.bench = true).await
}

async fn the_bench_is_off_unless_it_was_asked_for(hub: TestHub) {
    for path in ["/bench", "/bench/app", "/bench/app?person=teacher"] {
        assert_eq!(hub.browser().get(path).await.status, 404, "{path}");
    }
    let hub = on(&hub).await;
    let page = hub.browser().get("/bench").await;
    assert_eq!(page.status, 200, "control");
    assert!(page.links().iter().any(|(_, to)| to == "/bench/app"), "{}", page.words());
}

/// The same writer, the same rules: an answer differs by the values of the person alone.
async fn what_it_shows_is_what_a_service_receives(hub: TestHub) {
    let hub = on(&hub).await;
    let app = hub.app("app");
    let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    let real = app.validate(&ticket).await;
    let Validation::Success { attributes, .. } = &real else { panic!("{real:?}") };
    let received: BTreeSet<&str> = attributes.keys().map(String::as_str).collect();
    let page = hub.browser().get("/bench/app?person=teacher").await;
    let words = page.words();
    let shown = words.split("<cas:serviceResponse").nth(1).and_then(|rest| rest.split("</cas:serviceResponse>").next());
    let shown = format!("<cas:serviceResponse{}", shown.unwrap_or_default());
    let inside = shown.split("<cas:attributes>").nth(1).and_then(|rest| rest.split("</cas:attributes>").next());
    let tags = inside.unwrap_or_default().split("<cas:").skip(1);
    let told: BTreeSet<&str> = tags.filter_map(|rest| rest.split('>').next()).collect();
    assert_eq!(told, received, "{shown}");
    assert!(shown.contains("Banc-d’Essai") || shown.contains("bench"), "{shown}");
    assert!(!words.contains(ALICE.login) && !words.contains(ALICE.id));
}

async fn a_door_that_stays_shut_says_why(hub: TestHub) {
    let hub = on(&hub).await;
    hub.mount(app_service("staff", "Salle des professeurs", "https://staff.example/", &[Profile::Teacher]));
    let pupil = hub.browser().get("/bench/staff?person=pupil").await;
    assert!(pupil.words().contains("Le service ne s’ouvre pas."), "{}", pupil.words());
    assert!(!pupil.words().contains("cas:serviceResponse"), "nothing is released to a shut door");
    let teacher = hub.browser().get("/bench/staff?person=teacher").await;
    assert!(teacher.words().contains("cas:serviceResponse"), "control: {}", teacher.words());
    for one in CAST {
        assert_eq!(hub.browser().get(&format!("/bench/staff?person={}", one.word)).await.status, 200, "{}", one.word);
    }
}

async fn the_latest_refused_request_is_told_with_its_reason(hub: TestHub) {
    let hub = on(&hub).await;
    let app = hub.app("app");
    let fresh = hub.browser().get("/bench/app").await;
    assert!(fresh.words().contains("Aucune depuis une heure"), "{}", fresh.words());
    let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    hub.clock.advance(60);
    assert_eq!(app.validate(&ticket).await.code(), Some("INVALID_TICKET"));
    let page = hub.browser().get("/bench/app").await;
    assert!(!page.words().contains("Aucune depuis une heure"), "{}", page.words());
    assert!(page.words().contains("expired") || page.words().contains("too late"), "{}", page.words());
    assert!(!page.body.contains(&ticket) && !page.words().contains(ALICE.login), "no ticket and nobody's name");
    let other = hub.browser().get("/bench/other").await;
    assert!(other.words().contains("Aucune depuis une heure"), "each service has its own");
}

const NOTHING_ELSE: &str = "Rien d’autre n’y est faux.";

/// The commonest failures of an editor, also of one who did not prove who they are; and no secret of theirs is shown.
async fn a_refused_call_is_told_with_what_is_at_fault(hub: TestHub) {
    let hub = on(&hub).await;
    let rp = hub.rp("notes");
    let header = |secret: &str| format!("Basic {}", STANDARD.encode(format!("notes:{secret}")));
    let (right, wrong) = (header(SECRET), header("a-secret-with-a-mistake-0123456789"));
    let code = "a".repeat(43);
    let redeems = |to| [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", to)];
    let (good, bad) = (redeems("https://notes.example/cb"), redeems("https://notes.example/bc"));
    for (proof, form, parameter, said, again) in [
        (&wrong, &good[..], "client_secret", "its proof is wrong", NOTHING_ELSE),
        (&right, &good, "code", "the text of a code", NOTHING_ELSE),
        (&right, &bad, "redirect_uri", "https://notes.example/bc", "Elle serait encore refusée."),
        (&right, &[("grant_type", "password")], "grant_type", "authorization_code", "Elle serait encore refusée."),
    ] {
        let told = rp.post("/oidc/token", &[("authorization", proof)], form).await;
        assert!(told.answer.status.is_client_error(), "{parameter}");
        let page = hub.browser().get("/bench/notes?replay=1").await;
        let words = page.words();
        assert!([parameter, said, again].iter().all(|one| words.contains(one)), "{parameter} {said}: {words}");
        assert!(!words.contains(&code) && !words.contains("a-mistake") && !words.contains(SECRET), "{words}");
    }
}

async fn a_call_that_proved_itself_in_another_way_is_replayed_after_its_mend(hub: TestHub) {
    let hub = on(&hub).await;
    let rp = hub.rp("notes");
    let form = [("token", "x"), ("client_id", "notes"), ("client_secret", SECRET)];
    assert_eq!(rp.post("/oidc/revoke", &[], &form).await.error(), (401, "invalid_client"));
    let page = hub.browser().get("/bench/notes?replay=1").await;
    for said in ["client_authentication", "client_secret_post", "client_secret_basic", "Elle serait encore refusée."] {
        assert!(page.words().contains(said), "{said}: {}", page.words());
    }
    assert!(!page.words().contains(SECRET));
    let mut mended = oidc_service("notes");
    mended.oidc.iter_mut().for_each(|oidc| oidc.authentication = ClientAuthentication::ClientSecretPost);
    hub.mount(mended);
    let after = hub.browser().get("/bench/notes?replay=1").await;
    assert!(after.words().contains(NOTHING_ELSE), "{}", after.words());
    assert_eq!(rp.post("/oidc/revoke", &[], &form).await.answer.status, 200, "and so it is");
    let quiet = hub.again_with(|setup| setup.config.bench = false).await;
    assert_eq!(quiet.browser().get("/bench/notes?replay=1").await.status, 404);
}

async fn nothing_can_be_opened_or_named_on_the_bench(hub: TestHub) {
    let hub = on(&hub).await;
    let mut browser = hub.browser();
    for hostile in [
        "/bench/app?person=palice0000000000",
        "/bench/app?person=bench-teacher",
        "/bench/app?person=%3Cscript%3E",
        "/bench/app?person=",
        "/bench/nowhere?person=teacher",
        "/bench/..%2fapp",
        "/bench/app?person=teacher&person=pupil",
    ] {
        let answer = browser.get(hostile).await;
        assert!(answer.status.is_client_error(), "{hostile}: {}", answer.status);
        assert!(!answer.body.contains("<script>"), "{hostile}");
    }
    let control = browser.get("/bench/app?person=teacher").await;
    assert_eq!(control.status, 200);
    assert!(control.cookies().is_empty() && !browser.signed_in(), "no cookie, no session");
    assert!(browser.get("/").await.location().is_some(), "and nobody is in");
}

async fn configurations_are_filled_in_for_the_service(hub: TestHub) {
    let hub = on(&hub).await;
    let page = hub.browser().get("/bench/app").await;
    let words = page.words();
    for name in ["Apache (mod_auth_cas)", "PHP (phpCAS)", "Python (python-cas)", "Moodle (CAS)"] {
        assert!(words.contains(name), "{name}: {words}");
    }
    assert!(words.contains("https://ent.example/cas/login"), "{words}");
    assert!(!words.contains("{cas}") && !words.contains("{home}"));
}

async fn claims_are_shown_as_a_service_of_openid_connect_receives_them(hub: TestHub) {
    let hub = on(&hub).await;
    let rp = hub.rp("notes");
    let code =
        hub.browser().sign_in(&ALICE).through(&rp.url_with(&[("scope", "openid profile ent")])).await.answer.code();
    let tokens = rp.redeem(&code).await;
    let received = [
        rp.claims(tokens.text("id_token")).await,
        rp.userinfo(tokens.access()).await.json.as_object().cloned().unwrap_or_default(),
    ];
    let page = hub.browser().get("/bench/notes?person=teacher").await;
    let words = page.words();
    for claim in received.iter().flat_map(serde_json::Map::keys) {
        assert!(words.contains(&format!("\"{claim}\":")), "{claim}: {words}");
    }
    assert!(words.contains("Banc-d’Essai") && !words.contains(ALICE.name.1), "{words}");
    for name in ["Nextcloud", "Discourse", "Node (openid-client)", "PHP (jumbojett)"] {
        assert!(words.contains(name), "{name}: {words}");
    }
    assert!(!words.contains("a-secret-of-the-stories"), "no secret");
}
