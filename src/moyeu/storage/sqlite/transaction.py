"""Transactions over one connection: reads, and the writer's turn."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import apsw
import msgspec

from moyeu.crm.association_links import pair_of
from moyeu.crm.associations import Association
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.history import RecordWrite
from moyeu.crm.records import Change, StoredRecord, UniqueKey, UniqueMove, held_values
from moyeu.crm.restoring import restored_values, unarchived_values
from moyeu.storage.contract import Census, Counters, IndexedPart, Portal, Token
from moyeu.storage.sqlite import queries
from moyeu.storage.sqlite.association_usage import AssociationUsageReads
from moyeu.storage.sqlite.association_values import AssociationValueReads
from moyeu.storage.sqlite.associations import AssociationReads
from moyeu.storage.sqlite.definitions import (
    DefinitionReads,
    DefinitionWrites,
    Snapshots,
)
from moyeu.storage.sqlite.list_queries import RESTORE_LIST_COUNTERS
from moyeu.storage.sqlite.lists import ListReads, ListWrites
from moyeu.storage.sqlite.rows import Row, json_text
from moyeu.storage.sqlite.search_feed import Removal

_BEFORE_ALL: Final = Association("", -1, "", -1, "HUBSPOT_DEFINED", -1)

_FIRST_RECORD_ID = 40_000_000_001
"""Ids of real portals have eleven or twelve digits; clients that assume so are not surprised."""

_SOURCE_TYPE = "INTEGRATION"

_write_json = msgspec.json.Encoder().encode
_read_document = msgspec.json.Decoder(dict[str, str]).decode
_read_scopes = msgspec.json.Decoder(frozenset[str]).decode


class SqliteReadTransaction(
    DefinitionReads, AssociationReads, AssociationUsageReads, AssociationValueReads, ListReads
):
    """The reads of the contract beside those of definitions."""

    def portals(self) -> list[Portal]:
        """See the contract."""
        return [Portal(*row) for row in self._rows(queries.PORTALS)]

    def tokens(self, portal_id: int) -> list[Token]:
        """See the contract."""
        return [
            Token(row[0], _caller(row[1:6]), row[6], row[7])
            for row in self._rows(queries.TOKENS, {"portal_id": portal_id})
        ]

    def caller_of(self, token_hash: bytes) -> Caller | None:
        """See the contract."""
        rows = self._rows(queries.CALLER, {"token_hash": token_hash})
        return _caller(rows[0]) if rows else None

    def records(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, StoredRecord]:
        """See the contract."""
        rows = self._rows(
            queries.RECORDS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": json_text(list(record_ids)),
            },
        )
        return {row[0]: _record(row) for row in rows}

    def records_by_value(
        self, portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]
    ) -> dict[UniqueKey, StoredRecord]:
        """See the contract."""
        rows = self._rows(queries.RECORDS_BY_VALUE, _keyed(portal_id, object_type_id, keys))
        return {(row[0], row[1]): _record(row[2:]) for row in rows}

    def value_owners(
        self, portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]
    ) -> dict[UniqueKey, int]:
        """See the contract."""
        rows = self._rows(queries.VALUE_OWNERS, _keyed(portal_id, object_type_id, keys))
        return {(row[0], row[1]): row[2] for row in rows}

    def merged_into(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, int]:
        """See the contract."""
        rows = self._rows(
            queries.MERGED_INTO,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": json_text(list(record_ids)),
            },
        )
        return {row[0]: row[1] for row in rows}

    def page(
        self,
        portal_id: int,
        object_type_id: str,
        from_id: int,
        count_max: int,
        *,
        archived: bool,
    ) -> list[StoredRecord]:
        """See the contract."""
        rows = self._rows(
            queries.PAGE_ARCHIVED if archived else queries.PAGE_ACTIVE,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "from_id": from_id,
                "count_max": count_max,
            },
        )
        return [_record(row) for row in rows]

    def records_after(
        self, portal_id: int, object_type_id: str, record_id: int, count_max: int
    ) -> list[tuple[str, StoredRecord]]:
        """See the contract."""
        rows = self._rows(
            queries.RECORDS_AFTER,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_id": record_id,
                "count_max": count_max,
            },
        )
        return [(row[0], _record(row[1:])) for row in rows]

    def history(
        self,
        portal_id: int,
        object_type_id: str,  # noqa: ARG002 — the chain of a record holds its own writes alone
        records: Sequence[StoredRecord],
    ) -> dict[int, list[RecordWrite]]:
        """See the contract."""
        rows = self._rows(
            queries.HISTORY,
            {
                "portal_id": portal_id,
                "last_writes": json_text([each.last_write for each in records if each.last_write]),
            },
        )
        writes: dict[int, list[RecordWrite]] = {each.record_id: [] for each in records}
        for row in rows:
            writes[row[2]].append(_write(row))
        return writes

    def records_with_values(
        self,
        portal_id: int,
        object_type_id: str,
        name: str,
        values: Sequence[str],
        count_max: int,
    ) -> list[tuple[int, str]]:
        """See the contract."""
        return self._rows(
            queries.RECORDS_WITH_VALUES,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "path": f'$."{name}"',
                "property_values": json_text(list(values)),
                "count_max": count_max,
            },
        )

    def associations(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, list[Association]]:
        """See the contract."""
        rows = self._rows(
            queries.ASSOCIATIONS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": json_text(list(dict.fromkeys(record_ids))),
            },
        )
        found: dict[int, list[Association]] = {each: [] for each in record_ids}
        for row in rows:
            found[row[1]].append(Association(*row))
        return found

    def associations_after(
        self, portal_id: int, after: Association | None, count_max: int
    ) -> list[Association]:
        """See the contract."""
        place = (after or _BEFORE_ALL)._asdict()
        rows = self._rows(
            queries.ASSOCIATIONS_AFTER,
            {**place, "portal_id": portal_id, "count_max": count_max},
        )
        return [Association(*row) for row in rows]

    def merged_after(
        self, portal_id: int, object_type_id: str, record_id: int, count_max: int
    ) -> list[tuple[str, int, int]]:
        """See the contract."""
        return self._rows(
            queries.MERGED_AFTER,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_id": record_id,
                "count_max": count_max,
            },
        )

    def counters(self, portal_id: int) -> Counters:
        """See the contract."""
        return Counters(*self._rows(queries.COUNTERS, {"portal_id": portal_id})[0])

    def search_lag_ms(self, portal_id: int) -> int:
        """See the contract."""
        lag_ms: int = self._rows(queries.SEARCH_LAG, {"portal_id": portal_id})[0][0]
        return lag_ms

    def pull_state(self, portal_id: int) -> str | None:
        """See the contract."""
        rows = self._rows(queries.PULL_STATE, {"portal_id": portal_id})
        return rows[0][0] if rows else None

    def census(self, portal_id: int) -> Census:
        """See the contract."""
        return Census(*self._rows(queries.CENSUS, {"portal_id": portal_id})[0])

    def count_records(self, portal_id: int, object_type_id: str) -> int:
        """See the contract."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id}
        count: int = self._rows(queries.COUNT_RECORDS, key)[0][0]
        return count

    def has_more_records(self, portal_id: int, object_type_id: str, count: int) -> bool:
        """Whether a type has more records than that, archived ones included."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id, "count": count}
        return bool(self._rows(queries.HAS_MORE_RECORDS, key))

    def writes_after(self, portal_id: int, number: int, count_max: int) -> list[RecordWrite]:
        """See the contract."""
        rows = self._rows(
            queries.WRITES_AFTER,
            {"portal_id": portal_id, "number": number, "count_max": count_max},
        )
        return [_write(row) for row in rows]


class SqliteWriteTransaction(SqliteReadTransaction, DefinitionWrites, ListWrites):
    """The writer's turn: one object for the life of the writer's connection.

    `begin` starts a commit group and `forget` drops what a rolled-back group had in mind.
    """

    def __init__(self, connection: apsw.Connection, cached: Snapshots) -> None:
        DefinitionWrites.__init__(self, connection, cached)
        self._next_writes: dict[int, int] = {}
        self.removed_tokens: set[bytes] = set()
        # Changes of records without an entry in the history, which the search index hears of.
        self.removals: list[Removal] = []

    def begin(self) -> None:
        """Starts with nothing changed."""
        self.begin_definitions()
        self.removed_tokens.clear()
        self.removals.clear()

    def forget(self) -> None:
        """After a rollback: counters are read again from the database."""
        self.begin()
        self._next_writes.clear()

    def add_portal(self, portal: Portal) -> None:
        """See the contract."""
        self._connection.execute(
            queries.ADD_PORTAL,
            {
                "portal_id": portal.id,
                "name": portal.name,
                "app_id": portal.app_id,
                "created_at_ms": portal.created_at_ms,
                "next_record_id": _FIRST_RECORD_ID,
            },
        )

    def add_token(self, token: Token) -> None:
        """See the contract."""
        self.removed_tokens.add(token.hash)
        self._connection.execute(
            queries.ADD_TOKEN,
            {
                "token_hash": token.hash,
                "portal_id": token.caller.portal_id,
                "app_id": token.caller.app_id,
                "user_id": token.caller.user_id,
                "scopes": json_text(sorted(token.caller.scopes)),
                "hint": token.hint,
                "created_at_ms": token.created_at_ms,
                "may_edit_associations": int(token.caller.may_edit_associations),
            },
        )

    def remove_token(self, portal_id: int, token_hash: bytes) -> bool:
        """See the contract."""
        key = {"portal_id": portal_id, "token_hash": token_hash}
        self.removed_tokens.add(token_hash)
        return bool(self._rows(queries.REMOVE_TOKEN, key))

    def new_record_ids(self, portal_id: int, count: int) -> range:
        """See the contract."""
        rows = self._rows(queries.TAKE_RECORD_IDS, {"portal_id": portal_id, "count": count})
        after: int = rows[0][0]
        return range(after - count, after)

    def reserve_record_id(self, portal_id: int, record_id: int) -> None:
        """See the contract."""
        self._connection.execute(
            queries.RESERVE_RECORD_ID, {"portal_id": portal_id, "record_id": record_id}
        )

    def insert_records(
        self,
        occasion: Occasion,
        object_type_id: str,
        records: Sequence[StoredRecord],
        modified_property: str,
    ) -> None:
        """See the contract."""
        changes = []
        for each in records:
            first = dict(each.properties)
            del first[modified_property]
            changes.append(Change(each.record_id, each.properties, first, 0, each.updated_at_ms, 0))
        numbers = self._add_writes(occasion, object_type_id, changes)
        portal_id = occasion.caller.portal_id
        self._connection.executemany(
            queries.INSERT_RECORD,
            (
                (
                    portal_id,
                    object_type_id,
                    each.record_id,
                    json_text(each.properties),
                    each.created_at_ms,
                    each.updated_at_ms,
                    number,
                )
                for each, number in zip(records, numbers, strict=True)
            ),
        )

    def change_records(
        self, occasion: Occasion, object_type_id: str, changes: Sequence[Change]
    ) -> None:
        """See the contract."""
        numbers = self._add_writes(occasion, object_type_id, changes)
        portal_id = occasion.caller.portal_id
        self._connection.executemany(
            queries.CHANGE_RECORD,
            [
                (
                    portal_id,
                    object_type_id,
                    each.record_id,
                    _write_json(each.properties).decode(),
                    each.updated_at_ms,
                    number,
                    each.created_at_ms,
                )
                for each, number in zip(changes, numbers, strict=True)
            ],
        )

    def _add_writes(
        self, occasion: Occasion, object_type_id: str, changes: Sequence[Change]
    ) -> range:
        caller = occasion.caller
        portal_id, app_id, user_id = caller.portal_id, caller.app_id, caller.user_id
        numbers = self._new_write_numbers(portal_id, len(changes))
        correlation_id = occasion.correlation_id
        self._connection.executemany(
            queries.ADD_WRITE,
            [
                (
                    portal_id,
                    number,
                    object_type_id,
                    each.record_id,
                    each.previous_write,
                    each.updated_at_ms,
                    _write_json(each.changed).decode(),
                    _SOURCE_TYPE,
                    app_id,
                    user_id,
                    correlation_id,
                    each.trace_id,
                )
                for each, number in zip(changes, numbers, strict=True)
            ],
        )
        return numbers

    def _new_write_numbers(self, portal_id: int, count: int) -> range:
        first = self._next_writes.get(portal_id)
        if first is None:
            last: int = self._rows(queries.LAST_WRITE, {"portal_id": portal_id})[0][0]
            first = last + 1
        self._next_writes[portal_id] = first + count
        return range(first, first + count)

    def archive_records(
        self, occasion: Occasion, object_type_id: str, record_ids: Sequence[int]
    ) -> int:
        """See the contract."""
        portal_id = occasion.caller.portal_id
        rows = self._rows(
            queries.ARCHIVE_RECORDS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": json_text(list(record_ids)),
                "now_ms": occasion.now_ms,
            },
        )
        self._free_values(portal_id, object_type_id, rows)
        self._leave_all_lists(portal_id, object_type_id, [row[0] for row in rows])
        self._note_removal(portal_id, object_type_id, [row[0] for row in rows])
        return len(rows)

    def _note_removal(self, portal_id: int, object_type_id: str, record_ids: list[int]) -> None:
        if record_ids:
            self.removals.append(Removal(portal_id, object_type_id, tuple(record_ids)))

    def unarchive_records(
        self, occasion: Occasion, object_type_id: str, record_ids: Sequence[int]
    ) -> int:
        """See the contract."""
        portal_id = occasion.caller.portal_id
        rows = self._rows(
            queries.UNARCHIVE_RECORDS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": json_text(list(record_ids)),
            },
        )
        self._note_removal(portal_id, object_type_id, [row[0] for row in rows])
        definitions = self.definitions(portal_id, object_type_id)
        moves = [
            UniqueMove(name, record_id, None, value)
            for record_id, text in rows
            for name, value in unarchived_values(definitions, _read_document(text))
        ]
        self.move_unique_values(portal_id, object_type_id, moves)
        self._evaluate_again(portal_id, object_type_id)
        return len(rows)

    def _free_values(self, portal_id: int, object_type_id: str, rows: Iterable[Row]) -> None:
        definitions = self.definitions(portal_id, object_type_id)
        moves = [
            UniqueMove(name, record_id, value, None)
            for record_id, text in rows
            for name, value in held_values(
                definitions, _read_document(text), definitions.indexed_names
            )
        ]
        self.move_unique_values(portal_id, object_type_id, moves)

    def merge_away(
        self, portal_id: int, object_type_id: str, record_id: int, survivor_id: int
    ) -> None:
        """See the contract."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id, "record_id": record_id}
        rows = self._rows(queries.DELETE_RECORD, key)
        self._note_removal(portal_id, object_type_id, [record_id])
        self._free_values(portal_id, object_type_id, [(record_id, text) for (text,) in rows])
        self._move_associations(portal_id, object_type_id, record_id, survivor_id)
        self._hand_memberships_on(portal_id, object_type_id, record_id, survivor_id)
        merged = key | {"survivor_id": survivor_id}
        self._connection.execute(queries.MERGE_ON, merged)
        self._connection.execute(queries.MERGE_AWAY, merged)

    def _move_associations(
        self, portal_id: int, object_type_id: str, record_id: int, survivor_id: int
    ) -> None:
        forth, back = self._associations_of(portal_id, object_type_id, record_id)
        self.remove_associations(portal_id, forth + back)
        # A record of another type may have the survivor's id, in a copied portal.
        survivor = object_type_id, survivor_id
        moved = [
            each._replace(from_record_id=survivor_id)
            for each in forth
            if (each.to_object_type_id, each.to_record_id) != survivor
        ]
        moved += [
            each._replace(to_record_id=survivor_id)
            for each in back
            if (each.from_object_type_id, each.from_record_id) != survivor
        ]
        self.put_associations(portal_id, moved)

    def _associations_of(
        self, portal_id: int, object_type_id: str, record_id: int
    ) -> tuple[list[Association], list[Association]]:
        """The associations from a record, and those to it."""
        forth = self.associations(portal_id, object_type_id, [record_id])[record_id]
        rows = self._rows(
            queries.ASSOCIATIONS_BACK,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_id": record_id,
                "record_ids": json_text(list({each.to_record_id for each in forth})),
            },
        )
        return forth, [Association(*row) for row in rows]

    def erase_records(self, portal_id: int, object_type_id: str, record_ids: Sequence[int]) -> int:
        """See the contract."""
        key = {
            "portal_id": portal_id,
            "object_type_id": object_type_id,
            "record_ids": json_text(list(record_ids)),
        }
        rows = self._rows(queries.ERASE_RECORDS, key)
        self._note_removal(portal_id, object_type_id, [row[0] for row in rows])
        self._free_values(portal_id, object_type_id, [row[:2] for row in rows])
        self._leave_all_lists(portal_id, object_type_id, [row[0] for row in rows])
        self._connection.execute(queries.KEEP_LAST_WRITE, {"portal_id": portal_id})
        last_writes = [row[2] for row in rows if row[2]]
        self._connection.execute(
            queries.ERASE_HISTORY, {"portal_id": portal_id, "last_writes": json_text(last_writes)}
        )
        self._next_writes.pop(portal_id, None)
        for row in rows:
            forth, back = self._associations_of(portal_id, object_type_id, row[0])
            self.remove_associations(portal_id, forth + back)
        if merged := [record_id for (record_id,) in self._rows(queries.FORGET_MERGED, key)]:
            self._connection.execute(
                queries.ERASE_MERGED_HISTORY,
                {**key, "record_ids": json_text(merged)},
            )
        return len(rows)

    def put_associations(self, portal_id: int, associations: Sequence[Association]) -> None:
        """See the contract."""
        self._connection.executemany(
            queries.PUT_ASSOCIATION, [(portal_id, *each) for each in associations]
        )
        self._note_related_changes(portal_id, {each.to_object_type_id for each in associations})

    def remove_associations(self, portal_id: int, associations: Sequence[Association]) -> None:
        """See the contract."""
        self._connection.executemany(
            queries.REMOVE_ASSOCIATION, [(portal_id, *each) for each in associations]
        )
        self._note_related_changes(portal_id, {each.to_object_type_id for each in associations})

    def move_unique_values(
        self, portal_id: int, object_type_id: str, moves: Sequence[UniqueMove]
    ) -> None:
        """See the contract.

        All values are left before any is taken, so a value may pass from one record to another.
        A value taken and left again within the moves ends up with its last taker.
        """
        left = [(each.name, each.left, each.record_id) for each in moves if each.left]
        taken: dict[UniqueKey, int] = {}
        for each in moves:
            if each.left and taken.get((each.name, each.left)) == each.record_id:
                del taken[each.name, each.left]
            if each.taken:
                taken[each.name, each.taken] = each.record_id
        if left:
            self._connection.executemany(
                queries.LEAVE_VALUE,
                [(portal_id, object_type_id, name, value, owner) for name, value, owner in left],
            )
        if taken:
            self._connection.executemany(
                queries.TAKE_VALUE,
                [
                    (portal_id, object_type_id, name, value, owner)
                    for (name, value), owner in taken.items()
                ],
            )

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
        self._connection.executemany(
            queries.ADD_INDEXED_VALUE,
            [(portal_id, object_type_id, name, value, owner) for (_, value), owner in held.items()],
        )
        more = len(records) == count_max
        return IndexedPart(records[-1].record_id + 1 if more else None, None)

    def purge_object_type(self, portal_id: int, object_type_id: str) -> None:
        """See the contract."""
        self._remove_types_with(portal_id, object_type_id)
        self.removals.append(Removal(portal_id, object_type_id, None))
        self.object_types_changed(portal_id, object_type_id)
        key = {"portal_id": portal_id, "object_type_id": object_type_id}
        self._connection.execute(queries.KEEP_LAST_WRITE, {"portal_id": portal_id})
        for statement in queries.PURGE_OBJECT_TYPE:
            self._connection.execute(statement, key)
        self._connection.execute(queries.PURGE_ASSOCIATIONS, key)
        self._purge_lists(portal_id, object_type_id)
        self._next_writes.pop(portal_id, None)

    def _remove_types_with(self, portal_id: int, object_type_id: str) -> None:
        """Removes the portal's own association types and limits from and to an object type."""
        object_types = self.object_types(portal_id)
        labels = [each for each in object_types.labels if object_type_id in pair_of(each)]
        self.remove_association_types(portal_id, labels)
        for schema in object_types.schemas.values():
            for each in schema.associations:
                if object_type_id in (each.from_object_type_id, each.to_object_type_id):
                    self.remove_schema_limit(portal_id, each)

    def restore_records(
        self, portal_id: int, object_type_id: str, records: Sequence[StoredRecord]
    ) -> None:
        """See the contract."""
        self._note_removal(portal_id, object_type_id, [each.record_id for each in records])
        self._connection.executemany(
            queries.RESTORE_RECORD,
            [
                (
                    portal_id,
                    object_type_id,
                    each.record_id,
                    json_text(each.properties),
                    each.created_at_ms,
                    each.updated_at_ms,
                    each.archived_at_ms,
                    each.last_write,
                )
                for each in records
            ],
        )
        definitions = self.definitions(portal_id, object_type_id)
        moves = [
            UniqueMove(name, each.record_id, None, value)
            for each in records
            for name, value in restored_values(definitions, each)
        ]
        self.move_unique_values(portal_id, object_type_id, moves)

    def restore_writes(self, portal_id: int, writes: Sequence[RecordWrite]) -> None:
        """See the contract."""
        self._next_writes.pop(portal_id, None)
        self._connection.executemany(
            queries.ADD_WRITE,
            [
                (
                    portal_id,
                    each.number,
                    each.object_type_id,
                    each.record_id,
                    each.previous,
                    each.written_at_ms,
                    json_text(each.changed),
                    each.source_type,
                    int(each.source_id),
                    each.user_id,
                    each.correlation_id,
                    each.trace_id,
                )
                for each in writes
            ],
        )

    def restore_merged(self, portal_id: int, merged: Sequence[tuple[str, int, int]]) -> None:
        """See the contract."""
        self._connection.executemany(
            queries.MERGE_AWAY,
            [
                {
                    "portal_id": portal_id,
                    "object_type_id": object_type_id,
                    "record_id": record_id,
                    "survivor_id": survivor_id,
                }
                for object_type_id, record_id, survivor_id in merged
            ],
        )

    def restore_counters(self, portal_id: int, counters: Counters) -> None:
        """See the contract."""
        self._connection.execute(
            queries.RESTORE_COUNTERS,
            {
                "portal_id": portal_id,
                "next_record_id": counters.next_record_id,
                "next_object_type": counters.next_object_type,
                "next_association_type": counters.next_association_type,
            },
        )
        self._connection.execute(
            RESTORE_LIST_COUNTERS,
            {
                "portal_id": portal_id,
                "next_list": counters.next_list,
                "next_list_folder": counters.next_list_folder,
            },
        )

    def put_search_lag(self, portal_id: int, lag_ms: int) -> None:
        """See the contract."""
        self._connection.execute(queries.PUT_SEARCH_LAG, {"portal_id": portal_id, "lag_ms": lag_ms})

    def put_pull_state(self, portal_id: int, state: str) -> None:
        """See the contract."""
        self._connection.execute(queries.PUT_PULL_STATE, {"portal_id": portal_id, "state": state})

    def drop_index(self, portal_id: int, object_type_id: str, name: str) -> None:
        """See the contract."""
        self._connection.execute(
            queries.DROP_INDEX,
            {"portal_id": portal_id, "object_type_id": object_type_id, "property": name},
        )


def _keyed(portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]) -> Mapping[str, Any]:
    return {"portal_id": portal_id, "object_type_id": object_type_id, "keys": json_text(keys)}


def _record(row: Row) -> StoredRecord:
    return StoredRecord(row[0], _read_document(row[1]), row[2], row[3], row[4], row[5])


def _write(row: Row) -> RecordWrite:
    return RecordWrite(
        number=row[0],
        object_type_id=row[1],
        record_id=row[2],
        previous=row[3],
        written_at_ms=row[4],
        changed=_read_document(row[5]),
        source_type=row[6],
        source_id=str(row[7]),
        user_id=row[8],
        correlation_id=row[9],
        trace_id=row[10],
    )


def _caller(row: Row) -> Caller:
    return Caller(row[0], row[1], row[2], _read_scopes(row[3]), bool(row[4]))
