"""The part of a transaction that writes lists, their members and their folders."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from moyeu.crm.lists.definitions import (
    Evaluation,
    ListDefinition,
    ListFolder,
    ListMembership,
)
from moyeu.storage.sql.lists import ListReads
from moyeu.storage.sql.rows import SqlChanges, json_text

_LAST_ID: Final = 2**63 - 1


class ListWrites(ListReads, SqlChanges):
    """The writes of lists, and what happens to lists when records change."""

    def new_list_id(self, portal_id: int) -> int:
        """See the contract."""
        after: int = self._rows(self._sql.TAKE_LIST_ID, {"portal_id": portal_id})[0][0]
        return after - 1

    def new_list_folder_id(self, portal_id: int) -> int:
        """See the contract."""
        after: int = self._rows(self._sql.TAKE_FOLDER_ID, {"portal_id": portal_id})[0][0]
        return after - 1

    def put_list(self, portal_id: int, definition: ListDefinition) -> None:
        """See the contract."""
        self._run(
            self._sql.PUT_LIST,
            {
                "portal_id": portal_id,
                "list_id": definition.id,
                "object_type_id": definition.object_type_id,
                "name": definition.name,
                "processing_type": definition.processing_type,
                "deleted_at_ms": definition.deleted_at_ms,
                "document": json_text(definition),
            },
        )

    def put_list_folder(self, portal_id: int, folder: ListFolder) -> None:
        """See the contract."""
        self._run(
            self._sql.PUT_LIST_FOLDER,
            {"portal_id": portal_id, "folder_id": folder.id, "document": json_text(folder)},
        )

    def remove_list_folder(self, portal_id: int, folder_id: int) -> None:
        """See the contract."""
        self._run(self._sql.REMOVE_LIST_FOLDER, {"portal_id": portal_id, "folder_id": folder_id})

    def join_list(
        self,
        portal_id: int,
        list_id: int,
        object_type_id: str,
        record_ids: Sequence[int],
        now_ms: int,
    ) -> list[int]:
        """See the contract."""
        rows = self._rows(
            self._sql.JOIN_LIST,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "object_type_id": object_type_id,
                "record_ids": self._ids(record_ids),
                "now_ms": now_ms,
            },
        )
        return [record_id for (record_id,) in rows]

    def join_from_list(self, portal_id: int, list_id: int, source_id: int, now_ms: int) -> int:
        """See the contract."""
        return self._count(
            self._sql.JOIN_FROM_LIST,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "source_id": source_id,
                "now_ms": now_ms,
            },
        )

    def leave_list(self, portal_id: int, list_id: int, record_ids: Sequence[int]) -> list[int]:
        """See the contract."""
        rows = self._rows(
            self._sql.LEAVE_LIST,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "record_ids": self._ids(record_ids),
            },
        )
        return [record_id for (record_id,) in rows]

    def leave_range(
        self,
        portal_id: int,
        list_id: int,
        first_id: int,
        last_id: int | None,
        staying: Sequence[int],
    ) -> int:
        """See the contract."""
        return self._count(
            self._sql.LEAVE_RANGE,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "first_id": first_id,
                "last_id": _LAST_ID if last_id is None else last_id,
                "record_ids": self._ids(staying),
            },
        )

    def empty_list(self, portal_id: int, list_id: int) -> int:
        """See the contract."""
        return self._count(self._sql.EMPTY_LIST, {"portal_id": portal_id, "list_id": list_id})

    def restore_memberships(self, portal_id: int, memberships: Sequence[ListMembership]) -> None:
        """See the contract."""
        self._run_many(
            self._sql.RESTORE_MEMBERSHIP,
            portal_id,
            [(each.list_id, each.record_id, each.joined_at_ms) for each in memberships],
        )

    # --- what happens to records --------------------------------------------------------------

    def _note_related_changes(self, portal_id: int, object_type_ids: Iterable[str]) -> None:
        """Keeps that associations to records of these types, or the records, have changed."""
        rows = [(each,) for each in sorted(set(object_type_ids))]
        self._run_many(self._sql.NOTE_RELATED_CHANGE, portal_id, rows)

    def _leave_all_lists(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> None:
        """Takes records that are no longer active out of every list of their type."""
        if not record_ids:
            return
        self._note_related_changes(portal_id, [object_type_id])
        self._run(
            self._sql.LEAVE_ALL_LISTS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": self._ids(record_ids),
            },
        )

    def _hand_memberships_on(
        self, portal_id: int, object_type_id: str, record_id: int, survivor_id: int
    ) -> None:
        """Puts the survivor of a merge where the other record was put, in whose place it is."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id, "record_id": record_id}
        self._run(self._sql.HAND_MEMBERSHIPS_ON, {**key, "survivor_id": survivor_id})
        self._leave_all_lists(portal_id, object_type_id, [record_id])

    def _evaluate_again(self, portal_id: int, object_type_id: str) -> None:
        """Lets dynamic lists of a type look at every record: some came back without a write."""
        self._note_related_changes(portal_id, [object_type_id])
        for each in self.all_lists(portal_id):
            if each.object_type_id == object_type_id and each.processing_type == "DYNAMIC":
                self.put_list(portal_id, replace(each, evaluation=Evaluation()))

    def _purge_lists(self, portal_id: int, object_type_id: str) -> None:
        """Removes the lists of an object type for good."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id}
        self._run(self._sql.PURGE_MEMBERSHIPS, key)
        self._run(self._sql.PURGE_LISTS, key)
