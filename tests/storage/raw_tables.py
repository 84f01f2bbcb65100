"""The tables of a database as they are, whatever the store makes of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import apsw
import psycopg

from tests.storage.engines import Engine

_VALUES = {"INTEGER": 7, "bigint": 7, "integer": 7, "boolean": True, "date": "2026-01-01"}
_TEXTS = {"jsonb": "{}", "bytea": b"b", "BLOB": b"b", "bigint[]": [7]}


class RawTables(Protocol):
    """What tests ask of the tables."""

    def columns(self) -> dict[str, dict[str, str]]:
        """The type of each column of each table that has a `portal_id`."""
        ...

    def rows(self, table: str, portal_id: int) -> list[tuple[Any, ...]]:
        """A portal's rows, without the id of the portal, in some order that is always the same."""
        ...

    def put(self, table: str, portal_id: int) -> None:
        """A row with a value in each column."""
        ...


@contextmanager
def raw_tables(engine: Engine, folder: Path) -> Iterator[RawTables]:
    """The tables of the database of a folder."""
    if engine.name == "sqlite":
        file = apsw.Connection(str(folder / "moyeu.db"))
        file.set_busy_timeout(5_000)
        yield _Sqlite(file)
        file.close()
    else:
        url = (folder / "postgresql-address").read_text()
        with psycopg.connect(url, autocommit=True) as connection:
            yield _Postgresql(connection)


def _value(column: str, kind: str) -> Any:
    return _VALUES.get(kind, _TEXTS.get(kind, column))


class _Sqlite:
    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def columns(self) -> dict[str, dict[str, str]]:
        rows = self._connection.execute(
            "SELECT t.name, c.name, c.type FROM sqlite_schema t, pragma_table_info(t.name) c"
            " WHERE t.type = 'table'"
        ).fetchall()
        return _with_portal(rows)

    def rows(self, table: str, portal_id: int) -> list[tuple[Any, ...]]:
        names = ", ".join(name for name in self.columns()[table] if name != "portal_id")
        rows = self._connection.execute(
            f"SELECT {names} FROM {table} WHERE portal_id = ?", (portal_id,)
        )
        return sorted(rows.fetchall(), key=repr)

    def put(self, table: str, portal_id: int) -> None:
        columns = self.columns()[table]
        values = [
            portal_id if name == "portal_id" else _value(name, columns[name]) for name in columns
        ]
        places = ", ".join("?" for _ in values)
        self._connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", values
        )


class _Postgresql:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def columns(self) -> dict[str, dict[str, str]]:
        rows = self._connection.execute(
            "SELECT c.relname, a.attname, format_type(a.atttypid, NULL) FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace"
            " ORDER BY c.relname, a.attnum"
        ).fetchall()
        return _with_portal(rows)

    def rows(self, table: str, portal_id: int) -> list[tuple[Any, ...]]:
        names = ", ".join(f"{name}::text" for name in self.columns()[table] if name != "portal_id")
        statement = f"SELECT {names} FROM {table} WHERE portal_id = %s"
        rows = self._connection.execute(statement.encode(), (portal_id,))
        return sorted(rows.fetchall(), key=repr)

    def put(self, table: str, portal_id: int) -> None:
        columns = self.columns()[table]
        values = [
            portal_id if name == "portal_id" else _value(name, columns[name]) for name in columns
        ]
        places = ", ".join("%s" for _ in values)
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
        self._connection.execute(statement.encode(), values)


def _with_portal(rows: list[tuple[Any, ...]]) -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        tables.setdefault(table, {})[column] = kind
    return {name: columns for name, columns in tables.items() if "portal_id" in columns}
