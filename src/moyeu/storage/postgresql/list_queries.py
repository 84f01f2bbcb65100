"""SQL of lists, their members and their folders.

Members are found by the list, by the time when they joined, or by the record: a look-up for each id
that was asked for (`LATERAL`), where a limit or `OFFSET 0` keeps it from being joined otherwise.
"""

from typing import Final

# Which lists have these ids?
LISTS: Final = """
SELECT l.document FROM list l
WHERE l.portal_id = %(portal_id)s::bigint AND l.list_id = ANY(%(list_ids)s::bigint[])
"""

ALL_LISTS: Final = """
SELECT document FROM list WHERE portal_id = %(portal_id)s::bigint ORDER BY list_id
"""

ACTIVE_LISTS: Final = """
SELECT document FROM list
WHERE portal_id = %(portal_id)s::bigint AND deleted_at_ms IS NULL ORDER BY list_id
"""

COUNT_ACTIVE_LISTS: Final = """
SELECT count(*) FROM list WHERE portal_id = %(portal_id)s::bigint AND deleted_at_ms IS NULL
"""

LIST_NAMED: Final = """
SELECT document FROM list
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
  AND name = %(name)s AND deleted_at_ms IS NULL
"""

PUT_LIST: Final = """
INSERT INTO list (portal_id, list_id, object_type_id, name, processing_type, deleted_at_ms,
                  document)
VALUES (%(portal_id)s::bigint, %(list_id)s::bigint, %(object_type_id)s, %(name)s,
        %(processing_type)s, %(deleted_at_ms)s::bigint, %(document)s)
ON CONFLICT (portal_id, list_id) DO UPDATE
SET object_type_id = excluded.object_type_id, name = excluded.name,
    processing_type = excluded.processing_type, deleted_at_ms = excluded.deleted_at_ms,
    document = excluded.document
"""

# Gives out an id, and answers the first one after it.
TAKE_LIST_ID: Final = """
UPDATE counter SET next_list = next_list + 1
WHERE portal_id = %(portal_id)s::bigint RETURNING next_list
"""

TAKE_FOLDER_ID: Final = """
UPDATE counter SET next_list_folder = next_list_folder + 1
WHERE portal_id = %(portal_id)s::bigint RETURNING next_list_folder
"""

RESTORE_LIST_COUNTERS: Final = """
UPDATE counter SET next_list = greatest(next_list, %(next_list)s::bigint),
                   next_list_folder = greatest(next_list_folder, %(next_list_folder)s::bigint)
WHERE portal_id = %(portal_id)s::bigint
"""

LIST_FOLDERS: Final = """
SELECT document FROM list_folder WHERE portal_id = %(portal_id)s::bigint ORDER BY folder_id
"""

PUT_LIST_FOLDER: Final = """
INSERT INTO list_folder (portal_id, folder_id, document)
VALUES (%(portal_id)s::bigint, %(folder_id)s::bigint, %(document)s)
ON CONFLICT (portal_id, folder_id) DO UPDATE SET document = excluded.document
"""

REMOVE_LIST_FOLDER: Final = """
DELETE FROM list_folder
WHERE portal_id = %(portal_id)s::bigint AND folder_id = %(folder_id)s::bigint
"""

# How many members do these lists have?
LIST_SIZES: Final = """
SELECT i.list_id, n.members FROM unnest(%(list_ids)s::bigint[]) AS i(list_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS members FROM list_membership m
    WHERE m.portal_id = %(portal_id)s::bigint AND m.list_id = i.list_id) n
"""

MEMBERS_UP: Final = """
SELECT record_id, joined_at_ms FROM list_membership
WHERE portal_id = %(portal_id)s::bigint AND list_id = %(list_id)s::bigint
  AND record_id > %(record_id)s::bigint
ORDER BY record_id LIMIT %(count_max)s::bigint
"""

MEMBERS_DOWN: Final = """
SELECT record_id, joined_at_ms FROM list_membership
WHERE portal_id = %(portal_id)s::bigint AND list_id = %(list_id)s::bigint
  AND record_id < %(record_id)s::bigint
ORDER BY record_id DESC LIMIT %(count_max)s::bigint
"""

MEMBERS_JOINED_AFTER: Final = """
SELECT record_id, joined_at_ms FROM list_membership
WHERE portal_id = %(portal_id)s::bigint AND list_id = %(list_id)s::bigint
  AND (joined_at_ms, record_id) > (%(joined_at_ms)s::bigint, %(record_id)s::bigint)
ORDER BY joined_at_ms, record_id LIMIT %(count_max)s::bigint
"""

MEMBERS_JOINED_BEFORE: Final = """
SELECT record_id, joined_at_ms FROM list_membership
WHERE portal_id = %(portal_id)s::bigint AND list_id = %(list_id)s::bigint
  AND (joined_at_ms, record_id) < (%(joined_at_ms)s::bigint, %(record_id)s::bigint)
ORDER BY joined_at_ms DESC, record_id DESC LIMIT %(count_max)s::bigint
"""

# Which of these records are in the list?
MEMBERS_AMONG: Final = """
SELECT m.record_id
FROM unnest(%(record_ids)s::bigint[]) AS i(record_id)
CROSS JOIN LATERAL (
    SELECT d.record_id FROM list_membership d
    WHERE d.portal_id = %(portal_id)s::bigint AND d.list_id = %(list_id)s::bigint
      AND d.record_id = i.record_id
    LIMIT 1) m
"""

# In which lists are these records? Ids of two types may coincide in a copied old portal.
MEMBERSHIPS_OF: Final = """
SELECT m.list_id, m.record_id, m.joined_at_ms
FROM unnest(%(record_ids)s::bigint[]) AS i(record_id)
CROSS JOIN LATERAL (
    SELECT d.* FROM list_membership d
    WHERE d.portal_id = %(portal_id)s::bigint AND d.record_id = i.record_id
    OFFSET 0) m
CROSS JOIN LATERAL (
    SELECT 1 FROM list l
    WHERE l.portal_id = %(portal_id)s::bigint AND l.list_id = m.list_id
      AND l.object_type_id = %(object_type_id)s AND l.deleted_at_ms IS NULL
    LIMIT 1) active
ORDER BY m.record_id, m.list_id
"""

MEMBERSHIPS_AFTER: Final = """
SELECT list_id, record_id, joined_at_ms FROM list_membership
WHERE portal_id = %(portal_id)s::bigint
  AND (list_id, record_id) > (%(list_id)s::bigint, %(record_id)s::bigint)
ORDER BY list_id, record_id LIMIT %(count_max)s::bigint
"""

# What was written between these numbers, and to which records?
WRITTEN_BETWEEN: Final = """
SELECT w.number, w.object_type_id, w.record_id FROM record_write w
WHERE w.portal_id = %(portal_id)s::bigint
  AND w.number > %(after)s::bigint AND w.number <= %(last)s::bigint
  AND w.object_type_id = ANY(ARRAY(SELECT jsonb_array_elements_text(%(type_ids)s::jsonb)))
ORDER BY w.number LIMIT %(count_max)s::bigint
"""

RELATED_CHANGES: Final = """
SELECT coalesce(sum(c.changes), 0)::bigint FROM related_change c
WHERE c.portal_id = %(portal_id)s::bigint
  AND c.object_type_id = ANY(ARRAY(SELECT jsonb_array_elements_text(%(type_ids)s::jsonb)))
"""

# Rows are [object type], each once.
NOTE_RELATED_CHANGE: Final = """
INSERT INTO related_change AS c (portal_id, object_type_id, changes)
SELECT p.portal_id, i.v ->> 0, 1
FROM portal p CROSS JOIN jsonb_array_elements(%(rows)s::jsonb) AS i(v)
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY (i.v ->> 0) COLLATE "C"
ON CONFLICT (portal_id, object_type_id) DO UPDATE SET changes = c.changes + 1
"""

JOIN_LIST: Final = """
INSERT INTO list_membership AS m (portal_id, list_id, record_id, joined_at_ms)
SELECT r.portal_id, %(list_id)s::bigint, r.record_id, %(now_ms)s::bigint FROM record r
WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(object_type_id)s
  AND r.record_id = ANY(%(record_ids)s::bigint[]) AND r.archived_at_ms IS NULL
ORDER BY r.record_id
ON CONFLICT (portal_id, list_id, record_id) DO NOTHING RETURNING m.record_id
"""

JOIN_FROM_LIST: Final = """
INSERT INTO list_membership AS m (portal_id, list_id, record_id, joined_at_ms)
SELECT s.portal_id, %(list_id)s::bigint, s.record_id, %(now_ms)s::bigint FROM list_membership s
WHERE s.portal_id = %(portal_id)s::bigint AND s.list_id = %(source_id)s::bigint
ORDER BY s.record_id
ON CONFLICT (portal_id, list_id, record_id) DO NOTHING
"""

LEAVE_LIST: Final = """
DELETE FROM list_membership
WHERE portal_id = %(portal_id)s::bigint AND list_id = %(list_id)s::bigint
  AND record_id = ANY(%(record_ids)s::bigint[])
RETURNING record_id
"""

LEAVE_RANGE: Final = """
DELETE FROM list_membership
WHERE portal_id = %(portal_id)s::bigint AND list_id = %(list_id)s::bigint
  AND record_id BETWEEN %(first_id)s::bigint AND %(last_id)s::bigint
  AND record_id <> ALL(%(record_ids)s::bigint[])
"""

EMPTY_LIST: Final = """
DELETE FROM list_membership
WHERE portal_id = %(portal_id)s::bigint AND list_id = %(list_id)s::bigint
"""

# These records are gone from all lists of their type.
LEAVE_ALL_LISTS: Final = """
DELETE FROM list_membership m USING list l
WHERE m.portal_id = %(portal_id)s::bigint AND m.record_id = ANY(%(record_ids)s::bigint[])
  AND l.portal_id = m.portal_id AND l.list_id = m.list_id
  AND l.object_type_id = %(object_type_id)s
"""

# The survivor of a merge is where the other was put; filters judge the survivor themselves.
HAND_MEMBERSHIPS_ON: Final = """
INSERT INTO list_membership AS t (portal_id, list_id, record_id, joined_at_ms)
SELECT m.portal_id, m.list_id, %(survivor_id)s::bigint, m.joined_at_ms FROM list_membership m
JOIN list l ON l.portal_id = m.portal_id AND l.list_id = m.list_id
WHERE m.portal_id = %(portal_id)s::bigint AND m.record_id = %(record_id)s::bigint
  AND l.object_type_id = %(object_type_id)s AND l.processing_type <> 'DYNAMIC'
ORDER BY m.list_id
ON CONFLICT (portal_id, list_id, record_id) DO NOTHING
"""

# Rows are [list, record, time of joining].
RESTORE_MEMBERSHIP: Final = """
INSERT INTO list_membership AS m (portal_id, list_id, record_id, joined_at_ms)
SELECT p.portal_id, (i.v ->> 0)::bigint, (i.v ->> 1)::bigint, (i.v ->> 2)::bigint
FROM portal p CROSS JOIN jsonb_array_elements(%(rows)s::jsonb) AS i(v)
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY (i.v ->> 0)::bigint, (i.v ->> 1)::bigint
"""

PURGE_MEMBERSHIPS: Final = """
DELETE FROM list_membership m USING list l
WHERE m.portal_id = %(portal_id)s::bigint AND l.portal_id = m.portal_id
  AND l.list_id = m.list_id AND l.object_type_id = %(object_type_id)s
"""

PURGE_LISTS: Final = """
DELETE FROM list
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
"""
