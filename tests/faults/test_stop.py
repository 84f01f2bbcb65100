"""SIGTERM under load."""

import time
from pathlib import Path

import pytest

from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.ledger import Ledger
from tests.faults.load import Client
from tests.faults.portal import seed
from tests.faults.server import Fleet, ServerProcess

CLIENTS = 8


@pytest.mark.parametrize("after_s", [0.15, 0.3, 0.6])
def test_stopped_under_load_the_server_answers_all_that_it_applies(
    after_s: float, tmp_path: Path
) -> None:
    database = tmp_path / "moyeu.db"
    seed(database, 400)
    start = read_database(database).start()
    with ServerProcess(database) as server, Ledger(tmp_path / "ledger.jsonl") as ledger:
        server.start()
        clients = [Client(f"c{index}", 9, index, CLIENTS, start) for index in range(CLIENTS)]
        fleet = Fleet(server.port, clients, ledger)
        fleet.start()
        time.sleep(after_s)

        code = server.terminate()

        fleet.join()
        unanswered = [each for each in ledger.batches if each.outcome != "applied"]
        assert code == 0
        assert ledger.acknowledged
        assert len(unanswered) <= CLIENTS
        Checker(ledger).check(database)
        # Open stays what would have changed nothing, such as a removal of what was not there.
        assert "applied" not in {each.outcome for each in unanswered}


def test_a_stopped_server_leaves_one_file_without_a_wal(tmp_path: Path) -> None:
    database = tmp_path / "moyeu.db"
    seed(database, 10)
    with ServerProcess(database) as server:
        server.start()

        assert server.terminate() == 0

    assert not database.with_name("moyeu.db-wal").exists()
