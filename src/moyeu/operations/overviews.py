"""What a person looks at: how much there is of each type, and one record with all around it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.object_types import OBJECT_TYPES, ObjectType
from moyeu.crm.association_pages import linked_records
from moyeu.crm.associations import association_types_of
from moyeu.crm.history import RecordWrite
from moyeu.crm.object_schemas import PortalTypes
from moyeu.crm.records import StoredRecord, read_record_id
from moyeu.storage.contract import ReadTransaction, Store

COUNTED_MAX: Final = 10_000
"""More records of a type than that are not counted."""

LINKED_MAX: Final = 25
"""Records of one type that are told of those that a record is associated with."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; is_more: there are more than that, and nobody counted them."""

    number: int
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class CountedType:
    """An object type of a portal, with the number of its active records."""

    object_type: ObjectType
    count: Count


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A record that another is associated with; name, detail: "" where it has none."""

    record_id: int
    name: str
    detail: str
    types: tuple[AssociationType, ...]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The records of one type that a record is associated with; is_more: there are further ones."""

    object_type: ObjectType
    records: tuple[Neighbour, ...]
    is_more: bool


@dataclass(frozen=True, slots=True)
class WholeRecord:
    """A record, active or archived, its writes, newest first, and what it is associated with."""

    record: StoredRecord
    writes: tuple[RecordWrite, ...]
    neighbours: tuple[Neighbours, ...]


def active_types(types: PortalTypes) -> list[ObjectType]:
    """HubSpot's own types in the order of the catalog, then those of the portal's own."""
    own = (types.custom[each.object_type_id] for each in types.active_schemas())
    return [*OBJECT_TYPES, *own]


async def portal_types(store: Store, portal_id: int) -> PortalTypes:
    """The newest committed object types of the portal."""
    return await store.read(lambda transaction: transaction.object_types(portal_id), few=True)


async def count_types(store: Store, portal_id: int) -> list[CountedType]:
    """All active types of the portal with their counts; one or two statements for each type."""

    def work(transaction: ReadTransaction) -> list[CountedType]:
        return [
            CountedType(each, _count(transaction, portal_id, each))
            for each in active_types(transaction.object_types(portal_id))
        ]

    return await store.read(work)


async def count_type(store: Store, portal_id: int, object_type: ObjectType) -> Count:
    """How many active records of one type there are."""
    return await store.read(lambda transaction: _count(transaction, portal_id, object_type))


def _count(transaction: ReadTransaction, portal_id: int, object_type: ObjectType) -> Count:
    found = transaction.count_records_to(portal_id, object_type.id, COUNTED_MAX + 1)
    return Count(min(found, COUNTED_MAX), found > COUNTED_MAX)


async def types_with_record(store: Store, portal_id: int, text: str) -> list[ObjectType]:
    """The types that have a record with that id, archived ones too; none if it is no id.

    One statement for each type.
    """
    record_id = read_record_id(text)
    if record_id is None:
        return []

    def work(transaction: ReadTransaction) -> list[ObjectType]:
        types = active_types(transaction.object_types(portal_id))
        return [each for each in types if transaction.records(portal_id, each.id, [record_id])]

    return await store.read(work)


async def whole_record(
    store: Store, portal_id: int, object_type: ObjectType, text: str
) -> WholeRecord | None:
    """The record with that id, one that a merge took away read forward; None if there is none.

    Statements: four, one for each object type, and one for each type of which there are
    associated records.
    """
    record_id = read_record_id(text)
    if record_id is None:
        return None

    def work(transaction: ReadTransaction) -> WholeRecord | None:
        found = transaction.records(portal_id, object_type.id, [record_id])
        if not found:
            merged = transaction.merged_into(portal_id, object_type.id, [record_id])
            found = transaction.records(portal_id, object_type.id, list(merged.values()))
        if not found:
            return None
        (record,) = found.values()
        writes = transaction.history(portal_id, object_type.id, [record])[record.record_id]
        return WholeRecord(
            record,
            tuple(writes),
            tuple(_neighbours(transaction, portal_id, object_type, record.record_id)),
        )

    return await store.read(work)


def _neighbours(
    transaction: ReadTransaction, portal_id: int, object_type: ObjectType, record_id: int
) -> Iterable[Neighbours]:
    object_types = transaction.object_types(portal_id)
    types = association_types_of(object_types)
    starts = [(record_id, 0)]
    for other in active_types(object_types):
        rows = transaction.linked(portal_id, object_type.id, other.id, starts, LINKED_MAX + 1)
        linked = linked_records(types, rows.get(record_id, ()))
        if not linked:
            continue
        shown = linked[:LINKED_MAX]
        ids = [each.record_id for each in shown]
        records = transaction.records(portal_id, other.id, ids)
        told = (
            Neighbour(
                each.record_id,
                *_display(other, records[each.record_id].properties),
                each.types,
            )
            for each in shown
        )
        yield Neighbours(other, tuple(told), len(linked) > LINKED_MAX)


def _display(object_type: ObjectType, properties: Mapping[str, str]) -> tuple[str, str]:
    """What a record is called, and the first other thing that its display properties say."""
    name = display_name(object_type, properties)
    texts = (properties.get(each, "") for each in object_type.secondary_display_properties)
    return name, next((text for text in texts if text and text != name), "")


def display_name(object_type: ObjectType, properties: Mapping[str, str]) -> str:
    """What a record is called: its primary display property, else the first other one with text.

    "" where it has none of them.
    """
    names: Sequence[str] = (
        object_type.primary_display_property,
        *object_type.secondary_display_properties,
    )
    return next((text for each in names if (text := properties.get(each, ""))), "")
