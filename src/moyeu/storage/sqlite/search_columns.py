"""The columns of the search index: what each holds, and how it takes in a part of the records.

A column belongs to one object type of one portal. The values that a step needs are laid out in the
table `stage` first, one column of it for each property, so that a document is read once for all
columns. Usual values turn into keys in SQL, which agrees with `crm.search.keys` about them; the
rest comes to Python as one JSON text and goes back as one: a call per row would wait for the
interpreter's lock each time while the server is busy.

Names of tables and of their columns are made of our own numbers; values are bound.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import apsw
import msgspec

from moyeu.crm.search.keys import FieldKind, keys_of
from moyeu.crm.search.token_plans import terms_text
from moyeu.storage.sql.rows import json_text
from moyeu.storage.sql.search_specs import ColumnSpec

SLOTS_MAX: Final = 64
"""So many properties can be laid out in one step."""

# What stands in place of a key that is none; any number or text is less than both.
KEYLESS: Final = "x'00'"
"""Of a record that has a value without a key."""
LACKING: Final = "x'01'"
"""Of a record without a value."""
NO_KEY: Final = "x''"
"""Is less than those two and more than any key."""

_SIMPLE_NAME: Final = re.compile(r"[A-Za-z0-9_]+", re.ASCII)

_read_rows = msgspec.json.Decoder(list[list[Any]]).decode


@dataclass(slots=True, eq=False)
class Column:
    """A column that is there. number: makes the names of its tables.

    position: how far it has followed the history, and the writer's announcements. loaded_to: the
    highest record id that was taken in while it is built, None once it is ready. records: so many
    were taken in then. used: counts the steps.
    """

    spec: ColumnSpec
    number: int
    position: tuple[int, int]
    loaded_to: int | None = -1
    records: int = 0
    used: int = 0
    tables: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        letters = {"all": "u", "keys": "v", "options": "v", "terms": "fd"}[self.spec.shape]
        self.tables = tuple(f"{letter}{self.number}" for letter in letters)


# --- making and dropping ------------------------------------------------------------------------

STAGE: Final = (
    "CREATE TABLE touched (record_id INTEGER PRIMARY KEY);"
    "CREATE TABLE fresh (record_id INTEGER PRIMARY KEY, t);"
    "CREATE TABLE stage (record_id INTEGER PRIMARY KEY, "
    + ", ".join(f"c{slot}" for slot in range(SLOTS_MAX))
    + ");"
)

_MAKE: Final[Mapping[str, str]] = {
    "all": "CREATE TABLE u{n} (record_id INTEGER PRIMARY KEY)",
    "keys": "CREATE TABLE v{n} (record_id INTEGER PRIMARY KEY, k NOT NULL)",
    "options": (
        "CREATE TABLE v{n} (record_id INTEGER, k, PRIMARY KEY (record_id, k)) WITHOUT ROWID"
    ),
    "terms": (
        "CREATE TABLE d{n} (record_id INTEGER PRIMARY KEY, t NOT NULL);"
        "CREATE VIRTUAL TABLE f{n} USING fts5(t, content='', contentless_delete=1, detail=none,"
        " tokenize=\"ascii tokenchars '_'\")"
    ),
}

_FINISH: Final[Mapping[str, str]] = {
    "all": "",
    "keys": "CREATE INDEX i{n} ON v{n} (k)",
    "options": "CREATE INDEX i{n} ON v{n} (k)",
    # One segment is searched faster than many.
    "terms": "INSERT INTO f{n} (f{n}) VALUES ('optimize')",
}


def make(connection: apsw.Connection, column: Column) -> None:
    """Makes the tables of a column."""
    statement = _MAKE[column.spec.shape].format(n=column.number)
    connection.execute(statement)


def finish(connection: apsw.Connection, column: Column) -> None:
    """What is done once all records were taken in: sorting at once is cheaper than one by one."""
    statement = _FINISH[column.spec.shape].format(n=column.number)
    connection.execute(statement)


def drop(connection: apsw.Connection, column: Column) -> None:
    """Removes a column."""
    for table in column.tables:
        statement = f"DROP TABLE IF EXISTS {table}"
        connection.execute(statement)


# --- laying out ---------------------------------------------------------------------------------


def read_value(*arguments: Any) -> Any:
    """A value of a document whose property has a name that SQLite's paths cannot say."""
    document, name = arguments
    return _read_document(document).get(name) or None


_read_document = msgspec.json.Decoder(dict[str, str]).decode


def value_sql(names: Sequence[str], bound: dict[str, Any]) -> str:
    """The values of the document of `r`, each with a comma before it; none is NULL."""
    parts = []
    for slot, name in enumerate(names):
        if _SIMPLE_NAME.fullmatch(name):
            bound[f"name{slot}"] = f'$."{name}"'
            parts.append(f", nullif(json_extract(r.properties, :name{slot}), '')")
        else:
            bound[f"name{slot}"] = name
            parts.append(f", moyeu_value(r.properties, :name{slot})")
    return "".join(parts)


def slots_of(columns: Sequence[Column]) -> dict[str, str]:
    """The column of `stage` for each property that the columns are made of."""
    names = dict.fromkeys(name for each in columns for name in each.spec.names)
    return {name: f"c{slot}" for slot, name in enumerate(names)}


# --- keys in SQL --------------------------------------------------------------------------------

_DIGIT: Final = "[0-9]"
_DAY: Final = f"{_DIGIT * 4}-{_DIGIT * 2}-{_DIGIT * 2}"
_SECOND: Final = f"{_DAY}T[0-2]{_DIGIT}:[0-5]{_DIGIT}:[0-5]{_DIGIT}"

# A text with a NUL or with anything beyond ASCII has more bytes than characters before the NUL.
_ASCII: Final = "length({c}) = octet_length({c})"

# Which values of a kind have a key that SQL knows, and that key. What a real calendar does not have
# comes back as another day.
_USUAL: Final[Mapping[FieldKind, tuple[tuple[str, str], ...]]] = {
    "text": ((_ASCII, "lower({c})"),),
    "choice": (("TRUE", "{c}"),),
    "number": (
        # So few digits are exact as integers, and turn into the nearest float.
        (f"octet_length({{c}}) > 17 OR NOT {_ASCII}", "NULL"),
        ("{c} NOT GLOB '*[^0-9]*'", "CAST({c} AS INTEGER)"),
        (
            "{c} GLOB '-[0-9]*' AND substr({c}, 2) NOT GLOB '*[^0-9]*'",
            "CAST({c} AS INTEGER)",
        ),
        (
            "{c} GLOB '[0-9]*.[0-9]*' AND {c} NOT GLOB '*[^0-9.]*' AND {c} NOT GLOB '*.*.*'",
            "CAST({c} AS NUMERIC)",
        ),
    ),
    "moment": (
        (f"octet_length({{c}}) NOT IN (10, 20, 24) OR NOT {_ASCII}", "NULL"),
        ("date(substr({c}, 1, 10)) IS NOT substr({c}, 1, 10) OR {c} < '0001'", "NULL"),
        (f"{{c}} GLOB '{_DAY}'", "unixepoch({c}) * 1000"),
        ("substr({c}, 12, 2) > '23'", "NULL"),
        (f"{{c}} GLOB '{_SECOND}Z'", "unixepoch({c}) * 1000"),
        (
            f"{{c}} GLOB '{_SECOND}.{_DIGIT * 3}Z'",
            "unixepoch(substr({c}, 1, 19)) * 1000 + CAST(substr({c}, 21, 3) AS INTEGER)",
        ),
    ),
}


def _usual_key(kind: FieldKind, slot: str) -> str:
    """The key of a value as SQL; NULL where Python must say it."""
    rules = "".join(f" WHEN {test} THEN {key}" for test, key in _USUAL[kind])
    return f"CASE{rules} END".format(c=slot)


# --- taking in ----------------------------------------------------------------------------------


def take_in(connection: apsw.Connection, column: Column, slots: Mapping[str, str]) -> bool:
    """Lets a column follow the records that are laid out; whether that changed anything."""
    connection.execute("DELETE FROM fresh")
    before = connection.total_changes()
    _TAKE_IN[column.spec.shape](connection, column, [slots[name] for name in column.spec.names])
    return connection.total_changes() != before


def take_out(connection: apsw.Connection, column: Column) -> bool:
    """Removes the records in `touched` from a column; whether any of them was there."""
    before = connection.total_changes()
    for table in column.tables:
        key = "rowid" if table[0] == "f" else "record_id"
        statement = f"DELETE FROM {table} WHERE {key} IN (SELECT record_id FROM touched)"
        connection.execute(statement)
    return connection.total_changes() != before


def _take_in_ids(connection: apsw.Connection, column: Column, _slots: Sequence[str]) -> None:
    statement = f"INSERT OR IGNORE INTO u{column.number} SELECT record_id FROM stage"
    connection.execute(statement)


def _take_in_keys(connection: apsw.Connection, column: Column, slots: Sequence[str]) -> None:
    number, (slot,) = column.number, slots
    key = _usual_key(column.spec.kind, slot)
    put = " ON CONFLICT DO UPDATE SET k = excluded.k WHERE k IS NOT excluded.k"
    usual = (
        f"INSERT INTO v{number} (record_id, k)"
        f" SELECT record_id, CASE WHEN {slot} IS NULL THEN {LACKING} ELSE {key} END FROM stage"
        f" WHERE {slot} IS NULL OR {key} IS NOT NULL{put}"
    )
    connection.execute(usual)
    rest = (
        f"SELECT json_group_array(json_array(record_id, {slot})) FROM stage"
        f" WHERE {slot} IS NOT NULL AND {key} IS NULL"
    )
    rows = [
        (record_id, keys_of(column.spec.field, value))
        for record_id, value in _rows(connection, rest)
    ]
    # SQLite's JSON is not asked to carry floats; numbers that are not usual are few.
    one = f"INSERT INTO v{number} (record_id, k) VALUES (?1, coalesce(?2, {KEYLESS})){put}"
    if column.spec.kind in ("number", "moment"):
        connection.executemany(one, [(each, keys[0] if keys else None) for each, keys in rows])
        return
    many = (
        f"INSERT INTO v{number} (record_id, k)"
        f" SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true{put}"
    )
    if rows:
        connection.execute(many, (json_text([(each, keys[0]) for each, keys in rows]),))


def _take_in_options(connection: apsw.Connection, column: Column, slots: Sequence[str]) -> None:
    number, (slot,) = column.number, slots
    leave = f"DELETE FROM v{number} WHERE record_id IN (SELECT record_id FROM stage)"
    # Each part of the text becomes an entry of a JSON array.
    options = (
        f"INSERT OR IGNORE INTO v{number} (record_id, k) SELECT s.record_id, o.value"
        f" FROM stage AS s, json_each('[' || replace(json_quote(s.{slot}), ';', '\",\"') || ']')"
        f" AS o WHERE s.{slot} IS NOT NULL AND o.value <> ''"
    )
    none = (
        f"INSERT INTO v{number} (record_id, k)"
        f" SELECT record_id, CASE WHEN {slot} IS NULL THEN {LACKING} ELSE {KEYLESS} END FROM stage"
        f" WHERE {slot} IS NULL OR replace({slot}, ';', '') = ''"
    )
    for statement in (leave, options, none):
        connection.execute(statement)


def _take_in_terms(connection: apsw.Connection, column: Column, slots: Sequence[str]) -> None:
    """Writes terms that differ from those that are there; most writes leave them as they are."""
    number = column.number
    # Upper case parts words of values that are not folded; `_` is no letter of any word.
    fold = "lower({c})" if column.spec.folds_case else "{c}"
    is_usual = f"{_ASCII} AND octet_length({{c}}) < 1000"
    if not column.spec.folds_case:
        is_usual += " AND {c} NOT GLOB '*[A-Z]*'"
    usual = " AND ".join(f"({slot} IS NULL OR {is_usual})".format(c=slot) for slot in slots)
    text = " || ' ' || ".join(
        f"coalesce(replace({fold}, '_', ' '), '')".format(c=slot) for slot in slots
    )
    quick = (
        f"INSERT INTO fresh (record_id, t) SELECT s.record_id, {text} FROM stage AS s"
        f" LEFT JOIN d{number} AS d ON d.record_id = s.record_id"
        f" WHERE ({usual}) AND d.t IS NOT {text}"
    )
    connection.execute(quick)
    listed = ", ".join(slots)
    rest = (
        f"SELECT json_group_array(json_array(record_id, {listed})) FROM stage WHERE NOT ({usual})"
    )
    folds = column.spec.folds_case
    rows = [
        (row[0], " ".join(terms_text(value or "", folds_case=folds) for value in row[1:]))
        for row in _rows(connection, rest)
    ]
    if rows:
        slow = (
            "INSERT INTO fresh (record_id, t) SELECT e.value ->> 0, e.value ->> 1"
            f" FROM json_each(?1) AS e LEFT JOIN d{number} AS d ON d.record_id = e.value ->> 0"
            " WHERE d.t IS NOT e.value ->> 1"
        )
        connection.execute(slow, (json_text(rows),))
    for statement in (
        f"DELETE FROM f{number} WHERE rowid IN"
        f" (SELECT record_id FROM fresh JOIN d{number} USING (record_id))",
        f"INSERT INTO f{number} (rowid, t) SELECT record_id, t FROM fresh ORDER BY record_id",
        f"INSERT OR REPLACE INTO d{number} (record_id, t) SELECT record_id, t FROM fresh",
    ):
        connection.execute(statement)


_TakeIn = Callable[[apsw.Connection, Column, Sequence[str]], None]

_TAKE_IN: Final[Mapping[str, _TakeIn]] = {
    "all": _take_in_ids,
    "keys": _take_in_keys,
    "options": _take_in_options,
    "terms": _take_in_terms,
}


def _rows(connection: apsw.Connection, statement: str) -> list[list[Any]]:
    """The only value of a statement: a JSON array of rows."""
    row: tuple[Any, ...] = connection.execute(statement).fetchall()[0]
    return _read_rows(row[0])
