//! What becomes of somebody's factors: who guesses, what their removal ends, what their owner reads, and for whom they are.

use crate::upstream::come_in;
use preau_authenticator::Said;
use preau_domain::{FactorKind, Population, Profile, Seconds};
use preau_flows::{ALICE, Answer, Browser, GAELLE, NOE, Provider, Role, TestHub, authenticator, code_of, stories};
use serde_json::json;

stories!(
    guessing_codes_stops_and_keeps_the_owner_out_of_nothing,
    codes_on_paper_that_a_thief_types_hold_no_right_one_off,
    removing_a_factor_ends_what_applications_do_while_nobody_is_there,
    a_step_up_keeps_the_way_out_of_the_other_provider,
    whoever_stopped_at_the_second_factor_is_shown_to_the_owner,
    passkeys_are_for_whom_the_configuration_says,
    a_passkey_is_recommended_to_staff_who_have_none,
    a_remembered_device_is_not_asked_where_the_service_says_so,
    a_remembered_device_is_one_persons_and_one_passwords,
    a_remembered_device_ends_with_a_password_of_the_directory,
    a_copy_made_before_a_device_was_remembered_is_not,
    two_people_are_remembered_on_one_device,
    a_password_typed_on_a_remembered_device_begins_a_session,
    devices_are_remembered_in_place_of_those_that_are_over,
    everybody_takes_away_what_is_known_of_them,
);

const TWO_FACTORS: &str = "https://refeds.org/profile/mfa";
const ASKED: &str = "Confirmez que c’est bien vous";

/// The secret of an application of Alice, and the page of her codes on paper.
async fn equipped(hub: &TestHub) -> (Browser, String, Answer) {
    let mut alice = hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let page = alice.get("/account/codes/new").await;
    let (_, rest) = page.body.split_once("<code>").expect("a secret is shown");
    let secret = rest.split('<').next().unwrap_or_default().replace(' ', "");
    let shown = code_of(&secret, hub.hub.now());
    let paper = alice.submit_once(&page.form_with("code"), &[("code", &shown), ("name", "Téléphone")]).await;
    assert_eq!(paper.status, 200, "{}", paper.words());
    hub.clock.advance(60);
    (alice, secret, paper)
}

fn insisting(hub: &TestHub) -> String {
    let claims = json!({ "id_token": { "acr": { "essential": true, "value": TWO_FACTORS } } });
    hub.rp("rp").url_with(&[("claims", &claims.to_string())])
}

/// A page that asks Alice for a second factor.
async fn half(hub: &TestHub, browser: &mut Browser) -> Answer {
    let page = browser.sign_in(&ALICE).through(&insisting(hub)).await.answer;
    assert!(page.words().contains(ASKED), "{}", page.words());
    page
}

/// Somebody who has the password types wrong codes as often as they may.
async fn guess(hub: &TestHub, thief: &mut Browser, times: usize) {
    for _ in 0..times {
        let page = half(hub, thief).await;
        let answer = thief.submit_once(&page.form_with("code"), &[("code", "000000")]).await;
        assert_eq!(answer.status, 422, "{}", answer.words());
        hub.clock.advance(601);
    }
}

/// The first code of a sheet.
fn first_on(paper: &Answer) -> String {
    let words = paper.words();
    let code = words.split_whitespace().find(|word| word.len() == 14 && word.matches('-').count() == 2);
    code.expect("a code on paper").to_owned()
}

async fn guessing_codes_stops_and_keeps_the_owner_out_of_nothing(hub: TestHub) {
    let (_, secret, paper) = equipped(&hub).await;
    let (mut known, mut thief) = (hub.browser(), hub.browser());
    let page = half(&hub, &mut known).await;
    let now = || code_of(&secret, hub.hub.now());
    known.submit_once(&page.form_with("code"), &[("code", &now())]).await.code();
    guess(&hub, &mut thief, 100).await;
    let page = half(&hub, &mut thief).await;
    let stopped = thief.submit_once(&page.form_with("code"), &[("code", &now())]).await;
    assert!(!thief.signed_in() && stopped.words().contains("Trop de codes faux"), "{}", stopped.words());
    known.forget("__Host-preau");
    let page = half(&hub, &mut known).await;
    known.submit_once(&page.form_with("code"), &[("code", &now())]).await.code();
    assert!(known.signed_in(), "on her own device she comes in");
    let mut new = hub.browser();
    let page = half(&hub, &mut new).await;
    let typed = first_on(&paper).replace('0', "o").replace('1', "l");
    new.submit_once(&page.form_with("code"), &[("code", &typed)]).await.code();
    assert!(new.signed_in(), "and with a code on paper anywhere");
}

async fn codes_on_paper_that_a_thief_types_hold_no_right_one_off(hub: TestHub) {
    let (_, _, paper) = equipped(&hub).await;
    let (mut thief, mut owner) = (hub.browser(), hub.browser());
    let theirs = half(&hub, &mut thief).await.form_with("code");
    let own = half(&hub, &mut owner).await.form_with("code");
    let mut told = Vec::new();
    for _ in 0..25 {
        told.push(thief.submit_once(&theirs, &[("code", "aaaa-bbbb-cccc")]).await.status.as_u16());
        hub.clock.advance(1);
    }
    assert!(told[0] == 422 && told[24] == 429 && !thief.signed_in(), "control: {told:?}");
    owner.submit_once(&own, &[("code", &first_on(&paper))]).await.code();
    assert!(owner.signed_in());
    assert_eq!(thief.submit_once(&theirs, &[("code", &first_on(&paper))]).await.status, 422, "it is spent");
}

async fn removing_a_factor_ends_what_applications_do_while_nobody_is_there(hub: TestHub) {
    let (mut alice, mut device) = (hub.browser(), authenticator());
    alice.sign_in(&ALICE).at_home().await;
    alice.add_passkey(&mut device, &Said::default()).await;
    let page = alice.visit("/account/passkeys/new").await;
    alice.prove_passkey(&page, &mut device, &Said::default()).await;
    alice.add_passkey(&mut authenticator(), &Said::default()).await;
    let rp = hub.rp("rp");
    let code = alice.get(&rp.url_with(&[("scope", "openid offline_access")])).await.code();
    let first = rp.redeem(&code).await;
    let second = rp.refresh(first.text("refresh_token")).await;
    assert_eq!(second.answer.status, 200, "control");
    let account = alice.get("/account").await;
    let removed = alice.submit_once(&account.form_to("/factors/remove"), &[]).await;
    assert_eq!(removed.location(), Some("/account"), "{}", removed.words());
    assert_eq!(rp.refresh(second.text("refresh_token")).await.error(), (400, "invalid_grant"));
}

async fn a_step_up_keeps_the_way_out_of_the_other_provider(hub: TestHub) {
    let mut device = authenticator();
    let mut maker = hub.browser();
    maker.sign_in(&ALICE).at_home().await;
    maker.add_passkey(&mut device, &Said::default()).await;
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "logout = true").await;
    let mut alice = hub.browser();
    come_in(&hub, &provider, &mut alice, |_| {}).await;
    let page = alice.visit(&insisting(&hub)).await;
    assert!(!alice.prove_passkey(&page, &mut device, &Said::default()).await.code().is_empty());
    let goodbye = alice.sign_out().await;
    let way = goodbye.link("Se déconnecter aussi : Guichet de l’académie").expect("a way out there");
    assert!(way.contains("id_token_hint=ey"), "{way}");
}

async fn whoever_stopped_at_the_second_factor_is_shown_to_the_owner(hub: TestHub) {
    let (mut alice, secret, _) = equipped(&hub).await;
    let read = "Quelqu’un a essayé d’entrer";
    let mut own = hub.browser();
    let page = half(&hub, &mut own).await;
    own.submit_once(&page.form_with("code"), &[("code", &code_of(&secret, hub.hub.now()))]).await.code();
    hub.hub.store.flush_audit().await.expect("it is written");
    assert!(!alice.get("/account").await.words().contains(read), "her own way in is none of it");
    half(&hub, &mut hub.browser()).await;
    hub.hub.store.flush_audit().await.expect("it is written");
    let account = alice.get("/account").await;
    assert!(account.words().contains(read) && account.words().contains("le second facteur n’a pas suivi"));
    let mut noe = hub.browser();
    noe.sign_in(&NOE).at_home().await;
    assert!(!noe.get("/account").await.words().contains(read));
}

async fn passkeys_are_for_whom_the_configuration_says(hub: TestHub) {
    let hub = hub.again_with(|setup| setup.config.passkeys_for = vec!["staff".to_owned()]).await;
    let (mut alice, mut noe) = (hub.browser(), hub.browser());
    alice.sign_in(&ALICE).at_home().await;
    noe.sign_in(&NOE).at_home().await;
    let page = alice.get("/account/passkeys/new").await;
    assert!(
        alice.get("/account").await.has_link("Ajouter une clé d’accès") && page.passkey_asked().is_some(),
        "control"
    );
    assert!(!noe.get("/account").await.has_link("Ajouter une clé d’accès"));
    assert_eq!(noe.get("/account/passkeys/new").await.status, 404);
    let codes = noe.get("/account/codes/new").await.form_with("code");
    let made = authenticator().create(&page.passkey_asked().expect("it asks"), &Said::default());
    let fields = [("token", codes.value("token").expect("a token")), ("answer", &made), ("name", "x")];
    assert_eq!(noe.submit_once(&page.form_with("answer"), &fields).await.status, 404);
    assert_eq!(hub.hub.store.factors_of(&NOE.person_id()).await.expect("they are read"), []);
}

async fn a_passkey_is_recommended_to_staff_who_have_none(hub: TestHub) {
    let (mut alice, mut noe, nudge) = (hub.browser(), hub.browser(), "Plus simple qu’un mot de passe");
    alice.sign_in(&ALICE).at_home().await;
    noe.sign_in(&NOE).at_home().await;
    assert!(alice.get("/").await.words().contains(nudge), "a teacher after a password");
    assert!(!noe.get("/").await.words().contains(nudge), "not a pupil");
    hub.clock.advance(16 * 60);
    assert!(!alice.get("/").await.words().contains(nudge), "not for the whole day");
    let mut again = hub.browser();
    again.sign_in(&ALICE).at_home().await;
    again.add_passkey(&mut authenticator(), &Said::default()).await;
    assert!(!again.get("/").await.words().contains(nudge), "not who has one, whatever they came in with");
}

/// The same house, which remembers devices for thirty days, and a service whose rule asks teachers for two factors.
async fn remembering(hub: &TestHub) -> TestHub {
    let hub = hub.again_with(|setup| setup.config.remember_factor_days = 30).await;
    let teachers = Population { profiles: vec![Profile::Teacher, Profile::Guest], ..Population::default() };
    for (service, remembered) in [("app", true), ("other", false)] {
        hub.amend(service, |service| {
            service.audience.two_factors = vec![teachers.clone()];
            service.audience.remembered = remembered;
        });
    }
    hub
}

async fn a_remembered_device_is_not_asked_where_the_service_says_so(hub: TestHub) {
    let (_, secret, _) = equipped(&hub).await;
    let hub = remembering(&hub).await;
    let (app, other, mut alice) = (hub.app("app"), hub.app("other"), hub.browser());
    let page = alice.sign_in(&ALICE).to(&app).await.answer;
    let typed = [("code", &*code_of(&secret, hub.hub.now())), ("remember", "1")];
    alice.submit_once(&page.form_with("code"), &typed).await;
    for (days, asked) in [(0, false), (29, false), (2, true)] {
        hub.clock.advance(days * 86_400);
        alice.forget("__Host-preau");
        let arrival = alice.sign_in(&ALICE).to(&app).await;
        assert_eq!(arrival.some_ticket().is_none(), asked, "after {days} more days: {}", arrival.answer.words());
    }
    hub.clock.advance(60);
    let page = alice.visit(&app.login_url()).await;
    alice.submit_once(&page.form_with("code"), &[("code", &*code_of(&secret, hub.hub.now())), ("remember", "1")]).await;
    alice.forget("__Host-preau");
    assert!(alice.sign_in(&ALICE).to(&app).await.some_ticket().is_some(), "control");
    assert!(alice.visit(&other.login_url()).await.words().contains(ASKED), "the other service wants it each time");
    assert!(alice.visit("/account/passkeys/new").await.words().contains(ASKED), "and so does whatever changes factors");
    let rp = hub.rp("rp");
    let code = alice.get(&rp.url()).await.code();
    let claims = rp.claims(rp.redeem(&code).await.text("id_token")).await;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("password"), &json!(["pwd"])), "it is told as what it is");
    assert!(alice.visit(&insisting(&hub)).await.words().contains(ASKED));
    let account = alice.get("/account").await;
    assert!(account.words().contains("le second facteur n’est pas redemandé"), "{}", account.words());
}

async fn a_remembered_device_is_one_persons_and_one_passwords(hub: TestHub) {
    let hub = remembering(&hub).await;
    let app = hub.app("app");
    let (mut browser, mut device) = (hub.browser(), authenticator());
    browser.sign_in(&GAELLE).at_home().await;
    browser.add_passkey(&mut device, &Said::default()).await;
    let page = browser.visit(&app.login_url()).await;
    assert!(page.words().contains(ASKED), "{}", page.words());
    let answer = device.get(&page.passkey_asked().expect("it asks"), &Said::default());
    browser.submit_once(&page.form_with("answer"), &[("answer", &answer), ("remember", "1")]).await;
    let comes_in = async |browser: &mut Browser| {
        browser.forget("__Host-preau");
        browser.sign_in(&GAELLE).to(&app).await.some_ticket().is_some()
    };
    assert!(comes_in(&mut browser).await, "control");
    assert!(!comes_in(&mut hub.browser()).await, "another device");
    let mut alice = browser.clone();
    alice.forget("__Host-preau");
    assert!(alice.sign_in(&ALICE).to(&app).await.some_ticket().is_none(), "another person on the same device");
    let hash = hub.hub.passwords.hash(GAELLE.password).await.expect("it is hashed");
    hub.hub.store.set_password_hash(&GAELLE.person_id(), &hash).await.expect("it is replaced");
    assert!(!comes_in(&mut browser).await, "a new password ends it, be it the same word");
    let page = browser.visit(&app.login_url()).await;
    let answer = device.get(&page.passkey_asked().expect("it asks"), &Said::default());
    browser.submit_once(&page.form_with("answer"), &[("answer", &answer), ("remember", "1")]).await;
    assert!(comes_in(&mut browser).await, "until it is remembered again");
    assert_eq!(devices_of(&hub, &GAELLE).await, 1, "in place of what it was under the former one");
}

/// How many devices are remembered of somebody.
async fn devices_of(hub: &TestHub, who: &Role) -> usize {
    let factors = hub.hub.store.factors_of(&who.person_id()).await.expect("they are read");
    factors.iter().filter(|factor| factor.kind == FactorKind::RememberedDevice).count()
}

/// Lets Alice in at the door of a service that wants two factors, on a browser that is remembered from then on.
async fn remembered(hub: &TestHub, browser: &mut Browser, secret: &str) {
    hub.clock.advance(60);
    browser.forget("__Host-preau");
    let page = browser.sign_in(&ALICE).to(&hub.app("app")).await.answer;
    let typed = [("code", &*code_of(secret, hub.hub.now())), ("remember", "1")];
    browser.submit_once(&page.form_with("code"), &typed).await;
    assert!(browser.signed_in());
}

async fn a_remembered_device_ends_with_a_password_of_the_directory(hub: TestHub) {
    let (_, secret, _) = equipped(&hub).await;
    let hub = remembering(&hub).await;
    let (app, mut alice) = (hub.app("app"), hub.browser());
    let comes_in = async |browser: &mut Browser| {
        browser.forget("__Host-preau");
        browser.sign_in(&ALICE).to(&app).await.some_ticket().is_some()
    };
    hub.directory.passwords_set_at("pwdChangedTime=20260901080000Z");
    remembered(&hub, &mut alice, &secret).await;
    assert!(comes_in(&mut alice).await, "control");
    hub.directory.passwords_set_at("pwdChangedTime=20260902080000Z");
    assert!(!comes_in(&mut alice).await, "another password, be it the same word");
    remembered(&hub, &mut alice, &secret).await;
    assert!(comes_in(&mut alice).await, "until it is remembered again");
    assert_eq!(devices_of(&hub, &ALICE).await, 1, "in place of what it was under the former one");
}

/// A shared machine: what somebody took from it before is worth what it was, and so is the device to its owner.
async fn a_copy_made_before_a_device_was_remembered_is_not(hub: TestHub) {
    let (_, secret, _) = equipped(&hub).await;
    let hub = remembering(&hub).await;
    let (app, mut alice, mut thief) = (hub.app("app"), hub.browser(), hub.browser());
    alice.sign_in(&ALICE).at_home().await;
    thief.plant("__Host-preau-device", alice.cookie("__Host-preau-device").expect("a device"));
    remembered(&hub, &mut alice, &secret).await;
    let comes_in = async |browser: &mut Browser| {
        browser.forget("__Host-preau");
        browser.sign_in(&ALICE).to(&app).await.some_ticket().is_some()
    };
    assert!(comes_in(&mut alice).await, "control: where she wished so");
    assert!(!comes_in(&mut thief).await, "a password and a copy from before");
    let mut stranger = hub.browser();
    let page = stranger.password_page("/", &ALICE).await;
    assert_eq!(stranger.try_password(&page, ALICE.login, "presque-le-bon").await.status, 422);
    assert_eq!(stranger.try_password(&page, ALICE.login, ALICE.password).await.status, 429, "control");
    assert!(comes_in(&mut alice).await, "strangers hold her off as little as before");
}

async fn two_people_are_remembered_on_one_device(hub: TestHub) {
    let (_, secret, _) = equipped(&hub).await;
    let hub = remembering(&hub).await;
    let (app, mut shared, mut device) = (hub.app("app"), hub.browser(), authenticator());
    shared.sign_in(&GAELLE).at_home().await;
    shared.add_passkey(&mut device, &Said::default()).await;
    let page = shared.visit(&app.login_url()).await;
    let answer = device.get(&page.passkey_asked().expect("it asks"), &Said::default());
    shared.submit_once(&page.form_with("answer"), &[("answer", &answer), ("remember", "1")]).await;
    for _ in 0..4 {
        hub.clock.advance(60);
        shared.forget("__Host-preau");
        let page = half(&hub, &mut shared).await;
        let typed = [("code", &*code_of(&secret, hub.hub.now())), ("remember", "1")];
        shared.submit_once(&page.form_with("code"), &typed).await.code();
    }
    assert_eq!(devices_of(&hub, &ALICE).await, 1, "each time in place of the time before");
    for who in [&GAELLE, &ALICE] {
        shared.forget("__Host-preau");
        let arrival = shared.sign_in(who).to(&app).await;
        assert!(arrival.some_ticket().is_some(), "{}: {}", who.login, arrival.answer.words());
    }
    assert!(hub.browser().sign_in(&ALICE).to(&app).await.some_ticket().is_none(), "control: another device");
}

async fn a_password_typed_on_a_remembered_device_begins_a_session(hub: TestHub) {
    let (_, secret, _) = equipped(&hub).await;
    let hub = remembering(&hub).await;
    let mut alice = hub.browser();
    remembered(&hub, &mut alice, &secret).await;
    hub.clock.advance(3_600);
    let page = alice.visit(&hub.app("app").login_with(&[("renew", "true")])).await;
    let page = alice.choose(&page, &ALICE).await;
    let arrival = alice.try_password(&page, ALICE.login, ALICE.password).await;
    assert!(arrival.location().is_some_and(|to| to.contains("ticket=")), "{}", arrival.words());
    let ends = hub.hub.now() + Seconds(hub.hub.config.session.absolute_seconds);
    let sessions = hub.hub.store.sessions_of(&ALICE.person_id(), hub.hub.now()).await.expect("they are read");
    assert!(sessions.iter().any(|session| session.expires == ends), "a whole life, from now on: {sessions:?}");
}

async fn devices_are_remembered_in_place_of_those_that_are_over(hub: TestHub) {
    let (mut account, secret, _) = equipped(&hub).await;
    let hub = remembering(&hub).await;
    let mut alice = hub.browser();
    remembered(&hub, &mut alice, &secret).await;
    for _ in 0..20 {
        remembered(&hub, &mut hub.browser(), &secret).await;
    }
    let mut last = hub.browser();
    remembered(&hub, &mut last, &secret).await;
    last.forget("__Host-preau");
    assert!(last.sign_in(&ALICE).to(&hub.app("app")).await.some_ticket().is_some(), "the latest is remembered");
    assert_eq!(devices_of(&hub, &ALICE).await, 20);
    hub.clock.advance(31 * 86_400);
    account.sign_in(&ALICE).at_home().await;
    assert!(!account.get("/account").await.words().contains("n’est pas redemandé"), "what is over is not shown");
    remembered(&hub, &mut alice, &secret).await;
    assert_eq!(devices_of(&hub, &ALICE).await, 1, "and goes when another is added");
}

async fn everybody_takes_away_what_is_known_of_them(hub: TestHub) {
    let (mut alice, secret, _) = equipped(&hub).await;
    let app = hub.app("app");
    let ticket = alice.open(&app).await.ticket();
    app.validate(&ticket).await;
    hub.hub.store.flush_audit().await.expect("it is written");
    let page = alice.visit("/account/data").await;
    assert!(page.words().contains(ASKED), "a session that was found open gives nothing: {}", page.words());
    let back = alice.submit_once(&page.form_with("code"), &[("code", &code_of(&secret, hub.hub.now()))]).await;
    assert_eq!(back.location(), Some("/account/data"), "{}", back.words());
    let given = alice.get("/account/data").await;
    let data: serde_json::Value = serde_json::from_str(&given.body).expect("a document");
    assert_eq!((given.status.as_u16(), &data["account"]["login"]), (200, &json!(ALICE.login)));
    assert!(given.header("content-disposition").starts_with("attachment"));
    let received = |event: &serde_json::Value| event["service"] == "app" && event["what"] == "attributes-released";
    assert!(data["journal"].as_array().expect("a journal").iter().any(received), "{}", given.body);
    assert!(!given.body.contains(&secret) && !given.body.contains(ALICE.password), "no secret");
    let theirs = [NOE.login, NOE.id];
    assert!(theirs.iter().all(|one| !given.body.contains(one)), "nothing of anybody else");
}
