"""The request log in tables of its own, with a connection that does not wait for the disk."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from moyeu.storage.contract import LogBounds, LoggedRequest, RequestFilter
from moyeu.storage.postgresql import request_log_queries as queries
from moyeu.storage.postgresql.connections import Connection
from moyeu.storage.sql.request_log import by_portal, entry_of, parameters_of, row_of

_SWEEP_S: Final = 600.0
"""How often a process looks for entries that are too old."""


class PostgresqlRequestLog:
    """The log of one database; see `storage.sql.request_log.LogBackend`."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connection = connect()
        self._sweep_at_s = 0.0

    def keep(self, entries: Sequence[LoggedRequest], bounds: LogBounds) -> None:
        """See the protocol: a transaction for each portal."""
        now_ms = time.time_ns() // 1_000_000
        for portal_id, own in by_portal(entries).items():
            self._keep_of(portal_id, own, now_ms, bounds.entries_max)
        if time.monotonic() >= self._sweep_at_s:
            self._sweep_at_s = time.monotonic() + _SWEEP_S
            before = {"before_ms": now_ms - bounds.age_max_ms}
            self._connection.execute(queries.FORGET_OLD_REQUESTS, before)

    def _keep_of(
        self, portal_id: int, entries: Sequence[LoggedRequest], now_ms: int, entries_max: int
    ) -> None:
        connection = self._connection
        with connection.transaction():
            key = {"portal_id": portal_id, "count": len(entries)}
            row = connection.execute(queries.COUNT_REQUESTS, key).fetchone()
            assert row is not None
            first = row[0] - len(entries) + 1
            with connection.pipeline():
                for place, each in enumerate(entries):
                    connection.execute(queries.KEEP_REQUEST, row_of(each, first + place, now_ms))
            if row[0] > entries_max:
                last = {"portal_id": portal_id, "last": row[0] - entries_max}
                connection.execute(queries.FORGET_REQUESTS, last)

    def find(self, portal_id: int, wanted: RequestFilter) -> list[LoggedRequest]:
        """See the protocol."""
        rows = self._connection.execute(queries.FIND_REQUESTS, parameters_of(portal_id, wanted))
        return [entry_of(row) for row in rows]

    def correlated(self, correlation_id: str) -> list[LoggedRequest]:
        """See the protocol."""
        key = {"correlation_id": correlation_id}
        return [entry_of(row) for row in self._connection.execute(queries.CORRELATED_REQUESTS, key)]

    def clear(self, portal_id: int) -> None:
        """See the protocol."""
        self._connection.execute(queries.CLEAR_REQUESTS, {"portal_id": portal_id})

    def close(self) -> None:
        """See the protocol."""
        self._connection.close()
