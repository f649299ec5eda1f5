//! The addresses of the protocol: what is read of a request and in which form the answer goes out. Nothing is decided
//! here.

mod lti;
mod registration;

use crate::config::PUSHED;
use crate::flow::proof::{self, Caller};
use crate::flow::userinfo::{Scheme, Shown, Told};
use crate::flow::{self, authorize, client, device, home, inspect, logout, pushed, rehearsal, token};
use crate::foreign::ForeignKeys;
use crate::wire::{self, Response as Through};
use crate::{OidcError, flow::authorize::Answer};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawQuery, Request, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use preau_domain::AuditEvent;
use preau_keys::jose::Alg;
use preau_web::{Door, Fault, Fields, Hub, Visitor, act_on_no_head};
use serde_json::json;
use std::sync::Arc;
use tower::ServiceBuilder;
use url::form_urlencoded;

/// Longest form that becomes an address: what proxies commonly let through.
const MAX_ADDRESS: usize = 7 * 1024;

/// The addresses that services call by themselves.
pub const OF_SERVICES: &[&str] = &[
    "/oidc/token",
    "/oidc/userinfo",
    "/oidc/par",
    "/oidc/introspect",
    "/oidc/revoke",
    "/oidc/device_authorization",
    "/api/home",
];

/// The proof of a key, and the nonce of the next one (RFC 9449).
const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

type House = State<Arc<Hub>>;
type Keys = Extension<Arc<ForeignKeys>>;

/// The routes: below `/oidc/`, and the two well-known addresses of the metadata.
pub fn routes(keys: Arc<ForeignKeys>) -> Router<Arc<Hub>> {
    Router::new()
        .route("/oidc/authorize", get(get_authorize).post(post_authorize))
        .route("/oidc/token", post(post_token).options(preflight))
        .route("/oidc/userinfo", get(userinfo).post(userinfo).options(preflight))
        .route("/api/home", get(own_home).options(preflight))
        .route("/oidc/par", post(push))
        .route("/oidc/introspect", post(introspect))
        .route("/oidc/revoke", post(revoke).options(preflight))
        .route("/oidc/device_authorization", post(post_device))
        .route("/oidc/device", get(ask_device))
        .route("/oidc/device/code", get(to_device).post(type_device))
        .route("/oidc/device/answer", get(to_device).post(answer_device))
        .route("/oidc/logout", get(get_logout).post(post_logout))
        .merge(registration::routes())
        .merge(lti::routes())
        .route_layer(ServiceBuilder::new().layer(Extension(keys)).layer(from_fn(act_on_no_head)))
        .route("/oidc/jwks", get(jwks))
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/.well-known/oauth-authorization-server", get(metadata))
}

async fn get_authorize(
    State(hub): House,
    Extension(keys): Keys,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    at_door(&hub, &keys, &visitor, Fields::parse(query.as_deref().unwrap_or_default())?).await
}

/// A form posted here asks what a link asks (3.1.2.1). A browser leaves the session's cookie out of a form that another site
/// posts: it is sent back to ask the same with its cookie. What is too long for an address goes on as it is, and asks for
/// a sign-in at most.
async fn post_authorize(
    State(hub): House,
    Extension(keys): Keys,
    visitor: Visitor,
    body: Bytes,
) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    if visitor.session.is_none() && body.len() <= MAX_ADDRESS {
        return Ok(by_get(&hub, "/oidc/authorize", &body));
    }
    at_door(&hub, &keys, &visitor, fields).await
}

/// Sends a browser back with the same fields in the address: nothing has to be kept of it meanwhile.
fn by_get(hub: &Hub, path: &str, body: &[u8]) -> Response {
    let fields = form_urlencoded::Serializer::new(String::new()).extend_pairs(form_urlencoded::parse(body)).finish();
    hub.see_other(&format!("{path}?{fields}"))
}

async fn at_door(hub: &Hub, keys: &ForeignKeys, visitor: &Visitor, fields: Fields) -> Result<Response, Fault> {
    Ok(answered(hub, visitor, authorize::authorize(hub, keys, visitor, fields).await?))
}

/// What a browser is answered, as it travels.
pub fn answered(hub: &Hub, visitor: &Visitor, answer: Answer) -> Response {
    match answer {
        Answer::Page(page) => page,
        Answer::Service(response) => carried(hub, visitor, &response),
    }
}

/// An answer to a service, as it travels through the browser.
pub fn carried(hub: &Hub, visitor: &Visitor, response: &Through) -> Response {
    match response.location() {
        Some(location) => hub.see_other(&location),
        None => hub.posting(visitor, &response.to, &response.fields),
    }
}

/// A call of a service itself: what every address it posts to reads.
struct Call {
    hub: Arc<Hub>,
    keys: Arc<ForeignKeys>,
    visitor: Visitor,
    method: Method,
    path: String,
    /// The host of the request line, where HTTP/2 says it.
    authority: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

impl FromRequest<Arc<Hub>> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, hub: &Arc<Hub>) -> Result<Call, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, hub).await.map_err(IntoResponse::into_response)?;
        let keys = Keys::from_request_parts(&mut parts, hub).await.map_err(IntoResponse::into_response)?.0;
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let authority = parts.uri.authority().map(|authority| authority.as_str().to_owned());
        let headers = std::mem::take(&mut parts.headers);
        let body = Bytes::from_request(Request::from_parts(parts, body), hub).await;
        let body = body.map_err(IntoResponse::into_response)?;
        Ok(Call { hub: hub.clone(), keys, visitor, method, path, authority, headers, body })
    }
}

impl Call {
    fn event(&self) -> AuditEvent {
        flow::event(&self.hub, &self.visitor)
    }

    fn fields(&self) -> Result<Fields, OidcError> {
        Ok(Fields::of_body(&self.body)?)
    }

    /// What it says besides its form. An `Authorization` header that is not text is none that anybody can believe.
    fn caller(&self) -> Caller<'_> {
        let mut lines = self.headers.get_all(DPOP).iter();
        let proof = match (lines.next().map(HeaderValue::to_str), lines.next()) {
            (None, _) => Ok(None),
            (Some(Ok(line)), None) => Ok(Some(line)),
            _ => Err(OidcError::InvalidDpopProof("one proof, in one DPoP header")),
        };
        let authorization = self.headers.get(header::AUTHORIZATION).map(|line| line.to_str().unwrap_or(""));
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.or(self.authority.as_deref()).unwrap_or_default();
        let base = self.hub.mtls_base().filter(|_| self.hub.is_mtls_host(host)).unwrap_or(self.hub.base());
        let certificate = self.visitor.certificate.as_deref();
        Caller {
            authorization,
            proof,
            visitor: &self.visitor,
            certificate,
            method: &self.method,
            base,
            path: &self.path,
        }
    }

    /// The service that calls, and the token it speaks of.
    async fn of_token(&self) -> Result<(Door, String), OidcError> {
        let fields = self.fields()?;
        let door = client::authenticate(&self.hub, &self.keys, &self.caller(), &fields).await?;
        let token = fields.one("token")?.ok_or(OidcError::InvalidRequest("token is missing"))?;
        Ok((door, token.to_owned()))
    }

    /// What came of it: `told` writes what was done; an error is a document, of which the journal hears and which a page of
    /// a mounted service may read.
    fn answer<T>(
        &self,
        event: AuditEvent,
        result: Result<T, OidcError>,
        told: impl FnOnce(T, AuditEvent) -> Response,
    ) -> Response {
        let mut response = match result {
            Ok(done) => told(done, event),
            Err(error) => {
                if let Ok(fields) = self.fields() {
                    rehearsal::remember_call(&self.hub, &self.visitor, self.caller().authorization, &fields, error);
                }
                flow::tell_refusal(&self.hub, event, error);
                match known_origin(&self.hub, &self.headers) {
                    Some(origin) => with_origin(refused(error), origin),
                    None => refused(error),
                }
            }
        };
        // Whoever proves a key is given the nonce of its next proof (RFC 9449 8).
        if self.headers.contains_key(DPOP)
            && let Ok(nonce) = HeaderValue::from_str(&proof::nonce(&self.hub))
        {
            response.headers_mut().insert(DPOP_NONCE, nonce);
        }
        response
    }

    /// The same of a call that shows an access token: who is refused is told how to show one.
    fn answer_to_shown<T>(
        &self,
        event: AuditEvent,
        result: Result<T, OidcError>,
        scheme: Scheme,
        told: impl FnOnce(T, AuditEvent) -> Response,
    ) -> Response {
        let refused = result.as_ref().err().copied();
        let mut response = self.answer(event, result, told);
        if let Some(error) = refused {
            challenge(&mut response, error, scheme);
        }
        response
    }
}

/// Takes a request ahead of the browser (RFC 9126).
async fn push(call: Call) -> Response {
    let result = async { pushed::push(&call.hub, &call.keys, &call.caller(), &call.fields()?).await };
    call.answer(call.event(), result.await, |(_, name), _| {
        let told = json!({ "request_uri": name, "expires_in": PUSHED.0 });
        (StatusCode::CREATED, axum::Json(told)).into_response()
    })
}

async fn post_token(call: Call) -> Response {
    let mut event = call.event();
    let result = async { token::redeem(&call.hub, &call.keys, &call.caller(), &call.fields()?, &mut event).await };
    let result = result.await;
    call.answer(event, result, |(door, tokens), event| {
        token::tell(&call.hub, event);
        allow_origin(&call.headers, &door, axum::Json(tokens).into_response())
    })
}

async fn post_device(call: Call) -> Response {
    let mut event = call.event();
    let asked = async {
        let fields = call.fields()?;
        device::begin(&call.hub, &call.keys, &call.visitor, &call.caller(), &fields, &mut event).await
    };
    let result = asked.await;
    call.answer(event, result, |told, _| axum::Json(told).into_response())
}

async fn introspect(call: Call) -> Response {
    let mut event = call.event();
    let asked = async {
        let (door, token) = call.of_token().await?;
        inspect::introspect(&call.hub, &call.visitor, &door, &token, &mut event).await
    };
    let result = asked.await;
    call.answer(event, result, |told, event| {
        inspect::tell(&call.hub, event);
        axum::Json(told).into_response()
    })
}

async fn revoke(call: Call) -> Response {
    let asked = async {
        let (door, token) = call.of_token().await?;
        token::revoke(&call.hub, &door, &token, call.hub.now()).await?;
        Ok(door)
    };
    call.answer(call.event(), asked.await, |door, _| allow_origin(&call.headers, &door, StatusCode::OK.into_response()))
}

/// GET reads the token in the header alone: an address is no place for one.
async fn userinfo(call: Call) -> Response {
    let mut event = call.event();
    let body = (call.method == Method::POST).then_some(&*call.body);
    let shown = shown(&call.headers, body);
    let scheme = shown.as_ref().map_or(Scheme::Bearer, |shown| shown.scheme);
    let result = match &shown {
        Ok(shown) => flow::userinfo::userinfo(&call.hub, &call.keys, &call.caller(), shown, &mut event).await,
        Err(error) => Err(*error),
    };
    call.answer_to_shown(event, result, scheme, |(door, told), event| {
        call.hub.audit(event);
        let response = match told {
            Told::Plain(claims) => axum::Json(claims).into_response(),
            Told::Signed(token) => ([(header::CONTENT_TYPE, "application/jwt")], token).into_response(),
        };
        allow_origin(&call.headers, &door, response)
    })
}

/// The home page as a document. Whoever has it already is told so, and nothing leaves.
async fn own_home(call: Call) -> Response {
    let mut event = call.event();
    let shown = shown(&call.headers, None);
    let scheme = shown.as_ref().map_or(Scheme::Bearer, |shown| shown.scheme);
    let result = match &shown {
        Ok(shown) => home::home(&call.hub, &call.caller(), shown, &mut event).await,
        Err(error) => Err(*error),
    };
    call.answer_to_shown(event, result, scheme, |(door, document), event| {
        let known = call.headers.get(header::IF_NONE_MATCH).and_then(|line| line.to_str().ok());
        let fixed = [
            (header::ETAG, document.tag()),
            (header::CACHE_CONTROL, "private, no-cache".to_owned()),
            (header::VARY, "Authorization, Accept-Language".to_owned()),
        ];
        let response = if known.is_some_and(|known| document.is_among(known)) {
            (StatusCode::NOT_MODIFIED, fixed).into_response()
        } else {
            call.hub.audit(event);
            (fixed, [(header::CONTENT_TYPE, "application/json")], document.text).into_response()
        };
        allow_origin(&call.headers, &door, response)
    })
}

/// Says where an access token was refused how to show one, and what was wrong (RFC 6750 3, RFC 9449 7.1).
pub fn challenge(response: &mut Response, error: OidcError, scheme: Scheme) {
    if matches!(error, OidcError::UseDpopNonce | OidcError::InvalidDpopProof(_)) {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    let why = format!("error=\"{}\", error_description=\"{}\"", error.code(), error.description());
    let algs: Vec<&str> = Alg::ALL.iter().map(|alg| alg.as_str()).collect();
    let algs = format!("algs=\"{}\"", algs.join(" "));
    let challenges = match scheme {
        Scheme::Bearer => vec![format!("Bearer {why}"), format!("DPoP {algs}")],
        Scheme::Dpop => vec![format!("DPoP {why}, {algs}")],
    };
    for value in challenges.iter().filter_map(|challenge| HeaderValue::from_str(challenge).ok()) {
        response.headers_mut().append(header::WWW_AUTHENTICATE, value);
    }
}

async fn ask_device(State(hub): House, visitor: Visitor) -> Result<Response, Fault> {
    device::ask(&hub, &visitor).await
}

/// Somebody asks for the address of a form, as a telephone does that opens its tabs again.
async fn to_device(State(hub): House) -> Response {
    hub.see_other("/oidc/device")
}

async fn type_device(State(hub): House, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    device::typed(&hub, &visitor, &Fields::of_body(&body)?).await
}

async fn answer_device(State(hub): House, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    device::decided(&hub, &visitor, &Fields::of_body(&body)?).await
}

/// The access token of a request: in the header, or in the form (RFC 6750 2.1, 2.2), never in the address.
pub fn shown(headers: &HeaderMap, body: Option<&[u8]>) -> Result<Shown, OidcError> {
    const NONE: OidcError = OidcError::InvalidToken("an access token is expected in the Authorization header");
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = lines.next().map(|line| line.to_str().map_err(|_| NONE)).transpose()?;
    let in_header = match line.and_then(|line| line.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some((token, Scheme::Bearer)),
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("dpop") => Some((token, Scheme::Dpop)),
        _ if line.is_some() => return Err(NONE),
        _ => None,
    };
    let in_form = match body {
        Some(body) => Fields::of_body(body)?.one("access_token")?.map(str::to_owned),
        None => None,
    };
    match (in_header, in_form, lines.next()) {
        (Some((token, scheme)), None, None) => Ok(Shown { token: token.trim().to_owned(), scheme }),
        (None, Some(token), None) => Ok(Shown { token, scheme: Scheme::Bearer }),
        (None, None, _) => Err(NONE),
        _ => Err(OidcError::InvalidRequest("the access token is given twice")),
    }
}

async fn get_logout(State(hub): House, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    logout::logout(&hub, &visitor, &fields).await
}

/// A browser leaves the session's cookie out of a form that another site posts, here too.
async fn post_logout(State(hub): House, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    if visitor.session.is_none() && body.len() <= MAX_ADDRESS {
        return Ok(by_get(&hub, "/oidc/logout", &body));
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
    let certificates = match hub.sees_certificates() {
        true => wire::Certificates::Seen { base: hub.mtls_base() },
        false => wire::Certificates::Unseen,
    };
    let mut document = wire::metadata(hub.base(), &algorithms, &flow::classes(&hub), certificates);
    if hub.config.registration {
        document["registration_endpoint"] = json!(format!("{}/oidc/register", hub.base()));
    }
    public("application/json", document.to_string())
}

/// A document for everybody, in whatever page.
pub fn public(kind: &'static str, text: String) -> Response {
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
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, dpop"),
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
pub fn allow_origin(headers: &HeaderMap, door: &Door, response: Response) -> Response {
    let Some(origin) = headers.get(header::ORIGIN) else { return response };
    if door.origins().iter().any(|own| own.as_bytes() == origin.as_bytes()) {
        return with_origin(response, origin.clone());
    }
    response
}

fn with_origin(mut response: Response, origin: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let readable = HeaderValue::from_static("dpop-nonce, etag, www-authenticate");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, readable);
    response
}

/// An error as a document (RFC 6749 5.2).
pub fn refused(error: OidcError) -> Response {
    let body = json!({ "error": error.code(), "error_description": error.description() });
    let mut response = (error.status(), axum::Json(body)).into_response();
    let headers = response.headers_mut();
    match error {
        OidcError::InvalidClient(_) => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"preau\""));
        }
        OidcError::TooSoon { seconds } => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds))),
        OidcError::TemporarilyUnavailable => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"))),
        _ => {}
    }
    response
}
