"""What the plans of pipelines and stages take and give, and how they find what a path names."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.pipelines import Pipeline, PipelineRules, Stage
from moyeu.crm.pipeline_problems import PipelineNotFound, StageNotFound
from moyeu.crm.problems import Problem


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

    def later(self, earlier_ms: int) -> int:
        """The moment of the write; a time never goes back, even when the clock does."""
        return max(self.now_ms, earlier_ms)


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


def find_pipeline(pipeline_id: str, pipelines: Iterable[Pipeline]) -> Pipeline | PipelineNotFound:
    """The pipeline with that id."""
    found = next((each for each in pipelines if each.id == pipeline_id), None)
    return found or PipelineNotFound(pipeline_id)


def find_stage(
    pipeline_id: str, stage_id: str, pipelines: Iterable[Pipeline]
) -> tuple[Pipeline, Stage] | PipelineNotFound | StageNotFound:
    """The pipeline and the stage with these ids."""
    pipeline = find_pipeline(pipeline_id, pipelines)
    if isinstance(pipeline, Problem):
        return pipeline
    stage = next((each for each in pipeline.stages if each.id == stage_id), None)
    return (pipeline, stage) if stage else StageNotFound(stage_id)
