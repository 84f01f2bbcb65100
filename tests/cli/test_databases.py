"""Opening the database that a command names: what each engine refuses, and in which words."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Moyeu

OTHERS_TABLE = "CREATE TABLE record (id bigint)"


def test_a_file_that_is_not_there_is_not_made_by_commands_that_look(
    moyeu: Moyeu, folder: Path
) -> None:
    ended = moyeu("portal", "list", "--database", "sqlite:///gone.db")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "moyeu: gone.db does not exist; `moyeu portal create` makes a database and a portal\n"
    )
    assert list(folder.iterdir()) == []


def test_an_empty_database_is_left_empty_by_commands_that_look(
    moyeu: Moyeu, postgresql: str
) -> None:
    ended = moyeu("portal", "list", "--database", postgresql)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith(" is empty; `moyeu portal create` makes a database and a portal\n")
    with psycopg.connect(postgresql) as connection:
        assert connection.execute(
            "SELECT count(*) FROM pg_tables WHERE tablename = 'portal'"
        ).fetchone() == (0,)


def test_a_command_that_makes_something_makes_the_tables(moyeu: Moyeu, postgresql: str) -> None:
    database = ("--database", postgresql)

    assert moyeu("portal", "create", "--name", "Ours", *database).code == 0

    assert [each["name"] for each in moyeu("portal", "list", *database, "--json").json] == ["Ours"]


def test_a_database_that_lacks_migrations_is_refused(moyeu: Moyeu, postgresql: str) -> None:
    database = ("--database", postgresql)
    moyeu("portal", "create", *database)
    with psycopg.connect(postgresql) as connection:
        connection.execute(
            "DELETE FROM migration WHERE number = (SELECT max(number) FROM migration)"
        )

    ended = moyeu("portal", "list", *database)

    assert ended.code == 1
    assert ended.err.endswith("run `moyeu migrate`\n")


def test_a_database_of_somebody_else_is_refused(moyeu: Moyeu, postgresql: str) -> None:
    with psycopg.connect(postgresql) as connection:
        connection.execute(OTHERS_TABLE)

    ended = moyeu("portal", "create", "--database", postgresql)

    assert ended.code == 1
    assert "was refused" in ended.err
    assert "already exists" in ended.err


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:hunter2@localhost:1/crm", "postgresql://me@localhost:1/crm: "),
        ("postgresql://me:hunter2@/crm?host=/nowhere", "postgresql://me@/crm?host=/nowhere: "),
        ("postgresql://me:hunter2@/crm?hots=x", 'invalid URI query parameter: "hots"'),
    ],
)
def test_a_server_that_does_not_answer_is_told_without_the_password(
    moyeu: Moyeu, url: str, words: str
) -> None:
    ended = moyeu("portal", "create", "--database", url)

    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err
    assert "hunter2" not in ended.err


def test_a_missing_driver_is_told_with_what_installs_it() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None; from moyeu.cli.main import run;"
        " sys.exit(run(['portal', 'list', '--database', 'postgresql://host/crm']))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert ended.stderr == (
        "moyeu: PostgreSQL needs a driver that is not installed: pip install 'moyeu[postgres]'\n"
    )


def test_the_driver_is_not_needed_for_sqlite() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None; from moyeu.cli.main import run;"
        " sys.exit(run(['portal', 'create']))"
    )

    ended = subprocess.run([sys.executable, "-c", code], check=False, stdout=subprocess.DEVNULL)

    assert ended.returncode == 0
    assert Path("moyeu.db").exists()


def test_a_server_may_have_a_postgresql_database_open(moyeu: Moyeu, postgresql: str) -> None:
    database = ("--database", postgresql)
    moyeu("portal", "create", *database)
    with psycopg.connect(postgresql) as connection:
        connection.execute("SELECT * FROM portal")

        assert moyeu("portal", "create", *database).code == 0


def test_the_demo_of_a_postgresql_database_is_not_made_anew(moyeu: Moyeu, postgresql: str) -> None:
    ended = moyeu("demo", "--fresh", "--port", "0", "--database", postgresql)

    assert ended.code == 2
    assert "by dropdb and createdb" in ended.err
