"""The promises of `storage/contract` about what a portal is copied by: all of it, as it is."""

from dataclasses import replace

import pytest

from moyeu.catalog.properties import PropertyGroup
from moyeu.crm.history import RecordWrite
from moyeu.crm.records import StoredRecord
from moyeu.storage.contract import (
    AuditEntry,
    Census,
    Counters,
    ReadTransaction,
    WriteTransaction,
)
from tests.storage.scene import (
    APP,
    CONTACTS,
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    code_owners,
    definitions,
    insert,
    new_record_ids,
    occasion,
    owner,
    record,
    stored,
    text_property,
    unique_property,
    write_values,
    writes_after,
)


def entry(pipeline_id: str, stage_id: str = "", action: str = "CREATE") -> AuditEntry:
    """A change of a pipeline or stage."""
    return AuditEntry(pipeline_id, stage_id, action, NOW_MS, 7, "{}")


def restore(database: Database, *records: StoredRecord) -> None:
    """Restores partner services."""
    database.write(lambda each: each.restore_records(PORTAL, SERVICES, records))


# --- what is told of a whole portal -----------------------------------------------------------


def test_records_of_all_types_come_by_type_and_id_archived_ones_too(database: Database) -> None:
    insert(database, record(9), record(2), record(5))
    insert(database, record(3), record(7), type_id=CONTACTS)
    insert(database, record(1), portal_id=OTHER_PORTAL)
    database.write(lambda each: each.archive_records(occasion(), SERVICES, [5]))

    def after(type_id: str, record_id: int, count_max: int = 9) -> list[tuple[str, int]]:
        found = database.read(
            lambda each: each.records_after(PORTAL, type_id, record_id, count_max)
        )
        assert all(each == stored(database, each.record_id, type_id=name) for name, each in found)
        return [(name, each.record_id) for name, each in found]

    everything = [(CONTACTS, 3), (CONTACTS, 7), (SERVICES, 2), (SERVICES, 5), (SERVICES, 9)]
    assert after("", -1) == everything
    assert after(CONTACTS, 3) == everything[1:]
    assert after(CONTACTS, 7, 2) == everything[2:4]
    assert after(SERVICES, 9) == []


def test_audits_come_by_pipeline_and_stage_the_oldest_first(database: Database) -> None:
    contacts = [entry("b"), entry("a", "s"), entry("a", action="CREATE"), entry("a", action="X")]
    database.write(lambda each: each.add_audit(PORTAL, SERVICES, [entry("z")]))
    database.write(lambda each: each.add_audit(PORTAL, CONTACTS, contacts))
    database.write(lambda each: each.add_audit(OTHER_PORTAL, CONTACTS, [entry("c")]))

    found = database.read(lambda each: each.pipeline_audits(PORTAL))

    assert found == [
        (CONTACTS, entry("a", action="CREATE")),
        (CONTACTS, entry("a", action="X")),
        (CONTACTS, entry("a", "s")),
        (CONTACTS, entry("b")),
        (SERVICES, entry("z")),
    ]


def test_a_census_counts_what_the_reads_tell(database: Database) -> None:
    insert(database, *map(record, range(1, 6)))
    write_values(database, 1, {"hs_name": "x"})

    def fill(transaction: WriteTransaction) -> None:
        transaction.archive_records(occasion(), SERVICES, [1, 2])
        transaction.merge_away(PORTAL, SERVICES, 3, 4)
        transaction.add_owner(PORTAL, owner())
        transaction.put_group(PORTAL, SERVICES, PropertyGroup("billing", "Billing", 7))
        transaction.remove_pipeline(PORTAL, SERVICES, _standard_pipeline(transaction))
        transaction.add_audit(PORTAL, SERVICES, [entry("a"), entry("a", "s")])

    database.write(fill)

    def counted(transaction: ReadTransaction) -> Census:
        return Census(
            len(transaction.owners(PORTAL)),
            len(transaction.own_definitions(PORTAL)),
            len(transaction.pipeline_audits(PORTAL)),
            len(transaction.records_after(PORTAL, "", -1, 99)),
            len(transaction.associations_after(PORTAL, None, 99)),
            len(transaction.merged_after(PORTAL, "", -1, 99)),
            len(transaction.writes_after(PORTAL, 0, 99)),
        )

    census = database.read(lambda each: each.census(PORTAL))
    assert census == database.read(counted) == Census(1, 3, 2, 4, 0, 1, 6)
    assert database.read(lambda each: each.census(OTHER_PORTAL)) == Census(0, 1, 0, 0, 0, 0, 0)


def _standard_pipeline(transaction: ReadTransaction) -> str:
    return transaction.definitions(PORTAL, SERVICES).pipelines[0].id


# --- what is put back -------------------------------------------------------------------------


def test_definitions_are_restored_as_they_are_told(database: Database) -> None:
    def fill(transaction: WriteTransaction) -> None:
        transaction.put_property(PORTAL, SERVICES, text_property("note"))
        transaction.put_group(PORTAL, SERVICES, PropertyGroup("billing", "Billing", 7))
        transaction.remove_pipeline(PORTAL, SERVICES, _standard_pipeline(transaction))

    database.write(fill)
    told = database.read(lambda each: each.own_definitions(PORTAL))

    database.write(lambda each: each.restore_definitions(OTHER_PORTAL, told))

    assert database.read(lambda each: each.own_definitions(OTHER_PORTAL)) == told
    there = database.read(lambda each: each.definitions(OTHER_PORTAL, SERVICES))
    assert there.properties["note"] == text_property("note")
    assert there.pipelines == ()


def test_records_are_restored_as_they_are(database: Database) -> None:
    active = replace_times(record(1, {"code": "A"}), last_write=7)
    archived = replace_times(record(2, {"code": "A"}), archived_at_ms=NOW_MS + 5)

    restore(database, active, archived)

    assert [stored(database, each) for each in (1, 2)] == [active, archived]
    assert code_owners(database, "A") == {"A": 1}
    assert writes_after(database, 0) == []


def replace_times(
    of: StoredRecord, *, archived_at_ms: int | None = None, last_write: int = 0
) -> StoredRecord:
    """The record with times and a last write that no insert would give it."""
    return StoredRecord(of.record_id, of.properties, -5, 2**60, archived_at_ms, last_write)


def test_values_of_an_archived_property_are_taken_only_where_it_is_unique(
    database: Database,
) -> None:
    plain = replace(text_property("old"), archived_at_ms=NOW_MS)
    database.write(lambda each: each.put_property(PORTAL, SERVICES, plain))
    gone = unique_property("gone", NOW_MS)
    database.write(lambda each: each.put_property(PORTAL, SERVICES, gone))
    assert {"old", "gone"} <= definitions(database).indexed_names

    restore(database, record(1, {"old": "same", "gone": "G"}), record(2, {"old": "same"}))

    keys = [("old", "same"), ("gone", "G")]
    held = database.read(lambda each: each.value_owners(PORTAL, SERVICES, keys))
    assert held == {("gone", "G"): 1}


def test_a_unique_value_that_is_held_is_not_restored(database: Database) -> None:
    restore(database, record(1, {"code": "A"}))

    with pytest.raises(Exception, match=r"(?i)unique"):
        restore(database, record(2, {"code": "A"}))

    assert database.read(lambda each: each.records(PORTAL, SERVICES, [2])) == {}


def test_history_is_restored_under_its_own_numbers_and_goes_on_after_them(
    database: Database,
) -> None:
    insert(database, record(9))
    first = RecordWrite(
        40, SERVICES, 1, 0, NOW_MS, {"hs_name": "a"}, "INTEGRATION", str(APP), 5, "c", "t"
    )
    second = replace(first, number=50, previous=40, changed={"hs_name": ""}, trace_id=None)

    database.write(lambda each: each.restore_writes(PORTAL, [first, second]))
    restore(database, replace_times(record(1), last_write=50))

    assert writes_after(database, 1) == [first, second]
    found = database.read(
        lambda each: each.history(PORTAL, SERVICES, [each.records(PORTAL, SERVICES, [1])[1]])
    )
    assert found == {1: [second, first]}
    write_values(database, 1, {"hs_name": "b"})
    (third,) = writes_after(database, 50)
    assert third.previous == 50


def test_merged_ids_are_restored(database: Database) -> None:
    rows = [(CONTACTS, 1, 2), (SERVICES, 3, 4)]

    database.write(lambda each: each.restore_merged(PORTAL, rows))

    assert database.read(lambda each: each.merged_after(PORTAL, "", -1, 9)) == rows
    assert database.read(lambda each: each.merged_into(PORTAL, SERVICES, [1, 3])) == {3: 4}


def test_counters_are_raised_and_never_lowered(database: Database) -> None:
    before = database.read(lambda each: each.counters(PORTAL))
    raised = Counters(
        before.next_record_id + 10,
        before.next_object_type + 3,
        next_association_type=7,
        last_write=before.last_write + 9,
    )

    database.write(lambda each: each.restore_counters(PORTAL, raised))
    database.write(lambda each: each.restore_counters(PORTAL, before))

    assert database.read(lambda each: each.counters(PORTAL)) == raised
    assert new_record_ids(database, 1)[0] == raised.next_record_id
    made = database.write(lambda each: each.new_object_type_id(PORTAL))
    assert made == f"2-{raised.next_object_type}"
    insert(database, record(1))
    (write,) = writes_after(database, 0)
    assert write.number > raised.last_write


def test_no_write_has_or_had_a_higher_number_than_the_counters_tell(database: Database) -> None:
    insert(database, record(1), record(2))
    last = writes_after(database, 0)[-1].number
    assert database.read(lambda each: each.counters(PORTAL)).last_write >= last

    database.write(lambda each: each.erase_records(PORTAL, SERVICES, [1, 2]))

    assert database.read(lambda each: each.counters(PORTAL)).last_write >= last
