"""What the parts of a transaction have in common: rows, and values that statements bind as JSON."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

Row = tuple[Any, ...]

_write_json = msgspec.json.Encoder().encode


class Rows(Protocol):
    """What a part needs of the transaction that it is a part of."""

    def _rows(self, statement: str, parameters: Mapping[str, Any] | Row = ()) -> list[Row]: ...


def json_text(value: object) -> str:
    """A value as the JSON text that a statement binds."""
    return _write_json(value).decode()
