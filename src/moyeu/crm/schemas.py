"""The rules of custom object schemas: what a create, an update, an archive and a purge mean.

All pure: from what is given and the portal's object types as they are to what is to be kept.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Final

from moyeu.catalog.custom_objects import ACTIVITY_OBJECTS, DEFAULT_SEARCHABLE_PROPERTIES
from moyeu.catalog.limits import (
    CUSTOM_OBJECT_TYPES_MAX,
    OBJECT_TYPE_NAME_CHARACTERS_MAX,
)
from moyeu.catalog.properties import (
    PropertyDefinition,
    PropertyGroup,
    standard_groups,
    standard_properties,
)
from moyeu.crm.callers import Occasion
from moyeu.crm.definition_inputs import NewProperty
from moyeu.crm.definitions import TypeDefinitions, define_type
from moyeu.crm.display_properties import Named, display_problem
from moyeu.crm.object_schemas import (
    ObjectSchema,
    PortalTypes,
    SchemaAssociation,
    object_type_of,
)
from moyeu.crm.problems import Problem
from moyeu.crm.property_definitions import plan_create, with_property
from moyeu.crm.schema_associations import both_directions, find_type, name_in_associations
from moyeu.crm.schema_problems import (
    HubSpotDefinedType,
    InvalidObjectTypeLabel,
    InvalidObjectTypeName,
    NoArchivedObjectType,
    ObjectTypeExists,
    ObjectTypeHasRecords,
    PrimaryDisplayPropertyMissing,
    SensitivePropertiesFixed,
    TooManyObjectTypes,
    UnknownObjectType,
)

_NAME_FORM: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
"""Source: observed 2026-10-05."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSchema:
    """A create as sent. Property tuples hold names.

    properties: an empty `group_name` asks for the type's own group. associated_objects: names or
    ids of object types.
    """

    name: str
    label: str
    label_plural: str
    primary_display_property: str | None = None
    description: str | None = None
    secondary_display_properties: tuple[str, ...] = ()
    required_properties: tuple[str, ...] = ()
    searchable_properties: tuple[str, ...] = ()
    allows_sensitive_properties: bool = True
    properties: tuple[NewProperty, ...] = ()
    associated_objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """An update as sent; None keeps what there is."""

    label: str | None = None
    label_plural: str | None = None
    description: str | None = None
    clear_description: bool = False
    primary_display_property: str | None = None
    secondary_display_properties: tuple[str, ...] | None = None
    required_properties: tuple[str, ...] | None = None
    searchable_properties: tuple[str, ...] | None = None
    restorable: bool | None = None
    allows_sensitive_properties: bool | None = None


@dataclass(frozen=True, slots=True)
class NewIds:
    """The ids that the next object type and the next association type get."""

    object_type_id: str
    association_type_id: int


@dataclass(frozen=True, slots=True)
class PurgePlan:
    """The id of the type that goes, and the schemas that lose their associations with it."""

    object_type_id: str
    changed: tuple[ObjectSchema, ...]


@dataclass(frozen=True, slots=True)
class SchemaCreatePlan:
    """What a create keeps: the schema, its group, and the properties that were given with it.

    purge: the archived type whose name it takes.
    """

    schema: ObjectSchema
    groups: tuple[PropertyGroup, ...]
    properties: tuple[PropertyDefinition, ...]
    purge: PurgePlan | None


# --- finding ---------------------------------------------------------------------------------


def find_own_schema(types: PortalTypes, text: str) -> ObjectSchema | Problem:
    """The schema of the active custom type that a path names."""
    found = find_type(types, text)
    if isinstance(found, Problem):
        return found
    return types.schemas[found.id] if found.is_custom else HubSpotDefinedType()


# --- create ----------------------------------------------------------------------------------


def plan_schema_create(
    given: NewSchema,
    types: PortalTypes,
    occasion: Occasion,
    ids: NewIds,
    *,
    custom_properties: int,
) -> SchemaCreatePlan | Problem:
    """What the create makes, or the first problem; the order of telling is a guess.

    custom_properties: active ones of all object types of the portal. The name of an archived type
    purges that type and makes a new one (observed 2026-10-05). Names of properties are turned into
    lower case wherever they stand, as the properties themselves are (a guess).
    """
    if problem := _create_problem(given, types):
        return problem
    earlier = types.schema_named(given.name)
    schema = _new_schema(given, occasion, ids.object_type_id)
    definitions = _first_definitions(types.portal_id, schema)
    properties = _plan_properties(given.properties, definitions, occasion, custom_properties)
    if isinstance(properties, Problem):
        return properties
    for definition in properties:
        definitions = with_property(definitions, definition)
    named: Named = {
        "primary": (schema.primary_display_property,),
        "secondary": schema.secondary_display_properties,
        "required": schema.required_properties,
        "searchable": schema.searchable_properties,
    }
    if problem := display_problem(named, definitions):
        return problem
    associations = _first_associations(given, types, schema, ids.association_type_id)
    if isinstance(associations, Problem):
        return associations
    return SchemaCreatePlan(
        replace(schema, associations=associations),
        standard_groups(definitions.object_type),
        properties,
        None if earlier is None else _purge(types, earlier.object_type_id),
    )


def _create_problem(given: NewSchema, types: PortalTypes) -> Problem | None:
    name = given.name
    if not _NAME_FORM.fullmatch(name) or len(name) > OBJECT_TYPE_NAME_CHARACTERS_MAX:
        return InvalidObjectTypeName(name)
    if invalid := _label_problem(given.label, given.label_plural):
        return invalid
    if given.primary_display_property is None:
        return PrimaryDisplayPropertyMissing()
    earlier = types.schema_named(name)
    if earlier is not None and earlier.archived_at_ms is None:
        return ObjectTypeExists(name)
    if len(types.active_schemas()) >= CUSTOM_OBJECT_TYPES_MAX:
        return TooManyObjectTypes(CUSTOM_OBJECT_TYPES_MAX)
    return None


def _label_problem(*labels: str | None) -> InvalidObjectTypeLabel | None:
    # The length is observed 2026-10-05; that a blank label is refused is a guess.
    for label in labels:
        if label is not None and not 0 < len(label.strip()) <= OBJECT_TYPE_NAME_CHARACTERS_MAX:
            return InvalidObjectTypeLabel(label, OBJECT_TYPE_NAME_CHARACTERS_MAX)
    return None


def _new_schema(given: NewSchema, occasion: Occasion, object_type_id: str) -> ObjectSchema:
    user = occasion.caller.user
    assert given.primary_display_property is not None
    return ObjectSchema(
        object_type_id=object_type_id,
        name=given.name,
        label=given.label,
        label_plural=given.label_plural,
        primary_display_property=given.primary_display_property.lower(),
        description=given.description,
        secondary_display_properties=_lowered(given.secondary_display_properties),
        required_properties=_each_once(_lowered(given.required_properties)),
        searchable_properties=_searchable(_lowered(given.searchable_properties)),
        allows_sensitive_properties=given.allows_sensitive_properties,
        created_at_ms=occasion.now_ms,
        updated_at_ms=occasion.now_ms,
        created_user_id=user,
        updated_user_id=user,
    )


def _lowered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    # Required and searchable properties are sets (observed 2026-10-05).
    return tuple(dict.fromkeys(names))


def _searchable(names: tuple[str, ...]) -> tuple[str, ...]:
    # So even when an empty list is sent with a create (observed 2026-10-05), with an update: guess.
    return _each_once(names) or DEFAULT_SEARCHABLE_PROPERTIES


def _first_definitions(portal_id: int, schema: ObjectSchema) -> TypeDefinitions:
    """What a new type has before anything is given to it."""
    object_type = object_type_of(portal_id, schema)
    return define_type(
        portal_id,
        object_type,
        standard_properties(object_type),
        standard_groups(object_type),
        (),
        frozenset(),
    )


def _plan_properties(
    given: Iterable[NewProperty],
    definitions: TypeDefinitions,
    occasion: Occasion,
    custom_properties: int,
) -> tuple[PropertyDefinition, ...] | Problem:
    """The properties given with a create, each by the rules of the properties API."""
    own_group = definitions.groups[0].name
    planned = []
    for each in given:
        grouped = replace(each, group_name=each.group_name or own_group)
        plan = plan_create(grouped, definitions, occasion, custom_elsewhere=custom_properties)
        if isinstance(plan, Problem):
            return plan
        definitions = with_property(definitions, plan.definition)
        planned.append(plan.definition)
    return tuple(planned)


def _first_associations(
    given: NewSchema, types: PortalTypes, schema: ObjectSchema, first_id: int
) -> tuple[SchemaAssociation, ...] | UnknownObjectType:
    """Those with the activities, then those that were asked for; both directions of each."""
    partners = dict(ACTIVITY_OBJECTS)
    for text in given.associated_objects:
        found = find_type(types, text)
        if isinstance(found, Problem):
            return found
        partners.setdefault(found.id, name_in_associations(found))
    rows: list[SchemaAssociation] = []
    for partner_id, partner_name in partners.items():
        rows += both_directions(
            schema.object_type_id,
            partner_id,
            f"{schema.name}_to_{partner_name}",
            first_id + len(rows),
            schema.created_at_ms,
        )
    return tuple(rows)


# --- update ----------------------------------------------------------------------------------


def plan_schema_update(
    schema: ObjectSchema, change: SchemaChange, definitions: TypeDefinitions, occasion: Occasion
) -> ObjectSchema | Problem:
    """The schema after the update, or the first problem, which changes nothing."""
    if invalid := _label_problem(change.label, change.label_plural):
        return invalid
    primary = change.primary_display_property
    named: Named = {
        "primary": None if primary is None else (primary,),
        "secondary": change.secondary_display_properties,
        "required": change.required_properties,
        "searchable": change.searchable_properties,
    }
    if problem := display_problem(named, definitions):
        return problem
    if schema.allows_sensitive_properties and change.allows_sensitive_properties is False:
        return SensitivePropertiesFixed()
    return _stamped(_changed(schema, change), occasion)


def _changed(schema: ObjectSchema, change: SchemaChange) -> ObjectSchema:
    given = {
        field.name: value
        for field in fields(change)
        if (value := getattr(change, field.name)) is not None
    }
    if given.pop("clear_description"):
        given["description"] = None
    if change.required_properties is not None:
        given["required_properties"] = _each_once(change.required_properties)
    if change.searchable_properties is not None:
        given["searchable_properties"] = _searchable(change.searchable_properties)
    return replace(schema, **given)


def _stamped(schema: ObjectSchema, occasion: Occasion) -> ObjectSchema:
    return replace(
        schema,
        updated_at_ms=max(occasion.now_ms, schema.updated_at_ms),
        updated_user_id=occasion.caller.user or schema.updated_user_id,
    )


# --- archive and purge -----------------------------------------------------------------------


def plan_schema_archive(
    schema: ObjectSchema, occasion: Occasion, *, has_records: bool
) -> ObjectSchema | ObjectTypeHasRecords:
    """The archived schema; active records hold it back, nothing else does (observed 2026-10-05).

    The guide says that properties and associations hold it back too, which was not met.
    """
    if has_records:
        return ObjectTypeHasRecords(schema.object_type_id)
    stamped = _stamped(schema, occasion)
    return replace(stamped, archived_at_ms=stamped.updated_at_ms)


def plan_schema_purge(types: PortalTypes, text: str) -> PurgePlan | Problem:
    """What goes for good: only an archived type does (observed 2026-10-05)."""
    own = types.find(text)
    if own is not None and not own.is_custom:
        return HubSpotDefinedType()
    schema = types.find_schema(text)
    if schema is None or schema.archived_at_ms is None:
        return NoArchivedObjectType()
    return _purge(types, schema.object_type_id)


def _purge(types: PortalTypes, object_type_id: str) -> PurgePlan:
    changed = []
    for schema in types.schemas.values():
        kept = tuple(
            row
            for row in schema.associations
            if object_type_id not in (row.from_object_type_id, row.to_object_type_id)
        )
        if schema.object_type_id != object_type_id and kept != schema.associations:
            changed.append(replace(schema, associations=kept))
    return PurgePlan(object_type_id, tuple(changed))
