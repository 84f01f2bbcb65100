"""The words of the refusals of searches: one row per problem."""

from typing import Final

from moyeu.crm.problems import Problem
from moyeu.crm.search import problems as p
from moyeu.wire.errors import VALIDATION, Refusal, Render
from moyeu.wire.record_words import RECORD_WORDS


def _generic(_problem: Problem, _portal_id: int, _type_id: str) -> Refusal:
    """What HubSpot says of a search that it cannot carry out, without category or context.

    Observed for properties that do not exist (2022, 2023), for pages beyond the window (2024) and
    for associations by `HAS_PROPERTY` (2023); for the rest a guess.
    """
    return Refusal(400, "There was a problem with the request.")


def _too_many(what: str) -> Render:
    """A count and its maximum.

    Observed for filter groups (2026) and for filters of a group (2024 and 2026); that the others
    are told alike is a guess.
    """

    def words(
        problem: p.TooManyFilterGroups | p.TooManyFiltersInGroup | p.TooManyFilters, *_: object
    ) -> Refusal:
        text = f"too many {what} (count: {problem.count}, max allowed: {problem.count_max})"
        return Refusal(400, text, VALIDATION)

    return words


def _query_too_long(problem: p.QueryTooLong, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    text = f"query is too long (count: {problem.count}, max allowed: {problem.count_max})"
    return Refusal(400, text, VALIDATION)


def _negative_limit(problem: p.NegativeLimit, _portal_id: int, _type_id: str) -> Refusal:
    # Ours.
    return Refusal(
        400, "limit must not be negative", VALIDATION, context={"limit": [str(problem.limit)]}
    )


SEARCH_WORDS: Final[dict[type[Problem], Render]] = {
    **RECORD_WORDS,
    p.TooManyFilterGroups: _too_many("filterGroups"),
    p.TooManyFiltersInGroup: _too_many("filters per filter group"),
    p.TooManyFilters: _too_many("filters"),
    p.TooManySorts: _too_many("sorts"),
    p.QueryTooLong: _query_too_long,
    p.NegativeLimit: _negative_limit,
    p.OutsideWindow: _generic,
    p.NotSearchable: _generic,
    p.UnusableFilterValue: _generic,
    p.UnusableOperator: _generic,
    p.UnreadableSort: _generic,
}
"""As `RECORD_WORDS`, with the problems of searches."""
