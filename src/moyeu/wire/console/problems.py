"""A refusal of the API as a page shows it."""

from dataclasses import dataclass
from typing import Any

import msgspec

from moyeu.crm.problems import Problem
from moyeu.wire.errors import Refusal
from moyeu.wire.search_words import SEARCH_WORDS


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """What the API answers, and what lies behind it.

    entries: further messages that stand in the answer. rule: the name of the problem and what it
    is about, as the server knows it; the API may tell less.
    """

    status: int
    category: str
    message: str
    entries: tuple[str, ...]
    rule: str


def shown_problem(problem: Problem, portal_id: int, type_id: str) -> ShownProblem:
    """The problem in the words of the API."""
    refusal: Refusal = SEARCH_WORDS[type(problem)](problem, portal_id, type_id)
    entries = tuple(_message(each) for each in refusal.errors or ())
    return ShownProblem(
        refusal.status, refusal.category or "", refusal.message, entries, _rule(problem)
    )


def _message(entry: dict[str, Any]) -> str:
    return str(entry.get("message", ""))


def _rule(problem: Problem) -> str:
    facts = msgspec.json.encode(problem).decode()
    name = type(problem).__name__
    return name if facts == "{}" else f"{name} {facts}"
