"""What writers tell the search index: records that changed without an entry in the history.

They note it in their own transaction, in the whole turn of the portal, so notes are committed in
the order of their numbers. Nobody notes anything of a type without columns. Values that are erased
for good leave the columns in the same transaction.
"""

from collections.abc import Sequence
from typing import Any, Final

from moyeu.storage.postgresql import portal_queries
from moyeu.storage.postgresql import search_queries as queries
from moyeu.storage.postgresql.arrays import array_text
from moyeu.storage.postgresql.search_columns import digest_of
from moyeu.storage.sql.record_writes import RecordWrites
from moyeu.storage.sql.search_specs import ALL

NOTES_MAX: Final = 10_000
"""So many notes are kept; a column that is further behind is made anew."""
_RECORDS_MAX: Final = 5_000
"""A note of more records stands for all of the type."""


class SearchNotes(RecordWrites):
    """The part of a transaction that notes removals."""

    def _note_removal(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int] | None
    ) -> None:
        if record_ids is not None and not record_ids:
            return
        is_all = record_ids is None or len(record_ids) > _RECORDS_MAX
        key = {
            "portal_id": portal_id,
            "object_type_id": object_type_id,
            "record_ids": None if is_all else array_text(sorted(record_ids or ())),
            "kept": NOTES_MAX,
        }
        for statement in (queries.NUMBER_REMOVAL, queries.NOTE_REMOVAL, queries.TRIM_NOTES):
            self._run(statement, key)

    def _note_other_contents(self, portal_id: int) -> None:
        """Removes all columns of a portal: every one is made anew."""
        key = {"portal_id": portal_id}
        self._run(portal_queries.LOCK_PORTAL_COLUMNS, key)
        for statement in portal_queries.CLEAR_COLUMNS:
            self._run(statement, key)

    def erase_records(self, portal_id: int, object_type_id: str, record_ids: Sequence[int]) -> int:
        """See the contract."""
        count = super().erase_records(portal_id, object_type_id, record_ids)
        if count:
            self._erase_noted(portal_id, object_type_id)
        return count

    def purge_object_type(self, portal_id: int, object_type_id: str) -> None:
        """See the contract."""
        super().purge_object_type(portal_id, object_type_id)
        self._purge_columns(portal_id, object_type_id)

    def _erase_noted(self, portal_id: int, object_type_id: str) -> None:
        """Removes what columns have of the records that were noted and are not active.

        Those just erased are among them, and others that columns have not followed yet. A column
        that has not seen all notes is removed as a whole.
        """
        key: dict[str, Any] = {
            "portal_id": portal_id,
            "object_type_id": object_type_id,
            "kept": NOTES_MAX,
        }
        columns = self._rows(queries.LOCK_TYPE_COLUMNS, key)
        if not columns:
            return
        noted = [ids for (ids,) in self._rows(queries.NOTED_RECORDS, key)]
        if None in noted or any(is_lost for _, _, is_lost in columns):
            self._purge_columns(portal_id, object_type_id)
            return
        gone = {record_id for ids in noted for record_id in ids}
        active = self._rows(queries.ACTIVE_AMONG, key | {"record_ids": array_text(gone)})
        gone.difference_update(record_id for (record_id,) in active)
        key["record_ids"] = array_text(gone)
        of_all = [column_id for column_id, digest, _ in columns if digest == digest_of(ALL)]
        others = [column_id for column_id, digest, _ in columns if digest != digest_of(ALL)]
        for column_id in of_all:
            bound = key | {"column_ids": array_text([column_id])}
            rows = self._count(queries.ERASE_KEYS, bound)
            self._run(queries.COLUMNS_ERASED, bound | {"rows": rows})
        bound = key | {"column_ids": array_text(others)}
        self._run(queries.ERASE_KEYS, bound)
        self._run(queries.ERASE_TERMS, bound)
        self._run(queries.COLUMNS_ERASED, bound | {"rows": 0})

    def _purge_columns(self, portal_id: int, object_type_id: str) -> None:
        """Removes the columns of a type with all that they have."""
        key: dict[str, Any] = {
            "portal_id": portal_id,
            "object_type_id": object_type_id,
            "kept": NOTES_MAX,
        }
        columns = self._rows(queries.LOCK_TYPE_COLUMNS, key)
        if not columns:
            return
        key["column_ids"] = array_text(column_id for column_id, _, _ in columns)
        for statement in (
            queries.PURGE_KEYS,
            queries.PURGE_TERMS,
            queries.PURGE_COLUMNS,
            queries.PURGE_NOTES,
        ):
            self._run(statement, key)
