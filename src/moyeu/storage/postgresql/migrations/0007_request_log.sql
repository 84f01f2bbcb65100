-- What was asked and answered. A logged table, as Citus cannot move others; its commits do not wait
-- for the disk. Bodies are large and stand outside of the row, where no filter reads them.
CREATE TABLE request_log (
    portal_id bigint NOT NULL,
    number bigint NOT NULL,
    correlation_id text COLLATE "C" NOT NULL,
    at_ms bigint NOT NULL,
    logged_at_ms bigint NOT NULL,
    method text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    query text COLLATE "C" NOT NULL,
    version text COLLATE "C",
    object_type_id text COLLATE "C",
    status bigint NOT NULL,
    facts bytea NOT NULL,
    request_body bytea NOT NULL,
    response_body bytea NOT NULL,
    PRIMARY KEY (portal_id, number)
);
CREATE INDEX request_log_correlation ON request_log (portal_id, correlation_id);

-- The number of each portal's newest entry, which all processes count up.
CREATE TABLE request_log_count (
    portal_id bigint PRIMARY KEY,
    last_number bigint NOT NULL
) WITH (fillfactor = 50);
