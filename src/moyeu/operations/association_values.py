"""Keeping the values that follow from associations right: counters, ids of associated records.

What changes associations, or makes a record come or go, calls one of these in the same turn. A call
costs a fixed number of statements, and none where no value is told of.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from msgspec import structs

from moyeu.catalog.association_values import association_values, told_elsewhere, values_of_type
from moyeu.crm.association_values import (
    AssociationStart,
    LinksOf,
    Touched,
    plan_refresh,
    starts_after,
    starts_of,
    touched_at_other_end,
    touched_by,
    touched_of,
)
from moyeu.crm.associations import Association
from moyeu.crm.callers import Occasion
from moyeu.crm.problems import Problem, RecordsLocked
from moyeu.crm.records import StoredRecord
from moyeu.operations.jobs import Origin, Refresh, begin, carry_out
from moyeu.operations.turns import write_in_turn
from moyeu.storage.contract import (
    Job,
    ReadTransaction,
    Store,
    WriterBusyError,
    WriteTransaction,
)

T = TypeVar("T")

_PART_RECORDS: Final = 2_000
"""Records whose values are worked out in one turn, about: what others wait for."""

_PART_EACH_MIN: Final = 20
"""Of one record and type at least, however many records a call names."""


def refresh(
    transaction: WriteTransaction,
    occasion: Occasion,
    rows: Iterable[Association],
    *,
    but: Sequence[int] = (),
) -> None:
    """Works out what follows from rows that came or went, of both directions.

    but: ids of new records, which were made with their values. Statements: for each property
    concerned one, for each of their object types two and three where something changes.
    """
    touched = touched_by(rows)
    for ids in touched.values():
        for each in but:
            ids.pop(each, None)
    refresh_touched(transaction, occasion, touched)


def refresh_touched(transaction: WriteTransaction, occasion: Occasion, touched: Touched) -> None:
    """Works out the values of these records; archived ones keep what they have."""
    portal_id = occasion.caller.portal_id
    by_type: dict[str, dict[int, None]] = {}
    links: LinksOf = {}
    for key, ids in touched.items():
        if not ids:
            continue
        kind = association_values()[key].kind
        links = {**links, key: transaction.active_links(portal_id, kind, list(ids))}
        by_type.setdefault(kind.from_object_type_id, {}).update(ids)
    for type_id, ids in by_type.items():
        definitions = transaction.definitions(portal_id, type_id)
        records = transaction.records(portal_id, type_id, list(ids))
        if changes := plan_refresh(definitions, records.values(), links, occasion.now_ms):
            transaction.change_records(occasion, type_id, changes)


def refresh_around(
    transaction: WriteTransaction, occasion: Occasion, type_id: str, record: StoredRecord
) -> StoredRecord:
    """Works out the values of a record and of all that are associated with it, in one turn.

    In parts, so that not all of them are in memory at a time. Answers the record as it is then.
    """
    if not values_of_type(type_id) and not told_elsewhere(type_id):
        return record
    record_ids = [record.record_id]
    refresh_touched(transaction, occasion, touched_of(type_id, record_ids))
    starts = starts_of(type_id, record_ids)
    while starts:
        starts = refresh_part(transaction, occasion, type_id, starts)
    return transaction.records(occasion.caller.portal_id, type_id, record_ids)[record.record_id]


def refresh_part(
    transaction: WriteTransaction,
    occasion: Occasion,
    type_id: str,
    starts: Sequence[AssociationStart],
) -> list[AssociationStart]:
    """Works out the values of some records at the other end of the starts; where it goes on.

    type_id: of the records that the starts are of.
    """
    if not starts:
        return []
    count_max = max(_PART_RECORDS // len(starts), _PART_EACH_MIN)
    portal_id = occasion.caller.portal_id
    rows = transaction.associations_from(portal_id, type_id, starts, count_max)
    refresh_touched(transaction, occasion, touched_at_other_end(rows))
    return starts_after(starts, rows, count_max)


def erase_and_refresh(
    transaction: WriteTransaction, occasion: Occasion, type_id: str, record_ids: Sequence[int]
) -> None:
    """Removes records for good, and works out the values of what they were associated with."""
    touched = _other_ends(transaction, occasion.caller.portal_id, type_id, record_ids)
    transaction.erase_records(occasion.caller.portal_id, type_id, record_ids)
    for key, ids in touched.items():
        for start in range(0, len(ids), _PART_RECORDS):
            part = dict.fromkeys(list(ids)[start : start + _PART_RECORDS])
            refresh_touched(transaction, occasion, {key: part})


def _other_ends(
    transaction: ReadTransaction, portal_id: int, type_id: str, record_ids: Sequence[int]
) -> Touched:
    """All values that will change when these records are gone."""
    touched: Touched = {}
    starts = starts_of(type_id, record_ids)
    while starts:
        rows = transaction.associations_from(portal_id, type_id, starts, _PART_RECORDS)
        for key, ids in touched_at_other_end(rows).items():
            touched.setdefault(key, {}).update(ids)
        starts = starts_after(starts, rows, _PART_RECORDS)
    return touched


async def write_and_refresh(
    store: Store,
    occasion: Occasion,
    type_id: str,
    record_ids: Sequence[int],
    work: Callable[[WriteTransaction], T],
    *,
    own: bool = False,
) -> T | Problem:
    """Lets records come or go, and works out the values of what they are associated with.

    The first records in the turn of the work; where there are more, each further part in a turn of
    its own, so that nobody waits for a record with 50,000 contacts. It answers when all is done.
    RecordsLocked when a turn does not come in time: what is missing then is a job that somebody
    takes over. own: whether the values of the records themselves are worked out too.
    """

    def first(transaction: WriteTransaction) -> tuple[T, tuple[Job, Refresh] | None]:
        outcome = work(transaction)
        if own:
            refresh_touched(transaction, occasion, touched_of(type_id, record_ids))
        starts = starts_of(type_id, record_ids)
        left = refresh_part(transaction, occasion, type_id, starts)
        if not left:
            return outcome, None
        state = Refresh(Origin.of(occasion), type_id, tuple(left))
        return outcome, (begin(transaction, occasion, state), state)

    made = await write_in_turn(store, first)
    if isinstance(made, Problem):
        return made
    outcome, further = made
    if further is not None:
        try:
            await carry_out(store, *further, refresh_next, occasion.now_ms)
        except WriterBusyError:
            return RecordsLocked()
    return outcome


def refresh_next(
    transaction: WriteTransaction, occasion: Occasion, left: Refresh
) -> Refresh | None:
    """Works out one part of what is left to do after records came or went."""
    starts = refresh_part(transaction, occasion, left.type_id, left.starts)
    return structs.replace(left, starts=tuple(starts)) if starts else None
