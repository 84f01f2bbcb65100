"""The handlers of the property routes: decode → operation → encode."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Literal, get_args
from urllib.parse import quote

from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.properties import DataSensitivity, PropertyDefinition
from moyeu.catalog.scopes import (
    GENERIC_PROPERTY_READ_SCOPES,
    GENERIC_PROPERTY_WRITE_SCOPES,
    property_read_scopes,
    property_write_scopes,
    read_scopes_named_in_refusal,
)
from moyeu.crm.callers import Caller
from moyeu.crm.definition_problems import UnknownSensitivity
from moyeu.crm.problems import Problem
from moyeu.operations import definitions as operations
from moyeu.wire.decode import decoded
from moyeu.wire.encode import batch_body, encode_json
from moyeu.wire.errors import (
    PROBLEM_WORDS,
    Json,
    Refusal,
    missing_scopes,
    render_refusal,
    type_coordinates,
)
from moyeu.wire.exchange import NO_CONTENT, Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.property_answers import (
    batch_created_body,
    group_body,
    present,
    property_body,
)
from moyeu.wire.property_bodies import (
    decode_batch_archive,
    decode_batch_create,
    decode_batch_read,
    decode_group_create,
    decode_group_update,
    decode_property_create,
    decode_property_update,
)
from moyeu.wire.property_words import DEFINITION_WORDS, NESTED

Access = Literal["read", "write"]
Clock = Callable[[], int]
"""Milliseconds since 1970, UTC."""
Handler = Callable[[Request, Clock], Awaitable[Answer]]

_WORDS: Final = {**PROBLEM_WORDS, **DEFINITION_WORDS}
_SENSITIVITIES: Final[dict[str, DataSensitivity]] = {
    each: each for each in get_args(DataSensitivity)
}


# --- who may ---------------------------------------------------------------------------------


def check_access(caller: Caller, object_type: ObjectType, access: Access) -> Refusal | None:
    """Whether the caller may read or write definitions of the type; the refusal if not.

    A token without any scope of the generic list lacks scopes; one that has such a scope but none
    for this type lacks permissions (a guess that explains both recorded refusals). The sentence
    is recorded for reads; for writes it is a guess.
    """
    if access == "read":
        generic, own = GENERIC_PROPERTY_READ_SCOPES, property_read_scopes(object_type)
        named = read_scopes_named_in_refusal(object_type)
    else:
        generic, own = GENERIC_PROPERTY_WRITE_SCOPES, property_write_scopes(object_type)
        named = own
    if caller.may(own):
        return None
    if caller.scopes.isdisjoint(generic):
        return missing_scopes(named)
    return Refusal(
        403,
        f"You do not have permissions to {'view' if access == 'read' else 'edit'} object type"
        f" {type_coordinates(object_type.id)} in portal {caller.portal_id}"
        f" (requires one of [{object_type.scope_name}-{access}])",
    )


# --- answers ---------------------------------------------------------------------------------


def _ok(body: Json, status: int = 200) -> Answer:
    return Answer(status, encode_json(body))


def _created(request: Request, body: Json, *path: str) -> Answer:
    # That a create answers with a Location is observed; its form is that of record creates.
    prefix = request.base_url + request.version.property_prefixes[0]
    parts = (request.path["objectType"], *path)
    location = "/".join((prefix, *(quote(part, safe="") for part in parts)))
    return Answer(201, encode_json(body), headers=((b"location", location.encode()),))


# --- refusals --------------------------------------------------------------------------------


def _refuse(request: Request, problem: Problem | JsonProblem) -> Answer:
    if isinstance(problem, JsonProblem):
        refusal = Refusal(400, problem.message, problem.category)
    else:
        refusal = _word(request, problem)
    answer = render_refusal(refusal, request.correlation_id)
    if isinstance(problem, NESTED):
        outer = Refusal(answer.status, answer.body.decode())
        return render_refusal(outer, request.correlation_id)
    return answer


def _word(request: Request, problem: Problem) -> Refusal:
    render = _WORDS[type(problem)]
    return render(problem, request.caller.portal_id, request.object_type.id)


def _batch_error(request: Request, name: str, problem: Problem) -> Json:
    """An entry of `errors`; the name stands in a context where the refusal alone has none.

    Source: observed 2026-02-26 for a name that exists; a guess for every other problem.
    """
    refusal = _word(request, problem)
    return present(
        {
            "status": "error",
            "category": refusal.category,
            "subCategory": refusal.sub_category,
            "message": refusal.message,
            "context": refusal.context or {"name": [name]},
        }
    )


def _batch_answer(
    request: Request, clock_ms: Clock, status: int, results: list[Json], errors: Iterable[Json]
) -> Answer:
    entries = list(errors)
    body = batch_body(results, entries, request.now_ms, clock_ms())
    return Answer(207 if entries else status, body)


# --- properties ------------------------------------------------------------------------------


def _sensitivity(request: Request) -> DataSensitivity | UnknownSensitivity:
    text = request.query.last("dataSensitivity")
    if not text:
        return "non_sensitive"
    return _SENSITIVITIES.get(text) or UnknownSensitivity(text)


async def list_properties(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectType}`: all of them, without pages."""
    sensitivity = _sensitivity(request)
    if isinstance(sensitivity, Problem):
        return _refuse(request, sensitivity)
    found = await operations.list_properties(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        archived=request.query.flag("archived"),
        sensitivity=sensitivity,
    )
    return _ok({"results": [property_body(each) for each in found]})


async def read_property(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectType}/{propertyName}`."""
    sensitivity = _sensitivity(request)
    if isinstance(sensitivity, Problem):
        return _refuse(request, sensitivity)
    found = await operations.read_property(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["propertyName"],
        archived=request.query.flag("archived"),
        sensitivity=sensitivity,
    )
    return _refuse(request, found) if isinstance(found, Problem) else _ok(property_body(found))


async def create_property(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/{objectType}`."""
    given = await decoded(decode_property_create, request.body)
    if isinstance(given, JsonProblem):
        return _refuse(request, given)
    created = await operations.create_property(
        request.store, request.occasion(), request.object_type.id, given
    )
    if isinstance(created, Problem):
        return _refuse(request, created)
    return _created(request, property_body(created), created.name)


async def update_property(request: Request, _clock_ms: Clock) -> Answer:
    """`PATCH …/{objectType}/{propertyName}`."""
    change = await decoded(decode_property_update, request.body)
    if isinstance(change, JsonProblem):
        return _refuse(request, change)
    changed = await operations.update_property(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.path["propertyName"],
        change,
        unique_flag_refused=request.version.unique_flag_change_refused,
    )
    if isinstance(changed, Problem):
        return _refuse(request, changed)
    return _ok(property_body(changed))


async def archive_property(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/{objectType}/{propertyName}`."""
    archived = await operations.archive_property(
        request.store, request.occasion(), request.object_type.id, request.path["propertyName"]
    )
    return _refuse(request, archived) if isinstance(archived, Problem) else NO_CONTENT


async def batch_create_properties(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/{objectType}/batch/create`: what can be created is, the rest is listed."""
    inputs = await decoded(decode_batch_create, request.body)
    if isinstance(inputs, JsonProblem):
        return _refuse(request, inputs)
    outcomes = await operations.create_properties(
        request.store, request.occasion(), request.object_type.id, inputs
    )
    if isinstance(outcomes, Problem):
        return _refuse(request, outcomes)
    return _batch_answer(
        request,
        clock_ms,
        201,
        [batch_created_body(each) for each in outcomes if isinstance(each, PropertyDefinition)],
        (
            _batch_error(request, given.name, each)
            for given, each in zip(inputs, outcomes, strict=True)
            if isinstance(each, Problem)
        ),
    )


async def batch_read_properties(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/{objectType}/batch/read`: names that are not found are listed (a guess)."""
    asked = await decoded(decode_batch_read, request.body)
    if isinstance(asked, JsonProblem):
        return _refuse(request, asked)
    outcome = await operations.read_properties(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        asked.names,
        archived=asked.archived,
        sensitivity=asked.sensitivity,
    )
    if isinstance(outcome, Problem):
        return _refuse(request, outcome)
    return _batch_answer(
        request,
        clock_ms,
        200,
        [property_body(each) for each in outcome.found],
        (_batch_error(request, each.name, each) for each in outcome.missing),
    )


async def batch_archive_properties(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/{objectType}/batch/archive`."""
    names = await decoded(decode_batch_archive, request.body)
    if isinstance(names, JsonProblem):
        return _refuse(request, names)
    outcome = await operations.archive_properties(
        request.store, request.occasion(), request.object_type.id, names
    )
    return _refuse(request, outcome) if isinstance(outcome, Problem) else NO_CONTENT


# --- groups ----------------------------------------------------------------------------------


async def list_groups(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectType}/groups`."""
    groups = await operations.list_groups(
        request.store, request.caller.portal_id, request.object_type.id
    )
    return _ok({"results": [group_body(each) for each in groups]})


async def read_group(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectType}/groups/{groupName}`."""
    found = await operations.read_group(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["groupName"],
    )
    return _refuse(request, found) if isinstance(found, Problem) else _ok(group_body(found))


async def create_group(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/{objectType}/groups`."""
    given = await decoded(decode_group_create, request.body)
    if isinstance(given, JsonProblem):
        return _refuse(request, given)
    created = await operations.create_group(
        request.store, request.occasion(), request.object_type.id, given
    )
    if isinstance(created, Problem):
        return _refuse(request, created)
    return _created(request, group_body(created), "groups", created.name)


async def update_group(request: Request, _clock_ms: Clock) -> Answer:
    """`PATCH …/{objectType}/groups/{groupName}`."""
    change = await decoded(decode_group_update, request.body)
    if isinstance(change, JsonProblem):
        return _refuse(request, change)
    changed = await operations.update_group(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.path["groupName"],
        change,
    )
    return _refuse(request, changed) if isinstance(changed, Problem) else _ok(group_body(changed))


async def archive_group(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/{objectType}/groups/{groupName}`."""
    archived = await operations.archive_group(
        request.store, request.occasion(), request.object_type.id, request.path["groupName"]
    )
    return _refuse(request, archived) if isinstance(archived, Problem) else NO_CONTENT


# --- the routes ------------------------------------------------------------------------------

PROPERTY_ENDPOINTS: Final[tuple[tuple[str, str, str, Handler, Access], ...]] = (
    ("property_list", "GET", "/{objectType}", list_properties, "read"),
    ("property_create", "POST", "/{objectType}", create_property, "write"),
    ("property_read", "GET", "/{objectType}/{propertyName}", read_property, "read"),
    ("property_update", "PATCH", "/{objectType}/{propertyName}", update_property, "write"),
    ("property_archive", "DELETE", "/{objectType}/{propertyName}", archive_property, "write"),
    (
        "property_batch_create",
        "POST",
        "/{objectType}/batch/create",
        batch_create_properties,
        "write",
    ),
    ("property_batch_read", "POST", "/{objectType}/batch/read", batch_read_properties, "read"),
    (
        "property_batch_archive",
        "POST",
        "/{objectType}/batch/archive",
        batch_archive_properties,
        "write",
    ),
    ("property_group_list", "GET", "/{objectType}/groups", list_groups, "read"),
    ("property_group_create", "POST", "/{objectType}/groups", create_group, "write"),
    ("property_group_read", "GET", "/{objectType}/groups/{groupName}", read_group, "read"),
    ("property_group_update", "PATCH", "/{objectType}/groups/{groupName}", update_group, "write"),
    (
        "property_group_archive",
        "DELETE",
        "/{objectType}/groups/{groupName}",
        archive_group,
        "write",
    ),
)
"""Operation, method, template below a prefix of a version, handler, what the caller must have."""
