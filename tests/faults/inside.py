"""The load against a store in the test's own process, below HTTP."""

import asyncio
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from moyeu.crm.callers import Occasion
from moyeu.crm.pipeline_inputs import GivenStage
from moyeu.crm.problems import Problem
from moyeu.crm.records import WrittenRecord
from moyeu.operations.merges import erase_record, merge_records
from moyeu.operations.pipelines import create_stage, delete_stage
from moyeu.operations.records import archive_records, create_records, update_records
from moyeu.operations.upserts import upsert_records
from moyeu.storage.contract import Store, StoreError, StoreFullError
from tests.faults.ledger import Batch, Ledger
from tests.faults.load import Client
from tests.faults.portal import CALLER, PIPELINE


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
            answered_ids = await _send(store, batch)
        except StoreFullError as error:
            ledger.refuse(batch, str(error))
        except StoreError as error:
            ledger.lose(batch, str(error))
            return
        else:
            ledger.acknowledge(batch, answered_ids)
            client.applied(batch)


async def _send(store: Store, batch: Batch) -> list[int]:
    """The ids of written records, or of the one that a merge made."""
    occasion = Occasion(CALLER, time.time_ns() // 1_000_000, batch.name)
    type_id = batch.type_id
    match batch.verb:
        case "create" | "update" | "upsert":
            return await _write(store, occasion, batch)
        case "merge":
            primary, other = map(str, batch.record_ids)
            made = await merge_records(store, occasion, type_id, primary, other)
            assert isinstance(made, WrittenRecord), made
            return [made.record.record_id]
        case "archive":
            texts = [str(each) for each in batch.record_ids]
            problem = await archive_records(store, occasion, type_id, texts)
        case "erase":
            problem = await erase_record(store, occasion, type_id, str(batch.record_ids[0]), None)
        case "add_stage":
            given = GivenStage(batch.stage_id, 9, {}, batch.stage_id)
            stage = await create_stage(store, occasion, type_id, PIPELINE, given)
            problem = stage if isinstance(stage, Problem) else None
        case "remove_stage":
            problem = await delete_stage(
                store, occasion, type_id, PIPELINE, batch.stage_id, in_use_refused=True
            )
    assert problem is None, problem
    return []


_WRITES = {"create": create_records, "update": update_records, "upsert": upsert_records}


async def _write(store: Store, occasion: Occasion, batch: Batch) -> list[int]:
    inputs = [each.given for each in batch.inputs]
    plan = await _WRITES[batch.verb](store, occasion, batch.type_id, inputs, dates_normalised=False)
    assert not isinstance(plan, Problem), plan
    assert not plan.problems, plan.problems
    return [each.record.record_id for each in plan.results]


def copy_files(database: Path, target: Path) -> Path:
    """What a new process would find if this one ended now."""
    for suffix in ("", "-wal"):
        source = database.with_name(database.name + suffix)
        if source.exists():
            shutil.copyfile(source, target.with_name(target.name + suffix))
    return target
