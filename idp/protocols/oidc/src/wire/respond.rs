//! An answer that travels through the browser: its fields, and the address that carries them in each response mode.

use super::authorize::Mode;
use crate::OidcError;
use preau_domain::TrustedUrl;

/// An answer on its way to a registered address.
pub struct Response {
    /// Where it goes.
    pub to: TrustedUrl,
    /// How it travels.
    pub mode: Mode,
    /// What it says, in order.
    pub fields: Vec<(&'static str, String)>,
}

impl Response {
    /// The address that carries the answer; absent for a form.
    pub fn location(&self) -> Option<String> {
        match self.mode {
            Mode::FormPost => None,
            Mode::Query => {
                let mut url = self.to.url().clone();
                url.query_pairs_mut().extend_pairs(self.fields.iter().map(|(name, value)| (*name, value)));
                Some(url.into())
            }
            Mode::Fragment => {
                let mut url = self.to.url().clone();
                let pairs = self.fields.iter().map(|(name, value)| (*name, value));
                let fragment = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                url.set_fragment(Some(&fragment));
                Some(url.into())
            }
        }
    }
}

/// The fields of an error, with the state and the issuer (RFC 9207) every answer carries.
pub fn fields_of_error(error: OidcError, state: Option<&str>, issuer: &str) -> Vec<(&'static str, String)> {
    let mut fields = vec![("error", error.code().to_owned()), ("error_description", error.description().to_owned())];
    fields.extend(state.map(|state| ("state", state.to_owned())));
    fields.push(("iss", issuer.to_owned()));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{Service, ServiceId};

    #[test]
    fn an_answer_is_joined_to_what_the_address_has() {
        let registered = ["https://app.example/cb?a=1".to_owned()];
        let service = Service {
            id: ServiceId::new("app"),
            home: url::Url::parse("https://app.example/").unwrap(),
            urls: Vec::new(),
        };
        let carried = |mode| {
            let to = service.trust_exactly(&registered[0], &registered).unwrap();
            Response { to, mode, fields: vec![("code", "c&d".into()), ("state", "é #".into())] }.location()
        };
        assert_eq!(carried(Mode::Query).as_deref(), Some("https://app.example/cb?a=1&code=c%26d&state=%C3%A9+%23"));
        assert_eq!(carried(Mode::Fragment).as_deref(), Some("https://app.example/cb?a=1#code=c%26d&state=%C3%A9+%23"));
        assert_eq!(carried(Mode::FormPost), None);
    }
}
