"""The body of a search: what it may hold, and how it is decoded.

Nothing in it is required, though the API descriptions say so: documented and met in clients of
every year. The names of classes are observed for `Filter` and the set of groups, else guesses.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from msgspec import UNSET, UnsetType

from moyeu.crm.search.requests import (
    OPERATORS,
    Filter,
    FilterGroup,
    Operator,
    SearchRequest,
    Sort,
)
from moyeu.wire.jackson import (
    ANY,
    INT,
    TEXT,
    TEXT_LIST,
    Choice,
    JsonProblem,
    ListOf,
    Record,
    read_json,
    words,
)
from moyeu.wire.plain_bodies import (
    NOT_PLAIN,
    NotPlainError,
    check_no_duplicate_fields,
    check_no_null_character,
)

_SEARCH: Final = "com.hubspot.inbounddb.publicobject.core.v3.search."
_FILTER: Final = f"{_SEARCH}Filter"
_SET: Final = "java.util.HashSet"
_REQUIRED: Final = ("propertyName", "operator")
_DIRECTIONS: Final[Mapping[object, bool]] = {None: False, "ASCENDING": False, "DESCENDING": True}
"""Whether a sort descends; that the direction may be missing is a guess."""

# Which operators take a list and which take nothing; the others take a value.
_OF_LISTS: Final = frozenset({"IN", "NOT_IN"})
_OF_NOTHING: Final = frozenset({"HAS_PROPERTY", "NOT_HAS_PROPERTY"})


def _filter_fault(given: Mapping[str, object]) -> str | None:
    """Why a filter cannot be made, in HubSpot's words.

    Observed: missing attributes (2022), `BETWEEN` without `highValue` (2022), lists without
    `values`, both of `value` and `values` (2022). Guesses by analogy: a missing `value`, and one
    that `HAS_PROPERTY` does not take. An empty text is no value (observed, but for its words).
    """
    missing = [name for name in _REQUIRED if given.get(name) is None]
    if missing:
        return words.attributes_not_set("Filter", missing)
    operands = (given.get(each) for each in ("value", "values", "highValue"))
    fault = _operand_fault(given["operator"], *map(bool, operands))
    return None if fault is None else words.not_constructed(_FILTER, fault)


def _operand_fault(
    operator: object, has_value: bool, has_values: bool, has_high_value: bool
) -> str | None:
    if has_value and has_values:
        return "value and values are mutually exclusive"
    if operator in _OF_NOTHING:
        refused = has_value or has_values
        return f"operator {operator} does not accept a value" if refused else None
    if operator in _OF_LISTS:
        return None if has_values else f"operator {operator} requires values"
    if not has_value:
        return f"operator {operator} requires a value"
    if operator == "BETWEEN" and not has_high_value:
        return "operator BETWEEN requires a highValue"
    return None


FILTER: Final = Record(
    _FILTER,
    {
        "propertyName": TEXT,
        "operator": Choice(f"{_FILTER}$Operator", OPERATORS),
        "value": TEXT,
        "values": TEXT_LIST,
        "highValue": TEXT,
    },
    check=_filter_fault,
)
_FILTERS: Final = ListOf(FILTER, _SET)
SEARCH: Final = Record(
    f"{_SEARCH}PublicObjectSearchRequest",
    {
        "filterGroups": ListOf(Record(f"{_SEARCH}FilterGroup", {"filters": _FILTERS}), _SET),
        "filters": _FILTERS,
        "query": TEXT,
        "sorts": ListOf(ANY),
        "properties": TEXT_LIST,
        "limit": INT,
        "after": INT,
    },
)
"""The body of `POST …/search`; each field may be missing or `null`."""


def decode_search(body: bytes) -> SearchRequest | JsonProblem:
    """The search that a body asks for."""
    try:
        return _plain_search(body)
    except NOT_PLAIN:
        # Not a failure that is passed over: the reader judges the same bytes.
        return read_search(body)


def read_search(body: bytes) -> SearchRequest | JsonProblem:
    """As `decode_search`, by the reference reader alone."""
    found = read_json(body, SEARCH)
    if isinstance(found, JsonProblem):
        return found
    fields = cast("dict[str, Any]", found)
    return SearchRequest(
        groups=_groups(fields),
        query=fields.get("query") or "",
        sorts=tuple(map(_sort, fields.get("sorts") or ())),
        properties=tuple(name for name in fields.get("properties") or () if name),
        limit=fields.get("limit"),
        after=fields.get("after"),
    )


def _groups(fields: Mapping[str, Any]) -> tuple[FilterGroup, ...]:
    """The groups; filters beside them are one more: a guess, documented is that they may be alone.

    A group without filters is met by every record (a guess).
    """
    groups = [_filters(each.get("filters")) for each in fields.get("filterGroups") or ()]
    beside = _filters(fields.get("filters"))
    return (*groups, beside) if beside else tuple(groups)


def _filters(given: list[dict[str, Any]] | None) -> FilterGroup:
    return tuple(
        Filter(
            each["propertyName"],
            cast("Operator", each["operator"]),
            each.get("value") or "",
            tuple(each.get("values") or ()),
            each.get("highValue") or "",
        )
        for each in given or ()
    )


def _sort(given: object) -> Sort | None:
    """A sort as an object, as JSON text of one, or as a name, `-` before it to descend.

    The object is documented, the name is that of the API descriptions, the JSON text is what the
    README of HubSpot's Node client recommends; the `-` is met in other tools only.
    """
    if isinstance(given, str):
        if given.startswith("{"):
            found = read_json(given.encode(), ANY)
            return None if isinstance(found, JsonProblem) else _sort_object(found)
        return Sort(given.removeprefix("-"), given.startswith("-"))
    return _sort_object(given)


def _sort_object(given: object) -> Sort | None:
    if not isinstance(given, dict):
        return None
    name, direction = given.get("propertyName"), given.get("direction")
    if not isinstance(name, str) or not isinstance(direction, str | None):
        return None
    return Sort(name, _DIRECTIONS[direction]) if direction in _DIRECTIONS else None


# --- the usual bodies ---------------------------------------------------------------------------

_Whole = Annotated[int, msgspec.Meta(ge=INT.minimum, le=INT.maximum)]


class _PlainFilter(msgspec.Struct, gc=False, rename="camel", forbid_unknown_fields=True):
    property_name: str
    operator: Operator
    value: str | UnsetType = UNSET
    values: list[str] | UnsetType = UNSET
    high_value: str | UnsetType = UNSET


class _PlainGroup(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    filters: list[_PlainFilter]


class _PlainSort(msgspec.Struct, gc=False, rename="camel", forbid_unknown_fields=True):
    property_name: str
    direction: Literal["ASCENDING", "DESCENDING"]


class _PlainSearch(msgspec.Struct, gc=False, rename="camel", forbid_unknown_fields=True):
    filter_groups: list[_PlainGroup] | UnsetType = UNSET
    filters: list[_PlainFilter] | UnsetType = UNSET
    query: str | UnsetType = UNSET
    sorts: list[str | _PlainSort] | UnsetType = UNSET
    properties: list[str] | UnsetType = UNSET
    limit: _Whole | UnsetType = UNSET
    after: _Whole | Annotated[str, msgspec.Meta(pattern="^[0-9]{1,9}$")] | UnsetType = UNSET


_decode_plain = msgspec.json.Decoder(_PlainSearch).decode


def _plain_search(body: bytes) -> SearchRequest:
    """As `read_search`, of a body without anything unusual in it; else one of `NOT_PLAIN`."""
    check_no_null_character(body)
    found = _decode_plain(body)
    groups = [each.filters for each in found.filter_groups or ()]
    beside = found.filters or []
    sorts = found.sorts or ()
    check_no_duplicate_fields(body, _count_fields(found, [*groups, beside]))
    return SearchRequest(
        groups=tuple(map(_plain_filters, [*groups, beside] if beside else groups)),
        query=found.query or "",
        sorts=tuple(_plain_sort(each) for each in sorts),
        properties=tuple(filter(None, found.properties or ())),
        limit=None if found.limit is UNSET else found.limit,
        after=None if found.after is UNSET else int(found.after),
    )


def _count_fields(found: _PlainSearch, groups: Sequence[Sequence[_PlainFilter]]) -> int:
    count = sum(getattr(found, name) is not UNSET for name in found.__struct_fields__)
    count += len(found.filter_groups or ())
    count += sum(2 for each in found.sorts or () if not isinstance(each, str))
    for each in chain.from_iterable(groups):
        count += 2 + (each.value is not UNSET)
        count += (each.values is not UNSET) + (each.high_value is not UNSET)
    return count


def _plain_filters(given: Sequence[_PlainFilter]) -> FilterGroup:
    return tuple(map(_plain_filter, given))


def _plain_filter(given: _PlainFilter) -> Filter:
    operands = (given.value, given.values, given.high_value)
    if _operand_fault(given.operator, *map(bool, operands)):
        raise NotPlainError
    value, values, high_value = operands
    return Filter(
        given.property_name, given.operator, value or "", tuple(values or ()), high_value or ""
    )


def _plain_sort(given: str | _PlainSort) -> Sort | None:
    if isinstance(given, str):
        return _sort(given)
    return Sort(given.property_name, _DIRECTIONS[given.direction])
