//! The numbers by which offices of establishments know pupils: who is found by them, the pupil and whoever answers for the pupil.
//! A table beside that of people, renewed from their documents whenever those are written.

use crate::link::{Link, Sql, args};
use preau_store::Result;

/// Everybody of that source at that number.
pub(crate) const OF: &str =
    "SELECT id, source, join_key, CASE WHEN stopped IS NULL THEN state ELSE 'suspended' END, doc
    FROM person WHERE source = $1 AND id IN (SELECT person FROM enrolled WHERE establishment = $2 AND number = $3)
    ORDER BY id LIMIT $4";

const FORGET: Sql = Sql::Each {
    sqlite: "DELETE FROM enrolled WHERE person IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM enrolled WHERE person = ANY($1)",
};
const LEARN: Sql = Sql::Each {
    sqlite: "INSERT INTO enrolled (establishment, number, person)
        SELECT at.value ->> '$.enrolment.establishment', at.value ->> '$.enrolment.number', person.id
        FROM json_each($1) wanted JOIN person ON person.id = wanted.value, json_each(person.doc, '$.affiliations') at
        WHERE at.value ->> '$.enrolment.number' IS NOT NULL
        UNION
        SELECT child.value ->> '$.enrolment.establishment', child.value ->> '$.enrolment.number', person.id
        FROM json_each($1) wanted JOIN person ON person.id = wanted.value, json_each(person.doc, '$.children') child
        WHERE child.value ->> '$.enrolment.number' IS NOT NULL",
    postgres: "INSERT INTO enrolled (establishment, number, person)
        SELECT at.value #>> '{enrolment,establishment}', at.value #>> '{enrolment,number}', person.id
        FROM person, json_array_elements(person.doc::json -> 'affiliations') at
        WHERE person.id = ANY($1) AND at.value #>> '{enrolment,number}' IS NOT NULL
        UNION
        SELECT child.value #>> '{enrolment,establishment}', child.value #>> '{enrolment,number}', person.id
        FROM person, json_array_elements(person.doc::json -> 'children') child
        WHERE person.id = ANY($1) AND child.value #>> '{enrolment,number}' IS NOT NULL",
};

/// Brings the numbers of these people to what their documents say now.
pub(crate) async fn renew(link: &mut Link<'_>, people: Vec<String>) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    link.changed(FORGET, args![people.clone()]).await?;
    link.changed(LEARN, args![people]).await.map(drop)
}
