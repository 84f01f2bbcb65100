"""PostgreSQL for the tests: one server for a run, and databases on it that are used again.

The server starts when the first test asks and ends with the run, see `tools.postgres_server`; all
processes of a run share it. The environment may say otherwise:

    MOYEU_TESTS_WITHOUT_POSTGRESQL=1   skips what needs it
    MOYEU_TEST_POSTGRES=postgresql://… uses that server, as a role that may create databases
    MOYEU_TEST_POSTGRES_SCHEMAS=1      makes schemas in that very database instead, and spreads
                                       their tables where the extension citus is installed
"""

import atexit
import fcntl
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from moyeu.storage.postgresql.migrate import distribute, has_citus, migrate
from tools.postgres_server import (
    PREFIX,
    PostgresMissingError,
    PostgresServer,
    hold,
    short_folder,
    url_in,
)

SKIP: Final = "MOYEU_TESTS_WITHOUT_POSTGRESQL"
# Read here, because tests of the command line empty the environment.
_SKIPPED: Final = os.environ.get(SKIP) == "1"
_GIVEN: Final = os.environ.get("MOYEU_TEST_POSTGRES")
_IN_SCHEMAS: Final = os.environ.get("MOYEU_TEST_POSTGRES_SCHEMAS") == "1"
_RUN: Final = os.environ.get("PYTEST_XDIST_TESTRUNUID")
"""What the processes of one run have in common, if there are several."""

_TABLES: Final = """
SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'migration'
ORDER BY tablename
"""
_EMPTY_WAIT_MAX_S: Final = 10
"""A table that cannot be emptied after so long is still used by what the test left behind."""


class Databases:
    """Databases of one server: empty ones with the newest schema, or without any table.

    url: of a database in which a role may create databases, or schemas if `in_schemas`.
    """

    def __init__(self, url: str, *, in_schemas: bool) -> None:
        self._url = url
        self._in_schemas = in_schemas
        self._connection = psycopg.connect(url, autocommit=True)
        self._prefix = f"moyeu_test_{uuid4().hex[:12]}"
        self._numbers = itertools.count(1)
        self._made: dict[str, str] = {}
        """The name of each database that there is, by its address."""
        self._free: list[str] = []
        self._template: str | None = None

    def take(self) -> str:
        """The address of an empty database with the newest schema; nobody else's."""
        if self._free:
            return self._free.pop()
        if self._in_schemas:
            return self._migrated(self.bare())
        if self._template is None:
            self._template = self._made[self._migrated(self.bare())]
        return self._create(self._template)

    def bare(self) -> str:
        """The address of a database without any table."""
        return self._create(None)

    def give_back(self, url: str) -> None:
        """Empties a database that was taken, for the next one who takes."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"SET lock_timeout = '{_EMPTY_WAIT_MAX_S}s'")
            tables = [name for (name,) in connection.execute(_TABLES)]
            found = ", ".join(f"EXISTS (SELECT FROM {each})" for each in tables)
            filled = connection.execute(f"SELECT {found}".encode()).fetchone()
            assert filled is not None
            full = [name for name, is_full in zip(tables, filled, strict=True) if is_full]
            if full:
                connection.execute(f"TRUNCATE {', '.join(full)}".encode())
        self._free.append(url)

    def drop(self, url: str) -> None:
        """Removes a database, whoever is connected with it."""
        name = self._made.pop(url)
        if self._in_schemas:
            self._connection.execute(f"DROP SCHEMA {name} CASCADE".encode())
        else:
            self._connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def close(self) -> None:
        """Removes all databases that were made."""
        for url in list(self._made):
            self.drop(url)
        self._free.clear()
        self._connection.close()

    def _create(self, template: str | None) -> str:
        name = f"{self._prefix}_{next(self._numbers)}"
        if self._in_schemas:
            self._connection.execute(f"CREATE SCHEMA {name}".encode())
            url = _with_search_path(self._url, name)
        else:
            # Databases of other encodings and collations may have become the server's usual ones.
            of = f"TEMPLATE {template or 'template0'} ENCODING 'UTF8'"
            self._connection.execute(f"CREATE DATABASE {name} {of}".encode())
            url = urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))
        self._made[url] = name
        return url

    def _migrated(self, url: str) -> str:
        with psycopg.connect(url, autocommit=True) as connection:
            migrate(connection)
            if has_citus(connection):
                distribute(connection)
        return url


@cache
def databases() -> Databases:
    """Those of this process; a test that asks is skipped, or fails, where there is no server."""
    if _SKIPPED:
        pytest.skip(f"{SKIP} is 1")
    made = Databases(_GIVEN or url_in(_shared_folder(), "postgres"), in_schemas=_IN_SCHEMAS)
    if _GIVEN:
        atexit.register(made.close)
    return made


@contextmanager
def private_server(**options: Any) -> Iterator[PostgresServer]:
    """A started server for one test to kill, stop and start; options as of `PostgresServer`."""
    if _SKIPPED:
        pytest.skip(f"{SKIP} is 1")
    with _made_server(**options) as server:
        server.start()
        yield server


def _made_server(**options: Any) -> PostgresServer:
    try:
        return PostgresServer(**options)
    except PostgresMissingError as error:
        pytest.fail(f"{error} (or set {SKIP}=1)")


@cache
def _own_server(folder: Path | None) -> PostgresServer:
    """A server that ends when this process has ended and nobody else holds it."""
    made = _made_server(durable=False, folder=folder)
    made.start()
    return made


def _shared_folder() -> Path:
    """The folder of the server of this run."""
    if _RUN is None:
        return _own_server(None).folder
    folder = short_folder() / f"{PREFIX}{_RUN[:12]}"
    lock = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not hold(folder):
            # One that is there is being removed, because all others have ended.
            return _own_server(None if folder.exists() else folder).folder
    finally:
        os.close(lock)
    return folder


def _with_search_path(url: str, schema: str) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    query["options"] = f"{query.get('options', '')} -csearch_path={schema}".strip()
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))
