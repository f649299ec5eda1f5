//! The addresses of the protocol: what is read of a request and in which form the answer goes out. Nothing is decided
//! here.

use crate::flow::validation::{self, Endpoint};
use crate::flow::{login, logout, proxy, rehearsal};
use crate::wire::{Format, LoginParameters, LogoutParameters, ProxyParameters, ValidateParameters, cas, saml};
use crate::{CasError, page};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header;
use preau_web::{Fault, FaultKind, Fields, Hub, Visitor, act_on_no_head};
use std::sync::Arc;

type House = State<Arc<Hub>>;

/// The routes, each below `/cas/`.
pub fn routes() -> Router<Arc<Hub>> {
    let endpoint = |proxy_tickets, attributes| {
        let endpoint = Endpoint { proxy_tickets, attributes };
        get(move |hub: House, visitor: Visitor, query: RawQuery| answer_validation(hub, visitor, query, endpoint))
    };
    Router::new()
        .route("/cas/login", get(get_login).post(post_login))
        .route("/cas/logout", get(get_logout))
        .route("/cas/validate", get(validate))
        .route("/cas/serviceValidate", endpoint(false, false))
        .route("/cas/proxyValidate", endpoint(true, false))
        .route("/cas/p3/serviceValidate", endpoint(false, true))
        .route("/cas/p3/proxyValidate", endpoint(true, true))
        .route("/cas/proxy", get(answer_proxy))
        .route("/cas/samlValidate", post(saml_validate))
        .route_layer(from_fn(act_on_no_head))
        .route(page::SCRIPT_PATH, get(page::script))
}

async fn get_login(State(hub): House, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    at_login(&hub, &visitor, query.as_deref().unwrap_or_default()).await
}

/// A form posted here asks what a link asks. Credentials in it are not looked at: they are taken by the sign-in of the
/// house only, whose forms no other site can send.
async fn post_login(
    State(hub): House,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Response, Fault> {
    let body = std::str::from_utf8(&body).map_err(|_| Fault::new(FaultKind::BadRequest, "form is not UTF-8"))?;
    let both = format!("{}&{body}", query.as_deref().unwrap_or_default());
    at_login(&hub, &visitor, &both).await
}

async fn at_login(hub: &Hub, visitor: &Visitor, parameters: &str) -> Result<Response, Fault> {
    let fields = Fields::parse(parameters)?;
    let asked = LoginParameters::read(&fields);
    let asked = asked.map_err(|error| Fault::new(FaultKind::BadRequest, error.description()))?;
    let result = login::login(hub, visitor, asked).await;
    if result.as_ref().is_err_and(|fault| fault.kind == FaultKind::UnknownService) {
        rehearsal::remember(hub, visitor, &fields);
    }
    result
}

async fn get_logout(State(hub): House, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    logout::logout(&hub, &visitor, &LogoutParameters::read(&fields)).await
}

/// CAS 1 (section 2.4): yes and the user, or no.
async fn validate(State(hub): House, visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let endpoint = Endpoint { proxy_tickets: false, attributes: false };
    let fields = fields(query);
    let asked = fields.as_ref().map_err(|e| *e).and_then(ValidateParameters::read);
    let asked = asked.map(|asked| ValidateParameters { pgt_url: None, ..asked });
    let text = match checked(&hub, &visitor, ticket_of(&fields), asked, endpoint).await {
        Ok(success) => success.cas1(),
        Err(_) => "no\n".to_owned(),
    };
    typed("text/plain; charset=utf-8", text)
}

async fn answer_validation(
    State(hub): House,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    endpoint: Endpoint,
) -> Response {
    let fields = fields(query);
    let format = fields.as_ref().map_err(|e| *e).and_then(format_of);
    let asked = format.and_then(|_| ValidateParameters::read(fields.as_ref().map_err(|e| *e)?));
    let format = format.unwrap_or_default();
    let text = match checked(&hub, &visitor, ticket_of(&fields), asked, endpoint).await {
        Ok(success) => success.write(format, endpoint.attributes),
        Err(error) => cas::failure(error, format),
    };
    typed(format.content_type(), text)
}

async fn saml_validate(State(hub): House, visitor: Visitor, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let request = saml::read(&body);
    let asked = request
        .as_ref()
        .map_err(|e| *e)
        .and_then(|request| ValidateParameters::of_saml(&fields(query)?, request.artifact.clone()));
    // Attributes must not leave for an address without TLS (section 4.2.1).
    let secure = asked.as_ref().is_ok_and(|a| a.service.as_deref().is_some_and(|s| s.starts_with("https://")));
    let endpoint = Endpoint { proxy_tickets: false, attributes: secure };
    let ticket = request.as_ref().ok().map(|request| request.artifact.as_str());
    let result = checked(&hub, &visitor, ticket, asked, endpoint).await;
    let heading = saml::Heading {
        issuer: hub.base(),
        in_response_to: request.as_ref().ok().and_then(|r| r.id.as_deref()),
        now: hub.now(),
        ids: &*hub.ids,
    };
    let text = match result {
        Ok(success) => saml::success(&heading, &success, endpoint.attributes),
        Err(error) => saml::failure(&heading, error),
    };
    typed(saml::CONTENT_TYPE, text)
}

async fn answer_proxy(State(hub): House, visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let fields = fields(query);
    let format = fields.as_ref().map_err(|e| *e).and_then(format_of);
    let asked = format.and_then(|_| ProxyParameters::read(fields.as_ref().map_err(|e| *e)?));
    let format = format.unwrap_or_default();
    let result = match asked {
        Ok(asked) => proxy::proxy(&hub, &visitor, &asked).await,
        Err(error) => {
            proxy::refused(&hub, &visitor, error);
            Err(error)
        }
    };
    let text = match result {
        Ok(ticket) => cas::proxy_success(&ticket, format),
        Err(error) => cas::proxy_failure(error, format),
    };
    typed(format.content_type(), text)
}

async fn checked(
    hub: &Hub,
    visitor: &Visitor,
    ticket: Option<&str>,
    asked: Result<ValidateParameters, CasError>,
    endpoint: Endpoint,
) -> Result<cas::Success, CasError> {
    match asked {
        Ok(asked) => validation::validate(hub, visitor, &asked, endpoint).await,
        Err(error) => Err(validation::refused(hub, visitor, ticket, error).await),
    }
}

/// The ticket of a validation, whatever the rest of it says; none when two are given, since nobody knows which is meant.
fn ticket_of(fields: &Result<Fields, CasError>) -> Option<&str> {
    fields.as_ref().ok()?.one("ticket").ok().flatten()
}

fn fields(query: Option<String>) -> Result<Fields, CasError> {
    Ok(Fields::parse(query.as_deref().unwrap_or_default())?)
}

fn format_of(fields: &Fields) -> Result<Format, CasError> {
    let word = fields.one("format").map_err(|_| CasError::InvalidRequest("a parameter is given twice"))?;
    Format::read(word)
}

/// Answers of the protocol are documents with status 200, whatever they say: the standard knows no other, and clients
/// do not read the body of an error.
fn typed(content_type: &'static str, text: String) -> Response {
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}
