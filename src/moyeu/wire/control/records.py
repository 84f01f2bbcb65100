"""Records made through the control plane, also of types whose API offers no create."""

from typing import Final

from moyeu.catalog.object_types import ObjectType, find_object_type, looks_like_type_id
from moyeu.catalog.versions import ApiVersion, version_named
from moyeu.crm.callers import Caller
from moyeu.crm.problems import Problem
from moyeu.operations.portals import find_portal, known_scopes
from moyeu.wire import records
from moyeu.wire.control.routes import ControlRequest, ControlRoute
from moyeu.wire.control.words import refuse
from moyeu.wire.errors import render_refusal, unknown_type
from moyeu.wire.exchange import Answer, Request


def _version() -> ApiVersion:
    """The version whose rules hold: the newest that is no beta."""
    found = version_named("2026-09")
    assert found is not None
    return found


VERSION: Final = _version()


async def create_records(request: ControlRequest) -> Answer:
    """`POST /portals/{portalId}/records/{objectType}`: the API's batch create for any type."""
    portal = await find_portal(request.store, request.portal_id)
    if isinstance(portal, Problem):
        return refuse(request, portal)
    text = request.path["objectType"]
    object_type = find_object_type(text) or await _custom_type(request, text)
    if object_type is None:
        refusal = unknown_type(text, is_id=looks_like_type_id(text))
        return render_refusal(refusal, request.correlation_id)
    as_api = Request(
        store=request.store,
        caller=Caller(portal.id, portal.app_id, None, known_scopes()),
        version=VERSION,
        named_type=object_type,
        named_to_type=None,
        path=request.path,
        query=request.query,
        query_text="",
        headers={},
        body=request.body,
        now_ms=request.now_ms,
        correlation_id=request.correlation_id,
        base_url=request.base_url,
    )
    return await records.batch_create(as_api, request.clock_ms)


async def _custom_type(request: ControlRequest, text: str) -> ObjectType | None:
    types = await request.store.read(
        lambda transaction: transaction.object_types(request.portal_id), few=True
    )
    return types.find(text)


RECORD_ROUTES: Final = (
    ControlRoute(
        "POST",
        "/portals/{portalId}/records/{objectType}",
        "Make records of any type.",
        create_records,
        reads_body=True,
    ),
)
