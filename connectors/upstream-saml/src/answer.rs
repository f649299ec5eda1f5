//! What makes an answer believed (saml-profiles-2.0, 4.1.4.3): its signatures first, and then, of the tree that was
//! verified, that it is from the provider, for us, to this request, and of now. It keeps nothing and calls nobody.

use crate::config::{Settings, Signed};
use crate::ours::Ours;
use crate::request;
use preau_connector_api::{RedirectError, Round};
use preau_domain::{Instant, Seconds};
use preau_keys::jose::jwe::DecryptionKey;
use preau_keys::xml::{Document, Element, XmlError, decrypt};
use preau_saml::messages::{Assertion, AttributeValue, AuthnStatement, Held, NameId, Refused, Response, Status, Why};
use preau_saml::names::{SAML, SAMLP, confirmation, nameid, status};

/// Seconds after which a message is too old.
const OLDEST_SECONDS: i64 = 600;
/// Seconds for which an assertion may be presented at most.
const LONGEST_SECONDS: i64 = 3600;
/// Longest name of a person or a session.
const MAX_NAME: usize = 255;
/// Longest class of proof.
const MAX_CLASS: usize = 128;

/// What an answer said, checked.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) assertion: Assertion,
    pub(crate) name_id: NameId,
    /// When the person proved themselves.
    pub(crate) at: Instant,
    pub(crate) class: Option<String>,
    /// The session there.
    pub(crate) session: Option<String>,
}

fn refuse<T>(word: &'static str) -> Result<T, RedirectError> {
    Err(RedirectError::NotBelieved(word))
}

/// Believes an answer for a round.
pub(crate) async fn believe(
    settings: &Settings,
    round: &Round<'_>,
    document: &Document,
) -> Result<Proof, RedirectError> {
    let ours = Ours::of(round.callback, settings.name.as_deref());
    if document.name() != (SAMLP, "Response") {
        return refuse("no response");
    }
    let verified = verified(document, SAMLP, "Response", settings, settings.signed != Signed::Assertion)?;
    let response = Response::read(verified.as_ref().unwrap_or(document.unverified())).map_err(|_| shape("response"))?;
    envelope(settings, round, &ours, &response, verified.is_some())?;
    went_well(&response.status)?;
    let assertion = match response.assertion {
        None => return refuse("no assertion"),
        Some(Held::Plain(_)) if settings.encrypted => return refuse("not encrypted"),
        Some(Held::Encrypted(_)) if !settings.encrypted => return refuse("encrypted"),
        Some(Held::Plain(plain)) => {
            let required = settings.signed != Signed::Response || verified.is_none();
            self::verified(document, SAML, "Assertion", settings, required)?.unwrap_or(plain)
        }
        Some(Held::Encrypted(sealed)) => {
            // Anybody can encrypt for us: what comes out is signed itself, or stood in a signed response. Where the response need
            // not be signed our key opens what nobody vouches for: only if everything around it says that it answers this round
            // of this browser, in its turn, by RSA-OAEP and AES-GCM alone; and whoever brings it is told one thing at one moment,
            // whether it opened or not.
            let _turn = if verified.is_none() { Some(round.turns.take().await?) } else { None };
            let opened = decrypt(&sealed, &settings.opens).map_err(|_| RedirectError::NotBelieved("does not open"))?;
            let required = settings.signed != Signed::Response || verified.is_none();
            let inner = self::verified(&opened, SAML, "Assertion", settings, required)?;
            inner.unwrap_or_else(|| opened.unverified().clone())
        }
    };
    let assertion = Assertion::read(&assertion).map_err(|_| shape("assertion"))?;
    if assertion.issuer != settings.entity_id {
        return refuse("issuer of the assertion");
    }
    if !is_recent(settings, round.now, assertion.issue_instant) {
        return refuse("instant of the assertion");
    }
    confirmed(settings, round, &ours, &assertion)?;
    holds(settings, round.now, &ours, &assertion)?;
    let name_id = named(&assertion, &settings.opens)?;
    let statement = assertion.authn.first().ok_or(RedirectError::NotBelieved("no statement"))?;
    let (at, class) = proven(settings, round, statement)?;
    let session = statement.session_index.clone().filter(|session| is_name(session));
    Ok(Proof { name_id, at, class, session, assertion })
}

/// What is refused because it is not of the one shape that is read.
fn shape(what: &'static str) -> RedirectError {
    RedirectError::NotBelieved(what)
}

/// The element of that name if it is signed, and then rightly; none if it is not and need not be.
fn verified(
    document: &Document,
    namespace: &str,
    local: &'static str,
    settings: &Settings,
    required: bool,
) -> Result<Option<Element>, RedirectError> {
    match document.verify(namespace, local, &settings.theirs) {
        Ok(verified) => Ok(Some(verified.into_element())),
        Err(XmlError::NotSigned) if !required => Ok(None),
        Err(error) => Err(RedirectError::NotBelieved(word(&error))),
    }
}

/// The word that says why a signature is not believed.
pub(crate) fn word(error: &XmlError) -> &'static str {
    match error {
        XmlError::NotSigned => "not signed",
        XmlError::Form => "form of the signature",
        XmlError::Reference => "reference of the signature",
        XmlError::Digest => "digest",
        XmlError::Signature => "signature",
        XmlError::Several => "there more than once",
        XmlError::Absent => "absent",
        XmlError::Identifier => "identifier",
        XmlError::TooLarge => "too large",
        XmlError::Malformed | XmlError::Sealed => "malformed",
    }
}

/// The word that says why a message is not read.
pub(crate) fn word_of(refused: &Refused) -> &'static str {
    match &refused.why {
        Why::Xml(error) => word(error),
        Why::Binding(word) => word,
        Why::Malformed(_) => word(&XmlError::Malformed),
        _ => "shape of the message",
    }
}

/// The response is from the provider, to us, about this request, and recent. Where it is signed it says all of that.
fn envelope(
    settings: &Settings,
    round: &Round<'_>,
    ours: &Ours,
    response: &Response,
    signed: bool,
) -> Result<(), RedirectError> {
    let fits = |said: Option<&String>, meant: &str, must: bool| said.map_or(!must, |said| said == meant);
    // An encrypted assertion needs it as well (saml-profiles-2.0, 4.1.4.2): it is what is known before our key is used.
    let sealed = matches!(response.assertion, Some(Held::Encrypted(_)));
    if !fits(response.issuer.as_ref(), &settings.entity_id, signed || sealed) {
        return refuse("issuer of the response");
    }
    if !fits(response.destination.as_ref(), &ours.acs, signed) {
        return refuse("destination");
    }
    if response.in_response_to.as_deref() != Some(&request::id_of(round)) {
        return refuse("request of the response");
    }
    if !is_recent(settings, round.now, response.issue_instant) {
        return refuse("instant of the response");
    }
    Ok(())
}

/// The provider's no, from a closed list: what it writes goes to no log.
fn went_well(said: &Status) -> Result<(), RedirectError> {
    if said.is_success() {
        return Ok(());
    }
    Err(RedirectError::Refused(match said.sub.as_deref() {
        Some(status::AUTHN_FAILED) => "AuthnFailed",
        Some(status::NO_AUTHN_CONTEXT) => "NoAuthnContext",
        Some(status::INVALID_NAMEID_POLICY) => "InvalidNameIDPolicy",
        Some(status::REQUEST_DENIED) => "RequestDenied",
        Some(status::NO_PASSIVE) => "NoPassive",
        Some(status::UNKNOWN_PRINCIPAL) => "UnknownPrincipal",
        _ => "other",
    }))
}

/// Whether a message was made during this round, as far as the other clock can tell.
pub(crate) fn is_recent(settings: &Settings, now: Instant, at: Instant) -> bool {
    let skew = Seconds(settings.skew_seconds);
    at <= now + skew && at >= now - Seconds(OLDEST_SECONDS) - skew
}

/// Whoever bears the assertion may present it here, for this request, now.
fn confirmed(settings: &Settings, round: &Round<'_>, ours: &Ours, assertion: &Assertion) -> Result<(), RedirectError> {
    let (now, skew, id) = (round.now, Seconds(settings.skew_seconds), request::id_of(round));
    let mut why = "no bearer";
    for one in assertion.subject.confirmations.iter().filter(|one| one.method == confirmation::BEARER) {
        why = if one.recipient.as_deref() != Some(&ours.acs) {
            "recipient"
        } else if one.in_response_to.as_deref() != Some(&id) {
            "request of the assertion"
        } else if one.not_before.is_some_and(|from| from > now + skew) {
            "confirmation not yet"
        } else if one.not_on_or_after.is_none_or(|until| until + skew <= now) {
            "confirmation expired"
        } else if one.not_on_or_after.is_none_or(|until| until > now + Seconds(LONGEST_SECONDS) + skew) {
            "confirmation too long"
        } else {
            return Ok(());
        };
    }
    refuse(why)
}

/// The assertion holds now, and for us alone.
fn holds(settings: &Settings, now: Instant, ours: &Ours, assertion: &Assertion) -> Result<(), RedirectError> {
    let (skew, conditions) = (Seconds(settings.skew_seconds), &assertion.conditions);
    if conditions.not_before.is_some_and(|from| from > now + skew) {
        return refuse("not yet");
    }
    if conditions.not_on_or_after.is_none_or(|until| until + skew <= now) {
        return refuse("expired");
    }
    // Whoever else may use it could present it here.
    let for_us = |listed: &Vec<String>| matches!(listed.as_slice(), [one] if *one == ours.name);
    if conditions.audiences.is_empty() || !conditions.audiences.iter().all(for_us) {
        return refuse("audience");
    }
    Ok(())
}

/// The person's name, opened if it was encrypted.
fn named(assertion: &Assertion, opens: &[DecryptionKey]) -> Result<NameId, RedirectError> {
    let sealed = assertion.subject.encrypted_id.as_ref();
    let opened = sealed.map(|sealed| decrypt(sealed, opens)).transpose();
    let opened = opened.map_err(|_| RedirectError::NotBelieved("name does not open"))?;
    let read = opened.map(|opened| NameId::read(opened.unverified())).transpose().map_err(|_| shape("name"))?;
    let name = read.or_else(|| assertion.subject.name_id.clone()).ok_or(RedirectError::NotBelieved("no name"))?;
    if is_name(&name.value) { Ok(name) } else { refuse("name") }
}

/// When and how the person proved themselves, if that is enough for the round.
fn proven(
    settings: &Settings,
    round: &Round<'_>,
    statement: &AuthnStatement,
) -> Result<(Instant, Option<String>), RedirectError> {
    let (now, skew, at) = (round.now, Seconds(settings.skew_seconds), statement.authn_instant);
    if statement.session_not_on_or_after.is_some_and(|until| until + skew <= now) {
        return refuse("session expired");
    }
    if at > now + skew {
        return refuse("proof of the future");
    }
    // The other clock may be behind ours: what it calls a moment before we asked was after.
    let at = match round.fresh_after {
        Some(after) if at + skew < after => return refuse("proof too old"),
        Some(after) => at.max(after),
        None => at,
    };
    let asked = &settings.contexts;
    if !asked.is_empty() && !statement.class.as_ref().is_some_and(|class| asked.contains(class)) {
        return refuse("class of proof");
    }
    Ok((at.min(now), statement.class.clone().filter(|class| class.len() <= MAX_CLASS)))
}

impl Proof {
    /// The texts of an attribute, by its Name or else its FriendlyName.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        let all = || self.assertion.attributes.iter().flat_map(|statement| &statement.attributes);
        let by_name = all().any(|attribute| attribute.name == name);
        let is = |own: &str, friendly: Option<&str>| if by_name { own == name } else { friendly == Some(name) };
        let found = all().filter(|attribute| is(&attribute.name, attribute.friendly_name.as_deref()));
        let texts = found.flat_map(|attribute| &attribute.values).filter_map(|value| match value {
            AttributeValue::Text(text) => Some(text.as_str()),
            AttributeValue::NameId(_) => None,
        });
        texts.collect()
    }

    /// Who it is there, and whether they have that name next time: by the attribute that names people for good where the
    /// configuration has one.
    pub(crate) fn subject(&self, settings: &Settings) -> Result<(String, bool), RedirectError> {
        let Some(attribute) = &settings.subject else {
            let lasting = self.name_id.format.as_deref() != Some(nameid::TRANSIENT);
            return Ok((self.name_id.value.clone(), lasting));
        };
        match self.texts(attribute).as_slice() {
            [one] if is_name(one) => Ok(((*one).to_owned(), true)),
            _ => refuse("attribute of the subject"),
        }
    }

    /// What the provider calls the session: a name that is made for the occasion is one, too.
    pub(crate) fn sid(&self) -> Option<String> {
        let transient = self.name_id.format.as_deref() == Some(nameid::TRANSIENT);
        if transient { Some(self.name_id.value.clone()) } else { self.session.clone() }
    }
}

/// A name that may be kept: not empty, not long, nothing invisible.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_NAME && !text.chars().any(char::is_control)
}
