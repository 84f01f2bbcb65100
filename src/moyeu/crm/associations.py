"""Associations between records as storage has them, and the types that a portal has for them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from moyeu.catalog.associations import (
    AssociationCategory,
    AssociationIndex,
    AssociationType,
    index_association_types,
    standard_associations,
    type_word,
)
from moyeu.catalog.limits import ASSOCIATED_RECORDS_MAX
from moyeu.crm.object_schemas import PortalTypes, SchemaAssociation

CUSTOM_CATEGORY: AssociationCategory = "USER_DEFINED"
"""The category of the types that come with a custom object: a guess."""


class Association(NamedTuple):
    """One type of association from one record to another; its inverse is a row of its own.

    The ids of records of two types may be equal in the copy of an old portal.
    """

    from_object_type_id: str
    from_record_id: int
    to_object_type_id: str
    to_record_id: int
    category: AssociationCategory
    type_id: int


class AssociationSpec(NamedTuple):
    """The association type that a request names, which may not exist."""

    category: str
    type_id: int


class InlineAssociation(NamedTuple):
    """What a create asks for beside its properties; `to_id` is the text that was sent."""

    to_id: str
    types: tuple[AssociationSpec, ...]


# eq=False: it belongs to one snapshot of the portal's types and to no other.
@dataclass(frozen=True, slots=True, eq=False)
class AssociationTypes:
    """The association types of one portal: HubSpot's own, those of custom types, and labels."""

    object_types: PortalTypes
    _own: AssociationIndex

    def find(self, category: str, type_id: int) -> AssociationType | None:
        """The type with that category and id, None if there is none."""
        key = category, type_id
        return standard_associations().by_key.get(key) or self._own.by_key.get(key)

    def own(self) -> tuple[AssociationType, ...]:
        """The types that are not HubSpot's own, by category and id."""
        return tuple(self._own.by_key.values())

    def inverse(self, kind: AssociationType) -> AssociationType:
        """The type of the other direction."""
        found = self.find(*kind.inverse_key)
        assert found is not None, f"{kind.name} has no inverse"
        return found

    def between(self, from_id: str, to_id: str) -> tuple[AssociationType, ...]:
        """All types from one object type to another, ascending by category and id."""
        pair = from_id, to_id
        own = self._own.by_pair.get(pair, ())
        # The categories ascend in this order.
        return standard_associations().by_pair.get(pair, ()) + own

    def default(self, from_id: str, to_id: str) -> AssociationType | None:
        """The unlabelled type of a pair of object types, None if they cannot be associated.

        Every pair of HubSpot's own types has one (a guess for those that the guide does not
        list); a custom type only with those of its schema.
        """
        types = self.between(from_id, to_id)
        return next((each for each in types if each.kind == "unlabeled"), None)

    def primary(self, from_id: str, to_id: str) -> AssociationType | None:
        """The primary type of a pair of object types, in whichever direction it is one to one."""
        types = self.between(from_id, to_id)
        return next((each for each in types if each.kind == "primary"), None)

    def upper_name(self, object_type_id: str) -> str:
        """The name of an object type in error texts: `MEETING_EVENT`."""
        found = self.object_types.by_id(object_type_id)
        if found is not None:
            return found.upper_name
        return (type_word(object_type_id) or object_type_id).upper()

    def limit_of(self, kind: AssociationType) -> int | None:
        """How many records of the other type a record may have by the type; None for no limit.

        The portal's own limit or, for the unlabelled type that every pair has, the general one.
        """
        general = ASSOCIATED_RECORDS_MAX if kind.kind == "unlabeled" else None
        return self.object_types.association_limits.get(kind.key, general)

    def named(self, from_id: str, to_id: str, name: str) -> tuple[AssociationType, ...]:
        """The types of a pair that v3 calls by that name; else the first with that id in digits."""
        types = self.between(from_id, to_id)
        named = tuple(each for each in types if each.name == name)
        return named or tuple(each for each in types if str(each.type_id) == name)[:1]


@lru_cache(maxsize=64)
def association_types_of(object_types: PortalTypes) -> AssociationTypes:
    """The association types of a snapshot, made once: a snapshot is known by its identity."""
    own = _custom_types(object_types) if object_types.schemas else []
    own += object_types.labels
    return AssociationTypes(object_types, index_association_types(own))


def _custom_types(object_types: PortalTypes) -> list[AssociationType]:
    """The types that the schemas hold.

    Of several of one direction, the one with the lowest id is the unlabelled one and the name of
    each other is its label: guesses. The first of one direction and the first of the other are
    inverse to each other, and so on, as both are made and removed together.
    """
    rows: defaultdict[tuple[str, str], list[SchemaAssociation]] = defaultdict(list)
    for schema in object_types.schemas.values():
        for each in schema.associations:
            rows[each.from_object_type_id, each.to_object_type_id].append(each)
    for ways in rows.values():
        ways.sort(key=lambda each: int(each.id))
    return [
        _custom_type(object_types, way, back, is_labeled=rank > 0)
        for (from_id, to_id), ways in list(rows.items())
        for rank, (way, back) in enumerate(zip(ways, rows[to_id, from_id], strict=True))
    ]


def _custom_type(
    object_types: PortalTypes, way: SchemaAssociation, back: SchemaAssociation, *, is_labeled: bool
) -> AssociationType:
    words = [_word(object_types, each) for each in (way.from_object_type_id, way.to_object_type_id)]
    pattern = "_to_".join(words)
    return AssociationType(
        category=CUSTOM_CATEGORY,
        type_id=int(way.id),
        from_object_type_id=way.from_object_type_id,
        to_object_type_id=way.to_object_type_id,
        kind="labeled" if is_labeled else "unlabeled",
        # The unlabelled one is named after its direction (observed 2024), the bare name of a
        # custom type in it.
        name=(way.name or pattern) if is_labeled else pattern,
        label=(way.label or way.name) if is_labeled else None,
        inverse_id=int(back.id),
    )


def _word(object_types: PortalTypes, type_id: str) -> str:
    schema = object_types.schemas.get(type_id)
    return schema.name if schema else type_word(type_id) or type_id


def both_directions(
    types: AssociationTypes, kind: AssociationType, from_record_id: int, to_record_id: int
) -> tuple[Association, Association]:
    """The row of an association and the row of its inverse."""
    inverse = types.inverse(kind)
    return (
        _row(kind, from_record_id, to_record_id),
        _row(inverse, to_record_id, from_record_id),
    )


def _row(kind: AssociationType, from_record_id: int, to_record_id: int) -> Association:
    return Association(
        kind.from_object_type_id,
        from_record_id,
        kind.to_object_type_id,
        to_record_id,
        kind.category,
        kind.type_id,
    )


def one_to_one_rows(types: AssociationTypes, rows: Iterable[Association]) -> list[Association]:
    """Those of types of which a record has one association at most."""
    found = ((row, types.find(row.category, row.type_id)) for row in rows)
    return [row for row, kind in found if kind is not None and kind.one_to_one]


def displaced_by_merge(
    types: AssociationTypes,
    primary: Iterable[Association],
    other: Iterable[Association],
    ids: tuple[int, int],
    there: Mapping[str, frozenset[int]],
) -> list[Association]:
    """The rows, both directions, that a merge cannot keep.

    primary, other: the `one_to_one_rows` from the two records with these ids; those between the
    two are lost anyway. there: which of the records that they lead to are active, by object type.
    Where both records have such an association, such as the primary company, the primary record's
    stays (a guess, as its values win), unless it alone leads to an archived record, which does not
    count (a guess); the unlabelled type beside it is kept.
    """
    held = {(row.category, row.type_id): row for row in primary if not _leads_to_one_of(row, ids)}
    displaced: list[Association] = []
    for row in other:
        rival = held.get((row.category, row.type_id))
        kind = types.find(row.category, row.type_id)
        if rival is None or kind is None or _leads_to_one_of(row, ids):
            continue
        gives_way = _is_to_one_of(row, there) and not _is_to_one_of(rival, there)
        loser = rival if gives_way else row
        displaced += both_directions(types, kind, loser.from_record_id, loser.to_record_id)
    return displaced


def _leads_to_one_of(row: Association, ids: tuple[int, int]) -> bool:
    """Whether the row leads to one of two records of the type that it comes from."""
    # The record with that id may be of another type, in a copied portal.
    return row.to_record_id in ids and row.to_object_type_id == row.from_object_type_id


def _is_to_one_of(row: Association, there: Mapping[str, frozenset[int]]) -> bool:
    return row.to_record_id in there.get(row.to_object_type_id, ())


def default_associations(
    object_types: PortalTypes,
    from_type_id: str,
    from_id: int,
    to_type_id: str,
    to_id: int,
    *,
    primary: bool = False,
) -> list[Association]:
    """The rows that associate two records in the most generic way, both directions.

    primary: the primary type too, where the pair has one; the caller sees to it that a record has
    one primary only. Raises LookupError for types that cannot be associated.
    """
    types = association_types_of(object_types)
    kind = types.default(from_type_id, to_type_id)
    if kind is None:
        raise LookupError(f"no association type from {from_type_id} to {to_type_id}")
    rows = list(both_directions(types, kind, from_id, to_id))
    chosen = types.primary(from_type_id, to_type_id) if primary else None
    if chosen is not None:
        rows += both_directions(types, chosen, from_id, to_id)
    return rows
