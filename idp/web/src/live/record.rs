//! The record of a person as one text, a quarter as large as its parts.

use preau_domain::{AccountState, Affiliation, Child, Credentials, JoinKey, Person, PersonId};
use std::borrow::Cow;

/// What a record holds besides the name of the account, which is active: in an order, without the names of the fields.
type Record<'a> = (
    Option<Cow<'a, JoinKey>>,
    [Cow<'a, str>; 2],
    [Option<Cow<'a, str>>; 3],
    Credentials,
    Cow<'a, [Affiliation]>,
    Cow<'a, [Child]>,
);

/// The record of an active account as one text.
pub fn folded(person: &Person) -> Result<Box<str>, serde_json::Error> {
    let Person {
        id: _,
        join,
        state: _,
        given_name,
        family_name,
        title,
        login,
        mail,
        credentials,
        affiliations,
        children,
    } = person;
    let record: Record<'_> = (
        join.as_ref().map(Cow::Borrowed),
        [given_name, family_name].map(|name| Cow::Borrowed(name.as_str())),
        [title, login, mail].map(|text| text.as_deref().map(Cow::Borrowed)),
        *credentials,
        Cow::Borrowed(affiliations),
        Cow::Borrowed(children),
    );
    serde_json::to_string(&record).map(Into::into)
}

/// The active account of that name, from its record.
pub fn unfolded(id: &PersonId, record: &str) -> Result<Person, serde_json::Error> {
    let (join, [given_name, family_name], [title, login, mail], credentials, affiliations, children): Record<'_> =
        serde_json::from_str(record)?;
    let [title, login, mail] = [title, login, mail].map(|text| text.map(Cow::into_owned));
    Ok(Person {
        id: id.clone(),
        join: join.map(Cow::into_owned),
        state: AccountState::Active,
        given_name: given_name.into_owned(),
        family_name: family_name.into_owned(),
        title,
        login,
        mail,
        credentials,
        affiliations: affiliations.into_owned(),
        children: children.into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{live, person};
    use super::*;

    #[test]
    fn the_record_opens_to_the_person_that_was_loaded() {
        let live = live("a", 1_000);
        let known = live.known().unwrap();
        assert_eq!(*known.person, person());
        assert_eq!(known.facts.account(), &live.session.person);
        let uai: preau_domain::Uai = "0990001N".parse().unwrap();
        let key = |key: &str| JoinKey { source: preau_domain::SourceId::new("annuaire"), key: key.into() };
        let whole = Person {
            join: Some(key("1")),
            family_name: "D'Arc \"é\"".into(),
            title: Some("Mme".into()),
            login: Some("o.clairval".into()),
            mail: Some("o@ecole.example".into()),
            credentials: Credentials::Directory,
            affiliations: vec![Affiliation {
                classes: vec!["6A".into()],
                ..Affiliation::new(uai, preau_domain::Profile::Pupil)
            }],
            children: vec![Child {
                pupil: key("2"),
                link: "10".into(),
                legal: preau_domain::Legal::Contact,
                enrolment: None,
            }],
            ..person()
        };
        assert_eq!(unfolded(&whole.id, &folded(&whole).unwrap()).unwrap(), whole);
    }
}
