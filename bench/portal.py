"""The portal that is measured: one object type, records of 24 properties, one token.

It is made through the storage contract in large pieces, as `moyeu demo` does, so its time is the
time of seeding. A record weighs about 0.8 kB as JSON.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import work
from moyeu.app import system_clock_ms
from moyeu.catalog.object_types import ObjectType, find_object_type
from moyeu.catalog.properties import Option, PropertyDefinition
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.creation import new_record
from moyeu.crm.records import UniqueMove
from moyeu.operations.portals import hash_token
from moyeu.storage.contract import Portal, Store, Token, WriteTransaction
from moyeu.storage.sqlite import open_store

PORTAL_ID = 1
APP_ID = 7
TYPE_NAME = "partner_services"

RECORDS_PER_WRITE = 5_000
_GROUP = "partner_service_information"


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a client needs to use a database that nobody has open."""

    token: str
    record_ids: range
    seconds: float
    """From the first statement to the closed database."""
    company_ids: range = range(0)

    @property
    def ids(self) -> work.Ids:
        """What calls draw from."""
        return work.Ids(self.record_ids, self.company_ids)


@dataclass(frozen=True, kw_only=True)
class Seeded(Filled):
    """A database file."""

    path: Path


def seed(path: Path, count: int, rng_seed: int) -> Seeded:
    """A new database with `count` records whose values come from `rng_seed`."""
    filled = fill(lambda: open_store(path), count, rng_seed)
    return Seeded(
        path=path, token=filled.token, record_ids=filled.record_ids, seconds=filled.seconds
    )


def fill(opened: Callable[[], Store], count: int, rng_seed: int) -> Filled:
    """The same in the empty database of a store."""
    token = f"pat-bench-{secrets.token_hex(16)}"
    begun = time.perf_counter()
    store = opened()
    try:
        record_ids = asyncio.run(_fill(store, token, count, random.Random(rng_seed)))
    finally:
        store.close()
    return Filled(token=token, record_ids=record_ids, seconds=time.perf_counter() - begun)


def object_type() -> ObjectType:
    """The object type of all measured records."""
    found = find_object_type(TYPE_NAME)
    assert found is not None
    return found


def companies() -> ObjectType:
    """The object type of the records that the measured ones are associated with."""
    found = find_object_type("companies")
    assert found is not None
    return found


def caller(portal_id: int = PORTAL_ID) -> Caller:
    """Who all requests come from: may read and write these records, nothing else."""
    types = (object_type(), companies())
    scopes = (scope for each in types for scope in (*each.read_scopes, *each.write_scopes))
    return Caller(portal_id, APP_ID, None, frozenset(scopes))


def occasion(now_ms: int, portal_id: int = PORTAL_ID) -> Occasion:
    """What records are told that are made at that time."""
    return Occasion(caller(portal_id), now_ms, "00000000-0000-7000-8000-000000000000")


async def _fill(store: Store, token: str, count: int, rng: random.Random) -> range:
    now = occasion(system_clock_ms())
    await store.write(lambda transaction: define(transaction, token, now.now_ms))
    first_id = 0
    for done in range(0, count, RECORDS_PER_WRITE):
        part = min(RECORDS_PER_WRITE, count - done)
        rows = [random_row(rng, done + number) for number in range(1, part + 1)]
        ids = await store.write(
            lambda transaction, rows=rows: insert(transaction, now, object_type(), rows)  # type: ignore[misc]
        )
        first_id = first_id or ids.start
    return range(first_id, first_id + count)


def define(
    transaction: WriteTransaction, token: str, now_ms: int, portal_id: int = PORTAL_ID
) -> None:
    """Makes a portal, its token and the properties of the measured type."""
    transaction.add_portal(Portal(portal_id, "bench", APP_ID, now_ms))
    transaction.add_token(Token(hash_token(token), caller(portal_id), token[:12], now_ms))
    for each in _definitions():
        transaction.put_property(portal_id, object_type().id, each)


def _definitions() -> list[PropertyDefinition]:
    return [
        PropertyDefinition(
            name=work.KEY,
            label="External id",
            type="string",
            field_type="text",
            group_name=_GROUP,
            has_unique_value=True,
        ),
        own_property("account_lead", "string", "text"),
        own_property("monthly_fee", "number", "number"),
        own_property("service_tier", "enumeration", "select", work.SERVICE_TIERS),
        own_property("kickoff_date", "date", "date"),
        own_property("next_review_at", "datetime", "date"),
        own_property("is_retainer", "bool", "booleancheckbox", ("true", "false")),
        own_property("channels", "enumeration", "checkbox", work.CHANNELS),
        *(own_property(name, "string", "text") for name in work.NOTES),
    ]


def own_property(
    name: str, type_: str, field_type: str, options: tuple[str, ...] = ()
) -> PropertyDefinition:
    """A property of the portal's own; options: their values, which are their labels too."""
    return PropertyDefinition(
        name=name,
        label=name,
        type=type_,  # type: ignore[arg-type]  # one of the literals above
        field_type=field_type,  # type: ignore[arg-type]  # the same
        group_name=_GROUP,
        options=tuple(Option(value, value, order) for order, value in enumerate(options)),
    )


def random_row(rng: random.Random, number: int) -> dict[str, str]:
    """The values of the record with that number, from 1 on."""
    notes = {name: f"{name} of record {number:07}" for name in work.NOTES}
    return {work.KEY: f"ext-{number}", **work.random_values(rng), **notes}


def insert(
    transaction: WriteTransaction, now: Occasion, kind: ObjectType, rows: list[dict[str, str]]
) -> range:
    """Adds records of a type; their ids, in the order of the rows."""
    type_id, portal_id = kind.id, now.caller.portal_id
    definitions = transaction.definitions(portal_id, type_id)
    ids = transaction.new_record_ids(portal_id, len(rows))
    records = [
        new_record(definitions, now, record_id, row)
        for record_id, row in zip(ids, rows, strict=True)
    ]
    transaction.insert_records(now, type_id, records, kind.modified_property)
    transaction.move_unique_values(
        portal_id,
        type_id,
        [
            UniqueMove(work.KEY, each.record_id, None, each.properties[work.KEY])
            for each in records
            if work.KEY in each.properties
        ],
    )
    return ids
