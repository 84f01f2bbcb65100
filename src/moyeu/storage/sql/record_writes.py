"""The part of a transaction that archives, merges, erases and restores records."""

from collections.abc import Iterable, Sequence

from moyeu.crm.association_links import pair_of
from moyeu.crm.callers import Occasion
from moyeu.crm.history import RecordWrite
from moyeu.crm.records import StoredRecord, UniqueMove, held_values
from moyeu.crm.restoring import restored_values, unarchived_values
from moyeu.storage.sql.association_writes import AssociationWrites
from moyeu.storage.sql.definition_writes import DefinitionWrites
from moyeu.storage.sql.rows import Row, json_text, read_document
from moyeu.storage.sql.unique_values import UniqueValueWrites


class RecordWrites(DefinitionWrites, UniqueValueWrites, AssociationWrites):
    """The writes of records without an entry in the history, and what follows from them."""

    def archive_records(
        self, occasion: Occasion, object_type_id: str, record_ids: Sequence[int]
    ) -> int:
        """See the contract."""
        portal_id = occasion.caller.portal_id
        rows = self._rows(
            self._sql.ARCHIVE_RECORDS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": self._ids(record_ids),
                "now_ms": occasion.now_ms,
            },
        )
        self._free_values(portal_id, object_type_id, rows)
        self._leave_all_lists(portal_id, object_type_id, [row[0] for row in rows])
        self._note_removal(portal_id, object_type_id, [row[0] for row in rows])
        return len(rows)

    def unarchive_records(
        self, occasion: Occasion, object_type_id: str, record_ids: Sequence[int]
    ) -> int:
        """See the contract."""
        portal_id = occasion.caller.portal_id
        rows = self._rows(
            self._sql.UNARCHIVE_RECORDS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": self._ids(record_ids),
            },
        )
        self._note_removal(portal_id, object_type_id, [row[0] for row in rows])
        definitions = self.definitions(portal_id, object_type_id)
        moves = [
            UniqueMove(name, record_id, None, value)
            for record_id, text in rows
            for name, value in unarchived_values(definitions, read_document(text))
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
                definitions, read_document(text), definitions.indexed_names
            )
        ]
        self.move_unique_values(portal_id, object_type_id, moves)

    def merge_away(
        self, portal_id: int, object_type_id: str, record_id: int, survivor_id: int
    ) -> None:
        """See the contract."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id, "record_id": record_id}
        rows = self._rows(self._sql.DELETE_RECORD, key)
        self._note_removal(portal_id, object_type_id, [record_id])
        self._free_values(portal_id, object_type_id, [(record_id, text) for (text,) in rows])
        self._move_associations(portal_id, object_type_id, record_id, survivor_id)
        self._hand_memberships_on(portal_id, object_type_id, record_id, survivor_id)
        self._run(self._sql.MERGE_ON, key | {"survivor_id": survivor_id})
        self.restore_merged(portal_id, [(object_type_id, record_id, survivor_id)])

    def erase_records(self, portal_id: int, object_type_id: str, record_ids: Sequence[int]) -> int:
        """See the contract."""
        key = {
            "portal_id": portal_id,
            "object_type_id": object_type_id,
            "record_ids": self._ids(record_ids),
        }
        rows = self._rows(self._sql.ERASE_RECORDS, key)
        self._note_removal(portal_id, object_type_id, [row[0] for row in rows])
        self._free_values(portal_id, object_type_id, [row[:2] for row in rows])
        self._leave_all_lists(portal_id, object_type_id, [row[0] for row in rows])
        self._run(self._sql.KEEP_LAST_WRITE, {"portal_id": portal_id})
        last_writes = self._ids(row[2] for row in rows if row[2])
        writes = self._rows(self._sql.HISTORY, {"portal_id": portal_id, "last_writes": last_writes})
        numbers = self._ids(row[0] for row in writes)
        self._run(self._sql.ERASE_HISTORY, {"portal_id": portal_id, "numbers": numbers})
        for row in rows:
            forth, back = self._associations_of(portal_id, object_type_id, row[0])
            self.remove_associations(portal_id, forth + back)
        if merged := [record_id for (record_id,) in self._rows(self._sql.FORGET_MERGED, key)]:
            self._run(self._sql.ERASE_MERGED_HISTORY, {**key, "record_ids": self._ids(merged)})
        return len(rows)

    def purge_object_type(self, portal_id: int, object_type_id: str) -> None:
        """See the contract."""
        self._remove_types_with(portal_id, object_type_id)
        self._note_removal(portal_id, object_type_id, None)
        self.object_types_changed(portal_id, object_type_id)
        key = {"portal_id": portal_id, "object_type_id": object_type_id}
        self._run(self._sql.KEEP_LAST_WRITE, {"portal_id": portal_id})
        for statement in self._sql.PURGE_OBJECT_TYPE:
            self._run(statement, key)
        self._run(self._sql.PURGE_ASSOCIATIONS, key)
        self._purge_lists(portal_id, object_type_id)

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
        self._run_many(
            self._sql.RESTORE_RECORD,
            portal_id,
            [
                (
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
        self._run_many(
            self._sql.RESTORE_WRITE,
            portal_id,
            [
                (
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
        self._numbers_restored(portal_id)

    def restore_merged(self, portal_id: int, merged: Sequence[tuple[str, int, int]]) -> None:
        """See the contract."""
        self._run_many(self._sql.MERGE_AWAY, portal_id, merged)
