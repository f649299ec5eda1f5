//! The addresses of the protocol: what is read of a request and in which form the answer goes out. Nothing is decided
//! here.

use crate::config::MAX_BODY;
use crate::error::bad_message;
use crate::flow::hand_over::Outgoing;
use crate::flow::logout::Own;
use crate::flow::published::Published;
use crate::flow::received::Received;
use crate::flow::{logout, sso};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{Method, StatusCode, header};
use preau_domain::ServiceId;
use preau_keys::xml::Document;
use preau_saml::messages::soap;
use preau_saml::metadata::Peers;
use preau_web::{Fault, FaultKind, Fields, Hub, Visitor};
use std::sync::Arc;

type House = State<Arc<Hub>>;
type Known = Extension<Arc<Peers>>;

/// The routes, below `/saml/`.
pub fn routes(peers: Arc<Peers>) -> Router<Arc<Hub>> {
    Router::new()
        .route("/saml/sso", get(get_sso).post(post_sso))
        .route("/saml/sso/continue", get(resume))
        .route("/saml/launch/{service}", get(launch))
        .route("/saml/slo", get(get_slo).post(post_slo))
        .route("/saml/slo/soap", post(soap_slo))
        .route_layer(from_fn(act_on_no_head))
        .route_layer(DefaultBodyLimit::max(MAX_BODY))
        .route("/saml/metadata", get(get_metadata).layer(Extension(Arc::<Published>::default())))
        .layer(Extension(peers))
}

/// Whoever asks for headers alone, as a preview or a watch does, wants nothing to happen.
async fn act_on_no_head(request: Request, next: Next) -> Response {
    if request.method() == Method::HEAD {
        return Fault::new(FaultKind::MethodNotAllowed, "HEAD would have an effect").into_response();
    }
    next.run(request).await
}

async fn get_metadata(State(hub): House, Extension(published): Extension<Arc<Published>>) -> Result<Response, Fault> {
    let headers =
        [(header::CONTENT_TYPE, "application/samlmetadata+xml"), (header::CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, published.document(&hub)?).into_response())
}

async fn get_sso(
    State(hub): House,
    Extension(peers): Known,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let received = Received::query(query.as_deref().unwrap_or_default())?;
    let answer = sso::sso(&hub, &peers, &visitor, &received, false).await?;
    Ok(answered(&hub, &visitor, answer))
}

async fn post_sso(
    State(hub): House,
    Extension(peers): Known,
    visitor: Visitor,
    body: Bytes,
) -> Result<Response, Fault> {
    let received = Received::form(&Fields::of_message(&body)?)?;
    let answer = sso::sso(&hub, &peers, &visitor, &received, true).await?;
    Ok(answered(&hub, &visitor, answer))
}

async fn resume(
    State(hub): House,
    Extension(peers): Known,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let answer = sso::resume(&hub, &peers, &visitor, fields.required("request")?).await?;
    Ok(answered(&hub, &visitor, answer))
}

async fn launch(
    State(hub): House,
    Extension(peers): Known,
    visitor: Visitor,
    Path(service): Path<String>,
) -> Result<Response, Fault> {
    launched(&hub, &peers, &visitor, &ServiceId::new(service)).await
}

/// Opens a service of ours without being asked by it.
pub async fn launched(hub: &Hub, peers: &Peers, visitor: &Visitor, service: &ServiceId) -> Result<Response, Fault> {
    Ok(answered(hub, visitor, sso::launch(hub, peers, visitor, service).await?))
}

fn answered(hub: &Hub, visitor: &Visitor, answer: sso::Answer) -> Response {
    match answer {
        sso::Answer::Page(page) => page,
        sso::Answer::Service(outgoing) => carried(hub, visitor, &outgoing),
    }
}

/// An answer to a service, as it travels through the browser.
pub fn carried(hub: &Hub, visitor: &Visitor, outgoing: &Outgoing) -> Response {
    hub.posting(visitor, &outgoing.to, &outgoing.fields)
}

async fn get_slo(
    State(hub): House,
    Extension(peers): Known,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let received = Received::query(query.as_deref().unwrap_or_default())?;
    ended(&hub, &peers, &visitor, &received).await
}

async fn post_slo(
    State(hub): House,
    Extension(peers): Known,
    visitor: Visitor,
    body: Bytes,
) -> Result<Response, Fault> {
    let received = Received::form(&Fields::of_message(&body)?)?;
    ended(&hub, &peers, &visitor, &received).await
}

async fn ended(hub: &Hub, peers: &Peers, visitor: &Visitor, received: &Received) -> Result<Response, Fault> {
    Ok(match logout::browser(hub, peers, visitor, received).await? {
        logout::Answer::Go(to, Own::Meant) => hub.sign_out_to(visitor, Some(to)).await?,
        logout::Answer::Go(to, Own::NotMeant) => hub.see_other(&to),
        logout::Answer::Post(to, fields, Own::Meant) => hub.without_session(hub.posting(visitor, &to, &fields)),
        logout::Answer::Post(to, fields, Own::NotMeant) => hub.posting(visitor, &to, &fields),
        logout::Answer::Heard => StatusCode::NO_CONTENT.into_response(),
    })
}

/// A service tells the end of a session without a browser. What is not believed is a fault of SOAP, which says no more than
/// that.
async fn soap_slo(State(hub): House, Extension(peers): Known, visitor: Visitor, body: Bytes) -> Response {
    let envelope = |status: StatusCode, text: String| {
        (status, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
    };
    let result = async {
        let document = Document::parse(&body).map_err(bad_message)?;
        let message = soap::open(&document, &[]).map_err(bad_message)?;
        logout::back_channel(&hub, &peers, &visitor, &Received::document(message)).await
    };
    match result.await {
        Ok(text) => envelope(StatusCode::OK, text),
        Err(fault) => {
            tracing::info!(fault = fault.kind.as_str(), detail = %fault.detail, "saml: a call was refused");
            let (status, whose) = match fault.kind.status() {
                status if status.is_server_error() => (status, "Server"),
                _ => (StatusCode::BAD_REQUEST, "Client"),
            };
            envelope(status, soap::fault(whose, "the request was refused"))
        }
    }
}
