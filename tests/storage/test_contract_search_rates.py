"""The promises of `storage/contract` about how often a portal may search, for every engine."""

import asyncio
import random
from collections import Counter

import pytest

from tests.storage.conftest import OpenDatabase
from tests.storage.scene import NOW_MS, OTHER_PORTAL, PORTAL, Database

HOUR_MS = 3_600_000


def admits(database: Database, portal_id: int, now_ms: int, per_second: int) -> bool:
    return database.run(database.store.admit_search(portal_id, now_ms, per_second))


@pytest.mark.parametrize("per_second", [1, 2, 4])
def test_no_second_has_more_searches_than_the_limit_and_none_is_refused_below_it(
    database: Database, per_second: int
) -> None:
    chance = random.Random(per_second)
    admitted: list[int] = []
    outcomes: Counter[bool] = Counter()
    now_ms = NOW_MS
    for _ in range(150):
        now_ms += chance.choice((0, 1, 50, 250, 499, 500, 700, 999, 1_000))
        recent = [each for each in admitted if now_ms - each < 1_000]

        is_admitted = admits(database, PORTAL, now_ms, per_second)

        assert is_admitted == (len(recent) < per_second), (now_ms, recent)
        outcomes[is_admitted] += 1
        if is_admitted:
            admitted.append(now_ms)
    assert min(outcomes[True], outcomes[False]) > 10


def test_portals_do_not_count_together(database: Database) -> None:
    assert admits(database, PORTAL, NOW_MS, 1)
    assert not admits(database, PORTAL, NOW_MS, 1)
    assert admits(database, OTHER_PORTAL, NOW_MS, 1)


def test_a_clock_that_is_set_back_locks_nobody_out(database: Database) -> None:
    assert admits(database, PORTAL, NOW_MS, 1)

    assert admits(database, PORTAL, NOW_MS - HOUR_MS, 1)
    assert not admits(database, PORTAL, NOW_MS - HOUR_MS, 1)


def test_another_limit_holds_at_once(database: Database) -> None:
    assert [admits(database, PORTAL, NOW_MS, 3) for _ in range(4)] == [True] * 3 + [False]

    assert not admits(database, PORTAL, NOW_MS, 2)
    assert [admits(database, PORTAL, NOW_MS, 5) for _ in range(3)] == [True] * 2 + [False]


def test_searches_at_the_same_moment_are_counted_one_by_one(database: Database) -> None:
    async def admit_many() -> list[bool]:
        return await asyncio.gather(
            *(database.store.admit_search(PORTAL, NOW_MS, 5) for _ in range(20))
        )

    assert sum(database.run(admit_many())) == 5


def test_what_others_admitted_counts_where_the_database_is_shared(
    database: Database, open_database: OpenDatabase
) -> None:
    if not database.store.is_shared:
        pytest.skip("one process has the database")
    other = open_database()

    outcomes = [admits(each, PORTAL, NOW_MS, 3) for each in (database, other, database, other)]

    assert outcomes == [True, True, True, False]
