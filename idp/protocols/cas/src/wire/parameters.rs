//! The parameters of each address, read strictly: a name the standard knows that is given twice is a refused request,
//! because the service and the server may each believe another half of it. Names nobody knows are passed over.

use crate::CasError;
use preau_domain::{MAX_URL, Strength, strict_url};
use preau_web::Fields;
use serde::{Deserialize, Serialize};

/// In which words a ticket is asked and handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// `service` and `ticket`.
    #[default]
    Cas,
    /// `TARGET` and `SAMLart`, of clients that validate by SAML 1.1.
    Saml11,
}

impl Dialect {
    /// The name the ticket travels under.
    pub fn ticket_name(self) -> &'static str {
        match self {
            Dialect::Cas => "ticket",
            Dialect::Saml11 => "SAMLart",
        }
    }
}

/// `/login` (section 2.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginParameters {
    /// The address the ticket is wanted at, as it was sent.
    pub service: Option<String>,
    /// In which words.
    pub dialect: Dialect,
    /// A session that is there already does not count.
    pub renew: bool,
    /// Do not ask the person anything. Without effect beside `renew`.
    pub gateway: bool,
    /// Answer by a form that the browser posts.
    pub post: bool,
    /// What the proof must be.
    pub context: Option<Strength>,
}

/// The classes of proof that a service may ask for, each as it is told.
const CLASSES: [(&str, Strength); 2] =
    [("https://refeds.org/profile/mfa", Strength::TwoFactors), ("phr", Strength::PhishingResistant)];

/// The class by that name. One we do not know is refused: who insists on it is not to believe that it was heard.
fn context(fields: &Fields) -> Result<Option<Strength>, CasError> {
    let Some(asked) = one(fields, "authnContext")?.filter(|class| !class.is_empty()) else { return Ok(None) };
    let known = CLASSES.iter().find(|(class, _)| *class == asked).map(|(_, strength)| *strength);
    known.map(Some).ok_or(CasError::InvalidRequest("authnContext is not a class of proof known here"))
}

/// How a class is told, if one is.
pub fn class_of(strength: Strength) -> Option<&'static str> {
    CLASSES.iter().find(|(_, known)| *known == strength).map(|(class, _)| *class)
}

/// `/logout` (section 2.3.1). `url` of CAS 2 is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutParameters {
    /// Where the browser would like to go, as it was sent.
    pub service: Option<String>,
}

/// `/validate`, `/serviceValidate`, `/proxyValidate` and their `/p3` (section 2.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidateParameters {
    /// The address the ticket was made for, parsed and written again; absent when it is no address of a service.
    pub service: Option<String>,
    /// The ticket, as it was sent.
    pub ticket: String,
    /// Only a new presentation of credentials counts.
    pub renew: bool,
    /// Where a proxy-granting ticket is wanted, as it was sent.
    pub pgt_url: Option<String>,
}

/// `/proxy` (section 2.7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyParameters {
    /// The proxy-granting ticket, as it was sent.
    pub pgt: String,
    /// The address the proxy ticket is wanted for, as it was sent.
    pub target: String,
}

impl LoginParameters {
    /// Reads them.
    pub fn read(fields: &Fields) -> Result<LoginParameters, CasError> {
        let (cas, saml) = (one(fields, "service")?, one(fields, "TARGET")?);
        let (service, dialect) = match (cas, saml) {
            (Some(_), Some(_)) => return Err(CasError::InvalidRequest("service and TARGET cannot both be given")),
            (None, Some(target)) => (Some(target), Dialect::Saml11),
            (service, None) => (service, Dialect::Cas),
        };
        // An empty address asks for nothing, as a form with an empty field does.
        let service = service.filter(|s| !s.is_empty());
        if let Some(address) = service {
            check_address(address)?;
        }
        Ok(LoginParameters {
            service: service.map(str::to_owned),
            dialect,
            renew: flag(fields, "renew")?,
            gateway: flag(fields, "gateway")?,
            post: one(fields, "method")? == Some("POST"),
            context: context(fields)?,
        })
    }
}

impl LogoutParameters {
    /// Reads them. Signing out must always work: an address that cannot be read is no address.
    pub fn read(fields: &Fields) -> LogoutParameters {
        let service = one(fields, "service").ok().flatten().filter(|s| check_address(s).is_ok());
        LogoutParameters { service: service.map(str::to_owned) }
    }
}

impl ValidateParameters {
    /// Reads them.
    pub fn read(fields: &Fields) -> Result<ValidateParameters, CasError> {
        let missing = CasError::InvalidRequest("service and ticket are both required");
        let service = one(fields, "service")?.ok_or(missing)?;
        let ticket = one(fields, "ticket")?.ok_or(missing)?;
        if service.is_empty() || ticket.is_empty() {
            return Err(missing);
        }
        Ok(ValidateParameters {
            service: canonical(service),
            ticket: ticket.to_owned(),
            renew: flag(fields, "renew")?,
            pgt_url: one(fields, "pgtUrl")?.filter(|u| !u.is_empty()).map(str::to_owned),
        })
    }

    /// Those of `/samlValidate`: the address in the query, the ticket in the message (section 4.2.1).
    pub fn of_saml(fields: &Fields, ticket: String) -> Result<ValidateParameters, CasError> {
        let target = one(fields, "TARGET")?.filter(|t| !t.is_empty());
        let target = target.ok_or(CasError::InvalidRequest("TARGET is required"))?;
        Ok(ValidateParameters { service: canonical(target), ticket, renew: flag(fields, "renew")?, pgt_url: None })
    }
}

impl ProxyParameters {
    /// Reads them.
    pub fn read(fields: &Fields) -> Result<ProxyParameters, CasError> {
        let missing = CasError::InvalidRequest("pgt and targetService are both required");
        let pgt = one(fields, "pgt")?.ok_or(missing)?;
        let target = one(fields, "targetService")?.ok_or(missing)?;
        if pgt.is_empty() || target.is_empty() {
            return Err(missing);
        }
        check_address(target)?;
        Ok(ProxyParameters { pgt: pgt.to_owned(), target: target.to_owned() })
    }
}

/// The value of a parameter that may be given once.
pub fn one<'a>(fields: &'a Fields, name: &'static str) -> Result<Option<&'a str>, CasError> {
    fields.one(name).map_err(|_| CasError::InvalidRequest("a parameter is given twice"))
}

/// A parameter that counts by being there (section 2.1.1); `false` says that it is not.
fn flag(fields: &Fields, name: &'static str) -> Result<bool, CasError> {
    Ok(one(fields, name)?.is_some_and(|value| !value.eq_ignore_ascii_case("false")))
}

/// Refuses an address that cannot be one at all, before anybody asks whose it is.
fn check_address(address: &str) -> Result<(), CasError> {
    if address.len() > MAX_URL {
        return Err(CasError::InvalidRequest("the service address is too long"));
    }
    if address.chars().any(char::is_control) {
        return Err(CasError::InvalidRequest("the service address holds a control character"));
    }
    if names_a_ticket(address) {
        return Err(CasError::InvalidRequest("the service address already holds a ticket"));
    }
    Ok(())
}

/// Whether the query of an address has a parameter under which a ticket travels, however it is written.
fn names_a_ticket(address: &str) -> bool {
    let query = address.split_once('#').map_or(address, |(before, _)| before);
    let Some((_, query)) = query.split_once('?') else { return false };
    if Fields::parse(query).is_err() {
        return true;
    }
    // Read as the most lenient service would: some split at `;` as well, some pass over the case, some over spaces before
    // the name, and some take what stands before a bracket or a NUL for the whole name.
    query.split(['&', ';']).flat_map(|part| url::form_urlencoded::parse(part.as_bytes())).any(|(name, _)| {
        let name = name.trim_start().split(['[', '\0']).next().unwrap_or_default().trim_end();
        ["ticket", "SAMLart"].iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
    })
}

/// The one way an address is written here, so that the one of the ticket and the one of the validation are compared
/// after the same parsing (`HTTPS://APP.example` is `https://app.example/`). Absent for what no service can have.
fn canonical(address: &str) -> Option<String> {
    check_address(address).ok()?;
    strict_url(address).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn login(query: &str) -> Result<LoginParameters, CasError> {
        LoginParameters::read(&Fields::parse(query).unwrap())
    }

    fn validate(query: &str) -> Result<ValidateParameters, CasError> {
        ValidateParameters::read(&Fields::parse(query).unwrap())
    }

    #[test]
    fn login_reads_what_the_standard_names() {
        let asked = login("service=https://app.example/%3Fa%3D1&renew=true&method=POST&locale=fr").unwrap();
        assert_eq!(asked.service.as_deref(), Some("https://app.example/?a=1"));
        assert!(asked.renew && asked.post && !asked.gateway && asked.context.is_none());
        let asked = login("service=https://a.example/&authnContext=https://refeds.org/profile/mfa").unwrap();
        assert_eq!(asked.context, Some(Strength::TwoFactors));
        assert!(login("service=https://a.example/&authnContext=silver").is_err(), "nobody believes it was heard");
        assert_eq!(asked.dialect, Dialect::Cas);
        let saml = login("TARGET=https://app.example/&gateway=1").unwrap();
        assert_eq!((saml.dialect, saml.gateway), (Dialect::Saml11, true));
        assert!(!login("service=https://a.example/&renew=false").unwrap().renew);
        assert!(!login("service=https://a.example/&method=HEADER").unwrap().post);
        assert_eq!(login("service=").unwrap().service, None);
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        for query in ["service=https://a.example/&service=https://b.example/", "renew=1&renew=0", "service=a&TARGET=b"]
        {
            assert!(matches!(login(query), Err(CasError::InvalidRequest(_))), "{query}");
        }
        assert!(validate("service=https://a.example/&ticket=ST-1&ticket=ST-2").is_err());
    }

    #[test]
    fn an_address_with_a_ticket_or_a_control_character_is_refused() {
        for bad in [
            "https://a.example/?ticket=ST-evil",
            "https://a.example/?x=1&%74icket=ST-evil",
            "https://a.example/?SAMLart=x",
            "https://a.example/?ticket",
            "https://a.example/?Ticket=ST-evil",
            "https://a.example/?TICKET=ST-evil",
            "https://a.example/?x=1&%54icket=ST-evil",
            "https://a.example/?a=1;ticket=ST-evil",
            "https://a.example/?a=1;%74Icket=ST-evil",
            "https://a.example/?samlart=x",
            "https://a.example/?+ticket=x",
            "https://a.example/?ticket[]=x",
            "https://a.example/?ticket%00=x",
            "https://a.example/\r\nSet-Cookie:a=1",
            "https://a.example/\0",
        ] {
            let query: String = serialised(bad);
            assert!(login(&query).is_err(), "{bad}");
        }
        assert!(login(&serialised("https://a.example/ticket?tickets=1&a=ticket;b=my_ticket#ticket=2")).is_ok());
        assert!(login(&serialised(&format!("https://a.example/{}", "a".repeat(4096)))).is_err());
    }

    #[test]
    fn the_address_of_a_validation_is_written_one_way() {
        let read = |s: &str| validate(&format!("{}&ticket=ST-1", serialised(s))).unwrap().service;
        assert_eq!(read("HTTPS://APP.example:443/a").as_deref(), Some("https://app.example/a"));
        assert_eq!(read("https://app.example@evil.test/"), None);
        assert!(validate("ticket=ST-1").is_err());
        assert!(validate("service=https://a.example/&ticket=").is_err());
    }

    #[test]
    fn signing_out_never_fails_on_its_parameters() {
        let read = |query: &str| LogoutParameters::read(&Fields::parse(query).unwrap()).service;
        assert_eq!(read("service=https://a.example/"), Some("https://a.example/".into()));
        assert_eq!(read("service=a&service=b"), None);
        assert_eq!(read("url=https://a.example/"), None);
    }

    proptest! {
        /// Whatever is sent: the address that is read is what was written, without control characters or a ticket.
        #[test]
        fn an_address_is_read_as_it_was_written_or_not_at_all(address in any::<String>(), rest in "[ -~]{0,60}") {
            let query = format!("{}&{rest}", serialised(&address));
            let Ok(fields) = Fields::parse(&query) else { return Ok(()) };
            if let Ok(LoginParameters { service: Some(service), dialect: Dialect::Cas, .. }) = LoginParameters::read(&fields) {
                prop_assert_eq!(&service, &address);
                prop_assert!(service.len() <= MAX_URL && !service.chars().any(char::is_control));
            }
            // The others only must not fail on it.
            let _ = (ValidateParameters::read(&fields), ProxyParameters::read(&fields), LogoutParameters::read(&fields));
        }
    }

    fn serialised(service: &str) -> String {
        url::form_urlencoded::Serializer::new(String::new()).append_pair("service", service).finish()
    }
}
