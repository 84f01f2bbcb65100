"""The control plane's routes of the request log, newest first."""

import re
from collections.abc import Callable
from typing import Any, Final

from moyeu.catalog.object_types import find_object_type
from moyeu.crm.problems import InvalidParameter, Problem
from moyeu.crm.values.moment import read_iso, read_ms
from moyeu.operations import explaining
from moyeu.operations import request_log as operations
from moyeu.storage.contract import LoggedRequest, RequestFilter, RuleNote
from moyeu.wire.answering import ok
from moyeu.wire.bodies import Json, moment, present
from moyeu.wire.control.explanations import explanation_body
from moyeu.wire.control.routes import PREFIX, ControlRequest, ControlRoute
from moyeu.wire.control.words import refuse
from moyeu.wire.exchange import NO_CONTENT, Answer
from moyeu.wire.paging import next_query, paging_body

LIMIT_MAX: Final = 1_000
"""So many entries an answer has at most."""

_LIMIT_DEFAULT: Final = 100
_STATUS: Final = re.compile(r"([1-5])(?:xx|([0-9]{2}))")


def _moment_ms(text: str) -> int | None:
    """ISO 8601, or milliseconds since 1970."""
    found = read_ms(text)
    return read_iso(text) if found is None else found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _limit(text: str) -> int | None:
    found = _number(text)
    return found if found is not None and 1 <= found <= LIMIT_MAX else None


def _status(text: str) -> dict[str, int] | None:
    found = _STATUS.fullmatch(text)
    if found is None:
        return None
    return {"status_class": int(found[1])} if found[2] is None else {"status": int(text)}


def _type_id(text: str) -> str:
    found = find_object_type(text)
    return text if found is None else found.id


def _flag(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def _field(name: str, read: Callable[[str], Any]) -> Callable[[str], dict[str, Any] | None]:
    def fields(text: str) -> dict[str, Any] | None:
        value = read(text)
        return None if value is None else {name: value}

    return fields


_PARAMETERS: Final[dict[str, Callable[[str], dict[str, Any] | None]]] = {
    "status": _status,
    "method": _field("method", str.upper),
    "path": _field("path_part", str),
    "version": _field("version", str),
    "objectType": _field("object_type_id", _type_id),
    "correlationId": _field("correlation_id", str),
    "text": _field("text", str),
    "since": _field("since_ms", _moment_ms),
    "until": _field("until_ms", _moment_ms),
    "after": _field("before", _number),
    "limit": _field("limit", _limit),
    "bodies": _field("with_bodies", _flag),
}
"""What may be asked: the field of `RequestFilter` by the parameter of the query."""


def _filter(request: ControlRequest) -> RequestFilter | InvalidParameter:
    """What the query asks for; a parameter that there is not would ask nothing and is refused."""
    fields: dict[str, Any] = {"limit": _LIMIT_DEFAULT}
    for name, text in request.query.pairs:
        read = _PARAMETERS.get(name)
        # No store keeps U+0000.
        found = None if read is None or "\0" in text else read(text)
        if found is None:
            return InvalidParameter(name, text)
        fields |= found
    return RequestFilter(**fields)


def _note_body(note: RuleNote) -> Json:
    return present(
        {
            "rule": note.rule,
            "keys": note.keys or None,
            "inputs": note.inputs or None,
            "property": note.property,
        }
    )


def _summary(entry: LoggedRequest) -> Json:
    return {
        "number": entry.number,
        "correlationId": entry.correlation_id,
        "at": moment(entry.at_ms),
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "version": entry.version,
        "route": entry.route,
        "operation": entry.operation,
        "objectTypeId": entry.object_type_id,
        "appId": entry.app_id,
        "userId": entry.user_id,
        "tokenHint": entry.token_hint,
        "inputsOk": entry.inputs_ok,
        "inputsFailed": entry.inputs_failed,
        "durationUs": entry.duration_us,
        "stagesUs": dict(entry.stages),
        "statements": entry.statements,
        "notes": [_note_body(each) for each in entry.notes],
    }


def _whole(entry: LoggedRequest) -> Json:
    """With headers and bodies; bytes that are no UTF-8 are shown as U+FFFD."""
    return _summary(entry) | {
        "requestHeaders": [list(each) for each in entry.request_headers],
        "requestBody": entry.request_body.decode("utf-8", "replace"),
        "requestBytes": entry.request_bytes,
        "requestTruncated": entry.is_request_truncated,
        "responseHeaders": [list(each) for each in entry.response_headers],
        "responseBody": entry.response_body.decode("utf-8", "replace"),
        "responseBytes": entry.response_bytes,
        "responseTruncated": entry.is_response_truncated,
    }


async def find_requests(request: ControlRequest) -> Answer:
    """`GET /portals/{portalId}/requests`; portal 0 has those that reached none."""
    wanted = _filter(request)
    if isinstance(wanted, Problem):
        return refuse(request, wanted)
    found = await operations.find_requests(request.store, request.portal_id, wanted)
    if isinstance(found, Problem):
        return refuse(request, found)
    shown = _whole if wanted.with_bodies else _summary
    body: Json = {"results": [shown(each) for each in found]}
    if len(found) == wanted.limit:
        after = str(found[-1].number)
        path = f"{PREFIX}/portals/{request.portal_id}/requests"
        link = f"{request.base_url}{path}?{next_query(request.query_text, after)}"
        body["paging"] = paging_body(after, link)
    return ok(body)


async def find_request(request: ControlRequest) -> Answer:
    """`GET /portals/{portalId}/requests/{correlationId}`, with headers and bodies."""
    found = await operations.find_request(
        request.store, request.path["correlationId"], request.portal_id
    )
    return refuse(request, found) if isinstance(found, Problem) else ok(_whole(found))


async def explain_request(request: ControlRequest) -> Answer:
    """`GET /portals/{portalId}/requests/{correlationId}/explanation`."""
    found = await operations.find_request(
        request.store, request.path["correlationId"], request.portal_id
    )
    if isinstance(found, Problem):
        return refuse(request, found)
    return ok(explanation_body(await explaining.explain_request(request.store, found)))


async def clear_requests(request: ControlRequest) -> Answer:
    """`DELETE /portals/{portalId}/requests`: 204."""
    await operations.clear_requests(request.store, request.portal_id)
    return NO_CONTENT


_ALL: Final = "/portals/{portalId}/requests"

REQUEST_ROUTES: Final = (
    ControlRoute("GET", _ALL, "List what was asked of a portal, newest first.", find_requests),
    ControlRoute(
        "GET", f"{_ALL}/{{correlationId}}", "Read a request and its answer.", find_request
    ),
    ControlRoute(
        "GET",
        f"{_ALL}/{{correlationId}}/explanation",
        "Explain why a request was answered so.",
        explain_request,
    ),
    ControlRoute("DELETE", _ALL, "Forget what was asked of a portal.", clear_requests),
)
