//! The message that tells a service its visit is over (section 2.3.3, appendix C).

use super::escape::push_xml;
use preau_domain::Instant;

/// A logout request naming the ticket the visit began with. It goes in the form field `logoutRequest`.
pub fn request(id: &str, now: Instant, ticket: &str) -> String {
    let mut out = String::with_capacity(512);
    out.push_str("<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"");
    push_xml(&mut out, id);
    out.push_str("\" Version=\"2.0\" IssueInstant=\"");
    out.push_str(&now.rfc3339());
    // Section 2.3.3 names the session by the ticket alone; the name of the person stays here.
    out.push_str("\"><saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">@NOT_USED@</saml:NameID>");
    out.push_str("<samlp:SessionIndex>");
    push_xml(&mut out, ticket);
    out.push_str("</samlp:SessionIndex></samlp:LogoutRequest>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_the_one_of_the_standard() {
        assert_eq!(
            request("_abc", Instant(1_788_000_000_123), "ST-xyz"),
            "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_abc\" Version=\"2.0\" \
             IssueInstant=\"2026-08-29T10:40:00.123Z\"><saml:NameID \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">@NOT_USED@</saml:NameID>\
             <samlp:SessionIndex>ST-xyz</samlp:SessionIndex></samlp:LogoutRequest>"
        );
    }
}
