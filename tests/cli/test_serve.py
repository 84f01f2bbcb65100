"""`moyeu serve`, and how a server ends."""

import http.client
import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from moyeu.cli.databases import opened
from moyeu.cli.serving import bind, edge_limits
from moyeu.settings import Settings
from moyeu.wire.edge import EdgeLimits
from tests.cli.conftest import Moyeu, ServerProcess

Serving = Callable[..., ServerProcess]


def test_a_token_made_before_opens_the_portal(serving: Serving, moyeu: Moyeu) -> None:
    portal = moyeu("portal", "create", "--json").json["id"]
    token = moyeu("token", "create", "--portal", str(portal), "--scope", "all").out.strip()

    line = serving("serve", "--port", "0").first_line()

    found = re.fullmatch(r"moyeu serves moyeu\.db at http://(127\.0\.0\.1):(\d+)\n", line)
    assert found, line
    connection = http.client.HTTPConnection(found[1], int(found[2]), timeout=10)
    connection.request(
        "GET", "/crm/v3/objects/contacts", None, {"Authorization": f"Bearer {token}"}
    )
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (200, {"results": []})
    connection.close()


def test_searches_are_limited_where_a_setting_says_so(serving: Serving, moyeu: Moyeu) -> None:
    portal = moyeu("portal", "create", "--json").json["id"]
    token = moyeu("token", "create", "--portal", str(portal), "--scope", "all").out.strip()
    line = serving("serve", "--port", "0", "--search-rate-limit", "1").first_line()
    connection = http.client.HTTPConnection(line.rpartition("http://")[2].strip(), timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    statuses = []
    # Fifty are answered within so few seconds that some are refused.
    for _ in range(50):
        connection.request("POST", "/crm/v3/objects/contacts/search", "{}", headers)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)

    connection.close()
    assert statuses[0] == 200
    assert 429 in statuses
    assert set(statuses) == {200, 429}


def test_a_database_without_a_portal_is_served_with_the_command_that_makes_one(
    serving: Serving,
) -> None:
    server = serving("serve", "--port", "0")

    lines = [server.first_line(), server.first_line()]

    assert lines[1] == "it has no portal yet: stop it, then `moyeu portal create` makes one\n"


def test_a_database_with_a_portal_is_served_without_more_words(
    serving: Serving, moyeu: Moyeu
) -> None:
    moyeu("portal", "create")
    server = serving("serve", "--port", "0")
    server.first_line()

    os.kill(server.pid, signal.SIGINT)

    assert server.first_line() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_with_0(serving: Serving, number: signal.Signals) -> None:
    server = serving("serve", "--port", "0")
    server.first_line()

    ended = server.stop(number)

    assert (ended.code, ended.err) == (0, "")


def test_a_store_that_breaks_ends_the_server_with_74(folder: Path) -> None:
    settings = Settings(port=0)
    with opened(settings) as store:

        def break_store(_edge: object) -> None:
            assert store.on_broken is not None
            store.on_broken()

        assert bind(store, settings, break_store).run() == 74


def test_settings_reach_the_edge_and_the_rest_of_it_stays() -> None:
    limits = edge_limits(Settings(body_bytes_max=99, keep_alive_s=1.5, connections_max=7))

    assert (limits.body_bytes_max, limits.keep_alive_s, limits.connections_max) == (99, 1.5, 7)
    assert edge_limits(Settings()) == EdgeLimits()


def test_a_body_as_large_as_allowed_is_not_refused_for_all_bodies_together() -> None:
    large = 2 * EdgeLimits().bodies_bytes_max

    assert edge_limits(Settings(body_bytes_max=large)).bodies_bytes_max == large


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ("postgresql://me:p@ss:word@host/crm", "expected postgresql://USER:PASSWORD@HOST/NAME"),
        ("moyeu.db", "expected sqlite:///PATH"),
        ("sqlite://moyeu.db", "expected sqlite:///PATH"),
        ("sqlite:///", "expected sqlite:///PATH"),
        ("sqlite:///:memory:", "expected sqlite:///PATH"),
        ("mysql://x", "expected sqlite:///PATH"),
    ],
)
def test_a_database_that_cannot_be_served_is_a_wrong_setting(
    moyeu: Moyeu, folder: Path, database: str, expected: str
) -> None:
    ended = moyeu("serve", "--database", database)

    assert ended.code == 2
    assert expected in ended.err
    assert list(folder.iterdir()) == []


def test_a_file_that_is_no_database_is_refused(moyeu: Moyeu, folder: Path) -> None:
    (folder / "notes.db").write_text("These are my notes, and no database.\n" * 100)

    ended = moyeu("serve", "--database", "sqlite:///notes.db")

    assert ended.code == 1
    assert ended.err.startswith("moyeu: notes.db cannot be opened: ")


def test_a_folder_is_made_for_the_database_and_an_absolute_path_has_four_slashes(
    moyeu: Moyeu, folder: Path
) -> None:
    made = moyeu("portal", "create", "--database", f"sqlite:///{folder / 'a' / 'b.db'}")

    assert made.code == 0
    assert (folder / "a" / "b.db").exists()
