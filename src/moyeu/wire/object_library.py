"""The handlers of the object library: which types are enabled. It is read-only (documented)."""

from typing import Final

from moyeu.catalog.object_library import ENABLEMENT, OBJECT_LIBRARY_SCOPES, is_enabled
from moyeu.wire.access import any_scope
from moyeu.wire.answering import ok
from moyeu.wire.exchange import Answer, Request
from moyeu.wire.routes import Clock, DefinitionRoute


async def list_enablement(_request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/enablement`: the types that can be switched."""
    return ok({"enablementByObjectTypeId": ENABLEMENT})


async def read_enablement(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/enablement/{objectTypeId}`."""
    return ok({"enablement": is_enabled(request.object_type.id)})


_MAY_READ: Final = any_scope(*OBJECT_LIBRARY_SCOPES)

OBJECT_LIBRARY_ROUTES: Final = (
    DefinitionRoute("object_library_list", "GET", "", _MAY_READ, list_enablement),
    DefinitionRoute("object_library_read", "GET", "/{objectType}", _MAY_READ, read_enablement),
)
