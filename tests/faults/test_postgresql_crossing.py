"""Work of two stores on one database of PostgreSQL that wants the same at the same time."""

import asyncio
from collections.abc import Iterator
from typing import Final

import pytest

from moyeu.storage.postgresql import PostgresqlStore
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.crossing import (
    cross,
    evaluate,
    opened_twice,
    race_for_a_value,
    unseen,
    write_and_evaluate,
    write_what_another_archived,
)
from tests.faults.inside import send
from tests.faults.ledger import Ledger
from tests.faults.portal import MARK, NOTES, SKU, seed
from tests.faults.seeds import rounds, run_seed
from tests.faults.some_batches import updates

RECORDS: Final = 60


@pytest.fixture
def stores(url: str) -> Iterator[list[PostgresqlStore]]:
    """Two stores on a seeded database."""
    seed(url, RECORDS)
    with opened_twice(url) as opened:
        yield opened


def test_crossing_batches_wait_for_one_another_and_none_is_undone(
    url: str, stores: list[PostgresqlStore]
) -> None:
    """The fixture of the database asserts that the server met no deadlock."""
    ledger = asyncio.run(cross(stores, read_database(url), run_seed()))

    assert {each.outcome for each in ledger.batches} == {"applied"}
    found = Checker(ledger).check(url)
    written = sum(len(each.inputs) for each in ledger.batches)
    marks = [each.changed[MARK] for each in found.writes if each.changed[MARK].startswith("w")]
    assert len(marks) == len({*marks}) == written


def test_no_write_is_missed_by_lists_that_are_evaluated_meanwhile(
    url: str, stores: list[PostgresqlStore]
) -> None:
    seed_of_run = run_seed()
    record_ids = sorted(read_database(url).skus())
    for number in range(rounds(4)):
        asyncio.run(write_and_evaluate(stores, record_ids, seed_of_run + number))

        asyncio.run(evaluate(stores[number % 2]))

        assert unseen(url) == set()


def test_what_was_answered_is_in_the_list_for_whoever_asks_next(
    stores: list[PostgresqlStore], url: str
) -> None:
    one, other = stores
    record_ids = sorted(read_database(url).skus())

    async def alternate() -> None:
        for number in range(rounds(10)):
            text = f"a{number}" if number % 3 else ""
            chosen = record_ids[number % 7 :: 7]
            await send(one, updates(f"a{number}", {each: {NOTES[0]: text} for each in chosen}))
            await evaluate(other)
            assert unseen(url) == set()

    asyncio.run(alternate())


def test_of_writers_that_want_the_same_unique_value_one_gets_it(
    stores: list[PostgresqlStore], url: str
) -> None:
    for number in range(rounds(5)):
        won = asyncio.run(race_for_a_value(stores, f"prize-{number}"))

        assert len(won) == 1
        found = Checker(Ledger()).check(url)
        assert found.everything[won[0]].properties[SKU] == f"prize-{number}"


def test_a_store_takes_nothing_for_a_property_that_another_one_archived(
    stores: list[PostgresqlStore], url: str
) -> None:
    record_id = min(read_database(url).skus())

    assert not asyncio.run(write_what_another_archived(stores, record_id))
