//! What a service answers when it is told that a session is over, and what the person reads of it.

use preau_domain::Profile;
use preau_flows::{ALICE, BASE, Browser, Heard, Listener, TestHub, app_service, stories};
use preau_keys::xml::Document;
use preau_saml::messages::{LogoutRequest, LogoutResponse, Status, soap};
use preau_saml::names::status;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

stories!(
    a_service_of_cas_closed_its_session_if_it_says_so,
    a_service_of_openid_connect_closed_its_session_if_it_says_so,
    a_service_of_saml_closed_its_session_if_its_answer_says_so,
    a_service_that_asks_for_patience_is_told_again,
    a_service_that_refused_is_told_once_and_the_journal_says_so,
    the_sentence_names_every_service_that_may_be_open,
    the_page_is_asked_for_again_and_says_what_is_known_then,
);

const CLOSED: &str = "tout est fermé, et le service que vous aviez ouvert en est averti.";
const REFUSED: &str = "un n’a pas fermé la sienne : quittez-le aussi, ou fermez votre navigateur.";
const SILENT: &str = "un n’a pas encore répondu";

/// An answer without a body.
fn answer(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\nlocation: /ailleurs\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

/// Somebody who opened that address and signs out reads this.
async fn reads(hub: &TestHub, address: &str, sentence: &str, why: &str) {
    let mut browser = hub.browser();
    let opened = browser.sign_in(&ALICE).through(address).await.answer;
    assert!(opened.location().is_some() || opened.body.contains("SAMLResponse"), "{why}: it opens");
    let words = browser.sign_out().await.words();
    assert!(words.contains(sentence), "{why}: {words}");
}

async fn a_service_of_cas_closed_its_session_if_it_says_so(hub: TestHub) {
    for (status, sentence) in [
        ("200 OK", CLOSED),
        ("204 No Content", CLOSED),
        ("400 Bad Request", REFUSED),
        ("403 Forbidden", REFUSED),
        ("404 Not Found", REFUSED),
        ("302 Found", REFUSED),
        ("503 Later", SILENT),
    ] {
        let listener = Listener::saying(move |_| answer(status)).await;
        reads(&hub, &hub.mount_at("un", &listener).login_url(), sentence, status).await;
    }
    for (to, sentence) in [
        (format!("{BASE}/cas/login?service=http%3A%2F%2Fun%2F"), CLOSED),
        (format!("{BASE}/cas/loginx"), REFUSED),
        (format!("{BASE}.evil.test/cas/login"), REFUSED),
    ] {
        let away = answer("302 Found").replace("/ailleurs", &to);
        let listener = Listener::saying(move |_| away.clone()).await;
        reads(&hub, &hub.mount_at("un", &listener).login_url(), sentence, &to).await;
    }
}

async fn a_service_of_openid_connect_closed_its_session_if_it_says_so(hub: TestHub) {
    for (status, sentence) in [
        ("200 OK", CLOSED),
        ("204 No Content", CLOSED),
        ("400 Bad Request", REFUSED),
        ("401 Unauthorized", REFUSED),
        ("501 Not Implemented", SILENT),
    ] {
        let listener = Listener::saying(move |_| answer(status)).await;
        reads(&hub, &hub.rp_at("un", &listener).url(), sentence, status).await;
    }
}

/// What a service of SAML says to a request to end a session, in an envelope.
fn saml_answer(heard: &Heard, status: &Status, change: fn(&mut LogoutResponse)) -> String {
    let document = Document::parse(heard.body.as_bytes()).expect("an envelope is XML");
    let request = LogoutRequest::read(soap::open(&document, &[]).expect("a message").unverified()).expect("a request");
    let mut response = LogoutResponse {
        id: "_answer".to_owned(),
        in_response_to: Some(request.id),
        issue_instant: request.issue_instant,
        destination: None,
        issuer: Some("https://un.example/saml/metadata".to_owned()),
        status: status.clone(),
    };
    change(&mut response);
    let body = soap::envelope(&response.write());
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

async fn a_service_of_saml_closed_its_session_if_its_answer_says_so(hub: TestHub) {
    let whole = |_: &mut LogoutResponse| ();
    let not_ours = |said: &mut LogoutResponse| said.in_response_to = Some("_something-else".to_owned());
    let to_nothing = |said: &mut LogoutResponse| said.in_response_to = None;
    let foreign = |said: &mut LogoutResponse| said.issuer = Some("https://evil.test/".to_owned());
    let partly = Status { sub: Some(status::PARTIAL_LOGOUT.to_owned()), ..Status::success() };
    let refused = |code| Status { code: String::from(code), ..Status::success() };
    let stranger = Status::failure(status::RESPONDER, status::UNKNOWN_PRINCIPAL);
    type Change = fn(&mut LogoutResponse);
    let all: [(Status, Change, &str); 8] = [
        (Status::success(), whole, CLOSED),
        (stranger, whole, CLOSED),
        (partly, whole, REFUSED),
        (refused(status::REQUESTER), whole, REFUSED),
        (refused(status::RESPONDER), whole, REFUSED),
        (Status::success(), not_ours, REFUSED),
        (Status::success(), to_nothing, REFUSED),
        (Status::success(), foreign, REFUSED),
    ];
    for (number, (status, change, sentence)) in all.into_iter().enumerate() {
        let why = format!("{number}: {status:?}");
        let listener = Listener::saying(move |heard| saml_answer(heard, &status, change)).await;
        reads(&hub, &hub.sp_at("un", &listener).url(), sentence, &why).await;
    }
    let (nothing, fault) = (Listener::start().await, Listener::saying(|_| answer("500 Fault")).await);
    reads(&hub, &hub.sp_at("un", &nothing).url(), REFUSED, "no answer in it").await;
    reads(&hub, &hub.sp_at("un", &fault).url(), SILENT, "a fault of SOAP").await;
}

async fn a_service_that_asks_for_patience_is_told_again(hub: TestHub) {
    for status in ["408 Request Timeout", "425 Too Early", "429 Too Many Requests"] {
        let mut listener = Listener::saying(move |_| answer(status)).await;
        let ticket = hub.browser().sign_in(&ALICE).to(&hub.mount_at("un", &listener)).await.ticket();
        hub.hub.store.end_sessions_of(&ALICE.person_id(), hub.hub.now()).await.expect("the store answers");
        assert!(listener.next().await.field("logoutRequest").contains(&ticket), "{status}");
        hub.clock.advance(2);
        assert!(listener.next().await.field("logoutRequest").contains(&ticket), "{status}");
    }
}

async fn a_service_that_refused_is_told_once_and_the_journal_says_so(hub: TestHub) {
    let mut listener = Listener::saying(|_| answer("400 Bad Request")).await;
    let (service, mut browser) = (hub.mount_at("un", &listener), hub.browser());
    for turn in 1..=2 {
        let ticket = browser.sign_in(&ALICE).to(&service).await.ticket();
        browser.sign_out().await;
        // Of two turns the second one hears of the second session alone.
        assert!(listener.next().await.field("logoutRequest").contains(&ticket), "turn {turn}");
        hub.clock.advance(3_600);
    }
    hub.hub.store.flush_audit().await.expect("the journal is kept");
    let entries = hub.hub.store.audit_entries(i64::MIN, 100).await.expect("the journal is read");
    let refused: Vec<_> = entries.iter().filter(|entry| entry.kind == "logout-refused").collect();
    assert!(matches!(&refused[..], [one, _] if one.service.as_deref() == Some("un")), "{refused:?}");
    let ended = entries.iter().find(|entry| entry.kind == "signed-out").expect("a session ended");
    assert_eq!(refused[0].session, ended.session);
    assert_eq!(refused[0].correlation, ended.correlation, "under the number that the person could quote");
}

/// Signed in, with a service that refuses and one that cannot be told.
async fn two_stay_open(hub: &TestHub, refusing: &Listener) -> Browser {
    let mut deaf = app_service("sourd", "Sourd", "https://sourd.example/", &Profile::ALL);
    deaf.cas.as_mut().expect("CAS").single_logout = false;
    hub.mount(deaf);
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).to(&hub.mount_at("un", refusing)).await.ticket();
    browser.open(&hub.app("sourd")).await.ticket();
    browser
}

async fn the_sentence_names_every_service_that_may_be_open(hub: TestHub) {
    let refusing = Listener::saying(|_| answer("400 Bad Request")).await;
    let words = two_stay_open(&hub, &refusing).await.sign_out().await.words();
    assert!(
        words.contains("mais ces services sont peut-être encore ouverts : un, Sourd. Quittez-les aussi"),
        "{words}"
    );
}

async fn the_page_is_asked_for_again_and_says_what_is_known_then(hub: TestHub) {
    let closed = Arc::new(AtomicBool::new(false));
    let says = Arc::clone(&closed);
    let listener = Listener::saying(move |_| answer(if says.load(Relaxed) { "200 OK" } else { "503 Later" })).await;
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).to(&hub.mount_at("un", &listener)).await.ticket();
    let home = browser.visit("/").await;
    let answer = browser.submit_once(&home.form_to("/sign-out"), &[]).await;
    let to = answer.location().expect("a page that can be asked for again").to_owned();
    assert!(answer.status == 303 && to.len() == "/signed-out?end=".len() + 32, "{to}: nothing of a person in it");
    let first = browser.get(&to).await;
    assert!(first.words().contains(SILENT), "{}", first.words());
    assert_eq!(first.incident(), answer.incident(), "under the number of the sign-out");
    closed.store(true, Relaxed);
    hub.clock.advance(2);
    hub.hub.store.flush_audit().await.expect("the journal is kept");
    let mut again = browser.get(&to).await;
    for _ in 0..5 {
        again = if again.words().contains(SILENT) { browser.get(&to).await } else { again };
    }
    assert!(again.words().contains(CLOSED), "{}", again.words());
    assert!(browser.get(&format!("{to}&lang=en")).await.words().contains("everything is closed"));
    hub.clock.advance(600);
    let later = browser.get(&format!("{to}&lang=fr")).await.words();
    assert!(later.contains("Votre session est terminée ici.") && !later.contains("tout est fermé"), "{later}");
}
