"""The handlers of the routes of lists themselves: decode → operation → encode."""

from typing import Final

from moyeu.crm.lists.searching import ListSearch
from moyeu.crm.problems import InvalidParameter, Problem
from moyeu.crm.values.moment import DAY_MS, read_day, read_iso, read_ms
from moyeu.operations import lists as operations
from moyeu.operations.lists import ReadList
from moyeu.wire.answering import ok, refuse
from moyeu.wire.bodies import Json
from moyeu.wire.decode import decoded
from moyeu.wire.exchange import NO_CONTENT, Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.list_answers import conversion_body, found_body, history_body, list_body
from moyeu.wire.list_bodies import (
    decode_conversion,
    decode_filters,
    decode_ids,
    decode_list,
    decode_search,
)
from moyeu.wire.list_words import LIST_WORDS
from moyeu.wire.record_words import RECORD_WORDS
from moyeu.wire.routes import Clock

_WORDS: Final = {**RECORD_WORDS, **LIST_WORDS}
_HISTORY_DAYS_DEFAULT: Final = 30


def refuse_list(request: Request, problem: Problem | JsonProblem) -> Answer:
    """The refusal of a call about lists."""
    return refuse(request, problem, _WORDS)


def done(request: Request, problem: Problem | None) -> Answer:
    """204, or why it was not done."""
    return NO_CONTENT if problem is None else refuse_list(request, problem)


def _answer(request: Request, found: ReadList | Problem, key: str) -> Answer:
    if isinstance(found, Problem):
        return refuse_list(request, found)
    with_filters = request.query.flag("includeFilters")
    return ok({key: list_body(found, with_filters=with_filters)})


async def read_lists(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/lists?listIds=`."""
    found = await operations.read_lists(
        request.store, request.caller.portal_id, request.query.names("listIds"), request.now_ms
    )
    if isinstance(found, Problem):
        return refuse_list(request, found)
    with_filters = request.query.flag("includeFilters")
    return ok({"lists": [list_body(each, with_filters=with_filters) for each in found]})


async def create_list(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/lists`: 200, not 201 (SPEC); the filters are told back (a guess)."""
    given = await decoded(decode_list, request.body)
    if isinstance(given, Problem | JsonProblem):
        return refuse_list(request, given)
    made = await operations.create_list(request.store, request.occasion(), given)
    if isinstance(made, Problem):
        return refuse_list(request, made)
    return ok({"list": list_body(made, with_filters=True)})


async def read_list(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{listId}`."""
    found = await operations.read_list(
        request.store, request.caller.portal_id, request.path["listId"], request.now_ms
    )
    return _answer(request, found, "list")


async def read_list_named(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/object-type-id/{objectTypeId}/name/{listName}`."""
    found = await operations.read_list_named(
        request.store,
        request.caller.portal_id,
        request.path["objectTypeId"],
        request.path["listName"],
        request.now_ms,
    )
    return _answer(request, found, "list")


async def delete_list(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/{listId}`."""
    problem = await operations.delete_list(
        request.store, request.occasion(), request.path["listId"]
    )
    return done(request, problem)


async def restore_list(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{listId}/restore`."""
    problem = await operations.restore_list(
        request.store, request.occasion(), request.path["listId"]
    )
    return done(request, problem)


async def rename_list(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{listId}/update-list-name?listName=`."""
    found = await operations.rename_list(
        request.store,
        request.occasion(),
        request.path["listId"],
        request.query.last("listName"),
    )
    return _answer(request, found, "updatedList")


async def update_filters(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{listId}/update-list-filters`; there are no workflows to enrol anybody in."""
    filter_branch = await decoded(decode_filters, request.body)
    if isinstance(filter_branch, Problem | JsonProblem):
        return refuse_list(request, filter_branch)
    found = await operations.update_filters(
        request.store, request.occasion(), request.path["listId"], filter_branch
    )
    if isinstance(found, Problem):
        return refuse_list(request, found)
    return ok({"updatedList": list_body(found, with_filters=True)})


async def search_lists(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/search`; in 2026-09-beta `POST …/all` too, whose description names no more."""
    search: ListSearch | Problem | JsonProblem = await decoded(decode_search, request.body)
    if isinstance(search, Problem | JsonProblem):
        return refuse_list(request, search)
    found = await operations.search_lists(
        request.store, request.caller.portal_id, search, request.now_ms
    )
    if isinstance(found, Problem):
        return refuse_list(request, found)
    return ok(found_body(found, search.additional_properties))


# --- conversions and history ------------------------------------------------------------------


async def read_conversion(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{listId}/schedule-conversion`."""
    found = await operations.read_conversion(
        request.store, request.caller.portal_id, request.path["listId"], request.now_ms
    )
    return refuse_list(request, found) if isinstance(found, Problem) else ok(conversion_body(found))


async def schedule_conversion(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{listId}/schedule-conversion`."""
    asked = await decoded(decode_conversion, request.body)
    if isinstance(asked, Problem | JsonProblem):
        return refuse_list(request, asked)
    found = await operations.schedule_conversion(
        request.store, request.occasion(), request.path["listId"], asked
    )
    return refuse_list(request, found) if isinstance(found, Problem) else ok(conversion_body(found))


async def cancel_conversion(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/{listId}/schedule-conversion`."""
    found = await operations.schedule_conversion(
        request.store, request.occasion(), request.path["listId"], None
    )
    return refuse_list(request, found) if isinstance(found, Problem) else NO_CONTENT


async def read_history(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{listId}/size-and-edits-history/between?startDate=&endDate=`.

    Without an end it is now, without a start 30 days before the end: guesses.
    """
    places: list[int | None] = []
    for name in ("startDate", "endDate"):
        text = request.query.last(name)
        place = None if not text else _read_moment(text)
        if text and place is None:
            return refuse_list(request, InvalidParameter(name, text))
        places.append(place)
    start_ms, end_ms = places
    until_ms = request.now_ms if end_ms is None else end_ms
    from_ms = until_ms - _HISTORY_DAYS_DEFAULT * DAY_MS if start_ms is None else start_ms
    found = await operations.read_history(
        request.store,
        request.caller.portal_id,
        request.path["listId"],
        from_ms,
        until_ms,
        request.now_ms,
    )
    return refuse_list(request, found) if isinstance(found, Problem) else ok(history_body(found))


def _read_moment(text: str) -> int | None:
    return next(
        (at_ms for read in (read_iso, read_day, read_ms) if (at_ms := read(text)) is not None), None
    )


# --- ids of the first version ------------------------------------------------------------------


async def map_id(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/idmapping?legacyListId=`.

    HubSpot ended it on 2025-05-30. Here no list has another id than its own, so that is the answer.
    """
    legacy = request.query.last("legacyListId")
    if not legacy:
        return refuse_list(request, InvalidParameter("legacyListId", ""))
    found = await operations.read_list(
        request.store, request.caller.portal_id, legacy, request.now_ms
    )
    if isinstance(found, Problem):
        return refuse_list(request, found)
    return ok(_mapping(legacy))


def _mapping(list_id: str) -> Json:
    return {"legacyListId": list_id, "listId": list_id}


async def map_ids(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/idmapping`: a bare array of ids."""
    ids = await decoded(decode_ids, request.body)
    if isinstance(ids, Problem | JsonProblem):
        return refuse_list(request, ids)
    known = await operations.known_list_ids(
        request.store, request.caller.portal_id, ids, request.now_ms
    )
    return ok(
        {
            "missingLegacyListIds": [each for each, is_known in known.items() if not is_known],
            "legacyListIdsToIdsMapping": [
                _mapping(each) for each, is_known in known.items() if is_known
            ],
        }
    )
