//! The home page as a document, for a mobile application: the same as the page, and to nobody who was not given it.

use preau_connector_api::OidcGrant;
use preau_domain::Profile;
use preau_flows::{ALICE, Browser, Document, INES, OidcRp, Role, TestHub, oidc_service, stories};
use serde_json::Value;

stories!(
    an_application_reads_what_the_page_says,
    a_parent_finds_the_children_of_the_page_and_nothing_more,
    whoever_has_it_already_is_told_so,
    only_who_was_given_it_may_ask,
    a_record_that_changes_closes_it_at_once,
    a_token_made_for_another_service_reads_no_home_page,
);

/// A mobile application, and the access token it holds for somebody whose browser stays signed in.
async fn mobile(hub: &TestHub, role: &Role, scope: &str) -> (Browser, OidcRp, Document) {
    let rp = hub.rp_with("mobile", |oidc| oidc.scopes = ["profile", "home"].map(str::to_owned).into());
    let mut browser = hub.browser();
    let code = browser.sign_in(role).through(&rp.url_with(&[("scope", scope)])).await.answer.code();
    let tokens = rp.redeem(&code).await;
    (browser, rp, tokens)
}

async fn home(rp: &OidcRp, token: &str, more: &[(&str, &str)]) -> Document {
    let bearer = format!("Bearer {token}");
    let headers: Vec<_> = [("authorization", &*bearer)].into_iter().chain(more.iter().copied()).collect();
    rp.get("/api/home", &headers).await
}

/// Every text of a document but those of these members.
fn texts(value: &Value, but: &[&str], found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|one| texts(one, but, found)),
        Value::Object(all) => {
            all.iter().filter(|(name, _)| !but.contains(&name.as_str())).for_each(|(_, one)| texts(one, but, found));
        }
        _ => {}
    }
}

/// Fails unless everything the document says stands on the page.
async fn stands_on_the_page(browser: &mut Browser, told: &Document) {
    let page = browser.visit("/").await;
    let (mut said, mut at) = (Vec::new(), Vec::new());
    texts(&told.json, &["id", "icon", "open", "charte", "help", "favourites", "recent"], &mut said);
    assert!(said.len() > 5, "{}", told.answer.body);
    for text in said {
        assert!(page.words().contains(&text), "the page does not say {text}: {}", page.words());
    }
    texts(&told.json["categories"], &["id", "name", "summary"], &mut at);
    for address in at {
        let path = address.strip_prefix("https://ent.example").expect("an address of ours");
        assert!(page.body.contains(path), "the page does not lead to {path}");
    }
}

async fn an_application_reads_what_the_page_says(hub: TestHub) {
    let (mut browser, rp, tokens) = mobile(&hub, &ALICE, "openid home").await;
    let star = browser.visit("/").await.form_to("/favourites");
    browser.submit(&star, &[("add", "other")]).await;
    browser.visit("/open/app").await;
    let told = home(&rp, tokens.access(), &[]).await;
    assert_eq!(told.answer.status.as_u16(), 200, "{}", told.answer.body);
    stands_on_the_page(&mut browser, &told).await;
    assert_eq!((&told.json["favourites"][0], &told.json["recent"][0]), (&"other".into(), &"app".into()));
    assert_eq!(told.json["establishments"].as_array().map(Vec::len), Some(2));
    for hidden in [ALICE.login, ALICE.id, "@college.example"] {
        assert!(!told.answer.body.contains(hidden), "{hidden}");
    }
    let incident = told.answer.header("x-correlation-id").to_owned();
    let kept = hub.journal(&incident).await;
    assert!(kept.iter().any(|event| event.detail == "home" && event.person == Some(ALICE.person_id())), "{kept:?}");
    let english = home(&rp, tokens.access(), &[("accept-language", "en")]).await;
    assert_ne!(english.text("greeting"), told.text("greeting"));
}

async fn a_parent_finds_the_children_of_the_page_and_nothing_more(hub: TestHub) {
    let (mut browser, rp, tokens) = mobile(&hub, &INES, "openid home").await;
    let told = home(&rp, tokens.access(), &[]).await;
    stands_on_the_page(&mut browser, &told).await;
    assert!(told.text("acting").contains("Noé Petit"), "{}", told.answer.body);
    for hidden in ["pnoe", "key-", "noe.petit"] {
        assert!(!told.answer.body.contains(hidden), "{hidden}");
    }
}

async fn whoever_has_it_already_is_told_so(hub: TestHub) {
    let (mut browser, rp, tokens) = mobile(&hub, &ALICE, "openid home").await;
    let first = home(&rp, tokens.access(), &[]).await;
    let tag = first.answer.header("etag").to_owned();
    let known = format!("\"another\", W/{tag}");
    let again = home(&rp, tokens.access(), &[("if-none-match", &known)]).await;
    assert_eq!((again.answer.status.as_u16(), again.answer.body.as_str()), (304, ""));
    let star = browser.visit("/").await.form_to("/favourites");
    browser.submit(&star, &[("add", "other")]).await;
    let changed = home(&rp, tokens.access(), &[("if-none-match", &known)]).await;
    assert_eq!(changed.answer.status.as_u16(), 200);
    assert_eq!(changed.answer.header("cache-control"), "private, no-cache");
    assert_ne!(changed.answer.header("etag"), tag);
}

async fn only_who_was_given_it_may_ask(hub: TestHub) {
    let (_, rp, tokens) = mobile(&hub, &ALICE, "openid profile").await;
    assert_eq!(home(&rp, tokens.access(), &[]).await.error(), (403, "insufficient_scope"));
    let plain = hub.rp("plain");
    let code = hub.browser().sign_in(&ALICE).through(&plain.url_with(&[("scope", "openid home")])).await.answer.code();
    let without = plain.redeem(&code).await;
    assert_eq!(without.text("scope"), "openid", "its record does not give it");
    assert_eq!(home(&plain, without.access(), &[]).await.error(), (403, "insufficient_scope"));
    for wrong in ["", "nothing"] {
        assert_eq!(home(&rp, wrong, &[]).await.error(), (401, "invalid_token"), "{wrong}");
    }
    assert_eq!(rp.get(&format!("/api/home?access_token={}", tokens.access()), &[]).await.error().0, 401);
    let (_, rp, tokens) = mobile(&hub, &ALICE, "openid home").await;
    assert_eq!(home(&rp, tokens.access(), &[]).await.answer.status.as_u16(), 200, "control");
}

async fn a_record_that_changes_closes_it_at_once(hub: TestHub) {
    let (mut browser, rp, tokens) = mobile(&hub, &ALICE, "openid home").await;
    assert_eq!(home(&rp, tokens.access(), &[]).await.answer.status.as_u16(), 200, "control");
    let mut closed = oidc_service("mobile");
    closed.audience.allow[0].profiles = vec![Profile::Head];
    hub.rp_of(closed, |oidc| oidc.scopes = vec!["home".to_owned()]);
    assert_eq!(home(&rp, tokens.access(), &[]).await.error(), (401, "invalid_token"), "not for her any more");
    hub.rp_with("mobile", |oidc| oidc.scopes = vec!["profile".to_owned()]);
    assert_eq!(home(&rp, tokens.access(), &[]).await.error(), (403, "insufficient_scope"), "the scope went");
    hub.rp_with("mobile", |oidc| oidc.scopes = vec!["home".to_owned()]);
    assert_eq!(home(&rp, tokens.access(), &[]).await.answer.status.as_u16(), 200, "control");
    browser.sign_out().await;
    assert_eq!(home(&rp, tokens.access(), &[]).await.error(), (401, "invalid_token"), "the session is over");
}

async fn a_token_made_for_another_service_reads_no_home_page(hub: TestHub) {
    let scopes = || ["home".to_owned()].to_vec();
    let rp = hub.rp_with("caller", |oidc| {
        oidc.scopes = scopes();
        oidc.grants.push(OidcGrant::TokenExchange);
        oidc.calls = vec!["called".to_owned()];
    });
    hub.rp_with("called", |oidc| {
        oidc.scopes = scopes();
        oidc.called_by = vec!["caller".to_owned()];
    });
    let code = hub.browser().sign_in(&ALICE).through(&rp.url_with(&[("scope", "openid home")])).await.answer.code();
    let tokens = rp.redeem(&code).await;
    assert_eq!(home(&rp, tokens.access(), &[]).await.answer.status.as_u16(), 200, "control");
    let exchanged = rp
        .call(
            "/oidc/token",
            &[
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token", tokens.access()),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                ("audience", "called"),
            ],
        )
        .await;
    assert_eq!(exchanged.text("scope"), "openid home");
    assert_eq!(home(&rp, exchanged.access(), &[]).await.error(), (403, "insufficient_scope"));
}
