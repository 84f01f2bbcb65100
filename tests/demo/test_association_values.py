"""The counters of invented records are what is counted, without a second write of any record."""

import asyncio

import pytest

from moyeu.crm.callers import Caller, Occasion
from moyeu.demo.generating import generate_records
from moyeu.demo.kinds import KINDS, made_counts
from moyeu.demo.portal import PORTAL_ID, DemoContents, open_demo
from moyeu.demo.world import COMPANIES, CONTACTS, DEALS
from moyeu.storage.contract import Store
from tests.demo.conftest import NOW_MS, all_records
from tests.operations.association_value_scene import Values, told_and_counted
from tests.storage.scene import Database


def _values(store: Store) -> tuple[Values, Values]:
    with asyncio.Runner() as runner:
        return told_and_counted(Database(store, runner), PORTAL_ID)


def test_every_value_of_the_demo_is_what_is_counted(store: Store) -> None:
    asyncio.run(open_demo(store, DemoContents(3, 600), NOW_MS))

    told, counted = _values(store)

    assert told == counted
    names = {name for _, _, name in told}
    assert {
        "associatedcompanyid",
        "num_associated_contacts",
        "num_associated_deals",
        "hs_num_of_associated_line_items",
        "hs_num_associated_companies",
    } <= names
    # Each record is written once: its first write has the values that follow.
    writes = asyncio.run(store.read(lambda tx: tx.writes_after(PORTAL_ID, 0, 1_000)))
    last_writes = [
        record.last_write
        for records in all_records(store, PORTAL_ID).values()
        for record in records
    ]
    assert sorted(each.number for each in writes) == sorted(last_writes)
    assert len(writes) == 600


@pytest.mark.parametrize(
    "type_ids",
    [{CONTACTS}, {COMPANIES, DEALS}, {each.object_type_id for each in KINDS} - {COMPANIES}],
    ids=["contacts alone", "companies and deals", "all but companies"],
)
def test_so_it_is_when_some_types_are_made_on_top(store: Store, type_ids: set[str]) -> None:
    asyncio.run(open_demo(store, DemoContents(3, 100), NOW_MS))
    counts = made_counts([each for each in KINDS if each.object_type_id in type_ids], 150)
    at = Occasion(Caller(PORTAL_ID, 1, None, frozenset()), NOW_MS, "a-correlation-id")

    asyncio.run(generate_records(store, at, 7, counts, lambda _: None))

    told, counted = _values(store)
    assert told == counted
