//! The addresses of the protocol: what is read of a request and in which form the answer goes out. Nothing is decided
//! here.

use crate::config::MAX_BODY;
use crate::error::bad_message;
use crate::flow::hand_over::Outgoing;
use crate::flow::leaving::Way;
use crate::flow::published::Published;
use crate::flow::received::Received;
use crate::flow::{artifact, ecp, leaving, logout, sso};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use preau_domain::ServiceId;
use preau_keys::xml::Document;
use preau_saml::bindings::Kind;
use preau_saml::messages::{Refused, soap};
use preau_saml::metadata::Peers;
use preau_web::{Fault, Fields, Hub, Visitor, act_on_no_head};
use std::sync::Arc;
use tower::ServiceBuilder;

type House = State<Arc<Hub>>;
type Known = Extension<Arc<Peers>>;

/// The routes, below `/saml/`.
pub fn routes(peers: Arc<Peers>) -> Router<Arc<Hub>> {
    Router::new()
        .route("/saml/sso", get(get_sso).post(post_sso))
        .route("/saml/sso/continue", get(resume))
        .route("/saml/launch/{service}", get(launch))
        .route("/saml/slo", get(get_slo).post(post_slo))
        .route("/saml/slo/round", get(set_out))
        .route("/saml/slo/answer", get(at_last))
        .route("/saml/slo/soap", post(soap_slo))
        .route("/saml/artifact", post(soap_artifact))
        .route("/saml/ecp", post(program))
        .route_layer(
            // Together: a layer by itself costs every request a box of its own.
            ServiceBuilder::new()
                .layer(Extension(peers))
                .layer(from_fn(act_on_no_head))
                .layer(DefaultBodyLimit::max(MAX_BODY)),
        )
        .route("/saml/metadata", get(get_metadata).layer(Extension(Arc::<Published>::default())))
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
    let received = in_turn(&hub, &body, || Received::form(&Fields::of_message(&body)?)).await??;
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

/// What a browser is answered, as it travels.
pub fn answered(hub: &Hub, visitor: &Visitor, answer: sso::Answer) -> Response {
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
    let query = query.as_deref().unwrap_or_default();
    let why = match Received::query(query) {
        Ok(received) => return ended(&hub, &peers, &visitor, &received).await,
        Err(why) => why,
    };
    let fields = Fields::parse(query)?;
    match (fields.one("SAMLResponse")?, fields.one("RelayState")?) {
        (Some(_), Some(at)) => Ok(led_on(&hub, &visitor, leaving::unread(&hub, &peers, &visitor, at, why).await?)),
        _ => Err(why),
    }
}

async fn post_slo(
    State(hub): House,
    Extension(peers): Known,
    visitor: Visitor,
    body: Bytes,
) -> Result<Response, Fault> {
    let (fields, received) = in_turn(&hub, &body, || {
        let fields = Fields::of_message(&body)?;
        let received = Received::form(&fields);
        Ok::<_, Fault>((fields, received))
    })
    .await??;
    match (received, fields.one("SAMLResponse")?, fields.one("RelayState")?) {
        (Err(why), Some(_), Some(at)) => {
            Ok(led_on(&hub, &visitor, leaving::unread(&hub, &peers, &visitor, at, why).await?))
        }
        (received, _, _) => ended(&hub, &peers, &visitor, &received?).await,
    }
}

/// Reads what came, in its turn where it is longer than messages are.
async fn in_turn<T>(hub: &Hub, body: &[u8], read: impl FnOnce() -> T) -> Result<T, Fault> {
    let _turn = hub.turns.to_read(body.len()).await?;
    Ok(read())
}

async fn ended(hub: &Arc<Hub>, peers: &Peers, visitor: &Visitor, received: &Received) -> Result<Response, Fault> {
    if received.kind == Kind::Response {
        return Ok(led_on(hub, visitor, leaving::answered(hub, peers, visitor, received).await?));
    }
    match logout::browser(hub, peers, visitor, received).await? {
        logout::Answer::Leave(to) => hub.sign_out_to(visitor, Some(to)).await,
        answer => Ok(told(hub, visitor, answer)),
    }
}

/// An answer about an end, as it travels through the browser.
fn told(hub: &Hub, visitor: &Visitor, answer: logout::Answer) -> Response {
    match answer {
        logout::Answer::Go(to) | logout::Answer::Leave(to) => hub.see_other(&to),
        logout::Answer::Post(to, fields) => hub.posting(visitor, &to, &fields),
    }
}

async fn at_last(
    State(hub): House,
    Extension(peers): Known,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let confirmed = fields.one("unconfirmed")?.is_none();
    Ok(told(&hub, &visitor, logout::at_last(&hub, &peers, fields.required("to")?, confirmed).await?))
}

async fn set_out(
    State(hub): House,
    Extension(peers): Known,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    Ok(led_on(&hub, &visitor, leaving::set_out(&hub, &peers, fields.required("at")?).await?))
}

/// The next step of a browser on its round.
fn led_on(hub: &Hub, visitor: &Visitor, next: Way) -> Response {
    match next {
        Way::Post(to, fields) => hub.posting(visitor, &to, &fields),
        Way::Onward(onward, unconfirmed) => {
            // The service that asked for the end is told the same as the person.
            let told = !unconfirmed.is_empty() && onward.starts_with("/saml/slo/answer?");
            let onward = if told { onward + "&unconfirmed=1" } else { onward };
            hub.round_over(visitor, &onward, &unconfirmed)
        }
        Way::Heard => StatusCode::NO_CONTENT.into_response(),
    }
}

/// A service tells the end of a session without a browser.
async fn soap_slo(State(hub): House, Extension(peers): Known, visitor: Visitor, body: Bytes) -> Response {
    let answer = async { logout::back_channel(&hub, &peers, &visitor, &called(&hub, &body, &[]).await?).await };
    enveloped(answer.await)
}

/// A service brings a ticket back.
async fn soap_artifact(State(hub): House, Extension(peers): Known, visitor: Visitor, body: Bytes) -> Response {
    let answer = async { artifact::resolve(&hub, &peers, &visitor, &called(&hub, &body, &[]).await?).await };
    enveloped(answer.await)
}

/// A program brings a request and a password.
async fn program(
    State(hub): House,
    Extension(peers): Known,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = async {
        // No form of any site has a content of these types: a browser is not made to ask for a password here. The last one is
        // of SOAP 1.2, and what libraries send all the same.
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !["text/xml", "application/vnd.paos+xml", "application/soap+xml"].iter().any(|one| kind.starts_with(one)) {
            return Err(bad_message("an envelope is text/xml"));
        }
        let received = called(&hub, &body, soap::ECP_BLOCKS).await?;
        let said = headers.get(header::AUTHORIZATION).map(|value| value.to_str().map_err(bad_message));
        let password = said.transpose()?.map(ecp::basic).transpose()?;
        let password = password.as_ref().map(|(login, password)| (login.as_str(), password.as_str()));
        ecp::ecp(&hub, &peers, &visitor, &received, password).await
    };
    let refused = |status: StatusCode, name: HeaderName, value: HeaderValue, why: &str| {
        let mut response = enveloped(Ok(soap::fault("Client", why)));
        *response.status_mut() = status;
        response.headers_mut().insert(name, value);
        response
    };
    match answer.await {
        Ok(ecp::Answer::Envelope(text)) => enveloped(Ok(text)),
        Ok(ecp::Answer::WhoAreYou) => {
            let challenge = HeaderValue::from_static("Basic realm=\"SAML\", charset=\"UTF-8\"");
            refused(
                StatusCode::UNAUTHORIZED,
                header::WWW_AUTHENTICATE,
                challenge,
                "a login and its password are needed",
            )
        }
        Ok(ecp::Answer::Wait(seconds)) => {
            let why = "too soon after a failure: try again later";
            refused(StatusCode::TOO_MANY_REQUESTS, header::RETRY_AFTER, HeaderValue::from(seconds), why)
        }
        Err(fault) => enveloped(Err(fault)),
    }
}

/// The message of an envelope; header blocks of these namespaces are understood.
async fn called(hub: &Hub, body: &[u8], understood: &[&str]) -> Result<Received, Fault> {
    let document = in_turn(hub, body, || Document::parse(body)).await?;
    let document = document.map_err(|error| bad_message(Refused::unread(error, body)))?;
    Ok(Received::document(soap::open(&document, understood).map_err(bad_message)?))
}

/// The answer to a call. What is not believed is a fault of SOAP, which says no more than that.
fn enveloped(answer: Result<String, Fault>) -> Response {
    let envelope = |status: StatusCode, text: String| {
        (status, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
    };
    match answer {
        Ok(text) => envelope(StatusCode::OK, text),
        Err(fault) => {
            let service = fault.about.as_ref().map(|service| service.as_str());
            let (kind, claimed) = (fault.kind.as_str(), fault.claimed.as_deref());
            tracing::info!(fault = kind, service.id = service, claimed, detail = %fault.detail, "saml: a call was refused");
            let (status, whose) = match fault.kind.status() {
                status if status.is_server_error() => (status, "Server"),
                _ => (StatusCode::BAD_REQUEST, "Client"),
            };
            let mut response = envelope(status, soap::fault(whose, "the request was refused"));
            if status == StatusCode::SERVICE_UNAVAILABLE {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            response
        }
    }
}
