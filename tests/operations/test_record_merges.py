"""Merging and erasing as operations on storage."""

import asyncio
from collections.abc import Mapping

import pytest

from moyeu.crm.associations import Association
from moyeu.crm.problems import (
    MergeWithItself,
    NonNumericId,
    NotAUniqueProperty,
    NotMergeable,
    Problem,
    RecordsLocked,
)
from moyeu.crm.records import StoredRecord, WrittenRecord
from moyeu.operations.merges import erase_record, merge_records
from moyeu.operations.record_reads import ReadRecord, read_record
from tests.crm.scene import given
from tests.operations.scene import archive, created, everything, history, update_in, updated
from tests.storage.scene import (
    NOW_MS,
    PORTAL,
    SERVICES,
    Database,
    HeldTurn,
    occasion,
)

OTHER_TYPE = "0-1"


def merge(database: Database, primary: int | str, other: int | str) -> WrittenRecord | Problem:
    """Merges two partner services."""
    return database.run(
        merge_records(
            database.store, occasion(now_ms=NOW_MS + 1), SERVICES, str(primary), str(other)
        )
    )


def merged(database: Database, primary: int, other: int) -> int:
    """The id of what two records become."""
    made = merge(database, primary, other)
    assert isinstance(made, WrittenRecord), made
    return made.record.record_id


def erase(database: Database, text: int | str, id_property: str | None = None) -> Problem | None:
    """Erases a partner service."""
    return database.run(erase_record(database.store, occasion(), SERVICES, str(text), id_property))


def read(
    database: Database, text: int | str, id_property: str | None = None
) -> StoredRecord | None:
    """An active record as a read finds it."""
    found = database.run(
        read_record(
            database.store,
            PORTAL,
            SERVICES,
            str(text),
            id_property,
            archived=False,
            with_history=False,
        )
    )
    return found.record if isinstance(found, ReadRecord) else None


def two(database: Database, *more: Mapping[str, str]) -> list[int]:
    """Records with unique values."""
    return created(
        database, {"code": "A", "note": "x"}, {"code": "B", "badge": "7", "size": "5"}, *more
    )


def test_both_records_go_and_a_new_one_has_their_values(database: Database) -> None:
    primary, other = two(database)

    record_id = merged(database, primary, other)

    (record,) = everything(database).values()
    assert record.record_id == record_id
    assert record_id not in (primary, other)
    assert {name: record.properties[name] for name in ("code", "badge", "note", "size")} == {
        "code": "A",
        "badge": "7",
        "note": "x",
        "size": "5",
    }
    assert record.properties["hs_merged_object_ids"] == f"{primary};{other}"


def test_old_ids_and_values_lead_to_the_last_survivor(database: Database) -> None:
    first, second, third = two(database, {"code": "C"})

    survivor = merged(database, third, merged(database, first, second))

    for text in (first, second, third, survivor):
        found = read(database, text)
        assert found is not None
        assert found.record_id == survivor
    by_value = [read(database, text, "code") for text in ("A", "B", "C")]
    assert [each and each.record_id for each in by_value] == [None, None, survivor]


def test_the_history_begins_with_the_merged_values(database: Database) -> None:
    record_id = merged(database, *two(database))

    updated(database, [given(record_id, {"note": "y"})], NOW_MS + 2)

    (record,) = everything(database).values()
    last, first = history(database, [record])[record_id]
    assert last.changed == {"note": "y"}
    assert first.changed["size"] == "5"
    assert (first.previous, first.written_at_ms) == (0, NOW_MS + 1)


def test_associations_go_to_the_new_record(database: Database) -> None:
    primary, other = two(database)
    pairs = [(primary, 1), (other, 1), (other, 2), (primary, other)]
    both = [
        each
        for one, another in pairs
        for each in (
            association(one, another),
            association(another, one),
        )
    ]
    database.write(lambda each: each.put_associations(PORTAL, both))

    record_id = merged(database, primary, other)

    found = database.read(lambda each: each.associations(PORTAL, SERVICES, [record_id]))
    found |= database.read(lambda each: each.associations(PORTAL, OTHER_TYPE, [1, 2]))
    assert found[record_id] == [association(record_id, 1), association(record_id, 2)]
    assert found[1] == [association(1, record_id)]
    assert found[2] == [association(2, record_id)]


def association(from_id: int, to_id: int) -> Association:
    """One direction; the records 1 and 2 are of another type."""

    def kind(record_id: int) -> str:
        return OTHER_TYPE if record_id < 10 else SERVICES

    return Association(kind(from_id), from_id, kind(to_id), to_id, "HUBSPOT_DEFINED", 1)


def test_a_merge_of_what_is_not_there_changes_nothing(database: Database) -> None:
    primary, other = two(database)
    gone = created(database, {"note": "gone"})
    archive(database, gone)
    before = everything(database)

    assert merge(database, primary, primary) == MergeWithItself()
    assert merge(database, primary, 5) == NotMergeable("objectIdToMerge", "5")
    assert merge(database, 5, other) == NotMergeable("primaryObjectId", "5")
    assert merge(database, primary, gone[0]) == NotMergeable("objectIdToMerge", str(gone[0]))
    assert merge(database, "x", other) == NotMergeable("primaryObjectId", "x")
    assert everything(database) == before


def test_a_record_that_was_merged_away_is_not_merged_again(database: Database) -> None:
    first, second, third = two(database, {"code": "C"})
    merged(database, first, second)

    assert merge(database, third, second) == NotMergeable("objectIdToMerge", str(second))


def test_of_two_merges_of_one_record_one_is_carried_out(database: Database) -> None:
    first, second, third = two(database, {"code": "C"})

    async def both() -> tuple[WrittenRecord | Problem, WrittenRecord | Problem]:
        at = occasion(now_ms=NOW_MS + 1)
        return await asyncio.gather(
            merge_records(database.store, at, SERVICES, str(first), str(second)),
            merge_records(database.store, at, SERVICES, str(third), str(second)),
        )

    made = database.run(both())

    assert sorted(isinstance(each, Problem) for each in made) == [False, True]
    assert len(everything(database)) == 2


def test_an_update_beside_a_merge_is_passed_over_or_merged(database: Database) -> None:
    primary, other = two(database)

    async def both() -> None:
        await asyncio.gather(
            update_in(database, [given(primary, {"note": "y"})], NOW_MS + 1),
            merge_records(
                database.store, occasion(now_ms=NOW_MS + 1), SERVICES, str(primary), str(other)
            ),
        )

    database.run(both())

    (record,) = everything(database).values()
    assert record.properties["note"] in ("x", "y")


@pytest.mark.parametrize("by_value", [False, True])
def test_an_erased_record_leaves_nothing(database: Database, by_value: bool) -> None:
    first, second = two(database)
    kept = everything(database)[second]

    assert (erase(database, "A", "code") if by_value else erase(database, first)) is None

    assert everything(database) == {second: kept}
    assert read(database, first) is None
    writes = database.read(lambda each: each.writes_after(PORTAL, 0, 100))
    assert {each.record_id for each in writes} == {second}
    assert created(database, {"code": "A"})


def test_an_archived_record_is_erased_too(database: Database) -> None:
    (first,) = created(database, {"note": "x"})
    archive(database, [first])

    assert erase(database, first) is None
    assert everything(database) == {}


@pytest.mark.parametrize("name", [0, 1])
def test_the_id_of_a_merged_record_erases_the_survivor(database: Database, name: int) -> None:
    ids = two(database)
    merged(database, *ids)

    assert erase(database, ids[name]) is None
    assert everything(database) == {}
    assert read(database, ids[1 - name]) is None


def test_nothing_to_erase_is_no_problem(database: Database) -> None:
    two(database)
    before = everything(database)

    assert erase(database, 5) is None
    assert erase(database, "Z", "code") is None
    assert everything(database) == before


def test_what_names_no_record_erases_nothing(database: Database) -> None:
    two(database)
    before = everything(database)

    assert erase(database, "A") == NonNumericId("A")
    assert erase(database, "x", "note") == NotAUniqueProperty(SERVICES, "note")
    assert everything(database) == before


def test_a_merge_and_an_erasure_wait_for_their_turn(open_database: object) -> None:
    database: Database = open_database(write_wait_max_s=0.05)  # type: ignore[operator]
    primary, other = two(database)

    async def meanwhile() -> list[object]:
        turn = HeldTurn()
        held = await turn.take(database.store)
        try:
            return [
                await merge_records(database.store, occasion(), SERVICES, str(primary), str(other)),
                await erase_record(database.store, occasion(), SERVICES, str(primary), None),
            ]
        finally:
            turn.may_end.set()
            await held

    assert database.run(meanwhile()) == [RecordsLocked(), RecordsLocked()]
    assert set(everything(database)) == {primary, other}
