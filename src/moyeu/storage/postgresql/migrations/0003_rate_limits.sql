-- The newest searches of each portal that were admitted, oldest first, so that all processes keep
-- one limit. A crash may forget them, so no commit waits for the disk.
CREATE UNLOGGED TABLE search_rate (
    portal_id bigint PRIMARY KEY,
    admitted_ms bigint[] NOT NULL
) WITH (fillfactor = 50);
