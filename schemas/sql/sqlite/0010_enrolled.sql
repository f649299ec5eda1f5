-- By which numbers offices of establishments know people: pupils themselves, and whoever answers for them. What the documents of
-- people say, in the form under which it is looked up.
CREATE TABLE enrolled (
    establishment TEXT NOT NULL,
    number        TEXT NOT NULL,
    person        TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    PRIMARY KEY (establishment, number, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolled_person ON enrolled (person);
INSERT INTO enrolled (establishment, number, person)
    SELECT at.value ->> '$.enrolment.establishment', at.value ->> '$.enrolment.number', person.id
    FROM person, json_each(person.doc, '$.affiliations') at WHERE at.value ->> '$.enrolment.number' IS NOT NULL
    UNION
    SELECT child.value ->> '$.enrolment.establishment', child.value ->> '$.enrolment.number', person.id
    FROM person, json_each(person.doc, '$.children') child WHERE child.value ->> '$.enrolment.number' IS NOT NULL;
