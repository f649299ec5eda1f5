//! The modules of the OpenID Foundation's conformance plans for providers, each told as a story named after it: Basic, Form
//! Post and Config here, RP-Initiated, Back-Channel and Front-Channel Logout in `oidc_conformance_logout`. The reference page is written from
//! what came of them (`make conformance`). The suite itself runs elsewhere: these stories assert what its modules assert.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_connector_api::{ClientAuthentication, SigningAlgorithm};
use preau_flows::{ALICE, BASE, Document, OidcRp, TestHub, results, stories};
use preau_keys::jose::{Alg, Jwks};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

/// Tells the Basic plan twice: once as it is, and once for the Form Post plan, where every answer is a form that the browser posts.
macro_rules! basic {
    ($($name:ident),+ $(,)?) => {
        stories!(oidcc_discovery_endpoint_verification, a_form_goes_to_the_service_and_nowhere_else, $($name),+);

        mod form_post {
            use preau_flows::{TestHub, stories};

            $(async fn $name(mut hub: TestHub) {
                hub.by_form = true;
                super::$name(hub).await;
            })+
            stories!($($name),+);
        }
    };
}

basic!(
    oidcc_server,
    oidcc_response_type_missing,
    oidcc_idtoken_signature,
    oidcc_idtoken_unsigned,
    oidcc_userinfo_get,
    oidcc_userinfo_post_header,
    oidcc_userinfo_post_body,
    oidcc_ensure_request_without_nonce_succeeds_for_code_flow,
    oidcc_scope_profile,
    oidcc_scope_email,
    oidcc_scope_address,
    oidcc_scope_phone,
    oidcc_scope_all,
    oidcc_alternate_happy_flow,
    oidcc_display_page,
    oidcc_display_popup,
    oidcc_prompt_login,
    oidcc_prompt_none_not_logged_in,
    oidcc_prompt_none_logged_in,
    oidcc_max_age_1,
    oidcc_max_age_10000,
    oidcc_ensure_request_with_unknown_parameter_succeeds,
    oidcc_id_token_hint,
    oidcc_login_hint,
    oidcc_ui_locales,
    oidcc_claims_locales,
    oidcc_ensure_request_with_acr_values_succeeds,
    oidcc_codereuse,
    oidcc_codereuse_30seconds,
    oidcc_ensure_registered_redirect_uri,
    oidcc_ensure_post_request_succeeds,
    oidcc_server_client_secret_post,
    oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported,
    oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported,
    oidcc_claims_essential,
    oidcc_ensure_request_object_with_redirect_uri,
    oidcc_refresh_token,
    oidcc_ensure_request_with_valid_pkce_succeeds,
);

/// Plan, module, what it asserts, the story.
const MODULES: &[(&str, &str, &str, &str)] = &[
    (
        "Basic",
        "oidcc-server",
        "the code flow leads to tokens; the code is long and random; the ID token holds nothing that was not asked",
        "oidcc_server",
    ),
    (
        "Basic",
        "oidcc-response-type-missing",
        "a request without response_type is told so at its address",
        "oidcc_response_type_missing",
    ),
    ("Basic", "oidcc-idtoken-signature", "who says nothing gets RS256", "oidcc_idtoken_signature"),
    (
        "Basic",
        "oidcc-idtoken-unsigned",
        "unsigned ID tokens are not supported, and said not to be",
        "oidcc_idtoken_unsigned",
    ),
    ("Basic", "oidcc-userinfo-get", "userinfo answers JSON with the sub of the ID token", "oidcc_userinfo_get"),
    (
        "Basic",
        "oidcc-userinfo-post-header",
        "the same by POST with the token in the header",
        "oidcc_userinfo_post_header",
    ),
    ("Basic", "oidcc-userinfo-post-body", "the same with the token in the form", "oidcc_userinfo_post_body"),
    (
        "Basic",
        "oidcc-ensure-request-without-nonce-succeeds-for-code-flow",
        "the code flow needs no nonce",
        "oidcc_ensure_request_without_nonce_succeeds_for_code_flow",
    ),
    ("Basic", "oidcc-scope-profile", "claims of the scope come from userinfo", "oidcc_scope_profile"),
    ("Basic", "oidcc-scope-email", "claims of the scope come from userinfo", "oidcc_scope_email"),
    (
        "Basic",
        "oidcc-scope-address",
        "claims of the scope come from userinfo; the house keeps none of them",
        "oidcc_scope_address",
    ),
    (
        "Basic",
        "oidcc-scope-phone",
        "claims of the scope come from userinfo; the house keeps none of them",
        "oidcc_scope_phone",
    ),
    ("Basic", "oidcc-scope-all", "claims of every scope together", "oidcc_scope_all"),
    (
        "Basic",
        "oidcc-alternate-happy-flow",
        "neither the order of parameters nor that of scopes matters",
        "oidcc_alternate_happy_flow",
    ),
    ("Basic", "oidcc-display-page", "display is accepted", "oidcc_display_page"),
    ("Basic", "oidcc-display-popup", "display is accepted", "oidcc_display_popup"),
    ("Basic", "oidcc-prompt-login", "prompt=login asks again; auth_time is later", "oidcc_prompt_login"),
    (
        "Basic",
        "oidcc-prompt-none-not-logged-in",
        "prompt=none without a session is login_required",
        "oidcc_prompt_none_not_logged_in",
    ),
    (
        "Basic",
        "oidcc-prompt-none-logged-in",
        "prompt=none in a session is silent: same sub, same auth_time",
        "oidcc_prompt_none_logged_in",
    ),
    ("Basic", "oidcc-max-age-1", "max_age=1 asks again; auth_time is later", "oidcc_max_age_1"),
    (
        "Basic",
        "oidcc-max-age-10000",
        "max_age=10000 does not ask again; auth_time is there and unchanged",
        "oidcc_max_age_10000",
    ),
    (
        "Basic",
        "oidcc-ensure-request-with-unknown-parameter-succeeds",
        "a parameter nobody knows is passed over",
        "oidcc_ensure_request_with_unknown_parameter_succeeds",
    ),
    ("Basic", "oidcc-id-token-hint", "an ID token as a hint with prompt=none: silent, same sub", "oidcc_id_token_hint"),
    ("Basic", "oidcc-login-hint", "login_hint is accepted, and stands in the field", "oidcc_login_hint"),
    ("Basic", "oidcc-ui-locales", "ui_locales is accepted, and the page speaks the language", "oidcc_ui_locales"),
    ("Basic", "oidcc-claims-locales", "claims_locales is accepted", "oidcc_claims_locales"),
    (
        "Basic",
        "oidcc-ensure-request-with-acr-values-succeeds",
        "acr_values is accepted; acr says what happened",
        "oidcc_ensure_request_with_acr_values_succeeds",
    ),
    ("Basic", "oidcc-codereuse", "a code used twice at once is invalid_grant", "oidcc_codereuse"),
    (
        "Basic",
        "oidcc-codereuse-30seconds",
        "a code used again after 30 seconds is invalid_grant, and the first access token is dead",
        "oidcc_codereuse_30seconds",
    ),
    (
        "Basic",
        "oidcc-ensure-registered-redirect-uri",
        "an address that is not registered is answered by a page",
        "oidcc_ensure_registered_redirect_uri",
    ),
    (
        "Basic",
        "oidcc-ensure-post-request-succeeds",
        "the authorization endpoint takes POST",
        "oidcc_ensure_post_request_succeeds",
    ),
    (
        "Basic",
        "oidcc-server-client-secret-post",
        "a service may send its secret in the form",
        "oidcc_server_client_secret_post",
    ),
    (
        "Basic",
        "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
        "request_uri is refused as not supported",
        "oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported",
    ),
    (
        "Basic",
        "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
        "a request object is refused as not supported, never ignored",
        "oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported",
    ),
    ("Basic", "oidcc-claims-essential", "an essential claim asked by name is told", "oidcc_claims_essential"),
    (
        "Basic",
        "oidcc-ensure-request-object-with-redirect-uri",
        "a request object with its own address changes nothing of where the answer goes",
        "oidcc_ensure_request_object_with_redirect_uri",
    ),
    (
        "Basic",
        "oidcc-refresh-token",
        "a refresh works, is bound to its service, and keeps iss, sub and aud",
        "oidcc_refresh_token",
    ),
    (
        "Basic",
        "oidcc-ensure-request-with-valid-pkce-succeeds",
        "PKCE is accepted",
        "oidcc_ensure_request_with_valid_pkce_succeeds",
    ),
    (
        "Config",
        "oidcc-discovery-endpoint-verification",
        "the document is whole: issuer, addresses over https, algorithms with RS256, keys that can be read",
        "oidcc_discovery_endpoint_verification",
    ),
    (
        "RP-Initiated Logout",
        "oidcc-rp-initiated-logout-discovery-endpoint-verification",
        "the document names end_session_endpoint",
        "oidcc_rp_initiated_logout_discovery_endpoint_verification",
    ),
    (
        "RP-Initiated Logout",
        "oidcc-rp-initiated-logout",
        "the browser goes on with the exact state and nothing else; prompt=none then fails",
        "oidcc_rp_initiated_logout",
    ),
    (
        "RP-Initiated Logout",
        "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
        "an address that is not registered is not gone to",
        "oidcc_rp_initiated_logout_bad_post_logout_redirect_uri",
    ),
    (
        "RP-Initiated Logout",
        "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
        "a query added to a registered address makes it another one",
        "oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri",
    ),
    (
        "RP-Initiated Logout",
        "oidcc-rp-initiated-logout-no-id-token-hint",
        "without an ID token the person is asked, and the browser goes nowhere",
        "oidcc_rp_initiated_logout_no_id_token_hint",
    ),
    (
        "RP-Initiated Logout",
        "oidcc-rp-initiated-logout-modified-id-token-hint",
        "an ID token changed to alg none is not believed",
        "oidcc_rp_initiated_logout_modified_id_token_hint",
    ),
    (
        "RP-Initiated Logout",
        "oidcc-rp-initiated-logout-bad-id-token-hint",
        "an ID token signed by a foreign key is not believed",
        "oidcc_rp_initiated_logout_bad_id_token_hint",
    ),
    (
        "RP-Initiated Logout",
        "oidcc-rp-initiated-logout-no-params",
        "without parameters the person is asked, and then reads that it is over",
        "oidcc_rp_initiated_logout_no_params",
    ),
    (
        "RP-Initiated Logout",
        "oidcc-rp-initiated-logout-no-post-logout-redirect-uri",
        "with an ID token alone the person reads that it is over",
        "oidcc_rp_initiated_logout_no_post_logout_redirect_uri",
    ),
    (
        "RP-Initiated Logout",
        "oidcc-rp-initiated-logout-only-state",
        "a state alone changes nothing",
        "oidcc_rp_initiated_logout_only_state",
    ),
    (
        "RP-Initiated Logout",
        "oidcc-rp-initiated-logout-no-state",
        "the browser goes on without a state when none was sent",
        "oidcc_rp_initiated_logout_no_state",
    ),
    (
        "Back-Channel Logout",
        "oidcc-backchannel-rp-initiated-logout-discovery",
        "the document says that back-channel logout is supported, with sessions",
        "oidcc_backchannel_rp_initiated_logout_discovery",
    ),
    (
        "Back-Channel Logout",
        "oidcc-backchannel-rp-initiated-logout",
        "the service is posted one logout token, whole and no more; prompt=none then fails",
        "oidcc_backchannel_rp_initiated_logout",
    ),
    (
        "Front-Channel Logout",
        "oidcc-frontchannel-rp-initiated-logout-discovery",
        "the document says that front-channel logout is supported, with sessions",
        "oidcc_frontchannel_rp_initiated_logout_discovery",
    ),
    (
        "Front-Channel Logout",
        "oidcc-frontchannel-rp-initiated-logout",
        "a frame of the page loads the service's address with iss and the sid of the ID token, and the page leads on",
        "oidcc_frontchannel_rp_initiated_logout",
    ),
];

/// Those modules, and the Basic plan once more in forms: plan, module, what it asserts, the story with `*` for the back end.
fn rows() -> Vec<(&'static str, &'static str, String, String)> {
    let row = |(plan, module, asserts, story): &(&'static str, &'static str, &str, &str)| {
        let file = if plan.ends_with("Logout") { "oidc_conformance_logout" } else { "oidc_conformance" };
        (*plan, *module, (*asserts).to_owned(), format!("{file}::*::{story}"))
    };
    let form = |(_, module, _, story): &(&str, &'static str, &str, &str)| {
        let asserts = "the same, and every answer is a form that the browser posts".to_owned();
        ("Form Post", *module, asserts, format!("oidc_conformance::form_post::*::{story}"))
    };
    let basic = MODULES.iter().filter(|(plan, ..)| *plan == "Basic");
    MODULES.iter().map(row).chain(basic.map(form)).collect()
}

const HEAD: &str = "# OpenID Connect conformance

The modules of the OpenID Foundation's plans for providers, what each asserts, and what came of the story that asserts the same here.
`make conformance` tells every story on SQLite and on PostgreSQL and writes this page from the results; continuous integration
fails where they are others. The stories are in `tests/flows/tests/flows/oidc_conformance.rs` and `oidc_conformance_logout.rs`, each named
after its module. The Foundation's own suite has not been run.

| plan | module | asserts | passed on |
|---|---|---|---|
";

/// Without results of a run, that the page lists every module; with them, that it says what came of it.
#[test]
fn the_page_says_what_came_of_the_run() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/conformance.md");
    let written = fs::read_to_string(&file).unwrap_or_default();
    let mut page = HEAD.to_owned();
    for (plan, module, asserts, story) in rows() {
        let on = |backend: &str| results::passed(&format!("flows::{}", story.replace('*', backend)));
        let line = format!("| {plan} | {module} | {asserts} |");
        let passed = match (on("sqlite"), on("postgres")) {
            (Some(sqlite), Some(postgres)) => {
                let on = [(sqlite, "SQLite"), (postgres, "PostgreSQL")];
                on.into_iter().filter(|(passed, _)| *passed).map(|(_, name)| name).collect::<Vec<_>>().join(", ")
            }
            _ => written
                .lines()
                .find_map(|l| l.strip_prefix(&line))
                .map_or("not run", |l| l.trim_matches([' ', '|']))
                .to_owned(),
        };
        page.push_str(&format!("{line} {passed} |\n"));
    }
    if std::env::var_os("UPDATE_REFERENCE").is_some() && std::env::var_os(results::OVER).is_some() {
        fs::write(&file, &page).expect("the page can be written");
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page && !page.contains("not run"),
        "docs/reference/conformance.md is not what came of it: make conformance"
    );
    let both = "| SQLite, PostgreSQL |";
    assert_eq!(page.lines().filter(|line| line.ends_with(both)).count(), rows().len(), "a module does not pass");
}

#[test]
fn every_module_has_its_story() {
    let source = concat!(include_str!("oidc_conformance.rs"), include_str!("oidc_conformance_logout.rs"));
    let told: BTreeSet<&str> = MODULES.iter().map(|(_, _, _, story)| *story).collect();
    assert_eq!(told.len(), MODULES.len(), "a story stands for one module");
    for story in told {
        assert!(source.contains(&format!("async fn {story}(")), "{story}");
    }
}

/// Alice signs in to a service with these parameters changed, and the service redeems the code.
async fn signed_in(hub: &TestHub, rp: &OidcRp, change: &[(&str, &str)]) -> Document {
    let code = hub.browser().sign_in(&ALICE).through(&rp.url_with(change)).await.answer.code();
    rp.redeem(&code).await
}

/// What userinfo tells of Alice for some scopes, besides who she is.
async fn told_by_scope(hub: &TestHub, scopes: &str) -> Value {
    let rp = hub.rp("rp");
    let tokens = signed_in(hub, &rp, &[("scope", scopes)]).await;
    let mut told = rp.userinfo(tokens.access()).await.json;
    assert!(told.as_object_mut().and_then(|told| told.remove("sub")).is_some());
    told
}

fn header_of(token: &str) -> Value {
    let header = token.split('.').next().unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap_or_default()).unwrap_or_default()
}

/// The estimate the suite makes of the bits of a text.
fn shannon(text: &str) -> f64 {
    let mut counts: HashMap<char, f64> = HashMap::new();
    for letter in text.chars() {
        *counts.entry(letter).or_default() += 1.0;
    }
    let length = text.chars().count() as f64;
    counts.values().map(|count| -count * (count / length).log2()).sum()
}

async fn oidcc_server(hub: TestHub) {
    let rp = hub.rp("rp");
    let answer = hub.browser().sign_in(&ALICE).through(&rp.url_with(&[("scope", "openid profile")])).await.answer;
    assert_eq!((answer.told("state"), answer.told("iss")), ("state-of-the-story".to_owned(), BASE.to_owned()));
    let code = answer.code();
    assert!(code.len() >= 43 && shannon(&code) >= 96.0, "a code that could be guessed");
    let tokens = rp.redeem(&code).await;
    assert_eq!((tokens.answer.status.as_u16(), tokens.text("token_type")), (200, "Bearer"));
    assert!(tokens.json["expires_in"].as_i64().is_some_and(|seconds| seconds > 0));
    assert_eq!(tokens.answer.header("cache-control"), "no-store");
    let claims = rp.claims(tokens.text("id_token")).await;
    assert_eq!(claims["nonce"], "nonce-of-the-story");
    assert_eq!(claims["at_hash"], Alg::ES256.left_half(tokens.access()));
    let names: BTreeSet<&str> = claims.keys().map(String::as_str).collect();
    let usual = ["acr", "amr", "at_hash", "aud", "auth_time", "c_hash", "exp", "iat", "iss", "nonce", "sid", "sub"];
    assert_eq!(names, BTreeSet::from(usual), "no claim that was not asked for");
}

async fn oidcc_response_type_missing(hub: TestHub) {
    let rp = hub.rp("rp");
    let answer = hub.browser().get(&rp.url_with(&[("response_type", "")])).await;
    assert_eq!((answer.told("error").as_str(), answer.told("code").as_str()), ("unsupported_response_type", ""));
    assert_eq!(answer.told("state"), "state-of-the-story");
}

async fn oidcc_idtoken_signature(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc| oidc.signing = SigningAlgorithm::default());
    let tokens = signed_in(&hub, &rp, &[]).await;
    assert_eq!(header_of(tokens.text("id_token"))["alg"], "RS256");
    rp.claims(tokens.text("id_token")).await;
}

async fn oidcc_idtoken_unsigned(hub: TestHub) {
    let rp = hub.rp("rp");
    let told = rp.get("/.well-known/openid-configuration", &[]).await;
    let algorithms = told.json["id_token_signing_alg_values_supported"].as_array().cloned().unwrap_or_default();
    assert!(!algorithms.is_empty() && !algorithms.contains(&json!("none")), "{algorithms:?}");
}

async fn oidcc_userinfo_get(hub: TestHub) {
    let rp = hub.rp("rp");
    let tokens = signed_in(&hub, &rp, &[]).await;
    let told = rp.userinfo(tokens.access()).await;
    assert!(told.answer.header("content-type").starts_with("application/json"));
    assert_eq!(told.json["sub"], rp.claims(tokens.text("id_token")).await["sub"]);
}

async fn oidcc_userinfo_post_header(hub: TestHub) {
    let rp = hub.rp("rp");
    let tokens = signed_in(&hub, &rp, &[]).await;
    let bearer = format!("bearer {}", tokens.access());
    let told = rp.post("/oidc/userinfo", &[("authorization", &bearer)], &[]).await;
    assert_eq!(told.json["sub"], rp.claims(tokens.text("id_token")).await["sub"]);
}

async fn oidcc_userinfo_post_body(hub: TestHub) {
    let rp = hub.rp("rp");
    let tokens = signed_in(&hub, &rp, &[]).await;
    let told = rp.post("/oidc/userinfo", &[], &[("access_token", tokens.access())]).await;
    assert_eq!(told.json["sub"], rp.claims(tokens.text("id_token")).await["sub"]);
}

async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(hub: TestHub) {
    let rp = hub.rp("rp");
    let tokens = signed_in(&hub, &rp, &[("nonce", "")]).await;
    assert!(!rp.claims(tokens.text("id_token")).await.contains_key("nonce"));
}

async fn oidcc_scope_profile(hub: TestHub) {
    assert_eq!(
        told_by_scope(&hub, "openid profile").await,
        json!({ "name": "Alice Martin", "given_name": "Alice", "family_name": "Martin" })
    );
}

async fn oidcc_scope_email(hub: TestHub) {
    assert_eq!(told_by_scope(&hub, "openid email").await, json!({ "email": "alice.martin@college.example" }));
}

async fn oidcc_scope_address(hub: TestHub) {
    assert_eq!(told_by_scope(&hub, "openid address").await, json!({}));
}

async fn oidcc_scope_phone(hub: TestHub) {
    assert_eq!(told_by_scope(&hub, "openid phone").await, json!({}));
}

async fn oidcc_scope_all(hub: TestHub) {
    let told = told_by_scope(&hub, "openid profile email address phone").await;
    let all = json!({ "name": "Alice Martin", "given_name": "Alice", "family_name": "Martin", "email": "alice.martin@college.example" });
    assert_eq!(told, all);
}

async fn oidcc_alternate_happy_flow(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut pairs: Vec<String> = rp.query(&[("scope", "email openid profile")]).split('&').map(str::to_owned).collect();
    pairs.reverse();
    let url = format!("{BASE}/oidc/authorize?{}", pairs.join("&"));
    let code = hub.browser().sign_in(&ALICE).through(&url).await.answer.code();
    assert_eq!(rp.redeem(&code).await.text("scope"), "email openid profile");
}

async fn oidcc_display_page(hub: TestHub) {
    signed_in(&hub, &hub.rp("rp"), &[("display", "page")]).await.access();
}

async fn oidcc_display_popup(hub: TestHub) {
    signed_in(&hub, &hub.rp("rp"), &[("display", "popup")]).await.access();
}

async fn oidcc_prompt_login(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    let first = browser.sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let before = rp.claims(rp.redeem(&first).await.text("id_token")).await["auth_time"].as_i64();
    hub.clock.advance(5);
    let again = browser.sign_in(&ALICE).through(&rp.url_with(&[("prompt", "login")])).await.answer.code();
    let after = rp.claims(rp.redeem(&again).await.text("id_token")).await["auth_time"].as_i64();
    assert_eq!(after, before.map(|at| at + 5));
}

async fn oidcc_prompt_none_not_logged_in(hub: TestHub) {
    let answer = hub.browser().get(&hub.rp("rp").url_with(&[("prompt", "none")])).await;
    assert_eq!(
        (answer.told("error").as_str(), answer.told("state").as_str()),
        ("login_required", "state-of-the-story")
    );
    assert_eq!(answer.told("iss"), BASE);
}

async fn oidcc_prompt_none_logged_in(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    let first = browser.sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let before = rp.claims(rp.redeem(&first).await.text("id_token")).await;
    hub.clock.advance(30);
    let silent = browser.get(&rp.url_with(&[("prompt", "none")])).await.code();
    let after = rp.claims(rp.redeem(&silent).await.text("id_token")).await;
    assert_eq!((&before["sub"], &before["auth_time"]), (&after["sub"], &after["auth_time"]));
}

async fn oidcc_max_age_1(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).through(&rp.url()).await;
    hub.clock.advance(3);
    let page = browser.visit(&rp.url_with(&[("max_age", "1")])).await;
    assert!(page.forms().iter().any(|form| form.value("public").is_some()), "{}", page.words());
    let code = browser.sign_in(&ALICE).through(&rp.url_with(&[("max_age", "1")])).await.answer.code();
    let claims = rp.claims(rp.redeem(&code).await.text("id_token")).await;
    assert_eq!(claims["auth_time"], claims["iat"]);
}

async fn oidcc_max_age_10000(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    let first = browser.sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let before = rp.claims(rp.redeem(&first).await.text("id_token")).await;
    hub.clock.advance(60);
    let code = browser.get(&rp.url_with(&[("max_age", "10000")])).await.code();
    let after = rp.claims(rp.redeem(&code).await.text("id_token")).await;
    assert_eq!(before["auth_time"], after["auth_time"]);
}

async fn oidcc_ensure_request_with_unknown_parameter_succeeds(hub: TestHub) {
    signed_in(&hub, &hub.rp("rp"), &[("extra", "foobar")]).await.access();
}

async fn oidcc_id_token_hint(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    let first = browser.sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let tokens = rp.redeem(&first).await;
    let hinted = rp.url_with(&[("prompt", "none"), ("id_token_hint", tokens.text("id_token"))]);
    let again = rp.redeem(&browser.get(&hinted).await.code()).await;
    let (before, after) = (rp.claims(tokens.text("id_token")).await, rp.claims(again.text("id_token")).await);
    assert_eq!(before["sub"], after["sub"]);
}

async fn oidcc_login_hint(hub: TestHub) {
    let rp = hub.rp("rp");
    let page = hub.browser().password_page(&rp.url_with(&[("login_hint", "alice.martin")]), &ALICE).await;
    assert_eq!(page.form_with("password").value("login"), Some("alice.martin"));
}

async fn oidcc_ui_locales(hub: TestHub) {
    let rp = hub.rp("rp");
    for (locales, language) in [("en fr", "en"), ("fr-CA en", "fr"), ("se", "fr")] {
        let page = hub.browser().visit(&rp.url_with(&[("ui_locales", locales)])).await;
        assert_eq!(page.language(), language, "{locales}");
    }
}

async fn oidcc_claims_locales(hub: TestHub) {
    signed_in(&hub, &hub.rp("rp"), &[("claims_locales", "se")]).await.access();
}

async fn oidcc_ensure_request_with_acr_values_succeeds(hub: TestHub) {
    let rp = hub.rp("rp");
    let tokens = signed_in(&hub, &rp, &[("acr_values", "1 2 password")]).await;
    assert_eq!(rp.claims(tokens.text("id_token")).await["acr"], "password");
}

async fn oidcc_codereuse(hub: TestHub) {
    let rp = hub.rp("rp");
    let code = hub.browser().sign_in(&ALICE).through(&rp.url()).await.answer.code();
    rp.redeem(&code).await.access();
    assert_eq!(rp.redeem(&code).await.error(), (400, "invalid_grant"));
}

async fn oidcc_codereuse_30seconds(hub: TestHub) {
    let rp = hub.rp("rp");
    let code = hub.browser().sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let tokens = rp.redeem(&code).await;
    assert_eq!(rp.userinfo(tokens.access()).await.answer.status, 200, "control");
    hub.clock.advance(30);
    assert_eq!(rp.redeem(&code).await.error(), (400, "invalid_grant"));
    assert_eq!(rp.userinfo(tokens.access()).await.error(), (401, "invalid_token"));
}

async fn oidcc_ensure_registered_redirect_uri(hub: TestHub) {
    let answer =
        hub.browser().get(&hub.rp("rp").url_with(&[("redirect_uri", "https://rp.example/cb/unregistered")])).await;
    assert!(answer.status.is_client_error() && answer.is_html() && answer.location().is_none());
}

async fn oidcc_ensure_post_request_succeeds(hub: TestHub) {
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(rp.query(&[]).as_bytes()).into_owned().collect();
    let code = browser.post("/oidc/authorize", &fields).await.code();
    rp.redeem(&code).await.access();
}

async fn oidcc_server_client_secret_post(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc| oidc.authentication = ClientAuthentication::ClientSecretPost);
    signed_in(&hub, &rp, &[]).await.access();
}

async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(hub: TestHub) {
    let answer = hub.browser().get(&hub.rp("rp").url_with(&[("request_uri", "https://rp.example/request.jwt")])).await;
    assert_eq!(answer.told("error"), "request_uri_not_supported");
}

async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(hub: TestHub) {
    let answer = hub.browser().get(&hub.rp("rp").url_with(&[("request", "eyJhbGciOiJub25lIn0.e30.")])).await;
    assert_eq!(answer.told("error"), "request_not_supported");
}

async fn oidcc_claims_essential(hub: TestHub) {
    let rp = hub.rp("rp");
    let tokens = signed_in(&hub, &rp, &[("claims", r#"{"userinfo":{"name":{"essential":true}}}"#)]).await;
    assert_eq!(rp.userinfo(tokens.access()).await.text("name"), "Alice Martin");
}

async fn oidcc_ensure_request_object_with_redirect_uri(hub: TestHub) {
    let rp = hub.rp("rp");
    let request = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwudGVzdC8ifQ.";
    let answer = hub.browser().get(&rp.url_with(&[("request", request)])).await;
    assert!(answer.goes_to().starts_with(&rp.redirect), "{}", answer.goes_to());
    assert_eq!(answer.told("error"), "request_not_supported");
}

async fn oidcc_refresh_token(hub: TestHub) {
    let rp = hub.rp("rp");
    let first = signed_in(&hub, &rp, &[]).await;
    let other = hub.rp("other-rp");
    assert_eq!(other.refresh(first.text("refresh_token")).await.error(), (400, "invalid_grant"));
    let second = rp.refresh(first.text("refresh_token")).await;
    let (before, after) = (rp.claims(first.text("id_token")).await, rp.claims(second.text("id_token")).await);
    for name in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert!(rp.userinfo(second.access()).await.answer.status == 200 && !after.contains_key("nonce"));
    assert_ne!(first.text("refresh_token"), second.text("refresh_token"));
}

async fn oidcc_ensure_request_with_valid_pkce_succeeds(hub: TestHub) {
    signed_in(&hub, &hub.rp_with("rp", |oidc| oidc.require_pkce = true), &[]).await.access();
}

async fn a_form_goes_to_the_service_and_nowhere_else(hub: TestHub) {
    let rp = hub.rp("rp");
    let answer = hub.browser().sign_in(&ALICE).through(&rp.url_with(&[("response_mode", "form_post")])).await.answer;
    let form = answer.form_with("code");
    assert_eq!((form.action.as_str(), form.method.as_str(), answer.location()), (rp.redirect.as_str(), "post", None));
    assert_eq!((form.value("state"), form.value("iss")), (Some("state-of-the-story"), Some(BASE)));
    let policy = answer.header("content-security-policy").to_owned();
    assert!(policy.contains("form-action 'self' https:") && policy.contains("script-src 'self'"), "{policy}");
    rp.redeem(&answer.code()).await.access();
}

async fn oidcc_discovery_endpoint_verification(hub: TestHub) {
    let rp = hub.rp("rp");
    let told = rp.get("/.well-known/openid-configuration", &[]).await;
    assert!(told.answer.status == 200 && told.answer.header("content-type").starts_with("application/json"));
    assert_eq!(told.text("issuer"), BASE);
    let has = |name: &str, value: &str| told.json[name].as_array().is_some_and(|all| all.contains(&json!(value)));
    for (name, value) in [
        ("response_types_supported", "code"),
        ("subject_types_supported", "pairwise"),
        ("id_token_signing_alg_values_supported", "RS256"),
        ("scopes_supported", "openid"),
        ("grant_types_supported", "authorization_code"),
        ("code_challenge_methods_supported", "S256"),
    ] {
        assert!(has(name, value), "{name} lacks {value}");
    }
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"] {
        assert!(told.text(name).starts_with("https://ent.example/oidc/"), "{name}");
    }
    let keys = rp.get("/oidc/jwks", &[]).await.answer.body;
    assert!(Jwks::parse(keys.as_bytes()).is_ok_and(|keys| keys.keys().len() >= 3), "{keys}");
    let other = rp.get("/.well-known/oauth-authorization-server", &[]).await;
    assert_eq!(other.json, told.json, "RFC 8414 says the same");
}
