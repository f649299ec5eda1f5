//! Requests as services and strangers write them.

use super::*;

const GOOD: &str = "response_type=code&scope=openid+profile&state=xyz&nonce=n1";

fn read(text: &str) -> Result<Asked, OidcError> {
    Asked::read(&Fields::parse(text).unwrap(), "https://app.example/cb")
}

#[test]
fn a_request_is_read_in_any_order_and_what_nobody_knows_is_passed_over() {
    let asked = read(GOOD).unwrap();
    assert_eq!(asked.mode, Mode::Query);
    assert_eq!((asked.state.as_deref(), asked.nonce.as_deref()), (Some("xyz"), Some("n1")));
    let other = read("extra=foobar&nonce=n1&scope=profile++openid&state=xyz&response_type=code&display=popup").unwrap();
    assert_eq!((other.state, other.nonce, other.scopes.len()), (asked.state, asked.nonce, 2));
    assert_eq!(read("response_type=id_token+code&scope=openid&nonce=n").unwrap().mode, Mode::Fragment);
}

#[test]
fn what_is_kept_is_read_again() {
    let asked = read(&format!("{GOOD}&code_challenge={}&code_challenge_method=S256", "a".repeat(43))).unwrap();
    let kept: Asked = serde_json::from_str(&serde_json::to_string(&asked).unwrap()).unwrap();
    assert_eq!(kept, asked);
}

#[test]
fn each_mistake_has_the_code_of_the_standard() {
    let long = "x".repeat(513);
    for (text, code) in [
        ("scope=openid".to_owned(), "unsupported_response_type"),
        ("response_type=token&scope=openid".into(), "unsupported_response_type"),
        ("response_type=code+code&scope=openid".into(), "unsupported_response_type"),
        ("response_type=code&scope=profile".into(), "invalid_scope"),
        ("response_type=code".into(), "invalid_scope"),
        ("response_type=id_token&scope=openid".into(), "invalid_request"),
        ("response_type=id_token&scope=openid&nonce=n&response_mode=query".into(), "invalid_request"),
        (format!("{GOOD}&response_mode=jwt"), "invalid_request"),
        (format!("{GOOD}&response_mode=form_post.jwt"), "invalid_request"),
        (format!("{GOOD}&state=again"), "invalid_request"),
        (format!("response_type=code&scope=openid&nonce={long}"), "invalid_request"),
        ("response_type=code&scope=openid&nonce=%00".into(), "invalid_request"),
        (format!("response_type=code&scope=openid&state={}", "x".repeat(2049)), "invalid_request"),
        (format!("{GOOD}&prompt=none+login"), "invalid_request"),
        (format!("{GOOD}&prompt=nothing"), "invalid_request"),
        (format!("{GOOD}&max_age=-1"), "invalid_request"),
        (format!("{GOOD}&max_age=1e3"), "invalid_request"),
        (format!("{GOOD}&code_challenge={}", "a".repeat(43)), "invalid_request"),
        (format!("{GOOD}&code_challenge={}&code_challenge_method=plain", "a".repeat(43)), "invalid_request"),
        (format!("{GOOD}&code_challenge=short&code_challenge_method=S256"), "invalid_request"),
        (format!("{GOOD}&code_challenge_method=S256"), "invalid_request"),
        (format!("{GOOD}&request=a.b.c"), "request_not_supported"),
        (format!("{GOOD}&request_uri=https://127.0.0.1/"), "request_uri_not_supported"),
        (format!("{GOOD}&registration={{}}"), "registration_not_supported"),
        (format!("{GOOD}&claims=[]"), "invalid_request"),
        (format!("{GOOD}&claims={{\"userinfo\":1}}"), "invalid_request"),
    ] {
        assert_eq!(read(&text).map_err(OidcError::code).err(), Some(code), "{text}");
    }
    assert!(read(GOOD).is_ok() && read(&format!("response_type=code&scope=openid&nonce={}", &long[1..])).is_ok());
}

#[test]
fn nothing_is_answered_to_an_address_that_is_not_certain() {
    for text in [
        "client_id=app",
        "redirect_uri=https://a.example/",
        "client_id=app&client_id=b&redirect_uri=x",
        "client_id=app&redirect_uri=",
    ] {
        assert!(Target::read(&Fields::parse(text).unwrap()).is_err(), "{text}");
    }
    let fields = Fields::parse("client_id=app&redirect_uri=https://a.example/").unwrap();
    assert_eq!(Target::read(&fields).unwrap().client_id, "app", "control");
}
