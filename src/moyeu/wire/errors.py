"""The words, categories and status codes of every refusal: one row per problem.

The texts are HubSpot's as recorded unless the row says that they are ours. Key order of a body:
`status, message, correlationId, context?, errors?, links?, category?, subCategory?` (observed).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from moyeu.catalog.associations import CATEGORY_NUMBERS
from moyeu.catalog.object_types import ObjectType, find_object_type
from moyeu.crm import problems as p
from moyeu.crm.values.moment import DAY_MS
from moyeu.wire.exchange import HTML_TYPE, Answer
from moyeu.wire.pages import container_page
from moyeu.wire.rule_words import rule_code, rule_message

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

    code: str | Callable[[Any], str]
    message: Callable[[Any], str]
    shows_value: bool = True

    def code_of(self, problem: p.ValueProblem) -> str:
        """The code of this problem."""
        return self.code if isinstance(self.code, str) else self.code(problem)


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
    p.InvalidEmail: ValueWords(
        "INVALID_EMAIL", lambda x: f"Email address {x.value.strip()} is invalid"
    ),
    p.InvalidDomain: ValueWords("INVALID_DOMAIN", lambda x: f'"{x.value}" is an invalid domain'),
    p.ContainsUrl: ValueWords("CONTAINS_URL", lambda x: f'"{x.value}" contains a URL'),
    # No capture of this refusal exists: code and text are ours.
    p.TextTooLong: ValueWords(
        "PROPERTY_VALUE_TOO_LONG",
        lambda x: f"The value of {x.name} is longer than {x.characters_max} characters.",
    ),
    p.RuleBroken: ValueWords(rule_code, rule_message),
}


def describe_value_problem(problem: p.ValueProblem, portal_id: int) -> tuple[Json, Json]:
    """The entry embedded in the message and the entry of `errors` (form of October 2025)."""
    words = VALUE_WORDS[type(problem)]
    message, code = words.message(problem), words.code_of(problem)
    embedded: Json = {
        "isValid": False,
        "message": message,
        "error": code,
        "name": problem.name,
        "localizedErrorMessage": message,
    }
    if words.shows_value:
        embedded["propertyValue"] = problem.value
    embedded["portalId"] = portal_id
    entry = {"message": message, "code": code, "context": {"propertyName": [problem.name]}}
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
    object_type = _type(type_id)
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
    p.RequiredByAdmins: _required_by_admins,
    p.RecordExists: _exists,
    p.RecordNotFound: _not_found,
    p.NonNumericId: _non_numeric,
    p.AssociationTypesUnknown: _association_types_unknown,
    p.AssociationTargetsInvalid: _association_targets_invalid,
    p.WrongAssociationDirection: _wrong_direction,
    p.ManyForOneToOne: _many_for_one_to_one,
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
    if type(problem) in ENTRY_CONTEXT:
        context |= ENTRY_CONTEXT[type(problem)](problem)
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
