//! The addresses services register themselves at. Off, they are pages that do not exist.

use super::{House, bearer, challenge, refused};
use crate::flow::{self, registration};
use crate::wire::NotRegistered;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
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

async fn register(State(hub): House, visitor: Visitor, headers: HeaderMap, body: Bytes) -> Result<Response, Fault> {
    open(&hub)?;
    let result = async { registration::register(&hub, &visitor, &bearer(&headers, None)?, &body).await };
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
    let result = async { registration::read(&hub, &id, &bearer(&headers, None)?).await };
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
    let result = async { registration::update(&hub, &visitor, &id, &bearer(&headers, None)?, &body).await };
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
    let result = async { registration::remove(&hub, &visitor, &id, &bearer(&headers, None)?).await };
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
        if let Some(value) = challenge(*error) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        return response;
    }
    metrics::counter!("preau_oidc_refusals_total", "error" => error.code()).increment(1);
    let told = json!({ "error": error.code(), "error_description": error.description() });
    (StatusCode::BAD_REQUEST, axum::Json(told)).into_response()
}
