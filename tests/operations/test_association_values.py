"""Values that follow from associations, after every operation that associations change by."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import pytest

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.associations import AssociationSpec, InlineAssociation
from moyeu.crm.problems import Problem, RecordsLocked
from moyeu.crm.records import RecordInput, StoredRecord, WritePlan, WrittenRecord
from moyeu.operations import association_values
from moyeu.operations.association_writes import associate
from moyeu.operations.job_runner import run_due_jobs
from moyeu.operations.jobs import LEASE_MS
from moyeu.operations.merges import erase_record, merge_records
from moyeu.operations.records import (
    RestoredRecords,
    archive_records,
    create_records,
    restore_records,
)
from moyeu.storage.contract import WriterBusyError, WriteTransaction
from tests.operations.association_scene import (
    COMPANIES,
    DEALS,
    add_records,
    linked,
    pair,
    unlink,
    unlink_types,
)
from tests.operations.association_value_scene import (
    LINE_ITEMS,
    TASKS,
    TICKETS,
    assert_counted,
    told_and_counted,
)
from tests.operations.scene import all_writes
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    PORTAL,
    SERVICES,
    Database,
    DeliberateError,
    HeldTurn,
    occasion,
    stored,
)

LATER_MS: Final = NOW_MS + 60_000


@pytest.fixture
def database(database: Database) -> Database:
    """Contacts 1 to 4, companies 11 to 14, deals 21 to 23, a ticket, a line item and a task."""
    add_records(database, CONTACTS, 1, 2, 3, 4)
    add_records(database, COMPANIES, 11, 12, 13, 14)
    add_records(database, DEALS, 21, 22, 23)
    add_records(database, TICKETS, 31)
    add_records(database, LINE_ITEMS, 41, 42)
    add_records(database, TASKS, 51)
    return database


def value(database: Database, type_id: str, record_id: int, name: str) -> str | None:
    return stored(database, record_id, type_id=type_id).properties.get(name)


def archive(database: Database, type_id: str, *ids: int) -> Problem | None:
    at = occasion(now_ms=LATER_MS)
    return database.run(archive_records(database.store, at, type_id, [*map(str, ids)]))


def restore(database: Database, type_id: str, *ids: int) -> RestoredRecords | Problem:
    at = occasion(now_ms=LATER_MS)
    return database.run(restore_records(database.store, at, type_id, [*map(str, ids)]))


def merge(database: Database, type_id: str, primary: int, other: int) -> StoredRecord:
    at = occasion(now_ms=LATER_MS)
    made = database.run(merge_records(database.store, at, type_id, str(primary), str(other)))
    assert isinstance(made, WrittenRecord), made
    return made.record


def erase(database: Database, type_id: str, record_id: int) -> None:
    at = occasion(now_ms=LATER_MS)
    assert database.run(erase_record(database.store, at, type_id, str(record_id), None)) is None


def create(
    database: Database, type_id: str, *associations: tuple[int, int], count: int = 1
) -> list[StoredRecord]:
    """New records, each associated with (record id, id of HubSpot's own type)."""
    inline = tuple(
        InlineAssociation(str(to_id), (AssociationSpec("HUBSPOT_DEFINED", association_id),))
        for to_id, association_id in associations
    )
    given = [RecordInput("", {}, associations=inline) for _ in range(count)]
    made = database.run(
        create_records(database.store, occasion(), type_id, given, dates_normalised=False)
    )
    assert isinstance(made, WritePlan), made
    return [each.record for each in made.results]


# --- associations come and go ----------------------------------------------------------------


def test_values_follow_associations_on_both_sides(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(1, 12), pair(2, 11))
    linked(database, DEALS, CONTACTS, pair(21, 1), pair(21, 2), pair(22, 1))
    linked(database, DEALS, COMPANIES, pair(21, 11))
    linked(database, LINE_ITEMS, DEALS, pair(41, 21), pair(42, 21))
    linked(database, TICKETS, COMPANIES, pair(31, 11), pair(31, 13))
    for type_id, record_id in ((CONTACTS, 1), (COMPANIES, 11), (DEALS, 21), (TICKETS, 31)):
        linked(database, TASKS, type_id, pair(51, record_id))
    linked(database, COMPANIES, COMPANIES, pair(11, 12, 13), pair(11, 13, 13))

    assert assert_counted(database) == {
        (CONTACTS, 1, "associatedcompanyid"): "11",
        (CONTACTS, 2, "associatedcompanyid"): "11",
        (CONTACTS, 1, "num_associated_deals"): "2",
        (CONTACTS, 2, "num_associated_deals"): "1",
        (COMPANIES, 11, "num_associated_contacts"): "2",
        (COMPANIES, 12, "num_associated_contacts"): "1",
        (COMPANIES, 11, "num_associated_deals"): "1",
        (COMPANIES, 11, "hs_num_child_companies"): "2",
        (COMPANIES, 12, "hs_parent_company_id"): "11",
        (COMPANIES, 13, "hs_parent_company_id"): "11",
        (DEALS, 21, "num_associated_contacts"): "2",
        (DEALS, 22, "num_associated_contacts"): "1",
        (DEALS, 21, "hs_num_of_associated_line_items"): "2",
        (TICKETS, 31, "hs_num_associated_companies"): "2",
        (TASKS, 51, "hs_num_associated_contacts"): "1",
        (TASKS, 51, "hs_num_associated_companies"): "1",
        (TASKS, 51, "hs_num_associated_deals"): "1",
        (TASKS, 51, "hs_num_associated_tickets"): "1",
    }


def test_a_primary_company_that_moves_is_told(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(1, 12))

    linked(database, CONTACTS, COMPANIES, pair(1, 12, 1))
    assert value(database, CONTACTS, 1, "associatedcompanyid") == "12"

    unlink_types(database, CONTACTS, COMPANIES, pair(1, 12, 1))
    assert value(database, CONTACTS, 1, "associatedcompanyid") == ""
    assert value(database, COMPANIES, 12, "num_associated_contacts") == "1"
    assert_counted(database)


def test_what_ends_is_counted_no_more(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(2, 11))

    assert unlink(database, COMPANIES, CONTACTS, pair(11, 1)) is None
    assert value(database, COMPANIES, 11, "num_associated_contacts") == "1"

    assert unlink(database, COMPANIES, CONTACTS, pair(11, 2)) is None
    assert value(database, COMPANIES, 11, "num_associated_contacts") == "0"
    assert assert_counted(database) == {}


def test_a_line_item_leaves_the_deal_that_it_was_of(database: Database) -> None:
    linked(database, LINE_ITEMS, DEALS, pair(41, 21))
    linked(database, LINE_ITEMS, DEALS, pair(41, 22))

    assert assert_counted(database) == {(DEALS, 22, "hs_num_of_associated_line_items"): "1"}


def test_the_history_tells_who_changed_a_value_and_the_record_counts_as_modified(
    database: Database,
) -> None:
    last = all_writes(database)[-1].number
    at = occasion(now_ms=LATER_MS, correlation_id="of-the-call")

    database.run(associate(database.store, at, DEALS, CONTACTS, [pair(21, 1)]))

    new = [each for each in all_writes(database) if each.number > last]
    changed_by_record = {each.record_id: each.changed for each in new}
    assert changed_by_record[1]["num_associated_deals"] == "1"
    assert changed_by_record[21]["num_associated_contacts"] == "1"
    assert len(new) == 2
    assert {each.correlation_id for each in new} == {"of-the-call"}
    assert {each.written_at_ms for each in new} == {LATER_MS}
    changed = stored(database, 21, type_id=DEALS)
    assert changed.updated_at_ms == LATER_MS
    assert changed.last_write in {each.number for each in new}


def test_associating_again_writes_nothing(database: Database) -> None:
    linked(database, DEALS, CONTACTS, pair(21, 1))
    before = all_writes(database)

    linked(database, DEALS, CONTACTS, pair(21, 1))

    assert all_writes(database) == before


def test_a_formula_of_a_counter_follows(database: Database) -> None:
    formula = PropertyDefinition(
        name="deals_twice",
        label="Deals twice",
        type="number",
        field_type="calculation_equation",
        group_name="contactinformation",
        calculation_formula="num_associated_deals * 2",
    )
    database.write(lambda each: each.put_property(PORTAL, CONTACTS, formula))

    linked(database, DEALS, CONTACTS, pair(21, 1), pair(22, 1))
    assert value(database, CONTACTS, 1, "deals_twice") == "4"

    archive(database, DEALS, 21)
    assert value(database, CONTACTS, 1, "deals_twice") == "2"

    (made,) = create(database, CONTACTS, (21 + 1, 4))
    assert made.properties["deals_twice"] == "2"


# --- records come and go ---------------------------------------------------------------------


def test_a_new_record_begins_with_its_values(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11))

    first, second = create(database, CONTACTS, (11, 279), (12, 279), (21, 4), count=2)

    for made in (first, second):
        assert made.properties["associatedcompanyid"] == "11"
        assert made.properties["num_associated_deals"] == "1"
        assert stored(database, made.record_id, type_id=CONTACTS).properties == made.properties
    writes = [each for each in all_writes(database) if each.record_id == first.record_id]
    assert [each.changed["associatedcompanyid"] for each in writes] == ["11"]
    assert value(database, COMPANIES, 11, "num_associated_contacts") == "3"
    assert_counted(database)


def test_two_new_deals_with_one_line_item_leave_it_to_the_second(database: Database) -> None:
    first, second = create(database, DEALS, (41, 19), count=2)

    assert first.properties["hs_num_of_associated_line_items"] == "0"
    assert second.properties["hs_num_of_associated_line_items"] == "1"
    assert_counted(database)


def test_archived_records_are_not_counted_until_they_are_active_again(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(2, 11))
    linked(database, DEALS, CONTACTS, pair(21, 1))

    assert archive(database, CONTACTS, 1) is None
    assert value(database, COMPANIES, 11, "num_associated_contacts") == "1"
    assert value(database, DEALS, 21, "num_associated_contacts") == "0"
    # What is archived stays as it was, whatever happens to the others.
    assert archive(database, DEALS, 21) is None
    assert value(database, CONTACTS, 1, "num_associated_deals") == "1"
    assert_counted(database)

    restore(database, CONTACTS, 1)
    assert value(database, COMPANIES, 11, "num_associated_contacts") == "2"
    assert value(database, CONTACTS, 1, "num_associated_deals") == "0"
    restore(database, DEALS, 21)
    assert value(database, CONTACTS, 1, "num_associated_deals") == "1"
    assert_counted(database)


def test_an_archived_primary_company_is_nobodys(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11))

    archive(database, COMPANIES, 11)
    assert value(database, CONTACTS, 1, "associatedcompanyid") == ""

    restore(database, COMPANIES, 11)
    assert value(database, CONTACTS, 1, "associatedcompanyid") == "11"


def test_a_parent_that_goes_is_no_parent(database: Database) -> None:
    linked(database, COMPANIES, COMPANIES, pair(11, 12, 13), pair(12, 13, 13))

    archive(database, COMPANIES, 12)
    assert assert_counted(database) == {}

    restore(database, COMPANIES, 12)
    erase(database, COMPANIES, 11)
    assert assert_counted(database) == {
        (COMPANIES, 12, "hs_num_child_companies"): "1",
        (COMPANIES, 13, "hs_parent_company_id"): "12",
    }


def test_merged_companies_have_the_contacts_of_both(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(2, 11), pair(2, 12), pair(3, 12))
    linked(database, COMPANIES, COMPANIES, pair(12, 13, 13))

    made = merge(database, COMPANIES, 11, 12)

    assert made == stored(database, made.record_id, type_id=COMPANIES)
    assert made.properties["num_associated_contacts"] == "3"
    assert made.properties["hs_num_child_companies"] == "1"
    for contact in (1, 2, 3):
        assert value(database, CONTACTS, contact, "associatedcompanyid") == str(made.record_id)
    assert value(database, COMPANIES, 13, "hs_parent_company_id") == str(made.record_id)
    assert_counted(database)


def test_merged_contacts_keep_one_company_and_count_once(database: Database) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(2, 12))
    linked(database, DEALS, CONTACTS, pair(21, 1), pair(21, 2), pair(22, 2))

    made = merge(database, CONTACTS, 1, 2)

    assert made.properties["associatedcompanyid"] == "11"
    assert made.properties["num_associated_deals"] == "2"
    assert value(database, DEALS, 21, "num_associated_contacts") == "1"
    assert_counted(database)


def test_a_merge_of_line_items_takes_one_out_of_its_deal(database: Database) -> None:
    linked(database, LINE_ITEMS, DEALS, pair(41, 21), pair(42, 22))

    merge(database, LINE_ITEMS, 41, 42)

    assert assert_counted(database) == {(DEALS, 21, "hs_num_of_associated_line_items"): "1"}
    assert value(database, DEALS, 22, "hs_num_of_associated_line_items") == "0"


@pytest.mark.parametrize("archived", [False, True])
def test_an_erased_record_is_counted_no_more(database: Database, *, archived: bool) -> None:
    linked(database, CONTACTS, COMPANIES, pair(1, 11), pair(2, 11))
    if archived:
        archive(database, COMPANIES, 11)

    erase(database, CONTACTS, 1)
    assert archived or value(database, COMPANIES, 11, "num_associated_contacts") == "1"
    erase(database, COMPANIES, 11)

    assert value(database, CONTACTS, 2, "associatedcompanyid") == ""
    assert_counted(database)


# --- many ------------------------------------------------------------------------------------


@pytest.fixture
def crowd(database: Database, monkeypatch: pytest.MonkeyPatch) -> Sequence[int]:
    """Contacts of company 11, many more than are worked out in one turn."""
    monkeypatch.setattr(association_values, "_PART_RECORDS", 20)
    ids = range(1_001, 1_151)
    add_records(database, CONTACTS, *ids)
    linked(database, CONTACTS, COMPANIES, *(pair(each, 11) for each in ids))
    return ids


def test_what_goes_with_many_is_worked_out_in_several_turns(
    database: Database, crowd: Sequence[int]
) -> None:
    assert archive(database, COMPANIES, 11) is None
    assert assert_counted(database) == {}
    writes = all_writes(database)
    assert len({each.record_id for each in writes[-len(crowd) :]}) == len(crowd)

    assert archive(database, COMPANIES, 11) is None
    assert all_writes(database) == writes

    restore(database, COMPANIES, 11)
    assert len(assert_counted(database)) == len(crowd) + 1


def test_what_was_cut_off_is_worked_out_by_another(
    database: Database, crowd: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(*_arguments: object) -> None:
        raise DeliberateError

    with monkeypatch.context() as patch:
        patch.setattr(association_values, "refresh_next", ends)
        with pytest.raises(DeliberateError):
            archive(database, COMPANIES, 11)
    told, counted = told_and_counted(database)
    assert len(told) > len(counted) == 0

    due_ms = NOW_MS + 2 * LEASE_MS
    assert database.run(run_due_jobs(database.store, lambda: due_ms)) == 1
    assert assert_counted(database) == {}
    assert database.read(lambda each: each.due_jobs(2 * NOW_MS, 9)) == []


@pytest.mark.parametrize("go", ["merge", "erase"])
def test_merging_and_erasing_work_out_all_of_many(
    database: Database, crowd: Sequence[int], go: str
) -> None:
    if go == "merge":
        merge(database, COMPANIES, 12, 11)
    else:
        erase(database, COMPANIES, 11)

    assert len(assert_counted(database)) == (len(crowd) + 1 if go == "merge" else 0)


class OneTurn:
    """A store that has one turn left."""

    def __init__(self, database: Database) -> None:
        self._store = database.store
        self._turns = 0

    async def write(self, work: Callable[[WriteTransaction], object]) -> object:
        self._turns += 1
        if self._turns > 1:
            raise WriterBusyError
        return await self._store.write(work)


def test_an_archive_whose_further_turn_does_not_come_is_made_up_for_by_another(
    database: Database, crowd: Sequence[int]
) -> None:
    at = occasion(now_ms=LATER_MS)
    store = OneTurn(database)

    outcome = database.run(archive_records(store, at, COMPANIES, ["11"]))  # type: ignore[arg-type] # all that it uses

    assert isinstance(outcome, RecordsLocked)
    told, counted = told_and_counted(database)
    assert counted == {}
    assert 0 < len(told) < len(crowd)
    assert archive(database, COMPANIES, 11) is None
    assert assert_counted(database) == {}


# --- together --------------------------------------------------------------------------------


def test_batches_about_one_company_count_every_contact(database: Database) -> None:
    ids = range(1_001, 1_041)
    add_records(database, CONTACTS, *ids)

    async def everybody() -> None:
        held = HeldTurn()
        task = await held.take(database.store)
        calls = [
            asyncio.create_task(
                associate(database.store, occasion(), CONTACTS, COMPANIES, [pair(each, 11)])
            )
            for each in ids
        ]
        await asyncio.sleep(0)
        held.may_end.set()
        await asyncio.gather(task, *calls)

    database.run(everybody())

    assert value(database, COMPANIES, 11, "num_associated_contacts") == "40"
    assert_counted(database)


def test_a_portal_that_has_no_such_property_gets_no_value(database: Database) -> None:
    database.write(
        lambda each: each.remove_standard_property(PORTAL, DEALS, "num_associated_contacts")
    )

    linked(database, DEALS, CONTACTS, pair(21, 1))

    assert value(database, DEALS, 21, "num_associated_contacts") is None
    assert value(database, CONTACTS, 1, "num_associated_deals") == "1"


def test_other_types_are_left_alone(database: Database) -> None:
    add_records(database, SERVICES, 61)
    before = all_writes(database)

    linked(database, SERVICES, COMPANIES, pair(61, 11))
    archive(database, SERVICES, 61)

    assert all_writes(database) == before
