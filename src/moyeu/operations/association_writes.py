"""The writes of associations: read → plan → apply in the writer's turn, one function each.

A turn costs the same number of statements whatever the number of its inputs.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from moyeu.catalog.limits import ASSOCIATION_ARCHIVE_RECORDS_MAX, ASSOCIATION_CREATE_INPUTS_MAX
from moyeu.crm.association_writes import (
    PairInput,
    PairProblem,
    PairRemovals,
    PairWrites,
    WriteMode,
    WrittenPairs,
)
from moyeu.crm.associations import AssociationTypes, association_types_of
from moyeu.crm.callers import Occasion
from moyeu.crm.problems import Problem, TooManyInputs
from moyeu.operations.association_values import refresh
from moyeu.operations.associations import read_known, read_pairs, write_links
from moyeu.operations.turns import type_gone, write_in_turn
from moyeu.storage.contract import Store, WriteTransaction

T = TypeVar("T")

_REMOVALS_PART: Final = 2_000
"""Types between pairs that are removed in one turn, about: what others wait for."""


async def associate(
    store: Store,
    occasion: Occasion,
    from_type_id: str,
    to_type_id: str,
    inputs: Sequence[PairInput],
    *,
    mode: WriteMode = "add",
) -> WrittenPairs | Problem:
    """Associates pairs of records: those without a problem; or the problem of the whole call.

    mode: whether the types join those of a pair, or replace its labels.
    """
    if len(inputs) > ASSOCIATION_CREATE_INPUTS_MAX:
        return TooManyInputs(ASSOCIATION_CREATE_INPUTS_MAX)
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction, types: AssociationTypes) -> WrittenPairs | Problem:
        writes = PairWrites(types, from_type_id, to_type_id, inputs)
        if writes.refusal is not None:
            return writes.refusal
        known = read_known(transaction, portal_id, types, writes.ways)
        written, linker = writes.plan(known, mode)
        write_links(transaction, portal_id, linker)
        refresh(transaction, occasion, [*linker.removed, *linker.added])
        return written

    return await _in_turn(store, portal_id, (from_type_id, to_type_id), work)


async def dissociate(
    store: Store,
    occasion: Occasion,
    from_type_id: str,
    to_type_id: str,
    inputs: Sequence[PairInput],
) -> Problem | None:
    """Removes all types between pairs of records, whatever their `specs` and `name`.

    What is not there is passed over, a record too (a guess).
    """
    if len({each.from_id for each in inputs}) > ASSOCIATION_ARCHIVE_RECORDS_MAX:
        return TooManyInputs(ASSOCIATION_ARCHIVE_RECORDS_MAX)
    removed = await _remove(store, occasion, (from_type_id, to_type_id), inputs, all_types=True)
    return removed if isinstance(removed, Problem) else None


async def dissociate_types(
    store: Store,
    occasion: Occasion,
    from_type_id: str,
    to_type_id: str,
    inputs: Sequence[PairInput],
) -> tuple[PairProblem, ...] | Problem:
    """Removes the named types between pairs of records; the problems of single inputs.

    The unlabelled type takes all others along (documented).
    """
    if len(inputs) > ASSOCIATION_CREATE_INPUTS_MAX:
        return TooManyInputs(ASSOCIATION_CREATE_INPUTS_MAX)
    return await _remove(store, occasion, (from_type_id, to_type_id), inputs, all_types=False)


async def _remove(
    store: Store,
    occasion: Occasion,
    type_ids: tuple[str, str],
    inputs: Sequence[PairInput],
    *,
    all_types: bool,
) -> tuple[PairProblem, ...] | Problem:
    """Removes in parts, each in a turn of its own: a call may name any number of pairs or types.

    RecordsLocked when a turn does not come in time: the same call again removes the rest.
    """
    problems: list[PairProblem] = []
    for first, part in _parts(inputs):
        told = await _remove_part(store, occasion, type_ids, part, all_types=all_types)
        if isinstance(told, Problem):
            return told
        problems += (PairProblem(first + each.index, each.problem) for each in told)
    return tuple(problems)


def _parts(inputs: Sequence[PairInput]) -> Iterator[tuple[int, Sequence[PairInput]]]:
    """The inputs in parts, each with the place of its first; one part where there are none."""
    first = types = 0
    for index, each in enumerate(inputs):
        own = len(each.specs or ()) or 1
        if index > first and types + own > _REMOVALS_PART:
            yield first, inputs[first:index]
            first, types = index, 0
        types += own
    yield first, inputs[first:]


async def _remove_part(
    store: Store,
    occasion: Occasion,
    type_ids: tuple[str, str],
    inputs: Sequence[PairInput],
    *,
    all_types: bool,
) -> tuple[PairProblem, ...] | Problem:
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction, types: AssociationTypes) -> tuple[PairProblem, ...]:
        removals = PairRemovals(types, *type_ids, inputs, all_types=all_types)
        rows = removals.removed(read_pairs(transaction, portal_id, removals.pairs))
        if rows:
            transaction.remove_associations(portal_id, rows)
            refresh(transaction, occasion, rows)
        return removals.problems

    return await _in_turn(store, portal_id, type_ids, work)


async def _in_turn(
    store: Store,
    portal_id: int,
    type_ids: tuple[str, str],
    work: Callable[[WriteTransaction, AssociationTypes], T],
) -> T | Problem:
    def with_types(transaction: WriteTransaction) -> T | Problem:
        for each in type_ids:
            if gone := type_gone(transaction, portal_id, each):
                return gone
        return work(transaction, association_types_of(transaction.object_types(portal_id)))

    return await write_in_turn(store, with_types)
