-- The search index: columns of keys and of terms. Searches make them and keep them up to date.

-- next_column: the number of the next column. removals: so many notes have been numbered.
CREATE TABLE search_portal (
    portal_id bigint PRIMARY KEY,
    next_column integer NOT NULL DEFAULT 1,
    removals bigint NOT NULL DEFAULT 0
);

-- spec says in JSON what the column holds of each active record, digest stands for it.
-- position, removals_to: all entries of the history and all notes up to there are taken in;
-- no position: not begun. loaded_to: the highest record id taken in while it is made, none once all
-- are. version grows with each change. row_count is exact of the column of all records alone.
CREATE TABLE search_column (
    portal_id bigint NOT NULL,
    column_id integer NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    spec text COLLATE "C" NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    position bigint,
    removals_to bigint NOT NULL DEFAULT 0,
    loaded_to bigint DEFAULT -1,
    row_count bigint NOT NULL DEFAULT 0,
    has_long boolean NOT NULL DEFAULT false,
    used_on date NOT NULL,
    dropped boolean NOT NULL DEFAULT false,
    PRIMARY KEY (portal_id, column_id)
) WITH (fillfactor = 50);

CREATE UNIQUE INDEX search_column_digest ON search_column (portal_id, object_type_id, digest)
WHERE NOT dropped;

-- k: a key as bytes in the order of keys; whole: of a key that is too long for an index.
CREATE TABLE search_key (
    portal_id bigint NOT NULL,
    column_id integer NOT NULL,
    record_id bigint NOT NULL,
    k bytea NOT NULL,
    whole bytea,
    PRIMARY KEY (portal_id, column_id, record_id, k)
) WITH (
    autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.05
);

CREATE INDEX search_key_k ON search_key (portal_id, column_id, k, record_id);

-- Each term begins with its portal and column, so that the index of terms needs neither beside it.
-- No terms: there are too many of them for a vector; what the record has its document tells.
CREATE TABLE search_text (
    portal_id bigint NOT NULL,
    record_id bigint NOT NULL,
    column_id integer NOT NULL,
    terms tsvector,
    PRIMARY KEY (portal_id, record_id, column_id)
) WITH (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX search_text_terms ON search_text USING gin (terms) WITH (fastupdate = off);

CREATE INDEX search_text_untold ON search_text (portal_id, column_id, record_id)
WHERE terms IS NULL;

-- Records that came, went or were archived without an entry in the history, while their type had
-- columns; no record_ids: all of the type.
CREATE TABLE search_removal (
    portal_id bigint NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    record_ids bigint[],
    PRIMARY KEY (portal_id, object_type_id, number)
);
