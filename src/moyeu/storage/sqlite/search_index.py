"""The search index: columns beside the database, made when a search needs them.

It is a private temporary database of SQLite, which has no name and is gone with the process, with
the store attached to it for reading. Nothing is written to it while nobody searches; a search first
lets the columns it needs follow what was written since, in the same snapshot that it then reads.
All work is done by one thread, in steps that are short enough for others to come between.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import apsw

from moyeu.crm.search.conditions import Condition
from moyeu.crm.search.keys import TokenPattern
from moyeu.storage.contract import FoundRecords, RecordSearch
from moyeu.storage.sql.definitions import Snapshots
from moyeu.storage.sql.search_specs import (
    AS_IT_IS,
    ColumnSpec,
    NotIndexedError,
    sort_spec,
    specs_of,
)
from moyeu.storage.sqlite import search_columns
from moyeu.storage.sqlite.search_answers import Answers
from moyeu.storage.sqlite.search_columns import SLOTS_MAX, Column
from moyeu.storage.sqlite.search_feed import SearchFeed
from moyeu.storage.sqlite.search_upkeep import TypeIndex, follow, last_write, load_part
from moyeu.storage.sqlite.transaction import SqliteReadTransaction

T = TypeVar("T")

_log = logging.getLogger("moyeu.storage")

_CACHE_KIB: Final = 65_536
_BUSY_TIMEOUT_MS: Final = 5_000
_REST_AFTER_FAILURE_S: Final = 60.0
"""Until then searches look at every record."""


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """How far searches go.

    scan_max: types with no more records are looked through and have no columns. columns_max,
    bytes_max: the columns that were not used for longest go when there are more of them, or when
    the temporary file is larger. part_records: so many records, or entries of the history, are
    taken in at one step. few_min: no fewer records than that count as few, which are sorted.
    """

    scan_max: int = 1_000
    columns_max: int = 200
    bytes_max: int = 8 * 2**30
    part_records: int = 20_000
    few_min: int = 1_000


USUAL_LIMITS: Final = SearchLimits()


class SearchIndex:
    """The index of one store; all methods but `covers` are of the search thread."""

    def __init__(self, path: str, vfs: str | None, feed: SearchFeed, limits: SearchLimits) -> None:
        self._address = f"file:{quote(str(Path(path).absolute()))}?mode=ro"
        if vfs is not None:
            self._address += f"&vfs={quote(vfs)}"
        self._feed = feed
        self._limits = limits
        self._types: dict[tuple[int, str], TypeIndex] = {}
        self._connection: apsw.Connection | None = None
        self._patterns: list[TokenPattern] = []
        self._numbers = count(1)
        self._uses = count(1)
        self._rests_until = 0.0

    def covers(self, portal_id: int, object_type_id: str) -> bool:
        """Whether there are columns of the type already; any thread may ask."""
        return (portal_id, object_type_id) in self._types

    def search(self, search: RecordSearch) -> FoundRecords | None:
        """One step towards the answer of a search, None where there are more to come.

        Raises NotIndexedError where the index cannot answer.
        """
        specs = list(specs_of(search.condition))
        if search.sort is not None:
            specs.append(sort_spec(search.sort))

        def answer(connection: apsw.Connection, answers: Answers) -> FoundRecords:
            ids = answers.part(search.condition, search.sort, search.offset, search.count)
            read = SqliteReadTransaction(connection, Snapshots(), lambda _: None)
            records = read.records(search.portal_id, search.object_type_id, ids)
            return FoundRecords(answers.total(search.condition), [records[each] for each in ids])

        return self._step(search.portal_id, search.object_type_id, specs, answer)

    def matching_ids(
        self,
        portal_id: int,
        object_type_id: str,
        condition: Condition,
        from_id: int,
        count_max: int,
    ) -> list[int] | None:
        """One step towards the ids that meet a condition; else as `search`."""

        def answer(_connection: apsw.Connection, answers: Answers) -> list[int]:
            return answers.ids_from(condition, from_id, count_max)

        return self._step(portal_id, object_type_id, specs_of(condition), answer)

    def close(self) -> None:
        """Drops the index."""
        self._types = {}
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # --- steps -------------------------------------------------------------------------------

    def _step(
        self,
        portal_id: int,
        object_type_id: str,
        specs: Iterable[ColumnSpec],
        answer: Callable[[apsw.Connection, Answers], T],
    ) -> T | None:
        wanted = tuple(dict.fromkeys(specs))
        if any(len(each.names) > SLOTS_MAX for each in wanted):
            raise NotIndexedError
        if self._rests_until and time.monotonic() < self._rests_until:
            raise NotIndexedError
        try:
            return self._try_step((portal_id, object_type_id), wanted, answer)
        except NotIndexedError:
            raise
        except apsw.Error as error:
            self.close()
            self._rests_until = time.monotonic() + _REST_AFTER_FAILURE_S
            _log.warning("the search index failed and is dropped (%s)", error)
            raise NotIndexedError from error
        except BaseException:
            # Something else ended the step in the middle: what the columns hold is not known.
            self.close()
            raise

    def _try_step(
        self,
        key: tuple[int, str],
        wanted: Sequence[ColumnSpec],
        answer: Callable[[apsw.Connection, Answers], T],
    ) -> T | None:
        connection = self._open()
        # Before the snapshot: what is settled now is seen in it.
        settled = self._feed.settled()
        connection.execute("BEGIN")
        try:
            now = (last_write(connection, key[0]), settled)
            kept = self._types.get(key) or TypeIndex(*key)
            columns = self._columns(connection, kept, wanted, now)
            self._types[key] = kept
            if load_part(connection, kept, columns, self._limits.part_records):
                return None
            ready = follow(connection, kept, columns, now, self._feed, self._limits.part_records)
            self._trim_feed()
            if not ready:
                return None
            numbers = {each.spec: each.number for each in columns}
            answers = Answers(
                connection, numbers, *key, kept.totals, self._patterns, self._limits.few_min
            )
            try:
                return answer(connection, answers)
            except (apsw.SQLError, apsw.TooBigError, OverflowError) as error:
                # More parts or larger numbers than a statement takes; the columns are as they were.
                raise NotIndexedError from error
        finally:
            # Without a journal nothing can be rolled back; what the step did is whole.
            if connection.in_transaction:
                connection.execute("COMMIT")

    def _open(self) -> apsw.Connection:
        if self._connection is None:
            flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
            connection = apsw.Connection("", flags=flags)
            connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
            connection.execute("ATTACH ? AS data", (self._address,))
            connection.pragma("journal_mode", "off", schema="main")
            connection.pragma("synchronous", "off", schema="main")
            connection.pragma("cache_size", -_CACHE_KIB, schema="main")
            connection.pragma("trusted_schema", False)
            connection.create_scalar_function(
                "moyeu_value", search_columns.read_value, 2, deterministic=True
            )
            connection.create_scalar_function("moyeu_matches", self._matches, 2)
            connection.execute(search_columns.STAGE)
            self._connection = connection
        return self._connection

    def _matches(self, *arguments: Any) -> bool:
        number, text = arguments
        pattern: TokenPattern = self._patterns[number]
        return pattern.matches(AS_IT_IS, text)

    # --- columns -----------------------------------------------------------------------------

    def _columns(
        self,
        connection: apsw.Connection,
        kept: TypeIndex,
        wanted: Sequence[ColumnSpec],
        now: tuple[int, int],
    ) -> list[Column]:
        """The columns wanted, begun where they are missing or too far behind to follow."""
        self._make_room(connection, kept, wanted)
        use = next(self._uses)
        columns = []
        for spec in wanted:
            column = kept.columns.get(spec)
            if column is not None and self._is_lost(kept, column, now):
                self._drop(connection, kept, column)
                column = None
            if column is None:
                column = Column(spec, next(self._numbers), now)
                search_columns.make(connection, column)
                kept.columns[spec] = column
            column.used = use
            columns.append(column)
        return columns

    def _is_lost(self, kept: TypeIndex, column: Column, now: tuple[int, int]) -> bool:
        if column.loaded_to is None and now[0] - column.position[0] > self._rebuilt_after(kept):
            return True
        announced = self._feed.since(column.position[1])
        return announced is None or any(
            each.record_ids is None
            and each.portal_id == kept.portal_id
            and each.object_type_id in (None, kept.object_type_id)
            for each in announced
        )

    def _rebuilt_after(self, kept: TypeIndex) -> int:
        """After so many writes of the portal a new column is cheaper than a late one."""
        return 10 * self._limits.part_records + 2 * kept.records

    def _make_room(
        self, connection: apsw.Connection, kept: TypeIndex, wanted: Sequence[ColumnSpec]
    ) -> None:
        """Drops the columns that nobody used for longest while there are too many or too large."""
        while self._is_crowded(connection, len(set(wanted) - kept.columns.keys())):
            unused = [
                (column.used, column.number, owner, column)
                for owner in self._types.values()
                for column in owner.columns.values()
                if owner is not kept or column.spec not in wanted
            ]
            if not unused:
                return
            _, _, owner, column = min(unused, key=lambda each: each[:2])
            self._drop(connection, owner, column)
            if not owner.columns:
                del self._types[owner.portal_id, owner.object_type_id]

    def _is_crowded(self, connection: apsw.Connection, more: int) -> bool:
        columns = sum(len(each.columns) for each in self._types.values()) + more
        return (
            columns > self._limits.columns_max
            or self.bytes_used(connection) > self._limits.bytes_max
        )

    @staticmethod
    def bytes_used(connection: apsw.Connection) -> int:
        """How much the columns take."""
        pages: int = connection.pragma("page_count", schema="main")
        free: int = connection.pragma("freelist_count", schema="main")
        size: int = connection.pragma("page_size", schema="main")
        return (pages - free) * size

    def _drop(self, connection: apsw.Connection, kept: TypeIndex, column: Column) -> None:
        search_columns.drop(connection, column)
        del kept.columns[column.spec]
        kept.totals.clear()

    def _trim_feed(self) -> None:
        """Lets go of the announcements that all columns have followed."""
        columns = [each for kept in self._types.values() for each in kept.columns.values()]
        self._feed.trim(min(each.position[1] for each in columns))
