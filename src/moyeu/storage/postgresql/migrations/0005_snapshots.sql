-- Copies of the contents of portals. Their rows stand in the same tables under contents_id, which is
-- negative and so no portal's. portal_id: 0 for a copy of no portal.
CREATE TABLE snapshot (
    portal_id bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    contents_id bigint NOT NULL,
    created_at_ms bigint NOT NULL,
    record_count bigint NOT NULL,
    counters text COLLATE "C" NOT NULL,
    PRIMARY KEY (portal_id, name)
);

-- Two who make copies at once do not take the same place.
CREATE UNIQUE INDEX snapshot_contents ON snapshot (portal_id, contents_id);
