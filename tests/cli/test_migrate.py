"""`moyeu migrate`: what it shows, asks and applies."""

import io
from pathlib import Path

import apsw
import psycopg
import pytest

from moyeu.storage.postgresql.migrate import DISTRIBUTED
from moyeu.storage.postgresql.migrate import known as known_of_postgresql
from moyeu.storage.sql.migrations import Migration
from moyeu.storage.sqlite import migrate as sqlite
from tests.cli.conftest import Moyeu
from tests.storage.test_postgresql_migrate import CITUS

SQLITE = ("--database", "sqlite:///moyeu.db")
MORE = Migration(9000, "9000_more.sql", "CREATE TABLE more (a INTEGER) STRICT;")


def answering(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Gives the command a standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.fixture
def old_file(moyeu: Moyeu, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A SQLite database that lacks the last migration."""
    assert moyeu("portal", "create", *SQLITE).code == 0
    of_this_version = [*sqlite.known(), MORE]
    monkeypatch.setattr(sqlite, "known", lambda: of_this_version)
    return Path("moyeu.db")


def applied(path: Path) -> list[str]:
    """The names of the migrations that the file has."""
    connection = apsw.Connection(str(path))
    names = [str(name) for (name,) in connection.execute("SELECT name FROM migration")]
    connection.close()
    return names


# --- SQLite -----------------------------------------------------------------------------------


def test_a_file_with_the_newest_schema_is_told(moyeu: Moyeu) -> None:
    moyeu("portal", "create", *SQLITE)

    ended = moyeu("migrate", *SQLITE)

    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].split() == ["migration", "state"]
    assert [each.split() for each in lines[1:-2]] == [
        [each.name, "applied"] for each in sqlite.known()
    ]
    assert lines[-1] == "moyeu.db has all migrations of this version."


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "maybe\n"])
def test_whatever_is_not_yes_changes_nothing(
    moyeu: Moyeu, old_file: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    answering(monkeypatch, answer)
    before = old_file.read_bytes()

    ended = moyeu("migrate", *SQLITE)

    assert ended.code == 1
    *table, _, plan, question = ended.out.splitlines()
    assert [each.split()[1] for each in table[-2:]] == ["applied", "pending"]
    assert table[-1].split()[0] == MORE.name
    assert plan.startswith(f"moyeu.db lacks 1 of {len(table) - 1} migrations.")
    assert "have a backup" in plan
    assert question == "Go on? [y/N]"
    assert ended.err == "moyeu: nothing was changed; --yes goes on without asking\n"
    assert old_file.read_bytes() == before


@pytest.mark.parametrize("answer", ["y\n", "Yes\n", None])
def test_yes_applies_what_is_missing(
    moyeu: Moyeu, old_file: Path, monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> None:
    answering(monkeypatch, answer or "")

    ended = moyeu("migrate", *SQLITE, *([] if answer else ["--yes"]))

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith("1 applied\n")
    assert applied(old_file) == [each.name for each in sqlite.known()]


def test_a_file_that_is_not_there_is_not_made(moyeu: Moyeu, folder: Path) -> None:
    ended = moyeu("migrate", *SQLITE, "--yes")

    assert (ended.code, ended.err) == (1, "moyeu: moyeu.db does not exist\n")
    assert list(folder.iterdir()) == []


def test_a_file_that_is_no_database_is_refused(moyeu: Moyeu) -> None:
    Path("moyeu.db").write_bytes(b"this is no database" * 100)

    ended = moyeu("migrate", *SQLITE, "--yes")

    assert ended.code == 1
    assert ended.err.startswith("moyeu: moyeu.db: ")


def test_a_file_of_a_newer_version_is_refused(moyeu: Moyeu) -> None:
    moyeu("portal", "create", *SQLITE)
    connection = apsw.Connection("moyeu.db")
    connection.execute("INSERT INTO migration VALUES (9999, '9999_future.sql', 'x')")
    connection.close()

    ended = moyeu("migrate", *SQLITE, "--yes")

    assert ended.code == 1
    assert "migration 9999, which is newer" in ended.err


def test_a_file_is_not_spread(moyeu: Moyeu) -> None:
    assert moyeu("migrate", *SQLITE, "--distribute").code == 2


# --- PostgreSQL -------------------------------------------------------------------------------


def test_an_empty_database_gets_its_tables(moyeu: Moyeu, postgresql: str) -> None:
    database = ("--database", postgresql)
    names = [each.name for each in known_of_postgresql()]

    ended = moyeu("migrate", *database, "--yes")
    again = moyeu("migrate", *database)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-len(names) - 1 :] == [
        *(f"applying {each}" for each in names),
        f"{len(names)} applied",
    ]
    assert (again.code, again.err) == (0, "")
    assert again.out.endswith(" has all migrations of this version.\n")
    assert "pending" not in again.out
    assert moyeu("portal", "create", *database).code == 0


def test_nothing_is_applied_without_a_yes(
    moyeu: Moyeu, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "")

    assert moyeu("migrate", "--database", postgresql).code == 1

    with psycopg.connect(postgresql) as connection:
        found = connection.execute("SELECT to_regclass('portal')").fetchone()
    assert found == (None,)


def test_tables_are_spread_over_a_cluster_when_asked(moyeu: Moyeu, postgresql: str) -> None:
    database = ("--database", postgresql)
    with psycopg.connect(postgresql) as connection:
        connection.execute(CITUS)

    one_node = moyeu("migrate", *database, "--yes")
    spread = moyeu("migrate", *database, "--distribute", "--yes")
    again = moyeu("migrate", *database, "--distribute")

    assert one_node.out.endswith("`moyeu migrate --distribute` spreads them\n")
    for table in DISTRIBUTED:
        assert f"spreading {table}\n" in spread.out
    assert (again.code, again.err) == (0, "")
    assert "spread" not in again.out
    with psycopg.connect(postgresql) as connection:
        found = connection.execute("SELECT count(*) FROM pg_dist_partition").fetchone()
    assert found == (len(DISTRIBUTED) + 1,)


def test_tables_cannot_be_spread_without_the_extension(moyeu: Moyeu, postgresql: str) -> None:
    ended = moyeu("migrate", "--database", postgresql, "--distribute", "--yes")

    assert ended.code == 1
    assert "the extension citus is not in this database" in ended.err
    with psycopg.connect(postgresql) as connection:
        found = connection.execute("SELECT to_regclass('portal')").fetchone()
    assert found == (None,)
