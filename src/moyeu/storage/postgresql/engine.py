"""The PostgreSQL engine: work on worker threads, each piece over a connection of its own.

A piece that changes something has the turn of its portal, see `turns`. It runs again, from the
beginning and in a new transaction, when what it saw turns out not to be so any more, when it needs
more of the turn than it took, when two transactions stood in each other's way, and when the
connection was lost before COMMIT was sent. It never runs again once COMMIT was sent: whatever comes
back then but success or a clean refusal leaves the outcome unknown.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Generic, TypeVar

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

from moyeu.crm.callers import Caller
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.object_schemas import PortalTypes
from moyeu.crm.search.conditions import Condition
from moyeu.storage.contract import (
    FoundRecords,
    OutcomeUnknownError,
    ReadTransaction,
    RecordSearch,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
    WriterBusyError,
    WriteTransaction,
)
from moyeu.storage.postgresql import connections
from moyeu.storage.postgresql.blocks import Blocks
from moyeu.storage.postgresql.connections import Connection
from moyeu.storage.postgresql.memory import Memory
from moyeu.storage.postgresql.migrate import analyze, check, is_empty, migrate
from moyeu.storage.postgresql.rate_queries import ADMIT_SEARCH
from moyeu.storage.postgresql.request_log import PostgresqlRequestLog
from moyeu.storage.postgresql.search_index import SearchIndex
from moyeu.storage.postgresql.search_upkeep import USUAL_LIMITS, SearchLimits, Source
from moyeu.storage.postgresql.transaction import (
    PostgresqlReadTransaction,
    PostgresqlWriteTransaction,
)
from moyeu.storage.postgresql.turns import RunAgainError, WholeTurnNeededError
from moyeu.storage.sql.request_log import LoggingRequests, RequestLog

T = TypeVar("T")

_log = logging.getLogger("moyeu.storage")

_SHARED_RUNS_MAX: Final = 3
"""After so many runs that met others, work takes the whole turn, in which it meets nobody."""
_RUNS_MAX: Final = 10
_PAUSE_S: Final = 0.1
"""Before a lost connection is tried again."""

_BEGIN_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Not READ WRITE: where an operator has set the database to be only read, it stays so.
_BEGIN_WRITE: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"


class _Piece(Generic[T]):
    """Work that waits for a thread; `taken` once it is begun or given up."""

    __slots__ = ("future", "lock", "taken", "work")

    def __init__(self, work: Callable[[Any], T], future: "asyncio.Future[T]") -> None:
        self.work = work
        self.future = future
        self.taken = False
        self.lock = threading.Lock()

    def take(self) -> bool:
        """Whether the caller may begin the piece, or give it up; nobody may twice."""
        with self.lock:
            taken, self.taken = self.taken, True
            return not taken


class PostgresqlStore(LoggingRequests):
    """An open database of PostgreSQL or Citus; see `storage.contract.Store` for the promises.

    connections: how many the process opens at most, of which two thirds write. write_wait_max_s:
    how long work waits for its turn, for others' locks and for a server that is away. prepared:
    whether statements are prepared on the server, which a pooler between may not bear.
    """

    is_shared = True

    def __init__(
        self,
        url: str,
        *,
        connections_max: int = 12,
        write_wait_max_s: float = 10.0,
        prepared: bool = True,
        search: SearchLimits = USUAL_LIMITS,
    ) -> None:
        self._url = url
        self.on_broken: Callable[[], None] | None = None
        self.write_wait_max_s = write_wait_max_s
        self._closed = False
        self._memory = Memory()
        # One more is for blocks of ids and numbers.
        pooled = max(2, connections_max - 1)
        readers = max(1, pooled // 3)
        with _closing_connection(url, write_wait_max_s, prepared=prepared) as connection:
            connections.check_server(connection)
            if is_empty(connection):
                migrate(connection)
            check(connection)
        self._pool = connections.open_pool(
            url, pooled, lock_wait_max_s=write_wait_max_s, prepared=prepared
        )
        self._pool.open()
        self._blocks = Blocks(url, lock_wait_max_s=write_wait_max_s, prepared=prepared)
        self._readers = ThreadPoolExecutor(readers, "moyeu-reader")
        self._writers = ThreadPoolExecutor(pooled - readers, "moyeu-writer")
        self._requests = RequestLog(
            lambda: PostgresqlRequestLog(
                lambda: connections.open_connection(
                    url,
                    lock_wait_max_s=write_wait_max_s,
                    prepared=prepared,
                    waits_for_disk=False,
                )
            )
        )
        source = Source(self._read, self._own_transaction, self._fence)
        self._index = SearchIndex(source, self._readers, search)

    # --- reading -----------------------------------------------------------------------------

    async def read(
        self,
        work: Callable[[ReadTransaction], T],
        *,
        few: bool = False,  # noqa: ARG002 — an answer from a server may always take a while
    ) -> T:
        """See the contract."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[PostgresqlReadTransaction], T]) -> T:
        return self._until_it_ends(lambda whole: self._try_read(work))  # noqa: ARG005

    def _try_read(self, work: Callable[[PostgresqlReadTransaction], T]) -> T:
        with self._connection() as connection:
            transaction = PostgresqlReadTransaction(connection, self._memory)
            try:
                with connection.pipeline():
                    connection.execute(_BEGIN_READ)
                    result = work(transaction)
                    connection.execute("COMMIT")
            except psycopg.Error as error:
                told = self._told(connection, error)
                if told is None:
                    raise
                raise told from error
            transaction.keep_snapshots()
            return result

    async def search(self, search: RecordSearch) -> FoundRecords:
        """See the contract."""
        return await self._index.search(search)

    async def matching_ids(
        self,
        portal_id: int,
        object_type_id: str,
        condition: Condition,
        from_id: int,
        count_max: int,
    ) -> list[int]:
        """See the contract."""
        return await self._index.matching_ids(
            portal_id, object_type_id, condition, from_id, count_max
        )

    async def admit_search(self, portal_id: int, now_ms: int, per_second: int) -> bool:
        """See the contract."""

        def admit() -> bool:
            return self._until_it_ends(
                lambda whole: self._try_admit(portal_id, now_ms, per_second)  # noqa: ARG005
            )

        return await asyncio.get_running_loop().run_in_executor(self._readers, admit)

    def _try_admit(self, portal_id: int, now_ms: int, per_second: int) -> bool:
        key = {"portal_id": portal_id, "now_ms": now_ms, "per_second": per_second}
        with self._connection() as connection:
            try:
                with connection.pipeline():
                    connection.execute("BEGIN")
                    connection.execute("SET LOCAL synchronous_commit = off")
                    admitted = connection.execute(ADMIT_SEARCH, key)
                    connection.execute("COMMIT")
                return bool(admitted.fetchall())
            except psycopg.Error as error:
                told = self._told(connection, error)
                if told is None:
                    raise
                raise told from error

    def cached_definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions | None:
        """See the contract."""
        found = self._memory.snapshots(portal_id)
        return None if found is None else found[1].definitions.get((portal_id, object_type_id))

    def cached_object_types(self, portal_id: int) -> PortalTypes | None:
        """See the contract."""
        found = self._memory.snapshots(portal_id)
        return None if found is None else found[1].types.get(portal_id)

    def cached_caller(self, token_hash: bytes) -> Caller | None:
        """See the contract."""
        return self._memory.caller(token_hash)

    async def caller_of(self, token_hash: bytes) -> Caller | None:
        """Who a token stands for; kept for a moment when it stands for somebody."""
        revocations = self._memory.revocations()
        caller = await self.read(lambda transaction: transaction.caller_of(token_hash))
        if caller is not None:
            self._memory.keep_caller(token_hash, caller, revocations)
        return caller

    # --- the search index --------------------------------------------------------------------

    def _own_transaction(self, work: Callable[[Connection], T]) -> T:
        """Runs work that may run again, also after a commit whose outcome is not known."""
        return self._until_it_ends(lambda whole: self._try_own(work))  # noqa: ARG005

    def _try_own(self, work: Callable[[Connection], T]) -> T:
        with self._connection() as connection:
            try:
                connection.execute(_BEGIN_WRITE)
                result = work(connection)
                connection.execute("COMMIT")
            except psycopg.Error as error:
                told = self._told(connection, error)
                if told is None:
                    raise
                raise told from error
            return result

    def _fence(self, portal_id: int) -> int:
        def work(transaction: PostgresqlWriteTransaction) -> int:
            return transaction.fence(portal_id)

        return self._write(work)

    # --- writing -----------------------------------------------------------------------------

    async def write(self, work: Callable[[WriteTransaction], T]) -> T:
        """See the contract."""
        if self._closed:
            raise StoreError("the store is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        piece = _Piece(work, future)
        deadline = loop.call_later(self.write_wait_max_s, _give_up, piece)
        running = loop.run_in_executor(self._writers, self._run, piece)
        running.add_done_callback(lambda ended: _hand_over(ended, piece))
        try:
            return await future
        finally:
            deadline.cancel()

    def _run(self, piece: _Piece[T]) -> T | None:
        if not piece.take():
            return None
        return self._write(piece.work)

    def _write(self, work: Callable[[PostgresqlWriteTransaction], T]) -> T:
        """Runs work until it is committed or refused."""
        return self._until_it_ends(lambda whole: self._try_write(work, whole=whole))

    def _try_write(self, work: Callable[[PostgresqlWriteTransaction], T], *, whole: bool) -> T:
        """Runs work once and commits it."""
        with self._connection() as connection:
            commit_sent = False
            watch = connections.CommitWatch(connection)
            try:
                with watch, connection.pipeline() as pipeline:
                    transaction = PostgresqlWriteTransaction(
                        connection, pipeline, self._memory, self._blocks, whole=whole
                    )
                    connection.execute(_BEGIN_WRITE)
                    result = work(transaction)
                    transaction.settle()
                    if connection.is_told():
                        # Bad news that comes before COMMIT is sent is certain.
                        pipeline.sync()
                    commit_sent = True
                    watch.warned = False
                    connection.execute("COMMIT")
            except psycopg.Error as error:
                if commit_sent and not connections.is_clean_refusal(error):
                    raise self._unknown(error) from error
                told = self._told(connection, error)
                if told is None:
                    raise
                raise told from error
            if watch.warned:
                raise self._unknown(None)
            transaction.keep_snapshots()
            if transaction.removed_tokens:
                self._memory.forget_callers(transaction.removed_tokens)
            return result

    def _until_it_ends(self, attempt: Callable[[bool], T]) -> T:
        """Makes an attempt, again where that helps; whether it takes the whole turn is told it."""
        whole = False
        runs = 0
        give_up_at = time.monotonic() + self.write_wait_max_s
        while True:
            runs += 1
            try:
                return attempt(whole)
            except WholeTurnNeededError:
                whole = True
            except (RunAgainError, _CrossedError) as error:
                if runs >= _RUNS_MAX:
                    if isinstance(error.__cause__, psycopg.errors.UniqueViolation):
                        # Others do not take a key so often: the work itself wants it twice.
                        raise error.__cause__ from None
                    why = "" if error.__cause__ is None else f": {error.__cause__}"
                    raise StoreError(f"the work met others each time it was tried{why}") from error
                whole = whole or runs >= _SHARED_RUNS_MAX
            except StoreUnavailableError as error:
                if time.monotonic() >= give_up_at:
                    _log.error("%s", error)
                    raise
                time.sleep(_PAUSE_S)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection of the pool, given back with no transaction open."""
        try:
            connection = self._pool.getconn()
        except PoolTimeout as error:
            raise StoreUnavailableError("the database did not answer in time") from error
        except PoolClosed as error:
            raise StoreError("the store is closed") from error
        try:
            yield connection
        finally:
            try:
                if not connection.closed:
                    connection.rollback()
            except psycopg.Error:
                # What the transaction did is undone by the server when the connection ends.
                connection.close()
            self._pool.putconn(connection)

    def _told(self, connection: Connection, error: psycopg.Error) -> Exception | None:
        """What an error means for work whose COMMIT was not sent, or was refused; None: itself."""
        if connections.is_away(connection, error):
            # One that is open may be with a server that only reads by now.
            connection.close()
            self._pool.check()
            return StoreUnavailableError(f"the database went away: {error}")
        if connections.is_worth_another_try(error):
            if error.sqlstate == connections.DEADLOCK:
                _log.warning("two transactions waited for each other: %s", error)
            return _CrossedError()
        if error.sqlstate == connections.LOCK_WAITED_TOO_LONG:
            return WriterBusyError("the writer's turn did not come in time")
        if error.sqlstate == connections.NO_SPACE:
            return StoreFullError("no space is left for the database")
        return None

    def _unknown(self, error: psycopg.Error | None) -> OutcomeUnknownError:
        unknown = OutcomeUnknownError(
            "a change is not on the standby that should have it"
            if error is None
            else f"the database did not say whether it committed ({error}); a read will tell"
        )
        _log.error("%s", unknown)
        return unknown

    async def analyze(self) -> None:
        """See the contract."""
        await asyncio.get_running_loop().run_in_executor(self._writers, self._analyze)

    def _analyze(self) -> None:
        with self._connection() as connection:
            try:
                analyze(connection)
            except psycopg.Error as error:
                # What was written stays, and the server makes statistics by itself, later.
                _log.warning("no statistics were made: %s", error)

    def close(self) -> None:
        """See the contract."""
        if self._closed:
            return
        self._closed = True
        self._requests.close()
        self._index.close()
        self._writers.shutdown()
        self._readers.shutdown()
        self._blocks.close()
        self._pool.close()


class _CrossedError(Exception):
    """The transaction was undone for the sake of another one."""


def _give_up(piece: _Piece[Any]) -> None:
    """Gives up a piece for which no thread came in time; it will never be begun."""
    if piece.take() and not piece.future.done():
        piece.future.set_exception(WriterBusyError("the writer's turn did not come in time"))


def _hand_over(ended: "asyncio.Future[Any]", piece: _Piece[Any]) -> None:
    """Gives the outcome to the one who waits, if he still does."""
    if piece.future.done() or ended.cancelled():
        return
    error = ended.exception()
    if error is not None:
        piece.future.set_exception(error)
    else:
        piece.future.set_result(ended.result())


@contextlib.contextmanager
def _closing_connection(url: str, wait_max_s: float, *, prepared: bool) -> Iterator[Connection]:
    connection = connections.open_connection(url, lock_wait_max_s=wait_max_s, prepared=prepared)
    try:
        yield connection
    finally:
        connection.close()


def open_store(url: str, **options: Any) -> PostgresqlStore:
    """Opens a database, making its schema where it is empty; options as of `PostgresqlStore`.

    Refused: StoreUnavailableError when nobody answers, StoreError for a server that does not fit,
    SchemaError when the schema is older or newer than this version's.
    """
    return PostgresqlStore(url, **options)
