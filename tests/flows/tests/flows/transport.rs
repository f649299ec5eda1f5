//! The outermost layer: hosts, methods, unknown addresses, headers, and what every page carries.

use http::Method;
use preau_flows::{ALICE, Answer, Browser, NOE, TestHub, stories};

stories!(
    another_host_is_not_ours,
    a_forwarded_host_is_not_believed,
    an_unknown_address_is_a_page,
    a_wrong_method_is_a_page,
    machines_are_answered_in_json,
    an_address_too_long_is_refused,
    a_cookie_sent_twice_is_not_believed,
    every_page_carries_every_protection,
    after_a_form_comes_a_303,
    the_address_of_a_form_leads_on,
    a_fault_is_read_in_the_other_language,
    every_answer_has_its_incident_number,
);

async fn another_host_is_not_ours(hub: TestHub) {
    let evil = ["evil.test", "ent.example.evil.test", "ent.example:8443", "ent.example@evil.test", "", "ent.example."];
    for host in evil {
        let watch = hub.under_attack();
        let answer = hub.browser().send(Method::GET, "/", &[("host", host)], None).await;
        assert_eq!(answer.status, 421, "{host:?}");
        assert!(!answer.body.contains("evil.test"), "the page does not repeat it");
        watch.repelled(&answer).await;
    }
    let watch = hub.under_attack();
    let answer = hub.browser().send(Method::GET, "/", &[("host", "ent.example"), ("host", "evil.test")], None).await;
    assert_eq!(answer.status, 421, "two hosts");
    watch.repelled(&answer).await;
    let control = hub.browser().send(Method::GET, "/", &[("host", "ENT.example")], None).await;
    assert_eq!(control.status, 303);
}

async fn a_forwarded_host_is_not_believed(hub: TestHub) {
    for name in ["x-forwarded-host", "x-host", "x-forwarded-server", "x-original-url", "forwarded", "x-forwarded-proto"]
    {
        let mut browser = hub.browser().saying(name, "host=evil.test");
        let watch = hub.under_attack();
        let answer = browser.get("/").await;
        watch.ignored(&answer).await;
        let page = browser.visit("/").await;
        assert!(page.status.is_success() && !page.body.contains("evil.test"), "{name}");
        assert!(browser.sign_in(&ALICE).to(&hub.app("app")).await.some_ticket().is_some(), "{name}");
    }
}

async fn an_unknown_address_is_a_page(hub: TestHub) {
    for target in
        ["/nothing", "/sign-in", "/cas", "/open/", "/open/unknown", "/.env", "/..%2f..%2fetc/passwd", "//evil.test/"]
    {
        let watch = hub.under_attack();
        let answer = hub.browser().sign_in_nowhere(target).await;
        assert_eq!(answer.status, 404, "{target}");
        assert!(answer.is_html() && answer.words().contains(answer.incident()), "{target}: {}", answer.words());
        watch.ignored(&answer).await;
    }
}

/// A name for what the story above does: asking without any session.
trait Asks {
    async fn sign_in_nowhere(&mut self, target: &str) -> Answer;
}

impl Asks for Browser {
    async fn sign_in_nowhere(&mut self, target: &str) -> Answer {
        self.get(target).await
    }
}

async fn a_wrong_method_is_a_page(hub: TestHub) {
    for (method, target) in [
        (Method::POST, "/"),
        (Method::DELETE, "/"),
        (Method::PUT, "/sign-out"),
        (Method::DELETE, "/establishment"),
        (Method::PUT, "/open/app"),
        (Method::TRACE, "/"),
        (Method::CONNECT, "/"),
        (Method::OPTIONS, "/sign-out"),
        (Method::from_bytes(b"INVENTED").expect("a token"), "/"),
    ] {
        let watch = hub.under_attack();
        let answer = hub.browser().send(method.clone(), target, &[], None).await;
        assert_eq!(answer.status, 405, "{method} {target}");
        assert!(answer.is_html() && answer.words().contains(answer.incident()), "{method} {target}");
        watch.ignored(&answer).await;
    }
}

async fn machines_are_answered_in_json(hub: TestHub) {
    let answer = hub.browser().saying("accept", "application/json").get("/nothing").await;
    assert_eq!(answer.status, 404);
    let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(body["error"], "not-found");
    assert_eq!(body["incident"], answer.incident());
    assert!(hub.browser().saying("accept", "text/html,application/json").get("/nothing").await.is_html());
}

async fn an_address_too_long_is_refused(hub: TestHub) {
    for length in [17 * 1024, 60 * 1024] {
        let watch = hub.under_attack();
        let answer = hub.browser().get(&format!("/?q={}", "a".repeat(length))).await;
        assert_eq!(answer.status, 413, "{length}");
        watch.repelled(&answer).await;
    }
    assert_eq!(hub.browser().get(&format!("/?q={}", "a".repeat(1000))).await.status, 303, "the control");
}

async fn a_cookie_sent_twice_is_not_believed(hub: TestHub) {
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let mine = browser.cookie("__Host-preau").unwrap_or_default().to_owned();
    let twice = format!("__Host-preau={mine}; __Host-preau=0123456789abcdefghjkmnpqrstvwxyz");
    let answer = hub.browser().send(Method::GET, "/", &[("cookie", &twice)], None).await;
    assert_eq!(answer.status, 303, "a session one cannot be sure of is none");
    let long = format!("__Host-preau={}", "a".repeat(8000));
    let answer = hub.browser().send(Method::GET, "/", &[("cookie", &long)], None).await;
    assert_eq!(answer.status, 303);
    let control = hub.browser().send(Method::GET, "/", &[("cookie", &format!("__Host-preau={mine}"))], None).await;
    assert!(control.words().contains("Alice Martin"));
}

/// Every kind of page a browser can meet.
async fn pages(hub: &TestHub) -> Vec<Answer> {
    let (mut browser, mut pupil) = (hub.browser(), hub.browser());
    let choose = browser.visit("/").await;
    let password = browser.choose(&choose, &ALICE).await;
    let wrong = browser.try_password(&password, ALICE.login, "mauvais-mot-de-passe").await;
    let wait = browser.try_password(&password, ALICE.login, "mauvais-mot-de-passe").await;
    let refused = pupil.sign_in(&NOE).to(&hub.app("other")).await.answer;
    let home = pupil.visit("/").await;
    let accessibility = pupil.visit("/accessibility").await;
    let (missing, method) = (pupil.get("/nothing").await, pupil.send(Method::PUT, "/sign-out", &[], None).await);
    let elsewhere = pupil.send(Method::GET, "/", &[("host", "evil.test")], None).await;
    let unknown = pupil.get("/cas/login?service=https://evil.test/").await;
    let goodbye = pupil.sign_out().await;
    vec![choose, password, wrong, wait, refused, home, accessibility, missing, method, elsewhere, unknown, goodbye]
}

/// Whether an element carries script as an attribute, such as `onclick="…"`. Words of a sentence are none.
fn handles_an_event(page: &str) -> bool {
    page.split(" on").skip(1).any(|after| after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with('='))
}

async fn every_page_carries_every_protection(hub: TestHub) {
    for page in pages(&hub).await {
        let (at, header) = (format!("{} {}", page.status, page.url), |name: &str| page.header(name).to_owned());
        assert!(page.is_html(), "{at}");
        let policy = header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
            assert!(policy.contains(part) && !policy.contains("unsafe"), "{at}: {policy}");
        }
        assert_eq!(header("x-frame-options"), "DENY", "{at}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{at}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{at}");
        assert_eq!(header("cache-control"), "no-store", "{at}");
        assert_eq!(header("strict-transport-security"), "max-age=31536000", "{at}");
        assert!(header("server").is_empty() && header("x-powered-by").is_empty(), "{at}");
        let scripts = page.body.matches("<script").count();
        assert_eq!(scripts, page.body.matches("<script src=\"/").count(), "{at}: a script in the page");
        assert!(!page.body.contains(" style=") && !handles_an_event(&page.body), "{at}: style or script in the page");
    }
}

async fn after_a_form_comes_a_303(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let page = browser.submit_once(&page.form_with("public"), &[("public", "staff")]).await;
    let entered = browser.try_password(&page, ALICE.login, ALICE.password).await;
    let home = browser.visit("/").await;
    let moved = browser.submit_once(&home.form_with("uai"), &[]).await;
    for answer in [entered, moved] {
        assert_eq!(answer.status, 303, "{}: 307 or 308 would repeat the form elsewhere", answer.url);
    }
    let to_service = browser.get(&hub.app("app").login_url()).await;
    assert_eq!(to_service.status, 303);
}

async fn every_answer_has_its_incident_number(hub: TestHub) {
    let mut numbers: Vec<String> = pages(&hub).await.iter().map(|page| page.incident().to_owned()).collect();
    assert!(numbers.iter().all(|number| number.len() == 13), "{numbers:?}");
    assert_eq!(numbers[0], numbers[1], "who one is and the password are one way");
    let way = numbers[0].clone();
    numbers.retain(|number| *number != way);
    let count = numbers.len();
    numbers.sort();
    numbers.dedup();
    assert!(numbers.len() == count && count > 6, "each other way its own: {numbers:?}");
}

/// A telephone opens its tabs again, with the address of the form it sent last.
async fn the_address_of_a_form_leads_on(hub: TestHub) {
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    let step = page.url.split('?').next().unwrap_or_default().to_owned();
    let path = step.split_once("ent.example").map_or(step.as_str(), |(_, path)| path).to_owned();
    let again = browser.get(&format!("{path}/password")).await;
    assert_eq!((again.status.as_u16(), again.location()), (303, Some(path.as_str())));
    assert_eq!(browser.try_password(&page, ALICE.login, ALICE.password).await.status, 303);
    for form in [format!("{path}/password"), "/sign-out".to_owned(), "/establishment".to_owned()] {
        let again = browser.get(&form).await;
        assert_eq!((again.status.as_u16(), again.location()), (303, Some("/")), "{form}");
    }
    assert_eq!(browser.get(&path).await.location(), Some("/"), "nor is who goes back told of an error");
    assert_eq!(browser.get("/").await.status, 200, "nothing of this ended the session");
    assert_eq!(hub.browser().get(&path).await.status, 400, "control: whoever is not signed in is");
}

async fn a_fault_is_read_in_the_other_language(hub: TestHub) {
    let mut browser = hub.browser();
    let switch = |answer: &Answer| {
        let link = answer.body.split("class=\"language\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
        link.unwrap_or_else(|| panic!("no switch: {}", answer.body)).to_owned()
    };
    let french = browser.get("/nowhere").await;
    assert_eq!(switch(&french), "/nowhere?lang=en");
    let english = browser.get(&switch(&french)).await;
    assert_eq!((english.status.as_u16(), switch(&english)), (404, "/nowhere?lang=fr".to_owned()));
    assert!(english.body.contains("<html lang=\"en\">"));
    // Neither what a hostile request names nor what may be a secret is written again.
    for path in ["//evil.test/x", "/nowhere?code=secret", "/cas/login?service=https://evil.test/"] {
        let answer = hub.browser().get(path).await;
        assert_eq!(switch(&answer), "/?lang=en", "{path}");
        assert!(!answer.body.contains("evil.test") && !answer.body.contains("secret"), "{path}");
    }
}
