"""Brings a PostgreSQL database to the newest schema, and spreads its tables over a Citus cluster.

Connections are in autocommit mode. Whoever migrates holds a row of the table `migration`: a lock
that is the same one for all who come through a coordinator, as an advisory lock of a node is not.
"""

from collections.abc import Callable
from typing import Any, Final

from psycopg import Connection
from psycopg.errors import (
    DuplicateObject,
    DuplicateTable,
    LockNotAvailable,
    ProgrammingError,
    UndefinedColumn,
    UniqueViolation,
)

from moyeu.storage.contract import StoreInUseError
from moyeu.storage.sql.migrations import (
    Migration,
    SchemaError,
    known_migrations,
    pending_migrations,
)

__all__ = [
    "DISTRIBUTED",
    "REFERENCE",
    "Migration",
    "SchemaError",
    "analyze",
    "check",
    "distribute",
    "has_citus",
    "is_empty",
    "known",
    "migrate",
    "pending",
    "undistributed",
]

DISTRIBUTED: Final = {
    "portal": "portal_id",
    "counter": "portal_id",
    "owner": "portal_id",
    "property": "portal_id",
    "property_group": "portal_id",
    "definition": "portal_id",
    "pipeline_audit": "portal_id",
    "record": "portal_id",
    "record_merged": "portal_id",
    "unique_value": "portal_id",
    "record_write": "portal_id",
    "association": "portal_id",
    "related_change": "portal_id",
    "list": "portal_id",
    "list_membership": "portal_id",
    "list_folder": "portal_id",
    "pull": "portal_id",
    "job": "portal_id",
    "snapshot": "portal_id",
    "controls": "portal_id",
    "search_portal": "portal_id",
    "search_column": "portal_id",
    "search_key": "portal_id",
    "search_text": "portal_id",
    "search_removal": "portal_id",
    "search_rate": "portal_id",
    "request_log": "portal_id",
    "request_log_count": "portal_id",
    "token": "token_hash",
}
"""The column that says on which node of a cluster a row is kept, by table, `portal` first.

Tables with the same column keep the rows of one portal on one node.
"""

REFERENCE: Final = ("migration",)
"""Tables that every node of a cluster has whole."""

_LOCK_NUMBER: Final = 0
"""The row that whoever migrates holds; no file has this number."""

_MAKE_TABLE: Final = """
CREATE TABLE IF NOT EXISTS migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL
)
"""
_MAKE_LOCK: Final = """
INSERT INTO migration (number, name, checksum) VALUES (%(number)s, 'lock', '')
ON CONFLICT (number) DO NOTHING
"""
_TAKE_LOCK: Final = "SELECT number FROM migration WHERE number = %(number)s FOR UPDATE"
_HAS_TABLE: Final = "SELECT to_regclass('migration') IS NOT NULL"
_APPLIED: Final = "SELECT number, checksum FROM migration WHERE number > %(lock)s"
_NOTE: Final = """
INSERT INTO migration (number, name, checksum) VALUES (%(number)s, %(name)s, %(checksum)s)
"""
# The view citus_tables is found only through the search path, this catalog always.
_HAS_CITUS: Final = "SELECT to_regclass('pg_dist_partition') IS NOT NULL"
_UNDISTRIBUTED: Final = """
SELECT t.name FROM unnest(%(tables)s::text[]) WITH ORDINALITY AS t(name, place)
WHERE NOT EXISTS (
    SELECT FROM pg_dist_partition d
    WHERE d.logicalrelid = to_regclass(t.name) AND (d.partkey IS NOT NULL OR d.repmodel = 't')
)
ORDER BY t.place
"""
_DISTRIBUTE: Final = """
SELECT create_distributed_table(
    to_regclass(%(table)s), %(column)s, colocate_with => %(beside)s
)
"""
_REFER: Final = "SELECT create_reference_table(to_regclass(%(table)s))"


def known() -> list[Migration]:
    """All migrations of this version."""
    return known_migrations("moyeu.storage.postgresql")


def is_empty(connection: Connection[Any]) -> bool:
    """Whether no migration was ever applied to the database."""
    return not _applied(connection)


def pending(connection: Connection[Any]) -> list[Migration]:
    """What the database lacks, in the order in which it is applied.

    Refused: SchemaError for a database that a newer version has migrated, for a file that was
    edited after it had been applied, and for a table `migration` that is not ours.
    """
    return pending_migrations(known(), _applied(connection))


def check(connection: Connection[Any]) -> None:
    """Refuses, with SchemaError, a database whose schema is not exactly the one of this version."""
    missing = pending(connection)
    if missing:
        raise SchemaError(
            f"this database lacks {len(missing)} of this version's migrations, the first is"
            f" {missing[0].name}; run `moyeu migrate`"
        )


def migrate(connection: Connection[Any], told: Callable[[Migration], None] = lambda _: None) -> int:
    """Applies what is missing; how many files there were.

    Each has its own transaction; those of an empty database share one, so that it is empty or
    ready whenever somebody looks. Several processes may try at the same time. told: called before
    each file.
    Refused: SchemaError as of `pending`, and for a file that the server refuses; StoreInUseError
    when a lock does not come within the connection's `lock_timeout`.
    """
    if not pending(connection):
        return 0
    _make_table(connection)
    count = 0
    while part := _apply_part(connection, told):
        count += part
    if count:
        analyze(connection)
    return count


def analyze(connection: Connection[Any]) -> None:
    """Has the server count anew what its plans rest on: after migrations, loads and imports."""
    connection.execute(f"ANALYZE {', '.join(DISTRIBUTED)}".encode())


def has_citus(connection: Connection[Any]) -> bool:
    """Whether the extension citus is installed in the database."""
    (found,) = _row(connection, _HAS_CITUS)
    return bool(found)


def undistributed(connection: Connection[Any]) -> list[str]:
    """The tables that a cluster has on one node, or not at all; [] without Citus."""
    if not has_citus(connection):
        return []
    tables = [*DISTRIBUTED, *REFERENCE]
    return [name for (name,) in connection.execute(_UNDISTRIBUTED, {"tables": tables})]


def distribute(
    connection: Connection[Any], told: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Spreads those tables over the cluster that are not yet; which they were.

    Writes to a table wait meanwhile. Ended half-way it goes on with the next call. told: called
    with each table before it is spread.
    Refused: SchemaError where the extension citus is not installed.
    """
    if not has_citus(connection):
        raise SchemaError("the extension citus is not installed in this database")
    missing = undistributed(connection)
    for table in missing:
        told(table)
        if table in REFERENCE:
            connection.execute(_REFER, {"table": table})
        else:
            place = {"table": table, "column": DISTRIBUTED[table], "beside": _beside(table)}
            connection.execute(_DISTRIBUTE, place)
    return missing


def _beside(table: str) -> str:
    """The first table with the same column: its rows and those of `table` share their nodes."""
    first = next(each for each, column in DISTRIBUTED.items() if column == DISTRIBUTED[table])
    return "none" if first == table else first


def _row(connection: Connection[Any], statement: str) -> tuple[Any, ...]:
    found = connection.execute(statement.encode()).fetchone()
    assert found is not None
    return tuple(found)


def _applied(connection: Connection[Any]) -> dict[int, str]:
    """The checksum of each migration that the database has, by number."""
    (has_table,) = _row(connection, _HAS_TABLE)
    if not has_table:
        return {}
    try:
        return dict(connection.execute(_APPLIED, {"lock": _LOCK_NUMBER}).fetchall())
    except UndefinedColumn as error:
        raise SchemaError("the database has a table `migration` that is not moyeu's") from error


def _make_table(connection: Connection[Any]) -> None:
    try:
        connection.execute(_MAKE_TABLE)
    except (UniqueViolation, DuplicateObject, DuplicateTable):
        # Somebody else made it at the same moment; IF NOT EXISTS does not wait for that.
        pass
    except ProgrammingError as error:
        raise SchemaError(f"tables cannot be made in this database: {error}") from error
    connection.execute(_MAKE_LOCK, {"number": _LOCK_NUMBER})


def _apply_part(connection: Connection[Any], told: Callable[[Migration], None]) -> int:
    """Applies the next file, or all of them to an empty database; how many."""
    with connection.transaction():
        # What others applied before us must be seen once we hold the lock.
        connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        _take_lock(connection)
        missing = pending(connection)
        part = missing if is_empty(connection) else missing[:1]
        for each in part:
            told(each)
            _apply(connection, each)
    return len(part)


def _take_lock(connection: Connection[Any]) -> None:
    try:
        connection.execute(_TAKE_LOCK, {"number": _LOCK_NUMBER})
    except LockNotAvailable as error:
        raise StoreInUseError("another process is migrating this database") from error


def _apply(connection: Connection[Any], migration: Migration) -> None:
    try:
        connection.execute(migration.text.encode(), prepare=False)
    except ProgrammingError as error:
        raise SchemaError(f"migration {migration.name} was refused: {error}") from error
    except LockNotAvailable as error:
        raise StoreInUseError(
            f"migration {migration.name} needs a table that others use; try again when they rest"
        ) from error
    values = {
        "number": migration.number,
        "name": migration.name,
        "checksum": migration.checksum,
    }
    connection.execute(_NOTE, values)
