"""The rules of lists: sizes by day, conversions, folders and searches."""

import datetime
from dataclasses import replace
from typing import Final

import pytest

from moyeu.catalog.limits import LIST_FOLDER_DEPTH_MAX, LIST_NAME_CHARACTERS_MAX
from moyeu.crm.lists.changes import GivenList, check_given, check_name
from moyeu.crm.lists.conversions import converted, due_ms, plan_conversion
from moyeu.crm.lists.definitions import (
    Conversion,
    DateConversion,
    InactivityConversion,
    ListDefinition,
    ListFolder,
    TimeUnit,
    with_members_changed,
)
from moyeu.crm.lists.folders import Folders
from moyeu.crm.lists.moments import months_later, to_ms
from moyeu.crm.lists.problems import (
    ConversionInvalid,
    FiltersMissing,
    FiltersNotAllowed,
    FolderNameTaken,
    FolderNotEmpty,
    FolderNotFound,
    FoldersTooDeep,
    FolderWithinItself,
    ListNameInvalid,
    NotConvertible,
    UnknownWord,
)
from moyeu.crm.lists.searching import ListSearch, found_by
from moyeu.crm.values.moment import DAY_MS

NOW: Final = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
NOW_MS: Final = to_ms(NOW)
ONE: Final = ListDefinition(1, "0-1", "One", "DYNAMIC", NOW_MS, NOW_MS)


# --- what is given -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "filters", "expected"),
    [
        ("MANUAL", None, "MANUAL"),
        ("MANUAL", "{}", FiltersNotAllowed("MANUAL")),
        ("DYNAMIC", "{}", "DYNAMIC"),
        ("DYNAMIC", None, FiltersMissing("DYNAMIC")),
        ("SNAPSHOT", "{}", "SNAPSHOT"),
        ("SNAPSHOT", None, FiltersMissing("SNAPSHOT")),
        (
            "dynamic",
            "{}",
            UnknownWord("processingType", "dynamic", ("MANUAL", "DYNAMIC", "SNAPSHOT")),
        ),
    ],
)
def test_filters_belong_to_lists_that_follow_them(
    kind: str, filters: str | None, expected: object
) -> None:
    assert check_given(GivenList("One", "0-1", kind, filters)) == expected


@pytest.mark.parametrize(
    ("name", "is_fine"),
    [
        ("a", True),
        ("", False),
        ("  ", False),
        ("x" * LIST_NAME_CHARACTERS_MAX, True),
        ("x" * (LIST_NAME_CHARACTERS_MAX + 1), False),
    ],
)
def test_a_name_has_some_characters_and_not_too_many(name: str, *, is_fine: bool) -> None:
    assert isinstance(check_name(name), ListNameInvalid) is not is_fine


# --- sizes -------------------------------------------------------------------------------------


def test_a_day_keeps_its_last_size() -> None:
    first = with_members_changed(ONE, 2, NOW_MS, joined=2, left=0)
    second = with_members_changed(first, 1, NOW_MS + 5, joined=0, left=1)
    third = with_members_changed(second, 4, NOW_MS + DAY_MS, joined=3, left=0)

    assert second.sizes == ((NOW_MS + 5, 1),)
    assert third.sizes == ((NOW_MS + 5, 1), (NOW_MS + DAY_MS, 4))
    assert (third.last_joined_at_ms, third.last_left_at_ms) == (NOW_MS + DAY_MS, NOW_MS + 5)


def test_nobody_coming_or_going_changes_nothing() -> None:
    assert with_members_changed(ONE, 2, NOW_MS, joined=0, left=0) is ONE


# --- conversions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "offset", "due"),
    [
        ("DAY", 1, NOW.replace(month=2, day=1)),
        ("WEEK", 2, NOW.replace(month=2, day=14)),
        ("MONTH", 1, NOW.replace(month=2, day=28)),
        ("MONTH", 25, NOW.replace(year=2028, month=2, day=29)),
    ],
)
def test_inactivity_is_over_after_its_period(
    unit: TimeUnit, offset: int, due: datetime.datetime
) -> None:
    planned = plan_conversion(ONE, InactivityConversion(unit, offset), NOW_MS)

    assert isinstance(planned, ListDefinition)
    assert due_ms(planned) == to_ms(due)
    assert due_ms(replace(planned, last_left_at_ms=NOW_MS + DAY_MS)) != to_ms(due)


def test_a_day_is_due_when_it_begins() -> None:
    planned = plan_conversion(ONE, DateConversion(2026, 2, 28), NOW_MS)

    assert isinstance(planned, ListDefinition)
    due = to_ms(datetime.datetime(2026, 2, 28, tzinfo=datetime.UTC))
    assert due_ms(planned) == due
    assert converted(planned, due - 1) is None
    static = converted(planned, due)
    assert static == replace(planned, processing_type="SNAPSHOT", converted_at_ms=due)
    assert static is not None
    assert converted(static, due + 1) is None


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (DateConversion(2026, 2, 29), "day"),
        (DateConversion(2026, 13, 1), "day"),
        (InactivityConversion("DAY", 0), "offset"),
        (InactivityConversion("DAY", 10_001), "offset"),
    ],
)
def test_times_that_there_are_not_are_refused(
    asked: DateConversion | InactivityConversion, field: str
) -> None:
    assert plan_conversion(ONE, asked, NOW_MS) == ConversionInvalid(field)


def test_a_static_list_is_not_converted() -> None:
    static = replace(ONE, processing_type="MANUAL")

    assert plan_conversion(static, DateConversion(2027, 1, 1), NOW_MS) == NotConvertible("1")
    asked = replace(static, conversion=Conversion(NOW_MS, date=DateConversion(2020, 1, 1)))
    assert converted(asked, NOW_MS) is None


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (0, (2026, 1, 31)),
        (1, (2026, 2, 28)),
        (-1, (2025, 12, 31)),
        (-11, (2025, 2, 28)),
        (12, (2027, 1, 31)),
    ],
)
def test_months_end_when_they_end(months: int, expected: tuple[int, int, int]) -> None:
    assert months_later(NOW, months).timetuple()[:3] == expected


# --- folders -----------------------------------------------------------------------------------


def folder(folder_id: int, parent_id: int = 0, name: str = "") -> ListFolder:
    return ListFolder(folder_id, name or f"F{folder_id}", parent_id, NOW_MS, NOW_MS, NOW_MS)


TREE: Final = Folders([folder(1), folder(2, 1), folder(3, 2), folder(4)])


def test_a_tree_shows_folders_and_lists() -> None:
    lists = [replace(ONE, folder_id=2), replace(ONE, id=2), replace(ONE, id=3, folder_id=2)]

    tree = TREE.tree(0, lists)

    assert (tree.folder, tree.lists) == (None, (2,))
    assert [each.folder for each in tree.folders] == [folder(1), folder(4)]
    assert tree.folders[0].folders[0].lists == (1, 3)


def test_a_folder_is_found_by_its_id() -> None:
    assert TREE.find(3, "3") == folder(3, 2)
    assert TREE.find(0, "0") is None
    assert TREE.find(9, "9") == FolderNotFound("9")
    assert TREE.find(None, "x") == FolderNotFound("x")


def test_a_folder_does_not_lie_in_itself() -> None:
    for parent_id in (1, 2, 3):
        assert TREE.check_move(folder(1), parent_id) == FolderWithinItself("1")
    assert TREE.check_move(folder(3, 2), 1) is None
    assert TREE.check_move(folder(4), 3) is None


def test_a_name_is_free_in_its_folder_alone() -> None:
    assert TREE.check_new("F2", 1) == FolderNameTaken("F2")
    assert TREE.check_new("F2", 0) is None
    assert TREE.check_rename(folder(4), "F1") == FolderNameTaken("F1")
    assert TREE.check_rename(folder(4), "F4") is None
    assert isinstance(TREE.check_rename(folder(4), ""), ListNameInvalid)


def test_folders_have_a_depth() -> None:
    chain = Folders(folder(each, each - 1) for each in range(1, LIST_FOLDER_DEPTH_MAX + 1))

    assert chain.check_new("x", LIST_FOLDER_DEPTH_MAX - 1) is None
    assert chain.check_new("x", LIST_FOLDER_DEPTH_MAX) == FoldersTooDeep(LIST_FOLDER_DEPTH_MAX)
    pair = Folders([*chain.by_id.values(), folder(8), folder(9, 8)])
    assert pair.check_move(folder(8), LIST_FOLDER_DEPTH_MAX - 2) is None
    assert isinstance(pair.check_move(folder(8), LIST_FOLDER_DEPTH_MAX - 1), FoldersTooDeep)


def test_only_an_empty_folder_is_removed() -> None:
    inside = replace(ONE, folder_id=4)

    assert TREE.check_removal(folder(2, 1), []) == FolderNotEmpty("2")
    assert TREE.check_removal(folder(4), [inside]) == FolderNotEmpty("4")
    assert TREE.check_removal(folder(4), [replace(inside, folder_id=1)]) is None


@pytest.mark.parametrize(
    ("folders", "wrong"),
    [
        ([folder(1), folder(2, 1)], None),
        ([folder(2, 1)], folder(2, 1)),
        ([folder(1, 2), folder(2, 1)], folder(1, 2)),
        ([folder(3), folder(1, 1)], folder(1, 1)),
        ([folder(each, each - 1) for each in range(1, 6)], None),
        ([folder(each, each - 1) for each in range(1, 7)], folder(6, 5)),
    ],
)
def test_folders_that_lie_nowhere_are_noticed(
    folders: list[ListFolder], wrong: ListFolder | None
) -> None:
    assert Folders(folders).misplaced() == wrong


# --- searches ----------------------------------------------------------------------------------


LISTS: Final = [
    replace(ONE, id=1, name="alphabet"),
    replace(ONE, id=2, name="Gamma", object_type_id="0-2", sizes=((NOW_MS, 5),)),
    replace(ONE, id=3, name="Beta", processing_type="MANUAL", created_at_ms=NOW_MS + 2),
]


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        (ListSearch(), [1, 2, 3]),
        (ListSearch(query="BET"), [1, 3]),
        (ListSearch(list_ids=("3", "4", "9")), [3]),
        (ListSearch(processing_types=("MANUAL",)), [3]),
        (ListSearch(sort="name"), [1, 3, 2]),
        (ListSearch(sort="-name"), [2, 3, 1]),
        (ListSearch(sort="-createdAt"), [3, 1, 2]),
        (ListSearch(sort="-hs_list_size"), [2, 1, 3]),
        (ListSearch(sort="whatever"), [1, 2, 3]),
    ],
)
def test_a_search_finds_lists_in_an_order(search: ListSearch, ids: list[int]) -> None:
    assert [each.id for each in found_by(search, LISTS, None)] == ids


def test_a_search_may_be_of_one_object_type() -> None:
    assert [each.id for each in found_by(ListSearch(), LISTS, "0-2")] == [2]
