"""`moyeu pull`: what it takes, what it tells, and that it ends well however often it is killed."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from moyeu.storage.sqlite import open_store
from tests.cli.conftest import MOYEU, Ended, Moyeu
from tests.conftest import PortalUnderTest
from tests.pull.conftest import contents

DATABASE = "sqlite:///copy.db"
TYPES = ("0-1", "0-2")
SCOPES = ["crm.objects.contacts.read", "crm.objects.companies.read", "crm.objects.owners.read"]


@pytest.fixture
def source(portal: PortalUnderTest, monkeypatch: pytest.MonkeyPatch) -> PortalUnderTest:
    """A portal to copy; THEIR_TOKEN holds a token for it."""
    portal.add_owner({"id": "71", "email": "ann@corp-example.com"})
    for number in range(150):
        portal.add_record("contacts", {"email": f"c{number}@corp-example.com"})
    portal.add_record("companies", {"name": "Corp", "domain": "corp-example.com"})
    monkeypatch.setenv("THEIR_TOKEN", portal.token_with(SCOPES))
    return portal


def pull(moyeu: Moyeu, source: PortalUnderTest, *more: str) -> Ended:
    """The command with these arguments, and those that it needs and that are not among them."""
    usual = [("--from", source.url), ("--token-env", "THEIR_TOKEN"), ("--database", DATABASE)]
    if "--portal" not in more:
        usual.append(("--new-portal", "Copy"))
    needed = [part for pair in usual if pair[0] not in more for part in pair]
    return moyeu("pull", *needed, *more)


def copied(portal_id: int) -> dict[str, Any]:
    store = open_store(Path("copy.db"))
    try:
        return asyncio.run(store.read(lambda tx: contents(tx, portal_id, TYPES)))
    finally:
        store.close()


def original(source: PortalUnderTest) -> dict[str, Any]:
    return source.server.run(
        source.server.store.read(lambda tx: contents(tx, source.portal_id, TYPES))
    )


def test_a_portal_is_copied_and_told_about(moyeu: Moyeu, source: PortalUnderTest) -> None:
    ended = pull(moyeu, source, "--records", "contacts", "companies")

    assert ended.code == 0
    assert "contacts " in ended.out
    assert "1 owners, 0 associations" in ended.out
    assert "Skipped, with what the other side says:" in ended.out
    assert "moyeu token create --portal 20000001" in ended.out
    assert "properties of contacts" in ended.err
    assert copied(20_000_001) == original(source)


def test_scripts_are_told_in_json(moyeu: Moyeu, source: PortalUnderTest) -> None:
    ended = pull(moyeu, source, "--records", "all", "--json")

    assert ended.json["portalId"] == 20_000_001
    assert ended.json["owners"] == 1
    contacts = ended.json["objectTypes"]["contacts"]
    assert (contacts["records"], contacts["archivedRecords"]) == (150, 0)
    assert {"kind", "name", "reason"} == ended.json["skipped"][0].keys()


def test_a_portal_that_is_there_can_be_copied_into(moyeu: Moyeu, source: PortalUnderTest) -> None:
    moyeu("portal", "create", "--database", DATABASE)

    ended = pull(moyeu, source, "--portal", "20000001")

    assert ended.code == 0
    assert copied(20_000_001)["0-1"]["properties"] == original(source)["0-1"]["properties"]


def test_the_token_is_neither_told_nor_kept(
    moyeu: Moyeu, source: PortalUnderTest, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    wrong = "pat-na1-0000-of-somebody-else"
    monkeypatch.setenv("WRONG", wrong)

    refused = pull(moyeu, source, "--token-env", "WRONG", "--new-portal", "Copy")
    good = pull(moyeu, source, "--records", "contacts")

    assert (refused.code, good.code) == (1, 0)
    assert "does not accept the token" in refused.err
    for secret in (wrong, os.environ["THEIR_TOKEN"]):
        assert secret not in refused.out + refused.err + good.out + good.err
        for path in folder.iterdir():
            assert secret.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "http://api.hubapi.com"), "use https"),
        (("--from", "ftp://localhost"), "expected https://HOST"),
        (("--from", "https://"), "expected https://HOST"),
        (("--from", "https://localhost:99999"), "expected https://HOST"),
        (("--from", "https://me:secret@localhost"), "nothing else"),
        (("--from", "https://localhost/?a=b"), "nothing else"),
        (("--token-env", "NOT_THERE"), "no variable NOT_THERE"),
        (("--portal", "1", "--new-portal", "Copy"), "either --portal or --new-portal"),
        (("--api-version", "2026-09-beta"), "one of v3"),
        (("--key-env", "THEIR_TOKEN"), "for --anonymise"),
        (("--anonymise", "--key-env", "SHORT"), "16 bytes at least"),
    ],
)
def test_wrong_usage_is_refused(
    moyeu: Moyeu,
    source: PortalUnderTest,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.setenv("SHORT", "short")

    ended = pull(moyeu, source, *arguments)

    assert ended.code == 2
    assert words in ended.err
    assert not Path("copy.db").exists()


def test_a_server_that_starts_does_not_load_what_asks_others() -> None:
    code = (
        "import sys; import moyeu.app, moyeu.cli.commands.serve, moyeu.cli.commands.demo;"
        " print(sys.modules.keys() & {'urllib3', 'moyeu.pull'})"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert ended.stdout == "set()\n"


def test_an_unknown_portal_is_refused(moyeu: Moyeu, source: PortalUnderTest) -> None:
    moyeu("portal", "create", "--database", DATABASE)

    ended = pull(moyeu, source, "--portal", "7")

    assert ended.code == 1
    assert "there is no portal 7" in ended.err


def test_pseudonyms_can_be_made_again_with_a_key(
    moyeu: Moyeu, source: PortalUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "0123456789abcdef")
    arguments = ("--records", "contacts", "--anonymise", "--key-env", "KEY", "--new-portal")

    pull(moyeu, source, *arguments, "One")
    pull(moyeu, source, *arguments, "Two")

    one, two = copied(20_000_001), copied(20_000_002)
    assert one["0-1"]["records"] == two["0-1"]["records"]
    assert "corp-example" not in str(one["0-1"]["records"])
    assert one["owners"] == two["owners"]


@pytest.mark.parametrize("lines", [1, 3, 12, 16])
def test_a_killed_pull_goes_on_in_the_portal_that_it_made(
    moyeu: Moyeu, source: PortalUnderTest, lines: int
) -> None:
    arguments = ("--records", "contacts", "companies", "--new-portal", "Copy")
    process = subprocess.Popen(
        [*MOYEU, "pull", "--from", source.url, "--token-env", "THEIR_TOKEN", *arguments,
         "--database", DATABASE],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    for _ in range(lines):
        process.stderr.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()

    ended = pull(moyeu, source, *arguments)

    # It may have finished before the signal came.
    assert "portal 20000001;" in ended.out or "20000001 is a finished copy" in ended.err
    assert copied(20_000_001) == original(source)


def test_a_finished_copy_is_not_made_twice(moyeu: Moyeu, source: PortalUnderTest) -> None:
    pull(moyeu, source)

    again, other, anew = (
        pull(moyeu, source, *arguments)
        for arguments in ((), ("--new-portal", "Other"), ("--portal", "20000001"))
    )

    assert (again.code, other.code, anew.code) == (1, 0, 0)
    assert "portal 20000001 is a finished copy" in again.err
    assert len(moyeu("portal", "list", "--database", DATABASE, "--json").json) == 2
