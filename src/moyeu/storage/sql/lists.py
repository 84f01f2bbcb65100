"""The part of a transaction that reads lists, their members and their folders."""

from collections.abc import Sequence

import msgspec

from moyeu.crm.lists.definitions import (
    ListDefinition,
    ListFolder,
    ListMember,
    ListMembership,
)
from moyeu.storage.sql.rows import SqlRows, json_text

_read_list = msgspec.json.Decoder(ListDefinition).decode
_read_folder = msgspec.json.Decoder(ListFolder).decode


class ListReads(SqlRows):
    """The reads of lists."""

    def last_write(self, portal_id: int) -> int:
        """See the contract."""
        number: int = self._rows(self._sql.LAST_WRITE, {"portal_id": portal_id})[0][0]
        return number

    def written_between(
        self,
        portal_id: int,
        object_type_ids: Sequence[str],
        after: int,
        last: int,
        count_max: int,
    ) -> list[tuple[int, str, int]]:
        """See the contract."""
        return self._rows(
            self._sql.WRITTEN_BETWEEN,
            {
                "portal_id": portal_id,
                "type_ids": json_text(list(object_type_ids)),
                "after": after,
                "last": last,
                "count_max": count_max,
            },
        )

    def related_changes(self, portal_id: int, object_type_ids: Sequence[str]) -> int:
        """See the contract."""
        parameters = {"portal_id": portal_id, "type_ids": json_text(list(object_type_ids))}
        changes: int = self._rows(self._sql.RELATED_CHANGES, parameters)[0][0]
        return changes

    def lists(self, portal_id: int, list_ids: Sequence[int]) -> dict[int, ListDefinition]:
        """See the contract."""
        parameters = {"portal_id": portal_id, "list_ids": self._ids(dict.fromkeys(list_ids))}
        found = [_read_list(text) for (text,) in self._rows(self._sql.LISTS, parameters)]
        return {each.id: each for each in found}

    def all_lists(self, portal_id: int) -> list[ListDefinition]:
        """See the contract."""
        rows = self._rows(self._sql.ALL_LISTS, {"portal_id": portal_id})
        return [_read_list(text) for (text,) in rows]

    def active_lists(self, portal_id: int) -> list[ListDefinition]:
        """See the contract."""
        rows = self._rows(self._sql.ACTIVE_LISTS, {"portal_id": portal_id})
        return [_read_list(text) for (text,) in rows]

    def count_active_lists(self, portal_id: int) -> int:
        """See the contract."""
        count: int = self._rows(self._sql.COUNT_ACTIVE_LISTS, {"portal_id": portal_id})[0][0]
        return count

    def list_named(self, portal_id: int, object_type_id: str, name: str) -> ListDefinition | None:
        """See the contract."""
        rows = self._rows(
            self._sql.LIST_NAMED,
            {"portal_id": portal_id, "object_type_id": object_type_id, "name": name},
        )
        return _read_list(rows[0][0]) if rows else None

    def list_sizes(self, portal_id: int, list_ids: Sequence[int]) -> dict[int, int]:
        """See the contract."""
        parameters = {"portal_id": portal_id, "list_ids": self._ids(dict.fromkeys(list_ids))}
        return dict(self._rows(self._sql.LIST_SIZES, parameters))

    def members(
        self,
        portal_id: int,
        list_id: int,
        record_id: int,
        count_max: int,
        *,
        descending: bool = False,
    ) -> list[ListMember]:
        """See the contract."""
        rows = self._rows(
            self._sql.MEMBERS_DOWN if descending else self._sql.MEMBERS_UP,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "record_id": record_id,
                "count_max": count_max,
            },
        )
        return [ListMember(*row) for row in rows]

    def members_by_time(
        self,
        portal_id: int,
        list_id: int,
        place: ListMember,
        count_max: int,
        *,
        descending: bool = False,
    ) -> list[ListMember]:
        """See the contract."""
        rows = self._rows(
            self._sql.MEMBERS_JOINED_BEFORE if descending else self._sql.MEMBERS_JOINED_AFTER,
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
        self, portal_id: int, list_id: int, record_ids: Sequence[int]
    ) -> frozenset[int]:
        """See the contract."""
        rows = self._rows(
            self._sql.MEMBERS_AMONG,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "record_ids": self._ids(dict.fromkeys(record_ids)),
            },
        )
        return frozenset(record_id for (record_id,) in rows)

    def memberships_of(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, list[ListMembership]]:
        """See the contract."""
        rows = self._rows(
            self._sql.MEMBERSHIPS_OF,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": self._ids(dict.fromkeys(record_ids)),
            },
        )
        found: dict[int, list[ListMembership]] = {each: [] for each in record_ids}
        for row in rows:
            found[row[1]].append(ListMembership(*row))
        return found

    def memberships_after(
        self, portal_id: int, list_id: int, record_id: int, count_max: int
    ) -> list[ListMembership]:
        """See the contract."""
        rows = self._rows(
            self._sql.MEMBERSHIPS_AFTER,
            {
                "portal_id": portal_id,
                "list_id": list_id,
                "record_id": record_id,
                "count_max": count_max,
            },
        )
        return [ListMembership(*row) for row in rows]

    def list_folders(self, portal_id: int) -> list[ListFolder]:
        """See the contract."""
        rows = self._rows(self._sql.LIST_FOLDERS, {"portal_id": portal_id})
        return [_read_folder(text) for (text,) in rows]
