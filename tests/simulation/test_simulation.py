"""Runs of the whole house: a few seeds here, as many as one likes by `make simulation`."""

from pathlib import Path

import pytest

from tests.simulation.faults import KINDS
from tests.simulation.simulation import Plan, Simulation, Tally
from tests.storage.engines import Engine

STEPS = 250


def run(folder: Path, plan: Plan) -> Tally:
    """What happened in a run that was right."""
    folder.mkdir(exist_ok=True)
    return Simulation(plan, folder).run()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_answer_and_all_that_is_stored_is_what_the_oracle_says(
    engine: Engine, seed: int, tmp_path: Path
) -> None:
    tally = run(tmp_path, Plan(seed, engine.name, STEPS))

    assert tally.steps >= STEPS


@pytest.mark.parametrize("seed", [4, 5])
def test_so_it_is_when_what_is_below_the_store_fails_too(
    engine: Engine, seed: int, tmp_path: Path
) -> None:
    run(tmp_path, Plan(seed, engine.name, STEPS // 2, rough=True))


def test_all_kinds_of_steps_and_answers_happen(tmp_path: Path) -> None:
    tallies = [run(tmp_path / str(seed), Plan(seed, "sqlite", STEPS)) for seed in (6, 7)]

    answers = {each for tally in tallies for each in tally.answers}
    assert {each.partition(" ")[0] for each in answers} == {
        "Archive",
        "Associate",
        "ChangeMembers",
        "Create",
        "Define",
        "Erase",
        "Merge",
        "Read",
        "ReadMembers",
        "ReadPage",
        "Restore",
        "Search",
        "Update",
        "UpdateOne",
        "Upsert",
    }
    for kind in ("Create", "Update", "Upsert"):
        assert {f"{kind} {each}" for each in ("Told", "Refused", "Failed")} <= answers
    assert {each for tally in tallies for each in tally.troubles} == {*KINDS}
    assert max(tally.worlds_max for tally in tallies) > 2
    assert max(tally.openings for tally in tallies) > 1


@pytest.mark.parametrize("rough", [False, True])
def test_one_seed_is_one_run(rough: bool, tmp_path: Path) -> None:
    plan = Plan(7, "sqlite", STEPS // 3, rough)

    digests = {run(tmp_path / str(each), plan).digest.hexdigest() for each in range(2)}

    assert len(digests) == 1


def test_other_seeds_are_other_runs(tmp_path: Path) -> None:
    plans = [Plan(seed, "sqlite", 20) for seed in (8, 9)]

    digests = {run(tmp_path / str(each.seed), each).digest.hexdigest() for each in plans}

    assert len(digests) == 2
