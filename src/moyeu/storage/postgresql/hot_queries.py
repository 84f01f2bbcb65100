"""The statements of a portal's turn and of batches of records.

Each names one portal, so that Citus sends it to one node. A batch travels as one JSON array of
objects with short keys; ids are said twice, so that the plan looks up each record by its key also
where statistics are missing. What is inserted reads the portal's own row, so that it is pushed to
the portal's node. `tests/storage/test_postgresql_plans.py` asserts the plans.
"""

from typing import Final

# The turn of a portal, taken on the node where the portal is; it ends with the transaction.
SHARE_TURN: Final = """
SELECT pg_advisory_xact_lock_shared(%(key)s) FROM portal WHERE portal_id = %(portal_id)s::bigint
"""

TAKE_TURN: Final = """
SELECT pg_advisory_xact_lock(%(key)s) FROM portal WHERE portal_id = %(portal_id)s::bigint
"""

# In a statement after the one that waited for the turn, so that it sees what the turn sees.
PORTAL_STATE: Final = """
SELECT p.definitions_version, c.id_epoch, c.write_epoch, p.is_controlled FROM portal p
JOIN counter c ON c.portal_id = p.portal_id
WHERE p.portal_id = %(portal_id)s::bigint
"""

PORTAL_VERSION: Final = """
SELECT definitions_version FROM portal WHERE portal_id = %(portal_id)s::bigint
"""

RAISE_VERSION: Final = """
UPDATE portal SET definitions_version = definitions_version + 1
WHERE portal_id = %(portal_id)s::bigint
"""

TAKE_RECORD_IDS: Final = """
UPDATE counter SET next_record_id = next_record_id + %(count)s::bigint
WHERE portal_id = %(portal_id)s::bigint RETURNING next_record_id, id_epoch
"""

TAKE_WRITE_NUMBERS: Final = """
UPDATE counter SET next_write = next_write + %(count)s::bigint
WHERE portal_id = %(portal_id)s::bigint RETURNING next_write, write_epoch
"""

# In the whole turn: every number given out before is in a committed row or in none at all.
FENCE: Final = """
UPDATE counter SET write_epoch = write_epoch + 1
WHERE portal_id = %(portal_id)s::bigint RETURNING greatest(next_write - 1, last_erased_write)
"""

# After numbers were used that nobody had taken.
GO_ABOVE_WRITE: Final = """
UPDATE counter SET next_write = greatest(next_write, %(number)s::bigint + 1),
                   write_epoch = write_epoch + 1
WHERE portal_id = %(portal_id)s::bigint
"""

LOCK_RECORDS: Final = """
SELECT r.record_id, r.properties::text, r.created_at_ms, r.updated_at_ms, r.archived_at_ms,
       r.last_write
FROM record r
WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(object_type_id)s
  AND r.record_id = ANY(%(record_ids)s::bigint[])
ORDER BY r.record_id FOR UPDATE
"""

# id; n: number of the write; p: of the record's previous one; t: time of change; k: of creation;
# c: changed values; m: the time of change as a value; x: the client's mark.
CHANGE_RECORDS: Final = """
UPDATE record r
SET properties = r.properties || i.c || jsonb_build_object(%(modified)s::text, i.m),
    updated_at_ms = i.t, created_at_ms = i.k, last_write = i.n
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS i(id bigint, n bigint, t bigint, k bigint, c jsonb, m text)
WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(object_type_id)s
  AND r.record_id = ANY(%(record_ids)s::bigint[]) AND r.record_id = i.id
"""

# d: the whole document.
INSERT_RECORDS: Final = """
INSERT INTO record AS r (portal_id, object_type_id, record_id, properties, created_at_ms,
                         updated_at_ms, archived_at_ms, last_write)
SELECT p.portal_id, %(object_type_id)s::text, i.id, i.d, i.k, i.t, NULL, i.n
FROM portal p CROSS JOIN jsonb_to_recordset(%(rows)s::jsonb)
    AS i(id bigint, d jsonb, k bigint, t bigint, n bigint)
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY i.id
"""

ADD_WRITES: Final = """
INSERT INTO record_write AS w (portal_id, number, object_type_id, record_id, previous,
                               written_at_ms, changed, source_type, app_id, user_id,
                               correlation_id, trace_id)
SELECT p.portal_id, i.n, %(object_type_id)s::text, i.id, i.p, i.t, i.c, %(source_type)s::text,
       %(app_id)s::bigint, %(user_id)s::bigint, %(correlation_id)s::text, i.x
FROM portal p CROSS JOIN jsonb_to_recordset(%(rows)s::jsonb)
    AS i(id bigint, n bigint, p bigint, t bigint, c jsonb, x text)
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY i.n
"""
