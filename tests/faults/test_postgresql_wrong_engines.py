"""Engines that are wrong in one respect: what finds nothing in the right one finds each of them."""

import asyncio
from collections.abc import Iterator
from typing import Final

import pytest

from moyeu.storage.postgresql import PostgresqlStore, connections, hot_queries, open_store
from moyeu.storage.postgresql.blocks import Blocks
from moyeu.storage.postgresql.transaction import PostgresqlWriteTransaction
from moyeu.storage.postgresql.turns import Known
from tests.faults.checker import Checker
from tests.faults.contents import read_database
from tests.faults.control import Control
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
from tests.faults.portal import seed
from tests.faults.some_batches import creates
from tests.faults.wire_proxy import Fate, Message, Proxy, Strike
from tests.postgres import databases

RECORDS: Final = 60
SEED: Final = 11


@pytest.fixture
def seeded() -> Iterator[str]:
    """The address of a portal; deadlocks are found soon there, and nobody minds them."""
    url = databases().take()
    seed(url, RECORDS)
    with Control(url) as control:
        ((name,),) = control.ask("SELECT current_database()")
        control.ask(f"ALTER DATABASE {name} SET deadlock_timeout = '20ms'")
        yield url
        control.ask(f"ALTER DATABASE {name} RESET deadlock_timeout")
    databases().give_back(url)


@pytest.fixture
def stores(seeded: str) -> Iterator[list[PostgresqlStore]]:
    with opened_twice(seeded) as opened:
        yield opened


def test_it_is_found_that_work_runs_again_after_commit_was_sent(
    seeded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_answer_of_commit(message: Message) -> bool:
        is_write = "READ COMMITTED" in message.begun
        return is_write and not message.from_client and message.begins("COMMIT")

    monkeypatch.setattr(connections, "is_clean_refusal", lambda error: True)
    ledger = Ledger()
    batch = creates("again", 3)
    ledger.intend(batch)
    with Proxy(seeded) as proxy:
        store = open_store(proxy.url)
        proxy.rule = Strike(is_answer_of_commit, Fate.CUT_BEFORE)
        ledger.acknowledge(batch, asyncio.run(send(store, batch)))
        store.close()

    assert "was applied twice" in _complaints(seeded, ledger)


def test_it_is_found_that_records_are_locked_in_no_order(
    seeded: str, stores: list[PostgresqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    disorder = "ORDER BY md5(r.record_id::text || pg_backend_pid())"
    statement = hot_queries.LOCK_RECORDS.replace("ORDER BY r.record_id", disorder)
    monkeypatch.setattr(hot_queries, "LOCK_RECORDS", statement)

    with Control(seeded) as control:
        before = control.deadlocks()
        asyncio.run(cross(stores, read_database(seeded), SEED))
        for store in stores:
            store.close()
        for pid in control.stores():
            control.await_end(pid)

        assert control.deadlocks() > before


def test_it_is_found_that_records_are_not_locked(
    seeded: str, stores: list[PostgresqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = hot_queries.LOCK_RECORDS.replace("FOR UPDATE", "")
    monkeypatch.setattr(hot_queries, "LOCK_RECORDS", statement)

    ledger = asyncio.run(cross(stores, read_database(seeded), SEED))

    assert " follows " in _complaints(seeded, ledger)


def test_it_is_found_that_unique_values_are_taken_by_all_who_want_them(
    seeded: str, stores: list[PostgresqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresqlWriteTransaction, "settle", _settle_nothing)

    won = [asyncio.run(race_for_a_value(stores, f"prize-{number}")) for number in range(5)]

    assert max(map(len, won)) > 1
    assert "is held by" in _complaints(seeded, Ledger())


def test_it_is_found_that_definitions_are_used_which_are_not_the_portals_any_more(
    seeded: str, stores: list[PostgresqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Known, "find", lambda known, portal_id, version: None)
    record_id = min(read_database(seeded).skus())

    assert asyncio.run(write_what_another_archived(stores, record_id))


def test_it_is_found_that_numbers_are_used_which_were_taken_before_the_fence(
    seeded: str, stores: list[PostgresqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Blocks, "_take", _take_of_any_epoch)
    record_ids = sorted(read_database(seeded).skus())

    asyncio.run(write_and_evaluate(stores, record_ids, SEED))
    asyncio.run(evaluate(stores[0]))

    assert unseen(seeded)


def _settle_nothing(_transaction: PostgresqlWriteTransaction) -> None:
    """Sends COMMIT without a look at what was taken."""


def _take_of_any_epoch(
    blocks: Blocks, statement: str, size: int, portal_id: int, count: int, _epoch: int, above: int
) -> range:
    with blocks._lock:
        _, left = blocks._blocks.get((statement, portal_id), (0, range(0)))
        if len(left) < count or left.start <= above:
            after, _ = blocks._ask(statement, portal_id, max(count, size))
            left = range(after - max(count, size), after)
        blocks._blocks[statement, portal_id] = (0, left[count:])
        return left[:count]


def _complaints(url: str, ledger: Ledger) -> str:
    """All that the checker says."""
    try:
        Checker(ledger, complaints_max=10_000).check(url)
    except AssertionError as error:
        return str(error)
    return ""
