"""Stands between a client of PostgreSQL and its server, and cuts connections at chosen messages.

It knows the framing of the protocol and which statement a message carries out or answers, no more.
Every connection of a client is one of its own to the server. What is chosen is decided by a rule,
which is told each message before it goes on.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Self, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit

from psycopg.conninfo import conninfo_to_dict

T = TypeVar("T")

_START_MAX_S: Final = 10.0
HOLD_MAX_S: Final = 30.0
"""Longer than any test lets a message wait."""


class Fate(Enum):
    """What becomes of a message."""

    ARRIVE = auto()
    CUT_BEFORE = auto()
    """It does not arrive: both ends lose the connection first."""
    CUT_AFTER = auto()
    """It arrives, and then both ends lose the connection."""
    LOSE = auto()
    """It does not arrive, and the connection lives on."""


@dataclass(frozen=True, slots=True)
class Message:
    """One on its way.

    link: the number of the connection. statement: the text that a client's message has carried out
    (it has one only if it is the one that does so), or that the server's message ends; else "".
    about: the text that a client's message is about. begun: how the client began the transaction
    that is the connection's last.
    """

    link: int
    from_client: bool
    kind: bytes
    statement: str
    about: str
    begun: str

    def begins(self, beginning: str) -> bool:
        """Whether its statement does, whatever the white space before."""
        return self.statement.lstrip().startswith(beginning)


Rule = Callable[[Message], Awaitable[Fate]]
"""Decides about a message; the direction of its connection stands still meanwhile."""


async def let_all_arrive(_message: Message) -> Fate:
    """The rule of a network without faults."""
    return Fate.ARRIVE


class Strike:
    """A rule: the n-th message that is chosen has a fate, once; all others arrive.

    message: the one that was struck; None as long as none was.
    """

    def __init__(self, chosen: Callable[[Message], bool], fate: Fate, number: int = 1) -> None:
        self.message: Message | None = None
        self._chosen = chosen
        self._fate = fate
        self._left = number

    async def __call__(self, message: Message) -> Fate:
        """Decides about a message."""
        if self._left and self._chosen(message):
            self._left -= 1
            if not self._left:
                self.message = message
                return self._fate
        return Fate.ARRIVE


class Hold:
    """A rule: the first message that is chosen waits; its connection does not know why.

    held: set when it does. go_on: to be set for it to arrive.
    """

    def __init__(self, chosen: Callable[[Message], bool]) -> None:
        self.message: Message | None = None
        self.held = threading.Event()
        self.go_on = threading.Event()
        self._chosen = chosen

    async def __call__(self, message: Message) -> Fate:
        """Decides about a message."""
        if self.message is None and self._chosen(message):
            self.message = message
            self.held.set()
            await asyncio.to_thread(self.go_on.wait, HOLD_MAX_S)
        return Fate.ARRIVE


class Proxy:
    """A proxy on loopback before the server of an address, in a thread of its own.

    url: the address through the proxy. rule: may be changed at any time. links: how many
    connections there were so far.
    """

    def __init__(self, url: str) -> None:
        self._target = conninfo_to_dict(url)
        self.rule: Rule = let_all_arrive
        self.links = 0
        self._pids: dict[int, int] = {}
        self._wrong: list[BaseException] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._thread.start()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0))
        port: int = self._server.sockets[0].getsockname()[1]
        place = urlsplit(url)._replace(netloc=f"{self._target['user']}@127.0.0.1:{port}")
        # Whatever is asked of the socket's own server is not asked of the proxy.
        options = {"sslmode": "disable", "gssencmode": "disable"}
        if "options" in self._target:
            options["options"] = str(self._target["options"])
        self.url = urlunsplit(place._replace(query=urlencode(options)))

    def pid_of(self, link: int) -> int:
        """The process of the server that a connection is with."""
        return self._pids[link]

    def close(self) -> None:
        """Cuts what is left. Raises what a rule has raised."""
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        for each in self._wrong:
            raise each

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_MAX_S)

    async def _end(self) -> None:
        self._server.close()
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.links += 1
        link = _Link(self.links, self)
        try:
            await link.serve(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            # One of the ends has gone, or the proxy goes.
            pass
        except Exception as error:  # noqa: BLE001 — a test must not pass by it
            self._wrong.append(error)
        finally:
            link.close()
            writer.close()
            self._tasks.discard(task)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the server itself."""
        host, port = str(self._target["host"]), self._target.get("port") or 5432
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, int(port))

    def note_pid(self, link: int, pid: int) -> None:
        """The server has told which process a connection is with."""
        self._pids[link] = pid


class _CutError(OSError):
    """The rule wants the connection to end here."""


class _Link:
    """One connection; knows which statement each message is about."""

    def __init__(self, number: int, proxy: Proxy) -> None:
        self._number = number
        self._proxy = proxy
        self._texts: dict[bytes, str] = {}
        self._about = ""
        self._begun = ""
        # Also what the other end says at this moment does not arrive any more.
        self._is_cut = False
        # What the server has not answered yet; None for a point where it begins anew after errors.
        self._unanswered: deque[str | None] = deque()
        self._to_server: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until one of the ends, or the rule, has had enough."""
        from_server, self._to_server = await self._proxy.open()
        self._to_server.write(await _first_message(reader))
        pumps = [
            asyncio.create_task(self._pump(reader, self._to_server, from_client=True)),
            asyncio.create_task(self._pump(from_server, writer, from_client=False)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in pumps:
                each.cancel()
            ends = await asyncio.gather(*pumps, return_exceptions=True)
            self.close()
            await _leave(reader, writer)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    def close(self) -> None:
        """Lets go of the server, which reads what was sent before."""
        if self._to_server is not None:
            self._to_server.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_client: bool
    ) -> None:
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
            kind = head[:1]
            read = self._read_client if from_client else self._read_server
            statement = read(kind, body)
            if from_client and statement.startswith("BEGIN"):
                self._begun = statement
            about = self._about if from_client else ""
            fate = await self._proxy.rule(
                Message(self._number, from_client, kind, statement, about, self._begun)
            )
            self._is_cut |= fate is Fate.CUT_BEFORE
            if self._is_cut:
                raise _CutError
            self._is_cut = fate is Fate.CUT_AFTER
            if fate is not Fate.LOSE:
                writer.write(head + body)
                await writer.drain()
            if fate is Fate.CUT_AFTER:
                raise _CutError

    def _read_client(self, kind: bytes, body: bytes) -> str:
        """The statement that the message has carried out."""
        match kind:
            case b"P":
                name, text, _ = body.split(b"\0", 2)
                self._about = self._texts[name] = text.decode()
            case b"B":
                _, name, _ = body.split(b"\0", 2)
                self._about = self._texts[name]
            case b"E":
                self._unanswered.append(self._about)
                return self._about
            case b"Q":
                self._about = body.rstrip(b"\0").decode()
                self._unanswered += [self._about, None]
                return self._about
            case b"S":
                self._about = ""
                self._unanswered.append(None)
        return ""

    def _read_server(self, kind: bytes, body: bytes) -> str:
        """The statement that the message ends, well or badly."""
        waiting = self._unanswered
        match kind:
            case b"K":
                self._proxy.note_pid(self._number, int.from_bytes(body[:4]))
            case b"C" | b"I" | b"s" if waiting and waiting[0] is not None:
                return waiting.popleft() or ""
            case b"E" if waiting and waiting[0] is not None:
                text = waiting[0]
                while waiting and waiting[0] is not None:
                    waiting.popleft()
                return text
            case b"Z":
                while waiting and waiting.popleft() is not None:
                    pass
        return ""


async def _first_message(reader: asyncio.StreamReader) -> bytes:
    """The one of a client that has no kind: how it wants to be served."""
    size = await reader.readexactly(4)
    return size + await reader.readexactly(int.from_bytes(size) - 4)


async def _leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends what is said to a client, who may still say what nobody hears.

    Whoever closed at once would also take back what the client has not read yet.
    """
    with contextlib.suppress(OSError):
        writer.write_eof()
        while await reader.read(65_536):
            pass
