"""A page of associations costs what it answers, however many associations its record has.

Costs are steps of SQLite's virtual machine, which its progress handler counts.
"""

from collections.abc import Callable, Iterator
from typing import Final

import apsw
import pytest

from moyeu.storage.sql.definitions import Snapshots
from moyeu.storage.sqlite.migrate import migrate
from moyeu.storage.sqlite.transaction import SqliteReadTransaction
from tests.storage.scene import CONTACTS, PORTAL, SERVICES

FEW: Final = 1
MANY: Final = 2
COUNTS: Final = {FEW: 1_000, MANY: 100_000}
"""How many contacts each of two partner services has."""

STEPS_AT_A_TIME: Final = 10


class Reads(SqliteReadTransaction):
    """The reads on a bare connection."""

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(connection, Snapshots(), lambda _: None)

    def steps(self, work: Callable[["Reads"], object]) -> int:
        """About how many steps the work takes."""
        count = 0

        def progress() -> bool:
            nonlocal count
            count += STEPS_AT_A_TIME
            return False

        self._connection.set_progress_handler(progress, STEPS_AT_A_TIME)
        work(self)
        self._connection.set_progress_handler(None)
        return count


@pytest.fixture(scope="module")
def reads() -> Iterator[Reads]:
    """Two partner services with their contacts, two types each."""
    connection = apsw.Connection(":memory:")
    migrate(connection)
    with connection:
        ids = [(SERVICES, each) for each in COUNTS]
        ids += [(CONTACTS, each) for each in range(10, 10 + max(COUNTS.values()))]
        connection.executemany(
            "INSERT INTO record (portal_id, object_type_id, record_id, properties, created_at_ms,"
            " updated_at_ms, archived_at_ms, last_write) VALUES (?, ?, ?, '{}', 0, 0, NULL, 0)",
            ((PORTAL, *each) for each in ids),
        )
        connection.executemany(
            "INSERT INTO association (portal_id, from_record_id, to_object_type_id, to_record_id,"
            " category, type_id, from_object_type_id) VALUES (?, ?, ?, ?, 'HUBSPOT_DEFINED', ?, ?)",
            (
                (PORTAL, from_id, CONTACTS, 10 + number, type_id, SERVICES)
                for from_id, count in COUNTS.items()
                for number in range(count)
                for type_id in (7, 9)
            ),
        )
    yield Reads(connection)
    connection.close()


@pytest.mark.parametrize("first_id", [0, 500])
def test_a_page_costs_the_same_whatever_follows(reads: Reads, first_id: int) -> None:
    def page(from_id: int) -> Callable[[Reads], object]:
        return lambda each: each.linked(PORTAL, SERVICES, CONTACTS, [(from_id, first_id)], 501)

    few, many = reads.steps(page(FEW)), reads.steps(page(MANY))

    assert few > 500
    assert many < 1.1 * few


def test_the_last_page_costs_what_it_answers(reads: Reads) -> None:
    last = 10 + COUNTS[MANY] - 5

    def page(each: Reads) -> object:
        return each.linked(PORTAL, SERVICES, CONTACTS, [(MANY, last)], 501)

    first_page = reads.steps(lambda each: each.linked(PORTAL, SERVICES, CONTACTS, [(MANY, 0)], 501))
    assert reads.steps(page) < first_page / 20


def test_a_pair_costs_the_same_however_many_others_there_are(reads: Reads) -> None:
    def pair(from_id: int) -> Callable[[Reads], object]:
        return lambda each: [
            each.pair_associations(PORTAL, SERVICES, CONTACTS, [(from_id, 10 + number)])
            for number in range(0, 1_000, 20)
        ]

    few, many = reads.steps(pair(FEW)), reads.steps(pair(MANY))

    assert few > 0
    assert many < 1.1 * few


def test_a_count_walks_all_of_the_record(reads: Reads) -> None:
    """So the measure of the others can tell: what walks is seen to."""
    key = ("HUBSPOT_DEFINED", 7)

    def count(from_id: int) -> Callable[[Reads], object]:
        return lambda each: each.count_by_type(PORTAL, SERVICES, CONTACTS, [key], [from_id])

    assert reads.steps(count(MANY)) > 50 * reads.steps(count(FEW))
