-- What testers have set for a portal: one document, with its counters. A portal without has no row,
-- and it and its tokens say so, so that requests of a portal without pay nothing.
CREATE TABLE controls (
    portal_id bigint PRIMARY KEY,
    document text COLLATE "C" NOT NULL
) WITH (fillfactor = 50);

ALTER TABLE portal ADD COLUMN is_controlled boolean NOT NULL DEFAULT false;

ALTER TABLE token ADD COLUMN is_controlled boolean NOT NULL DEFAULT false;
