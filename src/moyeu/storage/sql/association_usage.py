"""The part of a transaction that tells how much associations are used."""

from moyeu.catalog.associations import AssociationType
from moyeu.crm.associations import Association
from moyeu.storage.contract import CrowdedRecords
from moyeu.storage.sql.rows import SqlRows


class AssociationUsageReads(SqlRows):
    """The reads that look at associations of all records together."""

    def association_type_in_use(self, portal_id: int, kind: AssociationType) -> bool:
        """See the contract."""
        assert kind.category != "HUBSPOT_DEFINED", "HubSpot's own types have no index"
        rows = self._rows(
            self._sql.ASSOCIATION_TYPE_IN_USE,
            {"portal_id": portal_id, "category": kind.category, "type_id": kind.type_id},
        )
        return bool(rows)

    def associations_of_type(
        self, portal_id: int, kind: AssociationType, count_max: int
    ) -> list[Association]:
        """See the contract."""
        assert kind.category != "HUBSPOT_DEFINED", "HubSpot's own types have no index"
        rows = self._rows(
            self._sql.ASSOCIATIONS_OF_TYPE,
            {
                "portal_id": portal_id,
                "category": kind.category,
                "type_id": kind.type_id,
                "count_max": count_max,
            },
        )
        return [Association(*row) for row in rows]

    def fullest_records(self, portal_id: int) -> dict[tuple[str, str], int]:
        """See the contract."""
        rows = self._rows(self._sql.FULLEST_RECORDS, {"portal_id": portal_id})
        return {(row[0], row[1]): row[2] for row in rows}

    def crowded_records(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        linked: range,
        count_max: int,
    ) -> CrowdedRecords:
        """See the contract."""
        rows = self._rows(
            self._sql.CROWDED_RECORDS,
            {
                "portal_id": portal_id,
                "from_type_id": from_type_id,
                "to_type_id": to_type_id,
                "linked_min": linked.start,
                "linked_end": linked.stop,
                "count_max": count_max,
            },
        )
        total = rows[0][2] if rows else 0
        return CrowdedRecords(total, [(row[0], row[1]) for row in rows])
