"""One run: what is measured, in which order.

Variants take turns in random order, round by round, and a ratio compares two figures of the same
round, so that what else the machine does cancels out as far as it can.
"""

import json
import multiprocessing
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import processes
from bench.driver import Driver
from bench.floor import open_floor, run_floor
from bench.measure_links import measure_links
from bench.measure_log import measure_log
from bench.measure_postgres import measure_postgres
from bench.measure_searches import measure_beside, measure_searches
from bench.portal import Seeded
from bench.processes import Running
from bench.results import Cost, Extent, Results, Round, Variant, cost_of, floor_cost

_SPAWN = multiprocessing.get_context("spawn")
_STARTS = 3
_SMALL_REQUESTS_PER_BATCH = 3
_WARM_UP_BATCHES = 30


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
        self._client = ProcessPoolExecutor(1, mp_context=_SPAWN)
        self._driver = Driver(self._client, self.results, rng, tell)

    def run(self) -> Results:
        """Measures everything. Raises RuntimeError when a server does not work at all."""
        with self._client, tempfile.TemporaryDirectory(prefix="moyeu-bench-") as folder:
            self._run(Path(folder))
        return self.results

    def run_postgres(self) -> Results:
        """Measures what is done over PostgreSQL, and nothing else."""
        with self._client, tempfile.TemporaryDirectory(prefix="moyeu-bench-") as folder:
            self._driver.tell(f"seeding {self._extent.records:,} records")
            seeded = self._driver.seed(Path(folder) / "server.db", self._extent.records)
            measure_postgres(self._driver, self._extent, seeded)
        return self.results

    def _run(self, folder: Path) -> None:
        extent, results = self._extent, self.results
        self._driver.tell(f"seeding {extent.records:,} records")
        seeded = self._driver.seed(folder / "server.db", extent.records)
        results.records = extent.records
        results.seeding_s = seeded.seconds
        results.record_bytes = seeded.path.stat().st_size / extent.records
        floor_path = folder / "floor.db"
        shutil.copyfile(seeded.path, floor_path)
        self._measure_starts(seeded)
        with self._floor(floor_path) as bare, processes.server(seeded.path, seeded.token) as server:
            self._driver.drive(seeded, server, 8, _WARM_UP_BATCHES)
            for number in range(extent.rounds):
                self._driver.tell(f"round {number + 1} of {extent.rounds}")
                results.rounds.append(self._round(VARIANTS, extent.batches, seeded, server, bare))
            for number in range(extent.read_rounds):
                self._driver.tell(f"reads beside writes, {number + 1} of {extent.read_rounds}")
                driven = self._driver.drive(seeded, server, 8, extent.batches, beside="reads")
                results.reads_ms.extend(driven.beside_ms)
            results.loaded_mb = processes.resident_mb(server.pid)
        measure_log(self._driver, extent, seeded)
        if extent.growth_records:
            self._measure_growth(folder)
        if extent.stages:
            self._measure_stages(seeded, folder / "stages.json")
        # After all else in this table, because it makes it larger.
        self._measure_calls(seeded, floor_path)
        measure_searches(self._driver, extent, folder)
        measure_beside(self._driver, extent, folder)
        measure_links(self._driver, extent, folder)
        measure_postgres(self._driver, extent, seeded)

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
        order = self._driver.rng.sample(variants, len(variants))
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
            return floor_cost(
                bare.submit(
                    run_floor,
                    variant.job,
                    seeded.record_ids,
                    batches,
                    variant.inputs,
                    variant.batches_per_commit,
                    self._driver.draw(),
                ).result()
            )
        requests = batches if variant.inputs == 100 else batches * _SMALL_REQUESTS_PER_BATCH
        return self._driver.cost(variant, seeded, server, requests)

    def _measure_calls(self, seeded: Seeded, floor_path: Path) -> None:
        extent = self._extent
        with self._floor(floor_path) as bare, processes.server(seeded.path, seeded.token) as server:
            self._driver.drive(seeded, server, 8, _WARM_UP_BATCHES, job="create")
            for number in range(extent.call_rounds):
                self._driver.tell(f"other calls, round {number + 1} of {extent.call_rounds}")
                self.results.calls.append(
                    self._round(CALLS, extent.call_batches, seeded, server, bare)
                )

    def _measure_growth(self, folder: Path) -> None:
        with ExitStack() as stack:
            tables: dict[str, tuple[Seeded, Running]] = {}
            for records in self._extent.growth_records:
                self._driver.tell(f"seeding {records:,} records")
                seeded = self._driver.seed(folder / f"growth-{records}.db", records)
                server = stack.enter_context(processes.server(seeded.path, seeded.token))
                self._driver.drive(seeded, server, 8, _WARM_UP_BATCHES)
                tables[str(records)] = (seeded, server)
            for number in range(self._extent.growth_rounds):
                self._driver.tell(f"growth, round {number + 1} of {self._extent.growth_rounds}")
                order = self._driver.rng.sample(list(tables), len(tables))
                costs = {
                    size: cost_of(self._driver.drive(*tables[size], 8, self._extent.batches))
                    for size in order
                }
                self.results.growth.append({size: costs[size] for size in tables})

    def _measure_stages(self, seeded: Seeded, report: Path) -> None:
        self._driver.tell("stages")
        with processes.server(seeded.path, seeded.token, "--stages", str(report)) as server:
            for _ in range(3):
                self._driver.drive(seeded, server, 8, self._extent.batches)
        self.results.stages = json.loads(report.read_text())
