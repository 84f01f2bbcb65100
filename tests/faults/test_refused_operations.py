"""The system refuses a write or a sync of the database's files."""

import asyncio
from pathlib import Path

import apsw
import pytest

from moyeu.storage.contract import StoreBrokenError, StoreFullError
from moyeu.storage.sqlite import SqliteStore, open_store
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.inside import copy_files, write_until_broken
from tests.faults.ledger import Ledger
from tests.faults.load import Client
from tests.faults.portal import PORTAL_ID, SERVICES_ID, seed
from tests.faults.vfs import Kind, Role, WatchedVFS

OFTEN = 30
"""Pages of the WAL after which it is moved into the database: after most commits."""
NEVER = 1_000_000
SYNCS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 17, 24, 35, 50)
WRITES = (1, 2, 3, 5, 8, 13, 40, 100, 250, 600)


class _Refusal:
    """Refuses operations of one kind on one file, from the first to the last number given.

    code: SQLite's extended result code.
    """

    def __init__(self, kind: Kind, role: Role, first: int, last: int, code: int) -> None:
        self.ledger = Ledger()
        self.acknowledged_before: int | None = None
        self.sent_before = 0
        self.seen = 0
        self._watched = (kind, role)
        self._numbers = range(first, last + 1)
        self._code = code

    def refuse(self, number: int) -> None:
        """Refuses this one operation, counted from the beginning."""
        self._numbers = range(number, number + 1)

    def __call__(self, kind: Kind, role: Role) -> None:
        if (kind, role) != self._watched:
            return
        self.seen += 1
        if self.seen in self._numbers:
            if self.acknowledged_before is None:
                self.acknowledged_before = len(self.ledger.acknowledged)
                self.sent_before = len(self.ledger.batches)
            raise apsw.exception_for(self._code)


def _load(
    tmp_path: Path, refusal: _Refusal, clients: int, pages: int, batches_max: int = 10_000
) -> tuple[SqliteStore, list[str]]:
    """The store after the load, not closed, and what `on_broken` was told of."""
    database = tmp_path / "moyeu.db"
    seed(database, 120)
    start = read_database(database).start()
    vfs = WatchedVFS(f"refusing-{id(refusal)}", refusal)
    told: list[str] = []
    store = open_store(database, vfs=vfs.name, wal_checkpoint_pages=pages)
    store.on_broken = lambda: told.append("broken")
    each = [Client(f"c{index}", 1, index, clients, start) for index in range(clients)]
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
    refusal = _Refusal("sync", "wal", number, number, apsw.SQLITE_IOERR_FSYNC)

    store, told = _load(tmp_path, refusal, clients=1, pages=NEVER)

    assert store.is_broken
    assert told == ["broken"]
    assert len(refusal.ledger.acknowledged) == refusal.acknowledged_before
    with pytest.raises(StoreBrokenError):
        asyncio.run(store.write(lambda transaction: None))
    _check_what_is_left(tmp_path, store, refusal.ledger)


@pytest.mark.parametrize("role", ["wal", "database"])
@pytest.mark.parametrize("number", SYNCS[::3])
def test_after_a_failed_sync_under_concurrent_load_nothing_that_is_sent_is_acknowledged(
    number: int, role: Role, tmp_path: Path
) -> None:
    refusal = _Refusal("sync", role, number, number, apsw.SQLITE_IOERR_FSYNC)

    store, told = _load(tmp_path, refusal, clients=6, pages=OFTEN)

    assert told == ["broken"]
    sent_after = refusal.ledger.batches[refusal.sent_before :]
    assert {each.outcome for each in sent_after} <= {"unknown"}
    _check_what_is_left(tmp_path, store, refusal.ledger)


@pytest.mark.parametrize("number", WRITES)
def test_after_a_failed_write_nothing_is_acknowledged_any_more(number: int, tmp_path: Path) -> None:
    refusal = _Refusal("write", "wal", number, number, apsw.SQLITE_IOERR_WRITE)

    store, told = _load(tmp_path, refusal, clients=1, pages=NEVER)

    assert told == ["broken"]
    assert len(refusal.ledger.acknowledged) == refusal.acknowledged_before
    _check_what_is_left(tmp_path, store, refusal.ledger)


@pytest.mark.parametrize("number", WRITES)
def test_a_full_disk_changes_nothing_and_writing_goes_on_when_space_returns(
    number: int, tmp_path: Path
) -> None:
    refusal = _Refusal("write", "wal", number, number + 4, apsw.SQLITE_FULL)

    store, told = _load(tmp_path, refusal, clients=4, pages=OFTEN, batches_max=40)

    outcomes = [each.outcome for each in refusal.ledger.batches]
    assert told == []
    assert refusal.seen > number + 4
    assert outcomes.count("refused") > 0
    assert outcomes[-1] == "applied"
    _check_what_is_left(tmp_path, store, refusal.ledger)


@pytest.mark.parametrize("number", WRITES[:6])
def test_a_disk_that_is_full_for_a_checkpoint_only_is_not_felt_by_clients(
    number: int, tmp_path: Path
) -> None:
    refusal = _Refusal("write", "database", number, number + 4, apsw.SQLITE_FULL)

    store, told = _load(tmp_path, refusal, clients=4, pages=OFTEN, batches_max=20)

    assert told == []
    assert refusal.seen > number + 4
    assert {each.outcome for each in refusal.ledger.batches} == {"applied"}
    _check_what_is_left(tmp_path, store, refusal.ledger)


def test_a_reader_goes_on_after_writing_has_stopped(tmp_path: Path) -> None:
    refusal = _Refusal("sync", "wal", 3, 3, apsw.SQLITE_IOERR_FSYNC)

    store, _ = _load(tmp_path, refusal, clients=2, pages=NEVER)

    portals = asyncio.run(store.read(lambda transaction: transaction.portals()))
    assert [each.name for each in portals] == ["fault tests"]
    _check_what_is_left(tmp_path, store, refusal.ledger)


def test_the_error_of_a_full_disk_is_one_that_may_be_tried_again(tmp_path: Path) -> None:
    refusal = _Refusal("write", "wal", 1, 10_000, apsw.SQLITE_FULL)
    store, _ = _load(tmp_path, refusal, clients=1, pages=NEVER, batches_max=1)

    with pytest.raises(StoreFullError):
        asyncio.run(store.write(lambda transaction: transaction.new_record_ids(PORTAL_ID, 1)))
    _check_what_is_left(tmp_path, store, refusal.ledger)


@pytest.mark.parametrize("number", range(1, 8))
def test_a_failed_read_is_told_to_the_one_who_reads_and_the_next_one_succeeds(
    number: int, tmp_path: Path
) -> None:
    database = tmp_path / "moyeu.db"
    seed(database, 120)
    refusal = _Refusal("read", "database", 0, 0, apsw.SQLITE_IOERR_READ)
    vfs = WatchedVFS(f"reading-{number}", refusal)
    store = open_store(database, vfs=vfs.name, readers=1)
    refusal.refuse(refusal.seen + number)

    async def read_twice() -> None:
        with pytest.raises(apsw.IOError):
            await store.read(lambda transaction: transaction.records(PORTAL_ID, SERVICES_ID, ids))
        records = await store.read(
            lambda transaction: transaction.records(PORTAL_ID, SERVICES_ID, ids)
        )
        assert len(records) == len(ids)

    ids = list(read_database(database).skus())
    asyncio.run(read_twice())
    assert not store.is_broken
    store.close()
