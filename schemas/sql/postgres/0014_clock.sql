-- What the clock said when it was last looked at: accounts grow old by it, and a clock may leap. One row.
CREATE TABLE clock (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    at  BIGINT NOT NULL
);
