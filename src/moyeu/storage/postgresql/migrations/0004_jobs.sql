-- Work in parts that is not finished, and until when whoever carries it out is expected back.
CREATE TABLE job (
    portal_id bigint NOT NULL,
    job_id text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    due_at_ms bigint NOT NULL,
    PRIMARY KEY (portal_id, job_id)
);
