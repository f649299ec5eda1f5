//! The page that posts a ticket to a service (`method=POST`, section 2.1.1): a form, a script that sends it, and a
//! button for browsers without scripts.

use crate::wire::push_xml;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use preau_domain::TrustedUrl;
use preau_web::{Locale, form_targets, stylesheet};

/// Where the script lives: pages of the house run no script inside them.
pub const SCRIPT_PATH: &str = "/cas/continue.js";
const SCRIPT: &str = include_str!("page/continue.js");

/// The script.
pub async fn script() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, SCRIPT).into_response()
}

/// The page that posts `name=ticket` to the address.
pub fn posting(locale: Locale, address: &TrustedUrl, name: &str, ticket: &str) -> Response {
    let (title, sentence, button) = match locale {
        Locale::Fr => ("Ouverture du service", "Votre service s’ouvre. S’il ne s’ouvre pas de lui-même :", "Continuer"),
        Locale::En => ("Opening the service", "Your service is opening. If it does not open by itself:", "Continue"),
    };
    let mut out = String::with_capacity(1024 + address.as_str().len());
    out.push_str("<!doctype html>\n<html lang=\"");
    out.push_str(locale.code());
    out.push_str("\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
    out.push_str(title);
    out.push_str(
        "</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"stylesheet\" href=\"",
    );
    out.push_str(stylesheet());
    out.push_str("\">\n</head>\n<body>\n<main>\n<div class=\"shelter\"><div class=\"under\">\n<h1>");
    out.push_str(title);
    out.push_str("</h1>\n<form id=\"continue\" method=\"post\" action=\"");
    push_xml(&mut out, address.as_str());
    out.push_str("\">\n<input type=\"hidden\" name=\"");
    push_xml(&mut out, name);
    out.push_str("\" value=\"");
    push_xml(&mut out, ticket);
    out.push_str("\">\n<p class=\"lead\">");
    out.push_str(sentence);
    out.push_str("</p>\n<button type=\"submit\">");
    out.push_str(button);
    out.push_str("</button>\n</form>\n</div></div>\n</main>\n<script src=\"");
    out.push_str(SCRIPT_PATH);
    out.push_str("\"></script>\n</body>\n</html>\n");
    let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], out).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy(address));
    response
}

/// Only our script, and a form that goes where this service may lead.
fn policy(address: &TrustedUrl) -> HeaderValue {
    const STRICT: &str = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; \
                          frame-ancestors 'none'; form-action";
    let text = format!("{STRICT} {}", form_targets([&*address.url().origin().ascii_serialization()]));
    // An origin is ASCII; should it ever not be, the form goes nowhere.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'; form-action 'none'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{Service, ServiceId, UrlRule};

    #[test]
    fn an_address_cannot_break_out_of_the_form() {
        let service = Service {
            id: ServiceId::new("app"),
            home: url::Url::parse("https://app.example/").unwrap(),
            urls: vec![UrlRule::below("https://app.example/").unwrap()],
        };
        let address = service.trust("https://app.example/?a='><script>alert(1)</script>&b=\"").unwrap();
        let response = posting(Locale::Fr, &address, "ticket", "ST-abc");
        let csp = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(csp.ends_with("form-action https:"), "{csp}");
        let body = futures_body(response);
        assert!(!body.contains("<script>") && !body.contains("'>"), "{body}");
        assert!(body.contains("name=\"ticket\" value=\"ST-abc\""), "{body}");
    }

    fn futures_body(response: Response) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let bytes = runtime.block_on(axum::body::to_bytes(response.into_body(), 65_536)).unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}
