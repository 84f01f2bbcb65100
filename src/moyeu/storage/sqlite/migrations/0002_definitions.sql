-- Custom object types, pipelines, validations, admin rules and association types; audits of
-- pipelines; associations; more of owners.

-- Definitions of other kinds than properties and groups, one document each.
CREATE TABLE definition (
    portal_id INTEGER NOT NULL,
    object_type_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, kind, name)
) STRICT, WITHOUT ROWID;

-- stage_id is '' for the pipeline itself; number counts the entries of one pipeline or stage.
CREATE TABLE pipeline_audit (
    portal_id INTEGER NOT NULL,
    object_type_id TEXT NOT NULL,
    pipeline_id TEXT NOT NULL,
    stage_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    action TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    user_id INTEGER,
    document TEXT NOT NULL,
    PRIMARY KEY (portal_id, object_type_id, pipeline_id, stage_id, number)
) STRICT, WITHOUT ROWID;

-- One row a direction: the rows to a record are found through those from it.
CREATE TABLE association (
    portal_id INTEGER NOT NULL,
    from_record_id INTEGER NOT NULL,
    to_object_type_id TEXT NOT NULL,
    to_record_id INTEGER NOT NULL,
    category TEXT NOT NULL,
    type_id INTEGER NOT NULL,
    from_object_type_id TEXT NOT NULL,
    PRIMARY KEY (portal_id, from_record_id, to_object_type_id, to_record_id, category, type_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX record_merged_survivor ON record_merged (portal_id, object_type_id, survivor_id);

ALTER TABLE portal ADD COLUMN next_object_type INTEGER NOT NULL DEFAULT 2000001;

-- The highest number of a write when writes were erased: none is given out twice.
ALTER TABLE portal ADD COLUMN last_erased_write INTEGER NOT NULL DEFAULT 0;

ALTER TABLE owner ADD COLUMN type TEXT NOT NULL DEFAULT 'PERSON';
ALTER TABLE owner ADD COLUMN teams TEXT NOT NULL DEFAULT '[]';
ALTER TABLE owner ADD COLUMN created_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE owner ADD COLUMN updated_at_ms INTEGER NOT NULL DEFAULT 0;
