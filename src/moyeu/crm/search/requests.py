"""Searches as clients ask for them, and the conditions, order and part of the records they mean.

What is decoded comes in here: each filter has what its operator needs (`wire/search_bodies.py`).
Source: search guide of 2026-03, descriptions of 2026-08; marks stand at the rules.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from moyeu.catalog.limits import (
    SEARCH_FILTER_GROUPS_MAX,
    SEARCH_FILTERS_MAX,
    SEARCH_FILTERS_PER_GROUP_MAX,
    SEARCH_LIMIT_DEFAULT,
    SEARCH_LIMIT_MAX,
    SEARCH_QUERY_CHARACTERS_MAX,
    SEARCH_SORTS_MAX,
    SEARCH_WILDCARD_WORDS_MAX,
    SEARCH_WINDOW_MAX,
)
from moyeu.catalog.object_types import ObjectType, find_object_type
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem, TooManyPerPage
from moyeu.crm.records import read_record_id
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
    Linked,
    Mentions,
    NoneOf,
    OneOf,
    SortBy,
    Within,
    sort_by,
)
from moyeu.crm.search.keys import (
    Field,
    Key,
    TokenPattern,
    field_of,
    given_key,
    token_pattern,
    words_of,
)
from moyeu.crm.search.problems import (
    NegativeLimit,
    NotSearchable,
    OutsideWindow,
    QueryTooLong,
    TooManyFilterGroups,
    TooManyFilters,
    TooManyFiltersInGroup,
    TooManySorts,
    UnreadableSort,
    UnusableFilterValue,
    UnusableOperator,
)

Operator = Literal[
    "GTE",
    "BETWEEN",
    "CONTAINS_TOKEN",
    "EQ",
    "GT",
    "HAS_PROPERTY",
    "IN",
    "LT",
    "LTE",
    "NEQ",
    "NOT_CONTAINS_TOKEN",
    "NOT_HAS_PROPERTY",
    "NOT_IN",
]
"""How a filter compares (spec)."""

OPERATORS: Final[tuple[Operator, ...]] = get_args(Operator)

_ASSOCIATIONS: Final = "associations."
_PHONE_FORMS: Final = "hs_searchable_calculated_"


@dataclass(frozen=True, slots=True)
class Filter:
    """One comparison; it has what its operator needs.

    name: of a property, or `associations.` and the singular name of an object type.
    """

    name: str
    operator: Operator
    value: str = ""
    values: tuple[str, ...] = ()
    high_value: str = ""


@dataclass(frozen=True, slots=True)
class Sort:
    """By which property the records found are sorted."""

    name: str
    descending: bool = False


FilterGroup: TypeAlias = tuple[Filter, ...]
"""Filters that a record must meet all; one group of several suffices."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search as decoded; absent parts are empty.

    sorts: None where one is written in no known form. limit, after: None where they are absent.
    """

    groups: tuple[FilterGroup, ...] = ()
    query: str = ""
    sorts: tuple[Sort | None, ...] = ()
    properties: tuple[str, ...] = ()
    limit: int | None = None
    after: int | None = None

    @property
    def size(self) -> int:
        """What its check has to go through: values of lists and characters of other values."""
        filters = (each for group in self.groups for each in group)
        return sum(len(each.values) + len(each.value) for each in filters)


@dataclass(frozen=True, slots=True)
class CheckedSearch:
    """A search that can be carried out: what is found, in which order, and which part of it."""

    condition: Condition
    sort: SortBy | None
    offset: int
    count: int


def check_search(definitions: TypeDefinitions, request: SearchRequest) -> CheckedSearch | Problem:
    """What the search means for records of the type, or the first thing wrong in it.

    That counts are judged before names and values is a guess.
    """
    limit = SEARCH_LIMIT_DEFAULT if request.limit is None else request.limit
    after = request.after or 0
    found = _check_counts(request) or _check_part(limit, after)
    if found is not None:
        return found
    condition = _condition(definitions, request)
    if isinstance(condition, Problem):
        return condition
    sort = _sort(definitions, request.sorts)
    if isinstance(sort, Problem):
        return sort
    return CheckedSearch(condition, sort, after, limit)


def _check_counts(request: SearchRequest) -> Problem | None:
    if len(request.groups) > SEARCH_FILTER_GROUPS_MAX:
        return TooManyFilterGroups(len(request.groups), SEARCH_FILTER_GROUPS_MAX)
    counts = [len(group) for group in request.groups]
    for count in counts:
        if count > SEARCH_FILTERS_PER_GROUP_MAX:
            return TooManyFiltersInGroup(count, SEARCH_FILTERS_PER_GROUP_MAX)
    if sum(counts) > SEARCH_FILTERS_MAX:
        return TooManyFilters(sum(counts), SEARCH_FILTERS_MAX)
    if len(request.sorts) > SEARCH_SORTS_MAX:
        return TooManySorts(len(request.sorts), SEARCH_SORTS_MAX)
    if len(request.query) > SEARCH_QUERY_CHARACTERS_MAX:
        return QueryTooLong(len(request.query), SEARCH_QUERY_CHARACTERS_MAX)
    return None


def _check_part(limit: int, after: int) -> Problem | None:
    """Whether the page may be asked for; a page of none is allowed (a guess)."""
    if limit > SEARCH_LIMIT_MAX:
        return TooManyPerPage(str(limit), SEARCH_LIMIT_MAX, with_history=False)
    if limit < 0:
        return NegativeLimit(limit)
    # Observed: 10000 is refused, 9999 with a limit of 1 is not.
    if after < 0 or after >= SEARCH_WINDOW_MAX or after + limit > SEARCH_WINDOW_MAX:
        return OutsideWindow(after, limit)
    return None


def _condition(definitions: TypeDefinitions, request: SearchRequest) -> Condition | Problem:
    """All groups, one of which suffices, and the query beside them."""
    groups: list[Condition] = []
    for group in request.groups:
        parts = [_filtered(definitions, each) for each in group]
        for part in parts:
            if isinstance(part, Problem):
                return part
        groups.append(_all_of(part for part in parts if isinstance(part, Condition)))
    asked = [_any_of(groups)] if groups else []
    if request.query:
        asked.append(_mentions(definitions, request.query))
    return _all_of(asked)


def _all_of(parts: Iterable[Condition]) -> Condition:
    every = tuple(parts)
    return every[0] if len(every) == 1 else AllOf(every) if every else EVERYTHING


def _any_of(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


# --- filters ----------------------------------------------------------------------------------


def _filtered(definitions: TypeDefinitions, given: Filter) -> Condition | Problem:
    if given.name.startswith(_ASSOCIATIONS):
        return _linked(given)
    definition = definitions.properties.get(given.name)
    hidden = definitions.object_type.unfilterable_properties
    if definition is None or given.name in hidden:
        return NotSearchable(given.name)
    return _CONDITIONS[given.operator](field_of(definition), given)


def _linked(given: Filter) -> Condition | Problem:
    """Records that are associated, by whatever type, with those that the filter names.

    Documented for `EQ` and names of HubSpot's own types in the singular; `IN` is a guess. Observed
    that `HAS_PROPERTY` and `NOT_HAS_PROPERTY` are refused.
    """
    name = given.name.removeprefix(_ASSOCIATIONS)
    object_type = find_object_type(name)
    if object_type is None or object_type.singular != name:
        return NotSearchable(given.name)
    if given.operator not in ("EQ", "IN"):
        return UnusableOperator(given.name, given.operator)
    texts = given.values if given.operator == "IN" else (given.value,)
    ids = [read_record_id(text) for text in texts]
    if None in ids:
        return UnusableFilterValue(given.name, texts[ids.index(None)])
    return Linked(object_type.id, frozenset(each for each in ids if each is not None))


def _key(field: Field, text: str) -> Key | UnusableFilterValue:
    key = given_key(field, text)
    return UnusableFilterValue(field.name, text) if key is None else key


def _keys(field: Field, texts: Iterable[str]) -> frozenset[Key] | UnusableFilterValue:
    keys: set[Key] = set()
    for text in texts:
        key = _key(field, text)
        if isinstance(key, Problem):
            return key
        keys.add(key)
    return frozenset(keys)


_MakeCondition = Callable[[Field, Filter], Condition | Problem]


def _by_value(make: Callable[[Field, Key], Condition]) -> _MakeCondition:
    """The condition by the key of the filter's value."""

    def condition(field: Field, given: Filter) -> Condition | Problem:
        key = _key(field, given.value)
        return key if isinstance(key, Problem) else make(field, key)

    return condition


def _by_values(make: Callable[[Field, frozenset[Key]], Condition]) -> _MakeCondition:
    """The condition by the keys of the filter's list.

    Documented: for texts the values of `IN` and `NOT_IN` must be in lower case, so they are taken
    as they are, and others find nothing.
    """

    def condition(field: Field, given: Filter) -> Condition | Problem:
        if field.folds_case:
            return make(field, frozenset(given.values))
        keys = _keys(field, given.values)
        return keys if isinstance(keys, Problem) else make(field, keys)

    return condition


def _by_tokens(make: Callable[[Field, TokenPattern], Condition]) -> _MakeCondition:
    """The condition by the pattern that the filter's value is."""

    def condition(field: Field, given: Filter) -> Condition | Problem:
        pattern = token_pattern(field, given.value)
        if sum(not each.is_exact for each in pattern.words) > SEARCH_WILDCARD_WORDS_MAX:
            return UnusableFilterValue(field.name, given.value)
        return make(field, pattern)

    return condition


def _between(field: Field, given: Filter) -> Condition | Problem:
    """The values between two, both of them included (a guess)."""
    low, high = (_key(field, each) for each in (given.value, given.high_value))
    if isinstance(low, Problem):
        return low
    return high if isinstance(high, Problem) else Within(field, low, high)


_CONDITIONS: Final[Mapping[Operator, _MakeCondition]] = {
    "EQ": _by_value(lambda field, key: OneOf(field, frozenset((key,)))),
    "NEQ": _by_value(lambda field, key: NoneOf(field, frozenset((key,)))),
    "LT": _by_value(lambda field, key: Within(field, high=key, high_included=False)),
    "LTE": _by_value(lambda field, key: Within(field, high=key)),
    "GT": _by_value(lambda field, key: Within(field, low=key, low_included=False)),
    "GTE": _by_value(lambda field, key: Within(field, low=key)),
    "BETWEEN": _between,
    "IN": _by_values(OneOf),
    "NOT_IN": _by_values(NoneOf),
    "HAS_PROPERTY": lambda field, _: Holds(field),
    "NOT_HAS_PROPERTY": lambda field, _: Lacks(field),
    "CONTAINS_TOKEN": _by_tokens(HasTokens),
    "NOT_CONTAINS_TOKEN": _by_tokens(LacksTokens),
}
"""What each operator says of the values of a property; records without one meet none of them but
`NOT_HAS_PROPERTY` (observed for `NEQ`, else a guess)."""


# --- query and sort ---------------------------------------------------------------------------


def _mentions(definitions: TypeDefinitions, query: str) -> Condition:
    """Records whose searchable properties have words that begin with those of the query.

    That words are compared by their beginnings, and that a query without any word finds nothing, is
    a guess: documented is that the values contain it, whatever the case.
    """
    words = words_of(query.lower())
    return Mentions(searched_names(definitions), words) if words else NOTHING


def searched_names(definitions: TypeDefinitions) -> tuple[str, ...]:
    """The properties in which a query is looked for, those that the portal has.

    Documented by type, and of custom types what their schema says; of other types the property that
    names a record: a guess. Telephone numbers have forms of their own for it (documented).
    """
    names = _usual_names(definitions.object_type)
    forms = [name for name in definitions.properties if name.startswith(_PHONE_FORMS)]
    return tuple(name for name in (*names, *forms) if name in definitions.properties)


def _usual_names(object_type: ObjectType) -> tuple[str, ...]:
    return object_type.searchable_properties or (object_type.primary_display_property,)


def _sort(definitions: TypeDefinitions, sorts: tuple[Sort | None, ...]) -> SortBy | Problem | None:
    """The order of the records; None for that of their creation (documented)."""
    if not sorts:
        return None
    (sort,) = sorts
    if sort is None:
        return UnreadableSort()
    definition = definitions.properties.get(sort.name)
    if definition is None:
        return NotSearchable(sort.name)
    return sort_by(field_of(definition), descending=sort.descending)
