"""The handlers of the pipeline routes: decode → operation → encode."""

from dataclasses import replace
from typing import Final

from moyeu.catalog.pipelines import pipeline_rules
from moyeu.crm.pipeline_problems import PipelineNotFound, StageNotFound
from moyeu.crm.problems import Problem
from moyeu.operations import pipelines as operations
from moyeu.wire.access import may_read_definitions, may_write_definitions
from moyeu.wire.answering import created, note, ok, refusal_of, refuse
from moyeu.wire.bodies import Json
from moyeu.wire.decode import decoded
from moyeu.wire.errors import NOT_FOUND_MARK, container_answer, render_refusal
from moyeu.wire.exchange import NO_CONTENT, Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.pipeline_answers import audit_body, pipeline_body, stage_body
from moyeu.wire.pipeline_bodies import (
    decode_pipeline,
    decode_pipeline_update,
    decode_stage,
    decode_stage_update,
)
from moyeu.wire.pipeline_words import PIPELINE_WORDS, MissingForm
from moyeu.wire.record_words import RECORD_WORDS
from moyeu.wire.routes import Clock, DefinitionRoute

_WORDS: Final = {**RECORD_WORDS, **PIPELINE_WORDS}
_REFERENCES_FLAG: Final = "validateReferencesBeforeDelete"
_USAGES_FLAG: Final = "validateDealStageUsagesBeforeDelete"


# --- answers and refusals --------------------------------------------------------------------


def _refuse(
    request: Request, problem: Problem | JsonProblem, missing: MissingForm = "empty"
) -> Answer:
    """The refusal; missing: the form in which the route tells that something is not there."""
    if not isinstance(problem, PipelineNotFound | StageNotFound) or missing == "categorised":
        return refuse(request, problem, _WORDS)
    if missing == "plain":
        refusal = replace(refusal_of(request, problem, _WORDS), category=None)
        return render_refusal(refusal, request.correlation_id)
    note(request, problem)
    if missing == "page" and request.accepts_html():
        return container_answer(404)
    return Answer(404, b"", None, (NOT_FOUND_MARK,))


def _created(request: Request, body: Json, *path: str) -> Answer:
    prefix = request.version.pipeline_prefixes[0]
    return created(request, body, prefix, request.path["objectType"], *path)


def _in_use_refused(request: Request, *, of_pipeline: bool) -> bool:
    """Whether the version, or a flag of the query, forbids the deletion of what records stand in.

    The deletion of a single stage knows only the general flag; the other one is for whole
    pipelines of the type whose stages it names (API descriptions of 2026).
    """
    references = request.version.stage_references
    if references == "always":
        return True
    rules = pipeline_rules(request.object_type)
    names = [_REFERENCES_FLAG]
    if of_pipeline and rules is not None and rules.usages_flag:
        names.append(_USAGES_FLAG)
    sent = {name: request.query.last(name) for name in names}
    if references == "unless_declined":
        return not any((text or "").lower() == "false" for text in sent.values())
    return any(request.query.flag(name) for name in sent)


# --- pipelines -------------------------------------------------------------------------------


async def list_pipelines(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{objectType}`: all of them with their stages, whatever the query asks for."""
    found = await operations.list_pipelines(
        request.store, request.caller.portal_id, request.object_type.id
    )
    if isinstance(found, Problem):
        return _refuse(request, found)
    return ok({"results": [pipeline_body(each) for each in found]})


async def read_pipeline(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{pipelineId}`."""
    found = await operations.read_pipeline(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["pipelineId"],
    )
    return (
        _refuse(request, found, "page") if isinstance(found, Problem) else ok(pipeline_body(found))
    )


async def create_pipeline(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/{objectType}`."""
    given = await decoded(decode_pipeline, request.body)
    if isinstance(given, JsonProblem):
        return _refuse(request, given)
    made = await operations.create_pipeline(
        request.store, request.occasion(), request.object_type.id, given
    )
    if isinstance(made, Problem):
        return _refuse(request, made)
    return _created(request, pipeline_body(made), made.id)


async def replace_pipeline(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{pipelineId}`."""
    given = await decoded(decode_pipeline, request.body)
    if isinstance(given, JsonProblem):
        return _refuse(request, given)
    made = await operations.replace_pipeline(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.path["pipelineId"],
        given,
        in_use_refused=_in_use_refused(request, of_pipeline=True),
    )
    return _refuse(request, made) if isinstance(made, Problem) else ok(pipeline_body(made))


async def update_pipeline(request: Request, _clock_ms: Clock) -> Answer:
    """`PATCH …/{pipelineId}`: no stage goes, so the flags of a deletion have no effect."""
    change = await decoded(decode_pipeline_update, request.body)
    if isinstance(change, JsonProblem):
        return _refuse(request, change)
    changed = await operations.update_pipeline(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.path["pipelineId"],
        change,
    )
    return _refuse(request, changed) if isinstance(changed, Problem) else ok(pipeline_body(changed))


async def delete_pipeline(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/{pipelineId}`."""
    problem = await operations.delete_pipeline(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.path["pipelineId"],
        in_use_refused=_in_use_refused(request, of_pipeline=True),
    )
    return NO_CONTENT if problem is None else _refuse(request, problem, "categorised")


async def pipeline_audit(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{pipelineId}/audit`."""
    found = await operations.read_audit(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["pipelineId"],
    )
    return _audit_answer(request, found)


async def stage_audit(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/stages/{stageId}/audit`."""
    found = await operations.read_stage_audit(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["pipelineId"],
        request.path["stageId"],
    )
    return _audit_answer(request, found)


def _audit_answer(request: Request, found: list[operations.Audited] | Problem) -> Answer:
    if isinstance(found, Problem):
        return _refuse(request, found, "plain")
    portal_id = request.caller.portal_id
    return ok({"results": [audit_body(portal_id, each) for each in found]})


# --- stages ----------------------------------------------------------------------------------


async def list_stages(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/stages`."""
    found = await operations.read_pipeline(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["pipelineId"],
    )
    if isinstance(found, Problem):
        return _refuse(request, found, "plain")
    return ok({"results": [stage_body(each) for each in found.stages]})


async def read_stage(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/stages/{stageId}`."""
    found = await operations.read_stage(
        request.store,
        request.caller.portal_id,
        request.object_type.id,
        request.path["pipelineId"],
        request.path["stageId"],
    )
    return _refuse(request, found, "page") if isinstance(found, Problem) else ok(stage_body(found))


async def create_stage(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/stages`."""
    given = await decoded(decode_stage, request.body)
    if isinstance(given, JsonProblem):
        return _refuse(request, given)
    made = await operations.create_stage(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.path["pipelineId"],
        given,
    )
    if isinstance(made, Problem):
        return _refuse(request, made, "plain")
    return _created(request, stage_body(made), request.path["pipelineId"], "stages", made.id)


async def replace_stage(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/stages/{stageId}`."""
    given = await decoded(decode_stage, request.body)
    if isinstance(given, JsonProblem):
        return _refuse(request, given)
    made = await operations.replace_stage(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.path["pipelineId"],
        request.path["stageId"],
        given,
    )
    return _refuse(request, made) if isinstance(made, Problem) else ok(stage_body(made))


async def update_stage(request: Request, _clock_ms: Clock) -> Answer:
    """`PATCH …/stages/{stageId}`."""
    change = await decoded(decode_stage_update, request.body)
    if isinstance(change, JsonProblem):
        return _refuse(request, change)
    changed = await operations.update_stage(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.path["pipelineId"],
        request.path["stageId"],
        change,
    )
    return _refuse(request, changed) if isinstance(changed, Problem) else ok(stage_body(changed))


async def delete_stage(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/stages/{stageId}`: 204 for one that is not there, too (observed)."""
    problem = await operations.delete_stage(
        request.store,
        request.occasion(),
        request.object_type.id,
        request.path["pipelineId"],
        request.path["stageId"],
        in_use_refused=_in_use_refused(request, of_pipeline=False),
    )
    return NO_CONTENT if problem is None else _refuse(request, problem)


# --- the routes ------------------------------------------------------------------------------

_READ: Final = may_read_definitions
_WRITE: Final = may_write_definitions
_STAGE: Final = "/{pipelineId}/stages/{stageId}"

PIPELINE_ROUTES: Final[tuple[DefinitionRoute, ...]] = tuple(
    DefinitionRoute(name, method, "/{objectType}" + path, check, handler)
    for name, method, path, check, handler in (
        ("pipeline_list", "GET", "", _READ, list_pipelines),
        ("pipeline_create", "POST", "", _WRITE, create_pipeline),
        ("pipeline_read", "GET", "/{pipelineId}", _READ, read_pipeline),
        ("pipeline_replace", "PUT", "/{pipelineId}", _WRITE, replace_pipeline),
        ("pipeline_update", "PATCH", "/{pipelineId}", _WRITE, update_pipeline),
        ("pipeline_delete", "DELETE", "/{pipelineId}", _WRITE, delete_pipeline),
        ("pipeline_audit", "GET", "/{pipelineId}/audit", _READ, pipeline_audit),
        ("stage_list", "GET", "/{pipelineId}/stages", _READ, list_stages),
        ("stage_create", "POST", "/{pipelineId}/stages", _WRITE, create_stage),
        ("stage_read", "GET", _STAGE, _READ, read_stage),
        ("stage_replace", "PUT", _STAGE, _WRITE, replace_stage),
        ("stage_update", "PATCH", _STAGE, _WRITE, update_stage),
        ("stage_delete", "DELETE", _STAGE, _WRITE, delete_stage),
        ("stage_audit", "GET", f"{_STAGE}/audit", _READ, stage_audit),
    )
)
