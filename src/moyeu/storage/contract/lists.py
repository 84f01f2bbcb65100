"""What engines promise of lists, their members and folders."""

from collections.abc import Sequence
from typing import Protocol

from moyeu.crm.lists.definitions import (
    ListDefinition,
    ListFolder,
    ListMember,
    ListMembership,
)


class ListReads(Protocol):
    """The reads of lists, their members and folders."""

    def lists(self, portal_id: int, list_ids: Sequence[int]) -> dict[int, ListDefinition]:
        """Lists by id, deleted ones included; unknown ids are left out."""
        ...

    def all_lists(self, portal_id: int) -> list[ListDefinition]:
        """All lists of the portal by id, deleted ones included."""
        ...

    def active_lists(self, portal_id: int) -> list[ListDefinition]:
        """The lists of the portal that are not deleted, by id."""
        ...

    def count_active_lists(self, portal_id: int) -> int:
        """How many lists of the portal are not deleted."""
        ...

    def list_named(self, portal_id: int, object_type_id: str, name: str) -> ListDefinition | None:
        """The list of an object type with exactly that name, deleted ones left out."""
        ...

    def list_sizes(self, portal_id: int, list_ids: Sequence[int]) -> dict[int, int]:
        """How many members each list has; unknown ones have none. Walks them all."""
        ...

    def members(
        self,
        portal_id: int,
        list_id: int,
        record_id: int,
        count_max: int,
        *,
        descending: bool = False,
    ) -> list[ListMember]:
        """Members with a higher record id, ascending; descending: with a lower one, descending.

        Only active records are members: who is archived, erased or merged away leaves, and the
        survivor of a merge is where the others were put.
        """
        ...

    def members_by_time(
        self,
        portal_id: int,
        list_id: int,
        place: ListMember,
        count_max: int,
        *,
        descending: bool = False,
    ) -> list[ListMember]:
        """Members after that one by time of joining and record id; descending: before it."""
        ...

    def members_among(
        self, portal_id: int, list_id: int, record_ids: Sequence[int]
    ) -> frozenset[int]:
        """Those of the records that are in the list."""
        ...

    def memberships_of(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, list[ListMembership]]:
        """The memberships of records of a type in lists that are not deleted, ascending by list.

        Every record that was asked for is answered.
        """
        ...

    def memberships_after(
        self, portal_id: int, list_id: int, record_id: int, count_max: int
    ) -> list[ListMembership]:
        """All memberships of the portal after that list and record, ascending by both."""
        ...

    def list_folders(self, portal_id: int) -> list[ListFolder]:
        """The portal's folders of lists by id."""
        ...


class ListWrites(Protocol):
    """The writes of lists, their members and folders."""

    def new_list_id(self, portal_id: int) -> int:
        """An id of a list that was never given out before in this portal, from 1 on."""
        ...

    def new_list_folder_id(self, portal_id: int) -> int:
        """An id of a folder of lists that was never given out before, from 1 on."""
        ...

    def put_list(self, portal_id: int, definition: ListDefinition) -> None:
        """Adds or replaces a list; its members stay."""
        ...

    def put_list_folder(self, portal_id: int, folder: ListFolder) -> None:
        """Adds or replaces a folder of lists."""
        ...

    def remove_list_folder(self, portal_id: int, folder_id: int) -> None:
        """Removes a folder of lists; what is in it is the caller's concern."""
        ...

    def join_list(
        self,
        portal_id: int,
        list_id: int,
        object_type_id: str,
        record_ids: Sequence[int],
        now_ms: int,
    ) -> list[int]:
        """Puts active records of a type into a list; those that were not in it, in any order."""
        ...

    def join_from_list(self, portal_id: int, list_id: int, source_id: int, now_ms: int) -> int:
        """Puts the members of another list of the same type into a list; how many are new."""
        ...

    def leave_list(self, portal_id: int, list_id: int, record_ids: Sequence[int]) -> list[int]:
        """Takes records out of a list; those that were in it, in any order."""
        ...

    def leave_range(
        self,
        portal_id: int,
        list_id: int,
        first_id: int,
        last_id: int | None,
        staying: Sequence[int],
    ) -> int:
        """Takes the members between two record ids out of a list, but for some; how many went.

        last_id: None for no end.
        """
        ...

    def empty_list(self, portal_id: int, list_id: int) -> int:
        """Takes all members out of a list; how many there were."""
        ...

    def restore_memberships(self, portal_id: int, memberships: Sequence[ListMembership]) -> None:
        """Adds memberships as they are; there must be none of these lists and records."""
        ...
