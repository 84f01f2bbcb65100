"""What a caller is told, and what is true afterwards, when the disk fails under SQLite.

Faults of whole processes (kill, power cut, a real full disk) are tested elsewhere.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import pytest

from moyeu.storage.contract import StoreBrokenError, StoreFullError, WriteTransaction
from moyeu.storage.sqlite import SqliteStore
from tests.storage.scene import (
    PORTAL,
    SERVICES,
    SERVICES_MODIFIED,
    Database,
    DeliberateError,
    HeldTurn,
    furnish,
    insert,
    occasion,
    record,
    stored,
    text_property,
)


@dataclass(slots=True)
class Disk:
    """A disk whose next operations fail. syncs: how many there were."""

    name: str
    failing: bool = False
    failures: int = 0
    syncs: int = 0
    vfs: apsw.VFS | None = field(default=None, repr=False)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, filename: Any, flags: list[int]) -> None:
        super().__init__("", filename, flags)
        self._disk = disk

    def xSync(self, flags: int) -> None:  # noqa: N802 — apsw's name
        self._disk.syncs += 1
        if self._disk.failing:
            self._disk.failures += 1
            error = apsw.IOError("the disk does not answer")
            error.extendedresult = apsw.SQLITE_IOERR_FSYNC  # type: ignore[attr-defined] # apsw reads it
            raise error
        super().xSync(flags)


class _Vfs(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__(disk.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 — apsw's name
        return _File(self._disk, name, flags)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk that works until it is told to fail."""
    made = Disk(f"disk-{tmp_path.name}")
    made.vfs = _Vfs(made)
    yield made
    made.failing = False


@pytest.fixture
def store(tmp_path: Path, disk: Disk) -> SqliteStore:
    """A store on that disk."""
    return SqliteStore(str(tmp_path / "moyeu.db"), vfs=disk.name)


@pytest.fixture
def database(store: SqliteStore, disk: Disk) -> Iterator[Database]:
    """A database on that disk with one record."""
    made = Database(store)
    furnish(made)
    insert(made, record(1, {"hs_name": "before"}))
    yield made
    disk.failing = False
    made.close()


def active_ids(database: Database) -> list[int]:
    """Ids of the records that are there."""
    found = database.read(lambda each: each.page(PORTAL, SERVICES, 0, 1_000, archived=False))
    return [each.record_id for each in found]


def add(record_id: int, characters: int = 1) -> Any:
    """Work that adds one record of a size."""

    def work(transaction: WriteTransaction) -> None:
        added = record(record_id, {"hs_name": "x" * characters})
        transaction.insert_records(occasion(), SERVICES, [added], SERVICES_MODIFIED)

    return work


async def write_together(database: Database, works: list[Any]) -> list[Any]:
    """The outcomes of works that wait for their turn together."""
    turn = HeldTurn()
    holding = await turn.take(database.store)
    waiting = [asyncio.create_task(database.store.write(work)) for work in works]
    await asyncio.sleep(0)
    turn.may_end.set()
    await holding
    return await asyncio.gather(*waiting, return_exceptions=True)


# --- no space left ----------------------------------------------------------------------------


def limit_pages(store: SqliteStore, more: int) -> None:
    """Lets the database grow by so many pages and no further."""
    now = store._connection.pragma("page_count")
    store._connection.pragma("max_page_count", now + more)


def test_a_write_that_finds_no_space_is_told_and_changes_nothing(
    database: Database, store: SqliteStore
) -> None:
    limit_pages(store, 2)
    before = database.read(lambda each: each.writes_after(PORTAL, 0, 100))

    with pytest.raises(StoreFullError):
        database.write(add(2, characters=60_000))

    assert active_ids(database) == [1]
    assert database.read(lambda each: each.writes_after(PORTAL, 0, 100)) == before
    assert not store.is_broken


def test_a_write_works_again_when_there_is_space(database: Database, store: SqliteStore) -> None:
    limit_pages(store, 2)
    with pytest.raises(StoreFullError):
        database.write(add(2, characters=60_000))

    limit_pages(store, 1_000)
    database.write(add(2, characters=60_000))

    assert active_ids(database) == [1, 2]
    numbers = [each.number for each in database.read(lambda each: each.writes_after(PORTAL, 0, 9))]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 2


def test_no_space_is_told_to_the_whole_group_and_none_of_it_is_there(
    database: Database, store: SqliteStore
) -> None:
    limit_pages(store, 2)

    outcomes = database.run(write_together(database, [add(2), add(3, 60_000), add(4)]))

    assert [type(each) for each in outcomes] == [StoreFullError] * 3
    assert active_ids(database) == [1]


def test_a_small_write_fits_where_a_large_one_did_not(
    database: Database, store: SqliteStore
) -> None:
    limit_pages(store, 2)
    with pytest.raises(StoreFullError):
        database.write(add(2, characters=60_000))

    database.write(add(3))

    assert active_ids(database) == [1, 3]


def test_definitions_that_found_no_space_are_not_seen(
    database: Database, store: SqliteStore
) -> None:
    database.read(lambda each: each.definitions(PORTAL, SERVICES))
    limit_pages(store, 2)

    def work(transaction: WriteTransaction) -> None:
        transaction.put_property(PORTAL, SERVICES, text_property("note"))
        add(2, characters=60_000)(transaction)

    with pytest.raises(StoreFullError):
        database.write(work)

    found = database.write(lambda each: each.definitions(PORTAL, SERVICES))
    assert "note" not in found.properties


# --- a disk that does not answer --------------------------------------------------------------


def test_every_commit_waits_for_the_disk(database: Database, disk: Disk) -> None:
    before = disk.syncs

    database.write(add(2))
    database.write(add(3))

    assert disk.syncs >= before + 2


def test_a_failed_sync_is_told_to_the_whole_group(database: Database, disk: Disk) -> None:
    disk.failing = True
    outcomes = database.run(write_together(database, [add(2), add(3), add(4)]))

    assert [type(each) for each in outcomes] == [StoreBrokenError] * 3
    assert disk.failures == 1


def test_after_a_failed_sync_every_later_write_is_refused_without_being_tried(
    database: Database, disk: Disk, store: SqliteStore
) -> None:
    disk.failing = True
    with pytest.raises(StoreBrokenError):
        database.write(add(2))
    disk.failing = False
    runs: list[WriteTransaction] = []

    for _ in range(3):
        with pytest.raises(StoreBrokenError):
            database.write(runs.append)

    assert runs == []
    assert store.is_broken


def test_writes_that_already_wait_are_refused_too(
    database: Database, disk: Disk, store: SqliteStore
) -> None:
    async def scenario() -> list[Any]:
        turn = HeldTurn()

        def hold_and_write(transaction: WriteTransaction) -> None:
            turn(transaction)
            add(2)(transaction)

        holding = asyncio.create_task(store.write(hold_and_write))
        await asyncio.to_thread(turn.begun.wait, 10)
        waiting = asyncio.create_task(store.write(add(3)))
        await asyncio.sleep(0)
        disk.failing = True
        turn.may_end.set()
        outcomes = await asyncio.gather(holding, waiting, return_exceptions=True)
        return list(outcomes)

    outcomes = database.run(scenario())

    assert [type(each) for each in outcomes] == [StoreBrokenError] * 2
    assert disk.failures == 1


def test_the_end_of_writing_is_announced_once(
    database: Database, disk: Disk, store: SqliteStore
) -> None:
    announced = []
    store.on_broken = lambda: announced.append(store.is_broken)
    disk.failing = True

    for _ in range(3):
        with pytest.raises(StoreBrokenError):
            database.write(add(2))

    assert announced == [True]


def test_the_end_of_writing_is_logged_with_its_cause(
    database: Database, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.failing = True
    with pytest.raises(StoreBrokenError) as raised:
        database.write(add(2))

    (entry,) = [each for each in caplog.records if each.name == "moyeu.storage"]
    assert entry.levelname == "CRITICAL"
    assert "may or may not be there" in entry.getMessage()
    assert isinstance(raised.value.__cause__, apsw.IOError)


def test_reads_go_on_when_writing_has_ended(database: Database, disk: Disk) -> None:
    disk.failing = True
    with pytest.raises(StoreBrokenError):
        database.write(add(2))

    assert stored(database, 1).properties["hs_name"] == "before"


def test_after_a_restart_what_was_answered_is_there_and_writing_works(
    database: Database, disk: Disk, store: SqliteStore
) -> None:
    disk.failing = True
    with pytest.raises(StoreBrokenError):
        database.write(add(2))
    disk.failing = False
    database.close()

    again = Database(SqliteStore(store.path, vfs=disk.name))
    try:
        # The outcome of record 2 is unknown: it is wholly there or wholly absent.
        there = active_ids(again)
        writes = again.read(lambda each: each.writes_after(PORTAL, 0, 9))
        assert there in ([1], [1, 2])
        assert [each.record_id for each in writes] == there
        again.write(add(3))
        assert active_ids(again) == [*there, 3]
    finally:
        again.close()


def test_an_error_of_the_work_does_not_end_writing(database: Database, store: SqliteStore) -> None:
    def work(_transaction: WriteTransaction) -> None:
        raise DeliberateError

    with pytest.raises(DeliberateError):
        database.write(work)

    database.write(add(2))
    assert not store.is_broken
    assert active_ids(database) == [1, 2]


def test_a_disk_that_fails_while_a_group_is_undone_leaves_no_caller_waiting(
    database: Database, disk: Disk, store: SqliteStore
) -> None:
    def fails(_transaction: WriteTransaction) -> None:
        disk.failing = True
        raise DeliberateError

    outcomes = database.run(write_together(database, [add(2), fails, add(3)]))

    assert [type(each) for each in outcomes] == [StoreBrokenError] * 3
    assert store.is_broken
