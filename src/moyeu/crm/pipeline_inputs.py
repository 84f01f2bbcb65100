"""What clients send to write pipelines and stages, decoded."""

from collections.abc import Mapping
from dataclasses import dataclass

GivenMetadata = Mapping[str, str | None]
"""Metadata as sent; None where `null` was sent."""


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
