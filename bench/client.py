"""The load client: raw connections, requests made before the clock starts, little parsing.

It runs in a process of its own and reports its own CPU time, so that a reader sees that it is not
the limit. Every status counts; a sample of the written values is read back and compared.
"""

import asyncio
import http.client
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast
from urllib.parse import urlencode

import uvloop

from bench.calls import V3, Call
from bench.jobs import Job, draw
from bench.links import OF_SERVICE, linked_ids
from bench.processes import family_cpu_s
from bench.searches import OF_UPDATED, lead_call
from bench.work import Ids, Values

HOST = "127.0.0.1"
_READ_PAUSE_S = 0.002
_SEARCH_PAUSE_S = 1.0
_SAMPLE_RECORDS = 20
_SAMPLE_ANSWERS = 3
T = TypeVar("T")

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


Beside = Literal["reads", "searches"]
"""Reads of single records, or one search a second for what updates change."""


@dataclass(frozen=True)
class Load:
    """What the client is to send."""

    port: int
    pid: int
    """The server's process, whose CPU time is taken around the timed part, with its children's."""
    token: str
    ids: Ids
    concurrency: int
    requests: int
    rng_seed: int
    job: Job = "update"
    inputs: int = 100
    beside: Beside | None = None
    """What one more connection does meanwhile, with a pause after each answer."""
    database_pid: int | None = None
    """A database server beside it, whose CPU time is taken in the same way."""


@dataclass(frozen=True)
class Driven:
    """What came of it."""

    records: int
    requests: int
    seconds: float
    server_cpu_s: float
    database_cpu_s: float
    client_cpu_s: float
    answers_ms: Sequence[float]
    beside_ms: Sequence[float]
    """The answers of the connection beside."""
    refused: Mapping[int, int]
    """Status → how many answers had it instead of 200, or 201 where that is right."""
    compared: int
    """Values that were read back, and ids of the answers that were looked at."""
    wrong: Sequence[str]
    """Those of them that were not what they had to be."""


def drive(load: Load) -> Driven:
    """Sends everything, waits for all answers, then reads a sample back."""
    rng = random.Random(load.rng_seed)
    calls = [draw(load.job, rng, load.ids, load.inputs) for _ in range(load.requests)]
    timed = uvloop.run(_send_all(load, calls, list(_requests_beside(load, rng))))
    compared, wrong = _checked(load, calls, rng)
    return Driven(
        records=load.requests * load.inputs,
        requests=load.requests,
        seconds=timed.seconds,
        server_cpu_s=timed.server_cpu_s,
        database_cpu_s=timed.database_cpu_s,
        client_cpu_s=timed.client_cpu_s,
        answers_ms=timed.answers.answers_ms,
        beside_ms=timed.beside.answers_ms,
        refused=dict(timed.answers.refused + timed.beside.refused),
        compared=compared,
        wrong=wrong,
    )


def _request(load: Load, call: Call) -> bytes:
    content = f"Content-Type: application/json\r\nContent-Length: {len(call.body)}\r\n"
    return (
        f"{call.method} {call.path} HTTP/1.1\r\nHost: {HOST}:{load.port}\r\n"
        f"Authorization: Bearer {load.token}\r\nAccept: application/json\r\n"
        f"{content if call.body else ''}\r\n"
    ).encode() + call.body


def _requests_beside(load: Load, rng: random.Random) -> Iterator[bytes]:
    """More than there is time for."""
    if load.beside == "reads":
        for _ in range(10_000):
            yield _read(load, rng.choice(load.ids.records))
    elif load.beside == "searches":
        for number in range(1_000):
            job = OF_UPDATED[number % len(OF_UPDATED)]
            yield _request(load, draw(job, rng, load.ids, 100))


def _read(load: Load, record_id: int) -> bytes:
    path = f"{V3}/{record_id}?properties=account_lead,monthly_fee"
    return _request(load, Call("GET", path))


class _Answers:
    """The answers to all requests of one kind."""

    def __init__(self, status: int = 200) -> None:
        self.answers_ms: list[float] = []
        self.refused: Counter[int] = Counter()
        self._status = status

    def add(self, status: int, answer_ms: float) -> None:
        self.answers_ms.append(answer_ms)
        if status != self._status:
            self.refused[status] += 1


@dataclass(frozen=True)
class _Timed:
    seconds: float
    server_cpu_s: float
    database_cpu_s: float
    client_cpu_s: float
    answers: _Answers
    beside: _Answers


class _Connection(asyncio.Protocol):
    """Sends the requests that are left, one after the other, until there are none."""

    def __init__(self, requests: Iterator[bytes], answers: _Answers, pause_s: float = 0) -> None:
        self._requests = requests
        self._answers = answers
        self._pause_s = pause_s
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._left_bytes = 0
        self._status = 0
        self._sent_at = 0.0
        self.finished: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, because uvloop's transports are not registered as asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionError("the server closed a connection"))

    def send_next(self) -> None:
        """Sends the next request or finishes."""
        assert self._transport is not None
        request = next(self._requests, None)
        if request is None:
            self.finish()
        else:
            self._sent_at = time.perf_counter()
            self._transport.write(request)

    def finish(self) -> None:
        """Sends nothing any more."""
        assert self._transport is not None
        if not self.finished.done():
            self.finished.set_result(None)
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._left_bytes:
            self._left_bytes -= len(data)
        else:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            length = _LENGTH.search(self._head, 0, end)
            assert length is not None, "an answer without content-length"
            self._status = int(self._head[9:12])
            self._left_bytes = int(length[1]) - (len(self._head) - end - 4)
            self._head = b""
        if self._left_bytes == 0:
            self._answers.add(self._status, (time.perf_counter() - self._sent_at) * 1_000)
            if self._pause_s:
                self._loop.call_later(self._pause_s, self._go_on)
            else:
                self.send_next()

    def _go_on(self) -> None:
        if not self.finished.done():
            self.send_next()


async def _send_all(load: Load, calls: Sequence[Call], beside: Sequence[bytes]) -> _Timed:
    # All calls of a job have one status.
    answers, answers_beside = _Answers(calls[0].status), _Answers()
    left = iter([_request(load, each) for each in calls])
    connections = [
        await _connect(load.port, lambda: _Connection(left, answers))
        for _ in range(load.concurrency)
    ]
    pause_s = _READ_PAUSE_S if load.beside == "reads" else _SEARCH_PAUSE_S
    another = await _connect(load.port, lambda: _Connection(iter(beside), answers_beside, pause_s))
    server_cpu_s, database_cpu_s = _cpu_s(load)
    begun, client_cpu_s = time.perf_counter(), time.process_time()
    for each in (*connections, another):
        each.send_next()
    await asyncio.gather(*(each.finished for each in connections))
    seconds, client_cpu_s = time.perf_counter() - begun, time.process_time() - client_cpu_s
    server_cpu_after_s, database_cpu_after_s = _cpu_s(load)
    timed = _Timed(
        seconds,
        server_cpu_after_s - server_cpu_s,
        database_cpu_after_s - database_cpu_s,
        client_cpu_s,
        answers,
        answers_beside,
    )
    another.finish()
    return timed


def _cpu_s(load: Load) -> tuple[float, float]:
    database_pid = load.database_pid
    return family_cpu_s(load.pid), 0.0 if database_pid is None else family_cpu_s(database_pid)


async def _connect(port: int, make: Callable[[], _Connection]) -> _Connection:
    _, connection = await asyncio.get_running_loop().create_connection(make, HOST, port)
    return connection


def _checked(load: Load, calls: Sequence[Call], rng: random.Random) -> tuple[int, Sequence[str]]:
    """How many values and ids were looked at after the clock stopped, and what was wrong."""
    connection = http.client.HTTPConnection(HOST, load.port, timeout=30)
    try:
        written = _sample_written(calls, rng)
        some = rng.sample(calls, min(_SAMPLE_ANSWERS, len(calls)))
        asked_again = [each for each in some if each.shown is not None]
        if load.beside == "searches":
            asked_again += [
                lead_call(call.written[key]["account_lead"], key) for call, key in written
            ]
        pairs = _sample([pair for call in calls for pair in call.linked], rng)
        wrong = [
            *(
                difference
                for call, key in written
                for difference in _differences(connection, load, call, key)
            ),
            *(
                difference
                for call in asked_again
                for difference in _missing(connection, load, call)
            ),
            *(difference for pair in pairs for difference in _unlinked(connection, load, *pair)),
        ]
    finally:
        connection.close()
    values = sum(len(call.written[key]) for call, key in written)
    return values + sum(len(call.shown or ()) for call in asked_again) + len(pairs), wrong


def _sample_written(calls: Sequence[Call], rng: random.Random) -> Sequence[tuple[Call, str]]:
    """Some records that one call alone has written.

    One in two calls that were under way together may rightly hold the values of either.
    """
    touched = Counter(key for call in calls for key in call.written)
    certain = [(call, key) for call in calls for key in call.written if touched[key] == 1]
    return _sample(certain, rng)


def _sample(population: Sequence[T], rng: random.Random) -> Sequence[T]:
    return rng.sample(population, min(_SAMPLE_RECORDS, len(population)))


def _differences(
    connection: http.client.HTTPConnection, load: Load, call: Call, key: str
) -> Iterator[str]:
    values: Values = call.written[key]
    query = {"properties": ",".join(values)}
    if call.key_property is not None:
        query["idProperty"] = call.key_property
    shown = _asked(connection, load, Call("GET", f"{V3}/{key}?{urlencode(query)}"))
    properties = shown.get("properties", {})
    for name, value in values.items():
        if properties.get(name) != value:
            yield f"record {key}, {name}: wrote {value!r}, read {properties.get(name)!r}"


def _missing(connection: http.client.HTTPConnection, load: Load, call: Call) -> Iterator[str]:
    answer = _asked(connection, load, call)
    shown = list(call.seen(answer)) if "results" in answer else [str(answer)]
    if shown != list(call.shown or ()):
        yield f"{call.method} {call.path} {call.body!r}: not {call.shown}: {shown}"


def _unlinked(
    connection: http.client.HTTPConnection, load: Load, from_id: int, to_id: int
) -> Iterator[str]:
    answer = _asked(connection, load, Call("GET", OF_SERVICE.format(from_id)))
    found = linked_ids(answer) if "results" in answer else [str(answer)]
    if str(to_id) not in found:
        yield f"record {from_id}: associated with {to_id}, read {found}"


def _asked(connection: http.client.HTTPConnection, load: Load, call: Call) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {load.token}", "Content-Type": "application/json"}
    connection.request(call.method, call.path, call.body or None, headers)
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    return answer
