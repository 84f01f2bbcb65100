"""Merging two records, and erasing one for good."""

from collections.abc import Mapping

from moyeu.crm.association_links import other_ends
from moyeu.crm.associations import (
    Association,
    association_types_of,
    displaced_by_merge,
    one_to_one_rows,
)
from moyeu.crm.callers import Occasion
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.merging import check_merge, plan_merge
from moyeu.crm.problems import NonNumericId, NotAUniqueProperty, NotMergeable, Problem
from moyeu.crm.records import StoredRecord, WrittenRecord, read_record_id
from moyeu.operations.association_values import (
    erase_and_refresh,
    refresh,
    refresh_around,
)
from moyeu.operations.associations import read_active
from moyeu.operations.record_reads import find_records, readable_names
from moyeu.operations.turns import definitions_of, type_gone, write_in_turn
from moyeu.storage.contract import ReadTransaction, Store, WriteTransaction


async def merge_records(
    store: Store, occasion: Occasion, type_id: str, primary_id: str, other_id: str
) -> WrittenRecord | Problem:
    """Merges the other record into the primary one; the new record that both become.

    Only active records are merged, and none by an id that was merged away (a guess). Both go away,
    and their ids lead to the new record from then on.
    """
    portal_id = occasion.caller.portal_id
    ids = check_merge(primary_id, other_id)
    if isinstance(ids, Problem):
        return ids
    primary_number, other_number = ids

    def work(transaction: WriteTransaction) -> WrittenRecord | Problem:
        if gone := type_gone(transaction, portal_id, type_id):
            return gone
        definitions = transaction.definitions(portal_id, type_id)
        found = transaction.records(portal_id, type_id, ids)
        primary, other = _active(found, primary_number), _active(found, other_number)
        if primary is None:
            return NotMergeable("primaryObjectId", primary_id)
        if other is None:
            return NotMergeable("objectIdToMerge", other_id)
        (record_id,) = transaction.new_record_ids(portal_id, 1)
        plan = plan_merge(definitions, primary, other, record_id, occasion)
        transaction.insert_records(
            occasion, type_id, [plan.record], definitions.object_type.modified_property
        )
        displaced = _displaced(transaction, portal_id, type_id, ids)
        transaction.remove_associations(portal_id, displaced)
        for each in ids:
            transaction.merge_away(portal_id, type_id, each, record_id)
        if plan.moves:
            transaction.move_unique_values(portal_id, type_id, plan.moves)
        refresh(transaction, occasion, displaced)
        return WrittenRecord(refresh_around(transaction, occasion, type_id, plan.record), ())

    return await write_in_turn(store, work)


def _displaced(
    transaction: ReadTransaction, portal_id: int, type_id: str, ids: tuple[int, int]
) -> list[Association]:
    """The associations that the new record cannot have beside others; ids: primary, other."""
    types = association_types_of(transaction.object_types(portal_id))
    rows = transaction.associations(portal_id, type_id, ids)
    primary, other = (one_to_one_rows(types, rows[each]) for each in ids)
    there = read_active(transaction, portal_id, other_ends([*primary, *other]))
    return displaced_by_merge(types, primary, other, ids, there)


def _active(found: Mapping[int, StoredRecord], record_id: int) -> StoredRecord | None:
    record = found.get(record_id)
    return record if record is not None and record.archived_at_ms is None else None


async def erase_record(
    store: Store, occasion: Occasion, type_id: str, record_id: str, id_property: str | None
) -> Problem | None:
    """Removes a record for good, archived or not, by id or unique value.

    A merged-away id erases the record that it leads to. Nothing to erase is no problem, as the
    API description names no other answer than 204; an id that is no number is one, so that an
    e-mail sent without its `idProperty` does not seem to have been erased. All of this: a guess.
    """
    definitions = await definitions_of(store, occasion.caller.portal_id, type_id)
    problem = _check_name(definitions, record_id, id_property)
    if problem is not None:
        return problem

    def work(transaction: WriteTransaction) -> None:
        found = find_records(transaction, definitions, [record_id], id_property)
        erase_and_refresh(
            transaction, occasion, type_id, [each.record_id for each in found.values()]
        )

    return await write_in_turn(store, work)


def _check_name(
    definitions: TypeDefinitions, record_id: str, id_property: str | None
) -> Problem | None:
    if id_property is not None:
        if id_property not in readable_names(definitions):
            return NotAUniqueProperty(definitions.object_type.id, id_property)
        return None
    return NonNumericId(record_id) if read_record_id(record_id) is None else None
