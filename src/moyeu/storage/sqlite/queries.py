"""Every statement of the engine, with the question it answers.

Named parameters, values always bound. Sets come as one JSON array, read by `json_each`; the inputs
stand first in a join (CROSS JOIN keeps that order), so that the plan looks up each by its key.
`tests/storage/test_sqlite_plans.py` asserts the plans.
"""

from typing import Final

PORTALS: Final = "SELECT portal_id, name, app_id, created_at_ms FROM portal ORDER BY portal_id"

ADD_PORTAL: Final = """
INSERT INTO portal (portal_id, name, app_id, created_at_ms, next_record_id)
VALUES (:portal_id, :name, :app_id, :created_at_ms, :next_record_id)
"""

# Gives out ids, and answers the first one after them.
TAKE_RECORD_IDS: Final = """
UPDATE portal SET next_record_id = next_record_id + :count WHERE portal_id = :portal_id
RETURNING next_record_id
"""

RESERVE_RECORD_ID: Final = """
UPDATE portal SET next_record_id = max(next_record_id, :record_id + 1)
WHERE portal_id = :portal_id
"""

TOKENS: Final = """
SELECT token_hash, portal_id, app_id, user_id, scopes, may_edit_associations, is_controlled, hint,
       created_at_ms
FROM token
WHERE portal_id = :portal_id ORDER BY created_at_ms, hint
"""

CALLER: Final = """
SELECT portal_id, app_id, user_id, scopes, may_edit_associations, is_controlled FROM token
WHERE token_hash = :token_hash
"""

ADD_TOKEN: Final = """
INSERT OR REPLACE INTO token
    (token_hash, portal_id, app_id, user_id, scopes, hint, created_at_ms, may_edit_associations,
     is_controlled)
VALUES (:token_hash, :portal_id, :app_id, :user_id, :scopes, :hint, :created_at_ms,
    :may_edit_associations, :is_controlled)
"""

REMOVE_TOKEN: Final = """
DELETE FROM token WHERE token_hash = :token_hash AND portal_id = :portal_id RETURNING token_hash
"""

# Answers the tokens, which are remembered.
MARK_TOKENS: Final = """
UPDATE token SET is_controlled = :is_controlled WHERE portal_id = :portal_id RETURNING token_hash
"""

CONTROLS: Final = "SELECT document FROM controls WHERE portal_id = :portal_id"

PUT_CONTROLS: Final = """
INSERT OR REPLACE INTO controls (portal_id, document) VALUES (:portal_id, :document)
"""

REMOVE_CONTROLS: Final = "DELETE FROM controls WHERE portal_id = :portal_id"

OWNERS: Final = """
SELECT owner_id, email, first_name, last_name, user_id, archived, type, teams, created_at_ms,
       updated_at_ms
FROM owner WHERE portal_id = :portal_id ORDER BY owner_id
"""

ADD_OWNER: Final = """
INSERT OR REPLACE INTO owner
    (portal_id, owner_id, email, first_name, last_name, user_id, archived, type, teams,
     created_at_ms, updated_at_ms)
VALUES (:portal_id, :owner_id, :email, :first_name, :last_name, :user_id, :archived, :type, :teams,
        :created_at_ms, :updated_at_ms)
"""

PROPERTIES: Final = """
SELECT name, definition FROM property
WHERE portal_id = :portal_id AND object_type_id = :object_type_id ORDER BY name
"""

PUT_PROPERTY: Final = """
INSERT OR REPLACE INTO property (portal_id, object_type_id, name, definition)
VALUES (:portal_id, :object_type_id, :name, :definition)
"""

# How many active custom properties does each object type have?
COUNT_CUSTOM_PROPERTIES: Final = """
SELECT object_type_id, count(*) FROM property
WHERE portal_id = :portal_id AND definition <> 'null'
  AND definition ->> 'archived_at_ms' IS NULL AND definition ->> 'hubspot_defined' IS NOT TRUE
GROUP BY object_type_id
"""

GROUPS: Final = """
SELECT definition FROM property_group
WHERE portal_id = :portal_id AND object_type_id = :object_type_id ORDER BY name
"""

PUT_GROUP: Final = """
INSERT OR REPLACE INTO property_group (portal_id, object_type_id, name, definition)
VALUES (:portal_id, :object_type_id, :name, :definition)
"""

# Definitions of one kind, of one object type.
DEFINITIONS: Final = """
SELECT kind, name, document FROM definition
WHERE portal_id = :portal_id AND object_type_id = :object_type_id
"""

# What the object types of a portal are; there are few definitions of other kinds between them.
TYPE_DEFINITIONS: Final = """
SELECT kind, name, document FROM definition
WHERE portal_id = :portal_id AND kind IN ('schema', 'association_type', 'association_limit')
ORDER BY object_type_id, kind, name
"""

PUT_DEFINITION: Final = """
INSERT OR REPLACE INTO definition (portal_id, object_type_id, kind, name, document)
VALUES (:portal_id, :object_type_id, :kind, :name, :document)
"""

REMOVE_DEFINITION: Final = """
DELETE FROM definition
WHERE portal_id = :portal_id AND object_type_id = :object_type_id AND kind = :kind AND name = :name
"""

OWN_DEFINITIONS: Final = """
SELECT kind, object_type_id, name, document FROM definition WHERE portal_id = :portal_id
UNION ALL
SELECT 'property', object_type_id, name, definition FROM property WHERE portal_id = :portal_id
UNION ALL
SELECT 'group', object_type_id, name, definition FROM property_group WHERE portal_id = :portal_id
ORDER BY 1, 2, 3
"""

AUDIT: Final = """
SELECT pipeline_id, stage_id, action, at_ms, user_id, document FROM pipeline_audit
WHERE portal_id = :portal_id AND object_type_id = :object_type_id
  AND pipeline_id = :pipeline_id AND stage_id = :stage_id
ORDER BY number DESC
"""

AUDITS: Final = """
SELECT object_type_id, pipeline_id, stage_id, action, at_ms, user_id, document FROM pipeline_audit
WHERE portal_id = :portal_id ORDER BY object_type_id, pipeline_id, stage_id, number
"""

ADD_AUDIT: Final = """
INSERT INTO pipeline_audit (portal_id, object_type_id, pipeline_id, stage_id, number, action,
                            at_ms, user_id, document)
SELECT ?1, ?2, ?3, ?4, coalesce(max(number), 0) + 1, ?5, ?6, ?7, ?8 FROM pipeline_audit
WHERE portal_id = ?1 AND object_type_id = ?2 AND pipeline_id = ?3 AND stage_id = ?4
"""

# Gives out an id, and answers the first one after it.
TAKE_OBJECT_TYPE_ID: Final = """
UPDATE portal SET next_object_type = next_object_type + 1 WHERE portal_id = :portal_id
RETURNING next_object_type
"""

COUNTERS: Final = """
SELECT next_record_id, next_object_type, next_list, next_list_folder, next_association_type,
       max(
           coalesce((SELECT max(number) FROM record_write WHERE portal_id = :portal_id), 0),
           last_erased_write
       )
FROM portal WHERE portal_id = :portal_id
"""

# How much of everything does the portal have?
CENSUS: Final = """
SELECT (SELECT count(*) FROM owner WHERE portal_id = :portal_id),
       (SELECT count(*) FROM definition WHERE portal_id = :portal_id)
     + (SELECT count(*) FROM property WHERE portal_id = :portal_id)
     + (SELECT count(*) FROM property_group WHERE portal_id = :portal_id),
       (SELECT count(*) FROM pipeline_audit WHERE portal_id = :portal_id),
       (SELECT count(*) FROM record WHERE portal_id = :portal_id),
       (SELECT count(*) FROM association WHERE portal_id = :portal_id),
       (SELECT count(*) FROM record_merged WHERE portal_id = :portal_id),
       (SELECT count(*) FROM record_write WHERE portal_id = :portal_id),
       (SELECT count(*) FROM list WHERE portal_id = :portal_id),
       (SELECT count(*) FROM list_folder WHERE portal_id = :portal_id),
       (SELECT count(*) FROM list_membership WHERE portal_id = :portal_id)
"""

RESTORE_COUNTERS: Final = """
UPDATE portal SET next_record_id = max(next_record_id, :next_record_id),
                  next_object_type = max(next_object_type, :next_object_type),
                  next_association_type = max(next_association_type, :next_association_type),
                  last_erased_write = max(last_erased_write, :last_write)
WHERE portal_id = :portal_id
"""

KEEP_ASSOCIATION_TYPE_IDS: Final = """
UPDATE portal SET next_association_type = max(next_association_type, :next_association_type)
WHERE portal_id = :portal_id
"""

SEARCH_LAG: Final = "SELECT search_lag_ms FROM portal WHERE portal_id = :portal_id"

PUT_SEARCH_LAG: Final = """
UPDATE portal SET search_lag_ms = :lag_ms WHERE portal_id = :portal_id
"""

PULL_STATE: Final = "SELECT state FROM pull WHERE portal_id = :portal_id"

PUT_PULL_STATE: Final = """
INSERT OR REPLACE INTO pull (portal_id, state) VALUES (:portal_id, :state)
"""

# What is kept of one object type, table by table; associations and history have no key by type.
PURGE_OBJECT_TYPE: Final = tuple(
    f"DELETE FROM {table} WHERE portal_id = :portal_id AND object_type_id = :object_type_id"
    for table in (
        "record",
        "record_merged",
        "unique_value",
        "record_write",
        "property",
        "property_group",
        "definition",
        "pipeline_audit",
    )
)

PURGE_ASSOCIATIONS: Final = """
DELETE FROM association
WHERE portal_id = :portal_id
  AND (from_object_type_id = :object_type_id OR to_object_type_id = :object_type_id)
"""

_ASSOCIATION: Final = (
    "a.from_object_type_id, a.from_record_id, a.to_object_type_id, a.to_record_id, a.category,"
    " a.type_id"
)

# What are these records associated with? Ids of two types may coincide in a copied old portal.
ASSOCIATIONS: Final = f"""
SELECT {_ASSOCIATION} FROM json_each(:record_ids) AS k
CROSS JOIN association AS a ON a.portal_id = :portal_id AND a.from_record_id = k.value
WHERE a.from_object_type_id = :object_type_id
ORDER BY a.from_record_id, a.to_object_type_id, a.to_record_id, a.category, a.type_id
"""

# Which of these records are associated with that one?
ASSOCIATIONS_BACK: Final = f"""
SELECT {_ASSOCIATION} FROM json_each(:record_ids) AS k
CROSS JOIN association AS a
    ON a.portal_id = :portal_id AND a.from_record_id = k.value
   AND a.to_object_type_id = :object_type_id AND a.to_record_id = :record_id
"""

ASSOCIATIONS_AFTER: Final = f"""
SELECT {_ASSOCIATION} FROM association AS a
WHERE a.portal_id = :portal_id
  AND (a.from_record_id, a.to_object_type_id, a.to_record_id, a.category, a.type_id)
      > (:from_record_id, :to_object_type_id, :to_record_id, :category, :type_id)
ORDER BY a.from_record_id, a.to_object_type_id, a.to_record_id, a.category, a.type_id
LIMIT :count_max
"""

PUT_ASSOCIATION: Final = """
INSERT INTO association (portal_id, from_object_type_id, from_record_id, to_object_type_id,
                         to_record_id, category, type_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT DO NOTHING
"""

REMOVE_ASSOCIATION: Final = """
DELETE FROM association
WHERE portal_id = ?1 AND from_record_id = ?3 AND to_object_type_id = ?4 AND to_record_id = ?5
  AND category = ?6 AND type_id = ?7 AND from_object_type_id = ?2
"""

_RECORD: Final = (
    "r.record_id, r.properties, r.created_at_ms, r.updated_at_ms, r.archived_at_ms, r.last_write"
)

# Which records have these ids?
RECORDS: Final = f"""
SELECT {_RECORD} FROM record AS r
WHERE r.portal_id = :portal_id AND r.object_type_id = :object_type_id
  AND r.record_id IN (SELECT value FROM json_each(:record_ids))
"""

# Which active records have these unique values? Keys are [property, value].
RECORDS_BY_VALUE: Final = f"""
SELECT u.property, u.value, {_RECORD}
FROM json_each(:keys) AS k
CROSS JOIN unique_value AS u
    ON u.portal_id = :portal_id AND u.object_type_id = :object_type_id
   AND u.property = k.value ->> 0 AND u.value = k.value ->> 1
CROSS JOIN record AS r
    ON r.portal_id = u.portal_id AND r.object_type_id = u.object_type_id
   AND r.record_id = u.record_id
WHERE r.archived_at_ms IS NULL
"""

# Who holds these unique values?
VALUE_OWNERS: Final = """
SELECT u.property, u.value, u.record_id
FROM json_each(:keys) AS k
CROSS JOIN unique_value AS u
    ON u.portal_id = :portal_id AND u.object_type_id = :object_type_id
   AND u.property = k.value ->> 0 AND u.value = k.value ->> 1
"""

# Where did these records go when they were merged away?
MERGED_INTO: Final = """
SELECT m.record_id, m.survivor_id FROM record_merged AS m
WHERE m.portal_id = :portal_id AND m.object_type_id = :object_type_id
  AND m.record_id IN (SELECT value FROM json_each(:record_ids))
"""

PAGE_ACTIVE: Final = f"""
SELECT {_RECORD} FROM record AS r
WHERE r.portal_id = :portal_id AND r.object_type_id = :object_type_id
  AND r.record_id >= :from_id AND r.archived_at_ms IS NULL
ORDER BY r.record_id LIMIT :count_max
"""

PAGE_ARCHIVED: Final = f"""
SELECT {_RECORD} FROM record AS r INDEXED BY record_archived
WHERE r.portal_id = :portal_id AND r.object_type_id = :object_type_id
  AND r.record_id >= :from_id AND r.archived_at_ms IS NOT NULL
ORDER BY r.record_id LIMIT :count_max
"""

RECORDS_AFTER: Final = f"""
SELECT r.object_type_id, {_RECORD} FROM record AS r
WHERE r.portal_id = :portal_id
  AND (r.object_type_id, r.record_id) > (:object_type_id, :record_id)
ORDER BY r.object_type_id, r.record_id LIMIT :count_max
"""

# Which active records have one of these values in a property?
RECORDS_WITH_VALUES: Final = """
SELECT record_id, properties ->> ('$."' || :property || '"') FROM record
WHERE portal_id = :portal_id AND object_type_id = :object_type_id AND archived_at_ms IS NULL
  AND properties ->> ('$."' || :property || '"')
      IN (SELECT value FROM json_each(:property_values))
ORDER BY record_id LIMIT :count_max
"""

# Are there more records than that, archived ones included? Walks that many keys.
HAS_MORE_RECORDS: Final = """
SELECT 1 FROM record
WHERE portal_id = :portal_id AND object_type_id = :object_type_id LIMIT 1 OFFSET :count
"""

COUNT_RECORDS: Final = """
SELECT count(*) FROM record
WHERE portal_id = :portal_id AND object_type_id = :object_type_id AND archived_at_ms IS NULL
"""

# At most so many keys, archived ones included, and how many archived ones there are.
COUNT_KEYS: Final = """
SELECT (SELECT count(*) FROM (
            SELECT 1 FROM record
            WHERE portal_id = :portal_id AND object_type_id = :object_type_id LIMIT :count_max)),
       (SELECT count(*) FROM record
        WHERE portal_id = :portal_id AND object_type_id = :object_type_id
          AND archived_at_ms IS NOT NULL)
"""

# The numbers of the writes of these records, along the chain from each record's last write.
HISTORY: Final = """
WITH RECURSIVE chain (number) AS (
    SELECT value FROM json_each(:last_writes)
    UNION ALL
    SELECT w.previous FROM chain
    CROSS JOIN record_write AS w ON w.portal_id = :portal_id AND w.number = chain.number
    WHERE w.previous > 0
)
SELECT w.number, w.object_type_id, w.record_id, w.previous, w.written_at_ms, w.changed,
       w.source_type, w.app_id, w.user_id, w.correlation_id, w.trace_id
FROM chain
CROSS JOIN record_write AS w ON w.portal_id = :portal_id AND w.number = chain.number
ORDER BY w.number DESC
"""

WRITES_AFTER: Final = """
SELECT number, object_type_id, record_id, previous, written_at_ms, changed, source_type, app_id,
       user_id, correlation_id, trace_id
FROM record_write
WHERE portal_id = :portal_id AND number > :number ORDER BY number LIMIT :count_max
"""

LAST_WRITE: Final = """
SELECT max(
    coalesce((SELECT max(number) FROM record_write WHERE portal_id = :portal_id), 0),
    (SELECT last_erased_write FROM portal WHERE portal_id = :portal_id)
)
"""

# Before writes are erased: cursors must not meet their numbers again.
KEEP_LAST_WRITE: Final = """
UPDATE portal SET last_erased_write = max(
    last_erased_write,
    coalesce((SELECT max(number) FROM record_write WHERE portal_id = :portal_id), 0)
)
WHERE portal_id = :portal_id
"""

# The hot statements take positions: apsw binds a tuple faster than a mapping.
INSERT_RECORD: Final = """
INSERT INTO record (portal_id, object_type_id, record_id, properties, created_at_ms,
                    updated_at_ms, archived_at_ms, last_write)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7)
"""

CHANGE_RECORD: Final = """
UPDATE record SET properties = ?4, updated_at_ms = ?5, last_write = ?6, created_at_ms = ?7
WHERE portal_id = ?1 AND object_type_id = ?2 AND record_id = ?3
"""

ADD_WRITE: Final = """
INSERT INTO record_write (portal_id, number, object_type_id, record_id, previous, written_at_ms,
                          changed, source_type, app_id, user_id, correlation_id, trace_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
"""

RESTORE_WRITE: Final = ADD_WRITE

ARCHIVE_RECORDS: Final = """
UPDATE record SET archived_at_ms = :now_ms
WHERE portal_id = :portal_id AND object_type_id = :object_type_id
  AND record_id IN (SELECT value FROM json_each(:record_ids)) AND archived_at_ms IS NULL
RETURNING record_id, properties
"""

UNARCHIVE_RECORDS: Final = """
UPDATE record SET archived_at_ms = NULL
WHERE portal_id = :portal_id AND object_type_id = :object_type_id
  AND record_id IN (SELECT value FROM json_each(:record_ids)) AND archived_at_ms IS NOT NULL
RETURNING record_id, properties
"""

DELETE_RECORD: Final = """
DELETE FROM record
WHERE portal_id = :portal_id AND object_type_id = :object_type_id AND record_id = :record_id
RETURNING properties
"""

ERASE_RECORDS: Final = """
DELETE FROM record
WHERE portal_id = :portal_id AND object_type_id = :object_type_id
  AND record_id IN (SELECT value FROM json_each(:record_ids))
RETURNING record_id, properties, last_write
"""

ERASE_HISTORY: Final = """
DELETE FROM record_write
WHERE portal_id = :portal_id AND number IN (SELECT value FROM json_each(:numbers))
"""

FORGET_MERGED: Final = """
DELETE FROM record_merged
WHERE portal_id = :portal_id AND object_type_id = :object_type_id
  AND survivor_id IN (SELECT value FROM json_each(:record_ids))
RETURNING record_id
"""

# All writes of these records, of which nothing is left to begin a chain with: walks the history.
ERASE_MERGED_HISTORY: Final = """
DELETE FROM record_write
WHERE portal_id = :portal_id AND object_type_id = :object_type_id
  AND record_id IN (SELECT value FROM json_each(:record_ids))
"""

# Those that went into a record which goes itself now.
MERGE_ON: Final = """
UPDATE record_merged SET survivor_id = :survivor_id
WHERE portal_id = :portal_id AND object_type_id = :object_type_id AND survivor_id = :record_id
"""

MERGED_AFTER: Final = """
SELECT object_type_id, record_id, survivor_id FROM record_merged
WHERE portal_id = :portal_id
  AND (object_type_id, record_id) > (:object_type_id, :record_id)
ORDER BY object_type_id, record_id LIMIT :count_max
"""

RESTORE_RECORD: Final = """
INSERT INTO record (portal_id, object_type_id, record_id, properties, created_at_ms,
                    updated_at_ms, archived_at_ms, last_write)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
"""

MERGE_AWAY: Final = """
INSERT OR REPLACE INTO record_merged (portal_id, object_type_id, record_id, survivor_id)
VALUES (?1, ?2, ?3, ?4)
"""

LEAVE_VALUE: Final = """
DELETE FROM unique_value
WHERE portal_id = ?1 AND object_type_id = ?2 AND property = ?3 AND value = ?4 AND record_id = ?5
"""

TAKE_VALUE: Final = """
INSERT INTO unique_value (portal_id, object_type_id, property, value, record_id)
VALUES (?1, ?2, ?3, ?4, ?5)
"""

ADD_INDEXED_VALUE: Final = """
INSERT INTO unique_value (portal_id, object_type_id, property, value, record_id)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT DO NOTHING
"""

DROP_INDEX: Final = """
DELETE FROM unique_value
WHERE portal_id = :portal_id AND object_type_id = :object_type_id AND property = :property
"""
