"""SQL of how much associations are used: one look-up, and walks over those of a portal."""

from typing import Final

# The last term is that of the index, which holds no other rows.
ASSOCIATION_TYPE_IN_USE: Final = """
SELECT 1 FROM association a
WHERE a.portal_id = %(portal_id)s::bigint AND a.category = %(category)s
  AND a.type_id = %(type_id)s::bigint AND a.category <> 'HUBSPOT_DEFINED'
LIMIT 1
"""

ASSOCIATIONS_OF_TYPE: Final = """
SELECT a.from_object_type_id, a.from_record_id, a.to_object_type_id, a.to_record_id, a.category,
       a.type_id
FROM association a
WHERE a.portal_id = %(portal_id)s::bigint AND a.category = %(category)s
  AND a.type_id = %(type_id)s::bigint AND a.category <> 'HUBSPOT_DEFINED'
LIMIT %(count_max)s::bigint
"""

# Two types may have records with one id, so the from-type is a part of the group.
FULLEST_RECORDS: Final = """
SELECT c.from_object_type_id, c.to_object_type_id, max(c.linked) FROM (
    SELECT a.from_object_type_id, a.to_object_type_id, count(DISTINCT a.to_record_id) AS linked
    FROM association a WHERE a.portal_id = %(portal_id)s::bigint
    GROUP BY a.portal_id, a.from_record_id, a.to_object_type_id, a.from_object_type_id) c
GROUP BY c.from_object_type_id, c.to_object_type_id
"""

CROWDED_RECORDS: Final = """
SELECT c.from_record_id, c.linked, count(*) OVER () FROM (
    SELECT a.from_record_id, count(DISTINCT a.to_record_id) AS linked
    FROM association a
    WHERE a.portal_id = %(portal_id)s::bigint AND a.from_object_type_id = %(from_type_id)s
      AND a.to_object_type_id = %(to_type_id)s
    GROUP BY a.portal_id, a.from_record_id
    HAVING count(DISTINCT a.to_record_id) >= %(linked_min)s::bigint
       AND count(DISTINCT a.to_record_id) < %(linked_end)s::bigint) c
ORDER BY c.linked DESC, c.from_record_id
LIMIT %(count_max)s::bigint
"""
