//! What a provider says of somebody, and which accounts of ours that names, by the rules of the configuration. Pure, and the
//! same whatever the provider speaks.

use crate::KnownAs;
use preau_domain::{FrEduVecteur, JoinKey, SourceId, normalised_login, normalised_mail};
use schemars::JsonSchema;
use serde::Deserialize;

/// Most accounts one person may turn out to have, and most values of one claim that are looked at.
const MOST: usize = 32;
/// Longest join key.
const MAX_KEY: usize = 128;

/// How a person is found here by what the provider says of them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchRule {
    /// Name of the claim, or of the attribute: a text or a list of texts.
    pub claim: String,
    /// What its values are.
    #[serde(rename = "as")]
    pub form: MatchForm,
    /// Source of the accounts.
    pub source: String,
    /// For `aaf`: academies whose keys are those of the source.
    #[serde(default)]
    pub academies: Vec<String>,
    /// For `mail`: domains whose addresses this provider hands out itself; an address of any other names nobody.
    #[serde(default)]
    pub domains: Vec<String>,
}

/// What the values of a claim are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MatchForm {
    /// The join key in the source.
    Record,
    /// A reference of EduConnect to a record of AAF: `{AAF}academy|…|key`.
    Aaf,
    /// The login in the source.
    Login,
    /// The mail address of the record in the source, where the provider is the authority for that address.
    Mail,
    /// `FrEduVecteur`: a pupil by the number of their school, or an adult by names and the number of a child.
    Vector,
}

/// Claims that no rule but one for addresses may name, in whatever letters: anybody can have another's mail address in a field that nobody checked.
const NEVER: &[&str] = &["email", "mail", "ctemail", "preferred_username", "nickname", "name"];

fn is_never(claim: &str) -> bool {
    NEVER.iter().any(|never| never.eq_ignore_ascii_case(claim))
}

/// What is wrong with rules: the key, as it is written below `match`, and a sentence.
pub fn check_rules(rules: &[MatchRule]) -> Vec<(String, &'static str)> {
    let mut problems = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let at = |key: &str| format!("match[{index}].{key}");
        let mail = rule.form == MatchForm::Mail;
        if rule.claim.is_empty() || rule.claim.len() > 128 || (!mail && is_never(&rule.claim)) {
            problems.push((
                at("claim"),
                "names a claim that identifies one record; mail addresses and display names do not",
            ));
        }
        if (rule.form == MatchForm::Aaf) == rule.academies.is_empty() {
            problems.push((at("academies"), "is for aaf, and there it names at least one academy"));
        }
        let plain = |domain: &String| normalised_mail(&format!("x@{domain}")).is_some() && domain.contains('.');
        if mail == rule.domains.is_empty() || !rule.domains.iter().all(plain) {
            problems.push((
                at("domains"),
                "is for mail, and there it names the domains whose addresses this provider hands out itself",
            ));
        }
    }
    problems
}

/// Every account that what is said names, each once; `said` gives the values of a claim. A value that does not fit its
/// rule names nothing.
pub fn known_as<'a, I>(rules: &[MatchRule], said: impl Fn(&str) -> I) -> Vec<KnownAs>
where
    I: IntoIterator<Item = &'a str>,
{
    let mut names = Vec::new();
    for rule in rules {
        let values: Vec<&str> = said(&rule.claim).into_iter().take(MOST).collect();
        for value in &values {
            let name = one(rule, value).filter(|name| values.len() == 1 || !is_of_a_pupil(name));
            if let Some(name) = name.filter(|name| !names.contains(name) && names.len() < MOST) {
                names.push(name);
            }
        }
    }
    names
}

/// Whether it names a pupil by a vector: a pupil has one, only adults have one for each child.
fn is_of_a_pupil(name: &KnownAs) -> bool {
    matches!(name, KnownAs::Vector(_, vector) if vector.adult.is_none())
}

fn one(rule: &MatchRule, value: &str) -> Option<KnownAs> {
    let source = SourceId::new(rule.source.clone());
    let key = match rule.form {
        MatchForm::Login => return normalised_login(value).map(|login| KnownAs::Login(source, login)),
        MatchForm::Mail => {
            let mail = normalised_mail(value)?;
            let (_, domain) = mail.split_once('@')?;
            let ours = rule.domains.iter().any(|own| own.eq_ignore_ascii_case(domain));
            return ours.then_some(KnownAs::Mail(source, mail));
        }
        MatchForm::Vector => return FrEduVecteur::read(value).map(|vector| KnownAs::Vector(source, vector)),
        MatchForm::Record => value,
        MatchForm::Aaf => {
            let mut fields = value.strip_prefix("{AAF}")?.split('|');
            let (academy, _, key) = (fields.next()?, fields.next()?, fields.next()?);
            let ours = |known: &String| known.trim_start_matches('0') == academy.trim_start_matches('0');
            if fields.next().is_some() || !rule.academies.iter().any(ours) {
                return None;
            }
            key
        }
    };
    let sound = !key.is_empty() && key.len() <= MAX_KEY && key.bytes().all(|b| b.is_ascii_graphic());
    sound.then(|| KnownAs::Record(JoinKey { source, key: key.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(form: MatchForm) -> MatchRule {
        let academies = if form == MatchForm::Aaf { vec!["16".to_owned(), "03".to_owned()] } else { Vec::new() };
        let domains = if form == MatchForm::Mail { vec!["AC-notos.example".to_owned()] } else { Vec::new() };
        MatchRule { claim: "ref".to_owned(), form, source: "annuaire".to_owned(), academies, domains }
    }

    fn found(form: MatchForm, said: &[&str]) -> Vec<String> {
        let names = known_as(&[rule(form)], |claim| if claim == "ref" { said.to_vec() } else { Vec::new() });
        let shown = |name: KnownAs| match name {
            KnownAs::Record(join) => join.to_string(),
            KnownAs::Login(source, name) | KnownAs::Mail(source, name) => format!("{source}:{name}"),
            KnownAs::Vector(source, vector) => {
                let adult = vector.adult.map(|(family, given)| format!("{family} {given} of ")).unwrap_or_default();
                format!("{source}:{adult}{}@{}", vector.number, vector.establishment)
            }
        };
        names.into_iter().map(shown).collect()
    }

    #[test]
    fn a_reference_of_educonnect_is_a_record_of_its_academy() {
        let two = ["{AAF}16|2D|4512345", "{AAF}3|1D|77", "{AAF}16|2D|4512345"];
        assert_eq!(found(MatchForm::Aaf, &two), ["annuaire$4512345", "annuaire$77"]);
        for other in
            ["{AAF}17|2D|4512345", "16|2D|4512345", "{AAF}16|4512345", "{AAF}16|2D|4|5", "{AAF}16|2D|", "{AAF}"]
        {
            assert_eq!(found(MatchForm::Aaf, &[other]), [""; 0], "{other}");
        }
    }

    #[test]
    fn a_key_and_a_login_are_taken_as_they_are() {
        assert_eq!(found(MatchForm::Record, &["4512345"]), ["annuaire$4512345"]);
        assert_eq!(found(MatchForm::Login, &["Alice.Martin"]), ["annuaire:alice.martin"]);
        for wrong in ["", "a b", &"x".repeat(129)] {
            assert_eq!(found(MatchForm::Record, &[wrong]), [""; 0], "{wrong}");
        }
        let crowd: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
        assert_eq!(found(MatchForm::Record, &crowd).len(), MOST);
    }

    #[test]
    fn an_address_counts_where_the_provider_hands_it_out() {
        assert_eq!(found(MatchForm::Mail, &["Zoe@ac-NOTOS.example"]), ["annuaire:zoe@ac-notos.example"]);
        let others = ["zoe@notos.example", "zoe@x.ac-notos.example", "zoe@ac-notos.example.evil.test", "zoe"];
        for other in
            others.into_iter().chain(["ac-notos.example", "zoe@evil.test@ac-notos.example", "@ac-notos.example"])
        {
            assert_eq!(found(MatchForm::Mail, &[other]), [""; 0], "{other}");
        }
    }

    #[test]
    fn a_vector_names_a_pupil_or_an_adult_of_several_pupils() {
        let (pupil, parent) = ("4|||55021|0990001N", ["2|Belombre|Aude|55021|0990001N", "1|Belombre|Aude|7|0990002P"]);
        assert_eq!(found(MatchForm::Vector, &[pupil]), ["annuaire:55021@0990001N"]);
        let both = ["annuaire:belombre aude of 55021@0990001N", "annuaire:belombre aude of 7@0990002P"];
        assert_eq!(found(MatchForm::Vector, &parent), both);
        assert_eq!(found(MatchForm::Vector, &[parent[0], pupil]), [both[0]], "nobody is a pupil and another");
        assert_eq!(found(MatchForm::Vector, &[pupil, "3|||7|0990002P"]), [""; 0]);
    }

    #[test]
    fn a_rule_that_would_name_anybody_is_refused() {
        let mail = MatchRule { claim: "ctemail".to_owned(), ..rule(MatchForm::Mail) };
        assert_eq!(check_rules(&[rule(MatchForm::Aaf), rule(MatchForm::Record), mail.clone()]), []);
        for domains in
            [vec![], vec!["example".to_owned()], vec!["a@b.example".to_owned()], vec![".example ".to_owned()]]
        {
            let problems = check_rules(&[MatchRule { domains, ..mail.clone() }]);
            assert_eq!(problems.into_iter().map(|(at, _)| at).collect::<Vec<_>>(), ["match[0].domains"]);
        }
        let domains = mail.domains;
        assert_eq!(check_rules(&[MatchRule { domains, ..rule(MatchForm::Login) }])[0].0, "match[0].domains");
        let mail = MatchRule { claim: "Mail".to_owned(), ..rule(MatchForm::Login) };
        let odd = MatchRule { academies: vec!["16".to_owned()], ..rule(MatchForm::Login) };
        let none = MatchRule { academies: Vec::new(), ..rule(MatchForm::Aaf) };
        let places: Vec<String> = check_rules(&[mail, odd, none]).into_iter().map(|(at, _)| at).collect();
        assert_eq!(places, ["match[0].claim", "match[1].academies", "match[2].academies"]);
    }
}
