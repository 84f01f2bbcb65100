"""The handlers of the routes that tell a portal's limits."""

from collections.abc import Awaitable, Callable
from typing import Final

from moyeu.catalog.scopes import CUSTOM_OBJECT_READ_SCOPES, OBJECT_READ_SCOPES
from moyeu.operations import limits as operations
from moyeu.operations.limits import SplitUsages, TypeUsage, Usage, Usages
from moyeu.storage.contract import Store
from moyeu.wire.access import any_scope
from moyeu.wire.answering import ok
from moyeu.wire.bodies import Json
from moyeu.wire.exchange import Answer, Request
from moyeu.wire.routes import Clock, DefinitionRoute, Handler


def _type_body(each: TypeUsage) -> Json:
    body: Json = {
        "objectTypeId": each.object_type.id,
        "singularLabel": each.object_type.label,
        "pluralLabel": each.object_type.label_plural,
    }
    if each.limit is None:
        return {**body, "usage": each.usage}
    usage = Usage(each.limit, each.usage)
    return {**body, **_usage_body(usage)}


def _usage_body(usage: Usage) -> Json:
    return {"limit": usage.limit, "usage": usage.usage, "percentage": usage.percentage}


def _usages_body(usages: Usages) -> Json:
    overall = usages.overall
    return {
        "overallLimit": overall.limit,
        "overallUsage": overall.usage,
        "overallPercentage": overall.percentage,
        "byObjectType": [_type_body(each) for each in usages.types],
    }


def _split_body(usages: SplitUsages) -> Json:
    return {
        "hubspotDefinedObjectTypes": [_type_body(each) for each in usages.own],
        "customObjectTypes": _usages_body(usages.custom),
    }


def _body(usage: Usage | Usages | SplitUsages) -> Json:
    """Names and order of the fields: observed 2026-10, and the API descriptions."""
    if isinstance(usage, Usage):
        return _usage_body(usage)
    return _usages_body(usage) if isinstance(usage, Usages) else _split_body(usage)


def _handler(
    count: Callable[[Store, int], Awaitable[Usage | Usages | SplitUsages]],
) -> Handler:
    async def handle(request: Request, _clock_ms: Clock) -> Answer:
        return ok(_body(await count(request.store, request.caller.portal_id)))

    return handle


# Without any read scope of records the answer is 403 (observed).
_MAY_READ: Final = any_scope(*OBJECT_READ_SCOPES, *CUSTOM_OBJECT_READ_SCOPES)

LIMIT_ROUTES: Final = tuple(
    DefinitionRoute(f"limits_{name.replace('-', '_')}", "GET", f"/{name}", _MAY_READ, handler)
    for name, handler in (
        ("custom-properties", _handler(operations.custom_properties)),
        ("calculated-properties", _handler(operations.calculated_properties)),
        ("custom-object-types", _handler(operations.custom_object_types)),
        ("pipelines", _handler(operations.pipelines)),
        ("records", _handler(operations.records)),
    )
)
