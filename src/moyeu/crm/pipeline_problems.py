"""What a client can get wrong about pipelines and stages; the words are in `wire`."""

from dataclasses import dataclass

from moyeu.crm.problems import Problem


@dataclass(frozen=True, slots=True)
class PipelinesNotSupported(Problem):
    """Records of the object type do not stand in pipelines."""

    upper_name: str


@dataclass(frozen=True, slots=True)
class PipelineNotFound(Problem):
    """The object type has no pipeline of that id."""

    pipeline_id: str


@dataclass(frozen=True, slots=True)
class StageNotFound(Problem):
    """The pipeline has no stage of that id."""

    stage_id: str


@dataclass(frozen=True, slots=True)
class NoStages(Problem):
    """A pipeline would be left without a stage."""


@dataclass(frozen=True, slots=True)
class TooManyStages(Problem):
    """More stages than a pipeline of the type may have."""

    stages_max: int


@dataclass(frozen=True, slots=True)
class TooManyPipelines(Problem):
    """More pipelines than an object type may have."""

    pipelines_max: int


@dataclass(frozen=True, slots=True)
class DisplayOrderNegative(Problem):
    """The display order of a pipeline or stage is below zero."""


@dataclass(frozen=True, slots=True)
class IdTooLong(Problem):
    """A given id has more characters than it may have."""

    characters_max: int


@dataclass(frozen=True, slots=True)
class ProbabilityMissing(Problem):
    """A stage whose probability must be told has none."""


@dataclass(frozen=True, slots=True)
class ProbabilityInvalid(Problem):
    """A probability is no number from 0 to 1."""


@dataclass(frozen=True, slots=True)
class StageStateInvalid(Problem):
    """A state is neither OPEN nor CLOSED; type_name: the object type's."""

    type_name: str


@dataclass(frozen=True, slots=True)
class ClosedStageMissing(Problem):
    """A pipeline would be left without a closed stage.

    type_name: the object type's. pipeline_id: None of a new one that got no id from the client.
    """

    type_name: str
    pipeline_id: str | None


@dataclass(frozen=True, slots=True)
class StageLabelTaken(Problem):
    """Two stages of a pipeline would have one label; whole: all stages were written at once."""

    label: str
    whole: bool


@dataclass(frozen=True, slots=True)
class PipelineLabelTaken(Problem):
    """Another pipeline of the object type has that label, in whatever case."""

    label: str


@dataclass(frozen=True, slots=True)
class PipelineIdTaken(Problem):
    """Another pipeline of the object type has that id."""

    pipeline_id: str


@dataclass(frozen=True, slots=True)
class IdsOfAnotherPipeline(Problem):
    """A written pipeline shares its id with one of another type, or a stage id with any other."""


@dataclass(frozen=True, slots=True)
class StageIdTaken(Problem):
    """A stage of the object type has that id."""

    stage_id: str


@dataclass(frozen=True, slots=True)
class NothingToRestore(Problem):
    """`archived` was sent for a pipeline that is not archived."""


@dataclass(frozen=True, slots=True)
class StagesInUse(Problem):
    """Records stand in stages that would go; ids are texts, records ascending."""

    stage_ids: tuple[str, ...]
    record_ids: tuple[str, ...]
