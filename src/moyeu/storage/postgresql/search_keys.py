"""Keys and terms as PostgreSQL keeps them: bytes that compare as the keys do, and vectors of terms.

A number is the greatest double that is not above it, eight bytes in the order of numbers, and two
more for what an integer is above that double. A text is its UTF-8, whose order is that of code
points.
"""

import hashlib
import struct
from collections.abc import Sequence
from typing import Final

from moyeu.crm.search.keys import Key, keys_of
from moyeu.crm.search.token_plans import Term, terms_text
from moyeu.storage.sql.search_specs import ColumnSpec, NotIndexedError

# What stands in place of a key that is none; all keys are less than both.
KEYLESS: Final = b"\xff\xf8"
"""Of a record that has a value without a key. Infinity, the greatest key, is less."""
LACKING: Final = b"\xff\xf9"
"""Of a record without a value."""
PRESENT: Final = b""
"""Of a record in the column of all records."""

INDEXED_MAX: Final = 1_000
"""A longer key is kept whole beside the index; what the index has of it is longer than this too."""

_ABOVE_ALL_MAX: Final = 2**16
_VECTOR_MAX: Final = 900_000
"""Bytes of all terms of a record, somewhat below what a vector takes."""

_double = struct.Struct(">d")
_bits = struct.Struct(">Q")

KeptKey = tuple[bytes, bytes | None]
"""What the index has of a key, and the whole key where that is not all of it."""


def key_bytes(key: Key) -> bytes:
    """A key as bytes. Raises NotIndexedError for an integer that no value has."""
    if isinstance(key, str):
        return key.encode("utf-8", "surrogatepass")
    try:
        below = float(key)
    except OverflowError as error:
        raise NotIndexedError from error
    above = 0
    if isinstance(key, int):
        if below > key:
            below = _next_below(below)
        above = key - int(below)
        if above >= _ABOVE_ALL_MAX:
            raise NotIndexedError
    # Zero has one sign here.
    (bits,) = _bits.unpack(_double.pack(below + 0.0))
    ordered = bits ^ (0xFFFF_FFFF_FFFF_FFFF if bits >> 63 else 1 << 63)
    return _bits.pack(ordered) + (above.to_bytes(2, "big") if above else b"")


def _next_below(number: float) -> float:
    (bits,) = _bits.unpack(_double.pack(number))
    # Away from zero the bits of a negative number grow.
    (found,) = _double.unpack(_bits.pack(bits + 1 if number < 0 else bits - 1))
    return float(found)


def kept_key(key: bytes, *, of_many: bool) -> KeptKey:
    """A key as it is kept; of_many: whether a record may have others that begin like it."""
    if len(key) <= INDEXED_MAX:
        return key, None
    start = key[: INDEXED_MAX + 1]
    return (start + b"\xff" + hashlib.sha256(key).digest() if of_many else start), key


def span_of_long(key: bytes) -> tuple[bytes, bytes]:
    """The first and the last that the index can have of long keys that begin like a long one."""
    start = key[: INDEXED_MAX + 1]
    return start, start + b"\xff" * 34


def kept_keys(spec: ColumnSpec, value: str | None) -> list[KeptKey]:
    """What a column of keys keeps of a record with that value of its property."""
    if spec.shape == "all":
        return [(PRESENT, None)]
    if not value:
        return [(LACKING, None)]
    of_many = spec.shape == "options"
    found = [kept_key(key_bytes(key), of_many=of_many) for key in keys_of(spec.field, value)]
    return found or [(KEYLESS, None)]


# --- terms --------------------------------------------------------------------------------------


def _beginning(portal_id: int, column_id: int) -> str:
    """What all terms of a column begin with, and those of no other."""
    return f"{portal_id:x}.{column_id:x}."


def kept_terms(
    portal_id: int, column_id: int, spec: ColumnSpec, values: Sequence[str | None]
) -> str | None:
    """The vector of a record's terms as a text; "" without any, None where they are too many."""
    texts = (terms_text(each, folds_case=spec.folds_case) for each in values if each)
    terms = sorted({term for text in texts for term in text.split()})
    beginning = _beginning(portal_id, column_id)
    if sum(map(len, terms)) + len(terms) * len(beginning) > _VECTOR_MAX:
        return None
    return " ".join(f"'{beginning}{term}'" for term in terms)


def wanted_terms(portal_id: int, column_id: int, terms: Sequence[Term]) -> str:
    """The query of vectors that have all of the terms."""
    beginning = _beginning(portal_id, column_id)
    return " & ".join(f"'{beginning}{each.text}'{':*' if each.is_prefix else ''}" for each in terms)
