"""The part of a transaction that tells what values that follow from associations are made of."""

from collections.abc import Sequence

from moyeu.catalog.associations import AssociationType
from moyeu.crm.association_values import ActiveLinks, AssociationStart
from moyeu.crm.associations import Association
from moyeu.storage.sql.rows import SqlRows, json_text


class AssociationValueReads(SqlRows):
    """The reads that counters and ids of associated records are worked out from."""

    def active_links(
        self, portal_id: int, kind: AssociationType, from_ids: Sequence[int]
    ) -> dict[int, ActiveLinks]:
        """See the contract."""
        rows = self._rows(
            self._sql.ACTIVE_LINKS,
            {
                "portal_id": portal_id,
                "from_type_id": kind.from_object_type_id,
                "to_type_id": kind.to_object_type_id,
                "category": kind.category,
                "type_id": kind.type_id,
                "record_ids": self._ids(from_ids),
            },
        )
        return {from_id: ActiveLinks(count, first_id or 0) for from_id, count, first_id in rows}

    def associations_from(
        self,
        portal_id: int,
        from_type_id: str,
        starts: Sequence[AssociationStart],
        count_max: int,
    ) -> list[Association]:
        """See the contract."""
        rows = self._rows(
            self._sql.ASSOCIATIONS_FROM,
            {
                "portal_id": portal_id,
                "from_type_id": from_type_id,
                "starts": json_text(
                    [
                        (each.from_id, each.kind.to_object_type_id, *each.kind.key, each.first_id)
                        for each in starts
                    ]
                ),
                "count_max": count_max,
            },
        )
        return [Association(*row) for row in rows]
