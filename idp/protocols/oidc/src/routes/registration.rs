//! The addresses services register themselves at. Off, they are pages that do not exist.

use super::{House, refused, shown};
use crate::OidcError;
use crate::flow::userinfo::Scheme;
use crate::flow::{self, registration};
use crate::wire::NotRegistered;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
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

async fn register(State(hub): House, visitor: Visitor, headers: HeaderMap, body: Bytes) -> Result<Response, Fault> {
    open(&hub)?;
    let result = async { registration::register(&hub, &visitor, &bearer(&headers)?, &body).await };
    Ok(match result.await {
        Ok(told) => (StatusCode::CREATED, axum::Json(told)).into_response(),
        Err(error) => no(&hub, &visitor, &error),
    })
}

async fn read(
    State(hub): House,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    open(&hub)?;
    let result = async { registration::read(&hub, &id, &bearer(&headers)?).await };
    Ok(match result.await {
        Ok(told) => axum::Json(told).into_response(),
        Err(error) => no(&hub, &visitor, &error),
    })
}

async fn update(
    State(hub): House,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    open(&hub)?;
    let result = async { registration::update(&hub, &visitor, &id, &bearer(&headers)?, &body).await };
    Ok(match result.await {
        Ok(told) => axum::Json(told).into_response(),
        Err(error) => no(&hub, &visitor, &error),
    })
}

async fn remove(
    State(hub): House,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    open(&hub)?;
    let result = async { registration::remove(&hub, &visitor, &id, &bearer(&headers)?).await };
    Ok(match result.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => no(&hub, &visitor, &error),
    })
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
