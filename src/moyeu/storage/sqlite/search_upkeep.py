"""How the columns of the search index take in records: all of them at first, then what changed.

The newest state of a record is taken in, whatever it was in between. So it does no harm to read a
record twice, and the parts of a long way need no common snapshot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import apsw

from moyeu.storage.sql.rows import json_text
from moyeu.storage.sql.search_specs import ColumnSpec, change_with_each_write
from moyeu.storage.sqlite import queries, search_columns
from moyeu.storage.sqlite.search_answers import Totals
from moyeu.storage.sqlite.search_columns import SLOTS_MAX, Column
from moyeu.storage.sqlite.search_feed import SearchFeed

_TOUCHED: Final = """
INSERT OR IGNORE INTO touched SELECT record_id FROM data.record_write
WHERE portal_id = :portal_id AND number > :low AND number <= :high
  AND object_type_id = :object_type_id
"""

_ANNOUNCED: Final = "INSERT OR IGNORE INTO touched SELECT value FROM json_each(:record_ids)"

_LAY_OUT_TOUCHED: Final = """
FROM touched AS t CROSS JOIN data.record AS r
  ON r.portal_id = :portal_id AND r.object_type_id = :object_type_id AND r.record_id = t.record_id
WHERE r.archived_at_ms IS NULL
"""

_LAY_OUT_NEXT: Final = """
FROM data.record AS r
WHERE r.portal_id = :portal_id AND r.object_type_id = :object_type_id
  AND r.record_id > :loaded_to AND r.archived_at_ms IS NULL
ORDER BY r.record_id LIMIT :count_max
"""

_FORGET_LAID_OUT: Final = "DELETE FROM touched WHERE record_id IN (SELECT record_id FROM stage)"


@dataclass(slots=True)
class TypeIndex:
    """What is kept of one object type of one portal; records: about how many it has."""

    portal_id: int
    object_type_id: str
    records: int = 0
    columns: dict[ColumnSpec, Column] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)

    @property
    def key(self) -> dict[str, Any]:
        """What its statements bind."""
        return {"portal_id": self.portal_id, "object_type_id": self.object_type_id}


def load_part(
    connection: apsw.Connection, kept: TypeIndex, columns: Sequence[Column], part_records: int
) -> bool:
    """Takes the next records into the columns that are furthest behind; whether there were any.

    Columns that stand at the same record share the reading of the documents.
    """
    loading = [each for each in columns if each.loaded_to is not None]
    if not loading:
        return False
    loaded_to = min(each.loaded_to for each in loading if each.loaded_to is not None)
    group = _laid_out_together([each for each in loading if each.loaded_to == loaded_to])
    slots = search_columns.slots_of(group)
    bound = kept.key | {"loaded_to": loaded_to, "count_max": part_records}
    _lay_out(connection, slots, _LAY_OUT_NEXT, bound)
    for each in group:
        search_columns.take_in(connection, each, slots)
    ((number, last),) = connection.execute("SELECT count(*), max(record_id) FROM stage")
    kept.records = max(kept.records, number + sum(each.records for each in group[:1]))
    for each in group:
        each.records += number
        each.loaded_to = last
        if number < part_records:
            search_columns.finish(connection, each)
            each.loaded_to = None
    return True


def follow(
    connection: apsw.Connection,
    kept: TypeIndex,
    columns: Sequence[Column],
    now: tuple[int, int],
    feed: SearchFeed,
    part_records: int,
) -> bool:
    """Takes in what was written since; whether all columns have followed to the end."""
    work = part_records
    # What is announced and not settled is read again each time.
    behind = {each.position for each in columns if each.position != now or feed.since(now[1])}
    for position in sorted(behind):
        standing = [each for each in columns if each.position == position]
        while standing:
            if work <= 0:
                return False
            group = _laid_out_together(standing)
            standing = [each for each in standing if each not in group]
            high = min(position[0] + work, now[0])
            work -= high - position[0]
            _follow_to(connection, kept, group, (high, now[1]), feed)
    return all(each.position == now for each in columns)


def _follow_to(
    connection: apsw.Connection,
    kept: TypeIndex,
    group: Sequence[Column],
    target: tuple[int, int],
    feed: SearchFeed,
) -> None:
    """Reads again all records that were touched between the group's position and the target."""
    _touch(connection, kept, group, target[0], feed)
    if connection.execute("SELECT 1 FROM touched LIMIT 1").fetchall():
        slots = search_columns.slots_of(group)
        _lay_out(connection, slots, _LAY_OUT_TOUCHED, kept.key)
        connection.execute(_FORGET_LAID_OUT)
        changed = False
        for column in group:
            changed |= search_columns.take_in(connection, column, slots)
            changed |= search_columns.take_out(connection, column)
        if changed:
            kept.totals.clear()
    for column in group:
        column.position = target


def _touch(
    connection: apsw.Connection,
    kept: TypeIndex,
    group: Sequence[Column],
    high: int,
    feed: SearchFeed,
) -> None:
    """Fills `touched` with the records whose columns may differ since the group's position."""
    position = group[0].position
    bound = kept.key | {"low": position[0], "high": high}
    connection.execute("DELETE FROM touched")
    statement = _TOUCHED + _mentions_one_of(search_columns.slots_of(group), bound)
    connection.execute(statement, bound)
    for each in feed.since(position[1]) or ():
        if each[:2] == (kept.portal_id, kept.object_type_id) and each.record_ids:
            ids = json_text(each.record_ids)
            connection.execute(_ANNOUNCED, {"record_ids": ids})


def _lay_out(
    connection: apsw.Connection, slots: dict[str, str], rows: str, key: dict[str, Any]
) -> None:
    connection.execute("DELETE FROM stage")
    bound = dict(key)
    values = search_columns.value_sql(list(slots), bound)
    names = "".join(f", {slot}" for slot in slots.values())
    statement = f"INSERT INTO stage (record_id{names}) SELECT r.record_id{values} {rows}"
    connection.execute(statement, bound)


def last_write(connection: apsw.Connection, portal_id: int) -> int:
    """The number of the portal's last write, which begins the snapshot; 0 without a portal."""
    row: tuple[Any, ...] = connection.execute(
        queries.LAST_WRITE, {"portal_id": portal_id}
    ).fetchall()[0]
    number: int | None = row[0]
    return number or 0


def _mentions_one_of(names: Iterable[str], bound: dict[str, Any]) -> str:
    """Whether a write is a record's first or wrote one of the properties; all writes change one."""
    if change_with_each_write(names):
        return ""
    tests = []
    for number, name in enumerate(names):
        # As the history spells it; where a value has that text too it does no harm.
        bound[f"written{number}"] = f"{json_text(name)}:"
        tests.append(f" OR instr(changed, :written{number}) > 0")
    return f" AND (previous = 0{''.join(tests)})"


def _laid_out_together(columns: Sequence[Column]) -> list[Column]:
    """The first of them whose properties find room beside each other."""
    names: set[str] = set()
    group = []
    for each in columns:
        more = names.union(each.spec.names)
        if len(more) <= SLOTS_MAX:
            names = more
            group.append(each)
    return group
