"""Writes of records on a real store: what is true afterwards."""

from typing import Final

import pytest

from moyeu.crm.problems import (
    DuplicateIds,
    InvalidValues,
    MissingRecords,
    NoPropertiesGiven,
    Problem,
    RecordNotFound,
    TooManyInputs,
    UniqueValueTaken,
    UnknownUniqueValues,
)
from moyeu.crm.records import RecordInput, WritePlan, WrittenRecord
from moyeu.crm.values.moment import render_ms
from moyeu.operations.records import update_record
from tests.crm.scene import MODIFIED, given
from tests.operations.scene import (
    all_writes,
    archive,
    create_in,
    created,
    everything,
    history,
    one,
    update,
    updated,
)
from tests.storage.scene import (
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    occasion,
)

# --- one write --------------------------------------------------------------------------------


def test_what_a_create_answers_is_what_is_stored(database: Database) -> None:
    made = database.run(create_in(database, [{"note": "x", "code": "A"}, {"size": "5.00"}]))

    assert isinstance(made, WritePlan)
    for each in made.results:
        found = one(database, each.record.record_id)
        assert found.properties == each.record.properties
        assert (found.created_at_ms, found.updated_at_ms) == (NOW_MS, NOW_MS)


def test_what_an_update_answers_is_what_is_stored(database: Database) -> None:
    first, second = created(database, {"note": "x", "code": "A"}, {"code": "B"})

    made = updated(
        database, [given(first, {"code": "C", "tags": ";a"}), given("B", {"size": "1"}, "code")]
    )

    assert [each.record.record_id for each in made.results] == [first, second]
    for each in made.results:
        assert one(database, each.record.record_id).properties == each.record.properties


def test_a_write_is_one_entry_of_the_history(database: Database) -> None:
    (record_id,) = created(database, {"note": "a"})

    updated(database, [given(record_id, {"note": "b", "size": "1"}, trace="t")], NOW_MS + 5)

    newest, oldest = history(database, [one(database, record_id)])[record_id]
    assert newest.changed == {"note": "b", "size": "1"}
    assert (newest.written_at_ms, newest.trace_id) == (NOW_MS + 5, "t")
    assert newest.correlation_id == "a-correlation-id"
    assert oldest.changed["note"] == "a"


def test_a_record_by_id_and_by_value_is_one_entry_of_the_history(database: Database) -> None:
    (record_id,) = created(database, {"code": "A"})

    updated(database, [given(record_id, {"note": "x"}), given("A", {"note": "y"}, "code")])

    found = one(database, record_id)
    assert found.properties["note"] == "y"
    assert [each.changed for each in history(database, [found])[record_id]][:-1] == [{"note": "y"}]


@pytest.mark.parametrize(
    "properties",
    [{}, {"note": "a"}, {"size": " 5.00"}, {"note": "a", "size": "5.00"}, {"code": None}],
    ids=str,
)
def test_a_write_without_effect_leaves_time_and_history(
    database: Database, properties: dict[str, str | None]
) -> None:
    (record_id,) = created(database, {"note": "a", "size": "5.00"})
    before, writes = one(database, record_id), all_writes(database)

    made = updated(database, [given(record_id, properties)], NOW_MS + 60_000)

    assert [each.record for each in made.results] == [before]
    assert one(database, record_id) == before
    assert all_writes(database) == writes


def test_a_time_never_goes_back_when_the_clock_does(database: Database) -> None:
    (record_id,) = created(database, {"note": "0"})
    times = []

    for step, now_ms in enumerate((NOW_MS + 1_000, NOW_MS - 86_400_000, NOW_MS + 999, NOW_MS + 2)):
        updated(database, [given(record_id, {"note": str(step + 1)})], now_ms)
        found = one(database, record_id)
        assert found.properties[MODIFIED] == render_ms(found.updated_at_ms)
        times.append(found.updated_at_ms)

    assert times == [NOW_MS + 1_000] * 4
    entries = history(database, [one(database, record_id)])[record_id]
    assert [each.changed["note"] for each in entries] == ["4", "3", "2", "1", "0"]


FIRST: Final = given("A", {"note": "new"}, "code")

REFUSED: Final[tuple[tuple[list[RecordInput], type[Problem]], ...]] = (
    ([FIRST, given("A", {}, "code")], DuplicateIds),
    ([FIRST, given("Z", {}, "code")], UnknownUniqueValues),
    ([FIRST, given("B", {"code": "A"}, "code")], UniqueValueTaken),
    ([FIRST, given("B", {"nope": "1"}, "code")], InvalidValues),
)


@pytest.mark.parametrize(("inputs", "expected"), REFUSED, ids=[row[1].__name__ for row in REFUSED])
def test_a_refused_batch_changes_nothing(
    database: Database, inputs: list[RecordInput], expected: type[Problem]
) -> None:
    created(database, {"note": "a", "code": "A"}, {"note": "b", "code": "B"})
    before, writes = everything(database), all_writes(database)

    refused = update(database, inputs, NOW_MS + 1)

    assert isinstance(refused, expected)
    assert everything(database) == before
    assert all_writes(database) == writes


def test_a_refused_create_makes_nothing(database: Database) -> None:
    created(database, {"code": "A"})
    before = everything(database)

    refused = database.run(create_in(database, [{"note": "x", "code": "B"}, {"code": "A"}]))

    assert isinstance(refused, UniqueValueTaken)
    assert everything(database) == before
    assert database.read(lambda each: each.value_owners(PORTAL, SERVICES, [("code", "B")])) == {}


def test_with_trace_ids_the_good_inputs_are_written(database: Database) -> None:
    first, second = created(database, {"code": "A"}, {"code": "B"})
    inputs = [
        given(first, {"note": "x"}, trace="t1"),
        given(second, {"code": "A", "note": "x"}, trace="t2"),
        given(7, {"note": "x"}, trace="t3"),
    ]

    made = updated(database, inputs)

    assert [each.trace_id for each in made.problems] == ["t2", "t3"]
    assert one(database, first).properties["note"] == "x"
    assert "note" not in one(database, second).properties


def test_a_hundred_records_are_written_at_once(database: Database) -> None:
    record_ids = created(database, *({"code": f"C{each}"} for each in range(100)))

    made = updated(
        database,
        [given(each, {"note": "x", "code": f"D{each}"}) for each in record_ids],
        NOW_MS + 1,
    )

    assert len(made.changes) == 100
    assert {each.updated_at_ms for each in everything(database).values()} == {NOW_MS + 1}
    keys = [("code", f"D{each}") for each in record_ids]
    owners = database.read(lambda each: each.value_owners(PORTAL, SERVICES, keys))
    assert [owners[key] for key in keys] == record_ids


def test_an_archived_record_is_not_updated(database: Database) -> None:
    gone, there = created(database, {"code": "A"}, {})
    archive(database, [gone])

    made = updated(database, [given(gone, {"note": "x"}), given(there, {"note": "x"})])
    by_value = update(database, [given("A", {"note": "x"}, "code")])

    assert made.missing == MissingRecords((str(gone),))
    assert by_value == UnknownUniqueValues(SERVICES, (("code", "A"),))
    assert "note" not in one(database, gone).properties


def test_the_unique_value_of_an_archived_record_is_free(database: Database) -> None:
    gone, there = created(database, {"code": "A"}, {})
    archive(database, [gone])

    updated(database, [given(there, {"code": "A"})])
    updated(database, [given("A", {"note": "x"}, "code")])

    assert one(database, there).properties["note"] == "x"


def test_a_merged_record_is_passed_over(database: Database) -> None:
    gone, there = created(database, {}, {})
    database.write(lambda each: each.merge_away(PORTAL, SERVICES, gone, there))

    made = updated(database, [given(gone, {"note": "x"}), given(there, {"size": "1"})])

    assert [each.record.record_id for each in made.results] == [there]
    assert made.missing is None
    assert "note" not in one(database, there).properties


def test_archiving_passes_over_what_is_not_there(database: Database) -> None:
    first, second = created(database, {}, {})

    assert archive(database, [first, first, 7, "01", "x", ""]) is None
    assert archive(database, [first], NOW_MS + 5) is None
    assert archive(database, []) is None

    assert one(database, first).archived_at_ms == NOW_MS
    assert one(database, second).archived_at_ms is None


def test_no_more_than_a_hundred_records_are_archived_at_once(database: Database) -> None:
    assert archive(database, list(range(1, 102))) == TooManyInputs(100)
    assert archive(database, list(range(1, 101))) is None


def test_ids_and_values_of_another_portal_are_unknown_here(database: Database) -> None:
    created(database, {}, portal_id=OTHER_PORTAL)
    (theirs,) = created(database, {"code": "A", "note": "theirs"}, portal_id=OTHER_PORTAL)
    before = everything(database, OTHER_PORTAL)

    by_id = updated(database, [given(theirs, {"note": "mine"})])
    by_value = update(database, [given("A", {"note": "mine"}, "code")])
    archive(database, [theirs])
    mine = created(database, {"code": "A"})

    assert by_id.missing == MissingRecords((str(theirs),))
    assert by_value == UnknownUniqueValues(SERVICES, (("code", "A"),))
    assert len(mine) == 1
    assert everything(database, OTHER_PORTAL) == before


# --- the route of one record ------------------------------------------------------------------


def update_one(
    database: Database, record_id: str, properties: dict[str, str | None], name: str | None = None
) -> WrittenRecord | Problem:
    """An update by the route of a single record."""
    return database.run(
        update_record(
            database.store,
            occasion(),
            SERVICES,
            given(record_id, properties, name),
            dates_normalised=False,
        )
    )


def test_one_record_is_updated_as_a_batch_of_one(database: Database) -> None:
    (record_id,) = created(database, {"code": "A"})

    by_id = update_one(database, str(record_id), {"note": "x"})
    by_value = update_one(database, "A", {"size": "1"}, "code")

    assert isinstance(by_id, WrittenRecord)
    assert isinstance(by_value, WrittenRecord)
    assert by_id.written == ("note",)
    assert one(database, record_id).properties == by_value.record.properties


def test_one_record_that_is_not_there_is_not_found(database: Database) -> None:
    (gone,) = created(database, {"code": "A"})
    archive(database, [gone])

    for record_id, name in ((str(gone), None), ("7", None), ("A", "code"), ("Z", "code")):
        assert update_one(database, record_id, {"note": "x"}, name) == RecordNotFound()


def test_one_record_needs_a_property(database: Database) -> None:
    (record_id,) = created(database, {})

    assert update_one(database, str(record_id), {}) == NoPropertiesGiven()
