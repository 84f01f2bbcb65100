"""Processes as the kernel sees them: CPU time, memory, and the server that is measured.

Linux only.
"""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
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
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "bench" / "server.py"), str(database), *options],
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server ended with status {process.wait()}")
        port: int = json.loads(line)["port"]
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
