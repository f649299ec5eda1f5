//! The end of a session, however it comes, is told to the services it reached; and no service can make the others wait.

use futures::future::BoxFuture;
use preau_connector_api::OidcService;
use preau_domain::chain::Entry;
use preau_domain::{AccountState, AuditKind, Instant, Profile};
use preau_flows::{ALICE, Answer, Browser, Listener, NOE, Role, TestHub, app_service, heard, saml_service, stories};
use preau_saml::names::binding;
use preau_store::Store;
use std::sync::Arc;

stories!(
    a_stopped_person_is_signed_out_of_services,
    a_session_that_expires_is_told,
    a_session_left_idle_is_told_at_the_limit,
    a_session_used_in_the_last_moment_goes_on,
    a_service_that_fails_is_told_again_and_not_for_ever,
    what_was_not_told_before_a_restart_is_told_after_it,
    a_flood_of_tickets_delays_nobody_else,
    a_service_is_told_many_things_at_once,
    signing_out_is_in_the_journal_under_its_number,
    the_sentence_names_whoever_has_not_answered,
    the_sentence_is_said_in_english_too,
    the_sentence_names_whoever_cannot_be_told,
    a_frame_does_not_wait_for_the_sentence,
    a_frame_does_not_wait_for_the_way_on,
    cas_leads_on_by_whoever_the_browser_alone_tells,
);

async fn a_stopped_person_is_signed_out_of_services(hub: TestHub) {
    let mut listener = Listener::start().await;
    let service = hub.mount_at("one", &listener);
    let (mut browser, mut other) = (hub.browser(), hub.browser());
    let ticket = browser.sign_in(&ALICE).to(&service).await.ticket();
    other.sign_in(&NOE).to(&service).await.ticket();
    let mut stopped = ALICE.person();
    stopped.state = AccountState::Suspended;
    hub.put(stopped).await;
    assert_eq!(hub.hub.end_expired_sessions(10).await.expect("the store answers"), 1, "hers, and not the other's");
    assert!(listener.next().await.field("logoutRequest").contains(&ticket));
    assert!(listener.heard_nothing());
    assert_eq!(last_end(&hub, &ALICE).await, "account-stopped");
}

/// Why the latest session of somebody ended, as the journal says it.
async fn last_end(hub: &TestHub, who: &Role) -> String {
    hub.hub.store.flush_audit().await.expect("the journal is kept");
    let events = hub.hub.store.audit_about(&who.person_id(), Instant(0), 100).await.expect("read");
    let mut ends = events.into_iter().filter(|event| event.kind == AuditKind::SignedOut);
    ends.next().expect("one ended").detail
}

async fn a_session_that_expires_is_told(hub: TestHub) {
    let mut listener = Listener::start().await;
    let service = hub.mount_at("one", &listener);
    let ticket = hub.browser().sign_in(&ALICE).to(&service).await.ticket();
    assert_eq!(hub.hub.end_expired_sessions(10).await.expect("the store answers"), 0, "it still lives");
    hub.clock.advance(hub.hub.config.session.absolute_seconds);
    assert_eq!(hub.hub.end_expired_sessions(10).await.expect("the store answers"), 1);
    assert!(listener.next().await.field("logoutRequest").contains(&ticket));
    assert_eq!(last_end(&hub, &ALICE).await, "expired");
}

async fn a_session_left_idle_is_told_at_the_limit(hub: TestHub) {
    let mut listener = Listener::start().await;
    let service = hub.mount_at("one", &listener);
    let (mut left, mut used) = (hub.browser(), hub.browser());
    let ticket = left.sign_in(&ALICE).to(&service).await.ticket();
    used.sign_in(&NOE).to(&service).await.ticket();
    hub.clock.advance(hub.hub.config.session.idle_seconds);
    used.get("/").await;
    assert_eq!(hub.hub.end_expired_sessions(10).await.expect("the store answers"), 0, "not yet");
    hub.clock.advance(1);
    assert_eq!(hub.hub.end_expired_sessions(10).await.expect("the store answers"), 1, "hers, and not the other's");
    assert!(listener.next().await.field("logoutRequest").contains(&ticket));
    assert_eq!(used.get("/").await.status.as_u16(), 200);
}

async fn a_session_used_in_the_last_moment_goes_on(hub: TestHub) {
    for quicker in [false, true] {
        let mut browser = hub.browser();
        browser.sign_in(&ALICE).at_home().await;
        hub.clock.advance(hub.hub.config.session.idle_seconds + 1);
        if quicker {
            // Another request of the same browser, between the look at the session and its end.
            let secret = browser.cookie("__Host-preau").expect("a session").to_owned();
            let (id, now) = (preau_keys::session_id(&secret), hub.hub.now());
            let used = move |store: Arc<dyn Store>| {
                Box::pin(async move { store.touch_session(&id, now).await.expect("it is there") }) as BoxFuture<'_, ()>
            };
            hub.faults.meanwhile("session", Box::new(used));
        }
        let page = browser.get("/").await;
        assert_eq!(page.status.as_u16() == 200, quicker, "{} {:?}", page.status, page.location());
    }
}

const FAILS: &str = "HTTP/1.1 503 Later\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

async fn a_service_that_fails_is_told_again_and_not_for_ever(hub: TestHub) {
    let mut listener = Listener::answering(FAILS).await;
    let service = hub.mount_at("one", &listener);
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&service).await.ticket();
    browser.sign_out().await;
    for wait in [0, 2, 15, 60, 5 * 60, 20 * 60] {
        hub.clock.advance(wait);
        assert!(listener.next().await.field("logoutRequest").contains(&ticket), "after {wait} seconds");
    }
    // The next one waits until the service is done with the one before.
    let next = browser.sign_in(&ALICE).to(&service).await.ticket();
    browser.sign_out().await;
    assert!(listener.next().await.field("logoutRequest").contains(&next));
    assert!(hub.log.lines().iter().any(|line| line.contains("was not told of a logout")));
    hub.hub.store.flush_audit().await.expect("the journal is kept");
    let entries = hub.hub.store.audit_entries(i64::MIN, 100).await.expect("the journal is read");
    let given_up: Vec<_> = entries.iter().filter(|entry| entry.kind == "logout-given-up").collect();
    assert!(matches!(&given_up[..], [one] if one.service.as_deref() == Some("one")), "{given_up:?}");
    let ended = |entry: &&Entry| entry.kind == "signed-out" && entry.session == given_up[0].session;
    let ended = entries.iter().find(ended).expect("that session ended");
    assert_eq!(given_up[0].correlation, ended.correlation, "under the number that the person could quote");
}

async fn what_was_not_told_before_a_restart_is_told_after_it(hub: TestHub) {
    let mut listener = Listener::start().await;
    let service = hub.mount_at("one", &listener);
    let ticket = hub.browser().sign_in(&ALICE).to(&service).await.ticket();
    // What a process leaves that was killed between its commit and the call.
    hub.hub.store.end_sessions_of(&ALICE.person_id(), hub.hub.now()).await.expect("the store answers");
    let _again = hub.again().await;
    assert!(listener.next().await.field("logoutRequest").contains(&ticket));
}

async fn a_flood_of_tickets_delays_nobody_else(hub: TestHub) {
    let (silent, mut good) = (Listener::mute().await, Listener::start().await);
    let (hanging, service) = (hub.mount_at("hanging", &silent), hub.mount_at("good", &good));
    let mut flood = hub.browser();
    flood.sign_in(&NOE).to(&hanging).await.ticket();
    for _ in 0..200 {
        flood.open(&hanging).await.ticket();
    }
    flood.sign_out().await;
    let mut browser = hub.browser();
    let ticket = browser.sign_in(&ALICE).to(&service).await.ticket();
    let began = std::time::Instant::now();
    browser.sign_out().await;
    assert!(good.next().await.field("logoutRequest").contains(&ticket));
    assert!(began.elapsed().as_secs() < 2, "{:?}", began.elapsed());
}

async fn a_service_is_told_many_things_at_once(hub: TestHub) {
    let mut silent = Listener::mute().await;
    let service = hub.mount_at("silent", &silent);
    let mut browser = hub.browser();
    browser.sign_in(&NOE).to(&service).await.ticket();
    for _ in 0..20 {
        browser.open(&service).await.ticket();
    }
    let began = std::time::Instant::now();
    browser.sign_out().await;
    for _ in 0..16 {
        silent.next().await;
    }
    assert!(began.elapsed().as_secs() < 4, "none of the calls is over: {:?}", began.elapsed());
}

async fn signing_out_is_in_the_journal_under_its_number(hub: TestHub) {
    let (app, mut browser) = (hub.app("app"), hub.browser());
    browser.sign_in(&ALICE).to(&app).await.ticket();
    let goodbye = browser.sign_out().await;
    let journal = hub.journal(goodbye.incident()).await;
    let [event] = &journal[..] else { panic!("{journal:?}") };
    assert_eq!(event.kind.as_str(), "signed-out");
    assert_eq!(event.person, Some(ALICE.person_id()));
}

async fn the_sentence_names_whoever_has_not_answered(hub: TestHub) {
    let (good, silent, failing) = (Listener::start().await, Listener::mute().await, Listener::answering(FAILS).await);
    let ends = "Votre session est terminée";
    for (down, sentence) in [
        (vec![], format!("{ends} : tout est fermé, et le service que vous aviez ouvert en est averti.")),
        (vec![("muet", &silent)], format!("{ends}, mais muet n’a pas encore répondu : fermez votre navigateur")),
        (
            vec![("muet", &silent), ("panne", &failing)],
            format!("{ends}, mais ces services n’ont pas encore répondu : muet, panne. Fermez votre navigateur"),
        ),
    ] {
        let mut browser = hub.browser();
        let service = hub.mount_at("bon", &good);
        browser.sign_in(&ALICE).to(&service).await.ticket();
        for (name, listener) in down {
            browser.open(&hub.mount_at(name, listener)).await.ticket();
        }
        let goodbye = browser.sign_out().await;
        assert!(goodbye.words().contains(&sentence), "{sentence}: {}", goodbye.words());
        assert!(browser.visit("/").await.words().contains("Enseignant ou personnel"), "it is over all the same");
    }
}

async fn the_sentence_is_said_in_english_too(hub: TestHub) {
    let silent = Listener::mute().await;
    let mut browser = hub.browser().saying("accept-language", "en");
    browser.sign_in(&ALICE).to(&hub.mount_at("mute", &silent)).await.ticket();
    let goodbye = browser.sign_out().await;
    assert!(goodbye.words().contains("mute (en) has not answered yet: close your browser"), "{}", goodbye.words());
}

async fn the_sentence_names_whoever_cannot_be_told(hub: TestHub) {
    let listener = Listener::start().await;
    let good = hub.mount_at("bon", &listener);
    let mut deaf = app_service("sourd", "Sourd", "https://sourd.example/", &Profile::ALL);
    deaf.cas.as_mut().expect("CAS").single_logout = false;
    hub.mount(deaf);
    let rp = hub.rp_with("rp", |oidc| (oidc.backchannel_logout_uri, oidc.frontchannel_logout_uri) = (None, None));
    for (opened, sentence) in [
        (vec![hub.app("sourd").login_url()], "mais Sourd ne se ferme pas d’ici : quittez-le aussi"),
        (vec![hub.app("sourd").login_url(), rp.url()], "ces services ne se ferment pas d’ici : "),
        (vec![], "tout est fermé, et le service que vous aviez ouvert en est averti."),
    ] {
        let mut browser = hub.browser();
        browser.sign_in(&ALICE).to(&good).await.ticket();
        for address in opened {
            assert!(browser.visit(&address).await.location().is_some(), "{address} opens");
        }
        let goodbye = browser.sign_out().await;
        assert!(goodbye.words().contains(sentence), "{sentence}: {}", goodbye.words());
    }
}

/// Signs in, opens a service that hears by a frame and one that never answers, and signs out: what the browser has at once, and what
/// it reads when it is known who has heard.
async fn in_two_parts(hub: &TestHub, browser: &mut Browser) -> (String, Answer) {
    let front = |oidc: &mut OidcService| oidc.frontchannel_logout_uri = Some("https://rp.example/front".into());
    browser.visit(&hub.rp_with("rp", front).url()).await.code();
    let goodbye = browser.sign_out().await;
    let [begins, _] = &goodbye.parts[..] else { panic!("{:?}", goodbye.parts) };
    assert!(begins.contains("<iframe src=\"https://rp.example/front?"), "{begins}");
    assert!(goodbye.header("content-security-policy").contains("frame-src https://rp.example"));
    assert_eq!(goodbye.header("x-accel-buffering"), "no", "a proxy passes the first part on");
    assert!(!browser.signed_in(), "it is over before anybody answers");
    let once = |what: &str| goodbye.body.matches(what).count() == 1;
    assert!(once("<iframe") && once("</h1>") && once("</html>"), "one page: {}", goodbye.body);
    (begins.clone(), goodbye)
}

async fn a_frame_does_not_wait_for_the_sentence(hub: TestHub) {
    let (silent, good) = (Listener::mute().await, Listener::start().await);
    for (name, listener, sentence) in [
        ("muet", &silent, "sont peut-être encore ouverts : muet, rp. Quittez-les aussi"),
        ("bon", &good, "mais rp, que seul votre navigateur prévient, ne dit pas s’il a fermé la sienne"),
    ] {
        let mut browser = hub.browser();
        browser.sign_in(&ALICE).to(&hub.mount_at(name, listener)).await.ticket();
        let (begins, goodbye) = in_two_parts(&hub, &mut browser).await;
        assert!(!begins.contains("role=\"status\""), "nothing is said before it is known: {begins}");
        assert!(goodbye.words().contains(sentence), "{}", goodbye.words());
    }
}

async fn a_frame_does_not_wait_for_the_way_on(hub: TestHub) {
    let silent = Listener::mute().await;
    let sp =
        hub.sp_of(saml_service("sp"), |sp| sp.slo = vec![heard(binding::POST, "https://sp.example/saml/slo".into())]);
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).to(&hub.mount_at("muet", &silent)).await.ticket();
    assert_eq!(sp.told(&browser.get(&sp.url()).await).await.status(), "Success");
    let front = |oidc: &mut OidcService| oidc.frontchannel_logout_uri = Some("https://rp.example/front".into());
    browser.visit(&hub.rp_with("rp", front).url()).await.code();
    let began = std::time::Instant::now();
    let goodbye = browser.sign_out().await;
    assert!(goodbye.body.contains("<iframe src=\"https://rp.example/front?") && goodbye.body.contains("data-leave"));
    assert!(began.elapsed().as_millis() < 1_000, "nobody is waited for: {:?}", began.elapsed());
    let onward = goodbye.links().into_iter().find(|(_, to)| to.starts_with("/saml/slo/round?at=")).expect("a way on");
    assert_eq!(browser.get(&onward.1).await.form_with("SAMLRequest").action, "https://sp.example/saml/slo");
}

/// `/cas/logout` with a service, which is a redirect where everybody is told without the browser.
async fn cas_leads_on_by_whoever_the_browser_alone_tells(hub: TestHub) {
    let listener = Listener::start().await;
    let front = |oidc: &mut OidcService| oidc.frontchannel_logout_uri = Some("https://rp.example/front".into());
    for (opened, frame) in [
        (hub.rp_with("rp", front).url(), Some("<iframe src=\"https://rp.example/front?")),
        (hub.sp("sp").url(), Some("<iframe src=\"https://sp.example/saml/slo?")),
        (hub.rp_at("back", &listener).url(), None),
    ] {
        let mut browser = hub.browser();
        browser.sign_in(&ALICE).to(&hub.app("app")).await.ticket();
        browser.visit(&opened).await;
        let page = browser.get("/cas/logout?service=https%3A%2F%2Fapp.example%2Fcas%2F").await;
        assert!(!browser.signed_in(), "it is over before anybody is told");
        match frame {
            Some(frame) => assert!(page.body.contains(frame), "{frame}: {:?} {}", page.location(), page.body),
            None => assert_eq!(page.location(), Some("https://app.example/cas/"), "control: at once"),
        }
        let leads_on = page.links().iter().any(|(_, to)| to == "https://app.example/cas/");
        assert_eq!(leads_on, frame.is_some(), "{}", page.words());
    }
}
