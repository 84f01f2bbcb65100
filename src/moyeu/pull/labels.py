"""Copying the labels of associations, one pair of object types at a time, and all limits at once.

What a label is called inside is told by v3 alone. Both directions of a label have one name
(observed 2026-10), so the names tell which of them belong together.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from moyeu.catalog.associations import (
    CATEGORY_NUMBERS,
    AssociationCategory,
    AssociationType,
    standard_associations,
)
from moyeu.catalog.object_types import ObjectType
from moyeu.crm.associations import association_types_of
from moyeu.crm.object_schemas import PortalTypes
from moyeu.pull.addresses import Addresses
from moyeu.pull.client import Refused, Upstream
from moyeu.pull.definitions import read_all
from moyeu.pull.reading import LabelBody, LimitBody, TypeNameBody
from moyeu.pull.schemas import without_labels
from moyeu.storage.contract import WriteTransaction


@dataclass(frozen=True, slots=True)
class ToldLabel:
    """A label of one direction; name: None where the other side does not tell it."""

    category: AssociationCategory
    type_id: int
    label: str
    name: str | None


@dataclass(frozen=True, slots=True)
class ToldLabels:
    """The labels of a pair of types in both directions, by type id; HubSpot's usual ones are not
    among them. Between records of one type both directions are the same.

    unnamed: why their names are not told.
    """

    forth: tuple[ToldLabel, ...]
    back: tuple[ToldLabel, ...]
    unnamed: Refused | None = None


# --- reading ---------------------------------------------------------------------------------


async def read_labels(
    upstream: Upstream, addresses: Addresses, from_type: ObjectType, to_type: ObjectType
) -> ToldLabels | Refused:
    """What the other side says about the labels of a pair of types."""
    ways = [(from_type, to_type)]
    if from_type.id != to_type.id:
        ways.append((to_type, from_type))
    told: list[list[LabelBody]] = []
    for way in ways:
        found = await read_all(upstream, LabelBody, f"{addresses.associations(*way)}/labels", {})
        if isinstance(found, Refused):
            return found
        told.append([each for each in found if _is_label(each)])
    if not any(told):
        return ToldLabels((), ())
    names: list[list[TypeNameBody]] = []
    for way in ways:
        found_names = await read_all(upstream, TypeNameBody, addresses.association_names(*way), {})
        if isinstance(found_names, Refused):
            # With the names of one direction alone, nothing could be matched.
            unnamed = [_named(bodies, {}) for bodies in told]
            return ToldLabels(unnamed[0], unnamed[-1], found_names)
        names.append(found_names)
    named = [
        _named(bodies, _names_by_id(*way, found_names))
        for bodies, way, found_names in zip(told, ways, names, strict=True)
    ]
    return ToldLabels(named[0], named[-1])


def _is_label(body: LabelBody) -> bool:
    is_usual = (body.category, body.type_id) in standard_associations().by_key
    return bool(body.label) and not is_usual and body.category in CATEGORY_NUMBERS


def _names_by_id(
    from_type: ObjectType, to_type: ObjectType, bodies: Sequence[TypeNameBody]
) -> dict[str, str]:
    """The names that ids have without doubt.

    Names come with ids but without categories, and ids are unique within a category only: a name
    that HubSpot has for its own type of that id is no label's.
    """
    usual = {
        (str(each.type_id), each.name)
        for each in standard_associations().by_pair.get((from_type.id, to_type.id), ())
    }
    own: defaultdict[str, set[str]] = defaultdict(set)
    for each in bodies:
        if (str(each.id), each.name) not in usual:
            own[str(each.id)].add(each.name)
    return {type_id: min(names) for type_id, names in own.items() if len(names) == 1}


def _named(bodies: Sequence[LabelBody], names: Mapping[str, str]) -> tuple[ToldLabel, ...]:
    return tuple(
        ToldLabel(
            msgspec.convert(each.category, AssociationCategory),
            each.type_id,
            each.label or "",
            names.get(str(each.type_id)),
        )
        for each in sorted(bodies, key=lambda each: each.type_id)
    )


async def read_limits(upstream: Upstream, addresses: Addresses) -> list[LimitBody] | Refused:
    """All limits that the other side has set for association types."""
    return await read_all(upstream, LimitBody, addresses.association_limits(), {})


# --- which direction belongs to which --------------------------------------------------------

Pair = tuple[ToldLabel, ToldLabel]
"""A label and that of the other direction; the same one twice for one that is its own inverse."""


def paired(told: ToldLabels, *, is_same_type: bool) -> list[Pair]:
    """The labels with those of the other direction; one without any is left out.

    Where no names tell, a new label takes two ids that follow each other (observed), so both
    directions are in one order: a guess.
    """
    if is_same_type:
        return _paired_among(told.forth)
    pairs, forth, back = _matched(told.forth, told.back, lambda each: (each.category, each.name))
    rest, _, _ = _matched(forth, back, lambda each: each.category)
    return pairs + rest


def _matched(
    forth: Sequence[ToldLabel],
    back: Sequence[ToldLabel],
    key: Callable[[ToldLabel], object],
) -> tuple[list[Pair], list[ToldLabel], list[ToldLabel]]:
    """Those with the same key in their order, and the rest of both."""
    waiting: defaultdict[object, list[ToldLabel]] = defaultdict(list)
    for each in back:
        waiting[key(each)].append(each)
    pairs, rest = [], []
    for each in forth:
        if others := waiting[key(each)]:
            pairs.append((each, others.pop(0)))
        else:
            rest.append(each)
    return pairs, rest, [each for others in waiting.values() for each in others]


def _paired_among(labels: Sequence[ToldLabel]) -> list[Pair]:
    """Between records of one type: two of one name are one pair, any other is its own inverse."""
    by_name: defaultdict[object, list[ToldLabel]] = defaultdict(list)
    for each in labels:
        by_name[each.category, each.name or each.type_id].append(each)
    pairs: list[Pair] = []
    for named in by_name.values():
        inverses = named[::-1] if len(named) == 2 else named
        pairs += zip(named, inverses, strict=True)
    return pairs


# --- putting ---------------------------------------------------------------------------------


def put_labels(
    transaction: WriteTransaction,
    portal_id: int,
    from_type: ObjectType,
    to_type: ObjectType,
    told: ToldLabels,
) -> None:
    """Puts the labels in the place of those that the pair had; labels in use stay."""
    kinds = _kinds(from_type, to_type, told)
    keys = {each.key for each in kinds}
    object_types = transaction.object_types(portal_id)
    for schema in object_types.schemas.values():
        kept = without_labels(schema, keys)
        if kept != schema:
            transaction.put_schema(portal_id, kept)
    transaction.put_association_types(portal_id, kinds)
    gone = [
        each
        for each in labels_of_pair(object_types, from_type, to_type)
        if each.key not in keys and not transaction.association_type_in_use(portal_id, each)
    ]
    transaction.remove_association_types(portal_id, gone)


def labels_of_pair(
    object_types: PortalTypes, one: ObjectType, other: ObjectType
) -> list[AssociationType]:
    """The labels that the portal has of a pair of types, in both directions."""
    ends = {one.id, other.id}
    return [
        each
        for each in object_types.labels
        if {each.from_object_type_id, each.to_object_type_id} == ends
        and each.category != "HUBSPOT_DEFINED"
    ]


def _kinds(from_type: ObjectType, to_type: ObjectType, told: ToldLabels) -> list[AssociationType]:
    is_same_type = from_type.id == to_type.id
    kinds = []
    for one, other in paired(told, is_same_type=is_same_type):
        kinds.append(_kind(one, other, from_type, to_type))
        if not is_same_type:
            kinds.append(_kind(other, one, to_type, from_type))
    return kinds


def _kind(
    label: ToldLabel, inverse: ToldLabel, from_type: ObjectType, to_type: ObjectType
) -> AssociationType:
    return AssociationType(
        category=label.category,
        type_id=label.type_id,
        from_object_type_id=from_type.id,
        to_object_type_id=to_type.id,
        kind="labeled",
        # A name that is not told is made of the label.
        name=label.name or "_".join(label.label.lower().split()),
        label=label.label,
        inverse_id=inverse.type_id,
    )


def put_limits(transaction: WriteTransaction, portal_id: int, limits: Sequence[LimitBody]) -> None:
    """Puts the limits in the place of those that the portal had.

    Limits of types that the portal does not know are passed over: no record here has them.
    """
    object_types = transaction.object_types(portal_id)
    types = association_types_of(object_types)
    told = {(each.category, each.type_id): each.user_enforced_max_to_object_ids for each in limits}
    for key in told.keys() | object_types.association_limits.keys():
        kind = types.find(*key)
        if kind is not None:
            transaction.put_association_limit(portal_id, kind, told.get(key))
