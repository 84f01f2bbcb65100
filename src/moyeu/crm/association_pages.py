"""Associated records in pages, and the cursors between the pages."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote, unquote

from moyeu.catalog.associations import CATEGORY_NUMBERS, AssociationType
from moyeu.crm.association_problems import InvalidAssociationCursor
from moyeu.crm.associations import Association, AssociationTypes
from moyeu.crm.records import read_record_id

_CURSOR = re.compile(r"\d+-\d+-(\d+)", re.ASCII)
_CURSOR_CHARACTERS_MAX = 100


class LinkedRecord(NamedTuple):
    """A record that another is associated with; types: at least one, by category and id."""

    record_id: int
    types: tuple[AssociationType, ...]


def linked_records(types: AssociationTypes, rows: Iterable[Association]) -> list[LinkedRecord]:
    """The to-records of rows from one record to records of one type, which ascend.

    A record whose association types were all removed from the portal is left out.
    """
    found = []
    for record_id, of_record in groupby(rows, key=lambda each: each.to_record_id):
        kinds = [types.find(each.category, each.type_id) for each in of_record]
        if known := tuple(kind for kind in kinds if kind is not None):
            found.append(LinkedRecord(record_id, known))
    return found


def cut(records: list[LinkedRecord], count_max: int) -> tuple[tuple[LinkedRecord, ...], str | None]:
    """The page of so many records, and the cursor of what follows."""
    if len(records) <= count_max:
        return tuple(records), None
    following = records[count_max]
    return tuple(records[:count_max]), cursor(following.record_id, following.types[0])


def cursor(record_id: int, kind: AssociationType) -> str:
    """Where the next page begins: Base64 of `0-2-7502`, percent-encoded (observed 2022).

    Category number, type id and record id. That it names the first record left out is a guess.
    """
    text = f"{CATEGORY_NUMBERS[kind.category]}-{kind.type_id}-{record_id}"
    return quote(b64encode(text.encode()), safe="")


def read_cursor(after: str) -> int | InvalidAssociationCursor:
    """The record that a page begins with; `after` as bodies show it or with its `%3D` decoded.

    No answer gives out a cursor for a type that does not exist, but types can go: so the type in
    it is not looked at.
    """
    if len(after) > _CURSOR_CHARACTERS_MAX:
        return InvalidAssociationCursor(after)
    try:
        text = b64decode(unquote(after).encode("ascii"), validate=True).decode("ascii")
    except (Base64Error, UnicodeError):
        return InvalidAssociationCursor(after)
    found = _CURSOR.fullmatch(text)
    record_id = read_record_id(found[1]) if found else None
    return InvalidAssociationCursor(after) if record_id is None else record_id
