//! Staff who come from their academy's guichet: found by the mail address that the annuaire gave, where the configuration says
//! that the guichet hands such addresses out; and what the guichet says of them besides.

use crate::upstream::{come_in, without};
use preau_domain::{AccountState, Fact, JoinKey, Person, PersonId, Population, ReleaseRule, SourceId};
use preau_flows::{
    ALICE, Answer, Browser, COLLEGE, CasApp, GAELLE, HUGO, LYCEE, Provider, TestHub, app_service, stories, uai,
};
use serde_json::{Value, json};

stories!(
    staff_are_found_by_the_address_the_annuaire_gave,
    an_address_opens_nothing_once_it_is_another_s,
    an_address_of_two_people_is_nobody_s,
    one_person_s_two_records_are_for_them_to_choose_from,
    an_address_that_the_guichet_does_not_hand_out_names_nobody,
    a_session_begins_where_the_guichet_says_if_the_annuaire_does,
    a_delegation_opens_a_door_until_its_last_day,
    what_is_delegated_elsewhere_or_at_another_time_is_nothing,
);

/// The guichet is the authority for the addresses of the collège.
const BY_MAIL: &str =
    "match = [{ claim = \"ctemail\", as = \"mail\", source = \"annuaire\", domains = [\"college.example\"] }]";

/// Somebody comes in with that address, and no other sign of who they are.
async fn with_mail(hub: &TestHub, provider: &Provider, browser: &mut Browser, mail: &str) -> Answer {
    let says = |claims: &mut Value| {
        without(claims, "record");
        claims["ctemail"] = json!(mail);
    };
    come_in(hub, provider, browser, says).await
}

async fn staff_are_found_by_the_address_the_annuaire_gave(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, BY_MAIL).await;
    let mut browser = hub.browser();
    let answer = with_mail(&hub, &provider, &mut browser, "Alice.Martin@COLLEGE.example").await;
    assert_eq!(answer.location(), Some("/"), "{}", answer.words());
    assert!(browser.visit("/").await.words().contains("Alice Martin"));
    let links = hub.hub.store.links_of_person(&ALICE.person_id()).await.expect("links");
    assert!(links.is_empty(), "an address makes no link: {links:?}");
    let guest = GAELLE.person().mail.expect("an address that somebody here wrote down");
    let answer = with_mail(&hub, &provider, &mut hub.browser(), &guest).await;
    assert_eq!(answer.status, 403, "only what the annuaire gave counts");
}

/// The mailbox goes to somebody else, or the annuaire takes it back: what was seen once opens nothing.
async fn an_address_opens_nothing_once_it_is_another_s(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, BY_MAIL).await;
    let mail = ALICE.person().mail.expect("an address");
    assert_eq!(with_mail(&hub, &provider, &mut hub.browser(), &mail).await.location(), Some("/"), "control");
    hub.put(Person { mail: None, ..ALICE.person() }).await;
    let nobody = with_mail(&hub, &provider, &mut hub.browser(), &mail).await;
    assert_eq!(nobody.status, 403, "{}", nobody.words());
    hub.put(Person { mail: Some(mail.clone()), ..HUGO.person() }).await;
    let mut browser = hub.browser();
    assert_eq!(with_mail(&hub, &provider, &mut browser, &mail).await.location(), Some("/"));
    assert!(browser.visit("/").await.words().contains("Hugo Lambert"));
}

async fn an_address_of_two_people_is_nobody_s(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, BY_MAIL).await;
    let office = Some("ce.0990001n@college.example".to_owned());
    hub.put(Person { mail: office.clone(), ..ALICE.person() }).await;
    hub.put(Person { mail: office.clone(), ..HUGO.person() }).await;
    let answer = with_mail(&hub, &provider, &mut hub.browser(), "ce.0990001n@college.example").await;
    assert_eq!(answer.status, 403);
    assert!(answer.words().contains("Aucun compte ne vous correspond ici"), "{}", answer.words());
    let why: Vec<String> = hub.journal(answer.incident()).await.into_iter().map(|event| event.detail).collect();
    assert!(why.iter().any(|why| why == "mail-shared"), "{why:?}");
    hub.put(Person { state: AccountState::Suspended, mail: office, ..HUGO.person() }).await;
    let alone = with_mail(&hub, &provider, &mut hub.browser(), "ce.0990001n@college.example").await;
    assert_eq!(alone.location(), Some("/"), "control: {}", alone.words());
}

/// A teacher who is a parent too has two records and one mailbox.
async fn one_person_s_two_records_are_for_them_to_choose_from(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, BY_MAIL).await;
    let join = Some(JoinKey { source: SourceId::new("annuaire"), key: "key-alice-parent".to_owned() });
    let family_name = "MARTIN".to_owned();
    hub.put(Person { id: PersonId::new("palice1111111111"), join, family_name, ..ALICE.person() }).await;
    let mut browser = hub.browser();
    let chooser = with_mail(&hub, &provider, &mut browser, "alice.martin@college.example").await;
    assert!(!browser.signed_in(), "nobody is in before they chose");
    let page = browser.visit(chooser.location().unwrap_or_default()).await;
    assert!(page.words().contains("Alice MARTIN"), "{}", page.words());
    let chosen = browser.submit_once(&page.form_with("account"), &[("account", "1")]).await;
    assert_eq!(chosen.location(), Some("/"), "{}", chosen.words());
}

async fn an_address_that_the_guichet_does_not_hand_out_names_nobody(hub: TestHub) {
    let provider = Provider::start().await;
    let own = "match = [{ claim = \"email\", as = \"mail\", source = \"annuaire\", domains = [\"college.example\"] }]";
    let hub = provider.serves_staff(&hub, own).await;
    hub.put(Person { mail: Some("hugo@gmail.example".to_owned()), ..HUGO.person() }).await;
    let comes = async |mail: &'static str, verified: Value| {
        let says = move |claims: &mut Value| {
            without(claims, "record");
            claims["email"] = json!(mail);
            claims["email_verified"] = verified.clone();
        };
        come_in(&hub, &provider, &mut hub.browser(), says).await.status.as_u16()
    };
    assert_eq!(comes("hugo@gmail.example", json!(true)).await, 403, "anybody may have an address elsewhere");
    assert_eq!(comes("alice.martin@college.example", json!(false)).await, 403, "an address that nobody checked");
    assert_eq!(comes("alice.martin@college.example", json!(true)).await, 303, "control");
    for (claim, form) in [("email", "login"), ("ctemail", "record"), ("email", "mail")] {
        let rule = format!("match = [{{ claim = \"{claim}\", as = \"{form}\", source = \"annuaire\" }}]");
        assert!(provider.try_source(&rule).is_err(), "{claim} as {form}");
    }
}

/// What the guichet may say of agents.
const AGENTS: &str = "agents = { posts = [\"FrEduRneResp\", \"FrEduRne\"], delegations = \"FrEduResDel\" }";

async fn a_session_begins_where_the_guichet_says_if_the_annuaire_does(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, AGENTS).await;
    let post = |place: &str| format!("{place}$UAJ$PU$ENS$0990002P$T3$LYC$300");
    let begins = async |posts: Vec<String>| {
        let mut browser = hub.browser();
        come_in(&hub, &provider, &mut browser, |claims| claims["FrEduRne"] = json!(posts)).await;
        browser.visit("/").await.form_to("/establishment").value("uai").map(str::to_owned)
    };
    let (college, lycee, foreign) = (uai(COLLEGE).to_string(), uai(LYCEE).to_string(), uai(990_077).to_string());
    assert_eq!(begins(vec![]).await, Some(college.clone()), "control");
    assert_eq!(begins(vec![post(&foreign), post(&lycee), post(&college)]).await, Some(lycee));
    assert_eq!(begins(vec![post(&foreign)]).await, Some(college), "a post is no right");
}

/// A service for those to whom it was delegated, which hears of that.
fn for_delegates(hub: &TestHub) -> CasApp {
    let mut service = app_service("stages", "Stages", "https://stages.example/", &[]);
    let delegations = vec!["stages".to_owned()];
    service.audience.allow = vec![Population { delegations, ..Population::default() }];
    service.release = vec![ReleaseRule {
        name: "delegated".to_owned(),
        copy: Some(Fact::Delegations),
        when: None,
        add: Vec::new(),
        map: [].into(),
        limit: Vec::new(),
        scope: None,
        first: false,
        join: None,
    }];
    hub.mount(service);
    hub.app("stages")
}

fn delegated(name: &str, from: &str, until: &str, place: u32) -> Value {
    let place = uai(place);
    json!(format!(
        "{name}|/redirect.jsp?applicationname={name}|{from}|{until}|hlambert|FrEduRneResp={place}$UAJ$PU$N$T3$LYC$300|proxy||"
    ))
}

/// It is the fourteenth of September. The delegation ends at midnight, in the middle of a session.
async fn a_delegation_opens_a_door_until_its_last_day(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, AGENTS).await;
    let (stages, mut browser) = (for_delegates(&hub), hub.browser());
    hub.clock.advance(15 * 3600 - 60);
    let says = |claims: &mut Value| claims["FrEduResDel"] = delegated("stages", "01/09/2026", "14/09/2026", LYCEE);
    come_in(&hub, &provider, &mut browser, says).await;
    let told = stages.validate(&browser.open(&stages).await.ticket()).await;
    assert_eq!((told.user(), told.attribute("delegated")), (Some(ALICE.login), &["stages".to_owned()][..]));
    let in_flight = browser.open(&stages).await.ticket();
    hub.clock.advance(59);
    assert!(browser.open(&stages).await.some_ticket().is_some(), "to its last second");
    hub.clock.advance(1);
    let over = browser.open(&stages).await;
    assert_eq!((over.answer.status.as_u16(), over.some_ticket()), (403, None), "{}", over.answer.words());
    assert_eq!(stages.validate(&in_flight).await.user(), None, "nor for a ticket made before");
    assert!(browser.visit("/").await.words().contains("Alice Martin"), "the session goes on");
}

async fn what_is_delegated_elsewhere_or_at_another_time_is_nothing(hub: TestHub) {
    let provider = Provider::start().await;
    let opens = async |more: &str, said: Value| {
        let hub = provider.serves_staff(&hub, more).await;
        let (stages, mut browser) = (for_delegates(&hub), hub.browser());
        come_in(&hub, &provider, &mut browser, |claims| claims["FrEduResDel"] = said.clone()).await;
        browser.open(&stages).await.some_ticket().is_some()
    };
    let (first, last) = ("14/09/2026", "31/12/9999");
    assert!(opens(AGENTS, delegated("stages", first, last, LYCEE)).await, "control");
    assert!(!opens("", delegated("stages", first, last, LYCEE)).await, "nobody said that the guichet may delegate");
    assert!(!opens(AGENTS, delegated("stages", first, last, 990_077)).await, "nobody belongs anywhere by it");
    assert!(!opens(AGENTS, delegated("notes", first, last, LYCEE)).await);
    assert!(!opens(AGENTS, delegated("stages", "15/09/2026", last, LYCEE)).await, "not yet");
    assert!(!opens(AGENTS, delegated("stages", "01/09/2025", "13/09/2026", LYCEE)).await, "not any more");
}
