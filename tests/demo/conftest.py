"""What the tests of the demo share: worlds without a store, and portals with one."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from moyeu.catalog.pipelines import standard_pipelines
from moyeu.crm.associations import Association
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.records import StoredRecord
from moyeu.demo.kinds import KINDS, Kind, made_counts, told_counts
from moyeu.demo.world import World
from moyeu.storage.contract import ReadTransaction, Store

NOW_MS = 1_795_000_000_250
UNTIL_MS = NOW_MS - NOW_MS % 86_400_000
OWNER_IDS = tuple(str(number) for number in range(71_000_001, 71_000_007))
FIRST_ID = 500


def world_of(
    records: int = 2_000, *, seed: int = 1, mark: str = "", kinds: Sequence[Kind] = KINDS
) -> World:
    """A world with the standard pipelines."""
    counts = made_counts(kinds, records)
    made, first = {}, FIRST_ID
    for object_type_id, count in counts.items():
        made[object_type_id] = range(first, first + count)
        first += count
    return World(
        seed=seed,
        told=told_counts(counts),
        made=made,
        until_ms=UNTIL_MS,
        mark=mark,
        owner_ids=OWNER_IDS,
        pipelines={each.object_type_id: standard_pipelines(each.object_type) for each in KINDS},
    )


@pytest.fixture
def store(open_store: Callable[[Path], Store], tmp_path: Path) -> Store:
    """An empty database."""
    return open_store(tmp_path)


def all_records(store: Store, portal_id: int) -> dict[str, list[StoredRecord]]:
    """The active records of every type that is made, by object type id."""

    def work(transaction: ReadTransaction) -> dict[str, list[StoredRecord]]:
        return {
            each.object_type_id: transaction.page(
                portal_id, each.object_type_id, 0, 100_000, archived=False
            )
            for each in KINDS
        }

    return asyncio.run(store.read(work))


def all_associations(store: Store, portal_id: int) -> list[Association]:
    """Every association of a portal."""
    return asyncio.run(
        store.read(lambda transaction: transaction.associations_after(portal_id, None, 1_000_000))
    )


def definitions_of(store: Store, portal_id: int, object_type_id: str) -> TypeDefinitions:
    """What a portal says about a type."""
    return asyncio.run(
        store.read(lambda transaction: transaction.definitions(portal_id, object_type_id))
    )
