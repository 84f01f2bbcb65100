"""SQL of lists, their members and their folders.

Sets of ids come as one JSON array and are the outer loop; members are found by the list, by the
time when they joined, or by the record.
"""

from typing import Final

# Which lists have these ids?
LISTS: Final = """
SELECT l.document FROM json_each(:list_ids) i
CROSS JOIN list l ON l.portal_id = :portal_id AND l.list_id = i.value
"""

ALL_LISTS: Final = "SELECT document FROM list WHERE portal_id = :portal_id ORDER BY list_id"

ACTIVE_LISTS: Final = """
SELECT document FROM list WHERE portal_id = :portal_id AND deleted_at_ms IS NULL ORDER BY list_id
"""

COUNT_ACTIVE_LISTS: Final = """
SELECT count(*) FROM list WHERE portal_id = :portal_id AND deleted_at_ms IS NULL
"""

LIST_NAMED: Final = """
SELECT document FROM list
WHERE portal_id = :portal_id AND object_type_id = :object_type_id AND name = :name
  AND deleted_at_ms IS NULL
"""

PUT_LIST: Final = """
INSERT OR REPLACE INTO list (portal_id, list_id, object_type_id, name, processing_type,
                             deleted_at_ms, document)
VALUES (:portal_id, :list_id, :object_type_id, :name, :processing_type, :deleted_at_ms, :document)
"""

# Gives out an id, and answers the first one after it.
TAKE_LIST_ID: Final = """
UPDATE portal SET next_list = next_list + 1 WHERE portal_id = :portal_id RETURNING next_list
"""

TAKE_FOLDER_ID: Final = """
UPDATE portal SET next_list_folder = next_list_folder + 1 WHERE portal_id = :portal_id
RETURNING next_list_folder
"""

RESTORE_LIST_COUNTERS: Final = """
UPDATE portal SET next_list = max(next_list, :next_list),
                  next_list_folder = max(next_list_folder, :next_list_folder)
WHERE portal_id = :portal_id
"""

LIST_FOLDERS: Final = """
SELECT document FROM list_folder WHERE portal_id = :portal_id ORDER BY folder_id
"""

PUT_LIST_FOLDER: Final = """
INSERT OR REPLACE INTO list_folder (portal_id, folder_id, document)
VALUES (:portal_id, :folder_id, :document)
"""

REMOVE_LIST_FOLDER: Final = """
DELETE FROM list_folder WHERE portal_id = :portal_id AND folder_id = :folder_id
"""

# How many members do these lists have?
LIST_SIZES: Final = """
SELECT i.value, (SELECT count(*) FROM list_membership m
                 WHERE m.portal_id = :portal_id AND m.list_id = i.value)
FROM json_each(:list_ids) i
"""

MEMBERS_UP: Final = """
SELECT record_id, joined_at_ms FROM list_membership
WHERE portal_id = :portal_id AND list_id = :list_id AND record_id > :record_id
ORDER BY record_id LIMIT :count_max
"""

MEMBERS_DOWN: Final = """
SELECT record_id, joined_at_ms FROM list_membership
WHERE portal_id = :portal_id AND list_id = :list_id AND record_id < :record_id
ORDER BY record_id DESC LIMIT :count_max
"""

MEMBERS_JOINED_AFTER: Final = """
SELECT record_id, joined_at_ms FROM list_membership
WHERE portal_id = :portal_id AND list_id = :list_id
  AND (joined_at_ms, record_id) > (:joined_at_ms, :record_id)
ORDER BY joined_at_ms, record_id LIMIT :count_max
"""

MEMBERS_JOINED_BEFORE: Final = """
SELECT record_id, joined_at_ms FROM list_membership
WHERE portal_id = :portal_id AND list_id = :list_id
  AND (joined_at_ms, record_id) < (:joined_at_ms, :record_id)
ORDER BY joined_at_ms DESC, record_id DESC LIMIT :count_max
"""

# Which of these records are in the list?
MEMBERS_AMONG: Final = """
SELECT m.record_id FROM json_each(:record_ids) i
CROSS JOIN list_membership m INDEXED BY list_membership_record
    ON m.portal_id = :portal_id AND m.list_id = :list_id AND m.record_id = i.value
"""

# In which lists are these records? Ids of two types may coincide in a copied old portal.
MEMBERSHIPS_OF: Final = """
SELECT m.list_id, m.record_id, m.joined_at_ms FROM json_each(:record_ids) i
CROSS JOIN list_membership m INDEXED BY list_membership_record
    ON m.portal_id = :portal_id AND m.record_id = i.value
CROSS JOIN list l ON l.portal_id = :portal_id AND l.list_id = m.list_id
WHERE l.object_type_id = :object_type_id AND l.deleted_at_ms IS NULL
ORDER BY m.record_id, m.list_id
"""

MEMBERSHIPS_AFTER: Final = """
SELECT list_id, record_id, joined_at_ms FROM list_membership
WHERE portal_id = :portal_id AND (list_id, record_id) > (:list_id, :record_id)
ORDER BY list_id, record_id LIMIT :count_max
"""

# What was written between these numbers, and to which records?
WRITTEN_BETWEEN: Final = """
SELECT number, object_type_id, record_id FROM record_write
WHERE portal_id = :portal_id AND number > :after AND number <= :last
  AND +object_type_id IN (SELECT value FROM json_each(:type_ids))
ORDER BY number LIMIT :count_max
"""

RELATED_CHANGES: Final = """
SELECT coalesce(sum(changes), 0) FROM related_change
WHERE portal_id = :portal_id AND object_type_id IN (SELECT value FROM json_each(:type_ids))
"""

NOTE_RELATED_CHANGE: Final = """
INSERT INTO related_change (portal_id, object_type_id, changes) VALUES (?1, ?2, 1)
ON CONFLICT (portal_id, object_type_id) DO UPDATE SET changes = changes + 1
"""

JOIN_LIST: Final = """
INSERT INTO list_membership (portal_id, list_id, record_id, joined_at_ms)
SELECT r.portal_id, :list_id, r.record_id, :now_ms FROM json_each(:record_ids) i
CROSS JOIN record r
WHERE r.portal_id = :portal_id AND r.object_type_id = :object_type_id
  AND r.record_id = i.value AND r.archived_at_ms IS NULL
ON CONFLICT DO NOTHING RETURNING record_id
"""

JOIN_FROM_LIST: Final = """
INSERT INTO list_membership (portal_id, list_id, record_id, joined_at_ms)
SELECT m.portal_id, :list_id, m.record_id, :now_ms FROM list_membership m
WHERE m.portal_id = :portal_id AND m.list_id = :source_id
ON CONFLICT DO NOTHING
"""

LEAVE_LIST: Final = """
DELETE FROM list_membership
WHERE portal_id = :portal_id AND list_id = :list_id
  AND record_id IN (SELECT value FROM json_each(:record_ids))
RETURNING record_id
"""

LEAVE_RANGE: Final = """
DELETE FROM list_membership
WHERE portal_id = :portal_id AND list_id = :list_id
  AND record_id BETWEEN :first_id AND :last_id
  AND record_id NOT IN (SELECT value FROM json_each(:record_ids))
"""

EMPTY_LIST: Final = """
DELETE FROM list_membership WHERE portal_id = :portal_id AND list_id = :list_id
"""

# These records are gone from all lists of their type.
LEAVE_ALL_LISTS: Final = """
DELETE FROM list_membership INDEXED BY list_membership_record
WHERE portal_id = :portal_id AND record_id IN (SELECT value FROM json_each(:record_ids))
  AND EXISTS (SELECT 1 FROM list l
              WHERE l.portal_id = :portal_id AND l.list_id = list_membership.list_id
                AND l.object_type_id = :object_type_id)
"""

# The survivor of a merge is where the other was put; filters judge the survivor themselves.
HAND_MEMBERSHIPS_ON: Final = """
INSERT INTO list_membership (portal_id, list_id, record_id, joined_at_ms)
SELECT m.portal_id, m.list_id, :survivor_id, m.joined_at_ms
FROM list_membership m INDEXED BY list_membership_record
CROSS JOIN list l ON l.portal_id = m.portal_id AND l.list_id = m.list_id
WHERE m.portal_id = :portal_id AND m.record_id = :record_id
  AND l.object_type_id = :object_type_id AND l.processing_type <> 'DYNAMIC'
ON CONFLICT DO NOTHING
"""

RESTORE_MEMBERSHIP: Final = """
INSERT INTO list_membership (portal_id, list_id, record_id, joined_at_ms) VALUES (?1, ?2, ?3, ?4)
"""

PURGE_MEMBERSHIPS: Final = """
DELETE FROM list_membership
WHERE portal_id = :portal_id
  AND list_id IN (SELECT l.list_id FROM list l
                  WHERE l.portal_id = :portal_id AND l.object_type_id = :object_type_id)
"""

PURGE_LISTS: Final = """
DELETE FROM list WHERE portal_id = :portal_id AND object_type_id = :object_type_id
"""
