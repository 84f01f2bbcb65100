"""The words, categories and status codes of the refusals of records: one row per problem.

The texts are HubSpot's as recorded unless the row says that they are ours.
"""

from collections.abc import Callable
from typing import Any, Final

from moyeu.catalog.associations import CATEGORY_NUMBERS
from moyeu.catalog.object_types import looks_like_type_id, object_type_by_id
from moyeu.crm import problems as p
from moyeu.crm.association_problems import AssociationLimitExceeded
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.wire.bodies import Json
from moyeu.wire.errors import (
    NOT_FOUND,
    VALIDATION,
    Refusal,
    Render,
    type_coordinates,
    type_name,
    unknown_type,
)
from moyeu.wire.value_words import describe_value_problem, invalid_values_message


def _coordinates(portal_id: int, object_type_id: str, name: str, value: str) -> str:
    return (
        f"PropertyValueCoordinates{{portalId={portal_id}, "
        f"objectTypeId={type_coordinates(object_type_id)}, propertyName={name}, value={value}}}"
    )


def missing_message(object_type_id: str) -> str:
    """The text of a batch entry for ids that name no record."""
    return (
        f"Could not get some {type_name(object_type_id)} objects, they may be deleted or not exist."
        " Check that ids are valid."
    )


def _invalid_values(problem: p.InvalidValues, portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        invalid_values_message(problem, portal_id),
        VALIDATION,
        errors=[describe_value_problem(each, portal_id)[1] for each in problem.problems],
    )


def _too_many(problem: p.TooManyInputs, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"The maximum number of inputs supported in a batch is {problem.inputs_max}."
        " Please reduce the number of items and try again",
        VALIDATION,
    )


def _too_many_histories(
    problem: p.TooManyInputsWithHistory, _portal_id: int, _type_id: str
) -> Refusal:
    return Refusal(
        400,
        "The maximum number of inputs supported in a batch request for property histories is"
        f" {problem.inputs_max}",
        VALIDATION,
    )


def _page_too_large(problem: p.TooManyPerPage, _portal_id: int, _type_id: str) -> Refusal:
    tail = " for properties with history." if problem.with_history else "."
    return Refusal(
        400,
        f"You can only request at most {problem.limit_max} objects in one request{tail}",
        VALIDATION,
        context={"limit": [problem.limit]},
    )


def _invalid_parameter(problem: p.InvalidParameter, _portal_id: int, _type_id: str) -> Refusal:
    # What HubSpot says of a malformed value is unknown: category and text are ours.
    return Refusal(
        400,
        f"Invalid value for query parameter {problem.parameter}: {problem.value}",
        VALIDATION,
        context={problem.parameter: [problem.value]},
    )


def _duplicate_ids(problem: p.DuplicateIds, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Duplicate IDs found in batch input: [{', '.join(problem.ids)}]. IDs must be unique",
        VALIDATION,
        context={"ids": list(problem.ids)},
    )


def _not_unique(problem: p.NotAUniqueProperty, portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Unable to perform update/upsert by non-unique {problem.object_type_id} property"
        f" {problem.name} in portal ID {portal_id}",
        VALIDATION,
    )


def _unknown_values(problem: p.UnknownUniqueValues, portal_id: int, _type_id: str) -> Refusal:
    # Observed through a client's code: the context key, and that each element ends in
    # `{property}:{value}`. Status, text and the beginning of the elements are ours.
    return Refusal(
        404,
        missing_message(problem.object_type_id),
        NOT_FOUND,
        context={
            "missingObjectPropertyValueCoordinates": [
                f"{portal_id}:{problem.object_type_id}:{name}:{value}"
                for name, value in problem.values
            ]
        },
    )


def _missing(problem: p.MissingRecords, _portal_id: int, type_id: str) -> Refusal:
    context = {"ids": list(problem.ids)}
    if problem.trace_id is not None:
        context["objectWriteTraceId"] = [problem.trace_id]
    return Refusal(207, missing_message(type_id), NOT_FOUND, context=context)


def _value_taken(problem: p.UniqueValueTaken, portal_id: int, _type_id: str) -> Refusal:
    where = _coordinates(portal_id, problem.object_type_id, problem.name, problem.value)
    return Refusal(
        400,
        f"Cannot set {where} on {problem.record_id}. {problem.owner_id} already has that value.",
        VALIDATION,
    )


def _value_locked(problem: p.UniqueValueLocked, portal_id: int, _type_id: str) -> Refusal:
    where = _coordinates(portal_id, problem.object_type_id, problem.name, problem.value)
    return Refusal(
        423,
        f"Timed out trying to acquire unique value lock for {where}. The lock was being held.",
        "LOCKED",
    )


def _locked(_problem: p.RecordsLocked, _portal_id: int, _type_id: str) -> Refusal:
    # Status and category are documented; the text is ours.
    return Refusal(423, "The records are locked by another request. Try again later.", "LOCKED")


def _no_properties(_problem: p.NoPropertiesGiven, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        "No properties found to update, please provide at least one.",
        VALIDATION,
        context={"properties": ["{}"]},
    )


def _required_missing(
    problem: p.RequiredPropertiesMissing, _portal_id: int, type_id: str
) -> Refusal:
    # Observed: `Error creating orderrader.  Some` of a custom type in 2023, with two spaces, and
    # `Error creating CALL. Some` in 2026, with one.
    if problem.custom_name is None:
        subject = f"{type_name(type_id)}. "
    else:
        subject = f"{problem.custom_name}.  "
    return Refusal(
        400,
        f"Error creating {subject}Some required properties were not set.",
        VALIDATION,
        context={"properties": list(problem.names)},
    )


def _required_by_admins(problem: p.RequiredByAdmins, _portal_id: int, _type_id: str) -> Refusal:
    # Source: changelog of 2026-08-11. It leaves the message of conditional rules open: that they
    # have the one of Create Record settings is a guess, and so is the order of the two kinds.
    on_create = [
        _required_entry("MISSING_REQUIRED_PROPERTY", f"A value for {name} must be provided", name)
        for name in problem.on_create
    ]
    conditional = [
        _required_entry(
            "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
            f"{name} is required because of a conditional property rule based on"
            f" [{', '.join(causes)}]",
            name,
        )
        for name, causes in problem.conditional
    ]
    return Refusal(
        400,
        "The property values provided are invalid",
        VALIDATION,
        errors=[*on_create, *conditional],
    )


def _required_entry(code: str, message: str, name: str) -> Json:
    return {"code": code, "message": message, "context": {"propertyName": [name]}}


def _exists(problem: p.RecordExists, _portal_id: int, type_id: str) -> Refusal:
    object_type = object_type_by_id(type_id)
    assert object_type is not None, "only the catalog names properties that make a conflict"
    message = f"{object_type.label} already exists. Existing ID: {problem.existing_id}"
    return Refusal(409, message, "CONFLICT")


def _merge_with_itself(_problem: p.MergeWithItself, _portal_id: int, _type_id: str) -> Refusal:
    # After `Cannot merge a contact with itself` of the first version (observed 2019–2022); the
    # text and the category are guesses.
    return Refusal(400, "Cannot merge an object with itself", VALIDATION)


def _not_mergeable(problem: p.NotMergeable, _portal_id: int, _type_id: str) -> Refusal:
    # After `vid to merge is not a valid contact or is already in the process of being merged` of
    # the first version (observed 2019–2022); the text and the category are guesses.
    return Refusal(
        400,
        f"{problem.field} is not a valid object or is already in the process of being merged",
        VALIDATION,
        context={"id": [problem.id]},
    )


def _not_found(_problem: p.RecordNotFound, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(404, "resource not found")


def _non_numeric(problem: p.NonNumericId, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        404,
        "Object not found.  objectId are usually numeric.",
        NOT_FOUND,
        context={"id": [problem.id]},
    )


_INVALID_ASSOCIATIONS = "One or more associations are invalid"


def _association_types_unknown(
    problem: p.AssociationTypesUnknown, _portal_id: int, _type_id: str
) -> Refusal:
    specs = [f"{category}={type_id}" for category, type_id in problem.types]
    return Refusal(
        400,
        _INVALID_ASSOCIATIONS,
        VALIDATION,
        context={
            "associationSpec": specs,
            "INVALID_ASSOCIATION_TYPE_ID": [
                f"{each} is not a valid association definition id" for each in specs
            ],
        },
    )


def _association_targets_invalid(
    problem: p.AssociationTargetsInvalid, _portal_id: int, _type_id: str
) -> Refusal:
    # Observed 2025 for one record; that several stand together is a guess.
    return Refusal(
        400,
        _INVALID_ASSOCIATIONS,
        VALIDATION,
        context={
            "INVALID_OBJECT_IDS": [f"{name}={id_} is not valid" for name, id_ in problem.targets],
            "objectId": [id_ for _, id_ in problem.targets],
            "objectType": [name for name, _ in problem.targets],
        },
    )


def _wrong_direction(
    problem: p.WrongAssociationDirection, _portal_id: int, _type_id: str
) -> Refusal:
    # The text is observed 2026, the category assumed.
    category, type_id = problem.type
    return Refusal(
        400,
        f"invalid from object type {problem.from_object_type_id} for associations to be created."
        f" expected: {problem.expected_object_type_id}."
        f" For definition {CATEGORY_NUMBERS[category]}-{type_id}",
        VALIDATION,
    )


def _many_for_one_to_one(problem: p.ManyForOneToOne, _portal_id: int, _type_id: str) -> Refusal:
    category, type_id = problem.type
    return Refusal(
        400,
        f"cannot pass multiple to object ids: [{', '.join(problem.to_ids)}] for one to one"
        f" association type AssociationSpec{{associationCategory={category},"
        f" associationTypeId={type_id}}}",
        VALIDATION,
    )


def _association_limit(
    problem: AssociationLimitExceeded, _portal_id: int, _type_id: str
) -> Refusal:
    # A guess in the style of records that are not there; the text of the entry is ours.
    return Refusal(
        400,
        _INVALID_ASSOCIATIONS,
        VALIDATION,
        context={
            "ASSOCIATIONS_LIMIT_EXCEEDED": [association_limit_text(problem)],
            "objectId": [problem.record_id],
            "objectType": [problem.object_type],
        },
    )


def association_limit_text(problem: AssociationLimitExceeded) -> str:
    """What is said of a record that would have too many associations; it may be a new one."""
    category, type_id = problem.type
    record = f"{problem.object_type}={problem.record_id or 'new'}"
    return f"{record} cannot have more than {problem.limit} associations of {category}={type_id}"


def _type_gone(problem: UnknownObjectType, _portal_id: int, _type_id: str) -> Refusal:
    return unknown_type(problem.text, is_id=looks_like_type_id(problem.text))


RECORD_WORDS: Final[dict[type[p.Problem], Render]] = {
    p.InvalidValues: _invalid_values,
    UnknownObjectType: _type_gone,
    p.TooManyInputs: _too_many,
    p.TooManyInputsWithHistory: _too_many_histories,
    p.TooManyPerPage: _page_too_large,
    p.InvalidParameter: _invalid_parameter,
    p.DuplicateIds: _duplicate_ids,
    p.NotAUniqueProperty: _not_unique,
    p.UnknownUniqueValues: _unknown_values,
    p.MissingRecords: _missing,
    p.UniqueValueTaken: _value_taken,
    p.UniqueValueLocked: _value_locked,
    p.RecordsLocked: _locked,
    p.NoPropertiesGiven: _no_properties,
    p.RequiredPropertiesMissing: _required_missing,
    p.RequiredByAdmins: _required_by_admins,
    p.RecordExists: _exists,
    p.RecordNotFound: _not_found,
    p.NonNumericId: _non_numeric,
    p.AssociationTypesUnknown: _association_types_unknown,
    p.AssociationTargetsInvalid: _association_targets_invalid,
    p.WrongAssociationDirection: _wrong_direction,
    p.ManyForOneToOne: _many_for_one_to_one,
    AssociationLimitExceeded: _association_limit,
    p.MergeWithItself: _merge_with_itself,
    p.NotMergeable: _not_mergeable,
}

ENTRY_CONTEXT: dict[type[p.Problem], Callable[[Any], Json]] = {
    # Observed November 2025; of missing properties, the context of the whole call (a guess).
    p.RecordExists: lambda x: {"existingId": [x.existing_id]},
    p.RequiredPropertiesMissing: lambda x: {"properties": list(x.names)},
}
"""What an entry of `errors` tells in its context besides the trace id."""


def word_problem(problem: p.Problem, portal_id: int, object_type_id: str) -> Refusal:
    """The refusal that a problem is answered with."""
    return RECORD_WORDS[type(problem)](problem, portal_id, object_type_id)


def batch_entry(problem: p.Problem, trace_id: str | None, portal_id: int, type_id: str) -> Json:
    """A problem as an entry of `errors` in a multi-status answer.

    Keys `status, category, subCategory?, message, context`; a trace id stands in the context as a
    list of one (documented for batch create, observed for update).
    """
    refusal = word_problem(problem, portal_id, type_id)
    context = dict(refusal.context or {}) if isinstance(problem, p.MissingRecords) else {}
    if trace_id is not None:
        context["objectWriteTraceId"] = [trace_id]
    if type(problem) in ENTRY_CONTEXT:
        context |= ENTRY_CONTEXT[type(problem)](problem)
    return {
        "status": "error",
        "category": refusal.category,
        "message": refusal.message,
        "context": context,
    }
