//! Enhanced clients (saml-profiles-2.0, 4.2): a program that is no browser brings the request of a service and the password of a
//! person together, and takes the answer back to the service itself.
//!
//! It is the same corridor: the password is proven as on the page, with the same delays and one answer for every failure, access
//! is decided, and nothing is claimed that did not happen. A service has to be opened for it, public by public. No session begins
//! here, because no browser is there to keep it.

use super::received::Received;
use super::sso::{self, Asked};
use super::{hand_over, quietly};
use crate::config::CLIENT_SESSION;
use crate::error::{Stop, bad_message};
use crate::partner::{Acs, Asker, Partner};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_saml::messages::soap;
use preau_saml::metadata::Peers;
use preau_web::sign_in::Called;
use preau_web::{Fault, FaultKind, Hub, Visitor};

/// What a program is answered.
pub enum Answer {
    /// An envelope for the service.
    Envelope(String),
    /// The password was not right, or was none.
    WhoAreYou,
    /// Too soon after a failure: seconds to wait.
    Wait(i64),
}

/// Where programs ask.
pub fn address(hub: &Hub) -> String {
    format!("{}/saml/ecp", hub.base())
}

/// Answers a program. The request is judged before the password, which is not looked at for a service that is not open to programs.
pub async fn ecp(
    hub: &Hub,
    peers: &Peers,
    visitor: &Visitor,
    received: &Received,
    password: Option<(&str, &str)>,
) -> Result<Answer, Fault> {
    let sso::Read { partner, acs, asked, wrong } = sso::read(hub, peers, received, Asker::Program)?;
    let publics = &partner.saml().ecp;
    if publics.is_empty() {
        return Err(Fault::new(FaultKind::UnknownService, "the service is not open to programs"));
    }
    if let Some(error) = wrong {
        let message = hand_over::refusal(hub, visitor, &partner, &acs, &asked, error).await?;
        return Ok(Answer::Envelope(soap::ecp_response(&acs.location, &message)));
    }
    let Some((login, password)) = password else { return Ok(Answer::WhoAreYou) };
    let (person, authentication) = match hub.prove_call(visitor, publics, login, password).await? {
        Called::Proven(person, authentication) => (person, authentication),
        Called::Refused => return Ok(Answer::WhoAreYou),
        Called::Wait(seconds) => return Ok(Answer::Wait(seconds)),
    };
    let gone = || Fault::new(FaultKind::NoAccount, "the account is not active");
    let live = hub.offline(&person.id, &authentication, hub.now() + CLIENT_SESSION).await?.ok_or_else(gone)?;
    let message = match hand_over::made(hub, visitor, &live, &partner, &acs, &asked, None) {
        Ok(made) => made.message,
        Err(stop) => refused(hub, visitor, &partner, &acs, &asked, stop).await?,
    };
    Ok(Answer::Envelope(soap::ecp_response(&acs.location, &message)))
}

/// The service is told, since nobody reads a page; a failure of ours is a fault.
async fn refused(
    hub: &Hub,
    visitor: &Visitor,
    partner: &Partner,
    acs: &Acs,
    asked: &Asked,
    stop: Stop,
) -> Result<String, Fault> {
    match stop {
        Stop::Page(fault) if fault.kind.status().is_server_error() => Err(fault),
        stop => hand_over::refusal(hub, visitor, partner, acs, asked, quietly(stop)).await,
    }
}

/// The name and the password of `Authorization: Basic` (RFC 7617).
pub fn basic(header: &str) -> Result<(String, String), Fault> {
    let (scheme, text) = header.split_once(' ').ok_or_else(|| bad_message("an authorization that is no Basic one"))?;
    let bytes = STANDARD.decode(text.trim());
    let pair = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = pair.filter(|_| scheme.eq_ignore_ascii_case("basic"));
    let pair = pair.as_deref().and_then(|pair| pair.split_once(':'));
    let (login, password) = pair.ok_or_else(|| bad_message("an authorization that is no Basic one"))?;
    Ok((login.to_owned(), password.to_owned()))
}
