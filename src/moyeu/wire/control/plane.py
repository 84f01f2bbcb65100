"""The control plane as an ASGI application in front of the API's.

host, origin → authenticate → route → media type → handler. Nothing of an answer tells a page of
another origin that it may read it.
"""

import logging
import secrets
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from moyeu.crm.problems import RecordsLocked
from moyeu.storage.contract import (
    ObjectTypeGoneError,
    Store,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
    WriterBusyError,
)
from moyeu.wire.answering import ok
from moyeu.wire.asgi import App, ClientDisconnectedError, Receive, Scope, Send, read_body
from moyeu.wire.control.access import ControlAccess
from moyeu.wire.control.portals import PORTAL_ROUTES
from moyeu.wire.control.records import RECORD_ROUTES
from moyeu.wire.control.requests import REQUEST_ROUTES
from moyeu.wire.control.routes import PREFIX, ControlRequest, ControlRoute
from moyeu.wire.control.snapshots import SNAPSHOT_ROUTES
from moyeu.wire.control.words import (
    CONTROL_WORDS,
    NOT_JSON,
    NULL_IN_PATH,
    bad_portal_id,
    no_route,
    wrong_method,
)
from moyeu.wire.errors import INTERNAL_ERROR, UNAVAILABLE, Refusal, render_refusal, unknown_type
from moyeu.wire.exchange import Answer, Query
from moyeu.wire.moments import make_correlation_id
from moyeu.wire.path_tree import PathTree

_log = logging.getLogger("moyeu.wire")

_ROOT: Final = b"/_moyeu"
_PORTAL_ID_DIGITS_MAX: Final = 16
_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


async def _index(_request: ControlRequest) -> Answer:
    rows = [
        {"method": each.method, "path": PREFIX + each.template, "summary": each.summary}
        for each in CONTROL_ROUTES
    ]
    return ok({"results": rows})


CONTROL_ROUTES: Final = (
    ControlRoute("GET", "/", "List the routes of the control plane.", _index),
    *PORTAL_ROUTES,
    *RECORD_ROUTES,
    *SNAPSHOT_ROUTES,
    *REQUEST_ROUTES,
)
"""THE table of the control plane."""


class ControlPlane:
    """Answers what stands below `/_moyeu`, and leaves all else to the API.

    clock_ms: milliseconds since 1970, UTC; the real time. random_bits: for correlation ids.
    """

    def __init__(
        self,
        api: App,
        store: Store,
        access: ControlAccess,
        clock_ms: Callable[[], int],
        random_bits: Callable[[int], int],
    ) -> None:
        self._api = api
        self._store = store
        self._access = access
        self._clock_ms = clock_ms
        self._random_bits = random_bits
        self._tree: PathTree[ControlRoute] = PathTree()
        for route in CONTROL_ROUTES:
            self._tree.add(PREFIX + route.template, route.method, route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        raw_path: bytes = scope["raw_path"]
        if raw_path != _ROOT and not raw_path.startswith(_ROOT + b"/"):
            await self._api(scope, receive, send)
            return
        now_ms = self._clock_ms()
        correlation_id = make_correlation_id(now_ms, self._random_bits(74))
        answer: Answer | Refusal
        try:
            answer = await self._answer(scope, receive, now_ms, correlation_id)
        except ClientDisconnectedError:
            raise
        except Exception as error:  # noqa: BLE001 — what nobody asked for is answered, and its cause logged
            answer = _refusal_of(error, correlation_id)
        if isinstance(answer, Refusal):
            answer = render_refusal(answer, correlation_id)
        await _send(scope, send, answer, correlation_id.encode())

    async def _answer(
        self, scope: Scope, receive: Receive, now_ms: int, correlation_id: str
    ) -> Answer | Refusal:
        headers = dict(scope["headers"])
        refused = self._access.refusal(headers)
        if refused is not None:
            return refused
        path = scope["raw_path"].decode("latin-1")
        # A slash at the end is the index's alone: `/portals/` may have lost the id of a portal.
        known = PREFIX if path == PREFIX + "/" else path
        segments = [unquote(each) for each in known.split("/")[1:]]
        if "\0" in unquote(path):
            return NULL_IN_PATH
        match = self._tree.match(segments)
        if match is None:
            return no_route(unquote(path))
        route = match.by_method.get(scope["method"])
        if route is None:
            allowed = ", ".join(sorted(match.by_method))
            refusal = wrong_method(scope["method"], allowed)
            answer = render_refusal(refusal, correlation_id)
            answer.headers = ((b"allow", allowed.encode()),)
            return answer
        portal_text = match.variables.get("portalId", "0")
        if not _is_number(portal_text):
            return bad_portal_id(portal_text)
        body = b""
        if route.reads_body:
            if not _is_json(headers.get(b"content-type", b"")):
                return NOT_JSON
            body = await read_body(scope, receive)
        query_text = scope["query_string"].decode("latin-1")
        request = ControlRequest(
            store=self._store,
            path=match.variables,
            portal_id=int(portal_text),
            query=Query.parse(query_text),
            query_text=query_text,
            body=body,
            clock_ms=self._clock_ms,
            now_ms=now_ms,
            secret_bits=secrets.randbits,
            correlation_id=correlation_id,
            base_url=f"{scope.get('scheme', 'http')}://{headers[b'host'].decode('latin-1')}",
        )
        return await route.handler(request)


def _refusal_of(error: Exception, correlation_id: str) -> Refusal:
    """What is told of an error from below."""
    match error:
        case ObjectTypeGoneError():
            return unknown_type(error.object_type_id, is_id=True)
        case WriterBusyError():
            return CONTROL_WORDS[RecordsLocked](RecordsLocked())
        case StoreUnavailableError():
            return UNAVAILABLE
        case StoreError() if not isinstance(error, StoreFullError):
            # Logged by the store, once, with its cause.
            return INTERNAL_ERROR
        case _:
            _log.error("request failed, correlation id %s", correlation_id, exc_info=error)
            return INTERNAL_ERROR


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _PORTAL_ID_DIGITS_MAX


def _is_json(content_type: bytes) -> bool:
    """A page may send other types to anybody without asking first; this one it may not."""
    return content_type.partition(b";")[0].strip().lower() == b"application/json"


async def _send(scope: Scope, send: Send, answer: Answer, correlation_id: bytes) -> None:
    headers = [*_HEADERS, (b"x-hubspot-correlation-id", correlation_id), *answer.headers]
    if answer.content_type is not None:
        headers.append((b"content-type", answer.content_type))
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    body = b"" if scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
