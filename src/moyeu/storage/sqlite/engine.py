"""The SQLite engine: one writer thread that commits in groups, readers beside it.

The writer takes all work that waits as one group, runs it piece by piece in one transaction and
answers after COMMIT has returned, which with `synchronous=FULL` is after the fsync. When a piece
raises, the group is rolled back and run again one by one, so that a neighbour never pays; that
costs nothing while all goes well, where a savepoint per piece would copy every page it touches.
"""

import asyncio
import contextlib
import logging
import queue
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

import apsw

from moyeu.crm.callers import Caller
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.object_schemas import PortalTypes
from moyeu.crm.search.conditions import Condition
from moyeu.storage.contract import (
    FoundRecords,
    ReadTransaction,
    RecordSearch,
    StoreBrokenError,
    StoreError,
    StoreFullError,
    WriterBusyError,
    WriteTransaction,
)
from moyeu.storage.sql.definitions import Snapshots
from moyeu.storage.sql.request_log import LoggingRequests, RequestLog
from moyeu.storage.sql.search_scan import matching, scan
from moyeu.storage.sql.search_specs import NotIndexedError
from moyeu.storage.sqlite.connection import open_reader, open_writer
from moyeu.storage.sqlite.lock import ProcessLock
from moyeu.storage.sqlite.migrate import migrate
from moyeu.storage.sqlite.request_log import SqliteRequestLog
from moyeu.storage.sqlite.search_feed import SearchFeed
from moyeu.storage.sqlite.search_index import USUAL_LIMITS, SearchIndex, SearchLimits
from moyeu.storage.sqlite.search_rates import SearchRates
from moyeu.storage.sqlite.transaction import SqliteReadTransaction, SqliteWriteTransaction

T = TypeVar("T")

_log = logging.getLogger("moyeu.storage")

_CALLERS_CACHED_MAX = 10_000


class _Piece(Generic[T]):
    """Work that waits for the writer's turn, and where its outcome goes."""

    __slots__ = ("error", "future", "loop", "result", "taken", "work")

    def __init__(
        self, work: Callable[[WriteTransaction], T], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[T] = loop.create_future()
        self.taken = False
        self.result: T | None = None
        self.error: Exception | None = None

    def settle(self) -> None:
        """Hands the outcome over; runs in the loop of the one who waits."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type] # set when no error is


_WaitingByLoop = weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Piece[Any], None]]
"""The pieces of each event loop in the order of their coming; a loop that has ended drops out."""


class SqliteStore(LoggingRequests):
    """An open SQLite database; see `storage.contract.Store` for the promises.

    write_wait_max_s: how long work waits for the writer's turn before it is given up.
    on_broken: called once, from the writer's thread, when writing has stopped for good.
    """

    is_shared = False

    def __init__(
        self,
        path: str,
        *,
        group_batches_max: int = 16,
        readers: int = 2,
        wal_checkpoint_pages: int = 1_000,
        write_wait_max_s: float = 10.0,
        search: SearchLimits = USUAL_LIMITS,
        vfs: str | None = None,
    ) -> None:
        self.path = path
        self.on_broken: Callable[[], None] | None = None
        self._group_pieces_max = group_batches_max
        self.write_wait_max_s = write_wait_max_s
        self._vfs = vfs
        self._lock = ProcessLock.take(Path(path))
        try:
            self._connection = open_writer(path, vfs=vfs)
            migrate(self._connection)
        except BaseException:
            self._lock.release()
            raise
        self._checkpoint_pages = wal_checkpoint_pages
        self._wal_pages = 0
        # In place of SQLite's own checkpoint at a commit, which passes over a failed fsync.
        self._connection.set_wal_hook(self._note_wal_pages)
        self._snapshots = Snapshots()
        self._callers: dict[bytes, Caller] = {}
        self._generation = 0
        self._cache_lock = threading.Lock()
        self._transaction = SqliteWriteTransaction(self._connection, self._snapshots)
        self._queue: queue.SimpleQueue[_Piece[Any] | None] = queue.SimpleQueue()
        self._waiting: _WaitingByLoop = weakref.WeakKeyDictionary()
        self._broken: StoreBrokenError | None = None
        # Until then new work waits in the queue, so whoever is refused knows that it was announced.
        self._announced = False
        self._closed = False
        self._reader_connections: list[apsw.Connection] = []
        self._reader = threading.local()
        self._readers = ThreadPoolExecutor(readers, "moyeu-reader")
        self._search_rates = SearchRates()
        self._scan_max = search.scan_max
        self._feed = SearchFeed()
        self._index = SearchIndex(path, vfs, self._feed, search)
        self._searcher = ThreadPoolExecutor(1, "moyeu-search")
        self._requests = RequestLog(lambda: SqliteRequestLog(path))
        self._writer = threading.Thread(target=self._write_loop, name="moyeu-writer", daemon=True)
        self._writer.start()

    # --- reading -----------------------------------------------------------------------------

    async def read(self, work: Callable[[ReadTransaction], T], *, few: bool = False) -> T:
        """See the contract."""
        if few:
            return self._read(work)
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[ReadTransaction], T]) -> T:
        connection = getattr(self._reader, "connection", None)
        if connection is None:
            connection = open_reader(self.path, vfs=self._vfs)
            self._reader.connection = connection
            self._reader_connections.append(connection)
        # Before BEGIN: a snapshot that is older than the newest commit must not be kept.
        generation = self._generation

        def keep(snapshot: TypeDefinitions | PortalTypes) -> None:
            with self._cache_lock:
                if generation == self._generation:
                    self._snapshots.keep(snapshot)

        connection.execute("BEGIN")
        try:
            return work(SqliteReadTransaction(connection, self._snapshots, keep))
        finally:
            # A failed read may have ended the transaction already; COMMIT would hide its error.
            if connection.in_transaction:
                connection.execute("COMMIT")

    async def search(self, search: RecordSearch) -> FoundRecords:
        """See the contract."""

        def look_at_all(transaction: ReadTransaction) -> FoundRecords:
            return scan(transaction, search)

        if search.seen_until_ms is not None:
            return await self.read(look_at_all)
        return await self._search(
            search.portal_id,
            search.object_type_id,
            lambda: self._index.search(search),
            look_at_all,
        )

    async def matching_ids(
        self,
        portal_id: int,
        object_type_id: str,
        condition: Condition,
        from_id: int,
        count_max: int,
    ) -> list[int]:
        """See the contract."""

        def look_at_all(transaction: ReadTransaction) -> list[int]:
            found = matching(transaction, portal_id, object_type_id, condition, from_id)
            return [each.record_id for each in islice(found, count_max)]

        return await self._search(
            portal_id,
            object_type_id,
            lambda: self._index.matching_ids(
                portal_id, object_type_id, condition, from_id, count_max
            ),
            look_at_all,
        )

    async def _search(
        self,
        portal_id: int,
        object_type_id: str,
        step: Callable[[], T | None],
        look_at_all: Callable[[ReadTransaction], T],
    ) -> T:
        """Answers from the index step by step, or by a look at all records.

        So do types with few records, for which a column is not worth making.
        """

        def look_at_few(transaction: ReadTransaction) -> T | None:
            assert isinstance(transaction, SqliteReadTransaction)
            if transaction.has_more_records(portal_id, object_type_id, self._scan_max):
                return None
            return look_at_all(transaction)

        if not self._index.covers(portal_id, object_type_id):
            found = await self.read(look_at_few)
            if found is not None:
                return found
        loop = asyncio.get_running_loop()
        try:
            found = None
            while found is None:
                found = await loop.run_in_executor(self._searcher, step)
        except NotIndexedError:
            return await self.read(look_at_all)
        return found

    async def admit_search(self, portal_id: int, now_ms: int, per_second: int) -> bool:
        """See the contract."""
        return self._search_rates.admits(portal_id, now_ms, per_second)

    def cached_definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions | None:
        """See the contract."""
        return self._snapshots.definitions.get((portal_id, object_type_id))

    def cached_object_types(self, portal_id: int) -> PortalTypes | None:
        """See the contract."""
        return self._snapshots.types.get(portal_id)

    def cached_caller(self, token_hash: bytes) -> Caller | None:
        """See the contract."""
        return self._callers.get(token_hash)

    async def caller_of(self, token_hash: bytes) -> Caller | None:
        """Who a token stands for; kept for the next time when it stands for somebody."""
        generation = self._generation
        caller = await self.read(lambda transaction: transaction.caller_of(token_hash), few=True)
        if caller is not None:
            with self._cache_lock:
                if generation == self._generation and len(self._callers) < _CALLERS_CACHED_MAX:
                    self._callers[token_hash] = caller
        return caller

    # --- writing -----------------------------------------------------------------------------

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""
        if self._announced:
            raise StoreBrokenError(str(self._broken)) from self._broken
        if self._closed:
            raise StoreError("the store is closed")
        loop = asyncio.get_running_loop()
        piece = _Piece(work, loop)
        deadline = loop.call_later(self.write_wait_max_s, self._give_up, piece)
        self._queue.put(piece)
        try:
            return await piece.future
        finally:
            deadline.cancel()

    def _give_up(self, piece: _Piece[Any]) -> None:
        """Gives up a piece whose turn did not come in time; it will never be begun."""
        if self._take(piece):
            piece.error = WriterBusyError("the writer's turn did not come in time")
            piece.settle()

    def _write_loop(self) -> None:
        while True:
            first = self._queue.get()
            group: list[_Piece[Any]] = []
            closing = first is None
            if first is not None:
                group.append(first)
            while len(group) < self._group_pieces_max and not closing:
                try:
                    piece = self._queue.get_nowait()
                except queue.Empty:
                    break
                if piece is None:
                    closing = True
                else:
                    group.append(piece)
            group = [piece for piece in group if self._take(piece)]
            if group:
                self._run_group(group)
                self._deliver(group)
                self._checkpoint()
            if closing:
                return

    def _take(self, piece: _Piece[Any]) -> bool:
        with self._cache_lock:
            if piece.taken:
                return False
            piece.taken = True
            return True

    def _deliver(self, group: list[_Piece[Any]]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[_Piece[Any]]] = {}
        for piece in group:
            by_loop.setdefault(piece.loop, []).append(piece)
        for loop, pieces in by_loop.items():
            # A loop that has ended has nobody left to tell.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle_all, pieces)

    def _run_group(self, group: list[_Piece[Any]]) -> None:
        if self._broken is not None:
            _fail_all(group, self._broken)
            return
        try:
            if self._commit(group):
                return
            for piece in group:
                piece.error = None
                self._commit([piece])
        except StoreBrokenError as error:
            _fail_all(group, error)

    def _commit(self, group: list[_Piece[Any]]) -> bool:
        """Runs and commits the group; False when it was undone because one piece raised.

        The only piece of a group that raises keeps its exception.
        """
        transaction = self._transaction
        transaction.begin()
        piece = group[0]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for piece in group:
                piece.result = piece.work(transaction)
            if transaction.removals:
                self._feed.announce(transaction.removals)
            self._connection.execute("COMMIT")
        except apsw.FullError as error:
            self._undo()
            full = StoreFullError("no space is left for the database")
            full.__cause__ = error
            _fail_all(group, full)
            return True
        except (apsw.IOError, apsw.CorruptError, apsw.NotADBError) as error:
            raise self._break(error) from error
        except Exception as error:  # noqa: BLE001 — it goes to the one who gave the work
            self._undo()
            piece.error = error
            return len(group) == 1
        self._refresh(transaction)
        return True

    def _note_wal_pages(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self) -> None:
        """Moves the log into the database once it has grown; nobody waits for it.

        A failed fsync in here leaves the log whole, but a second one may answer success for pages
        that never reached the disk, and then the log would be overwritten: writing ends.
        """
        if self._wal_pages < self._checkpoint_pages or self._broken is not None:
            return
        self._wal_pages = 0
        try:
            self._connection.wal_checkpoint()
        except apsw.BusyError:
            # A reader holds an old snapshot; the next commit tells the size again.
            return
        except apsw.FullError:
            _log.warning("no space is left to move the log into %s; it grows on", self.path)
        except apsw.Error as error:
            self._break(error)

    def _undo(self) -> None:
        # Some failures have rolled back already; a blind ROLLBACK would raise.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._feed.settle()
        self._transaction.forget()

    def _refresh(self, transaction: SqliteWriteTransaction) -> None:
        """Drops from the caches what the commit has made old."""
        if transaction.removals:
            self._feed.settle()
        if not transaction.changed_definitions and not transaction.removed_tokens:
            return
        with self._cache_lock:
            self._generation += 1
            for portal_id, type_id in transaction.changed_definitions:
                self._snapshots.forget(portal_id, type_id)
            for portal_id in transaction.changed_types:
                self._snapshots.types.pop(portal_id, None)
            for token_hash in transaction.removed_tokens:
                self._callers.pop(token_hash, None)

    def _break(self, error: Exception) -> StoreBrokenError:
        """After a failed write or fsync nobody knows what is on disk: writing ends for good.

        A second try on the same file may answer success for pages that were lost.
        """
        broken = StoreBrokenError(
            f"writing to {self.path} failed ({error}); its last commit may or may not be there;"
            " restart to recover"
        )
        self._broken = broken
        self._feed.settle()
        _log.critical("%s", broken)
        try:
            if self.on_broken is not None:
                self.on_broken()
        finally:
            self._announced = True
        return broken

    @property
    def is_broken(self) -> bool:
        """Whether writing has stopped for good."""
        return self._broken is not None

    async def analyze(self) -> None:
        """See the contract: no statement's plan rests on what is kept."""

    def close(self) -> None:
        """See the contract."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._writer.join()
        self._requests.close()
        self._readers.shutdown()
        self._searcher.shutdown()
        self._index.close()
        for connection in self._reader_connections:
            connection.close()
        if self._broken is None:
            self._connection.close()
        self._lock.release()


def _settle_all(pieces: list[_Piece[Any]]) -> None:
    for piece in pieces:
        piece.settle()


def _fail_all(pieces: list[_Piece[Any]], error: Exception) -> None:
    for piece in pieces:
        piece.error = error


def open_store(path: str | Path, **options: Any) -> SqliteStore:
    """Opens a database file, making and migrating it as needed; options as of `SqliteStore`.

    Refused: StoreInUseError when another process holds it, SchemaError when a newer version has
    migrated it.
    """
    return SqliteStore(str(path), **options)
