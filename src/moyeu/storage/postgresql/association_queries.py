"""SQL of associations: of records, in parts, by pairs and by types.

In each the ids that were asked for are the outer loop: a look-up for each of them (`LATERAL`), and
a limit or `OFFSET 0` keeps it from being joined in another way. The primary key of `association`
finds the rows of one record and one other type in the order in which they are answered.
"""

from typing import Final

_ASSOCIATION: Final = (
    "a.from_object_type_id, a.from_record_id, a.to_object_type_id, a.to_record_id, a.category,"
    " a.type_id"
)

# What are these records associated with? Ids of two types may coincide in a copied old portal.
ASSOCIATIONS: Final = f"""
SELECT {_ASSOCIATION}
FROM unnest(%(record_ids)s::bigint[]) AS i(from_id)
CROSS JOIN LATERAL (
    SELECT c.* FROM association c
    WHERE c.portal_id = %(portal_id)s::bigint AND c.from_record_id = i.from_id
      AND c.from_object_type_id = %(object_type_id)s
    OFFSET 0) a
ORDER BY a.from_record_id, a.to_object_type_id, a.to_record_id, a.category, a.type_id
"""

# Which of these records are associated with that one?
ASSOCIATIONS_BACK: Final = f"""
SELECT {_ASSOCIATION}
FROM unnest(%(record_ids)s::bigint[]) AS i(from_id)
CROSS JOIN LATERAL (
    SELECT c.* FROM association c
    WHERE c.portal_id = %(portal_id)s::bigint AND c.from_record_id = i.from_id
      AND c.to_object_type_id = %(object_type_id)s AND c.to_record_id = %(record_id)s::bigint
    OFFSET 0) a
"""

ASSOCIATIONS_AFTER: Final = f"""
SELECT {_ASSOCIATION} FROM association a
WHERE a.portal_id = %(portal_id)s::bigint
  AND (a.from_record_id, a.to_object_type_id, a.to_record_id, a.category, a.type_id)
      > (%(from_record_id)s::bigint, %(to_object_type_id)s, %(to_record_id)s::bigint,
         %(category)s, %(type_id)s::bigint)
ORDER BY a.from_record_id, a.to_object_type_id, a.to_record_id, a.category, a.type_id
LIMIT %(count_max)s::bigint
"""

# Rows are [from type, from record, to type, to record, category, type id].
PUT_ASSOCIATION: Final = """
INSERT INTO association AS a (portal_id, from_object_type_id, from_record_id, to_object_type_id,
                              to_record_id, category, type_id)
SELECT p.portal_id, i.v ->> 0, (i.v ->> 1)::bigint, i.v ->> 2, (i.v ->> 3)::bigint, i.v ->> 4,
       (i.v ->> 5)::bigint
FROM portal p CROSS JOIN jsonb_array_elements(%(rows)s::jsonb) AS i(v)
WHERE p.portal_id = %(portal_id)s::bigint
ORDER BY (i.v ->> 1)::bigint, (i.v ->> 2) COLLATE "C", (i.v ->> 3)::bigint, (i.v ->> 4) COLLATE "C",
         (i.v ->> 5)::bigint
ON CONFLICT (portal_id, from_record_id, to_object_type_id, to_record_id, category, type_id)
DO NOTHING
"""

# Rows as above.
REMOVE_ASSOCIATION: Final = """
DELETE FROM association a
USING jsonb_array_elements(%(rows)s::jsonb) AS i(v)
WHERE a.portal_id = %(portal_id)s::bigint
  AND a.from_record_id = (i.v ->> 1)::bigint AND a.to_object_type_id = i.v ->> 2
  AND a.to_record_id = (i.v ->> 3)::bigint AND a.category = i.v ->> 4
  AND a.type_id = (i.v ->> 5)::bigint AND a.from_object_type_id = i.v ->> 0
"""

ACTIVE_IDS: Final = """
SELECT r.record_id
FROM unnest(%(record_ids)s::bigint[]) AS i(record_id)
CROSS JOIN LATERAL (
    SELECT d.record_id FROM record d
    WHERE d.portal_id = %(portal_id)s::bigint AND d.object_type_id = %(object_type_id)s
      AND d.record_id = i.record_id AND d.archived_at_ms IS NULL
    LIMIT 1) r
"""

# Starts are [from record, lowest to record]. The first to-records are found with their state; all
# rows of each of them are answered.
LINKED: Final = f"""
SELECT {_ASSOCIATION}
FROM (SELECT (e ->> 0)::bigint AS from_id, (e ->> 1)::bigint AS first_id
      FROM jsonb_array_elements(%(starts)s::jsonb) e) s
CROSS JOIN LATERAL (
    SELECT 1 FROM record f
    WHERE f.portal_id = %(portal_id)s::bigint AND f.object_type_id = %(from_type_id)s
      AND f.record_id = s.from_id AND f.archived_at_ms IS NULL
    LIMIT 1) active_from
CROSS JOIN LATERAL (
    SELECT DISTINCT b.to_record_id FROM association b
    CROSS JOIN LATERAL (
        SELECT 1 FROM record r
        WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(to_type_id)s
          AND r.record_id = b.to_record_id AND r.archived_at_ms IS NULL
        LIMIT 1) active_to
    WHERE b.portal_id = %(portal_id)s::bigint AND b.from_record_id = s.from_id
      AND b.to_object_type_id = %(to_type_id)s AND b.to_record_id >= s.first_id
      AND b.from_object_type_id = %(from_type_id)s
    ORDER BY b.to_record_id LIMIT %(count_max)s::bigint) t
CROSS JOIN LATERAL (
    SELECT c.* FROM association c
    WHERE c.portal_id = %(portal_id)s::bigint AND c.from_record_id = s.from_id
      AND c.to_object_type_id = %(to_type_id)s AND c.to_record_id = t.to_record_id
      AND c.from_object_type_id = %(from_type_id)s
    OFFSET 0) a
ORDER BY a.from_record_id, a.to_record_id, a.category, a.type_id
"""

# Pairs are [from record, to record].
PAIR_ASSOCIATIONS: Final = f"""
SELECT {_ASSOCIATION}
FROM (SELECT (e ->> 0)::bigint AS from_id, (e ->> 1)::bigint AS to_id
      FROM jsonb_array_elements(%(pairs)s::jsonb) e) p
CROSS JOIN LATERAL (
    SELECT c.* FROM association c
    WHERE c.portal_id = %(portal_id)s::bigint AND c.from_record_id = p.from_id
      AND c.to_object_type_id = %(to_type_id)s AND c.to_record_id = p.to_id
      AND c.from_object_type_id = %(from_type_id)s
    OFFSET 0) a
ORDER BY a.from_record_id, a.to_record_id, a.category, a.type_id
"""

# Keys are [category, type id].
ASSOCIATIONS_BY_TYPE: Final = f"""
SELECT {_ASSOCIATION}
FROM unnest(%(record_ids)s::bigint[]) AS i(from_id)
CROSS JOIN LATERAL (
    SELECT c.* FROM association c
    WHERE c.portal_id = %(portal_id)s::bigint AND c.from_record_id = i.from_id
      AND c.to_object_type_id = %(to_type_id)s AND c.from_object_type_id = %(from_type_id)s
    OFFSET 0) a
WHERE (a.category, a.type_id) IN (
    SELECT k ->> 0, (k ->> 1)::bigint FROM jsonb_array_elements(%(keys)s::jsonb) k)
ORDER BY a.from_record_id, a.to_record_id, a.category, a.type_id
"""

COUNT_BY_TYPE: Final = """
SELECT i.from_id, k.v ->> 0, (k.v ->> 1)::bigint, l.linked
FROM unnest(%(record_ids)s::bigint[]) AS i(from_id)
CROSS JOIN jsonb_array_elements(%(keys)s::jsonb) AS k(v)
CROSS JOIN LATERAL (
    SELECT count(*) AS linked FROM association a
    WHERE a.portal_id = %(portal_id)s::bigint AND a.from_record_id = i.from_id
      AND a.to_object_type_id = %(to_type_id)s AND a.category = k.v ->> 0
      AND a.type_id = (k.v ->> 1)::bigint AND a.from_object_type_id = %(from_type_id)s) l
"""
