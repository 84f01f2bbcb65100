"""Several processes on one socket: how they start, are watched, are replaced and end.

The workers are those of `worker_program`, without a database.
"""

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import urllib3

from moyeu.cli.workers import WorkerTimes
from tests.cli.worker_program import Plan

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


def wait_until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.01)


class Parent:
    """A parent of workers in a process group of its own."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self._errors = folder / "errors"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.cli.worker_program", "parent", str(count)],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        self.told, _, port = self.process.stdout.readline().strip().rpartition(" ")
        self.port = int(port or 0)

    @property
    def log(self) -> str:
        """What parent and workers logged."""
        return self._errors.read_text()

    def starts(self) -> set[int]:
        """The process ids of all workers that ever began."""
        return {int(each.name.removeprefix("start-")) for each in self.folder.glob("start-*")}

    def working(self) -> set[int]:
        """The process ids of the workers that are there."""
        return {each for each in self.starts() if is_running(each)}

    def connect(self) -> http.client.HTTPConnection:
        """A connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def ask(self, path: str = "/pid") -> str:
        """The answer over a connection of its own."""
        connection = self.connect()
        try:
            return ask(connection, path)
        finally:
            connection.close()

    def ask_all(self, seen: set[str]) -> set[str]:
        """What was answered to connections so far, with one more answer in it."""
        seen.add(self.ask())
        return seen

    def accepts(self) -> bool:
        """Whether somebody accepts connections."""
        connection = self.connect()
        try:
            connection.connect()
        except ConnectionError:
            return False
        finally:
            connection.close()
        return True

    def send(self, number: signal.Signals, *, to_all: bool = False) -> None:
        """A signal to the parent alone, or to all processes, as a terminal sends it."""
        if to_all:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def exit_code(self) -> int:
        """Waits for the end of the parent, before which all workers have ended."""
        code = self.process.wait(PATIENCE_S)
        assert self.working() == set()
        return code

    def end(self) -> None:
        """Kills whatever is there."""
        with self.process as process:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        for each in self.working():
            os.kill(each, signal.SIGKILL)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def ask(connection: http.client.HTTPConnection, path: str = "/pid") -> str:
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.status == 200
    return text


class Load:
    """Eight clients that ask on and on, over connections that they keep as long as the server does.

    Half of them share a pool, that of HubSpot's client.
    """

    def __init__(self, parent: Parent) -> None:
        self.failed: list[str] = []
        self.answered: list[str] = []
        self._parent = parent
        self._ended = threading.Event()
        self._pool = urllib3.HTTPConnectionPool("127.0.0.1", parent.port, maxsize=4)
        ways = (self._ask_alone, self._ask_in_pool) * 4
        self._threads = [threading.Thread(target=each) for each in ways]

    def _ask_alone(self) -> None:
        connection = self._parent.connect()
        while not self._ended.is_set():
            try:
                self.answered.append(ask(connection))
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                connection.close()
        connection.close()

    def _ask_in_pool(self) -> None:
        while not self._ended.is_set():
            try:
                answer = self._pool.request("GET", "/pid", retries=False, timeout=PATIENCE_S)
                self.answered.append(answer.data.decode())
            except urllib3.exceptions.HTTPError as error:
                self.failed.append(repr(error))

    def answered_more(self, count: int = 200) -> None:
        """Waits for so many more answers."""
        aim = len(self.answered) + count
        wait_until(lambda: len(self.answered) >= aim)

    def __enter__(self) -> "Load":
        for each in self._threads:
            each.start()
        self.answered_more()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for each in self._threads:
            each.join(PATIENCE_S)
        self._pool.close()


Parents = Callable[..., Parent]


@pytest.fixture
def parents(tmp_path: Path) -> Iterator[Parents]:
    """Starts parents in one folder; all are ended afterwards."""
    started: list[Parent] = []

    def start(count: int = 2, **plan: object) -> Parent:
        write_plan(tmp_path, **plan)
        started.append(Parent(tmp_path, count))
        return started[-1]

    yield start
    for each in started:
        each.end()


def write_plan(folder: Path, **plan: object) -> None:
    written = folder / "plan.new"
    written.write_bytes(msgspec.json.encode(Plan(**plan)))  # type: ignore[arg-type]
    written.replace(folder / "plan.json")


# -- starting -----------------------------------------------------------------------------------


def test_all_workers_answer_on_one_port_and_hear_their_order(parents: Parents) -> None:
    parent = parents(3)

    assert parent.told == "the order"
    assert len(parent.working()) == 3
    seen: set[str] = set()
    workers = {str(each) for each in parent.working()}
    wait_until(lambda: parent.ask_all(seen) == workers)


def test_a_first_worker_that_fails_is_the_only_one_and_gives_its_exit_code(
    parents: Parents,
) -> None:
    parent = parents(3, fails_after=0, code=7)

    assert parent.exit_code() == 7
    assert len(parent.starts()) == 1
    (pid,) = parent.starts()
    assert f"worker {pid} ended with 7 before it answered; not served" in parent.log


def test_one_of_the_others_that_fails_at_first_ends_all(parents: Parents) -> None:
    parent = parents(3, fails_after=2, code=1)

    assert parent.exit_code() == 1
    assert "ended with 1 before it answered; not served" in parent.log


def test_a_worker_that_does_not_fail_with_a_code_gives_1(parents: Parents) -> None:
    assert parents(1, fails_after=0, code=0).exit_code() == 1


def test_a_worker_that_never_answers_is_not_waited_for_without_end(parents: Parents) -> None:
    parent = parents(1, fails_after=0, hangs=True, ready_s=1.5)

    assert parent.exit_code() == 1
    assert "did not answer in 1.5 s; not served" in parent.log


# -- watching -----------------------------------------------------------------------------------


def test_a_killed_worker_is_replaced_and_the_others_serve_on(parents: Parents) -> None:
    parent = parents(2)
    with Load(parent) as load:
        killed = int(load.answered[-1])
        others = parent.working() - {killed}

        os.kill(killed, signal.SIGKILL)
        load.answered_more()
        wait_until(lambda: len(parent.working()) == 2 and killed not in parent.working())
        load.answered_more()

    assert others < parent.working()
    # Each client had at most one request with the worker that was killed.
    assert len(load.failed) <= 8
    assert f"worker {killed} was ended by signal 9; another one starts in 0 s" in parent.log


def test_a_worker_that_a_person_stops_loses_no_request_and_is_replaced(parents: Parents) -> None:
    parent = parents(2)
    with Load(parent) as load:
        stopped = int(load.answered[-1])

        os.kill(stopped, signal.SIGTERM)
        wait_until(lambda: stopped not in parent.working() and len(parent.working()) == 2)
        load.answered_more()

    assert load.failed == []
    assert f"worker {stopped} ended with 0; another one starts" in parent.log


def test_where_new_workers_fail_the_others_serve_and_the_pauses_grow(
    parents: Parents, tmp_path: Path
) -> None:
    parent = parents(2)
    write_plan(tmp_path, fails_after=2)
    with Load(parent) as load:
        os.kill(min(parent.working()), signal.SIGKILL)
        wait_until(lambda: "another one starts in 0.08 s" in parent.log)
        failed = len(load.failed)
        load.answered_more()
        assert len(load.failed) == failed
        assert len(parent.working()) <= 2

        write_plan(tmp_path)
        seen: set[str] = set()
        wait_until(lambda: len(parent.ask_all(seen)) == 2)

    pauses = re.findall(r"starts in ([0-9.]+) s", parent.log)
    assert pauses[:5] == ["0", "0.01", "0.02", "0.04", "0.08"]
    assert set(pauses[5:]) <= {"0.1"}


@pytest.mark.parametrize(
    ("quick_ends", "pause_s"), [(0, 0.0), (1, 0.5), (2, 1.0), (3, 2.0), (5, 7.0), (9_999, 7.0)]
)
def test_a_pause_doubles_up_to_the_longest(quick_ends: int, pause_s: float) -> None:
    assert WorkerTimes(pause_min=0.5, pause_max=7.0).pause_after(quick_ends) == pause_s


# -- replacing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("to_all", [False, True], ids=["to the parent", "to all processes"])
def test_a_hangup_replaces_all_workers_without_a_failed_request(
    parents: Parents, tmp_path: Path, to_all: bool
) -> None:
    parent = parents(2)
    before = parent.working()
    with Load(parent) as load:
        write_plan(tmp_path, answer="read anew")

        parent.send(signal.SIGHUP, to_all=to_all)
        wait_until(lambda: "all 2 workers are replaced" in parent.log)
        load.answered_more()

    assert load.failed == []
    assert len(parent.working()) == 2
    assert parent.working().isdisjoint(before)
    assert set(load.answered[-100:]) == {"read anew"}


def test_a_request_in_flight_outlives_the_worker_that_replaces_its_own(parents: Parents) -> None:
    parent = parents(1)
    (old,) = parent.working()
    connection = parent.connect()
    connection.request("GET", "/slow")
    wait_until((parent.folder / f"slow-{old}").exists)

    parent.send(signal.SIGHUP)
    wait_until(lambda: "all 1 workers are replaced" in parent.log)

    assert connection.getresponse().read() == str(old).encode()
    connection.close()
    assert int(parent.ask()) != old


def test_a_new_worker_that_fails_leaves_the_old_ones_in_place(
    parents: Parents, tmp_path: Path
) -> None:
    parent = parents(2)
    before = parent.working()
    with Load(parent) as load:
        write_plan(tmp_path, fails_after=2)

        parent.send(signal.SIGHUP)
        wait_until(lambda: "0 of 2 workers are replaced, the others stay" in parent.log)
        load.answered_more()

        assert parent.working() == before
        write_plan(tmp_path)
        parent.send(signal.SIGHUP)
        wait_until(lambda: "all 2 workers are replaced" in parent.log)

    assert load.failed == []


def test_a_hangup_while_workers_are_replaced_is_not_forgotten(parents: Parents) -> None:
    parent = parents(2)

    parent.send(signal.SIGHUP)
    wait_until(lambda: "takes the place of" in parent.log)
    parent.send(signal.SIGHUP)

    wait_until(lambda: parent.log.count("all 2 workers are replaced") == 2)
    assert len(parent.starts()) == 6


def test_an_old_worker_that_does_not_end_is_killed(parents: Parents, tmp_path: Path) -> None:
    parent = parents(1, ignores_line=True, drain_s=0.5)
    (old,) = parent.working()

    parent.send(signal.SIGHUP)
    wait_until(lambda: "all 1 workers are replaced" in parent.log)

    assert f"worker {old} does not end and is killed" in parent.log
    assert old not in parent.working()


# -- ending -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("to_all", [False, True], ids=["to the parent", "to all processes"])
def test_a_signal_lets_all_workers_finish(
    parents: Parents, number: signal.Signals, to_all: bool
) -> None:
    parent = parents(2)
    connection = parent.connect()
    connection.request("GET", "/slow")
    wait_until(lambda: any(parent.folder.glob("slow-*")))

    parent.send(number, to_all=to_all)

    answer = connection.getresponse()
    assert answer.getheader("connection") == "close"
    assert int(answer.read()) in parent.starts()
    assert parent.exit_code() == 0
    assert not parent.accepts()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_waits_for_nothing(parents: Parents, number: signal.Signals) -> None:
    parent = parents(2)
    connection = parent.connect()
    connection.request("GET", "/stuck")
    wait_until(lambda: any(parent.folder.glob("stuck-*")))

    parent.send(number)
    wait_until(lambda: not parent.accepts())
    parent.send(number)

    assert parent.exit_code() == 128 + number
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        connection.getresponse()
    connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_workers_start_ends_them(
    parents: Parents, tmp_path: Path, number: signal.Signals
) -> None:
    parent = parents(1)
    write_plan(tmp_path, fails_after=0, hangs=True)
    parent.send(signal.SIGHUP)
    wait_until(lambda: len(parent.starts()) == 2)

    parent.send(number, to_all=True)

    assert parent.exit_code() == 0
    assert "Traceback" not in parent.log


def test_workers_end_when_their_parent_is_killed(parents: Parents) -> None:
    parent = parents(2)

    os.kill(parent.process.pid, signal.SIGKILL)

    wait_until(lambda: parent.working() == set())
    assert not parent.accepts()
    assert parent.log.count("the parent process is gone, the worker stops") == 2
