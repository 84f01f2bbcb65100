"""Columns of the search index: what is known of each, and how its rows are written.

Keys and options stand in `search_key`, one row each, terms in `search_text`, one vector a record.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from unicodedata import unidata_version

from moyeu.storage.postgresql import search_queries as queries
from moyeu.storage.postgresql.arrays import array_text, bytes_array, texts_array
from moyeu.storage.postgresql.connections import Connection
from moyeu.storage.postgresql.search_keys import KeptKey, kept_keys, kept_terms
from moyeu.storage.sql.rows import Row, json_text
from moyeu.storage.sql.search_specs import ColumnSpec


@dataclass(frozen=True, slots=True)
class Column:
    """A column as a transaction sees it.

    version: grows when its rows change. position: all entries of the history up to that number are
    taken in, None before it is begun; removals_to: the same of notes of removals. loaded_to: the
    highest record id that was taken in while it is made, None once it is ready. row_count: how many
    rows it has, of which only that of all records is sure to be exact. has_long: whether some key
    is kept whole beside the index. is_old: whether nobody used it today.
    """

    spec: ColumnSpec
    column_id: int
    version: int
    position: int | None
    removals_to: int
    loaded_to: int | None
    row_count: int
    has_long: bool
    is_old: bool

    @property
    def is_ready(self) -> bool:
        """Whether all records were taken in once."""
        return self.position is not None and self.loaded_to is None


def new_column(spec: ColumnSpec, column_id: int) -> Column:
    """A column that nothing was taken into."""
    return Column(spec, column_id, 0, None, 0, -1, 0, has_long=False, is_old=False)


Columns = Mapping[ColumnSpec, Column]

Values = Sequence[tuple[int, Mapping[str, str | None]]]
"""Records by id, each with the values of the properties at hand; none is None."""


FORM: Final = 1
"""Of keys and terms; raised when values turn into other ones than before."""


def spec_text(spec: ColumnSpec) -> str:
    """What a column holds, as JSON.

    With the form of its keys and terms, which cases and letters are part of: processes that go by
    other ones have columns of their own.
    """
    made_by = [FORM, unidata_version]
    return json_text([spec.shape, spec.names, spec.kind, spec.folds_case, *made_by])


@lru_cache(maxsize=1_024)
def digest_of(spec: ColumnSpec) -> bytes:
    """What stands for the text of a spec, which may be too long for an index."""
    return hashlib.sha256(spec_text(spec).encode()).digest()[:16]


def columns_of(specs: Sequence[ColumnSpec], rows: Sequence[Row]) -> dict[ColumnSpec, Column]:
    """The columns that `SEARCH_COLUMNS` has found."""
    by_digest = {digest_of(each): each for each in specs}
    found = (Column(by_digest[row[0]], *row[1:]) for row in rows)
    return {each.spec: each for each in found}


def names_of(specs: Sequence[ColumnSpec]) -> list[str]:
    """The properties that columns are made of."""
    return list(dict.fromkeys(name for each in specs for name in each.names))


# --- taking records in --------------------------------------------------------------------------


@dataclass(slots=True)
class Taken:
    """What taking records into a column did; rows: how many more it has than before."""

    has_changed: bool = False
    rows: int = 0
    has_long: bool = False


class Intake:
    """Takes records into columns of a portal, within one transaction."""

    def __init__(self, connection: Connection, portal_id: int) -> None:
        self._connection = connection
        self._portal_id = portal_id

    def take_new(self, column_id: int, spec: ColumnSpec, values: Values) -> Taken:
        """Takes records in of which the column has nothing."""
        taken = Taken(has_changed=bool(values))
        if spec.shape == "terms":
            self._put_terms(column_id, self._terms(column_id, spec, values), taken)
        else:
            self._put_keys(column_id, _keys(spec, values), taken)
        return taken

    def take_again(
        self, column_id: int, spec: ColumnSpec, ids: Sequence[int], values: Values
    ) -> Taken:
        """Lets a column have what these records have now; those without values are gone."""
        taken = Taken()
        key = {"column_ids": array_text([column_id]), "record_ids": array_text(ids)}
        if spec.shape == "terms":
            terms = self._terms(column_id, spec, values)
            known = {row[1]: row[2] for row in self._rows(queries.TERMS_OF, key)}
            changed = [each for each in ids if known.get(each, "") != terms.get(each, "")]
            if changed:
                taken.rows -= self._run(queries.TAKE_TERMS_OUT, column_id, changed)
                there = {each: terms[each] for each in changed if each in terms}
                self._put_terms(column_id, there, taken)
        else:
            keys = _keys(spec, values)
            found: dict[int, list[KeptKey]] = {}
            for _, record_id, k, whole in self._rows(queries.KEYS_OF, key):
                found.setdefault(record_id, []).append((k, whole))
            changed = [each for each in ids if set(found.get(each, ())) != set(keys.get(each, ()))]
            if changed:
                taken.rows -= self._run(queries.TAKE_KEYS_OUT, column_id, changed)
                now = {each: keys[each] for each in changed if each in keys}
                self._put_keys(column_id, now, taken)
        taken.has_changed = bool(changed)
        return taken

    def _terms(self, column_id: int, spec: ColumnSpec, values: Values) -> dict[int, str | None]:
        """The vectors of those records that have terms."""
        made = (
            (
                record_id,
                kept_terms(self._portal_id, column_id, spec, [of[name] for name in spec.names]),
            )
            for record_id, of in values
        )
        return {record_id: terms for record_id, terms in made if terms != ""}

    def _put_terms(self, column_id: int, terms: Mapping[int, str | None], taken: Taken) -> None:
        if terms:
            bound = {"terms": texts_array(terms.values())}
            taken.rows += self._run(queries.TAKE_TERMS_IN, column_id, list(terms), bound)

    def _put_keys(
        self, column_id: int, keys: Mapping[int, Sequence[KeptKey]], taken: Taken
    ) -> None:
        rows = [(record_id, *kept) for record_id, each in keys.items() for kept in each]
        if not rows:
            return
        bound = {
            "keys": bytes_array(k for _, k, _ in rows),
            "wholes": bytes_array(whole for _, _, whole in rows),
        }
        taken.rows += self._run(queries.TAKE_KEYS_IN, column_id, [row[0] for row in rows], bound)
        taken.has_long = any(whole is not None for _, _, whole in rows)

    def _rows(self, statement: str, parameters: Mapping[str, Any]) -> list[Row]:
        bound = {**parameters, "portal_id": self._portal_id}
        return self._connection.execute(statement, bound).fetchall()

    def _run(
        self,
        statement: str,
        column_id: int,
        ids: Sequence[int],
        parameters: Mapping[str, Any] | None = None,
    ) -> int:
        bound = {
            "portal_id": self._portal_id,
            "column_id": column_id,
            "record_ids": array_text(ids),
            **(parameters or {}),
        }
        return self._connection.execute(statement, bound).rowcount


def _keys(spec: ColumnSpec, values: Values) -> dict[int, list[KeptKey]]:
    if spec.shape == "all":
        return {record_id: kept_keys(spec, None) for record_id, _ in values}
    (name,) = spec.names
    return {record_id: kept_keys(spec, of[name]) for record_id, of in values}
