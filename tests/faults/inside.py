"""The load against a store in the test's own process, below HTTP."""

import asyncio
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from moyeu.crm.association_labels import NewLabel
from moyeu.crm.association_writes import PairInput, WrittenPairs
from moyeu.crm.associations import AssociationSpec
from moyeu.crm.callers import Occasion
from moyeu.crm.pipeline_inputs import GivenStage
from moyeu.crm.problems import Problem, RecordsLocked, UniqueValueLocked
from moyeu.crm.records import WrittenRecord
from moyeu.crm.search.requests import SearchRequest
from moyeu.operations.association_labels import create_label, remove_label
from moyeu.operations.association_writes import associate, dissociate, dissociate_types
from moyeu.operations.list_memberships import MembersChanged, change_members
from moyeu.operations.merges import erase_record, merge_records
from moyeu.operations.pipelines import create_stage, delete_stage
from moyeu.operations.records import archive_records, create_records, update_records
from moyeu.operations.searches import SearchPage, search_records
from moyeu.operations.upserts import upsert_records
from moyeu.storage.contract import (
    Store,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
    WriterBusyError,
)
from tests.faults.ledger import Batch, Ledger, Link
from tests.faults.load import Client
from tests.faults.portal import CALLER, COMPANIES_ID, CONTACTS_ID, PIPELINE, PORTAL_ID
from tests.faults.questions import PAGE, Search

T = TypeVar("T")


async def write_until_broken(
    store: Store, clients: Sequence[Client], ledger: Ledger, batches_max: int = 10_000
) -> None:
    """All clients at once, until the store breaks or each has sent its batches.

    A client also ends when nobody can tell what became of its batch; where the store promises that
    nothing was changed, it goes on.
    """
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
            answered_ids = await send(store, batch)
        except (StoreFullError, StoreUnavailableError, WriterBusyError) as error:
            ledger.refuse(batch, repr(error))
        except StoreError as error:
            ledger.lose(batch, str(error))
            return
        else:
            ledger.acknowledge(batch, answered_ids)
            client.applied(batch)
            await _search(store, client, batch, ledger)


async def _search(store: Store, client: Client, batch: Batch, ledger: Ledger) -> None:
    """Searches what the client asks for; reads of lists are left out, because they write."""
    question = client.question(batch)
    if not isinstance(question, Search):
        return
    request = SearchRequest(groups=(question.filters,), limit=PAGE)
    now_ms = time.time_ns() // 1_000_000
    try:
        page = await search_records(store, PORTAL_ID, question.type_id, request, now_ms)
    except StoreUnavailableError:
        return
    assert isinstance(page, SearchPage), page
    complaint = question.compare(page.total, [each.record.record_id for each in page.records])
    if complaint is not None:
        ledger.complain(complaint)


async def send(store: Store, batch: Batch) -> list[int]:
    """The ids of written records, of the one that a merge made, or of the types of a label."""
    occasion = Occasion(CALLER, time.time_ns() // 1_000_000, batch.name)
    type_id = batch.type_id
    if batch.links:
        await _link(store, occasion, batch)
        return []
    match batch.verb:
        case "create" | "update" | "upsert":
            return await _write(store, occasion, batch)
        case "merge":
            primary, other = map(str, batch.record_ids)
            made = _in_time(await merge_records(store, occasion, type_id, primary, other))
            assert isinstance(made, WrittenRecord), made
            return [made.record.record_id]
        case "archive":
            texts = [str(each) for each in batch.record_ids]
            problem = _in_time(await archive_records(store, occasion, type_id, texts))
        case "erase":
            problem = _in_time(
                await erase_record(store, occasion, type_id, str(batch.record_ids[0]), None)
            )
        case "add_stage":
            given = GivenStage(batch.definition, 9, {}, batch.definition)
            stage = _in_time(await create_stage(store, occasion, type_id, PIPELINE, given))
            problem = stage if isinstance(stage, Problem) else None
        case "remove_stage":
            removed = await delete_stage(
                store, occasion, type_id, PIPELINE, batch.definition, in_use_refused=True
            )
            problem = _in_time(removed)
        case "join" | "leave":
            texts = [str(each) for each in batch.record_ids]
            sets = (texts, []) if batch.verb == "join" else ([], texts)
            changed = _in_time(await change_members(store, occasion, str(batch.list_id), *sets))
            assert isinstance(changed, MembersChanged), changed
            assert not changed.missing, changed
            problem = None
        case "add_label":
            label = NewLabel(f"{batch.definition} of", batch.definition, f"{batch.definition} at")
            kinds = _in_time(await create_label(store, PORTAL_ID, CONTACTS_ID, COMPANIES_ID, label))
            assert isinstance(kinds, tuple), kinds
            return [each.type_id for each in reversed(kinds)]
        case "remove_label":
            gone = await remove_label(store, PORTAL_ID, CONTACTS_ID, COMPANIES_ID, batch.label_id)
            problem = _in_time(gone)
        case _:
            raise AssertionError(batch.verb)
    assert problem is None, problem
    return []


def _in_time(answer: T) -> T:
    """The answer of an operation. Raises WriterBusyError where the turn did not come in time."""
    if isinstance(answer, RecordsLocked | UniqueValueLocked):
        raise WriterBusyError(str(answer))
    return answer


async def _link(store: Store, occasion: Occasion, batch: Batch) -> None:
    pair = (CONTACTS_ID, COMPANIES_ID)
    pair = pair if batch.type_id == CONTACTS_ID else pair[::-1]
    inputs = [_pair_input(batch, each) for each in batch.links]
    match batch.verb:
        case "dissociate":
            assert _in_time(await dissociate(store, occasion, *pair, inputs)) is None
        case "dissociate_types":
            assert _in_time(await dissociate_types(store, occasion, *pair, inputs)) == ()
        case _:
            written = _in_time(await associate(store, occasion, *pair, inputs))
            assert isinstance(written, WrittenPairs), written
            assert not written.problems, written


def _pair_input(batch: Batch, link: Link) -> PairInput:
    is_forth = batch.type_id == CONTACTS_ID
    near, far = map(str, link[:2] if is_forth else link[1::-1])
    specs = [
        AssociationSpec(each.category, each.forth if is_forth else each.back) for each in link.ways
    ]
    return PairInput(near, far, tuple(specs) or None)


_WRITES = {"create": create_records, "update": update_records, "upsert": upsert_records}


async def _write(store: Store, occasion: Occasion, batch: Batch) -> list[int]:
    inputs = [each.given for each in batch.inputs]
    plan = await _WRITES[batch.verb](store, occasion, batch.type_id, inputs, dates_normalised=False)
    plan = _in_time(plan)
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
