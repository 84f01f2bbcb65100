"""`kill -9` while the search index is made and while dynamic lists are evaluated."""

import http.client
import itertools
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from moyeu.crm.search.requests import Filter
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.expectations import questions_about
from tests.faults.launcher import READING_POINTS
from tests.faults.ledger import Ledger
from tests.faults.load import Client
from tests.faults.portal import BESIDE_LIST, NOTED_LIST, NOTES, SERVICES_ID, seed
from tests.faults.questions import Members, Question, Search
from tests.faults.seeds import run_seed
from tests.faults.server import ANSWER_MAX_S, Fleet, ServerProcess, ask, check_answers, connect

RECORDS = 200
WRITERS = 2
DATABASE = "moyeu.db"
FILES = {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-lock"}
"""What a killed server leaves beside its log: the database, its lock and log."""


def _readings() -> Iterator[Question]:
    """Searches that need more and more columns, and dynamic lists; nobody compares the answers."""
    for note in itertools.cycle(NOTES):
        yield Search(SERVICES_ID, (Filter(note, "HAS_PROPERTY"),), frozenset())
        yield Members(NOTED_LIST, frozenset())
        yield Search(SERVICES_ID, (Filter(note, "CONTAINS_TOKEN", "c0*"),), frozenset())
        yield Members(BESIDE_LIST, frozenset())


def _read_until_the_server_ends(port: int) -> None:
    connection = connect(port)
    for each in _readings():
        try:
            ask(connection, each)
        except (OSError, http.client.HTTPException):
            break
    connection.close()


@pytest.mark.parametrize("name", READING_POINTS)
def test_killed_while_it_answers_reads_the_server_leaves_nothing_and_answers_right(
    name: str, tmp_path: Path
) -> None:
    seed_of_run = run_seed()
    count = random.Random(seed_of_run).randint(1, READING_POINTS[name].count_max)
    folder = tmp_path / "database"
    folder.mkdir()
    database = folder / DATABASE
    seed(database, RECORDS)
    start = read_database(database).start()
    server = ServerProcess(database, log=tmp_path / "server.log")
    with server, Ledger(tmp_path / "ledger.jsonl") as ledger:
        server.start(name, count)
        clients = [Client(f"c{each}", seed_of_run, each, WRITERS, start) for each in range(WRITERS)]
        fleet = Fleet(server.port, clients, ledger)
        reader = threading.Thread(target=_read_until_the_server_ends, args=(server.port,))
        fleet.start()
        reader.start()
        assert server.exit_code() == -signal.SIGKILL
        fleet.join()
        reader.join(ANSWER_MAX_S)
        assert not reader.is_alive()
        assert {each.name for each in folder.iterdir()} <= FILES
        assert list(server.temporary.iterdir()) == []

        server.start()

        found = Checker(ledger).check(database)
        check_answers(server.port, questions_about(found))
