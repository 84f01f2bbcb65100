"""The SQLite engine."""

from moyeu.storage.sqlite.engine import SqliteStore, open_store

__all__ = ["SqliteStore", "open_store"]
