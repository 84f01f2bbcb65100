"""The handlers of the routes of limits for associations, and of the report on high usage.

The guides call the limits configurations of association definitions.
"""

from collections.abc import Sequence
from typing import Final

from moyeu.catalog.scopes import CUSTOM_OBJECT_READ_SCOPES, OBJECT_READ_SCOPES
from moyeu.crm.association_limits import AssociationLimit, LimitOutcome
from moyeu.crm.problems import Problem
from moyeu.operations import association_limits as operations
from moyeu.wire.access import any_scope, may_read_records, may_write_records
from moyeu.wire.answering import batch_answer, ok, refusal_of, refuse
from moyeu.wire.association_definition_bodies import decode_limits, decode_limits_purge
from moyeu.wire.association_definition_words import ASSOCIATION_DEFINITION_WORDS
from moyeu.wire.bodies import Json, present
from moyeu.wire.decode import decoded
from moyeu.wire.exchange import NO_CONTENT, Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.record_words import RECORD_WORDS
from moyeu.wire.routes import Clock, DefinitionRoute

_WORDS: Final = {**RECORD_WORDS, **ASSOCIATION_DEFINITION_WORDS}


def _refuse(request: Request, problem: Problem | JsonProblem) -> Answer:
    return refuse(request, problem, _WORDS)


def _updated_body(limit: AssociationLimit) -> Json:
    return {
        "category": limit.kind.category,
        "typeId": limit.kind.type_id,
        "userEnforcedMaxToObjectIds": limit.limit,
    }


def _limit_body(limit: AssociationLimit) -> Json:
    """A limit in the key order of the guide, whose example has `label: null`."""
    return _updated_body(limit) | {"label": limit.kind.label}


def _error_body(request: Request, problem: Problem) -> Json:
    """An entry of `errors`: as the other batches of definitions write it (a guess)."""
    refusal = refusal_of(request, problem, _WORDS)
    return present(
        {
            "status": "error",
            "category": refusal.category,
            "message": refusal.message,
            "context": refusal.context,
        }
    )


def _errors(request: Request, outcomes: Sequence[LimitOutcome]) -> list[Json]:
    return [_error_body(request, each) for each in outcomes if isinstance(each, Problem)]


async def list_all(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/definitions/configurations/all`."""
    found = await operations.list_limits(request.store, request.caller.portal_id)
    return ok({"results": [_limit_body(each) for each in found]})


async def list_of_pair(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/definitions/configurations/{fromObjectType}/{toObjectType}`."""
    pair = request.object_type.id, request.to_type.id
    found = await operations.list_limits(request.store, request.caller.portal_id, pair)
    return ok({"results": [_limit_body(each) for each in found]})


async def _set(request: Request) -> list[LimitOutcome] | Problem | JsonProblem:
    inputs = await decoded(decode_limits, request.body)
    if isinstance(inputs, JsonProblem):
        return inputs
    return await operations.set_limits(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.to_type.id,
        inputs,
    )


async def batch_create(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/create`."""
    outcomes = await _set(request)
    if not isinstance(outcomes, list):
        return _refuse(request, outcomes)
    results = [_limit_body(each) for each in outcomes if isinstance(each, AssociationLimit)]
    status = request.version.association_limit_created
    return batch_answer(request, clock_ms, status, results, _errors(request, outcomes))


async def batch_update(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/update`: its results have no label (SPEC)."""
    outcomes = await _set(request)
    if not isinstance(outcomes, list):
        return _refuse(request, outcomes)
    results = [_updated_body(each) for each in outcomes if isinstance(each, AssociationLimit)]
    return batch_answer(request, clock_ms, 200, results, _errors(request, outcomes))


async def batch_purge(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/batch/purge`."""
    inputs = await decoded(decode_limits_purge, request.body)
    if isinstance(inputs, JsonProblem):
        return _refuse(request, inputs)
    outcomes = await operations.lift_limits(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.to_type.id,
        inputs,
    )
    if isinstance(outcomes, Problem):
        return _refuse(request, outcomes)
    errors = _errors(request, outcomes)
    if not errors and not request.version.association_removal_told:
        return NO_CONTENT
    return batch_answer(request, clock_ms, 200, [], errors)


async def ask_for_report(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/usage/high-usage-report/{userId}`: nothing is mailed. The shape is SPEC."""
    owner = await operations.ask_for_report(
        request.store, request.caller.portal_id, request.path["userId"]
    )
    if isinstance(owner, Problem):
        return _refuse(request, owner)
    time: Json = {"value": request.now_ms, "dateOnly": False, "timeZoneShift": 0}
    return ok({"userId": owner.user_id, "userEmail": owner.email, "enqueueTime": time})


_MAY_READ_ANY: Final = any_scope(*OBJECT_READ_SCOPES, *CUSTOM_OBJECT_READ_SCOPES)
_CONFIGURATIONS: Final = "/definitions/configurations"
_PAIR: Final = _CONFIGURATIONS + "/{objectType}/{toObjectType}"

# The scopes are a guess: those of records of the from-type, where there is one.
ASSOCIATION_LIMIT_ROUTES: Final = tuple(
    # Asking for the report needs no body.
    DefinitionRoute(name, method, path, check, handler, reads_body=handler is not ask_for_report)
    for name, method, path, check, handler in (
        ("association_limit_list", "GET", f"{_CONFIGURATIONS}/all", _MAY_READ_ANY, list_all),
        ("association_limit_read", "GET", _PAIR, may_read_records, list_of_pair),
        (
            "association_limit_batch_create",
            "POST",
            f"{_PAIR}/batch/create",
            may_write_records,
            batch_create,
        ),
        (
            "association_limit_batch_update",
            "POST",
            f"{_PAIR}/batch/update",
            may_write_records,
            batch_update,
        ),
        (
            "association_limit_batch_purge",
            "POST",
            f"{_PAIR}/batch/purge",
            may_write_records,
            batch_purge,
        ),
        (
            "association_usage_report",
            "POST",
            "/usage/high-usage-report/{userId}",
            _MAY_READ_ANY,
            ask_for_report,
        ),
    )
)
