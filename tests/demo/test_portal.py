"""The demo portal in a store."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from moyeu.catalog.capabilities import OPERATIONS, READ_OPERATIONS, capability
from moyeu.catalog.object_types import OBJECT_TYPES
from moyeu.catalog.versions import VERSIONS
from moyeu.crm.records import StoredRecord
from moyeu.demo.portal import (
    PORTAL_ID,
    DemoContents,
    DemoRefusedError,
    demo_token,
    open_demo,
)
from moyeu.demo.properties import OBJECT_TYPE_ID
from moyeu.operations.portals import create_portal, hash_token
from moyeu.storage.contract import Store
from moyeu.storage.sqlite import SqliteStore, open_store

NOW_MS = 1_795_000_000_250
WANTED = DemoContents(seed=5, records=2_500)
PARTS = 3
"""Writes in which the records of WANTED are made."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(tmp_path / "demo.db")
    yield opened
    opened.close()


async def _all_records(store: Store) -> list[StoredRecord]:
    return await store.read(
        lambda transaction: transaction.page(PORTAL_ID, OBJECT_TYPE_ID, 0, 10_000, archived=False)
    )


def test_a_new_portal_has_its_records_owners_definitions_and_tokens(store: SqliteStore) -> None:
    portal = asyncio.run(open_demo(store, WANTED, NOW_MS))

    assert portal.is_new
    assert portal.contents == WANTED
    records = asyncio.run(_all_records(store))
    assert len(records) == 2_500
    assert portal.sample_ids == tuple(str(each.record_id) for each in records[:2])
    owners = asyncio.run(store.read(lambda transaction: transaction.owners(PORTAL_ID)))
    assert {each.properties["hubspot_owner_id"] for each in records} == {each.id for each in owners}
    definitions = asyncio.run(
        store.read(lambda transaction: transaction.definitions(PORTAL_ID, OBJECT_TYPE_ID))
    )
    assert "external_id" in definitions.update_id_names
    assert all(records[0].properties.keys() <= definitions.properties.keys() for each in records)


def test_a_record_is_found_by_its_external_id(store: SqliteStore) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))

    found = asyncio.run(
        store.read(
            lambda transaction: transaction.records_by_value(
                PORTAL_ID, OBJECT_TYPE_ID, [("external_id", "ext-2500")]
            )
        )
    )

    assert found["external_id", "ext-2500"].properties["external_id"] == "ext-2500"


def test_the_history_begins_when_the_record_was_made(store: SqliteStore) -> None:
    asyncio.run(open_demo(store, DemoContents(1, 3), NOW_MS))
    records = asyncio.run(_all_records(store))

    history = asyncio.run(
        store.read(lambda transaction: transaction.history(PORTAL_ID, OBJECT_TYPE_ID, records))
    )

    for each in records:
        (write,) = history[each.record_id]
        assert write.written_at_ms == each.created_at_ms == each.updated_at_ms < NOW_MS


def test_a_portal_that_is_there_is_kept(store: SqliteStore) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))
    before = asyncio.run(_all_records(store))

    portal = asyncio.run(open_demo(store, DemoContents(seed=6, records=9), NOW_MS + 1))

    assert not portal.is_new
    assert portal.contents == WANTED
    assert portal.token == demo_token(5)
    assert asyncio.run(_all_records(store)) == before


@pytest.mark.parametrize("part", range(PARTS))
def test_a_portal_whose_making_was_interrupted_is_finished_as_if_it_had_not_been(
    tmp_path: Path, store: SqliteStore, part: int
) -> None:
    asyncio.run(open_demo(store, WANTED, NOW_MS))
    broken = open_store(tmp_path / "broken.db")
    calls = iter(range(PARTS))

    def interrupt(_done: int) -> None:
        if next(calls) == part:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(open_demo(broken, WANTED, NOW_MS, interrupt))
    token_hash = hash_token(demo_token(5))
    assert asyncio.run(broken.read(lambda transaction: transaction.caller_of(token_hash))) is None

    portal = asyncio.run(open_demo(broken, DemoContents(seed=9, records=9), NOW_MS + 90_000_000))

    assert portal.is_new
    assert portal.contents == WANTED
    assert asyncio.run(_all_records(broken)) == asyncio.run(_all_records(store))
    broken.close()


def test_a_database_with_a_portal_of_its_own_is_refused(store: SqliteStore) -> None:
    asyncio.run(create_portal(store, "Real one", NOW_MS))

    with pytest.raises(DemoRefusedError, match="Real one"):
        asyncio.run(open_demo(store, WANTED, NOW_MS))

    assert len(asyncio.run(store.read(lambda transaction: transaction.portals()))) == 1


def test_tokens_have_the_form_of_private_app_tokens_and_follow_from_the_seed() -> None:
    tokens = [demo_token(seed, limited=limited) for seed in (1, 2) for limited in (False, True)]

    assert len(set(tokens)) == 4
    assert tokens[0] == demo_token(1)
    for each in tokens:
        assert re.fullmatch(r"pat-na1-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each)


def test_the_full_token_may_do_everything_and_the_limited_one_only_read(
    store: SqliteStore,
) -> None:
    portal = asyncio.run(open_demo(store, DemoContents(1, 0), NOW_MS))
    hashes = [hash_token(text) for text in (portal.token, portal.limited_token)]
    full, limited = asyncio.run(
        store.read(lambda transaction: [transaction.caller_of(each) for each in hashes])
    )
    assert full is not None
    assert limited is not None

    for version in VERSIONS:
        for object_type in OBJECT_TYPES:
            for operation in OPERATIONS:
                row = capability(version.name, object_type, operation)
                if row is None:
                    continue
                case = (version.name, object_type.name, operation)
                assert full.may(row.scopes), case
                # The one scope of tickets in most versions reads and writes.
                reads = operation in READ_OPERATIONS and row.scopes != ("tickets",)
                assert limited.may(row.scopes) == reads, case
