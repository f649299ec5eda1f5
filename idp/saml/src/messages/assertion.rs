//! What is said of a person, until when and to whom (saml-core-2.0, 2).

use super::read::{self, Inside, MAX_URI, MAX_VALUE, Refused, Why};
use super::write::Xml;
use crate::names::{DS, SAML, confirmation};
use preau_domain::Instant;
use preau_keys::xml::{Canonical, Element};

/// Audiences, restrictions, confirmations, statements: few are ever there.
const MAX_PARTS: usize = 20;
/// Attributes of an assertion.
const MAX_ATTRIBUTES: usize = 200;
/// Values of an attribute.
const MAX_VALUES: usize = 500;

/// What its issuer says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Its identifier, which is used once.
    pub id: String,
    /// When it was made.
    pub issue_instant: Instant,
    /// Who says it.
    pub issuer: String,
    /// Whom it is about.
    pub subject: Subject,
    /// When and for whom it holds.
    pub conditions: Conditions,
    /// How the person proved who they are.
    pub authn: Vec<AuthnStatement>,
    /// What else is said.
    pub attributes: Vec<AttributeStatement>,
}

/// Whom an assertion is about, and who may present it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The person.
    pub name_id: Option<NameId>,
    /// The person, encrypted: an `EncryptedID`, to be opened with `preau_keys::xml::decrypt` and read with
    /// [`NameId::read`].
    pub encrypted_id: Option<Element>,
    /// How whoever presents the assertion is believed to be the person.
    pub confirmations: Vec<Confirmation>,
}

/// The name of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameId {
    /// What kind of name it is; nothing said is `unspecified`.
    pub format: Option<String>,
    /// The name.
    pub value: String,
    /// Who gave it.
    pub name_qualifier: Option<String>,
    /// To whom it was given.
    pub sp_name_qualifier: Option<String>,
}

/// How whoever presents an assertion is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// The method; `bearer` is the one that browsers can follow.
    pub method: String,
    /// Until when.
    pub not_on_or_after: Option<Instant>,
    /// From when.
    pub not_before: Option<Instant>,
    /// Where it may be presented.
    pub recipient: Option<String>,
    /// The request it answers.
    pub in_response_to: Option<String>,
    /// From which address.
    pub address: Option<String>,
}

/// When and for whom an assertion holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// From when.
    pub not_before: Option<Instant>,
    /// Until when.
    pub not_on_or_after: Option<Instant>,
    /// Restrictions, each of which must hold; one holds for those it lists.
    pub audiences: Vec<Vec<String>>,
    /// It is to be used at once and not kept.
    pub one_time_use: bool,
}

/// How a person proved who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthnStatement {
    /// When.
    pub authn_instant: Instant,
    /// The session, to be named when it ends.
    pub session_index: Option<String>,
    /// When the session must be over.
    pub session_not_on_or_after: Option<Instant>,
    /// By what means.
    pub class: Option<String>,
    /// Other identity providers behind it.
    pub authorities: Vec<String>,
}

/// Attributes that stand together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeStatement {
    /// The attributes.
    pub attributes: Vec<Attribute>,
}

/// Something that is said of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// What kind of name it is.
    pub name_format: Option<String>,
    /// What people call it.
    pub friendly_name: Option<String>,
    /// What is said.
    pub values: Vec<AttributeValue>,
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// A text.
    Text(String),
    /// A name, as `eduPersonTargetedID` has it.
    NameId(NameId),
}

impl Assertion {
    /// Reads an assertion. A condition or a statement that is not known refuses it; so do encrypted attributes.
    pub fn read(element: &Element) -> Result<Assertion, Refused> {
        if !element.is(SAML, "Assertion") {
            return Err(Why::Unexpected.at(element));
        }
        let (id, issue_instant) = read::born(element)?;
        let mut inside = Inside::of(element)?;
        let issuer = read::issuer(inside.must(SAML, "Issuer")?)?;
        inside.maybe(DS, "Signature");
        let subject = Subject::read(inside.must(SAML, "Subject")?)?;
        let conditions = inside.maybe(SAML, "Conditions").map(Conditions::read).transpose()?.unwrap_or_default();
        inside.maybe(SAML, "Advice");
        let (mut authn, mut attributes) = (Vec::new(), Vec::new());
        while let Some(statement) = inside.any() {
            if authn.len() + attributes.len() == MAX_PARTS {
                return Err(Why::TooMany.at(statement));
            }
            match statement.local() {
                "AuthnStatement" if statement.namespace() == SAML => authn.push(AuthnStatement::read(statement)?),
                "AttributeStatement" if statement.namespace() == SAML => {
                    attributes.push(AttributeStatement::read(statement)?);
                }
                _ => return Err(Why::Unsupported.at(statement)),
            }
        }
        Ok(Assertion { id, issue_instant, issuer, subject, conditions, authn, attributes })
    }

    /// The assertion as a document of its own, unsigned.
    pub fn write(&self) -> Canonical {
        self.write_sealed(None)
    }

    /// The same, with the person as an `EncryptedData` in place of their name, when one is given.
    pub fn write_sealed(&self, name: Option<&str>) -> Canonical {
        let mut xml = Xml::new();
        xml.start("saml:Assertion");
        if self.attributes.iter().flat_map(|one| &one.attributes).any(|one| one.texts().next().is_some()) {
            xml.types();
        }
        xml.id(&self.id).attribute("Version", "2.0").at("IssueInstant", Some(self.issue_instant)).issuer(&self.issuer);
        self.subject.put(&mut xml, name);
        self.conditions.put(&mut xml);
        self.authn.iter().for_each(|statement| statement.put(&mut xml));
        self.attributes.iter().filter(|one| !one.attributes.is_empty()).for_each(|statement| statement.put(&mut xml));
        xml.finish()
    }
}

impl Subject {
    fn read(element: &Element) -> Result<Subject, Refused> {
        let mut inside = Inside::of(element)?;
        let name_id = inside.maybe(SAML, "NameID").map(NameId::read).transpose()?;
        let encrypted_id = if name_id.is_none() { inside.maybe(SAML, "EncryptedID").cloned() } else { None };
        let confirmations = inside.many(SAML, "SubjectConfirmation", MAX_PARTS)?;
        inside.end()?;
        let confirmations = confirmations.into_iter().map(Confirmation::read).collect::<Result<_, _>>()?;
        Ok(Subject { name_id, encrypted_id, confirmations })
    }

    fn put(&self, xml: &mut Xml, sealed: Option<&str>) {
        xml.start("saml:Subject");
        match (sealed, &self.name_id) {
            (Some(sealed), _) => {
                xml.start("saml:EncryptedID").element(sealed).end();
            }
            (None, Some(name_id)) => name_id.put(xml),
            (None, None) => {}
        }
        for confirmation in &self.confirmations {
            xml.start("saml:SubjectConfirmation")
                .attribute("Method", &confirmation.method)
                .start("saml:SubjectConfirmationData")
                .at("NotBefore", confirmation.not_before)
                .at("NotOnOrAfter", confirmation.not_on_or_after)
                .maybe("Recipient", confirmation.recipient.as_deref())
                .maybe("InResponseTo", confirmation.in_response_to.as_deref())
                .maybe("Address", confirmation.address.as_deref())
                .end()
                .end();
        }
        xml.end();
    }
}

impl Confirmation {
    fn read(element: &Element) -> Result<Confirmation, Refused> {
        let method = read::uri(element, "Method")?.ok_or_else(|| Why::Missing("Method").at(element))?;
        let mut inside = Inside::of(element)?;
        if method != confirmation::BEARER {
            // Another method has contents of its own, and confirms nothing here.
            return Ok(Confirmation { method, ..Confirmation::default() });
        }
        inside.maybe(SAML, "NameID");
        let Some(data) = inside.maybe(SAML, "SubjectConfirmationData") else {
            inside.end()?;
            return Ok(Confirmation { method, ..Confirmation::default() });
        };
        inside.end()?;
        Inside::of(data)?.end()?;
        Ok(Confirmation {
            method,
            not_on_or_after: read::moment(data, "NotOnOrAfter")?,
            not_before: read::moment(data, "NotBefore")?,
            recipient: read::uri(data, "Recipient")?,
            in_response_to: read::identifier(data, "InResponseTo")?,
            address: read::value(data, "Address", MAX_URI)?,
        })
    }
}

impl NameId {
    /// Reads a name.
    pub fn read(element: &Element) -> Result<NameId, Refused> {
        if !element.is(SAML, "NameID") {
            return Err(Why::Unexpected.at(element));
        }
        Ok(NameId {
            format: read::uri(element, "Format")?,
            value: read::content(element, MAX_URI)?,
            name_qualifier: read::value(element, "NameQualifier", MAX_URI)?,
            sp_name_qualifier: read::value(element, "SPNameQualifier", MAX_URI)?,
        })
    }

    /// The name as a document of its own, to be encrypted.
    pub fn write(&self) -> String {
        let mut xml = Xml::new();
        self.put(&mut xml);
        xml.text_alone()
    }

    pub(crate) fn put(&self, xml: &mut Xml) {
        xml.start("saml:NameID")
            .maybe("NameQualifier", self.name_qualifier.as_deref())
            .maybe("SPNameQualifier", self.sp_name_qualifier.as_deref())
            .maybe("Format", self.format.as_deref())
            .text(&self.value)
            .end();
    }
}

impl Conditions {
    fn read(element: &Element) -> Result<Conditions, Refused> {
        let mut conditions = Conditions {
            not_before: read::moment(element, "NotBefore")?,
            not_on_or_after: read::moment(element, "NotOnOrAfter")?,
            ..Conditions::default()
        };
        let mut inside = Inside::of(element)?;
        while let Some(condition) = inside.any() {
            match condition.local() {
                _ if condition.namespace() != SAML => return Err(Why::Unsupported.at(condition)),
                "AudienceRestriction" => {
                    if conditions.audiences.len() == MAX_PARTS {
                        return Err(Why::TooMany.at(condition));
                    }
                    let mut inside = Inside::of(condition)?;
                    let listed = inside.many(SAML, "Audience", MAX_PARTS)?;
                    inside.end()?;
                    let listed = listed.into_iter().map(|one| read::content(one, MAX_URI)).collect::<Result<_, _>>()?;
                    conditions.audiences.push(listed);
                }
                "OneTimeUse" => conditions.one_time_use = true,
                // It bounds what we might say to others on the strength of it, and we say nothing.
                "ProxyRestriction" => {}
                _ => return Err(Why::Unsupported.at(condition)),
            }
        }
        Ok(conditions)
    }

    fn put(&self, xml: &mut Xml) {
        xml.start("saml:Conditions").at("NotBefore", self.not_before).at("NotOnOrAfter", self.not_on_or_after);
        for listed in &self.audiences {
            xml.start("saml:AudienceRestriction");
            for audience in listed {
                xml.leaf("saml:Audience", audience);
            }
            xml.end();
        }
        if self.one_time_use {
            xml.start("saml:OneTimeUse").end();
        }
        xml.end();
    }
}

impl AuthnStatement {
    fn read(element: &Element) -> Result<AuthnStatement, Refused> {
        let mut inside = Inside::of(element)?;
        inside.maybe(SAML, "SubjectLocality");
        let context = inside.must(SAML, "AuthnContext")?;
        inside.end()?;
        let mut inside = Inside::of(context)?;
        let class = inside.maybe(SAML, "AuthnContextClassRef");
        if inside.maybe(SAML, "AuthnContextDecl").is_none() {
            inside.maybe(SAML, "AuthnContextDeclRef");
        }
        let authorities = inside.many(SAML, "AuthenticatingAuthority", MAX_PARTS)?;
        inside.end()?;
        Ok(AuthnStatement {
            authn_instant: read::moment(element, "AuthnInstant")?
                .ok_or_else(|| Why::Missing("AuthnInstant").at(element))?,
            session_index: read::value(element, "SessionIndex", MAX_URI)?,
            session_not_on_or_after: read::moment(element, "SessionNotOnOrAfter")?,
            class: class.map(|class| read::content(class, MAX_URI)).transpose()?,
            authorities: authorities.into_iter().map(|one| read::content(one, MAX_URI)).collect::<Result<_, _>>()?,
        })
    }

    fn put(&self, xml: &mut Xml) {
        xml.start("saml:AuthnStatement")
            .at("AuthnInstant", Some(self.authn_instant))
            .maybe("SessionIndex", self.session_index.as_deref())
            .at("SessionNotOnOrAfter", self.session_not_on_or_after)
            .start("saml:AuthnContext")
            .leaf("saml:AuthnContextClassRef", self.class.as_deref().unwrap_or(crate::names::context::UNSPECIFIED));
        for authority in &self.authorities {
            xml.leaf("saml:AuthenticatingAuthority", authority);
        }
        xml.end().end();
    }
}

impl AttributeStatement {
    fn read(element: &Element) -> Result<AttributeStatement, Refused> {
        let mut inside = Inside::of(element)?;
        let found = inside.many(SAML, "Attribute", MAX_ATTRIBUTES)?;
        if let Some(other) = inside.any() {
            return Err(Why::Unsupported.at(other));
        }
        Ok(AttributeStatement { attributes: found.into_iter().map(Attribute::read).collect::<Result<_, _>>()? })
    }

    fn put(&self, xml: &mut Xml) {
        xml.start("saml:AttributeStatement");
        for attribute in &self.attributes {
            xml.start("saml:Attribute")
                .attribute("Name", &attribute.name)
                .maybe("NameFormat", attribute.name_format.as_deref())
                .maybe("FriendlyName", attribute.friendly_name.as_deref());
            attribute.values.iter().for_each(|value| value.put(xml));
            xml.end();
        }
        xml.end();
    }
}

impl Attribute {
    fn read(element: &Element) -> Result<Attribute, Refused> {
        let mut inside = Inside::of(element)?;
        let values = inside.many(SAML, "AttributeValue", MAX_VALUES)?;
        inside.end()?;
        let name = read::value(element, "Name", MAX_URI)?.filter(|name| !name.is_empty());
        let values = values.into_iter().filter(|value| !read::nil(value));
        Ok(Attribute {
            name: name.ok_or_else(|| Why::Missing("Name").at(element))?,
            name_format: read::uri(element, "NameFormat")?,
            friendly_name: read::value(element, "FriendlyName", MAX_URI)?,
            values: values.map(AttributeValue::read).collect::<Result<_, _>>()?,
        })
    }

    /// The values that are texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter_map(|value| match value {
            AttributeValue::Text(text) => Some(text.as_str()),
            AttributeValue::NameId(_) => None,
        })
    }
}

impl AttributeValue {
    fn read(element: &Element) -> Result<AttributeValue, Refused> {
        if element.elements().next().is_some() {
            let mut inside = Inside::of(element)?;
            let named = NameId::read(inside.must(SAML, "NameID")?)?;
            inside.end()?;
            return Ok(AttributeValue::NameId(named));
        }
        let text = element.text().map_err(|_| Why::Content.at(element))?;
        if text.len() > MAX_VALUE {
            return Err(Why::TooLong.at(element));
        }
        Ok(AttributeValue::Text(text.to_owned()))
    }

    fn put(&self, xml: &mut Xml) {
        xml.start("saml:AttributeValue");
        match self {
            AttributeValue::Text(text) => {
                xml.attribute("xsi:type", "xs:string").text(text);
            }
            AttributeValue::NameId(named) => named.put(xml),
        }
        xml.end();
    }
}
