"""Making archived records active again."""

import pytest

from moyeu.crm.problems import Problem, RecordsLocked
from moyeu.crm.restoring import ValueTakenMeanwhile
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations.records import RestoredRecords, restore_records
from tests.crm.scene import given
from tests.operations.association_scene import COMPANIES, add_records, linked, of, pair
from tests.operations.association_scene import archive as archive_of_type
from tests.operations.conftest import OpenDatabase
from tests.operations.scene import archive, created, history, one, updated
from tests.storage.scene import CONTACTS, NOW_MS, SERVICES, Database, HeldTurn, occasion
from tests.storage.scene import code_owners as owners


def restore(
    database: Database, *ids: int | str, type_id: str = SERVICES
) -> RestoredRecords | Problem:
    at = occasion(now_ms=NOW_MS + 9)
    return database.run(restore_records(database.store, at, type_id, list(map(str, ids))))


def test_archived_records_are_active_again_as_they_were(database: Database) -> None:
    first, second = created(database, {"code": "A", "note": "x"}, {"code": "B"})
    before = one(database, first)
    archive(database, [first, second])
    assert owners(database, "A", "B") == {}

    outcome = restore(database, second, first, second)

    assert outcome == RestoredRecords((second, first), (), ())
    assert one(database, first) == before
    assert owners(database, "A", "B") == {"A": first, "B": second}
    assert len(history(database, [before])[first]) == 1


def test_a_restored_record_can_be_written(database: Database) -> None:
    (record_id,) = created(database, {"code": "A"})
    archive(database, [record_id])
    restore(database, record_id)

    updated(database, [given(record_id, {"code": "C"})], NOW_MS + 10)

    assert owners(database, "A", "C") == {"C": record_id}


def test_a_record_whose_value_was_taken_stays_archived(database: Database) -> None:
    first, second = created(database, {"code": "A"}, {"code": "B"})
    archive(database, [first, second])
    (taker,) = created(database, {"code": "A"})

    outcome = restore(database, first, second)

    assert outcome == RestoredRecords(
        (second,), (ValueTakenMeanwhile(first, "code", "A", taker),), ()
    )
    assert one(database, first).archived_at_ms is not None
    assert owners(database, "A", "B") == {"A": taker, "B": second}


def test_of_two_archived_records_with_one_value_the_first_gets_it(database: Database) -> None:
    (first,) = created(database, {"code": "A"})
    archive(database, [first])
    (second,) = created(database, {"code": "A"})
    archive(database, [second])

    outcome = restore(database, second, first)

    assert outcome == RestoredRecords(
        (second,), (ValueTakenMeanwhile(first, "code", "A", second),), ()
    )


def test_ids_of_no_archived_record_are_told(database: Database) -> None:
    active, archived = created(database, {"code": "A"}, {"code": "B"})
    archive(database, [archived])

    outcome = restore(database, "x", active, archived, 99, "x", f"0{archived}")

    missing = ("x", str(active), "99", f"0{archived}")
    assert outcome == RestoredRecords((archived,), (), missing)


def test_associations_are_seen_again(database: Database) -> None:
    add_records(database, CONTACTS, 1)
    add_records(database, COMPANIES, 11, 12)
    linked(database, CONTACTS, COMPANIES, pair(1, 11, 931), pair(1, 12))
    before = of(database, 1)
    archive_of_type(database, CONTACTS, 1)
    archive_of_type(database, COMPANIES, 11)
    assert of(database, 1) == []

    restore(database, 1, type_id=CONTACTS)
    assert of(database, 1) == before[1:]

    restore(database, 11, type_id=COMPANIES)
    assert of(database, 1) == before


def test_a_custom_type_that_is_not_there_is_unknown(database: Database) -> None:
    assert restore(database, 1, type_id="2-5") == UnknownObjectType("2-5")


def test_a_turn_that_does_not_come_is_told(open_database: OpenDatabase) -> None:
    database = open_database(write_wait_max_s=0.01)

    async def both() -> object:
        held = HeldTurn()
        task = await held.take(database.store)
        try:
            return await restore_records(database.store, occasion(), SERVICES, ["1"])
        finally:
            held.may_end.set()
            await task

    assert database.run(both()) == RecordsLocked()


@pytest.mark.parametrize("count", [1, 50])
def test_many_are_restored_at_once(database: Database, count: int) -> None:
    ids = created(database, *({"code": f"A{each}"} for each in range(count)))
    archive(database, ids)

    assert restore(database, *ids) == RestoredRecords(tuple(ids), (), ())
