"""The pipelines that a new portal has, and what pipelines of each object type are like."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import msgspec

from moyeu.catalog.limits import STAGES_MAX, STAGES_OF_OTHER_TYPES_MAX
from moyeu.catalog.object_types import ObjectType, object_type_named
from moyeu.catalog.tables import read_table

STANDARD_PIPELINE_TIME_MS: Final = 0
"""Creation and update time of standard pipelines and stages (observed 2026-03: deals, contacts)."""

STAGE_WRITE_PERMISSIONS: Final = "CRM_PERMISSIONS_ENFORCEMENT"
"""`writePermissions` of every stage (observed)."""

CLOSED: Final = "isClosed"
"""The key of a stage's metadata that says whether it is closed: `true` or `false`."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline. metadata: pairs of key and text, unique keys, ascending by key.

    Every stage has `isClosed`; which other key there is, `PipelineRules` says.
    """

    id: str
    label: str
    display_order: int
    metadata: tuple[tuple[str, str], ...]
    guessed: bool = False
    created_at_ms: int = STANDARD_PIPELINE_TIME_MS
    updated_at_ms: int = STANDARD_PIPELINE_TIME_MS

    @property
    def is_closed(self) -> bool:
        """Whether records that stand in it are done with."""
        return (CLOSED, "true") in self.metadata


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline with its stages in display order; those of a standard one count from 0.

    stage_property: the property whose value is a stage id. For contacts and companies it is
    `lifecyclestage`, and a write answers the id of their pipeline as `hs_pipeline`.
    """

    id: str
    label: str
    display_order: int
    stages: tuple[Stage, ...]
    stage_property: str
    evidence: str = ""
    guessed: bool = False
    created_at_ms: int = STANDARD_PIPELINE_TIME_MS
    updated_at_ms: int = STANDARD_PIPELINE_TIME_MS


def pipeline_of_stage(stage_id: str, pipelines: Iterable[Pipeline]) -> Pipeline | None:
    """The pipeline that has the stage."""
    for pipeline in pipelines:
        if any(each.id == stage_id for each in pipeline.stages):
            return pipeline
    return None


MetadataKind = Literal["probability", "state"]
"""What a stage says besides `isClosed`: how likely it is to be won, or whether it is open."""


@dataclass(frozen=True, slots=True)
class PipelineRules:
    """What pipelines of one object type are like.

    stage_property: the property that a stage is the value of. metadata_key: the key of a stage's
    metadata besides `isClosed`, None where there is no other; metadata_kind: what is behind it.
    ids_shared_with: ids of the other types among whose pipelines an id must be unique too.
    usages_flag: whether a deletion heeds `validateDealStageUsagesBeforeDelete`.
    options_follow_stages: whether the options of the stage property are the stages.
    """

    stage_property: str
    metadata_key: str | None
    metadata_kind: MetadataKind | None
    closed_stage_required: bool
    stages_max: int
    ids_shared_with: tuple[str, ...]
    usages_flag: bool
    options_follow_stages: bool


class _RulesRow(msgspec.Struct, forbid_unknown_fields=True):
    object_type: str
    stage_property: str
    evidence: str
    metadata_key: str | None = None
    metadata_kind: MetadataKind | None = None
    closed_stage_required: bool = False
    many_stages: bool = False
    ids_shared_with: tuple[str, ...] = ()
    usages_flag: bool = False
    options_follow_stages: bool = False


class _StageRow(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    id: str
    label: str
    metadata: dict[str, str]
    guessed: bool = False


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    object_type: str
    id: str
    label: str
    stage_property: str
    evidence: str
    stages: tuple[_StageRow, ...]
    guessed: bool = False


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    evidence: str
    rules: tuple[_RulesRow, ...]
    pipelines: tuple[_Row, ...]


@cache
def _table() -> _Table:
    return read_table("pipelines", _Table)


_CUSTOM_ROW: Final = "custom"
_OTHER_ROW: Final = "other"


def pipeline_rules(object_type: ObjectType) -> PipelineRules | None:
    """The rules of the type's pipelines, None where it cannot have any."""
    if object_type.is_custom:
        return _rules()[_CUSTOM_ROW]
    if found := _rules().get(object_type.name):
        return found
    return _rules()[_OTHER_ROW] if object_type.has_pipelines else None


@cache
def _rules() -> dict[str, PipelineRules]:
    return {
        row.object_type: PipelineRules(
            stage_property=row.stage_property,
            metadata_key=row.metadata_key,
            metadata_kind=row.metadata_kind,
            closed_stage_required=row.closed_stage_required,
            stages_max=STAGES_MAX if row.many_stages else STAGES_OF_OTHER_TYPES_MAX,
            ids_shared_with=tuple(object_type_named(name).id for name in row.ids_shared_with),
            usages_flag=row.usages_flag,
            options_follow_stages=row.options_follow_stages,
        )
        for row in _table().rules
    }


def standard_pipelines(object_type: ObjectType) -> tuple[Pipeline, ...]:
    """The pipelines that the type has in a new portal, in display order; none for most types."""
    if object_type.is_custom:
        return ()
    rows = [row for row in _table().pipelines if row.object_type == object_type.name]
    return tuple(_pipeline(row, display_order) for display_order, row in enumerate(rows))


def _pipeline(row: _Row, display_order: int) -> Pipeline:
    stages = tuple(
        Stage(stage.id, stage.label, order, tuple(sorted(stage.metadata.items())), stage.guessed)
        for order, stage in enumerate(row.stages)
    )
    return Pipeline(
        id=row.id,
        label=row.label,
        display_order=display_order,
        stages=stages,
        stage_property=row.stage_property,
        evidence=row.evidence,
        guessed=row.guessed,
    )
