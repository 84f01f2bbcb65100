"""The operations on association types and a portal's labels: read → plan → apply."""

from moyeu.catalog.associations import AssociationType
from moyeu.crm.association_labels import (
    LabelChange,
    NewLabel,
    in_use_problem,
    plan_label_change,
    plan_label_create,
    plan_label_removal,
)
from moyeu.crm.associations import association_types_of
from moyeu.crm.problems import Problem
from moyeu.operations.associations import free_association_type_id
from moyeu.operations.turns import write_in_turn
from moyeu.storage.contract import Store, WriteTransaction


async def list_types(
    store: Store, portal_id: int, from_id: str, to_id: str
) -> tuple[AssociationType, ...]:
    """All association types of one direction, HubSpot's own first."""
    types = await store.read(lambda transaction: transaction.object_types(portal_id), few=True)
    return association_types_of(types).between(from_id, to_id)


async def create_label(
    store: Store, portal_id: int, from_id: str, to_id: str, given: NewLabel
) -> tuple[AssociationType, ...] | Problem:
    """Makes a label; its types, the inverse one first."""

    def work(transaction: WriteTransaction) -> tuple[AssociationType, ...] | Problem:
        types = transaction.object_types(portal_id)
        first_id = free_association_type_id(transaction, portal_id)
        planned = plan_label_create(types, from_id, to_id, given, first_id)
        if not isinstance(planned, Problem):
            transaction.put_association_types(portal_id, planned)
        return planned

    return await write_in_turn(store, work)


async def change_label(
    store: Store, portal_id: int, from_id: str, to_id: str, change: LabelChange
) -> Problem | None:
    """Gives a label new texts."""

    def work(transaction: WriteTransaction) -> Problem | None:
        planned = plan_label_change(transaction.object_types(portal_id), from_id, to_id, change)
        if isinstance(planned, Problem):
            return planned
        transaction.put_association_types(portal_id, planned.types)
        for schema in planned.schemas:
            transaction.put_schema(portal_id, schema)
        return None

    return await write_in_turn(store, work)


async def remove_label(
    store: Store, portal_id: int, from_id: str, to_id: str, type_id: int
) -> Problem | None:
    """Deletes a label in both directions, with its limits; refused while records have it.

    Archived records hold it back too (ours): they would come back with a type that is gone.
    """

    def work(transaction: WriteTransaction) -> Problem | None:
        planned = plan_label_removal(transaction.object_types(portal_id), from_id, to_id, type_id)
        if isinstance(planned, Problem):
            return planned
        for each in planned.types:
            if transaction.association_type_in_use(portal_id, each):
                return in_use_problem(each)
        transaction.remove_association_types(portal_id, planned.types)
        for schema in planned.schemas:
            transaction.put_schema(portal_id, schema)
        return None

    return await write_in_turn(store, work)
