"""What filters mean: from branches to a rule over records at one moment.

None stands for what cannot be carried out: filters about events, forms, e-mails, pages and the
history of values. A list with such a filter keeps it and has no members by it (a guess).
"""

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Final

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.lists.filters import Branch, Filter, PropertiesOf
from moyeu.crm.lists.moments import MONTHS, from_ms, time_point_ms, to_ms, unit_begin, units_later
from moyeu.crm.lists.operations import Operation, is_of_values
from moyeu.crm.lists.rules import Associated, Every, InList, Meets, Not, Rule, Some
from moyeu.crm.search.conditions import (
    EVERYTHING,
    NOTHING,
    AllOf,
    AnyOf,
    Condition,
    HasTokens,
    Holds,
    Lacks,
    LacksTokens,
    NoneOf,
    OneOf,
    Within,
)
from moyeu.crm.search.keys import Field, Glob, Key, TokenPattern, field_of, given_key, number_key
from moyeu.crm.values.moment import DAY_MS

_MINUTE_MS: Final = 60_000


def rule_of(
    branch: Branch, object_type_id: str, properties_of: PropertiesOf, now_ms: int
) -> Rule | None:
    """The rule that the branches of a list make, None where some part cannot be carried out.

    now_ms: relative moments are those of the minute, so that lists that speak of now are not
    evaluated more often (a guess).
    """
    return _branch_rule(branch, object_type_id, properties_of, now_ms - now_ms % _MINUTE_MS)


def _branch_rule(
    branch: Branch, object_type_id: str, properties_of: PropertiesOf, now_ms: int
) -> Rule | None:
    if branch.type in ("RESTRICTED", "UNIFIED_EVENTS", "PROPERTY_ASSOCIATION"):
        return None
    inner_type = branch.fields["objectTypeId"] if branch.type == "ASSOCIATION" else object_type_id
    properties = properties_of(inner_type)
    if properties is None:
        return None
    parts = [_filter_rule(each, properties, now_ms) for each in branch.filters]
    parts += [_branch_rule(each, inner_type, properties_of, now_ms) for each in branch.branches]
    known = tuple(each for each in parts if each is not None)
    if len(known) < len(parts):
        return None
    whole: Rule = Every(known) if branch.operator == "AND" else Some(known)
    if branch.type in ("NOT_ALL", "NOT_ANY"):
        return Not(Every(known) if branch.type == "NOT_ALL" else Some(known))
    if branch.type == "ASSOCIATION":
        return _negated(branch.fields, _associated(branch.fields, inner_type, whole))
    return whole


def _associated(fields: Mapping[str, Any], object_type_id: str, rule: Rule) -> Rule:
    key = (fields["associationCategory"], fields["associationTypeId"])
    return Associated(object_type_id, key, rule)


def _negated(fields: Mapping[str, Any], rule: Rule) -> Rule:
    return Not(rule) if fields["operator"] == "NOT_IN_LIST" else rule


def _filter_rule(
    given: Filter, properties: Mapping[str, PropertyDefinition], now_ms: int
) -> Rule | None:
    fields = given.fields
    if given.type == "PROPERTY":
        definition = properties.get(fields["property"])
        if definition is None:
            # The property was archived after the list was made.
            return None
        condition = condition_of_operation(definition, fields["operation"], now_ms)
        return None if condition is None else Meets(condition)
    if given.type == "CONSTANT":
        return Meets(EVERYTHING if fields["shouldAccept"] else NOTHING)
    if given.type == "IN_LIST" and fields.get("metadata") is None:
        return _negated(fields, InList(int(fields["listId"])))
    if given.type == "ASSOCIATION" and isinstance(fields.get("toObjectTypeId"), str):
        inside = InList(int(fields["listId"]))
        return _negated(fields, _associated(fields, fields["toObjectTypeId"], inside))
    return None


def condition_of_operation(
    definition: PropertyDefinition, operation: Operation, now_ms: int
) -> Condition | None:
    """What a checked operation asks of a property, None where values alone do not tell.

    Records without a value meet it only where `includeObjectsWithNoValueSet` says so (documented).
    """
    make = _MEANINGS.get(operation["operationType"])
    if make is None or operation.get("propertyParser") == "UPDATED_AT":
        return None
    condition = make(definition, operation, now_ms)
    if condition is not None and operation.get("includeObjectsWithNoValueSet"):
        return AnyOf((condition, Lacks(field_of(definition))))
    return condition


def _existence(
    definition: PropertyDefinition, operation: Operation, _now_ms: int
) -> Condition | None:
    field = field_of(definition)
    return Holds(field) if operation["operator"] == "IS_KNOWN" else Lacks(field)


# --- texts ------------------------------------------------------------------------------------


def _text(definition: PropertyDefinition, operation: Operation, _now_ms: int) -> Condition | None:
    field = field_of(definition)
    values = operation["values"] if is_of_values(operation) else [operation["value"]]
    keys = tuple(key for each in values if (key := given_key(field, each)) is not None)
    operator = operation["operator"]
    if operator == "IS_EQUAL_TO":
        return OneOf(field, frozenset(keys))
    if operator == "IS_NOT_EQUAL_TO":
        return NoneOf(field, frozenset(keys))
    form = _TEXT_FORMS.get(operator)
    if form is None:
        return None
    patterns = [TokenPattern((), Glob(form.replace("_", str(key)), _WILDCARD)) for key in keys]
    if operator == "DOES_NOT_CONTAIN":
        return AllOf(tuple(LacksTokens(field, each) for each in patterns))
    return AnyOf(tuple(HasTokens(field, each) for each in patterns))


# No text of a request has it, so that a star in one is a star (a guess: the guide names none).
_WILDCARD: Final = "\0"
_TEXT_FORMS: Final = {
    "CONTAINS": f"{_WILDCARD}_{_WILDCARD}",
    "DOES_NOT_CONTAIN": f"{_WILDCARD}_{_WILDCARD}",
    "STARTS_WITH": f"_{_WILDCARD}",
    "ENDS_WITH": f"{_WILDCARD}_",
}


# --- options ----------------------------------------------------------------------------------


def _choice(definition: PropertyDefinition, operation: Operation, _now_ms: int) -> Condition | None:
    field, values = field_of(definition), frozenset[Key](operation["values"])
    others = frozenset[Key](each.value for each in definition.options) - values
    each_of = tuple(OneOf(field, frozenset((value,))) for value in operation["values"])
    each_not = tuple(NoneOf(field, frozenset((value,))) for value in operation["values"])
    return {
        "IS_ANY_OF": OneOf(field, values),
        "IS_NONE_OF": NoneOf(field, values),
        "CONTAINS_ALL": AllOf(each_of),
        "DOES_NOT_CONTAIN_ALL": AnyOf(each_not),
        "IS_EXACTLY": AllOf((*each_of, NoneOf(field, others))),
        "IS_NOT_EXACTLY": AnyOf((*each_not, OneOf(field, others))),
    }.get(operation["operator"])


def _flag(definition: PropertyDefinition, operation: Operation, _now_ms: int) -> Condition | None:
    field = field_of(definition)
    keys = frozenset(("true" if operation["value"] else "false",))
    return {"IS_EQUAL_TO": OneOf(field, keys), "IS_NOT_EQUAL_TO": NoneOf(field, keys)}.get(
        operation["operator"]
    )


# --- numbers and moments ----------------------------------------------------------------------


def _number(definition: PropertyDefinition, operation: Operation, _now_ms: int) -> Condition | None:
    field, key = field_of(definition), number_key(str(operation["value"]))
    if key is None:
        return NOTHING
    return {
        "IS_EQUAL_TO": OneOf(field, frozenset((key,))),
        "IS_NOT_EQUAL_TO": NoneOf(field, frozenset((key,))),
        "IS_GREATER_THAN": Within(field, low=key, low_included=False),
        "IS_GREATER_THAN_OR_EQUAL_TO": Within(field, low=key),
        "IS_LESS_THAN": Within(field, high=key, high_included=False),
        "IS_LESS_THAN_OR_EQUAL_TO": Within(field, high=key),
    }.get(operation["operator"])


def _range(definition: PropertyDefinition, operation: Operation, _now_ms: int) -> Condition | None:
    low, high = number_key(str(operation["lowerBound"])), number_key(str(operation["upperBound"]))
    if low is None or high is None:
        return NOTHING
    return _between(field_of(definition), operation["operator"], low, high)


def _between(
    field: Field,
    operator: str,
    low: Key,
    high: Key,
    *,
    low_included: bool = True,
    high_included: bool = True,
) -> Condition:
    if operator == "IS_BETWEEN":
        return Within(field, low, high, low_included, high_included)
    return AnyOf(
        (
            Within(field, high=low, high_included=not low_included),
            Within(field, low=high, low_included=not high_included),
        )
    )


def _moment(definition: PropertyDefinition, operation: Operation, _now_ms: int) -> Condition | None:
    """Before and after a moment; the operators that speak of dates mean its whole day, in UTC."""
    field, at_ms = field_of(definition), operation["timestamp"]
    day_ms = at_ms - at_ms % DAY_MS
    return {
        "IS_EQUAL_TO": OneOf(field, frozenset((at_ms,))),
        "IS_BEFORE": Within(field, high=at_ms, high_included=False),
        "IS_AFTER": Within(field, low=at_ms, low_included=False),
        "IS_BEFORE_DATE": Within(field, high=day_ms, high_included=False),
        "IS_AFTER_DATE": Within(field, low=day_ms + DAY_MS),
    }.get(operation["operator"])


def _day(definition: PropertyDefinition, operation: Operation, now_ms: int) -> Condition | None:
    """Before, on and after a day in UTC; with the operators of days away the day has no effect."""
    if operation["operator"] not in ("IS_EQUAL_TO", "IS_BEFORE", "IS_AFTER", *_DATE_OPERATORS):
        return None
    month = operation["month"]
    number = MONTHS.index(month) + 1 if month in MONTHS else int(month)
    try:
        date = datetime.datetime(operation["year"], number, operation["day"], tzinfo=datetime.UTC)
    except (ValueError, OverflowError):
        return NOTHING
    field, day_ms = field_of(definition), to_ms(date)
    if operation["operator"] == "IS_EQUAL_TO":
        return Within(field, day_ms, day_ms + DAY_MS, high_included=False)
    word = "IS_BEFORE_DATE" if "BEFORE" in operation["operator"] else "IS_AFTER_DATE"
    return _moment(definition, {"timestamp": day_ms, "operator": word}, now_ms)


_DATE_OPERATORS: Final = ("IS_BEFORE_DATE", "IS_AFTER_DATE")


def _rolling(definition: PropertyDefinition, operation: Operation, now_ms: int) -> Condition | None:
    field, days_ms = field_of(definition), operation["numberOfDays"] * DAY_MS
    return {
        "IS_LESS_THAN_X_DAYS_AGO": Within(field, now_ms - days_ms, now_ms, low_included=False),
        "IS_MORE_THAN_X_DAYS_AGO": Within(field, high=now_ms - days_ms, high_included=False),
        "IS_LESS_THAN_X_DAYS_FROM_NOW": Within(
            field, now_ms, now_ms + days_ms, high_included=False
        ),
        "IS_MORE_THAN_X_DAYS_FROM_NOW": Within(field, low=now_ms + days_ms, low_included=False),
    }[operation["operator"]]


def _calendar(
    definition: PropertyDefinition, operation: Operation, now_ms: int
) -> Condition | None:
    """Within this, the last or the next days, weeks, months, quarters or years, in UTC."""
    if operation.get("useFiscalYear"):
        return None
    field, unit = field_of(definition), operation["timeUnit"]
    count = operation.get("timeUnitCount") or 1
    try:
        begin = unit_begin(from_ms(now_ms), unit)
        end = units_later(begin, unit, 1)
        low, high = {
            "IN_THIS_TIME_UNIT": (begin, end),
            "IN_THIS_TIME_UNIT_SO_FAR": (begin, from_ms(now_ms)),
            "IN_LAST_TIME_UNIT": (units_later(begin, unit, -count), begin),
            "IN_NEXT_TIME_UNIT": (end, units_later(end, unit, count)),
        }[operation["operator"]]
    except (ValueError, OverflowError):
        return None
    return Within(field, to_ms(low), to_ms(high), high_included=False)


def _time_point(
    definition: PropertyDefinition, operation: Operation, now_ms: int
) -> Condition | None:
    of_days = definition.type == "date"
    at_ms = time_point_ms(operation["timePoint"], now_ms, of_days=of_days)
    if at_ms is None:
        return None
    field, included = field_of(definition), operation.get("endpointBehavior") == "INCLUSIVE"
    if operation["operator"] == "IS_BEFORE":
        return Within(field, high=at_ms, high_included=included)
    return Within(field, low=at_ms, low_included=included)


def _time_range(
    definition: PropertyDefinition, operation: Operation, now_ms: int
) -> Condition | None:
    of_days = definition.type == "date"
    low = time_point_ms(operation["lowerBoundTimePoint"], now_ms, of_days=of_days)
    high = time_point_ms(operation["upperBoundTimePoint"], now_ms, of_days=of_days)
    if low is None or high is None:
        return None
    return _between(
        field_of(definition),
        operation["operator"],
        low,
        high,
        low_included=operation.get("lowerBoundEndpointBehavior") != "EXCLUSIVE",
        high_included=operation.get("upperBoundEndpointBehavior") != "EXCLUSIVE",
    )


_Meaning = Callable[[PropertyDefinition, Operation, int], Condition | None]

_MEANINGS: Final[Mapping[str, _Meaning]] = {
    "ALL_PROPERTY": _existence,
    "STRING": _text,
    "MULTISTRING": _text,
    "ENUMERATION": _choice,
    "BOOL": _flag,
    "NUMBER": _number,
    "NUMBER_RANGED": _range,
    "DATE": _day,
    "DATETIME": _moment,
    "RANGED_DATE": _range,
    "ROLLING_DATE_RANGE": _rolling,
    "CALENDAR_DATE": _calendar,
    "TIME_POINT": _time_point,
    "TIME_RANGED": _time_range,
}
