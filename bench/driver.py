"""The client's process: seeds portals, sends loads, and notes what was refused or wrong."""

import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.client import Beside, Driven, Load, drive
from bench.jobs import Job
from bench.portal import Filled, Seeded, seed
from bench.processes import Running
from bench.results import Cost, Results, Variant, cost_of

_Seed = Callable[[Path, int, int], Seeded]


@dataclass(frozen=True)
class Driver:
    """Sends from a process of its own; `tell` gets a line for each part of the run."""

    client: ProcessPoolExecutor
    results: Results
    rng: random.Random
    tell: Callable[[str], None]

    def draw(self) -> int:
        """A seed for random numbers."""
        return self.rng.getrandbits(64)

    def seed(self, path: Path, records: int, make: _Seed = seed) -> Seeded:
        """A new database; made by the client, so that the folder of this process stays small."""
        return self.client.submit(make, path, records, self.draw()).result()

    def drive(
        self,
        seeded: Filled,
        server: Running,
        concurrency: int,
        requests: int,
        *,
        inputs: int = 100,
        job: Job = "update",
        beside: Beside | None = None,
        database_pid: int | None = None,
    ) -> Driven:
        """What came of a load of random calls."""
        load = Load(
            port=server.port,
            pid=server.pid,
            token=seeded.token,
            ids=seeded.ids,
            concurrency=concurrency,
            requests=requests,
            rng_seed=self.draw(),
            job=job,
            inputs=inputs,
            beside=beside,
            database_pid=database_pid,
        )
        driven = self.client.submit(drive, load).result()
        for status, count in driven.refused.items():
            self.results.refused[status] = self.results.refused.get(status, 0) + count
        self.results.compared += driven.compared
        self.results.wrong.extend(driven.wrong)
        return driven

    def cost(self, variant: Variant, seeded: Seeded, server: Running, requests: int) -> Cost:
        """What a variant that is not the floor costs."""
        assert variant.concurrency is not None, variant
        return cost_of(
            self.drive(
                seeded,
                server,
                variant.concurrency,
                requests,
                inputs=variant.inputs,
                job=variant.job,
            )
        )
