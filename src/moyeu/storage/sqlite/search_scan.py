"""Searches answered by looking at every record of the type, one part after the other."""

from collections.abc import Iterator, Sequence
from typing import Final

from moyeu.crm.records import StoredRecord
from moyeu.crm.search.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Linked,
    in_order,
    meets,
)
from moyeu.storage.contract import FoundRecords, ReadTransaction, RecordSearch

_PART_RECORDS: Final = 500
_ALL: Final = 2**62


def scan(transaction: ReadTransaction, search: RecordSearch) -> FoundRecords:
    """What a search finds, by the meaning of conditions itself."""
    found = [
        (each.record_id, each.properties)
        for each in matching(
            transaction, search.portal_id, search.object_type_id, search.condition, 0
        )
    ]
    part = in_order(found, search.sort)[search.offset : search.offset + search.count]
    ids = [record_id for record_id, _ in part]
    records = transaction.records(search.portal_id, search.object_type_id, ids)
    return FoundRecords(len(found), [records[each] for each in ids])


def matching(
    transaction: ReadTransaction, portal_id: int, type_id: str, condition: Condition, from_id: int
) -> Iterator[StoredRecord]:
    """The active records that meet a condition, ascending by id."""
    linked = {
        (each.object_type_id, each.record_ids): _linked(transaction, portal_id, type_id, each)
        for each in _links(condition)
    }
    while True:
        part = transaction.page(portal_id, type_id, from_id, _PART_RECORDS, archived=False)
        for record in part:

            def linked_to(
                object_type_id: str, ids: Sequence[int], record_id: int = record.record_id
            ) -> bool:
                return record_id in linked[object_type_id, tuple(ids)]

            if meets(condition, record.properties, linked_to):
                yield record
        if len(part) < _PART_RECORDS:
            return
        from_id = part[-1].record_id + 1


def _links(condition: Condition) -> Iterator[Linked]:
    if isinstance(condition, Linked):
        yield condition
    elif isinstance(condition, AllOf | AnyOf):
        for each in condition.parts:
            yield from _links(each)


def _linked(
    transaction: ReadTransaction, portal_id: int, type_id: str, link: Linked
) -> frozenset[int]:
    starts = [(record_id, 0) for record_id in dict.fromkeys(link.record_ids)]
    found = transaction.linked_ids(portal_id, link.object_type_id, type_id, starts, _ALL)
    return frozenset(record_id for ids in found.values() for record_id in ids)
