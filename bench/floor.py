"""The floor: the storage work of a batch of writes as bare statements in a loop.

The same reads, merges, row and history writes over the same tables with the same pragmas as the
server's, in a process of its own, without HTTP, JSON of requests, definitions, rules or answers.
What a server reaches of it is how little those cost.
"""

import functools
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bench import portal
from bench.jobs import Job
from bench.work import (
    KEY,
    Batch,
    Upserts,
    Values,
    random_batch,
    random_creates,
    random_upserts,
)
from moyeu.crm.values.moment import render_ms
from moyeu.storage.sqlite import queries
from moyeu.storage.sqlite.connection import open_writer

_CORRELATION_ID = "00000000-0000-7000-8000-000000000000"

_read_document = msgspec.json.Decoder(dict[str, str]).decode
_write_json = msgspec.json.Encoder().encode

_Work = Callable[[], None]
"""One batch with its records, to be carried out."""


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
        self._created_property = portal.object_type().created_property
        seeded: Any = self._connection.execute("SELECT properties FROM record LIMIT 1").get
        self._given_by_hubspot = {
            name: value
            for name, value in _read_document(seeded).items()
            if name.startswith("hs_") and name != self._modified_property
        }

    def run(
        self, job: Job, record_ids: range, batches: int, inputs: int, group: int, rng_seed: int
    ) -> FloorFigures:
        """Carries out random batches, `group` of them in each transaction.

        The batches are made before the clock starts. Raises KeyError for a job without a floor.
        """
        rng = random.Random(rng_seed)
        draw = _DRAW[job]
        work = [draw(self, rng, record_ids, inputs) for _ in range(batches)]
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

    def _commit(self, group: Sequence[Callable[[], None]]) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for work in group:
            work()
        execute("COMMIT")

    def update(self, batch: Batch) -> None:
        """A batch update by id."""
        rows: list[tuple[Any, ...]] = self._connection.execute(
            queries.RECORDS,
            {
                "portal_id": portal.PORTAL_ID,
                "object_type_id": self._type_id,
                "record_ids": _write_json([record_id for record_id, _ in batch]).decode(),
            },
        ).fetchall()
        new_values = dict(batch)
        self._change([(row, new_values[row[0]]) for row in rows])

    def create(self, batch: Sequence[Values]) -> None:
        """A batch create."""
        self._connection.execute(
            queries.VALUE_OWNERS, self._keys([values[KEY] for values in batch])
        ).fetchall()
        self._insert(batch)

    def upsert(self, batch: Upserts) -> None:
        """A batch upsert by the unique property."""
        rows = self._connection.execute(
            queries.RECORDS_BY_VALUE, self._keys([key for key, _ in batch])
        ).fetchall()
        known = {row[1]: row[2:] for row in rows}
        self._change([(known[key], values) for key, values in batch if key in known])
        self._insert([{KEY: key, **values} for key, values in batch if key not in known])

    def _keys(self, values: Sequence[str]) -> dict[str, Any]:
        return {
            "portal_id": portal.PORTAL_ID,
            "object_type_id": self._type_id,
            "keys": _write_json([(KEY, value) for value in values]).decode(),
        }

    def _change(self, changes: Sequence[tuple[tuple[Any, ...], Values]]) -> None:
        """Gives records, which are rows as they were read, new values."""
        now_ms = time.time_ns() // 1_000_000
        modified_at = render_ms(now_ms)
        writes = []
        rows = []
        for (record_id, text, created_at_ms, _, _, last_write), values in changes:
            document = _read_document(text)
            changed = {name: value for name, value in values.items() if document.get(name) != value}
            document.update(changed)
            document[self._modified_property] = modified_at
            number, write = self._write(record_id, last_write, now_ms, changed)
            writes.append(write)
            rows.append(
                (
                    portal.PORTAL_ID,
                    self._type_id,
                    record_id,
                    _write_json(document).decode(),
                    now_ms,
                    number,
                    created_at_ms,
                )
            )
        self._connection.executemany(queries.ADD_WRITE, writes)
        self._connection.executemany(queries.CHANGE_RECORD, rows)

    def _insert(self, batch: Sequence[Values]) -> None:
        """Adds records."""
        now_ms = time.time_ns() // 1_000_000
        made_at = render_ms(now_ms)
        after: Any = self._connection.execute(
            queries.TAKE_RECORD_IDS, {"portal_id": portal.PORTAL_ID, "count": len(batch)}
        ).get
        writes = []
        rows = []
        keys = []
        for record_id, values in enumerate(batch, after - len(batch)):
            first = {
                **self._given_by_hubspot,
                self._created_property: made_at,
                "hs_object_id": str(record_id),
                **values,
            }
            document = {**first, self._modified_property: made_at}
            number, write = self._write(record_id, 0, now_ms, first)
            writes.append(write)
            rows.append(
                (
                    portal.PORTAL_ID,
                    self._type_id,
                    record_id,
                    _write_json(document).decode(),
                    now_ms,
                    now_ms,
                    number,
                )
            )
            keys.append((portal.PORTAL_ID, self._type_id, KEY, values[KEY], record_id))
        self._connection.executemany(queries.ADD_WRITE, writes)
        self._connection.executemany(queries.INSERT_RECORD, rows)
        self._connection.executemany(queries.TAKE_VALUE, keys)

    def _write(
        self, record_id: int, last_write: int, now_ms: int, changed: Values
    ) -> tuple[int, tuple[Any, ...]]:
        """The number and the row of the next write in the history."""
        number = self._next_write
        self._next_write = number + 1
        return number, (
            portal.PORTAL_ID,
            number,
            self._type_id,
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


def _updates(floor: Floor, rng: random.Random, record_ids: range, inputs: int) -> _Work:
    return functools.partial(floor.update, random_batch(rng, record_ids, inputs))


def _creates(floor: Floor, rng: random.Random, _record_ids: range, inputs: int) -> _Work:
    return functools.partial(floor.create, random_creates(rng, inputs))


def _upserts(floor: Floor, rng: random.Random, record_ids: range, inputs: int) -> _Work:
    return functools.partial(floor.upsert, random_upserts(rng, record_ids, inputs))


_DRAW: Mapping[Job, Callable[[Floor, random.Random, range, int], _Work]] = {
    "update": _updates,
    "create": _creates,
    "upsert": _upserts,
}

_open: list[Floor] = []


def open_floor(path: Path) -> None:
    """Opens the database of this process; the first thing that a worker process does."""
    _open.append(Floor(path))


def run_floor(
    job: Job, record_ids: range, batches: int, inputs: int, group: int, rng_seed: int
) -> FloorFigures:
    """`Floor.run` on the database of this process."""
    return _open[0].run(job, record_ids, batches, inputs, group, rng_seed)
