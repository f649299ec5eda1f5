//! A link that carries a signed context, and a plain application at its other end that checks what the how-to says and nothing else. Each
//! attack stands beside the same thing without its hostile part.

use crate::activation::charte;
use crate::inspections::{VERA, blog, granted, head};
use preau_connector_api::SignedLink;
use preau_domain::{AuditKind, Fact, Opening, Profile, ReleaseRule};
use preau_flows::{ALICE, Browser, INES, NOE, OidcRp, TestHub, oidc_service, stories};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

stories!(
    a_tile_says_who_comes_and_nothing_else,
    whoever_comes_without_a_context_is_sent_through_the_tile,
    a_context_holds_what_the_installation_names,
    a_context_is_for_one_application_once_and_for_a_minute,
    a_context_is_no_id_token,
    a_context_is_for_whom_the_door_lets_in_now,
    the_journal_says_what_left_and_no_value,
    an_application_that_hears_of_no_end_is_named_at_the_end,
    an_inspector_is_told_to_be_a_visitor_or_does_not_come_in,
    a_second_key_is_for_what_the_context_holds,
    the_charte_comes_before_a_context,
);

/// A link to `https://ID.example/` for everybody, whose context holds these of its rules.
fn mount(hub: &TestHub, id: &str, attributes: &[&str]) {
    let mut service = oidc_service(id);
    let rule = |name: &str, fact| ReleaseRule { name: name.into(), copy: Some(fact), ..service.release[0].clone() };
    let rules = [rule("ent_role", Fact::Role), rule("ent_inspected", Fact::Inspected)];
    service.release.extend(rules);
    service.oidc = None;
    service.link = Some(carrying(attributes));
    hub.mount(service);
}

fn carrying(attributes: &[&str]) -> SignedLink {
    SignedLink { attributes: attributes.iter().map(|name| (*name).to_owned()).collect() }
}

/// An application: it knows our keys, its own name and what it was shown before.
struct Plain {
    hub: TestHub,
    keys: OidcRp,
    id: &'static str,
    seen: BTreeSet<String>,
}

impl Plain {
    fn new(hub: &TestHub, id: &'static str, attributes: &[&str]) -> Plain {
        mount(hub, id, attributes);
        Plain { hub: hub.clone(), keys: hub.rp("keys"), id, seen: BTreeSet::new() }
    }

    /// What a context says, or which check it does not pass.
    async fn take(&mut self, context: &str) -> Result<Map<String, Value>, &'static str> {
        let said = self.keys.verified(context, "link-context+jwt").await;
        let wrong = [
            ("iss", said["iss"] != preau_flows::BASE),
            ("aud", said["aud"] != self.id),
            ("exp", said["exp"].as_i64() <= Some(self.hub.hub.now().seconds())),
            ("jti", !self.seen.insert(said["jti"].as_str().expect("a name").to_owned())),
        ];
        let wrong = wrong.into_iter().find(|(_, is)| *is);
        wrong.map_or(Ok(said), |(check, _)| Err(check))
    }
}

/// The context with which somebody comes to an application; empty when they do not.
async fn context(browser: &mut Browser, id: &str) -> String {
    browser.visit(&format!("/open/{id}")).await.told("context")
}

async fn noe(hub: &TestHub) -> Browser {
    let mut noe = hub.browser();
    noe.sign_in(&NOE).at_home().await;
    noe
}

fn names(said: &Map<String, Value>) -> BTreeSet<&str> {
    said.keys().map(String::as_str).collect()
}

async fn a_tile_says_who_comes_and_nothing_else(hub: TestHub) {
    let (mut club, mut journal) = (Plain::new(&hub, "club", &[]), Plain::new(&hub, "journal", &[]));
    let mut noe = noe(&hub).await;
    let answer = noe.visit("/open/club").await;
    assert_eq!((answer.status.as_u16(), answer.goes_to().as_str()), (200, "https://club.example/"));
    assert!(answer.header("cache-control").contains("no-store"), "kept by no browser");
    let said = club.take(&answer.told("context")).await.expect("it is taken");
    assert_eq!(names(&said), ["aud", "exp", "iat", "iss", "jti", "sub"].into(), "nothing by default");
    assert_eq!(said["exp"].as_i64().zip(said["iat"].as_i64()).map(|(exp, iat)| exp - iat), Some(60));
    let again = club.take(&context(&mut noe, "club").await).await.expect("it is taken");
    let other = journal.take(&context(&mut noe, "journal").await).await.expect("it is taken");
    assert_eq!(said["sub"], again["sub"], "the same each time");
    assert!(said["sub"] != other["sub"] && said["sub"] != NOE.id, "and of no use to another");
}

async fn whoever_comes_without_a_context_is_sent_through_the_tile(hub: TestHub) {
    let mut club = Plain::new(&hub, "club", &[]);
    let mut browser = hub.browser();
    let first = browser.sign_in(&NOE).through("/open/club").await.answer;
    let first = club.take(&first.told("context")).await.expect("after signing in");
    let second = club.take(&context(&mut browser, "club").await).await.expect("at once");
    assert_eq!(first["sub"], second["sub"]);
}

async fn a_context_holds_what_the_installation_names(hub: TestHub) {
    let mut club = Plain::new(&hub, "club", &["given_name", "ent_profiles"]);
    let mut noe = noe(&hub).await;
    let said = club.take(&context(&mut noe, "club").await).await.expect("it is taken");
    assert_eq!(said["given_name"], NOE.name.0);
    assert_eq!(said["ent_profiles"][0]["profile"], "National_ELV", "as OpenID Connect tells it");
    assert!(!said.contains_key("name") && !said.contains_key("email"), "{said:?}");
    // What is named and not released is not made up, and nothing takes the place of what says who speaks.
    hub.amend("club", |service| {
        service.release.iter_mut().filter(|rule| rule.name == "name").for_each(|rule| rule.name = "aud".into());
        service.link = Some(carrying(&["aud", "ent_role"]));
    });
    let said = club.take(&context(&mut noe, "club").await).await.expect("it is taken");
    assert_eq!((said.len(), &said["aud"]), (6, &Value::from("club")));
}

async fn a_context_is_for_one_application_once_and_for_a_minute(hub: TestHub) {
    let (mut club, mut journal) = (Plain::new(&hub, "club", &[]), Plain::new(&hub, "journal", &[]));
    let mut noe = noe(&hub).await;
    let one = context(&mut noe, "club").await;
    assert_eq!(journal.take(&one).await, Err("aud"), "one that an application kept opens no other");
    assert!(club.take(&one).await.is_ok(), "control");
    assert_eq!(club.take(&one).await, Err("jti"), "shown a second time");
    let waits = context(&mut noe, "club").await;
    hub.clock.advance(59);
    assert!(club.take(&waits).await.is_ok(), "control: until the last second");
    let late = context(&mut noe, "club").await;
    hub.clock.advance(60);
    assert_eq!(club.take(&late).await, Err("exp"));
}

/// An installation is never both; here it is, so that nothing but its type tells a context from an ID token.
async fn a_context_is_no_id_token(hub: TestHub) {
    let rp = hub.rp("club");
    let mut noe = hub.browser();
    let code = noe.sign_in(&NOE).through(&rp.url()).await.answer.code();
    let id_token = rp.redeem(&code).await.text("id_token").to_owned();
    hub.amend("club", |service| service.link = Some(SignedLink::default()));
    let context = context(&mut noe, "club").await;
    assert!(!context.is_empty());
    let hinted = |token: &str| rp.url_with(&[("prompt", "none"), ("id_token_hint", token)]);
    assert_eq!(noe.visit(&hinted(&context)).await.told("error"), "login_required");
    assert!(!noe.visit(&hinted(&id_token)).await.told("code").is_empty(), "control");
}

async fn a_context_is_for_whom_the_door_lets_in_now(hub: TestHub) {
    mount(&hub, "club", &[]);
    hub.rp("keys");
    hub.amend("club", |service| service.audience.allow[0].profiles = vec![Profile::Teacher, Profile::Pupil]);
    let mut ines = hub.browser();
    ines.sign_in(&INES).at_home().await;
    let refused = ines.visit("/open/club").await;
    assert_eq!((refused.status.as_u16(), refused.told("context").as_str()), (403, ""), "no parent");
    let mut noe = noe(&hub).await;
    assert!(!context(&mut noe, "club").await.is_empty(), "control");
    hub.amend("club", |service| service.audience.allow[0].profiles = vec![Profile::Teacher]);
    let refused = noe.visit("/open/club").await;
    assert_eq!((refused.status.as_u16(), refused.told("context").as_str()), (403, ""), "in a live session too");
}

/// As at the door of every other protocol, also for whoever types the address.
async fn the_charte_comes_before_a_context(hub: TestHub) {
    mount(&hub, "club", &[]);
    hub.rp("keys");
    hub.hub.set_words(charte("2026-09"));
    let mut alice = hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    assert!(alice.signed_in());
    let asked = alice.visit("/open/club").await;
    assert!(asked.told("context").is_empty() && asked.words().contains("acceptez-la"), "{}", asked.words());
    let accepted = alice.submit(&asked.form_with("charte"), &[]).await;
    assert!(!accepted.told("context").is_empty(), "control: {}", accepted.words());
}

async fn the_journal_says_what_left_and_no_value(hub: TestHub) {
    mount(&hub, "club", &["given_name", "ent_profiles"]);
    hub.rp("keys");
    let answer = noe(&hub).await.visit("/open/club").await;
    hub.secrets.saw("context", &answer.told("context"));
    let journal = hub.journal(answer.incident()).await;
    let kinds: Vec<AuditKind> = journal.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [AuditKind::TileOpened, AuditKind::ServiceOpened, AuditKind::AttributesReleased]);
    let left = &journal[2];
    assert_eq!(left.detail.split(' ').collect::<BTreeSet<_>>(), ["sub", "given_name", "ent_profiles"].into());
    assert_eq!((left.person.clone(), left.establishment.is_some()), (Some(NOE.person_id()), true));
    hub.assert_no_secret_in_log();
}

async fn an_application_that_hears_of_no_end_is_named_at_the_end(hub: TestHub) {
    mount(&hub, "club", &[]);
    hub.rp("keys");
    for (opens, said) in [(true, true), (false, false)] {
        let mut noe = noe(&hub).await;
        if opens {
            assert!(!context(&mut noe, "club").await.is_empty());
        }
        let goodbye = noe.sign_out().await.words();
        assert_eq!(goodbye.contains("club ne se ferme pas d’ici"), said, "{goodbye}");
    }
}

async fn an_inspector_is_told_to_be_a_visitor_or_does_not_come_in(hub: TestHub) {
    blog(&hub).await;
    let mut club = Plain::new(&hub, "club", &["ent_role"]);
    hub.amend("club", |service| service.audience.allow[0].profiles = vec![Profile::Teacher]);
    let mut hugo = head(&hub).await;
    let deaf = granted(&mut hugo, &[("service", "club")]).await;
    assert!(deaf.words().contains("ne sait pas distinguer un visiteur"), "of nobody knows whom: {}", deaf.words());
    hub.amend("club", |service| service.link = Some(carrying(&["ent_role", "ent_inspected"])));
    granted(&mut hugo, &[("service", "club")]).await;
    let (mut vera, mut alice) = (hub.browser(), hub.browser());
    vera.sign_in(&VERA).at_home().await;
    let said = club.take(&context(&mut vera, "club").await).await.expect("it is taken");
    alice.sign_in(&ALICE).at_home().await;
    let hers = club.take(&context(&mut alice, "club").await).await.expect("it is taken");
    assert_eq!((&said["ent_role"], &said["ent_inspected"]), (&Value::from("visiteur"), &hers["sub"]));
    // Under a name that no context holds, whatever an installation says.
    hub.amend("club", |service| {
        service
            .release
            .iter_mut()
            .filter(|rule| rule.name == "ent_inspected")
            .for_each(|rule| rule.name = "act".into());
        service.link = Some(carrying(&["ent_role", "act"]));
    });
    assert!(context(&mut vera, "club").await.is_empty() && !context(&mut alice, "club").await.is_empty(), "control");
}

async fn a_second_key_is_for_what_the_context_holds(hub: TestHub) {
    let (_, opening) = crate::rights::offered(&hub);
    mount(&hub, "kiosque", &["given_name"]);
    hub.amend("kiosque", |service| service.two_keys = true);
    let door = hub.hub.services().get(&opening.service).cloned().expect("it is mounted");
    let sheet = preau_web::second_key::sheet(&door);
    preau_web::second_key::keep(&*hub.hub.store, &Opening { sheet, ..opening }).await.expect("kept");
    assert!(hub.hub.take_registrations().await.expect("read"));
    hub.rp("keys");
    let mut noe = noe(&hub).await;
    assert!(!context(&mut noe, "kiosque").await.is_empty(), "control");
    hub.amend("kiosque", |service| service.link = Some(carrying(&["given_name", "email"])));
    assert!(context(&mut noe, "kiosque").await.is_empty(), "more than the head has read");
    hub.amend("kiosque", |service| service.link = Some(carrying(&["given_name"])));
    assert!(!context(&mut noe, "kiosque").await.is_empty(), "control");
}
