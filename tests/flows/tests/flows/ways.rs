//! One number for one way: from a browser's arrival at a door, through every page and another provider, to the call of the
//! application. It is the incident number a person reads, and nobody from outside chooses it.

use crate::upstream::{come_back, leave_from};
use preau_domain::{AuditKind, ServiceId};
use preau_flows::{ALICE, Answer, Browser, CasApp, LYCEE, NOE, Provider, TestHub, saml_service, stories, uai};
use preau_saml::messages::AuthnRequest;
use preau_saml::metadata::Indexed;
use preau_saml::names::binding;

stories!(
    a_ticket_ends_the_way_it_began,
    a_code_ends_the_way_it_began,
    an_artifact_ends_the_way_it_began,
    a_round_with_another_provider_is_part_of_the_way,
    a_refused_person_reads_the_number_of_their_arrival,
    a_tile_begins_the_way_that_its_service_goes_on_with,
    each_opening_of_a_tile_is_a_way_of_its_own,
    a_tile_without_a_session_begins_at_the_tile,
    nobody_from_outside_chooses_a_number,
    a_tile_of_another_service_or_session_begins_nothing,
    each_door_says_the_same_of_what_it_opened,
);

/// What the journal holds of a way, in order.
async fn told(hub: &TestHub, way: &str) -> Vec<&'static str> {
    hub.journal(way).await.iter().map(|event| event.kind.as_str()).collect()
}

/// Whether every line that was logged since is of that way.
fn all_lines_are_of(hub: &TestHub, since: usize, way: &str) {
    let lines = hub.log.lines().split_off(since);
    let numbered: Vec<&String> = lines.iter().filter(|line| line.contains("\"correlation\":\"")).collect();
    assert!(!numbered.is_empty(), "something was logged");
    for line in numbered {
        let numbers = line.split("\"correlation\":\"").skip(1).filter_map(|rest| rest.split('"').next());
        assert!(numbers.clone().all(|number| number == way), "{way}: {line}");
    }
}

/// Somebody types a wrong password, then the right one; every answer bears the number of the way.
async fn proves(hub: &TestHub, browser: &mut Browser, at: &Answer, way: &str) -> Answer {
    let page = browser.password_page(at.location().expect("the way to sign in"), &ALICE).await;
    let wrong = browser.try_password(&page, ALICE.login, "presque-le-bon-mot").await;
    hub.clock.advance(5);
    let right = browser.try_password(&wrong, ALICE.login, ALICE.password).await;
    for answer in [&page, &wrong, &right] {
        assert_eq!(answer.incident(), way, "{}", answer.url);
    }
    right
}

/// Redeems a ticket; which number the application is answered.
async fn number_of_validation(app: &CasApp, ticket: &str) -> String {
    let asked = [("service", app.service.as_str()), ("ticket", ticket)];
    app.ask("p3/serviceValidate", &asked).await.incident().to_owned()
}

fn ticket_of(answer: &Answer) -> String {
    let to = answer.location().unwrap_or_else(|| panic!("{} {}", answer.status, answer.words()));
    to.split_once("ticket=").expect("a ticket").1.to_owned()
}

async fn a_ticket_ends_the_way_it_began(hub: TestHub) {
    let (app, mut browser, since) = (hub.app("app"), hub.browser(), hub.log.lines().len());
    let door = browser.get(&app.login_url()).await;
    let ticket = ticket_of(&proves(&hub, &mut browser, &door, door.incident()).await);
    assert_eq!(number_of_validation(&app, &ticket).await, door.incident());
    all_lines_are_of(&hub, since, door.incident());
    let way = ["sign-in-refused", "sign-in-succeeded", "service-opened", "attributes-released"];
    assert_eq!(told(&hub, door.incident()).await, way);
    let spent = number_of_validation(&app, &ticket).await;
    assert_ne!(spent, door.incident(), "what is not known any more belongs to no way");
    assert_eq!(told(&hub, &spent).await, ["request-refused"]);
    let again = browser.get(&app.login_url()).await;
    assert_ne!(again.incident(), door.incident(), "a new arrival is a new way");
    assert_eq!(number_of_validation(&app, &ticket_of(&again)).await, again.incident());
    let late = browser.get(&app.login_url()).await;
    hub.clock.advance(40);
    assert_eq!(number_of_validation(&app, &ticket_of(&late)).await, late.incident(), "refused, and known all the same");
}

async fn a_code_ends_the_way_it_began(hub: TestHub) {
    let (rp, mut browser, since) = (hub.rp("rp"), hub.browser(), hub.log.lines().len());
    let door = browser.get(&rp.url_with(&[("scope", "openid profile")])).await;
    let code = proves(&hub, &mut browser, &door, door.incident()).await.code();
    let tokens = rp.redeem(&code).await;
    let answers = [tokens.answer.clone(), rp.userinfo(tokens.access()).await.answer];
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), answer.incident()), (200, door.incident()), "{}", answer.url);
    }
    all_lines_are_of(&hub, since, door.incident());
    let way = ["sign-in-refused", "sign-in-succeeded", "service-opened", "attributes-released", "attributes-released"];
    assert_eq!(told(&hub, door.incident()).await, way);
    let unknown = rp.redeem("0123456789abcdefghjkmnpqrstvwxyz").await.answer;
    assert!(unknown.status == 400 && unknown.incident() != door.incident(), "{}", unknown.body);
}

/// The request comes by a form of another site, which is a detour more.
async fn an_artifact_ends_the_way_it_began(hub: TestHub) {
    let location = "https://sp.example/saml/artifact".to_owned();
    let by_ticket = Indexed { index: 2, default: None, binding: binding::ARTIFACT.to_owned(), location };
    let sp = hub.sp_of(saml_service("sp"), |sp| sp.acs.push(by_ticket));
    let request = AuthnRequest { acs_index: Some(2), ..sp.request() };
    let (mut browser, since) = (hub.browser(), hub.log.lines().len());
    let door = browser.submit_once(&sp.form_of(&request, None), &[]).await;
    let answer = proves(&hub, &mut browser, &door, door.incident()).await;
    let asked = sp.resolve(&sp.artifact(&answer).0);
    let message = sp.signed_resolve(&asked, &sp.key);
    let fetched = hub.soap("/saml/artifact", &message).await;
    assert!(sp.resolved(&asked, &fetched).await.is_some(), "{}", fetched.body);
    assert_eq!(fetched.incident(), door.incident());
    all_lines_are_of(&hub, since, door.incident());
    let way = ["sign-in-refused", "sign-in-succeeded", "service-opened", "attributes-released"];
    assert_eq!(told(&hub, door.incident()).await, way);
    let spent = hub.soap("/saml/artifact", &message).await;
    assert_ne!(spent.incident(), door.incident(), "what is spent belongs to no way");
}

async fn a_round_with_another_provider_is_part_of_the_way(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let door = browser.get(&app.login_url()).await;
    let trip = leave_from(&hub, &mut browser, door.location().expect("the way to sign in")).await;
    let lie = provider.sign("k2", "JWT", &provider.claims(&hub, &trip));
    let refused = come_back(&provider, &mut browser, &trip, &lie).await;
    assert!(refused.status.is_client_error() && refused.words().contains(door.incident()), "{}", refused.words());
    let trip = leave_from(&hub, &mut browser, door.location().expect("the way to sign in")).await;
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    let back = come_back(&provider, &mut browser, &trip, &token).await;
    assert_eq!(back.incident(), door.incident());
    assert_eq!(number_of_validation(&app, &ticket_of(&back)).await, door.incident());
    let mut way = told(&hub, door.incident()).await;
    way.sort_unstable();
    let all = ["account-linked", "attributes-released", "service-opened", "sign-in-refused", "sign-in-succeeded"];
    assert_eq!(way, all);
}

async fn a_refused_person_reads_the_number_of_their_arrival(hub: TestHub) {
    let mut browser = hub.browser();
    let door = browser.get(&hub.app("other").login_url()).await;
    let page = browser.password_page(door.location().expect("the way to sign in"), &NOE).await;
    let refused = browser.try_password(&page, NOE.login, NOE.password).await;
    assert_eq!((refused.status.as_u16(), refused.incident()), (403, door.incident()));
    assert!(refused.words().contains(door.incident()), "{}", refused.words());
    assert_eq!(told(&hub, door.incident()).await, ["sign-in-succeeded", "service-refused"]);
}

async fn a_tile_begins_the_way_that_its_service_goes_on_with(hub: TestHub) {
    let (app, rp, mut browser) = (hub.app("app"), hub.rp("rp"), hub.browser());
    browser.sign_in(&ALICE).at_home().await;
    let tile = browser.open_tile("Cahier de textes").await;
    let arrival = browser.open(&app).await;
    assert_eq!(arrival.answer.incident(), tile.incident());
    assert_eq!(number_of_validation(&app, &arrival.ticket()).await, tile.incident());
    assert_eq!(told(&hub, tile.incident()).await, ["tile-opened", "service-opened", "attributes-released"]);
    let tile = browser.get("/open/rp").await;
    let answer = browser.get(&rp.url()).await;
    assert_eq!(rp.redeem(&answer.code()).await.answer.incident(), tile.incident());
    assert_eq!(told(&hub, tile.incident()).await, ["tile-opened", "service-opened", "attributes-released"]);
    hub.sp("sp");
    let tile = browser.get("/open/sp").await;
    assert_eq!(told(&hub, tile.incident()).await, ["tile-opened", "service-opened", "attributes-released"]);
}

async fn each_opening_of_a_tile_is_a_way_of_its_own(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    hub.sp("sp");
    browser.sign_in(&ALICE).at_home().await;
    for tile in ["/open/app", "/open/sp"] {
        let (once, again) = (browser.get(tile).await, browser.get(tile).await);
        assert_ne!(once.incident(), again.incident(), "{tile}");
    }
    let tile = browser.get("/open/app").await;
    assert_eq!(browser.open(&app).await.answer.incident(), tile.incident(), "control");
    assert_ne!(browser.open(&app).await.answer.incident(), tile.incident(), "who comes again has not opened it again");
    let tile = browser.get("/open/app").await;
    let proof = browser.get(&format!("{}&renew=true", app.login_url())).await;
    assert_eq!(proof.incident(), tile.incident(), "who is to prove it again comes from the tile all the same");
}

async fn a_tile_without_a_session_begins_at_the_tile(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    let tile = browser.get("/open/app").await;
    let arrived = proves(&hub, &mut browser, &tile, tile.incident()).await;
    let opened = browser.get(arrived.location().expect("the tile again")).await;
    assert_eq!((opened.location(), opened.incident()), (Some("https://app.example/cas/"), tile.incident()));
    let ticket = browser.open(&app).await.ticket();
    assert_eq!(number_of_validation(&app, &ticket).await, tile.incident());
    let way = ["sign-in-refused", "sign-in-succeeded", "tile-opened", "service-opened", "attributes-released"];
    assert_eq!(told(&hub, tile.incident()).await, way);
}

async fn nobody_from_outside_chooses_a_number(hub: TestHub) {
    let app = hub.app("app");
    let mut browser = hub.browser().saying("x-correlation-id", "mine").saying("traceparent", "00-mine-mine-01");
    let arrival = browser.sign_in(&ALICE).to(&app).await;
    assert_ne!(arrival.answer.incident(), "mine");
    let tile = browser.open_tile("Cahier de textes").await;
    let cookie = browser.cookie("__Host-preau-tile").expect("the tile is known for a minute").to_owned();
    for forged in ["mine", "mine.", &cookie.replace(tile.incident(), "mine"), &format!("{}.AAAA", tile.incident())] {
        browser.plant("__Host-preau-tile", forged);
        let number = browser.open(&app).await.answer.incident().to_owned();
        assert!(number != "mine" && number != tile.incident(), "{forged}");
    }
    browser.plant("__Host-preau-tile", &cookie);
    assert_eq!(browser.open(&app).await.answer.incident(), tile.incident(), "what we wrote ourselves is believed");
    assert!(hub.journal("mine").await.is_empty());
}

async fn a_tile_of_another_service_or_session_begins_nothing(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&ALICE).at_home().await;
    let tile = browser.open_tile("Cahier de textes").await;
    assert_ne!(browser.open(&hub.app("other")).await.answer.incident(), tile.incident(), "another service");
    let cookie = browser.cookie("__Host-preau-tile").expect("the tile is known for a minute").to_owned();
    let mut other = hub.browser();
    other.sign_in(&NOE).at_home().await;
    other.plant("__Host-preau-tile", &cookie);
    assert_ne!(other.open(&app).await.answer.incident(), tile.incident(), "another session");
    assert_eq!(browser.open(&app).await.answer.incident(), tile.incident(), "and the one it is of");
    assert_eq!(told(&hub, tile.incident()).await, ["tile-opened", "service-opened"]);
}

/// By whom, in which session, by which rule, and from an establishment that is not the one they work in; the tile before it too.
async fn each_door_says_the_same_of_what_it_opened(hub: TestHub) {
    let (app, rp, sp, mut alice) = (hub.app("app"), hub.rp("rp"), hub.sp("sp"), hub.browser());
    for id in ["app", "rp", "sp"] {
        hub.amend(id, |service| service.audience.allow[0].establishments = vec![uai(LYCEE)]);
    }
    alice.sign_in(&ALICE).at_home().await;
    let session = preau_keys::session_id(alice.cookie("__Host-preau").expect("a session"));
    for (id, door, kind) in [
        ("app", app.login_url(), AuditKind::ServiceOpened),
        ("rp", rp.url(), AuditKind::ServiceOpened),
        ("sp", sp.url(), AuditKind::ServiceOpened),
        ("app", "/open/app".to_owned(), AuditKind::TileOpened),
    ] {
        let answer = alice.get(&door).await;
        let journal = hub.journal(answer.incident()).await;
        let opened = journal.first().unwrap_or_else(|| panic!("{door}: {}", answer.words()));
        assert!(opened.kind == kind && !opened.detail.is_empty(), "{opened:?}");
        assert_eq!((&opened.person, &opened.session), (&Some(ALICE.person_id()), &Some(session.clone())));
        assert_eq!((&opened.service, &opened.establishment), (&Some(ServiceId::new(id)), &Some(uai(LYCEE))));
    }
}
