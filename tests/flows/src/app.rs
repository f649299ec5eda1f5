//! A service that speaks CAS: it sends people to us and redeems the tickets they come back with.

use crate::hub::{BASE, HOST, TestHub};
use crate::page::Answer;
use axum::body::Body;
use http::{Method, Request, header};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone)]
pub struct CasApp {
    hub: TestHub,
    /// Where people come back with their ticket.
    pub service: String,
}

/// What a service learns from a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validation {
    /// Who came, and what may be said of them.
    Success {
        /// What the service knows the person by.
        user: String,
        /// Attributes by name, in the order they came.
        attributes: BTreeMap<String, Vec<String>>,
    },
    /// Nobody.
    Failure {
        /// The code of the protocol.
        code: String,
    },
}

impl Validation {
    /// Who came.
    pub fn user(&self) -> Option<&str> {
        match self {
            Validation::Success { user, .. } => Some(user),
            Validation::Failure { .. } => None,
        }
    }

    /// Why nobody came.
    pub fn code(&self) -> Option<&str> {
        match self {
            Validation::Success { .. } => None,
            Validation::Failure { code } => Some(code),
        }
    }

    /// Values of an attribute; empty when nothing is said of it.
    pub fn attribute(&self, name: &str) -> &[String] {
        match self {
            Validation::Success { attributes, .. } => attributes.get(name).map_or(&[], Vec::as_slice),
            Validation::Failure { .. } => &[],
        }
    }
}

impl CasApp {
    pub(crate) fn new(hub: &TestHub, service: &str) -> CasApp {
        CasApp { hub: hub.clone(), service: service.to_owned() }
    }

    /// The same service in front of another hub: another node, or the same one after a restart.
    pub fn meets(mut self, hub: &TestHub) -> CasApp {
        self.hub = hub.clone();
        self
    }

    /// The same service with another address to come back to.
    pub fn coming_back_to(mut self, service: &str) -> CasApp {
        self.service = service.to_owned();
        self
    }

    /// Where it sends people to sign in.
    pub fn login_url(&self) -> String {
        self.login_with(&[])
    }

    /// Where it sends people to sign in, with more parameters.
    pub fn login_with(&self, more: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("service", &self.service).extend_pairs(more);
        format!("{BASE}/cas/login?{}", query.finish())
    }

    /// Asks one of the validation addresses, as it is.
    pub async fn ask(&self, endpoint: &str, parameters: &[(&str, &str)]) -> Answer {
        for (_, ticket) in parameters.iter().filter(|(name, _)| *name == "ticket") {
            self.hub.secrets.saw("ticket", ticket);
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let request = Request::builder()
            .method(Method::GET)
            .uri(format!("/cas/{endpoint}?{query}"))
            .header(header::HOST, HOST)
            .body(Body::empty())
            .expect("a request of a service");
        self.hub.answer(request).await
    }

    /// Redeems a ticket by protocol 3.
    pub async fn validate(&self, ticket: &str) -> Validation {
        self.validate_at("p3/serviceValidate", ticket, &[]).await
    }

    /// Redeems a ticket at an address that answers in XML, with more parameters.
    pub async fn validate_at(&self, endpoint: &str, ticket: &str, more: &[(&str, &str)]) -> Validation {
        let mut parameters = vec![("service", self.service.as_str()), ("ticket", ticket)];
        parameters.extend_from_slice(more);
        let answer = self.ask(endpoint, &parameters).await;
        assert_eq!(answer.status.as_u16(), 200, "{endpoint} answers in its protocol: {}", answer.body);
        read_xml(&answer.body).unwrap_or_else(|why| panic!("{endpoint}: {why}: {}", answer.body))
    }

    /// Redeems a ticket by protocol 3, asking for JSON.
    pub async fn validate_json(&self, ticket: &str) -> serde_json::Value {
        let parameters = [("service", self.service.as_str()), ("ticket", ticket), ("format", "JSON")];
        let answer = self.ask("p3/serviceValidate", &parameters).await;
        serde_json::from_str(&answer.body).unwrap_or_else(|why| panic!("no JSON: {why}: {}", answer.body))
    }

    /// Redeems a ticket by protocol 1: the plain answer.
    pub async fn validate_plain(&self, ticket: &str) -> String {
        self.ask("validate", &[("service", self.service.as_str()), ("ticket", ticket)]).await.body
    }
}

/// Reads the document of protocol 2 and 3 as a strict client would: well formed, one user.
fn read_xml(text: &str) -> Result<Validation, String> {
    let mut reader = Reader::from_str(text);
    let (mut path, mut users, mut code) = (Vec::<String>::new(), Vec::new(), None);
    let mut attributes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut value = String::new();
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Event::Start(start) => {
                path.push(String::from_utf8_lossy(start.name().as_ref()).into_owned());
                value.clear();
                if path.last().is_some_and(|name| name == "cas:authenticationFailure") {
                    let found = start.try_get_attribute("code").map_err(|e| e.to_string())?;
                    code = found.map(|a| String::from_utf8_lossy(&a.value).into_owned());
                }
            }
            Event::Text(part) => value.push_str(&part.decode().map_err(|e| e.to_string())?),
            Event::GeneralRef(name) => {
                let name = name.decode().map_err(|e| e.to_string())?;
                value.push_str(&quick_xml::escape::unescape(&format!("&{name};")).map_err(|e| e.to_string())?);
            }
            Event::End(_) => {
                let name = path.pop().unwrap_or_default();
                match path.last().map(String::as_str) {
                    Some("cas:authenticationSuccess") if name == "cas:user" => users.push(value.clone()),
                    Some("cas:attributes") => {
                        let name = name.trim_start_matches("cas:").to_owned();
                        attributes.entry(name).or_default().push(value.clone());
                    }
                    _ => {}
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match (users.as_slice(), code) {
        ([user], None) => Ok(Validation::Success { user: user.clone(), attributes }),
        ([], Some(code)) => Ok(Validation::Failure { code }),
        _ => Err("neither one user nor one failure".to_owned()),
    }
}
