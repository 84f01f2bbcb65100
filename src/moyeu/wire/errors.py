"""The words, categories and status codes of every refusal: one row per problem.

The texts are HubSpot's as recorded unless the row says that they are ours. Key order of a body:
`status, message, correlationId, context?, errors?, links?, category?, subCategory?` (observed).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from moyeu.catalog.object_types import ObjectType, find_object_type
from moyeu.crm import problems as p
from moyeu.crm.values.moment import DAY_MS
from moyeu.wire.exchange import HTML_TYPE, Answer
from moyeu.wire.pages import container_page

Json = dict[str, Any]

NOT_FOUND_MARK = (b"x-hubspot-notfound", b"true")
"""A header of every 404 that an application answers (observed 2019–2024)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error body before it has a correlation id.

    context: values are lists of texts. errors: entries as they stand in the body. last: what two
    of the authentication errors put after the category.
    """

    status: int
    message: str
    category: str | None = None
    context: Json | None = None
    errors: list[Json] | None = None
    links: Json | None = None
    sub_category: str | None = None
    last: Json | None = None


def render_refusal(refusal: Refusal, correlation_id: str) -> Answer:
    """The answer in HubSpot's standard envelope."""
    body: Json = {
        "status": "error",
        "message": refusal.message,
        "correlationId": correlation_id,
        "context": refusal.context,
        "errors": refusal.errors,
        "links": refusal.links,
        "category": refusal.category,
        "subCategory": refusal.sub_category,
    }
    present = {key: value for key, value in body.items() if value is not None}
    present.update(refusal.last or {})
    headers = (NOT_FOUND_MARK,) if refusal.status == 404 else ()
    return Answer(refusal.status, msgspec.json.encode(present), headers=headers)


def container_answer(status: int, *headers: tuple[bytes, bytes]) -> Answer:
    """The servlet container's HTML page (observed for 404, 405 and 415)."""
    common = [(b"cache-control", b"must-revalidate,no-cache,no-store")]
    if status == 404:
        common.append(NOT_FOUND_MARK)
    return Answer(status, container_page(status), HTML_TYPE, (*common, *headers))


# --- property problems -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ValueWords:
    """Code and text of a property problem; `shows_value`: whether `propertyValue` is told."""

    code: str
    message: Callable[[Any], str]
    shows_value: bool = True


def _clock(moment_ms: int) -> str:
    seconds, ms = divmod(moment_ms % DAY_MS, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute}:{second}.{ms}"


def _options(problem: p.InvalidOption) -> str:
    allowed = ", ".join(problem.allowed)
    return f"{problem.part} was not one of the allowed options: [{allowed}]"


def _stages(problem: p.InvalidStage) -> str:
    shown = ", ".join(f"pipelineId={each} : [{', '.join(ids)}]" for each, ids in problem.pipelines)
    return f"{problem.value} is not a valid pipeline stage ID. Valid options are: {shown}"


VALUE_WORDS: dict[type[p.ValueProblem], ValueWords] = {
    p.UnknownProperty: ValueWords(
        "PROPERTY_DOESNT_EXIST", lambda x: f'Property "{x.name}" does not exist', shows_value=False
    ),
    p.ReadOnlyProperty: ValueWords(
        "READ_ONLY_VALUE", lambda x: f'"{x.name}" is a read only property; its value cannot be set.'
    ),
    p.CalculatedProperty: ValueWords(
        "READ_ONLY_VALUE",
        lambda x: f'"{x.name}" is a calculated property; its value cannot be set.',
    ),
    p.InvalidOption: ValueWords("INVALID_OPTION", _options),
    p.InvalidStage: ValueWords("INVALID_OPTION", _stages),
    # The text for a pipeline is ours, after the one for a stage.
    p.InvalidPipeline: ValueWords(
        "INVALID_OPTION",
        lambda x: (
            f"{x.value} is not a valid pipeline ID. Valid options are: [{', '.join(x.allowed)}]"
        ),
    ),
    p.InvalidOwner: ValueWords("INVALID_OWNER_ID", lambda x: f"{x.value} was not a valid owner ID"),
    # The code stands for every number property, decimals included (observed October 2025).
    p.InvalidNumber: ValueWords("INVALID_INTEGER", lambda x: f"{x.value} was not a valid number."),
    p.InvalidLong: ValueWords("INVALID_LONG", lambda x: f"{x.value} was not a valid long."),
    p.DateNotMidnight: ValueWords(
        "INVALID_DATE", lambda x: f"{x.at_ms} is at {_clock(x.at_ms)} UTC, not midnight!"
    ),
    # The code is documented, the text is ours.
    p.DateWithTime: ValueWords("INVALID_DATE", lambda x: f"{x.value} was not a valid date."),
    p.DateOutOfRange: ValueWords(
        "INVALID_DATE",
        lambda x: f"{x.at_ms} is more than 1,000 years ago or 1,000 years from now.",
    ),
    # No capture of this refusal exists: code and text are ours.
    p.TextTooLong: ValueWords(
        "PROPERTY_VALUE_TOO_LONG",
        lambda x: f"The value of {x.name} is longer than {x.characters_max} characters.",
    ),
}


def describe_value_problem(problem: p.ValueProblem, portal_id: int) -> tuple[Json, Json]:
    """The entry embedded in the message and the entry of `errors` (form of October 2025)."""
    words = VALUE_WORDS[type(problem)]
    message = words.message(problem)
    embedded: Json = {
        "isValid": False,
        "message": message,
        "error": words.code,
        "name": problem.name,
        "localizedErrorMessage": message,
    }
    if words.shows_value:
        embedded["propertyValue"] = problem.value
    embedded["portalId"] = portal_id
    entry = {"message": message, "code": words.code, "context": {"propertyName": [problem.name]}}
    return embedded, entry


def invalid_values_message(problem: p.InvalidValues, portal_id: int) -> str:
    """The text that lists every problem as JSON."""
    listed = [describe_value_problem(each, portal_id)[0] for each in problem.problems]
    return f"Property values were not valid: {msgspec.json.encode(listed).decode()}"


# --- whole calls -----------------------------------------------------------------------------

VALIDATION = "VALIDATION_ERROR"
NOT_FOUND = "OBJECT_NOT_FOUND"


def _type(object_type_id: str) -> ObjectType | None:
    return find_object_type(object_type_id)


def type_name(object_type_id: str) -> str:
    """The name in `Could not get some … objects`: upper case, the word null for a custom type."""
    found = _type(object_type_id)
    return found.upper_name if found else "null"


def type_coordinates(object_type_id: str) -> str:
    """The object type as Java prints it (a guess for partner services)."""
    found = _type(object_type_id)
    if found:
        return f"ObjectTypeId{{legacyObjectType={found.upper_name}}}"
    meta, _, inner = object_type_id.partition("-")
    return f"ObjectTypeId{{metaTypeId={meta}, innerId={inner}}}"


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


def _invalid_cursor(problem: p.InvalidCursor, _portal_id: int, _type_id: str) -> Refusal:
    # What HubSpot says of a malformed cursor is unknown: category and text are ours.
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
    return Refusal(
        400,
        f"Error creating {type_name(type_id)}. Some required properties were not set.",
        VALIDATION,
        context={"properties": list(problem.names)},
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


Render = Callable[[Any, int, str], Refusal]

PROBLEM_WORDS: dict[type[p.Problem], Render] = {
    p.InvalidValues: _invalid_values,
    p.TooManyInputs: _too_many,
    p.TooManyInputsWithHistory: _too_many_histories,
    p.TooManyPerPage: _page_too_large,
    p.InvalidCursor: _invalid_cursor,
    p.DuplicateIds: _duplicate_ids,
    p.NotAUniqueProperty: _not_unique,
    p.UnknownUniqueValues: _unknown_values,
    p.MissingRecords: _missing,
    p.UniqueValueTaken: _value_taken,
    p.UniqueValueLocked: _value_locked,
    p.RecordsLocked: _locked,
    p.NoPropertiesGiven: _no_properties,
    p.RequiredPropertiesMissing: _required_missing,
    p.RecordNotFound: _not_found,
    p.NonNumericId: _non_numeric,
}


def word_problem(problem: p.Problem, portal_id: int, object_type_id: str) -> Refusal:
    """The refusal that a problem is answered with."""
    return PROBLEM_WORDS[type(problem)](problem, portal_id, object_type_id)


def batch_entry(problem: p.Problem, trace_id: str | None, portal_id: int, type_id: str) -> Json:
    """A problem as an entry of `errors` in a multi-status answer.

    Keys `status, category, subCategory?, message, context`; a trace id stands in the context as a
    list of one (documented for batch create, observed for update).
    """
    refusal = word_problem(problem, portal_id, type_id)
    context = dict(refusal.context or {}) if isinstance(problem, p.MissingRecords) else {}
    if trace_id is not None:
        context["objectWriteTraceId"] = [trace_id]
    return {
        "status": "error",
        "category": refusal.category,
        "message": refusal.message,
        "context": context,
    }


# --- who may not -----------------------------------------------------------------------------

UNAUTHENTICATED = Refusal(
    401,
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can"
    " find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    "INVALID_AUTHENTICATION",
)

_SCOPES_PAGE = "https://developers.hubspot.com/scopes"


def missing_scopes(any_of: tuple[str, ...]) -> Refusal:
    """The refusal of a token that has none of these scopes (observed, cases p10 and p12)."""
    return Refusal(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about"
        f" required scopes here: {_SCOPES_PAGE}.",
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(any_of)},
            }
        ],
        links={"scopes": _SCOPES_PAGE},
    )


INTERNAL_ERROR = Refusal(500, "internal error")


def unknown_type(text: str, *, is_id: bool) -> Refusal:
    """The refusal of a path that names no object type; the text is told as decoded."""
    if is_id:
        return Refusal(400, f"Invalid object or event type id: {text}")
    return Refusal(400, f"Unable to infer object type from: {text}")


def unsupported_operation(object_type: ObjectType, supported: tuple[str, ...]) -> Refusal:
    """The refusal of an operation that the type lacks (observed for batch create, 2023)."""
    return Refusal(
        400,
        f"Object type {object_type.upper_name} is not supported by this endpoint, supported object"
        f" types [{', '.join(supported)}].",
        VALIDATION,
    )
