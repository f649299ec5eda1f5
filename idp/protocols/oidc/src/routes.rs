//! The addresses of the protocol: what is read of a request and in which form the answer goes out. Nothing is decided
//! here.

use crate::config::PUSHED;
use crate::flow::userinfo::Told;
use crate::flow::{self, authorize, client, device, inspect, logout, pushed, token, userinfo};
use crate::foreign::ForeignKeys;
use crate::wire::{self, Response as Through};
use crate::{OidcError, flow::authorize::Answer};
use axum::body::Bytes;
use axum::extract::{RawQuery, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use preau_web::{Door, Fault, FaultKind, Fields, Hub, Visitor};
use serde_json::json;
use std::sync::Arc;
use url::form_urlencoded;

type House = State<Arc<Hub>>;
type Keys = Extension<Arc<ForeignKeys>>;

/// The routes: below `/oidc/`, and the two well-known addresses of the metadata.
pub fn routes(keys: Arc<ForeignKeys>) -> Router<Arc<Hub>> {
    Router::new()
        .route("/oidc/authorize", get(get_authorize).post(post_authorize))
        .route("/oidc/token", post(post_token).options(preflight))
        .route("/oidc/userinfo", get(get_userinfo).post(post_userinfo).options(preflight))
        .route("/oidc/par", post(push))
        .route("/oidc/introspect", post(introspect))
        .route("/oidc/revoke", post(revoke).options(preflight))
        .route("/oidc/device_authorization", post(post_device))
        .route("/oidc/device", get(ask_device))
        .route("/oidc/device/code", post(type_device))
        .route("/oidc/device/answer", post(answer_device))
        .route("/oidc/logout", get(get_logout).post(post_logout))
        .route_layer(from_fn(act_on_no_head))
        .route("/oidc/jwks", get(jwks))
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .layer(Extension(keys))
}

/// Whoever asks for headers alone, as a preview or a watch does, wants nothing to happen.
async fn act_on_no_head(request: Request, next: Next) -> Response {
    if request.method() == Method::HEAD {
        return Fault::new(FaultKind::MethodNotAllowed, "HEAD would have an effect").into_response();
    }
    next.run(request).await
}

async fn get_authorize(
    State(hub): House,
    Extension(keys): Keys,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    at_door(&hub, &keys, &visitor, Fields::parse(query.as_deref().unwrap_or_default())?).await
}

/// A form posted here asks what a link asks (3.1.2.1). A browser that comes from another site shows no session with it, and
/// is asked to sign in at most.
async fn post_authorize(
    State(hub): House,
    Extension(keys): Keys,
    visitor: Visitor,
    body: Bytes,
) -> Result<Response, Fault> {
    at_door(&hub, &keys, &visitor, Fields::of_body(&body)?).await
}

async fn at_door(hub: &Hub, keys: &ForeignKeys, visitor: &Visitor, fields: Fields) -> Result<Response, Fault> {
    Ok(match authorize::authorize(hub, keys, visitor, fields).await? {
        Answer::Page(page) => page,
        Answer::Service(response) => carried(hub, visitor, &response),
    })
}

/// An answer to a service, as it travels through the browser.
pub fn carried(hub: &Hub, visitor: &Visitor, response: &Through) -> Response {
    match response.location() {
        Some(location) => hub.see_other(&location),
        None => hub.posting(visitor, &response.to, &response.fields),
    }
}

/// Takes a request ahead of the browser (RFC 9126).
async fn push(State(hub): House, Extension(keys): Keys, visitor: Visitor, headers: HeaderMap, body: Bytes) -> Response {
    let result = async { pushed::push(&hub, &keys, basic(&headers), &fields(&body)?).await };
    match result.await {
        Ok((_, name)) => {
            let told = json!({ "request_uri": name, "expires_in": PUSHED.0 });
            (StatusCode::CREATED, axum::Json(told)).into_response()
        }
        Err(error) => told_no(&hub, &visitor, error),
    }
}

async fn post_token(
    State(hub): House,
    Extension(keys): Keys,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut event = flow::event(&hub, &visitor);
    let result = match fields(&body) {
        Ok(fields) => token::redeem(&hub, &keys, basic(&headers), &fields, &mut event).await,
        Err(error) => Err(error),
    };
    match result {
        Ok((door, tokens)) => {
            token::tell(&hub, event);
            allow_origin(&headers, &door, axum::Json(tokens).into_response())
        }
        Err(error) => {
            flow::tell_refusal(&hub, event, error);
            let response = refused(error);
            match known_origin(&hub, &headers) {
                Some(origin) => with_origin(response, origin),
                None => response,
            }
        }
    }
}

async fn post_device(
    State(hub): House,
    Extension(keys): Keys,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut event = flow::event(&hub, &visitor);
    let result = match fields(&body) {
        Ok(fields) => device::begin(&hub, &keys, &visitor, basic(&headers), &fields, &mut event).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(told) => axum::Json(told).into_response(),
        Err(error) => {
            flow::tell_refusal(&hub, event, error);
            refused(error)
        }
    }
}

async fn ask_device(State(hub): House, visitor: Visitor) -> Result<Response, Fault> {
    device::ask(&hub, &visitor).await
}

async fn type_device(State(hub): House, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    device::typed(&hub, &visitor, &Fields::of_body(&body)?).await
}

async fn answer_device(State(hub): House, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    device::decided(&hub, &visitor, &Fields::of_body(&body)?).await
}

async fn get_userinfo(State(hub): House, Extension(keys): Keys, visitor: Visitor, headers: HeaderMap) -> Response {
    tell(&hub, &keys, &visitor, &headers, None).await
}

async fn post_userinfo(
    State(hub): House,
    Extension(keys): Keys,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    tell(&hub, &keys, &visitor, &headers, Some(&body)).await
}

async fn tell(hub: &Hub, keys: &ForeignKeys, visitor: &Visitor, headers: &HeaderMap, body: Option<&[u8]>) -> Response {
    let mut event = flow::event(hub, visitor);
    let result = match bearer(headers, body) {
        Ok(secret) => userinfo::userinfo(hub, keys, &secret, &mut event).await,
        Err(error) => Err(error),
    };
    match result {
        Ok((door, told)) => {
            hub.audit(event);
            let response = match told {
                Told::Plain(claims) => axum::Json(claims).into_response(),
                Told::Signed(token) => ([(header::CONTENT_TYPE, "application/jwt")], token).into_response(),
            };
            allow_origin(headers, &door, response)
        }
        Err(error) => {
            flow::tell_refusal(hub, event, error);
            let mut response = refused(error);
            let challenge = format!("Bearer error=\"{}\", error_description=\"{}\"", error.code(), error.description());
            if let Ok(value) = HeaderValue::from_str(&challenge) {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
            }
            response
        }
    }
}

/// The access token of a request: in the header, or in the form (RFC 6750 2.1, 2.2), never in the address.
fn bearer(headers: &HeaderMap, body: Option<&[u8]>) -> Result<String, OidcError> {
    const NONE: OidcError = OidcError::InvalidToken("an access token is expected in the Authorization header");
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = lines.next().map(|line| line.to_str().map_err(|_| NONE)).transpose()?;
    let in_header = match line.and_then(|line| line.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim().to_owned()),
        _ if line.is_some() => return Err(NONE),
        _ => None,
    };
    let in_form = match body {
        Some(body) => fields(body)?.one("access_token")?.map(str::to_owned),
        None => None,
    };
    match (in_header, in_form, lines.next()) {
        (Some(token), None, None) | (None, Some(token), None) => Ok(token),
        (None, None, _) => Err(NONE),
        _ => Err(OidcError::InvalidRequest("the access token is given twice")),
    }
}

async fn introspect(
    State(hub): House,
    Extension(keys): Keys,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async {
        let (door, token) = calling(&hub, &keys, &headers, &body).await?;
        if door.oidc.as_ref().is_some_and(preau_connector_api::OidcService::is_public) {
            return Err(OidcError::InvalidClient("a public client cannot introspect"));
        }
        inspect::introspect(&hub, &door, &token).await
    };
    match result.await {
        Ok(told) => axum::Json(told).into_response(),
        Err(error) => told_no(&hub, &visitor, error),
    }
}

async fn revoke(
    State(hub): House,
    Extension(keys): Keys,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = async {
        let (door, token) = calling(&hub, &keys, &headers, &body).await?;
        token::revoke(&hub, &door, &token, hub.now()).await?;
        Ok::<_, OidcError>(door)
    };
    match result.await {
        Ok(door) => allow_origin(&headers, &door, StatusCode::OK.into_response()),
        Err(error) => told_no(&hub, &visitor, error),
    }
}

/// The service that calls, and the token it speaks of.
async fn calling(hub: &Hub, keys: &ForeignKeys, headers: &HeaderMap, body: &[u8]) -> Result<(Door, String), OidcError> {
    let fields = fields(body)?;
    let door = client::authenticate(hub, keys, basic(headers), &fields).await?;
    let token = fields.one("token")?.ok_or(OidcError::InvalidRequest("token is missing"))?;
    Ok((door, token.to_owned()))
}

async fn get_logout(State(hub): House, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    logout::logout(&hub, &visitor, &fields).await
}

/// A browser leaves the session's cookie out of a form that another site posts. It then comes back by itself, with the same
/// fields and its cookie.
async fn post_logout(State(hub): House, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    if visitor.session.is_none() {
        let fields: String =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(form_urlencoded::parse(&body)).finish();
        return Ok(hub.see_other(&format!("/oidc/logout?{fields}")));
    }
    logout::logout(&hub, &visitor, &Fields::of_body(&body).unwrap_or_default()).await
}

/// Public keys: kept by others for five minutes, far less than a new key waits before it signs.
async fn jwks(State(hub): House) -> Response {
    public("application/jwk-set+json", hub.signers.jwks().to_string())
}

async fn metadata(State(hub): House) -> Response {
    let ready = hub.signers.ready(hub.now());
    let algorithms: Vec<&str> = ready.iter().map(|alg| alg.as_str()).collect();
    public("application/json", wire::metadata(hub.base(), &algorithms).to_string())
}

/// A document for everybody, in whatever page.
fn public(kind: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, text).into_response()
}

/// A page of a public client may ask here: its origin is that of a mounted service.
async fn preflight(State(hub): House, headers: HeaderMap) -> Response {
    let Some(origin) = known_origin(&hub, &headers) else { return StatusCode::NO_CONTENT.into_response() };
    let fixed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    with_origin((StatusCode::NO_CONTENT, fixed).into_response(), origin)
}

/// The origin a page says it is of, if a mounted service lives there.
fn known_origin(hub: &Hub, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    hub.services().has_origin(origin.to_str().ok()?).then(|| origin.clone())
}

/// Lets a page of this very service read the answer.
fn allow_origin(headers: &HeaderMap, door: &Door, response: Response) -> Response {
    let Some(origin) = headers.get(header::ORIGIN) else { return response };
    if door.origins().iter().any(|own| own.as_bytes() == origin.as_bytes()) {
        return with_origin(response, origin.clone());
    }
    response
}

fn with_origin(mut response: Response, origin: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    response
}

fn told_no(hub: &Hub, visitor: &Visitor, error: OidcError) -> Response {
    flow::tell_refusal(hub, flow::event(hub, visitor), error);
    refused(error)
}

/// An error as a document (RFC 6749 5.2).
fn refused(error: OidcError) -> Response {
    let body = json!({ "error": error.code(), "error_description": error.description() });
    let mut response = (error.status(), axum::Json(body)).into_response();
    let headers = response.headers_mut();
    match error {
        OidcError::InvalidClient(_) => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"preau\""));
        }
        OidcError::TemporarilyUnavailable => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"))),
        _ => {}
    }
    response
}

fn fields(body: &[u8]) -> Result<Fields, OidcError> {
    Ok(Fields::of_body(body)?)
}

/// The `Authorization` header, if there is one; one that is not text is none that anybody can believe.
fn basic(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION).map(|line| line.to_str().unwrap_or(""))
}
