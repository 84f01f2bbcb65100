"""A parent of workers without a database, and its workers, for the tests of `workers`.

    python -m tests.cli.worker_program parent COUNT
    python -m tests.cli.worker_program worker LISTENER LINE

The parent prints the port once all workers answer. What a worker does stands in `plan.json` of the
working folder, which each reads at its start; see `Plan`. Each leaves files named by process id:
`start-` at its start, `slow-` and `stuck-` when it is asked for what takes long.
"""

import asyncio
import os
import socket
import sys
import time
from pathlib import Path

import msgspec

from moyeu.cli.logs import start_logging
from moyeu.cli.worker_line import ParentLine
from moyeu.cli.workers import Worker, Workers, WorkerTimes
from moyeu.settings import Settings
from moyeu.wire.asgi import Receive, Scope, Send
from moyeu.wire.edge import Edge

PAUSES_S = {"/slow": 1.0, "/stuck": 600.0}
"""How long an answer takes, by path; others take no time."""


class Plan(msgspec.Struct):
    """fails_after: how many workers in all begin as they should. code: with which the others end.

    hangs: whether those begin and never answer instead. answer: what requests are answered, "" for
    the process id. ignores_line: whether workers do not hear that they are to end. drain_s,
    ready_s: see `WorkerTimes`.
    """

    fails_after: int = 1_000
    code: int = 3
    hangs: bool = False
    answer: str = ""
    drain_s: float = 30.0
    ready_s: float = 20.0
    ignores_line: bool = False


def note(what: str) -> None:
    """Leaves a file."""
    Path(f"{what}-{os.getpid()}").touch()


def read_plan() -> Plan:
    """The plan of the working folder."""
    path = Path("plan.json")
    return msgspec.json.decode(path.read_bytes(), type=Plan) if path.exists() else Plan()


def parent(count: int) -> int:
    """Keeps so many workers; the exit code."""
    start_logging(Settings(workers=2))
    plan = read_plan()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    command = (sys.executable, "-m", "tests.cli.worker_program", "worker")
    times = WorkerTimes(ready=plan.ready_s, drain=plan.drain_s, pause_min=0.01, pause_max=0.1)
    return Workers(
        lambda: Worker(command, b"the order\n", listener),
        count,
        listener,
        lambda told: print(told.decode().strip(), port, flush=True),
        times,
    ).run()


def worker(listener: socket.socket, line: ParentLine) -> int:
    """Answers with its process id; the exit code."""
    start_logging(Settings(workers=2))
    order = line.order()
    if not order:
        return 9
    plan = read_plan()
    note("start")
    if len(list(Path().glob("start-*"))) > plan.fails_after:
        if plan.hangs:
            time.sleep(600)
        return plan.code

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["path"] in PAUSES_S:
            note(scope["path"][1:])
            await asyncio.sleep(PAUSES_S[scope["path"]])
        body = (plan.answer or str(os.getpid())).encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def startup() -> None:
        if not plan.ignores_line:
            line.watch(edge.stop)

    edge = Edge(
        app,
        listener=listener,
        startup=startup,
        on_ready=lambda _: line.tell_ready(order.strip()),
    )
    return edge.run()


if __name__ == "__main__":
    if sys.argv[1] == "parent":
        sys.exit(parent(int(sys.argv[2])))
    _files = [socket.socket(fileno=int(each)) for each in sys.argv[2:4]]
    sys.exit(worker(_files[0], ParentLine(_files[1])))
