"""The request log in a file beside the database, with a connection of its own.

It does not wait for the disk. A process that is killed leaves it whole; after a power cut it may be
damaged, and a file that cannot be read is thrown away.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import apsw

from moyeu.storage.contract import LogBounds, LoggedRequest, RequestFilter
from moyeu.storage.sql.request_log import by_portal, entry_of, parameters_of, row_of
from moyeu.storage.sqlite import request_log_queries as queries

_log = logging.getLogger("moyeu.storage")

SUFFIX: Final = "-requests"
"""What the name of the file adds to that of the database."""
FILES: Final = (SUFFIX, f"{SUFFIX}-journal")

_PAGE_BYTES: Final = 32_768
"""A body has few pages then, which are all that keeping and forgetting it costs.

With 4,096 an entry costs three times as much.
"""
_SWEEP_S: Final = 600.0
"""How often entries are looked for that are too old."""


class SqliteRequestLog:
    """The log of one database; see `storage.sql.request_log.LogBackend`."""

    def __init__(self, database: str) -> None:
        path = database if database == ":memory:" else database + SUFFIX
        try:
            self._connection = _open(path)
        except (apsw.CorruptError, apsw.NotADBError, _OtherSchemaError) as error:
            _log.warning("the request log %s is begun anew: %s", path, error)
            for each in FILES:
                Path(database + each).unlink(missing_ok=True)
            self._connection = _open(path)
        self._last: dict[int, int] = {}
        self._sweep_at_s = 0.0

    def keep(self, entries: Sequence[LoggedRequest], bounds: LogBounds) -> None:
        """See the protocol."""
        now_ms = time.time_ns() // 1_000_000
        numbered: dict[int, int] = {}
        with self._connection:
            for portal_id, own in by_portal(entries).items():
                first = self._last_of(portal_id) + 1
                numbered[portal_id] = first + len(own) - 1
                rows = [row_of(each, first + place, now_ms) for place, each in enumerate(own)]
                self._connection.executemany(queries.KEEP_REQUEST, rows)
                last = numbered[portal_id] - bounds.entries_max
                if last > 0:
                    key = {"portal_id": portal_id, "last": last}
                    self._connection.execute(queries.FORGET_REQUESTS, key)
            if time.monotonic() >= self._sweep_at_s:
                self._sweep_at_s = time.monotonic() + _SWEEP_S
                before = {"before_ms": now_ms - bounds.age_max_ms}
                self._connection.execute(queries.FORGET_OLD_REQUESTS, before)
        self._last.update(numbered)

    def _last_of(self, portal_id: int) -> int:
        found = self._last.get(portal_id)
        if found is None:
            row = self._connection.execute(queries.LAST_REQUEST, {"portal_id": portal_id})
            found = int(row.get)
        return found

    def find(self, portal_id: int, wanted: RequestFilter) -> list[LoggedRequest]:
        """See the protocol."""
        rows = self._connection.execute(queries.FIND_REQUESTS, parameters_of(portal_id, wanted))
        return [entry_of(row) for row in rows]

    def correlated(self, correlation_id: str) -> list[LoggedRequest]:
        """See the protocol."""
        key = {"correlation_id": correlation_id}
        rows = self._connection.execute(queries.CORRELATED_REQUESTS, key)
        return [entry_of(row) for row in rows]

    def clear(self, portal_id: int) -> None:
        """See the protocol."""
        self._connection.execute(queries.CLEAR_REQUESTS, {"portal_id": portal_id})

    def close(self) -> None:
        """See the protocol."""
        self._connection.close()


class _OtherSchemaError(Exception):
    """The file is of another version."""


def _make_schema(connection: apsw.Connection, version: int) -> None:
    """version: of what is there, 0 for an empty file."""
    if version not in (0, queries.SCHEMA_VERSION):
        raise _OtherSchemaError(f"its schema is {version}")
    if version == 0:
        with connection:
            connection.execute(queries.MAKE_REQUEST_LOG)
            connection.pragma("user_version", queries.SCHEMA_VERSION)


def _open(path: str) -> apsw.Connection:
    connection = apsw.Connection(path)
    try:
        # Before anything that makes the file: the size of a page never changes afterwards.
        connection.pragma("page_size", _PAGE_BYTES)
        connection.pragma("journal_mode", "truncate")
        connection.pragma("synchronous", "off")
        connection.pragma("temp_store", "memory")
        connection.pragma("trusted_schema", False)
        version = connection.pragma("user_version")
        _make_schema(connection, version)
    except BaseException:
        connection.close()
        raise
    return connection
