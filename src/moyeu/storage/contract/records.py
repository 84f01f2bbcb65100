"""What engines promise of records, their unique values and their history.

Texts hold every character but U+0000, which is refused wherever a text comes in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from moyeu.crm.callers import Occasion
from moyeu.crm.history import RecordWrite
from moyeu.crm.records import Change, StoredRecord, UniqueKey, UniqueMove


@dataclass(frozen=True, slots=True)
class IndexedPart:
    """One part of entering values into the unique index.

    next_id: where to go on, None when all records were seen. conflict: (value, record id, record
    id of the holder) when two records have the same value.
    """

    next_id: int | None
    conflict: tuple[str, int, int] | None


class RecordReads(Protocol):
    """The reads of records, their unique values and their history."""

    def records(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, StoredRecord]:
        """Records by id, archived ones included; unknown ids are left out."""
        ...

    def records_by_value(
        self, portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]
    ) -> dict[UniqueKey, StoredRecord]:
        """Active records by (property, value), compared exactly; unknown pairs are left out."""
        ...

    def value_owners(
        self, portal_id: int, object_type_id: str, keys: Sequence[UniqueKey]
    ) -> dict[UniqueKey, int]:
        """Which record holds each (property, value); free values are left out."""
        ...

    def merged_into(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, int]:
        """The surviving record id by the id of a record that was merged away."""
        ...

    def page(
        self,
        portal_id: int,
        object_type_id: str,
        from_id: int,
        count_max: int,
        *,
        archived: bool,
    ) -> list[StoredRecord]:
        """Records with an id of at least `from_id`, ascending, only archived or only active."""
        ...

    def records_after(
        self, portal_id: int, object_type_id: str, record_id: int, count_max: int
    ) -> list[tuple[str, StoredRecord]]:
        """(object type id, record) of records of all types, archived ones included.

        Those after that object type and record id, ascending by both.
        """
        ...

    def history(
        self, portal_id: int, object_type_id: str, records: Sequence[StoredRecord]
    ) -> dict[int, list[RecordWrite]]:
        """All writes of each record, newest first."""
        ...

    def records_with_values(
        self,
        portal_id: int,
        object_type_id: str,
        name: str,
        values: Sequence[str],
        count_max: int,
    ) -> list[tuple[int, str]]:
        """(record id, value) of active records that have one of the values in a property.

        Ascending by record id, at most `count_max`; walks the records of the type.
        """
        ...

    def merged_after(
        self, portal_id: int, object_type_id: str, record_id: int, count_max: int
    ) -> list[tuple[str, int, int]]:
        """(object type id, record id, survivor id) of records that were merged away.

        Those after that object type and record id, ascending by both.
        """
        ...

    def count_records(self, portal_id: int, object_type_id: str) -> int:
        """How many active records there are; walks them all."""
        ...

    def count_records_to(self, portal_id: int, object_type_id: str, count_max: int) -> int:
        """How many active records there are, `count_max` if there are more.

        Walks the keys of that many and of the archived ones, no documents. One or two statements.
        """
        ...

    def writes_after(self, portal_id: int, number: int, count_max: int) -> list[RecordWrite]:
        """History entries with a higher number, ascending: the cursor of deliveries and audit."""
        ...

    def last_write(self, portal_id: int) -> int:
        """The number of the newest entry of the history, 0 when there never was one.

        Inside a write transaction a number that no later write goes below or has, and that all
        earlier ones do: what a cursor over the history may be set to.
        """
        ...

    def written_between(
        self,
        portal_id: int,
        object_type_ids: Sequence[str],
        after: int,
        last: int,
        count_max: int,
    ) -> list[tuple[int, str, int]]:
        """(number, object type, record id) of the writes to records of these types, ascending.

        Numbers above `after` up to `last`; walks the history between them.
        """
        ...


class RecordWrites(Protocol):
    """The writes of records, their unique values and their history."""

    def new_record_ids(self, portal_id: int, count: int) -> range:
        """That many ids that were never given out before in this portal."""
        ...

    def reserve_record_id(self, portal_id: int, record_id: int) -> None:
        """Makes sure that `new_record_ids` never gives out this id or a lower one."""
        ...

    def insert_records(
        self,
        occasion: Occasion,
        object_type_id: str,
        records: Sequence[StoredRecord],
        modified_property: str,
    ) -> None:
        """Adds records and their first history entries. Two statements whatever the number."""
        ...

    def change_records(
        self, occasion: Occasion, object_type_id: str, changes: Sequence[Change]
    ) -> None:
        """Replaces documents and adds history entries. Two statements whatever the number.

        A document differs from the one before by what was changed, and by the time of the change
        alone: searches rely on the history to tell which values are new.
        """
        ...

    def archive_records(
        self, occasion: Occasion, object_type_id: str, record_ids: Sequence[int]
    ) -> int:
        """Archives active records and frees their unique values; how many there were."""
        ...

    def unarchive_records(
        self, occasion: Occasion, object_type_id: str, record_ids: Sequence[int]
    ) -> int:
        """Makes archived records active again; how many there were.

        Their unique values, `crm.restoring.unarchived_values`, must be free: they are taken.
        """
        ...

    def merge_away(
        self, portal_id: int, object_type_id: str, record_id: int, survivor_id: int
    ) -> None:
        """Removes a record whose values live on in another, and remembers where it went.

        Records that were merged into it before lead to the survivor too. Its associations go to
        the survivor, but for those between the two.
        """
        ...

    def erase_records(self, portal_id: int, object_type_id: str, record_ids: Sequence[int]) -> int:
        """Removes records for good, archived or not, with all that is kept of them.

        Documents, unique values, associations and histories, also of records that were merged into
        them; how many there were. Where some were, it walks the portal's history.
        """
        ...

    def move_unique_values(
        self, portal_id: int, object_type_id: str, moves: Sequence[UniqueMove]
    ) -> None:
        """Applies the moves in order. At most two statements whatever the number."""
        ...

    def restore_records(
        self, portal_id: int, object_type_id: str, records: Sequence[StoredRecord]
    ) -> None:
        """Adds records as they are: with archived ones, their `last_write` and no new history.

        The unique values of active ones, `crm.restoring.restored_values`, must be free.
        """
        ...

    def restore_writes(self, portal_id: int, writes: Sequence[RecordWrite]) -> None:
        """Adds history entries as they are, under their own numbers, which must be free."""
        ...

    def restore_merged(self, portal_id: int, merged: Sequence[tuple[str, int, int]]) -> None:
        """Adds (object type id, record id, survivor id) of records that were merged away."""
        ...

    def index_values(
        self, portal_id: int, object_type_id: str, name: str, from_id: int, count_max: int
    ) -> "IndexedPart":
        """Enters the values of one property into the unique index, record by record.

        A part at a time, so that other writers get their turn between the parts.
        """
        ...

    def drop_index(self, portal_id: int, object_type_id: str, name: str) -> None:
        """Removes a property's values from the unique index."""
        ...
