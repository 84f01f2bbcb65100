-- The newest searches of each portal that were admitted, oldest first, so that all processes keep
-- one limit. A logged table, as Citus cannot move others; its commits do not wait for the disk.
CREATE TABLE search_rate (
    portal_id bigint PRIMARY KEY,
    admitted_ms bigint[] NOT NULL
) WITH (fillfactor = 50);
