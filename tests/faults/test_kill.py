"""`kill -9` while eight clients write, and at chosen points."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.expectations import questions_about
from tests.faults.launcher import POINTS
from tests.faults.ledger import Ledger
from tests.faults.load import Client, Start
from tests.faults.portal import seed
from tests.faults.seeds import rounds, run_seed
from tests.faults.server import Fleet, ServerProcess, check_answers

ROUNDS = rounds(5)
CLIENTS = 8
RECORDS = 400


def _fleet(
    server: ServerProcess,
    ledger: Ledger,
    label: str,
    seed_of_run: int,
    start: Start,
    clients: int = CLIENTS,
) -> Fleet:
    each = [
        Client(f"{label}-c{index}", seed_of_run, index, clients, start) for index in range(clients)
    ]
    return Fleet(server.port, each, ledger)


def _ends() -> list[tuple[str, int]]:
    """Points and numbers of clients: of one the outcome is known, several are in one commit.

    Where the outcome is known, every second point is enough for several, but in longer runs.
    """
    known = [name for name, each in POINTS.items() if each.committed is not None]
    together = known[:: 2 if rounds(1) == 1 else 1] + [each for each in POINTS if each not in known]
    return [*((each, 1) for each in known), *((each, CLIENTS) for each in together)]


def test_killed_again_and_again_under_load_the_server_keeps_every_promise(tmp_path: Path) -> None:
    seed_of_run = run_seed()
    chance = random.Random(seed_of_run)
    database = tmp_path / "moyeu.db"
    seed(database, RECORDS)
    with ServerProcess(database) as server, Ledger(tmp_path / "ledger.jsonl") as ledger:
        checker = Checker(ledger)
        for round_number in range(ROUNDS):
            server.start()
            found = checker.check(database)
            fleet = _fleet(server, ledger, f"r{round_number}", seed_of_run, found.start())
            fleet.start()
            time.sleep(chance.uniform(0.05, 0.5))
            server.kill()
            fleet.join()
        server.start()
        found = checker.check(database)
        check_answers(server.port, questions_about(found))

    assert len(ledger.acknowledged) > ROUNDS * 5


@pytest.mark.parametrize(("name", "clients"), _ends())
def test_killed_at_a_chosen_point_the_server_keeps_every_promise(
    name: str, clients: int, tmp_path: Path
) -> None:
    point = POINTS[name]
    seed_of_run = run_seed()
    count = random.Random(seed_of_run).randint(1, point.count_max)
    database = tmp_path / "moyeu.db"
    seed(database, RECORDS)
    start = read_database(database).start()
    with ServerProcess(database) as server, Ledger(tmp_path / "ledger.jsonl") as ledger:
        server.start(name, count)
        fleet = _fleet(server, ledger, "p", seed_of_run, start, clients)
        fleet.start()
        assert server.exit_code() == -signal.SIGKILL
        fleet.join()
        unanswered = [each for each in ledger.batches if each.outcome != "applied"]

        server.start()

        found = Checker(ledger).check(database)
        check_answers(server.port, questions_about(found))
    # With more clients, batches of the commit before may be on their way to their answers.
    if clients == 1 and point.committed is not None:
        # A question may bring a list up to date, which is a commit too. Whether a contact left a
        # list in which it never was, nobody can tell.
        assert len(unanswered) + fleet.questions_cut == 1
        for batch in unanswered:
            is_told = not (batch.is_open and (batch.links or batch.list_id))
            assert not is_told or (batch.outcome == "applied") == point.committed
