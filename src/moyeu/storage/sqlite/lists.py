"""The part of a transaction that reads and writes lists, their members and their folders."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import apsw
import msgspec

from moyeu.crm.lists.definitions import (
    Evaluation,
    ListDefinition,
    ListFolder,
    ListMember,
    ListMembership,
)
from moyeu.storage.sqlite import list_queries as queries
from moyeu.storage.sqlite import queries as record_queries
from moyeu.storage.sqlite.rows import Row, Rows, json_text

_LAST_ID: Final = 2**63 - 1

_read_list = msgspec.json.Decoder(ListDefinition).decode
_read_folder = msgspec.json.Decoder(ListFolder).decode


class ListReads:
    """The reads of lists."""

    def last_write(self: Rows, portal_id: int) -> int:
        """See the contract."""
        number: int = self._rows(record_queries.LAST_WRITE, {"portal_id": portal_id})[0][0]
        return number

    def written_between(
        self: Rows,
        portal_id: int,
        object_type_ids: Sequence[str],
        after: int,
        last: int,
        count_max: int,
    ) -> list[tuple[int, str, int]]:
        """See the contract."""
        return self._rows(
            queries.WRITTEN_BETWEEN,
            {
                "portal_id": portal_id,
                "type_ids": json_text(list(object_type_ids)),
                "after": after,
                "last": last,
                "count_max": count_max,
            },
        )

    def related_changes(self: Rows, portal_id: int, object_type_ids: Sequence[str]) -> int:
        """See the contract."""
        parameters = {"portal_id": portal_id, "type_ids": json_text(list(object_type_ids))}
        changes: int = self._rows(queries.RELATED_CHANGES, parameters)[0][0]
        return changes

    def lists(self: Rows, portal_id: int, list_ids: Sequence[int]) -> dict[int, ListDefinition]:
        """See the contract."""
        parameters = {"portal_id": portal_id, "list_ids": json_text(list(dict.fromkeys(list_ids)))}
        found = [_read_list(text) for (text,) in self._rows(queries.LISTS, parameters)]
        return {each.id: each for each in found}

    def all_lists(self: Rows, portal_id: int) -> list[ListDefinition]:
        """See the contract."""
        rows = self._rows(queries.ALL_LISTS, {"portal_id": portal_id})
        return [_read_list(text) for (text,) in rows]

    def active_lists(self: Rows, portal_id: int) -> list[ListDefinition]:
        """See the contract."""
        rows = self._rows(queries.ACTIVE_LISTS, {"portal_id": portal_id})
        return [_read_list(text) for (text,) in rows]

    def count_active_lists(self: Rows, portal_id: int) -> int:
        """See the contract."""
        count: int = self._rows(queries.COUNT_ACTIVE_LISTS, {"portal_id": portal_id})[0][0]
        return count

    def list_named(
        self: Rows, portal_id: int, object_type_id: str, name: str
    ) -> ListDefinition | None:
        """See the contract."""
        rows = self._rows(
            queries.LIST_NAMED,
            {"portal_id": portal_id, "object_type_id": object_type_id, "name": name},
        )
        return _read_list(rows[0][0]) if rows else None

    def list_sizes(self: Rows, portal_id: int, list_ids: Sequence[int]) -> dict[int, int]:
        """See the contract."""
        parameters = {"portal_id": portal_id, "list_ids": json_text(list(dict.fromkeys(list_ids)))}
        return dict(self._rows(queries.LIST_SIZES, parameters))

    def members(
        self: Rows,
        portal_id: int,
        list_id: int,
        record_id: int,
        count_max: int,
        *,
        descending: bool = False,
    ) -> list[ListMember]:
        """See the contract."""
        rows = self._rows(
            queries.MEMBERS_DOWN if descending else queries.MEMBERS_UP,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "record_id": record_id,
                "count_max": count_max,
            },
        )
        return [ListMember(*row) for row in rows]

    def members_by_time(
        self: Rows,
        portal_id: int,
        list_id: int,
        place: ListMember,
        count_max: int,
        *,
        descending: bool = False,
    ) -> list[ListMember]:
        """See the contract."""
        rows = self._rows(
            queries.MEMBERS_JOINED_BEFORE if descending else queries.MEMBERS_JOINED_AFTER,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "record_id": place.record_id,
                "joined_at_ms": place.joined_at_ms,
                "count_max": count_max,
            },
        )
        return [ListMember(*row) for row in rows]

    def members_among(
        self: Rows, portal_id: int, list_id: int, record_ids: Sequence[int]
    ) -> frozenset[int]:
        """See the contract."""
        rows = self._rows(
            queries.MEMBERS_AMONG,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "record_ids": json_text(list(dict.fromkeys(record_ids))),
            },
        )
        return frozenset(record_id for (record_id,) in rows)

    def memberships_of(
        self: Rows, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, list[ListMembership]]:
        """See the contract."""
        rows = self._rows(
            queries.MEMBERSHIPS_OF,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": json_text(list(dict.fromkeys(record_ids))),
            },
        )
        found: dict[int, list[ListMembership]] = {each: [] for each in record_ids}
        for row in rows:
            found[row[1]].append(ListMembership(*row))
        return found

    def memberships_after(
        self: Rows, portal_id: int, list_id: int, record_id: int, count_max: int
    ) -> list[ListMembership]:
        """See the contract."""
        rows = self._rows(
            queries.MEMBERSHIPS_AFTER,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "record_id": record_id,
                "count_max": count_max,
            },
        )
        return [ListMembership(*row) for row in rows]

    def list_folders(self: Rows, portal_id: int) -> list[ListFolder]:
        """See the contract."""
        rows = self._rows(queries.LIST_FOLDERS, {"portal_id": portal_id})
        return [_read_folder(text) for (text,) in rows]


class ListWrites(ListReads):
    """The writes of lists; part of the writer's transaction."""

    _connection: apsw.Connection

    def _rows(self, statement: str, parameters: Mapping[str, Any] | Row = ()) -> list[Row]:
        return self._connection.execute(statement, parameters).fetchall()

    def _count(self, statement: str, parameters: Mapping[str, Any]) -> int:
        """Carries out a statement; how many rows it changed."""
        self._connection.execute(statement, parameters)
        return self._connection.changes()

    def new_list_id(self, portal_id: int) -> int:
        """See the contract."""
        after: int = self._rows(queries.TAKE_LIST_ID, {"portal_id": portal_id})[0][0]
        return after - 1

    def new_list_folder_id(self, portal_id: int) -> int:
        """See the contract."""
        after: int = self._rows(queries.TAKE_FOLDER_ID, {"portal_id": portal_id})[0][0]
        return after - 1

    def put_list(self, portal_id: int, definition: ListDefinition) -> None:
        """See the contract."""
        self._connection.execute(
            queries.PUT_LIST,
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
        self._connection.execute(
            queries.PUT_LIST_FOLDER,
            {"portal_id": portal_id, "folder_id": folder.id, "document": json_text(folder)},
        )

    def remove_list_folder(self, portal_id: int, folder_id: int) -> None:
        """See the contract."""
        self._connection.execute(
            queries.REMOVE_LIST_FOLDER, {"portal_id": portal_id, "folder_id": folder_id}
        )

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
            queries.JOIN_LIST,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "object_type_id": object_type_id,
                "record_ids": json_text(list(record_ids)),
                "now_ms": now_ms,
            },
        )
        return [record_id for (record_id,) in rows]

    def join_from_list(self, portal_id: int, list_id: int, source_id: int, now_ms: int) -> int:
        """See the contract."""
        return self._count(
            queries.JOIN_FROM_LIST,
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
            queries.LEAVE_LIST,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "record_ids": json_text(list(record_ids)),
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
            queries.LEAVE_RANGE,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "first_id": first_id,
                "last_id": _LAST_ID if last_id is None else last_id,
                "record_ids": json_text(list(staying)),
            },
        )

    def empty_list(self, portal_id: int, list_id: int) -> int:
        """See the contract."""
        return self._count(queries.EMPTY_LIST, {"portal_id": portal_id, "list_id": list_id})

    def restore_memberships(self, portal_id: int, memberships: Sequence[ListMembership]) -> None:
        """See the contract."""
        self._connection.executemany(
            queries.RESTORE_MEMBERSHIP,
            [(portal_id, each.list_id, each.record_id, each.joined_at_ms) for each in memberships],
        )

    # --- what happens to records --------------------------------------------------------------

    def _note_related_changes(self, portal_id: int, object_type_ids: Iterable[str]) -> None:
        """Keeps that associations to records of these types, or the records, have changed."""
        self._connection.executemany(
            queries.NOTE_RELATED_CHANGE, [(portal_id, each) for each in object_type_ids]
        )

    def _leave_all_lists(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> None:
        """Takes records that are no longer active out of every list of their type."""
        if not record_ids:
            return
        self._note_related_changes(portal_id, [object_type_id])
        self._connection.execute(
            queries.LEAVE_ALL_LISTS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": json_text(list(record_ids)),
            },
        )

    def _hand_memberships_on(
        self, portal_id: int, object_type_id: str, record_id: int, survivor_id: int
    ) -> None:
        """Puts the survivor of a merge where the other record was put, in whose place it is."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id, "record_id": record_id}
        self._connection.execute(queries.HAND_MEMBERSHIPS_ON, {**key, "survivor_id": survivor_id})
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
        self._connection.execute(queries.PURGE_MEMBERSHIPS, key)
        self._connection.execute(queries.PURGE_LISTS, key)
