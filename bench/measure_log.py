"""Updates with the request log and without it."""

import dataclasses
import shutil
from typing import Final

from bench import processes
from bench.driver import Driver
from bench.portal import Seeded
from bench.results import Extent, Round, cost_of

_WARM_UP: Final = 60


def measure_log(driver: Driver, extent: Extent, seeded: Seeded) -> None:
    """Two servers over copies of one database, which take turns round by round.

    The log is bounded so that it is full after some rounds: what is forgotten costs too.
    """
    copy = dataclasses.replace(seeded, path=seeded.path.with_name("logged.db"))
    shutil.copyfile(seeded.path, copy.path)
    with (
        processes.server(seeded.path, seeded.token) as plain,
        processes.server(copy.path, copy.token, "--log", str(extent.batches)) as logged,
    ):
        servers = {"plain": (seeded, plain), "logged": (copy, logged)}
        for each in servers.values():
            driver.drive(*each, 8, _WARM_UP)
        for number in range(extent.rounds):
            driver.tell(f"request log, round {number + 1} of {extent.rounds}")
            order = driver.rng.sample(list(servers), len(servers))
            costs: Round = {
                name: cost_of(driver.drive(*servers[name], 8, extent.batches)) for name in order
            }
            driver.results.logged.append({name: costs[name] for name in servers})
    for path in copy.path.parent.glob(f"{copy.path.name}*"):
        path.unlink()
