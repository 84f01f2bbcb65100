"""The handlers of the owner routes."""

from typing import Final

from moyeu.catalog.scopes import OWNER_READ_SCOPES
from moyeu.crm.definitions import Owner
from moyeu.crm.problems import InvalidParameter, Problem
from moyeu.crm.values.moment import render_ms
from moyeu.operations import owners as operations
from moyeu.wire.access import any_scope
from moyeu.wire.answering import ok, refuse
from moyeu.wire.bodies import Json
from moyeu.wire.exchange import Answer, Request
from moyeu.wire.paging import next_query, paging_body
from moyeu.wire.routes import Clock, DefinitionRoute

_ID_PROPERTIES: Final[dict[str, operations.IdProperty]] = {"id": "id", "userId": "userId"}


def owner_body(owner: Owner) -> Json:
    """An owner in the recorded key order (March 2026).

    An archived one has no `userId` (documented); `teams` is absent where there is none.
    """
    body: Json = {
        "id": owner.id,
        "email": owner.email,
        "type": owner.type,
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": None if owner.archived else owner.user_id,
        "userIdIncludingInactive": owner.user_id,
        "createdAt": render_ms(owner.created_at_ms),
        "updatedAt": render_ms(owner.updated_at_ms),
        "archived": owner.archived,
    }
    if owner.teams:
        body["teams"] = [
            {"id": each.id, "name": each.name, "primary": each.primary} for each in owner.teams
        ]
    return body


async def list_owners(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/owners`."""
    page = await operations.list_owners(
        request.store,
        request.caller.portal_id,
        request.query.last("limit"),
        request.query.last("after"),
        email=request.query.last("email") or None,
        archived=request.query.flag("archived"),
    )
    if isinstance(page, Problem):
        return refuse(request, page)
    body: Json = {"results": [owner_body(each) for each in page.owners]}
    if page.after is not None:
        # The prefix of the version that was called: a guess.
        prefix = request.base_url + request.version.owner_prefixes[0]
        link = f"{prefix}?{next_query(request.query_text, page.after)}"
        body["paging"] = paging_body(page.after, link)
    return ok(body)


async def read_owner(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/owners/{ownerId}`; the id is a user id where `idProperty` says so."""
    named = request.query.last("idProperty") or "id"
    id_property = _ID_PROPERTIES.get(named)
    if id_property is None:
        return refuse(request, InvalidParameter("idProperty", named))
    found = await operations.read_owner(
        request.store,
        request.caller.portal_id,
        request.path["ownerId"],
        id_property,
        archived=request.query.flag("archived"),
    )
    return refuse(request, found) if isinstance(found, Problem) else ok(owner_body(found))


_MAY_READ: Final = any_scope(*OWNER_READ_SCOPES)

OWNER_ROUTES: Final = (
    DefinitionRoute("owner_list", "GET", "", _MAY_READ, list_owners),
    DefinitionRoute("owner_read", "GET", "/{ownerId}", _MAY_READ, read_owner),
)
