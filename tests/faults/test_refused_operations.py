"""The system refuses a write or a sync of the database's files (F6 and F7 of the fault list)."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from moyeu.storage.contract import StoreBrokenError, StoreFullError
from moyeu.storage.sqlite import SqliteStore, open_store
from tests.faults.checker import Checker
from tests.faults.inside import copy_files, write_until_broken
from tests.faults.ledger import Ledger
from tests.faults.load import Client
from tests.faults.portal import seed
from tests.faults.vfs import Kind, Role, WatchedVFS, io_error

CHECKPOINT_PAGES = 30
SYNCS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 17, 24, 35, 50)
WRITES = (1, 2, 3, 5, 8, 13, 40, 100, 250, 600)


class _Refusal:
    """Refuses operations of one kind on the WAL, from the first to the last number given.

    Not those of the database file: they belong to checkpoints, whose failures SQLite keeps to
    itself, while an exception from a VFS in Python would come out of the COMMIT before them.
    """

    def __init__(self, kind: Kind, first: int, last: int, error: Callable[[], Exception]) -> None:
        self.acknowledged_before: int | None = None
        self.ledger = Ledger()
        self.seen = 0
        self._kind = kind
        self._numbers = range(first, last + 1)
        self._error = error

    def __call__(self, kind: Kind, role: Role) -> None:
        if kind != self._kind or role != "wal":
            return
        self.seen += 1
        if self.seen in self._numbers:
            if self.acknowledged_before is None:
                self.acknowledged_before = len(self.ledger.acknowledged)
            raise self._error()


def _load(
    tmp_path: Path, refusal: _Refusal, clients: int, batches_max: int = 10_000
) -> tuple[SqliteStore, list[str]]:
    """The store after the load, not closed, and what `on_broken` was told of."""
    database = tmp_path / "moyeu.db"
    skus = seed(database, 120)
    vfs = WatchedVFS(f"refusing-{id(refusal)}", refusal)
    told: list[str] = []
    store = open_store(database, vfs=vfs.name, wal_checkpoint_pages=CHECKPOINT_PAGES)
    store.on_broken = lambda: told.append("broken")
    each = [Client(f"c{index}", 1, index, clients, skus) for index in range(clients)]
    asyncio.run(write_until_broken(store, each, refusal.ledger, batches_max))
    return store, told


def _check_what_is_left(tmp_path: Path, store: SqliteStore, ledger: Ledger) -> None:
    found = copy_files(Path(store.path), tmp_path / "after.db")
    store.close()
    store._connection.close()
    open_store(found).close()
    Checker(ledger).check(found)


@pytest.mark.parametrize("number", SYNCS)
def test_after_a_failed_sync_nothing_is_acknowledged_any_more(number: int, tmp_path: Path) -> None:
    refusal = _Refusal(
        "sync", number, number, lambda: io_error(apsw.SQLITE_IOERR_FSYNC, "sync failed")
    )

    store, told = _load(tmp_path, refusal, clients=1)

    assert store.is_broken
    assert told == ["broken"]
    assert len(refusal.ledger.acknowledged) == refusal.acknowledged_before
    with pytest.raises(StoreBrokenError):
        asyncio.run(store.write(lambda transaction: None))
    _check_what_is_left(tmp_path, store, refusal.ledger)


@pytest.mark.parametrize("number", SYNCS[::3])
def test_a_failed_sync_under_concurrent_load_loses_no_acknowledged_write(
    number: int, tmp_path: Path
) -> None:
    refusal = _Refusal(
        "sync", number, number, lambda: io_error(apsw.SQLITE_IOERR_FSYNC, "sync failed")
    )

    store, told = _load(tmp_path, refusal, clients=6)

    assert told == ["broken"]
    _check_what_is_left(tmp_path, store, refusal.ledger)


@pytest.mark.parametrize("number", WRITES)
def test_after_a_failed_write_nothing_is_acknowledged_any_more(number: int, tmp_path: Path) -> None:
    refusal = _Refusal(
        "write", number, number, lambda: io_error(apsw.SQLITE_IOERR_WRITE, "write failed")
    )

    store, told = _load(tmp_path, refusal, clients=1)

    assert told == ["broken"]
    assert len(refusal.ledger.acknowledged) == refusal.acknowledged_before
    _check_what_is_left(tmp_path, store, refusal.ledger)


@pytest.mark.parametrize("number", WRITES)
def test_a_full_disk_changes_nothing_and_writing_goes_on_when_space_returns(
    number: int, tmp_path: Path
) -> None:
    refusal = _Refusal("write", number, number + 4, lambda: apsw.FullError("no space left"))

    store, told = _load(tmp_path, refusal, clients=4, batches_max=40)

    outcomes = [each.outcome for each in refusal.ledger.batches]
    assert told == []
    assert refusal.seen > number + 4
    assert outcomes.count("refused") > 0
    assert outcomes[-1] == "applied"
    _check_what_is_left(tmp_path, store, refusal.ledger)


def test_a_reader_goes_on_after_writing_has_stopped(tmp_path: Path) -> None:
    refusal = _Refusal("sync", 3, 3, lambda: io_error(apsw.SQLITE_IOERR_FSYNC, "sync failed"))

    store, _ = _load(tmp_path, refusal, clients=2)

    portals = asyncio.run(store.read(lambda transaction: transaction.portals()))
    assert [each.name for each in portals] == ["fault tests"]
    _check_what_is_left(tmp_path, store, refusal.ledger)


def test_the_error_of_a_full_disk_is_one_that_may_be_tried_again(tmp_path: Path) -> None:
    refusal = _Refusal("write", 1, 10_000, lambda: apsw.FullError("no space left"))
    store, _ = _load(tmp_path, refusal, clients=1, batches_max=1)

    with pytest.raises(StoreFullError):
        asyncio.run(store.write(lambda transaction: transaction.new_record_ids(7, 1)))
    _check_what_is_left(tmp_path, store, refusal.ledger)
