"""The statements of portals, definitions and records that the shared parts ask for.

Each names one portal, so that Citus sends it to one node; a number is cast once, so that it has one
plan. A set of ids comes as an array, any other set as one JSON array; inputs are looked up one by
one (`LATERAL` with a limit), so that no plan walks a portal where statistics are missing. What is
inserted reads the portal's own row and comes in the order of its key. Sets of rows are changed and
removed in the whole turn of their portal, where nobody else locks any.
`tests/storage/test_postgresql_plans.py` asserts plans.
"""

from typing import Final

PORTALS: Final = "SELECT portal_id, name, app_id, created_at_ms FROM portal ORDER BY portal_id"

# The id may have been that of another portal, of which processes remember definitions and blocks:
# versions and epochs begin above those, at the microseconds since 1970.
ADD_PORTAL: Final = """
INSERT INTO portal (portal_id, name, app_id, created_at_ms, definitions_version)
VALUES (%(portal_id)s::bigint, %(name)s, %(app_id)s::bigint, %(created_at_ms)s::bigint,
        (extract(epoch FROM now()) * 1000000)::bigint)
"""

ADD_COUNTER: Final = """
INSERT INTO counter (portal_id, next_record_id, id_epoch, write_epoch)
VALUES (%(portal_id)s::bigint, %(next_record_id)s::bigint,
        (extract(epoch FROM now()) * 1000000)::bigint,
        (extract(epoch FROM now()) * 1000000)::bigint)
"""

# Blocks of ids are given up: the next one begins above.
RESERVE_RECORD_ID: Final = """
UPDATE counter SET next_record_id = greatest(next_record_id, %(record_id)s::bigint + 1),
                   id_epoch = id_epoch + 1
WHERE portal_id = %(portal_id)s::bigint
"""

TOKENS: Final = """
SELECT token_hash, portal_id, app_id, user_id, scopes, may_edit_associations, is_controlled, hint,
       created_at_ms
FROM token WHERE portal_id = %(portal_id)s::bigint ORDER BY created_at_ms, hint
"""

CALLER: Final = """
SELECT portal_id, app_id, user_id, scopes, may_edit_associations, is_controlled FROM token
WHERE token_hash = %(token_hash)s
"""

ADD_TOKEN: Final = """
INSERT INTO token (token_hash, portal_id, app_id, user_id, scopes, hint, created_at_ms,
                   may_edit_associations, is_controlled)
VALUES (%(token_hash)s, %(portal_id)s::bigint, %(app_id)s::bigint, %(user_id)s::bigint, %(scopes)s,
        %(hint)s, %(created_at_ms)s::bigint, %(may_edit_associations)s, %(is_controlled)s::boolean)
ON CONFLICT (token_hash) DO UPDATE
SET portal_id = excluded.portal_id, app_id = excluded.app_id, user_id = excluded.user_id,
    scopes = excluded.scopes, hint = excluded.hint, created_at_ms = excluded.created_at_ms,
    may_edit_associations = excluded.may_edit_associations,
    is_controlled = excluded.is_controlled
"""

REMOVE_TOKEN: Final = """
DELETE FROM token WHERE token_hash = %(token_hash)s AND portal_id = %(portal_id)s::bigint
RETURNING token_hash
"""

# Answers the tokens, which are remembered.
MARK_TOKENS: Final = """
UPDATE token SET is_controlled = %(is_controlled)s::boolean
WHERE portal_id = %(portal_id)s::bigint RETURNING token_hash
"""

MARK_PORTAL: Final = """
UPDATE portal SET is_controlled = %(is_controlled)s::boolean
WHERE portal_id = %(portal_id)s::bigint
"""

CONTROLS: Final = "SELECT document FROM controls WHERE portal_id = %(portal_id)s::bigint"

PUT_CONTROLS: Final = """
INSERT INTO controls (portal_id, document) VALUES (%(portal_id)s::bigint, %(document)s)
ON CONFLICT (portal_id) DO UPDATE SET document = excluded.document
"""

REMOVE_CONTROLS: Final = "DELETE FROM controls WHERE portal_id = %(portal_id)s::bigint"

OWNERS: Final = """
SELECT owner_id, email, first_name, last_name, user_id, archived, type, teams, created_at_ms,
       updated_at_ms
FROM owner WHERE portal_id = %(portal_id)s::bigint ORDER BY owner_id
"""

ADD_OWNER: Final = """
INSERT INTO owner (portal_id, owner_id, email, first_name, last_name, user_id, archived, type,
                   teams, created_at_ms, updated_at_ms)
VALUES (%(portal_id)s::bigint, %(owner_id)s, %(email)s, %(first_name)s, %(last_name)s,
        %(user_id)s::bigint, %(archived)s, %(type)s, %(teams)s, %(created_at_ms)s::bigint,
        %(updated_at_ms)s::bigint)
ON CONFLICT (portal_id, owner_id) DO UPDATE
SET email = excluded.email, first_name = excluded.first_name, last_name = excluded.last_name,
    user_id = excluded.user_id, archived = excluded.archived, type = excluded.type,
    teams = excluded.teams, created_at_ms = excluded.created_at_ms,
    updated_at_ms = excluded.updated_at_ms
"""

PROPERTIES: Final = """
SELECT name, definition FROM property
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s ORDER BY name
"""

PUT_PROPERTY: Final = """
INSERT INTO property (portal_id, object_type_id, name, definition)
VALUES (%(portal_id)s::bigint, %(object_type_id)s, %(name)s, %(definition)s)
ON CONFLICT (portal_id, object_type_id, name) DO UPDATE SET definition = excluded.definition
"""

# How many active custom properties does each object type have?
COUNT_CUSTOM_PROPERTIES: Final = """
SELECT object_type_id, count(*) FROM property
WHERE portal_id = %(portal_id)s::bigint AND definition <> 'null'
  AND definition::jsonb ->> 'archived_at_ms' IS NULL
  AND definition::jsonb ->> 'hubspot_defined' IS DISTINCT FROM 'true'
GROUP BY object_type_id
"""

GROUPS: Final = """
SELECT definition FROM property_group
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s ORDER BY name
"""

PUT_GROUP: Final = """
INSERT INTO property_group (portal_id, object_type_id, name, definition)
VALUES (%(portal_id)s::bigint, %(object_type_id)s, %(name)s, %(definition)s)
ON CONFLICT (portal_id, object_type_id, name) DO UPDATE SET definition = excluded.definition
"""

# Definitions of other kinds, of one object type.
DEFINITIONS: Final = """
SELECT kind, name, document FROM definition
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
ORDER BY kind, name
"""

# What the object types of a portal are; there are few definitions of other kinds between them.
TYPE_DEFINITIONS: Final = """
SELECT kind, name, document FROM definition
WHERE portal_id = %(portal_id)s::bigint
  AND kind IN ('schema', 'association_type', 'association_limit')
ORDER BY object_type_id, kind, name
"""

PUT_DEFINITION: Final = """
INSERT INTO definition (portal_id, object_type_id, kind, name, document)
VALUES (%(portal_id)s::bigint, %(object_type_id)s, %(kind)s, %(name)s, %(document)s)
ON CONFLICT (portal_id, object_type_id, kind, name) DO UPDATE SET document = excluded.document
"""

REMOVE_DEFINITION: Final = """
DELETE FROM definition
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
  AND kind = %(kind)s AND name = %(name)s
"""

OWN_DEFINITIONS: Final = """
SELECT kind, object_type_id, name, document FROM definition
WHERE portal_id = %(portal_id)s::bigint
UNION ALL
SELECT 'property', object_type_id, name, definition FROM property
WHERE portal_id = %(portal_id)s::bigint
UNION ALL
SELECT 'group', object_type_id, name, definition FROM property_group
WHERE portal_id = %(portal_id)s::bigint
ORDER BY 1, 2, 3
"""

AUDIT: Final = """
SELECT pipeline_id, stage_id, action, at_ms, user_id, document FROM pipeline_audit
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
  AND pipeline_id = %(pipeline_id)s AND stage_id = %(stage_id)s
ORDER BY number DESC
"""

AUDITS: Final = """
SELECT object_type_id, pipeline_id, stage_id, action, at_ms, user_id, document FROM pipeline_audit
WHERE portal_id = %(portal_id)s::bigint ORDER BY object_type_id, pipeline_id, stage_id, number
"""

# Rows are [object type, pipeline, stage, action, time, user, document]; each pipeline and stage
# counts its own.
ADD_AUDIT: Final = """
INSERT INTO pipeline_audit AS a (portal_id, object_type_id, pipeline_id, stage_id, number, action,
                                 at_ms, user_id, document)
SELECT p.portal_id, i.v ->> 0, i.v ->> 1, i.v ->> 2,
       l.last + row_number() OVER (
           PARTITION BY p.portal_id, i.v ->> 0, i.v ->> 1, i.v ->> 2 ORDER BY i.place),
       i.v ->> 3, (i.v ->> 4)::bigint, (i.v ->> 5)::bigint, i.v ->> 6
FROM portal p
CROSS JOIN jsonb_array_elements(%(rows)s::jsonb) WITH ORDINALITY AS i(v, place)
CROSS JOIN LATERAL (
    SELECT coalesce(max(b.number), 0) AS last FROM pipeline_audit b
    WHERE b.portal_id = p.portal_id AND b.object_type_id = i.v ->> 0
      AND b.pipeline_id = i.v ->> 1 AND b.stage_id = i.v ->> 2) l
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY i.place
"""

# Gives out an id, and answers the first one after it.
TAKE_OBJECT_TYPE_ID: Final = """
UPDATE counter SET next_object_type = next_object_type + 1
WHERE portal_id = %(portal_id)s::bigint RETURNING next_object_type
"""

COUNTERS: Final = """
SELECT next_record_id, next_object_type, next_list, next_list_folder, next_association_type,
       greatest(next_write - 1, last_erased_write)
FROM counter WHERE portal_id = %(portal_id)s::bigint
"""

# How much of everything does the portal have?
CENSUS: Final = """
SELECT (SELECT count(*) FROM owner WHERE portal_id = %(portal_id)s::bigint),
       (SELECT count(*) FROM definition WHERE portal_id = %(portal_id)s::bigint)
     + (SELECT count(*) FROM property WHERE portal_id = %(portal_id)s::bigint)
     + (SELECT count(*) FROM property_group WHERE portal_id = %(portal_id)s::bigint),
       (SELECT count(*) FROM pipeline_audit WHERE portal_id = %(portal_id)s::bigint),
       (SELECT count(*) FROM record WHERE portal_id = %(portal_id)s::bigint),
       (SELECT count(*) FROM association WHERE portal_id = %(portal_id)s::bigint),
       (SELECT count(*) FROM record_merged WHERE portal_id = %(portal_id)s::bigint),
       (SELECT count(*) FROM record_write WHERE portal_id = %(portal_id)s::bigint),
       (SELECT count(*) FROM list WHERE portal_id = %(portal_id)s::bigint),
       (SELECT count(*) FROM list_folder WHERE portal_id = %(portal_id)s::bigint),
       (SELECT count(*) FROM list_membership WHERE portal_id = %(portal_id)s::bigint)
FROM portal WHERE portal_id = %(portal_id)s::bigint
"""

RESTORE_COUNTERS: Final = """
UPDATE counter
SET next_record_id = greatest(next_record_id, %(next_record_id)s::bigint),
    id_epoch = id_epoch + 1,
    next_object_type = greatest(next_object_type, %(next_object_type)s::bigint),
    next_association_type = greatest(next_association_type, %(next_association_type)s::bigint),
    next_write = greatest(next_write, %(last_write)s::bigint + 1),
    write_epoch = write_epoch + 1
WHERE portal_id = %(portal_id)s::bigint
"""

KEEP_ASSOCIATION_TYPE_IDS: Final = """
UPDATE counter
SET next_association_type = greatest(next_association_type, %(next_association_type)s::bigint)
WHERE portal_id = %(portal_id)s::bigint
"""

SEARCH_LAG: Final = "SELECT search_lag_ms FROM portal WHERE portal_id = %(portal_id)s::bigint"

PUT_SEARCH_LAG: Final = """
UPDATE portal SET search_lag_ms = %(lag_ms)s::bigint WHERE portal_id = %(portal_id)s::bigint
"""

PULL_STATE: Final = "SELECT state FROM pull WHERE portal_id = %(portal_id)s::bigint"

PUT_PULL_STATE: Final = """
INSERT INTO pull (portal_id, state) VALUES (%(portal_id)s::bigint, %(state)s)
ON CONFLICT (portal_id) DO UPDATE SET state = excluded.state
"""

# What is kept of one object type, table by table; associations have no key by type.
PURGE_OBJECT_TYPE: Final = tuple(
    f"DELETE FROM {table}"
    " WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s"
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
WHERE portal_id = %(portal_id)s::bigint
  AND (from_object_type_id = %(object_type_id)s OR to_object_type_id = %(object_type_id)s)
"""

_RECORD: Final = (
    "r.record_id, r.properties::text, r.created_at_ms, r.updated_at_ms, r.archived_at_ms,"
    " r.last_write"
)

# Which records have these ids?
RECORDS: Final = f"""
SELECT {_RECORD}
FROM unnest(%(record_ids)s::bigint[]) AS i(record_id)
CROSS JOIN LATERAL (
    SELECT d.* FROM record d
    WHERE d.portal_id = %(portal_id)s::bigint AND d.object_type_id = %(object_type_id)s
      AND d.record_id = i.record_id
    LIMIT 1) r
"""

_HOLDERS: Final = """
FROM jsonb_array_elements(%(keys)s::jsonb) AS k(v)
CROSS JOIN LATERAL (
    SELECT h.property, h.value, h.record_id FROM unique_value h
    WHERE h.portal_id = %(portal_id)s::bigint AND h.object_type_id = %(object_type_id)s
      AND h.property = k.v ->> 0 AND h.value = k.v ->> 1
    LIMIT 1) u
"""

# Which active records have these unique values? Keys are [property, value].
RECORDS_BY_VALUE: Final = f"""
SELECT u.property, u.value, {_RECORD}
{_HOLDERS}
CROSS JOIN LATERAL (
    SELECT d.* FROM record d
    WHERE d.portal_id = %(portal_id)s::bigint AND d.object_type_id = %(object_type_id)s
      AND d.record_id = u.record_id AND d.archived_at_ms IS NULL
    LIMIT 1) r
"""

# Who holds these unique values?
VALUE_OWNERS: Final = f"SELECT u.property, u.value, u.record_id {_HOLDERS}"

# Where did these records go when they were merged away?
MERGED_INTO: Final = """
SELECT m.record_id, m.survivor_id
FROM unnest(%(record_ids)s::bigint[]) AS i(record_id)
CROSS JOIN LATERAL (
    SELECT d.* FROM record_merged d
    WHERE d.portal_id = %(portal_id)s::bigint AND d.object_type_id = %(object_type_id)s
      AND d.record_id = i.record_id
    LIMIT 1) m
"""

PAGE_ACTIVE: Final = f"""
SELECT {_RECORD} FROM record r
WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(object_type_id)s
  AND r.record_id >= %(from_id)s::bigint AND r.archived_at_ms IS NULL
ORDER BY r.record_id LIMIT %(count_max)s::bigint
"""

PAGE_ARCHIVED: Final = f"""
SELECT {_RECORD} FROM record r
WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(object_type_id)s
  AND r.record_id >= %(from_id)s::bigint AND r.archived_at_ms IS NOT NULL
ORDER BY r.record_id LIMIT %(count_max)s::bigint
"""

RECORDS_AFTER: Final = f"""
SELECT r.object_type_id, {_RECORD} FROM record r
WHERE r.portal_id = %(portal_id)s::bigint
  AND (r.object_type_id, r.record_id) > (%(object_type_id)s, %(record_id)s::bigint)
ORDER BY r.object_type_id, r.record_id LIMIT %(count_max)s::bigint
"""

# Which active records have one of these values in a property?
RECORDS_WITH_VALUES: Final = """
SELECT r.record_id, r.properties ->> %(property)s::text FROM record r
WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(object_type_id)s
  AND r.archived_at_ms IS NULL
  AND r.properties ->> %(property)s::text
      = ANY(ARRAY(SELECT jsonb_array_elements_text(%(property_values)s::jsonb)))
ORDER BY r.record_id LIMIT %(count_max)s::bigint
"""

# Are there more records than that, archived ones included? Walks that many keys.
HAS_MORE_RECORDS: Final = """
SELECT 1 FROM record r
WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(object_type_id)s
ORDER BY r.record_id LIMIT 1 OFFSET %(count)s::bigint
"""

# All but the archived ones: both are counted in indexes, without a look at the documents.
COUNT_RECORDS: Final = """
SELECT (SELECT count(*) FROM record r
        WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(object_type_id)s)
     - (SELECT count(*) FROM record g
        WHERE g.portal_id = %(portal_id)s::bigint AND g.object_type_id = %(object_type_id)s
          AND g.archived_at_ms IS NOT NULL)
FROM portal p WHERE p.portal_id = %(portal_id)s::bigint
"""

# At most so many keys, archived ones included, and how many archived ones there are.
COUNT_KEYS: Final = """
SELECT (SELECT count(*) FROM (
            SELECT r.record_id FROM record r
            WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(object_type_id)s
            ORDER BY r.record_id LIMIT %(count_max)s::bigint) k),
       (SELECT count(*) FROM record g
        WHERE g.portal_id = %(portal_id)s::bigint AND g.object_type_id = %(object_type_id)s
          AND g.archived_at_ms IS NOT NULL)
FROM portal p WHERE p.portal_id = %(portal_id)s::bigint
"""

# Along the chain from each record's last write.
HISTORY: Final = """
WITH RECURSIVE chain AS (
    SELECT w.* FROM record_write w
    WHERE w.portal_id = %(portal_id)s::bigint AND w.number = ANY(%(last_writes)s::bigint[])
    UNION ALL
    SELECT b.* FROM chain c
    CROSS JOIN LATERAL (
        SELECT w.* FROM record_write w
        WHERE w.portal_id = %(portal_id)s::bigint AND w.number = c.previous
        LIMIT 1) b
    WHERE c.previous > 0
)
SELECT c.number, c.object_type_id, c.record_id, c.previous, c.written_at_ms, c.changed::text,
       c.source_type, c.app_id, c.user_id, c.correlation_id, c.trace_id
FROM chain c ORDER BY c.number DESC
"""

WRITES_AFTER: Final = """
SELECT w.number, w.object_type_id, w.record_id, w.previous, w.written_at_ms, w.changed::text,
       w.source_type, w.app_id, w.user_id, w.correlation_id, w.trace_id
FROM record_write w
WHERE w.portal_id = %(portal_id)s::bigint AND w.number > %(number)s::bigint
ORDER BY w.number LIMIT %(count_max)s::bigint
"""

LAST_WRITE: Final = """
SELECT greatest(
    c.last_erased_write,
    (SELECT max(w.number) FROM record_write w WHERE w.portal_id = %(portal_id)s::bigint)
)
FROM counter c WHERE c.portal_id = %(portal_id)s::bigint
"""

# Before writes are erased: cursors must not meet their numbers again.
KEEP_LAST_WRITE: Final = """
UPDATE counter SET last_erased_write = greatest(
    last_erased_write,
    (SELECT max(w.number) FROM record_write w WHERE w.portal_id = %(portal_id)s::bigint)
)
WHERE portal_id = %(portal_id)s::bigint
"""

# Rows are [number, object type, record, previous, time, changed, source, app, user, correlation,
# trace].
RESTORE_WRITE: Final = """
INSERT INTO record_write AS w (portal_id, number, object_type_id, record_id, previous,
                               written_at_ms, changed, source_type, app_id, user_id,
                               correlation_id, trace_id)
SELECT p.portal_id, (i.v ->> 0)::bigint, i.v ->> 1, (i.v ->> 2)::bigint, (i.v ->> 3)::bigint,
       (i.v ->> 4)::bigint, (i.v ->> 5)::jsonb, i.v ->> 6, (i.v ->> 7)::bigint,
       (i.v ->> 8)::bigint, i.v ->> 9, i.v ->> 10
FROM portal p CROSS JOIN jsonb_array_elements(%(rows)s::jsonb) AS i(v)
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY (i.v ->> 0)::bigint
"""

ARCHIVE_RECORDS: Final = """
UPDATE record SET archived_at_ms = %(now_ms)s::bigint
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
  AND record_id = ANY(%(record_ids)s::bigint[]) AND archived_at_ms IS NULL
RETURNING record_id, properties::text
"""

UNARCHIVE_RECORDS: Final = """
UPDATE record SET archived_at_ms = NULL
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
  AND record_id = ANY(%(record_ids)s::bigint[]) AND archived_at_ms IS NOT NULL
RETURNING record_id, properties::text
"""

DELETE_RECORD: Final = """
DELETE FROM record
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
  AND record_id = %(record_id)s::bigint
RETURNING properties::text
"""

ERASE_RECORDS: Final = """
DELETE FROM record
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
  AND record_id = ANY(%(record_ids)s::bigint[])
RETURNING record_id, properties::text, last_write
"""

ERASE_HISTORY: Final = """
DELETE FROM record_write
WHERE portal_id = %(portal_id)s::bigint AND number = ANY(%(numbers)s::bigint[])
"""

FORGET_MERGED: Final = """
DELETE FROM record_merged
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
  AND survivor_id = ANY(%(record_ids)s::bigint[])
RETURNING record_id
"""

# All writes of these records, of which nothing is left to begin a chain with: walks the history.
ERASE_MERGED_HISTORY: Final = """
DELETE FROM record_write
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
  AND record_id = ANY(%(record_ids)s::bigint[])
"""

# Those that went into a record which goes itself now.
MERGE_ON: Final = """
UPDATE record_merged SET survivor_id = %(survivor_id)s::bigint
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
  AND survivor_id = %(record_id)s::bigint
"""

MERGED_AFTER: Final = """
SELECT m.object_type_id, m.record_id, m.survivor_id FROM record_merged m
WHERE m.portal_id = %(portal_id)s::bigint
  AND (m.object_type_id, m.record_id) > (%(object_type_id)s, %(record_id)s::bigint)
ORDER BY m.object_type_id, m.record_id LIMIT %(count_max)s::bigint
"""

# Rows are [object type, record, document, time of creation, of change, of archiving, last write].
RESTORE_RECORD: Final = """
INSERT INTO record AS r (portal_id, object_type_id, record_id, properties, created_at_ms,
                         updated_at_ms, archived_at_ms, last_write)
SELECT p.portal_id, i.v ->> 0, (i.v ->> 1)::bigint, (i.v ->> 2)::jsonb, (i.v ->> 3)::bigint,
       (i.v ->> 4)::bigint, (i.v ->> 5)::bigint, (i.v ->> 6)::bigint
FROM portal p CROSS JOIN jsonb_array_elements(%(rows)s::jsonb) AS i(v)
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY (i.v ->> 0) COLLATE "C", (i.v ->> 1)::bigint
"""

# Rows are [object type, record, survivor].
MERGE_AWAY: Final = """
INSERT INTO record_merged AS m (portal_id, object_type_id, record_id, survivor_id)
SELECT p.portal_id, i.v ->> 0, (i.v ->> 1)::bigint, (i.v ->> 2)::bigint
FROM portal p CROSS JOIN jsonb_array_elements(%(rows)s::jsonb) AS i(v)
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY (i.v ->> 0) COLLATE "C", (i.v ->> 1)::bigint
ON CONFLICT (portal_id, object_type_id, record_id) DO UPDATE SET survivor_id = excluded.survivor_id
"""

# Rows are [object type, property, value, record].
LEAVE_VALUE: Final = """
DELETE FROM unique_value u
USING jsonb_array_elements(%(rows)s::jsonb) AS i(v)
WHERE u.portal_id = %(portal_id)s::bigint
  AND u.object_type_id = i.v ->> 0 AND u.property = i.v ->> 1 AND u.value = i.v ->> 2
  AND u.record_id = (i.v ->> 3)::bigint
"""

_VALUES: Final = """
SELECT p.portal_id, i.v ->> 0, i.v ->> 1, i.v ->> 2, (i.v ->> 3)::bigint
FROM portal p CROSS JOIN jsonb_array_elements(%(rows)s::jsonb) AS i(v)
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY (i.v ->> 0) COLLATE "C", (i.v ->> 1) COLLATE "C", (i.v ->> 2) COLLATE "C"
ON CONFLICT (portal_id, object_type_id, property, value) DO NOTHING
"""

# Rows are [object type, property, value, record]; a value that does not come back is taken.
TAKE_VALUE: Final = f"""
INSERT INTO unique_value AS u (portal_id, object_type_id, property, value, record_id)
{_VALUES}
RETURNING property, value
"""

ADD_INDEXED_VALUE: Final = f"""
INSERT INTO unique_value AS u (portal_id, object_type_id, property, value, record_id)
{_VALUES}
"""

DROP_INDEX: Final = """
DELETE FROM unique_value
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
  AND property = %(property)s
"""
