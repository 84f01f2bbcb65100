"""The ASGI application: route → authenticate → object type → scopes → media type → handler.

What is refused at each stage is in ARCHITECTURE.md. Nothing a client sends makes it raise; an
exception from below is answered as one plain 500 and logged with the correlation id.
"""

import gzip
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from moyeu.catalog.capabilities import capability, types_offering
from moyeu.catalog.object_types import ObjectType, find_object_type, looks_like_type_id
from moyeu.crm.callers import Caller
from moyeu.crm.controls.faults import FaultKind
from moyeu.crm.problems import NonNumericId
from moyeu.storage.contract import (
    ObjectTypeGoneError,
    Store,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)
from moyeu.wire.asgi import (
    CUT,
    ClientDisconnectedError,
    ConnectionCutError,
    Receive,
    Scope,
    Send,
    read_body,
)
from moyeu.wire.auth import authenticate
from moyeu.wire.endpoints import Endpoint, Match, Router
from moyeu.wire.errors import (
    INTERNAL_ERROR,
    UNAVAILABLE,
    Refusal,
    container_answer,
    missing_scopes,
    render_refusal,
    unknown_type,
    unsupported_operation,
)
from moyeu.wire.exchange import Answer, Query, Request
from moyeu.wire.faults import fault_answer, joined_batch, split_batch
from moyeu.wire.moments import Moment, request_facts, take_controls
from moyeu.wire.rate_limits import secondly_limit_answer
from moyeu.wire.record_words import word_problem
from moyeu.wire.request_log import RequestRecorder, token_hint
from moyeu.wire.routes import DefinitionRoute, ObjectRoute
from moyeu.wire.traces import Trace, TracedStore

_log = logging.getLogger("moyeu.wire")

_COMMON_HEADERS = (
    # Observed on every reply of 2026.
    (b"vary", b"origin, accept-encoding"),
    (b"access-control-allow-credentials", b"false"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains; preload"),
    (b"x-content-type-options", b"nosniff"),
)
_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})
_GZIP_BYTES_MIN = 1_024
_TYPE_VARIABLES = ("objectType", "toObjectType")


class Pages(Protocol):
    """What answers paths that are no route of HubSpot's: the console."""

    def has(self, path: str) -> bool:
        """Whether a path is one of its own."""
        ...

    async def answer(
        self, scope: Scope, receive: Receive, send: Send, now_ms: int, correlation_id: str
    ) -> None:
        """Answers one request for such a path."""
        ...


class Application:
    """Answers HubSpot's routes over a store.

    clock_ms: milliseconds since 1970, UTC. random_bits: that many random bits as a number.
    searches_per_second: how many a portal may make, 0 for no limit. recorder: where requests are
    logged, None for nowhere. pages: beside the routes.
    """

    def __init__(
        self,
        store: Store,
        clock_ms: Callable[[], int],
        random_bits: Callable[[int], int],
        searches_per_second: int = 0,
        recorder: RequestRecorder | None = None,
        pages: Pages | None = None,
    ) -> None:
        self._store = store
        self._clock_ms = clock_ms
        self._random_bits = random_bits
        self._router = Router()
        self._searches_per_second = searches_per_second
        self._recorder = recorder
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        moment = Moment(self._clock_ms(), self._random_bits(74), self._clock_ms)
        if self._pages is not None and self._pages.has(scope["path"]):
            await self._pages.answer(scope, receive, send, moment.now_ms, moment.correlation_id)
            return
        trace = None if self._recorder is None else Trace()
        try:
            answer = await self._answer(scope, receive, moment, trace)
        except ClientDisconnectedError:
            raise
        except ConnectionCutError:
            await send({"type": CUT, "is_reset": True})
            return
        except ObjectTypeGoneError as error:
            # The custom object type was purged after the request had found it.
            text = error.object_type_id
            refusal = unknown_type(text, is_id=looks_like_type_id(text))
            answer = _refused(refusal, moment.correlation_id, trace)
        except StoreFullError:
            _log.exception("no space is left, correlation id %s", moment.correlation_id)
            answer = render_refusal(INTERNAL_ERROR, moment.correlation_id)
        except StoreUnavailableError:
            answer = render_refusal(UNAVAILABLE, moment.correlation_id)
        except StoreError:
            # Logged by the store, once, with its cause.
            answer = render_refusal(INTERNAL_ERROR, moment.correlation_id)
        except Exception:  # noqa: BLE001 — what nobody asked for is one plain 500, with its cause logged
            _log.exception("request failed, correlation id %s", moment.correlation_id)
            answer = render_refusal(INTERNAL_ERROR, moment.correlation_id)
        headers, body = _head_and_body(scope, answer, moment.correlation_id.encode())
        if self._recorder is not None and trace is not None:
            # Before it is sent: who has the answer finds it in the log.
            self._recorder.keep(trace, scope, moment.now_ms, moment.correlation_id, answer, headers)
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        if moment.date is not None:
            start["date"] = moment.date
        if moment.fault is not None and moment.fault.kind is FaultKind.RESET_AFTER:
            await send({"type": CUT, "is_reset": True})
            return
        await send(start)
        if moment.fault is not None and moment.fault.kind is FaultKind.TRUNCATED:
            part = body[: moment.fault.after_bytes]
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": CUT, "is_reset": False})
            return
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        moment: Moment,
        trace: Trace | None,
    ) -> Answer:
        found = self._find(scope)
        if isinstance(found, Answer):
            return found
        request = await self._identify(scope, found, moment, trace)
        if isinstance(request, Answer):
            return request
        if isinstance(request, Refusal):
            return _refused(request, moment.correlation_id, trace)
        refused = _check_route(found, request)
        if refused is not None:
            return _refused(refused, moment.correlation_id, trace)
        route = found.endpoint.route
        is_search = isinstance(route, ObjectRoute) and route.operation == "search"
        # That only calls count that may be made is a guess.
        if is_search and not await self._admits_search(request):
            return secondly_limit_answer(moment.correlation_id)
        if scope["method"] in _WITH_BODY and route.reads_body:
            if not _is_json(request.headers.get(b"content-type")):
                return container_answer(415)
            request.body = await read_body(scope, receive)
        if trace is not None:
            trace.request_body = request.body
            trace.begin_handler()
        if moment.fault is not None and moment.fault.kind is FaultKind.SOME_INPUTS:
            return await _handle_some(found, request, moment)
        return await route.handler(request, moment.clock)

    async def _control(
        self, scope: Scope, found: "_Found", moment: Moment, caller: Caller
    ) -> Answer | None:
        """Lets what testers have set for the portal decide; the answer where it gives one.

        Raises ConnectionCutError where there shall be none.
        """
        text = found.match.variables.get("objectType")
        named = None
        if text is not None:
            named = find_object_type(text) or await self._custom_type(caller.portal_id, text)
        facts = request_facts(scope["method"], found.endpoint, named)
        await take_controls(moment, self._store, caller.portal_id, facts, self._random_bits)
        if moment.fault_kind is FaultKind.RESET_BEFORE:
            raise ConnectionCutError
        return fault_answer(moment, caller)

    async def _admits_search(self, request: Request) -> bool:
        per_second = self._searches_per_second
        return not per_second or await self._store.admit_search(
            request.caller.portal_id, request.now_ms, per_second
        )

    def _find(self, scope: Scope) -> "_Found | Answer":
        """The endpoint of a path and method, or the container's page."""
        raw_path: bytes = scope["raw_path"]
        parts = raw_path.decode("latin-1").split("/")[1:]
        segments = [unquote(part) if "%" in part else part for part in parts]
        if b"%00" in raw_path:
            # No store keeps U+0000; the container takes it in no path.
            return container_answer(400)
        match = self._router.match(segments)
        if match is None and segments[-1] == "":
            match = self._router.match(segments[:-1])
            if match and not all(each.is_collection for each in match.by_method.values()):
                match = None
        if match is None:
            return container_answer(404)
        method: str = scope["method"]
        endpoint = match.by_method.get("GET" if method == "HEAD" else method)
        bad_id = _bad_id(match)
        if endpoint is not None:
            return _Found(endpoint, match, bad_id)
        allowed = ",".join(sorted(_allowed(match.by_method))).encode()
        if method == "OPTIONS":
            return Answer(200, b"", None, ((b"allow", allowed),))
        if bad_id is not None:
            # A path id that is not numeric is told whatever the method is (observed on POST).
            return _Found(next(iter(match.by_method.values())), match, bad_id)
        return container_answer(405, (b"allow", allowed))

    async def _identify(
        self,
        scope: Scope,
        found: "_Found",
        moment: Moment,
        trace: Trace | None,
    ) -> Request | Refusal | Answer:
        """The request with its caller and object type; an answer where a fault gives one."""
        headers = dict(scope["headers"])
        query_text = scope["query_string"].decode("latin-1")
        query = Query.parse(query_text)
        caller = await authenticate(self._store, headers, query.last("hapikey"))
        if trace is not None:
            _note_endpoint(trace, found.endpoint)
        if isinstance(caller, Refusal):
            return caller
        if trace is not None:
            trace.caller, trace.token = caller, token_hint(headers.get(b"authorization"))
        if caller.is_controlled:
            answer = await self._control(scope, found, moment, caller)
            if answer is not None:
                return answer
        named: dict[str, ObjectType] = {}
        for variable in _TYPE_VARIABLES:
            if variable not in found.match.variables:
                continue
            type_text = found.match.variables[variable]
            named_type = find_object_type(type_text) or await self._custom_type(
                caller.portal_id, type_text
            )
            if named_type is None:
                return unknown_type(type_text, is_id=looks_like_type_id(type_text))
            named[variable] = named_type
        if trace is not None and "objectType" in named:
            trace.object_type_id = named["objectType"].id
        return Request(
            store=self._store if trace is None else TracedStore(self._store, trace),
            caller=caller,
            version=found.endpoint.version,
            named_type=named.get("objectType"),
            named_to_type=named.get("toObjectType"),
            path=found.match.variables,
            query=query,
            query_text=query_text,
            headers=headers,
            body=b"",
            now_ms=moment.now_ms,
            correlation_id=moment.correlation_id,
            base_url=_base_url(scope, headers),
            trace=trace,
        )

    async def _custom_type(self, portal_id: int, text: str) -> ObjectType | None:
        """The custom object type of the portal that the text names."""
        types = self._store.cached_object_types(portal_id)
        if types is not None and (found := types.find(text)) is not None:
            return found
        if types is None or self._store.is_shared:
            types = await self._store.read(
                lambda transaction: transaction.object_types(portal_id), few=True
            )
        return types.find(text)


@dataclass(frozen=True, slots=True)
class _Found:
    """The endpoint that a request is for; `bad_id` is a path id that is not numeric."""

    endpoint: Endpoint
    match: Match
    bad_id: str | None


async def _handle_some(found: "_Found", request: Request, moment: Moment) -> Answer:
    """Has a batch carried out but for the inputs that a fault refuses."""
    assert moment.fault is not None
    type_id = request.named_type.id if request.named_type else ""
    split = split_batch(request.body, moment.fault, request.caller.portal_id, type_id)
    if split is None:
        return await found.endpoint.route.handler(request, moment.clock)
    answer = None
    if split.body is not None:
        request.body = split.body
        answer = await found.endpoint.route.handler(request, moment.clock)
    return joined_batch(answer, split.errors, moment)


def _bad_id(match: Match) -> str | None:
    text = match.variables.get("objectId")
    return None if text is None or (text.isascii() and text.isdecimal()) else text


def _allowed(methods: Iterable[str]) -> set[str]:
    allowed = {*methods, "OPTIONS"}
    return allowed | {"HEAD"} if "GET" in allowed else allowed


def _check_route(found: _Found, request: Request) -> Refusal | None:
    """Whether the type has the operation in this version, and the caller the scopes for it."""
    route = found.endpoint.route
    if isinstance(route, DefinitionRoute):
        return route.check(request) or _id_refusal(found, request)
    version = found.endpoint.version.name
    row = capability(version, request.object_type, route.operation)
    if row is None:
        return unsupported_operation(request.object_type, types_offering(version, route.operation))
    if not request.caller.may(row.scopes):
        return missing_scopes(row.scopes)
    if request.query.last("idProperty") is None:
        return _id_refusal(found, request)
    return None


def _id_refusal(found: _Found, request: Request) -> Refusal | None:
    """Whether the id in the path could be one of a record."""
    if found.bad_id is None:
        return None
    problem = NonNumericId(found.bad_id)
    if request.trace is not None:
        request.trace.note(problem)
    return word_problem(problem, request.caller.portal_id, request.object_type.id)


def _is_json(content_type: bytes | None) -> bool:
    if content_type is None:
        return False
    media_type = content_type.partition(b";")[0].strip().lower()
    return media_type == b"application/json" or media_type.endswith(b"+json")


def _base_url(scope: Scope, headers: dict[bytes, bytes]) -> str:
    host = headers.get(b"host", b"localhost").decode("latin-1")
    return f"{scope.get('scheme', 'http')}://{host}"


def _note_endpoint(trace: Trace, endpoint: Endpoint) -> None:
    route = endpoint.route
    trace.end_auth()
    trace.version, trace.route = endpoint.version.name, endpoint.path
    trace.is_of_records = isinstance(route, ObjectRoute)
    trace.operation = route.operation if isinstance(route, ObjectRoute) else route.name


def _refused(refusal: Refusal, correlation_id: str, trace: Trace | None) -> Answer:
    if trace is not None:
        trace.note_refusal(refusal.rule)
    return render_refusal(refusal, correlation_id)


def _head_and_body(
    scope: Scope, answer: Answer, correlation_id: bytes
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The headers of an answer, and its body as it is sent."""
    body = answer.body
    headers = [
        *_COMMON_HEADERS,
        (b"x-hubspot-correlation-id", correlation_id),
        (b"x-request-id", correlation_id),
        (b"server-timing", b'hcid;desc="' + correlation_id + b'"'),
        *answer.headers,
    ]
    if answer.content_type is not None:
        headers.append((b"content-type", answer.content_type))
        if len(body) >= _GZIP_BYTES_MIN and _takes_gzip(scope):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers.append((b"content-encoding", b"gzip"))
    if answer.status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    return headers, b"" if scope["method"] == "HEAD" else body


def _takes_gzip(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            for part in value.lower().split(b","):
                coding, _, weight = part.strip().partition(b";")
                if coding.strip() in (b"gzip", b"*"):
                    taken: bool = weight.strip().rstrip(b"0.") != b"q="
                    return taken
    return False
