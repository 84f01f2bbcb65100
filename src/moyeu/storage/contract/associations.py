"""What engines promise of associations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.crm.association_values import ActiveLinks, AssociationStart
from moyeu.crm.associations import Association


@dataclass(frozen=True, slots=True)
class CrowdedRecords:
    """Records with many associations: how many there are, and the first of them.

    records: (record id, with how many records of the other type it is associated), most first,
    then ascending by id.
    """

    total: int
    records: list[tuple[int, int]]


class AssociationReads(Protocol):
    """The reads of associations."""

    def associations(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> dict[int, list[Association]]:
        """The associations from each record of one type.

        Ascending by to-type, to-record, category and type id.
        """
        ...

    def active_ids(
        self, portal_id: int, object_type_id: str, record_ids: Sequence[int]
    ) -> frozenset[int]:
        """Those of the record ids that are of active records; reads no documents."""
        ...

    def linked(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        starts: Sequence[tuple[int, int]],
        count_max: int,
    ) -> dict[int, list[Association]]:
        """What each record is associated with among the active records of a type.

        starts: (from-record id, the lowest to-record id that counts), each from-record once.
        Of each the associations with the first `count_max` to-records, ascending by to-record,
        category and type; none from records that are not active. What it costs grows with what it
        answers, not with how many associations a record has.
        """
        ...

    def linked_ids(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        starts: Sequence[tuple[int, int]],
        count_max: int,
    ) -> dict[int, list[int]]:
        """The to-records of `linked` alone, each once, ascending."""
        ...

    def pair_associations(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        pairs: Sequence[tuple[int, int]],
    ) -> dict[tuple[int, int], list[Association]]:
        """The associations of each (from-record id, to-record id), ascending by category and type.

        Those of archived records too; pairs without any are left out.
        """
        ...

    def associations_by_type(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        keys: Sequence[TypeKey],
        from_ids: Sequence[int],
    ) -> dict[int, list[Association]]:
        """The associations of these types from each record, ascending by to-record.

        Those to archived records too; records without any are left out.
        """
        ...

    def count_by_type(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        keys: Sequence[TypeKey],
        from_ids: Sequence[int],
    ) -> dict[tuple[int, TypeKey], int]:
        """How many associations of these types lead from each record to records of a type.

        Those to archived records too; what there is none of may be left out. It walks the
        associations of each record with the other type.
        """
        ...

    def active_links(
        self, portal_id: int, kind: AssociationType, from_ids: Sequence[int]
    ) -> dict[int, ActiveLinks]:
        """With how many active records each record is associated by a type.

        Every record that was asked for is answered. It walks the associations of each record with
        the other type.
        """
        ...

    def associations_from(
        self,
        portal_id: int,
        from_type_id: str,
        starts: Sequence[AssociationStart],
        count_max: int,
    ) -> list[Association]:
        """The associations from and to any records, of each start the first `count_max`.

        Ascending by from-record, to-type, to-record, category and type id. What it costs grows
        with what it answers and passes over: other types between the same records.
        """
        ...

    def association_type_in_use(self, portal_id: int, kind: AssociationType) -> bool:
        """Whether any record, an archived one too, has an association of a type.

        The type is not one of HubSpot's: the others have an index by type.
        """
        ...

    def associations_of_type(
        self, portal_id: int, kind: AssociationType, count_max: int
    ) -> list[Association]:
        """Some associations of a type, all if there are no more; not of HubSpot's own types.

        What it costs grows with what it answers.
        """
        ...

    def fullest_records(self, portal_id: int) -> dict[tuple[str, str], int]:
        """With how many records of one type the fullest record of another is associated.

        By (from-type, to-type); archived records count. Walks all associations of the portal.
        """
        ...

    def crowded_records(
        self,
        portal_id: int,
        from_type_id: str,
        to_type_id: str,
        linked: range,
        count_max: int,
    ) -> CrowdedRecords:
        """The records that are associated with so many records of a type, archived ones too.

        At most `count_max` of them are told. Walks all associations of the portal.
        """
        ...

    def associations_after(
        self, portal_id: int, after: Association | None, count_max: int
    ) -> list[Association]:
        """All associations of the portal after that one, ascending by from-record and the rest."""
        ...

    def related_changes(self, portal_id: int, object_type_ids: Sequence[str]) -> int:
        """A number that grows whenever associations to records of one of these types change.

        It grows too when some of those records are archived, come back, are merged or erased.
        """
        ...


class AssociationWrites(Protocol):
    """The writes of associations."""

    def put_associations(self, portal_id: int, associations: Sequence[Association]) -> None:
        """Adds associations; those that are there already stay."""
        ...

    def remove_associations(self, portal_id: int, associations: Sequence[Association]) -> None:
        """Removes associations; those that are not there are passed over."""
        ...
