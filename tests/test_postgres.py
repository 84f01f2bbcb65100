"""The PostgreSQL that tests start: it comes back after a crash and goes with its holders."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.postgres import databases, private_server
from tools.postgres_server import PostgresServer, StopMode, hold

ROOT = Path(__file__).resolve().parents[1]
INSTALL = ROOT / "requirements" / "install-postgresql"
GONE_MAX_S = 60.0
HOLDER = """
import sys
from tools.postgres_server import PostgresServer
server = PostgresServer(durable=False)
server.start()
print(server.folder, flush=True)
sys.stdin.read()
"""


def _add_row(server: PostgresServer) -> int:
    """Writes one row more; how many there are."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (at timestamptz)")
        connection.execute("INSERT INTO kept VALUES (now())")
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def _wait_until_gone(folder: Path) -> None:
    deadline_s = time.monotonic() + GONE_MAX_S
    while folder.exists():
        assert time.monotonic() < deadline_s, f"{folder} is still there"
        time.sleep(0.02)


def test_what_was_committed_is_there_after_each_kind_of_end() -> None:
    modes: list[StopMode] = ["immediate", "fast"]
    with private_server() as server:
        assert _add_row(server) == 1
        server.kill()
        server.start()
        assert _add_row(server) == 2
        for number, mode in enumerate(modes):
            server.stop(mode)
            server.start()
            assert _add_row(server) == 3 + number


def test_a_killed_server_answers_nobody() -> None:
    with private_server(durable=False) as server:
        connection = psycopg.connect(server.url())
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        connection.close()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url())


def test_a_setting_that_the_server_refuses_is_told() -> None:
    with (
        pytest.raises(RuntimeError, match="max_connections"),
        private_server(durable=False, settings={"max_connections": "none"}),
    ):
        pass


def test_a_server_ends_with_the_last_process_that_holds_it() -> None:
    databases()  # Skips where there is no PostgreSQL.
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        fellow = os.open(folder / "hold", os.O_WRONLY | os.O_NONBLOCK)
        holder.send_signal(signal.SIGKILL)
    url = f"postgresql://postgres@/postgres?host={folder}"
    psycopg.connect(url).close()

    os.close(fellow)

    _wait_until_gone(folder)
    assert not hold(folder)


def test_a_database_that_is_given_back_is_empty_when_it_is_taken_again() -> None:
    pool = databases()
    taken = pool.take()
    with psycopg.connect(taken, autocommit=True) as connection:
        connection.execute("INSERT INTO pull (portal_id, state) VALUES (1, '{}')")
    beside = pool.take()
    pool.give_back(taken)

    again = [pool.take(), pool.take()]

    assert len({beside, *again}) == 3
    assert taken in again
    for url in (beside, *again):
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM pull").fetchone() == (0,)
            assert connection.execute("SELECT count(*) > 0 FROM migration").fetchone() == (True,)
        pool.give_back(url)


def test_a_bare_database_has_no_table() -> None:
    bare = databases().bare()

    with psycopg.connect(bare) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
        ).fetchone()
    databases().drop(bare)

    assert found == (0,)


def _install(
    tmp_path: Path, programs: dict[str, str], **more: str
) -> subprocess.CompletedProcess[str]:
    """The script where only these programs are on the path."""
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    for name in ("cat", "mkdir", "rm", "rmdir"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    usual = {"PATH": str(tmp_path), "POSTGRESQL_FOLDER": str(tmp_path / "none")}
    return subprocess.run(
        ["/bin/sh", INSTALL], env=usual | more, capture_output=True, text=True, check=False
    )


def test_nothing_is_installed_where_there_is_a_postgresql(tmp_path: Path) -> None:
    assert _install(tmp_path, {"initdb": "exit 0", "apt-get": "exit 9"}).returncode == 0


def test_nothing_is_installed_where_a_server_is_named(tmp_path: Path) -> None:
    ended = _install(tmp_path, {"apt-get": "exit 9"}, MOYEU_TEST_POSTGRES="postgresql://host/db")

    assert ended.returncode == 0


@pytest.mark.parametrize("programs", [{"id": "echo 0"}, {"id": "echo 1000", "apt-get": "exit 9"}])
def test_what_is_missing_is_told_where_it_cannot_be_installed(
    tmp_path: Path, programs: dict[str, str]
) -> None:
    ended = _install(tmp_path, programs)

    assert ended.returncode == 1
    assert ended.stderr.startswith("make: PostgreSQL 15 or newer is needed by a part of the tests.")
