"""The request log of an SQL engine: a thread that keeps entries in batches, and how rows look.

Everything is asked of that thread, so what was logged before a question is kept when it is
answered. An engine gives the backend: a connection of its own with its SQL.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final, Protocol, TypeVar

import msgspec

from moyeu.storage.contract import (
    BODY_BYTES_MAX,
    LogBounds,
    LoggedRequest,
    RequestFilter,
    RuleNote,
    StoreError,
)
from moyeu.storage.sql.rows import Row

T = TypeVar("T")

_log = logging.getLogger("moyeu.storage")

PAUSE_S: Final = 0.25
"""How long the first entry of a batch waits for others; a question waits for nothing.

What a batch costs beside its entries is spread over them: with 0.05 s it is as much as they are.
"""
_TOGETHER: Final = 200
"""A batch of so many does not wait any longer."""
_WAITING_MAX: Final = 5_000
_WAITING_BYTES_MAX: Final = 64 * 1024 * 1024


class LogBackend(Protocol):
    """Where entries are kept; used by one thread at a time. Any exception makes a new one."""

    def keep(self, entries: Sequence[LoggedRequest], bounds: LogBounds) -> None:
        """Keeps entries and forgets those that are beyond the bounds; all or none."""
        ...

    def find(self, portal_id: int, wanted: RequestFilter) -> list[LoggedRequest]:
        """As `RequestLogStore.logged_requests`."""
        ...

    def correlated(self, correlation_id: str) -> list[LoggedRequest]:
        """As `RequestLogStore.requests_correlated`."""
        ...

    def clear(self, portal_id: int) -> None:
        """Forgets the entries of a portal."""
        ...

    def close(self) -> None:
        """Lets go of the connection."""
        ...


class RequestLog:
    """The thread and what waits for it; it begins with the first entry or question.

    dropped: how many entries were not kept so far.
    """

    def __init__(self, open_backend: Callable[[], LogBackend]) -> None:
        self._open = open_backend
        self._backend: LogBackend | None = None
        self._lock = threading.Lock()
        self._wake, self._urgent = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._entries: list[LoggedRequest] = []
        self._bytes = 0
        self._bounds = LogBounds(0, 0)
        self._questions: list[tuple[Callable[[LogBackend], Any], Future[Any]]] = []
        self._closing = False
        self._is_failing = False
        self.dropped = 0
        self._dropped_told = 0

    def add(self, entries: Sequence[LoggedRequest], bounds: LogBounds) -> None:
        """Takes entries to be kept; drops the oldest that wait when there are too many."""
        with self._lock:
            if self._closing:
                return
            self._bounds = bounds
            self._entries.extend(entries)
            self._bytes += sum(map(_size, entries))
            while len(self._entries) > _WAITING_MAX or self._bytes > _WAITING_BYTES_MAX:
                self._bytes -= _size(self._entries.pop(0))
                self.dropped += 1
            is_many = len(self._entries) >= _TOGETHER
        self._call(urgent=is_many)

    async def ask(self, question: Callable[[LogBackend], T]) -> T:
        """What the backend answers once all that waits is kept. Raises StoreError."""
        answer: Future[T] = Future()
        with self._lock:
            if self._closing:
                raise StoreError("the store is closed")
            self._questions.append((question, answer))
        self._call(urgent=True)
        return await asyncio.wrap_future(answer)

    def forget_waiting(self, portal_id: int) -> None:
        """Drops what waits of a portal."""
        with self._lock:
            self._entries = [each for each in self._entries if each.portal_id != portal_id]
            self._bytes = sum(map(_size, self._entries))

    def close(self) -> None:
        """Keeps what waits and ends the thread."""
        with self._lock:
            self._closing = True
        if self._thread is not None:
            self._call(urgent=True)
            self._thread.join()

    def _call(self, *, urgent: bool) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="moyeu-requests", daemon=True)
            self._thread.start()
        if urgent:
            self._urgent.set()
        if not self._wake.is_set():
            self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._urgent.wait(PAUSE_S)
            self._wake.clear()
            self._urgent.clear()
            with self._lock:
                entries, self._entries, self._bytes = self._entries, [], 0
                questions, self._questions = self._questions, []
                bounds, closing = self._bounds, self._closing
                dropped = self.dropped
            if dropped > self._dropped_told:
                new = dropped - self._dropped_told
                _log.warning("%d requests are not logged: too many came at once", new)
                self._dropped_told = dropped
            if entries:
                self._keep(entries, bounds)
            for question, answer in questions:
                self._answer(question, answer)
            if closing:
                self._let_go()
                return

    def _keep(self, entries: Sequence[LoggedRequest], bounds: LogBounds) -> None:
        try:
            self._at_hand().keep(entries, bounds)
        except Exception as error:  # noqa: BLE001 — the log is nobody's error, whatever is wrong with it
            self._let_go()
            if not self._is_failing:
                _log.warning("requests are not logged: %s", error)
            self._is_failing = True
            with self._lock:
                self.dropped += len(entries)
                self._dropped_told += len(entries)
        else:
            self._is_failing = False

    def _answer(self, question: Callable[[LogBackend], T], answer: Future[T]) -> None:
        if not answer.set_running_or_notify_cancel():
            # Whoever asked has left.
            return
        try:
            result = question(self._at_hand())
        except Exception as error:  # noqa: BLE001 — it goes to the one who asks
            self._let_go()
            broken = StoreError(f"the request log cannot be read: {error}")
            broken.__cause__ = error
            answer.set_exception(broken)
        else:
            answer.set_result(result)

    def _at_hand(self) -> LogBackend:
        if self._backend is None:
            self._backend = self._open()
        return self._backend

    def _let_go(self) -> None:
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()


class LoggingRequests:
    """The part of a store that is its request log."""

    _requests: RequestLog

    def log_requests(self, entries: Sequence[LoggedRequest], bounds: LogBounds) -> None:
        """See the contract."""
        self._requests.add(entries, bounds)

    async def logged_requests(self, portal_id: int, wanted: RequestFilter) -> list[LoggedRequest]:
        """See the contract."""
        return await self._requests.ask(lambda log: log.find(portal_id, wanted))

    async def requests_correlated(self, correlation_id: str) -> list[LoggedRequest]:
        """See the contract."""
        return await self._requests.ask(lambda log: log.correlated(correlation_id))

    async def clear_requests(self, portal_id: int) -> None:
        """See the contract."""
        self._requests.forget_waiting(portal_id)
        await self._requests.ask(lambda log: log.clear(portal_id))


def _size(entry: LoggedRequest) -> int:
    return len(entry.request_body) + len(entry.response_body)


# --- rows ------------------------------------------------------------------------------------


class _Facts(msgspec.Struct, array_like=True, gc=False):
    """What is kept of an entry as one JSON text; new ones go to the end and have a default."""

    route: str | None
    operation: str | None
    app_id: int | None
    user_id: int | None
    token_hint: str | None
    inputs_ok: int
    inputs_failed: int
    duration_us: int
    stages: Mapping[str, int]
    statements: int
    request_headers: tuple[tuple[str, str], ...]
    response_headers: tuple[tuple[str, str], ...]
    request_bytes: int
    response_bytes: int
    notes: tuple[RuleNote, ...]


_write_facts = msgspec.json.Encoder().encode
_read_facts = msgspec.json.Decoder(_Facts).decode
_FACTS: Final = tuple(each.name for each in msgspec.structs.fields(_Facts))

COLUMNS: Final = (
    "portal_id, number, correlation_id, at_ms, method, path, query, version, object_type_id,"
    " status, facts"
)
"""What `entry_of` reads, before the two bodies."""


def row_of(entry: LoggedRequest, number: int, logged_at_ms: int) -> dict[str, object]:
    """An entry as the parameters of an INSERT; logged_at_ms: the real time."""
    facts = _Facts(**{name: getattr(entry, name) for name in _FACTS})
    return {
        "portal_id": entry.portal_id,
        "number": number,
        "correlation_id": entry.correlation_id,
        "at_ms": entry.at_ms,
        "logged_at_ms": logged_at_ms,
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "version": entry.version,
        "object_type_id": entry.object_type_id,
        "status": entry.status,
        "facts": _write_facts(facts),
        "request_body": entry.request_body[:BODY_BYTES_MAX],
        "response_body": entry.response_body[:BODY_BYTES_MAX],
    }


def entry_of(row: Row) -> LoggedRequest:
    """An entry from COLUMNS and the two bodies, None where they were not asked for."""
    facts = _read_facts(row[10])
    return LoggedRequest(
        portal_id=row[0],
        number=row[1],
        correlation_id=row[2],
        at_ms=row[3],
        method=row[4],
        path=row[5],
        query=row[6],
        version=row[7],
        object_type_id=row[8],
        status=row[9],
        request_body=bytes(row[11] or b""),
        response_body=bytes(row[12] or b""),
        **{name: getattr(facts, name) for name in _FACTS},
    )


def parameters_of(portal_id: int, wanted: RequestFilter) -> dict[str, object]:
    """A filter as the parameters of a SELECT; `text` as UTF-8."""
    low, high = wanted.status, wanted.status
    if low is None and wanted.status_class is not None:
        low, high = wanted.status_class * 100, wanted.status_class * 100 + 99
    return {
        "portal_id": portal_id,
        "status_min": low,
        "status_max": high,
        "method": wanted.method,
        "path_part": wanted.path_part,
        "version": wanted.version,
        "object_type_id": wanted.object_type_id,
        "correlation_id": wanted.correlation_id,
        "text": None if wanted.text is None else wanted.text.encode(),
        "since_ms": wanted.since_ms,
        "until_ms": wanted.until_ms,
        "before": wanted.before,
        "limit": max(0, wanted.limit),
        "with_bodies": wanted.with_bodies,
    }


def by_portal(entries: Iterable[LoggedRequest]) -> dict[int, list[LoggedRequest]]:
    """Entries by their portal, ascending, so that all who keep some lock in one order."""
    found: dict[int, list[LoggedRequest]] = {}
    for each in entries:
        found.setdefault(each.portal_id, []).append(each)
    return dict(sorted(found.items()))
