//! What tools of LTI keep here: links that teachers choose in them, and marks. Each attack stands beside the same request without its hostile
//! part.

use crate::lti::{begun, claim, classes, launched, message, opened, own_for, tool};
use http::Method;
use preau_connector_api::{LtiMay, LtiTool, NAMES_AND_ROLES, OidcFlow, OidcGrant};
use preau_flows::{ALICE, Answer, BASE, Browser, Document, Form, NOE, OidcRp, TestHub, When, stories};
use preau_keys::jose::{self, Alg, PrivateKey};
use serde_json::{Map, Value, json};

stories!(
    a_teacher_chooses_what_a_link_opens_for_the_class,
    a_link_opens_what_was_chosen_for_who_is_of_the_class,
    an_answer_of_a_tool_is_believed_by_its_signature_once,
    what_was_chosen_waits_for_the_session_that_asked,
    a_pupil_chooses_nothing_and_reads_no_marks,
    a_tool_keeps_marks_and_their_teacher_reads_them,
    marks_are_the_tools_own_and_of_the_class,
    a_mark_that_is_late_changes_nothing,
    marks_are_told_to_their_pupil_and_of_nobody_who_left,
    a_mark_of_somebody_the_tool_knows_asks_for_one_person,
    a_mark_that_names_nobody_is_given_its_name_once,
    a_school_is_looked_through_so_often_for_marks_of_nobody,
    results_come_in_pages,
);

const SETTINGS: &str = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings";
const ENDPOINT: &str = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint";
const LINE: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem";
const SCORE: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/score";
const RESULT: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly";
const LESSON: &str = "https://tool.example/cb?lesson=1";

/// A tool that may do everything, and the key it signs with.
fn keeping(hub: &TestHub, id: &str) -> (OidcRp, PrivateKey) {
    let key = PrivateKey::draw(Alg::ES256);
    let set = json!({ "keys": [key.public().to_jwk("own", Alg::ES256)] }).to_string();
    let rp = hub.rp_of(tool(id), |oidc| {
        let (target_link_uri, may) = (format!("https://{id}.example/cb"), vec![LtiMay::Links, LtiMay::Grades]);
        oidc.lti = Some(LtiTool { target_link_uri, deployment_id: "7".into(), may });
        oidc.initiate_login_uri = Some(format!("https://{id}.example/login"));
        oidc.flows = vec![OidcFlow::Implicit];
        oidc.grants = vec![OidcGrant::ClientCredentials];
        oidc.scopes = [NAMES_AND_ROLES, LINE, SCORE, RESULT].map(str::to_owned).into();
        oidc.signing = preau_connector_api::SigningAlgorithm::RS256;
        oidc.jwks = Some(set);
    });
    (rp, key)
}

/// Alice in the tool, choosing for 6B: her browser, and what the tool was told.
async fn choosing(hub: &TestHub, rp: &OidcRp) -> (Browser, Map<String, Value>) {
    let mut alice = hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let to = opened(&mut alice, "/oidc/lti/tool/choose?for=6B").await;
    let told = message(rp, &alice.visit(&begun(rp, &to, &[])).await).await;
    (alice, told)
}

/// What the tool answers, with some of it changed.
fn answer(hub: &TestHub, key: &PrivateKey, told: &Map<String, Value>, change: &[(&str, Value)]) -> String {
    let now = hub.hub.now().seconds();
    let name = |name: &str| format!("https://purl.imsglobal.org/spec/lti/claim/{name}");
    let link = json!({ "type": "ltiResourceLink", "title": "Leçon 1", "url": LESSON, "custom": { "lesson": "1" },
        "lineItem": { "scoreMaximum": 20 } });
    let mut claims = json!({ "iss": "tool", "aud": BASE, "iat": now, "exp": now + 60, "nonce": "n",
        (name("deployment_id")): "7", (name("message_type")): "LtiDeepLinkingResponse", (name("version")): "1.3.0",
        "https://purl.imsglobal.org/spec/lti-dl/claim/data": told[SETTINGS]["data"],
        "https://purl.imsglobal.org/spec/lti-dl/claim/content_items": [link] });
    for (changed, value) in change {
        let full = if changed.contains('_') { name(changed) } else { (*changed).to_owned() };
        let full = if *changed == "items" {
            "https://purl.imsglobal.org/spec/lti-dl/claim/content_items".into()
        } else {
            full
        };
        claims[full] = value.clone();
    }
    jose::sign(key, Alg::ES256, "own", "JWT", &claims).expect("a key signs")
}

/// Posts it, as the browser does that comes from the tool: without a cookie.
async fn answered(rp: &OidcRp, token: &str) -> Document {
    rp.post("/oidc/lti/tool/links", &[], &[("JWT", token)]).await
}

async fn a_teacher_chooses_what_a_link_opens_for_the_class(hub: TestHub) {
    classes(&hub).await;
    let (rp, key) = keeping(&hub, "tool");
    let (mut alice, told) = choosing(&hub, &rp).await;
    assert_eq!(claim(&told, "message_type"), "LtiDeepLinkingRequest");
    assert_eq!(told[SETTINGS]["deep_link_return_url"], format!("{BASE}/oidc/lti/tool/links"));
    assert!(claim(&told, "resource_link").is_null() && claim(&told, "context")["title"] == "6B");
    let back = answered(&rp, &answer(&hub, &key, &told, &[])).await.answer;
    let page = alice.visit(back.location().expect("a page of ours")).await;
    assert!(page.words().contains("Ajouter pour 6B") && page.words().contains("Leçon 1"), "{}", page.words());
    let page = alice.submit(&keep_form(&page), &[]).await;
    assert!(page.has_link("Leçon 1, pour 6B") && !page.has_link("Leçon 1, pour 6C"), "{}", page.words());
}

/// The form by which a teacher says yes.
fn keep_form(page: &Answer) -> Form {
    page.forms().into_iter().find(|form| form.action.contains("/links/")).expect("a form")
}

async fn a_link_opens_what_was_chosen_for_who_is_of_the_class(hub: TestHub) {
    classes(&hub).await;
    let (rp, key) = keeping(&hub, "tool");
    let (mut alice, told) = choosing(&hub, &rp).await;
    let back = answered(&rp, &answer(&hub, &key, &told, &[])).await.answer;
    let page = alice.visit(back.location().expect("a page of ours")).await;
    alice.submit(&keep_form(&page), &[]).await;
    let mut noe = hub.browser();
    noe.sign_in(&NOE).at_home().await;
    let link = noe.visit("/open/tool").await.link("Leçon 1, pour 6B").expect("a link of his class");
    let to = opened(&mut noe, &link).await;
    let message = message(&rp, &noe.visit(&begun(&rp, &to, &[])).await).await;
    assert_eq!(claim(&message, "target_link_uri"), &json!(LESSON));
    assert_eq!(claim(&message, "custom"), &json!({ "lesson": "1" }));
    assert_eq!(claim(&message, "resource_link")["title"], "Leçon 1");
    assert!(message[ENDPOINT]["lineitem"].is_string(), "the column that came with it: {message:?}");
    let remove = alice.visit("/oidc/lti/tool").await.form_to("/links/remove");
    assert!(!alice.submit(&remove, &[]).await.has_link("Leçon 1"));
    assert_eq!(noe.get(&link).await.status.as_u16(), 404, "it is gone");
}

async fn an_answer_of_a_tool_is_believed_by_its_signature_once(hub: TestHub) {
    classes(&hub).await;
    let ((rp, key), (_, foreign)) = (keeping(&hub, "tool"), keeping(&hub, "other-tool"));
    let (mut alice, told) = choosing(&hub, &rp).await;
    let long = json!((0..11).map(|_| json!({ "type": "ltiResourceLink", "title": "a" })).collect::<Vec<_>>());
    let elsewhere = json!([{ "type": "ltiResourceLink", "title": "a", "url": "https://evil.example/" }]);
    for (what, key, change) in [
        ("of another key", &foreign, vec![]),
        ("for somebody else", &key, vec![("aud", json!("https://elsewhere.example"))]),
        ("of somebody else", &key, vec![("iss", json!("other-tool"))]),
        ("over", &key, vec![("exp", json!(hub.hub.now().seconds() - 60))]),
        ("of another deployment", &key, vec![("deployment_id", json!("8"))]),
        ("of another kind", &key, vec![("message_type", json!("LtiResourceLinkRequest"))]),
        ("links that lead elsewhere", &key, vec![("items", elsewhere)]),
        ("too many", &key, vec![("items", long)]),
    ] {
        let refused = answered(&rp, &answer(&hub, key, &told, &change)).await.answer;
        assert_eq!((refused.status.as_u16(), refused.location()), (400, None), "{what}");
    }
    let good = answer(&hub, &key, &told, &[]);
    let back = answered(&rp, &good).await.answer;
    assert!(back.location().is_some_and(|to| to.starts_with("/oidc/lti/tool/links/")), "control");
    assert_eq!(answered(&rp, &good).await.answer.status.as_u16(), 400, "a second time");
    assert!(!alice.visit("/oidc/lti/tool").await.has_link("Leçon 1"), "nothing is kept before she says yes");
}

async fn what_was_chosen_waits_for_the_session_that_asked(hub: TestHub) {
    classes(&hub).await;
    let (rp, key) = keeping(&hub, "tool");
    let (mut alice, told) = choosing(&hub, &rp).await;
    let back = answered(&rp, &answer(&hub, &key, &told, &[])).await.answer;
    let chosen = back.location().expect("a page of ours").to_owned();
    let mut again = hub.browser();
    again.sign_in(&ALICE).at_home().await;
    assert_eq!(again.get(&chosen).await.status.as_u16(), 404, "another session of the same teacher");
    let page = alice.visit(&chosen).await;
    let form = keep_form(&page);
    assert_eq!(again.submit_once(&form, &[]).await.status.as_u16(), 403, "with the form of the other");
    let mut gone = ALICE.person();
    gone.affiliations[0].classes = vec!["6C".into()];
    hub.put(gone).await;
    hub.clock.advance(4);
    assert_eq!(alice.submit_once(&form, &[]).await.status.as_u16(), 400, "she teaches 6B no more");
    classes(&hub).await;
    hub.clock.advance(4);
    assert!(alice.submit(&form, &[]).await.has_link("Leçon 1"), "control");
    assert_eq!(alice.submit_once(&form, &[]).await.status.as_u16(), 404, "a second time");
}

async fn a_pupil_chooses_nothing_and_reads_no_marks(hub: TestHub) {
    classes(&hub).await;
    keeping(&hub, "tool");
    let (mut noe, mut alice) = (hub.browser(), hub.browser());
    noe.sign_in(&NOE).at_home().await;
    alice.sign_in(&ALICE).at_home().await;
    for page in ["/oidc/lti/tool/choose?for=6B", "/oidc/lti/tool/marks?for=6B", "/oidc/lti/tool/marks.csv?for=6B"] {
        assert_eq!(noe.get(page).await.status.as_u16(), 404, "{page}");
        assert_ne!(alice.get(page).await.status.as_u16(), 404, "control: {page}");
        let elsewhere = page.replace("6B", "5A");
        assert_eq!(alice.get(&elsewhere).await.status.as_u16(), 400, "no class of hers: {elsewhere}");
    }
}

/// A call of a tool in its own name.
async fn call(rp: &OidcRp, method: Method, address: &str, scope: &str, body: Value) -> Document {
    let path = address.strip_prefix(BASE).expect("an address of ours");
    let bearer = format!("Bearer {}", own_for(rp, scope).await.access());
    let body = if body.is_null() { String::new() } else { body.to_string() };
    rp.ask(method, path, &[("authorization", &bearer)], body).await
}

/// A mark of somebody at a minute past nine.
fn score(user: &Value, points: f64, minute: u32) -> Value {
    json!({ "userId": user, "scoreGiven": points, "scoreMaximum": 40, "activityProgress": "Completed",
        "gradingProgress": "FullyGraded", "timestamp": format!("2026-09-14T09:{minute:02}:00+02:00") })
}

/// Noé's name for the tool, and a column of 20 points for 6B.
async fn column(hub: &TestHub, rp: &OidcRp) -> (Value, String) {
    let told = launched(hub, rp, &NOE, "/oidc/lti/tool?for=6B").await;
    let all = told[ENDPOINT]["lineitems"].as_str().expect("an address").to_owned();
    let made =
        call(rp, Method::POST, &all, LINE, json!({ "label": "Fractions", "scoreMaximum": 20, "tag": "quiz" })).await;
    assert_eq!(made.answer.status.as_u16(), 201, "{}", made.answer.body);
    (told["sub"].clone(), made.text("id").to_owned())
}

async fn a_tool_keeps_marks_and_their_teacher_reads_them(hub: TestHub) {
    classes(&hub).await;
    let (rp, _) = keeping(&hub, "tool");
    let (noe, at) = column(&hub, &rp).await;
    let scored = call(&rp, Method::POST, &format!("{at}/scores"), SCORE, score(&noe, 25.0, 1)).await;
    assert_eq!(scored.answer.status.as_u16(), 204, "{}", scored.answer.body);
    let told = call(&rp, Method::GET, &format!("{at}/results"), RESULT, Value::Null).await;
    assert_eq!((&told.json[0]["userId"], &told.json[0]["resultScore"]), (&noe, &json!(25.0)));
    let mut alice = hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let page = alice.visit("/oidc/lti/tool").await;
    let marks = alice.visit(&page.link("Notes de 6B").expect("a link")).await;
    assert!(marks.words().contains("Fractions /20") && marks.words().contains("Petit Noé 12,5"), "{}", marks.words());
    let table = alice.visit(&marks.link("CSV").expect("a link")).await;
    assert!(table.body.contains("\"Petit Noé\";\"12,5\"\r\n\"Petit Tom\";\"\""), "{}", table.body);
    let all = at.rsplit_once('/').map(|(all, _)| all.to_owned()).unwrap_or_default();
    let found = call(&rp, Method::GET, &format!("{all}?tag=quiz"), LINE, Value::Null).await;
    assert_eq!((found.json.as_array().map(Vec::len), &found.json[0]["id"]), (Some(1), &json!(at)));
    assert_eq!(call(&rp, Method::GET, &format!("{all}?tag=x"), LINE, Value::Null).await.json, json!([]));
    let renamed = call(&rp, Method::PUT, &at, LINE, json!({ "label": "Nombres", "scoreMaximum": 10 })).await;
    assert_eq!(renamed.text("label"), "Nombres");
    assert_eq!(call(&rp, Method::DELETE, &at, LINE, Value::Null).await.answer.status.as_u16(), 204);
    assert_eq!(call(&rp, Method::GET, &at, LINE, Value::Null).await.error().0, 404);
}

async fn marks_are_the_tools_own_and_of_the_class(hub: TestHub) {
    classes(&hub).await;
    let ((rp, _), (other, _)) = (keeping(&hub, "tool"), keeping(&hub, "other-tool"));
    let (noe, at) = column(&hub, &rp).await;
    let scores = format!("{at}/scores");
    let give = async |rp: &OidcRp, at: &str, scope: &str, mark: Value| {
        call(rp, Method::POST, at, scope, mark).await.answer.status.as_u16()
    };
    assert_eq!(give(&other, &scores, SCORE, score(&noe, 1.0, 1)).await, 403, "of another tool");
    let moved = scores.replace("/lti/tool/", "/lti/other-tool/");
    assert_eq!(give(&other, &moved, SCORE, score(&noe, 1.0, 1)).await, 404, "under its own name");
    assert_eq!(give(&rp, &scores, RESULT, score(&noe, 1.0, 1)).await, 403, "without the scope");
    assert_eq!(give(&rp, &scores, SCORE, score(&json!("nobody"), 1.0, 1)).await, 404, "of nobody");
    assert_eq!(give(&rp, &scores, SCORE, json!({ "userId": noe })).await, 400, "without points");
    let line = json!({ "label": "a", "scoreMaximum": 1, "resourceLinkId": "of another class" });
    let all = at.rsplit_once('/').map(|(all, _)| all.to_owned()).unwrap_or_default();
    assert_eq!(give(&rp, &all, LINE, line).await, 404, "for a link of another class");
    assert_eq!(give(&rp, &scores, SCORE, score(&noe, 1.0, 1)).await, 204, "control");
    hub.clock.advance(321 * 86_400);
    assert_eq!(give(&rp, &scores, SCORE, score(&noe, 2.0, 2)).await, 400, "another school year");
}

async fn a_mark_that_is_late_changes_nothing(hub: TestHub) {
    classes(&hub).await;
    let (rp, _) = keeping(&hub, "tool");
    let (noe, at) = column(&hub, &rp).await;
    let give = async |points, minute| {
        let scored = call(&rp, Method::POST, &format!("{at}/scores"), SCORE, score(&noe, points, minute)).await;
        scored.answer.status.as_u16()
    };
    assert_eq!([give(10.0, 5).await, give(20.0, 4).await], [204, 409]);
    let told = call(&rp, Method::GET, &format!("{at}/results?user_id=nobody"), RESULT, Value::Null).await;
    assert_eq!(told.json, json!([]));
    let told = call(&rp, Method::GET, &format!("{at}/results"), RESULT, Value::Null).await;
    assert_eq!(told.json[0]["resultScore"], json!(10.0));
    assert_eq!(give(30.0, 6).await, 204, "control");
}

async fn marks_are_told_to_their_pupil_and_of_nobody_who_left(hub: TestHub) {
    classes(&hub).await;
    let (rp, _) = keeping(&hub, "tool");
    let (noe, at) = column(&hub, &rp).await;
    let mut mark = score(&noe, 25.0, 1);
    mark["comment"] = json!("Peut mieux faire");
    let (scores, results) = (format!("{at}/scores"), format!("{at}/results"));
    assert_eq!(call(&rp, Method::POST, &scores, SCORE, mark).await.answer.status.as_u16(), 204);
    let told = call(&rp, Method::GET, &results, RESULT, Value::Null).await;
    assert_eq!((&told.json[0]["resultScore"], told.json[0].get("comment")), (&json!(25.0), None), "control");
    let (mut own, mut alice) = (hub.browser(), hub.browser());
    own.sign_in(&NOE).at_home().await;
    alice.sign_in(&ALICE).at_home().await;
    let data: Value = serde_json::from_str(&own.visit("/account/data").await.body).expect("a document");
    assert_eq!((&data["marks"][0]["what"], &data["marks"][0]["points"]), (&json!("Fractions"), &json!(25.0)));
    let data: Value = serde_json::from_str(&alice.visit("/account/data").await.body).expect("a document");
    assert_eq!(data["marks"], json!([]), "nobody else's");
    let mut gone = NOE.person();
    gone.affiliations[0].classes = vec!["6C".into()];
    hub.put(gone).await;
    hub.clock.advance(4);
    assert_eq!(call(&rp, Method::GET, &results, RESULT, Value::Null).await.json, json!([]));
    let again = call(&rp, Method::POST, &scores, SCORE, score(&noe, 30.0, 2)).await;
    assert_eq!(again.answer.status.as_u16(), 404, "a mark before gives no right to another");
}

async fn a_mark_of_somebody_the_tool_knows_asks_for_one_person(hub: TestHub) {
    classes(&hub).await;
    let (rp, _) = keeping(&hub, "tool");
    let (noe, at) = column(&hub, &rp).await;
    let asked = async |method, address: String, scope, body| {
        hub.faults.fail(0, When::Before);
        let answer = call(&rp, method, &address, scope, body).await.answer;
        (answer.status.as_u16(), hub.faults.calls().contains(&"people_at"))
    };
    let scores = format!("{at}/scores");
    assert_eq!(asked(Method::POST, scores.clone(), SCORE, score(&noe, 9.0, 1)).await, (204, false), "who opened it");
    assert_eq!(asked(Method::GET, format!("{at}/results"), RESULT, Value::Null).await, (200, false));
    let one = format!("{at}/results?user_id={}", noe.as_str().unwrap_or_default());
    assert_eq!(asked(Method::GET, one, RESULT, Value::Null).await, (200, false));
    let tom = name_of(&hub, "ptom000000000000");
    assert_eq!(
        asked(Method::POST, scores.clone(), SCORE, score(&tom, 8.0, 1)).await,
        (204, true),
        "control: who never did"
    );
    assert_eq!(asked(Method::POST, scores.clone(), SCORE, score(&tom, 9.0, 2)).await, (204, false), "but once");
    let mut gone = NOE.person();
    gone.affiliations[0].classes = vec!["6C".into()];
    hub.put(gone).await;
    assert_eq!(asked(Method::POST, scores, SCORE, score(&noe, 10.0, 3)).await.0, 404, "a name gives no right");
}

/// What the tool calls somebody.
fn name_of(hub: &TestHub, person: &str) -> Value {
    let services = hub.hub.services();
    let door = services.get(&preau_domain::ServiceId::new("tool")).expect("the tool");
    json!(hub.hub.keyring.pairwise(door.sector(), &preau_domain::PersonId::new(person)))
}

/// Noé's mark as it was before marks were rows, and what the tool calls him: it names nobody.
async fn nobodys(hub: &TestHub, rp: &OidcRp) -> (Value, String) {
    let (noe, at) = column(hub, rp).await;
    let scored = call(rp, Method::POST, &format!("{at}/scores"), SCORE, score(&noe, 9.0, 1)).await;
    assert_eq!(scored.answer.status.as_u16(), 204);
    let (key, user) = (column_key(hub, &at), noe.as_str().unwrap_or_default());
    let kept = hub.hub.store.mark(&key, user, hub.hub.now()).await.expect("read").expect("the mark");
    let moved = preau_store::StoredMark { person: preau_domain::PersonId::new(""), ..kept };
    hub.hub.store.put_mark(&moved, None, hub.hub.now()).await.expect("kept");
    (noe, at)
}

/// Where the marks of a column are kept.
fn column_key(hub: &TestHub, at: &str) -> preau_domain::OneTimeKey {
    let (base, column) = at.rsplit_once('/').expect("an address");
    let (_, context) = base.rsplit_once('/').expect("an address");
    preau_keys::one_time_key(&hub.hub.keyring.mac("lti-kept", &["tool", context, column]))
}

async fn a_mark_that_names_nobody_is_given_its_name_once(hub: TestHub) {
    classes(&hub).await;
    let (rp, _) = keeping(&hub, "tool");
    let (_, at) = nobodys(&hub, &rp).await;
    let results = async || {
        hub.faults.fail(0, When::Before);
        let told = call(&rp, Method::GET, &format!("{at}/results"), RESULT, Value::Null).await;
        (told.json[0]["resultScore"].clone(), hub.faults.calls().contains(&"people_at"))
    };
    assert_eq!(results().await, (json!(9.0), true), "control: the school is looked through");
    assert_eq!(results().await, (json!(9.0), false), "but once");
    let mut gone = NOE.person();
    gone.affiliations[0].classes = vec!["6C".into()];
    hub.put(gone).await;
    assert_eq!(results().await, (Value::Null, false), "of nobody who left, and nobody is looked for");
}

/// Of whom the school knows nothing any more it is looked through as often as for strangers, and no more.
async fn a_school_is_looked_through_so_often_for_marks_of_nobody(hub: TestHub) {
    classes(&hub).await;
    let (rp, _) = keeping(&hub, "tool");
    let (_, at) = nobodys(&hub, &rp).await;
    let key = column_key(&hub, &at);
    let kept = hub.hub.store.marks(&key, "", 9, hub.hub.now()).await.expect("read").remove(0);
    let gone = preau_store::StoredMark { user: "gone".into(), ..kept };
    hub.hub.store.put_mark(&gone, None, hub.hub.now()).await.expect("kept");
    let bearer = format!("Bearer {}", own_for(&rp, RESULT).await.access());
    let path = format!("{}/results", at.strip_prefix(BASE).expect("an address of ours"));
    let mut answers = Vec::new();
    for _ in 0..202 {
        let asked = rp.ask(Method::GET, &path, &[("authorization", &bearer)], String::new()).await;
        answers.push((asked.answer.status.as_u16(), asked.json[0]["resultScore"].clone()));
    }
    assert!(answers[..200].iter().all(|answer| *answer == (200, json!(9.0))), "control: {:?}", answers[0]);
    assert_eq!(answers[201].0, 429);
    hub.clock.advance(61);
    let bearer = format!("Bearer {}", own_for(&rp, RESULT).await.access());
    let asked = rp.ask(Method::GET, &path, &[("authorization", &bearer)], String::new()).await;
    assert_eq!(asked.answer.status.as_u16(), 200, "a minute later");
}

/// How many results an address gives, and where it says that more are.
async fn results(rp: &OidcRp, address: &str) -> (Option<usize>, String) {
    let told = call(rp, Method::GET, address, RESULT, Value::Null).await;
    (told.json.as_array().map(Vec::len), told.answer.header("link").to_owned())
}

async fn results_come_in_pages(hub: TestHub) {
    classes(&hub).await;
    let (rp, _) = keeping(&hub, "tool");
    let (noe, at) = column(&hub, &rp).await;
    for (user, points) in [(&noe, 9.0), (&name_of(&hub, "ptom000000000000"), 8.0)] {
        let scored = call(&rp, Method::POST, &format!("{at}/scores"), SCORE, score(user, points, 1)).await;
        assert_eq!(scored.answer.status.as_u16(), 204);
    }
    let (mut next, mut told, mut pages) = (Some(format!("{at}/results?limit=1")), Vec::new(), 0);
    while let Some(address) = next {
        let page = call(&rp, Method::GET, &address, RESULT, Value::Null).await;
        told.extend(page.json.as_array().expect("marks").iter().map(|mark| mark["resultScore"].to_string()));
        let link = page.answer.header("link").strip_suffix(">; rel=\"next\"").map(str::to_owned);
        next = link.and_then(|link| link.strip_prefix('<').map(str::to_owned));
        pages += 1;
    }
    told.sort();
    assert_eq!((told, pages), (vec!["8.0".to_owned(), "9.0".to_owned()], 3), "each once, the last page empty");
    assert_eq!(results(&rp, &format!("{at}/results")).await, (Some(2), String::new()), "unless asked");
    let alone = format!("{at}/results?limit=1&user_id={}", noe.as_str().unwrap_or_default());
    assert_eq!(results(&rp, &alone).await, (Some(1), String::new()), "nobody else's");
    hub.faults.fail(0, When::Before);
    call(&rp, Method::GET, &format!("{at}/results"), RESULT, Value::Null).await;
    let read = |one: &str| hub.faults.calls().iter().filter(|call| **call == one).count();
    assert_eq!(["people_named", "person", "establishment"].map(read), [1, 0, 1], "whatever the number of marks");
    let wrong = call(&rp, Method::GET, &format!("{at}/results?limit=0"), RESULT, Value::Null).await;
    assert_eq!(wrong.answer.status.as_u16(), 400);
}
