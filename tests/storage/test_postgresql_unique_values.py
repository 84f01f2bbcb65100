"""Who has a unique value does not change under work that shares the turn with others."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from moyeu.crm.records import UniqueMove
from moyeu.storage.contract import WriteTransaction
from tests.storage.engines import Engine
from tests.storage.scene import (
    PORTAL,
    SERVICES,
    SERVICES_MODIFIED,
    WAIT_MAX_S,
    Database,
    insert,
    occasion,
    record,
    take_codes,
)

KEY = ("code", "A")


@pytest.fixture(autouse=True)
def _only_here(engine: Engine) -> None:
    """Elsewhere nobody else writes while work runs."""
    if engine.name != "postgresql":
        pytest.skip("writes of one portal run one after the other")


def meeting(
    database: Database,
    first: Callable[[WriteTransaction], Any],
    meanwhile: Callable[[WriteTransaction], None],
    then: Callable[[WriteTransaction], Any],
) -> tuple[list[Any], list[Any]]:
    """What each run of a piece of work was told first and then, with a commit in between."""
    seen: list[Any] = []
    told: list[Any] = []
    looked, committed = threading.Event(), threading.Event()

    def work(transaction: WriteTransaction) -> None:
        seen.append(first(transaction))
        looked.set()
        assert committed.wait(WAIT_MAX_S)
        told.append(then(transaction))

    async def scenario() -> None:
        working = asyncio.create_task(database.store.write(work))
        assert await asyncio.to_thread(looked.wait, WAIT_MAX_S)
        await database.store.write(meanwhile)
        committed.set()
        await working

    database.run(scenario())
    return seen, told


def taking(transaction: WriteTransaction) -> None:
    """A new record takes the value."""
    transaction.insert_records(occasion(), SERVICES, [record(1, {"code": "A"})], SERVICES_MODIFIED)
    transaction.move_unique_values(PORTAL, SERVICES, [UniqueMove("code", 1, None, "A")])


def leaving(transaction: WriteTransaction) -> None:
    """The record leaves the value."""
    transaction.move_unique_values(PORTAL, SERVICES, [UniqueMove("code", 1, "A", None)])


def owners(transaction: WriteTransaction) -> set[tuple[str, str]]:
    """The value, if somebody has it."""
    return {*transaction.value_owners(PORTAL, SERVICES, [KEY])}


def found(transaction: WriteTransaction) -> set[tuple[str, str]]:
    """The value, if it finds a record."""
    return {*transaction.records_by_value(PORTAL, SERVICES, [KEY])}


@pytest.mark.parametrize("first", [owners, found])
@pytest.mark.parametrize("then", [owners, found])
def test_work_that_found_a_value_free_and_then_taken_runs_again(
    database: Database,
    first: Callable[[WriteTransaction], Any],
    then: Callable[[WriteTransaction], Any],
) -> None:
    seen, told = meeting(database, first, taking, then)

    assert seen == [set(), {KEY}]
    assert told == [{KEY}]


@pytest.mark.parametrize(
    "then", [owners, lambda transaction: {*transaction.records(PORTAL, SERVICES, [1])}]
)
def test_work_that_found_a_value_taken_and_then_free_runs_again(
    database: Database, then: Callable[[WriteTransaction], Any]
) -> None:
    insert(database, record(1, {"code": "A"}))
    take_codes(database, {"A": 1})

    seen, told = meeting(database, owners, leaving, then)

    assert seen == [{KEY}, set()]
    assert len(told) == 1


def test_work_may_leave_a_value_that_it_was_told_of(database: Database) -> None:
    insert(database, record(1, {"code": "A"}))
    take_codes(database, {"A": 1})

    def work(transaction: WriteTransaction) -> tuple[Any, Any]:
        before = owners(transaction)
        leaving(transaction)
        return before, owners(transaction)

    assert database.write(work) == ({KEY}, set())
