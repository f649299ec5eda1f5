//! Sandboxes of the bench that speak CAS: from `/login` to the XML, as somebody who does not exist. Each is a CAS server of its
//! own, below `/cas/sandbox/{id}`. Its tickets are kept documents of a kind of their own, with the name of their sandbox
//! inside: the real addresses look for none of these, and these for nothing else.

use crate::ticket::{Prefix, TICKET_SECONDS};
use crate::wire::{Format, LoginParameters, Success, ValidateParameters, cas};
use crate::{CasError, NAME, TicketFault, flow, page, ticket};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, header};
use preau_domain::{KeptKind, TrustedUrl};
use preau_web::bench::sandbox::{Held, Sandbox, Spoken, Told, sent_from_here};
use preau_web::{Fault, Fields, Hub, Visitor};
use std::sync::Arc;

type House = State<Arc<Hub>>;

pub(crate) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/cas/sandbox/{id}/login", get(get_login).post(post_login))
        .route("/cas/sandbox/{id}/person", post(person))
        .route("/cas/sandbox/{id}/logout", get(logout))
        .route("/cas/sandbox/{id}/validate", get(validate))
        .route("/cas/sandbox/{id}/serviceValidate", get(validate_2))
        .route("/cas/sandbox/{id}/p3/serviceValidate", get(validate_3))
}

async fn get_login(
    State(hub): House,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    ask(&hub, &visitor, &id, &Fields::parse(query.as_deref().unwrap_or_default())?).await
}

async fn post_login(
    State(hub): House,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    ask(&hub, &visitor, &id, &Fields::of_body(&body)?).await
}

/// A request is a page, whatever it says: who comes, or what is wrong.
async fn ask(hub: &Hub, visitor: &Visitor, id: &str, fields: &Fields) -> Result<Response, Fault> {
    let sandbox = Sandbox::find(hub, id, Some(Spoken::Cas)).await?;
    Ok(match read(&sandbox, fields) {
        Ok((address, asked)) if asked.gateway && !asked.renew => {
            let why =
                "gateway: nobody is signed in, a sandbox has no session; the application is answered without a ticket";
            let told = Told {
                protocol: NAME,
                word: "gateway",
                why,
                wrong: None,
                asked: fields,
                answer: Some(address.as_str().to_owned()),
            };
            hub.would_be_told(visitor, &sandbox, told)
        }
        Ok(_) => hub.who_comes(visitor, &sandbox, &format!("/cas/sandbox/{id}/person"), fields),
        Err(error) => no(hub, visitor, &sandbox, fields, error),
    })
}

fn read(sandbox: &Sandbox, fields: &Fields) -> Result<(TrustedUrl, LoginParameters), CasError> {
    let asked = LoginParameters::read(fields)?;
    let address = asked.service.as_deref().ok_or(CasError::InvalidRequest("service is missing"))?;
    let address = sandbox.door().service.trust(address).ok_or(CasError::InvalidService)?;
    Ok((address, asked))
}

fn no(hub: &Hub, visitor: &Visitor, sandbox: &Sandbox, fields: &Fields, error: CasError) -> Response {
    let wrong = flow::rehearsal::rehearse(sandbox.door(), fields).and_then(Result::err);
    let (word, why) = (error.code(), error.description());
    hub.would_be_told(visitor, sandbox, Told { protocol: NAME, word, why, wrong, asked: fields, answer: None })
}

/// Somebody of the cast was chosen: the application is answered with a ticket.
async fn person(
    State(hub): House,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    sent_from_here(&hub, &headers)?;
    let fields = Fields::of_body(&body)?;
    let sandbox = Sandbox::find(&hub, &id, Some(Spoken::Cas)).await?;
    let (address, asked) = match read(&sandbox, &fields) {
        Ok(read) => read,
        Err(error) => return Ok(no(&hub, &visitor, &sandbox, &fields, error)),
    };
    let person = fields.required("bench_person")?;
    let held = sandbox.hold(&hub, person, address.as_str().to_owned())?;
    let secret = Prefix::Service.generate(&*hub.ids);
    sandbox.keep(&hub, &held, (KeptKind::SandboxTicket, ticket::key(&secret)), TICKET_SECONDS).await?;
    let name = asked.dialect.ticket_name();
    Ok(if asked.post {
        page::posting(visitor.locale, &address, name, &secret)
    } else {
        hub.see_other(&address.with_query(name, &secret))
    })
}

/// There is no session to end.
async fn logout(State(hub): House, Path(id): Path<String>) -> Result<Response, Fault> {
    let sandbox = Sandbox::find(&hub, &id, Some(Spoken::Cas)).await?;
    Ok(hub.see_other(&format!("/bench/sandbox/{}", sandbox.id())))
}

async fn validate(hub: House, visitor: Visitor, id: Path<String>, query: RawQuery) -> Result<Response, Fault> {
    let text = match checked(&hub, &visitor, &id, query.0).await? {
        (_, Ok(success)) => success.cas1(),
        (_, Err(_)) => "no\n".to_owned(),
    };
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

async fn validate_2(hub: House, visitor: Visitor, id: Path<String>, query: RawQuery) -> Result<Response, Fault> {
    document(checked(&hub, &visitor, &id, query.0).await?, false)
}

async fn validate_3(hub: House, visitor: Visitor, id: Path<String>, query: RawQuery) -> Result<Response, Fault> {
    document(checked(&hub, &visitor, &id, query.0).await?, true)
}

fn document((format, result): (Format, Result<Success, CasError>), attributes: bool) -> Result<Response, Fault> {
    let text = match result {
        Ok(success) => success.write(format, attributes),
        Err(error) => cas::failure(error, format),
    };
    Ok(([(header::CONTENT_TYPE, format.content_type())], text).into_response())
}

async fn checked(
    hub: &Hub,
    visitor: &Visitor,
    id: &str,
    query: Option<String>,
) -> Result<(Format, Result<Success, CasError>), Fault> {
    let sandbox = Sandbox::find(hub, id, Some(Spoken::Cas)).await?;
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let format = Format::read(fields.one("format")?);
    let result = async { check(hub, &sandbox, &ValidateParameters::read(&fields)?).await };
    let result = result.await;
    if let Err(error) = result.as_ref() {
        let (word, why, asked) = (error.code(), error.description(), &Fields::default());
        let told = Told { protocol: NAME, word, why, wrong: None, asked, answer: None };
        hub.bench_refusal(sandbox.door(), visitor, &told);
    }
    Ok((format.unwrap_or_default(), result))
}

async fn check(hub: &Hub, sandbox: &Sandbox, asked: &ValidateParameters) -> Result<Success, CasError> {
    if Prefix::of(&asked.ticket) != Some(Prefix::Service) {
        return Err(CasError::InvalidTicket(TicketFault::NotATicket));
    }
    let unknown = CasError::InvalidTicket(TicketFault::Unknown);
    // The address it was made for.
    let held: Option<Held<String>> = sandbox.take(hub, KeptKind::SandboxTicket, &ticket::key(&asked.ticket)).await?;
    let held = held.ok_or(unknown)?;
    if asked.service.as_ref() != Some(&held.asked) {
        return Err(CasError::InvalidService);
    }
    let sample = sandbox.who(hub, &held)?;
    Ok(Success {
        released: sample.released,
        authenticated: held.at,
        method: sample.authentication.method,
        fresh: true,
        address: held.asked,
        pgt_iou: None,
        proxies: Vec::new(),
        context: None,
    })
}
