"""The rules of a portal's own association labels: make, rename, delete.

All pure. A label is an association type of its own; between records of two object types it has one
for each direction, which are made, renamed and deleted together. A label of a custom type may
also stand in its schema: every association there beyond the first of its direction is one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from moyeu.catalog.associations import AssociationCategory, AssociationType
from moyeu.catalog.limits import ASSOCIATION_LABELS_MAX
from moyeu.crm.association_definition_problems import (
    AssociationTypeNotFound,
    HubSpotDefinedAssociationType,
    InvalidLabelName,
    LabelInUse,
    LabelMissing,
    LabelNameTaken,
    TooManyLabels,
)
from moyeu.crm.association_problems import TypesNotAssociable
from moyeu.crm.associations import AssociationTypes, association_types_of
from moyeu.crm.object_schemas import ObjectSchema, PortalTypes
from moyeu.crm.problems import Problem
from moyeu.crm.schema_associations import is_association_name_taken

_CATEGORY: AssociationCategory = "USER_DEFINED"
_OWN_CATEGORIES: tuple[AssociationCategory, ...] = ("USER_DEFINED", "INTEGRATOR_DEFINED")


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label as sent. inverse_label: what the other direction is called, if not the same."""

    label: str
    name: str
    inverse_label: str | None = None


@dataclass(frozen=True, slots=True)
class LabelChange:
    """New texts of a label; the name stays (documented)."""

    association_type_id: int
    label: str
    inverse_label: str | None = None


@dataclass(frozen=True, slots=True)
class LabelWrites:
    """What a change of a label puts: association types, and schemas that keep some."""

    types: tuple[AssociationType, ...] = ()
    schemas: tuple[ObjectSchema, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelRemoval:
    """Both directions of a label that goes, and the schemas without them that kept some."""

    types: tuple[AssociationType, ...]
    schemas: tuple[ObjectSchema, ...] = ()


def labels_between(
    types: AssociationTypes, from_id: str, to_id: str
) -> tuple[AssociationType, ...]:
    """The portal's own labels in one direction; a same-type pair of labels gives both."""
    return tuple(
        each
        for each in types.between(from_id, to_id)
        if each.kind == "labeled" and each.category != "HUBSPOT_DEFINED"
    )


def check_inverses(types: AssociationTypes) -> None:
    """Sees to it that each of the portal's own types is the inverse of its inverse.

    Raises LookupError; what the API makes always passes, what an archive says may not.
    """
    for each in types.own():
        inverse = types.find(*each.inverse_key)
        ends = each.to_object_type_id, each.from_object_type_id
        if (
            inverse is None
            or inverse.inverse_key != each.key
            or ends
            != (
                inverse.from_object_type_id,
                inverse.to_object_type_id,
            )
        ):
            raise LookupError(f"association type {each.category}={each.type_id} has no inverse")


def count_labels(types: AssociationTypes, from_id: str, to_id: str) -> int:
    """How many labels two object types have; a pair of labels counts once (a guess)."""
    found = labels_between(types, from_id, to_id)
    if from_id != to_id:
        return len(found)
    return len({(each.category, *sorted((each.type_id, each.inverse_id))) for each in found})


# --- create ----------------------------------------------------------------------------------


def plan_label_create(
    object_types: PortalTypes, from_id: str, to_id: str, given: NewLabel, first_id: int
) -> tuple[AssociationType, ...] | Problem:
    """The types of a new label, the inverse one first as in the guide's example.

    first_id: of USER_DEFINED association types, the next free one and those after it.

    A single label between records of one type is its own inverse (a guess). A label needs two
    types that can be associated at all: ours, as every associated pair has the unlabelled type.
    """
    types = association_types_of(object_types)
    if problem := _create_problem(types, from_id, to_id, given):
        return problem
    inverse_label = given.inverse_label or given.label
    is_its_own_inverse = from_id == to_id and inverse_label == given.label
    label = AssociationType(
        category=_CATEGORY,
        type_id=first_id,
        from_object_type_id=from_id,
        to_object_type_id=to_id,
        kind="labeled",
        # Both directions have one name (observed 2026-10).
        name=given.name,
        label=given.label,
        inverse_id=first_id if is_its_own_inverse else first_id + 1,
    )
    return (label,) if is_its_own_inverse else (_inverse_of(label, inverse_label), label)


def _inverse_of(label: AssociationType, text: str) -> AssociationType:
    return replace(
        label,
        type_id=label.inverse_id,
        inverse_id=label.type_id,
        from_object_type_id=label.to_object_type_id,
        to_object_type_id=label.from_object_type_id,
        label=text,
    )


def _create_problem(
    types: AssociationTypes, from_id: str, to_id: str, given: NewLabel
) -> Problem | None:
    if types.default(from_id, to_id) is None:
        return TypesNotAssociable(from_id, to_id)
    if problem := _blank_problem(given.label, given.inverse_label):
        return problem
    if not _is_valid_name(given.name):
        return InvalidLabelName(given.name)
    if _is_name_taken(types, from_id, to_id, given.name):
        return LabelNameTaken(given.name)
    if count_labels(types, from_id, to_id) >= ASSOCIATION_LABELS_MAX:
        return TooManyLabels(ASSOCIATION_LABELS_MAX)
    return None


def _blank_problem(label: str, inverse_label: str | None) -> LabelMissing | None:
    """That a blank text is refused is a guess; an absent inverse label is allowed."""
    if not label.strip():
        return LabelMissing("label")
    if inverse_label is not None and not inverse_label.strip():
        return LabelMissing("inverse_label")
    return None


def _is_valid_name(name: str) -> bool:
    """No hyphens, no digit at the beginning (documented); not blank (a guess)."""
    return bool(name.strip()) and "-" not in name and not name[0].isdigit()


def _is_name_taken(types: AssociationTypes, from_id: str, to_id: str, name: str) -> bool:
    """Whether a type of the portal's own has the name (observed 2026-10-05), or one of the pair.

    The latter is a guess: v3 finds the types of a pair by their names.
    """
    wanted = name.lower()
    pair = (*types.between(from_id, to_id), *types.between(to_id, from_id))
    return is_association_name_taken(name, types.object_types) or any(
        each.name.lower() == wanted for each in pair
    )


# --- rename ----------------------------------------------------------------------------------


def plan_label_change(
    object_types: PortalTypes, from_id: str, to_id: str, change: LabelChange
) -> LabelWrites | Problem:
    """The label with its new texts.

    Without an inverse label the other direction follows if both read the same, else it keeps its
    text: a guess. The inverse label of a label that is its own inverse is passed over (a guess).
    """
    types = association_types_of(object_types)
    found = _find_label(types, from_id, to_id, change.association_type_id)
    if isinstance(found, Problem):
        return found
    if problem := _blank_problem(change.label, change.inverse_label):
        return problem
    renamed = replace(found, label=change.label)
    if found.inverse_id == found.type_id:
        return _writes(object_types, (renamed,))
    inverse = types.inverse(found)
    followed = change.label if inverse.label == found.label else inverse.label
    text = change.inverse_label or followed
    return _writes(object_types, (renamed, replace(inverse, label=text)))


def _find_label(
    types: AssociationTypes, from_id: str, to_id: str, type_id: int
) -> AssociationType | Problem:
    """The portal's own label of that direction and id; `between` has HubSpot's own types first."""
    found = [each for each in types.between(from_id, to_id) if each.type_id == type_id]
    own = [each for each in found if each.category in _OWN_CATEGORIES and each.kind == "labeled"]
    if own:
        return own[0]
    if any(each.category == "HUBSPOT_DEFINED" for each in found):
        return HubSpotDefinedAssociationType(type_id)
    return AssociationTypeNotFound(_CATEGORY, type_id)


def _writes(object_types: PortalTypes, changed: tuple[AssociationType, ...]) -> LabelWrites:
    kept_elsewhere = {each.key for each in object_types.labels}
    own = tuple(each for each in changed if each.key in kept_elsewhere)
    texts = {str(each.type_id): each.label for each in changed if each.key not in kept_elsewhere}
    schemas = []
    for schema in _keepers(object_types, texts):
        rows = tuple(
            replace(row, label=texts[row.id]) if row.id in texts else row
            for row in schema.associations
        )
        schemas.append(replace(schema, associations=rows))
    return LabelWrites(own, tuple(schemas))


def _keepers(object_types: PortalTypes, ids: Iterable[str]) -> list[ObjectSchema]:
    """The schemas that keep associations with these ids."""
    wanted = frozenset(ids)
    return [
        schema
        for schema in object_types.schemas.values()
        if any(row.id in wanted for row in schema.associations)
    ]


# --- delete ----------------------------------------------------------------------------------


def plan_label_removal(
    object_types: PortalTypes, from_id: str, to_id: str, type_id: int
) -> LabelRemoval | Problem:
    """Both directions of a label; the caller sees to it that no record has them."""
    types = association_types_of(object_types)
    found = _find_label(types, from_id, to_id, type_id)
    if isinstance(found, Problem):
        return found
    gone = (found,) if found.inverse_id == found.type_id else (found, types.inverse(found))
    kept_elsewhere = {each.key for each in object_types.labels}
    ids = {str(each.type_id) for each in gone if each.key not in kept_elsewhere}
    schemas = tuple(
        replace(schema, associations=tuple(row for row in schema.associations if row.id not in ids))
        for schema in _keepers(object_types, ids)
    )
    return LabelRemoval(gone, schemas)


def in_use_problem(label: AssociationType) -> LabelInUse:
    """The refusal of a deletion while records are associated with the label (documented)."""
    return LabelInUse(label.type_id, label.label or "")


def types_of_object_type(
    object_types: PortalTypes, object_type_id: str
) -> tuple[AssociationType, ...]:
    """The portal's own types and the limited ones from or to an object type, each once.

    What has to go with the object type.
    """
    types = association_types_of(object_types)
    limited = (types.find(*key) for key in object_types.association_limits)
    found = {each.key: each for each in (*types.own(), *limited) if each is not None}
    return tuple(
        each
        for each in found.values()
        if object_type_id in (each.from_object_type_id, each.to_object_type_id)
    )
