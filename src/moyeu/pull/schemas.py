"""The custom object types that the other side tells, and their associations.

The schema of a custom type tells its labels too, as associations without their text: those that are
read with their text are labels of the portal and stand in no schema.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from moyeu.catalog.associations import TypeKey
from moyeu.catalog.object_types import CUSTOM_TYPE_ID_PREFIX
from moyeu.crm.associations import CUSTOM_CATEGORY
from moyeu.crm.object_schemas import ObjectSchema, SchemaAssociation
from moyeu.pull.reading import SchemaAssociationBody, SchemaBody, SchemaLabels, id_text, time_ms


def schemas_of(bodies: Iterable[SchemaBody]) -> list[ObjectSchema]:
    """The custom types with their ids, each once. `has_pipelines` is left to be found out.

    Both sides of an association between two custom types tell it; it is kept in the first.
    """
    by_id = {
        each.object_type_id: each
        for each in bodies
        if each.object_type_id.startswith(CUSTOM_TYPE_ID_PREFIX)
    }
    seen: set[str] = set()
    schemas = []
    for each in by_id.values():
        own = [row for row in each.associations or () if row.id.isdigit() and row.id not in seen]
        seen.update(row.id for row in own)
        rows = _with_both_directions([_association_of(row) for row in own])
        schemas.append(replace(_schema_of(each), associations=rows))
    return schemas


def without_labels(schema: ObjectSchema, labels: Set[TypeKey]) -> ObjectSchema:
    """The schema without the associations that are labels of the portal."""
    rows = [each for each in schema.associations if (CUSTOM_CATEGORY, int(each.id)) not in labels]
    return replace(schema, associations=_with_both_directions(rows))


def _schema_of(body: SchemaBody) -> ObjectSchema:
    labels = body.labels or SchemaLabels()
    updated_at_ms = time_ms(body.updated_at) or 0
    return ObjectSchema(
        object_type_id=body.object_type_id,
        name=body.name,
        label=labels.singular or body.name,
        label_plural=labels.plural or body.name,
        primary_display_property=body.primary_display_property or "hs_object_id",
        description=body.description,
        secondary_display_properties=tuple(body.secondary_display_properties or ()),
        required_properties=tuple(body.required_properties or ()),
        searchable_properties=tuple(body.searchable_properties or ()),
        restorable=body.restorable is not False,
        allows_sensitive_properties=body.allows_sensitive_properties is not False,
        created_at_ms=time_ms(body.created_at) or 0,
        updated_at_ms=updated_at_ms,
        created_user_id=id_text(body.created_by_user_id),
        updated_user_id=id_text(body.updated_by_user_id),
        # When it was archived is not told.
        archived_at_ms=updated_at_ms if body.archived else None,
    )


def _association_of(body: SchemaAssociationBody) -> SchemaAssociation:
    return SchemaAssociation(
        id=body.id,
        from_object_type_id=body.from_object_type_id,
        to_object_type_id=body.to_object_type_id,
        name=body.name,
        created_at_ms=time_ms(body.created_at),
        updated_at_ms=time_ms(body.updated_at),
    )


def _with_both_directions(rows: Sequence[SchemaAssociation]) -> tuple[SchemaAssociation, ...]:
    """Those of which both directions are there, by id: one alone could not be written."""
    ways: defaultdict[tuple[str, str], list[SchemaAssociation]] = defaultdict(list)
    for each in sorted(rows, key=lambda each: int(each.id)):
        ways[each.from_object_type_id, each.to_object_type_id].append(each)
    kept = [
        each
        for (from_id, to_id), way in list(ways.items())
        for each in way[: len(ways.get((to_id, from_id), ()))]
    ]
    return tuple(sorted(kept, key=lambda each: int(each.id)))
