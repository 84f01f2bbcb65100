"""The statements of the search index that are always the same.

Those of a search itself are made by `search_sql` and `search_answers`.
"""

from typing import Final

# --- what a search has to know ------------------------------------------------------------------

# Those of the columns wanted that are there, and whether they were not used today yet.
SEARCH_COLUMNS: Final = """
SELECT c.digest, c.column_id, c.version, c.position, c.removals_to, c.loaded_to, c.row_count,
       c.has_long, c.used_on < (now() AT TIME ZONE 'UTC')::date
FROM search_column c
WHERE c.portal_id = %(portal_id)s::bigint AND c.object_type_id = %(object_type_id)s
  AND c.digest = ANY(%(digests)s::bytea[]) AND NOT c.dropped
"""

# The newest entry of the history and the number of notes.
SEARCH_STATE: Final = """
SELECT (SELECT max(w.number) FROM record_write w WHERE w.portal_id = %(portal_id)s::bigint),
       (SELECT s.removals FROM search_portal s WHERE s.portal_id = %(portal_id)s::bigint)
FROM portal p WHERE p.portal_id = %(portal_id)s::bigint
"""

# How many of the next entries there are, and which records may differ by them: those that
# are new, and those of which one of the properties was written. No names: all that were written.
WRITTEN_LATELY: Final = """
SELECT count(*), array_agg(DISTINCT w.record_id) FILTER (
    WHERE w.object_type_id = %(object_type_id)s AND (
        %(names)s::text[] IS NULL OR w.previous = 0 OR w.changed ?| %(names)s::text[]))
FROM (
    SELECT e.object_type_id, e.record_id, e.previous, e.changed FROM record_write e
    WHERE e.portal_id = %(portal_id)s::bigint AND e.number > %(position)s::bigint
    ORDER BY e.number LIMIT %(count_max)s::bigint) w
"""

HAS_WRITTEN_MORE: Final = """
SELECT w.number FROM record_write w
WHERE w.portal_id = %(portal_id)s::bigint AND w.number > %(position)s::bigint
ORDER BY w.number LIMIT 1 OFFSET %(count)s::bigint
"""

REMOVED_SINCE: Final = """
SELECT m.number, m.record_ids FROM search_removal m
WHERE m.portal_id = %(portal_id)s::bigint AND m.object_type_id = %(object_type_id)s
  AND m.number > %(removals_to)s::bigint
ORDER BY m.number LIMIT %(count_max)s::bigint
"""

# Records with more terms than a vector takes.
UNTOLD: Final = """
SELECT DISTINCT t.record_id FROM search_text t
WHERE t.portal_id = %(portal_id)s::bigint AND t.column_id = ANY(%(column_ids)s::integer[])
  AND t.terms IS NULL
LIMIT %(count_max)s::bigint
"""

# Which of these records are associated with at least one of those of another type.
LINKED_AMONG: Final = """
SELECT DISTINCT a.to_record_id FROM association a
WHERE a.portal_id = %(portal_id)s::bigint AND a.from_record_id = ANY(%(from_ids)s::bigint[])
  AND a.to_object_type_id = %(object_type_id)s AND a.to_record_id = ANY(%(record_ids)s::bigint[])
  AND a.from_object_type_id = %(from_type_id)s
  AND EXISTS (SELECT FROM record r WHERE r.portal_id = a.portal_id
      AND r.object_type_id = a.from_object_type_id AND r.record_id = a.from_record_id
      AND r.archived_at_ms IS NULL)
"""

# --- making and dropping columns ----------------------------------------------------------------

ADD_SEARCH_PORTAL: Final = """
INSERT INTO search_portal AS s (portal_id)
SELECT p.portal_id FROM portal p WHERE p.portal_id = %(portal_id)s::bigint
ON CONFLICT (portal_id) DO NOTHING
"""

TAKE_COLUMN_ID: Final = """
UPDATE search_portal SET next_column = next_column + 1 WHERE portal_id = %(portal_id)s::bigint
RETURNING next_column - 1
"""

ADD_COLUMN: Final = """
INSERT INTO search_column AS c (portal_id, column_id, object_type_id, digest, spec, used_on)
SELECT p.portal_id, %(column_id)s::integer, %(object_type_id)s::text, %(digest)s::bytea,
       %(spec)s::text, (now() AT TIME ZONE 'UTC')::date
FROM portal p WHERE p.portal_id = %(portal_id)s::bigint
ON CONFLICT (portal_id, object_type_id, digest) WHERE NOT dropped DO NOTHING
"""

# After the fence: all notes from then on are written.
BEGIN_COLUMNS: Final = """
UPDATE search_column c SET position = %(position)s::bigint, removals_to = s.removals
FROM search_portal s
WHERE c.portal_id = %(portal_id)s::bigint AND s.portal_id = c.portal_id
  AND c.column_id = ANY(%(column_ids)s::integer[]) AND c.position IS NULL
"""

# All columns of a portal but those wanted, those that nobody used for longest first.
OTHER_COLUMNS: Final = """
SELECT c.column_id, c.row_count FROM search_column c
WHERE c.portal_id = %(portal_id)s::bigint AND NOT c.dropped
  AND NOT (c.object_type_id = %(object_type_id)s AND c.digest = ANY(%(digests)s::bytea[]))
ORDER BY c.used_on, c.column_id
"""

DROP_COLUMNS: Final = """
UPDATE search_column SET dropped = true, loaded_to = -1
WHERE portal_id = %(portal_id)s::bigint AND column_id = ANY(%(column_ids)s::integer[])
  AND NOT dropped
"""

DROP_UNUSED: Final = """
UPDATE search_column SET dropped = true, loaded_to = -1
WHERE portal_id = %(portal_id)s::bigint AND NOT dropped
  AND used_on < (now() AT TIME ZONE 'UTC')::date - %(days)s::integer
"""

USED_TODAY: Final = """
UPDATE search_column SET used_on = (now() AT TIME ZONE 'UTC')::date
WHERE portal_id = %(portal_id)s::bigint AND column_id IN (
    SELECT c.column_id FROM search_column c
    WHERE c.portal_id = %(portal_id)s::bigint AND c.column_id = ANY(%(column_ids)s::integer[])
      AND c.used_on < (now() AT TIME ZONE 'UTC')::date
    ORDER BY c.column_id FOR UPDATE SKIP LOCKED)
"""

# One that is dropped and whose rows are not removed yet.
NEXT_DROPPED: Final = """
SELECT c.column_id, c.loaded_to FROM search_column c
WHERE c.portal_id = %(portal_id)s::bigint AND c.dropped
ORDER BY c.column_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""

SWEEP_KEYS: Final = """
DELETE FROM search_key WHERE portal_id = %(portal_id)s::bigint
  AND column_id = %(column_id)s::integer AND record_id IN (
    SELECT s.record_id FROM search_key s
    WHERE s.portal_id = %(portal_id)s::bigint AND s.column_id = %(column_id)s::integer
      AND s.record_id > %(after)s::bigint
    ORDER BY s.record_id LIMIT %(count_max)s::bigint)
RETURNING record_id
"""

SWEEP_TEXTS: Final = """
DELETE FROM search_text WHERE portal_id = %(portal_id)s::bigint
  AND column_id = %(column_id)s::integer AND record_id IN (
    SELECT t.record_id FROM search_text t
    WHERE t.portal_id = %(portal_id)s::bigint AND t.column_id = %(column_id)s::integer
      AND t.record_id > %(after)s::bigint
    ORDER BY t.record_id LIMIT %(count_max)s::bigint)
RETURNING record_id
"""

SWEPT_TO: Final = """
UPDATE search_column SET loaded_to = %(after)s::bigint
WHERE portal_id = %(portal_id)s::bigint AND column_id = %(column_id)s::integer
"""

REMOVE_COLUMN: Final = """
DELETE FROM search_column
WHERE portal_id = %(portal_id)s::bigint AND column_id = %(column_id)s::integer
"""

# --- taking records in --------------------------------------------------------------------------

# Whoever writes rows of a column holds its row here.
LOCK_COLUMNS: Final = """
SELECT c.column_id, c.position, c.removals_to, c.loaded_to FROM search_column c
WHERE c.portal_id = %(portal_id)s::bigint AND c.column_id = ANY(%(column_ids)s::integer[])
  AND c.position IS NOT NULL AND NOT c.dropped
ORDER BY c.column_id FOR UPDATE SKIP LOCKED
"""

# The same records as of `WRITTEN_LATELY`, entry by entry up to the fence.
WRITTEN_SINCE: Final = """
SELECT w.number, w.record_id FROM record_write w
WHERE w.portal_id = %(portal_id)s::bigint AND w.number > %(position)s::bigint
  AND w.number <= %(last)s::bigint AND w.object_type_id = %(object_type_id)s
  AND (%(names)s::text[] IS NULL OR w.previous = 0 OR w.changed ?| %(names)s::text[])
ORDER BY w.number LIMIT %(count_max)s::bigint
"""

KEYS_OF: Final = """
SELECT s.column_id, s.record_id, s.k, s.whole FROM search_key s
WHERE s.portal_id = %(portal_id)s::bigint AND s.column_id = ANY(%(column_ids)s::integer[])
  AND s.record_id = ANY(%(record_ids)s::bigint[])
"""

TERMS_OF: Final = """
SELECT t.column_id, t.record_id, t.terms::text FROM search_text t
WHERE t.portal_id = %(portal_id)s::bigint AND t.column_id = ANY(%(column_ids)s::integer[])
  AND t.record_id = ANY(%(record_ids)s::bigint[])
"""

TAKE_KEYS_OUT: Final = """
DELETE FROM search_key
WHERE portal_id = %(portal_id)s::bigint AND column_id = %(column_id)s::integer
  AND record_id = ANY(%(record_ids)s::bigint[])
"""

TAKE_TERMS_OUT: Final = """
DELETE FROM search_text
WHERE portal_id = %(portal_id)s::bigint AND column_id = %(column_id)s::integer
  AND record_id = ANY(%(record_ids)s::bigint[])
"""

TAKE_KEYS_IN: Final = """
INSERT INTO search_key AS s (portal_id, column_id, record_id, k, whole)
SELECT p.portal_id, %(column_id)s::integer, i.record_id, i.k, i.whole
FROM portal p CROSS JOIN unnest(
    %(record_ids)s::bigint[], %(keys)s::bytea[], %(wholes)s::bytea[]) AS i(record_id, k, whole)
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY i.k, i.record_id
"""

TAKE_TERMS_IN: Final = """
INSERT INTO search_text AS t (portal_id, record_id, column_id, terms)
SELECT p.portal_id, i.record_id, %(column_id)s::integer, i.terms::tsvector
FROM portal p CROSS JOIN unnest(%(record_ids)s::bigint[], %(terms)s::text[]) AS i(record_id, terms)
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY i.record_id
"""

COLUMN_LOADED: Final = """
UPDATE search_column SET loaded_to = %(loaded_to)s::bigint, version = version + 1,
    row_count = row_count + %(rows)s::bigint, has_long = has_long OR %(has_long)s::boolean
WHERE portal_id = %(portal_id)s::bigint AND column_id = %(column_id)s::integer
"""

COLUMN_FOLLOWED: Final = """
UPDATE search_column SET position = greatest(position, %(position)s::bigint),
    removals_to = greatest(removals_to, %(removals_to)s::bigint),
    version = version + %(changes)s::integer, row_count = row_count + %(rows)s::bigint,
    has_long = has_long OR %(has_long)s::boolean
WHERE portal_id = %(portal_id)s::bigint AND column_id = %(column_id)s::integer
"""

# What all columns of the type have taken in.
DROP_NOTES: Final = """
DELETE FROM search_removal m
WHERE m.portal_id = %(portal_id)s::bigint AND m.object_type_id = %(object_type_id)s
  AND m.number <= (
    SELECT min(c.removals_to) FROM search_column c
    WHERE c.portal_id = %(portal_id)s::bigint AND c.object_type_id = %(object_type_id)s
      AND c.position IS NOT NULL AND NOT c.dropped)
"""

# --- what writers tell --------------------------------------------------------------------------

# Nothing of a type without columns. In the whole turn, so numbers are committed in their order.
NUMBER_REMOVAL: Final = """
UPDATE search_portal s SET removals = s.removals + 1
WHERE s.portal_id = %(portal_id)s::bigint AND EXISTS (
    SELECT FROM search_column c
    WHERE c.portal_id = %(portal_id)s::bigint AND c.object_type_id = %(object_type_id)s
      AND NOT c.dropped)
"""

# A column that came between the two statements takes in records only after this turn has ended.
NOTE_REMOVAL: Final = """
INSERT INTO search_removal AS m (portal_id, object_type_id, number, record_ids)
SELECT s.portal_id, %(object_type_id)s::text, s.removals, %(record_ids)s::bigint[]
FROM search_portal s
WHERE s.portal_id = %(portal_id)s::bigint AND EXISTS (
    SELECT FROM search_column c
    WHERE c.portal_id = %(portal_id)s::bigint AND c.object_type_id = %(object_type_id)s
      AND NOT c.dropped)
ON CONFLICT (portal_id, object_type_id, number) DO NOTHING
"""

# So many notes of a type are kept; a column that has not taken in an older one is made anew.
TRIM_NOTES: Final = """
DELETE FROM search_removal m
WHERE m.portal_id = %(portal_id)s::bigint AND m.object_type_id = %(object_type_id)s
  AND m.number <= (SELECT s.removals FROM search_portal s
                   WHERE s.portal_id = %(portal_id)s::bigint) - %(kept)s::bigint
"""

# With whether notes are gone that a column has not taken in.
LOCK_TYPE_COLUMNS: Final = """
SELECT c.column_id, c.digest, c.position IS NOT NULL AND c.removals_to + %(kept)s::bigint < (
    SELECT s.removals FROM search_portal s WHERE s.portal_id = %(portal_id)s::bigint)
FROM search_column c
WHERE c.portal_id = %(portal_id)s::bigint AND c.object_type_id = %(object_type_id)s
ORDER BY c.column_id FOR UPDATE
"""

NOTED_RECORDS: Final = """
SELECT m.record_ids FROM search_removal m
WHERE m.portal_id = %(portal_id)s::bigint AND m.object_type_id = %(object_type_id)s
"""

ACTIVE_AMONG: Final = """
SELECT r.record_id FROM record r
WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(object_type_id)s
  AND r.record_id = ANY(%(record_ids)s::bigint[]) AND r.archived_at_ms IS NULL
"""

ERASE_KEYS: Final = """
DELETE FROM search_key
WHERE portal_id = %(portal_id)s::bigint AND column_id = ANY(%(column_ids)s::integer[])
  AND record_id = ANY(%(record_ids)s::bigint[])
"""

ERASE_TERMS: Final = """
DELETE FROM search_text
WHERE portal_id = %(portal_id)s::bigint AND column_id = ANY(%(column_ids)s::integer[])
  AND record_id = ANY(%(record_ids)s::bigint[])
"""

COLUMNS_ERASED: Final = """
UPDATE search_column SET version = version + 1, row_count = row_count - %(rows)s::bigint
WHERE portal_id = %(portal_id)s::bigint AND column_id = ANY(%(column_ids)s::integer[])
"""

PURGE_KEYS: Final = """
DELETE FROM search_key
WHERE portal_id = %(portal_id)s::bigint AND column_id = ANY(%(column_ids)s::integer[])
"""

PURGE_TERMS: Final = """
DELETE FROM search_text
WHERE portal_id = %(portal_id)s::bigint AND column_id = ANY(%(column_ids)s::integer[])
"""

PURGE_COLUMNS: Final = """
DELETE FROM search_column
WHERE portal_id = %(portal_id)s::bigint AND column_id = ANY(%(column_ids)s::integer[])
"""

PURGE_NOTES: Final = """
DELETE FROM search_removal
WHERE portal_id = %(portal_id)s::bigint AND object_type_id = %(object_type_id)s
"""
