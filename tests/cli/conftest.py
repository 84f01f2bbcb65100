"""What the tests of commands share: an empty working folder, commands in and out of process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from moyeu.cli.main import run
from tests.postgres import databases

MOYEU = (sys.executable, "-c", "from moyeu.cli.main import main; main()")
START_MAX_S = 20.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output as JSON."""
        return json.loads(self.out)


Moyeu = Callable[..., Ended]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder without settings around it."""
    monkeypatch.chdir(tmp_path)
    for name in [each for each in os.environ if each.startswith("MOYEU_")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def moyeu(capfd: pytest.CaptureFixture[str]) -> Moyeu:
    """Runs a command in this process."""

    def ended(*arguments: str) -> Ended:
        capfd.readouterr()
        code = run(arguments)
        captured = capfd.readouterr()
        return Ended(code, captured.out, captured.err)

    return ended


class ServerProcess:
    """A command that serves, as a process of its own in the working folder."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [*MOYEU, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.pid = self._process.pid

    def wait_for(self, credentials: Path) -> Any:
        """What the file of credentials says, as soon as it is there."""
        deadline_s = time.monotonic() + START_MAX_S
        while not credentials.exists():
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                raise AssertionError(f"not serving: {self.stop()}")
            time.sleep(0.02)
        return json.loads(credentials.read_text())

    def first_line(self) -> str:
        """The next line of its output."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def error_line(self) -> str:
        """The next line of its errors."""
        assert self._process.stderr is not None
        return self._process.stderr.readline()

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGINT) -> Ended:
        """Sends the signal and waits for the end."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        out, err = self._process.communicate(timeout=START_MAX_S)
        return Ended(self._process.returncode, out, err)

    def kill(self) -> None:
        """Ends it whatever it does, and closes its pipes, which its own end does not."""
        with self._process as process:
            if process.poll() is None:
                process.kill()


@pytest.fixture
def serving() -> Iterator[Callable[..., ServerProcess]]:
    """Starts serving commands; all are ended afterwards."""
    started: list[ServerProcess] = []

    def start(*arguments: str) -> ServerProcess:
        started.append(ServerProcess(*arguments))
        return started[-1]

    yield start
    for each in started:
        each.kill()


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL database without any table."""
    url = databases().bare()
    yield url
    databases().drop(url)
