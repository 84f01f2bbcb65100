"""SQL of how much associations are used: one look-up, and walks over those of a portal."""

from typing import Final

# The last term is that of the index, which holds no other rows.
ASSOCIATION_TYPE_IN_USE: Final = """
SELECT 1 FROM association a
WHERE a.portal_id = :portal_id AND a.category = :category AND a.type_id = :type_id
  AND a.category <> 'HUBSPOT_DEFINED'
LIMIT 1
"""

# Without the name of the index an empty database would be planned with the primary key.
ASSOCIATIONS_OF_TYPE: Final = """
SELECT a.from_object_type_id, a.from_record_id, a.to_object_type_id, a.to_record_id,
 a.category, a.type_id
FROM association a INDEXED BY association_own_type
WHERE a.portal_id = :portal_id AND a.category = :category AND a.type_id = :type_id
  AND a.category <> 'HUBSPOT_DEFINED'
LIMIT :count_max
"""

# Two types may have records with one id, so the from-type is a part of the group.
FULLEST_RECORDS: Final = """
SELECT from_object_type_id, to_object_type_id, max(linked) FROM (
  SELECT a.from_object_type_id, a.to_object_type_id, count(DISTINCT a.to_record_id) AS linked
  FROM association a WHERE a.portal_id = :portal_id
  GROUP BY a.from_record_id, a.to_object_type_id, a.from_object_type_id) AS counted
GROUP BY from_object_type_id, to_object_type_id
"""

CROWDED_RECORDS: Final = """
WITH counted AS MATERIALIZED (
  SELECT a.from_record_id, count(DISTINCT a.to_record_id) AS linked
  FROM association a
  WHERE a.portal_id = :portal_id AND a.from_object_type_id = :from_type_id
    AND a.to_object_type_id = :to_type_id
  GROUP BY a.from_record_id
  HAVING linked >= :linked_min AND linked < :linked_end)
SELECT from_record_id, linked, (SELECT count(*) FROM counted) FROM counted
ORDER BY linked DESC, from_record_id
LIMIT :count_max
"""
