"""A server whose portal has controls, asked over raw sockets."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from moyeu.app import build_app
from moyeu.crm.callers import Caller
from moyeu.operations.portals import hash_token, known_scopes
from moyeu.storage.contract import Portal, Store, Token, WriteTransaction
from moyeu.wire.edge import running
from tests.storage.engines import Engine

PORTAL: Final = 1001
OTHER_PORTAL: Final = 1002
TOKEN: Final = "pat-na1-own"
OTHER_TOKEN: Final = "pat-na1-other"
MADE_MS: Final = 1_790_674_272_583
FIRST_ID: Final = 40_000_000_001
"""What the first record of a portal is called."""
OBJECTS: Final = "/crm/v3/objects/contacts"

_PATIENCE_S: Final = 10.0


def add_portals(transaction: WriteTransaction) -> None:
    """Adds two portals, each with a token for everything."""
    for portal_id, text in ((PORTAL, TOKEN), (OTHER_PORTAL, OTHER_TOKEN)):
        transaction.add_portal(Portal(portal_id, "p", 9, MADE_MS))
        caller = Caller(portal_id, 9, None, known_scopes())
        transaction.add_token(Token(hash_token(text), caller, text, MADE_MS))


@dataclass(frozen=True, slots=True)
class Got:
    """An answer: all bytes that came, and what they say."""

    raw: bytes
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


class Controlled:
    """The server's address and store."""

    def __init__(self, url: str, store: Store) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname, parts.port)
        self.url = url
        self.store = store

    def run(self, work: Any) -> Any:
        """The outcome of an operation."""
        return asyncio.run(work)

    def raw(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> bytes:
        """All bytes that come after a request until the connection ends.

        Raises ConnectionResetError where it is reset.
        """
        data = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: moyeu.test",
            f"Authorization: Bearer {token}",
            "Content-Type: application/json",
            f"Content-Length: {len(data)}",
            "Connection: close",
        ]
        came = b""
        with socket.create_connection(self._address, _PATIENCE_S) as client:
            client.sendall("\r\n".join([*lines, "", ""]).encode() + data)
            while part := client.recv(65_536):
                came += part
        return came

    def call(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> Got:
        """A whole answer."""
        raw = self.raw(method, path, body, token)
        head, _, rest = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return Got(raw, int(first.split()[1]), headers, rest)


@contextmanager
def controlled(engine: Engine, folder: Path) -> Iterator[Controlled]:
    """A server over a new database."""
    store = engine.open(folder, _PATIENCE_S)
    try:
        asyncio.run(store.write(add_portals))
        with running(build_app(store)) as url:
            yield Controlled(url, store)
    finally:
        store.close()
        engine.forget(folder)
