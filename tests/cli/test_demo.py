"""`moyeu demo`, as a process: what it prints, keeps and refuses."""

import http.client
import json
import shlex
import stat
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moyeu.cli.web_console import is_loopback
from tests.cli.conftest import Moyeu, ServerProcess

Serving = Callable[..., ServerProcess]
PATH = "/crm/v3/objects/partner_services"


def _call(method: str, url: str, token: str, body: str | None = None) -> tuple[int, Any]:
    parts = urllib.parse.urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request(method, target, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text)


def _pasted(output: str) -> list[str]:
    """The words of the `curl` that the output shows, as a shell reads them."""
    command = output[output.index("curl ") :].split("\n\n", maxsplit=1)[0]
    return shlex.split(command)


def test_the_printed_request_works_when_pasted_and_survives_a_restart(
    serving: Serving, folder: Path
) -> None:
    arguments = ("demo", "--port", "0", "--records", "20", "--credentials", "c.json")
    first = serving(*arguments)
    told = first.wait_for(folder / "c.json")
    ended = first.stop()
    (folder / "c.json").unlink()
    again = serving("demo", "--port", "0", "--credentials", "c.json")
    told_again = again.wait_for(folder / "c.json")

    words = _pasted(ended.out)
    assert words[0] == "curl"
    body = words[words.index("-d") + 1]
    headers = [words[index + 1] for index, word in enumerate(words) if word == "-H"]
    assert headers == [f"Authorization: Bearer {told['token']}", "Content-Type: application/json"]
    assert words[1] == told["url"] + PATH + "/batch/update"
    assert told_again | {"url": ""} == told | {"url": ""}
    status, answer = _call("POST", told_again["url"] + PATH + "/batch/update", told["token"], body)
    assert status == 200
    sent = json.loads(body)["inputs"]
    assert [each["id"] for each in answer["results"]] == [each["id"] for each in sent]

    assert again.stop().code == 0
    (folder / "c.json").unlink()
    third = serving("demo", "--port", "0", "--credentials", "c.json")
    url = third.wait_for(folder / "c.json")["url"]
    record_id = sent[0]["id"]
    _, record = _call("GET", f"{url}{PATH}/{record_id}?properties=monthly_fee", told["token"])
    assert record["properties"]["monthly_fee"] == sent[0]["properties"]["monthly_fee"]


def test_it_tells_where_it_is_and_stops_cleanly(serving: Serving, folder: Path) -> None:
    server = serving("demo", "--port", "0", "--records", "30", "--credentials", "c.json")
    told = server.wait_for(folder / "c.json")

    ended = server.stop()

    assert ended.code == 0
    assert ended.err == ""
    for text in (told["url"], str(told["portal_id"]), told["token"], told["limited_token"]):
        assert text in ended.out, text
    assert "30 records, seed 1" in ended.out
    assert (folder / "var" / "demo.db").exists()


def test_only_the_owner_may_read_the_credentials(serving: Serving, folder: Path) -> None:
    server = serving("demo", "--port", "0", "--records", "0", "--credentials", "new/c.json")
    server.wait_for(folder / "new" / "c.json")

    assert stat.S_IMODE((folder / "new" / "c.json").stat().st_mode) == 0o600
    assert [each.name for each in (folder / "new").iterdir()] == ["c.json"]


def test_the_limited_token_reads_and_does_not_write(serving: Serving, folder: Path) -> None:
    server = serving("demo", "--port", "0", "--records", "20", "--credentials", "c.json")
    told = server.wait_for(folder / "c.json")
    url, token = told["url"] + PATH, told["limited_token"]

    status, page = _call("GET", url + "?properties=external_id", token)
    assert status == 200
    assert [each["properties"]["external_id"] for each in page["results"]] == [
        "ext-1",
        "ext-2",
        "ext-3",
    ]

    inputs = {"inputs": [{"id": page["results"][0]["id"], "properties": {"monthly_fee": "1"}}]}
    status, refusal = _call("POST", url + "/batch/update", token, json.dumps(inputs))
    assert (status, refusal["category"]) == (403, "MISSING_SCOPES")


def test_other_wishes_than_what_is_there_are_told_and_not_carried_out(
    serving: Serving, folder: Path
) -> None:
    options = ("--port", "0", "--credentials", "c.json")
    first = serving("demo", "--records", "4", "--seed", "7", *options)
    told = first.wait_for(folder / "c.json")
    first.stop()
    (folder / "c.json").unlink()

    second = serving("demo", "--records", "5", "--seed", "8", *options)
    told_again = second.wait_for(folder / "c.json")
    ended = second.stop()

    assert told_again["token"] == told["token"]
    assert "4 records, seed 7" in ended.out
    assert ended.err == (
        "Kept the demo portal that is here (--records 4 --seed 7); --fresh makes it anew.\n"
    )


def test_fresh_begins_anew(serving: Serving, folder: Path) -> None:
    options = ("--port", "0", "--credentials", "c.json")
    first = serving("demo", "--records", "4", *options)
    told = first.wait_for(folder / "c.json")
    first.stop()
    (folder / "c.json").unlink()

    second = serving("demo", "--records", "2", "--seed", "8", "--fresh", *options)
    told_again = second.wait_for(folder / "c.json")

    assert told_again["token"] != told["token"]
    _, page = _call("GET", told_again["url"] + PATH, told_again["token"])
    assert len(page["results"]) == 1
    assert second.stop().err == ""


def test_fresh_never_removes_a_database_that_is_no_demo(moyeu: Moyeu, folder: Path) -> None:
    assert moyeu("portal", "create", "--name", "Real one").code == 0
    database = ("--database", "sqlite:///moyeu.db")

    ended = moyeu("demo", "--fresh", "--port", "0", *database)

    assert ended.code == 1
    assert "Real one" in ended.err
    assert "Real one" in moyeu("portal", "list", *database).out


def test_a_database_in_use_is_refused(serving: Serving, moyeu: Moyeu, folder: Path) -> None:
    server = serving("demo", "--port", "0", "--records", "0", "--credentials", "c.json")
    server.wait_for(folder / "c.json")

    ended = moyeu("demo", "--port", "0")

    assert ended.code == 1
    assert f"in use by another process (process id {server.pid})" in ended.err


def test_a_port_in_use_is_refused_before_anything_is_made(
    serving: Serving, moyeu: Moyeu, folder: Path
) -> None:
    server = serving("demo", "--port", "0", "--records", "0", "--credentials", "c.json")
    port = urllib.parse.urlsplit(server.wait_for(folder / "c.json")["url"]).port

    ended = moyeu("demo", "--port", str(port), "--database", "sqlite:///other.db")

    assert ended.code == 1
    assert ended.err == (
        f"moyeu: cannot listen on 127.0.0.1 port {port}: Address already in use;"
        " --port 0 picks a free port\n"
    )
    listed = moyeu("portal", "list", "--database", "sqlite:///other.db", "--json")
    assert listed.json == []


@pytest.mark.parametrize("flag", ["--records", "--seed"])
def test_negative_numbers_are_refused(moyeu: Moyeu, folder: Path, flag: str) -> None:
    assert moyeu("demo", f"{flag}=-1").code == 2
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("example.org", False),
    ],
)
def test_only_addresses_of_this_machine_pass_without_a_warning(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_a_host_that_others_reach_is_warned_of(moyeu: Moyeu, folder: Path) -> None:
    # The warning comes before the database is opened, so this one never listens.
    (folder / "x").mkdir()
    ended = moyeu("demo", "--host", "0.0.0.0", "--database", "sqlite:///x")

    assert ended.code == 1
    assert ended.err.startswith("WARNING: 0.0.0.0 can be reached from other machines")
