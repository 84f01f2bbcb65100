"""SQL of all that a portal has: its copies, its removal, and its snapshots."""

from typing import Final

from moyeu.storage.sql.content_queries import clearing, clearing_parts, copying, removing
from moyeu.storage.sqlite.portal_tables import OWN_TABLES as _OWN_TABLES

SNAPSHOTS: Final = """
SELECT portal_id, name, contents_id, created_at_ms, record_count, counters FROM snapshot
WHERE portal_id = :portal_id ORDER BY name
"""

PUT_SNAPSHOT: Final = """
INSERT OR REPLACE INTO snapshot
    (portal_id, name, contents_id, created_at_ms, record_count, counters)
VALUES (:portal_id, :name, :contents_id, :created_at_ms, :record_count, :counters)
"""

REMOVE_SNAPSHOT: Final = "DELETE FROM snapshot WHERE portal_id = :portal_id AND name = :name"

COPY_CONTENTS: Final = copying(":portal_id", ":to_id")

CLEAR_CONTENTS: Final = clearing(":portal_id")

CLEAR_PARTS: Final = clearing_parts(":portal_id", ":count_max")

# Tokens are removed one by one, since they are remembered.
REMOVE_PORTAL: Final = removing(
    tuple(each for each in _OWN_TABLES if each != "token"), ":portal_id"
)

SET_COUNTERS: Final = """
UPDATE portal SET next_record_id = :next_record_id,
                  next_object_type = :next_object_type,
                  next_list = :next_list,
                  next_list_folder = :next_list_folder,
                  next_association_type = :next_association_type,
                  last_erased_write = max(last_erased_write, :last_write)
WHERE portal_id = :portal_id
"""
