"""U+0000, which no store keeps (PostgreSQL's texts cannot hold it): what lets it in refuses it."""

import re
from typing import Final

_ESCAPED: Final = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def has_null_character(json: bytes) -> bool:
    """Whether a text in some JSON has U+0000, which stands there as an escape."""
    return b"\\u0000" in json and _ESCAPED.search(json) is not None


def without_null_characters(json: bytes) -> bytes:
    """The JSON with every U+0000 taken out of its texts."""
    if b"\\u0000" not in json:
        return json
    # One that follows another is only seen when the first is gone.
    while (shorter := _ESCAPED.sub(rb"\1", json)) != json:
        json = shorter
    return json
