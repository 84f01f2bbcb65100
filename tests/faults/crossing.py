"""Work that several writers do at the same time, through stores that stand for processes."""

import asyncio
import contextlib
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from moyeu.crm.callers import Occasion
from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput
from moyeu.operations.definitions import archive_property
from moyeu.operations.list_evaluation import bring_up_to_date
from moyeu.operations.records import update_records
from moyeu.storage.contract import Store
from moyeu.storage.postgresql import PostgresqlStore, open_store
from tests.faults.contents import Found, read_database
from tests.faults.inside import send
from tests.faults.ledger import Batch, Ledger, Sent
from tests.faults.portal import (
    CALLER,
    CONTACTS_ID,
    CREATED_AT_MS,
    MARK,
    NOTED_LIST,
    NOTES,
    PORTAL_ID,
    SERVICES_ID,
    SKU,
)
from tests.faults.seeds import rounds
from tests.faults.some_batches import creates, updates

SIZES: Final = (30, 60)
WRITERS: Final = 8
BATCHES_EACH: Final = 5


_OCCASION: Final = Occasion(CALLER, CREATED_AT_MS, "crossing")


@contextlib.contextmanager
def opened_twice(url: str) -> Iterator[list[PostgresqlStore]]:
    """Two stores on a database, as two processes have them."""
    with contextlib.ExitStack() as ends:
        yield [ends.enter_context(contextlib.closing(open_store(url))) for _ in range(2)]


def _crossing(name: str, skus: Mapping[int, str], chance: random.Random) -> Batch:
    """An update of many records in any order: by their ids, by a unique value, or by both."""
    inputs = []
    share_by_sku = chance.choice((0.0, 0.0, 1.0, 0.3))
    for record_id in chance.sample(sorted(skus), chance.randint(*SIZES)):
        mark = f"{name}.{record_id}"
        values = {chance.choice(NOTES): mark, MARK: mark}
        if chance.random() < share_by_sku:
            given = RecordInput(skus[record_id], dict(values), SKU)
        else:
            given = RecordInput(str(record_id), dict(values))
        inputs.append(Sent(given, record_id, mark, values))
    return Batch(name, SERVICES_ID, inputs)


async def _write(store: Store, batch: Batch, ledger: Ledger) -> None:
    ledger.intend(batch)
    ledger.acknowledge(batch, await send(store, batch))


async def cross(stores: Sequence[Store], found: Found, seed_of_run: int) -> Ledger:
    """All writers at once, each through one of the stores."""
    ledger = Ledger()

    async def write(number: int) -> None:
        chance = random.Random(f"{seed_of_run}-{number}")
        for count in range(rounds(BATCHES_EACH)):
            batch = _crossing(f"w{number}.{count}", found.skus(), chance)
            await _write(stores[number % len(stores)], batch, ledger)

    await asyncio.gather(*map(write, range(WRITERS)))
    return ledger


async def evaluate(store: Store) -> None:
    """Brings the dynamic list of services up to date."""
    await bring_up_to_date(store, PORTAL_ID, [NOTED_LIST], CREATED_AT_MS)


async def write_and_evaluate(
    stores: Sequence[Store], record_ids: list[int], seed_of_run: int
) -> None:
    """Records get and lose what the list is about, while it is evaluated again and again."""

    async def write(number: int) -> None:
        chance = random.Random(f"{seed_of_run}-{number}")
        own = record_ids[number::WRITERS]
        for count in range(rounds(BATCHES_EACH)):
            chosen = chance.sample(own, chance.randint(1, len(own)))
            text = chance.choice(("", f"w{number}.{count}"))
            store = chance.choice(stores)
            await send(
                store, updates(f"l{number}.{count}", {each: {NOTES[0]: text} for each in chosen})
            )
            if chance.random() < 0.5:
                await evaluate(chance.choice(stores))

    await asyncio.gather(*map(write, range(WRITERS)))


def unseen(url: str) -> set[int]:
    """The records that are in the list and should not be, or the other way round."""
    found = read_database(url)
    records = found.records[SERVICES_ID]
    noted = {key for key, each in records.items() if each.properties.get(NOTES[0])}
    return found.members().get(NOTED_LIST, set()) ^ noted


async def race_for_a_value(stores: Sequence[Store], prize: str) -> list[int]:
    """The contacts that have the value now, as each was told; they had none before."""
    first = await send(stores[0], creates(f"{prize}-race", WRITERS))

    async def want(number: int) -> list[int]:
        given = RecordInput(str(first[number]), {SKU: prize})
        store = stores[number % len(stores)]
        plan = await update_records(store, _OCCASION, CONTACTS_ID, [given], dates_normalised=False)
        return [] if isinstance(plan, Problem) else [each.record.record_id for each in plan.results]

    won = await asyncio.gather(*map(want, range(WRITERS)))
    return [each for some in won for each in some]


async def write_what_another_archived(stores: Sequence[Store], record_id: int) -> bool:
    """Whether one store takes a value of a property that another one has just archived."""
    one, other = stores
    name = NOTES[-1]

    async def write() -> bool:
        given = RecordInput(str(record_id), {name: "written"})
        plan = await update_records(one, _OCCASION, SERVICES_ID, [given], dates_normalised=False)
        return not isinstance(plan, Problem)

    assert await write()
    await archive_property(other, _OCCASION, SERVICES_ID, name)
    return await write()
