"""What every storage engine promises about lists, their members and their folders."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from moyeu.crm.associations import Association
from moyeu.crm.lists.definitions import (
    Conversion,
    DateConversion,
    Evaluation,
    ListDefinition,
    ListFolder,
    ListMember,
    ListMembership,
    ListPermissions,
    MembershipSettings,
    ProcessingType,
)
from moyeu.storage.contract import Counters, WriteTransaction
from tests.storage.scene import (
    CONTACTS,
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    insert,
    occasion,
    record,
    write_values,
)

A_LIST: Final = ListDefinition(1, SERVICES, "One", "MANUAL", NOW_MS, NOW_MS)

FULL_LIST: Final = ListDefinition(
    id=2,
    object_type_id=SERVICES,
    name="Two Ä",
    processing_type="DYNAMIC",
    created_at_ms=NOW_MS,
    updated_at_ms=NOW_MS + 1,
    version=3,
    created_by="7",
    updated_by="8",
    filters_updated_at_ms=NOW_MS + 2,
    folder_id=5,
    filter_branch='{"a":[1.0,"ü"]}',
    permissions=ListPermissions((1, 2), (3,)),
    membership_settings=MembershipSettings(4, include_unassigned=True),
    custom_properties={"mine": "x"},
    conversion=Conversion(NOW_MS, date=DateConversion(2027, 2, 28)),
    converted_at_ms=NOW_MS + 3,
    evaluation=Evaluation("d", None, 9),
    last_joined_at_ms=NOW_MS + 4,
    last_left_at_ms=NOW_MS + 5,
    edits_ms=(NOW_MS, NOW_MS + 1),
    sizes=((NOW_MS, 3),),
)

A_FOLDER: Final = ListFolder(1, "Outer", 0, NOW_MS, NOW_MS, NOW_MS, 7)


def put(database: Database, *lists: ListDefinition, portal_id: int = PORTAL) -> None:
    def work(transaction: WriteTransaction) -> None:
        for each in lists:
            transaction.put_list(portal_id, each)

    database.write(work)


def a_list(
    list_id: int, kind: ProcessingType = "MANUAL", type_id: str = SERVICES
) -> ListDefinition:
    return replace(
        A_LIST, id=list_id, name=str(list_id), processing_type=kind, object_type_id=type_id
    )


def join(
    database: Database, list_id: int, *ids: int, at_ms: int = NOW_MS, portal_id: int = PORTAL
) -> list[int]:
    return sorted(database.write(lambda tx: tx.join_list(portal_id, list_id, SERVICES, ids, at_ms)))


def member_ids(database: Database, list_id: int, portal_id: int = PORTAL) -> list[int]:
    found = database.read(lambda tx: tx.members(portal_id, list_id, 0, 1_000))
    return [each.record_id for each in found]


# --- lists and folders -------------------------------------------------------------------------


def test_a_list_is_read_as_it_was_put(database: Database) -> None:
    put(database, FULL_LIST, A_LIST)

    assert database.read(lambda tx: tx.lists(PORTAL, [2, 9, 1])) == {1: A_LIST, 2: FULL_LIST}
    assert database.read(lambda tx: tx.all_lists(PORTAL)) == [A_LIST, FULL_LIST]
    assert database.read(lambda tx: tx.all_lists(OTHER_PORTAL)) == []


def test_deleted_lists_are_not_active(database: Database) -> None:
    put(database, A_LIST, replace(A_LIST, id=2, deleted_at_ms=NOW_MS), replace(A_LIST, id=3))

    assert [each.id for each in database.read(lambda tx: tx.active_lists(PORTAL))] == [1, 3]
    assert database.read(lambda tx: tx.count_active_lists(PORTAL)) == 2
    assert database.read(lambda tx: tx.count_active_lists(OTHER_PORTAL)) == 0


def test_a_list_is_replaced_and_its_members_stay(database: Database) -> None:
    insert(database, record(1))
    put(database, A_LIST)
    join(database, 1, 1)

    put(database, replace(A_LIST, name="Other"))

    assert [each.name for each in database.read(lambda tx: tx.all_lists(PORTAL))] == ["Other"]
    assert member_ids(database, 1) == [1]


def test_a_name_finds_the_list_of_its_type_that_is_not_deleted(database: Database) -> None:
    put(
        database,
        replace(A_LIST, deleted_at_ms=NOW_MS),
        replace(A_LIST, id=2),
        replace(A_LIST, id=3, object_type_id=CONTACTS),
    )

    def named(name: str, type_id: str) -> ListDefinition | None:
        return database.read(lambda tx: tx.list_named(PORTAL, type_id, name))

    assert named("One", SERVICES) == replace(A_LIST, id=2)
    assert named("One", CONTACTS) == replace(A_LIST, id=3, object_type_id=CONTACTS)
    assert named("one", SERVICES) is None


def test_ids_of_lists_and_folders_count_from_1_in_each_portal(database: Database) -> None:
    def taken(portal_id: int) -> list[int]:
        return [database.write(lambda tx: tx.new_list_id(portal_id)) for _ in range(2)]

    assert [taken(PORTAL), taken(OTHER_PORTAL)] == [[1, 2], [1, 2]]
    assert database.write(lambda tx: tx.new_list_folder_id(PORTAL)) == 1
    assert database.write(lambda tx: tx.new_list_folder_id(PORTAL)) == 2


def test_counters_of_lists_are_restored_upwards_only(database: Database) -> None:
    before = database.read(lambda tx: tx.counters(PORTAL))

    database.write(lambda tx: tx.restore_counters(PORTAL, Counters(0, 0, 12, 7)))
    database.write(lambda tx: tx.restore_counters(PORTAL, Counters(0, 0, 3, 2)))

    after = database.read(lambda tx: tx.counters(PORTAL))
    assert after == replace(before, next_list=12, next_list_folder=7)
    assert database.write(lambda tx: tx.new_list_id(PORTAL)) == 12


def test_folders_are_put_replaced_and_removed(database: Database) -> None:
    inner = replace(A_FOLDER, id=2, name="Inner", parent_id=1, user_id=None)

    def work(transaction: WriteTransaction) -> None:
        for each in (inner, A_FOLDER, replace(A_FOLDER, name="Renamed")):
            transaction.put_list_folder(PORTAL, each)

    database.write(work)

    assert database.read(lambda tx: tx.list_folders(PORTAL)) == [
        replace(A_FOLDER, name="Renamed"),
        inner,
    ]
    database.write(lambda tx: tx.remove_list_folder(PORTAL, 1))
    assert database.read(lambda tx: tx.list_folders(PORTAL)) == [inner]
    assert database.read(lambda tx: tx.list_folders(OTHER_PORTAL)) == []


# --- members -----------------------------------------------------------------------------------


def test_only_active_records_of_the_type_that_are_not_in_it_join(database: Database) -> None:
    insert(database, *map(record, (1, 2, 3)))
    insert(database, record(4), type_id=CONTACTS)
    insert(database, record(5), portal_id=OTHER_PORTAL)
    database.write(lambda tx: tx.archive_records(occasion(), SERVICES, [3]))

    assert join(database, 1, 2) == [2]
    assert join(database, 1, 1, 2, 3, 4, 5, 6, at_ms=NOW_MS + 1) == [1]

    assert database.read(lambda tx: tx.members(PORTAL, 1, 0, 10)) == [
        ListMember(1, NOW_MS + 1),
        ListMember(2, NOW_MS),
    ]


def test_members_are_told_in_parts_in_both_directions(database: Database) -> None:
    insert(database, *map(record, range(1, 6)))
    join(database, 1, 1, 2, 3, 4, 5)

    def ids(record_id: int, *, descending: bool) -> list[int]:
        found = database.read(lambda tx: tx.members(PORTAL, 1, record_id, 2, descending=descending))
        return [each.record_id for each in found]

    assert [ids(each, descending=False) for each in (0, 2, 5)] == [[1, 2], [3, 4], []]
    assert [ids(each, descending=True) for each in (9, 4, 1)] == [[5, 4], [3, 2], []]


def test_members_are_told_by_time_and_id(database: Database) -> None:
    insert(database, *map(record, range(1, 5)))
    join(database, 1, 4, at_ms=NOW_MS)
    join(database, 1, 1, 3, at_ms=NOW_MS + 5)
    join(database, 1, 2, at_ms=NOW_MS + 2)

    def ids(place: ListMember, *, descending: bool) -> list[int]:
        found = database.read(
            lambda tx: tx.members_by_time(PORTAL, 1, place, 3, descending=descending)
        )
        return [each.record_id for each in found]

    assert ids(ListMember(0, 0), descending=False) == [4, 2, 1]
    assert ids(ListMember(1, NOW_MS + 5), descending=False) == [3]
    assert ids(ListMember(0, NOW_MS + 9), descending=True) == [3, 1, 2]
    assert ids(ListMember(2, NOW_MS + 2), descending=True) == [4]


def test_those_who_were_in_it_leave(database: Database) -> None:
    insert(database, *map(record, (1, 2, 3)))
    join(database, 1, 1, 2)
    join(database, 2, 2)

    left = database.write(lambda tx: tx.leave_list(PORTAL, 1, [2, 3, 9]))

    assert left == [2]
    assert [member_ids(database, each) for each in (1, 2)] == [[1], [2]]


def test_a_range_leaves_but_for_some(database: Database) -> None:
    insert(database, *map(record, range(1, 7)))
    join(database, 1, *range(1, 7))

    first = database.write(lambda tx: tx.leave_range(PORTAL, 1, 2, 4, [3]))
    rest = database.write(lambda tx: tx.leave_range(PORTAL, 1, 5, None, []))

    assert (first, rest, member_ids(database, 1)) == (2, 2, [1, 3])


def test_a_list_is_emptied(database: Database) -> None:
    insert(database, *map(record, (1, 2)))
    join(database, 1, 1, 2)
    join(database, 2, 1)

    assert database.write(lambda tx: tx.empty_list(PORTAL, 1)) == 2
    assert database.write(lambda tx: tx.empty_list(PORTAL, 1)) == 0
    assert member_ids(database, 2) == [1]


def test_members_come_from_another_list(database: Database) -> None:
    insert(database, *map(record, (1, 2, 3)))
    join(database, 1, 1, 2)
    join(database, 2, 2, 3)

    joined = database.write(lambda tx: tx.join_from_list(PORTAL, 2, 1, NOW_MS + 1))

    assert (joined, member_ids(database, 2), member_ids(database, 1)) == (1, [1, 2, 3], [1, 2])


def test_sizes_and_members_among_are_those_of_the_portal(database: Database) -> None:
    for portal_id, ids in ((PORTAL, (1, 2)), (OTHER_PORTAL, (3,))):
        insert(database, *map(record, ids), portal_id=portal_id)
        join(database, 1, *ids, portal_id=portal_id)

    assert database.read(lambda tx: tx.list_sizes(PORTAL, [1, 9])) == {1: 2, 9: 0}
    assert database.read(lambda tx: tx.members_among(PORTAL, 1, [2, 3, 7])) == {2}


def test_memberships_of_records_leave_out_deleted_lists_and_other_types(
    database: Database,
) -> None:
    insert(database, *map(record, (1, 2)))
    gone = replace(a_list(3), deleted_at_ms=NOW_MS)
    put(database, a_list(2), a_list(1), gone, a_list(4, type_id=CONTACTS))
    for list_id in (1, 2, 3, 4):
        join(database, list_id, 1, at_ms=NOW_MS + list_id)

    found = database.read(lambda tx: tx.memberships_of(PORTAL, SERVICES, [1, 2, 9]))

    assert found == {
        1: [ListMembership(1, 1, NOW_MS + 1), ListMembership(2, 1, NOW_MS + 2)],
        2: [],
        9: [],
    }


def test_memberships_are_told_and_restored_as_they_are(database: Database) -> None:
    insert(database, *map(record, (1, 2)))
    rows = [ListMembership(1, 2, 5), ListMembership(2, 1, 6), ListMembership(2, 2, 7)]

    database.write(lambda tx: tx.restore_memberships(PORTAL, rows))

    assert database.read(lambda tx: tx.memberships_after(PORTAL, 0, 0, 2)) == rows[:2]
    assert database.read(lambda tx: tx.memberships_after(PORTAL, 2, 1, 2)) == rows[2:]
    census = database.read(lambda tx: tx.census(PORTAL))
    assert (census.lists, census.list_folders, census.list_memberships) == (0, 0, 3)


# --- what happens to records -------------------------------------------------------------------


def test_who_is_archived_leaves_every_list_of_the_type(database: Database) -> None:
    insert(database, *map(record, (1, 2)))
    put(database, a_list(1), a_list(2), a_list(3, type_id=CONTACTS))
    for list_id in (1, 2, 3):
        join(database, list_id, 1, 2)

    database.write(lambda tx: tx.archive_records(occasion(), SERVICES, [1]))

    # The third is of another type, whose record with that id is another one.
    assert [member_ids(database, each) for each in (1, 2, 3)] == [[2], [2], [1, 2]]


def test_who_is_erased_leaves_every_list(database: Database) -> None:
    insert(database, *map(record, (1, 2)))
    put(database, A_LIST)
    join(database, 1, 1, 2)

    database.write(lambda tx: tx.erase_records(PORTAL, SERVICES, [1]))

    assert member_ids(database, 1) == [2]


def test_the_survivor_of_a_merge_is_where_the_other_was_put(database: Database) -> None:
    insert(database, *map(record, (1, 2)))
    put(database, a_list(1), a_list(2, "SNAPSHOT"), a_list(3, "DYNAMIC"), a_list(4))
    for list_id in (1, 2, 3):
        join(database, list_id, 1)
    join(database, 4, 1, 2, at_ms=NOW_MS)

    database.write(lambda tx: tx.merge_away(PORTAL, SERVICES, 1, 2))

    assert [member_ids(database, each) for each in (1, 2, 3, 4)] == [[2], [2], [], [2]]


def test_who_comes_back_without_a_write_is_judged_again(database: Database) -> None:
    seen = Evaluation("d", None, 9)
    insert(database, record(1))
    put(
        database,
        replace(a_list(1, "DYNAMIC"), evaluation=seen),
        replace(a_list(2, "SNAPSHOT"), evaluation=seen),
    )
    database.write(lambda tx: tx.archive_records(occasion(), SERVICES, [1]))

    database.write(lambda tx: tx.unarchive_records(occasion(), SERVICES, [1]))

    lists = database.read(lambda tx: tx.all_lists(PORTAL))
    assert [each.evaluation for each in lists] == [Evaluation(), seen]


def test_a_purged_type_takes_its_lists_along(database: Database) -> None:
    insert(database, record(1))
    put(database, a_list(1), a_list(2, type_id=CONTACTS))
    join(database, 1, 1)
    join(database, 2, 1)

    database.write(lambda tx: tx.purge_object_type(PORTAL, SERVICES))

    assert [each.id for each in database.read(lambda tx: tx.all_lists(PORTAL))] == [2]
    assert [member_ids(database, each) for each in (1, 2)] == [[], [1]]


# --- the history as lists see it ---------------------------------------------------------------


def test_writes_between_numbers_are_those_of_the_types(database: Database) -> None:
    assert database.read(lambda tx: tx.last_write(PORTAL)) == 0
    insert(database, *map(record, (1, 2)))
    insert(database, record(3), type_id=CONTACTS)
    write_values(database, 1, {"title": "x"})

    def between(
        after: int, last: int, *types: str, count_max: int = 10
    ) -> list[tuple[int, str, int]]:
        return database.read(lambda tx: tx.written_between(PORTAL, types, after, last, count_max))

    assert between(0, 9, SERVICES) == [(1, SERVICES, 1), (2, SERVICES, 2), (4, SERVICES, 1)]
    assert between(2, 4, SERVICES, CONTACTS) == [(3, CONTACTS, 3), (4, SERVICES, 1)]
    assert between(0, 1, SERVICES) == [(1, SERVICES, 1)]
    assert between(0, 9, SERVICES, count_max=2) == [(1, SERVICES, 1), (2, SERVICES, 2)]
    assert database.read(lambda tx: tx.last_write(PORTAL)) == 4


def test_a_change_of_what_is_related_is_noted_with_its_type(database: Database) -> None:
    insert(database, *map(record, (1, 2)))
    insert(database, *map(record, (3, 4)), type_id=CONTACTS)
    there = Association(SERVICES, 1, CONTACTS, 3, "HUBSPOT_DEFINED", 5)
    here = Association(CONTACTS, 3, SERVICES, 1, "HUBSPOT_DEFINED", 6)

    def changes_of(type_id: str) -> int:
        return database.read(lambda tx: tx.related_changes(PORTAL, [type_id]))

    def grown(work: Callable[[WriteTransaction], object]) -> set[str]:
        types = (SERVICES, CONTACTS)
        before = list(map(changes_of, types))
        database.write(work)
        after = list(map(changes_of, types))
        assert database.read(lambda tx: tx.related_changes(PORTAL, types)) == sum(after)
        return {each for each, a, b in zip(types, before, after, strict=True) if b > a}

    assert grown(lambda tx: tx.put_associations(PORTAL, [there])) == {CONTACTS}
    assert grown(lambda tx: tx.put_associations(PORTAL, [there, here])) == {SERVICES, CONTACTS}
    assert grown(lambda tx: tx.remove_associations(PORTAL, [here])) == {SERVICES}
    assert grown(lambda tx: tx.archive_records(occasion(), CONTACTS, [3])) == {CONTACTS}
    assert grown(lambda tx: tx.unarchive_records(occasion(), CONTACTS, [3])) == {CONTACTS}
    assert grown(lambda tx: tx.merge_away(PORTAL, SERVICES, 2, 1)) == {SERVICES}
    assert SERVICES in grown(lambda tx: tx.erase_records(PORTAL, SERVICES, [1]))
    assert grown(lambda tx: tx.archive_records(occasion(), CONTACTS, [9])) == set()
    assert database.read(lambda tx: tx.related_changes(OTHER_PORTAL, [SERVICES, CONTACTS])) == 0


def test_the_last_write_does_not_go_back_when_writes_are_erased(database: Database) -> None:
    insert(database, *map(record, (1, 2)))

    database.write(lambda tx: tx.erase_records(PORTAL, SERVICES, [2]))

    assert database.read(lambda tx: tx.last_write(PORTAL)) == 2
