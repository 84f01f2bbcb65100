"""The handlers of the routes that tell a portal's limits."""

from collections.abc import Awaitable, Callable
from typing import Final

from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.scopes import CUSTOM_OBJECT_READ_SCOPES, OBJECT_READ_SCOPES
from moyeu.operations import association_usage as usage
from moyeu.operations import limits as operations
from moyeu.operations.association_usage import CrowdedRecord, CrowdedType
from moyeu.operations.limits import SplitUsages, TypeUsage, Usage, Usages
from moyeu.storage.contract import Store
from moyeu.wire.access import any_scope
from moyeu.wire.answering import ok
from moyeu.wire.bodies import Json
from moyeu.wire.exchange import Answer, Request
from moyeu.wire.routes import Clock, DefinitionRoute, Handler


def _named(object_type: ObjectType) -> Json:
    return {
        "objectTypeId": object_type.id,
        "singularLabel": object_type.label,
        "pluralLabel": object_type.label_plural,
    }


def _type_body(each: TypeUsage) -> Json:
    body = _named(each.object_type)
    if each.limit is None:
        return {**body, "usage": each.usage}
    return {**body, **_usage_body(Usage(each.limit, each.usage))}


def _usage_body(of: Usage) -> Json:
    return {"limit": of.limit, "usage": of.usage, "percentage": of.percentage}


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


def _body(found: Usage | Usages | SplitUsages) -> Json:
    """Names and order of the fields: observed 2026-10, and the API descriptions."""
    if isinstance(found, Usage):
        return _usage_body(found)
    return _usages_body(found) if isinstance(found, Usages) else _split_body(found)


def _handler(
    count: Callable[[Store, int], Awaitable[Usage | Usages | SplitUsages]],
) -> Handler:
    async def handle(request: Request, _clock_ms: Clock) -> Answer:
        return ok(_body(await count(request.store, request.caller.portal_id)))

    return handle


# Without any read scope of records the answer is 403 (observed).
_MAY_READ: Final = any_scope(*OBJECT_READ_SCOPES, *CUSTOM_OBJECT_READ_SCOPES)


# --- associations: names of the fields from the API descriptions of 2026, their order a guess ---


async def association_labels(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/associations/labels`; the query may name the object type of either side."""
    found = await usage.label_usages(
        request.store,
        request.caller.portal_id,
        request.query.last("fromObjectTypeId"),
        request.query.last("toObjectTypeId"),
    )
    return ok(
        {
            "results": [
                {
                    **_usage_body(each.usage),
                    "fromObjectType": _named(each.from_type),
                    "toObjectType": _named(each.to_type),
                    "allLabels": list(each.labels),
                }
                for each in found
            ]
        }
    )


def _crowded_types_answer(found: list[CrowdedType]) -> Answer:
    return ok(
        {
            "results": [
                {
                    **_named(each.object_type),
                    "hasRecordsAtLimit": each.at_limit,
                    "hasRecordsNearLimit": each.near_limit,
                }
                for each in found
            ]
        }
    )


async def crowded_from_types(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/associations/records/from`."""
    return _crowded_types_answer(
        await usage.crowded_from_types(request.store, request.caller.portal_id)
    )


async def crowded_to_types(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/associations/records/{fromObjectTypeId}/to`."""
    return _crowded_types_answer(
        await usage.crowded_to_types(
            request.store, request.caller.portal_id, request.object_type.id
        )
    )


async def crowded_pair(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/associations/records/{fromObjectTypeId}/{toObjectTypeId}`: ids are numbers."""
    found = await usage.crowded_pair(
        request.store, request.caller.portal_id, request.object_type.id, request.to_type.id
    )
    return ok(
        {
            "limit": found.limit,
            "totalRecordsAtLimit": found.at_limit_total,
            "totalRecordsNearLimit": found.near_limit_total,
            "atLimitFromRecordSamples": [_sample(each) for each in found.at_limit],
            "nearLimitFromRecordSamples": [
                _sample(each) | {"usage": each.usage.usage, "percentage": each.usage.percentage}
                for each in found.near_limit
            ],
        }
    )


def _sample(record: CrowdedRecord) -> Json:
    return {"objectId": record.record_id, "label": record.label}


_CROWDED: Final = "/associations/records"

LIMIT_ROUTES: Final = tuple(
    DefinitionRoute(f"limits_{name.replace('-', '_')}", "GET", f"/{name}", _MAY_READ, handler)
    for name, handler in (
        ("custom-properties", _handler(operations.custom_properties)),
        ("calculated-properties", _handler(operations.calculated_properties)),
        ("custom-object-types", _handler(operations.custom_object_types)),
        ("pipelines", _handler(operations.pipelines)),
        ("records", _handler(operations.records)),
    )
) + tuple(
    DefinitionRoute(f"limits_{name}", "GET", path, _MAY_READ, handler)
    for name, path, handler in (
        ("association_labels", "/associations/labels", association_labels),
        ("association_records_from", f"{_CROWDED}/from", crowded_from_types),
        ("association_records_to", f"{_CROWDED}/{{objectType}}/to", crowded_to_types),
        ("association_records", f"{_CROWDED}/{{objectType}}/{{toObjectType}}", crowded_pair),
    )
)
