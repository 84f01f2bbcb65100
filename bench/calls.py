"""The calls that are measured, as requests without HTTP, and what can be checked after each.

Updates go to v3; what partner services have in 2025-09 alone goes there.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from bench.work import (
    KEY,
    PROPERTY_VALUES,
    Batch,
    Values,
    external_id,
    random_batch,
    random_creates,
    random_upserts,
)

Job = Literal["update", "update_by_value", "create", "upsert", "read", "list"]

V3 = "/crm/v3/objects/partner_services"
DATED = "/crm/objects/2025-09/partner_services"

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Call:
    """One request; `written` and `shown` are what it writes or what its answer has to show."""

    method: str
    path: str
    body: bytes = b""
    status: int = 200
    """Of an answer that refuses nothing."""
    written: Mapping[str, Values] = field(default_factory=dict)
    """By the id of the record, or by its value of `key_property`."""
    key_property: str | None = None
    shown: Sequence[str] = ()
    """The ids of the records, in order."""


def draw(job: Job, rng: random.Random, record_ids: range, inputs: int) -> Call:
    """A random call of the job with that many records. Never two that create the same one."""
    return _DRAW[job](rng, record_ids, inputs)


def _update(rng: random.Random, record_ids: range, inputs: int) -> Call:
    batch = random_batch(rng, record_ids, inputs)
    body = {"inputs": [{"id": str(number), "properties": values} for number, values in batch]}
    return _update_call(body, batch)


def _update_by_value(rng: random.Random, record_ids: range, inputs: int) -> Call:
    batch = random_batch(rng, record_ids, inputs)
    body = {
        "inputs": [
            {"id": external_id(number, record_ids), "idProperty": KEY, "properties": values}
            for number, values in batch
        ]
    }
    return _update_call(body, batch)


def _update_call(body: object, batch: Batch) -> Call:
    written = {str(number): values for number, values in batch}
    return Call("POST", f"{V3}/batch/update", _encode(body), written=written)


def _create(rng: random.Random, _record_ids: range, inputs: int) -> Call:
    records = random_creates(rng, inputs)
    body = {"inputs": [{"properties": values, "associations": []} for values in records]}
    written = {values[KEY]: values for values in records}
    return Call("POST", f"{DATED}/batch/create", _encode(body), 201, written, KEY)


def _upsert(rng: random.Random, record_ids: range, inputs: int) -> Call:
    upserts = random_upserts(rng, record_ids, inputs)
    body = {
        "inputs": [{"id": key, "idProperty": KEY, "properties": values} for key, values in upserts]
    }
    return Call("POST", f"{DATED}/batch/upsert", _encode(body), 200, dict(upserts), KEY)


def _read(rng: random.Random, record_ids: range, inputs: int) -> Call:
    ids = [str(each) for each in rng.sample(record_ids, inputs)]
    body = {"inputs": [{"id": each} for each in ids], "properties": list(PROPERTY_VALUES)}
    return Call("POST", f"{DATED}/batch/read", _encode(body), shown=ids)


def _list(rng: random.Random, record_ids: range, inputs: int) -> Call:
    first = rng.randrange(record_ids.start, record_ids.stop - inputs)
    query = f"limit={inputs}&after={first}&properties={','.join(PROPERTY_VALUES)}"
    return Call("GET", f"{DATED}?{query}", shown=[str(first + each) for each in range(inputs)])


_DRAW: Mapping[Job, Callable[[random.Random, range, int], Call]] = {
    "update": _update,
    "update_by_value": _update_by_value,
    "create": _create,
    "upsert": _upsert,
    "read": _read,
    "list": _list,
}
