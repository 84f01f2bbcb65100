"""Answers from columns that are ready: how many records meet a condition, and which part of them.

A record that was written since the columns took it in counts as *pending*: what the columns have of
it is passed over, and whether it meets a condition its document tells, as the meaning of conditions
is. So an answer is of one snapshot, whatever the columns have seen of it.

The count comes first and decides how the part is found: of few records all are sorted; among many
those of the part are met soon by a walk in the order asked for.
"""

import threading
from collections.abc import Sequence
from typing import Final

from moyeu.crm.records import StoredRecord
from moyeu.crm.search.conditions import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Condition,
    HasTokens,
    Holds,
    LacksTokens,
    Linked,
    NoneOf,
    SortBy,
    meets,
)
from moyeu.crm.search.keys import keys_of
from moyeu.crm.search.token_plans import TokenPlan
from moyeu.storage.postgresql import search_queries as queries
from moyeu.storage.postgresql.arrays import array_text
from moyeu.storage.postgresql.search_columns import Column, Columns
from moyeu.storage.postgresql.search_keys import key_bytes
from moyeu.storage.postgresql.search_sql import NO_KEY, Statements, is_met_in_order, known_ids
from moyeu.storage.postgresql.transaction import PostgresqlReadTransaction
from moyeu.storage.sql.rows import Row
from moyeu.storage.sql.search_specs import (
    ALL,
    AS_IT_IS,
    NotIndexedError,
    complement,
    has_links,
    sort_spec,
    specs_of,
    terms_spec,
    text_spec,
)

_FEW_PART: Final = 20
"""Records are few when they are less than that part of the type's."""
_TOTALS_MAX: Final = 512
_LOOKED_AT_ONCE: Final = 20_000
_LEAVES_MAX: Final = 300
"""A statement of more parts takes longer to plan than a look at every record."""

_Seen = tuple[tuple[int, int], ...]
"""The columns that a total was counted in, each with its version."""


class Totals:
    """How many records meet conditions by columns of certain versions; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[int, str, Condition], tuple[_Seen, int]] = {}

    def get(self, key: tuple[int, str, Condition], seen: _Seen) -> int | None:
        """The total of a condition of a type of a portal, if it was counted in just these."""
        found = self._kept.get(key)
        return found[1] if found is not None and found[0] == seen else None

    def keep(self, key: tuple[int, str, Condition], seen: _Seen, total: int) -> None:
        """Keeps a total, in place of the one that is there for longest if there are many."""
        with self._lock:
            self._kept.pop(key, None)
            if len(self._kept) >= _TOTALS_MAX:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (seen, total)


_Place = tuple[int, bytes | None]
"""A record id, and its key if the order asks for one and it has one."""


class Answers:
    """Answers about one object type within one transaction.

    pending: the records that count as they are now; active: those of them that are active.
    """

    def __init__(
        self,
        transaction: PostgresqlReadTransaction,
        columns: Columns,
        portal_id: int,
        object_type_id: str,
        *,
        totals: Totals,
        few_min: int,
        pending: Sequence[int],
        active: Sequence[StoredRecord],
    ) -> None:
        self._transaction = transaction
        self._columns = columns
        self._portal_id = portal_id
        self._object_type_id = object_type_id
        self._totals = totals
        self._records = columns[ALL].row_count
        self._few = max(few_min, self._records // _FEW_PART)
        self._pending = pending
        self._active = active
        self._estimates: dict[Condition, int] = {}
        self._looked: dict[HasTokens, Sequence[int]] = {}

    # --- what is asked for -------------------------------------------------------------------

    def part(
        self, condition: Condition, order: SortBy | None, offset: int, count: int
    ) -> tuple[int, list[int]]:
        """How many records meet a condition, and the ids of a part of them in order."""
        _check_size(condition)
        in_columns = self._total(condition)
        if not self._pending:
            if offset >= in_columns or not count:
                return in_columns, []
            places = self._places(condition, order, in_columns, offset, count)
            return in_columns, [record_id for record_id, _ in places]
        fresh = self._fresh(condition)
        total = in_columns - self._count(condition, self._pending) + len(fresh)
        if offset >= total or not count:
            return total, []
        places = [
            *self._places(condition, order, in_columns, 0, offset + count),
            *(_place(each, order) for each in fresh),
        ]
        return total, _in_order(places, order)[offset : offset + count]

    def ids_from(self, condition: Condition, from_id: int, count: int) -> list[int]:
        """The first ids from one on of the records that meet a condition."""
        _check_size(condition)
        is_rare = self._estimate(condition) < self._few
        found = self._by_id(condition, from_id, 0, count, is_rare=is_rare)
        fresh = [each.record_id for each in self._fresh(condition) if each.record_id >= from_id]
        return sorted([*found, *fresh])[:count]

    # --- pending records ---------------------------------------------------------------------

    def _fresh(self, condition: Condition) -> list[StoredRecord]:
        """The pending records that meet a condition now."""
        linked = {each: self._linked_pending(each) for each in _links(condition)}
        found = []
        for each in self._active:

            def linked_to(link: Linked, record_id: int = each.record_id) -> bool:
                return record_id in linked[link]

            if meets(condition, each.properties, linked_to):
                found.append(each)
        return found

    def _linked_pending(self, link: Linked) -> frozenset[int]:
        rows = self._transaction.rows(
            queries.LINKED_AMONG,
            {
                "portal_id": self._portal_id,
                "object_type_id": self._object_type_id,
                "from_type_id": link.object_type_id,
                "from_ids": array_text(known_ids(link)),
                "record_ids": array_text(self._pending),
            },
        )
        return frozenset(row[0] for row in rows)

    def _test(self, made: Statements, condition: Condition, record_id: str) -> str:
        """The same as the test of the condition for who is in a column and not pending."""
        return "TRUE" if condition == EVERYTHING else made.test(condition, record_id)

    def _not_pending(self, made: Statements, record_id: str) -> str:
        if not self._pending:
            return "TRUE"
        return f"{record_id} <> ALL({made.bind(array_text(self._pending), 'bigint[]')})"

    # --- counting ----------------------------------------------------------------------------

    def _total(self, condition: Condition) -> int:
        """How many records meet a condition by the columns."""
        if condition == EVERYTHING:
            return self._records
        key = (self._portal_id, self._object_type_id, condition)
        seen = self._seen(condition)
        found = self._totals.get(key, seen)
        if found is None:
            found = self._count(condition)
            if not has_links(condition):
                self._totals.keep(key, seen, found)
        return found

    def _seen(self, condition: Condition) -> _Seen:
        columns = {self._columns[each] for each in specs_of(condition)}
        return tuple(sorted((each.column_id, each.version) for each in columns))

    def _count(self, condition: Condition, among: Sequence[int] | None = None) -> int:
        """How many records meet a condition by the columns; among: of which ids, None for all.

        Columns may have seen different states of the pending records, so these are counted in the
        same way as all are.
        """

        def count(of: Condition) -> int:
            return self._total(of) if among is None else self._count(of, among)

        if isinstance(condition, AllOf | AnyOf) and len(condition.parts) == 1:
            return count(condition.parts[0])
        rest = complement(condition)
        if rest is not None:
            whole, without = rest
            return count(whole) - count(without)
        made = self._statements()
        if among is None:
            return self._number(made, f"SELECT count(*) FROM ({made.source(condition)}) f")
        ids = made.bind(array_text(among), "bigint[]")
        return self._number(
            made,
            f"SELECT count(*) FROM portal p CROSS JOIN unnest({ids}) AS i(record_id)"
            f" WHERE p.portal_id = %(portal_id)s::bigint AND {made.test(condition, 'i.record_id')}",
        )

    def _estimate(self, condition: Condition) -> int:
        """About how many records meet a condition, no more than are few."""
        found = self._estimates.get(condition)
        if found is None:
            found = min(self._guess(condition), self._few)
            self._estimates[condition] = found
        return found

    def _guess(self, condition: Condition) -> int:
        if isinstance(condition, AllOf):
            return min((self._estimate(each) for each in condition.parts), default=self._few)
        if isinstance(condition, AnyOf):
            return sum(self._estimate(each) for each in condition.parts)
        if isinstance(condition, Holds | NoneOf | LacksTokens):
            return self._few
        key = (self._portal_id, self._object_type_id, condition)
        known = self._totals.get(key, self._seen(condition))
        if known is not None:
            return known
        made = self._statements()
        limit = made.bind(self._few, "bigint")
        found = f"SELECT 1 FROM ({made.source(condition)}) f LIMIT {limit}"
        return self._number(made, f"SELECT count(*) FROM ({found}) g")

    # --- parts -------------------------------------------------------------------------------

    def _places(
        self, condition: Condition, order: SortBy | None, total: int, offset: int, count: int
    ) -> list[_Place]:
        """A part of what the columns have, without the pending; total: of what they have."""
        # A walk passes that many records until it has met the part.
        passed = (offset + count) * self._records // max(total, 1)
        is_rare = total <= self._few or passed > total
        if order is None:
            ids = self._by_id(condition, 0, offset, count, is_rare=is_rare)
            return [(each, None) for each in ids]
        if is_rare:
            return self._sorted(condition, order, offset, count)
        return self._walked(condition, order, total, offset, count)

    def _by_id(
        self, condition: Condition, from_id: int, offset: int, count: int, *, is_rare: bool
    ) -> list[int]:
        made = self._statements()
        if is_rare or is_met_in_order(condition):
            found = f"SELECT d.record_id FROM ({made.source(condition)}) d WHERE TRUE"
        else:
            test = self._test(made, condition, "d.record_id")
            found = (
                f"SELECT d.record_id FROM search_key d WHERE {made.of(ALL, 'd')} AND d.k = ''"
                f" AND {test}"
            )
        rows = self._rows(
            made,
            f"{found} AND d.record_id >= {made.bind(from_id, 'bigint')}"
            f" AND {self._not_pending(made, 'd.record_id')}"
            f" ORDER BY d.record_id {_part(made, offset, count)}",
        )
        return [row[0] for row in rows]

    def _sorted(self, condition: Condition, order: SortBy, offset: int, count: int) -> list[_Place]:
        column = self._columns[sort_spec(order)]
        made = self._statements()
        key = made.rows_of(column.spec, "f.record_id")
        has_key = f"s.k < {NO_KEY}"
        direction = " DESC" if order.descending else ""
        key_order = f"CASE WHEN {has_key} THEN s.k END{direction}"
        if column.has_long:
            key_order += f", CASE WHEN {has_key} THEN s.whole END{direction}"
        record_id = f"CASE WHEN {has_key} THEN -s.record_id ELSE s.record_id END"
        rows = self._rows(
            made,
            f"SELECT s.record_id, {_key(column)} FROM ({made.source(condition)}) f"
            f" CROSS JOIN LATERAL ({key}) s WHERE {self._not_pending(made, 'f.record_id')}"
            f" ORDER BY {has_key} DESC, {key_order},"
            f" {record_id if order.descending else 's.record_id'} {_part(made, offset, count)}",
        )
        return [(row[0], row[1]) for row in rows]

    def _walked(
        self, condition: Condition, order: SortBy, total: int, offset: int, count: int
    ) -> list[_Place]:
        """First those with a key along its index, then those without by their ids."""
        column = self._columns[sort_spec(order)]
        direction = " DESC" if order.descending else ""
        made = self._statements(sorted_by=column)
        rows = self._rows(
            made,
            f"SELECT s.record_id, {_key(column)} FROM search_key s"
            f" WHERE {made.of(column.spec, 's')} AND s.k < {NO_KEY}"
            f" AND {self._test(made, condition, 's.record_id')}"
            f" AND {self._not_pending(made, 's.record_id')}"
            f" ORDER BY s.k{direction}{f', s.whole{direction}' if column.has_long else ''},"
            f" s.record_id{direction} {_part(made, offset, count)}",
        )
        with_key = [(row[0], row[1]) for row in rows]
        if len(with_key) == count:
            return with_key
        made = self._statements(sorted_by=column)
        keyless = (
            f"FROM search_key s WHERE {made.of(column.spec, 's')} AND s.k >= {NO_KEY}"
            f" AND {self._test(made, condition, 's.record_id')}"
            f" AND {self._not_pending(made, 's.record_id')}"
        )
        passed = 0
        if offset:
            passed = max(0, offset - total + self._number(made, f"SELECT count(*) {keyless}"))
        rows = self._rows(
            made,
            f"SELECT s.record_id {keyless} ORDER BY s.record_id"
            f" {_part(made, passed, count - len(with_key))}",
        )
        return with_key + [(row[0], None) for row in rows]

    # --- texts that must be looked at --------------------------------------------------------

    def _look(self, condition: HasTokens, plan: TokenPlan) -> Sequence[int]:
        """The records whose texts match: of those that have the terms and the piece."""
        found = self._looked.get(condition)
        if found is None:
            found = self._looked[condition] = self._look_at_texts(condition, plan)
        return found

    def _look_at_texts(self, condition: HasTokens, plan: TokenPlan) -> list[int]:
        made = self._statements()
        column = self._columns[text_spec(condition.field)]
        text = _whole_key(column, "v")
        texts = f"search_key v WHERE {made.of(column.spec, 'v')}"
        if plan.terms:
            terms = made.with_terms(terms_spec(condition.field), plan.terms)
            texts_of = made.rows_of(column.spec, "f.record_id")
            texts = f"({terms}) f CROSS JOIN LATERAL ({texts_of}) v WHERE TRUE"
        texts += f" AND v.k < {NO_KEY}"
        if plan.piece:
            piece = made.bind(plan.piece.encode("utf-8", "surrogatepass"), "bytea")
            texts += f" AND position({piece} IN {text}) > 0"
        found: list[int] = []
        after = made.bind(-1, "bigint")
        statement = (
            f"SELECT v.record_id, {text} FROM {texts} AND v.record_id > {after}"
            f" ORDER BY v.record_id LIMIT {made.bind(_LOOKED_AT_ONCE, 'bigint')}"
        )
        while True:
            rows = self._rows(made, statement)
            found.extend(
                row[0] for row in rows if condition.pattern.matches(AS_IT_IS, row[1].decode())
            )
            if len(rows) < _LOOKED_AT_ONCE:
                return found
            made.bind_again(after, rows[-1][0])

    # --- statements --------------------------------------------------------------------------

    def _statements(self, *, sorted_by: Column | None = None) -> Statements:
        return Statements(
            self._columns,
            self._portal_id,
            self._object_type_id,
            estimate=self._estimate,
            few=self._few,
            look=self._look,
            sorted_by=None if sorted_by is None else sorted_by.spec,
        )

    def _rows(self, made: Statements, statement: str) -> list[Row]:
        return self._transaction.rows(statement, made.bound)

    def _number(self, made: Statements, statement: str) -> int:
        number: int = self._rows(made, statement)[0][0]
        return number


def _key(column: Column) -> str:
    """The key of a row `s` as SQL, NULL where it is none; the index has all of it if it can."""
    return f"CASE WHEN s.k < {NO_KEY} THEN {_whole_key(column, 's')} END"


def _whole_key(column: Column, row: str) -> str:
    return f"coalesce({row}.whole, {row}.k)" if column.has_long else f"{row}.k"


def _part(made: Statements, offset: int, count: int) -> str:
    return f"LIMIT {made.bind(count, 'bigint')} OFFSET {made.bind(offset, 'bigint')}"


def _place(record: StoredRecord, order: SortBy | None) -> _Place:
    value = "" if order is None else record.properties.get(order.field.name, "")
    keys = keys_of(order.field, value) if order is not None and value else ()
    return record.record_id, key_bytes(keys[0]) if keys else None


def _in_order(places: Sequence[_Place], order: SortBy | None) -> list[int]:
    with_key = [(key, record_id) for record_id, key in places if key is not None]
    with_key.sort(reverse=order is not None and order.descending)
    without = sorted(record_id for record_id, key in places if key is None)
    return [record_id for _, record_id in with_key] + without


def _check_size(condition: Condition) -> None:
    if _leaves(condition) > _LEAVES_MAX:
        raise NotIndexedError


def _leaves(condition: Condition) -> int:
    if isinstance(condition, AllOf | AnyOf):
        return 1 + sum(map(_leaves, condition.parts))
    return 1


def _links(condition: Condition) -> set[Linked]:
    if isinstance(condition, AllOf | AnyOf):
        return {link for each in condition.parts for link in _links(each)}
    return {condition} if isinstance(condition, Linked) else set()
