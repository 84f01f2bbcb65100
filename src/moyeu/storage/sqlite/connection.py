"""Connections with the pragmas that the promises rest on."""

import apsw

_BUSY_TIMEOUT_MS = 5_000
_CACHE_KIB = 8_192
"""Per connection. A larger one measured no gain: the system's cache does the work."""


def open_writer(path: str, *, vfs: str | None) -> apsw.Connection:
    """The one connection that writes and checkpoints; makes the file when it is missing.

    `synchronous=FULL`: a commit is on disk before it is answered. One writer and checkpointer
    keeps SQLite out of every race that several have had.
    """
    connection = apsw.Connection(path, vfs=vfs)
    _prepare(connection)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    # Keeps the WAL file from staying at the size of its largest burst.
    connection.pragma("journal_size_limit", 64 * 1024 * 1024)
    return connection


def open_reader(path: str, *, vfs: str | None) -> apsw.Connection:
    """A connection that cannot write."""
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY, vfs=vfs)
    _prepare(connection)
    connection.pragma("query_only", True)
    return connection


def _prepare(connection: apsw.Connection) -> None:
    connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
    connection.pragma("cache_size", -_CACHE_KIB)
    connection.pragma("temp_store", "memory")
    connection.pragma("trusted_schema", False)
