"""What PostgreSQL refuses for want of something: connections, space, time, or that it may write."""

import asyncio
import contextlib
import ctypes
import itertools
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest

from moyeu.storage.contract import (
    StoreError,
    StoreFullError,
    StoreUnavailableError,
    WriterBusyError,
    WriteTransaction,
)
from moyeu.storage.postgresql import PostgresqlStore, connections, open_store
from moyeu.storage.postgresql.migrate import check, is_empty, migrate, pending
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.control import Control
from tests.faults.inside import send, write_until_broken
from tests.faults.ledger import Ledger
from tests.faults.load import Client
from tests.faults.portal import NOTES, PORTAL_ID, SERVICES_ID, seed
from tests.faults.seeds import rounds, run_seed
from tests.faults.server import wait_for
from tests.faults.some_batches import updates
from tests.faults.test_system_limits import can_mount
from tests.faults.wire_proxy import Fate, Message, Proxy
from tests.postgres import databases, private_server
from tools.postgres_server import PostgresServer

RECORDS: Final = 20
CLIENTS: Final = 8
SHORT_S: Final = 0.2
"""How long a write waits where it is to wait in vain."""

_names = itertools.count(1)


def _seed(url: str) -> list[int]:
    """The partner services of a new portal."""
    seed(url, RECORDS)
    return sorted(read_database(url).skus())


def _write(store: PostgresqlStore, record_ids: list[int], ledger: Ledger) -> Exception | None:
    """Why an update was refused; anything but a promise that nothing was changed is raised."""
    name = f"b{next(_names)}"
    batch = updates(name, {each: {NOTES[0]: name} for each in record_ids})
    ledger.intend(batch)
    try:
        ids = asyncio.run(send(store, batch))
    except (StoreFullError, StoreUnavailableError, WriterBusyError) as error:
        ledger.refuse(batch, repr(error))
        return error
    ledger.acknowledge(batch, ids)
    return None


# --- locks and time ---------------------------------------------------------------------------

HELD: Final = {
    "a record": f"SELECT FROM record WHERE object_type_id = '{SERVICES_ID}' FOR UPDATE",
    "the counters": "SELECT FROM counter FOR UPDATE",
    "the table of the history": "LOCK TABLE record_write IN SHARE MODE",
}


@pytest.mark.parametrize("statement", HELD.values(), ids=HELD)
def test_what_somebody_else_holds_for_too_long_changes_nothing(statement: str, url: str) -> None:
    record_ids = _seed(url)
    ledger = Ledger()
    with contextlib.closing(open_store(url, write_wait_max_s=SHORT_S)) as store:
        with psycopg.connect(url) as other:
            other.execute(statement.encode())
            refusal = _write(store, record_ids, ledger)
        assert isinstance(refusal, WriterBusyError)

        assert _write(store, record_ids, ledger) is None
    Checker(ledger).check(url)


def test_a_turn_that_does_not_come_changes_nothing(url: str) -> None:
    record_ids = _seed(url)
    ledger = Ledger()
    begun, may_end = threading.Event(), threading.Event()

    def hold(transaction: WriteTransaction) -> None:
        transaction.last_write(PORTAL_ID)
        begun.set()
        assert may_end.wait(30)

    with (
        contextlib.closing(open_store(url)) as one,
        contextlib.closing(open_store(url, write_wait_max_s=SHORT_S)) as other,
    ):
        holding = threading.Thread(target=lambda: asyncio.run(one.write(hold)))
        holding.start()
        assert begun.wait(30)
        refusal = _write(other, record_ids, ledger)
        may_end.set()
        holding.join()
        assert isinstance(refusal, WriterBusyError)

        assert _write(other, record_ids, ledger) is None
    Checker(ledger).check(url)


def test_work_that_stood_still_for_too_long_runs_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a process was frozen: the server has ended its transaction meanwhile."""
    monkeypatch.setattr(connections, "_IDLE_MAX_MS", 50)
    _seed(url)
    runs: list[int] = []

    def stand_still_once(transaction: WriteTransaction) -> int:
        count = transaction.count_records(PORTAL_ID, SERVICES_ID)
        runs.append(count)
        if len(runs) == 1:
            with Control(url) as control:
                wait_for(lambda: not control.ask(_OPEN_FOR_LONG))
        return count + len(transaction.portals())

    with contextlib.closing(open_store(url)) as store:
        assert asyncio.run(store.write(stand_still_once)) == RECORDS + 1
    assert runs == [RECORDS, RECORDS]


_OPEN_FOR_LONG: Final = """
SELECT FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%'
"""


def test_a_statement_that_an_operator_cancels_changes_nothing(url: str) -> None:
    record_ids = _seed(url)
    ledger = Ledger()
    outcomes: list[Exception | None] = []
    batch = updates("cancelled", {each: {NOTES[0]: "x"} for each in record_ids})

    def write() -> None:
        try:
            asyncio.run(send(store, batch))
        except Exception as error:  # noqa: BLE001 — the test looks at it
            outcomes.append(error)

    ledger.intend(batch)
    with contextlib.closing(open_store(url)) as store, Control(url) as control:
        with psycopg.connect(url) as other:
            other.execute(HELD["a record"].encode())
            writing = threading.Thread(target=write)
            writing.start()
            control.await_waiting()
            control.ask(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'moyeu' AND wait_event_type = 'Lock'"
            )
            writing.join()
        assert isinstance(outcomes[0], psycopg.errors.QueryCanceled)
        ledger.refuse(batch, "canceled")

        assert _write(store, record_ids, ledger) is None
    Checker(ledger).check(url)


# --- a database that is only read -------------------------------------------------------------


def test_a_database_that_an_operator_sets_to_be_only_read_is_not_written(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_ids = _seed(url)
    ledger = Ledger()
    with (
        contextlib.closing(open_store(url, write_wait_max_s=SHORT_S)) as store,
        Control(url) as control,
    ):
        ((name,),) = control.ask("SELECT current_database()")
        control.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            for each in control.stores():
                control.terminate(each)
            refusal = _write(store, record_ids, ledger)
            assert isinstance(refusal, StoreUnavailableError)
            assert asyncio.run(store.read(lambda transaction: len(transaction.portals()))) == 1
            with pytest.raises(StoreError, match="only reads"):
                open_store(url)
        finally:
            control.ask("SET default_transaction_read_only = off")
            control.ask(f"ALTER DATABASE {name} RESET default_transaction_read_only")

        wait_for(lambda: _write(store, record_ids, ledger) is None)
    Checker(ledger).check(url)


def test_a_server_that_becomes_a_standby_is_read_and_written_again_after_its_promotion() -> None:
    ledger = Ledger()
    with private_server() as server:
        url = server.url()
        record_ids = _seed(url)
        with contextlib.closing(open_store(url, write_wait_max_s=SHORT_S)) as store:
            assert _write(store, record_ids, ledger) is None
            server.stop()
            (server.folder / "data" / "standby.signal").touch()
            server.start()

            def is_read() -> bool:
                with contextlib.suppress(StoreUnavailableError):
                    return bool(asyncio.run(store.read(lambda each: each.portals())))
                return False

            wait_for(is_read)
            assert isinstance(_write(store, record_ids, ledger), StoreUnavailableError)
            with Control(url) as control:
                control.ask("SELECT pg_promote()")

            wait_for(lambda: _write(store, record_ids, ledger) is None)
        Checker(ledger).check(url)


# --- connections and space --------------------------------------------------------------------


def test_a_server_with_fewer_connections_than_a_store_would_like(tmp_path: Path) -> None:
    few = {"max_connections": "8", "superuser_reserved_connections": "0"}
    with private_server(durable=False, settings=few) as server, contextlib.ExitStack() as others:
        url = server.url()
        record_ids = _seed(url)
        start = read_database(url).start()
        ledger = Ledger()
        with contextlib.closing(open_store(url)) as store:
            clients = [Client(f"c{each}", 5, each, CLIENTS, start) for each in range(CLIENTS)]
            asyncio.run(write_until_broken(store, clients, ledger, 4))
            assert {each.outcome for each in ledger.batches} <= {"applied", "refused"}
            assert ledger.acknowledged
            with contextlib.suppress(psycopg.OperationalError):
                while True:
                    others.enter_context(psycopg.connect(url))

            with pytest.raises(StoreUnavailableError, match="too many clients"):
                open_store(url)

            others.close()
            wait_for(lambda: _write(store, record_ids, ledger) is None)
        Checker(ledger).check(url)


@contextlib.contextmanager
def _server_on_a_small_disk(small: str, size: str) -> Iterator[PostgresServer]:
    """A server that sees a file system of its own in a folder beside its data."""
    failures: list[BaseException] = []

    def start() -> None:
        # Of this thread and what it starts; it goes with the last of them.
        new_mount_namespace: Final = 0x00020000
        try:
            assert ctypes.CDLL(None, use_errno=True).unshare(new_mount_namespace) == 0
            subprocess.run(["mount", "--make-rprivate", "/"], check=True)
            options = f"size={size},uid={place.stat().st_uid},mode=700"
            command = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
            subprocess.run(command, check=True)
            server.start()
        except BaseException as error:  # noqa: BLE001 — told by the test's own thread
            failures.append(error)

    with PostgresServer() as server:
        place = server.folder / small
        place.mkdir()
        owner = server.folder.stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        starting = threading.Thread(target=start)
        starting.start()
        starting.join()
        assert not failures, failures
        yield server


@pytest.mark.skipif(not can_mount(), reason="a file system of its own may not be mounted here")
def test_a_full_disk_changes_nothing_and_writing_goes_on_when_space_returns() -> None:
    databases()  # Skips where there is no PostgreSQL.
    ledger = Ledger()
    with _server_on_a_small_disk("small", "1m") as server:
        url = server.url()
        record_ids = _seed(url)
        inside = Path(f"/proc/{server.pid}/root{server.folder}/small")
        with Control(url) as control:
            control.ask(f"CREATE TABLESPACE small LOCATION '{server.folder}/small'")
            control.ask("ALTER TABLE record_write SET TABLESPACE small")
        (inside / "filler").write_bytes(bytes(900_000))
        with contextlib.closing(open_store(url)) as store:
            # A smaller write may still fit after one that did not.
            for _ in range(2):
                found = None
                while found is None:
                    found = _write(store, record_ids, ledger)
                assert isinstance(found, StoreFullError)

            (inside / "filler").unlink()

            assert _write(store, record_ids, ledger) is None
        Checker(ledger).check(url)


# --- migrations -------------------------------------------------------------------------------


def test_wherever_a_migration_is_cut_off_the_next_one_finishes_it() -> None:
    url = databases().bare()
    chance = random.Random(run_seed())
    with Proxy(url) as proxy, Control(url) as control:
        proxy.rule = whole = _CutAt(0)
        with psycopg.connect(proxy.url, autocommit=True) as connection:
            migrate(connection)
        for number in chance.sample(range(1, whole.count), rounds(12)):
            control.ask("DROP SCHEMA public CASCADE")
            control.ask("CREATE SCHEMA public")
            proxy.rule = _CutAt(number)
            with (
                pytest.raises(psycopg.OperationalError),
                psycopg.connect(proxy.url, autocommit=True) as connection,
            ):
                migrate(connection)
            control.await_end(proxy.pid_of(proxy.links))
            with psycopg.connect(url, autocommit=True) as connection:
                assert is_empty(connection) or not pending(connection)
                migrate(connection)
                check(connection)
    databases().drop(url)


class _CutAt:
    """A rule that cuts at the n-th message after the server is ready for queries.

    count: of those there were.
    """

    def __init__(self, number: int) -> None:
        self.count = 0
        self._number = number
        self._is_ready = False

    async def __call__(self, message: Message) -> Fate:
        """Decides about a message."""
        if not self._is_ready:
            self._is_ready = not message.from_client and message.kind == b"Z"
            return Fate.ARRIVE
        self.count += message.kind != b"X"
        if self.count != self._number:
            return Fate.ARRIVE
        return Fate.CUT_AFTER if message.from_client else Fate.CUT_BEFORE
