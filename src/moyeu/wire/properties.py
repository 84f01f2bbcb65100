"""The handlers of the property routes: decode → operation → encode."""

from typing import Final, get_args

from moyeu.catalog.properties import DataSensitivity, PropertyDefinition
from moyeu.crm.problems import InvalidParameter, Problem
from moyeu.operations import definitions as operations
from moyeu.wire.access import may_read_definitions, may_write_definitions
from moyeu.wire.answering import batch_answer, created, ok, refusal_of, refuse
from moyeu.wire.bodies import Json, present
from moyeu.wire.decode import decoded
from moyeu.wire.errors import Refusal, render_refusal
from moyeu.wire.exchange import NO_CONTENT, Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.property_answers import batch_created_body, group_body, property_body
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
from moyeu.wire.record_words import RECORD_WORDS
from moyeu.wire.routes import Clock, DefinitionRoute

_WORDS: Final = {**RECORD_WORDS, **DEFINITION_WORDS}
_SENSITIVITIES: Final[dict[str, DataSensitivity]] = {
    each: each for each in get_args(DataSensitivity)
}


# --- answers and refusals --------------------------------------------------------------------


def _created(request: Request, body: Json, *path: str) -> Answer:
    prefix = request.version.property_prefixes[0]
    return created(request, body, prefix, request.path["objectType"], *path)


def _refuse(request: Request, problem: Problem | JsonProblem) -> Answer:
    answer = refuse(request, problem, _WORDS)
    if isinstance(problem, NESTED):
        outer = Refusal(answer.status, answer.body.decode())
        return render_refusal(outer, request.correlation_id)
    return answer


def _batch_error(request: Request, name: str, problem: Problem) -> Json:
    """An entry of `errors`; the name stands in a context where the refusal alone has none.

    Source: observed 2026-02-26 for a name that exists; a guess for every other problem.
    """
    refusal = refusal_of(request, problem, _WORDS, (name,))
    return present(
        {
            "status": "error",
            "category": refusal.category,
            "subCategory": refusal.sub_category,
            "message": refusal.message,
            "context": refusal.context or {"name": [name]},
        }
    )


# --- properties ------------------------------------------------------------------------------


def _sensitivity(request: Request) -> DataSensitivity | InvalidParameter:
    text = request.query.last("dataSensitivity")
    if not text:
        return "non_sensitive"
    return _SENSITIVITIES.get(text) or InvalidParameter("dataSensitivity", text)


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
    return ok({"results": [property_body(each) for each in found]})


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
    return _refuse(request, found) if isinstance(found, Problem) else ok(property_body(found))


async def create_property(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/{objectType}`."""
    given = await decoded(decode_property_create, request.body)
    if isinstance(given, JsonProblem):
        return _refuse(request, given)
    made = await operations.create_property(
        request.store, request.occasion(), request.object_type.id, given
    )
    if isinstance(made, Problem):
        return _refuse(request, made)
    return _created(request, property_body(made), made.name)


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
    return ok(property_body(changed))


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
    return batch_answer(
        request,
        clock_ms,
        201,
        [batch_created_body(each) for each in outcomes if isinstance(each, PropertyDefinition)],
        [
            _batch_error(request, given.name, each)
            for given, each in zip(inputs, outcomes, strict=True)
            if isinstance(each, Problem)
        ],
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
    return batch_answer(
        request,
        clock_ms,
        200,
        [property_body(each) for each in outcome.found],
        [_batch_error(request, each.name, each) for each in outcome.missing],
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
    return ok({"results": [group_body(each) for each in groups]})


async def read_group(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectType}/groups/{groupName}`."""
    found = await operations.read_group(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["groupName"],
    )
    return _refuse(request, found) if isinstance(found, Problem) else ok(group_body(found))


async def create_group(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/{objectType}/groups`."""
    given = await decoded(decode_group_create, request.body)
    if isinstance(given, JsonProblem):
        return _refuse(request, given)
    made = await operations.create_group(
        request.store, request.occasion(), request.object_type.id, given
    )
    if isinstance(made, Problem):
        return _refuse(request, made)
    return _created(request, group_body(made), "groups", made.name)


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
    return _refuse(request, changed) if isinstance(changed, Problem) else ok(group_body(changed))


async def archive_group(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/{objectType}/groups/{groupName}`."""
    archived = await operations.archive_group(
        request.store, request.occasion(), request.object_type.id, request.path["groupName"]
    )
    return _refuse(request, archived) if isinstance(archived, Problem) else NO_CONTENT


# --- the routes ------------------------------------------------------------------------------

_READ: Final = may_read_definitions
_WRITE: Final = may_write_definitions

PROPERTY_ROUTES: Final[tuple[DefinitionRoute, ...]] = tuple(
    DefinitionRoute(name, method, "/{objectType}" + path, check, handler)
    for name, method, path, check, handler in (
        ("property_list", "GET", "", _READ, list_properties),
        ("property_create", "POST", "", _WRITE, create_property),
        ("property_read", "GET", "/{propertyName}", _READ, read_property),
        ("property_update", "PATCH", "/{propertyName}", _WRITE, update_property),
        ("property_archive", "DELETE", "/{propertyName}", _WRITE, archive_property),
        ("property_batch_create", "POST", "/batch/create", _WRITE, batch_create_properties),
        ("property_batch_read", "POST", "/batch/read", _READ, batch_read_properties),
        ("property_batch_archive", "POST", "/batch/archive", _WRITE, batch_archive_properties),
        ("property_group_list", "GET", "/groups", _READ, list_groups),
        ("property_group_create", "POST", "/groups", _WRITE, create_group),
        ("property_group_read", "GET", "/groups/{groupName}", _READ, read_group),
        ("property_group_update", "PATCH", "/groups/{groupName}", _WRITE, update_group),
        ("property_group_archive", "DELETE", "/groups/{groupName}", _WRITE, archive_group),
    )
)
