"""The system has no room, or its disk fails, under the real server."""

import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from moyeu.cli.exits import BROKEN
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.inside import copy_files
from tests.faults.ledger import Ledger
from tests.faults.load import Client, Start
from tests.faults.portal import seed
from tests.faults.server import Fleet, ServerProcess, wait_for

RECORDS = 300


def _fleet(server: ServerProcess, ledger: Ledger, start: Start, clients: int = 3) -> Fleet:
    each = [Client(f"c{index}", 5, index, clients, start) for index in range(clients)]
    return Fleet(server.port, each, ledger)


def can_mount() -> bool:
    """Whether a process may have a file system of its own here."""
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"]
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="a file system of its own may not be mounted here")
def test_a_full_disk_is_answered_with_errors_until_space_returns(tmp_path: Path) -> None:
    seed(tmp_path / "seeded.db", RECORDS)
    start = read_database(tmp_path / "seeded.db").start()
    small = tmp_path / "small"
    small.mkdir()
    # The mount is seen by this process and its children only, and goes with them.
    script = (
        f"mount -t tmpfs -o size=4m none {small} && cp {tmp_path}/seeded.db {small}/moyeu.db"
        f' && head -c 1500000 /dev/zero > {small}/filler && exec "$@"'
    )
    wrapper = ["unshare", "-m", "sh", "-ec", script, "sh"]
    server = ServerProcess(small / "moyeu.db", wrapper, log=tmp_path / "server.log")
    with server, Ledger(tmp_path / "ledger.jsonl") as ledger:
        server.start()
        inside = Path(f"/proc/{server.process.pid}/root{small}")
        fleet = _fleet(server, ledger, start)
        fleet.start()
        wait_for(lambda: any(each.outcome == "unknown" for each in ledger.batches))
        time.sleep(0.3)

        (inside / "filler").unlink()

        before = len(ledger.acknowledged)
        wait_for(lambda: len(ledger.acknowledged) >= before + 5)
        fleet.stop()
        fleet.join()
        assert server.process.poll() is None
        found = copy_files(inside / "moyeu.db", tmp_path / "found.db")
        assert server.terminate() == 0
        Checker(ledger).check(found)


def test_a_write_that_the_system_refuses_ends_the_server_with_its_own_exit_code(
    tmp_path: Path,
) -> None:
    database = tmp_path / "moyeu.db"
    seed(database, RECORDS)
    start = read_database(database).start()
    # In blocks of 512 bytes; the WAL outgrows it after some commits.
    wrapper = ["sh", "-c", 'ulimit -f 2500; exec "$@"', "sh"]

    _load_until_the_server_ends(database, wrapper, start)


SYNCS = (1, 3, 4, 5, 7, 11, 16)
"""Syncs of commits and of checkpoints. The second one is that of the folder in which the WAL is
new: SQLite does not look at its outcome."""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("number", SYNCS)
def test_a_failed_sync_ends_the_server_with_its_own_exit_code(number: int, tmp_path: Path) -> None:
    database = tmp_path / "moyeu.db"
    seed(database, RECORDS)
    start = read_database(database).start()

    _load_until_the_server_ends(database, _failing_sync(number), start)


def _failing_sync(number: int) -> Sequence[str]:
    calls = "fsync,fdatasync"
    return [
        *("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}"),
        *("-e", f"inject={calls}:error=EIO:when={number}"),
    ]


def _load_until_the_server_ends(database: Path, wrapper: Sequence[str], start: Start) -> None:
    ledger_path = database.with_name("ledger.jsonl")
    with ServerProcess(database, wrapper) as server, Ledger(ledger_path) as ledger:
        server.start()
        fleet = _fleet(server, ledger, start, clients=1)
        fleet.start()
        assert server.exit_code() == BROKEN
        fleet.join()
        outcomes = [each.outcome for each in ledger.batches]
        failed = outcomes.index("unknown")
        assert set(outcomes[:failed]) <= {"applied"}
        assert set(outcomes[failed:]) == {"unknown"}

        with ServerProcess(database) as again:
            again.start()
            found = Checker(ledger).check(database)
            client = Client("again", 5, 0, 1, found.start())
            fleet = Fleet(again.port, [client], ledger, batches_max=5)
            fleet.start()
            fleet.join()
            Checker(ledger).check(database)
        assert ledger.batches[-1].outcome == "applied"
