"""A peer's process: started on a free loopback port, waited for, its CPU time read, stopped.

Linux only: CPU time comes from /proc.
"""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.peers.exchange import Address
from bench.peers.failure import PeerFailed, last_words

HOST = "127.0.0.1"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def free_address() -> Address:
    """A loopback address that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return HOST, listener.getsockname()[1]


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str],
    address: Address,
    ready_path: str,
) -> Iterator[int]:
    """The process id of a server that answers `ready_path` with 200; stopped at the end.

    command: runs in `folder` with `environment` added to ours; its output goes to `server.log`.
    Raises PeerFailed when it ends or stays silent for START_TIMEOUT_S.
    """
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, address, ready_path, log)
        yield process.pid
    finally:
        _stop(process)


def _wait_until_ready(
    process: subprocess.Popen[bytes], address: Address, path: str, log: Path
) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while not _answers(address, path):
        ended = process.poll() is not None
        if ended or time.monotonic() > give_up_at:
            what = f"ended with {process.returncode}" if ended else "did not answer in time"
            words = last_words(log.read_text(errors="replace"))
            raise PeerFailed(f"the server {what}: {words}")
        time.sleep(0.1)


def _answers(address: Address, path: str) -> bool:
    connection = http.client.HTTPConnection(*address, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False  # Not listening yet, or still starting: the caller asks again.
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and what it started: they share the session that was made for them."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)


def cpu_s(pid: int) -> float:
    """Seconds of CPU, user and system, that a process and all below it have used so far.

    Resolution: the kernel's clock tick, usually 0.01 s. Children that ended and were waited for
    are counted by their parent. Raises FileNotFoundError if there is no such process.
    """
    processes = dict(_processes())
    if pid not in processes:
        raise FileNotFoundError(f"process {pid} is gone")
    family: set[int] = set()
    children = {pid}
    while children:
        family |= children
        children = {number for number, (parent, _) in processes.items() if parent in children}
    return sum(processes[number][1] for number in family) / _TICKS_PER_S


def _processes() -> Iterator[tuple[int, tuple[int, int]]]:
    """Process id, its parent's id and the ticks that it used, of all that run."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            # One that ends while we look has no place in the sum.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                yield int(folder.name), _parent_and_ticks(folder / "stat")


def _parent_and_ticks(stat: Path) -> tuple[int, int]:
    """Fields 4 and 14 to 17 of proc_pid_stat(5), counted after the name in parentheses."""
    fields = stat.read_text(errors="replace").rpartition(")")[2].split()
    return int(fields[1]), sum(int(field) for field in fields[11:15])
