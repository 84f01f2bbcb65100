"""`moyeu portal snapshot`, `restore`, `snapshots`, `forget` and `remove`."""

import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Moyeu


@pytest.fixture
def portal(moyeu: Moyeu) -> str:
    """The id of a portal with a contact."""
    made = str(moyeu("portal", "create", "--name", "Test account", "--json").json["id"])
    load(moyeu, made, 11)
    return made


def load(moyeu: Moyeu, portal: str, number: int) -> None:
    """Loads a contact with that id."""
    values = {"email": f"{number}@example.com"}
    line = {"objectType": "contacts", "id": str(number), "properties": values}
    Path("contacts.jsonl").write_text(json.dumps(line))
    assert moyeu("load", "contacts.jsonl", "--portal", portal).code == 0


def contacts(moyeu: Moyeu, portal: str) -> str:
    """The contacts of a portal as a table."""
    file = Path("contacts.csv")
    file.unlink(missing_ok=True)
    assert moyeu("export", portal, str(file), "--type", "contacts").code == 0
    return file.read_text("utf-8")


def test_a_portal_is_restored_from_a_snapshot(moyeu: Moyeu, portal: str) -> None:
    before = contacts(moyeu, portal)

    made = moyeu("portal", "snapshot", portal, "before")
    load(moyeu, portal, 12)
    assert contacts(moyeu, portal) != before
    restored = moyeu("portal", "restore", portal, "before")

    assert (made.code, made.out) == (0, "snapshot before made of 1 record\n")
    assert (restored.code, restored.out) == (0, f"portal {portal} is as in before: 1 record\n")
    assert contacts(moyeu, portal) == before


def test_snapshots_are_listed_and_forgotten(moyeu: Moyeu, portal: str) -> None:
    told = moyeu("portal", "snapshot", portal, "one", "--json").json
    moyeu("portal", "snapshot", portal, "two")

    assert moyeu("portal", "snapshots", portal, "--json").json[0] == told
    assert (told["name"], told["records"]) == ("one", 1)
    lines = moyeu("portal", "snapshots", portal).out.splitlines()
    assert lines[0].split() == ["name", "createdAt", "records"]
    assert [each.split()[0] for each in lines[1:]] == ["one", "two"]
    assert moyeu("portal", "forget", portal, "one").out == "removed\n"
    assert [each["name"] for each in moyeu("portal", "snapshots", portal, "--json").json] == ["two"]


def test_a_portal_is_removed_after_a_yes(
    moyeu: Moyeu, portal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("no\ny\n"))
    asked = f"portal {portal}, 'Test account', goes with all that it has\nGo on? [y/N]\n"

    left = moyeu("portal", "remove", portal)
    assert (left.code, left.out) == (1, asked)
    assert "--yes goes on without asking" in left.err
    assert moyeu("portal", "list", "--json").json
    removed = moyeu("portal", "remove", portal)

    assert (removed.code, removed.out) == (0, f"{asked}portal {portal} removed\n")
    assert moyeu("portal", "list", "--json").json == []


def test_a_portal_is_removed_without_asking(moyeu: Moyeu, portal: str) -> None:
    assert moyeu("portal", "remove", portal, "--yes").code == 0

    again = moyeu("portal", "remove", portal, "--yes")
    assert (again.code, again.out) == (1, "")
    assert f"there is no portal {portal}" in again.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("snapshot", "5", "a"), "there is no portal 5"),
        (("snapshots", "5"), "there is no portal 5"),
        (("restore", "5", "a"), "there is no portal 5"),
        (("forget", "5", "a"), "there is no portal 5"),
        (("snapshot", "PORTAL", "Not so"), "'Not so' is no name"),
        (("restore", "PORTAL", "none"), "has no snapshot 'none'"),
        (("forget", "PORTAL", "none"), "has no snapshot 'none'"),
    ],
)
def test_what_is_not_there_is_refused(
    moyeu: Moyeu, portal: str, arguments: tuple[str, ...], words: str
) -> None:
    ended = moyeu("portal", *(portal if each == "PORTAL" else each for each in arguments))

    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err
