"""The part of a transaction that reads associations: of records, by pairs and by types."""

from collections.abc import Sequence
from typing import Final

from moyeu.catalog.associations import TypeKey
from moyeu.crm.associations import Association
from moyeu.storage.sql.rows import SqlRows, json_text

_BEFORE_ALL: Final = Association("", -1, "", -1, "HUBSPOT_DEFINED", -1)


class AssociationReads(SqlRows):
    """The reads of associations by their records."""

    def associations(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, list[Association]]:
        """See the contract."""
        rows = self._rows(
            self._sql.ASSOCIATIONS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": self._ids(dict.fromkeys(record_ids)),
            },
        )
        found: dict[int, list[Association]] = {each: [] for each in record_ids}
        for row in rows:
            found[row[1]].append(Association(*row))
        return found

    def associations_after(
        self, portal_id: int, after: Association | None, count_max: int
    ) -> list[Association]:
        """See the contract."""
        place = (after or _BEFORE_ALL)._asdict()
        rows = self._rows(
            self._sql.ASSOCIATIONS_AFTER,
            {**place, "portal_id": portal_id, "count_max": count_max},
        )
        return [Association(*row) for row in rows]

    def active_ids(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> frozenset[int]:
        """See the contract."""
        rows = self._rows(
            self._sql.ACTIVE_IDS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": self._ids(record_ids),
            },
        )
        return frozenset(record_id for (record_id,) in rows)

    def linked(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        starts: Sequence[tuple[int, int]],
        count_max: int,
    ) -> dict[int, list[Association]]:
        """See the contract."""
        rows = self._rows(
            self._sql.LINKED,
            {
                "portal_id": portal_id,
                "from_type_id": from_type_id,
                "to_type_id": to_type_id,
                "starts": json_text(list(starts)),
                "count_max": count_max,
            },
        )
        found: dict[int, list[Association]] = {from_id: [] for from_id, _ in starts}
        for row in rows:
            found[row[1]].append(Association(*row))
        return found

    def linked_ids(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        starts: Sequence[tuple[int, int]],
        count_max: int,
    ) -> dict[int, list[int]]:
        """See the contract."""
        found = self.linked(portal_id, from_type_id, to_type_id, starts, count_max)
        return {
            from_id: list(dict.fromkeys(each.to_record_id for each in rows))
            for from_id, rows in found.items()
        }

    def pair_associations(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        pairs: Sequence[tuple[int, int]],
    ) -> dict[tuple[int, int], list[Association]]:
        """See the contract."""
        rows = self._rows(
            self._sql.PAIR_ASSOCIATIONS,
            {
                "portal_id": portal_id,
                "from_type_id": from_type_id,
                "to_type_id": to_type_id,
                "pairs": json_text(list(dict.fromkeys(pairs))),
            },
        )
        found: dict[tuple[int, int], list[Association]] = {}
        for row in rows:
            found.setdefault((row[1], row[3]), []).append(Association(*row))
        return found

    def associations_by_type(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        keys: Sequence[TypeKey],
        from_ids: Sequence[int],
    ) -> dict[int, list[Association]]:
        """See the contract."""
        rows = self._rows(
            self._sql.ASSOCIATIONS_BY_TYPE,
            {
                "portal_id": portal_id,
                "from_type_id": from_type_id,
                "to_type_id": to_type_id,
                "keys": json_text(list(keys)),
                "record_ids": self._ids(dict.fromkeys(from_ids)),
            },
        )
        found: dict[int, list[Association]] = {}
        for row in rows:
            found.setdefault(row[1], []).append(Association(*row))
        return found

    def count_by_type(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        keys: Sequence[TypeKey],
        from_ids: Sequence[int],
    ) -> dict[tuple[int, TypeKey], int]:
        """See the contract."""
        rows = self._rows(
            self._sql.COUNT_BY_TYPE,
            {
                "portal_id": portal_id,
                "from_type_id": from_type_id,
                "to_type_id": to_type_id,
                "keys": json_text(list(keys)),
                "record_ids": self._ids(dict.fromkeys(from_ids)),
            },
        )
        return {(row[0], (row[1], row[2])): row[3] for row in rows}
