-- Portals, their tokens, owners and definitions; records, their unique values and their history.
-- Every key of a portal's table starts with portal_id; a token is looked up before its portal is
-- known.

CREATE TABLE portal (
    portal_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    app_id INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    next_record_id INTEGER NOT NULL
) STRICT;

CREATE TABLE token (
    token_hash BLOB PRIMARY KEY,
    portal_id INTEGER NOT NULL,
    app_id INTEGER NOT NULL,
    user_id INTEGER,
    scopes TEXT NOT NULL,
    hint TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE owner (
    portal_id INTEGER NOT NULL,
    owner_id TEXT NOT NULL,
    email TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    user_id INTEGER,
    archived INTEGER NOT NULL,
    PRIMARY KEY (portal_id, owner_id)
) STRICT, WITHOUT ROWID;

-- Definitions beside the standard ones of the catalog, or in their place.
CREATE TABLE property (
    portal_id INTEGER NOT NULL,
    object_type_id TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE property_group (
    portal_id INTEGER NOT NULL,
    object_type_id TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, name)
) STRICT, WITHOUT ROWID;

-- A rowid table: a row of WITHOUT ROWID spills to an overflow page beyond about 1,000 bytes.
CREATE TABLE record (
    portal_id INTEGER NOT NULL,
    object_type_id TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    properties TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    archived_at_ms INTEGER,
    last_write INTEGER NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, record_id)
) STRICT;

-- Costs an update nothing: none of its columns change there.
CREATE INDEX record_archived ON record (portal_id, object_type_id, record_id)
WHERE archived_at_ms IS NOT NULL;

CREATE TABLE record_merged (
    portal_id INTEGER NOT NULL,
    object_type_id TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    survivor_id INTEGER NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE unique_value (
    portal_id INTEGER NOT NULL,
    object_type_id TEXT NOT NULL,
    property TEXT NOT NULL,
    value TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, property, value)
) STRICT, WITHOUT ROWID;

-- The append-only history. It has no index by record, which would dirty a random page per row:
-- each row names the previous write of its record, and the record its last one.
CREATE TABLE record_write (
    portal_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    object_type_id TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    previous INTEGER NOT NULL,
    written_at_ms INTEGER NOT NULL,
    changed TEXT NOT NULL,
    source_type TEXT NOT NULL,
    app_id INTEGER NOT NULL,
    user_id INTEGER,
    correlation_id TEXT NOT NULL,
    trace_id TEXT,
    PRIMARY KEY (portal_id, number)
) STRICT, WITHOUT ROWID;
