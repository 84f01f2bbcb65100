"""The part of a transaction that finds records by unique values, and moves the values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from moyeu.crm.records import StoredRecord, UniqueKey, UniqueMove
from moyeu.storage.contract import IndexedPart
from moyeu.storage.sql.records import RecordReads, record_of
from moyeu.storage.sql.rows import Row, SqlChanges, SqlRows, json_text


class UniqueValueReads(SqlRows):
    """The reads by unique values, which are asked for in the form that they are kept in."""

    def records_by_value(
        self, portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]
    ) -> dict[UniqueKey, StoredRecord]:
        """See the contract."""
        kept = self._kept(keys)
        rows = self._rows(self._sql.RECORDS_BY_VALUE, _keyed(portal_id, object_type_id, kept))
        return {kept[row[0], row[1]]: record_of(row[2:]) for row in rows}

    def value_owners(
        self, portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]
    ) -> dict[UniqueKey, int]:
        """See the contract."""
        kept = self._kept(keys)
        rows = self._rows(self._sql.VALUE_OWNERS, _keyed(portal_id, object_type_id, kept))
        return {kept[row[0], row[1]]: row[2] for row in rows}

    def _kept(self, keys: Iterable[UniqueKey]) -> dict[UniqueKey, UniqueKey]:
        """What was asked for, by the form that it is kept in."""
        return {(name, self._value_key(value)): (name, value) for name, value in keys}


class UniqueValueWrites(RecordReads, UniqueValueReads, SqlChanges):
    """The writes of unique values."""

    def move_unique_values(
        self, portal_id: int, object_type_id: str, moves: Sequence[UniqueMove]
    ) -> None:
        """See the contract.

        All values are left before any is taken, so a value may pass from one record to another.
        A value taken and left again within the moves ends up with its last taker.
        """
        left = [
            (object_type_id, each.name, self._value_key(each.left), each.record_id)
            for each in moves
            if each.left
        ]
        taken: dict[UniqueKey, int] = {}
        for each in moves:
            if each.left and taken.get((each.name, each.left)) == each.record_id:
                del taken[each.name, each.left]
            if each.taken:
                taken[each.name, each.taken] = each.record_id
        if left:
            self._run_many(self._sql.LEAVE_VALUE, portal_id, left)
        if taken:
            self._take_values(
                portal_id,
                sorted(
                    (object_type_id, name, self._value_key(value), owner)
                    for (name, value), owner in taken.items()
                ),
            )

    def _take_values(self, portal_id: int, rows: Sequence[Row]) -> None:
        """Enters (object type id, property, kept value, record id), ascending; all must be free."""
        self._run_many(self._sql.TAKE_VALUE, portal_id, rows)

    def index_values(
        self, portal_id: int, object_type_id: str, name: str, from_id: int, count_max: int
    ) -> IndexedPart:
        """See the contract."""
        records = self.page(portal_id, object_type_id, from_id, count_max, archived=False)
        held = {
            (name, value): each.record_id
            for each in reversed(records)
            if (value := each.properties.get(name))
        }
        owners = self.value_owners(portal_id, object_type_id, list(held))
        for each in records:
            value = each.properties.get(name)
            if not value:
                continue
            holder = owners.get((name, value), held[name, value])
            if holder != each.record_id:
                return IndexedPart(None, (value, each.record_id, holder))
        self._run_many(
            self._sql.ADD_INDEXED_VALUE,
            portal_id,
            [
                (object_type_id, name, self._value_key(value), owner)
                for (_, value), owner in held.items()
            ],
        )
        more = len(records) == count_max
        return IndexedPart(records[-1].record_id + 1 if more else None, None)

    def drop_index(self, portal_id: int, object_type_id: str, name: str) -> None:
        """See the contract."""
        self._run(
            self._sql.DROP_INDEX,
            {"portal_id": portal_id, "object_type_id": object_type_id, "property": name},
        )


def _keyed(portal_id: int, object_type_id: str, kept: Iterable[UniqueKey]) -> Mapping[str, Any]:
    keys = json_text(list(kept))
    return {"portal_id": portal_id, "object_type_id": object_type_id, "keys": keys}
