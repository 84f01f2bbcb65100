"""How much of their limits for associations a portal's object types and records use."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from moyeu.catalog.limits import ASSOCIATION_LABELS_MAX, CROWDED_RECORDS_TOLD_MAX
from moyeu.catalog.object_types import ObjectType
from moyeu.crm.association_labels import count_labels, labels_between
from moyeu.crm.association_limits import near_limit, records_limit
from moyeu.crm.associations import AssociationTypes, association_types_of
from moyeu.crm.records import StoredRecord
from moyeu.operations.limits import Usage
from moyeu.storage.contract import ReadTransaction, Store

_LINKED_END = 2**62
"""Above every number of records that one may be associated with."""


@dataclass(frozen=True, slots=True)
class LabelUsage:
    """The labels from one object type to another; usage: of what both directions may have."""

    from_type: ObjectType
    to_type: ObjectType
    usage: Usage
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CrowdedType:
    """An object type with records near or at their limit of associations."""

    object_type: ObjectType
    at_limit: bool
    near_limit: bool


@dataclass(frozen=True, slots=True)
class CrowdedRecord:
    """A record with many associations; label: its first display property with a value, or id."""

    record_id: int
    label: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class CrowdedPair:
    """The records of one type near or at their limit of associations with another.

    at_limit, near_limit: the first of them, most associations first; totals: how many there are.
    A record at its limit is not near it.
    """

    limit: int
    at_limit_total: int
    at_limit: tuple[CrowdedRecord, ...]
    near_limit_total: int
    near_limit: tuple[CrowdedRecord, ...]


async def label_usages(
    store: Store, portal_id: int, from_text: str | None, to_text: str | None
) -> list[LabelUsage]:
    """How many labels each pair of object types has, one entry a direction.

    from_text, to_text: an object type as a query names it, None or "" for any. Pairs without a
    label are left out, but for one that is named whole (a guess).
    """
    object_types = await store.read(
        lambda transaction: transaction.object_types(portal_id), few=True
    )
    types = association_types_of(object_types)
    named = tuple(object_types.find(text) if text else None for text in (from_text, to_text))
    if named[0] is not None and named[1] is not None:
        return [_label_usage(types, named[0], named[1])]
    if any(text and found is None for text, found in zip((from_text, to_text), named, strict=True)):
        return []
    return [
        _label_usage(types, from_type, to_type)
        for from_type, to_type in _labelled_pairs(types)
        if named[0] in (None, from_type) and named[1] in (None, to_type)
    ]


def _labelled_pairs(types: AssociationTypes) -> list[tuple[ObjectType, ObjectType]]:
    """(from-type, to-type) of the portal's labels, each once, ascending by type ids."""
    pairs = {
        (each.from_object_type_id, each.to_object_type_id)
        for each in types.own()
        if each.kind == "labeled"
    }
    return list(_named_pairs(types, sorted(pairs)))


def _named_pairs(
    types: AssociationTypes, pairs: list[tuple[str, str]]
) -> Iterator[tuple[ObjectType, ObjectType]]:
    """The object types of pairs, without those of which one is archived or served nowhere."""
    for pair in pairs:
        from_type, to_type = map(types.object_types.find, pair)
        if from_type is not None and to_type is not None:
            yield from_type, to_type


def _label_usage(types: AssociationTypes, from_type: ObjectType, to_type: ObjectType) -> LabelUsage:
    count = count_labels(types, from_type.id, to_type.id)
    return LabelUsage(
        from_type,
        to_type,
        Usage(ASSOCIATION_LABELS_MAX, count),
        tuple(each.label or "" for each in labels_between(types, from_type.id, to_type.id)),
    )


async def crowded_from_types(store: Store, portal_id: int) -> list[CrowdedType]:
    """The object types with records near or at a limit; walks all associations."""
    return await store.read(lambda transaction: _crowded_types(transaction, portal_id, None))


async def crowded_to_types(store: Store, portal_id: int, from_id: str) -> list[CrowdedType]:
    """The object types with which records of one are associated near or at a limit.

    Walks all associations.
    """
    return await store.read(lambda transaction: _crowded_types(transaction, portal_id, from_id))


def _crowded_types(
    transaction: ReadTransaction, portal_id: int, from_id: str | None
) -> list[CrowdedType]:
    """Crowded from-types, or the to-types of one from-type, each once and by id."""
    types = association_types_of(transaction.object_types(portal_id))
    fullest = transaction.fullest_records(portal_id)
    found: dict[str, CrowdedType] = {}
    for from_type, to_type in _named_pairs(types, sorted(fullest)):
        if from_id not in (None, from_type.id):
            continue
        shown = from_type if from_id is None else to_type
        limit = records_limit(types, from_type.id, to_type.id)
        most = fullest[from_type.id, to_type.id]
        known = found.get(shown.id, CrowdedType(shown, at_limit=False, near_limit=False))
        found[shown.id] = CrowdedType(
            shown,
            at_limit=known.at_limit or most >= limit,
            near_limit=known.near_limit
            or most in near_limit(limit)
            or (most >= limit and _any_near(transaction, portal_id, from_type, to_type, limit)),
        )
    return [each for _, each in sorted(found.items()) if each.at_limit or each.near_limit]


def _any_near(
    transaction: ReadTransaction,
    portal_id: int,
    from_type: ObjectType,
    to_type: ObjectType,
    limit: int,
) -> bool:
    near = near_limit(limit)
    return bool(transaction.crowded_records(portal_id, from_type.id, to_type.id, near, 1).records)


async def crowded_pair(store: Store, portal_id: int, from_id: str, to_id: str) -> CrowdedPair:
    """The records of one type near or at their limit of associations with another.

    Walks all associations.
    """

    def work(transaction: ReadTransaction) -> CrowdedPair:
        types = association_types_of(transaction.object_types(portal_id))
        limit = records_limit(types, from_id, to_id)
        at_total, at_limit = _crowded(
            transaction, portal_id, from_id, to_id, range(limit, _LINKED_END), limit
        )
        near_total, near = _crowded(
            transaction, portal_id, from_id, to_id, near_limit(limit), limit
        )
        return CrowdedPair(limit, at_total, at_limit, near_total, near)

    return await store.read(work)


def _crowded(
    transaction: ReadTransaction,
    portal_id: int,
    from_id: str,
    to_id: str,
    linked: range,
    limit: int,
) -> tuple[int, tuple[CrowdedRecord, ...]]:
    """How many records there are, and the first of them with their labels."""
    crowded = transaction.crowded_records(
        portal_id, from_id, to_id, linked, CROWDED_RECORDS_TOLD_MAX
    )
    ids = [record_id for record_id, _ in crowded.records]
    records = transaction.records(portal_id, from_id, ids) if ids else {}
    object_type = transaction.definitions(portal_id, from_id).object_type
    names = (object_type.primary_display_property, *object_type.secondary_display_properties)
    return crowded.total, tuple(
        CrowdedRecord(
            record_id, _display_text(records.get(record_id), names, record_id), Usage(limit, count)
        )
        for record_id, count in crowded.records
    )


def _display_text(record: StoredRecord | None, names: Iterable[str | None], record_id: int) -> str:
    values = (record.properties.get(name) for name in names if name) if record else ()
    return next(filter(None, values), str(record_id))
