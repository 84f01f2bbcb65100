"""Transactions over one connection: reads, and the writer's turn."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import apsw
import msgspec

from moyeu.crm.callers import Occasion
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.object_schemas import PortalTypes
from moyeu.crm.records import Change, StoredRecord
from moyeu.storage.sql.definition_writes import DefinitionWrites
from moyeu.storage.sql.definitions import DefinitionReads, Snapshots
from moyeu.storage.sql.rows import Row, json_text
from moyeu.storage.sql.statements import statements_of
from moyeu.storage.sql.transaction import SqlReads, SqlWrites
from moyeu.storage.sqlite import (
    association_queries,
    association_usage_queries,
    association_value_queries,
    job_queries,
    list_queries,
    portal_queries,
    queries,
)
from moyeu.storage.sqlite.search_feed import Removal

STATEMENTS: Final = statements_of(
    queries,
    association_queries,
    association_usage_queries,
    association_value_queries,
    job_queries,
    list_queries,
    portal_queries,
)
"""Every statement of the engine."""

_SOURCE_TYPE = "INTEGRATION"

_write_json = msgspec.json.Encoder().encode


class SqliteReadTransaction(SqlReads):
    """The reads of the contract over one connection."""

    _sql = STATEMENTS

    def __init__(
        self,
        connection: apsw.Connection,
        cached: Snapshots,
        keep: Callable[[TypeDefinitions | PortalTypes], None],
    ) -> None:
        DefinitionReads.__init__(self, cached, keep)
        self._connection = connection
        self.statements = 0

    def _rows(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        self.statements += 1
        return self._connection.execute(statement, parameters).fetchall()

    def _ids(self, ids: Iterable[int]) -> str:
        return json_text(list(ids))


class SqliteWriteTransaction(SqliteReadTransaction, SqlWrites):
    """The writer's turn: one object for the life of the writer's connection.

    `begin` starts a commit group and `forget` drops what a rolled-back group had in mind.
    """

    def __init__(self, connection: apsw.Connection, cached: Snapshots) -> None:
        DefinitionWrites.__init__(self, cached)
        self._connection = connection
        self.statements = 0
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

    def _run(self, statement: str, parameters: Mapping[str, Any]) -> None:
        self.statements += 1
        self._connection.execute(statement, parameters)

    def _count(self, statement: str, parameters: Mapping[str, Any]) -> int:
        self.statements += 1
        self._connection.execute(statement, parameters)
        return self._connection.changes()

    def _run_many(self, statement: str, portal_id: int, rows: Sequence[Row]) -> None:
        self.statements += 1
        self._connection.executemany(statement, [(portal_id, *row) for row in rows])

    def _note_removal(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int] | None
    ) -> None:
        if record_ids is None:
            self.removals.append(Removal(portal_id, object_type_id, None))
        elif record_ids:
            self.removals.append(Removal(portal_id, object_type_id, tuple(record_ids)))

    def _note_other_contents(self, portal_id: int) -> None:
        self.removals.append(Removal(portal_id, None, None))

    def _numbers_restored(self, portal_id: int) -> None:
        self._next_writes.pop(portal_id, None)

    def new_record_ids(self, portal_id: int, count: int) -> range:
        """See the contract."""
        rows = self._rows(queries.TAKE_RECORD_IDS, {"portal_id": portal_id, "count": count})
        after: int = rows[0][0]
        return range(after - count, after)

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
        self.statements += 1
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
        self.statements += 1
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
        self.statements += 1
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
