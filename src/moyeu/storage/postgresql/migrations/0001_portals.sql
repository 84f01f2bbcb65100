-- Portals, their counters, tokens, owners and definitions; records, their unique values and their
-- history; associations; lists.
-- Every key of a portal's table starts with portal_id, so that Citus keeps a portal on one node;
-- a token is looked up before its portal is known. Texts compare by their bytes, as in SQLite.

-- definitions_version grows with every change of definitions: what a process keeps in mind of them
-- is good as long as it has not changed.
CREATE TABLE portal (
    portal_id bigint PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    app_id bigint NOT NULL,
    created_at_ms bigint NOT NULL,
    definitions_version bigint NOT NULL DEFAULT 1,
    -- How much later than it was written a change is seen by searches; 0: at once.
    search_lag_ms bigint NOT NULL DEFAULT 0
);

-- What a portal gives out next. Record ids and the numbers of writes are taken in blocks; a block is
-- good for one id_epoch or write_epoch, so that whoever raises it knows that all later ones are
-- higher than those before.
CREATE TABLE counter (
    portal_id bigint PRIMARY KEY,
    next_record_id bigint NOT NULL,
    id_epoch bigint NOT NULL DEFAULT 1,
    next_write bigint NOT NULL DEFAULT 1,
    write_epoch bigint NOT NULL DEFAULT 1,
    -- The highest number of a write when writes were erased: none is given out twice.
    last_erased_write bigint NOT NULL DEFAULT 0,
    next_object_type bigint NOT NULL DEFAULT 2000001,
    next_list bigint NOT NULL DEFAULT 1,
    next_list_folder bigint NOT NULL DEFAULT 1,
    -- The association type ids of a portal's own that are never given out again: all below this one.
    next_association_type bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 50);

CREATE TABLE token (
    token_hash bytea PRIMARY KEY,
    portal_id bigint NOT NULL,
    app_id bigint NOT NULL,
    user_id bigint,
    scopes text COLLATE "C" NOT NULL,
    hint text COLLATE "C" NOT NULL,
    created_at_ms bigint NOT NULL,
    -- The Edit Associations permission of the user that a token acts for.
    may_edit_associations boolean NOT NULL DEFAULT true
);

CREATE TABLE owner (
    portal_id bigint NOT NULL,
    owner_id text COLLATE "C" NOT NULL,
    email text COLLATE "C" NOT NULL,
    first_name text COLLATE "C" NOT NULL,
    last_name text COLLATE "C" NOT NULL,
    user_id bigint,
    archived boolean NOT NULL,
    type text COLLATE "C" NOT NULL,
    teams text COLLATE "C" NOT NULL,
    created_at_ms bigint NOT NULL,
    updated_at_ms bigint NOT NULL,
    PRIMARY KEY (portal_id, owner_id)
);

-- Definitions beside the standard ones of the catalog, or in their place.
CREATE TABLE property (
    portal_id bigint NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    definition text COLLATE "C" NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, name)
);

CREATE TABLE property_group (
    portal_id bigint NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    definition text COLLATE "C" NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, name)
);

-- Definitions of other kinds than properties and groups, one document each.
CREATE TABLE definition (
    portal_id bigint NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    document text COLLATE "C" NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, kind, name)
);

-- stage_id is '' for the pipeline itself; number counts the entries of one pipeline or stage.
CREATE TABLE pipeline_audit (
    portal_id bigint NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    pipeline_id text COLLATE "C" NOT NULL,
    stage_id text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    action text COLLATE "C" NOT NULL,
    at_ms bigint NOT NULL,
    user_id bigint,
    document text COLLATE "C" NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, pipeline_id, stage_id, number)
);

-- An update changes none of the indexed columns: with room in its page it touches no index.
CREATE TABLE record (
    portal_id bigint NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    record_id bigint NOT NULL,
    properties jsonb NOT NULL,
    created_at_ms bigint NOT NULL,
    updated_at_ms bigint NOT NULL,
    archived_at_ms bigint,
    last_write bigint NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, record_id)
) WITH (fillfactor = 50, autovacuum_analyze_scale_factor = 0.02);

CREATE INDEX record_archived ON record (portal_id, object_type_id, record_id)
WHERE archived_at_ms IS NOT NULL;

CREATE TABLE record_merged (
    portal_id bigint NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    record_id bigint NOT NULL,
    survivor_id bigint NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, record_id)
);

CREATE INDEX record_merged_survivor ON record_merged (portal_id, object_type_id, survivor_id);

-- value: the value itself, or what stands for one that is too long for an index.
CREATE TABLE unique_value (
    portal_id bigint NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    property text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    record_id bigint NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, property, value)
) WITH (autovacuum_analyze_scale_factor = 0.02);

-- The append-only history. It has no index by record: each row names the previous write of its
-- record, and the record its last one.
CREATE TABLE record_write (
    portal_id bigint NOT NULL,
    number bigint NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    record_id bigint NOT NULL,
    previous bigint NOT NULL,
    written_at_ms bigint NOT NULL,
    changed jsonb NOT NULL,
    source_type text COLLATE "C" NOT NULL,
    app_id bigint NOT NULL,
    user_id bigint,
    correlation_id text COLLATE "C" NOT NULL,
    trace_id text COLLATE "C",
    PRIMARY KEY (portal_id, number)
);

-- One row a direction: the rows to a record are found through those from it.
CREATE TABLE association (
    portal_id bigint NOT NULL,
    from_record_id bigint NOT NULL,
    to_object_type_id text COLLATE "C" NOT NULL,
    to_record_id bigint NOT NULL,
    category text COLLATE "C" NOT NULL,
    type_id bigint NOT NULL,
    from_object_type_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (portal_id, from_record_id, to_object_type_id, to_record_id, category, type_id)
) WITH (autovacuum_analyze_scale_factor = 0.02);

-- Finds out whether a type may be removed without a walk over all associations.
CREATE INDEX association_own_type ON association (portal_id, category, type_id)
WHERE category <> 'HUBSPOT_DEFINED';

-- How often associations to records of a type, or which of those records are active, have changed:
-- tells lists that look at associated records whether they have to look again.
CREATE TABLE related_change (
    portal_id bigint NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    changes bigint NOT NULL,
    PRIMARY KEY (portal_id, object_type_id)
);

-- One document each; the columns beside it are those that statements look for. A deleted list stays.
CREATE TABLE list (
    portal_id bigint NOT NULL,
    list_id bigint NOT NULL,
    object_type_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    processing_type text COLLATE "C" NOT NULL,
    deleted_at_ms bigint,
    document text COLLATE "C" NOT NULL,
    PRIMARY KEY (portal_id, list_id)
);

CREATE INDEX list_name ON list (portal_id, object_type_id, name) WHERE deleted_at_ms IS NULL;

-- Active records only: whoever is archived, erased or merged away leaves.
CREATE TABLE list_membership (
    portal_id bigint NOT NULL,
    list_id bigint NOT NULL,
    record_id bigint NOT NULL,
    joined_at_ms bigint NOT NULL,
    PRIMARY KEY (portal_id, list_id, record_id)
) WITH (autovacuum_analyze_scale_factor = 0.02);

CREATE INDEX list_membership_joined
ON list_membership (portal_id, list_id, joined_at_ms, record_id);

CREATE INDEX list_membership_record ON list_membership (portal_id, record_id, list_id);

CREATE TABLE list_folder (
    portal_id bigint NOT NULL,
    folder_id bigint NOT NULL,
    document text COLLATE "C" NOT NULL,
    PRIMARY KEY (portal_id, folder_id)
);

-- How far a portal is copied from another side; written together with what was copied.
CREATE TABLE pull (
    portal_id bigint PRIMARY KEY,
    state text COLLATE "C" NOT NULL
);
