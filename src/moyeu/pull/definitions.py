"""Copying the definitions of one portal: custom types, owners, and what each type has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from moyeu.catalog.object_types import OBJECT_TYPES, ObjectType
from moyeu.catalog.pipelines import Pipeline, standard_pipelines
from moyeu.catalog.properties import (
    PropertyDefinition,
    PropertyGroup,
    standard_groups,
    standard_properties,
)
from moyeu.crm.definitions import Owner
from moyeu.crm.object_schemas import ObjectSchema, object_type_of
from moyeu.crm.validations import ValidationRule
from moyeu.pull.addresses import Addresses
from moyeu.pull.client import Refused, Upstream
from moyeu.pull.reading import (
    SENSITIVITIES,
    GroupBody,
    OwnerBody,
    Page,
    PipelineBody,
    PropertyBody,
    PropertyRulesBody,
    SchemaBody,
    group_of,
    owner_of,
    pipeline_of,
    property_of,
    rules_of,
)
from moyeu.pull.schemas import schemas_of, without_labels
from moyeu.storage.contract import Counters, WriteTransaction

T = TypeVar("T")

_PAGE = 100


@dataclass(frozen=True, slots=True)
class ReadSchemas:
    """The custom types of the other side; names: what they may be called there, by type id."""

    schemas: tuple[ObjectSchema, ...]
    names: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class ReadType:
    """What the other side says about one type. schema: of a custom one.

    pipelines: None where it tells none at all.
    """

    object_type: ObjectType
    properties: tuple[PropertyDefinition, ...]
    groups: tuple[PropertyGroup, ...] | None
    pipelines: tuple[Pipeline, ...] | None
    validations: Mapping[str, tuple[ValidationRule, ...]] = field(default_factory=dict)
    schema: ObjectSchema | None = None


async def read_all(
    upstream: Upstream, shape: type[T], path: str, query: Mapping[str, str]
) -> list[T] | Refused:
    """The results of all pages."""
    results: list[T] = []
    asked = dict(query)
    while True:
        page = await upstream.get(Page[shape], path, asked)  # type: ignore[valid-type] # a type at run time
        if isinstance(page, Refused):
            return page
        results += page.results
        if page.after is None:
            return results
        asked["after"] = page.after


async def read_schemas(
    upstream: Upstream, addresses: Addresses, portal_id: int
) -> ReadSchemas | Refused:
    """The custom types, archived ones too; portal_id: of the portal that they will be of."""
    bodies: list[SchemaBody] = []
    for archived in ("false", "true"):
        query = {"archived": archived, "includePropertyDefinitions": "false"}
        found = await read_all(upstream, SchemaBody, addresses.schemas(), query)
        if isinstance(found, Refused):
            return found
        bodies += found
    return ReadSchemas(
        tuple(schemas_of(bodies)),
        {
            each.object_type_id: frozenset(
                name.lower()
                for name in (
                    each.object_type_id,
                    each.name,
                    f"p_{each.name}",
                    f"p{portal_id}_{each.name}",
                    each.fully_qualified_name or "",
                )
            )
            for each in bodies
        },
    )


async def read_owners(upstream: Upstream, addresses: Addresses) -> list[Owner] | Refused:
    """The owners, active and archived ones."""
    owners: list[Owner] = []
    for archived in (False, True):
        query = {"limit": str(_PAGE), "archived": str(archived).lower()}
        found = await read_all(upstream, OwnerBody, addresses.owners(), query)
        if isinstance(found, Refused):
            return found
        owners += [owner_of(each, archived=archived) for each in found]
    return owners


async def read_type(
    upstream: Upstream,
    addresses: Addresses,
    portal_id: int,
    object_type: ObjectType,
    schema: ObjectSchema | None,
) -> ReadType | Refused:
    """What the other side says about a type; refused where it does not tell its properties."""
    properties = await _read_properties(upstream, addresses.properties(object_type))
    if isinstance(properties, Refused):
        return properties
    groups = await read_all(upstream, GroupBody, f"{addresses.properties(object_type)}/groups", {})
    pipelines = await read_all(upstream, PipelineBody, addresses.pipelines(object_type), {})
    rules = await read_all(upstream, PropertyRulesBody, addresses.validations(object_type), {})
    if schema is not None:
        has_pipelines = not isinstance(pipelines, Refused) and bool(pipelines)
        has_pipelines |= any(each.name == "hs_pipeline" for each in properties)
        schema = replace(schema, has_pipelines=has_pipelines)
        object_type = object_type_of(portal_id, schema)
    return ReadType(
        object_type,
        properties,
        None if isinstance(groups, Refused) else tuple(map(group_of, groups)),
        None
        if isinstance(pipelines, Refused)
        else tuple(pipeline_of(each, object_type) for each in pipelines if not each.archived),
        {}
        if isinstance(rules, Refused)
        else {each.property_name: rules_of(each) for each in rules},
        schema,
    )


async def _read_properties(
    upstream: Upstream, path: str
) -> tuple[PropertyDefinition, ...] | Refused:
    """Those of every sensitivity that the token may see, each name once, active ones first."""
    found: dict[str, PropertyDefinition] = {}
    for archived in (False, True):
        for sensitivity in SENSITIVITIES:
            query = {"archived": str(archived).lower(), "dataSensitivity": sensitivity}
            bodies = await read_all(upstream, PropertyBody, path, query)
            if isinstance(bodies, Refused):
                if not found and not archived and sensitivity == SENSITIVITIES[0]:
                    return bodies
                continue
            for each in bodies:
                found.setdefault(each.name, property_of(each, archived=archived))
    return tuple(found.values())


def put_schemas(
    transaction: WriteTransaction, portal_id: int, schemas: Sequence[ObjectSchema]
) -> None:
    """Puts the custom types, and sees to it that their ids are given to no other."""
    known = transaction.object_types(portal_id)
    labels = {each.key for each in known.labels}
    for each in schemas:
        before = known.schemas.get(each.object_type_id)
        has_pipelines = before is not None and before.has_pipelines
        schema = replace(each, has_pipelines=has_pipelines)
        transaction.put_schema(portal_id, without_labels(schema, labels))
    last = max((int(each.inner_id) for each in schemas), default=0)
    transaction.restore_counters(portal_id, Counters(0, last + 1))


def put_type(transaction: WriteTransaction, portal_id: int, read: ReadType) -> None:
    """Puts the definitions of a type in the place of what the portal had of it.

    The catalog's guesses go where the other side knows better: properties and pipelines that it
    has not, groups likewise. Other properties of the catalog stay, since a token may not see all.
    """
    type_id = read.object_type.id
    if read.schema is not None:
        labels = {each.key for each in transaction.object_types(portal_id).labels}
        transaction.put_schema(portal_id, without_labels(read.schema, labels))
    told = {each.name for each in read.properties}
    for each in read.properties:
        transaction.put_property(portal_id, type_id, each)
    for each in standard_properties(read.object_type):
        if each.guessed and each.name not in told:
            transaction.remove_standard_property(portal_id, type_id, each.name)
    if read.groups is not None:
        _put_groups(transaction, portal_id, read.object_type, read.groups)
    if read.pipelines is not None:
        _put_pipelines(transaction, portal_id, read.object_type, read.pipelines)
    rules = transaction.definitions(portal_id, type_id).validations
    for name in rules.keys() | read.validations.keys():
        transaction.put_validations(portal_id, type_id, name, read.validations.get(name, ()))


def _put_groups(
    transaction: WriteTransaction,
    portal_id: int,
    object_type: ObjectType,
    groups: Sequence[PropertyGroup],
) -> None:
    told = {each.name for each in groups}
    for each in groups:
        transaction.put_group(portal_id, object_type.id, each)
    for each in standard_groups(object_type):
        if each.name not in told:
            transaction.put_group(portal_id, object_type.id, replace(each, archived=True))


def _put_pipelines(
    transaction: WriteTransaction,
    portal_id: int,
    object_type: ObjectType,
    pipelines: Sequence[Pipeline],
) -> None:
    told = {each.id for each in pipelines}
    for each in pipelines:
        transaction.put_pipeline(portal_id, object_type.id, each)
    own = transaction.definitions(portal_id, object_type.id).pipelines
    for each in {*own, *standard_pipelines(object_type)}:
        if each.id not in told:
            transaction.remove_pipeline(portal_id, object_type.id, each.id)


def all_types(
    portal_id: int, schemas: Sequence[ObjectSchema]
) -> list[tuple[ObjectType, ObjectSchema | None]]:
    """HubSpot's own types and the custom ones that are not archived."""
    own: list[tuple[ObjectType, ObjectSchema | None]] = [(each, None) for each in OBJECT_TYPES]
    return own + [
        (object_type_of(portal_id, each), each) for each in schemas if each.archived_at_ms is None
    ]
