"""The PostgreSQL engine; its statements also run on Citus."""

from moyeu.storage.postgresql.engine import PostgresqlStore, open_store

__all__ = ["PostgresqlStore", "open_store"]
