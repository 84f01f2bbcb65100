"""Transactions over one connection: reads, and the turn of a portal.

Statements are sent as soon as they are known and waited for where an answer is needed, so a batch
update costs two ways to the server and back: one for the turn and the records, one for what is
written and COMMIT.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import psycopg

from moyeu.crm.callers import Occasion
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.history import RecordWrite
from moyeu.crm.object_schemas import PortalTypes
from moyeu.crm.records import Change, StoredRecord, UniqueKey, UniqueMove
from moyeu.storage.contract import Portal, Snapshot, StoreError
from moyeu.storage.postgresql import (
    association_queries,
    association_usage_queries,
    association_value_queries,
    hot_queries,
    job_queries,
    list_queries,
    portal_queries,
    queries,
)
from moyeu.storage.postgresql.arrays import array_text
from moyeu.storage.postgresql.blocks import Blocks
from moyeu.storage.postgresql.connections import Connection
from moyeu.storage.postgresql.memory import Memory
from moyeu.storage.postgresql.search_removals import SearchNotes
from moyeu.storage.postgresql.turns import Known, RunAgainError, Turns, WholeTurnNeededError
from moyeu.storage.sql.definition_writes import DefinitionWrites
from moyeu.storage.sql.definitions import DefinitionReads, Snapshots
from moyeu.storage.sql.portals import FIRST_RECORD_ID
from moyeu.storage.sql.records import record_of
from moyeu.storage.sql.rows import Row, json_text
from moyeu.storage.sql.statements import statements_of
from moyeu.storage.sql.transaction import SqlReads, SqlWrites

STATEMENTS: Final = statements_of(
    hot_queries,
    queries,
    association_queries,
    association_usage_queries,
    association_value_queries,
    job_queries,
    list_queries,
    portal_queries,
)
"""Every statement of the engine."""

_WAIT_LESS: Final = "SET LOCAL lock_timeout = '1s'"
"""Of who can do something else, and keeps others from the turn while it waits."""

_SOURCE_TYPE: Final = "INTEGRATION"

_INDEXED_BYTES_MAX: Final = 1_000
"""A longer unique value would not fit into a row of an index; its digest does."""

_Cursor = psycopg.Cursor[tuple[Any, ...]]


class _NewRow(msgspec.Struct, gc=False, omit_defaults=True):
    """A record and its first entry in the history; the letters are those of `hot_queries`."""

    id: int
    n: int
    p: int
    t: int
    k: int
    c: dict[str, str]
    d: dict[str, str]


class _ChangedRow(msgspec.Struct, gc=False, omit_defaults=True):
    """A change and its entry in the history; the letters are those of `hot_queries`."""

    id: int
    n: int
    p: int
    t: int
    k: int
    c: dict[str, str]
    m: str
    x: str | None = None


class _Statements(SqlReads):
    """How statements are bound, whatever the transaction."""

    _sql = STATEMENTS
    _connection: Connection

    @property
    def statements(self) -> int:
        """See the contract."""
        return self._connection.sent

    def _ids(self, ids: Iterable[int]) -> str:
        return array_text(ids)

    def _value_key(self, value: str) -> str:
        data = value.encode()
        if len(data) <= _INDEXED_BYTES_MAX:
            return value
        # No value that is kept itself is as long as this.
        return f"{value[:200]}…{'=' * _INDEXED_BYTES_MAX}{hashlib.sha256(data).hexdigest()}"


class PostgresqlReadTransaction(_Statements):
    """The reads of the contract in one snapshot of the database."""

    def __init__(self, connection: Connection, memory: Memory) -> None:
        self._connection = connection
        self._known = Known(memory)
        self._made = Snapshots()
        DefinitionReads.__init__(self, self._known.snapshots, self._made_one)

    def _made_one(self, snapshot: TypeDefinitions | PortalTypes) -> None:
        self._made.keep(snapshot)
        self._known.snapshots.keep(snapshot)

    def _rows(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        return self._connection.execute(statement, parameters).fetchall()

    def rows(self, statement: str, parameters: Mapping[str, Any]) -> list[Row]:
        """What a statement of the search index answers."""
        return self._rows(statement, parameters)

    def rows_of_all(self, *asked: tuple[str, Mapping[str, Any]]) -> list[list[Row]]:
        """The same for statements that are asked at once."""
        cursors = [self._connection.execute(*each) for each in asked]
        return [each.fetchall() for each in cursors]

    def definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions:
        """See the contract: those of this view, which may be older than those at hand."""
        self._look_at(portal_id)
        return super().definitions(portal_id, object_type_id)

    def object_types(self, portal_id: int) -> PortalTypes:
        """See the contract: those of this view, which may be older than those at hand."""
        self._look_at(portal_id)
        return super().object_types(portal_id)

    def _look_at(self, portal_id: int) -> None:
        if self._known.uses(portal_id):
            return
        rows = self._rows(hot_queries.PORTAL_VERSION, {"portal_id": portal_id})
        self._known.go_by(portal_id, rows[0][0] if rows else 1)

    def keep_snapshots(self) -> None:
        """Lets later transactions have the snapshots that this one made."""
        self._known.keep_made(self._made)


class PostgresqlWriteTransaction(_Statements, SearchNotes, SqlWrites):
    """One attempt at a piece of work that changes something.

    whole: whether it takes the whole turn at once.
    """

    def __init__(
        self,
        connection: Connection,
        pipeline: psycopg.Pipeline,
        memory: Memory,
        blocks: Blocks,
        *,
        whole: bool,
    ) -> None:
        self._connection = connection
        self._pipeline = pipeline
        self._known = Known(memory)
        self._turns = Turns(connection, pipeline, self._known, whole=whole)
        self._blocks = blocks
        self._shares = 0
        self._locked: dict[tuple[int, str], set[int]] = {}
        self._told_owners: dict[tuple[int, str], dict[UniqueKey, int | None]] = {}
        self._taking: list[tuple[int, int, _Cursor]] = []
        self.removed_tokens: set[bytes] = set()
        DefinitionWrites.__init__(self, self._known.snapshots)

    # --- statements ---------------------------------------------------------------------------

    def _rows(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        self._enter(parameters)
        return self._ask(statement, parameters)

    def _ask(self, statement: str, parameters: Mapping[str, Any] | None) -> list[Row]:
        cursor = self._connection.execute(statement, parameters)
        # A server that waits for more after a sync knows that it does, and not for ever.
        self._pipeline.sync()
        self._turns.look()
        return cursor.fetchall()

    def _run(self, statement: str, parameters: Mapping[str, Any]) -> None:
        self._enter(parameters)
        self._connection.execute(statement, parameters)

    def _count(self, statement: str, parameters: Mapping[str, Any]) -> int:
        self._enter(parameters)
        cursor = self._connection.execute(statement, parameters)
        self._pipeline.sync()
        self._turns.look()
        return cursor.rowcount

    def _run_many(self, statement: str, portal_id: int, rows: Sequence[Row]) -> None:
        if rows:
            self._run(statement, {"portal_id": portal_id, "rows": json_text(rows)})

    def _enter(self, parameters: Mapping[str, Any] | None) -> None:
        """Takes the turn that a statement of the shared parts needs."""
        if parameters is None or "portal_id" not in parameters:
            return
        portal_id = parameters["portal_id"]
        if self._shares:
            self._turns.share(portal_id)
        else:
            self._turns.take(portal_id)

    @contextlib.contextmanager
    def _sharing(self) -> Iterator[None]:
        """For statements of the shared parts that do with the turn that others share."""
        self._shares += 1
        try:
            yield
        finally:
            self._shares -= 1

    # --- definitions --------------------------------------------------------------------------

    def definitions(self, portal_id: int, object_type_id: str) -> TypeDefinitions:
        """See the contract: as this transaction sees it."""
        self._look_at(portal_id)
        with self._sharing():
            return super().definitions(portal_id, object_type_id)

    def object_types(self, portal_id: int) -> PortalTypes:
        """See the contract: as this transaction sees it."""
        self._look_at(portal_id)
        with self._sharing():
            return super().object_types(portal_id)

    def _look_at(self, portal_id: int) -> None:
        if not self._known.uses(portal_id):
            self._known.take_over(portal_id)

    # --- the end ------------------------------------------------------------------------------

    def settle(self) -> None:
        """What has to be known and written before COMMIT may be sent.

        Raises RunAgainError, WholeTurnNeededError, and StoreError for a unique value that is taken
        though nobody else can have taken it.
        """
        for portal_id in self._known.used():
            self._turns.share(portal_id)
        for portal_id in self._changed_portals():
            self._connection.execute(hot_queries.RAISE_VERSION, {"portal_id": portal_id})
        if self._taking:
            self._pipeline.sync()
        for portal_id, count, cursor in self._taking:
            if len(cursor.fetchall()) < count:
                if not self._turns.share(portal_id):
                    raise RunAgainError
                raise StoreError("a unique value that should be free is taken")
        self._turns.look()

    def keep_snapshots(self) -> None:
        """After the commit: lets later transactions have what this one made, where it holds."""
        changed = self._changed_portals()
        for portal_id in changed:
            self._group.forget(portal_id, None)
            self._group.types.pop(portal_id, None)
            self._known.drop_changed(portal_id)
        self._known.keep_made(self._group)

    def _changed_portals(self) -> list[int]:
        return sorted({portal_id for portal_id, _ in self.changed_definitions})

    # --- records ------------------------------------------------------------------------------

    def records(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, StoredRecord]:
        """See the contract: locked for this transaction."""
        if self._turns.share(portal_id):
            return super().records(portal_id, object_type_id, record_ids)
        return self._lock(portal_id, object_type_id, record_ids)

    def _lock(
        self, portal_id: int, object_type_id: str, record_ids: Iterable[int]
    ) -> dict[int, StoredRecord]:
        """Locks records in the order of their ids, as everybody does.

        Raises WholeTurnNeededError when others are locked already: that would be out of order.
        """
        wanted = set(record_ids)
        key = (portal_id, object_type_id)
        if not wanted <= self._locked.setdefault(key, set()):
            if any(self._locked.values()):
                raise WholeTurnNeededError
            self._locked[key] = wanted
        rows = self._ask(
            hot_queries.LOCK_RECORDS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": array_text(wanted),
            },
        )
        if told := self._told_owners.get(key):
            # A value may have passed from one record to another before they were locked.
            self.value_owners(portal_id, object_type_id, list(told))
        return {row[0]: record_of(row) for row in rows}

    def records_by_value(
        self, portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]
    ) -> dict[UniqueKey, StoredRecord]:
        """See the contract: locked for this transaction."""
        if self._turns.share(portal_id):
            return super().records_by_value(portal_id, object_type_id, keys)
        owners = self.value_owners(portal_id, object_type_id, keys)
        found = self._lock(portal_id, object_type_id, owners.values())
        return {
            key: found[owner]
            for key, owner in owners.items()
            if owner in found and found[owner].archived_at_ms is None
        }

    def value_owners(
        self, portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]
    ) -> dict[UniqueKey, int]:
        """See the contract.

        Raises RunAgainError where a value has another owner than the work was told before.
        """
        with self._sharing():
            owners = super().value_owners(portal_id, object_type_id, keys)
        if not self._turns.share(portal_id):
            told = self._told_owners.setdefault((portal_id, object_type_id), {})
            found = {each: owners.get(each) for each in keys}
            if any(told.get(each, owner) != owner for each, owner in found.items()):
                raise RunAgainError
            told.update(found)
        return owners

    def merged_into(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, int]:
        """See the contract."""
        with self._sharing():
            return super().merged_into(portal_id, object_type_id, record_ids)

    def new_record_ids(self, portal_id: int, count: int) -> range:
        """See the contract."""
        if self._turns.share(portal_id):
            # In this transaction, which may have changed the counters itself.
            key = {"portal_id": portal_id, "count": count}
            after: int = self._ask(hot_queries.TAKE_RECORD_IDS, key)[0][0]
            return range(after - count, after)
        id_epoch, _ = self._turns.epochs(portal_id)
        return self._blocks.record_ids(portal_id, count, epoch=id_epoch)

    def insert_records(
        self,
        occasion: Occasion,
        object_type_id: str,
        records: Sequence[StoredRecord],
        modified_property: str,
    ) -> None:
        """See the contract."""
        portal_id = occasion.caller.portal_id
        self._turns.share(portal_id)
        rows = []
        for each, number in zip(records, self._numbers(portal_id, len(records), 0), strict=True):
            first = dict(each.properties)
            del first[modified_property]
            row = _NewRow(
                each.record_id,
                number,
                0,
                each.updated_at_ms,
                each.created_at_ms,
                first,
                each.properties,
            )
            rows.append(row)
        written = self._written(occasion, object_type_id, rows)
        self._connection.execute(hot_queries.INSERT_RECORDS, written)
        self._connection.execute(hot_queries.ADD_WRITES, written)

    def change_records(
        self, occasion: Occasion, object_type_id: str, changes: Sequence[Change]
    ) -> None:
        """See the contract."""
        portal_id = occasion.caller.portal_id
        ids = [each.record_id for each in changes]
        locked = self._locked.get((portal_id, object_type_id), set())
        if not self._turns.share(portal_id) and not locked.issuperset(ids):
            self._lock(portal_id, object_type_id, ids)
        modified = self.definitions(portal_id, object_type_id).object_type.modified_property
        above = max((each.previous_write for each in changes), default=0)
        rows = [
            _ChangedRow(
                each.record_id,
                number,
                each.previous_write,
                each.updated_at_ms,
                each.created_at_ms,
                each.changed,
                each.properties[modified],
                each.trace_id,
            )
            for each, number in zip(
                changes, self._numbers(portal_id, len(changes), above), strict=True
            )
        ]
        written = self._written(occasion, object_type_id, rows)
        written["modified"] = modified
        written["record_ids"] = array_text(ids)
        self._connection.execute(hot_queries.CHANGE_RECORDS, written)
        self._connection.execute(hot_queries.ADD_WRITES, written)

    @staticmethod
    def _written(
        occasion: Occasion, object_type_id: str, rows: Sequence[msgspec.Struct]
    ) -> dict[str, Any]:
        caller = occasion.caller
        return {
            "portal_id": caller.portal_id,
            "object_type_id": object_type_id,
            "rows": json_text(rows),
            "source_type": _SOURCE_TYPE,
            "app_id": caller.app_id,
            "user_id": caller.user_id,
            "correlation_id": occasion.correlation_id,
        }

    def _numbers(self, portal_id: int, count: int, above: int) -> range:
        """Numbers for entries of the history, each above all that it follows on."""
        if self._turns.share(portal_id):
            key = {"portal_id": portal_id, "count": count}
            after: int = self._ask(hot_queries.TAKE_WRITE_NUMBERS, key)[0][0]
            return range(after - count, after)
        _, write_epoch = self._turns.epochs(portal_id)
        return self._blocks.write_numbers(portal_id, count, epoch=write_epoch, above=above)

    def fence(self, portal_id: int) -> int:
        """The same as `last_write`, for which nobody waits long. Raises WriterBusyError."""
        self._connection.execute(_WAIT_LESS)
        return self.last_write(portal_id)

    def last_write(self, portal_id: int) -> int:
        """See the contract: a number between all earlier writes and all later ones."""
        self._turns.take(portal_id)
        rows = self._ask(hot_queries.FENCE, {"portal_id": portal_id})
        last: int = rows[0][0] if rows else 0
        return last

    def restore_writes(self, portal_id: int, writes: Sequence[RecordWrite]) -> None:
        """See the contract."""
        super().restore_writes(portal_id, writes)
        if writes:
            number = max(each.number for each in writes)
            key = {"portal_id": portal_id, "number": number}
            self._run(hot_queries.GO_ABOVE_WRITE, key)

    def add_portal(self, portal: Portal) -> None:
        """See the contract."""
        super().add_portal(portal)
        self._run(
            queries.ADD_COUNTER,
            {"portal_id": portal.id, "next_record_id": FIRST_RECORD_ID},
        )

    def _mark_portal(self, portal_id: int, *, is_controlled: bool) -> None:
        key = {"portal_id": portal_id, "is_controlled": is_controlled}
        self._run(queries.MARK_PORTAL, key)

    def snapshots(self, portal_id: int) -> list[Snapshot]:
        """See the contract."""
        if portal_id == 0:
            # There is no turn that would keep others from changing them.
            self._rows(portal_queries.HOLD_SNAPSHOTS, {"portal_id": portal_id})
        return super().snapshots(portal_id)

    # --- unique values ------------------------------------------------------------------------

    def move_unique_values(
        self, portal_id: int, object_type_id: str, moves: Sequence[UniqueMove]
    ) -> None:
        """See the contract.

        Two transactions that each leave a value for the other would wait for one another, so who
        leaves and takes does it in the whole turn.
        """
        if any(each.left for each in moves) and any(each.taken for each in moves):
            self._turns.take(portal_id)
        with self._sharing():
            super().move_unique_values(portal_id, object_type_id, moves)
        self._told_owners.pop((portal_id, object_type_id), None)

    def _take_values(self, portal_id: int, rows: Sequence[Row]) -> None:
        self._turns.share(portal_id)
        parameters = {"portal_id": portal_id, "rows": json_text(rows)}
        taking = self._connection.execute(queries.TAKE_VALUE, parameters)
        self._taking.append((portal_id, len(rows), taking))
