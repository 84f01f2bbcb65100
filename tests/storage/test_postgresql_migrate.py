"""Bringing a database of PostgreSQL to the newest schema, and spreading it over a cluster."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import psycopg
import pytest

from moyeu.storage.contract import StoreInUseError
from moyeu.storage.postgresql import migrate as migrate_module
from moyeu.storage.postgresql.migrate import (
    DISTRIBUTED,
    REFERENCE,
    Migration,
    SchemaError,
    check,
    distribute,
    has_citus,
    is_empty,
    migrate,
    pending,
    undistributed,
)
from tests.postgres import databases

Connection = psycopg.Connection[Any]

FIRST: Final = Migration(1, "0001_first.sql", "CREATE TABLE first (a bigint);")
SECOND: Final = Migration(
    2, "0002_second.sql", "CREATE TABLE second (a bigint);\nINSERT INTO first VALUES (1);"
)


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a database without any table."""
    made = databases().bare()
    yield made
    databases().drop(made)


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    """A connection to that database."""
    with psycopg.connect(url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the engine know two small migrations, and no table of its own."""
    give(monkeypatch, FIRST, SECOND)
    monkeypatch.setattr(migrate_module, "DISTRIBUTED", {"first": "a"})


def give(monkeypatch: pytest.MonkeyPatch, *known: Migration) -> None:
    """Lets the engine know these migrations and no others."""
    monkeypatch.setattr(migrate_module, "known", lambda: list(known))


def tables(connection: Connection) -> set[str]:
    """The names of the tables."""
    statement = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    return {name for (name,) in connection.execute(statement)}


# --- migrations -------------------------------------------------------------------------------


def test_a_new_database_gets_every_migration_once(connection: Connection) -> None:
    assert is_empty(connection)
    known = [each.name for each in pending(connection)]
    told: list[str] = []

    first = migrate(connection, lambda each: told.append(each.name))
    second = migrate(connection)

    assert told == known
    assert (first, second) == (len(known), 0)
    assert not is_empty(connection)
    check(connection)
    assert pending(connection) == []
    assert tables(connection) == {*DISTRIBUTED, *REFERENCE}


def test_looking_changes_nothing(connection: Connection) -> None:
    with pytest.raises(SchemaError, match="run `moyeu migrate`"):
        check(connection)

    assert pending(connection)
    assert tables(connection) == set()


@pytest.mark.usefixtures("few")
def test_only_what_is_missing_is_applied(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, FIRST)
    assert migrate(connection) == 1

    give(monkeypatch, FIRST, SECOND)

    assert [each.name for each in pending(connection)] == [SECOND.name]
    with pytest.raises(SchemaError, match=f"lacks 1 .* {SECOND.name}"):
        check(connection)
    assert migrate(connection) == 1
    assert connection.execute("SELECT a FROM first").fetchall() == [(1,)]


@pytest.mark.usefixtures("few")
def test_a_database_of_a_newer_version_is_refused(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(connection)
    give(monkeypatch, FIRST)

    for refused in (pending, check, migrate):
        with pytest.raises(SchemaError, match="migration 2, which is newer"):
            refused(connection)


@pytest.mark.usefixtures("few")
def test_a_migration_that_was_edited_after_it_was_applied_is_refused(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(connection)
    give(monkeypatch, FIRST, replace(SECOND, text=SECOND.text + " -- a remark"))

    for refused in (pending, check, migrate):
        with pytest.raises(SchemaError, match=f"migration {SECOND.name} differs"):
            refused(connection)


def test_a_table_of_somebody_else_is_refused(connection: Connection) -> None:
    connection.execute("CREATE TABLE migration (id bigint)")

    with pytest.raises(SchemaError, match="a table `migration` that is not moyeu's"):
        migrate(connection)


def test_tables_of_somebody_else_stay_and_the_migration_is_refused(connection: Connection) -> None:
    connection.execute("CREATE TABLE record (id bigint)")

    with pytest.raises(SchemaError, match=r"migration 0001_.* was refused: .*record.* exists"):
        migrate(connection)

    assert tables(connection) == {"record", "migration"}
    assert is_empty(connection)


@pytest.mark.usefixtures("few")
def test_a_migration_that_fails_leaves_nothing_and_may_be_tried_again(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, FIRST)
    migrate(connection)
    give(monkeypatch, FIRST, replace(SECOND, text=SECOND.text + "\nINSERT INTO nowhere VALUES (1)"))
    with pytest.raises(SchemaError, match="nowhere"):
        migrate(connection)
    assert tables(connection) == {"migration", "first"}
    assert connection.execute("SELECT a FROM first").fetchall() == []

    give(monkeypatch, FIRST, SECOND)

    assert migrate(connection) == 1


def test_processes_that_begin_together_all_find_a_ready_database(url: str) -> None:
    counts: list[int] = []
    errors: list[Exception] = []
    together = threading.Barrier(6)

    def open_one() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            together.wait()
            try:
                counts.append(migrate(connection) if is_empty(connection) else 0)
                check(connection)
            except Exception as error:  # noqa: BLE001 — the test shows it
                errors.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(together.parties)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert errors == []
    assert sorted(counts)[:-1] == [0] * (together.parties - 1)
    assert counts.count(max(counts)) == 1


@pytest.mark.usefixtures("few")
def test_whoever_waits_too_long_for_another_is_told(connection: Connection, url: str) -> None:
    applying = threading.Event()
    may_go_on = threading.Event()

    def tell(_migration: Migration) -> None:
        applying.set()
        assert may_go_on.wait(10)

    with psycopg.connect(url, autocommit=True) as other:
        slow = threading.Thread(target=migrate, args=(other, tell))
        slow.start()
        assert applying.wait(10)
        connection.execute("SET lock_timeout = '1ms'")
        with pytest.raises(StoreInUseError, match="another process is migrating"):
            migrate(connection)
        may_go_on.set()
        slow.join()

    assert migrate(connection) == 0
    check(connection)


KILLED_AT: Final = """
import os, signal, sys
import psycopg
from moyeu.storage.postgresql import migrate as module
from moyeu.storage.sql.migrations import Migration

killed_at, url = sys.argv[1:]
first = Migration(1, "0001_first.sql", "CREATE TABLE first (a bigint);")
text = "CREATE TABLE second (a bigint);\\nINSERT INTO first VALUES (1);"
known = [first, Migration(2, "0002_second.sql", text)]
module.DISTRIBUTED = {"first": "a"}
module.known = lambda: known[:1] if killed_at != "new" else known
seen = 0

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

with psycopg.connect(url, autocommit=True) as connection:
    if killed_at == "new":
        module.migrate(connection, lambda each: each.number == 2 and kill())
    module.migrate(connection)
    module.known = lambda: known
    if killed_at == "before":
        module.migrate(connection, kill)
    module.analyze = kill
    module.migrate(connection)
"""


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(("killed_at", "left"), [("new", 2), ("before", 1), ("after", 0)])
def test_a_process_that_is_killed_while_it_migrates_does_no_harm(
    connection: Connection, url: str, killed_at: str, left: int
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_AT, killed_at, url],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL

    assert migrate(connection) == left
    check(connection)
    assert connection.execute("SELECT a FROM first").fetchall() == [(1,)]


# --- a cluster --------------------------------------------------------------------------------

# What the extension has in its place: the catalog, and functions that note what they were asked.
CITUS: Final = """
CREATE TABLE pg_dist_partition (logicalrelid regclass, partkey text, repmodel text, beside text);
CREATE FUNCTION create_distributed_table(t regclass, c text, colocate_with text) RETURNS void
LANGUAGE sql AS $$ INSERT INTO pg_dist_partition VALUES (t, c, 's', colocate_with) $$;
CREATE FUNCTION create_reference_table(t regclass) RETURNS void
LANGUAGE sql AS $$ INSERT INTO pg_dist_partition VALUES (t, NULL, 't', NULL) $$;
"""


def spread(connection: Connection) -> dict[str, tuple[str | None, str | None]]:
    """(column, beside which table) of each table that is spread."""
    rows = connection.execute("SELECT logicalrelid::text, partkey, beside FROM pg_dist_partition")
    return {name: (column, beside) for name, column, beside in rows}


def test_without_the_extension_there_is_nothing_to_spread(connection: Connection) -> None:
    migrate(connection)

    assert not has_citus(connection)
    assert undistributed(connection) == []
    with pytest.raises(SchemaError, match="citus is not installed"):
        distribute(connection)


def test_every_table_is_spread_once_beside_the_first(connection: Connection) -> None:
    connection.execute(CITUS)
    migrate(connection)
    everything = [*DISTRIBUTED, *REFERENCE]
    assert undistributed(connection) == everything

    assert distribute(connection) == everything

    found = spread(connection)
    assert found["portal"] == ("portal_id", "none")
    assert found["record"] == ("portal_id", "portal")
    assert found["token"] == ("token_hash", "none")
    assert found["migration"] == (None, None)
    assert {name: column for name, (column, _) in found.items() if column} == DISTRIBUTED
    assert undistributed(connection) == []
    assert distribute(connection) == []


def test_what_was_spread_before_an_end_half_way_stays(connection: Connection) -> None:
    connection.execute(CITUS)
    migrate(connection)

    def stop_at(table: str) -> None:
        if table == "record":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        distribute(connection, stop_at)
    before = [*spread(connection)]

    after = distribute(connection)

    assert before[0] == "portal"
    assert after[0] == "record"
    assert sorted([*before, *after]) == sorted([*DISTRIBUTED, *REFERENCE])


def test_a_local_table_of_the_extension_is_not_spread(connection: Connection) -> None:
    connection.execute(CITUS)
    migrate(connection)
    distribute(connection)

    connection.execute(
        "UPDATE pg_dist_partition SET partkey = NULL WHERE logicalrelid = 'list'::regclass"
    )

    assert undistributed(connection) == ["list"]
