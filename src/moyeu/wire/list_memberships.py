"""The handlers of the routes of members and memberships: decode → operation → encode."""

from urllib.parse import quote

from moyeu.crm.problems import Problem
from moyeu.operations import list_memberships as operations
from moyeu.wire.answering import batch_answer, ok
from moyeu.wire.bodies import Json
from moyeu.wire.decode import decoded
from moyeu.wire.exchange import Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.list_answers import (
    changed_body,
    member_body,
    membership_bodies,
    record_memberships_body,
)
from moyeu.wire.list_bodies import decode_ids, decode_members, decode_records
from moyeu.wire.lists import done, refuse_list
from moyeu.wire.paging import next_query, paging_body
from moyeu.wire.routes import Clock


async def read_members(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{listId}/memberships`: by record id."""
    return await _read_page(request, "memberships", by_time=False)


async def read_members_by_time(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/{listId}/memberships/join-order`: by the time of joining."""
    return await _read_page(request, "memberships/join-order", by_time=True)


async def _read_page(request: Request, tail: str, *, by_time: bool) -> Answer:
    list_id = request.path["listId"]
    page = await operations.read_members(
        request.store,
        request.caller.portal_id,
        list_id,
        request.query.last("after"),
        request.query.last("before"),
        request.query.last("limit"),
        request.now_ms,
        by_time=by_time,
    )
    if isinstance(page, Problem):
        return refuse_list(request, page)
    body: Json = {"total": page.total, "results": [member_body(each) for each in page.members]}
    if page.place is not None:
        # The prefix of the version that was called: a guess, as it is for owners.
        prefix = request.base_url + request.version.list_prefixes[0]
        address = f"{prefix}/{quote(list_id, safe='')}/{tail}"
        body["paging"] = _paging(address, request.query_text, page.place, page.descending)
    return ok(body)


def _paging(address: str, query_text: str, place: str, descending: bool) -> Json:
    """Where the next page is; of a descending one the word for it is `prev` (a guess)."""
    if not descending:
        return paging_body(place, f"{address}?{next_query(query_text, place)}")
    kept = [part for part in query_text.split("&") if part and not part.startswith("before=")]
    link = f"{address}?{'&'.join((*kept, f'before={place}'))}"
    return {"prev": {"before": place, "link": link}}


async def add_members(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{listId}/memberships/add`: a bare array of record ids."""
    ids = await decoded(decode_ids, request.body)
    if isinstance(ids, Problem | JsonProblem):
        return refuse_list(request, ids)
    return await _change(request, ids, [])


async def remove_members(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{listId}/memberships/remove`: a bare array of record ids."""
    ids = await decoded(decode_ids, request.body)
    if isinstance(ids, Problem | JsonProblem):
        return refuse_list(request, ids)
    return await _change(request, [], ids)


async def change_members(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{listId}/memberships/add-and-remove`."""
    given = await decoded(decode_members, request.body)
    if isinstance(given, Problem | JsonProblem):
        return refuse_list(request, given)
    return await _change(request, *given)


async def _change(request: Request, to_add: list[str], to_remove: list[str]) -> Answer:
    changed = await operations.change_members(
        request.store, request.occasion(), request.path["listId"], to_add, to_remove
    )
    return (
        refuse_list(request, changed) if isinstance(changed, Problem) else ok(changed_body(changed))
    )


async def add_members_from(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/{listId}/memberships/add-from/{sourceListId}`."""
    problem = await operations.add_members_from(
        request.store, request.occasion(), request.path["listId"], request.path["sourceListId"]
    )
    return done(request, problem)


async def remove_all_members(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/{listId}/memberships`."""
    problem = await operations.remove_all_members(
        request.store, request.occasion(), request.path["listId"]
    )
    return done(request, problem)


async def read_record_memberships(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/records/{objectTypeId}/{recordId}/memberships`."""
    wanted = [(request.path["objectTypeId"], request.path["recordId"])]
    found = await operations.read_memberships(
        request.store, request.caller.portal_id, wanted, request.now_ms
    )
    if isinstance(found, Problem):
        return refuse_list(request, found)
    results = membership_bodies(found[0])
    return ok({"total": len(results), "results": results})


async def batch_read_memberships(request: Request, clock_ms: Clock) -> Answer:
    """`POST …/records/memberships/batch/read`."""
    wanted = await decoded(decode_records, request.body)
    if isinstance(wanted, Problem | JsonProblem):
        return refuse_list(request, wanted)
    found = await operations.read_memberships(
        request.store, request.caller.portal_id, wanted, request.now_ms
    )
    if isinstance(found, Problem):
        return refuse_list(request, found)
    results = [record_memberships_body(each) for each in found]
    return batch_answer(request, clock_ms, 200, results, [])
