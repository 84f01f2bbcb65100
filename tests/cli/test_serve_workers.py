"""`moyeu serve --workers` on PostgreSQL; `test_workers` has what workers do whatever they serve."""

import http.client
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Ended, Moyeu, ServerProcess
from tests.postgres import databases

Serving = Callable[..., ServerProcess]
PATIENCE_S = 60.0


@pytest.fixture
def url() -> Iterator[str]:
    """The address of an empty database."""
    taken = databases().take()
    yield taken
    databases().give_back(taken)


@pytest.fixture
def token(url: str, moyeu: Moyeu) -> str:
    """A token of the one portal of the database."""
    portal = moyeu("portal", "create", "--database", url, "--json").json["id"]
    arguments = ("--portal", str(portal), "--scope", "all", "--database", url)
    return moyeu("token", "create", *arguments).out.strip()


def search(place: str, token: str) -> int:
    """The status of a search over a connection of its own."""
    connection = http.client.HTTPConnection(place, timeout=PATIENCE_S)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/crm/v3/objects/contacts/search", "{}", headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_workers_are_announced_together_and_read_their_settings_anew(
    serving: Serving, url: str, token: str, folder: Path
) -> None:
    config = folder / "moyeu.toml"
    config.write_text(f'database = "{url}"\nworkers = 2\nsearch_rate_limit = 0\n')
    server = serving("serve", "--port", "0")
    line = server.first_line()
    found = re.fullmatch(r"moyeu serves (postgres.*) at http://([0-9.:]+) with 2 workers\n", line)
    assert found, line
    place = found[2]
    assert {search(place, token) for _ in range(20)} == {200}
    config.write_text(config.read_text().replace("search_rate_limit = 0", "search_rate_limit = 1"))

    server.send(signal.SIGHUP)
    # Twenty are sent within so few seconds that some are refused.
    wait_until(lambda: 429 in {search(place, token) for _ in range(20)})
    wait_until(lambda: 200 in {search(place, token) for _ in range(20)})
    ended = server.stop(signal.SIGTERM)

    assert (ended.code, ended.out) == (0, "")
    assert ended.err
    for each in ended.err.splitlines():
        assert re.fullmatch(r"\S+ info moyeu\.workers\[[0-9]+\]: .+", each)


def wait_until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s, "waited in vain"


def test_a_setting_that_became_wrong_leaves_the_workers_in_place(
    serving: Serving, url: str, token: str, folder: Path
) -> None:
    server = serving("serve", "--port", "0", "--workers", "2", "--database", url)
    place = server.first_line().split()[-4].removeprefix("http://")
    (folder / "moyeu.toml").write_text("keep_alive = 3\n")

    server.send(signal.SIGHUP)
    errors = [server.error_line() for _ in range(2)]

    assert errors[0] == "moyeu: moyeu.toml: keep_alive is no setting; did you mean keep_alive_s?\n"
    assert "ended with 2 before it answered; 0 of 2 workers are replaced" in errors[1]
    assert search(place, token) == 200


def test_a_database_without_a_portal_is_told_once_and_needs_no_stop(
    serving: Serving, url: str
) -> None:
    server = serving("serve", "--port", "0", "--workers", "2", "--database", url)

    lines = [server.first_line(), server.first_line()]

    assert lines[1] == "it has no portal yet: `moyeu portal create` makes one\n"
    assert server.stop().out == ""


def test_what_a_worker_finds_wrong_at_first_is_told_once(moyeu: Moyeu) -> None:
    ended = serve(moyeu, "postgresql://me@127.0.0.1:1/crm")

    assert ended.code == 1
    *told, last = ended.err.splitlines()
    assert ended.err.count("cannot be reached") == 1
    assert all(each.startswith("moyeu: ") for each in told)
    assert last.endswith("ended with 1 before it answered; not served")


def serve(moyeu: Moyeu, database: str) -> Ended:
    return moyeu("serve", "--workers", "3", "--port", "0", "--database", database)


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ("sqlite:///crm.db", "a SQLite file is served by one process"),
        ("postgresql://me:p@ss:word@host/crm", "expected postgresql://USER:PASSWORD@HOST/NAME"),
    ],
)
def test_a_database_that_workers_cannot_serve_is_a_wrong_setting(
    moyeu: Moyeu, folder: Path, database: str, expected: str
) -> None:
    ended = serve(moyeu, database)

    assert ended.code == 2
    assert expected in ended.err
    assert list(folder.iterdir()) == []


def test_a_demo_has_no_workers(moyeu: Moyeu) -> None:
    ended = moyeu("demo", "--workers", "2", "--port", "0", "--records", "1")

    assert (ended.code, ended.err) == (2, "moyeu: --workers is for `moyeu serve`\n")


def test_a_taken_address_is_refused_before_a_worker_starts(
    serving: Serving, moyeu: Moyeu, url: str
) -> None:
    server = serving("serve", "--port", "0", "--workers", "2", "--database", url)
    port = re.search(r":(\d+) with", server.first_line())
    assert port

    ended = moyeu("serve", "--workers", "2", "--database", url, "--port", port[1])

    assert ended.code == 1
    assert ended.err.startswith(f"moyeu: cannot listen on 127.0.0.1 port {port[1]}: ")
