-- Work in parts that is not finished, and until when whoever carries it out is expected back.
CREATE TABLE job (
    portal_id INTEGER NOT NULL,
    job_id TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at_ms INTEGER NOT NULL,
    PRIMARY KEY (portal_id, job_id)
) STRICT;
