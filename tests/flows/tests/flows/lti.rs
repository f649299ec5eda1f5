//! Tools of LTI 1.3: opened for a class, answered with a signed message, and told who else is of that class. Each attack stands beside
//! the same request without its hostile part.

use http::Method;
use preau_connector_api::{LtiTool, MountedService, NAMES_AND_ROLES, OidcFlow, OidcGrant};
use preau_domain::{
    Affiliation, AuditKind, Fact, Identifier, Opening, Person, PersonId, Population, Profile, ReleaseRule, ServiceId,
    Window,
};
use preau_flows::{
    ALICE, Answer, Browser, COLLEGE, Document, INES, NOE, OidcRp, Role, TestHub, oidc_service, stories, uai,
};
use serde_json::{Map, Value, json};
use url::Url;

stories!(
    a_tile_opens_a_tool_for_the_class_of_a_pupil,
    what_a_tool_is_told_is_in_the_journal,
    a_teacher_says_for_which_class,
    a_tool_without_a_hint_is_told_what_it_asks,
    a_launch_is_for_its_session_and_its_person,
    a_launch_is_answered_once_and_for_its_tool,
    a_launch_waits_five_minutes,
    a_launch_ends_at_an_address_of_the_tool,
    whoever_left_the_class_opens_nothing_for_it,
    a_tool_asks_who_is_of_the_class,
    a_roster_is_for_the_tool_that_was_told_of_it,
    a_roster_names_nobody_whom_the_door_keeps_out,
    a_roster_is_read_every_ten_seconds,
    a_roster_is_of_its_school_year,
    a_roster_of_a_service_of_two_keys_is_of_whom_the_head_said,
);

const CLAIM: &str = "https://purl.imsglobal.org/spec/lti/claim/";
const ROSTER: &str = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice";

/// A tool for teachers and pupils, which may ask who is of a class.
pub(crate) fn tool(id: &str) -> MountedService {
    let mut service = oidc_service(id);
    let rule = |name: &str, copy| ReleaseRule { name: name.to_owned(), copy: Some(copy), ..service.release[0].clone() };
    let roles = ReleaseRule {
        map: [("National_ENS", "Instructor"), ("National_ELV", "Learner")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into(),
        ..rule("roles", Fact::Profiles)
    };
    service.release = vec![rule("name", Fact::DisplayName), rule("context", Fact::Classes), roles];
    service.audience.allow[0].profiles = vec![Profile::Teacher, Profile::Pupil];
    service.identifier = Identifier::Pairwise;
    service
}

fn mounted(hub: &TestHub, id: &str) -> OidcRp {
    hub.rp_of(tool(id), |oidc| {
        oidc.initiate_login_uri = Some(format!("https://{id}.example/login"));
        let target_link_uri = format!("https://{id}.example/cb");
        oidc.lti = Some(LtiTool { target_link_uri, deployment_id: "7".into(), may: Vec::new() });
        oidc.flows = vec![OidcFlow::Implicit];
        oidc.grants = vec![OidcGrant::ClientCredentials];
        oidc.scopes = vec![NAMES_AND_ROLES.to_owned()];
        oidc.signing = preau_connector_api::SigningAlgorithm::RS256;
    })
}

/// Alice teaches 6B and 6C in the collège; Noé is of 6B, and so is Tom.
pub(crate) async fn classes(hub: &TestHub) {
    let mut alice = ALICE.person();
    alice.affiliations[0].classes = vec!["6B".into(), "6C".into()];
    hub.put(alice).await;
    let mut at = Affiliation::new(uai(COLLEGE), Profile::Pupil);
    at.classes = vec!["6B".into()];
    let join = NOE.person().join.map(|join| preau_domain::JoinKey { key: "key-tom".into(), ..join });
    let (id, login) = (PersonId::new("ptom000000000000"), Some("tom.bel".to_owned()));
    hub.put(Person { id, join, login, given_name: "Tom".into(), affiliations: vec![at], ..NOE.person() }).await;
}

/// What the tool is sent when it is opened.
pub(crate) async fn opened(browser: &mut Browser, path: &str) -> Url {
    let answer = browser.visit(path).await;
    let to = answer.location().and_then(|to| Url::parse(to).ok());
    to.unwrap_or_else(|| panic!("no tool: {} {}", answer.status, answer.words()))
}

fn said(to: &Url, name: &str) -> String {
    to.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The sign-on a tool begins when it is opened so, with parameters replaced.
pub(crate) fn begun(rp: &OidcRp, to: &Url, change: &[(&str, &str)]) -> String {
    let (login, hint) = (said(to, "login_hint"), said(to, "lti_message_hint"));
    let usual = [
        ("response_type", "id_token"),
        ("response_mode", "form_post"),
        ("prompt", "none"),
        ("login_hint", &*login),
        ("lti_message_hint", &*hint),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    let kept = usual.into_iter().filter(|(name, _)| !change.iter().any(|(changed, _)| changed == name));
    rp.url_with(&kept.chain(change.iter().copied()).collect::<Vec<_>>())
}

pub(crate) async fn message(rp: &OidcRp, answer: &Answer) -> Map<String, Value> {
    rp.claims(&answer.told("id_token")).await
}

pub(crate) fn claim<'m>(message: &'m Map<String, Value>, name: &str) -> &'m Value {
    message.get(&format!("{CLAIM}{name}")).unwrap_or(&Value::Null)
}

/// A message for somebody who opens the tool at that path.
pub(crate) async fn launched(hub: &TestHub, rp: &OidcRp, role: &Role, path: &str) -> Map<String, Value> {
    let mut browser = hub.browser();
    browser.sign_in(role).at_home().await;
    let to = opened(&mut browser, path).await;
    message(rp, &browser.visit(&begun(rp, &to, &[])).await).await
}

async fn a_tile_opens_a_tool_for_the_class_of_a_pupil(hub: TestHub) {
    let (rp, mut browser) = (mounted(&hub, "tool"), hub.browser());
    browser.sign_in(&NOE).at_home().await;
    let to = opened(&mut browser, "/open/tool").await;
    assert!(to.as_str().starts_with("https://tool.example/login?"), "{to}");
    for (name, value) in [("iss", "https://ent.example"), ("client_id", "tool"), ("lti_deployment_id", "7")] {
        assert_eq!(said(&to, name), value);
    }
    assert!(!to.as_str().contains("6B") && !to.as_str().contains(NOE.id), "what is sealed is not read: {to}");
    let answer = browser.visit(&begun(&rp, &to, &[])).await;
    assert_eq!((answer.goes_to().as_str(), answer.told("state").as_str()), (&*rp.redirect, "state-of-the-story"));
    let message = message(&rp, &answer).await;
    assert_eq!(message["nonce"], "nonce-of-the-story");
    assert_eq!((&message["name"], &message["sub"]), (&json!("Noé Petit"), &json!(said(&to, "login_hint"))));
    assert_eq!(claim(&message, "message_type"), "LtiResourceLinkRequest");
    assert_eq!((claim(&message, "deployment_id"), claim(&message, "version")), (&json!("7"), &json!("1.3.0")));
    assert_eq!((claim(&message, "roles"), &claim(&message, "context")["title"]), (&json!(["Learner"]), &json!("6B")));
    assert!(message.get("email").is_none() && message.get("context").is_none() && message.get("roles").is_none());
    let again = launched(&hub, &rp, &NOE, "/open/tool").await;
    for name in ["context", "resource_link"] {
        assert_eq!(claim(&again, name)["id"], claim(&message, name)["id"], "{name} is the same each time");
    }
}

async fn what_a_tool_is_told_is_in_the_journal(hub: TestHub) {
    let (rp, mut browser) = (mounted(&hub, "tool"), hub.browser());
    browser.sign_in(&NOE).at_home().await;
    let to = opened(&mut browser, "/open/tool").await;
    let answer = browser.visit(&begun(&rp, &to, &[])).await;
    assert!(!answer.told("id_token").is_empty());
    let journal = hub.journal(answer.incident()).await;
    let left = journal.iter().find(|event| event.kind == AuditKind::AttributesReleased).expect("it is noted");
    assert_eq!(left.detail, "sub name roles context");
    assert_eq!((&left.person, &left.service), (&Some(NOE.person_id()), &Some(ServiceId::new("tool"))));
}

async fn a_teacher_says_for_which_class(hub: TestHub) {
    classes(&hub).await;
    let (rp, mut browser) = (mounted(&hub, "tool"), hub.browser());
    browser.sign_in(&ALICE).at_home().await;
    let page = browser.visit("/open/tool").await;
    assert!(page.words().contains("Pour quelle classe ou quel groupe") && page.has_link("6C"), "{}", page.words());
    let to = opened(&mut browser, &page.link("6C").expect("a link")).await;
    let message = message(&rp, &browser.visit(&begun(&rp, &to, &[])).await).await;
    assert_eq!(
        (&claim(&message, "context")["title"], claim(&message, "roles")),
        (&json!("6C"), &json!(["Instructor"]))
    );
    assert_eq!(browser.get("/oidc/lti/tool?for=5A").await.status.as_u16(), 400, "no class of hers");
    assert_eq!(browser.get("/oidc/lti/app").await.status.as_u16(), 404, "no tool");
    let mut parent = hub.browser();
    parent.sign_in(&INES).at_home().await;
    assert_eq!(parent.get("/oidc/lti/tool").await.status.as_u16(), 403, "not for parents");
}

async fn a_tool_without_a_hint_is_told_what_it_asks(hub: TestHub) {
    let (rp, mut browser) = (mounted(&hub, "tool"), hub.browser());
    browser.sign_in(&NOE).at_home().await;
    let to = opened(&mut browser, "/open/tool").await;
    let plain = message(&rp, &browser.visit(&begun(&rp, &to, &[("lti_message_hint", "")])).await).await;
    assert!(plain.keys().all(|name| !name.starts_with("https:")), "{plain:?}");
    let control = message(&rp, &browser.visit(&begun(&rp, &to, &[])).await).await;
    assert!(control.keys().any(|name| name.starts_with("https:")));
}

/// What a tool is told that went wrong.
fn error(answer: &Answer) -> String {
    answer.told("error")
}

async fn a_launch_is_for_its_session_and_its_person(hub: TestHub) {
    classes(&hub).await;
    let rp = mounted(&hub, "tool");
    let (mut noe, mut again, mut alice) = (hub.browser(), hub.browser(), hub.browser());
    noe.sign_in(&NOE).at_home().await;
    let to = opened(&mut noe, "/open/tool").await;
    again.sign_in(&NOE).at_home().await;
    assert_eq!(
        error(&again.visit(&begun(&rp, &to, &[])).await),
        "login_required",
        "another session of the same person"
    );
    alice.sign_in(&ALICE).at_home().await;
    assert_eq!(error(&alice.visit(&begun(&rp, &to, &[])).await), "login_required", "another person");
    for named in ["abcdefghijklmnopqrstuvwxyz012345", ""] {
        let answer = noe.visit(&begun(&rp, &to, &[("login_hint", named)])).await;
        assert_eq!(error(&answer), "login_required", "another person is named, or nobody: {named}");
    }
    assert!(!noe.visit(&begun(&rp, &to, &[])).await.told("id_token").is_empty(), "control");
}

async fn a_launch_is_answered_once_and_for_its_tool(hub: TestHub) {
    let (rp, other, mut noe) = (mounted(&hub, "tool"), mounted(&hub, "other-tool"), hub.browser());
    noe.sign_in(&NOE).at_home().await;
    let (to, foreign) = (opened(&mut noe, "/open/tool").await, opened(&mut noe, "/open/other-tool").await);
    let hint = said(&foreign, "lti_message_hint");
    for (what, hint) in [("of another tool", &*hint), ("made up", "1abc"), ("altered", &hint[..hint.len() - 1])] {
        let answer = noe.visit(&begun(&rp, &to, &[("lti_message_hint", hint)])).await;
        assert_eq!(error(&answer), "invalid_request", "{what}");
    }
    assert!(!noe.visit(&begun(&rp, &to, &[])).await.told("id_token").is_empty(), "control");
    assert_eq!(error(&noe.visit(&begun(&rp, &to, &[])).await), "invalid_request", "a second time");
    assert!(!noe.visit(&begun(&other, &foreign, &[])).await.told("id_token").is_empty(), "control");
}

async fn a_launch_waits_five_minutes(hub: TestHub) {
    let (rp, mut browser) = (mounted(&hub, "tool"), hub.browser());
    browser.sign_in(&NOE).at_home().await;
    let (early, late) = (opened(&mut browser, "/open/tool").await, opened(&mut browser, "/open/tool").await);
    hub.clock.advance(299);
    assert!(!browser.visit(&begun(&rp, &early, &[])).await.told("id_token").is_empty(), "control");
    hub.clock.advance(2);
    assert_eq!(browser.visit(&begun(&rp, &late, &[])).await.told("error"), "invalid_request");
}

async fn a_launch_ends_at_an_address_of_the_tool(hub: TestHub) {
    let (rp, mut browser) = (mounted(&hub, "tool"), hub.browser());
    browser.sign_in(&NOE).at_home().await;
    let to = opened(&mut browser, "/open/tool").await;
    for wrong in ["https://evil.example/cb", "https://tool.example/cb/", "https://tool.example/login"] {
        let page = browser.visit(&begun(&rp, &to, &[("redirect_uri", wrong)])).await;
        assert!(page.location().is_none() && page.status.is_client_error(), "{wrong}: {}", page.status);
    }
    let query = browser.visit(&begun(&rp, &to, &[("response_mode", "query")])).await;
    assert_eq!(query.told("error"), "invalid_request", "no message in an address");
    assert!(!browser.visit(&begun(&rp, &to, &[])).await.told("id_token").is_empty(), "control");
}

async fn whoever_left_the_class_opens_nothing_for_it(hub: TestHub) {
    classes(&hub).await;
    let (rp, mut browser) = (mounted(&hub, "tool"), hub.browser());
    browser.sign_in(&ALICE).at_home().await;
    let [gone, kept] =
        [opened(&mut browser, "/oidc/lti/tool?for=6C").await, opened(&mut browser, "/oidc/lti/tool?for=6B").await];
    let mut alice = ALICE.person();
    alice.affiliations[0].classes = vec!["6B".into()];
    hub.put(alice).await;
    hub.clock.advance(4);
    assert_eq!(browser.visit(&begun(&rp, &gone, &[])).await.told("error"), "access_denied");
    assert!(!browser.visit(&begun(&rp, &kept, &[])).await.told("id_token").is_empty(), "control");
}

/// A token by which a tool asks in its own name.
async fn own(rp: &OidcRp) -> Document {
    own_for(rp, NAMES_AND_ROLES).await
}

pub(crate) async fn own_for(rp: &OidcRp, scope: &str) -> Document {
    rp.call("/oidc/token", &[("grant_type", "client_credentials"), ("scope", scope)]).await
}

pub(crate) async fn roster(rp: &OidcRp, address: &str, token: &str) -> Document {
    let path = address.strip_prefix("https://ent.example").expect("an address of ours");
    rp.ask(Method::GET, path, &[("authorization", &format!("Bearer {token}"))], String::new()).await
}

pub(crate) fn address(message: &Map<String, Value>) -> String {
    let told = message.get(ROSTER).and_then(|told| told["context_memberships_url"].as_str());
    told.unwrap_or_default().to_owned()
}

async fn a_tool_asks_who_is_of_the_class(hub: TestHub) {
    classes(&hub).await;
    let rp = mounted(&hub, "tool");
    let message = launched(&hub, &rp, &ALICE, "/oidc/lti/tool?for=6B").await;
    let told = roster(&rp, &address(&message), own(&rp).await.access()).await;
    assert!(told.answer.header("content-type").starts_with("application/vnd.ims.lti-nrps.v2"), "{}", told.answer.body);
    assert_eq!(told.json["context"]["id"], claim(&message, "context")["id"]);
    let members = told.json["members"].as_array().expect("members");
    let names: Vec<&str> = members.iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["Alice Martin", "Noé Petit", "Tom Petit"]);
    assert!(members.iter().any(|one| one["user_id"] == message["sub"] && one["roles"] == json!(["Instructor"])));
    for hidden in ["petit@", NOE.login, NOE.id, "email"] {
        assert!(!told.answer.body.contains(hidden), "{hidden}: {}", told.answer.body);
    }
    let kept = hub.journal(told.answer.header("x-correlation-id")).await;
    assert!(kept.iter().any(|event| event.detail == "lti roster of 3" && event.establishment == Some(uai(COLLEGE))));
    let other = launched(&hub, &rp, &ALICE, "/oidc/lti/tool?for=6C").await;
    let told = roster(&rp, &address(&other), own(&rp).await.access()).await;
    assert_eq!(told.json["members"].as_array().map(Vec::len), Some(1), "of 6C there is the teacher alone");
}

async fn a_roster_is_for_the_tool_that_was_told_of_it(hub: TestHub) {
    classes(&hub).await;
    let (rp, other) = (mounted(&hub, "tool"), mounted(&hub, "other-tool"));
    assert_eq!(address(&launched(&hub, &rp, &NOE, "/open/tool").await), "", "a pupil's launch tells of no roster");
    let address = address(&launched(&hub, &rp, &ALICE, "/oidc/lti/tool?for=6B").await);
    let token = own(&rp).await;
    let foreign = own(&other).await;
    assert_eq!(
        roster(&other, &address, foreign.access()).await.error(),
        (403, "insufficient_scope"),
        "of another tool"
    );
    let moved = address.replace("/tool/", "/other-tool/");
    assert_eq!(roster(&other, &moved, foreign.access()).await.error(), (400, "invalid_request"), "under its own name");
    let plain = rp.call("/oidc/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(roster(&rp, &address, plain.access()).await.error(), (403, "insufficient_scope"), "without the scope");
    assert_eq!(roster(&rp, &address, "nothing").await.error(), (401, "invalid_token"));
    let altered = address.replacen("/members/1", "/members/1A", 1);
    assert_eq!(roster(&rp, &altered, token.access()).await.error(), (400, "invalid_request"), "altered");
    assert_eq!(roster(&rp, &address, token.access()).await.answer.status.as_u16(), 200, "control");
    hub.rp_of(tool("tool"), |oidc| oidc.scopes = vec![NAMES_AND_ROLES.to_owned()]);
    assert_eq!(roster(&rp, &address, token.access()).await.error(), (403, "insufficient_scope"), "no tool any more");
}

async fn a_roster_names_nobody_whom_the_door_keeps_out(hub: TestHub) {
    classes(&hub).await;
    let rp = mounted(&hub, "tool");
    let address = address(&launched(&hub, &rp, &ALICE, "/oidc/lti/tool?for=6B").await);
    let token = own(&rp).await;
    let names = async || {
        hub.clock.advance(10);
        let told = roster(&rp, &address, token.access()).await;
        let members = told.json["members"].as_array().expect("a roster");
        members.iter().filter_map(|one| one["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["Alice Martin", "Noé Petit", "Tom Petit"], "control");
    let mut tom = hub.hub.store.person(&PersonId::new("ptom000000000000")).await.expect("read").expect("known");
    tom.state = preau_domain::AccountState::Suspended;
    hub.put(tom).await;
    assert_eq!(names().await, ["Alice Martin", "Noé Petit"], "a suspended account is not there");
    let mut narrower = hub
        .hub
        .services()
        .get(&preau_domain::ServiceId::new("tool"))
        .map(|door| MountedService::clone(door))
        .expect("mounted");
    narrower.audience.allow[0].profiles = vec![Profile::Pupil];
    hub.mount(narrower);
    assert_eq!(names().await, ["Noé Petit"], "teachers are not let in any more");
}

async fn a_roster_is_read_every_ten_seconds(hub: TestHub) {
    classes(&hub).await;
    let rp = mounted(&hub, "tool");
    let [six_b, six_c] = [
        address(&launched(&hub, &rp, &ALICE, "/oidc/lti/tool?for=6B").await),
        address(&launched(&hub, &rp, &ALICE, "/oidc/lti/tool?for=6C").await),
    ];
    let token = own(&rp).await;
    let status = async |address: &str| roster(&rp, address, token.access()).await.answer.status.as_u16();
    assert_eq!([status(&six_b).await, status(&six_c).await], [200, 200], "one of each class");
    hub.clock.advance(9);
    let early = roster(&rp, &six_b, token.access()).await;
    assert_eq!((early.error(), early.answer.header("retry-after")), ((429, "too_many_requests"), "1"));
    hub.clock.advance(1);
    assert_eq!(status(&six_b).await, 200, "control");
}

/// Next year's class of that name is another one, though the tool is the same.
async fn a_roster_is_of_its_school_year(hub: TestHub) {
    classes(&hub).await;
    let rp = mounted(&hub, "tool");
    let before = launched(&hub, &rp, &ALICE, "/oidc/lti/tool?for=6B").await;
    hub.clock.advance(319 * 86_400);
    let last = roster(&rp, &address(&before), own(&rp).await.access()).await;
    assert_eq!(last.answer.status.as_u16(), 200, "30 July: {}", last.answer.body);
    hub.clock.advance(2 * 86_400);
    let over = roster(&rp, &address(&before), own(&rp).await.access()).await;
    assert_eq!(over.error(), (400, "invalid_request"), "1 August");
    let after = launched(&hub, &rp, &ALICE, "/oidc/lti/tool?for=6B").await;
    for name in ["context", "resource_link"] {
        assert_ne!(claim(&after, name)["id"], claim(&before, name)["id"], "{name}");
    }
    let next = roster(&rp, &address(&after), own(&rp).await.access()).await;
    assert_eq!(next.answer.status.as_u16(), 200, "control");
}

/// Opens a tool of two keys in the collège, for these.
async fn say_yes(hub: &TestHub, tool: &MountedService, profiles: &[Profile]) {
    let opening = Opening {
        service: tool.service.id.clone(),
        establishment: uai(COLLEGE),
        allow: vec![Population { profiles: profiles.to_vec(), ..Population::default() }],
        until: "2027-07-05".parse().expect("a day"),
        sheet: preau_web::second_key::sheet(tool),
        by: ALICE.person_id(),
        at: hub.hub.now(),
    };
    preau_web::second_key::keep(&*hub.hub.store, &opening).await.expect("kept");
    assert!(hub.hub.take_registrations().await.expect("read"));
}

/// Those of the door are those of the head's yes, at the hours of the service.
async fn a_roster_of_a_service_of_two_keys_is_of_whom_the_head_said(hub: TestHub) {
    classes(&hub).await;
    let rp = mounted(&hub, "tool");
    let address = address(&launched(&hub, &rp, &ALICE, "/oidc/lti/tool?for=6B").await);
    let token = own(&rp).await;
    let names = async || {
        hub.clock.advance(10);
        let told = roster(&rp, &address, token.access()).await;
        told.json["members"].as_array().map_or(usize::MAX, Vec::len)
    };
    let door = hub.hub.services().get(&preau_domain::ServiceId::new("tool")).cloned().expect("mounted");
    let mut offered = MountedService { two_keys: true, ..MountedService::clone(&door) };
    hub.mount(offered.clone());
    assert_eq!(names().await, 0, "nobody opened it");
    say_yes(&hub, &offered, &[Profile::Pupil]).await;
    assert_eq!(names().await, 2, "the pupils of 6B");
    say_yes(&hub, &offered, &[Profile::Pupil, Profile::Teacher]).await;
    assert_eq!(names().await, 3, "and their teacher");
    let evening = Window { hours: vec!["18:00-19:00".parse().expect("hours")], ..Window::default() };
    offered.audience.allow[0].during = Some(Box::new(evening));
    hub.mount(offered);
    assert_eq!(names().await, 0, "it is nine in the morning");
}
