"""What other processes remember of a portal whose contents come and go as a whole."""

from collections.abc import Iterator

import pytest

from moyeu.crm.search.conditions import OneOf
from tests.storage.postgresql_search import RED, TITLE, Indexed, ids, indexed_database, search
from tests.storage.scene import (
    PORTAL,
    SERVICES,
    Database,
    insert,
    new_record_ids,
    portal,
    record,
    write_values,
)


@pytest.fixture
def indexed() -> Iterator[Indexed]:
    """An empty database."""
    with indexed_database() as made:
        yield made


def totals(database: Database) -> tuple[int, int]:
    """How many records are called red and deep blue."""
    blue = OneOf(TITLE, frozenset({"deep blue"}))
    return search(database, RED).total, search(database, blue).total


def test_columns_and_totals_of_another_process_are_not_those_of_before(indexed: Indexed) -> None:
    first, second = indexed.filled(), indexed.open()
    assert totals(second) == totals(first) == (40, 20)
    first.write(lambda each: each.copy_contents(PORTAL, -3))
    write_values(first, 1, {"title": "red"})
    assert totals(second) == (41, 19)

    first.write(lambda each: each.clear_portal(PORTAL))
    assert totals(second) == (0, 0)
    first.write(lambda each: each.copy_contents(-3, PORTAL))

    assert totals(second) == totals(first) == (40, 20)
    write_values(second, 1, {"title": "red"})
    assert totals(first) == (41, 19)


def test_columns_of_an_id_that_comes_back_are_new_ones(indexed: Indexed) -> None:
    first, second = indexed.filled(), indexed.open()
    assert totals(second) == (40, 20)
    before = indexed.columns()
    first.write(lambda each: each.remove_portal(PORTAL))
    assert indexed.columns() == {}

    first.write(lambda each: each.add_portal(portal()))
    insert(second, record(1, {"title": "red"}), record(2, {"title": "deep blue"}))

    assert totals(second) == totals(first) == (1, 1)
    assert ids(search(second, RED)) == [1]
    assert not set(indexed.columns().values()) & set(before.values())


def test_ids_that_another_process_has_at_hand_are_given_up(indexed: Indexed) -> None:
    first, second = indexed.filled(), indexed.open()
    start = first.read(lambda each: each.counters(PORTAL))
    assert new_record_ids(second, 3)[0] == start.next_record_id
    assert new_record_ids(first, 3)[0] > start.next_record_id

    first.write(lambda each: each.set_counters(PORTAL, start))

    assert new_record_ids(second, 3)[0] == start.next_record_id
    numbers = first.read(lambda each: each.writes_after(PORTAL, 0, 1_000))
    insert(second, record(1_001, {"title": "red"}))
    insert(first, record(1_002, {"title": "red"}))
    later = first.read(lambda each: each.writes_after(PORTAL, numbers[-1].number, 10))
    assert {each.record_id for each in later} == {1_001, 1_002}
    assert len(first.read(lambda each: each.records(PORTAL, SERVICES, [1_001, 1_002]))) == 2
