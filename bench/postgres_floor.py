"""The floor on PostgreSQL: a batch update as the bare statements of the engine's model.

BEGIN, the read that locks, the update, the history and COMMIT, pipelined, over the same tables and
with the same driver, in processes of their own that share nothing. No turn, no definitions, rules,
HTTP or answers; numbers of writes are never asked for. Its database is its own.
"""

import itertools
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing.context import BaseContext
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import msgspec

from bench import portal
from bench.processes import family_cpu_s
from bench.results import Cost
from bench.work import Batch, Values, random_batch
from moyeu.crm.values.moment import render_ms
from moyeu.storage.postgresql import hot_queries
from moyeu.storage.postgresql.arrays import array_text
from moyeu.storage.postgresql.connections import Connection, open_connection

_CORRELATION_ID: Final = "00000000-0000-7000-8000-000000000000"
_NUMBERS_OF_PROCESS: Final = 1_000_000_000_000
"""So far apart are the numbers of writes that the processes begin with."""
_PROCESSES: Final = 4
_CONNECTIONS_OF_PROCESS: Final = 2

_read_document = msgspec.json.Decoder(dict[str, str]).decode
_write_json = msgspec.json.Encoder().encode


class _Ran(NamedTuple):
    """What a process has done, by the clock that all processes have."""

    begun_s: float
    ended_s: float
    cpu_s: float


class _Floor:
    """The connections of one process, and the batches that they are to carry out."""

    def __init__(self, url: str, number: int, connections: int) -> None:
        self._connections = [open_connection(url) for _ in range(connections)]
        self._numbers = itertools.count(number * _NUMBERS_OF_PROCESS)
        self._type_id = portal.object_type().id
        self._modified_property = portal.object_type().modified_property
        self._batches: list[Batch] = []

    def prepare(self, record_ids: range, batches: int, inputs: int, rng_seed: int) -> None:
        """Draws what `run` carries out."""
        rng = random.Random(rng_seed)
        self._batches = [random_batch(rng, record_ids, inputs) for _ in range(batches)]

    def run(self) -> _Ran:
        """Carries out what was drawn, a thread a connection."""
        left = iter(self._batches)
        begun, cpu_begun_s = time.perf_counter(), time.process_time()
        if len(self._connections) == 1:
            self._carry_out(self._connections[0], left)
        else:
            with ThreadPoolExecutor(len(self._connections)) as threads:
                for each in [
                    threads.submit(self._carry_out, connection, left)
                    for connection in self._connections
                ]:
                    each.result()
        return _Ran(begun, time.perf_counter(), time.process_time() - cpu_begun_s)

    def _carry_out(self, connection: Connection, left: Iterator[Batch]) -> None:
        for batch in left:
            self._update(connection, batch)

    def _update(self, connection: Connection, batch: Batch) -> None:
        new_values = dict(batch)
        key = {
            "portal_id": portal.PORTAL_ID,
            "object_type_id": self._type_id,
            "record_ids": array_text(new_values),
        }
        with connection.pipeline():
            connection.execute("BEGIN")
            locked = connection.execute(hot_queries.LOCK_RECORDS, key).fetchall()
            written = {**key, **self._rows(locked, new_values)}
            connection.execute(hot_queries.CHANGE_RECORDS, written)
            connection.execute(hot_queries.ADD_WRITES, written)
            connection.execute("COMMIT")

    def _rows(
        self, locked: Sequence[tuple[Any, ...]], new_values: Mapping[int, Values]
    ) -> dict[str, Any]:
        now_ms = time.time_ns() // 1_000_000
        modified_at = render_ms(now_ms)
        rows = []
        for record_id, text, created_at_ms, _, _, last_write in locked:
            document = _read_document(text)
            values = new_values[record_id]
            rows.append(
                {
                    "id": record_id,
                    "n": next(self._numbers),
                    "p": last_write,
                    "t": now_ms,
                    "k": created_at_ms,
                    "c": {name: it for name, it in values.items() if document.get(name) != it},
                    "m": modified_at,
                }
            )
        return {
            "rows": _write_json(rows).decode(),
            "modified": self._modified_property,
            "source_type": "INTEGRATION",
            "app_id": portal.APP_ID,
            "user_id": None,
            "correlation_id": _CORRELATION_ID,
        }


_open: list[_Floor] = []


def _open_floor(url: str, number: int) -> None:
    """Opens the database of this process; the first thing that it does."""
    _open.append(_Floor(url, number, _CONNECTIONS_OF_PROCESS))


def _prepare(record_ids: range, batches: int, inputs: int, rng_seed: int) -> None:
    _open[0].prepare(record_ids, batches, inputs, rng_seed)


def _run() -> _Ran:
    return _open[0].run()


class PostgresFloor:
    """Eight connections to a database, two in each of four processes.

    database_pid: of the database server, whose CPU is told beside that of the processes.
    """

    def __init__(self, url: str, database_pid: int, context: BaseContext) -> None:
        self._database_pid = database_pid
        self._stack = ExitStack()
        self._processes = [
            self._stack.enter_context(
                ProcessPoolExecutor(
                    1, mp_context=context, initializer=_open_floor, initargs=(url, number)
                )
            )
            for number in range(1, _PROCESSES + 1)
        ]

    def cost(self, record_ids: range, batches: int, inputs: int, rng: random.Random) -> Cost:
        """Carries out so many random batches, or a few more: all processes as many."""
        each_batches = -(-batches // _PROCESSES)
        for prepared in [
            each.submit(_prepare, record_ids, each_batches, inputs, rng.getrandbits(64))
            for each in self._processes
        ]:
            prepared.result()
        database_cpu_s = family_cpu_s(self._database_pid)
        ran = [each.result() for each in [each.submit(_run) for each in self._processes]]
        database_cpu_s = family_cpu_s(self._database_pid) - database_cpu_s
        batches = each_batches * _PROCESSES
        records, cpu_s = batches * inputs, sum(each.cpu_s for each in ran)
        seconds = max(each.ended_s for each in ran) - min(each.begun_s for each in ran)
        return Cost(
            records / seconds,
            cpu_s / records * 1e6,
            cpu_s / batches * 1e3,
            database_us_per_record=database_cpu_s / records * 1e6,
        )

    def __enter__(self) -> Self:
        """The processes start with their first work."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)
