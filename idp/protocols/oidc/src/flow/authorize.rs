//! The authorization endpoint: who may have an answer at which address, now or after signing in.
//!
//! Until service and address are certain nothing leaves but a page. From then on every mistake is told to the service, at
//! its address, in the way it asked for.

use super::{ACR_PASSWORD, ACR_PHISHING_RESISTANT, ACR_TWO_FACTORS, acrs, hand_over, hint, pushed, rehearsal};
use crate::OidcError;
use crate::foreign::ForeignKeys;
use crate::wire::{Asked, ClaimsRequest, Mode, Response, ResponseType, Target, fields_of_error, state};
use preau_connector_api::{OidcFlow, OidcService};
use preau_domain::{AuditEvent, AuditKind, Instant, Seconds, ServiceId, Strength, TrustedUrl};
use preau_web::bench::sandbox::Told;
use preau_web::{Begin, Door, Fault, FaultKind, Fields, Hub, Live, Locale, SignInHints, Visitor};

/// What a browser is answered at the door.
pub enum Answer {
    /// Something for the service.
    Service(Response),
    /// A page of the house.
    Page(axum::response::Response),
}

/// Answers a browser at the door.
pub async fn authorize(hub: &Hub, keys: &ForeignKeys, visitor: &Visitor, fields: Fields) -> Result<Answer, Fault> {
    let request = pushed::resolve(hub, keys, fields).await?;
    let fields = &request.fields;
    let target = Target::read(fields)?;
    let services = hub.services();
    let door = services.get(&ServiceId::new(target.client_id)).filter(|door| door.oidc.is_some()).cloned();
    let unknown = |what: &str| Fault::new(FaultKind::UnknownService, what.to_owned());
    let door = door.ok_or_else(|| unknown("no OpenID Connect service has this client_id"))?;
    let oidc = door.oidc.as_ref().ok_or_else(|| unknown("no OpenID Connect service has this client_id"))?;
    let to = door.service.trust_exactly(target.redirect_uri, &oidc.redirect_uris);
    let to = to.ok_or_else(|| {
        remember(hub, visitor, &door, fields, "oidc-redirect-uri", "the redirect_uri is not one of this service");
        unknown("the redirect_uri is not one of this service")
    })?;
    let result = match Asked::read(fields, target.redirect_uri) {
        Ok(asked) => {
            let dpop_jkt = request.jkt.clone().or(asked.dpop_jkt);
            let asked = Asked { pushed: request.pushed.clone(), dpop_jkt, ..asked };
            at_door(hub, keys, visitor, &door, &to, asked).await
        }
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(answer) => Ok(answer),
        Err(Stop::Page(fault)) => Err(fault),
        Err(Stop::Told(error)) => Ok(Answer::Service(refusal(hub, visitor, &door, to, fields, error))),
    }
}

/// Why there is no answer.
enum Stop {
    /// The service is told.
    Told(OidcError),
    /// The person reads it: a refusal by policy, or a failure of ours.
    Page(Fault),
}

impl From<OidcError> for Stop {
    fn from(error: OidcError) -> Stop {
        Stop::Told(error)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Page(fault)
    }
}

async fn at_door(
    hub: &Hub,
    keys: &ForeignKeys,
    visitor: &Visitor,
    door: &Door,
    to: &TrustedUrl,
    mut asked: Asked,
) -> Result<Answer, Stop> {
    allowed(super::spoken(door)?, &asked)?;
    if let Some(token) = &asked.id_token_hint {
        let hinted =
            hint::read(hub, door, token).ok_or(OidcError::LoginRequired("the id_token_hint is not believed"))?;
        if asked.subject.as_ref().is_some_and(|subject| *subject != hinted.sub) {
            return Err(OidcError::LoginRequired("two different people are asked for").into());
        }
        asked.subject = Some(hinted.sub);
    }
    let now = hub.now();
    let fresh_after = fresh_after(&asked, now);
    let live = visitor.live_at(hub, &door.service.id).await?;
    let enough = |live: &Live| fresh_after.is_none_or(|after| live.session.authentication.since(after));
    let wants = wants(&asked);
    // A second factor that is only wished for is asked of whoever has one.
    let lacks = match (&live, wants) {
        (Some(live), Some(wanted)) if !asked.prompt.none => {
            !hub.lacks(&live.session.person, &live.session.authentication, wanted).await?.is_empty()
        }
        _ => false,
    };
    if let Some(live) = live.filter(|live| !asked.prompt.login && enough(live) && !lacks) {
        match hand_over::hand_over(hub, keys, visitor, &live, door, to, &asked).await {
            Ok(Some(response)) => return Ok(Answer::Service(response)),
            Ok(None) => hub.forget_live(&live.session.id),
            // Better proofs there are, but nobody may be asked for one.
            Err(hand_over::Refused::Told(OidcError::UnmetAuthenticationRequirements))
                if asked.prompt.none && can_be_reached(hub, &asked) =>
            {
                return Err(OidcError::LoginRequired("a proof of another class is needed").into());
            }
            Err(hand_over::Refused::Told(error)) if asked.prompt.none || !error_asks(hub, &asked, error) => {
                return Err(error.into());
            }
            // Only a second factor is missing.
            Err(hand_over::Refused::Told(OidcError::UnmetAuthenticationRequirements))
                if wants.is_some_and(|wanted| wanted != Strength::Password) =>
            {
                return Ok(Answer::Page(begin(hub, visitor, door, asked, fresh_after, wants).await?));
            }
            // Another person is wanted, or another proof: they may sign in.
            Err(hand_over::Refused::Told(_)) => {
                return Ok(Answer::Page(begin(hub, visitor, door, asked, Some(now), wants).await?));
            }
            Err(hand_over::Refused::Page(fault)) if fault.is_one_factor() && asked.prompt.none => {
                return Err(OidcError::InteractionRequired.into());
            }
            Err(hand_over::Refused::Page(fault)) if fault.is_one_factor() => {
                hub.may_step_up(visitor, &live, door, Strength::TwoFactors).await?;
                let wants = Some(wants.filter(|one| *one != Strength::Password).unwrap_or(Strength::TwoFactors));
                return Ok(Answer::Page(begin(hub, visitor, door, asked, fresh_after, wants).await?));
            }
            Err(hand_over::Refused::Page(fault)) if asked.prompt.none && fault.kind == FaultKind::Refused => {
                return Err(OidcError::AccessDenied.into());
            }
            Err(hand_over::Refused::Page(fault)) => return Err(fault.into()),
        }
    }
    if asked.prompt.none {
        return Err(OidcError::LoginRequired("nobody is signed in, or not recently enough").into());
    }
    if !can_be_reached(hub, &asked) {
        return Err(OidcError::UnmetAuthenticationRequirements.into());
    }
    Ok(Answer::Page(begin(hub, visitor, door, asked, fresh_after, wants).await?))
}

/// Whether a refusal can be mended by signing in.
fn error_asks(hub: &Hub, asked: &Asked, error: OidcError) -> bool {
    match error {
        OidcError::LoginRequired(_) => true,
        OidcError::UnmetAuthenticationRequirements => can_be_reached(hub, asked),
        _ => false,
    }
}

/// Whether somebody who signs in may reach a class that is insisted on.
fn can_be_reached(hub: &Hub, asked: &Asked) -> bool {
    let wanted = &asked.claims.essential_acr;
    wanted.is_empty() || super::classes(hub).iter().any(|class| wanted.contains(class))
}

/// What the proof must be for the classes the service insists on, or else wishes for; none where whatever somebody proves will do as well
/// as anything else. A password is typed by whom a service insists on it, and not because it would rather have one.
fn wants(asked: &Asked) -> Option<Strength> {
    let ClaimsRequest { essential_acr, wished_acr, .. } = &asked.claims;
    let wanted = if essential_acr.is_empty() { wished_acr } else { essential_acr };
    let any = |class: &str| wanted.iter().any(|acr| acr == class);
    match (any(ACR_PASSWORD), any(ACR_TWO_FACTORS), any(ACR_PHISHING_RESISTANT)) {
        (false, true, _) => Some(Strength::TwoFactors),
        (false, false, true) => Some(Strength::PhishingResistant),
        (true, false, false) if !essential_acr.is_empty() => Some(Strength::Password),
        _ => None,
    }
}

/// A proof made before this does not count.
fn fresh_after(asked: &Asked, now: Instant) -> Option<Instant> {
    if asked.prompt.login {
        return Some(now);
    }
    asked.max_age.map(|seconds| now - Seconds(seconds))
}

/// Has the person sign in, or prove more, and come back to this request.
pub async fn begin(
    hub: &Hub,
    visitor: &Visitor,
    door: &Door,
    asked: Asked,
    fresh_after: Option<Instant>,
    wants: Option<Strength>,
) -> Result<axum::response::Response, Fault> {
    if let Some(key) = &asked.pushed {
        pushed::take_up(hub, key).await?;
    }
    let request = serde_json::to_string(&asked).map_err(|e| Fault::new(FaultKind::Internal, e.to_string()))?;
    let begin = Begin { protocol: crate::NAME, service: Some(door.service.id.clone()), request, fresh_after, wants };
    let languages = asked.ui_locales.iter().flat_map(|tags| tags.split(' '));
    let locale = languages.filter_map(|tag| Locale::read(tag.split('-').next()?)).next();
    let login = asked.login_hint.filter(|hint| hint.chars().count() <= 128 && !hint.chars().any(char::is_control));
    hub.begin_sign_in_with(visitor, begin, SignInHints { login, locale, ..SignInHints::default() }).await
}

/// What the service declared, and nothing else.
pub fn allowed(oidc: &OidcService, asked: &Asked) -> Result<(), OidcError> {
    let flow = match asked.response_type {
        ResponseType { code: true, id_token: false, token: false } => OidcFlow::Code,
        ResponseType { code: true, .. } => OidcFlow::Hybrid,
        _ => OidcFlow::Implicit,
    };
    if !oidc.flows.contains(&flow) {
        return Err(OidcError::UnauthorizedClient("the service did not declare this response type"));
    }
    if oidc.require_pkce && asked.response_type.code && asked.challenge.is_none() {
        return Err(OidcError::InvalidRequest("code_challenge is required of this service"));
    }
    // What passes through the browser can be bound to no key.
    if asked.response_type.token && (oidc.require_dpop || oidc.certificate_bound || asked.dpop_jkt.is_some()) {
        return Err(OidcError::InvalidRequest("an access token that is bound to a key is given at the token endpoint"));
    }
    Ok(())
}

/// Whether a proof is of a class that was insisted on.
pub fn is_of_class(asked: &Asked, live: &Live) -> bool {
    let (wanted, own) = (&asked.claims.essential_acr, acrs(&live.session.authentication));
    wanted.is_empty() || wanted.iter().any(|acr| own.contains(&acr.as_str()))
}

/// Remembers a refused request for whoever integrates the service, and which parameter of it is wrong.
fn remember(hub: &Hub, visitor: &Visitor, door: &Door, fields: &Fields, word: &'static str, why: &'static str) {
    if hub.config.bench {
        let wrong = rehearsal::rehearse(door, fields).and_then(Result::err);
        hub.bench_refusal(
            door,
            visitor,
            &Told { protocol: crate::NAME, word, why, wrong, asked: fields, answer: None },
        );
    }
}

/// An error, told at the address of the service.
fn refusal(hub: &Hub, visitor: &Visitor, door: &Door, to: TrustedUrl, fields: &Fields, error: OidcError) -> Response {
    let mut event = AuditEvent::new(hub.now(), AuditKind::RequestRefused, visitor.correlation().clone(), "");
    event.service = Some(door.service.id.clone());
    if error.audit_kind().is_some() {
        remember(hub, visitor, door, fields, error.word(), error.description());
    }
    super::tell_refusal(hub, event, error);
    let response_type = fields.one("response_type").ok().flatten().and_then(ResponseType::read);
    let mode = Mode::of(fields, response_type).unwrap_or_else(|_| {
        if response_type.is_some_and(ResponseType::is_front) { Mode::Fragment } else { Mode::Query }
    });
    let state = state(fields).ok().flatten();
    Response { to, mode, fields: fields_of_error(error, state.as_deref(), hub.base()) }
}
