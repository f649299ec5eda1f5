//! What a browser does with passkeys, over an authenticator of software.

use crate::browser::Browser;
use crate::page::Answer;
use preau_authenticator::{Authenticator, Said};
use preau_domain::Instant;
use scraper::{Html, Selector};

/// An authenticator in front of our pages.
pub fn authenticator() -> Authenticator {
    Authenticator::new(crate::BASE)
}

/// What an application shows for a secret then.
pub fn code_of(secret: &str, at: Instant) -> String {
    preau_authenticator::code_of(secret, at.seconds())
}

impl Answer {
    /// What the page asks of an authenticator; none where it asks nothing.
    pub fn passkey_asked(&self) -> Option<String> {
        let form = Selector::parse("form[data-passkey]").expect("a selector written here");
        let page = Html::parse_document(&self.body);
        page.select(&form).next()?.value().attr("data-passkey").map(str::to_owned)
    }
}

impl Browser {
    /// Adds a passkey on the account page, in whatever session there is; follows nothing.
    pub async fn add_passkey(&mut self, device: &mut Authenticator, said: &Said) -> Answer {
        let page = self.get("/account/passkeys/new").await;
        let asked = page.passkey_asked().unwrap_or_else(|| panic!("no passkey is made here: {}", page.words()));
        let answer = device.create(&asked, said);
        self.submit_once(&page.form_with("answer"), &[("answer", &answer), ("name", "Téléphone")]).await
    }

    /// Proves a passkey on a page that asks for one; follows nothing.
    pub async fn prove_passkey(&mut self, page: &Answer, device: &mut Authenticator, said: &Said) -> Answer {
        let asked = page.passkey_asked().unwrap_or_else(|| panic!("no passkey is asked for here: {}", page.words()));
        let answer = device.get(&asked, said);
        self.submit_once(&page.form_with("answer"), &[("answer", &answer)]).await
    }
}
