"""The operations on lists, their members and their folders."""

import json
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moyeu.catalog.limits import LIST_EMPTIED_MEMBERS_MAX
from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.associations import Association
from moyeu.crm.callers import Occasion
from moyeu.crm.lists.definitions import DateConversion, InactivityConversion
from moyeu.crm.lists.problems import (
    ListNameTaken,
    ListNotFound,
    MembersFollowFilters,
    TooManyLists,
    TooManyMembers,
)
from moyeu.crm.problems import InvalidParameter, Problem
from moyeu.crm.records import RecordInput
from moyeu.crm.values.moment import DAY_MS, render_day
from moyeu.operations import list_evaluation, list_memberships
from moyeu.operations import lists as operations_lists
from moyeu.operations.list_memberships import (
    MemberPage,
    MembersChanged,
    add_members_from,
    read_memberships,
    remove_all_members,
)
from moyeu.operations.lists import (
    ReadList,
    delete_list,
    read_history,
    read_list,
    rename_list,
    restore_list,
    schedule_conversion,
    update_filters,
)
from moyeu.operations.merges import merge_records
from moyeu.storage.contract import StoreFullError
from tests.crm.lists.branches import Json, any_of, group, on, root
from tests.operations.conftest import OpenDatabase
from tests.operations.list_scene import (
    change,
    dynamic,
    made,
    make,
    member_ids,
    page,
    read,
)
from tests.operations.scene import (
    archive,
    created,
    everything,
    furnish,
    update,
    update_in,
    updated,
)
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    PORTAL,
    SERVICES,
    Database,
    HeldTurn,
    insert,
    occasion,
    record,
)

NOTED = on("note", "STRING", "IS_EQUAL_TO", value="Yes")
DAY = DAY_MS


# --- members put there -------------------------------------------------------------------------


def test_members_are_told_as_they_were_named(database: Database) -> None:
    one, two = created(database, {"note": "a"}, {"note": "b"})
    archive(database, [two])
    list_id = made(database)

    first = change(database, list_id, [one, "x", one, two, "00", "987654321987"])
    again = change(database, list_id, [one], [one, two])

    assert first == MembersChanged([str(one)], [], ["x", str(two), "00", "987654321987"])
    assert again == MembersChanged([], [], [str(two)])
    assert change(database, list_id, [], [one]) == MembersChanged([], [str(one)], [])


def test_members_are_changed_in_parts_as_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_memberships, "_PART_IDS", 2)
    ids = created(database, *({"note": str(number)} for number in range(7)))
    list_id = made(database)

    added = change(database, list_id, ids[4::-1])
    changed = change(database, list_id, [*ids[3:], "x"], [*ids[:4], 9])

    assert added == MembersChanged([str(each) for each in ids[4::-1]], [], [])
    assert changed == MembersChanged(
        [str(each) for each in ids[5:]], [str(each) for each in ids[:3]], ["x", "9"]
    )
    assert member_ids(database, list_id) == ids[3:]
    assert change(database, "99") == ListNotFound("99")


def test_pages_lead_through_all_members_in_each_order(database: Database) -> None:
    ids = created(database, *({"note": str(number)} for number in range(5)))
    list_id = made(database)
    for number, record_id in enumerate((ids[3], ids[0], ids[4], ids[1], ids[2])):
        change(database, list_id, [record_id], now_ms=NOW_MS + number)

    def walk(begin: str, *, by_time: bool, descending: bool) -> list[int]:
        told, place = [], begin
        while True:
            name = "before" if descending else "after"
            found = page(database, list_id, limit="2", by_time=by_time, **{name: place or None})  # type: ignore[arg-type] # one of the two places
            assert isinstance(found, MemberPage), found
            assert (found.total, found.descending) == (5, descending)
            told += [each.record_id for each in found.members]
            if found.place is None:
                return told
            place = found.place

    assert walk("", by_time=False, descending=False) == ids
    assert walk(str(ids[-1] + 1), by_time=False, descending=True) == ids[::-1]
    joined = [ids[3], ids[0], ids[4], ids[1], ids[2]]
    assert walk("", by_time=True, descending=False) == joined
    last = f"{NOW_MS + 9}-1"
    assert walk(last, by_time=True, descending=True) == joined[::-1]


def test_after_wins_over_before(database: Database) -> None:
    ids = created(database, {"note": "a"}, {"note": "b"})
    list_id = made(database)
    change(database, list_id, ids)

    found = page(database, list_id, after=str(ids[0]), before=str(ids[0]))

    assert isinstance(found, MemberPage)
    assert [each.record_id for each in found.members] == ids[1:]


@pytest.mark.parametrize(
    ("place", "by_time"), [("x", False), ("1-2", False), ("5", True), ("x-5", True), ("5-", True)]
)
def test_a_place_that_no_page_told_is_refused(
    database: Database, place: str, *, by_time: bool
) -> None:
    list_id = made(database)

    found = page(database, list_id, after=place, by_time=by_time)

    assert found == InvalidParameter("after", place)


def test_members_come_from_a_dynamic_list_as_it_is_now(database: Database) -> None:
    source, target = dynamic(database, NOTED), made(database)
    (yes, _) = created(database, {"note": "yes"}, {"note": "no"})

    problem = database.run(add_members_from(database.store, occasion(), target, source))

    assert (problem, member_ids(database, target)) == (None, [yes])


def test_a_dynamic_list_takes_no_members(database: Database) -> None:
    list_id, other = dynamic(database, NOTED), made(database)
    store = database.store

    assert change(database, list_id, [1]) == MembersFollowFilters(list_id)
    assert database.run(add_members_from(store, occasion(), list_id, other)) == (
        MembersFollowFilters(list_id)
    )
    assert database.run(remove_all_members(store, occasion(), list_id)) == (
        MembersFollowFilters(list_id)
    )


def test_a_hundred_thousand_members_are_paged_and_not_emptied_at_once(database: Database) -> None:
    count = LIST_EMPTIED_MEMBERS_MAX
    for begin in range(1, count + 1, 20_000):
        insert(database, *(record(begin + number) for number in range(20_000)))
    list_id = made(database)

    changed = change(database, list_id, list(range(1, count + 1)))
    found = page(database, list_id, after=str(count - 5))
    emptied = database.run(remove_all_members(database.store, occasion(), list_id))

    assert isinstance(changed, MembersChanged)
    assert len(changed.added) == count
    assert isinstance(found, MemberPage)
    assert (found.total, len(found.members), found.place) == (count, 5, None)
    assert emptied == TooManyMembers(count)
    change(database, list_id, [], list(range(1, count // 2)))
    assert database.run(remove_all_members(database.store, occasion(), list_id)) is None
    assert member_ids(database, list_id) == []


# --- names, deletion ---------------------------------------------------------------------------


def test_a_name_is_free_again_when_its_list_is_deleted(database: Database) -> None:
    one = made(database, "Same")
    store = database.store
    assert make(database, "Same") == ListNameTaken("Same")
    assert isinstance(make(database, "Same", type_id=CONTACTS), ReadList)

    assert database.run(delete_list(store, occasion(), one)) is None
    two = made(database, "Same")

    assert database.run(restore_list(store, occasion(), one)) == ListNameTaken("Same")
    renamed = database.run(rename_list(store, occasion(), two, "Other"))
    assert not isinstance(renamed, Problem)
    assert database.run(restore_list(store, occasion(), one)) is None


def test_a_deleted_list_can_be_restored_with_its_members_for_90_days(database: Database) -> None:
    (member,) = created(database, {"note": "a"})
    list_id, store = made(database), database.store
    change(database, list_id, [member])
    database.run(delete_list(store, occasion(), list_id))

    assert read(database, list_id).definition.deleted_at_ms == NOW_MS
    assert page(database, list_id) == ListNotFound(list_id)
    assert change(database, list_id, [member]) == ListNotFound(list_id)
    in_time = occasion(now_ms=NOW_MS + 90 * DAY)
    assert database.run(restore_list(store, in_time, list_id)) is None
    assert member_ids(database, list_id) == [member]


def test_a_list_is_not_restored_beyond_the_number_of_lists(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations_lists, "LISTS_MAX", 1)
    list_id, store = made(database), database.store
    database.run(delete_list(store, occasion(), list_id))
    made(database, "Other")

    assert database.run(restore_list(store, occasion(), list_id)) == TooManyLists(1)


def test_a_list_is_gone_after_90_days(database: Database) -> None:
    list_id, store = made(database), database.store
    database.run(delete_list(store, occasion(), list_id))
    late = NOW_MS + 90 * DAY + 1

    assert database.run(read_list(store, PORTAL, list_id, late)) == ListNotFound(list_id)
    assert database.run(restore_list(store, occasion(now_ms=late), list_id)) == (
        ListNotFound(list_id)
    )


# --- filters -----------------------------------------------------------------------------------


def test_a_dynamic_list_follows_every_write(database: Database) -> None:
    list_id = dynamic(database, NOTED)
    one, two, three = created(database, {"note": "yes"}, {"note": "no"}, {"note": "YES"})
    assert member_ids(database, list_id) == [one, three]

    updated(database, [RecordInput(str(two), {"note": "yes"}), RecordInput(str(one), {"note": ""})])
    assert member_ids(database, list_id) == [two, three]

    archive(database, [three])
    assert read(database, list_id).size == 1
    merged = database.run(merge_records(database.store, occasion(), SERVICES, str(two), str(one)))
    assert not isinstance(merged, Problem)
    assert member_ids(database, list_id) == [merged.record.record_id]

    database.write(lambda tx: tx.unarchive_records(occasion(), SERVICES, [three]))
    assert member_ids(database, list_id) == [three, merged.record.record_id]


def test_members_have_joined_when_they_were_found(database: Database) -> None:
    list_id = dynamic(database, NOTED)
    one = created(database, {"note": "yes"})[0]
    member_ids(database, list_id, NOW_MS + 5)
    created(database, {"note": "yes"})

    found = page(database, list_id, now_ms=NOW_MS + 9)

    assert isinstance(found, MemberPage)
    assert found.members[0].record_id == one
    assert [each.joined_at_ms for each in found.members] == [NOW_MS + 5, NOW_MS + 9]


def test_a_snapshot_stays_as_it_was(database: Database) -> None:
    (yes,) = created(database, {"note": "yes"})
    list_id = made(database, "Snapshot", "SNAPSHOT", any_of(NOTED))

    (later,) = created(database, {"note": "yes"})
    updated(database, [RecordInput(str(yes), {"note": "no"})])

    assert member_ids(database, list_id) == [yes]
    assert change(database, list_id, [later]) == MembersChanged([str(later)], [], [])


def test_other_filters_find_other_members(database: Database) -> None:
    _yes, no = created(database, {"note": "yes"}, {"note": "no"})
    list_id = dynamic(database, NOTED)
    other = root(group(on("note", "STRING", "IS_EQUAL_TO", value="no")))

    changed = database.run(update_filters(database.store, occasion(), list_id, json.dumps(other)))

    assert not isinstance(changed, Problem)
    assert (changed.definition.version, changed.size) == (2, 1)
    assert member_ids(database, list_id) == [no]


def test_relative_moments_move_on_without_any_write(database: Database) -> None:
    begins = render_day(NOW_MS)
    (one,) = created(database, {"begins": begins})
    recent = on("begins", "ROLLING_DATE_RANGE", "IS_LESS_THAN_X_DAYS_AGO", numberOfDays=3)
    list_id = dynamic(database, recent)

    assert member_ids(database, list_id, NOW_MS) == [one]
    assert member_ids(database, list_id, NOW_MS + 2 * DAY) == [one]
    assert member_ids(database, list_id, NOW_MS + 4 * DAY) == []


def test_filters_that_cannot_be_carried_out_are_kept_and_find_nobody(database: Database) -> None:
    created(database, {"note": "yes"})
    form = {"filterType": "FORM_SUBMISSION", "operator": "FILLED_OUT"}
    list_id = made(database, "Forms", "DYNAMIC", any_of(NOTED, form))

    found = read(database, list_id)

    assert (found.size, found.definition.is_evaluated) == (0, False)
    assert '"FORM_SUBMISSION"' in str(found.definition.filter_branch)


def test_a_property_that_is_archived_leaves_the_members_as_they_were(database: Database) -> None:
    (yes,) = created(database, {"note": "yes"})
    list_id = dynamic(database, NOTED)

    def archive_note(transaction: Any) -> None:
        own: PropertyDefinition = transaction.definitions(PORTAL, SERVICES).properties["note"]
        transaction.put_property(PORTAL, SERVICES, replace(own, archived_at_ms=NOW_MS))

    database.write(archive_note)
    created(database, {"size": "1"})

    assert member_ids(database, list_id) == [yes]


def test_a_list_may_look_at_other_lists(database: Database) -> None:
    one, two, three = created(database, {"note": "yes"}, {"note": "yes"}, {"note": "no"})
    by_hand, by_note = made(database), dynamic(database, NOTED)
    change(database, by_hand, [two, three])
    inside = {"filterType": "IN_LIST", "operator": "IN_LIST", "listId": by_note}
    outside = {"filterType": "IN_LIST", "operator": "NOT_IN_LIST", "listId": by_hand}
    both = made(database, "Both", "DYNAMIC", root(group(inside, outside)))

    assert member_ids(database, both) == [one]
    change(database, by_hand, [], [two])
    assert member_ids(database, both) == [one, two]
    updated(database, [RecordInput(str(three), {"note": "yes"})])
    change(database, by_hand, [], [three])
    assert member_ids(database, both) == [one, two, three]


def test_lists_that_look_at_each_other_come_to_an_end(database: Database) -> None:
    (one,) = created(database, {"note": "yes"})
    first = made(database, "First", "DYNAMIC", any_of(NOTED))
    to_first = {"filterType": "IN_LIST", "operator": "IN_LIST", "listId": first}
    second = made(database, "Second", "DYNAMIC", any_of(to_first))
    to_second = {"filterType": "IN_LIST", "operator": "IN_LIST", "listId": second}
    database.run(
        update_filters(database.store, occasion(), first, json.dumps(any_of(NOTED, to_second)))
    )

    assert [member_ids(database, each) for each in (first, second)] == [[one], [one]]


def test_a_list_may_look_at_associated_records(database: Database) -> None:
    one, two, three = created(database, {"note": "a"}, {"note": "b"}, {"note": "c"})
    insert(database, *(record(each, {"city": "Bern"}) for each in (7, 8)), type_id=CONTACTS)
    rows = [
        Association(SERVICES, one, CONTACTS, 7, "HUBSPOT_DEFINED", 5),
        Association(SERVICES, two, CONTACTS, 8, "HUBSPOT_DEFINED", 6),
    ]
    database.write(lambda tx: tx.put_associations(PORTAL, rows))
    in_bern = group(
        on("city", "STRING", "IS_EQUAL_TO", value="bern"),
        kind="ASSOCIATION",
        objectTypeId=CONTACTS,
        operator="IN_LIST",
        associationTypeId=5,
        associationCategory="HUBSPOT_DEFINED",
    )
    there = made(database, "There", "DYNAMIC", root(group(branches=[in_bern])))
    without = in_bern | {"operator": "NOT_IN_LIST"}
    others = made(database, "Others", "DYNAMIC", root(group(branches=[without])))

    assert member_ids(database, there) == [one]
    assert member_ids(database, others) == [two, three]
    database.write(lambda tx: tx.remove_associations(PORTAL, rows[:1]))
    assert member_ids(database, there) == []


def test_a_list_of_many_is_found_in_parts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_evaluation, "_PART_FOUND", 3)
    monkeypatch.setattr(list_evaluation, "_PART_RECORDS", 3)
    ids = created(database, *({"note": "yes" if n % 3 else "no"} for n in range(20)))
    wanted = [each for number, each in enumerate(ids) if number % 3]
    list_id = dynamic(database, NOTED)
    not_no = group(on("note", "STRING", "IS_EQUAL_TO", value="no"), kind="NOT_ANY")
    negated = made(database, "Negated", "DYNAMIC", root(group(branches=[not_no])))

    assert member_ids(database, list_id) == wanted
    assert member_ids(database, negated) == wanted
    updated(database, [RecordInput(str(each), {"note": "no"}) for each in wanted[:-1]])
    assert member_ids(database, list_id) == wanted[-1:]
    assert member_ids(database, negated) == wanted[-1:]


def test_what_is_written_between_the_parts_is_seen(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_evaluation, "_PART_FOUND", 1)
    ids = created(database, *({"note": "yes"} for _ in range(4)))
    seen: list[Any] = []
    search = list_evaluation._search

    async def search_and_write(*arguments: Any) -> Any:
        part = await search(*arguments)
        if len(seen) < len(ids):
            seen.append(part)
            text = "no" if len(seen) % 2 else "yes"
            given = [RecordInput(str(ids[0]), {"note": text})]
            await update_in(database, given)
        return part

    monkeypatch.setattr(list_evaluation, "_search", search_and_write)

    list_id = dynamic(database, NOTED)

    assert len(seen) == len(ids)
    found = everything(database)
    wanted = [each for each in ids if found[each].properties["note"] == "yes"]
    assert member_ids(database, list_id) == wanted


def test_a_read_answers_as_it_was_when_the_turn_does_not_come(
    open_database: OpenDatabase,
) -> None:
    database = open_database(write_wait_max_s=0.2)
    list_id = dynamic(database, NOTED)
    (yes,) = created(database, {"note": "yes"})
    held = HeldTurn()

    async def read_meanwhile() -> Any:
        task = await held.take(database.store)
        try:
            return await read_list(database.store, PORTAL, list_id, NOW_MS)
        finally:
            held.may_end.set()
            await task

    assert database.run(read_meanwhile()).size == 0
    assert member_ids(database, list_id) == [yes]


def test_a_read_answers_as_it_was_while_no_space_is_left(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    list_id = dynamic(database, NOTED)
    (yes,) = created(database, {"note": "yes"})

    async def full(_work: object) -> NoReturn:
        raise StoreFullError

    with monkeypatch.context() as patched:
        patched.setattr(database.store, "write", full)
        found = database.run(read_list(database.store, PORTAL, list_id, NOW_MS))

    assert isinstance(found, ReadList)
    assert found.size == 0
    assert "no space is left" in caplog.text
    assert member_ids(database, list_id) == [yes]


# --- in which lists a record is ----------------------------------------------------------------


def test_memberships_of_records_are_up_to_date(database: Database) -> None:
    by_note, by_hand = dynamic(database, NOTED), made(database)
    one, two = created(database, {"note": "yes"}, {"note": "no"})
    change(database, by_hand, [two])
    wanted = [("partner_services", str(two)), (SERVICES, str(one)), (SERVICES, "x")]

    found = database.run(read_memberships(database.store, PORTAL, wanted, NOW_MS))

    assert not isinstance(found, Problem)
    told = [[str(each.list_id) for _, each in one_of.memberships] for one_of in found]
    assert told == [[by_hand], [by_note], []]


# --- conversions and history -------------------------------------------------------------------


def test_a_list_becomes_static_on_its_day(database: Database) -> None:
    (one,) = created(database, {"note": "yes"})
    list_id = dynamic(database, NOTED)
    day = DateConversion(*map(int, render_day(NOW_MS + 2 * DAY).split("-")))
    database.run(schedule_conversion(database.store, occasion(), list_id, day))

    assert read(database, list_id, NOW_MS + DAY).definition.processing_type == "DYNAMIC"
    after = NOW_MS + 3 * DAY
    assert read(database, list_id, after).definition.processing_type == "SNAPSHOT"
    created(database, {"note": "yes"})
    assert member_ids(database, list_id, after) == [one]


def test_a_list_becomes_static_when_nobody_has_joined_or_left(database: Database) -> None:
    list_id = dynamic(database, NOTED)
    period = InactivityConversion("DAY", 2)
    database.run(schedule_conversion(database.store, occasion(), list_id, period))
    created(database, {"note": "yes"})
    assert read(database, list_id, NOW_MS + DAY).size == 1

    kinds = [
        read(database, list_id, NOW_MS + after).definition.processing_type
        for after in (3 * DAY - 1, 3 * DAY)
    ]

    assert kinds == ["DYNAMIC", "SNAPSHOT"]
    assert read(database, list_id).definition.converted_at_ms == NOW_MS + 3 * DAY


def test_the_history_tells_sizes_by_day_and_edits(database: Database) -> None:
    ids = created(database, {"note": "a"}, {"note": "b"}, {"note": "c"})
    list_id, store = made(database), database.store
    change(database, list_id, ids[:1], now_ms=NOW_MS + 1)
    change(database, list_id, ids[1:2], now_ms=NOW_MS + 2)
    change(database, list_id, ids[2:], ids[:1], now_ms=NOW_MS + DAY)
    database.run(rename_list(store, occasion(now_ms=NOW_MS + 3), list_id, "Other"))

    history = database.run(
        read_history(store, PORTAL, list_id, 0, NOW_MS + 2 * DAY, NOW_MS + 2 * DAY)
    )

    assert not isinstance(history, Problem)
    assert history.edits_ms == [NOW_MS, NOW_MS + 3]
    assert history.sizes == [(NOW_MS + 2, 2), (NOW_MS + DAY, 2)]


# --- what filters mean, by another reading of them ---------------------------------------------

TEXTS = ("", "yes", "Yes Sir", "no", "a*b")
NUMBERS = ("", "-3", "0", "2.5", "7")
DAYS = ("", *(render_day(NOW_MS + each * DAY) for each in (-40, -2, 0, 1, 30)))
TAGS = ("", "a", "b", "a;b", "a;b;c", "d")

VALUES = st.fixed_dictionaries(
    {
        "note": st.sampled_from(TEXTS),
        "size": st.sampled_from(NUMBERS),
        "begins": st.sampled_from(DAYS),
        "tags": st.sampled_from(TAGS),
    }
)

UNSET = {"includeObjectsWithNoValueSet": True}

FILTERS = st.one_of(
    st.builds(
        lambda operator, value, more: on("note", "STRING", operator, value=value, **more),
        st.sampled_from(
            ["IS_EQUAL_TO", "IS_NOT_EQUAL_TO", "CONTAINS", "DOES_NOT_CONTAIN", "STARTS_WITH"]
        ),
        st.sampled_from(["yes", "YES", "no", "s", "ir", "*", "a*", "y*s"]),
        st.sampled_from([{}, UNSET]),
    ),
    st.builds(
        lambda operator, value, more: on("size", "NUMBER", operator, value=value, **more),
        st.sampled_from(["IS_EQUAL_TO", "IS_NOT_EQUAL_TO", "IS_GREATER_THAN", "IS_LESS_THAN"]),
        st.sampled_from([-3, 0, 2.5, 7, 7.5]),
        st.sampled_from([{}, UNSET]),
    ),
    st.builds(
        lambda operator: on("size", "NUMBER_RANGED", operator, lowerBound=0, upperBound=5),
        st.sampled_from(["IS_BETWEEN", "IS_NOT_BETWEEN"]),
    ),
    st.builds(
        lambda operator, values: on("tags", "ENUMERATION", operator, values=values),
        st.sampled_from(
            [
                "IS_ANY_OF",
                "IS_NONE_OF",
                "IS_EXACTLY",
                "IS_NOT_EXACTLY",
                "CONTAINS_ALL",
                "DOES_NOT_CONTAIN_ALL",
            ]
        ),
        st.sampled_from([["a"], ["a", "b"], ["d", "c"]]),
    ),
    st.builds(
        lambda operator, days: on("begins", "ROLLING_DATE_RANGE", operator, numberOfDays=days),
        st.sampled_from(["IS_LESS_THAN_X_DAYS_AGO", "IS_MORE_THAN_X_DAYS_FROM_NOW"]),
        st.sampled_from([0, 3, 20]),
    ),
    st.builds(
        lambda name, operator: on(name, "ALL_PROPERTY", operator),
        st.sampled_from(["note", "size", "begins", "tags"]),
        st.sampled_from(["IS_KNOWN", "IS_UNKNOWN"]),
    ),
)

GROUPS = st.lists(FILTERS, min_size=1, max_size=3)


def passes(filter_: Json, values: dict[str, str], now_ms: int) -> bool:
    """Whether a record passes a filter, read from the guide's words without any condition."""
    operation, value = filter_["operation"], values.get(filter_["property"]) or ""
    operator = operation["operator"]
    if operator in ("IS_KNOWN", "IS_UNKNOWN"):
        return bool(value) is (operator == "IS_KNOWN")
    if not value:
        return bool(operation.get("includeObjectsWithNoValueSet"))
    kind = operation["operationType"]
    if kind == "STRING":
        given_text, text = operation["value"].lower(), value.lower()
        return bool(
            {
                "IS_EQUAL_TO": text == given_text,
                "IS_NOT_EQUAL_TO": text != given_text,
                "CONTAINS": given_text in text,
                "DOES_NOT_CONTAIN": given_text not in text,
                "STARTS_WITH": text.startswith(given_text),
            }[operator]
        )
    if kind == "NUMBER":
        number, other = float(value), operation["value"]
        return bool(
            {
                "IS_EQUAL_TO": number == other,
                "IS_NOT_EQUAL_TO": number != other,
                "IS_GREATER_THAN": number > other,
                "IS_LESS_THAN": number < other,
            }[operator]
        )
    if kind == "NUMBER_RANGED":
        return (0 <= float(value) <= 5) is (operator == "IS_BETWEEN")
    if kind == "ENUMERATION":
        has, wanted = set(value.split(";")), set(operation["values"])
        return bool(
            {
                "IS_ANY_OF": bool(has & wanted),
                "IS_NONE_OF": not has & wanted,
                "IS_EXACTLY": has == wanted,
                "IS_NOT_EXACTLY": has != wanted,
                "CONTAINS_ALL": wanted <= has,
                "DOES_NOT_CONTAIN_ALL": not wanted <= has,
            }[operator]
        )
    days = (DAYS.index(value) and [-40, -2, 0, 1, 30][DAYS.index(value) - 1]) * DAY
    at_ms, minute_ms = NOW_MS - NOW_MS % DAY + days, now_ms - now_ms % 60_000
    reach = operation["numberOfDays"] * DAY
    if operator == "IS_LESS_THAN_X_DAYS_AGO":
        return bool(minute_ms - reach < at_ms <= minute_ms)
    return bool(at_ms > minute_ms + reach)


def unarchive(database: Database, record_id: int, at: Occasion) -> None:
    database.write(lambda tx: tx.unarchive_records(at, SERVICES, [record_id]))


def oracle(groups: list[list[Json]], database: Database, portal_id: int, now_ms: int) -> list[int]:
    return sorted(
        record_id
        for record_id, each in everything(database, portal_id).items()
        if each.archived_at_ms is None
        and any(all(passes(one, each.properties, now_ms) for one in some) for some in groups)
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), VALUES),
        st.tuples(st.just("update"), st.integers(0, 9), VALUES),
        st.tuples(st.just("archive"), st.integers(0, 9)),
        st.tuples(st.just("unarchive"), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.integers(0, 5)),
        st.tuples(st.just("read")),
    ),
    max_size=12,
)

_numbers = iter(range(5_000, 1_000_000))


@settings(max_examples=40)
@given(st.lists(VALUES, max_size=5), st.lists(GROUPS, min_size=1, max_size=3), STEPS)
def test_members_are_those_who_meet_the_filters_whatever_is_written(
    database: Database,
    first: list[dict[str, str]],
    groups: list[list[Json]],
    steps: list[tuple[Any, ...]],
) -> None:
    portal_id, now_ms = next(_numbers), NOW_MS
    furnish(database, portal_id)
    ids = created(database, *first, portal_id=portal_id) if first else []
    filters = root(*(group(*each) for each in groups))
    list_id = made(database, "One", "DYNAMIC", filters, portal_id=portal_id)

    for step, *values in steps:
        at = occasion(portal_id, now_ms)
        if step == "create":
            ids += created(database, values[0], portal_id=portal_id)
        elif step == "wait":
            now_ms += values[0] * DAY
        elif step == "read":
            assert member_ids(database, list_id, now_ms, portal_id) == oracle(
                groups, database, portal_id, now_ms
            )
        elif ids:
            record_id = ids[values[0] % len(ids)]
            is_active = everything(database, portal_id)[record_id].archived_at_ms is None
            if step == "update" and is_active:
                update(database, [RecordInput(str(record_id), values[1])], now_ms, portal_id)
            elif step == "archive":
                archive(database, [record_id], now_ms, portal_id)
            elif step == "unarchive" and not is_active:
                unarchive(database, record_id, at)

    wanted = oracle(groups, database, portal_id, now_ms)
    assert member_ids(database, list_id, now_ms, portal_id) == wanted
