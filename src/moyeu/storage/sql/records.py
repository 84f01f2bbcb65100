"""The part of a transaction that reads records and their history."""

from collections.abc import Sequence

from moyeu.crm.history import RecordWrite
from moyeu.crm.records import StoredRecord
from moyeu.storage.sql.rows import Row, SqlRows, json_text, read_document


class RecordReads(SqlRows):
    """The reads of records and of what was written to them."""

    def records(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, StoredRecord]:
        """See the contract."""
        rows = self._rows(
            self._sql.RECORDS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": self._ids(record_ids),
            },
        )
        return {row[0]: record_of(row) for row in rows}

    def merged_into(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, int]:
        """See the contract."""
        rows = self._rows(
            self._sql.MERGED_INTO,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": self._ids(record_ids),
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
            self._sql.PAGE_ARCHIVED if archived else self._sql.PAGE_ACTIVE,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "from_id": from_id,
                "count_max": count_max,
            },
        )
        return [record_of(row) for row in rows]

    def records_after(
        self, portal_id: int, object_type_id: str, record_id: int, count_max: int
    ) -> list[tuple[str, StoredRecord]]:
        """See the contract."""
        rows = self._rows(
            self._sql.RECORDS_AFTER,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_id": record_id,
                "count_max": count_max,
            },
        )
        return [(row[0], record_of(row[1:])) for row in rows]

    def history(
        self,
        portal_id: int,
        object_type_id: str,  # noqa: ARG002 — the chain of a record holds its own writes alone
        records: Sequence[StoredRecord],
    ) -> dict[int, list[RecordWrite]]:
        """See the contract."""
        rows = self._rows(
            self._sql.HISTORY,
            {
                "portal_id": portal_id,
                "last_writes": self._ids(each.last_write for each in records if each.last_write),
            },
        )
        writes: dict[int, list[RecordWrite]] = {each.record_id: [] for each in records}
        for row in rows:
            writes[row[2]].append(write_of(row))
        return writes

    def records_with_values(
        self,
        portal_id: int,
        object_type_id: str,
        name: str,
        values: Sequence[str],
        count_max: int,
    ) -> list[tuple[int, str]]:
        """See the contract."""
        return self._rows(
            self._sql.RECORDS_WITH_VALUES,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "property": name,
                "property_values": json_text(list(values)),
                "count_max": count_max,
            },
        )

    def merged_after(
        self, portal_id: int, object_type_id: str, record_id: int, count_max: int
    ) -> list[tuple[str, int, int]]:
        """See the contract."""
        return self._rows(
            self._sql.MERGED_AFTER,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_id": record_id,
                "count_max": count_max,
            },
        )

    def count_records(self, portal_id: int, object_type_id: str) -> int:
        """See the contract."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id}
        count: int = self._rows(self._sql.COUNT_RECORDS, key)[0][0]
        return count

    def count_records_to(self, portal_id: int, object_type_id: str, count_max: int) -> int:
        """See the contract."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id}
        count, archived = self._rows(self._sql.COUNT_KEYS, {**key, "count_max": count_max})[0]
        if count == count_max and archived:
            # Some of those that were counted are archived ones.
            more = {**key, "count_max": count_max + archived}
            count, archived = self._rows(self._sql.COUNT_KEYS, more)[0]
        active: int = count - archived
        return min(active, count_max)

    def has_more_records(self, portal_id: int, object_type_id: str, count: int) -> bool:
        """Whether a type has more records than that, archived ones included."""
        key = {"portal_id": portal_id, "object_type_id": object_type_id, "count": count}
        return bool(self._rows(self._sql.HAS_MORE_RECORDS, key))

    def writes_after(self, portal_id: int, number: int, count_max: int) -> list[RecordWrite]:
        """See the contract."""
        rows = self._rows(
            self._sql.WRITES_AFTER,
            {"portal_id": portal_id, "number": number, "count_max": count_max},
        )
        return [write_of(row) for row in rows]


def record_of(row: Row) -> StoredRecord:
    """A record from its columns, in the order of `StoredRecord`."""
    return StoredRecord(row[0], read_document(row[1]), row[2], row[3], row[4], row[5])


def write_of(row: Row) -> RecordWrite:
    """An entry of the history from its columns, in the order of `RecordWrite`."""
    return RecordWrite(
        number=row[0],
        object_type_id=row[1],
        record_id=row[2],
        previous=row[3],
        written_at_ms=row[4],
        changed=read_document(row[5]),
        source_type=row[6],
        source_id=str(row[7]),
        user_id=row[8],
        correlation_id=row[9],
        trace_id=row[10],
    )
