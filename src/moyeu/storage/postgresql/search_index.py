"""The search index: columns in the database, shared by all processes, made when needed.

A search that finds its columns ready and little written since is one reading transaction, which
looks at what was written itself. Else it first does a step of the upkeep, in one of two threads
that do nothing else, and tries again; so others' searches come between the steps of a long way, and
nobody who waits holds a connection.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeVar

import psycopg

from moyeu.crm.records import StoredRecord
from moyeu.crm.search.conditions import Condition
from moyeu.storage.contract import (
    FoundRecords,
    RecordSearch,
    StoreError,
    StoreUnavailableError,
    WriterBusyError,
)
from moyeu.storage.postgresql import search_queries as queries
from moyeu.storage.postgresql.arrays import array_text
from moyeu.storage.postgresql.search_answers import Answers, Totals
from moyeu.storage.postgresql.search_columns import Column, Columns, columns_of, digest_of
from moyeu.storage.postgresql.search_removals import NOTES_MAX
from moyeu.storage.postgresql.search_upkeep import (
    Behind,
    SearchLimits,
    Source,
    Upkeep,
    names_looked_at,
)
from moyeu.storage.postgresql.transaction import PostgresqlReadTransaction
from moyeu.storage.sql.search_scan import matching, scan
from moyeu.storage.sql.search_specs import (
    ALL,
    ColumnSpec,
    NotIndexedError,
    sort_spec,
    specs_of,
)

T = TypeVar("T")

_log = logging.getLogger("moyeu.storage")

_UPKEEPERS: Final = 2
_PAUSE_S: Final = 0.02
"""Before a look whether somebody else has ended a step."""
_BUSY_MAX_S: Final = 30.0
"""Somebody who is at one step for longer is not waited for."""
_REST_AFTER_FAILURE_S: Final = 60.0
"""Until then searches that would need the upkeep look at every record."""
_PATIENCE_MAX: Final = 6
_NAMES_MAX: Final = 500
"""So many properties a step reads at once."""
_UNTOLD_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a search needs: columns, and how it answers from them, or from all records.

    patience: grows with each time that it has followed and was behind again; it then looks at more
    records itself.
    """

    portal_id: int
    object_type_id: str
    specs: tuple[ColumnSpec, ...]
    answer: Callable[[PostgresqlReadTransaction, Answers], Any]
    look_at_all: Callable[[PostgresqlReadTransaction], Any]

    @property
    def key(self) -> dict[str, Any]:
        """What its statements bind."""
        return {"portal_id": self.portal_id, "object_type_id": self.object_type_id}


@dataclass(frozen=True, slots=True)
class _Ready:
    """Columns to answer from, and the records that count as they are now."""

    columns: Columns
    pending: Sequence[int]
    active: Sequence[StoredRecord]


class SearchIndex:
    """The index as one process has it. readers: where reading transactions run."""

    def __init__(self, source: Source, readers: Executor, limits: SearchLimits) -> None:
        self._source = source
        self._readers = readers
        self._limits = limits
        self._upkeep = Upkeep(source, limits)
        self._upkeeper = ThreadPoolExecutor(_UPKEEPERS, "moyeu-search")
        self._totals = Totals()
        self._rests_until = 0.0

    async def search(self, search: RecordSearch) -> FoundRecords:
        """See the contract."""
        specs = list(specs_of(search.condition))
        if search.sort is not None:
            specs.append(sort_spec(search.sort))

        def answer(transaction: PostgresqlReadTransaction, answers: Answers) -> FoundRecords:
            total, ids = answers.part(search.condition, search.sort, search.offset, search.count)
            records = transaction.records(search.portal_id, search.object_type_id, ids)
            return FoundRecords(total, [records[each] for each in ids])

        def look_at_all(transaction: PostgresqlReadTransaction) -> FoundRecords:
            return scan(transaction, search)

        if search.seen_until_ms is not None:
            return await self._read(look_at_all)
        return await self._find(search.portal_id, search.object_type_id, specs, answer, look_at_all)

    async def matching_ids(
        self,
        portal_id: int,
        object_type_id: str,
        condition: Condition,
        from_id: int,
        count_max: int,
    ) -> list[int]:
        """See the contract."""

        def answer(_transaction: PostgresqlReadTransaction, answers: Answers) -> list[int]:
            return answers.ids_from(condition, from_id, count_max)

        def look_at_all(transaction: PostgresqlReadTransaction) -> list[int]:
            found = matching(transaction, portal_id, object_type_id, condition, from_id)
            return [each.record_id for each in islice(found, count_max)]

        return await self._find(portal_id, object_type_id, specs_of(condition), answer, look_at_all)

    def close(self) -> None:
        """Finishes the step at hand."""
        self._upkeeper.shutdown(cancel_futures=True)

    # --- the way to an answer ----------------------------------------------------------------

    async def _find(
        self,
        portal_id: int,
        object_type_id: str,
        specs: Iterable[ColumnSpec],
        answer: Callable[[PostgresqlReadTransaction, Answers], T],
        look_at_all: Callable[[PostgresqlReadTransaction], T],
    ) -> T:
        wanted = tuple(dict.fromkeys(specs))
        if sum(len(each.names) for each in wanted) > _NAMES_MAX:
            return await self._read(look_at_all)
        asked = _Asked(portal_id, object_type_id, wanted, answer, look_at_all)
        loop = asyncio.get_running_loop()
        steps = 0
        before: Columns | None = None
        busy_from = time.monotonic()
        while True:
            found = await loop.run_in_executor(self._readers, self._try, asked, steps)
            if not isinstance(found, Behind):
                answered: T = found
                return answered
            if found.columns != before:
                before, busy_from = found.columns, time.monotonic()
            is_stuck = time.monotonic() > busy_from + _BUSY_MAX_S
            if is_stuck or time.monotonic() < self._rests_until:
                return await self._read(look_at_all)
            worked = await loop.run_in_executor(self._upkeeper, self._step, found)
            if worked:
                steps += found.is_ready
            else:
                await asyncio.sleep(_PAUSE_S)

    async def _read(self, work: Callable[[PostgresqlReadTransaction], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._source.read, work)

    def _step(self, behind: Behind) -> bool:
        """Does a step of the upkeep; False when it came to nothing."""
        try:
            worked = self._upkeep.step(behind)
        except StoreUnavailableError:
            raise
        except WriterBusyError:
            # Somebody else's turn is a long one. Who only has to follow looks at more himself.
            return behind.is_ready
        except (psycopg.Error, StoreError) as error:
            self._rests_until = time.monotonic() + _REST_AFTER_FAILURE_S
            _log.warning("the search index cannot be kept up, searches do without (%s)", error)
            return False
        if not behind.is_ready:
            self._later(self._sweep, behind.portal_id)
        return worked

    def _try(self, asked: _Asked, followed: int) -> Any:
        """The answer, or what keeps the search from it; followed: so often it has done that."""
        old: list[Column] = []

        def work(transaction: PostgresqlReadTransaction) -> Any:
            found = self._look(transaction, asked, min(followed, _PATIENCE_MAX))
            if found is None:
                return asked.look_at_all(transaction)
            if isinstance(found, Behind):
                return found
            old.extend(each for each in found.columns.values() if each.is_old)
            answers = Answers(
                transaction,
                found.columns,
                asked.portal_id,
                asked.object_type_id,
                totals=self._totals,
                few_min=self._limits.few_min,
                pending=found.pending,
                active=found.active,
            )
            return asked.answer(transaction, answers)

        try:
            found = self._source.read(work)
        except NotIndexedError:
            return self._source.read(asked.look_at_all)
        except psycopg.Error as error:
            _log.warning("a search was refused by the server, every record is read (%s)", error)
            return self._source.read(asked.look_at_all)
        if old:
            self._later(self._touch, asked.portal_id, old)
        return found

    def _look(
        self, transaction: PostgresqlReadTransaction, asked: _Asked, patience: int
    ) -> _Ready | Behind | None:
        """What a search finds; None where the type is looked through."""
        digests = [digest_of(each) for each in asked.specs]
        rows, state = transaction.rows_of_all(
            (queries.SEARCH_COLUMNS, {**asked.key, "digests": digests}),
            (queries.SEARCH_STATE, asked.key),
        )
        columns = columns_of(asked.specs, rows)
        scan_max = self._limits.scan_max
        if ALL not in columns and not transaction.has_more_records(
            asked.portal_id, asked.object_type_id, scan_max
        ):
            return None
        behind = Behind(asked.portal_id, asked.object_type_id, asked.specs, columns)
        if not behind.is_ready:
            return behind
        ((last, removals),) = state
        return self._look_behind(transaction, behind, last or 0, removals or 0, patience)

    def _look_behind(
        self,
        transaction: PostgresqlReadTransaction,
        behind: Behind,
        last: int,
        removals: int,
        patience: int,
    ) -> _Ready | Behind:
        """What was written and noted since the columns; last: the newest entry of the history."""
        columns = behind.columns.values()
        if lost := [
            each for each in columns if self._is_lost(transaction, behind, each, last, removals)
        ]:
            return behind.without(lost)
        pending_max = self._limits.pending_max << patience
        entries_max = self._limits.entries_max << patience
        position = min(each.position or 0 for each in columns)
        removals_to = min(each.removals_to for each in columns)
        pending: set[int] = set()
        key = {"portal_id": behind.portal_id, "object_type_id": behind.object_type_id}
        if removals > removals_to:
            since = {"removals_to": removals_to, "count_max": pending_max + 1}
            for number, record_ids in transaction.rows(queries.REMOVED_SINCE, key | since):
                if record_ids is None:
                    return behind.without([e for e in columns if e.removals_to < number])
                pending.update(record_ids)
        if last > position:
            written = {
                "position": position,
                "names": names_looked_at(behind.specs),
                "count_max": entries_max + 1,
            }
            ((entries, ids),) = transaction.rows(queries.WRITTEN_LATELY, key | written)
            if entries > entries_max:
                return behind
            pending.update(ids or ())
        if len(pending) > pending_max:
            return behind
        pending.update(self._untold(transaction, behind))
        ids = sorted(pending)
        records = transaction.records(behind.portal_id, behind.object_type_id, ids) if ids else {}
        active = [each for each in records.values() if each.archived_at_ms is None]
        return _Ready(behind.columns, ids, active)

    def _is_lost(
        self,
        transaction: PostgresqlReadTransaction,
        behind: Behind,
        column: Column,
        last: int,
        removals: int,
    ) -> bool:
        """Whether a new column is cheaper than one that follows, or the only way."""
        if removals - column.removals_to > NOTES_MAX:
            return True
        rebuilt_after = 10 * self._limits.part_records + 2 * behind.columns[ALL].row_count
        position = column.position or 0
        if last - position <= rebuilt_after:
            return False
        # Numbers have gaps.
        far = {"portal_id": behind.portal_id, "position": position, "count": rebuilt_after}
        return bool(transaction.rows(queries.HAS_WRITTEN_MORE, far))

    @staticmethod
    def _untold(transaction: PostgresqlReadTransaction, behind: Behind) -> list[int]:
        """Records that have too many terms for some column."""
        of_terms = [
            each.column_id for each in behind.columns.values() if each.spec.shape == "terms"
        ]
        if not of_terms:
            return []
        key = {
            "portal_id": behind.portal_id,
            "column_ids": array_text(of_terms),
            "count_max": _UNTOLD_MAX + 1,
        }
        rows = transaction.rows(queries.UNTOLD, key)
        if len(rows) > _UNTOLD_MAX:
            raise NotIndexedError
        return [row[0] for row in rows]

    # --- what nobody waits for ---------------------------------------------------------------

    def _later(self, work: Callable[..., object], *arguments: object) -> None:
        # A store that is being closed takes no more work.
        with contextlib.suppress(RuntimeError):
            self._upkeeper.submit(self._unwatched, work, *arguments)

    @staticmethod
    def _unwatched(work: Callable[..., object], *arguments: object) -> None:
        try:
            work(*arguments)
        except (psycopg.Error, StoreError) as error:
            _log.warning("the search index could not be tidied (%s)", error)

    def _touch(self, portal_id: int, columns: Sequence[Column]) -> None:
        self._upkeep.touch(portal_id, columns)
        self._sweep(portal_id)

    def _sweep(self, portal_id: int) -> None:
        """Removes the rows of dropped columns, a part at a time: others come between."""
        if self._upkeep.sweep(portal_id):
            self._later(self._sweep, portal_id)
