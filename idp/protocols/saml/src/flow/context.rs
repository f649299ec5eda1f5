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

/// What a proof is.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// Two factors were proved here, which is more than any password.
    strong: bool,
    /// Its class by what was proved first, where that is told.
    class: Option<&'a str>,
}

impl<'a> Own<'a> {
    /// A password that is typed here.
    pub fn password(hub: &Hub) -> Own<'static> {
        Own { strong: false, class: Some(password(hub)) }
    }

    /// A passkey, or a password and something besides.
    pub const STRONG: Own<'static> = Own { strong: true, class: None };

    /// Of a proof that was made.
    pub fn of(hub: &Hub, authentication: &'a Authentication) -> Own<'a> {
        let strong = authentication.is_strong();
        match authentication.method {
            AuthnMethod::DirectoryPassword | AuthnMethod::LocalPassword => Own { strong, ..Own::password(hub) },
            AuthnMethod::Passkey => Own::STRONG,
            // SAML has no word for it, and it is less than any password.
            AuthnMethod::ClassCard => Own { strong, class: Some(context::UNSPECIFIED) },
            // The word of another provider is repeated when it is a class of SAML; ours is never lent to it.
            AuthnMethod::Federated => {
                let acr = authentication.acr.as_deref();
                let told = |acr: &&str| {
                    acr.starts_with("urn:oasis:names:tc:SAML:2.0:ac:classes:") || acr.starts_with("https://")
                };
                Own { strong, class: Some(acr.filter(told).unwrap_or(context::UNSPECIFIED)) }
            }
        }
    }

    /// The class that is told where none is asked for.
    pub fn told(self) -> &'a str {
        if self.strong { context::REFEDS_MFA } else { self.class.unwrap_or(context::UNSPECIFIED) }
    }
}

/// What is claimed of a proof: the class that was asked for if it holds, else none.
pub fn claimed<'a>(own: Own<'a>, wanted: Option<&'a Wanted>) -> Option<&'a str> {
    let Some(wanted) = wanted else { return Some(own.told()) };
    let strong = own.strong.then_some(context::REFEDS_MFA);
    let above = |class: &String| rank(class).is_some();
    let any = |holds: &dyn Fn(&String) -> bool| wanted.classes.iter().any(holds);
    let two_factors = match wanted.compare {
        Compare::Exact => any(&|class| class == context::REFEDS_MFA),
        Compare::Minimum => any(&|class| class == context::REFEDS_MFA || above(class)),
        Compare::Maximum => any(&|class| class == context::REFEDS_MFA),
        Compare::Better => wanted.classes.iter().all(above),
    };
    let first = || own.class.and_then(|class| claimed_class(class, wanted));
    strong.filter(|_| two_factors).or_else(first)
}

/// Of one class.
fn claimed_class<'a>(own: &'a str, wanted: &'a Wanted) -> Option<&'a str> {
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
        let ppt = Own { strong: false, class: Some(PPT) };
        let own = |compare, classes: &[&str]| claimed(ppt, Some(&wanted(compare, classes))).map(str::to_owned);
        assert_eq!(claimed(ppt, None), Some(PPT));
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
    fn two_factors_are_more_than_a_password_and_a_passkey_is_none() {
        let of =
            |own: Own<'static>, compare, asked: &[&str]| claimed(own, Some(&wanted(compare, asked))).map(str::to_owned);
        let beside = Own { strong: true, class: Some(PPT) };
        assert_eq!((claimed(Own::STRONG, None), claimed(beside, None)), (Some(MFA), Some(MFA)));
        for own in [Own::STRONG, beside] {
            assert_eq!(of(own, Compare::Exact, &[MFA]).as_deref(), Some(MFA));
            assert_eq!(of(own, Compare::Minimum, &[PPT]).as_deref(), Some(MFA));
            assert_eq!(of(own, Compare::Better, &[PPT]).as_deref(), Some(MFA));
            assert_eq!(of(own, Compare::Better, &[MFA]), None);
        }
        assert_eq!(of(beside, Compare::Exact, &[PPT]).as_deref(), Some(PPT), "a password was typed");
        assert_eq!(of(Own::STRONG, Compare::Exact, &[PPT]), None, "none was");
        assert_eq!(of(Own::STRONG, Compare::Maximum, &[PPT]), None);
    }

    #[test]
    fn a_proof_of_elsewhere_is_not_one_of_ours() {
        let own = |class, compare, asked| {
            claimed(Own { strong: false, class: Some(class) }, Some(&wanted(compare, &[asked]))).is_some()
        };
        assert!(!own(context::UNSPECIFIED, Compare::Exact, PPT));
        assert!(!own(context::UNSPECIFIED, Compare::Minimum, context::PASSWORD));
        assert!(own(MFA, Compare::Exact, MFA) && !own(MFA, Compare::Minimum, PPT), "what has no order is not compared");
    }
}
