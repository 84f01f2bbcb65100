"""The operations on schemas of object types: read → plan → apply, one function each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.catalog.limits import BATCH_INPUTS_MAX
from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.association_labels import types_of_object_type
from moyeu.crm.associations import association_types_of, both_directions
from moyeu.crm.callers import Occasion
from moyeu.crm.object_schemas import ObjectSchema, SchemaAssociation
from moyeu.crm.problems import Problem, TooManyInputs
from moyeu.crm.schema_associations import (
    AssociationRemoval,
    NewAssociation,
    associations_shown,
    find_type,
    plan_association_create,
    plan_association_removal,
)
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.crm.schemas import (
    NewIds,
    NewSchema,
    PurgePlan,
    SchemaChange,
    SchemaCreatePlan,
    find_own_schema,
    plan_schema_archive,
    plan_schema_create,
    plan_schema_purge,
    plan_schema_update,
)
from moyeu.operations.associations import free_association_type_id
from moyeu.operations.turns import write_in_turn
from moyeu.storage.contract import ReadTransaction, Store, WriteTransaction

_ASSOCIATIONS_PART = 2_000
"""Associations of a type that are removed in one turn: what others wait for."""


@dataclass(frozen=True, slots=True)
class SchemaWish:
    """What a read of schemas is to answer beside the schemas themselves."""

    properties: bool = True
    associations: bool = True


@dataclass(frozen=True, slots=True)
class DescribedType:
    """An object type with what was wished for; `schema` is None of HubSpot's own types."""

    object_type: ObjectType
    schema: ObjectSchema | None
    properties: tuple[PropertyDefinition, ...] = ()
    associations: tuple[SchemaAssociation, ...] = ()


# --- reading ---------------------------------------------------------------------------------


async def list_schemas(
    store: Store, portal_id: int, wish: SchemaWish, *, archived: bool
) -> list[DescribedType]:
    """The portal's custom types by id; with `archived` those that are archived as well.

    That active ones stay in the list is observed 2026-10-05.
    """

    def work(transaction: ReadTransaction) -> list[DescribedType]:
        types = transaction.object_types(portal_id)
        shown = [each for each in types.schemas.values() if archived or each.archived_at_ms is None]
        shown.sort(key=lambda each: int(each.inner_id))
        return [
            _described(transaction, portal_id, types.custom[each.object_type_id], wish)
            for each in shown
        ]

    return await store.read(work)


async def read_schema(
    store: Store, portal_id: int, text: str, wish: SchemaWish
) -> DescribedType | UnknownObjectType:
    """One active object type, HubSpot's own ones too (observed)."""

    def work(transaction: ReadTransaction) -> DescribedType | UnknownObjectType:
        found = find_type(transaction.object_types(portal_id), text)
        if isinstance(found, Problem):
            return found
        return _described(transaction, portal_id, found, wish)

    return await store.read(work)


async def read_schemas(
    store: Store, portal_id: int, texts: Sequence[str], wish: SchemaWish
) -> list[DescribedType] | Problem:
    """The object types that are named, each once; names of none are passed over (a guess)."""
    if len(texts) > BATCH_INPUTS_MAX:
        return TooManyInputs(BATCH_INPUTS_MAX)

    def work(transaction: ReadTransaction) -> list[DescribedType]:
        types = transaction.object_types(portal_id)
        named = (types.find(text) for text in texts)
        found = {each.id: each for each in named if each is not None}
        return [_described(transaction, portal_id, each, wish) for each in found.values()]

    return await store.read(work)


def _described(
    transaction: ReadTransaction, portal_id: int, object_type: ObjectType, wish: SchemaWish
) -> DescribedType:
    types = transaction.object_types(portal_id)
    schema = types.schemas.get(object_type.id)
    if schema is not None and schema.archived_at_ms is not None:
        # An archived one shows neither (observed 2026-10-05).
        return DescribedType(object_type, schema)
    properties: tuple[PropertyDefinition, ...] = ()
    if wish.properties:
        properties = tuple(transaction.definitions(portal_id, object_type.id).properties.values())
    associations = associations_shown(types, object_type) if wish.associations else ()
    return DescribedType(object_type, schema, properties, associations)


# --- writing ---------------------------------------------------------------------------------


async def create_schema(
    store: Store, occasion: Occasion, given: NewSchema
) -> DescribedType | Problem:
    """Makes a custom object type with its properties, group and associations, or nothing."""
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> DescribedType | Problem:
        types = transaction.object_types(portal_id)
        ids = NewIds(
            f"2-{transaction.counters(portal_id).next_object_type}",
            free_association_type_id(transaction, portal_id),
        )
        plan = plan_schema_create(
            given,
            types,
            occasion,
            ids,
            custom_properties=sum(transaction.count_custom_properties(portal_id).values()),
        )
        if isinstance(plan, Problem):
            return plan
        _create(transaction, portal_id, plan)
        object_type = transaction.object_types(portal_id).custom[ids.object_type_id]
        return _described(transaction, portal_id, object_type, SchemaWish())

    return await write_in_turn(store, work)


def _create(transaction: WriteTransaction, portal_id: int, plan: SchemaCreatePlan) -> None:
    if plan.purge is not None:
        _purge(transaction, portal_id, plan.purge)
    type_id = transaction.new_object_type_id(portal_id)
    assert type_id == plan.schema.object_type_id
    transaction.put_schema(portal_id, plan.schema)
    for group in plan.groups:
        # Kept, as its label does not follow a later change of the type's (a guess).
        transaction.put_group(portal_id, type_id, group)
    for definition in plan.properties:
        transaction.put_property(portal_id, type_id, definition)


async def update_schema(
    store: Store, occasion: Occasion, text: str, change: SchemaChange
) -> DescribedType | Problem:
    """Changes an active custom type; answers it without properties and associations."""
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> DescribedType | Problem:
        schema = find_own_schema(transaction.object_types(portal_id), text)
        if isinstance(schema, Problem):
            return schema
        definitions = transaction.definitions(portal_id, schema.object_type_id)
        planned = plan_schema_update(schema, change, definitions, occasion)
        if isinstance(planned, Problem):
            return planned
        transaction.put_schema(portal_id, planned)
        object_type = transaction.object_types(portal_id).custom[schema.object_type_id]
        return DescribedType(object_type, planned)

    return await write_in_turn(store, work)


async def archive_schema(store: Store, occasion: Occasion, text: str) -> Problem | None:
    """Archives a custom type that has no active record."""
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> Problem | None:
        schema = find_own_schema(transaction.object_types(portal_id), text)
        if isinstance(schema, Problem):
            return schema
        first = transaction.page(portal_id, schema.object_type_id, 0, 1, archived=False)
        planned = plan_schema_archive(schema, occasion, has_records=bool(first))
        if isinstance(planned, Problem):
            return planned
        transaction.put_schema(portal_id, planned)
        return None

    return await write_in_turn(store, work)


async def purge_schema(store: Store, portal_id: int, text: str) -> Problem | None:
    """Removes an archived custom type with all that belongs to it."""

    def work(transaction: WriteTransaction) -> Problem | None:
        plan = plan_schema_purge(transaction.object_types(portal_id), text)
        if isinstance(plan, Problem):
            return plan
        _purge(transaction, portal_id, plan)
        return None

    return await write_in_turn(store, work)


def _purge(transaction: WriteTransaction, portal_id: int, plan: PurgePlan) -> None:
    types = transaction.object_types(portal_id)
    gone = types_of_object_type(types, plan.object_type_id)
    transaction.purge_object_type(portal_id, plan.object_type_id)
    # Those of the other direction are kept with the other type.
    transaction.remove_association_types(portal_id, gone)
    for schema in plan.changed:
        transaction.put_schema(portal_id, schema)


async def create_association(
    store: Store, occasion: Occasion, given: NewAssociation
) -> SchemaAssociation | Problem:
    """Lets records of two types be associated, one of them a custom type."""
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> SchemaAssociation | Problem:
        types = transaction.object_types(portal_id)
        first_id = free_association_type_id(transaction, portal_id)
        planned = plan_association_create(given, types, occasion, first_id)
        if isinstance(planned, Problem):
            return planned
        schema, row = planned
        transaction.put_schema(portal_id, schema)
        return row

    return await write_in_turn(store, work)


async def remove_association(
    store: Store, portal_id: int, text: str, identifier: str
) -> Problem | None:
    """Removes an association of a type in both directions, and from all records that have it.

    From many records in parts, each in a turn of its own; the last one takes the association with
    it, so that no record is seen with a type that is gone. RecordsLocked when a turn does not come
    in time: the same call again goes on.
    """

    def work(transaction: WriteTransaction) -> Problem | bool:
        """Whether it is done."""
        types = transaction.object_types(portal_id)
        planned = plan_association_removal(types, text, identifier)
        if isinstance(planned, Problem):
            return planned
        gone = [
            each for each in association_types_of(types).own() if _is_removed(planned, each.key)
        ]
        if not _remove_from_records(transaction, portal_id, gone):
            return False
        if planned.schema is not None:
            transaction.put_schema(portal_id, planned.schema)
        # Their limits go too.
        transaction.remove_association_types(portal_id, gone)
        return True

    while (outcome := await write_in_turn(store, work)) is False:
        pass
    return outcome if isinstance(outcome, Problem) else None


def _is_removed(removal: AssociationRemoval, key: TypeKey) -> bool:
    category, type_id = key
    return category == "USER_DEFINED" and type_id in removal.type_ids


def _remove_from_records(
    transaction: WriteTransaction, portal_id: int, gone: Iterable[AssociationType]
) -> bool:
    """Removes a part of the associations of these types, both directions; whether it was the last.

    The inverse of a type is among them, so a part may be twice as large.
    """
    types = association_types_of(transaction.object_types(portal_id))
    is_last = True
    for kind in gone:
        part = transaction.associations_of_type(portal_id, kind, _ASSOCIATIONS_PART)
        rows = [
            row
            for each in part
            for row in both_directions(types, kind, each.from_record_id, each.to_record_id)
        ]
        transaction.remove_associations(portal_id, rows)
        is_last = is_last and len(part) < _ASSOCIATIONS_PART
    return is_last
