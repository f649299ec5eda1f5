//! What a service is sent, in words: read off the rules that [`release`](crate::release()) applies, so that a legal sheet says what really leaves
//! and nobody types it.

use preau_domain::{Fact, Identifier, Population, ReleaseRule};

/// A text in the two languages of the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// French.
    pub fr: &'static str,
    /// English.
    pub en: &'static str,
}

/// One attribute and the rules that give it.
#[derive(Clone, Debug)]
pub struct Sent<'a> {
    /// The name the service reads.
    pub name: &'a str,
    rules: Vec<&'a ReleaseRule>,
}

/// What these rules send: each attribute once, in their order.
pub fn sent(rules: &[ReleaseRule]) -> Vec<Sent<'_>> {
    let mut all: Vec<Sent<'_>> = Vec::new();
    for rule in rules {
        match all.iter_mut().find(|sent| sent.name == rule.name) {
            Some(sent) => sent.rules.push(rule),
            None => all.push(Sent { name: &rule.name, rules: vec![rule] }),
        }
    }
    all
}

impl Sent<'_> {
    /// The facts about a person it is made of, each once.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts: Vec<Fact> = self.rules.iter().filter_map(|rule| rule.copy).collect();
        facts.sort_unstable();
        facts.dedup();
        facts
    }

    /// What it holds, in French.
    pub fn fr(&self) -> String {
        self.said(|words| words.fr, &French)
    }

    /// What it holds, in English.
    pub fn en(&self) -> String {
        self.said(|words| words.en, &English)
    }

    fn said(&self, pick: impl Fn(Words) -> &'static str, language: &dyn Language) -> String {
        let mut parts: Vec<String> = Vec::new();
        for rule in &self.rules {
            let mut what: Vec<String> = rule.copy.map(|fact| pick(words(fact)).to_owned()).into_iter().collect();
            what.extend(rule.add.iter().map(|text| language.quoted(text)));
            let mut part = what.join(language.and());
            let notes = [
                (!rule.map.is_empty() && rule.copy.is_some()).then(|| language.recoded().to_owned()),
                (!rule.limit.is_empty()).then(|| language.among(&rule.limit)),
                rule.scope.as_ref().map(|scope| language.followed_by(scope)),
                rule.when.as_ref().map(|population| language.only(&among(population))),
            ];
            let notes: Vec<String> = notes.into_iter().flatten().collect();
            if !notes.is_empty() {
                part.push_str(&format!(" ({})", notes.join(", ")));
            }
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        // Of rules that want one value, the first that has one gives it.
        let or_else = self.rules.iter().skip(1).any(|rule| rule.first || rule.join.is_some());
        parts.join(if or_else { language.or_else() } else { language.and() })
    }
}

/// Every criterion of a population, as it is written.
fn among(population: &Population) -> String {
    let mut all: Vec<String> = population.profiles.iter().map(ToString::to_string).collect();
    all.extend(population.establishments.iter().map(ToString::to_string));
    let Population { classes, groups, subjects, functions, delegations, levels, .. } = population;
    let lists = [classes, groups, subjects, functions, delegations, levels];
    all.extend(lists.into_iter().flatten().cloned());
    all.extend(population.persons.iter().map(ToString::to_string));
    all.extend(population.during.as_deref().map(ToString::to_string));
    all.join(", ")
}

/// The words a sentence is made of.
trait Language {
    fn and(&self) -> &'static str;
    fn or_else(&self) -> &'static str;
    fn recoded(&self) -> &'static str;
    fn quoted(&self, text: &str) -> String;
    fn among(&self, values: &[String]) -> String;
    fn followed_by(&self, text: &str) -> String;
    fn only(&self, who: &str) -> String;
}

struct French;
struct English;

impl Language for French {
    fn and(&self) -> &'static str {
        " ; "
    }
    fn or_else(&self) -> &'static str {
        " ; à défaut "
    }
    fn recoded(&self) -> &'static str {
        "recodé"
    }
    fn quoted(&self, text: &str) -> String {
        format!("« {text} »")
    }
    fn among(&self, values: &[String]) -> String {
        format!("parmi {}", values.join(", "))
    }
    fn followed_by(&self, text: &str) -> String {
        format!("suivi de « {text} »")
    }
    fn only(&self, who: &str) -> String {
        format!("seulement {who}")
    }
}

impl Language for English {
    fn and(&self) -> &'static str {
        "; "
    }
    fn or_else(&self) -> &'static str {
        "; else "
    }
    fn recoded(&self) -> &'static str {
        "recoded"
    }
    fn quoted(&self, text: &str) -> String {
        format!("“{text}”")
    }
    fn among(&self, values: &[String]) -> String {
        format!("among {}", values.join(", "))
    }
    fn followed_by(&self, text: &str) -> String {
        format!("followed by “{text}”")
    }
    fn only(&self, who: &str) -> String {
        format!("only {who}")
    }
}

/// What a fact is called.
pub fn words(fact: Fact) -> Words {
    let (fr, en) = match fact {
        Fact::Uid => ("nom de compte opaque", "opaque account name"),
        Fact::Login => ("identifiant de connexion", "login"),
        Fact::Pairwise => ("identifiant propre à ce service", "identifier of this service alone"),
        Fact::GivenName => ("prénom", "given name"),
        Fact::FamilyName => ("nom", "family name"),
        Fact::DisplayName => ("prénom et nom", "given name and family name"),
        Fact::Title => ("civilité", "title"),
        Fact::Mail => ("adresse de courriel", "mail address"),
        Fact::Uai => ("établissement du moment (UAI)", "establishment of the moment (UAI)"),
        Fact::EstablishmentName => ("nom de l’établissement du moment", "name of the establishment of the moment"),
        Fact::Establishments => ("établissements (UAI)", "establishments (UAI)"),
        Fact::Profiles => ("profils nationaux", "national profiles"),
        Fact::Affiliations => ("profils nationaux avec l’établissement", "national profiles with the establishment"),
        Fact::Classes => ("classes", "classes"),
        Fact::ClassesPaired => ("classes avec l’établissement", "classes with the establishment"),
        Fact::Groups => ("groupes", "groups"),
        Fact::GroupsPaired => ("groupes avec l’établissement", "groups with the establishment"),
        Fact::Subjects => ("matières", "subjects"),
        Fact::SubjectsPaired => ("matières avec l’établissement", "subjects with the establishment"),
        Fact::Functions => ("fonctions", "functions"),
        Fact::Delegations => ("délégations", "delegations"),
        Fact::Mef => ("code MEF", "MEF code"),
        Fact::Level => ("niveau", "level"),
        Fact::FrEduVecteur => ("vecteur d’identité des téléservices", "vector of the State’s services"),
        Fact::AuthnMethod => ("moyen de connexion", "how the person signed in"),
        Fact::Role => ("rôle dans le service", "role in the service"),
        Fact::Inspected => ("espaces que l’inspecteur consulte", "spaces that an inspector looks at"),
    };
    Words { fr, en }
}

/// What a service knows a person by, in words.
pub fn identifier_words(identifier: Identifier) -> Words {
    match identifier {
        Identifier::Pairwise => words(Fact::Pairwise),
        Identifier::Uid => words(Fact::Uid),
        Identifier::Login => words(Fact::Login),
        Identifier::Mail => words(Fact::Mail),
        Identifier::Uai => Words {
            fr: "établissement du moment (UAI), à la place de la personne",
            en: "establishment of the moment (UAI), in place of the person",
        },
    }
}

/// What an application that may ask with the scope `home` is told besides its release rules, in words.
pub const HOME: Words = Words {
    fr: "la page d’accueil de la personne : prénom et nom, profils, noms de ses établissements, prénom, nom et classe de ses enfants, services qu’elle \
         peut ouvrir, favoris, derniers services ouverts, annonces",
    en: "the home page of the person: given name and family name, profiles, names of their establishments, given name, family name and class of their \
         children, services they may open, favourites, services opened last, notices",
};

/// What a tool that may ask who is of a class or group is told besides, in words.
pub const ROSTER: Words = Words {
    fr: "la même chose de chaque personne de la classe ou du groupe pour lequel il est ouvert, parmi celles qui peuvent l’ouvrir",
    en: "the same of each person of the class or group it is opened for, among those who may open it",
};

/// What a tool that may keep marks here reads again, in words.
pub const GRADES: Words = Words {
    fr: "celles que l’outil dépose ici, et celles-là seulement ; les enseignants de la classe les lisent et les emportent",
    en: "those the tool leaves here, and no others; the teachers of the class read them and take them away",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_is_said_as_the_rules_have_it() {
        let rules: Vec<ReleaseRule> = [
            "name = 'nom'\ncopy = 'family_name'",
            "name = 'code'\ncopy = 'functions'\nfirst = true",
            "name = 'code'\nwhen = { profiles = ['National_ELV'] }\nadd = ['ELE']\nfirst = true",
            "name = 'groupes'\ncopy = 'classes'",
            "name = 'groupes'\ncopy = 'groups'",
            "name = 'profil'\ncopy = 'profiles'\nmap = { '*' = 'x' }\nlimit = ['x']",
            "name = 'mail'\ncopy = 'uid'\nscope = '@ent.invalid'",
        ]
        .iter()
        .map(|text| toml::from_str(text).unwrap())
        .collect();
        let all = sent(&rules);
        let en: Vec<String> = all.iter().map(|one| format!("{}: {}", one.name, one.en())).collect();
        assert_eq!(
            en,
            [
                "nom: family name",
                "code: functions; else “ELE” (only National_ELV)",
                "groupes: classes; groups",
                "profil: national profiles (recoded, among x)",
                "mail: opaque account name (followed by “@ent.invalid”)",
            ]
        );
        assert_eq!(all[1].fr(), "fonctions ; à défaut « ELE » (seulement National_ELV)");
        assert_eq!(all[2].facts(), [Fact::Classes, Fact::Groups]);
    }
}
