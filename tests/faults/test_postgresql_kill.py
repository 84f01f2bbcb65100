"""PostgreSQL is killed, stopped and restarted under load; who serves from it goes on."""

import asyncio
import contextlib
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from moyeu.storage.contract import StoreUnavailableError
from moyeu.storage.postgresql import connections, open_store
from tests.faults.checker import Checker
from tests.faults.contents import Found, read_database
from tests.faults.control import Control
from tests.faults.expectations import questions_about
from tests.faults.inside import write_until_broken
from tests.faults.ledger import Ledger
from tests.faults.load import Client
from tests.faults.portal import seed
from tests.faults.seeds import rounds, run_seed
from tests.faults.server import Fleet, ServerProcess, check_answers, wait_for
from tests.postgres import private_server
from tools.postgres_server import PostgresServer

RECORDS: Final = 200
CLIENTS: Final = 8
BATCHES_EACH: Final = 12
BATCHES_BEFORE: Final = (1, 30)
"""So many are acknowledged before the server is disturbed."""


def _kill_a_session(server: PostgresServer) -> None:
    """The server then ends all others itself and recovers."""
    with Control(server.url()) as control:
        victim = random.choice(control.stores())
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: "all server processes terminated; reinitializing" in server.log)


def _kill_all(server: PostgresServer) -> None:
    server.kill()
    server.start()


def _stop_at_once(server: PostgresServer) -> None:
    server.stop("immediate")
    server.start()


def _restart(server: PostgresServer) -> None:
    server.stop("fast")
    server.start()


def _end_all_sessions(server: PostgresServer) -> None:
    with Control(server.url()) as control:
        for each in control.stores():
            control.terminate(each)


DISTURBANCES: Final[Mapping[str, Callable[[PostgresServer], None]]] = {
    "one of its processes is killed": _kill_a_session,
    "all its processes are killed": _kill_all,
    "it is stopped at once": _stop_at_once,
    "it is restarted": _restart,
    "all sessions are ended": _end_all_sessions,
}


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that may be killed, with a seeded portal in its only database."""
    with private_server() as server:
        with Control(server.url()) as control:
            control.ask("CREATE EXTENSION amcheck")
        seed(server.url(), RECORDS)
        yield server


@contextlib.contextmanager
def _disturbed(
    server: PostgresServer, ledger: Ledger, disturb: Callable[[PostgresServer], None], after: int
) -> Iterator[None]:
    """Disturbs the server as soon as so many more batches are acknowledged."""
    wanted = len(ledger.acknowledged) + after

    def wait_and_disturb() -> None:
        try:
            wait_for(lambda: len(ledger.acknowledged) >= wanted)
            disturb(server)
        except BaseException as error:  # noqa: BLE001 — told by the test's own thread
            failures.append(error)

    failures: list[BaseException] = []
    thread = threading.Thread(target=wait_and_disturb)
    thread.start()
    yield
    thread.join()
    assert not failures, failures


def _clients(label: str, seed_of_run: int, found: Found) -> list[Client]:
    start = found.start()
    names = range(CLIENTS)
    return [Client(f"{label}-c{each}", seed_of_run, each, CLIENTS, start) for each in names]


@pytest.mark.parametrize("disturb", DISTURBANCES.values(), ids=DISTURBANCES)
def test_disturbed_under_load_the_store_keeps_every_promise_and_goes_on(
    disturb: Callable[[PostgresServer], None], own_server: PostgresServer
) -> None:
    seed_of_run = run_seed()
    chance = random.Random(seed_of_run)
    ledger = Ledger()
    checker = Checker(ledger)
    url = own_server.url()
    with contextlib.closing(open_store(url)) as store:
        for number in range(rounds(1)):
            label = f"r{seed_of_run}.{number}"
            clients = _clients(label, seed_of_run, checker.check(url))
            with _disturbed(own_server, ledger, disturb, chance.randint(*BATCHES_BEFORE)):
                asyncio.run(write_until_broken(store, clients, ledger, BATCHES_EACH))
        found = checker.check(url)
        # The same store, and nothing may be refused or unknown any more.
        sent = len(ledger.batches)
        clients = _clients(f"r{seed_of_run}.after", seed_of_run, found)
        asyncio.run(write_until_broken(store, clients, ledger, 2))
        assert {each.outcome for each in ledger.batches[sent:]} == {"applied"}
        checker.check(url)


def test_disturbed_again_and_again_the_same_process_answers_everything_and_goes_on(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    seed_of_run = run_seed()
    chance = random.Random(seed_of_run)
    url = own_server.url()
    server = ServerProcess(url, log=tmp_path / "server.log")
    with server, Ledger(tmp_path / "ledger.jsonl") as ledger:
        checker = Checker(ledger)
        server.start()
        for number, disturb in enumerate([*DISTURBANCES.values()] * rounds(1)):
            label = f"h{seed_of_run}.{number}"
            clients = _clients(label, seed_of_run, checker.check(url))
            fleet = Fleet(server.port, clients, ledger, server_stays=True)
            with _disturbed(own_server, ledger, disturb, chance.randint(*BATCHES_BEFORE)):
                fleet.start()
            fleet.stop()
            fleet.join()
            sent = len(ledger.batches)
            clients = _clients(f"{label}.after", seed_of_run, checker.check(url))
            fleet = Fleet(server.port, clients, ledger, batches_max=2, server_stays=True)
            fleet.start()
            fleet.join()
            assert {each.outcome for each in ledger.batches[sent:]} == {"applied"}
        found = checker.check(url)
        check_answers(server.port, questions_about(found))
        assert server.terminate() == 0


def test_while_the_server_is_away_nothing_is_changed_and_it_goes_on_when_that_is_back(
    own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_CONNECT_TIMEOUT_S", 1)
    url = own_server.url()
    ledger = Ledger()
    (client,) = _clients(f"a{run_seed()}", 1, read_database(url))[:1]
    with contextlib.closing(open_store(url, write_wait_max_s=0.2)) as store:
        own_server.stop("immediate")
        try:
            with pytest.raises(StoreUnavailableError):
                asyncio.run(store.read(lambda transaction: transaction.portals()))
            asyncio.run(write_until_broken(store, [client], ledger, 2))
        finally:
            own_server.start()
        assert [each.outcome for each in ledger.batches] == ["refused"] * 2

        def goes_on() -> bool:
            asyncio.run(write_until_broken(store, [client], ledger, 1))
            return ledger.batches[-1].outcome == "applied"

        wait_for(goes_on)
    Checker(ledger).check(url)
