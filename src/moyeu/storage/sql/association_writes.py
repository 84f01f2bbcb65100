"""The part of a transaction that writes associations."""

from collections.abc import Sequence

from moyeu.crm.associations import Association
from moyeu.storage.sql.associations import AssociationReads
from moyeu.storage.sql.list_writes import ListWrites


class AssociationWrites(AssociationReads, ListWrites):
    """The writes of associations; lists that look at associated records hear of them."""

    def put_associations(self, portal_id: int, associations: Sequence[Association]) -> None:
        """See the contract."""
        self._run_many(self._sql.PUT_ASSOCIATION, portal_id, associations)
        self._note_related_changes(portal_id, {each.to_object_type_id for each in associations})

    def remove_associations(self, portal_id: int, associations: Sequence[Association]) -> None:
        """See the contract."""
        self._run_many(self._sql.REMOVE_ASSOCIATION, portal_id, associations)
        self._note_related_changes(portal_id, {each.to_object_type_id for each in associations})

    def _associations_of(
        self, portal_id: int, object_type_id: str, record_id: int
    ) -> tuple[list[Association], list[Association]]:
        """The associations from a record, and those to it."""
        forth = self.associations(portal_id, object_type_id, [record_id])[record_id]
        rows = self._rows(
            self._sql.ASSOCIATIONS_BACK,
            {
                "portal_id": portal_id,
                "object_type_id": object_type_id,
                "record_id": record_id,
                "record_ids": self._ids({each.to_record_id for each in forth}),
            },
        )
        return forth, [Association(*row) for row in rows]

    def _move_associations(
        self, portal_id: int, object_type_id: str, record_id: int, survivor_id: int
    ) -> None:
        forth, back = self._associations_of(portal_id, object_type_id, record_id)
        self.remove_associations(portal_id, forth + back)
        # A record of another type may have the survivor's id, in a copied portal.
        survivor = object_type_id, survivor_id
        moved = [
            each._replace(from_record_id=survivor_id)
            for each in forth
            if (each.to_object_type_id, each.to_record_id) != survivor
        ]
        moved += [
            each._replace(to_record_id=survivor_id)
            for each in back
            if (each.from_object_type_id, each.from_record_id) != survivor
        ]
        self.put_associations(portal_id, moved)
