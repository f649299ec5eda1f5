//! The request of a service for somebody to be signed in (saml-core-2.0, 3.4.1).

use super::assertion::NameId;
use super::read::{self, Inside, MAX_URI, Refused, Why};
use super::write::Start;
use crate::names::{SAML, SAMLP};
use preau_domain::Instant;
use preau_keys::xml::{Canonical, Element};

/// Contexts that a request may list.
const MAX_CONTEXTS: usize = 20;

/// A service asks that somebody be signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthnRequest {
    /// Its identifier, which the answer repeats.
    pub id: String,
    /// When it was made.
    pub issue_instant: Instant,
    /// Where it was sent.
    pub destination: Option<String>,
    /// Who asks.
    pub issuer: String,
    /// The person it must be about.
    pub subject: Option<NameId>,
    /// The name identifier that is wanted.
    pub name_id_policy: Option<NameIdPolicy>,
    /// The way of authenticating that is wanted.
    pub requested_context: Option<RequestedContext>,
    /// The person must prove who they are now.
    pub force_authn: bool,
    /// The person must not be asked anything.
    pub is_passive: bool,
    /// The number of the address for the answer, in the metadata of the service.
    pub acs_index: Option<u16>,
    /// The address for the answer. **It is to be looked up in the metadata, never believed.**
    pub acs_url: Option<String>,
    /// How the answer is to come.
    pub protocol_binding: Option<String>,
    /// The number of the set of attributes that is wanted.
    pub attribute_index: Option<u16>,
    /// What the service calls itself, for people.
    pub provider_name: Option<String>,
}

/// The name identifier that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameIdPolicy {
    /// Its format.
    pub format: Option<String>,
    /// In the name of whom it is meant.
    pub sp_name_qualifier: Option<String>,
    /// Whether one may be made for the occasion.
    pub allow_create: bool,
}

/// The way of authenticating that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedContext {
    /// How what is given must compare with what is listed.
    pub comparison: Comparison,
    /// The classes, best first; none where declarations are asked for, which nothing meets.
    pub classes: Vec<String>,
}

/// How a context must compare with those of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comparison {
    /// One of them.
    #[default]
    Exact,
    /// At least as strong as one of them.
    Minimum,
    /// As strong as possible, and no stronger than one of them.
    Maximum,
    /// Stronger than any of them.
    Better,
}

impl Comparison {
    fn as_str(self) -> &'static str {
        match self {
            Comparison::Exact => "exact",
            Comparison::Minimum => "minimum",
            Comparison::Maximum => "maximum",
            Comparison::Better => "better",
        }
    }
}

impl AuthnRequest {
    /// A request that asks for somebody, and for nothing else.
    pub fn of(id: String, issue_instant: Instant, issuer: String) -> AuthnRequest {
        AuthnRequest {
            id,
            issue_instant,
            destination: None,
            issuer,
            subject: None,
            name_id_policy: None,
            requested_context: None,
            force_authn: false,
            is_passive: false,
            acs_index: None,
            acs_url: None,
            protocol_binding: None,
            attribute_index: None,
            provider_name: None,
        }
    }

    /// Reads a request. Conditions and an encrypted subject are not supported.
    pub fn read(element: &Element) -> Result<AuthnRequest, Refused> {
        let mut head = read::head(element, "AuthnRequest")?;
        let issuer = head.issuer.ok_or_else(|| Why::Missing("Issuer").at(element))?;
        let subject = head.inside.maybe(SAML, "Subject").map(subject).transpose()?;
        let name_id_policy = head.inside.maybe(SAMLP, "NameIDPolicy").map(policy).transpose()?;
        if let Some(conditions) = head.inside.maybe(SAML, "Conditions") {
            return Err(Why::Unsupported.at(conditions));
        }
        let requested_context = head.inside.maybe(SAMLP, "RequestedAuthnContext").map(context).transpose()?;
        head.inside.maybe(SAMLP, "Scoping");
        head.inside.end()?;
        let request = AuthnRequest {
            id: head.id,
            issue_instant: head.issue_instant,
            destination: head.destination,
            issuer,
            subject,
            name_id_policy,
            requested_context,
            force_authn: read::flag(element, "ForceAuthn")?,
            is_passive: read::flag(element, "IsPassive")?,
            acs_index: read::index(element, "AssertionConsumerServiceIndex")?,
            acs_url: read::uri(element, "AssertionConsumerServiceURL")?,
            protocol_binding: read::uri(element, "ProtocolBinding")?,
            attribute_index: read::index(element, "AttributeConsumingServiceIndex")?,
            provider_name: read::value(element, "ProviderName", MAX_URI)?,
        };
        // saml-core-2.0, 3.4.1: a number, or an address and a binding.
        if request.acs_index.is_some() && (request.acs_url.is_some() || request.protocol_binding.is_some()) {
            return Err(Why::Both("AssertionConsumerServiceIndex", "an address or a binding").at(element));
        }
        Ok(request)
    }

    /// The request as XML, unsigned.
    pub fn write(&self) -> Canonical {
        let start = Start {
            id: &self.id,
            issue_instant: self.issue_instant,
            destination: self.destination.as_deref(),
            in_response_to: None,
        };
        let mut xml = start.write("samlp:AuthnRequest");
        let flag = |set: bool| set.then_some("true");
        xml.maybe("ForceAuthn", flag(self.force_authn))
            .maybe("IsPassive", flag(self.is_passive))
            .maybe("ProtocolBinding", self.protocol_binding.as_deref())
            .maybe("AssertionConsumerServiceIndex", self.acs_index.map(|index| index.to_string()).as_deref())
            .maybe("AssertionConsumerServiceURL", self.acs_url.as_deref())
            .maybe("AttributeConsumingServiceIndex", self.attribute_index.map(|index| index.to_string()).as_deref())
            .maybe("ProviderName", self.provider_name.as_deref())
            .issuer(&self.issuer);
        if let Some(subject) = &self.subject {
            xml.start("saml:Subject");
            subject.put(&mut xml);
            xml.end();
        }
        if let Some(policy) = &self.name_id_policy {
            xml.start("samlp:NameIDPolicy")
                .maybe("Format", policy.format.as_deref())
                .maybe("SPNameQualifier", policy.sp_name_qualifier.as_deref())
                .maybe("AllowCreate", flag(policy.allow_create))
                .end();
        }
        if let Some(context) = &self.requested_context {
            xml.start("samlp:RequestedAuthnContext").attribute("Comparison", context.comparison.as_str());
            for class in &context.classes {
                xml.leaf("saml:AuthnContextClassRef", class);
            }
            xml.end();
        }
        xml.finish()
    }
}

fn subject(element: &Element) -> Result<NameId, Refused> {
    let mut inside = Inside::of(element)?;
    let named = NameId::read(inside.must(SAML, "NameID")?)?;
    inside.end()?;
    Ok(named)
}

fn policy(element: &Element) -> Result<NameIdPolicy, Refused> {
    Inside::of(element)?.end()?;
    Ok(NameIdPolicy {
        format: read::uri(element, "Format")?,
        sp_name_qualifier: read::value(element, "SPNameQualifier", MAX_URI)?,
        allow_create: read::flag(element, "AllowCreate")?,
    })
}

fn context(element: &Element) -> Result<RequestedContext, Refused> {
    let comparison = match element.attribute("Comparison") {
        None | Some("exact") => Comparison::Exact,
        Some("minimum") => Comparison::Minimum,
        Some("maximum") => Comparison::Maximum,
        Some("better") => Comparison::Better,
        Some(_) => return Err(Why::Value("Comparison").at(element)),
    };
    let mut inside = Inside::of(element)?;
    let classes = inside.many(SAML, "AuthnContextClassRef", MAX_CONTEXTS)?;
    if classes.is_empty() {
        // A declaration is a document of somebody's own about a proof: none is kept here, and none holds.
        if inside.many(SAML, "AuthnContextDeclRef", MAX_CONTEXTS)?.is_empty() {
            return Err(Why::Missing("AuthnContextClassRef").at(element));
        }
        inside.end()?;
        return Ok(RequestedContext { comparison: Comparison::Exact, classes: Vec::new() });
    }
    inside.end()?;
    let classes = classes.into_iter().map(|class| read::content(class, MAX_URI)).collect::<Result<_, _>>()?;
    Ok(RequestedContext { comparison, classes })
}
