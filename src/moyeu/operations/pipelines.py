"""The operations on pipelines and stages: read → plan → apply, one function each.

Each answers an outcome or the problem that refused it. New ids are record ids of the portal, in the
order of the request, the pipeline's before those of its stages: numbers that were never given out,
so that a record whose stage was deleted never comes to stand in another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from moyeu.catalog.limits import RECORDS_NAMED_MAX
from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.pipelines import (
    Pipeline,
    PipelineRules,
    Stage,
    pipeline_of_stage,
    pipeline_rules,
)
from moyeu.crm.callers import Occasion
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.pipeline_audits import AuditedChange, audited_changes
from moyeu.crm.pipeline_inputs import GivenPipeline, GivenStage, PipelineChange, StageChange
from moyeu.crm.pipeline_plans import (
    PipelinePlan,
    StagePlan,
    TypePipelines,
    find_pipeline,
    find_stage,
)
from moyeu.crm.pipeline_problems import (
    PipelineNotFound,
    PipelinesNotSupported,
    StageNotFound,
    StagesInUse,
)
from moyeu.crm.pipelines import (
    plan_pipeline_create,
    plan_pipeline_delete,
    plan_pipeline_replace,
    plan_pipeline_update,
    stage_options,
    use_problem,
)
from moyeu.crm.problems import Problem
from moyeu.crm.stages import (
    plan_stage_create,
    plan_stage_delete,
    plan_stage_replace,
    plan_stage_update,
)
from moyeu.operations.turns import definitions_of, write_in_turn
from moyeu.storage.contract import AuditEntry, Store, WriteTransaction

Plan = TypeVar("Plan", PipelinePlan, StagePlan)

_write_json = msgspec.json.Encoder().encode
_read_pipeline = msgspec.json.Decoder(Pipeline).decode
_read_stage = msgspec.json.Decoder(Stage).decode


@dataclass(frozen=True, slots=True)
class Audited:
    """One entry of an audit; subject: the pipeline or stage as the entry remembers it."""

    entry: AuditEntry
    subject: Pipeline | Stage


# --- reading ---------------------------------------------------------------------------------


async def list_pipelines(
    store: Store, portal_id: int, type_id: str
) -> list[Pipeline] | PipelinesNotSupported:
    """The type's pipelines, oldest first.

    That they are not in display order is observed (2026-10); in which they are is a guess.
    """
    definitions = await definitions_of(store, portal_id, type_id)
    rules = _rules_of(definitions.object_type)
    if isinstance(rules, Problem):
        return rules
    return sorted(definitions.pipelines, key=lambda each: each.created_at_ms)


async def read_pipeline(
    store: Store, portal_id: int, type_id: str, pipeline_id: str
) -> Pipeline | Problem:
    """One pipeline."""
    pipelines = await list_pipelines(store, portal_id, type_id)
    if isinstance(pipelines, Problem):
        return pipelines
    return find_pipeline(pipeline_id, pipelines)


async def read_stage(
    store: Store, portal_id: int, type_id: str, pipeline_id: str, stage_id: str
) -> Stage | Problem:
    """One stage."""
    pipelines = await list_pipelines(store, portal_id, type_id)
    if isinstance(pipelines, Problem):
        return pipelines
    found = find_stage(pipeline_id, stage_id, pipelines)
    return found if isinstance(found, Problem) else found[1]


async def read_audit(
    store: Store, portal_id: int, type_id: str, pipeline_id: str
) -> list[Audited] | Problem:
    """The changes of a pipeline, newest first; the pipeline must exist (documented)."""
    found = await read_pipeline(store, portal_id, type_id, pipeline_id)
    if isinstance(found, Problem):
        return found
    entries = await store.read(
        lambda transaction: transaction.pipeline_audit(portal_id, type_id, pipeline_id, "")
    )
    return [Audited(each, _read_pipeline(each.document)) for each in entries]


async def read_stage_audit(
    store: Store, portal_id: int, type_id: str, pipeline_id: str, stage_id: str
) -> list[Audited] | Problem:
    """The changes of a stage, newest first; of one that is gone as long as its pipeline is there.

    The stage alone says which pipeline it is in: the v3 client takes no pipeline id for this call
    and sends the name of the parameter in its place.
    """
    pipelines = await list_pipelines(store, portal_id, type_id)
    if isinstance(pipelines, Problem):
        return pipelines
    holder = pipeline_of_stage(stage_id, pipelines) or find_pipeline(pipeline_id, pipelines)
    if isinstance(holder, Problem):
        return holder
    holder_id = holder.id
    entries = await store.read(
        lambda transaction: transaction.pipeline_audit(portal_id, type_id, holder_id, stage_id)
    )
    return [Audited(each, _read_stage(each.document)) for each in entries]


def _rules_of(object_type: ObjectType) -> PipelineRules | PipelinesNotSupported:
    return pipeline_rules(object_type) or PipelinesNotSupported(object_type.upper_name)


# --- writing pipelines -----------------------------------------------------------------------


async def create_pipeline(
    store: Store, occasion: Occasion, type_id: str, given: GivenPipeline
) -> Pipeline | Problem:
    """Creates a pipeline; the first one of a custom type gives it its two properties."""
    plan = await _write(
        store, occasion, type_id, lambda around: plan_pipeline_create(given, around)
    )
    return _answered(plan)


async def replace_pipeline(
    store: Store,
    occasion: Occasion,
    type_id: str,
    pipeline_id: str,
    given: GivenPipeline,
    *,
    in_use_refused: bool,
) -> Pipeline | Problem:
    """Gives a pipeline other content; in_use_refused: unless records stand in stages that go."""
    plan = await _write(
        store,
        occasion,
        type_id,
        lambda around: plan_pipeline_replace(pipeline_id, given, around),
        in_use_refused=in_use_refused,
    )
    return _answered(plan)


async def update_pipeline(
    store: Store, occasion: Occasion, type_id: str, pipeline_id: str, change: PipelineChange
) -> Pipeline | Problem:
    """Changes the sent fields of a pipeline."""
    plan = await _write(
        store, occasion, type_id, lambda around: plan_pipeline_update(pipeline_id, change, around)
    )
    return _answered(plan)


def _answered(plan: PipelinePlan | Problem) -> Pipeline | Problem:
    if isinstance(plan, Problem):
        return plan
    assert plan.answered is not None
    return plan.answered


async def delete_pipeline(
    store: Store, occasion: Occasion, type_id: str, pipeline_id: str, *, in_use_refused: bool
) -> Problem | None:
    """Removes a pipeline for good; in_use_refused: unless records stand in it."""
    plan = await _write(
        store,
        occasion,
        type_id,
        lambda around: plan_pipeline_delete(pipeline_id, around),
        in_use_refused=in_use_refused,
    )
    return plan if isinstance(plan, Problem) else None


# --- writing stages --------------------------------------------------------------------------


async def create_stage(
    store: Store, occasion: Occasion, type_id: str, pipeline_id: str, given: GivenStage
) -> Stage | Problem:
    """Adds a stage to a pipeline; records may stand in it at once."""
    plan = await _write(
        store, occasion, type_id, lambda around: plan_stage_create(pipeline_id, given, around)
    )
    return plan if isinstance(plan, Problem) else plan.answered


async def replace_stage(
    store: Store,
    occasion: Occasion,
    type_id: str,
    pipeline_id: str,
    stage_id: str,
    given: GivenStage,
) -> Stage | Problem:
    """Gives a stage other content."""
    plan = await _write(
        store,
        occasion,
        type_id,
        lambda around: plan_stage_replace(pipeline_id, stage_id, given, around),
    )
    return plan if isinstance(plan, Problem) else plan.answered


async def update_stage(
    store: Store,
    occasion: Occasion,
    type_id: str,
    pipeline_id: str,
    stage_id: str,
    change: StageChange,
) -> Stage | Problem:
    """Changes the sent fields of a stage."""
    plan = await _write(
        store,
        occasion,
        type_id,
        lambda around: plan_stage_update(pipeline_id, stage_id, change, around),
    )
    return plan if isinstance(plan, Problem) else plan.answered


async def delete_stage(
    store: Store,
    occasion: Occasion,
    type_id: str,
    pipeline_id: str,
    stage_id: str,
    *,
    in_use_refused: bool,
) -> Problem | None:
    """Removes a stage for good; one that is not there, or not in this pipeline, is no problem.

    in_use_refused: unless records stand in it.
    """
    plan = await _write(
        store,
        occasion,
        type_id,
        lambda around: plan_stage_delete(pipeline_id, stage_id, around),
        in_use_refused=in_use_refused,
    )
    if isinstance(plan, PipelineNotFound | StageNotFound):
        return None
    return plan if isinstance(plan, Problem) else None


# --- the writer's turn -----------------------------------------------------------------------


async def _write(
    store: Store,
    occasion: Occasion,
    type_id: str,
    plan: Callable[[TypePipelines], Plan | Problem],
    *,
    in_use_refused: bool = False,
) -> Plan | Problem:
    """Plans and applies in one turn of the writer."""
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> Plan | Problem:
        definitions = transaction.definitions(portal_id, type_id)
        rules = _rules_of(definitions.object_type)
        if isinstance(rules, Problem):
            return rules
        planned = plan(_around(transaction, definitions, rules, occasion.now_ms))
        if isinstance(planned, Problem):
            return planned
        change = planned.change
        if in_use_refused and (problem := _use_problem(transaction, definitions, rules, change)):
            return problem
        _apply(transaction, occasion, definitions, rules, change)
        return planned

    return await write_in_turn(store, work)


def _around(
    transaction: WriteTransaction, definitions: TypeDefinitions, rules: PipelineRules, now_ms: int
) -> TypePipelines:
    portal_id = definitions.portal_id
    elsewhere = [
        pipeline
        for type_id in rules.ids_shared_with
        for pipeline in transaction.definitions(portal_id, type_id).pipelines
    ]
    own = _ids(definitions.pipelines)

    def new_id() -> str:
        while True:
            (number,) = transaction.new_record_ids(portal_id, 1)
            # A client may have given such a number to something of its own.
            if str(number) not in own:
                return str(number)

    return TypePipelines(
        definitions.object_type,
        rules,
        definitions.pipelines,
        frozenset(each.id for each in elsewhere),
        now_ms,
        new_id,
    )


def _ids(pipelines: Sequence[Pipeline]) -> frozenset[str]:
    stages = {stage.id for each in pipelines for stage in each.stages}
    return frozenset(stages | {each.id for each in pipelines})


def _use_problem(
    transaction: WriteTransaction,
    definitions: TypeDefinitions,
    rules: PipelineRules,
    plan: PipelinePlan,
) -> StagesInUse | None:
    if not plan.dropped_stage_ids:
        return None
    found = transaction.records_with_values(
        definitions.portal_id,
        definitions.object_type.id,
        rules.stage_property,
        plan.dropped_stage_ids,
        RECORDS_NAMED_MAX,
    )
    return use_problem(plan.dropped_stage_ids, [record_id for record_id, _ in found])


def _apply(
    transaction: WriteTransaction,
    occasion: Occasion,
    definitions: TypeDefinitions,
    rules: PipelineRules,
    plan: PipelinePlan,
) -> None:
    portal_id, type_id = definitions.portal_id, definitions.object_type.id
    if plan.after is not None:
        _let_have_pipelines(transaction, definitions)
        transaction.put_pipeline(portal_id, type_id, plan.after)
    else:
        assert plan.before is not None
        transaction.remove_pipeline(portal_id, type_id, plan.before.id)
    if rules.options_follow_stages:
        _renew_options(transaction, portal_id, type_id, rules.stage_property)
    changes = audited_changes(plan.before, plan.after)
    transaction.add_audit(portal_id, type_id, [_entry(each, occasion) for each in changes])


def _let_have_pipelines(transaction: WriteTransaction, definitions: TypeDefinitions) -> None:
    """Marks a custom type that gets its first pipeline; its two properties come with the mark."""
    types = transaction.object_types(definitions.portal_id)
    schema = types.schemas.get(definitions.object_type.id)
    if schema is not None and not schema.has_pipelines:
        transaction.put_schema(definitions.portal_id, replace(schema, has_pipelines=True))


def _renew_options(
    transaction: WriteTransaction, portal_id: int, type_id: str, property_name: str
) -> None:
    definitions = transaction.definitions(portal_id, type_id)
    definition = definitions.properties[property_name]
    options = stage_options(definitions.pipelines)
    transaction.put_property(portal_id, type_id, replace(definition, options=options))


def _entry(change: AuditedChange, occasion: Occasion) -> AuditEntry:
    return AuditEntry(
        change.pipeline_id,
        change.stage_id,
        change.action,
        occasion.now_ms,
        occasion.caller.user_id,
        _write_json(change.subject).decode(),
    )
