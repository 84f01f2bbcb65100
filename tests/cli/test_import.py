"""`moyeu import` of an archive: a new portal, whole or not at all."""

import gzip
import hashlib
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import MOYEU, START_MAX_S, Moyeu

OTHER = ("--database", "sqlite:///other.db")


@pytest.fixture
def portal(moyeu: Moyeu) -> str:
    """The id of a portal, exported to `all.gz`."""
    portal_id = str(moyeu("portal", "create", "--name", "Here", "--json").json["id"])
    line = {"objectType": "contacts", "properties": {"email": "a@example.com"}}
    Path("records.jsonl").write_text(json.dumps(line))
    assert moyeu("load", "records.jsonl", "--portal", portal_id).code == 0
    assert moyeu("export", portal_id, "all.gz").code == 0
    return portal_id


def names(moyeu: Moyeu, *flags: str) -> dict[int, str]:
    """The portals of a database."""
    return {each["id"]: each["name"] for each in moyeu("portal", "list", "--json", *flags).json}


def test_an_archive_becomes_a_portal_of_another_database(moyeu: Moyeu, portal: str) -> None:
    ended = moyeu("import", "all.gz", *OTHER)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        f"portal {portal} made: 1 records, 0 associations, 1 history entries, 0 merged ids,"
        " 0 definitions, 0 audit entries, 0 owners, 0 lists, 0 list memberships,"
        " 0 list folders\n"
    )
    assert names(moyeu, *OTHER) == {int(portal): "Here"}
    assert moyeu("export", portal, "again.gz", *OTHER).code == 0
    assert Path("again.gz").read_bytes() == Path("all.gz").read_bytes()
    assert moyeu("token", "create", "--portal", portal, "--scope", "all", *OTHER).code == 0


def test_id_and_name_may_be_given(moyeu: Moyeu, portal: str) -> None:
    ended = moyeu("import", "all.gz", "--portal", "77", "--name", "There", "--json")

    assert (ended.json["portalId"], ended.json["name"], ended.json["records"]) == (77, "There", 1)
    assert names(moyeu) == {77: "There", int(portal): "Here"}


def test_a_portal_id_that_is_taken_is_refused(moyeu: Moyeu, portal: str) -> None:
    ended = moyeu("import", "all.gz")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        f"moyeu: there is a portal {portal} already; --portal gives another id",
        "moyeu: nothing was imported",
    ]


def repacked(change: tuple[bytes, bytes]) -> None:
    """Writes `bad.gz`: the archive with some bytes changed."""
    text = gzip.decompress(Path("all.gz").read_bytes())
    assert change[0] in text
    Path("bad.gz").write_bytes(gzip.compress(text.replace(*change, 1)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((b"a@example", b"b@example"), "line 14: the checksum is wrong"),
        ((b'{"count":1,', b'{"count":2,'), "line 6: there are 1 records and there should be 2"),
        ((b'"kind":"record"', b'"kind":"cat"'), "line 5: it cannot be read: Invalid value 'cat'"),
        ((b'"kind":"record"', b'"kind":record'), "line 5: it cannot be read: JSON is malformed"),
        ((b'"version":3', b'"version":9'), "the archive has format 9, which a newer moyeu wrote"),
        ((b'"format":"moyeu', b'"format":"other'), "the file is no archive of a portal"),
    ],
)
def test_an_archive_that_is_not_as_it_was_written_is_refused(
    moyeu: Moyeu, portal: str, change: tuple[bytes, bytes], words: str
) -> None:
    repacked(change)

    ended = moyeu("import", "bad.gz", *OTHER)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"moyeu: {words}")
    if Path("other.db").exists():
        assert names(moyeu, *OTHER) == {}
    assert moyeu("import", "all.gz", *OTHER).code == 0


def test_every_cut_of_the_file_is_refused(moyeu: Moyeu, portal: str) -> None:
    whole = Path("all.gz").read_bytes()

    for size in range(0, len(whole), 17):
        Path("bad.gz").write_bytes(whole[:size])
        assert moyeu("import", "bad.gz", *OTHER).code == 1
    assert moyeu("import", "all.gz", *OTHER).code == 0


def test_what_is_not_compressed_is_no_archive(moyeu: Moyeu) -> None:
    Path("plain.jsonl").write_text("{}\n")

    ended = moyeu("import", "plain.jsonl")

    assert ended.code == 1
    assert ended.err.startswith("moyeu: plain.jsonl is damaged or no archive, at line 1: ")
    assert ended.err.endswith("; a CSV table needs --type\n")
    assert not Path("moyeu.db").exists()


def test_a_file_that_is_not_there_is_refused(moyeu: Moyeu) -> None:
    ended = moyeu("import", "gone.gz")

    assert ended.err == "moyeu: gone.gz cannot be read: No such file or directory\n"
    assert ended.code == 1


@pytest.mark.parametrize(
    "flags",
    [
        ("--mapping", "m.toml"),
        ("--id-property", "email"),
        ("--dry-run",),
        ("--errors", "e.csv"),
        ("--portal", "0"),
    ],
)
def test_what_an_archive_cannot_have_ends_with_2(
    moyeu: Moyeu, portal: str, flags: tuple[str, ...]
) -> None:
    assert moyeu("import", "all.gz", *flags).code == 2


def write_large_archive(records: int) -> None:
    """Writes `large.gz`: a portal of contacts that no cache can hold before the commit."""
    counts = dict.fromkeys(
        ("owner", "definition", "audit", "record", "association", "merged", "write"), 0
    )
    lines = []
    for section in counts:
        if section == "record":
            counts[section] = records
            lines += [
                {
                    "kind": "record",
                    "object_type_id": "0-1",
                    "record_id": number,
                    "properties": {"email": f"{number}@example.com", "city": "x" * 1_000},
                    "created_at_ms": 0,
                    "updated_at_ms": 0,
                    "archived_at_ms": None,
                    "last_write": 0,
                }
                for number in range(records)
            ]
        lines.append({"kind": "close", "section": section, "count": counts[section]})
    header = {
        "kind": "header",
        "format": "moyeu portal",
        "version": 1,
        "portal_id": 9,
        "name": "large",
        "app_id": 1,
        "created_at_ms": 0,
        "next_record_id": records,
        "next_object_type": 0,
        "counts": counts,
    }
    body = "".join(json.dumps(each) + "\n" for each in lines).encode()
    end = {"kind": "end", "sha256": hashlib.sha256(body).hexdigest()}
    text = json.dumps(header).encode() + b"\n" + body + json.dumps(end).encode() + b"\n"
    Path("large.gz").write_bytes(gzip.compress(text, 1))


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)]
)
def test_an_import_that_is_ended_leaves_no_portal_and_can_be_repeated(
    moyeu: Moyeu, folder: Path, number: signal.Signals, code: int
) -> None:
    write_large_archive(20_000)
    importing = subprocess.Popen([*MOYEU, "import", "large.gz"], stderr=subprocess.DEVNULL)
    deadline_s = time.monotonic() + START_MAX_S
    log = Path("moyeu.db-wal")
    while not (log.exists() and log.stat().st_size > 1_000_000):
        assert time.monotonic() < deadline_s, "the import wrote nothing"
        time.sleep(0.002)

    importing.send_signal(number)

    assert importing.wait() == code
    assert names(moyeu) == {}
    assert moyeu("import", "large.gz").code == 0
    assert names(moyeu) == {9: "large"}
