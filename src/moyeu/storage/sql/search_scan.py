"""Searches answered by looking at every record of the type, one part after the other."""

from collections.abc import Iterator, Sequence
from heapq import merge
from typing import Final

from moyeu.crm.records import StoredRecord
from moyeu.crm.search.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Found,
    Linked,
    SortBy,
    in_order,
    meets,
)
from moyeu.crm.search.lag import as_of
from moyeu.storage.contract import FoundRecords, ReadTransaction, RecordSearch

_PART_RECORDS: Final = 500
_ALL: Final = 2**62


def scan(transaction: ReadTransaction, search: RecordSearch) -> FoundRecords:
    """What a search finds, by the meaning of conditions itself.

    Keeps of each record found its id and the value it is sorted by.
    """
    portal_id, type_id = search.portal_id, search.object_type_id
    found = [
        _place(each, search.sort)
        for each in matching(
            transaction, portal_id, type_id, search.condition, 0, search.seen_until_ms
        )
    ]
    part = in_order(found, search.sort)[search.offset : search.offset + search.count]
    ids = [record_id for record_id, _ in part]
    records = transaction.records(portal_id, type_id, ids)
    if search.seen_until_ms is not None:
        wanted = [records[each] for each in ids]
        seen = _seen(transaction, portal_id, type_id, wanted, search.seen_until_ms)
        records = {each.record_id: each for each in seen}
    return FoundRecords(len(found), [records[each] for each in ids])


def _place(record: StoredRecord, order: SortBy | None) -> Found:
    if order is None or order.field.name not in record.properties:
        return record.record_id, {}
    name = order.field.name
    return record.record_id, {name: record.properties[name]}


def matching(
    transaction: ReadTransaction,
    portal_id: int,
    type_id: str,
    condition: Condition,
    from_id: int,
    seen_until_ms: int | None = None,
) -> Iterator[StoredRecord]:
    """The active records that meet a condition, ascending by id.

    seen_until_ms: as they were at that moment; None: as they are.
    """
    linked = {each: _linked(transaction, portal_id, type_id, each) for each in _links(condition)}
    parts = _parts(transaction, portal_id, type_id, from_id, archived=False)
    if seen_until_ms is None:
        records = (each for part in parts for each in part)
    else:
        archived = _parts(transaction, portal_id, type_id, from_id, archived=True)
        records = merge(
            _all_seen(transaction, portal_id, type_id, parts, seen_until_ms),
            _all_seen(transaction, portal_id, type_id, archived, seen_until_ms),
            key=lambda record: record.record_id,
        )
    for record in records:

        def linked_to(link: Linked, record_id: int = record.record_id) -> bool:
            return record_id in linked[link]

        if meets(condition, record.properties, linked_to):
            yield record


def _parts(
    transaction: ReadTransaction, portal_id: int, type_id: str, from_id: int, *, archived: bool
) -> Iterator[list[StoredRecord]]:
    while True:
        part = transaction.page(portal_id, type_id, from_id, _PART_RECORDS, archived=archived)
        yield part
        if len(part) < _PART_RECORDS:
            return
        from_id = part[-1].record_id + 1


def _all_seen(
    transaction: ReadTransaction,
    portal_id: int,
    type_id: str,
    parts: Iterator[list[StoredRecord]],
    moment_ms: int,
) -> Iterator[StoredRecord]:
    for part in parts:
        yield from _seen(transaction, portal_id, type_id, part, moment_ms)


def _seen(
    transaction: ReadTransaction,
    portal_id: int,
    type_id: str,
    records: Sequence[StoredRecord],
    moment_ms: int,
) -> list[StoredRecord]:
    """The records as they were at that moment; only what changed since costs its history."""
    object_type = transaction.definitions(portal_id, type_id).object_type
    changed = [each for each in records if each.updated_at_ms > moment_ms]
    writes = transaction.history(portal_id, type_id, changed) if changed else {}
    seen = []
    for each in records:
        if each.record_id not in writes and each.archived_at_ms is None:
            seen.append(each)
        elif (
            then := as_of(each, writes.get(each.record_id, ()), moment_ms, object_type)
        ) is not None:
            seen.append(then)
    return seen


def _links(condition: Condition) -> Iterator[Linked]:
    if isinstance(condition, Linked):
        yield condition
    elif isinstance(condition, AllOf | AnyOf):
        for each in condition.parts:
            yield from _links(each)


def _linked(
    transaction: ReadTransaction, portal_id: int, type_id: str, link: Linked
) -> frozenset[int]:
    starts = [(record_id, 0) for record_id in link.record_ids]
    found = transaction.linked_ids(portal_id, link.object_type_id, type_id, starts, _ALL)
    return frozenset(record_id for ids in found.values() for record_id in ids)
