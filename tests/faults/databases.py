"""The database of a fault test: the file of one of SQLite, or the address of one of PostgreSQL."""

from pathlib import Path

from moyeu.storage import postgresql, sqlite
from moyeu.storage.contract import Store

Database = Path | str
"""A file, or an address `postgresql://…`."""


def address(database: Database) -> str:
    """What a command is given as `--database`."""
    return database if isinstance(database, str) else f"sqlite:///{database}"


def open_database(database: Database, write_wait_max_s: float = 10.0) -> Store:
    """Its store."""
    if isinstance(database, str):
        return postgresql.open_store(database, write_wait_max_s=write_wait_max_s)
    return sqlite.open_store(database, write_wait_max_s=write_wait_max_s)
