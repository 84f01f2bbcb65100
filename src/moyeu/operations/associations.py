"""What the operations on records read of associations, and how they write them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.catalog.limits import ASSOCIATIONS_LIMIT_DEFAULT
from moyeu.catalog.object_types import ObjectType
from moyeu.crm.association_links import (
    Known,
    Linker,
    TypePair,
    Way,
    ends_of,
    needs_of,
    other_ends,
    pairs_that_end,
)
from moyeu.crm.association_pages import cut, linked_records
from moyeu.crm.associations import Association, AssociationTypes, association_types_of
from moyeu.crm.inline_associations import Links, inline_ways
from moyeu.crm.records import RecordInput, StoredRecord
from moyeu.crm.schema_associations import next_association_type_id
from moyeu.storage.contract import ReadTransaction, WriteTransaction


def read_links(
    transaction: ReadTransaction, portal_id: int, type_id: str, inputs: Sequence[RecordInput]
) -> Links | None:
    """What the associations of a batch of creates are judged by, None if no input has any.

    Statements: as `read_known`.
    """
    wanted = [one for each in inputs for one in each.associations]
    if not wanted:
        return None
    types = association_types_of(transaction.object_types(portal_id))
    ways = inline_ways(types, type_id, wanted)
    return Links(types, type_id, read_known(transaction, portal_id, types, ways))


def read_known(
    transaction: ReadTransaction, portal_id: int, types: AssociationTypes, ways: Sequence[Way]
) -> Known:
    """What a call that associates records in these ways has to know.

    Statements: for each object type one or two, and for each two object types of which both have
    active records, one direction, as needed one for the pairs, one for what is one to one and one
    for what has a limit.
    """
    named = ends_of(ways)
    there = read_active(transaction, portal_id, named)
    needs = needs_of(types, ways, there)
    held = [
        row
        for (own, other), (keys, ids) in needs.held.items()
        for of_record in transaction.associations_by_type(
            portal_id, own, other, keys, list(ids)
        ).values()
        for row in of_record
    ]
    pairs = pairs_that_end(types, held)
    for each, ids_of_pairs in needs.pairs.items():
        pairs.setdefault(each, {}).update(ids_of_pairs)
    rows = read_pairs(transaction, portal_id, pairs)
    unnamed = {
        type_id: further
        for type_id, ids in other_ends(held).items()
        if (further := ids.keys() - named.get(type_id, {}).keys())
    }
    for type_id, ids in read_active(transaction, portal_id, unnamed).items():
        there[type_id] = there.get(type_id, frozenset()) | ids
    counts: dict[tuple[int, TypeKey], int] = {}
    for (own, other), (keys, counted) in needs.counted.items():
        counts |= transaction.count_by_type(portal_id, own, other, keys, list(counted))
    return Known(there, [*held, *rows], counts)


def read_active(
    transaction: ReadTransaction, portal_id: int, ids_by_type: Mapping[str, Iterable[int]]
) -> dict[str, frozenset[int]]:
    """Which of the records are active, by object type; one statement for each."""
    return {
        type_id: transaction.active_ids(portal_id, type_id, list(ids))
        for type_id, ids in ids_by_type.items()
    }


def read_pairs(
    transaction: ReadTransaction,
    portal_id: int,
    pairs: Mapping[TypePair, Iterable[tuple[int, int]]],
) -> list[Association]:
    """The associations of pairs of records, given by object types; one statement for each two."""
    return [
        row
        for (own, other), of_types in pairs.items()
        for of_pair in transaction.pair_associations(portal_id, own, other, list(of_types)).values()
        for row in of_pair
    ]


def write_links(transaction: WriteTransaction, portal_id: int, links: Links | Linker) -> None:
    """Stores what the links came to: at most two statements whatever the number."""
    if removed := links.removed:
        transaction.remove_associations(portal_id, removed)
    if added := links.added:
        transaction.put_associations(portal_id, added)


def free_association_type_id(transaction: ReadTransaction, portal_id: int) -> int:
    """The next id of an association type of the portal's own, and those after it."""
    counters = transaction.counters(portal_id)
    return next_association_type_id(
        transaction.object_types(portal_id), counters.next_association_type
    )


@dataclass(frozen=True, slots=True)
class Associated:
    """The records of one object type that a record is associated with, and how.

    rows: (record id, type), at least one, ascending by record, category and type id; a record
    stands once for each type, with all of its types. after: the cursor of what follows, None if
    this is all.
    """

    to: ObjectType
    rows: tuple[tuple[int, AssociationType], ...]
    after: str | None = None


def read_associated(
    transaction: ReadTransaction,
    portal_id: int,
    type_id: str,
    records: Sequence[StoredRecord],
    names: Sequence[str],
) -> dict[int, tuple[Associated, ...]]:
    """What each record is associated with, of the object types that the names name, in that order.

    Of each type the first 500 records. Names that name no type are passed over (documented);
    archived records are left out, and have none themselves (guesses). Statements: one for each
    object type.
    """
    object_types = transaction.object_types(portal_id)
    wanted = {found.id: found for name in names if (found := object_types.find(name))}
    types = association_types_of(object_types)
    starts = [(each.record_id, 0) for each in records]
    found_by: dict[int, list[Associated]] = {each.record_id: [] for each in records}
    for to in wanted.values():
        count = ASSOCIATIONS_LIMIT_DEFAULT + 1
        rows_by = transaction.linked(portal_id, type_id, to.id, starts, count)
        for record_id, of_record in rows_by.items():
            linked, after = cut(linked_records(types, of_record), ASSOCIATIONS_LIMIT_DEFAULT)
            rows = tuple((each.record_id, kind) for each in linked for kind in each.types)
            if rows:
                found_by[record_id].append(Associated(to, rows, after))
    return {record_id: tuple(each) for record_id, each in found_by.items()}
