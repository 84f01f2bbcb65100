"""The statement that counts the searches of a portal."""

from typing import Final

# No row comes back for a search that is not admitted. A moment that is far ahead is from before the
# clock was set back.
ADMIT_SEARCH: Final = """
INSERT INTO search_rate AS r (portal_id, admitted_ms)
VALUES (%(portal_id)s::bigint, ARRAY[%(now_ms)s::bigint])
ON CONFLICT (portal_id) DO UPDATE
SET admitted_ms = r.admitted_ms[cardinality(r.admitted_ms) - %(per_second)s::integer + 2:]
                  || %(now_ms)s::bigint
WHERE cardinality(r.admitted_ms) < %(per_second)s::integer
   OR abs(%(now_ms)s::bigint
          - r.admitted_ms[cardinality(r.admitted_ms) - %(per_second)s::integer + 1]) >= 1000
RETURNING r.portal_id
"""
