"""The handler of searches: decode → operation → encode."""

from moyeu.crm.problems import Problem
from moyeu.operations.searches import search_records
from moyeu.operations.turns import definitions_at_hand
from moyeu.wire.answering import ok, refuse
from moyeu.wire.bodies import Json
from moyeu.wire.decode import decoded
from moyeu.wire.encode import Wished, form_of, read_record
from moyeu.wire.exchange import Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.routes import Clock
from moyeu.wire.search_bodies import decode_search
from moyeu.wire.search_words import SEARCH_WORDS


async def search(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/{objectType}/search`.

    Records have the form of a read and its default properties (documented); the place of the next
    page is an offset as text, and there is no link (observed).
    """
    portal_id, type_id = request.caller.portal_id, request.object_type.id
    asked = await decoded(decode_search, request.body)
    if isinstance(asked, JsonProblem):
        return refuse(request, asked)
    page = await search_records(request.store, portal_id, type_id, asked, request.now_ms)
    if isinstance(page, Problem):
        return refuse(request, page, SEARCH_WORDS)
    form = form_of(await definitions_at_hand(request.store, portal_id, type_id))
    wished = Wished.of(form.definitions, asked.properties, ())
    body: Json = {
        "total": page.total,
        "results": [read_record(form, each, wished, request.base_url) for each in page.records],
    }
    if page.next_offset is not None:
        body["paging"] = {"next": {"after": str(page.next_offset)}}
    return ok(body)
