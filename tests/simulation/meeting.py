"""One run of clients that write at the same time, on one seed."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from moyeu.storage.contract import Store
from tests.simulation.anomalies import complaints
from tests.simulation.faults import TroubledStore
from tests.simulation.house import House
from tests.simulation.readback import read_all
from tests.simulation.registers import PORTAL_ID, Scene
from tests.storage.engines import Engine

CLIENTS = 6


def meet(
    engine: Engine,
    folder: Path,
    scene: Scene,
    calls: int,
    spoil: Callable[[Store], Store] | None = None,
) -> list[str]:
    """What is wrong with what the clients saw, in words.

    calls: how many each client makes, one after the other. spoil: makes a store wrong, for tests of
    the judgement itself.
    """
    house = House(engine, folder)
    try:
        return asyncio.run(_meet(house, scene, calls, spoil))
    finally:
        house.forget()


async def _meet(
    house: House, scene: Scene, calls: int, spoil: Callable[[Store], Store] | None
) -> list[str]:
    await scene.build(house.stores[0])
    spoilt = [spoil(each) if spoil else each for each in house.stores]
    stores = [TroubledStore(each).as_store() for each in spoilt]
    await scene.happen(stores, CLIENTS, calls)
    found = await house.stores[0].read(lambda transaction: read_all(transaction, PORTAL_ID))
    return complaints(scene.events, found)
