-- Accounts that are kept here are found by the mail address of their record as others are (0007), those of before too: in the form under which
-- it is looked up, and only what is one address. They are few and found by an index: nobody of a source is looked at.
UPDATE person SET mail = lower(json_extract(doc, '$.mail'))
    WHERE source IS NULL AND mail IS NULL AND state <> 'purged'
        AND json_extract(doc, '$.mail') GLOB '?*@?*'
        AND json_extract(doc, '$.mail') NOT GLOB '*@*@*'
        AND json_extract(doc, '$.mail') NOT GLOB '*[^!-~]*'
        AND json_extract(doc, '$.mail') NOT GLOB '*[],;:<>()["\]*'
        AND length(json_extract(doc, '$.mail')) <= 254;
