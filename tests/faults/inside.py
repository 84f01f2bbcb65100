"""The load against a store in the test's own process, below HTTP."""

import asyncio
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from moyeu.crm.callers import Occasion
from moyeu.crm.creation import CreatePlan
from moyeu.crm.records import UpdatePlan
from moyeu.operations.records import create_records, update_records
from moyeu.storage.contract import Store, StoreError, StoreFullError
from tests.faults.ledger import Batch, Ledger
from tests.faults.load import Client
from tests.faults.portal import CALLER, CONTACTS_ID


async def write_until_broken(
    store: Store, clients: Sequence[Client], ledger: Ledger, batches_max: int = 10_000
) -> None:
    """All clients at once, until the store refuses or each has sent its batches."""
    await asyncio.gather(
        *(_write_until_broken(store, each, ledger, batches_max) for each in clients)
    )


async def _write_until_broken(
    store: Store, client: Client, ledger: Ledger, batches_max: int
) -> None:
    for _ in range(batches_max):
        batch = client.next_batch()
        ledger.intend(batch)
        try:
            created_ids = await _send(store, batch)
        except StoreFullError as error:
            ledger.refuse(batch, str(error))
        except StoreError as error:
            ledger.lose(batch, str(error))
            return
        else:
            ledger.acknowledge(batch, created_ids)
            client.applied(batch)


async def _send(store: Store, batch: Batch) -> list[int]:
    """The ids of created records; none for updates."""
    occasion = Occasion(CALLER, time.time_ns() // 1_000_000, batch.name)
    inputs = [each.given for each in batch.inputs]
    if batch.type_id == CONTACTS_ID:
        made = await create_records(store, occasion, batch.type_id, inputs, dates_normalised=False)
        assert isinstance(made, CreatePlan), made
        return [each.record.record_id for each in made.results]
    plan = await update_records(store, occasion, batch.type_id, inputs, dates_normalised=False)
    assert isinstance(plan, UpdatePlan), plan
    assert not plan.problems, plan.problems
    return []


def copy_files(database: Path, target: Path) -> Path:
    """What a new process would find if this one ended now."""
    for suffix in ("", "-wal"):
        source = database.with_name(database.name + suffix)
        if source.exists():
            shutil.copyfile(source, target.with_name(target.name + suffix))
    return target
