-- Accounts that are kept here are found by the mail address of their record as others are (0007), those of before too: in the form under which
-- it is looked up, and only what is one address. They are few and found by an index: nobody of a source is looked at.
UPDATE person SET mail = lower((doc::json ->> 'mail') COLLATE "C")
    WHERE source IS NULL AND mail IS NULL AND state <> 'purged'
        AND (doc::json ->> 'mail') COLLATE "C" ~ '^[!-~]+@[!-~]+$'
        AND (doc::json ->> 'mail') COLLATE "C" !~ '@.*@'
        AND (doc::json ->> 'mail') COLLATE "C" !~ '[],;:<>()["\\]'
        AND length(doc::json ->> 'mail') <= 254;
