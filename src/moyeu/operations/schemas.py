"""The operations on schemas of object types: read → plan → apply, one function each."""

from collections.abc import Sequence
from dataclasses import dataclass

from moyeu.catalog.limits import BATCH_INPUTS_MAX
from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.callers import Occasion
from moyeu.crm.object_schemas import ObjectSchema, SchemaAssociation
from moyeu.crm.problems import Problem, TooManyInputs
from moyeu.crm.schema_associations import (
    AssociationRemoval,
    NewAssociation,
    associations_shown,
    find_type,
    next_association_type_id,
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
from moyeu.operations.turns import write_in_turn
from moyeu.storage.contract import ReadTransaction, Store, WriteTransaction

_ASSOCIATIONS_PART = 2_000
"""Associations between records that are looked at in one statement."""


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
            _next_association_type_id(transaction, portal_id),
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


def _next_association_type_id(transaction: ReadTransaction, portal_id: int) -> int:
    labels = (
        int(each.name.rpartition(":")[2])
        for each in transaction.own_definitions(portal_id)
        if each.kind == "association_type"
    )
    return next_association_type_id(transaction.object_types(portal_id), labels)


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
    transaction.purge_object_type(portal_id, plan.object_type_id)
    for schema in plan.changed:
        transaction.put_schema(portal_id, schema)


async def create_association(
    store: Store, occasion: Occasion, given: NewAssociation
) -> SchemaAssociation | Problem:
    """Lets records of two types be associated, one of them a custom type."""
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> SchemaAssociation | Problem:
        types = transaction.object_types(portal_id)
        first_id = _next_association_type_id(transaction, portal_id)
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

    In one turn: ids are given out again, so no record may keep one that is gone.
    """

    def work(transaction: WriteTransaction) -> Problem | None:
        planned = plan_association_removal(transaction.object_types(portal_id), text, identifier)
        if isinstance(planned, Problem):
            return planned
        transaction.put_schema(portal_id, planned.schema)
        _remove_from_records(transaction, portal_id, planned)
        return None

    return await write_in_turn(store, work)


def _remove_from_records(
    transaction: WriteTransaction, portal_id: int, removal: AssociationRemoval
) -> None:
    after = None
    while part := transaction.associations_after(portal_id, after, _ASSOCIATIONS_PART):
        after = part[-1]
        gone = [
            each
            for each in part
            if each.category == "USER_DEFINED" and each.type_id in removal.type_ids
        ]
        transaction.remove_associations(portal_id, gone)
