"""Runs simulations from the command line, one seed after the other, until one is wrong.

python -m tests.simulation --seed 17 --engine sqlite --steps 2000
python -m tests.simulation --seed 17 --engine postgresql --steps 300 --registers
python -m tests.simulation --all --seeds 200
"""

import argparse
import logging
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.simulation.meeting import CLIENTS, meet
from tests.simulation.oracle import DisagreementError
from tests.simulation.registers import Scene
from tests.simulation.simulation import Plan, Simulation
from tests.storage.engines import ENGINES, engine_named


def simulate(plan: Plan, folder: Path) -> str:
    """A run of the whole house; what happened in it."""
    tally = Simulation(plan, folder).run()
    return f"{tally.steps} steps, at most {tally.worlds_max} worlds, {tally.openings} openings"


def write_together(plan: Plan, folder: Path) -> str:
    """A run of clients that write at the same time; what happened in it."""
    scene = Scene(plan.seed)
    problems = meet(engine_named(plan.engine), folder, scene, plan.steps // CLIENTS)
    if problems:
        raise DisagreementError(
            "\n".join([*problems, f"repeat with\n  {plan.command} --registers"])
        )
    return f"{len(scene.events)} calls at the same time"


def main() -> int:
    """0 when all runs were right, 1 when one was not."""
    names = [each.name for each in ENGINES]
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--engine", choices=names, default=names[0])
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds")
    parser.add_argument("--steps", type=int, default=1_000, help="steps of each run")
    parser.add_argument(
        "--rough", action="store_true", help="the disk, or the connections with PostgreSQL, fail"
    )
    parser.add_argument(
        "--registers", action="store_true", help="clients that write at the same time instead"
    )
    parser.add_argument(
        "--all", action="store_true", help="every seed on each engine and in all three ways"
    )
    given = parser.parse_args()
    # What fails on purpose is no news.
    logging.disable(logging.CRITICAL)
    ways = {"smooth": simulate, "rough": simulate, "registers": write_together}
    one_way = "registers" if given.registers else "rough" if given.rough else "smooth"
    for seed in range(given.seed, given.seed + given.seeds):
        for engine in names if given.all else [given.engine]:
            for way in ways if given.all else [one_way]:
                begun = time.process_time()
                plan = Plan(seed, engine, given.steps, rough=way == "rough")
                with tempfile.TemporaryDirectory(prefix="simulation-") as folder:
                    try:
                        happened = ways[way](plan, Path(folder))
                    except Exception:  # noqa: BLE001 — told whole, with the command that repeats it
                        traceback.print_exc()
                        return 1
                spent = time.process_time() - begun
                print(f"seed {seed} on {engine}, {way}: {happened}, {spent:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
