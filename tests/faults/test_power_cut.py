"""A power cut loses what was not synced, in any order and torn at sectors."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from moyeu.storage.sqlite import open_store
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.inside import write_until_broken
from tests.faults.ledger import Ledger
from tests.faults.load import Client, Start
from tests.faults.portal import seed
from tests.faults.seeds import rounds
from tests.faults.vfs import Disk, PowerCutVFS

SEEDS = range(rounds(24))
TWIN_SEEDS = range(12)
RECORDS = 120
CLIENTS = 4
OPERATIONS = (20, 4_000)
"""The cut falls between these operations of the disk: up to a hundred commits."""
CHECKPOINT_PAGES = 30
"""So few that most commits are followed by a checkpoint, and the WAL is overwritten again."""
NEVER = 1_000_000


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Start]:
    database = tmp_path_factory.mktemp("seeded") / "moyeu.db"
    seed(database, RECORDS)
    return database.read_bytes(), read_database(database).start()


def _run_until_dark(
    tmp_path: Path, seeded: tuple[bytes, Start], seed: int, synchronous: str, pages: int
) -> tuple[Path, Ledger]:
    """Where the files are after the cut, and what the clients know."""
    content, start = seeded
    database = tmp_path / f"{seed}.db"
    database.write_bytes(content)
    disk = Disk(seed, random.Random(seed).randint(*OPERATIONS))
    vfs = PowerCutVFS(f"power-cut-{seed}-{synchronous}", disk)
    ledger = Ledger()
    clients = [Client(f"c{index}", seed, index, CLIENTS, start) for index in range(CLIENTS)]

    store = open_store(database, vfs=vfs.name, wal_checkpoint_pages=pages)
    store._connection.pragma("synchronous", synchronous)
    try:
        asyncio.run(write_until_broken(store, clients, ledger))
    finally:
        disk.let_go()
        store.close()
        store._connection.close()
        vfs.unregister()
    after = tmp_path / f"{seed}-after.db"
    disk.write_image(after)
    return after, ledger


@pytest.mark.parametrize("seed", SEEDS)
def test_no_acknowledged_write_is_lost_by_a_power_cut(
    seed: int, tmp_path: Path, seeded: tuple[bytes, Start]
) -> None:
    after, ledger = _run_until_dark(tmp_path, seeded, seed, "full", CHECKPOINT_PAGES)

    open_store(after).close()

    assert ledger.acknowledged
    Checker(ledger).check(after)


# Without checkpoints: where nothing is synced they leave a database that is too broken to be
# compared, and where only they sync they come so often here that little is ever unsynced.
@pytest.mark.parametrize("synchronous", ["off", "normal"])
def test_the_checker_finds_the_writes_that_are_lost_without_a_sync_per_commit(
    synchronous: str, tmp_path: Path, seeded: tuple[bytes, Start]
) -> None:
    complaints = "\n".join(_complaints(tmp_path, seeded, synchronous))

    assert "was acknowledged" in complaints


def _complaints(tmp_path: Path, seeded: tuple[bytes, Start], synchronous: str) -> Iterator[str]:
    for number in TWIN_SEEDS:
        after, ledger = _run_until_dark(tmp_path, seeded, number, synchronous, NEVER)
        try:
            open_store(after).close()
            Checker(ledger).check(after)
        except Exception as error:  # noqa: BLE001 — without syncs, corruption is one of the finds
            yield f"{type(error).__name__}: {error}"
