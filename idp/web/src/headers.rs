//! The headers every answer carries, whatever made it.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What a page of ours may load: its own style, images and scripts, and nothing from elsewhere. Forms are the business
/// of [`form_action`], because browsers apply it to the redirect that follows a form as well.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; font-src 'self'; \
                      connect-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Adds what is missing; what a handler set stays.
pub fn protect(headers: &mut HeaderMap, secure: bool) {
    let fixed: [(HeaderName, HeaderValue); 7] = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
        ),
    ];
    headers.reserve(fixed.len() + 2);
    for (name, value) in fixed {
        headers.entry(name).or_insert(value);
    }
    if secure && !headers.contains_key(header::STRICT_TRANSPORT_SECURITY) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// The policy of a page whose form ends, after our redirect or at once, at one of these origins.
pub fn form_action<'a>(origins: impl IntoIterator<Item = &'a str>) -> HeaderValue {
    let text = format!("{POLICY} {}", form_targets(origins));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(POLICY))
}

/// Where a form may lead that ends at one of these origins: a service leads on, to its pages on another host or to whoever it
/// sends people to, browsers hold each address of that way against the form, and say nothing to the person whom they stop.
/// So any host by https, and by http where these are reached by it; a scheme of an application's own is named.
pub fn form_targets<'a>(origins: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = "https:".to_owned();
    for origin in origins {
        let source = match origin.split_once(':') {
            Some(("https", _)) => continue,
            Some(("http", _)) => "http:",
            _ => origin,
        };
        if !text.split(' ').any(|known| known == source) {
            text.push(' ');
            text.push_str(source);
        }
    }
    text
}

/// The policy of a page that shows frames of these origins, and nothing else from elsewhere: a service of SAML that is told so
/// sends the frame back here with its answer.
pub fn frame_src(origins: &[String]) -> HeaderValue {
    let text = format!("{POLICY}; frame-src {} 'self'", origins.join(" "));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(POLICY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handler_set_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
        protect(&mut headers, true);
        assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=60");
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn a_form_leads_as_far_as_its_services_do() {
        let policy = |origins: &[&str]| form_action(origins.iter().copied()).to_str().unwrap().to_owned();
        assert!(policy(&["https://app.example", "https://api.example"]).ends_with("form-action 'self' https:"));
        let known = ["http://localhost:3000", "http://app.example", "example.app://done"];
        assert!(policy(&known).ends_with("form-action 'self' https: http: example.app://done"));
    }
}
