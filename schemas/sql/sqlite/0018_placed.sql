-- Who is of which establishment: a row of `enrolled` without a number for each, beside those by which offices know people.
INSERT INTO enrolled (establishment, number, person)
    SELECT DISTINCT at.value ->> '$.establishment', '', person.id
    FROM person, json_each(person.doc, '$.affiliations') at WHERE at.value ->> '$.establishment' IS NOT NULL
    ON CONFLICT DO NOTHING;
