"""Searches for records: judged by the definitions of the type, answered by storage."""

import asyncio
from dataclasses import dataclass
from typing import Final

from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem
from moyeu.crm.search.requests import CheckedSearch, SearchRequest, check_search
from moyeu.operations.record_reads import ReadRecord
from moyeu.operations.turns import definitions_of
from moyeu.storage.contract import RecordSearch, Store

_ASIDE_SIZE_MIN: Final = 2_000
"""Searches of that size are checked beside the event loop; a hundred values are far below it."""


@dataclass(slots=True)
class SearchPage:
    """One page of what a search found.

    total: how many records there are in all. next_offset: where the next page begins, None on the
    last.
    """

    total: int
    records: list[ReadRecord]
    next_offset: int | None


async def search_records(
    store: Store, portal_id: int, type_id: str, request: SearchRequest, now_ms: int
) -> SearchPage | Problem:
    """The active records of the type that the search finds, as far as it sees them already.

    now_ms: milliseconds since 1970, UTC. A portal whose searches lag behind its writes does not
    see what was written since then.
    """
    definitions = await definitions_of(store, portal_id, type_id)
    checked = await _checked(definitions, request)
    if isinstance(checked, Problem):
        return checked
    lag_ms = await store.read(lambda transaction: transaction.search_lag_ms(portal_id), few=True)
    found = await store.search(
        RecordSearch(
            portal_id=portal_id,
            object_type_id=type_id,
            condition=checked.condition,
            sort=checked.sort,
            offset=checked.offset,
            count=checked.count,
            seen_until_ms=now_ms - lag_ms if lag_ms else None,
        )
    )
    end = checked.offset + len(found.records)
    # A page of none has no next one, or a client would ask for it for ever.
    more = bool(found.records) and end < found.total
    records = [ReadRecord(each) for each in found.records]
    return SearchPage(found.total, records, end if more else None)


async def _checked(definitions: TypeDefinitions, request: SearchRequest) -> CheckedSearch | Problem:
    # A list as large as a body takes seconds, in which others must be served.
    if request.size >= _ASIDE_SIZE_MIN:
        return await asyncio.to_thread(check_search, definitions, request)
    return check_search(definitions, request)
