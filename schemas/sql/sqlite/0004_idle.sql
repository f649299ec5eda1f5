-- Sessions that nobody uses any more are ended by a job, which must not look at the others.
CREATE INDEX session_last_seen ON session (last_seen);
