//! Access is decided again at every door, inside a live session as well; and what a person is depends on where.

use preau_connector_api::{MountedService, NameIdKind, SamlService, WireName};
use preau_domain::{
    AccountState, Fact, Levels, Narrowing, Opening, Population, Profile, ReleaseRule, Role, RoleGrant, ServiceId,
    SourceId, Uai, Window,
};
use preau_flows::{
    ALICE, ANNUAIRE, COLLEGE, LYCEE, NOE, TestHub, app_service, oidc_service, saml_service, stories, uai,
};
use preau_web::ServiceTable;
use std::sync::Arc;

stories!(
    rights_taken_away_close_the_next_door,
    a_service_taken_away_closes_at_once,
    a_window_that_closes_takes_tile_and_ticket,
    a_role_of_the_service_is_told_and_follows_its_rule,
    a_second_key_opens_one_school_for_whom_its_head_says,
    a_second_key_is_for_the_sheet_that_was_read_and_until_a_day,
    a_second_key_is_for_what_leaves_by_saml_as_well,
    a_second_key_turns_on_every_node_however_many_there_are,
    a_token_that_outlives_its_session_ends_with_the_yes_of_the_head,
    a_level_above_closes_a_service_at_once_where_it_says,
    an_account_suspended_ends_its_session,
    a_ticket_in_flight_is_worth_nothing_after_suspension,
    a_service_hears_of_the_establishment_one_works_in,
    a_switch_to_somebody_elses_establishment_is_refused,
    nobody_else_switches_my_establishment,
    a_person_without_establishment_sees_no_tile,
);

async fn rights_taken_away_close_the_next_door(hub: TestHub) {
    let (other, mut browser) = (hub.app("other"), hub.browser());
    let ticket = browser.sign_in(&ALICE).to(&other).await.ticket();
    assert_eq!(other.validate(&ticket).await.user(), Some(ALICE.login), "a teacher opens it");
    let in_flight = browser.open(&other).await.ticket();
    let mut changed = ALICE.person();
    changed.affiliations.iter_mut().for_each(|one| one.profile = Profile::SchoolLife);
    hub.put(changed).await;
    hub.clock.advance(4);
    let refused = browser.open(&other).await;
    assert_eq!((refused.answer.status.as_u16(), refused.some_ticket()), (403, None));
    assert_eq!(other.validate(&in_flight).await.user(), None, "nor for a ticket made before");
    assert!(!browser.visit("/").await.has_link("Notes"), "nor on the home page");
    assert!(browser.open(&hub.app("app")).await.some_ticket().is_some(), "other doors stay open");
}

async fn a_service_taken_away_closes_at_once(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let in_flight = browser.sign_in(&NOE).to(&app).await.ticket();
    hub.mount(app_service("app", "Cahier de textes", "https://app.example/cas/", &[Profile::Head]));
    let answer = browser.open(&app).await;
    assert_eq!((answer.answer.status.as_u16(), answer.some_ticket()), (403, None));
    assert_eq!(app.validate(&in_flight).await.user(), None);
}

/// It is a Monday, nine in the morning.
async fn a_window_that_closes_takes_tile_and_ticket(hub: TestHub) {
    let mut service = app_service("etude", "Étude", "https://etude.example/", &[Profile::Pupil]);
    let during = Window { hours: vec!["08:00-09:01".parse().expect("hours")], ..Window::default() };
    service.audience.allow[0].during = Some(Box::new(during));
    hub.mount(service);
    let (etude, mut browser) = (hub.app("etude"), hub.browser());
    let ticket = browser.sign_in(&NOE).to(&etude).await.ticket();
    assert_eq!(etude.validate(&ticket).await.user(), Some(NOE.login));
    hub.clock.advance(56);
    let in_flight = browser.open(&etude).await.ticket();
    assert!(browser.visit("/").await.has_link("Étude"));
    hub.clock.advance(4);
    assert_eq!(etude.validate(&in_flight).await.user(), None, "a ticket made before is worth nothing");
    assert!(!browser.visit("/").await.has_link("Étude"));
    let refused = browser.open(&etude).await;
    assert_eq!((refused.answer.status.as_u16(), refused.some_ticket()), (403, None));
    assert!(refused.answer.words().contains("de 8 h à 9 h 01"), "{}", refused.answer.words());
    assert!(browser.open(&hub.app("app")).await.some_ticket().is_some(), "the session goes on elsewhere");
}

async fn a_role_of_the_service_is_told_and_follows_its_rule(hub: TestHub) {
    let blog = |role| {
        let mut service = app_service("blog", "Blog", "https://blog.example/", &Profile::ALL);
        let to = vec![Population { profiles: vec![Profile::Teacher], ..Population::default() }];
        service.audience.roles = vec![RoleGrant { role, to }];
        let rule = ReleaseRule { name: "role".into(), copy: Some(Fact::Role), ..service.release[0].clone() };
        service.release.push(rule);
        hub.mount(service);
    };
    blog(Role::Moderateur);
    let (app, mut alice, mut noe) = (hub.app("blog"), hub.browser(), hub.browser());
    let ticket = alice.sign_in(&ALICE).to(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.attribute("role"), ["moderateur"]);
    let ticket = noe.sign_in(&NOE).to(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.attribute("role"), [""; 0], "a pupil has none");
    blog(Role::Redacteur);
    let ticket = alice.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.attribute("role"), ["redacteur"], "in the same session");
}

/// A service the academy offers, and the yes of the head of the collège to it, for pupils, for the day of the stories.
pub fn offered(hub: &TestHub) -> (MountedService, Opening) {
    let mut service = app_service("kiosque", "Kiosque", "https://kiosque.example/", &Profile::ALL);
    service.two_keys = true;
    hub.mount(service.clone());
    let opening = Opening {
        service: service.service.id.clone(),
        establishment: uai(COLLEGE),
        allow: vec![Population { profiles: vec![Profile::Pupil], ..Population::default() }],
        until: "2026-09-14".parse().expect("a day"),
        sheet: preau_web::second_key::sheet(&service),
        by: ALICE.person_id(),
        at: hub.hub.now(),
    };
    (service, opening)
}

async fn a_second_key_opens_one_school_for_whom_its_head_says(hub: TestHub) {
    let (_, opening) = offered(&hub);
    let (kiosque, mut browser) = (hub.app("kiosque"), hub.browser());
    let closed = browser.sign_in(&NOE).to(&kiosque).await;
    assert!(closed.some_ticket().is_none() && !browser.visit("/").await.has_link("Kiosque"));
    assert!(closed.answer.words().contains("n’a pas ouvert ce service"), "{}", closed.answer.words());
    preau_web::second_key::keep(&*hub.hub.store, &opening).await.expect("kept");
    assert!(hub.hub.take_registrations().await.expect("read"));
    let ticket = browser.open(&kiosque).await.ticket();
    assert_eq!(kiosque.validate(&ticket).await.user(), Some(NOE.login));
    assert!(browser.visit("/").await.has_link("Kiosque"));
    assert!(hub.browser().sign_in(&ALICE).to(&kiosque).await.some_ticket().is_none(), "not for teachers");
}

async fn a_second_key_is_for_the_sheet_that_was_read_and_until_a_day(hub: TestHub) {
    let (mut service, opening) = offered(&hub);
    preau_web::second_key::keep(&*hub.hub.store, &opening).await.expect("kept");
    assert!(hub.hub.take_registrations().await.expect("read"));
    let (kiosque, mut browser) = (hub.app("kiosque"), hub.browser());
    let in_flight = browser.sign_in(&NOE).to(&kiosque).await.ticket();
    service.release.pop();
    hub.mount(service.clone());
    assert_eq!(kiosque.validate(&in_flight).await.user(), None, "what it receives is not what was read");
    let refused = browser.open(&kiosque).await.answer.words();
    assert!(refused.contains("Ce que ce service reçoit a changé"), "{refused}");
    let again = Opening { sheet: preau_web::second_key::sheet(&service), ..opening };
    preau_web::second_key::keep(&*hub.hub.store, &again).await.expect("kept");
    assert!(hub.hub.take_registrations().await.expect("read"));
    assert!(browser.open(&kiosque).await.some_ticket().is_some(), "the head said yes again");
    hub.clock.advance(15 * 3600);
    assert!(browser.sign_in(&NOE).to(&kiosque).await.some_ticket().is_none(), "its last day is over");
}

/// More than two pages of what a server reads at a time.
async fn a_token_that_outlives_its_session_ends_with_the_yes_of_the_head(hub: TestHub) {
    let (_, opening) = offered(&hub);
    let rp = hub.rp_of(MountedService { two_keys: true, ..oidc_service("pad") }, |_| {});
    let say = async || {
        let sheet = hub.hub.services().get(&ServiceId::new("pad")).map(|pad| preau_web::second_key::sheet(pad));
        let (service, sheet) = (ServiceId::new("pad"), sheet.expect("it is mounted"));
        let yes = Opening { service, sheet, allow: vec![Population::default()], ..opening.clone() };
        preau_web::second_key::keep(&*hub.hub.store, &yes).await.expect("kept");
        hub.hub.take_registrations().await.expect("read");
    };
    let tokens = async || {
        let code = hub.browser().sign_in(&ALICE).through(&rp.url_with(&[("scope", "openid offline_access")])).await;
        let tokens = rp.redeem(&code.answer.code()).await;
        let again = rp.refresh(tokens.text("refresh_token")).await;
        assert_eq!(again.answer.status.as_u16(), 200, "control: {}", again.answer.body);
        again.text("refresh_token").to_owned()
    };
    say().await;
    let held = tokens().await;
    hub.amend("pad", |service| service.release.truncate(1));
    assert_eq!(rp.refresh(&held).await.error(), (400, "invalid_grant"), "the sheet is another one");
    say().await;
    let held = tokens().await;
    hub.hub.store.remove_registration(&Opening::name(&ServiceId::new("pad"), &uai(COLLEGE))).await.expect("closed");
    hub.hub.take_registrations().await.expect("read");
    assert_eq!(rp.refresh(&held).await.error(), (400, "invalid_grant"), "the head closed it");
}

async fn a_second_key_turns_on_every_node_however_many_there_are(hub: TestHub) {
    let (_, opening) = offered(&hub);
    let other = hub.node().await;
    offered(&other);
    let elsewhere = (0..4_100).map(|number| {
        let establishment = format!("{number:07}{}", Uai::key_letter(number)).parse().expect("an establishment");
        Opening { establishment, ..opening.clone() }
    });
    let all: Vec<Opening> = elsewhere.chain([opening.clone()]).collect();
    for some in all.chunks(500) {
        let kept = futures::future::join_all(some.iter().map(|one| preau_web::second_key::keep(&*hub.hub.store, one)));
        assert!(kept.await.iter().all(Result::is_ok));
    }
    let mut browser = other.browser();
    assert!(browser.sign_in(&NOE).to(&other.app("kiosque")).await.some_ticket().is_none(), "it has not looked yet");
    assert!(other.hub.take_registrations().await.expect("read"));
    assert!(!other.hub.take_registrations().await.expect("read"), "and again, when nothing changed");
    assert!(browser.open(&other.app("kiosque")).await.some_ticket().is_some());
    let name = Opening::name(&opening.service, &opening.establishment);
    assert!(hub.hub.store.remove_registration(&name).await.expect("written"));
    assert!(other.hub.take_registrations().await.expect("read"));
    assert!(browser.open(&other.app("kiosque")).await.some_ticket().is_none(), "taken back");
}

async fn a_second_key_is_for_what_leaves_by_saml_as_well(hub: TestHub) {
    let (_, opening) = offered(&hub);
    let mut service = saml_service("kiosque");
    service.two_keys = true;
    let sheet = preau_web::second_key::sheet(&service);
    preau_web::second_key::keep(&*hub.hub.store, &Opening { sheet, ..opening }).await.expect("kept");
    assert!(hub.hub.take_registrations().await.expect("read"));
    let sp = hub.sp_of(service.clone(), |_| {});
    let mut browser = hub.browser();
    let told = sp.told(&browser.sign_in(&NOE).through(&sp.url()).await.answer).await;
    assert_eq!(told.status(), "Success", "control");
    let name = WireName { name: "title".to_owned(), friendly: None, uri: false };
    let changes: [&dyn Fn(&mut SamlService); 3] = [
        &|saml| drop(saml.attributes.insert("title".to_owned(), name.clone())),
        &|saml| saml.nameid = NameIdKind::Email,
        &|saml| saml.entity_id = "https://elsewhere.example/saml".to_owned(),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let mut other = service.clone();
        change(other.saml.as_mut().expect("a service of SAML"));
        hub.mount(other);
        assert!(!browser.visit("/").await.has_link("kiosque"), "change {n}");
        hub.mount(service.clone());
        assert!(browser.visit("/").await.has_link("kiosque"), "as it was read, after change {n}");
    }
}

async fn a_level_above_closes_a_service_at_once_where_it_says(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let in_flight = browser.sign_in(&NOE).to(&app).await.ticket();
    let mut levels = Levels::default();
    let pupils = vec![Population { profiles: vec![Profile::Pupil], ..Population::default() }];
    let (level, at) = ("academy".to_owned(), Some(uai(COLLEGE)));
    levels.add(Narrowing { level, at, services: Vec::new(), only: Vec::new(), except: pupils });
    let table = || {
        let all = hub.hub.services().all().iter().map(|door| MountedService::clone(door)).collect();
        ServiceTable::new(all).expect("the services of the story")
    };
    hub.hub.set_services(table().under(Arc::new(levels)));
    assert_eq!(app.validate(&in_flight).await.user(), None);
    let refused = browser.open(&app).await.answer.words();
    assert!(refused.contains("réserve ce service à d’autres"), "{refused}");
    assert!(!browser.visit("/").await.body.contains("/open/app"));
    assert!(hub.browser().sign_in(&ALICE).to(&app).await.some_ticket().is_some(), "pupils alone");
    hub.hub.set_services(table());
    assert!(browser.open(&app).await.some_ticket().is_some(), "control");
}

async fn an_account_suspended_ends_its_session(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&NOE).to(&app).await.ticket();
    let source = SourceId::new(ANNUAIRE);
    assert_eq!(hub.hub.store.suspend_people(None, &source, &[NOE.key()]).await.expect("suspended"), 1);
    hub.clock.advance(4);
    assert!(browser.open(&app).await.some_ticket().is_none());
    let page = browser.visit("/").await;
    assert!(page.forms().iter().any(|form| form.value("public").is_some()), "asked who they are: {}", page.words());
    let again = browser.sign_in(&NOE).at_home().await.answer;
    assert_eq!(again.status, 422, "and not let in again: {}", again.words());
}

async fn a_ticket_in_flight_is_worth_nothing_after_suspension(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let ticket = browser.sign_in(&NOE).to(&app).await.ticket();
    let mut suspended = NOE.person();
    suspended.state = AccountState::Suspended;
    hub.put(suspended).await;
    hub.clock.advance(4);
    assert_eq!(app.validate(&ticket).await.user(), None);
    let control = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    assert_eq!(app.validate(&control).await.user(), Some(ALICE.login));
}

async fn a_service_hears_of_the_establishment_one_works_in(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let ticket = browser.sign_in(&ALICE).to(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.attribute("ENTPersonStructRattach"), [uai(COLLEGE).as_str()]);
    let home = browser.visit("/").await;
    let moved = browser.submit(&home.form_with("uai"), &[("uai", uai(LYCEE).as_str())]).await;
    assert_eq!((moved.status.as_u16(), moved.url.as_str()), (200, "/"));
    let ticket = browser.open(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.attribute("ENTPersonStructRattach"), [uai(LYCEE).as_str()]);
    let mut elsewhere = hub.browser();
    let ticket = elsewhere.sign_in(&ALICE).to(&app).await.ticket();
    let other = app.validate(&ticket).await;
    assert_eq!(other.attribute("ENTPersonStructRattach"), [uai(COLLEGE).as_str()], "another session stays where it is");
}

async fn a_switch_to_somebody_elses_establishment_is_refused(hub: TestHub) {
    let mut browser = hub.browser();
    let form = browser.sign_in(&ALICE).at_home().await.answer.form_with("uai");
    for stranger in [uai(990_003).to_string(), "0990002A".to_owned(), "x".repeat(200)] {
        let watch = hub.under_attack();
        let answer = browser.submit_once(&form, &[("uai", &stranger)]).await;
        assert_eq!(answer.status, 400, "{stranger}");
        watch.repelled(&answer).await;
    }
    let control = browser.submit(&form, &[("uai", uai(LYCEE).as_str())]).await;
    assert_eq!(control.status, 200);
}

async fn nobody_else_switches_my_establishment(hub: TestHub) {
    let (mut alice, mut colleague) = (hub.browser(), hub.browser());
    let mine = alice.sign_in(&ALICE).at_home().await.answer.form_with("uai");
    let theirs = colleague.sign_in(&ALICE).at_home().await.answer.form_with("uai");
    let watch = hub.under_attack();
    let answer = alice.submit_once(&theirs, &[("uai", uai(LYCEE).as_str())]).await;
    assert_eq!(answer.status, 403, "a form of another session");
    watch.repelled(&answer).await;
    let answer = alice.submit_once(&mine, &[("uai", uai(LYCEE).as_str())]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, Some("/")));
}

async fn a_person_without_establishment_sees_no_tile(hub: TestHub) {
    let mut alone = ALICE.person();
    alone.affiliations.clear();
    hub.put(alone).await;
    let mut browser = hub.browser();
    let home = browser.sign_in(&ALICE).at_home().await.answer;
    assert!(home.words().contains("rattaché à aucun établissement"), "{}", home.words());
    assert!(!home.has_link("Cahier de textes"));
    assert_eq!(browser.open(&hub.app("app")).await.answer.status, 403);
}
