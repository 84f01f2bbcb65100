"""SQL of associations that are read in parts, by pairs and by types.

In each the ids that were asked for are the outer loop; the primary key of `association` finds the
rows of one record and one other type in the order in which they are answered.
"""

from typing import Final

ACTIVE_IDS: Final = """
SELECT r.record_id FROM json_each(:record_ids) i
CROSS JOIN record r
WHERE r.portal_id = :portal_id AND r.object_type_id = :object_type_id
  AND r.record_id = i.value AND r.archived_at_ms IS NULL
"""

# The first to-records are found with their state; all rows of each of them are answered.
LINKED: Final = """
WITH start AS MATERIALIZED (
  SELECT i.value ->> '$[0]' AS from_id, i.value ->> '$[1]' AS first_id
  FROM json_each(:starts) i
  WHERE EXISTS (
    SELECT 1 FROM record f
    WHERE f.portal_id = :portal_id AND f.object_type_id = :from_type_id
      AND f.record_id = i.value ->> '$[0]' AND f.archived_at_ms IS NULL)
)
SELECT a.from_object_type_id, a.from_record_id, a.to_object_type_id, a.to_record_id,
 a.category, a.type_id
FROM start s CROSS JOIN association a
WHERE a.portal_id = :portal_id AND a.from_record_id = s.from_id
  AND a.to_object_type_id = :to_type_id
  AND a.to_record_id IN (
    SELECT DISTINCT b.to_record_id FROM association b
    WHERE b.portal_id = :portal_id AND b.from_record_id = s.from_id
      AND b.to_object_type_id = :to_type_id AND b.to_record_id >= s.first_id
      AND b.from_object_type_id = :from_type_id
      AND EXISTS (
        SELECT 1 FROM record r
        WHERE r.portal_id = :portal_id AND r.object_type_id = :to_type_id
          AND r.record_id = b.to_record_id AND r.archived_at_ms IS NULL)
    ORDER BY b.to_record_id LIMIT :count_max)
  AND a.from_object_type_id = :from_type_id
ORDER BY a.from_record_id, a.to_record_id, a.category, a.type_id
"""

PAIR_ASSOCIATIONS: Final = """
WITH pair AS MATERIALIZED (
  SELECT i.value ->> '$[0]' AS from_id, i.value ->> '$[1]' AS to_id FROM json_each(:pairs) i
)
SELECT a.from_object_type_id, a.from_record_id, a.to_object_type_id, a.to_record_id,
 a.category, a.type_id
FROM pair p CROSS JOIN association a
WHERE a.portal_id = :portal_id AND a.from_record_id = p.from_id
  AND a.to_object_type_id = :to_type_id AND a.to_record_id = p.to_id
  AND a.from_object_type_id = :from_type_id
ORDER BY a.from_record_id, a.to_record_id, a.category, a.type_id
"""

ASSOCIATIONS_BY_TYPE: Final = """
SELECT a.from_object_type_id, a.from_record_id, a.to_object_type_id, a.to_record_id,
 a.category, a.type_id
FROM json_each(:record_ids) i CROSS JOIN association a
WHERE a.portal_id = :portal_id AND a.from_record_id = i.value
  AND a.to_object_type_id = :to_type_id AND a.from_object_type_id = :from_type_id
  AND (a.category, a.type_id) IN (
    SELECT k.value ->> '$[0]', k.value ->> '$[1]' FROM json_each(:keys) k)
ORDER BY a.from_record_id, a.to_record_id, a.category, a.type_id
"""

# One walk for each record and type, because groups would have to be sorted.
COUNT_BY_TYPE: Final = """
WITH key AS MATERIALIZED (
  SELECT i.value ->> '$[0]' AS category, i.value ->> '$[1]' AS type_id FROM json_each(:keys) i
)
SELECT i.value, k.category, k.type_id, (
  SELECT count(*) FROM association a
  WHERE a.portal_id = :portal_id AND a.from_record_id = i.value
    AND a.to_object_type_id = :to_type_id
    AND a.type_id = k.type_id AND a.category = k.category
    AND a.from_object_type_id = :from_type_id)
FROM json_each(:record_ids) i CROSS JOIN key k
"""
