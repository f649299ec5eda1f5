//! The addresses services register themselves at. Off, they are pages that do not exist.

use super::{refused, shown};
use crate::OidcError;
use crate::flow::userinfo::Scheme;
use crate::flow::{self, registration};
use crate::wire::NotRegistered;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use preau_web::{Fault, FaultKind, Hub, Visitor};
use serde_json::json;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/oidc/register", post(register))
        .route("/oidc/register/{client_id}", get(read).put(update).delete(remove))
}

fn open(hub: &Hub) -> Result<(), Fault> {
    if hub.config.registration { Ok(()) } else { Err(Fault::new(FaultKind::NotFound, "registration is off")) }
}

/// The token of a request, shown by itself (RFC 6750 2.1).
fn bearer(headers: &HeaderMap) -> Result<String, OidcError> {
    let shown = shown(headers, None)?;
    let plain = shown.scheme == Scheme::Bearer;
    plain.then_some(shown.token).ok_or(OidcError::InvalidToken("the token is shown as a bearer token"))
}

/// A call about a registration: what each of the addresses reads.
struct Call {
    hub: Arc<Hub>,
    visitor: Visitor,
    token: Result<String, OidcError>,
    body: Bytes,
}

impl FromRequest<Arc<Hub>> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, hub: &Arc<Hub>) -> Result<Call, Response> {
        open(hub).map_err(IntoResponse::into_response)?;
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, hub).await.map_err(IntoResponse::into_response)?;
        let token = bearer(&parts.headers);
        let body = Bytes::from_request(Request::from_parts(parts, body), hub).await;
        Ok(Call { hub: hub.clone(), visitor, token, body: body.map_err(IntoResponse::into_response)? })
    }
}

impl Call {
    fn answer<T>(&self, done: Result<T, NotRegistered>, told: impl FnOnce(T) -> Response) -> Response {
        match done {
            Ok(done) => told(done),
            Err(error) => no(&self.hub, &self.visitor, &error),
        }
    }
}

async fn register(call: Call) -> Response {
    let done = async { registration::register(&call.hub, &call.visitor, &call.token.clone()?, &call.body).await };
    call.answer(done.await, |told| (StatusCode::CREATED, axum::Json(told)).into_response())
}

async fn read(Path(id): Path<String>, call: Call) -> Response {
    let done = async { registration::read(&call.hub, &id, &call.token.clone()?).await };
    call.answer(done.await, |told| axum::Json(told).into_response())
}

async fn update(Path(id): Path<String>, call: Call) -> Response {
    let done = async { registration::update(&call.hub, &call.visitor, &id, &call.token.clone()?, &call.body).await };
    call.answer(done.await, |told| axum::Json(told).into_response())
}

async fn remove(Path(id): Path<String>, call: Call) -> Response {
    let done = async { registration::remove(&call.hub, &call.visitor, &id, &call.token.clone()?).await };
    call.answer(done.await, |()| StatusCode::NO_CONTENT.into_response())
}

/// An error as a document (RFC 7591 3.2.2).
fn no(hub: &Hub, visitor: &Visitor, error: &NotRegistered) -> Response {
    if let NotRegistered::Told(error) = error {
        flow::tell_refusal(hub, flow::event(hub, visitor), *error);
        let mut response = refused(*error);
        let challenge = format!("Bearer error=\"{}\", error_description=\"{}\"", error.code(), error.description());
        if let Ok(value) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        return response;
    }
    metrics::counter!("preau_oidc_refusals_total", "error" => error.code()).increment(1);
    let told = json!({ "error": error.code(), "error_description": error.description() });
    (StatusCode::BAD_REQUEST, axum::Json(told)).into_response()
}
