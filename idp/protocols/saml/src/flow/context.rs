//! The ways of authenticating, as SAML names them (saml-authn-context-2.0). Never more is claimed than what happened.

use preau_domain::{Authentication, AuthnMethod};
use preau_saml::messages::{Comparison, RequestedContext};
use preau_saml::names::context;
use preau_web::Hub;
use serde::{Deserialize, Serialize};

/// What a request asks of the proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// How what is given must compare with what is listed.
    #[serde(rename = "c")]
    compare: Compare,
    /// The classes.
    #[serde(rename = "l")]
    classes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Compare {
    Exact,
    Minimum,
    Maximum,
    Better,
}

impl From<RequestedContext> for Wanted {
    fn from(asked: RequestedContext) -> Wanted {
        let compare = match asked.comparison {
            Comparison::Exact => Compare::Exact,
            Comparison::Minimum => Compare::Minimum,
            Comparison::Maximum => Compare::Maximum,
            Comparison::Better => Compare::Better,
        };
        Wanted { compare, classes: asked.classes }
    }
}

/// Classes we can put in an order, the weakest first. Others are equal to themselves and to nothing else.
const ORDER: [&str; 3] = [context::UNSPECIFIED, context::PASSWORD, context::PASSWORD_PROTECTED_TRANSPORT];

fn rank(class: &str) -> Option<usize> {
    ORDER.iter().position(|one| *one == class)
}

/// The class of a password that is typed here.
pub fn password(hub: &Hub) -> &'static str {
    if hub.secure() { context::PASSWORD_PROTECTED_TRANSPORT } else { context::PASSWORD }
}

/// The class of a proof.
pub fn class<'a>(hub: &Hub, authentication: &'a Authentication) -> &'a str {
    match authentication.method {
        AuthnMethod::DirectoryPassword | AuthnMethod::LocalPassword => password(hub),
        // The word of another provider is repeated when it is a class of SAML; ours is never lent to it.
        AuthnMethod::Federated => authentication
            .acr
            .as_deref()
            .filter(|acr| acr.starts_with("urn:oasis:names:tc:SAML:2.0:ac:classes:") || acr.starts_with("https://"))
            .unwrap_or(context::UNSPECIFIED),
    }
}

/// What is claimed of a proof of that class: the class that was asked for if it holds, else none.
pub fn claimed<'a>(own: &'a str, wanted: Option<&'a Wanted>) -> Option<&'a str> {
    let Some(wanted) = wanted else { return Some(own) };
    let listed = wanted.classes.iter().map(String::as_str);
    match wanted.compare {
        // A password over TLS is a password.
        Compare::Exact => {
            let mut listed = listed;
            listed.find(|class| *class == own || (rank(own) > rank(class) && rank(class).is_some()))
        }
        Compare::Minimum => {
            let mut listed = listed;
            let enough = |class: &str| class == own || rank(class).is_some_and(|asked| rank(own) >= Some(asked));
            listed.any(enough).then_some(own)
        }
        Compare::Maximum => {
            let mut listed = listed;
            let bounded =
                |class: &str| class == own || rank(class).zip(rank(own)).is_some_and(|(asked, own)| own <= asked);
            listed.any(bounded).then_some(own)
        }
        Compare::Better => {
            let mut listed = listed;
            let stronger = |class: &str| rank(class).zip(rank(own)).is_some_and(|(asked, own)| own > asked);
            listed.all(stronger).then_some(own)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PPT: &str = context::PASSWORD_PROTECTED_TRANSPORT;
    const MFA: &str = context::REFEDS_MFA;

    fn wanted(compare: Compare, classes: &[&str]) -> Wanted {
        Wanted { compare, classes: classes.iter().map(|class| (*class).to_owned()).collect() }
    }

    #[test]
    fn nothing_is_claimed_that_did_not_happen() {
        let own = |compare, classes: &[&str]| claimed(PPT, Some(&wanted(compare, classes))).map(str::to_owned);
        assert_eq!(claimed(PPT, None), Some(PPT));
        assert_eq!(own(Compare::Exact, &[PPT]).as_deref(), Some(PPT));
        assert_eq!(own(Compare::Exact, &[MFA, context::PASSWORD]).as_deref(), Some(context::PASSWORD));
        assert_eq!(own(Compare::Exact, &[MFA]), None);
        assert_eq!(own(Compare::Minimum, &[context::PASSWORD]).as_deref(), Some(PPT));
        assert_eq!(own(Compare::Minimum, &[MFA]), None);
        assert_eq!(own(Compare::Maximum, &[context::PASSWORD]), None);
        assert_eq!(own(Compare::Maximum, &[PPT]).as_deref(), Some(PPT));
        assert_eq!(own(Compare::Better, &[PPT]), None);
        assert_eq!(own(Compare::Better, &[context::PASSWORD]).as_deref(), Some(PPT));
        assert_eq!(own(Compare::Better, &[context::PASSWORD, MFA]), None);
    }

    #[test]
    fn a_proof_of_elsewhere_is_not_one_of_ours() {
        let own = |own, compare, class| claimed(own, Some(&wanted(compare, &[class]))).is_some();
        assert!(!own(context::UNSPECIFIED, Compare::Exact, PPT));
        assert!(!own(context::UNSPECIFIED, Compare::Minimum, context::PASSWORD));
        assert!(own(MFA, Compare::Exact, MFA) && !own(MFA, Compare::Minimum, PPT), "what has no order is not compared");
    }
}
