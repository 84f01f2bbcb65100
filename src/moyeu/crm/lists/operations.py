"""The operations of property filters: one row per operation type.

Operators and fields: the filter guide (2026-03) and the API descriptions of August 2026; that
operation types must fit the property is observed (2026-08-18).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.lists.moments import MONTHS, is_whole, time_point_fault
from moyeu.crm.search.keys import field_of

Operation = Mapping[str, Any]
"""The `operation` of a property filter as decoded."""

Check = Callable[[object], bool]
"""Whether the value of a field is of the kind that it must be."""


_MONTH_NUMBER: Final = re.compile(r"0?[1-9]|1[0-2]")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _is_month(value: object) -> bool:
    return isinstance(value, str) and (
        value in MONTHS or _MONTH_NUMBER.fullmatch(value) is not None
    )


def _is_count(value: object) -> bool:
    return is_whole(value) and isinstance(value, int) and 0 <= value <= 1_000_000


def _is_count_or_absent(value: object) -> bool:
    return value is None or _is_count(value)


def _is_time_point(value: object) -> bool:
    return time_point_fault(value) is None


_HISTORICAL: Final = ("HAS_EVER_BEEN_EQUAL_TO", "HAS_NEVER_BEEN_EQUAL_TO")
_TEXT_OPERATORS: Final = (
    "IS_EQUAL_TO",
    "IS_NOT_EQUAL_TO",
    "CONTAINS",
    "DOES_NOT_CONTAIN",
    "STARTS_WITH",
    "ENDS_WITH",
    *_HISTORICAL,
    "HAS_EVER_CONTAINED",
    "HAS_NEVER_CONTAINED",
)
_MOMENT_OPERATORS: Final = (
    "IS_EQUAL_TO",
    "IS_BEFORE",
    "IS_AFTER",
    "IS_BEFORE_DATE",
    "IS_AFTER_DATE",
)
_BETWEEN: Final = ("IS_BETWEEN", "IS_NOT_BETWEEN")
_DAYS_AWAY: Final = (
    "IS_LESS_THAN_X_DAYS_AGO",
    "IS_MORE_THAN_X_DAYS_AGO",
    "IS_LESS_THAN_X_DAYS_FROM_NOW",
    "IS_MORE_THAN_X_DAYS_FROM_NOW",
)
CALENDAR_UNITS: Final = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")

_TEXT: Final = frozenset({"text"})
_ANY: Final = frozenset({"text", "choice", "bool", "number", "moment"})
_MOMENT: Final = frozenset({"moment"})


@dataclass(frozen=True, slots=True)
class OperationType:
    """A row: the operators, the kinds of properties, and the fields with what they hold."""

    operators: tuple[str, ...]
    kinds: frozenset[str]
    fields: Mapping[str, Check]


OPERATION_TYPES: Final[Mapping[str, OperationType]] = {
    "ALL_PROPERTY": OperationType(("IS_KNOWN", "IS_UNKNOWN"), _ANY, {}),
    "STRING": OperationType(_TEXT_OPERATORS, _TEXT, {"value": _is_text}),
    "MULTISTRING": OperationType(_TEXT_OPERATORS, _TEXT, {"values": _are_texts}),
    "ENUMERATION": OperationType(
        (
            "IS_ANY_OF",
            "IS_NONE_OF",
            "IS_EXACTLY",
            "IS_NOT_EXACTLY",
            "CONTAINS_ALL",
            "DOES_NOT_CONTAIN_ALL",
            "HAS_EVER_BEEN_ANY_OF",
            "HAS_NEVER_BEEN_ANY_OF",
            "HAS_EVER_BEEN_EXACTLY",
            "HAS_NEVER_BEEN_EXACTLY",
            "HAS_EVER_CONTAINED_ALL",
            "HAS_NEVER_CONTAINED_ALL",
        ),
        frozenset({"choice"}),
        {"values": _are_texts},
    ),
    "BOOL": OperationType(
        ("IS_EQUAL_TO", "IS_NOT_EQUAL_TO", *_HISTORICAL), frozenset({"bool"}), {"value": _is_flag}
    ),
    "NUMBER": OperationType(
        (
            "IS_EQUAL_TO",
            "IS_NOT_EQUAL_TO",
            "IS_GREATER_THAN",
            "IS_GREATER_THAN_OR_EQUAL_TO",
            "IS_LESS_THAN",
            "IS_LESS_THAN_OR_EQUAL_TO",
            *_HISTORICAL,
        ),
        frozenset({"number"}),
        {"value": _is_number},
    ),
    "NUMBER_RANGED": OperationType(
        _BETWEEN, frozenset({"number"}), {"lowerBound": _is_number, "upperBound": _is_number}
    ),
    "DATE": OperationType(
        (*_MOMENT_OPERATORS, *_DAYS_AWAY),
        _MOMENT,
        {"year": is_whole, "month": _is_month, "day": is_whole},
    ),
    "DATETIME": OperationType(_MOMENT_OPERATORS, _MOMENT, {"timestamp": is_whole}),
    "RANGED_DATE": OperationType(
        _BETWEEN, _MOMENT, {"lowerBound": is_whole, "upperBound": is_whole}
    ),
    "ROLLING_DATE_RANGE": OperationType(_DAYS_AWAY, _MOMENT, {"numberOfDays": _is_count}),
    "ROLLING_PROPERTY_UPDATED": OperationType(
        ("UPDATED_IN_LAST_X_DAYS", "NOT_UPDATED_IN_LAST_X_DAYS"), _ANY, {"numberOfDays": _is_count}
    ),
    "CALENDAR_DATE": OperationType(
        (
            "IN_THIS_TIME_UNIT",
            "IN_THIS_TIME_UNIT_SO_FAR",
            "IN_LAST_TIME_UNIT",
            "IN_NEXT_TIME_UNIT",
        ),
        _MOMENT,
        {"timeUnit": lambda value: value in CALENDAR_UNITS, "timeUnitCount": _is_count_or_absent},
    ),
    "COMPARATIVE_DATE": OperationType(
        ("IS_BEFORE", "IS_AFTER"), _MOMENT, {"comparisonPropertyName": _is_text}
    ),
    "COMPARATIVE_PROPERTY_UPDATED": OperationType(
        ("IS_BEFORE", "IS_AFTER"), _ANY, {"comparisonPropertyName": _is_text}
    ),
    "TIME_POINT": OperationType(("IS_BEFORE", "IS_AFTER"), _MOMENT, {"timePoint": _is_time_point}),
    "TIME_RANGED": OperationType(
        _BETWEEN,
        _MOMENT,
        {"lowerBoundTimePoint": _is_time_point, "upperBoundTimePoint": _is_time_point},
    ),
}


def property_kind(definition: PropertyDefinition) -> str:
    """What a property is to filters: text, choice, bool, number or moment."""
    if definition.type == "bool":
        return "bool"
    kind = field_of(definition).kind
    return "choice" if kind == "choices" else kind


def is_for(operation: Operation, definition: PropertyDefinition) -> bool:
    """Whether properties of that kind are compared by the operation.

    When a property was updated can be asked of any.
    """
    if operation.get("propertyParser") == "UPDATED_AT":
        return True
    return property_kind(definition) in OPERATION_TYPES[operation["operationType"]].kinds


def is_of_values(operation: Operation) -> bool:
    """Whether the operation compares with several values."""
    return "values" in OPERATION_TYPES[operation["operationType"]].fields


def fault_of(operation: Operation) -> str | None:
    """The first field that is not what it must be, in wire spelling; None for none."""
    for name, check in OPERATION_TYPES[operation["operationType"]].fields.items():
        if not check(operation.get(name)):
            return name
    return None
