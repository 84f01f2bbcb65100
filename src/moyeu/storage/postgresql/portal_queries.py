"""SQL of all that a portal has: its copies, its removal, and its snapshots.

A copy goes from one portal's node to another's, so its statements name two.
"""

from typing import Final

from moyeu.storage.postgresql import portal_tables as _tables
from moyeu.storage.sql.content_queries import clearing, clearing_parts, copying, removing

_PORTAL: Final = "%(portal_id)s::bigint"

SNAPSHOTS: Final = """
SELECT portal_id, name, contents_id, created_at_ms, record_count, counters FROM snapshot
WHERE portal_id = %(portal_id)s::bigint ORDER BY name
"""

# Of no portal, which have no turn.
HOLD_SNAPSHOTS: Final = """
SELECT name FROM snapshot WHERE portal_id = %(portal_id)s::bigint ORDER BY name FOR SHARE
"""

PUT_SNAPSHOT: Final = """
INSERT INTO snapshot (portal_id, name, contents_id, created_at_ms, record_count, counters)
VALUES (%(portal_id)s::bigint, %(name)s, %(contents_id)s::bigint, %(created_at_ms)s::bigint,
        %(record_count)s::bigint, %(counters)s)
ON CONFLICT (portal_id, name) DO UPDATE
SET contents_id = excluded.contents_id, created_at_ms = excluded.created_at_ms,
    record_count = excluded.record_count, counters = excluded.counters
"""

REMOVE_SNAPSHOT: Final = """
DELETE FROM snapshot WHERE portal_id = %(portal_id)s::bigint AND name = %(name)s
"""

COPY_CONTENTS: Final = copying(_PORTAL, "%(to_id)s::bigint")

CLEAR_CONTENTS: Final = clearing(_PORTAL)

CLEAR_PARTS: Final = clearing_parts(_PORTAL, "%(count_max)s::bigint")

# Whoever writes rows of a column holds its row.
LOCK_PORTAL_COLUMNS: Final = """
SELECT c.column_id FROM search_column c WHERE c.portal_id = %(portal_id)s::bigint
ORDER BY c.column_id FOR UPDATE
"""

CLEAR_COLUMNS: Final = removing(_tables.SEARCH_TABLES, _PORTAL)

# Tokens are removed one by one, since they are remembered.
REMOVE_PORTAL: Final = removing(
    tuple(each for each in _tables.OWN_TABLES if each not in ("token", *_tables.STAYING_TABLES)),
    _PORTAL,
)

# Blocks of ids and numbers are given up: the next ones begin here.
SET_COUNTERS: Final = """
UPDATE counter
SET next_record_id = %(next_record_id)s::bigint,
    id_epoch = id_epoch + 1,
    next_object_type = %(next_object_type)s::bigint,
    next_list = %(next_list)s::bigint,
    next_list_folder = %(next_list_folder)s::bigint,
    next_association_type = %(next_association_type)s::bigint,
    next_write = greatest(next_write, %(last_write)s::bigint + 1),
    write_epoch = write_epoch + 1
WHERE portal_id = %(portal_id)s::bigint
"""
