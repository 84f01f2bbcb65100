"""The reads of associations: of one record in pages, of many in a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from moyeu.catalog.limits import (
    ASSOCIATION_READ_INPUTS_MAX,
    ASSOCIATIONS_LIMIT_DEFAULT,
    ASSOCIATIONS_LIMIT_MAX,
    ASSOCIATIONS_PER_INPUT_MAX,
)
from moyeu.crm.association_pages import LinkedRecord, cut, linked_records, read_cursor
from moyeu.crm.association_problems import NoAssociations, TooManyAssociationsPerPage
from moyeu.crm.associations import association_types_of
from moyeu.crm.problems import Problem, TooManyInputs, TooManyPerPage
from moyeu.crm.records import read_record_id
from moyeu.operations.paging import page_limit
from moyeu.storage.contract import ReadTransaction, Store

__all__ = [
    "LinkedBatch",
    "LinkedInput",
    "LinkedPage",
    "LinkedRecord",
    "linked_batch",
    "linked_page",
]


@dataclass(frozen=True, slots=True)
class LinkedPage:
    """Part of what a record is associated with, ascending by record id.

    after: the cursor of the next page, percent-encoded as bodies show it; None on the last.
    """

    records: tuple[LinkedRecord, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class LinkedInput:
    """What one record of a batch read is associated with, at least one record."""

    from_id: int
    page: LinkedPage


@dataclass(frozen=True, slots=True)
class LinkedBatch:
    """What a batch read found, and the inputs without any association; both in input order."""

    results: tuple[LinkedInput, ...]
    problems: tuple[NoAssociations, ...]


async def linked_page(
    store: Store,
    portal_id: int,
    from_type_id: str,
    from_id: str,
    to_type_id: str,
    limit: str | None,
    after: str | None,
) -> LinkedPage | Problem:
    """A page of the records of a type that a record is associated with.

    limit, after: as sent, after decoding of the query. A record that is archived or not there has
    none (a guess). One statement.
    """
    count = page_limit(limit, ASSOCIATIONS_LIMIT_DEFAULT, ASSOCIATIONS_LIMIT_MAX)
    if isinstance(count, TooManyPerPage):
        return TooManyAssociationsPerPage(count.limit, count.limit_max)
    if isinstance(count, Problem):
        return count
    first_id = read_cursor(after) if after else 0
    if isinstance(first_id, Problem):
        return first_id
    record_id = read_record_id(from_id)
    if record_id is None:
        return LinkedPage((), None)

    def work(transaction: ReadTransaction) -> LinkedPage:
        starts = [(record_id, first_id)]
        return _pages(transaction, portal_id, from_type_id, to_type_id, starts, count)[record_id]

    return await store.read(work)


async def linked_batch(
    store: Store,
    portal_id: int,
    from_type_id: str,
    to_type_id: str,
    inputs: Sequence[tuple[str, str | None]],
    count_max: int = ASSOCIATIONS_PER_INPUT_MAX,
) -> LinkedBatch | Problem:
    """What many records are associated with; inputs: (record id, `after` or None) as sent.

    count_max: of the associated records that are answered for each. A record that is named twice
    is answered once, with the first `after` (a guess). An `after` that no answer gave out refuses
    the call (a guess). One statement whatever the number of inputs.
    """
    if len(inputs) > ASSOCIATION_READ_INPUTS_MAX:
        return TooManyInputs(ASSOCIATION_READ_INPUTS_MAX)
    firsts: dict[str, int] = {}
    for text, after in inputs:
        first_id = read_cursor(after) if after else 0
        if isinstance(first_id, Problem):
            return first_id
        firsts.setdefault(text, first_id)
    numbers = {text: record_id for text in firsts if (record_id := read_record_id(text))}

    def work(transaction: ReadTransaction) -> dict[int, LinkedPage]:
        starts = [(record_id, firsts[text]) for text, record_id in numbers.items()]
        return _pages(transaction, portal_id, from_type_id, to_type_id, starts, count_max)

    pages = await store.read(work)
    results = []
    problems = []
    for text in firsts:
        record_id = numbers.get(text)
        if record_id is not None and pages[record_id].records:
            results.append(LinkedInput(record_id, pages[record_id]))
        else:
            problems.append(NoAssociations(text, from_type_id, to_type_id))
    return LinkedBatch(tuple(results), tuple(problems))


def _pages(
    transaction: ReadTransaction,
    portal_id: int,
    from_type_id: str,
    to_type_id: str,
    starts: Sequence[tuple[int, int]],
    count_max: int,
) -> dict[int, LinkedPage]:
    # One more than is answered tells whether there is more.
    found = transaction.linked(portal_id, from_type_id, to_type_id, starts, count_max + 1)
    types = association_types_of(transaction.object_types(portal_id))
    return {
        record_id: LinkedPage(*cut(linked_records(types, rows), count_max))
        for record_id, rows in found.items()
    }
