"""Reading records from JSON Lines: one record per line, shapes checked, no values judged."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from moyeu.operations.loading import PROBLEMS_MAX, LoadRow


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no record, and why."""

    line: int
    text: str


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    object_type: str = msgspec.field(name="objectType")
    properties: dict[str, msgspec.Raw]
    id: str | int | None = None


# RFC 8259 §6; the decoder itself refuses a number that no float can hold, which is fine as text.
_SCALAR = re.compile(rb"true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")

_decode = msgspec.json.Decoder(_Line).decode


def read_lines(lines: Iterable[bytes]) -> list[LoadRow] | list[BadLine]:
    """The records, or the lines that are none, at most PROBLEMS_MAX of these.

    A line: `{"objectType": "contacts", "properties": {"email": "a@example.com"}, "id": "101"}`;
    the id may be left out. A property value is text or null; a number or a boolean is kept as it
    is spelled, as the API does. Empty lines are passed over, lines count from 1.
    """
    rows: list[LoadRow] = []
    bad: list[BadLine] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            rows.append(_row(number, _decode(line)))
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
            bad.append(BadLine(number, str(error)))
            if len(bad) == PROBLEMS_MAX:
                break
    return bad or rows


def _row(number: int, line: _Line) -> LoadRow:
    properties = {name: _text(name, raw) for name, raw in line.properties.items()}
    return LoadRow(number, line.object_type, properties, None if line.id is None else str(line.id))


def _text(name: str, raw: msgspec.Raw) -> str | None:
    spelled = bytes(raw)
    if spelled.startswith(b'"'):
        text = msgspec.json.decode(spelled, type=str)
        if "\0" in text:
            raise ValueError(f"the value of {name} holds U+0000, which the API refuses")
        return text
    if spelled == b"null":
        return None
    if not _SCALAR.fullmatch(spelled):
        raise ValueError(f"the value of {name} is no text: {spelled[:40].decode()}")
    return spelled.decode()
