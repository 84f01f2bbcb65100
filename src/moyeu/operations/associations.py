"""What the operations on records read of associations, and how they write them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.object_types import ObjectType
from moyeu.crm.associations import Association, association_types_of
from moyeu.crm.inline_associations import Links, named_targets, targets_with_limits
from moyeu.crm.records import RecordInput, StoredRecord
from moyeu.storage.contract import ReadTransaction, WriteTransaction


def read_links(
    transaction: ReadTransaction, portal_id: int, type_id: str, inputs: Sequence[RecordInput]
) -> Links | None:
    """What the associations of a batch of creates are judged by, None if no input has any.

    Statements: one for each object type among the targets, and as needed one for their
    associations.
    """
    wanted = [one for each in inputs for one in each.associations]
    if not wanted:
        return None
    types = association_types_of(transaction.object_types(portal_id))
    targets = named_targets(types, type_id, wanted)
    there = {
        to_type_id: _active_ids(transaction, portal_id, to_type_id, ids)
        for to_type_id, ids in targets.items()
    }
    limited = targets_with_limits(types, type_id, targets)
    rows: defaultdict[int, list[Association]] = defaultdict(list)
    for to_type_id, ids in limited.items():
        for record_id, found in transaction.associations(portal_id, to_type_id, ids).items():
            rows[record_id] += found
    return Links(types, type_id, there, rows)


def write_links(transaction: WriteTransaction, portal_id: int, links: Links) -> None:
    """Stores what the links came to: at most two statements whatever the number."""
    if removed := links.removed:
        transaction.remove_associations(portal_id, removed)
    if added := links.added:
        transaction.put_associations(portal_id, added)


@dataclass(frozen=True, slots=True)
class Associated:
    """The records of one object type that a record is associated with, and how.

    rows: (record id, type), at least one, ascending by record, category and type id; a record
    stands once for each type.
    """

    to: ObjectType
    rows: tuple[tuple[int, AssociationType], ...]


def read_associated(
    transaction: ReadTransaction,
    portal_id: int,
    type_id: str,
    records: Sequence[StoredRecord],
    names: Sequence[str],
) -> dict[int, tuple[Associated, ...]]:
    """What each record is associated with, of the object types that the names name, in that order.

    Names that name no type are passed over (documented); archived records are left out (a guess).
    Statements: one, and one for each object type.
    """
    object_types = transaction.object_types(portal_id)
    wanted = {found.id: found for name in names if (found := object_types.find(name))}
    types = association_types_of(object_types)
    rows = transaction.associations(portal_id, type_id, [each.record_id for each in records])
    ids: dict[str, dict[int, None]] = {type_id: {} for type_id in wanted}
    for each in chain.from_iterable(rows.values()):
        if each.to_object_type_id in ids:
            ids[each.to_object_type_id][each.to_record_id] = None
    active = {
        to_type_id: _active_ids(transaction, portal_id, to_type_id, list(of_type))
        for to_type_id, of_type in ids.items()
        if of_type
    }

    def associated(of_record: Sequence[Association]) -> tuple[Associated, ...]:
        by_type: dict[str, list[tuple[int, AssociationType]]] = {each: [] for each in active}
        for row in of_record:
            kind = types.find(row.category, row.type_id)
            # An association type of a custom object can be removed while records have it.
            if kind is not None and row.to_record_id in active.get(row.to_object_type_id, ()):
                by_type[row.to_object_type_id].append((row.to_record_id, kind))
        return tuple(Associated(wanted[key], tuple(each)) for key, each in by_type.items() if each)

    return {record_id: associated(of_record) for record_id, of_record in rows.items()}


def _active_ids(
    transaction: ReadTransaction, portal_id: int, type_id: str, ids: Sequence[int]
) -> frozenset[int]:
    found = transaction.records(portal_id, type_id, ids)
    return frozenset(key for key, each in found.items() if each.archived_at_ms is None)
