"""The words, categories and status codes of the refusals of pipelines: one row per problem.

The texts are HubSpot's as observed in October 2026 unless the row says that they are ours.
"""

from typing import Final, Literal

from moyeu.crm import pipeline_problems as p
from moyeu.crm.problems import Problem
from moyeu.wire.errors import INTERNAL_ERROR, NOT_FOUND, VALIDATION, Refusal, Render


def _not_supported(problem: p.PipelinesNotSupported, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(400, f"Object type {problem.upper_name} does not support pipelines", VALIDATION)


def _no_pipeline(_problem: p.PipelineNotFound, _portal_id: int, _type_id: str) -> Refusal:
    # Observed: the category; the text is that of records.
    return Refusal(404, "resource not found", NOT_FOUND)


def _no_stage(_problem: p.StageNotFound, _portal_id: int, _type_id: str) -> Refusal:
    # A guess, after that of a pipeline.
    return Refusal(404, "resource not found", NOT_FOUND)


def _no_stages(_problem: p.NoStages, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(400, "Pipeline must have at least one stage", VALIDATION)


def _too_many_stages(problem: p.TooManyStages, _portal_id: int, _type_id: str) -> Refusal:
    # The limit is documented, the text is ours.
    return Refusal(400, f"Pipeline cannot have more than {problem.stages_max} stages", VALIDATION)


def _too_many_pipelines(problem: p.TooManyPipelines, _portal_id: int, _type_id: str) -> Refusal:
    # The limit is documented, the text is ours.
    return Refusal(
        400,
        f"Object type cannot have more than {problem.pipelines_max} pipelines",
        VALIDATION,
    )


def _negative(_problem: p.DisplayOrderNegative, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(400, "Pipeline display order cannot be negative")


def _id_too_long(_problem: p.IdTooLong, _portal_id: int, _type_id: str) -> Refusal:
    # Observed: the status.
    return INTERNAL_ERROR


def _no_probability(_problem: p.ProbabilityMissing, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(400, "must specify probability when writing a dealstage")


def _bad_probability(_problem: p.ProbabilityInvalid, _portal_id: int, _type_id: str) -> Refusal:
    # For text that is no number: a guess.
    return Refusal(
        400, "dealstage probability is not valid, must be between 0.0 and 1.0 (inclusive)"
    )


def _bad_state(problem: p.StageStateInvalid, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"Failed to deserialize metadata for object type {problem.type_name}",
        VALIDATION,
        sub_category="PipelineError.INVALID_PIPELINE_STAGE_METADATA",
    )


def _no_closed_stage(problem: p.ClosedStageMissing, _portal_id: int, _type_id: str) -> Refusal:
    # Which id a new pipeline without one is told with is a guess.
    return Refusal(
        400,
        f"{problem.type_name} pipeline: {problem.pipeline_id or 'null'} must have at least one"
        " closed stage",
        VALIDATION,
        sub_category="PipelineError.MISSING_CLOSED_STAGE",
    )


def _stage_label(problem: p.StageLabelTaken, _portal_id: int, _type_id: str) -> Refusal:
    # Observed: status, and the sub-category that is absent for a whole pipeline; the text is ours.
    return Refusal(
        400,
        f"A stage with label {problem.label} already exists in this pipeline.",
        VALIDATION,
        sub_category=None if problem.whole else "PipelineError.STAGE_LABEL_EXISTS",
    )


def _pipeline_label(problem: p.PipelineLabelTaken, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400, f"An active pipeline with label {problem.label} already exists.", VALIDATION
    )


def _pipeline_id(problem: p.PipelineIdTaken, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        f"There's another pipeline in this portal with pipelineId ({problem.pipeline_id}).",
        VALIDATION,
    )


def _ids_elsewhere(_problem: p.IdsOfAnotherPipeline, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        409,
        "There's another pipeline in this portal with one of the same stages",
        "OBJECT_ALREADY_EXISTS",
        sub_category="PipelineError.STAGE_ID_EXISTS_IN_ANOTHER_PIPELINE",
    )


def _stage_id(problem: p.StageIdTaken, _portal_id: int, _type_id: str) -> Refusal:
    return Refusal(
        400,
        "An existing active stage in another pipeline is already using stage id"
        f" {problem.stage_id}",
    )


def _nothing_to_restore(_problem: p.NothingToRestore, _portal_id: int, _type_id: str) -> Refusal:
    # Documented: the status; the text is ours.
    return Refusal(
        400, "archived can only be provided when restoring an archived pipeline", VALIDATION
    )


def _in_use(problem: p.StagesInUse, _portal_id: int, _type_id: str) -> Refusal:
    # Each list of the context is one text in brackets (documented and observed).
    stages = f"[{', '.join(problem.stage_ids)}]"
    records = f"[{', '.join(problem.record_ids)}]"
    return Refusal(
        400,
        f"Stage IDs: {stages} are being referenced by object IDs: {records}",
        VALIDATION,
        context={"stageIds": [stages], "objectIds": [records]},
        sub_category="PipelineError.STAGE_ID_IN_USE",
    )


PIPELINE_WORDS: Final[dict[type[Problem], Render]] = {
    p.PipelinesNotSupported: _not_supported,
    p.PipelineNotFound: _no_pipeline,
    p.StageNotFound: _no_stage,
    p.NoStages: _no_stages,
    p.TooManyStages: _too_many_stages,
    p.TooManyPipelines: _too_many_pipelines,
    p.DisplayOrderNegative: _negative,
    p.IdTooLong: _id_too_long,
    p.ProbabilityMissing: _no_probability,
    p.ProbabilityInvalid: _bad_probability,
    p.StageStateInvalid: _bad_state,
    p.ClosedStageMissing: _no_closed_stage,
    p.StageLabelTaken: _stage_label,
    p.PipelineLabelTaken: _pipeline_label,
    p.PipelineIdTaken: _pipeline_id,
    p.IdsOfAnotherPipeline: _ids_elsewhere,
    p.StageIdTaken: _stage_id,
    p.NothingToRestore: _nothing_to_restore,
    p.StagesInUse: _in_use,
}
"""As `RECORD_WORDS`, for problems of pipelines and stages."""

MissingForm = Literal["page", "empty", "plain", "categorised"]
"""How a missing pipeline or stage is answered with 404: the container's page, or nothing for a
client that takes only JSON; nothing; JSON without a category; JSON with it."""
