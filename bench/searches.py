"""The searches that are measured, each with what it has to find.

They go to the portal of `related.py`, and ask for the properties that a batch read asks for.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from bench import related
from bench.calls import DATED, Call, Draw, encode, ids_of_results
from bench.work import CHANNELS, PROPERTY_VALUES, SERVICE_TIERS, Ids

SearchJob = Literal[
    "search_option",
    "search_text",
    "search_number",
    "search_latest",
    "search_token",
    "search_prefix",
    "search_query",
    "search_other_options",
    "search_sorted",
    "search_two",
    "search_linked",
    "search_lead",
    "search_fee",
    "search_tier",
    "search_review",
    "search_channel",
]

PATH = f"{DATED}/search"


@dataclass(frozen=True)
class _Question:
    """What is asked, and where known what is found.

    total: of all pages. places: those of the page asked for, or more; None where it is not known.
    """

    body: Mapping[str, Any]
    total: int = 0
    places: Iterable[int] | None = field(default=None)


_Ask = Callable[[random.Random, int, int], _Question]
"""Makes a question of random numbers, the count of the records, and the limit."""


def _filters(*filters: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    group = [
        {"propertyName": name, "operator": operator, **values} for name, operator, values in filters
    ]
    return {"filterGroups": [{"filters": group}]}


def _filter(name: str, operator: str, value: object, high: object = None) -> dict[str, Any]:
    values = (
        {"value": str(value)} if high is None else {"value": str(value), "highValue": str(high)}
    )
    return _filters((name, operator, values))


def _every(first: int, step: int, count: int, body: dict[str, Any]) -> _Question:
    places = range(first, count, step)
    return _Question(body, len(places), places)


# --- with known hits ---------------------------------------------------------------------------


def _option(rng: random.Random, count: int, _limit: int) -> _Question:
    number = rng.randrange(related.REGIONS)
    body = _filter("region", "EQ", related.region(number))
    return _every(number, related.REGIONS, count, body)


def _other_options(rng: random.Random, count: int, _limit: int) -> _Question:
    number = rng.randrange(related.REGIONS)
    others = (place for place in range(count) if place % related.REGIONS != number)
    body = _filter("region", "NEQ", related.region(number))
    return _Question(body, count - count // related.REGIONS, others)


def _text(rng: random.Random, count: int, _limit: int) -> _Question:
    place = rng.randrange(count)
    return _Question(_filter("note_01", "EQ", related.note(place)), 1, [place])


def _number(rng: random.Random, count: int, _limit: int) -> _Question:
    low = rng.randrange(count - 100)
    ranks = range(low, low + 100)
    places = sorted(related.places_by_rank(ranks, count))
    return _Question(_filter("rank", "BETWEEN", low, ranks[-1]), len(ranks), places)


def _latest(rng: random.Random, count: int, _limit: int) -> _Question:
    since_ms = related.LATEST_MS - rng.randrange(1_000_000)
    body = _filter("hs_lastmodifieddate", "GTE", since_ms)
    return _Question(body, related.LATEST, range(count - related.LATEST, count))


def _token(rng: random.Random, count: int, _limit: int) -> _Question:
    number = rng.randrange(related.CASES)
    body = _filter("summary", "CONTAINS_TOKEN", related.case(number))
    return _every(number, related.CASES, count, body)


def _prefix(rng: random.Random, count: int, _limit: int) -> _Question:
    tens = rng.randrange(related.CASES // 10)
    beginning = related.case(10 * tens)[:-1]
    places = (place for place in range(count) if place % related.CASES // 10 == tens)
    body = _filter("summary", "CONTAINS_TOKEN", f"{beginning}*")
    return _Question(body, 10 * count // related.CASES, places)


def _query(rng: random.Random, count: int, _limit: int) -> _Question:
    """As a person types it: a word, and the first three letters of the next."""
    place = rng.randrange(related.CYCLE)
    first, tens = place % related.NAMES, place // related.NAMES // 10
    words = related.name_words(place)
    places = (
        each
        for each in range(first, count, related.NAMES)
        if each // related.NAMES % related.NAMES // 10 == tens
    )
    text = f"{words[0]} {words[1][:3]}".lower()
    return _Question({"query": text}, 10 * count // related.CYCLE, places)


def _sorted(rng: random.Random, count: int, limit: int) -> _Question:
    """One of the first ten pages by a number, from either end."""
    first = limit * rng.randrange(10)
    descending = rng.random() < 0.5
    ranks = range(count)[::-1] if descending else range(count)
    body = {
        "sorts": [
            {"propertyName": "rank", "direction": "DESCENDING" if descending else "ASCENDING"}
        ],
        "after": str(first),
    }
    return _Question(body, count, related.places_by_rank(ranks[first : first + limit], count))


def _two(rng: random.Random, count: int, _limit: int) -> _Question:
    number = rng.randrange(related.REGIONS)
    ranks = range(count // related.REGIONS)
    places = sorted(
        place for place in related.places_by_rank(ranks, count) if place % related.REGIONS == number
    )
    body = _filters(
        ("region", "EQ", {"value": related.region(number)}),
        ("rank", "LT", {"value": str(ranks.stop)}),
    )
    return _Question(body, len(places), places)


# --- of values that updates change -------------------------------------------------------------


def _lead(rng: random.Random, _count: int, _limit: int) -> _Question:
    return _Question(_filter("account_lead", "EQ", PROPERTY_VALUES["account_lead"](rng)))


def _fee(rng: random.Random, _count: int, _limit: int) -> _Question:
    low = rng.randrange(900_000)
    return _Question(_filter("monthly_fee", "BETWEEN", low, low + 100))


def _tier(rng: random.Random, _count: int, _limit: int) -> _Question:
    return _Question(_filter("service_tier", "EQ", rng.choice(SERVICE_TIERS)))


def _review(rng: random.Random, _count: int, _limit: int) -> _Question:
    return _Question(_filter("next_review_at", "GTE", PROPERTY_VALUES["next_review_at"](rng)))


def _channel(rng: random.Random, _count: int, _limit: int) -> _Question:
    return _Question(_filter("channels", "EQ", rng.choice(CHANNELS)))


def lead_call(lead: str, record_id: str) -> Call:
    """The search for a value that one record alone was given."""
    return _call(_Question(_filter("account_lead", "EQ", lead), 1), [record_id], 10)


# --- calls -------------------------------------------------------------------------------------


def _total_and_ids(answer: Mapping[str, Any]) -> list[str]:
    return [f"total {answer['total']}", *ids_of_results(answer)]


def _call(question: _Question, shown: list[str] | None, limit: int) -> Call:
    body = {**question.body, "properties": list(PROPERTY_VALUES), "limit": limit}
    known = None if shown is None else [f"total {question.total}", *shown]
    return Call("POST", PATH, encode(body), shown=known, seen=_total_and_ids)


def _search(ask: _Ask) -> Draw:
    def draw(rng: random.Random, ids: Ids, limit: int) -> Call:
        question = ask(rng, len(ids.records), limit)
        if question.places is None:
            return _call(question, None, limit)
        shown = [str(ids.records[place]) for place in islice(question.places, limit)]
        return _call(question, shown, limit)

    return draw


def _search_linked(rng: random.Random, ids: Ids, limit: int) -> Call:
    hub = rng.randrange(related.HUBS)
    company_id = ids.companies[1 + hub]
    places = related.hub_places(hub, len(ids.records))
    question = _Question(_filter("associations.company", "EQ", company_id), len(places))
    return _call(question, [str(ids.records[place]) for place in places[:limit]], limit)


DRAW: Mapping[str, Draw] = {
    "search_option": _search(_option),
    "search_text": _search(_text),
    "search_number": _search(_number),
    "search_latest": _search(_latest),
    "search_token": _search(_token),
    "search_prefix": _search(_prefix),
    "search_query": _search(_query),
    "search_other_options": _search(_other_options),
    "search_sorted": _search(_sorted),
    "search_two": _search(_two),
    "search_linked": _search_linked,
    "search_lead": _search(_lead),
    "search_fee": _search(_fee),
    "search_tier": _search(_tier),
    "search_review": _search(_review),
    "search_channel": _search(_channel),
}

OF_UPDATED: tuple[SearchJob, ...] = (
    "search_lead",
    "search_fee",
    "search_tier",
    "search_review",
    "search_channel",
)
"""Searches of five properties that every batch update changes; what they find is not known."""
