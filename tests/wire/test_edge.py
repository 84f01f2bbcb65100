"""The HTTP edge against hostile, slow and ordinary clients, over raw sockets on loopback.

Source of the list: the probes that bare HTTP servers answer or wait for without end. Deadlines
are set small; nothing here asserts a time, only what is finally seen.
"""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from moyeu.wire.edge import (
    ClientDisconnectedError,
    Edge,
    EdgeLimits,
    Receive,
    Scope,
    Send,
    in_thread,
    read_body,
    running,
)
from moyeu.wire.edge_connection import EdgeConnection
from moyeu.wire.pages import container_page

PATIENCE_S = 10.0
HOST = b"Host: moyeu.test\r\n"
GET = b"GET /alive HTTP/1.1\r\n" + HOST + b"\r\n"
POST = b"POST /echo HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

QUICK = EdgeLimits(
    header_deadline_s=0.2,
    body_deadline_s=0.4,
    body_rate_grace_s=0.2,
    send_deadline_s=0.3,
    linger_s=0.2,
    graceful_shutdown_s=0.5,
)


async def answer(send: Send, body: bytes) -> None:
    length = b"%d" % len(body)
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
    )
    await send({"type": "http.response.body", "body": body})


class Echo:
    """Answers with method, target and the body's length, and keeps what it was called with."""

    def __init__(self) -> None:
        self.targets: list[bytes] = []
        self.headers: list[list[tuple[bytes, bytes]]] = []
        self.bodies: list[bytes] = []
        self.left = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.targets.append(scope["raw_path"])
        self.headers.append(scope["headers"])
        try:
            body = await read_body(scope, receive)
        except ClientDisconnectedError:
            self.left.set()
            raise
        self.bodies.append(body)
        line = b"%s %s %d" % (scope["method"].encode(), scope["raw_path"], len(body))
        await answer(send, line)


@contextmanager
def serving(app: object, limits: EdgeLimits | None = None) -> Iterator[Edge]:
    assert callable(app)
    with in_thread(Edge(app, limits=limits)) as edge:
        yield edge


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[Echo, Edge]]:
    """A server with the default limits, shared by the tests that need no others."""
    app = Echo()
    with serving(app) as edge:
        yield app, edge


@pytest.fixture
def edge(echo: tuple[Echo, Edge]) -> Edge:
    return echo[1]


def connect(edge: Edge, receive_buffer_bytes: int | None = None) -> socket.socket:
    client = socket.socket()
    if receive_buffer_bytes is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    client.settimeout(PATIENCE_S)
    try:
        client.connect((edge.host, edge.port))
    except OSError:
        client.close()
        raise
    return client


def read_to_end(client: socket.socket) -> bytes:
    """All bytes until the server closes; a reset counts as the end, waiting for ever does not."""
    received = bytearray()
    try:
        while piece := client.recv(65536):
            received += piece
    except ConnectionResetError:
        received += b"<reset>"
    return bytes(received)


def exchange(edge: Edge, *pieces: bytes) -> bytes:
    """What the server sends until it closes the connection."""
    with connect(edge) as client:
        for piece in pieces:
            client.sendall(piece)
        return read_to_end(client)


def read_answer(client: socket.socket) -> bytes:
    """Exactly one answer with a Content-Length: status line, headers and body."""
    head = b""
    while b"\r\n\r\n" not in head:
        byte = client.recv(1)
        assert byte, head
        head += byte
    length = re.search(rb"(?i)content-length: (\d+)", head)
    assert length is not None
    body = b""
    while len(body) < int(length[1]):
        body += client.recv(int(length[1]) - len(body))
    return head + body


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def is_page(answered: bytes, status: int) -> bool:
    head, _, body = answered.partition(b"\r\n\r\n")
    return head.startswith(b"HTTP/1.1 %d " % status) and body == container_page(status)


def is_alive(edge: Edge) -> bool:
    with connect(edge) as client:
        client.sendall(GET)
        return read_answer(client).endswith(b"GET /alive 0")


# -- requests as they should be ---------------------------------------------------------------


def test_an_answer_has_a_date_and_names_no_server(edge: Edge) -> None:
    with connect(edge) as client:
        client.sendall(GET)
        head = read_answer(client).lower()

    assert b"\r\ndate: " in head
    assert b"\r\nserver:" not in head


def test_a_connection_serves_one_request_after_the_other(edge: Edge) -> None:
    with connect(edge) as client:
        for number in range(20):
            client.sendall(b"GET /%d HTTP/1.1\r\n" % number + HOST + b"\r\n")
            assert read_answer(client).endswith(b"GET /%d 0" % number)


def test_pipelined_requests_are_answered_in_their_order(edge: Edge) -> None:
    requests = [
        b"POST /%d HTTP/1.1\r\n" % n + HOST + b"Content-Length: %d\r\n\r\n" % n + b"x" * n
        for n in range(50)
    ]

    with connect(edge) as client:
        client.sendall(b"".join(requests))
        for n in range(50):
            assert read_answer(client).endswith(b"POST /%d %d" % (n, n))


def test_a_request_may_come_byte_by_byte(edge: Edge) -> None:
    with connect(edge) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in POST + b"Content-Length: 3\r\n\r\nabc":
            client.sendall(bytes([byte]))
        assert read_answer(client).endswith(b"POST /echo 3")


def test_connection_close_is_honoured(edge: Edge) -> None:
    answered = exchange(edge, b"GET /x HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")

    assert answered.endswith(b"GET /x 0")


def test_http_1_0_is_answered_and_closed(edge: Edge) -> None:
    assert exchange(edge, b"GET /x HTTP/1.0\r\n" + HOST + b"\r\n").endswith(b"GET /x 0")


def test_a_client_that_expects_100_continue_is_told_to_go_on(edge: Edge) -> None:
    with connect(edge) as client:
        client.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert read_answer(client).endswith(b"POST /echo 3")


def test_white_space_around_a_header_value_is_not_part_of_it(echo: tuple[Echo, Edge]) -> None:
    app, edge = echo
    with connect(edge) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"X-Spaced: \t a b \t\r\n\r\n")
        read_answer(client)

    assert (b"x-spaced", b"a b") in app.headers[-1]


def test_path_and_query_are_handed_over_as_sent_and_decoded(edge: Edge) -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await answer(send, b"")

    with serving(app) as other, connect(other) as client:
        client.sendall(b"GET //a%2Fb%C3%A9?q=%20?&r HTTP/1.1\r\n" + HOST + b"\r\n")
        read_answer(client)

    assert scopes[-1]["raw_path"] == b"//a%2Fb%C3%A9"
    assert scopes[-1]["path"] == "//a/b\u00e9"
    assert scopes[-1]["query_string"] == b"q=%20?&r"


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3_000_000, 10 * 1024 * 1024])
def test_a_body_arrives_whole_whatever_its_size(echo: tuple[Echo, Edge], size: int) -> None:
    app, edge = echo
    body = os.urandom(size)

    with connect(edge) as client:
        client.sendall(POST + b"Content-Length: %d\r\n\r\n" % size + body)
        assert read_answer(client).endswith(b"POST /echo %d" % size)

    assert app.bodies[-1] == body


def test_a_chunked_body_arrives_without_its_framing(echo: tuple[Echo, Edge]) -> None:
    app, edge = echo
    with connect(edge) as client:
        client.sendall(CHUNKED + b"3;note=1\r\nabc\r\n")
        client.sendall(b"2\r\nde\r\n0\r\n\r\n")
        read_answer(client)

    assert app.bodies[-1] == b"abcde"


def test_trailers_never_become_headers(echo: tuple[Echo, Edge]) -> None:
    app, edge = echo
    with connect(edge) as client:
        client.sendall(CHUNKED + b"3\r\nabc\r\n0\r\nAuthorization: Bearer stolen\r\n\r\n" + GET)
        assert read_answer(client).endswith(b"POST /echo 3")
        assert read_answer(client).endswith(b"GET /alive 0")

    assert all(name != b"authorization" for headers in app.headers for name, _ in headers)


def test_a_body_behind_an_offer_to_upgrade_is_a_body(echo: tuple[Echo, Edge]) -> None:
    app, edge = echo
    smuggled = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"
    request = POST + offer + b"Content-Length: %d\r\n\r\n" % len(smuggled)

    with connect(edge) as client:
        for pieces in ([request + smuggled], [request, smuggled]):
            for piece in pieces:
                client.sendall(piece)
            assert read_answer(client).endswith(b"POST /echo %d" % len(smuggled))
            assert app.bodies[-1] == smuggled

    assert b"/smuggled" not in app.targets


def test_a_websocket_handshake_is_an_ordinary_request(edge: Edge) -> None:
    with connect(edge) as client:
        client.sendall(
            b"GET /socket HTTP/1.1\r\n"
            + HOST
            + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
        )
        assert read_answer(client).endswith(b"GET /socket 0")


# -- bytes that are no request, or more than one -------------------------------------------------

MALFORMED = {
    "no HTTP": b"hello\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2.0": b"GET / HTTP/2.0\r\n" + HOST + b"\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "unknown method": b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n",
    "blank in the target": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "NUL in the target": b"GET /a\0b HTTP/1.1\r\n" + HOST + b"\r\n",
    "raw UTF-8 in the target": b"GET /\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n",
    "fragment in the target": b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n",
    "absolute-form": b"GET http://other.test/x HTTP/1.1\r\n" + HOST + b"\r\n",
    "asterisk-form": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "authority-form": b"CONNECT other.test:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "two different Hosts": b"GET / HTTP/1.1\r\n" + HOST + b"Host: other.test\r\n\r\n",
    "empty Host": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "Host with a path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "Host with a user": b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
    "Host with a blank": b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "bare LF": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare LF after a header": b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "bare CR in a header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\rY: b\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
    "header folded with a tab": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n\tb\r\n\r\n",
    "blank before the first header": b"GET / HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n",
    "control character in a header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x01b\r\n\r\n",
    "NUL in a header name": b"GET / HTTP/1.1\r\n" + HOST + b"X\0: a\r\n\r\n",
    "blank before the colon": b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "header without a colon": b"GET / HTTP/1.1\r\n" + HOST + b"X\r\n\r\n",
    "CL and TE": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "TE and CL": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two CL": POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "list of CL": POST + b"Content-Length: 3, 3\r\n\r\nabc",
    "signed CL": POST + b"Content-Length: +3\r\n\r\nabc",
    "hexadecimal CL": POST + b"Content-Length: 0x3\r\n\r\nabc",
    "empty CL": POST + b"Content-Length:\r\n\r\nabc",
    "CL of 30 digits": POST + b"Content-Length: 999999999999999999999999999999\r\n\r\nabc",
    "chunked, identity": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "identity, chunked": POST + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    "identity": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "gzip, chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "xchunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
    "TE in HTTP/1.0": b"POST / HTTP/1.0\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunk with bare LF": CHUNKED + b"3\nabc\n0\n\n",
    "chunk of size 0x3": CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
    "chunk of size -1": CHUNKED + b"-1\r\nabc\r\n0\r\n\r\n",
    "chunk size of 17 digits": CHUNKED + b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "chunk longer than its size": CHUNKED + b"3\r\nabcde\r\n0\r\n\r\n",
    "NUL in a chunk extension": CHUNKED + b"3;\0\r\nabc\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_request_is_refused_and_the_connection_closed(edge: Edge, case: str) -> None:
    assert is_page(exchange(edge, MALFORMED[case]), 400)


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_request_takes_nothing_behind_it_to_the_application(
    echo: tuple[Echo, Edge], case: str
) -> None:
    app, edge = echo

    exchange(edge, MALFORMED[case] + b"GET /behind HTTP/1.1\r\n" + HOST + b"\r\n")

    assert b"/behind" not in app.targets


def test_a_refusal_is_hubspots_container_page(edge: Edge) -> None:
    head, _, body = exchange(edge, b"GET / HTTP/1.1\r\n\r\n").partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")

    assert lines[0] == b"HTTP/1.1 400 Bad Request"
    assert b"content-type: text/html;charset=iso-8859-1" in lines
    assert b"cache-control: must-revalidate,no-cache,no-store" in lines
    assert b"connection: close" in lines
    assert b"content-length: %d" % len(body) in lines
    assert body == container_page(400)


def test_a_refusal_waits_for_the_answers_before_it() -> None:
    go_on = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await asyncio.to_thread(go_on.wait, PATIENCE_S)
        await answer(send, scope["raw_path"])

    with serving(app) as edge, connect(edge) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n" + GET + b"nonsense\r\n\r\n")
        assert is_alive_with(edge, b"/alive")
        go_on.set()

        assert read_answer(client).endswith(b"/slow")
        assert read_answer(client).endswith(b"/alive")
        assert is_page(read_to_end(client), 400)


def is_alive_with(edge: Edge, expected: bytes) -> bool:
    with connect(edge) as client:
        client.sendall(GET)
        return read_answer(client).endswith(expected)


# -- things that are too large ------------------------------------------------------------------


def header_block(size: int) -> bytes:
    """Header lines of that many bytes together with `HOST`."""
    line = b"X-Long: \r\n"
    return HOST + line[:-2] + b"x" * (size - len(HOST) - len(line)) + line[-2:]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\n" + header_block(32 * 1024) + b"\r\n", 200),
        (b"GET / HTTP/1.1\r\n" + header_block(32 * 1024 + 1) + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + header_block(100 * 1024) + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 99 + b"\r\n", 200),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 100 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 2000 + b"\r\n", 431),
        (b"GET /" + b"a" * (16 * 1024 - 1) + b" HTTP/1.1\r\n" + HOST + b"\r\n", 200),
        (b"GET /" + b"a" * 16 * 1024 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET /" + b"a" * 1024 * 1024, 414),
        (b"GET /?" + b"a=b&" * 100_000, 414),
    ],
    ids=lambda value: value if isinstance(value, int) else f"{len(value)} bytes",
)
def test_headers_and_targets_are_bounded(edge: Edge, request_bytes: bytes, status: int) -> None:
    with connect(edge) as client:
        client.sendall(request_bytes)
        first = read_answer(client)

    assert first.startswith(b"HTTP/1.1 %d " % status)
    assert status == 200 or is_page(first, status)


def test_a_header_without_end_is_refused_before_it_is_complete(edge: Edge) -> None:
    with connect(edge) as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"X: ")
        send_until_refused(client, b"x" * 8192)
        assert is_page(read_to_end(client), 431)


def test_a_trailer_without_end_is_refused_before_it_is_complete(edge: Edge) -> None:
    with connect(edge) as client:
        client.sendall(CHUNKED + b"3\r\nabc\r\n0\r\nX: ")
        send_until_refused(client, b"x" * 8192)
        assert is_page(read_to_end(client), 400)


def test_a_chunk_extension_without_end_is_refused(edge: Edge) -> None:
    with connect(edge) as client:
        client.sendall(CHUNKED + b"3;")
        send_until_refused(client, b"x" * 8192)
        assert is_page(read_to_end(client), 400)


def send_until_refused(client: socket.socket, piece: bytes, pieces_max: int = 4096) -> int:
    """How many pieces were sent when an answer or a reset came; fails if none came."""
    client.setblocking(False)
    try:
        for count in range(pieces_max):
            try:
                client.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                pass
            except ConnectionError:
                return count
            else:
                return count
            send_some(client, piece)
    finally:
        client.settimeout(PATIENCE_S)
    raise AssertionError("the server took everything")


def send_some(client: socket.socket, piece: bytes) -> None:
    try:
        client.send(piece)
    except BlockingIOError:
        time.sleep(0.001)


def test_a_content_length_over_the_limit_is_refused_before_the_body() -> None:
    app = Echo()
    with serving(app) as edge, connect(edge) as client:
        client.sendall(POST + b"Content-Length: %d\r\n\r\n" % (10 * 1024 * 1024 + 1))
        assert is_page(read_to_end(client), 413)

    assert b"/echo" not in app.targets


def test_a_refused_expectation_is_not_told_to_go_on(edge: Edge) -> None:
    answered = exchange(edge, POST + b"Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")

    assert is_page(answered, 413)


def test_a_chunked_body_over_the_limit_is_refused_on_what_has_come() -> None:
    app = Echo()
    limits = EdgeLimits(body_bytes_max=100_000)
    with serving(app, limits) as edge, connect(edge) as client:
        client.sendall(CHUNKED)
        for _ in range(10):
            client.sendall(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        client.sendall(b"1\r\nx\r\n")

        assert is_page(read_to_end(client), 413)
        assert app.left.wait(PATIENCE_S)

    assert app.bodies == [b""]


def test_a_chunked_body_at_the_limit_is_taken() -> None:
    with serving(Echo(), EdgeLimits(body_bytes_max=10_000)) as edge, connect(edge) as client:
        client.sendall(CHUNKED + b"2710\r\n" + b"x" * 10_000 + b"\r\n0\r\n\r\n")
        assert read_answer(client).endswith(b"POST /echo 10000")


def test_a_body_over_the_limit_that_nobody_reads_ends_after_its_early_answer() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"early")

    limits = EdgeLimits(body_bytes_max=300_000, linger_s=0.2)
    with serving(app, limits) as edge, connect(edge) as client:
        client.sendall(CHUNKED)
        assert read_answer(client).endswith(b"early")
        try:
            for _ in range(100):
                client.sendall(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        except ConnectionError:
            return
        assert read_to_end(client) in {b"", b"<reset>"}


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_memory_does_not_grow_with_a_body_of_100_megabytes() -> None:
    limits = EdgeLimits(linger_s=5.0)
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    with serving(Echo(), limits) as edge, connect(edge) as client:
        assert is_alive(edge)
        before = resident_bytes()
        client.sendall(CHUNKED)
        try:
            for _ in range(1600):
                client.sendall(chunk)
        except ConnectionError:
            pass
        answered = read_to_end(client)
        grown = resident_bytes() - before

    assert answered.startswith(b"HTTP/1.1 413 ")
    assert grown < 40 * 1024 * 1024


def test_all_bodies_together_are_bounded() -> None:
    limits = EdgeLimits(bodies_bytes_max=300_000)
    with serving(Echo(), limits) as edge:
        with connect(edge) as first, connect(edge) as second:
            first.sendall(POST + b"Content-Length: 200000\r\n\r\n" + b"x" * 199_999)
            wait_until(lambda: edge._state.bodies_bytes == 199_999)
            second.sendall(POST + b"Content-Length: 200000\r\n\r\n")
            assert is_page(read_to_end(second), 503)
            first.sendall(b"x")
            assert read_answer(first).endswith(b"POST /echo 200000")
        wait_until(lambda: edge._state.bodies_bytes == 0)


def test_a_chunked_body_that_fits_alone_but_not_beside_the_others_is_refused() -> None:
    limits = EdgeLimits(bodies_bytes_max=15_000)
    chunk = b"2710\r\n" + b"x" * 10_000 + b"\r\n"
    with serving(Echo(), limits) as edge, connect(edge) as first, connect(edge) as second:
        first.sendall(CHUNKED + chunk)
        wait_until(lambda: edge._state.bodies_bytes == 10_000)
        second.sendall(CHUNKED + chunk)
        assert is_page(read_to_end(second), 503)
        first.sendall(b"0\r\n\r\n")
        assert read_answer(first).endswith(b"POST /echo 10000")


def test_bodies_of_clients_that_left_are_given_back() -> None:
    with serving(Echo()) as edge:
        with connect(edge) as client:
            client.sendall(POST + b"Content-Length: 200000\r\n\r\n" + b"x" * 100_000)
            wait_until(lambda: edge._state.bodies_bytes == 100_000)

        wait_until(lambda: edge._state.bodies_bytes == 0)


def test_pipelined_requests_are_bounded() -> None:
    go_on = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await asyncio.to_thread(go_on.wait, PATIENCE_S)
        await answer(send, b"")

    limits = EdgeLimits(pipelined_max=10)
    with serving(app, limits) as edge, connect(edge) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n" + GET * 1000)
        wait_until(lambda: edge.connections == 1)
        go_on.set()
        answered = read_to_end(client)

    assert answered.count(b"HTTP/1.1 200 ") == 11
    assert answered.count(b"HTTP/1.1 503 ") == 1
    assert answered.endswith(container_page(503))


# -- clients that take their time ---------------------------------------------------------------

UNFINISHED = {
    "nothing at all": b"",
    "blank lines only": b"\r\n\r\n",
    "half a request line": b"GET / HT",
    "headers without end": b"GET / HTTP/1.1\r\n" + HOST,
    "body shorter than its length": POST + b"Content-Length: 10\r\n\r\nabc",
    "chunks without end": CHUNKED + b"3\r\nabc\r\n",
    "half a chunk": CHUNKED + b"ff\r\nabc",
}


@pytest.mark.parametrize("case", UNFINISHED)
def test_an_unfinished_request_is_closed_at_its_deadline(case: str) -> None:
    with serving(Echo(), QUICK) as edge:
        answered = exchange(edge, UNFINISHED[case])

    begun = bool(UNFINISHED[case].strip())
    assert is_page(answered, 408) if begun else answered == b""


@pytest.mark.parametrize(
    "start",
    [b"GET / HTTP/1.1\r\n" + HOST + b"X: ", CHUNKED, POST + b"Content-Length: 9999\r\n\r\n"],
    ids=["header", "chunked body", "body"],
)
def test_a_client_that_trickles_is_closed(start: bytes) -> None:
    with serving(Echo(), QUICK) as edge, connect(edge) as client:
        client.sendall(start)
        trickle_until_refused(client, b"1\r\na\r\n" if start is CHUNKED else b"a")
        assert is_page(read_to_end(client), 408)


def trickle_until_refused(client: socket.socket, piece: bytes) -> None:
    client.settimeout(0.02)
    for _ in range(int(PATIENCE_S / 0.02)):
        client.sendall(piece)
        try:
            client.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            continue
        client.settimeout(PATIENCE_S)
        return
    raise AssertionError("trickling was never ended")


def test_a_body_slower_than_the_minimum_rate_is_closed_before_its_deadline() -> None:
    limits = EdgeLimits(body_deadline_s=600, body_rate_grace_s=0.2, linger_s=0.2)
    with serving(Echo(), limits) as edge, connect(edge) as client:
        client.sendall(POST + b"Content-Length: 9999\r\n\r\n")
        trickle_until_refused(client, b"a")
        assert is_page(read_to_end(client), 408)


def test_the_application_learns_that_its_client_was_too_slow() -> None:
    app = Echo()
    with serving(app, QUICK) as edge:
        exchange(edge, POST + b"Content-Length: 10\r\n\r\nabc")
        assert app.left.wait(PATIENCE_S)


def test_a_client_is_not_blamed_while_the_application_does_not_read() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await asyncio.sleep(1.0)
        body = await read_body(scope, receive)
        await answer(send, b"%d" % len(body))

    with serving(app, QUICK) as edge, connect(edge) as client:
        client.sendall(POST + b"Content-Length: 5000000\r\n\r\n" + b"x" * 5_000_000)
        assert read_answer(client).endswith(b"5000000")


def test_a_client_is_not_blamed_while_it_waits_for_100_continue() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await asyncio.sleep(1.0)
        body = await read_body(scope, receive)
        await answer(send, b"%d" % len(body))

    with serving(app, QUICK) as edge, connect(edge) as client:
        client.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"abc")
        assert read_answer(client).endswith(b"3")


def test_a_slow_application_is_not_the_clients_fault() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.0 if scope["path"] == "/" else 1.0)
        await answer(send, b"late")

    with serving(app, QUICK) as edge, connect(edge) as client:
        client.sendall(GET)
        assert read_answer(client).endswith(b"late")


def test_a_resting_connection_is_closed_after_keep_alive() -> None:
    with serving(Echo(), EdgeLimits(keep_alive_s=0.2)) as edge, connect(edge) as client:
        client.sendall(GET)
        assert read_answer(client).endswith(b"GET /alive 0")
        assert read_to_end(client) == b""


def test_a_later_request_has_the_same_header_deadline_as_the_first() -> None:
    limits = EdgeLimits(header_deadline_s=0.2, keep_alive_s=600, linger_s=0.2)
    with serving(Echo(), limits) as edge, connect(edge) as client:
        client.sendall(GET)
        assert read_answer(client).endswith(b"GET /alive 0")
        client.sendall(b"GET / HT")
        assert is_page(read_to_end(client), 408)


def test_blank_lines_do_not_keep_a_resting_connection_alive() -> None:
    with serving(Echo(), EdgeLimits(keep_alive_s=0.3)) as edge, connect(edge) as client:
        client.sendall(GET)
        read_answer(client)
        client.settimeout(0.02)
        with pytest.raises((ConnectionError, EOFError)):
            send_blank_lines(client)


def send_blank_lines(client: socket.socket) -> None:
    for _ in range(int(PATIENCE_S / 0.02)):
        client.sendall(b"\r\n")
        try:
            if not client.recv(1):
                raise EOFError
        except TimeoutError:
            continue


@pytest.mark.parametrize("size", [5_000, 5_000_000])
def test_a_client_that_does_not_read_its_answer_is_closed(size: int) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"x" * size if scope["path"] == "/alive" else b"")

    limits = EdgeLimits(send_deadline_s=0.3, keep_alive_s=0.3)
    with serving(app, limits) as edge, connect(edge, receive_buffer_bytes=4096) as client:
        client.sendall(GET * 20)
        wait_until(lambda: edge.connections == 1)
        wait_until(lambda: edge.connections == 0)


def test_a_client_that_does_not_read_the_last_answer_is_closed() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"x" * (0 if scope["path"] == "/" else 5_000_000))

    with serving(app, QUICK) as edge, connect(edge, receive_buffer_bytes=4096) as client:
        client.sendall(b"GET /x HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
        wait_until(lambda: edge.connections == 1)
        wait_until(lambda: edge.connections == 0)


def test_a_client_that_reads_slowly_but_steadily_gets_everything() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"x" * (0 if scope["path"] == "/" else 12_000_000))

    with serving(app, QUICK) as edge, connect(edge, receive_buffer_bytes=65_536) as client:
        client.sendall(GET)
        received = 0
        while received < 12_000_000:
            piece = client.recv(200_000)
            assert piece
            received += len(piece)
            time.sleep(0.008)


def test_others_are_answered_while_slow_clients_hang() -> None:
    with serving(Echo()) as edge:
        hanging = [connect(edge) for _ in range(60)]
        try:
            for index, client in enumerate(hanging):
                client.sendall(list(UNFINISHED.values())[index % len(UNFINISHED)])
            assert all(is_alive(edge) for _ in range(50))
        finally:
            for client in hanging:
                client.close()


# -- many clients -------------------------------------------------------------------------------


def test_idle_connections_are_bounded_and_end_at_their_deadline() -> None:
    limits = EdgeLimits(connections_max=200, header_deadline_s=1.0)
    with serving(Echo(), limits) as edge:
        clients = [connect(edge) for _ in range(260)]
        try:
            refused = [client for client in clients[200:] if is_page(read_to_end(client), 503)]
            assert len(refused) == 60
            assert edge.connections <= 200
            wait_until(lambda: edge.connections == 0)
            assert is_alive(edge)
        finally:
            for client in clients:
                client.close()


def test_requests_in_the_application_are_bounded() -> None:
    go_on = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await asyncio.to_thread(go_on.wait, PATIENCE_S)
        await answer(send, b"done")

    slow = b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n"
    limits = EdgeLimits(requests_max=2)
    with serving(app, limits) as edge, connect(edge) as first, connect(edge) as second:
        first.sendall(slow)
        second.sendall(slow)
        wait_until(lambda: len(edge._state.tasks) == 2)
        assert is_page(exchange(edge, slow), 503)
        go_on.set()
        assert read_answer(first).endswith(b"done")
        assert read_answer(second).endswith(b"done")


def test_many_clients_at_once_are_all_answered(edge: Edge) -> None:
    def one(number: int) -> bool:
        body = b"x" * number * 100
        with connect(edge) as client:
            client.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            return read_answer(client).endswith(b"POST /echo %d" % len(body))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(200)))


# -- the application ----------------------------------------------------------------------------


def test_a_body_in_one_piece_is_not_copied() -> None:
    body = b"x" * 20_000

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    assert asyncio.run(read_body({"type": "http"}, receive)) is body


def test_a_client_that_leaves_ends_its_request_without_noise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Echo()
    with serving(app) as edge:
        with connect(edge) as client:
            client.sendall(POST + b"Content-Length: 10\r\n\r\nabc")
            wait_until(lambda: b"/echo" in app.targets)
        assert app.left.wait(PATIENCE_S)
        wait_until(lambda: not edge._state.tasks)

    assert not caplog.records


def test_an_application_that_fails_is_logged_and_answers_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/":
            raise ZeroDivisionError
        await answer(send, b"")

    with serving(app) as edge:
        assert b"HTTP/1.1 500 " in exchange(edge, GET)

    assert "ZeroDivisionError" in caplog.text


# -- starting and stopping ----------------------------------------------------------------------


def test_running_gives_the_url_of_a_ready_server_and_calls_both_callbacks() -> None:
    calls: list[str] = []

    async def startup() -> None:
        calls.append("startup")

    async def shutdown() -> None:
        calls.append("shutdown")

    with running(Echo(), startup=startup, shutdown=shutdown) as url:
        calls.append(url)

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", calls[1])
    assert [calls[0], calls[2]] == ["startup", "shutdown"]


def test_the_port_is_known_but_closed_before_the_server_runs() -> None:
    edge = Edge(Echo())

    assert edge.port > 0
    with pytest.raises(ConnectionRefusedError):
        connect(edge)
    edge.stop()
    assert edge.run() == 0


def test_a_taken_port_is_refused_when_the_edge_is_made() -> None:
    with serving(Echo()) as edge, pytest.raises(OSError, match="in use"):
        Edge(Echo(), port=edge.port)


def test_ready_means_that_the_application_answers() -> None:
    ready: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert not ready
        await answer(send, b"")

    edge = Edge(app, on_ready=lambda it: ready.append(it.port))
    with in_thread(edge):
        assert ready == [edge.port]


def test_an_application_that_fails_its_first_request_is_never_ready() -> None:
    ready: list[Edge] = []
    ended: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    async def shutdown() -> None:
        ended.append("shutdown")

    edge = Edge(app, on_ready=ready.append, shutdown=shutdown)
    with pytest.raises(RuntimeError, match="500"):
        edge.run()
    assert ready == []
    assert ended == ["shutdown"]


def test_what_startup_raises_leaves_run_and_closes_the_socket() -> None:
    async def startup() -> None:
        raise FileNotFoundError("no database")

    edge = Edge(Echo(), startup=startup)
    with pytest.raises(FileNotFoundError, match="no database"):
        edge.run()
    with pytest.raises(ConnectionRefusedError):
        connect(edge)


def test_a_failing_server_stops_with_the_first_code_it_was_given() -> None:
    codes: list[int] = []
    edge_ready = threading.Event()
    edge = Edge(Echo(), on_ready=lambda _: edge_ready.set())
    thread = threading.Thread(target=lambda: codes.append(edge.run()))
    thread.start()
    assert edge_ready.wait(PATIENCE_S)

    edge.fail(74)
    edge.fail(75)
    thread.join(PATIENCE_S)

    assert codes == [74]


def test_a_graceful_stop_finishes_the_request_in_flight_and_accepts_no_other() -> None:
    go_on = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await asyncio.to_thread(go_on.wait, PATIENCE_S)
        await answer(send, b"done")

    with serving(app) as edge, connect(edge) as resting, connect(edge) as client:
        resting.sendall(GET)
        read_answer(resting)
        client.sendall(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n")
        wait_until(lambda: len(edge._state.tasks) == 1)
        edge.stop()
        assert read_to_end(resting) == b""
        wait_until(lambda: not accepts(edge))
        go_on.set()
        answered = read_to_end(client)

    assert b"connection: close" in answered
    assert answered.endswith(b"done")


def accepts(edge: Edge) -> bool:
    try:
        connect(edge).close()
    except ConnectionError:  # refused, or reset while the socket closes
        return False
    return True


def test_a_graceful_stop_finishes_a_request_whose_body_is_on_its_way() -> None:
    app = Echo()
    with serving(app) as edge, connect(edge) as client:
        client.sendall(POST + b"Content-Length: 6\r\n\r\nabc")
        wait_until(lambda: b"/echo" in app.targets)
        edge.stop()
        wait_until(lambda: not accepts(edge))
        client.sendall(b"def")
        assert read_to_end(client).endswith(b"POST /echo 6")


class Blocking(Echo):
    """Holds up the whole loop when it is asked for `/block`, so that others' bytes stay unread."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = threading.Event()
        self.go_on = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/block":
            self.blocks.set()
            self.go_on.wait(PATIENCE_S)
        await super().__call__(scope, receive, send)

    @contextmanager
    def held_up(self, edge: Edge) -> Iterator[None]:
        """The loop is held up; what is sent meanwhile is in the kernel when it goes on."""
        with connect(edge) as client:
            client.sendall(b"GET /block HTTP/1.1\r\n" + HOST + b"\r\n")
            assert self.blocks.wait(PATIENCE_S)
            yield
            self.go_on.set()
            read_answer(client)


def test_what_has_come_before_a_stop_is_answered_though_nobody_has_read_it() -> None:
    app = Blocking()
    with serving(app) as edge, connect(edge) as resting, connect(edge) as fresh:
        resting.sendall(GET)
        read_answer(resting)
        wait_until(lambda: edge.connections == 2)
        with app.held_up(edge):
            resting.sendall(GET)
            fresh.sendall(GET)
            edge.stop()
        for client in (resting, fresh):
            assert read_to_end(client).endswith(b"GET /alive 0")


def test_what_comes_on_an_open_connection_after_a_stop_is_answered() -> None:
    with serving(Echo()) as edge, connect(edge) as resting, connect(edge) as fresh:
        resting.sendall(GET)
        read_answer(resting)
        edge.stop()
        wait_until(lambda: not accepts(edge))
        for client in (resting, fresh):
            client.sendall(GET)
            answered = read_to_end(client)
            assert b"connection: close" in answered
            assert answered.endswith(b"GET /alive 0")


def test_a_request_whose_headers_are_on_their_way_at_a_stop_is_answered() -> None:
    limits = EdgeLimits(drain_idle_s=0.1)
    with serving(Echo(), limits) as edge, connect(edge) as client:
        client.sendall(GET[:20])
        wait_until(lambda: edge.connections == 1)
        edge.stop()
        wait_until(lambda: not accepts(edge))
        time.sleep(0.3)
        client.sendall(GET[20:])
        assert read_to_end(client).endswith(b"GET /alive 0")


def test_pipelined_requests_are_all_answered_after_a_stop_and_the_last_one_closes() -> None:
    go_on = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await asyncio.to_thread(go_on.wait, PATIENCE_S)
        await answer(send, b"done")

    with serving(app) as edge, connect(edge) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n" + GET * 4)
        wait_until(lambda: len(edge._state.tasks) == 1)
        edge.stop()
        wait_until(lambda: not accepts(edge))
        go_on.set()
        answers = read_to_end(client).split(b"HTTP/1.1 200 ")[1:]

    assert [b"connection: close" in each for each in answers] == [False] * 4 + [True]


def test_a_request_that_crosses_the_close_meets_an_end_without_an_answer() -> None:
    app = Echo()
    with serving(app, EdgeLimits(drain_idle_s=2.0)) as edge, connect(edge) as client:
        client.sendall(GET)
        read_answer(client)
        edge.stop()
        assert client.recv(1) == b""
        client.sendall(GET)
        client.sendall(b"after a reset this would fail")
        assert read_to_end(client) == b""

    assert app.targets.count(b"/alive") == 1


def test_what_has_come_before_a_resting_connection_expires_is_answered() -> None:
    class Late(Blocking):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await super().__call__(scope, receive, send)
            if scope["path"] == "/block":
                for connection in tuple(server._state.connections):
                    assert isinstance(connection, EdgeConnection)
                    connection.enforce_deadlines(asyncio.get_running_loop().time() + 1_000)

    app = Late()
    with serving(app) as server, connect(server) as client:
        client.sendall(GET)
        read_answer(client)
        with app.held_up(server):
            client.sendall(GET)
        assert read_answer(client).endswith(b"GET /alive 0")


@contextmanager
def sharing(*apps: object, host: str = "127.0.0.1") -> Iterator[list[Edge]]:
    """Servers that listen on one socket, as several processes do; stopped at the end."""
    with socket.create_server((host, 0), backlog=256) as listener, ExitStack() as stack:
        edges = []
        for app in apps:
            assert callable(app)
            edges.append(stack.enter_context(in_thread(Edge(app, listener=listener.dup()))))
        yield edges


def test_no_connection_is_lost_when_one_of_several_servers_stops_accepting() -> None:
    with sharing(Echo(), Echo(), Echo()) as edges, ThreadPoolExecutor(8) as pool:
        ended = threading.Event()

        def connect_on_and_on() -> int:
            count = 0
            while not ended.is_set():
                assert is_alive(edges[-1])
                count += 1
            return count

        clients = [pool.submit(connect_on_and_on) for _ in range(8)]
        try:
            for edge in edges[:-1]:
                wait_until(lambda edge=edge: edge._state.total_requests > 50)  # type: ignore[misc]
                edge.stop()
                wait_until(lambda edge=edge: edge._loop.is_closed())  # type: ignore[misc]
        finally:
            ended.set()
        assert all(each.result() for each in clients)


def test_a_server_is_ready_by_its_own_answer_not_by_that_of_another_one() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    with sharing(Echo()) as (edge,):
        second = Edge(fails, listener=edge._socket.dup())
        with pytest.raises(RuntimeError, match="500"):
            second.run()
        assert all(is_alive(edge) for _ in range(20))


def test_a_request_that_never_finishes_is_cancelled_after_the_grace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            await asyncio.Event().wait()
        await answer(send, b"")

    with serving(app, QUICK) as edge, connect(edge) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n")
        wait_until(lambda: len(edge._state.tasks) == 1)
        edge.stop()
        assert read_to_end(client).startswith(b"HTTP/1.1 500 ")

    assert "1 requests did not finish" in caplog.text


PROGRAM = """
import asyncio, sys
from moyeu.wire.edge import Edge

async def app(scope, receive, send):
    if scope["path"] == "/slow":
        print("slow", flush=True)
        await asyncio.sleep(1.0)
    if scope["path"] == "/stuck":
        print("stuck", flush=True)
        await asyncio.sleep(600)
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]}
    await send(start)
    await send({"type": "http.response.body", "body": b"done"})

async def shutdown():
    print("shutdown", flush=True)

edge = Edge(app, shutdown=shutdown, on_ready=lambda edge: print(edge.port, flush=True))
sys.exit(edge.run())
"""


@contextmanager
def process() -> Iterator[tuple["subprocess.Popen[str]", socket.socket]]:
    """A server in a process of its own, and a connection to it."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
                yield server, client
        finally:
            server.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_gracefully_with_exit_code_zero(number: signal.Signals) -> None:
    with process() as (server, client):
        client.sendall(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n")
        assert server.stdout is not None
        assert server.stdout.readline() == "slow\n"
        server.send_signal(number)

        assert read_to_end(client).endswith(b"done")
        assert server.wait(PATIENCE_S) == 0
        assert server.stdout.read() == "shutdown\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_wait_for_the_request_in_flight(number: signal.Signals) -> None:
    with process() as (server, client):
        client.sendall(b"GET /stuck HTTP/1.1\r\n" + HOST + b"\r\n")
        assert server.stdout is not None
        assert server.stdout.readline() == "stuck\n"
        server.send_signal(number)
        wait_until(lambda: refuses(client))
        server.send_signal(number)

        assert server.wait(PATIENCE_S) == 128 + number
        assert server.stdout.read() == ""


def refuses(client: socket.socket) -> bool:
    """Whether the server that this client is connected to accepts no other connection."""
    try:
        socket.create_connection(client.getpeername(), PATIENCE_S).close()
    except ConnectionError:  # refused, or reset while the socket closes
        return True
    return False
