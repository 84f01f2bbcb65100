"""Processes as the kernel sees them: CPU time, memory, and the server that is measured.

Linux only.
"""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_STOP_TIMEOUT_S = 30.0
_CPUCLOCK_SCHED = 2


def cpu_s(pid: int) -> float:
    """Seconds of CPU, user and system, of all threads of a process so far, to the nanosecond.

    The clock id of a process is made as clock_getcpuclockid(3) makes it
    (`MAKE_PROCESS_CPUCLOCK` in the kernel's include/linux/posix-timers.h).
    """
    return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)


def family_cpu_s(pid: int) -> float:
    """The same of a process with its children, also of those that have ended.

    What they and their ended children took is known in ticks of the kernel only, 10 ms.
    """
    fields = _stat_fields(pid)
    ended_s = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return ended_s + cpu_s(pid) + sum(cpu_s(each) for each in children(pid))


def children(pid: int) -> list[int]:
    """The processes that a process has started and that run."""
    there = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()]
    return [each for each in there if _stat_fields(each)[1:2] == [str(pid)]]


def _stat_fields(pid: int) -> list[str]:
    """What /proc says of a process, from its state on; nothing if it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def resident_mb(pid: int) -> float:
    """Memory of a process that is in RAM, in units of 1,000,000 bytes (`VmRSS`)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1_024 / 1_000_000
    raise ProcessLookupError(f"process {pid} has no memory any more")


@dataclass(frozen=True)
class Running:
    """A server that answers on loopback."""

    pid: int
    port: int
    first_answer_s: float
    """From the start of the process to its first answer."""
    idle_mb: float
    """Resident memory after that answer."""


@contextlib.contextmanager
def server(database: Path, token: str, *options: str) -> Iterator[Running]:
    """The server over a database, until the end of the block.

    Raises RuntimeError when it ends before it answers or with another status than 0.
    """
    command = [str(ROOT / "bench" / "server.py"), str(database), *options]
    with _running(command, token, lambda line: int(json.loads(line)["port"])) as running:
        yield running


@contextlib.contextmanager
def command_server(url: str, token: str, workers: int) -> Iterator[Running]:
    """The same by `moyeu serve`, with so many processes."""
    program = str(Path(sys.executable).with_name("moyeu"))
    command = [program, "serve", "--database", url, "--port", "0", "--workers", str(workers)]
    with _running(command, token, _announced_port) as running:
        yield running


def _announced_port(line: bytes) -> int:
    found = re.search(rb" at http://[^ ]+:(\d+)", line)
    if found is None:
        raise RuntimeError(f"the server said {line!r}")
    return int(found[1])


@contextlib.contextmanager
def _running(
    command: Sequence[str], token: str, port_of: Callable[[bytes], int]
) -> Iterator[Running]:
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server ended with status {process.wait()}")
        port = port_of(line)
        _ask(port, token)
        seconds = time.perf_counter() - begun
        yield Running(process.pid, port, seconds, resident_mb(process.pid))
    finally:
        process.terminate()
        status = process.wait(_STOP_TIMEOUT_S)
        if process.stdout is not None:
            process.stdout.close()
    if status != 0:
        raise RuntimeError(f"the server ended with status {status}")


def _ask(port: int, token: str) -> None:
    """One call that goes through everything: route, token, store."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(
            "GET",
            "/crm/v3/objects/partner_services?limit=1",
            headers={"Authorization": f"Bearer {token}"},
        )
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"the server answered its first call with {response.status}")
    finally:
        connection.close()
