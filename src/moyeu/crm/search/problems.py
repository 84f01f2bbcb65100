"""Everything that a client can get wrong in a search, as values.

Words, category and status are in `wire/search_words.py`, one row each; what is wrong in the shape
of a body is told while it is decoded (`wire/search_bodies.py`).
"""

from dataclasses import dataclass

from moyeu.crm.problems import Problem


@dataclass(frozen=True, slots=True)
class TooManyFilterGroups(Problem):
    """More filter groups than a search may have."""

    count: int
    count_max: int


@dataclass(frozen=True, slots=True)
class TooManyFiltersInGroup(Problem):
    """More filters than a filter group may have."""

    count: int
    count_max: int


@dataclass(frozen=True, slots=True)
class TooManyFilters(Problem):
    """More filters in all groups than a search may have."""

    count: int
    count_max: int


@dataclass(frozen=True, slots=True)
class TooManySorts(Problem):
    """More sorts than a search may have."""

    count: int
    count_max: int


@dataclass(frozen=True, slots=True)
class QueryTooLong(Problem):
    """More characters in `query` than it may have."""

    count: int
    count_max: int


@dataclass(frozen=True, slots=True)
class NegativeLimit(Problem):
    """Fewer than no records asked for."""

    limit: int


@dataclass(frozen=True, slots=True)
class OutsideWindow(Problem):
    """The page does not lie within the records that a search pages through."""

    after: int
    limit: int


@dataclass(frozen=True, slots=True)
class NotSearchable(Problem):
    """A filter or sort names nothing that records can be found or sorted by."""

    name: str


@dataclass(frozen=True, slots=True)
class UnusableFilterValue(Problem):
    """The values of the property cannot be compared with this one, or not in reasonable time."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class UnusableOperator(Problem):
    """Associations cannot be asked for by this operator."""

    name: str
    operator: str


@dataclass(frozen=True, slots=True)
class UnreadableSort(Problem):
    """A sort is none of the forms in which one is written."""
