"""How the columns of the search index are made, follow what was written, and go.

All of it is done in steps, each a transaction of its own that may be the last of its process: what
a step has written of a column and how far the column is then are committed together. Whoever
writes rows of a column holds its row of `search_column`; who finds that held does something else.

Only what is certain moves a column on. The *fence* of a portal is a number that all entries of the
history before it are committed up to and all later ones are above. Entries above it may be taken
in too, and are looked at again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeVar

from moyeu.storage.postgresql import search_queries as queries
from moyeu.storage.postgresql.arrays import array_text
from moyeu.storage.postgresql.connections import Connection
from moyeu.storage.postgresql.search_columns import (
    Column,
    Columns,
    Intake,
    Taken,
    Values,
    digest_of,
    names_of,
    new_column,
    spec_text,
)
from moyeu.storage.postgresql.transaction import PostgresqlReadTransaction
from moyeu.storage.sql.rows import Row
from moyeu.storage.sql.search_specs import ColumnSpec, change_with_each_write

T = TypeVar("T")

_CHUNK_RECORDS: Final = 1_000
"""So many documents are in memory at once."""
_NOTES_PER_STEP: Final = 1_000


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """How far searches go.

    scan_max: types with no more records are looked through and have no columns. few_min: no fewer
    records than that count as few. pending_max: with no more records written since, a search looks
    at them itself; entries_max: so many entries of the history it reads to find them. part_records:
    so many records, or entries, are taken in at one step. columns_max, rows_max: of a portal;
    unused_days_max: a column that was not used for longer is dropped.
    """

    scan_max: int = 1_000
    few_min: int = 1_000
    pending_max: int = 50
    entries_max: int = 2_000
    part_records: int = 10_000
    columns_max: int = 200
    rows_max: int = 100_000_000
    unused_days_max: int = 7


USUAL_LIMITS: Final = SearchLimits()


class Reads(Protocol):
    """How the store reads."""

    def __call__(self, work: Callable[[PostgresqlReadTransaction], T], /) -> T:
        """The result of work on a consistent view."""
        ...


class OwnTransactions(Protocol):
    """How the store writes for the index."""

    def __call__(self, work: Callable[[Connection], T], /) -> T:
        """The result of work that was committed, each statement of which saw what was then."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """What the index asks of its store; each call waits for the database.

    fence: a number of the portal's history, up to which all entries are committed and above which
    all later ones are.
    """

    read: Reads
    own_transaction: OwnTransactions
    fence: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Behind:
    """What keeps a search from its answer.

    columns: those of the specs that are there. lost: ids of columns that are too far behind.
    """

    portal_id: int
    object_type_id: str
    specs: tuple[ColumnSpec, ...]
    columns: Columns
    lost: tuple[int, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether all columns are there and only have to follow."""
        return (
            not self.lost
            and len(self.columns) == len(self.specs)
            and all(each.is_ready for each in self.columns.values())
        )

    def without(self, lost: Iterable[Column]) -> "Behind":
        """The same with columns that have to be made anew."""
        return replace(self, lost=tuple(each.column_id for each in lost))


class Upkeep:
    """Makes columns, lets them follow, and drops them."""

    def __init__(self, source: Source, limits: SearchLimits) -> None:
        self._source = source
        self._limits = limits

    def step(self, behind: Behind) -> bool:
        """Does the next that is to be done; False when somebody else is at it."""
        if behind.lost:
            self._drop(behind.portal_id, behind.lost)
            return True
        columns = list(behind.columns.values())
        if missing := [each for each in behind.specs if each not in behind.columns]:
            self._make_room(behind)
            columns += self._make(behind, missing)
            if len(columns) < len(behind.specs):
                # Others make the rest, which has to be looked up.
                return True
        if unbegun := [each for each in columns if each.position is None]:
            self._begin(behind.portal_id, unbegun)
        if loading := [each for each in columns if each.loaded_to is not None]:
            return self._source.own_transaction(lambda at: self._load(at, behind, loading))
        return self._follow(behind, columns)

    # --- making and dropping -----------------------------------------------------------------

    def _make_room(self, behind: Behind) -> None:
        """Drops columns that nobody used for longest while a portal has too many of them."""
        key = {
            "portal_id": behind.portal_id,
            "object_type_id": behind.object_type_id,
            "digests": [digest_of(each) for each in behind.specs],
        }
        others = self._source.own_transaction(
            lambda at: at.execute(queries.OTHER_COLUMNS, key).fetchall()
        )
        columns = len(others) + len(behind.specs)
        rows = sum(row[1] for row in others)
        going = []
        for column_id, row_count in others:
            if columns <= self._limits.columns_max and rows <= self._limits.rows_max:
                break
            going.append(column_id)
            columns -= 1
            rows -= row_count
        if going:
            self._drop(behind.portal_id, going)

    def _make(self, behind: Behind, missing: Sequence[ColumnSpec]) -> list[Column]:
        """New columns, but for those that somebody else makes at the same time."""
        key = {"portal_id": behind.portal_id, "object_type_id": behind.object_type_id}

        def work(connection: Connection) -> list[Column]:
            connection.execute(queries.ADD_SEARCH_PORTAL, key)
            made = []
            for spec in missing:
                row = connection.execute(queries.TAKE_COLUMN_ID, key).fetchone()
                assert row is not None, "records of a portal that is not there"
                bound = {
                    "column_id": row[0],
                    "digest": digest_of(spec),
                    "spec": spec_text(spec),
                }
                if connection.execute(queries.ADD_COLUMN, key | bound).rowcount:
                    made.append(new_column(spec, row[0]))
            return made

        return self._source.own_transaction(work)

    def _begin(self, portal_id: int, columns: Sequence[Column]) -> None:
        """After the fence every removal that is not noted has ended: it began before the column."""
        bound = {
            "portal_id": portal_id,
            "column_ids": _ids_of(columns),
            "position": self._source.fence(portal_id),
        }
        self._source.own_transaction(lambda at: at.execute(queries.BEGIN_COLUMNS, bound))

    def _drop(self, portal_id: int, column_ids: Sequence[int]) -> None:
        bound = {"portal_id": portal_id, "column_ids": array_text(column_ids)}
        self._source.own_transaction(lambda at: at.execute(queries.DROP_COLUMNS, bound))

    def touch(self, portal_id: int, columns: Sequence[Column]) -> None:
        """Notes that columns are used today, and drops those that nobody uses any more."""
        bound = {
            "portal_id": portal_id,
            "column_ids": _ids_of(columns),
            "days": self._limits.unused_days_max,
        }

        def work(connection: Connection) -> None:
            connection.execute(queries.USED_TODAY, bound)
            connection.execute(queries.DROP_UNUSED, bound)

        self._source.own_transaction(work)

    def sweep(self, portal_id: int) -> bool:
        """Removes a part of the rows of a dropped column; whether there was one."""

        def work(connection: Connection) -> bool:
            key: dict[str, Any] = {"portal_id": portal_id, "count_max": self._limits.part_records}
            row = connection.execute(queries.NEXT_DROPPED, key).fetchone()
            if row is None:
                return False
            key |= {"column_id": row[0], "after": row[1]}
            if connection.execute(queries.SWEEP_KEYS, key | {"after": -1}).rowcount:
                return True
            swept = connection.execute(queries.SWEEP_TEXTS, key).fetchall()
            if swept:
                connection.execute(queries.SWEPT_TO, key | {"after": max(swept)[0]})
            else:
                connection.execute(queries.REMOVE_COLUMN, key)
            return True

        return self._source.own_transaction(work)

    # --- taking records in -------------------------------------------------------------------

    def _load(self, connection: Connection, behind: Behind, columns: Sequence[Column]) -> bool:
        """Takes the next records into the columns that are furthest behind; False: others do."""
        held = _lock(connection, behind.portal_id, columns)
        loading = {row[0]: row[3] for row in held if row[3] is not None}
        if not loading:
            # Whoever held them was before us, or is at it.
            return bool(held)
        loaded_to = min(loading.values())
        group = [each for each in columns if loading.get(each.column_id) == loaded_to]
        intake = Intake(connection, behind.portal_id)
        total = {each.spec: Taken() for each in group}
        left: int = self._limits.part_records
        while left > 0:
            count_max = min(left, _CHUNK_RECORDS)
            rows = (
                "r.record_id > %(loaded_to)s::bigint AND r.archived_at_ms IS NULL"
                " ORDER BY r.record_id LIMIT %(count_max)s::bigint"
            )
            bound = {"loaded_to": loaded_to, "count_max": count_max}
            values = _values(connection, behind, group, rows, bound)
            for each in group:
                _add(total[each.spec], intake.take_new(each.column_id, each.spec, values))
            if values:
                loaded_to = values[-1][0]
            left -= count_max
            if len(values) < count_max:
                loaded_to = None
                break
        for each in group:
            taken = total[each.spec]
            connection.execute(
                queries.COLUMN_LOADED,
                {
                    "portal_id": behind.portal_id,
                    "column_id": each.column_id,
                    "loaded_to": loaded_to,
                    "rows": taken.rows,
                    "has_long": taken.has_long,
                },
            )
        return True

    def _follow(self, behind: Behind, columns: Sequence[Column]) -> bool:
        """Takes in what was written and noted up to the fence, or a part of it."""
        fence = self._source.fence(behind.portal_id)
        has_notes = self._source.own_transaction(
            lambda at: self._follow_to(at, behind, columns, fence)
        )
        if has_notes:
            key = {"portal_id": behind.portal_id, "object_type_id": behind.object_type_id}
            self._source.own_transaction(lambda at: at.execute(queries.DROP_NOTES, key))
        return has_notes is not None

    def _follow_to(
        self, connection: Connection, behind: Behind, columns: Sequence[Column], fence: int
    ) -> bool | None:
        """Whether there were notes; None when somebody else is at it."""
        held = _lock(connection, behind.portal_id, columns)
        if len(held) < len(columns):
            return None
        removals_to = min(row[2] for row in held)
        key = {"portal_id": behind.portal_id, "object_type_id": behind.object_type_id}
        notes = self._notes(connection, key, removals_to)
        entries = connection.execute(
            queries.WRITTEN_SINCE,
            {
                **key,
                "position": min(row[1] for row in held),
                "last": fence,
                "names": names_looked_at([each.spec for each in columns]),
                "count_max": self._limits.part_records,
            },
        ).fetchall()
        is_part = len(entries) == self._limits.part_records
        noted = (record_id for _, ids in notes for record_id in ids)
        touched = list(dict.fromkeys([*(row[1] for row in entries), *noted]))
        total = {each.spec: Taken() for each in columns}
        intake = Intake(connection, behind.portal_id)
        for ids in _chunks(touched):
            rows = "r.record_id = ANY(%(record_ids)s::bigint[]) AND r.archived_at_ms IS NULL"
            bound = {"record_ids": array_text(ids)}
            values = _values(connection, behind, columns, rows, bound)
            for each in columns:
                taken = intake.take_again(each.column_id, each.spec, ids, values)
                _add(total[each.spec], taken)
        for each in columns:
            taken = total[each.spec]
            connection.execute(
                queries.COLUMN_FOLLOWED,
                {
                    "portal_id": behind.portal_id,
                    "column_id": each.column_id,
                    "position": entries[-1][0] if is_part else fence,
                    "removals_to": notes[-1][0] if notes else removals_to,
                    "changes": int(taken.has_changed),
                    "rows": taken.rows,
                    "has_long": taken.has_long,
                },
            )
        return bool(notes)

    def _notes(self, connection: Connection, key: dict[str, Any], removals_to: int) -> list[Row]:
        """The next notes, before one that stands for all records and no more than a part."""
        bound = {**key, "removals_to": removals_to, "count_max": _NOTES_PER_STEP}
        notes = []
        left: int = self._limits.part_records
        for row in connection.execute(queries.REMOVED_SINCE, bound):
            if row[1] is None or left <= 0:
                break
            notes.append(row)
            left -= len(row[1])
        return notes


def names_looked_at(specs: Sequence[ColumnSpec]) -> list[str] | None:
    """The properties of which a write must have changed one; None where every write counts."""
    names = names_of(specs)
    return None if change_with_each_write(names) else names


def _ids_of(columns: Sequence[Column]) -> str:
    return array_text(each.column_id for each in columns)


def _lock(connection: Connection, portal_id: int, columns: Sequence[Column]) -> list[Row]:
    """(id, position, removals taken in, loaded to) of the columns that nobody else holds."""
    bound = {"portal_id": portal_id, "column_ids": _ids_of(columns)}
    return connection.execute(queries.LOCK_COLUMNS, bound).fetchall()


def _values(
    connection: Connection,
    behind: Behind,
    columns: Sequence[Column],
    rows: str,
    bound: dict[str, Any],
) -> Values:
    """Some records with the values that the columns are made of."""
    names = names_of([each.spec for each in columns])
    bound |= {"portal_id": behind.portal_id, "object_type_id": behind.object_type_id}
    bound |= {f"name{place}": name for place, name in enumerate(names)}
    wanted = "".join(f", r.properties ->> %(name{place})s::text" for place in range(len(names)))
    statement = (
        f"SELECT r.record_id{wanted} FROM record r"
        " WHERE r.portal_id = %(portal_id)s::bigint AND r.object_type_id = %(object_type_id)s"
        f" AND {rows}"
    )
    found = connection.execute(statement, bound).fetchall()
    return [(row[0], dict(zip(names, row[1:], strict=True))) for row in found]


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _CHUNK_RECORDS):
        yield ids[start : start + _CHUNK_RECORDS]


def _add(total: Taken, taken: Taken) -> None:
    total.has_changed |= taken.has_changed
    total.rows += taken.rows
    total.has_long |= taken.has_long
