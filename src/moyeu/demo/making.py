"""Making the records of a world in a store, part by part, with their associations.

The values pass the rules of the portal as those of a client do; what it has no property for, or
refuses, is left out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from moyeu.crm.association_values import fill_new, links_of
from moyeu.crm.associations import Association, default_associations
from moyeu.crm.callers import Occasion
from moyeu.crm.creation import new_record
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.object_schemas import PortalTypes
from moyeu.crm.records import RecordInput, StoredRecord, UniqueMove, check_values, moves_of_new
from moyeu.crm.values.moment import DAY_MS
from moyeu.demo.kinds import KINDS, Kind, kinds_as_written, told_counts
from moyeu.demo.sequels import sequels
from moyeu.demo.world import Draft, Link, World
from moyeu.storage.contract import ReadTransaction, Store, WriteTransaction

_RECORDS_PER_WRITE: Final = 1_000
"""Larger parts are no faster and leave the process with memory that it does not need again."""


class ValueTakenError(Exception):
    """A value that must be unique belongs to another record; the part was not written."""

    def __init__(self, name: str, value: str, record_id: int) -> None:
        super().__init__(f"{name} {value!r} is taken by record {record_id}")


def read_world(
    transaction: ReadTransaction,
    portal_id: int,
    seed: int,
    counts: Mapping[str, int],
    first_id: int,
    now_ms: int,
    *,
    mark: str = "",
) -> World:
    """The world of a making, with the portal's owners and pipelines as they are.

    counts: how many records to make by object type id. first_id: theirs are the ids from it on.
    now_ms: the story ends with the midnight (UTC) before it. mark: see `World`.
    """
    made = {}
    for kind in KINDS:
        count = counts.get(kind.object_type_id, 0)
        made[kind.object_type_id] = range(first_id, first_id + count)
        first_id += count
    return World(
        seed=seed,
        told=told_counts(counts),
        made=made,
        until_ms=now_ms - now_ms % DAY_MS,
        mark=mark,
        owner_ids=[each.id for each in transaction.owners(portal_id) if not each.archived],
        pipelines={
            each.object_type_id: transaction.definitions(portal_id, each.object_type_id).pipelines
            for each in KINDS
        },
    )


async def make_records(
    store: Store,
    occasion: Occasion,
    world: World,
    done: Mapping[str, int],
    on_progress: Callable[[int], None],
) -> None:
    """Makes all records of the world but those that are done, 1,000 at most in each write.

    done: how many there are by object type id, the first ones. on_progress: told before each
    write and at the end how many records there are.
    Raises: ValueTakenError; what was written before it stays.
    """
    total = sum(done.values())
    for kind in kinds_as_written(KINDS):
        ids = world.made[kind.object_type_id]
        for begin in range(done.get(kind.object_type_id, 0), len(ids), _RECORDS_PER_WRITE):
            on_progress(total)
            part = ids[begin : begin + _RECORDS_PER_WRITE]
            numbers = range(begin, begin + len(part))
            drafts = [kind.draft(world, number) for number in numbers]
            later = [sequels(world, kind.object_type_id, number) for number in numbers]
            await store.write(_adding(occasion, kind, part, drafts, later))
            total += len(part)
    on_progress(total)


def _adding(
    occasion: Occasion,
    kind: Kind,
    record_ids: Sequence[int],
    drafts: Sequence[Draft],
    later: Sequence[Sequence[Link]],
) -> Callable[[WriteTransaction], None]:
    """later: the links of records to come, which values tell of from the beginning.

    A portal whose making is interrupted so has values that tell of records that are not there.
    """
    portal_id, type_id = occasion.caller.portal_id, kind.object_type_id

    def add(transaction: WriteTransaction) -> None:
        definitions = transaction.definitions(portal_id, type_id)
        records = list(_records(definitions, occasion, record_ids, drafts))
        object_types = transaction.object_types(portal_id)
        rows = _rows(object_types, type_id, record_ids, [each.links for each in drafts])
        told = links_of((*rows, *_rows(object_types, type_id, record_ids, later)))
        fill_new(definitions, records, told, occasion.now_ms)
        moves = moves_of_new(definitions, records)
        _refuse_taken(transaction, portal_id, type_id, moves)
        modified_property = definitions.object_type.modified_property
        transaction.insert_records(occasion, type_id, records, modified_property)
        transaction.move_unique_values(portal_id, type_id, moves)
        transaction.put_associations(portal_id, rows)

    return add


def _rows(
    object_types: PortalTypes,
    type_id: str,
    record_ids: Sequence[int],
    links: Sequence[Sequence[Link]],
) -> list[Association]:
    """The rows of the links of each record, both directions."""
    return [
        row
        for record_id, of_record in zip(record_ids, links, strict=True)
        for to_type_id, to_id, primary in of_record
        for row in default_associations(
            object_types, type_id, record_id, to_type_id, to_id, primary=primary
        )
    ]


def _records(
    definitions: TypeDefinitions,
    occasion: Occasion,
    record_ids: Sequence[int],
    drafts: Sequence[Draft],
) -> Iterable[StoredRecord]:
    """The records as a create makes them, each at its own moment."""
    known = definitions.properties
    inputs = [
        RecordInput("", {name: text for name, text in draft.values.items() if name in known})
        for draft in drafts
    ]
    rules = definitions.rules_for(dates_normalised=False)
    checked = check_values(inputs, definitions, rules, occasion.now_ms)
    for record_id, draft, one in zip(record_ids, drafts, checked, strict=True):
        then = replace(occasion, now_ms=draft.created_at_ms)
        yield new_record(definitions, then, record_id, one.values)


def _refuse_taken(
    transaction: WriteTransaction, portal_id: int, type_id: str, moves: Sequence[UniqueMove]
) -> None:
    keys = [(each.name, each.taken) for each in moves if each.taken]
    for (name, value), owner in transaction.value_owners(portal_id, type_id, keys).items():
        raise ValueTakenError(name, value, owner)
