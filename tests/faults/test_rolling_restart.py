"""Several processes on one database under load: replaced, killed and stopped."""

import http.client
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.ledger import Ledger
from tests.faults.load import Client
from tests.faults.portal import TOKEN, seed
from tests.faults.server import Fleet, ServerProcess, connect, wait_for

# Processes start beside others that work, and the clients leave them little.
pytestmark = pytest.mark.timeout(300)

CLIENTS = 8
WORKERS = 2
PATIENCE_S = 120.0


@pytest.fixture
def filled(url: str) -> str:
    """The address of a database with the test portal."""
    seed(url, 200)
    return url


@pytest.fixture
def server(filled: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server of several workers, all of which answer."""
    log = tmp_path / "server.log"
    with ServerProcess(filled, log=log, flags=("--workers", str(WORKERS))) as server:
        server.start()
        wait_for(lambda: f"with {WORKERS} workers" in log.read_text(), PATIENCE_S)
        yield server


def workers(server: ServerProcess) -> set[int]:
    """The process ids of the workers."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return {int(each) for each in children.read_text().split()}


def load(filled: str, server: ServerProcess, ledger: Ledger, *, server_stays: bool) -> Fleet:
    """Clients that begin to write over connections that they keep."""
    start = read_database(filled).start()
    clients = [Client(f"c{index}", 9, index, CLIENTS, start) for index in range(CLIENTS)]
    fleet = Fleet(server.port, clients, ledger, server_stays=server_stays)
    fleet.start()
    return fleet


def acknowledge_more(ledger: Ledger, count: int = 20) -> None:
    aim = len(ledger.acknowledged) + count
    wait_for(lambda: len(ledger.acknowledged) >= aim, PATIENCE_S)


class Callers:
    """Clients that make a connection for each request and count what becomes of it."""

    def __init__(self, port: int) -> None:
        self.answered = 0
        self.failed: list[str] = []
        self._port = port
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(2)]

    def _run(self) -> None:
        headers = {"authorization": f"Bearer {TOKEN}"}
        while not self._ended.is_set():
            connection = connect(self._port)
            try:
                connection.request("GET", "/crm/v3/objects/companies?limit=1", headers=headers)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failed.append(repr(error))
            finally:
                connection.close()
            self.answered += 1

    def __enter__(self) -> "Callers":
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self._ended.set()
        for each in self._threads:
            each.join(PATIENCE_S)


def test_workers_are_replaced_under_load_without_a_failed_request(
    filled: str, server: ServerProcess, tmp_path: Path
) -> None:
    before = workers(server)
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        fleet = load(filled, server, ledger, server_stays=True)
        try:
            with Callers(server.port) as callers:
                acknowledge_more(ledger)
                server.process.send_signal(signal.SIGHUP)
                replaced = f"all {WORKERS} workers are replaced"
                wait_for(lambda: replaced in server.log.read_text(), PATIENCE_S)
                acknowledge_more(ledger)
        finally:
            fleet.stop()
            fleet.join()

        assert workers(server).isdisjoint(before)
        assert callers.failed == []
        assert callers.answered
        assert [each.name for each in ledger.batches if each.outcome != "applied"] == []
        Checker(ledger).check(filled)


def test_a_worker_that_is_killed_under_load_takes_no_acknowledged_write_with_it(
    filled: str, server: ServerProcess, tmp_path: Path
) -> None:
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        fleet = load(filled, server, ledger, server_stays=False)
        try:
            acknowledge_more(ledger)
            killed = min(workers(server))

            os.kill(killed, signal.SIGKILL)
            wait_for(
                lambda: len(workers(server)) == WORKERS and killed not in workers(server),
                PATIENCE_S,
            )
            # The next ones serve on: what is sent anew is answered.
            with Callers(server.port) as callers:
                wait_for(lambda: callers.answered > 50, PATIENCE_S)
        finally:
            fleet.stop()
            fleet.join()

        assert callers.failed == []
        lost = [each for each in ledger.batches if each.outcome != "applied"]
        assert len(lost) <= CLIENTS
        Checker(ledger).check(filled)


def test_stopped_under_load_workers_answer_all_that_they_apply(
    filled: str, server: ServerProcess, tmp_path: Path
) -> None:
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        fleet = load(filled, server, ledger, server_stays=False)
        try:
            acknowledge_more(ledger)
            code = server.terminate()
        finally:
            fleet.stop()
            fleet.join()

        assert code == 0
        unanswered = [each for each in ledger.batches if each.outcome != "applied"]
        Checker(ledger).check(filled)
        # Open stays what would have changed nothing, such as a removal of what was not there.
        assert "applied" not in {each.outcome for each in unanswered}
