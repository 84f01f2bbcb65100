"""SQL of what values that follow from associations are worked out from."""

from typing import Final

# Whether a record is there and not archived is read from two indexes, without its document.
ACTIVE_LINKS: Final = """
SELECT i.from_id, n.linked, f.first_id
FROM unnest(%(record_ids)s::bigint[]) AS i(from_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS linked FROM association a
    WHERE a.portal_id = %(portal_id)s::bigint AND a.from_record_id = i.from_id
      AND a.to_object_type_id = %(to_type_id)s AND a.from_object_type_id = %(from_type_id)s
      AND a.category = %(category)s AND a.type_id = %(type_id)s::bigint
      AND EXISTS (
          SELECT 1 FROM record r
          WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(to_type_id)s
            AND r.record_id = a.to_record_id OFFSET 0)
      AND NOT EXISTS (
          SELECT 1 FROM record g
          WHERE g.portal_id = %(portal_id)s::bigint AND g.object_type_id = %(to_type_id)s
            AND g.record_id = a.to_record_id AND g.archived_at_ms IS NOT NULL OFFSET 0)) n
LEFT JOIN LATERAL (
    SELECT b.to_record_id AS first_id FROM association b
    WHERE b.portal_id = %(portal_id)s::bigint AND b.from_record_id = i.from_id
      AND b.to_object_type_id = %(to_type_id)s AND b.from_object_type_id = %(from_type_id)s
      AND b.category = %(category)s AND b.type_id = %(type_id)s::bigint
      AND EXISTS (
          SELECT 1 FROM record r
          WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(to_type_id)s
            AND r.record_id = b.to_record_id AND r.archived_at_ms IS NULL OFFSET 0)
    ORDER BY b.to_record_id LIMIT 1) f ON true
"""

# Starts are [from record, to type, category, type id, lowest to record]. The first ones are found
# by the key; other types of the same pair are passed over.
ASSOCIATIONS_FROM: Final = """
SELECT a.from_object_type_id, a.from_record_id, a.to_object_type_id, a.to_record_id, a.category,
       a.type_id
FROM jsonb_array_elements(%(starts)s::jsonb) AS s(v)
CROSS JOIN LATERAL (
    SELECT b.* FROM association b
    WHERE b.portal_id = %(portal_id)s::bigint AND b.from_record_id = (s.v ->> 0)::bigint
      AND b.to_object_type_id = s.v ->> 1 AND b.category = s.v ->> 2
      AND b.type_id = (s.v ->> 3)::bigint AND b.to_record_id >= (s.v ->> 4)::bigint
      AND b.from_object_type_id = %(from_type_id)s
    ORDER BY b.to_record_id LIMIT %(count_max)s::bigint) a
ORDER BY a.from_record_id, a.to_object_type_id, a.to_record_id, a.category, a.type_id
"""
