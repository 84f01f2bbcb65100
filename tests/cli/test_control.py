"""The control plane of commands: on in the demo, off in `serve` unless a token is given."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from moyeu.cli.commands.demo import _with_control
from moyeu.demo.portal import demo_control_token
from moyeu.settings import Settings
from moyeu.testing.client import ControlClient, ControlError
from tests.cli.conftest import Moyeu, ServerProcess
from tests.postgres import databases

Serving = Callable[..., ServerProcess]
TOKEN = "control-token-of-a-test"


def _url(server: ServerProcess) -> str:
    found = re.search(r"http://[0-9.:]+", server.first_line())
    assert found is not None
    return found[0]


def test_the_demo_has_one_and_tells_its_token(serving: Serving, folder: Path) -> None:
    arguments = ("demo", "--port", "0", "--records", "4", "--seed", "3", "--credentials", "c.json")
    server = serving(*arguments)
    told = server.wait_for(folder / "c.json")
    assert told["control_token"] == demo_control_token(3)
    control = ControlClient(told["url"], told["control_token"])
    made = control.create_portal("Beside the demo")

    assert [each["portalId"] for each in control.portals()] == [told["portal_id"], made.portal_id]
    ended = server.stop()
    assert f"control {told['control_token']}" in ended.out
    assert ended.err == ""

    # The demo is found again beside the portal, whatever seed is asked for this time.
    (folder / "c.json").unlink()
    again = serving("demo", "--port", "0", "--credentials", "c.json", "--seed", "9")
    told_again = again.wait_for(folder / "c.json")
    assert told_again | {"url": ""} == told | {"url": ""}
    assert ControlClient(told_again["url"], told["control_token"]).portal(made.portal_id).read()


def test_the_demo_takes_a_token_of_your_own(serving: Serving, folder: Path) -> None:
    server = serving(
        "demo", "--port", "0", "--records", "0", "--credentials", "c.json", "--control-token", TOKEN
    )
    told = server.wait_for(folder / "c.json")

    assert told["control_token"] == TOKEN
    assert ControlClient(told["url"], TOKEN).portals()
    with pytest.raises(ControlError, match="401"):
        ControlClient(told["url"], demo_control_token(1)).portals()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(), demo_control_token(5)),
        (Settings(host="::1"), demo_control_token(5)),
        (Settings(host="0.0.0.0"), ""),
        (Settings(host="192.168.1.5"), ""),
        (Settings(host="0.0.0.0", control_token=TOKEN), TOKEN),
    ],
)
def test_a_token_that_everybody_knows_is_for_this_machine_alone(
    settings: Settings, expected: str
) -> None:
    assert _with_control(settings, 5).control_token == expected


def test_a_server_has_none_unless_it_is_given_a_token(serving: Serving, moyeu: Moyeu) -> None:
    moyeu("portal", "create")
    url = _url(serving("serve", "--port", "0"))

    with pytest.raises(ControlError, match=r"GET /portals: 404$"):
        ControlClient(url, TOKEN).portals()


def test_a_server_reads_token_and_hosts_from_its_settings(
    serving: Serving, moyeu: Moyeu, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moyeu("portal", "create")
    (folder / "moyeu.toml").write_text('control_hosts = " Bench.Example, other.example"\n')
    monkeypatch.setenv("MOYEU_CONTROL_TOKEN", TOKEN)
    server = serving("serve", "--port", "0", "--log-level", "debug")
    control = ControlClient(_url(server), TOKEN)

    assert len(control.portals()) == 1
    for host, status in (("bench.example:80", None), ("other.example", None), ("evil.test", 421)):
        control.headers["Host"] = host
        if status is None:
            assert control.portals()
        else:
            with pytest.raises(ControlError, match=str(status)):
                control.portals()
    ended = server.stop()
    assert TOKEN not in ended.out + ended.err


def test_settings_are_shown_without_the_token(
    moyeu: Moyeu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOYEU_CONTROL_TOKEN", TOKEN)

    for arguments in (("settings",), ("settings", "--json")):
        ended = moyeu(*arguments)
        assert TOKEN not in ended.out + ended.err
    rows = {each["name"]: each["value"] for each in json.loads(ended.out)}
    assert rows["control_token"] == "***"
    monkeypatch.delenv("MOYEU_CONTROL_TOKEN")
    rows = {each["name"]: each["value"] for each in moyeu("settings", "--json").json}
    assert rows["control_token"] == ""


def test_every_worker_has_the_control_plane(serving: Serving, moyeu: Moyeu) -> None:
    database = databases().take()
    try:
        moyeu("portal", "create", "--database", database)
        server = serving(
            *("serve", "--port", "0", "--workers", "2", "--database", database),
            *("--control-token", TOKEN),
        )
        control = ControlClient(_url(server), TOKEN)
        # Each call is a connection, which either worker may take.
        made = [control.create_portal().portal_id for _ in range(8)]
        assert [each["portalId"] for each in control.portals()][1:] == made
        assert server.stop().code == 0
    finally:
        databases().give_back(database)
