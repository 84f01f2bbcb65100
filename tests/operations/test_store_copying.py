"""Portals are copied from one database into another, whole or not at all, and compared."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from moyeu.catalog.properties import PropertyGroup
from moyeu.crm.associations import default_associations
from moyeu.crm.history import RecordWrite
from moyeu.crm.records import Change
from moyeu.operations import archive_reading, archives
from moyeu.operations.archive_problems import PortalIdTaken
from moyeu.operations.portals import list_portals
from moyeu.operations.restoring import Restored
from moyeu.operations.store_comparing import (
    Compared,
    Digest,
    Kind,
    compare_portal,
    sum_of,
)
from moyeu.operations.store_copying import SourceLostError, TokenTaken, copy_portal
from moyeu.storage.contract import AuditEntry, Job, ReadTransaction, Store, WriteTransaction
from tests.operations.archive_scene import FULL, export, fill
from tests.storage.engines import Engine, on_each_engine
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    SERVICES_MODIFIED,
    WAIT_MAX_S,
    Database,
    insert,
    new_record_ids,
    occasion,
    owner,
    record,
    token,
    writes_after,
)

LAG_MS = 2_500
JOB = Job(FULL, "fill/0-1/x", '{"type": "fill"}', NOW_MS)
STATE = '{"source": "https://api.example.com", "finished": true}'
CONTROLS = '{"seed":7}'


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Copies go from each engine to each."""
    on_each_engine(metafunc, "other_engine")


@pytest.fixture
def other_engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn, as that of the target."""
    assert isinstance(request.param, Engine)
    return request.param


@pytest.fixture
def source(database: Database) -> Database:
    """A database with three portals, of which `FULL` has something of everything."""
    fill(database)

    def more(transaction: WriteTransaction) -> None:
        transaction.put_search_lag(FULL, LAG_MS)
        transaction.put_pull_state(FULL, STATE)
        transaction.put_controls(FULL, CONTROLS)
        transaction.put_job(JOB)
        transaction.put_job(replace(JOB, portal_id=PORTAL, id="another"))

    database.write(more)
    return database


@pytest.fixture
def target(other_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database without a portal."""
    folder = tmp_path_factory.mktemp("target")
    made = Database(other_engine.open(folder, WAIT_MAX_S))
    yield made
    made.close()
    other_engine.forget(folder)


def copied(source: Store, target: Database, portal_id: int = FULL) -> object:
    """What a copy answers."""
    return target.run(copy_portal(source, target.store, portal_id, lambda _: None))


def compared(source: Database, target: Database, portal_id: int = FULL) -> Mapping[Kind, Compared]:
    """What both have of a portal, by kind."""
    return target.run(compare_portal(source.store, target.store, portal_id, lambda _: None))


def different(source: Database, target: Database, portal_id: int = FULL) -> set[Kind]:
    """The kinds that are not the same."""
    found = compared(source, target, portal_id)
    return {kind for kind, each in found.items() if not each.is_same}


def portal_ids(database: Database) -> list[int]:
    """Which portals there are."""
    return [each.id for each in database.run(list_portals(database.store))]


# --- copying ----------------------------------------------------------------------------------


def test_everything_comes_along(source: Database, target: Database) -> None:
    for portal_id in (PORTAL, OTHER_PORTAL, FULL):
        assert isinstance(copied(source.store, target, portal_id), Restored)

    assert portal_ids(target) == portal_ids(source)
    for portal_id in (PORTAL, OTHER_PORTAL, FULL):
        assert different(source, target, portal_id) == set()
    assert export(target) == export(source)
    assert target.read(lambda tx: tx.search_lag_ms(FULL)) == LAG_MS
    assert target.read(lambda tx: tx.pull_state(FULL)) == STATE
    assert target.read(lambda tx: tx.controls(FULL)) == CONTROLS
    assert target.read(lambda tx: tx.job(FULL, JOB.id)) == JOB
    of_it = token("a-token-of-it", FULL)
    of_it = replace(of_it, caller=replace(of_it.caller, is_controlled=True))
    assert target.read(lambda tx: tx.tokens(FULL)) == [of_it]
    assert target.read(lambda tx: tx.caller_of(of_it.hash)) == of_it.caller
    assert all(each.source.count for each in compared(source, target).values())


def test_no_id_and_no_number_is_given_out_twice(source: Database, target: Database) -> None:
    insert(source, record(50), record(51))
    last = writes_after(source, 0)[-1].number
    source.write(lambda tx: tx.erase_records(PORTAL, SERVICES, [50, 51]))
    ids = new_record_ids(source, 3)

    copied(source.store, target, PORTAL)

    assert new_record_ids(target, 1).start > ids[-1]
    insert(target, record(60))
    assert writes_after(target, 0)[-1].number > last


def test_progress_counts_every_line(source: Database, target: Database) -> None:
    told: list[int] = []
    read: list[int] = []

    target.run(copy_portal(source.store, target.store, FULL, told.append))
    target.run(compare_portal(source.store, target.store, FULL, read.append))

    lines = sum(each.source.count for each in compared(source, target).values())
    beside_the_lines = 2  # The portal itself and its token are no lines of its archive.
    assert told == sorted(told)
    assert told[-1] == lines - beside_the_lines
    assert read[-1] == 2 * lines


def test_a_portal_that_is_there_is_refused_and_left(source: Database, target: Database) -> None:
    copied(source.store, target)
    insert(target, record(70), portal_id=FULL)
    before = export(target)

    assert copied(source.store, target) == PortalIdTaken(FULL)

    assert export(target) == before


def test_a_token_of_another_portal_is_not_taken_over(source: Database, target: Database) -> None:
    copied(source.store, target, PORTAL)
    there = token("a-token-of-it", PORTAL)
    target.write(lambda tx: tx.add_token(there))

    assert copied(source.store, target) == TokenTaken(FULL, there.hint)

    assert portal_ids(target) == [PORTAL]
    assert target.read(lambda tx: tx.caller_of(there.hash)) == there.caller


class Interrupted:
    """A transaction in which something happens each time before the history is read."""

    def __init__(self, transaction: ReadTransaction, happens: Callable[[], object]) -> None:
        self._transaction = transaction
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        if name == "writes_after":
            self._happens()
        return getattr(self._transaction, name)


class Wrapped:
    """A store with other ways to read or to write."""

    def __init__(
        self,
        store: Store,
        *,
        read: Callable[..., Any] | None = None,
        write: Callable[..., Any] | None = None,
    ) -> None:
        self._store = store
        self.read = read or store.read
        self.write = write or store.write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def interrupted(store: Store, happens: Callable[[], object]) -> Wrapped:
    """A store in which something happens each time before the history is read."""

    async def read(work: Callable[[Any], Any]) -> Any:
        return await store.read(lambda tx: work(Interrupted(tx, happens)))

    return Wrapped(store, read=read)


def test_a_source_that_fails_leaves_nothing_in_the_target(
    source: Database, target: Database
) -> None:
    def fail() -> None:
        raise OSError("the disk is gone")

    with pytest.raises(SourceLostError, match="the source cannot be read: the disk is gone"):
        copied(interrupted(source.store, fail), target)

    assert portal_ids(target) == []
    assert isinstance(copied(source.store, target), Restored)


def test_a_source_that_begins_again_is_not_read_on(source: Database, target: Database) -> None:
    async def read(work: Callable[[Any], Any]) -> Any:
        await source.store.read(work)
        return await source.store.read(work)

    with pytest.raises(SourceLostError, match="the connection to the source was lost"):
        copied(Wrapped(source.store, read=read), target)

    assert portal_ids(target) == []


class UndoneError(Exception):
    """Ends a transaction whose work was done."""


def test_a_writer_that_begins_again_gets_the_portal_again(
    source: Database, target: Database
) -> None:
    async def write(work: Callable[[Any], Any]) -> Any:
        def undone(transaction: WriteTransaction) -> None:
            work(transaction)
            raise UndoneError

        for _ in range(2):
            with pytest.raises(UndoneError):
                await target.store.write(undone)
        return await target.store.write(work)

    again = Wrapped(target.store, write=write)
    made = target.run(copy_portal(source.store, again, FULL, lambda _: None))

    assert isinstance(made, Restored)
    assert different(source, target) == set()


def test_a_copy_that_is_cancelled_leaves_nothing(source: Database, target: Database) -> None:
    is_cancelled = threading.Event()
    waiting = interrupted(source.store, lambda: is_cancelled.wait(WAIT_MAX_S))

    async def cancelled() -> None:
        loop = asyncio.get_running_loop()
        begun = asyncio.Event()

        def told(_count: int) -> None:
            loop.call_soon_threadsafe(begun.set)

        copying = asyncio.create_task(copy_portal(waiting, target.store, FULL, told))
        await begun.wait()
        copying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await copying
        is_cancelled.set()

    target.run(cancelled())

    # The turn of the one that was given up ends before the next one begins.
    assert isinstance(copied(source.store, target), Restored)
    assert different(source, target) == set()


def test_the_reader_does_not_run_ahead_of_the_writer(
    source: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_PAGE", 1)
    monkeypatch.setattr(archive_reading, "_PART_LINES", 1)
    pages_max = 8
    insert(source, *map(record, range(1_000, 1_050)), portal_id=FULL)
    read, written, ahead = 0, 0, 0

    def note_read() -> None:
        nonlocal read, ahead
        read += 1
        ahead = max(ahead, read - written)

    async def write(work: Callable[[Any], Any]) -> Any:
        def noted(transaction: WriteTransaction) -> Any:
            restore_writes = transaction.restore_writes

            def restore(portal_id: int, writes: Sequence[RecordWrite]) -> None:
                nonlocal written
                written += len(writes)
                restore_writes(portal_id, writes)

            with monkeypatch.context() as patch:
                patch.setattr(transaction, "restore_writes", restore)
                return work(transaction)

        return await target.store.write(noted)

    reader, writer = interrupted(source.store, note_read), Wrapped(target.store, write=write)
    made = target.run(copy_portal(reader, writer, FULL, lambda _: None))

    assert isinstance(made, Restored)
    assert read > 50
    assert ahead <= pages_max


def test_what_is_written_meanwhile_is_not_copied_and_found(
    source: Database, target: Database
) -> None:
    written = False

    async def copy() -> object:
        loop = asyncio.get_running_loop()

        def insert_one(transaction: WriteTransaction) -> None:
            at = occasion(FULL)
            transaction.insert_records(at, SERVICES, [record(1_000)], SERVICES_MODIFIED)

        def write_once() -> None:
            nonlocal written
            if not written:
                written = True
                writing = source.store.write(insert_one)
                asyncio.run_coroutine_threadsafe(writing, loop).result(WAIT_MAX_S)

        reader = interrupted(source.store, write_once)
        return await copy_portal(reader, target.store, FULL, lambda _: None)

    assert isinstance(target.run(copy()), Restored)

    assert different(source, target) == {"portal", "record", "write"}
    there = target.read(lambda tx: tx.records(FULL, SERVICES, [1_000]))
    assert there == {}


# --- comparing --------------------------------------------------------------------------------


def _change_value(transaction: WriteTransaction) -> None:
    (found,) = transaction.page(FULL, CONTACTS, 0, 1, archived=False)
    changed = {"city": "Elsewhere", "lastmodifieddate": "2030-01-01T00:00:00.000Z"}
    transaction.change_records(
        occasion(FULL),
        CONTACTS,
        [
            Change(
                found.record_id,
                {**found.properties, **changed},
                changed,
                found.created_at_ms,
                NOW_MS + 1,
                found.last_write,
                None,
            )
        ],
    )


def _associate(transaction: WriteTransaction) -> None:
    (contact,) = transaction.page(FULL, CONTACTS, 0, 1, archived=False)
    service = transaction.page(FULL, SERVICES, 0, 9, archived=False)[-1]
    types = transaction.object_types(FULL)
    rows = default_associations(types, SERVICES, service.record_id, CONTACTS, contact.record_id)
    transaction.put_associations(FULL, rows)


def _join(transaction: WriteTransaction) -> None:
    service = transaction.page(FULL, SERVICES, 0, 9, archived=False)[-1]
    lists = [each for each in transaction.active_lists(FULL) if each.name == "By hand Ä"]
    assert transaction.join_list(FULL, lists[0].id, SERVICES, [service.record_id], NOW_MS)


def _rename_list(transaction: WriteTransaction) -> None:
    found = transaction.active_lists(FULL)[0]
    transaction.put_list(FULL, replace(found, name="Another name"))


def _rename_folder(transaction: WriteTransaction) -> None:
    found = transaction.list_folders(FULL)[-1]
    transaction.put_list_folder(FULL, replace(found, name="Another name"))


def _rename_owner(transaction: WriteTransaction) -> None:
    transaction.add_owner(FULL, owner("501"))


def _change_hint(transaction: WriteTransaction) -> None:
    (only,) = transaction.tokens(FULL)
    transaction.add_token(replace(only, hint="another"))


def _add_audit(transaction: WriteTransaction) -> None:
    entry = AuditEntry("ours", "", "UPDATE", NOW_MS, None, "{}")
    transaction.add_audit(FULL, SERVICES, [entry])


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (_change_value, {"portal", "record", "write"}),
        (_associate, {"portal", "association"}),
        (_join, {"portal", "list_membership"}),
        (_rename_list, {"list"}),
        (_rename_owner, {"owner"}),
        (_change_hint, {"token"}),
        (_add_audit, {"portal", "audit"}),
        (_rename_folder, {"list_folder"}),
        (lambda tx: tx.put_group(FULL, SERVICES, PropertyGroup("ours", "x", 9)), {"definition"}),
        (lambda tx: tx.restore_merged(FULL, [(SERVICES, 7, 8)]), {"portal", "merged"}),
        (lambda tx: tx.put_search_lag(FULL, 1), {"portal"}),
        (lambda tx: tx.put_pull_state(FULL, "{}"), {"portal"}),
        (lambda tx: tx.put_controls(FULL, "{}"), {"portal", "token"}),
        (lambda tx: tx.put_job(JOB), {"portal"}),
        (lambda tx: tx.reserve_record_id(FULL, 90_000_000_000), {"portal"}),
    ],
)
def test_whatever_is_different_is_told(
    database: Database,
    target: Database,
    change: Callable[[WriteTransaction], object],
    kinds: set[str],
) -> None:
    fill(database)
    copied(database.store, target)
    assert different(database, target) == set()

    target.write(change)

    assert different(database, target) == kinds


def test_a_portal_that_is_not_there_is_different(source: Database, target: Database) -> None:
    found = compared(source, target)

    assert not any(each.is_same for each in found.values())
    assert {each.target.count for each in found.values()} == {0}


def test_two_portals_together_have_one_digest_in_their_order() -> None:
    one, two = Digest(1, "a"), Digest(2, "b")

    assert sum_of([one, two]).count == 3
    assert sum_of([one, two]).sha256 != sum_of([two, one]).sha256
    assert sum_of([one]) != sum_of([replace(one, count=2)])
