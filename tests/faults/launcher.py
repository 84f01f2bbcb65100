"""The `moyeu` command in a process that dies at a chosen point.

    python -m tests.faults.launcher FAULT COUNT COMMAND…

The fault is put between the unchanged server and SQLite before the server opens its database, so
the product has no hooks for it. FAULT is a key of `POINTS`. All searches use the index, and what is
done in parts is done in small ones, so that few records suffice for many steps.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import apsw

from moyeu.cli.main import run
from moyeu.operations import list_evaluation
from moyeu.storage.sqlite.search_index import USUAL_LIMITS
from tests.faults.vfs import Kind, Role, WatchedVFS


@dataclass(frozen=True, slots=True)
class Statement:
    """The moment before (each row of) a statement that begins like this, or after it has ended.

    where: whose statement, that of the writer or of the search index.
    """

    beginning: str
    moment: Literal["before", "after"] = "before"
    where: Literal["writer", "index"] = "writer"


@dataclass(frozen=True, slots=True)
class Operation:
    """The moment before a write or sync of a file."""

    kind: Kind
    role: Role


@dataclass(frozen=True, slots=True)
class Point:
    """Where the process dies.

    committed: whether the batch at hand is there afterwards; None: it depends on the count, or
    there is none, as checkpoints come after the answers.
    count_max: how often the point can be reached within a second or two of load.
    """

    at: Statement | Operation
    committed: bool | None
    count_max: int = 40


POINTS = {
    "before-begin": Point(Statement("BEGIN IMMEDIATE"), committed=False),
    "among-history-rows": Point(Statement("INSERT INTO record_write"), committed=False),
    "among-records": Point(Statement("UPDATE record SET"), committed=False),
    "among-associations": Point(
        Statement("INSERT INTO association"), committed=False, count_max=20
    ),
    "before-a-record-is-merged-away": Point(
        Statement("INSERT OR REPLACE INTO record_merged"), committed=False, count_max=8
    ),
    "before-a-history-is-erased": Point(
        Statement("WITH RECURSIVE chain"), committed=False, count_max=3
    ),
    "among-removed-associations": Point(
        Statement("DELETE FROM association"), committed=False, count_max=10
    ),
    "among-members": Point(Statement("INSERT INTO list_membership"), committed=None, count_max=10),
    "before-a-definition-is-kept": Point(
        Statement("INSERT OR REPLACE INTO definition"), committed=False, count_max=3
    ),
    "before-a-stage-is-audited": Point(
        Statement("INSERT INTO pipeline_audit"), committed=False, count_max=6
    ),
    "before-unique-values-are-left": Point(Statement("DELETE FROM unique_value"), committed=False),
    "before-unique-values-are-taken": Point(Statement("INSERT INTO unique_value"), committed=False),
    "before-commit": Point(Statement("COMMIT"), committed=False),
    "among-wal-writes": Point(Operation("write", "wal"), committed=False, count_max=400),
    "before-wal-sync": Point(Operation("sync", "wal"), committed=None),
    "after-commit": Point(Statement("COMMIT", "after"), committed=True),
    "among-checkpoint-writes": Point(Operation("write", "database"), committed=None, count_max=300),
    "before-checkpoint-sync": Point(Operation("sync", "database"), committed=None, count_max=5),
}

READING_POINTS = {
    "among-the-records-of-a-column": Point(
        Statement("INSERT INTO stage", where="index"), committed=None
    ),
    "before-a-column-forgets": Point(
        Statement("DELETE FROM touched WHERE", where="index"), committed=None, count_max=10
    ),
    "before-an-answer-of-the-index": Point(Statement("COMMIT", where="index"), committed=None),
    "among-those-that-leave-a-list": Point(
        Statement("DELETE FROM list_membership"), committed=None
    ),
    "before-a-list-is-kept": Point(Statement("INSERT OR REPLACE INTO list ("), committed=None),
}
"""Points that are reached by reads: while the index is made and while lists are evaluated."""

PART_RECORDS = 20
"""Instead of thousands."""


_KEPT: list[WatchedVFS] = []
"""What SQLite would lose if Python let go of it."""


def _strike_at(count: int) -> Callable[[], None]:
    """Ends the process, as `kill -9` does, when it is called for the n-th time."""
    seen = 0

    def strike() -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            os.kill(os.getpid(), signal.SIGKILL)

    return strike


def _watch_statements(point: Statement, strike: Callable[[], None]) -> None:
    def before(_cursor: apsw.Cursor, statement: str, _bindings: Any) -> bool:
        if statement.lstrip().startswith(point.beginning):
            strike()
        return True

    def after(event: dict[str, Any]) -> None:
        if str(event["sql"]).startswith(point.beginning):
            strike()

    def watch(connection: apsw.Connection) -> None:
        # Readers end their transactions with COMMIT too. The index has a file without a name.
        is_index = not connection.filename
        if connection.readonly("main") or is_index != (point.where == "index"):
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

    _KEPT.append(WatchedVFS("watched", watch, is_default=True))


def install(fault: str, count: int) -> None:
    """Lets the process die when the point is reached for the n-th time."""
    at = (POINTS | READING_POINTS)[fault].at
    if isinstance(at, Statement):
        _watch_statements(at, _strike_at(count))
    else:
        _watch_operations(at, _strike_at(count))


def make_parts_small() -> None:
    """See the description of this module."""
    list_evaluation._PART_RECORDS = list_evaluation._PART_FOUND = PART_RECORDS  # type: ignore[misc]
    for name, value in (("scan_max", 0), ("part_records", PART_RECORDS)):
        object.__setattr__(USUAL_LIMITS, name, value)


if __name__ == "__main__":
    make_parts_small()
    install(sys.argv[1], int(sys.argv[2]))
    sys.exit(run(sys.argv[3:]))
