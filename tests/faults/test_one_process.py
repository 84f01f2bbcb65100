"""A second process on the same database."""

import json
from pathlib import Path

import pytest

from moyeu.cli.exits import REFUSED
from moyeu.storage.contract import StoreInUseError
from moyeu.storage.sqlite import open_store
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.ledger import Ledger
from tests.faults.load import Client
from tests.faults.portal import PORTAL_ID, seed
from tests.faults.server import Fleet, ServerProcess, run_command

COMMANDS = {
    "serve": ("serve", "--port", "0"),
    "load": ("load", "records.jsonl", "--portal", str(PORTAL_ID)),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_second_process_is_refused_and_the_first_is_not_disturbed(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    database = tmp_path / "moyeu.db"
    seed(database, 20)
    start = read_database(database).start()
    record = {"objectType": "contacts", "properties": {"email": "second@example.com"}}
    (tmp_path / "records.jsonl").write_text(json.dumps(record) + "\n")
    with ServerProcess(database) as server:
        server.start()

        second = run_command(*command, "--database", f"sqlite:///{database}", cwd=tmp_path)

        assert second.returncode == REFUSED
        message = " ".join(second.stderr.split())
        assert f"in use by another process (process id {server.process.pid})" in message
        assert "Traceback" not in second.stderr
        ledger = Ledger()
        fleet = Fleet(server.port, [Client("c0", 1, 0, 1, start)], ledger, batches_max=5)
        fleet.start()
        fleet.join()
        assert [each.outcome for each in ledger.batches] == ["applied"] * 5
        Checker(ledger).check(database)


def test_a_second_store_in_the_same_process_is_refused_too(tmp_path: Path) -> None:
    database = tmp_path / "moyeu.db"
    store = open_store(database)
    try:
        with pytest.raises(StoreInUseError, match="in use"):
            open_store(database)
    finally:
        store.close()


def test_the_database_is_free_again_as_soon_as_its_process_was_killed(tmp_path: Path) -> None:
    database = tmp_path / "moyeu.db"
    seed(database, 5)
    with ServerProcess(database) as server:
        server.start()
        server.kill()

    open_store(database).close()
