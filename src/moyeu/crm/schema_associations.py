"""The rules of the associations of custom object types: which there are, and their ids.

All pure. Whether two records are associated is another matter: `associations`.
"""

from dataclasses import dataclass, replace

from moyeu.catalog.associations import standard_associations
from moyeu.catalog.object_types import ObjectType
from moyeu.crm.callers import Occasion
from moyeu.crm.object_schemas import ObjectSchema, PortalTypes, SchemaAssociation
from moyeu.crm.problems import Problem
from moyeu.crm.schema_problems import (
    AssociationNameTaken,
    HubSpotDefinedType,
    SchemaAssociationNotFound,
    UnknownObjectType,
)


@dataclass(frozen=True, slots=True)
class NewAssociation:
    """An association as sent: types by name or id; without a name it gets one."""

    from_type: str
    to_type: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class AssociationRemoval:
    """The ids of both directions of an association that goes.

    schema: the one that kept it, without it; None for a label, which no schema keeps.
    """

    schema: ObjectSchema | None
    type_ids: frozenset[int]


def find_type(types: PortalTypes, text: str) -> ObjectType | UnknownObjectType:
    """The active object type that a path or body names."""
    return types.find(text) or UnknownObjectType(text)


def associations_shown(
    types: PortalTypes, object_type: ObjectType
) -> tuple[SchemaAssociation, ...]:
    """The associations that the schema of a type shows, in both directions.

    Those of custom types and the portal's labels (labels are observed there, 2026-10), and of one
    of HubSpot's own types first those with the others: the published ones, under their names in
    capitals (observed 2026-10).
    """
    standard = sorted(
        (
            each
            for each in standard_associations().by_key.values()
            if object_type.id in (each.from_object_type_id, each.to_object_type_id)
            and not each.guessed
        ),
        key=lambda each: each.type_id,
    )
    own = tuple(
        SchemaAssociation(
            id=str(each.type_id),
            from_object_type_id=each.from_object_type_id,
            to_object_type_id=each.to_object_type_id,
            name=each.name.upper(),
        )
        for each in standard
    )
    labels = tuple(
        SchemaAssociation(
            id=str(each.type_id),
            from_object_type_id=each.from_object_type_id,
            to_object_type_id=each.to_object_type_id,
            name=each.name,
        )
        for each in types.labels_in_sight(object_type.id)
    )
    return own + types.associations(object_type.id) + labels


def next_association_type_id(types: PortalTypes, next_id: int = 1) -> int:
    """The id after the highest one of USER_DEFINED association types, `next_id` at least.

    next_id: above those that were removed, whose ids never mean another type (ours); at first 1.
    HubSpot counts them per portal too (observed 2026-10-05: one account had a user-defined 279
    beside HubSpot's own).
    """
    own = (int(row.id) for schema in types.schemas.values() for row in schema.associations)
    labels = (each.type_id for each in types.labels if each.category == "USER_DEFINED")
    return max([next_id - 1, *own, *labels]) + 1


def name_in_associations(object_type: ObjectType) -> str:
    """`contact`, `meeting_event`: as in the names of HubSpot's own association types (observed)."""
    return object_type.name if object_type.is_custom else object_type.upper_name.lower()


def both_directions(
    from_id: str, to_id: str, name: str, first_id: int, now_ms: int
) -> list[SchemaAssociation]:
    """A new association, one row for each direction; only one where both ends are one type.

    Their ids count up from `first_id`.
    """
    pairs = [(from_id, to_id)] if from_id == to_id else [(from_id, to_id), (to_id, from_id)]
    return [
        SchemaAssociation(
            id=str(first_id + number),
            from_object_type_id=one,
            to_object_type_id=other,
            name=name,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        for number, (one, other) in enumerate(pairs)
    ]


def plan_association_create(
    given: NewAssociation, types: PortalTypes, occasion: Occasion, first_id: int
) -> tuple[ObjectSchema, SchemaAssociation] | Problem:
    """The schema that keeps the association, and the direction that was asked for.

    It stands in the schema of the type it comes from, or of the other if that is HubSpot's own.
    Names are unique in the portal (observed on labels, 2026-10-05; that case counts not: a guess).
    """
    one, other = find_type(types, given.from_type), find_type(types, given.to_type)
    if isinstance(one, Problem):
        return one
    if isinstance(other, Problem):
        return other
    keeper = one if one.is_custom else other
    if not keeper.is_custom:
        return HubSpotDefinedType()
    name = given.name or f"{name_in_associations(one)}_to_{name_in_associations(other)}"
    if is_association_name_taken(name, types):
        return AssociationNameTaken(name)
    rows = both_directions(one.id, other.id, name, first_id, occasion.now_ms)
    schema = types.schemas[keeper.id]
    return replace(schema, associations=(*schema.associations, *rows)), rows[0]


def is_association_name_taken(name: str, types: PortalTypes) -> bool:
    """Whether a label of the portal, or an association of a custom type, has the name."""
    wanted = name.lower()
    rows = (row for schema in types.schemas.values() for row in schema.associations)
    names = (*(row.name or "" for row in rows), *(each.name for each in types.labels))
    return any(each.lower() == wanted for each in names)


def plan_association_removal(
    types: PortalTypes, text: str, identifier: str
) -> AssociationRemoval | Problem:
    """What removes an association of a type, named by an id or a name, in both directions.

    That both directions go is observed on labels (2026-10); that a name will do is a guess.
    """
    object_type = find_type(types, text)
    if isinstance(object_type, Problem):
        return object_type
    for row in types.associations(object_type.id):
        if identifier in (row.id, row.name):
            return _removal(types, row)
    for label in types.labels_in_sight(object_type.id):
        if identifier in (str(label.type_id), label.name):
            return AssociationRemoval(None, frozenset((label.type_id, label.inverse_id)))
    if not object_type.is_custom:
        return HubSpotDefinedType()
    return SchemaAssociationNotFound(identifier)


def _removal(types: PortalTypes, row: SchemaAssociation) -> AssociationRemoval:
    schema = next(each for each in types.active_schemas() if row in each.associations)
    ends = {row.from_object_type_id, row.to_object_type_id}
    gone = {
        each.id
        for each in schema.associations
        if each.name == row.name and {each.from_object_type_id, each.to_object_type_id} == ends
    }
    kept = tuple(each for each in schema.associations if each.id not in gone)
    return AssociationRemoval(replace(schema, associations=kept), frozenset(map(int, gone)))
