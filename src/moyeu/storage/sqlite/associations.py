"""The part of a transaction that reads associations in parts, by pairs and by types."""

from collections.abc import Sequence
from typing import Protocol

from moyeu.catalog.associations import TypeKey
from moyeu.crm.associations import Association
from moyeu.storage.sqlite import association_queries as queries
from moyeu.storage.sqlite.rows import Rows, json_text


class _Links(Protocol):
    def linked(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        starts: Sequence[tuple[int, int]],
        count_max: int,
    ) -> dict[int, list[Association]]: ...


class AssociationReads:
    """The reads of associations beside those of whole records."""

    def active_ids(
        self: Rows, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> frozenset[int]:
        """See the contract."""
        rows = self._rows(
            queries.ACTIVE_IDS,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_ids": json_text(list(record_ids)),
            },
        )
        return frozenset(record_id for (record_id,) in rows)

    def linked(
        self: Rows,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        starts: Sequence[tuple[int, int]],
        count_max: int,
    ) -> dict[int, list[Association]]:
        """See the contract."""
        rows = self._rows(
            queries.LINKED,
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
        self: _Links,
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
        self: Rows,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        pairs: Sequence[tuple[int, int]],
    ) -> dict[tuple[int, int], list[Association]]:
        """See the contract."""
        rows = self._rows(
            queries.PAIR_ASSOCIATIONS,
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
        self: Rows,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        keys: Sequence[TypeKey],
        from_ids: Sequence[int],
    ) -> dict[int, list[Association]]:
        """See the contract."""
        rows = self._rows(
            queries.ASSOCIATIONS_BY_TYPE,
            {
                "portal_id": portal_id,
                "from_type_id": from_type_id,
                "to_type_id": to_type_id,
                "keys": json_text(list(keys)),
                "record_ids": json_text(list(dict.fromkeys(from_ids))),
            },
        )
        found: dict[int, list[Association]] = {}
        for row in rows:
            found.setdefault(row[1], []).append(Association(*row))
        return found

    def count_by_type(
        self: Rows,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        keys: Sequence[TypeKey],
        from_ids: Sequence[int],
    ) -> dict[tuple[int, TypeKey], int]:
        """See the contract."""
        rows = self._rows(
            queries.COUNT_BY_TYPE,
            {
                "portal_id": portal_id,
                "from_type_id": from_type_id,
                "to_type_id": to_type_id,
                "keys": json_text(list(keys)),
                "record_ids": json_text(list(dict.fromkeys(from_ids))),
            },
        )
        return {(row[0], (row[1], row[2])): row[3] for row in rows}
