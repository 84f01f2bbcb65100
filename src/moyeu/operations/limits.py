"""The operations of the limits API: how much of what a portal may have it has."""

from collections.abc import Callable
from dataclasses import dataclass

from moyeu.catalog.limits import (
    CALCULATED_PROPERTIES_MAX,
    CUSTOM_OBJECT_TYPES_MAX,
    CUSTOM_PROPERTIES_MAX,
    CUSTOM_PROPERTIES_PORTAL_MAX,
    CUSTOM_RECORDS_MAX,
    PIPELINES_BY_TYPE_MAX,
    PIPELINES_MAX,
    RECORDS_MAX,
)
from moyeu.catalog.object_types import OBJECT_TYPES, ObjectType
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.object_schemas import PortalTypes
from moyeu.storage.contract import ReadTransaction, Store


@dataclass(frozen=True, slots=True)
class Usage:
    """How much is used of a limit."""

    limit: int
    usage: int

    @property
    def percentage(self) -> float:
        """Of the limit, 0 to 100 (that it is no fraction of one: a guess)."""
        return round(self.usage * 100 / self.limit, 4)


@dataclass(frozen=True, slots=True)
class TypeUsage:
    """How much one object type uses; `limit` None where only a limit of all types holds."""

    object_type: ObjectType
    usage: int
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Usages:
    """What all types use together, and each of them, in the order of the catalog."""

    overall: Usage
    types: tuple[TypeUsage, ...]


@dataclass(frozen=True, slots=True)
class SplitUsages:
    """What HubSpot's own types use, each with a limit, and what custom ones use together."""

    own: tuple[TypeUsage, ...]
    custom: Usages


def _active_types(types: PortalTypes) -> list[ObjectType]:
    """Custom object types that are not archived, by id."""
    return [types.custom[each.object_type_id] for each in types.active_schemas()]


def _custom_properties(definitions: TypeDefinitions) -> int:
    return sum(not each.hubspot_defined for each in definitions.properties.values())


def _calculated_properties(definitions: TypeDefinitions) -> int:
    return sum(
        each.calculated and not each.hubspot_defined for each in definitions.properties.values()
    )


def _pipelines(definitions: TypeDefinitions) -> int:
    """Those beyond the default one (observed)."""
    return max(len(definitions.pipelines) - 1, 0)


async def custom_properties(store: Store, portal_id: int) -> Usages:
    """Custom properties, of every type that may have some."""
    types = await _count_properties(store, portal_id, _custom_properties, CUSTOM_PROPERTIES_MAX)
    return _together(CUSTOM_PROPERTIES_PORTAL_MAX, types)


async def calculated_properties(store: Store, portal_id: int) -> Usages:
    """Calculated custom properties, of every type that may have some."""
    types = await _count_properties(store, portal_id, _calculated_properties, None)
    return _together(CALCULATED_PROPERTIES_MAX, types)


def _together(limit: int, types: tuple[TypeUsage, ...]) -> Usages:
    return Usages(Usage(limit, sum(each.usage for each in types)), types)


async def _count_properties(
    store: Store, portal_id: int, count: Callable[[TypeDefinitions], int], limit: int | None
) -> tuple[TypeUsage, ...]:
    def work(transaction: ReadTransaction) -> tuple[TypeUsage, ...]:
        # Types without definitions of their own have none that are custom.
        touched = {each.object_type_id for each in transaction.own_definitions(portal_id)}
        return tuple(
            TypeUsage(
                each,
                count(transaction.definitions(portal_id, each.id)) if each.id in touched else 0,
                limit,
            )
            for each in (*OBJECT_TYPES, *_active_types(transaction.object_types(portal_id)))
            if each.allows_custom_properties
        )

    return await store.read(work)


async def custom_object_types(store: Store, portal_id: int) -> Usage:
    """Custom object types."""

    def work(transaction: ReadTransaction) -> Usage:
        active = _active_types(transaction.object_types(portal_id))
        return Usage(CUSTOM_OBJECT_TYPES_MAX, len(active))

    return await store.read(work)


async def pipelines(store: Store, portal_id: int) -> SplitUsages:
    """Pipelines, of every type that has some."""

    def work(transaction: ReadTransaction) -> SplitUsages:
        def count(each: ObjectType) -> int:
            return _pipelines(transaction.definitions(portal_id, each.id))

        own = (each for each in OBJECT_TYPES if each.has_pipelines)
        custom = (
            TypeUsage(each, count(each))
            for each in _active_types(transaction.object_types(portal_id))
        )
        return SplitUsages(
            tuple(
                TypeUsage(each, count(each), PIPELINES_BY_TYPE_MAX.get(each.id, PIPELINES_MAX))
                for each in own
            ),
            _together(PIPELINES_MAX, tuple(custom)),
        )

    return await store.read(work)


async def records(store: Store, portal_id: int) -> SplitUsages:
    """Active records of every type; walks them all, beside the writer."""

    def work(transaction: ReadTransaction) -> SplitUsages:
        def count(each: ObjectType) -> int:
            return transaction.count_records(portal_id, each.id)

        custom = (
            TypeUsage(each, count(each))
            for each in _active_types(transaction.object_types(portal_id))
        )
        return SplitUsages(
            tuple(TypeUsage(each, count(each), RECORDS_MAX) for each in OBJECT_TYPES),
            _together(CUSTOM_RECORDS_MAX, tuple(custom)),
        )

    return await store.read(work)
