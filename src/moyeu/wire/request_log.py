"""Keeps what was asked and answered in the store's request log, without credentials.

Nothing that this module is handed waits for it, and what it keeps is no client's error. Bodies of
records are kept as they are: they hold values of properties, which the history keeps too, and no
field for a credential.
"""

import re
from collections.abc import Iterable
from time import perf_counter_ns
from typing import Final
from urllib.parse import unquote_plus

from moyeu.catalog.rules import STATUS_RULES
from moyeu.operations.portals import TOKEN_HINT_CHARACTERS
from moyeu.storage.contract import (
    BODY_BYTES_MAX,
    NO_PORTAL,
    LogBounds,
    LoggedRequest,
    Store,
)
from moyeu.wire.asgi import Scope
from moyeu.wire.exchange import Answer
from moyeu.wire.traces import Trace

MASK: Final = "***"
"""What stands in the place of a credential."""

_SECRET_HEADERS: Final = frozenset(
    {b"authorization", b"proxy-authorization", b"cookie", b"set-cookie", b"x-api-key"}
)
_SECRET_NAME: Final = re.compile(
    r"hapikey|api_?key|(?:client_?)?secret|password|(?:access|refresh|id|bearer|api)?_?token|code",
    re.IGNORECASE,
)
"""Whole names of parameters and form fields that carry credentials."""
_TOKENS_PATH: Final = re.compile(r"(/(?:access|refresh)-tokens/)[^/]+", re.IGNORECASE)
"""Of the routes that tell what a token stands for, which have it in the path."""
_SECRET_WORDS: Final = (b"secret", b"token", b"password", b"apikey", b"api_key")
_SECRET_FIELD: Final = re.compile(
    rb'("(?:hapikey|api_?key|(?:client_?)?secret|password|(?:access|refresh|id|bearer|api)_?token'
    rb')"\s*:\s*")(?:[^"\\]|\\.)*',
    re.IGNORECASE,
)
_MASK_BYTES: Final = MASK.encode()
_FORM: Final = b"application/x-www-form-urlencoded"


class RequestRecorder:
    """Hands each request to the store's log when it is answered."""

    def __init__(self, store: Store, bounds: LogBounds) -> None:
        self._store = store
        self._bounds = bounds

    def keep(
        self,
        trace: Trace,
        scope: Scope,
        at_ms: int,
        correlation_id: str,
        answer: Answer,
        headers: Iterable[tuple[bytes, bytes]],
    ) -> None:
        """Hands an answered request over; at_ms: the portal's clock, headers: of the answer."""
        ended_ns = perf_counter_ns()
        caller, status = trace.caller, answer.status
        if status >= 400 and not trace.notes:
            trace.note_rule(STATUS_RULES.get(status, "other-refusal"))
        ok, failed = _inputs(trace, status)
        request_body, response_body = trace.request_body, answer.body
        if not trace.is_of_records:
            request_body = mask_body(request_body, scope["headers"])
            response_body = mask_fields(response_body)
        entry = LoggedRequest(
            portal_id=NO_PORTAL if caller is None else caller.portal_id,
            correlation_id=correlation_id,
            at_ms=at_ms,
            method=scope["method"],
            path=_TOKENS_PATH.sub(rf"\g<1>{MASK}", scope["raw_path"].decode("latin-1")),
            query=mask_query(scope["query_string"].decode("latin-1")),
            version=trace.version,
            route=trace.route,
            operation=trace.operation,
            object_type_id=trace.object_type_id,
            app_id=None if caller is None else caller.app_id,
            user_id=None if caller is None else caller.user_id,
            token_hint=trace.token,
            status=status,
            inputs_ok=ok,
            inputs_failed=failed,
            duration_us=(ended_ns - trace.began_ns) // 1_000,
            stages=trace.stages(ended_ns),
            statements=trace.statements,
            request_headers=mask_headers(scope["headers"], trace.token),
            response_headers=mask_headers(headers),
            request_body=request_body[:BODY_BYTES_MAX],
            request_bytes=len(trace.request_body),
            response_body=response_body[:BODY_BYTES_MAX],
            response_bytes=len(answer.body),
            notes=tuple(trace.notes),
        )
        self._store.log_requests([entry], self._bounds)


def _inputs(trace: Trace, status: int) -> tuple[int, int]:
    """How many inputs were carried out, and how many were not."""
    if trace.inputs is None:
        return (1, 0) if status < 400 else (0, 1)
    if status >= 400:
        return 0, trace.inputs
    ok = trace.inputs if trace.inputs_ok is None else min(trace.inputs, trace.inputs_ok)
    return ok, trace.inputs - ok


def token_hint(authorization: bytes | None) -> str | None:
    """The beginning of a bearer token that stands for somebody, as lists of tokens show it."""
    if authorization is None:
        return None
    token = authorization.partition(b" ")[2].strip().decode("latin-1")
    return token[:TOKEN_HINT_CHARACTERS]


def mask_headers(
    headers: Iterable[tuple[bytes, bytes]], hint: str | None = None
) -> tuple[tuple[str, str], ...]:
    """Headers as text, credentials masked; hint: what may be told of the token."""
    return tuple(
        (
            name.decode("latin-1"),
            _masked_header(name, value, hint)
            if name.lower() in _SECRET_HEADERS
            else value.decode("latin-1"),
        )
        for name, value in headers
    )


def _masked_header(name: bytes, value: bytes, hint: str | None) -> str:
    if name.lower() != b"authorization":
        return MASK
    scheme, blank, _ = value.decode("latin-1").partition(" ")
    return f"{scheme} {hint or ''}{MASK}" if blank and scheme.isalpha() else MASK


def mask_query(text: str) -> str:
    """A query, or a form, whose credentials are masked; all else stays as it was sent."""
    if not text:
        return text
    return "&".join(_masked_pair(each) for each in text.split("&"))


def _masked_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    is_secret = equals and _SECRET_NAME.fullmatch(unquote_plus(name).strip()) is not None
    return f"{name}={MASK}" if is_secret else pair


def mask_body(body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A form or a JSON body whose credentials are masked."""
    if any(name == b"content-type" and _FORM in value.lower() for name, value in headers):
        return mask_query(body.decode("latin-1")).encode("latin-1")
    return mask_fields(body)


def mask_fields(body: bytes) -> bytes:
    """A JSON body whose credentials are masked."""
    lowered = body.lower()
    if not any(word in lowered for word in _SECRET_WORDS):
        return body
    return _SECRET_FIELD.sub(rb"\g<1>" + _MASK_BYTES, body)
