"""`moyeu load`: what its lines may be, and how refusals are told."""

import io
import json
import sys
from pathlib import Path

import pytest

from moyeu.cli.json_lines import BadLine, read_lines
from moyeu.operations.loading import LoadRow
from tests.cli.conftest import Moyeu


def _portal(moyeu: Moyeu) -> str:
    return str(moyeu("portal", "create", "--json").json["id"])


def _contact(email: str, **more: str) -> str:
    return json.dumps({"objectType": "contacts", "properties": {"email": email, **more}})


def test_records_are_loaded_and_counted(moyeu: Moyeu, folder: Path) -> None:
    portal = _portal(moyeu)
    company = '{"objectType": "companies", "properties": {"name": "Alder"}, "id": "12"}'
    lines = [_contact("a@example.com"), "", company, _contact("b@example.com")]
    Path("all.jsonl").write_text("\n".join(lines))

    ended = moyeu("load", "all.jsonl", "--portal", portal)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "loaded: 2 contacts, 1 companies\n"
    again = moyeu("load", "all.jsonl", "--portal", portal)
    assert again.code == 1
    assert "line 3: record id 12 is taken\n" in again.err


def test_scripts_get_json(moyeu: Moyeu, folder: Path) -> None:
    portal = _portal(moyeu)
    Path("one.jsonl").write_text(_contact("a@example.com"))

    ended = moyeu("load", "one.jsonl", "--portal", portal, "--json")

    assert ended.json == {"loaded": 1, "objectTypes": {"contacts": 1}}


def test_a_dash_reads_standard_input(moyeu: Moyeu, monkeypatch: pytest.MonkeyPatch) -> None:
    portal = _portal(moyeu)
    given = io.TextIOWrapper(io.BytesIO(_contact("a@example.com").encode()))
    monkeypatch.setattr(sys, "stdin", given)

    assert moyeu("load", "-", "--portal", portal).out == "loaded: 1 contacts\n"


def test_every_bad_line_is_told_with_its_number_and_nothing_is_loaded(
    moyeu: Moyeu, folder: Path
) -> None:
    portal = _portal(moyeu)
    lines = [
        _contact("a@example.com"),
        _contact("b@example.com", nonsense="1", hs_object_id="5"),
        '{"objectType": "spaceships", "properties": {}}',
        '{"objectType": "contacts", "properties": {}, "id": "x1"}',
        '{"objectType": "orders", "properties": {}}',
        _contact("a@example.com"),
    ]
    Path("all.jsonl").write_text("\n".join(lines))

    ended = moyeu("load", "all.jsonl", "--portal", portal)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        'moyeu: line 2: nonsense: Property "nonsense" does not exist; hs_object_id:'
        ' "hs_object_id" is a read only property; its value cannot be set.',
        "moyeu: line 3: there is no object type 'spaceships'",
        "moyeu: line 4: 'x1' is no record id",
        "moyeu: line 5: required properties are missing: hs_order_name",
        "moyeu: line 6: email: 'a@example.com' must be unique and is taken by line 1",
        "moyeu: nothing was loaded",
    ]
    Path("good.jsonl").write_text(_contact("a@example.com"))
    assert moyeu("load", "good.jsonl", "--portal", portal).code == 0


def test_after_a_hundred_bad_lines_it_stops_and_says_so(moyeu: Moyeu, folder: Path) -> None:
    portal = _portal(moyeu)
    Path("all.jsonl").write_text("[]\n" * 150)

    lines = moyeu("load", "all.jsonl", "--portal", portal).err.splitlines()

    assert len(lines) == 102
    assert lines[99].startswith("moyeu: line 100: ")
    assert lines[100:] == [
        "moyeu: there may be more; these are the first 100",
        "moyeu: nothing was loaded",
    ]


def test_a_file_or_portal_that_is_not_there_is_refused(moyeu: Moyeu, folder: Path) -> None:
    portal = _portal(moyeu)
    Path("one.jsonl").write_text(_contact("a@example.com"))

    missing = moyeu("load", "gone.jsonl", "--portal", portal)
    nobody = moyeu("load", "one.jsonl", "--portal", "5")

    assert missing.err == "moyeu: gone.jsonl cannot be read: No such file or directory\n"
    assert nobody.err.startswith("moyeu: there is no portal 5;")
    assert (missing.code, nobody.code) == (1, 1)


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ('"12.50"', "12.50"),
        ('"a\\u00e9\\n"', "aé\n"),
        ('""', ""),
        ("null", None),
        ("12.50", "12.50"),
        ("1e400", "1e400"),
        ("-0", "-0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("true", "true"),
    ],
)
def test_a_value_is_text_or_kept_as_it_is_spelled(spelled: str, expected: str | None) -> None:
    line = f'{{"objectType": "contacts", "properties": {{"x": {spelled}}}}}'

    assert read_lines([line.encode()]) == [LoadRow(1, "contacts", {"x": expected})]


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"{",
        b'{"properties": {}}',
        b'{"objectType": "contacts"}',
        b'{"objectType": "contacts", "properties": {}, "more": 1}',
        b'{"objectType": "contacts", "properties": {"x": []}}',
        b'{"objectType": "contacts", "properties": {"x": {"a": 1}}}',
        b'{"objectType": "contacts", "properties": {"x": 01}}',
        b'{"objectType": "contacts", "properties": {"x": nul}}',
        b'{"objectType": "contacts", "properties": {}, "id": 1.5}',
        b'{"objectType": "contacts", "properties": {"x": "\xff"}}',
        b'{"objectType": "contacts", "properties": {"x": "a\\u0000"}}',
        b'{"objectType": "contacts", "properties": {"x": ' + b"[" * 100_000 + b"}}",
    ],
)
def test_a_line_that_is_no_record_is_told(line: bytes) -> None:
    (bad,) = read_lines([b"\n", line])

    assert isinstance(bad, BadLine)
    assert bad.line == 2


def test_a_numeric_id_is_as_good_as_its_text() -> None:
    line = b'{"objectType": "contacts", "properties": {}, "id": 12}'

    assert read_lines([line]) == [LoadRow(1, "contacts", {}, "12")]
