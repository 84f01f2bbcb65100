"""The rules of pipelines and their stages: what a write keeps, and what it answers.

Every plan takes what was given and the pipelines as they are, and answers the pipeline to keep.
What the stages of an object type are like is a row of the catalog. Source, unless a rule says
otherwise: observed on a developer test account, 2026-09-29 to 2026-10-06. Which of several problems
is told is a guess.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

from moyeu.catalog.limits import (
    PIPELINE_ID_CHARACTERS_MAX,
    PIPELINES_MAX,
    STAGE_ID_CHARACTERS_MAX,
)
from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.pipelines import Pipeline, PipelineRules, Stage
from moyeu.catalog.properties import Option
from moyeu.crm.pipeline_problems import (
    ClosedStageMissing,
    DisplayOrderNegative,
    IdsOfAnotherPipeline,
    IdTooLong,
    NoStages,
    NothingToRestore,
    PipelineIdTaken,
    PipelineLabelTaken,
    PipelineNotFound,
    ProbabilityInvalid,
    ProbabilityMissing,
    StageIdTaken,
    StageLabelTaken,
    StageNotFound,
    StagesInUse,
    StageStateInvalid,
    TooManyPipelines,
    TooManyStages,
)
from moyeu.crm.problems import Problem

Metadata = tuple[tuple[str, str], ...]
"""Pairs of key and text."""

GivenMetadata = Mapping[str, str | None]
"""Metadata as sent; None where `null` was sent."""

_CLOSED: Final = "isClosed"
_STATES: Final = ("OPEN", "CLOSED")
# What Java reads as a double; longer texts are refused, so that the time is bounded.
_DOUBLE: Final = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)
_PLAIN_DOUBLE_MIN: Final = 1e-3
"""Java prints smaller doubles with an exponent."""


# --- what is given ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GivenStage:
    """A whole stage as sent; id: None where it is to be given one."""

    label: str
    display_order: int
    metadata: GivenMetadata
    id: str | None = None


@dataclass(frozen=True, slots=True)
class GivenPipeline:
    """A whole pipeline as sent, its stages in the order sent; id as of a stage."""

    label: str
    display_order: int
    stages: tuple[GivenStage, ...]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class PipelineChange:
    """The sent fields of a pipeline; None keeps what is there."""

    label: str | None = None
    display_order: int | None = None
    archived: bool | None = None


@dataclass(frozen=True, slots=True)
class StageChange:
    """The sent fields of a stage; None keeps what is there, and so does a key not sent."""

    label: str | None = None
    display_order: int | None = None
    metadata: GivenMetadata | None = None


@dataclass(frozen=True, slots=True)
class TypePipelines:
    """The pipelines of one object type, and what else a plan has to know.

    ids_elsewhere: ids of pipelines of other types that no pipeline of this one may have.
    new_id: gives an id that nothing in the portal has or had; a plan asks for one only when
    nothing is refused any more.
    """

    object_type: ObjectType
    rules: PipelineRules
    pipelines: tuple[Pipeline, ...]
    ids_elsewhere: frozenset[str]
    now_ms: int
    new_id: Callable[[], str]


# --- what is planned -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PipelinePlan:
    """A pipeline before and after a write; a deletion has no after.

    answered: what the write answers: the request laid over what was there, with the metadata and
    display orders as sent, and stages in the order sent. Only a read shows what is kept.
    """

    before: Pipeline | None
    after: Pipeline | None
    answered: Pipeline | None = None

    @property
    def change(self) -> "PipelinePlan":
        """What happens to the pipeline: this plan itself."""
        return self

    @property
    def dropped_stage_ids(self) -> tuple[str, ...]:
        """The stages that go, in display order."""
        kept = {each.id for each in self.after.stages} if self.after else set()
        stages = self.before.stages if self.before else ()
        return tuple(each.id for each in stages if each.id not in kept)


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What the write of a stage does to its pipeline; answered: as of a pipeline."""

    change: PipelinePlan
    answered: Stage


# --- metadata --------------------------------------------------------------------------------


def keep_metadata(
    given: GivenMetadata, rules: PipelineRules, type_name: str = ""
) -> Metadata | Problem:
    """The metadata that is kept: the type's own keys only, `isClosed` derived, ascending by key.

    A probability is kept as Java prints a double; a state that is not sent is OPEN.
    """
    key, kind = rules.metadata_key, rules.metadata_kind
    if key is None or kind is None:
        return ((_CLOSED, "false"),)
    kept = _KEEP[kind](given.get(key), type_name)
    if isinstance(kept, Problem):
        return kept
    text, is_closed = kept
    return tuple(sorted([(_CLOSED, "true" if is_closed else "false"), (key, text)]))


def _keep_probability(text: str | None, _type_name: str) -> tuple[str, bool] | Problem:
    if text is None:
        return ProbabilityMissing()
    if not _DOUBLE.fullmatch(text.strip()):
        return ProbabilityInvalid()
    number = float(text)
    if not 0 <= number <= 1:
        return ProbabilityInvalid()
    return _java_double(number), number in (0, 1)


def _java_double(number: float) -> str:
    """A number from 0 to 1 as Java prints it: `0.5`, `1.0`, `1.0E-4`."""
    if number == 0 or number >= _PLAIN_DOUBLE_MIN:
        return repr(number)
    _, digits, _ = Decimal(repr(number)).normalize().as_tuple()
    fraction = "".join(map(str, digits[1:])) or "0"
    return f"{digits[0]}.{fraction}E{Decimal(repr(number)).adjusted()}"


def _keep_state(text: str | None, type_name: str) -> tuple[str, bool] | Problem:
    if text is None:
        return "OPEN", False
    return (text, text == "CLOSED") if text in _STATES else StageStateInvalid(type_name)


_KEEP: Final = {"probability": _keep_probability, "state": _keep_state}


def _laid_over(before: Iterable[tuple[str, str]], given: GivenMetadata) -> Metadata:
    """What a write answers; a key sent as `null` is absent (a guess)."""
    merged = {**dict(before), **given}
    return tuple((key, text) for key, text in merged.items() if text is not None)


# --- order -----------------------------------------------------------------------------------


def place(stage: Stage, others: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages in display order after one is written to its slot.

    In a slot that another holds it stands right after the holder, and all are numbered from 0; a
    free slot changes no other stage. Before and after, no two have the same display order.
    """
    held = {each.display_order for each in others}
    ordered = sorted([stage, *others], key=lambda each: (each.display_order, each is stage))
    return _numbered(ordered) if stage.display_order in held else tuple(ordered)


def arrange(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages of a whole pipeline in display order.

    Of stages with one display order the one sent later comes first; then all are numbered from 0.
    """
    orders = {each.display_order for each in stages}
    later_first = stages[::-1]
    ordered = sorted(later_first, key=lambda each: each.display_order)
    return tuple(ordered) if len(orders) == len(stages) else _numbered(ordered)


def _numbered(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    return tuple(replace(each, display_order=order) for order, each in enumerate(stages))


# --- pipelines -------------------------------------------------------------------------------


def find_pipeline(pipeline_id: str, pipelines: Iterable[Pipeline]) -> Pipeline | PipelineNotFound:
    """The pipeline with that id."""
    found = next((each for each in pipelines if each.id == pipeline_id), None)
    return found or PipelineNotFound(pipeline_id)


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
        updated_at_ms=_later(around, before.updated_at_ms),
    )
    return _filled(after, given, around, before=before)


def _filled(
    pipeline: Pipeline, given: GivenPipeline, around: TypePipelines, *, before: Pipeline | None
) -> PipelinePlan:
    """The plan of a whole pipeline whose stages were found right."""
    earlier = {each.id: each for each in before.stages} if before else {}
    kept, answered = [], []
    for each in given.stages:
        stage = _stage(each, earlier.get(each.id or ""), around)
        kept.append(stage)
        answered.append(_answered(stage, earlier.get(stage.id), each.metadata))
    return PipelinePlan(
        before,
        replace(pipeline, stages=arrange(kept)),
        replace(pipeline, stages=tuple(answered)),
    )


def _stage(given: GivenStage, earlier: Stage | None, around: TypePipelines) -> Stage:
    """A whole stage as kept, but for its display order; its metadata was found right."""
    metadata = keep_metadata(given.metadata, around.rules)
    assert not isinstance(metadata, Problem)
    return Stage(
        id=given.id or around.new_id(),
        label=given.label,
        display_order=given.display_order,
        metadata=metadata,
        created_at_ms=earlier.created_at_ms if earlier else around.now_ms,
        updated_at_ms=_later(around, earlier.updated_at_ms if earlier else 0),
    )


def _answered(stage: Stage, earlier: Stage | None, given: GivenMetadata) -> Stage:
    return replace(stage, metadata=_laid_over(earlier.metadata if earlier else (), given))


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
        replace(each, updated_at_ms=_later(around, each.updated_at_ms)) for each in before.stages
    )
    now_ms = _later(around, before.updated_at_ms)
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
        closed = closed or _is_closed(metadata)
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


def _is_closed(metadata: Metadata) -> bool:
    return dict(metadata)[_CLOSED] == "true"


def _repeated_label(labels: Iterable[str]) -> str | None:
    """The first label that stood before, but for its case and the spaces around it."""
    seen: set[str] = set()
    for label in labels:
        if _folded(label) in seen:
            return label
        seen.add(_folded(label))
    return None


def _folded(label: str) -> str:
    return label.strip().lower()


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


def _later(around: TypePipelines, earlier_ms: int) -> int:
    return max(around.now_ms, earlier_ms)


# --- stages ----------------------------------------------------------------------------------


def find_stage(
    pipeline_id: str, stage_id: str, pipelines: Iterable[Pipeline]
) -> tuple[Pipeline, Stage] | PipelineNotFound | StageNotFound:
    """The pipeline and the stage with these ids."""
    pipeline = find_pipeline(pipeline_id, pipelines)
    if isinstance(pipeline, Problem):
        return pipeline
    stage = next((each for each in pipeline.stages if each.id == stage_id), None)
    return (pipeline, stage) if stage else StageNotFound(stage_id)


def pipeline_of_stage(stage_id: str, pipelines: Iterable[Pipeline]) -> Pipeline | None:
    """The pipeline that has the stage."""
    for pipeline in pipelines:
        if any(each.id == stage_id for each in pipeline.stages):
            return pipeline
    return None


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
    stage = _stage(given, None, around)
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
    stage = _stage(given, before, around)
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
    if any(_folded(each.label) == _folded(given.label) for each in others):
        return StageLabelTaken(given.label, whole=False)
    return None


def _closed_problem(
    pipeline: Pipeline, stages: Iterable[Stage], around: TypePipelines
) -> ClosedStageMissing | None:
    if not around.rules.closed_stage_required or any(_is_closed(each.metadata) for each in stages):
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
    return StagePlan(PipelinePlan(pipeline, after), _answered(stage, before, given.metadata))


def _with_stages(pipeline: Pipeline, stages: tuple[Stage, ...], around: TypePipelines) -> Pipeline:
    # That the write of a stage moves the time of its pipeline too is a guess.
    now_ms = _later(around, pipeline.updated_at_ms)
    return replace(pipeline, stages=stages, updated_at_ms=now_ms)


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


AuditAction = Literal["CREATE", "UPDATE", "DELETE"]
"""What happened to a pipeline or stage; the words are documented."""


@dataclass(frozen=True, slots=True)
class AuditedChange:
    """One change for the audit of a pipeline, or of one of its stages.

    subject: the pipeline or stage afterwards, or as it was before it was deleted.
    """

    pipeline_id: str
    action: AuditAction
    subject: Pipeline | Stage

    @property
    def stage_id(self) -> str:
        """The stage's id, empty for a pipeline."""
        return self.subject.id if isinstance(self.subject, Stage) else ""


def audited_changes(before: Pipeline | None, after: Pipeline | None) -> Iterator[AuditedChange]:
    """What a write did to a pipeline and to its stages; a moved time alone is no change."""
    subject = after or before
    assert subject is not None
    yield AuditedChange(subject.id, _action(before, after), subject)
    old = {each.id: each for each in before.stages} if before else {}
    new = {each.id: each for each in after.stages} if after else {}
    for stage_id in dict.fromkeys([*old, *new]):
        was, now = old.get(stage_id), new.get(stage_id)
        if was and now and was == replace(now, updated_at_ms=was.updated_at_ms):
            continue
        stage = now or was
        assert stage is not None
        yield AuditedChange(subject.id, _action(was, now), stage)


def _action(before: Pipeline | Stage | None, after: Pipeline | Stage | None) -> AuditAction:
    if before is None:
        return "CREATE"
    return "DELETE" if after is None else "UPDATE"
