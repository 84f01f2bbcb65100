"""What lets calls go, and what makes them fail, does as the seed and the trouble say."""

import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moyeu.storage.contract import (
    OutcomeUnknownError,
    Portal,
    StoreFullError,
    StoreUnavailableError,
    WriterBusyError,
    WriteTransaction,
)
from moyeu.storage.sqlite import SqliteStore
from tests.simulation.faults import Kind, Trouble, TroubledStore, troubled_by
from tests.simulation.gate import Gate, GatedStore
from tests.simulation.house import House
from tests.storage.engines import engine_named


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty SQLite database."""
    made = House(engine_named("sqlite"), tmp_path)
    yield made
    made.forget()


async def write_at_once(house: House, seed: int, count: int) -> list[int]:
    """In which order the writes of steps that are taken at once are carried out."""
    gate = Gate(random.Random(seed), house.settle, commits_in_groups=True)
    store = GatedStore(house.stores[0], gate)
    order: list[int] = []

    def noting(number: int) -> Callable[[WriteTransaction], None]:
        return lambda _transaction: order.append(number)

    await gate.take([store.write(noting(each)) for each in range(count)])
    return order


def test_the_order_is_that_of_the_seed(house: House) -> None:
    async def orders() -> list[list[int]]:
        return [await write_at_once(house, seed, 3) for seed in (1, 2, 3, 4, 5, 1)]

    found = asyncio.run(orders())

    assert found[0] == found[-1]
    assert len(set(map(tuple, found))) > 1
    assert all(sorted(each) == [0, 1, 2] for each in found)


def test_writes_that_are_let_go_together_are_one_commit(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    run_group = SqliteStore._run_group

    def counted(store: SqliteStore, group: list[Any]) -> None:
        sizes.append(len(group))
        run_group(store, group)

    monkeypatch.setattr(SqliteStore, "_run_group", counted)

    async def rounds() -> None:
        for seed in range(8):
            await write_at_once(house, seed, 3)

    asyncio.run(rounds())

    assert {1, 2, 3} <= {*sizes}


@pytest.mark.parametrize(
    ("kind", "error", "runs", "is_there"),
    [
        ("busy", WriterBusyError, 0, False),
        ("full", StoreFullError, 0, False),
        ("away", StoreUnavailableError, 0, False),
        ("undone", OutcomeUnknownError, 1, False),
        ("lost", OutcomeUnknownError, 1, True),
        ("again", None, 2, True),
    ],
)
def test_a_write_fails_as_its_trouble_says(
    house: House, kind: Kind, error: type[Exception] | None, runs: int, is_there: bool
) -> None:
    store = TroubledStore(house.stores[0])
    ran: list[WriteTransaction] = []

    def work(transaction: WriteTransaction) -> None:
        ran.append(transaction)
        transaction.add_portal(Portal(1, "one", 1, 0))

    async def scenario() -> bool:
        with troubled_by(Trouble(kind)):
            if error is None:
                await store.write(work)
            else:
                with pytest.raises(error):
                    await store.write(work)
        return bool(await store.read(lambda transaction: transaction.portals()))

    assert asyncio.run(scenario()) == is_there
    assert len(ran) == runs


def test_trouble_strikes_the_call_that_it_names_and_once(house: House) -> None:
    store = TroubledStore(house.stores[0])

    async def scenario() -> list[bool]:
        failed = []
        with troubled_by(Trouble("full", 1)):
            for _ in range(4):
                try:
                    await store.write(lambda transaction: None)
                except StoreFullError:
                    failed.append(True)
                else:
                    failed.append(False)
        return failed

    assert asyncio.run(scenario()) == [False, True, False, False]
