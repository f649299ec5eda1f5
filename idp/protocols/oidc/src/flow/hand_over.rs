//! The end of the corridor: the person is there, access is decided, and the service is answered through the browser.

use super::authorize::{self, Answer, is_of_class};
use super::{lti, pushed, sid, spoken, token};
use crate::OidcError;
use crate::foreign::ForeignKeys;
use crate::grants::{self, Bound, Code, Given, Holder, Notice};
use crate::wire::{self, Asked, Response, known_scope, tells_visitor};
use preau_connector_api::{OidcGrant, OidcService};
use preau_domain::{AuditEvent, AuditKind, GrantKind, Instant, Strength, TrustedUrl, Visit};
use preau_policy::{Refusal, Released};
use preau_store::StoreError;
use preau_web::{CompletedSignIn, Door, Fault, FaultKind, Hub, Live, Visitor};

/// Why nothing is handed over.
pub enum Refused {
    /// The service is told.
    Told(OidcError),
    /// The person reads it.
    Page(Fault),
}

impl From<OidcError> for Refused {
    fn from(error: OidcError) -> Refused {
        Refused::Told(error)
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Refused {
        Refused::Page(fault)
    }
}

/// Hands a person who just signed in over to the service.
pub async fn complete(
    hub: &Hub,
    keys: &ForeignKeys,
    visitor: &Visitor,
    done: &CompletedSignIn,
) -> Result<Answer, Fault> {
    let internal = |what: &str| Fault::new(FaultKind::Internal, what.to_owned());
    let asked: Asked = serde_json::from_str(&done.pending.request)
        .map_err(|_| internal("a sign-in of OpenID Connect holds what OpenID Connect did not write"))?;
    let services = hub.services();
    let door = done.pending.service.as_ref().and_then(|id| services.get(id));
    let gone = || Fault::new(FaultKind::UnknownService, "the service is gone, or its address is");
    let door = door.ok_or_else(gone)?;
    let oidc = door.oidc.as_ref().ok_or_else(gone)?;
    let to = door.service.trust_exactly(&asked.redirect_uri, &oidc.redirect_uris).ok_or_else(gone)?;
    match hand_over(hub, keys, visitor, &done.live, door, &to, &asked).await {
        Ok(Some(response)) => Ok(Answer::Service(response)),
        Ok(None) => Err(Fault::new(FaultKind::SignInExpired, "the session ended during its sign-in")),
        Err(Refused::Page(fault)) if fault.is_one_factor() => {
            hub.may_step_up(visitor, &done.live, door, Strength::TwoFactors).await?;
            let page = authorize::begin(hub, visitor, door, asked, None, Some(Strength::TwoFactors)).await;
            page.map(Answer::Page)
        }
        Err(Refused::Page(fault)) => Err(fault),
        Err(Refused::Told(error)) => {
            let mut event = super::event(hub, visitor);
            event.service = Some(door.service.id.clone());
            event.person = Some(done.live.session.person.clone());
            super::tell_refusal(hub, event, error);
            Ok(Answer::Service(told(hub, to, &asked, error)))
        }
    }
}

/// An error, told at the address of the service in the way it asked for.
fn told(hub: &Hub, to: TrustedUrl, asked: &Asked, error: OidcError) -> Response {
    let fields = crate::wire::fields_of_error(error, asked.state.as_deref(), hub.base());
    Response { to, mode: asked.mode, fields }
}

/// Somebody about whom a service may be answered as it asked.
struct Admitted {
    /// What the journal is told of it.
    opened: AuditEvent,
    released: Released,
    /// The scopes it is given.
    scopes: Vec<String>,
}

/// Decides whether a service may be answered about this person as it asked: what policy says, whether there is what it knows people by, and
/// whether it insists on another person or on a better proof.
fn admitted(hub: &Hub, visitor: &Visitor, live: &Live, door: &Door, asked: &Asked) -> Result<Admitted, Refused> {
    let decision = hub.decide(live, door);
    let rule = hub.opens(visitor, live, door, &decision)?;
    // Whoever lacks what the service knows people by reads so here, and not on an error page of the service.
    let released = hub.release(live, door)?;
    let (scopes, front) = (granted_scopes(spoken(door)?, &asked.scopes), asked.response_type);
    let told = match lti::is_launch(door, asked)? {
        true => wire::lti::tells_visitor(&released),
        false => tells_visitor(&released, &scopes, &asked.claims, !front.code && !front.token),
    };
    if !told {
        return Err(hub.refused(visitor, live, door, &Refusal::visitor()).into());
    }
    if asked.subject.as_deref().is_some_and(|wanted| wanted != released.user()) {
        return Err(OidcError::LoginRequired("another person is signed in").into());
    }
    if !is_of_class(asked, live) {
        return Err(OidcError::UnmetAuthenticationRequirements.into());
    }
    let opened = hub.opened(visitor, live, door, &decision, rule);
    Ok(Admitted { opened, released, scopes })
}

/// Decides, and makes the answer; absent when the session has ended elsewhere.
pub async fn hand_over(
    hub: &Hub,
    keys: &ForeignKeys,
    visitor: &Visitor,
    live: &Live,
    door: &Door,
    to: &TrustedUrl,
    asked: &Asked,
) -> Result<Option<Response>, Refused> {
    let (oidc, front) = (spoken(door)?, asked.response_type);
    let Admitted { opened, released, scopes } = admitted(hub, visitor, live, door, asked)?;
    let launch = lti::asked_for(hub, door, live, &released, asked).await?;
    if let Some(key) = &asked.pushed
        && !pushed::end(hub, key).await?
    {
        return Err(OidcError::InvalidRequestUri.into());
    }
    let at = hub.now();
    let sid = sid(hub, &live.session.id, door);
    let secret = grants::code(hub);
    let code = Code { asked: asked.clone(), scopes: scopes.clone(), correlation: visitor.correlation().clone() };
    let ticket = code.stored(&secret, live, door, at).ok_or(OidcError::InvalidRequest("the request is too long"))?;
    let notice = Notice { sid: sid.clone(), sub: released.user().to_owned() };
    let listens = oidc.backchannel_logout_uri.is_some() || oidc.frontchannel_logout_uri.is_some();
    let visit = if listens || live.notes_visit(&door.service.id) { visit(live, door, &notice, at) } else { None };
    let in_front = front.id_token.then(|| opened.clone());
    // Before the code, so that no code is durable without it.
    hub.audit(opened);
    match hub.store.issue_ticket(&ticket, visit.as_ref()).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => return Ok(None),
        Err(error) => return Err(Fault::from(error).into()),
    }
    let mut fields: Vec<(&'static str, String)> = Vec::new();
    if front.code {
        fields.push(("code", secret.clone()));
    }
    let given = Given {
        scopes,
        claims: asked.claims.clone(),
        authentication: live.session.authentication.clone(),
        sid,
        by: None,
        from: None,
        bound: Bound::default(),
        began: None,
        correlation: visitor.correlation().clone(),
    };
    let holder = Holder { door, live, session: Some(live.session.id.clone()), family: ticket.key.clone() };
    let mut access = None;
    if front.token {
        let token = grants::generate(&*hub.ids);
        let grant = holder.grant(grants::key(&token), GrantKind::Access, &given, at, crate::config::ACCESS);
        let grant = grant.ok_or(OidcError::InvalidRequest("the request is too long"))?;
        hub.store.grant(&[grant]).await.map_err(Fault::from)?;
        fields.push(("access_token", token.clone()));
        fields.push(("token_type", "Bearer".to_owned()));
        fields.push(("expires_in", crate::config::ACCESS.0.to_string()));
        access = Some(token);
    }
    if let Some(opened) = in_front {
        let beside = token::Beside {
            code: front.code.then_some(secret.as_str()),
            access: access.as_deref(),
            alone: !front.code && !front.token,
        };
        let nonce = asked.nonce.as_deref();
        let signed = match &launch {
            Some(opened) => lti::message(hub, keys, visitor, &holder, &given, nonce, opened).await?,
            None => token::id_token(hub, keys, &holder, &given, nonce, &beside).await?,
        };
        // No call of the service follows by which the journal would hear of it.
        hub.audit(AuditEvent { kind: AuditKind::AttributesReleased, detail: signed.left, ..opened });
        fields.push(("id_token", signed.token));
    }
    fields.extend(asked.state.clone().map(|state| ("state", state)));
    fields.push(("iss", hub.base().to_owned()));
    Ok(Some(Response { to: to.clone(), mode: asked.mode, fields }))
}

/// The scopes of a request that the service may have: others are passed over (Core 3.1.2.1).
pub fn granted_scopes(oidc: &OidcService, asked: &[String]) -> Vec<String> {
    let may = |scope: &&String| match scope.as_str() {
        "openid" => true,
        "offline_access" => oidc.scopes.contains(scope) && oidc.grants.contains(&OidcGrant::RefreshToken),
        _ => known_scope(scope) && oidc.scopes.contains(scope),
    };
    asked.iter().filter(may).cloned().collect()
}

/// The visit an answer stands for.
pub fn visit(live: &Live, door: &Door, notice: &Notice, at: Instant) -> Option<Visit> {
    Some(Visit {
        session: live.session.id.clone(),
        protocol: crate::NAME.to_owned(),
        service: door.service.id.clone(),
        notice: serde_json::to_string(notice).ok()?,
        at,
    })
}
