//! The answer to a request (saml-core-2.0, 3.2.2 and 3.3.3), and how it went.

use super::read::{self, Inside, MAX_VALUE, Refused, Why};
use super::write::{Start, Xml};
use crate::names::{SAML, SAMLP, status};
use preau_domain::Instant;
use preau_keys::xml::{Canonical, Element};

/// The answer to a request for somebody to be signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Its identifier.
    pub id: String,
    /// The request it answers; none if nobody asked.
    pub in_response_to: Option<String>,
    /// When it was made.
    pub issue_instant: Instant,
    /// Where it was sent.
    pub destination: Option<String>,
    /// Who answers.
    pub issuer: Option<String>,
    /// How it went.
    pub status: Status,
    /// What is said of the person.
    pub assertion: Option<Held>,
}

/// An assertion as a response holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// The element of an assertion, to be read with [`super::Assertion::read`].
    Plain(Element),
    /// An `EncryptedAssertion`, to be opened with `preau_keys::xml::decrypt`. **Anybody can encrypt for us.**
    Encrypted(Element),
}

/// An assertion that is put into a response.
#[derive(Clone, Copy, Debug)]
pub enum Carried<'a> {
    /// What [`super::Assertion::write`] gave, signed or not.
    Plain(&'a Canonical),
    /// The `EncryptedData` of one.
    Encrypted(&'a str),
}

/// How a request went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The code at the top.
    pub code: String,
    /// The code below it, which says more.
    pub sub: Option<String>,
    /// What is said to people.
    pub message: Option<String>,
}

impl Status {
    /// It went well.
    pub fn success() -> Status {
        Status { code: status::SUCCESS.to_owned(), sub: None, message: None }
    }

    /// It did not.
    pub fn failure(code: &str, sub: &str) -> Status {
        Status { code: code.to_owned(), sub: Some(sub.to_owned()), message: None }
    }

    /// Whether it went well.
    pub fn is_success(&self) -> bool {
        self.code == status::SUCCESS
    }

    pub(crate) fn read(element: &Element) -> Result<Status, Refused> {
        let mut inside = Inside::of(element)?;
        let top = inside.must(SAMLP, "StatusCode")?;
        let message = inside.maybe(SAMLP, "StatusMessage");
        inside.maybe(SAMLP, "StatusDetail");
        inside.end()?;
        let code = |element: &Element| read::uri(element, "Value")?.ok_or_else(|| Why::Missing("Value").at(element));
        let mut below = Inside::of(top)?;
        let sub = below.maybe(SAMLP, "StatusCode");
        below.end()?;
        let text = |element: &Element| match element.text() {
            Ok(text) if text.len() <= MAX_VALUE => Ok(text.to_owned()),
            Ok(_) => Err(Why::TooLong.at(element)),
            Err(_) => Err(Why::Content.at(element)),
        };
        Ok(Status { code: code(top)?, sub: sub.map(code).transpose()?, message: message.map(text).transpose()? })
    }

    pub(crate) fn put(&self, xml: &mut Xml) {
        xml.start("samlp:Status").start("samlp:StatusCode").attribute("Value", &self.code);
        if let Some(sub) = &self.sub {
            xml.start("samlp:StatusCode").attribute("Value", sub).end();
        }
        xml.end();
        if let Some(message) = &self.message {
            xml.leaf("samlp:StatusMessage", message);
        }
        xml.end();
    }
}

impl Response {
    /// Reads an answer. It holds one assertion at most.
    pub fn read(element: &Element) -> Result<Response, Refused> {
        let mut head = read::head(element, "Response")?;
        let status = Status::read(head.inside.must(SAMLP, "Status")?)?;
        let assertion = match head.inside.maybe(SAML, "Assertion") {
            Some(plain) => Some(Held::Plain(plain.clone())),
            None => head.inside.maybe(SAML, "EncryptedAssertion").map(|sealed| Held::Encrypted(sealed.clone())),
        };
        head.inside.end()?;
        Ok(Response {
            id: head.id,
            in_response_to: head.in_response_to,
            issue_instant: head.issue_instant,
            destination: head.destination,
            issuer: head.issuer,
            status,
            assertion,
        })
    }

    /// The answer as XML, unsigned, around an assertion or none. What [`Response::assertion`] holds is not looked at.
    pub fn around(&self, assertion: Option<Carried<'_>>) -> Canonical {
        let start = Start {
            id: &self.id,
            issue_instant: self.issue_instant,
            destination: self.destination.as_deref(),
            in_response_to: self.in_response_to.as_deref(),
        };
        let mut xml = start.write("samlp:Response");
        if let Some(issuer) = &self.issuer {
            xml.issuer(issuer);
        }
        self.status.put(&mut xml);
        match assertion {
            Some(Carried::Encrypted(sealed)) => xml.start("saml:EncryptedAssertion").element(sealed).end(),
            Some(Carried::Plain(plain)) => xml.written(plain),
            None => &mut xml,
        }
        .finish()
    }
}

/// What every answer but the one above holds.
pub(crate) struct Answer<'a> {
    pub(crate) head: read::Head<'a>,
    pub(crate) status: Status,
}

pub(crate) fn answer<'a>(element: &'a Element, local: &'static str) -> Result<Answer<'a>, Refused> {
    let mut head = read::head(element, local)?;
    let status = Status::read(head.inside.must(SAMLP, "Status")?)?;
    Ok(Answer { head, status })
}
