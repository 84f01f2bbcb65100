"""The reads of records: single, in batches, in pages; each answers an outcome or a problem."""

from collections.abc import Sequence
from dataclasses import dataclass

from moyeu.catalog.limits import (
    BATCH_INPUTS_MAX,
    BATCH_READ_HISTORY_INPUTS_MAX,
    LIST_LIMIT_DEFAULT,
    LIST_LIMIT_HISTORY_MAX,
    LIST_LIMIT_MAX,
)
from moyeu.catalog.object_types import RECORD_ID
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.history import RecordWrite
from moyeu.crm.problems import (
    DuplicateIds,
    InvalidParameter,
    MissingRecords,
    NotAUniqueProperty,
    Problem,
    RecordNotFound,
    TooManyInputs,
    TooManyInputsWithHistory,
)
from moyeu.crm.records import RecordInput, StoredRecord, kept_id, read_record_id, repeated_ids
from moyeu.operations.associations import Associated, read_associated
from moyeu.operations.paging import is_digits, number_of, page_limit
from moyeu.operations.turns import definitions_of
from moyeu.storage.contract import ReadTransaction, Store


@dataclass(slots=True)
class ReadRecord:
    """A record of an answer to a read; writes, newest first, where history was asked for.

    associated: by object type, where associations were asked for and the record has some.
    """

    record: StoredRecord
    writes: list[RecordWrite] | None = None
    associated: tuple[Associated, ...] = ()


@dataclass(slots=True)
class RecordPage:
    """One page of a list; `next_id` is where the next one begins, None on the last."""

    records: list[ReadRecord]
    next_id: int | None


@dataclass(slots=True)
class ReadBatch:
    """What a batch read found, in input order, and the ids that name nothing."""

    records: list[ReadRecord]
    missing: MissingRecords | None


async def read_record(
    store: Store,
    portal_id: int,
    type_id: str,
    record_id: str,
    id_property: str | None,
    *,
    archived: bool,
    with_history: bool,
    associations: Sequence[str] = (),
) -> ReadRecord | Problem:
    """One record by id or unique value, only archived or only active; a merged id reads forward.

    associations: names of object types whose associated records are answered too.
    """
    definitions = await definitions_of(store, portal_id, type_id)

    def work(transaction: ReadTransaction) -> ReadRecord | None:
        found = find_records(transaction, definitions, [record_id], id_property)
        record = found.get(record_id)
        if record is None or (record.archived_at_ms is not None) != archived:
            return None
        read = _with_history(transaction, definitions, [record], wanted=with_history)
        _associate(transaction, definitions, read, associations)
        return read[0]

    if id_property is not None and id_property not in readable_names(definitions):
        return RecordNotFound()
    return await store.read(work, few=not (with_history or associations)) or RecordNotFound()


async def read_records(
    store: Store,
    portal_id: int,
    type_id: str,
    ids: Sequence[str],
    id_property: str | None,
    *,
    archived: bool,
    with_history: bool,
) -> ReadBatch | Problem:
    """The records that the ids name, in input order."""
    if len(ids) > BATCH_INPUTS_MAX:
        return TooManyInputs(BATCH_INPUTS_MAX)
    if with_history and len(ids) > BATCH_READ_HISTORY_INPUTS_MAX:
        return TooManyInputsWithHistory(BATCH_READ_HISTORY_INPUTS_MAX)
    if len({*ids}) < len(ids):
        return DuplicateIds(repeated_ids([RecordInput(each, {}) for each in ids]))
    definitions = await definitions_of(store, portal_id, type_id)
    if id_property is not None and id_property not in readable_names(definitions):
        return NotAUniqueProperty(type_id, id_property)

    def work(transaction: ReadTransaction) -> ReadBatch:
        found = find_records(transaction, definitions, ids, id_property)
        there: dict[int, StoredRecord] = {}
        missing = []
        for each in ids:
            record = found.get(each)
            if record is None or (record.archived_at_ms is not None) != archived:
                missing.append(each)
            else:
                there[record.record_id] = record
        return ReadBatch(
            _with_history(transaction, definitions, list(there.values()), wanted=with_history),
            MissingRecords(tuple(missing)) if missing else None,
        )

    return await store.read(work)


def readable_names(definitions: TypeDefinitions) -> frozenset[str]:
    """The properties by whose values a record can be read."""
    # Batch read takes hs_object_id too (observed August 2026).
    return definitions.unique_names | {RECORD_ID}


def find_records(
    transaction: ReadTransaction,
    definitions: TypeDefinitions,
    ids: Sequence[str],
    id_property: str | None,
) -> dict[str, StoredRecord]:
    """Records by the text that names them, archived ones included, merged ids read forward.

    A value of an id property finds the record in any spelling that is kept as the same value.
    """
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    if id_property not in (None, RECORD_ID):
        assert id_property is not None
        kept = {each: (id_property, kept_id(definitions.rules, id_property, each)) for each in ids}
        by_value = transaction.records_by_value(portal_id, type_id, [*set(kept.values())])
        return {text: by_value[key] for text, key in kept.items() if key in by_value}
    numbers = {each: number for each in ids if (number := read_record_id(each)) is not None}
    found = transaction.records(portal_id, type_id, list(numbers.values()))
    gone = [number for number in numbers.values() if number not in found]
    if gone and (merged := transaction.merged_into(portal_id, type_id, gone)):
        survivors = transaction.records(portal_id, type_id, list(merged.values()))
        found |= {key: survivors[value] for key, value in merged.items() if value in survivors}
    return {text: found[number] for text, number in numbers.items() if number in found}


def _with_history(
    transaction: ReadTransaction,
    definitions: TypeDefinitions,
    records: list[StoredRecord],
    *,
    wanted: bool,
) -> list[ReadRecord]:
    if not wanted:
        return [ReadRecord(each) for each in records]
    writes = transaction.history(definitions.portal_id, definitions.object_type.id, records)
    return [ReadRecord(each, writes[each.record_id]) for each in records]


def _associate(
    transaction: ReadTransaction,
    definitions: TypeDefinitions,
    read: list[ReadRecord],
    names: Sequence[str],
) -> None:
    if not names:
        return
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    records = [each.record for each in read]
    found = read_associated(transaction, portal_id, type_id, records, names)
    for each in read:
        each.associated = found[each.record.record_id]


async def list_records(
    store: Store,
    portal_id: int,
    type_id: str,
    limit: str | None,
    after: str | None,
    *,
    archived: bool,
    with_history: bool,
    associations: Sequence[str] = (),
) -> RecordPage | Problem:
    """A page of records in ascending id order; `after` is the lowest id of the page.

    associations: names of object types whose associated records are answered too.
    """
    limit_max = LIST_LIMIT_HISTORY_MAX if with_history else LIST_LIMIT_MAX
    count = page_limit(limit, LIST_LIMIT_DEFAULT, limit_max, with_history=with_history)
    if isinstance(count, Problem):
        return count
    from_id = 0
    if after:
        if not is_digits(after):
            return InvalidParameter("after", after)
        from_id = number_of(after)
    definitions = await definitions_of(store, portal_id, type_id)

    def work(transaction: ReadTransaction) -> RecordPage:
        records = transaction.page(portal_id, type_id, from_id, count + 1, archived=archived)
        more = len(records) > count
        page = records[:count]
        read = _with_history(transaction, definitions, page, wanted=with_history)
        _associate(transaction, definitions, read, associations)
        return RecordPage(
            read,
            # Observed: the last id of the page plus one, an inclusive lower bound.
            page[-1].record_id + 1 if more else None,
        )

    return await store.read(work)
