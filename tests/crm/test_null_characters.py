"""U+0000 in JSON, escaped as it must be there, and what only looks like it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyeu.crm.null_characters import has_null_character, without_null_characters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rb'{"a":"\u0000"}', True),
        (rb'{"a":"x\\\u0000"}', True),
        (rb'{"a":"\n\u0000"}', True),
        (rb'{"a":"\\u0000"}', False),
        (rb'{"a":"\\\\u0000"}', False),
        (rb'{"a":"u0000"}', False),
        (rb'{"a":"\u00001"}', True),
    ],
)
def test_an_escape_is_told_from_an_escaped_backslash(text: bytes, expected: bool) -> None:
    assert has_null_character(text) is expected


@given(st.text('\0\\"ub0n\n'))
def test_they_are_taken_out_and_nothing_else_is(text: str) -> None:
    written = json.dumps(text).encode()

    assert has_null_character(written) is ("\0" in text)
    assert json.loads(without_null_characters(written)) == text.replace("\0", "")
