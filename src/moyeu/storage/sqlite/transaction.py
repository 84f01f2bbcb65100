"""Transactions over one connection: reads, and the writer's turn."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import apsw
import msgspec

from moyeu.catalog.object_types import ObjectType, object_type_by_id
from moyeu.catalog.pipelines import standard_pipelines
from moyeu.catalog.properties import (
    PropertyDefinition,
    PropertyGroup,
    standard_groups,
    standard_properties,
)
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.definitions import Owner, TypeDefinitions, define_type
from moyeu.crm.history import RecordWrite
from moyeu.crm.records import Change, StoredRecord, UniqueKey, UniqueMove
from moyeu.storage.contract import IndexedPart, Portal, Token
from moyeu.storage.sqlite import queries

Definitions = Mapping[tuple[int, str], TypeDefinitions]
Row = tuple[Any, ...]

_FIRST_RECORD_ID = 40_000_000_001
"""Ids of real portals have eleven or twelve digits; clients that assume so are not surprised."""

_SOURCE_TYPE = "INTEGRATION"

_write_json = msgspec.json.Encoder().encode
_read_document = msgspec.json.Decoder(dict[str, str]).decode
_read_definition = msgspec.json.Decoder(PropertyDefinition).decode
_read_group = msgspec.json.Decoder(PropertyGroup).decode
_read_scopes = msgspec.json.Decoder(frozenset[str]).decode


def _json(value: object) -> str:
    return _write_json(value).decode()


class SqliteReadTransaction:
    """The reads of the contract. `keep` is told every snapshot that had to be made."""

    def __init__(
        self,
        connection: apsw.Connection,
        cached: Definitions,
        keep: Callable[[TypeDefinitions], None],
    ) -> None:
        self._connection = connection
        self._cached = cached
        self._keep = keep

    def _rows(self, statement: str, parameters: Mapping[str, Any] | Row = ()) -> list[Row]:
        return self._connection.execute(statement, parameters).fetchall()

    def portals(self) -> list[Portal]:
        """See the contract."""
        return [Portal(*row) for row in self._rows(queries.PORTALS)]

    def tokens(self, portal_id: int) -> list[Token]:
        """See the contract."""
        return [
            Token(row[0], _caller(row[1:5]), row[5], row[6])
            for row in self._rows(queries.TOKENS, {"portal_id": portal_id})
        ]

    def caller_of(self, token_hash: bytes) -> Caller | None:
        """See the contract."""
        rows = self._rows(queries.CALLER, {"token_hash": token_hash})
        return _caller(rows[0]) if rows else None

    def definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions:
        """See the contract."""
        found = self._cached.get((portal_id, object_type_id))
        if found is None:
            found = self._define(portal_id, object_type_id)
            self._keep(found)
        return found

    def _define(self, portal_id: int, object_type_id: str) -> TypeDefinitions:
        object_type = _object_type(object_type_id)
        key = {"portal_id": portal_id, "object_type_id": object_type_id}
        properties = {each.name: each for each in standard_properties(object_type)}
        for (text,) in self._rows(queries.PROPERTIES, key):
            own = _read_definition(text)
            properties[own.name] = own
        groups = {each.name: each for each in standard_groups(object_type)}
        for (text,) in self._rows(queries.GROUPS, key):
            group = _read_group(text)
            groups[group.name] = group
        owner_ids = frozenset(each.id for each in self.owners(portal_id))
        return define_type(
            portal_id,
            object_type,
            properties.values(),
            sorted(groups.values(), key=lambda each: each.display_order),
            standard_pipelines(object_type),
            owner_ids,
        )

    def owners(self, portal_id: int) -> list[Owner]:
        """See the contract."""
        return [
            Owner(row[0], row[1], row[2], row[3], row[4], bool(row[5]))
            for row in self._rows(queries.OWNERS, {"portal_id": portal_id})
        ]

    def records(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, StoredRecord]:
        """See the contract."""
        rows = self._rows(
            queries.RECORDS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": _json(list(record_ids)),
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
                "record_ids": _json(list(record_ids)),
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

    def history(
        self,
        portal_id: int,
        object_type_id: str,  # noqa: ARG002 — record ids are unique within a portal
        records: Sequence[StoredRecord],
    ) -> dict[int, list[RecordWrite]]:
        """See the contract."""
        rows = self._rows(
            queries.HISTORY,
            {
                "portal_id": portal_id,
                "last_writes": _json([each.last_write for each in records if each.last_write]),
            },
        )
        writes: dict[int, list[RecordWrite]] = {each.record_id: [] for each in records}
        for row in rows:
            writes[row[1]].append(_write(row))
        return writes

    def count_records(self, portal_id: int, object_type_id: str) -> int:
        """See the contract."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id}
        count: int = self._rows(queries.COUNT_RECORDS, key)[0][0]
        return count

    def writes_after(self, portal_id: int, number: int, count_max: int) -> list[RecordWrite]:
        """See the contract."""
        rows = self._rows(
            queries.WRITES_AFTER,
            {"portal_id": portal_id, "number": number, "count_max": count_max},
        )
        return [_write(row) for row in rows]


class SqliteWriteTransaction(SqliteReadTransaction):
    """The writer's turn: one object for the life of the writer's connection.

    `begin` starts a commit group and `forget` drops what a rolled-back group had in mind.
    """

    def __init__(self, connection: apsw.Connection, cached: Definitions) -> None:
        super().__init__(connection, cached, self._keep_for_group)
        self._group: dict[tuple[int, str], TypeDefinitions] = {}
        self._next_writes: dict[int, int] = {}
        self.changed_definitions: set[tuple[int, str | None]] = set()
        """(portal id, object type id) of definitions written in this group; None means all types
        of the portal."""
        self.removed_tokens: set[bytes] = set()

    def begin(self) -> None:
        """Starts with nothing changed."""
        self._group.clear()
        self.changed_definitions.clear()
        self.removed_tokens.clear()

    def forget(self) -> None:
        """After a rollback: counters are read again from the database."""
        self.begin()
        self._next_writes.clear()

    def _keep_for_group(self, definitions: TypeDefinitions) -> None:
        self._group[definitions.portal_id, definitions.object_type.id] = definitions

    def definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions:
        """See the contract: as this transaction sees it."""
        key = (portal_id, object_type_id)
        if found := self._group.get(key):
            return found
        if self.changed_definitions and (
            key in self.changed_definitions or (portal_id, None) in self.changed_definitions
        ):
            found = self._define(portal_id, object_type_id)
            self._keep_for_group(found)
            return found
        return super().definitions(portal_id, object_type_id)

    def _definitions_changed(self, portal_id: int, object_type_id: str | None) -> None:
        self.changed_definitions.add((portal_id, object_type_id))
        for key in [
            key for key in self._group if key[0] == portal_id and object_type_id in (None, key[1])
        ]:
            del self._group[key]

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
                "scopes": _json(sorted(token.caller.scopes)),
                "hint": token.hint,
                "created_at_ms": token.created_at_ms,
            },
        )

    def remove_token(self, portal_id: int, token_hash: bytes) -> bool:
        """See the contract."""
        key = {"portal_id": portal_id, "token_hash": token_hash}
        self.removed_tokens.add(token_hash)
        return bool(self._rows(queries.REMOVE_TOKEN, key))

    def add_owner(self, portal_id: int, owner: Owner) -> None:
        """See the contract."""
        self._definitions_changed(portal_id, None)
        self._connection.execute(
            queries.ADD_OWNER,
            {
                "portal_id": portal_id,
                "owner_id": owner.id,
                "email": owner.email,
                "first_name": owner.first_name,
                "last_name": owner.last_name,
                "user_id": owner.user_id,
                "archived": int(owner.archived),
            },
        )

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
                    _json(each.properties),
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
                "record_ids": _json(list(record_ids)),
                "now_ms": occasion.now_ms,
            },
        )
        self._free_values(portal_id, object_type_id, rows)
        return len(rows)

    def _free_values(self, portal_id: int, object_type_id: str, rows: Iterable[Row]) -> None:
        unique = self.definitions(portal_id, object_type_id).indexed_names
        moves = [
            UniqueMove(name, record_id, value, None)
            for record_id, text in rows
            for name, value in _read_document(text).items()
            if name in unique and value
        ]
        self.move_unique_values(portal_id, object_type_id, moves)

    def merge_away(
        self, portal_id: int, object_type_id: str, record_id: int, survivor_id: int
    ) -> None:
        """See the contract."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id, "record_id": record_id}
        rows = self._rows(queries.DELETE_RECORD, key)
        self._free_values(portal_id, object_type_id, [(record_id, text) for (text,) in rows])
        self._connection.execute(queries.MERGE_AWAY, key | {"survivor_id": survivor_id})

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

    def put_property(
        self, portal_id: int, object_type_id: str, definition: PropertyDefinition
    ) -> None:
        """See the contract."""
        self._definitions_changed(portal_id, object_type_id)
        self._connection.execute(
            queries.PUT_PROPERTY,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "name": definition.name,
                "definition": _json(definition),
            },
        )

    def put_group(self, portal_id: int, object_type_id: str, group: PropertyGroup) -> None:
        """See the contract."""
        self._definitions_changed(portal_id, object_type_id)
        self._connection.execute(
            queries.PUT_GROUP,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "name": group.name,
                "definition": _json(group),
            },
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

    def drop_index(self, portal_id: int, object_type_id: str, name: str) -> None:
        """See the contract."""
        self._connection.execute(
            queries.DROP_INDEX,
            {"portal_id": portal_id, "object_type_id": object_type_id, "property": name},
        )


def _keyed(portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]) -> Mapping[str, Any]:
    return {"portal_id": portal_id, "object_type_id": object_type_id, "keys": _json(keys)}


def _record(row: Row) -> StoredRecord:
    return StoredRecord(row[0], _read_document(row[1]), row[2], row[3], row[4], row[5])


def _write(row: Row) -> RecordWrite:
    return RecordWrite(
        number=row[0],
        record_id=row[1],
        written_at_ms=row[2],
        changed=_read_document(row[3]),
        source_type=row[4],
        source_id=str(row[5]),
        user_id=row[6],
        correlation_id=row[7],
        trace_id=row[8],
    )


def _caller(row: Row) -> Caller:
    return Caller(row[0], row[1], row[2], _read_scopes(row[3]))


def _object_type(object_type_id: str) -> ObjectType:
    found = object_type_by_id(object_type_id)
    assert found is not None, f"no object type {object_type_id}"
    return found
