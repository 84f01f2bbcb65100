"""SQL of what values that follow from associations are worked out from."""

from typing import Final

# The state of a record is read from two indexes: its document would be a page of its own.
ACTIVE_LINKS: Final = """
SELECT i.value, (
  SELECT count(*) FROM association a
  WHERE a.portal_id = :portal_id AND a.from_record_id = i.value
    AND a.to_object_type_id = :to_type_id AND a.from_object_type_id = :from_type_id
    AND a.category = :category AND a.type_id = :type_id
    AND EXISTS (
      SELECT 1 FROM record r
      WHERE r.portal_id = :portal_id AND r.object_type_id = :to_type_id
        AND r.record_id = a.to_record_id)
    AND NOT EXISTS (
      SELECT 1 FROM record g INDEXED BY record_archived
      WHERE g.portal_id = :portal_id AND g.object_type_id = :to_type_id
        AND g.record_id = a.to_record_id AND g.archived_at_ms IS NOT NULL)
), (
  SELECT b.to_record_id FROM association b
  WHERE b.portal_id = :portal_id AND b.from_record_id = i.value
    AND b.to_object_type_id = :to_type_id AND b.from_object_type_id = :from_type_id
    AND b.category = :category AND b.type_id = :type_id
    AND EXISTS (
      SELECT 1 FROM record r
      WHERE r.portal_id = :portal_id AND r.object_type_id = :to_type_id
        AND r.record_id = b.to_record_id AND r.archived_at_ms IS NULL)
  ORDER BY b.to_record_id LIMIT 1
)
FROM json_each(:record_ids) i
"""

# Of each start the first ones are found by the key; other types of the same pair are passed over.
ASSOCIATIONS_FROM: Final = """
WITH start AS MATERIALIZED (
  SELECT i.value ->> '$[0]' AS from_id, i.value ->> '$[1]' AS to_type_id,
   i.value ->> '$[2]' AS category, i.value ->> '$[3]' AS type_id, i.value ->> '$[4]' AS first_id
  FROM json_each(:starts) i
)
SELECT a.from_object_type_id, a.from_record_id, a.to_object_type_id, a.to_record_id,
 a.category, a.type_id
FROM start s CROSS JOIN association a
WHERE a.portal_id = :portal_id AND a.from_record_id = s.from_id
  AND a.to_object_type_id = s.to_type_id
  AND a.to_record_id IN (
    SELECT b.to_record_id FROM association b
    WHERE b.portal_id = :portal_id AND b.from_record_id = s.from_id
      AND b.to_object_type_id = s.to_type_id AND b.to_record_id >= s.first_id
      AND b.category = s.category AND b.type_id = s.type_id
      AND b.from_object_type_id = :from_type_id
    ORDER BY b.to_record_id LIMIT :count_max)
  AND a.category = s.category AND a.type_id = s.type_id
  AND a.from_object_type_id = :from_type_id
ORDER BY a.from_record_id, a.to_object_type_id, a.to_record_id, a.category, a.type_id
"""
