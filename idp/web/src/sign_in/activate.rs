//! The step that takes a code on paper: whose it is, the charte, and the login and password they choose with it; before that their date of birth,
//! where there is something to compare it with (`birth`).
//!
//! The code stays until all of it was said, so that whoever closes the page begins again; of two who say it at once, one does. What was before it
//! goes with it: factors, sessions and tokens.

use super::birth::{self, Asked};
use super::enter::enter;
use super::{begin_on, carried, leads_to_service, load, posted, said, token};
use crate::pages::{self, ActivatePage, ChoosePage};
use crate::{Fault, Fields, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use preau_domain::{
    AuditEvent, AuditKind, Authentication, AuthnMethod, PendingSignIn, Person, display_safe, normalised_login,
};
use preau_store::StoreError;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters of a login that is chosen here.
const LOGIN: std::ops::RangeInclusive<usize> = 3..=64;

/// Somebody follows the address of a sheet: a sign-in begins on the page of codes. What stands behind `#` stays with their browser.
pub async fn begin(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    begin_on(&hub, &visitor, "activate").await
}

/// Asks for the code.
pub async fn ask(State(hub): State<Arc<Hub>>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Fault> {
    let pending = load(&hub, &visitor, &id).await?;
    Ok(page(&hub, &visitor, &pending, None))
}

fn page(hub: &Hub, visitor: &Visitor, pending: &PendingSignIn, problem: Option<&'static str>) -> Response {
    let shown = ActivatePage {
        pending_id: pending.id.as_str(),
        token: token(hub, visitor, &pending.id),
        carried: carried::seal(hub, pending),
        problem,
    };
    said(pages::activate(hub, visitor, shown), problem)
}

/// Takes the code, and then what its person chooses.
pub async fn submit(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (pending, fields) = posted(&hub, &visitor, &id, &body).await?;
    let code = fields.required("code")?;
    let Some((key, person)) = hub.activation_typed(code).await? else {
        let (kind, why) = (AuditKind::SignInRefused, "unknown-code");
        hub.audit(AuditEvent::new(hub.now(), kind, visitor.correlation().clone(), why));
        return Ok(page(&hub, &visitor, &pending, Some("activate-problem-code")));
    };
    let confirmed = match birth::ask(&hub, &visitor, &pending, (code, &key, &person), &fields).await? {
        Asked::Answered(word) => word,
        Asked::Asks(page) => return Ok(page),
        Asked::Ended => return Ok(page(&hub, &visitor, &pending, Some("birth-problem-ended"))),
        Asked::Gone => return Ok(page(&hub, &visitor, &pending, Some("activate-problem-code"))),
    };
    let own = own_login(&hub, &person).await?;
    let shows = Shows { code, confirmed, person: &person, keeps_login: own.is_some() };
    let Some(password) = fields.one("password")? else {
        let login = match &own {
            Some(login) => login.clone(),
            None => suggested(&hub, &person).await?,
        };
        return choose(&hub, &visitor, &pending, shows, &login, None).await;
    };
    let typed = own.clone().or(fields.one("login")?.map(str::to_owned)).unwrap_or_default();
    let wrong = match login_of(&typed) {
        _ if hub.charte_due(&person.id).await? && !accepted(&hub, &fields)? => Err("activate-problem-charte"),
        None if own.is_none() => Err("activate-problem-login"),
        login if fields.one("again")? == Some(password) => {
            let login = own.clone().or(login).unwrap_or_default();
            hub.judge_password(&person, &login, password).await?.map(|()| login).map_err(|weak| weak.key())
        }
        _ => Err("password-problem-again"),
    };
    let login = match wrong {
        Ok(login) => login,
        Err(problem) => {
            let shown = display_safe(&typed, 64);
            return choose(&hub, &visitor, &pending, shows, &shown, Some(problem)).await;
        }
    };
    // Nobody takes what a source calls somebody else: who is meant would depend on the door.
    if own.is_none() && hub.store.people_by_login(&login, 5).await?.iter().any(|other| other.id != person.id) {
        return choose(&hub, &visitor, &pending, shows, &login, Some("activate-problem-taken")).await;
    }
    let hash = hub.new_hash(password).await?;
    // Who handed the code out is forgotten with it, but for the journal.
    let by = hub.store.activation(&key, hub.now()).await?.and_then(|code| code.by);
    let what = by.map_or("activated".to_owned(), |by| format!("activated by a code of {by}"));
    match hub.store.activate(&key, &login, &hash, hub.now()).await {
        Ok(Some(account)) => {
            let mut event =
                AuditEvent::new(hub.now(), AuditKind::CredentialsChanged, visitor.correlation().clone(), what);
            event.person = Some(account.clone());
            hub.audit(event);
            // Whoever had one hears of it where they may not have asked for the code.
            if own.is_some() {
                hub.tell_of_password((&person, &login), visitor.locale).await;
            }
            if let Some(charte) = hub.charte_asked() {
                hub.accept_charte(&visitor, &account, &charte).await?;
            }
            let authentication = Authentication::here(AuthnMethod::LocalPassword, hub.now());
            enter(&hub, &visitor, pending, &account, authentication, |_| async { Ok(None) }).await
        }
        // Somebody else was quicker with the same paper.
        Ok(None) => Ok(page(&hub, &visitor, &pending, Some("activate-problem-code"))),
        Err(StoreError::Conflict) => {
            choose(&hub, &visitor, &pending, shows, &login, Some("activate-problem-taken")).await
        }
        Err(other) => Err(other.into()),
    }
}

/// Who is shown the page of choices.
struct Shows<'a> {
    code: &'a str,
    /// The word that says that their date of birth was typed, where it was asked for.
    confirmed: Option<String>,
    person: &'a Person,
    keeps_login: bool,
}

async fn choose(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    Shows { code, confirmed, person, keeps_login }: Shows<'_>,
    login: &str,
    problem: Option<&'static str>,
) -> Result<Response, Fault> {
    let charte = if hub.charte_due(&person.id).await? { hub.charte_asked() } else { None };
    let shown = ChoosePage {
        pending_id: pending.id.as_str(),
        token: token(hub, visitor, &pending.id),
        carried: carried::seal(hub, pending),
        code,
        confirmed,
        name: person.display_name(),
        keeps_login,
        login,
        least: hub.least(person),
        charte: charte.as_deref(),
        problem,
    };
    Ok(said(leads_to_service(hub, pending, pages::choose_password(hub, visitor, shown)), problem))
}

/// Whether a form says yes to the charte that is in force.
fn accepted(hub: &Hub, fields: &Fields) -> Result<bool, Fault> {
    let said = fields.one("charte")?;
    Ok(hub.charte_asked().is_none_or(|charte| said == Some(&charte.version)))
}

/// The login of somebody who has one here already: a code replaces the password alone.
async fn own_login(hub: &Hub, person: &Person) -> Result<Option<String>, Fault> {
    if let Some(credential) = hub.store.credential_of(&person.id).await? {
        return Ok(Some(credential.login));
    }
    let local = person.join.is_none();
    Ok(person.login.clone().filter(|_| local))
}

/// A login that somebody chose, if it can be one: letters, digits, `.`, `-` and `_`.
fn login_of(typed: &str) -> Option<String> {
    let login = normalised_login(typed)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (LOGIN.contains(&login.len()) && login.chars().all(plain)).then_some(login)
}

/// A login of the name of a person that nobody has yet.
async fn suggested(hub: &Hub, person: &Person) -> Result<String, Fault> {
    let part = |name: &str| -> String {
        let plain = name.to_lowercase().nfd().filter(|c| !is_combining_mark(*c)).collect::<String>();
        let joined = plain.replace([' ', '\'', '’'], "-");
        joined.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(28).collect()
    };
    let base = format!("{}.{}", part(&person.given_name), part(&person.family_name));
    for number in 1..100 {
        let login = if number == 1 { base.clone() } else { format!("{base}{number}") };
        let free = hub.store.credential_of_login(&login).await?.is_none()
            && hub.store.people_by_login(&login, 1).await?.is_empty();
        if free && login_of(&login).is_some() {
            return Ok(login);
        }
    }
    Ok(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_made_of_plain_letters() {
        assert_eq!(login_of(" Noe.Petit ").as_deref(), Some("noe.petit"));
        for wrong in ["", "ab", "noé.petit", "noe petit", "a@b.c", &"x".repeat(65)] {
            assert_eq!(login_of(wrong), None, "{wrong}");
        }
    }
}
