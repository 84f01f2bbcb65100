"""Which records filters of lists accept; relative moments are those of a given time."""

import datetime
from typing import Any, Final

import pytest

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.lists.conditions import condition_of_operation, rule_of
from moyeu.crm.lists.filters import Branch, read_filters
from moyeu.crm.lists.rules import (
    Rule,
    condition_of,
    digest_of,
    lists_named,
    looks_beyond,
)
from moyeu.crm.search.conditions import meets
from moyeu.crm.values.moment import render_ms
from tests.crm.lists.branches import Json, any_of, group, on, root
from tests.crm.scene import SERVICES, definitions

NOW: Final = datetime.datetime(2026, 8, 19, 15, 30, tzinfo=datetime.UTC)
"""A Wednesday."""

NOW_MS: Final = int(NOW.timestamp() * 1000)
NOTED: Final = on("note", "STRING", "IS_EQUAL_TO", value="x")


def accepts(name: str, value: str, kind: str, operator: str, /, **more: Any) -> bool | None:
    """Whether a record with that value is accepted, None where the filter cannot be carried out."""
    definition: PropertyDefinition = definitions().properties[name]
    operation = {"operationType": kind, "operator": operator, **more}
    condition = condition_of_operation(definition, operation, NOW_MS)
    if condition is None:
        return None
    return meets(condition, {name: value} if value else {}, lambda _link: False)


def accepted(name: str, values: list[str], kind: str, operator: str, /, **more: Any) -> list[str]:
    return [each for each in values if accepts(name, each, kind, operator, **more)]


DAYS: Final = [
    "2025-12-31",
    "2026-01-01",
    "2026-06-30",
    "2026-07-01",
    "2026-07-31",
    "2026-08-01",
    "2026-08-16",
    "2026-08-17",
    "2026-08-18",
    "2026-08-19",
    "2026-08-20",
    "2026-08-23",
    "2026-08-24",
    "2026-09-01",
    "2026-10-01",
    "2027-01-01",
]


def days(kind: str, operator: str, **more: Any) -> list[str]:
    return accepted("begins", DAYS, kind, operator, **more)


def between(first: str, last: str) -> list[str]:
    return [each for each in DAYS if first <= each <= last]


@pytest.mark.parametrize(
    ("operator", "unit", "count", "first", "last"),
    [
        ("IN_THIS_TIME_UNIT", "DAY", None, "2026-08-19", "2026-08-19"),
        ("IN_THIS_TIME_UNIT", "WEEK", None, "2026-08-17", "2026-08-23"),
        ("IN_THIS_TIME_UNIT", "MONTH", None, "2026-08-01", "2026-08-31"),
        ("IN_THIS_TIME_UNIT", "QUARTER", None, "2026-07-01", "2026-09-30"),
        ("IN_THIS_TIME_UNIT", "YEAR", None, "2026-01-01", "2026-12-31"),
        ("IN_THIS_TIME_UNIT_SO_FAR", "MONTH", None, "2026-08-01", "2026-08-19"),
        ("IN_LAST_TIME_UNIT", "MONTH", None, "2026-07-01", "2026-07-31"),
        ("IN_LAST_TIME_UNIT", "WEEK", 2, "2026-08-03", "2026-08-16"),
        ("IN_LAST_TIME_UNIT", "YEAR", 1, "2025-01-01", "2025-12-31"),
        ("IN_NEXT_TIME_UNIT", "DAY", None, "2026-08-20", "2026-08-20"),
        ("IN_NEXT_TIME_UNIT", "QUARTER", 2, "2026-10-01", "2027-03-31"),
    ],
)
def test_calendar_units_around_now(
    operator: str, unit: str, count: int | None, first: str, last: str
) -> None:
    found = days("CALENDAR_DATE", operator, timeUnit=unit, timeUnitCount=count)

    assert found == between(first, last)
    assert found


@pytest.mark.parametrize(
    ("operator", "number", "first", "last"),
    [
        ("IS_LESS_THAN_X_DAYS_AGO", 3, "2026-08-17", "2026-08-19"),
        ("IS_MORE_THAN_X_DAYS_AGO", 3, "0000", "2026-08-16"),
        ("IS_LESS_THAN_X_DAYS_FROM_NOW", 4, "2026-08-20", "2026-08-23"),
        ("IS_MORE_THAN_X_DAYS_FROM_NOW", 4, "2026-08-24", "9999"),
    ],
)
def test_days_away_from_now(operator: str, number: int, first: str, last: str) -> None:
    assert days("ROLLING_DATE_RANGE", operator, numberOfDays=number) == between(first, last)


@pytest.mark.parametrize(
    ("operator", "first", "last"),
    [
        ("IS_EQUAL_TO", "2026-08-17", "2026-08-17"),
        ("IS_BEFORE", "0000", "2026-08-16"),
        ("IS_AFTER", "2026-08-18", "9999"),
        ("IS_BEFORE_DATE", "0000", "2026-08-16"),
        ("IS_AFTER_DATE", "2026-08-18", "9999"),
    ],
)
def test_days_beside_a_day(operator: str, first: str, last: str) -> None:
    for month in ("AUGUST", "8", "08"):
        found = days("DATE", operator, year=2026, month=month, day=17)
        assert found == between(first, last)


def test_a_day_that_there_is_not_accepts_nobody() -> None:
    assert days("DATE", "IS_BEFORE", year=2026, month="FEBRUARY", day=30) == []


def point(**more: Any) -> Json:
    return {"timeType": "DATE", "zoneId": "UTC", "year": 2026, "month": 8, "day": 17, **more}


def around(reference: Json, offset: Json | None = None, zone: str = "UTC") -> Json:
    return {
        "timeType": "INDEXED",
        "zoneId": zone,
        "indexReference": reference,
        "offset": offset,
    }


@pytest.mark.parametrize(
    ("operator", "time_point", "first", "last"),
    [
        ("IS_BEFORE", point(), "0000", "2026-08-16"),
        ("IS_AFTER", point(), "2026-08-18", "9999"),
        ("IS_AFTER", point(hour=23, minute=59, second=59, millisecond=999), "2026-08-18", "9999"),
        ("IS_AFTER", around({"referenceType": "NOW"}), "2026-08-20", "9999"),
        ("IS_AFTER", around({"referenceType": "TODAY"}), "2026-08-20", "9999"),
        ("IS_BEFORE", around({"referenceType": "TODAY"}, {"days": -1}), "0000", "2026-08-17"),
        ("IS_BEFORE", around({"referenceType": "TODAY"}, {"months": -1}), "0000", "2026-07-18"),
        ("IS_BEFORE", around({"referenceType": "TODAY"}, {"years": 1}), "0000", "2027-08-18"),
        (
            "IS_AFTER",
            around({"referenceType": "WEEK", "dayOfWeek": "SUNDAY"}),
            "2026-08-24",
            "9999",
        ),
        ("IS_BEFORE", around({"referenceType": "MONTH", "day": 1}), "0000", "2026-07-31"),
        (
            "IS_BEFORE",
            around({"referenceType": "QUARTER", "month": 1, "day": 1}),
            "0000",
            "2026-06-30",
        ),
        (
            "IS_AFTER",
            around({"referenceType": "YEAR", "month": 12, "day": 31}),
            "2027-01-01",
            "9999",
        ),
    ],
)
def test_time_points(operator: str, time_point: Json, first: str, last: str) -> None:
    assert days("TIME_POINT", operator, timePoint=time_point) == between(first, last)


def test_the_ends_of_time_points_count_when_they_are_inclusive() -> None:
    found = days("TIME_POINT", "IS_AFTER", timePoint=point(), endpointBehavior="INCLUSIVE")

    assert found == between("2026-08-17", "9999")


@pytest.mark.parametrize(
    ("operator", "more", "expected"),
    [
        ("IS_BETWEEN", {}, between("2026-08-17", "2026-08-20")),
        (
            "IS_BETWEEN",
            {"lowerBoundEndpointBehavior": "EXCLUSIVE"},
            between("2026-08-18", "2026-08-20"),
        ),
        (
            "IS_NOT_BETWEEN",
            {},
            [each for each in DAYS if not "2026-08-17" <= each <= "2026-08-20"],
        ),
        (
            "IS_NOT_BETWEEN",
            {"upperBoundEndpointBehavior": "EXCLUSIVE"},
            [each for each in DAYS if not "2026-08-17" <= each < "2026-08-20"],
        ),
    ],
)
def test_time_ranges(operator: str, more: Json, expected: list[str]) -> None:
    bounds = {
        "lowerBoundTimePoint": point(),
        "upperBoundTimePoint": around({"referenceType": "TODAY"}, {"days": 1}),
    }

    assert days("TIME_RANGED", operator, **bounds, **more) == expected


def test_moments_are_compared_on_the_clocks_of_the_zone_and_days_are_not() -> None:
    midnight = around({"referenceType": "TODAY"}, zone="Asia/Tokyo")
    # It is the 20th in Tokyo, which began at 15:00 UTC of the 19th.
    before, after = NOW_MS - 31 * 60_000, NOW_MS - 29 * 60_000
    created = "hs_createdate"

    def is_after(name: str, value: str) -> bool | None:
        return accepts(name, value, "TIME_POINT", "IS_AFTER", timePoint=midnight)

    assert [is_after(created, render_ms(each)) for each in (before, after)] == [False, True]
    assert [is_after("begins", each) for each in ("2026-08-19", "2026-08-20")] == [False, True]


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("IS_EQUAL_TO", "yes sir", ["Yes Sir"]),
        ("IS_NOT_EQUAL_TO", "yes sir", ["yes", "a*b", "acb"]),
        ("CONTAINS", "S S", ["Yes Sir"]),
        ("DOES_NOT_CONTAIN", "s", ["a*b", "acb"]),
        ("STARTS_WITH", "YES", ["yes", "Yes Sir"]),
        ("ENDS_WITH", "b", ["a*b", "acb"]),
    ],
)
def test_texts_are_compared_whatever_their_case(
    operator: str, value: str, expected: list[str]
) -> None:
    texts = ["", "yes", "Yes Sir", "a*b", "acb"]

    assert accepted("note", texts, "STRING", operator, value=value) == expected
    assert accepted("note", texts, "MULTISTRING", operator, values=[value]) == expected


def test_of_several_texts_one_suffices_and_none_must_be_there() -> None:
    texts = ["", "yes", "no", "maybe"]

    assert accepted("note", texts, "MULTISTRING", "CONTAINS", values=["ye", "no"]) == ["yes", "no"]
    assert accepted("note", texts, "STRING", "CONTAINS", value="ye", values=[1]) == ["yes"]
    assert accepted("note", texts, "MULTISTRING", "DOES_NOT_CONTAIN", values=["ye", "no"]) == [
        "maybe"
    ]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("CONTAINS", ["a*b", "xa*bx"]),
        ("STARTS_WITH", ["a*b"]),
        ("ENDS_WITH", ["a*b"]),
        ("DOES_NOT_CONTAIN", ["ab", "axb"]),
    ],
)
def test_a_star_is_a_star(operator: str, expected: list[str]) -> None:
    texts = ["ab", "axb", "a*b", "xa*bx"]

    assert accepted("note", texts, "STRING", operator, value="A*B") == expected


def test_records_without_a_value_are_accepted_only_where_the_filter_says_so() -> None:
    for unset in (False, True):
        more = {"includeObjectsWithNoValueSet": unset}
        assert accepts("note", "", "STRING", "IS_NOT_EQUAL_TO", value="x", **more) is unset
        assert accepts("size", "", "NUMBER", "IS_LESS_THAN", value=5, **more) is unset
    assert accepts("note", "", "ALL_PROPERTY", "IS_UNKNOWN") is True
    assert accepts("note", "", "ALL_PROPERTY", "IS_KNOWN") is False


def test_numbers_beyond_what_a_float_tells_are_compared() -> None:
    big = 10**30

    assert accepts("size", "7", "NUMBER", "IS_LESS_THAN", value=big) is True
    assert accepts("size", str(2**62), "NUMBER", "IS_EQUAL_TO", value=2**62) is True
    assert accepts("size", str(2**62), "NUMBER", "IS_EQUAL_TO", value=2**62 + 1) is False


@pytest.mark.parametrize(
    ("name", "kind", "operator", "more"),
    [
        ("note", "STRING", "HAS_EVER_BEEN_EQUAL_TO", {"value": "x"}),
        ("tags", "ENUMERATION", "HAS_NEVER_CONTAINED_ALL", {"values": ["a"]}),
        ("size", "NUMBER", "HAS_EVER_BEEN_EQUAL_TO", {"value": 1}),
        ("begins", "COMPARATIVE_DATE", "IS_BEFORE", {"comparisonPropertyName": "begins"}),
        ("note", "ROLLING_PROPERTY_UPDATED", "UPDATED_IN_LAST_X_DAYS", {"numberOfDays": 1}),
        (
            "begins",
            "TIME_POINT",
            "IS_AFTER",
            {"timePoint": point(), "propertyParser": "UPDATED_AT"},
        ),
        (
            "begins",
            "TIME_POINT",
            "IS_AFTER",
            {"timePoint": {"timeType": "PROPERTY_REFERENCED", "property": "begins"}},
        ),
        (
            "begins",
            "CALENDAR_DATE",
            "IN_THIS_TIME_UNIT",
            {"timeUnit": "YEAR", "useFiscalYear": True},
        ),
        (
            "begins",
            "TIME_POINT",
            "IS_AFTER",
            {"timePoint": around({"referenceType": "NOW"}, {"years": 9_000})},
        ),
    ],
)
def test_what_values_alone_do_not_tell_cannot_be_carried_out(
    name: str, kind: str, operator: str, more: Json
) -> None:
    assert accepts(name, "2026-08-17", kind, operator, **more) is None


# --- whole filters -----------------------------------------------------------------------------


def rule(filters: Json, now_ms: int = NOW_MS) -> Rule | None:
    def properties_of(type_id: str) -> Any:
        return definitions().properties if type_id == SERVICES else None

    branch = read_filters(filters, SERVICES, properties_of)
    assert isinstance(branch, Branch), branch
    return rule_of(branch, SERVICES, properties_of, now_ms)


def test_filters_about_values_are_one_condition() -> None:
    made = rule(root(group(NOTED, NOTED), group(NOTED)))

    assert made is not None
    condition = condition_of(made)
    assert condition is not None
    assert meets(condition, {"note": "X"}, lambda _link: False)
    assert not looks_beyond(made)


def test_constants_accept_all_or_nobody() -> None:
    for answer in (True, False):
        made = rule(any_of({"filterType": "CONSTANT", "shouldAccept": answer}))
        assert made is not None
        condition = condition_of(made)
        assert condition is not None
        assert meets(condition, {}, lambda _link: False) is answer


def test_one_part_that_cannot_be_carried_out_leaves_no_rule() -> None:
    page_view = {"filterType": "PAGE_VIEW"}

    assert rule(root(group(NOTED), group(page_view))) is None
    assert rule(root(group(NOTED, branches=[group(NOTED, kind="RESTRICTED")]))) is None


def test_rules_name_the_lists_that_they_look_at() -> None:
    inside = {"filterType": "IN_LIST", "operator": "IN_LIST", "listId": "7"}
    outside = {"filterType": "IN_LIST", "operator": "NOT_IN_LIST", "listId": "8"}
    beside = {
        "filterType": "ASSOCIATION",
        "operator": "IN_LIST",
        "listId": "9",
        "toObjectTypeId": SERVICES,
        "associationTypeId": 1,
        "associationCategory": "USER_DEFINED",
    }

    made = rule(root(group(NOTED, inside), group(outside, beside)))

    assert made is not None
    assert lists_named(made) == {7, 8, 9}
    assert looks_beyond(made)
    assert condition_of(made) is None


def test_lists_that_workflows_made_cannot_be_looked_at() -> None:
    inside = {"filterType": "IN_LIST", "operator": "IN_LIST", "listId": "7"}

    assert rule(any_of(inside | {"metadata": {"id": "1", "inListType": "IMPORT"}})) is None


def test_negated_branches_turn_their_parts_around() -> None:
    none_of = rule(root(group(branches=[group(NOTED, kind="NOT_ANY")])))

    assert "Not(" in repr(none_of)
    assert none_of is not None
    assert condition_of(none_of) is None
    assert not looks_beyond(none_of)


def test_a_digest_tells_rules_and_minutes_apart() -> None:
    recent = any_of(on("begins", "ROLLING_DATE_RANGE", "IS_LESS_THAN_X_DAYS_AGO", numberOfDays=3))

    def digest(filters: Json, now_ms: int = NOW_MS) -> str:
        made = rule(filters, now_ms)
        assert made is not None
        return digest_of(made)

    assert digest(recent) == digest(recent, NOW_MS + 59_999)
    assert digest(recent) != digest(recent, NOW_MS + 60_000)
    assert digest(any_of(NOTED)) == digest(any_of(NOTED), NOW_MS + 60_000)
    assert digest(any_of(NOTED)) != digest(root(group(NOTED), group(NOTED)))
