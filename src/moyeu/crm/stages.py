"""The rules of single stages: what a write keeps, and what it answers.

Source, unless a rule says otherwise: observed on a developer test account, 2026-09-29 to
2026-10-06. Which of several problems is told is a guess.
"""

from collections.abc import Iterable
from dataclasses import replace

from moyeu.catalog.limits import STAGE_ID_CHARACTERS_MAX
from moyeu.catalog.pipelines import Pipeline, Stage
from moyeu.crm.pipeline_inputs import GivenMetadata, GivenStage, StageChange
from moyeu.crm.pipeline_plans import (
    PipelinePlan,
    StagePlan,
    TypePipelines,
    find_pipeline,
    find_stage,
)
from moyeu.crm.pipeline_problems import (
    ClosedStageMissing,
    DisplayOrderNegative,
    IdTooLong,
    NoStages,
    StageIdTaken,
    StageLabelTaken,
    TooManyStages,
)
from moyeu.crm.problems import Problem
from moyeu.crm.stage_metadata import keep_metadata, laid_over
from moyeu.crm.stage_order import place


def plan_stage_create(
    pipeline_id: str, given: GivenStage, around: TypePipelines
) -> StagePlan | Problem:
    """A new stage of a pipeline."""
    pipeline = find_pipeline(pipeline_id, around.pipelines)
    if isinstance(pipeline, Problem):
        return pipeline
    if len(given.id or "") > STAGE_ID_CHARACTERS_MAX:
        return IdTooLong(STAGE_ID_CHARACTERS_MAX)
    if problem := _stage_problem(given, pipeline.stages, around):
        return problem
    if given.id and any(given.id == each.id for all_ in around.pipelines for each in all_.stages):
        return StageIdTaken(given.id)
    if len(pipeline.stages) >= around.rules.stages_max:
        return TooManyStages(around.rules.stages_max)
    stage = kept_stage(given, None, around)
    return _stage_plan(pipeline, place(stage, pipeline.stages), stage, None, given, around)


def plan_stage_replace(
    pipeline_id: str, stage_id: str, given: GivenStage, around: TypePipelines
) -> StagePlan | Problem:
    """A stage with other content; its id stays, whatever was sent for it."""
    found = find_stage(pipeline_id, stage_id, around.pipelines)
    if isinstance(found, Problem):
        return found
    pipeline, before = found
    given = replace(given, id=stage_id)
    others = tuple(each for each in pipeline.stages if each is not before)
    if problem := _stage_problem(given, others, around):
        return problem
    stage = kept_stage(given, before, around)
    stages = place(stage, others)
    if problem := _closed_problem(pipeline, stages, around):
        return problem
    return _stage_plan(pipeline, stages, stage, before, given, around)


def plan_stage_update(
    pipeline_id: str, stage_id: str, change: StageChange, around: TypePipelines
) -> StagePlan | Problem:
    """A stage with the sent fields changed; metadata is merged key by key."""
    found = find_stage(pipeline_id, stage_id, around.pipelines)
    if isinstance(found, Problem):
        return found
    _, before = found
    whole = GivenStage(
        label=before.label if change.label is None else change.label,
        display_order=(
            before.display_order if change.display_order is None else change.display_order
        ),
        metadata={**dict(before.metadata), **(change.metadata or {})},
    )
    return plan_stage_replace(pipeline_id, stage_id, whole, around)


def plan_stage_delete(
    pipeline_id: str, stage_id: str, around: TypePipelines
) -> PipelinePlan | Problem:
    """A pipeline without one of its stages; the display orders of the others stay."""
    found = find_stage(pipeline_id, stage_id, around.pipelines)
    if isinstance(found, Problem):
        return found
    pipeline, stage = found
    stages = tuple(each for each in pipeline.stages if each is not stage)
    if not stages:
        return NoStages()
    if problem := _closed_problem(pipeline, stages, around):
        return problem
    return PipelinePlan(pipeline, _with_stages(pipeline, stages, around))


def _stage_problem(
    given: GivenStage, others: Iterable[Stage], around: TypePipelines
) -> Problem | None:
    """What a stage can have wrong, in itself and beside the others of its pipeline."""
    if given.display_order < 0:
        return DisplayOrderNegative()
    metadata = keep_metadata(given.metadata, around.rules, around.object_type.name)
    if isinstance(metadata, Problem):
        return metadata
    if any(folded(each.label) == folded(given.label) for each in others):
        return StageLabelTaken(given.label, whole=False)
    return None


def _closed_problem(
    pipeline: Pipeline, stages: Iterable[Stage], around: TypePipelines
) -> ClosedStageMissing | None:
    if not around.rules.closed_stage_required or any(each.is_closed for each in stages):
        return None
    return ClosedStageMissing(around.object_type.name, pipeline.id)


def _stage_plan(
    pipeline: Pipeline,
    stages: tuple[Stage, ...],
    stage: Stage,
    before: Stage | None,
    given: GivenStage,
    around: TypePipelines,
) -> StagePlan:
    after = _with_stages(pipeline, stages, around)
    return StagePlan(PipelinePlan(pipeline, after), answered_stage(stage, before, given.metadata))


def _with_stages(pipeline: Pipeline, stages: tuple[Stage, ...], around: TypePipelines) -> Pipeline:
    # That the write of a stage moves the time of its pipeline too is a guess.
    now_ms = around.later(pipeline.updated_at_ms)
    return replace(pipeline, stages=stages, updated_at_ms=now_ms)


def kept_stage(given: GivenStage, earlier: Stage | None, around: TypePipelines) -> Stage:
    """A whole stage as kept, but for its display order; its metadata was found right."""
    metadata = keep_metadata(given.metadata, around.rules)
    assert not isinstance(metadata, Problem)
    return Stage(
        id=given.id or around.new_id(),
        label=given.label,
        display_order=given.display_order,
        metadata=metadata,
        created_at_ms=earlier.created_at_ms if earlier else around.now_ms,
        updated_at_ms=around.later(earlier.updated_at_ms if earlier else 0),
    )


def answered_stage(stage: Stage, earlier: Stage | None, given: GivenMetadata) -> Stage:
    """What a write answers of a stage: its metadata as sent, over those that were there."""
    return replace(stage, metadata=laid_over(earlier.metadata if earlier else (), given))


def folded(label: str) -> str:
    """What two labels must not have in common: all but their case and the spaces around them."""
    return label.strip().lower()
