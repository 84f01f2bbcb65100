"""Calls for records as requests without HTTP, and what can be checked after each call.

Updates go to v3; what partner services have in 2025-09 alone goes there.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from bench.work import (
    KEY,
    PROPERTY_VALUES,
    Batch,
    Ids,
    Values,
    external_id,
    random_batch,
    random_creates,
    random_upserts,
)

RecordJob = Literal["update", "update_by_value", "create", "upsert", "read", "list"]

V3 = "/crm/v3/objects/partner_services"
DATED = "/crm/objects/2025-09/partner_services"

encode = msgspec.json.Encoder().encode


def ids_of_results(answer: Mapping[str, Any]) -> list[str]:
    """The ids of the records that an answer has, in its order."""
    return [each["id"] for each in answer["results"]]


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
    shown: Sequence[str] | None = None
    """What `seen` has to find in the answer; None where that is not known."""
    seen: Callable[[Mapping[str, Any]], Sequence[str]] = ids_of_results
    linked: Sequence[tuple[int, int]] = ()
    """Ids of the partner services and companies that are associated afterwards."""


Draw = Callable[[random.Random, Ids, int], Call]
"""Makes a random call for so many records."""


def _update(rng: random.Random, ids: Ids, inputs: int) -> Call:
    batch = random_batch(rng, ids.records, inputs)
    body = {"inputs": [{"id": str(number), "properties": values} for number, values in batch]}
    return _update_call(body, batch)


def _update_by_value(rng: random.Random, ids: Ids, inputs: int) -> Call:
    batch = random_batch(rng, ids.records, inputs)
    body = {
        "inputs": [
            {"id": external_id(number, ids.records), "idProperty": KEY, "properties": values}
            for number, values in batch
        ]
    }
    return _update_call(body, batch)


def _update_call(body: object, batch: Batch) -> Call:
    written = {str(number): values for number, values in batch}
    return Call("POST", f"{V3}/batch/update", encode(body), written=written)


def _create(rng: random.Random, _ids: Ids, inputs: int) -> Call:
    records = random_creates(rng, inputs)
    body = {"inputs": [{"properties": values, "associations": []} for values in records]}
    written = {values[KEY]: values for values in records}
    return Call("POST", f"{DATED}/batch/create", encode(body), 201, written, KEY)


def _upsert(rng: random.Random, ids: Ids, inputs: int) -> Call:
    upserts = random_upserts(rng, ids.records, inputs)
    body = {
        "inputs": [{"id": key, "idProperty": KEY, "properties": values} for key, values in upserts]
    }
    return Call("POST", f"{DATED}/batch/upsert", encode(body), 200, dict(upserts), KEY)


def _read(rng: random.Random, ids: Ids, inputs: int) -> Call:
    asked = [str(each) for each in rng.sample(ids.records, inputs)]
    body = {"inputs": [{"id": each} for each in asked], "properties": list(PROPERTY_VALUES)}
    return Call("POST", f"{DATED}/batch/read", encode(body), shown=asked)


def _list(rng: random.Random, ids: Ids, inputs: int) -> Call:
    first = rng.randrange(ids.records.start, ids.records.stop - inputs)
    query = f"limit={inputs}&after={first}&properties={','.join(PROPERTY_VALUES)}"
    return Call("GET", f"{DATED}?{query}", shown=[str(first + each) for each in range(inputs)])


DRAW: Mapping[str, Draw] = {
    "update": _update,
    "update_by_value": _update_by_value,
    "create": _create,
    "upsert": _upsert,
    "read": _read,
    "list": _list,
}
