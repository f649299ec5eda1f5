//! Which column is what: as the settings say, and, for a person who is shown a proposal, as the headings suggest. A reading
//! goes by the settings alone: a heading that a new release of somebody's software words otherwise must not change who
//! people are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whom a file is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Who {
    /// Pupils, one row each.
    Pupils,
    /// Adults who answer for pupils: a row for each adult, or for each adult and pupil.
    Guardians,
    /// Teachers, heads and others who work there.
    Staff,
}

impl Who {
    /// As the settings say it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Who::Pupils => "pupils",
            Who::Guardians => "guardians",
            Who::Staff => "staff",
        }
    }
}

/// What a column can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    /// What names the person for ever in this source, in every file.
    Key,
    /// Family name.
    FamilyName,
    /// Given name.
    GivenName,
    /// `M.` or `Mme`.
    Title,
    /// Login.
    Login,
    /// Mail address.
    Mail,
    /// National number of the establishment.
    Establishment,
    /// The pupil's class, or the classes of a teacher.
    Class,
    /// Groups.
    Groups,
    /// Level, such as `CM2`.
    Level,
    /// What somebody does there.
    Function,
    /// Keys of the pupils an adult answers for.
    Child,
    /// Kind of link between adult and pupil.
    Link,
    /// Legal weight of the adult.
    Legal,
    /// Date of birth.
    BirthDate,
}

/// Every field with its name in the settings and the headings that suggest it, the best first.
const FIELDS: [(Field, &str, &[&str]); 15] = [
    (Field::Key, "key", &["cle", "cle jointure", "identifiant", "id", "numero", "numero interne", "matricule"]),
    (Field::FamilyName, "family_name", &["nom", "nom famille", "nom usage", "nom naissance"]),
    (Field::GivenName, "given_name", &["prenom", "premier prenom", "prenom 1", "prenom usuel"]),
    (Field::Title, "title", &["civilite", "titre"]),
    (Field::Login, "login", &["login", "identifiant connexion", "compte", "nom utilisateur"]),
    (
        Field::Mail,
        "mail",
        &["mail", "email", "e mail", "courriel", "mel", "adresse mail", "adresse email", "adresse electronique"],
    ),
    (Field::Establishment, "establishment", &["uai", "rne", "code uai", "code rne", "uai etablissement", "uai ecole"]),
    (Field::Class, "class", &["classe", "classes", "libelle classe", "division"]),
    (Field::Groups, "groups", &["groupe", "groupes"]),
    (Field::Level, "level", &["niveau", "cours"]),
    (Field::Function, "function", &["fonction", "profil", "role"]),
    (Field::Child, "child", &["enfant", "cle", "identifiant", "id", "numero", "numero interne", "matricule"]),
    (Field::Link, "link", &["lien", "lien parente", "parente", "lien familial"]),
    (
        Field::Legal,
        "legal",
        &[
            "autorite parentale",
            "representant legal",
            "legal",
            "poids legal",
            "niveau responsabilite",
            "responsabilite legale",
        ],
    ),
    (Field::BirthDate, "birth_date", &["date naissance", "naissance", "date naiss", "ne e", "ne", "nee"]),
];

/// Words of headings that say nothing of which field a column is.
const BETWEEN: [&str; 9] = ["de", "du", "des", "d", "la", "le", "les", "l", "au"];
const OF_PUPILS: [&str; 4] = ["eleve", "eleves", "enfant", "enfants"];
const OF_GUARDIANS: [&str; 7] = ["responsable", "responsables", "resp", "parent", "tuteur", "mere", "pere"];
const OF_STAFF: [&str; 5] = ["enseignant", "enseignants", "personnel", "personnels", "agent"];

impl Field {
    /// As the settings say it.
    pub(crate) fn word(self) -> &'static str {
        FIELDS.iter().find(|(field, _, _)| *field == self).map_or("", |(_, word, _)| word)
    }

    /// Whether a file about these people may have it.
    pub(crate) fn fits(self, who: Who) -> bool {
        match self {
            Field::Establishment | Field::Class | Field::Groups => who != Who::Guardians,
            Field::Level => who == Who::Pupils,
            Field::Function => who == Who::Staff,
            Field::Child | Field::Link | Field::Legal => who == Who::Guardians,
            _ => true,
        }
    }
}

/// Headings in the one spelling that is compared: lower case, without accents, one space between words.
pub(crate) fn plain(heading: &str) -> String {
    let mut out = String::with_capacity(heading.len());
    for letter in heading.chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'â' | 'ä' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'î' | 'ï' => out.push('i'),
            'ô' | 'ö' => out.push('o'),
            'ù' | 'û' | 'ü' => out.push('u'),
            'ç' => out.push('c'),
            'œ' => out.push_str("oe"),
            // The accent of a letter that is written in two.
            '\u{300}'..='\u{36f}' => {}
            other if other.is_alphanumeric() => out.push(other),
            _ if out.ends_with(' ') || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Columns by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns(BTreeMap<Field, usize>);

impl Columns {
    /// The columns the settings name. One that is not there, or there twice, is a sentence.
    pub(crate) fn named(said: &BTreeMap<Field, String>, header: &[String]) -> Result<Columns, String> {
        let headings: Vec<String> = header.iter().map(|heading| plain(heading)).collect();
        let mut columns = BTreeMap::new();
        for (field, wanted) in said {
            let mut found = (0..header.len()).filter(|at| headings[*at] == plain(wanted));
            match (found.next(), found.next()) {
                (Some(at), None) => drop(columns.insert(*field, at)),
                (Some(_), Some(_)) => return Err(format!("two columns are called {wanted:?} ({})", field.word())),
                _ => return Err(format!("no column is called {wanted:?} ({})", field.word())),
            }
        }
        Ok(Columns(columns))
    }

    /// As [`Columns::named`], with a guess of every field that the settings do not name; what they name and is not there
    /// is guessed too. A date of birth is nothing to propose unless the settings ask for it.
    pub(crate) fn proposed(said: &BTreeMap<Field, String>, header: &[String], who: Who, births: bool) -> Columns {
        let mut columns = BTreeMap::new();
        for (field, wanted) in said {
            let one = BTreeMap::from([(*field, wanted.clone())]);
            columns.extend(Columns::named(&one, header).map(|columns| columns.0).unwrap_or_default());
        }
        let roots: Vec<(bool, String)> = header.iter().map(|heading| root(&plain(heading), who)).collect();
        let wanted = |field: &Field| field.fits(who) && (births || *field != Field::BirthDate);
        for (field, _, spellings) in FIELDS.iter().filter(|(field, _, _)| wanted(field)) {
            // In a file about adults, what is the pupil's is no column of theirs but the pupil's key.
            let own = *field != Field::Child;
            let candidates = spellings.iter().find_map(|spelling| {
                let fits = |at: &usize| roots[*at] == (own, (*spelling).to_owned());
                (0..header.len()).filter(|at| columns.values().all(|taken| taken != at)).find(fits)
            });
            if let (Some(at), false) = (candidates, columns.contains_key(field)) {
                columns.insert(*field, at);
            }
        }
        Columns(columns)
    }

    /// Where a field is.
    pub(crate) fn at(&self, field: Field) -> Option<usize> {
        self.0.get(&field).copied()
    }

    /// What a column is read as.
    pub(crate) fn field(&self, at: usize) -> Option<Field> {
        self.0.iter().find(|(_, column)| **column == at).map(|(field, _)| *field)
    }

    /// Every field with its column.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Field, usize)> + '_ {
        self.0.iter().map(|(field, at)| (*field, *at))
    }

    /// The first field that a file about these people cannot do without and has not.
    pub(crate) fn missing(&self, needed: &[Field]) -> Vec<Field> {
        needed.iter().copied().filter(|field| !self.0.contains_key(field)).collect()
    }
}

/// What is left of a heading without the words that say whose it is, and whether it is of the people the file is about.
fn root(heading: &str, who: Who) -> (bool, String) {
    let (mut own, mut words) = (true, Vec::new());
    let all: Vec<&str> = heading.split(' ').filter(|word| !BETWEEN.contains(word)).collect();
    for word in &all {
        let of = [(&OF_PUPILS[..], Who::Pupils), (&OF_GUARDIANS[..], Who::Guardians), (&OF_STAFF[..], Who::Staff)];
        match of.into_iter().find(|(words, _)| words.contains(word)) {
            Some((_, whose)) => own &= whose == who,
            None => words.push(*word),
        }
    }
    // A heading that is nothing but `Enfant` or `Élève` is the pupil's key.
    let rest = if words.is_empty() && !own { "enfant".to_owned() } else { words.join(" ") };
    (own, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Vec<String> {
        text.split(';').map(str::to_owned).collect()
    }

    fn proposed(text: &str, who: Who) -> Vec<(&'static str, usize)> {
        let columns = Columns::proposed(&BTreeMap::new(), &header(text), who, false);
        columns.iter().map(|(field, at)| (field.word(), at)).collect()
    }

    #[test]
    fn headings_suggest_what_they_are() {
        assert_eq!(
            proposed("INE;Nom Élève;Prénom Élève;Nom responsable;Niveau;Classe;Identifiant élève", Who::Pupils),
            [("key", 6), ("family_name", 1), ("given_name", 2), ("class", 5), ("level", 4)],
        );
        assert_eq!(
            proposed(
                "Identifiant responsable;Civilité;NOM;Prénom du responsable;Courriel;Identifiant de l'élève;Nom élève;Lien;Responsable légal",
                Who::Guardians
            ),
            [
                ("key", 0),
                ("family_name", 2),
                ("given_name", 3),
                ("title", 1),
                ("mail", 4),
                ("child", 5),
                ("link", 7),
                ("legal", 8)
            ],
        );
        assert_eq!(
            proposed("id;nom;prenom;fonction;classes;UAI", Who::Staff),
            [("key", 0), ("family_name", 1), ("given_name", 2), ("establishment", 5), ("class", 4), ("function", 3)],
        );
        assert_eq!(proposed("INE;Date de naissance;Commentaire", Who::Pupils), [], "a number of the state is no key");
    }

    #[test]
    fn a_date_of_birth_is_proposed_where_it_is_asked_for() {
        for heading in ["Date de naissance", "Né(e) le", "Né le", "Date naiss.", "Date de naissance de l'élève"] {
            let columns = |births| Columns::proposed(&BTreeMap::new(), &header(heading), Who::Pupils, births);
            assert_eq!(columns(true).at(Field::BirthDate), Some(0), "{heading}");
            assert_eq!(columns(false).at(Field::BirthDate), None, "{heading}");
        }
        let theirs = Columns::proposed(&BTreeMap::new(), &header("Date de naissance élève"), Who::Guardians, true);
        assert_eq!(theirs.at(Field::BirthDate), None, "of somebody else");
    }

    #[test]
    fn the_settings_count_and_name_one_column_each() {
        let said = |heading: &str| BTreeMap::from([(Field::Key, heading.to_owned())]);
        let named = |heading: &str, text: &str| Columns::named(&said(heading), &header(text)).map(|c| c.at(Field::Key));
        assert_eq!(named("Numéro  d'élève", "Nom;NUMERO D’ELEVE"), Ok(Some(1)));
        assert_eq!(named("id", "Nom;Prénom"), Err("no column is called \"id\" (key)".into()));
        assert_eq!(named("id", "ID;id"), Err("two columns are called \"id\" (key)".into()));
        let proposed = Columns::proposed(&said("Autre"), &header("Identifiant;Autre"), Who::Pupils, false);
        assert_eq!(proposed.iter().collect::<Vec<_>>(), [(Field::Key, 1)]);
    }

    #[test]
    fn every_field_is_in_the_table() {
        for (field, word, _) in FIELDS {
            assert_eq!(serde_names(word), Some(field));
        }
    }

    fn serde_names(word: &str) -> Option<Field> {
        toml::from_str::<BTreeMap<Field, String>>(&format!("{word} = \"x\"")).ok()?.into_keys().next()
    }
}
