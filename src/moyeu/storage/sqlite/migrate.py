"""Brings a SQLite database to the newest schema."""

from pathlib import Path
from typing import Final

import apsw

from moyeu.storage.sql.migrations import (
    Migration,
    SchemaError,
    known_migrations,
    pending_migrations,
)
from moyeu.storage.sqlite.connection import open_reader

__all__ = ["Migration", "SchemaError", "known", "migrate", "pending", "pending_of"]

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL
) STRICT
"""
_HAS_TABLE: Final = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration'"


def known() -> list[Migration]:
    """All migrations of this version."""
    return known_migrations("moyeu.storage.sqlite")


def pending(connection: apsw.Connection) -> list[Migration]:
    """What the database lacks, in the order in which it is applied.

    Refused: SchemaError for a database that a newer version has migrated, and for a file that was
    edited after it had been applied.
    """
    applied: dict[int, str] = {}
    if connection.execute(_HAS_TABLE).fetchone() is not None:
        applied = dict(connection.execute("SELECT number, checksum FROM migration"))
    return pending_migrations(known(), applied)


def pending_of(path: Path) -> list[Migration]:
    """What the database in a file lacks; changes nothing. Refused as of `pending`."""
    connection = open_reader(str(path), vfs=None)
    try:
        return pending(connection)
    finally:
        connection.close()


def migrate(connection: apsw.Connection) -> int:
    """Applies what is missing, each file in its own transaction; how many there were.

    Refused as of `pending`.
    """
    connection.execute(_TABLE)
    missing = pending(connection)
    for each in missing:
        _apply(connection, each)
    return len(missing)


def _apply(connection: apsw.Connection, migration: Migration) -> None:
    with connection:
        connection.execute(migration.text)
        connection.execute(
            "INSERT INTO migration (number, name, checksum) VALUES (?, ?, ?)",
            (migration.number, migration.name, migration.checksum),
        )
