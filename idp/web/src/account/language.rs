//! The language somebody chose for themselves: theirs at every device from the next sign-in on, and that of what is sent to them.

use super::{FORM, HERE};
use crate::visitor::Cookie;
use crate::{Fault, FaultKind, Fields, Hub, Locale, Visitor};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, header};
use preau_domain::PersonId;
use std::sync::Arc;

pub(super) async fn choose(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    let (token, code) = (fields.required("token")?, fields.one("language")?.unwrap_or_default());
    let Some(live) = visitor.live(&hub).await? else { return Ok(hub.see_other(HERE)) };
    hub.check_form(&live.session.id, FORM, token)?;
    // No language is one too: that of the browser.
    let chosen = Locale::read(code);
    if chosen.is_none() && !code.is_empty() {
        return Err(Fault::new(FaultKind::BadRequest, "no such language"));
    }
    hub.store.choose_language(&live.session.person, chosen.map(Locale::code)).await?;
    let mut response = hub.see_other(HERE);
    let cookie = match chosen {
        Some(locale) => Cookie::Language.set(hub.secure(), locale.code()),
        None => Cookie::Language.clear(hub.secure()),
    };
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

impl Hub {
    /// The language a person chose.
    pub(crate) async fn language_of(&self, person: &PersonId) -> Result<Option<Locale>, Fault> {
        Ok(self.store.language_of(person).await?.and_then(|code| Locale::read(&code)))
    }

    /// What makes this browser's pages those of the language a person chose, where it has another one.
    pub(crate) async fn speaks_to(&self, visitor: &Visitor, person: &PersonId) -> Result<Option<HeaderValue>, Fault> {
        let theirs = self.language_of(person).await?.filter(|locale| *locale != visitor.locale);
        Ok(theirs.map(|locale| Cookie::Language.set(self.secure(), locale.code())))
    }
}
