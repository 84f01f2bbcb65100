"""Object types that a portal made itself: their schemas, and how paths name them.

A custom type has the shape of HubSpot's own types (`catalog.object_types`), so that every operation
and rule takes both.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from moyeu.catalog.associations import AssociationType, TypeKey
from moyeu.catalog.custom_objects import PIPELINE_PROPERTY, STAGE_PROPERTY
from moyeu.catalog.object_types import (
    CUSTOM_TYPE_ID_PREFIX,
    ObjectType,
    find_object_type,
    object_type_by_id,
)
from moyeu.catalog.scopes import (
    CUSTOM_OBJECT_READ_SCOPES,
    CUSTOM_OBJECT_WRITE_SCOPES,
    CUSTOM_SCOPE_NAME,
)

_QUALIFIED_NAME = re.compile(r"p(\d*)_(.+)", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaAssociation:
    """An association of a custom type with another type, one direction; the other has its own id.

    id: the association type id as decimal text, unique in the portal within its category, which is
    USER_DEFINED (a guess). name: both directions have the same (observed on labels, 2026-10).
    """

    id: str
    from_object_type_id: str
    to_object_type_id: str
    name: str | None = None
    label: str | None = None
    """What a label is called in this direction since it was renamed; None for its name."""
    created_at_ms: int | None = None
    updated_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSchema:
    """A custom object type as its portal defined it. Property tuples hold names.

    name: case kept; unique in the portal whatever the case. Times: milliseconds since 1970, UTC.
    associations: both directions of each; one between two custom types stands in one of their
    schemas only, so ask `PortalTypes.associations`. archived_at_ms: None of an active type.
    """

    object_type_id: str
    name: str
    label: str
    label_plural: str
    primary_display_property: str
    description: str | None = None
    secondary_display_properties: tuple[str, ...] = ()
    required_properties: tuple[str, ...] = ()
    searchable_properties: tuple[str, ...] = ()
    has_pipelines: bool = False
    """Whether a pipeline was ever made: its two properties appear with the first one and stay."""
    restorable: bool = True
    allows_sensitive_properties: bool = True
    associations: tuple[SchemaAssociation, ...] = ()
    created_at_ms: int
    updated_at_ms: int
    created_user_id: str | None = None
    updated_user_id: str | None = None
    archived_at_ms: int | None = None

    @property
    def inner_id(self) -> str:
        """The digits of the type id after `2-`."""
        return self.object_type_id.removeprefix(CUSTOM_TYPE_ID_PREFIX)

    def qualified_name(self, portal_id: int) -> str:
        """The fully qualified name, `p{portal}_{name}`."""
        return f"p{portal_id}_{self.name}"


def object_type_of(portal_id: int, schema: ObjectSchema) -> ObjectType:
    """The object type that a schema describes."""
    has_pipelines = schema.has_pipelines
    return ObjectType(
        id=schema.object_type_id,
        name=schema.name,
        singular=schema.name,
        label=schema.label,
        label_plural=schema.label_plural,
        upper_name=schema.qualified_name(portal_id),
        primary_display_property=schema.primary_display_property,
        secondary_display_properties=schema.secondary_display_properties,
        required_properties=schema.required_properties,
        searchable_properties=schema.searchable_properties,
        has_pipelines=has_pipelines,
        pipeline_property=PIPELINE_PROPERTY if has_pipelines else None,
        stage_property=STAGE_PROPERTY if has_pipelines else None,
        scope_name=CUSTOM_SCOPE_NAME,
        read_scopes=CUSTOM_OBJECT_READ_SCOPES,
        write_scopes=CUSTOM_OBJECT_WRITE_SCOPES,
        id_evidence="OBSERVED",
    )


# eq=False: a snapshot is itself and no other.
@dataclass(frozen=True, slots=True, eq=False)
class PortalTypes:
    """The object types of one portal, as a snapshot: HubSpot's own and custom ones.

    schemas: custom ones by type id, archived ones included. custom: their object types.
    labels: the association types that the portal made itself, one row a direction.
    association_limits: how many records of the other type a record may have by that association
    type, where the portal set it.
    """

    portal_id: int
    schemas: Mapping[str, ObjectSchema]
    custom: Mapping[str, ObjectType]
    labels: tuple[AssociationType, ...] = ()
    association_limits: Mapping[TypeKey, int] = field(default_factory=dict)

    def find(self, text: str) -> ObjectType | None:
        """The type that a path or body names, None if there is none or if it is archived.

        HubSpot's own by any of their names; a custom one by `2-N`, `p{portal}_{name}` or `p_{name}`
        in any case (a guess), never by its bare name (observed 2026).
        """
        own = find_object_type(text)
        if own is not None:
            return own
        schema = self.find_schema(text)
        if schema is None or schema.archived_at_ms is not None:
            return None
        return self.custom[schema.object_type_id]

    def find_schema(self, text: str) -> ObjectSchema | None:
        """The schema of the custom type that the text names, an archived one too."""
        return self.schemas.get(text) or self._qualified(text)

    def by_id(self, object_type_id: str) -> ObjectType | None:
        """The type with that id, archived ones included."""
        return object_type_by_id(object_type_id) or self.custom.get(object_type_id)

    def schema_named(self, name: str) -> ObjectSchema | None:
        """The schema with that bare name in any case, an active one before an archived one."""
        wanted = name.lower()
        named = [each for each in self.schemas.values() if each.name.lower() == wanted]
        return min(named, key=lambda each: each.archived_at_ms is not None, default=None)

    def active_schemas(self) -> list[ObjectSchema]:
        """The schemas of types that are not archived, by type id."""
        return [each for each in self.schemas.values() if each.archived_at_ms is None]

    def associations(self, object_type_id: str) -> tuple[SchemaAssociation, ...]:
        """The associations of custom types from or to a type, by id; none with an archived type.

        An archive takes them out of sight (observed 2026-10), it does not remove them.
        """
        found = [
            row
            for schema in self.active_schemas()
            for row in schema.associations
            if object_type_id in (row.from_object_type_id, row.to_object_type_id)
            and not self._is_archived(row.from_object_type_id)
            and not self._is_archived(row.to_object_type_id)
        ]
        return tuple(sorted(found, key=lambda row: int(row.id)))

    def labels_in_sight(self, object_type_id: str) -> tuple[AssociationType, ...]:
        """The labels from or to a type, by category and id; none with an archived type."""
        found = [
            each
            for each in self.labels
            if object_type_id in (each.from_object_type_id, each.to_object_type_id)
            and not self._is_archived(each.from_object_type_id)
            and not self._is_archived(each.to_object_type_id)
        ]
        return tuple(sorted(found, key=lambda each: each.key))

    def _is_archived(self, object_type_id: str) -> bool:
        schema = self.schemas.get(object_type_id)
        return schema is not None and schema.archived_at_ms is not None

    def _qualified(self, text: str) -> ObjectSchema | None:
        match = _QUALIFIED_NAME.fullmatch(text.lower())
        if match is None or match[1] not in ("", str(self.portal_id)):
            return None
        return self.schema_named(match[2])


def portal_types(
    portal_id: int,
    schemas: Iterable[ObjectSchema],
    labels: Iterable[AssociationType] = (),
    association_limits: Mapping[TypeKey, int] | None = None,
) -> PortalTypes:
    """The snapshot of a portal's types from its schemas, archived ones included, and the rest."""
    by_id = {each.object_type_id: each for each in schemas}
    return PortalTypes(
        portal_id,
        by_id,
        {key: object_type_of(portal_id, each) for key, each in by_id.items()},
        tuple(labels),
        dict(association_limits or {}),
    )
