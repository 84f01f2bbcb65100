"""How SQLite's writer commits: what waits together goes into one commit."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from moyeu.storage.contract import WriteTransaction
from moyeu.storage.sqlite import SqliteStore
from tests.storage.scene import (
    PORTAL,
    SERVICES,
    Database,
    DeliberateError,
    HeldTurn,
    furnish,
    text_property,
)

GROUP_MAX = 4


class Counted:
    """Work that takes a record id and counts how often it ran."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.runs = 0

    def __call__(self, transaction: WriteTransaction) -> int:
        self.runs += 1
        taken = transaction.new_record_ids(PORTAL, 1)[0]
        if self.fails:
            raise DeliberateError
        return taken


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A SQLite database that commits four works at once at most."""
    made = Database(SqliteStore(str(tmp_path / "moyeu.db"), group_batches_max=GROUP_MAX))
    furnish(made)
    yield made
    made.close()


async def commits_of(
    database: Database, works: list[Counted]
) -> tuple[list[int | BaseException], list[str]]:
    """The outcomes of works that wait together, and the ends of the transactions they cost."""
    assert isinstance(database.store, SqliteStore)
    ends: list[str] = []

    def trace(_cursor: object, statement: str, _bindings: object) -> bool:
        if statement in ("COMMIT", "ROLLBACK"):
            ends.append(statement)
        return True

    turn = HeldTurn()
    holding = await turn.take(database.store)
    waiting = [asyncio.create_task(database.store.write(work)) for work in works]
    await asyncio.sleep(0)
    connection = database.store._connection
    connection.exec_trace = trace
    turn.may_end.set()
    await holding
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    connection.exec_trace = None
    # The first commit is that of the work that kept the turn.
    return outcomes, ends[1:]


@pytest.mark.parametrize(("count", "commits"), [(1, 1), (4, 1), (5, 2), (9, 3)])
def test_what_waits_together_is_committed_together_up_to_a_number(
    database: Database, count: int, commits: int
) -> None:
    works = [Counted() for _ in range(count)]

    outcomes, ends = database.run(commits_of(database, works))

    assert len(set(outcomes)) == count
    assert ends == ["COMMIT"] * commits
    assert [each.runs for each in works] == [1] * count


def test_a_group_with_a_failure_is_undone_and_run_again_one_by_one(database: Database) -> None:
    works = [Counted(), Counted(fails=True), Counted()]

    outcomes, ends = database.run(commits_of(database, works))

    first, failed, last = outcomes
    assert isinstance(failed, DeliberateError)
    assert isinstance(first, int)
    assert last == first + 1
    assert ends == ["ROLLBACK", "COMMIT", "ROLLBACK", "COMMIT"]
    assert [each.runs for each in works] == [2, 2, 1]


def test_works_run_in_the_order_of_their_coming(database: Database) -> None:
    works: list[Callable[[WriteTransaction], int]] = [Counted() for _ in range(9)]

    async def scenario() -> list[int]:
        return await asyncio.gather(*(database.store.write(work) for work in works))

    taken = database.run(scenario())

    assert taken == sorted(taken)


def test_a_work_sees_what_its_forerunner_in_the_same_commit_did(database: Database) -> None:
    def define(transaction: WriteTransaction) -> bool:
        transaction.put_property(PORTAL, SERVICES, text_property("note"))
        return False

    def look(transaction: WriteTransaction) -> bool:
        return "note" in transaction.definitions(PORTAL, SERVICES).properties

    async def scenario() -> list[bool]:
        turn = HeldTurn()
        holding = await turn.take(database.store)
        waiting = [asyncio.create_task(database.store.write(work)) for work in (define, look)]
        await asyncio.sleep(0)
        turn.may_end.set()
        await holding
        return await asyncio.gather(*waiting)

    database.read(lambda each: each.definitions(PORTAL, SERVICES))

    assert database.run(scenario()) == [False, True]
