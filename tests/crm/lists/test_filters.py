"""Which filters of lists are taken, and what their shape must be."""

import copy
from collections.abc import Mapping
from typing import Any, Final

import pytest

from moyeu.catalog.limits import LIST_FILTER_VALUES_MAX, LIST_FILTERS_MAX
from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.lists.filters import FILTER_TYPES, Branch, read_filters, read_list_id
from moyeu.crm.lists.operations import OPERATION_TYPES
from moyeu.crm.lists.problems import (
    FilterPropertyUnknown,
    FilterShapeInvalid,
    OperationNotForProperty,
    UnknownWord,
)
from moyeu.crm.problems import Problem
from tests.crm.lists.branches import Json, any_of, group, on, root
from tests.crm.scene import SERVICES, definitions

NOTED: Final = on("note", "STRING", "IS_EQUAL_TO", value="x")
POINT: Final = {"timeType": "DATE", "year": 2026, "month": 2, "day": 28, "zoneId": "UTC"}
INDEXED: Final = {
    "timeType": "INDEXED",
    "zoneId": "UTC",
    "indexReference": {"referenceType": "NOW"},
}


def properties_of(type_id: str) -> Mapping[str, PropertyDefinition] | None:
    return definitions().properties if type_id == SERVICES else None


def checked(value: object) -> Branch | Problem:
    return read_filters(value, SERVICES, properties_of)


EXAMPLES: Final[Mapping[str, Json]] = {
    "ALL_PROPERTY": on("note", "ALL_PROPERTY", "IS_KNOWN"),
    "STRING": NOTED,
    "MULTISTRING": on("note", "MULTISTRING", "CONTAINS", values=["x"]),
    "ENUMERATION": on("tags", "ENUMERATION", "IS_ANY_OF", values=["a"]),
    "BOOL": on("hs_was_imported", "BOOL", "IS_EQUAL_TO", value=True),
    "NUMBER": on("size", "NUMBER", "IS_EQUAL_TO", value=1.5),
    "NUMBER_RANGED": on("size", "NUMBER_RANGED", "IS_BETWEEN", lowerBound=1, upperBound=2),
    "DATE": on("begins", "DATE", "IS_EQUAL_TO", year=2026, month="MAY", day=1),
    "DATETIME": on("begins", "DATETIME", "IS_EQUAL_TO", timestamp=1),
    "RANGED_DATE": on("begins", "RANGED_DATE", "IS_BETWEEN", lowerBound=1, upperBound=2),
    "ROLLING_DATE_RANGE": on(
        "begins", "ROLLING_DATE_RANGE", "IS_MORE_THAN_X_DAYS_AGO", numberOfDays=1
    ),
    "ROLLING_PROPERTY_UPDATED": on(
        "note", "ROLLING_PROPERTY_UPDATED", "UPDATED_IN_LAST_X_DAYS", numberOfDays=1
    ),
    "CALENDAR_DATE": on("begins", "CALENDAR_DATE", "IN_THIS_TIME_UNIT", timeUnit="WEEK"),
    "COMPARATIVE_DATE": on(
        "begins", "COMPARATIVE_DATE", "IS_BEFORE", comparisonPropertyName="hs_createdate"
    ),
    "COMPARATIVE_PROPERTY_UPDATED": on(
        "note", "COMPARATIVE_PROPERTY_UPDATED", "IS_AFTER", comparisonPropertyName="size"
    ),
    "TIME_POINT": on("begins", "TIME_POINT", "IS_AFTER", timePoint=POINT),
    "TIME_RANGED": on(
        "begins",
        "TIME_RANGED",
        "IS_BETWEEN",
        lowerBoundTimePoint=POINT,
        upperBoundTimePoint=INDEXED,
    ),
}


def changed(filter_: Json, **fields: Any) -> Json:
    """The filter with other fields in its operation; None takes one away."""
    copied = copy.deepcopy(filter_)
    for name, value in fields.items():
        copied["operation"][name] = value
        if value is None:
            del copied["operation"][name]
    return copied


def test_there_is_an_example_of_every_operation_type() -> None:
    assert EXAMPLES.keys() == OPERATION_TYPES.keys()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_operation_type_is_taken(kind: str) -> None:
    assert isinstance(checked(any_of(EXAMPLES[kind])), Branch)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_operator_is_taken_and_no_other(kind: str) -> None:
    operators = OPERATION_TYPES[kind].operators

    for operator in operators:
        assert isinstance(checked(any_of(changed(EXAMPLES[kind], operator=operator))), Branch)
    assert checked(any_of(changed(EXAMPLES[kind], operator="IS"))) == (
        UnknownWord("operator", "IS", operators)
    )


@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind, field) for kind in EXAMPLES for field in OPERATION_TYPES[kind].fields],
)
def test_every_field_must_be_of_its_kind(kind: str, field: str) -> None:
    wrongs: tuple[object, ...] = ({}, [1], 1 if (kind, field) == ("STRING", "value") else "x")
    for wrong in wrongs:
        if field == "comparisonPropertyName" and wrong == "x":
            continue
        problem = checked(any_of(changed(EXAMPLES[kind], **{field: wrong})))
        assert problem == FilterShapeInvalid(
            "filterBranches[0].filters[0]", f"{field} is invalid"
        ), wrong


@pytest.mark.parametrize(
    ("name", "property_type"), [("tags", "enumeration"), ("size", "number"), ("begins", "date")]
)
def test_texts_are_not_looked_for_elsewhere(name: str, property_type: str) -> None:
    for kind, more in (("STRING", {"value": "a"}), ("MULTISTRING", {"values": ["a"]})):
        assert checked(any_of(on(name, kind, "IS_EQUAL_TO", **more))) == (
            OperationNotForProperty(name, property_type, kind)
        )


@pytest.mark.parametrize("name", ["note", "size", "begins"])
def test_options_are_not_looked_for_elsewhere(name: str) -> None:
    problem = checked(any_of(on(name, "ENUMERATION", "IS_ANY_OF", values=["a"])))

    assert isinstance(problem, OperationNotForProperty)


def test_when_a_property_was_updated_may_be_asked_of_any() -> None:
    point = on("tags", "TIME_POINT", "IS_AFTER", timePoint=POINT, propertyParser="UPDATED_AT")

    assert isinstance(checked(any_of(point)), Branch)
    assert isinstance(checked(any_of(changed(point, propertyParser="VALUE"))), Problem)


def test_an_unknown_property_is_refused() -> None:
    problem = checked(any_of(on("nope", "STRING", "IS_EQUAL_TO", value="x")))

    assert problem == FilterPropertyUnknown(SERVICES, "nope")


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        (None, "", "a filter branch must be an object"),
        ([], "", "a filter branch must be an object"),
        (group(NOTED), "", "the root filter branch must be an OR"),
        (group(NOTED, kind="OR"), "", "the root filter branch must not have filters"),
        (root(), "", "the root filter branch must have at least one AND filter branch"),
        (
            root(group(NOTED), group(NOTED, kind="OR")),
            "filterBranches[1]",
            "a branch of the root must be an AND",
        ),
        ({}, "", "filterBranchType is required"),
        (
            root({"filterBranchType": "AND", "filterBranchOperator": "AND", "filters": []}),
            "filterBranches[0]",
            "filterBranches is required",
        ),
        (root(group() | {"filters": {}}), "filterBranches[0]", "filters must be a list"),
        (
            root(group(NOTED | {"property": 7})),
            "filterBranches[0].filters[0]",
            "property is required",
        ),
        (root(group(NOTED, {})), "filterBranches[0].filters[1]", "filterType is required"),
        (
            root(group({"filterType": "PROPERTY", "property": "note"})),
            "filterBranches[0].filters[0]",
            "operation is required",
        ),
        (
            root(group(changed(NOTED, includeObjectsWithNoValueSet="yes"))),
            "filterBranches[0].filters[0]",
            "includeObjectsWithNoValueSet must be a boolean",
        ),
        (
            root(group({"filterType": "IN_LIST", "operator": "IN_LIST", "listId": "x"})),
            "filterBranches[0].filters[0]",
            "listId is required",
        ),
        (
            root(group({"filterType": "CONSTANT"})),
            "filterBranches[0].filters[0]",
            "shouldAccept is required",
        ),
        (
            root(group(branches=[group(kind="ASSOCIATION", objectTypeId="9-9")])),
            "filterBranches[0].filterBranches[0]",
            "objectTypeId must name an object type",
        ),
        (
            root(
                group(
                    branches=[group(kind="ASSOCIATION", objectTypeId=SERVICES, operator="IN_LIST")]
                )
            ),
            "filterBranches[0].filterBranches[0]",
            "associationTypeId is required",
        ),
    ],
)
def test_the_shape_of_filters_is_held_to(value: object, path: str, reason: str) -> None:
    assert checked(value) == FilterShapeInvalid(path, reason)


@pytest.mark.parametrize(
    ("value", "field", "word"),
    [
        (group(kind="XOR"), "filterBranchType", "XOR"),
        (root() | {"filterBranchOperator": "NOR"}, "filterBranchOperator", "NOR"),
        (root(group({"filterType": "MAGIC"})), "filterType", "MAGIC"),
        (root(group(on("note", "TEXT", "IS"))), "operationType", "TEXT"),
        (root(group({"filterType": "IN_LIST", "operator": "IN"})), "operator", "IN"),
    ],
)
def test_an_unknown_word_is_refused(value: Json, field: str, word: str) -> None:
    problem = checked(value)

    assert isinstance(problem, UnknownWord)
    assert (problem.field, problem.word) == (field, word)


def test_filters_of_other_kinds_are_taken_as_they_are() -> None:
    known = {"PROPERTY", "IN_LIST", "ASSOCIATION", "CONSTANT"}

    for kind in set(FILTER_TYPES) - known:
        assert isinstance(checked(any_of({"filterType": kind, "what": [1]})), Branch)


def test_branches_have_a_depth() -> None:
    def nested(depth: int) -> Json:
        return group(NOTED, branches=[nested(depth - 1)] if depth else [])

    assert isinstance(checked(root(nested(8))), Branch)
    assert isinstance(checked(root(nested(9))), FilterShapeInvalid)


@pytest.mark.parametrize(
    ("value", "number"),
    [("1", 1), ("007", 7), ("", None), ("-1", None), ("1.0", None), ("٣", None), (7, None)],
)
def test_the_id_of_a_list_is_a_text_of_digits(value: object, number: int | None) -> None:
    assert read_list_id(value) == number
    assert read_list_id("9" * 19) is None


@pytest.mark.parametrize(
    ("point", "is_fine"),
    [
        (POINT, True),
        (POINT | {"day": 29}, False),
        (POINT | {"hour": 24}, False),
        (POINT | {"hour": 23, "minute": 59, "second": 59, "millisecond": 999}, True),
        (POINT | {"month": True}, False),
        (POINT | {"zoneId": "Nowhere/City"}, False),
        (POINT | {"timeType": "THEN"}, False),
        (INDEXED, True),
        (INDEXED | {"offset": {"days": -3}}, True),
        (INDEXED | {"offset": {"days": "3"}}, False),
        (INDEXED | {"offset": 3}, False),
        (INDEXED | {"indexReference": {"referenceType": "WEEK"}}, False),
        (INDEXED | {"indexReference": {"referenceType": "WEEK", "dayOfWeek": "MONDAY"}}, True),
        (INDEXED | {"indexReference": {"referenceType": "YEAR", "month": 1}}, False),
        ({"timeType": "PROPERTY_REFERENCED", "property": "x"}, True),
        ({"timeType": "PROPERTY_REFERENCED"}, False),
    ],
)
def test_time_points_are_checked(point: Json, *, is_fine: bool) -> None:
    found = checked(any_of(on("begins", "TIME_POINT", "IS_AFTER", timePoint=point)))

    assert isinstance(found, Branch) is is_fine


@pytest.mark.parametrize("kind", [[], {}, None, 1, "now"])
def test_a_reference_of_an_unknown_kind_is_refused(kind: object) -> None:
    point = INDEXED | {"indexReference": {"referenceType": kind}}

    problem = checked(any_of(on("begins", "TIME_POINT", "IS_BEFORE", timePoint=point)))

    assert isinstance(problem, FilterShapeInvalid)
    assert problem.reason == "timePoint is invalid"


def test_filters_have_a_number() -> None:
    assert isinstance(checked(root(group(*[NOTED] * LIST_FILTERS_MAX))), Branch)
    problem = checked(root(group(*[NOTED] * LIST_FILTERS_MAX), group(NOTED)))
    assert problem == FilterShapeInvalid("", "there may be 250 filters")


def test_the_values_of_all_filters_have_a_number() -> None:
    def filters(count: int) -> Json:
        values = [str(number) for number in range(count)]
        many = on("note", "MULTISTRING", "CONTAINS", values=values)
        return any_of(many, on("tags", "ENUMERATION", "IS_ANY_OF", values=["a"]))

    assert isinstance(checked(filters(LIST_FILTER_VALUES_MAX - 1)), Branch)
    problem = checked(filters(LIST_FILTER_VALUES_MAX))
    assert problem == FilterShapeInvalid("", "the filters may have 1000 values")
