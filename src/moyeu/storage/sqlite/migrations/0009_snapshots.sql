-- Copies of the contents of portals. Their rows stand in the same tables under contents_id, which is
-- negative and so no portal's. portal_id: 0 for a copy of no portal.
CREATE TABLE snapshot (
    portal_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    contents_id INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    record_count INTEGER NOT NULL,
    counters TEXT NOT NULL,
    PRIMARY KEY (portal_id, name)
) STRICT;
