//! Who is of which establishment, and the numbers by which offices of establishments know pupils: who is found by them, the pupil and
//! whoever answers for the pupil. A table beside that of people, renewed from their documents whenever those are written; a row
//! without a number says that somebody is of the establishment.

use crate::bulk::{Bulk, Kind};
use crate::link::{Link, Sql, args};
use crate::people::records;
use preau_domain::{Person, Profile, Uai};
use preau_store::Result;
use std::collections::BTreeSet;

/// Everybody of that source at that number.
pub(crate) const OF: &str = records!(
    "WHERE source = $1 AND id IN (SELECT person FROM enrolled WHERE establishment = $2 AND number = $3)
    AND id > $4 ORDER BY id LIMIT $5"
);

/// Everybody of that establishment.
pub(crate) const AT: &str = records!(
    "WHERE id IN (SELECT person FROM enrolled WHERE establishment = $1 AND number = '') AND id > $2 ORDER BY id LIMIT $3"
);

/// Those of that establishment who are one of several things there ([`as_places`]).
pub(crate) const AS: Sql = Sql::Each {
    sqlite: records!(
        "WHERE id IN (SELECT person FROM enrolled WHERE establishment = $1 AND number = '')
        AND EXISTS (SELECT 1 FROM json_each($2) place WHERE instr(' ' || establishments || ' ', place.value) > 0)
        AND id > $3 ORDER BY id LIMIT $4"
    ),
    postgres: records!(
        "WHERE id IN (SELECT person FROM enrolled WHERE establishment = $1 AND number = '')
        AND EXISTS (SELECT 1 FROM unnest($2::text[]) place WHERE strpos(' ' || establishments || ' ', place) > 0)
        AND id > $3 ORDER BY id LIMIT $4"
    ),
};

/// The pupils of a class among them. Both databases find everybody of the establishment by the index and read the documents themselves: of
/// an establishment there are few, and a table of classes would be written at each reading of a source.
pub(crate) const OF_CLASS: Sql = Sql::Each {
    sqlite: records!(
        "WHERE id IN (SELECT person FROM enrolled WHERE establishment = $1 AND number = '')
        AND EXISTS (SELECT 1 FROM json_each(person.doc, '$.affiliations') at, json_each(at.value, '$.classes') class
            WHERE at.value ->> '$.establishment' = $1 AND at.value ->> '$.profile' = 'National_ELV' AND class.value = $2)
        AND id > $3 ORDER BY id LIMIT $4"
    ),
    postgres: records!(
        "WHERE id IN (SELECT person FROM enrolled WHERE establishment = $1 AND number = '')
        AND EXISTS (SELECT 1 FROM json_array_elements(person.doc::json -> 'affiliations') at,
                json_array_elements_text(at.value -> 'classes') class
            WHERE at.value ->> 'establishment' = $1 AND at.value ->> 'profile' = 'National_ELV' AND class.value = $2)
        AND id > $3 ORDER BY id LIMIT $4"
    ),
};

/// How [`crate::people::places`] says each of these. What an earlier version wrote says no profile, and may be any.
pub(crate) fn as_places(at: &Uai, profiles: &[Profile]) -> Vec<String> {
    let places = profiles.iter().map(|profile| format!(" {at}:{} ", profile.code()));
    places.chain([format!(" {at} ")]).collect()
}

const FORGET: Sql = Sql::Each {
    sqlite: "DELETE FROM enrolled WHERE person IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM enrolled WHERE person = ANY($1)",
};
const LEARN: Sql = Sql::Each {
    sqlite: "INSERT INTO enrolled (establishment, number, person)
        SELECT at.value ->> '$.enrolment.establishment', at.value ->> '$.enrolment.number', person.id
        FROM json_each($1) wanted JOIN person ON person.id = wanted.value, json_each(person.doc, '$.affiliations') at
        WHERE at.value ->> '$.enrolment.number' <> ''
        UNION
        SELECT child.value ->> '$.enrolment.establishment', child.value ->> '$.enrolment.number', person.id
        FROM json_each($1) wanted JOIN person ON person.id = wanted.value, json_each(person.doc, '$.children') child
        WHERE child.value ->> '$.enrolment.number' <> ''
        UNION
        SELECT at.value ->> '$.establishment', '', person.id
        FROM json_each($1) wanted JOIN person ON person.id = wanted.value, json_each(person.doc, '$.affiliations') at
        WHERE at.value ->> '$.establishment' IS NOT NULL",
    postgres: "INSERT INTO enrolled (establishment, number, person)
        SELECT at.value #>> '{enrolment,establishment}', at.value #>> '{enrolment,number}', person.id
        FROM person, json_array_elements(person.doc::json -> 'affiliations') at
        WHERE person.id = ANY($1) AND at.value #>> '{enrolment,number}' <> ''
        UNION
        SELECT child.value #>> '{enrolment,establishment}', child.value #>> '{enrolment,number}', person.id
        FROM person, json_array_elements(person.doc::json -> 'children') child
        WHERE person.id = ANY($1) AND child.value #>> '{enrolment,number}' <> ''
        UNION
        SELECT at.value #>> '{establishment}', '', person.id
        FROM person, json_array_elements(person.doc::json -> 'affiliations') at
        WHERE person.id = ANY($1) AND at.value #>> '{establishment}' IS NOT NULL",
};

static ENROLLED: Bulk = Bulk::new(
    "enrolled",
    &[("establishment", Kind::Text), ("number", Kind::Text), ("person", Kind::Text)],
    "ON CONFLICT DO NOTHING",
);

/// Establishment and number of everything a document says, each once, and without a number where somebody is.
pub(crate) fn of(person: &Person) -> BTreeSet<(String, String)> {
    let places = person.affiliations.iter().map(|at| (at.establishment.to_string(), String::new()));
    let own = person.affiliations.iter().filter_map(|at| at.enrolment.as_deref());
    let children = person.children.iter().filter_map(|child| child.enrolment.as_deref());
    let numbers = own.chain(children).map(|at| (at.establishment.to_string(), at.number.clone()));
    numbers.filter(|(_, number)| !number.is_empty()).chain(places).collect()
}

/// Forgets the places and numbers of these people.
pub(crate) async fn forget(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    link.changed(FORGET, args![people]).await.map(drop)
}

/// Notes places and numbers of people who have none.
pub(crate) async fn learn(link: &mut Link<'_>, enrolled: Vec<((String, String), String)>) -> Result<()> {
    let row = |((establishment, number), person)| args![establishment, number, person];
    ENROLLED.write(link, enrolled.into_iter().flat_map(row).collect()).await
}

/// Brings the places and numbers of these people to what their documents say now.
pub(crate) async fn renew(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    forget(link, people.clone()).await?;
    link.changed(LEARN, args![people]).await.map(drop)
}
