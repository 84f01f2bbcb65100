"""One run: what is measured, in which order, and the figures that come of it.

Variants take turns in random order, round by round, and a ratio compares two figures of the same
round, so that what else the machine does cancels out as far as it can.
"""

import json
import multiprocessing
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import processes
from bench.calls import Job
from bench.client import Driven, Load, drive
from bench.floor import FloorFigures, open_floor, run_floor
from bench.portal import Seeded, seed
from bench.processes import Running

_SPAWN = multiprocessing.get_context("spawn")
_STARTS = 3
_SMALL_REQUESTS_PER_BATCH = 3
_WARM_UP_BATCHES = 30


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


@dataclass(frozen=True)
class Cost:
    """What one variant took in one round."""

    records_per_s: float
    cpu_us_per_record: float
    """Of the server's, or the floor's, process."""
    cpu_ms_per_request: float
    answer_ms_p50: float | None = None
    answer_ms_p99: float | None = None
    client_share: float | None = None
    """CPU time of the client by wall time: near 1 it would be the limit."""


Round = Mapping[str, Cost]
"""The costs by name of the variant."""


@dataclass
class Results:
    """Everything that one run has measured."""

    rounds: list[Round] = field(default_factory=list)
    growth: list[Round] = field(default_factory=list)
    """The variants are the sizes."""
    calls: list[Round] = field(default_factory=list)
    """The variants are those of `CALLS`."""
    reads_ms: list[float] = field(default_factory=list)
    records: int = 0
    """In the table, but for `growth`."""
    seeding_s: float = 0.0
    record_bytes: float = 0.0
    """Of the database file by record, seeding history included."""
    first_answers_s: list[float] = field(default_factory=list)
    idle_mb: list[float] = field(default_factory=list)
    loaded_mb: float = 0.0
    stages: dict[str, dict[str, float]] = field(default_factory=dict)
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


VARIANTS = (
    Variant("floor1"),
    Variant("floor8", batches_per_commit=8),
    Variant("c1", 1),
    Variant("c8", 8),
    Variant("c32", 32),
    Variant("by_value", 8, job="update_by_value"),
    Variant("one_c1", 1, inputs=1),
    Variant("one_c8", 8, inputs=1),
    Variant("ten_c8", 8, inputs=10),
)

CALLS = (
    Variant("create_floor", job="create", batches_per_commit=8),
    Variant("create_c1", 1, job="create"),
    Variant("create_c8", 8, job="create"),
    Variant("upsert_floor", job="upsert", batches_per_commit=8),
    Variant("upsert_c1", 1, job="upsert"),
    Variant("upsert_c8", 8, job="upsert"),
    Variant("read_c1", 1, job="read"),
    Variant("read_c8", 8, job="read"),
    Variant("list_c1", 1, job="list"),
    Variant("list_c8", 8, job="list"),
)
"""The calls other than the batch update. What a read costs above its SELECT is its answer, so the
reads have no floor."""


class Bench:
    """A run in a temporary folder, with the processes of the client and the floor."""

    def __init__(self, extent: Extent, rng: random.Random, tell: Callable[[str], None]) -> None:
        self.results = Results()
        self._extent = extent
        self._rng = rng
        self._tell = tell
        self._client = ProcessPoolExecutor(1, mp_context=_SPAWN)

    def run(self) -> Results:
        """Measures everything. Raises RuntimeError when a server does not work at all."""
        with self._client, tempfile.TemporaryDirectory(prefix="moyeu-bench-") as folder:
            self._run(Path(folder))
        return self.results

    def _run(self, folder: Path) -> None:
        extent, results = self._extent, self.results
        self._tell(f"seeding {extent.records:,} records")
        seeded = self._seed(folder / "server.db", extent.records)
        results.records = extent.records
        results.seeding_s = seeded.seconds
        results.record_bytes = seeded.path.stat().st_size / extent.records
        floor_path = folder / "floor.db"
        shutil.copyfile(seeded.path, floor_path)
        self._measure_starts(seeded)
        with self._floor(floor_path) as bare, processes.server(seeded.path, seeded.token) as server:
            self._drive(seeded, server, 8, _WARM_UP_BATCHES)
            for number in range(extent.rounds):
                self._tell(f"round {number + 1} of {extent.rounds}")
                results.rounds.append(self._round(VARIANTS, extent.batches, seeded, server, bare))
            for number in range(extent.read_rounds):
                self._tell(f"reads beside writes, {number + 1} of {extent.read_rounds}")
                driven = self._drive(seeded, server, 8, extent.batches, reads=True)
                results.reads_ms.extend(driven.reads_ms)
            results.loaded_mb = processes.resident_mb(server.pid)
        if extent.growth_records:
            self._measure_growth(folder)
        if extent.stages:
            self._measure_stages(seeded, folder / "stages.json")
        # At the end, because it makes the table larger.
        self._measure_calls(seeded, floor_path)

    def _draw(self) -> int:
        return self._rng.getrandbits(64)

    def _seed(self, path: Path, records: int) -> Seeded:
        # In the client's process, so that the folder of this one stays small.
        return self._client.submit(seed, path, records, self._draw()).result()

    @contextmanager
    def _floor(self, path: Path) -> Iterator[ProcessPoolExecutor]:
        with ProcessPoolExecutor(
            1, mp_context=_SPAWN, initializer=open_floor, initargs=(path,)
        ) as bare:
            yield bare

    def _measure_starts(self, seeded: Seeded) -> None:
        for _ in range(_STARTS):
            with processes.server(seeded.path, seeded.token) as server:
                self.results.first_answers_s.append(server.first_answer_s)
                self.results.idle_mb.append(server.idle_mb)

    def _round(
        self,
        variants: Sequence[Variant],
        batches: int,
        seeded: Seeded,
        server: Running,
        bare: ProcessPoolExecutor,
    ) -> Round:
        order = self._rng.sample(variants, len(variants))
        costs = {each.name: self._variant(each, batches, seeded, server, bare) for each in order}
        return {each.name: costs[each.name] for each in variants}

    def _variant(
        self,
        variant: Variant,
        batches: int,
        seeded: Seeded,
        server: Running,
        bare: ProcessPoolExecutor,
    ) -> Cost:
        if variant.concurrency is None:
            return _floor_cost(
                bare.submit(
                    run_floor,
                    variant.job,
                    seeded.record_ids,
                    batches,
                    variant.inputs,
                    variant.batches_per_commit,
                    self._draw(),
                ).result()
            )
        requests = batches if variant.inputs == 100 else batches * _SMALL_REQUESTS_PER_BATCH
        return _cost(
            self._drive(
                seeded,
                server,
                variant.concurrency,
                requests,
                inputs=variant.inputs,
                job=variant.job,
            )
        )

    def _drive(
        self,
        seeded: Seeded,
        server: Running,
        concurrency: int,
        requests: int,
        *,
        inputs: int = 100,
        job: Job = "update",
        reads: bool = False,
    ) -> Driven:
        load = Load(
            port=server.port,
            pid=server.pid,
            token=seeded.token,
            record_ids=seeded.record_ids,
            concurrency=concurrency,
            requests=requests,
            rng_seed=self._draw(),
            job=job,
            inputs=inputs,
            reads=reads,
        )
        driven = self._client.submit(drive, load).result()
        for status, count in driven.refused.items():
            self.results.refused[status] = self.results.refused.get(status, 0) + count
        self.results.compared += driven.compared
        self.results.wrong.extend(driven.wrong)
        return driven

    def _measure_calls(self, seeded: Seeded, floor_path: Path) -> None:
        extent = self._extent
        with self._floor(floor_path) as bare, processes.server(seeded.path, seeded.token) as server:
            self._drive(seeded, server, 8, _WARM_UP_BATCHES, job="create")
            for number in range(extent.call_rounds):
                self._tell(f"other calls, round {number + 1} of {extent.call_rounds}")
                self.results.calls.append(
                    self._round(CALLS, extent.call_batches, seeded, server, bare)
                )

    def _measure_growth(self, folder: Path) -> None:
        with ExitStack() as stack:
            tables: dict[str, tuple[Seeded, Running]] = {}
            for records in self._extent.growth_records:
                self._tell(f"seeding {records:,} records")
                seeded = self._seed(folder / f"growth-{records}.db", records)
                server = stack.enter_context(processes.server(seeded.path, seeded.token))
                self._drive(seeded, server, 8, _WARM_UP_BATCHES)
                tables[str(records)] = (seeded, server)
            for number in range(self._extent.growth_rounds):
                self._tell(f"growth, round {number + 1} of {self._extent.growth_rounds}")
                order = self._rng.sample(list(tables), len(tables))
                costs = {
                    size: _cost(self._drive(*tables[size], 8, self._extent.batches))
                    for size in order
                }
                self.results.growth.append({size: costs[size] for size in tables})

    def _measure_stages(self, seeded: Seeded, report: Path) -> None:
        self._tell("stages")
        with processes.server(seeded.path, seeded.token, "--stages", str(report)) as server:
            for _ in range(3):
                self._drive(seeded, server, 8, self._extent.batches)
        self.results.stages = json.loads(report.read_text())


def _floor_cost(figures: FloorFigures) -> Cost:
    return Cost(
        figures.records / figures.seconds,
        figures.cpu_s / figures.records * 1e6,
        figures.cpu_s / figures.batches * 1e3,
    )


def _cost(driven: Driven) -> Cost:
    return Cost(
        driven.records / driven.seconds,
        driven.server_cpu_s / driven.records * 1e6,
        driven.server_cpu_s / driven.requests * 1e3,
        quantile(driven.answers_ms, 0.50),
        quantile(driven.answers_ms, 0.99),
        driven.client_cpu_s / driven.seconds,
    )


def quantile(figures: Sequence[float], share: float) -> float:
    """The figure at that share of the way through the ascending ones; not between two of them."""
    ascending = sorted(figures)
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]
