"""The floor: the storage work of a batch update as bare statements in a loop.

The same reads, merges, row and history writes over the same tables with the same pragmas as the
server's, in a process of its own, without HTTP, JSON of requests, definitions, rules or answers.
What a server reaches of it is how little those cost.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bench import portal
from bench.work import Batch, random_batch
from moyeu.crm.values.moment import render_ms
from moyeu.storage.sqlite import queries
from moyeu.storage.sqlite.connection import open_writer

_CORRELATION_ID = "00000000-0000-7000-8000-000000000000"

_read_document = msgspec.json.Decoder(dict[str, str]).decode
_write_json = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class FloorFigures:
    """What one phase took."""

    batches: int
    records: int
    seconds: float
    cpu_s: float


class Floor:
    """A database that is open for bare statements; one connection for all phases."""

    def __init__(self, path: Path) -> None:
        self._connection = open_writer(str(path), vfs=None)
        # As often as the server does it: the default of `SqliteStore`.
        self._connection.pragma("wal_autocheckpoint", 1_000)
        last: Any = self._connection.execute(
            queries.LAST_WRITE, {"portal_id": portal.PORTAL_ID}
        ).get
        self._next_write: int = last + 1
        self._type_id = portal.object_type().id
        self._modified_property = portal.object_type().modified_property

    def run(
        self, record_ids: range, batches: int, inputs: int, group: int, rng_seed: int
    ) -> FloorFigures:
        """Carries out random batches, `group` of them in each transaction.

        The batches are made before the clock starts.
        """
        rng = random.Random(rng_seed)
        work = [random_batch(rng, record_ids, inputs) for _ in range(batches)]
        groups = [work[start : start + group] for start in range(0, batches, group)]
        begun, cpu_begun_s = time.perf_counter(), time.process_time()
        for each in groups:
            self._commit(each)
        return FloorFigures(
            batches=batches,
            records=batches * inputs,
            seconds=time.perf_counter() - begun,
            cpu_s=time.process_time() - cpu_begun_s,
        )

    def _commit(self, group: Sequence[Batch]) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for batch in group:
            self._update(batch)
        execute("COMMIT")

    def _update(self, batch: Batch) -> None:
        now_ms = time.time_ns() // 1_000_000
        modified_at = render_ms(now_ms)
        portal_id, type_id, number = portal.PORTAL_ID, self._type_id, self._next_write
        rows: list[tuple[Any, ...]] = self._connection.execute(
            queries.RECORDS,
            {
                "portal_id": portal_id,
                "object_type_id": type_id,
                "record_ids": _write_json([record_id for record_id, _ in batch]).decode(),
            },
        ).fetchall()
        new_values = dict(batch)
        writes = []
        changes = []
        for record_id, text, _, _, _, last_write in rows:
            document = _read_document(text)
            changed = {
                name: value
                for name, value in new_values[record_id].items()
                if document.get(name) != value
            }
            document.update(changed)
            document[self._modified_property] = modified_at
            writes.append(
                (
                    portal_id,
                    number,
                    type_id,
                    record_id,
                    last_write,
                    now_ms,
                    _write_json(changed).decode(),
                    "INTEGRATION",
                    portal.APP_ID,
                    None,
                    _CORRELATION_ID,
                    None,
                )
            )
            changes.append(
                (portal_id, type_id, record_id, _write_json(document).decode(), now_ms, number)
            )
            number += 1
        self._next_write = number
        self._connection.executemany(queries.ADD_WRITE, writes)
        self._connection.executemany(queries.CHANGE_RECORD, changes)


_open: list[Floor] = []


def open_floor(path: Path) -> None:
    """Opens the database of this process; the first thing that a worker process does."""
    _open.append(Floor(path))


def run_floor(
    record_ids: range, batches: int, inputs: int, group: int, rng_seed: int
) -> FloorFigures:
    """`Floor.run` on the database of this process."""
    return _open[0].run(record_ids, batches, inputs, group, rng_seed)
