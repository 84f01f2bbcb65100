"""HTTP/1.1 as far as a load client needs it: prepared requests, kept-alive connections.

A request is one `bytes`, made before the clock starts; an answer is read to its end and only its
status is looked at, so that the client takes little of the machine that it shares with the server.
`fetch` is the convenient one for everything that is not measured.
"""

import asyncio
import contextlib
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass

from bench.peers.failure import PeerFailed

ANSWER_TIMEOUT_S = 60.0
_HEAD_BYTES_MAX = 65_536

Address = tuple[str, int]
"""Host and port, always plain HTTP."""


def prepared(
    address: Address, method: str, path: str, headers: Mapping[str, str], content: object
) -> bytes:
    """A whole request, head and JSON body, ready to be sent any number of times."""
    body = json.dumps(content, separators=(",", ":")).encode()
    head = {
        "Host": f"{address[0]}:{address[1]}",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Content-Length": str(len(body)),
        **headers,
    }
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in head.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def fetch(
    address: Address,
    method: str,
    path: str,
    headers: Mapping[str, str],
    content: object = None,
) -> dict[str, object]:
    """The JSON object that answers one call, on a connection of its own.

    Raises PeerFailed for a status that is not 2xx or another answer, with its beginning.
    """
    connection = http.client.HTTPConnection(*address, timeout=ANSWER_TIMEOUT_S)
    body = None if content is None else json.dumps(content)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    decoded = json.loads(answer) if response.status // 100 == 2 else None
    if not isinstance(decoded, dict):
        start = answer[:200].decode(errors="replace")
        bare = path.partition("?")[0]
        raise PeerFailed(f"{method} {bare} was answered {response.status}: {start}")
    return decoded


def inner(answer: Mapping[str, object], *names: str) -> dict[str, object]:
    """The object inside an object inside …; an empty one if any of them is not there."""
    found: object = answer
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class _Head:
    status: int
    length: int | None
    """Bytes of the body; None when it comes in chunks."""
    closes: bool


class Connection:
    """One connection that is opened when first needed and again after the server closed it."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(self, request: bytes) -> int:
        """The status of the answer, which has been read to its end.

        Raises TimeoutError after ANSWER_TIMEOUT_S, OSError or EOFError for a broken connection.
        """
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address, limit=_HEAD_BYTES_MAX)
        reader, writer = self._streams
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            writer.write(request)
            await writer.drain()
            head = _parse_head(await reader.readuntil(b"\r\n\r\n"))
            if head.length is None:
                await _skip_chunks(reader)
            else:
                await reader.readexactly(head.length)
        if head.closes:
            await self.close()
        return head.status

    async def close(self) -> None:
        """Closes the connection if it is open."""
        if self._streams is None:
            return
        writer = self._streams[1]
        self._streams = None
        writer.close()
        # Every answer has been read by now; how the server takes leave is of no interest.
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def _parse_head(head: bytes) -> _Head:
    status_line, *lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(":", 1) for line in lines if line)
    chunked = "chunked" in fields.get("transfer-encoding", "")
    return _Head(
        status=int(status_line.split(" ", 2)[1]),
        length=None if chunked else int(fields.get("content-length", "0")),
        closes="close" in fields.get("connection", ""),
    )


async def _skip_chunks(reader: asyncio.StreamReader) -> None:
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        await reader.readexactly(size + 2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # A trailer field; the empty line ends them.
