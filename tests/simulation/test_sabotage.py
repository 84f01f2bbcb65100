"""A simulation catches stores that are wrong, and tells how to repeat what it caught."""

from pathlib import Path

import pytest

from tests.simulation.sabotage import IN_SIMULATIONS, Sabotage
from tests.simulation.simulation import Plan, Simulation

SEEDS = (1, 2)
STEPS = 400


@pytest.mark.parametrize("sabotage", IN_SIMULATIONS, ids=lambda each: each.name)
def test_a_wrong_store_is_caught(sabotage: Sabotage, tmp_path: Path) -> None:
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            Simulation(Plan(seed, "sqlite", STEPS), folder, sabotage).run()
        except Exception as error:  # noqa: BLE001 — a wrong store may break the product anywhere
            (note,) = error.__notes__
            assert f"--seed {seed} --engine sqlite --steps {STEPS}" in note
            return
    pytest.fail(f"{sabotage.name} was not noticed on seeds {SEEDS}")
