"""How much one run measures, and all figures that come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.client import Driven
from bench.floor import FloorFigures
from bench.jobs import Job
from bench.searches import SearchJob


@dataclass(frozen=True)
class Extent:
    """How much is measured; batches are those of one variant in one round."""

    records: int
    rounds: int
    batches: int
    growth_records: Sequence[int]
    """Sizes of the table whose costs are compared with each other, smallest first."""
    growth_rounds: int
    read_rounds: int
    call_rounds: int
    """Of the calls other than the batch update."""
    call_batches: int
    stages: bool
    search_records: Sequence[int]
    """Sizes of the table in which is searched, smallest first."""
    search_rounds: int
    searches: int
    """Of each kind in one round."""
    beside_records: int
    """In the table that is updated while it is searched."""
    beside_rounds: int
    beside_batches: int
    link_records: int
    link_rounds: int
    link_batches: int
    postgres_workers: Sequence[int]
    """Numbers of server processes that are compared on PostgreSQL."""
    postgres_rounds: int
    postgres_batches: int
    neighbours: int
    """Portals beside the one that is measured, where there are many."""
    neighbour_records: int
    """Of the portal that is measured with few neighbours and with many."""
    neighbour_rounds: int
    neighbour_batches: int


@dataclass(frozen=True)
class Cost:
    """What one variant took in one round; a record may be a pair of them, or one of a page."""

    records_per_s: float
    cpu_us_per_record: float
    """Of the server's, or the floor's, process."""
    cpu_ms_per_request: float
    answer_ms_p50: float | None = None
    answer_ms_p99: float | None = None
    client_share: float | None = None
    """CPU time of the client by wall time: near 1 it would be the limit."""
    database_us_per_record: float | None = None
    """CPU of the database's processes, where it has any."""


Round = Mapping[str, Cost]
"""The costs by name of the variant."""


@dataclass(frozen=True)
class SearchRound:
    """One round of searches in a table of one size, from the start of the server on."""

    costs: Round
    """The variants are the jobs; `read` is the batch read of 100 that they are compared with."""
    first_s: Mapping[SearchJob, float]
    """The first search of each job that makes a column of the index."""


@dataclass
class PostgresResults:
    """The same updates over PostgreSQL."""

    missing: str = ""
    """Why nothing of this was measured."""
    about: dict[str, str] = field(default_factory=dict)
    """Version and settings."""
    rounds: list[Round] = field(default_factory=list)
    """The variants are those of `measure_postgres.variants`."""
    reads_ms: dict[str, list[float]] = field(default_factory=dict)
    """Reads of single records beside 8 writers, by engine."""
    neighbours: list[Round] = field(default_factory=list)
    """The variants are the numbers of neighbours."""
    resident_mb: dict[str, float] = field(default_factory=dict)
    """After the load, of one process of the server and of one connection of the database."""
    seeding_s: float = 0.0
    bytes_each: dict[str, float] = field(default_factory=dict)
    """Of a record, an entry of the history and their indexes, after the load."""
    hot_share: float = 0.0
    """Of the updates of records, those that touched no index."""


@dataclass
class Results:
    """Everything that one run has measured."""

    rounds: list[Round] = field(default_factory=list)
    growth: list[Round] = field(default_factory=list)
    """The variants are the sizes."""
    calls: list[Round] = field(default_factory=list)
    """The variants are those of `CALLS`."""
    searches: list[Mapping[str, SearchRound]] = field(default_factory=list)
    """By size."""
    beside: list[Round] = field(default_factory=list)
    """Updates: the variants are those of `measure_searches.BESIDE`."""
    beside_ms: list[float] = field(default_factory=list)
    """Answers to the searches beside them."""
    links: list[Round] = field(default_factory=list)
    """The variants are those of `measure_links.LINKS`."""
    logged: list[Round] = field(default_factory=list)
    """Updates, `logged` and `plain`."""
    reads_ms: list[float] = field(default_factory=list)
    records: int = 0
    """In the table, but for `growth`, `searches`, `beside` and `links`."""
    seeding_s: float = 0.0
    record_bytes: float = 0.0
    """Of the database file by record, seeding history included."""
    first_answers_s: list[float] = field(default_factory=list)
    idle_mb: list[float] = field(default_factory=list)
    loaded_mb: float = 0.0
    stages: dict[str, dict[str, float]] = field(default_factory=dict)
    postgres: PostgresResults = field(default_factory=PostgresResults)
    refused: dict[int, int] = field(default_factory=dict)
    compared: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Variant:
    """One way to do the job; without `concurrency` it is the floor."""

    name: str
    concurrency: int | None = None
    inputs: int = 100
    job: Job = "update"
    batches_per_commit: int = 1


def floor_cost(figures: FloorFigures) -> Cost:
    """The cost of the floor."""
    return Cost(
        figures.records / figures.seconds,
        figures.cpu_s / figures.records * 1e6,
        figures.cpu_s / figures.batches * 1e3,
    )


def cost_of(driven: Driven) -> Cost:
    """The cost of what a client has sent."""
    return Cost(
        driven.records / driven.seconds,
        driven.server_cpu_s / driven.records * 1e6,
        driven.server_cpu_s / driven.requests * 1e3,
        quantile(driven.answers_ms, 0.50),
        quantile(driven.answers_ms, 0.99),
        driven.client_cpu_s / driven.seconds,
        driven.database_cpu_s / driven.records * 1e6 or None,
    )


def quantile(figures: Sequence[float], share: float) -> float:
    """The figure at that share of the way through the ascending ones; not between two of them."""
    ascending = sorted(figures)
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]
