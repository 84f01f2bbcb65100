"""`moyeu export` of a whole portal: the file, and what is refused."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from moyeu.operations import archives
from moyeu.operations.archive_lines import VERSION
from tests.cli.conftest import Moyeu


@pytest.fixture
def portal(moyeu: Moyeu) -> str:
    """The id of a portal with three records and an owner."""
    portal_id = str(moyeu("portal", "create", "--name", "Böhm", "--json").json["id"])
    lines = [
        {"objectType": "contacts", "properties": {"email": "a@example.com", "phone": "+1"}},
        {"objectType": "contacts", "properties": {"email": "b@example.com"}},
        {"objectType": "companies", "properties": {"name": "Alder"}, "id": "12"},
    ]
    Path("records.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert moyeu("load", "records.jsonl", "--portal", portal_id).code == 0
    assert moyeu("owner", "add", "--portal", portal_id, "--email", "o@example.com").code == 0
    return portal_id


def lines_of(file: str) -> list[Any]:
    """The lines of an archive."""
    return [json.loads(line) for line in gzip.decompress(Path(file).read_bytes()).splitlines()]


def test_a_portal_becomes_a_file_of_lines(moyeu: Moyeu, portal: str) -> None:
    ended = moyeu("export", portal, "all.gz")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "exported: 3 records, 0 associations, 3 history entries, 0 merged ids, 0 definitions,"
        " 0 audit entries, 1 owners, 0 lists, 0 list memberships, 0 list folders\n"
    )
    header, *between, end = lines_of("all.gz")
    assert (header["kind"], header["version"], header["name"]) == ("header", VERSION, "Böhm")
    assert str(header["portal_id"]) == portal
    assert sum(each["kind"] == "record" for each in between) == 3
    assert end["kind"] == "end"


def test_scripts_get_json(moyeu: Moyeu, portal: str) -> None:
    told = moyeu("export", portal, "all.gz", "--json").json

    assert (told["records"], told["owners"]) == (3, 1)


def test_the_same_portal_gives_the_same_bytes(moyeu: Moyeu, portal: str) -> None:
    moyeu("export", portal, "one.gz")
    os.utime("one.gz", (1, 1))
    moyeu("export", portal, "two.gz")

    assert Path("one.gz").read_bytes() == Path("two.gz").read_bytes()


def test_the_file_is_for_its_owner_alone(moyeu: Moyeu, portal: str) -> None:
    moyeu("export", portal, "all.gz")

    assert Path("all.gz").stat().st_mode & 0o777 == 0o600


def test_a_file_is_overwritten_only_by_force(moyeu: Moyeu, portal: str) -> None:
    Path("all.gz").write_text("mine")

    kept = moyeu("export", portal, "all.gz")

    assert (kept.code, kept.err) == (
        1,
        "moyeu: all.gz is there already; --force overwrites it\n",
    )
    assert Path("all.gz").read_text() == "mine"
    assert moyeu("export", portal, "all.gz", "--force").code == 0
    assert lines_of("all.gz")


def test_what_an_interrupted_export_left_is_in_nobodys_way(moyeu: Moyeu, portal: str) -> None:
    Path("all.gz.partial").write_text("half")

    assert moyeu("export", portal, "all.gz").code == 0

    assert not Path("all.gz.partial").exists()
    assert lines_of("all.gz")


def test_a_failed_export_leaves_no_file(
    moyeu: Moyeu, portal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_line: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archives, "render_line", fail)

    ended = moyeu("export", portal, "all.gz")

    assert (ended.code, ended.err) == (
        1,
        "moyeu: all.gz cannot be written: No space left on device\n",
    )
    assert not list(Path().glob("all.gz*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("5", "all.gz"), "moyeu: there is no portal 5; `moyeu portal list` shows those that are"),
        (("PORTAL", "no/all.gz"), "moyeu: no/all.gz cannot be written: No such file or directory"),
        (("PORTAL", "."), "moyeu: . is a folder"),
    ],
)
def test_what_cannot_be_written_is_refused(
    moyeu: Moyeu, portal: str, arguments: tuple[str, ...], words: str
) -> None:
    given = [portal if each == "PORTAL" else each for each in arguments]

    ended = moyeu("export", *given)

    assert (ended.code, ended.out, ended.err) == (1, "", f"{words}\n")
    assert not Path("all.gz").exists()


@pytest.mark.parametrize("flags", [("--properties", "email"), ("--mapping", "m.toml"), ("--bom",)])
def test_flags_of_tables_need_a_type(moyeu: Moyeu, portal: str, flags: tuple[str, ...]) -> None:
    ended = moyeu("export", portal, "all.gz", *flags)

    assert ended.code == 2
    assert "give --type" in ended.err


def test_there_is_nothing_to_export_without_a_database(moyeu: Moyeu) -> None:
    ended = moyeu("export", "5", "all.gz")

    assert ended.code == 1
    assert "does not exist" in ended.err
