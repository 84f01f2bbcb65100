"""A server process that a fault strikes: `python -m tests.faults.launcher FAULT COUNT DATABASE PORT`.

The fault is put between the unchanged server and SQLite before the server opens its database, so
the product has no hooks for it. FAULT is a key of `POINTS`, or `none`.
"""

import functools
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import apsw

from moyeu.app import build_app
from moyeu.storage.sqlite import open_store
from moyeu.wire.edge import Edge
from tests.faults.vfs import Kind, Role, WatchedVFS

BROKEN_EXIT = 74
"""EX_IOERR of sysexits.h."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The moment before (each row of) a statement that begins like this, or after it has ended."""

    beginning: str
    moment: Literal["before", "after"] = "before"


@dataclass(frozen=True, slots=True)
class Operation:
    """The moment before a write or sync of a file."""

    kind: Kind
    role: Role


@dataclass(frozen=True, slots=True)
class Point:
    """Where the process dies.

    committed: whether the batch at hand is there afterwards; None: it depends on the count.
    count_max: how often the point can be reached within a second or two of load.
    """

    at: Statement | Operation
    committed: bool | None
    count_max: int = 40


POINTS = {
    "before-begin": Point(Statement("BEGIN IMMEDIATE"), committed=False),
    "among-history-rows": Point(Statement("INSERT INTO record_write"), committed=False),
    "among-records": Point(Statement("UPDATE record SET"), committed=False),
    "before-unique-values-are-left": Point(Statement("DELETE FROM unique_value"), committed=False),
    "before-unique-values-are-taken": Point(Statement("INSERT INTO unique_value"), committed=False),
    "before-commit": Point(Statement("COMMIT"), committed=False),
    "among-wal-writes": Point(Operation("write", "wal"), committed=False, count_max=400),
    "before-wal-sync": Point(Operation("sync", "wal"), committed=None),
    "after-commit": Point(Statement("COMMIT", "after"), committed=True),
    "among-checkpoint-writes": Point(Operation("write", "database"), committed=True, count_max=300),
    "before-checkpoint-sync": Point(Operation("sync", "database"), committed=True, count_max=5),
}


def _strike_at(count: int, blow: Callable[[], None]) -> Callable[[], None]:
    seen = 0

    def strike() -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            blow()

    return strike


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _watch_statements(point: Statement, strike: Callable[[], None]) -> None:
    def before(_cursor: apsw.Cursor, statement: str, _bindings: Any) -> bool:
        if statement.lstrip().startswith(point.beginning):
            strike()
        return True

    def after(event: dict[str, Any]) -> None:
        if str(event["sql"]).startswith(point.beginning):
            strike()

    def watch(connection: apsw.Connection) -> None:
        # Readers end their transactions with COMMIT too.
        if connection.readonly("main"):
            return
        if point.moment == "before":
            connection.exec_trace = before
        else:
            connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, after)

    apsw.connection_hooks.append(watch)


def _watch_operations(point: Operation, strike: Callable[[], None]) -> None:
    def watch(kind: Kind, role: Role) -> None:
        if (kind, role) == (point.kind, point.role):
            strike()

    # The VFS lives as long as the process.
    _watch_operations.vfs = WatchedVFS("watched", watch, is_default=True)  # type: ignore[attr-defined]


def install(fault: str, count: int) -> None:
    """Lets the process die when the point is reached for the n-th time."""
    if fault == "none":
        return
    at = POINTS[fault].at
    watch = _watch_statements if isinstance(at, Statement) else _watch_operations
    watch(at, _strike_at(count, _die))  # type: ignore[operator]


def main() -> int:
    """Installs the fault and serves until a signal comes; the exit code."""
    fault, count, database, port = sys.argv[1:5]
    install(fault, int(count))
    store = open_store(database, wal_checkpoint_pages=200)
    edge = Edge(build_app(store), port=int(port))
    store.on_broken = functools.partial(edge.fail, BROKEN_EXIT)
    try:
        return edge.run()
    finally:
        store.close()


if __name__ == "__main__":
    sys.exit(main())
