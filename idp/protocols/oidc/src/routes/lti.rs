//! The addresses of tools of LTI: the pages of people, and what tools call.

use super::{Call, House, Keys, shown};
use crate::OidcError;
use crate::flow::lti::{self, grades, links, roster};
use crate::flow::userinfo::Scheme;
use crate::wire;
use crate::wire::lti::grades::{COLUMN, COLUMNS, RESULTS};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderValue, StatusCode, header};
use preau_domain::AuditEvent;
use preau_web::{Fault, Fields, Hub, Visitor};
use serde_json::Value;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/oidc/lti/{service}", get(choose_place))
        .route("/oidc/lti/{service}/choose", get(choose_link))
        .route("/oidc/lti/{service}/link/{link}", get(open_link))
        .route("/oidc/lti/{service}/links", post(answered))
        .route("/oidc/lti/{service}/links/remove", post(remove_link))
        .route("/oidc/lti/{service}/links/{chosen}", get(show_links).post(keep_links))
        .route("/oidc/lti/{service}/marks", get(marks))
        .route("/oidc/lti/{service}/marks.csv", get(export))
        .route("/oidc/lti/{service}/members/{place}", get(members))
        .route("/oidc/lti/{service}/items/{context}", get(columns).post(make_column))
        .route("/oidc/lti/{service}/items/{context}/{column}", get(column).put(change_column).delete(remove_column))
        .route("/oidc/lti/{service}/items/{context}/{column}/scores", post(mark))
        .route("/oidc/lti/{service}/items/{context}/{column}/results", get(results))
}

fn query(text: Option<&str>) -> Result<Fields, Fault> {
    Fields::parse(text.unwrap_or_default())
}

/// The page on which a person says for which class or group a tool opens.
async fn choose_place(
    State(hub): House,
    visitor: Visitor,
    Path(service): Path<String>,
    RawQuery(text): RawQuery,
) -> Result<Response, Fault> {
    lti::choose(&hub, &visitor, &service, &query(text.as_deref())?).await
}

async fn choose_link(
    State(hub): House,
    visitor: Visitor,
    Path(service): Path<String>,
    RawQuery(text): RawQuery,
) -> Result<Response, Fault> {
    links::choose(&hub, &visitor, &service, &query(text.as_deref())?).await
}

async fn open_link(
    State(hub): House,
    visitor: Visitor,
    Path((service, link)): Path<(String, String)>,
    RawQuery(text): RawQuery,
) -> Result<Response, Fault> {
    links::open(&hub, &visitor, (&service, &link), &query(text.as_deref())?).await
}

/// The form of a tool: without a cookie, and believed by its signature alone.
async fn answered(
    State(hub): House,
    Extension(keys): Keys,
    Path(service): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    links::answered(&hub, &keys, &service, &Fields::of_message(&body)?).await
}

async fn show_links(
    State(hub): House,
    visitor: Visitor,
    Path((service, chosen)): Path<(String, String)>,
) -> Result<Response, Fault> {
    links::show(&hub, &visitor, (&service, &chosen)).await
}

async fn keep_links(
    State(hub): House,
    visitor: Visitor,
    Path((service, chosen)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Fault> {
    links::keep(&hub, &visitor, (&service, &chosen), &Fields::of_body(&body)?).await
}

async fn remove_link(
    State(hub): House,
    visitor: Visitor,
    Path(service): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    links::remove(&hub, &visitor, &service, &Fields::of_body(&body)?).await
}

async fn marks(
    State(hub): House,
    visitor: Visitor,
    Path(service): Path<String>,
    RawQuery(text): RawQuery,
) -> Result<Response, Fault> {
    lti::marks(&hub, &visitor, &service, &query(text.as_deref())?).await
}

async fn export(
    State(hub): House,
    visitor: Visitor,
    Path(service): Path<String>,
    RawQuery(text): RawQuery,
) -> Result<Response, Fault> {
    lti::export(&hub, &visitor, &service, &query(text.as_deref())?).await
}

/// What came of a call of a tool with a token of its own.
fn tell<T>(call: &Call, event: AuditEvent, result: Result<T, OidcError>, told: impl FnOnce(T) -> Response) -> Response {
    call.answer_to_shown(event, result, Scheme::Bearer, |done, event| {
        call.hub.audit(event);
        told(done)
    })
}

fn document(kind: &'static str) -> impl FnOnce(Value) -> Response {
    move |told| ([(header::CONTENT_TYPE, kind)], told.to_string()).into_response()
}

/// Who is of a class or group, for a tool of LTI.
async fn members(Path((service, place)): Path<(String, String)>, call: Call) -> Response {
    let mut event = call.event();
    let asked = async {
        let shown = shown(&call.headers, None)?;
        roster::members(&call.hub, &shown, &service, &place, &mut event).await
    };
    let result = asked.await;
    tell(&call, event, result, document(wire::lti::CONTAINER))
}

async fn columns(Path((service, context)): Path<(String, String)>, RawQuery(text): RawQuery, call: Call) -> Response {
    let mut event = call.event();
    let asked = async {
        let (shown, fields) = (shown(&call.headers, None)?, query(text.as_deref())?);
        grades::columns(&call.hub, &shown, (&service, &context), &fields, &mut event).await
    };
    let result = asked.await;
    tell(&call, event, result, document(COLUMNS))
}

async fn make_column(Path((service, context)): Path<(String, String)>, call: Call) -> Response {
    let mut event = call.event();
    let asked = async {
        let shown = shown(&call.headers, None)?;
        grades::make(&call.hub, &shown, (&service, &context), &call.body, &mut event).await
    };
    let result = asked.await;
    tell(&call, event, result, |column| {
        let address = column["id"].as_str().unwrap_or_default().to_owned();
        (StatusCode::CREATED, [(header::LOCATION, address)], document(COLUMN)(column)).into_response()
    })
}

type OfColumn = Path<(String, String, String)>;

async fn column(Path((service, context, column)): OfColumn, call: Call) -> Response {
    let mut event = call.event();
    let asked = async {
        let shown = shown(&call.headers, None)?;
        grades::column(&call.hub, &shown, (&service, &context, &column), &mut event).await
    };
    let result = asked.await;
    tell(&call, event, result, document(COLUMN))
}

async fn change_column(Path((service, context, column)): OfColumn, call: Call) -> Response {
    let mut event = call.event();
    let asked = async {
        let shown = shown(&call.headers, None)?;
        grades::change(&call.hub, &shown, (&service, &context, &column), &call.body, &mut event).await
    };
    let result = asked.await;
    tell(&call, event, result, document(COLUMN))
}

async fn remove_column(Path((service, context, column)): OfColumn, call: Call) -> Response {
    let mut event = call.event();
    let asked = async {
        let shown = shown(&call.headers, None)?;
        grades::remove(&call.hub, &shown, (&service, &context, &column), &mut event).await
    };
    let result = asked.await;
    tell(&call, event, result, |()| StatusCode::NO_CONTENT.into_response())
}

async fn mark(Path((service, context, column)): OfColumn, call: Call) -> Response {
    let mut event = call.event();
    let asked = async {
        let shown = shown(&call.headers, None)?;
        grades::mark(&call.hub, &shown, (&service, &context, &column), &call.body, &mut event).await
    };
    let result = asked.await;
    tell(&call, event, result, |()| StatusCode::NO_CONTENT.into_response())
}

async fn results(Path((service, context, column)): OfColumn, RawQuery(text): RawQuery, call: Call) -> Response {
    let mut event = call.event();
    let asked = async {
        let (shown, fields) = (shown(&call.headers, None)?, query(text.as_deref())?);
        grades::results(&call.hub, &shown, (&service, &context, &column), &fields, &mut event).await
    };
    let result = asked.await;
    tell(&call, event, result, |results| {
        let mut answer = document(RESULTS)(results.told);
        let next = results.next.and_then(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")).ok());
        answer.headers_mut().extend(next.map(|next| (header::LINK, next)));
        answer
    })
}
