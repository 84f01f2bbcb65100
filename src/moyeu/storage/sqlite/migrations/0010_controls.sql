-- What testers have set for a portal: one document, with its counters. A portal without has no row,
-- and its tokens say so, so that requests of a portal without pay nothing.
CREATE TABLE controls (
    portal_id INTEGER PRIMARY KEY,
    document TEXT NOT NULL
) STRICT;

ALTER TABLE token ADD COLUMN is_controlled INTEGER NOT NULL DEFAULT 0;
