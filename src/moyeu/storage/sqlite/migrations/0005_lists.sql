-- Lists, their members and their folders.

-- One document each; the columns beside it are those that statements look for. A deleted list stays.
CREATE TABLE list (
    portal_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL,
    object_type_id TEXT NOT NULL,
    name TEXT NOT NULL,
    processing_type TEXT NOT NULL,
    deleted_at_ms INTEGER,
    document TEXT NOT NULL,
    PRIMARY KEY (portal_id, list_id)
) STRICT;

CREATE INDEX list_name ON list (portal_id, object_type_id, name) WHERE deleted_at_ms IS NULL;

-- Active records only: whoever is archived, erased or merged away leaves.
CREATE TABLE list_membership (
    portal_id INTEGER NOT NULL,
    list_id INTEGER NOT NULL,
    record_id INTEGER NOT NULL,
    joined_at_ms INTEGER NOT NULL,
    PRIMARY KEY (portal_id, list_id, record_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX list_membership_joined
ON list_membership (portal_id, list_id, joined_at_ms, record_id);

CREATE INDEX list_membership_record ON list_membership (portal_id, record_id, list_id);

CREATE TABLE list_folder (
    portal_id INTEGER NOT NULL,
    folder_id INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (portal_id, folder_id)
) STRICT;

ALTER TABLE portal ADD COLUMN next_list INTEGER NOT NULL DEFAULT 1;
ALTER TABLE portal ADD COLUMN next_list_folder INTEGER NOT NULL DEFAULT 1;

-- How often associations to records of a type, or which of those records are active, have changed:
-- tells lists that look at associated records whether they have to look again.
CREATE TABLE related_change (
    portal_id INTEGER NOT NULL,
    object_type_id TEXT NOT NULL,
    changes INTEGER NOT NULL,
    PRIMARY KEY (portal_id, object_type_id)
) STRICT, WITHOUT ROWID;
