"""The fields of request bodies: as the reader gives them, and under their names inside."""

import re
from typing import Any, Final, cast

import msgspec

from moyeu.wire.jackson import JsonProblem, Record, read_json

Fields = dict[str, Any]
"""A JSON object of a body by the names of the wire; what was not sent is absent."""

_CAPITAL: Final = re.compile(r"[A-Z]", re.ASCII)


def read_fields(body: bytes, shape: Record) -> Fields | JsonProblem:
    """The fields of a body, each of the kind that the shape says."""
    found = read_json(body, shape)
    return found if isinstance(found, JsonProblem) else cast(Fields, found)


def without_nulls(fields: Fields, body: bytes) -> Fields:
    """The fields of a change but for those that were sent as `null`, which keep what there is.

    The reader turns a list that is `null` into an empty one, which would remove all that is there.
    """
    if [] not in fields.values():
        return fields
    sent = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return {name: value for name, value in fields.items() if bytes(sent[name]) != b"null"}


def inner_fields(fields: Fields) -> Fields:
    """The fields that have a value, under their names inside: `groupName` as `group_name`."""
    return {
        _CAPITAL.sub(lambda letter: f"_{letter[0].lower()}", name): value
        for name, value in fields.items()
        if value is not None
    }
