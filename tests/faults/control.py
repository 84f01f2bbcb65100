"""A look at a PostgreSQL server from aside, and what an operator could do to it."""

import time
from typing import Any, Final, Self

import psycopg

_WAIT_MAX_S: Final = 15.0


class Control:
    """A session of its own in the database of an address."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        cursor = self._connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description is not None else []

    def deadlocks(self) -> int:
        """How many there were in the database, ever."""
        statement = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(self.ask(statement)[0][0])

    def stores(self) -> list[int]:
        """The processes of the sessions that stores have in the database."""
        statement = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'moyeu'"
        )
        return [pid for (pid,) in self.ask(statement)]

    def terminate(self, pid: int) -> None:
        """Ends a session, whatever it is at, and waits until it is gone."""
        self.ask("SELECT pg_terminate_backend(%s)", pid)
        self.await_end(pid)

    def await_end(self, pid: int) -> None:
        """Waits until a session whose client is gone, or is to go, has ended."""
        deadline_s = time.monotonic() + _WAIT_MAX_S
        while self.ask("SELECT FROM pg_stat_activity WHERE pid = %s", pid):
            assert time.monotonic() < deadline_s, f"the process {pid} does not end"
            time.sleep(0.002)

    def await_waiting(self, count: int = 1) -> None:
        """Waits until so many sessions of the database wait for locks of others."""
        statement = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        )
        deadline_s = time.monotonic() + _WAIT_MAX_S
        while self.ask(statement)[0][0] < count:
            assert time.monotonic() < deadline_s, "nobody waits"
            time.sleep(0.002)

    def close(self) -> None:
        """Ends the session."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()
