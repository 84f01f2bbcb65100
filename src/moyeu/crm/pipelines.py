"""The rules of whole pipelines: what a write keeps, and what it answers.

Every plan takes what was given and the pipelines as they are, and answers the pipeline to keep.
What the stages of an object type are like is a row of the catalog; single stages are written by
`stages`. Source, unless a rule says otherwise: observed on a developer test account, 2026-09-29
to 2026-10-06. Which of several problems is told is a guess.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from moyeu.catalog.limits import (
    PIPELINE_ID_CHARACTERS_MAX,
    PIPELINES_MAX,
    STAGE_ID_CHARACTERS_MAX,
)
from moyeu.catalog.pipelines import CLOSED, Pipeline
from moyeu.catalog.properties import Option
from moyeu.crm.pipeline_inputs import GivenPipeline, PipelineChange
from moyeu.crm.pipeline_plans import PipelinePlan, TypePipelines, find_pipeline
from moyeu.crm.pipeline_problems import (
    ClosedStageMissing,
    DisplayOrderNegative,
    IdsOfAnotherPipeline,
    IdTooLong,
    NoStages,
    NothingToRestore,
    PipelineIdTaken,
    PipelineLabelTaken,
    StageLabelTaken,
    StagesInUse,
    TooManyPipelines,
    TooManyStages,
)
from moyeu.crm.problems import Problem
from moyeu.crm.stage_metadata import keep_metadata
from moyeu.crm.stage_order import arrange
from moyeu.crm.stages import answered_stage, folded, kept_stage


def plan_pipeline_create(given: GivenPipeline, around: TypePipelines) -> PipelinePlan | Problem:
    """A new pipeline; ids that are sent are kept to the letter, others are numbers."""
    problem = (
        _whole_problem(given, around, pipeline_id=given.id)
        or _label_problem(given.label, around, but_of=None)
        or _new_id_problem(given, around)
    )
    if problem:
        return problem
    new = Pipeline(
        id=given.id or around.new_id(),
        label=given.label,
        display_order=given.display_order,
        stages=(),
        stage_property=around.rules.stage_property,
        created_at_ms=around.now_ms,
        updated_at_ms=around.now_ms,
    )
    return _filled(new, given, around, before=None)


def plan_pipeline_replace(
    pipeline_id: str, given: GivenPipeline, around: TypePipelines
) -> PipelinePlan | Problem:
    """A pipeline with other content: stages whose id is sent stay, the others go.

    An id that is sent for the pipeline itself is passed over, because it cannot change (a guess).
    """
    before = find_pipeline(pipeline_id, around.pipelines)
    if isinstance(before, Problem):
        return before
    problem = (
        _whole_problem(given, around, pipeline_id=pipeline_id)
        or _label_problem(given.label, around, but_of=before)
        or _stage_ids_problem(given, around, but_of=before)
    )
    if problem:
        return problem
    after = replace(
        before,
        label=given.label,
        display_order=given.display_order,
        updated_at_ms=around.later(before.updated_at_ms),
    )
    return _filled(after, given, around, before=before)


def _filled(
    pipeline: Pipeline, given: GivenPipeline, around: TypePipelines, *, before: Pipeline | None
) -> PipelinePlan:
    """The plan of a whole pipeline whose stages were found right."""
    earlier = {each.id: each for each in before.stages} if before else {}
    kept, answered = [], []
    for each in given.stages:
        stage = kept_stage(each, earlier.get(each.id or ""), around)
        kept.append(stage)
        answered.append(answered_stage(stage, earlier.get(stage.id), each.metadata))
    return PipelinePlan(
        before,
        replace(pipeline, stages=arrange(kept)),
        replace(pipeline, stages=tuple(answered)),
    )


def plan_pipeline_update(
    pipeline_id: str, change: PipelineChange, around: TypePipelines
) -> PipelinePlan | Problem:
    """A pipeline with the sent fields changed; the times of all its stages move too.

    `archived` is for the restoring of an archived pipeline alone (documented); as a deletion is
    for good, there never is one.
    """
    before = find_pipeline(pipeline_id, around.pipelines)
    if isinstance(before, Problem):
        return before
    if change.archived is not None:
        return NothingToRestore()
    order = before.display_order if change.display_order is None else change.display_order
    if order < 0:
        return DisplayOrderNegative()
    label = before.label if change.label is None else change.label
    if problem := _label_problem(label, around, but_of=before):
        return problem
    stages = tuple(
        replace(each, updated_at_ms=around.later(each.updated_at_ms)) for each in before.stages
    )
    now_ms = around.later(before.updated_at_ms)
    after = replace(before, label=label, display_order=order, stages=stages, updated_at_ms=now_ms)
    return PipelinePlan(before, after, after)


def plan_pipeline_delete(pipeline_id: str, around: TypePipelines) -> PipelinePlan | Problem:
    """No pipeline any more; the last one of a type may go too (a guess)."""
    before = find_pipeline(pipeline_id, around.pipelines)
    return before if isinstance(before, Problem) else PipelinePlan(before, None)


def _whole_problem(
    given: GivenPipeline, around: TypePipelines, *, pipeline_id: str | None
) -> Problem | None:
    """What a whole pipeline can have wrong in itself."""
    if not given.stages:
        return NoStages()
    if given.display_order < 0 or any(each.display_order < 0 for each in given.stages):
        return DisplayOrderNegative()
    if len(given.stages) > around.rules.stages_max:
        return TooManyStages(around.rules.stages_max)
    if problem := _id_length_problem(given):
        return problem
    closed = False
    for stage in given.stages:
        metadata = keep_metadata(stage.metadata, around.rules, around.object_type.name)
        if isinstance(metadata, Problem):
            return metadata
        closed = closed or (CLOSED, "true") in metadata
    if label := _repeated_label([each.label for each in given.stages]):
        return StageLabelTaken(label, whole=True)
    if around.rules.closed_stage_required and not closed:
        return ClosedStageMissing(around.object_type.name, pipeline_id)
    return None


def _id_length_problem(given: GivenPipeline) -> IdTooLong | None:
    if len(given.id or "") > PIPELINE_ID_CHARACTERS_MAX:
        return IdTooLong(PIPELINE_ID_CHARACTERS_MAX)
    if any(len(each.id or "") > STAGE_ID_CHARACTERS_MAX for each in given.stages):
        return IdTooLong(STAGE_ID_CHARACTERS_MAX)
    return None


def _repeated_label(labels: Iterable[str]) -> str | None:
    """The first label that stood before, but for its case and the spaces around it."""
    seen: set[str] = set()
    for label in labels:
        if folded(label) in seen:
            return label
        seen.add(folded(label))
    return None


def _label_problem(
    label: str, around: TypePipelines, *, but_of: Pipeline | None
) -> PipelineLabelTaken | None:
    others = (each.label.lower() for each in around.pipelines if each is not but_of)
    return PipelineLabelTaken(label) if label.lower() in others else None


def _new_id_problem(given: GivenPipeline, around: TypePipelines) -> Problem | None:
    if any(each.id == given.id for each in around.pipelines):
        assert given.id is not None
        return PipelineIdTaken(given.id)
    if given.id in around.ids_elsewhere:
        return IdsOfAnotherPipeline()
    if problem := _stage_ids_problem(given, around, but_of=None):
        return problem
    if len(around.pipelines) >= PIPELINES_MAX:
        return TooManyPipelines(PIPELINES_MAX)
    return None


def _stage_ids_problem(
    given: GivenPipeline, around: TypePipelines, *, but_of: Pipeline | None
) -> Problem | None:
    """Ids of stages elsewhere in the type, or one that stands twice (a guess)."""
    ids = [each.id for each in given.stages if each.id]
    taken = {stage.id for each in around.pipelines if each is not but_of for stage in each.stages}
    if len(set(ids)) != len(ids) or not taken.isdisjoint(ids):
        return IdsOfAnotherPipeline()
    return None


# --- what follows from a write ---------------------------------------------------------------


def use_problem(stage_ids: Sequence[str], record_ids: Sequence[int]) -> StagesInUse | None:
    """Why stages cannot go: all of them are named, whichever a record stands in (documented)."""
    if not record_ids:
        return None
    return StagesInUse(tuple(stage_ids), tuple(str(each) for each in record_ids))


def stage_options(pipelines: Iterable[Pipeline]) -> tuple[Option, ...]:
    """The options of a property whose values are the stages, where the type has such a one.

    A guess: HubSpot's lifecycle stages are both a pipeline and an enumeration.
    """
    stages = [stage for each in pipelines for stage in each.stages]
    return tuple(Option(each.id, each.label, order) for order, each in enumerate(stages))
