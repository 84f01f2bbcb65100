"""The HTTP server around the application: where it listens, when it is ready, how it stops.

`EdgeConnection` bounds what each client may do; this module owns the socket, the one timer that
enforces all deadlines, the signals and the exit code. uvicorn's `Config` and protocol are used,
its `Server` is not: that raises a caught signal again after a graceful stop, polls ten times a
second, and has no exit code to give.
"""

import asyncio
import contextlib
import logging
import resource
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Final, cast

import uvloop
from uvicorn._types import ASGI3Application
from uvicorn.config import Config

from moyeu.wire.asgi import (
    App,
    ClientDisconnectedError,
    Message,
    Receive,
    Scope,
    Send,
    read_body,
)
from moyeu.wire.edge_connection import EdgeConnection, EdgeState
from moyeu.wire.edge_limits import EdgeLimits
from moyeu.wire.edge_socket import BACKLOG, bind, url_of

__all__ = [
    "App",
    "ClientDisconnectedError",
    "Edge",
    "EdgeLimits",
    "Message",
    "Receive",
    "Scope",
    "Send",
    "in_thread",
    "read_body",
    "running",
]

_LOG: Final = logging.getLogger("moyeu.edge")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
# Files beside the connections: the database, its log, the loop's own, the standard streams.
_OTHER_FILES: Final = 128
_READY_DEADLINE_S: Final = 10.0
_CANCELLED_DEADLINE_S: Final = 1.0

Callback = Callable[[], Awaitable[None]]
"""Something to await when the server starts or stops."""


class Edge:
    """One HTTP server: its socket is bound when the object exists, and accepts within `run`.

    host, port: see `edge_socket.bind`. listener: a bound socket in their place, which other
    processes may listen on too; it is closed by `run`. startup: awaited before anything else.
    shutdown: awaited after the last request, also when a later step of starting failed, but not
    when the stop is forced. on_ready: called once the application has answered a `GET` of
    `ready_target` with a status below 500 and the socket accepts.
    Raises OSError if the address cannot be bound.
    """

    def __init__(
        self,
        app: App,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        listener: socket.socket | None = None,
        limits: EdgeLimits | None = None,
        startup: Callback | None = None,
        shutdown: Callback | None = None,
        on_ready: Callable[["Edge"], None] | None = None,
        ready_target: str = "/",
    ) -> None:
        self.limits = limits or EdgeLimits()
        self._app = app
        self._startup = startup
        self._shutdown = shutdown
        self._on_ready = on_ready
        self._ready_target = ready_target
        self._state = EdgeState(self.limits)
        self._exit_code = 0
        self._stop_asked = False
        self._signalled = False
        self._forced = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._main: asyncio.Task[None] | None = None
        self._socket = listener or bind(host, port)
        self.host, self.port = self._socket.getsockname()[:2]

    @property
    def url(self) -> str:
        """Where a client on this machine finds the server, without a slash at the end."""
        return url_of(self._socket)

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._state.connections)

    def run(self) -> int:
        """Serve until stopped; returns the exit code for the process.

        0 after `stop` or one SIGINT or SIGTERM, the code given to `fail`, 128 + the signal's
        number after a second signal. A third one kills the process as the system does by default.
        May be called once, in any thread; signals are looked at in the main thread only.
        What `startup`, `shutdown` or `on_ready` raises leaves from here, with the socket closed.
        """
        _allow_open_files(self.limits.connections_max + _OTHER_FILES)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve())
        except asyncio.CancelledError:
            if not self._forced:
                raise
        finally:
            self._socket.close()
        return self._exit_code

    def stop(self) -> None:
        """Stop gracefully: requests in flight finish. May be called from any thread, repeatedly."""
        self._stop_asked = True
        loop, stopping = self._loop, self._stopping
        if loop is not None and stopping is not None and not loop.is_closed():
            loop.call_soon_threadsafe(stopping.set)

    def fail(self, code: int) -> None:
        """Stop gracefully and make `run` return `code`; the first code given wins."""
        self._exit_code = self._exit_code or code
        self.stop()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = cast("asyncio.Task[None]", asyncio.current_task())
        self._stopping = asyncio.Event()
        with self._signals():
            if self._startup is not None:
                await self._startup()
            try:
                if not self._stop_asked:
                    await self._serve_requests(self._stopping)
            finally:
                if self._shutdown is not None and not self._forced:
                    await self._shutdown()

    async def _serve_requests(self, stopping: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        config = self._config()
        listener = None

        def connection() -> EdgeConnection:
            return EdgeConnection(config, self._state, {}, loop)

        with _Sweeper(loop, self._state):
            try:
                await self._await_answer(connection)
                listener = await loop.create_server(connection, sock=self._socket, backlog=BACKLOG)
                if self._on_ready is not None:
                    self._on_ready(self)
                await stopping.wait()
            finally:
                if listener is not None:
                    listener.close()
                await self._drain(loop)

    def _config(self) -> Config:
        config = Config(
            cast(ASGI3Application, _tolerant_of_departures(self._app)),
            http=EdgeConnection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            workers=1,
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            forwarded_allow_ips="",
        )
        config.load()
        return config

    async def _await_answer(self, connection: Callable[[], EdgeConnection]) -> None:
        async with asyncio.timeout(_READY_DEADLINE_S):
            status = await _ask(connection, self._ready_target)
        if not 200 <= status < 500:
            raise RuntimeError(f"the application answered {status} to its first request")

    async def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let what is in flight finish, cancel what does not, and close every connection.

        Requests that come on open connections are answered too: each answer but those before a
        pipelined request tells that the connection closes, and one that rests is closed.
        """
        state = self._state
        state.is_draining = True
        # What was accepted in this round of the loop is a connection in the next one.
        await asyncio.sleep(0)
        for connection in tuple(state.connections):
            connection.shutdown()
        deadline = loop.time() + self.limits.graceful_shutdown_s
        # Looking again is fine here: an event to wait for would cost every request.
        while (state.connections or state.tasks) and loop.time() < deadline:
            if self._forced:
                break
            await asyncio.sleep(0.01)
            _enforce_deadlines(loop, state)
        if state.tasks:
            _LOG.warning("%d requests did not finish and are cancelled", len(state.tasks))
            for task in state.tasks:
                task.cancel()
            await asyncio.wait(tuple(state.tasks), timeout=_CANCELLED_DEADLINE_S)
        for connection in tuple(state.connections):
            connection.transport.abort()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._on_signal, number)
        try:
            yield
        finally:
            for number, handler in before.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)

    def _on_signal(self, number: signal.Signals) -> None:
        if not self._signalled:
            self._signalled = True
            self.stop()
            return
        assert self._loop is not None
        assert self._main is not None
        self._forced = True
        self._exit_code = self._exit_code or 128 + number
        for each in _SIGNALS:
            self._loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        self._main.cancel()


class _Sweeper:
    """The one timer of a server: enforces all deadlines and keeps the `Date` header true."""

    def __init__(self, loop: asyncio.AbstractEventLoop, state: EdgeState) -> None:
        self._loop = loop
        self._state = state

    def __enter__(self) -> None:
        self._sweep()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _sweep(self) -> None:
        self._state.default_headers = [(b"date", formatdate(usegmt=True).encode("ascii"))]
        _enforce_deadlines(self._loop, self._state)
        self._timer = self._loop.call_later(self._state.limits.sweep_s, self._sweep)


def _enforce_deadlines(loop: asyncio.AbstractEventLoop, state: EdgeState) -> None:
    now = loop.time()
    for connection in tuple(state.connections):
        cast(EdgeConnection, connection).enforce_deadlines(now)


def _tolerant_of_departures(app: App) -> App:
    """The application, which ends quietly when its client has left while it read the body."""

    async def tolerant(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except ClientDisconnectedError:
            # The cycle of a client that is gone sends nothing, so there is nothing to undo here.
            _LOG.debug("client left: %s %s", scope["method"], scope["path"])

    return tolerant


async def _ask(connection: Callable[[], EdgeConnection], target: str) -> int:
    """The status of the answer to a GET over a connection that no other process could accept."""
    ours, theirs = socket.socketpair()
    await asyncio.get_running_loop().connect_accepted_socket(connection, theirs)
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    try:
        head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        writer.write(head.encode("ascii"))
        status_line = await reader.readline()
        await reader.read()
    finally:
        writer.close()
    words = status_line.split()
    return int(words[1]) if len(words) > 1 else 0


def _allow_open_files(wanted: int) -> None:
    """Raise the process's soft limit of open files as far as needed and allowed.

    With fewer files than connections, accepting fails before `connections_max` can refuse.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        _LOG.warning("only %d files may be open, %d are needed for all connections", hard, wanted)


@contextlib.contextmanager
def in_thread(edge: Edge) -> Iterator[Edge]:
    """The server, ready, in a thread of its own; stopped gracefully at the end.

    What `run` raises, also before it is ready, is raised here.
    """
    settled = threading.Event()
    told = edge._on_ready

    def settle(ready: Edge) -> None:
        if told is not None:
            told(ready)
        settled.set()

    edge._on_ready = settle
    with ThreadPoolExecutor(1, thread_name_prefix="moyeu-edge") as pool:
        outcome = pool.submit(edge.run)
        outcome.add_done_callback(lambda _: settled.set())
        settled.wait()
        try:
            if not outcome.done():
                yield edge
        finally:
            edge.stop()
            outcome.result()


@contextlib.contextmanager
def running(
    app: App,
    limits: EdgeLimits | None = None,
    *,
    startup: Callback | None = None,
    shutdown: Callback | None = None,
) -> Iterator[str]:
    """The URL, without a slash at the end, of a server on a free port of 127.0.0.1."""
    with in_thread(Edge(app, limits=limits, startup=startup, shutdown=shutdown)) as edge:
        yield edge.url
