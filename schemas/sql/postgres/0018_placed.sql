-- Who is of which establishment: a row of `enrolled` without a number for each, beside those by which offices know people.
INSERT INTO enrolled (establishment, number, person)
    SELECT DISTINCT at.value #>> '{establishment}', '', person.id
    FROM person, json_array_elements(person.doc::json -> 'affiliations') at
    WHERE at.value #>> '{establishment}' IS NOT NULL
    ON CONFLICT DO NOTHING;
