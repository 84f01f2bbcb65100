"""The words, categories and status codes of the refusals of labels and limits for associations.

No refusal of these routes is recorded: where a row does not say otherwise the text is ours, and
the status and the category are a guess.
"""

from typing import Final

from moyeu.crm import association_definition_problems as p
from moyeu.crm.association_problems import TypesNotAssociable
from moyeu.crm.problems import Problem
from moyeu.wire.errors import NOT_FOUND, VALIDATION, Refusal, Render

_WIRE_FIELDS: Final = {"label": "label", "inverse_label": "inverseLabel"}


def _key(category: str, type_id: int) -> str:
    return f"{category}={type_id}"


def _no_type(problem: p.AssociationTypeNotFound, _portal_id: int, _type_id: str) -> Refusal:
    # The sentence is recorded as the reason of a refused association.
    key = _key(problem.category, problem.type_id)
    return Refusal(
        400,
        f"{key} is not a valid association definition id",
        VALIDATION,
        context={"INVALID_ASSOCIATION_TYPE_ID": [key]},
    )


def _hubspot_defined(
    problem: p.HubSpotDefinedAssociationType, _portal_id: int, _type_id: str
) -> Refusal:
    # That HubSpot's own cannot be deleted is documented.
    key = _key("HUBSPOT_DEFINED", problem.type_id)
    return Refusal(400, f"Cannot modify HubSpot defined association type {key}", VALIDATION)


def _no_label(problem: p.LabelMissing, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(400, f"{_WIRE_FIELDS[problem.field]} must not be blank", VALIDATION)


def _invalid_name(problem: p.InvalidLabelName, _portal_id: int, _type_id: str) -> Refusal:
    # Hyphens and the digit: documented.
    return Refusal(
        400,
        f"The name '{problem.name}' is not valid: it must not be blank, hold a hyphen or begin"
        " with a digit",
        VALIDATION,
    )


def _name_taken(problem: p.LabelNameTaken, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(400, f"An association type named '{problem.name}' already exists", VALIDATION)


def _too_many(problem: p.TooManyLabels, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"The two object types have reached their limit of {problem.count_max} association labels",
        VALIDATION,
    )


def _in_use(problem: p.LabelInUse, _portal_id: int, _type_id: str) -> Refusal:
    # That it is refused is documented.
    return Refusal(
        400,
        f"Association label '{problem.label}' ({problem.type_id}) cannot be deleted while records"
        " are associated with it",
        VALIDATION,
    )


def _out_of_range(problem: p.LimitOutOfRange, _portal_id: int, _type_id: str) -> Refusal:
    # That the valid range is told is documented (2024-07).
    key = _key(problem.category, problem.type_id)
    return Refusal(
        400,
        f"The limit {problem.limit} of {key} is not valid: the valid range is"
        f" {problem.limit_min}-{problem.limit_max}",
        VALIDATION,
        context={"maxToObjectIds": [str(problem.limit)]},
    )


def _not_associable(problem: TypesNotAssociable, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"No association type leads from object type {problem.from_object_type_id} to"
        f" {problem.to_object_type_id}",
        VALIDATION,
    )


def _no_user(problem: p.UserNotFound, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(404, f"No user {problem.user_id}", NOT_FOUND)


ASSOCIATION_DEFINITION_WORDS: Final[dict[type[Problem], Render]] = {
    p.AssociationTypeNotFound: _no_type,
    p.HubSpotDefinedAssociationType: _hubspot_defined,
    p.LabelMissing: _no_label,
    p.InvalidLabelName: _invalid_name,
    p.LabelNameTaken: _name_taken,
    p.TooManyLabels: _too_many,
    p.LabelInUse: _in_use,
    p.LimitOutOfRange: _out_of_range,
    p.UserNotFound: _no_user,
    TypesNotAssociable: _not_associable,
}
"""As `RECORD_WORDS`, for problems of labels and limits."""
