//! Sandboxes of the bench that speak OpenID Connect: the whole way, from the request to userinfo, as somebody who does not
//! exist. Each is a provider of its own, below `/oidc/sandbox/{id}`; the requests are read, judged and answered by what reads,
//! judges and answers those of services.
//!
//! Codes and tokens are kept documents of kinds of their own, with the name of their sandbox inside. The addresses of the
//! real provider look for tickets and grants, and find none of these; these look for nothing else.

use crate::config::{ACCESS, CODE};
use crate::flow::userinfo::Scheme;
use crate::flow::{self, authorize, client, rehearsal, token};
use crate::routes::{allow_origin, carried, challenge, public, refused, shown};
use crate::wire::{
    Asked, Mode, Response as Through, Target, TokenRequest, Wanted, claims, fields_of_error, is_secret, state,
};
use crate::{NAME, OidcError, grants};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use preau_domain::{KeptKind, TrustedUrl};
use preau_web::bench::sandbox::{Held, Sandbox, Spoken, Told, sent_from_here};
use preau_web::{Fault, FaultKind, Fields, Hub, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

type House = State<Arc<Hub>>;

/// What a code or an access token answers: the request, and the scopes that were given.
#[derive(Serialize, Deserialize)]
struct Answered {
    request: Asked,
    scopes: Vec<String>,
}

pub(crate) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/oidc/sandbox/{id}/authorize", get(get_authorize).post(post_authorize))
        .route("/oidc/sandbox/{id}/person", post(person))
        .route("/oidc/sandbox/{id}/token", post(post_token).options(preflight))
        .route("/oidc/sandbox/{id}/userinfo", get(get_userinfo).post(post_userinfo).options(preflight))
        .route("/oidc/sandbox/{id}/.well-known/openid-configuration", get(metadata))
}

async fn get_authorize(
    State(hub): House,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    ask(&hub, &visitor, &id, &Fields::parse(query.as_deref().unwrap_or_default())?).await
}

async fn post_authorize(
    State(hub): House,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    ask(&hub, &visitor, &id, &Fields::of_body(&body)?).await
}

/// A request is a page, whatever it says: who comes, or what is wrong.
async fn ask(hub: &Hub, visitor: &Visitor, id: &str, fields: &Fields) -> Result<Response, Fault> {
    let sandbox = Sandbox::find(hub, id, Some(Spoken::Oidc)).await?;
    Ok(match read(&sandbox, fields) {
        Ok((_, asked)) if asked.prompt.none => {
            let error = OidcError::LoginRequired(
                "nobody is signed in: a sandbox has no session, and each sign-on asks who comes",
            );
            no(hub, visitor, &sandbox, fields, error)
        }
        Ok(_) => hub.who_comes(visitor, &sandbox, &format!("/oidc/sandbox/{id}/person"), fields),
        Err(error) => no(hub, visitor, &sandbox, fields, error),
    })
}

/// The request and its address, as the real provider reads them.
fn read(sandbox: &Sandbox, fields: &Fields) -> Result<(TrustedUrl, Asked), OidcError> {
    let door = sandbox.door();
    let oidc = flow::spoken(door)?;
    let to = address(sandbox, fields)
        .ok_or(OidcError::InvalidRequest("redirect_uri or client_id is not one of this sandbox"))?;
    let redirect_uri = Target::read(fields)?.redirect_uri;
    let asked = Asked::read(fields, redirect_uri)?;
    authorize::allowed(oidc, &asked)?;
    Ok((to, asked))
}

/// The address an answer may go to, if the request names one of this sandbox.
fn address(sandbox: &Sandbox, fields: &Fields) -> Option<TrustedUrl> {
    let target = Target::read(fields).ok().filter(|target| target.client_id == sandbox.id())?;
    let door = sandbox.door();
    door.service.trust_exactly(target.redirect_uri, &door.oidc.as_ref()?.redirect_uris)
}

fn no(hub: &Hub, visitor: &Visitor, sandbox: &Sandbox, fields: &Fields, error: OidcError) -> Response {
    let answer = address(sandbox, fields).and_then(|to| {
        let state = state(fields).ok().flatten();
        let mode = Mode::of(fields, None).unwrap_or(Mode::Query);
        let fields = fields_of_error(error, state.as_deref(), &sandbox.provider(hub));
        Through { to, mode, fields }.location()
    });
    let wrong = rehearsal::rehearse(sandbox.door(), fields).and_then(Result::err);
    let (word, why) = (error.code(), error.description());
    hub.would_be_told(visitor, sandbox, Told { protocol: NAME, word, why, wrong, asked: fields, answer })
}

/// Somebody of the cast was chosen: the application is answered with a code.
async fn person(
    State(hub): House,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    sent_from_here(&hub, &headers)?;
    let fields = Fields::of_body(&body)?;
    let sandbox = Sandbox::find(&hub, &id, Some(Spoken::Oidc)).await?;
    let (to, asked) = match read(&sandbox, &fields) {
        Ok(read) => read,
        Err(error) => return Ok(no(&hub, &visitor, &sandbox, &fields, error)),
    };
    let person = fields.required("bench_person")?;
    let internal = |what: &str| Fault::new(FaultKind::Internal, what.to_owned());
    let oidc = sandbox.door().oidc.as_ref().ok_or_else(|| internal("a sandbox of OpenID Connect does not speak it"))?;
    let scopes = flow::hand_over::granted_scopes(oidc, &asked.scopes);
    let (state, mode) = (asked.state.clone(), asked.mode);
    let held = sandbox.hold(&hub, person, Answered { request: asked, scopes })?;
    let code = grants::generate(&*hub.ids);
    sandbox.keep(&hub, &held, (KeptKind::SandboxCode, grants::key(&code)), CODE).await?;
    let mut fields = vec![("code", code)];
    fields.extend(state.map(|state| ("state", state)));
    fields.push(("iss", sandbox.provider(&hub)));
    Ok(carried(&hub, &visitor, &Through { to, mode, fields }))
}

async fn post_token(
    State(hub): House,
    Path(id): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    let sandbox = Sandbox::find(&hub, &id, Some(Spoken::Oidc)).await?;
    let fields = Fields::of_body(&body)?;
    let authorization = headers.get(header::AUTHORIZATION).map(|line| line.to_str().unwrap_or(""));
    let response = match redeem(&hub, &sandbox, authorization, &fields).await {
        Ok(tokens) => Json(tokens).into_response(),
        Err(error) => {
            rehearsal::remember_call_of(&hub, &visitor, sandbox.door(), authorization, &fields, error);
            refused(error)
        }
    };
    Ok(allow_origin(&headers, sandbox.door(), response))
}

/// Userinfo that is refused: as a document, and on the page of the sandbox, where it cannot be asked again.
fn told(hub: &Hub, visitor: &Visitor, sandbox: &Sandbox, error: OidcError) -> Response {
    let (word, why, asked) = (error.code(), error.description(), &Fields::default());
    let told = Told { protocol: NAME, word, why, wrong: None, asked, answer: None };
    hub.bench_refusal(sandbox.door(), visitor, &told);
    refused(error)
}

async fn redeem(
    hub: &Hub,
    sandbox: &Sandbox,
    authorization: Option<&str>,
    fields: &Fields,
) -> Result<Value, OidcError> {
    const UNKNOWN: OidcError =
        OidcError::InvalidGrant("the code is not recognised: never issued here, used already, or older than a minute");
    client::is_sandbox(sandbox.door(), authorization, fields)?;
    let TokenRequest::Code { code, redirect_uri, verifier } = TokenRequest::read(fields)? else {
        return Err(OidcError::UnauthorizedClient("a sandbox redeems codes, and nothing else"));
    };
    if !is_secret(&code) {
        return Err(OidcError::InvalidGrant("this is not the text of a code"));
    }
    let held: Option<Held<Answered>> = sandbox.take(hub, KeptKind::SandboxCode, &grants::key(&code)).await?;
    let held = held.ok_or(UNKNOWN)?;
    let asked = &held.asked.request;
    if redirect_uri.as_deref() != Some(asked.redirect_uri.as_str()) {
        return Err(OidcError::InvalidGrant("redirect_uri is not the one the code was answered to"));
    }
    token::proved(asked.challenge.as_deref(), verifier.as_deref())?;
    let mut sample = sandbox.who(hub, &held)?;
    sample.authentication.at = held.at;
    let door = sandbox.door();
    let alg = flow::alg(flow::spoken(door)?.signing);
    let access = grants::generate(&*hub.ids);
    sandbox.keep(hub, &held, (KeptKind::SandboxToken, grants::key(&access)), ACCESS).await?;
    let told = claims(&sample.released, &Wanted { scopes: &[], names: &asked.claims.id_token });
    let mut said = token::said(hub, door, &sample.released, told, &sample.authentication, "sandbox");
    said.insert("iss".to_owned(), json!(sandbox.provider(hub)));
    said.insert("at_hash".to_owned(), json!(alg.left_half(&access)));
    said.insert("c_hash".to_owned(), json!(alg.left_half(&code)));
    asked.nonce.iter().for_each(|nonce| drop(said.insert("nonce".to_owned(), json!(nonce))));
    let id_token = flow::sign(hub, alg, "JWT", &said)?;
    Ok(json!({
        "access_token": access, "token_type": "Bearer", "expires_in": ACCESS.0, "id_token": id_token,
        "scope": held.asked.scopes.join(" "),
    }))
}

async fn get_userinfo(
    State(hub): House,
    Path(id): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    userinfo(&hub, &visitor, &id, &headers, None).await
}

async fn post_userinfo(
    State(hub): House,
    Path(id): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    userinfo(&hub, &visitor, &id, &headers, Some(&body)).await
}

async fn userinfo(
    hub: &Hub,
    visitor: &Visitor,
    id: &str,
    headers: &HeaderMap,
    body: Option<&[u8]>,
) -> Result<Response, Fault> {
    let sandbox = Sandbox::find(hub, id, Some(Spoken::Oidc)).await?;
    let asked = async { tell(hub, &sandbox, &shown(headers, body)?.token).await };
    let response = match asked.await {
        Ok(claims) => Json(claims).into_response(),
        Err(error) => {
            let mut response = told(hub, visitor, &sandbox, error);
            challenge(&mut response, error, Scheme::Bearer);
            response
        }
    };
    Ok(allow_origin(headers, sandbox.door(), response))
}

async fn tell(hub: &Hub, sandbox: &Sandbox, secret: &str) -> Result<Value, OidcError> {
    const UNKNOWN: OidcError = OidcError::InvalidToken("the access token is unknown here, or expired");
    if !is_secret(secret) {
        return Err(UNKNOWN);
    }
    let held: Option<Held<Answered>> = sandbox.kept(hub, KeptKind::SandboxToken, &grants::key(secret)).await?;
    let held = held.ok_or(UNKNOWN)?;
    let sample = sandbox.who(hub, &held)?;
    let wanted = Wanted { scopes: &held.asked.scopes, names: &held.asked.request.claims.userinfo };
    let mut told = claims(&sample.released, &wanted);
    told.insert("sub".to_owned(), json!(sample.released.user()));
    Ok(Value::Object(told))
}

/// What a sandbox says of itself. Its keys are those of the house: what they sign here names another issuer.
async fn metadata(State(hub): House, Path(id): Path<String>) -> Result<Response, Fault> {
    let sandbox = Sandbox::find(&hub, &id, Some(Spoken::Oidc)).await?;
    let issuer = sandbox.provider(&hub);
    let at = |path: &str| format!("{issuer}/{path}");
    let oidc = sandbox.door().oidc.as_ref();
    let (signing, way) = (oidc.map(|oidc| oidc.signing), oidc.map(|oidc| oidc.authentication.as_str()));
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": format!("{}/oidc/jwks", hub.base()),
        "scopes_supported": ["openid", "profile", "email", "ent"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": [signing],
        // Some libraries take another way wherever it is offered: the one service there is has this one.
        "token_endpoint_auth_methods_supported": [way],
        "code_challenge_methods_supported": ["S256"],
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    });
    Ok(public("application/json", document.to_string()))
}

/// A page of the application may ask here.
async fn preflight(State(hub): House, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    let sandbox = Sandbox::find(&hub, &id, Some(Spoken::Oidc)).await?;
    let fixed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type")),
    ];
    Ok(allow_origin(&headers, sandbox.door(), (StatusCode::NO_CONTENT, fixed).into_response()))
}
