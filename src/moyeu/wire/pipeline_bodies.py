"""Request bodies of the pipeline routes into the inputs of operations.

The names of Java classes are guesses in the manner of the recorded ones; the fields are those of
the API descriptions of 2026. They require the metadata of a stage too; real answers show that an
update needs none (observed 2026-10), and that a create without a probability is refused for that.
"""

from typing import Final

from moyeu.crm.pipeline_inputs import GivenPipeline, GivenStage, PipelineChange, StageChange
from moyeu.wire.fields import Fields, read_fields
from moyeu.wire.jackson import (
    FLAG,
    INT,
    TEXT,
    TEXT_MAP,
    JsonProblem,
    ListOf,
    Record,
)

_PACKAGE: Final = "com.hubspot.pipelines.publicapi."

_STAGE: Final = Record(
    f"{_PACKAGE}PipelineStageInput$Json",
    {"stageId": TEXT, "label": TEXT, "displayOrder": INT, "metadata": TEXT_MAP},
    required=("label", "displayOrder"),
)
_PIPELINE: Final = Record(
    f"{_PACKAGE}PipelineInput$Json",
    {"pipelineId": TEXT, "label": TEXT, "displayOrder": INT, "stages": ListOf(_STAGE)},
    required=("label", "displayOrder", "stages"),
)
_PIPELINE_PATCH: Final = Record(
    f"{_PACKAGE}PipelinePatchInput$Json", {"label": TEXT, "displayOrder": INT, "archived": FLAG}
)
# A stage's `archived` is described as that of its pipeline; it has no effect here (a guess).
_STAGE_PATCH: Final = Record(
    f"{_PACKAGE}PipelineStagePatchInput$Json",
    {"label": TEXT, "displayOrder": INT, "metadata": TEXT_MAP, "archived": FLAG},
)


def decode_pipeline(body: bytes) -> GivenPipeline | JsonProblem:
    """The pipeline of a create or a replacement; an empty id is none (a guess)."""
    fields = read_fields(body, _PIPELINE)
    if isinstance(fields, JsonProblem):
        return fields
    return GivenPipeline(
        label=fields["label"],
        display_order=fields["displayOrder"],
        stages=tuple(_stage(each) for each in fields["stages"]),
        id=fields.get("pipelineId") or None,
    )


def decode_pipeline_update(body: bytes) -> PipelineChange | JsonProblem:
    """The change of a pipeline; `null` keeps a value."""
    fields = read_fields(body, _PIPELINE_PATCH)
    if isinstance(fields, JsonProblem):
        return fields
    return PipelineChange(fields.get("label"), fields.get("displayOrder"), fields.get("archived"))


def decode_stage(body: bytes) -> GivenStage | JsonProblem:
    """The stage of a create or a replacement."""
    fields = read_fields(body, _STAGE)
    return fields if isinstance(fields, JsonProblem) else _stage(fields)


def decode_stage_update(body: bytes) -> StageChange | JsonProblem:
    """The change of a stage; `null` keeps a value, but not that of a metadata key."""
    fields = read_fields(body, _STAGE_PATCH)
    if isinstance(fields, JsonProblem):
        return fields
    return StageChange(fields.get("label"), fields.get("displayOrder"), fields.get("metadata"))


def _stage(fields: Fields) -> GivenStage:
    return GivenStage(
        label=fields["label"],
        display_order=fields["displayOrder"],
        metadata=fields.get("metadata") or {},
        id=fields.get("stageId") or None,
    )
