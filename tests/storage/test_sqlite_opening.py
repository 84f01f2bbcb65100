"""Opening a SQLite database: the lock of the process, the pragmas, and the migrations."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from moyeu.storage.contract import StoreInUseError
from moyeu.storage.sqlite import migrate as migrate_module
from moyeu.storage.sqlite import open_store
from moyeu.storage.sqlite.migrate import Migration, SchemaError, migrate
from tests.storage.scene import CONTACTS, PORTAL, SERVICES, Database, furnish

FIRST = Migration(1, "0001_first.sql", "CREATE TABLE first (a INTEGER) STRICT;")
SECOND = Migration(
    2,
    "0002_second.sql",
    "CREATE TABLE second (a INTEGER) STRICT;\nINSERT INTO first VALUES (1);",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is to be."""
    return tmp_path / "moyeu.db"


def give_migrations(monkeypatch: pytest.MonkeyPatch, *files: Migration) -> None:
    """Lets the engine know these migrations and no others."""
    monkeypatch.setattr(migrate_module, "known", lambda: list(files))


def tables(connection: apsw.Connection) -> set[str]:
    """The names of the tables."""
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return {name for (name,) in rows}


# --- the lock ---------------------------------------------------------------------------------


def test_a_second_opening_is_refused_and_names_the_process(path: Path) -> None:
    first = open_store(path)
    try:
        with pytest.raises(StoreInUseError, match=rf"process id {os.getpid()}\b"):
            open_store(path)
    finally:
        first.close()


def test_another_process_is_refused_and_told_which_one_to_stop(path: Path) -> None:
    first = open_store(path)
    program = "import sys; from moyeu.storage.sqlite import open_store; open_store(sys.argv[1])"
    try:
        ended = subprocess.run(
            [sys.executable, "-c", program, str(path)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        first.close()

    assert ended.returncode != 0
    assert f"StoreInUseError: {path} is in use by another process" in ended.stderr
    assert f"process id {os.getpid()}" in ended.stderr


def test_a_database_may_be_opened_again_after_it_was_closed(path: Path) -> None:
    open_store(path).close()

    open_store(path).close()


def test_a_refused_database_does_not_stay_locked(path: Path) -> None:
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(apsw.NotADBError):
        open_store(path)
    path.unlink()

    open_store(path).close()


def test_a_process_that_was_killed_leaves_no_lock(path: Path) -> None:
    program = (
        "import os, signal, sys; from moyeu.storage.sqlite import open_store;"
        " open_store(sys.argv[1]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], timeout=30, check=False)

    open_store(path).close()


# --- pragmas ----------------------------------------------------------------------------------


def test_a_commit_is_on_disk_before_it_is_answered(path: Path) -> None:
    store = open_store(path)
    try:
        pragmas = {name: store._connection.pragma(name) for name in ("journal_mode", "synchronous")}
    finally:
        store.close()

    full = 2
    assert pragmas == {"journal_mode": "wal", "synchronous": full}


def test_a_reader_cannot_write(path: Path) -> None:
    database = Database(open_store(path))
    furnish(database)
    try:
        database.read(lambda each: each.portals())
        (connection,) = database.store._reader_connections  # type: ignore[attr-defined] # SQLite's
        with pytest.raises(apsw.ReadOnlyError):
            connection.execute("DELETE FROM portal")
    finally:
        database.close()


# --- migrations -------------------------------------------------------------------------------


def test_a_new_database_gets_every_migration_once(path: Path) -> None:
    connection = apsw.Connection(str(path))

    first = migrate(connection)
    second = migrate(connection)

    assert first >= 1
    assert second == 0
    assert {"portal", "record", "record_write", "unique_value"} <= tables(connection)
    connection.close()


def test_migrations_are_applied_in_the_order_of_their_numbers(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_migrations(monkeypatch, SECOND, FIRST)
    connection = apsw.Connection(str(path))

    assert migrate(connection) == 2

    assert connection.execute("SELECT a FROM first").fetchall() == [(1,)]
    connection.close()


def test_only_what_is_missing_is_applied(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = apsw.Connection(str(path))
    give_migrations(monkeypatch, FIRST)
    migrate(connection)

    give_migrations(monkeypatch, FIRST, SECOND)

    assert migrate(connection) == 1
    assert {"first", "second"} <= tables(connection)
    connection.close()


def test_a_database_of_a_newer_version_is_refused(path: Path) -> None:
    open_store(path).close()
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO migration VALUES (9999, '9999_future.sql', 'x')")
    connection.close()

    with pytest.raises(SchemaError, match="migration 9999, which is newer"):
        open_store(path)


def test_a_refused_schema_is_left_as_it_is_and_unlocked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(path).close()
    others = [each for each in migrate_module.known() if each.number != 1]
    more = Migration(9000, "9000_own.sql", "CREATE TABLE own (a);")
    give_migrations(monkeypatch, FIRST, *others, more)
    for _ in range(2):
        with pytest.raises(SchemaError, match="differs"):
            open_store(path)

    connection = apsw.Connection(str(path))
    assert "own" not in tables(connection)
    connection.close()


def test_a_migration_that_was_edited_after_it_was_applied_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = apsw.Connection(str(path))
    give_migrations(monkeypatch, FIRST)
    migrate(connection)

    edited = replace(FIRST, text=FIRST.text + " -- a remark")
    give_migrations(monkeypatch, edited)

    with pytest.raises(SchemaError, match=f"migration {FIRST.name} differs"):
        migrate(connection)
    connection.close()


def test_the_checksum_of_a_migration_is_that_of_its_file(path: Path) -> None:
    connection = apsw.Connection(str(path))
    migrate(connection)
    folder = Path(migrate_module.__file__).parent / "migrations"

    rows = connection.execute("SELECT name, checksum FROM migration").fetchall()

    assert rows
    for name, checksum in rows:
        assert checksum == hashlib.sha256((folder / str(name)).read_bytes()).hexdigest()
    connection.close()


def test_a_migration_that_fails_half_way_leaves_nothing_and_may_be_tried_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = apsw.Connection(str(path))
    broken = replace(SECOND, text=SECOND.text + "\nINSERT INTO nowhere VALUES (1);")
    give_migrations(monkeypatch, FIRST, broken)
    with pytest.raises(apsw.SQLError, match="nowhere"):
        migrate(connection)
    assert tables(connection) == {"migration", "first"}

    give_migrations(monkeypatch, FIRST, SECOND)

    assert migrate(connection) == 1
    assert {"first", "second"} <= tables(connection)
    connection.close()


KILL_AT_STATEMENT = """
import os, signal, sys
import apsw
from moyeu.storage.sqlite.connection import open_writer
from moyeu.storage.sqlite.migrate import migrate

seen = 0

def kill_at(cursor, statement, bindings):
    global seen
    seen += 1
    if seen == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return True

connection = open_writer(sys.argv[1], vfs=None)
connection.exec_trace = kill_at
migrate(connection)
"""


@pytest.mark.parametrize("statement", [2, 4, 8, 13, 14])
def test_a_process_that_is_killed_while_it_migrates_does_no_harm(
    path: Path, statement: int
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILL_AT_STATEMENT, str(path), str(statement)],
        timeout=30,
        check=False,
    )
    assert ended.returncode == -9, "the migration has fewer statements: choose lower ones"

    database = Database(open_store(path))
    try:
        furnish(database)
        found = database.read(lambda each: each.definitions(PORTAL, SERVICES))
        assert "code" in found.properties
        assert database.read(lambda each: each.count_records(PORTAL, CONTACTS)) == 0
    finally:
        database.close()
