"""Answers from columns that are ready: how many records meet a condition, and which part of them.

The count comes first and decides how the part is found: of few records all are sorted; among many
those of the part are met soon by a walk in the order asked for.
"""

from collections.abc import Mapping
from typing import Any, Final

import apsw
import msgspec

from moyeu.crm.search.conditions import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Condition,
    HasTokens,
    Holds,
    Lacks,
    LacksTokens,
    Linked,
    Mentions,
    NoneOf,
    OneOf,
    SortBy,
)
from moyeu.crm.search.keys import TokenPattern
from moyeu.storage.sql.search_specs import ALL, ColumnSpec, complement, has_links, sort_spec
from moyeu.storage.sqlite.search_columns import NO_KEY
from moyeu.storage.sqlite.search_sql import Statements

_FEW_PART: Final = 20
"""Records are few when they are less than that part of the type's."""
_TOTALS_MAX: Final = 256

_read_ids = msgspec.json.Decoder(list[int]).decode


class Totals:
    """How many records of a type meet conditions, as long as no column changes."""

    def __init__(self) -> None:
        self._kept: dict[Condition, int] = {}

    def get(self, condition: Condition) -> int | None:
        """A total that is still true."""
        return self._kept.get(condition)

    def keep(self, condition: Condition, total: int) -> None:
        """Keeps a total; associations change without a column, so theirs are not kept."""
        if has_links(condition):
            return
        if len(self._kept) >= _TOTALS_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[condition] = total

    def clear(self) -> None:
        """After a change of a column."""
        self._kept.clear()


class Answers:
    """Answers about one object type within one transaction."""

    def __init__(
        self,
        connection: apsw.Connection,
        numbers: Mapping[ColumnSpec, int],
        portal_id: int,
        object_type_id: str,
        totals: Totals,
        patterns: list[TokenPattern],
        few_min: int,
    ) -> None:
        self._connection = connection
        self._numbers = numbers
        self._portal_id = portal_id
        self._object_type_id = object_type_id
        self._totals = totals
        self._patterns = patterns
        self._few_min = few_min
        self._estimates: dict[Condition, int] = {}

    def total(self, condition: Condition) -> int:
        """How many records meet a condition."""
        found = self._totals.get(condition)
        if found is None:
            found = self._count(condition)
            self._totals.keep(condition, found)
        return found

    def part(
        self, condition: Condition, order: SortBy | None, offset: int, count: int
    ) -> list[int]:
        """The ids of a part of the records that meet a condition, in order."""
        total = self.total(condition)
        if offset >= total or not count:
            return []
        is_rare = total <= self._few()
        if order is None:
            return self._in_id_order(condition, 0, offset, count, is_rare=is_rare)
        if is_rare:
            return self._sorted(condition, order, offset, count)
        return self._walked(condition, order, offset, count)

    def ids_from(self, condition: Condition, from_id: int, count: int) -> list[int]:
        """The first ids from one on of the records that meet a condition."""
        is_rare = self._estimate(condition) < self._few()
        return self._in_id_order(condition, from_id, 0, count, is_rare=is_rare)

    # --- counting ----------------------------------------------------------------------------

    def _count(self, condition: Condition) -> int:
        if condition == EVERYTHING:
            made = self._statements()
            return self._number(made, f"SELECT count(*) FROM {made.table(ALL)}")
        if isinstance(condition, AllOf | AnyOf) and len(condition.parts) == 1:
            return self.total(condition.parts[0])
        rest = complement(condition)
        if rest is not None:
            whole, without = rest
            return self.total(whole) - self.total(without)
        made = self._statements()
        if isinstance(condition, AnyOf | AllOf) and self._estimate(condition) >= self._few():
            return self._number(made, f"SELECT count(*) FROM ({made.walk(condition)})")
        return self._number(made, f"SELECT count(*) FROM ({made.source(condition)})")

    def _few(self) -> int:
        return max(self._few_min, self.total(EVERYTHING) // _FEW_PART)

    def _estimate(self, condition: Condition) -> int:
        """About how many records meet a condition, no more than are few."""
        found = self._estimates.get(condition)
        if found is None:
            found = min(self._guess(condition), self._few())
            self._estimates[condition] = found
        return found

    def _guess(self, condition: Condition) -> int:
        most = self._few()
        if isinstance(condition, AllOf):
            return min((self._estimate(each) for each in condition.parts), default=most)
        if isinstance(condition, AnyOf):
            return sum(self._estimate(each) for each in condition.parts)
        if isinstance(condition, Holds | NoneOf | LacksTokens):
            return most
        known = self._totals.get(condition)
        if known is not None:
            return known
        made = self._statements()
        limit = made.bind(most)
        source = made.source(condition)
        if made.patterns:
            # Looking at texts is what the estimate is to save.
            return most
        return self._number(made, f"SELECT count(*) FROM (SELECT 1 FROM ({source}) LIMIT {limit})")

    # --- parts -------------------------------------------------------------------------------

    def _in_id_order(
        self, condition: Condition, from_id: int, offset: int, count: int, *, is_rare: bool
    ) -> list[int]:
        made = self._statements(rows_few=not is_rare)
        # A single part of an index has its ids in order already.
        has_order = isinstance(condition, Linked | Mentions | HasTokens | Lacks) or (
            isinstance(condition, OneOf) and len(condition.keys) == 1
        )
        found = made.source(condition) if is_rare or has_order else made.walk(condition)
        return self._ids(
            made,
            f"SELECT record_id FROM ({found}) WHERE record_id >= {made.bind(from_id)}"
            f" ORDER BY record_id {_part(made, offset, count)}",
        )

    def _sorted(self, condition: Condition, order: SortBy, offset: int, count: int) -> list[int]:
        made = self._statements()
        table = made.table(sort_spec(order))
        has_key = f"s.k < {NO_KEY}"
        key, record_id = f"CASE WHEN {has_key} THEN s.k END", "s.record_id"
        if order.descending:
            key += " DESC"
            record_id = f"CASE WHEN {has_key} THEN -s.record_id ELSE s.record_id END"
        return self._ids(
            made,
            f"SELECT s.record_id FROM ({made.source(condition)}) AS f CROSS JOIN {table} AS s"
            f" ON s.record_id = f.record_id ORDER BY {has_key} DESC, {key}, {record_id}"
            f" {_part(made, offset, count)}",
        )

    def _walked(self, condition: Condition, order: SortBy, offset: int, count: int) -> list[int]:
        """First those with a key along its index, then those without by their ids."""
        direction = " DESC" if order.descending else ""
        made = self._statements(rows_few=True)
        table = made.table(sort_spec(order))
        with_key = self._ids(
            made,
            f"SELECT s.record_id FROM {table} AS s WHERE s.k < {NO_KEY}"
            f" AND {made.test(condition, 's.record_id')}"
            f" ORDER BY s.k{direction}, s.record_id{direction} {_part(made, offset, count)}",
        )
        if len(with_key) == count:
            return with_key
        made = self._statements()
        keyless = self._number(
            made,
            f"SELECT count(*) FROM {table} AS s WHERE s.k >= {NO_KEY}"
            f" AND {made.test(condition, 's.record_id')}",
        )
        passed = max(0, offset - (self.total(condition) - keyless))
        made = self._statements(rows_few=True)
        # Few are sorted, many are met in the order of their ids.
        key = "s.k" if keyless <= self._few() else "+s.k"
        return with_key + self._ids(
            made,
            f"SELECT s.record_id FROM {table} AS s WHERE {key} >= {NO_KEY}"
            f" AND {made.test(condition, 's.record_id')}"
            f" ORDER BY s.record_id {_part(made, passed, count - len(with_key))}",
        )

    # --- statements --------------------------------------------------------------------------

    def _statements(self, *, rows_few: bool = False) -> Statements:
        return Statements(
            self._numbers, self._portal_id, self._object_type_id, self._estimate, rows_few=rows_few
        )

    def _ids(self, made: Statements, statement: str) -> list[int]:
        # As one text: rows would take the interpreter's lock one by one.
        text: str = self._value(made, f"SELECT json_group_array(record_id) FROM ({statement})")
        return _read_ids(text)

    def _number(self, made: Statements, statement: str) -> int:
        number: int = self._value(made, statement)
        return number

    def _value(self, made: Statements, statement: str) -> Any:
        self._patterns[:] = made.patterns
        ((value,),) = self._connection.execute(statement, made.bound).fetchall()
        return value


def _part(made: Statements, offset: int, count: int) -> str:
    return f"LIMIT {made.bind(count)} OFFSET {made.bind(offset)}"
