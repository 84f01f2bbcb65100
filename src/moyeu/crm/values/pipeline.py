"""The value rules of pipeline and stage properties."""

from moyeu.catalog.pipelines import Pipeline
from moyeu.crm.problems import InvalidPipeline, InvalidStage
from moyeu.crm.values.outcome import ValueOutcome, ValueRule


def pipeline_rule(name: str, pipelines: tuple[Pipeline, ...]) -> ValueRule:
    """The id of a pipeline of the type (text of the refusal: a guess)."""
    allowed = tuple(pipeline.id for pipeline in pipelines)

    def keep(text: str, _now_ms: int) -> ValueOutcome:
        stripped = text.strip()
        return stripped if stripped in allowed else InvalidPipeline(name, text, allowed)

    return keep


def stage_rule(name: str, pipelines: tuple[Pipeline, ...]) -> ValueRule:
    """The id of a stage in any pipeline of the type.

    Source: observed text `… is not a valid pipeline stage ID. Valid options are: …` (2023).
    """
    shown = tuple((each.id, tuple(stage.id for stage in each.stages)) for each in pipelines)
    known = frozenset(stage for _, stages in shown for stage in stages)

    def keep(text: str, _now_ms: int) -> ValueOutcome:
        stripped = text.strip()
        return stripped if stripped in known else InvalidStage(name, text, shown)

    return keep
