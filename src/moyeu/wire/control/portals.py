"""The control plane's routes of portals, their tokens and their time to live."""

from typing import Final

from moyeu.crm.problems import Problem
from moyeu.operations import portals as operations
from moyeu.operations.portal_templates import create_portal_from
from moyeu.storage.contract import Portal, Token
from moyeu.wire.answering import ok
from moyeu.wire.bodies import Json, moment
from moyeu.wire.control.bodies import NewPortalBody, NewTokenBody, TtlBody, read_body_as
from moyeu.wire.control.routes import ControlRequest, ControlRoute
from moyeu.wire.control.words import refuse
from moyeu.wire.exchange import NO_CONTENT, Answer


def _portal_body(portal: Portal) -> Json:
    return {
        "portalId": portal.id,
        "name": portal.name,
        "appId": portal.app_id,
        "createdAt": moment(portal.created_at_ms),
    }


async def list_portals(request: ControlRequest) -> Answer:
    """`GET /portals`."""
    found = await operations.list_portals(request.store)
    return ok({"results": [_portal_body(each) for each in found]})


async def create_portal(request: ControlRequest) -> Answer:
    """`POST /portals`: 201, with a token that has every scope."""
    given = read_body_as(request.body, NewPortalBody)
    if isinstance(given, Problem):
        return refuse(request, given)
    made = await create_portal_from(
        request.store,
        given.name,
        given.template,
        request.now_ms,
        request.secret_bits,
        given.portal_id,
        _milliseconds(given.ttl_seconds),
    )
    if isinstance(made, Problem):
        return refuse(request, made)
    expiry = {"expiresAt": moment(made.expires_at_ms)}
    return ok(_portal_body(made.portal) | expiry | {"token": made.token.text}, 201)


async def read_portal(request: ControlRequest) -> Answer:
    """`GET /portals/{portalId}`."""
    found = await operations.find_portal(request.store, request.portal_id)
    if isinstance(found, Problem):
        return refuse(request, found)
    return ok(await _with_expiry(request, found))


async def _with_expiry(request: ControlRequest, portal: Portal) -> Json:
    expires_at_ms = await operations.expiry_of(request.store, portal.id)
    return _portal_body(portal) | {"expiresAt": moment(expires_at_ms)}


async def delete_portal(request: ControlRequest) -> Answer:
    """`DELETE /portals/{portalId}`: 204 when all of it is gone, its requests too."""
    problem = await operations.remove_portal(request.store, request.portal_id, request.now_ms)
    return NO_CONTENT if problem is None else refuse(request, problem)


async def set_ttl(request: ControlRequest) -> Answer:
    """`PUT /portals/{portalId}/ttl`."""
    given = read_body_as(request.body, TtlBody)
    if isinstance(given, Problem):
        return refuse(request, given)
    ttl_ms = _milliseconds(given.ttl_seconds)
    expires_at_ms = None if ttl_ms is None else request.now_ms + ttl_ms
    problem = await operations.set_expiry(request.store, request.portal_id, expires_at_ms)
    return await read_portal(request) if problem is None else refuse(request, problem)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, round(seconds * 1_000))


def _token_body(token: Token) -> Json:
    return {
        "hint": token.hint,
        "createdAt": moment(token.created_at_ms),
        "scopes": sorted(token.caller.scopes),
        "userId": token.caller.user_id,
        "mayEditAssociations": not token.caller.lacks_edit_associations,
    }


async def list_tokens(request: ControlRequest) -> Answer:
    """`GET /portals/{portalId}/tokens`: their beginnings, oldest first."""
    found = await operations.list_tokens(request.store, request.portal_id)
    if isinstance(found, Problem):
        return refuse(request, found)
    return ok({"results": [_token_body(each) for each in found]})


async def create_token(request: ControlRequest) -> Answer:
    """`POST /portals/{portalId}/tokens`: 201, and the token this once."""
    given = read_body_as(request.body, NewTokenBody)
    if isinstance(given, Problem):
        return refuse(request, given)
    user = None
    if given.user_id is not None:
        user = operations.TokenUser(given.user_id, given.may_edit_associations)
    made = await operations.create_token(
        request.store,
        request.portal_id,
        operations.meant_scopes(given.scopes),
        request.now_ms,
        request.secret_bits,
        user,
    )
    if isinstance(made, Problem):
        return refuse(request, made)
    return ok({"token": made.text} | _token_body(made.token), 201)


async def revoke_token(request: ControlRequest) -> Answer:
    """`DELETE /portals/{portalId}/tokens/{hint}`: 204."""
    problem = await operations.revoke_token(request.store, request.portal_id, request.path["hint"])
    return NO_CONTENT if problem is None else refuse(request, problem)


_ONE: Final = "/portals/{portalId}"

PORTAL_ROUTES: Final = (
    ControlRoute("GET", "/portals", "List the portals.", list_portals),
    ControlRoute(
        "POST", "/portals", "Make a portal, empty or of a template.", create_portal, reads_body=True
    ),
    ControlRoute("GET", _ONE, "Read a portal.", read_portal),
    ControlRoute("DELETE", _ONE, "Remove a portal with all that it has.", delete_portal),
    ControlRoute(
        "PUT", f"{_ONE}/ttl", "Set when a portal is removed by itself.", set_ttl, reads_body=True
    ),
    ControlRoute("GET", f"{_ONE}/tokens", "List the tokens of a portal.", list_tokens),
    ControlRoute("POST", f"{_ONE}/tokens", "Make a token.", create_token, reads_body=True),
    ControlRoute("DELETE", f"{_ONE}/tokens/{{hint}}", "Revoke a token.", revoke_token),
)
