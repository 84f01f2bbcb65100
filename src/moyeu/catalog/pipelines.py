"""The pipelines that a new portal has."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import msgspec

from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.tables import read_table

STANDARD_PIPELINE_TIME_MS: Final = 0
"""Creation and update time of standard pipelines and stages (observed 2026-03: deals, contacts)."""

STAGE_WRITE_PERMISSIONS: Final = "CRM_PERMISSIONS_ENFORCEMENT"
"""`writePermissions` of every stage (observed)."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline. metadata: pairs of key and text, unique keys, ascending by key.

    Keys by type: deals `isClosed`, `probability` (0.0 to 1.0 as a Java double prints it); tickets
    `isClosed`, `ticketState`; others `isClosed`, `state` (OPEN or CLOSED).
    """

    id: str
    label: str
    display_order: int
    metadata: tuple[tuple[str, str], ...]
    guessed: bool = False
    created_at_ms: int = STANDARD_PIPELINE_TIME_MS
    updated_at_ms: int = STANDARD_PIPELINE_TIME_MS


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline with its stages; those of a standard one are in display order, from 0.

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
    pipelines: tuple[_Row, ...]


@cache
def _table() -> _Table:
    return read_table("pipelines", _Table)


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
