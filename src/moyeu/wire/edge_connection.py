"""One HTTP connection: uvicorn's httptools protocol with bounds on everything a client sends.

What the parser (llhttp, strict) refuses itself is not repeated here: Content-Length together with
Transfer-Encoding, two Content-Lengths, `chunked, identity`, bare LF, folded header lines, control
characters in headers. Answers are sent by uvicorn's own code.

A connection reads in four phases: IDLE (nothing of the next request has come), HEAD, BODY, and
REFUSED (no byte is looked at any more). Answering goes on beside reading: one request runs, the
pipelined ones behind it wait. A refusal waits until every request before it has its answer.

No timer is set per request. A connection only notes until when it may stay as it is, and the
server looks at all connections every `EdgeLimits.sweep_s`.
"""

import asyncio
import enum
import math
import os
import re
import select
import socket
import struct
import urllib.parse
from collections.abc import Callable
from typing import Any, Final, NoReturn, cast

import httptools
from uvicorn._types import (
    ASGI3Application,
    ASGIReceiveEvent,
    ASGISendEvent,
    HTTPResponseStartEvent,
    HTTPScope,
)
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from moyeu.wire.asgi import CUT, Scope
from moyeu.wire.edge_limits import EdgeLimits
from moyeu.wire.pages import CONTAINER_HEADERS, REASONS, container_page

# RFC 3986 §3.2.2: a registered name, an IPv4 address or a bracketed IPv6 address, then a port.
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~%!$&'()*+;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_HTTP_VERSIONS: Final = frozenset({"1.0", "1.1"})
_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}


class EdgeState(ServerState):
    """What all connections of a server share: the bounds, and what is used of them."""

    def __init__(self, limits: EdgeLimits) -> None:
        super().__init__()
        self.limits = limits
        self.bodies_bytes = 0
        self.is_draining = False
        """Whether connections are to close as soon as no client can miss them."""


class Phase(enum.Enum):
    """What the next byte of a connection belongs to."""

    IDLE = enum.auto()
    HEAD = enum.auto()
    BODY = enum.auto()
    REFUSED = enum.auto()


class _Refused(Exception):  # noqa: N818 - not an error: it only leaves the parser from a callback
    pass


_WITHOUT_BODY: Final = frozenset({204, 304})
_CLOSE: Final = (b"connection", b"close")
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class EdgeCycle(RequestResponseCycle):
    """One request and its answer; hands over a body that came in one piece without copying it."""

    def __init__(self, state: EdgeState, is_last: Callable[[], bool], **fields: Any) -> None:
        super().__init__(**fields)
        self._state = state
        self._is_last = is_last
        self._piece = b""
        self._held_bytes = 0
        self._start: HTTPResponseStartEvent | None = None

    def take(self, piece: bytes) -> int:
        """Keep a piece of the body until the application asks; how many bytes wait for it now."""
        self._held_bytes += len(piece)
        self._state.bodies_bytes += len(piece)
        if self.body:
            self.body += piece
        elif self._piece:
            self.body = bytearray(self._piece)
            self.body += piece
            self._piece = b""
        else:
            self._piece = piece
        self.message_event.set()
        return len(self.body) or len(self._piece)

    def release(self) -> None:
        """Its body is no longer held by anybody."""
        self._state.bodies_bytes -= self._held_bytes
        self._held_bytes = 0

    def disconnect(self) -> None:
        """From now on the application gets `http.disconnect` and what it sends goes nowhere."""
        self.disconnected = True
        self.message_event.set()

    async def run_asgi(self, app: ASGI3Application) -> None:
        """Run the application for this request; its body counts as held until it returns."""
        try:
            await super().run_asgi(app)
        finally:
            self.release()

    async def send(self, message: ASGISendEvent) -> None:
        """Sends a part of the answer; one that is whole leaves in a single write.

        uvloop sends at every `write`, so head and body apart are two system calls, and two
        wake-ups of the client.
        """
        kind: str = message["type"]
        if kind == "http.response.start" and not self.response_started:
            self._start = cast(HTTPResponseStartEvent, message)
            date = message.get("date")
            if date is not None:
                # Of a portal whose clock is not the server's.
                self.default_headers = [(b"date", cast(bytes, date))]
            return
        if kind == CUT:
            self._cut(is_reset=bool(message.get("is_reset")))
            return
        start, self._start = self._start, None
        if start is not None:
            if self._state.is_draining and self._is_last():
                self.keep_alive = False
            whole = self._render_whole(start, message)
            if whole is not None:
                await self._send_whole(whole)
                return
            await super().send(start)
        await super().send(message)

    def _render_whole(self, start: HTTPResponseStartEvent, message: ASGISendEvent) -> bytes | None:
        """The bytes of an answer of stated length that is complete, None of any other."""
        status = start["status"]
        if message["type"] != "http.response.body" or message.get("more_body", False):
            return None
        if self.scope["method"] == "HEAD" or status in _WITHOUT_BODY:
            return None
        body = message.get("body", b"")
        headers = [*self.default_headers, *start.get("headers", ())]
        if (b"content-length", b"%d" % len(body)) not in headers or _CLOSE in headers:
            return None
        if not self.keep_alive:
            headers.append(_CLOSE)
        head = b"".join([b"%b: %b\r\n" % header for header in headers])
        if head.count(b"\n") != len(headers) or head.count(b"\r") != len(headers):
            raise RuntimeError("a header holds a line break")
        return b"%b%b\r\n%b" % (STATUS_LINE[status], head, body)

    async def _send_whole(self, whole: bytes) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(whole)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _cut(self, *, is_reset: bool) -> None:
        """Ends the connection on purpose, whatever of the answer was sent."""
        self._start = None
        self.disconnect()
        if not is_reset:
            self.transport.close()
            return
        # Without a wait for what was not sent, the close of a socket resets its connection; the
        # option is the connection's, so it may be set by a copy of the descriptor.
        file = self.transport.get_extra_info("socket").fileno()
        with socket.socket(fileno=os.dup(file)) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()

    async def receive(self) -> ASGIReceiveEvent:
        """The next piece of the body, as soon as there is one, or `http.disconnect`."""
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if not self.disconnected and not self.response_complete:
            # With the body complete, what follows are further requests: they are not asked for.
            if self.more_body:
                self.flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self._hand_over(), "more_body": self.more_body}

    def _hand_over(self) -> bytes:
        piece = self._piece or bytes(self.body)
        self._piece = b""
        if self.body:
            self.body = bytearray()
        return piece


class EdgeConnection(HttpToolsProtocol):
    """A connection within the limits of its server; see the module for what it adds to uvicorn."""

    cycle: EdgeCycle | None  # type: ignore[assignment]  # None until the first request
    server_state: EdgeState

    def __init__(
        self, config: Config, server_state: EdgeState, app_state: dict[str, Any], _loop: Any = None
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = server_state.limits
        self.cycle = None
        self._phase = Phase.IDLE
        self._running: EdgeCycle | None = None
        # The status that was decided within the parser, and the one that waits to be sent.
        self._verdict: int | None = None
        self._refusal: int | None = None
        self._deadline = math.inf
        self._send_deadline = math.inf
        self._send_mark_bytes = 0
        self._unparsed_bytes = 0
        self._replay_head = False
        self._begin_head()

    # -- the transport's calls ------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        """Start the clock of the first request, or refuse one connection too many."""
        super().connection_made(transport)
        self._deadline = self.loop.time() + self.limits.header_deadline_s
        if self.server_state.is_draining:
            self.shutdown()
        if len(self.connections) > self.limits.connections_max:
            self._phase = Phase.REFUSED
            self._write_page(503)
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Tell every request that has no answer yet."""
        self.connections.discard(self)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnect()
        if self._running is not None:
            self._running.disconnect()
        for waiting, _ in self.pipeline:
            cast(EdgeCycle, waiting).release()
        self.pipeline.clear()
        self.flow.resume_writing()
        self._phase = Phase.REFUSED
        # The parser holds bound methods of this object; without it nothing is left to collect.
        self.parser = None  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Parse what has come; a refusal decided on the way is sent or put in line."""
        if self._phase is Phase.REFUSED:
            return
        if self._phase is not Phase.IDLE:
            self._unparsed_bytes += len(data)
        try:
            while data:
                data = self._parse(data)
        except httptools.HttpParserCallbackError as error:
            if self._verdict is None:
                raise error.__context__ or error from None
            self._refuse(self._verdict)
        except httptools.HttpParserError:
            self._refuse(400)
        else:
            self._check_unparsed()

    def pause_writing(self) -> None:
        """The send buffer is full: from now on the client must take something from it."""
        super().pause_writing()
        self._watch_reader(self.loop.time())

    def resume_writing(self) -> None:
        """The client has taken enough from the send buffer."""
        super().resume_writing()
        self._send_deadline = math.inf

    # -- the server's calls ---------------------------------------------------------------------

    def shutdown(self) -> None:
        """Close when nothing has come for a moment; the server's state says that it drains."""
        if self._phase is Phase.IDLE and self._running is None:
            self._deadline = min(self._deadline, self.loop.time() + self.limits.drain_idle_s)

    def enforce_deadlines(self, now: float) -> None:
        """Close or refuse what has been waited for until `now` (the loop's time) in vain."""
        if self.transport.is_closing():
            self._enforce_closing(now)
        elif now >= self._send_deadline:
            self._judge_reader(now)
        elif self._phase is Phase.BODY and self._keeps_client_waiting():
            self._start_body_clock(now)
        elif now >= self._deadline:
            self._expire(now)
        elif self._phase is Phase.BODY and self._trickles(now):
            self._refuse(408)

    def _enforce_closing(self, now: float) -> None:
        # A transport closes itself when its buffer is empty, however long that takes.
        if self._deadline is math.inf:
            self._deadline = now + self.limits.send_deadline_s
        elif now >= self._deadline:
            self.transport.abort()

    def _expire(self, now: float) -> None:
        if self._phase is Phase.HEAD and self.flow.read_paused:
            self._deadline = now + self.limits.header_deadline_s
        elif self._phase in (Phase.HEAD, Phase.BODY):
            self._refuse(408)
        elif self._phase is Phase.REFUSED:
            self.transport.abort()
        elif not self._has_unread():
            self._phase = Phase.REFUSED
            self._linger(self.limits.drain_idle_s)

    def _has_unread(self) -> bool:
        """Whether something has come, be it the end, that this process has not read yet."""
        waiting = select.poll()
        waiting.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(waiting.poll(0))

    def _is_last(self) -> bool:
        """Whether nothing has come behind the request that is being answered."""
        return self._phase is Phase.IDLE and not self.pipeline and not self._has_unread()

    def _keeps_client_waiting(self) -> bool:
        cycle = self.cycle
        return self.flow.read_paused or (cycle is not None and cycle.waiting_for_100_continue)

    def _start_body_clock(self, now: float) -> None:
        self._body_since = now
        self._body_mark_bytes = self._body_bytes
        self._deadline = now + self.limits.body_deadline_s

    def _trickles(self, now: float) -> bool:
        measured_s = now - self._body_since - self.limits.body_rate_grace_s
        brought_bytes = self._body_bytes - self._body_mark_bytes
        return brought_bytes < measured_s * self.limits.body_rate_min_bytes_s

    def _watch_reader(self, now: float) -> None:
        self._send_mark_bytes = self.transport.get_write_buffer_size()
        self._send_deadline = now + self.limits.send_deadline_s

    def _judge_reader(self, now: float) -> None:
        taken_bytes = self._send_mark_bytes - self.transport.get_write_buffer_size()
        if taken_bytes < self.limits.send_rate_min_bytes_s * self.limits.send_deadline_s:
            self.transport.abort()
        else:
            self._watch_reader(now)

    # -- the parser's calls ---------------------------------------------------------------------

    def _parse(self, data: bytes) -> bytes:
        """Feed the parser; returns what it has to be fed next, if anything.

        RFC 9110 §7.8 lets a server ignore Upgrade, but llhttp then takes the body for the next
        request. So the head is parsed once more without that header. Java's HTTP client asks for
        an upgrade to h2c on every first request.
        """
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._replay_head = False
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            return self._head_without_upgrade() + data[upgrade.args[0] :]
        return b""

    def _head_without_upgrade(self) -> bytes:
        lines = [b"%s %s HTTP/1.1\r\n" % (self._method, self.url)]
        lines += [b"%s: %s\r\n" % line for line in self.headers if line[0] != b"upgrade"]
        return b"".join(lines) + b"\r\n"

    def _check_unparsed(self) -> None:
        # The parser collects a header or a trailer until it is complete and skips over chunk
        # extensions, all without a call; so bytes that lead to none are counted here.
        if self._phase is Phase.HEAD:
            if self._unparsed_bytes > self.limits.header_bytes_max + self.limits.target_bytes_max:
                self._refuse(431)
        elif self._phase is Phase.BODY and self._unparsed_bytes > self.limits.header_bytes_max:
            self._refuse(400)

    def _leave_parser(self, status: int) -> NoReturn:
        self._verdict = status
        raise _Refused

    def _begin_head(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._unparsed_bytes = 0
        self._lines_bytes = 0
        self._body_bytes = 0
        self._hosts = 0
        self._length: int | None = None
        self._transfer_encoded = False

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._begin_head()
        self._phase = Phase.HEAD
        if self.cycle is not None or self.server_state.is_draining:
            self._deadline = self.loop.time() + self.limits.header_deadline_s

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self.url += url
        if len(self.url) > self.limits.target_bytes_max:
            self._leave_parser(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One complete header line, or one trailer line; trailers are counted and dropped."""
        self._lines_bytes += len(name) + len(value) + 4
        if self._lines_bytes > self.limits.header_bytes_max:
            self._leave_parser(431)
        if self._phase is Phase.BODY:
            return
        headers = self.headers
        if len(headers) >= self.limits.headers_max:
            self._leave_parser(431)
        name = name.lower()
        value = value.rstrip(b" \t")
        headers.append((name, value))
        if name in _NOTES:
            _NOTES[name](self, value)

    def on_headers_complete(self) -> None:
        """Refuse the request, or hand it to the application before its body has come."""
        method = self.parser.get_method()
        if self.parser.should_upgrade() and method != b"CONNECT":
            self._method = method
            self._replay_head = True
            return
        version = self.parser.get_http_version()
        status = self._judge_head(version)
        if status is not None:
            self._leave_parser(status)
        self._phase = Phase.BODY
        self._unparsed_bytes = 0
        self._start_body_clock(self.loop.time())
        self.scope = self._make_scope(method.decode("ascii"), version)
        self._accept(version != "1.0" and self.parser.should_keep_alive())

    def on_chunk_header(self) -> None:
        """A chunk begins: the bytes so far led somewhere."""
        self._unparsed_bytes = 0

    def on_body(self, body: bytes) -> None:
        """A piece of the body, without the chunk framing."""
        self._unparsed_bytes = 0
        self._body_bytes += len(body)
        if self._body_bytes > self.limits.body_bytes_max:
            self._leave_parser(413)
        cycle = self.cycle
        assert cycle is not None
        if cycle.response_complete:
            return
        if self.server_state.bodies_bytes + len(body) > self.limits.bodies_bytes_max:
            self._leave_parser(503)
        if cycle.take(body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """The request is complete."""
        if self._replay_head:
            return
        self._phase = Phase.IDLE
        cycle = self.cycle
        assert cycle is not None
        if cycle.response_complete:
            self._rest()
            return
        self._deadline = math.inf
        cycle.more_body = False
        cycle.message_event.set()

    def _judge_head(self, version: str) -> int | None:
        if (
            version not in _HTTP_VERSIONS
            or self._hosts != 1
            # Only origin-form: an absolute target may name another host than Host does, and no
            # client of a server that is not a proxy sends one. RFC 9112 §3.2 has no fragment.
            or not self.url.startswith(b"/")
            or b"#" in self.url
            or not self.url.isascii()
            or (self._transfer_encoded and (version != "1.1" or self._length is not None))
        ):
            return 400
        length = self._length or 0
        if length > self.limits.body_bytes_max:
            return 413
        if (
            len(self.tasks) >= self.limits.requests_max
            or len(self.pipeline) >= self.limits.pipelined_max
            or self.server_state.bodies_bytes + length > self.limits.bodies_bytes_max
        ):
            return 503
        return None

    def _make_scope(self, method: str, version: str) -> HTTPScope:
        raw_path, _, query = self.url.partition(b"?")
        path = raw_path.decode("ascii")
        scope: Scope = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": method,
            "root_path": "",
            "path": urllib.parse.unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.headers,
        }
        return cast(HTTPScope, scope)

    # -- requests and their answers -------------------------------------------------------------

    def _accept(self, keep_alive: bool) -> None:
        cycle = self.cycle = EdgeCycle(
            self.server_state,
            self._is_last,
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        if self._running is None:
            self._run(cycle)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _run(self, cycle: EdgeCycle) -> None:
        self._running = cycle
        self._start_asgi_task(cycle, self.app)

    def on_response_complete(self) -> None:
        """The running request has its whole answer: the next one, the refusal, or rest."""
        self.server_state.total_requests += 1
        self._running = None
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._run(cast(EdgeCycle, self.pipeline.pop()[0]))
        elif self._refusal is not None:
            self._send_refusal(self._refusal)
        else:
            self.flow.resume_reading()
            if self._phase is Phase.IDLE:
                self._rest()

    def _rest(self) -> None:
        if self._running is None and not self.pipeline:
            self._deadline = self.loop.time() + self.limits.keep_alive_s
            if self.server_state.is_draining:
                self.shutdown()

    # -- refusals -------------------------------------------------------------------------------

    def _refuse(self, status: int) -> None:
        """Look at no further byte, and answer `status` once all requests before have answers."""
        own = self.cycle if self._phase is Phase.BODY else None
        self._phase = Phase.REFUSED
        self._deadline = math.inf
        if own is not None and own.response_complete:
            self._linger(self.limits.linger_s)
            return
        if own is not None and own.response_started:
            self.transport.abort()
            return
        if own is not None:
            self._drop(own)
        if self._running is None:
            self._send_refusal(status)
        else:
            self._refusal = status

    def _drop(self, cycle: EdgeCycle) -> None:
        cycle.disconnect()
        if cycle is self._running:
            self._running = None
        else:
            newest, _ = self.pipeline.popleft()
            assert newest is cycle
            cycle.release()

    def _send_refusal(self, status: int) -> None:
        self._write_page(status)
        self._linger(self.limits.linger_s)

    def _linger(self, seconds: float) -> None:
        # Bytes that nobody has read would turn the close into a reset, which destroys the answer.
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline = self.loop.time() + seconds

    def _write_page(self, status: int) -> None:
        page = container_page(status)
        headers = [
            *self.server_state.default_headers,
            *CONTAINER_HEADERS,
            (b"content-length", b"%d" % len(page)),
            (b"connection", b"close"),
        ]
        lines = [b"HTTP/1.1 %d %s\r\n" % (status, REASONS[status].encode("ascii"))]
        lines += [b"%s: %s\r\n" % line for line in headers]
        self.transport.write(b"".join(lines) + b"\r\n" + page)

    # -- the headers that decide how a request is read ------------------------------------------

    def _note_host(self, value: bytes) -> None:
        if not _HOST.fullmatch(value):
            self._leave_parser(400)
        self._hosts += 1

    def _note_length(self, value: bytes) -> None:
        if not value.isdigit() or len(value) > 19:
            self._leave_parser(400)
        self._length = int(value)

    def _note_transfer_encoding(self, value: bytes) -> None:
        if self._transfer_encoded or value.lower() != b"chunked":
            self._leave_parser(400)
        self._transfer_encoded = True

    def _note_expectation(self, value: bytes) -> None:
        self.expect_100_continue = value.lower() == b"100-continue"


_NOTES: Final[dict[bytes, Callable[[EdgeConnection, bytes], None]]] = {
    b"host": EdgeConnection._note_host,
    b"content-length": EdgeConnection._note_length,
    b"transfer-encoding": EdgeConnection._note_transfer_encoding,
    b"expect": EdgeConnection._note_expectation,
}
