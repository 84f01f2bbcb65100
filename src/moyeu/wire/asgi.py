"""The border between the HTTP edge and the application: ASGI's shapes and reading a body."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

# ASGI 3.0 defines these as open mappings, so their values cannot be typed more closely.
Scope = MutableMapping[str, Any]
"""What is known of a request before its body; a new mapping for each."""
Message = MutableMapping[str, Any]
"""One event of a request or an answer."""
Receive = Callable[[], Awaitable[Message]]
"""Waits for the next event of the request."""
Send = Callable[[Message], Awaitable[None]]
"""Hands one event of the answer to the server."""
App = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI application for scopes of type `http`."""


CUT: Final = "moyeu.cut"
"""The type of a message in place of (the rest of) an answer: the connection ends.

is_reset: whether it is reset, so that what was not sent yet never is; else what was sent arrives.
"""


class ConnectionCutError(Exception):
    """The request gets no answer: its connection is to be reset."""


class ClientDisconnectedError(ConnectionError):
    """The client left, or was refused, before its request was complete; nobody waits for an answer.

    The edge ends the request quietly when this leaves the application.
    """


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The complete body of the request of `scope`; empty if it has none.

    A body that came in one piece, the usual case, is returned without a copy. The edge bounds
    size and time. Raises ClientDisconnectedError if the body never becomes complete.
    """
    assert scope["type"] == "http"
    message = await _next_piece(receive)
    body: bytes = message["body"]
    if not message["more_body"]:
        return body
    whole = bytearray(body)
    while message["more_body"]:
        message = await _next_piece(receive)
        whole += message["body"]
    return bytes(whole)


async def _next_piece(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnectedError("the client left before its request was complete")
    return message
