"""The promises of `storage/contract` about jobs, for every engine."""

from dataclasses import replace

from moyeu.storage.contract import Job
from tests.storage.scene import NOW_MS, OTHER_PORTAL, PORTAL, Database

FIRST = Job(PORTAL, "fill/0-1/a", '{"from":1}', NOW_MS)
LATER = Job(PORTAL, "fill/0-2/b", '{"from":7}', NOW_MS + 5)
OTHERS = Job(OTHER_PORTAL, "fill/0-1/a", "{}", NOW_MS + 1)


def put(database: Database, *jobs: Job) -> None:
    """Keeps jobs."""
    for each in jobs:
        database.write(lambda transaction, each=each: transaction.put_job(each))  # type: ignore[misc]  # the default binds this round's job


def test_a_job_is_kept_as_it_was_put_last(database: Database) -> None:
    put(database, FIRST, replace(FIRST, state="{}", due_at_ms=NOW_MS + 9))

    found = database.read(lambda each: each.job(PORTAL, FIRST.id))

    assert found == replace(FIRST, state="{}", due_at_ms=NOW_MS + 9)
    assert database.read(lambda each: each.job(OTHER_PORTAL, FIRST.id)) is None
    assert database.read(lambda each: each.job(PORTAL, LATER.id)) is None


def test_due_jobs_of_all_portals_come_longest_due_first(database: Database) -> None:
    put(database, LATER, OTHERS, FIRST)

    def due(now_ms: int, count_max: int = 9) -> list[Job]:
        return database.read(lambda each: each.due_jobs(now_ms, count_max))

    assert due(NOW_MS - 1) == []
    assert due(NOW_MS) == [FIRST]
    assert due(NOW_MS + 5) == [FIRST, OTHERS, LATER]
    assert due(NOW_MS + 5, 2) == [FIRST, OTHERS]


def test_a_job_that_is_removed_is_gone_and_others_stay(database: Database) -> None:
    put(database, FIRST, LATER, OTHERS)

    database.write(lambda each: each.remove_job(PORTAL, FIRST.id))
    database.write(lambda each: each.remove_job(PORTAL, "none"))

    assert database.read(lambda each: each.due_jobs(NOW_MS + 9, 9)) == [OTHERS, LATER]
