"""Clients that write at the same time see what the engines claim, see `anomalies`."""

from pathlib import Path

import pytest

from tests.simulation.meeting import CLIENTS, meet
from tests.simulation.registers import WALL, Scene
from tests.simulation.sabotage import IN_HISTORIES, Sabotage
from tests.storage.engines import Engine, engine_named

CALLS = 25


@pytest.mark.parametrize("seed", [1, 2])
def test_batches_take_effect_as_a_whole_one_after_the_other(
    engine: Engine, seed: int, tmp_path: Path
) -> None:
    scene = Scene(seed)

    problems = meet(engine, tmp_path, scene, CALLS)

    assert problems == []
    assert len(scene.events) == CLIENTS * CALLS
    assert {each.outcome for each in scene.events} == {"done", "refused", "unknown"}
    sizes = {len(each.values) for each in scene.events if each.outcome == "done"}
    assert {0, 1, WALL} < sizes
    assert any(each.made for each in scene.events)


@pytest.mark.parametrize("sabotage", IN_HISTORIES, ids=lambda each: each.name)
def test_a_wrong_store_is_caught(sabotage: Sabotage, tmp_path: Path) -> None:
    # What others see of it depends on time: one of the seeds is enough.
    assert any(_problems(sabotage, seed, tmp_path / str(seed)) for seed in range(1, 6))


def _problems(sabotage: Sabotage, seed: int, folder: Path) -> list[str]:
    folder.mkdir()
    try:
        return meet(engine_named("sqlite"), folder, Scene(seed), CALLS // 2, sabotage)
    except* AssertionError as errors:
        # A client was answered what it cannot have been.
        problems = [str(each) for each in errors.exceptions]
    return problems
